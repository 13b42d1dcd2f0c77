import { decimal } from '#sim/world/money.ts';
import type { Json } from './json.ts';

/** Money as Orders writes it: decimal text with the digits of the currency. */
export function money(minor: bigint, currency: string): Json {
  return { amount: decimal(minor, currency), currencyCode: currency };
}

/** `2026-11-20T14:30:00Z`. */
export function timeText(at: number): string {
  return new Date(at).toISOString().replace('.000Z', 'Z');
}
