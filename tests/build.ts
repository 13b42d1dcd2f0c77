import type { Alarm } from '#core/alarm.ts';
import { connectionId, orderKey, referenceOf } from '#core/ids.ts';
import type { Step } from '#core/document.ts';
import type { Entry, Hold } from '#core/ledger.ts';
import * as money from '#core/money.ts';
import type { Money } from '#core/money.ts';
import { totalByLines } from '#core/order.ts';
import type { Cash, Order, OrderLine, Refund, Return, Tax, Tender } from '#core/order.ts';
import { FIRST_NAMING } from '#core/invoice-document.ts';
import type { Terms } from '#core/plan-terms.ts';
import { DEFAULT_RULES } from '#core/rules.ts';
import type { Rules } from '#core/rules.ts';
import { parseTimestamp } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
import type { OrderRecord } from '#pipeline/ports.ts';
import type { Authentic } from '#pipeline/source.ts';

/** Builders of core's and the store's records. Defaults stand here and nowhere else; a test names only what it is about. */

export const SHOP = connectionId('shopify');
export const ORDER = orderKey(SHOP, '5001');

/** A moment from its text: `at('2026-11-10T12:00:00-05:00')`. */
export function at(text: string): Instant {
  return parseTimestamp(text).at;
}

const PLACED = '2026-11-10T12:00:00-05:00';

/** One plausible order of a shop in New York: one line of 10.00 USD, paid by card. Totals and cash follow the lines. */
export function order(parts: Partial<Order> = {}): Order {
  const placed = parseTimestamp(PLACED);
  const currency = parts.currency ?? parts.lines?.[0]?.unitPrice.currency ?? 'USD';
  const base = {
    lines: parts.lines ?? [line({ unitPrice: money.parse('10', currency) })],
    currency,
    pricesIncludeTax: parts.pricesIncludeTax ?? false,
  };
  const total = parts.total ?? totalByLines(base);
  return {
    key: ORDER,
    connection: SHOP,
    source: 'shopify',
    shop: 'acme.myshopify.com',
    vendorId: '5001',
    name: '#1001',
    number: '1001',
    placedAt: placed.at,
    updatedAt: placed.at,
    zone: placed.offset,
    isTest: false,
    isFulfilled: false,
    isVoided: false,
    tags: [],
    sourceName: 'web',
    ...base,
    total,
    currentTotal: total,
    cash: paid(total),
    refunds: [],
    buyer: { customerId: '77', hasEmail: true },
    ...parts,
  };
}

export function line(parts: Partial<OrderLine> = {}): OrderLine {
  return {
    key: 'item:1',
    kind: 'item',
    title: 'Maple cup',
    quantity: 1,
    unitPrice: money.parse('10.00', 'USD'),
    discounts: [],
    taxes: [],
    ...parts,
  };
}

/** A tax of the merchant's, by its percentage as text ("9.975") and its amount as charged. */
export function tax(percent: string, amount: Money, parts: Partial<Tax> = {}): Tax {
  const [whole = '0', fraction = ''] = percent.split('.');
  const ratePpm = Number(whole + fraction.padEnd(4, '0'));
  return { name: 'Tax', ratePpm, amount, remittedBy: 'merchant', ...parts };
}

export function tender(amount: Money, parts: Partial<Tender> = {}): Tender {
  return { gateway: 'shopify_payments', amount, at: at(PLACED), ...parts };
}

/** Cash received by these tenders, or in one. */
export function paid(...amounts: readonly [Money, ...Money[]]): Cash {
  return received(...amounts.map((amount) => tender(amount)));
}

export function received(...tenders: readonly Tender[]): Cash {
  const currency = tenders[0]?.amount.currency ?? 'USD';
  const amounts = tenders.map((tender) => tender.amount);
  return { state: 'known', received: money.sum(amounts, currency), tenders };
}

/** Money that went back without any line, unless told otherwise. */
export function refund(amount: Money, parts: Partial<Refund> = {}): Refund {
  const moment = parts.at ?? at('2026-11-12T09:00:00-05:00');
  const payouts = [{ amount, at: moment, gateway: 'shopify_payments', to: 'money' as const }];
  return {
    id: '901',
    at: moment,
    returns: [],
    difference: money.negate(amount),
    payouts: money.isZero(amount) ? [] : payouts,
    isPending: false,
    ...parts,
  };
}

/** Units of a line that came back, with their part of its taxes. */
export function returned(
  line: string,
  quantity: number,
  amount: Money,
  taxes: readonly Money[] = [],
): Return {
  return { line, quantity, amount, taxes };
}

export function rules(parts: Partial<Rules> = {}): Rules {
  return { ...DEFAULT_RULES, ...parts };
}

export function terms(parts: Partial<Terms> = {}): Terms {
  return { rules: DEFAULT_RULES, naming: FIRST_NAMING, choices: {}, fits: () => true, ...parts };
}

/** An entry for a step; posted with a receipt of the step's own figures unless told otherwise. */
export function entry(intent: Step, parts: Partial<Entry> = {}): Entry {
  return {
    id: '1',
    order: ORDER,
    account: 'freshbooks',
    kind: intent.kind,
    slot: intent.slot,
    reference: intent.reference,
    intent,
    state: 'posted',
    looks: 0,
    receipt: { externalId: `${intent.kind}-${intent.slot}` },
    rulesVersion: 'rules-1',
    intendedAt: at(PLACED),
    settledAt: at(PLACED),
    ...parts,
  };
}

export function clientStep(parts: Partial<Extract<Step, { kind: 'client' }>> = {}): Step {
  return {
    kind: 'client',
    slot: 1,
    reference: referenceOf(ORDER, 'client', parts.slot ?? 1),
    policy: 'customer',
    channelName: 'Online customers - acme.myshopify.com',
    customerId: '77',
    currency: 'USD',
    ...parts,
  };
}

/** An alarm that is raised and was told to nobody. */
export function alarm(parts: Partial<Alarm> = {}): Alarm {
  return {
    key: 'held:shopify/5001:order-sums-differ',
    kind: 'held',
    subject: '#1001',
    sentence: 'The order does not add up',
    remedy: "counterfoil explain '#1001' tells why",
    sinceAt: at(PLACED),
    seenAt: at(PLACED),
    raisedAt: at(PLACED),
    tellings: [],
    ...parts,
  };
}

/** A stored order's record that is due. */
export function record(parts: Partial<OrderRecord> = {}): OrderRecord {
  return {
    key: ORDER,
    connection: SHOP,
    name: '#1001',
    state: 'due',
    dueAt: at(PLACED),
    attempts: 0,
    priority: 0,
    numberVariant: 1,
    isDeleted: false,
    decisions: {},
    createdAt: at(PLACED),
    updatedAt: at(PLACED),
    ...parts,
  };
}

export function message(parts: Partial<Authentic> = {}): Authentic {
  return {
    connection: SHOP,
    externalId: 'delivery-1',
    topic: 'orders/create',
    headers: { 'x-shopify-topic': 'orders/create' },
    body: new TextEncoder().encode('{"id":5001}'),
    ...parts,
  };
}

export function hold(parts: Partial<Hold> = {}): Omit<Hold, 'id' | 'closedAt' | 'closedBecause'> {
  return {
    order: ORDER,
    step: 'invoice-1',
    code: 'order-sums-differ',
    detail: 'Order #1001 says 10.00 USD and its lines sum to 9.99 USD',
    facts: [{ name: 'Difference', value: '0.01 USD' }],
    openedAt: at(PLACED),
    ...parts,
  };
}
