import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { openSandbox } from '#sim/main.ts';
import type { Sandbox } from '#sim/main.ts';
import { startService } from '#tests/service.ts';
import type { Service } from '#tests/service.ts';
import { until } from '#tests/until.ts';
import { send } from '#tests/webhook.ts';
import type { Ended } from './cli-process.ts';
import { runCommand } from './command.ts';

/** Redacting and auditing as an operator does it: the real process, beside a running server and without one. */

const SECRET = 'whsec_care';

void describe('care for a database', () => {
  let folder: string;
  let sandbox: Sandbox;
  let service: Service;
  let environment: Readonly<Record<string, string>>;
  const run = (...args: string[]): Promise<Ended> => runCommand(args, { cwd: folder, environment });
  const json = async (...args: string[]): Promise<Record<string, unknown>> => {
    const { code, out, err } = await run(...args, '--json');
    assert.equal(code, 0, err);
    return JSON.parse(out);
  };
  const rows = async (): Promise<Row[]> => (await json('audit'))['rows'] as Row[];
  const tell = async (topic: string, body: string): Promise<void> => {
    const shopDomain = sandbox.world.shop.domain;
    const answer = await send({ origin: service.origin, secret: SECRET, shopDomain, topic, body });
    assert.equal(answer.status, 200);
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'counterfoil-care-'));
    sandbox = await openSandbox({ seed: 21 });
    environment = {
      ...sandbox.environment,
      SHOPIFY_WEBHOOK_SECRET: SECRET,
      DATABASE_URL: `sqlite:${join(folder, 'counterfoil.db')}`,
    };
    service = await startService(environment);
    for (const name of ['#1', '#2'] as const) {
      const order = sandbox.world.scenario('paid, one line');
      await tell('orders/create', sandbox.shopify.webhooks.body(order.id));
      await until(`${name} is settled`, async () => {
        const { orders } = (await json('orders', '--state', 'settled')) as { orders: { name: string }[] };
        return orders.some((each) => each.name === order.name);
      });
    }
  });

  after(async () => {
    await service.stop();
    await sandbox.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('redact blanks an order beside the running server, and explain says so', async () => {
    const name = sandbox.world.orders()[0]?.name ?? '';
    const { code, out } = await run('redact', name);
    assert.equal(code, 0);
    assert.match(out, /^\d+ messages? of 1 order blanked\. Figures, keys and hashes stay/m);
    assert.match(out, /still hold the client \d+/);
    const explained = await run('explain', name);
    assert.equal(explained.code, 0);
    assert.match(explained.out, /Its content was redacted on /);
    assert.match(explained.out, /Difference +0\.00/);
    const [again] = [await json('redact', name)];
    assert.equal(again['messages'], 0);
  });

  test('redact answers a request of the shop', async () => {
    const order = sandbox.world.orders()[1];
    await tell('customers/redact', JSON.stringify({ orders_to_redact: [Number(order?.id)] }));
    const [held] = await until('it is held', async () => {
      const { heldMessages } = (await json('orders')) as { heldMessages: { delivery: string }[] };
      return heldMessages.length > 0 && heldMessages;
    });
    const erased = await json('redact', held?.delivery ?? '');
    assert.deepEqual(erased['orders'], [`shopify/${order?.id}`]);
    assert.deepEqual((await json('orders'))['heldMessages'], []);
  });

  test('redact before a day takes what is finished, and no day that is to come', async () => {
    const { code, err } = await run('redact', '--before', '2099-12-31');
    assert.deepEqual([code, err], [2, '2099-12-31 is yet to come\n']);
    assert.equal((await json('redact', '--before', '2020-01-01'))['messages'], 0);
    for (const args of [
      ['redact'],
      ['redact', '1', '--before', '2020-01-01'],
      ['redact', '--before', 'today'],
    ]) {
      assert.equal((await run(...args)).code, 2, args.join(' '));
    }
  });

  test('audit lists who did what, without a person’s data', async () => {
    await run('retry', sandbox.world.orders()[0]?.name ?? '');
    const listed = await rows();
    const done = listed.map(({ actor, action }) => `${actor.replace(/\d+/, 'N')}: ${action}`).toReversed();
    assert.deepEqual(done, [
      'server: server started',
      'server: access granted',
      'command, uid N: contact data redacted',
      'command, uid N: contact data redacted',
      'command, uid N: contact data redacted',
      'command, uid N: contact data redacted',
      'command, uid N: order retried',
    ]);
    const { out } = await run('audit');
    assert.match(out, /^ +1 {2}20\d\d-.+server +server started +counterfoil +version \d/m);
    const bodies = sandbox.world.orders().map((order) => sandbox.shopify.webhooks.body(order.id));
    for (const body of bodies) {
      const { email, customer } = JSON.parse(body);
      assert.equal(out.includes(email) || out.includes(customer.last_name), false);
    }
    assert.deepEqual(await json('audit', '--before', '3', '--limit', '1'), {
      rows: [listed.at(-2)],
      isCut: true,
    });
    assert.match(
      (await run('audit', '--limit', '2')).out,
      /^Older ones follow: counterfoil audit --before \d+$/m,
    );
    assert.equal((await json('audit'))['isCut'], false);
  });

  test('audit verify names the first row that somebody changed', async () => {
    assert.equal(await service.stop(), 0);
    const whole = await json('audit', 'verify');
    const newest = (await rows())[0];
    assert.deepEqual([whole['isWhole'], whole['head']], [true, newest?.sha256]);
    assert.equal(newest?.action, 'server stopped');
    const file = new DatabaseSync(join(folder, 'counterfoil.db'));
    file.exec("drop trigger audit_no_update; update audit set subject = 'shopify/1' where number = 4");
    file.close();
    const { code, out } = await run('audit', 'verify');
    assert.equal(code, 1);
    assert.match(out, /Row 4: it was changed.*3 rows before it are whole/);
    const found = await run('audit', 'verify', '--json');
    assert.equal(JSON.parse(found.out).fault.number, 4);
  });
});

interface Row {
  readonly number: number;
  readonly actor: string;
  readonly action: string;
  readonly sha256: string;
}
