import { Failure } from '#core/failure.ts';
import type { Money } from '#core/money.ts';
import { addDays } from '#core/time.ts';
import type { LocalDate } from '#core/time.ts';
import type { Api } from './api.ts';
import { scan } from './listing.ts';
import { isMarked } from './mapping.ts';
import { invoicesIn } from './payload.ts';

/** An invoice that stands in the account and that this program did not make. */
export interface OtherInvoice {
  readonly number: string;
  readonly issuedOn: string;
  /** Absent when the amount is in no known currency or not exact. */
  readonly total: Money | undefined;
}

/** Ten thousand invoices. */
const PAGES_MAX = 100;

/** Those of some days, by number. Throws a Failure, also where there are too many to look through. */
export async function readOtherInvoices(
  api: Pick<Api, 'get'>,
  { since, until }: { readonly since: LocalDate; readonly until: LocalDate },
): Promise<readonly OtherInvoice[]> {
  const others: OtherInvoice[] = [];
  const doing = `Looking for invoices of ${since} to ${until}`;
  const outcome = await scan(
    api,
    {
      path: 'invoices/invoices',
      // A day more on either side: whether the upper bound belongs to the window is not known.
      query: [
        ['search[date_min]', addDays(since, -1)],
        ['search[date_max]', addDays(until, 2)],
      ],
      read: invoicesIn,
      doing,
      pagesMax: PAGES_MAX,
    },
    ({ number, issuedOn, total, notes, visibility }) => {
      // Whether the filter is honoured is seen by the rows alone.
      const isOfTheseDays = issuedOn >= since && issuedOn <= until;
      if (isOfTheseDays && visibility !== 'deleted' && !isMarked(notes)) {
        others.push({ number, issuedOn, total });
      }
      return 'go-on';
    },
  );
  if (outcome === 'too-many') {
    throw new Failure('request-refused', {
      detail: `${doing}: FreshBooks lists more than ${PAGES_MAX} pages, or one page again and again. Ask for fewer days`,
    });
  }
  return others.toSorted((a, b) => a.number.localeCompare(b.number, 'en'));
}
