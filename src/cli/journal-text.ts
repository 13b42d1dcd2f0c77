import { showTax } from '#core/invoice-document.ts';
import type { Account, GiftCards, Listed, Refunds, Remark, Sheet, Worksheet } from '#core/journal.ts';
import type { GiftCardEvent, MovedAccount } from '#core/journal-rows.ts';
import * as money from '#core/money.ts';
import type { Money } from '#core/money.ts';
import { parseZone } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
import { counted, paragraph, table } from './output.ts';
import type { Cell, Column, Output } from './output.ts';
import { showTime } from './time-text.ts';

/** The worksheet for a person: each account with its rows, and the entries at the end. */

/** A worksheet, and what a reader must know of how complete it is. */
export interface Journal {
  readonly worksheet: Worksheet;
  readonly asOf: Instant;
  readonly notes: readonly string[];
}

type Screen = Pick<Output, 'columns' | 'paint'>;

const UTC = parseZone('Z');
/** Of a time as text: "2026-12-01 09:12". */
const MINUTES = 16;

export function journalText(screen: Screen, { worksheet, asOf, notes }: Journal): string[] {
  const { month, sheets } = worksheet;
  return [
    screen.paint(`Journal worksheet of ${month}, as of ${showTime(asOf, UTC).slice(0, MINUTES)} UTC`, 'bold'),
    ...(sheets.length === 0 ? ['', `Nothing stands in the books of ${month}`] : []),
    ...sheets.flatMap((sheet) => sheetText(screen, sheet)),
    '',
    ...notes.flatMap((note) => paragraph(screen, note)),
  ];
}

function sheetText(screen: Screen, sheet: Sheet): string[] {
  const sections = [
    giftCardText(screen, sheet.giftCards),
    ...sheet.moved.map((each) => accountText(screen, MOVED[each.account], each)),
    ...sheet.taxLines.map((each) =>
      accountText(screen, `Tax on lines of its own: ${showTax(each.tax)}`, each),
    ),
    ...refundTexts(screen, sheet.refunds),
    taxText(screen, sheet),
    roundingText(screen, sheet),
    paymentText(screen, sheet),
    entryText(screen, sheet),
    remarkText(screen, sheet),
  ];
  return sections.flatMap((lines) => (lines.length === 0 ? [] : ['', ...lines]));
}

/** A table under its title; nothing for no rows. */
function section(
  screen: Screen,
  title: string,
  { columns, rows }: { readonly columns: readonly Column[]; readonly rows: readonly (string | Cell)[][] },
): string[] {
  return rows.length === 0 ? [] : [screen.paint(title, 'bold'), ...table(screen, columns, rows)];
}

const PAPER: readonly Column[] = [
  { title: 'Date' },
  { title: 'Order' },
  { title: 'Invoice', mayStandBeneath: true },
];
const AMOUNT: Column = { title: 'Amount', align: 'right' };
const BALANCE: Column = { title: 'Balance', align: 'right' };

function paperCells({ on, order, invoice }: Listed): string[] {
  return [on, order, invoice];
}

function boldly(amount: Money): Cell {
  return { text: money.format(amount), colour: 'bold' };
}

const EVENTS: Readonly<Record<GiftCardEvent, string>> = {
  sold: 'sold',
  discounted: 'discount on it',
  returned: 'returned',
  used: 'used',
  'refilled-by-expense': 'refund onto it',
  'refilled-by-credit-note': 'refund onto it',
};

function giftCardText(screen: Screen, giftCards: GiftCards): string[] {
  const { opening, rows, closing, untold, untoldBeforeCount } = giftCards;
  if (rows.length + untold.length + untoldBeforeCount === 0 && money.isZero(opening)) {
    return [];
  }
  return [
    ...section(screen, `Gift cards in ${opening.currency}: owed to who holds them, no sales`, {
      columns: [...PAPER, { title: 'What' }, AMOUNT, BALANCE],
      rows: [
        ['', '', '', 'Opening balance', '', money.format(opening)],
        ...rows.map((row) => [
          ...paperCells(row),
          EVENTS[row.event],
          money.format(row.amount),
          money.format(row.balance),
        ]),
        ['', '', '', 'Closing balance', '', boldly(closing)],
      ],
    }),
    ...untoldText(screen, giftCards),
  ];
}

function untoldText(screen: Screen, { untold, untoldBeforeCount: before }: GiftCards): string[] {
  const payments = [
    ...(untold.length === 0 ? [] : [namesOf(untold, ({ amount }) => money.format(amount))]),
    ...(before === 0 ? [] : [`${counted(before, 'payment')} of earlier months`]),
  ];
  return payments.length === 0
    ? []
    : paragraph(
        screen,
        `The balance lacks what gift cards gave to payments by a gift card and something else, of which the shop has not told the parts here. They stand at the order in the shop: ${payments.join(', and ')}`,
        'yellow',
      );
}

const MOVED: Readonly<Record<MovedAccount, string>> = {
  tips: 'Tips',
  duties: 'Duties',
  fees: 'Additional fees',
  'cash-rounding': 'Cash rounding',
};

function accountText(screen: Screen, title: string, { rows, total }: Account): string[] {
  return section(screen, `${title} in ${total.currency}: in sales, to be moved`, {
    columns: [...PAPER, AMOUNT, BALANCE],
    rows: rows.map((row) => [...paperCells(row), money.format(row.amount), money.format(row.balance)]),
  });
}

function refundTexts(screen: Screen, { lines, expenses, creditNotes }: Refunds): string[][] {
  const { currency } = expenses.total;
  const listed = (title: string, { rows, total }: Refunds['lines']): string[] =>
    section(screen, title, {
      columns: [...PAPER, AMOUNT],
      rows: rows.length === 0 ? [] : [...rows.map(listedCells), ['Total', '', '', boldly(total)]],
    });
  return [
    listed(`Refunds on invoices in ${currency}, without tax: off sales already`, lines),
    expenseText(screen, expenses),
    listed(`Refunds as credit notes in ${currency}: off sales already`, creditNotes),
  ];
}

function listedCells(row: Listed): string[] {
  return [...paperCells(row), money.format(row.amount)];
}

function expenseText(screen: Screen, { rows, total, taxTotal }: Refunds['expenses']): string[] {
  const cells = rows.map((row) => [
    ...paperCells(row),
    row.category,
    money.format(row.amount),
    money.format(row.taxTotal),
  ]);
  return section(screen, `Refunds as expenses in ${total.currency}: to be taken off sales`, {
    columns: [
      ...PAPER,
      { title: 'Category', isFlexible: true },
      AMOUNT,
      { title: 'Tax in it', align: 'right' },
    ],
    rows: cells.length === 0 ? [] : [...cells, ['Total', '', '', '', boldly(total), boldly(taxTotal)]],
  });
}

function taxText(screen: Screen, { taxes, currency }: Sheet): string[] {
  return section(screen, `Taxes in ${currency}, as FreshBooks computes them and as they were charged`, {
    columns: [
      { title: 'Tax', isFlexible: true },
      { title: 'FreshBooks', align: 'right' },
      { title: 'Charged', align: 'right' },
      { title: 'Difference', align: 'right' },
    ],
    rows: taxes.map(({ tax, computed, charged, difference }) => [
      tax === undefined ? 'Not told which: several on one invoice' : showTax(tax),
      money.format(computed),
      money.format(charged),
      {
        text: money.format(difference),
        ...(money.isZero(difference) ? {} : ({ colour: 'yellow' } as const)),
      },
    ]),
  });
}

function roundingText(screen: Screen, { rounding, currency }: Sheet): string[] {
  const { rows, total, limit, isAlarm } = rounding;
  const alarm = `ALARM: the rounding lines of the month sum to ${money.show(total)}, more than ${money.show(limit)}. By chance they even out: look for a tax that FreshBooks and the shop round by different rules`;
  return [
    ...section(screen, `Rounding lines in ${currency}: the other side of these differences`, {
      columns: [...PAPER, AMOUNT, BALANCE],
      rows: rows.map((row) => [...listedCells(row), money.format(row.balance)]),
    }),
    ...(isAlarm ? paragraph(screen, alarm, 'red') : []),
  ];
}

function paymentText(screen: Screen, { payments, currency }: Sheet): string[] {
  return section(screen, `Payments in ${currency}, to tie out with the accounts they came by`, {
    columns: [
      { title: 'Gateway', isFlexible: true },
      { title: 'Entered as' },
      { title: 'Count', align: 'right' },
      AMOUNT,
    ],
    rows: payments.map(({ gateway, method, count, total }) => [
      gateway,
      method,
      String(count),
      money.format(total),
    ]),
  });
}

function entryText(screen: Screen, { entries, currency }: Sheet): string[] {
  return section(screen, `Entries in ${currency}`, {
    columns: [
      { title: 'Debit', isFlexible: true },
      { title: 'Credit', isFlexible: true },
      AMOUNT,
      { title: 'For', isFlexible: true },
    ],
    rows: entries.map(({ debit, credit, amount, what }) => [debit, credit, money.format(amount), what]),
  });
}

const REMARKS: Readonly<Record<Remark['why'], string>> = {
  draft: 'Drafts, in no report of FreshBooks until somebody sends them',
  adopted: 'Made by a person or another program, so their lines are not in here',
  accepted: 'Edited in FreshBooks and taken as right: their lines are shown as the shop has them',
  'discount-shared': 'A discount of gift cards and other lines alike, not taken off the gift cards',
  'taxes-untold': 'Their taxes cannot be computed again and are not in here',
};

function remarkText(screen: Screen, { remarks }: Sheet): string[] {
  const kinds = Map.groupBy(remarks, ({ why }) => why);
  return [...kinds].flatMap(([why, rows]) =>
    paragraph(screen, `${REMARKS[why]}: ${namesOf(rows)}`, 'yellow'),
  );
}

/** More are counted, not listed; --json has them all. */
const NAMES_MAX = 10;

function namesOf(rows: readonly Listed[], detailOf: (row: Listed) => string = () => ''): string {
  const names = rows
    .slice(0, NAMES_MAX)
    .map((row) => [row.order, row.invoice, detailOf(row)].filter(Boolean).join(' '));
  const more = rows.length > NAMES_MAX ? ` and ${rows.length - NAMES_MAX} more` : '';
  return names.join(', ') + more;
}
