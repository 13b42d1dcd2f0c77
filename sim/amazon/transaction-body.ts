import type { Fee } from './fees.ts';
import { ExactNumber } from './json.ts';
import type { Json } from './json.ts';
import { totalOf } from './ledger.ts';
import type { Transaction, TransactionItem } from './ledger.ts';
import { CHARGES, DISCOUNTED } from './order.ts';
import type { AmazonSwitches } from './switches.ts';
import { exactAmount, timeText } from './wire-text.ts';

/** A node of the tree that says how a total comes about; its amount is the sum of its children where it has any. */
interface Node {
  readonly type: string;
  readonly amount: bigint;
  readonly children: readonly Node[];
}

interface View {
  readonly switches: AmazonSwitches;
  readonly sellerId: string;
}

/** A transaction as Finances 2024-06-19 lists it (vendors/amazon.md 6): twice where it was deferred and another one releases it. */
export function transactionBodies(transaction: Transaction, view: View): readonly Json[] {
  const { release } = view.switches;
  // Refunds are deferred with their order; here they are free at once.
  const isReleased = transaction.status === 'DEFERRED_RELEASED' || transaction.type === 'Refund';
  if (release === 'same transaction' || !isReleased) return [transactionBody(transaction, view)];
  const releasedId = `R${transaction.id.slice(1)}`;
  const isNamed = release === 'another by name';
  const deferred: Transaction = {
    ...transaction,
    status: 'DEFERRED_RELEASED',
    also: isNamed ? { name: 'RELEASE_TRANSACTION_ID', value: releasedId } : null,
  };
  const released: Transaction = {
    ...transaction,
    id: releasedId,
    status: 'RELEASED',
    postedAt: transaction.deferral?.maturesAt ?? transaction.postedAt,
    also: isNamed ? { name: 'DEFERRED_TRANSACTION_ID', value: transaction.id } : null,
  };
  return [deferred, released].map((entry) => transactionBody(entry, view));
}

function transactionBody(transaction: Transaction, { switches, sellerId }: View): Json {
  const { marketplace, deferral } = transaction;
  const { currency } = marketplace;
  const tree = { currency, switches };
  const isNull = switches.financesNulls === 'nulls';
  const trees = transaction.items.map((entry) => treeOf(entry, { switches, marketplace }));
  const all = merged([...trees.flat(), ...besideOf(transaction)]);
  const isBySign = switches.financesGroups === 'by sign';
  const [own, whole] = isBySign ? [trees.map(ungrouped), bySign(all)] : [trees, all];
  return {
    sellingPartnerMetadata: {
      sellingPartnerId: sellerId,
      accountType: 'Standard Orders',
      marketplaceId: marketplace.id,
    },
    relatedIdentifiers: identifiersOf(transaction),
    transactionType: transaction.type,
    transactionId: transaction.id,
    transactionStatus: isNull ? null : statusText(transaction, switches),
    description: transaction.description,
    postedDate: timeText(transaction.postedAt),
    totalAmount: exactMoney(totalOf(transaction), currency),
    marketplaceDetails:
      switches.serviceStore === 'not told' && transaction.type === 'ServiceFee'
        ? null
        : { marketplaceId: marketplace.id, marketplaceName: marketplace.name },
    items: transaction.items.map((entry, index) =>
      itemText(entry, own[index] ?? [], { ...tree, transaction }),
    ),
    contexts: isNull
      ? null
      : deferral === null
        ? []
        : [
            {
              contextType: 'DeferredContext',
              deferralReason: deferral.reason,
              maturityDate: timeText(deferral.maturesAt),
            },
          ],
    breakdowns: isNull ? null : listText(whole, tree),
  };
}

function identifiersOf(transaction: Transaction): Json {
  const { order, own, also, group } = transaction;
  const named = (name: string, value: string): Json => ({
    relatedIdentifierName: name,
    relatedIdentifierValue: value,
  });
  return [
    ...(order === null ? [] : [named('ORDER_ID', order.id)]),
    ...[own, also].flatMap((one) => (one === null ? [] : [named(one.name, one.value)])),
    ...(group === null
      ? []
      : [named('FINANCIAL_EVENT_GROUP_ID', group.id), named('SETTLEMENT_ID', group.settlementId)]),
  ];
}

function statusText({ status }: Transaction, { financesShape }: AmazonSwitches): string {
  if (financesShape === 'recorded') return status;
  return { DEFERRED: 'Deferred', RELEASED: 'Released', DEFERRED_RELEASED: 'DeferredReleased' }[status];
}

/** A JSON number with the digits of the currency, as a ledger has them: never through a float. */
function exactMoney(minor: bigint, currency: string): Json {
  return { currencyAmount: new ExactNumber(exactAmount(minor, currency)), currencyCode: currency };
}

function leaf(type: string, amount: bigint): Node {
  return { type, amount, children: [] };
}

function leavesOf(fees: readonly Fee[]): Node[] {
  return fees.map(({ name, amount }) => leaf(name, amount));
}

function branch(type: string, children: readonly Node[]): Node[] {
  const some = children.filter(({ amount }) => amount !== 0n);
  if (some.length === 0) return [];
  return [{ type, amount: some.reduce((sum, { amount }) => sum + amount, 0n), children: some }];
}

function treeOf(
  { item, parts, fees, levies }: TransactionItem,
  { switches, marketplace }: Pick<View, 'switches'> & Pick<Transaction, 'marketplace'>,
): readonly Node[] {
  const { charges, discounts } = parts;
  const isWithheld = item.collection === 'facilitator';
  const taxes = [...CHARGES.map((key) => charges[key].tax), ...DISCOUNTED.map((key) => -discounts[key].tax)];
  const tax = taxes.reduce((sum, amount) => sum + amount, 0n);
  const shippingTax = charges.shipping.tax - discounts.shipping.tax;
  const isTaxShown = !isWithheld || switches.withheldTax !== 'left out';
  const savedTax = DISCOUNTED.reduce((sum, key) => sum + discounts[key].tax, 0n);
  const isSavedApart = isTaxShown && switches.rebates === 'with tax';
  const promotions = DISCOUNTED.reduce((sum, key) => sum - discounts[key].net, 0n);
  const withheld =
    switches.withheldTax === 'one name'
      ? [leaf('TaxWithheld', -tax)]
      : [
          leaf(`${withheldName(marketplace)}-Principal`, shippingTax - tax),
          leaf(`${withheldName(marketplace)}-Shipping`, -shippingTax),
        ];
  return [
    ...branch('Sales', [
      leaf('ProductCharges', charges.item.net),
      leaf('Shipping', charges.shipping.net),
      leaf('GiftWrap', charges.giftWrap.net),
      leaf('CODFee', charges.cod.net),
      leaf('OtherCharges', charges.other.net),
      ...(isSavedApart ? rebatesOf(discounts) : [leaf('Promotions', promotions)]),
      leaf('Tax', isTaxShown ? tax + (isSavedApart ? savedTax : 0n) : 0n),
    ]),
    ...(isWithheld && isTaxShown ? branch('Withholdings', withheld) : []),
    ...branch('TaxCollectedAtSource', leavesOf(levies.filter(({ name }) => name.startsWith('TCS')))),
    ...branch('TaxWithholding', leavesOf(levies.filter(({ name }) => !name.startsWith('TCS')))),
    ...branch('Expenses', branch('AmazonFees', leavesOf(fees))),
  ];
}

/** Sales tax, value-added tax, and the tax of Australia and Singapore on what is brought in. */
function withheldName({ country, prices }: Transaction['marketplace']): string {
  if (prices === 'exclusive') return 'MarketplaceFacilitatorTax';
  return country === 'AU' || country === 'SG' ? 'LowValueGoodsTax' : 'MarketplaceFacilitatorVAT';
}

function besideOf({ type, beside }: Transaction): readonly Node[] {
  const nodes = leavesOf(beside);
  if (type === 'Shipment' || type === 'DeliveryTip') return branch('Sales', nodes);
  if (type === 'ServiceFee') return branch('Expenses', branch('AmazonFees', nodes));
  return nodes;
}

function rebatesOf(discounts: TransactionItem['parts']['discounts']): readonly Node[] {
  const names = { item: 'OurPrice', shipping: 'Shipping' } as const;
  return branch(
    'PromoRebates',
    DISCOUNTED.flatMap((key) => [
      leaf(`${names[key]}Discount`, -discounts[key].net),
      leaf(`${names[key]}TaxDiscount`, -discounts[key].tax),
    ]),
  );
}

/** Without what groups by kind. */
function ungrouped(nodes: readonly Node[]): readonly Node[] {
  return nodes.flatMap((node) => (['Sales', 'Expenses'].includes(node.type) ? node.children : [node]));
}

/** What the seller gets and what he pays, each by category, and nothing beneath. */
function bySign(nodes: readonly Node[]): readonly Node[] {
  const categories = merged(ungrouped(nodes)).map(({ type, amount }) => leaf(type, amount));
  const group = (type: string, children: readonly Node[]): Node => ({
    type,
    amount: children.reduce((sum, { amount }) => sum + amount, 0n),
    children,
  });
  return [
    group(
      'Sales',
      categories.filter(({ amount }) => amount > 0n),
    ),
    group(
      'Expenses',
      categories.filter(({ amount }) => amount < 0n),
    ),
  ];
}

/** Nodes of one name become one, all the way down. */
function merged(nodes: readonly Node[]): readonly Node[] {
  return Array.from(
    Map.groupBy(nodes, ({ type }) => type),
    ([type, same]) => ({
      type,
      amount: same.reduce((sum, { amount }) => sum + amount, 0n),
      children: merged(same.flatMap(({ children }) => children)),
    }),
  );
}

interface Tree {
  readonly currency: string;
  readonly switches: AmazonSwitches;
}

function listText(nodes: readonly Node[], tree: Tree): Json {
  const list = nodes.map((node) => nodeText(node, tree));
  return tree.switches.financesShape === 'recorded' ? list : { breakdowns: list };
}

function nodeText({ type, amount, children }: Node, tree: Tree): Json {
  const isRecorded = tree.switches.financesShape === 'recorded';
  return {
    breakdownType: isRecorded ? type : type.replace(/([a-z])(?=[A-Z])|([A-Z])(?=[A-Z][a-z])/g, '$1$2 '),
    breakdownAmount: exactMoney(amount, tree.currency),
    breakdowns: children.map((child) => nodeText(child, tree)),
  };
}

function itemText(
  entry: TransactionItem,
  own: readonly Node[],
  { currency, switches, transaction }: Tree & { readonly transaction: Transaction },
): Json {
  const { item, quantity } = entry;
  const isNull = switches.financesNulls === 'nulls';
  const nodes = own.map((node) => nodeText(node, { currency, switches }));
  return {
    description: item.title,
    totalAmount: exactMoney(
      own.reduce((sum, { amount }) => sum + amount, 0n),
      currency,
    ),
    relatedIdentifiers: [
      { itemRelatedIdentifierName: 'ORDER_ADJUSTMENT_ITEM_ID', itemRelatedIdentifierValue: item.id },
    ],
    breakdowns: nodes,
    contexts: isNull
      ? null
      : [
          {
            contextType: 'ProductContext',
            asin: item.asin,
            sku: item.sku,
            quantityShipped: quantity,
            fulfillmentNetwork: transaction.order?.fulfilledBy === 'AMAZON' ? 'AFN' : 'MFN',
          },
        ],
  };
}
