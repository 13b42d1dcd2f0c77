import type { Exchange, Fact, FailureCode } from '#core/failure.ts';
import type { OrderKey } from '#core/ids.ts';
import type { Instant } from '#core/time.ts';
import type { Writer } from './ports.ts';

/** A step that waits for a person. */
export interface HeldStep {
  readonly step: string;
  readonly code: FailureCode;
  readonly detail: string;
  readonly facts: readonly Fact[];
  /** Of the step that was refused: it is not sent again unchanged until a person closes the hold. */
  readonly intentSha256?: string;
  /** Of the write that was refused. */
  readonly exchange?: Exchange;
}

/** Makes an order's open holds exactly these: asks what is new, and closes what has no cause any more, saying so. */
export async function keepHolds(
  tx: Writer,
  { order, holds, now }: { order: OrderKey; holds: readonly HeldStep[]; now: Instant },
): Promise<void> {
  for (const hold of holds) {
    await tx.openHold({ ...hold, order, openedAt: now });
  }
  const wanted = new Set(holds.map((hold) => hold.step));
  for (const open of await tx.holds({ order, isOpen: true })) {
    if (!wanted.has(open.step)) {
      await tx.closeHold(open.id, { at: now, because: 'The cause is gone' });
    }
  }
}
