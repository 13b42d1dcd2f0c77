import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Failure } from '#core/failure.ts';
import { connectionId, orderKey, referenceOf } from '#core/ids.ts';
import type { Receipt } from '#core/ledger.ts';
import * as money from '#core/money.ts';
import { parseLocalDate } from '#core/time.ts';
import { VERSION_FACT } from '#pipeline/ports.ts';
import type { Books, Standing, Task } from '#pipeline/ports.ts';
import {
  ORDER,
  buyer,
  clientTask,
  creditNoteTask,
  document,
  expenseTask,
  invoiceTask,
  lastWritten,
  line,
  linesTask,
  paymentChangeTask,
  paymentTask,
  sentTask,
  voidTask,
} from '#tests/contract/books-tasks.ts';
import type { TaskOf } from '#tests/contract/books-tasks.ts';

/** What every implementation of the port `Books` promises, whatever stands behind it. */
export interface BooksHarness {
  readonly name: string;
  open(): Promise<BooksWorld>;
}

/** One account's books, opened for one test, and a view of them past the port. */
export interface BooksWorld {
  readonly books: Books;
  /** The next call of this method is done over there and its answer is lost. */
  loseAnswer(method: 'POST' | 'PUT'): void;
  /** The next call of this method never arrives. */
  loseRequest(method: 'POST' | 'PUT'): void;
  counts(): { readonly clients: number; readonly invoices: number; readonly payments: number };
  /** Mails that a buyer would have received, after half a year of the books' own reminders. */
  mailsAfterHalfAYear(): number;
  close(): Promise<void>;
}

export function booksContract(harness: BooksHarness): void {
  const promise = (name: string, body: (world: BooksWorld) => Promise<void>): void => {
    void test(name, async () => {
      const world = await harness.open();
      try {
        await body(world);
        assert.equal(world.mailsAfterHalfAYear(), 0, 'no buyer hears from us');
      } finally {
        await world.close();
      }
    });
  };
  void describe(`books contract: ${harness.name}`, () => {
    promise('nothing stands in empty books', async ({ books }) => {
      assert.equal((await books.find(clientTask())).state, 'absent');
      assert.equal((await books.find(clientTask({ policy: 'channel' }))).state, 'absent');
      assert.equal((await books.find(invoiceTask())).state, 'absent');
    });
    promise('what was applied is found standing, and is the same', async ({ books }) => {
      const client = await books.apply(clientTask());
      assert.equal((await standing(books, clientTask())).externalId, client.externalId);
      const task = invoiceTask({ clientId: client.externalId });
      const invoice = await books.apply(task);
      assert.equal(money.show(invoice.amount ?? money.zero('CAD')), '29.70 CAD');
      const found = await standing(books, task);
      assert.equal(found.externalId, invoice.externalId);
      assert.deepEqual([found.isFound, found.isAdopted], [true, undefined]);
      assert.equal((await books.find(sentTask(invoice))).state, 'absent');
      await books.apply(sentTask(invoice));
      assert.equal((await standing(books, sentTask(invoice))).externalId, invoice.externalId);
      const payment = paymentTask(invoice.externalId);
      assert.equal((await books.find(payment)).state, 'absent');
      const paid = await books.apply(payment);
      assert.equal((await standing(books, payment)).externalId, paid.externalId);
      assert.equal(money.show(paid.outstanding ?? money.parse('1', 'CAD')), '0.00 CAD');
    });
    promise(
      'what can wait may begin while much is left, and is told when to come while little is',
      async (world) => {
        const { books } = world;
        assert.equal(await books.spareAt(), undefined);
        const client = await books.apply(clientTask());
        assert.equal(await books.spareAt(), undefined);
        let made = 0;
        while ((await books.spareAt()) === undefined && made < CALLS_MAX) {
          made += 1;
          const number = `N${made}`;
          await books.apply(invoiceTask({ clientId: client.externalId, document: document({ number }) }));
        }
        assert.ok(made > 0 && made < CALLS_MAX, `${made} were let in`);
        // What cannot wait finds room all the same.
        await books.apply(
          invoiceTask({ clientId: client.externalId, document: document({ number: 'LIVE' }) }),
        );
      },
    );
    promise('every receipt carries the proof of request and answer', async ({ books }) => {
      for (const receipt of await orderOf(books)) {
        assert.match(receipt.requestSha256 ?? '', /^[0-9a-f]{64}$/);
        assert.match(receipt.answerSha256 ?? '', /^[0-9a-f]{64}$/);
      }
    });
    for (const kind of KINDS) {
      promise(`a ${kind} whose answer was lost is found, and nothing stands twice`, async (world) => {
        const { books } = world;
        const task = await taskFor(books, kind);
        world.loseAnswer(methodOf(kind));
        const failure = await failureOf(books.apply(task));
        assert.equal(failure.effect, 'unknown');
        const before = world.counts();
        assert.equal((await books.find(task)).state, 'standing');
        assert.deepEqual(world.counts(), before);
      });
      promise(`a ${kind} whose request was lost is not found`, async (world) => {
        const { books } = world;
        const task = await taskFor(books, kind);
        world.loseRequest(methodOf(kind));
        assert.equal((await failureOf(books.apply(task))).effect, 'unknown');
        assert.equal((await books.find(task)).state, 'absent');
      });
    }
    promise(
      'an invoice that is sent again after a lost answer is adopted and not made twice',
      async (world) => {
        const client = await world.books.apply(clientTask());
        const task = invoiceTask({ clientId: client.externalId });
        world.loseAnswer('POST');
        await failureOf(world.books.apply(task));
        const receipt = await world.books.apply(task);
        assert.equal(receipt.isFound, true);
        assert.equal(world.counts().invoices, 1);
      },
    );
    promise('a payment above what is outstanding is refused and makes no credit', async (world) => {
      const [, invoice] = await orderOf(world.books, { isPaid: false });
      const task = paymentTask(invoice?.externalId ?? '', { amount: money.parse('29.71', 'CAD') });
      const failure = await failureOf(world.books.apply(task));
      assert.deepEqual([failure.code, failure.effect], ['order-overpaid', 'none']);
      assert.equal(world.counts().payments, 0);
    });
    promise('two payments with equal figures and different references are two', async (world) => {
      const [, invoice] = await orderOf(world.books, { isPaid: false });
      const half = { amount: money.parse('14.85', 'CAD') };
      const first = await world.books.apply(paymentTask(invoice?.externalId ?? '', { ...half, slot: 1 }));
      const second = await world.books.apply(paymentTask(invoice?.externalId ?? '', { ...half, slot: 2 }));
      assert.notEqual(first.externalId, second.externalId);
      const found = await standing(world.books, paymentTask(invoice?.externalId ?? '', { ...half, slot: 2 }));
      assert.equal(found.externalId, second.externalId);
    });
    promise('the invoice of another order is not this one’s', async (world) => {
      const client = await world.books.apply(clientTask());
      const order = orderKey(connectionId('shopify'), '5002');
      const other = document({ number: 'SHOPIFY-1002', poNumber: 'SHOPIFY-ORDER-5002' });
      await world.books.apply(invoiceTask({ clientId: client.externalId }));
      assert.equal((await world.books.find(invoiceTask({ document: other, order }))).state, 'absent');
    });
    promise('names in any script, of any length, arrive and are found', async ({ books }) => {
      const people = [
        buyer({ firstName: 'מרים', lastName: 'כהן', email: 'rtl@example.com' }),
        buyer({ firstName: '👩🏽‍🚀 Zoë', lastName: '🎉'.repeat(300), email: 'emoji@example.com' }),
        buyer({ firstName: 'x'.repeat(500), lastName: 'n\u0303'.repeat(400), email: 'long@example.com' }),
        buyer({ firstName: 'half \ud83d', lastName: '\u0000\n', email: 'broken@example.com' }),
      ];
      for (const person of people) {
        const client = await books.apply(clientTask({ buyer: person }));
        assert.equal((await standing(books, clientTask({ buyer: person }))).externalId, client.externalId);
      }
    });
    promise('a line may have any name', async ({ books }) => {
      const client = await books.apply(clientTask());
      const name = `${'קומקום 🫖 '.repeat(80)}end`;
      const task = invoiceTask({
        clientId: client.externalId,
        document: document({ lines: [line({ name })] }),
      });
      assert.equal(money.show((await books.apply(task)).amount ?? money.zero('CAD')), '29.70 CAD');
    });
    promise(
      'a draft whose rounding is corrected comes to its total, once and whoever asks',
      async ({ books }) => {
        const client = await books.apply(clientTask());
        const invoice = await books.apply(invoiceTask({ clientId: client.externalId }));
        const from = money.parse('29.70', 'CAD');
        const correction = money.parse('0.01', 'CAD');
        // As if the books had come to a cent less than was charged.
        const dearer = { ...document(), total: money.add(from, correction) };
        const native = {
          ...dearer,
          lines: [line(), line({ key: 'fee', name: 'Fee', quantity: 1, unitPrice: correction })],
        };
        const task = linesTask(lastWritten(invoice), { document: native });
        assert.equal((await books.find(task)).state, 'absent');
        const changed = await books.apply(task);
        assert.equal(money.show(changed.amount ?? from), '29.71 CAD');
        assert.equal((await standing(books, task)).externalId, invoice.externalId);
        const rounded = linesTask(lastWritten(changed, { document: native }), { correction });
        assert.equal(money.show((await books.apply(rounded)).amount ?? from), '29.71 CAD');
      },
    );
    promise('lines that somebody changed since are not replaced', async ({ books }) => {
      const client = await books.apply(clientTask());
      const invoice = await books.apply(invoiceTask({ clientId: client.externalId }));
      const stale = lastWritten(invoice, { amount: money.parse('29.69', 'CAD') });
      const failure = await failureOf(books.apply(linesTask(stale)));
      assert.deepEqual([failure.code, failure.effect], ['books-invoice-edited', 'none']);
      const other = lastWritten(invoice, { linesSha256: 'what stood before somebody changed it' });
      assert.equal((await failureOf(books.apply(linesTask(other)))).code, 'books-invoice-edited');
      const unclear = await books.find(
        linesTask(other, { document: document({ lines: [line({ quantity: 4 })] }) }),
      );
      assert.deepEqual(
        [unclear.state, 'code' in unclear && unclear.code],
        ['unclear', 'books-invoice-edited'],
      );
    });
    promise('a sent invoice is lowered after its payment, and both are read back', async ({ books }) => {
      const [client, invoice, sent, paid] = await orderOf(books);
      assert(client !== undefined && invoice !== undefined && sent !== undefined && paid !== undefined);
      const to = money.parse('19.80', 'CAD');
      const lowered = await books.apply(paymentChangeTask(invoice.externalId, { receipt: paid, to }));
      assert.equal(money.show(lowered.amount ?? assert.fail()), '19.80 CAD');
      const last = { ...lastWritten(sent), clientId: client.externalId, paid: to };
      const less = document({ lines: [line({ quantity: 2 })] });
      const changed = await books.apply(linesTask(last, { document: less }));
      assert.deepEqual(
        [money.show(changed.amount ?? to), money.show(changed.outstanding ?? to)],
        ['19.80 CAD', '0.00 CAD'],
      );
      const gone = await books.apply(
        paymentChangeTask(invoice.externalId, { receipt: lowered, to: money.zero('CAD') }),
      );
      assert.equal(money.isZero(gone.amount ?? to), true);
      const empty = { ...lastWritten(changed, { document: less }), clientId: client.externalId };
      await books.apply(voidTask(empty));
      assert.equal((await standing(books, voidTask(empty))).externalId, invoice.externalId);
    });
    promise('an invoice with payments on it is not taken away', async ({ books }) => {
      const [client, , sent] = await orderOf(books);
      assert(client !== undefined && sent !== undefined);
      const paid = money.parse('29.70', 'CAD');
      const last = { ...lastWritten(sent), clientId: client.externalId, paid };
      const failure = await failureOf(books.apply(voidTask(last)));
      assert.deepEqual([failure.code, failure.effect], ['books-invoice-edited', 'none']);
    });
    promise(
      'what was edited is written over, or taken as right, only by an answer about that version',
      async ({ books }) => {
        const [, invoice, , paid] = await orderOf(books);
        assert(invoice !== undefined && paid !== undefined);
        const receipt = { ...paid, amount: money.parse('25.00', 'CAD') };
        const to = money.parse('9.70', 'CAD');
        const failure = await failureOf(books.apply(paymentChangeTask(invoice.externalId, { receipt, to })));
        assert.deepEqual([failure.code, failure.effect], ['books-payment-edited', 'none']);
        const seen = failure.facts.find(({ name }) => name === VERSION_FACT)?.value ?? assert.fail();
        const other = { say: 'overwrite', seen: 'another version' } as const;
        await failureOf(books.apply(paymentChangeTask(invoice.externalId, { receipt, to, edits: other })));
        const accept = { say: 'accept', seen } as const;
        const over = { say: 'overwrite', seen } as const;
        // A call whose answer was lost is looked for first: what was said of its payment lets it go on.
        const looked = [{ say: 'ask' } as const, other, accept, over].map(async (edits) => {
          const task = paymentChangeTask(invoice.externalId, { receipt, to, edits });
          return (await books.find(task)).state;
        });
        assert.deepEqual(await Promise.all(looked), ['unclear', 'unclear', 'absent', 'absent']);
        const accepted = await books.apply(
          paymentChangeTask(invoice.externalId, { receipt, to, edits: accept }),
        );
        assert.deepEqual([accepted.isAccepted, money.show(accepted.amount ?? to)], [true, '29.70 CAD']);
        const written = await books.apply(
          paymentChangeTask(invoice.externalId, { receipt, to, edits: over }),
        );
        assert.equal(money.show(written.amount ?? receipt.amount), '9.70 CAD');
      },
    );
    promise('two refunds of one day and amount are two expenses', async ({ books }) => {
      const first = await books.apply(expenseTask({ slot: 1 }));
      const second = await books.apply(expenseTask({ slot: 2 }));
      assert.notEqual(first.externalId, second.externalId);
      assert.equal((await standing(books, expenseTask({ slot: 2 }))).externalId, second.externalId);
      assert.deepEqual(first.remarks, undefined);
    });
    promise(
      'a payment that was forgotten is the one to be made if it is the same, and else asked about',
      async (world) => {
        const { books } = world;
        const [, invoice] = await orderOf(books, { isPaid: false });
        const on = invoice?.externalId ?? '';
        const made = await books.apply(paymentTask(on, { slot: 3, amount: money.parse('12', 'CAD') }));
        const twelve = paymentTask(on, { amount: money.parse('12', 'CAD') });
        const other = paymentTask(on, { amount: money.parse('13', 'CAD') });
        assert.equal((await books.find(twelve)).state, 'absent', 'nothing may be forgotten');
        assert.equal((await standing(books, { ...twelve, known: [] })).externalId, made.externalId);
        assert.equal((await books.find({ ...twelve, known: [made.externalId] })).state, 'absent');
        // It was linked as another one: what is to be made under its own number is not that one again.
        const third = paymentTask(on, { slot: 3, amount: money.parse('12', 'CAD') });
        assert.equal((await books.find({ ...third, known: [made.externalId] })).state, 'absent');
        const asked = await books.find({ ...other, known: [] });
        assert.deepEqual(
          [asked.state, asked.state === 'unclear' ? asked.code : ''],
          ['unclear', 'books-payment-unclear'],
        );
      },
    );
    promise(
      'any invoice of an order is found, whichever it was made as and under whatever number, and a number that was used is told from one that was not',
      async ({ books }) => {
        const [client, , sent] = await orderOf(books, { isPaid: false });
        assert(client !== undefined && sent !== undefined);
        await books.apply(voidTask(lastWritten(sent)));
        const numbered = (number: string, slot = 1): TaskOf<'invoice'> => {
          const task = invoiceTask({ clientId: client.externalId, document: document({ number }) });
          const reference = referenceOf(ORDER, 'invoice', slot);
          return { ...task, step: { ...task.step, slot, reference } };
        };
        const { number } = invoiceTask().step.document;
        const any = { anyBut: [], isNumberedAnew: true };
        const taken = await books.find({ ...numbered(number), ...any });
        assert.deepEqual(
          [taken.state, taken.state === 'unclear' ? taken.code : ''],
          ['unclear', 'books-invoice-deleted'],
        );
        const second = await books.apply(numbered(`${number}-2`, 2));
        for (const asked of [`${number}-2`, number, 'SH77']) {
          const found = await standing(books, { ...numbered(asked), ...any });
          assert.deepEqual([found.externalId, found.number], [second.externalId, `${number}-2`]);
        }
        assert.equal((await books.find(numbered(`${number}-2`))).state, 'foreign', 'it is another one');
        const next = { ...numbered(`${number}-3`), ...any, anyBut: [second.externalId] };
        assert.equal((await books.find(next)).state, 'absent');
      },
    );
    promise('an expense is found where it may have been dated otherwise', async ({ books }) => {
      const made = await books.apply(expenseTask());
      for (const day of ['2027-01-20', '2026-10-01']) {
        const moved = expenseTask({ spentOn: parseLocalDate(day) });
        assert.equal((await books.find(moved)).state, 'absent', day);
        const found = await standing(books, { ...moved, isDatedAnew: true });
        assert.deepEqual([found.externalId, found.amount], [made.externalId, made.amount], day);
      }
    });
    promise('an expense of an unknown category is refused with those that there are', async ({ books }) => {
      const failure = await failureOf(books.apply(expenseTask({ category: 'Nowhere' })));
      assert.deepEqual([failure.code, failure.effect], ['books-category-unknown', 'none']);
      assert.match(failure.facts[0]?.value ?? '', /Other Expenses|Bank Fees/);
    });
    promise('documents that the books can bring to their total fit, and others do not', async ({ books }) => {
      const gst = { name: 'GST', ratePpm: 50_000 };
      assert.equal(
        books.fits(document({ lines: [line({ taxes: [gst] })], total: money.parse('31.19', 'CAD') })),
        true,
      );
      const taxes = [{ ...gst, amount: money.parse('9.99', 'CAD') }];
      assert.equal(books.fits(document({ lines: [line({ taxes: [gst] })], taxes })), false);
    });
    promise(
      'an order whose taxes are further off than rounding is refused before anything is sent',
      async (world) => {
        const client = await world.books.apply(clientTask());
        const taxed = document({
          lines: [line({ taxes: [{ name: 'GST', ratePpm: 50_000 }] })],
          taxes: [{ name: 'GST', ratePpm: 50_000, amount: money.parse('9.99', 'CAD') }],
        });
        const failure = await failureOf(
          world.books.apply(invoiceTask({ clientId: client.externalId, document: taxed })),
        );
        assert.deepEqual([failure.code, failure.effect], ['order-rounding-too-large', 'none']);
        assert.equal(world.counts().invoices, 0);
      },
    );
    promise(
      'a credit note whose taxes are further off than rounding is refused, and not looked for in vain',
      async ({ books }) => {
        const { externalId } = await books.apply(clientTask());
        const taxed = document({
          lines: [line({ quantity: 1, taxes: [{ name: 'GST', ratePpm: 50_000 }] })],
          taxes: [{ name: 'GST', ratePpm: 50_000, amount: money.parse('9.99', 'CAD') }],
        });
        const task = creditNoteTask(externalId, { document: taxed });
        const failure = await failureOf(books.apply(task));
        assert.deepEqual([failure.code, failure.effect], ['order-rounding-too-large', 'none']);
        // Its intent may be left of a crash: a question whether it stands would stay open for ever.
        assert.deepEqual(await books.find(task), { state: 'absent' });
      },
    );
  });
}

/** More than any account allows in a minute. */
const CALLS_MAX = 1_000;

/** One order from client to payment: its receipts in that order. */
export async function orderOf(
  books: Books,
  { isPaid }: { readonly isPaid: boolean } = { isPaid: true },
): Promise<readonly Receipt[]> {
  const client = await books.apply(clientTask());
  const invoice = await books.apply(invoiceTask({ clientId: client.externalId }));
  const sent = await books.apply(sentTask(invoice));
  return isPaid
    ? [client, invoice, sent, await books.apply(paymentTask(invoice.externalId))]
    : [client, invoice, sent];
}

const KINDS = [
  'client',
  'channel client',
  'invoice',
  'lines',
  'void',
  'sent',
  'payment',
  'payment-change',
  'payment taken away',
  'expense',
  'credit-note',
] as const;

/** What stands is changed, what does not is made. */
function methodOf(kind: (typeof KINDS)[number]): 'POST' | 'PUT' {
  return ['lines', 'void', 'sent', 'payment-change', 'payment taken away'].includes(kind) ? 'PUT' : 'POST';
}

async function taskFor(books: Books, kind: (typeof KINDS)[number]): Promise<Task> {
  switch (kind) {
    case 'lines':
    case 'void': {
      const [, , sent] = await orderOf(books, { isPaid: false });
      const last = lastWritten(sent ?? assert.fail());
      const less = document({ lines: [line({ quantity: 2 })] });
      return kind === 'void' ? voidTask(last) : linesTask(last, { document: less });
    }
    case 'payment-change':
    case 'payment taken away': {
      const [, invoice, , receipt] = await orderOf(books);
      assert(invoice !== undefined && receipt !== undefined);
      const to = money.parse(kind === 'payment-change' ? '9.70' : '0', 'CAD');
      return paymentChangeTask(invoice.externalId, { receipt, to });
    }
    case 'expense':
      return expenseTask();
    case 'credit-note':
      return creditNoteTask((await books.apply(clientTask())).externalId);
    case 'client':
      return clientTask();
    case 'channel client':
      return clientTask({ policy: 'channel' });
    case 'invoice':
      return invoiceTask({ clientId: (await books.apply(clientTask())).externalId });
    case 'sent': {
      const client = await books.apply(clientTask());
      return sentTask(await books.apply(invoiceTask({ clientId: client.externalId })));
    }
    case 'payment': {
      const [, invoice] = await orderOf(books, { isPaid: false });
      return { ...paymentTask(invoice?.externalId ?? ''), outstanding: money.parse('29.70', 'CAD') };
    }
  }
}

export async function standing(books: Books, task: Task): Promise<Receipt> {
  const found: Standing = await books.find(task);
  assert.equal(
    found.state,
    'standing',
    JSON.stringify(found, (_key, value: unknown) => String(value)),
  );
  return found.state === 'standing' ? found.receipt : assert.fail();
}

export async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const thrown: unknown = await work.then(
    (value) =>
      assert.fail(
        `expected a failure, got ${JSON.stringify(value, (_k, v: unknown) => (typeof v === 'bigint' ? String(v) : v))}`,
      ),
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof Failure, String(thrown));
  return thrown;
}
