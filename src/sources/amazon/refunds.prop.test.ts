import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import * as money from '#core/money.ts';
import type { Money } from '#core/money.ts';
import { discountOf, grossOf, taxOf } from '#core/order.ts';
import type { Order, Return } from '#core/order.ts';
import { isSpent, linesWithout, paidBack, worthOf } from '#core/sale.ts';
import { drawnOrders } from '#tests/amazon/draw-orders.ts';
import type { DrawnItem, DrawnOrder } from '#tests/amazon/draw-orders.ts';
import { normalized, transactionJson } from '#tests/amazon/order-json.ts';
import { law } from '#tests/law.ts';

const NAMES = {
  ITEM: 'ProductCharges',
  SHIPPING: 'Shipping',
  GIFT_WRAP: 'GiftWrap',
  COD_FEE: 'CODFee',
} as const;

type Named = keyof typeof NAMES;

/** What goes back of a charge, in percent of what was paid for it; 150 is more than that. */
type Share = readonly [goods: number, tax: number];

/** Figures of a refund of one item as Finances tell them: without tax, what the buyer gets is negative. */
function amountsOf(
  drawn: DrawnOrder,
  { charges }: DrawnItem,
  shareOf: (index: number) => Share,
): Readonly<Record<string, bigint>> {
  const amounts: Record<string, bigint> = {};
  const put = (name: string, amount: bigint): void => {
    amounts[name] = (amounts[name] ?? 0n) - amount;
  };
  for (const [index, charge] of charges.entries()) {
    const { place, amount, discount, tax } = charge;
    if (!isNamed(place)) {
      continue;
    }
    const [goods, taxes] = shareOf(index).map(BigInt);
    const within = drawn.tax === 'within' ? tax : 0n;
    put(NAMES[place], ((amount - within) * (goods ?? 0n)) / 100n);
    put('Promotions', (-discount * (goods ?? 0n)) / 100n);
    put('Tax', (tax * (taxes ?? 0n)) / 100n);
  }
  return amounts;
}

function isNamed(place: string): place is Named {
  return Object.hasOwn(NAMES, place);
}

function refundJson(
  drawn: DrawnOrder,
  id: number,
  items: readonly (readonly [DrawnItem, Readonly<Record<string, bigint>>])[],
): ReturnType<typeof transactionJson> {
  const { currency } = drawn;
  const text = (minor: bigint): string => money.format(money.money(minor, currency));
  const total = items.flatMap(([, amounts]) => Object.values(amounts)).reduce((a, b) => a + b, 0n);
  const moved = items.map(([{ sku }, amounts]) => ({
    sku,
    amounts: Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, text(amount)])),
  }));
  const at = `2026-11-25T12:00:0${id}Z`;
  return transactionJson(['Refund', text(total)], moved, { id: `refund-${id}`, at, currency });
}

const share = fc.constantFrom(0, 10, 33, 50, 100, 150);
const shares = fc.array(fc.tuple(share, share), { minLength: 16, maxLength: 16 });

/** An order with up to four refunds of any of its items, of any part, also more than is left. */
const refunded: fc.Arbitrary<{ readonly drawn: DrawnOrder; readonly order: Order }> = fc
  .tuple(drawnOrders, fc.array(shares, { minLength: 1, maxLength: 4 }), fc.nat())
  .map(([drawn, refunds, mask]) => {
    const transactions = refunds.map((parts, refund) => {
      const chosen = drawn.items.filter((_, index) => ((mask >> (refund * 4 + index)) & 1) === 0);
      const items = chosen.map((item, index) => {
        const shareOf = (charge: number): Share => parts[(index * 4 + charge) % parts.length] ?? [0, 0];
        return [item, amountsOf(drawn, item, shareOf)] as const;
      });
      return refundJson(drawn, refund, items);
    });
    return { drawn, order: normalized(drawn.json, transactions) };
  })
  // Tax that goes back without its price, and a promotion of more than it, may leave the buyer paying: then a person is asked.
  .filter(({ order }) => order.doubt === undefined);

law(
  'what an Amazon refund returns is worth what was paid back, but for the difference that is told',
  fc.property(refunded, ({ order }) => {
    for (const refund of order.refunds) {
      const worth = worthOf(refund, order);
      assert.deepEqual(money.subtract(worth, refund.difference), paidBack(refund, order.currency));
    }
    const worths = order.refunds.map((refund) => worthOf(refund, order));
    const now = money.subtract(order.total, money.sum(worths, order.currency));
    assert.deepEqual(order.currentTotal, now);
  }),
);

law(
  'no refund takes more off a line than it held, of its amount, its tax or its pieces',
  fc.property(refunded, ({ order }) => {
    const returns = order.refunds.flatMap((refund) => refund.returns);
    for (const line of order.lines) {
      const own = returns.filter((part) => part.line === line.key);
      const sum = (amountOf: (part: Return) => readonly Money[]): Money =>
        money.sum(own.flatMap(amountOf), order.currency);
      const paid = money.subtract(grossOf(line), discountOf(line));
      assert(
        money.compare(
          sum((part) => [part.amount]),
          paid,
        ) <= 0,
        `${line.key}: its amount`,
      );
      assert(
        money.compare(
          sum((part) => part.taxes),
          // A promotion's tax may be more than the line's own: of less than nothing, nothing goes back.
          money.atLeastZero(taxOf(line)),
        ) <= 0,
        `${line.key}: its tax`,
      );
      assert(
        own.reduce((pieces, part) => pieces + part.quantity, 0) <= line.quantity,
        `${line.key}: its pieces`,
      );
      assert(own.every((part) => part.taxes.length === line.taxes.length && !money.isNegative(part.amount)));
    }
    assert(returns.every((part) => order.lines.some((line) => line.key === part.line)));
  }),
);

law(
  'a refund of everything leaves nothing on any line that Finances have a name for',
  fc.property(drawnOrders, (drawn) => {
    // Within prices it is not told how much of the tax a discount saved.
    fc.pre(
      drawn.tax === 'added' || drawn.items.every((item) => item.charges.every((one) => one.savedTax === 0n)),
    );
    const all = drawn.items.map((item) => [item, amountsOf(drawn, item, () => [100, 100])] as const);
    const order = normalized(drawn.json, [refundJson(drawn, 1, all)]);
    assert.equal(order.doubt, undefined, order.doubt?.why);
    const left = linesWithout(order, order.refunds).filter((line) => !/^(other|delivery-tip)/.test(line.key));
    for (const line of left) {
      const paid = money.subtract(grossOf(line), discountOf(line));
      assert(
        isSpent(line) || (money.isZero(paid) && money.isZero(taxOf(line))),
        `${line.key} ${money.show(paid)} ${money.show(taxOf(line))}`,
      );
    }
    assert(order.refunds.every(({ difference }) => money.isZero(difference)));
  }),
);
