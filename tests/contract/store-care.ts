import assert from 'node:assert/strict';
import { connectionId, orderKey } from '#core/ids.ts';
import type { OrderKey } from '#core/ids.ts';
import type { OrderState } from '#core/lifecycle.ts';
import { DAY, after } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
import type { AuditEvent } from '#core/audit.ts';
import type { Delivery, Store } from '#pipeline/ports.ts';
import { ORDER, SHOP, at, hold, message, record } from '#tests/build.ts';

/** The part of the store's contract that is about contact data and about what was done. */

type Promises = (name: string, body: (store: Store) => Promise<void>) => void;

const NOW = at('2026-11-20T10:00:00Z');
const later = (ms: number): Instant => after(NOW, ms);
const keyOf = (id: string): OrderKey => orderKey(SHOP, id);
const ids = (rows: readonly { readonly id: string }[]): string[] => rows.map((row) => row.id);

export function redaction(promise: Promises): void {
  const accept = async (
    store: Store,
    { externalId, when = NOW, settled }: { externalId: string; when?: Instant; settled?: Settled },
  ): Promise<string> =>
    store.transact(async (tx) => {
      const { id } = await tx.acceptDelivery(message({ externalId }), when);
      if (settled !== undefined) {
        await tx.settleDelivery(id, settled);
      }
      return id;
    });
  const redact = (store: Store, id: string, when = later(5)) =>
    store.transact((tx) => tx.redactDelivery(id, when));

  promise('a redacted message keeps its id, topic and hash, and nothing of its content', async (store) => {
    const id = await accept(store, { externalId: 'a', settled: { state: 'sorted', order: ORDER } });
    const before = await store.read.delivery(id);
    await redact(store, id);
    const { body, headers, redactedAt, ...rest } = (await store.read.delivery(id)) as Delivery;
    const { body: _body, headers: _headers, ...kept } = before as Delivery;
    assert.deepEqual(rest, kept);
    assert.deepEqual([body.length, headers, redactedAt], [0, {}, later(5)]);
    await redact(store, id, later(9));
    assert.equal((await store.read.delivery(id))?.redactedAt, later(5), 'the first time counts');
  });

  promise('a redacted message that comes again is still the same delivery', async (store) => {
    const id = await accept(store, { externalId: 'a', settled: { state: 'sorted', order: ORDER } });
    await redact(store, id);
    const again = await store.transact((tx) => tx.acceptDelivery(message({ externalId: 'a' }), later(DAY)));
    assert.deepEqual(again, { id, isNew: false });
    assert.equal((await store.read.delivery(id))?.body.length, 0);
  });

  promise('finished is what came before, and is no order’s or of one at rest', async (store) => {
    const states: readonly OrderState[] = ['due', 'working', 'waiting', 'held', 'skipped', 'settled'];
    const byState: Partial<Record<OrderState, string>> = {};
    for (const [index, state] of states.entries()) {
      const order = keyOf(String(index));
      await store.transact((tx) => tx.putOrder(record({ key: order, state })));
      byState[state] = await accept(store, { externalId: state, settled: { state: 'sorted', order } });
    }
    const ignored = await accept(store, { externalId: 'ignored', settled: { state: 'ignored' } });
    await accept(store, { externalId: 'held', settled: { state: 'held' } });
    await accept(store, { externalId: 'new' });
    await accept(store, { externalId: 'late', when: later(1), settled: { state: 'ignored' } });
    const finished = (before: Instant, limit = 10) => store.read.readable({ of: 'finished', before, limit });
    const expected = [byState.skipped, byState.settled, ignored];
    assert.deepEqual(ids(await finished(later(1))), expected);
    assert.deepEqual(ids(await finished(later(1), 2)), expected.slice(0, 2));
    assert.deepEqual(ids(await finished(NOW)), [], 'before, and not at, the moment');
    await redact(store, ignored);
    assert.deepEqual(ids(await finished(later(1))), expected.slice(0, 2));
  });

  promise('of a connection all that was read is readable until it is redacted', async (store) => {
    const sorted = await accept(store, { externalId: 'a', settled: { state: 'sorted', order: ORDER } });
    const held = await accept(store, { externalId: 'b', settled: { state: 'held' } });
    await accept(store, { externalId: 'c' });
    const connection = connectionId('shopify-2');
    await store.transact((tx) => tx.acceptDelivery(message({ connection }), NOW));
    const readable = () => store.read.readable({ of: 'connection', connection: SHOP, limit: 10 });
    assert.deepEqual(ids(await readable()), [sorted, held]);
    await redact(store, sorted);
    assert.deepEqual(ids(await readable()), [held]);
  });

  promise('of an order all is readable until it is redacted', async (store) => {
    const settled: Settled = { state: 'sorted', order: ORDER };
    const first = await accept(store, { externalId: 'a', settled });
    const second = await accept(store, { externalId: 'b', settled });
    await accept(store, { externalId: 'c', settled: { state: 'sorted', order: keyOf('another') } });
    await accept(store, { externalId: 'd', settled: { state: 'ignored' } });
    const readable = (limit = 10) => store.read.readable({ of: 'order', order: ORDER, limit });
    assert.deepEqual(ids(await readable()), [first, second]);
    assert.deepEqual(ids(await readable(1)), [first]);
    await redact(store, first);
    assert.deepEqual(ids(await readable()), [second]);
  });

  promise('what is no order’s is readable by pages, read or not', async (store) => {
    await accept(store, { externalId: 'a', settled: { state: 'sorted', order: ORDER } });
    const held = await accept(store, { externalId: 'b', settled: { state: 'held' } });
    const ignored = await accept(store, { externalId: 'c', settled: { state: 'ignored' } });
    const unread = await accept(store, { externalId: 'd' });
    const connection = connectionId('shopify-2');
    await store.transact((tx) => tx.acceptDelivery(message({ connection }), NOW));
    const page = (after?: string, limit = 10) =>
      store.read.readable({
        of: 'no order',
        connection: SHOP,
        limit,
        ...(after === undefined ? {} : { after }),
      });
    assert.deepEqual(ids(await page()), [held, ignored, unread]);
    assert.deepEqual(ids(await page(undefined, 1)), [held]);
    assert.deepEqual(ids(await page(held)), [ignored, unread]);
    await redact(store, ignored);
    assert.deepEqual(ids(await page(held)), [unread]);
  });

  promise(
    'sentences about an order are rewritten wherever they stand, and of no other order',
    async (store) => {
      const told = { sentence: 'Jane was told', at: NOW };
      const facts = [
        { name: 'Message', value: 'Jane exists' },
        { name: 'errno', value: '7' },
      ];
      const reread = { why: 'Jane edited it', since: NOW, isBlocking: false };
      await store.transact(async (tx) => {
        await tx.putOrder(record({ reason: 'Jane is held', reread }));
        await tx.putOrder(record({ key: keyOf('6'), reason: 'Jane is held' }));
        await tx.openHold(
          hold({ detail: 'Jane waits', facts, exchange: { request: 'POST', answer: '422' } }),
        );
        await tx.tell({ key: 'remark:Jane was told', order: ORDER, ...told });
        await tx.tell({ key: 'other', ...told });
      });
      await accept(store, { externalId: 'a', settled: { state: 'sorted', order: ORDER, reason: 'By Jane' } });
      const revise = (text: string): string => text.replaceAll('Jane', '…');
      assert.equal(await store.transact((tx) => tx.reviseTexts({ order: ORDER }, revise)), 4);
      const found = await store.read.order(ORDER);
      assert.deepEqual([found?.reason, found?.reread?.why], ['… is held', '… edited it']);
      const [asked] = await store.read.holds({ order: ORDER });
      assert.deepEqual([asked?.detail, asked?.facts[0]?.value], ['… waits', '… exists']);
      assert.equal(asked?.exchange, undefined, 'what was sent and answered is gone');
      assert.equal((await store.read.deliveriesOf(ORDER))[0]?.reason, 'By …');
      const notices = (await store.read.notices())
        .map(({ key, sentence }) => `${key}: ${sentence}`)
        .toSorted();
      assert.deepEqual(notices, ['other: Jane was told', 'remark:… was told: … was told']);
      assert.equal((await store.read.order(keyOf('6')))?.reason, 'Jane is held');
      assert.equal(await store.transact((tx) => tx.reviseTexts({ order: ORDER }, revise)), 0);
    },
  );

  promise('sentences about a message are rewritten, of questions that are closed too', async (store) => {
    const settled: Settled = { state: 'held', reason: 'Jane is no number' };
    const delivery = await accept(store, { externalId: 'a', settled });
    const asked = hold({ detail: 'Jane is no number', step: 'delivery' });
    const { order: _order, ...about } = asked;
    for (let time = 0; time < 2; time += 1) {
      await store.transact(async (tx) => {
        await tx.openHold({ ...about, delivery });
        const [open] = await tx.holds({ delivery, isOpen: true });
        await tx.closeHold(open?.id ?? '', { at: NOW, because: 'Released by hand' });
      });
    }
    assert.equal(await store.transact((tx) => tx.reviseTexts({ delivery }, () => 'Redacted')), 3);
    const holds = await store.read.holds({ delivery });
    assert.deepEqual(
      holds.map(({ detail }) => detail),
      ['Redacted', 'Redacted'],
    );
    assert.equal((await store.read.delivery(delivery))?.reason, 'Redacted');
  });

  promise('a client mapping and a lease that nobody holds can be forgotten', async (store) => {
    const key = { account: 'freshbooks', source: SHOP, customerId: 'email:12' };
    const terms = { holder: 'a', now: NOW, until: later(DAY) };
    await store.transact((tx) => tx.mapClient({ ...key, externalId: '7', filledFields: [] }));
    const lease = await store.transact((tx) => tx.takeLease('client:12', terms));
    assert(lease !== undefined);
    await store.transact(async (tx) => {
      await tx.dropClient(key);
      await tx.dropClient(key);
      await tx.dropLease('client:12', terms.until);
    });
    assert.equal(await store.read.clientMapping(key), undefined);
    const taken = await store.transact((tx) => tx.takeLease('client:12', { ...terms, holder: 'b' }));
    assert.equal(taken, undefined, 'a lease that is held stays');
    await store.transact(async (tx) => {
      await tx.releaseLease(lease);
      await tx.dropLease('client:12', NOW);
    });
    const anew = await store.transact((tx) => tx.takeLease('client:12', { ...terms, holder: 'b' }));
    assert.equal(anew?.fence, 1n);
    await store.transact((tx) => tx.dropLease('client:12', later(DAY + 1)));
    const afterDeath = await store.transact((tx) => tx.takeLease('client:12', terms));
    assert.equal(afterDeath?.fence, 1n, 'and one of a holder that is dead does not');
  });

  promise('of a source all clients and leases can be forgotten whose keys begin alike', async (store) => {
    const common = { account: 'freshbooks', source: SHOP, externalId: '7', filledFields: [] };
    const terms = { holder: 'a', now: NOW, until: later(DAY) };
    await store.transact(async (tx) => {
      for (const customerId of ['email:1', 'email:2', '1234']) {
        await tx.mapClient({ ...common, customerId });
      }
      await tx.mapClient({ ...common, source: connectionId('shopify-2'), customerId: 'email:1' });
      await tx.takeLease('client:freshbooks:email:1', terms);
      await tx.takeLease('client:freshbooks:channel', terms);
      await tx.dropClients({ account: 'freshbooks', source: SHOP, prefix: 'email:' });
      await tx.dropLeases({ prefix: 'client:freshbooks:email:', before: later(DAY + 1) });
    });
    const isKnown = async (customerId: string, source = SHOP): Promise<boolean> =>
      (await store.read.clientMapping({ account: 'freshbooks', source, customerId })) !== undefined;
    const known = [await isKnown('email:1'), await isKnown('email:2'), await isKnown('1234')];
    assert.deepEqual(known, [false, false, true]);
    assert.equal(await isKnown('email:1', connectionId('shopify-2')), true);
    const again = { ...terms, now: later(DAY), until: later(2 * DAY) };
    const fenceOf = (key: string) => store.transact(async (tx) => (await tx.takeLease(key, again))?.fence);
    assert.equal(await fenceOf('client:freshbooks:email:1'), 1n);
    assert.equal(await fenceOf('client:freshbooks:channel'), 2n);
  });

  promise('a scrub leaves what is stored as it is', async (store) => {
    const id = await accept(store, { externalId: 'a' });
    assert.equal(await store.scrub('in place'), true);
    assert.equal((await store.read.delivery(id))?.externalId, 'a');
  });
}

type Settled = Parameters<Parameters<Parameters<Store['transact']>[0]>[0]['settleDelivery']>[1];

export function auditLog(promise: Promises): void {
  const add = (store: Store, event: Partial<AuditEvent> = {}) =>
    store.transact((tx) => tx.audited({ action: 'order retried', subject: ORDER, ...event }));

  promise('what was done is listed, newest first, with who and when', async (store) => {
    assert.deepEqual(await store.read.audit({ limit: 10 }), []);
    await add(store, { details: { closed: 2, isServed: true, decision: 'keep' } });
    await add(store, { action: 'rules imported', subject: SHOP });
    const [second, first, ...more] = await store.read.audit({ limit: 10 });
    assert.deepEqual(more, []);
    assert(first !== undefined && second !== undefined);
    assert.deepEqual(
      [first.number, first.action, first.subject, first.details],
      [1, 'order retried', ORDER, '{"closed":2,"isServed":true,"decision":"keep"}'],
    );
    assert.deepEqual([second.number, second.action, second.details], [2, 'rules imported', '{}']);
    assert.notEqual(first.actor, '');
    assert(Number.isSafeInteger(first.at));
    assert.deepEqual(await store.read.audit({ before: 2, limit: 10 }), [first]);
    assert.deepEqual(await store.read.audit({ limit: 1 }), [second]);
  });

  promise('a whole chain is found whole, and its end told', async (store) => {
    assert.deepEqual(await store.read.verifyAudit(), { count: 0 });
    await Promise.all(Array.from({ length: 30 }, () => add(store)));
    const rows = await store.read.audit({ limit: 100 });
    assert.deepEqual(
      rows.map(({ number }) => number),
      Array.from({ length: 30 }, (_, index) => 30 - index),
    );
    assert.deepEqual(await store.read.verifyAudit(), { count: 30, head: rows[0]?.sha256 });
  });

  promise('what fails is not logged, and breaks nothing', async (store) => {
    await add(store);
    await assert.rejects(
      store.transact(async (tx) => {
        await tx.audited({ action: 'account chosen', subject: 'freshbooks' });
        throw new Error('No');
      }),
    );
    await add(store);
    assert.equal((await store.read.verifyAudit()).count, 2);
    assert.equal((await store.read.verifyAudit()).fault, undefined);
  });
}
