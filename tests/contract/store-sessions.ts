import assert from 'node:assert/strict';
import { HOUR, after } from '#core/time.ts';
import type { AdminSession, Store } from '#pipeline/ports.ts';
import { at } from '#tests/build.ts';

/** What every `Store` promises of the admin's sessions. */

const NOW = at('2026-11-20T10:00:00Z');
type Promises = (name: string, body: (store: Store) => Promise<void>) => void;

const session = (id: string, hours = 0): AdminSession => {
  const openedAt = after(NOW, hours * HOUR);
  return { id, openedAt, seenAt: openedAt, endsAt: after(openedAt, 12 * HOUR) };
};

const put = (store: Store, ...sessions: readonly AdminSession[]): Promise<void> =>
  store.transact(async (tx) => {
    for (const one of sessions) {
      await tx.putSession(one);
    }
  });

async function standing(store: Store): Promise<string[]> {
  const ids = ['a', 'b', 'c', 'd'];
  const found = await Promise.all(ids.map((id) => store.read.session(id)));
  return ids.filter((_id, index) => found[index] !== undefined);
}

export function sessions(promise: Promises): void {
  promise('a session is kept as it was put, put again, and dropped', async (store) => {
    assert.equal(await store.read.session('a'), undefined);
    await put(store, session('a'), session('b'));
    assert.deepEqual(await store.read.session('a'), session('a'));
    const seen = { ...session('a'), seenAt: after(NOW, HOUR) };
    await put(store, seen);
    assert.deepEqual(await store.read.session('a'), seen);
    await store.transact((tx) => tx.dropSession('a'));
    await store.transact((tx) => tx.dropSession('a'));
    assert.deepEqual(await standing(store), ['b']);
  });

  promise('sessions are forgotten by their end, their last use, and beyond a number', async (store) => {
    await put(store, session('a'), session('b', 1), session('c', 2), session('d', 3));
    const forget = (terms: { endsUntil?: typeof NOW; seenUntil?: typeof NOW; most: number }) =>
      store.transact((tx) => tx.forgetSessions(terms));
    assert.equal(await forget({ most: 4 }), 0);
    assert.equal(await forget({ endsUntil: after(NOW, 12 * HOUR), most: 4 }), 1);
    assert.deepEqual(await standing(store), ['b', 'c', 'd']);
    assert.equal(await forget({ seenUntil: after(NOW, HOUR), most: 4 }), 1);
    assert.deepEqual(await standing(store), ['c', 'd']);
    assert.equal(await forget({ most: 1 }), 1);
    assert.deepEqual(await standing(store), ['d'], 'the newest');
    assert.equal(await forget({ most: 0 }), 1);
    assert.deepEqual(await standing(store), []);
  });
}
