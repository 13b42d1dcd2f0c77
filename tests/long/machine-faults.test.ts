import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  rmSync,
  statSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { CATALOGUE } from '#core/failure.ts';
import { expectedBooks } from '#sim/check.ts';
import { scriptedFaults } from '#sim/faults.ts';
import type { ScriptedFaults } from '#sim/faults.ts';
import { openSandbox } from '#sim/main.ts';
import type { Sandbox } from '#sim/main.ts';
import { standingOf } from '#sim/standing.ts';
import { spawnService, startService } from '#tests/service.ts';
import type { Service } from '#tests/service.ts';
import { startPostReceiver } from '#tests/contract/post-receiver.ts';
import { until } from '#tests/until.ts';
import { send } from '#tests/webhook.ts';
import type { Ended } from '#tests/e2e/cli-process.ts';
import { runCommand } from '#tests/e2e/command.ts';

/**
 * Faults of the machine and of FreshBooks, against the real process. Always: what is not stored is not acknowledged and is answered 503
 * with the reason, the process says what to do and goes on by itself once it can, and nothing is lost or booked twice.
 */

const SECRET = 'whsec_faults';
/** The service writes now and then as well. */
const BUSY_MS = 5_000;

interface Scene {
  readonly folder: string;
  readonly databasePath: string;
  readonly sandbox: Sandbox;
  readonly faults: ScriptedFaults;
  readonly environment: Readonly<Record<string, string>>;
  start(more?: Readonly<Record<string, string>>): Promise<Service>;
  /** Places an order and sends its webhook once. */
  tell(service: Service, order?: Placed): Promise<Told>;
  /** Waits until every order that was acknowledged stands once and equals the shop. */
  booked(service: Service): Promise<void>;
  cli(...args: string[]): Promise<Ended>;
}

type Placed = ReturnType<Sandbox['world']['placeRandom']>;

interface Told {
  readonly order: Placed;
  readonly status: number;
  readonly title: string;
  readonly detail: string;
}

/** In a folder of its own, or one that the test has prepared. */
async function onScene(body: (scene: Scene) => Promise<void>, prepared?: string): Promise<void> {
  const folder = prepared ?? (await mkdtemp(join(tmpdir(), 'counterfoil-faults-')));
  const faults = scriptedFaults();
  const sandbox = await openSandbox({ seed: 77, faults });
  const databasePath = join(folder, 'counterfoil.db');
  const environment = {
    ...sandbox.environment,
    SHOPIFY_WEBHOOK_SECRET: SECRET,
    UNKNOWN_WAIT_SECONDS: '1',
    DATABASE_URL: `sqlite:${databasePath}`,
  };
  const acknowledged = new Set<bigint>();
  const services: Service[] = [];
  try {
    await body({
      folder,
      databasePath,
      sandbox,
      faults,
      environment,
      async start(more) {
        const service = await startService({ ...environment, ...more });
        services.push(service);
        return service;
      },
      async tell(service, order = sandbox.world.scenario('paid, one line')) {
        const answer = await send({
          origin: service.origin,
          secret: SECRET,
          shopDomain: sandbox.world.shop.domain,
          body: sandbox.shopify.webhooks.body(order.id),
          webhookId: `delivery-${order.id}`,
        });
        const { title = '', detail = '' } = JSON.parse(await answer.text());
        if (answer.status === 200) acknowledged.add(order.id);
        return { order, status: answer.status, title, detail };
      },
      async booked(service) {
        const wrong = (): string[] => [...acknowledged].flatMap((id) => differences(sandbox, id));
        await until('all that was acknowledged is booked', () => wrong().length === 0, 60_000).catch(
          (cause: unknown) => {
            throw new Error(`${wrong().join('\n')}\n${service.output()}`, { cause });
          },
        );
        assert.equal(sandbox.freshbooks.account().invoices.length, acknowledged.size, 'and nothing else');
        assert.deepEqual(sandbox.freshbooks.outbox, []);
      },
      cli: (...args) => runCommand(args, { cwd: folder, environment }),
    });
  } finally {
    await Promise.all(services.map((service) => service.kill()));
    await sandbox.close();
    if (prepared === undefined) {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

async function inOwnFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'counterfoil-faults-'));
  try {
    return await body(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function differences(sandbox: Sandbox, id: bigint): string[] {
  const order = sandbox.world.order(id);
  assert.ok(order !== undefined);
  const { now } = expectedBooks(order);
  const { net, paid, numbers, isDraft } = standingOf(sandbox, order);
  const isRight = net === now.worth && paid === now.kept && numbers.length === 1 && !isDraft;
  return isRight ? [] : [`${order.name}: ${numbers.length} invoices of ${net}, ${paid} paid`];
}

/** Sends orders until one is refused; answers with that one. */
async function fill(scene: Scene, service: Service): Promise<Told> {
  const TRIES_MAX = 400;
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const told = await scene.tell(service);
    if (told.status !== 200) {
      return told;
    }
  }
  throw new Error(`${TRIES_MAX} orders fitted`);
}

/** Until what was refused is taken, as a shop repeats it. */
async function taken(scene: Scene, service: Service, order: Placed): Promise<void> {
  await until('it is taken', async () => (await scene.tell(service, order)).status === 200, 30_000);
}

async function receivingAlarms() {
  const receiver = await startPostReceiver();
  const kinds = (): readonly string[] =>
    receiver.posts().flatMap(({ body }) => {
      const { raised }: { readonly raised: readonly { readonly kind: string }[] } = JSON.parse(body);
      return raised.map(({ kind }) => kind);
    });
  return { origin: receiver.origin, kinds, [Symbol.asyncDispose]: () => receiver.close() };
}

function hasEnded(pid: number): boolean {
  try {
    return !process.kill(pid, 0);
  } catch {
    return true;
  }
}

const isReady = async ({ origin }: Service): Promise<number> => (await fetch(`${origin}/readyz`)).status;

void describe('a disk', { concurrency: false }, () => {
  void test('that is full is told with what to do, and books go on when there is room', async (context) => {
    await onSmallDisk(context, async (scene, disk) => {
      const service = await scene.start();
      await scene.tell(service);
      await scene.booked(service);
      const ballast = join(disk.path, 'ballast');
      fillDisk(ballast);
      const refused = await fill(scene, service);
      assert.deepEqual(
        [refused.status, refused.title, refused.detail],
        [503, 'Not stored, please send again', CATALOGUE['database-full'].sentence],
      );
      assert.match(service.output(), /"code":"database-full"/);
      assert.equal(
        await until('it says that it is not ready', async () => (await isReady(service)) === 503),
        true,
      );
      const { code, out } = await scene.cli('doctor');
      assert.equal(code, 1);
      assert.match(out, /problem +Database +.*full.*\n.*→ The disk that holds the database is full/s);
      rmSync(ballast);
      await taken(scene, service, refused.order);
      await scene.booked(service);
      // Told from what was looked at seconds ago.
      await until('it says that it is ready', async () => (await isReady(service)) === 200);
      assert.equal(await service.stop(), 0);
    });
  });

  void test('that is full, or may not be written, after a clean stop is told as that, and the database can be copied', async (context) => {
    await onSmallDisk(context, async (scene, disk) => {
      const service = await scene.start();
      await scene.tell(service);
      await scene.booked(service);
      assert.equal(await service.stop(), 0);
      remount(disk, 'ro');
      const unread = await scene.cli('orders');
      assert.equal(unread.code, 1);
      assert.match(unread.err, /the folder ".*data" cannot be written, which is needed to read it too/);
      await inOwnFolder(async (own) => {
        const file = join(own, 'copy.db');
        const { code, err } = await scene.cli('backup', file);
        assert.deepEqual([code, err], [0, '']);
        using copy = new DatabaseSync(file, { readOnly: true });
        assert.equal(Number(copy.prepare('select count(*) as count from orders').get()?.['count']), 1);
      });
      remount(disk, 'rw');
      const log = `${scene.databasePath}-wal`;
      closeSync(openSync(log, 'w'));
      remount(disk, 'ro');
      const unsafe = await scene.cli('backup', join(tmpdir(), 'counterfoil-never.db'));
      assert.equal(unsafe.code, 1);
      assert.match(
        unsafe.err,
        /its folder cannot be written, and beside it is what was not written into it yet/,
      );
      remount(disk, 'rw');
      rmSync(log);
      fillDisk(join(disk.path, 'ballast'));
      const full = await scene.cli('orders');
      assert.equal(full.code, 1);
      assert.match(full.err, /The disk that holds the database is full/);
    });
  });

  void test('on which files may grow no more is told, and books go on when they may', (context) =>
    onScene(async (scene) => {
      if (isMissing(context, 'prlimit')) return;
      const service = await scene.start();
      await scene.tell(service);
      await scene.booked(service);
      const { size } = statSync(`${scene.databasePath}-wal`);
      limitFileSize(service, size + 64 * 1024);
      const refused = await fill(scene, service);
      assert.deepEqual(
        [refused.status, refused.title, refused.detail],
        [503, 'Not stored, please send again', CATALOGUE['database-failed'].sentence],
      );
      limitFileSize(service, 'unlimited');
      await taken(scene, service, refused.order);
      await scene.booked(service);
      assert.equal(await service.stop(), 0);
    }));

  void test('with a data folder that may not be written ends the start with what to do', (context) =>
    onScene(async (scene) => {
      if (isRoot() && isMissing(context, 'setpriv')) return;
      const service = await scene.start();
      assert.equal(await service.stop(), 0);
      chmodSync(join(scene.folder, 'counterfoil.db'), 0o400);
      chmodSync(scene.folder, 0o500);
      const { status, stderr } = await serveBound(scene);
      chmodSync(scene.folder, 0o700);
      assert.equal(status, 1);
      assert.match(
        stderr,
        /The database cannot be read or written\. Check the disk and the data folder’s permissions/,
      );
    }));
});

void describe('an address to listen on', { concurrency: false }, () => {
  const starting = (more: Readonly<Record<string, string>>): Promise<Ended> =>
    inOwnFolder((folder) =>
      runCommand(['serve'], { cwd: folder, environment: { LOG_LEVEL: 'error', ...more } }),
    );

  void test('that is taken, or is not this machine’s, ends the start with what to do', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    try {
      await once(other, 'listening');
      const { port } = other.address() as AddressInfo;
      const taken = await starting({ PORT: String(port) });
      assert.equal(taken.code, 1);
      assert.equal(
        taken.err,
        `PORT: another program listens on port ${port} of 127.0.0.1. Stop it, or set PORT to a free one\n`,
      );
    } finally {
      other.close();
    }
    // Of the addresses for documentation, RFC 5737: nobody has it.
    const absent = await starting({ HOST: '203.0.113.9', PORT: '0' });
    assert.equal(absent.code, 1);
    assert.match(absent.err, /^HOST: this machine has no address "203\.0\.113\.9"\. Set HOST to .*\n$/);
  });
});

void describe('a log that nobody reads any more', { concurrency: false }, () => {
  void test('stops no server: it goes on and stops as it should', () =>
    onScene(async (scene) => {
      const service = await scene.start({ LOG_LEVEL: 'debug' });
      await scene.tell(service);
      service.unread();
      await scene.tell(service);
      await scene.tell(service);
      await scene.booked(service);
      assert.equal(await service.stop(), 0);
    }));

  void test('leaves a command the exit code that it has', () =>
    onScene(async ({ folder, environment }) => {
      const command = spawn(
        process.execPath,
        [join(import.meta.dirname, '../../src/main.ts'), 'explain', '#1'],
        {
          cwd: folder,
          env: { PATH: process.env['PATH'], ...environment },
          stdio: ['ignore', 'ignore', 'pipe'],
        },
      );
      command.stderr.destroy();
      const [code] = await once(command, 'exit');
      assert.equal(code, 1);
    }));
});

void describe('a database', { concurrency: false }, () => {
  void test('that is named by a link has one server all the same', () =>
    onScene(async (scene) => {
      const service = await scene.start();
      const link = join(scene.folder, 'other.db');
      symlinkSync(scene.databasePath, link);
      const other = spawnService({ ...scene.environment, DATABASE_URL: `sqlite:${link}` });
      await assert.rejects(other.listening);
      assert.match(
        other.output(),
        new RegExp(`Process ${service.pid}, started .* already serves the database`),
      );
      assert.equal(await service.stop(), 0);
    }));

  void test('that has two names is not served, since a server under the other would not be seen', () =>
    onScene(async (scene) => {
      const service = await scene.start();
      assert.equal(await service.stop(), 0);
      mkdirSync(join(scene.folder, 'other'));
      linkSync(scene.databasePath, join(scene.folder, 'other', 'books.db'));
      const { ino } = statSync(scene.databasePath);
      const told = `DATABASE_URL: the file "${scene.databasePath}" has 2 names (hard links), and a server that uses it under another one would not be seen: remove the others. find FOLDER -inum ${ino} lists them`;
      const { code, err } = await scene.cli('serve');
      assert.deepEqual([code, err], [1, `${told}\n`]);
      const doctor = await scene.cli('doctor', '--json');
      assert.equal(doctor.code, 1);
      assert.ok(doctor.out.includes(JSON.stringify(told)), doctor.out);
      rmSync(join(scene.folder, 'other', 'books.db'));
      assert.equal(await (await scene.start()).stop(), 0);
    }));

  void test('with a damaged page is not served: serve and doctor say what to do', () =>
    onScene(async (scene) => {
      const first = await scene.start();
      for (let order = 0; order < 5; order += 1) {
        await scene.tell(first);
      }
      await scene.booked(first);
      assert.equal(await first.stop(), 0);
      damage(scene.databasePath, 'entries');
      const { code, err } = await scene.cli('serve');
      assert.equal(code, 1);
      assert.match(err, new RegExp(escaped(CATALOGUE['database-damaged'].sentence)));
      const doctor = await scene.cli('doctor');
      assert.equal(doctor.code, 1);
      assert.match(doctor.out, /problem +Database pages +/);
      assert.match(
        doctor.out.replace(/\s+/g, ' '),
        /put the newest backup in its place: counterfoil restore/,
      );
    }));

  void test('that refuses the last write of a start ends the process, which neither stays nor answers', () =>
    onScene(async (scene) => {
      const before = await scene.start();
      assert.equal(await before.stop(), 0);
      using other = new DatabaseSync(scene.databasePath, { timeout: BUSY_MS });
      other.exec(
        "create trigger refusing before insert on audit when new.action = 'server started' begin select raise(abort, 'planted'); end",
      );
      const service = spawnService({ ...scene.environment });
      try {
        const refused = assert.rejects(service.listening);
        await until('it has ended', () => hasEnded(service.pid), 15_000);
        await refused;
        assert.match(service.output(), /planted/);
      } finally {
        await service.kill();
      }
    }));

  void test('that is damaged while it is served acknowledges nothing that it could not store', () =>
    onScene(async (scene) => {
      const service = await scene.start();
      await scene.tell(service);
      await scene.booked(service);
      using other = new DatabaseSync(scene.databasePath, { timeout: BUSY_MS });
      // While the service reads, pages stay in the log, and what is damaged in the file is never looked at.
      const checkpoint = other.prepare('pragma wal_checkpoint(truncate)');
      await until('the log is in the file', () => checkpoint.get()?.['busy'] === 0);
      damage(scene.databasePath, 'deliveries');
      damage(scene.databasePath, 'orders');
      // Another process has written, so that what this one remembers of the file counts no more.
      other.exec("insert into settings (key, value) values ('another', 'process')");
      const told = await scene.tell(service);
      assert.deepEqual(
        [told.status, told.title, told.detail],
        [503, 'Not stored, please send again', CATALOGUE['database-damaged'].sentence],
      );
      assert.match(service.output(), /"code":"database-damaged"/);
      await until('it says that it is not ready', async () => (await isReady(service)) === 503);
    }));

  void test('that another process holds longer than anybody waits is told, also by an alarm, and books go on when it is free', () =>
    onScene(async (scene) => {
      await using receiver = await receivingAlarms();
      const service = await scene.start({
        ALARM_WEBHOOK_URL: receiver.origin,
        ALARM_WEBHOOK_SECRET: SECRET.repeat(2),
        ALARM_QUEUE_MINUTES: '1',
        ALARM_GROUP_SECONDS: '0',
      });
      await scene.tell(service);
      await scene.booked(service);
      using other = new DatabaseSync(scene.databasePath, { timeout: BUSY_MS });
      other.exec('begin immediate');
      const refused = await scene.tell(service);
      assert.deepEqual(
        [refused.status, refused.title, refused.detail],
        [503, 'Not stored, please send again', CATALOGUE['database-busy'].sentence],
      );
      await until('it is told by an alarm', () => receiver.kinds().includes('unwritten'), 180_000);
      other.exec('rollback');
      await taken(scene, service, refused.order);
      await scene.booked(service);
      assert.deepEqual(receiver.kinds(), ['unwritten']);
    }));
});

void describe('FreshBooks', { concurrency: false }, () => {
  void test('that takes calls and never answers keeps no webhook waiting, and all is booked once', () =>
    onScene(async (scene) => {
      const { faults } = scene;
      faults.add({ fault: { kind: 'hang', effect: 'committed' }, times: Number.POSITIVE_INFINITY });
      const service = await scene.start();
      for (let count = 0; count < 20; count += 1) {
        const began = performance.now();
        assert.equal((await scene.tell(service)).status, 200);
        assert.ok(performance.now() - began < 5_000, 'within the time that a shop waits');
      }
      await until('a call hangs', () => faults.injected.length > 0);
      await until(
        'the account is taken for down',
        async () => (await pauseText(scene)).includes('has been down'),
        90_000,
      );
      faults.clear();
      await scene.booked(service);
    }));

  void test('that is down is one matter for all its orders, and doctor, orders and explain say so', () =>
    onScene(async (scene) => {
      const { faults } = scene;
      faults.add({ fault: { kind: 'status', status: 503 }, times: Number.POSITIVE_INFINITY });
      const service = await scene.start();
      const orders: Placed[] = [];
      for (let count = 0; count < 6; count += 1) {
        orders.push((await scene.tell(service)).order);
      }
      const text = await until('the account is down', async () => {
        const pause = await pauseText(scene);
        return pause.includes('has been down') && pause;
      });
      assert.match(text, /FreshBooks has been down for .*, \d orders? waits? for it: .* answered 503/);
      const waiting = await until('orders wait for it', async () => {
        const { out } = await scene.cli('orders', '--state', 'waiting', '--json');
        const listed: { name: string; waitsFor: string | null }[] = JSON.parse(out).orders;
        return listed.filter(({ waitsFor }) => waitsFor === 'freshbooks').length >= 3 && listed;
      });
      const name = waiting.find(({ waitsFor }) => waitsFor === 'freshbooks')?.name ?? '';
      const explained = await scene.cli('explain', name);
      assert.match(
        explained.out.replace(/\s+/g, ' '),
        /Account "freshbooks" is down since .* \(request-server-error\); the order waits for it/,
      );
      const before = scene.sandbox.freshbooks.calls.length;
      faults.clear();
      await scene.booked(service);
      assert.ok(scene.sandbox.freshbooks.calls.length > before);
      assert.match(await pauseText(scene), /FreshBooks is not paused/);
      assert.match(service.output(), /"account down"/);
    }));
});

async function pauseText(scene: Scene): Promise<string> {
  const { out } = await scene.cli('doctor', '--json');
  const checks: { name: string; text: string }[] = JSON.parse(out).checks;
  return checks.find(({ name }) => name === 'Pause')?.text ?? '';
}

interface Disk {
  readonly path: string;
  unmount(): void;
}

/** The scene's data alone on a disk that a test can fill. */
async function onSmallDisk(
  context: TestContext,
  body: (scene: Scene, disk: Disk) => Promise<void>,
): Promise<void> {
  const disk = await mountedDisk(context, 6);
  if (disk === undefined) {
    return;
  }
  try {
    const folder = join(disk.path, 'data');
    mkdirSync(folder, { mode: 0o700 });
    await onScene((scene) => body(scene, disk), folder);
  } finally {
    disk.unmount();
  }
}

/** A disk of so many megabytes, where this machine lets a test have one. */
async function mountedDisk(context: TestContext, megabytes: number): Promise<Disk | undefined> {
  const path = await mkdtemp(join(tmpdir(), 'counterfoil-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path]);
  if (mounted.status !== 0) {
    rmSync(path, { recursive: true });
    context.skip('a small disk cannot be mounted here: it takes root');
    return undefined;
  }
  return {
    path,
    unmount() {
      assert.equal(spawnSync('umount', [path]).status, 0);
      rmSync(path, { recursive: true });
    },
  };
}

function remount({ path }: Disk, how: 'ro' | 'rw'): void {
  assert.equal(spawnSync('mount', ['-o', `remount,${how}`, path]).status, 0);
}

/** To its last byte. */
function fillDisk(path: string): void {
  const handle = openSync(path, 'w');
  try {
    for (const bytes of [65_536, 4_096, 1]) {
      while (fits(handle, bytes));
    }
  } finally {
    closeSync(handle);
  }
}

function fits(handle: number, bytes: number): boolean {
  try {
    return writeSync(handle, Buffer.alloc(bytes)) === bytes;
  } catch (thrown) {
    assert.ok(thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOSPC');
    return false;
  }
}

/** Of a running process, in bytes. */
function limitFileSize({ pid }: Service, bytes: number | 'unlimited'): void {
  const done = spawnSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`]);
  assert.equal(done.status, 0, String(done.stderr));
}

/** A tool of util-linux that this machine does not have. */
function isMissing(context: TestContext, tool: 'prlimit' | 'setpriv'): boolean {
  const isThere = spawnSync(tool, ['--version']).status === 0;
  if (!isThere) context.skip(`${tool} is not here: install util-linux`);
  return !isThere;
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** `serve` by somebody whom permissions bind: root may write anything, unless that right is taken away. */
async function serveBound({
  environment,
  folder,
}: Scene): Promise<{ readonly status: number | null; readonly stderr: string }> {
  const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts');
  const serve = [process.execPath, main, 'serve'];
  const [command = '', ...rest] = isRoot()
    ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search', ...serve]
    : serve;
  const child = spawn(command, rest, {
    cwd: folder,
    env: { PORT: '0', PATH: process.env['PATH'], ...environment },
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { status, stderr };
}

/** Writes over the first page of a table, as a disk does that forgets. */
function damage(databasePath: string, table: string): void {
  using database = new DatabaseSync(databasePath, { readOnly: true });
  const { root } =
    database.prepare('select rootpage as root from sqlite_master where name = ?').get(table) ?? {};
  const { page_size: size } = database.prepare('pragma page_size').get() ?? {};
  const handle = openSync(databasePath, 'r+');
  writeSync(handle, Buffer.alloc(Number(size), 0xa5), 0, Number(size), (Number(root) - 1) * Number(size));
  closeSync(handle);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
