import { decimal } from '#sim/world/money.ts';
import type { Json } from './json.ts';

/** Money as Orders writes it: decimal text with the digits of the currency. */
export function money(minor: bigint, currency: string): Json {
  return { amount: decimal(minor, currency), currencyCode: currency };
}

/** Finances' numbers have no more digits than they need, as recorded: 89.8, 320. */
export function exactAmount(minor: bigint, currency: string): string {
  const text = decimal(minor, currency);
  return text.includes('.') ? text.replace(/0+$/, '').replace(/\.$/, '') : text;
}

/** `2026-11-20T14:30:00Z`. */
export function timeText(at: number): string {
  return new Date(at).toISOString().replace('.000Z', 'Z');
}
