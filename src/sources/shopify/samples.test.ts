import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parseLossless } from '#core/json.ts';
import { plan } from '#core/plan.ts';
import { fold } from '#core/ledger.ts';
import { equal, show } from '#core/money.ts';
import { totalByLines } from '#core/order.ts';
import type { Cash, Order } from '#core/order.ts';
import { terms } from '#tests/build.ts';
import { SHOP } from '#tests/contract/shopify-bodies.ts';
import { normalize } from './normalize.ts';
import { parseOrder } from './payload.ts';

/** Public sample orders, which are not ours and not in the repository (../shared/samples/README.md). */
const FOLDER = join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'samples', 'shopify');
const isHere = existsSync(FOLDER);
const skip = isHere ? false : `no sample orders at ${FOLDER}`;
const names = isHere ? readdirSync(FOLDER).filter((name) => name.endsWith('.json')) : [];

/** Test notifications that do not add up and must never be booked. */
const FAKES = ['30', '33'];
const UNCLEAR = ['05', '06', '32'];
/** Examples of the documentation whose refund pays back less than its lines, without saying so. */
const DOUBTFUL = ['01', '02', '03'];
const REREAD = ['01', '03', '07', '23'];

function orderIn(name: string): Order {
  const body = parseLossless(readFileSync(join(FOLDER, name), 'utf8'));
  return normalize(parseOrder(body), SHOP).order;
}

describe('public sample orders', { skip }, () => {
  test('public sample orders add up, and the fake ones do not', () => {
    for (const name of names) {
      const order = orderIn(name);
      const byLines = totalByLines(order);
      const isFake = FAKES.includes(name.slice(0, 2));
      assert.equal(
        equal(byLines, order.total),
        !isFake,
        `${name}: ${show(order.total)}, ${show(byLines)} by lines`,
      );
    }
  });

  test('the fake ones are held by their sums', () => {
    for (const name of names.filter((name) => FAKES.includes(name.slice(0, 2)))) {
      const order = { ...orderIn(name), isTest: false };
      const planned = plan(order, fold([]), terms());
      assert(planned.outcome === 'work');
      assert.deepEqual(
        [planned.steps, planned.holds.map(({ code }) => code)],
        [[], ['order-sums-differ']],
        name,
      );
    }
  });

  test('the refunds of the samples add up with what each order is worth now', () => {
    for (const name of names) {
      const isDoubtful = DOUBTFUL.includes(name.slice(0, 2));
      assert.equal(orderIn(name).doubt?.why, isDoubtful ? 'Its refunds do not add up' : undefined, name);
    }
  });

  test('no sample’s status is taken for money that it does not prove', () => {
    for (const name of names) {
      const prefix = name.slice(0, 2);
      const expected: Cash['state'] = UNCLEAR.includes(prefix)
        ? 'unclear'
        : REREAD.includes(prefix)
          ? 'reread'
          : 'known';
      assert.equal(orderIn(name).cash.state, expected, name);
    }
  });
});
