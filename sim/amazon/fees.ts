import { scaleHalfUp } from '#sim/world/money.ts';
import type { AmazonOrder, Moved } from './order.ts';
import { priceIn } from './place.ts';

/** An amount beside the sale under Amazon's name for it; what the seller pays is negative. */
export interface Fee {
  readonly name: string;
  readonly amount: bigint;
}

/** Amazon's usual part of the price, in hundredths of a percent. */
const COMMISSION = 1_500n;
const HUNDREDTHS = 10_000n;
const FULFILMENT_CENTS = 322n;

/** What Amazon keeps of units that ship. */
export function feesOn(order: AmazonOrder, { parts, quantity }: Moved): readonly Fee[] {
  const { charges, discounts } = parts;
  const price = charges.item.net - discounts.item.net;
  const shipping = charges.shipping.net - discounts.shipping.net;
  const isAmazons = order.fulfilledBy === 'AMAZON';
  const perUnit = priceIn(order.marketplace, FULFILMENT_CENTS);
  const fees = [
    { name: 'Commission', amount: -scaleHalfUp(price, COMMISSION, HUNDREDTHS) },
    ...(isAmazons
      ? [
          { name: 'FBAPerUnitFulfillmentFee', amount: -perUnit * BigInt(quantity) },
          { name: 'ShippingChargeback', amount: -shipping },
        ]
      : []),
  ];
  return fees.filter(({ amount }) => amount !== 0n);
}

/** What comes back of it with a refund: the commission, less a fifth of it. */
export function feesBack(order: AmazonOrder, line: Moved): readonly Fee[] {
  const kept = feesOn(order, line).find(({ name }) => name === 'Commission')?.amount ?? 0n;
  const fees = [
    { name: 'Commission', amount: -kept },
    { name: 'RefundCommission', amount: scaleHalfUp(kept, 1n, 5n) },
  ];
  return fees.filter(({ amount }) => amount !== 0n);
}
