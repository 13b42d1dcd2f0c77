import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openApp } from '#app.ts';
import { readConfig } from '#config.ts';
import { systemOutside } from '#outside.ts';
import { openSandbox } from '#sim/main.ts';
import type { Sandbox } from '#sim/main.ts';
import { startService } from '#tests/service.ts';
import { until } from '#tests/until.ts';
import { send } from '#tests/webhook.ts';
import { consentTo, startCli } from '#tests/e2e/cli-process.ts';
import type { Ended } from '#tests/e2e/cli-process.ts';
import { runCommand, startCommand } from '#tests/e2e/command.ts';

/** Changing the key as an operator does it: the real process, also one that is killed. */

const WEBHOOK_SECRET = 'whsec_secret';
const FIRST_KEY = 'the first key of the settings, long enough';
const NEXT_KEY = 'the next key of the settings, long enough';
const OTHER_KEY = 'another key, which nothing was sealed with';
/** Enough that sealing them takes longer than a signal needs. */
const MANY = 4000;

void describe('counterfoil secret rotate', () => {
  let folder: string;
  let sandbox: Sandbox;
  let environment: Record<string, string>;
  const run = (args: readonly string[], more: Record<string, string> = {}): Promise<Ended> =>
    runCommand(args, { cwd: folder, environment: { ...environment, ...more } });
  const keyLines = (): string[] => readFileSync(join(folder, 'counterfoil.key'), 'utf8').trim().split('\n');
  const keyLine = async (more: Record<string, string> = {}): Promise<string> =>
    /^\w+ +Key of secrets .*(?:\n {4,}.*)*/m.exec((await run(['doctor'], more)).out)?.[0] ?? '';

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'counterfoil-secret-'));
    sandbox = await openSandbox({ seed: 22 });
    environment = {
      ...sandbox.environment,
      SHOPIFY_WEBHOOK_SECRET: WEBHOOK_SECRET,
      DATABASE_URL: `sqlite:${join(folder, 'counterfoil.db')}`,
    };
    const app = await openApp(
      readConfig(environment),
      systemOutside(() => undefined),
    );
    await app.openBooks();
    await app.store.transact(async (tx) => {
      for (let index = 0; index < MANY; index += 1) {
        await tx.putSecret(`secret-${index}`, `content-${index}`);
      }
    });
    await app.close();
    // From here on the tokens come from the database alone.
    delete environment['FRESHBOOKS_ACCESS_TOKEN'];
    delete environment['FRESHBOOKS_REFRESH_TOKEN'];
  });

  after(async () => {
    await sandbox.close();
    await rm(folder, { recursive: true, force: true });
  });

  const books = async (more: Record<string, string> = {}): Promise<void> => {
    const service = await startService({ ...environment, ...more });
    const order = sandbox.world.scenario('paid, one line');
    const { domain: shopDomain } = sandbox.world.shop;
    const body = sandbox.shopify.webhooks.body(order.id);
    await send({ origin: service.origin, secret: WEBHOOK_SECRET, shopDomain, body });
    await until('the order is paid in the books', () =>
      sandbox.freshbooks
        .account()
        .invoices.some((row) => row.poNumber === `SHOPIFY-ORDER-${order.id}` && row.status === 4),
    );
    await service.stop();
  };

  test('is refused while a server runs', async () => {
    const service = await startService(environment);
    const { code, err } = await run(['secret', 'rotate']);
    assert.equal(code, 1);
    assert.match(err, /^Process \d+, started .+ already serves the database/);
    assert.equal(keyLines().length, 1);
    await service.stop();
  });

  test('killed in the middle, it leaves keys that open everything, and the next one ends it', async () => {
    const [first] = keyLines();
    const killed = startCli(['secret', 'rotate'], { cwd: folder, environment });
    await until('the new key is in the file', () => keyLines().length > 1);
    killed.child.kill('SIGKILL');
    await killed.ended();
    assert.equal(keyLines().length, 2);
    assert.match(await keyLine(), /^warning.*being replaced[^]*secret rotate/);
    await books();
    const [begun] = keyLines();
    assert.notEqual(begun, first);
    const { code, out } = await run(['secret', 'rotate']);
    assert.equal(code, 0);
    assert.match(out, new RegExp(`^${MANY + 2} secrets sealed with a new key`));
    assert.deepEqual(keyLines(), [begun]);
    assert.match(await keyLine(), /^ok.*readable by its owner only \(0600\)/);
    await books();
  });

  test('takes the key of the settings, and the replaced one is refused from then on', async () => {
    const key = { COUNTERFOIL_SECRET_KEY: FIRST_KEY };
    const next = { COUNTERFOIL_SECRET_KEY: NEXT_KEY, COUNTERFOIL_OLD_SECRET_KEY: FIRST_KEY };
    assert.equal((await run(['secret', 'rotate'], key)).code, 0);
    await rm(join(folder, 'counterfoil.key'));
    const alone = await run(['secret', 'rotate'], key);
    assert.equal(alone.code, 1);
    assert.match(alone.err, /COUNTERFOIL_OLD_SECRET_KEY/);
    assert.match(await keyLine(next), /^warning.*remove COUNTERFOIL_OLD_SECRET_KEY/s);
    const { code, out } = await run(['secret', 'rotate', '--json'], next);
    assert.deepEqual([code, JSON.parse(out)], [0, { secrets: MANY + 2, key: 'setting' }]);
    await books({ COUNTERFOIL_SECRET_KEY: NEXT_KEY });
    const replaced = await run(['orders'], key);
    assert.equal(replaced.code, 1);
    assert.match(replaced.err, /was replaced on 20/);
    const { out: audit } = await run(['audit', '--json'], { COUNTERFOIL_SECRET_KEY: NEXT_KEY });
    const actions = (JSON.parse(audit).rows as { action: string }[]).map(({ action }) => action);
    assert.equal(actions.filter((action) => action === 'secrets sealed anew').length, 3);
  });

  test('another key stops every start and holds no order, and a lost key is got over by connecting anew', async () => {
    const wrong = { COUNTERFOIL_SECRET_KEY: OTHER_KEY, COUNTERFOIL_ADMIN_PASSWORD: 'a long enough password' };
    const right = { COUNTERFOIL_SECRET_KEY: NEXT_KEY };
    const refusal =
      /^What ".*counterfoil\.db" keeps sealed \("audit-head", .* and \d+ more\) does not open with COUNTERFOIL_SECRET_KEY\n.*Put that key back.*connect freshbooks$/m;
    for (const args of [['serve'], ['orders'], ['retry', '1001'], ['admin', 'password']]) {
      const more = args[0] === 'admin' ? { COUNTERFOIL_SECRET_KEY: OTHER_KEY } : wrong;
      const { code, err } = await runCommand(args, {
        cwd: folder,
        environment: { ...environment, ...more },
        input: 'a long enough password\n',
      });
      assert.equal(code, 1, err);
      assert.match(err, refusal);
    }
    const { code, out } = await run(['doctor'], wrong);
    assert.equal(code, 1);
    assert.match(out, /^problem +Stored secrets +What "/m);
    assert.equal((await run(['audit', 'verify'], right)).code, 0, 'nothing was sealed with the other key');
    await books(right);

    const service = await startService({ ...environment, ...right });
    const beside = await run(['connect', 'freshbooks', '--no-browser'], wrong);
    assert.equal(beside.code, 1);
    assert.match(beside.err, /and Process \d+.* already serves the database.*: use the key that it uses/);
    await service.stop();

    const connecting = startCommand(['connect', 'freshbooks', '--no-browser', '--account', 'SiMfb1'], {
      cwd: folder,
      environment: { ...environment, ...wrong },
    });
    const address = await consentTo(connecting);
    connecting.type(`${address.href}\n`);
    const connected = await connecting.ended();
    assert.equal(connected.code, 0, connected.err);
    await books(wrong);
    const verdict = await run(['audit', 'verify'], wrong);
    assert.equal(verdict.code, 1);
    assert.match(verdict.out.replace(/\s+/g, ' '), /the seal of the row before it .* was another key’s/);
  });
});
