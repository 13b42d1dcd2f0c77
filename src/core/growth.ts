import type { DocumentLine } from './document.ts';
import { documentOf, treatmentKey } from './invoice-document.ts';
import type { Booked, BookedInvoice } from './ledger.ts';
import * as money from './money.ts';
import type { Money } from './money.ts';
import { discountOf, paidFor } from './order.ts';
import type { Discount, Order, OrderLine, Refund, Return, Tax } from './order.ts';
import type { Rules } from './rules.ts';
import { isEffective, isRemoval, lessened } from './sale.ts';
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
  /** The whole line before they came; absent of the first ones. */
  readonly before?: OrderLine;
}

/** A line that has grown: its parts, and what it was at any moment. */
interface Grown {
  readonly whole: OrderLine;
  readonly parts: readonly Part[];
  /** Each state of it that is known, oldest first, with the moment at which it still was so. */
  readonly states: readonly { readonly was: OrderLine; readonly after: Instant }[];
}

/** The order with such units as lines whose keys follow that of the first: "item:123", "item:123+1", "item:123+2". */
export function withGrowth(order: Order, known: Known): Order {
  return grownKeys(order).reduce((told, key) => {
    const line = told.lines.find((each) => each.key === key);
    const parted = line === undefined ? undefined : grownOf(told, line, known);
    return parted === undefined || parted.parts.length < 2
      ? told
      : {
          ...told,
          lines: told.lines.flatMap((each) =>
            each === line ? parted.parts.map((part) => part.line) : [each],
          ),
          refunds: sharedOver(parted, told.refunds),
        };
  }, order);
}

function grownKeys({ additions = [] }: Order): readonly string[] {
  return [...new Set(additions.flatMap(({ line, was }) => (was === undefined ? [] : [line])))];
}

/** The order with the units that its lines had at first, and without what went back of others. */
export function beforeGrowth(order: Order): Order {
  return grownKeys(order).reduce((told, key) => {
    const whole = told.lines.find((line) => line.key === key);
    const states = statesOf(order, key);
    const was = states[0]?.was;
    if (whole === undefined || was === undefined) {
      return told;
    }
    const more = lessOf(whole, was);
    const units = more === undefined ? undefined : lessOf(whole, more);
    const lines = told.lines.map((line) => (line === whole ? (units ?? was) : line));
    if (more === undefined || units === undefined) {
      return { ...told, lines };
    }
    const later = `${key}+1`;
    const parts = [{ line: units }, { line: { ...more, key: later }, before: was }];
    const refunds = sharedOver({ whole, states, parts }, told.refunds).map((refund) => ({
      ...refund,
      returns: refund.returns.filter(({ line }) => line !== later),
    }));
    return { ...told, lines, refunds };
  }, order);
}

/** The key of the line of which another one is a part; nothing of a line that is whole. */
export function wholeKeyOf(key: string): string | undefined {
  return /^(.+)\+\d+$/.exec(key)?.[1];
}

/**
 * Divided where the line was once just what its invoice holds. Where nothing tells that, as at another price, it stays whole, and a
 * person is asked.
 */
function grownOf(order: Order, whole: OrderLine, known: Known): Grown {
  const { key } = whole;
  const states = statesOf(order, key);
  let grown: Grown = { whole, states, parts: [{ line: whole }] };
  for (const { was } of states) {
    const { parts } = grown;
    const last = parts.at(-1);
    const more = lessOf(whole, was);
    const units = last === undefined || more === undefined ? undefined : lessOf(last.line, more);
    if (last !== undefined && more !== undefined && units !== undefined) {
      const next: Part = { line: { ...more, key: `${key}+${parts.length}` }, before: was };
      const divided = { ...grown, parts: [...parts.slice(0, -1), { ...last, line: units }, next] };
      grown = isHeldAsIs(order, divided, known) && !isAllHeld(order, grown, known) ? divided : grown;
    }
  }
  return grown;
}

function statesOf({ additions = [] }: Order, key: string): Grown['states'] {
  return additions.flatMap(({ line, was, after }) =>
    line === key && was !== undefined ? [{ was, after }] : [],
  );
}

/** One line without the units of another, where both are of one kind and nothing of the rest is below nothing. */
function lessOf(line: OrderLine, other: OrderLine): OrderLine | undefined {
  const labels = new Set([...line.discounts, ...other.discounts].map(({ label }) => label));
  const discounts = [...labels].map((label): Discount => {
    const own = (of: OrderLine): OrderLine => ({
      ...of,
      discounts: of.discounts.filter((discount) => discount.label === label),
    });
    return { label, amount: money.subtract(discountOf(own(line)), discountOf(own(other))) };
  });
  const taxes = line.taxes.flatMap((tax, index) => {
    const was = [other.taxes[index], ...other.taxes].find((each) => isSameTax(tax, each));
    return was === undefined ? [] : [{ ...tax, amount: money.subtract(tax.amount, was.amount) }];
  });
  const less = {
    ...line,
    quantity: line.quantity - other.quantity,
    discounts: discounts.filter(({ amount }) => !money.isZero(amount)),
    taxes,
  };
  const isAlike =
    less.quantity > 0 &&
    money.equal(line.unitPrice, other.unitPrice) &&
    other.taxes.length === line.taxes.length &&
    taxes.length === line.taxes.length;
  const amounts = [...discounts, ...taxes].map(({ amount }) => amount);
  return isAlike && ![...amounts, paidFor(less)].some(money.isNegative) ? less : undefined;
}

function isSameTax(tax: Tax, other: Tax | undefined): boolean {
  return (
    other !== undefined &&
    tax.remittedBy === other.remittedBy &&
    treatmentKey([tax]) === treatmentKey([other])
  );
}

/** Whether an invoice that stays as it is holds just the last units but those that would be divided from them. */
function isHeldAsIs(order: Order, grown: Grown, known: Known): boolean {
  const [units, next] = grown.parts.slice(-2).map(({ line }) => line.key);
  const invoice = holderOf(units, known);
  return (
    invoice !== undefined &&
    (holderOf(next, known) !== undefined || (!invoice.isAccepted && !known.isRewritable(invoice))) &&
    isLeftOn(invoice, units, { order, grown, known, refunds: invoice.document.refunds })
  );
}

/**
 * Whether the last units are, with all that went off them, just what their invoice holds, the last that was made: what was taken off
 * and what came at once has changed nothing of it, and so is not told on it.
 */
function isAllHeld(order: Order, grown: Grown, known: Known): boolean {
  const units = grown.parts.at(-1)?.line.key;
  const invoice = holderOf(units, known);
  const beside = known.booked.beside.flatMap(({ refund, step }) => [refund, ...(step.removals ?? [])]);
  const off = sharedOver(grown, order.refunds).filter(
    (refund) => isEffective(refund, order) && !beside.includes(refund.id),
  );
  return (
    invoice !== undefined &&
    invoice.slot === known.booked.lastSlots.invoice &&
    isLeftOn(invoice, units, { order, grown, known, refunds: off.map(({ id }) => id) })
  );
}

function holderOf(key: string | undefined, { booked }: Known): BookedInvoice | undefined {
  return booked.invoices.find(({ document }) => document.lines.some((line) => line.key === key));
}

/** Whether it is what an invoice holds of these units, once these refunds are left out. */
function isLeftOn(
  { document: { issuedOn, lines } }: BookedInvoice,
  units: string | undefined,
  {
    order,
    grown,
    known,
    refunds,
  }: {
    readonly order: Order;
    readonly grown: Grown;
    readonly known: Known;
    readonly refunds: readonly string[];
  },
): boolean {
  const divided = {
    ...order,
    lines: grown.parts.map(({ line }) => line),
    refunds: sharedOver(grown, order.refunds),
  };
  const left = documentOf(
    divided,
    {
      holds: ({ key }) => key === units,
      refunds: divided.refunds.filter(({ id }) => refunds.includes(id)),
      amounts: [],
    },
    { rules: known.rules, heading: { number: '', issuedOn, remark: '' } },
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
 * Refunds whose returns of a line are told of its parts. What an edit took off of several is as many entries, each for the invoice
 * that holds those units: "77", "77+item:123+1".
 */
function sharedOver(grown: Grown, refunds: readonly Refund[]): readonly Refund[] {
  const left = new Map(grown.parts.map(({ line }) => [line.key, line]));
  const [first, ...later] = grown.parts.map(({ line }) => line.key);
  return refunds.flatMap((refund) => {
    const returns = refund.returns.flatMap((part) =>
      part.line === first ? sharesOf(part, refund, { grown, left }) : [part],
    );
    const taken = (key: string): Return[] => returns.filter(({ line }) => line === key);
    const apart = isRemoval(refund) ? later.filter((key) => taken(key).length > 0) : [];
    const rest = returns.filter(({ line }) => !apart.includes(line));
    const edit = refund.edit ?? refund.id;
    return apart.length === 0
      ? [{ ...refund, returns }]
      : [
          ...(rest.length === 0 ? [] : [{ ...refund, edit, returns: rest }]),
          ...apart.map((key) => ({ ...refund, edit, id: `${refund.id}+${key}`, returns: taken(key) })),
        ];
  });
}

/**
 * Of the units that came last first, as far as they had come by then. A shop gives back of each unit what it is in the mean of them
 * all: what that differs from what the later ones were is of the first, so that nothing is left of units that are gone.
 */
function sharesOf(
  whole: Return,
  { at, isUnpaid }: Refund,
  { grown, left }: { readonly grown: Grown; readonly left: Map<string, OrderLine> },
): readonly Return[] {
  const shares: Return[] = [];
  let rest = whole;
  for (const part of grown.parts.toReversed()) {
    const { key } = part.line;
    const own = left.get(key) ?? part.line;
    const isFirst = part.before === undefined;
    const open = isFirst ? own : openOf(own, notYetOf(part, grown, at));
    const share = isFirst ? rest : open === undefined ? undefined : shareOf(rest, { open, whole });
    if (share !== undefined && !isNothing(share)) {
      shares.push({ ...share, line: key });
      rest = without(rest, share);
      // What was to be paid back and was not has taken nothing.
      left.set(key, isUnpaid === true ? own : lessened(own, share));
    }
  }
  return shares;
}

/** Of a part, the units that had not come at this moment; all of them where that cannot be told. */
function notYetOf(part: Part, { whole, parts, states }: Grown, at: Instant): OrderLine | undefined {
  const then = states.find(({ after }) => after >= at)?.was ?? whole;
  const end = parts[parts.indexOf(part) + 1]?.before ?? whole;
  return then.quantity >= end.quantity ? undefined : (lessOf(end, then) ?? part.line);
}

function openOf(left: OrderLine, notYet: OrderLine | undefined): OrderLine | undefined {
  return notYet === undefined ? left : lessOf(left, notYet);
}

/** As much of a return as these units can be. */
function shareOf(
  rest: Return,
  { open, whole }: { readonly open: OrderLine; readonly whole: Return },
): Return | undefined {
  const all = {
    line: open.key,
    quantity: open.quantity,
    amount: paidFor(open),
    taxes: open.taxes.map((tax) => tax.amount),
  };
  const most = (amount: Money, limit: Money | undefined): Money => money.minimum(amount, limit ?? amount);
  const told = {
    ...rest,
    amount: most(rest.amount, all.amount),
    taxes: rest.taxes.map((tax, index) => most(tax, all.taxes[index])),
  };
  if (
    open.quantity === 0 ||
    (rest.quantity === 0 && (whole.quantity > 0 || !isNothing(without(rest, told))))
  ) {
    return undefined;
  }
  return rest.quantity < open.quantity ? told : all;
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
