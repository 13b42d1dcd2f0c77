import type { App } from '#app.ts';
import { nearestName } from '#core/nearest-name.ts';
import type { LineReader } from './line-reader.ts';
import { paragraph, table } from './output.ts';
import type { Column, Output } from './output.ts';

/** Which expense category refunds go to: one that FreshBooks has, by the name that it has there. */

export type Categories = Awaited<ReturnType<App['expenseCategories']>>;

/** Of a list that is longer, so many names are shown. */
const NAMES_SHOWN = 8;
/** Mistyped answers, until the question stays open. */
const TRIES_MAX = 3;

/** Those of this name, which FreshBooks does not keep from being several; as it books, capitals are no difference. */
export function categoriesNamed(categories: Categories, name: string): Categories {
  const folded = name.trim().toLowerCase();
  return categories.filter((category) => category.name.toLowerCase() === folded);
}

/** That there is none of this name, the one that may be meant, and some that there are. */
export function unknownCategory(categories: Categories, name: string): string {
  const names = [...new Set(categories.map((category) => category.name))];
  const near = nearestName(name, names);
  const shown = names.slice(0, NAMES_SHOWN).map((known) => `"${known}"`);
  const more = names.length - shown.length;
  const list = `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  return [
    `FreshBooks has no expense category "${name}"`,
    near === undefined ? '' : ` (do you mean "${near}"?)`,
    shown.length === 0 ? '. It has none' : `. It has ${list}`,
  ].join('');
}

const COLUMNS: readonly Column[] = [
  { title: 'No.', align: 'right' },
  { title: 'Expense category', isFlexible: true },
  { title: 'Part of', isFlexible: true },
];

const QUESTION =
  'A refund that cannot be taken off its invoice any more is booked as an expense. In which category? Type its number or name; Enter leaves it open, and such refunds are held:';

/** Nothing when the person leaves it open. */
export async function askCategory(
  output: Output,
  lines: LineReader,
  categories: Categories,
): Promise<string | undefined> {
  const rows = categories.map(({ name, parentId }, index) => [
    String(index + 1),
    name,
    categories.find(({ id }) => id === parentId)?.name ?? '',
  ]);
  output.note('');
  table(output, COLUMNS, rows).forEach((line) => output.note(line));
  output.note('');
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    paragraph(output, QUESTION).forEach((line) => output.note(line));
    const typed = (await lines.next())?.trim() ?? '';
    if (typed === '') {
      return undefined;
    }
    const byNumber = /^\d{1,4}$/.test(typed) ? categories[Number(typed) - 1] : undefined;
    const [chosen = byNumber] = categoriesNamed(categories, typed);
    if (chosen !== undefined) {
      return chosen.name;
    }
    paragraph(output, unknownCategory(categories, typed), 'yellow').forEach((line) => output.note(line));
  }
  return undefined;
}
