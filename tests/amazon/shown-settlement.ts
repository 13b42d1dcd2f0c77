import assert from 'node:assert/strict';
import { settlementKey } from '#core/ids.ts';
import type { OrderKey } from '#core/ids.ts';
import * as money from '#core/money.ts';
import type { Settlement } from '#core/settlement.ts';
import type { ExpectedSettlement } from '#sim/amazon/settlements.ts';
import { rules, terms } from '#tests/build.ts';
import { transactionJson } from '#tests/amazon/order-json.ts';
import { AMAZON, openAmazon } from '#tests/contract/source-amazon.ts';
import type { AmazonWorld, AmazonWorldOptions } from '#tests/contract/source-amazon.ts';

/** Settlements that are read as Finances shows them, by the simulator's transactions or by a test's own. */

export async function openQuiet(options: AmazonWorldOptions = {}): Promise<AmazonWorld> {
  return openAmazon({ scenarios: 'none', ...options });
}

function keyOf({ groupId }: Pick<ExpectedSettlement, 'groupId'>): OrderKey {
  return settlementKey(AMAZON, groupId) ?? assert.fail(groupId);
}

export async function read(
  { source }: AmazonWorld,
  expected: Pick<ExpectedSettlement, 'groupId'>,
): Promise<Settlement> {
  const sorted = source.sort(await source.read(keyOf(expected)));
  assert(sorted.kind === 'settlement');
  return sorted.settlement;
}

/** Answers of Finances in place of the simulator's, all of one group. */
export async function showing(
  transactions: readonly object[],
  options: Pick<AmazonWorldOptions, 'stores'> = {},
): Promise<{ readonly world: AmazonWorld; readonly group: { readonly groupId: string } }> {
  const world = await openQuiet({
    ...options,
    between: (transport) => async (request) =>
      request.url.includes('/finances/') ? Response.json({ payload: { transactions } }) : transport(request),
  });
  return { world, group: { groupId: 'group-1' } };
}

export function ofStore(transaction: object, marketplaceId: string): object {
  return { ...transaction, marketplaceDetails: { marketplaceId } };
}

/** A service's fee, of a store where one is named. */
export function feeOf(id: string, marketplaceId?: string): object {
  const fee = transactionJson(['ServiceFee', '-5.00'], [], { ...IN_GROUP, id, currency: 'EUR' });
  return marketplaceId === undefined ? fee : ofStore(fee, marketplaceId);
}

export function namesIn({ amounts }: Settlement): readonly string[] {
  return amounts.map(({ what, name, amount }) => `${what} ${name} ${money.format(amount)}`);
}

export const BY_SETTLEMENT = terms({
  rules: rules({ channelFees: 'per_settlement', feeCategory: 'Commissions' }),
});

export const IN_GROUP = { identifiers: { FINANCIAL_EVENT_GROUP_ID: 'group-1' }, at: '2026-11-01T10:00:00Z' };
