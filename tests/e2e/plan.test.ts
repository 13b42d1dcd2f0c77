import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openApp } from '#app.ts';
import { readConfig } from '#config.ts';
import { orderKey } from '#core/ids.ts';
import { systemOutside } from '#outside.ts';
import { openSandbox } from '#sim/main.ts';
import type { Sandbox } from '#sim/main.ts';
import { SHOP, record } from '#tests/build.ts';
import { startService } from '#tests/service.ts';
import type { Service } from '#tests/service.ts';
import { until } from '#tests/until.ts';
import type { Ended } from './cli-process.ts';
import { runCommand } from './command.ts';

/** `counterfoil plan` as a person meets it: the real process, its text, its exit code. */

const HEAD = 'version: 1\nroutes:\n  - from: shopify\n    to: freshbooks\n';
const RENAMED = `${HEAD}    tax_names: { GST: GST/TPS }\n`;
const LONG_AGO = '2020-01-01';
const BOOKED_WITHIN_MS = 30_000;

interface PlanJson {
  readonly rules: { readonly version?: string; readonly file?: string };
  readonly orders: readonly {
    readonly name: string;
    readonly outlook: string;
    readonly isApplicable: boolean;
    readonly reason?: string;
    readonly steps?: readonly { readonly kind: string; readonly text: string }[];
    readonly differences?: readonly { readonly amount: string; readonly currency: string }[];
  }[];
  readonly sum: Readonly<Record<string, unknown>>;
  readonly isCutOff: boolean;
  readonly applied: null | {
    readonly replanned: readonly string[];
    readonly following: number;
    readonly changed: readonly string[];
    readonly isServed: boolean;
  };
}

describe('without a shop', () => {
  let folder: string;
  const run = (...args: string[]): Promise<Ended> => runCommand(args, { cwd: folder });

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'counterfoil-plan-'));
    await writeFile(join(folder, 'renamed.yaml'), RENAMED);
    await writeFile(join(folder, 'wrong.yaml'), `${HEAD}    refund_strategy: hide\n`);
    await writeFile(join(folder, 'currency.yaml'), `${HEAD}    currency: presentment\n`);
  });

  after(() => rm(folder, { recursive: true, force: true }));

  test('wrong use ends with 2, a sentence on standard error and no stack', async () => {
    const lines = [
      ['plan'],
      ['plan', '--since'],
      ['plan', '--since', '2026-02-30'],
      ['plan', '--since', 'yesterday'],
      ['plan', '--since', LONG_AGO, '--limit', '0'],
      ['plan', '--since', LONG_AGO, '--limit', '50001'],
      ['plan', '--since', LONG_AGO, '--apply', '--rules', 'renamed.yaml'],
    ];
    const ended = await Promise.all(lines.map(async (args) => ({ args, ...(await run(...args)) })));
    for (const { args, code, out, err } of ended) {
      assert.equal(code, 2, `${args.join(' ')}: ${err}`);
      assert.equal(out, '', args.join(' '));
      assert.match(err, /\S/, args.join(' '));
      assert.doesNotMatch(err, /\n {4}at /, args.join(' '));
    }
    assert.match(ended.at(-1)?.err ?? '', /counterfoil config import renamed\.yaml/);
    assert.match(ended[2]?.err ?? '', /YYYY-MM-DD/);
  });

  test('no orders are nothing to do', async () => {
    const { code, out, err } = await run('plan', '--since', LONG_AGO);
    assert.deepEqual([code, err], [0, '']);
    assert.match(out, /^Orders looked at +0$/m);
    assert.match(out, /^Nothing is to be done$/m);
  });

  test('rules that are wrong are told at their place, rules of another currency side in a sentence', async () => {
    const wrong = await run('plan', '--since', LONG_AGO, '--rules', 'wrong.yaml');
    assert.equal(wrong.code, 1);
    assert.match(wrong.err, /^wrong\.yaml:5:\d+ Key refund_strategy is "hide", allowed: adjust, expense$/m);
    const side = await run('plan', '--since', LONG_AGO, '--rules', 'currency.yaml', '--json');
    assert.deepEqual([side.code, side.out], [1, '']);
    const { error } = JSON.parse(side.err) as { error: { message: string } };
    assert.match(error.message, /"currency\.yaml" has currency: presentment, .*"shop"/);
  });

  test('an order that cannot be planned is told, and the command ends with 1', async () => {
    const app = await openApp(
      readConfig({ DATABASE_URL: `sqlite:${join(folder, 'data', 'counterfoil.db')}` }),
      systemOutside(() => undefined),
    );
    const { dueAt: _rests, ...untold } = record({ state: 'held', name: '#7001' });
    await app.store.transact((tx) => tx.putOrder(untold));
    const due = record({ key: orderKey(SHOP, '7002'), state: 'due', name: '#7002' });
    await app.store.transact((tx) => tx.putOrder(due));
    await app.close();
    const { code, out } = await run('plan', '--since', LONG_AGO);
    assert.equal(code, 1);
    assert.match(out, /^#7001 +cannot be planned: No message has shown the order yet$/m);
    assert.match(out, /^Cannot be planned +1$/m);
    assert.match(out, /^1 order under way was left as it is: run it again later$/m);
    assert.doesNotMatch(out, /Nothing is to be done/);
  });
});

describe('beside a running server', () => {
  let folder: string;
  let sandbox: Sandbox;
  let service: Service;
  let environment: Record<string, string>;
  const run = (...args: string[]): Promise<Ended> => runCommand(args, { cwd: folder, environment });
  const plan = async (...args: string[]): Promise<PlanJson> => {
    const { code, out, err } = await run('plan', '--since', LONG_AGO, '--json', ...args);
    assert.equal(code, 0, err);
    return JSON.parse(out) as PlanJson;
  };
  const atRest = (count: number): Promise<unknown> =>
    until(
      `${count} orders are at rest`,
      async () => {
        const { orders } = JSON.parse((await run('orders', '--json')).out) as { orders: { state: string }[] };
        const resting = orders.filter(({ state }) => ['settled', 'held', 'skipped'].includes(state));
        return orders.length === count && resting.length === count;
      },
      BOOKED_WITHIN_MS,
    );
  const taxes = (name: string): string[] => {
    const invoice = sandbox.freshbooks
      .account()
      .invoices.find(({ number }) => number === `SHOPIFY-${name.slice(1)}`);
    return [...new Set(invoice?.lines.flatMap(({ taxes }) => taxes.map((tax) => tax.name)))];
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'counterfoil-plan-'));
    sandbox = await openSandbox({ seed: 5 });
    environment = {
      ...sandbox.environment,
      DATABASE_URL: `sqlite:${join(folder, 'counterfoil.db')}`,
      PORT: '0',
    };
    service = await startService(environment);
    sandbox.deliverTo(service.origin);
    await run('webhooks', 'register');
    await writeFile(join(folder, 'expense.yaml'), `${HEAD}    refund_strategy: expense\n`);
    await writeFile(join(folder, 'renamed.yaml'), RENAMED);
  });

  after(async () => {
    await service.stop();
    await sandbox.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('a file is looked at, then imported, looked at and applied, and the server does the rest', async () => {
    await run('config', 'import', 'expense.yaml');
    const [taxed, refunded, plain] = [
      sandbox.world.scenario('paid, Quebec'),
      sandbox.world.scenario('refunded, one unit of three'),
      sandbox.world.scenario('paid, tax exempt buyer'),
    ];
    await sandbox.shopify.webhooks.deliverDue();
    await atRest(3);
    assert.match((await run('plan', '--since', LONG_AGO)).out, /^Nothing is to be done$/m);

    const shown = await run('plan', '--since', LONG_AGO, '--rules', 'renamed.yaml');
    assert.equal(shown.code, 0, shown.err);
    const { out } = shown;
    assert.match(out, /^Orders placed on 2020-01-01 or later, by the rules in "renamed\.yaml"$/m);
    assert.match(
      out,
      new RegExp(
        `^${taxed.name} +\\d{4}-\\d\\d-\\d\\d +invoice SHOPIFY-${taxed.name.slice(1)}: lines replaced, 121\\.15 USD as before$`,
        'm',
      ),
    );
    assert.match(out, /^ +Taxes: GST 50000 .* → GST\/TPS 50000 /m);
    assert.match(out, new RegExp(`^${refunded.name} .*payment of 72\\.78 USD lowered to 50\\.89 USD$`, 'm'));
    assert.match(out, /: lines replaced, 72\.78 → 50\.89 USD$/m);
    assert.doesNotMatch(out, new RegExp(plain.name));
    assert.match(out, /^Orders looked at +3$/m);
    assert.match(out, /^Changed +2$/m);
    assert.match(out, /^Held +0$/m);
    assert.match(out, /^Invoices in all +-21\.89 USD$/m);
    assert.match(
      out,
      /counterfoil config import renamed\.yaml, then counterfoil plan --since 2020-01-01 --apply$/m,
    );
    assert.deepEqual(taxes(taxed.name), ['GST', 'QST'], 'nothing is changed');

    await run('config', 'import', 'renamed.yaml');
    const before = await plan();
    assert.deepEqual(
      before.orders.map(({ name, outlook, isApplicable }) => [name, outlook, isApplicable]),
      [
        [refunded.name, 'changed', true],
        [taxed.name, 'changed', true],
      ],
    );
    assert.deepEqual(
      before.orders[0]?.steps?.map(({ kind }) => kind),
      ['payment-change', 'lines'],
    );
    assert.deepEqual(before.orders[0]?.differences, [{ amount: '-21.89', currency: 'USD' }]);
    assert.deepEqual([before.sum['changed'], before.sum['unchanged'], before.applied], [2, 1, null]);

    const { applied, rules, ...same } = await plan('--apply');
    assert.deepEqual(same.orders, before.orders, 'what is applied is what was shown');
    assert.deepEqual([applied?.replanned.length, applied?.following, applied?.changed], [2, 1, []]);
    assert.deepEqual([applied?.isServed, rules], [true, before.rules]);
    await until('the books follow', () => taxes(taxed.name)[0] === 'GST/TPS', BOOKED_WITHIN_MS);
    await atRest(3);
    const after = await run('plan', '--since', LONG_AGO, '--apply');
    assert.equal(after.code, 0);
    assert.match(after.out, /^Nothing to do +3$/m);
    assert.match(after.out, /^Nothing is to be done$/m);
    const explained = await run('explain', refunded.name);
    assert.match(explained.out, /Planned by new rules/);
  });

  test('a limit is told when it leaves orders out', async () => {
    const { out } = await run('plan', '--since', LONG_AGO, '--limit', '2');
    assert.match(out, /^Orders looked at +2$/m);
    assert.match(out, /^Only the newest 2 orders were looked at: raise --limit/m);
    const json = await plan('--limit', '2');
    assert.deepEqual([json.isCutOff, json.sum['lookedAt']], [true, 2]);
  });

  test('a day after the last order leaves nothing to look at', async () => {
    const { code, out } = await run('plan', '--since', '2099-12-31');
    assert.equal(code, 0);
    assert.match(out, /^Orders looked at +0$/m);
  });
});
