import type { Alarm, Telling } from '#core/alarm.ts';
import type { AlarmMessage } from '#core/alarm-message.ts';
import type {
  ClientStep,
  CreditNoteStep,
  ExpenseStep,
  InvoiceDocument,
  InvoiceStep,
  LinesStep,
  PaymentChangeStep,
  PaymentStep,
  SentStep,
  VoidStep,
} from '#core/document.ts';
import type { AuditEvent, AuditRow, AuditVerdict } from '#core/audit.ts';
import type { Fact, FailureCode } from '#core/failure.ts';
import type { ConnectionId, OrderKey } from '#core/ids.ts';
import type { BookedInvoice, BookedPayment, Entry, Hold, Receipt } from '#core/ledger.ts';
import type { DeliveryState, OrderState } from '#core/lifecycle.ts';
import type { Money } from '#core/money.ts';
import type { Buyer } from '#core/order.ts';
import type { Decisions } from '#core/plan-terms.ts';
import type { Rules } from '#core/rules.ts';
import type { Bookable } from '#core/settlement.ts';
import type { Instant } from '#core/time.ts';
import type { Authentic } from './source.ts';

/**
 * What the pipeline needs of the world beside its sources (source.ts). Each port has one contract suite in tests/contract that
 * every implementation passes.
 */

// ── Books: the accounting account that is written to ────────────────────────────────────────────────────────────────

/** A step with what it needs beside its figures. Contact data is here and not in the step, which is kept. */
/** `buyer`: whose words no refusal may repeat. Absent when he was redacted here, so that nobody can tell them. */
export type Task = { readonly buyer?: Buyer } & TaskOfKind;

type TaskOfKind =
  | { readonly kind: 'client'; readonly step: ClientStep; readonly buyer: Buyer }
  | {
      readonly kind: 'invoice';
      readonly step: InvoiceStep;
      readonly buyer: Buyer;
      readonly clientId?: string;
      /** It may stand under another number than rules and settings of today make. */
      readonly isNumberedAnew?: boolean;
      /** Any invoice of the order but these (their ids) is meant, whichever of them it was made as. */
      readonly anyBut?: readonly string[];
    }
  | ({ readonly kind: 'lines'; readonly step: LinesStep; readonly last: LastWritten } & PaymentsApart)
  | ({ readonly kind: 'void'; readonly step: VoidStep; readonly last: LastWritten } & PaymentsApart)
  | {
      readonly kind: 'sent';
      readonly step: SentStep;
      readonly last: LastWritten;
      /** Read a moment ago, as it was last written; else it is read first. */
      readonly isJustRead: boolean;
    }
  | {
      readonly kind: 'payment';
      readonly step: PaymentStep;
      readonly invoiceId: string;
      /** What the invoice has outstanding when it was read a moment ago; else it is read first. */
      readonly outstanding?: Money;
      /** An invoice that is read and has another total than this was changed by a person. */
      readonly last?: LastWritten;
      /** Ids of the order's payments, where a restore may have forgotten others. */
      readonly known?: readonly string[];
    }
  | {
      readonly kind: 'payment-change';
      readonly step: PaymentChangeStep;
      readonly payment: BookedPayment;
      readonly invoiceId: string;
      readonly edits: Edits;
    }
  | {
      readonly kind: 'expense';
      readonly step: ExpenseStep;
      /** It may stand under another day than it would be made on today. */
      readonly isDatedAnew?: boolean;
    }
  | { readonly kind: 'credit-note'; readonly step: CreditNoteStep; readonly clientId: string };

/** An invoice as we last wrote it: what stands otherwise was changed by a person. */
export interface LastWritten {
  readonly invoice: BookedInvoice;
  /** Absent where the invoice was found standing before its client was known. */
  readonly clientId?: string;
  readonly paid: Money;
  readonly edits: Edits;
}

/** Its payments are changed before it, and looked at then: what is paid on it is none of its edits. */
interface PaymentsApart {
  readonly arePaymentsApart?: true;
}

/**
 * What a person said of edits in the books: ask about them; or of the very version whose fingerprint the question showed,
 * write over it, or leave it and answer with what stands, as accepted.
 */
export type Edits = { readonly say: 'ask' } | { readonly say: 'overwrite' | 'accept'; readonly seen: string };

/** The fact of a question about edits that holds the fingerprint of what stands. */
export const VERSION_FACT = 'Version';

/** What stands in the books for a task. */
export type Standing =
  /** `isAnswered`: what a person changed stands in its place, and he has said what is to become of it. */
  | { readonly state: 'absent'; readonly isAnswered?: true }
  /** Ours, or made by hand for this very order and equal: adopted. */
  | { readonly state: 'standing'; readonly receipt: Receipt }
  /** Our number, on something that has nothing to do with this order. */
  | { readonly state: 'foreign'; readonly detail: string }
  /** A person must decide whether it is this order's. */
  | {
      readonly state: 'unclear';
      readonly code: FailureCode;
      readonly detail: string;
      readonly facts: readonly Fact[];
    };

export interface Books {
  readonly connection: ConnectionId;
  /** Looks for what stands, comparing every field it relies on. Changes nothing. Throws a Failure. */
  find(task: Task): Promise<Standing>;
  /**
   * Makes one write and reads back what the books made of it. Throws a Failure whose `effect` tells whether it may have
   * happened. A payment is capped by what is outstanding; a mail to the buyer is never asked for. What a person changed
   * since we last wrote is not written over: a Failure `books-invoice-edited` or `books-payment-edited` shows both versions.
   */
  apply(task: Task): Promise<Receipt>;
  /** Whether the books' own arithmetic can be brought to the document's total. Pure. */
  fits(document: InvoiceDocument): boolean;
  /** Completes a client we found: fills its empty fields from the buyer, overwrites none. */
  fillClient(clientId: string, buyer: Buyer): Promise<void>;
  /** When an order that can wait may be worked on, so that those that cannot find room; nothing when it may now. */
  spareAt(): Promise<Instant | undefined>;
}

// ── Store: the truth ────────────────────────────────────────────────────────────────────────────────────────────────

export interface Delivery extends Authentic {
  readonly id: string;
  /** Of the body as it came, also after it was blanked. */
  readonly bodySha256: string;
  /** When body and headers were blanked, because they hold contact data; absent while they are whole. */
  readonly redactedAt?: Instant;
  readonly receivedAt: Instant;
  readonly state: DeliveryState;
  readonly order?: OrderKey;
  readonly reason?: string;
}

/** Everything known of an order beside its entries, holds and deliveries. */
export interface OrderRecord {
  readonly key: OrderKey;
  readonly connection: ConnectionId;
  readonly name: string;
  readonly state: OrderState;
  /** When to work on it; absent while nothing is to be done. */
  readonly dueAt?: Instant;
  /** Failed attempts since the last success; waits do not count. */
  readonly attempts: number;
  readonly firstFailedAt?: Instant;
  /** What the last of them failed with. */
  readonly failedCode?: FailureCode;
  /** Orders of which messages come before those that were found: lower is sooner. */
  readonly priority: number;
  /** The delivery that shows the newest state. */
  readonly newestDelivery?: string;
  /** The source's own time of that state. */
  readonly stamp?: Instant;
  /** The newest state, without contact data. */
  readonly snapshot?: Bookable;
  /** Set by the first posted entry, for ever; only `replan` puts another in its place. */
  readonly rulesVersion?: string;
  /** Suffix of the invoice number: 1 is none. */
  readonly numberVariant: number;
  readonly reread?: Reread;
  readonly isDeleted: boolean;
  readonly decisions: Decisions;
  /** Why it is skipped, held or waiting. */
  readonly reason?: string;
  /** The account that is down and that it waits for; kept until it is taken up again. */
  readonly waitsFor?: string;
  /** Since when it has waited, time after time, because a limit of calls was used up. */
  readonly limitedSince?: Instant;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

/** The source must be asked for an order, because what arrived does not tell its state. */
export interface Reread {
  readonly why: string;
  readonly since: Instant;
  /** When the change happened that was not shown: a body from then or later shows it. */
  readonly at?: Instant;
  /** Nothing may be booked on what is known: it is ambiguous. */
  readonly isBlocking: boolean;
}

/** A right to work on something until a moment. The fence grows with each holder and is checked at every write. */
export interface Lease {
  readonly key: string;
  readonly holder: string;
  readonly fence: bigint;
}

/** A client of the books that belongs to a customer of a source. */
export interface ClientMapping {
  readonly account: string;
  readonly source: ConnectionId;
  readonly customerId: string;
  readonly externalId: string;
  /** Names of the buyer's fields that the client is known to hold; never their content. */
  readonly filledFields: readonly string[];
}

/** An account that must not be called until a moment, or until a person acts when there is none. */
export interface Pause {
  readonly account: string;
  readonly until?: Instant;
  readonly reason: string;
  /** Of the failure that paused it. */
  readonly code?: FailureCode;
  /** It is down: at `until` one order tries. */
  readonly outage?: Outage;
}

export interface Outage {
  /** When the first order failed. */
  readonly since: Instant;
  /** How many orders have tried in vain. */
  readonly probes: number;
}

/** Something an operator should know once. */
export interface Notice {
  /** Told once for each key. */
  readonly key: string;
  readonly sentence: string;
  readonly order?: OrderKey;
  readonly at: Instant;
}

/** What the queue carries: the name of something to look at. The database says what is to be done. */
export type WakeKey = `delivery:${string}` | `order:${OrderKey}`;

/** The setting that is another one each time an account is cleared: what was asked before that and is refused after it says nothing. */
export function clearedSetting(account: string): string {
  return `pause-cleared:${account}`;
}

/** The setting with the moment of a restore: what was booked since the backup stands in the books alone, and is looked for first. */
export const RESTORED_SETTING = 'restored-at';
/** What follows is a source: the setting with the moment from which on it is swept. What changed before was there before the program. */
export const SWEPT_FROM_SETTING = 'swept-from:';

export interface Reader extends WatchReader {
  /** Accepted deliveries and due orders without a live lease, most urgent first. */
  dueKeys(now: Instant, limit: number): Promise<readonly WakeKey[]>;
  delivery(id: string): Promise<Delivery | undefined>;
  /** Oldest first; of more than a thousand the newest. */
  deliveriesOf(order: OrderKey): Promise<readonly Delivery[]>;
  /** Newest first. */
  deliveries(filter: { readonly state: DeliveryState; readonly limit: number }): Promise<readonly Delivery[]>;
  order(key: OrderKey): Promise<OrderRecord | undefined>;
  /** Newest first. */
  orders(filter: OrderFilter): Promise<readonly OrderRecord[]>;
  orderCounts(): Promise<Readonly<Partial<Record<OrderState, number>>>>;
  /** When one of those that are due, now or later, was written last; nothing where none is. */
  dueWrittenAt(): Promise<Instant | undefined>;
  /** In the order in which they were intended. */
  entriesOf(order: OrderKey): Promise<readonly Entry[]>;
  /** Page by page through all orders, by key, each with its entries that are not voided. A page that is not full is the last. */
  ledgers(page: LedgerPage): Promise<readonly OrderLedger[]>;
  holds(filter: HoldFilter): Promise<readonly Hold[]>;
  clientMapping(
    key: Pick<ClientMapping, 'account' | 'source' | 'customerId'>,
  ): Promise<ClientMapping | undefined>;
  pause(account: string): Promise<Pause | undefined>;
  rules(version: string): Promise<Rules | undefined>;
  notices(): Promise<readonly Notice[]>;
  /** A small fact about a connection or the program ("account", "compact-numbers"), as text. */
  setting(key: string): Promise<string | undefined>;
  /** A secret that was sealed at rest, opened. */
  secret(key: string): Promise<string | undefined>;
  /** Messages whose content is still here, oldest first. */
  readable(filter: ReadableFilter): Promise<readonly Delivery[]>;
  /** Newest first; `before`: only rows with a lower number. */
  audit(filter: { readonly before?: number; readonly limit: number }): Promise<readonly AuditRow[]>;
  /** Walks the whole chain, and compares its end with what was sealed. */
  verifyAudit(): Promise<AuditVerdict>;
  session(id: string): Promise<AdminSession | undefined>;
}

/**
 * What came before a moment and is needed no more: its order is settled or skipped, or it is no order's. Or all that was read
 * of a connection, or all of an order. Or what is no order's, also what is not read yet, after a message.
 */
export type ReadableFilter =
  | { readonly of: 'finished'; readonly before: Instant; readonly limit: number }
  | { readonly of: 'connection'; readonly connection: ConnectionId; readonly limit: number }
  | { readonly of: 'order'; readonly order: OrderKey; readonly limit: number }
  | {
      readonly of: 'no order';
      readonly connection: ConnectionId;
      readonly after?: string;
      readonly limit: number;
    };

/** Somebody who is logged in. */
export interface AdminSession {
  /** A hash of what his browser holds: it opens nothing. */
  readonly id: string;
  readonly openedAt: Instant;
  readonly seenAt: Instant;
  /** However much it is used. */
  readonly endsAt: Instant;
}

/** What the watch for alarms looks at: it reads often, so each of these is cheap and bounded. */
export interface WatchReader {
  pauses(): Promise<readonly Pause[]>;
  /** Open holds, oldest first, by what they hold: several steps of one order with one code are one. */
  openQuestions(limit: number): Promise<Listed<OpenQuestion>>;
  /** The same counted: how many wait of each code, orders and messages apart, the longest first. */
  questionCauses(): Promise<readonly QuestionCause[]>;
  /** What is due and was not taken up, and what waits because a limit of calls is used up. */
  backlog(now: Instant): Promise<Backlog>;
  /** Whether so many messages and orders or more are under way, due or not. */
  isBusy(count: number): Promise<boolean>;
  /** Orders that have failed since then or longer, are tried again by themselves and wait for no account, the longest first. */
  failingOrders(terms: {
    readonly failedBefore: Instant;
    readonly limit: number;
  }): Promise<Listed<FailingOrder>>;
  /** Orders under way, or waiting for no account, one of whose invoices was posted before then, the longest first. */
  invoicedUnsettled(terms: {
    readonly postedBefore: Instant;
    readonly limit: number;
  }): Promise<readonly OrderRecord[]>;
  /** Those that hold, and those that were over later than this; oldest first. */
  alarms(terms: { readonly overAfter: Instant }): Promise<readonly Alarm[]>;
}

/** The first of something, and how many there are. */
export interface Listed<T> {
  readonly first: readonly T[];
  readonly count: number;
}

export interface OpenQuestion {
  readonly code: FailureCode;
  readonly openedAt: Instant;
  readonly order?: { readonly key: OrderKey; readonly name: string };
  readonly delivery?: string;
  readonly connection?: ConnectionId;
}

export interface QuestionCause {
  readonly code: FailureCode;
  readonly of: 'orders' | 'messages';
  readonly count: number;
  readonly openedAt: Instant;
}

export interface Backlog {
  /** Orders and messages. */
  readonly count: number;
  readonly oldestAt?: Instant;
}

export interface FailingOrder {
  readonly key: OrderKey;
  readonly name: string;
  readonly connection: ConnectionId;
  readonly firstFailedAt: Instant;
  readonly failedCode?: FailureCode;
}

/** Of a search: longer than any name or key of an order. SQLite refuses to look for some tens of thousands. */
export const SEARCH_CHARACTERS_MAX = 200;

export interface OrderFilter {
  readonly state?: OrderState;
  /** Part of a name or the whole id; at most `SEARCH_CHARACTERS_MAX`. */
  readonly search?: string;
  /** Only those whose first message came then or later. */
  readonly receivedSince?: Instant;
  /** The last order of the page before: only those that follow it. */
  readonly after?: Pick<OrderRecord, 'createdAt' | 'key'>;
  readonly limit: number;
}

export interface LedgerPage {
  /** The last key of the page before; absent for the first. */
  readonly after?: OrderKey;
  readonly limit: number;
}

export interface OrderLedger {
  readonly record: OrderRecord;
  readonly entries: readonly Entry[];
}

export interface HoldFilter {
  readonly order?: OrderKey;
  readonly delivery?: string;
  readonly isOpen?: boolean;
}

export interface Writer extends Reader {
  /** Stores a message once for its external id; an id that comes again with another body is stored beside the first. */
  acceptDelivery(
    message: Authentic,
    receivedAt: Instant,
  ): Promise<{ readonly id: string; readonly isNew: boolean }>;
  settleDelivery(
    id: string,
    outcome: { readonly state: DeliveryState; readonly order?: OrderKey; readonly reason?: string },
  ): Promise<void>;
  putOrder(record: OrderRecord): Promise<void>;
  /**
   * Of the orders that wait for an account makes one due then: that failed least, and the most urgent of those. Another that was to
   * be due then is due otherwise.
   */
  appointWaiting(
    account: string,
    terms: { readonly at: Instant; readonly otherwiseAt: Instant },
  ): Promise<void>;
  /** Fails on a second live entry of the same order, kind and slot: the last defence against booking twice. */
  addEntry(entry: Omit<Entry, 'id'>): Promise<string>;
  putEntry(entry: Entry): Promise<void>;
  openHold(hold: Omit<Hold, 'id' | 'closedAt' | 'closedBecause'>): Promise<void>;
  closeHold(id: string, closed: { readonly at: Instant; readonly because: string }): Promise<void>;
  mapClient(mapping: ClientMapping): Promise<void>;
  /** Nothing when somebody else holds it until later than now. */
  takeLease(
    key: string,
    terms: { readonly holder: string; readonly now: Instant; readonly until: Instant },
  ): Promise<Lease | undefined>;
  /** Whether it is still ours; prolongs it if so. */
  keepLease(lease: Lease, until: Instant): Promise<boolean>;
  releaseLease(lease: Lease): Promise<void>;
  /** At the start of the only server: the holders of these leases are dead, and what they worked on is due. */
  voidOrderLeases(now: Instant): Promise<number>;
  setPause(pause: Pause): Promise<void>;
  /** Harmless where there is none; orders that wait for the account are due. */
  clearPause(account: string): Promise<void>;
  /**
   * Follows a clock that was set back by so much: what is waited for and since when something is so, where it is later than now, is so
   * much earlier, and no lease stands for longer than `leaseMs`. What has happened keeps its moment.
   */
  moveBack(terms: { readonly now: Instant; readonly ms: number; readonly leaseMs: number }): Promise<void>;
  putRules(version: string, rules: Rules): Promise<void>;
  /** Whether it is told for the first time. */
  tell(notice: Notice): Promise<boolean>;
  putSetting(key: string, value: string): Promise<void>;
  /** Harmless where it was never put. */
  dropSetting(key: string): Promise<void>;
  putSecret(key: string, value: string): Promise<void>;
  /** Blanks a message's body and headers; its hash, id and topic stay. Harmless when repeated. */
  redactDelivery(id: string, at: Instant): Promise<void>;
  /**
   * Rewrites every sentence that is stored about an order or a message, values of facts with their name, and tells how many
   * changed; figures are none. Requests and answers of refused writes are blanked.
   */
  reviseTexts(
    about: { readonly order: OrderKey } | { readonly delivery: string },
    revise: (text: string, fact?: string) => string,
  ): Promise<number>;
  /** Harmless where there is none. */
  dropClient(key: Pick<ClientMapping, 'account' | 'source' | 'customerId'>): Promise<void>;
  /** All of a source whose customer's id begins so. */
  dropClients(of: Pick<ClientMapping, 'account' | 'source'> & { readonly prefix: string }): Promise<void>;
  /** Forgets that a lease ever was, when it was released or ran out before the moment; one that somebody may hold stays. */
  dropLease(key: string, before: Instant): Promise<void>;
  /** All such whose key begins so. */
  dropLeases(of: { readonly prefix: string; readonly before: Instant }): Promise<void>;
  /** Adds a row to the audit log. */
  audited(event: AuditEvent): Promise<void>;
  /** Writes an alarm; its tellings stay as they were told. */
  putAlarm(alarm: Alarm): Promise<void>;
  putTelling(key: string, telling: Telling): Promise<void>;
  /** With its tellings; harmless where there is none. */
  dropAlarm(key: string): Promise<void>;
  /** Drops those that were over before then. */
  forgetAlarms(overBefore: Instant): Promise<void>;
  /** One that stands is written over. */
  putSession(session: AdminSession): Promise<void>;
  /** Harmless where there is none. */
  dropSession(id: string): Promise<void>;
  /** Drops those that ended, or were used last, until then; of the others the newest stay, so many at most. Tells how many went. */
  forgetSessions(terms: {
    readonly endsUntil?: Instant;
    readonly seenUntil?: Instant;
    readonly most: number;
  }): Promise<number>;
  /** Runs once this transaction is durable, and never when it is rolled back. */
  afterCommit(action: () => void): void;
}

export interface Store {
  readonly read: Reader;
  /**
   * One serializable transaction: durable when the promise resolves, gone when it rejects. `work` awaits nothing but the
   * writer. Throws a Failure `database-…` for what the disk or another process does.
   */
  transact<T>(work: (tx: Writer) => Promise<T>): Promise<T>;
  /**
   * Has what was blanked leave the disk too, as far as other processes let it: whether it is gone. In place, which takes
   * milliseconds, a piece may stay in the gap that a row left which was moved; a file that is rewritten has no gaps, and
   * nothing else is written meanwhile.
   */
  scrub(how: 'in place' | 'rewritten'): Promise<boolean>;
  close(): Promise<void>;
}

// ── Queue: only a wake-up ───────────────────────────────────────────────────────────────────────────────────────────

export interface Queue {
  /** Asks for one run of this key, soon. A wake during its run causes one more run; several cause one. */
  wake(key: WakeKey): void;
  /** Starts runs, several keys at once, one key never twice at once. `run` does not reject. */
  start(run: (key: WakeKey, signal: AbortSignal) => Promise<void>): void;
  /** Starts no more runs and waits for those under way; tells them by their signal. Harmless when repeated. */
  stop(): Promise<void>;
}

// ── Events: what a person or a metric should hear ───────────────────────────────────────────────────────────────────

export interface PipelineEvent {
  /** "delivery accepted", "invoice posted", "order held" … : one of the six verbs, or what became of it. */
  readonly name: string;
  /** `debug` is what a stranger may cause as often as he likes. */
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: Readonly<Record<string, string | number | boolean>>;
}

export type Emit = (event: PipelineEvent) => void;

// ── Alarm channel: where a person is reached ────────────────────────────────────────────────────────────────────────

export interface AlarmChannel {
  /** "mail-1", "slack", "webhook": stands in logs and messages, so it holds no address. */
  readonly name: string;
  /**
   * Sends one message once, within a bounded time. Throws a Failure when it is not certain that it was taken; its text holds
   * no secret, no address and nothing of the answer that could hold one.
   */
  send(message: AlarmMessage): Promise<void>;
}
