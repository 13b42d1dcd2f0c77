import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openApp } from '#app.ts';
import { readConfig } from '#config.ts';
import { systemOutside } from '#outside.ts';
import { openSandbox } from '#sim/main.ts';
import type { Sandbox } from '#sim/main.ts';
import { startService } from '#tests/service.ts';
import type { Service } from '#tests/service.ts';
import { until } from '#tests/until.ts';
import { runCli } from './cli-process.ts';
import type { Ended } from './cli-process.ts';

/** Booking rules as a person keeps them: a file, the database, and a server that runs meanwhile. */

const HEAD = 'version: 1\nroutes:\n  - from: shopify\n    to: freshbooks\n';
const BOOKED_WITHIN_MS = 30_000;

describe('without a shop', () => {
  let folder: string;
  const run = (args: readonly string[], input?: string): Promise<Ended> =>
    runCli(args, { cwd: folder, ...(input === undefined ? {} : { input }) });

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'counterfoil-rules-'));
  });

  after(() => rm(folder, { recursive: true, force: true }));

  test('config check tells every mistake at its place, ends with 1 and makes no database', async () => {
    await writeFile(join(folder, 'wrong.yaml'), `${HEAD}    due_ofset_days: 3\n    end_state: send\n`);
    const { code, out, err } = await run(['config', 'check', 'wrong.yaml']);
    assert.deepEqual([code, out], [1, '']);
    const [first, second, ...more] = err.trimEnd().split('\n');
    assert.match(
      first ?? '',
      /^wrong\.yaml:5:5 Key "due_ofset_days" .*do you mean due_offset_days\?.*allowed: from, to, /,
    );
    assert.equal(second, 'wrong.yaml:6:16 Key end_state is "send", allowed: sent, draft');
    assert.deepEqual(more, []);
    const json = await run(['config', 'check', 'wrong.yaml', '--json']);
    const { ok, mistakes } = JSON.parse(json.err) as { ok: boolean; mistakes: { line: number }[] };
    assert.deepEqual([json.code, ok, mistakes.map(({ line }) => line)], [1, false, [5, 6]]);
    await assert.rejects(stat(join(folder, 'data')));
  });

  test('config check says ok and shows each rule', async () => {
    const { code, out } = await run(['config', 'check', '-'], `${HEAD}    due_offset_days: 3\n`);
    assert.equal(code, 0);
    assert.match(out, /^ok\n\nFrom shopify to freshbooks\n/);
    assert.match(out, /^due_offset_days +3$/m);
    assert.match(out, /^book_when +created$/m);
  });

  test('config import says what changes, and an import of what was exported changes nothing', async () => {
    await writeFile(join(folder, 'rules.yaml'), `${HEAD}    due_offset_days: 3\n    skip: { tags: [vip] }\n`);
    const first = await run(['config', 'import', 'rules.yaml']);
    assert.equal(first.code, 0, first.err);
    assert.match(first.out, /^shopify: due_offset_days +15 → 3$/m);
    assert.match(first.out, /^shopify: skip\.tags +\[\] → \["vip"\]$/m);
    const exported = await run(['config', 'export']);
    assert.match(exported.out, /^ {4}# Days from the invoice date to the due date\n {4}due_offset_days: 3$/m);
    await writeFile(join(folder, 'exported.yaml'), exported.out);
    assert.match((await run(['config', 'import', 'exported.yaml'])).out, /^Nothing changes/);
    const changes = JSON.parse((await run(['config', 'import', 'exported.yaml', '--json'])).out) as {
      changes: unknown[];
    };
    assert.deepEqual(changes.changes, []);
    assert.equal((await run(['config', 'export'])).out, exported.out);
  });

  test('config import of a file with a mistake changes nothing', async () => {
    const before = await run(['config', 'export']);
    const { code, err } = await run(['config', 'import', 'wrong.yaml']);
    assert.equal(code, 1);
    assert.match(err, /^wrong\.yaml:5:5 /);
    assert.equal((await run(['config', 'export'])).out, before.out);
  });

  test('a file that is not there or no text is a sentence, not a stack', async () => {
    await writeFile(join(folder, 'latin.yaml'), Buffer.from([0x76, 0xe9]));
    const absent = await run(['config', 'check', 'absent.yaml']);
    const latin = await run(['config', 'check', 'latin.yaml']);
    assert.deepEqual([absent.code, latin.code], [1, 1]);
    assert.match(absent.err, /^Cannot read "absent\.yaml": there is no such file$/m);
    assert.match(latin.err, /^Cannot read "latin\.yaml": it is no text in UTF-8$/m);
  });
});

test('a server that was starting while the currency side changed does not start', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'counterfoil-rules-'));
  const environment = {
    SHOPIFY_SHOP_DOMAIN: 'acme.myshopify.com',
    DATABASE_URL: `sqlite:${join(folder, 'counterfoil.db')}`,
    PORT: '0',
  };
  const app = await openApp(
    readConfig(environment),
    systemOutside(() => undefined),
  );
  const file = join(folder, 'currency.yaml');
  await writeFile(file, `${HEAD}    currency: presentment\n`);
  assert.equal((await runCli(['config', 'import', file], { cwd: folder, environment })).code, 0);
  await assert.rejects(app.serve(), /became "presentment" during the start/);
  await app.close();
  await rm(folder, { recursive: true, force: true });
});

describe('beside a running server', () => {
  let folder: string;
  let sandbox: Sandbox;
  let service: Service;
  let environment: Record<string, string>;
  const run = (...args: string[]): Promise<Ended> => runCli(args, { cwd: folder, environment });
  const stateOf = (name: string, state: string): Promise<{ readonly reason: string | null }> =>
    until(
      `order ${name} is ${state}`,
      async () => {
        const { out } = await run('orders', '--json', '--search', name);
        const { orders } = JSON.parse(out) as { orders: { state: string; reason: string | null }[] };
        return orders[0]?.state === state && orders[0];
      },
      BOOKED_WITHIN_MS,
    );

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'counterfoil-rules-'));
    sandbox = await openSandbox({ seed: 5 });
    environment = {
      ...sandbox.environment,
      DATABASE_URL: `sqlite:${join(folder, 'counterfoil.db')}`,
      PORT: '0',
    };
    service = await startService({ ...environment, COUNTERFOIL_PUBLIC_URL: 'https://counterfoil.example' });
    sandbox.deliverTo(service.origin);
    environment = { ...environment, COUNTERFOIL_PUBLIC_URL: 'https://counterfoil.example' };
    await run('webhooks', 'register');
  });

  after(async () => {
    await service.stop();
    await sandbox.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('an import holds for the next order without a restart, and the booked one keeps its rules', async () => {
    const { name: first } = sandbox.world.scenario('paid, one line');
    await sandbox.shopify.webhooks.deliverDue();
    await stateOf(first.slice(1), 'settled');
    const file = join(folder, 'rules.yaml');
    await writeFile(file, `${HEAD}    invoice_number: "ACME-{order_number}"\n    due_offset_days: 30\n`);
    assert.equal((await run('config', 'import', file)).code, 0);
    const { name: second } = sandbox.world.scenario('paid, one line');
    await sandbox.shopify.webhooks.deliverDue();
    await stateOf(second.slice(1), 'settled');
    assert.deepEqual(
      sandbox.freshbooks.account().invoices.map(({ number, status }) => [number, status]),
      [
        [`SHOPIFY-${first.slice(1)}`, 4],
        [`ACME-${second.slice(1)}`, 4],
      ],
    );
  });

  test('an order that is booked when it is paid waits, says so, and is booked once it is', async () => {
    const file = join(folder, 'paid.yaml');
    await writeFile(file, `${HEAD}    book_when: paid\n`);
    await run('config', 'import', file);
    const order = sandbox.world.scenario('unpaid, bank transfer');
    await sandbox.shopify.webhooks.deliverDue();
    const { reason } = await stateOf(order.name.slice(1), 'skipped');
    assert.match(reason ?? '', /^Waits to be booked until it is paid: 0\.00 USD of /);
    assert.equal(sandbox.freshbooks.account().invoices.length, 2);
    sandbox.world.act(order.id, { kind: 'settle', status: 'success' });
    await sandbox.shopify.webhooks.deliverDue();
    await stateOf(order.name.slice(1), 'settled');
    assert.equal(sandbox.freshbooks.account().invoices.at(-1)?.status, 4);
  });

  test('the currency side does not change under orders or under a server', async () => {
    const file = join(folder, 'currency.yaml');
    await writeFile(file, `${HEAD}    currency: presentment\n`);
    const { code, err } = await run('config', 'import', file);
    assert.equal(code, 1);
    assert.match(err, /already serves/i);
    assert.doesNotMatch((await run('config', 'export')).out, /currency: presentment/);
  });

  test('preview shows an order by the rules of a file', async () => {
    const order = sandbox.world.scenario('paid, two lines, code discount');
    const [body, file] = [join(folder, 'order.json'), join(folder, 'preview.yaml')];
    await writeFile(body, sandbox.shopify.webhooks.body(order.id));
    await writeFile(file, `${HEAD}    invoice_number: "P-{order_number}"\n    client: one_per_channel\n`);
    const { code, out } = await run('preview', body, '--rules', file);
    assert.equal(code, 0);
    assert.match(out, new RegExp(`^Invoice +P-${order.name.slice(1)}$`, 'm'));
    assert.match(out, /^Client +"Online customers - .*", shared, by the rules$/m);
    assert.equal((await readFile(file, 'utf8')).startsWith(HEAD), true);
    const wrong = await run('preview', body, '--rules', body);
    assert.equal(wrong.code, 1);
    assert.match(wrong.err, /order\.json:\d+:\d+ Key /);
    assert.doesNotMatch(wrong.err, /\n {4}at /);
  });
});
