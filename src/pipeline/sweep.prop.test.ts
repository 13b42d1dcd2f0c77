import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { Failure } from '#core/failure.ts';
import { connectionId, orderKey } from '#core/ids.ts';
import { DAY, HOUR, MINUTE, after } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
import { createSeal } from '#storage/seal.ts';
import { openSqlite, sqliteDialect } from '#storage/sqlite.ts';
import { openStore } from '#storage/store.ts';
import { testClock } from '#tests/clock.ts';
import { silentSource } from '#tests/silent-source.ts';
import { law } from '#tests/law.ts';
import { createInbox } from './inbox.ts';
import type { Change, Swept } from './source.ts';
import { startSweep } from './sweep.ts';

/** Clocks that leap and are set right, sources that fail and ask for patience, and restarts: nothing is passed over for ever. */

const SHOP = connectionId('shopify');
const PAGE = 3;

type Event =
  | { readonly kind: 'change' | 'restart' }
  /** By how much our clock is ahead of the source's from now on. */
  | { readonly kind: 'clock'; readonly aheadMs: number }
  | { readonly kind: 'source'; readonly answers: 'all' | 'none' | 'patience' }
  | { readonly kind: 'time'; readonly minutes: number };

const events: fc.Arbitrary<readonly Event[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constant({ kind: 'change' } as const) },
    { weight: 1, arbitrary: fc.constant({ kind: 'restart' } as const) },
    {
      weight: 2,
      arbitrary: fc
        .constantFrom(0, 3 * HOUR, 8 * HOUR, -8 * HOUR, 40 * DAY)
        .map((aheadMs) => ({ kind: 'clock', aheadMs }) as const),
    },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom('all', 'none', 'patience')
        .map((answers) => ({ kind: 'source', answers }) as const),
    },
    {
      weight: 3,
      arbitrary: fc.integer({ min: 1, max: 300 }).map((minutes) => ({ kind: 'time', minutes }) as const),
    },
  ),
  { maxLength: 40 },
);

async function missed(happened: readonly Event[]): Promise<readonly string[]> {
  const clock = testClock();
  const dialect = sqliteDialect(openSqlite(':memory:'));
  const { store } = await openStore({ dialect, clock, seal: createSeal('key') });
  let [aheadMs, answers] = [0, 'all'];
  const changes: (Change & { readonly at: Instant })[] = [];
  const source: Swept = {
    ...silentSource(SHOP),
    overlapMs: HOUR,
    async changed({ since, token = '0' }) {
      if (answers !== 'all') {
        const retryAt = after(clock.now(), 7 * MINUTE);
        throw new Failure(answers === 'none' ? 'request-server-error' : 'request-rate-limited', {
          detail: 'Not now',
          retryAt,
        });
      }
      const listed = changes.filter(({ at }) => at >= since);
      const end = Number(token) + PAGE;
      return {
        changes: listed.slice(Number(token), end),
        ...(end < listed.length ? { next: String(end) } : {}),
      };
    },
  };
  const emit = (): void => undefined;
  const inbox = createInbox({ store, queue: { wake: () => undefined }, clock, emit });
  const start = () => startSweep({ source, store, inbox, clock, emit });
  const setClock = async (nextMs: number): Promise<void> => {
    const ms = aheadMs - nextMs;
    clock.setBack(ms);
    aheadMs = nextMs;
    if (ms > 0) {
      await store.transact((tx) => tx.moveBack({ now: clock.now(), ms, leaseMs: MINUTE }));
    }
  };
  let sweep = start();
  await clock.advance(1);
  for (const event of [...happened, { kind: 'source', answers: 'all' } as const]) {
    switch (event.kind) {
      case 'change': {
        const id = String(changes.length + 1);
        const body = new TextEncoder().encode(id);
        const message = { externalId: `found:${id}`, topic: 'found', headers: {}, body };
        changes.push({ order: orderKey(SHOP, id), at: after(clock.now(), -aheadMs), message });
        break;
      }
      case 'restart':
        await sweep.stop();
        sweep = start();
        break;
      case 'clock':
        await setClock(event.aheadMs);
        break;
      case 'source':
        ({ answers } = event);
        break;
      case 'time':
        await clock.advance(event.minutes * MINUTE);
    }
  }
  await setClock(0);
  await clock.advance(HOUR);
  await sweep.stop();
  const deliveries = await store.read.deliveries({ state: 'accepted', limit: 100 });
  const stored = new Set(deliveries.map(({ externalId }) => externalId));
  await store.close();
  return changes.map(({ message: { externalId } }) => externalId).filter((name) => !stored.has(name));
}

law(
  'whatever clock and source do, every change is found once both are right',
  fc.asyncProperty(events, async (happened) => {
    assert.deepEqual(await missed(happened), []);
  }),
  20,
);
