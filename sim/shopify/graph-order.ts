import { sumOf } from '#sim/world/money.ts';
import type { Bag } from '#sim/world/money.ts';
import type { WorldOrder } from '#sim/world/order.ts';
import { roundedOf } from '#sim/world/totals.ts';
import type { Figures } from '#sim/world/totals.ts';
import { shownFigures } from './body.ts';
import { utcText } from './clock-text.ts';
import { agreementsOf, agreementType } from './graph-agreements.ts';
import type { GraphContext } from './graph-context.ts';
import { bag, kit, TaxLineType, within } from './graph-money.ts';
import {
  AddressType,
  CustomerType,
  DiscountApplicationType,
  FeeType,
  gid,
  LineItemType,
  PaymentTermsType,
  ShippingLineType,
  TransactionType,
} from './graph-parts.ts';
import { refundTypes } from './graph-refund.ts';
import { gatewaysOf } from './line-body.ts';
import { abstractType, objectType } from './graph-type.ts';
import type { Field, GraphType } from './graph-type.ts';

type OrderField = Field<WorldOrder, GraphContext>;

/** A figure of the order, with the doubts of `switches.ts` applied. */
function figure(read: (figures: Figures, order: WorldOrder) => Bag | null): OrderField {
  return bag((order: WorldOrder, { switches }) => {
    const found = read(shownFigures(order, switches), order);
    return found === null ? null : within(order, found);
  });
}

const time = (at: number | null): string | null => (at === null ? null : utcText(at));

interface App {
  readonly id: bigint;
  readonly name: string;
}

const OrderApp: GraphType<App, GraphContext> = objectType('OrderApp', {
  id: kit.leaf(({ id }) => gid('App', id)),
  name: kit.leaf(({ name }) => name),
});

const CashRounding: GraphType<WorldOrder, GraphContext> = objectType('CashRoundingAdjustment', {
  paymentSet: bag((order) => within(order, roundedOf(order, ['sale', 'capture']))),
  refundSet: bag((order) => within(order, roundedOf(order, ['refund']))),
});

const Company: GraphType<never, GraphContext> = objectType('Company', {
  id: kit.leaf(() => null),
  name: kit.leaf(() => null),
});
const TaxSettings: GraphType<never, GraphContext> = objectType('CompanyLocationTaxSettings', {
  taxRegistrationId: kit.leaf(() => null),
  taxExempt: kit.leaf(() => null),
});
const CompanyLocation: GraphType<never, GraphContext> = objectType('CompanyLocation', {
  id: kit.leaf(() => null),
  name: kit.leaf(() => null),
  taxSettings: kit.node(
    () => TaxSettings,
    () => null,
  ),
});
const PurchasingCompany: GraphType<never, GraphContext> = objectType('PurchasingCompany', {
  company: kit.node(
    () => Company,
    () => null,
  ),
  location: kit.node(
    () => CompanyLocation,
    () => null,
  ),
});
/** The world has no companies: who buys is always a customer. */
const PurchasingEntity: GraphType<NonNullable<WorldOrder['customer']>, GraphContext> = abstractType(
  'PurchasingEntity',
  {},
  {
    members: () => [CustomerType, PurchasingCompany],
    bind: (customer, context) => CustomerType.bind(customer, context),
  },
);

const Attribute: GraphType<never, GraphContext> = objectType('Attribute', {
  key: kit.leaf(() => null),
  value: kit.leaf(() => null),
});

const IDENTITY: Readonly<Record<string, OrderField>> = {
  id: kit.leaf(({ id }) => gid('Order', id)),
  legacyResourceId: kit.leaf(({ id }) => `${id}`),
  name: kit.leaf(({ name }) => name),
  number: kit.leaf(({ orderNumber }) => orderNumber),
  poNumber: kit.leaf(({ poNumber }) => poNumber),
  confirmationNumber: kit.leaf(({ id }) => `C${id % 1_000_000_000n}`),
  sourceName: kit.leaf(({ sourceName }) => sourceName),
  sourceIdentifier: kit.leaf(() => null),
  app: kit.node(
    () => OrderApp,
    () => ({ id: 580_111n, name: 'Online Store' }),
  ),
  test: kit.leaf(({ isTest }) => isTest),
  confirmed: kit.leaf(({ isConfirmed }) => isConfirmed),
  edited: kit.leaf(({ isEdited }) => isEdited),
  createdAt: kit.leaf(({ createdAt }) => utcText(createdAt)),
  processedAt: kit.leaf(({ processedAt }) => utcText(processedAt)),
  updatedAt: kit.leaf(({ updatedAt }) => utcText(updatedAt)),
  cancelledAt: kit.leaf(({ cancelled }) => time(cancelled?.at ?? null)),
  merchantOfRecordApp: kit.node(
    () => OrderApp,
    ({ merchantOfRecordAppId: id }) => (id === null ? null : { id, name: 'Managed Markets' }),
  ),
  cancelReason: kit.leaf(({ cancelled }) => cancelled?.reason.toUpperCase() ?? null),
  closed: kit.leaf(({ closedAt }) => closedAt !== null),
  closedAt: kit.leaf(({ closedAt }) => time(closedAt)),
  currencyCode: kit.leaf(({ currency }) => currency),
  presentmentCurrencyCode: kit.leaf(({ presentmentCurrency }) => presentmentCurrency),
  taxesIncluded: kit.leaf(({ taxesIncluded }) => taxesIncluded),
  taxExempt: kit.leaf(({ taxExempt }) => taxExempt),
  dutiesIncluded: kit.leaf(() => false),
  estimatedTaxes: kit.leaf(() => false),
  tags: kit.leaf(({ tags }) => tags),
  note: kit.leaf(({ note }) => note),
  customAttributes: kit.list(
    () => Attribute,
    () => [],
  ),
  discountCodes: kit.leaf(({ discounts }) =>
    discounts.filter((discount) => discount.type === 'discount_code').map((discount) => discount.label),
  ),
};

const PROTECTED = { isProtected: true } as const;

const BUYER: Readonly<Record<string, OrderField>> = {
  email: kit.leaf(({ email }) => email, PROTECTED),
  phone: kit.leaf(({ phone }) => phone, PROTECTED),
  customer: kit.node(
    () => CustomerType,
    ({ customer }) => customer,
    { ...PROTECTED, scope: 'read_customers' },
  ),
  purchasingEntity: kit.node(
    () => PurchasingEntity,
    ({ customer }) => customer,
    PROTECTED,
  ),
  billingAddress: kit.node(
    () => AddressType,
    ({ billingAddress }) => billingAddress,
    PROTECTED,
  ),
  shippingAddress: kit.node(
    () => AddressType,
    ({ shippingAddress }) => shippingAddress,
    PROTECTED,
  ),
};

const STATUS: Readonly<Record<string, OrderField>> = {
  displayFinancialStatus: kit.leaf((order, _, { switches }) =>
    shownFigures(order, switches).status.toUpperCase(),
  ),
  displayFulfillmentStatus: kit.leaf(({ fulfillment }) =>
    fulfillment === 'partial' ? 'PARTIALLY_FULFILLED' : fulfillment.toUpperCase(),
  ),
  fullyPaid: kit.leaf((order, _, { switches }) => {
    const figures = shownFigures(order, switches);
    return order.statedStatus === 'paid' || figures.received.shop >= figures.total.shop;
  }),
  unpaid: kit.leaf((order, _, { switches }) => shownFigures(order, switches).received.shop === 0n),
  paymentGatewayNames: kit.leaf((order) => gatewaysOf(order)),
  paymentTerms: kit.node(
    () => PaymentTermsType,
    ({ paymentTerms }) => paymentTerms,
    { scope: 'read_payment_terms' },
  ),
};

const hasDuties = (order: WorldOrder): boolean => order.lines.some((line) => line.duties.length > 0);

const FIGURES: Readonly<Record<string, OrderField>> = {
  subtotalPriceSet: figure(({ subtotal }) => subtotal),
  totalDiscountsSet: figure(({ discounts }) => discounts),
  totalShippingPriceSet: figure(({ shipping }) => shipping),
  totalTaxSet: figure(({ tax }) => tax),
  totalPriceSet: figure(({ total }) => total),
  originalTotalPriceSet: figure((_, { originalTotal }) => originalTotal),
  originalTotalDutiesSet: figure(({ duties }, order) => (hasDuties(order) ? duties : null)),
  originalTotalAdditionalFeesSet: figure(({ fees }, order) => (order.fees.length > 0 ? fees : null)),
  totalTipReceivedSet: figure((_, { tip }) => tip),
  totalReceivedSet: figure(({ received }) => received),
  netPaymentSet: figure(({ received, refunded }) => difference(received, refunded)),
  totalOutstandingSet: figure(({ outstanding }) => outstanding),
  totalCapturableSet: figure(({ capturable }) => capturable),
  totalRefundedSet: figure(({ refunded }) => refunded),
  totalRefundedShippingSet: figure((_, order) => refundedShipping(order)),
  currentSubtotalPriceSet: figure(({ current }) => current.subtotal),
  currentTotalDiscountsSet: figure(({ current }) => current.discounts),
  currentShippingPriceSet: figure(({ current }) => current.shipping),
  currentTotalTaxSet: figure(({ current }) => current.tax),
  currentTotalDutiesSet: figure(({ current }, order) => (hasDuties(order) ? current.duties : null)),
  currentTotalAdditionalFeesSet: figure(({ current }, order) =>
    order.fees.length > 0 ? current.fees : null,
  ),
  currentTotalPriceSet: figure(({ current }) => current.total),
  totalCashRoundingAdjustment: kit.node(
    () => CashRounding,
    (order) => order,
  ),
};

function difference(left: Bag, right: Bag): Bag {
  return { shop: left.shop - right.shop, presentment: left.presentment - right.presentment };
}

function refundedShipping(order: WorldOrder): Bag {
  return sumOf(order.refunds.flatMap((refund) => refund.shipping).map((entry) => entry.amount));
}

const refunds = refundTypes(() => OrderType);
export const { RefundType } = refunds;
const SalesAgreementType = agreementType(refunds);

const Count: GraphType<number, GraphContext> = objectType('Count', {
  count: kit.leaf((count) => count),
  precision: kit.leaf(() => 'EXACT'),
});

const PARTS: Readonly<Record<string, OrderField>> = {
  taxLines: kit.list(
    () => TaxLineType,
    (order, _, { switches }) => shownFigures(order, switches).taxes.map((entry) => within(order, entry)),
  ),
  currentTaxLines: kit.list(
    () => TaxLineType,
    (order, _, { switches }) =>
      shownFigures(order, switches).current.taxes.map((entry) => within(order, entry)),
  ),
  additionalFees: kit.list(
    () => FeeType,
    (order) => order.fees.map((entry) => within(order, entry)),
  ),
  discountApplications: kit.connection(
    () => DiscountApplicationType,
    (order) => order.discounts.map((_, index) => within(order, { index })),
  ),
  lineItems: kit.connection(
    () => LineItemType,
    (order, _, { switches }) =>
      order.lines
        .filter((line) => line.kind !== 'tip' || switches.tip !== 'no line')
        .map((entry) => within(order, entry)),
  ),
  shippingLines: kit.connection(
    () => ShippingLineType,
    (order, args) =>
      order.shipping
        .filter((line) => args['includeRemovals'] === true || !line.isRemoved)
        .map((entry) => within(order, entry)),
    { args: ['includeRemovals'] },
  ),
  transactions: kit.list(
    () => TransactionType,
    (order) => order.transactions.map((entry) => within(order, entry)),
    { args: ['first', 'capturable', 'manuallyResolvable'] },
  ),
  transactionsCount: kit.node(
    () => Count,
    (order) => order.transactions.length,
  ),
  refunds: kit.list(
    () => RefundType,
    (order) => order.refunds.map((entry) => within(order, entry)),
    { args: ['first'] },
  ),
  returns: kit.connection(
    () => refunds.ReturnType,
    () => [],
    { scope: 'read_returns' },
  ),
  agreements: kit.connection(() => SalesAgreementType, agreementsOf, { args: ['query'] }),
};

/** The order as GraphQL 2026-10 shows it: the same struct as the webhook body, in the schema's names. */
export const OrderType: GraphType<WorldOrder, GraphContext> = objectType('Order', {
  ...IDENTITY,
  ...BUYER,
  ...STATUS,
  ...FIGURES,
  ...PARTS,
});
