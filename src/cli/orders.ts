import { ORDER_STATES } from '#core/lifecycle.ts';
import type { OrderState } from '#core/lifecycle.ts';
import * as money from '#core/money.ts';
import type { Money } from '#core/money.ts';
import { localDate } from '#core/time.ts';
import { overviewJson, readOverview } from '#operator/order-list.ts';
import type { OrderRow, Overview } from '#operator/order-list.ts';
import { DONE } from './command-error.ts';
import { withApp } from './context.ts';
import type { CommandContext } from './context.ts';
import { assertSearchable, emptyText, findOrder } from './find-subject.ts';
import { paragraph, shownMoney, table } from './output.ts';
import type { Cell, Column, Note, Output } from './output.ts';
import { fitted, plain } from './text-width.ts';

/** The orders and what the books hold of each. */

const MESSAGES_LISTED = 5;

export interface OrdersOptions {
  readonly state?: string;
  readonly search?: string;
  readonly before?: string;
  readonly limit: number;
}

export async function orders(context: CommandContext, options: OrdersOptions): Promise<number> {
  const { state, search, before, limit } = options;
  assertSearchable(search ?? '');
  return withApp(context, async (app) => {
    const known = ORDER_STATES.find((each) => each === state);
    const overview = await readOverview(app.store.read, {
      limit,
      ...(known === undefined ? {} : { state: known }),
      ...(search === undefined ? {} : { search }),
      ...(before === undefined ? {} : { after: await findOrder(app, before) }),
    });
    context.output.json(overviewJson(overview));
    const empty = overview.rows.length === 0 ? await emptyText(app) : undefined;
    print(context.output, overview, empty === undefined ? '' : `: ${empty}`);
    return DONE;
  });
}

const COLUMNS: readonly Column[] = [
  { title: 'Order' },
  { title: 'Placed', mayStandBeneath: true },
  { title: 'State' },
  { title: 'Shop', align: 'right' },
  { title: 'Invoice', mayStandBeneath: true },
  { title: 'FreshBooks', align: 'right' },
  { title: 'Paid', align: 'right' },
  { title: 'Diff.', align: 'right' },
];
/** Between an order and the reason for its state, so that they stand apart. */
const REASON_INDENT = 4;

function print(output: Output, { rows, isCut, messages }: Overview, why: string): void {
  if (rows.length === 0) {
    output.print(`No orders fit${why}. One that never arrived is not known here`);
  } else {
    const cells = rows.flatMap((row) => [cellsOf(row), ...reasonOf(output, row)]);
    table(output, COLUMNS, cells).forEach((line) => output.print(line));
  }
  if (isCut) {
    const last = rows.at(-1)?.record.key ?? '';
    output.print();
    paragraph(output, `Older ones follow: the same with --before ${last}`).forEach((line) =>
      output.print(line),
    );
  }
  if (messages.length > 0) {
    const listed = messages.slice(0, MESSAGES_LISTED).map(({ id }) => `delivery:${id}`);
    const more = messages.length > MESSAGES_LISTED ? ', …' : '';
    const count = messages.length === 1 ? '1 message waits' : `${messages.length} messages wait`;
    const sentence = `${count} for a person and belong${messages.length === 1 ? 's' : ''} to no order: counterfoil explain ${listed.join(', ')}${more}`;
    output.print();
    paragraph(output, sentence, 'yellow').forEach((line) => output.print(line));
  }
}

function cellsOf(row: OrderRow): (string | Cell)[] {
  const { record, shopTotal, invoiceNumber, invoiceTotal, paid, difference } = row;
  return [
    record.name,
    record.snapshot === undefined ? '–' : localDate(record.snapshot.placedAt, record.snapshot.zone),
    stateCell(record.state),
    shownMoney(shopTotal),
    invoiceNumber ?? '–',
    amountCell(invoiceTotal),
    amountCell(paid),
    difference === undefined ? '–' : differenceCell(difference),
  ];
}

/** On one line: the whole of it is in `explain` and under --json. */
function reasonOf({ columns }: Output, { record: { reason } }: OrderRow): Note[] {
  return reason === undefined ? [] : [{ note: fitted(plain(reason), columns - REASON_INDENT) }];
}

/** Without its currency, which stands with the shop's total. */
function amountCell(amount: Money | undefined): string {
  return amount === undefined ? '–' : money.format(amount);
}

function differenceCell(difference: Money): Cell {
  return { text: money.format(difference), colour: money.isZero(difference) ? 'green' : 'red' };
}

export function stateCell(state: OrderState): Cell {
  switch (state) {
    case 'settled':
      return { text: state, colour: 'green' };
    case 'held':
      return { text: state, colour: 'red' };
    case 'waiting':
      return { text: state, colour: 'yellow' };
    case 'due':
    case 'working':
    case 'skipped':
      return { text: state };
  }
}
