import assert from 'node:assert/strict';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { HOUR, MINUTE } from '#core/time.ts';
import { openSandbox } from '#sim/main.ts';
import type { Sandbox, SandboxOptions } from '#sim/main.ts';
import { orderBody } from '#sim/shopify/body.ts';
import { toJson } from '#sim/shopify/json.ts';
import { DEFAULT_SWITCHES } from '#sim/shopify/switches.ts';
import { listen } from '#sim/socket.ts';
import { createWorld } from '#sim/world.ts';
import type { ScenarioName } from '#sim/world/scenarios.ts';
import { startService } from '#tests/service.ts';
import type { Service } from '#tests/service.ts';
import { until } from '#tests/until.ts';
import { send } from '#tests/webhook.ts';
import { consentTo, runCli, startCli } from './cli-process.ts';
import type { Ended } from './cli-process.ts';
import { runCommand, startCommand } from './command.ts';
import type { StartedCommand } from './command.ts';

/** The command line as a person meets it: its text and its exit code, and where the process has a part in it, the real process. */

const FIRST_STEP_WITHIN_MS = 30_000;
const ROOT = join(import.meta.dirname, '..', '..');

describe('without anything configured', () => {
  let folder: string;
  const run = (args: readonly string[], input?: string): Promise<Ended> =>
    runCommand(args, { cwd: folder, ...(input === undefined ? {} : { input }) });

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'counterfoil-cli-'));
  });

  after(() => rm(folder, { recursive: true, force: true }));

  test('--version and --help are done, with examples', async () => {
    const [version, help] = await Promise.all([
      runCli(['--version'], { cwd: folder }),
      runCli(['--help'], { cwd: folder }),
    ]);
    assert.equal(version.code, 0);
    assert.match(version.out, /^\d+\.\d+\.\d+\n$/);
    assert.equal(help.code, 0);
    assert.match(help.out, /Examples:\n {2}counterfoil demo/);
  });

  test('wrong use ends with 2, a sentence on standard error and no stack', async () => {
    const lines = [
      [],
      ['orders', '--colour'],
      ['nothing'],
      ['explain'],
      ['preview'],
      ['orders', '--state', 'lost'],
      ['orders', '--limit', '0'],
      ['webhooks', 'mend'],
      ['alarms', 'mend'],
      ['preview', 'x.json', '--source', 'ebay'],
      ['retry'],
      ['retry', '1001', '--all-held'],
      ['journal'],
      ['journal', '--month', 'November'],
      ['journal', '--month', '2026-13'],
      ['preview', ''],
      ['backup', ''],
      ['restore', ''],
      ['config', 'check', ''],
      ['config', 'import', ''],
    ];
    const { code: exitCode } = await runCli(['nothing'], { cwd: folder });
    assert.equal(exitCode, 2);
    const ended = await Promise.all(lines.map(async (args) => ({ args, ...(await run(args)) })));
    for (const { args, code, out, err } of ended) {
      assert.equal(code, 2, `${args.join(' ')}: ${err}`);
      assert.equal(out, '', args.join(' '));
      assert.match(err, /\S/, args.join(' '));
      assert.doesNotMatch(err, /\n {4}at /, args.join(' '));
    }
  });

  const full = existsSync('/dev/full') ? {} : { skip: 'no /dev/full here, which is a disk that is full' };
  test('what cannot be written because the disk is full is said, and is a failure', full, async () => {
    const out = openSync('/dev/full', 'w');
    const { code, err } = await runCli(['--help'], { cwd: folder, out });
    closeSync(out);
    assert.equal(code, 1);
    assert.match(err, /^What was to be shown cannot be written \(ENOSPC\)$/m);
    assert.doesNotMatch(err, /\n {4}at /);
  });

  test('a wrong use is told as JSON under --json, and nothing beside it', async () => {
    const lines = [
      ['orders', '--limit', 'x'],
      ['orders', '--nonsense'],
      ['decide', '1001', 'perhaps'],
      ['explain'],
      ['journal'],
      ['retry'],
      ['nothing'],
    ];
    for (const args of lines) {
      const { code, out, err } = await run([...args, '--json']);
      assert.deepEqual([code, out], [2, ''], args.join(' '));
      const { error } = JSON.parse(err) as { error: { code: string; message: string } };
      assert.equal(error.code, 'usage', args.join(' '));
      assert.match(error.message, /^[A-Z]/, args.join(' '));
    }
  });

  test('preview reads a file and needs no database', async () => {
    await writeFile(join(folder, 'order.json'), bodyOf('paid, two lines, code discount'));
    const { code, out, err } = await runCli(['preview', 'order.json'], { cwd: folder });
    assert.equal(err, '');
    assert.equal(code, 0);
    assert.match(out, /^Invoice +SHOPIFY-1001$/m);
    assert.match(out, /^Difference +0\.00 USD$/m);
    assert.ok(!out.includes('\u001B'), 'no colours into a pipe');
    await assert.rejects(stat(join(folder, 'data')));
  });

  test('the order that the README previews is one to the cent', async () => {
    const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
    assert.match(readme, /^npx counterfoil preview docs\/order-example\.json$/m);
    const { code, out } = await run(['preview', join(ROOT, 'docs', 'order-example.json')]);
    assert.equal(code, 0);
    assert.match(out, /^Difference +0\.00 USD$/m);
    assert.match(out, /^How: FreshBooks computes the charged total by itself \(native\)$/m);
  });

  test('preview reads standard input and answers as JSON', async () => {
    const { code, out } = await run(['preview', '-', '--json'], bodyOf('test order'));
    assert.equal(code, 0);
    const shown = JSON.parse(out) as {
      outcome: string;
      reason: string;
      proof: { shop: { worth: { amount: string } }; books: { invoices: unknown[] } };
    };
    assert.deepEqual([shown.outcome, shown.reason], ['skipped', 'Test order of the shop']);
    assert.equal(shown.proof.shop.worth.amount, '86.51');
    assert.deepEqual(shown.proof.books.invoices, []);
  });

  test('preview of an order that does not add up ends with 1 and shows both sums', async () => {
    const body = bodyOf('paid, one line').replace(/"total_price":"[\d.]+"/, '"total_price":"1.00"');
    const whole = body.replace(/("total_price_set":\{"shop_money":\{"amount":")[\d.]+/, '$11.00');
    const { code, out } = await runCli(['preview', '-'], { cwd: folder, input: whole });
    assert.equal(code, 1);
    assert.match(out, /^Held: Order #1001 says 1\.00 USD and its lines sum to 93\.41 USD$/m);
    assert.match(out, /Difference +-92\.41 USD/);
  });

  test('preview of an order whose taxes FreshBooks cannot come to ends with 1', async () => {
    const body = bodyOf('paid, Quebec').replaceAll('"rate":0.05', '"rate":0.5');
    const { code, out } = await run(['preview', '-'], body);
    assert.equal(code, 1);
    assert.match(out, /^Held: Invoice .* FreshBooks would compute/m);
  });

  test('preview of what is no order ends with 1 and says what is wrong, without a stack', async () => {
    const results = [
      await run(['preview', 'absent.json']),
      await run(['preview', '-'], '{"a": 1'),
      await run(['preview', '-'], '{"id": 5}'),
      await run(['preview', '-', '--json'], ''),
    ];
    assert.deepEqual(
      results.map(({ code, out }) => [code, out]),
      Array.from({ length: 4 }, () => [1, '']),
    );
    assert.match(results[0]?.err ?? '', /^Cannot read "absent.json": there is no such file$/m);
    assert.match(results[1]?.err ?? '', /is not JSON$/m);
    assert.equal((JSON.parse(results[3]?.err ?? '') as { error: { code: string } }).error.code, 'command');
    results.forEach(({ err }) => assert.doesNotMatch(err, /\n {4}at /));
  });

  test('preview of an order within another object says to give the order alone', async () => {
    for (const text of [
      `{"order": ${bodyOf('paid, one line')}}`,
      `{ "orders":[${bodyOf('paid, one line')}]}`,
    ]) {
      const { code, err } = await run(['preview', '-'], text);
      assert.equal(code, 1);
      assert.match(
        err,
        /^Cannot read standard input .*: give one order alone, what stands within "orders?"$/m,
      );
    }
  });

  test('migrate makes the database and its key, which only its owner reads', async () => {
    const first = await run(['migrate']);
    assert.equal(first.code, 0);
    assert.match(first.out, /has schema version \d+: applied 1 start/);
    assert.match((await run(['migrate'])).out, /nothing was to be done/);
    assert.equal((await stat(join(folder, 'data', 'counterfoil.key'))).mode & 0o777, 0o600);
  });

  test('orders has a table or JSON without any order too', async () => {
    assert.match(
      (await run(['orders'])).out,
      /^No orders fit: the database "data\/counterfoil\.db" holds none yet/,
    );
    const { code, out } = await run(['orders', '--json']);
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(out), { orders: [], isCut: false, heldMessages: [] });
  });

  test('journal says what a month is, and has one without any order too', async () => {
    const wrong = await run(['journal', '--month', '2026-11-01']);
    assert.equal(wrong.code, 2);
    assert.match(wrong.err, /Write a month as YYYY-MM, such as 2026-11/);
    const { code, out } = await run(['journal', '--month', '2026-11', '--json']);
    assert.equal(code, 0);
    const shown = JSON.parse(out) as { month: string; currencies: unknown[] };
    assert.deepEqual([shown.month, shown.currencies], ['2026-11', []]);
  });

  test('connect freshbooks says what to set and which scopes the app must have, before there is an app', async () => {
    const { code, err } = await run(['connect', 'freshbooks']);
    assert.equal(code, 1);
    assert.match(err, /set FRESHBOOKS_CLIENT_ID, FRESHBOOKS_CLIENT_SECRET and FRESHBOOKS_REDIRECT_URI/);
    assert.match(err, /^Scope to enable +user:invoices:write$/m);
    assert.match(err, /^Scope to enable +user:journal_entries:write$/m);
  });

  test('connect freshbooks says of a code that it cannot read what is wrong with it, and where an answer comes to', async () => {
    const environment = {
      FRESHBOOKS_CLIENT_ID: 'a',
      FRESHBOOKS_CLIENT_SECRET: 'b',
      FRESHBOOKS_REDIRECT_URI: 'https://elsewhere.example/callback',
    };
    const connect = (...args: string[]): Promise<Ended> =>
      runCommand(['connect', 'freshbooks', ...args], { cwd: folder, environment });
    const short = await connect('--code', 'abc', '--state', 'xyz');
    assert.equal(short.code, 2);
    assert.match(short.err, /^This is neither an address nor a code\. Paste the whole address/);
    const alone = await connect('--code', 'a-code-of-some-length');
    assert.equal(alone.code, 2);
    assert.match(alone.err, /^--code takes .* or the code together with --state/);
    const asking = startCommand(['connect', 'freshbooks'], { cwd: folder, environment });
    await asking.seen(/which is not this server[^)]+\)\.\s+Paste\s/);
    asking.type('https://elsewhere.example/callback?error=access_denied\n');
    assert.equal((await asking.ended()).code, 1);
  });

  test('a database that does not exist yet is named, so that a wrong folder is seen', async () => {
    const { code, err } = await run(['explain', '1001']);
    assert.equal(code, 1);
    assert.match(err, /^There is no order "1001": the database "data\/counterfoil\.db" holds none yet/);
  });

  test('doctor finds problems, says what to do and ends with 1', async () => {
    const { code, out } = await run(['doctor']);
    assert.equal(code, 1);
    assert.match(out, /^problem +Shop +No shop is configured\n +→ Set SHOPIFY_SHOP_DOMAIN$/m);
    assert.match(out, /^problem +FreshBooks app +Not configured$/m);
    assert.match(out, /^ok +Database/m);
  });

  test('doctor tells a clock that is not that of those who are asked', async () => {
    const clockOf = async (aheadMs: number): Promise<string> => {
      const date = new Date(Date.now() - aheadMs).toUTCString();
      const shop = await listen(async () => Response.json({}, { status: 401, headers: { date } }));
      const environment = {
        SHOPIFY_SHOP_DOMAIN: 'a.myshopify.com',
        SHOPIFY_ACCESS_TOKEN: 'shpat_planted',
        SHOPIFY_API_URL: shop.origin,
      };
      const { out } = await runCommand(['doctor'], { cwd: folder, environment });
      await shop.close();
      return /^\w+ +Clock +.*$/m.exec(out)?.[0] ?? '';
    };
    assert.match(await clockOf(3 * HOUR), /^problem +Clock +This machine’s clock is 3 h ahead of those/);
    assert.match(await clockOf(-5 * MINUTE), /^problem +Clock +This machine’s clock is 5 min behind those/);
    assert.match(await clockOf(0), /^ok +Clock +This machine’s clock agrees with those who were asked$/);
  });

  test('doctor tells a wrong setting and goes no further', async () => {
    const { code, out } = await runCommand(['doctor', '--json'], {
      cwd: folder,
      environment: { PORT: 'eighty' },
    });
    assert.equal(code, 1);
    const { checks } = JSON.parse(out) as { checks: { name: string; state: string; text: string }[] };
    assert.deepEqual(
      checks.map(({ state }) => state),
      ['ok', 'problem'],
    );
    assert.match(checks[1]?.text ?? '', /PORT: "eighty"/);
  });

  test('connecting without settings names them', async () => {
    const [books, shop, hooks] = await Promise.all([
      run(['connect', 'freshbooks']),
      run(['connect', 'shopify']),
      run(['webhooks']),
    ]);
    assert.deepEqual([books.code, shop.code, hooks.code], [1, 1, 1]);
    assert.match(books.err, /FRESHBOOKS_CLIENT_ID/);
    assert.match(shop.err, /SHOPIFY_SHOP_DOMAIN/);
    assert.match(hooks.err, /COUNTERFOIL_PUBLIC_URL/);
  });

  test('a file .env is read and real variables win', async () => {
    await writeFile(join(folder, '.env'), 'PORT=eighty\nSHOPIFY_SHOP_DOMAIN=from-file.myshopify.com\n');
    const shown = await runCli(['preview', '-'], {
      cwd: folder,
      input: bodyOf('paid, one line'),
      environment: { SHOPIFY_SHOP_DOMAIN: 'from-variable.myshopify.com' },
    });
    assert.match(shown.out, /^Order #1001 of from-variable\.myshopify\.com/);
    assert.match((await runCli(['orders'], { cwd: folder })).err, /^PORT: "eighty" is not a whole number/);
    await rm(join(folder, '.env'));
  });

  test('what of a file .env does not count is told beside the result of any command', async () => {
    await writeFile(join(folder, '.env'), 'SHOPIFY_SHOP_DOMAIN: a.myshopify.com\nPORT=80#80\n');
    const { code, out, err } = await runCli(['config', 'export', '--json'], { cwd: folder });
    assert.deepEqual([code, Object.keys(JSON.parse(out))], [0, ['routes']]);
    assert.equal(
      err,
      'The file .env, line 1: it is no NAME=value, so it does not count\nThe file .env, line 2: of PORT what follows # does not count: put the value in quotes\n',
    );
    await rm(join(folder, '.env'));
  });

  test('a file .env as editors of Windows write it is read, or said to be unreadable', async () => {
    const file = join(folder, '.env');
    await writeFile(file, '\uFEFFPORT=eighty\r\nLOG_LEVEL=info\r\n');
    assert.match((await runCli(['orders'], { cwd: folder })).err, /^PORT: "eighty" is not a whole number/);
    await writeFile(file, '\uFEFFPORT=eighty\r\n', 'utf16le');
    const { err } = await runCli(['orders'], { cwd: folder });
    assert.equal(
      err,
      "The file .env is no text in UTF-8, so only the process's variables count: save it as UTF-8\n",
    );
    await rm(file);
  });
});

describe('beside a running server', () => {
  let folder: string;
  let sandbox: Sandbox;
  let service: Service;
  let environment: Record<string, string>;
  const run = (...args: string[]): Promise<Ended> => runCommand(args, { cwd: folder, environment });
  const json = async <T>(...args: string[]): Promise<T> =>
    JSON.parse((await run(...args, '--json')).out) as T;

  before(async () => {
    ({ folder, sandbox, environment } = await prepared({ seed: 5 }));
    service = await startService(environment);
    sandbox.deliverTo(service.origin);
    // It does so at its start and then in five minutes: who changes the shop meanwhile would be seen by doctor.
    await until('it has asked the shop what changed', async () =>
      /^ok +Shop changes +Asked /m.test((await run('doctor')).out),
    );
  });

  after(async () => {
    await service.stop();
    await sandbox.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('connect shopify names the shop, and what the app lacks', async () => {
    const enough = await run('connect', 'shopify');
    assert.equal(enough.code, 0, enough.err);
    assert.match(enough.out, /^Time zone +America\/New_York$/m);
    sandbox.shopify.setApp({ scopes: ['read_customers'] });
    const lacking = await run('connect', 'shopify');
    assert.equal(lacking.code, 1);
    assert.match(lacking.out, /^Missing scopes: read_orders\./m);
    sandbox.shopify.setApp({ scopes: ['read_orders', 'read_all_orders', 'read_customers'] });
    const other = { ...environment, SHOPIFY_SHOP_DOMAIN: 'acme.myshopify.com' };
    const told = await runCommand(['connect', 'shopify'], { cwd: folder, environment: other });
    assert.equal(told.code, 1);
    assert.match(told.out, new RegExp(`Set SHOPIFY_SHOP_DOMAIN=${sandbox.world.shop.domain}\n`));
    assert.match(
      (await runCommand(['doctor'], { cwd: folder, environment: other })).out,
      /^problem +Shop access +.+ answers as /m,
    );
  });

  test('webhooks are registered, found wrong, repaired and removed', async () => {
    interface Shown {
      readonly subscriptions: readonly { readonly topic: string; readonly state: string }[];
    }
    const states = async (): Promise<string[]> => [
      ...new Set((await json<Shown>('webhooks')).subscriptions.map(({ state }) => state)),
    ];
    assert.deepEqual(await states(), ['missing']);
    const registered = await run('webhooks', 'register');
    assert.match(
      registered.out,
      /^ORDERS_CREATE created: https:\/\/counterfoil\.example\/webhooks\/shopify$/m,
    );
    assert.match(registered.out, /compliance_topics/);
    assert.deepEqual(await states(), ['ok']);
    const lost = sandbox.shopify.subscriptions().find(({ topic }) => topic === 'ORDERS_PAID');
    assert.ok(lost !== undefined && sandbox.shopify.dropSubscription(lost.id));
    assert.match((await run('webhooks')).out, /^ORDERS_PAID +missing/m);
    assert.match((await run('doctor')).out, /^problem +Shop webhooks +ORDERS_PAID is missing/m);
    assert.match((await run('webhooks', 'repair')).out, /^ORDERS_PAID created/m);
    assert.match((await run('webhooks', 'remove')).out, /^ORDERS_PAID deleted/m);
    assert.deepEqual(sandbox.shopify.subscriptions(), []);
    await run('webhooks', 'register');
  });

  test('orders lists what was booked, what is held, and messages that belong to no order', async () => {
    for (const name of [
      'paid, two lines, code discount',
      'test order',
      'stated paid, money outstanding',
    ] as const) {
      sandbox.world.scenario(name);
    }
    await sandbox.shopify.webhooks.deliverDue();
    const { SHOPIFY_API_SECRET: secret = '', SHOPIFY_SHOP_DOMAIN: shopDomain = '' } = environment;
    await send({ origin: service.origin, body: '{"id":', secret, shopDomain });
    interface Shown {
      readonly orders: readonly {
        readonly name: string;
        readonly state: string;
        readonly difference: { readonly amount: string } | null;
      }[];
      readonly heldMessages: readonly unknown[];
    }
    const shown = await until(
      'the orders are booked',
      async () => {
        const now = await json<Shown>('orders');
        const states = now.orders.map(({ state }) => state).join(' ');
        return states === 'held skipped settled' && now.heldMessages.length === 1 && now;
      },
      FIRST_STEP_WITHIN_MS,
    );
    assert.deepEqual(
      shown.orders.map(({ name, difference }) => [name, difference?.amount]),
      [
        ['#1003', '0.00'],
        ['#1002', undefined],
        ['#1001', '0.00'],
      ],
    );
    const table = await run('orders', '--state', 'settled');
    assert.match(
      table.out,
      /^#1001 +\d{4}-\d\d-\d\d +settled +103\.94 USD +SHOPIFY-1001 +103\.94 +103\.94 +0\.00$/m,
    );
    assert.match(
      table.out,
      /^1 message waits for a person and belongs to no order: counterfoil explain delivery:\d+$/m,
    );
    assert.doesNotMatch(table.out, /#1002/);
    assert.match((await run('orders', '--search', '1002')).out, /^#1002/m);
    const newest = await run('orders', '--limit', '2');
    const [, last = ''] = /^Older ones follow: the same with --before (\S+)$/m.exec(newest.out) ?? [];
    assert.doesNotMatch(newest.out, /^#1001/m);
    const older = await run('orders', '--limit', '1', '--before', last);
    assert.match(older.out, /^#1001/m);
    assert.doesNotMatch(older.out, /^#100[23]|Older/m);
    assert.equal((await run('orders', '--before', '#1009')).code, 1);
    const endless = 'a'.repeat(60_000);
    for (const asked of [
      ['orders', '--search', endless],
      ['explain', endless],
      ['retry', endless],
    ]) {
      const { code, err } = await run(...asked);
      assert.deepEqual([code, err.length < 200], [2, true]);
      assert.match(err, /^No order has a name of 60000 characters: give at most 200 of it/);
    }
  });

  test('explain tells an order from its messages to the cent, by any of its names', async () => {
    const told = await run('explain', '#1001');
    assert.equal(told.code, 0, told.err);
    assert.match(told.out, /Received orders\/create/);
    assert.match(told.out, /Booked: invoice SHOPIFY-1001, 103\.94 USD/);
    assert.match(told.out, /^Invoice SHOPIFY-1001 +103\.94 USD\nDifference +0\.00 USD$/m);
    assert.match(told.out, /^Payments in FreshBooks +103\.94 USD\nDifference +0\.00 USD$/m);
    const { key } = await json<{ key: string }>('explain', '#1001');
    const id = key.slice(key.indexOf('/') + 1);
    for (const name of ['1001', 'SHOPIFY-1001', key, id]) {
      assert.match((await run('explain', name)).out, /^Order #1001 of /, name);
    }
    const story = await json<{
      entries: { kind: string; state: string }[];
      proof: { difference: { amount: string } };
    }>('explain', '1001');
    assert.deepEqual(
      story.entries.map(({ kind, state }) => `${kind} ${state}`),
      ['client posted', 'invoice posted', 'sent posted', 'payment posted'],
    );
    assert.equal(story.proof.difference.amount, '0.00');
  });

  test('journal lists the month of the orders, with what they were paid by', async () => {
    const { orders } = await json<{ orders: { placedOn: string }[] }>('orders');
    const month = orders.at(-1)?.placedOn.slice(0, 7) ?? '';
    const { code, out, err } = await run('journal', '--month', month);
    assert.deepEqual([code, err], [0, '']);
    assert.match(out, new RegExp(`^Journal worksheet of ${month}, as of `));
    assert.match(out, /^shopify_payments +card +1 +103\.94$/m);
    assert.match(out, /^Not all is booked: 1 order held for a person\./m);
  });

  test('explain shows why an order is held, what no order fits, and what fits several', async () => {
    const held = await run('explain', '#1003');
    assert.match(held.out, /Held: payment \(order-cash-unclear\)/);
    assert.match(held.out, /^Received +unclear$/m);
    const [absent, several] = [await run('explain', '#9999'), await run('explain', '100')];
    assert.equal(absent.code, 1);
    assert.match(absent.err, /^There is no order "#9999"/);
    assert.equal(several.code, 2);
    assert.match(several.err, /fits 3 orders: #1003/);
  });

  test('retry closes the questions of an order and has it planned anew', async () => {
    const retried = await run('retry', '#1003');
    assert.equal(retried.code, 0, retried.err);
    assert.match(retried.out, /^Order #1003 was held and is planned anew: 1 open question is closed/);
    assert.match(retried.out, /The running server takes it up/);
    interface Story {
      readonly state: string;
      readonly holds: readonly { readonly closedBecause: string | null }[];
    }
    const story = await until('the order is held again', async () => {
      const now = await json<Story>('explain', '#1003');
      return now.state === 'held' && now.holds.length === 2 && now;
    });
    assert.deepEqual(
      story.holds.map(({ closedBecause }) => closedBecause),
      ['Released by hand', null],
    );
  });

  test('retry of a message reads it again, and --all-held takes everything', async () => {
    const { heldMessages } = await json<{ heldMessages: { delivery: string }[] }>('orders');
    const [message] = heldMessages;
    assert.ok(message !== undefined);
    const told = await run('explain', message.delivery);
    assert.match(told.out, /is not JSON/);
    assert.match(
      told.out,
      /^Body +\d+ bytes, sha256 [0-9a-f]{64}$/m,
      'its length and hash, and not its content',
    );
    assert.match(told.out, /^x-shopify-topic +orders\/create$/m);
    assert.match((await run('retry', message.delivery)).out, /is read again/);
    await until(
      'it is held again',
      async () => (await json<{ heldMessages: unknown[] }>('orders')).heldMessages.length === 1,
    );
    const all = await json<{ released: { what: string }[]; isServed: boolean }>('retry', '--all-held');
    assert.equal(all.isServed, true);
    assert.equal(all.released.length, 2);
    const other = await run('retry', 'delivery:77');
    assert.equal(other.code, 1);
  });

  test('doctor is well, and names the server that runs', async () => {
    const { code, out, err } = await run('doctor');
    assert.equal(err, '');
    assert.equal(code, 0, out);
    assert.match(out, new RegExp(`^ok +Server +Process ${service.pid}, `, 'm'));
    assert.match(out, /^ok +FreshBooks account +SiMfb1 /m);
    assert.match(out, /^warning +Held +1 order /m);
    assert.doesNotMatch(out, /shpss_|simulated-client-secret/);
  });

  test('connect freshbooks notices the answer that the server took', async () => {
    const connecting = startCommand(['connect', 'freshbooks'], { cwd: folder, environment });
    const answer = await consentTo(connecting);
    const page = await fetch(new URL(`/auth/freshbooks/callback${answer.search}`, service.origin));
    assert.equal(page.status, 200);
    const { code, out } = await connecting.ended();
    assert.equal(code, 0, out);
    assert.match(out, /^Connected to FreshBooks account SiMfb1 "Simulated Shop Co" as owner/m);
  });

  test('a pipeline’s log is no part of a command’s output', async () => {
    const { err } = await runCommand(['orders'], {
      cwd: folder,
      environment: { ...environment, LOG_LEVEL: 'debug' },
    });
    assert.equal(err, '');
  });
});

describe('connecting FreshBooks without a server', () => {
  let folder: string;
  let sandbox: Sandbox;
  let environment: Record<string, string>;
  const connect = (...args: string[]): StartedCommand =>
    startCommand(['connect', 'freshbooks', ...args], { cwd: folder, environment });

  before(async () => {
    ({ folder, sandbox, environment } = await prepared({
      seed: 6,
      accounts: [
        { id: 'AAAAA1', name: 'First Shop' },
        { id: 'BBBBB2', name: 'Second Shop' },
        { id: 'CCCCC3', name: 'A client’s books', role: 'client' },
      ],
    }));
    const { FRESHBOOKS_ACCESS_TOKEN: _access, FRESHBOOKS_REFRESH_TOKEN: _refresh, ...unseeded } = environment;
    environment = unseeded;
  });

  after(async () => {
    await sandbox.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('the whole address can be pasted, and of several accounts one is asked for', async () => {
    const connecting = connect();
    const answer = await consentTo(connecting);
    connecting.type('not an answer\n');
    await connecting.seen(/^This is neither an address nor a code\. Paste the whole address/m);
    connecting.type('https://my.freshbooks.com/#/dashboard\n');
    await connecting.seen(
      /^This address holds no answer of FreshBooks\. Paste the whole address[^]+\/callback/m,
    );
    connecting.type(`${answer.href}\n`);
    await connecting.seen(/Type its id \(AAAAA1, BBBBB2\):/);
    connecting.type('nonsense\nBBBBB2\n');
    const { code, out, err } = await connecting.ended();
    assert.equal(code, 0, out + err);
    assert.match(out, /^CCCCC3 .+client +no /m);
    assert.match(out, /^Connected to FreshBooks account BBBBB2 "Second Shop" as owner/m);
    assert.match(out, /SHOPIFY-1002/);
  });

  test('the code alone can be pasted, and --account decides', async () => {
    const connecting = connect('--account', 'AAAAA1', '--json');
    const answer = await consentTo(connecting, 'err');
    connecting.type(`${answer.searchParams.get('code')}\n`);
    const { code, out } = await connecting.ended();
    assert.equal(code, 0);
    const { account, missingScopes } = JSON.parse(out) as {
      account: { accountId: string };
      missingScopes: string[];
    };
    assert.deepEqual([account.accountId, missingScopes], ['AAAAA1', []]);
  });

  test('code and state can be given as options', async () => {
    const first = startCli(['connect', 'freshbooks'], { cwd: folder, environment });
    const answer = await consentTo(first);
    first.child.kill('SIGKILL');
    await first.ended();
    const second = await runCommand(['connect', 'freshbooks', '--code', answer.href, '--account', 'AAAAA1'], {
      cwd: folder,
      environment,
    });
    assert.equal(second.code, 0, second.err);
    const again = await runCommand(['connect', 'freshbooks', '--code', answer.href], {
      cwd: folder,
      environment,
    });
    assert.equal(again.code, 1);
    assert.match(again.err, /belongs to no open question/);
    const stateless = await runCommand(['connect', 'freshbooks', '--code', 'abcdefgh'], {
      cwd: folder,
      environment,
    });
    assert.equal(stateless.code, 2);
    const elsewhere = ['connect', 'freshbooks', '--code', 'https://my.freshbooks.com/'];
    assert.equal((await runCommand(elsewhere, { cwd: folder, environment })).code, 2);
  });

  test('a role that cannot write and an account of somebody else are refused', async () => {
    for (const [account, sentence] of [
      ['CCCCC3', /No write access in CCCCC3[^]+Connect as owner or administrator/],
      ['DDDDD4', /Account "DDDDD4" is none of the connected person’s/],
    ] as const) {
      const connecting = connect('--account', account);
      connecting.type(`${(await consentTo(connecting)).href}\n`);
      const { code, err } = await connecting.ended();
      assert.equal(code, 1);
      assert.match(err, sentence);
    }
  });

  test('the address of the callback is listened on in the server’s place', async () => {
    const port = await freePort();
    environment = { ...environment, PORT: String(port) };
    const connecting = connect('--account', 'AAAAA1');
    const answer = await consentTo(connecting);
    const origin = `http://127.0.0.1:${port}`;
    assert.equal((await fetch(`${origin}/webhooks/shopify`, { method: 'POST', body: '{}' })).status, 401);
    assert.equal((await fetch(`${origin}/auth/freshbooks/callback${answer.search}`)).status, 200);
    const { code, out } = await connecting.ended();
    assert.equal(code, 0, out);
  });

  test('a refusal at the consent page is told', async () => {
    const connecting = connect();
    const answer = await consentTo(connecting);
    const state = answer.searchParams.get('state') ?? '';
    connecting.type(
      `https://counterfoil.example/auth/freshbooks/callback?error=access_denied&state=${state}\n`,
    );
    const { code, err } = await connecting.ended();
    assert.equal(code, 1);
    assert.match(err, /The consent was not given: access_denied/);
  });

  test('no token stands in the database as it was given', async () => {
    const bytes = await readFile(join(folder, 'counterfoil.db'), 'latin1');
    assert.doesNotMatch(bytes, /eyJhbGciOi/);
  });
});

async function prepared(
  options: SandboxOptions,
): Promise<{ folder: string; sandbox: Sandbox; environment: Record<string, string> }> {
  const folder = await mkdtemp(join(tmpdir(), 'counterfoil-cli-'));
  const sandbox = await openSandbox(options);
  const own = { DATABASE_URL: `sqlite:${join(folder, 'counterfoil.db')}`, PORT: '0' };
  return { folder, sandbox, environment: { ...sandbox.environment, ...own } };
}

async function freePort(): Promise<number> {
  const listener = await listen(async () => new Response());
  await listener.close();
  return listener.port;
}

function bodyOf(name: ScenarioName): string {
  const world = createWorld({ seed: 5, clock: Date });
  const order = world.scenario(name);
  return toJson(orderBody(order, { shop: world.shop, switches: DEFAULT_SWITCHES }));
}
