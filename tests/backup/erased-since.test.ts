import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { backUpDatabase, restoreDatabase } from '#app.ts';
import { instant } from '#core/time.ts';
import type { Store } from '#pipeline/ports.ts';
import { eraseOrder } from '#pipeline/redaction.ts';
import { backUp } from '#storage/backup.ts';
import { restore } from '#storage/restore.ts';
import { KEY, closingAfter, damage, inFolder, openAt } from '#tests/backup/books.ts';
import { ORDER, SHOP, hold, message, record } from '#tests/build.ts';
import { hurriedClock } from '#tests/clock.ts';
import { openStage } from '#tests/stage.ts';
import type { Placed, Stage } from '#tests/stage.ts';

/** Who asked to be forgotten stays so when a backup from before is put back. */

const ACCESS = { secrets: [], settings: [], identity: 'identity:freshbooks' };
const SINCE = instant(9000);
/** More than are made to read the database that stands there, fewer than those and the ones for its place: 200 each time. */
const LATE_WAITS = 500;
/** By their numbers: how each message stands in the backup, and since. */
const MESSAGES = [
  { before: 'sorted', since: 'sorted' },
  { before: 'accepted', since: 'sorted' },
  { before: 'held', since: 'ignored' },
  { before: 'held', since: 'sorted' },
] as const;

/** What the shop tells of an order whose buyer has this name and address. */
function bodyOf({ sandbox }: Stage, order: Placed, name: string): string {
  const body = JSON.parse(sandbox.shopify.webhooks.body(order.id));
  const email = `${name.toLowerCase()}@example.com`;
  const address = { ...body.billing_address, last_name: name, address1: `${name} Street 17` };
  const customer = { ...body.customer, id: Number(order.id) + 9, email, last_name: name };
  return JSON.stringify({ ...body, email, customer, billing_address: address, shipping_address: address });
}

async function settle(store: Store, when: 'before' | 'since'): Promise<void> {
  await store.transact(async (tx) => {
    for (const [index, states] of MESSAGES.entries()) {
      const id = String(index + 1);
      const state = states[when];
      await (state === 'accepted'
        ? undefined
        : tx.settleDelivery(id, { state, ...(state === 'sorted' ? { order: ORDER } : {}) }));
    }
  });
}

async function blankAll(store: Store): Promise<void> {
  await store.transact(async (tx) => {
    for (const [index] of MESSAGES.entries()) {
      await tx.redactDelivery(String(index + 1), SINCE);
    }
  });
}

/** The backup of a database that names Kim everywhere, which has forgotten him since. */
async function forgotten(
  path: (name: string) => string,
  { isBlankBefore = false }: { isBlankBefore?: boolean } = {},
): Promise<void> {
  const store = await openAt(path('a.db'));
  await store.transact(async (tx) => {
    await tx.putOrder(record({ reason: 'FreshBooks refused (status 422): Kim' }));
    for (const [index] of MESSAGES.entries()) {
      const body = Buffer.from(`{"of": "Kim", "number": ${index}}`);
      await tx.acceptDelivery(message({ externalId: `told-${index}`, body }), instant(index));
    }
    const detail = 'FreshBooks refused (status 422): Kim';
    const facts = [{ name: 'Message', value: 'Kim' }];
    await tx.openHold(hold({ detail, facts, exchange: { request: 'Kim', answer: 'Kim' } }));
    const { order: _order, ...ofMessage } = hold({ delivery: '3', step: 'read', detail: 'Unreadable: Kim' });
    await tx.openHold(ofMessage);
    await tx.tell({ key: 'remark:Kim', sentence: 'Kim was named', order: ORDER, at: instant(1) });
    const client = { source: SHOP, customerId: 'email:hash of Kim', externalId: '77', filledFields: [] };
    await tx.mapClient({ account: 'freshbooks', ...client });
  });
  await settle(store, isBlankBefore ? 'since' : 'before');
  if (isBlankBefore) {
    await blankAll(store);
  }
  await backUp({ databasePath: path('a.db'), file: path('backup'), isOverwriting: false });
  await settle(store, 'since');
  await blankAll(store);
  await store.transact(async (tx) => {
    const without = (text: string): string => text.replaceAll('Kim', '…');
    await tx.reviseTexts({ order: ORDER }, without);
    await tx.reviseTexts({ delivery: '3' }, without);
    await tx.dropClient({ account: 'freshbooks', source: SHOP, customerId: 'email:hash of Kim' });
  });
  await store.scrub('rewritten');
  await store.close();
}

const put = (path: (name: string) => string, clock = hurriedClock()) =>
  restore({
    databasePath: path('a.db'),
    file: path('backup'),
    clock,
    key: { path: path('counterfoil.key'), configured: KEY },
    access: ACCESS,
  });

void describe('a backup from before a redaction', () => {
  void test('brings nothing back of whom was redacted since, and all of the others', async () => {
    const stage = await openStage({ environment: { SHOPIFY_API_KEY: '', SHOPIFY_API_SECRET: '' } });
    const elsewhere = await mkdtemp(join(tmpdir(), 'counterfoil-backup-'));
    try {
      const file = join(elsewhere, 'backup');
      const tell = async (name: string) => {
        const order = stage.sandbox.world.scenario('paid, one line');
        return stage.tell({ topic: 'orders/create', order, body: bodyOf(stage, order, name) });
      };
      const { key } = await tell('Kimplanted');
      const other = await tell('Leeplanted');
      await backUpDatabase(stage.config, { file, isOverwriting: false, isWithKey: false });
      await eraseOrder(stage.app.eraser, key);
      await stage.app.store.scrub('rewritten');
      let blankedCount = 0;
      await stage.restart(async (config) => {
        ({ blankedCount } = await restoreDatabase(config, { clock: hurriedClock() }, file));
      });
      assert.equal(blankedCount, 1);
      const folder = dirname(stage.config.databasePath);
      const naming = (name: RegExp): string[] =>
        readdirSync(folder).filter((each) => name.test(readFileSync(join(folder, each), 'latin1')));
      assert.deepEqual(naming(/kimplanted/i), []);
      assert.ok(naming(/leeplanted/i).length > 0);
      const [erased] = await stage.app.store.read.deliveriesOf(key);
      assert.notEqual(erased?.redactedAt, undefined);
      const [kept] = await stage.app.store.read.deliveriesOf(other.key);
      assert.equal(kept?.redactedAt, undefined);
    } finally {
      await stage.close();
      await rm(elsewhere, { recursive: true, force: true });
    }
  });

  void test('keeps what it has not read, and what was read only since', () =>
    inFolder(async (path) => {
      await forgotten(path);
      assert.equal((await put(path)).blankedCount, 2);
      using file = new DatabaseSync(path('a.db'), { readOnly: true });
      const told = file
        .prepare('select state, length(body) > 0 as is_told from deliveries order by id')
        .all();
      assert.deepEqual(
        told.map((row) => [row['state'], row['is_told'] === 1]),
        [
          ['sorted', false],
          ['accepted', true],
          ['ignored', false],
          ['held', true],
        ],
      );
    }));

  void test('has no sentence that quotes him, no question about what is blank, and no way to find his client', () =>
    inFolder(async (path) => {
      await forgotten(path);
      await put(path);
      using file = new DatabaseSync(path('a.db'), { readOnly: true });
      const rows = ['holds', 'notices', 'orders', 'clients'].map((table) =>
        JSON.stringify(file.prepare(`select * from ${table}`).all()),
      );
      assert.deepEqual(
        rows.filter((text) => text.includes('Kim')),
        [],
      );
      const open = file.prepare('select order_key, detail, facts from holds where closed_at is null').all();
      assert.deepEqual(
        open.map((row) => ({ ...row })),
        [
          {
            order_key: ORDER,
            detail: 'FreshBooks refused (status 422): …',
            facts: '[{"name":"Message","value":"…"}]',
          },
        ],
      );
    }));

  void test('brings back no sentence that quotes him and no way to find his client where his messages were blank before it', () =>
    inFolder(async (path) => {
      await forgotten(path, { isBlankBefore: true });
      assert.equal((await put(path)).blankedCount, 0);
      const folder = dirname(path('a.db'));
      const naming = readdirSync(folder).filter((name) =>
        readFileSync(join(folder, name), 'latin1').includes('Kim'),
      );
      assert.deepEqual(naming, ['backup'], 'nor in the gaps of its file');
    }));

  void test('keeps how clients are found that no redaction forgets, though the database that stands there is new', () =>
    inFolder(async (path) => {
      await forgotten(path);
      rmSync(path('a.db'));
      await (await openAt(path('a.db'))).close();
      const backup = await openAt(path('backup'));
      const client = { account: 'freshbooks', source: SHOP, externalId: '77', filledFields: [] };
      await backup.transact((tx) => tx.mapClient({ ...client, customerId: '4711' }));
      await backup.close();
      await put(path);
      using file = new DatabaseSync(path('a.db'), { readOnly: true });
      const known = file.prepare('select customer_id from clients').all();
      assert.ok(known.some((row) => row['customer_id'] === '4711'));
    }));

  void test('takes the place of a damaged database all the same', () =>
    inFolder(async (path) => {
      await forgotten(path);
      damage(path('a.db'), 'deliveries');
      const { blankedCount, unread } = await put(path);
      assert.deepEqual([blankedCount, unread], [0, ['redactions']], 'and says that it could not be read');
    }));

  void test('waits for another command that has the database to itself, and is refused while that does not end', () =>
    inFolder(async (path) => {
      await forgotten(path);
      const other = new DatabaseSync(path('a.db'));
      other.exec(
        'pragma locking_mode = exclusive; begin immediate; delete from settings where 1 = 0; commit',
      );
      await assert.rejects(put(path, closingAfter(other, LATE_WAITS)), {
        code: 'database-busy',
        message: /end what uses it first$/,
      });
      assert.equal(other.prepare('select count(*) as count from deliveries').get()?.['count'], 4);
      const { blankedCount } = await put(path, closingAfter(other, 3));
      assert.equal(blankedCount, 2);
    }));

  void test('is refused where the database that stands there cannot be read and is not damaged', () =>
    inFolder(async (path) => {
      await forgotten(path);
      rmSync(path('a.db'));
      mkdirSync(path('a.db'));
      await assert.rejects(put(path), { code: 'database-failed', message: /move "[^"]*a\.db" away/ });
    }));
});
