import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { show } from '#core/money.ts';
import type { Order } from '#core/order.ts';
import { itemJson, normalized, orderJson, transactionJson } from '#tests/amazon/order-json.ts';
import { kindOf } from './settled-amounts.ts';
import { classOf, lettersOf } from './transactions.ts';

/** What Amazon keeps of an order's money for a state: of the buyer's tax, or on account of the seller's own. */

describe('what Amazon keeps in India for the seller’s own taxes', () => {
  const INDIAN = orderJson(
    [
      itemJson(
        { ITEM: '847.46', TAX: ['152.54', { ITEM: '152.54' }] },
        { currency: 'INR', total: '1000.00' },
      ),
    ],
    { store: 'IN', total: '1000.00' },
  );
  const inRupees = { currency: 'INR' };

  test('is nothing of the buyer’s: a full refund is all that he paid, with all of its tax', () => {
    const back = (levies: Parameters<typeof transactionJson>[1][number]['amounts'], total: string): object =>
      transactionJson(
        ['Refund', total],
        [
          {
            sku: 'SOCK',
            amounts: {
              ProductCharges: ['-847.46', { OurPricePrincipal: '-847.46' }],
              Tax: ['-152.54', { OurPriceTax: '-152.54' }],
              AmazonFees: ['149.00', { Commission: '149.00' }],
              ...levies,
            },
          },
        ],
        inRupees,
      );
    const told = [
      back(
        {
          TaxWithholding: ['0.85', { ItemTDS: '0.85' }],
          TaxCollectedAtSource: ['4.24', { 'TCS-IGST': '4.24' }],
        },
        '-845.91',
      ),
      back({ ItemTDS: '0.85', 'TCS-CGST': '2.12', 'TCS-SGST': '2.12' }, '-845.91'),
      back({}, '-851.00'),
    ];
    for (const refund of told) {
      const order = normalized(INDIAN, [{ ...refund }]);
      assert.equal(order.doubt, undefined);
      assert.deepEqual(paidBack(order), ['1000.00 INR, tax 152.54 INR']);
      assert.equal(show(order.currentTotal), '0.00 INR');
    }
  });

  test('is no question where it is told by itself', () => {
    const own = transactionJson(['TaxCollectedAtSource', '-4.24'], [], {
      ...inRupees,
      whole: { Expenses: ['-4.24', { TaxCollectedAtSource: '-4.24' }] },
    });
    assert.equal(normalized(INDIAN, [own]).doubt, undefined);
  });

  test('is neither sale nor fee of a settlement', () => {
    for (const path of [
      ['Sales', 'TaxCollectedAtSource'],
      ['Expenses', 'TaxCollectedAtSource', 'TCS-IGST'],
      ['TaxWithholding', 'ItemTDS'],
    ]) {
      assert.equal(kindOf({ path, isOfOrder: true }).what, 'withheld', path.join(' > '));
    }
  });
});

describe('the tax of a sale by a one stop shop', () => {
  const sale = (reportingScheme: string, shown: Parameters<typeof itemJson>[0]): Order =>
    normalized(
      orderJson(
        [
          {
            ...itemJson(shown, { currency: 'EUR', total: '100.00' }),
            tax: { taxCalculationBreakdowns: [{ reportingScheme }] },
          },
        ],
        { store: 'DE', total: '100.00' },
      ),
    );

  test('is Amazon’s, whether it names itself beside the scheme or not', () => {
    const remitted = (scheme: string): unknown =>
      sale(scheme, TAXED).lines.flatMap(({ taxes }) => taxes.map(({ remittedBy }) => remittedBy));
    assert.deepEqual(remitted('IOSS'), ['channel']);
    assert.deepEqual(remitted('UOSS'), ['channel']);
    assert.deepEqual(remitted('STANDARD'), ['merchant']);
  });

  test('is Amazon’s too where it is not told', () => {
    assert.equal(sale('IOSS', { ITEM: '100.00' }).untoldTax, 'channel');
    assert.equal(sale('STANDARD', { ITEM: '100.00' }).untoldTax, 'merchant');
  });
});

describe('a tax that Amazon’s ledger withholds', () => {
  const EUROS = { currency: 'EUR' };
  const sold = (parts: Parameters<typeof itemJson>[1] = {}): ReturnType<typeof orderJson> =>
    orderJson([itemJson(TAXED, { ...EUROS, total: '100.00', ...parts })], { store: 'DE', total: '100.00' });
  const moved = (type: string, sign: '' | '-', withheld: string): ReturnType<typeof transactionJson> => {
    const against = sign === '' ? '-' : '';
    return transactionJson(
      [type, `${sign}84.03`],
      [
        {
          sku: 'SOCK',
          amounts: {
            ProductCharges: `${sign}84.03`,
            Tax: `${sign}15.97`,
            [withheld]: `${against}15.97`,
          },
        },
      ],
      { ...EUROS, id: type },
    );
  };

  test('is asked about where the order does not say that Amazon remits it', () => {
    for (const name of [
      'MarketplaceFacilitatorVAT-Principal',
      'MarketplaceFacilitatorTax-Other',
      'LowValueGoodsTax-Principal',
      'TaxWithheld',
    ]) {
      for (const transaction of [moved('Shipment', '', name), moved('Refund', '-', name)]) {
        const { doubt, refunds, isReadByRetry } = normalized(sold(), [transaction]);
        assert.equal(doubt?.code, 'order-tax-withheld', name);
        assert.equal(isReadByRetry, true, 'what Amazon shows once it is mended there no message tells');
        assert.match(
          doubt.why,
          /withholds 15.97 EUR of tax, and the order does not say that Amazon remits it/,
        );
        assert.deepEqual(refunds, []);
        assert.equal(normalized(sold({ isFacilitated: true }), [transaction]).doubt, undefined, name);
      }
    }
  });

  test('is asked about where it is told beside all items', () => {
    const whole = { Sales: '100.00', 'MarketplaceFacilitatorVAT-Principal': '-15.97' };
    const shipment = transactionJson(['Shipment', '84.03'], [], { ...EUROS, whole });
    assert.equal(normalized(sold(), [shipment]).doubt?.code, 'order-tax-withheld');
    assert.equal(normalized(sold({ isFacilitated: true }), [shipment]).doubt, undefined);
  });

  test('is asked about by its goods where Amazon remits the tax of others', () => {
    const order = (facilitated: string): ReturnType<typeof orderJson> =>
      orderJson(
        ['SOCK', 'MUG'].map((sku) =>
          itemJson(TAXED, { ...EUROS, id: sku, sku, asin: `B0${sku}`, isFacilitated: sku === facilitated }),
        ),
        { store: 'DE', total: '200.00' },
      );
    const shipment = moved('Shipment', '', 'MarketplaceFacilitatorVAT-Principal');
    assert.equal(normalized(order('SOCK'), [shipment]).doubt, undefined);
    assert.equal(normalized(order('MUG'), [shipment]).doubt?.code, 'order-tax-withheld');
  });

  test('is not what Amazon keeps for the seller’s own taxes', () => {
    const shipment = transactionJson(
      ['Shipment', '99.00'],
      [{ sku: 'SOCK', amounts: { ProductCharges: '84.03', Tax: '15.97', TaxWithholding: '-1.00' } }],
      EUROS,
    );
    assert.equal(normalized(sold(), [shipment]).doubt, undefined);
  });

  test('of goods of low value is told from their tax by what it is withheld on', () => {
    assert.equal(classOf(lettersOf('LowValueGoodsTax-Shipping')), 'withheld');
    assert.equal(classOf(lettersOf('LowValueGoodsTax')), 'unknown');
    for (const path of [['LowValueGoodsTax-Principal'], ['Sales', 'LowValueGoodsTax-Shipping']]) {
      assert.equal(kindOf({ path, isOfOrder: true }).what, 'withheld');
    }
  });
});

const TAXED: Parameters<typeof itemJson>[0] = { ITEM: '84.03', TAX: ['15.97', { ITEM: '15.97' }] };

/** `1000.00 INR, tax 152.54 INR` for each refund. */
function paidBack({ refunds }: Order): readonly string[] {
  return refunds.map(({ payouts, returns }) => {
    const taxes = returns.flatMap((part) => part.taxes.map(show));
    return `${payouts.map(({ amount }) => show(amount)).join(' + ')}, tax ${taxes.join(' + ')}`;
  });
}
