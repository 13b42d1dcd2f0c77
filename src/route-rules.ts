import type { Config } from '#config.ts';
import { AMAZON, FRESHBOOKS, SHOPIFY } from '#connections.ts';
import { connectionId } from '#core/ids.ts';
import type { ConnectionId } from '#core/ids.ts';
import type { Rules } from '#core/rules.ts';
import type { Clock } from '#core/time.ts';
import { currentRules, putCurrentRules } from '#pipeline/current-rules.ts';
import { lockedSetting } from '#pipeline/machine.ts';
import type { Store } from '#pipeline/ports.ts';
import type { RouteRules } from '#rules-file.ts';
import { takeServeLock } from '#storage/serve-lock.ts';

/** The rules of all routes, read and put: a part of the composition root. */
interface RulesParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly store: Store;
  readonly defaultsOf: (source: ConnectionId) => Rules;
}

/** Shopify's route is there from the beginning, Amazon's with a seller. */
export async function routeRules({
  store,
  defaultsOf,
  config: { amazon },
}: RulesParts): Promise<readonly RouteRules[]> {
  const from = amazon === undefined ? [SHOPIFY] : [SHOPIFY, AMAZON];
  const current = from.map((source) => currentRules(store.read, source, defaultsOf(source)));
  return (await Promise.all(current)).map(({ rules }, index) => ({
    from: from[index] ?? SHOPIFY,
    to: FRESHBOOKS,
    rules,
  }));
}

export async function importRules(
  app: RulesParts,
  routes: readonly RouteRules[],
): Promise<readonly string[]> {
  const { config, clock, store, defaultsOf } = app;
  const { rules: current } = await currentRules(store.read, SHOPIFY, defaultsOf(SHOPIFY));
  const isSideKept = routes.every(
    ({ from, rules }) => from !== SHOPIFY || rules.currency === current.currency,
  );
  // A running server reads orders on the side that it was started with.
  const lock = isSideKept ? undefined : takeServeLock(config.databasePath, clock.now());
  try {
    return await store.transact(async (tx) => {
      const versions: string[] = [];
      for (const { from, rules } of routes) {
        const source = connectionId(from);
        versions.push(await putCurrentRules(tx, source, { rules, otherwise: defaultsOf(source) }));
      }
      for (const [index, { from, to }] of routes.entries()) {
        const details = { to, version: versions[index] ?? '' };
        await tx.audited({ action: 'rules imported', subject: from, details });
      }
      // What an account once refused as locked may be open again: if it is not, it is learnt again.
      await tx.dropSetting(lockedSetting(FRESHBOOKS));
      return versions;
    });
  } finally {
    lock?.release();
  }
}
