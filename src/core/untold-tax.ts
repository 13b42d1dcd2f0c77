import * as money from './money.ts';
import type { Money } from './money.ts';
import { paidFor } from './order.ts';
import type { Addition, Order, OrderLine, Refund } from './order.ts';
import type { Rules } from './rules.ts';

/**
 * Tax within prices that the source does not tell. A person has chosen for each country what it is: then it is taken out of
 * every line, rounded half up, which changes no amount that anybody paid.
 */

/** What the rule says where prices hold no tax. */
export const NO_TAX = 'none';
/** The name of a tax that nobody named. */
const NAME = 'VAT';

/**
 * The order with its taxes told, or without any where the rules say that there is none. Nothing while no rule is chosen, and
 * where the channel owes a tax whose amount it keeps to itself: it cannot be left out of the invoice without being known.
 */
export function withUntoldTax(order: Order, rules: Rules): Order | undefined {
  const { untoldTax, ...told } = order;
  if (untoldTax === undefined) {
    return order;
  }
  const ratePpm = untoldRateOf(order, rules);
  if (ratePpm === 0) {
    return told;
  }
  return ratePpm === undefined || untoldTax === 'channel'
    ? undefined
    : {
        ...told,
        pricesIncludeTax: true,
        lines: order.lines.map((line) => taxed(line, ratePpm)),
        ...(order.additions === undefined ? {} : { additions: taxedAdditions(order.additions, ratePpm) }),
        refunds: taxedRefunds(order, ratePpm),
      };
}

/** In millionths; 0 where there is none; nothing while it is not chosen. */
function untoldRateOf({ country }: Order, { untoldTax }: Rules): number | undefined {
  const chosen = (key: string | undefined): string | undefined =>
    key !== undefined && Object.hasOwn(untoldTax, key) ? untoldTax[key] : undefined;
  const rate = chosen(country) ?? chosen('default');
  return rate === undefined ? undefined : rate === NO_TAX ? 0 : Math.round(Number(rate) * PPM_A_PERCENT);
}

const PPM_A_PERCENT = 10_000;

function taxed(line: OrderLine, ratePpm: number): OrderLine {
  const amount = within(paidFor(line), ratePpm);
  return { ...line, taxes: [{ name: NAME, ratePpm, amount, remittedBy: 'merchant' }] };
}

function taxedAdditions(additions: readonly Addition[], ratePpm: number): readonly Addition[] {
  return additions.map((addition) =>
    addition.was === undefined ? addition : { ...addition, was: taxed(addition.was, ratePpm) },
  );
}

/** What goes back takes the tax by which that of the line gets less, so that all parts together never take more than it. */
function taxedRefunds({ lines, refunds }: Order, ratePpm: number): readonly Refund[] {
  const left = new Map(lines.map((line) => [line.key, paidFor(line)]));
  return refunds.map((refund) => ({
    ...refund,
    returns: refund.returns.map((part) => {
      const before = left.get(part.line) ?? part.amount;
      const after = money.subtract(before, part.amount);
      left.set(part.line, after);
      return { ...part, taxes: [money.subtract(within(before, ratePpm), within(after, ratePpm))] };
    }),
  }));
}

function within(gross: Money, ratePpm: number): Money {
  return money.subtract(gross, money.withoutRate(gross, ratePpm, 'half-up'));
}
