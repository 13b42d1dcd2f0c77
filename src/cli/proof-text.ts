import * as money from '#core/money.ts';
import type { Money } from '#core/money.ts';
import type { CashFigures, Proof, ShopFigures } from '#core/proof.ts';
import { table } from './output.ts';
import type { Cell, Column, Output } from './output.ts';

/** The proof for a person: both sides of the order and of its money, each summed up, and what they differ by. */

type Row = (string | Cell)[];

const COLUMNS: readonly Column[] = [{ title: '' }, { title: '', align: 'right' }];

export function proofTable(
  screen: Pick<Output, 'columns' | 'paint'>,
  proof: Proof,
  cashWords: string,
): string[] {
  const { shop, cash } = proof;
  const rows = [
    ...shopRows(shop),
    ...bookRows(proof),
    ...(cash === undefined ? [['Received', cashWords]] : cashRows(cash, shop)),
  ];
  return table(screen, COLUMNS, rows);
}

function shopRows(shop: ShopFigures): Row[] {
  return [
    ['Total of the order', money.show(shop.total)],
    ...(money.equal(shop.total, shop.sumOfLines) ? [] : [['Sum of its lines', money.show(shop.sumOfLines)]]),
    ...unlessZero('Went back', shop.returned),
    ...unlessZero(
      money.isNegative(shop.amountsBeside) ? 'Paid back beside lines' : 'Kept of refunds',
      shop.amountsBeside,
    ),
    ...unlessZero('Tax that the channel remits itself', shop.channelTax),
    ...(shop.isGone ? [['Cancelled or voided, nothing kept', '']] : []),
    ['To stand in the books', money.show(shop.worth)],
  ];
}

function bookRows({ books, difference }: Proof): Row[] {
  return [
    ...books.invoices.map(({ number, amount }) => [`Invoice ${number}`, money.show(amount)]),
    ...(books.invoices.length === 0 ? [['Invoice', '–']] : []),
    ...unlessZero('Refunds beside it', books.beside),
    ['Difference', difference === undefined ? '–' : zeroCell(difference)],
  ];
}

function cashRows(cash: CashFigures, shop: ShopFigures): Row[] {
  const isAllKept = money.equal(cash.kept, cash.received);
  return [
    ['Received', money.show(cash.received)],
    ...unlessZero('Paid back', cash.paidBack),
    ...(isAllKept || (money.isZero(shop.channelTax) && money.isZero(cash.paidBack))
      ? []
      : [['Kept, the merchant’s own', money.show(cash.kept)]]),
    ['Payments in FreshBooks', money.show(cash.payments)],
    ['Difference', zeroCell(cash.difference)],
  ];
}

function unlessZero(name: string, amount: Money): Row[] {
  return money.isZero(amount) ? [] : [[name, money.show(amount)]];
}

function zeroCell(amount: Money): Cell {
  return { text: money.show(amount), colour: money.isZero(amount) ? 'green' : 'red' };
}
