import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { runCommandLine } from '#cli/commands.ts';
import { SETTINGS } from '#config.ts';
import { scriptedFaults } from '#sim/faults.ts';
import { openSandbox } from '#sim/main.ts';
import type { Sandbox } from '#sim/main.ts';
import { startService } from '#tests/service.ts';
import type { Service } from '#tests/service.ts';
import { until } from '#tests/until.ts';
import { send } from '#tests/webhook.ts';

/**
 * Secrets and contact data are planted wherever they come in, everything is run that can go right or wrong, and all that was
 * told of it anywhere is searched for them.
 */

const SECRET = 'planted-webhook-secret';
const BUYER = {
  email: 'planted.buyer@example.com',
  phone: '+15550007654321',
  address1: '17 Planted Street',
  last_name: 'Plantedname',
  company: 'Planted Company',
};
/** What only comes in, in requests that are refused. */
const INBOUND = [
  'planted-authorization',
  'planted-cookie',
  'planted-signature',
  'planted-query',
  'planted-code',
  'planted-state',
  'planted-wrong-password',
];

/** Refuses the first client, quoting what it was sent, as FreshBooks does, and the token, as nobody should. */
const QUOTING = { errno: 1012, field: 'email', object: 'client', value: BUYER.email };
const quoting = (token: string): string => {
  const message = `${BUYER.email} of ${BUYER.last_name}, ${BUYER.address1} is refused for Bearer ${token}`;
  return JSON.stringify({ response: { errors: [{ ...QUOTING, message }] } });
};

void describe('nothing planted is told', () => {
  let folder: string;
  let sandbox: Sandbox;
  let service: Service;
  let environment: Record<string, string>;
  const faults = scriptedFaults();
  /** Everything that was said, by what said it. */
  const told: { readonly what: string; readonly text: string }[] = [];
  const secrets = new Set<string>();

  const run = async (args: readonly string[], more: Record<string, string> = {}): Promise<string> => {
    const own = { ...environment, LOG_LEVEL: 'debug', ...more };
    learn(own);
    const written = { out: '', err: '' };
    // In this process: the same code as the command's own, a hundred times without starting Node.
    await runCommandLine(args, {
      environment: own,
      stdin: Readable.from([]),
      stdout: { write: (text) => (written.out += text) },
      stderr: { write: (text) => (written.err += text) },
    });
    told.push({
      what: `${args.join(' ')} with ${Object.keys(more).join(' ')}`,
      text: `${written.out}${written.err}`,
    });
    return written.out;
  };
  const learn = (settings: Readonly<Record<string, string>>): void => {
    for (const [name, setting] of Object.entries(SETTINGS)) {
      const value = settings[name] ?? '';
      if ('isSecret' in setting && value !== '') {
        value.split(',').forEach((secret) => secrets.add(secret.trim()));
      }
    }
  };
  const post = async (body: string, more: Partial<Parameters<typeof send>[0]> = {}): Promise<Response> => {
    const shopDomain = sandbox.world.shop.domain;
    const answer = await send({ origin: service.origin, secret: SECRET, shopDomain, body, ...more });
    told.push({ what: `answer ${answer.status}`, text: await answer.clone().text() });
    return answer;
  };
  const orderBody = (change: (body: Record<string, unknown>) => void = () => undefined): string => {
    const order = sandbox.world.scenario('paid, one line');
    const body = JSON.parse(sandbox.shopify.webhooks.body(order.id));
    const { email, phone, ...address } = BUYER;
    const planted = { ...body.billing_address, ...address, phone };
    Object.assign(body, { email, phone, billing_address: planted, shipping_address: planted });
    Object.assign(body.customer, { email, phone, last_name: BUYER.last_name });
    change(body);
    return JSON.stringify(body);
  };
  const database = (): DatabaseSync => new DatabaseSync(join(folder, 'counterfoil.db'), { readOnly: true });
  const states = (): string[] => {
    const file = database();
    const rows = file.prepare('select state from orders union all select state from deliveries').all();
    file.close();
    return rows.map((row) => String(row['state']));
  };
  const atRest = (): Promise<unknown> =>
    until('everything is at rest', () => !states().some((state) => /accepted|due|working/.test(state)));

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'counterfoil-planted-'));
    sandbox = await openSandbox({ seed: 23, faults });
    environment = {
      ...sandbox.environment,
      SHOPIFY_WEBHOOK_SECRET: `planted-older-secret, ${SECRET}`,
      COUNTERFOIL_SECRET_KEY: 'planted-key-0123456789-0123456789',
      COUNTERFOIL_OLD_SECRET_KEY: 'planted-old-key',
      COUNTERFOIL_ADMIN_PASSWORD: 'planted-admin-password',
      UNKNOWN_WAIT_SECONDS: '1',
      // Nobody listens at port 9 of this machine, so every alarm fails and says so.
      ALARM_EMAIL_TO: 'owner@example.com',
      ALARM_EMAIL_FROM: 'books@example.com',
      SMTP_URL: 'smtp://planted-smtp-user:planted-smtp-password@127.0.0.1:9',
      ALARM_SLACK_URL: 'http://127.0.0.1:9/services/planted-hook',
      ALARM_WEBHOOK_URL: 'http://127.0.0.1:9/alarms',
      ALARM_WEBHOOK_SECRET: 'planted-alarm-secret',
      ALARM_GROUP_SECONDS: '1',
      DATABASE_URL: `sqlite:${join(folder, 'counterfoil.db')}`,
    };
    learn(environment);
    for (const part of ['planted-smtp-user', 'planted-smtp-password', 'planted-hook']) {
      secrets.add(part);
    }
    service = await startService({ ...environment, LOG_LEVEL: 'debug' });
  });

  after(async () => {
    await sandbox.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('while messages come in, right and wrong', async () => {
    const token = environment['FRESHBOOKS_ACCESS_TOKEN'] ?? '';
    const fault = { kind: 'status', status: 422, body: quoting(token) } as const;
    faults.add({ method: 'POST', path: '/users/clients', fault });
    await post(orderBody());
    await atRest();
    assert.ok(faults.injected.length > 0, 'the refusal that quotes was met');
    await post(orderBody());
    faults.add({ method: 'POST', path: '/invoices/invoices', fault: { kind: 'truncated' } });
    faults.add({ method: 'POST', path: '/payments/payments', fault: { kind: 'status', status: 500 } });
    await post(orderBody());
    await post(orderBody((body) => void (body['currency'] = BUYER.email)));
    await post(orderBody((body) => void (body['total_price'] = '1.00')));
    await post(`{"email": "${BUYER.email}"`);
    await post(JSON.stringify({ id: 5, email: BUYER.email }), { topic: 'customers/update' });
    await post(JSON.stringify({ customer: BUYER, orders_requested: [] }), {
      topic: 'customers/data_request',
    });
    await post(orderBody(), { signature: 'planted-signature' });
    await post(orderBody(), { path: '/webhooks/etsy?key=planted-query' });
    await post(orderBody(), { shopDomain: 'another.myshopify.com' });
    await atRest();
  });

  test('while others knock', async () => {
    const headers = { authorization: 'Bearer planted-authorization', cookie: 'session=planted-cookie' };
    for (const path of [
      '/healthz',
      '/readyz',
      '/nothing?key=planted-query',
      '/auth/freshbooks/callback?code=planted-code&state=planted-state',
      '/auth/freshbooks/callback?error=invalid_scope&error_description=planted-query',
    ]) {
      const answer = await fetch(new URL(path, service.origin), { headers });
      told.push({ what: path, text: await answer.text() });
    }
  });

  test('while the admin logs in, and somebody tries to', async () => {
    const knock = async (path: string, init: RequestInit): Promise<Response> => {
      const answer = await fetch(new URL(path, service.origin), init);
      const text = await answer.clone().text();
      if (answer.ok && path === '/api/session' && text !== '') {
        // The one who logged in is told the token; nobody else is.
        secrets.add((JSON.parse(text) as { csrfToken: string }).csrfToken);
      } else {
        told.push({ what: `${path}, ${answer.status}`, text: text === '' ? 'nothing' : text });
      }
      return answer;
    };
    const post = (body: string, headers: Record<string, string> = {}): Promise<Response> => {
      const type = { 'content-type': 'application/json' };
      return knock('/api/session', { method: 'POST', headers: { ...type, ...headers }, body });
    };
    await post(JSON.stringify({ password: 'planted-wrong-password' }));
    await post('{"password": "planted-wrong-password"');
    await post(JSON.stringify({ password: 'planted-wrong-password' }), {
      cookie: 'counterfoil-known=planted-cookie',
    });
    await post('{}', { origin: 'https://planted-query.example' });
    const opened = await post(JSON.stringify({ password: environment['COUNTERFOIL_ADMIN_PASSWORD'] }));
    assert.equal(opened.status, 200);
    const pairs = opened.headers.getSetCookie().map((cookie) => cookie.split(';')[0] ?? '');
    pairs.forEach((pair) => secrets.add(pair.slice(pair.indexOf('=') + 1)));
    const cookie = pairs.join('; ');
    const { csrfToken } = (await opened.json()) as { csrfToken: string };
    await knock('/api/session', { headers: { cookie } });
    const orders = await knock('/api/orders', { headers: { cookie } });
    const { orders: listed } = (await orders.json()) as { orders: { key: string }[] };
    assert.ok(listed.length > 0);
    for (const { key } of listed) {
      await knock(`/api/orders/${key}`, { headers: { cookie } });
      await knock(`/api/orders/${key}/retry`, {
        method: 'POST',
        headers: { cookie, 'x-csrf-token': 'planted-state' },
      });
      await knock(`/api/orders/${key}/retry`, {
        method: 'POST',
        headers: { cookie, 'x-csrf-token': csrfToken },
      });
    }
    await knock('/api/orders?planted-query=planted-query', { headers: { cookie } });
    await knock('/api/session', { method: 'DELETE', headers: { cookie, 'x-csrf-token': csrfToken } });
    await post(JSON.stringify({ password: environment['COUNTERFOIL_ADMIN_PASSWORD'] }), { cookie });
    await atRest();
  });

  test('while access is lost', async () => {
    sandbox.freshbooks.revokeGrants();
    await post(orderBody());
    const file = database();
    await until('the account is paused', () => file.prepare('select * from pauses').all().length > 0);
    file.close();
    sandbox.shopify.setShop('down');
    await post(JSON.stringify({ id: 1, order_id: 4711 }), { topic: 'refunds/create' });
    await until('the shop was asked', () => states().includes('waiting'));
    sandbox.shopify.setShop('open');
  });

  test('by the commands, as text and as JSON', async () => {
    const { orders } = JSON.parse(await run(['orders', '--json'])) as { orders: { key: string }[] };
    const file = database();
    const ids = file.prepare('select id from deliveries').all();
    file.close();
    await writeFile(join(folder, 'order.json'), orderBody());
    await writeFile(
      join(folder, 'broken.json'),
      orderBody((body) => void (body['currency'] = BUYER.email)),
    );
    const commands = [
      ['orders'],
      ...orders.map(({ key }) => ['explain', key]),
      ...ids.map(({ id }) => ['explain', `delivery:${String(id)}`]),
      ['doctor'],
      ['admin', 'password'],
      ['config', 'export'],
      ['migrate'],
      ['preview', join(folder, 'order.json')],
      ['preview', join(folder, 'broken.json')],
      ['webhooks', 'list'],
      ['connect', 'shopify'],
      ['connect', 'freshbooks', '--code', 'planted-code', '--state', 'planted-state'],
      ['secret', 'rotate'],
      ['retry', '--all-held'],
      ['decide', orders[0]?.key ?? '', 'keep'],
      ['audit'],
      ['audit', 'verify'],
      ['journal', '--month', '2026-11'],
      ['plan', '--since', '2026-01-01'],
      ['alarms', 'list'],
      ['alarms', 'test'],
      // Found by the last test among the files of the database.
      ['backup', join(folder, 'counterfoil.db-copy')],
      ['restore', join(folder, 'counterfoil.db-copy')],
      ['redact', orders[1]?.key ?? ''],
    ];
    for (const command of commands) {
      await run(command);
      await run([...command, '--json']);
    }
    assert.ok((await readdir(folder)).includes('counterfoil.db-copy'), 'the backup was made');
    const alarms = told.filter(({ what }) => what.startsWith('alarms test')).map(({ text }) => text);
    assert.match(alarms.join(), /mail-1[^]+slack[^]+webhook/, 'each channel failed and said so');
  });

  test('by the commands, where the settings are wrong', async () => {
    for (const more of [
      { COUNTERFOIL_SECRET_KEY: 'planted-wrong-key-0123456789-0123', COUNTERFOIL_OLD_SECRET_KEY: '' },
      { SHOPIFY_API_SECRET: 'planted-wrong-client-secret' },
      { SHOPIFY_ACCESS_TOKEN: 'planted-wrong-token' },
      { SHOPIFY_ACCESS_TOKEN: 'planted token with a line\nfeed' },
      { FRESHBOOKS_CLIENT_SECRET: 'planted-wrong-app-secret' },
      { COUNTERFOIL_ADMIN_PASSWORD: 'planted-pw' },
      { FRESHBOOKS_ACCESS_TOKEN: 'planted-wrong-access', FRESHBOOKS_REFRESH_TOKEN: 'planted-wrong-refresh' },
    ]) {
      await run(['doctor'], more);
      await run(['connect', 'shopify'], more);
      await run(['connect', 'freshbooks', '--code', 'planted-code', '--state', 'planted-state'], more);
    }
    secrets.add('planted-password');
    for (const name of ['DATABASE_URL', 'SHOPIFY_API_URL', 'FRESHBOOKS_API_URL', 'COUNTERFOIL_PUBLIC_URL']) {
      await run(['doctor'], { [name]: 'postgres://user:planted-password@localhost/books' });
      await run(['doctor'], { [name]: 'https://user:planted-password@localhost' });
    }
  });

  test('by the end nothing has told any of it', async () => {
    await service.stop();
    told.push({ what: 'the log and output of the server', text: service.output() });
    assert.match(service.output(), /"level":20|"level":30/, 'the log was written');
    assert.deepEqual(
      told.filter(({ text }) => text === '').map(({ what }) => what),
      [],
      'everything said something',
    );
    assert.ok(told.some(({ text }) => text.includes('FreshBooks refused (status 422): 1012, email, … of …')));
    const words = [...secrets, ...INBOUND, ...Object.values(BUYER), 'shpat_', 'shpss_'];
    assert.ok(words.length > 20);
    const found = told.flatMap(({ what, text }) =>
      words.filter((word) => text.includes(word)).map((word) => `${what}: ${word}`),
    );
    assert.deepEqual([...new Set(found)], []);
  });

  test('and the database holds no secret, and contact data in bodies alone', async () => {
    const names = (await readdir(folder)).filter((name) => name.startsWith('counterfoil.db'));
    const faults: string[] = [];
    for (const name of names) {
      const bytes = await readFile(join(folder, name));
      faults.push(
        ...[...secrets, ...INBOUND].filter((word) => bytes.includes(word)).map((word) => `${name}: ${word}`),
      );
    }
    const file = database();
    const tables = file.prepare("select name from sqlite_master where type = 'table'").all();
    for (const { name } of tables) {
      for (const { body: _body, ...row } of file.prepare(`select * from "${String(name)}"`).all()) {
        const text = JSON.stringify(row, (_key, value: unknown) =>
          typeof value === 'bigint' ? String(value) : value,
        );
        faults.push(
          ...Object.values(BUYER)
            .filter((word) => text.includes(word))
            .map((word) => `${String(name)}: ${word} in ${text}`),
        );
      }
    }
    file.close();
    assert.deepEqual(faults, []);
  });
});
