import { layOut } from '#books/freshbooks/layout.ts';
import type { Layout } from '#books/freshbooks/layout.ts';
import type { InvoiceDocument } from '#core/document.ts';
import * as money from '#core/money.ts';
import { DEFAULT_RULES } from '#core/rules.ts';
import { FIRST_NAMING, documentAsSold } from '#core/invoice-document.ts';
import { bodyOf, snapshotOf } from '#tests/contract/shopify-bodies.ts';
import type { TaxSpec } from '#tests/contract/shopify-bodies.ts';
import type { GoldenLine, GoldenOrder } from './orders.ts';

/** An order, the invoice that the program makes of it and the control calculation, for a person who knows taxes. */
export interface GoldenPage {
  readonly text: string;
  readonly document: InvoiceDocument;
  readonly layout: Layout;
}

export function pageOf(golden: GoldenOrder): GoldenPage {
  const { order } = snapshotOf(shopifyBody(golden));
  const document = documentAsSold(order, DEFAULT_RULES, FIRST_NAMING);
  const laidOut = layOut(document);
  if (laidOut.outcome === 'refused') {
    throw new Error(laidOut.detail);
  }
  const { layout } = laidOut;
  const parts = [
    `# ${golden.title}`,
    `Order #${golden.number} of ${golden.shop}, placed ${golden.placedAt}, in ${golden.currency}; prices ${
      golden.pricesIncludeTax ? 'include' : 'do not include'
    } tax. Written by tests/golden; read it like a voucher.`,
    '## The order as charged',
    chargedTable(golden),
    '## The invoice in FreshBooks',
    `Number ${document.number}, dated ${document.issuedOn}, in ${document.currency}, without tax in the amounts.`,
    invoiceTable(layout),
    '## Sums',
    sums(document, layout),
    '## Control calculation, made apart from the program in exact fractions',
    golden.control.steps.map((step) => `- ${step}`).join('\n'),
  ];
  return { text: `${parts.join('\n\n')}\n`, document, layout };
}

function shopifyBody(golden: GoldenOrder): ReturnType<typeof bodyOf> {
  const { currency, decimals, code, shipping } = golden;
  return bodyOf({
    currency,
    decimals: [decimals, decimals],
    taxesIncluded: golden.pricesIncludeTax,
    applications: [{ type: 'discount_code', code }],
    lines: golden.lines.map(({ price, quantity, discount, taxes, title, sku }) => ({
      price,
      quantity,
      discounts: discount === 0 ? [] : [[0, discount] as const],
      taxes: taxSpecs(taxes),
      as: { title, name: title, sku },
    })),
    shipping: shipping === undefined ? [] : [{ price: shipping.price, taxes: taxSpecs(shipping.taxes) }],
    rounding: golden.cashRounding,
    as: {
      name: `#${golden.number}`,
      order_number: golden.number,
      created_at: golden.placedAt,
      processed_at: golden.placedAt,
      updated_at: golden.placedAt,
    },
  });
}

function taxSpecs(taxes: GoldenLine['taxes']): TaxSpec[] {
  return taxes.map(([title, rate, amount]) => ({ title, rate, amount }));
}

/** By the order's own figures, before the program has read them. */
function chargedTable(golden: GoldenOrder): string {
  const show = (minor: number): string => decimal(minor, golden.decimals);
  const rows = [
    ...golden.lines.map((line) => [
      `${line.title} (${line.sku})`,
      `${line.quantity} x ${show(line.price)}`,
      line.discount === 0 ? '' : show(-line.discount),
      show(line.price * line.quantity - line.discount),
      taxesOf(line, show),
    ]),
    ...(golden.shipping === undefined
      ? []
      : [['Shipping (Standard)', '', '', show(golden.shipping.price), taxesOf(golden.shipping, show)]]),
    ...(golden.cashRounding === 0
      ? []
      : [['Cash rounding at the till', '', '', show(golden.cashRounding), '']]),
  ];
  const isDiscounted = `Discount ${golden.code}`;
  return table(['Line', 'Quantity x price', isDiscounted, 'Amount', 'Taxes charged'], rows);
}

function taxesOf({ taxes }: Pick<GoldenLine, 'taxes'>, show: (minor: number) => string): string {
  return (
    taxes.map(([title, rate, amount]) => `${title} ${percent(rate)} %: ${show(amount)}`).join('; ') || 'none'
  );
}

function invoiceTable({ lines, taxes, expectedTotal }: Layout): string {
  const rows = lines.map((line) => [
    [line.name, ...line.description.split('\n').filter(Boolean)].join('; '),
    String(line.quantity),
    money.format(line.unitCost),
    money.format(line.amount),
    line.taxes.map((tax) => `${tax.name} ${tax.percent} %`).join('; ') || 'none',
  ]);
  const below = [
    ...taxes.map((tax) => [`Tax: ${tax.name} ${tax.percent} %`, '', '', money.format(tax.amount), '']),
    ['Total', '', '', money.show(expectedTotal), ''],
  ];
  return table(['Line', 'Quantity', 'Unit cost', 'Amount', 'Taxes'], [...rows, ...below]);
}

function sums({ total, taxes, currency }: InvoiceDocument, layout: Layout): string {
  const nets = money.sum(
    layout.lines.map((line) => line.amount),
    currency,
  );
  const computed = money.sum(
    layout.taxes.map((tax) => tax.amount),
    currency,
  );
  const charged = money.sum(
    taxes.map((tax) => tax.amount),
    currency,
  );
  return [
    `- Charged by the shop: ${money.show(total)}, of it taxes ${money.format(charged)}`,
    `- Lines ${money.format(nets)} + taxes ${money.format(computed)} = ${money.show(layout.expectedTotal)}`,
    `- ${layout.why}`,
  ].join('\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map((_, index) => (index === 0 ? '---' : '---:')), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function decimal(minor: number, decimals: number): string {
  const digits = String(Math.abs(minor)).padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const text = decimals === 0 ? digits : `${whole}.${digits.slice(-decimals)}`;
  return minor < 0 ? `-${text}` : text;
}

function percent(rate: number): string {
  return String(Math.round(rate * 1_000_000) / 10_000);
}
