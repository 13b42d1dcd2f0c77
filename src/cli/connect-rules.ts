import type { App } from '#app.ts';
import { Failure } from '#core/failure.ts';
import { invariant } from '#core/invariant.ts';
import type { Rules } from '#core/rules.ts';
import { localDate, parseZone } from '#core/time.ts';
import type { LocalDate, Zone } from '#core/time.ts';
import type { UsableAccount } from './choose-account.ts';
import type { CommandContext } from './context.ts';
import type { LineReader } from './line-reader.ts';
import { facts, paragraph } from './output.ts';
import type { Output } from './output.ts';
import { askCategory, categoryNamed } from './refund-category.ts';
import { dayIn } from './time-text.ts';

/** Two rules that nobody else can know, asked for once when the books are connected: the first day, and where refunds go. */

export interface ConnectRules {
  readonly booksStart?: LocalDate;
  readonly refundCategory?: string;
}

interface Settling {
  readonly app: App;
  readonly lines: LineReader;
  readonly account: UsableAccount;
  /** By options: they replace what is set. */
  readonly given: ConnectRules;
}

/** Mistyped dates, until the question stays open. */
const TRIES_MAX = 3;

/** Sets what is given, asks a person for what is not set yet, and answers with what holds then. */
export async function settleRules(context: CommandContext, settling: Settling): Promise<ConnectRules> {
  const { app, given } = settling;
  const [route] = await app.routeRules();
  invariant(route !== undefined, 'there is a route');
  const { rules } = route;
  const isAsked = context.input.isTTY === true && context.output.isTerminal;
  const category =
    given.refundCategory === undefined ? undefined : await categoryNamed(app, given.refundCategory);
  const booksStart =
    given.booksStart ??
    rules.booksStart ??
    (isAsked ? await askBooksStart(context.output, { ...settling, rules }) : undefined);
  const refundCategory =
    category ?? rules.refundCategory ?? (isAsked ? await askedCategory(context.output, settling) : undefined);
  const settled = {
    ...(booksStart === undefined ? {} : { booksStart }),
    ...(refundCategory === undefined ? {} : { refundCategory }),
  };
  if (booksStart !== rules.booksStart || refundCategory !== rules.refundCategory) {
    await app.importRules([{ ...route, rules: { ...rules, ...settled } }]);
  }
  return settled;
}

async function askBooksStart(
  output: Output,
  { app, lines, account, rules }: Settling & { readonly rules: Rules },
): Promise<LocalDate | undefined> {
  const today = localDate(app.clock.now(), rules.timeZone ?? zoneOf(account));
  const question = `From which day on is to be booked? Nothing of an earlier day is created, changed, paid or deleted in FreshBooks: it is held for you. Type a date as YYYY-MM-DD, or none for every day; Enter takes today, ${today}:`;
  output.note('');
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    paragraph(output, question).forEach((line) => output.note(line));
    const typed = (await lines.next())?.trim();
    const day = typed === '' ? today : dayIn(typed ?? '');
    if (day !== undefined || typed === undefined || typed === 'none') {
      return day;
    }
  }
  return undefined;
}

/** FreshBooks does not always tell one, and a person corrects the day that is proposed. */
function zoneOf({ timeZone }: UsableAccount): Zone {
  try {
    return parseZone(timeZone);
  } catch {
    return parseZone('UTC');
  }
}

/** Access is worth more than this answer, so what keeps FreshBooks from listing its categories is only told. */
async function askedCategory(output: Output, { app, lines }: Settling): Promise<string | undefined> {
  try {
    return await askCategory({ app, output, lines });
  } catch (thrown) {
    if (!(thrown instanceof Failure)) {
      throw thrown;
    }
    const text = `The expense categories cannot be listed: ${thrown.message}`;
    paragraph(output, text, 'yellow').forEach((line) => output.note(line));
    return undefined;
  }
}

/** What holds, and how to set what does not. */
export function settledLines(output: Output, { booksStart, refundCategory }: ConnectRules): string[] {
  return facts(output, [
    {
      name: 'Books start',
      value:
        booksStart ??
        'not set, so orders of any day are booked. Set it by --books-start DATE, or by the rule books_start',
    },
    {
      name: 'Refund category',
      value:
        refundCategory ??
        'not chosen, so a refund that cannot be taken off its invoice is held. Choose it by --refund-category NAME, or by the rule refunds.category',
    },
  ]);
}
