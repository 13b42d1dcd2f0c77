import { z } from 'zod';
import { Failure } from '#core/failure.ts';
import type { Lossless } from '#core/json.ts';
import { parse } from '#core/money.ts';
import type { Money } from '#core/money.ts';
import { instant, parseTimestamp } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
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
  readDecimal,
  readFlag,
  readStamp,
  readText,
  required,
} from '#sources/fields.ts';

/**
 * The accepted subset of an order as Shopify's REST resource shows it: webhook bodies have this shape, and what we read by
 * GraphQL is written in it too. Names are Shopify's. Input comes from `parseLossless`, so every number is its digits.
 * What may be absent (docs/vendors/shopify.md 1, protected customer data; 9, old shapes) is tolerated; what is there and has
 * the wrong form is refused with its path.
 */
export type OrderPayload = z.infer<typeof ORDER>;
export type LinePayload = z.infer<typeof LINE>;
export type ShippingPayload = z.infer<typeof SHIPPING>;
export type TaxPayload = z.infer<typeof TAX>;
export type AllocationPayload = z.infer<typeof ALLOCATION>;
export type RefundPayload = z.infer<typeof REFUND>;
export type TransactionPayload = z.infer<typeof TRANSACTION>;
export type AddressPayload = z.infer<typeof ADDRESS>;
export type BagPayload = z.infer<typeof BAG>;

/** Shopify's carts and draft orders end at 500 lines; twice that leaves room for edits and bounds one invoice. */
const LINES_MAX = 1000;
/** 1000 %: a rate above it is a percentage that was meant as a fraction. */
const RATE_PPM_MAX = 10_000_000;

/** Reads an order. Throws a Failure `delivery-malformed` that names the first wrong field and quotes it. */
export function parseOrder(body: Lossless): OrderPayload {
  const result = ORDER.safeParse(body);
  if (result.success) {
    return result.data;
  }
  const issue = result.error.issues[0];
  throw malformed(rawIdOf(body), issue?.path.join('.') ?? '', issue?.message ?? 'has the wrong form');
}

/** The id at this path of a body that is no order ("order_id", "order_edit.order_id"). Throws `delivery-malformed`. */
export function parseId(body: Lossless, path: string): string {
  const found = path.split('.').reduce<unknown>((value, key) => fieldOf(value, key), body);
  try {
    return readId(found);
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new Failure('delivery-malformed', { detail: `${path}: ${problem}`, cause });
  }
}

/** The latest moment that stands at these paths; what is no timestamp is passed over, since it only saves a question. */
export function latestIn(body: Lossless, paths: readonly string[]): Instant | undefined {
  const moments = paths.flatMap((path) => {
    const found = path.split('.').reduce<unknown>((value, key) => fieldOf(value, key), body);
    try {
      return typeof found === 'string' ? [parseTimestamp(found).at] : [];
    } catch {
      return [];
    }
  });
  return moments.length === 0 ? undefined : instant(Math.max(...moments));
}

/** The ids in a list of this name, for a text; what is no id is passed over. */
export function idsIn(body: Lossless, key: string): string[] {
  const list = fieldOf(body, key);
  return Array.isArray(list) ? list.filter((id): id is string => typeof id === 'string' && ID.test(id)) : [];
}

function rawIdOf(body: Lossless): string {
  const id = fieldOf(body, 'id');
  return typeof id === 'string' && ID.test(id) ? id : 'without an id';
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? Reflect.get(value, key)
    : undefined;
}

// ── Fields: each reads one value or throws a SyntaxError that quotes it ──────────────────────────────────────────────

const ID = /^\d{1,20}$/;
function readId(value: unknown): string {
  const text = required(value);
  if (typeof text !== 'string' || !ID.test(text)) {
    throw new SyntaxError(`${quote(text)} is not an id`);
  }
  return text;
}

/** Shopify's tags hold no comma and at most 40 characters. */
function readTags(value: unknown): readonly string[] {
  if (typeof value !== 'string') {
    throw new SyntaxError('is not text');
  }
  const tags = value.split(',').map((tag) => readText(tag));
  if (tags.length > LIST_MAX) {
    throw new SyntaxError(`has more than ${LIST_MAX} entries`);
  }
  return tags.filter((tag) => tag !== '');
}

/** "0.08875" → 88750, without floats: the point moves six places and the rest is rounded half up. Also "5.0e-05". */
function readRate(value: unknown): number {
  const match =
    typeof value === 'string' ? /^(\d{1,6})(?:\.(\d{1,30}))?(?:[eE]([+-]?\d{1,2}))?$/.exec(value) : null;
  if (match === null) {
    throw new SyntaxError(`${quote(value)} is not a rate`);
  }
  const [, whole = '', fraction = '', exponent = '0'] = match;
  const digits = whole + fraction;
  const places = whole.length + 6 + Number(exponent);
  const isRoundedUp = places >= 0 && (digits[places] ?? '0') >= '5';
  const ppm = Number(digits.slice(0, Math.max(places, 0)).padEnd(places, '0')) + Number(isRoundedUp);
  if (ppm > RATE_PPM_MAX) {
    throw new SyntaxError(`${quote(value)} is not a rate`);
  }
  return ppm;
}

// ── Shapes ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const SIDE = object({ amount: field(readDecimal), currency_code: field(readCurrency) }).transform(
  ({ amount, currency_code: currency }, context): Money => {
    try {
      return parse(amount, currency);
    } catch (thrown) {
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      context.issues.push({ code: 'custom', path: ['amount'], message, input: amount });
      return z.NEVER;
    }
  },
);

/** An amount on both currency sides. */
const BAG = object({ shop_money: SIDE.nullish(), presentment_money: SIDE.nullish() });

/** The rate describes and the amount decides: on a tax of nothing, a rate that is no number (public samples 11, 12) is 0. */
const TAX = object({
  title: orElse(readText, ''),
  rate: field((value) => value),
  price: maybe(readDecimal),
  price_set: BAG.nullish(),
  channel_liable: orElse(readFlag, false),
}).transform((tax, context) => {
  try {
    return { ...tax, rate: tax.rate === undefined || tax.rate === null ? 0 : readRate(tax.rate) };
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    if (!isNothing(tax)) {
      context.issues.push({ code: 'custom', path: ['rate'], message, input: tax.rate });
    }
    return { ...tax, rate: 0 };
  }
});

function isNothing({
  price,
  price_set: set,
}: {
  price?: string | undefined;
  price_set?: BagPayload | null | undefined;
}) {
  const sides = [set?.shop_money, set?.presentment_money].filter(
    (side) => side !== undefined && side !== null,
  );
  return (price === undefined || !/[1-9]/.test(price)) && sides.every((side) => side.minor === 0n);
}

const ALLOCATION = object({
  amount: maybe(readDecimal),
  amount_set: BAG.nullish(),
  discount_application_index: maybe(readCount),
});

/** Duties show their money directly, without a `price_set` (docs/vendors/shopify.md 4.2). */
const DUTY = object({
  id: maybe(readId),
  shop_money: SIDE.nullish(),
  presentment_money: SIDE.nullish(),
  tax_lines: list(TAX),
});

const LINE = object({
  id: field(readId),
  title: orElse(readText, ''),
  name: orElse(readText, ''),
  variant_title: orElse(readText, ''),
  sku: orElse(readText, ''),
  quantity: field(readCount),
  price: maybe(readDecimal),
  price_set: BAG.nullish(),
  gift_card: orElse(readFlag, false),
  requires_shipping: orElse(readFlag, true),
  /** Present only on tips. */
  tip_payment_gateway: orElse(readText, ''),
  tip_payment_method: orElse(readText, ''),
  discount_allocations: list(ALLOCATION),
  tax_lines: list(TAX),
  duties: list(DUTY),
});

const SHIPPING = object({
  id: maybe(readId),
  title: orElse(readText, ''),
  price: maybe(readDecimal),
  price_set: BAG.nullish(),
  is_removed: orElse(readFlag, false),
  discount_allocations: list(ALLOCATION),
  tax_lines: list(TAX),
});

const APPLICATION = object({
  type: orElse(readText, ''),
  code: orElse(readText, ''),
  title: orElse(readText, ''),
  description: orElse(readText, ''),
});

/** `amount` is in `currency`, which is the buyer's for several currencies; `amount_set` only comes from our own reading. */
const TRANSACTION = object({
  id: field(readId),
  kind: orElse(readText, ''),
  status: orElse(readText, ''),
  gateway: orElse(readText, ''),
  test: orElse(readFlag, false),
  amount: maybe(readDecimal),
  currency: maybe(readCurrency),
  amount_set: BAG.nullish(),
  /** Our own reading shows it: what the till rounded, which is not in the amount. */
  amount_rounding_set: BAG.nullish(),
  processed_at: maybe(readStamp),
  created_at: maybe(readStamp),
});

/** The sets are exact; the plain amounts beside them are JSON numbers, which are read as their digits. */
const REFUND_LINE = object({
  line_item_id: field(readId),
  quantity: field(readCount),
  subtotal: maybe(readDecimal),
  subtotal_set: BAG.nullish(),
  total_tax: maybe(readDecimal),
  total_tax_set: BAG.nullish(),
});

const REFUND_SHIPPING = object({
  shipping_line_id: maybe(readId),
  subtotal_amount_set: BAG.nullish(),
  tax_amount_set: BAG.nullish(),
});

const ADJUSTMENT = object({
  kind: orElse(readText, ''),
  amount: maybe(readDecimal),
  amount_set: BAG.nullish(),
  tax_amount: maybe(readDecimal),
  tax_amount_set: BAG.nullish(),
});

const REFUND = object({
  id: field(readId),
  processed_at: maybe(readStamp),
  created_at: maybe(readStamp),
  refund_line_items: list(REFUND_LINE),
  refund_shipping_lines: list(REFUND_SHIPPING),
  order_adjustments: list(ADJUSTMENT),
  total_duties_set: BAG.nullish(),
  total_additional_fees_set: BAG.nullish(),
  /** Only from our own reading: each duty, and each fee as a sale of the shop's ledger, negative. */
  duty_returns: list(BAG),
  fee_sales: list(object({ total_set: BAG.nullish(), tax_set: BAG.nullish() })),
  transactions: list(TRANSACTION),
});

const ADDRESS = object({
  first_name: orElse(readText, ''),
  last_name: orElse(readText, ''),
  company: orElse(readText, ''),
  phone: orElse(readText, ''),
  address1: orElse(readText, ''),
  address2: orElse(readText, ''),
  city: orElse(readText, ''),
  province: orElse(readText, ''),
  province_code: orElse(readText, ''),
  zip: orElse(readText, ''),
  country: orElse(readText, ''),
  country_code: orElse(readText, ''),
});

const CUSTOMER = object({
  id: maybe(readId),
  first_name: orElse(readText, ''),
  last_name: orElse(readText, ''),
  email: orElse(readText, ''),
  phone: orElse(readText, ''),
  default_address: ADDRESS.nullish(),
});

const ORDER = object({
  id: field(readId),
  name: orElse(readText, ''),
  order_number: maybe(readId),
  test: orElse(readFlag, false),
  confirmed: orElse(readFlag, true),
  created_at: maybe(readStamp),
  processed_at: maybe(readStamp),
  updated_at: field(readStamp),
  cancelled_at: maybe(readStamp),
  cancel_reason: orElse(readText, ''),
  financial_status: orElse(readText, ''),
  fulfillment_status: orElse(readText, ''),
  source_name: orElse(readText, ''),
  /** Another company is the seller before the law. */
  merchant_of_record_app_id: maybe(readId),
  /** One text, separated by commas. */
  tags: orElse(readTags, []),
  payment_gateway_names: list(field(readText)),
  gateway: orElse(readText, ''),
  currency: field(readCurrency),
  presentment_currency: maybe(readCurrency),
  taxes_included: orElse(readFlag, false),
  duties_included: orElse(readFlag, false),
  total_price: maybe(readDecimal),
  total_price_set: BAG.nullish(),
  current_total_price: maybe(readDecimal),
  current_total_price_set: BAG.nullish(),
  total_outstanding: maybe(readDecimal),
  total_outstanding_set: BAG.nullish(),
  total_tip_received: maybe(readDecimal),
  total_tip_received_set: BAG.nullish(),
  original_total_duties_set: BAG.nullish(),
  original_total_additional_fees_set: BAG.nullish(),
  total_cash_rounding_payment_adjustment_set: BAG.nullish(),
  total_cash_rounding_refund_adjustment_set: BAG.nullish(),
  tax_lines: list(TAX),
  line_items: z
    .array(LINE, {
      error: (issue) => (issue.input === undefined || issue.input === null ? 'is missing' : 'is not a list'),
    })
    .max(LINES_MAX, { error: `has more than ${LINES_MAX} lines` }),
  shipping_lines: list(SHIPPING),
  discount_applications: list(APPLICATION),
  refunds: list(REFUND),
  /** Absent in webhooks. */
  transactions: z.array(TRANSACTION, { error: 'is not a list' }).max(LIST_MAX).nullish(),
  email: orElse(readText, ''),
  contact_email: orElse(readText, ''),
  phone: orElse(readText, ''),
  customer: CUSTOMER.nullish(),
  billing_address: ADDRESS.nullish(),
  shipping_address: ADDRESS.nullish(),
});
