import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bench, line, type Bench } from './caller.ts';

const liveKeys =
  'accountid accounting_systemid address amount attach_pdf_to_email auto_bill autobill_status basecampid city code country create_date created_at currency_code current_organization customerid date_paid deposit_amount deposit_percentage deposit_status description discount discount_description discount_total discount_value display_status dispute_status due_date due_offset_days estimateid ext_archive fname fulfillment_date generation_date gmail id invoice_number invoiceid language last_order_status lname lock_status net_paid_amount notes organization outstanding ownerid paid parent payment_details payment_status po_number province return_uri sender_address sentid series show_attachments status street street2 template terms updated uuid v3_status vat_name vat_number version vis_state'.split(
    ' ',
  );
const path = 'invoices/invoices';

async function tryInvoice(desk: Bench, fields: object) {
  const customerid = desk.sim.account().clients[0]?.id ?? (await desk.client());
  return desk.post(path, { invoice: { customerid, create_date: '2026-06-29', ...fields } });
}

async function numbers(desk: Bench, query: string): Promise<string[]> {
  return (await desk.get(`${path}?${query}`)).result.invoices.map(
    (invoice: { invoice_number: string }) => invoice.invoice_number,
  );
}

const update = (desk: Bench, id: number, invoice: object) =>
  desk.put(`${path}/${id}?include[]=lines`, { invoice });

test('create answers 200 with the live key set, a draft without lines', async () => {
  const desk = bench();
  const { status, result } = await tryInvoice(desk, { lines: [line('A', '1500.00')], nonsense: true });
  assert.equal(status, 200);
  const { invoice } = result;
  assert.deepEqual(Object.keys(invoice).sort(), liveKeys);
  assert.deepEqual(
    [invoice.status, invoice.v3_status, invoice.display_status, invoice.payment_status, invoice.lock_status],
    [1, 'draft', 'draft', 'unpaid', 'unlocked'],
  );
  assert.deepEqual(
    [invoice.amount, invoice.outstanding, invoice.paid.amount],
    [{ amount: '1500.00', code: 'USD' }, { amount: '1500.00', code: 'USD' }, '0.00'],
  );
  assert.deepEqual(
    [invoice.due_date, invoice.fulfillment_date, invoice.po_number, invoice.discount_value],
    ['2026-06-29', null, null, '0'],
  );
  assert.equal(invoice.created_at, '2026-06-29 12:00:00');
  assert.match(invoice.version, /^2026-06-29 12:00:00\.\d{6}$/);
});

test('the live key set is kept when fields are written, and lines appear with include[]=lines only', async () => {
  const desk = bench();
  const { id, lines } = await desk.invoice({
    notes: 'n',
    terms: 't',
    po_number: 'P-1',
    discount_value: '10',
  });
  assert.equal(lines.length, 1);
  const bare = (await desk.get(`${path}/${id}`)).result.invoice;
  assert.deepEqual(Object.keys(bare).sort(), liveKeys);
  assert.equal((await desk.get(path)).result.invoices[0].lines, undefined);
  assert.equal((await desk.get(`${path}?include[]=lines`)).result.invoices[0].lines.length, 1);
  const ignoring = bench({ switches: { includesOnWrite: 'ignored' } });
  assert.equal((await ignoring.invoice()).lines, undefined);
});

test('customerid and create_date are required; clientid is another field', async () => {
  const desk = bench();
  const id = await desk.client();
  const noClient = await desk.post(path, { invoice: { clientid: id, create_date: '2026-06-29' } });
  assert.deepEqual(
    [noClient.status, noClient.error.errno, noClient.error.message],
    [422, 1001, "'customerid' is a required field."],
  );
  const noDate = await desk.post(path, { invoice: { customerid: id } });
  assert.equal(noDate.error.field, 'create_date');
  const badDate = await desk.post(path, { invoice: { customerid: id, create_date: '2026-02-30' } });
  assert.equal(badDate.error.errno, 1033);
});

test('a client that does not exist is refused, a deleted one by the switch', async () => {
  const desk = bench();
  assert.equal((await tryInvoice(desk, { customerid: 1 })).status, 422);
  for (const [invoiceForDeletedClient, expected] of [
    ['refused', 422],
    ['allowed', 200],
  ] as const) {
    const own = bench({ switches: { invoiceForDeletedClient } });
    const id = await own.client();
    await own.put(`users/clients/${id}`, { client: { vis_state: 1 } });
    assert.equal((await tryInvoice(own, { customerid: id })).status, expected);
  }
});

test('writing due_date is 403 with errno 1038, on create and on update; due_offset_days sets it', async () => {
  const desk = bench();
  const refused = await tryInvoice(desk, { due_date: '2026-07-14' });
  assert.deepEqual([refused.status, refused.error.errno, refused.error.field], [403, 1038, 'due_date']);
  const { id, due_date } = await desk.invoice({ due_offset_days: 15 });
  assert.equal(due_date, '2026-07-14');
  assert.equal((await update(desk, id, { due_date: '2026-08-01' })).status, 403);
});

test('numbers count on from the last used one, whoever chose it', async () => {
  const desk = bench();
  assert.equal((await desk.invoice()).invoice_number, '0000001');
  assert.equal((await desk.invoice({ invoice_number: 'FB002017-394' })).invoice_number, 'FB002017-394');
  assert.equal((await desk.invoice()).invoice_number, 'FB002017-395');
  await desk.invoice({ invoice_number: 'SHOPIFY-1099' });
  assert.equal((await desk.invoice()).invoice_number, 'SHOPIFY-1100');
  const clash = await tryInvoice(desk, { invoice_number: 'SHOPIFY-1100' });
  assert.equal(clash.status, 422, "the automatic number took the next order's");
});

test('a number is taken by active, archived and deleted invoices until it is edited away', async () => {
  const desk = bench();
  const { id } = await desk.invoice({ invoice_number: 'S-1' });
  for (const vis_state of [0, 2, 1]) {
    await update(desk, id, { vis_state });
    const clash = await tryInvoice(desk, { invoice_number: 'S-1' });
    assert.deepEqual(
      [clash.status, clash.error.errno, clash.error.field, clash.error.value],
      [422, 1029, 'invoice_number', 'S-1'],
    );
  }
  desk.sim.byHand().renumberInvoice(id, 'S-1-old');
  assert.equal((await tryInvoice(desk, { invoice_number: 'S-1' })).status, 200);
  const other = await desk.invoice();
  assert.equal((await update(desk, other.id, { invoice_number: 'S-1' })).status, 422);
  const custom = bench({ switches: { duplicateNumberError: { status: 400, errno: 1004, message: 'Nope' } } });
  await custom.invoice({ invoice_number: 'S-1' });
  const shaped = await tryInvoice(custom, { invoice_number: 'S-1' });
  assert.deepEqual([shaped.status, shaped.error.errno, shaped.error.message], [400, 1004, 'Nope']);
});

test('the length of numbers is unlimited, or limited with errno 1017 or by message', async () => {
  const long = { invoice_number: 'SHOPIFY-1001' };
  assert.equal((await tryInvoice(bench(), long)).status, 200);
  const limited = await tryInvoice(bench({ switches: { numberLengthMax: 10 } }), long);
  assert.deepEqual([limited.status, limited.error.errno, limited.error.field], [422, 1017, 'invoice_number']);
  const worded = await tryInvoice(
    bench({ switches: { numberLengthMax: 10, numberLengthError: 'message-only' } }),
    long,
  );
  assert.notEqual(worded.error.errno, 1017);
  assert.match(worded.error.message, /invoice_number/);
  assert.equal(
    (await tryInvoice(bench({ switches: { numberLengthMax: 10 } }), { invoice_number: 'SH10010000' })).status,
    200,
  );
});

test('search[invoice_number] is exact, contains, or ignored; deleted invoices are found by the switch', async () => {
  const search = async (switches: object, isDeleted = false) => {
    const desk = bench({ switches });
    await desk.invoice({ invoice_number: 'S-10' });
    const { id } = await desk.invoice({ invoice_number: 'S-1' });
    if (isDeleted) await update(desk, id, { vis_state: 1 });
    return numbers(desk, 'search[invoice_number]=S-1');
  };
  assert.deepEqual(await search({}), ['S-1']);
  assert.deepEqual(await search({ numberSearch: 'contains' }), ['S-10', 'S-1']);
  assert.deepEqual(await search({ numberSearch: 'ignored' }), ['S-10', 'S-1']);
  assert.deepEqual(await search({}, true), []);
  assert.deepEqual(await search({ numberSearchFindsDeleted: true }, true), ['S-1']);
});

test('filters that exist work and those that do not are ignored', async () => {
  const desk = bench();
  const first = await desk.invoice({ create_date: '2026-06-01', invoice_number: 'A' });
  await desk.invoice({ create_date: '2026-06-15', invoice_number: 'B', po_number: 'P-1' });
  await update(desk, first.id, { action_mark_as_sent: true });
  assert.deepEqual(await numbers(desk, 'search[date_min]=2026-06-15'), ['B']);
  assert.deepEqual(await numbers(desk, 'search[date_max]=2026-06-15'), ['A']);
  assert.deepEqual(await numbers(desk, 'search[v3_status]=draft'), ['B']);
  assert.deepEqual(await numbers(desk, `search[customerid]=${first.customerid}`), ['A', 'B']);
  assert.deepEqual(await numbers(desk, 'search[customerid]=1'), []);
  assert.deepEqual(await numbers(desk, `search[invoiceids][]=${first.id}`), ['A']);
  assert.deepEqual(await numbers(desk, 'sort=invoice_date_desc'), ['B', 'A']);
  for (const ignored of [
    'search[po_number]=P-1',
    'po_number=P-1',
    'search[status]=2',
    'search[payment_status]=paid',
    'search[create_date]=2026-06-01',
    'sort=amount_desc',
  ]) {
    assert.deepEqual(await numbers(desk, ignored), ['A', 'B'], ignored);
  }
});

test("marking as sent leaves draft and dates the fulfilment today in the business's zone, unless one is given", async () => {
  const desk = bench({ accounts: [{ id: 'AAA111', timeZone: 'Pacific/Auckland' }] });
  const { id } = await desk.invoice();
  const sent = (await update(desk, id, { action_mark_as_sent: true })).result.invoice;
  assert.deepEqual(
    [sent.status, sent.display_status, sent.v3_status, sent.fulfillment_date],
    [2, 'sent', 'overdue', '2026-06-30'],
  );
  const other = await desk.invoice({ create_date: '2026-06-30' });
  const given = (await update(desk, other.id, { action_mark_as_sent: true, fulfillment_date: '2026-06-20' }))
    .result.invoice;
  assert.deepEqual([given.v3_status, given.fulfillment_date], ['sent', '2026-06-20']);
  assert.deepEqual(desk.sim.outbox, []);
});

test('status must be a number from 0 to 3', async () => {
  const desk = bench();
  const { id } = await desk.invoice();
  const word = await update(desk, id, { status: 'sent' });
  assert.deepEqual(
    [word.status, word.error.errno, word.error.message],
    [422, 1015, "The field 'status' must be a number."],
  );
  for (const status of [4, 5, 8]) {
    const refused = await update(desk, id, { status });
    assert.deepEqual(
      [refused.status, refused.error.message],
      [422, "Status must be one of 'draft', 'sent', 'viewed' or 'disputed'."],
    );
  }
  assert.equal((await update(desk, id, { status: 2 })).result.invoice.status, 2);
  assert.equal((await update(desk, id, { status: 0 })).result.invoice.v3_status, 'disputed');
});

test('status on create is ignored, honoured or refused by the switch; actions on create likewise', async () => {
  const status = async (createWithStatus: 'ignored' | 'honoured' | 'refused') =>
    tryInvoice(bench({ switches: { createWithStatus } }), { status: 2 });
  assert.equal((await status('ignored')).result.invoice.status, 1);
  assert.equal((await status('honoured')).result.invoice.status, 2);
  assert.equal((await status('refused')).status, 403);
  const action = { action_mark_as_sent: true };
  assert.equal((await tryInvoice(bench(), action)).result.invoice.status, 1);
  assert.equal(
    (await tryInvoice(bench({ switches: { actionsOnCreate: 'honoured' } }), action)).result.invoice.status,
    2,
  );
});

test('v3_status: drafts stay drafts past due, sent ones turn overdue the day after, at 0.00 and viewed too', async () => {
  const desk = bench();
  const draft = await desk.invoice();
  const free = await desk.invoice({ lines: [] });
  const viewed = await desk.invoice();
  for (const { id } of [free, viewed]) await update(desk, id, { action_mark_as_sent: true });
  desk.sim.byHand().viewInvoice(viewed.id);
  const v3 = () => desk.sim.account().invoices.map((invoice) => invoice.v3Status);
  assert.deepEqual(v3(), ['draft', 'sent', 'viewed']);
  desk.clock.at = Date.parse('2026-06-30T03:59:59Z');
  assert.deepEqual(v3(), ['draft', 'sent', 'viewed'], 'same-day due is not overdue');
  desk.clock.at = Date.parse('2026-06-30T04:00:00Z');
  assert.deepEqual(v3(), ['draft', 'overdue', 'overdue']);
  assert.equal((await desk.get(`${path}/${free.id}`)).result.invoice.payment_status, 'unpaid');
  assert.equal((await desk.get(`${path}/${draft.id}`)).result.invoice.v3_status, 'draft');
});

test('PUT with lines replaces them all, without lines leaves them, and keeps known line ids', async () => {
  const desk = bench();
  const { id, lines } = await desk.invoice({
    lines: [line('A', '1.00'), line('B', '2.00'), line('C', '3.00')],
  });
  assert.deepEqual(
    lines.map((entry: { lineid: number }) => entry.lineid),
    [1, 2, 3],
  );
  const kept = (await update(desk, id, { notes: 'x' })).result.invoice;
  assert.equal(kept.lines.length, 3);
  const replaced = (await update(desk, id, { lines: [line('C', '3.50', { lineid: 3 }), line('D', '4.00')] }))
    .result.invoice;
  assert.deepEqual(
    replaced.lines.map((entry: { name: string; lineid: number }) => [entry.lineid, entry.name]),
    [
      [3, 'C'],
      [4, 'D'],
    ],
  );
  assert.equal(replaced.amount.amount, '7.50');
});

test('lines answer strings, taxes by name and percent, descriptions on the invoice', async () => {
  const desk = bench();
  desk.sim.byHand().addTax({ name: 'GST', amount: '5', number: 'RT1' });
  const written = line('Cup', '9.90', {
    qty: 3,
    description: 'Tall',
    taxName1: 'GST',
    taxAmount1: 5,
    taxName2: 'QST',
    taxAmount2: '9.975',
  });
  const invoice = await desk.invoice({ lines: [written], discount_value: '10' });
  const [read] = invoice.lines;
  assert.deepEqual(
    [
      read.qty,
      read.unit_cost.amount,
      read.amount.amount,
      read.taxAmount1,
      read.taxAmount2,
      read.taxNumber1,
      read.taxNumber2,
      read.compounded_tax,
    ],
    ['3', '9.90', '29.70', '5', '9.975', 'RT1', null, false],
  );
  assert.deepEqual(
    [
      invoice.amount.amount,
      invoice.discount_total.amount,
      invoice.discount.rate,
      invoice.discount_value,
      invoice.description,
    ],
    ['30.74', '-2.97', '10', '10', 'Tall'],
  );
});

test('rounding modes are switches', async () => {
  const lines = [1, 2, 3].map(() =>
    line('A', '9.90', { taxName1: 'GST', taxAmount1: '5', taxName2: 'QST', taxAmount2: '9.975' }),
  );
  const amount = async (switches: object) =>
    (await bench({ switches }).invoice({ lines, discount_value: '10' })).amount.amount;
  assert.equal(await amount({ taxRounding: 'per-tax' }), '30.74');
  assert.equal(await amount({ taxRounding: 'per-line' }), '30.75');
  const half = async (switches: object) =>
    (await bench({ switches }).invoice({ lines: [line('A', '2.50', { taxName1: 'T', taxAmount1: '5' })] }))
      .amount.amount;
  assert.equal(await half({ halfRounding: 'half-up' }), '2.63');
  assert.equal(await half({ halfRounding: 'half-even' }), '2.62');
});

test('odd lines: negative, negative total, zero quantity, many decimals, unknown tax names, long tax decimals', async () => {
  const write = async (lines: readonly object[], switches: object = {}) =>
    tryInvoice(bench({ switches }), { lines });
  const discount = [line('A', '10.00'), line('Discount: X', '-2.50')];
  assert.equal((await write(discount)).result.invoice.amount.amount, '7.50');
  assert.equal((await write(discount, { negativeLines: 'refused' })).error.errno, 1025);
  assert.equal((await write([line('Refund', '-5.00')])).error.errno, 1040);
  assert.equal(
    (await write([line('Refund', '-5.00')], { negativeTotals: 'accepted' })).result.invoice.amount.amount,
    '-5.00',
  );
  assert.equal((await write([line('A', '1.00', { qty: 0 })])).result.invoice.amount.amount, '0.00');
  assert.equal((await write([line('A', '1.00', { qty: 0 })], { zeroQuantity: 'refused' })).error.errno, 1028);
  const fine = [line('A', '33.3333', { qty: 3 })];
  assert.equal((await write(fine)).result.invoice.amount.amount, '99.99');
  assert.equal((await write(fine, { unitCostDecimals: 'kept' })).result.invoice.amount.amount, '100.00');
  assert.equal((await write(fine, { unitCostDecimals: 'refused' })).status, 422);
  assert.equal(
    (await write([line('A', '1.00', { taxName1: 'New', taxAmount1: '7' })], { unknownTaxName: 'refused' }))
      .status,
    422,
  );
  assert.equal((await write([line('A', '1.00', { taxName1: 'T', taxAmount1: '7.1234' })])).error.errno, 1018);
  assert.equal(
    (await write([{ name: 'A', qty: 1, unit_cost: { amount: '1.00', code: 'EUR' } }])).status,
    422,
  );
});

test('a refused update changes nothing', async () => {
  const desk = bench();
  const { id } = await desk.invoice({ notes: 'before' });
  const before = desk.sim.account().invoices;
  assert.equal((await update(desk, id, { notes: 'after', lines: [line('A', '-1.00')] })).status, 422);
  assert.equal(
    (await update(desk, id, { notes: 'after', action_mark_as_sent: true, status: 7 })).status,
    422,
  );
  assert.deepEqual(desk.sim.account().invoices, before);
});

test('the client is copied onto the invoice; current_organization follows him', async () => {
  const desk = bench();
  const customerid = await desk.client({
    organization: 'Old',
    p_street: '1 Main',
    p_country: 'Norway',
    vat_number: 'V1',
  });
  const { id, organization, street, country, vat_number } = await desk.invoice({ customerid });
  assert.deepEqual([organization, street, country, vat_number], ['Old', '1 Main', 'Norway', 'V1']);
  desk.sim.byHand().editClient(customerid, { organization: 'New' });
  const { invoice } = (await desk.get(`${path}/${id}`)).result;
  assert.deepEqual([invoice.organization, invoice.current_organization], ['Old', 'New']);
});

test("the currency is the invoice's, else the client's", async () => {
  const desk = bench();
  const customerid = await desk.client({ currency_code: 'CAD' });
  assert.equal((await desk.invoice({ customerid, lines: [] })).currency_code, 'CAD');
  assert.equal((await desk.invoice({ customerid, currency_code: 'EUR', lines: [] })).amount.code, 'EUR');
});

test('yen have two decimals, or none by the switch', async () => {
  const yen = async (switches: object) => {
    const { amount } = await bench({ switches }).invoice({
      currency_code: 'JPY',
      lines: [
        { name: 'A', qty: 3, unit_cost: { amount: '333', code: 'JPY' }, taxName1: 'T', taxAmount1: '10' },
      ],
    });
    return amount.amount;
  };
  assert.equal(await yen({}), '1098.90');
  assert.equal(await yen({ zeroDecimalCurrencies: 'none' }), '1099');
});

test('deleted by PUT or DELETE: hidden from lists, readable by id, and back by PUT vis_state 0', async () => {
  const desk = bench();
  const one = await desk.invoice();
  const two = await desk.invoice();
  await update(desk, one.id, { vis_state: 1 });
  assert.deepEqual((await desk.remove(`${path}/${two.id}`)).body, { response: {} });
  assert.equal((await desk.get(path)).result.total, 0);
  assert.equal((await desk.get(`${path}/${two.id}`)).result.invoice.vis_state, 1);
  await update(desk, one.id, { vis_state: 0 });
  assert.equal((await desk.get(path)).result.total, 1);
});

test('net_paid_amount can have many decimals', async () => {
  const desk = bench({ switches: { netPaidAmount: 'long-decimal' } });
  const { id } = await desk.invoice();
  desk.sim.byHand().addPayment({ invoiceid: id, amount: { amount: '7.60' }, date: '2026-06-29' });
  assert.equal(
    (await desk.get(`${path}/${id}`)).result.invoice.net_paid_amount.amount,
    '7.60133524082021936099189318',
  );
});

test('whether a sent invoice takes new lines, and fewer than what is paid, are switches', async () => {
  const lower = async (switches: object) => {
    const desk = bench({ switches });
    const { id } = await desk.invoice({ lines: [line('A', '50.00')] });
    await update(desk, id, { action_mark_as_sent: true });
    desk.sim
      .byHand()
      .addPayment({ invoiceid: id, amount: { amount: '40.00' }, date: '2026-06-29', type: 'Other' });
    const { status, result, error } = await update(desk, id, { lines: [line('A', '30.00')] });
    return status === 200 ? result.invoice.outstanding.amount : error.errno;
  };
  assert.equal(await lower({}), '-10.00');
  assert.equal(await lower({ sentLines: 'refused' }), 1004);
  assert.equal(await lower({ totalBelowPaid: 'refused' }), 1040);
});
