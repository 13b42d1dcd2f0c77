import { parseLossless } from '#core/json.ts';
import { connectionId } from '#core/ids.ts';
import type { Snapshot } from '#pipeline/source.ts';
import type { CurrencySide } from '#sources/shopify/amounts.ts';
import { normalize } from '#sources/shopify/normalize.ts';
import { parseOrder } from '#sources/shopify/payload.ts';

/**
 * Order bodies as Shopify writes them, made from the facts in docs/vendors/shopify.md. Their totals are summed up here, by an
 * arithmetic of their own, so that a slip of the program cannot hide in its fixtures.
 */
export type Body = Readonly<Record<string, unknown>>;

export const SHOP = {
  connection: connectionId('shopify'),
  shopDomain: 'example.myshopify.com',
  currencySide: 'shop',
} as const;

/** An amount in minor units on both sides; one number stands for both. */
export type Both = number | readonly [shop: number, presentment: number];

export interface LineSpec {
  readonly price: Both;
  readonly quantity?: number;
  /** The discount application's place and the amount. */
  readonly discounts?: readonly (readonly [index: number, amount: Both])[];
  readonly taxes?: readonly TaxSpec[];
  readonly duties?: readonly { readonly amount: Both; readonly taxes?: readonly TaxSpec[] }[];
  /** Fields that are set as they stand. */
  readonly as?: Body;
}

export interface TaxSpec {
  readonly title?: string;
  readonly rate?: number;
  readonly amount: Both;
  readonly isChannelLiable?: boolean;
}

export interface OrderSpec {
  readonly currency?: string;
  readonly presentment?: string;
  readonly decimals?: readonly [shop: number, presentment: number];
  readonly taxesIncluded?: boolean;
  readonly dutiesIncluded?: boolean;
  readonly lines?: readonly LineSpec[];
  readonly shipping?: readonly LineSpec[];
  readonly applications?: readonly Body[];
  readonly tip?: Both;
  readonly fee?: { readonly amount: Both; readonly taxes?: readonly TaxSpec[] };
  /** What a cash drawer adds. */
  readonly rounding?: Both;
  readonly as?: Body;
}

/** One line of 10.00 USD, paid. */
export const PLAIN: OrderSpec = { lines: [{ price: 1000 }] };

export function bodyOf(spec: OrderSpec = PLAIN): Body {
  const writer = writerOf(spec);
  const { lines = [], shipping = [], tip = 0, fee } = spec;
  const goods = [...lines, ...shipping];
  const duties = lines.flatMap((line) => line.duties ?? []);
  const taxes = [
    ...goods.flatMap((line) => line.taxes ?? []),
    ...duties.flatMap((duty) => duty.taxes ?? []),
    ...(fee?.taxes ?? []),
  ];
  const dutyTotal = sum(duties.map(({ amount }) => amount));
  const total = sum([
    ...goods.map((line) => times(line.price, line.quantity ?? 1)),
    ...goods.flatMap((line) => (line.discounts ?? []).map(([, amount]) => times(amount, -1))),
    ...(spec.taxesIncluded === true ? [] : taxes.map(({ amount }) => amount)),
    ...(spec.dutiesIncluded === true ? [] : [dutyTotal]),
    tip,
    fee?.amount ?? 0,
  ]);
  return {
    id: 820982911946154,
    name: '#1001',
    order_number: 1001,
    test: false,
    created_at: '2026-11-20T23:30:02-05:00',
    processed_at: '2026-11-20T23:30:00-05:00',
    updated_at: '2026-11-20T23:30:05-05:00',
    cancelled_at: null,
    cancel_reason: null,
    financial_status: 'paid',
    payment_gateway_names: ['shopify_payments'],
    currency: writer.currencies[0],
    presentment_currency: writer.currencies[1],
    taxes_included: spec.taxesIncluded ?? false,
    duties_included: spec.dutiesIncluded ?? false,
    ...writer.plainAndSet('total_price', total),
    ...writer.plainAndSet('current_total_price', total),
    total_outstanding: writer.plain(0),
    total_tip_received: writer.plain(tip),
    original_total_duties_set: duties.length === 0 ? null : writer.set(dutyTotal),
    original_total_additional_fees_set: fee === undefined ? null : writer.set(fee.amount),
    total_cash_rounding_payment_adjustment_set: writer.set(spec.rounding ?? 0),
    tax_lines: grouped(taxes).map((tax) => taxBody(tax, writer)),
    line_items: lines.map((line, index) => lineBody(line, index, writer)),
    shipping_lines: shipping.map((line, index) => shippingBody(line, index, writer)),
    discount_applications: spec.applications ?? [],
    refunds: [],
    email: 'jane@example.com',
    phone: null,
    customer: { id: 115310627314723, first_name: 'Jane', last_name: 'Doe', email: 'jane@example.com' },
    billing_address: ADDRESS,
    shipping_address: null,
    ...spec.as,
  };
}

const ADDRESS: Body = {
  first_name: 'Jane',
  last_name: 'Doe',
  company: 'Doe & Sons',
  phone: '+15550100',
  address1: '1 Example Street',
  address2: null,
  city: 'Ottawa',
  province: 'Ontario',
  province_code: 'ON',
  zip: 'K1A 0B1',
  country: 'Canada',
  country_code: 'CA',
};

export function snapshotOf(body: Body, currencySide: CurrencySide = 'shop'): Snapshot {
  return normalize(parseOrder(parseLossless(JSON.stringify(body))), { ...SHOP, currencySide });
}

/** The body with one field, deep inside, set to another value; undefined takes it away. */
export function withField(body: Body, path: string, value: unknown): Body {
  const copy: unknown = JSON.parse(JSON.stringify(body));
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  const parent = keys.reduce<unknown>((inner, key) => Reflect.get(Object(inner), key), copy);
  Reflect.set(Object(parent), last, value);
  return Object(copy) as Body;
}

interface Writer {
  readonly currencies: readonly [string, string];
  plain(amount: Both): string;
  set(amount: Both): Body;
  plainAndSet(key: string, amount: Both): Body;
}

function writerOf({ currency = 'USD', presentment = currency, decimals = [2, 2] }: OrderSpec): Writer {
  const plain = (amount: Both): string => decimal(sides(amount)[0], decimals[0]);
  const set = (amount: Both): Body => ({
    shop_money: { amount: plain(amount), currency_code: currency },
    presentment_money: { amount: decimal(sides(amount)[1], decimals[1]), currency_code: presentment },
  });
  return {
    currencies: [currency, presentment],
    plain,
    set,
    plainAndSet: (key, amount) => ({ [key]: plain(amount), [`${key}_set`]: set(amount) }),
  };
}

function lineBody(line: LineSpec, index: number, writer: Writer): Body {
  return {
    id: 1000 + index,
    title: `Item ${index + 1}`,
    name: `Item ${index + 1}`,
    variant_title: null,
    sku: `SKU-${index + 1}`,
    quantity: line.quantity ?? 1,
    gift_card: false,
    requires_shipping: true,
    ...writer.plainAndSet('price', line.price),
    total_discount: '0.00',
    ...partsOf(line, writer),
    duties: (line.duties ?? []).map((duty, place) => ({
      id: `${7000 + index * 10 + place}`,
      ...writer.set(duty.amount),
      tax_lines: (duty.taxes ?? []).map((tax) => taxBody(tax, writer)),
    })),
    ...line.as,
  };
}

function shippingBody(line: LineSpec, index: number, writer: Writer): Body {
  return {
    id: 2000 + index,
    title: 'Standard',
    is_removed: false,
    ...writer.plainAndSet('price', line.price),
    ...partsOf(line, writer),
    ...line.as,
  };
}

function partsOf(line: LineSpec, writer: Writer): Body {
  return {
    tax_lines: (line.taxes ?? []).map((tax) => taxBody(tax, writer)),
    discount_allocations: (line.discounts ?? []).map(([place, amount]) => ({
      ...writer.plainAndSet('amount', amount),
      discount_application_index: place,
    })),
  };
}

function taxBody(tax: TaxSpec, writer: Writer): Body {
  return {
    title: tax.title ?? 'Tax',
    rate: tax.rate ?? 0.05,
    channel_liable: tax.isChannelLiable ?? false,
    ...writer.plainAndSet('price', tax.amount),
  };
}

/** An order's own taxes are its lines', added up by title, rate and who remits them. */
function grouped(taxes: readonly TaxSpec[]): TaxSpec[] {
  const groups = new Map<string, TaxSpec>();
  for (const tax of taxes) {
    const key = `${tax.title ?? 'Tax'}@${tax.rate ?? 0.05}@${tax.isChannelLiable ?? false}`;
    groups.set(key, { ...tax, amount: sum([groups.get(key)?.amount ?? 0, tax.amount]) });
  }
  return [...groups.values()];
}

function sides(amount: Both): readonly [number, number] {
  return typeof amount === 'number' ? [amount, amount] : amount;
}

function sum(amounts: readonly Both[]): Both {
  return amounts.map(sides).reduce<readonly [number, number]>((a, b) => [a[0] + b[0], a[1] + b[1]], [0, 0]);
}

function times(amount: Both, count: number): Both {
  const [shop, presentment] = sides(amount);
  return [shop * count, presentment * count];
}

function decimal(minor: number, decimals: number): string {
  const digits = String(Math.abs(minor)).padStart(decimals + 1, '0');
  const point = digits.length - decimals;
  const text = decimals === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
  return minor < 0 ? `-${text}` : text;
}
