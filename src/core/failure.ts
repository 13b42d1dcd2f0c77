import type { Instant } from './time.ts';

/** Did it happen? `none`: certainly not. `unknown`: it may have, so find before you retry. */
export type Effect = 'none' | 'unknown';

/** Who acts: the program again, the owner at the consent page, a person who looks, or nobody. */
export type Remedy = 'retry' | 'reauthorize' | 'review' | 'ignore';

interface Catalogued {
  readonly remedy: Remedy;
  /** What an operator reads: what is wrong and what to do. Documented in docs/errors.md, both ways tested. */
  readonly sentence: string;
}

/** Every way in which the world can refuse us. */
export const CATALOGUE = {
  // Deliveries
  'delivery-empty': {
    remedy: 'review',
    sentence:
      'The shop sent an authentic message with no content. If an order is missing here, change something harmless on it there (a note), so that it comes again; then decide: keep',
  },
  'delivery-not-json': {
    remedy: 'review',
    sentence:
      'The shop sent an authentic message that is not JSON. It is kept as received; nothing was booked',
  },
  'delivery-malformed': {
    remedy: 'review',
    sentence:
      'A field of the order is missing or has the wrong form. The message is kept as received; nothing was booked',
  },
  'delivery-of-another-topic': {
    remedy: 'review',
    sentence:
      'An authentic message came under a topic that its content is not of: perhaps somebody sent again what he overheard. It is kept as received; nothing was done by it',
  },
  'delivery-topic-unknown': {
    remedy: 'ignore',
    sentence: 'The message is about something that is not booked. It is kept and nothing else happens',
  },
  'delivery-compliance': {
    remedy: 'review',
    sentence: 'The shop passes on a request about personal data. Answer it within 30 days',
  },
  'delivery-shop-uninstalled': {
    remedy: 'review',
    sentence: 'The app was removed from the shop. New orders will not arrive until it is installed again',
  },
  // Orders
  'order-sums-differ': {
    remedy: 'review',
    sentence:
      'The order does not add up by its lines, discounts, shipping and taxes, so it is not booked. Book it in FreshBooks, then decide: keep. A test message of the shop is not to be booked',
  },
  'order-amounts-missing': {
    remedy: 'review',
    sentence:
      'The channel shows no amounts of an order that it says was shipped. Nothing is booked or changed; look there, then retry',
  },
  'order-tax-untold': {
    remedy: 'review',
    sentence:
      'Prices there hold the tax, and the channel does not tell it. Choose what it is for this country: the rule untold_tax',
  },
  'order-tax-withheld': {
    remedy: 'review',
    sentence:
      'The channel, or who sells there in its own name, remits tax on the order, and the order does not say of what. See there whose tax it is, book or correct it in FreshBooks, then decide keep',
  },
  'order-cash-unclear': {
    remedy: 'review',
    sentence:
      'The shop tells two things about the money of the order. No payment is booked or changed on it; look what came, and correct the order in the shop; or record it in FreshBooks, then decide: keep',
  },
  'order-needs-reread': {
    remedy: 'review',
    sentence:
      'The message alone does not tell the order’s state, and the shop could not be asked because no API access was configured. Configure it, then retry',
  },
  'order-deleted': {
    remedy: 'review',
    sentence:
      'The order was deleted in the shop. Its invoice is left as it stands; keep, correct or delete it in FreshBooks, then decide: keep',
  },
  'order-changing': {
    remedy: 'retry',
    sentence: 'The order kept changing in the shop while it was being read. It is read again by itself',
  },
  'order-changed': {
    remedy: 'review',
    sentence:
      'Lines, taxes or the worth of the order changed after its invoice could not be changed any more. The invoice is left as it stands; book the difference in FreshBooks, then decide',
  },
  'order-reduced': {
    remedy: 'review',
    sentence:
      'The order was reduced after its invoice could not be changed any more, and no money went back. It is booked when the shop pays the difference back; else decide',
  },
  'order-worth-negative': {
    remedy: 'review',
    sentence:
      'More was paid back than is left of the order, which no invoice can hold. Book the rest in FreshBooks as you see fit, then decide',
  },
  'order-refunds-unclear': {
    remedy: 'review',
    sentence:
      'The refunds of the order do not add up by their lines and transactions, so nothing is changed in the books. Look in the shop, then retry',
  },
  'order-cancelled': {
    remedy: 'review',
    sentence:
      'The order was cancelled in the shop, and its invoice is not ours. It is left as it stands; correct it in FreshBooks, then decide: keep',
  },
  'order-refunded': {
    remedy: 'review',
    sentence:
      'The shop refunded money or reduced the order, and its invoice is not ours. Invoice and payment are left as they stand; book the refund in FreshBooks, then decide: keep',
  },
  'refund-category-missing': {
    remedy: 'review',
    sentence:
      'A refund that cannot be taken off its invoice any more is booked as an expense, and no category is chosen for it. Choose one: the rule refund_category',
  },
  'refund-unbooked': {
    remedy: 'review',
    sentence:
      'A refund cannot be booked as things stand, for the reason that is shown. Book it in FreshBooks, then decide: keep',
  },
  'fee-category-missing': {
    remedy: 'review',
    sentence:
      'The fees of a settlement are booked as an expense, and no category is chosen for them. Choose one: the rule fee_category',
  },
  'settlement-open': {
    remedy: 'retry',
    sentence: 'The channel may still add to the settlement. It is asked again by itself when that is over',
  },
  'settlement-unclear': {
    remedy: 'review',
    sentence:
      'The amounts of a settlement cannot all be told, so its fees are not booked. Compare it with the settlement report, book it in FreshBooks and decide keep; or retry',
  },
  'settlement-changed': {
    remedy: 'review',
    sentence:
      'A settlement holds fewer fees now than were booked of it. Nothing is changed; correct the expense in FreshBooks, then decide keep',
  },
  'refund-both-ways': {
    remedy: 'review',
    sentence:
      'One refund went partly to store credit and partly back as money, and its lines do not tell which. Book it in FreshBooks, then decide',
  },
  'refund-credit-shared': {
    remedy: 'review',
    sentence:
      'Store credit is a credit note of its buyer, and this order is on the shared client, where anybody could spend it. Book it in FreshBooks, then decide',
  },
  'period-closed': {
    remedy: 'review',
    sentence:
      'The day is closed in the books. Decide: book it on the first open day, or it is in the books already',
  },
  'order-overpaid': {
    remedy: 'review',
    sentence:
      'The shop has more of the buyer’s money than the invoice holds: what it pays back later closes this. Of a payment recorded by hand in FreshBooks, delete that and retry, or decide: keep',
  },
  'order-buyer-redacted': {
    remedy: 'review',
    sentence:
      'What is to be booked needs the buyer’s name and address, and they were redacted here. Have the shop send the order again; or book it in FreshBooks, then decide: keep',
  },
  'order-disputed': {
    remedy: 'review',
    sentence:
      'A buyer disputes a payment with his bank. Nothing of it is booked by itself: book it in FreshBooks as it ends, then decide: keep',
  },
  'order-rounding-too-large': {
    remedy: 'review',
    sentence:
      'FreshBooks would compute taxes that differ from the charged ones by more than rounding explains. Book the order in FreshBooks, then decide: keep',
  },
  // Books
  'books-total-differs': {
    remedy: 'review',
    sentence:
      'FreshBooks computed another total than the shop charged. The invoice is left a draft and enters no report',
  },
  'books-number-too-long': {
    remedy: 'retry',
    sentence:
      'FreshBooks refuses invoice numbers of this length. The shorter number template is used from now on',
  },
  'books-negative-refused': {
    remedy: 'review',
    sentence:
      'FreshBooks refuses an amount below nothing, and nothing of this document can be put in another way. Book it in FreshBooks, then decide: keep',
  },
  'books-number-foreign': {
    remedy: 'retry',
    sentence:
      'The invoice number is taken by an invoice of something else. A number with a suffix is used instead',
  },
  'books-number-taken': {
    remedy: 'review',
    sentence:
      'The invoice number is taken by an invoice that cannot be seen, perhaps a deleted one. Restore or renumber it in FreshBooks, then retry',
  },
  'books-invoice-unclear': {
    remedy: 'review',
    sentence:
      'An invoice that carries this order’s number was made by hand or another program and differs from the order. Decide which one stands, then retry',
  },
  'books-invoice-deleted': {
    remedy: 'review',
    sentence:
      'The order’s invoice was deleted in FreshBooks. It is not made again by itself: undelete it there and retry, or decide: keep',
  },
  'books-invoice-edited': {
    remedy: 'review',
    sentence:
      'The invoice was changed in FreshBooks since it was booked. It is left as it stands; decide: keep it and stop following, put the shop’s back, or take it as right',
  },
  'books-payment-edited': {
    remedy: 'review',
    sentence:
      'A payment was changed or deleted in FreshBooks since it was booked. It is left as it stands; decide: keep it and stop following, put the shop’s back, or take it as right',
  },
  'books-period-locked': {
    remedy: 'review',
    sentence:
      'FreshBooks says that the period is locked. The day is taken as closed from now on; decide as for closed days',
  },
  'books-category-unknown': {
    remedy: 'review',
    sentence:
      'FreshBooks has no expense category of the name that is chosen for refunds or fees, or several. Correct the rule refund_category or fee_category, or the name there, then retry',
  },
  'books-expense-unclear': {
    remedy: 'review',
    sentence:
      'An expense or credit note of the same day and amount stands there and is perhaps ours. Compare it in FreshBooks, then retry',
  },
  'books-payment-unclear': {
    remedy: 'review',
    sentence:
      'A payment of the same day, amount and kind stands on the invoice and is perhaps ours. Compare it in FreshBooks, then retry',
  },
  'books-reminders-on': {
    remedy: 'review',
    sentence:
      'FreshBooks would send reminders or charge late fees on this invoice, and they could not be switched off. It is left a draft so that no buyer is mailed',
  },
  'books-client-gone': {
    remedy: 'retry',
    sentence:
      'The client was deleted in FreshBooks, or merged into another one. He is looked for anew, and made again if there is none',
  },
  'books-client-limit': {
    remedy: 'review',
    sentence:
      'The FreshBooks plan allows no more clients, and the shared client could not be used either. Upgrade the plan or delete clients that are not needed, then retry',
  },
  'books-refused': {
    remedy: 'review',
    sentence: 'FreshBooks refused the request. It is not sent again by itself; mend the cause, then retry',
  },
  'books-not-writable': {
    remedy: 'reauthorize',
    sentence:
      'The connected person may read but not write in FreshBooks. Connect as owner or administrator: counterfoil connect freshbooks',
  },
  'books-account-inactive': {
    remedy: 'reauthorize',
    sentence:
      'The FreshBooks account is inactive: its trial or its plan has ended. Renew it in FreshBooks: the account is looked at once a minute',
  },
  'books-account-unchosen': {
    remedy: 'reauthorize',
    sentence:
      'No FreshBooks account is chosen, or it cannot be chosen for you. Run counterfoil connect freshbooks, or set FRESHBOOKS_ACCOUNT_ID',
  },
  // Requests to vendors
  'request-unreachable': {
    remedy: 'retry',
    sentence: 'The other side cannot be reached. It is tried again by itself',
  },
  'request-unanswered': {
    remedy: 'retry',
    sentence:
      'The other side did not answer, so it is unknown whether it acted. It is looked for before anything is sent again',
  },
  'request-answer-unreadable': {
    remedy: 'retry',
    sentence:
      'The other side’s answer cannot be read, so it is unknown whether it acted. It is looked for before anything is sent again',
  },
  'request-server-error': {
    remedy: 'retry',
    sentence: 'The other side reports an error of its own. It is looked for before anything is sent again',
  },
  'request-rate-limited': {
    remedy: 'retry',
    sentence: 'The other side asks for patience. The account waits as long as it was told to',
  },
  'request-refused': {
    remedy: 'review',
    sentence:
      'The other side refused the request. It is not sent again by itself; mend the cause, then retry',
  },
  'request-not-found': {
    remedy: 'review',
    sentence: 'The other side does not know what we asked for',
  },
  'request-not-allowed': {
    remedy: 'review',
    sentence: 'A request to a host that no setting names was not sent. Please report it',
  },
  'token-missing': {
    remedy: 'reauthorize',
    sentence:
      'There is no access to the account yet, or it was withdrawn. Connect it: counterfoil connect freshbooks',
  },
  'token-refused': {
    remedy: 'reauthorize',
    sentence:
      'Access to the account was refused, and renewing it too. Connect it again: counterfoil connect freshbooks, shopify or amazon',
  },
  'scope-missing': {
    remedy: 'reauthorize',
    sentence: 'The access granted does not cover what this needs. Add the named permission and connect again',
  },
  // Ourselves
  'alarm-refused': {
    remedy: 'review',
    sentence:
      'A channel of alarms did not take a message. The others tell it, and it is sent again; correct the channel’s settings, then counterfoil alarms test',
  },
  'retries-exhausted': {
    remedy: 'review',
    sentence: 'It was tried for a day without success. Mend the cause, then retry',
  },
  'config-invalid': {
    remedy: 'review',
    sentence: 'A setting is missing or wrong',
  },
  'key-wrong': {
    remedy: 'reauthorize',
    sentence:
      'What is stored was sealed with another key. Put that key back where it was; if it is lost, give access anew: counterfoil connect freshbooks',
  },
  'connection-changed': {
    remedy: 'review',
    sentence:
      'The orders of this database belong to another shop or account. If the shop got another name: counterfoil connect shopify. Else use a new database, or restore the setting',
  },
  'database-newer': {
    remedy: 'review',
    sentence: 'The database was written by a newer version of this program. Start that version',
  },
  'database-busy': {
    remedy: 'retry',
    sentence: 'Another process is writing to the database. It is tried again by itself',
  },
  'database-failed': {
    remedy: 'retry',
    sentence: 'The database cannot be read or written. Check the disk and the data folder’s permissions',
  },
  'database-full': {
    remedy: 'retry',
    sentence:
      'The disk that holds the database is full, so nothing new is taken in. Make room; it goes on by itself',
  },
  'database-damaged': {
    remedy: 'review',
    sentence:
      'The database file is damaged. Stop the service and put the newest backup in its place: counterfoil restore',
  },
  'copy-failed': {
    remedy: 'review',
    sentence:
      'The copy of the database could not be written. The database is as it was; mend the cause and try again',
  },
  'backup-unusable': {
    remedy: 'review',
    sentence: 'The file cannot be put in place of the database, so nothing was changed. Take another backup',
  },
  'already-running': {
    remedy: 'review',
    sentence: 'Another process already serves this database. Stop it first: each database has one server',
  },
  unexpected: {
    remedy: 'review',
    sentence: 'A fault in this program stopped the work on this order; others go on. Please report it',
  },
} as const satisfies Record<string, Catalogued>;

export type FailureCode = keyof typeof CATALOGUE;

/** A named figure or text that shows a person why: { name: "Sum of the lines", value: "409.94 USD" }. Never contact data. */
export interface Fact {
  readonly name: string;
  readonly value: string;
}

/**
 * A write that was refused, as it went over the wire and came back, a line of head and then the body: for a person who asks the
 * vendor. Without tokens and contact data, and cut to a bound.
 */
export interface Exchange {
  readonly request: string;
  readonly answer: string;
}

export interface FailureOptions {
  /** What we were doing, with what, quoted. Never a secret, never contact data. */
  readonly detail: string;
  readonly effect?: Effect;
  /** When a retry makes sense, if the other side said so. */
  readonly retryAt?: Instant;
  readonly facts?: readonly Fact[];
  readonly exchange?: Exchange;
  readonly cause?: unknown;
}

/** The one class that adapters throw when the world refuses. Recognised by its code. */
export class Failure extends Error {
  readonly code: FailureCode;
  readonly effect: Effect;
  readonly remedy: Remedy;
  readonly retryAt: Instant | undefined;
  readonly facts: readonly Fact[];
  readonly exchange: Exchange | undefined;

  constructor(code: FailureCode, options: FailureOptions) {
    super(options.detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Failure';
    this.code = code;
    this.effect = options.effect ?? 'none';
    this.remedy = CATALOGUE[code].remedy;
    this.retryAt = options.retryAt;
    this.facts = options.facts ?? [];
    this.exchange = options.exchange;
  }
}

/** The failure itself, or `unexpected` around anything else that was thrown. */
export function asFailure(thrown: unknown, doing: string): Failure {
  if (thrown instanceof Failure) {
    return thrown;
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new Failure('unexpected', { detail: `${doing}: ${message}`, effect: 'unknown', cause: thrown });
}
