import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openSandbox } from '#sim/main.ts';
import type { Sandbox } from '#sim/main.ts';
import { runCommand } from '#tests/e2e/command.ts';
import type { Ended } from '#tests/e2e/cli-process.ts';
import { openStage } from '#tests/stage.ts';
import type { Stage } from '#tests/stage.ts';

/** A shop that gets another name goes on in its database; another shop does not. */

const SEED = 7;
const NEW = 'counterfoil-cups.myshopify.com';
const SOLD = 'paid, two lines, code discount';

/** With the new name, beside a database that knows the old one. */
async function under(
  act: (parts: {
    readonly stage: Stage;
    readonly shop: Sandbox;
    readonly run: (...args: string[]) => Promise<Ended>;
  }) => Promise<void>,
): Promise<void> {
  const stage = await openStage({ seed: SEED });
  const shop = await openSandbox({ seed: SEED, world: { shop: { domain: NEW } } });
  try {
    await stage.book(stage.sandbox.world.scenario(SOLD));
    const environment = { ...shop.environment, DATABASE_URL: `sqlite:${stage.config.databasePath}` };
    await act({ stage, shop, run: (...args) => runCommand(args, { cwd: '.', environment }) });
  } finally {
    await stage.close();
    await shop.close();
  }
}

void describe('a database whose shop is configured under another name', () => {
  void test('goes on where the shop shows the same orders, once it was asked', () =>
    under(async ({ stage, shop, run }) => {
      const before = await run('doctor');
      assert.match(before.out, /^problem +Shop +counterfoil-cups\.myshopify\.com, and this database holds/m);
      shop.world.scenario(SOLD);
      const { code, out } = await run('connect', 'shopify');
      assert.equal(code, 0, out);
      assert.match(out, /^Renamed +it was \S+, and shows order #1001 of this database/m);
      assert.match((await run('doctor')).out, /^ok +Shop +counterfoil-cups\.myshopify\.com/m);
      assert.doesNotMatch((await run('connect', 'shopify')).out, /Renamed/);
      const [row] = await stage.app.store.read.audit({ limit: 1 });
      assert.deepEqual([row?.action, row?.subject], ['connection renamed', 'shopify']);
    }));

  void test('is refused where it shows none of them', () =>
    under(async ({ run }) => {
      const { code, out } = await run('connect', 'shopify');
      assert.equal(code, 1, out);
      assert.match(out.replace(/\s+/g, ' '), /holds orders of \S+, and \S+ shows none of the newest/);
      assert.match((await run('doctor')).out, /^problem +Shop +/m);
    }));
});
