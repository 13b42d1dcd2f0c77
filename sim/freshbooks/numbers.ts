// Invoice numbers (docs/vendors/freshbooks.md sections 0.2, 3 and 15): unique over active, archived and deleted
// invoices; without one, the last used number plus one, whoever chose that number.

import { refused } from './refusal.ts';
import type { Account, Invoice } from './state.ts';
import type { Switches } from './switches.ts';

const FIRST_NUMBER = '0000001';

/** Refuses a number that is too long or taken. `self` may keep its own. */
export function checkNumber(
  number: string,
  books: { readonly account: Account; readonly switches: Switches },
  self?: Invoice,
): void {
  const { account, switches } = books;
  const place = { field: 'invoice_number', object: 'invoice', value: number };
  const lengthMax = switches.numberLengthMax;
  if (lengthMax !== null && Array.from(number).length > lengthMax) {
    const errno = switches.numberLengthError === 'errno-1017' ? 1017 : 1004;
    throw refused(422, {
      errno,
      message: `Invoice number must be ${lengthMax} characters or fewer (invoice_number).`,
      ...place,
    });
  }
  const isTaken = [...account.invoices.values()].some(
    (invoice) => invoice !== self && invoice.number === number,
  );
  if (!isTaken) return;
  const { status, errno, message } = switches.duplicateNumberError;
  throw refused(status, { errno, message, ...place });
}

/** The number after the last used one, digits at its end counted up and padded as they were: `FB002017-394` gives
 * `FB002017-395`. Numbers already taken are passed over, and so is a last number without digits (both assumed). */
export function nextNumber(account: Account): string {
  const used = [...account.invoices.values()].map((invoice) => invoice.number);
  const taken = new Set(used);
  let candidate = FIRST_NUMBER;
  const last = used.findLast((number) => /\d$/.test(number));
  if (last !== undefined) candidate = successor(last);
  while (taken.has(candidate)) candidate = successor(candidate);
  return candidate;
}

function successor(number: string): string {
  const digits = /\d+$/.exec(number)?.[0] ?? '0';
  const next = String(BigInt(digits) + 1n).padStart(digits.length, '0');
  return number.slice(0, number.length - digits.length) + next;
}
