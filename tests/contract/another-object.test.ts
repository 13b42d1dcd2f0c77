import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createFreshBooksBooks } from '#books/freshbooks/freshbooks.ts';
import { connectionId, orderKey, referenceOf } from '#core/ids.ts';
import * as money from '#core/money.ts';
import type { Books } from '#pipeline/ports.ts';
import { failureOf, standing } from '#tests/contract/books.ts';
import { openFreshBooks } from '#tests/contract/books-freshbooks.ts';
import type { FreshBooksWorld } from '#tests/contract/books-freshbooks.ts';
import {
  buyer,
  clientTask,
  document,
  invoiceTask,
  lastWritten,
  linesTask,
  paymentChangeTask,
  paymentTask,
  sentTask,
  voidTask,
} from '#tests/contract/books-tasks.ts';

/** Answers that are about another object than was asked for: none of them is believed. */

const ANOTHER = orderKey(connectionId('shopify'), '5002');
const PAID = money.parse('29.70', 'CAD');
/** Of one object, not of a list. */
const isOne = (text: string): boolean => !text.includes('"pages"');

function answeringOtherwise({ options }: FreshBooksWorld, put: (text: string) => string, of: string): Books {
  return createFreshBooksBooks({
    ...options,
    async transport(request) {
      const response = await options.transport(request);
      const text = await response.text();
      return new Response(request.method === of && isOne(text) ? put(text) : text, response);
    },
  });
}

/** Answers of one object that say another id. */
function withId(world: FreshBooksWorld, id: string, { by, of }: { by: string; of: string }): Books {
  const ids = new RegExp(`"(id|invoiceid|logid|userid)":"?${id}"?(?=[,}])`, 'g');
  return answeringOtherwise(world, (text) => text.replaceAll(ids, `"$1":${by}`), of);
}

/** A paid invoice of ours, and another one of the same buyer. */
async function opened() {
  const world = await openFreshBooks();
  const { externalId: clientId } = await world.books.apply(clientTask());
  const mine = await world.books.apply({ ...invoiceTask(), clientId });
  const another = invoiceTask({ order: ANOTHER, document: document({ number: 'SHOPIFY-1002' }), clientId });
  const theirs = await world.books.apply(another);
  return { world, clientId, mine, theirs };
}

void describe('an answer that is about another object than was asked for', () => {
  void test('is not taken for the invoice', async () => {
    const { world, mine, theirs } = await opened();
    const reading = withId(world, mine.externalId, { by: theirs.externalId, of: 'GET' });
    const last = lastWritten(mine);
    for (const asked of [
      () => reading.find(invoiceTask()),
      () => reading.find(voidTask(last)),
      () => reading.find(sentTask(mine)),
      () => reading.find(linesTask(last)),
      () => reading.apply(voidTask(last)),
      () => reading.apply(paymentTask(mine.externalId)),
    ]) {
      const failure = await failureOf(asked());
      assert.deepEqual([failure.code, failure.effect], ['request-answer-unreadable', 'none']);
      assert.match(failure.message, new RegExp(`about ${theirs.externalId} and not ${mine.externalId}`));
    }
  });

  void test('does not say that a change was made', async () => {
    const { world, mine, theirs } = await opened();
    const writing = withId(world, mine.externalId, { by: theirs.externalId, of: 'PUT' });
    const codes = async (asked: Promise<unknown>) => {
      const { code, effect } = await failureOf(asked);
      assert.deepEqual([code, effect], ['request-answer-unreadable', 'unknown']);
    };
    await codes(writing.apply(linesTask(lastWritten(mine))));
    await codes(writing.apply(sentTask(mine, true)));
    await codes(writing.apply(voidTask({ ...lastWritten(mine), paid: money.zero('CAD') })));
    const payment = await world.books.apply(paymentTask(theirs.externalId));
    const lowering = paymentChangeTask(theirs.externalId, {
      receipt: payment,
      to: money.parse('10.00', 'CAD'),
    });
    await codes(withId(world, payment.externalId, { by: '999', of: 'PUT' }).apply(lowering));
    const seen = withId(world, payment.externalId, { by: '999', of: 'GET' });
    assert.equal((await failureOf(seen.find(lowering))).code, 'request-answer-unreadable');
  });

  void test('does not say that something was made', async () => {
    const { world, clientId, theirs } = await opened();
    const order = orderKey(connectionId('shopify'), '5003');
    const task = invoiceTask({ order, document: document({ number: 'SHOPIFY-1003' }), clientId });
    const elsewhere = answeringOtherwise(
      world,
      (text) =>
        text.replaceAll(
          `[counterfoil ${task.step.reference}]`,
          `[counterfoil ${referenceOf(ANOTHER, 'invoice', 1)}]`,
        ),
      'POST',
    );
    const made = await failureOf(elsewhere.apply(task));
    assert.deepEqual([made.code, made.effect], ['request-answer-unreadable', 'unknown']);
    await standing(world.books, task);
    const other = answeringOtherwise(
      world,
      (text) => text.replaceAll(/"invoiceid":"?\d+"?/g, '"invoiceid":999'),
      'POST',
    );
    const paid = await failureOf(other.apply(paymentTask(theirs.externalId, { amount: PAID })));
    assert.deepEqual([paid.code, paid.effect], ['request-answer-unreadable', 'unknown']);
    await standing(world.books, paymentTask(theirs.externalId));
  });

  void test('completes no client by what another one lacks', async () => {
    const { world, clientId } = await opened();
    const reading = withId(world, clientId, { by: '999', of: 'GET' });
    const failure = await failureOf(reading.fillClient(clientId, buyer({ phone: '555' })));
    assert.equal(failure.code, 'books-refused');
    assert.match(failure.message, /merged/);
    assert.equal(world.sim.calls.filter(({ method }) => method === 'PUT').length, 0);
  });
});
