import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bench } from './caller.ts';

const path = 'credit_notes/credit_notes';
const lines = [
  {
    name: 'Credit',
    description: 'Goodwill',
    qty: 1,
    unit_cost: { amount: '150', code: 'USD' },
    taxName1: 'T',
    taxAmount1: '10',
  },
];
const liveKeys =
  'accounting_systemid amount city clientid code country create_date credit_number credit_type creditid currency_code current_organization description display_status dispute_status ext_archive fname id language last_order_status lname notes organization paid payment_status province sentid status street street2 template terms vat_name vat_number vis_state'.split(
    ' ',
  );

test('create takes the singular key and answers the captured key set', async () => {
  const desk = bench();
  const clientid = await desk.client();
  const { status, result } = await desk.post(path, {
    credit_note: { clientid, create_date: '2026-06-29', credit_type: 'goodwill', notes: 'n', lines },
  });
  assert.equal(status, 200);
  const { credit_note } = result;
  assert.deepEqual(Object.keys(credit_note).sort(), liveKeys);
  assert.deepEqual(
    [
      credit_note.amount.amount,
      credit_note.paid.amount,
      credit_note.status,
      credit_note.payment_status,
      credit_note.credit_number,
      credit_note.description,
    ],
    ['165.00', '165.00', 'created', 'paid', '0000001', 'Goodwill'],
  );
});

test("the plural key reads as nothing: 'clientid' is a required field", async () => {
  const desk = bench();
  const clientid = await desk.client();
  const refused = await desk.post(path, { credit_notes: { clientid, create_date: '2026-06-29' } });
  assert.deepEqual(
    [refused.status, refused.error.errno, refused.error.message],
    [422, 1001, "'clientid' is a required field."],
  );
  assert.equal((await desk.post(path, { credit_note: { clientid } })).error.field, 'create_date');
});

test('filters are clientid and date; client_id and create_date are ignored', async () => {
  const desk = bench();
  const one = await desk.client();
  const two = await desk.client();
  for (const clientid of [one, two])
    desk.sim.byHand().addCreditNote({ clientid, create_date: '2026-06-29', lines });
  const total = async (query: string) => (await desk.get(`${path}?${query}`)).result.total;
  assert.equal(await total(`search[clientid]=${one}`), 1);
  assert.equal(await total('search[date_min]=2026-07-01'), 0);
  assert.equal(await total(`search[client_id]=${one}`), 2);
  assert.equal(await total('search[create_date_min]=2026-07-01'), 2);
  assert.equal((await desk.get(path)).result.credit_notes.length, 2, "the list's key is plural");
});

test('deleted by vis_state, hidden and still readable', async () => {
  const desk = bench();
  const id = desk.sim
    .byHand()
    .addCreditNote({ clientid: await desk.client(), create_date: '2026-06-29', lines });
  assert.equal(
    (await desk.put(`${path}/${id}`, { credit_note: { vis_state: 1 } })).result.credit_note.vis_state,
    1,
  );
  assert.equal((await desk.get(path)).result.total, 0);
  assert.equal((await desk.get(`${path}/${id}`)).status, 200);
});

test('credit numbers are unique, or repeatable by the switch', async () => {
  for (const [creditNumbers, expected] of [
    ['unique', 422],
    ['repeatable', 200],
  ] as const) {
    const desk = bench({ switches: { creditNumbers } });
    const credit_note = {
      clientid: await desk.client(),
      create_date: '2026-06-29',
      credit_number: 'C1',
      lines,
    };
    assert.equal((await desk.post(path, { credit_note })).status, 200);
    assert.equal((await desk.post(path, { credit_note })).status, expected);
  }
});
