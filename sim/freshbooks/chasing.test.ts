import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bench, line, type Bench } from './caller.ts';

const DAY_MS = 86_400_000;
const off = { late_reminders: [], late_fee: null, allowed_gateways: [], auto_bill: false };

async function sent(desk: Bench, fields: object = {}): Promise<number> {
  const { id } = await desk.invoice({ due_offset_days: 15, ...fields });
  await desk.put(`invoices/invoices/${id}`, { invoice: { action_mark_as_sent: true } });
  return id;
}

function pass(desk: Bench, days: number): void {
  desk.clock.at += days * DAY_MS;
  desk.sim.tick();
}

const kinds = (desk: Bench) => desk.sim.outbox.map((email) => email.kind);
const first = (desk: Bench) => desk.sim.account().invoices[0];

test("an invoice that does not switch them off gets the account's reminders and late fee", async () => {
  const desk = bench();
  const id = await sent(desk);
  pass(desk, 7);
  assert.deepEqual(kinds(desk), []);
  pass(desk, 1);
  assert.deepEqual(
    desk.sim.outbox.map(({ kind, invoiceId, to }) => ({ kind, invoiceId, to })),
    [{ kind: 'reminder', invoiceId: id, to: ['ada@example.com'] }],
  );
  pass(desk, 14);
  assert.deepEqual(kinds(desk), ['reminder', 'reminder', 'reminder']);
  pass(desk, 23);
  assert.deepEqual(kinds(desk).slice(3), ['late-fee-notice']);
  assert.deepEqual([first(desk)?.amount, first(desk)?.lines.at(-1)?.name], ['102.00', 'Late Fee']);
  pass(desk, 100);
  assert.equal(desk.sim.outbox.length, 4, 'each reminder once, and the fee does not repeat');
});

test('an invoice that switches them off is left alone, and reads back as off', async () => {
  const desk = bench();
  const id = await sent(desk, off);
  pass(desk, 400);
  assert.deepEqual(desk.sim.outbox, []);
  assert.equal(first(desk)?.amount, '100.00');
  const { invoice } = (
    await desk.get(
      `invoices/invoices/${id}?include[]=late_reminders&include[]=late_fee&include[]=allowed_gateways`,
    )
  ).result;
  assert.deepEqual([invoice.late_reminders, invoice.late_fee, invoice.allowed_gateways], [[], null, []]);
});

test("the includes show the account's defaults", async () => {
  const desk = bench();
  const id = await sent(desk);
  const { invoice } = (
    await desk.get(
      `invoices/invoices/${id}?include[]=late_reminders&include[]=late_fee&include[]=allowed_gateways`,
    )
  ).result;
  assert.deepEqual(
    invoice.late_reminders.map((reminder: { delay: number; enabled: boolean }) => [
      reminder.delay,
      reminder.enabled,
    ]),
    [
      [-7, true],
      [0, true],
      [7, true],
    ],
  );
  assert.deepEqual(
    [invoice.late_fee.days, invoice.late_fee.value, invoice.late_fee.invoiceid],
    [30, '2', id],
  );
  assert.equal(invoice.allowed_gateways[0].gateway_name, 'stripe');
});

test('with the switches set, writing them is ignored', async () => {
  const desk = bench({
    switches: { remindersOnInvoice: 'ignored', lateFeeOnInvoice: 'ignored', gatewaysOnInvoice: 'ignored' },
  });
  await sent(desk, off);
  await desk.put(`invoices/invoices/${first(desk)?.id}`, { invoice: off });
  assert.deepEqual(
    [first(desk)?.hasReminders, first(desk)?.hasLateFee, first(desk)?.gateways],
    [true, true, ['stripe']],
  );
});

test('they can be switched off later, or one by one', async () => {
  const desk = bench();
  const id = await sent(desk);
  await desk.put(`invoices/invoices/${id}`, {
    invoice: {
      late_reminders: [{ position: 1, delay: 0, enabled: false }],
      late_fee: { enabled: false, days: 30, value: '2' },
    },
  });
  pass(desk, 400);
  assert.deepEqual(desk.sim.outbox, []);
});

test('drafts, paid and deleted invoices are not chased', async () => {
  const desk = bench();
  await desk.invoice();
  const paid = await sent(desk);
  const deleted = await sent(desk);
  desk.sim.byHand().addPayment({ invoiceid: paid, amount: { amount: '100.00' }, date: '2026-06-29' });
  desk.sim.byHand().deleteInvoice(deleted);
  pass(desk, 400);
  assert.deepEqual(desk.sim.outbox, []);
});

test('a client that forbids them is not chased', async () => {
  const desk = bench();
  await desk.client({ allow_late_fees: false, allow_late_notifications: false });
  await sent(desk);
  pass(desk, 400);
  assert.deepEqual(desk.sim.outbox, []);
});

test("a client's own reminders stand before the account's", async () => {
  const desk = bench();
  await desk.client({ late_reminders: [], allow_late_fees: false });
  await sent(desk);
  pass(desk, 400);
  assert.deepEqual(desk.sim.outbox, []);
});

test('a repeating fee is added once for every period', async () => {
  const desk = bench();
  desk.sim.byHand().setDefaults({
    reminders: [],
    lateFee: { enabled: true, days: 10, type: 'amount', value: '5.00', repeat: true },
  });
  await sent(desk, { due_offset_days: 0 });
  pass(desk, 25);
  assert.equal(first(desk)?.amount, '110.00');
  pass(desk, 5);
  assert.equal(first(desk)?.amount, '115.00');
});

test('action_email mails the recipients or the client, and leaves draft', async () => {
  const desk = bench();
  const { id } = await desk.invoice(off);
  await desk.put(`invoices/invoices/${id}`, {
    invoice: { action_email: true, email_recipients: ['x@example.com'] },
  });
  await desk.put(`invoices/invoices/${id}`, { invoice: { action_email: true } });
  assert.deepEqual(
    desk.sim.outbox.map((email) => [email.kind, email.to]),
    [
      ['invoice', ['x@example.com']],
      ['invoice', ['ada@example.com']],
    ],
  );
  assert.equal(first(desk)?.status, 2);
});

test('a payment mails the buyer only with send_client_notification true, or by the switch when left out', async () => {
  const mails = async (switches: object, send_client_notification?: boolean) => {
    const desk = bench({ switches });
    const id = await sent(desk, off);
    await desk.post('payments/payments', {
      payment: {
        invoiceid: id,
        amount: { amount: '1.00' },
        date: '2026-06-29',
        type: 'Other',
        send_client_notification,
      },
    });
    return kinds(desk);
  };
  assert.deepEqual(await mails({}, true), ['payment-notice']);
  assert.deepEqual(await mails({}, false), []);
  assert.deepEqual(await mails({}), []);
  assert.deepEqual(await mails({ paymentNotificationDefault: 'sent' }), ['payment-notice']);
  assert.deepEqual(await mails({ paymentNotificationDefault: 'sent' }, false), []);
});

test('percentages are taken of what is outstanding', async () => {
  const desk = bench();
  desk.sim.byHand().setDefaults({ reminders: [] });
  const id = await sent(desk, { lines: [line('A', '100.00')], due_offset_days: 0 });
  desk.sim.byHand().addPayment({ invoiceid: id, amount: { amount: '50.00' }, date: '2026-06-29' });
  pass(desk, 30);
  assert.equal(first(desk)?.amount, '101.00');
});
