import type { App } from '#app.ts';
import { Failure } from '#core/failure.ts';
import { connectionId } from '#core/ids.ts';
import { invariant } from '#core/invariant.ts';
import { PERIOD_DAY_MAX, PERIOD_DAY_MIN, periodDay } from '#core/period.ts';
import type { Rules } from '#core/rules.ts';
import { localDate, parseZone } from '#core/time.ts';
import type { LocalDate, Zone } from '#core/time.ts';
import type { RouteRules } from '#rules-file.ts';
import { NONE } from './choices.ts';
import type { UsableAccount } from './choose-account.ts';
import type { CommandContext } from './context.ts';
import type { LineReader } from './line-reader.ts';
import { facts, paragraph } from './output.ts';
import type { Output } from './output.ts';
import { askCategory, categoriesNamed, unknownCategory } from './refund-category.ts';
import type { Categories } from './refund-category.ts';
import { dayWarnings, waitingText } from './rules-warnings.ts';

/**
 * Two rules that nobody else can know, settled when the books are connected: the first day, and where refunds go. What is
 * set is never replaced but by an option that says so.
 */

/** By options. */
export interface GivenRules {
  readonly booksStart?: LocalDate | typeof NONE;
  readonly refundCategory?: string;
}

export interface SettledRules extends Pick<Rules, 'booksStart' | 'refundCategory'> {
  /** As a person reads it: what holds, and how to set what does not. */
  readonly lines: readonly { readonly name: string; readonly value: string }[];
  readonly warnings: readonly string[];
  /** What an option asked for and could not be done; all else is. */
  readonly problems: readonly string[];
}

interface Settling {
  readonly app: App;
  readonly lines: LineReader;
  readonly account: UsableAccount;
  readonly given: GivenRules;
}

interface Asking extends Settling {
  readonly output: Output;
  /** Whether a person is there to be asked. */
  readonly isAsked: boolean;
  readonly before: Rules;
  readonly today: LocalDate;
}

/** Mistyped dates, until the day that is proposed is taken. */
const TRIES_MAX = 3;
/** The setting that tells a first day that nobody wants from one that nobody was asked for. */
const SETTLED = 'connect:books-start';

/**
 * Sets what is given or by default, asks a person for what is not set yet, and answers with what holds then. One answer is for
 * the orders of every source, because it is about the account's books.
 */
export async function settleRules(context: CommandContext, settling: Settling): Promise<SettledRules> {
  const { app, account } = settling;
  const { rules: before } = leading(app, await app.routeRules());
  const asking: Asking = {
    ...settling,
    output: context.output,
    isAsked: context.input.isTTY === true && context.output.isTerminal,
    before,
    today: localDate(app.clock.now(), before.timeZone ?? zoneOf(account)),
  };
  const start = await startOf(asking);
  const { name: category, problem } = await categoryOf(asking);
  // Read anew: the answers may have taken minutes, and somebody may have imported rules meanwhile.
  const routes = (await app.routeRules()).map((route) => {
    const rules = answered(route.rules, { booksStart: start, refundCategory: category });
    return { ...route, rules, was: route.rules, changed: changedRules(route.rules, rules) };
  });
  const changed = routes.filter((route) => route.changed.length > 0);
  if (changed.length > 0) {
    await app.importRules(changed.map(({ from, to, rules }) => ({ from, to, rules })));
  }
  await app.store.transact((tx) => tx.putSetting(SETTLED, 'yes'));
  const waiting = await waitingText(app.store.read, [...new Set(changed.flatMap((route) => route.changed))]);
  const route = leading(app, routes);
  const { booksStart, refundCategory } = route.rules;
  const others = routes.filter((other) => other !== route && isConfigured(app, other));
  return {
    ...(booksStart === undefined ? {} : { booksStart }),
    ...(refundCategory === undefined ? {} : { refundCategory }),
    lines: [
      { name: 'Books start', value: startText(route.was, { rules: route.rules, today: asking.today }) },
      { name: 'Refund category', value: categoryText(route.was, route.rules) },
      ...others.flatMap(({ from, was, rules }) => [
        ...(rules.booksStart === booksStart
          ? []
          : [{ name: `Books start, ${from}`, value: startText(was, { rules, today: asking.today }) }]),
        ...(rules.refundCategory === refundCategory
          ? []
          : [{ name: `Refund category, ${from}`, value: categoryText(was, rules) }]),
      ]),
    ],
    warnings: [...dayWarnings(route.rules, asking.today), ...(waiting === undefined ? [] : [waiting])],
    problems: problem === undefined ? [] : [problem],
  };
}

export function printSettled(output: Output, { lines, warnings, problems }: SettledRules): void {
  facts(output, lines).forEach((line) => output.print(line));
  warnings.flatMap((text) => paragraph(output, text, 'yellow')).forEach((line) => output.print(line));
  problems.flatMap((text) => paragraph(output, text, 'red')).forEach((line) => output.print(line));
}

/** The route of the first source that is configured, by which a person is asked. */
function leading<Route extends RouteRules>(app: App, routes: readonly Route[]): Route {
  const route = routes.find((each) => isConfigured(app, each)) ?? routes[0];
  invariant(route !== undefined, 'there is a route');
  return route;
}

export function isConfigured({ sourceOf }: Pick<App, 'sourceOf'>, { from }: RouteRules): boolean {
  return sourceOf(connectionId(from)) !== undefined;
}

/** FreshBooks does not always tell one, and a person corrects the day that is proposed. */
function zoneOf({ timeZone }: UsableAccount): Zone {
  try {
    return parseZone(timeZone);
  } catch {
    return parseZone('UTC');
  }
}

/** An answer; nothing leaves the rule as it is. */
type Answer<Value> = Value | typeof NONE | undefined;

/**
 * Today when nobody says otherwise, so that nothing of a month that is filed already is touched. But under orders that are
 * booked it would close the days they stand on, so there only a person sets it.
 */
async function startOf(asking: Asking): Promise<Answer<LocalDate>> {
  const { app, given, before, isAsked, today } = asking;
  if (given.booksStart !== undefined || before.booksStart !== undefined) {
    return given.booksStart;
  }
  if ((await app.store.read.setting(SETTLED)) !== undefined) {
    return undefined;
  }
  if (isAsked) {
    return askStart(asking);
  }
  return (await app.store.read.orders({ limit: 1 })).length === 0 ? today : undefined;
}

async function askStart({ output, lines, today }: Asking): Promise<LocalDate | typeof NONE> {
  const question = `From which day on is to be booked? Nothing of an earlier day is created, changed, paid or deleted in FreshBooks: it is held for you. Type a date as YYYY-MM-DD, or ${NONE} for every day; Enter takes today, ${today}:`;
  output.note('');
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    paragraph(output, question).forEach((line) => output.note(line));
    const typed = (await lines.next())?.trim() ?? '';
    const day = typed === '' ? today : typed === NONE ? NONE : periodDay(typed);
    if (day !== undefined) {
      return day;
    }
    const wrong = `"${typed}" is no date from ${PERIOD_DAY_MIN} to ${PERIOD_DAY_MAX}`;
    paragraph(output, wrong, 'yellow').forEach((line) => output.note(line));
  }
  return today;
}

interface CategoryAnswer {
  readonly name?: Answer<string>;
  /** Access is worth more than this answer, so what keeps it from being given is only told. */
  readonly problem?: string;
}

async function categoryOf(asking: Asking): Promise<CategoryAnswer> {
  const { app, given, before, isAsked, output, lines } = asking;
  const wanted = given.refundCategory ?? before.refundCategory;
  if (given.refundCategory === NONE || (wanted === undefined && !isAsked)) {
    return given.refundCategory === undefined ? {} : { name: NONE };
  }
  const categories = await listed(app);
  if (typeof categories === 'string') {
    return { problem: categories };
  }
  const [found] = wanted === undefined ? [] : categoriesNamed(categories, wanted);
  if (found !== undefined) {
    return given.refundCategory === undefined ? {} : { name: found.name };
  }
  const problem = wanted === undefined ? undefined : unknownCategory(categories, wanted);
  if (given.refundCategory === undefined && isAsked) {
    paragraph(output, problem ?? '', 'yellow').forEach((line) => output.note(line));
    const name = await askCategory(output, lines, categories);
    return name === undefined ? {} : { name };
  }
  return problem === undefined ? {} : { problem };
}

async function listed(app: App): Promise<Categories | string> {
  try {
    return await app.expenseCategories();
  } catch (thrown) {
    if (thrown instanceof Failure) {
      return `The expense categories of FreshBooks cannot be listed, so none is chosen for refunds: ${thrown.message}`;
    }
    throw thrown;
  }
}

function answered(
  rules: Rules,
  answers: { readonly booksStart: Answer<LocalDate>; readonly refundCategory: Answer<string> },
): Rules {
  const { booksStart, refundCategory, ...others } = rules;
  const start = answers.booksStart ?? booksStart;
  const category = answers.refundCategory ?? refundCategory;
  return {
    ...others,
    ...(start === undefined || start === NONE ? {} : { booksStart: start }),
    ...(category === undefined || category === NONE ? {} : { refundCategory: category }),
  };
}

function changedRules(before: Rules, now: Rules): string[] {
  return [
    ...(before.booksStart === now.booksStart ? [] : ['books_start']),
    ...(before.refundCategory === now.refundCategory ? [] : ['refund_category']),
  ];
}

function startText(
  before: Rules,
  { rules: { booksStart }, today }: { readonly rules: Rules; readonly today: LocalDate },
): string {
  if (booksStart === undefined) {
    return `none${was(before.booksStart)}: orders of any day are booked. Set it by --books-start DATE, or by the rule books_start`;
  }
  const isNew = before.booksStart !== booksStart;
  const why = isNew && booksStart === today ? ', the day of connecting' : '';
  return `${booksStart}${why}${isNew ? was(before.booksStart) : ', as before'}: what is of an earlier day is held`;
}

function categoryText(before: Rules, { refundCategory }: Rules): string {
  const isNew = before.refundCategory !== refundCategory;
  return refundCategory === undefined
    ? `none${was(before.refundCategory)}: a refund that cannot be taken off its invoice any more is held. Choose one by --refund-category NAME, or by the rule refund_category`
    : `${refundCategory}${isNew ? was(before.refundCategory) : ', as before'}`;
}

function was(before: string | undefined): string {
  return before === undefined ? '' : ` (it was ${before})`;
}
