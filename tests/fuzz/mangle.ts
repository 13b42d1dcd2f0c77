import * as fc from 'fast-check';

/** Ways to spoil what is right: field by field, so that it is still understood, or byte by byte. */

export type Mangle =
  /** Each change is a place among all that the JSON has, and what stands there afterwards. */
  | { readonly kind: 'fields'; readonly changes: readonly (readonly [place: number, change: Change])[] }
  | { readonly kind: 'bytes'; readonly edits: readonly Edit[] }
  | { readonly kind: 'other'; readonly bytes: Uint8Array };

type Change =
  | { readonly kind: 'value'; readonly value: fc.JsonValue }
  /** Of the kind that stands there, and yet not: another moment for a moment, a strange number for a number. */
  | { readonly kind: 'like'; readonly choice: number }
  /** JSON that no JavaScript value is written as. */
  | { readonly kind: 'raw'; readonly text: string }
  | { readonly kind: 'gone' }
  | { readonly kind: 'twice' }
  | { readonly kind: 'within'; readonly depth: number };

interface Edit {
  /** Where, in millionths of the length. */
  readonly at: number;
  readonly removed: number;
  readonly inserted: Uint8Array;
}

const TEXTS = [
  '',
  ' ',
  '0',
  '-0',
  '-1',
  '1e5',
  '1e400',
  'NaN',
  'Infinity',
  '0x10',
  '12,3',
  '0.001',
  '-0.01',
  '999999999999999999',
  '9'.repeat(40),
  '9'.repeat(19),
  'USD',
  'JPY',
  'KWD',
  'XXQ',
  '__proto__',
  'constructor',
  '\u0000',
  '\uD800',
  '\u202E',
  'null',
  'gid://shopify/Order/1',
  'Europe/Berlin',
  'Mars/Phobos',
  '{{7*7}}',
  '<!channel>',
  'x'.repeat(3000),
];
export const MOMENTS = [
  '0000-01-01T00:00:00Z',
  '0000-01-01T00:00:00+14:00',
  '0001-01-01T00:00:00Z',
  '1752-09-03T12:00:00-05:00',
  '1899-12-31T23:59:59Z',
  '1970-01-01T00:00:00Z',
  '2026-02-30T00:00:00Z',
  '2026-11-20T00:00:00+99:99',
  '2026-11-20T10:00:00+23:59',
  '9999-12-31T23:59:59-12:00',
  '9999-12-31T23:59:59Z',
  '+275760-09-13T00:00:00Z',
  '-271821-04-20T00:00:00Z',
  '2026-11-20',
  '0000-00-00',
  '9999-12-31',
  '0000-00-00 00:00:00',
];
const RAW = [
  '1e400',
  '-1e400',
  '1e300',
  '-0',
  '1E5',
  '0.1e-7',
  '9'.repeat(400),
  `0.${'0'.repeat(400)}1`,
  '"\\u0000"',
  '"\\ud800"',
];

const NUMBERS = [
  ...RAW.slice(0, -2),
  '0',
  '-1',
  '0.01',
  '-0.01',
  '1',
  '2',
  '100',
  '999999999999999999',
  '1e21',
  '1e-7',
];

function chosen<T>(list: readonly T[], choice: number): T | undefined {
  return list[choice % list.length];
}

const value: fc.Arbitrary<fc.JsonValue> = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<fc.JsonValue>(...TEXTS),
  fc.constantFrom<fc.JsonValue>(...MOMENTS),
  fc.constantFrom<fc.JsonValue>(null, true, false, 0, -1, 1e21, 2 ** 53, [], {}, [[]], [null], { id: null }),
);

/** Deep enough for any recursion of ours, and read within a moment. */
const DEPTHS = [1, 10, 1000, 20_000];

const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('like' as const), choice: fc.nat(1000) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('value' as const), value }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('raw' as const), text: fc.constantFrom(...RAW) }),
  },
  { weight: 2, arbitrary: fc.constant<Change>({ kind: 'gone' }) },
  { weight: 1, arbitrary: fc.constant<Change>({ kind: 'twice' }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('within' as const), depth: fc.constantFrom(...DEPTHS) }),
  },
);

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 20 }),
  fc
    .constantFrom(...Array.from('{}[]":,\\'), 'null', '\r\n', '\u2028', '1e400', '[['.repeat(5000), '\uFEFF')
    .map((text) => new TextEncoder().encode(text)),
);
const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.nat(1_000_000),
  removed: fc.oneof(fc.nat(8), fc.nat(100_000)),
  inserted: bytes,
});

export const mangles: fc.Arbitrary<Mangle> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('fields' as const),
      changes: fc.array(fc.tuple(fc.nat(1_000_000), change), { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('bytes' as const),
      edits: fc.array(edit, { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('other' as const),
      bytes: fc.oneof(
        bytes,
        value.map((json) => new TextEncoder().encode(JSON.stringify(json))),
      ),
    }),
  },
);

/** What comes of bytes; of such as are no JSON, fields are taken as edits at those places. */
export function mangled(content: Uint8Array, mangle: Mangle): Uint8Array {
  switch (mangle.kind) {
    case 'other':
      return mangle.bytes;
    case 'bytes':
      return mangle.edits.reduce(edited, content);
    case 'fields':
      return withFields(content, mangle.changes);
  }
}

function edited(content: Uint8Array, { at, removed, inserted }: Edit): Uint8Array {
  const start = Math.floor((content.length * at) / 1_000_000);
  return Buffer.concat([content.subarray(0, start), inserted, content.subarray(start + removed)]);
}

type Changes = Extract<Mangle, { kind: 'fields' }>['changes'];

function withFields(content: Uint8Array, changes: Changes): Uint8Array {
  let root: { json: unknown };
  try {
    root = { json: JSON.parse(new TextDecoder().decode(content)) };
  } catch {
    return changes
      .map(([at]) => ({ at, removed: 1, inserted: new TextEncoder().encode('"') }))
      .reduce(edited, content);
  }
  // What JSON.stringify cannot write is put in afterwards, where its name stands.
  const written = new Map<string, string>();
  for (const [place, each] of changes) {
    const places = placesIn(root);
    const [holder, key] = places[place % places.length] ?? [root, 'json'];
    apply({ holder, key }, each, written);
  }
  let text = JSON.stringify(root.json) ?? '';
  for (const [name, raw] of written) {
    text = text.replace(`"${name}"`, () => raw);
  }
  return new TextEncoder().encode(text);
}

interface Place {
  readonly holder: object;
  readonly key: string;
}

function apply({ holder, key }: Place, change: Change, written: Map<string, string>): void {
  const here: unknown = Reflect.get(holder, key);
  const put = (raw: string): void => {
    const name = `@raw${written.size}@`;
    written.set(name, raw);
    Reflect.set(holder, key, name);
  };
  switch (change.kind) {
    case 'value':
      // A copy: a later change may go into it.
      Reflect.set(holder, key, structuredClone(change.value));
      return;
    case 'raw':
      put(change.text);
      return;
    case 'like':
      if (typeof here === 'string' && /^\d{4}-\d\d-\d\d/.test(here)) {
        Reflect.set(holder, key, chosen(MOMENTS, change.choice));
      } else if (typeof here === 'number' || (typeof here === 'string' && /^-?\d+(\.\d+)?$/.test(here))) {
        const number = chosen(NUMBERS, change.choice) ?? '0';
        return typeof here === 'number' ? put(number) : void Reflect.set(holder, key, number);
      } else {
        Reflect.set(holder, key, chosen(TEXTS, change.choice));
      }
      return;
    case 'gone':
      if (Array.isArray(holder)) {
        holder.splice(Number(key), 1);
      } else {
        Reflect.deleteProperty(holder, key);
      }
      return;
    case 'twice':
      Reflect.set(holder, key, Array.isArray(here) ? [...here, ...here] : [here, here]);
      return;
    case 'within':
      put(`${'['.repeat(change.depth)}${JSON.stringify(here) ?? '1'}${']'.repeat(change.depth)}`);
  }
}

function placesIn(holder: object): (readonly [object, string])[] {
  return Object.keys(holder).flatMap((key) => {
    const inner: unknown = Reflect.get(holder, key);
    const here = [holder, key] as const;
    return typeof inner === 'object' && inner !== null ? [here, ...placesIn(inner)] : [here];
  });
}
