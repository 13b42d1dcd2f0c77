import { fold, isNothingStanding } from '#core/ledger.ts';
import type { Booked, Entry } from '#core/ledger.ts';
import { SECOND, after } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
import { NOBODY } from '#core/order.ts';
import { rememberClient } from './client-keeper.ts';
import { heldForBuyer } from './held-for-buyer.ts';
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
 * How a call is settled whose answer is not known. What makes a new thing without a number of ours would stand twice if it
 * arrived late: it is waited for, then looked for twice. An invoice, and a change of what stands, is looked for at once, and when
 * it is not there waited for as well: arriving late a change would undo what was changed since, and an invoice would stand of an
 * order that is not to be booked any more.
 */
const MANNERS: Readonly<Record<Entry['kind'], 'looked for at once' | 'waited for'>> = {
  invoice: 'looked for at once',
  lines: 'looked for at once',
  sent: 'looked for at once',
  void: 'looked for at once',
  'payment-change': 'looked for at once',
  client: 'waited for',
  payment: 'waited for',
  expense: 'waited for',
  'credit-note': 'waited for',
};
const LOOKS = 2;
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
      if (hold !== undefined && 'until' in hold) {
        const reason = `${stepName(entry.intent)} was not found yet in the books`;
        return { state: 'wait', until: hold.until, reason };
      }
      holds.push(...(hold === undefined ? [] : [hold]));
    }
  }
  return { state: 'settled', holds };
}

/** When it is looked for first, and again once it was not there. */
function lookAt(run: Run, { kind, looks }: Entry, calledAt: Instant): Instant {
  const isLookedForAtOnce = MANNERS[kind] === 'looked for at once' && looks === 0;
  return isLookedForAtOnce ? calledAt : after(calledAt, run.machine.unknownWaitMs + looks * pauseOf(run));
}

/** Tests shorten the wait, and the pause between two looks with it. */
function pauseOf(run: Run): number {
  return Math.min(LOOK_AGAIN_MS, run.machine.unknownWaitMs);
}

async function settle(
  run: Run,
  subject: Subject,
  entry: Entry,
): Promise<HeldStep | { readonly until: Instant } | undefined> {
  const booked = fold(await run.machine.store.read.entriesOf(subject.order.key));
  if (entry.kind === 'client') {
    // A client is found by the address; an invoice by its number.
    const held = heldForBuyer(subject, entry.intent);
    if (held !== undefined) {
      return letGo(run, subject, { entry, booked, held });
    }
  }
  const task = taskOf(run, subject, { step: entry.intent, booked });
  const standing = await run.route.books.find(task);
  switch (standing.state) {
    case 'standing':
      await found(run, subject, { entry, standing });
      return undefined;
    case 'absent': {
      const looked = { ...entry, looks: entry.looks + 1 };
      if (looked.looks < LOOKS) {
        await underLease(run, (tx) => tx.putEntry(looked));
        return { until: lookAt(run, looked, entry.calledAt ?? run.machine.clock.now()) };
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

/** The shop tells a buyer again, but not of an order that it deleted. A client bears no money, so there it is nobody's question. */
async function letGo(
  run: Run,
  { record }: Subject,
  { entry, booked, held }: { readonly entry: Entry; readonly booked: Booked; readonly held: HeldStep },
): Promise<HeldStep | undefined> {
  if (!record.isDeleted || !isNothingStanding(booked)) {
    return held;
  }
  await voidEntry(run, entry);
  return undefined;
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
      const { buyer = NOBODY } = subject;
      await rememberClient(tx, run, { step: intent, buyer, externalId, isNew: false });
    }
  });
}
