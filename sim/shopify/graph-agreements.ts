import { minus, plus, sumOf, times, ZERO } from '#sim/world/money.ts';
import type { Bag } from '#sim/world/money.ts';
import type {
  AdditionalFee,
  Duty,
  Line,
  Refund,
  ShippingLine,
  TaxLine,
  WorldOrder,
} from '#sim/world/order.ts';
import { discountOf } from '#sim/world/totals.ts';
import { utcText } from './clock-text.ts';
import type { GraphContext } from './graph-context.ts';
import { bag, kit, TaxLineType, within } from './graph-money.ts';
import type { Within } from './graph-money.ts';
import { DutyType, gid, LineItemType, ShippingLineType, SoldFeeType } from './graph-parts.ts';
import type { RefundTypes } from './graph-refund.ts';
import { abstractType, objectType } from './graph-type.ts';
import type { GraphType } from './graph-type.ts';

/** One row of the sales ledger: something sold, or (negative) taken back. */
interface Sale {
  readonly of:
    | { readonly kind: 'line'; readonly line: Line }
    | { readonly kind: 'shipping'; readonly line: ShippingLine }
    | { readonly kind: 'duty'; readonly duty: Duty }
    | { readonly kind: 'fee'; readonly fee: AdditionalFee };
  readonly action: 'ORDER' | 'RETURN';
  readonly id: bigint;
  readonly quantity: number | null;
  /** After discounts, before tax where tax comes on top. */
  readonly amount: Bag;
  readonly discount: Bag;
  readonly taxes: readonly TaxLine[];
}

/** Who agreed to what: the order itself, and every refund or removal after it. */
interface Agreement {
  readonly id: bigint;
  readonly at: number;
  readonly reason: 'ORDER' | 'ORDER_EDIT' | 'REFUND';
  readonly refund: Refund | null;
  readonly sales: readonly Sale[];
}

/** The ledger of sales (vendors/shopify.md 4.3). Lines that an edit added stand in the first agreement, with the others. */
export function agreementsOf(order: WorldOrder): Within<Agreement>[] {
  const first: Agreement = {
    id: order.id,
    at: order.processedAt,
    reason: 'ORDER',
    refund: null,
    sales: soldOf(order),
  };
  const later = order.refunds.map((refund): Agreement => ({
    id: refund.id,
    at: refund.createdAt,
    reason: refund.kind === 'refund' ? 'REFUND' : 'ORDER_EDIT',
    refund,
    sales: returnedOf(order, refund),
  }));
  return [first, ...later].map((entry) => within(order, entry));
}

function soldOf(order: WorldOrder): Sale[] {
  const extras = { quantity: null, discount: ZERO, taxes: [], action: 'ORDER' } as const;
  return [
    ...order.lines.map((line): Sale => ({
      of: { kind: 'line', line },
      action: 'ORDER',
      id: line.id,
      quantity: line.quantity,
      amount: minus(times(line.price, line.quantity), discountOf(line)),
      discount: discountOf(line),
      taxes: line.taxes,
    })),
    ...order.shipping.map((line): Sale => ({
      of: { kind: 'shipping', line },
      action: 'ORDER',
      id: line.id,
      quantity: null,
      amount: minus(line.price, discountOf(line)),
      discount: discountOf(line),
      taxes: line.taxes,
    })),
    ...order.lines
      .flatMap((line) => line.duties)
      .map((duty): Sale => ({ ...extras, of: { kind: 'duty', duty }, id: duty.id, amount: duty.amount })),
    ...order.fees.map((fee): Sale => ({
      ...extras,
      of: { kind: 'fee', fee },
      id: fee.id,
      amount: fee.amount,
    })),
  ];
}

function returnedOf(order: WorldOrder, refund: Refund): Sale[] {
  const negative = (amount: Bag): Bag => minus(ZERO, amount);
  const taxed = (taxes: readonly TaxLine[], amounts: readonly Bag[]): TaxLine[] =>
    taxes.map((tax, index) => ({ ...tax, amount: negative(amounts[index] ?? ZERO) }));
  const lines = refund.lines.flatMap((entry): Sale[] => {
    const line = order.lines.find((candidate) => candidate.id === entry.lineId);
    if (line === undefined) return [];
    return [
      {
        of: { kind: 'line', line },
        action: 'RETURN',
        id: entry.id,
        quantity: -entry.quantity,
        amount: negative(entry.subtotal),
        discount: negative(entry.discount),
        taxes: taxed(line.taxes, entry.taxes),
      },
    ];
  });
  const shipping = refund.shipping.flatMap((entry): Sale[] => {
    const line = order.shipping.find((candidate) => candidate.id === entry.shippingLineId);
    if (line === undefined) return [];
    const taxes = taxed(line.taxes, entry.taxes);
    const amount = negative(entry.amount);
    return [
      {
        of: { kind: 'shipping', line },
        action: 'RETURN',
        id: entry.id,
        quantity: null,
        amount,
        discount: ZERO,
        taxes,
      },
    ];
  });
  const extras = { action: 'RETURN', quantity: null, discount: ZERO, taxes: [] } as const;
  const duties = refund.duties.shop === 0n ? [] : order.lines.flatMap((line) => line.duties);
  const fees = refund.fees.shop === 0n ? [] : order.fees;
  return [
    ...lines,
    ...shipping,
    ...duties.map((duty): Sale => ({
      ...extras,
      of: { kind: 'duty', duty },
      id: duty.id + refund.id,
      amount: negative(duty.amount),
    })),
    ...fees.map((fee): Sale => ({
      ...extras,
      of: { kind: 'fee', fee },
      id: fee.id + refund.id,
      amount: negative(fee.amount),
    })),
  ];
}

interface SaleTax {
  readonly sale: Sale;
  readonly tax: TaxLine;
}

const SaleTaxType: GraphType<Within<SaleTax>, GraphContext> = objectType('SaleTax', {
  id: kit.leaf(({ item }) => gid('SaleTax', item.sale.id)),
  amount: bag(({ order, item }) => within(order, item.tax.amount)),
  taxLine: kit.node(
    () => TaxLineType,
    ({ order, item }) => within(order, item.tax),
  ),
});

function saleTax(sale: Sale): Bag {
  return sumOf(sale.taxes.map((tax) => tax.amount));
}

const COMMON_SALE = {
  id: kit.leaf(({ item }: Within<Sale>) => gid('Sale', item.id)),
  actionType: kit.leaf(({ item }: Within<Sale>) => item.action),
  lineType: kit.leaf(({ item }: Within<Sale>) => lineTypeOf(item)),
  quantity: kit.leaf(({ item }: Within<Sale>) => item.quantity),
  totalAmount: bag(({ order, item }: Within<Sale>) =>
    within(order, order.taxesIncluded ? item.amount : plus(item.amount, saleTax(item))),
  ),
  totalTaxAmount: bag(({ order, item }: Within<Sale>) => within(order, saleTax(item))),
  totalDiscountAmountBeforeTaxes: bag(({ order, item }: Within<Sale>) => within(order, item.discount)),
  totalDiscountAmountAfterTaxes: bag(({ order, item }: Within<Sale>) => within(order, item.discount)),
  taxes: kit.list(
    () => SaleTaxType,
    ({ order, item }: Within<Sale>) => item.taxes.map((tax) => within(order, { sale: item, tax })),
  ),
};

function lineTypeOf({ of }: Sale): string {
  switch (of.kind) {
    case 'line':
      return of.line.kind === 'gift_card' ? 'GIFT_CARD' : of.line.kind === 'tip' ? 'TIP' : 'PRODUCT';
    case 'shipping':
      return 'SHIPPING';
    case 'duty':
      return 'DUTY';
    case 'fee':
      return 'ADDITIONAL_FEE';
  }
}

const lineItem = kit.node(
  () => LineItemType,
  ({ order, item }: Within<Sale>) => (item.of.kind === 'line' ? within(order, item.of.line) : null),
);

const ProductSale: GraphType<Within<Sale>, GraphContext> = objectType('ProductSale', {
  ...COMMON_SALE,
  lineItem,
});
const GiftCardSale: GraphType<Within<Sale>, GraphContext> = objectType('GiftCardSale', {
  ...COMMON_SALE,
  lineItem,
});
const TipSale: GraphType<Within<Sale>, GraphContext> = objectType('TipSale', { ...COMMON_SALE, lineItem });
const ShippingSale: GraphType<Within<Sale>, GraphContext> = objectType('ShippingLineSale', {
  ...COMMON_SALE,
  shippingLine: kit.node(
    () => ShippingLineType,
    ({ order, item }) => (item.of.kind === 'shipping' ? within(order, item.of.line) : null),
  ),
});
const DutySale: GraphType<Within<Sale>, GraphContext> = objectType('DutySale', {
  ...COMMON_SALE,
  duty: kit.node(
    () => DutyType,
    ({ order, item }) => (item.of.kind === 'duty' ? within(order, item.of.duty) : null),
  ),
});
const AdditionalFeeSale: GraphType<Within<Sale>, GraphContext> = objectType('AdditionalFeeSale', {
  ...COMMON_SALE,
  additionalFee: kit.node(
    () => SoldFeeType,
    ({ order, item }) => (item.of.kind === 'fee' ? within(order, item.of.fee) : null),
  ),
});
/** Kinds of sales that the world never makes but that documents may ask for. */
const Fee: GraphType<never, GraphContext> = objectType('Fee', { id: kit.leaf(() => null) });
const FeeSale: GraphType<Within<Sale>, GraphContext> = objectType('FeeSale', {
  ...COMMON_SALE,
  fee: kit.node(
    () => Fee,
    () => null,
  ),
});
const AdjustmentSale: GraphType<Within<Sale>, GraphContext> = objectType('AdjustmentSale', COMMON_SALE);
const UnknownSale: GraphType<Within<Sale>, GraphContext> = objectType('UnknownSale', COMMON_SALE);

const SaleType: GraphType<Within<Sale>, GraphContext> = abstractType('Sale', COMMON_SALE, {
  members: () => [
    ProductSale,
    GiftCardSale,
    TipSale,
    ShippingSale,
    DutySale,
    AdditionalFeeSale,
    FeeSale,
    AdjustmentSale,
    UnknownSale,
  ],
  bind: (source, context) => saleTypeOf(source.item).bind(source, context),
});

function saleTypeOf(sale: Sale): GraphType<Within<Sale>, GraphContext> {
  switch (sale.of.kind) {
    case 'line': {
      const { kind } = sale.of.line;
      return kind === 'gift_card' ? GiftCardSale : kind === 'tip' ? TipSale : ProductSale;
    }
    case 'shipping':
      return ShippingSale;
    case 'duty':
      return DutySale;
    case 'fee':
      return AdditionalFeeSale;
  }
}

const App: GraphType<string, GraphContext> = objectType('App', { title: kit.leaf((title) => title) });

const COMMON_AGREEMENT = {
  id: kit.leaf(({ item }: Within<Agreement>) => gid('SalesAgreement', item.id)),
  happenedAt: kit.leaf(({ item }: Within<Agreement>) => utcText(item.at)),
  reason: kit.leaf(({ item }: Within<Agreement>) => item.reason),
  app: kit.node(
    () => App,
    () => 'Online Store',
  ),
  sales: kit.connection(
    () => SaleType,
    ({ order, item }: Within<Agreement>) => item.sales.map((sale) => within(order, sale)),
  ),
};

export function agreementType({
  RefundType,
  ReturnType,
}: RefundTypes): GraphType<Within<Agreement>, GraphContext> {
  const OrderAgreement: GraphType<Within<Agreement>, GraphContext> = objectType(
    'OrderAgreement',
    COMMON_AGREEMENT,
  );
  const OrderEditAgreement: GraphType<Within<Agreement>, GraphContext> = objectType(
    'OrderEditAgreement',
    COMMON_AGREEMENT,
  );
  const RefundAgreement: GraphType<Within<Agreement>, GraphContext> = objectType('RefundAgreement', {
    ...COMMON_AGREEMENT,
    refund: kit.node(
      () => RefundType,
      ({ order, item }) => (item.refund === null ? null : within(order, item.refund)),
      { isRequired: true },
    ),
  });
  const ReturnAgreement: GraphType<Within<Agreement>, GraphContext> = objectType('ReturnAgreement', {
    ...COMMON_AGREEMENT,
    return: kit.node(
      () => ReturnType,
      () => null,
      { isRequired: true },
    ),
  });

  const AGREEMENT_TYPES = {
    ORDER: OrderAgreement,
    ORDER_EDIT: OrderEditAgreement,
    REFUND: RefundAgreement,
  } as const;

  return abstractType('SalesAgreement', COMMON_AGREEMENT, {
    members: () => [OrderAgreement, OrderEditAgreement, RefundAgreement, ReturnAgreement],
    bind: (source, context) => AGREEMENT_TYPES[source.item.reason].bind(source, context),
  });
}
