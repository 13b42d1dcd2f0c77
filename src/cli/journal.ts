import type { App } from '#app.ts';
import { worksheetOf } from '#core/journal.ts';
import { rowsOf } from '#core/journal-rows.ts';
import type { JournalRow } from '#core/journal-rows.ts';
import { fold } from '#core/ledger.ts';
import { orderOf } from '#core/settlement.ts';
import type { Month } from '#core/time.ts';
import { DONE } from './command-error.ts';
import { withApp } from './context.ts';
import type { CommandContext } from './context.ts';
import { journalText } from './journal-text.ts';
import type { Journal } from './journal-text.ts';
import { counted } from './output.ts';
import type { Output } from './output.ts';
import { instantJson } from '#operator/json.ts';

/** The journal worksheet of a month: read from the ledger alone. */

/** So many orders with their entries are in memory at once; the balance of gift cards needs all that there are. */
const PAGE = 200;

export async function journal(context: CommandContext, month: Month): Promise<number> {
  return withApp(context, async (app) => {
    await showJournal(app, context.output, month);
    return DONE;
  });
}

export async function showJournal(app: App, output: Output, month: Month): Promise<void> {
  const { store, clock } = app;
  const shown: Journal = {
    worksheet: worksheetOf(month, await readRows(app, month)),
    asOf: clock.now(),
    notes: [...notesOf(await store.read.orderCounts()), RESTATED, BY_HAND],
  };
  output.json(journalJson(shown));
  journalText(output, shown).forEach((line) => output.print(line));
}

async function readRows({ store, taxFigures }: App, month: Month): Promise<JournalRow[]> {
  const rows: JournalRow[] = [];
  let page: Awaited<ReturnType<typeof store.read.ledgers>> = [];
  do {
    const after = page.at(-1)?.record.key;
    page = await store.read.ledgers({ limit: PAGE, ...(after === undefined ? {} : { after }) });
    for (const { record, entries } of page) {
      const { name, snapshot } = record;
      const order = orderOf(snapshot);
      const books = { name, booked: fold(entries), ...(order === undefined ? {} : { order }) };
      rows.push(...rowsOf(books, { month, taxFigures }));
    }
  } while (page.length === PAGE);
  return rows;
}

const RESTATED =
  'Right as of now: when an invoice changes, FreshBooks restates it under its original date, and so does this worksheet. Run it again after changes and before you close the month';
const BY_HAND = 'What was changed by hand in FreshBooks is not known here';

function notesOf(counts: Awaited<ReturnType<App['store']['read']['orderCounts']>>): string[] {
  const { held = 0, due = 0, working = 0, waiting = 0 } = counts;
  const underWay = due + working + waiting;
  const parts = [
    ...(held === 0 ? [] : [`${counted(held, 'order')} held for a person`]),
    ...(underWay === 0 ? [] : [`${counted(underWay, 'order')} under way`]),
  ];
  return parts.length === 0
    ? []
    : [`Not all is booked: ${parts.join(', ')}. What they will still change is not in here`];
}

function journalJson({ worksheet: { month, sheets }, asOf, notes }: Journal): unknown {
  return {
    month,
    asOf: instantJson(asOf),
    currencies: sheets.map((sheet) => ({
      ...sheet,
      taxes: sheet.taxes.map(({ tax, ...figures }) => ({ tax: tax ?? null, ...figures })),
    })),
    notes,
  };
}
