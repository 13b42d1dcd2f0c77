import assert from 'node:assert/strict';
import type { Alarm } from '#core/alarm.ts';
import { connectionId, orderKey } from '#core/ids.ts';
import type { OrderKey } from '#core/ids.ts';
import { plan } from '#core/plan.ts';
import { fold } from '#core/ledger.ts';
import { DAY, HOUR, MINUTE, SECOND, after } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
import type { OrderRecord, Store } from '#pipeline/ports.ts';
import { ORDER, SHOP, alarm, at, entry, hold, message, order, record, terms } from '#tests/build.ts';

/** What the watch for alarms needs of every `Store`. */

const NOW = at('2026-11-20T10:00:00Z');
const later = (ms: number): Instant => after(NOW, ms);
const keyOf = (id: string): OrderKey => orderKey(SHOP, id);
type Promises = (name: string, body: (store: Store) => Promise<void>) => void;

const put = (store: Store, ...records: readonly OrderRecord[]): Promise<void> =>
  store.transact(async (tx) => {
    for (const one of records) {
      await tx.putOrder(one);
    }
  });

export function watching(promise: Promises): void {
  promise('every pause is listed, with the code of its failure where there is one', async (store) => {
    assert.deepEqual(await store.read.pauses(), []);
    const pauses = [
      { account: 'freshbooks', reason: 'Connect again', code: 'token-refused' as const },
      { account: 'other', reason: 'Too many', until: later(MINUTE) },
    ];
    await store.transact(async (tx) => {
      for (const pause of pauses) {
        await tx.setPause(pause);
      }
    });
    assert.deepEqual(await store.read.pauses(), pauses);
  });

  promise('open questions are listed oldest first, several steps with one code as one', async (store) => {
    await put(store, record(), record({ key: keyOf('2'), name: '#2' }));
    await store.transact(async (tx) => {
      await tx.openHold(hold({ order: keyOf('2'), code: 'books-refused', openedAt: later(5) }));
      await tx.openHold(hold({ step: 'payment-1', code: 'books-refused', openedAt: later(9) }));
      await tx.openHold(hold({ step: 'payment-2', code: 'books-refused', openedAt: later(1) }));
      await tx.openHold(hold({ step: 'refund-1', code: 'order-overpaid', openedAt: later(3) }));
      const { order: _order, ...rest } = hold({ delivery: '7', connection: SHOP, openedAt: later(2) });
      await tx.openHold({ ...rest, step: 'delivery', code: 'delivery-not-json' });
    });
    const first = { code: 'books-refused', openedAt: later(1), order: { key: ORDER, name: '#1001' } };
    const second = {
      code: 'delivery-not-json',
      openedAt: later(2),
      delivery: '7',
      connection: SHOP,
    };
    assert.deepEqual(await store.read.openQuestions(10), {
      first: [
        first,
        second,
        { code: 'order-overpaid', openedAt: later(3), order: { key: ORDER, name: '#1001' } },
        { code: 'books-refused', openedAt: later(5), order: { key: keyOf('2'), name: '#2' } },
      ],
      count: 4,
    });
    assert.deepEqual(await store.read.openQuestions(2), { first: [first, second], count: 4 });
    assert.deepEqual(await store.read.questionCauses(), [
      { code: 'books-refused', of: 'orders', count: 2, openedAt: later(1) },
      { code: 'delivery-not-json', of: 'messages', count: 1, openedAt: later(2) },
      { code: 'order-overpaid', of: 'orders', count: 1, openedAt: later(3) },
    ]);
    await store.transact(async (tx) => {
      for (const open of await tx.holds({ isOpen: true })) {
        await tx.closeHold(open.id, { at: later(20), because: 'Gone' });
      }
    });
    assert.deepEqual(await store.read.openQuestions(10), { first: [], count: 0 });
    assert.deepEqual(await store.read.questionCauses(), []);
  });

  promise('busy is who has so many messages and orders under way, due or not', async (store) => {
    assert.equal(await store.read.isBusy(1), false);
    await put(
      store,
      record({ key: keyOf('1'), state: 'waiting', dueAt: later(HOUR) }),
      record({ key: keyOf('2'), state: 'working' }),
      record({ key: keyOf('3'), state: 'due', dueAt: NOW }),
      ...(['settled', 'held', 'skipped'] as const).map((state) => record({ key: keyOf(state), state })),
    );
    const { id } = await store.transact((tx) => tx.acceptDelivery(message({ externalId: 'a' }), NOW));
    assert.deepEqual([await store.read.isBusy(4), await store.read.isBusy(5)], [true, false]);
    await store.transact((tx) => tx.settleDelivery(id, { state: 'sorted', order: keyOf('1') }));
    assert.deepEqual([await store.read.isBusy(3), await store.read.isBusy(4)], [true, false]);
  });

  promise('the backlog is what is due and was not taken up, with the age of the oldest', async (store) => {
    assert.deepEqual(await store.read.backlog(NOW), { count: 0 });
    const { dueAt: _due, ...settled } = record({ key: keyOf('9'), state: 'settled' });
    await put(
      store,
      record({ key: keyOf('1'), dueAt: NOW }),
      record({ key: keyOf('2'), dueAt: later(-MINUTE), state: 'waiting' }),
      record({ key: keyOf('3'), dueAt: later(SECOND) }),
      record({ key: keyOf('4'), dueAt: later(-HOUR), state: 'working' }),
      settled,
    );
    assert.deepEqual(await store.read.backlog(NOW), { count: 2, oldestAt: later(-MINUTE) });
    const { id } = await store.transact((tx) => tx.acceptDelivery(message(), later(-HOUR)));
    assert.deepEqual(await store.read.backlog(NOW), { count: 3, oldestAt: later(-HOUR) });
    await store.transact((tx) => tx.settleDelivery(id, { state: 'ignored' }));
    assert.deepEqual(await store.read.backlog(NOW), { count: 2, oldestAt: later(-MINUTE) });
  });

  promise('to the backlog belongs what waits for calls, for as long as it has waited', async (store) => {
    const limited = { dueAt: later(SECOND), limitedSince: later(-HOUR) };
    await put(
      store,
      record({ key: keyOf('1'), state: 'waiting', ...limited }),
      record({ key: keyOf('2'), state: 'waiting', ...limited, limitedSince: later(-MINUTE) }),
      record({ key: keyOf('3'), state: 'waiting', dueAt: later(SECOND) }),
      record({ key: keyOf('4'), state: 'working', ...limited }),
      record({ key: keyOf('5'), state: 'settled', ...limited }),
    );
    assert.deepEqual(await store.read.backlog(NOW), { count: 2, oldestAt: later(-HOUR) });
    await put(store, record({ key: keyOf('1'), ...limited, dueAt: NOW }));
    assert.deepEqual(await store.read.backlog(NOW), { count: 2, oldestAt: later(-HOUR) });
  });

  promise('orders that fail and are tried again are listed, the longest first', async (store) => {
    const failing = (id: string, firstFailedAt: Instant, parts: Partial<OrderRecord> = {}): OrderRecord =>
      record({
        key: keyOf(id),
        name: `#${id}`,
        state: 'waiting',
        attempts: 2,
        firstFailedAt,
        failedCode: 'request-server-error',
        ...parts,
      });
    const { failedCode: _code, ...uncoded } = failing('2', later(-HOUR));
    await put(
      store,
      failing('1', later(-MINUTE)),
      uncoded,
      failing('3', later(-SECOND)),
      failing('4', later(-DAY), { state: 'held' }),
      record({ key: keyOf('5') }),
    );
    const listed = (id: string, firstFailedAt: Instant) => ({
      key: keyOf(id),
      name: `#${id}`,
      connection: SHOP,
      firstFailedAt,
    });
    const [two, one] = [
      listed('2', later(-HOUR)),
      { ...listed('1', later(-MINUTE)), failedCode: 'request-server-error' },
    ];
    assert.deepEqual(await store.read.failingOrders({ failedBefore: later(-MINUTE), limit: 10 }), {
      first: [two, one],
      count: 2,
    });
    assert.deepEqual(await store.read.failingOrders({ failedBefore: later(-MINUTE), limit: 1 }), {
      first: [two],
      count: 2,
    });
  });

  promise('orders under way whose invoice stands are found, and settled ones are not', async (store) => {
    const planned = plan(order(), fold([]), terms());
    assert(planned.outcome === 'work');
    const invoice = planned.steps.find((step) => step.kind === 'invoice');
    assert(invoice !== undefined);
    const posted = (id: string, settledAt: Instant) =>
      store.transact((tx) => {
        const { id: _id, ...rest } = entry(invoice, { order: keyOf(id), settledAt });
        return tx.addEntry({ ...rest, reference: `${id}/invoice-1` as typeof rest.reference });
      });
    const { dueAt: _due, ...settled } = record({ key: keyOf('3'), state: 'settled' });
    await put(
      store,
      record({ key: keyOf('1'), state: 'waiting', updatedAt: later(-MINUTE) }),
      record({ key: keyOf('2'), state: 'working', updatedAt: later(-HOUR) }),
      settled,
      record({ key: keyOf('4') }),
      record({ key: keyOf('5') }),
      record({ key: keyOf('6'), state: 'waiting', waitsFor: 'freshbooks' }),
    );
    for (const id of ['1', '2', '3', '6']) {
      await posted(id, later(-MINUTE));
    }
    await posted('5', NOW);
    const found = async (limit: number) =>
      (await store.read.invoicedUnsettled({ postedBefore: later(-MINUTE), limit })).map(({ key }) => key);
    assert.deepEqual(await found(10), [keyOf('2'), keyOf('1')]);
    assert.deepEqual(await found(1), [keyOf('2')]);
  });
}

export function alarms(promise: Promises): void {
  const write = (store: Store, ...alarms: readonly Alarm[]) =>
    store.transact(async (tx) => {
      for (const one of alarms) {
        await tx.putAlarm(one);
      }
    });
  const read = (store: Store, overAfter: Instant = NOW) => store.read.alarms({ overAfter });

  promise('every field of an alarm comes back, and what is taken away is gone', async (store) => {
    const full = alarm({
      key: 'a',
      kind: 'held',
      code: 'books-refused',
      connection: connectionId('shopify'),
      order: ORDER,
      raisedAt: later(2),
      overAt: later(3),
    });
    await write(store, full);
    assert.deepEqual(await read(store), [full]);
    const { code: _code, connection: _at, order: _order, raisedAt: _raised, overAt: _over, ...bare } = full;
    await write(store, bare);
    assert.deepEqual(await read(store), [bare]);
  });

  promise(
    'each channel’s telling is kept beside the alarm, and writing the alarm leaves it',
    async (store) => {
      await write(store, alarm({ key: 'a' }), alarm({ key: 'b', sinceAt: later(-30 * DAY) }));
      await store.transact(async (tx) => {
        await tx.putTelling('a', { channel: 'slack', toldAt: later(1) });
        await tx.putTelling('a', { channel: 'mail-1', toldAt: later(2) });
        await tx.putTelling('a', { channel: 'slack', toldAt: later(1), overToldAt: later(3) });
      });
      await write(store, alarm({ key: 'a', subject: 'Other words' }));
      const tellings = [
        { channel: 'mail-1', toldAt: later(2) },
        { channel: 'slack', toldAt: later(1), overToldAt: later(3) },
      ];
      assert.deepEqual(await read(store), [
        alarm({ key: 'b', sinceAt: later(-30 * DAY) }),
        alarm({ key: 'a', subject: 'Other words', tellings }),
      ]);
    },
  );

  promise(
    'what is over is listed until the asked moment, dropped or forgotten with its tellings',
    async (store) => {
      const old = alarm({ key: 'old', raisedAt: NOW, overAt: later(-DAY) });
      await write(
        store,
        old,
        alarm({ key: 'new', raisedAt: NOW, overAt: later(-HOUR) }),
        alarm({ key: 'now' }),
      );
      const telling = { channel: 'slack', toldAt: NOW };
      await store.transact(async (tx) => {
        for (const key of ['old', 'new', 'now']) {
          await tx.putTelling(key, telling);
        }
      });
      const keys = async (overAfter: Instant) =>
        (await read(store, overAfter)).map(({ key }) => key).toSorted();
      assert.deepEqual(await keys(later(-2 * DAY)), ['new', 'now', 'old']);
      assert.deepEqual(await keys(later(-2 * HOUR)), ['new', 'now']);
      assert.deepEqual(await keys(NOW), ['now']);
      await store.transact((tx) => tx.forgetAlarms(later(-2 * HOUR)));
      assert.deepEqual(await keys(later(-2 * DAY)), ['new', 'now']);
      await store.transact(async (tx) => {
        await tx.dropAlarm('now');
        await tx.dropAlarm('never put');
      });
      assert.deepEqual(await keys(later(-2 * DAY)), ['new']);
      await write(store, old, alarm({ key: 'now' }));
      const tellings = (await read(store, later(-2 * DAY))).map(({ key, tellings }) => [
        key,
        tellings.length,
      ]);
      assert.deepEqual(Object.fromEntries(tellings), { old: 0, new: 1, now: 0 });
    },
  );
}
