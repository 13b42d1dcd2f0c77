import type { FailureCode } from '#core/failure.ts';
import type { ConnectionId, OrderKey } from '#core/ids.ts';
import type { Buyer, Order } from '#core/order.ts';
import type { Bookable, Settlement } from '#core/settlement.ts';
import type { Instant, LocalDate, Zone } from '#core/time.ts';

/** A shop or seller whose orders arrive: the port that each vendor's adapter is, and what it tells. */

/** A message as it came in, before anything is known about it. */
export interface Incoming {
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

/** A message whose origin is proven. */
export interface Authentic {
  readonly connection: ConnectionId;
  /** Unique within the connection, for ever: a second message with it is the same message. */
  readonly externalId: string;
  readonly topic: string;
  /** Kept with the body: the few that tell something later, never a signature. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** `why` is for the log; the sender is told the title where there is one, else the same. */
export interface Refusal {
  readonly why: string;
  readonly title?: string;
}

export type Verdict =
  | { readonly proof: 'authentic'; readonly message: Authentic }
  /** Authentic too, but about the way in itself, and done: there is nothing to store. */
  | { readonly proof: 'answered'; readonly what: string }
  | ({ readonly proof: 'refused' } & Refusal);

/** An order as one message shows it, with the contact data of its buyer. */
export interface Snapshot {
  readonly order: Order;
  readonly buyer: Buyer;
}

/** What a stored message is about. */
export type Sorted =
  | { readonly kind: 'order'; readonly snapshot: Snapshot }
  /** A payout with the fees in it, a subject beside the orders. */
  | { readonly kind: 'settlement'; readonly settlement: Settlement }
  /** It names an order without showing it: the order must be asked for. */
  | {
      readonly kind: 'touch';
      readonly order: OrderKey;
      readonly why: string;
      /** When it happened: a body of the order from then or later already shows it. */
      readonly at?: Instant;
    }
  | { readonly kind: 'deleted'; readonly order: OrderKey }
  /** Nothing to book and nothing to do. */
  | { readonly kind: 'ignored'; readonly code: FailureCode; readonly detail: string }
  /** Nothing to book, and a person must know. */
  | {
      readonly kind: 'held';
      readonly code: FailureCode;
      readonly detail: string;
      /** The contact data that it asks to be erased: of these orders, or of all that the connection ever sent. */
      readonly erases?: Erasing | 'everything';
    };

/** Whose contact data is to be erased. */
export interface Erasing {
  readonly orders: readonly OrderKey[];
  /** By which messages name the person, as they stand there: an id, an address, a phone number. */
  readonly person: readonly string[];
  /** Empty when it is not told. */
  readonly email: string;
}

export interface Source {
  readonly connection: ConnectionId;
  /** Whether the source can be asked for an order; else only what arrives is known. */
  readonly canRead: boolean;
  /** What is missing when it cannot be asked, in words for an operator ("SHOPIFY_API_KEY and SHOPIFY_API_SECRET"). */
  readonly readNeeds: string;
  /**
   * Why no body could make a message with these headers authentic; nothing when the body decides. It is asked before a body is
   * read, so that who sends what cannot be authentic costs nothing. Never throws.
   */
  refusalUnread(headers: Incoming['headers']): Refusal | undefined;
  /**
   * Proves a message's origin on its raw bytes, in constant time. Throws a Failure to retry where that cannot be told now:
   * then the sender must come again.
   */
  verify(incoming: Incoming): Promise<Verdict>;
  /** Reads a stored message. Throws a Failure `delivery-…` when it cannot be read: nothing is guessed. */
  sort(message: Pick<Authentic, 'topic' | 'body'>): Sorted;
  /** When an order that can wait may be asked for, so that those that cannot are answered at once; nothing when it may now. */
  spareAt(): Instant | undefined;
  /**
   * Asks for the newest state of an order; the answer is stored and sorted like any message. `shown` is the newest that is
   * known: an answer that must leave out what that told is no answer. Throws a Failure.
   */
  read(
    order: OrderKey,
    shown?: Bookable,
  ): Promise<Pick<Authentic, 'externalId' | 'topic' | 'headers' | 'body'>>;
}

/** A source that can be asked what changed, whether a message told it or not. */
export interface Swept extends Source {
  /** Milliseconds, many minutes, by which each question reaches behind the last one: lists are late, and clocks differ. */
  readonly overlapMs: number;
  /** Milliseconds by which the very first reaches back. What came before is a matter of backfill. */
  readonly firstMs: number;
  /** One page of what changed. Throws a Failure. */
  changed(asked: ChangedSince): Promise<Changes>;
  /** One page of the orders that were placed on these days, as they are now. Throws a Failure. */
  placed(days: PlacedOn): Promise<Changes>;
}

export interface ChangedSince {
  /** By the overlap before the newest change that is known. */
  readonly since: Instant;
  /** When that happened: a list that is not so late need not be walked from so far back. */
  readonly newest: Instant;
  /** Says where to go on. */
  readonly token?: string;
}

export interface PlacedOn {
  /** The first day and the last. */
  readonly since: LocalDate;
  readonly until: LocalDate;
  /** Where these days begin; else where the source's own do. */
  readonly zone?: Zone;
  readonly token?: string;
}

/** A page of what a source lists. */
export interface Changes {
  readonly changes: readonly Change[];
  /** Absent on the last page. */
  readonly next?: string;
}

export interface Change {
  readonly order: OrderKey;
  /** A state of the order from then or later shows it; absent where no state tells. */
  readonly at?: Instant;
  /** What is stored of it, once for ever. */
  readonly message: FoundMessage;
  /** Where two changes may bear one moment: whether a known state of that moment shows the later one, and what is stored else. */
  readonly within?: { readonly isShownBy: (known: Bookable) => boolean; readonly message: FoundMessage };
}

type FoundMessage = Pick<Authentic, 'externalId' | 'topic' | 'headers' | 'body'>;

/** The topic under which a source's answers to our own questions are stored among the deliveries. */
export const READ_TOPIC = 'counterfoil/read';
/** The topic of a change that no message told and the source was asked for. */
export const FOUND_TOPIC = 'counterfoil/found';
