import type { Sandbox } from '#sim/main.ts';

/**
 * Carries the shop's webhooks to whatever process serves now, several at once, and again until each was answered with 200: as
 * Shopify does, but within seconds, so that a run of minutes meets what takes hours in a shop. What was answered once is never sent again.
 */
export interface Postman {
  /** Takes up what the shop has to tell since the last time. */
  collect(): void;
  /** Where to, or nowhere while nothing serves. */
  deliverTo(origin: string | undefined): void;
  /** Requests that were sent and not answered. */
  readonly underWay: () => number;
  readonly waiting: () => number;
  /** Ids of the messages that were answered with 200. */
  readonly acknowledged: readonly string[];
  /** Sent again because no 200 came. */
  readonly again: () => number;
  /** Until everything that was collected is acknowledged. */
  settled(): Promise<void>;
}

interface PostmanOptions {
  readonly sandbox: Sandbox;
  readonly random: () => number;
  readonly pause: (ms: number) => Promise<void>;
}

/** Shopify waits this long for an answer. */
const ANSWER_WITHIN_MS = 5_000;
/** Spread over the short life of a process, so that it is killed among them. */
const AGAIN_AFTER_MS = 600;
/** As often as a message may meet a process that is dead, dies or refuses, in the longest run. */
const TRIES_MAX = 5_000;

export function createPostman({ sandbox, random, pause }: PostmanOptions): Postman {
  const { webhooks } = sandbox.shopify;
  const acknowledged: string[] = [];
  const carried = new Set<number>();
  const tasks: Promise<void>[] = [];
  const state = { origin: undefined as string | undefined, underWay: 0, waiting: 0, again: 0 };
  let served = Promise.withResolvers<void>();

  const sendOnce = async (request: Request, origin: string): Promise<boolean> => {
    const { pathname } = new URL(request.url);
    state.underWay += 1;
    try {
      const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
      const answer = await fetch(new Request(new URL(pathname, origin), request), { signal });
      await answer.arrayBuffer();
      return answer.status === 200;
    } catch {
      // The process died under it, or never was there.
      return false;
    } finally {
      state.underWay -= 1;
    }
  };
  const carry = async (delivery: ReturnType<typeof webhooks.pending>[number]): Promise<void> => {
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      await served.promise;
      await pause(random() * AGAIN_AFTER_MS);
      const { origin } = state;
      if (origin !== undefined && (await sendOnce(webhooks.request(delivery), origin))) {
        acknowledged.push(delivery.webhookId);
        return;
      }
      state.again += origin === undefined ? 0 : 1;
    }
    throw new Error(`Message ${delivery.webhookId} was never taken`);
  };
  return {
    collect() {
      for (const delivery of webhooks.pending()) {
        if (!carried.has(delivery.sequence)) {
          carried.add(delivery.sequence);
          state.waiting += 1;
          const task = carry(delivery).finally(() => {
            state.waiting -= 1;
          });
          // Told by `settled`, not as a rejection that nobody handles.
          task.catch(() => undefined);
          tasks.push(task);
        }
      }
    },
    deliverTo(origin) {
      if (origin !== undefined) {
        served.resolve();
      } else if (state.origin !== undefined) {
        // Not where nothing served before: who waits for a process must see the next one.
        served = Promise.withResolvers<void>();
      }
      state.origin = origin;
    },
    underWay: () => state.underWay,
    waiting: () => state.waiting,
    acknowledged,
    again: () => state.again,
    settled: async () => void (await Promise.all(tasks)),
  };
}
