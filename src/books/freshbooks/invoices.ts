import type { InvoiceDocument, InvoiceStep } from '#core/document.ts';
import { Failure } from '#core/failure.ts';
import type { Fact } from '#core/failure.ts';
import { invariant } from '#core/invariant.ts';
import type { Receipt } from '#core/ledger.ts';
import * as money from '#core/money.ts';
import { addDays } from '#core/time.ts';
import type { Standing, Task } from '#pipeline/ports.ts';
import { assertClientThere } from './clients.ts';
import { expectDone } from './api.ts';
import type { Api, Reply } from './api.ts';
import { INCLUDES, readBack, readInvoice, receiptOf } from './invoice-reading.ts';
import { bookable, layOut, layoutOf } from './layout.ts';
import { areAlike, asRead } from './line-content.ts';
import { pageOf, scan } from './listing.ts';
import { writeWhatIsTaken } from './writing.ts';
import type { Listing } from './listing.ts';
import { assertOurs, invoiceBody, isMarked as isMarkedByUs, markerOf } from './mapping.ts';
import { invoiceIn, invoicesIn } from './payload.ts';
import type { ReadInvoice } from './payload.ts';
import { isNumberConflict } from './refusal.ts';

export type InvoiceTask = Extract<Task, { kind: 'invoice' }>;

/** FreshBooks serves no more rows a page than 100; a window of four days holds 10 000 invoices at most. */
const PAGES_MAX = 100;

/**
 * By number, which is unique. When the answer shows other numbers the filter is not honoured: then, and where the number may
 * be another one than it was, everything around the date is looked at, and what carries our purchase order or our mark is ours.
 */
export async function findInvoice(api: Api, task: InvoiceTask): Promise<Standing> {
  // Whatever of the order stands is looked for without anything to be made after it.
  if (task.anyBut === undefined) {
    await api.announcePosts(POSTS_AN_ORDER);
  }
  const row = await rowOf(api, task, []);
  if (row !== undefined) {
    return await judge(api, task, row);
  }
  // A number that was used says that there may be a later one, also where its invoice was taken away again.
  return task.anyBut !== undefined
    ? await findHidden(api, { ...task, isNumberedAnew: false })
    : bookable(task.step.document);
}

/** The invoice and its payment: looking for an invoice that cannot be made now would have to be done again. */
const POSTS_AN_ORDER = 2;

type Filters = readonly (readonly [string, string])[];

async function rowOf(api: Api, task: InvoiceTask, filters: Filters): Promise<ReadInvoice | undefined> {
  const { number } = task.step.document;
  const byNumber = listingOf(task, [['search[invoice_number]', number], ...filters]);
  const { rows } = await pageOf(api, byNumber, 1);
  const found = rows.find((row) => row.number === number);
  const isHonoured = rows.every((row) => row.number === number);
  return found ?? (isHonoured && task.isNumberedAnew !== true ? undefined : findAround(api, task, filters));
}

async function findAround(api: Api, task: InvoiceTask, filters: Filters): Promise<ReadInvoice | undefined> {
  const { document } = task.step;
  let found: ReadInvoice | undefined;
  const listing = listingOf(task, [
    ...(task.clientId === undefined ? [] : [['search[customerid]', task.clientId] as const]),
    // A day more on either side: whether the upper bound belongs to the window is not known.
    ['search[date_min]', addDays(document.issuedOn, -1)],
    ['search[date_max]', addDays(document.issuedOn, 2)],
    ['sort', 'invoice_date_asc'],
    ...filters,
  ]);
  // More rows than the bound leave it unfound, which is harmless: a number that stands is refused a second time.
  await scan(api, listing, (row) => {
    const isNumber = row.number === document.number;
    if (isNumber || (found === undefined && isMeant(task, row))) {
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

/** This invoice; or, where any of the order's is looked for, another of them that the ledger does not know. */
function isMeant({ step, anyBut }: InvoiceTask, row: ReadInvoice): boolean {
  return isOurs(step, row) || (anyBut?.includes(row.id) === false && isOfOrder(step, row));
}

/** Whether the mark in the notes or the purchase order says that it is this invoice: another one of the order has its own mark. */
function isOurs(step: InvoiceStep, row: ReadInvoice): boolean {
  return isMarked(step, row) || (isOfOrder(step, row) && !isMarkedByUs(row.notes));
}

function isOfOrder({ document }: InvoiceStep, row: ReadInvoice): boolean {
  return row.poNumber === document.poNumber;
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
  if (isMeant(task, row)) {
    if (row.visibility === 'deleted') {
      return unclear('books-invoice-deleted', `Invoice ${row.number} was deleted in FreshBooks`, []);
    }
    // A draft with our mark is as we made it: its total is the books' own, and the pipeline compares it.
    if (isMarked(step, row) && row.isDraft && task.isNumberedAnew !== true) {
      const { invoice, answer } = await readInvoice(api, row.id);
      return isAsLaidOut(step, invoice)
        ? { state: 'standing', receipt: { ...receiptOf(invoice, answer, []), isFound: true } }
        : differing(step.document, invoice);
    }
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

/** As the draft was written: its total is the books' own, and the pipeline compares that. */
function isAsLaidOut({ document }: InvoiceStep, { lines, total }: ReadInvoice): boolean {
  const laidOut = layOut(document);
  return (
    laidOut.outcome === 'laid-out' &&
    total?.currency === document.currency &&
    lines !== undefined &&
    areAlike(lines, asRead(laidOut.layout.lines))
  );
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
  const { reply, remarks } = await writeWhatIsTaken(
    api,
    { method: 'post', path: 'invoices/invoices' },
    {
      query: INCLUDES,
      body: invoiceBody(step, { buyer, clientId, layout: layoutOf(step.document) }),
      doing: `Creating invoice "${step.document.number}"`,
    },
  );
  if (reply.outcome === 'refused' && isNumberConflict(reply.refusal)) {
    return await whatHasTheNumber(api, task, reply);
  }
  await assertClientThere(api, clientId, reply);
  const { result, answer } = expectDone(reply);
  const invoice = invoiceIn(result, answer);
  assertOurs(invoice.notes, step.reference, answer);
  const isWhole = invoice.chasing.untold.length === 0 && invoice.lines !== undefined;
  const { chasing, lines } = isWhole ? invoice : await readBack(api, invoice.id);
  const renumbered =
    invoice.number === step.document.number ? [] : [`FreshBooks numbered the invoice "${invoice.number}"`];
  const receipt = receiptOf({ ...invoice, chasing, lines }, answer, [...remarks, ...renumbered]);
  if (invoice.issuedOn === step.document.issuedOn && invoice.clientId === clientId) {
    return receipt;
  }
  // Nothing is taken as read of it: before it is sent it is looked at whole, and asked about.
  const { outstanding: _, ...unread } = receipt;
  return unread;
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
    const isNumbered = task.anyBut === undefined || row?.number === task.step.document.number;
    if (row !== undefined && isNumbered) {
      return await judge(api, task, row);
    }
  }
  return { state: 'absent' };
}
