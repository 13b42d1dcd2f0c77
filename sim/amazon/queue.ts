import { chance } from '#sim/world/random.ts';
import type { Clock, Random } from '#sim/world/random.ts';

/** A message that Amazon puts in the seller's queue: the notification itself, without any signature or further envelope. */
export interface QueueMessage {
  readonly queueArn: string;
  readonly body: string;
  /** The same in a duplicate: what a receiver may deduplicate by. */
  readonly notificationId: string;
}

/** The way to the queue, or to the seller's own forwarder. Rejecting means that it did not arrive. */
export type Sink = (message: QueueMessage) => Promise<void>;

export interface PendingMessage extends QueueMessage {
  readonly dueAt: number;
  readonly tryCount: number;
}

export interface DeliveryOptions {
  readonly sink?: Sink;
  /** How often a message comes twice, in a million. */
  readonly duplicatePpm?: number;
  /** How often the same state is told again under an id of its own, in a million. */
  readonly repeatPpm?: number;
  /** How often a message is held back so that later ones overtake it, in a million. */
  readonly disorderPpm?: number;
  /** How often a message never comes: Amazon tells integrators to be ready for it (vendors/amazon.md 2.3). In a million. */
  readonly lossPpm?: number;
}

export interface Queue {
  /** `write` makes the body for an id. */
  put(queueArn: string, write: (notificationId: string) => string): void;
  /** Not yet delivered, in the order in which they will be. */
  pending(): readonly PendingMessage[];
  /** When the next one is due; null when none is pending. */
  nextDueAt(): number | null;
  /** Hands over all that is due by the clock, one after the other, and says what arrived. */
  deliverDue(): Promise<readonly QueueMessage[]>;
  /** What was lost by chance. */
  lost(): readonly QueueMessage[];
}

/** Long enough for a shipment or a cancellation to overtake it. */
const HELD_BACK_MS_MAX = 600_000;
/** Amazon says nothing of its tries; these end within a day. */
const TRY_COUNT_MAX = 12;
const FIRST_RETRY_MS = 15_000;

export function createQueue(
  outside: { readonly clock: Clock; readonly random: Random; readonly nextId: () => string },
  options: DeliveryOptions,
): Queue {
  const { clock, random, nextId } = outside;
  let waiting: PendingMessage[] = [];
  const lost: QueueMessage[] = [];
  const sorted = (): PendingMessage[] => waiting.toSorted((left, right) => left.dueAt - right.dueAt);
  const put = (message: QueueMessage): void => {
    if (chance(random, options.lossPpm ?? 0)) {
      lost.push(message);
      return;
    }
    const heldBackMs = chance(random, options.disorderPpm ?? 0) ? Math.floor(random() * HELD_BACK_MS_MAX) : 0;
    const entry = { ...message, dueAt: clock.now() + heldBackMs, tryCount: 0 };
    waiting.push(entry);
    if (chance(random, options.duplicatePpm ?? 0)) waiting.push({ ...entry });
  };
  return {
    put: (queueArn, write) => {
      const count = chance(random, options.repeatPpm ?? 0) ? 2 : 1;
      for (let copy = 0; copy < count; copy += 1) {
        const notificationId = nextId();
        put({ queueArn, notificationId, body: write(notificationId) });
      }
    },
    pending: sorted,
    nextDueAt: () => sorted()[0]?.dueAt ?? null,
    lost: () => lost,
    deliverDue: async () => {
      const now = clock.now();
      const due = sorted().filter(({ dueAt }) => dueAt <= now);
      const arrived: QueueMessage[] = [];
      for (const message of due) {
        waiting = waiting.filter((entry) => entry !== message);
        if (await hasArrived(options.sink, message)) arrived.push(message);
        else if (message.tryCount + 1 < TRY_COUNT_MAX) waiting.push(again(message, now));
      }
      return arrived;
    },
  };
}

async function hasArrived(
  sink: Sink | undefined,
  { queueArn, body, notificationId }: QueueMessage,
): Promise<boolean> {
  if (sink === undefined) return false;
  try {
    await sink({ queueArn, body, notificationId });
    return true;
  } catch {
    // A queue that cannot be reached is what the retries are for.
    return false;
  }
}

function again(message: PendingMessage, now: number): PendingMessage {
  return { ...message, tryCount: message.tryCount + 1, dueAt: now + FIRST_RETRY_MS * 2 ** message.tryCount };
}
