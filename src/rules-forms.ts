import { isAlias, isMap, isScalar, isSeq } from 'yaml';
import type { ParsedNode, YAMLMap } from 'yaml';
import { nearestName } from '#core/nearest-name.ts';
import { PERIOD_DAY_MAX, PERIOD_DAY_MIN, periodDay } from '#core/period.ts';
import { fill } from '#core/rules.ts';
import { parseZone } from '#core/time.ts';
import type { LocalDate, Zone } from '#core/time.ts';

/** How the value of a rule is written: what is allowed, how it is read with a mistake at its place, how it is written again. */

/** A value in the file, and where to say what is wrong with it. */
export interface Spot {
  /** "skip.tags" */
  readonly name: string;
  readonly node: ParsedNode | null;
  /** Notes a mistake at the value; `what` follows the key's name. */
  note(what: string, allowed: string, at?: ParsedNode | null): void;
}

export interface Form<Value> {
  readonly allowed: string;
  /** Nothing when a mistake was noted. */
  read(spot: Spot): Value | undefined;
  /** As YAML: in one line, or in lines that begin with a line break and the indent. */
  write(value: Value, indent: string): string;
}

/** Long enough for a sentence of terms; it bounds what an order's document carries. */
const TEXT_LENGTH_MAX = 2000;
/** Of names: a tag, a tax, a gateway, a number's template. */
export const NAME_LENGTH_MAX = 200;
/** A shop has tens of taxes, tags and gateways. */
export const ITEMS_MAX = 200;
/** Of a wrong value, this much is shown. */
const QUOTE_MAX = 60;

export function choice<Value extends string>(values: readonly Value[]): Form<Value> {
  const allowed = values.join(', ');
  return {
    allowed,
    read(spot) {
      const value = scalarOf(spot.node);
      const found = values.find((known) => known === value);
      if (found === undefined) {
        spot.note(`is ${shown(spot.node)}${typeof value === 'string' ? meant(value, values) : ''}`, allowed);
      }
      return found;
    },
    write: (value) => value,
  };
}

export const FLAG: Form<boolean> = {
  allowed: 'true, false',
  read(spot) {
    const value = scalarOf(spot.node);
    if (typeof value !== 'boolean') {
      spot.note(`is ${shown(spot.node)}`, FLAG.allowed);
      return undefined;
    }
    return value;
  },
  write: String,
};

export function wholeNumber(max: number): Form<number> {
  const allowed = `a whole number from 0 to ${max}`;
  return {
    allowed,
    read(spot) {
      const value = scalarOf(spot.node);
      if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > max) {
        spot.note(`is ${shown(spot.node)}`, allowed);
        return undefined;
      }
      return value;
    },
    write: String,
  };
}

const NO_ZONE = 'shop';

/** "shop" is none: then the offset in the shop's timestamps decides. */
export const ZONE: Form<Zone | undefined> = {
  allowed: 'shop, a name such as Europe/Berlin, an offset such as "-05:00"',
  read(spot) {
    const value = scalarOf(spot.node);
    if (value === NO_ZONE) {
      return undefined;
    }
    const zone = typeof value === 'string' ? knownZone(value) : undefined;
    if (zone === undefined) {
      spot.note(`is ${shown(spot.node)}, which is no time zone`, ZONE.allowed);
    }
    return zone;
  },
  write: (zone) => JSON.stringify(zone ?? NO_ZONE),
};

function knownZone(text: string): Zone | undefined {
  try {
    return parseZone(text);
  } catch {
    return undefined;
  }
}

const NONE = 'none';

/** YAML's core schema reads a date without quotes as text, so both ways of writing one come here alike. */
export const DAY: Form<LocalDate | undefined> = {
  allowed: `none, a date from ${PERIOD_DAY_MIN} to ${PERIOD_DAY_MAX}`,
  read(spot) {
    const value = scalarOf(spot.node);
    if (value === NONE) {
      return undefined;
    }
    const day = typeof value === 'string' ? periodDay(value) : undefined;
    if (day === undefined) {
      spot.note(`is ${shown(spot.node)}, which is no such date`, DAY.allowed);
    }
    return day;
  },
  write: (day) => day ?? NONE,
};

/** A name as the books have it, or none; "none" itself is no name. */
export function nameOrNone(what: string): Form<string | undefined> {
  const allowed = `none, ${what}`;
  return {
    allowed,
    read(spot) {
      const name = nameIn(spot, spot.node, allowed);
      return name === NONE ? undefined : name;
    },
    write: (name) => (name === undefined ? NONE : JSON.stringify(name)),
  };
}

const LANGUAGES = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' });

/** Which of them FreshBooks has words in is not documented (docs/vendors/freshbooks.md, section 3). */
export const LANGUAGE: Form<string> = {
  allowed: 'a language’s two letters such as en, fr, es, de',
  read(spot) {
    const value = scalarOf(spot.node);
    if (typeof value === 'string' && /^[a-z]{2}$/.test(value) && LANGUAGES.of(value) !== undefined) {
      return value;
    }
    spot.note(`is ${shown(spot.node)}, which is no language`, LANGUAGE.allowed);
    return undefined;
  },
  write: (code) => code,
};

const REGIONS = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });
/** Two letters that the list of regions has for groups and tests, and no order comes from. */
const NO_COUNTRIES = ['EU', 'EZ', 'QO', 'UN', 'XA', 'XB', 'ZZ'];

/** An ISO code in use today, as shops write countries: GB and not UK. */
export function isCountry(code: string): boolean {
  const isRegion = /^[A-Z]{2}$/.test(code) && REGIONS.of(code) !== undefined && !NO_COUNTRIES.includes(code);
  return isRegion && Intl.getCanonicalLocales(`und-${code}`)[0] === `und-${code}`;
}

export interface TemplateOptions {
  readonly variables: readonly string[];
  /** `identity` must tell one order from another, `name` be there; both stand in one line. `text` is as one likes. */
  readonly use: 'identity' | 'name' | 'text';
  /** Of the filled template, with a 6-digit order number. */
  readonly lengthMax?: number;
}

/** Any of them alone tells the orders of one shop apart. */
const IDENTITIES = ['order_number', 'order_id', 'counter'] as const;
const SAMPLE = {
  order_number: '100000',
  order_id: '5000000000000',
  order_name: '#100000',
  shop: 'example.myshopify.com',
  counter: '100000',
};

export function template({ variables, use, lengthMax }: TemplateOptions): Form<string> {
  const named = variables.map((name) => `{${name}}`).join(' ');
  const identity =
    use === 'identity'
      ? `, with ${IDENTITIES.filter((name) => variables.includes(name))
          .map((name) => `{${name}}`)
          .join(' or ')}`
      : '';
  const short = lengthMax === undefined ? '' : `, at most ${lengthMax} characters for a 6-digit order number`;
  const allowed = `text that may name ${named}${identity}${short}`;
  return {
    allowed,
    read(spot) {
      const text = textOf(spot, { allowed, isName: use !== 'text' });
      if (text === undefined) {
        return undefined;
      }
      const faults = [
        ...templateFaults(text, variables),
        ...(use === 'text' ? [] : nameFaults(text)),
        ...(use === 'identity' && !IDENTITIES.some((name) => text.includes(`{${name}}`))
          ? ['is the same for every order']
          : []),
      ];
      const sample = fill(text, SAMPLE);
      if (lengthMax !== undefined && faults.length === 0 && sample.length > lengthMax) {
        faults.push(`makes ${JSON.stringify(sample)}, ${sample.length} characters long`);
      }
      faults.forEach((fault) => spot.note(fault, allowed));
      return faults.length === 0 ? text : undefined;
    },
    write: (value) => JSON.stringify(value),
  };
}

function templateFaults(text: string, variables: readonly string[]): string[] {
  const braced = Array.from(text.matchAll(/\{([^{}]*)\}/g), (match) => match[1] ?? '');
  const unknown = braced.filter((name) => !variables.includes(name));
  const isOpen = /[{}]/.test(text.replace(/\{[^{}]*\}/g, ''));
  return [
    ...unknown.map(
      (name) => `names ${JSON.stringify(`{${name}}`)}, which is not known here${meant(name, variables)}`,
    ),
    ...(isOpen ? ['has a brace without its other half'] : []),
  ];
}

/** FreshBooks may store it without the blanks, and it would not be found again. */
function nameFaults(text: string): string[] {
  return text.trim() === '' ? ['is empty'] : text === text.trim() ? [] : ['begins or ends with a blank'];
}

export const NAMES: Form<readonly string[]> = {
  allowed: 'a list of texts',
  read(spot) {
    if (!isSeq(spot.node) || spot.node.items.length > ITEMS_MAX) {
      spot.note(`is ${shown(spot.node)}`, NAMES.allowed);
      return undefined;
    }
    const texts = spot.node.items.map((item) => nameIn(spot, item, NAMES.allowed));
    return texts.some((text) => text === undefined) ? undefined : texts.filter((text) => text !== undefined);
  },
  write: (values) => `[${values.map((value) => JSON.stringify(value)).join(', ')}]`,
};

export interface MapOptions<Value extends string> {
  readonly allowed: string;
  /** Nothing when it is not allowed, as with `valueOf`. */
  readonly keyOf: (text: string) => string | undefined;
  /** How a key is written in the file, where that is another way than it is kept. */
  readonly keyText?: (key: string) => string;
  readonly valueOf: (text: string) => Value | undefined;
  /** What a mistyped key or value may have meant, where that can be listed. */
  readonly keys?: readonly string[];
  readonly values?: readonly Value[];
}

export function mapOf<Value extends string>(
  options: MapOptions<Value>,
): Form<Readonly<Record<string, Value>>> {
  const { allowed, keyText = (key) => key } = options;
  return {
    allowed,
    read(spot) {
      if (!isMap(spot.node) || spot.node.items.length > ITEMS_MAX) {
        spot.note(`is ${shown(spot.node)}`, allowed);
        return undefined;
      }
      return readMap(spot, spot.node, options);
    },
    write(values, indent) {
      const entries = Object.entries(values);
      return entries.length === 0
        ? '{}'
        : entries
            .map(([key, value]) => `\n${indent}${JSON.stringify(keyText(key))}: ${JSON.stringify(value)}`)
            .join('');
    },
  };
}

function readMap<Value extends string>(
  spot: Spot,
  node: YAMLMap.Parsed,
  { allowed, keyOf, valueOf, keys = [], values = [] }: MapOptions<Value>,
): Readonly<Record<string, Value>> | undefined {
  const found = new Map<string, Value>();
  let isRight = true;
  const wrong = (what: string, at: ParsedNode | null): void => {
    isRight = false;
    spot.note(what, allowed, at);
  };
  for (const { key: keyNode, value: valueNode } of node.items) {
    const name = nameIn(spot, keyNode, allowed);
    const text = nameIn(spot, valueNode, allowed);
    const value = text === undefined ? undefined : valueOf(text);
    const key = name === undefined ? undefined : keyOf(name);
    if (name === undefined || text === undefined) {
      isRight = false;
    } else if (key === undefined) {
      wrong(`names ${JSON.stringify(name)}, which is not known here${meant(name, keys)}`, keyNode);
    } else if (value === undefined) {
      wrong(
        `gives ${JSON.stringify(name)} the value ${JSON.stringify(text)}${meant(text, values)}`,
        valueNode,
      );
    } else if (found.has(key)) {
      wrong(`names ${JSON.stringify(name)} twice`, keyNode);
    } else {
      found.set(key, value);
    }
  }
  // In one order, so that the same rules have the same version.
  return isRight ? Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1))) : undefined;
}

function nameIn(spot: Spot, node: ParsedNode | null, allowed: string): string | undefined {
  const inside: Spot = { ...spot, node, note: (what, allowed) => spot.note(what, allowed, node) };
  const text = textOf(inside, { allowed, isName: true });
  if (text === undefined || text.trim() !== '') {
    return text?.trim();
  }
  inside.note('holds an empty text', allowed);
  return undefined;
}

/** A name is short and stands in one line. */
function textOf(
  spot: Spot,
  { allowed, isName }: { readonly allowed: string; readonly isName: boolean },
): string | undefined {
  const value = scalarOf(spot.node);
  if (typeof value !== 'string') {
    const advice = isScalar(spot.node) && value !== null ? ': write it in quotes' : '';
    spot.note(`is ${shown(spot.node)}, which is no text${advice}`, allowed);
    return undefined;
  }
  const lengthMax = isName ? NAME_LENGTH_MAX : TEXT_LENGTH_MAX;
  if (value.length > lengthMax) {
    spot.note(`is ${value.length} characters long`, `${allowed}, at most ${lengthMax} characters`);
    return undefined;
  }
  if (/\p{Cc}/u.test(isName ? value : value.replaceAll('\n', ''))) {
    spot.note(`holds a control character${isName ? ' or a line break' : ''}`, allowed);
    return undefined;
  }
  if (!value.isWellFormed()) {
    spot.note('holds half of a character', allowed);
    return undefined;
  }
  return value;
}

function scalarOf(node: ParsedNode | null): unknown {
  return isScalar(node) ? node.value : undefined;
}

/** " (do you mean sent?)", or nothing. */
export function meant(name: string, known: readonly string[]): string {
  const near = nearestName(name, known);
  return near === undefined ? '' : ` (do you mean ${near}?)`;
}

/** A wrong value as a person finds it again. */
export function shown(node: ParsedNode | null): string {
  if (isMap(node)) {
    return node.items.length > ITEMS_MAX ? `a map of more than ${ITEMS_MAX} keys` : 'a map';
  }
  if (isSeq(node)) {
    return node.items.length > ITEMS_MAX ? `a list of more than ${ITEMS_MAX} items` : 'a list';
  }
  if (isAlias(node)) {
    return 'an alias, which is not followed here';
  }
  if (!isScalar(node) || node.value === null) {
    return 'empty';
  }
  const text = node.source ?? JSON.stringify(node.value);
  const short = text.length > QUOTE_MAX ? `${text.slice(0, QUOTE_MAX)}…` : text;
  return typeof node.value === 'string' ? JSON.stringify(short) : short;
}
