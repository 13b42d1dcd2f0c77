import type { Terms } from '#core/plan-terms.ts';
import { inForce } from '#core/rules.ts';
import type { Rules } from '#core/rules.ts';
import { parseLocalDate } from '#core/time.ts';
import { compactSetting, counterSetting, lockedSetting, negativeLinesSetting } from './machine.ts';
import type { Books, OrderRecord, Reader } from './ports.ts';

/** By what an order is planned, beside itself and its ledger: one way for the worker and for whoever asks what would be. */

export interface Planning {
  readonly books: Pick<Books, 'connection' | 'fits'>;
  /** The route's now: of an order that has none of its own, and for what holds for all orders at once. */
  readonly current: Rules;
}

export async function termsFor(
  read: Pick<Reader, 'rules' | 'setting'>,
  { key, rulesVersion, numberVariant, decisions }: OrderRecord,
  { books, current }: Planning,
): Promise<Terms> {
  const own = rulesVersion === undefined ? undefined : await read.rules(rulesVersion);
  const locked = await read.setting(lockedSetting(books.connection));
  const isCompact = (await read.setting(compactSetting(books.connection))) === 'yes';
  const isNegativeRefused = (await read.setting(negativeLinesSetting(books.connection))) === 'refused';
  const counter = isCompact ? await read.setting(counterSetting(key)) : undefined;
  return {
    rules: inForce(own ?? current, closedBy(current, locked)),
    naming: {
      variant: numberVariant,
      isCompact,
      ...(counter === undefined ? {} : { counter: Number(counter) }),
    },
    choices: decisions,
    ...(isNegativeRefused ? { negativeLines: 'refused' } : {}),
    fits: (document) => books.fits(document),
  };
}

/** The later of what the rules close and what the books have refused as locked. */
export function closedBy(rules: Rules, locked: string | undefined): Rules {
  if (locked === undefined || (rules.closedThrough !== undefined && rules.closedThrough >= locked)) {
    return rules;
  }
  return { ...rules, closedThrough: parseLocalDate(locked) };
}
