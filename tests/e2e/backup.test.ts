import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { expectedBooks } from '#sim/check.ts';
import { openSandbox } from '#sim/main.ts';
import type { Sandbox } from '#sim/main.ts';
import { standingOf } from '#sim/standing.ts';
import { damage } from '#tests/backup/books.ts';
import { startService } from '#tests/service.ts';
import type { Service } from '#tests/service.ts';
import { until } from '#tests/until.ts';
import { send } from '#tests/webhook.ts';
import type { Ended } from './cli-process.ts';
import { runCommand } from './command.ts';

/** A person backs up a running service, loses the database, and puts the backup back. */

const SECRET = 'whsec_backup';
const ORDERS = 4;
/** How many messages are under way at once while the backup is made, and how many of them are of new orders. */
const LOAD = 4;
const LOAD_ORDERS = 8;

interface Place {
  readonly sandbox: Sandbox;
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
}

test('a backup of the busy service is put back, everything is told again, and each order stands once', async () => {
  const place = await openPlace();
  const { sandbox, folder } = place;
  const run = (...args: string[]): Promise<Ended> =>
    runCommand(args, { cwd: folder, environment: place.environment });
  try {
    const first = await startService(place.environment);
    sell(sandbox, ORDERS);
    await tellAll(place, first);
    const loaded = underLoad(place, first);
    const backup = await run('backup', 'books.db');
    const during = await loaded.stop();
    assert.equal(backup.code, 0, backup.err);
    assert.match(
      backup.out,
      /^Backed up ".*counterfoil\.db" to "books\.db": [\d.]+ [kM]?B[a-z]*, \d+ rows, in /,
    );
    assert.match(backup.out, /^Rows +.*deliveries \d+, .*orders \d+/m);
    assert.match(
      backup.out,
      /key that opens the stored tokens is not in it: keep a copy of ".*counterfoil\.key"/,
    );
    const bytes = await readFile(join(folder, 'books.db'));
    assert.ok(backup.out.includes(createHash('sha256').update(bytes).digest('hex')));
    assert.ok(during > 0, 'messages were taken in meanwhile');
    sell(sandbox, ORDERS);
    await tellAll(place, first);
    await settled(place);
    const before = rowsOf(sandbox);

    const refused = await run('restore', 'books.db');
    assert.equal(refused.code, 1);
    assert.match(refused.err, new RegExp(`^Process ${first.pid}, started .*, already serves the database`));
    await first.stop();
    const restored = await run('restore', 'books.db');
    assert.equal(restored.code, 0, restored.err);
    assert.match(restored.out, /^".*counterfoil\.db" is now what "books\.db" holds\n/);
    assert.match(restored.out, /^Kept beside it +.*counterfoil\.db\.before-restore-/m);
    assert.match(
      restored.out,
      /^What changed after the newest message is asked for by itself once the service runs/m,
    );
    assert.match(restored.out, /^Nothing is booked twice/m);
    assert.match(restored.out, /access to FreshBooks is the newest there was/);
    const log = await run('audit', '--limit', '1');
    assert.match(log.out, /command, uid \d+ +backup restored +counterfoil +file [0-9a-f]{64}, messages \d+/);
    assert.equal((await run('audit', 'verify')).code, 0);

    const second = await startService(place.environment);
    await tellAll(place, second);
    await settled(place);
    await second.stop();
    assert.deepEqual(rowsOf(sandbox), before, 'nothing was made or changed a second time');
    assert.equal(sandbox.freshbooks.outbox.length, 0);
  } finally {
    await sandbox.close();
    await rm(folder, { recursive: true, force: true });
  }
});

test('a database that a newer version wrote is not touched, and the sentence says what to do', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'counterfoil-newer-'));
  const environment = { DATABASE_URL: 'sqlite:a.db' };
  try {
    await runCommand(['migrate'], { cwd: folder, environment });
    using database = new DatabaseSync(join(folder, 'a.db'));
    database.exec("insert into migrations values (99, 'later', 1, 0)");
    const { code, err } = await runCommand(['serve'], { cwd: folder, environment });
    assert.equal(code, 1);
    assert.match(
      err,
      /^The database has version \d+ and this program knows \d+\nThe database was written by a newer version of this program\. Start that version$/m,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('a restore in the place of a damaged database says what could not be read of it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'counterfoil-unread-'));
  const run = (...args: string[]) =>
    runCommand(args, { cwd: folder, environment: { DATABASE_URL: 'sqlite:a.db' } });
  try {
    await run('migrate');
    const database = new DatabaseSync(join(folder, 'a.db'));
    database.exec(
      "insert into deliveries (connection, external_id, topic, headers, body, body_sha256, received_at, state) values ('shopify', '1', 'orders/create', '{}', 'body', 'hash', 1, 'ignored')",
    );
    database.close();
    assert.equal((await run('backup', 'books.db')).code, 0);
    damage(join(folder, 'a.db'), 'deliveries');
    damage(join(folder, 'a.db'), 'secrets');
    const { code, out, err } = await run('restore', 'books.db');
    assert.equal(code, 0, err);
    const told = out.replaceAll(/\s+/g, ' ');
    assert.match(told, /is damaged, and its access, the newest there was, could not be read/);
    assert.match(
      told,
      /is damaged, and what was redacted in it since the backup could not be read: .* Redact again/,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

async function openPlace(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'counterfoil-e2e-backup-'));
  const sandbox = await openSandbox({ seed: 21 });
  const { SHOPIFY_API_KEY: _key, SHOPIFY_API_SECRET: _secret, ...rest } = sandbox.environment;
  const environment = {
    ...rest,
    SHOPIFY_WEBHOOK_SECRET: SECRET,
    UNKNOWN_WAIT_SECONDS: '1',
    DATABASE_URL: `sqlite:${join(folder, 'counterfoil.db')}`,
  };
  return { sandbox, folder, environment };
}

function sell({ world }: Sandbox, count: number): void {
  const kinds = [
    'paid, one line',
    'paid, Quebec',
    'unpaid, bank transfer',
    'paid, guest with an address only',
  ] as const;
  for (let number = 0; number < count; number += 1) {
    world.scenario(kinds[number % kinds.length] ?? kinds[0]);
  }
}

async function tell({ sandbox }: Place, service: Service, id: bigint, webhookId?: string): Promise<void> {
  const answer = await send({
    origin: service.origin,
    secret: SECRET,
    shopDomain: sandbox.world.shop.domain,
    body: sandbox.shopify.webhooks.body(id),
    ...(webhookId === undefined ? {} : { webhookId }),
  });
  assert.equal(answer.status, 200);
}

/** Every order as it is now, under names that the shop would give the messages again. */
async function tellAll(place: Place, service: Service): Promise<void> {
  for (const { id } of place.sandbox.world.orders()) {
    await tell(place, service, id, `delivery-${id}`);
  }
}

/** Messages without a pause, new ones first, until it is stopped; answers with how many were taken in. */
function underLoad(place: Place, service: Service): { stop(): Promise<number> } {
  const { world } = place.sandbox;
  const state = { isStopped: false, taken: 0 };
  const lane = async (): Promise<void> => {
    while (!state.isStopped) {
      const order = state.taken < LOAD_ORDERS ? world.scenario('paid, one line') : world.orders()[0];
      await tell(place, service, order?.id ?? 0n);
      state.taken += 1;
    }
  };
  const lanes = Promise.all(Array.from({ length: LOAD }, lane));
  return {
    async stop() {
      state.isStopped = true;
      await lanes;
      return state.taken;
    },
  };
}

/** Until every order stands in the account as the shop says. */
async function settled({ sandbox, environment }: Place): Promise<void> {
  using database = new DatabaseSync((environment['DATABASE_URL'] ?? '').replace('sqlite:', ''), {
    readOnly: true,
  });
  const open = database.prepare(
    "select (select count(*) from deliveries where state = 'accepted') + (select count(*) from orders where state <> 'settled') as count",
  );
  await until('nothing is under way', () => Number(open.get()?.['count']) === 0, 60_000);
  for (const order of sandbox.world.orders()) {
    const { now } = expectedBooks(order);
    const { net, paid, numbers, isDraft } = standingOf(sandbox, order);
    assert.deepEqual(
      { net, paid, invoices: numbers.length, isDraft },
      { net: now.worth, paid: now.kept, invoices: 1, isDraft: false },
      order.name,
    );
  }
}

function rowsOf({ freshbooks }: Sandbox): unknown {
  const { invoices, payments, clients, creditNotes, expenses } = freshbooks.account();
  return { invoices, payments, clients, creditNotes, expenses };
}
