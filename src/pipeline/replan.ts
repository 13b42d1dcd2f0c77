import type { ConnectionId } from '#core/ids.ts';
import type { Rules } from '#core/rules.ts';
import type { Instant } from '#core/time.ts';
import { currentRules, keepRules } from './current-rules.ts';
import { lookAt } from './outlook.ts';
import type { Foreseen, Foresight, Prospect } from './outlook.ts';
import type { Store } from './ports.ts';
import { LATER_PRIORITY } from './machine.ts';
import { planAnew } from './release.ts';

/** A person has seen what new rules would do and says so: orders follow them from now on. The worker does the rest. */

const BECAUSE = 'Planned by new rules';

export interface Replanning {
  readonly source: ConnectionId;
  readonly books: Prospect['books'];
  /** The rules of the source while none are imported. */
  readonly otherwise: Rules;
  /** Of the current rules by which the orders were looked at. */
  readonly version: string;
  readonly now: Instant;
}

export interface Reached {
  /** Made due: they are planned by the current rules. */
  readonly replanned: readonly Foreseen[];
  /** Nothing is to be done on them now; what happens to them later is planned by the current rules. */
  readonly followingCount: number;
  /** Of either kind, which are not any more as they were looked at: nothing was changed. */
  readonly changed: readonly Foreseen[];
}

/** Each order in a transaction of its own, so that a running server is held up by none for long. */
export async function replan(
  store: Store,
  foresight: Pick<Foresight, 'orders' | 'unchanged'>,
  replanning: Replanning,
): Promise<Reached> {
  const replanned: Foreseen[] = [];
  const changed: Foreseen[] = [];
  for (const foreseen of foresight.orders.filter(isReached)) {
    const isDone = await reach(store, foreseen, replanning);
    (isDone ? replanned : changed).push(foreseen);
  }
  let followingCount = 0;
  for (const foreseen of foresight.unchanged.filter((each) => isElsewhere(each, replanning))) {
    const isDone = await reach(store, foreseen, replanning);
    followingCount += isDone ? 1 : 0;
    changed.push(...(isDone ? [] : [foreseen]));
  }
  return { replanned, followingCount, changed };
}

/** Whether applying the rules does anything about a listed order. */
export function isReached({ outlook }: Foreseen): boolean {
  switch (outlook.state) {
    case 'changed':
    case 'released':
    case 'skipped':
      return true;
    case 'held':
      return !outlook.keepsRules;
    case 'unchanged':
    case 'under-way':
    case 'left':
    case 'unplanned':
      return false;
  }
}

/** Booked by other rules than these. */
export function isElsewhere({ rulesVersion }: Foreseen, { version }: Pick<Replanning, 'version'>): boolean {
  return rulesVersion !== undefined && rulesVersion !== version;
}

/** Whether it was still as it was looked at, and by the same rules: only then anything is written. */
async function reach(
  store: Store,
  { key, seen }: Foreseen,
  { source, books, otherwise, version, now }: Replanning,
): Promise<boolean> {
  return store.transact(async (tx) => {
    const current = await currentRules(tx, source, otherwise);
    const record = await tx.order(key);
    if (record === undefined || current.version !== version) {
      return false;
    }
    const { outlook, seen: seenNow } = await lookAt(tx, record, { books, rules: current.rules });
    if (seenNow !== seen) {
      return false;
    }
    // One that is not booked yet has no rules of its own, and gets them by its first entry.
    const following =
      record.rulesVersion === undefined
        ? record
        : { ...record, rulesVersion: await keepRules(tx, current.rules) };
    if (outlook.state === 'unchanged') {
      await tx.putOrder({ ...following, updatedAt: now });
    } else {
      const open = await tx.holds({ order: key, isOpen: true });
      await planAnew(tx, { ...following, priority: LATER_PRIORITY }, { open, because: BECAUSE, now });
    }
    return true;
  });
}
