import type { Insertable, Selectable } from 'kysely';
import type { FailureCode } from '#core/failure.ts';
import {
  connectionId,
  orderKey,
  referenceOf,
  settlementIn,
  settlementKey,
  splitOrderKey,
} from '#core/ids.ts';
import type { OrderKey } from '#core/ids.ts';
import { invariant } from '#core/invariant.ts';
import { fromJson, toJson } from '#core/json.ts';
import type { Entry, Hold, Receipt } from '#core/ledger.ts';
import { ORDER_STATES } from '#core/lifecycle.ts';
import type { DeliveryState } from '#core/lifecycle.ts';
import type { Order } from '#core/order.ts';
import type { Decisions } from '#core/plan-terms.ts';
import type { Step } from '#core/document.ts';
import { instant } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
import type { Delivery, OrderRecord, Pause } from '#pipeline/ports.ts';
import { readRecent, writeRecent } from './recent.ts';
import type { EntriesTable, HoldsTable, OrdersTable, Tables } from './tables.ts';

/** Rows to records and back. What is absent in a record is null in a row, and nothing is both. */

type DeliveryRow = Selectable<Tables['deliveries']>;

export function deliveryOf(row: DeliveryRow): Delivery {
  return {
    id: String(row.id),
    connection: connectionId(row.connection),
    externalId: row.external_id,
    topic: row.topic,
    headers: fromJson<Record<string, string>>(row.headers),
    body: row.body,
    bodySha256: row.body_sha256,
    receivedAt: at(row.received_at),
    state: oneOf(row.state, DELIVERY_STATES),
    ...(row.order_key === null ? {} : { order: keyOf(row.order_key) }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.redacted_at === null ? {} : { redactedAt: at(row.redacted_at) }),
  };
}

const DELIVERY_STATES: readonly DeliveryState[] = ['accepted', 'sorted', 'ignored', 'held'];
const ENTRY_STATES: readonly Entry['state'][] = ['pending', 'posted', 'voided'];

export function orderOf(row: Selectable<OrdersTable>): OrderRecord {
  return {
    key: keyOf(row.key),
    connection: connectionId(row.connection),
    name: row.name,
    state: oneOf(row.state, ORDER_STATES),
    attempts: Number(row.attempts),
    priority: Number(row.priority),
    numberVariant: Number(row.number_variant),
    isDeleted: row.is_deleted !== 0n,
    decisions: fromJson<Decisions>(row.decisions),
    createdAt: at(row.created_at),
    updatedAt: at(row.updated_at),
    ...(row.due_at === null ? {} : { dueAt: at(row.due_at) }),
    ...(row.first_failed_at === null ? {} : { firstFailedAt: at(row.first_failed_at) }),
    ...(row.failed_code === null ? {} : { failedCode: codeOf(row.failed_code) }),
    ...(row.newest_delivery === null ? {} : { newestDelivery: String(row.newest_delivery) }),
    ...(row.stamp === null ? {} : { stamp: at(row.stamp) }),
    ...(row.snapshot === null ? {} : { snapshot: readRecent<Order>(row.snapshot) }),
    ...(row.rules_version === null ? {} : { rulesVersion: row.rules_version }),
    ...(row.reread_why === null || row.reread_since === null
      ? {}
      : {
          reread: {
            why: row.reread_why,
            since: at(row.reread_since),
            isBlocking: row.reread_blocks === 1n,
            ...(row.reread_at === null ? {} : { at: at(row.reread_at) }),
          },
        }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.waits_for === null ? {} : { waitsFor: row.waits_for }),
    ...(row.limited_since === null ? {} : { limitedSince: at(row.limited_since) }),
  };
}

export function orderRow(record: OrderRecord): Insertable<OrdersTable> {
  return {
    key: record.key,
    connection: record.connection,
    name: record.name,
    state: record.state,
    due_at: record.dueAt ?? null,
    attempts: record.attempts,
    first_failed_at: record.firstFailedAt ?? null,
    failed_code: record.failedCode ?? null,
    priority: record.priority,
    newest_delivery: record.newestDelivery === undefined ? null : BigInt(record.newestDelivery),
    stamp: record.stamp ?? null,
    snapshot: record.snapshot === undefined ? null : writeRecent(record.snapshot),
    rules_version: record.rulesVersion ?? null,
    number_variant: record.numberVariant,
    reread_why: record.reread?.why ?? null,
    reread_since: record.reread?.since ?? null,
    reread_at: record.reread?.at ?? null,
    reread_blocks: record.reread?.isBlocking === true ? 1 : 0,
    is_deleted: record.isDeleted ? 1 : 0,
    decisions: toJson(record.decisions),
    reason: record.reason ?? null,
    waits_for: record.waitsFor ?? null,
    limited_since: record.limitedSince ?? null,
    created_at: record.createdAt,
    updated_at: record.updatedAt,
  };
}

export function entryOf(row: Selectable<EntriesTable>): Entry {
  const order = keyOf(row.order_key);
  const intent = readRecent<Step>(row.intent);
  const slot = Number(row.slot);
  return {
    id: String(row.id),
    order,
    account: row.account,
    kind: intent.kind,
    slot,
    reference: referenceOf(order, intent.kind, slot),
    intent,
    state: oneOf(row.state, ENTRY_STATES),
    looks: Number(row.looks),
    rulesVersion: row.rules_version,
    intendedAt: at(row.intended_at),
    ...(row.called_at === null ? {} : { calledAt: at(row.called_at) }),
    ...(row.receipt === null ? {} : { receipt: readRecent<Receipt>(row.receipt) }),
    ...(row.settled_at === null ? {} : { settledAt: at(row.settled_at) }),
  };
}

export function entryRow(entry: Omit<Entry, 'id'>): Insertable<EntriesTable> {
  return {
    order_key: entry.order,
    account: entry.account,
    kind: entry.kind,
    slot: entry.slot,
    reference: entry.reference,
    intent: writeRecent(entry.intent),
    state: entry.state,
    called_at: entry.calledAt ?? null,
    looks: entry.looks,
    external_id: entry.receipt?.externalId ?? null,
    receipt: entry.receipt === undefined ? null : writeRecent(entry.receipt),
    rules_version: entry.rulesVersion,
    intended_at: entry.intendedAt,
    settled_at: entry.settledAt ?? null,
  };
}

export function holdOf(row: Selectable<HoldsTable>): Hold {
  return {
    id: String(row.id),
    step: row.step,
    code: codeOf(row.code),
    detail: row.detail,
    facts: fromJson<Hold['facts']>(row.facts),
    openedAt: at(row.opened_at),
    ...(row.order_key === null ? {} : { order: keyOf(row.order_key) }),
    ...(row.delivery_id === null ? {} : { delivery: String(row.delivery_id) }),
    ...(row.connection === null ? {} : { connection: connectionId(row.connection) }),
    ...(row.intent_sha256 === null ? {} : { intentSha256: row.intent_sha256 }),
    ...(row.request === null || row.answer === null
      ? {}
      : { exchange: { request: row.request, answer: row.answer } }),
    ...(row.closed_at === null ? {} : { closedAt: at(row.closed_at) }),
    ...(row.closed_because === null ? {} : { closedBecause: row.closed_because }),
  };
}

export function pauseOf(row: Selectable<Tables['pauses']>): Pause {
  return {
    account: row.account,
    reason: row.reason,
    ...(row.until === null ? {} : { until: at(row.until) }),
    ...(row.code === null ? {} : { code: codeOf(row.code) }),
    ...(row.since === null || row.probes === null
      ? {}
      : { outage: { since: at(row.since), probes: Number(row.probes) } }),
  };
}

export function codeOf(text: string): FailureCode {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by this program from the catalogue
  return text as FailureCode;
}

export function at(value: bigint): Instant {
  return instant(Number(value));
}

export function keyOf(text: string): OrderKey {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only to split it; both parts are checked below
  const key = text as OrderKey;
  const { connection, vendorId } = splitOrderKey(key);
  const settlement = settlementIn(key);
  const checked =
    settlement === undefined ? orderKey(connection, vendorId) : settlementKey(connection, settlement);
  invariant(checked !== undefined, `stored key "${text}" names an order or a settlement`);
  return checked;
}

export function oneOf<T extends string>(text: string, allowed: readonly T[]): T {
  const found = allowed.find((value) => value === text);
  invariant(found !== undefined, `stored state "${text}" is one of ${allowed.join(', ')}`);
  return found;
}
