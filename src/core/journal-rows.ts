import type {
  DocumentLine,
  ExpenseStep,
  InvoiceDocument,
  LineKind,
  PaymentMethod,
  TaxTotal,
  TaxTreatment,
} from './document.ts';
import { isChannelTax, isMerchantsFee, taxOfLine, treatmentKey } from './invoice-document.ts';
import type { Booked, BookedInvoice, BookedPayment, BookedRefund } from './ledger.ts';
import * as money from './money.ts';
import type { Money } from './money.ts';
import type { Order, OrderLine, Payout, Return } from './order.ts';
import { TOGETHER, gatewaysIn, isGiftCard } from './payment-method.ts';
import { monthOf } from './time.ts';
import type { LocalDate, Month } from './time.ts';

/**
 * What one order brings to the journal worksheet: everything of its books that their invoice lines cannot say, as dated rows.
 * Read from the documents as they stand, so an invoice that was changed counts as it was last written, under its own date.
 */

/** What stands in the books for one order. */
export interface OrderBooks {
  readonly name: string;
  readonly booked: Booked;
  /** As it was last shown; tells what a refund took back, and what of a payment was a gift card's. */
  readonly order?: Order;
}

/** A document's taxes as the books compute them, which only the books' adapter knows. */
export interface TaxFigures {
  readonly taxes: readonly TaxFigure[];
  /** What the books computed beyond these taxes, where it is not told of which; nothing nearly always. */
  readonly unnamed: Money;
  /** The visible line that makes up the difference; nothing without one. */
  readonly rounding: Money;
}

export interface TaxFigure extends TaxTreatment {
  readonly computed: Money;
  readonly charged: Money;
}

export interface Asked {
  readonly month: Month;
  /** Nothing for a document that could not be written so today. */
  readonly taxFigures: (document: InvoiceDocument, correction?: Money) => TaxFigures | undefined;
}

interface Paper {
  readonly on: LocalDate;
  readonly order: string;
  /** Number of the invoice that it is about. */
  readonly invoice: string;
}

interface Dated extends Paper {
  readonly amount: Money;
}

/**
 * A row by what it is about. Amounts are signed as the account sees them: what makes a liability or an amount to be moved out
 * of sales larger is positive.
 */
export type JournalRow = Dated &
  (
    | { readonly account: 'gift-cards'; readonly event: GiftCardEvent }
    | { readonly account: MovedAccount }
    | { readonly account: 'tax-lines'; readonly tax: TaxTreatment }
    | { readonly account: 'refund-lines' | 'credit-notes' }
    | { readonly account: 'expenses'; readonly category: string; readonly taxes: readonly TaxTotal[] }
    /** `amount` is what the books computed. Without `tax` it is not told of which. */
    | { readonly account: 'taxes'; readonly tax?: TaxTreatment; readonly charged: Money }
    | { readonly account: 'rounding' }
    | { readonly account: 'payments'; readonly gateway: string; readonly method: PaymentMethod }
    | { readonly account: 'remarks'; readonly why: RemarkKind }
  );

/** What the books take for sales and belongs elsewhere. */
export type MovedAccount = 'tips' | 'duties' | 'fees' | 'cash-rounding';

/**
 * `sold`, and `discounted` where the discount can only be theirs. `returned`: a sold one came back. `used`: one paid. Money
 * that went back onto one, `refilled-…` by what it stands as in the books.
 */
export type GiftCardEvent =
  | 'sold'
  | 'discounted'
  | 'returned'
  | 'used'
  | 'refilled-by-expense'
  | 'refilled-by-credit-note';

/** What the reader must know of a paper whose figures are not all in the rows. */
export type RemarkKind =
  /** In no report of the books before somebody sends it. */
  | 'draft'
  /** Made by a person or another program: its lines are not known here. */
  | 'adopted'
  /** Edited in the books and taken as right: its rows are those of the shop. */
  | 'accepted'
  /** A discount that gift cards share with other lines. */
  | 'discount-shared'
  /** A payment by a gift card and something else, and nobody told how much was whose. */
  | 'gift-card-part'
  /** Its taxes as the books compute them cannot be told. */
  | 'taxes-untold';

/** The rows of the month, and of all months before it what the balance of gift cards opens with. */
export function rowsOf(whole: OrderBooks, asked: Asked): JournalRow[] {
  const books = inOneCurrency(whole);
  const { booked } = books;
  return [
    ...booked.invoices.flatMap((invoice) => invoiceRows(books.name, invoice, asked)),
    ...booked.beside.flatMap((refund) => besideRows(books, refund, asked)),
    ...paymentRows(books),
  ].filter((row) => isNeeded(row, asked.month));
}

/** Where the books stand in another currency than the order is told in now, its figures say nothing about them. */
function inOneCurrency({ order, ...books }: OrderBooks): OrderBooks {
  const { booked } = books;
  const amounts = [...booked.payments, ...booked.beside].map(({ amount }) => amount);
  return order !== undefined && amounts.every(({ currency }) => currency === order.currency)
    ? { ...books, order }
    : books;
}

function isNeeded(row: JournalRow, asked: Month): boolean {
  const month = monthOf(row.on);
  return month === asked || (month < asked && isOfBalance(row));
}

export function isOfBalance(row: JournalRow): boolean {
  return row.account === 'gift-cards' || (row.account === 'remarks' && row.why === 'gift-card-part');
}

function invoiceRows(order: string, invoice: BookedInvoice, asked: Asked): JournalRow[] {
  const { document, amount, correction } = invoice;
  const paper = { on: document.issuedOn, order, invoice: document.number };
  const remark = (why: RemarkKind): JournalRow => ({ ...paper, amount, account: 'remarks', why });
  if (invoice.isAdopted) {
    return [remark('adopted')];
  }
  return [
    ...lineRows(document, paper, 'added'),
    ...document.lines
      .filter(({ kind, taxes }) => kind === 'refund' && taxes.length === 0)
      .map(({ net }): JournalRow => ({ ...paper, amount: net, account: 'refund-lines' })),
    ...(invoice.isSent ? [] : [remark('draft')]),
    ...(invoice.isAccepted
      ? [remark('accepted')]
      : taxRows({ document, correction, paper, direction: 'added' }, asked)),
  ];
}

/** Whether a document adds to what stands, as an invoice, or takes from it, as a credit note. */
type Direction = 'added' | 'taken';

function signed(amount: Money, direction: Direction): Money {
  return direction === 'added' ? amount : money.negate(amount);
}

function lineRows(document: InvoiceDocument, paper: Paper, direction: Direction): JournalRow[] {
  const { lines } = document;
  return lines.flatMap((line): JournalRow[] => {
    const row = { ...paper, amount: signed(line.net, direction) };
    if (line.kind === 'discount') {
      return discountRows(line, lines, row);
    }
    if (line.kind === 'tax') {
      return [{ ...row, account: 'tax-lines', tax: taxOfLine(line) }];
    }
    return movedRows(line, row, direction);
  });
}

function movedRows(line: Pick<DocumentLine, 'key' | 'kind'>, row: Dated, direction: Direction): JournalRow[] {
  if (money.isZero(row.amount)) {
    return [];
  }
  if (line.kind === 'gift-card') {
    return [{ ...row, account: 'gift-cards', event: direction === 'added' ? 'sold' : 'returned' }];
  }
  const account = movedAccountOf(line);
  return account === undefined ? [] : [{ ...row, account }];
}

function movedAccountOf(line: Pick<DocumentLine, 'key' | 'kind'>): MovedAccount | undefined {
  switch (line.kind) {
    case 'tip':
      return 'tips';
    case 'duty':
      return 'duties';
    case 'fee':
      return line.key === 'cash-rounding' ? 'cash-rounding' : isChannelTax(line) ? undefined : 'fees';
    case 'item':
    case 'gift-card':
    case 'shipping':
    case 'discount':
    case 'refund':
    case 'tax':
      return undefined;
  }
}

/** Kinds of lines that shops take discounts off. */
const DISCOUNTED: readonly LineKind[] = ['item', 'gift-card', 'shipping'];

/**
 * A discount line is of all the lines that are taxed as it is. It is the gift cards' where they are the only ones; where they
 * are some of them, the document does not tell how much of it is theirs.
 */
function discountRows(discount: DocumentLine, lines: readonly DocumentLine[], row: Dated): JournalRow[] {
  const lowered = lines.filter(
    ({ kind, taxes }) => DISCOUNTED.includes(kind) && treatmentKey(taxes) === treatmentKey(discount.taxes),
  );
  const giftCards = lowered.filter(({ kind }) => kind === 'gift-card');
  if (giftCards.length === 0) {
    return [];
  }
  return giftCards.length === lowered.length
    ? [{ ...row, account: 'gift-cards', event: 'discounted' }]
    : [{ ...row, account: 'remarks', why: 'discount-shared' }];
}

interface Taxed {
  readonly document: InvoiceDocument;
  readonly correction: Money | undefined;
  readonly paper: Paper;
  readonly direction: Direction;
}

/** Of the month alone: nothing of a document is laid out again for other months. */
function taxRows(
  { document, correction, paper, direction }: Taxed,
  { month, taxFigures }: Asked,
): JournalRow[] {
  if (monthOf(paper.on) !== month) {
    return [];
  }
  const figures = taxFigures(document, correction);
  if (figures === undefined) {
    return [{ ...paper, amount: signed(document.total, direction), account: 'remarks', why: 'taxes-untold' }];
  }
  const { taxes, unnamed, rounding } = figures;
  const zero = money.zero(document.currency);
  return [
    ...taxes.map(({ name, ratePpm, computed, charged }): JournalRow => ({
      ...paper,
      account: 'taxes',
      tax: { name, ratePpm },
      amount: signed(computed, direction),
      charged: signed(charged, direction),
    })),
    ...unlessZero({ ...paper, account: 'taxes', amount: signed(unnamed, direction), charged: zero }),
    ...unlessZero({ ...paper, account: 'rounding', amount: signed(rounding, direction) }),
  ];
}

function unlessZero(row: JournalRow): JournalRow[] {
  return money.isZero(row.amount) ? [] : [row];
}

/** A refund that stands beside its invoice, with what it took back of what was moved out of sales before. */
function besideRows(books: OrderBooks, refund: BookedRefund, asked: Asked): JournalRow[] {
  const { step, amount, correction } = refund;
  if (step.kind === 'expense' && step.of === 'fees') {
    // The books show it as the expense that it is: nothing is to be put right.
    return [];
  }
  if (step.kind === 'expense') {
    const { category, taxes } = step;
    const paper = { on: step.spentOn, order: books.name, invoice: step.invoiceNumber };
    return [
      { ...paper, amount, account: 'expenses', category, taxes },
      ...returnedRows(books, refund, { paper, removals: step.removals }),
      ...refilledRows(books, refund, { paper, event: 'refilled-by-expense' }),
    ];
  }
  const { document } = step;
  const paper = { on: document.issuedOn, order: books.name, invoice: document.number };
  return [
    { ...paper, amount, account: 'credit-notes' },
    ...lineRows(document, paper, 'taken'),
    ...taxRows({ document, correction, paper, direction: 'taken' }, asked),
    ...refilledRows(books, refund, { paper, event: 'refilled-by-credit-note' }),
  ];
}

/** An expense has no lines: the order tells them. Of several expenses for one refund the first bears what was returned. */
function returnedRows(
  { booked, order }: OrderBooks,
  refund: BookedRefund,
  { paper, removals = [] }: { readonly paper: Paper; readonly removals: ExpenseStep['removals'] },
): JournalRow[] {
  const first = booked.beside.find((each) => each.refund === refund.refund);
  if (order === undefined || first !== refund) {
    return [];
  }
  const meant = [refund.refund, ...removals];
  const returns = order.refunds.filter(({ id }) => meant.includes(id)).flatMap((each) => each.returns);
  return returns.flatMap((part) => {
    const line = order.lines.find(({ key }) => key === part.line);
    return line === undefined
      ? []
      : [
          ...movedRows(line, { ...paper, amount: money.negate(netOfReturn(part, order)) }, 'taken'),
          ...returnedFees(line, part, paper),
        ];
  });
}

/** No tax of the expense, as it was none of the invoice: what stood on a line of its own there comes off the same account. */
function returnedFees({ taxes }: OrderLine, part: Return, paper: Paper): JournalRow[] {
  return taxes.flatMap((fee, index) => {
    const amount = part.taxes[index];
    const { name, ratePpm } = fee;
    return amount === undefined || !isMerchantsFee(fee)
      ? []
      : unlessZero({
          ...paper,
          account: 'tax-lines',
          tax: { name, ratePpm },
          amount: money.negate(amount),
        });
  });
}

function netOfReturn({ amount, taxes }: Return, { pricesIncludeTax, currency }: Order): Money {
  return pricesIncludeTax ? money.subtract(amount, money.sum(taxes, currency)) : amount;
}

/** What of a refund went onto a gift card: owed to its holder from then on. Of several parts the first ones bear it. */
function refilledRows(
  { booked, order }: OrderBooks,
  refund: BookedRefund,
  { paper, event }: { readonly paper: Paper; readonly event: GiftCardEvent },
): JournalRow[] {
  const { currency } = refund.amount;
  const payouts = order?.refunds.find(({ id }) => id === refund.refund)?.payouts ?? [];
  const parts = booked.beside.filter((each) => each.refund === refund.refund);
  const before = parts.slice(0, parts.indexOf(refund)).map(({ amount }) => amount);
  const left = money.subtract(giftCardPart(payouts, currency), money.sum(before, currency));
  const amount = money.minimum(money.atLeastZero(left), refund.amount);
  return unlessZero({ ...paper, amount, account: 'gift-cards', event });
}

function giftCardPart(parts: readonly Pick<Payout, 'gateway' | 'amount'>[], currency: string): Money {
  return money.sum(
    parts.filter(({ gateway }) => isGiftCard(gateway)).map(({ amount }) => amount),
    currency,
  );
}

function paymentRows(books: OrderBooks): JournalRow[] {
  const { name: order, booked } = books;
  const shares = sharedPayments(books);
  return booked.payments.flatMap((payment): JournalRow[] => {
    const { paidOn: on, amount, method } = payment;
    const invoice = booked.invoices.find(({ slot }) => slot === payment.invoice)?.document.number ?? '';
    const paper = { on, order, invoice };
    const gateway = gatewaysIn(payment.note).join(TOGETHER);
    const part = isByGiftCards(payment, 'alone') ? amount : shares?.get(payment.slot);
    return [
      { ...paper, amount, account: 'payments', gateway, method },
      ...(part === undefined
        ? isByGiftCards(payment, 'together')
          ? [{ ...paper, amount, account: 'remarks', why: 'gift-card-part' } as const]
          : []
        : unlessZero({ ...paper, amount: money.negate(part), account: 'gift-cards', event: 'used' })),
    ];
  });
}

function isByGiftCards({ note }: BookedPayment, how: 'alone' | 'together'): boolean {
  const gateways = gatewaysIn(note);
  const isAll = gateways.every(isGiftCard);
  return how === 'alone' ? isAll : !isAll && gateways.some(isGiftCard);
}

/**
 * How much of each payment by a gift card and something else was the gift card's, by its slot: by the order's tenders, once
 * the shop has told them one by one. Nothing before.
 */
function sharedPayments({ booked, order }: OrderBooks): ReadonlyMap<number, Money> | undefined {
  const shared = booked.payments.filter((payment) => isByGiftCards(payment, 'together'));
  if (shared.length === 0 || order?.cash.state !== 'known' || !order.cash.tenders.every(isOneKind)) {
    return undefined;
  }
  const { currency, cash, refunds } = order;
  const offInvoice = refunds.filter(({ id }) =>
    booked.invoices.some(({ document }) => document.refunds.includes(id)),
  );
  const back = offInvoice.flatMap(({ payouts }) => payouts);
  const alone = booked.payments.filter((payment) => isByGiftCards(payment, 'alone'));
  let left = money.subtract(
    giftCardPart(cash.tenders, currency),
    money.sum([giftCardPart(back, currency), ...alone.map(({ amount }) => amount)], currency),
  );
  return new Map(
    shared.map(({ slot, amount }) => {
      const part = money.minimum(money.atLeastZero(left), amount);
      left = money.subtract(left, part);
      return [slot, part];
    }),
  );
}

/** All of its gateways are gift cards, or none is. */
function isOneKind({ gateway }: { readonly gateway: string }): boolean {
  return new Set(gateway.split(TOGETHER).map(isGiftCard)).size === 1;
}
