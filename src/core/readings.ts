/**
 * A text as it reads, however it is written: in other letters of the same sound (José in one character or two, WEISS for Weiß,
 * full width), with other spaces, apostrophes and dashes, and with signs that HTML, addresses and JSON escape. What was found in a
 * reading has its place in the text itself.
 */

export interface Reading {
  readonly text: string;
  /** Where in the text that was read this part of the reading stands. */
  placeOf(start: number, end: number): Place;
}

export interface Place {
  readonly start: number;
  readonly end: number;
}

/** JSON within HTML is two. What is escaped more often nobody wrote for people. */
const ESCAPED_TIMES_MAX = 2;

/** As it stands, and without its escapes: each may be the one in which a word is whole. */
export function readingsOf(text: string): readonly Reading[] {
  const units = Array.from({ length: text.length }, (_, index) => index);
  let written: Written = { text, starts: units, ends: units.map((index) => index + 1) };
  const readings = [readingOf(written)];
  for (let times = 0; times < ESCAPED_TIMES_MAX; times += 1) {
    const unescaped = rewritten(written, ESCAPE, signOf);
    if (unescaped.text === written.text) {
      break;
    }
    written = unescaped;
    readings.push(readingOf(written));
  }
  return readings;
}

/** A text, and where in the first one each of its units begins and ends. */
interface Written {
  readonly text: string;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

function readingOf(written: Written): Reading {
  const { text, starts, ends } = rewritten(written, UNFOLDED, folded);
  return {
    text: text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()),
    placeOf: (start, end) => ({ start: starts[start] ?? 0, end: ends[end - 1] ?? 0 }),
  };
}

function rewritten(
  { text, starts, ends }: Written,
  pattern: RegExp,
  rewrite: (found: string) => string,
): Written {
  const parts: string[] = [];
  const to = { starts: [] as number[], ends: [] as number[] };
  let taken = 0;
  const keepUntil = (end: number): void => {
    parts.push(text.slice(taken, end));
    for (; taken < end; taken += 1) {
      to.starts.push(starts[taken] ?? 0);
      to.ends.push(ends[taken] ?? 0);
    }
  };
  for (const { 0: found, index } of text.matchAll(pattern)) {
    keepUntil(index);
    const end = index + found.length;
    const part = rewrite(found);
    parts.push(part);
    for (let unit = 0; unit < part.length; unit += 1) {
      to.starts.push(starts[index] ?? 0);
      to.ends.push(ends[end - 1] ?? 0);
    }
    taken = end;
  }
  keepUntil(text.length);
  return { text: parts.join(''), ...to };
}

// ── Escapes ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Of HTML by number and by name, of one character in an address (UTF-8), and of JSON. */
const ESCAPE = new RegExp(
  [
    '&#(?:[0-9]{1,7}|[xX][0-9a-fA-F]{1,6});',
    '&[A-Za-z]{2,6};',
    '%(?:[0-7]|[cCdD][0-9a-fA-F]%[89abAB]|[eE][0-9a-fA-F]%[89abAB][0-9a-fA-F]%[89abAB]|[fF][0-7](?:%[89abAB][0-9a-fA-F]){2}%[89abAB])[0-9a-fA-F]',
    String.raw`\\(?:u[0-9a-fA-F]{4}|["\\/bfnrt])`,
  ].join('|'),
  'g',
);

const SIGNS: ReadonlyMap<string, string> = new Map(
  Object.entries({ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ', rsquo: '’', lsquo: '‘' }),
);
const LETTERS: ReadonlyMap<string, string> = new Map(
  Object.entries({ szlig: 'ß', aelig: 'æ', oelig: 'œ', oslash: 'ø', eth: 'ð', thorn: 'þ' }),
);
/** The letter comes first: `&eacute;`. */
const MARKS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    grave: '\u0300',
    acute: '\u0301',
    circ: '\u0302',
    tilde: '\u0303',
    uml: '\u0308',
    ring: '\u030A',
    caron: '\u030C',
    cedil: '\u0327',
  }),
);

/** What the escape stands for, or the escape where it stands for nothing. */
function signOf(escape: string): string {
  if (escape.startsWith('%')) {
    return decodedOr(escape, () => decodeURIComponent(escape));
  }
  if (escape.startsWith('\\')) {
    return decodedOr(escape, () => String(JSON.parse(`"${escape}"`)));
  }
  const name = escape.slice(1, -1);
  if (name.startsWith('#')) {
    const number = Number(name.slice(1).replace(/^x/i, '0x'));
    return decodedOr(escape, () => String.fromCodePoint(number));
  }
  const mark = MARKS.get(name.slice(1));
  return (
    SIGNS.get(name) ??
    LETTERS.get(name.toLowerCase()) ??
    (mark === undefined ? escape : `${name.slice(0, 1)}${mark}`)
  );
}

function decodedOr(escape: string, decode: () => string): string {
  try {
    return decode();
  } catch {
    return escape;
  }
}

// ── Letters ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** All but single spaces and ASCII without marks: a letter with its marks, a Korean syllable of its parts, spaces in a row. */
const UNFOLDED =
  /\s{2,}|[^\S ]|[\u1100-\u1112][\u1161-\u1175][\u11A8-\u11C2]?|[\x21-\x7E]\p{M}+|[^\x20-\x7E]\p{M}*|`/gu;
const APOSTROPHE = /^[‘’ʼ´′`]/u;
const DASH = /^\p{Pd}/u;

function folded(written: string): string {
  if (/^\s/.test(written)) {
    return ' ';
  }
  if (APOSTROPHE.test(written)) {
    return "'";
  }
  if (DASH.test(written)) {
    return '-';
  }
  // A sign such as ™ would become letters, and the word before it another.
  if (/^\p{S}/u.test(written)) {
    return written;
  }
  const composed = written.normalize('NFKC').replace(/\p{Default_Ignorable_Code_Point}/gu, '');
  // Up and down, because ß is no more than SS in small, and the Turkish i has its dot apart.
  return composed
    .toLowerCase()
    .toUpperCase()
    .toLowerCase()
    .replace(/^i\u0307/, 'i');
}
