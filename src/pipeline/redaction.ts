import { contactsOf, redactorOf, withoutQuotation } from '#core/contacts.ts';
import { splitOrderKey } from '#core/ids.ts';
import type { ConnectionId, OrderKey } from '#core/ids.ts';
import type { Buyer } from '#core/order.ts';
import { CLOSED_THROUGH, FIRST_OPEN_DAY } from '#core/period.ts';
import { showInstant } from '#core/time.ts';
import type { Clock, Instant } from '#core/time.ts';
import { forgetPeople, forgetPerson } from './client-keeper.ts';
import { VERSION_FACT } from './ports.ts';
import type { Delivery, ReadableFilter, Store, Writer } from './ports.ts';
import type { Erasing, Sorted, Source } from './source.ts';

/**
 * Takes contact data out of what is stored: bodies and headers of messages are blanked, and sentences that might quote them
 * are rewritten. Hashes, keys and figures stay, so an order can still be proven and corrected. Each step is a transaction of
 * its own, and what is blanked stays so: after a crash the same command does the rest.
 */

/** What it works with. */
export interface Eraser {
  readonly store: Store;
  readonly clock: Clock;
  readonly sources: ReadonlyMap<ConnectionId, Source>;
  /** The books whose clients are remembered. */
  readonly account: ConnectionId;
}

/** Messages blanked, sentences rewritten, and the orders that they were of. */
export interface Erased {
  readonly messages: number;
  readonly texts: number;
  readonly orders: readonly OrderKey[];
  /** Messages among them that nobody could read: what they told is in no book. */
  readonly unreadable: readonly string[];
}

export type ErasedOnDemand =
  | ({ readonly outcome: 'erased' } & Erased)
  /** Nothing was blanked, because it would lose what this message says: it is not read yet, or can be read now. */
  | { readonly outcome: 'not-read-yet'; readonly id: string };

/** Of other connections, before one of this: far more than wait while a server runs. */
const UNREAD_MAX = 1000;
/** Messages in one transaction: reading them blocks the process for some ten milliseconds. */
const BATCH = 20;
/** Of one order in one transaction: more than any has, unless one message was sent over and over. */
const ORDER_BATCH = 500;

/** All that is stored of an order, and what names it without being counted as its own. */
export async function eraseOrder(eraser: Eraser, key: OrderKey): Promise<ErasedOnDemand> {
  return eraseOrders(eraser, [key]);
}

async function eraseOrders(
  eraser: Eraser,
  keys: readonly OrderKey[],
  people: readonly Person[] = [],
): Promise<ErasedOnDemand> {
  const strays = await straysOf(eraser, keys, people);
  const unread = strays.find((stray) => !isBlankable(eraser, stray));
  if (unread !== undefined) {
    return { outcome: 'not-read-yet', id: unread.id };
  }
  const parts: Erased[] = [];
  for (const key of keys) {
    if ((await eraser.store.read.order(key)) !== undefined) {
      parts.push(await eraseOwn(eraser, key));
    }
  }
  for (const stray of strays) {
    parts.push(await eraseStray(eraser, stray));
  }
  return { outcome: 'erased', ...sum(parts) };
}

async function eraseOwn(eraser: Eraser, key: OrderKey): Promise<Erased> {
  const parts: Erased[] = [];
  for (;;) {
    const erased = await eraseSome(eraser, key);
    parts.push(erased);
    if (erased.messages < ORDER_BATCH) {
      return sum(parts);
    }
  }
}

async function eraseSome(eraser: Eraser, key: OrderKey): Promise<Erased> {
  return eraser.store.transact(async (tx) => {
    const deliveries = await tx.readable({ of: 'order', order: key, limit: ORDER_BATCH });
    const erased = await blank(tx, eraser, { deliveries, people: 'forget' });
    // Also what came since all of its messages were blanked.
    const more = await tx.reviseTexts({ order: key }, withoutQuotation);
    await tx.audited({
      action: 'contact data redacted',
      subject: key,
      details: { messages: erased.messages, because: 'by hand' },
    });
    return { ...erased, texts: erased.texts + more, orders: [key] };
  });
}

// ── Messages that name an order and are not known as its own ────────────────────────────────────────────────────────

/** Who is to be forgotten, and whose customer he is. */
interface Person extends Pick<Erasing, 'person' | 'email'> {
  readonly connection: ConnectionId;
}

/** What a message may be found by. */
interface Names {
  readonly connection: ConnectionId;
  readonly words: readonly string[];
}

/** Of topics that are not booked, or that could not be read. Requests and disputes name orders and no more, and wait for a person. */
async function straysOf(
  eraser: Eraser,
  keys: readonly OrderKey[],
  people: readonly Person[],
): Promise<readonly Delivery[]> {
  const all: readonly Names[] = [
    ...keys.map(splitOrderKey).map(({ connection, vendorId }) => ({ connection, words: [vendorId] })),
    ...people.map(({ connection, person }) => ({ connection, words: person.filter(isName) })),
  ];
  const strays: Delivery[] = [];
  for (const [connection, named] of Map.groupBy(all, ({ connection }) => connection)) {
    const words = new Set(named.flatMap(({ words }) => words.map(asInBody)));
    let after = '0';
    for (;;) {
      const filter: ReadableFilter = { of: 'no order', connection, after, limit: BATCH };
      const page = await eraser.store.read.readable(filter);
      const last = page.at(-1);
      if (last === undefined) {
        break;
      }
      after = last.id;
      strays.push(...page.filter((delivery) => names(delivery, words) && !isForPerson(eraser, delivery)));
      // Between two pages what arrives is taken in.
      await eraser.clock.sleep(eraser.clock.now());
    }
  }
  return strays;
}

/** Ids, addresses and numbers of people are longer. A blank, a dash or a zero in the place of one stands in messages of anybody. */
const NAME_MIN = 5;

/** Vendors' ids of orders, which are long: in another sense hardly anything bears one. */
const WORD = /[\dA-Za-z-]+/g;

/** In the text as it came, since what cannot be read names its order too; an address is all of a text within it. */
function names({ body }: Delivery, words: ReadonlySet<string>): boolean {
  const text = Buffer.from(body).toString('latin1').toLowerCase();
  return [...(text.match(WORD) ?? []), ...text.split('"')].some((word) => words.has(word.trim()));
}

function isName(word: string): boolean {
  return asInBody(word).length >= NAME_MIN;
}

function asInBody(word: string): string {
  return Buffer.from(word).toString('latin1').trim().toLowerCase();
}

function isForPerson(eraser: Eraser, delivery: Delivery): boolean {
  return delivery.state === 'held' && sortedBy(eraser, delivery)?.kind === 'held';
}

function isBlankable(eraser: Eraser, delivery: Delivery): boolean {
  return (
    delivery.state === 'ignored' || (delivery.state === 'held' && sortedBy(eraser, delivery) === undefined)
  );
}

async function eraseStray(eraser: Eraser, { id }: Delivery): Promise<Erased> {
  return eraser.store.transact(async (tx) => {
    const delivery = await tx.delivery(id);
    if (delivery === undefined || !isBlankable(eraser, delivery)) {
      return NONE;
    }
    const erased = await blank(tx, eraser, { deliveries: [delivery], people: 'forget' });
    await close(tx, eraser, { delivery, isRequest: false });
    await tx.audited({
      action: 'contact data redacted',
      subject: `delivery:${id}`,
      details: { messages: erased.messages, topic: delivery.topic, because: 'by hand' },
    });
    return { ...erased, unreadable: delivery.state === 'held' ? [id] : [] };
  });
}

const NONE: Erased = { messages: 0, texts: 0, orders: [], unreadable: [] };

// ── One message ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** One message; where it asks for the data of others to be erased, theirs first, and it is answered. */
export async function eraseMessage(
  eraser: Eraser,
  id: string,
): Promise<ErasedOnDemand | { readonly outcome: 'no-message' }> {
  const delivery = await eraser.store.read.delivery(id);
  if (delivery === undefined) {
    return { outcome: 'no-message' };
  }
  if (delivery.state === 'accepted') {
    return { outcome: 'not-read-yet', id };
  }
  const sorted = sortedBy(eraser, delivery);
  const erases = sorted?.kind === 'held' ? sorted.erases : undefined;
  const others = await eraseOthers(eraser, { delivery, erases });
  if (others.outcome === 'not-read-yet') {
    return others;
  }
  const own = await eraser.store.transact(async (tx) => {
    // Read again: it may be one of all that were asked for.
    const deliveries = [(await tx.delivery(id)) ?? delivery];
    const blanked = await blank(tx, eraser, { deliveries, people: 'forget' });
    await close(tx, eraser, { delivery, isRequest: erases !== undefined });
    // Orders may have been blanked before, and then nothing but the request tells whose they were.
    if (erases === 'everything') {
      const { account, clock } = eraser;
      await forgetPeople(tx, { account, source: delivery.connection, now: clock.now() });
    } else if (erases !== undefined && erases.email !== '') {
      await forget(tx, eraser, { connection: delivery.connection, email: erases.email });
    }
    await tx.audited({
      action: 'contact data redacted',
      subject: `delivery:${id}`,
      details: { messages: blanked.messages, topic: delivery.topic, because: 'by hand' },
    });
    return blanked;
  });
  return { outcome: 'erased', ...sum([others, own]) };
}

/** What came before a moment and is needed no more, in small batches. */
export async function eraseFinished(
  eraser: Eraser,
  {
    before,
    because,
    signal,
  }: { readonly before: Instant; readonly because: 'by hand' | 'retention'; readonly signal?: AbortSignal },
): Promise<Erased> {
  const event = { subject: `before ${showInstant(before)}`, because };
  const filter: ReadableFilter = { of: 'finished', before, limit: BATCH };
  return eraseAll(eraser, { filter, event, people: 'keep', ...(signal === undefined ? {} : { signal }) });
}

async function eraseOthers(
  eraser: Eraser,
  {
    delivery: { connection, topic },
    erases,
  }: { readonly delivery: Delivery; readonly erases: Erasing | 'everything' | undefined },
): Promise<ErasedOnDemand> {
  if (erases === undefined) {
    return eraseOrders(eraser, []);
  }
  if (erases !== 'everything') {
    return eraseOrders(eraser, erases.orders, [{ ...erases, connection }]);
  }
  const unread = await firstUnread(eraser, connection);
  if (unread !== undefined) {
    return { outcome: 'not-read-yet', id: unread };
  }
  const filter: ReadableFilter = { of: 'connection', connection, limit: BATCH };
  const event = { subject: connection, because: topic };
  return { outcome: 'erased', ...(await eraseAll(eraser, { filter, event, people: 'forget' })) };
}

async function firstUnread(
  { store: { read } }: Eraser,
  connection: ConnectionId,
): Promise<string | undefined> {
  const accepted = await read.deliveries({ state: 'accepted', limit: UNREAD_MAX });
  return accepted.find((delivery) => delivery.connection === connection)?.id;
}

interface Sweep {
  readonly filter: ReadableFilter;
  readonly event: { readonly subject: string; readonly because: string };
  readonly people: 'forget' | 'keep';
  readonly signal?: AbortSignal;
}

/** The log says that it began, with the first batch: what a crash cuts short is not unlogged. */
async function eraseAll(eraser: Eraser, { filter, event, people, signal }: Sweep): Promise<Erased> {
  const { subject, because } = event;
  const batches: Erased[] = [];
  for (;;) {
    if (signal?.aborted === true) {
      break;
    }
    const erased = await eraser.store.transact(async (tx) => {
      const deliveries = await tx.readable(filter);
      if (deliveries.length > 0 && batches.length === 0) {
        await tx.audited({ action: 'contact data redacted', subject, details: { because } });
      }
      const erased = await blank(tx, eraser, { deliveries, people });
      for (const delivery of deliveries.filter((each) => sortedBy(eraser, each) === undefined)) {
        await close(tx, eraser, { delivery, isRequest: false });
      }
      return erased;
    });
    if (erased.messages === 0) {
      break;
    }
    batches.push(erased);
    // Between two batches what arrives is taken in.
    await eraser.clock.sleep(eraser.clock.now());
  }
  return sum(batches);
}

/** By which a person's answer is understood. They are of nobody, and a number of a house may be that of a month. */
const ANSWERED_BY: readonly string[] = [FIRST_OPEN_DAY, CLOSED_THROUGH, VERSION_FACT];

async function blank(
  tx: Writer,
  eraser: Eraser,
  { deliveries, people }: { readonly deliveries: readonly Delivery[]; readonly people: Sweep['people'] },
): Promise<Erased> {
  const contacts = new Map<OrderKey, Set<string>>();
  const unblanked = deliveries.filter(({ redactedAt }) => redactedAt === undefined);
  for (const delivery of unblanked) {
    const sorted = sortedBy(eraser, delivery);
    const buyer = buyerIn(sorted);
    if (sorted === undefined && delivery.reason !== undefined) {
      // Why it could not be read may quote it.
      await tx.reviseTexts({ delivery: delivery.id }, () => REDACTED);
    }
    if (delivery.order !== undefined) {
      const known = contacts.get(delivery.order) ?? new Set();
      contacts.set(delivery.order, known);
      (buyer === undefined ? [] : contactsOf(buyer)).forEach((contact) => known.add(contact));
    }
    if (buyer !== undefined && buyer.email !== '' && people === 'forget') {
      await forget(tx, eraser, { connection: delivery.connection, email: buyer.email });
    }
    await tx.redactDelivery(delivery.id, eraser.clock.now());
  }
  let texts = 0;
  for (const [order, words] of contacts) {
    const redact = redactorOf([...words]);
    texts += await tx.reviseTexts({ order }, (text, fact) =>
      // A vendor may have named him in words that are not his own: of its answer codes and fields stay.
      fact !== undefined && ANSWERED_BY.includes(fact) ? text : redact(withoutQuotation(text, fact)),
    );
  }
  return { messages: unblanked.length, texts, orders: [...contacts.keys()], unreadable: [] };
}

async function forget(
  tx: Writer,
  { account, clock }: Eraser,
  { connection, email }: { readonly connection: ConnectionId; readonly email: string },
): Promise<void> {
  await forgetPerson(tx, { account, source: connection, email, now: clock.now() });
}

/** A held message waits no longer: what it asked is done, or nobody can read it any more. */
async function close(
  tx: Writer,
  { clock }: Eraser,
  { delivery, isRequest }: { readonly delivery: Delivery; readonly isRequest: boolean },
): Promise<void> {
  if (delivery.state !== 'held') {
    return;
  }
  for (const { id } of await tx.holds({ delivery: delivery.id, isOpen: true })) {
    await tx.closeHold(id, { at: clock.now(), because: 'Redacted by hand' });
  }
  await tx.settleDelivery(delivery.id, { state: 'ignored', reason: delivery.reason ?? REDACTED });
  // Why it could not be read may quote it; a request names orders only.
  if (!isRequest) {
    await tx.reviseTexts({ delivery: delivery.id }, () => REDACTED);
  }
}

const REDACTED = 'Its content was redacted';

/** What the message says, or nothing when it cannot be read. */
function sortedBy({ sources }: Eraser, delivery: Delivery): Sorted | undefined {
  try {
    return sources.get(delivery.connection)?.sort(delivery);
  } catch {
    // It is blanked all the same; its content was never understood, so nothing quotes it.
    return undefined;
  }
}

function buyerIn(sorted: Sorted | undefined): Buyer | undefined {
  return sorted?.kind === 'order' ? sorted.snapshot.buyer : undefined;
}

function sum(parts: readonly Erased[]): Erased {
  return {
    messages: parts.reduce((count, { messages }) => count + messages, 0),
    texts: parts.reduce((count, { texts }) => count + texts, 0),
    orders: [...new Set(parts.flatMap(({ orders }) => orders))],
    unreadable: parts.flatMap(({ unreadable }) => unreadable),
  };
}
