import { SECOND, after, showInstant } from '#core/time.ts';
import type { Clock, Instant } from '#core/time.ts';
import type { Store } from '#pipeline/ports.ts';

/** Anybody may ask whether it is ready, so the answer is this old at most and costs one commit in that time. */
const READY_EVERY_MS = SECOND;

/** Ready is who can read and store: asked from outside, it is all that can tell of a disk on which no alarm can be kept. */
export function readiness({
  store,
  clock,
}: {
  readonly store: Store;
  readonly clock: Clock;
}): () => Promise<void> {
  let last: { readonly at: Instant; readonly check: Promise<void> } | undefined;
  return () => {
    const now = clock.now();
    if (last === undefined || after(last.at, READY_EVERY_MS) <= now) {
      const check = store.transact((tx) => tx.putSetting('ready', showInstant(now)));
      last = { at: now, check: check.then(async () => void (await store.read.orderCounts())) };
    }
    return last.check;
  };
}
