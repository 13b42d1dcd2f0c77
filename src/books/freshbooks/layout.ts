import type { DocumentLine, InvoiceDocument } from '#core/document.ts';
import { Failure } from '#core/failure.ts';
import type { Fact } from '#core/failure.ts';
import { invariant } from '#core/invariant.ts';
import * as money from '#core/money.ts';
import type { Money } from '#core/money.ts';
import type { Standing } from '#pipeline/ports.ts';
import { TAXES_A_LINE_MAX, fold, percentOf, ppmOf } from './taxes.ts';
import type { ChargedTax, LaidTax } from './taxes.ts';
import { shortened, singleLine } from './text.ts';

/**
 * The ladder from a document to FreshBooks' lines and the total that FreshBooks will compute of them:
 *
 *   native          → percentages as charged; FreshBooks' own arithmetic arrives at the charged total and at every tax
 *   evened-out      → it arrives at the total, and taxes differ from the charged ones by cents that cancel out
 *   rounding-line   → it arrives next to it, and one visible line without tax makes up the difference
 *   refused         → it is further off than rounding explains: held, with the figures
 */
export type LaidOut =
  | { readonly outcome: 'laid-out'; readonly layout: Layout }
  | {
      readonly outcome: 'refused';
      readonly code: 'order-rounding-too-large';
      readonly detail: string;
      readonly facts: readonly Fact[];
    };

export interface Layout {
  readonly rung: 'native' | 'evened-out' | 'rounding-line';
  /** A sentence for `preview` and `explain`. */
  readonly why: string;
  readonly lines: readonly LaidLine[];
  /** As FreshBooks is expected to compute them, and as they were charged. */
  readonly taxes: readonly LaidTaxTotal[];
  readonly expectedTotal: Money;
}

export interface LaidLine {
  readonly name: string;
  readonly description: string;
  readonly quantity: number;
  readonly unitCost: Money;
  /** Without tax. */
  readonly amount: Money;
  /** Two at most. */
  readonly taxes: readonly ChargedTax[];
}

export interface LaidTaxTotal extends ChargedTax {
  readonly amount: Money;
}

/** FreshBooks publishes no lengths. Databases of its age keep names in 255 characters, so this is as long as is safe. */
export const NAME_LENGTH_MAX = 250;
/** Taken as long as a text field is anywhere; a description that is longer is cut, since no figure stands in it. */
const DESCRIPTION_LENGTH_MAX = 2000;

const ROUNDING_NAME = 'Rounding';

/** Whether FreshBooks can be brought to the document's total at all. */
export function fits(document: InvoiceDocument): boolean {
  return layOut(document).outcome === 'laid-out';
}

/** Told before anything is made for a document that FreshBooks could never bring to its total. */
export function bookable(document: InvoiceDocument): Standing {
  const laidOut = layOut(document);
  return laidOut.outcome === 'laid-out'
    ? { state: 'absent' }
    : { state: 'unclear', code: laidOut.code, detail: laidOut.detail, facts: laidOut.facts };
}

/** The layout, or a Failure `order-rounding-too-large`. */
export function layoutOf(document: InvoiceDocument, correction?: Money): Layout {
  const laidOut = layOut(document, correction);
  switch (laidOut.outcome) {
    case 'laid-out':
      return laidOut.layout;
    case 'refused':
      throw new Failure(laidOut.code, { detail: laidOut.detail, facts: laidOut.facts });
  }
}

/**
 * Lays a document out so that FreshBooks comes to its total. `correction` is what a first layout fell short by, once the
 * books have shown that they round otherwise than expected.
 */
export function layOut(
  document: InvoiceDocument,
  correction: Money = money.zero(document.currency),
): LaidOut {
  const { currency, total, roundingLimit } = document;
  const lines = laidLines(document);
  const taxes = expectedTaxes(lines, currency);
  const computed = money.sum(
    [...lines, ...taxes].map((part) => part.amount),
    currency,
  );
  const difference = money.add(money.subtract(total, computed), correction);
  const isWithin = (amount: Money): boolean => money.compare(money.absolute(amount), roundingLimit) <= 0;
  // A tax in another place than charged is no rounding, even where another tax hides it from the total.
  if (!isWithin(difference) || !taxes.every((tax) => isWithin(money.subtract(tax.amount, tax.charged)))) {
    return refusal(document, { computed, difference, taxes });
  }
  const { rung, why } = rungOf(document, { computed, difference, taxes });
  return {
    outcome: 'laid-out',
    layout: {
      rung,
      why,
      lines: rung === 'rounding-line' ? [...lines, roundingLine(difference)] : lines,
      taxes,
      expectedTotal: total,
    },
  };
}

interface Computed {
  /** FreshBooks' total without a rounding line. */
  readonly computed: Money;
  readonly difference: Money;
  readonly taxes: readonly LaidTaxTotal[];
}

function rungOf(
  { total }: InvoiceDocument,
  { computed, difference, taxes }: Computed,
): Pick<Layout, 'rung' | 'why'> {
  if (!money.isZero(difference)) {
    return {
      rung: 'rounding-line',
      why: `FreshBooks computes ${money.show(computed)} where ${money.show(total)} was charged, so a line "${ROUNDING_NAME}" makes up ${money.show(difference)}`,
    };
  }
  const unlike = taxes.filter(isUnlike);
  return unlike.length === 0
    ? { rung: 'native', why: 'FreshBooks computes the charged total by itself' }
    : {
        rung: 'evened-out',
        why: `FreshBooks computes the charged total by itself, and of its taxes ${unlike.map(unlikeText).join(', ')}`,
      };
}

function isUnlike({ amount, charged }: LaidTaxTotal): boolean {
  return !money.equal(amount, charged);
}

function unlikeText(tax: LaidTaxTotal): string {
  return `${money.format(tax.amount)} of ${nameOf(tax)} where ${money.format(tax.charged)} was charged`;
}

function refusal(document: InvoiceDocument, { computed, difference, taxes }: Computed): LaidOut {
  const flat = taxes.filter(({ percent, charged }) => Number(percent) === 0 && !money.isZero(charged));
  const names = flat.map(({ name }) => `"${name}"`).join(', ');
  const way =
    flat.length === 0
      ? ''
      : `: ${names} is charged without a rate, which FreshBooks has no tax for. By the rule tax_lines: own_lines taxes of that country stand as lines`;
  return {
    outcome: 'refused',
    code: 'order-rounding-too-large',
    detail: `Invoice ${document.number} was charged ${money.show(document.total)} and FreshBooks would compute ${money.show(computed)}${way}`,
    facts: [
      { name: 'Charged', value: money.show(document.total) },
      { name: 'FreshBooks would compute', value: money.show(computed) },
      { name: 'Difference', value: money.show(difference) },
      ...taxes.filter(isUnlike).map((tax) => ({ name: nameOf(tax), value: unlikeText(tax) })),
      { name: 'Allowed for rounding', value: money.show(document.roundingLimit) },
    ],
  };
}

function roundingLine(difference: Money): LaidLine {
  return {
    name: ROUNDING_NAME,
    description: 'Taxes were charged with other rounding than FreshBooks uses',
    quantity: 1,
    unitCost: difference,
    amount: difference,
    taxes: [],
  };
}

/** Taxes in one order on all lines, or those that are folded would not be the same on each. */
function laidLines({ lines }: InvoiceDocument): LaidLine[] {
  const names = [...new Set(lines.flatMap((line) => line.taxes).map((tax) => tax.name))];
  return lines.map((line) =>
    laidLine({
      ...line,
      taxes: line.taxes.toSorted((a, b) => names.indexOf(a.name) - names.indexOf(b.name)),
    }),
  );
}

function laidLine(line: DocumentLine): LaidLine {
  const name = singleLine(line.name) || line.kind;
  const short = shortened(name, NAME_LENGTH_MAX);
  const folded = fold(line.taxes);
  const texts = [short === name ? '' : name, line.description, folded.split];
  const isWhole = money.equal(money.multiply(line.unitPrice, line.quantity), line.net);
  return {
    name: short,
    description: shortened(texts.filter((text) => text !== '').join('\n'), DESCRIPTION_LENGTH_MAX),
    quantity: isWhole ? line.quantity : 1,
    unitCost: isWhole ? line.unitPrice : line.net,
    amount: line.net,
    taxes: folded.taxes,
  };
}

/**
 * FreshBooks taxes the sum of the lines under a tax once and rounds half up; no tax is taken of a tax. An assumption that
 * recordings fit (docs/vendors/freshbooks.md, section 3): the total is read back after each creation.
 */
function expectedTaxes(lines: readonly LaidLine[], currency: string): LaidTaxTotal[] {
  const bases = new Map<string, LaidTaxTotal>();
  const none = money.zero(currency);
  for (const line of lines) {
    for (const tax of line.taxes) {
      const key = `${tax.percent} ${tax.name}`;
      const { amount, charged } = bases.get(key) ?? { amount: none, charged: none };
      bases.set(key, {
        ...tax,
        amount: money.add(amount, line.amount),
        charged: money.add(charged, tax.charged),
      });
    }
  }
  return [...bases.values()].map((base) => ({
    ...base,
    amount: money.atRate(base.amount, ppmOf(base.percent), 'half-up'),
  }));
}

/** What `preview` prints, without a connection. */
export interface Preview {
  readonly lines: readonly PreviewLine[];
  readonly taxes: readonly { readonly name: string; readonly amount: string }[];
  readonly total: string;
  readonly rung: Layout['rung'] | 'refused';
  readonly why: string;
}

export interface PreviewLine {
  readonly name: string;
  readonly description: string;
  readonly quantity: string;
  readonly unitCost: string;
  readonly amount: string;
  readonly taxes: string;
}

export function previewOf(document: InvoiceDocument, correction?: Money): Preview {
  const laidOut = layOut(document, correction);
  if (laidOut.outcome === 'refused') {
    return {
      lines: laidLines(document).map(previewLine),
      taxes: document.taxes.map((tax) => ({
        name: `${tax.name} ${percentOf(tax.ratePpm)} %`,
        amount: money.format(tax.amount),
      })),
      total: money.show(document.total),
      rung: 'refused',
      why: laidOut.detail,
    };
  }
  const { lines, taxes, expectedTotal, rung, why } = laidOut.layout;
  return {
    lines: lines.map(previewLine),
    taxes: taxes.map((tax) => ({ name: nameOf(tax), amount: money.format(tax.amount) })),
    total: money.show(expectedTotal),
    rung,
    why,
  };
}

function previewLine(line: LaidLine): PreviewLine {
  invariant(line.taxes.length <= TAXES_A_LINE_MAX, 'a line has two taxes at most');
  return {
    name: line.name,
    description: line.description,
    quantity: String(line.quantity),
    unitCost: money.format(line.unitCost),
    amount: money.format(line.amount),
    taxes: line.taxes.map(nameOf).join(', '),
  };
}

function nameOf(tax: LaidTax): string {
  return `${tax.name} ${tax.percent} %`;
}
