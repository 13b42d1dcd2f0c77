import { Failure } from '#core/failure.ts';
import type { ConnectionId } from '#core/ids.ts';
import type { OrderRecord, Store } from './ports.ts';
import type { Source } from './source.ts';

/** Which shop or account a connection is, as its orders know it. */
export interface Identity {
  readonly setting: string;
  readonly value: string;
  readonly what: string;
}

/** Another shop or account under the orders of one database would mix two merchants' books. */
export async function assertSame(store: Store, { setting, value, what }: Identity): Promise<void> {
  await store.transact(async (tx) => {
    const known = await tx.setting(setting);
    const isUsed = (await tx.orders({ limit: 1 })).length > 0;
    if (known !== undefined && known !== value && isUsed) {
      throw new Failure('connection-changed', { detail: `The ${what} is "${value}" and was "${known}"` });
    }
    await tx.putSetting(setting, value);
  });
}

/** The newest may be gone from the shop since, and it is asked for each by itself. */
const ASKED_MAX = 5;
/** Orders are listed of all connections together. */
const LOOKED_AT_MAX = 1000;

/** What became of a connection whose setting names another one than its orders know. */
export type Renaming =
  | { readonly outcome: 'same' }
  /** It shows this order, whose id no other has: from now on it has the new name. */
  | { readonly outcome: 'renamed'; readonly from: string; readonly order: string }
  | { readonly outcome: 'another'; readonly from: string };

/** A shop may get another name: it is the one it was where it shows what this database holds of it. Throws what asking it throws. */
export async function settleName(
  store: Pick<Store, 'read' | 'transact'>,
  { setting, value }: Identity,
  source: Pick<Source, 'connection' | 'read'>,
): Promise<Renaming> {
  const from = await store.read.setting(setting);
  const newest = await newestOf(store, source.connection);
  if (from === undefined || from === value || newest.length === 0) {
    return { outcome: 'same' };
  }
  for (const { key, name } of newest) {
    if (await isShown(source, key)) {
      const details = { from, to: value, order: key };
      await store.transact(async (tx) => {
        await tx.putSetting(setting, value);
        await tx.audited({ action: 'connection renamed', subject: source.connection, details });
      });
      return { outcome: 'renamed', from, order: name };
    }
  }
  return { outcome: 'another', from };
}

async function newestOf(
  store: Pick<Store, 'read'>,
  connection: ConnectionId,
): Promise<readonly OrderRecord[]> {
  const newest = await store.read.orders({ limit: LOOKED_AT_MAX });
  return newest.filter((order) => order.connection === connection && !order.isDeleted).slice(0, ASKED_MAX);
}

async function isShown(source: Pick<Source, 'read'>, order: OrderRecord['key']): Promise<boolean> {
  try {
    await source.read(order);
    return true;
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === 'request-not-found') {
      return false;
    }
    throw thrown;
  }
}
