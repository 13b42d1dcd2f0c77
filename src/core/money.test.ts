import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { exponentOf } from './currency.ts';
import * as money from './money.ts';

const usd = (text: string) => money.parse(text, 'USD');

describe('parsing', () => {
  for (const [text, currency, minor] of [
    ['10.0', 'USD', 1000n],
    ['10', 'USD', 1000n],
    ['-5.85', 'USD', -585n],
    ['-0.00', 'USD', 0n],
    ['0.10', 'USD', 10n],
    ['10.0500000', 'USD', 1005n],
    ['500', 'JPY', 500n],
    ['500.00', 'JPY', 500n],
    ['1.25', 'KWD', 1250n],
    ['1.2345', 'UYW', 12345n],
    ['999999999999999999.99', 'USD', 99999999999999999999n],
    ['00012.30', 'EUR', 1230n],
  ] as const) {
    test(`"${text}" is ${minor} minor units of ${currency}`, () => {
      assert.deepEqual(money.parse(text, currency), { minor, currency });
    });
  }

  for (const text of [
    '',
    ' ',
    ' 10.00',
    '10.00 ',
    '10.00\n',
    '+10.00',
    '--1',
    '-',
    '.5',
    '5.',
    '1,50',
    '1 000.00',
    '1e3',
    '0x10',
    'NaN',
    'Infinity',
    'ten',
    '١٢',
    '1.2.3',
    '10.00USD',
    '1000000000000000000.00',
  ]) {
    test(`"${text.replace('\n', '\\n')}" is no amount`, () => {
      assert.throws(() => money.parse(text, 'USD'), new SyntaxError(`Cannot parse amount "${text}"`));
    });
  }

  test('decimals that the currency does not have are refused, not rounded', () => {
    const refused = (text: string, currency: string) =>
      assert.throws(
        () => money.parse(text, currency),
        new SyntaxError(`Amount "${text}" has more decimals than ${currency} has`),
      );
    refused('10.005', 'USD');
    refused('500.5', 'JPY');
    refused('1.2501', 'KWD');
    refused('0.000000000000000001', 'USD');
  });

  for (const currency of ['', 'usd', 'XXX', 'BTC', 'US', 'toString', '__proto__']) {
    test(`currency "${currency}" is unknown`, () => {
      assert.throws(() => money.parse('1.00', currency), new SyntaxError(`Unknown currency "${currency}"`));
      assert.throws(() => money.money(1n, currency), /Broken invariant: currency/);
      assert.throws(() => money.zero(currency), /Broken invariant: currency/);
      assert.equal(exponentOf(currency), undefined);
    });
  }
});

test('amounts are written with all the decimals of their currency', () => {
  const texts = [
    money.money(-585n, 'USD'),
    money.money(5n, 'USD'),
    money.money(-5n, 'USD'),
    money.money(0n, 'USD'),
    money.money(500n, 'JPY'),
    money.money(-500n, 'JPY'),
    money.money(1250n, 'KWD'),
    money.money(1n, 'UYW'),
  ].map(money.show);
  assert.deepEqual(texts, [
    '-5.85 USD',
    '0.05 USD',
    '-0.05 USD',
    '0.00 USD',
    '500 JPY',
    '-500 JPY',
    '1.250 KWD',
    '0.0001 UYW',
  ]);
});

test('mixing currencies throws, naming both amounts', () => {
  const euros = money.parse('1', 'EUR');
  const mixed = /Broken invariant: 2\.00 USD and 1\.00 EUR have one currency/;
  for (const operation of [money.add, money.subtract, money.compare, money.minimum]) {
    assert.throws(() => operation(usd('2'), euros), mixed);
  }
  assert.throws(() => money.sum([usd('2'), euros], 'USD'), mixed);
  assert.throws(() => money.sum([euros], 'USD'), /have one currency/);
  assert.equal(money.equal(usd('1'), euros), false);
});

test('amounts are ordered, negated and made absolute', () => {
  assert.ok(money.compare(usd('1'), usd('2')) < 0);
  assert.ok(money.compare(usd('2'), usd('1')) > 0);
  assert.equal(money.compare(usd('2'), usd('2.00')), 0);
  assert.deepEqual(money.minimum(usd('-1'), usd('0')), usd('-1'));
  assert.deepEqual(money.minimum(usd('3'), usd('2')), usd('2'));
  assert.deepEqual(money.absolute(usd('-1.5')), usd('1.5'));
  assert.deepEqual(money.absolute(usd('1.5')), usd('1.5'));
  assert.deepEqual(money.negate(usd('1.5')), usd('-1.5'));
  assert.deepEqual([money.isZero(usd('0')), money.isZero(usd('0.01'))], [true, false]);
  assert.deepEqual([money.isNegative(usd('-0.01')), money.isNegative(usd('0'))], [true, false]);
});

test('only whole numbers multiply', () => {
  assert.deepEqual(money.multiply(usd('23.90'), 10), usd('239.00'));
  assert.deepEqual(money.multiply(usd('23.90'), -1), usd('-23.90'));
  for (const times of [0.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY]) {
    assert.throws(() => money.multiply(usd('1'), times), /is a whole number/);
  }
});

describe('rounding', () => {
  // 1 minor unit at these rates is the fraction named.
  const FRACTIONS = { '0.4': 400_000, '0.5': 500_000, '0.6': 600_000, '1.0': 1_000_000, '1.5': 1_500_000 };
  const EXPECTED = {
    'half-up': { '0.4': 0n, '0.5': 1n, '0.6': 1n, '1.0': 1n, '1.5': 2n },
    'half-even': { '0.4': 0n, '0.5': 0n, '0.6': 1n, '1.0': 1n, '1.5': 2n },
    up: { '0.4': 1n, '0.5': 1n, '0.6': 1n, '1.0': 1n, '1.5': 2n },
    down: { '0.4': 0n, '0.5': 0n, '0.6': 0n, '1.0': 1n, '1.5': 1n },
  } as const;
  for (const [rounding, expected] of Object.entries(EXPECTED)) {
    test(`${rounding} decides the same on both sides of zero`, () => {
      for (const [fraction, ratePpm] of Object.entries(FRACTIONS)) {
        const wanted = expected[fraction as keyof typeof expected];
        const round = (minor: bigint) =>
          money.atRate(money.money(minor, 'JPY'), ratePpm, rounding as money.Rounding).minor;
        assert.equal(round(1n), wanted, `${fraction} ${rounding}`);
        assert.equal(round(-1n), -wanted, `-${fraction} ${rounding}`);
      }
    });
  }

  test('half-even goes to the even neighbour', () => {
    const halves = [1n, 3n, 5n, 7n].map(
      (minor) => money.atRate(money.money(minor, 'JPY'), 500_000, 'half-even').minor,
    );
    assert.deepEqual(halves, [0n, 2n, 2n, 4n]);
  });

  test('a tax of 9.975 % of 29.70 is 2.96', () => {
    assert.equal(money.show(money.atRate(money.parse('29.70', 'CAD'), 99_750, 'half-up')), '2.96 CAD');
  });

  test('the net within 179.25 at 20 % is 149.38 rounded, 149.37 cut', () => {
    const gross = money.parse('179.25', 'EUR');
    assert.equal(money.show(money.withoutRate(gross, 200_000, 'half-up')), '149.38 EUR');
    assert.equal(money.show(money.withoutRate(gross, 200_000, 'down')), '149.37 EUR');
    assert.equal(money.show(money.withoutRate(money.negate(gross), 200_000, 'half-up')), '-149.38 EUR');
    assert.deepEqual(money.withoutRate(gross, 0, 'half-up'), gross);
  });
});

test('division is exact or nothing', () => {
  assert.deepEqual(money.divideExactly(usd('239.00'), 10), usd('23.90'));
  assert.deepEqual(money.divideExactly(usd('-3'), 3), usd('-1'));
  assert.equal(money.divideExactly(usd('199.16'), 10), undefined);
  assert.equal(money.divideExactly(usd('1'), 0), undefined);
});

describe('allocating', () => {
  const split = (text: string, ...weights: bigint[]) => money.allocate(usd(text), weights).map(money.format);

  test('gives the cent that is left to the first of equals', () => {
    assert.deepEqual(split('5.00', 1n, 1n, 1n), ['1.67', '1.67', '1.66']);
    assert.deepEqual(split('0.01', 1n, 1n), ['0.01', '0.00']);
  });
  test('gives the cent that is left to the largest remainder', () => {
    // 10.00 by 29.97 : 20.00 is 5.9976… and 4.0024…
    assert.deepEqual(split('10.00', 2997n, 2000n), ['6.00', '4.00']);
  });
  test('mirrors a negative amount', () => {
    assert.deepEqual(split('-5.00', 1n, 1n, 1n), ['-1.67', '-1.67', '-1.66']);
  });
  test('gives nothing to a weight of nothing', () => {
    assert.deepEqual(split('1.00', 0n, 3n, 0n), ['0.00', '1.00', '0.00']);
    assert.deepEqual(split('0.00', 0n, 1n), ['0.00', '0.00']);
  });
  test('refuses weights that are negative, all nothing or absent', () => {
    for (const weights of [[], [0n], [0n, 0n], [-1n, 2n]]) {
      assert.throws(() => money.allocate(usd('1'), weights), /allocation weights are positive/);
    }
  });
});
