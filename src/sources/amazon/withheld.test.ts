import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { show } from '#core/money.ts';
import type { Order } from '#core/order.ts';
import { itemJson, normalized, orderJson, transactionJson } from '#tests/amazon/order-json.ts';
import { kindOf } from './settled-amounts.ts';

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

/** `1000.00 INR, tax 152.54 INR` for each refund. */
function paidBack({ refunds }: Order): readonly string[] {
  return refunds.map(({ payouts, returns }) => {
    const taxes = returns.flatMap((part) => part.taxes.map(show));
    return `${payouts.map(({ amount }) => show(amount)).join(' + ')}, tax ${taxes.join(' + ')}`;
  });
}
