import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { createFreshBooksBooks } from '#books/freshbooks/freshbooks.ts';
import { layOut } from '#books/freshbooks/layout.ts';
import type { DocumentLine, InvoiceDocument } from '#core/document.ts';
import { connectionId, orderKey, referenceOf } from '#core/ids.ts';
import * as money from '#core/money.ts';
import { HOUR, SECOND, after, parseLocalDate } from '#core/time.ts';
import type { Books, Standing } from '#pipeline/ports.ts';
import type { Transport } from '#net/request.ts';
import { booksContract, failureOf, orderOf, standing } from '#tests/contract/books.ts';
import { NOW, openFreshBooks } from '#tests/contract/books-freshbooks.ts';
import type { FreshBooksWorld, WorldOptions } from '#tests/contract/books-freshbooks.ts';
import {
  ORDER,
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

booksContract({ name: 'FreshBooks, in process', open: () => openFreshBooks() });
booksContract({ name: 'FreshBooks, over a socket', open: () => openFreshBooks({ wire: 'socket' }) });
booksContract({
  name: 'FreshBooks that answers every error with 200, ignores the number filter and includes on writes',
  open: () =>
    openFreshBooks({
      switches: { accountingErrorStatus: 'always-200', numberSearch: 'ignored', includesOnWrite: 'ignored' },
    }),
});
booksContract({
  name: 'FreshBooks with errors in gRPC style, newest rows first, e-mail search without case',
  open: () =>
    openFreshBooks({
      switches: {
        accountingErrorForm: 'grpc',
        unauthenticatedForm: 'grpc',
        listOrder: 'id-descending',
        emailSearchCase: 'insensitive',
        numberSearch: 'contains',
        emoji: 'stripped',
      },
    }),
});

/** As a FreshBooks that knows none of our filters: it answers the whole list. */
function deafToFilters(world: FreshBooksWorld): Books {
  const transport: Transport = (request) => {
    const url = new URL(request.url);
    for (const key of Array.from(url.searchParams.keys())) {
      if (key.startsWith('search')) {
        url.searchParams.delete(key);
      }
    }
    return world.options.transport(new Request(url, request));
  };
  return createFreshBooksBooks({ ...world.options, transport });
}

/** The account's answers, put otherwise. */
function respelt(world: FreshBooksWorld, put: (text: string, method: string) => string): Books {
  const transport: Transport = async (request) => {
    const response = await world.options.transport(request);
    return new Response(put(await response.text(), request.method), response);
  };
  return createFreshBooksBooks({ ...world.options, transport });
}

function booksTest(
  name: string,
  options: WorldOptions,
  body: (world: FreshBooksWorld) => Promise<void>,
): void {
  void test(name, async () => {
    const world = await openFreshBooks(options);
    try {
      await body(world);
      assert.equal(world.sim.outbox.length, 0, 'no buyer hears from us');
    } finally {
      await world.close();
    }
  });
}

async function clientIn(world: FreshBooksWorld): Promise<string> {
  return (await world.books.apply(clientTask())).externalId;
}

/** Other invoices around the date, more than a page of them. */
function crowd(world: FreshBooksWorld, count: number): number {
  const customerid = world.sim.byHand().addClient({ organization: 'Somebody else' });
  for (let index = 0; index < count; index += 1) {
    world.sim.byHand().addInvoice({
      customerid,
      create_date: '2026-11-10',
      invoice_number: `SHOPIFY-1001${index}`,
    });
  }
  return customerid;
}

function handMade(world: FreshBooksWorld, fields: Record<string, string>, clientId?: string): number {
  const customerid = clientId ?? String(world.sim.byHand().addClient({ organization: 'By hand' }));
  const { amount = '29.70', ...rest } = fields;
  return world.sim.byHand().addInvoice({
    customerid: Number(customerid),
    create_date: '2026-11-10',
    invoice_number: 'SHOPIFY-1001',
    currency_code: 'CAD',
    lines: [{ name: 'All', qty: 1, unit_cost: { amount, code: rest['currency_code'] ?? 'CAD' } }],
    ...rest,
  });
}

void describe('finding an invoice', () => {
  for (const numberSearch of ['ignored', 'contains'] as const) {
    booksTest(
      `a number filter that is ${numberSearch} finds the one among many pages, and no other`,
      { switches: { numberSearch } },
      async (world) => {
        crowd(world, 130);
        const clientId = await clientIn(world);
        assert.equal((await world.books.find(invoiceTask())).state, 'absent');
        assert.equal((await world.books.find(invoiceTask({ clientId }))).state, 'absent');
        const made = await world.books.apply(invoiceTask({ clientId }));
        crowd(world, 0);
        assert.equal((await standing(world.books, invoiceTask())).externalId, made.externalId);
        assert.equal((await standing(world.books, invoiceTask({ clientId }))).externalId, made.externalId);
      },
    );
  }
  booksTest('filters that are all ignored attach nothing to a stranger’s row', {}, async (world) => {
    crowd(world, 130);
    const books = deafToFilters(world);
    assert.equal((await books.find(clientTask())).state, 'absent');
    assert.equal((await books.find(clientTask({ policy: 'channel' }))).state, 'absent');
    assert.equal((await books.find(invoiceTask())).state, 'absent');
    const [client, invoice, , payment] = await orderOf(books);
    assert.equal((await standing(books, clientTask())).externalId, client?.externalId);
    assert.equal((await standing(books, invoiceTask())).externalId, invoice?.externalId);
    const paying = paymentTask(invoice?.externalId ?? '');
    assert.equal((await standing(books, paying)).externalId, payment?.externalId);
    assert.equal((await books.find(paymentTask('1'))).state, 'absent');
  });
  booksTest(
    'an invoice of ours that was renumbered is found by its purchase order when the filter is not honoured',
    { switches: { numberSearch: 'ignored' } },
    async (world) => {
      crowd(world, 3);
      const made = await world.books.apply(invoiceTask({ clientId: await clientIn(world) }));
      world.sim.byHand().renumberInvoice(Number(made.externalId), 'OTHER-1');
      const found = await standing(world.books, invoiceTask());
      assert.deepEqual([found.externalId, found.number], [made.externalId, 'OTHER-1']);
    },
  );
  booksTest(
    'an invoice of ours under another number is found where the number may be another one than it was',
    {},
    async (world) => {
      const clientId = await clientIn(world);
      const made = await world.books.apply(invoiceTask({ clientId }));
      const renamed = invoiceTask({ document: document({ number: 'WEB-1001' }) });
      assert.equal((await world.books.find(renamed)).state, 'absent');
      const found = await standing(world.books, { ...renamed, isNumberedAnew: true });
      assert.deepEqual([found.externalId, found.number], [made.externalId, 'SHOPIFY-1001']);
    },
  );
  booksTest(
    'another invoice of the same order is not taken for the one that is looked for',
    { switches: { numberSearch: 'ignored' } },
    async (world) => {
      await world.books.apply(invoiceTask({ clientId: await clientIn(world) }));
      const task = invoiceTask({ document: document({ number: 'SHOPIFY-1001-2' }) });
      const second = { ...task.step, slot: 2, reference: referenceOf(ORDER, 'invoice', 2) };
      assert.equal((await world.books.find({ ...task, step: second })).state, 'absent');
    },
  );
  booksTest('one made by hand with the same number, amount and date is linked', {}, async (world) => {
    const id = handMade(world, {});
    const found = await standing(world.books, invoiceTask());
    assert.deepEqual([found.externalId, found.isAdopted, found.isFound], [String(id), true, undefined]);
    assert.match(found.remarks?.join() ?? '', /amount and date agree/);
  });
  booksTest('one made by hand for the same client with another amount is unclear', {}, async (world) => {
    const clientId = await clientIn(world);
    handMade(world, { amount: '29.00' }, clientId);
    const found = await world.books.find(invoiceTask({ clientId }));
    assert.equal(codeOf(found), 'books-invoice-unclear');
    assert.match(JSON.stringify(found), /29\.70 CAD.*29\.00 CAD/);
  });
  for (const [why, fields] of [
    ['another order’s purchase number', { po_number: 'SHOPIFY-ORDER-9' }],
    ['another amount and client', { amount: '5.00' }],
    ['another currency', { currency_code: 'USD' }],
    ['another date and client', { create_date: '2026-01-01' }],
  ] as const) {
    booksTest(`our number on an invoice with ${why} is foreign`, {}, async (world) => {
      handMade(world, fields);
      assert.equal((await world.books.find(invoiceTask({ clientId: '9' }))).state, 'foreign');
      const clientId = await clientIn(world);
      const failure = await failureOf(world.books.apply(invoiceTask({ clientId })));
      assert.deepEqual([failure.code, failure.effect], ['books-number-foreign', 'none']);
    });
  }
  booksTest('ours by purchase order with another total is unclear', {}, async (world) => {
    handMade(world, { po_number: 'SHOPIFY-ORDER-5001', amount: '1.00' });
    assert.equal(codeOf(await world.books.find(invoiceTask())), 'books-invoice-unclear');
  });
  for (const numberSearchFindsDeleted of [true, false]) {
    booksTest(
      `ours that was deleted is not made again (deleted ones ${numberSearchFindsDeleted ? '' : 'not '}found by number)`,
      { switches: { numberSearchFindsDeleted } },
      async (world) => {
        const task = invoiceTask({ clientId: await clientIn(world) });
        const made = await world.books.apply(task);
        world.sim.byHand().deleteInvoice(Number(made.externalId));
        assert.equal((await failureOf(world.books.apply(task))).code, 'books-invoice-deleted');
        assert.equal(world.counts().invoices, 1);
      },
    );
  }
  for (const numberSearchFindsDeleted of [true, false]) {
    booksTest(
      `a deleted invoice that says nothing of itself keeps the number taken (${numberSearchFindsDeleted ? '' : 'not '}found)`,
      { switches: { numberSearchFindsDeleted } },
      async (world) => {
        world.sim.byHand().deleteInvoice(handMade(world, {}));
        const failure = await failureOf(world.books.apply(invoiceTask({ clientId: await clientIn(world) })));
        assert.equal(failure.code, 'books-number-taken');
      },
    );
  }
  booksTest('a deleted invoice of another order leaves the suffix to us', {}, async (world) => {
    world.sim.byHand().deleteInvoice(handMade(world, { po_number: 'SHOPIFY-ORDER-9' }));
    const failure = await failureOf(world.books.apply(invoiceTask({ clientId: await clientIn(world) })));
    assert.equal(failure.code, 'books-number-foreign');
  });
  booksTest('an archived invoice of ours is found when its number is refused', {}, async (world) => {
    const task = invoiceTask({ clientId: await clientIn(world) });
    const made = await world.books.apply(task);
    world.sim.byHand().archiveInvoice(Number(made.externalId));
    const again = await world.books.apply(task);
    assert.deepEqual([again.externalId, again.isFound], [made.externalId, true]);
  });
  for (const duplicateNumberError of [
    { status: 409, errno: 1029, message: 'Conflict.' },
    { status: 400, errno: 0, message: 'That invoice number is already in use' },
    { status: 422, errno: 1004, message: "Invalid value 'SHOPIFY-1001' for field 'invoice_number'." },
  ]) {
    booksTest(
      `a taken number is recognised in "${duplicateNumberError.message}" with status ${duplicateNumberError.status}`,
      { switches: { duplicateNumberError } },
      async (world) => {
        const task = invoiceTask({ clientId: await clientIn(world) });
        const made = await world.books.apply(task);
        assert.equal((await world.books.apply(task)).externalId, made.externalId);
      },
    );
  }
});

void describe('creating an invoice', () => {
  booksTest('every field stands as decided, and nothing would be mailed', {}, async (world) => {
    const clientId = await clientIn(world);
    const receipt = await world.books.apply(invoiceTask({ clientId }));
    const [invoice] = world.sim.account().invoices;
    assert.ok(invoice);
    assert.equal(receipt.remindsBuyer, undefined);
    assert.deepEqual(
      [invoice.poNumber, invoice.createdOn, invoice.dueOn, invoice.currency, invoice.v3Status],
      ['SHOPIFY-ORDER-5001', '2026-11-10', '2026-11-25', 'CAD', 'draft'],
    );
    assert.deepEqual([invoice.hasReminders, invoice.hasLateFee, invoice.gateways], [false, false, []]);
    assert.equal(
      invoice.texts['notes'],
      'Shopify order #1001 (id 5001)\n[counterfoil shopify/5001/invoice-1]',
    );
    assert.deepEqual([invoice.texts['fname'], invoice.texts['country']], ['Ann', 'Canada']);
    await world.books.apply(sentTask(receipt));
    assert.equal(world.sim.account().invoices[0]?.fulfilledOn, '2026-11-10');
  });
  booksTest('on the shared client the invoice shows the buyer', {}, async (world) => {
    const client = await world.books.apply(clientTask({ policy: 'channel' }));
    await world.books.apply(invoiceTask({ clientId: client.externalId }));
    const [invoice] = world.sim.account().invoices;
    assert.deepEqual([invoice?.texts['fname'], invoice?.texts['organization']], ['Ann', '']);
    const [standingClient] = world.sim.account().clients;
    assert.equal(standingClient?.texts['organization'], 'Online customers - shop.example');
    assert.equal(standingClient?.texts['email'], '');
  });
  booksTest(
    '9.975 %, a discount line and three folded taxes arrive at the charged total',
    {},
    async (world) => {
      const gst = { name: 'GST', ratePpm: 50_000 };
      const qst = { name: 'QST', ratePpm: 99_750 };
      const city = { name: 'City', ratePpm: 10_000 };
      const off = money.parse('-2.97', 'CAD');
      const lines = [
        line({ taxes: [gst, qst] }),
        line({
          key: 'discount:TEN',
          kind: 'discount',
          name: 'Discount: TEN',
          quantity: 1,
          unitPrice: off,
          net: off,
          taxes: [gst, qst],
        }),
        line({ key: 'item:2', quantity: 1, taxes: [gst, qst, city] }),
      ];
      const laidOut = layOut(document({ lines, roundingLimit: money.money(1000n, 'CAD') }));
      assert.ok(laidOut.outcome === 'laid-out');
      const sum = money.sum(
        [...lines.map((each) => each.net), ...laidOut.layout.taxes.map((tax) => tax.amount)],
        'CAD',
      );
      const charged = document({ lines, total: sum });
      const receipt = await world.books.apply(
        invoiceTask({ clientId: await clientIn(world), document: charged }),
      );
      assert.equal(money.show(receipt.amount ?? off), money.show(charged.total));
      const folded = world.sim.account().invoices[0]?.lines[2];
      assert.deepEqual(folded?.taxes, [
        { name: 'GST', percent: '5' },
        { name: 'QST + City', percent: '10.975' },
      ]);
      assert.equal(folded.description, 'Taxes: GST 5 %, QST 9.975 %, City 1 %');
    },
  );
  booksTest(
    'a total that FreshBooks rounds otherwise is returned as it stands, on a draft',
    { switches: { taxRounding: 'per-line' } },
    async (world) => {
      const qst = { name: 'QST', ratePpm: 99_750 };
      const lines = [1, 2, 3].map((n) => line({ key: `item:${n}`, quantity: 1, taxes: [qst] }));
      const charged = document({ lines, taxes: [{ ...qst, amount: money.parse('2.96', 'CAD') }] });
      const receipt = await world.books.apply(
        invoiceTask({ clientId: await clientIn(world), document: charged }),
      );
      assert.notEqual(money.show(receipt.amount ?? charged.total), money.show(charged.total));
      assert.equal(world.sim.account().invoices[0]?.v3Status, 'draft');
    },
  );
  for (const stuck of ['remindersOnInvoice', 'lateFeeOnInvoice', 'gatewaysOnInvoice'] as const) {
    for (const includesOnWrite of ['honoured', 'ignored'] as const) {
      booksTest(
        `what cannot be switched off is told (${stuck}, includes on write ${includesOnWrite})`,
        { switches: { [stuck]: 'ignored', includesOnWrite } },
        async (world) => {
          const receipt = await world.books.apply(invoiceTask({ clientId: await handClient(world) }));
          assert.match(receipt.remindsBuyer ?? '', /reminders|late fee|online payment/);
          assert.match((await standing(world.books, invoiceTask())).remindsBuyer ?? '', /./);
        },
      );
    }
  }
  booksTest(
    'a read-back that fails after the invoice stands is an unknown outcome',
    { switches: { includesOnWrite: 'ignored' } },
    async (world) => {
      const task = invoiceTask({ clientId: await clientIn(world) });
      world.faults.add({ method: 'GET', path: /invoices\/\d+$/, fault: { kind: 'status', status: 502 } });
      assert.equal((await failureOf(world.books.apply(task))).effect, 'unknown');
      assert.equal((await world.books.find(task)).state, 'standing');
    },
  );
  for (const numberLengthError of ['errno-1017', 'message-only'] as const) {
    booksTest(
      `a number refused for its length says so (${numberLengthError})`,
      { switches: { numberLengthMax: 10, numberLengthError } },
      async (world) => {
        const clientId = await clientIn(world);
        const failure = await failureOf(world.books.apply(invoiceTask({ clientId })));
        assert.deepEqual([failure.code, failure.effect], ['books-number-too-long', 'none']);
        const short = document({ number: 'SH1001' });
        assert.equal((await world.books.apply(invoiceTask({ clientId, document: short }))).number, 'SH1001');
      },
    );
  }
  booksTest(
    'negative lines that are refused are shown as such',
    { switches: { negativeLines: 'refused' } },
    async (world) => {
      const off = money.parse('-1.00', 'CAD');
      const lines = [line(), line({ key: 'discount:X', quantity: 1, unitPrice: off, net: off })];
      const failure = await failureOf(
        world.books.apply(invoiceTask({ clientId: await clientIn(world), document: document({ lines }) })),
      );
      assert.deepEqual([failure.code, failure.effect], ['books-negative-refused', 'none']);
      assert.ok(failure.facts.some((fact) => fact.name === 'errno' && fact.value === '1025'));
    },
  );
  booksTest('a currency without decimals is written and read', {}, async (world) => {
    const yen = line({ quantity: 2, unitPrice: money.parse('500', 'JPY') });
    const receipt = await world.books.apply(
      invoiceTask({ clientId: await clientIn(world), document: document({ currency: 'JPY', lines: [yen] }) }),
    );
    assert.equal(money.show(receipt.amount ?? money.zero('JPY')), '1000 JPY');
  });
  booksTest('FreshBooks computes what the layout expects, for any document', {}, async (world) => {
    const clientId = await clientIn(world);
    let number = 0;
    await fc.assert(
      fc.asyncProperty(documents(), async (drawn) => {
        const laidOut = layOut(drawn);
        if (laidOut.outcome === 'refused' || money.isNegative(laidOut.layout.expectedTotal)) {
          return;
        }
        number += 1;
        const charged = { ...drawn, number: `P-${number}`, poNumber: `PO-${number}` };
        // Paces itself by the clock, which stands still.
        world.clock.advance(SECOND);
        const order = orderKey(connectionId('shopify'), `p${number}`);
        const receipt = await world.books.apply(invoiceTask({ clientId, document: charged, order }));
        assert.equal(
          money.show(receipt.amount ?? money.zero('CAD')),
          money.show(laidOut.layout.expectedTotal),
        );
      }),
      { numRuns: 80 },
    );
  });
});

/** Documents whose charged taxes are near what anybody would compute. */
function documents() {
  const rates = fc.constantFrom(0, 50_000, 70_000, 99_750, 80_625, 13_330);
  const taxes = fc.uniqueArray(
    fc.record({ name: fc.constantFrom('GST', 'QST', 'County', 'City'), ratePpm: rates }),
    { maxLength: 4, selector: (tax) => tax.name },
  );
  const lines = fc.array(
    fc.record({
      quantity: fc.integer({ min: 1, max: 9 }),
      cents: fc.integer({ min: -500, max: 99_999 }),
      taxes,
    }),
    { minLength: 1, maxLength: 6 },
  );
  return fc.tuple(lines, fc.integer({ min: -2, max: 2 })).map(([drawn, off]) => {
    const parts = drawn.map(({ quantity, cents, taxes }, index) =>
      line({ key: `item:${index}`, quantity, unitPrice: money.money(BigInt(cents), 'CAD'), taxes }),
    );
    const computed = layOut(document({ lines: parts, roundingLimit: money.money(10n ** 12n, 'CAD') }));
    const total = computed.outcome === 'laid-out' ? taxSum(parts, computed.layout.taxes) : money.zero('CAD');
    return document({ lines: parts, total: money.add(total, money.money(BigInt(off), 'CAD')) });
  });
}

function taxSum(
  lines: readonly DocumentLine[],
  taxes: readonly { readonly amount: money.Money }[],
): money.Money {
  return money.sum([...lines.map((part) => part.net), ...taxes.map((tax) => tax.amount)], 'CAD');
}

async function handClient(world: FreshBooksWorld): Promise<string> {
  return String(world.sim.byHand().addClient({ fname: 'By', lname: 'Hand', email: 'hand@example.com' }));
}

function codeOf(found: Standing): string {
  return found.state === 'unclear' ? found.code : found.state;
}

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
});

void describe('access', () => {
  booksTest(
    'many calls with an expired token refresh it once',
    { token: { expiresAt: after(NOW, SECOND) } },
    async (world) => {
      const numbers = Array.from({ length: 12 }, (_, index) => document({ number: `N-${index}` }));
      await Promise.all(numbers.map((each) => world.books.find(invoiceTask({ document: each }))));
      assert.equal(world.sim.count({ path: '/auth/oauth/token' }), 1);
      assert.equal((world.stored()?.expiresAt ?? 0) > after(NOW, 11 * HOUR), true);
    },
  );
  booksTest(
    'many calls with a token that is refused renew it once and go on',
    { token: { accessToken: 'stale', expiresAt: after(NOW, HOUR) } },
    async (world) => {
      const numbers = Array.from({ length: 12 }, (_, index) => document({ number: `N-${index}` }));
      const found = await Promise.all(
        numbers.map((each) => world.books.find(invoiceTask({ document: each }))),
      );
      assert.ok(found.every((each) => each.state === 'absent'));
      assert.equal(world.sim.count({ path: '/auth/oauth/token' }), 1);
    },
  );
  for (const unauthenticatedForm of ['oauth', 'grpc'] as const) {
    booksTest(
      `withdrawn access asks for a new consent (${unauthenticatedForm} form)`,
      { switches: { unauthenticatedForm } },
      async (world) => {
        world.sim.revokeGrants();
        const failure = await failureOf(world.books.find(invoiceTask()));
        assert.deepEqual([failure.code, failure.effect], ['token-refused', 'none']);
      },
    );
  }
  booksTest('no token at all says so', { token: 'none' }, async (world) => {
    assert.equal((await failureOf(world.books.find(invoiceTask()))).code, 'token-missing');
  });
  booksTest(
    'a refresh whose answer is lost is told, tried once more on demand, and then asks for a person',
    { token: { expiresAt: NOW } },
    async (world) => {
      world.faults.add({ path: '/auth/oauth/token', fault: { kind: 'commit-then-drop' } });
      const first = await failureOf(world.books.find(invoiceTask()));
      assert.deepEqual([first.code, first.effect], ['request-unanswered', 'unknown']);
      assert.match(first.message, /refresh token of freshbooks may be spent/);
      const second = await failureOf(world.books.find(invoiceTask()));
      assert.equal(second.code, 'token-refused');
      assert.match(second.message, /earlier refresh got no answer/);
    },
  );
  for (const clientRoleWrite of ['http-403', 'http-200'] as const) {
    booksTest(
      `a person who may only read is named as the reason (${clientRoleWrite})`,
      { switches: { clientRoleWrite }, accounts: [{ role: 'client' }] },
      async (world) => {
        assert.equal((await failureOf(world.books.apply(clientTask()))).code, 'books-not-writable');
      },
    );
  }
  booksTest('an account that is not there is not taken for a missing invoice', {}, async (world) => {
    const books = createFreshBooksBooks({ ...world.options, accountId: 'nobody' });
    assert.equal((await failureOf(books.find(sentTask({ externalId: '1' })))).code, 'books-account-unchosen');
  });
  booksTest('a scope that was not granted is named', {}, async (world) => {
    const granted = world.sim.grant({ scopes: ['user:invoices:read'] });
    const tokens = {
      current: () => Promise.resolve(granted.access_token),
      renew: () => Promise.resolve(granted.access_token),
    };
    const books = createFreshBooksBooks({ ...world.options, tokens });
    const failure = await failureOf(books.apply(clientTask()));
    assert.equal(failure.code, 'scope-missing');
    assert.match(failure.message, /user:clients:write/);
  });
});

void describe('the wire', () => {
  booksTest('requests carry the token and our name, and ask for no version', {}, async (world) => {
    const seen: Request[] = [];
    const versions: string[] = [];
    const books = createFreshBooksBooks({
      ...world.options,
      onApiVersion: (version) => void versions.push(version),
      transport: (request) => {
        seen.push(request.clone());
        return world.options.transport(request);
      },
    });
    await orderOf(books);
    for (const request of seen) {
      assert.match(request.headers.get('authorization') ?? '', /^Bearer ./);
      assert.equal(request.headers.get('user-agent'), 'counterfoil/0.0.0');
      assert.equal(request.headers.get('x-api-version') ?? request.headers.get('api-version'), null);
      assert.equal(request.headers.has('content-type'), request.method !== 'GET');
      const text = await request.text();
      assert.doesNotMatch(text, /action_email|email_recipients|due_date/);
    }
    assert.deepEqual(versions, ['2023-02-20']);
  });
  booksTest('a paid order of a known customer costs four calls', {}, async (world) => {
    const clientId = await clientIn(world);
    const before = world.sim.calls.length;
    await world.books.find(invoiceTask());
    const invoice = await world.books.apply(invoiceTask({ clientId }));
    const sent = await world.books.apply(sentTask(invoice, true));
    const task = paymentTask(invoice.externalId);
    await world.books.apply(
      sent.outstanding === undefined ? task : { ...task, outstanding: sent.outstanding },
    );
    assert.equal(world.sim.calls.length - before, 4);
  });
  for (const fault of [
    { kind: 'truncated' },
    { kind: 'status', status: 502 },
    { kind: 'status', status: 503, retryAfterSeconds: 30 },
    { kind: 'hang', effect: 'committed' },
  ] as const) {
    booksTest(`an answer lost by ${JSON.stringify(fault)} is an unknown outcome`, {}, async (world) => {
      const clientId = await clientIn(world);
      world.faults.add({ method: 'POST', fault });
      const failing = failureOf(world.books.apply(invoiceTask({ clientId })));
      if (fault.kind === 'hang') {
        await world.clock.sleeper(after(NOW, 30 * SECOND));
        while (world.faults.injected.length === 0) {
          await new Promise((resolve) => setImmediate(resolve));
        }
        world.clock.advance(30 * SECOND);
      }
      assert.equal((await failing).effect, 'unknown');
    });
  }
  booksTest('errors within a 200 are refusals, also when they are one object', {}, async (world) => {
    for (const errors of [
      [{ errno: 1003, message: 'Access denied', field: null }],
      { errno: 1003, message: 'Access denied' },
      { first: { errno: 1003, message: 'Access denied' } },
    ]) {
      world.faults.add({
        method: 'POST',
        fault: { kind: 'error-200', body: JSON.stringify({ response: { errors } }) },
      });
      const failure = await failureOf(world.books.apply(clientTask()));
      assert.deepEqual([failure.code, failure.effect], ['books-not-writable', 'none']);
      world.faults.clear();
    }
  });
  booksTest(
    'a write that is refused is kept with its answer, without token and contact data',
    {},
    async (world) => {
      const person = buyer({ firstName: 'Zoë "Zed"', email: 'zoe@example.com' });
      const message = 'Zoë "Zed" <zoe@example.com> is not taken';
      const answer = JSON.stringify({ response: { errors: [{ errno: 1012, field: 'fname', message }] } });
      const escaped = answer.replaceAll('ë', String.raw`\u00eb`);
      for (const body of [answer, escaped]) {
        world.faults.add({ method: 'POST', fault: { kind: 'status', status: 422, body } });
        const { exchange } = await failureOf(world.books.apply(clientTask({ buyer: person })));
        assert.match(
          exchange?.request ?? '',
          /^POST \/accounting\/account\/\w+\/users\/clients\n\{"client":\{/,
        );
        assert.match(exchange?.answer ?? '', /^422\n.*"errno":1012,"field":"fname".*is not taken/);
        assert.doesNotMatch(JSON.stringify(exchange), /Zed|zoe@|Bearer/i);
        world.faults.clear();
      }
    },
  );
  booksTest('a page of the edge with a 4xx is a refusal without its text', {}, async (world) => {
    world.faults.add({
      method: 'POST',
      fault: { kind: 'status', status: 400, body: '<html>Ann Bell</html>' },
    });
    const failure = await failureOf(world.books.apply(clientTask()));
    assert.deepEqual([failure.code, failure.effect], ['books-refused', 'none']);
    assert.doesNotMatch(failure.message, /Ann/);
  });
  booksTest(
    'the limit is met by waiting for the window, not by being refused',
    { switches: { rateLimitAccountingPost: 20 } },
    async (world) => {
      const failures: string[] = [];
      for (let index = 0; index < 40; index += 1) {
        const task = clientTask({ buyer: buyer({ email: `b${index}@example.com` }) });
        await world.books.apply(task).catch((thrown: unknown) => failures.push(String(thrown)));
      }
      assert.equal(world.sim.calls.filter((call) => call.status === 429).length, 0);
      assert.ok(failures.length > 0 && failures.every((text) => /used up/.test(text)));
      world.clock.advance(60 * SECOND);
      await world.books.apply(clientTask());
    },
  );
  booksTest('a 429 holds the account back until the moment it names', {}, async (world) => {
    world.faults.add({ method: 'POST', fault: { kind: 'status', status: 429, retryAfterSeconds: 40 } });
    const failure = await failureOf(world.books.apply(clientTask()));
    assert.deepEqual(
      [failure.code, failure.effect, failure.retryAt],
      ['request-rate-limited', 'none', after(NOW, 40 * SECOND)],
    );
    const calls = world.sim.calls.length;
    assert.equal((await failureOf(world.books.apply(clientTask()))).retryAt, after(NOW, 40 * SECOND));
    assert.equal(
      (await failureOf(world.books.find(invoiceTask()))).retryAt,
      after(NOW, 40 * SECOND),
      'an invoice that could not be made now is not looked for',
    );
    assert.equal(world.sim.calls.length, calls);
    assert.equal((await world.books.find(clientTask())).state, 'absent');
  });
  booksTest('a date beside a month’s end has its window across it', {}, async (world) => {
    const task = invoiceTask({ document: document({ issuedOn: parseLocalDate('2026-03-01') }) });
    await world.books.find(task);
    crowd(world, 1);
    await createFreshBooksBooks({ ...world.options, transport: dropNumber(world.options.transport) }).find(
      task,
    );
    assert.match(
      decodeURIComponent(world.sim.calls.at(-1)?.query ?? ''),
      /date_min\]=2026-02-28.*date_max\]=2026-03-03/,
    );
  });
});

function dropNumber(transport: Transport): Transport {
  return (request) => {
    const url = new URL(request.url);
    url.searchParams.delete('search[invoice_number]');
    return transport(new Request(url, request));
  };
}
