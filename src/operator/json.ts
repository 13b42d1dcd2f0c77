import { harmlessJson } from '#core/json.ts';
import { format } from '#core/money.ts';
import type { Money } from '#core/money.ts';
import { showInstant } from '#core/time.ts';
import type { Instant } from '#core/time.ts';

/** Values as programs read them, of the commands as of the API. */

/** JSON for programs: an amount is { amount: "12.30", currency: "USD" }, whole, never a float. */
export function outputJson(value: unknown): string {
  return harmlessJson(
    JSON.stringify(value, (_key, field: unknown) => (isMoney(field) ? moneyJson(field) : field), 2),
  );
}

function isMoney(value: unknown): value is Money {
  return typeof value === 'object' && value !== null && 'minor' in value && typeof value.minor === 'bigint';
}

function moneyJson(amount: Money): { readonly amount: string; readonly currency: string } {
  return { amount: format(amount), currency: amount.currency };
}

/** For programs: in UTC, or nothing. */
export function instantJson(at: Instant | undefined): string | null {
  return at === undefined ? null : showInstant(at);
}
