import type { InvoiceDocument, InvoiceStep } from '#core/document.ts';
import { Failure } from '#core/failure.ts';
import type { Fact } from '#core/failure.ts';
import { invariant } from '#core/invariant.ts';
import type { Receipt } from '#core/ledger.ts';
import * as money from '#core/money.ts';
import type { Money } from '#core/money.ts';
import { DAY, after, instant, localDate, parseZone } from '#core/time.ts';
import type { LocalDate } from '#core/time.ts';
import type { Answer } from '#net/request.ts';
import type { Standing, Task } from '#pipeline/ports.ts';
import { expectDone } from './api.ts';
import type { Api, Reply } from './api.ts';
import { layOut } from './layout.ts';
import type { Layout } from './layout.ts';
import { pageOf, scan, writeAnyScript } from './listing.ts';
import type { Listing } from './listing.ts';
import { invoiceBody, linesBody, markerOf, secretsOf, sentBody } from './mapping.ts';
import { invoiceIn, invoicesIn, needAmount } from './payload.ts';
import type { ReadInvoice } from './payload.ts';
import { isNotFound, isNumberConflict } from './refusal.ts';

export type InvoiceTask = Extract<Task, { kind: 'invoice' }>;
type LinesTask = Extract<Task, { kind: 'lines' }>;
export type SentTask = Extract<Task, { kind: 'sent' }>;

/** FreshBooks serves no more rows a page than 100; a window of four days holds 10 000 invoices at most. */
const PAGES_MAX = 100;
const INCLUDES = ['lines', 'late_reminders', 'late_fee', 'allowed_gateways'].map(
  (name) => ['include[]', name] as const,
);

/**
 * By number, which is unique. When the answer shows other numbers the filter is not honoured: then everything around the
 * date is looked at, and what carries our purchase order or our mark is ours even under another number.
 */
export async function findInvoice(api: Api, task: InvoiceTask): Promise<Standing> {
  const row = await rowOf(api, task, []);
  return row === undefined ? bookable(task.step.document) : await judge(api, task, row);
}

/** Told before a client is made for an invoice that FreshBooks could never bring to the charged total. */
function bookable(document: InvoiceDocument): Standing {
  const laidOut = layOut(document);
  return laidOut.outcome === 'laid-out'
    ? { state: 'absent' }
    : { state: 'unclear', code: laidOut.code, detail: laidOut.detail, facts: laidOut.facts };
}

type Filters = readonly (readonly [string, string])[];

async function rowOf(api: Api, task: InvoiceTask, filters: Filters): Promise<ReadInvoice | undefined> {
  const { number } = task.step.document;
  const byNumber = listingOf(task, [['search[invoice_number]', number], ...filters]);
  const { rows } = await pageOf(api, byNumber, 1);
  const isHonoured = rows.every((row) => row.number === number);
  return isHonoured ? rows[0] : (rows.find((row) => row.number === number) ?? findAround(api, task, filters));
}

async function findAround(api: Api, task: InvoiceTask, filters: Filters): Promise<ReadInvoice | undefined> {
  const { document } = task.step;
  let found: ReadInvoice | undefined;
  const listing = listingOf(task, [
    ...(task.clientId === undefined ? [] : [['search[customerid]', task.clientId] as const]),
    // Whether the upper bound belongs to the window is not known.
    ['search[date_min]', daysFrom(document.issuedOn, -1)],
    ['search[date_max]', daysFrom(document.issuedOn, 2)],
    ['sort', 'invoice_date_asc'],
    ...filters,
  ]);
  // More rows than the bound leave it unfound, which is harmless: a number that stands is refused a second time.
  await scan(api, listing, (row) => {
    const isNumber = row.number === document.number;
    if (isNumber || (found === undefined && isOurs(task.step, row))) {
      found = row;
    }
    return isNumber ? 'stop' : 'go-on';
  });
  return found;
}

function listingOf({ step }: InvoiceTask, query: Filters): Listing<ReadInvoice> {
  return {
    path: 'invoices/invoices',
    query,
    read: invoicesIn,
    doing: `Looking for invoice "${step.document.number}"`,
    pagesMax: PAGES_MAX,
  };
}

function daysFrom(date: LocalDate, days: number): LocalDate {
  return localDate(after(instant(Date.parse(`${date}T00:00:00Z`)), days * DAY), parseZone('Z'));
}

/** Whether the purchase order or the mark in the notes says that the invoice is this order's. */
function isOurs(step: InvoiceStep, row: ReadInvoice): boolean {
  return row.poNumber === step.document.poNumber || isMarked(step, row);
}

function isMarked(step: InvoiceStep, row: ReadInvoice): boolean {
  return row.notes.includes(markerOf(step.reference));
}

/** What an invoice with our number, or with our mark, is to this order. */
async function judge(api: Api, task: InvoiceTask, row: ReadInvoice): Promise<Standing> {
  const { step } = task;
  const isSame = row.total !== undefined && money.equal(row.total, step.document.total);
  const isClient = task.clientId !== undefined && row.clientId === task.clientId;
  const remark = `Invoice ${row.number} stood already in FreshBooks and is linked, not changed`;
  if (isOurs(step, row)) {
    if (row.visibility === 'deleted') {
      return unclear('books-invoice-deleted', `Invoice ${row.number} was deleted in FreshBooks`, []);
    }
    // A draft with our mark is as we made it: its total is the books' own, and the pipeline compares it.
    return isSame || (isMarked(step, row) && row.isDraft && row.total !== undefined)
      ? await standing(
          api,
          row.id,
          isMarked(step, row) ? { isFound: true } : { isAdopted: true, remarks: [remark] },
        )
      : differing(step.document, row);
  }
  if (row.visibility === 'deleted' && row.poNumber === '') {
    // It says nothing of whose it was, and an invoice that a person deleted is not made again by itself.
    return unclear(
      'books-number-taken',
      `Invoice ${row.number} (id ${row.id}) was deleted in FreshBooks`,
      [],
    );
  }
  if (row.poNumber === '') {
    if (isSame && (isClient || row.issuedOn === step.document.issuedOn)) {
      const agreed = `number, amount and ${isClient ? 'client' : 'date'} agree`;
      return await standing(api, row.id, { isAdopted: true, remarks: [`${remark}: ${agreed}`] });
    }
    if (isClient) {
      return differing(step.document, row);
    }
  }
  const owner = row.poNumber === '' ? 'another invoice' : `an invoice with purchase order "${row.poNumber}"`;
  return { state: 'foreign', detail: `Number ${row.number} belongs to ${owner} (id ${row.id})` };
}

function differing(document: InvoiceDocument, row: ReadInvoice): Standing {
  return unclear(
    'books-invoice-unclear',
    `Invoice ${row.number} (id ${row.id}) stands in FreshBooks and differs from the order`,
    [
      { name: 'Total of the order', value: money.show(document.total) },
      { name: 'Total in FreshBooks', value: row.total === undefined ? 'unreadable' : money.show(row.total) },
      { name: 'Date of the order', value: document.issuedOn },
      { name: 'Date in FreshBooks', value: row.issuedOn },
    ],
  );
}

function unclear(
  code: 'books-invoice-unclear' | 'books-invoice-deleted' | 'books-number-taken',
  detail: string,
  facts: readonly Fact[],
): Extract<Standing, { state: 'unclear' }> {
  return { state: 'unclear', code, detail, facts };
}

/** Read by id, since a list tells neither the reminders nor always what is outstanding now. */
async function standing(
  api: Api,
  invoiceId: string,
  { remarks = [], ...whose }: Pick<Receipt, 'isAdopted' | 'isFound' | 'remarks'>,
): Promise<Standing> {
  const { invoice, answer } = await readInvoice(api, invoiceId);
  return { state: 'standing', receipt: { ...receiptOf(invoice, answer, remarks), ...whose } };
}

/**
 * Creates the draft and reads back what FreshBooks made of it. The total is returned as FreshBooks computed it: the
 * pipeline compares. A number that is refused is looked up again, because the write before may have made it.
 */
export async function createInvoice(api: Api, task: InvoiceTask): Promise<Receipt> {
  const { step, buyer, clientId } = task;
  invariant(clientId !== undefined, `the client of ${step.reference} is known`);
  const { reply, remarks } = await writeAnyScript(
    api,
    { method: 'post', path: 'invoices/invoices' },
    {
      query: INCLUDES,
      body: invoiceBody(step, { buyer, clientId, layout: layoutOf(step.document) }),
      doing: `Creating invoice "${step.document.number}"`,
      secrets: secretsOf(buyer),
    },
  );
  if (reply.outcome === 'refused' && isNumberConflict(reply.refusal)) {
    return await whatHasTheNumber(api, task, reply);
  }
  const { result, answer } = expectDone(reply);
  const invoice = invoiceIn(result, answer);
  const chasing =
    invoice.chasing.untold.length === 0 ? invoice.chasing : (await readBack(api, invoice.id)).chasing;
  const renumbered =
    invoice.number === step.document.number ? [] : [`FreshBooks numbered the invoice "${invoice.number}"`];
  return receiptOf({ ...invoice, chasing }, answer, [...remarks, ...renumbered]);
}

function layoutOf(document: InvoiceDocument, correction?: Money): Layout {
  const laidOut = layOut(document, correction);
  switch (laidOut.outcome) {
    case 'laid-out':
      return laidOut.layout;
    case 'refused':
      throw new Failure(laidOut.code, { detail: laidOut.detail, facts: laidOut.facts });
  }
}

/** The invoice stands by now, so a failure to read it does not mean that nothing happened. */
async function readBack(api: Api, invoiceId: string): Promise<ReadInvoice> {
  try {
    return (await readInvoice(api, invoiceId)).invoice;
  } catch (thrown) {
    if (!(thrown instanceof Failure)) {
      throw thrown;
    }
    throw new Failure(thrown.code, {
      detail: thrown.message,
      effect: 'unknown',
      facts: thrown.facts,
      ...(thrown.retryAt === undefined ? {} : { retryAt: thrown.retryAt }),
      cause: thrown,
    });
  }
}

async function whatHasTheNumber(
  api: Api,
  task: InvoiceTask,
  reply: Extract<Reply, { outcome: 'refused' }>,
): Promise<Receipt> {
  const seen = await findInvoice(api, task);
  const found = seen.state === 'absent' ? await findHidden(api, task) : seen;
  switch (found.state) {
    case 'standing':
      return found.receipt;
    case 'unclear':
      throw new Failure(found.code, { detail: found.detail, facts: found.facts, cause: reply.failure });
    case 'foreign':
      throw new Failure('books-number-foreign', { detail: found.detail, cause: reply.failure });
    case 'absent':
      throw new Failure('books-number-taken', {
        detail: `${reply.failure.message}. No invoice with number "${task.step.document.number}" can be seen`,
        facts: reply.failure.facts,
        cause: reply.failure,
      });
  }
}

/** Among the deleted and archived, which lists leave out by default and which keep their numbers. */
async function findHidden(api: Api, task: InvoiceTask): Promise<Standing> {
  for (const state of ['1', '2']) {
    const row = await rowOf(api, task, [['search[vis_state]', state]]);
    if (row !== undefined) {
      return await judge(api, task, row);
    }
  }
  return { state: 'absent' };
}

/** Whether the draft has come to its total; then its lines need no change any more. */
export async function findLines(api: Api, { step, invoiceId }: LinesTask): Promise<Standing> {
  const { invoice, answer } = await readInvoice(api, invoiceId);
  return isTotal(invoice, step.document.total)
    ? { state: 'standing', receipt: { ...receiptOf(invoice, answer, []), isFound: true } }
    : { state: 'absent' };
}

/** Reads before it replaces: what a person changed since is theirs. */
export async function changeLines(api: Api, { step, invoiceId }: LinesTask): Promise<Receipt> {
  const { invoice } = await readInvoice(api, invoiceId);
  if (!invoice.isDraft || !isTotal(invoice, step.from)) {
    throw new Failure('books-invoice-edited', {
      detail: `Invoice ${invoice.number} was ${money.show(step.from)} as a draft and is not any more`,
      facts: [
        {
          name: 'Total in FreshBooks',
          value: invoice.total === undefined ? 'unreadable' : money.show(invoice.total),
        },
      ],
    });
  }
  const { reply, remarks } = await writeAnyScript(
    api,
    { method: 'put', path: `invoices/invoices/${invoiceId}` },
    {
      query: INCLUDES,
      body: linesBody(layoutOf(step.document, step.correction)),
      doing: `Correcting the rounding of invoice "${invoice.number}"`,
    },
  );
  const { result, answer } = expectDone(reply);
  return receiptOf(invoiceIn(result, answer), answer, remarks);
}

function isTotal({ total }: ReadInvoice, expected: Money): boolean {
  return total !== undefined && money.equal(total, expected);
}

export async function findSent(api: Api, task: SentTask): Promise<Standing> {
  const reply = await askInvoice(api, task.invoiceId);
  const detail = `Invoice ${task.invoiceId} is not in FreshBooks any more`;
  if (reply.outcome === 'refused' && isNotFound(reply.refusal)) {
    return unclear('books-invoice-deleted', detail, []);
  }
  const { result, answer } = expectDone(reply);
  const invoice = invoiceIn(result, answer);
  if (invoice.visibility === 'deleted') {
    return unclear('books-invoice-deleted', detail, []);
  }
  return invoice.isDraft
    ? { state: 'absent' }
    : { state: 'standing', receipt: { ...receiptOf(invoice, answer, []), isFound: true } };
}

export async function markSent(api: Api, task: SentTask): Promise<Receipt> {
  const doing = `Marking invoice ${task.invoiceId} as sent`;
  const { result, answer } = expectDone(
    await api.put(`invoices/invoices/${task.invoiceId}`, { body: sentBody(task.step), doing }),
  );
  const invoice = invoiceIn(result, answer);
  if (invoice.isDraft) {
    throw new Failure('books-refused', { detail: `${doing}: FreshBooks agreed and left it a draft` });
  }
  return receiptOf(invoice, answer, []);
}

/** What is open on an invoice, read now. */
export async function outstandingOf(api: Api, invoiceId: string): Promise<Money> {
  const { invoice, answer } = await readInvoice(api, invoiceId);
  return needAmount(invoice.outstanding, 'what is outstanding', answer);
}

async function readInvoice(
  api: Api,
  invoiceId: string,
): Promise<{ readonly invoice: ReadInvoice; readonly answer: Answer }> {
  const { result, answer } = expectDone(await askInvoice(api, invoiceId));
  return { invoice: invoiceIn(result, answer), answer };
}

function askInvoice(api: Api, invoiceId: string): Promise<Reply> {
  return api.get(`invoices/invoices/${invoiceId}`, {
    query: INCLUDES,
    doing: `Reading invoice ${invoiceId}`,
  });
}

function receiptOf(invoice: ReadInvoice, answer: Answer, remarks: readonly string[]): Receipt {
  const { by, untold } = invoice.chasing;
  const told = invoice.isDraft && untold.length > 0 ? [...remarks, untoldRemark(untold)] : remarks;
  return {
    externalId: invoice.id,
    amount: needAmount(invoice.total, 'the invoice', answer),
    ...(invoice.outstanding === undefined ? {} : { outstanding: invoice.outstanding }),
    number: invoice.number,
    // Only a draft can still be kept from writing to the buyer; one that was sent is not ours to stop.
    ...(invoice.isDraft && by.length > 0 ? { remindsBuyer: by.join(', ') } : {}),
    requestSha256: answer.requestSha256,
    answerSha256: answer.answerSha256,
    ...(told.length === 0 ? {} : { remarks: told }),
  };
}

/**
 * They were switched off when the invoice was made, and FreshBooks accepted that; whether it leaves out what is empty is not
 * known, so an operator is asked once to look.
 */
function untoldRemark(untold: readonly string[]): string {
  return `FreshBooks does not show ${untold.join(', ')} of our invoices: look at one of them whether reminders, late fees and online payment are off`;
}
