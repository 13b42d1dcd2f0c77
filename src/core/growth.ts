import type { DocumentLine } from './document.ts';
import { documentOf, treatmentKey } from './invoice-document.ts';
import type { Booked, BookedInvoice } from './ledger.ts';
import * as money from './money.ts';
import type { Money } from './money.ts';
import { discountOf, grossOf } from './order.ts';
import type { Discount, Order, OrderLine, Refund, Return, Tax } from './order.ts';
import type { Rules } from './rules.ts';
import { isRemoval, lessened } from './sale.ts';
import type { Instant } from './time.ts';

/**
 * More units of a line that came when the invoice that holds it could not be changed any more. They are a line of their own, for an
 * invoice of their own, as whatever else is added then (docs/bookkeeping.md, "Edits"). What goes back of the line is of the units
 * that came last.
 */

interface Known {
  readonly booked: Booked;
  readonly rules: Rules;
  readonly isRewritable: (invoice: BookedInvoice) => boolean;
}

/** Units of a line that stand together. */
interface Part {
  readonly line: OrderLine;
  /** When they had not come yet; absent of the first ones. */
  readonly after?: Instant;
}

/** The order with such units as lines whose keys follow that of the first: "item:123", "item:123+1", "item:123+2". */
export function withGrowth(order: Order, known: Known): Order {
  const grown = (order.additions ?? []).flatMap(({ line, was }) => (was === undefined ? [] : [line]));
  return [...new Set(grown)].reduce((told, key) => {
    const parts = partsOf(told, key, known);
    return parts.length < 2
      ? told
      : {
          ...told,
          lines: told.lines.flatMap((line) => (line.key === key ? parts.map((part) => part.line) : [line])),
          refunds: sharedOver(parts, told.refunds),
        };
  }, order);
}

/**
 * Divided where the line was once just what its invoice holds. Where nothing tells that, as at another price, it stays whole, and a
 * person is asked.
 */
function partsOf(order: Order, key: string, known: Known): readonly Part[] {
  const whole = order.lines.find((line) => line.key === key);
  let parts: readonly Part[] = whole === undefined ? [] : [{ line: whole }];
  for (const { line, was, after } of order.additions ?? []) {
    const last = parts.at(-1);
    if (whole !== undefined && last !== undefined && was !== undefined && line === key) {
      const more = lessOf(whole, was);
      const units = more === undefined ? undefined : lessOf(last.line, more);
      if (more !== undefined && units !== undefined) {
        const next = { line: { ...more, key: `${key}+${parts.length}` }, after };
        const divided = [...parts.slice(0, -1), { ...last, line: units }, next];
        parts = isHeldAsIs(order, divided, known) ? divided : parts;
      }
    }
  }
  return parts;
}

/** One line without the units of another, where both are of one kind and nothing of the rest is below nothing. */
function lessOf(line: OrderLine, other: OrderLine): OrderLine | undefined {
  const isAlike =
    line.quantity > other.quantity &&
    money.equal(line.unitPrice, other.unitPrice) &&
    line.taxes.length === other.taxes.length &&
    line.taxes.every((tax, index) => isSameTax(tax, other.taxes[index]));
  const labels = new Set([...line.discounts, ...other.discounts].map(({ label }) => label));
  const discounts = [...labels].map((label): Discount => {
    const own = (of: OrderLine): OrderLine => ({
      ...of,
      discounts: of.discounts.filter((discount) => discount.label === label),
    });
    return { label, amount: money.subtract(discountOf(own(line)), discountOf(own(other))) };
  });
  const taxes = line.taxes.map((tax, index) => ({
    ...tax,
    amount: money.subtract(tax.amount, other.taxes[index]?.amount ?? tax.amount),
  }));
  return isAlike && [...discounts, ...taxes].every(({ amount }) => !money.isNegative(amount))
    ? {
        ...line,
        quantity: line.quantity - other.quantity,
        discounts: discounts.filter(({ amount }) => !money.isZero(amount)),
        taxes,
      }
    : undefined;
}

function isSameTax(tax: Tax, other: Tax | undefined): boolean {
  return (
    other !== undefined &&
    tax.remittedBy === other.remittedBy &&
    treatmentKey([tax]) === treatmentKey([other])
  );
}

/** Whether an invoice that stays as it is holds just the last units but those that would be divided from them. */
function isHeldAsIs(order: Order, parts: readonly Part[], { booked, rules, isRewritable }: Known): boolean {
  const [units, next] = parts.slice(-2).map(({ line }) => line.key);
  const holding = (key: string | undefined): BookedInvoice | undefined =>
    booked.invoices.find(({ document }) => document.lines.some((line) => line.key === key));
  const invoice = holding(units);
  if (
    invoice === undefined ||
    (holding(next) === undefined && (invoice.isAccepted || isRewritable(invoice)))
  ) {
    return false;
  }
  const { refunds, issuedOn, lines } = invoice.document;
  const divided = {
    ...order,
    lines: parts.map(({ line }) => line),
    refunds: sharedOver(parts, order.refunds),
  };
  const left = documentOf(
    divided,
    {
      holds: ({ key }) => key === units,
      refunds: divided.refunds.filter(({ id }) => refunds.includes(id)),
      amounts: [],
    },
    { rules, heading: { number: '', issuedOn, remark: '' } },
  );
  const [as, is] = [left.lines, lines].map((all) => all.find(({ key }) => key === units));
  return as !== undefined && is !== undefined && isSameLine(as, is);
}

function isSameLine(line: DocumentLine, other: DocumentLine): boolean {
  const taxOf = ({ taxes, net }: DocumentLine): Money =>
    money.sum(
      taxes.map(({ amount }) => amount),
      net.currency,
    );
  return (
    line.quantity === other.quantity &&
    money.equal(line.net, other.net) &&
    treatmentKey(line.taxes) === treatmentKey(other.taxes) &&
    money.equal(taxOf(line), taxOf(other))
  );
}

/**
 * Refunds whose returns of a line are told of its parts: of the last first, as far as it was there and has as many units left. What
 * an edit took off of several is as many entries, each for the invoice that holds those units: "77", "77+item:123+1".
 */
function sharedOver(parts: readonly Part[], refunds: readonly Refund[]): readonly Refund[] {
  const left = new Map(parts.map(({ line }) => [line.key, line]));
  const [first, ...later] = parts.map(({ line }) => line.key);
  return refunds.flatMap((refund) => {
    const returns = refund.returns.flatMap((part) =>
      part.line === first ? sharesOf(part, refund, { parts, left }) : [part],
    );
    const whole = { ...refund, returns };
    const taken = (key: string): Return[] => returns.filter(({ line }) => line === key);
    const apart = isRemoval(refund) ? later.filter((key) => taken(key).length > 0) : [];
    const isAll = apart.length === 1 && apart.flatMap(taken).length === returns.length;
    return apart.length === 0 || isAll
      ? [whole]
      : [
          { ...refund, returns: returns.filter(({ line }) => !apart.includes(line)) },
          ...apart.map((key) => ({
            ...refund,
            id: `${refund.id}+${key}`,
            returns: taken(key),
          })),
        ];
  });
}

/** Takes them off what is left of each. */
function sharesOf(
  whole: Return,
  { at, isUnpaid }: Refund,
  { parts, left }: { readonly parts: readonly Part[]; readonly left: Map<string, OrderLine> },
): readonly Return[] {
  const shares: Return[] = [];
  let rest = whole;
  for (const { line, after } of parts.toReversed()) {
    const own = left.get(line.key) ?? line;
    const isThere = after === undefined || at > after;
    const share = after === undefined ? rest : isThere ? shareOf(rest, own) : undefined;
    if (share !== undefined && !isNothing(rest)) {
      shares.push({ ...share, line: line.key });
      rest = without(rest, share);
      // What was to be paid back and was not has taken nothing.
      left.set(line.key, isUnpaid === true ? own : lessened(own, share));
    }
  }
  return shares;
}

/** As much of a return as these units can be; all that they are where that is less. */
function shareOf(whole: Return, line: OrderLine): Return | undefined {
  const amount = money.subtract(grossOf(line), discountOf(line));
  if (line.quantity === 0 || (whole.quantity === 0 && money.compare(whole.amount, amount) > 0)) {
    return undefined;
  }
  return whole.quantity <= line.quantity
    ? whole
    : { line: line.key, quantity: line.quantity, amount, taxes: line.taxes.map((tax) => tax.amount) };
}

function without(whole: Return, share: Return): Return {
  return {
    ...whole,
    quantity: whole.quantity - share.quantity,
    amount: money.subtract(whole.amount, share.amount),
    taxes: whole.taxes.map((tax, index) =>
      money.subtract(tax, share.taxes[index] ?? money.zero(tax.currency)),
    ),
  };
}

function isNothing({ quantity, amount, taxes }: Return): boolean {
  return quantity === 0 && [amount, ...taxes].every(money.isZero);
}
