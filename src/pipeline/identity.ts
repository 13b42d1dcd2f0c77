import { Failure } from '#core/failure.ts';
import type { Store } from './ports.ts';

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
