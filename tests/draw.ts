import * as fc from 'fast-check';
import * as money from '#core/money.ts';
import type { Money } from '#core/money.ts';
import { channelTaxOf, totalByLines } from '#core/order.ts';
import type { Discount, Order, OrderLine, Tax, Tender } from '#core/order.ts';
import { MINUTE, after } from '#core/time.ts';
import { at, line, order, received, tender } from '#tests/build.ts';

/** What properties draw: amounts, and whole orders that add up. */

/** One currency of each number of decimals. */
export const CURRENCIES = ['JPY', 'USD', 'KWD', 'UYW'] as const;

export function amounts(currency: string, max = 10n ** 12n): fc.Arbitrary<Money> {
  return fc.bigInt({ min: -max, max }).map((minor) => money.money(minor, currency));
}

const TAXES: readonly Pick<Tax, 'name' | 'ratePpm'>[] = [
  { name: 'VAT', ratePpm: 200_000 },
  { name: 'VAT', ratePpm: 50_000 },
  { name: 'QST', ratePpm: 99_750 },
  { name: 'State', ratePpm: 62_500 },
  { name: 'County', ratePpm: 0 },
];
const LABELS = ['SAVE', 'BOGO', 'Summer: 10 %'];

interface DrawnLine {
  readonly kind: OrderLine['kind'];
  readonly quantity: number;
  readonly unit: number;
  readonly discounts: readonly { readonly label: string; readonly share: number }[];
  readonly taxes: readonly {
    readonly index: number;
    readonly share: number;
    readonly remittedBy: Tax['remittedBy'];
  }[];
}

const drawnLine: fc.Arbitrary<DrawnLine> = fc.record({
  kind: fc.constantFrom('item', 'item', 'gift-card', 'shipping', 'tip', 'duty', 'fee'),
  quantity: fc.oneof(fc.constant(1), fc.integer({ min: 0, max: 12 })),
  unit: fc.integer({ min: 0, max: 50_000 }),
  discounts: fc.array(
    fc.record({ label: fc.constantFrom(...LABELS), share: fc.integer({ min: 0, max: 60 }) }),
    {
      maxLength: 2,
    },
  ),
  taxes: fc.uniqueArray(
    fc.record({
      index: fc.nat(TAXES.length - 1),
      share: fc.integer({ min: 0, max: 25 }),
      remittedBy: fc.constantFrom('merchant', 'merchant', 'channel'),
    }),
    { maxLength: 4, selector: (tax) => tax.index },
  ),
});

function lineOf(drawn: DrawnLine, index: number, currency: string): OrderLine {
  const unitPrice = money.money(BigInt(drawn.unit), currency);
  const hundredths = (percent: number): Money =>
    money.money((BigInt(drawn.unit) * BigInt(drawn.quantity) * BigInt(percent)) / 100n, currency);
  return line({
    key: `${drawn.kind}:${index}`,
    kind: drawn.kind,
    title: `Thing ${index}`,
    quantity: drawn.quantity,
    unitPrice,
    discounts: drawn.discounts.map(({ label, share }): Discount => ({ label, amount: hundredths(share) })),
    taxes: drawn.taxes.map(({ index, share, remittedBy }) => ({
      name: TAXES[index]?.name ?? '',
      ratePpm: TAXES[index]?.ratePpm ?? 0,
      amount: hundredths(share),
      remittedBy,
    })),
  });
}

/** Orders that add up and are worth more than nothing, their money received in any way: none, part, all, more than all. */
export const orders: fc.Arbitrary<Order> = fc
  .record({
    currency: fc.constantFrom(...CURRENCIES),
    pricesIncludeTax: fc.boolean(),
    lines: fc.array(drawnLine, { minLength: 1, maxLength: 6 }),
    shares: fc.array(fc.integer({ min: 1, max: 70 }), { maxLength: 4 }),
    isWhole: fc.boolean(),
  })
  .map(({ currency, pricesIncludeTax, lines, shares, isWhole }) => {
    const base = {
      currency,
      pricesIncludeTax,
      lines: lines.map((drawn, index) => lineOf(drawn, index, currency)),
    };
    const total = totalByLines(base);
    return order({ ...base, total, cash: received(...tendersOf(total, { shares, isWhole })) });
  })
  .filter((drawn) => drawn.total.minor > 0n && channelTaxOf(drawn).minor <= drawn.total.minor);

function tendersOf(total: Money, { shares, isWhole }: { shares: number[]; isWhole: boolean }): Tender[] {
  const parts = isWhole
    ? money.allocate(total, [1n, ...shares.map(BigInt)])
    : shares.map((share) => money.money((total.minor * BigInt(share)) / 100n, total.currency));
  const none = tender(money.zero(total.currency));
  const tenders = parts.map((amount, index) =>
    tender(amount, {
      gateway: index % 2 === 0 ? 'shopify_payments' : 'gift_card',
      transactionId: String(index),
      at: after(at('2026-11-10T12:00:00-05:00'), index * MINUTE),
    }),
  );
  return tenders.length === 0 ? [none] : tenders;
}
