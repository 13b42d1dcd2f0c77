import { connectionId } from '#core/ids.ts';
import { rulesWith } from '#core/rules.ts';
import type { Zone } from '#core/time.ts';
import type { RulesFileOptions } from '#rules-file.ts';

/** What is connected, by the names that stand in the database: apart from app.ts, so that to name them loads nothing else. */

export const VERSION = '0.1.0';
export const FRESHBOOKS = connectionId('freshbooks');
export const SHOPIFY = connectionId('shopify');

/** What a file of rules may name, and what a rule that it leaves out is. */
export function rulesFileOptions(timeZone: Zone | undefined): RulesFileOptions {
  return { sources: [SHOPIFY], books: [FRESHBOOKS], defaults: rulesWith(timeZone) };
}
