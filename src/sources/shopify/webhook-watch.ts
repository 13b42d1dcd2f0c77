import { asFailure } from '#core/failure.ts';
import type { ConnectionId } from '#core/ids.ts';
import { HOUR, after, showInstant } from '#core/time.ts';
import type { Clock } from '#core/time.ts';
import type { Emit, Store } from '#pipeline/ports.ts';
import type { ShopAdmin } from './admin.ts';

/**
 * Makes again the webhooks that Shopify has taken away: it deletes a subscription whose messages failed for four hours
 * (docs/vendors/shopify.md 2). Only of those that a person has registered at this address; what is wrong otherwise `doctor` says.
 */
export interface WebhookWatch {
  /** Ends before its next look. */
  stop(): Promise<void>;
}

export interface WebhookWatchParts {
  readonly admin: Pick<ShopAdmin, 'renewWebhooks'>;
  readonly connection: ConnectionId;
  readonly store: Store;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** What a lost webhook told is found by the sweep within minutes, so it need not be sooner. */
const EVERY_MS = HOUR;

export function startWebhookWatch(parts: WebhookWatchParts): WebhookWatch {
  const stopping = new AbortController();
  const { signal } = stopping;
  const { clock } = parts;
  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      await look(parts);
      await clock.sleep(after(clock.now(), EVERY_MS), signal);
    }
  };
  const ended = loop();
  return {
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

async function look({ admin, connection, store, clock, emit }: WebhookWatchParts): Promise<void> {
  try {
    const changes = await admin.renewWebhooks();
    if (changes.length === 0) {
      return;
    }
    const topics = changes.map(({ topic }) => topic).join(', ');
    const at = clock.now();
    await store.transact((tx) =>
      tx.tell({
        key: `webhooks:${connection}:${showInstant(at)}`,
        sentence: `Webhooks of the shop were gone and were registered again: ${topics}`,
        at,
      }),
    );
    emit({ name: 'webhooks registered again', level: 'warn', fields: { connection, topics } });
  } catch (thrown) {
    const { code, message } = asFailure(thrown, 'Cannot compare the webhooks of the shop');
    emit({ name: 'webhooks not compared', level: 'warn', fields: { connection, code, detail: message } });
  }
}
