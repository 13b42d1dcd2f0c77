import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bench, line, type Bench } from './caller.ts';

const liveKeys =
  'accounting_systemid amount bulk_paymentid clientid creditid date from_credit gateway id invoiceid logid note orderid overpaymentid send_client_notification transaction_uuid transactionid type updated vis_state'.split(
    ' ',
  );

async function sentInvoice(desk: Bench, amount = '100.00'): Promise<number> {
  const { id } = await desk.invoice({ lines: [line('A', amount)] });
  await desk.put(`invoices/invoices/${id}`, { invoice: { action_mark_as_sent: true } });
  return id;
}

const pay = (desk: Bench, invoiceid: number, amount: string, more: object = {}) =>
  desk.post('payments/payments', {
    payment: { invoiceid, amount: { amount, code: 'USD' }, date: '2026-06-29', type: 'Cash', ...more },
  });

const view = (desk: Bench) => desk.sim.account().invoices[0];

test('create answers 200 with the live key set', async () => {
  const desk = bench();
  const id = await sentInvoice(desk);
  const { status, result } = await pay(desk, id, '40.00', { note: 'shopify:1' });
  assert.equal(status, 200);
  assert.deepEqual(Object.keys(result.payment).sort(), liveKeys);
  const { amount, clientid, overpaymentid, send_client_notification, logid, from_credit } = result.payment;
  assert.deepEqual(
    [amount, clientid, overpaymentid, send_client_notification, from_credit],
    [{ amount: '40.00', code: 'USD' }, view(desk)?.clientId, null, null, false],
  );
  assert.equal(logid, result.payment.id);
});

test('part paid stays status 2 with v3 partial; fully paid is 4, shown as sent', async () => {
  const desk = bench();
  const id = await sentInvoice(desk);
  await pay(desk, id, '40.00');
  const read = async () => (await desk.get(`invoices/invoices/${id}`)).result.invoice;
  const part = await read();
  assert.deepEqual(
    [part.status, part.v3_status, part.payment_status, part.outstanding.amount, part.date_paid],
    [2, 'partial', 'partial', '60.00', null],
  );
  await pay(desk, id, '60.00');
  const full = await read();
  assert.deepEqual(
    [full.status, full.v3_status, full.payment_status, full.display_status, full.outstanding.amount],
    [4, 'paid', 'paid', 'sent', '0.00'],
  );
});

test('equal payments seconds apart are both accepted', async () => {
  const desk = bench();
  const id = await sentInvoice(desk);
  await pay(desk, id, '30.00');
  await pay(desk, id, '30.00');
  assert.equal((await desk.get(`payments/payments?search[invoiceid]=${id}`)).result.total, 2);
  assert.equal(view(desk)?.outstanding, '40.00');
});

test('an overpayment is cut to what is open and the rest becomes a credit note', async () => {
  const desk = bench();
  const id = await sentInvoice(desk, '180.00');
  const { payment } = (await pay(desk, id, '3300.00')).result;
  assert.equal(payment.amount.amount, '180.00');
  assert.equal(typeof payment.overpaymentid, 'number');
  const [credit] = desk.sim.account().creditNotes;
  assert.deepEqual(
    [credit?.creditType, credit?.amount, credit?.notes],
    ['overpayment', '3120.00', `Overpayment: invoice #${view(desk)?.number}`],
  );
  const again = (await pay(desk, id, '180.00')).result.payment;
  assert.equal(again.amount.amount, '0.00');
  assert.equal(desk.sim.account().creditNotes.length, 2);
  assert.equal(view(desk)?.paid, '180.00');
});

test('invoiceid, amount and date are required, and the type must exist in any case of letters', async () => {
  const desk = bench();
  const id = await sentInvoice(desk);
  for (const field of ['invoiceid', 'amount', 'date']) {
    const refused = await pay(desk, id, '1.00', { [field]: null });
    assert.deepEqual([refused.status, refused.error.errno, refused.error.field], [422, 1001, field]);
  }
  for (const type of ['Stripe', 'Wire Transfer'])
    assert.equal((await pay(desk, id, '1.00', { type })).status, 422);
  assert.equal((await pay(desk, id, '1.00', { type: 'visa' })).result.payment.type, 'VISA');
  assert.equal(
    (await pay(desk, id, '1.00', { amount: { amount: '1.00' } })).status,
    200,
    'the code may be left out',
  );
  assert.equal((await pay(desk, id, '1.00', { amount: { amount: '1.00', code: 'EUR' } })).status, 422);
  assert.equal((await pay(desk, id, '1.005')).status, 422);
});

test('payments of zero or less are refused, or accepted by the switch', async () => {
  const desk = bench();
  const id = await sentInvoice(desk);
  assert.equal((await pay(desk, id, '-5.00')).status, 422);
  assert.equal((await pay(desk, id, '0.00')).status, 422);
  const lax = bench({ switches: { nonPositivePayment: 'accepted' } });
  const other = await sentInvoice(lax);
  assert.equal((await pay(lax, other, '-5.00')).result.payment.amount.amount, '-5.00');
  assert.equal(view(lax)?.outstanding, '105.00');
});

test('paying a draft moves it out of draft, leaves it, or is refused, by the switch', async () => {
  const after = async (paymentOnDraft: 'moves-out-of-draft' | 'stays-draft' | 'refused') => {
    const desk = bench({ switches: { paymentOnDraft } });
    const { id } = await desk.invoice();
    const { status } = await pay(desk, id, '100.00');
    return [status, view(desk)?.status, view(desk)?.outstanding];
  };
  assert.deepEqual(await after('moves-out-of-draft'), [200, 4, '0.00']);
  assert.deepEqual(await after('stays-draft'), [200, 1, '0.00']);
  assert.deepEqual(await after('refused'), [422, 1, '100.00']);
});

test('a deleted payment opens the invoice again; it stays readable', async () => {
  const desk = bench();
  const id = await sentInvoice(desk);
  const { payment } = (await pay(desk, id, '100.00')).result;
  const deleted = await desk.put(`payments/payments/${payment.id}`, { payment: { vis_state: 1 } });
  assert.deepEqual([deleted.result.payment.vis_state, deleted.result.payment.amount.amount], [1, '100.00']);
  assert.deepEqual([view(desk)?.status, view(desk)?.outstanding], [2, '100.00']);
  assert.equal((await desk.get('payments/payments')).result.total, 0);
  assert.equal((await desk.get(`payments/payments/${payment.id}`)).status, 200);
});

test('PUT lowers a payment, and raises it only to what is open', async () => {
  const desk = bench();
  const id = await sentInvoice(desk);
  const { payment } = (await pay(desk, id, '100.00')).result;
  const put = (amount: string) =>
    desk.put(`payments/payments/${payment.id}`, { payment: { amount: { amount, code: 'USD' } } });
  await put('75.00');
  assert.deepEqual([view(desk)?.status, view(desk)?.outstanding], [2, '25.00']);
  assert.equal((await put('120.00')).result.payment.amount.amount, '100.00');
  assert.equal(desk.sim.account().creditNotes[0]?.amount, '20.00');
});

test('an invoice with payments can be deleted and still shows them', async () => {
  const desk = bench();
  const id = await sentInvoice(desk);
  await pay(desk, id, '75.00');
  await desk.put(`invoices/invoices/${id}`, { invoice: { vis_state: 1 } });
  const { invoice } = (await desk.get(`invoices/invoices/${id}`)).result;
  assert.deepEqual([invoice.vis_state, invoice.paid.amount], [1, '75.00']);
  assert.equal((await pay(desk, id, '1.00')).status, 422, 'a deleted invoice takes no payment');
});

test('raising the lines of a paid invoice opens it again', async () => {
  const desk = bench();
  const id = await sentInvoice(desk);
  await pay(desk, id, '100.00');
  await desk.put(`invoices/invoices/${id}`, { invoice: { lines: [line('A', '130.00')] } });
  assert.deepEqual(
    [view(desk)?.status, view(desk)?.paymentStatus, view(desk)?.outstanding],
    [2, 'partial', '30.00'],
  );
});

test('a Credit payment draws on its credit note and no further', async () => {
  const desk = bench();
  const id = await sentInvoice(desk);
  const creditid = desk.sim.byHand().addCreditNote({
    clientid: view(desk)?.clientId ?? 0,
    create_date: '2026-06-29',
    lines: [{ name: 'C', qty: 1, unit_cost: { amount: '30.00', code: 'USD' } }],
  });
  const drawn = await pay(desk, id, '20.00', { type: 'Credit', creditid });
  assert.deepEqual([drawn.result.payment.creditid, drawn.result.payment.from_credit], [creditid, true]);
  assert.equal((await pay(desk, id, '20.00', { type: 'Credit', creditid })).error.field, 'creditid');
  assert.equal((await pay(desk, id, '10.00', { type: 'Credit', creditid })).status, 200);
  assert.equal((await pay(desk, id, '10.00', { type: 'Credit', creditid: 1 })).status, 422);
});

test('lists filter by type, note, date and client', async () => {
  const desk = bench();
  const id = await sentInvoice(desk);
  await pay(desk, id, '1.00', { note: 'shopify:txn:1', type: 'PayPal' });
  await pay(desk, id, '2.00', { date: '2026-05-01' });
  const total = async (query: string) => (await desk.get(`payments/payments?${query}`)).result.total;
  assert.equal(await total('search[type]=PayPal'), 1);
  assert.equal(await total('search[notes]=txn:1'), 1);
  assert.equal(await total('search[date_max]=2026-06-01'), 1);
  assert.equal(await total(`search[clientid]=${view(desk)?.clientId}`), 2);
  assert.equal(await total('search[invoiceid]=1'), 0);
  assert.equal(await total('search[order_id]=1'), 2, 'no such filter');
});

test('by the switch a Credit payment is a plain one', async () => {
  const desk = bench({ switches: { creditPayment: 'plain' } });
  const id = await sentInvoice(desk);
  assert.equal((await pay(desk, id, '10.00', { type: 'Credit', creditid: 1 })).status, 200);
});

test('a change without send_client_notification mails by the same switch as a payment', async () => {
  for (const [fields, mails] of [
    [{}, 1],
    [{ send_client_notification: false }, 0],
  ] as const) {
    const desk = bench({ switches: { paymentNotificationDefault: 'sent' } });
    const id = await sentInvoice(desk);
    const made = await pay(desk, id, '30.00', { send_client_notification: false });
    const payment = { amount: { amount: '20.00', code: 'USD' }, ...fields };
    await desk.put(`payments/payments/${made.result.payment.id}`, { payment });
    assert.equal(desk.sim.outbox.length, mails);
  }
});
