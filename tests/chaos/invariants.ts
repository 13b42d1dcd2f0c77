import assert from 'node:assert/strict';
import type { FailureCode } from '#core/failure.ts';
import { fold } from '#core/ledger.ts';
import { connectionId, orderKey, settlementKey } from '#core/ids.ts';
import { expectedBooks } from '#sim/check.ts';
import type { Entry, Hold } from '#core/ledger.ts';
import type { OrderKey } from '#core/ids.ts';
import { expectedAmazonBooks } from '#sim/amazon/check.ts';
import { expectedSettlements, standingFees } from '#sim/amazon/settlements.ts';
import type { ExpectedSettlement } from '#sim/amazon/settlements.ts';
import type { AmazonOrder } from '#sim/amazon/order.ts';
import type { WorldOrder } from '#sim/world/order.ts';
import { isWorth, payable, standingOf } from '#sim/standing.ts';
import type { Standing } from '#sim/standing.ts';
import type { DatabaseSync } from 'node:sqlite';
import { isDeepStrictEqual } from 'node:util';
import type { OrderRecord, Store } from '#pipeline/ports.ts';
import type { FreshBooksSim } from '#sim/freshbooks/freshbooks.ts';
import type { World } from '#sim/world.ts';
import { paidWhole } from '#tests/orders/agreement.ts';
import { OPEN, isSkippable, isTrue, shownOf } from '#tests/amazon/agreement.ts';
import { shownOf as rowShown } from '#tests/chaos/hands.ts';
import type { Deed } from '#tests/chaos/hands.ts';
import type { Seller } from '#tests/chaos/seller.ts';

/** What must be true once the trouble is over and everything is drained. Each throws with what it found. */

/** What is compared: the shop, the account's own rows, and what the program wrote down. */
export interface Evidence {
  readonly world: World;
  readonly freshbooks: FreshBooksSim;
  readonly store: Store;
  /** The same that the store stands on. */
  readonly database: DatabaseSync;
  readonly seller?: Pick<Seller, 'world' | 'rules' | 'switches'>;
  /** What a person did in FreshBooks, by the orders that he touched. */
  readonly deeds: ReadonlyMap<OrderKey, Deed>;
  /** Orders that the shop has deleted, as they were. */
  readonly deleted: readonly WorldOrder[];
  /** What stood of each order in the moment in which a backup was put back. */
  readonly restored?: ReadonlyMap<OrderKey, Standing>;
  /** Whether somebody had orders follow other rules than those they were booked by. */
  readonly isFollowing: boolean;
  /** Ids of the messages that were answered with 200. */
  readonly acknowledged: readonly string[];
}

/** Questions that trouble or closed days may leave, and that trying again answers. */
export const FAULT_HOLDS: readonly FailureCode[] = [
  'books-refused',
  'request-refused',
  'request-not-found',
  'retries-exhausted',
  'period-closed',
  'books-period-locked',
];

/** Questions that an order asks by its own figures (tests/orders/agreement.ts proves each of them true). */
const QUESTIONS: readonly FailureCode[] = [
  'order-cash-unclear',
  'order-changed',
  'order-overpaid',
  'order-reduced',
  'order-refunds-unclear',
  'order-rounding-too-large',
  'order-worth-negative',
  'refund-credit-shared',
  'refund-unbooked',
  'books-total-differs',
];

/** What an order asks that a person touched, beside what its own figures ask. */
const TOUCHED_QUESTIONS =
  /^(order-.*|refund-.*|books-total-differs|books-invoice-deleted|books-(invoice|payment)-edited|books-payment-unclear)$/;

/** What an order asks whose database was put back: something stands otherwise than it knows, or is not known to it. */
const RESTORED_QUESTIONS: readonly FailureCode[] = [
  'books-expense-unclear',
  'books-invoice-deleted',
  'books-invoice-edited',
  'books-invoice-unclear',
  'books-payment-edited',
  'books-payment-unclear',
];

/** What is put back when he says so: then the books equal the shop as if he had never come. */
const RESTORED: readonly Deed['what'][] = ['invoice redated', 'invoice lines replaced', 'invoice renumbered'];

/** Each order's books equal the shop, each thing stands once, nobody was mailed; answers with the questions that wait. */
export async function assertBooks(evidence: Evidence): Promise<ReadonlyMap<string, number>> {
  const questions = new Map<string, number>();
  for (const order of evidence.world.orders()) {
    for (const code of await assertOrder(evidence, order)) {
      questions.set(code, (questions.get(code) ?? 0) + 1);
    }
  }
  for (const order of evidence.deleted) {
    for (const code of await assertDeleted(evidence, order)) {
      questions.set(code, (questions.get(code) ?? 0) + 1);
    }
  }
  for (const order of evidence.seller?.world.orders() ?? []) {
    for (const code of await assertAmazonOrder(evidence, order)) {
      questions.set(code, (questions.get(code) ?? 0) + 1);
    }
  }
  for (const settlement of settlementsOf(evidence)) {
    for (const code of await assertSettlement(evidence, settlement)) {
      questions.set(code, (questions.get(code) ?? 0) + 1);
    }
  }
  await assertOnce(evidence);
  await assertRules(evidence);
  assertStored(evidence);
  assert.deepEqual(evidence.freshbooks.outbox, [], 'no buyer was mailed');
  return questions;
}

export function shopifyKey({ id }: Pick<WorldOrder, 'id'>): OrderKey {
  return orderKey(connectionId('shopify'), String(id));
}

export function amazonKey({ id }: Pick<AmazonOrder, 'id'>): OrderKey {
  return orderKey(connectionId('amazon'), id);
}

interface Found {
  readonly record: OrderRecord;
  readonly entries: readonly Entry[];
  readonly holds: readonly Hold[];
}

/** What the program knows of an order of which nothing is under way. */
async function found(evidence: Evidence, key: OrderKey): Promise<Found> {
  const { store } = evidence;
  const record = await store.read.order(key);
  assert.ok(record !== undefined, `${key} is known`);
  const entries = await store.read.entriesOf(key);
  const holds = await store.read.holds({ order: key, isOpen: true });
  // What was under way when the backup was made, and may be what stands, is the question itself.
  const isAsked = isAskedAfterRestore(
    evidence,
    holds.map(({ code }) => code),
  );
  const open = entries.filter(({ state }) => state === 'pending').map(({ kind }) => kind);
  assert.deepEqual(isAsked ? [] : open, [], `${key} has nothing under way: ${record.reason ?? ''}`);
  return { record, entries, holds };
}

/** Before he is asked: what a person changed in FreshBooks stands as he left it, and what he deleted is not made again. */
export function assertLeft({ deeds, freshbooks, database }: Evidence): void {
  const takenBack = new Set(
    database
      .prepare("select external_id from entries where kind = 'void' and state = 'posted'")
      .all()
      .map((row) => Number(row['external_id'])),
  );
  for (const { order, what, left, invoiceId, newestId, isAtRest } of deeds.values()) {
    if (isAtRest) {
      assert.equal(rowShown(freshbooks, left), left.shown, `${order}: ${what}`);
    }
    // One that the order needed no more either: what was added to it since has an invoice of its own. Another that stood before stays.
    if (what === 'invoice deleted' && !takenBack.has(invoiceId)) {
      const { invoices } = freshbooks.account();
      const deleted = invoices.find(({ id }) => id === invoiceId);
      // Numbers are never given twice: by its purchase order, whatever number it has.
      const again = invoices.filter(
        (row) => row.id > newestId && row.visState !== 1 && row.poNumber === deleted?.poNumber,
      );
      assert.deepEqual(again, [], `${order}: ${what}`);
    }
  }
}

/** What he did to the order, unless it was put back. */
function unlikeShop({ deeds }: Evidence, key: OrderKey): Deed | undefined {
  const deed = deeds.get(key);
  return deed?.answer === 'restore' && RESTORED.includes(deed.what) ? undefined : deed;
}

/**
 * An order that a person touched waits for him, or goes on as he answered: what he took as right stays as he left it, and where
 * nothing of the order is left he is asked again; what is left to him is never touched again.
 */
async function assertTouched(evidence: Evidence, deed: Deed, worth: bigint): Promise<readonly string[]> {
  const { order, what, left, answer, isAtRest } = deed;
  const record = await evidence.store.read.order(order);
  const holds = await evidence.store.read.holds({ order, isOpen: true });
  const codes = holds.map(({ code }) => code);
  const at = `${order}: ${what}, ${answer ?? 'not asked'}: ${record?.reason ?? ''}`;
  if (answer === 'keep') {
    assert.deepEqual([record?.state, codes], ['skipped', []], at);
  } else {
    // A call that met what he did may be of unknown outcome: then the question is about that.
    if (record?.state !== 'held') {
      await found(evidence, order);
    }
    const strange = codes.filter((code) => !TOUCHED_QUESTIONS.test(code));
    assert.deepEqual(strange, [], at);
  }
  if (
    isAtRest &&
    (answer === undefined || answer === 'keep' || (answer === 'accept' && left.of === 'invoice'))
  ) {
    assert.equal(rowShown(evidence.freshbooks, left), left.shown, at);
  }
  // A payment of his own is his to take away, before an order of which nothing is left can be let go.
  const isHis = what === 'payment added' || answer === 'accept';
  if (answer !== undefined && (worth !== 0n || !isHis)) {
    const open = codes.filter((code) => code === 'books-invoice-edited' || code === 'books-payment-edited');
    assert.deepEqual(open, [], at);
  }
  return codes;
}

async function assertOrder(evidence: Evidence, order: WorldOrder): Promise<readonly string[]> {
  const key = shopifyKey(order);
  const expected = expectedBooks(paidWhole(order));
  const deed = unlikeShop(evidence, key);
  if (deed !== undefined) {
    return assertTouched(evidence, deed, expected.now.worth);
  }
  const { record, holds } = await found(evidence, key);
  const { now, skipped } = expected;
  const standing = standingOf(evidence, order);
  const codes = holds.map(({ code }) => code);
  if (isAskedAfterRestore(evidence, codes)) {
    assertNoMore(evidence, key, { standing, expected });
    return codes;
  }
  const strange = codes.filter((code) => !QUESTIONS.includes(code));
  assert.deepEqual(strange, [], `${order.name}: ${holds.map(({ detail }) => detail).join('; ')}`);
  if (record.state === 'skipped') {
    // A cash drawer may have rounded a sale down to nothing, which an edit then makes less than nothing.
    const isFree = expected.sold.total + expected.rounding <= 0n;
    assert.ok(
      skipped !== null || isWorth(now, 0n) || isFree,
      `${order.name} is skipped: ${record.reason ?? ''}`,
    );
    assert.equal(standing.net, 0n, order.name);
    return [];
  }
  assert.equal(record.state, codes.length === 0 ? 'settled' : 'held', order.name);
  if (codes.length === 0) {
    const { net, paid, invoiced, credited, spent, isDraft } = standing;
    const { least, most } = payable(expected, { invoiced, beside: credited + spent });
    assert.deepEqual(
      { isWorth: isWorth(now, net), isDraft },
      { isWorth: true, isDraft: false },
      `${order.name}: ${net} stands, not ${now.worth}`,
    );
    assert.ok(
      paid >= least && paid <= most,
      `payments of ${order.name}: ${least} to ${most}, and not ${paid}`,
    );
  }
  return codes;
}

/** What stands of it is left as it stands and asked about; one that was not booked is booked no more. */
async function assertDeleted(evidence: Evidence, order: WorldOrder): Promise<readonly string[]> {
  const key = shopifyKey(order);
  if (evidence.deeds.has(key)) {
    // Somebody has answered what it asked.
    return [];
  }
  const { record, holds } = await found(evidence, key);
  const codes = holds.map(({ code }) => code);
  const at = `${order.name}, deleted in the shop: ${record.state}, ${codes.join(', ')}: ${record.reason ?? ''}`;
  const { numbers, credited, spent } = standingOf(evidence, order);
  assert.ok(record.isDeleted, at);
  const isStanding = numbers.length > 0 || credited + spent > 0n;
  const isAsked =
    isAskedAfterRestore(evidence, codes) ||
    // Of one that only its deletion tells of, it is not known whether it was booked.
    (evidence.restored !== undefined && record.snapshot === undefined && codes.includes('order-deleted'));
  assert.ok(isAsked || (isStanding ? codes.includes('order-deleted') : record.state === 'skipped'), at);
  return codes;
}

/** Judged as in tests/amazon/agreement.ts, by what Amazon shows of the order at the end. */
async function assertAmazonOrder(evidence: Evidence, order: AmazonOrder): Promise<readonly string[]> {
  const { world, rules, switches } = evidence.seller ?? assert.fail();
  const key = amazonKey(order);
  const expected = expectedAmazonBooks(order);
  const deed = unlikeShop(evidence, key);
  if (deed !== undefined) {
    return assertTouched(evidence, deed, expected.now.worth);
  }
  const { record, entries, holds } = await found(evidence, key);
  const shown = shownOf(world, order, { switches, role: 'no personal data' });
  const booked = fold(entries);
  const judged = { order, expected, shown, rules, switches, at: order.id };
  const codes = holds.map(({ code }) => code);
  if (isAskedAfterRestore(evidence, codes)) {
    const standing = standingOf(evidence, { id: order.id, name: order.id });
    assertNoMore(evidence, key, { standing, expected });
    return codes;
  }
  const strange = holds.filter(
    ({ code }) => code !== 'order-rounding-too-large' && !isTrue(code, { ...judged, booked }),
  );
  assert.deepEqual(
    strange.map(({ code, detail }) => `${code}: ${detail}`),
    [],
    `questions of ${order.id}`,
  );
  const standing = standingOf(evidence, { id: order.id, name: order.id });
  if (record.state === 'skipped') {
    assert.equal(booked.invoices.length, 0, `${order.id} is skipped before it was booked`);
    assert.ok(isSkippable(record.reason ?? '', judged), `${order.id} is skipped: ${record.reason ?? ''}`);
    assert.equal(standing.invoiced, 0n, order.id);
    return [];
  }
  assert.ok(
    expected.skipped === null || order.status === 'CANCELLED',
    `${order.id} is booked although ${expected.skipped}`,
  );
  assert.equal(record.state, codes.length === 0 ? 'settled' : 'held', order.id);
  if (!codes.some((code) => OPEN.has(code))) {
    const beside = standing.credited + standing.spent;
    assert.deepEqual(
      { net: standing.net, paid: standing.paid - beside, isDraft: standing.isDraft },
      { net: expected.now.worth, paid: expected.now.kept, isDraft: false },
      order.id,
    );
  }
  return codes;
}

function isAskedAfterRestore({ restored }: Evidence, codes: readonly FailureCode[]): boolean {
  return restored !== undefined && codes.some((code) => RESTORED_QUESTIONS.includes(code));
}

/** Of an order that asks what to make of what stands: nothing was made beside it. */
function assertNoMore(
  { restored }: Evidence,
  key: OrderKey,
  {
    standing,
    expected,
  }: {
    readonly standing: Standing;
    readonly expected: { readonly refunded: bigint; readonly sold: { readonly invoiceTotal: bigint } };
  },
): void {
  const before = restored?.get(key) ?? assert.fail(`${key} was there`);
  const beside = (of: Standing): bigint => of.credited + of.spent;
  assert.equal(new Set(standing.numbers).size, standing.numbers.length, `${key}: numbers`);
  assert.ok(standing.numbers.length <= Math.max(before.numbers.length, 1), `${key}: invoices`);
  assert.ok(standing.paid <= standing.invoiced || standing.paid <= before.paid, `${key}: payments`);
  assert.ok(
    beside(standing) <= beside(before) || beside(standing) <= expected.refunded,
    `${key}: expenses and credit notes`,
  );
}

function settlementsOf({ seller }: Evidence): readonly ExpectedSettlement[] {
  return expectedSettlements(seller?.world.transactions() ?? []);
}

/** A payout's fees stand to the cent; where Amazon gave back more than it took, a person is asked and nothing stands. */
async function assertSettlement(
  evidence: Evidence,
  settlement: ExpectedSettlement,
): Promise<readonly string[]> {
  const { groupId, fees } = settlement;
  const { record, holds } = await found(evidence, keyOf(settlement));
  const codes = holds.map(({ code }) => code);
  const at = `settlement ${groupId}: ${record.reason ?? ''}`;
  if (evidence.restored !== undefined && codes.includes('books-total-differs')) {
    // It had grown since the expense was made that was forgotten: nothing is made beside that one.
    const { fees: standing } = standingFees(evidence.freshbooks, settlement);
    assert.ok(standing > 0n && standing < fees, at);
    return codes;
  }
  const isUnclear = fees < 0n || (codes.length > 0 && isTipHidden(evidence, settlement));
  assert.deepEqual(codes, isUnclear ? ['settlement-unclear'] : [], at);
  assert.equal(record.state, isUnclear ? 'held' : fees === 0n ? 'skipped' : 'settled', at);
  if (!isUnclear || fees < 0n) {
    assert.equal(standingFees(evidence.freshbooks, settlement).fees, fees < 0n ? 0n : fees, at);
  }
  return codes;
}

/** Without its tree nothing tells that a part of a shipment's total is a tip. */
function isTipHidden({ seller }: Evidence, { groupId }: ExpectedSettlement): boolean {
  return (
    seller?.switches.financesNulls === 'nulls' &&
    seller.world
      .transactions()
      .some(({ type, group, beside }) => type === 'Shipment' && group?.id === groupId && beside.length > 0)
  );
}

function keyOf({ groupId }: ExpectedSettlement): OrderKey {
  return settlementKey(connectionId('amazon'), groupId) ?? assert.fail(groupId);
}

/** What FreshBooks makes by itself of a payment beyond what is outstanding. */
const OVERPAID = 'overpayment';

/** In the account stands what the ledger says and nothing else. */
async function assertOnce(evidence: Evidence): Promise<void> {
  const { store, world, freshbooks, database, seller, deeds, deleted, restored } = evidence;
  if (restored !== undefined) {
    // What was forgotten stands beside the ledger: each order is judged by what stands of it.
    return;
  }
  const touched = await rowsOf(evidence, [...deeds.keys()]);
  const account = freshbooks.account();
  const ours = { invoices: 0, payments: 0, credits: 0, expenses: 0 };
  const keys = [
    ...[...world.orders(), ...deleted].map(shopifyKey),
    ...(seller?.world.orders() ?? []).map(amazonKey),
    ...settlementsOf(evidence).map(keyOf),
  ].filter((key) => !deeds.has(key));
  for (const key of keys) {
    const booked = fold(await store.read.entriesOf(key));
    ours.invoices += booked.invoices.length;
    ours.payments += booked.payments.length;
    ours.credits += booked.beside.filter(({ kind }) => kind === 'credit-note').length;
    ours.expenses += booked.beside.filter(({ kind }) => kind === 'expense').length;
  }
  const live = (
    rows: readonly { readonly id: number; readonly visState: number; readonly invoiceId?: number }[],
  ): number =>
    rows.filter(
      ({ id, invoiceId, visState }) =>
        visState !== 1 && !touched.has(String(id)) && !touched.has(String(invoiceId)),
    ).length;
  assert.deepEqual(
    {
      invoices: live(account.invoices),
      payments: live(account.payments),
      credits: live(account.creditNotes.filter(({ creditType }) => creditType !== OVERPAID)),
      expenses: live(account.expenses),
    },
    ours,
    'in the account stands what the ledger says',
  );
  const overpaid = account.creditNotes.filter(({ creditType }) => creditType === OVERPAID).length;
  const raced = [...deeds.values()].filter(
    ({ what, isAtRest }) => what === 'payment added' && !isAtRest,
  ).length;
  assert.ok(overpaid <= raced, `${overpaid} payments were too much, and ${raced} others made meanwhile`);
  const clients = account.clients.filter(({ visState }) => visState !== 1);
  const known = new Set(
    database
      .prepare("select external_id from clients union select external_id from entries where kind = 'client'")
      .all()
      .map((row) => String(row['external_id'])),
  );
  assert.deepEqual(
    clients.filter(({ id }) => !known.has(String(id))).map(({ id }) => id),
    [],
    'every client was written down',
  );
  const emails = clients.map(({ texts }) => texts['email'] ?? '').filter((email) => email !== '');
  assert.equal(new Set(emails).size, emails.length, `each customer is one client: ${emails.join(', ')}`);
}

/** What of the shop's orders was written is by the rules under which it was written down, and those stay an order's own. */
async function assertRules({ world, store, isFollowing }: Evidence): Promise<void> {
  for (const key of world.orders().map(shopifyKey)) {
    const entries = (await store.read.entriesOf(key)).filter(({ state }) => state !== 'voided');
    const versions = new Set(entries.map(({ rulesVersion }) => rulesVersion));
    assert.ok(isFollowing || versions.size <= 1, `${key} is booked by ${[...versions].join(' and ')}`);
    let before: unknown;
    for (const { intent, rulesVersion } of entries) {
      if (intent.kind === 'invoice' || intent.kind === 'lines') {
        const { lines, dueOffsetDays } = intent.document;
        // What a person edited is put back, or taken as right, as it was known, also where other rules come after it.
        const isAsKnown = intent.kind === 'lines' && isDeepStrictEqual(lines, before);
        before = lines;
        if (isAsKnown) {
          continue;
        }
        const rules = (await store.read.rules(rulesVersion)) ?? assert.fail(rulesVersion);
        const isOwn = rules.taxLines['default'] === 'own_lines';
        const isFee = (name: string): boolean => name === world.shop.deliveryFee?.title;
        const strange = lines.filter(({ kind, name, taxes }) =>
          isOwn ? taxes.length > 0 : kind === 'tax' && !isFee(name),
        );
        assert.deepEqual(strange, [], `${key} has its taxes as its rules say`);
        if (intent.kind === 'invoice') {
          assert.equal(dueOffsetDays, rules.dueOffsetDays, `${key} is due as its rules say`);
        }
      }
    }
  }
}

/** What the ledger says that it made for these orders. */
async function rowsOf({ store }: Evidence, keys: readonly OrderKey[]): Promise<ReadonlySet<string>> {
  const entries = await Promise.all(keys.map((key) => store.read.entriesOf(key)));
  return new Set(
    entries.flat().flatMap(({ receipt }) => (receipt === undefined ? [] : [receipt.externalId])),
  );
}

/** Nothing was acknowledged that is not stored, and everything stored came to an end. */
function assertStored({ database, acknowledged }: Evidence): void {
  const rows = database.prepare('select external_id, state from deliveries').all();
  const stored = new Map(rows.map((row) => [String(row['external_id']), String(row['state'])]));
  const lost = acknowledged.filter((webhookId) => !stored.has(webhookId));
  assert.deepEqual(lost, [], 'what was acknowledged is stored');
  const open = [...stored].filter(([, state]) => state === 'accepted');
  assert.deepEqual(open, [], 'every message came to an end');
}

/** The account and the ledger, to be compared before and after everything was told again. */
export function snapshotOf({ freshbooks, database }: Evidence): string {
  const entries = database.prepare('select count(*) as count from entries').get();
  return JSON.stringify([freshbooks.account(), Number(entries?.['count'])]);
}

export function assertReplayed(before: string, after: string): void {
  assert.equal(after, before, 'telling everything again changes nothing');
}
