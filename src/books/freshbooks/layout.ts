import type { DocumentLine, InvoiceDocument, TaxTreatment } from '#core/document.ts';
import type { Fact } from '#core/failure.ts';
import { invariant } from '#core/invariant.ts';
import * as money from '#core/money.ts';
import type { Money } from '#core/money.ts';
import { shortened, singleLine } from './text.ts';

/**
 * The ladder from a document to FreshBooks' lines and the total that FreshBooks will compute of them:
 *
 *   native          → percentages as charged; FreshBooks' own arithmetic arrives at the charged total
 *   rounding-line   → it arrives next to it, and one visible line without tax makes up the difference
 *   refused         → it is further off than rounding explains: held, with the figures
 *
 * FreshBooks takes at most two percentages a line, with at most three decimals (docs/vendors/freshbooks.md, section 3).
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
  readonly rung: 'native' | 'rounding-line';
  /** A sentence for `preview` and `explain`. */
  readonly why: string;
  readonly lines: readonly LaidLine[];
  /** As FreshBooks is expected to compute them. */
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
  readonly taxes: readonly LaidTax[];
}

export interface LaidTax {
  readonly name: string;
  /** "9.975": at most three decimals. */
  readonly percent: string;
}

export interface LaidTaxTotal extends LaidTax {
  readonly amount: Money;
}

/** FreshBooks publishes no lengths. Databases of its age keep names in 255 characters, so this is as long as is safe. */
export const NAME_LENGTH_MAX = 250;
/** Two jurisdictions written out fit; what is folded stands whole in the description. */
const TAX_NAME_LENGTH_MAX = 100;
/** Taken as long as a text field is anywhere; a description that is longer is cut, since no figure stands in it. */
const DESCRIPTION_LENGTH_MAX = 2000;
const TAXES_A_LINE_MAX = 2;

const ROUNDING_NAME = 'Rounding';

/**
 * Lays a document out so that FreshBooks comes to its total. `correction` is what a first layout fell short by, once the
 * draft has shown that FreshBooks rounds otherwise than expected.
 */
export function layOut(
  document: InvoiceDocument,
  correction: Money = money.zero(document.currency),
): LaidOut {
  const lines = document.lines.map((line) => laidLine(line));
  const taxes = expectedTaxes(lines, document.currency);
  const computed = money.sum(
    [...lines.map((line) => line.amount), ...taxes.map((tax) => tax.amount)],
    document.currency,
  );
  const difference = money.add(money.subtract(document.total, computed), correction);
  if (money.isZero(difference)) {
    const why = 'FreshBooks computes the charged total by itself';
    return {
      outcome: 'laid-out',
      layout: { rung: 'native', why, lines, taxes, expectedTotal: document.total },
    };
  }
  if (money.compare(money.absolute(difference), document.roundingLimit) > 0) {
    return refusal(document, computed, difference);
  }
  const why = `FreshBooks computes ${money.show(computed)} where ${money.show(document.total)} was charged, so a line "${ROUNDING_NAME}" makes up ${money.show(difference)}`;
  return {
    outcome: 'laid-out',
    layout: {
      rung: 'rounding-line',
      why,
      lines: [...lines, roundingLine(difference)],
      taxes,
      expectedTotal: document.total,
    },
  };
}

function refusal(document: InvoiceDocument, computed: Money, difference: Money): LaidOut {
  return {
    outcome: 'refused',
    code: 'order-rounding-too-large',
    detail: `Invoice ${document.number} was charged ${money.show(document.total)} and FreshBooks would compute ${money.show(computed)}`,
    facts: [
      { name: 'Charged', value: money.show(document.total) },
      { name: 'FreshBooks would compute', value: money.show(computed) },
      { name: 'Difference', value: money.show(difference) },
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

function laidLine(line: DocumentLine): LaidLine {
  const name = singleLine(line.name) || line.kind;
  const short = shortened(name, NAME_LENGTH_MAX);
  const folded = fold(mergeNames(line.taxes));
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

/** A tax named twice on a line would be refused as a duplicate (errno 1019), so its rates are one. */
function mergeNames(treatments: readonly TaxTreatment[]): TaxTreatment[] {
  const rates = new Map<string, number>();
  for (const { name, ratePpm } of treatments) {
    const key = singleLine(name) || 'Tax';
    rates.set(key, (rates.get(key) ?? 0) + ratePpm);
  }
  return [...rates].map(([name, ratePpm]) => ({ name, ratePpm }));
}

/** More than two taxes become two whose rates sum to all: the first jurisdiction and the rest. */
function fold(treatments: readonly TaxTreatment[]): {
  readonly taxes: readonly LaidTax[];
  readonly split: string;
} {
  const [first, ...rest] = treatments;
  if (first === undefined || treatments.length <= TAXES_A_LINE_MAX) {
    const taxes = treatments.map(laidTax);
    return { taxes, split: isCut(treatments, taxes) ? splitOf(treatments) : '' };
  }
  const together = {
    name: rest.map((tax) => tax.name).join(' + '),
    ratePpm: rest.reduce((sum, tax) => sum + tax.ratePpm, 0),
  };
  return { taxes: [laidTax(first), laidTax(together)], split: splitOf(treatments) };
}

function isCut(treatments: readonly TaxTreatment[], taxes: readonly LaidTax[]): boolean {
  return treatments.some((treatment, index) => treatment.name !== taxes[index]?.name);
}

function splitOf(treatments: readonly TaxTreatment[]): string {
  return `Taxes: ${treatments.map((tax) => `${tax.name} ${percentOf(tax.ratePpm)} %`).join(', ')}`;
}

function laidTax({ name, ratePpm }: TaxTreatment): LaidTax {
  return { name: shortened(name, TAX_NAME_LENGTH_MAX), percent: percentOf(inThreeDecimals(ratePpm)) };
}

/** Rates are described, not charged, so a fourth decimal may go: what it was worth shows as rounding. */
function inThreeDecimals(ratePpm: number): number {
  return Math.round(ratePpm / 10) * 10;
}

/** Millionths as a percentage without zeros at the end: 99750 → "9.975", 50000 → "5". */
export function percentOf(ratePpm: number): string {
  const digits = String(ratePpm).padStart(5, '0');
  const whole = digits.slice(0, -4);
  const fraction = digits.slice(-4).replace(/0+$/, '');
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

function ppmOf(percent: string): number {
  const [whole = '0', fraction = ''] = percent.split('.');
  return Number(whole + fraction.padEnd(4, '0'));
}

/**
 * FreshBooks taxes the sum of the lines under a tax once and rounds half up; no tax is taken of a tax. An assumption that
 * recordings fit (docs/vendors/freshbooks.md, section 3): the total is read back after each creation.
 */
function expectedTaxes(lines: readonly LaidLine[], currency: string): LaidTaxTotal[] {
  const bases = new Map<string, LaidTaxTotal>();
  for (const line of lines) {
    for (const tax of line.taxes) {
      const key = `${tax.percent} ${tax.name}`;
      const base = money.add(bases.get(key)?.amount ?? money.zero(currency), line.amount);
      bases.set(key, { ...tax, amount: base });
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
      lines: document.lines.map((line) => previewLine(laidLine(line))),
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
