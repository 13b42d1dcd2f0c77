import type { App } from '#app.ts';
import type { Fact } from '#core/failure.ts';
import { fold } from '#core/ledger.ts';
import * as money from '#core/money.ts';
import type { Money } from '#core/money.ts';
import { discountOf, grossOf, netOf, taxOf } from '#core/order.ts';
import type { Order, OrderLine } from '#core/order.ts';
import { proofOf } from '#core/proof.ts';
import { isSettlement } from '#core/settlement.ts';
import type { Story } from '#operator/order-story.ts';
import { sellerOf } from './explain-timeline.ts';
import { facts, table } from './output.ts';
import type { Cell, Column, Output } from './output.ts';
import { invoiceLines } from './preview-text.ts';
import { proofTable } from './proof-text.ts';
import { settlementProof } from './settlement-text.ts';

/** From the shop's lines to the cent in the books, in amounts that anybody can add up. */

type Screen = Pick<Output, 'columns' | 'paint'>;

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
  if (isSettlement(snapshot)) {
    return [
      '',
      ...settlementProof(output, snapshot, booked),
      '',
      ...facts(output, papers({ record, deliveries })),
    ];
  }
  // Against nothing that is to stand, all of it would look like a difference.
  const isLeftOut = record.state === 'skipped' && booked.invoices.length === 0 && booked.beside.length === 0;
  return [
    '',
    output.paint(`As ${sellerOf(record)} charged it`, 'bold'),
    ...table(output, SHOP_COLUMNS, shopRows(snapshot)),
    ...(booked.invoices.length === 0
      ? ['', output.paint(isLeftOut ? 'Nothing is booked, nor is to be' : 'Nothing is booked', 'bold')]
      : []),
    ...booked.invoices.flatMap(({ document, correction }) => [
      '',
      output.paint(`As invoice ${document.number}`, 'bold'),
      ...invoiceLines(output, { document, laidOut: preview(document, correction) }),
    ]),
    ...(isLeftOut
      ? []
      : [
          '',
          output.paint('To the cent', 'bold'),
          ...proofTable(output, proofOf(snapshot, booked), cashWords(snapshot)),
        ]),
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

function cashWords({ cash }: Order): string {
  return cash.state === 'known' ? '' : cash.state === 'unclear' ? 'unclear' : 'not told yet';
}

function papers({ record, deliveries }: Pick<Story, 'record' | 'deliveries'>): Fact[] {
  return [
    { name: 'Rules', value: record.rulesVersion ?? 'none yet: nothing is booked' },
    ...deliveries.map(({ id, bodySha256 }) => ({ name: `sha256 of ${id}`, value: bodySha256 })),
  ];
}
