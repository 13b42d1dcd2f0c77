import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { InvoiceDocument } from '#core/document.ts';
import * as money from '#core/money.ts';
import { createFreshBooksBooks } from '#books/freshbooks/freshbooks.ts';
import { failureOf, orderOf, standing } from '#tests/contract/books.ts';
import {
  buyer,
  clientTask,
  creditNoteTask,
  document,
  expenseTask,
  invoiceTask,
  line,
  paymentTask,
  sentTask,
} from '#tests/contract/books-tasks.ts';
import { respelt, booksTest, clientIn, codeOf } from '#tests/contract/books-freshbooks-hands.ts';

/** Clients, payments and expenses in FreshBooks, beyond what each implementation of the books promises. */

void describe('clients', () => {
  for (const emailSearchCase of ['sensitive', 'insensitive'] as const) {
    booksTest(
      `an e-mail address is compared without case, and its plus sign kept (${emailSearchCase} search)`,
      { switches: { emailSearchCase } },
      async (world) => {
        world.sim.byHand().addClient({ email: 'ann.bell shop@example.com' });
        const id = world.sim.byHand().addClient({ email: 'Ann.Bell+Shop@Example.com' });
        world.sim.byHand().addClient({ email: 'x.ann.bell+shop@example.com' });
        assert.equal((await standing(world.books, clientTask())).externalId, String(id));
      },
    );
  }
  booksTest(
    'several with one address: the oldest active one, and the operator is told',
    {},
    async (world) => {
      const email = buyer().email;
      const hand = world.sim.byHand();
      const [deleted, first, second] = [1, 2, 3].map(() => hand.addClient({ email }));
      hand.editClient(deleted ?? 0, { vis_state: 1 });
      const found = await standing(world.books, clientTask());
      assert.equal(found.externalId, String(first));
      assert.match(found.remarks?.join() ?? '', new RegExp(`2 clients.*${first}, ${second}`));
    },
  );
  booksTest(
    'an address among somebody’s further contacts is not theirs',
    { switches: { emailSearchContacts: true } },
    async (world) => {
      const contacts = [{ email: buyer().email, fname: 'A', lname: 'B', phone1: '' }];
      world.sim.byHand().addClient({ email: 'boss@example.com', contacts });
      assert.equal((await world.books.find(clientTask())).state, 'absent');
    },
  );
  booksTest(
    'a part of an address that is too long for a field is left out, and the operator is told',
    { switches: { textLengthsMax: { p_code: 3, code: 3, fname: 1 } } },
    async (world) => {
      const [client, invoice] = await orderOf(world.books);
      assert.match(
        client?.remarks?.join() ?? '',
        /does not take "fname", "p_code"|does not take "p_code", "fname"/,
      );
      assert.match(invoice?.remarks?.join() ?? '', /"code", "fname"/);
      const { clients, invoices } = world.sim.account();
      assert.deepEqual(
        clients.map(({ texts }) => [texts['email'], texts['p_code']]),
        [[buyer().email, '']],
      );
      assert.equal(invoices.length, 1);
    },
  );
  booksTest(
    'fields that nobody may write, and that no order hangs on, are left out from then on, and the operator is told once',
    {
      switches: {
        readOnlyFields: [
          'late_fee',
          'late_reminders',
          'allowed_gateways',
          'auto_bill',
          'allow_late_fees',
          'allow_late_notifications',
          'fulfillment_date',
          'language',
        ],
      },
    },
    async (world) => {
      let refused = 0;
      const books = createFreshBooksBooks({
        ...world.options,
        async transport(request) {
          const response = await world.options.transport(request);
          refused += response.status === 403 ? 1 : 0;
          return response;
        },
      });
      const [client, first, sent] = await orderOf(books, { isPaid: false });
      const told = [client, first, sent].map((receipt) => receipt?.remarks?.join() ?? '');
      assert.match(told[1] ?? '', /"late_fee"/);
      const { invoices } = world.sim.account();
      assert.deepEqual(
        invoices.map(({ v3Status }) => v3Status),
        ['sent'],
      );
      assert.equal(refused, 8);
      const other = { ...document(), number: 'SHOPIFY-1002' };
      const clientId = client?.externalId ?? '';
      const receipt = await books.apply(invoiceTask({ document: other, clientId }));
      assert.deepEqual([receipt.remarks, refused], [undefined, 8]);
    },
  );
  booksTest('a first name with an emoji loses the emoji and not the name', {}, async (world) => {
    await world.books.apply(clientTask({ buyer: buyer({ firstName: 'Ann 🌸' }) }));
    const [client] = world.sim.account().clients;
    assert.equal(client?.texts['fname']?.trim(), 'Ann');
  });
  booksTest(
    'a name that is read-only on invoices stays on clients, and each order tells that it was left out',
    {},
    async (world) => {
      const books = createFreshBooksBooks({
        ...world.options,
        async transport(request) {
          const isRefused =
            new URL(request.url).pathname.endsWith('/invoices/invoices') &&
            request.method === 'POST' &&
            /"organization":"[^"]/.test(await request.clone().text());
          const error = {
            errno: 1038,
            field: 'organization',
            message: 'Write access denied',
            object: 'invoice',
          };
          return isRefused
            ? Response.json({ response: { errors: [error] } }, { status: 403 })
            : world.options.transport(request);
        },
      });
      for (const number of ['SHOPIFY-1001', 'SHOPIFY-1002']) {
        const company = buyer({ email: `${number}@example.com`, company: 'Bell & Sons' });
        const client = await books.apply(clientTask({ buyer: company }));
        const task = invoiceTask({
          clientId: client.externalId,
          buyer: company,
          document: { ...document(), number },
        });
        assert.match((await books.apply(task)).remarks?.join() ?? '', /"organization"/);
      }
      const names = world.sim.account().clients.map(({ texts }) => texts['organization']);
      assert.deepEqual(names, ['Bell & Sons', 'Bell & Sons']);
    },
  );
  booksTest(
    'an address of e-mail that is refused is nothing to leave out: he could not be found again',
    { switches: { textLengthsMax: { email: 3 } } },
    async (world) => {
      assert.equal((await failureOf(world.books.apply(clientTask()))).code, 'books-refused');
      assert.equal(world.counts().clients, 0);
    },
  );
  booksTest(
    'the plan’s limit is told apart from other refusals',
    { accounts: [{ clientLimit: 0 }] },
    async (world) => {
      const failure = await failureOf(world.books.apply(clientTask()));
      assert.deepEqual([failure.code, failure.effect], ['books-client-limit', 'none']);
    },
  );
  booksTest('a client that was deleted is told apart from other refusals', {}, async (world) => {
    const clientId = await clientIn(world);
    world.sim.byHand().editClient(Number(clientId), { vis_state: 1 });
    for (const task of [
      invoiceTask({ clientId }),
      invoiceTask({ clientId: '424242' }),
      creditNoteTask('424242'),
    ]) {
      const failure = await failureOf(world.books.apply(task));
      assert.deepEqual([failure.code, failure.effect], ['books-client-gone', 'none']);
    }
  });
  booksTest('a client without e-mail is the shared one, and shops have their own', {}, async (world) => {
    const nameless = clientTask({ buyer: buyer({ email: '' }) });
    const made = await world.books.apply(nameless);
    assert.equal(
      (await standing(world.books, clientTask({ policy: 'channel' }))).externalId,
      made.externalId,
    );
    const other = clientTask({ policy: 'channel' });
    const elsewhere = { ...other, step: { ...other.step, channelName: 'Online customers' } };
    assert.equal((await world.books.find(elsewhere)).state, 'absent');
  });
  booksTest('only what is empty is filled, and no address is mixed of two', {}, async (world) => {
    const hand = world.sim.byHand();
    const id = hand.addClient({ fname: 'Ann', email: 'ann@example.com', p_street: '9 Other Rd' });
    await world.books.fillClient(String(id), buyer());
    const [client] = world.sim.account().clients;
    assert.deepEqual(
      ['fname', 'lname', 'email', 'mob_phone', 'p_street', 'p_city'].map((key) => client?.texts[key] ?? ''),
      ['Ann', 'Bell', 'ann@example.com', '+1 416 555 0100', '9 Other Rd', ''],
    );
    const callsBefore = world.sim.count({ method: 'PUT' });
    await world.books.fillClient(String(id), buyer());
    assert.equal(world.sim.count({ method: 'PUT' }), callsBefore);
  });
});

/** Two lines whose taxes the shop rounded together, and FreshBooks rounds one by one. */
function halves(name: string): InvoiceDocument {
  const [gst, cad] = [{ name: 'GST', ratePpm: 50_000 }, (text: string) => money.parse(text, 'CAD')];
  const half = line({ name, quantity: 1, unitPrice: cad('10.10'), taxes: [gst] });
  return document({
    lines: [half, { ...half, key: 'item:2' }],
    taxes: [{ ...gst, amount: cad('1.01') }],
  });
}

void describe('payments and sending', () => {
  booksTest(
    'the payment says how it came, whose it is, and tells nobody',
    { switches: { paymentNotificationDefault: 'sent' } },
    async (world) => {
      await orderOf(world.books);
      const [payment] = world.sim.account().payments;
      assert.deepEqual(
        [payment?.type, payment?.date, payment?.amount, payment?.sendClientNotification],
        ['Credit Card', '2026-11-10', '29.70', false],
      );
      assert.equal(payment?.note, 'shopify_payments, transaction 9001 [counterfoil shopify/5001/payment-1]');
      assert.equal(world.sim.account().invoices[0]?.v3Status, 'paid');
    },
  );
  booksTest('a payment made by hand with the same figures is perhaps ours', {}, async (world) => {
    const [, invoice] = await orderOf(world.books, { isPaid: false });
    const task = paymentTask(invoice?.externalId ?? '');
    const amount = { amount: '29.70', code: 'CAD' };
    world.sim
      .byHand()
      .addPayment({ invoiceid: Number(task.invoiceId), amount, date: '2026-11-10', type: 'credit card' });
    assert.equal(codeOf(await world.books.find(task)), 'books-payment-unclear');
  });
  booksTest('what somebody paid in between makes a credit that is told', {}, async (world) => {
    const [, invoice] = await orderOf(world.books, { isPaid: false });
    const task = paymentTask(invoice?.externalId ?? '');
    const amount = { amount: '10.00', code: 'CAD' };
    world.sim.byHand().addPayment({ invoiceid: Number(task.invoiceId), amount, date: '2026-11-09' });
    const receipt = await world.books.apply({ ...task, outstanding: money.parse('29.70', 'CAD') });
    assert.equal(money.show(receipt.amount ?? task.step.amount), '19.70 CAD');
    assert.match(receipt.remarks?.join() ?? '', /credit note/);
  });
  booksTest(
    'a credit note that FreshBooks rounds otherwise is corrected at once, and the receipt tells by how much',
    { switches: { taxRounding: 'per-line' } },
    async (world) => {
      const { externalId } = await world.books.apply(clientTask());
      const task = creditNoteTask(externalId, { document: halves('Cup') });
      const { amount, correction } = await world.books.apply(task);
      assert.deepEqual([amount, correction], [money.parse('21.21', 'CAD'), money.parse('-0.01', 'CAD')]);
    },
  );
  booksTest(
    'an answer in another currency than was written is no answer, and may have happened',
    {},
    async (world) => {
      const { externalId: clientId } = await world.books.apply(clientTask());
      const { externalId: invoiceId } = await world.books.apply(invoiceTask({ clientId }));
      const books = respelt(world, (text) => text.replaceAll('"CAD"', '"USD"'));
      const other = document({ number: 'SHOPIFY-1002', poNumber: 'SHOPIFY-ORDER-5002' });
      const outstanding = money.parse('29.70', 'CAD');
      for (const task of [
        invoiceTask({ clientId, document: other }),
        { ...paymentTask(invoiceId), outstanding },
        expenseTask(),
        creditNoteTask(clientId),
      ]) {
        const failure = await failureOf(books.apply(task));
        assert.deepEqual([failure.code, failure.effect], ['request-answer-unreadable', 'unknown'], task.kind);
      }
    },
  );
  booksTest(
    'a credit note that is corrected and answered as another one is not taken for it',
    { switches: { taxRounding: 'per-line' } },
    async (world) => {
      const { externalId } = await world.books.apply(clientTask());
      const made = halves('Cup');
      const books = respelt(world, (text, method) =>
        method === 'PUT' ? text.replaceAll(/"(id|creditid)":\d+/g, '"$1":999') : text,
      );
      const failure = await failureOf(books.apply(creditNoteTask(externalId, { document: made })));
      assert.deepEqual([failure.code, failure.effect], ['request-answer-unreadable', 'unknown']);
    },
  );
  booksTest('payments and expenses are made where FreshBooks takes no rare characters', {}, async (world) => {
    const [, invoice] = await orderOf(world.books, { isPaid: false });
    const payment = paymentTask(invoice?.externalId ?? '');
    const expense = expenseTask();
    const outstanding = money.parse('29.70', 'CAD');
    for (const task of [
      { ...payment, outstanding, step: { ...payment.step, note: '💶 in cash' } },
      { ...expense, step: { ...expense.step, note: 'Refund of order 🎄1001' } },
    ]) {
      const receipt = await world.books.apply(task);
      assert.match(receipt.remarks?.join() ?? '', /emoji/, task.kind);
      const found = await standing(world.books, task);
      assert.equal(found.externalId, receipt.externalId);
    }
  });
  booksTest(
    'a credit note is corrected where FreshBooks takes no rare characters',
    { switches: { taxRounding: 'per-line' } },
    async (world) => {
      const { externalId } = await world.books.apply(clientTask());
      const receipt = await world.books.apply(creditNoteTask(externalId, { document: halves('Cup 🎉') }));
      assert.deepEqual(
        [receipt.amount, receipt.correction].map((amount) => amount && money.show(amount)),
        ['21.21 CAD', '-0.01 CAD'],
      );
      assert.match(receipt.remarks?.join() ?? '', /emoji/);
    },
  );
  booksTest(
    'a credit note whose correction is refused stands as it was made, and its total is told',
    { switches: { taxRounding: 'per-line' } },
    async (world) => {
      const { externalId } = await world.books.apply(clientTask());
      const books = respelt(world, (text, method) =>
        method === 'PUT' ? '{"response":{"errors":[{"errno":1012,"message":"Not like this"}]}}' : text,
      );
      const receipt = await books.apply(creditNoteTask(externalId, { document: halves('Cup') }));
      assert.deepEqual([receipt.amount, receipt.correction], [money.parse('21.22', 'CAD'), undefined]);
      assert.match(receipt.remarks?.join() ?? '', /21\.22 CAD, and 21\.21 CAD was credited/);
    },
  );
  booksTest('an invoice that was deleted is neither sent nor paid', {}, async (world) => {
    const [, invoice] = await orderOf(world.books, { isPaid: false });
    world.sim.byHand().deleteInvoice(Number(invoice?.externalId));
    assert.equal(
      codeOf(await world.books.find(sentTask({ externalId: invoice?.externalId ?? '' }))),
      'books-invoice-deleted',
    );
    assert.equal(codeOf(await world.books.find(sentTask({ externalId: '424242' }))), 'books-invoice-deleted');
    for (const id of [invoice?.externalId ?? '', '424242']) {
      const unpaid = await failureOf(world.books.apply(paymentTask(id)));
      assert.deepEqual([unpaid.code, unpaid.effect], ['books-invoice-deleted', 'none']);
      const unsent = await failureOf(world.books.apply(sentTask({ externalId: id })));
      assert.deepEqual([unsent.code, unsent.effect], ['books-invoice-deleted', 'none']);
    }
  });
  booksTest(
    'a locked period is a refusal that names no buyer',
    { accounts: [{ lockedThrough: '2026-11-30' }] },
    async (world) => {
      const made = await world.books.apply(invoiceTask({ clientId: await clientIn(world) }));
      const failure = await failureOf(world.books.apply(sentTask(made)));
      assert.deepEqual([failure.code, failure.effect], ['books-period-locked', 'none']);
      assert.doesNotMatch(failure.message, /Ann|Bell|example\.com/);
    },
  );
  booksTest('one of two expense categories of one name is chosen by nobody', {}, async (world) => {
    const books = createFreshBooksBooks({
      ...world.options,
      async transport(request) {
        const response = await world.options.transport(request);
        const text = await response.text();
        return new Response(text.replace('"Advertising"', '"Other Expenses"'), response);
      },
    });
    const failure = await failureOf(books.apply(expenseTask()));
    assert.equal(failure.code, 'books-category-unknown');
    assert.match(failure.message, /has 2 expense categories/);
    assert.equal(world.sim.account().expenses.length, 0);
  });
});
