import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { show } from '#core/money.ts';
import { totalByLines } from '#core/order.ts';
import { worthOf } from '#core/sale.ts';
import { ORDER_ID, itemJson, normalized, orderJson, transactionJson } from '#tests/amazon/order-json.ts';
import type { MovedParts } from '#tests/amazon/order-json.ts';
import { AT, BOTH, MUG, doubtIn, of, read, refund } from '#tests/amazon/refunds-read.ts';

const FULL = refund('-57.20', [
  of('SOCK', {
    Sales: ['-44.00', { ProductCharges: '-30.00', Shipping: '-6.00', GiftWrap: '-4.00', Tax: '-4.00' }],
  }),
  of('MUG', { Sales: ['-13.20', { ProductCharges: '-10.00', Shipping: '-2.00', Tax: '-1.20' }] }),
]);

describe('a refund of Amazon', () => {
  test('of everything takes every line with its tax', () => {
    assert.deepEqual(read([FULL]), [
      [
        'item:1 3 30.00 +3.00',
        'shipping@100000 0 8.00 +0.80',
        'gift-wrap@100000 1 4.00 +0.40',
        'item:2 1 10.00 +1.00',
        'paid 57.20',
      ],
    ]);
    const order = normalized(BOTH, [FULL]);
    assert.equal(show(order.currentTotal), '0.00 USD');
    assert.deepEqual(order.refunds[0]?.payouts, [
      {
        amount: order.total,
        at: Date.parse(AT),
        gateway: `amazon:${ORDER_ID} clearing`,
        to: 'money',
        transactionId: 'refund-1',
      },
    ]);
  });

  test('of a part of a line leaves its pieces and takes the amount', () => {
    const part = refund('-11.00', [of('SOCK', { ProductCharges: '-10.00', Tax: '-1.00' })]);
    assert.deepEqual(read([part]), [['item:1 0 10.00 +1.00', 'paid 11.00']]);
    assert.equal(show(normalized(BOTH, [part]).currentTotal), '46.20 USD');
  });

  test('on a line whose discount exceeds its price is a question, and no fault', () => {
    const facilitated = { id: '1', sku: 'SOCK', isFacilitated: true };
    const shown = {
      ITEM: '10.00',
      DISCOUNT: ['98.00', { ITEM: '98.00' }],
      TAX: ['1.00', { ITEM: '1.00' }],
    } as const;
    const order = normalized(orderJson([itemJson(shown, facilitated)], { total: '11.00' }), [
      refund('-4.00', [of('SOCK', { ProductCharges: '-4.00' })]),
    ]);
    assert.notEqual(show(totalByLines(order)), show(order.total), 'its figures contradict each other');
  });

  test('of what an earlier one left takes the rest and no piece', () => {
    const part = (id: string, at: string): object =>
      refund('-16.50', [of('SOCK', { ProductCharges: '-15.00', Tax: '-1.50' })], { id, at });
    const [first, second] = read([part('b', '2026-11-26T12:00:00Z'), part('a', AT)]);
    assert.deepEqual(
      [first, second],
      [
        ['item:1 0 15.00 +1.50', 'paid 16.50'],
        ['item:1 0 15.00 +1.50', 'paid 16.50'],
      ],
    );
    assert.deepEqual(
      normalized(BOTH, [{ ...part('b', '2026-11-26T12:00:00Z') }, { ...part('a', AT) }]).refunds.map(
        ({ id }) => id,
      ),
      ['a', 'b'],
    );
  });

  test('of shipping or of gift wrap takes that line', () => {
    assert.deepEqual(read([refund('-6.60', [of('SOCK', { Shipping: '-6.00', Tax: '-0.60' })])]), [
      ['shipping@100000 0 6.00 +0.60', 'paid 6.60'],
    ]);
    assert.deepEqual(read([refund('-4.40', [of('SOCK', { 'Gift Wrap': '-4.00', Tax: '-0.40' })])]), [
      ['gift-wrap@100000 1 4.00 +0.40', 'paid 4.40'],
    ]);
  });

  test('of cash on delivery takes that line and is no fee of Amazon', () => {
    const order = orderJson([itemJson({ ITEM: '30.00', COD_FEE: '3.00' })], { total: '33.00' });
    const back = refund('-33.00', [
      of('SOCK', { Sales: ['-33.00', { ProductCharges: '-30.00', CODFee: '-3.00' }] }),
    ]);
    assert.deepEqual(read([back], order), [['item:1 1 30.00', 'cod-fee 1 3.00', 'paid 33.00']]);
  });

  test('spreads its tax by what was charged on the lines that it takes', () => {
    const uneven = itemJson({
      ITEM: '10.00',
      SHIPPING: '10.00',
      TAX: ['3.00', { ITEM: '2.00', SHIPPING: '1.00' }],
    });
    const back = refund('-23.00', [
      of('SOCK', { ProductCharges: '-10.00', Shipping: '-10.00', Tax: '-3.00' }),
    ]);
    assert.deepEqual(read([back], orderJson([uneven], { total: '23.00' })), [
      ['item:1 1 10.00 +2.00', 'shipping@100000 1 10.00 +1.00', 'paid 23.00'],
    ]);
  });

  test('of tax alone takes the tax off the goods', () => {
    assert.deepEqual(read([refund('-3.00', [of('SOCK', { Tax: '-3.00' })])]), [
      ['item:1 0 0.00 +3.00', 'paid 3.00'],
    ]);
  });

  test('of an order whose prices hold the tax takes prices with it', () => {
    const order = orderJson(
      [itemJson({ ITEM: '119.00', TAX: ['19.00', { ITEM: '19.00' }] }, { currency: 'EUR' })],
      { store: 'DE', total: '119.00' },
    );
    const back = refund('-119.00', [of('SOCK', { ProductCharges: '-100.00', Tax: '-19.00' })], {
      currency: 'EUR',
    });
    assert.deepEqual(read([back], order), [['item:1 1 119.00 +19.00', 'paid 119.00']]);
  });

  test('with a tax that the order does not show takes it as a part of the price', () => {
    const order = orderJson([itemJson({ ITEM: '119.00' }, { currency: 'EUR' })], {
      store: 'DE',
      total: '119.00',
    });
    const back = refund('-119.00', [of('SOCK', { ProductCharges: '-100.00', Tax: '-19.00' })], {
      currency: 'EUR',
    });
    assert.deepEqual(read([back], order), [['item:1 1 119.00', 'paid 119.00']]);
  });

  test('with discounts takes what was paid', () => {
    const item = itemJson({ ITEM: '20.00', DISCOUNT: ['5.00', { ITEM: '5.00' }] });
    const back = refund('-15.00', [of('SOCK', { ProductCharges: '-20.00', Promotions: '5.00' })]);
    assert.deepEqual(read([back], orderJson([item], { total: '15.00' })), [['item:1 1 15.00', 'paid 15.00']]);
  });

  test('of free shipping takes the promotion off the shipping, though Amazon tells promotions in one sum', () => {
    const item = itemJson({
      ITEM: '20.00',
      SHIPPING: '6.00',
      DISCOUNT: ['8.00', { ITEM: '2.00', SHIPPING: '6.00' }],
    });
    const back = refund('-18.00', [
      of('SOCK', { ProductCharges: '-20.00', Shipping: '-6.00', Promotions: '8.00' }),
    ]);
    assert.deepEqual(read([back], orderJson([item], { total: '18.00' })), [['item:1 1 18.00', 'paid 18.00']]);
  });

  test('of free shipping takes the tax that the promotion saved off the tax, by its own name or within all rebates', () => {
    const item = itemJson(
      {
        ITEM: '16.67',
        SHIPPING: '3.75',
        DISCOUNT: ['3.75', { SHIPPING: '3.75' }],
        TAX: ['3.33', { ITEM: '3.33', SHIPPING: '0.75', DISCOUNT: '0.75' }],
      },
      { currency: 'GBP', total: '20.00' },
    );
    const order = orderJson([item], { store: 'GB', total: '20.00' });
    const back = (total: string, amounts: MovedParts['amounts']): object =>
      refund(total, [of('SOCK', amounts)], { currency: 'GBP' });
    const goods = {
      ProductCharges: ['-16.67', { OurPricePrincipal: '-16.67' }],
      Shipping: ['-3.75', { ShippingPrincipal: '-3.75' }],
      Tax: ['-4.08', { OurPriceTax: '-3.33', ShippingTax: '-0.75' }],
    } as const;
    const saved = { ShippingDiscount: '3.75', ShippingTaxDiscount: '0.75' } as const;
    for (const rebates of [saved, { PromoRebates: ['4.50', saved] }] as const) {
      assert.deepEqual(read([back('-20.00', { ...goods, ...rebates })], order), [
        ['item:1 1 16.67 +3.33', 'paid 20.00'],
      ]);
    }
    const half = {
      ProductCharges: '-8.33',
      Shipping: '-1.88',
      Tax: ['-2.05', { OurPriceTax: '-1.67', ShippingTax: '-0.38' }],
      PromoRebates: ['2.26', { ShippingDiscount: '1.88', ShippingTaxDiscount: '0.38' }],
    } as const;
    assert.deepEqual(read([back('-10.00', half)], order), [['item:1 0 8.33 +1.67', 'paid 10.00']]);
  });

  test('leaves Amazon’s fees and the tax that it withholds out', () => {
    const shown = { ITEM: '10.00', TAX: ['0.89', { ITEM: '0.89' }] } as const;
    const order = orderJson([itemJson(shown, { isFacilitated: true })], { total: '10.89' });
    const sales = ['-10.89', { ProductCharges: '-10.00', Tax: '-0.89' }] as const;
    const fees = [
      '0.90',
      { AmazonFees: ['0.90', { Commission: '1.50', RefundCommission: '-0.60' }] },
    ] as const;
    const whole = ['item:1 1 10.00 +0.89', 'paid 10.89'];
    for (const withheld of [{ 'MarketplaceFacilitatorTax-Principal': '0.89' }, { TaxWithheld: '0.89' }]) {
      const back = refund('-9.10', [
        of('SOCK', { Sales: sales, Withholdings: ['0.89', withheld], Expenses: fees }),
      ]);
      assert.deepEqual(read([back], order), [whole]);
    }
    // Where Finances leave the tax out on both sides, as much of it went back as of the goods.
    const silent = refund('-9.10', [
      of('SOCK', { Sales: ['-10.00', { ProductCharges: '-10.00' }], Expenses: fees }),
    ]);
    assert.deepEqual(read([silent], order), [whole]);
  });

  test('without tax has none where Amazon tells that of another one', () => {
    const shown = { ITEM: '0.18', TAX: ['0.02', { ITEM: '0.02' }] } as const;
    const order = orderJson([itemJson(shown, { isFacilitated: true })], { total: '0.20' });
    const part = (id: string, goods: string, tax: object): object =>
      refund(`-${goods}`, [of('SOCK', { ProductCharges: `-${goods}`, ...tax })], { id });
    const told = { Tax: '-0.01', TaxWithheld: '0.01' };
    assert.deepEqual(read([part('a', '0.08', {}), part('b', '0.05', told), part('c', '0.05', told)], order), [
      ['item:1 0 0.08 +0.00', 'paid 0.08'],
      ['item:1 0 0.05 +0.01', 'paid 0.06'],
      ['item:1 0 0.05 +0.01', 'paid 0.06'],
    ]);
    // Nobody tells any: then a share of it went back.
    assert.deepEqual(read([part('a', '0.09', {})], order), [['item:1 0 0.09 +0.01', 'paid 0.10']]);
  });

  test('of more than is left pays back beyond the lines', () => {
    const more = refund('-15.00', [of('MUG', { ProductCharges: '-15.00' })]);
    assert.deepEqual(read([more]), [['item:2 0 10.00 +0.00', 'paid 15.00', 'difference -5.00']]);
    const again = { ...FULL, transactionId: 'refund-2', postedDate: '2026-11-27T12:00:00Z' };
    assert.deepEqual(read([FULL, again])[1], ['paid 57.20', 'difference -57.20']);
  });

  test('has the names of its amounts that sellers saw, beside one another or in their groups', () => {
    const sock = { OurPricePrincipal: '-30.00', ShippingPrincipal: '-6.00', OurPriceTax: '-3.60' };
    assert.deepEqual(read([refund('-39.60', [of('SOCK', sock)])]), [
      ['item:1 3 30.00 +3.00', 'shipping@100000 0 6.00 +0.60', 'paid 39.60'],
    ]);
    const kept = { OurPricePrincipal: '-10.00', RestockingDeductionPrincipal: '2.00' };
    const tax = { OurPriceTax: '-1.00', RestockingDeductionTax: '0.20' };
    for (const amounts of [
      { ...kept, ...tax },
      { ProductCharges: ['-8.00', kept], Tax: ['-0.80', tax] } as const,
      {
        ...tax,
        OurPricePrincipal: '-10.00',
        RestockingDeduction: ['2.00', { RestockingDeductionPrincipal: '2.00' }],
      } as const,
    ]) {
      assert.deepEqual(read([refund('-8.80', [of('MUG', amounts)])]), [['item:2 0 8.00 +0.80', 'paid 8.80']]);
    }
    assert.deepEqual(read([refund('-5.00', [of('MUG', { GoodwillPrincipal: '-5.00' })])]), [
      ['item:2 0 5.00 +0.00', 'paid 5.00'],
    ]);
    const empty = {
      'Refunded Sales': ['-10.00', { ProductCharges: '-10.00' }],
      'Refunded Expenses': '0.00',
    } as const;
    assert.deepEqual(read([refund('-10.00', [of('MUG', empty)])]), [['item:2 0 10.00 +0.00', 'paid 10.00']]);
  });

  test('is without the points and the postage that Amazon charges or gives back with it', () => {
    for (const beside of [
      { PointsReclaimed: '0.50', PostageRefund_Postage: '4.00' },
      { Sales: ['4.50', { PointsReclaimed: '0.50', PostageRefund_Postage: '4.00' }] },
      { PromoRebates: ['0.50', { PointsReclaimed: '0.50' }], ReturnPostageBilling_Postage: '4.00' },
    ] as const) {
      assert.deepEqual(
        read([refund('-6.50', [of('MUG', { ProductCharges: '-10.00', Tax: '-1.00', ...beside })])]),
        [['item:2 1 10.00 +1.00', 'paid 11.00']],
      );
    }
  });

  test('without any item is an amount', () => {
    const whole = { Sales: ['-5.00', { ProductCharges: '-5.00' }] } as const;
    assert.deepEqual(read([refund('-5.00', [], { whole })]), [['paid 5.00', 'difference -5.00']]);
    assert.match(
      doubtIn([refund('-5.50', [], { whole: { ProductCharges: '-5.00', Tax: '-0.50' } })]),
      /holds tax, and Amazon does not tell of which goods/,
    );
  });

  test('without any item knows the fees that come back, though Amazon sorts them among the sales by their sign', () => {
    const whole = {
      Sales: ['0.75', { AmazonFees: '0.75' }],
      Expenses: ['-5.00', { ProductCharges: '-5.00' }],
    } as const;
    assert.deepEqual(read([refund('-4.25', [], { whole })]), [['paid 5.00', 'difference -5.00']]);
  });

  test('by which nothing reaches the buyer is none', () => {
    assert.deepEqual(read([refund('-0.60', [of('SOCK', { RefundCommission: '-0.60' })])]), []);
    assert.deepEqual(read([refund('0.00', [of('SOCK', {})])]), []);
  });

  test('finds its goods by SKU, else by ASIN, and the only item of an order without either', () => {
    const goods = (parts: { sku?: string; asin?: string }): MovedParts => ({
      ...parts,
      amounts: { ProductCharges: '-10.00', Tax: '-1.00' },
    });
    const whole = ['item:2 1 10.00 +1.00', 'paid 11.00'];
    assert.deepEqual(read([refund('-11.00', [goods({ sku: 'MUG' })])]), [whole]);
    assert.deepEqual(read([refund('-11.00', [goods({ asin: 'B0MUG00001' })])]), [whole]);
    assert.deepEqual(read([refund('-11.00', [goods({ sku: 'GONE', asin: 'B0MUG00001' })])]), [whole]);
    const single = orderJson([MUG], { total: '13.20' });
    assert.deepEqual(read([refund('-11.00', [goods({})])], single), [whole]);
    assert.match(
      doubtIn([refund('-11.00', [goods({})])]),
      /goods that are not told, or that the order does not hold/,
    );
    assert.match(doubtIn([refund('-11.00', [goods({ sku: 'HAT' })])], single), /goods that are not told/);
  });

  test('for one of two items of the same goods is of the first that still holds as much', () => {
    const item = (id: string, asin: string): ReturnType<typeof itemJson> =>
      itemJson({ ITEM: '10.00' }, { id, sku: 'SOCK', asin });
    const order = (asin: string): object =>
      orderJson([item('1', 'B0A'), item('2', asin)], { total: '20.00' });
    const back = refund('-10.00', [{ sku: 'SOCK', asin: 'B0A', amounts: { ProductCharges: '-10.00' } }]);
    const again = { ...back, transactionId: 'refund-2', postedDate: '2026-11-27T12:00:00Z' };
    assert.deepEqual(read([back, again], order('B0A')), [
      ['item:1 1 10.00', 'paid 10.00'],
      ['item:2 1 10.00', 'paid 10.00'],
    ]);
    assert.deepEqual(read([back], order('B0B')), [['item:1 1 10.00', 'paid 10.00']]);
  });

  test('in any spelling of its kind is one: claims and chargebacks too', () => {
    for (const type of [
      'REFUND',
      'Guarantee Claim',
      'A-to-z Guarantee Claim',
      'AToZGuaranteeClaim',
      'Chargeback',
    ]) {
      const back = transactionJson([type, '-11.00'], [of('MUG', { ProductCharges: '-10.00', Tax: '-1.00' })]);
      assert.deepEqual(read([back]), [['item:2 1 10.00 +1.00', 'paid 11.00']], type);
    }
  });
});

describe('a refund that is not understood asks a person', () => {
  test('when its amounts do not sum to its total', () => {
    const said = doubtIn([refund('-12.00', [of('MUG', { ProductCharges: '-10.00' })])]);
    assert.match(said, /amounts of refund refund-1 sum to -10.00 USD, and Amazon says -12.00 USD/);
    assert.match(said, /Transaction: Refund refund-1\nIts total: -12.00 USD\nGoods: -10.00 USD/);
  });

  test('when it holds an amount whose name says nothing, or a tree whose parts do not sum', () => {
    assert.match(
      doubtIn([refund('-12.00', [of('MUG', { ProductCharges: '-10.00', Mystery: '-2.00' })])]),
      /amounts that this program does not know(.|\n)*Not understood: -2.00 USD/,
    );
    const broken = { Mystery: ['-10.00', { ProductCharges: '-9.00' }] } as const;
    assert.match(doubtIn([refund('-10.00', [of('MUG', broken)])]), /Not understood: -10.00 USD/);
    const whole = { Mystery: ['-10.00', { ProductCharges: '-10.00' }] } as const;
    assert.deepEqual(read([refund('-10.00', [of('MUG', whole)])]), [['item:2 0 10.00 +0.00', 'paid 10.00']]);
  });

  test('when an amount bears a name in letters of any kind, and what is not the buyer’s stays so by it', () => {
    for (const name of ['Gebühr (neu)', '手数料', '']) {
      const back = refund('-9.00', [of('MUG', { ProductCharges: '-10.00', [name]: '1.00' })]);
      assert.match(doubtIn([back]), /Not understood: 1.00 USD/, name);
      const shipment = transactionJson(['Shipment', '1.00'], [of('MUG', { [name]: '1.00' })]);
      assert.equal(normalized(BOTH, [shipment]).doubt, undefined);
    }
    const levied = refund('-9.00', [of('MUG', { ProductCharges: '-10.00', 'TDS (Section 194-O)': '1.00' })]);
    assert.deepEqual(read([levied]), [['item:2 0 10.00 +0.00', 'paid 10.00']]);
  });

  test('when an amount between buyer and seller is called a fee, an adjustment or a chargeback', () => {
    for (const name of [
      'RestockingFee',
      'Goodwill',
      'PrincipalAdjustment',
      'ChargebackRefund',
      // Nobody has published whether it lessens the goods or the shipping.
      'ReturnShippingDeductionPrincipal',
    ]) {
      const back = refund('-8.00', [of('MUG', { ProductCharges: '-10.00', [name]: '2.00' })]);
      assert.match(doubtIn([back]), /Not understood: 2.00 USD/, name);
    }
    // Sales are the buyer's side: whatever fee stands among them is not Amazon's.
    for (const group of ['Sales', 'Refunded Sales']) {
      const among = { [group]: ['-12.00', { ProductCharges: '-10.00', ServiceFee: '-2.00' }] } as const;
      assert.match(doubtIn([refund('-12.00', [of('MUG', among)])]), /Not understood: -2.00 USD/);
    }
  });

  test('when by it the buyer pays', () => {
    assert.match(
      doubtIn([refund('5.00', [of('MUG', { ProductCharges: '5.00' })])]),
      /By refund refund-1 the buyer paid 5.00 USD/,
    );
  });

  test('when it is in another currency than the order', () => {
    const back = refund('-10.00', [of('MUG', { ProductCharges: '-10.00' })], { currency: 'CAD' });
    assert.match(doubtIn([back]), /Amazon says -10.00 CAD/);
    const mixed = {
      ...refund('-10.00', [of('MUG', { ProductCharges: '-10.00' })], { currency: 'CAD' }),
      totalAmount: { currencyAmount: '-10.00', currencyCode: 'USD' },
    };
    assert.match(doubtIn([mixed]), /amounts of refund/);
  });

  test('when another kind of transaction moves money of the buyer', () => {
    const amounts = { ProductCharges: '-10.00' };
    const words =
      /a transaction "Adjustment" with the buyer, of -10.00 USD, which is no refund that this program knows/;
    assert.match(doubtIn([transactionJson(['Adjustment', '-10.00'], [of('MUG', amounts)])]), words);
    assert.match(doubtIn([transactionJson(['Adjustment', '-10.00'], [], { whole: amounts })]), words);
  });

  test('when tax that moves later is not wholly Amazon’s', () => {
    const taxes = { BaseTax: '9.45', 'MarketplaceFacilitatorTax-Principal': '-9.45' };
    for (const amounts of [
      { BaseTax: '9.45' },
      { ...taxes, 'MarketplaceFacilitatorTax-Principal': '-9.40' },
      { ...taxes, RetrochargeReversal: '-1.00' },
      { ...taxes, ProductCharges: '-1.00' },
      { BaseTax: '9.45', TaxWithholding: '-9.45' },
    ]) {
      const said = doubtIn([transactionJson(['Retrocharge', '0.00'], [of('MUG', amounts)])]);
      assert.match(said, /a transaction "Retrocharge" with the buyer/);
    }
  });

  test('and no other refund of the order is booked meanwhile', () => {
    const good = refund('-11.00', [of('MUG', { ProductCharges: '-10.00', Tax: '-1.00' })], {
      id: 'good',
      at: '2026-11-24T12:00:00Z',
    });
    assert.match(doubtIn([good, refund('-1.00', [of('MUG', { Mystery: '-1.00' })])]), /does not know/);
  });
});

describe('what is no refund', () => {
  test('leaves the order as it is: shipments, fees, tips, reimbursements, tax that Amazon moves and keeps', () => {
    const sale = {
      Sales: ['57.20', { ProductCharges: '40.00', Shipping: '8.00', GiftWrap: '4.00', Tax: '5.20' }],
    } as const;
    const others = [
      transactionJson(['Shipment', '57.20'], [of('SOCK', sale)], { id: 's' }),
      transactionJson(['ServiceFee', '-3.00'], [], {
        id: 'f',
        whole: { Expenses: ['-3.00', { AmazonFees: '-3.00' }] },
      }),
      transactionJson(['DeliveryTip', '2.00'], [], { id: 't', whole: { Sales: ['2.00', { Tip: '2.00' }] } }),
      transactionJson(['Adjustment', '4.00'], [], { id: 'r', whole: { WAREHOUSE_LOST: '4.00' } }),
      transactionJson(
        ['Retrocharge', '0.00'],
        [of('MUG', { BaseTax: '9.45', 'MarketplaceFacilitatorTax-Principal': '-9.45' })],
        { id: 'later' },
      ),
      transactionJson(['Adjustment', '0.00'], [], {
        id: 'cents',
        whole: { Tax: '-0.04', 'MarketplaceFacilitatorTax-Principal': '0.04' },
      }),
      transactionJson(['Adjustment', '4.00'], [], {
        id: 'e',
        currency: 'EUR',
        whole: { ProductCharges: '4.00' },
      }),
    ];
    const order = normalized(BOTH, others);
    assert.equal(order.doubt, undefined);
    assert.deepEqual(order.refunds, []);
  });
});

test('what was paid back is the worth of what was returned less the difference', () => {
  const order = normalized(BOTH, [FULL]);
  const [whole] = order.refunds;
  assert(whole !== undefined);
  assert.equal(show(worthOf(whole, order)), '57.20 USD');
});
