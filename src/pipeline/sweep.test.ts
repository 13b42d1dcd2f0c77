import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Failure } from '#core/failure.ts';
import { connectionId, orderKey } from '#core/ids.ts';
import { DAY, HOUR, MINUTE, after, instant } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
import { createSeal } from '#storage/seal.ts';
import { openSqlite, sqliteDialect } from '#storage/sqlite.ts';
import { openStore } from '#storage/store.ts';
import { order, record } from '#tests/build.ts';
import { silentSource } from '#tests/silent-source.ts';
import { testClock } from '#tests/clock.ts';
import { createInbox } from './inbox.ts';
import type { Change, ChangedSince, Changes, Swept } from './source.ts';
import { readSwept, startSweep } from './sweep.ts';

const SELLER = connectionId('amazon');

function change(id: string, at?: Instant): Change {
  return {
    order: orderKey(SELLER, id),
    ...(at === undefined ? {} : { at }),
    message: { externalId: `found:${id}`, topic: 'found', headers: {}, body: new TextEncoder().encode(id) },
  };
}

/** A sweep over a store in memory, of a source that answers each page by `answer`. */
async function sweeping(
  answer: (asked: ChangedSince) => Changes | Promise<Changes>,
  reach: Pick<Swept, 'overlapMs' | 'firstMs'> = { overlapMs: 49 * HOUR, firstMs: DAY },
) {
  const clock = testClock();
  const dialect = sqliteDialect(openSqlite(':memory:'));
  const { store } = await openStore({ dialect, clock, seal: createSeal('key') });
  const asked: ChangedSince[] = [];
  const source: Swept = {
    ...silentSource(SELLER),
    ...reach,
    async changed(page) {
      asked.push(page);
      return answer(page);
    },
  };
  const events: string[] = [];
  const emit = ({ name }: { readonly name: string }): void => void events.push(name);
  const inbox = createInbox({ store, queue: { wake: () => undefined }, clock, emit });
  const began = clock.now();
  const sweep = startSweep({ source, store, inbox, clock, emit });
  const stored = async (): Promise<readonly string[]> =>
    (await store.read.deliveries({ state: 'accepted', limit: 100 })).map(({ externalId }) => externalId);
  const end = async (): Promise<void> => {
    await sweep.stop();
    await store.close();
  };
  return { clock, store, asked, events, began, stored, sweep, end };
}

describe('a sweep', () => {
  test('takes in every page of what changed in the last day, then only what is new', async () => {
    const { clock, asked, began, stored, end } = await sweeping(({ token }) =>
      token === undefined
        ? { changes: [change('1', after(clock.now(), -HOUR))], next: 'more' }
        : { changes: [change('2')] },
    );
    await clock.advance(1);
    const first = { since: after(began, -DAY), newest: after(began, -DAY) };
    assert.deepEqual(asked, [first, { ...first, token: 'more' }]);
    assert.deepEqual([...(await stored())].sort(), ['found:1', 'found:2']);
    await clock.advance(5 * MINUTE);
    assert.deepEqual(
      asked[2],
      { since: first.since, newest: after(began, -HOUR) },
      'never from before the first time',
    );
    assert.equal((await stored()).length, 2, 'the same changes are stored once');
    await clock.advance(2 * DAY);
    const rounds = asked.filter(({ token }) => token === undefined).length;
    const newest = after(began, (rounds - 2) * 5 * MINUTE - HOUR);
    assert.equal(asked.at(-2)?.since, after(newest, -49 * HOUR), 'by the overlap behind the newest change');
    await end();
  });

  test('that is stopped between two pages knows nothing of what the second holds, and asks for it again', async () => {
    const { clock, store, asked, stored, sweep, end } = await sweeping(({ token }) => {
      if (token === undefined) {
        return { changes: [change('1')], next: 'more' };
      }
      throw new Failure('request-rate-limited', { detail: 'Later', retryAt: after(clock.now(), HOUR) });
    });
    await clock.advance(1);
    await sweep.stop();
    assert.equal(asked.length, 2);
    assert.deepEqual(await stored(), ['found:1']);
    assert.deepEqual(await readSwept(store.read, { connection: SELLER }), {});
    await end();
  });

  test('that is stopped waits for no answer', async () => {
    const { clock, asked, sweep, end } = await sweeping(() => new Promise(() => undefined));
    await clock.advance(1);
    assert.equal(asked.length, 1);
    await sweep.stop();
    await end();
  });

  test('leaves what changed just now to the message that may be on its way, and takes it in the next round', async () => {
    const stamps: { at?: Instant } = {};
    const { clock, began, stored, end } = await sweeping(() => ({ changes: [change('1', stamps.at)] }));
    stamps.at = after(began, -MINUTE);
    await clock.advance(1);
    assert.deepEqual(await stored(), []);
    await clock.advance(5 * MINUTE);
    assert.deepEqual(await stored(), ['found:1']);
    await end();
  });

  test('looks again at what changed while the clock was ahead', async () => {
    const { clock, store, asked, began, end } = await sweeping(() => ({ changes: [] }));
    await clock.advance(1);
    for (const place of ['swept', 'swept-newest']) {
      await store.transact((tx) => tx.putSetting(`${place}:amazon`, String(after(began, 30 * DAY))));
    }
    await store.transact((tx) => tx.putSetting('swept-from:amazon', '0'));
    await clock.advance(5 * MINUTE);
    const now = after(began, 5 * MINUTE);
    assert.deepEqual(asked[1], { since: after(now, -49 * HOUR), newest: now });
    await end();
  });

  test('that finds nothing for months asks for the last one', async () => {
    const { clock, store, asked, began, end } = await sweeping(() => ({ changes: [] }));
    await clock.advance(1);
    for (const place of ['swept-newest', 'swept-from']) {
      await store.transact((tx) => tx.putSetting(`${place}:amazon`, String(after(began, -100 * DAY))));
    }
    await clock.advance(5 * MINUTE);
    assert.equal(asked[1]?.since, after(began, -30 * DAY - 49 * HOUR));
    await end();
  });

  test('finds what changes while the clock is ahead by more than it reaches back', async () => {
    const changed: Change[] = [];
    const { clock, began, stored, end } = await sweeping(({ since }) => ({
      changes: changed.filter(({ at }) => at !== undefined && at >= since),
    }));
    changed.push(change('1', after(began, -HOUR)));
    await clock.advance(1);
    assert.deepEqual(await stored(), ['found:1']);
    // From here on the clock is three days ahead of the source's.
    await clock.advance(3 * DAY);
    changed.push(change('2', after(began, MINUTE)));
    await clock.advance(5 * MINUTE);
    assert.deepEqual([...(await stored())].sort(), ['found:1', 'found:2']);
    await end();
  });

  for (const { name, aheadMs, rightMs } of [
    { name: 'from the start', aheadMs: 8 * HOUR, rightMs: 0 },
    { name: 'by more than a month', aheadMs: 400 * DAY, rightMs: 2 * HOUR },
  ]) {
    test(`passes over nothing that changed while the clock was ahead ${name}, once it is set back`, async () => {
      const changed: Change[] = [];
      const { clock, store, began, stored, end } = await sweeping(
        ({ since }) => ({ changes: changed.filter(({ at }) => at !== undefined && at >= since) }),
        { overlapMs: HOUR, firstMs: 0 },
      );
      await clock.advance(rightMs);
      if (rightMs > 0) {
        clock.setBack(-aheadMs);
      }
      await clock.advance(HOUR);
      changed.push(change('1', after(clock.now(), -aheadMs)));
      await clock.advance(5 * HOUR);
      clock.setBack(aheadMs);
      await store.transact((tx) => tx.moveBack({ now: clock.now(), ms: aheadMs, leaseMs: MINUTE }));
      await clock.advance(10 * MINUTE);
      assert.deepEqual(await stored(), ['found:1']);
      assert.ok(clock.now() < after(began, DAY));
      await end();
    });
  }

  test('passes over what is shown already', async () => {
    const at = instant(Date.UTC(2026, 10, 19));
    const { clock, store, stored, end } = await sweeping(() => ({
      changes: [change('1', at), change('2', at)],
    }));
    await store.transact((tx) =>
      tx.putOrder({
        key: orderKey(SELLER, '1'),
        connection: SELLER,
        name: '1',
        state: 'settled',
        attempts: 0,
        priority: 0,
        numberVariant: 1,
        isDeleted: false,
        decisions: {},
        stamp: at,
        createdAt: at,
        updatedAt: at,
      }),
    );
    await clock.advance(1);
    assert.deepEqual(await stored(), ['found:2']);
    await end();
  });

  test('takes in what changed in the very moment that is shown, where its figures tell it apart', async () => {
    const at = instant(Date.UTC(2026, 10, 19));
    const apart = (id: string, isShown: boolean): Change => ({
      ...change(id, at),
      within: { isShownBy: () => isShown, message: { ...change(id).message, externalId: `again:${id}` } },
    });
    const { clock, store, stored, end } = await sweeping(() => ({
      changes: [apart('1', true), apart('2', false)],
    }));
    for (const id of ['1', '2']) {
      const key = orderKey(SELLER, id);
      await store.transact((tx) => tx.putOrder(record({ key, stamp: at, snapshot: order({ key }) })));
    }
    await clock.advance(1);
    assert.deepEqual(await stored(), ['again:2']);
    await clock.advance(10 * MINUTE);
    assert.deepEqual(await stored(), ['again:2'], 'once');
    await end();
  });

  test('waits as long as it is told to, and goes on with the same page', async () => {
    let isBusy = true;
    const { clock, asked, began, stored, end } = await sweeping(({ token }) => {
      if (token !== undefined && isBusy) {
        isBusy = false;
        throw new Failure('request-rate-limited', {
          detail: 'Too soon',
          retryAt: after(clock.now(), 3 * MINUTE),
        });
      }
      return token === undefined ? { changes: [], next: 'more' } : { changes: [change('2')] };
    });
    await clock.advance(3 * MINUTE - 1);
    assert.deepEqual(await stored(), []);
    await clock.advance(1);
    assert.deepEqual(await stored(), ['found:2']);
    const again = { since: after(began, -DAY), newest: after(began, -DAY), token: 'more' };
    assert.deepEqual(asked.slice(1), [again, again]);
    await end();
  });

  test('that is asked for patience on and on says so, like one that fails, until it gets its page', async () => {
    let isBusy = true;
    const { clock, store, began, stored, end } = await sweeping(({ token }) => {
      if (token !== undefined && isBusy) {
        throw new Failure('request-rate-limited', {
          detail: 'Too soon',
          retryAt: after(clock.now(), MINUTE),
        });
      }
      return token === undefined ? { changes: [change('1')], next: 'more' } : { changes: [] };
    });
    const failing = async () => (await readSwept(store.read, { connection: SELLER })).failing;
    await clock.advance(4 * MINUTE);
    assert.equal(await failing(), undefined);
    await clock.advance(5 * HOUR);
    assert.deepEqual(await failing(), { since: began, code: 'request-rate-limited' });
    isBusy = false;
    await clock.advance(MINUTE);
    assert.equal(await failing(), undefined);
    assert.deepEqual(await stored(), ['found:1']);
    await end();
  });

  test('that fails begins at the same place with the next round, and says so', async () => {
    let isDown = true;
    const { clock, store, asked, began, events, stored, end } = await sweeping(() => {
      if (isDown) {
        throw new Failure('request-server-error', { detail: 'Down' });
      }
      return { changes: [change('1')] };
    });
    await clock.advance(1);
    assert.deepEqual(events, ['sweep failed']);
    await clock.advance(5 * MINUTE);
    const failing = { since: began, code: 'request-server-error' };
    assert.deepEqual(await readSwept(store.read, { connection: SELLER }), { failing }, 'since the first');
    isDown = false;
    await clock.advance(5 * MINUTE);
    assert.equal(asked[2]?.since, after(began, -DAY));
    assert.deepEqual(await stored(), ['found:1']);
    const upTo = after(began, 10 * MINUTE);
    assert.deepEqual(await readSwept(store.read, { connection: SELLER }), { upTo });
    await end();
  });
});
