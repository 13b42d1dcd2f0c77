import type { InvoiceDocument } from '#core/document.ts';
import type { TaxFigures } from '#core/journal-rows.ts';
import * as money from '#core/money.ts';
import type { Money } from '#core/money.ts';
import { layOut } from './layout.ts';
import { ppmOf } from './taxes.ts';

/**
 * A document's taxes as FreshBooks computes them, for the journal worksheet. A correction is what FreshBooks' own total showed
 * its taxes to be off from what was expected: of one tax it is that tax's, of several nobody tells whose.
 */
export function taxFiguresOf(
  document: InvoiceDocument,
  correction: Money = money.zero(document.currency),
): TaxFigures | undefined {
  const laidOut = layOut(document, correction);
  if (laidOut.outcome === 'refused') {
    return undefined;
  }
  const { lines, taxes } = laidOut.layout;
  const [only, ...others] = taxes;
  const beyond = money.negate(correction);
  const isNamed = only !== undefined && others.length === 0;
  return {
    taxes: taxes.map(({ name, percent, amount, charged }) => ({
      name,
      ratePpm: ppmOf(percent),
      computed: isNamed ? money.add(amount, beyond) : amount,
      charged,
    })),
    unnamed: isNamed ? money.zero(document.currency) : beyond,
    rounding: money.sum(
      lines.slice(document.lines.length).map((line) => line.amount),
      document.currency,
    ),
  };
}
