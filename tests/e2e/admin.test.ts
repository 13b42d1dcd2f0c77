import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { runCommandLine } from '#cli/commands.ts';
import { openSandbox } from '#sim/main.ts';
import type { Sandbox } from '#sim/main.ts';
import { startService } from '#tests/service.ts';
import type { Service } from '#tests/service.ts';
import { until } from '#tests/until.ts';
import { send } from '#tests/webhook.ts';
import { createTranscript } from './cli-process.ts';
import type { Ended } from './cli-process.ts';
import { runCommand, startCommand } from './command.ts';

/** The admin as he does it: sets a password by command, logs in, and asks the real server what the commands answer. */

const SECRET = 'whsec_admin';
const PASSWORD = 'correct horse battery';

interface Session {
  readonly ask: (path: string, init?: RequestInit) => Promise<Response>;
}

void describe('the admin', () => {
  let folder: string;
  let sandbox: Sandbox;
  let service: Service;
  let environment: Record<string, string>;
  const run = (args: readonly string[], more: Record<string, string> = {}, input = ''): Promise<Ended> =>
    runCommand(args, { cwd: folder, environment: { ...environment, ...more }, input });
  const loginLine = async (more: Record<string, string> = {}): Promise<string> =>
    /^\w+ +Admin login .*(?:\n {4,}.*)*/m.exec((await run(['doctor'], more)).out)?.[0] ?? '';
  const post = (password: string): Promise<Response> =>
    fetch(new URL('/api/session', service.origin), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ password }),
    });
  const logIn = async (password: string): Promise<Session> => {
    const answer = await post(password);
    assert.equal(answer.status, 200, await answer.clone().text());
    const cookie = answer.headers
      .getSetCookie()
      .map((each) => each.split(';')[0])
      .join('; ');
    const { csrfToken } = (await answer.json()) as { csrfToken: string };
    const headers = { cookie, 'x-csrf-token': csrfToken };
    return { ask: (path, init = {}) => fetch(new URL(path, service.origin), { ...init, headers }) };
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'counterfoil-admin-'));
    sandbox = await openSandbox({ seed: 31 });
    environment = {
      ...sandbox.environment,
      SHOPIFY_WEBHOOK_SECRET: SECRET,
      DATABASE_URL: `sqlite:${join(folder, 'counterfoil.db')}`,
    };
    service = await startService(environment);
  });

  after(async () => {
    await service.stop();
    await sandbox.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('is told by doctor and by the login that there is no password', async () => {
    assert.match(await loginLine(), /^ok .*No admin password is set.*counterfoil admin password/s);
    assert.equal((await post(PASSWORD)).status, 503);
  });

  test('sets a password that is none only by mistake', async () => {
    const command = ['admin', 'password'];
    for (const [input, words] of [
      ['', /No password was given, so nothing was changed/],
      ['too short\n', /has less than 12 characters, so nothing was changed/],
      [`${'x'.repeat(257)}\n`, /has more than 256 characters/],
    ] as const) {
      const { code, err } = await run(command, {}, input);
      assert.equal(code, 2);
      assert.match(err, words);
    }
    const set = await run(command, { COUNTERFOIL_ADMIN_PASSWORD: PASSWORD }, `${PASSWORD}\n`);
    assert.equal(set.code, 1);
    assert.match(set.err, /COUNTERFOIL_ADMIN_PASSWORD is set, and it wins/);
    const short = await run(['orders'], { COUNTERFOIL_ADMIN_PASSWORD: 'hush hush' });
    assert.match(short.err, /COUNTERFOIL_ADMIN_PASSWORD: the password has less than 12 characters/);
    assert.doesNotMatch(short.err, /hush/);
    assert.equal((await run([...command, PASSWORD])).code, 2, 'never as an argument');
    const atTerminal = startCommand(command, { cwd: folder, environment, isAtTerminal: true });
    await atTerminal.seen(/New admin password/);
    atTerminal.type(`${PASSWORD}\n`);
    await atTerminal.seen(/Once more:/);
    atTerminal.type('correct horse buttery\n');
    const { code, err } = await atTerminal.ended();
    assert.deepEqual([code, /The two are not the same/.test(err)], [2, true]);
    assert.equal((await post(PASSWORD)).status, 503, 'nothing was changed');
  });

  test('types it at a terminal that shows nothing of it', async () => {
    const keys = Object.assign(new PassThrough(), {
      isTTY: true,
      modes: [] as boolean[],
      setRawMode: (isRaw: boolean): void => void keys.modes.push(isRaw),
    });
    const transcript = createTranscript();
    const stream = { isTTY: true, write: (text: string) => transcript.add('out', text) };
    const ended = runCommandLine(['admin', 'password'], {
      environment: { ...environment, NO_COLOR: '1' },
      stdin: keys,
      stdout: stream,
      stderr: stream,
    });
    const end = ended.then((code) => transcript.ended(code));
    await transcript.seen(/New admin password/, { where: 'out', end });
    // A slip and its correction, then the same pasted at once.
    keys.write('correct horsf\u007Fe batt');
    keys.write(`ery\r`);
    await transcript.seen(/Once more:/, { where: 'out', end });
    keys.write(`${PASSWORD}\r`);
    assert.equal(await ended, 0);
    assert.match((await end).out, /The admin password is set\. A running server takes it from now on/);
    assert.doesNotMatch((await end).out, /horse/);
    assert.deepEqual(keys.modes, [true, false]);
    assert.match(await loginLine(), /^ok .*The password was set by command on 20/s);
    assert.match(
      await loginLine({ HOST: '0.0.0.0', COUNTERFOIL_PUBLIC_URL: '' }),
      /^warning .*can be read on the way/s,
    );
    assert.match(
      await loginLine({
        COUNTERFOIL_ADMIN_PASSWORD: PASSWORD,
        HOST: '0.0.0.0',
        COUNTERFOIL_PUBLIC_URL: 'https://a.example',
      }),
      /^ok .*that of COUNTERFOIL_ADMIN_PASSWORD/s,
    );
  });

  test('gives up with a key, and nothing is changed', async () => {
    const keys = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });
    const transcript = createTranscript();
    const stream = { isTTY: true, write: (text: string) => transcript.add('out', text) };
    const ended = runCommandLine(['admin', 'password'], {
      environment,
      stdin: keys,
      stdout: stream,
      stderr: stream,
    });
    const end = ended.then((code) => transcript.ended(code));
    await transcript.seen(/New admin password/, { where: 'out', end });
    keys.write('something \u0003');
    assert.equal(await ended, 2);
    assert.match((await end).out, /nothing was changed/);
  });

  test('reads what the commands tell, and tries an order again', async () => {
    const { ask } = await logIn(PASSWORD);
    const order = sandbox.world.scenario('paid, one line');
    const { domain: shopDomain } = sandbox.world.shop;
    const body = sandbox.shopify.webhooks.body(order.id);
    await send({ origin: service.origin, secret: SECRET, shopDomain, body });
    const [{ key }] = await until('the order is settled', async () => {
      const { orders } = (await (await ask('/api/orders?state=settled')).json()) as {
        orders: { key: string }[];
      };
      return orders.length > 0 && (orders as [{ key: string }]);
    });
    const told = async (...args: string[]): Promise<unknown> =>
      JSON.parse((await run([...args, '--json'])).out);
    assert.deepEqual(await (await ask('/api/orders')).json(), await told('orders'));
    assert.deepEqual(
      await (await ask(`/api/orders?search=${encodeURIComponent(order.name)}&limit=1`)).json(),
      await told('orders', '--search', order.name, '--limit', '1'),
    );
    const story = await (await ask(`/api/orders/${key}`)).json();
    assert.deepEqual(story, await told('explain', key));
    const again = await ask(`/api/orders/${key}/retry`, { method: 'POST' });
    assert.deepEqual([again.status, again.headers.get('cache-control')], [200, 'no-store']);
    const { released, isServed } = (await again.json()) as {
      released: { what: string; isDone: boolean }[];
      isServed: boolean;
    };
    assert.deepEqual([released[0]?.what, released[0]?.isDone, isServed], [key, true, true]);
    await until('it is settled again', async () => {
      const { state } = (await (await ask(`/api/orders/${key}`)).json()) as { state: string };
      return state === 'settled';
    });
    const { rows } = (await told('audit', '--limit', '1')) as {
      rows: { action: string; actor: string; subject: string }[];
    };
    assert.deepEqual([rows[0]?.action, rows[0]?.subject], ['order retried', key]);
    assert.match(rows[0]?.actor ?? '', /^admin session [0-9a-f]{8}$/);
  });

  test('stays logged in when the server starts again, and out once the password is another', async () => {
    const { ask } = await logIn(PASSWORD);
    const { origin } = service;
    await service.stop();
    service = await startService(environment);
    assert.notEqual(service.origin, origin);
    assert.equal((await ask('/api/session')).status, 200);
    const { out } = await run(['admin', 'password', '--json'], {}, 'another password\n');
    assert.deepEqual(JSON.parse(out), { isSet: true, endedSessions: 2 });
    assert.equal((await ask('/api/session')).status, 401);
    assert.equal((await post(PASSWORD)).status, 401);
    await logIn('another password');
    assert.match((await run(['audit', 'verify'])).out, /none missing/);
  });

  test('finds every session ended after a restore', async () => {
    const { ask } = await logIn('another password');
    const copy = join(folder, 'copy.db');
    assert.equal((await run(['backup', copy])).code, 0);
    await service.stop();
    assert.equal((await run(['restore', copy])).code, 0);
    service = await startService(environment);
    assert.equal((await ask('/api/session')).status, 401);
    await logIn('another password');
  });
});
