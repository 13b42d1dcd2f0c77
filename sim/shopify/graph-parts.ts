import { minus, ZERO } from '#sim/world/money.ts';
import type {
  AdditionalFee,
  Address,
  Customer,
  Discount,
  Duty,
  Line,
  PaymentTerms,
  ShippingLine,
  Transaction,
} from '#sim/world/order.ts';
import { sumOf, times } from '#sim/world/money.ts';
import { currentQuantity, discountOf, refundedQuantity } from '#sim/world/totals.ts';
import { currentShipping, fullName } from './body.ts';
import { utcText } from './clock-text.ts';
import type { GraphContext } from './graph-context.ts';
import { allocationType, amountOf, bag, kit, MoneyBag, MoneyV2, TaxLineType, within } from './graph-money.ts';
import type { Within } from './graph-money.ts';
import { lineName } from './line-body.ts';
import { abstractType, objectType } from './graph-type.ts';
import type { GraphType } from './graph-type.ts';

type Type<Item> = GraphType<Within<Item>, GraphContext>;

export const gid = (type: string, id: bigint): string => `gid://shopify/${type}/${id}`;

const taxLines = { args: ['first'] } as const;

interface IndexedDiscount {
  readonly index: number;
}

function discountAt({ order, item }: Within<IndexedDiscount>): Discount {
  const discount = order.discounts[item.index];
  if (discount === undefined) throw new Error(`Order ${order.name} has no discount ${item.index}`);
  return discount;
}

const Percentage: Type<Discount> = objectType('PricingPercentageValue', {
  percentage: kit.leaf(({ item }) =>
    item.value.kind === 'percentage' ? Number(item.value.hundredths) / 100 : 0,
  ),
});

const PricingValue: Type<Discount> = abstractType(
  'PricingValue',
  {},
  {
    members: () => [MoneyV2, Percentage],
    bind: (source, context) => {
      const { value } = source.item;
      if (value.kind === 'percentage') return Percentage.bind(source, context);
      return MoneyV2.bind(amountOf(within(source.order, value.amount), 'shop'), context);
    },
  },
);

const COMMON_DISCOUNT = {
  index: kit.leaf(({ item }: Within<IndexedDiscount>) => item.index),
  allocationMethod: kit.leaf((source: Within<IndexedDiscount>) =>
    discountAt(source).allocation.toUpperCase(),
  ),
  targetSelection: kit.leaf((source: Within<IndexedDiscount>) => discountAt(source).selection.toUpperCase()),
  targetType: kit.leaf((source: Within<IndexedDiscount>) => discountAt(source).target.toUpperCase()),
  value: kit.node(
    () => PricingValue,
    (source: Within<IndexedDiscount>) => within(source.order, discountAt(source)),
  ),
};

const label = kit.leaf((source: Within<IndexedDiscount>) => discountAt(source).label);

const CodeDiscount: Type<IndexedDiscount> = objectType('DiscountCodeApplication', {
  ...COMMON_DISCOUNT,
  code: label,
});
const ManualDiscount: Type<IndexedDiscount> = objectType('ManualDiscountApplication', {
  ...COMMON_DISCOUNT,
  title: label,
  description: label,
});
const AutomaticDiscount: Type<IndexedDiscount> = objectType('AutomaticDiscountApplication', {
  ...COMMON_DISCOUNT,
  title: label,
});
const ScriptDiscount: Type<IndexedDiscount> = objectType('ScriptDiscountApplication', {
  ...COMMON_DISCOUNT,
  title: label,
});

const DISCOUNT_TYPES = {
  discount_code: CodeDiscount,
  manual: ManualDiscount,
  automatic: AutomaticDiscount,
  script: ScriptDiscount,
} as const;

export const DiscountApplicationType: Type<IndexedDiscount> = abstractType(
  'DiscountApplication',
  COMMON_DISCOUNT,
  {
    members: () => Object.values(DISCOUNT_TYPES),
    bind: (source, context) => DISCOUNT_TYPES[discountAt(source).type].bind(source, context),
  },
);

const DiscountAllocation = allocationType(() => DiscountApplicationType);

const Attribute: GraphType<{ name: string; value: string }, GraphContext> = objectType('Attribute', {
  key: kit.leaf(({ name }) => name),
  value: kit.leaf(({ value }) => value),
});

const idOnly = (name: string): GraphType<bigint, GraphContext> =>
  objectType(name, { id: kit.leaf((id: bigint) => gid(name, id)) });
const Product = idOnly('Product');
const Variant = idOnly('ProductVariant');

const LineItemGroup: GraphType<never, GraphContext> = objectType('LineItemGroup', {
  id: kit.leaf(() => null),
  title: kit.leaf(() => null),
  quantity: kit.leaf(() => null),
});

export const DutyType: Type<Duty> = objectType('Duty', {
  id: kit.leaf(({ item }) => gid('Duty', item.id)),
  harmonizedSystemCode: kit.leaf(({ item }) => item.harmonizedSystemCode),
  countryCodeOfOrigin: kit.leaf(({ item }) => item.countryCodeOfOrigin),
  price: bag(({ order, item }) => within(order, item.amount)),
  taxLines: kit.list(
    () => TaxLineType,
    () => [],
  ),
});

/** Discounts that belong to the line itself, without those the order handed out; codes only when asked for. */
function lineDiscounts({ order, item }: Within<Line>, withCodes: boolean): ReturnType<typeof discountOf> {
  const own = item.allocations.filter(({ discount }) => {
    const found = order.discounts[discount];
    return found?.allocation !== 'across' && (withCodes || found?.type !== 'discount_code');
  });
  return sumOf(own.map((entry) => entry.amount));
}

export const LineItemType: Type<Line> = objectType('LineItem', {
  id: kit.leaf(({ item }) => gid('LineItem', item.id)),
  title: kit.leaf(({ item }) => item.title),
  variantTitle: kit.leaf(({ item }) => item.variantTitle),
  name: kit.leaf(({ item }) => lineName(item)),
  sku: kit.leaf(({ item }) => item.sku),
  vendor: kit.leaf(({ item }) => item.vendor),
  quantity: kit.leaf(({ item }) => item.quantity),
  currentQuantity: kit.leaf(({ order, item }) => currentQuantity(order, item)),
  refundableQuantity: kit.leaf(({ order, item }) => currentQuantity(order, item)),
  unfulfilledQuantity: kit.leaf(({ order, item }) =>
    order.fulfillment === 'fulfilled' || item.kind === 'tip' ? 0 : currentQuantity(order, item),
  ),
  nonFulfillableQuantity: kit.leaf(({ order, item }) =>
    item.kind === 'tip' ? item.quantity : refundedQuantity(order, item.id),
  ),
  isGiftCard: kit.leaf(({ item }) => item.kind === 'gift_card'),
  taxable: kit.leaf(({ item }) => item.taxClass !== 'exempt'),
  requiresShipping: kit.leaf(({ item }) => item.requiresShipping),
  customAttributes: kit.list(
    () => Attribute,
    ({ item }) => item.properties,
  ),
  product: kit.node(
    () => Product,
    ({ item }) => item.productId,
    { scope: 'read_products' },
  ),
  variant: kit.node(
    () => Variant,
    ({ item }) => item.variantId,
    { scope: 'read_products' },
  ),
  lineItemGroup: kit.node(
    () => LineItemGroup,
    () => null,
  ),
  originalUnitPriceSet: bag(({ order, item }) => within(order, item.price)),
  originalTotalSet: bag(({ order, item }) => within(order, times(item.price, item.quantity))),
  discountedTotalSet: kit.node(
    () => MoneyBag,
    (source, args) => {
      const off = lineDiscounts(source, args['withCodeDiscounts'] === true);
      return within(source.order, minus(times(source.item.price, source.item.quantity), off));
    },
    { args: ['withCodeDiscounts'] },
  ),
  // REST says 0.00 here, GraphQL the line's own allocations (vendors/shopify.md 11).
  totalDiscountSet: bag((source) => within(source.order, lineDiscounts(source, true))),
  discountAllocations: kit.list(
    () => DiscountAllocation,
    ({ order, item }) => item.allocations.map((entry) => within(order, entry)),
  ),
  taxLines: kit.list(
    () => TaxLineType,
    ({ order, item }) => item.taxes.map((entry) => within(order, entry)),
    taxLines,
  ),
  duties: kit.list(
    () => DutyType,
    ({ order, item }) => item.duties.map((entry) => within(order, entry)),
  ),
});

export const ShippingLineType: Type<ShippingLine> = objectType('ShippingLine', {
  id: kit.leaf(({ item }) => gid('ShippingLine', item.id)),
  title: kit.leaf(({ item }) => item.title),
  code: kit.leaf(({ item }) => item.code),
  source: kit.leaf(({ item }) => item.source),
  carrierIdentifier: kit.leaf(() => null),
  isRemoved: kit.leaf(({ item }) => item.isRemoved),
  custom: kit.leaf(() => false),
  originalPriceSet: bag(({ order, item }) => within(order, item.price)),
  discountedPriceSet: bag(({ order, item }) => within(order, minus(item.price, discountOf(item)))),
  currentDiscountedPriceSet: bag(({ order, item }) => within(order, currentShipping(item, order))),
  taxLines: kit.list(
    () => TaxLineType,
    ({ order, item }) => item.taxes.map((entry) => within(order, entry)),
  ),
  discountAllocations: kit.list(
    () => DiscountAllocation,
    ({ order, item }) => item.allocations.map((entry) => within(order, entry)),
  ),
});

const TransactionFee: GraphType<never, GraphContext> = objectType('TransactionFee', {
  id: kit.leaf(() => null),
  type: kit.leaf(() => null),
  amount: kit.node(
    () => MoneyV2,
    () => null,
  ),
  taxAmount: kit.node(
    () => MoneyV2,
    () => null,
  ),
});

const MANUAL_GATEWAYS: ReadonlySet<string> = new Set(['manual', 'cash', 'Bank Deposit']);

export const TransactionType: Type<Transaction> = objectType('OrderTransaction', {
  id: kit.leaf(({ item }) => gid('OrderTransaction', item.id)),
  kind: kit.leaf(({ item }) => item.kind.toUpperCase()),
  status: kit.leaf(({ item }) => item.status.toUpperCase()),
  test: kit.leaf(({ item }) => item.isTest),
  gateway: kit.leaf(({ item }) => item.gateway),
  formattedGateway: kit.leaf(({ item }) => item.gateway.replaceAll('_', ' ')),
  createdAt: kit.leaf(({ item }) => utcText(item.at)),
  processedAt: kit.leaf(({ item }) => utcText(item.at)),
  errorCode: kit.leaf(({ item }) => (item.status === 'failure' ? 'PROCESSING_ERROR' : null)),
  paymentId: kit.leaf(({ order, item }) => `${order.name}.${item.id % 97n}`),
  manualPaymentGateway: kit.leaf(({ item }) => MANUAL_GATEWAYS.has(item.gateway)),
  amountSet: bag(({ order, item }) => within(order, item.amount)),
  amountRoundingSet: bag(({ order, item }) =>
    item.gateway === 'cash' ? within(order, item.rounding) : null,
  ),
  totalUnsettledSet: bag(({ order }) => within(order, ZERO)),
  parentTransaction: kit.node(
    (): Type<Transaction> => TransactionType,
    ({ order, item }) => {
      const parent = order.transactions.find((entry) => entry.id === item.parentId);
      return parent === undefined ? null : within(order, parent);
    },
  ),
  fees: kit.list(
    () => TransactionFee,
    () => [],
  ),
});

const FEE = {
  id: kit.leaf(({ item }: Within<AdditionalFee>) => gid('AdditionalFee', item.id)),
  name: kit.leaf(({ item }: Within<AdditionalFee>) => item.name),
  price: bag(({ order, item }: Within<AdditionalFee>) => within(order, item.amount)),
  taxLines: kit.list(
    () => TaxLineType,
    (): [] => [],
  ),
};

export const FeeType: Type<AdditionalFee> = objectType('AdditionalFee', FEE);
export const SoldFeeType: Type<AdditionalFee> = objectType('SaleAdditionalFee', FEE);

const EmailAddress: GraphType<string, GraphContext> = objectType('CustomerEmailAddress', {
  emailAddress: kit.leaf((email) => email),
});
const PhoneNumber: GraphType<string, GraphContext> = objectType('CustomerPhoneNumber', {
  phoneNumber: kit.leaf((phone) => phone),
});

export const CustomerType: GraphType<Customer, GraphContext> = objectType('Customer', {
  id: kit.leaf(({ id }) => gid('Customer', id)),
  legacyResourceId: kit.leaf(({ id }) => `${id}`),
  displayName: kit.leaf((customer) => fullName(customer) || (customer.email ?? '')),
  firstName: kit.leaf(({ firstName }) => firstName),
  lastName: kit.leaf(({ lastName }) => lastName),
  taxExempt: kit.leaf(({ taxExempt }) => taxExempt),
  createdAt: kit.leaf(({ createdAt }) => utcText(createdAt)),
  defaultEmailAddress: kit.node(
    () => EmailAddress,
    ({ email }) => email,
  ),
  defaultPhoneNumber: kit.node(
    () => PhoneNumber,
    ({ phone }) => phone,
  ),
  defaultAddress: kit.node(
    () => AddressType,
    ({ defaultAddress }) => defaultAddress,
  ),
});

export const AddressType: GraphType<Address, GraphContext> = objectType('MailingAddress', {
  id: kit.leaf(({ id }) => `${gid('MailingAddress', id)}?model_name=Address`),
  firstName: kit.leaf(({ firstName }) => firstName),
  lastName: kit.leaf(({ lastName }) => lastName),
  name: kit.leaf((address) => fullName(address)),
  company: kit.leaf(({ company }) => company),
  address1: kit.leaf(({ address1 }) => address1),
  address2: kit.leaf(({ address2 }) => address2),
  city: kit.leaf(({ city }) => city),
  province: kit.leaf(({ province }) => province),
  provinceCode: kit.leaf(({ provinceCode }) => provinceCode),
  zip: kit.leaf(({ zip }) => zip),
  country: kit.leaf(({ country }) => country),
  countryCodeV2: kit.leaf(({ countryCode }) => countryCode),
  phone: kit.leaf(({ phone }) => phone),
});

const DAY_MS = 86_400_000;

const PaymentSchedule: GraphType<PaymentTerms, GraphContext> = objectType('PaymentSchedule', {
  id: kit.leaf(({ id }) => gid('PaymentSchedule', id)),
  dueAt: kit.leaf(({ issuedAt, dueInDays }) => utcText(issuedAt + dueInDays * DAY_MS)),
  issuedAt: kit.leaf(({ issuedAt }) => utcText(issuedAt)),
});

export const PaymentTermsType: GraphType<PaymentTerms, GraphContext> = objectType('PaymentTerms', {
  id: kit.leaf(({ id }) => gid('PaymentTerms', id)),
  paymentTermsType: kit.leaf(() => 'NET'),
  paymentTermsName: kit.leaf(({ dueInDays }) => `Net ${dueInDays}`),
  dueInDays: kit.leaf(({ dueInDays }) => dueInDays),
  overdue: kit.leaf(({ issuedAt, dueInDays }, _, { now }) => now > issuedAt + dueInDays * DAY_MS),
  paymentSchedules: kit.connection(
    () => PaymentSchedule,
    (terms) => [terms],
  ),
});
