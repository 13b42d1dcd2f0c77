import type { ConnectionId } from '#core/ids.ts';
import { connectionId } from '#core/ids.ts';
import { fromJson, toJson } from '#core/json.ts';
import { DAY, after } from '#core/time.ts';
import type { Clock, Instant } from '#core/time.ts';
import type { PipelineEvent, Reader, Store } from './ports.ts';

/**
 * How many messages for a connection came in a row without a valid signature. Anybody can send such messages, so they are
 * counted in memory and written at most once a look, and one message with a valid signature ends the count.
 */

export interface Refusals {
  readonly count: number;
  readonly firstAt: Instant;
  readonly lastAt: Instant;
}

export interface RefusalTally {
  hear(event: PipelineEvent): void;
  /** Writes what was heard since the last time. Throws a Failure `database-…` and then has lost nothing. */
  keep(store: Store): Promise<void>;
}

/** More than a slip: Shopify itself sends a refused message again eight times within four hours. */
export const REFUSALS_RAISED_AT = 5;
/** A few long ago and one today are no row. */
const ROW_GAP_MAX_MS = DAY;
/** A shop that sends nothing for so long after it was refused is not served here any more. */
export const REFUSALS_SILENT_AFTER_MS = 7 * DAY;
/** Only configured connections are named in events; more than this is a fault. */
const CONNECTIONS_MAX = 100;

interface Heard {
  /** A valid message came before these. */
  readonly isReset: boolean;
  readonly count: number;
  readonly firstAt: Instant;
  readonly lastAt: Instant;
}

export function createRefusalTally(clock: Clock): RefusalTally {
  let heard = new Map<ConnectionId, Heard>();
  return {
    hear({ name, fields }) {
      const { connection } = fields;
      if (typeof connection !== 'string' || !/^delivery (accepted|repeated|refused)$/.test(name)) {
        return;
      }
      const id = connectionId(connection);
      const before = heard.get(id);
      if (before === undefined && heard.size >= CONNECTIONS_MAX) {
        return;
      }
      const now = clock.now();
      heard.set(
        id,
        name === 'delivery refused'
          ? {
              isReset: before?.isReset ?? false,
              count: (before?.count ?? 0) + 1,
              firstAt: before?.firstAt ?? now,
              lastAt: now,
            }
          : { isReset: true, count: 0, firstAt: now, lastAt: now },
      );
    },
    async keep(store) {
      const taken = heard;
      heard = new Map();
      try {
        for (const [connection, news] of taken) {
          await keepOne(store, connection, news);
          taken.delete(connection);
        }
      } catch (thrown) {
        // What came meanwhile is the newer: it counts on from what could not be written.
        heard = new Map([...taken, ...joined(taken, heard)]);
        throw thrown;
      }
    },
  };
}

export async function readRefusals(
  read: Pick<Reader, 'setting'>,
  connection: ConnectionId,
): Promise<Refusals | undefined> {
  const text = await read.setting(settingOf(connection));
  return text === undefined ? undefined : fromJson<Refusals>(text);
}

async function keepOne(store: Store, connection: ConnectionId, news: Heard): Promise<void> {
  const stored = await readRefusals(store.read, connection);
  const isRow =
    stored !== undefined &&
    !news.isReset &&
    (stored.count >= REFUSALS_RAISED_AT || after(stored.lastAt, ROW_GAP_MAX_MS) > news.firstAt);
  const before = isRow ? stored : undefined;
  if (news.count === 0) {
    // The usual case writes nothing: there was none before, and there is none.
    return stored === undefined ? undefined : store.transact((tx) => tx.dropSetting(settingOf(connection)));
  }
  const refusals: Refusals = {
    count: (before?.count ?? 0) + news.count,
    firstAt: before?.firstAt ?? news.firstAt,
    lastAt: news.lastAt,
  };
  return store.transact((tx) => tx.putSetting(settingOf(connection), toJson(refusals)));
}

function joined(
  before: ReadonlyMap<ConnectionId, Heard>,
  later: ReadonlyMap<ConnectionId, Heard>,
): [ConnectionId, Heard][] {
  return Array.from(later, ([connection, news]) => {
    const old = before.get(connection);
    return [
      connection,
      old === undefined || news.isReset
        ? news
        : { ...news, isReset: old.isReset, count: old.count + news.count, firstAt: old.firstAt },
    ];
  });
}

function settingOf(connection: ConnectionId): string {
  return `refused-messages:${connection}`;
}
