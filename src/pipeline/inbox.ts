import type { Clock } from '#core/time.ts';
import type { Emit, Queue, Store } from './ports.ts';
import type { Authentic } from './source.ts';

export interface Inbox {
  /**
   * Stores a message whose origin is proven, once for ever, and wakes the worker. When this resolves the message is durable
   * and may be acknowledged; nothing of it has been read.
   */
  accept(message: Authentic): Promise<{ readonly id: string; readonly isNew: boolean }>;
}

export function createInbox({
  store,
  queue,
  clock,
  emit,
}: {
  store: Store;
  queue: Pick<Queue, 'wake'>;
  clock: Clock;
  emit: Emit;
}): Inbox {
  return {
    async accept(message) {
      const accepted = await store.transact(async (tx) => {
        const outcome = await tx.acceptDelivery(message, clock.now());
        if (outcome.isNew) {
          tx.afterCommit(() => queue.wake(`delivery:${outcome.id}`));
        }
        return outcome;
      });
      emit({
        name: accepted.isNew ? 'delivery accepted' : 'delivery repeated',
        // Who overheard one message may repeat it without end, and each would be a line of the log.
        level: accepted.isNew ? 'info' : 'debug',
        fields: { delivery: accepted.id, connection: message.connection, topic: message.topic },
      });
      return accepted;
    },
  };
}
