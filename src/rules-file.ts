import { LineCounter, isMap, isScalar, isSeq, parseDocument } from 'yaml';
import type { ParsedNode, YAMLError } from 'yaml';
import type { Rules } from '#core/rules.ts';
import { ITEMS_MAX, meant, shown } from './rules-forms.ts';
import { RULE_KEYS } from './rules-keys.ts';
import type { Draft, RuleKey } from './rules-keys.ts';

/**
 * The file of booking rules: YAML text to the rules of each route, with every mistake at its place, and back. Composition
 * level like the settings, because core knows no package (docs/decisions/005-rules-as-data.md).
 */

/** Which rules a source's orders are booked by, into which account. */
export interface RouteRules {
  readonly from: string;
  readonly to: string;
  readonly rules: Rules;
}

export interface Mistake {
  /** Counted from 1. */
  readonly line: number;
  readonly column: number;
  readonly what: string;
  /** Empty when that says nothing more. */
  readonly allowed: string;
}

export type ReadRules =
  | { readonly outcome: 'rules'; readonly routes: readonly RouteRules[] }
  /** In the order of the file, and how many there are beyond those that a person mends at once. */
  | { readonly outcome: 'mistakes'; readonly mistakes: readonly Mistake[]; readonly more: number };

export interface RulesFileOptions {
  /** Names of the sources and books that there are. */
  readonly sources: readonly string[];
  readonly books: readonly string[];
  /** What a key that is left out stands for, by source. */
  readonly defaultsOf: (source: string) => Rules;
}

const VERSION = 1;
/** Every rule with the longest lists of the longest names takes 0.6 MB, comments aside. It bounds the parser. */
export const RULES_BYTES_MAX = 1024 * 1024;
/** More than a person mends at once. */
const MISTAKES_MAX = 50;
const TOP_KEYS = ['version', 'routes'];
const KEY_NAMES = RULE_KEYS.map(({ name }) => name);
/** "skip.tags" stands as `tags` under `skip`. */
const ROUTE_KEYS = ['from', 'to', ...new Set(KEY_NAMES.map((name) => name.split('.')[0] ?? ''))];
const INDENT = '    ';

/** Reads a file of rules. Never throws: what is wrong comes back, all of it at once. */
export function readRulesFile(text: string, options: RulesFileOptions): ReadRules {
  const reading = createReading();
  const routes = routesIn(text, reading, options);
  const found = reading.mistakes.toSorted((a, b) => a.line - b.line || a.column - b.column);
  const mistakes = found.slice(0, MISTAKES_MAX);
  return found.length === 0
    ? { outcome: 'rules', routes }
    : { outcome: 'mistakes', mistakes, more: found.length - mistakes.length };
}

/** "4:5 Key terms is empty, allowed: …", after the file's name and a colon. */
export function mistakeText({ line, column, what, allowed }: Mistake): string {
  return `${line}:${column} ${what}${allowed === '' ? '' : `, allowed: ${allowed}`}`;
}

/** The rules as a file that reads back as the same, with a comment on every key. */
export function writeRulesFile(routes: readonly RouteRules[]): string {
  const head = ['# Booking rules of Counterfoil. Every key: docs/rules.md', `version: ${VERSION}`, 'routes:'];
  return [...head, ...routes.flatMap(routeLines), ''].join('\n');
}

export interface RuleText {
  readonly name: string;
  readonly value: string;
  readonly holdsFor: RuleKey['holdsFor'];
}

/** Each rule by its name and as it would be written, for a person. */
export function ruleTexts(rules: Rules): RuleText[] {
  return RULE_KEYS.map((key) => {
    const value = key.write(rules, '').trim().replaceAll('\n', ', ');
    return { name: key.name, value, holdsFor: key.holdsFor };
  });
}

/** The mistakes so far, and where the lines of the file begin. */
interface Reading {
  readonly mistakes: Mistake[];
  readonly lines: LineCounter;
  /** At a place in the file, or where this node begins. */
  note(at: ParsedNode | number | null, what: string, allowed?: string): void;
}

function createReading(): Reading {
  const mistakes: Mistake[] = [];
  const lines = new LineCounter();
  return {
    mistakes,
    lines,
    note(at, what, allowed = '') {
      const { line, col } = lines.linePos(typeof at === 'number' ? at : (at?.range[0] ?? 0));
      mistakes.push({ line: Math.max(line, 1), column: Math.max(col, 1), what, allowed });
    },
  };
}

function routesIn(text: string, reading: Reading, options: RulesFileOptions): RouteRules[] {
  const root = rootOf(text, reading);
  if (root === undefined) {
    return [];
  }
  const top = membersOf(reading, root, {
    what: 'The file',
    known: TOP_KEYS,
    hint: (name) => (meant(name, ROUTE_KEYS) === '' ? '' : ' (it belongs into a route)'),
  });
  if (top === undefined) {
    return [];
  }
  const version = top.get('version');
  if (version === undefined || !isScalar(version.value) || version.value.value !== VERSION) {
    const found = version === undefined ? 'missing' : shown(version.value);
    reading.note(version?.value ?? version?.key ?? root, `Key version is ${found}`, String(VERSION));
  }
  const list = top.get('routes');
  if (list === undefined || !isSeq(list.value) || !isCountable(list.value.items)) {
    const isEmpty = isSeq(list?.value) && list.value.items.length === 0;
    const found = list === undefined ? 'missing' : isEmpty ? 'empty' : shown(list.value);
    reading.note(list?.value ?? list?.key ?? root, `Key routes is ${found}`, 'a list of routes');
    return [];
  }
  const read = list.value.items.flatMap((item) => routeOf(item, reading, options) ?? []);
  assertDistinct(read, reading);
  return read.map(({ route }) => route);
}

/** Every pair of routes is compared, so their number is bounded. */
function isCountable(items: readonly unknown[]): boolean {
  return items.length > 0 && items.length <= ITEMS_MAX;
}

/**
 * Nothing when the text is no YAML; then its first mistake is noted, of which those after it are mostly consequences. What the
 * parser only warns of changes nothing of the rest.
 */
function rootOf(text: string, reading: Reading): ParsedNode | null | undefined {
  try {
    const document = parseDocument(text, {
      lineCounter: reading.lines,
      prettyErrors: false,
      // A directive of the file must not make booleans of "yes" and moments of dates.
      schema: 'core',
      // A key that stands twice is told by its name, beside all other mistakes.
      uniqueKeys: false,
    });
    document.warnings.forEach((warning) => reading.note(warning.pos[0], yamlFault(warning)));
    const [error] = document.errors.toSorted((a, b) => a.pos[0] - b.pos[0]);
    if (error !== undefined) {
      reading.note(error.pos[0], `${yamlFault(error)}. ${REST}`);
    }
    return error === undefined ? document.contents : undefined;
  } catch (thrown) {
    if (thrown instanceof RangeError) {
      reading.note(null, `The file is nested too deeply. ${REST}`);
      return undefined;
    }
    throw thrown;
  }
}

/** Else a person mends what he was told, and takes the next mistake for one that he made by it. */
const REST = 'What else is in it is looked at once that is mended';

/** Where the parser's own words are for programmers. */
const YAML_FAULTS: Readonly<Partial<Record<YAMLError['code'], string>>> = {
  BAD_DIRECTIVE: 'a line that begins with % is no rule',
  BLOCK_AS_IMPLICIT_KEY:
    'a value holds another key: begin the key in a line of its own, or write a text with a colon in quotes',
  BAD_INDENT: 'this line is not indented as those beside it, or a bracket before it is not closed',
  MISSING_CHAR:
    'something is missing here: a colon after a key, a comma between items, or a closing quote or bracket',
  RESOURCE_EXHAUSTION: 'it is nested too deeply',
  MULTILINE_IMPLICIT_KEY: 'a key stands in one line and ends with a colon',
  MULTIPLE_DOCS: 'a second document begins here (---), and the rules are one',
  TAB_AS_INDENT: 'a tab is used to indent; use spaces',
  TAG_RESOLVE_FAILED:
    'a value begins with a tag (!), which means nothing here; write a text with ! in quotes',
  // The parser quotes the token, which may be as long as the file.
  UNEXPECTED_TOKEN: 'what stands here belongs to nothing before it',
};

function yamlFault({ code, message }: YAMLError): string {
  return `The file is no YAML: ${YAML_FAULTS[code] ?? message.replaceAll('\n', ' ')}`;
}

interface Member {
  readonly key: ParsedNode;
  readonly value: ParsedNode | null;
}

interface Expected {
  readonly what: string;
  readonly known: readonly string[];
  /** For a name that is like none of them. */
  readonly hint?: (name: string) => string;
}

/** The members of a map by their names; notes what is no map (then nothing), and names that are not known or stand twice. */
function membersOf(
  reading: Reading,
  node: ParsedNode | null,
  { what, known, hint }: Expected,
): ReadonlyMap<string, Member> | undefined {
  if (!isMap(node) || node.items.length > ITEMS_MAX) {
    reading.note(node, `${what} is ${shown(node)}`, `a map of ${known.join(', ')}`);
    return undefined;
  }
  const members = new Map<string, Member>();
  for (const { key, value } of node.items) {
    const name = isScalar(key) ? String(key.value) : '';
    if (members.has(name)) {
      reading.note(key, `Key ${name} stands twice`, 'each key once');
    } else if (known.includes(name)) {
      members.set(name, { key, value });
    } else {
      const near = meant(name, known) || (hint?.(name) ?? '');
      reading.note(key, `Key ${JSON.stringify(name)} is not known here${near}`, known.join(', '));
    }
  }
  return members;
}

interface ReadRoute {
  readonly route: RouteRules;
  /** Where to say what is wrong with its numbers or with the whole of it. */
  readonly at: ParsedNode | null;
}

function routeOf(node: ParsedNode, reading: Reading, options: RulesFileOptions): ReadRoute | undefined {
  const hint = (name: string): string => meant(name, KEY_NAMES);
  const members = membersOf(reading, node, { what: 'A route', known: ROUTE_KEYS, hint });
  if (members === undefined) {
    return undefined;
  }
  const endOf = (name: 'from' | 'to', known: readonly string[]): string | undefined => {
    const { value = null, key = node } = members.get(name) ?? {};
    const found = isScalar(value) ? String(value.value) : '';
    if (known.includes(found)) {
      return found;
    }
    const what = members.has(name) ? `${shown(value)}${meant(found, known)}` : 'missing';
    reading.note(value ?? key, `Key ${name} is ${what}`, known.join(', '));
    return undefined;
  };
  const [from, to] = [endOf('from', options.sources), endOf('to', options.books)];
  const rules = rulesIn(members, reading, options.defaultsOf(from ?? ''));
  const at = members.get('invoice_number')?.value ?? members.get('from')?.value ?? node;
  return from === undefined || to === undefined ? undefined : { route: { from, to, rules }, at };
}

function rulesIn(members: ReadonlyMap<string, Member>, reading: Reading, defaults: Rules): Rules {
  const values = new Map(Array.from(members, ([name, { value }]) => [name, value]));
  for (const [group, { value }] of members) {
    const known = KEY_NAMES.flatMap((name) =>
      name.startsWith(`${group}.`) ? [name.slice(group.length + 1)] : [],
    );
    const inner = known.length === 0 ? undefined : membersOf(reading, value, { what: `Key ${group}`, known });
    inner?.forEach(({ value }, name) => values.set(`${group}.${name}`, value));
  }
  const draft: Draft = { ...defaults };
  for (const key of RULE_KEYS.filter(({ name }) => values.has(name))) {
    const value = values.get(key.name) ?? null;
    const note = (what: string, allowed: string, at: ParsedNode | null = value): void =>
      reading.note(at, `Key ${key.name} ${what}`, allowed);
    key.read({ name: key.name, node: value, note }, draft);
  }
  return draft;
}

/** Two routes into one account must not make one number, and two by one name are one too many. */
function assertDistinct(read: readonly ReadRoute[], reading: Reading): void {
  read.forEach(({ route, at }, index) => {
    for (const { route: other } of read.slice(0, index)) {
      if (other.from === route.from) {
        reading.note(at, `A route from ${route.from} stands twice`, 'one route from each source');
        return;
      }
      const shared = numbersOf(route).find((number) => numbersOf(other).includes(number));
      if (other.to === route.to && shared !== undefined) {
        const routes = `${other.from} and ${route.from}`;
        reading.note(
          at,
          `The routes from ${routes} would give equal invoice numbers`,
          'a prefix of its own for each',
        );
        return;
      }
    }
  });
}

/** What of the numbers is the same for every order. */
function numbersOf({ rules }: RouteRules): string[] {
  return [rules.invoiceNumber, rules.invoiceNumberCompact].map((number) =>
    number.replace(/\{\w+\}/g, '{}').toLowerCase(),
  );
}

function routeLines({ from, to, rules }: RouteRules): string[] {
  const lines = [`  - from: ${from}`, `${INDENT}to: ${to}`];
  let open = '';
  for (const key of RULE_KEYS) {
    const [first = '', second] = key.name.split('.');
    const indent = second === undefined ? INDENT : `${INDENT}  `;
    if (second !== undefined && open !== first) {
      lines.push('', `${INDENT}${first}:`);
    } else if (second === undefined) {
      lines.push('');
    }
    open = second === undefined ? '' : first;
    const value = key.write(rules, `${indent}  `);
    lines.push(
      `${indent}# ${key.meaning}`,
      `${indent}${second ?? first}:${value.startsWith('\n') ? '' : ' '}${value}`,
    );
  }
  return lines;
}
