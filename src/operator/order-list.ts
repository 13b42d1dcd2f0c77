import { fold, paidOf } from '#core/ledger.ts';
import type { Booked } from '#core/ledger.ts';
import * as money from '#core/money.ts';
import type { Money } from '#core/money.ts';
import { feesProofOf, proofOf } from '#core/proof.ts';
import { isSettlement } from '#core/settlement.ts';
import type { Settlement } from '#core/settlement.ts';
import { localDate } from '#core/time.ts';
import type { Delivery, OrderFilter, OrderRecord, Reader } from '#pipeline/ports.ts';
import { instantJson } from './json.ts';

/** The orders and what the books hold of each. */

/** More held messages are counted, not listed. */
const MESSAGES_MAX = 1000;

export interface OrderRow {
  readonly record: OrderRecord;
  readonly shopTotal?: Money;
  readonly invoiceNumber?: string;
  readonly invoiceTotal?: Money;
  readonly paid?: Money;
  /** The invoice against what the shop charged, less the tax that the shop remits itself. */
  readonly difference?: Money;
}

/** The orders that fit, and the held messages that belong to none. */
export interface Overview {
  readonly rows: readonly OrderRow[];
  /** Whether others that fit follow the last of them. */
  readonly isCut: boolean;
  readonly messages: readonly Delivery[];
}

export async function readOverview(
  read: Reader,
  filter: Pick<OrderFilter, 'state' | 'search' | 'after' | 'limit'>,
): Promise<Overview> {
  const rows: OrderRow[] = [];
  const found = await read.orders({ ...filter, limit: filter.limit + 1 });
  for (const record of found.slice(0, filter.limit)) {
    rows.push(await rowOf(read, record));
  }
  const held = await read.deliveries({ state: 'held', limit: MESSAGES_MAX });
  const isCut = found.length > filter.limit;
  return { rows, isCut, messages: held.filter(({ order }) => order === undefined) };
}

async function rowOf(read: Reader, record: OrderRecord): Promise<OrderRow> {
  const booked = fold(await read.entriesOf(record.key));
  const { snapshot } = record;
  if (snapshot !== undefined && isSettlement(snapshot)) {
    return settlementRow(record, snapshot, booked);
  }
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

/** Its fees are the seller's expense: both sides are negative, and nothing is paid on them. */
function settlementRow(record: OrderRecord, settlement: Settlement, booked: Booked): OrderRow {
  const { fees, expenses, difference } = feesProofOf(settlement, booked);
  const shown = { record, shopTotal: money.negate(fees) };
  return booked.beside.length === 0
    ? shown
    : {
        ...shown,
        invoiceTotal: money.negate(expenses),
        ...(difference === undefined ? {} : { difference: money.negate(difference) }),
      };
}

export function overviewJson({ rows, isCut, messages }: Overview): unknown {
  return { orders: rows.map(rowJson), isCut, heldMessages: messages.map(messageJson) };
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
