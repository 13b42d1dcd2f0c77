import type { InvoiceDocument } from '#core/document.ts';
import { CATALOGUE } from '#core/failure.ts';
import { splitOrderKey } from '#core/ids.ts';
import type { ConnectionId } from '#core/ids.ts';
import { fold } from '#core/ledger.ts';
import type { Booked, Entry, Hold } from '#core/ledger.ts';
import type { Money } from '#core/money.ts';
import { feesProofOf, proofOf } from '#core/proof.ts';
import { isSettlement, orderOf } from '#core/settlement.ts';
import { parseZone } from '#core/time.ts';
import type { Instant, Zone } from '#core/time.ts';
import type { Delivery, Notice, OrderRecord, Reader } from '#pipeline/ports.ts';
import type { Sorted, Source } from '#pipeline/source.ts';
import { instantJson } from './json.ts';

/** One order, from its deliveries to the cent. */

const UTC = parseZone('Z');

/** Everything stored of one order. */
export interface Story {
  readonly record: OrderRecord;
  readonly zone: Zone;
  readonly deliveries: readonly Delivery[];
  readonly entries: readonly Entry[];
  readonly holds: readonly Hold[];
  readonly notices: readonly Notice[];
  /** Reads the deliveries again, to say what each showed; absent when it is not configured any more. */
  readonly source: Source | undefined;
}

/** A document as the books will show it. */
type LayOut = (document: InvoiceDocument, correction?: Money) => unknown;

export async function readStory(
  read: Reader,
  record: OrderRecord,
  sourceOf: (connection: ConnectionId) => Source | undefined,
): Promise<Story> {
  const { key } = record;
  return {
    record,
    zone: record.snapshot?.zone ?? UTC,
    deliveries: await read.deliveriesOf(key),
    entries: await read.entriesOf(key),
    holds: await read.holds({ order: key }),
    notices: (await read.notices()).filter((notice) => notice.order === key),
    source: sourceOf(splitOrderKey(key).connection),
  };
}

/** What a stored message is about, read again by today's program; nothing when it was redacted. */
export function sortedOf(source: Source | undefined, delivery: Delivery): Sorted | undefined {
  try {
    return delivery.redactedAt === undefined ? source?.sort(delivery) : undefined;
  } catch {
    // It is shown as held, with its reason; a reader of the story needs no second one.
    return undefined;
  }
}

/** Of when the state is that a message shows; nothing where it shows none. */
export function shownAt(sorted: Sorted | undefined): Instant | undefined {
  switch (sorted?.kind) {
    case 'order':
      return sorted.snapshot.order.updatedAt;
    case 'settlement':
      return sorted.settlement.updatedAt;
    default:
      return undefined;
  }
}

/** An order's whole story for programs: nothing shortened. */
export function storyJson(story: Story, preview: LayOut): unknown {
  const { record, deliveries, entries, holds, notices } = story;
  const { snapshot } = record;
  const booked = fold(entries);
  return {
    key: record.key,
    name: record.name,
    shop: snapshot?.shop ?? null,
    state: record.state,
    reason: record.reason ?? null,
    waitsFor: record.waitsFor ?? null,
    isDeleted: record.isDeleted,
    placedAt: instantJson(snapshot?.placedAt),
    dueAt: instantJson(record.dueAt),
    attempts: record.attempts,
    rulesVersion: record.rulesVersion ?? null,
    reread: record.reread?.why ?? null,
    deliveries: deliveries.map((delivery) => deliveryJson(story, delivery)),
    entries: entries.map(entryJson),
    holds: holds.map(holdJson),
    notices: notices.map(({ at, sentence }) => ({ at: instantJson(at), sentence })),
    lines: orderOf(snapshot)?.lines ?? null,
    amounts: snapshot?.kind === 'settlement' ? snapshot.amounts : null,
    invoices: booked.invoices.map(({ document, amount, correction, isSent, externalId }) => ({
      ...document,
      externalId,
      amount,
      isSent,
      laidOut: preview(document, correction),
    })),
    proof: proofJson(snapshot, booked),
  };
}

function proofJson(snapshot: OrderRecord['snapshot'], booked: Booked): unknown {
  if (snapshot === undefined) {
    return null;
  }
  return isSettlement(snapshot) ? feesProofOf(snapshot, booked) : proofOf(snapshot, booked);
}

function deliveryJson({ record, source }: Story, delivery: Delivery): unknown {
  const sorted = sortedOf(source, delivery);
  return {
    delivery: `delivery:${delivery.id}`,
    externalId: delivery.externalId,
    topic: delivery.topic,
    receivedAt: instantJson(delivery.receivedAt),
    state: delivery.state,
    reason: delivery.reason ?? null,
    about: sorted?.kind ?? null,
    shows: instantJson(shownAt(sorted)),
    isNewest: delivery.id === record.newestDelivery,
    bytes: delivery.redactedAt === undefined ? delivery.body.byteLength : null,
    redactedAt: instantJson(delivery.redactedAt),
    bodySha256: delivery.bodySha256,
  };
}

function entryJson(entry: Entry): unknown {
  const { kind, slot, reference, account, state, intent, looks, receipt, rulesVersion } = entry;
  return {
    kind,
    slot,
    reference,
    account,
    state,
    intendedAt: instantJson(entry.intendedAt),
    calledAt: instantJson(entry.calledAt),
    settledAt: instantJson(entry.settledAt),
    looks,
    rulesVersion,
    intent,
    receipt: receipt ?? null,
  };
}

function holdJson(hold: Hold): unknown {
  return {
    step: hold.step,
    code: hold.code,
    sentence: CATALOGUE[hold.code].sentence,
    detail: hold.detail,
    facts: hold.facts,
    request: hold.exchange?.request ?? null,
    answer: hold.exchange?.answer ?? null,
    openedAt: instantJson(hold.openedAt),
    closedAt: instantJson(hold.closedAt),
    closedBecause: hold.closedBecause ?? null,
  };
}
