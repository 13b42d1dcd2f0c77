import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as money from '#core/money.ts';
import type { Order } from '#core/order.ts';
import { at, line, order, received, refund, returned, tax, tender } from '#tests/build.ts';
import { openOrderInFreshBooks } from '#tests/order-in-freshbooks.ts';
import type { OrderInFreshBooks } from '#tests/order-in-freshbooks.ts';
import { withRefunds } from '#tests/planned.ts';

/** Money that goes back within the month, while FreshBooks answers otherwise than it should or a person has been there. */

const usd = (text: string) => money.parse(text, 'USD');
const LATER = at('2026-11-12T09:00:00-05:00');

const SOLD = order({
  lines: [
    line({ unitPrice: usd('100.00'), taxes: [tax('8', usd('8.00'))] }),
    line({ key: 'item:2', title: 'Plate', unitPrice: usd('20.00') }),
  ],
  total: usd('128.00'),
  currentTotal: usd('128.00'),
  cash: received(tender(usd('128.00'), { transactionId: '9001' })),
});
const PLATE_BACK = refund(usd('20.00'), {
  returns: [returned('item:2', 1, usd('20.00'))],
  difference: usd('0.00'),
});
const ALL_BACK = refund(usd('128.00'), {
  returns: [returned('item:1', 1, usd('100.00'), [usd('8.00')]), returned('item:2', 1, usd('20.00'))],
  difference: usd('0.00'),
});

/** The cup as well. */
const REST_BACK = refund(usd('108.00'), {
  id: '902',
  at: at('2026-11-13T09:00:00-05:00'),
  returns: [returned('item:1', 1, usd('100.00'), [usd('8.00')])],
  difference: usd('0.00'),
});

function after(...paidBack: (typeof ALL_BACK)[]): Order {
  const updatedAt = paidBack.length === 1 ? LATER : at('2026-11-13T09:00:00-05:00');
  return { ...withRefunds(SOLD, ...paidBack), updatedAt };
}

async function sold(body: (opened: OrderInFreshBooks) => Promise<void>): Promise<void> {
  const opened = await openOrderInFreshBooks({ rules: { refundCategory: 'Supplies' } });
  try {
    await opened.show(SOLD);
    assert.deepEqual(opened.invoices(), ['128.00, paid 128.00, paid']);
    await body(opened);
  } finally {
    await opened.close();
  }
}

function writes({ requests }: OrderInFreshBooks, object: string): number {
  return requests.filter(({ method, path }) => method === 'PUT' && path.includes(`/${object}/`)).length;
}

const EDGE = { status: 404, body: 'default backend - 404', contentType: 'text/plain' } as const;
const UNKNOWN = {
  status: 404,
  body: '{"response":{"errors":[{"errno":1012,"field":"invoiceid","message":"Invoice not found.","object":"invoice","value":"1"}]}}',
  contentType: 'application/json',
} as const;

void describe('a page of the edge instead of an answer', () => {
  for (const what of ['invoices', 'payments'] as const) {
    void test(`does not say that the ${what.slice(0, -1)} was deleted: it is asked again`, () =>
      sold(async (opened) => {
        const path = new RegExp(`${what}/${what}/\\d+`);
        opened.freshbooks.faults.add({ method: 'GET', path, fault: { kind: 'status', ...EDGE } });
        await opened.show(after(ALL_BACK));
        await opened.wait();
        assert.deepEqual(await opened.state(), ['settled']);
        assert.equal((await opened.booked()).invoices.length, 0);
        const { invoices, payments } = opened.freshbooks.sim.account();
        assert.deepEqual(
          [...invoices, ...payments].map(({ visState }) => visState),
          [1, 1],
        );
      }));
  }
});

void test('an invoice that FreshBooks does not know is not taken for one that was deleted, and is a question', () =>
  sold(async (opened) => {
    const path = /invoices\/invoices\/\d+/;
    for (let times = 0; times < 4; times += 1) {
      opened.freshbooks.faults.add({ method: 'GET', path, fault: { kind: 'status', ...UNKNOWN } });
    }
    await opened.show(after(ALL_BACK));
    assert.deepEqual(await opened.state(), ['held', 'books-invoice-deleted']);
    assert.equal((await opened.booked()).invoices.length, 1);
    assert.deepEqual(opened.invoices(), ['128.00, paid 128.00, paid']);
  }));

void describe('an invoice that a person changed', () => {
  const renamed = [
    {
      name: 'Cup, red',
      qty: '1',
      unit_cost: { amount: '100.00', code: 'USD' },
      taxName1: 'Tax',
      taxAmount1: '8',
    },
    { name: 'Plate', qty: '1', unit_cost: { amount: '20.00', code: 'USD' } },
  ];
  const edit = ({ freshbooks: { sim } }: OrderInFreshBooks, fields: object): void => {
    sim.byHand().editInvoice(sim.account().invoices[0]?.id ?? 0, { ...fields });
  };
  for (const [what, fields, paidBack, question] of [
    [
      'whose line he renamed keeps its payment when a part',
      { lines: renamed },
      PLATE_BACK,
      'books-invoice-edited',
    ],
    [
      'whose line he renamed keeps its payment when all',
      { lines: renamed },
      ALL_BACK,
      'books-invoice-edited',
    ],
    ['that he deleted keeps its payment when a part', { vis_state: 1 }, PLATE_BACK, 'books-invoice-deleted'],
  ] as const) {
    void test(`${what} goes back, and is asked about`, () =>
      sold(async (opened) => {
        edit(opened, fields);
        await opened.show(after(paidBack));
        await opened.wait();
        assert.deepEqual(await opened.state(), ['held', question]);
        // That it was sent.
        assert.deepEqual([writes(opened, 'payments'), writes(opened, 'invoices')], [0, 1]);
      }));
  }

  for (const [decision, paidBack, stands, visState] of [
    ['restore', PLATE_BACK, '108.00, paid 108.00, paid', 0],
    // What the merchant keeps is 108.00, whatever his invoice says.
    ['accept', PLATE_BACK, '128.00, paid 108.00, partial', 0],
    ['restore', ALL_BACK, '128.00, paid 0.00, sent', 1],
  ] as const) {
    const how = paidBack === ALL_BACK ? 'all' : 'a part';
    void test(`is as the person says who answers ${decision} when ${how} goes back`, () =>
      sold(async (opened) => {
        edit(opened, { lines: renamed });
        await opened.show(after(paidBack));
        await opened.decide(decision);
        await opened.wait();
        assert.deepEqual([await opened.state(), opened.invoices()], [['settled'], [stands]]);
        const { invoices, expenses } = opened.freshbooks.sim.account();
        assert.deepEqual([invoices.map((row) => row.visState), expenses], [[visState], []]);
      }));
  }

  const stands = ({ invoices, booked }: OrderInFreshBooks): Promise<readonly [string, string]> =>
    booked().then(({ invoices: [invoice], payments: [payment] }) => [
      invoices().join(),
      `${money.format(invoice?.amount ?? usd('0'))}, paid ${money.format(payment?.amount ?? usd('0'))}`,
    ]);
  for (const [decision, settled] of [
    ['restore', '108.00, paid 108.00, paid'],
    ['accept', '128.00, paid 108.00, partial'],
  ] as const) {
    void test(`and whose payment he changed as well is asked about twice, and is as he says who answers ${decision}`, () =>
      sold(async (opened) => {
        edit(opened, { lines: renamed });
        const { sim } = opened.freshbooks;
        sim.byHand().editPayment(sim.account().payments[0]?.id ?? 0, { date: '2026-11-11' });
        await opened.show(after(PLATE_BACK));
        assert.deepEqual(await opened.state(), ['held', 'books-invoice-edited']);
        await opened.decide(decision);
        assert.deepEqual(await opened.state(), ['held', 'books-payment-edited']);
        await opened.decide(decision);
        assert.deepEqual([await opened.state(), opened.invoices()], [['settled'], [settled]]);
      }));
  }

  for (const [decision, state, both] of [
    ['restore', ['settled'], ['108.00, paid 108.00, paid', '108.00, paid 108.00']],
    ['accept', ['held', 'order-overpaid'], ['100.00, paid 100.00, paid', '100.00, paid 100.00']],
  ] as const) {
    void test(`and lowered holds no more than it is, in both books, when he answers ${decision}`, () =>
      sold(async (opened) => {
        edit(opened, { lines: [{ name: 'Cup', qty: '1', unit_cost: { amount: '100.00', code: 'USD' } }] });
        await opened.show(after(PLATE_BACK));
        await opened.decide(decision);
        await opened.wait();
        assert.deepEqual([await opened.state(), await stands(opened)], [state, both]);
        assert.equal(opened.freshbooks.sim.account().creditNotes.length, 0);
      }));
  }

  void test('whose date he changed and that he took as right is written anew when he says so', () =>
    sold(async (opened) => {
      edit(opened, { create_date: '2026-11-09' });
      await opened.show(after(PLATE_BACK));
      await opened.decide('accept');
      assert.deepEqual(
        [await opened.state(), opened.invoices()],
        [['settled'], ['128.00, paid 108.00, partial']],
      );
      const half = refund(usd('50.00'), { id: '902', at: at('2026-11-13T09:00:00-05:00') });
      await opened.show(after(PLATE_BACK, half));
      assert.deepEqual(await opened.state(), ['held', 'books-invoice-edited']);
      await opened.decide('restore');
      assert.deepEqual([await opened.state(), opened.invoices()], [['settled'], ['58.00, paid 58.00, paid']]);
    }));

  void test('and took as right keeps its payment when all goes back, until he says what is to become of it', () =>
    sold(async (opened) => {
      edit(opened, { lines: renamed });
      await opened.show(after(PLATE_BACK));
      await opened.decide('accept');
      await opened.wait();
      const before = writes(opened, 'payments');
      await opened.show(after(PLATE_BACK, REST_BACK));
      await opened.wait();
      assert.deepEqual(await opened.state(), ['held', 'books-invoice-edited']);
      assert.equal(writes(opened, 'payments'), before);
      await opened.decide('restore');
      await opened.wait();
      assert.deepEqual(await opened.state(), ['settled']);
      const { invoices, payments } = opened.freshbooks.sim.account();
      assert.deepEqual(
        [...invoices, ...payments].map((row) => row.visState),
        [1, 1],
      );
    }));
});

void test('a payment that FreshBooks leaves as it was, though it agreed, is written once and is a question with both figures', () =>
  sold(async (opened) => {
    opened.answerWith((text, { url, method }) =>
      url.includes('/payments/') && method !== 'POST' ? text.replaceAll('"108.00"', '"128.00"') : text,
    );
    await opened.show(after(PLATE_BACK));
    assert.deepEqual(await opened.state(), ['held', 'books-refused']);
    assert.equal(writes(opened, 'payments'), 1);
  }));
