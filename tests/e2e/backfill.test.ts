import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { describe, test } from 'node:test';
import { DEFAULT_RULES } from '#core/rules.ts';
import { parseLocalDate } from '#core/time.ts';
import { runCommand } from '#tests/e2e/command.ts';
import { openStage } from '#tests/stage.ts';
import type { Stage } from '#tests/stage.ts';

const DAY_MS = 86_400_000;
const daysAgo = (count: number): string => new Date(Date.now() - count * DAY_MS).toISOString().slice(0, 10);

/** Runs `counterfoil backfill` beside the service, and answers with what a person sees. */
async function backfill(
  stage: Stage,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number | null; readonly said: string }> {
  const { code, out, err } = await runCommand(['backfill', ...args], {
    cwd: tmpdir(),
    environment: {
      ...stage.sandbox.environment,
      DATABASE_URL: `sqlite:${stage.config.databasePath}`,
      ...environment,
    },
  });
  return { code, said: `${out}${err}`.replace(/\s+/g, ' ') };
}

async function onStage(
  options: Parameters<typeof openStage>[0],
  act: (stage: Stage) => Promise<void>,
): Promise<void> {
  const stage = await openStage(options);
  try {
    await act(stage);
  } finally {
    await stage.close();
  }
}

void describe('counterfoil backfill', () => {
  void test('says what it is asked wrongly', () =>
    onStage({}, async (stage) => {
      const wrong: readonly (readonly [args: readonly string[], said: RegExp])[] = [
        [['--until', daysAgo(3)], /Say from which day on/],
        [['--dry-run'], /Say from which day on/],
        [['--since', daysAgo(3), '--stop'], /not both/],
        [['--since', daysAgo(3), '--until', daysAgo(4)], /is after --until/],
        [['--since', daysAgo(-3)], /is after today/],
        [['--since', daysAgo(3), '--until', daysAgo(-4)], /is still to come/],
        [['--since', 'yesterday'], /Write a date as YYYY-MM-DD/],
      ];
      for (const [args, said] of wrong) {
        const answer = await backfill(stage, args);
        assert.equal(answer.code, 2, args.join(' '));
        assert.match(answer.said, said);
      }
      const none = await backfill(stage, ['--stop']);
      assert.equal(none.code, 1);
      assert.match(none.said, /No backfill of shopify is under way/);
      const other = await backfill(stage, ['--source', 'amazon', '--since', daysAgo(3)]);
      assert.equal(other.code, 1);
      assert.match(other.said, /No source "amazon" is configured: set AMAZON_SELLER_ID/);
      const unread = await backfill(stage, ['--since', daysAgo(3)], {
        SHOPIFY_API_KEY: '',
        SHOPIFY_API_SECRET: '',
        SHOPIFY_ACCESS_TOKEN: '',
      });
      assert.equal(unread.code, 1);
      assert.match(unread.said, /cannot be asked for its orders: set SHOPIFY_API_KEY/);
      assert.match((await backfill(stage, [])).said, /No backfill of shopify was ever asked for/);
    }));

  void test('brings nothing of days that are closed, and names the first that is open', () =>
    onStage({}, async (stage) => {
      const booksStart = parseLocalDate(daysAgo(10));
      await stage.app.importRules([
        { from: 'shopify', to: 'freshbooks', rules: { ...DEFAULT_RULES, booksStart } },
      ]);
      const { code, said } = await backfill(stage, ['--since', daysAgo(11)]);
      assert.equal(code, 1);
      assert.match(said, new RegExp(`closed on ${daysAgo(11)}, and open from ${booksStart} on`));
      assert.equal((await backfill(stage, ['--since', booksStart])).code, 0);
    }));

  void test('says which scope is missing for days that Shopify does not show', () =>
    onStage({ scopes: ['read_orders', 'read_customers'] }, async (stage) => {
      const { code, said } = await backfill(stage, ['--since', daysAgo(90)]);
      assert.equal(code, 1);
      assert.match(said, /Without the scope read_all_orders Shopify shows no orders from before/);
      assert.equal((await backfill(stage, ['--since', daysAgo(59)])).code, 0);
    }));

  void test('brings nothing beside invoices from elsewhere, which may be of the same orders, until it is told to', () =>
    onStage({}, async (stage) => {
      const hand = stage.sandbox.freshbooks.byHand();
      const customerid = hand.addClient({ fname: 'Jane' });
      const made = (invoice_number: string, create_date: string): void =>
        void hand.addInvoice({
          customerid,
          create_date,
          invoice_number,
          lines: [{ name: 'All of it', qty: 1, unit_cost: { amount: '12.00', code: 'USD' } }],
        });
      made('0000001', daysAgo(20));
      made('0000002', daysAgo(9));
      made('SHOPIFY-1001', daysAgo(9));
      const { code, said } = await backfill(stage, ['--since', daysAgo(10)]);
      assert.equal(code, 1);
      assert.match(
        said,
        /FreshBooks has 1 invoice of \S+ to \S+ from elsewhere: 0000002\. If they are of these/,
      );
      assert.match((await backfill(stage, [])).said, /was ever asked for/, 'nothing was asked for');
      const counted = await backfill(stage, ['--since', daysAgo(30), '--dry-run']);
      assert.equal(counted.code, 0);
      assert.match(
        counted.said,
        /2 invoices of .* from elsewhere: 0000001, 0000002\. Orders that they are of/,
      );
      assert.equal((await backfill(stage, ['--since', daysAgo(10), '--beside-others'])).code, 0);
    }));

  void test('tells how far it is, is one at a time and can be stopped', () =>
    onStage({}, async (stage) => {
      // Of the account that is paused nothing is taken in, so it stays under way.
      await stage.app.store.transact((tx) => tx.setPause({ account: 'freshbooks', reason: 'Planted' }));
      stage.sandbox.world.placeRandom();
      assert.equal((await backfill(stage, ['--since', daysAgo(30)])).code, 0);
      const again = await backfill(stage, ['--since', daysAgo(20)]);
      assert.equal(again.code, 1);
      assert.match(again.said, /are being brought: wait until they are, or say counterfoil backfill/);
      const stopped = await backfill(stage, ['--stop']);
      assert.equal(stopped.code, 0);
      assert.match(stopped.said, /Stopped/);
      assert.match((await backfill(stage, [])).said, /: stopped/);
      const { said } = await backfill(stage, ['--json']);
      const { state, since } = JSON.parse(said);
      assert.deepEqual([state, since], ['stopped', daysAgo(30)]);
    }));
});
