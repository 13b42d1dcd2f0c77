import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { Failure } from '#core/failure.ts';
import type { OrderKey } from '#core/ids.ts';
import { equal, show } from '#core/money.ts';
import { totalByLines } from '#core/order.ts';
import type { Cash, Order, Refund } from '#core/order.ts';
import { DAY, addDays, instant, parseLocalDate } from '#core/time.ts';
import type { Instant, LocalDate } from '#core/time.ts';
import type { Change, Incoming, PlacedOn, Snapshot, Sorted, Source, Swept } from '#pipeline/source.ts';

/** What every implementation of the port `Source` promises, whatever shop stands behind it. */
export interface SourceHarness {
  readonly name: string;
  open(): Promise<SourceWorld>;
}

/** A shop with every kind of order, opened for one test, and a view of it past the port. */
export interface SourceWorld {
  readonly source: Swept;
  readonly orders: readonly ShownOrder[];
  /** An order that the shop does not know. */
  readonly unknown: OrderKey;
  /** A message about something that is never booked. */
  readonly irrelevant: Incoming;
  /** An authentic message with this content, as one that shows an order. */
  readonly authentic: (body: Uint8Array) => Incoming;
  close(): Promise<void>;
}

/** An order with the authentic message that shows it as it stands now, or that only names it. */
export interface ShownOrder {
  readonly name: string;
  readonly key: OrderKey;
  readonly message: Incoming;
}

export function sourceContract(harness: SourceHarness): void {
  const promise = (name: string, body: (world: SourceWorld) => Promise<void> | void): void => {
    test(name, async () => {
      const world = await harness.open();
      try {
        await body(world);
      } finally {
        await world.close();
      }
    });
  };
  describe(`source contract: ${harness.name}`, () => {
    promise('an authentic message is accepted with its bytes, and named the same each time', provesOrigin);
    promise('a message with a wrong or missing proof is refused', refusesForgeries);
    promise('a message is refused unread only if no body could make it authentic', refusesUnread);
    promise('a message that shows an order adds up and sorts to the same each time', sortsTheSame);
    promise('an order that is asked for is the one that its message shows', readsWhatItSends);
    promise('the same state asked for twice is one message', readsOneMessage);
    promise('a message that cannot be read throws why, and nothing is guessed', refusesMalformed);
    promise('a message about something else is ignored', ignoresOthers);
    promise('an order that the shop does not know is not found', missesUnknown);
    promise('what can wait is let in after a rest, and what cannot also when it is not', letsIn);
    promise('what changed since a moment is told whole, once, and sorts to a question', tellsChanges);
    promise('what was placed on some days is told whole, once, and nothing of other days', tellsPlaced);
  });
}

async function provesOrigin({ source, orders }: SourceWorld): Promise<void> {
  for (const { name, message } of orders) {
    const verdict = await source.verify(message);
    assert(verdict.proof === 'authentic', name);
    assert.equal(verdict.message.connection, source.connection);
    assert.deepEqual(verdict.message.body, message.body);
    assert.deepEqual(await source.verify(message), verdict);
    const kept = JSON.stringify(verdict.message.headers);
    assert.doesNotMatch(kept, /hmac|signature|authorization|cookie|api-key/i);
  }
  const names = await Promise.all(orders.map(({ message }) => source.verify(message)));
  const ids = names.map((verdict) => (verdict.proof === 'authentic' ? verdict.message.externalId : ''));
  assert.equal(new Set(ids).size, orders.length, 'each message has its own name');
}

async function refusesForgeries({ source, orders }: SourceWorld): Promise<void> {
  const message = firstOf(orders).message;
  const flipped = message.body.slice();
  flipped[0] = (flipped[0] ?? 0) ^ 1;
  const noProof = Object.fromEntries(Object.entries(message.headers).filter(([name]) => !PROOF.test(name)));
  const garbage = Object.fromEntries(
    Object.entries(message.headers).map(([name, value]) => [name, PROOF.test(name) ? '☠ %00' : value]),
  );
  const forgeries: readonly Incoming[] = [
    { ...message, body: flipped },
    { ...message, body: message.body.slice(0, -1) },
    { ...message, body: new Uint8Array() },
    { headers: noProof, body: message.body },
    { headers: garbage, body: message.body },
    { headers: {}, body: message.body },
  ];
  for (const forgery of forgeries) {
    const verdict = await source.verify(forgery);
    assert(verdict.proof === 'refused');
    assert.notEqual(verdict.why, '');
  }
}

async function refusesUnread({ source, orders, irrelevant }: SourceWorld): Promise<void> {
  for (const { headers, body } of [...orders.map(({ message }) => message), irrelevant]) {
    assert.equal(source.refusalUnread(headers), undefined);
    const unproven = Object.entries(headers).filter(([name]) => !PROOF.test(name));
    for (const bad of [Object.fromEntries(unproven), {}]) {
      const why = source.refusalUnread(bad)?.why;
      // A proof that stands in the body is looked for there.
      assert.ok(why === undefined || why !== '');
      assert.equal((await source.verify({ headers: bad, body })).proof, 'refused');
    }
  }
}

const PROOF = /hmac|signature|api-key/i;

/** Before any order of a world here. */
const LONG_AGO = instant(Date.UTC(2026, 0, 1));

async function letsIn({ source, orders }: SourceWorld): Promise<void> {
  assert.equal(source.spareAt(), undefined);
  for (const { key, name } of orders) {
    const at = source.spareAt();
    assert.ok(at === undefined || Number.isSafeInteger(at), name);
    assert.ok((await source.read(key)).body.byteLength > 0, name);
  }
}

async function tellsChanges({ source, orders }: SourceWorld): Promise<void> {
  const all = await changesSince(source, LONG_AGO);
  const names = new Set(all.map(({ order }) => order));
  for (const { key, name } of orders) {
    assert.ok(names.has(key), name);
  }
  assert.deepEqual(stored(await changesSince(source, LONG_AGO)), stored(all), 'asked again it is the same');
  for (const { order, at, message, within } of all) {
    const others = within === undefined ? [] : [{ each: within.message, moment: undefined }];
    for (const { each, moment } of [{ each: message, moment: at }, ...others]) {
      const sorted = source.sort(each);
      assert(sorted.kind === 'touch');
      assert.deepEqual([sorted.order, sorted.at], [order, moment]);
      assert.ok(each.externalId.length <= 200 && each.body.byteLength <= 1_000);
    }
  }
  const stamps = all.flatMap(({ at }) => at ?? []).sort((one, other) => one - other);
  const middle = stamps[Math.floor(stamps.length / 2)] ?? assert.fail('there are changes');
  const later = await changesSince(source, middle);
  assert.deepEqual(
    later.flatMap(({ at }) => at ?? []).filter((at) => at < middle),
    [],
  );
  const expected = all.filter(({ at }) => at !== undefined && at > middle);
  assert.deepEqual(stored(later.filter(({ at }) => at !== undefined && at > middle)), stored(expected));
}

/** What is kept of changes. */
function stored(changes: readonly Change[]): readonly unknown[] {
  return changes.map(({ within, ...change }) => ({ ...change, again: within?.message }));
}

async function tellsPlaced({ source, orders }: SourceWorld): Promise<void> {
  const whole = { since: parseLocalDate('2026-01-01'), until: parseLocalDate('2026-12-31') };
  const all = await placedOn(source, whole);
  assert.equal(new Set(all.map(({ order }) => order)).size, all.length, 'each is told once');
  const changes = await changesSince(source, LONG_AGO);
  for (const { key, name } of orders) {
    const told = all.find(({ order }) => order === key) ?? assert.fail(name);
    // Under one name with the change, so that what was found in both ways is one message.
    assert.ok(
      changes.some(({ message }) => isDeepStrictEqual(message, told.message)),
      name,
    );
  }
  // The first day with an order, found by halves: a seller's lists are few a minute.
  let [before, first] = [whole.since, whole.until];
  for (let days = 365; days > 1; days = daysBetween(before, first)) {
    const middle = addDays(before, Math.floor(days / 2));
    const isEmpty = (await placedOn(source, { since: whole.since, until: middle })).length === 0;
    [before, first] = isEmpty ? [middle, first] : [before, middle];
  }
  assert.deepEqual(await placedOn(source, { since: whole.since, until: before }), []);
  assert.notDeepEqual(await placedOn(source, { since: first, until: first }), []);
  assert.deepEqual(await placedOn(source, { since: first, until: whole.until }), all);
}

function daysBetween(from: LocalDate, to: LocalDate): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY);
}

async function placedOn(source: Swept, days: PlacedOn): Promise<readonly Change[]> {
  const found: Change[] = [];
  let token: string | undefined;
  do {
    const page = await source.placed({ ...days, ...(token === undefined ? {} : { token }) });
    found.push(...page.changes);
    token = page.next;
  } while (token !== undefined);
  return found;
}

async function changesSince(source: Swept, since: Instant): Promise<readonly Change[]> {
  const found: Change[] = [];
  let token: string | undefined;
  do {
    const page = await source.changed({ since, newest: since, ...(token === undefined ? {} : { token }) });
    found.push(...page.changes);
    token = page.next;
  } while (token !== undefined);
  return found;
}

async function sortsTheSame({ source, orders }: SourceWorld): Promise<void> {
  for (const shown of orders) {
    const { name, key, message } = shown;
    const before = message.body.slice();
    const snapshot = await shownBy(source, shown);
    const { order } = snapshot;
    assert.deepEqual(message.body, before, 'sorting leaves the bytes alone');
    assert.deepEqual((await shownBy(source, shown)).order, order);
    assert.equal(order.key, key);
    assert.equal(order.connection, source.connection);
    assert(
      equal(totalByLines(order), order.total),
      `${name}: ${show(totalByLines(order))}, ${show(order.total)}`,
    );
    assertHasNoContact(order, snapshot);
  }
}

async function readsWhatItSends({ source, orders }: SourceWorld): Promise<void> {
  assert(source.canRead);
  for (const shown of orders) {
    const { name, key, message } = shown;
    const sent = await sorted(source, message);
    const read = snapshotIn(source.sort(await source.read(key)), name);
    if (sent.kind === 'touch') {
      assert.equal(sent.order, read.order.key, name);
    } else {
      assertSameSnapshot({ sent: snapshotIn(sent, name), read }, name);
    }
  }
}

/** The same canonical order, but for what a message says by itself that it does not tell: the money that moved. */
export function assertSameSnapshot({ sent, read }: { sent: Snapshot; read: Snapshot }, name: string): void {
  const { cash: sentCash, refunds: sentRefunds, doubt, ...sentRest } = sent.order;
  const { cash: readCash, refunds: readRefunds, doubt: readDoubt, ...readRest } = read.order;
  assert.deepEqual(readRest, sentRest, name);
  assert.deepEqual(read.buyer, sent.buyer, name);
  assertSameMoney({ sent: sentCash, read: readCash }, name);
  assert.equal(readDoubt, undefined, name);
  const isTold = sentCash.state !== 'reread';
  const figures = ({ payouts, ...rest }: Refund): unknown => (isTold ? { ...rest, payouts } : rest);
  if (doubt === undefined) {
    assert.deepEqual(readRefunds.map(figures), sentRefunds.map(figures), name);
  } else {
    assert.equal(doubt.ask, 'shop', name);
  }
}

/** What arrives may not tell how much was received or in which parts; what is read always does. */
function assertSameMoney({ sent, read }: { sent: Cash; read: Cash }, name: string): void {
  assert.notEqual(read.state, 'reread', name);
  if (sent.state === 'known' && read.state === 'known') {
    assert.equal(show(read.received), show(sent.received), name);
  } else if (sent.state !== 'reread') {
    assert.equal(read.state, sent.state, name);
  }
}

async function readsOneMessage({ source, orders }: SourceWorld): Promise<void> {
  const { key } = firstOf(orders);
  const [first, second] = [await source.read(key), await source.read(key)];
  assert(isDeepStrictEqual(first, second));
  assert.notEqual(first.externalId, '');
}

async function refusesMalformed({ source, orders, authentic }: SourceWorld): Promise<void> {
  const text = new TextDecoder().decode(firstOf(orders).message.body);
  const bodies = [
    '',
    ' ',
    'null',
    '[]',
    '"text"',
    '{}',
    text.slice(0, text.length / 2),
    `${text}}`,
    text.replace(/"(id|OrderId|orderId|AmazonOrderId)":/g, '"gone":'),
  ];
  for (const body of bodies) {
    const verdict = await source.verify(authentic(new TextEncoder().encode(body)));
    assert(verdict.proof === 'authentic', 'authentic, however malformed');
    assert.throws(
      () => source.sort(verdict.message),
      (thrown) => thrown instanceof Failure && thrown.code.startsWith('delivery-'),
      body.slice(0, 40),
    );
  }
}

async function ignoresOthers({ source, irrelevant }: SourceWorld): Promise<void> {
  assert.equal((await sorted(source, irrelevant)).kind, 'ignored');
}

async function missesUnknown({ source, unknown }: SourceWorld): Promise<void> {
  await assert.rejects(source.read(unknown), (thrown) => {
    assert(thrown instanceof Failure);
    assert.equal(thrown.code, 'request-not-found');
    assert.equal(thrown.effect, 'none');
    return true;
  });
}

function assertHasNoContact(order: Order, { buyer }: Snapshot): void {
  const kept = JSON.stringify(order, (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  for (const secret of [buyer.email, buyer.phone, buyer.address.street].filter((text) => text !== '')) {
    assert(!kept.includes(secret), 'a snapshot carries no contact data');
  }
}

async function sorted(source: Source, message: Incoming): Promise<Sorted> {
  const verdict = await source.verify(message);
  assert(verdict.proof === 'authentic');
  return source.sort(verdict.message);
}

/** What a message shows; of one that only names its order, what that is when it is asked for. */
async function shownBy(source: Source, { name, key, message }: ShownOrder): Promise<Snapshot> {
  const found = await sorted(source, message);
  if (found.kind !== 'touch') {
    return snapshotIn(found, name);
  }
  assert.equal(found.order, key, name);
  return snapshotIn(source.sort(await source.read(key)), name);
}

function snapshotIn(found: Sorted, name: string): Snapshot {
  assert(found.kind === 'order', name);
  return found.snapshot;
}

function firstOf(orders: readonly ShownOrder[]): ShownOrder {
  const [first] = orders;
  assert(first !== undefined);
  return first;
}
