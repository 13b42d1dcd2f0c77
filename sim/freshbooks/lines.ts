// Lines of invoices and credit notes (docs/vendors/freshbooks.md section 3, "Lines"). A written set of lines replaces
// the old one; a line that carries a known lineid keeps it.

import {
  formatDecimal,
  multiply,
  toMinor,
  totalsOf,
  trimDecimal,
  ZERO,
  type Decimal,
  type LineInput,
  type Totals,
} from './arithmetic.ts';
import { moneyJson } from './amounts.ts';
import { easternTime } from './calendar.ts';
import { decimal, flag, integer, money, objects, percent, text, type Fields } from './fields.ts';
import type { JsonObject } from './json.ts';
import { invalidValue, refused } from './refusal.ts';
import { exponentOf, type Account, type Line, type State } from './state.ts';
import type { Switches } from './switches.ts';

/** What the lines belong to. */
export interface LinesOwner {
  readonly state: State;
  readonly account: Account;
  readonly currency: string;
  /** The lines that stand, whose ids may be kept. */
  readonly standing: readonly Line[];
}

const ONE: Decimal = { units: 1n, scale: 0 };

/** The written lines, or undefined when `lines` was not sent. */
export function linesField(fields: Fields, owner: LinesOwner): readonly Line[] | undefined {
  const written = objects(fields, 'lines');
  if (written === undefined) return undefined;
  const known = new Set(owner.standing.map((line) => line.lineId));
  let last = Math.max(0, ...known);
  return written.map((values) => {
    const inner: Fields = { object: 'line', values, switches: fields.switches };
    const asked = integer(inner, 'lineid');
    const lineId = asked !== undefined && known.delete(asked) ? asked : (last += 1);
    return readLine(inner, owner, lineId);
  });
}

/** The totals of lines in a currency; a negative total is refused unless the switch allows it. */
export function totalsFor(
  lines: readonly LineInput[],
  discountPercent: Decimal,
  owner: { readonly currency: string; readonly switches: Switches; readonly object: string },
): Totals {
  const { switches } = owner;
  const exponent = exponentOf(owner.currency, switches);
  const totals = totalsOf(lines, discountPercent, {
    tax: switches.taxRounding,
    half: switches.halfRounding,
    exponent,
  });
  if (totals.total < 0n && switches.negativeTotals === 'refused') {
    throw refused(422, {
      errno: 1040,
      message: 'The total must not be negative.',
      field: 'lines',
      object: owner.object,
    });
  }
  return totals;
}

/** The amount of one line, before discount and taxes. */
export function lineMinor(
  line: LineInput,
  rounding: { readonly exponent: number; readonly half: Switches['halfRounding'] },
): bigint {
  return toMinor(multiply(line.quantity, line.unitCost), rounding);
}

export function lineJson(line: Line, owner: LinesOwner & { readonly ownerIds: JsonObject }): JsonObject {
  const { switches } = owner.state;
  const exponent = exponentOf(owner.currency, switches);
  const amount = lineMinor(line, { exponent, half: switches.halfRounding });
  return {
    ...owner.ownerIds,
    amount: moneyJson(amount, owner.currency, switches),
    basecampid: 0,
    compounded_tax: line.isCompounded,
    date: null,
    description: line.description,
    expenseid: line.expenseId,
    lineid: line.lineId,
    modern_project_id: null,
    modern_time_entries: [],
    name: line.name,
    qty: formatDecimal(trimDecimal(line.quantity)),
    retainer_id: null,
    retainer_period_id: null,
    taskno: line.lineId,
    taxAmount1: formatDecimal(trimDecimal(line.taxAmount1)),
    taxAmount2: formatDecimal(trimDecimal(line.taxAmount2)),
    taxName1: line.taxName1,
    taxName2: line.taxName2,
    taxNumber1: taxNumber(owner.account, line.taxName1),
    taxNumber2: taxNumber(owner.account, line.taxName2),
    type: line.type,
    unit_cost: { amount: costText(line.unitCost, exponent), code: owner.currency },
    updated: easternTime(line.updatedAt),
  };
}

/** A plain line, for what FreshBooks adds by itself: late fees and overpayment credits. */
export function plainLine(owner: LinesOwner, name: string, minor: bigint): Line {
  const lineId = Math.max(0, ...owner.standing.map((line) => line.lineId)) + 1;
  const unitCost = { units: minor, scale: exponentOf(owner.currency, owner.state.switches) };
  const taxes = {
    taxName1: null,
    taxAmount1: ZERO,
    taxName2: null,
    taxAmount2: ZERO,
    taxes: [],
    isCompounded: false,
  };
  const updatedAt = owner.state.clock.now();
  return {
    lineId,
    type: 0,
    name,
    description: '',
    quantity: ONE,
    unitCost,
    ...taxes,
    expenseId: 0,
    updatedAt,
  };
}

function readLine(fields: Fields, owner: LinesOwner, lineId: number): Line {
  const type = integer(fields, 'type') ?? 0;
  if (type !== 0 && type !== 1) throw invalidValue({ object: 'line', field: 'type' }, String(type));
  const quantity = decimal(fields, 'qty') ?? ONE;
  if (quantity.units === 0n && fields.switches.zeroQuantity === 'refused') {
    throw refused(422, {
      errno: 1028,
      message: "The field 'qty' must not be less than one.",
      field: 'qty',
      object: 'line',
      value: '0',
    });
  }
  const first = taxOf(fields, owner, 1);
  const second = taxOf(fields, owner, 2);
  return {
    lineId,
    type,
    name: text(fields, 'name') ?? '',
    description: text(fields, 'description') ?? '',
    quantity,
    unitCost: unitCost(fields, owner),
    taxName1: first.name,
    taxAmount1: first.percent,
    taxName2: second.name,
    taxAmount2: second.percent,
    taxes: [first, second].flatMap((tax) => (tax.name ? [{ name: tax.name, percent: tax.percent }] : [])),
    isCompounded: flag(fields, 'compounded_tax') ?? false,
    expenseId: integer(fields, 'expenseid') ?? 0,
    updatedAt: owner.state.clock.now(),
  };
}

function unitCost(fields: Fields, owner: LinesOwner): Decimal {
  const written = money(fields, 'unit_cost');
  if (written === undefined) return ZERO;
  const { amount, code } = written;
  if (code !== undefined && code !== owner.currency)
    throw invalidValue({ object: 'line', field: 'code' }, code);
  if (amount.units < 0n && fields.switches.negativeLines === 'refused') {
    const message = "The field 'unit_cost' must not be negative.";
    throw refused(422, {
      errno: 1025,
      message,
      field: 'unit_cost',
      object: 'line',
      value: formatDecimal(amount),
    });
  }
  const exponent = exponentOf(owner.currency, fields.switches);
  if (trimDecimal(amount).scale <= exponent) return amount;
  switch (fields.switches.unitCostDecimals) {
    case 'kept':
      return amount;
    case 'rounded':
      return { units: toMinor(amount, { exponent, half: fields.switches.halfRounding }), scale: exponent };
    case 'refused':
      throw invalidValue({ object: 'line', field: 'unit_cost' }, formatDecimal(amount));
  }
}

function taxOf(
  fields: Fields,
  owner: LinesOwner,
  position: 1 | 2,
): { readonly name: string | null; readonly percent: Decimal } {
  const name = text(fields, `taxName${position}`) ?? null;
  const rate = percent(fields, `taxAmount${position}`) ?? ZERO;
  const isUnknown =
    name !== null && name !== '' && ![...owner.account.taxes.values()].some((tax) => tax.name === name);
  if (isUnknown && fields.switches.unknownTaxName === 'refused') {
    throw invalidValue({ object: 'line', field: `taxName${position}` }, name);
  }
  return { name, percent: rate };
}

function taxNumber(account: Account, name: string | null): string | null {
  return [...account.taxes.values()].find((tax) => tax.name === name)?.number ?? null;
}

/** At least the currency's decimals, more when the line kept more. */
function costText(cost: Decimal, exponent: number): string {
  const trimmed = trimDecimal(cost);
  const padding = Math.max(0, exponent - trimmed.scale);
  const padded = { units: trimmed.units * 10n ** BigInt(padding), scale: trimmed.scale + padding };
  return formatDecimal(padded);
}
