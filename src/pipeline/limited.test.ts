import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '#core/failure.ts';
import { orderKey } from '#core/ids.ts';
import { MINUTE, after } from '#core/time.ts';
import { ORDER, SHOP, order } from '#tests/build.ts';
import { openWorld } from '#tests/one-order.ts';
import type { Books } from './ports.ts';
import { sortDelivery } from './sorter.ts';
import { run } from './worker.ts';

/** Orders that wait, minute after minute, for calls that a limit allows. */

test('an order that waits for a limit again and again tells since when, until it got through', async () => {
  const { clock, store, machine, accept, work } = await openWorld();
  const [route] = machine.routes.values();
  assert.ok(route !== undefined);
  let isSpent = true;
  const books: Books = {
    ...route.books,
    async find(task) {
      if (isSpent) {
        const retryAt = after(clock.now(), MINUTE);
        throw new Failure('request-rate-limited', {
          detail: 'The calls of this minute are used up',
          retryAt,
        });
      }
      return route.books.find(task);
    },
  };
  const on = { ...machine, routes: new Map([[SHOP, { ...route, books }]]) };
  const other = orderKey(SHOP, '4242');
  const began = clock.now();
  await sortDelivery(on, await accept('a', order()));
  await sortDelivery(on, await accept('b', order({ key: other })));
  for (let minutes = 0; minutes < 3; minutes += 1) {
    await work(on);
    // The first was refused for the limit; this one is not even let in.
    await run(on, `order:${other}`, new AbortController().signal);
    assert.equal((await store.read.order(other))?.state, 'waiting');
    assert.deepEqual(await store.read.backlog(clock.now()), { count: 2, oldestAt: began });
    await clock.advance(MINUTE);
  }

  isSpent = false;
  await work(on);
  const record = await store.read.order(ORDER);
  assert.deepEqual([record?.state, record?.limitedSince], ['settled', undefined]);
  assert.deepEqual(await store.read.backlog(clock.now()), { count: 1, oldestAt: began });
  await store.close();
});

test('a shop whose own answer says that it must be asked is asked again after a while, and not without end', async () => {
  const unsaid = { cash: { state: 'reread', why: 'It does not show what was received' } } as const;
  const { clock, store, machine, accept, work } = await openWorld({ answer: () => order(unsaid) });
  await sortDelivery(machine, await accept('a', order(unsaid)));
  for (let times = 0; times < 4; times += 1) {
    await work(machine);
    await work(machine);
    const { state, dueAt } = (await store.read.order(ORDER)) ?? {};
    assert.equal(state, 'waiting');
    assert.ok(dueAt !== undefined && dueAt > clock.now(), `time ${times}`);
    await clock.advance(20 * MINUTE);
  }
  await store.close();
});
