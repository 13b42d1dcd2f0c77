import * as fc from 'fast-check';
import { format, money } from '#core/money.ts';
import { STORES, itemJson, orderJson } from '#tests/amazon/order-json.ts';
import type { Shown, Store } from '#tests/amazon/order-json.ts';

/** Amazon orders of any make whose figures add up by one way of reading them. Amounts are minor units. */
export interface DrawnOrder {
  readonly json: ReturnType<typeof orderJson>;
  readonly store: Store;
  readonly currency: string;
  readonly tax: 'added' | 'within';
  readonly discountTax: 'counted' | 'to take off';
  readonly items: readonly DrawnItem[];
  readonly tip: bigint;
}

export interface DrawnItem {
  readonly id: string;
  readonly sku: string;
  readonly quantity: number;
  readonly charges: readonly DrawnCharge[];
  readonly isFacilitated: boolean;
}

export interface DrawnCharge {
  readonly place: (typeof PLACES)[number];
  readonly amount: bigint;
  readonly discount: bigint;
  /** Of what is left after the discount. */
  readonly tax: bigint;
  /** What the discount saved of tax: `tax` would be more by it. */
  readonly savedTax: bigint;
}

const PLACES = ['ITEM', 'SHIPPING', 'GIFT_WRAP', 'COD_FEE', 'INSTALLATION'] as const;

function percentOf(amount: bigint, percent: number): bigint {
  return (amount * BigInt(percent)) / 100n;
}

const charge = fc
  .record({
    amount: fc.oneof(fc.bigInt({ min: 1n, max: 300n }), fc.bigInt({ min: 1n, max: 1_000_000n })),
    off: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 100 })),
    rate: fc.oneof(fc.constant(0), fc.constantFrom(7, 8, 10, 13, 19, 23)),
  })
  .map(({ amount, off, rate }) => {
    const discount = percentOf(amount, off);
    return { amount, discount, tax: percentOf(amount - discount, rate), savedTax: percentOf(discount, rate) };
  });

const item = fc
  .record({
    quantity: fc.integer({ min: 1, max: 4 }),
    isFacilitated: fc.boolean(),
    charges: fc.tuple(charge, fc.uniqueArray(fc.constantFrom(...PLACES.slice(1)), { maxLength: 3 })),
    others: fc.array(charge, { minLength: 3, maxLength: 3 }),
  })
  .map(({ quantity, isFacilitated, charges: [goods, places], others }) => ({
    quantity,
    isFacilitated,
    charges: [
      { place: 'ITEM' as const, ...goods },
      ...places.flatMap((place, index) => {
        const other = others[index];
        // Discounts are only told of goods and shipping.
        const isDiscounted = place === 'SHIPPING';
        return other === undefined
          ? []
          : [{ place, ...other, ...(isDiscounted ? {} : { discount: 0n, savedTax: 0n }) }];
      }),
    ],
  }));

export const drawnOrders: fc.Arbitrary<DrawnOrder> = fc
  .record({
    store: fc.constantFrom<Store>('US', 'CA', 'DE', 'JP'),
    tax: fc.constantFrom('added' as const, 'within' as const),
    discountTax: fc.constantFrom('counted' as const, 'to take off' as const),
    sign: fc.constantFrom(1n, -1n),
    items: fc.array(item, { minLength: 1, maxLength: 4 }),
    tip: fc.oneof(fc.constant(0n), fc.bigInt({ min: 1n, max: 900n })),
    hasItemTotals: fc.boolean(),
  })
  .map(({ items, ...rest }) => {
    const named = items.map((entry, index) => ({ ...entry, id: String(index + 1), sku: `SKU-${index + 1}` }));
    const { currency } = STORES[rest.store];
    const drawn = { ...rest, items: named, currency };
    return { ...drawn, json: jsonOf(drawn) };
  });

interface Figures extends Omit<DrawnOrder, 'json'> {
  readonly sign: bigint;
  readonly hasItemTotals: boolean;
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((a, b) => a + b, 0n);
}

/** What an item is worth to the buyer. */
function worthOfItem({ charges }: DrawnItem, tax: DrawnOrder['tax']): bigint {
  return sum(charges.map((one) => one.amount - one.discount + (tax === 'added' ? one.tax : 0n)));
}

function jsonOf(drawn: Figures): DrawnOrder['json'] {
  const { currency, store, items, tip, tax } = drawn;
  const text = (minor: bigint): string => format(money(minor, currency));
  const json = items.map((one) =>
    itemJson(shownOf(one, drawn), {
      id: one.id,
      sku: one.sku,
      asin: `B0${one.sku}`,
      quantity: one.quantity,
      currency,
      isFacilitated: one.isFacilitated,
      ...(drawn.hasItemTotals ? { total: text(worthOfItem(one, tax)) } : {}),
    }),
  );
  const total = sum([...items.map((one) => worthOfItem(one, tax)), tip]);
  return orderJson(json, {
    store,
    total: text(total),
    ...(tip === 0n ? {} : { breakdowns: { DELIVERY_TIP: text(tip) } }),
  });
}

/** Zero breakdowns are left out, as Amazon does. */
function shownOf({ charges }: DrawnItem, { currency, discountTax, sign }: Figures): Record<string, Shown> {
  const text = (minor: bigint): string => format(money(minor, currency));
  const details = (amounts: readonly (readonly [string, bigint])[]): Record<string, string> =>
    Object.fromEntries(
      amounts.filter(([, amount]) => amount !== 0n).map(([type, amount]) => [type, text(amount)]),
    );
  const isCounted = discountTax === 'counted';
  const saved = sum(charges.map(({ savedTax }) => savedTax));
  const taxes = charges.map((one): [string, bigint] => [
    one.place,
    one.tax + (isCounted ? 0n : one.savedTax),
  ]);
  const discounts = charges.map(({ place, discount }): [string, bigint] => [place, sign * discount]);
  const whole = {
    TAX: sum(taxes.map(([, tax]) => tax)),
    DISCOUNT: sum(discounts.map(([, amount]) => amount)),
  };
  return {
    ...Object.fromEntries(charges.map(({ place, amount }) => [place, text(amount)])),
    ...(whole.TAX === 0n
      ? {}
      : { TAX: [text(whole.TAX), details([...taxes, ['DISCOUNT', sign * saved]])] as const }),
    ...(whole.DISCOUNT === 0n ? {} : { DISCOUNT: [text(whole.DISCOUNT), details(discounts)] as const }),
  };
}
