import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bench, line, type Bench } from './caller.ts';
import { Refusal } from './refusal.ts';

async function booked(
  desk: Bench,
  create_date: string,
): Promise<{ readonly id: number; readonly paymentId: number }> {
  const { id } = await desk.invoice({ create_date });
  await desk.put(`invoices/invoices/${id}`, { invoice: { action_mark_as_sent: true } });
  return {
    id,
    paymentId: desk.sim
      .byHand()
      .addPayment({ invoiceid: id, amount: { amount: '40.00' }, date: create_date, type: 'Other' }),
  };
}

const put = (desk: Bench, id: number, invoice: object) => desk.put(`invoices/invoices/${id}`, { invoice });
const pay = (desk: Bench, invoiceid: number, date: string) =>
  desk.post('payments/payments', { payment: { invoiceid, amount: { amount: '1.00' }, date, type: 'Other' } });

test('what a person adds, edits and deletes shows in the API', async () => {
  const desk = bench();
  const hand = desk.sim.byHand();
  const customerid = hand.addClient({ fname: 'By', lname: 'Hand' });
  const id = hand.addInvoice({
    customerid,
    create_date: '2026-06-29',
    invoice_number: 'S-1',
    lines: [line('A', '5.00')],
  });
  hand.editInvoice(id, { lines: [line('A', '6.00')] });
  const read = async () => (await desk.get(`invoices/invoices/${id}`)).result.invoice;
  assert.equal((await read()).amount.amount, '6.00');
  hand.archiveInvoice(id);
  assert.equal((await read()).vis_state, 2);
  hand.deleteInvoice(id);
  assert.equal((await read()).vis_state, 1);
  assert.throws(
    () => hand.addInvoice({ customerid, create_date: '2026-06-29', invoice_number: 'S-1' }),
    Refusal,
  );
});

test('on or before the lock date nothing may be edited, sent, deleted or paid', async () => {
  const desk = bench();
  const old = await booked(desk, '2026-05-31');
  const { id: draft } = await desk.invoice({ create_date: '2026-05-31' });
  const open = await booked(desk, '2026-06-01');
  desk.sim.byHand().setLockDate('2026-05-31');
  const refused = await put(desk, old.id, { notes: 'x' });
  assert.deepEqual([refused.status, refused.error.errno], [422, 1004]);
  assert.equal((await put(desk, old.id, { vis_state: 1 })).status, 422);
  assert.equal((await put(desk, draft, { notes: 'x' })).status, 422);
  assert.equal((await put(desk, draft, { action_mark_as_sent: true })).status, 422);
  assert.equal(
    (await pay(desk, draft, '2026-06-29')).status,
    422,
    'a locked draft cannot be paid on any day',
  );
  assert.equal((await pay(desk, open.id, '2026-05-31')).status, 422);
  assert.equal(
    (await pay(desk, old.id, '2026-06-29')).status,
    200,
    'a sent invoice can be paid on an open day',
  );
  assert.equal(
    (await desk.put(`payments/payments/${old.paymentId}`, { payment: { note: 'x' } })).status,
    422,
  );
  assert.equal(
    (await desk.put(`payments/payments/${open.paymentId}`, { payment: { date: '2026-05-31' } })).status,
    422,
  );
  const moved = await desk.put(`payments/payments/${old.paymentId}`, { payment: { date: '2026-06-29' } });
  assert.equal(moved.status, 422, 'nothing can be moved out of the period');
  assert.equal(
    (await put(desk, open.id, { create_date: '2026-05-31' })).status,
    422,
    'nothing can be moved into the period',
  );
  assert.equal((await put(desk, open.id, { notes: 'x' })).status, 200);
  assert.equal((await put(desk, draft, { vis_state: 1 })).status, 200, 'a draft may be deleted');
});

test('lock_status tells, and the lock can be taken back', async () => {
  const desk = bench();
  const { id } = await desk.invoice({ create_date: '2026-05-31' });
  const status = async () => (await desk.get(`invoices/invoices/${id}`)).result.invoice.lock_status;
  desk.sim.byHand().setLockDate('2026-05-31');
  assert.equal(await status(), 'locked');
  desk.sim.byHand().setLockDate(null);
  assert.equal(await status(), 'unlocked');
});

test('expenses and other income are frozen too', async () => {
  const desk = bench({ accounts: [{ id: 'AAA111', lockedThrough: '2026-05-31' }] });
  const categoryid = desk.sim.account().categories[0]?.id;
  const expense = (date: string) =>
    desk.post('expenses/expenses', {
      expense: { staffid: 1, categoryid, amount: { amount: '1.00', code: 'USD' }, date },
    });
  assert.equal((await expense('2026-05-31')).status, 422);
  assert.equal((await expense('2026-06-01')).status, 200);
  const other_income = {
    amount: { amount: '1.00', code: 'USD' },
    category_name: 'other',
    source: 'S',
    date: '2026-05-31',
  };
  assert.equal((await desk.post('other_incomes/other_incomes', { other_income })).status, 422);
});

test("creating in the locked period and the error's shape are switches", async () => {
  const make = async (switches: object) => {
    const desk = bench({ switches, accounts: [{ id: 'AAA111', lockedThrough: '2026-05-31' }] });
    return desk.post('invoices/invoices', {
      invoice: { customerid: await desk.client(), create_date: '2026-05-31' },
    });
  };
  assert.equal((await make({})).status, 200);
  const refused = await make({
    createInLockedPeriod: 'refused',
    lockedPeriodError: { status: 403, errno: 9, message: 'Locked' },
  });
  assert.deepEqual([refused.status, refused.error.errno, refused.error.message], [403, 9, 'Locked']);
});

test("settings change what new invoices get, and the plan's limit", async () => {
  const desk = bench();
  desk.sim.byHand().setDefaults({ dueOffsetDays: 30, reminders: [], lateFee: null, gateways: [] });
  await desk.invoice();
  const [invoice] = desk.sim.account().invoices;
  assert.deepEqual(
    [invoice?.dueOn, invoice?.hasReminders, invoice?.hasLateFee, invoice?.gateways],
    ['2026-07-29', false, false, []],
  );
  desk.sim.byHand().setClientLimit(1);
  assert.equal((await desk.post('users/clients', { client: {} })).status, 402);
});
