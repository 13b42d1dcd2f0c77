import assert from 'node:assert/strict';
import { orderKey } from '#core/ids.ts';
import type { OrderKey } from '#core/ids.ts';
import { fromJson, toJson } from '#core/json.ts';
import { HOUR, MINUTE, SECOND, after } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
import type { Store } from '#pipeline/ports.ts';
import { SHOP, at, clientStep, entry, record } from '#tests/build.ts';

/** What every `Store` promises of moments that a clock wrote which was ahead and is set back. */

/** By the clock of before; it is set back by an hour. */
const BEFORE = at('2026-11-20T10:00:00Z');
const STEP = { now: after(BEFORE, -HOUR), ms: HOUR, leaseMs: 5 * MINUTE };
const keyOf = (id: number): OrderKey => orderKey(SHOP, String(id));
type Promises = (name: string, body: (store: Store) => Promise<void>) => void;

const moved = (store: Store): Promise<void> => store.transact((tx) => tx.moveBack(STEP));

export function clocks(promise: Promises): void {
  promise('tells when an order that is due, now or later, was written last', async (store) => {
    assert.equal(await store.read.dueWrittenAt(), undefined);
    const { dueAt: _due, ...settled } = record({ key: keyOf(1), state: 'settled', updatedAt: BEFORE });
    await store.transact((tx) => tx.putOrder(settled));
    assert.equal(await store.read.dueWrittenAt(), undefined);
    const later = after(BEFORE, MINUTE);
    await store.transact(async (tx) => {
      await tx.putOrder(record({ key: keyOf(2), dueAt: BEFORE, updatedAt: later }));
      await tx.putOrder(record({ key: keyOf(3), dueAt: later, updatedAt: BEFORE }));
    });
    assert.equal(await store.read.dueWrittenAt(), later);
  });

  promise('an order that waits, and since when it does, is moved back with the clock', async (store) => {
    const reread = { why: 'Touched', isBlocking: false };
    const waiting = record({
      key: keyOf(1),
      state: 'waiting',
      dueAt: after(BEFORE, MINUTE),
      firstFailedAt: after(BEFORE, -MINUTE),
      limitedSince: BEFORE,
      reread: { ...reread, since: BEFORE },
      createdAt: BEFORE,
      updatedAt: BEFORE,
    });
    const overdue = record({ key: keyOf(2), dueAt: after(STEP.now, -SECOND) });
    await store.transact(async (tx) => {
      await tx.putOrder(waiting);
      await tx.putOrder(overdue);
    });
    await moved(store);
    assert.deepEqual(await store.read.order(keyOf(1)), {
      ...waiting,
      dueAt: after(STEP.now, MINUTE),
      firstFailedAt: after(STEP.now, -MINUTE),
      limitedSince: STEP.now,
      reread: { ...reread, since: STEP.now },
    });
    assert.deepEqual(await store.read.order(keyOf(2)), overdue);
  });

  promise('so are pauses, and the probe of an outage stays the one that is appointed', async (store) => {
    const until = after(BEFORE, MINUTE);
    const down = { account: 'freshbooks', reason: 'Answered 503', code: 'request-server-error' as const };
    await store.transact(async (tx) => {
      await tx.setPause({ ...down, until, outage: { since: BEFORE, probes: 3 } });
      await tx.putOrder(record({ key: keyOf(1), state: 'waiting', dueAt: until, waitsFor: 'freshbooks' }));
    });
    await moved(store);
    const probeAt = after(STEP.now, MINUTE);
    assert.deepEqual(await store.read.pause('freshbooks'), {
      ...down,
      until: probeAt,
      outage: { since: STEP.now, probes: 3 },
    });
    assert.equal((await store.read.order(keyOf(1)))?.dueAt, probeAt);
  });

  promise(
    'a call of which nothing is known is waited for no longer; the ledger stays as it is',
    async (store) => {
      await store.transact(async (tx) => {
        await tx.putOrder(record({ key: keyOf(1) }));
        const called = { order: keyOf(1), intendedAt: BEFORE, calledAt: BEFORE };
        await tx.addEntry(entry(clientStep(), { ...called, state: 'pending' }));
        await tx.addEntry(entry(clientStep({ slot: 2 }), { ...called, settledAt: BEFORE }));
      });
      await moved(store);
      const [pending, posted] = await store.read.entriesOf(keyOf(1));
      assert.deepEqual([pending?.calledAt, pending?.intendedAt], [STEP.now, BEFORE]);
      assert.deepEqual([posted?.calledAt, posted?.settledAt], [BEFORE, BEFORE]);
    },
  );

  promise('a lease of before ends as one does that is taken now, and one of now stands', async (store) => {
    const take = (key: string, now: Instant, until: Instant) =>
      store.transact((tx) => tx.takeLease(key, { holder: 'one', now, until }));
    await take('client:a', BEFORE, after(BEFORE, 5 * MINUTE));
    await take('client:b', STEP.now, after(STEP.now, MINUTE));
    await moved(store);
    const at4 = after(STEP.now, 5 * MINUTE - 1);
    assert.equal(await take('client:a', at4, after(at4, 1)), undefined);
    assert.notEqual(await take('client:a', after(at4, 1), after(at4, 2)), undefined);
    assert.equal(await take('client:b', after(STEP.now, MINUTE - 1), BEFORE), undefined);
  });

  promise(
    'alarms, sessions and what is remembered of failures follow; numbers and texts stay',
    async (store) => {
      const alarm = {
        key: 'outage:freshbooks',
        kind: 'outage' as const,
        subject: 'freshbooks',
        sentence: 'It is down',
        remedy: 'Wait',
        sinceAt: after(STEP.now, -HOUR),
        seenAt: BEFORE,
        raisedAt: BEFORE,
      };
      const session = { id: 'a', openedAt: BEFORE, seenAt: BEFORE, endsAt: after(BEFORE, HOUR) };
      const failing = { since: BEFORE, lastAt: BEFORE, attempts: 3, retryAt: after(BEFORE, MINUTE) };
      await store.transact(async (tx) => {
        await tx.putAlarm({ ...alarm, tellings: [] });
        await tx.putTelling(alarm.key, { channel: 'slack', toldAt: BEFORE });
        await tx.putSession(session);
        await tx.putSetting('alarm-channel:slack', toJson({ failing, problem: String(BEFORE) }));
        await tx.putSetting('swept:shopify', String(BEFORE));
        await tx.putSetting('swept-from:shopify', String(BEFORE));
      });
      await moved(store);
      assert.deepEqual(await store.read.alarms({ overAfter: BEFORE }), [
        {
          ...alarm,
          seenAt: STEP.now,
          raisedAt: STEP.now,
          tellings: [{ channel: 'slack', toldAt: STEP.now }],
        },
      ]);
      assert.deepEqual(await store.read.session('a'), {
        ...session,
        openedAt: STEP.now,
        seenAt: STEP.now,
        endsAt: BEFORE,
      });
      assert.deepEqual(fromJson((await store.read.setting('alarm-channel:slack')) ?? ''), {
        failing: { ...failing, since: STEP.now, lastAt: STEP.now, retryAt: after(STEP.now, MINUTE) },
        problem: String(BEFORE),
      });
      assert.equal(await store.read.setting('swept:shopify'), String(BEFORE));
      // Else what changes until then would be taken for what was there before the program.
      assert.equal(await store.read.setting('swept-from:shopify'), String(STEP.now));
    },
  );
}
