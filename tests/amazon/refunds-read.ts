import assert from 'node:assert/strict';
import { format } from '#core/money.ts';
import type { Refund } from '#core/order.ts';
import { itemJson, normalized, orderJson, transactionJson } from '#tests/amazon/order-json.ts';
import type { MovedParts, TransactionParts, Tree } from '#tests/amazon/order-json.ts';

/** Refunds of one order of two goods, and what is read of them. */

export const AT = '2026-11-25T12:00:00Z';

/** Socks of 30.00 in three, shipping of 6.00, gift wrap of 4.00, ten percent of tax on all. */
const SOCKS = itemJson(
  {
    ITEM: '30.00',
    SHIPPING: '6.00',
    GIFT_WRAP: '4.00',
    TAX: ['4.00', { ITEM: '3.00', SHIPPING: '0.60', GIFT_WRAP: '0.40' }],
  },
  { id: '1', sku: 'SOCK', asin: 'B0SOCK0001', quantity: 3 },
);
export const MUG = itemJson(
  { ITEM: '10.00', SHIPPING: '2.00', TAX: ['1.20', { ITEM: '1.00', SHIPPING: '0.20' }] },
  { id: '2', sku: 'MUG', asin: 'B0MUG00001' },
);
export const BOTH = orderJson([SOCKS, MUG], { total: '57.20' });

export function refund(
  total: string,
  items: readonly MovedParts[],
  parts: TransactionParts = {},
): ReturnType<typeof transactionJson> {
  return transactionJson(['Refund', total], items, parts);
}

export const of = (sku: string, amounts: Tree): MovedParts => ({ sku, amounts });

/** `item:1 3 30.00 +3.00` for each thing that went back, then what was paid. */
function text({ returns, payouts, difference }: Refund): readonly string[] {
  return [
    ...returns.map(
      ({ line, quantity, amount, taxes }) =>
        `${line} ${quantity} ${format(amount)}${taxes.map((tax) => ` +${format(tax)}`).join('')}`,
    ),
    `paid ${payouts.map(({ amount }) => format(amount)).join(' ')}`,
    ...(difference.minor === 0n ? [] : [`difference ${format(difference)}`]),
  ];
}

/** What a refund says, which must be one and without doubt. */
export function read(transactions: readonly object[], order: object = BOTH): readonly (readonly string[])[] {
  const found = normalized(
    { ...order },
    transactions.map((transaction) => ({ ...transaction })),
  );
  assert.equal(found.doubt, undefined, found.doubt?.why);
  return found.refunds.map(text);
}

export function doubtIn(transactions: readonly object[], order: object = BOTH): string {
  const found = normalized(
    { ...order },
    transactions.map((transaction) => ({ ...transaction })),
  );
  assert(found.doubt !== undefined, 'A person is asked');
  assert.equal(found.doubt.ask, 'person');
  assert.deepEqual(found.refunds, [], 'Nothing is booked of any refund');
  return [found.doubt.why, ...found.doubt.facts.map(({ name, value }) => `${name}: ${value}`)].join('\n');
}
