import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Failure } from '#core/failure.ts';
import { connectionId, orderKey } from '#core/ids.ts';
import { MINUTE, SECOND, after, instant, parseLocalDate } from '#core/time.ts';
import { createSeal } from '#storage/seal.ts';
import { openSqlite, sqliteDialect } from '#storage/sqlite.ts';
import { openStore } from '#storage/store.ts';
import { testClock } from '#tests/clock.ts';
import { silentSource } from '#tests/silent-source.ts';
import { askBackfill, readBackfill, startBackfill, stopBackfill } from './backfill.ts';
import { createInbox } from './inbox.ts';
import type { Change, Changes, PlacedOn, Swept } from './source.ts';

const SHOP = connectionId('shopify');
const ACCOUNT = 'freshbooks';

const day = parseLocalDate;
const DAYS = { since: day('2026-10-01'), until: day('2026-10-10') };

function change(id: string): Change {
  const body = new TextEncoder().encode(id);
  return {
    order: orderKey(SHOP, id),
    at: instant(1),
    message: { externalId: `found:${id}`, topic: 'found', headers: {}, body },
  };
}

/** A backfill over a store in memory, of a source that answers each page by `answer`. */
async function backfilling(answer: (asked: PlacedOn) => Changes | Promise<Changes>) {
  const clock = testClock();
  const dialect = sqliteDialect(openSqlite(':memory:'));
  const { store } = await openStore({ dialect, clock, seal: createSeal('key') });
  const asked: PlacedOn[] = [];
  const source: Swept = {
    ...silentSource(SHOP),
    async placed(days) {
      asked.push(days);
      return answer(days);
    },
  };
  const events: string[] = [];
  const emit = ({ name }: { readonly name: string }): void => void events.push(name);
  const inbox = createInbox({ store, queue: { wake: () => undefined }, clock, emit });
  const parts = { source, store, inbox, clock, emit, account: ACCOUNT, lookMs: 5_000 };
  let running = startBackfill(parts);
  return {
    clock,
    store,
    asked,
    events,
    ask: (days = DAYS) => askBackfill(store, SHOP, { now: clock.now(), ...days }),
    stored: async () =>
      (await store.read.deliveries({ state: 'accepted', limit: 200 })).map(({ externalId }) => externalId),
    state: async () => readBackfill(store.read, SHOP),
    /** As if everything that was taken in were sorted, and nothing due of it. */
    sortAll: async () => {
      const accepted = await store.read.deliveries({ state: 'accepted', limit: 200 });
      await store.transact(async (tx) => {
        for (const { id } of accepted) {
          await tx.settleDelivery(id, { state: 'sorted' });
        }
      });
    },
    restart: async () => {
      await running.stop();
      running = startBackfill(parts);
    },
    end: async () => {
      await running.stop();
      await store.close();
    },
  };
}

void describe('a backfill', () => {
  void test('walks the days that were asked for a week at a time, over all pages, and says when it is done', async () => {
    const { clock, asked, ask, stored, state, events, end } = await backfilling(({ since, token }) =>
      token === undefined
        ? { changes: [change(`${since}1`.replaceAll('-', ''))], next: 'more' }
        : { changes: [change(`${since}2`.replaceAll('-', ''))] },
    );
    await clock.advance(MINUTE);
    assert.deepEqual(asked, [], 'nothing is asked of the source before a person does');
    assert.deepEqual(await ask(), { outcome: 'asked' });
    await clock.advance(10 * SECOND);
    const weeks = [
      { since: day('2026-10-01'), until: day('2026-10-07') },
      { since: day('2026-10-08'), until: day('2026-10-10') },
    ];
    assert.deepEqual(
      asked,
      weeks.flatMap((week) => [week, { ...week, token: 'more' }]),
    );
    assert.deepEqual((await stored()).toSorted(), [
      'found:202610011',
      'found:202610012',
      'found:202610081',
      'found:202610082',
    ]);
    const { askedAt: _, ...done } = (await state()) ?? assert.fail();
    assert.deepEqual(done, { ...DAYS, state: 'done', next: day('2026-10-11'), found: 4 });
    assert.deepEqual(
      events.filter((name) => name.startsWith('backfill')),
      ['backfill went on', 'backfill went on'],
    );
    await clock.advance(MINUTE);
    assert.equal(asked.length, 4, 'nothing is asked again');
    await end();
  });

  void test('passes over what is known, also what it took in itself before it was stopped in the middle of a week', async () => {
    const second = Promise.withResolvers<Changes>();
    const isOpen = { value: false };
    const { clock, asked, ask, stored, state, restart, end } = await backfilling(({ token }) =>
      token === undefined
        ? { changes: [change('1')], next: 'more' }
        : isOpen.value
          ? { changes: [change('2')] }
          : second.promise,
    );
    await ask({ since: DAYS.since, until: DAYS.since });
    await clock.advance(10 * SECOND);
    assert.deepEqual(await stored(), ['found:1']);
    isOpen.value = true;
    await restart();
    await clock.advance(10 * SECOND);
    assert.equal(asked.length, 4, 'the week is walked anew');
    assert.deepEqual((await stored()).toSorted(), ['found:1', 'found:2']);
    const { state: how, found } = (await state()) ?? assert.fail();
    assert.deepEqual([how, found], ['done', 2]);
    await end();
  });

  void test('takes in no more than the books keep up with, and nothing while their account is paused', async () => {
    const all = Array.from({ length: 150 }, (_, index) => change(String(index + 1)));
    const { clock, store, ask, stored, sortAll, state, end } = await backfilling(() => ({ changes: all }));
    await store.transact((tx) => tx.setPause({ account: ACCOUNT, reason: 'Access was refused' }));
    await ask({ since: DAYS.since, until: DAYS.since });
    await clock.advance(MINUTE);
    assert.deepEqual(await stored(), []);
    const limited = { account: ACCOUNT, reason: 'Too fast', until: after(clock.now(), 10 * SECOND) };
    await store.transact((tx) => tx.setPause(limited));
    await clock.advance(9 * SECOND);
    assert.deepEqual(await stored(), []);
    await clock.advance(MINUTE);
    assert.equal((await stored()).length, 100, 'also where a pause has run out that nobody took away');
    await sortAll();
    await clock.advance(2 * SECOND);
    assert.equal((await stored()).length, 50);
    assert.equal((await state())?.state, 'done');
    await end();
  });

  void test('that cannot ask says why, tries again and goes on where it was', async () => {
    const isDown = { value: true };
    const { clock, asked, ask, events, state, end } = await backfilling(({ since }) => {
      if (since === DAYS.since || !isDown.value) {
        return { changes: [] };
      }
      throw new Failure('scope-missing', { detail: 'The shop refuses' });
    });
    await ask();
    await clock.advance(10 * SECOND);
    const failing = await state();
    assert.deepEqual([failing?.next, failing?.failing?.code], [day('2026-10-08'), 'scope-missing']);
    await clock.advance(5 * MINUTE);
    const since = failing?.failing?.since;
    assert.equal((await state())?.failing?.since, since, 'since when it has not gone on');
    assert.ok(events.filter((name) => name === 'backfill failed').length >= 5);
    isDown.value = false;
    await clock.advance(2 * MINUTE);
    const done = await state();
    assert.deepEqual([done?.state, done?.failing], ['done', undefined]);
    assert.equal(asked.filter((days) => days.since === DAYS.since).length, 1, 'what is done stays done');
    await end();
  });

  void test('that is asked for patience on and on says so, until it goes on', async () => {
    const isBusy = { value: true };
    const { clock, ask, state, end } = await backfilling(() => {
      if (isBusy.value) {
        throw new Failure('request-rate-limited', { detail: 'Later', retryAt: after(clock.now(), MINUTE) });
      }
      return { changes: [] };
    });
    await ask();
    await clock.advance(3 * MINUTE);
    assert.equal((await state())?.failing, undefined);
    await clock.advance(5 * MINUTE);
    assert.equal((await state())?.failing?.code, 'request-rate-limited');
    isBusy.value = false;
    await clock.advance(2 * MINUTE);
    const done = await state();
    assert.deepEqual([done?.state, done?.failing], ['done', undefined]);
    await end();
  });

  void test('that got its page fails no more, however long the books take for it', async () => {
    const all = Array.from({ length: 150 }, (_, index) => change(String(index + 1)));
    const isDown = { value: true };
    const { clock, ask, stored, state, end } = await backfilling(({ token }) => {
      if (token !== undefined && isDown.value) {
        throw new Failure('request-server-error', { detail: 'Down' });
      }
      return token === undefined ? { changes: [], next: 'more' } : { changes: all };
    });
    await ask({ since: DAYS.since, until: DAYS.since });
    await clock.advance(10 * SECOND);
    const first = (await state())?.failing;
    assert.equal(first?.code, 'request-server-error');
    await clock.advance(20 * MINUTE);
    assert.deepEqual((await state())?.failing, first, 'also where the pages before it come each time');
    isDown.value = false;
    await clock.advance(20 * MINUTE);
    assert.equal((await stored()).length, 100, 'the books are busy with what was taken in');
    assert.deepEqual([(await state())?.state, (await state())?.failing], ['running', undefined]);
    await end();
  });

  void test('is one at a time, and a person may stop it and ask for other days', async () => {
    const { clock, store, ask, asked, state, end } = await backfilling(() => new Promise(() => undefined));
    await ask();
    await clock.advance(10 * SECOND);
    assert.equal(asked.length, 1);
    const other = { since: day('2026-09-01'), until: day('2026-09-02') };
    assert.equal((await ask(other)).outcome, 'under way');
    assert.equal((await stopBackfill(store, SHOP))?.state, 'stopped');
    assert.equal(await stopBackfill(store, SHOP), undefined);
    assert.equal((await state())?.state, 'stopped');
    assert.equal((await ask(other)).outcome, 'asked');
    const actions = (await store.read.audit({ limit: 10 })).map(({ action, details }) => [action, details]);
    assert.deepEqual(actions.toReversed(), [
      ['backfill asked', JSON.stringify(DAYS)],
      ['backfill stopped', JSON.stringify({ ...DAYS, next: DAYS.since })],
      ['backfill asked', JSON.stringify(other)],
    ]);
    await end();
  });

  void test('that is stopped while it waits for room, or asked for other days, takes in nothing more', async () => {
    const all = Array.from({ length: 101 }, (_, index) => change(String(index + 1)));
    const { clock, store, ask, stored, sortAll, state, end } = await backfilling(({ since }) => ({
      changes: since === DAYS.since ? all : [],
    }));
    await ask();
    await clock.advance(10 * SECOND);
    assert.equal((await stored()).length, 100);
    await stopBackfill(store, SHOP);
    await sortAll();
    await clock.advance(MINUTE);
    assert.deepEqual(await stored(), []);
    assert.deepEqual([(await state())?.state, (await state())?.found], ['stopped', 0]);
    await end();
  });
});
