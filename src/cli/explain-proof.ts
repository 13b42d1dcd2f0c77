import type { App } from '#app.ts';
import type { Fact } from '#core/failure.ts';
import { fold, paidOf } from '#core/ledger.ts';
import type { Booked } from '#core/ledger.ts';
import * as money from '#core/money.ts';
import type { Money } from '#core/money.ts';
import { channelTaxOf, discountOf, grossOf, netOf, taxOf, totalByLines } from '#core/order.ts';
import type { Order, OrderLine } from '#core/order.ts';
import type { Story } from './explain-timeline.ts';
import { facts, table } from './output.ts';
import type { Cell, Column, Output } from './output.ts';
import { invoiceLines } from './preview-text.ts';

/** From the shop's lines to the cent in the books, in amounts that anybody can add up. */

type Screen = Pick<Output, 'columns' | 'paint'>;

export interface OrderProof {
  readonly shopTotal: Money;
  readonly sumOfLines: Money;
  readonly channelTax: Money;
  /** What the invoice must be: the shop's total less the tax that the shop remits itself. */
  readonly expected: Money;
  readonly inBooks?: Money;
  readonly difference?: Money;
  readonly received?: Money;
  readonly payable?: Money;
  readonly paid: Money;
  readonly notPaid?: Money;
}

export function orderProof(order: Order, booked: Booked): OrderProof {
  const channelTax = channelTaxOf(order);
  const expected = money.subtract(order.total, channelTax);
  const inBooks = booked.invoice?.amount;
  const isComparable = inBooks?.currency === order.currency;
  const paid = isComparable ? paidOf(booked, order.currency) : money.zero(order.currency);
  const received = order.cash.state === 'known' ? order.cash.received : undefined;
  const payable =
    received === undefined ? undefined : money.subtract(received, money.minimum(channelTax, received));
  return {
    shopTotal: order.total,
    sumOfLines: totalByLines(order),
    channelTax,
    expected,
    ...(inBooks === undefined ? {} : { inBooks }),
    ...(inBooks === undefined || !isComparable ? {} : { difference: money.subtract(inBooks, expected) }),
    ...(received === undefined || payable === undefined
      ? {}
      : { received, payable, notPaid: money.subtract(payable, paid) }),
    paid,
  };
}

export function proofText(
  { preview }: App,
  output: Screen,
  { record, entries, deliveries }: Story,
): string[] {
  const { snapshot } = record;
  if (snapshot === undefined) {
    return ['', 'No message has shown the order itself yet, so there is nothing to prove'];
  }
  const booked = fold(entries);
  const document = booked.invoice?.document;
  return [
    '',
    output.paint('As the shop charged it', 'bold'),
    ...table(output, SHOP_COLUMNS, shopRows(snapshot)),
    '',
    output.paint(document === undefined ? 'Nothing is booked' : `As invoice ${document.number}`, 'bold'),
    ...(document === undefined
      ? []
      : invoiceLines(output, { document, laidOut: preview(document, booked.invoice?.correction) })),
    '',
    output.paint('To the cent', 'bold'),
    ...table(output, SUM_COLUMNS, comparisonRows(orderProof(snapshot, booked), snapshot)),
    '',
    ...facts(output, papers({ record, deliveries })),
  ];
}

const SHOP_COLUMNS: readonly Column[] = [
  { title: 'Line', isFlexible: true },
  { title: 'Qty', align: 'right' },
  { title: 'Unit', align: 'right' },
  { title: 'Discounts', align: 'right' },
  { title: 'Tax', align: 'right' },
  { title: 'Charged', align: 'right' },
];

function shopRows(order: Order): (string | Cell)[][] {
  const charged = (line: OrderLine): Money => money.add(netOf(line, order.pricesIncludeTax), taxOf(line));
  const total = (amountOf: (line: OrderLine) => Money): Cell => ({
    text: money.format(money.sum(order.lines.map(amountOf), order.currency)),
    colour: 'bold',
  });
  return [
    ...order.lines.map((line) => [
      line.title,
      String(line.quantity),
      money.format(line.unitPrice),
      money.format(money.negate(discountOf(line))),
      money.format(taxOf(line)),
      money.format(charged(line)),
    ]),
    [
      { text: order.pricesIncludeTax ? 'Sum, tax within the prices' : 'Sum', colour: 'bold' },
      '',
      total(grossOf),
      total((line) => money.negate(discountOf(line))),
      total(taxOf),
      total(charged),
    ],
  ];
}

const SUM_COLUMNS: readonly Column[] = [{ title: '' }, { title: '', align: 'right' }];

function comparisonRows(proof: OrderProof, order: Order): (string | Cell)[][] {
  const { inBooks, difference, received, payable, notPaid } = proof;
  return [
    ['Shop’s total', money.show(proof.shopTotal)],
    ['Sum of its lines', money.show(proof.sumOfLines)],
    ...(money.isZero(proof.channelTax)
      ? []
      : [['Tax that the shop remits itself', money.show(money.negate(proof.channelTax))]]),
    ['Total in FreshBooks', inBooks === undefined ? '–' : money.show(inBooks)],
    ['Difference', difference === undefined ? '–' : zeroCell(difference)],
    ['Received by the shop', received === undefined ? cashWords(order) : money.show(received)],
    ...(payable === undefined || money.isZero(proof.channelTax)
      ? []
      : [['Of it the merchant’s', money.show(payable)]]),
    ['Payments in FreshBooks', money.show(proof.paid)],
    ['Difference', notPaid === undefined ? '–' : zeroCell(notPaid)],
    ...laterRows(order),
  ];
}

/** What the shop did after the sale, which stands beside the invoice and not in it. */
function laterRows({ total, currentTotal, refunds }: Order): string[][] {
  return [
    ...refunds.map(({ amount, isPending }) => [
      isPending ? 'Refund under way' : 'Refunded by the shop',
      money.show(money.negate(amount)),
    ]),
    ...(money.equal(total, currentTotal) ? [] : [['The order is now worth', money.show(currentTotal)]]),
  ];
}

function zeroCell(amount: Money): Cell {
  return { text: money.show(amount), colour: money.isZero(amount) ? 'green' : 'red' };
}

function cashWords({ cash }: Order): string {
  return cash.state === 'known' ? '' : cash.state === 'unclear' ? 'unclear' : 'not told yet';
}

function papers({ record, deliveries }: Pick<Story, 'record' | 'deliveries'>): Fact[] {
  return [
    { name: 'Rules', value: record.rulesVersion ?? 'none yet: nothing is booked' },
    ...deliveries.map(({ id, bodySha256 }) => ({ name: `sha256 of ${id}`, value: bodySha256 })),
  ];
}
