import { scaleHalfUp } from '#sim/world/money.ts';
import type { AmazonOrder, Moved } from './order.ts';
import { priceIn } from './place.ts';
import { worthOf } from './pricing.ts';

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

/** In hundredths of a percent of the price without tax. */
const COLLECTED_AT_SOURCE = 50n;
const DEDUCTED_AT_SOURCE = 10n;

/** What Amazon keeps of a sale in India on account of the seller's own taxes, by the names of its tree; given back with a refund. */
export function leviesOn({ marketplace }: AmazonOrder, { parts }: Moved): readonly Fee[] {
  if (marketplace.country !== 'IN') return [];
  const { net } = worthOf(parts);
  const levies = [
    { name: 'TCS-IGST', amount: -scaleHalfUp(net, COLLECTED_AT_SOURCE, HUNDREDTHS) },
    { name: 'ItemTDS', amount: -scaleHalfUp(net, DEDUCTED_AT_SOURCE, HUNDREDTHS) },
  ];
  return levies.filter(({ amount }) => amount !== 0n);
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
