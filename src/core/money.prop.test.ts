import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { CURRENCIES, amounts } from '#tests/draw.ts';
import { law } from '#tests/law.ts';
import { exponentOf } from './currency.ts';
import * as money from './money.ts';

const currency = fc.constantFrom(
  ...Intl.supportedValuesOf('currency').filter((code) => exponentOf(code) !== undefined),
);
const anyAmount = currency.chain((code) => amounts(code, 10n ** 20n));
const usd = amounts('USD');
const pair = fc.constantFrom(...CURRENCIES).chain((code) => fc.tuple(amounts(code), amounts(code)));
const rounding = fc.constantFrom<money.Rounding>('half-up', 'half-even', 'up', 'down');
const weights = fc
  .array(fc.bigInt({ min: 0n, max: 10n ** 9n }), { minLength: 1, maxLength: 12 })
  .filter((drawn) => drawn.some((weight) => weight > 0n));

law(
  'what is written is read back, in every currency',
  fc.property(
    anyAmount.filter((amount) => amount.minor < 10n ** 18n && amount.minor > -(10n ** 18n)),
    (amount) => {
      assert.deepEqual(money.parse(money.format(amount), amount.currency), amount);
      const decimals = money.format(amount).split('.')[1]?.length ?? 0;
      assert.equal(decimals, exponentOf(amount.currency));
    },
  ),
  1000,
);

law(
  'zeros beyond the decimals change nothing and any other digit is refused',
  fc.property(currency, fc.nat(), fc.integer({ min: 1, max: 9 }), fc.nat(6), (code, whole, digit, zeros) => {
    const text = money.format(money.money(BigInt(whole), code));
    const longer = `${text}${text.includes('.') ? '' : '.'}${'0'.repeat(zeros)}`;
    if (!longer.endsWith('.')) {
      assert.equal(money.parse(longer, code).minor, BigInt(whole));
    }
    assert.throws(() => money.parse(`${longer}${digit}`, code), /more decimals than/);
  }),
);

law(
  'text that is no plain decimal is refused with a SyntaxError and never read as something else',
  fc.property(fc.string(), (text) => {
    if (/^-?\d{1,18}(\.\d{1,18})?$/.test(text)) {
      return;
    }
    assert.throws(() => money.parse(text, 'USD'), SyntaxError);
  }),
  1000,
);

law(
  'adding is undone by subtracting, and order does not matter',
  fc.property(pair, ([a, b]) => {
    assert.deepEqual(money.subtract(money.add(a, b), b), a);
    assert.deepEqual(money.add(a, b), money.add(b, a));
    assert.deepEqual(money.sum([a, b], a.currency), money.add(a, b));
    assert.deepEqual(money.add(a, money.negate(a)), money.zero(a.currency));
    assert.equal(Math.sign(money.compare(a, b)), -Math.sign(money.compare(b, a)) + 0);
    assert.ok(money.compare(money.minimum(a, b), a) <= 0 && money.compare(money.minimum(a, b), b) <= 0);
  }),
);

law(
  'the parts of an allocation sum to the whole',
  fc.property(anyAmount, weights, (amount, drawn) => {
    assert.deepEqual(money.sum(money.allocate(amount, drawn), amount.currency), amount);
  }),
  1000,
);

law(
  'each part of an allocation is within one minor unit of its exact share, and not of the other sign',
  fc.property(usd, weights, (amount, drawn) => {
    const whole = drawn.reduce((a, b) => a + b, 0n);
    for (const [index, part] of money.allocate(amount, drawn).entries()) {
      const weight = drawn[index] ?? 0n;
      const error = part.minor * whole - amount.minor * weight;
      assert.ok((error < 0n ? -error : error) < whole, `part ${index} of ${money.show(amount)} is fair`);
      assert.ok(part.minor * amount.minor >= 0n);
      assert.ok(weight > 0n || part.minor === 0n);
    }
  }),
  1000,
);

law(
  'a larger weight never gets less',
  fc.property(usd, weights, (amount, drawn) => {
    const parts = money.allocate(money.absolute(amount), drawn);
    for (const [i, one] of drawn.entries()) {
      for (const [j, other] of drawn.entries()) {
        assert.ok(one <= other || (parts[i]?.minor ?? 0n) >= (parts[j]?.minor ?? 0n));
      }
    }
  }),
);

law(
  'every rounding is within a minor unit of the exact amount, on its own side, and mirrors the sign',
  fc.property(usd, fc.integer({ min: 0, max: 3_000_000 }), rounding, (amount, ratePpm, named) => {
    const rounded = money.atRate(amount, ratePpm, named).minor * money.PPM;
    const exact = amount.minor * BigInt(ratePpm);
    const size = (value: bigint): bigint => (value < 0n ? -value : value);
    const error = size(rounded) - size(exact);
    const within = {
      up: error >= 0n && error < money.PPM,
      down: error <= 0n && -error < money.PPM,
      'half-up': size(error) * 2n <= money.PPM && -error * 2n < money.PPM,
      'half-even': size(error) * 2n <= money.PPM,
    };
    assert.ok(within[named], `${money.show(amount)} at ${ratePpm} ${named}`);
    assert.deepEqual(
      money.atRate(money.negate(amount), ratePpm, named),
      money.negate(money.atRate(amount, ratePpm, named)),
    );
  }),
  1000,
);

law(
  'a tax taken out of a gross amount and put on again differs by less than a minor unit of net',
  fc.property(usd, fc.integer({ min: 0, max: 500_000 }), (gross, ratePpm) => {
    const net = money.withoutRate(gross, ratePpm, 'half-up');
    const again = money.add(net, money.atRate(net, ratePpm, 'half-up'));
    assert.ok(money.absolute(money.subtract(again, gross)).minor <= 1n);
    assert.ok(money.compare(money.absolute(net), money.absolute(gross)) <= 0);
  }),
);

law(
  'exact division multiplies back',
  fc.property(usd, fc.integer({ min: 1, max: 1000 }), (amount, parts) => {
    const part = money.divideExactly(amount, parts);
    if (part === undefined) {
      assert.notEqual(amount.minor % BigInt(parts), 0n);
    } else {
      assert.deepEqual(money.multiply(part, parts), amount);
    }
    assert.deepEqual(money.divideExactly(money.multiply(amount, parts), parts), amount);
  }),
);
