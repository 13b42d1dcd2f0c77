import { LineCounter, isMap, isScalar, isSeq, parseDocument } from 'yaml';
import type { ParsedNode } from 'yaml';
import type { Rules } from '#core/rules.ts';
import { shown } from './rules-forms.ts';
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
  /** In the order of the file. */
  | { readonly outcome: 'mistakes'; readonly mistakes: readonly Mistake[] };

export interface RulesFileOptions {
  /** Names of the sources and books that there are. */
  readonly sources: readonly string[];
  readonly books: readonly string[];
  /** What a key that is left out stands for. */
  readonly defaults: Rules;
}

const VERSION = 1;
/** Many times what every rule with long lists needs; it bounds the parser. */
export const RULES_LENGTH_MAX = 256 * 1024;
/** More than a person mends at once. */
const MISTAKES_MAX = 50;
const TOP_KEYS = ['version', 'routes'];
const INDENT = '    ';

/** Reads a file of rules. Never throws: what is wrong comes back, all of it at once. */
export function readRulesFile(text: string, options: RulesFileOptions): ReadRules {
  const reading = createReading();
  const routes = routesIn(text, reading, options);
  const mistakes = reading.mistakes.toSorted((a, b) => a.line - b.line || a.column - b.column);
  return mistakes.length === 0
    ? { outcome: 'rules', routes }
    : { outcome: 'mistakes', mistakes: mistakes.slice(0, MISTAKES_MAX) };
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
  if (text.length > RULES_LENGTH_MAX) {
    reading.note(null, `The file is longer than ${RULES_LENGTH_MAX} characters`);
    return [];
  }
  const root = rootOf(text, reading);
  if (root === undefined) {
    return [];
  }
  const top = membersOf(reading, root, { what: 'The file', known: TOP_KEYS });
  if (!isMap(root)) {
    return [];
  }
  const version = top.get('version');
  if (version === undefined || !isScalar(version.value) || version.value.value !== VERSION) {
    const found = version === undefined ? 'missing' : shown(version.value);
    reading.note(version?.value ?? version?.key ?? root, `Key version is ${found}`, String(VERSION));
  }
  const list = top.get('routes');
  if (list === undefined || !isSeq(list.value) || list.value.items.length === 0) {
    const found = list === undefined ? 'missing' : isSeq(list.value) ? 'empty' : shown(list.value);
    reading.note(list?.value ?? list?.key ?? root, `Key routes is ${found}`, 'a list of routes');
    return [];
  }
  const read = list.value.items.map((item) => routeOf(item, reading, options));
  assertDistinct(read, reading);
  return read.map(({ route }) => route);
}

/** Nothing when the text is no YAML; then its mistakes are noted. */
function rootOf(text: string, reading: Reading): ParsedNode | null | undefined {
  try {
    const document = parseDocument(text, { lineCounter: reading.lines, prettyErrors: false });
    const [error] = document.errors;
    if (error !== undefined) {
      // Those after it are mostly its consequences.
      reading.note(error.pos[0], `The file is no YAML: ${error.message.replaceAll('\n', ' ')}`);
    }
    return error === undefined ? document.contents : undefined;
  } catch (thrown) {
    if (thrown instanceof RangeError) {
      reading.note(null, 'The file is nested too deeply');
      return undefined;
    }
    throw thrown;
  }
}

interface Member {
  readonly key: ParsedNode;
  readonly value: ParsedNode | null;
}

/** The members of a map by their names; notes what is no map and names that are not known. */
function membersOf(
  reading: Reading,
  node: ParsedNode | null,
  { what, known }: { readonly what: string; readonly known: readonly string[] },
): ReadonlyMap<string, Member> {
  if (!isMap(node)) {
    reading.note(node, `${what} is ${shown(node)}`, `a map of ${known.join(', ')}`);
    return new Map();
  }
  const members = new Map<string, Member>();
  for (const { key, value } of node.items) {
    const name = isScalar(key) ? String(key.value) : '';
    if (known.includes(name)) {
      members.set(name, { key, value });
    } else {
      const near = nearest(name, known);
      const hint = near === undefined ? '' : ` (do you mean ${near}?)`;
      reading.note(key, `Key ${JSON.stringify(name)} is not known here${hint}`, known.join(', '));
    }
  }
  return members;
}

interface ReadRoute {
  readonly route: RouteRules;
  /** Where to say what is wrong with its numbers or with the whole of it. */
  readonly at: ParsedNode | null;
}

function routeOf(node: ParsedNode, reading: Reading, options: RulesFileOptions): ReadRoute {
  const groups = [...new Set(RULE_KEYS.map(({ name }) => name.split('.')[0] ?? ''))];
  const members = membersOf(reading, node, { what: 'A route', known: ['from', 'to', ...groups] });
  const values = new Map(Array.from(members, ([name, { value }]) => [name, value]));
  for (const group of groups.filter((group) => isGroup(group) && members.has(group))) {
    const known = RULE_KEYS.flatMap(({ name }) =>
      name.startsWith(`${group}.`) ? [name.slice(group.length + 1)] : [],
    );
    const inner = membersOf(reading, members.get(group)?.value ?? null, { what: `Key ${group}`, known });
    inner.forEach(({ value }, name) => values.set(`${group}.${name}`, value));
  }
  const draft: Draft = { ...options.defaults };
  for (const key of RULE_KEYS.filter(({ name }) => values.has(name))) {
    const value = values.get(key.name) ?? null;
    const note = (what: string, allowed: string, at: ParsedNode | null = value): void =>
      reading.note(at, `Key ${key.name} ${what}`, allowed);
    key.read({ name: key.name, node: value, note }, draft);
  }
  const endOf = (name: 'from' | 'to', known: readonly string[]): string => {
    const { value = null, key = node } = members.get(name) ?? {};
    const found = isScalar(value) ? String(value.value) : '';
    if (!known.includes(found) && isMap(node)) {
      reading.note(
        value ?? key,
        `Key ${name} is ${members.has(name) ? shown(value) : 'missing'}`,
        known.join(', '),
      );
    }
    return found;
  };
  const route = { from: endOf('from', options.sources), to: endOf('to', options.books), rules: draft };
  return { route, at: members.get('invoice_number')?.value ?? members.get('from')?.value ?? node };
}

function isGroup(name: string): boolean {
  return RULE_KEYS.some((key) => key.name.startsWith(`${name}.`));
}

/** Two routes into one account must not make one number, and two by one name are one too many. */
function assertDistinct(read: readonly ReadRoute[], reading: Reading): void {
  read.forEach(({ route, at }, index) => {
    for (const { route: other } of read.slice(0, index)) {
      if (other.from === route.from && other.to === route.to) {
        reading.note(at, `The route from ${route.from} to ${route.to} stands twice`);
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

/** The known name that differs least, if it is near enough to be meant. */
function nearest(name: string, known: readonly string[]): string | undefined {
  const ranked = known.map((candidate) => ({ candidate, distance: distanceOf(name, candidate) }));
  const [best] = ranked.sort((a, b) => a.distance - b.distance);
  return best !== undefined && best.distance <= Math.max(2, Math.floor(best.candidate.length / 3))
    ? best.candidate
    : undefined;
}

/** How many letters must be changed, added or left out. */
function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_none, index) => index);
  for (const [index, letter] of Array.from(a.slice(0, 100)).entries()) {
    const next = [index + 1];
    for (let at = 1; at <= b.length; at += 1) {
      const changed = (row[at - 1] ?? 0) + (letter === b[at - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[at] ?? 0) + 1, (next[at - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
