import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createFreshBooksBooks } from '#books/freshbooks/freshbooks.ts';
import type { Books } from '#pipeline/ports.ts';
import { failureOf } from '#tests/contract/books.ts';
import { openFreshBooks } from '#tests/contract/books-freshbooks.ts';
import type { FreshBooksWorld } from '#tests/contract/books-freshbooks.ts';
import { clientTask, invoiceTask, paymentTask } from '#tests/contract/books-tasks.ts';
import * as money from '#core/money.ts';

/** Lists that show a row twice, and pages that repeat themselves. */

function changed(
  { options }: FreshBooksWorld,
  { ask = (url) => url, put = (text) => text }: { ask?: (url: URL) => URL; put?: (text: string) => string },
): Books {
  return createFreshBooksBooks({
    ...options,
    async transport(request) {
      const response = await options.transport(new Request(ask(new URL(request.url)), request));
      const text = await response.text();
      return new Response(request.method === 'GET' ? put(text) : text, response);
    },
  });
}

void describe('a list of FreshBooks', () => {
  void test('that shows a client twice shows one', async () => {
    const world = await openFreshBooks();
    await world.books.apply(clientTask());
    const twice = changed(world, {
      put: (text) => text.replace(/"clients":\[(\{.*\})\]/s, '"clients":[$1,$1]'),
    });
    const found = await twice.find(clientTask());
    assert.equal(found.state === 'standing' && found.receipt.remarks, undefined);
  });

  void test('whose first page comes again and again is not asked for ever', async () => {
    const world = await openFreshBooks();
    for (let count = 0; count < 101; count += 1) {
      world.sim.byHand().addClient({ organization: `Somebody ${count}`, email: `${count}@example.com` });
    }
    const deaf = changed(world, {
      ask: (url) => {
        url.searchParams.delete('search[email]');
        url.searchParams.set('page', '1');
        return url;
      },
    });
    const before = world.sim.calls.length;
    assert.equal((await deaf.find(clientTask())).state, 'absent');
    // One of them looks without minding the case.
    assert.equal(world.sim.calls.length - before, 3);
  });

  void test('that shows one payment twice does not hide that another one is not shown yet', async () => {
    const world = await openFreshBooks();
    const { externalId: clientId } = await world.books.apply(clientTask());
    const { externalId } = await world.books.apply({ ...invoiceTask(), clientId });
    const half = { amount: money.parse('10.00', 'CAD') };
    await world.books.apply(paymentTask(externalId, half));
    await world.books.apply(paymentTask(externalId, { ...half, slot: 2 }));
    const late = changed(world, {
      put: (text) =>
        text.includes('"payments"')
          ? JSON.stringify(
              JSON.parse(text, (key, value: unknown) => {
                const rows = key === 'payments' && Array.isArray(value) ? value : undefined;
                const first = rows?.find((row: { note: string }) => row.note.includes('payment-1'));
                return first === undefined ? value : [first, first];
              }),
            )
          : text,
    });
    const failure = await failureOf(late.find(paymentTask(externalId, { ...half, slot: 2 })));
    assert.equal(failure.code, 'request-answer-unreadable');
  });
});
