import type { Rules } from '#core/rules.ts';

/** What a merchant should know of rules that are right and yet have a price. For `doctor`, `preview` and `config`. */
export function warningsOf({ taxLines }: Pick<Rules, 'taxLines'>): string[] {
  const named = Object.keys(taxLines).filter((key) => taxLines[key] === 'own_lines');
  const countries = named.map((key) => (key === 'default' ? 'every other country' : key)).sort();
  return countries.length === 0
    ? []
    : [
        `Taxes stand as lines of their own on invoices of ${countries.join(', ')} (tax.lines): FreshBooks books an untaxed line as sales, so they count as income and its Sales Tax Summary stays empty for these orders. The journal worksheet lists them`,
      ];
}
