import assert from 'node:assert/strict';
import { describe } from 'node:test';
import * as fc from 'fast-check';
import { layOut } from '#books/freshbooks/layout.ts';
import type { DocumentLine } from '#core/document.ts';
import { connectionId, orderKey, referenceOf } from '#core/ids.ts';
import * as money from '#core/money.ts';
import { SECOND } from '#core/time.ts';
import { failureOf, orderOf, standing } from '#tests/contract/books.ts';
import {
  ORDER,
  clientTask,
  document,
  invoiceTask,
  line,
  paymentTask,
  sentTask,
} from '#tests/contract/books-tasks.ts';
import {
  deafToFilters,
  booksTest,
  clientIn,
  crowd,
  handMade,
  handClient,
  codeOf,
} from '#tests/contract/books-freshbooks-hands.ts';

/** Invoices in FreshBooks, beyond what each implementation of the books promises. */

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
