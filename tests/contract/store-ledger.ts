import assert from 'node:assert/strict';
import { connectionId, orderKey, referenceOf } from '#core/ids.ts';
import type { OrderKey } from '#core/ids.ts';
import { fold } from '#core/ledger.ts';
import type { Entry } from '#core/ledger.ts';
import { plan } from '#core/plan.ts';
import { HOUR, after } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
import type { Store } from '#pipeline/ports.ts';
import { ORDER, SHOP, at, clientStep, entry, hold, order, record, terms } from '#tests/build.ts';

/** The part of the store's contract that is about the ledger's entries and what waits for a person. */

type Promises = (name: string, body: (store: Store) => Promise<void>) => void;

const NOW = at('2026-11-20T10:00:00Z');
const later = (ms: number): Instant => after(NOW, ms);
const keyOf = (id: string): OrderKey => orderKey(SHOP, id);
const ids = (rows: readonly { readonly id: string }[]): string[] => rows.map((row) => row.id);

export function entries(promise: Promises): void {
  const add = (store: Store, { id: _id, ...rest }: Entry) => store.transact((tx) => tx.addEntry(rest));
  const planned = plan(order(), fold([]), terms());
  const steps = planned.outcome === 'work' ? planned.steps : [];

  promise('every kind of entry comes back as it was, in the order of intent', async (store) => {
    const written: Entry[] = [];
    for (const step of steps) {
      const one = entry(step, { receipt: { ...entry(step).receipt, externalId: 'x', remarks: ['Told'] } });
      written.push({ ...one, id: await add(store, one) });
    }
    assert.deepEqual(
      written.map((one) => one.kind),
      ['client', 'invoice', 'sent', 'payment'],
    );
    assert.deepEqual(await store.read.entriesOf(ORDER), written);
    assert.deepEqual(await store.read.entriesOf(keyOf('6')), []);
  });

  promise('an entry goes from pending to posted and keeps its place', async (store) => {
    const { receipt, settledAt, ...intended } = entry(clientStep(), {
      state: 'pending',
      calledAt: NOW,
      looks: 1,
    });
    const id = await add(store, intended);
    await add(store, entry(clientStep({ slot: 2 }), {}));
    assert.deepEqual((await store.read.entriesOf(ORDER))[0], { ...intended, id });
    const { calledAt: _over, ...rest } = intended;
    assert(receipt !== undefined && settledAt !== undefined);
    const done: Entry = { ...rest, id, state: 'posted', receipt, settledAt, looks: 0 };
    await store.transact((tx) => tx.putEntry(done));
    assert.deepEqual((await store.read.entriesOf(ORDER))[0], done);
  });

  for (const [first, second] of [
    ['pending', 'pending'],
    ['pending', 'posted'],
    ['posted', 'pending'],
    ['posted', 'posted'],
  ] as const) {
    promise(
      `a ${second} entry beside a ${first} one of the same order, kind and slot fails`,
      async (store) => {
        await add(store, entry(clientStep(), { state: first }));
        await assert.rejects(add(store, entry(clientStep(), { state: second })));
        assert.equal((await store.read.entriesOf(ORDER)).length, 1);
      },
    );
  }

  promise('not even in another account does a second one stand', async (store) => {
    await add(store, entry(clientStep()));
    await assert.rejects(add(store, entry(clientStep(), { account: 'other' })));
  });

  promise('a second live entry undoes the whole transaction that tried it', async (store) => {
    await add(store, entry(clientStep()));
    const { id: _id, ...again } = entry(clientStep());
    await assert.rejects(
      store.transact(async (tx) => {
        await tx.putSetting('a', '1');
        await tx.addEntry(again);
      }),
    );
    assert.equal(await store.read.setting('a'), undefined);
  });

  promise(
    'after one is voided another may stand, and the voided one cannot come back beside it',
    async (store) => {
      const voided = entry(clientStep(), { state: 'voided' });
      const firstId = await add(store, entry(clientStep()));
      await store.transact((tx) => tx.putEntry({ ...voided, id: firstId }));
      await add(store, entry(clientStep()));
      await add(store, voided);
      assert.deepEqual(
        (await store.read.entriesOf(ORDER)).map((one) => one.state),
        ['voided', 'posted', 'voided'],
      );
      await assert.rejects(store.transact((tx) => tx.putEntry({ ...entry(clientStep()), id: firstId })));
    },
  );

  promise('other slots, kinds and orders stand beside it', async (store) => {
    await add(store, entry(clientStep()));
    await add(store, entry(clientStep({ slot: 2 })));
    const [, invoice] = steps;
    assert(invoice !== undefined);
    await add(store, entry(invoice));
    const other = plan(order({ key: keyOf('6') }), fold([]), terms());
    const [step] = other.outcome === 'work' ? other.steps : [];
    assert(step !== undefined);
    await add(store, entry(step, { order: keyOf('6') }));
    assert.equal((await store.read.entriesOf(ORDER)).length, 3);
  });

  promise('all orders come page by page, each with its entries that are not voided', async (store) => {
    const keys = ['10', '9', '8', '7'].map(keyOf);
    await store.transact(async (tx) => {
      for (const [index, key] of keys.entries()) {
        await tx.putOrder(record({ key, name: `#${index}`, createdAt: later(index) }));
      }
    });
    const of = (key: OrderKey, slot: number, parts: Partial<Entry> = {}): Entry =>
      entry(clientStep({ slot, reference: referenceOf(key, 'client', slot) }), {
        order: key,
        slot,
        reference: referenceOf(key, 'client', slot),
        ...parts,
      });
    // Written by turns, so that the pages cannot come in the order of writing.
    await add(store, of(keyOf('9'), 2));
    await add(store, of(keyOf('10'), 1));
    await add(store, of(keyOf('9'), 1, { state: 'pending' }));
    await add(store, of(keyOf('9'), 3, { state: 'voided' }));
    const page = async (limit: number, after?: OrderKey) =>
      (await store.read.ledgers({ limit, ...(after === undefined ? {} : { after }) })).map(
        ({ record, entries }) => [record.key, entries.map(({ slot, state }) => `${slot} ${state}`)],
      );
    const all = [
      [keyOf('10'), ['1 posted']],
      [keyOf('7'), []],
      [keyOf('8'), []],
      [keyOf('9'), ['2 posted', '1 pending']],
    ];
    assert.deepEqual(await page(10), all);
    assert.deepEqual(await page(3), all.slice(0, 3));
    assert.deepEqual(await page(3, keyOf('8')), all.slice(3));
    assert.deepEqual(await page(3, keyOf('9')), []);
    assert.deepEqual(
      (await store.read.ledgers({ limit: 1 }))[0]?.record,
      await store.read.order(keyOf('10')),
    );
  });

  promise('a reference stands once in an account, whichever order it claims to be of', async (store) => {
    await add(store, entry(clientStep()));
    await assert.rejects(add(store, entry(clientStep(), { order: keyOf('6') })));
  });
}

export function holds(promise: Promises): void {
  const open = (store: Store, parts: Parameters<typeof hold>[0] = {}) =>
    store.transact((tx) => tx.openHold(hold(parts)));

  promise('a hold comes back as it was', async (store) => {
    const refused = { intentSha256: 'ab12', exchange: { request: 'POST /a\n{}', answer: '422\n' } };
    await open(store, refused);
    const [stored, ...more] = await store.read.holds({ order: ORDER, isOpen: true });
    assert(stored !== undefined);
    const { id, ...rest } = stored;
    assert.ok(id.length > 0 && more.length === 0);
    assert.deepEqual(rest, hold(refused));
  });

  promise('one that is asked again keeps its age and takes the new words', async (store) => {
    const exchange = { request: 'PUT', answer: '400' };
    await open(store, { openedAt: NOW, intentSha256: 'ab12', exchange });
    await open(store, { openedAt: later(HOUR), code: 'books-refused', detail: 'New', facts: [] });
    const [stored, ...more] = await store.read.holds({ order: ORDER });
    assert.deepEqual(
      [
        stored?.openedAt,
        stored?.code,
        stored?.detail,
        stored?.facts,
        stored?.intentSha256,
        stored?.exchange,
        more,
      ],
      [NOW, 'books-refused', 'New', [], undefined, undefined, []],
    );
  });

  promise('each step of each order has its own', async (store) => {
    await open(store);
    await open(store, { step: 'payment' });
    await open(store, { order: keyOf('6') });
    assert.equal((await store.read.holds({ order: ORDER, isOpen: true })).length, 2);
    assert.equal((await store.read.holds({ order: keyOf('6') })).length, 1);
    assert.equal((await store.read.holds({})).length, 3);
  });

  promise('a closed one stays for the record, and the same question opens anew', async (store) => {
    await open(store, { openedAt: NOW });
    const [first] = await store.read.holds({ order: ORDER });
    assert(first !== undefined);
    const close = (because: string, ms: number) =>
      store.transact((tx) => tx.closeHold(first.id, { at: later(ms), because }));
    await close('The cause is gone', 1);
    await close('Again', 2);
    await open(store, { openedAt: later(3) });
    const [closed, again] = await store.read.holds({ order: ORDER });
    assert.deepEqual([closed?.closedAt, closed?.closedBecause], [later(1), 'The cause is gone']);
    assert.deepEqual([again?.openedAt, again?.closedAt], [later(3), undefined]);
    assert.deepEqual(ids(await store.read.holds({ isOpen: true })), [again?.id]);
    assert.deepEqual(ids(await store.read.holds({ isOpen: false })), [closed?.id]);
  });

  promise('a hold of a delivery, and one of a connection alone, are each asked once', async (store) => {
    const { order: _order, ...free } = hold({
      step: 'delivery',
      code: 'delivery-malformed',
      connection: SHOP,
    });
    for (const round of [1, 2]) {
      await store.transact(async (tx) => {
        await tx.openHold({ ...free, delivery: '7', detail: `delivery ${round}` });
        await tx.openHold({ ...free, delivery: '8', detail: `other ${round}` });
        await tx.openHold({ ...free, detail: `connection ${round}` });
        await tx.openHold({ ...free, connection: connectionId('shopify-2'), detail: `second ${round}` });
      });
    }
    const details = (await store.read.holds({ isOpen: true })).map((one) => one.detail);
    assert.deepEqual(details, ['delivery 2', 'other 2', 'connection 2', 'second 2']);
    const [of7, ...more] = await store.read.holds({ delivery: '7' });
    assert.deepEqual([of7?.delivery, of7?.connection, of7?.order, more], ['7', SHOP, undefined, []]);
  });
}
