import { z } from 'zod';
import { Failure } from '#core/failure.ts';
import type { Lossless } from '#core/json.ts';
import { parse } from '#core/money.ts';
import type { Money } from '#core/money.ts';
import {
  LIST_MAX,
  field,
  list,
  malformed,
  maybe,
  object,
  orElse,
  quote,
  readCount,
  readCurrency,
  readStamp,
  readText,
  required,
} from '#sources/fields.ts';

/**
 * What is read of an order of the Orders API v2026-01-01 and of the transactions of Finances 2024-06-19 (docs/vendors/amazon.md
 * 5, 6). Names are Amazon's. All but ids, times and quantities may be absent; what is there and has the wrong form is refused
 * with its path.
 */
export type OrderPayload = z.infer<typeof ORDER>;
export type ItemPayload = z.infer<typeof ITEM>;
export type ProceedsPayload = z.infer<typeof PROCEEDS>;
export type AddressPayload = z.infer<typeof ADDRESS>;
export type TransactionPayload = z.infer<typeof TRANSACTION>;
export type SettlementPayload = z.infer<typeof SETTLEMENT>;
export type TransactionItemPayload = TransactionPayload['items'][number];

/** A node of a transaction's tree of amounts. */
export interface AmountPayload {
  readonly type: string;
  readonly amount: Money;
  readonly parts: readonly AmountPayload[];
}

/** Amazon ends an order at far fewer; this bounds one invoice. */
const ITEMS_MAX = 1000;
/** Trees of amounts have three levels in life. */
const DEPTH_MAX = 8;

/** As Amazon writes it: three groups of digits, the first of letters for some. */
export const ORDER_ID = /^[A-Z0-9]{3}-\d{7}-\d{7}$/;
const ITEM_ID = /^[\w-]{1,64}$/;
/** Amazon's transaction ids are 43 characters of base64url. */
const TRANSACTION_ID = /^[\w=+./:-]{1,128}$/;

/** An order as it was read, with its transactions; they are absent where the app has no leave to read them. */
export interface ReadOrder {
  readonly order: OrderPayload;
  readonly transactions?: readonly TransactionPayload[];
  /** By name, where it is of no store that was booked when it was read. */
  readonly otherStores?: readonly string[];
}

/** Reads what `readOrder` stored. Throws a Failure `delivery-malformed` that names the first wrong field and quotes it. */
export function parseReadOrder(body: Lossless): ReadOrder {
  const result = READ_ORDER.safeParse(body);
  if (!result.success) {
    const issue = result.error.issues[0];
    throw malformed(rawIdOf(body), issue?.path.join('.') ?? '', issue?.message ?? 'has the wrong form');
  }
  const { order, transactions, otherStores } = result.data;
  return {
    order,
    otherStores,
    ...(transactions === undefined || transactions === null ? {} : { transactions }),
  };
}

/** Reads one transaction of a settlement. Throws a Failure `delivery-malformed`. */
export function parseTransaction(value: Lossless): TransactionPayload {
  return parsed(TRANSACTION, value, 'A transaction of Amazon’s ledger');
}

/** Reads what `readSettlement` stored. Throws a Failure `delivery-malformed`. */
export function parseSettlement(value: Lossless): SettlementPayload {
  return parsed(SETTLEMENT, value, 'A settlement');
}

function parsed<Shape extends z.ZodType>(shape: Shape, value: Lossless, what: string): z.infer<Shape> {
  const result = shape.safeParse(value);
  if (!result.success) {
    const issue = result.error.issues[0];
    throw new Failure('delivery-malformed', {
      detail: `${what}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'has the wrong form'}`,
    });
  }
  return result.data;
}

/** An order's id as Amazon writes it: three groups of digits. Throws a Failure `delivery-malformed`. */
export function parseOrderId(text: string): string {
  if (!ORDER_ID.test(text)) {
    throw new Failure('delivery-malformed', { detail: `${quote(text)} is not an Amazon order id` });
  }
  return text;
}

function rawIdOf(body: Lossless): string {
  const found = z.object({ order: z.object({ orderId: z.string().regex(ORDER_ID) }) }).safeParse(body);
  return found.success ? found.data.order.orderId : 'without an id';
}

// ── Fields ──────────────────────────────────────────────────────────────────────────────────────────────────────────

function readMatching(form: RegExp, what: string) {
  return (value: unknown): string => {
    const text = required(value);
    if (typeof text !== 'string' || !form.test(text)) {
      throw new SyntaxError(`${quote(text)} is not ${what}`);
    }
    return text;
  };
}

const DECIMAL = /^(-?)(\d{1,18})(?:\.(\d{1,18}))?(?:[eE]([+-]?\d{1,2}))?$/;

/** "-154.54", and what a program writes that kept it as a float: "1.2345678E7". */
function readAmount(value: unknown): string {
  const text = required(value);
  const match = typeof text === 'string' ? DECIMAL.exec(text) : null;
  if (match === null) {
    throw new SyntaxError(`${quote(text)} is not an amount`);
  }
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const shift = Number(exponent);
  if (shift === 0) {
    return fraction === '' ? `${sign}${whole}` : `${sign}${whole}.${fraction}`;
  }
  const digits = `${whole}${fraction}`.padEnd(whole.length + shift, '0');
  const point = whole.length + shift;
  const padded = point > 0 ? digits : digits.padStart(digits.length + 1 - point, '0');
  const at = Math.max(point, 1);
  return `${sign}${padded.slice(0, at)}.${padded.slice(at) || '0'}`;
}

/** Words of Amazon's own, such as statuses and types: names are compared, so they are kept as written. */
const readWord = readMatching(/^[\w .:/&-]{1,100}$/, 'one of Amazon’s words');

/** What Amazon calls an amount or a transaction, in any letters: what is not known is asked about, and never unreadable. */
function readName(value: unknown): string {
  return readText(required(value)) || 'Without a name';
}

function moneyOf(
  { amount, currency }: { readonly amount: string; readonly currency: string },
  context: z.RefinementCtx,
): Money {
  try {
    return parse(amount, currency);
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    context.issues.push({ code: 'custom', message, input: amount });
    return z.NEVER;
  }
}

// ── Shapes ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const MONEY = object({ amount: field(readAmount), currencyCode: field(readCurrency) }).transform(
  ({ amount, currencyCode: currency }, context) => moneyOf({ amount, currency }, context),
);

const PROCEEDS = object({
  /** Of an item, `proceedsTotal`. */
  grandTotal: MONEY.nullish(),
  proceedsTotal: MONEY.nullish(),
  breakdowns: list(
    object({
      type: field(readWord),
      subtotal: MONEY,
      detailedBreakdowns: list(object({ subtype: field(readWord), value: MONEY })),
    }),
  ),
});

const ADDRESS = object({
  name: orElse(readText, ''),
  companyName: orElse(readText, ''),
  addressLine1: orElse(readText, ''),
  addressLine2: orElse(readText, ''),
  addressLine3: orElse(readText, ''),
  city: orElse(readText, ''),
  stateOrRegion: orElse(readText, ''),
  postalCode: orElse(readText, ''),
  countryCode: orElse(readText, ''),
  phone: orElse(readText, ''),
});

const ITEM = object({
  orderItemId: field(readMatching(ITEM_ID, 'an item id')),
  quantityOrdered: field(readCount),
  fulfillment: object({ quantityFulfilled: maybe(readCount) }).nullish(),
  product: object({
    asin: orElse(readText, ''),
    title: orElse(readText, ''),
    sellerSku: orElse(readText, ''),
  }),
  proceeds: PROCEEDS.nullish(),
  tax: object({
    taxCollections: list(object({ model: orElse(readText, '') })),
    taxCalculationBreakdowns: list(object({ reportingScheme: orElse(readText, '') })),
  }).nullish(),
});

const ORDER = object({
  orderId: field(readMatching(ORDER_ID, 'an Amazon order id')),
  createdTime: field(readStamp),
  lastUpdatedTime: field(readStamp),
  programs: list(field(readWord)),
  associatedOrders: list(object({ associationType: orElse(readText, '') })),
  salesChannel: object({
    channelName: field(readText),
    marketplaceId: orElse(readText, ''),
    marketplaceName: orElse(readText, ''),
  }),
  buyer: object({
    buyerName: orElse(readText, ''),
    buyerEmail: orElse(readText, ''),
    buyerCompanyName: orElse(readText, ''),
    buyerPurchaseOrderNumber: orElse(readText, ''),
  }).nullish(),
  recipient: object({ deliveryAddress: ADDRESS.nullish() }).nullish(),
  proceeds: PROCEEDS.nullish(),
  fulfillment: object({
    fulfillmentStatus: orElse(readText, ''),
    fulfilledBy: orElse(readText, ''),
  }).nullish(),
  orderItems: z
    .array(ITEM, { error: 'is not a list' })
    .max(ITEMS_MAX, { error: `has more than ${ITEMS_MAX} items` }),
  packages: list(object({ shipTime: maybe(readStamp) })),
});

/** Amounts of transactions are JSON numbers, here as the digits they were written with. */
const CURRENCY_AMOUNT = object({
  currencyAmount: field(readAmount),
  currencyCode: field(readCurrency),
}).transform(({ currencyAmount: amount, currencyCode: currency }, context) =>
  moneyOf({ amount, currency }, context),
);

const NODE = object({
  breakdownType: field(readName),
  breakdownAmount: CURRENCY_AMOUNT,
  breakdowns: z.unknown().optional(),
});

/** A tree of amounts: a list of nodes, the same under "breakdowns", or nothing (docs/vendors/amazon.md 6). */
function treeOf(value: unknown, depth: number): AmountPayload[] {
  const nodes = nodesIn(value);
  if (nodes.length > LIST_MAX || depth > DEPTH_MAX) {
    throw new SyntaxError(`has more than ${LIST_MAX} amounts, or more than ${DEPTH_MAX} levels of them`);
  }
  return nodes.map((node) => {
    const result = NODE.safeParse(node);
    if (!result.success) {
      const issue = result.error.issues[0];
      throw new SyntaxError(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'has the wrong form'}`);
    }
    const { breakdownType: type, breakdownAmount: amount, breakdowns } = result.data;
    return { type, amount, parts: treeOf(breakdowns, depth + 1) };
  });
}

function nodesIn(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) {
    return [];
  }
  if (Array.isArray(value)) {
    return value;
  }
  if (typeof value === 'object' && 'breakdowns' in value) {
    return nodesIn(value.breakdowns);
  }
  throw new SyntaxError('is not a list');
}

const TREE = field((value) => treeOf(value, 1));

/** Names differ between lists: `relatedIdentifierName` of a transaction, `itemRelatedIdentifierName` of an item. */
const IDENTIFIER = object({
  relatedIdentifierName: orElse(readText, ''),
  relatedIdentifierValue: orElse(readText, ''),
});
const ITEM_IDENTIFIER = object({
  itemRelatedIdentifierName: orElse(readText, ''),
  itemRelatedIdentifierValue: orElse(readText, ''),
});

const TRANSACTION = object({
  /** Amazon's own example has none. */
  transactionId: maybe(readMatching(TRANSACTION_ID, 'a transaction id')),
  transactionType: field(readName),
  /** In any spelling: "RELEASED", "Released", or null. */
  transactionStatus: orElse(readText, ''),
  postedDate: field(readStamp),
  totalAmount: CURRENCY_AMOUNT,
  description: orElse(readText, ''),
  marketplaceDetails: object({ marketplaceId: orElse(readText, '') }).nullish(),
  relatedIdentifiers: list(IDENTIFIER),
  breakdowns: TREE,
  items: list(
    object({
      description: orElse(readText, ''),
      totalAmount: CURRENCY_AMOUNT.nullish(),
      relatedIdentifiers: list(ITEM_IDENTIFIER),
      breakdowns: TREE,
      contexts: list(
        object({ asin: orElse(readText, ''), sku: orElse(readText, ''), quantityShipped: maybe(readCount) }),
      ),
    }),
  ),
});

/** By name, where it is of no store that was booked when it was read. */
const OTHER_STORES = list(field(readText));

const READ_ORDER = object({
  order: ORDER,
  transactions: z.array(TRANSACTION, { error: 'is not a list' }).max(LIST_MAX).nullish(),
  otherStores: OTHER_STORES,
});

/** As `readSettlement` stores it, in our own form: sums by the places of Amazon's tree. */
const SETTLEMENT = object({
  groupId: field(readText),
  settlementId: orElse(readText, ''),
  marketplaceId: orElse(readText, ''),
  otherStores: OTHER_STORES,
  lastAt: field(readStamp),
  /** Of all that was listed, also of what another one pays out; absent in what was stored before that was kept. */
  listedUpTo: maybe(readStamp),
  transactionCount: field(readCount),
  amounts: list(object({ path: list(field(readText)), isOfOrder: z.boolean(), sum: MONEY })),
});
