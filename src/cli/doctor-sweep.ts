import type { App } from '#app.ts';
import { SHOPIFY } from '#connections.ts';
import { CATALOGUE } from '#core/failure.ts';
import type { ConnectionId } from '#core/ids.ts';
import { readBackfill } from '#pipeline/backfill.ts';
import { readSwept } from '#pipeline/sweep.ts';
import type { Check, Finding } from './doctor-check.ts';
import { showDuration } from './time-text.ts';

/** Whether orders are found of which no message came, and brought that were asked for; as the server left it, without asking anybody. */
export function sweepCheck(app: App, connection: ConnectionId): Check {
  return {
    name: connection === SHOPIFY ? 'Shop changes' : 'Amazon changes',
    run: () => swept(app, connection),
  };
}

async function swept({ clock, store, sourceOf }: App, connection: ConnectionId): Promise<Finding> {
  const source = sourceOf(connection);
  if (source?.canRead !== true) {
    return {
      state: 'warning',
      text: 'Orders of which no message comes are not known: it cannot be asked',
      whatToDo: `Set ${source?.readNeeds ?? 'the connection'}`,
    };
  }
  const { upTo, failing } = await readSwept(store.read, source);
  if (failing !== undefined) {
    return {
      state: 'problem',
      text: `Could not be asked what changed for ${showDuration(clock.now() - failing.since)}: ${CATALOGUE[failing.code].sentence}`,
      whatToDo:
        'Mend what the other lines say of it; else look for "sweep failed" in the log. It is asked again from where it stopped',
    };
  }
  const backfill = await readBackfill(store.read, connection);
  if (backfill?.state === 'running' && backfill.failing !== undefined) {
    const { since, until, failing: why } = backfill;
    return {
      state: 'warning',
      text: `The orders of ${since} to ${until} have not been brought on for ${showDuration(clock.now() - why.since)}: ${CATALOGUE[why.code].sentence}`,
      whatToDo: 'Mend what the other lines say of it; it is tried again every minute from where it stopped',
    };
  }
  return {
    state: 'ok',
    text:
      upTo === undefined
        ? 'counterfoil serve will ask every five minutes what changed without a message'
        : `Asked ${showDuration(Math.max(0, clock.now() - upTo))} ago what changed without a message`,
  };
}
