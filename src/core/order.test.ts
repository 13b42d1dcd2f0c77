import assert from 'node:assert/strict';
import { test } from 'node:test';
import { line, order, tax } from '#tests/build.ts';
import * as money from './money.ts';
import { channelTaxOf, discountOf, grossOf, netOf, taxOf, totalByLines } from './order.ts';

const eur = (text: string) => money.parse(text, 'EUR');
const usd = (text: string) => money.parse(text, 'USD');

test('a line whose prices include tax: 10 x 23.90 less 59.75 is 179.25, of which 29.88 is tax', () => {
  const sold = line({
    quantity: 10,
    unitPrice: eur('23.90'),
    discounts: [{ label: 'Sale', amount: eur('59.75') }],
    taxes: [tax('20', eur('29.88'))],
  });
  assert.equal(money.show(grossOf(sold)), '239.00 EUR');
  assert.equal(money.show(discountOf(sold)), '59.75 EUR');
  assert.equal(money.show(taxOf(sold)), '29.88 EUR');
  assert.equal(money.show(netOf(sold, true)), '149.37 EUR');
  assert.equal(
    money.show(totalByLines({ lines: [sold], currency: 'EUR', pricesIncludeTax: true })),
    '179.25 EUR',
  );
});

test('a line whose prices exclude tax: the tax comes on top', () => {
  const sold = line({
    quantity: 2,
    unitPrice: usd('10.00'),
    discounts: [
      { label: 'A', amount: usd('1.00') },
      { label: 'B', amount: usd('0.50') },
    ],
    taxes: [tax('6.25', usd('1.16')), tax('1', usd('0.19'))],
  });
  assert.equal(money.show(netOf(sold, false)), '18.50 USD');
  assert.equal(
    money.show(totalByLines({ lines: [sold], currency: 'USD', pricesIncludeTax: false })),
    '19.85 USD',
  );
});

test('an order without lines sums to nothing in its own currency', () => {
  assert.deepEqual(totalByLines({ lines: [], currency: 'JPY', pricesIncludeTax: false }), money.zero('JPY'));
});

test('only what the channel remits is the channel’s tax', () => {
  const sold = order({
    lines: [
      line({ taxes: [tax('8', usd('0.80'), { remittedBy: 'channel' }), tax('1', usd('0.10'))] }),
      line({ key: 'item:2', taxes: [tax('8', usd('0.80'), { remittedBy: 'channel' })] }),
    ],
  });
  assert.equal(money.show(channelTaxOf(sold)), '1.60 USD');
  assert.equal(money.show(sold.total), '21.70 USD');
});

test('lines of two currencies are never summed', () => {
  assert.throws(
    () => totalByLines({ lines: [line({ unitPrice: eur('1') })], currency: 'USD', pricesIncludeTax: false }),
    /have one currency/,
  );
  assert.throws(() => netOf(line({ taxes: [tax('20', eur('1'))] }), true), /have one currency/);
});
