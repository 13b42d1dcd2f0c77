import type { Login } from '#admin/login.ts';
import type { InvoiceDocument } from '#core/document.ts';
import type { ConnectionId } from '#core/ids.ts';
import type { Money } from '#core/money.ts';
import type { Clock } from '#core/time.ts';
import type { AdminDesk, AdminParts } from '#http/admin.ts';
import { again } from '#operator/again.ts';
import { overviewJson, readOverview } from '#operator/order-list.ts';
import { readStory, storyJson } from '#operator/order-story.ts';
import type { OrderRecord, Store } from '#pipeline/ports.ts';
import type { Source } from '#pipeline/source.ts';

/** What the API does, by the functions that the commands do it by. */

interface DeskParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly login: Login;
  /** The account that is booked into. */
  readonly account: string;
  /** Whose messages are read again, to say what each showed. */
  readonly sourceOf: (connection: ConnectionId) => Source | undefined;
  readonly preview: (document: InvoiceDocument, correction?: Money) => unknown;
  readonly publicUrl: string | undefined;
}

export function openAdmin(parts: DeskParts): AdminParts {
  const { login, publicUrl } = parts;
  return { login, desk: createDesk(parts), ...(publicUrl === undefined ? {} : { publicUrl }) };
}

function createDesk({ store, clock, account, sourceOf, preview }: DeskParts): AdminDesk {
  const find = (key: string): Promise<OrderRecord | undefined> =>
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- compared with keys that are stored
    store.read.order(key as OrderRecord['key']);
  return {
    async orders({ before, ...query }) {
      const after = before === undefined ? undefined : await find(before);
      return before !== undefined && after === undefined
        ? undefined
        : overviewJson(
            await readOverview(store.read, { ...query, ...(after === undefined ? {} : { after }) }),
          );
    },
    async order(key) {
      const record = await find(key);
      return record === undefined
        ? undefined
        : storyJson(await readStory(store.read, record, sourceOf), preview);
    },
    async retry(key, actor) {
      const record = await find(key);
      // Whoever is answered by this server is served by it.
      return record === undefined
        ? undefined
        : { released: [await again({ store, clock }, record, { account, actor })], isServed: true };
    },
  };
}
