import { FRESHBOOKS } from '#connections.ts';
import type { App } from '#app.ts';
import type { OrderKey } from '#core/ids.ts';
import { fold } from '#core/ledger.ts';
import { localDate, parseTimestamp, parseZone } from '#core/time.ts';
import type { Instant, LocalDate } from '#core/time.ts';
import { eraseFinished, eraseMessage, eraseOrder } from '#pipeline/redaction.ts';
import type { Erased } from '#pipeline/redaction.ts';
import { CommandError, DONE, FAILED, USAGE } from './command-error.ts';
import { withApp } from './context.ts';
import type { CommandContext } from './context.ts';
import { findSubject } from './find-subject.ts';
import { counted, paragraph } from './output.ts';
import type { Output } from './output.ts';

/** A person says: erase the contact data. What proves and corrects the books stays. */

export interface RedactOptions {
  readonly subject: string | undefined;
  /** Everything that came before this day, in UTC, and is needed no more. */
  readonly before?: LocalDate;
}

/** As many names as a sentence lists. */
const LISTED_MAX = 20;

export async function redact(context: CommandContext, { subject, before }: RedactOptions): Promise<number> {
  if ((subject === undefined) === (before === undefined)) {
    throw new CommandError('Name one order or message, or say --before with a date', USAGE);
  }
  return withApp(context, async (app) => {
    const erased =
      before === undefined ? await eraseSubject(app, subject ?? '') : await eraseBefore(app, before);
    const isScrubbed = await app.store.scrub('rewritten');
    // Of a date alone nobody asked to be forgotten, so nobody is to be erased elsewhere.
    const rest = before === undefined ? await leftOver(app, erased.orders) : { clients: [], unbooked: [] };
    const { messages, texts, orders, unreadable } = erased;
    context.output.json({ messages, texts, orders, unreadable, ...rest, isScrubbed });
    print(context.output, { erased, rest, isScrubbed });
    return DONE;
  });
}

async function eraseSubject(app: App, text: string): Promise<Erased> {
  const found = await findSubject(app, text);
  const erased =
    found.kind === 'order'
      ? await eraseOrder(app.eraser, found.record.key)
      : await eraseMessage(app.eraser, found.delivery.id);
  switch (erased.outcome) {
    case 'no-message':
      throw new CommandError(`There is no message ${text}`, FAILED);
    case 'not-read-yet':
      throw new CommandError(
        `Message ${erased.id} is not read yet, and blanking it would lose what it says: run counterfoil serve first (when it was held, counterfoil retry delivery:${erased.id}), then the same again`,
        FAILED,
      );
    case 'erased':
      return erased;
  }
}

async function eraseBefore({ eraser, clock }: App, day: LocalDate): Promise<Erased> {
  if (day > localDate(clock.now(), parseZone('Z'))) {
    throw new CommandError(`${day} is yet to come`, USAGE);
  }
  const before: Instant = parseTimestamp(`${day}T00:00:00Z`).at;
  return eraseFinished(eraser, { before, because: 'by hand' });
}

interface LeftOver {
  /** Of the books, by their ids there: only their owner may erase them. */
  readonly clients: readonly string[];
  /** Orders whose booking is not done. */
  readonly unbooked: readonly string[];
}

async function leftOver({ store: { read } }: App, orders: readonly OrderKey[]): Promise<LeftOver> {
  const clients = new Set<string>();
  const unbooked: string[] = [];
  for (const key of orders) {
    const { client } = fold(await read.entriesOf(key));
    if (client !== undefined && !client.isShared) {
      clients.add(client.externalId);
    }
    const record = await read.order(key);
    if (record !== undefined && record.state !== 'settled' && record.state !== 'skipped') {
      unbooked.push(record.name);
    }
  }
  return { clients: [...clients], unbooked };
}

function print(
  output: Output,
  {
    erased: { messages, texts, orders, unreadable },
    rest: { clients, unbooked },
    isScrubbed,
  }: { readonly erased: Erased; readonly rest: LeftOver; readonly isScrubbed: boolean },
): void {
  const sentences = texts === 0 ? '' : `, ${counted(texts, 'sentence')} rewritten`;
  const lines = [
    `${counted(messages, 'message')} of ${counted(orders.length, 'order')} blanked${sentences}. Figures, keys and hashes stay: counterfoil explain proves an order as before`,
    ...(unreadable.length === 0
      ? []
      : [
          `Nobody could read ${unreadable.length === 1 ? 'the message' : 'the messages'} ${listed(unreadable)}, now blanked too: what the shop told there is in no book, so look in the shop whether the order is booked as it is`,
        ]),
    ...(clients.length === 0
      ? []
      : [
          `The books of ${FRESHBOOKS} still hold ${clients.length === 1 ? 'the client' : 'the clients'} ${listed(clients)}: erase or change what the law wants there; invoices may be kept as long as it requires`,
        ]),
    ...(unbooked.length === 0
      ? []
      : [
          `Not booked to the end yet: ${listed(unbooked)}. If a new invoice is still to be made, the shop is asked for the buyer again where it can be, and what it answers is stored; else the order is held`,
        ]),
    ...(isScrubbed
      ? []
      : [
          'Another process reads the database now, so traces may stay in its log of writes until the server stops',
        ]),
    'Copies of the database that were made before still hold what was blanked',
  ];
  lines.flatMap((line) => paragraph(output, line)).forEach((line) => output.print(line));
}

function listed(names: readonly string[]): string {
  const more = names.length > LISTED_MAX ? ` and ${names.length - LISTED_MAX} more` : '';
  return names.slice(0, LISTED_MAX).join(', ') + more;
}
