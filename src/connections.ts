import { connectionId } from '#core/ids.ts';
import { defaultRulesOf, rulesWith } from '#core/rules.ts';
import type { Rules } from '#core/rules.ts';
import type { Zone } from '#core/time.ts';
import type { RulesFileOptions } from '#rules-file.ts';

/** What is connected, by the names that stand in the database: apart from app.ts, so that to name them loads nothing else. */

export const VERSION = '0.1.0';
export const FRESHBOOKS = connectionId('freshbooks');
export const SHOPIFY = connectionId('shopify');
export const AMAZON = connectionId('amazon');

/** By what orders are booked while nobody says otherwise. The configured zone is the shop's: Amazon's stores have their own. */
export function defaultsFor(source: string, timeZone: Zone | undefined): Rules {
  return source === AMAZON ? defaultRulesOf('amazon') : rulesWith(timeZone);
}

/** What a file of rules may name, and what a rule that it leaves out is. */
export function rulesFileOptions(timeZone: Zone | undefined): RulesFileOptions {
  return {
    sources: [SHOPIFY, AMAZON],
    books: [FRESHBOOKS],
    defaultsOf: (source) => defaultsFor(source, timeZone),
  };
}
