import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fieldOf, listOf } from '#core/json-fields.ts';
import { parseLossless } from '#core/json.ts';
import type { Lossless } from '#core/json.ts';
import { equal, show } from '#core/money.ts';
import { totalByLines } from '#core/order.ts';
import { AMAZON, ORDER_ID, itemJson, lossless, orderJson } from '#tests/amazon/order-json.ts';
import { normalize } from './normalize.ts';
import { parseReadOrder } from './payload.ts';
import { amountsIn } from './transactions.ts';

/** Amazon's own examples, which are not ours and not in the repository (../shared/samples/README.md). */
const FOLDER = join(
  process.env['COUNTERFOIL_SAMPLES'] ??
    join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'samples'),
  'amazon',
);
const isHere = existsSync(FOLDER);
const skip = isHere ? false : `no samples of Amazon at ${FOLDER}`;

/** Every JSON below a folder, as it is read: recorded sandbox answers have theirs under "response". */
function samplesIn(folder: string): readonly (readonly [name: string, body: Lossless])[] {
  return readdirSync(join(FOLDER, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .map((name) => {
      const json = parseLossless(readFileSync(join(FOLDER, folder, name), 'utf8'));
      return [name, fieldOf(json, 'response') ?? json];
    });
}

describe('Amazon’s examples', { skip }, () => {
  test('of orders are read and add up by their items', () => {
    const orders = samplesIn('orders-v2026').flatMap(([name, body]) =>
      [fieldOf(body, 'order') ?? [], listOf(body, 'orders')]
        .flat()
        .map((order): readonly [string, Lossless] => [name, order]),
    );
    assert(orders.length >= 6, `${orders.length} orders`);
    for (const [name, order] of orders) {
      const found = normalize(parseReadOrder({ order }), { connection: AMAZON }).order;
      assert(
        equal(totalByLines(found), found.total),
        `${name}: ${show(totalByLines(found))}, ${show(found.total)}`,
      );
    }
  });

  test('of transactions are read, and every amount of theirs is understood', () => {
    const transactions = samplesIn('finances-2024-06-19').flatMap(([, body]) => [
      ...listOf(body, 'payload.transactions'),
      ...(fieldOf(body, 'transactionId') === undefined ? [] : [body]),
    ]);
    assert(transactions.length >= 2, `${transactions.length} transactions`);
    const order = lossless(orderJson([itemJson({ ITEM: '10.00' })], { total: '10.00' }));
    for (const transaction of transactions) {
      const [read] = parseReadOrder({ order, transactions: [transaction] }).transactions ?? [];
      assert(read !== undefined);
      const { currency } = read.totalAmount;
      for (const tree of [read.breakdowns, ...read.items.map((item) => item.breakdowns)]) {
        assert.equal(amountsIn(tree, currency).has('unknown'), false, `${ORDER_ID} ${read.transactionType}`);
      }
    }
  });
});
