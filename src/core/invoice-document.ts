import type { DocumentLine, InvoiceDocument, LineKind, TaxTotal, TaxTreatment } from './document.ts';
import type { Fact } from './failure.ts';
import * as money from './money.ts';
import type { Money } from './money.ts';
import { netOf } from './order.ts';
import type { Order, OrderLine, Refund, Tax } from './order.ts';
import { fill } from './rules.ts';
import type { Rules, TaxLines } from './rules.ts';
import { isSpent, linesWithout, takenBack } from './sale.ts';
import { localDate } from './time.ts';
import type { LocalDate } from './time.ts';
import { withUntoldTax } from './untold-tax.ts';

/** From an order's lines to the exact document that the books should hold of them, and how two documents differ. */

/** What one invoice is about. */
export interface Contents {
  /** Which of the order's lines stand on it. */
  readonly holds: (line: OrderLine) => boolean;
  /** Refunds that its lines leave out. */
  readonly refunds: readonly Refund[];
  /** Those of them whose amounts beside lines it bears: of several invoices one does. */
  readonly amounts: readonly Refund[];
  /**
   * Of a document of what went back, where an amount beside lines adds to it: what is left of the order, over which the rules may
   * share that amount. Absent of an invoice, whose own lines are what is left.
   */
  readonly left?: readonly OrderLine[];
}

export interface Heading {
  readonly number: string;
  readonly issuedOn: LocalDate;
  /** Beside the order's name, for a reader; empty for none. */
  readonly remark: string;
}

/** How an order's invoice is numbered, as far as the books have objected. */
export interface Naming {
  /** 1, or the suffix that a foreign invoice under our number made necessary. */
  readonly variant: number;
  /** The account has refused the long number for its length. */
  readonly isCompact: boolean;
  /** The order's own place in a count of all orders that were numbered so; absent until it has one. */
  readonly counter?: number;
}

export const FIRST_NAMING: Naming = { variant: 1, isCompact: false };

export function numberOf(order: Order, rules: Rules, { variant, isCompact, counter }: Naming): string {
  const number = fill(templateOf(rules, isCompact), {
    ...namesOf(order),
    ...(counter === undefined ? {} : { counter: String(counter) }),
  });
  return variant === 1 ? number : `${number}-${variant}`;
}

/**
 * Whether a number is of the form that orders get now, so that an invoice with it is found by its order. Where the template is
 * nothing but a field every number would be, and none is taken for one.
 */
export function isNumbered(number: string, rules: Rules, { isCompact }: Pick<Naming, 'isCompact'>): boolean {
  const parts = templateOf(rules, isCompact).split(/(\{\w+\})/);
  const pattern = parts.map((part, index) => (index % 2 === 1 ? formOf(part) : literally(part))).join('');
  const hasWords = parts.some((part, index) => index % 2 === 0 && part !== '');
  return hasWords && new RegExp(`^${pattern}(?:-\\d+)?$`).test(number);
}

function templateOf({ invoiceNumber, invoiceNumberCompact }: Rules, isCompact: boolean): string {
  return isCompact ? invoiceNumberCompact : invoiceNumber;
}

function formOf(field: string): string {
  return ['{order_number}', '{order_id}', '{counter}'].includes(field) ? '\\d[\\d-]*' : '.+';
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

export function documentOf(
  order: Order,
  contents: Contents,
  { rules, heading }: { readonly rules: Rules; readonly heading: Heading },
): InvoiceDocument {
  const kept = linesWithout(order, contents.refunds)
    .filter(contents.holds)
    .filter((line) => !isSpent(line));
  const way = taxLinesOf(order, rules);
  const sold = kept.map((line) => withTaxNames(line, rules));
  const left = contents.left?.map((line) => withTaxNames(line, rules));
  const charged = [
    ...sold.map((line) => chargedLine(line, order, rules)),
    ...(rules.discounts === 'lines' ? discountLines(sold, order, rules) : []),
    ...contents.amounts.flatMap((refund) => amountLines(refund, { sold, left, order, rules })),
    ...channelTaxLines(sold, order, rules),
    ...flatFeeLines(sold, order, rules),
  ];
  const taxes = taxTotals(charged, order.currency);
  const lines = way === 'percentages' ? charged : [...charged.map(untaxed), ...taxes.map(taxLine)];
  const total = money.sum(
    [...charged.map((line) => line.net), ...taxes.map((tax) => tax.amount)],
    order.currency,
  );
  const { number, issuedOn, remark } = heading;
  return {
    number,
    poNumber: fill(rules.poNumber, namesOf(order)),
    issuedOn,
    dueOffsetDays: rules.dueOffsetDays,
    currency: order.currency,
    language: rules.language,
    notes: [titleOf(order), remark].filter(Boolean).join('\n'),
    terms: fill(rules.terms, namesOf(order)),
    lines,
    taxes: way === 'percentages' ? taxes : [],
    total,
    roundingLimit: roundingLimitOf(order, contents.refunds, rules),
    refunds: contents.refunds.map((refund) => refund.id),
  };
}

/** The whole order as it was sold, whatever went back since. */
export function documentAsSold(shown: Order, rules: Rules, naming: Naming): InvoiceDocument {
  const order = withUntoldTax(shown, rules) ?? shown;
  const issuedOn = localDate(order.placedAt, rules.timeZone ?? order.zone);
  return documentOf(
    order,
    { holds: () => true, refunds: [], amounts: [] },
    { rules, heading: { number: numberOf(order, rules, naming), issuedOn, remark: '' } },
  );
}

const SOURCE_NAMES: Readonly<Record<Order['source'], string>> = { shopify: 'Shopify', amazon: 'Amazon' };

function titleOf({ source, name, vendorId, buyerReference }: Order): string {
  const title = `${SOURCE_NAMES[source]} order ${name}${name === vendorId ? '' : ` (id ${vendorId})`}`;
  return buyerReference === undefined ? title : `${title}, the buyer’s order ${buyerReference}`;
}

function namesOf(order: Order): Readonly<Record<string, string>> {
  return {
    order_number: order.number,
    order_id: order.vendorId,
    order_name: order.name,
    shop: order.shop,
  };
}

/** How taxes stand on an order's invoice: by its country's rule, else the default's, else as percentages. */
function taxLinesOf({ country }: Pick<Order, 'country'>, { taxLines }: Rules): TaxLines {
  const named = (key: string | undefined): TaxLines | undefined =>
    key !== undefined && Object.hasOwn(taxLines, key) ? taxLines[key] : undefined;
  return named(country) ?? named('default') ?? 'percentages';
}

/**
 * A line's taxes under the names that they have in the books. Those that are given one name are one tax, by the sum of their
 * rates and amounts: how a merchant folds a state's, county's and city's tax, of which the books take two on a line.
 */
function withTaxNames(line: OrderLine, { taxNames }: Rules): OrderLine {
  if (!line.taxes.some(({ name }) => Object.hasOwn(taxNames, name))) {
    return line;
  }
  const taxes = new Map<string, Tax>();
  for (const tax of line.taxes) {
    // What is no tax is none under another name either.
    const name = isFlatFee(tax) ? tax.name : taxNameOf(tax, taxNames);
    const key = `${tax.remittedBy} ${name}`;
    const before = taxes.get(key);
    taxes.set(key, {
      ...tax,
      name,
      ratePpm: tax.ratePpm + (before?.ratePpm ?? 0),
      amount: before === undefined ? tax.amount : money.add(before.amount, tax.amount),
    });
  }
  return { ...line, taxes: [...taxes.values()] };
}

function taxNameOf({ name }: Pick<Tax, 'name'>, taxNames: Rules['taxNames']): string {
  return Object.hasOwn(taxNames, name) ? (taxNames[name] ?? name) : name;
}

/** A line before or after its discounts, without tax. Where its net does not divide by the quantity, it stands as one piece. */
function chargedLine(line: OrderLine, order: Order, rules: Rules): DocumentLine {
  const apart = rules.discounts === 'lines' ? line.discounts : [];
  const within =
    rules.discounts === 'lines' ? [] : line.discounts.filter(({ amount }) => !money.isZero(amount));
  const discounts = money.sum(
    apart.map((discount) => discountNet(discount.amount, line, order)),
    order.currency,
  );
  const net = money.add(netOf(line, order.pricesIncludeTax), discounts);
  const unitPrice = money.divideExactly(net, line.quantity);
  const pieces = [
    `${line.quantity} x ${money.format(line.unitPrice)}${order.pricesIncludeTax ? ' including tax' : ''}`,
    ...within.map(({ amount, label }) => `less ${money.format(amount)} (${label})`),
  ].join(', ');
  const variant = line.variant ?? '';
  const named = rules.lineNames[line.kind];
  const title = named ?? (line.sku === undefined ? line.title : `${line.title} (${line.sku})`);
  return {
    key: line.key,
    kind: line.kind,
    name: title,
    description: [
      named === undefined || named === line.title ? '' : line.title,
      variant,
      unitPrice === undefined || within.length > 0 ? pieces : '',
    ]
      .filter(Boolean)
      .join(', '),
    quantity: unitPrice === undefined ? 1 : line.quantity,
    unitPrice: unitPrice ?? net,
    net,
    taxes: merchantTaxes(line).map(({ name, ratePpm, amount }) => ({ name, ratePpm, amount })),
  };
}

/** A discount as charged, without the tax that a tax-inclusive price carries; rounding stays within the line. */
function discountNet(amount: Money, line: OrderLine, order: Order): Money {
  const ratePpm = line.taxes.reduce((total, tax) => total + tax.ratePpm, 0);
  return order.pricesIncludeTax ? money.withoutRate(amount, ratePpm, 'half-up') : amount;
}

/** One negative line for each discount and tax treatment, so that the books tax what was left after it. */
function discountLines(lines: readonly OrderLine[], order: Order, rules: Rules): DocumentLine[] {
  const groups = new Map<string, { label: string; net: Money; taxes: readonly TaxTreatment[] }>();
  for (const line of lines) {
    const taxes = merchantTaxes(line);
    for (const discount of line.discounts) {
      const key = `discount:${discount.label}:${treatmentKey(taxes)}`;
      const net = money.subtract(
        groups.get(key)?.net ?? money.zero(order.currency),
        discountNet(discount.amount, line, order),
      );
      groups.set(key, { label: discount.label, net, taxes });
    }
  }
  return [...groups].flatMap(([key, { label, net, taxes }]) =>
    money.isZero(net)
      ? []
      : [
          onePiece({
            key,
            kind: 'discount',
            name: `${rules.lineNames.discount ?? 'Discount'}: ${label}`,
            net,
            taxes,
          }),
        ],
  );
}

/** A line of one unit, whose taxes are charged elsewhere. */
function onePiece({
  taxes,
  ...line
}: Pick<DocumentLine, 'key' | 'kind' | 'name' | 'net'> & {
  readonly taxes: readonly TaxTreatment[];
}): DocumentLine {
  const none = money.zero(line.net.currency);
  return {
    ...line,
    description: '',
    quantity: 1,
    unitPrice: line.net,
    taxes: taxes.map(({ name, ratePpm }) => ({ name, ratePpm, amount: none })),
  };
}

interface Sharing {
  readonly left: Contents['left'];
  readonly sold: readonly OrderLine[];
  readonly order: Order;
  readonly rules: Rules;
}

/** What a refund kept or paid back beside its lines, as lines of their own: never forced onto products. */
function amountLines(refund: Refund, { sold, left, order, rules }: Sharing): DocumentLine[] {
  const { difference } = refund;
  const key = `refund:${refund.id}`;
  const isGiven = money.isNegative(difference) === (left === undefined);
  const name = rules.lineNames.refund ?? (isGiven ? 'Refund' : 'Kept of a refund');
  const taxed =
    rules.amountRefundTax === 'none'
      ? money.zero(order.currency)
      : isGiven
        ? difference
        : backOf(refund, { left, order });
  const plain = money.subtract(difference, taxed);
  // Of what is kept, what was given before had its tax from what has come back by now.
  const over = left === undefined ? sold : isGiven ? left : [...left, ...sold];
  return [
    ...(money.isZero(taxed) ? [] : sharesOf(taxed, over, order)).map(({ treatment, taxes, net }) => ({
      ...onePiece({ key: `${key}:${treatment}`, kind: 'refund', name, net, taxes: [] }),
      taxes,
    })),
    ...(money.isZero(plain) ? [] : [onePiece({ key, kind: 'refund', name, net: plain, taxes: [] })]),
  ];
}

/**
 * Of what a document of what went back keeps: what earlier refunds had given with its tax, which would go back twice with the
 * lines. An invoice needs none: what was given is shared over what is left on it.
 */
function backOf({ id }: Refund, { left, order }: Pick<Sharing, 'left' | 'order'>): Money {
  return left === undefined ? money.zero(order.currency) : money.negate(takenBack(id, order));
}

interface Share {
  readonly treatment: string;
  readonly net: Money;
  readonly taxes: readonly TaxTotal[];
}

/** An amount over the tax treatments of what is left of the order, by what was paid for each; tax is taken out of it. */
function sharesOf(amount: Money, sold: readonly OrderLine[], order: Order): Share[] {
  const groups = new Map<string, { taxes: readonly Tax[]; paid: bigint }>();
  for (const line of sold) {
    const taxes = merchantTaxes(line);
    const paid = money.sum(
      [netOf(line, order.pricesIncludeTax), ...taxes.map((tax) => tax.amount)],
      order.currency,
    ).minor;
    const key = treatmentKey(taxes);
    groups.set(key, { taxes, paid: (groups.get(key)?.paid ?? 0n) + paid });
  }
  const found = [...groups].filter(([, { paid }]) => paid > 0n);
  if (found.length === 0) {
    return [{ treatment: '', net: amount, taxes: [] }];
  }
  const parts = money.allocate(
    amount,
    found.map(([, { paid }]) => paid),
  );
  return found.flatMap(([treatment, { taxes }], index) => {
    const part = parts[index] ?? money.zero(order.currency);
    const rates = taxes.map((tax) => BigInt(tax.ratePpm));
    const ratePpm = taxes.reduce((sum, tax) => sum + tax.ratePpm, 0);
    const net = money.withoutRate(part, ratePpm, 'half-up');
    const amounts = ratePpm === 0 ? [] : money.allocate(money.subtract(part, net), rates);
    return money.isZero(part)
      ? []
      : [
          {
            treatment,
            net,
            taxes: taxes.map(({ name, ratePpm }, at) => ({
              name,
              ratePpm,
              amount: amounts[at] ?? money.zero(order.currency),
            })),
          },
        ];
  });
}

/** By rule, tax that the channel remits is shown and taken off again, without ever being a tax in the books. */
function channelTaxLines(sold: readonly OrderLine[], order: Order, { channelTax }: Rules): DocumentLine[] {
  const taxes = sold.flatMap((line) => line.taxes.filter((tax) => tax.remittedBy === 'channel'));
  const amount = money.sum(
    taxes.map((tax) => tax.amount),
    order.currency,
  );
  if (channelTax === 'left_out' || money.isZero(amount)) {
    return [];
  }
  const shown = { kind: 'fee', taxes: [] } as const;
  return [
    onePiece({ ...shown, key: CHANNEL_TAX, name: `Tax collected by ${order.shop}`, net: amount }),
    onePiece({
      ...shown,
      key: CHANNEL_TAX_REMITTED,
      name: `Tax remitted by ${order.shop}`,
      net: money.negate(amount),
    }),
  ];
}

const CHANNEL_TAX = 'channel-tax';
const CHANNEL_TAX_REMITTED = 'channel-tax-remitted';

/** One of the two lines that show the channel's tax and cancel each other. */
export function isChannelTax({ key }: Pick<DocumentLine, 'key'>): boolean {
  return key === CHANNEL_TAX || key === CHANNEL_TAX_REMITTED;
}

/**
 * A fee that the shop tells as a tax of no rate: the retail delivery fees of Colorado and Minnesota, so many cents for an order,
 * by law a fee that is declared apart from sales tax (docs/vendors/shopify.md, section 4). No percentage makes it, so it is a line.
 */
function isFlatFee({ name, ratePpm }: TaxTreatment): boolean {
  return ratePpm === 0 && /\bfees?\b/i.test(name);
}

export function isMerchantsFee(tax: Tax): boolean {
  return isFlatFee(tax) && isMerchants(tax);
}

/** One line for each fee that stands among an order's taxes, to be remitted as they are. */
function flatFeeLines(sold: readonly OrderLine[], order: Order, { taxNames }: Rules): DocumentLine[] {
  const fees = sold.flatMap(({ taxes }) => taxes.filter(isMerchantsFee));
  return [...Map.groupBy(fees, (fee) => fee.name)].flatMap(([name, parts]) => {
    const net = money.sum(
      parts.map(({ amount }) => amount),
      order.currency,
    );
    const key = `${TAX_LINE}${taxKey({ name, ratePpm: 0 })}`;
    return money.isZero(net)
      ? []
      : [onePiece({ key, kind: 'tax', name: taxNameOf({ name }, taxNames), net, taxes: [] })];
  });
}

function untaxed(line: DocumentLine): DocumentLine {
  return { ...line, taxes: [] };
}

function taxLine(tax: TaxTotal): DocumentLine {
  return onePiece({
    key: `${TAX_LINE}${taxKey(tax)}`,
    kind: 'tax',
    name: showTax(tax),
    net: tax.amount,
    taxes: [],
  });
}

const TAX_LINE = 'tax:';

/** The tax that a line of its own is about. */
export function taxOfLine({ key }: Pick<DocumentLine, 'key'>): TaxTreatment {
  const at = key.lastIndexOf('@');
  return { name: key.slice(TAX_LINE.length, at), ratePpm: Number(key.slice(at + 1)) };
}

/** "GST 5 %" */
export function showTax(tax: TaxTreatment): string {
  return isFlatFee(tax) ? tax.name : `${tax.name} ${tax.ratePpm / 10_000} %`;
}

/** By percentage. */
function merchantTaxes(line: OrderLine): readonly Tax[] {
  return line.taxes.filter((tax) => isMerchants(tax) && !isFlatFee(tax));
}

function isMerchants({ remittedBy }: Tax): boolean {
  return remittedBy === 'merchant';
}

function taxKey({ name, ratePpm }: TaxTreatment): string {
  return `${name}@${ratePpm}`;
}

export function treatmentKey(taxes: readonly TaxTreatment[]): string {
  return inOneOrder(taxes.map(taxKey)).join('+');
}

/** Two readings of one order may list its taxes differently, which is no difference of figures. */
function inOneOrder(texts: readonly string[]): string[] {
  return [...texts].sort();
}

function taxTotals(lines: readonly DocumentLine[], currency: string): TaxTotal[] {
  const totals = new Map<string, TaxTotal>();
  for (const { name, ratePpm, amount } of lines.flatMap((line) => line.taxes)) {
    const key = taxKey({ name, ratePpm });
    totals.set(key, {
      name,
      ratePpm,
      amount: money.add(totals.get(key)?.amount ?? money.zero(currency), amount),
    });
  }
  return [...totals.values()];
}

/**
 * Half a minor unit for each tax amount that someone rounded: the shop on each line of the order and on each return, the
 * books once for each tax. Rounded up, and never more than the rule allows. All of the order's lines count on each of its
 * documents: the shop rounds them together and puts the remainder on any of them (docs/vendors/shopify.md, section 4).
 */
export function roundingLimitOf(order: Order, refunds: readonly Refund[], rules: Rules): Money {
  const rated = (line: OrderLine): readonly Tax[] => merchantTaxes(line).filter((tax) => tax.ratePpm > 0);
  const onLines = order.lines.flatMap(rated);
  const returns = refunds.flatMap((refund) => refund.returns);
  const onReturns = order.lines.flatMap((line) =>
    returns.filter((part) => part.line === line.key).flatMap(() => rated(line)),
  );
  const byBooks = new Set(order.lines.flatMap((line) => rated(withTaxNames(line, rules))).map(taxKey));
  const rounded = onLines.length + onReturns.length + byBooks.size;
  return money.money(BigInt(Math.min(Math.ceil(rounded / 2), rules.roundingMinorMax)), order.currency);
}

/** Names the fact that sums of taxes differ. */
export const TAXES_DIFFER = 'Taxes';

/** Where two documents differ in figures: kind, line key, quantity, amount, tax; never texts, dates or layout. */
export function differencesOf(before: InvoiceDocument, now: InvoiceDocument): Fact[] {
  const keys = new Set([...before.lines, ...now.lines].map((line) => line.key));
  const lines = [...keys].flatMap((key) => {
    const figures = [before, now].map((document) =>
      figuresOf(document.lines.find((line) => line.key === key)),
    );
    return figures[0] === figures[1] ? [] : [{ name: key, value: `${figures[0]} → ${figures[1]}` }];
  });
  const totals = [before, now].map((document) => money.show(document.total));
  // One of nothing stands on lines alone, if at all.
  const taxes = [before, now].map((document) =>
    inOneOrder(
      document.taxes
        .filter((tax) => !money.isZero(tax.amount))
        .map((tax) => `${tax.name} ${tax.ratePpm} ${money.show(tax.amount)}`),
    ).join(', '),
  );
  return [
    ...lines,
    ...(taxes[0] === taxes[1] ? [] : [{ name: TAXES_DIFFER, value: `${taxes[0]} → ${taxes[1]}` }]),
    ...(totals[0] === totals[1] ? [] : [{ name: 'Total', value: `${totals[0]} → ${totals[1]}` }]),
  ];
}

function figuresOf(line: DocumentLine | undefined): string {
  if (line === undefined) {
    return 'none';
  }
  const taxes = inOneOrder(line.taxes.map((tax) => `${tax.name} ${tax.ratePpm}`)).join(' + ');
  const kind: LineKind | '' = line.kind === 'item' ? '' : line.kind;
  const lead = kind === '' ? '' : `${kind}, `;
  return `${lead}${line.quantity} x ${money.show(line.unitPrice)}${taxes === '' ? '' : ` with ${taxes}`}`;
}
