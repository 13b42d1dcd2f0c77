import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as money from '#core/money.ts';
import { parseLocalDate } from '#core/time.ts';
import { at, line, order, received, refund, returned, tax, tender } from '#tests/build.ts';
import { withRefunds } from '#tests/planned.ts';
import { openOrderInFreshBooks } from '#tests/order-in-freshbooks.ts';
import type { OrderInFreshBooks } from '#tests/order-in-freshbooks.ts';

/** What a person does in FreshBooks between two of our calls, and answers that were lost and are looked for. */

const usd = (text: string) => money.parse(text, 'USD');
const unpaid = order({
  lines: [line({ unitPrice: usd('100.00'), taxes: [tax('8', usd('8.00'))] })],
  cash: { state: 'known', received: usd('0'), tenders: [] },
});
const sold = { ...unpaid, cash: received(tender(usd('108.00'), { transactionId: '9001' })) };
const LATER = '2026-12-03T09:00:00-05:00';

function lineOf(price: string, more: object = {}): object {
  return { lines: [{ name: 'By hand', qty: '1', unit_cost: { amount: price, code: 'USD' }, ...more }] };
}

function editInvoice({ freshbooks }: OrderInFreshBooks, fields: object): void {
  const [invoice] = freshbooks.sim.account().invoices;
  assert.ok(invoice !== undefined);
  freshbooks.sim.byHand().editInvoice(invoice.id, { ...fields });
}

async function inFreshBooks(
  body: (opened: OrderInFreshBooks) => Promise<void>,
  options: Parameters<typeof openOrderInFreshBooks>[0] = {},
): Promise<void> {
  const opened = await openOrderInFreshBooks(options);
  try {
    await body(opened);
  } finally {
    await opened.close();
  }
}

void describe('a draft that a person changed before it was marked as sent', () => {
  for (const [what, fields] of [
    ['the total', lineOf('110.00')],
    ['the date', { create_date: '2026-09-01' }],
    ['the tax, of one total', lineOf('108.00')],
    ['a discount', { discount_value: '10' }],
  ] as const) {
    void test(`${what}: is asked about and stays a draft`, () =>
      inFreshBooks(async (opened) => {
        opened.freshbooks.loseRequest('PUT');
        await opened.show(sold);
        editInvoice(opened, fields);
        await opened.wait();
        assert.deepEqual(await opened.state(), ['held', 'books-invoice-edited']);
        assert.match(opened.invoices()[0] ?? '', /paid 0\.00, draft/);
      }));
  }

  void test('and sent himself is asked about, also where nothing is to be paid', () =>
    inFreshBooks(async (opened) => {
      opened.freshbooks.loseRequest('PUT');
      await opened.show(unpaid);
      editInvoice(opened, { ...lineOf('15.00'), action_mark_as_sent: true });
      await opened.wait();
      assert.deepEqual(await opened.state(), ['held', 'books-invoice-edited']);
    }));

  void test('in review, before the rules said to send, is asked about', () =>
    inFreshBooks(
      async (opened) => {
        await opened.show(sold);
        editInvoice(opened, lineOf('150.00'));
        await opened.import({ endState: 'sent' });
        await opened.put({ rulesVersion: 'rules-3' });
        assert.deepEqual(await opened.state(), ['held', 'books-invoice-edited']);
        assert.deepEqual(opened.invoices(), ['150.00, paid 0.00, draft']);
      },
      { rules: { endState: 'draft' } },
    ));

  for (const [what, asked, made] of [
    ['of another day', '"create_date":"2026-11-10"', '"create_date":"2026-10-31"'],
    ['of another client', /"customerid":\d+/, '"customerid":999'],
  ] as const) {
    void test(`made ${what} than was asked for is not sent`, () =>
      inFreshBooks(async (opened) => {
        opened.answerWith((text, { url }) =>
          url.includes('/invoices/invoices') ? text.replace(asked, made) : text,
        );
        await opened.show(sold);
        assert.deepEqual(await opened.state(), ['held', 'books-invoice-edited']);
        assert.match(opened.invoices()[0] ?? '', /paid 0\.00, draft/);
      }));
  }

  void test('in the moment before it was sent is asked about', () =>
    inFreshBooks(async (opened) => {
      opened.answerWith((text, { method }) => {
        if (method === 'POST' && text.includes('"invoice"')) {
          editInvoice(opened, lineOf('15.00'));
        }
        return text;
      });
      await opened.show(unpaid);
      assert.deepEqual(await opened.state(), ['held', 'books-invoice-edited']);
    }));
});

void describe('an invoice that FreshBooks does not know for a moment after it was made', () => {
  const body = JSON.stringify({
    response: { errors: [{ errno: 1012, field: 'invoiceid', message: 'Invoice not found.' }] },
  });
  for (const [what, method, path] of [
    ['is marked as sent', 'PUT', '/invoices/invoices/'],
    ['is paid', 'POST', '/payments/payments'],
  ] as const) {
    void test(`${what} when it does, and no person is asked`, () =>
      inFreshBooks(async (opened) => {
        const fault = { kind: 'status', status: 404, contentType: 'application/json', body } as const;
        opened.freshbooks.faults.add({ method, path, fault, times: 2 });
        await opened.show(sold);
        assert.deepEqual(await opened.state(), ['waiting']);
        await opened.wait();
        assert.deepEqual(await opened.state(), ['settled']);
        assert.deepEqual(opened.invoices(), ['108.00, paid 108.00, paid']);
        assert.equal(opened.freshbooks.sim.account().payments.length, 1);
      }));
  }
});

void describe('what is found after its answer was lost', () => {
  for (const [what, from, to] of [
    [
      'cannot be told',
      '"amount":{"amount":"108.00","code":"USD"}',
      '"amount":{"amount":"108.005","code":"USD"}',
    ],
    ['is not shown', '"amount":{"amount":"108.00","code":"USD"}', '"amount":null'],
    [
      'is in another currency',
      '"amount":{"amount":"108.00","code":"USD"}',
      '"amount":{"amount":"108.00","code":"EUR"}',
    ],
  ] as const) {
    void test(`a payment whose amount ${what} is asked about`, () =>
      inFreshBooks(async (opened) => {
        opened.answerWith((text, { method, url }) =>
          method === 'GET' && url.includes('/payments/') ? text.replaceAll(from, to) : text,
        );
        opened.freshbooks.faults.add({
          method: 'POST',
          path: '/payments/payments',
          fault: { kind: 'commit-then-drop' },
        });
        await opened.show(sold);
        await opened.wait();
        assert.deepEqual(await opened.state(), ['held', 'books-payment-unclear']);
        assert.equal(opened.freshbooks.sim.account().payments.length, 1);
      }));
  }

  void test('a payment that a person lowered meanwhile is asked about, and no second one is made', () =>
    inFreshBooks(async (opened) => {
      opened.freshbooks.faults.add({
        method: 'POST',
        path: '/payments/payments',
        fault: { kind: 'commit-then-drop' },
      });
      await opened.show(sold);
      const [payment] = opened.freshbooks.sim.account().payments;
      opened.freshbooks.sim
        .byHand()
        .editPayment(payment?.id ?? 0, { amount: { amount: '60.00', code: 'USD' } });
      await opened.wait();
      assert.deepEqual(await opened.state(), ['held', 'books-payment-unclear']);
      assert.equal(opened.freshbooks.sim.account().payments.length, 1);
    }));

  for (const [what, shown, end] of [
    [
      'a part',
      { ...unpaid, cash: received(tender(usd('54.00'), { transactionId: '9001' })) },
      '54.00, partial',
    ],
    ['the whole', sold, '108.00, paid'],
  ] as const) {
    void test(`a payment of ${what} that the list does not show yet is waited for, and made once`, () =>
      inFreshBooks(async (opened) => {
        let isLate = true;
        opened.answerWith((text, { method, url }) =>
          isLate && method === 'GET' && url.includes('/payments/payments?')
            ? text.replace(/"payments":\[.*\]/s, '"payments":[]')
            : text,
        );
        opened.freshbooks.faults.add({
          method: 'POST',
          path: '/payments/payments',
          fault: { kind: 'commit-then-drop' },
        });
        await opened.show(shown);
        await opened.wait();
        assert.deepEqual(await opened.state(), ['waiting']);
        isLate = false;
        await opened.wait();
        await opened.wait();
        assert.deepEqual(await opened.state(), ['settled']);
        assert.deepEqual(opened.invoices(), [`108.00, paid ${end}`]);
        assert.equal(opened.freshbooks.sim.account().payments.length, 1);
      }));
  }

  void test('a payment of a part beside one by hand is made where both are told', () =>
    inFreshBooks(async (opened) => {
      opened.freshbooks.faults.add({
        method: 'POST',
        path: '/payments/payments',
        fault: { kind: 'drop-before' },
      });
      await opened.show({ ...unpaid, cash: received(tender(usd('54.00'), { transactionId: '9001' })) });
      const [invoice] = opened.freshbooks.sim.account().invoices;
      opened.freshbooks.sim.byHand().addPayment({
        invoiceid: invoice?.id ?? 0,
        amount: { amount: '20.00', code: 'USD' },
        date: '2026-11-12',
        type: 'Cash',
      });
      await opened.wait();
      assert.deepEqual(await opened.state(), ['settled']);
      assert.deepEqual(opened.invoices(), ['108.00, paid 74.00, partial']);
    }));

  void test('an invoice whose line a person moved by a cent is asked about', () =>
    inFreshBooks(async (opened) => {
      opened.freshbooks.faults.add({
        method: 'POST',
        path: '/invoices/invoices',
        fault: { kind: 'commit-then-drop' },
      });
      await opened.show(sold);
      editInvoice(opened, lineOf('100.01', { taxName1: 'Tax', taxAmount1: '8' }));
      await opened.wait();
      assert.equal((await opened.state())[0], 'held');
      assert.deepEqual(opened.invoices(), ['108.01, paid 0.00, draft']);
    }));

  const back = refund(usd('108.00'), {
    at: at(LATER),
    difference: usd('0'),
    returns: [returned('item:1', 1, usd('100.00'), [usd('8.00')])],
  });
  const returnedWhole = { ...sold, refunds: [back], currentTotal: usd('0'), updatedAt: at(LATER) };

  void test('an expense whose amount cannot be told is asked about', () =>
    inFreshBooks(
      async (opened) => {
        opened.answerWith((text, { method, url }) =>
          method === 'GET' && url.includes('/expenses/')
            ? text.replaceAll('"amount":"108.00"', '"amount":"54.005"')
            : text,
        );
        await opened.show(sold);
        opened.freshbooks.faults.add({
          method: 'POST',
          path: '/expenses/expenses',
          fault: { kind: 'commit-then-drop' },
        });
        await opened.show(returnedWhole);
        await opened.wait();
        assert.deepEqual(await opened.state(), ['held', 'books-expense-unclear']);
        assert.equal(opened.freshbooks.sim.account().expenses.length, 1);
      },
      { rules: { refundCategory: 'Other Expenses' } },
    ));

  void test('a credit note that shows no mark is asked about, and no second one is made', () =>
    inFreshBooks(async (opened) => {
      opened.answerWith((text, { method, url }) =>
        method === 'GET' && url.includes('credit_notes')
          ? text.replaceAll(/\\n\[counterfoil [^\]]*\]/g, '')
          : text,
      );
      await opened.show(sold);
      opened.freshbooks.faults.add({
        method: 'POST',
        path: '/credit_notes',
        fault: { kind: 'commit-then-drop' },
      });
      const toCredit = {
        ...back,
        payouts: back.payouts.map((payout) => ({
          ...payout,
          to: 'store-credit' as const,
          gateway: 'gift_card',
        })),
      };
      await opened.show({ ...returnedWhole, refunds: [toCredit] });
      await opened.wait();
      assert.equal((await opened.state())[0], 'held');
      assert.equal(opened.freshbooks.sim.account().creditNotes.length, 1);
    }));
});

void describe('a client that was deleted between two invoices of an order', () => {
  /** A plate is added once the day of the first invoice is closed. */
  const extended = {
    ...sold,
    updatedAt: at('2026-11-20T09:00:00-05:00'),
    lines: [...sold.lines, line({ key: 'item:2', title: 'Plate', unitPrice: usd('3.00') })],
    total: usd('111.00'),
    currentTotal: usd('111.00'),
  };
  const paidBack = refund(usd('108.00'), {
    at: at('2026-11-21T09:00:00-05:00'),
    returns: [returned('item:1', 1, usd('100.00'), [usd('8.00')])],
    difference: usd('0'),
  });
  const lowered = { ...withRefunds(extended, paidBack), updatedAt: paidBack.at };

  async function onAnother(opened: OrderInFreshBooks): Promise<void> {
    await opened.show(sold);
    await opened.import({ closedThrough: parseLocalDate('2026-11-15') });
    const { sim } = opened.freshbooks;
    const [client] = sim.account().clients;
    assert.ok(client !== undefined);
    sim.byHand().editClient(client.id, { vis_state: 1 });
    await opened.show(extended);
    assert.equal(new Set(sim.account().invoices.map(({ clientId }) => clientId)).size, 2);
    await opened.import({});
  }

  void test('is nobody’s edit of the first one, which stays on him', () =>
    inFreshBooks(async (opened) => {
      await onAnother(opened);
      await opened.show(lowered);
      assert.deepEqual(await opened.state(), ['settled']);
      const standing = opened.freshbooks.sim.account().invoices.filter(({ visState }) => visState === 0);
      assert.deepEqual(
        standing.map(({ amount }) => amount),
        ['3.00'],
      );
    }));

  void test('hides nobody’s edit: the first one moved to another client by hand is asked about', () =>
    inFreshBooks(async (opened) => {
      await onAnother(opened);
      const other = opened.freshbooks.sim.byHand().addClient({ organization: 'Another' });
      editInvoice(opened, { customerid: other });
      await opened.show(lowered);
      assert.deepEqual(await opened.state(), ['held', 'books-invoice-edited']);
    }));
});
