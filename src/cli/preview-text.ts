import type { OrderPreview } from '#preview.ts';
import type { DocumentLine } from '#core/document.ts';
import { CATALOGUE } from '#core/failure.ts';
import type { Fact } from '#core/failure.ts';
import * as money from '#core/money.ts';
import { clientPolicyOf } from '#core/plan-terms.ts';
import { fill } from '#core/rules.ts';
import { facts, paragraph, table } from './output.ts';
import type { Column, Output, Row } from './output.ts';
import { dueOn, isUnbookable, judge, laterOf } from './preview-judgement.ts';
import { proofTable } from './proof-text.ts';
import { warningsOf } from './rules-warnings.ts';

/** A preview for a person: the invoice, its sum, the comparison with the shop, and what would follow. */

type Screen = Pick<Output, 'columns' | 'paint'>;
type Invoice = NonNullable<OrderPreview['invoice']>;

export function previewText(screen: Screen, shown: OrderPreview): string[] {
  const { order, invoice } = shown;
  const test = order.isTest ? ', a test order' : '';
  return [
    screen.paint(`Order ${order.name} of ${order.shop}${test}`, 'bold'),
    // Of an order without lines, as Amazon shows it before a price holds, there is no invoice to look at.
    ...(invoice === undefined || order.lines.length === 0
      ? []
      : ['', ...invoiceText(screen, shown, invoice)]),
    ...verdictText(screen, shown),
    ...laterText(screen, shown),
    ...warningText(screen, shown),
  ];
}

function invoiceText(screen: Screen, shown: OrderPreview, invoice: Invoice): string[] {
  return [
    ...facts(screen, headerOf(shown, invoice)),
    '',
    ...invoiceLines(screen, invoice),
    ...proofText(screen, shown, invoice),
  ];
}

/** The lines of an invoice as FreshBooks will show them, and their sum. */
export function invoiceLines(screen: Screen, invoice: Pick<Invoice, 'document' | 'laidOut'>): string[] {
  return [
    ...table(screen, LINE_COLUMNS, lineRows(invoice)),
    '',
    ...table(screen, SUM_COLUMNS, sumRows(invoice)),
  ];
}

function headerOf(shown: OrderPreview, { document }: Invoice): Fact[] {
  const { number, poNumber, issuedOn, dueOffsetDays } = document;
  return [
    { name: 'Invoice', value: number },
    { name: 'PO number', value: poNumber },
    { name: 'Date', value: issuedOn },
    { name: 'Due', value: `${dueOn(issuedOn, dueOffsetDays)}, ${dueOffsetDays} days later` },
    { name: 'Client', value: clientOf(shown) },
    { name: 'Currency', value: document.currency },
    { name: 'Notes', value: document.notes },
    { name: 'Terms', value: document.terms },
  ];
}

function clientOf({ order, rules }: OrderPreview): string {
  if (clientPolicyOf(order, rules) === 'customer') {
    return 'the customer’s own: found by e-mail address, or created';
  }
  const name = fill(rules.channelClientName, { shop: order.shop });
  const isByRule = order.buyer.hasEmail || rules.client === 'one_per_channel';
  const why = isByRule ? 'by the rules' : 'because the order has no e-mail address';
  return `"${name}", shared, ${why}`;
}

const LINE_COLUMNS: readonly Column[] = [
  { title: 'Line', isFlexible: true },
  { title: 'Qty', align: 'right' },
  { title: 'Unit', align: 'right' },
  { title: 'Amount', align: 'right' },
  { title: 'Taxes', isFlexible: true },
];

const SUM_COLUMNS: readonly Column[] = [
  { title: '', isFlexible: true },
  { title: '', align: 'right' },
];

function lineRows({ laidOut }: Pick<Invoice, 'laidOut'>): Row[] {
  return laidOut.lines.flatMap(({ name, description, quantity, unitCost, amount, taxes }) => [
    [name, quantity, unitCost, amount, taxes],
    ...description
      .split('\n')
      .filter((text) => text !== '')
      .map((note) => ({ note })),
  ]);
}

/** What the kinds of lines are called in the sum. */
const KINDS: Readonly<Record<DocumentLine['kind'], string>> = {
  item: 'Items',
  'gift-card': 'Gift cards',
  shipping: 'Shipping',
  tip: 'Tip',
  duty: 'Duties',
  fee: 'Fees',
  discount: 'Discounts',
  refund: 'Refunds without lines',
  tax: 'Taxes as lines',
};
const KIND_ORDER = [
  'item',
  'gift-card',
  'discount',
  'shipping',
  'tip',
  'duty',
  'fee',
  'refund',
  'tax',
] as const;

/** The invoice's sum by kind, down to its total: every line and tax stands in exactly one row. */
function sumRows({ document, laidOut }: Pick<Invoice, 'document' | 'laidOut'>): Row[] {
  const byKind = KIND_ORDER.flatMap((kind) => {
    const lines = document.lines.filter((line) => line.kind === kind);
    const nets = lines.map((line) => line.net);
    return lines.length === 0 ? [] : [[KINDS[kind], money.format(money.sum(nets, document.currency))]];
  });
  const taxes = laidOut.taxes.map(({ name, amount }) => [`Tax: ${name}`, amount]);
  const rounding = laidOut.lines.slice(document.lines.length).map(({ name, amount }) => [name, amount]);
  return [
    ...byKind,
    ...taxes,
    ...rounding,
    [
      { text: `Total (${document.currency})`, colour: 'bold' },
      { text: money.format(document.total), colour: 'bold' },
    ],
  ];
}

/** The comparison with the shop, and how FreshBooks comes to the same; of one that is not booked, how it was priced. */
function proofText(screen: Screen, shown: OrderPreview, invoice: Invoice): string[] {
  const { proof, order } = shown;
  const { laidOut } = invoice;
  const words =
    order.cash.state === 'known' ? '' : order.cash.state === 'unclear' ? 'unclear' : 'not told yet';
  return [
    ...(judge(shown).outcome === 'priced' ? ['', ...proofTable(screen, proof, words)] : []),
    ...(isUnbookable(invoice) ? [] : paragraph(screen, `How: ${laidOut.why} (${laidOut.rung})`)),
  ];
}

/** Of the rules and not of this order, so they stand last. */
function warningText(screen: Screen, { rules }: OrderPreview): string[] {
  return warningsOf(rules).flatMap((warning) => ['', ...paragraph(screen, warning, 'yellow')]);
}

function verdictText(screen: Screen, shown: OrderPreview): string[] {
  const judgement = judge(shown);
  switch (judgement.outcome) {
    case 'priced':
      return [];
    case 'skipped':
      return ['', ...paragraph(screen, `This order would be skipped: ${judgement.reason}`, 'yellow')];
    case 'held':
      return [
        '',
        ...paragraph(screen, `Held: ${judgement.detail}`, 'red'),
        ...facts(screen, judgement.facts, '  '),
        ...paragraph(screen, CATALOGUE[judgement.code].sentence),
      ];
  }
}

function laterText(screen: Screen, shown: OrderPreview): string[] {
  const { payments, refunds, holds, reread } = laterOf(shown);
  const isBooked = judge(shown).outcome === 'priced';
  const steps = [
    ...(isBooked ? [{ lead: 'Sent', text: 'marked as sent on the invoice’s date; nothing is mailed' }] : []),
    ...payments.map(({ amount, paidOn, method, note }) => ({
      lead: 'Payment',
      text: `${money.show(amount)} on ${paidOn}, ${method} (${note})`,
    })),
    ...refunds.map((step) => ({
      lead: step.kind === 'expense' ? 'Expense' : 'Credit',
      text:
        step.kind === 'expense'
          ? `${money.show(step.amount)} on ${step.spentOn}, category "${step.category}" (${step.note})`
          : `credit note of ${money.show(step.document.total)} on ${step.document.issuedOn}`,
    })),
    ...(reread === undefined ? [] : [{ lead: 'Asked', text: `the shop, before money is booked: ${reread}` }]),
    ...holds.map(({ code, detail, facts }) => ({
      lead: 'Held',
      text: [
        `${detail}.`,
        ...facts.map(({ name, value }) => `${name}: ${value}.`),
        CATALOGUE[code].sentence,
      ].join(' '),
    })),
    ...(isBooked && payments.length + refunds.length + holds.length === 0 && reread === undefined
      ? [{ lead: 'Payment', text: 'none: the shop has received nothing yet' }]
      : []),
  ];
  return steps.length === 0
    ? []
    : [
        '',
        ...facts(
          screen,
          steps.map(({ lead, text }) => ({ name: lead, value: text })),
        ),
      ];
}
