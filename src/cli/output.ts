import { show } from '#core/money.ts';
import type { Money } from '#core/money.ts';
import { outputJson } from '#operator/json.ts';
import { HARMFUL, fitted, padded, plain, widthOf } from './text-width.ts';

/** Where a command's results go: aligned text for a person, or one JSON value for a program. Never both. */
export interface Output {
  readonly isJson: boolean;
  /** Whether a person is watching: only then are questions asked and a browser opened. */
  readonly isTerminal: boolean;
  /** Of the terminal; unlimited into a file or a pipe, so that nothing is shortened there. */
  readonly columns: number;
  readonly paint: Paint;
  /** A line of the result; nothing under --json. */
  print(line?: string): void;
  /** The result under --json; nothing otherwise. */
  json(value: unknown): void;
  /** A line beside the result: under --json to standard error, so that the result stays parseable. */
  note(line: string): void;
  error(line: string): void;
}

export type Colour = 'bold' | 'dim' | 'red' | 'green' | 'yellow';
type Paint = (text: string, colour: Colour) => string;

export interface OutputStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface OutputOptions {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly isJson: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const CODES: Readonly<Record<Colour, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
};

export function createOutput({ stdout, stderr, isJson, environment }: OutputOptions): Output {
  const isTerminal = stdout.isTTY === true && !isJson;
  const isColoured = isTerminal && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb';
  const line = (stream: OutputStream, text: string): void =>
    void stream.write(`${harmless(text, { isColoured })}\n`);
  return {
    isJson,
    isTerminal,
    columns: columnsOf(stdout, environment),
    paint: isColoured ? coloured : (text) => text,
    print: (text = '') => (isJson ? undefined : line(stdout, text)),
    json: (value) => (isJson ? line(stdout, outputJson(value)) : undefined),
    note: (text) => line(isJson ? stderr : stdout, text),
    error: (text) => line(stderr, text),
  };
}

/** A code of our own colours, or one sign that could rewrite the screen; lines and columns of a text stay. */
const SPECIAL = new RegExp(
  String.raw`\u001B\[(?:${Object.values(CODES).flat().join('|')})m|(?![\n\t])(?:${HARMFUL.source})`,
  'gu',
);

/** The last that a text passes, whoever made it and whatever he took into it. */
function harmless(text: string, { isColoured }: { readonly isColoured: boolean }): string {
  return text.replace(SPECIAL, (found) => (isColoured && found.length > 1 ? found : '\uFFFD'));
}

function columnsOf(stdout: OutputStream, environment: OutputOptions['environment']): number {
  // Some terminals tell 0.
  const told = [stdout.columns ?? 0, Number(environment['COLUMNS'])];
  return told.find((columns) => Number.isSafeInteger(columns) && columns > 0) ?? Infinity;
}

function coloured(text: string, colour: Colour): string {
  const [on, off] = CODES[colour];
  return text === '' ? '' : `\u001B[${on}m${text}\u001B[${off}m`;
}

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Shortened when the table is wider than the terminal; others stand whole. */
  readonly isFlexible?: boolean;
  /** On a line beneath its row, whole, where the table is wider than the terminal: of several the last first. */
  readonly mayStandBeneath?: boolean;
}

export interface Cell {
  readonly text: string;
  readonly colour?: Colour;
}

/** Cells, or a text beneath the row before it, over the table's whole width. */
export type Row = readonly (string | Cell)[] | Note;

export interface Note {
  readonly note: string;
}

const GAP = 2;
/** Narrower than this a shortened text tells nothing. */
const FLEXIBLE_MIN = 8;

/** Aligned columns under their titles. What comes from outside is made harmless here; colours go into cells only. */
export function table(
  output: Pick<Output, 'columns' | 'paint'>,
  all: readonly Column[],
  rows: readonly Row[],
): string[] {
  const cells = rows.flatMap((row) =>
    'note' in row ? [] : [all.map((_column, index) => cellOf(row[index]))],
  );
  const placed = all.map((column, index): Placed => {
    const widest = Math.max(widthOf(column.title), ...cells.map((row) => widthOf(row[index]?.text ?? '')));
    return { column, index, width: widest };
  });
  const beside = besideOf(placed, output.columns);
  const beneath = placed.filter((each) => !beside.includes(each));
  const columns = shrunk(beside, output.columns);
  const titles = all.map(({ title }): Cell => ({ text: title, colour: 'dim' }));
  return [
    ...(all.some(({ title }) => title !== '') ? [tableLine(output, columns, titles)] : []),
    ...rows.flatMap((row) =>
      'note' in row
        ? noteLines(output, row)
        : [tableLine(output, columns, row), ...noteLines(output, { note: beneathText(beneath, row) })],
    ),
  ];
}

interface Placed {
  readonly column: Column;
  /** Of its cell in each row. */
  readonly index: number;
  readonly width: number;
}

/** The columns that stand beside each other. */
function besideOf(placed: readonly Placed[], available: number): readonly Placed[] {
  let beside = placed;
  for (const each of placed.toReversed().filter(({ column }) => column.mayStandBeneath === true)) {
    if (totalWidth(beside) > available) {
      beside = beside.filter((other) => other !== each);
    }
  }
  return beside;
}

function totalWidth(columns: readonly Pick<Placed, 'width'>[]): number {
  return columns.reduce((sum, { width }) => sum + width, GAP * (columns.length - 1));
}

function tableLine(
  { paint }: Pick<Output, 'paint'>,
  columns: readonly Placed[],
  row: readonly (string | Cell)[],
): string {
  return columns
    .map(({ column, index, width }) => {
      const { text, colour } = cellOf(row[index]);
      const short = fitted(text, width);
      const space = padded(short, width).slice(short.length);
      const shown = colour === undefined ? short : paint(short, colour);
      return column.align === 'right' ? space + shown : shown + space;
    })
    .join(' '.repeat(GAP))
    .trimEnd();
}

/** Empty where the row has none of it. */
function beneathText(beneath: readonly Placed[], row: readonly (string | Cell)[]): string {
  return beneath
    .map(({ column, index }) => ({ title: column.title, text: cellOf(row[index]).text }))
    .filter(({ text }) => text !== '' && text !== '–')
    .map(({ title, text }) => `${title}: ${text}`)
    .join(' · ');
}

function noteLines({ columns, paint }: Pick<Output, 'columns' | 'paint'>, { note }: Note): string[] {
  const indent = ' '.repeat(GAP);
  return note === '' ? [] : wrapped(plain(note), columns - GAP).map((line) => indent + paint(line, 'dim'));
}

function cellOf(value: string | Cell | undefined): Cell {
  const cell = typeof value === 'string' ? { text: value } : (value ?? { text: '' });
  return { ...cell, text: plain(cell.text) };
}

/** Takes what is too wide from the flexible columns, the widest first. */
function shrunk(columns: readonly Placed[], available: number): readonly Placed[] {
  const widths = columns.map(({ width }) => width);
  const isFlexible = (place: number): boolean =>
    columns[place]?.column.isFlexible === true && (widths[place] ?? 0) > FLEXIBLE_MIN;
  for (;;) {
    const result = columns.map((each, place) => ({ ...each, width: widths[place] ?? 0 }));
    const [first, ...rest] = [...widths.keys()].filter(isFlexible);
    if (totalWidth(result) <= available || first === undefined) {
      return result;
    }
    const widest = rest.reduce((a, b) => ((widths[b] ?? 0) > (widths[a] ?? 0) ? b : a), first);
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
}

/** "12.30 USD", or a dash where there is none. */
export function shownMoney(amount: Money | undefined): string {
  return amount === undefined ? '–' : show(amount);
}

/** Titles and values under each other, the values of one block aligned: amounts to the right, texts to the left. */
export function facts(
  { columns, paint }: Pick<Output, 'columns' | 'paint'>,
  pairs: readonly { readonly name: string; readonly value: string }[],
  indent = '',
): string[] {
  const width = Math.max(0, ...pairs.map(({ name }) => widthOf(plain(name))));
  const isAmounts = pairs.every(({ value }) => AMOUNT.test(value));
  const valueWidth = isAmounts ? Math.max(0, ...pairs.map(({ value }) => value.length)) : 0;
  return pairs.flatMap(({ name, value }) => {
    const title = padded(plain(name), width);
    const lead = ' '.repeat(widthOf(indent) + widthOf(title) + GAP);
    const [first = '', ...rest] = wrapped(plain(value), columns - lead.length);
    return [
      `${indent}${paint(title, 'dim')}${' '.repeat(GAP)}${first.padStart(valueWidth)}`,
      ...rest.map((line) => lead + line),
    ];
  });
}

const AMOUNT = /^-?\d+(?:\.\d+)? [A-Z]{3}$/;

/** A text in lines of the terminal's width, each in the colour. */
export function paragraph(
  { columns, paint }: Pick<Output, 'columns' | 'paint'>,
  text: string,
  colour?: Colour,
): string[] {
  const lines = wrapped(plain(text), columns);
  return colour === undefined ? lines : lines.map((line) => paint(line, colour));
}

/** Narrower than this a paragraph is a column of words. */
const WRAP_MIN = 20;

/** A text in lines no wider than the terminal, broken between words. */
export function wrapped(text: string, columns: number): string[] {
  const width = Math.max(columns, WRAP_MIN);
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(last) + 1 + widthOf(word) <= width) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else {
      lines.push(word);
    }
  }
  return lines;
}

/** "1 order", "2 orders" */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
