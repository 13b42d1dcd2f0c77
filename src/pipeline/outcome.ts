import type { Failure, FailureCode } from '#core/failure.ts';
import { settlementIn } from '#core/ids.ts';
import { nextAttemptAt, transition } from '#core/lifecycle.ts';
import { isOutage } from '#core/outage.ts';
import { HOUR, after } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
import { REFUSED_RECHECK_MS, limitEndsAt, notBefore, noteRun, waitingFor } from './account-pause.ts';
import type { AccountNews } from './account-pause.ts';
import { keepHolds } from './holding.ts';
import type { HeldStep } from './holding.ts';
import type { Machine } from './machine.ts';
import type { Lease, OrderRecord, Writer } from './ports.ts';

/** How a run on an order ended, and where that leaves the order and the account of its books. */

export type Outcome =
  | {
      readonly state: 'settled' | 'skipped' | 'held';
      readonly reason?: string;
      readonly holds: readonly HeldStep[];
    }
  /** The run broke off: what it did not reach may still be held. */
  | { readonly state: 'stopped'; readonly hold: HeldStep; readonly refused?: readonly HeldStep[] }
  | {
      readonly state: 'waiting';
      readonly until: Instant;
      readonly reason: string;
      readonly isAttempt: boolean;
      /** What an attempt failed with, or what the wait is for. */
      readonly code?: FailureCode;
      /** The account that is down. */
      readonly waitsFor?: string;
      /** What the books refused in this run: it is written down, or it would be sent again with the next. */
      readonly refused?: readonly HeldStep[];
    }
  | { readonly state: 'due' };

/** Of a run or a question that failed. */
export type Trouble = Extract<Outcome, { state: 'stopped' | 'waiting' }>;

/** An order that is worked on, and the right to do so. */
export interface Taken {
  readonly lease: Lease;
  readonly record: OrderRecord;
}

/** What a run leaves behind. */
export interface Ended {
  readonly outcome: Outcome;
  readonly news: AccountNews;
}

/** What becomes of an order whose run broke off. */
export function afterFailure(machine: Machine, record: OrderRecord, failure: Failure): Trouble {
  const now = machine.clock.now();
  const { code, message: reason } = failure;
  if (code === 'request-rate-limited' || code === 'settlement-open') {
    return { state: 'waiting', until: limitEndsAt(failure, now), reason, isAttempt: false, code };
  }
  if (failure.remedy === 'reauthorize') {
    return { state: 'waiting', until: after(now, REFUSED_RECHECK_MS), reason, isAttempt: false };
  }
  if (failure.remedy === 'retry') {
    const attempts = record.attempts + 1;
    const firstFailedAt = record.firstFailedAt ?? now;
    const next = nextAttemptAt(attempts, { now, firstFailedAt, random: machine.random() });
    if (next !== undefined) {
      const until = notBefore(failure, next);
      return { state: 'waiting', until, reason, isAttempt: true, code };
    }
    const hours = Math.round((now - firstFailedAt) / HOUR);
    const detail = `${reason}; tried ${attempts} times in ${hours} hours`;
    return {
      state: 'stopped',
      hold: { step: 'retries', code: 'retries-exhausted', detail, facts: failure.facts },
    };
  }
  return {
    state: 'stopped',
    hold: { step: 'work', code, detail: reason, facts: failure.facts },
  };
}

/** Writes where the order stands, unless something new came meanwhile: then it is due again at once. */
export async function recordOutcome(
  machine: Machine,
  { lease, record }: Taken,
  { outcome, news }: Ended,
): Promise<void> {
  const now = machine.clock.now();
  const reported = await machine.store.transact(async (tx) => {
    const fresh = await tx.order(record.key);
    if (fresh === undefined || !(await tx.keepLease(lease, now))) {
      // Another holder took over while this run was stuck; what it wrote stands.
      return undefined;
    }
    const pause = await noteRun(tx, machine, { order: record.key, isNew: record.attempts === 0, news });
    const isDown = pause?.outage !== undefined;
    const hasTried = news.failure !== undefined && isOutage(news.failure.code);
    const waits = isDown && hasTried && outcome.state === 'waiting' ? waitingFor(pause, now) : {};
    const next = await settledRecord(tx, { now, fresh, outcome: { ...outcome, ...waits } });
    await tx.putOrder(next);
    if (isDown && pause.until !== undefined) {
      // One tries when it is time, whatever becomes of the one that was to.
      const { until: otherwiseAt } = waitingFor(pause, now);
      await tx.appointWaiting(pause.account, { at: pause.until, otherwiseAt });
    }
    await tx.releaseLease(lease);
    if (next.state === 'due') {
      tx.afterCommit(() => machine.queue.wake(`order:${record.key}`));
    }
    return next;
  });
  if (reported !== undefined) {
    machine.emit({
      name: `order ${reported.state}`,
      level: reported.state === 'held' ? 'warn' : 'info',
      fields: { order: record.key, ...(reported.reason === undefined ? {} : { reason: reported.reason }) },
    });
  }
}

async function settledRecord(
  tx: Writer,
  { now, fresh, outcome }: { now: Instant; fresh: OrderRecord; outcome: Outcome },
): Promise<OrderRecord> {
  const {
    reason: _old,
    dueAt,
    firstFailedAt,
    failedCode,
    limitedSince,
    ...rest
  } = {
    ...fresh,
    updatedAt: now,
  };
  const failed = {
    ...(firstFailedAt === undefined ? {} : { firstFailedAt }),
    ...(failedCode === undefined ? {} : { failedCode }),
  };
  for (const hold of 'refused' in outcome ? (outcome.refused ?? []) : []) {
    await tx.openHold({ ...hold, order: fresh.key, openedAt: now });
  }
  switch (outcome.state) {
    case 'due':
      return { ...rest, ...failed, state: transition(fresh.state, 'due'), dueAt: now };
    case 'waiting': {
      const attempts = outcome.isAttempt
        ? {
            ...failed,
            attempts: fresh.attempts + 1,
            firstFailedAt: firstFailedAt ?? now,
            ...(outcome.code === undefined ? {} : { failedCode: outcome.code }),
          }
        : failed;
      const again = dueAt === undefined ? outcome.until : dueAt;
      const isLimited = outcome.code === 'request-rate-limited' && settlementIn(fresh.key) === undefined;
      return {
        ...rest,
        ...attempts,
        state: transition(fresh.state, 'waiting'),
        dueAt: again,
        reason: outcome.reason,
        ...(outcome.waitsFor === undefined ? {} : { waitsFor: outcome.waitsFor }),
        // A settlement is read for as long as it takes.
        ...(isLimited ? { limitedSince: limitedSince ?? now } : {}),
      };
    }
    case 'stopped':
      await tx.openHold({ ...outcome.hold, order: fresh.key, openedAt: now });
      return {
        ...rest,
        attempts: 0,
        state: transition(fresh.state, 'held'),
        reason: outcome.hold.detail,
        ...(dueAt === undefined ? {} : { dueAt }),
      };
    case 'settled':
    case 'skipped':
    case 'held': {
      await keepHolds(tx, { order: fresh.key, holds: outcome.holds, now });
      const reason = outcome.reason ?? outcome.holds.map((hold) => hold.detail).join('; ');
      const because = reason === '' ? {} : { reason };
      const again =
        dueAt === undefined
          ? { state: transition(fresh.state, outcome.state) }
          : { state: transition(fresh.state, 'due'), dueAt };
      return { ...rest, attempts: 0, ...because, ...again };
    }
  }
}
