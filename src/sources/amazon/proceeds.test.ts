import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Failure } from '#core/failure.ts';
import { format, show } from '#core/money.ts';
import { discountOf, taxOf, totalByLines } from '#core/order.ts';
import type { OrderLine } from '#core/order.ts';
import { STORES, itemJson, orderJson, readOf } from '#tests/amazon/order-json.ts';
import type { ItemParts, OrderParts, Shown, Store } from '#tests/amazon/order-json.ts';
import { pricedOf } from './proceeds.ts';
import type { Priced } from './proceeds.ts';

function priced(
  items: readonly (readonly [Readonly<Record<string, Shown>>, ItemParts?])[],
  parts: OrderParts & { readonly total: string },
): Priced {
  const store: Store = parts.store ?? 'US';
  const { currency } = STORES[store];
  const json = items.map(([shown, item], index) =>
    itemJson(shown, { currency, id: String(index + 1), sku: `SKU-${index + 1}`, ...item }),
  );
  const found = pricedOf(readOf(orderJson(json, parts)).order, store);
  assert(found !== undefined);
  return found;
}

/** `item:1 10.00 -2.50 +0.75`: price of all pieces, discount and tax. */
function text(line: OrderLine): string {
  const gross = `${line.key} ${line.quantity} x ${format(line.unitPrice)}`;
  const off = line.discounts.length === 0 ? '' : ` -${format(discountOf(line))}`;
  return line.taxes.length === 0 ? `${gross}${off}` : `${gross}${off} +${format(taxOf(line))}`;
}

function lines(of: Priced): readonly string[] {
  return of.lines.map(text);
}

function addsUp(of: Priced): boolean {
  return show(totalByLines(of)) === show(of.grandTotal);
}

test('a charge of any name that Amazon may think of is another charge', () => {
  const shown = { ITEM: '10.00', constructor: '1.00', toString: '0.50' };
  const found = priced([[shown]], { total: '11.50' });
  assert.deepEqual(lines(found), ['item:1 1 x 10.00', 'other 1 x 1.50']);
});

describe('how taxes are read', () => {
  test('beside the prices, as in Amazon’s own example of Britain', () => {
    const found = priced(
      [
        [
          { ITEM: '89.97', SHIPPING: '10.00', TAX: ['4.00', { ITEM: '3.00', SHIPPING: '1.00' }] },
          { quantity: 3, total: '103.97' },
        ],
      ],
      { store: 'GB', total: '103.97' },
    );
    assert.deepEqual(lines(found), ['item:1 3 x 29.99 +3.00', 'shipping@100000 1 x 10.00 +1.00']);
    assert.equal(found.pricesIncludeTax, false);
    assert(found.showsTax && addsUp(found));
  });

  test('within the prices, where only so the total comes about', () => {
    const found = priced([[{ ITEM: '25.99', TAX: ['4.15', { ITEM: '4.15' }] }, { total: '25.99' }]], {
      store: 'DE',
      total: '25.99',
    });
    assert.deepEqual(lines(found), ['item:1 1 x 25.99 +4.15']);
    assert.deepEqual(
      found.lines[0]?.taxes.map(({ name, ratePpm }) => [name, ratePpm]),
      [['VAT', 190_000]],
    );
    assert.equal(found.pricesIncludeTax, true);
    assert(addsUp(found));
  });

  test('with the tax on discounts counted already: 23.83 of tax, 1.50 of it said beside', () => {
    const shown = {
      ITEM: '100.00',
      SHIPPING: '10.00',
      GIFT_WRAP: '5.00',
      TAX: ['23.83', { ITEM: '20.00', SHIPPING: '2.50', GIFT_WRAP: '1.33', DISCOUNT: '1.50' }],
      DISCOUNT: ['7.50', { ITEM: '5.00', SHIPPING: '2.50' }],
    } as const;
    const found = priced([[shown, { total: '131.33' }]], { total: '131.33' });
    assert.deepEqual(
      lines(found).map((line) => line.replace(/@\d+/, '')),
      ['item:1 1 x 100.00 -5.00 +20.00', 'shipping 1 x 10.00 -2.50 +2.50', 'gift-wrap 1 x 5.00 +1.33'],
    );
    assert.equal(show(totalByLines(found)), '131.33 USD');
  });

  test('with the tax on discounts still to take off: the same figures, and a total that is less by it', () => {
    const shown = {
      ITEM: '100.00',
      SHIPPING: '10.00',
      TAX: ['22.50', { ITEM: '20.00', SHIPPING: '2.50', DISCOUNT: '-1.50' }],
      DISCOUNT: ['-7.50', { ITEM: '-5.00', SHIPPING: '-2.50' }],
    } as const;
    const found = priced([[shown, { total: '123.50' }]], { total: '123.50' });
    assert.match(lines(found)[0] ?? '', /^item:1 1 x 100.00 -5.00 \+19.08$/);
    assert.match(lines(found)[1] ?? '', /^shipping@\d+ 1 x 10.00 -2.50 \+1.92$/);
    assert(addsUp(found));
  });

  test('with the tax on discounts off each charge by what its own discount saved, so that the rates come out', () => {
    const shown = {
      ITEM: '100.00',
      SHIPPING: '10.00',
      GIFT_WRAP: '5.00',
      TAX: ['21.85', { GIFT_WRAP: '0.95', ITEM: '19.00', SHIPPING: '1.90', DISCOUNT: '3.33' }],
      DISCOUNT: ['17.50', { ITEM: '12.50', SHIPPING: '5.00' }],
    } as const;
    const found = priced([[shown, { total: '116.02' }]], { store: 'DE', total: '116.02' });
    assert.deepEqual(lines(found), [
      'item:1 1 x 100.00 -12.50 +16.62',
      'shipping@190000 1 x 10.00 -5.00 +0.95',
      'gift-wrap@190000 1 x 5.00 +0.95',
    ]);
    assert(addsUp(found));
  });

  test('with a tax on discounts beyond what they explain, which comes off the goods first, then off the others', () => {
    const shown = {
      ITEM: '10.00',
      SHIPPING: '10.00',
      TAX: ['3.00', { ITEM: '1.00', SHIPPING: '2.00', DISCOUNT: '1.50' }],
      DISCOUNT: ['7.50', { OTHER: '7.50' }],
    } as const;
    const found = priced([[shown, { total: '14.00' }]], { total: '14.00' });
    assert.deepEqual(
      lines(found).map((line) => line.replace(/@\d+/, '')),
      ['item:1 1 x 10.00', 'shipping 1 x 10.00 +1.50', 'other 1 x 0.00 -7.50'],
    );
    const more = priced(
      [[{ ...shown, TAX: ['3.00', { ITEM: '1.00', SHIPPING: '2.00', DISCOUNT: '3.50' }] }]],
      { total: '12.00' },
    );
    assert.deepEqual(
      more.lines.map((line) => format(taxOf(line))),
      ['-0.50', '0.00', '0.00'],
    );
    assert(addsUp(found) && addsUp(more));
  });

  test('within the prices, by a rate of the country: a total cannot tell whether discounts are counted', () => {
    const shown = (tax: string): Record<string, Shown> => ({
      ITEM: '119.00',
      TAX: [tax, { ITEM: tax, DISCOUNT: '1.90' }],
      DISCOUNT: ['11.90', { ITEM: '11.90' }],
    });
    const toTakeOff = priced([[shown('19.00')]], { store: 'DE', total: '107.10' });
    assert.deepEqual(lines(toTakeOff), ['item:1 1 x 119.00 -11.90 +17.10']);
    assert.equal(toTakeOff.lines[0]?.taxes[0]?.ratePpm, 190_000);
    const counted = priced([[shown('17.10')]], { store: 'DE', total: '107.10' });
    assert.deepEqual(lines(counted), lines(toTakeOff));
    // Without a rate that is known, as Amazon sums it up.
    const unknown = priced([[shown('18.00')]], { store: 'DE', total: '107.10' });
    assert.deepEqual(lines(unknown), ['item:1 1 x 119.00 -11.90 +18.00']);
    assert([toTakeOff, counted, unknown].every((found) => found.pricesIncludeTax && addsUp(found)));
  });

  test('by the items’ own totals where the order’s alone fits two readings', () => {
    // Two wrongs that cancel: the order’s total alone would take the first reading.
    const found = priced(
      [
        [
          {
            ITEM: '10.00',
            TAX: ['2.00', { ITEM: '2.00', DISCOUNT: '1.00' }],
            DISCOUNT: ['5.00', { ITEM: '5.00' }],
          },
          { total: '6.00' },
        ],
        [{ ITEM: '1.00', OTHER: '0.00' }, { total: '1.00' }],
      ],
      { total: '7.00' },
    );
    assert.deepEqual(lines(found), ['item:1 1 x 10.00 -5.00 +1.00', 'item:2 1 x 1.00']);
  });

  test('by the order’s total where the items show none of their own', () => {
    const found = priced([[{ ITEM: '25.99', TAX: ['4.15', { ITEM: '4.15' }] }]], {
      store: 'DE',
      total: '25.99',
    });
    assert.equal(found.pricesIncludeTax, true);
  });

  test('beside the prices, unequal to the total, where no reading fits: the plan holds it', () => {
    const total = '12.00';
    const byTotal = priced([[{ ITEM: '10.00', TAX: ['1.00', { ITEM: '1.00' }] }]], { total });
    const byItem = priced([[{ ITEM: '10.00', TAX: ['1.00', { ITEM: '1.00' }] }, { total: '12.00' }]], {
      total: '11.00',
    });
    assert.deepEqual(lines(byTotal), ['item:1 1 x 10.00 +1.00']);
    assert.equal(byTotal.pricesIncludeTax, false);
    assert(!addsUp(byTotal));
    assert.deepEqual(lines(byItem), ['item:1 1 x 10.00 +1.00']);
  });

  test('without its details on the item, as the whole says', () => {
    const found = priced([[{ ITEM: '10.00', SHIPPING: '2.00', TAX: '1.20', DISCOUNT: '3.00' }]], {
      total: '10.20',
    });
    assert.deepEqual(lines(found), ['item:1 1 x 10.00 -3.00 +1.20', 'shipping 1 x 2.00']);
    const partly = priced([[{ ITEM: '10.00', SHIPPING: '2.00', TAX: ['1.20', { SHIPPING: '0.20' }] }]], {
      total: '13.20',
    });
    assert.deepEqual(lines(partly), ['item:1 1 x 10.00 +1.00', 'shipping@100000 1 x 2.00 +0.20']);
  });
});

describe('discounts', () => {
  for (const sign of ['', '-']) {
    test(`are taken off whatever sign they have ("${sign}7.50"), those of shipping from the shipping`, () => {
      const found = priced(
        [
          [
            {
              ITEM: '20.00',
              SHIPPING: '5.00',
              DISCOUNT: [`${sign}7.50`, { ITEM: `${sign}2.50`, SHIPPING: `${sign}5.00` }],
            },
          ],
        ],
        { total: '17.50' },
      );
      assert.deepEqual(lines(found), ['item:1 1 x 20.00 -2.50', 'shipping 1 x 5.00 -5.00']);
      assert.deepEqual(
        found.lines[0]?.discounts.map(({ label }) => label),
        ['Amazon promotion'],
      );
      assert(addsUp(found));
    });
  }

  test('of everything leave the item for nothing', () => {
    const found = priced([[{ ITEM: '20.00', DISCOUNT: ['20.00', { ITEM: '20.00' }] }]], { total: '0.00' });
    assert.deepEqual(lines(found), ['item:1 1 x 20.00 -20.00']);
    assert(addsUp(found));
  });
});

describe('what was charged', () => {
  test('beside the goods is a line of its own for each kind, in its own words', () => {
    const found = priced(
      [[{ ITEM: '10.00', SHIPPING: '2.00', GIFT_WRAP: '3.00', COD_FEE: '4.00', OTHER: '0.50' }]],
      { total: '19.50' },
    );
    assert.deepEqual(
      found.lines.map(({ key, kind, title }) => [key, kind, title]),
      [
        ['item:1', 'item', 'Wool socks'],
        ['shipping', 'shipping', 'Shipping'],
        ['gift-wrap', 'fee', 'Gift wrap'],
        ['cod-fee', 'fee', 'Cash on delivery'],
        ['other', 'fee', 'Other charges'],
      ],
    );
    assert(addsUp(found));
  });

  test('under a type that is not known stands with other charges, its tax too', () => {
    const found = priced(
      [[{ ITEM: '10.00', INSTALLATION: '30.00', OTHER: '1.00', TAX: ['3.10', { INSTALLATION: '3.10' }] }]],
      { total: '44.10' },
    );
    assert.deepEqual(lines(found), ['item:1 1 x 10.00', 'other@100000 1 x 31.00 +3.10']);
    assert(addsUp(found));
  });

  test('as a tip stands at the order, and is not taken twice where an item shows it too', () => {
    const breakdowns = { ITEM: '149.99', DELIVERY_TIP: '5.00' };
    const item = { ITEM: '149.99' };
    const atOrder = priced([[item]], { total: '154.99', breakdowns });
    assert.deepEqual(lines(atOrder), ['item:1 1 x 149.99', 'delivery-tip 1 x 5.00']);
    assert.deepEqual([atOrder.lines[1]?.kind, atOrder.lines[1]?.title], ['tip', 'Delivery tip']);
    const atBoth = priced([[{ ...item, DELIVERY_TIP: '5.00' }]], { total: '154.99', breakdowns });
    assert.deepEqual(lines(atBoth), lines(atOrder));
    const partly = priced([[{ ...item, DELIVERY_TIP: '2.00' }]], { total: '154.99', breakdowns });
    assert.deepEqual(lines(partly), lines(atOrder));
    const atItem = priced([[{ ...item, DELIVERY_TIP: '5.00' }]], { total: '154.99' });
    assert.deepEqual(lines(atItem), lines(atOrder));
    assert([atOrder, atBoth, partly, atItem].every(addsUp));
  });

  test('of several items for shipping is one line where it is taxed alike, and one for each way else', () => {
    const shipped = (tax: string): Record<string, Shown> => ({
      ITEM: '10.00',
      SHIPPING: '5.00',
      TAX: [tax, { SHIPPING: tax }],
    });
    const alike = priced([[shipped('0.65')], [shipped('0.65')]], { store: 'CA', total: '31.30' });
    assert.deepEqual(lines(alike), [
      'item:1 1 x 10.00',
      'item:2 1 x 10.00',
      'shipping@130000 1 x 10.00 +1.30',
    ]);
    const mixed = priced(
      [[shipped('0.65')], [shipped('0.65'), { isFacilitated: true }], [{ ITEM: '1.00', SHIPPING: '5.00' }]],
      { store: 'CA', total: '37.30' },
    );
    assert.deepEqual(lines(mixed).slice(3), [
      'shipping@130000 1 x 5.00 +0.65',
      'shipping@channel 1 x 5.00 +0.65',
      'shipping 1 x 5.00',
    ]);
    assert.deepEqual(
      ['1', '2', '3', '4'].map((id) => mixed.chargedFor(id, 'SHIPPING')?.key),
      ['shipping@130000', 'shipping@channel', 'shipping', undefined],
    );
    assert.equal(mixed.chargedFor('1', 'ITEM')?.key, 'item:1');
    assert.equal(mixed.chargedFor('1', 'GIFT_WRAP'), undefined);
    assert(addsUp(alike) && addsUp(mixed));
  });

  test('for shipping with promotions on two items keeps one discount of both', () => {
    const free = { ITEM: '10.00', SHIPPING: '5.00', DISCOUNT: ['5.00', { SHIPPING: '5.00' }] } as const;
    const found = priced([[free], [free]], { total: '20.00' });
    assert.equal(lines(found)[2], 'shipping 1 x 10.00 -10.00');
    assert.equal(found.lines[2]?.discounts.length, 1);
  });

  test('comes from the items where the order has no breakdowns of its own', () => {
    const found = priced([[{ ITEM: '299.90' }, { total: '299.90' }]], { total: '299.90' });
    assert.deepEqual(lines(found), ['item:1 1 x 299.90']);
  });

  test('with breakdowns of zero is as without them', () => {
    const bare = priced([[{ ITEM: '10.00' }]], { total: '10.00' });
    const zeros = {
      ITEM: '10.00',
      SHIPPING: '0.00',
      DISCOUNT: ['0.00', { ITEM: '0.00' }],
      TAX: ['0.00', { ITEM: '0.00' }],
    } as const;
    const listed = priced([[zeros]], { total: '10.00', breakdowns: { DELIVERY_TIP: '0.00' } });
    assert.deepEqual(listed.lines, bare.lines);
    assert.equal(listed.showsTax, false);
  });

  test('that does not divide by the pieces is one piece that says how many it holds', () => {
    const found = priced([[{ ITEM: '10.00' }, { quantity: 3 }]], { total: '10.00' });
    assert.deepEqual(lines(found), ['item:1 1 x 10.00']);
    assert.equal(found.lines[0]?.variant, '3 pieces, ASIN B0SOCK0001');
    const exact = priced([[{ ITEM: '9.99' }, { quantity: 3 }]], { total: '9.99' });
    assert.equal(exact.lines[0]?.variant, 'ASIN B0SOCK0001');
    const none = priced([[{ ITEM: '9.99' }, { quantity: 0 }]], { total: '9.99' });
    assert.deepEqual(lines(none), ['item:1 1 x 9.99'], 'Cancelled units may be shown as none');
  });

  test('for goods is named by title, else by what else names them', () => {
    const title = (item: ItemParts): string | undefined =>
      priced([[{ ITEM: '1.00' }, item]], { total: '1.00' }).lines[0]?.title;
    assert.equal(title({ title: 'Socks' }), 'Socks');
    assert.equal(title({ title: '' }), 'SKU-1');
    assert.equal(title({ title: '', sku: '' }), 'B0SOCK0001');
    assert.equal(title({ title: '', sku: '', asin: '' }), 'Item 1');
  });
});

describe('tax that Amazon remits', () => {
  test('is the channel’s on every line of the item, and of no other', () => {
    const shown = {
      ITEM: '10.00',
      SHIPPING: '2.00',
      TAX: ['1.07', { ITEM: '0.89', SHIPPING: '0.18' }],
    } as const;
    const found = priced([[shown, { isFacilitated: true }], [shown]], { total: '26.14' });
    const remitters = found.lines.map((line) => [line.key, line.taxes.map((tax) => tax.remittedBy)]);
    assert.deepEqual(remitters, [
      ['item:1', ['channel']],
      ['item:2', ['merchant']],
      ['shipping@channel', ['channel']],
      ['shipping@90000', ['merchant']],
    ]);
    assert(found.isFacilitated && addsUp(found));
  });

  test('is told where it is collected, also where none is shown', () => {
    assert.equal(
      priced([[{ ITEM: '10.00' }, { isFacilitated: true }]], { total: '10.00' }).isFacilitated,
      true,
    );
    assert.equal(priced([[{ ITEM: '10.00' }]], { total: '10.00' }).isFacilitated, false);
  });
});

describe('an order', () => {
  const item = itemJson({ ITEM: '10.00' });
  const found = (json: object): Priced | undefined => pricedOf(readOf({ ...json }).order, 'US');

  test('without a total, or without amounts of any item, has no prices', () => {
    assert.equal(found(orderJson([item])), undefined);
    const { proceeds: _proceeds, ...bare } = item;
    assert.equal(found(orderJson([bare], { total: '10.00' })), undefined);
    assert.equal(found(orderJson([], { total: '10.00' })), undefined);
    assert.deepEqual(found(orderJson([bare], { total: '0.00' }))?.lines, []);
  });

  test('of which one item has no amounts is unequal to its total', () => {
    const { proceeds: _proceeds, ...bare } = itemJson({ ITEM: '10.00' }, { id: '2' });
    const priced = found(orderJson([item, bare], { total: '20.00' }));
    assert(priced !== undefined && !addsUp(priced));
  });

  test('with an item twice or in two currencies is refused', () => {
    const refused = (json: object, words: RegExp): void => {
      assert.throws(
        () => found(json),
        (thrown) =>
          thrown instanceof Failure && thrown.code === 'delivery-malformed' && words.test(thrown.message),
      );
    };
    refused(orderJson([item, item], { total: '20.00' }), /orderItems: item "1" stands twice/);
    const foreign = itemJson({ ITEM: '10.00' }, { currency: 'EUR' });
    refused(
      orderJson([foreign], { total: '10.00' }),
      /proceeds of item 1: is in EUR, and the order is in USD/,
    );
    const detail = itemJson({ TAX: ['1.00', { ITEM: '1.00' }] }, { currency: 'EUR' });
    refused(orderJson([detail], { total: '1.00' }), /is in EUR/);
    const tip = { breakdowns: [{ type: 'DELIVERY_TIP', subtotal: { amount: '5.00', currencyCode: 'CAD' } }] };
    const grandTotal = { amount: '15.00', currencyCode: 'USD' };
    refused(
      orderJson([item], { fields: { proceeds: { grandTotal, ...tip } } }),
      /holds 5.00 CAD, and the order is in USD/,
    );
  });
});
