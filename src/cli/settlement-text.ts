import type { Booked } from '#core/ledger.ts';
import * as money from '#core/money.ts';
import { feesProofOf } from '#core/proof.ts';
import type { SettledAmount, SettledKind, Settlement } from '#core/settlement.ts';
import { table } from './output.ts';
import type { Cell, Column, Output } from './output.ts';

/** A settlement for a person: each amount by what it is, and its fees against what stands for them. */

type Screen = Pick<Output, 'columns' | 'paint'>;
type Row = (string | Cell)[];

const COLUMNS: readonly Column[] = [
  { title: '', isFlexible: true },
  { title: '', align: 'right' },
];

/** In the order in which they are shown, with what becomes of each. */
const HEADINGS: readonly (readonly [SettledKind, string])[] = [
  ['fee', 'Fees'],
  ['unknown', 'Not known to this program'],
  ['reimbursement', 'Reimbursements: other income, for your accountant to book'],
  ['buyers', 'Sales and refunds: booked with their orders'],
  ['withheld', 'Tax that the channel remits itself: not yours'],
  ['reserve', 'Reserves: moved within what the channel owes'],
  ['transfer', 'Paid out: from what the channel owes to the bank'],
  ['elsewhere', 'Of stores that are not booked: all that stands there, fees too'],
];

export function settlementProof(output: Screen, settlement: Settlement, booked: Booked): string[] {
  const { shop, name, transactionCount } = settlement;
  return [
    output.paint(`As ${shop} put it into ${name}, in ${transactionCount} transactions`, 'bold'),
    ...HEADINGS.flatMap(([what, title]) => group(output, settlement, { what, title })),
    '',
    output.paint('To the cent', 'bold'),
    ...table(output, COLUMNS, proofRows(settlement, booked)),
  ];
}

function group(
  output: Screen,
  { amounts }: Settlement,
  { what, title }: { readonly what: SettledKind; readonly title: string },
): string[] {
  const own = amounts.filter((amount) => amount.what === what);
  return own.length === 0 ? [] : ['', title, ...table(output, COLUMNS, own.map(rowOf))];
}

function rowOf({ name, amount }: SettledAmount): Row {
  return [name, money.show(amount)];
}

function proofRows(settlement: Settlement, booked: Booked): Row[] {
  const { fees, expenses, difference } = feesProofOf(settlement, booked);
  return [
    ['Fees, less what was given back', money.show(fees)],
    ...booked.beside.map(({ step, amount }): Row => [
      step.kind === 'expense' ? `Expense of ${step.spentOn}` : 'In the books',
      money.show(amount),
    ]),
    ['Expenses in FreshBooks', booked.beside.length === 0 ? '–' : money.show(expenses)],
    [
      'Difference',
      difference === undefined
        ? '–'
        : { text: money.show(difference), colour: money.isZero(difference) ? 'green' : 'red' },
    ],
  ];
}
