import type { Rules } from '#core/rules.ts';

/** What a person should know of the rules he chose, a sentence each. */
export function warningsOf({ taxLines }: Rules): string[] {
  const countries = Object.entries(taxLines).flatMap(([country, way]) =>
    way === 'own_lines' ? [country] : [],
  );
  return countries.length === 0
    ? []
    : [
        `Taxes stand as lines of their own for ${countries.join(', ')}: FreshBooks counts them as sales, and its Sales Tax Summary does not show them`,
      ];
}
