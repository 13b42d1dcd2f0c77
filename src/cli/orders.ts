import type { App } from '#app.ts';
import { fold, paidOf } from '#core/ledger.ts';
import type { OrderState } from '#core/lifecycle.ts';
import * as money from '#core/money.ts';
import type { Money } from '#core/money.ts';
import { proofOf } from '#core/proof.ts';
import { localDate } from '#core/time.ts';
import type { Delivery, OrderRecord } from '#pipeline/ports.ts';
import { ORDER_STATES } from './choices.ts';
import { DONE } from './command-error.ts';
import { withApp } from './context.ts';
import type { CommandContext } from './context.ts';
import { paragraph, shownMoney, table } from './output.ts';
import type { Cell, Column, Note, Output } from './output.ts';
import { fitted, plain } from './text-width.ts';
import { instantJson } from './time-text.ts';

/** The orders and what the books hold of each. */

/** More held messages are counted, not listed. */
const MESSAGES_MAX = 1000;
const MESSAGES_LISTED = 5;

export interface OrdersOptions {
  readonly state?: string;
  readonly search?: string;
  readonly limit: number;
}

export async function orders(context: CommandContext, options: OrdersOptions): Promise<number> {
  return withApp(context, async (app) => {
    const { rows, messages } = await readOverview(app, options);
    context.output.json({ orders: rows.map(rowJson), heldMessages: messages.map(messageJson) });
    print(context.output, rows, messages);
    return DONE;
  });
}

interface OrderRow {
  readonly record: OrderRecord;
  readonly shopTotal?: Money;
  readonly invoiceNumber?: string;
  readonly invoiceTotal?: Money;
  readonly paid?: Money;
  /** The invoice against what the shop charged, less the tax that the shop remits itself. */
  readonly difference?: Money;
}

async function readOverview(
  { store }: App,
  { state, search, limit }: OrdersOptions,
): Promise<{ readonly rows: readonly OrderRow[]; readonly messages: readonly Delivery[] }> {
  const known = ORDER_STATES.find((each) => each === state);
  const records = await store.read.orders({
    limit,
    ...(known === undefined ? {} : { state: known }),
    ...(search === undefined ? {} : { search }),
  });
  const rows: OrderRow[] = [];
  for (const record of records) {
    rows.push(await rowOf(store.read, record));
  }
  const held = await store.read.deliveries({ state: 'held', limit: MESSAGES_MAX });
  return { rows, messages: held.filter(({ order }) => order === undefined) };
}

async function rowOf(read: App['store']['read'], record: OrderRecord): Promise<OrderRow> {
  const booked = fold(await read.entriesOf(record.key));
  const { snapshot } = record;
  const [first] = booked.invoices;
  const shopTotal = snapshot?.currentTotal;
  if (first === undefined) {
    return { record, ...(shopTotal === undefined ? {} : { shopTotal }) };
  }
  const { currency } = first.amount;
  const difference = snapshot === undefined ? undefined : proofOf(snapshot, booked).difference;
  const more = booked.invoices.length === 1 ? '' : ` +${booked.invoices.length - 1}`;
  return {
    record,
    invoiceNumber: `${first.document.number}${more}`,
    invoiceTotal: money.sum(
      booked.invoices.map(({ amount }) => amount),
      currency,
    ),
    paid: paidOf(booked, currency),
    ...(shopTotal === undefined ? {} : { shopTotal }),
    ...(difference === undefined ? {} : { difference }),
  };
}

const COLUMNS: readonly Column[] = [
  { title: 'Order', isFlexible: true },
  { title: 'Placed' },
  { title: 'State' },
  { title: 'Shop', align: 'right' },
  { title: 'Invoice', isFlexible: true },
  { title: 'FreshBooks', align: 'right' },
  { title: 'Paid', align: 'right' },
  { title: 'Diff.', align: 'right' },
];
/** Between an order and the reason for its state, so that they stand apart. */
const REASON_INDENT = 4;

function print(output: Output, rows: readonly OrderRow[], messages: readonly Delivery[]): void {
  if (rows.length === 0) {
    output.print('No orders fit. One that never arrived is not known here');
  } else {
    const cells = rows.flatMap((row) => [cellsOf(row), ...reasonOf(output, row)]);
    table(output, COLUMNS, cells).forEach((line) => output.print(line));
  }
  if (messages.length > 0) {
    const listed = messages.slice(0, MESSAGES_LISTED).map(({ id }) => `delivery:${id}`);
    const more = messages.length > MESSAGES_LISTED ? ', …' : '';
    const count = messages.length === 1 ? '1 message waits' : `${messages.length} messages wait`;
    const sentence = `${count} for a person and belong${messages.length === 1 ? 's' : ''} to no order: counterfoil explain ${listed.join(', ')}${more}`;
    output.print();
    paragraph(output, sentence, 'yellow').forEach((line) => output.print(line));
  }
}

function cellsOf(row: OrderRow): (string | Cell)[] {
  const { record, shopTotal, invoiceNumber, invoiceTotal, paid, difference } = row;
  return [
    record.name,
    record.snapshot === undefined ? '–' : localDate(record.snapshot.placedAt, record.snapshot.zone),
    stateCell(record.state),
    shownMoney(shopTotal),
    invoiceNumber ?? '–',
    amountCell(invoiceTotal),
    amountCell(paid),
    difference === undefined ? '–' : differenceCell(difference),
  ];
}

/** On one line: the whole of it is in `explain` and under --json. */
function reasonOf({ columns }: Output, { record: { reason } }: OrderRow): Note[] {
  return reason === undefined ? [] : [{ note: fitted(plain(reason), columns - REASON_INDENT) }];
}

/** Without its currency, which stands with the shop's total. */
function amountCell(amount: Money | undefined): string {
  return amount === undefined ? '–' : money.format(amount);
}

function differenceCell(difference: Money): Cell {
  return { text: money.format(difference), colour: money.isZero(difference) ? 'green' : 'red' };
}

export function stateCell(state: OrderState): Cell {
  switch (state) {
    case 'settled':
      return { text: state, colour: 'green' };
    case 'held':
      return { text: state, colour: 'red' };
    case 'waiting':
      return { text: state, colour: 'yellow' };
    case 'due':
    case 'working':
    case 'skipped':
      return { text: state };
  }
}

function rowJson({ record, ...row }: OrderRow): unknown {
  const { key, name, state, reason, snapshot, dueAt, attempts, rulesVersion, createdAt, updatedAt } = record;
  return {
    key,
    name,
    state,
    reason: reason ?? null,
    waitsFor: record.waitsFor ?? null,
    placedAt: instantJson(snapshot?.placedAt),
    placedOn: snapshot === undefined ? null : localDate(snapshot.placedAt, snapshot.zone),
    shopTotal: row.shopTotal ?? null,
    invoiceNumber: row.invoiceNumber ?? null,
    invoiceTotal: row.invoiceTotal ?? null,
    paid: row.paid ?? null,
    difference: row.difference ?? null,
    dueAt: instantJson(dueAt),
    attempts,
    rulesVersion: rulesVersion ?? null,
    receivedAt: instantJson(createdAt),
    updatedAt: instantJson(updatedAt),
  };
}

function messageJson({ id, topic, receivedAt, reason }: Delivery): unknown {
  return { delivery: `delivery:${id}`, topic, receivedAt: instantJson(receivedAt), reason: reason ?? null };
}
