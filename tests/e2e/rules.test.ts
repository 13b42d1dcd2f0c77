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
import { orderBody } from '#sim/shopify/body.ts';
import { toJson } from '#sim/shopify/json.ts';
import { DEFAULT_SWITCHES } from '#sim/shopify/switches.ts';
import { createWorld } from '#sim/world.ts';
import { startService } from '#tests/service.ts';
import type { Service } from '#tests/service.ts';
import { until } from '#tests/until.ts';
import type { Ended } from './cli-process.ts';
import { runCommand } from './command.ts';

/** Booking rules as a person keeps them: a file, the database, and a server that runs meanwhile. */

const HEAD = 'version: 1\nroutes:\n  - from: shopify\n    to: freshbooks\n';
const BOOKED_WITHIN_MS = 30_000;

describe('without a shop', () => {
  let folder: string;
  const run = (args: readonly string[], input?: string): Promise<Ended> =>
    runCommand(args, { cwd: folder, ...(input === undefined ? {} : { input }) });

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
    assert.equal(second, 'wrong.yaml:6:16 Key end_state is "send" (do you mean sent?), allowed: sent, draft');
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

  test('whatever is wrong with a file is one line for each mistake, ends with 1 and imports nothing', async () => {
    const before = await run(['config', 'export']);
    const route = '  - from: shopify\n    to: freshbooks\n';
    const files: readonly (readonly [string, string | Buffer, RegExp])[] = [
      ['empty', '', /^empty\.yaml:1:1 The file is empty, allowed: a map of version, routes$/],
      ['syntax', `${HEAD}    skip: [a\n`, /^syntax\.yaml:\d+:\d+ The file is no YAML: [^\n]+$/],
      [
        'double',
        `${HEAD}    po_number: "A{order_id}"\n    po_number: "B{order_id}"\n`,
        /^double\.yaml:6:5 Key po_number stands twice, allowed: each key once$/,
      ],
      [
        'type',
        `${HEAD}    due_offset_days: "15"\n`,
        /^type\.yaml:5:22 Key due_offset_days is "15", allowed: a whole number from 0 to 365$/,
      ],
      [
        'routes',
        HEAD + route,
        /^routes\.yaml:5:11 A route from shopify stands twice, allowed: one route from each source$/,
      ],
      [
        'source',
        HEAD.replace('shopify', 'shopfy'),
        /^source\.yaml:3:11 Key from is "shopfy" \(do you mean shopify\?\), allowed: shopify, amazon$/,
      ],
      [
        'books',
        HEAD.replace('freshbooks', 'quickbooks'),
        /^books\.yaml:4:9 Key to is "quickbooks", allowed: freshbooks$/,
      ],
      [
        'latin',
        Buffer.from(`${HEAD}    terms: "caf\u00E9"\n`, 'latin1'),
        /^latin\.yaml:5:16 The file is no text in UTF-8 from here on: save it in that encoding$/,
      ],
      [
        'large',
        `${HEAD}# ${'x'.repeat(1024 * 1024)}\n`,
        /^large\.yaml:1:1 The file is larger than 1048576 bytes, in which every rule with the longest lists has room$/,
      ],
      [
        'day',
        `${HEAD}    books_start: 2026-02-30\n`,
        /^day\.yaml:5:18 Key books_start is "2026-02-30", which is no such date, allowed: none, a date from 2000-01-01 to 2099-12-31$/,
      ],
    ];
    for (const [name, content, sentence] of files) {
      await writeFile(join(folder, `${name}.yaml`), content);
      const { code, out, err } = await run(['config', 'import', `${name}.yaml`]);
      assert.deepEqual([code, out], [1, ''], name);
      assert.match(err.trimEnd(), sentence);
    }
    const absent = await run(['config', 'import', 'absent.yaml']);
    assert.equal(absent.code, 1);
    assert.match(absent.err, /^Cannot read "absent\.yaml": there is no such file$/m);
    assert.equal((await run(['config', 'export'])).out, before.out);
  });

  test('config import says which rules hold for all orders at once, and what a file that leaves one out drops', async () => {
    await writeFile(
      join(folder, 'days.yaml'),
      `${HEAD}    books_start: 2026-01-01\n    closed_through: 2999-01-01\n`.replace(
        '2999-01-01',
        '2099-01-01',
      ),
    );
    const first = await run(['config', 'import', 'days.yaml']);
    assert.equal(first.code, 0, first.err);
    assert.match(first.out, /^shopify: books_start +none → 2026-01-01$/m);
    assert.match(
      first.out,
      /^For all orders at once, also those already booked: books_start, closed_through$/m,
    );
    assert.match(
      first.out,
      /^closed_through is 2099-01-01, which is not over yet: until then every order is held$/m,
    );
    await writeFile(join(folder, 'least.yaml'), HEAD);
    const second = JSON.parse((await run(['config', 'import', 'least.yaml', '--json'])).out) as {
      changes: { rule: string; before: string; after: string; holdsFor: string }[];
    };
    assert.deepEqual(
      second.changes
        .filter(({ holdsFor }) => holdsFor === 'all-orders')
        .map(({ rule, before, after }) => [rule, before, after]),
      [
        ['books_start', '2026-01-01', 'none'],
        ['closed_through', '2099-01-01', 'none'],
      ],
    );
    await run(['config', 'import', 'days.yaml']);
    assert.match(
      (await run(['config', 'import', 'least.yaml'])).out,
      /^books_start was 2026-01-01 and is none from now on: a rule that the file leaves out gets its default$/m,
    );
  });

  test('what holds for two routes is told once, and what one of them has names it', async () => {
    const route = (from: string, rules: string): string =>
      `  - from: ${from}\n    to: freshbooks\n    closed_through: 2026-03-31\n${rules}`;
    const file = (more: string): string =>
      `version: 1\nroutes:\n${route('shopify', '')}${route('amazon', more)}`;
    const { out } = await run(['config', 'import', '-'], file('    channel_fees: per_settlement\n'));
    assert.match(out, /^For all orders at once, also those already booked: closed_through$/m);
    assert.equal(out.match(/^No expense category is chosen for refunds/gm)?.length, 1);
    assert.match(out, /^From amazon: No expense category is chosen for fees/m);
    const without = await run(['config', 'import', '-'], file('').replaceAll(/ +closed_through.*\n/g, ''));
    assert.equal(without.out.match(/closed_through was 2026-03-31 and is none/g)?.length, 1);
    const help = (await run(['config', 'import', '--help'])).out;
    assert.match(help, /books_start, closed_through, refund_category and fee_category hold for all at once/);
  });

  test('config check and preview warn of taxes as own lines and of refunds without a category', async () => {
    await writeFile(join(folder, 'own.yaml'), `${HEAD}    tax_lines: { NO: own_lines }\n`);
    const order = createWorld({ seed: 5, clock: Date }).scenario('paid, one line');
    const body = toJson(
      orderBody(order, { shop: createWorld({ seed: 5, clock: Date }).shop, switches: DEFAULT_SWITCHES }),
    );
    for (const { code, out } of [
      await run(['config', 'check', 'own.yaml']),
      await run(['preview', '-', '--rules', 'own.yaml'], body),
    ]) {
      assert.equal(code, 0);
      assert.match(out, /^Taxes stand as lines of their own on invoices of NO \(tax_lines\): /m);
      assert.match(out, /^No expense category is chosen for refunds \(refund_category\): /m);
    }
    await writeFile(join(folder, 'chosen.yaml'), `${HEAD}    refund_category: Returns\n`);
    assert.doesNotMatch((await run(['config', 'check', 'chosen.yaml'])).out, /No expense category/);
    const { warnings } = JSON.parse((await run(['config', 'import', 'chosen.yaml', '--json'])).out) as {
      warnings: string[];
    };
    assert.match(
      warnings[0] ?? '',
      /^It is not known whether FreshBooks has the expense category "Returns": /,
    );
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
  assert.equal((await runCommand(['config', 'import', file], { cwd: folder, environment })).code, 0);
  await assert.rejects(app.serve(), /became "presentment" during the start/);
  await app.close();
  await rm(folder, { recursive: true, force: true });
});

describe('beside a running server', () => {
  let folder: string;
  let sandbox: Sandbox;
  let service: Service;
  let environment: Record<string, string>;
  const run = (...args: string[]): Promise<Ended> => runCommand(args, { cwd: folder, environment });
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
    const { out } = await run('explain', order.name);
    assert.match(out, /^Nothing is booked, nor is to be$/m);
    assert.doesNotMatch(out, /Difference|To the cent/);
    assert.equal(sandbox.freshbooks.account().invoices.length, 2);
    sandbox.world.act(order.id, { kind: 'settle', status: 'success' });
    await sandbox.shopify.webhooks.deliverDue();
    await stateOf(order.name.slice(1), 'settled');
    assert.equal(sandbox.freshbooks.account().invoices.at(-1)?.status, 4);
  });

  test('the example of the documents is imported, and the next orders are booked by it', async () => {
    const example = join(import.meta.dirname, '..', '..', 'docs', 'rules-example.yaml');
    const imported = await run('config', 'import', example);
    assert.equal(imported.code, 0, imported.err);
    assert.doesNotMatch(imported.out, /has no expense category|is not known whether/);
    const order = sandbox.world.place({
      to: 'US-NY',
      items: [{ kind: 'product', index: 4, quantity: 1 }],
      payment: { kind: 'paid', gateway: 'shopify_payments' },
      tipCents: 250n,
    });
    const till = sandbox.world.scenario('paid at the till in cash, no customer');
    await sandbox.shopify.webhooks.deliverDue();
    await stateOf(order.name.slice(1), 'settled');
    assert.match((await stateOf(till.name.slice(1), 'skipped')).reason ?? '', /^Placed in "pos"/);
    const booked = sandbox.freshbooks
      .account()
      .invoices.find(({ number }) => number === `ACME-${order.name.slice(1)}`);
    assert.equal(booked?.status, 4);
    assert.deepEqual(
      booked.lines.map(({ name, taxes }) => [
        name.replace(/ \(.*/, ''),
        taxes.map(({ name, percent }) => `${name} ${percent}`),
      ]),
      [
        ['T-shirt "Crème brûlée"', ['NY sales tax 8.875']],
        ['Tip for the roasters', []],
      ],
    );
    assert.equal(booked.texts['terms'], `Order ${order.name} at acme.example. Not a request for payment.`);
  });

  test('a category that FreshBooks does not have is warned of by import and doctor, with one that is near', async () => {
    const file = join(folder, 'category.yaml');
    await writeFile(file, `${HEAD}    refund_category: Other expense\n    books_start: 2026-01-01\n`);
    const { code, out } = await run('config', 'import', file);
    assert.equal(code, 0);
    assert.match(
      out,
      /^FreshBooks has no expense category "Other expense" \(do you mean "Other Expenses"\?\)\. It has "/m,
    );
    const asked = await run('doctor');
    assert.equal(asked.code, 1);
    assert.match(
      asked.out,
      /^problem +Refund category +FreshBooks has no expense category "Other expense" \(do you/m,
    );
    await writeFile(
      file,
      `${HEAD}    refund_category: other expenses\n    tax_lines: { default: own_lines }\n`,
    );
    assert.doesNotMatch((await run('config', 'import', file)).out, /has no expense category/);
    const known = (await run('doctor')).out;
    assert.match(known, /^ok +Refund category +"other expenses", which FreshBooks has$/m);
    assert.match(
      known,
      /^warning +Booking rules +[^]+→ Taxes stand as lines of their own on invoices of every other country \(tax_lines\): /m,
    );
    assert.match(
      known,
      /^warning +Open days +No first day is set \(books_start\), no day is closed \(closed_through\)$/m,
    );
    await writeFile(file, HEAD);
    await run('config', 'import', file);
    assert.match((await run('doctor')).out, /^warning +Refund category +None is chosen: /m);
  });

  test('an import that opens days again says how many orders were held for it, and a retry books them', async () => {
    const file = join(folder, 'closed.yaml');
    const booked = sandbox.world.scenario('paid, two lines, code discount');
    await sandbox.shopify.webhooks.deliverDue();
    await stateOf(booked.name.slice(1), 'settled');
    await writeFile(file, `${HEAD}    closed_through: 2099-01-01\n`);
    await run('config', 'import', file);
    const order = sandbox.world.scenario('paid, one line');
    // Its invoice could be reduced, were it not for its day.
    sandbox.world.act(booked.id, { kind: 'edit', edit: { kind: 'remove', line: 1, quantity: 1 } });
    await sandbox.shopify.webhooks.deliverDue();
    await stateOf(order.name.slice(1), 'held');
    await stateOf(booked.name.slice(1), 'held');
    assert.match((await run('explain', booked.name)).out, /Closed day: \d{4}-\d\d-\d\d, of invoice SHOPIFY-/);
    await writeFile(file, HEAD);
    const { out } = await run('config', 'import', file);
    assert.match(
      out,
      /^Held for want of it until now: 2 orders\. Have them planned anew by counterfoil retry --all-held$/m,
    );
    assert.doesNotMatch((await run('config', 'import', file)).out, /Held for want/);
    await run('retry', '--all-held');
    await stateOf(order.name.slice(1), 'settled');
    await until(`${booked.name} asks of the money alone`, async () => {
      const { reason } = await stateOf(booked.name.slice(1), 'held');
      return reason?.includes('more than its invoice holds') === true;
    });
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
