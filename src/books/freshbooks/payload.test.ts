import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '#core/failure.ts';
import { parseLossless } from '#core/json.ts';
import * as money from '#core/money.ts';
import type { Answer } from '#net/request.ts';
import { isObject } from './json.ts';
import type { JsonObject } from './json.ts';
import { clientsIn, invoiceIn, invoicesIn, paymentIn } from './payload.ts';

const ANSWER: Answer = {
  status: 200,
  headers: new Headers(),
  text: '',
  requestSha256: '',
  answerSha256: '',
  doing: 'Reading',
  effectIfUnreadable: 'unknown',
};

function json(value: unknown): JsonObject {
  const parsed = parseLossless(JSON.stringify(value));
  assert.ok(isObject(parsed));
  return parsed;
}

const INVOICE = {
  id: 454063,
  invoiceid: 454063,
  invoice_number: 'SHOPIFY-1001',
  po_number: null,
  notes: '',
  customerid: 567521,
  create_date: '2026-11-10',
  status: 1,
  vis_state: 0,
  amount: { amount: '1500.00', code: 'USD' },
  outstanding: { amount: '1500.00', code: 'USD' },
  net_paid_amount: { amount: '7.60133524082021936099189318', code: 'USD' },
  auto_bill: false,
};

void test('an invoice without includes is read, and says that it does not tell its reminders', () => {
  const invoice = invoiceIn(json({ invoice: INVOICE }), ANSWER);
  assert.deepEqual(
    [invoice.id, invoice.clientId, invoice.poNumber, invoice.isDraft],
    ['454063', '567521', '', true],
  );
  assert.deepEqual(invoice.chasing, { by: [], untold: ['late_reminders', 'late_fee', 'allowed_gateways'] });
  assert.deepEqual(invoice.total, money.parse('1500', 'USD'));
});

void test('what would write to the buyer is told by name', () => {
  const late = { enabled: true, value: '2', days: 30, type: 'percent' };
  const chasing = (parts: object) => {
    const read = invoiceIn(json({ invoice: { ...INVOICE, ...parts } }), ANSWER).chasing;
    return read.by;
  };
  const silent = { late_reminders: [], late_fee: null, allowed_gateways: [] };
  assert.deepEqual(chasing(silent), []);
  assert.deepEqual(
    chasing({ ...silent, late_fee: { ...late, enabled: false }, late_reminders: [{ enabled: false }] }),
    [],
  );
  assert.deepEqual(chasing({ ...silent, late_fee: {} }), []);
  assert.deepEqual(
    chasing({
      late_reminders: [{ delay: 7 }],
      late_fee: late,
      allowed_gateways: [{ id: 1 }],
      auto_bill: true,
    }),
    ['payment reminders', 'a late fee', 'online payment', 'automatic billing'],
  );
});

void test('amounts with any number of decimals are read exactly, or not at all', () => {
  const amountOf = (amount: string, code = 'USD') =>
    paymentIn(
      json({ payment: { id: 1, invoiceid: 2, amount: { amount, code }, date: '2026-11-10' } }),
      ANSWER,
    ).amount;
  assert.deepEqual(amountOf('10'), money.parse('10.00', 'USD'));
  assert.deepEqual(amountOf('10.0000'), money.parse('10.00', 'USD'));
  assert.deepEqual(amountOf('500.00', 'JPY'), money.parse('500', 'JPY'));
  assert.equal(amountOf('10.005'), undefined);
  assert.equal(amountOf('10.00', 'XXX'), undefined);
  assert.equal(amountOf('1e3'), undefined);
});

for (const [what, result] of [
  ['no list', {}],
  ['a list that is an object', { invoices: {} }],
  ['a row that is no object', { invoices: [1] }],
  ['a row without id', { invoices: [{ ...INVOICE, id: null, invoiceid: null }] }],
  ['a row without status', { invoices: [{ ...INVOICE, status: null }] }],
  ['an unknown visibility', { invoices: [{ ...INVOICE, vis_state: 7 }] }],
] as const) {
  void test(`${what} is an answer that cannot be read, not an empty one`, () => {
    assert.throws(
      () => invoicesIn(json(result), ANSWER),
      (thrown) => thrown instanceof Failure && thrown.code === 'request-answer-unreadable',
    );
  });
}

void test('the last page is told by its number, and an empty page is always the last', () => {
  const clients = [{ id: 1, email: 'A@example.com ', vis_state: 0 }];
  const isLast = (paging: object, rows: object[] = clients) =>
    clientsIn(json({ clients: rows, ...paging }), ANSWER).isLast;
  assert.equal(isLast({ page: 1, pages: 3 }), false);
  assert.equal(isLast({ page: 3, pages: 3 }), true);
  assert.equal(isLast({ page: 1, pages: 3 }, []), true);
  assert.equal(isLast({}), true);
});
