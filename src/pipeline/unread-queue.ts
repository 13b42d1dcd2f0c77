import type { ConnectionId } from '#core/ids.ts';
import { connectionId } from '#core/ids.ts';
import { fromJson, toJson } from '#core/json.ts';
import type { Clock, Instant } from '#core/time.ts';
import type { PipelineEvent, Reader, Store } from './ports.ts';

/** Since when a queue of a seller's own cannot be read, over restarts: what waits in it is not known here. */

export interface UnreadQueue {
  readonly since: Instant;
}

export interface UnreadQueues {
  hear(event: PipelineEvent): void;
  /** Writes what was heard since the last time. Throws a Failure `database-…` and then has lost nothing. */
  keep(store: Store): Promise<void>;
}

export function createUnreadQueues(clock: Clock): UnreadQueues {
  /** What was heard of each queue since it was written: the first fault after it was read, or that it is read. */
  const heard = new Map<ConnectionId, Instant | 'read'>();
  return {
    hear({ name, fields: { connection } }) {
      if (typeof connection !== 'string') {
        return;
      }
      const id = connectionId(connection);
      if (name === 'queue not read') {
        const before = heard.get(id);
        heard.set(id, before === undefined || before === 'read' ? clock.now() : before);
      } else if (name === 'queue read' || name === 'queue read again') {
        heard.set(id, 'read');
      }
    },
    async keep(store) {
      for (const [connection, news] of heard) {
        const stored = await readUnreadQueue(store.read, connection);
        if (news === 'read' && stored !== undefined) {
          await store.transact((tx) => tx.dropSetting(settingOf(connection)));
        } else if (news !== 'read' && stored === undefined) {
          const unread: UnreadQueue = { since: news };
          await store.transact((tx) => tx.putSetting(settingOf(connection), toJson(unread)));
        }
        if (heard.get(connection) === news) {
          heard.delete(connection);
        }
      }
    },
  };
}

export async function readUnreadQueue(
  read: Pick<Reader, 'setting'>,
  connection: ConnectionId,
): Promise<UnreadQueue | undefined> {
  const text = await read.setting(settingOf(connection));
  return text === undefined ? undefined : fromJson<UnreadQueue>(text);
}

function settingOf(connection: ConnectionId): string {
  return `unread-queue:${connection}`;
}
