import type { Fact } from '#core/failure.ts';
import { Failure } from '#core/failure.ts';
import type { BookedInvoice } from '#core/ledger.ts';
import * as money from '#core/money.ts';
import type { Money } from '#core/money.ts';
import { unreadable } from '#net/request.ts';
import { VERSION_FACT } from '#pipeline/ports.ts';
import type { Edits, LastWritten, Standing } from '#pipeline/ports.ts';
import type { Seen } from './invoice-reading.ts';
import { layOut } from './layout.ts';
import { areAlike, asRead, linesSha256, sha256Of, showLines } from './line-content.ts';
import type { ReadInvoice, ReadLine } from './payload.ts';

/**
 * What a person changed of an invoice since we wrote it (docs/bookkeeping.md, section 5): lines, total, client, date, number,
 * currency and payments. Notes, terms, template and address are theirs to change and never compared.
 */

export type Left =
  | { readonly state: 'as left' }
  /** A person has said of these very edits that they are to be written over. */
  | { readonly state: 'given up' }
  /** Or that they are right as they stand; `isKnown` once that is written down. */
  | { readonly state: 'accepted'; readonly version: string; readonly isKnown: boolean }
  | {
      readonly state: 'edited';
      readonly detail: string;
      readonly facts: readonly Fact[];
      readonly version: string;
    };

/** One thing in both versions, readable. */
interface Compared {
  readonly name: string;
  readonly ours: string;
  readonly theirs: string;
  readonly isSame: boolean;
}

export function leftOf({ invoice, answer }: Seen, last: LastWritten): Left {
  const { lines } = invoice;
  if (lines === undefined) {
    throw unreadable(answer, 'shows no lines of the invoice');
  }
  const figures = comparedFigures(invoice, last);
  const edited = [comparedLines(lines, last.invoice), ...figures].filter((thing) => !thing.isSame);
  if (edited.length === 0) {
    return { state: 'as left' };
  }
  // Payments are asked about by themselves, and what changes of them makes no other edit of the rest.
  const isPaidAlone = edited.every(({ name }) => name === PAID);
  const told = figures.filter(({ name }) => name !== PAID || isPaidAlone);
  const version = sha256Of([linesSha256(lines), ...told.map((one) => one.theirs)]);
  const isKnown = version === last.invoice.acceptedVersion;
  const said = isKnown ? 'accepted' : saidOf(last.edits, version);
  if (said !== undefined) {
    return said === 'accepted' ? { state: said, version, isKnown } : { state: said };
  }
  const names = edited.map((thing) => thing.name.toLowerCase()).join(', ');
  return {
    state: 'edited',
    detail: `Invoice ${invoice.number} (id ${invoice.id}) was changed in FreshBooks: ${names}`,
    facts: factsOf(edited, version),
    version,
  };
}

/** What a person has said of exactly this version. */
export function saidOf(edits: Edits, version: string): 'given up' | 'accepted' | undefined {
  if (edits.say === 'ask' || edits.seen !== version) {
    return undefined;
  }
  return edits.say === 'overwrite' ? 'given up' : 'accepted';
}

/** Both versions, and the fingerprint by which a person's answer is about no other edit than this. */
export function factsOf(edited: readonly Omit<Compared, 'isSame'>[], version: string): Fact[] {
  return [
    ...edited.flatMap(({ name, ours, theirs }) => [
      { name: `${name}, ours`, value: ours },
      { name: `${name}, theirs`, value: theirs },
    ]),
    { name: VERSION_FACT, value: version },
  ];
}

export function asStanding(left: Left): Standing {
  switch (left.state) {
    case 'edited':
      return { state: 'unclear', code: 'books-invoice-edited', detail: left.detail, facts: left.facts };
    case 'accepted':
      return left.isKnown ? { state: 'absent' } : { state: 'absent', isAnswered: true };
    case 'given up':
      return { state: 'absent', isAnswered: true };
    case 'as left':
      return { state: 'absent' };
  }
}

/** Throws `books-invoice-edited` for edits that nobody has given up. */
export function assertWritable(left: Left): Exclude<Left, { state: 'edited' }> {
  if (left.state === 'edited') {
    throw new Failure('books-invoice-edited', { detail: left.detail, facts: left.facts });
  }
  return left;
}

/** By the fingerprint of what FreshBooks once answered; without one, by what we wrote, as loosely as FreshBooks keeps it. */
function comparedLines(lines: readonly ReadLine[], last: BookedInvoice): Compared {
  const laidOut = layOut(last.document, last.correction);
  const written = laidOut.outcome === 'laid-out' ? asRead(laidOut.layout.lines) : [];
  return {
    name: 'Lines',
    ours: showLines(written),
    theirs: showLines(lines),
    isSame:
      last.linesSha256 === undefined ? areAlike(lines, written) : linesSha256(lines) === last.linesSha256,
  };
}

const PAID = 'Paid';

function comparedFigures(invoice: ReadInvoice, { invoice: last, clientId, paid }: LastWritten): Compared[] {
  const { document, amount } = last;
  return [
    compared('Total', money.show(amount), shownAmount(invoice.total)),
    // One whose client is gone stays on him, or goes with him where he was merged into the order's client of now.
    ...(clientId === undefined || invoice.clientId === last.clientId
      ? []
      : [compared('Client', clientId, invoice.clientId)]),
    compared('Date', document.issuedOn, invoice.issuedOn),
    compared('Number', document.number, invoice.number),
    compared('Currency', document.currency, invoice.currency),
    compared(PAID, money.show(paid), shownAmount(paidOf(invoice))),
  ];
}

export function compared(name: string, ours: string, theirs: string): Compared {
  return { name, ours, theirs, isSame: ours === theirs };
}

function shownAmount(amount: Money | undefined): string {
  return amount === undefined ? 'unreadable' : money.show(amount);
}

/** What is paid, by what is left open of the total. */
export function paidOf({ total, outstanding }: ReadInvoice): Money | undefined {
  return total === undefined || outstanding === undefined || total.currency !== outstanding.currency
    ? undefined
    : money.subtract(total, outstanding);
}
