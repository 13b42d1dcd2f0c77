import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bench, type Bench } from './caller.ts';

const expenseKeys =
  'account_name accountid accounting_systemid amount background_jobid bank_name bill_matches billable categoryid clientid compounded_tax converse_projectid date expenseid ext_accountid ext_invoiceid ext_systemid from_bulk_import has_receipt id include_receipt invoiceid is_cogs isduplicate markup_percent modern_projectid notes potential_bill_payment profileid projectid staffid status taxAmount1 taxAmount2 taxName1 taxName2 taxPercent1 taxPercent2 transactionid updated vendor version vis_state'.split(
    ' ',
  );

async function categoryId(desk: Bench, name: string): Promise<number> {
  const { categories } = (await desk.get('expenses/categories?per_page=100')).result;
  return categories.find((category: { category: string }) => category.category === name).id;
}

async function spend(desk: Bench, fields: object = {}) {
  const expense = {
    staffid: 1,
    categoryid: await categoryId(desk, 'Bank Fees'),
    amount: { amount: '2.90', code: 'USD' },
    date: '2026-06-29',
    ...fields,
  };
  return desk.post('expenses/expenses', { expense });
}

test('an expense answers the live key set and flags look-alikes without refusing them', async () => {
  const desk = bench();
  const first = await spend(desk, {
    vendor: 'SHOPIFY-1',
    taxName1: 'GST',
    taxPercent1: '5',
    taxAmount1: { amount: '0.14', code: 'USD' },
  });
  assert.equal(first.status, 200);
  const { expense } = first.result;
  assert.deepEqual(Object.keys(expense).sort(), expenseKeys);
  assert.deepEqual(
    [
      expense.taxName1,
      expense.taxPercent1,
      expense.taxAmount1.amount,
      expense.taxName2,
      expense.clientid,
      expense.isduplicate,
    ],
    ['GST', '5', '0.14', null, 0, false],
  );
  assert.equal((await spend(desk)).result.expense.isduplicate, true);
});

test('staffid, categoryid, amount and date are required; the category must exist', async () => {
  const desk = bench();
  for (const field of ['staffid', 'categoryid', 'amount', 'date'])
    assert.equal((await spend(desk, { [field]: null })).error.field, field);
  assert.equal((await spend(desk, { categoryid: 1 })).status, 422);
});

test('categories are more than one page and hold those the product needs', async () => {
  const desk = bench();
  const { result } = await desk.get('expenses/categories');
  assert.deepEqual([result.categories.length, result.pages], [15, 2]);
  for (const name of ['Bank Fees', 'Commissions', 'Cost of Shipping & Handling'])
    assert.ok(await categoryId(desk, name));
  assert.equal((await desk.post('expenses/categories', {})).status, 405);
});

test('PUT is partial, vis_state deletes, filters narrow', async () => {
  const desk = bench();
  const { id } = (await spend(desk, { vendor: 'V' })).result.expense;
  const changed = (await desk.put(`expenses/expenses/${id}`, { expense: { notes: 'n' } })).result.expense;
  assert.deepEqual([changed.notes, changed.vendor, changed.amount.amount], ['n', 'V', '2.90']);
  const total = async (query: string) => (await desk.get(`expenses/expenses?${query}`)).result.total;
  assert.deepEqual(
    [
      await total('search[vendor]=V'),
      await total('search[vendor]=W'),
      await total('search[amount_min]=3'),
      await total('search[date_min]=2026-06-29'),
    ],
    [1, 0, 0, 1],
  );
  await desk.put(`expenses/expenses/${id}`, { expense: { vis_state: 1 } });
  assert.equal(await total(''), 0);
});

test('taxes: create, duplicate is errno 1026, a real DELETE answers an empty response', async () => {
  const desk = bench();
  const { tax } = (
    await desk.post('taxes/taxes', { tax: { name: 'GST', amount: '5.000', number: 'RT', compound: false } })
  ).result;
  assert.deepEqual(
    [tax.name, tax.amount, tax.number, tax.compound, tax.taxid === tax.id],
    ['GST', '5', 'RT', false, true],
  );
  const twin = await desk.post('taxes/taxes', { tax: { name: 'GST', amount: '5' } });
  assert.deepEqual([twin.status, twin.error.errno], [422, 1026]);
  assert.equal((await desk.post('taxes/taxes', { tax: { name: 'GST', amount: '7' } })).status, 200);
  assert.equal((await desk.put(`taxes/taxes/${tax.id}`, { tax: { number: null } })).result.tax.number, null);
  const removed = await desk.remove(`taxes/taxes/${tax.id}`);
  assert.deepEqual([removed.status, removed.body], [200, { response: {} }]);
  assert.equal((await desk.get('taxes/taxes')).result.taxes.length, 1);
});

test("other income: source is required, the list's key is singular, PUT needs amount and date", async () => {
  const desk = bench();
  const path = 'other_incomes/other_incomes';
  const other_income = {
    amount: { amount: '113.00', code: 'USD' },
    category_name: 'online_sales',
    date: '2026-06-29',
    source: 'Etsy',
    payment_type: 'Visa',
    taxes: [{ name: 'HST', amount: '3' }],
  };
  const { result } = await desk.post(path, { other_income });
  assert.deepEqual(
    [result.other_income.payment_type, result.other_income.taxes],
    ['VISA', [{ name: 'HST', amount: '3' }]],
  );
  const { incomeid } = result.other_income;
  assert.equal(
    (await desk.post(path, { other_income: { ...other_income, source: null } })).error.errno,
    1001,
  );
  assert.equal(
    (await desk.post(path, { other_income: { ...other_income, category_name: 'gifts' } })).status,
    422,
  );
  assert.equal((await desk.get(path)).result.other_income.length, 1);
  assert.equal((await desk.get(`${path}?search[source]=Nobody`)).result.total, 1, 'no such filter');
  assert.equal(
    (await desk.put(`${path}/${incomeid}`, { other_income: { note: 'n' } })).error.field,
    'amount',
  );
  assert.equal(
    (await desk.put(`${path}/${incomeid}`, { other_income: { ...other_income, note: 'n' } })).result
      .other_income.note,
    'n',
  );
  await desk.put(`${path}/${incomeid}`, { other_income: { vis_state: 1 } });
  assert.equal((await desk.get(path)).result.total, 0);
});

test('tax amounts stand as sent, or by a switch as the percentages make them within the amount', async () => {
  const taxes = {
    taxName1: 'HST',
    taxPercent1: '13',
    taxAmount1: { amount: '6.20', code: 'USD' },
    amount: { amount: '54.00', code: 'USD' },
  };
  const amountUnder = async (switches: object) =>
    (await spend(bench({ switches }), taxes)).result.expense.taxAmount1.amount;
  assert.equal(await amountUnder({}), '6.20');
  // As in the one recording that has a tax: 54.00 with 6.21 of 13 %.
  assert.equal(await amountUnder({ expenseTaxAmount: 'from-percent' }), '6.21');
});

test('a person edits and deletes an expense', async () => {
  const desk = bench();
  const { expense } = (await spend(desk)).result;
  desk.sim.byHand().editExpense(expense.id, { notes: 'Mine', vis_state: 1 });
  const [standing] = desk.sim.account().expenses;
  assert.deepEqual([standing?.notes, standing?.visState], ['Mine', 1]);
});
