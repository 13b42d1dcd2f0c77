import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientStep, entry, order, terms } from '#tests/build.ts';
import { NOTHING_BOOKED, fold, paidOf } from './ledger.ts';
import * as money from './money.ts';
import { plan } from './plan.ts';
import type { Step } from './document.ts';

const usd = (text: string) => money.parse(text, 'USD');
const planned = plan(order(), fold([]), terms());
const steps = planned.outcome === 'work' ? planned.steps : [];
const step = (kind: Step['kind']): Step => {
  const found = steps.find((step) => step.kind === kind);
  assert(found !== undefined);
  return found;
};

test('no entries, nothing booked', () => {
  assert.deepEqual(fold([]), NOTHING_BOOKED);
  assert.deepEqual(paidOf(fold([]), 'USD'), usd('0'));
});

test('each posted entry adds what the books confirmed', () => {
  const booked = fold(steps.map((step) => entry(step)));
  assert.equal(booked.client?.externalId, 'client-1');
  assert.equal(booked.invoices[0]?.externalId, 'invoice-1');
  assert.deepEqual(booked.invoices[0]?.amount, usd('10'));
  assert.deepEqual([booked.invoices[0]?.isAdopted, booked.invoices[0]?.isFound], [false, false]);
  assert.equal(booked.invoices[0]?.isSent, true);
  assert.deepEqual(
    booked.payments.map(({ slot, invoice, externalId, amount }) => ({ slot, invoice, externalId, amount })),
    [{ slot: 1, invoice: 1, externalId: 'payment-1', amount: usd('10') }],
  );
  assert.deepEqual(booked.lastSlots, { client: 1, invoice: 1, sent: 1, payment: 1 });
});

test('pending and voided entries do not count, nor a posted one without a receipt', () => {
  const { receipt: _none, ...bare } = entry(step('payment'));
  const entries = [
    entry(clientStep(), { state: 'pending' }),
    entry(step('invoice'), { state: 'voided' }),
    bare,
  ];
  assert.deepEqual(fold(entries), fold([]));
});

test('what the books returned counts, not what was asked for', () => {
  const booked = fold([
    entry(step('invoice'), { receipt: { externalId: '9', amount: usd('9.99'), remindsBuyer: 'a reminder' } }),
    entry(step('payment'), { receipt: { externalId: '8', amount: usd('4') } }),
  ]);
  assert.deepEqual(booked.invoices[0]?.amount, usd('9.99'));
  assert.equal(booked.invoices[0]?.remindsBuyer, 'a reminder');
  assert.deepEqual(paidOf(booked, 'USD'), usd('4'));
});

test('a receipt without an amount leaves that of the step', () => {
  const booked = fold([
    entry(step('invoice'), { receipt: { externalId: '9', isAdopted: true, isFound: true } }),
    entry(step('payment'), { receipt: { externalId: '8' } }),
  ]);
  assert.deepEqual(booked.invoices[0]?.amount, usd('10'));
  assert.deepEqual([booked.invoices[0]?.isAdopted, booked.invoices[0]?.isFound], [true, true]);
  assert.deepEqual(paidOf(booked, 'USD'), usd('10'));
});

test('what a voided entry left is filled by the live one of its slot', () => {
  const booked = fold([
    entry(step('payment'), { state: 'voided', receipt: { externalId: 'old', amount: usd('10') } }),
    entry(step('payment'), { id: '2', receipt: { externalId: 'new', amount: usd('10') } }),
  ]);
  assert.deepEqual(
    booked.payments.map((payment) => payment.externalId),
    ['new'],
  );
});
