import type { Config } from '#config.ts';
import type { ConnectionId } from '#core/ids.ts';
import type { Outside } from '#outside.ts';
import type { Inbox } from '#pipeline/inbox.ts';
import type { Poller } from '#sources/amazon/poller.ts';

/** The configured seller's queue, the way in beside the webhooks: a part of the composition root. Nothing without a queue. */
export async function openPoller(
  { amazon }: Config,
  {
    connection,
    inbox,
    outside: { clock, emit },
  }: {
    readonly connection: ConnectionId;
    readonly inbox: Inbox;
    readonly outside: Pick<Outside, 'clock' | 'emit'>;
  },
): Promise<Poller | undefined> {
  const queue = amazon?.queue;
  if (queue === undefined) {
    return undefined;
  }
  // AWS's client takes a quarter of a start to load, and only who has a queue waits for it.
  const { createPoller } = await import('#sources/amazon/poller.ts');
  return createPoller({ connection, queue, accept: (message) => inbox.accept(message), clock, emit });
}
