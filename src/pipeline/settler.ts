import { fold } from '#core/ledger.ts';
import type { Entry } from '#core/ledger.ts';
import { SECOND, after } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
import { rememberClient } from './client-keeper.ts';
import type { HeldStep } from './holding.ts';
import { nextVariant, post, stepName, taskOf, uncalled, underLease, voidEntry } from './ledger-writer.ts';
import type { Standing } from './ports.ts';
import type { Run, Subject } from './machine.ts';

/**
 * Settles calls whose outcome is not known, because this program crashed or the answer was lost: finds what stands in the
 * books and records it, or makes certain that nothing does, so that the plan may ask for it again.
 */
export type Settled =
  | { readonly state: 'settled'; readonly holds: readonly HeldStep[] }
  | { readonly state: 'wait'; readonly until: Instant; readonly reason: string };

/**
 * An invoice's number is unique in the books, and what changes a thing that stands changes nothing when repeated, so they may
 * be looked for, and sent again, at once. What makes a new thing without a number of ours would stand twice if it arrived
 * late: it is waited for and looked for twice.
 */
const LOOKS: Readonly<Record<Entry['kind'], number>> = {
  invoice: 1,
  lines: 1,
  sent: 1,
  void: 1,
  'payment-change': 1,
  client: 2,
  payment: 2,
  expense: 2,
  'credit-note': 2,
};
/** Between two looks: longer than an index of the books should lag. */
const LOOK_AGAIN_MS = 5 * SECOND;

export async function settlePending(run: Run, subject: Subject): Promise<Settled> {
  const holds: HeldStep[] = [];
  for (const entry of await run.machine.store.read.entriesOf(subject.order.key)) {
    if (entry.state === 'pending' && entry.calledAt !== undefined) {
      const until = lookAt(run, entry, entry.calledAt);
      if (run.machine.clock.now() < until) {
        return {
          state: 'wait',
          until,
          reason: `It is unknown whether ${stepName(entry.intent)} reached the books`,
        };
      }
      const hold = await settle(run, subject, entry);
      if (hold === 'look again') {
        const again = after(run.machine.clock.now(), pauseOf(run));
        return {
          state: 'wait',
          until: again,
          reason: `${stepName(entry.intent)} was not found yet in the books`,
        };
      }
      holds.push(...(hold === undefined ? [] : [hold]));
    }
  }
  return { state: 'settled', holds };
}

function lookAt(run: Run, entry: Entry, calledAt: Instant): Instant {
  const isQuick = LOOKS[entry.kind] === 1;
  return isQuick ? calledAt : after(calledAt, run.machine.unknownWaitMs + entry.looks * pauseOf(run));
}

/** Tests shorten the wait, and the pause between two looks with it. */
function pauseOf(run: Run): number {
  return Math.min(LOOK_AGAIN_MS, run.machine.unknownWaitMs);
}

async function settle(
  run: Run,
  subject: Subject,
  entry: Entry,
): Promise<HeldStep | 'look again' | undefined> {
  const booked = fold(await run.machine.store.read.entriesOf(subject.order.key));
  const task = taskOf(run, subject, { step: entry.intent, booked });
  const standing = await run.route.books.find(task);
  switch (standing.state) {
    case 'standing':
      await found(run, subject, { entry, standing });
      return undefined;
    case 'absent': {
      if (entry.looks + 1 < LOOKS[entry.kind]) {
        await underLease(run, (tx) => tx.putEntry({ ...entry, looks: entry.looks + 1 }));
        return 'look again';
      }
      await uncalled(run, entry);
      return undefined;
    }
    case 'foreign':
      await voidEntry(run, entry, (tx) =>
        nextVariant(run, subject, { tx, step: entry.intent, detail: standing.detail }),
      );
      return undefined;
    case 'unclear':
      return {
        step: stepName(entry.intent),
        code: standing.code,
        detail: standing.detail,
        facts: standing.facts,
      };
  }
}

async function found(
  run: Run,
  subject: Subject,
  { entry, standing }: { entry: Entry; standing: Extract<Standing, { state: 'standing' }> },
): Promise<void> {
  const { intent } = entry;
  const { externalId } = standing.receipt;
  // It carries our reference and we were sending it: ours, whoever else could have made it.
  const receipt = { ...standing.receipt, isAdopted: false, isFound: true };
  await post(run, { subject, entry, receipt }, async (tx) => {
    if (intent.kind === 'client') {
      await rememberClient(tx, run, { step: intent, buyer: subject.buyer, externalId, isNew: false });
    }
  });
}
