import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Failure } from '#core/failure.ts';
import * as money from '#core/money.ts';
import type { Task } from '#pipeline/ports.ts';
import { failureOf } from '#tests/contract/books.ts';
import { openFreshBooks } from '#tests/contract/books-freshbooks.ts';
import {
  buyer,
  clientTask,
  creditNoteTask,
  expenseTask,
  invoiceTask,
  lastWritten,
  linesTask,
  paymentChangeTask,
  paymentTask,
  sentTask,
} from '#tests/contract/books-tasks.ts';
import { answerTold, requestTold } from './quoting.ts';

/** Everything that a refusal with these words tells: sentence, facts, request and answer. */
async function toldOf({ task, message }: { readonly task: Task; readonly message: string }): Promise<string> {
  const world = await openFreshBooks();
  const errors = [{ errno: 1001, field: 'lines', object: 'invoice', value: message, message }];
  const body = JSON.stringify({ response: { errors } });
  for (const method of ['POST', 'PUT'] as const) {
    world.faults.add({ method, fault: { kind: 'status', status: 422, body } });
  }
  const failure = await failureOf(world.books.apply(task));
  await world.close();
  return told(failure);
}

function told({ message, facts, exchange }: Failure): string {
  return JSON.stringify({ message, facts, ...exchange }, undefined, 1);
}

void test('names with rare characters are taken out also where they were written without them', async () => {
  const person = buyer({ firstName: 'Emojifirst😀', lastName: 'Emojilast😀' });
  for (const message of ['Emojilast is no name', 'Emojifirst😀 Emojilast😀 is no name']) {
    const told = await toldOf({ task: clientTask({ buyer: person }), message });
    assert.doesNotMatch(told, /Emoji(first|last)/);
    assert.match(told, /is no name/);
  }
});

void test('names of one character are taken out, also among others, and single letters only of a buyer’s field', async () => {
  const person = buyer({ firstName: '伟', lastName: '王' });
  const told = await toldOf({ task: clientTask({ buyer: person }), message: '王伟 cannot be saved' });
  assert.doesNotMatch(told, /[王伟]/);
  const short = buyer({ firstName: 'A', lastName: 'O' });
  const letters = await toldOf({ task: clientTask({ buyer: short }), message: 'A field is wrong' });
  assert.match(letters, /A field is wrong/);
  assert.match(letters, /fname\\":\\"…\\",\\"lname\\":\\"…/);
});

void test('a word after an escape is taken out', async () => {
  const person = buyer({ lastName: 'Plantedlast' });
  const message = 'Cannot take:\nPlantedlast of\t1 King St';
  const told = await toldOf({ task: clientTask({ buyer: person }), message });
  assert.doesNotMatch(told, /Plantedlast|King/);
  const cut = `{"errors":[{"message":${JSON.stringify(message)},"field":"lna`;
  assert.doesNotMatch(answerTold(cut, ['Plantedlast', '1 King St']), /Plantedlast|King/);
});

void test('no write repeats the buyer’s words, and of a buyer who was redacted nothing is repeated', async () => {
  const world = await openFreshBooks();
  const person = buyer({ firstName: 'Payfirst', lastName: 'Paylast' });
  const client = await world.books.apply(clientTask({ buyer: person }));
  const invoice = await world.books.apply(invoiceTask({ buyer: person, clientId: client.externalId }));
  const part = { amount: money.parse('5.00', 'CAD') };
  const paid = await world.books.apply({ ...paymentTask(invoice.externalId, part), buyer: person });
  const last = { ...lastWritten(invoice), paid: part.amount };
  const message = 'The client Payfirst Paylast, 1 King St, cannot pay';
  const errors = [{ errno: 1001, field: 'lines', object: 'invoice', value: 'Paylast', message }];
  const body = JSON.stringify({ response: { errors } });
  for (const method of ['POST', 'PUT'] as const) {
    world.faults.add({ method, times: Infinity, fault: { kind: 'status', status: 422, body } });
  }
  const tasks: readonly Exclude<Task, { kind: 'client' | 'invoice' }>[] = [
    paymentTask(invoice.externalId, { ...part, slot: 2 }),
    paymentChangeTask(invoice.externalId, { receipt: paid, to: money.parse('4.00', 'CAD') }),
    expenseTask(),
    creditNoteTask(client.externalId),
    linesTask(last),
    sentTask(invoice, true),
  ];
  for (const { buyer: _other, ...task } of tasks) {
    const known = told(await failureOf(world.books.apply({ ...task, buyer: person })));
    assert.doesNotMatch(known, /Payfirst|Paylast|King/, task.kind);
    assert.match(known, /The client … …, …, cannot pay/, task.kind);
    assert.match(known, /\\"errno\\":1001,\\"field\\":\\"lines\\"/, task.kind);
    const blanked = told(await failureOf(world.books.apply(task)));
    assert.doesNotMatch(blanked, /Payfirst|Paylast|King|cannot pay/, task.kind);
    assert.match(blanked, /status 422.*1001, lines/, task.kind);
  }
  await world.close();
});

void test('figures, codes, numbers and kinds stay as they were sent', () => {
  const words = ['12', '1012', 'SHOPIFY', 'CAD', '2026', 'Lines'];
  const request =
    '{"invoice":{"create_date":"2026-11-10","invoice_number":"SHOPIFY-12","currency_code":"CAD","code":"M5H 1A1","fname":"",' +
    '"lines":[{"qty":"12","unit_cost":{"amount":"1012","code":"CAD"},"name":"Cup \\"12\\""}],"street2":"12"}}';
  assert.equal(
    requestTold(request, words),
    request
      .replace('M5H 1A1', '…')
      .replace(String.raw`"Cup \"12\""`, String.raw`"Cup \"…\""`)
      .replace('"street2":"12"', '"street2":"…"'),
  );
  const answer = '{"errors": [{"errno": 1012, "field": "lines", "value": "12", "message": "At 1012"}]}';
  assert.equal(answerTold(answer, words), answer.replace('"12"', '"…"').replace('At 1012', 'At …'));
});

/** What is kept of a request or an answer. */
const KEPT = 32 * 1024;

void test('what takes no end of an answer is cut off before it is looked through', () => {
  const words = ['Kim', 'O’Brien', 'kim@example.com', '17 Long Street'];
  const error = '{"response":{"errors":[{"errno":1001,"field":"lines","message":"Kim has no lines"}]},"x":[';
  const answer = `${error}${'"a",'.repeat(500_000)}"b"]}`;
  const told = answerTold(answer, words);
  assert.match(told, /"errno":1001,"field":"lines","message":"… has no lines"/);
  assert.ok(told.length <= KEPT + 1 && told.length > KEPT - 100, String(told.length));
  const lines = Array.from({ length: 20_000 }, () => ({ name: 'Kim’s cup' }));
  const asked = requestTold(JSON.stringify({ invoice: { lname: 'Kim', lines } }), words);
  assert.match(asked, /"lname":"…","lines":\[\{"name":"…’s cup"/);
  assert.ok(asked.length <= KEPT + 1 && asked.length > KEPT / 2, String(asked.length));
});

void test('a cut within the buyer’s words leaves none of them', () => {
  const words = ['O"Planted', '17 Plänted Street'];
  const said = String.raw`O\"Planted of 17 Pl\u00e4nted Street, kim.planted@example.com`;
  const isTold = (text: string): boolean => /O|[Pp]l|Str|17|kim/.test(text);
  for (let room = 0; room < said.length + 20; room += 1) {
    const filling = '-'.repeat(KEPT - 40 - room);
    const answer = `{"message":"${filling} ${said} ${'-'.repeat(KEPT)}"}`;
    assert.equal(isTold(answerTold(answer, words)), false, `JSON, ${room}`);
    assert.equal(isTold(answerTold(answer.slice(1), words)), false, `no JSON, ${room}`);
    const request = `{"x":"${filling}","notes":"${said}","city":"Plantcity","y":"${'-'.repeat(KEPT)}"}`;
    assert.equal(isTold(requestTold(request, words)), false, `request, ${room}`);
  }
});
