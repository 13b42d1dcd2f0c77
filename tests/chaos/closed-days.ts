import assert from 'node:assert/strict';
import type { DatabaseSync } from 'node:sqlite';
import type { LocalDate } from '#core/time.ts';
import type { FreshBooksSim } from '#sim/freshbooks/freshbooks.ts';

/** Days that were closed by a rule: what is dated on them stays as it stood. */
export interface Closing {
  readonly day: LocalDate;
  readonly rows: ReadonlyMap<string, string>;
  /** Orders that were worked on meanwhile: their runs had read the rules before. */
  readonly busy: ReadonlySet<string>;
}

interface Places {
  readonly freshbooks: FreshBooksSim;
  readonly database: DatabaseSync;
}

/** In the moment in which the rule is in force. */
export function closingOf(places: Places, day: LocalDate): Closing {
  const busy = places.database
    .prepare(
      `select key from orders where state = 'working'
       union select order_key from entries where state = 'pending'`,
    )
    .all()
    .map(({ key }) => String(key));
  return { day, rows: rowsThrough(places, day), busy: new Set(busy) };
}

/** Until that moment nothing may have been written on them, but for what a person touched himself. */
export function assertClosed(
  places: Places,
  { day, rows, busy }: Closing,
  touched: ReadonlySet<string>,
): void {
  const owners = new Map(
    places.database
      .prepare("select kind || ' ' || external_id as row, order_key as owner from entries")
      .all()
      .map(({ row, owner }) => [String(row), String(owner)]),
  );
  const now = rowsThrough(places, day);
  for (const row of new Set([...rows.keys(), ...now.keys()])) {
    const owner = owners.get(row);
    if (owner !== undefined && !busy.has(owner) && !touched.has(owner)) {
      assert.equal(now.get(row), rows.get(row), `${row} of ${owner}, with days closed through ${day}`);
    }
  }
}

/** Figures of what is dated on that day or before, by the ledger's word for each and its id. */
function rowsThrough({ freshbooks }: Places, day: LocalDate): ReadonlyMap<string, string> {
  const { invoices, payments, creditNotes, expenses } = freshbooks.account();
  const shown: readonly (readonly [string, string, unknown])[] = [
    ...invoices.map((row) => {
      const lines = row.lines.map(({ name, amount }) => [name, amount]);
      const figures = [row.number, row.amount, row.clientId, row.visState, row.v3Status === 'draft', lines];
      return [`invoice ${row.id}`, row.createdOn, figures] as const;
    }),
    ...payments.map(
      ({ id, date, amount, type, visState }) => [`payment ${id}`, date, [amount, type, visState]] as const,
    ),
    ...creditNotes.map(
      ({ id, createdOn, amount, visState }) => [`credit-note ${id}`, createdOn, [amount, visState]] as const,
    ),
    ...expenses.map(({ id, date, amount, visState }) => [`expense ${id}`, date, [amount, visState]] as const),
  ];
  return new Map(
    shown.filter(([, dated]) => dated <= day).map(([row, , figures]) => [row, JSON.stringify(figures)]),
  );
}
