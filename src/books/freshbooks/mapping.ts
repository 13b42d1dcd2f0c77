import type {
  ClientStep,
  CreditNoteStep,
  ExpenseStep,
  InvoiceDocument,
  InvoiceStep,
  PaymentMethod,
  PaymentStep,
  SentStep,
} from '#core/document.ts';
import { withinBasicPlane } from '#core/basic-plane.ts';
import { contactsOf } from '#core/contacts.ts';
import type { Reference } from '#core/ids.ts';
import { invariant } from '#core/invariant.ts';
import type { BookedPayment } from '#core/ledger.ts';
import * as money from '#core/money.ts';
import type { Money } from '#core/money.ts';
import type { Buyer } from '#core/order.ts';
import { unreadable } from '#net/request.ts';
import type { Answer } from '#net/request.ts';
import type { JsonBody } from './api.ts';
import { textIn } from './json.ts';
import type { JsonObject } from './json.ts';
import { NAME_LENGTH_MAX } from './layout.ts';
import type { LaidLine, Layout } from './layout.ts';
import { NUMERIC_ID } from './payload.ts';
import { foldTotals } from './taxes.ts';
import type { ChargedTax } from './taxes.ts';
import { shortened, singleLine } from './text.ts';

/** Steps into FreshBooks' JSON, pure. Nothing here asks FreshBooks to write to a buyer (docs/bookkeeping.md, section 2). */

type Body = { readonly [key: string]: JsonBody };
/** One object by its name, as every write is. */
export type ObjectBody = { readonly [object: string]: Body };

/** The longest address that mail can carry (RFC 5321); a longer one is no address. */
const EMAIL_LENGTH_MAX = 254;

/** Our own mark in a field that people read: `[counterfoil shopify/123/invoice-1]`. The brackets make it exact. */
export function markerOf(reference: Reference): string {
  return `[counterfoil ${reference}]`;
}

/** Whether a text bears the mark of any step of ours. */
export function isMarked(text: string): boolean {
  return /\[counterfoil \S+\]/.test(text);
}

/** Of what is told to have been made: the mark of another step says that it is another thing, and nothing of the one that was to be. */
export function assertOurs(text: string, reference: Reference, answer: Answer): void {
  if (isMarked(text) && !text.includes(markerOf(reference))) {
    throw unreadable(answer, `is about another thing of ours than ${reference}`);
  }
}

/** The shared client's mark: its name is part of it, since one Amazon connection has a client for each marketplace. */
export function channelMarkerOf(step: ClientStep): string {
  const connection = step.reference.split('/', 1)[0] ?? '';
  return `[counterfoil ${connection}/channel ${singleLine(step.channelName)}]`;
}

export function clientBody(step: ClientStep, buyer: Buyer): ObjectBody {
  return {
    client: {
      ...filled(contactFields(buyer)),
      currency_code: step.currency,
      ...SILENT_CLIENT,
    },
  };
}

export function channelClientBody(step: ClientStep): ObjectBody {
  return {
    client: {
      organization: shortened(singleLine(step.channelName), NAME_LENGTH_MAX),
      note: channelMarkerOf(step),
      currency_code: step.currency,
      ...SILENT_CLIENT,
    },
  };
}

const SILENT_CLIENT = {
  allow_late_fees: false,
  allow_late_notifications: false,
  late_reminders: [],
} as const;

const NAME_KEYS = ['fname', 'lname'] as const;
const PHONE_KEYS = ['bus_phone', 'mob_phone', 'home_phone'] as const;
const ADDRESS_KEYS = ['p_street', 'p_street2', 'p_city', 'p_province', 'p_code', 'p_country'] as const;
type ContactKey =
  | (typeof NAME_KEYS)[number]
  | 'organization'
  | 'email'
  | 'bus_phone'
  | 'mob_phone'
  | (typeof ADDRESS_KEYS)[number];

/** FreshBooks' fields that a buyer can fill, empty where none is known. */
function contactFields(buyer: Buyer): Readonly<Record<ContactKey, string>> {
  const { address } = buyer;
  const email = buyer.email.trim();
  const isBusiness = buyer.company.trim() !== '';
  return {
    fname: name(buyer.firstName),
    lname: name(buyer.lastName),
    organization: name(buyer.company),
    email: email.length > EMAIL_LENGTH_MAX ? '' : email,
    bus_phone: isBusiness ? name(buyer.phone) : '',
    mob_phone: isBusiness ? '' : name(buyer.phone),
    p_street: name(address.street),
    p_street2: name(address.street2),
    p_city: name(address.city),
    p_province: name(address.province),
    p_code: name(address.postalCode),
    p_country: name(address.country),
  };
}

/**
 * What may be written into a client we found: only where it has nothing, and a name or address only where what stands is
 * part of the buyer's own, so that no client ends up with half of two addresses.
 */
export function missingFields(client: JsonObject, buyer: Buyer): Readonly<Record<string, string>> {
  const contact = filled(contactFields(buyer));
  const agrees = (key: string): boolean => {
    const stands = textIn(client, key).trim().toLowerCase();
    return stands === '' || stands === (contact[key] ?? '').toLowerCase();
  };
  const groups = [
    { keys: NAME_KEYS, isOpen: NAME_KEYS.every(agrees) },
    { keys: PHONE_KEYS, isOpen: PHONE_KEYS.every((key) => textIn(client, key) === '') },
    { keys: ADDRESS_KEYS, isOpen: ADDRESS_KEYS.every(agrees) },
  ];
  const closed = new Set<string>(groups.filter((group) => !group.isOpen).flatMap((group) => group.keys));
  return Object.fromEntries(
    Object.entries(contact).filter(([key]) => textIn(client, key).trim() === '' && !closed.has(key)),
  );
}

export function invoiceBody(
  step: InvoiceStep,
  { buyer, clientId, layout }: { buyer: Buyer; clientId: string; layout: Layout },
): ObjectBody {
  const { document } = step;
  return {
    invoice: {
      customerid: idNumber(clientId),
      create_date: document.issuedOn,
      // The due date itself is read-only: writing it is refused (403, errno 1038).
      due_offset_days: document.dueOffsetDays,
      invoice_number: document.number,
      po_number: document.poNumber,
      currency_code: document.currency,
      language: document.language,
      notes: [document.notes, markerOf(step.reference)].filter(Boolean).join('\n'),
      terms: document.terms,
      ...snapshotFields(buyer),
      lines: layout.lines.map(lineBody),
      ...SILENT_INVOICE,
    },
  };
}

/** Written out, because an account's defaults apply to what is left out. */
const SILENT_INVOICE = {
  late_reminders: [],
  late_fee: { enabled: false, days: 30, type: 'percent', value: '0', repeat: false },
  allowed_gateways: [],
  auto_bill: false,
} as const;

/** The buyer as of the sale. All or nothing: a field left out is taken from the client, perhaps another person. */
function snapshotFields(buyer: Buyer): Readonly<Record<string, string>> {
  const { address } = buyer;
  const fields = {
    fname: name(buyer.firstName),
    lname: name(buyer.lastName),
    organization: name(buyer.company),
    street: name(address.street),
    street2: name(address.street2),
    city: name(address.city),
    province: name(address.province),
    code: name(address.postalCode),
    country: name(address.country),
  };
  return Object.values(fields).some((text) => text !== '') ? fields : {};
}

/** The whole set: what is left out is removed. `restored` is what else a person wants back as it was. */
export function linesBody(layout: Layout, restored: Body = {}): ObjectBody {
  return { invoice: { ...restored, lines: layout.lines.map(lineBody) } };
}

/** What a person may have changed of an invoice beside its lines, as we wrote it. */
export function restoredBody(document: InvoiceDocument, clientId: string): Body {
  return {
    ...(clientId === '' ? {} : { customerid: idNumber(clientId) }),
    create_date: document.issuedOn,
    invoice_number: document.number,
    currency_code: document.currency,
    // We never give one, so one that stands takes a part of our total away.
    discount_value: '0',
  };
}

/** FreshBooks deletes by hiding; what is hidden can be brought back there. */
export function hiddenBody(object: 'invoice' | 'payment'): ObjectBody {
  return { [object]: { vis_state: HIDDEN } };
}

export const GOODWILL = 'goodwill';
const HIDDEN = 1;
const SHOWN = 0;

/** The key is singular, the client's is another than an invoice's, and a line has no type (section 5). */
export function creditNoteBody(
  { document, reference }: CreditNoteStep,
  { clientId, layout }: { clientId: string; layout: Layout },
): ObjectBody {
  return {
    credit_note: {
      clientid: idNumber(clientId),
      create_date: document.issuedOn,
      currency_code: document.currency,
      // The other kind is money that was received before anything was sold.
      credit_type: GOODWILL,
      language: document.language,
      notes: [document.notes, markerOf(reference)].filter(Boolean).join('\n'),
      lines: layout.lines.map(creditLineBody),
    },
  };
}

export function creditLinesBody(layout: Layout): ObjectBody {
  return { credit_note: { lines: layout.lines.map(creditLineBody) } };
}

function creditLineBody(line: LaidLine): Body {
  const { type: _type, ...rest } = lineBody(line);
  return rest;
}

/** The account's owner. */
const OWNER_STAFF_ID = 1;

/** Without a client, or it could be billed on to him. */
export function expenseBody(step: ExpenseStep, categoryId: string): ObjectBody {
  const { taxes, split } = foldTotals(step.taxes, step.amount);
  return {
    expense: {
      amount: amountBody(step.amount),
      categoryid: idNumber(categoryId),
      staffid: OWNER_STAFF_ID,
      date: step.spentOn,
      vendor: name(step.invoiceNumber),
      notes: [step.note, split, markerOf(step.reference)].filter(Boolean).join('\n'),
      ...Object.fromEntries(taxes.flatMap(expenseTaxFields)),
    },
  };
}

function expenseTaxFields({ name, percent, charged }: ChargedTax, index: number): [string, JsonBody][] {
  const place = index + 1;
  return [
    [`taxName${place}`, name],
    [`taxPercent${place}`, percent],
    [`taxAmount${place}`, amountBody(charged)],
  ];
}

function lineBody(line: LaidLine): Body {
  const [first, second] = line.taxes;
  return {
    type: 0,
    name: line.name,
    description: line.description,
    qty: String(line.quantity),
    unit_cost: amountBody(line.unitCost),
    ...(first === undefined ? {} : { taxName1: first.name, taxAmount1: first.percent }),
    ...(second === undefined ? {} : { taxName2: second.name, taxAmount2: second.percent }),
  };
}

/** FreshBooks would write today's date as the day of fulfilment. */
export function sentBody(step: SentStep): ObjectBody {
  return { invoice: { action_mark_as_sent: true, fulfillment_date: step.fulfilledOn } };
}

export function paymentBody(step: PaymentStep, invoiceId: string): ObjectBody {
  return {
    payment: {
      invoiceid: idNumber(invoiceId),
      amount: amountBody(step.amount),
      date: step.paidOn,
      type: paymentType(step.method),
      note: [singleLine(step.note), markerOf(step.reference)].filter(Boolean).join(' '),
      send_client_notification: false,
    },
  };
}

/** `restored`: what a person changed beside the amount and wants back as it was. */
export function paymentAmountBody(amount: Money, restored?: BookedPayment): ObjectBody {
  return {
    payment: {
      amount: amountBody(amount),
      send_client_notification: false,
      ...(restored === undefined
        ? {}
        : { date: restored.paidOn, type: paymentType(restored.method), vis_state: SHOWN }),
    },
  };
}

export function paymentType(method: PaymentMethod): string {
  switch (method) {
    case 'card':
      return 'Credit Card';
    case 'paypal':
      return 'PayPal';
    case 'cash':
      return 'Cash';
    case 'bank':
      return 'Bank Transfer';
    case 'other':
      return 'Other';
  }
}

/** Every text in a body without characters beyond U+FFFF, for an account that refuses them. */
export function inBasicPlane(body: JsonBody): JsonBody {
  if (typeof body === 'string') {
    return withinBasicPlane(body);
  }
  if (Array.isArray(body)) {
    return body.map(inBasicPlane);
  }
  if (typeof body === 'object' && body !== null) {
    return Object.fromEntries(Object.entries(body).map(([key, value]) => [key, inBasicPlane(value)]));
  }
  return body;
}

/** The buyer's words as the shop and as we write them, which nothing that is kept may repeat. */
export function wordsOf(buyer: Buyer): string[] {
  const { p_city, p_province, p_country, ...written } = contactFields(buyer);
  // Codes of countries and provinces are words of many sentences ("on", "in", "de").
  const places = [p_city, p_province, p_country].filter((text) => text.length > 2);
  return [...new Set([...contactsOf(buyer), ...Object.values(written), ...places])].filter(Boolean);
}

function amountBody(amount: Money): Body {
  return { amount: money.format(amount), code: amount.currency };
}

function idNumber(id: string): number {
  invariant(NUMERIC_ID.test(id), `FreshBooks id "${id}" is a number`);
  return Number(id);
}

function name(text: string): string {
  return shortened(singleLine(text), NAME_LENGTH_MAX);
}

function filled(fields: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(fields).filter(([, text]) => text !== ''));
}
