import { createHash } from 'node:crypto';
import { Failure } from '#core/failure.ts';
import type { ConnectionId } from '#core/ids.ts';
import { invariant } from '#core/invariant.ts';
import { toJson } from '#core/json.ts';
import type { Rules, VersionedRules } from '#core/rules.ts';
import type { Reader, Writer } from './ports.ts';

/** Which rules new orders of a source are booked by: a version in the database, so that a change needs no restart. */

/** Short, because a person compares it; its rules stand beside it. */
const VERSION_LENGTH = 12;

/** What was imported last, or else these. */
export async function currentRules(
  read: Pick<Reader, 'setting' | 'rules'>,
  source: ConnectionId,
  otherwise: Rules,
): Promise<VersionedRules> {
  const version = await read.setting(settingOf(source));
  if (version === undefined) {
    return { version: versionOf(otherwise), rules: otherwise };
  }
  const rules = await read.rules(version);
  invariant(rules !== undefined, `rules "${version}" of ${source} are stored`);
  return { version, rules };
}

/**
 * Makes these the rules of orders that are not booked yet. Throws `config-invalid` when they name another currency side
 * under stored orders: their amounts were read on the old one, and sides are never mixed.
 */
export async function putCurrentRules(
  tx: Writer,
  source: ConnectionId,
  { rules, otherwise }: { readonly rules: Rules; readonly otherwise: Rules },
): Promise<string> {
  const { rules: before } = await currentRules(tx, source, otherwise);
  if (before.currency !== rules.currency && (await tx.orders({ limit: 1 })).length > 0) {
    throw new Failure('config-invalid', {
      detail: `Key currency of the route from ${source}: it is "${before.currency}" for the orders in this database, and cannot change under them. Use a new database for "${rules.currency}"`,
    });
  }
  const version = await keepRules(tx, rules);
  await tx.putSetting(settingOf(source), version);
  return version;
}

/** Stores rules under their version, so that an order booked by them finds them again for ever. */
export async function keepRules(tx: Writer, rules: Rules): Promise<string> {
  const version = versionOf(rules);
  await tx.putRules(version, rules);
  return version;
}

function versionOf(rules: Rules): string {
  // Sorted, because the same rules written in another order are the same.
  const sorted = Object.fromEntries(Object.entries(rules).sort(([a], [b]) => (a < b ? -1 : 1)));
  return createHash('sha256').update(toJson(sorted)).digest('hex').slice(0, VERSION_LENGTH);
}

function settingOf(source: ConnectionId): string {
  return `rules:${source}`;
}
