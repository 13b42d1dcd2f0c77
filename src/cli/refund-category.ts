import type { App } from '#app.ts';
import { CommandError } from './command-error.ts';
import type { LineReader } from './line-reader.ts';
import { paragraph, table } from './output.ts';
import type { Column, Output } from './output.ts';

/** Which expense category refunds go to: one that FreshBooks has, by the name that it has there. */

/** Of a list that is longer, so many names are shown. */
const NAMES_SHOWN = 8;
/** As much of a name tells what was meant. */
const BEGIN_LENGTH = 4;
/** Mistyped answers, until the question stays open. */
const TRIES_MAX = 3;

/** As FreshBooks writes it. Throws and names some that there are. */
export async function categoryNamed({ expenseCategories }: App, name: string): Promise<string> {
  const names = (await expenseCategories()).map((category) => category.name);
  const found = nameIn(names, name);
  if (found === undefined) {
    throw new CommandError(
      `Access was given, and nothing is set for refunds or the first day: FreshBooks has no expense category "${name}". It has ${someOf(names, name)}`,
    );
  }
  return found;
}

interface Asking {
  readonly app: App;
  readonly output: Output;
  readonly lines: LineReader;
}

const COLUMNS: readonly Column[] = [
  { title: 'No.', align: 'right' },
  { title: 'Expense category', isFlexible: true },
  { title: 'Part of', isFlexible: true },
];

/** Nothing when the person leaves it open. */
export async function askCategory({ app, output, lines }: Asking): Promise<string | undefined> {
  const categories = await app.expenseCategories();
  const names = categories.map(({ name }) => name);
  const rows = categories.map(({ name, parentId }, index) => [
    String(index + 1),
    name,
    categories.find(({ id }) => id === parentId)?.name ?? '',
  ]);
  output.note('');
  table(output, COLUMNS, rows).forEach((line) => output.note(line));
  const question =
    'A refund that cannot be taken off its invoice any more is booked as an expense. In which category? Type its number or name; Enter leaves it open, and such refunds are held:';
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    paragraph(output, question).forEach((line) => output.note(line));
    const typed = (await lines.next())?.trim() ?? '';
    const chosen = names[Number(typed) - 1] ?? nameIn(names, typed);
    if (chosen !== undefined || typed === '') {
      return chosen;
    }
  }
  return undefined;
}

function nameIn(names: readonly string[], name: string): string | undefined {
  const folded = name.trim().toLowerCase();
  return names.find((known) => known === name) ?? names.find((known) => known.toLowerCase() === folded);
}

/** Some names of a list, those first that are like the one that was meant. */
export function someOf(names: readonly string[], meant: string): string {
  const begin = meant.slice(0, BEGIN_LENGTH).toLowerCase();
  const near = names.filter((name) => name.toLowerCase().includes(begin));
  const shown = [...new Set([...near, ...names])].slice(0, NAMES_SHOWN).map((name) => `"${name}"`);
  const more = names.length - shown.length;
  return shown.length === 0 ? 'none' : `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
