/** A reader for the part of the GraphQL language that an app sends: operations, variables, fragments, no directives. */
export interface Document {
  readonly operations: readonly Operation[];
  readonly fragments: ReadonlyMap<string, Fragment>;
}

export interface Operation {
  readonly kind: 'query' | 'mutation';
  readonly name: string | null;
  readonly variables: readonly VariableDefinition[];
  readonly selections: readonly Selection[];
}

interface VariableDefinition {
  readonly name: string;
  readonly type: string;
  readonly fallback: ValueNode | null;
}

interface Fragment {
  readonly name: string;
  readonly on: string;
  readonly selections: readonly Selection[];
}

export type Selection =
  | {
      readonly kind: 'field';
      readonly key: string;
      readonly name: string;
      readonly args: ReadonlyMap<string, ValueNode>;
      readonly selections: readonly Selection[] | null;
      readonly place: Place;
    }
  | { readonly kind: 'spread'; readonly name: string; readonly place: Place }
  | {
      readonly kind: 'inline';
      readonly on: string | null;
      readonly selections: readonly Selection[];
      readonly place: Place;
    };

export interface Place {
  readonly line: number;
  readonly column: number;
}

export type ValueNode =
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'leaf'; readonly value: string | number | boolean | null }
  | { readonly kind: 'list'; readonly items: readonly ValueNode[] }
  | { readonly kind: 'object'; readonly fields: ReadonlyMap<string, ValueNode> };

export class SyntaxProblem extends Error {
  readonly place: Place;

  constructor(message: string, place: Place) {
    super(message);
    this.place = place;
  }
}

interface Token {
  readonly kind: 'name' | 'number' | 'string' | 'punctuator' | 'end';
  readonly text: string;
  readonly place: Place;
}

const TOKEN =
  /(?<skip>[\s,\uFEFF]+|#[^\n\r]*)|(?<name>[_A-Za-z]\w*)|(?<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?<block>"""[\s\S]*?""")|(?<string>"(?:[^"\\\n]|\\.)*")|(?<punctuator>\.\.\.|[{}()[\]:$!=@|&])/y;

function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let [line, lineStart, at] = [1, 0, 0];
  while (at < source.length) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(source);
    const place = { line, column: at - lineStart + 1 };
    if (match === null) throw new SyntaxProblem(`Parse error on ${JSON.stringify(source[at])}`, place);
    const [text] = match;
    const groups = match.groups ?? {};
    if (groups['name'] !== undefined) tokens.push({ kind: 'name', text, place });
    else if (groups['number'] !== undefined) tokens.push({ kind: 'number', text, place });
    else if (groups['block'] !== undefined) tokens.push({ kind: 'string', text: text.slice(3, -3), place });
    else if (groups['string'] !== undefined)
      tokens.push({ kind: 'string', text: String(JSON.parse(text)), place });
    else if (groups['punctuator'] !== undefined) tokens.push({ kind: 'punctuator', text, place });
    for (const newline of text.matchAll(/\n/g)) {
      line += 1;
      lineStart = at + newline.index + 1;
    }
    at += text.length;
  }
  tokens.push({ kind: 'end', text: '', place: { line, column: at - lineStart + 1 } });
  return tokens;
}

/** Reads tokens one after the other. */
class Reader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(source: string) {
    this.#tokens = tokenize(source);
  }

  get token(): Token {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw new SyntaxProblem('Unexpected end of document', { line: 1, column: 1 });
    return token;
  }

  next(): Token {
    const { token } = this;
    this.#at += 1;
    return token;
  }

  is(text: string): boolean {
    return this.token.kind !== 'string' && this.token.text === text;
  }

  take(text: string): boolean {
    if (!this.is(text)) return false;
    this.next();
    return true;
  }

  expect(text: string): void {
    if (!this.take(text)) this.fail(text);
  }

  name(): string {
    if (this.token.kind !== 'name') this.fail('a name');
    return this.next().text;
  }

  fail(wanted: string): never {
    const { text, kind, place } = this.token;
    const found = kind === 'end' ? 'end of document' : JSON.stringify(text);
    throw new SyntaxProblem(
      `Parse error on ${found}, expected ${wanted} at [${place.line}, ${place.column}]`,
      place,
    );
  }
}

/** An app sends the same few documents again and again. */
const DOCUMENTS_MAX = 100;
const documents = new Map<string, Document>();

export function parse(source: string): Document {
  const known = documents.get(source);
  if (known !== undefined) return known;
  if (documents.size >= DOCUMENTS_MAX) documents.clear();
  const document = read(source);
  documents.set(source, document);
  return document;
}

function read(source: string): Document {
  const reader = new Reader(source);
  const operations: Operation[] = [];
  const fragments = new Map<string, Fragment>();
  while (reader.token.kind !== 'end') {
    if (reader.is('{')) {
      operations.push({ kind: 'query', name: null, variables: [], selections: selectionSet(reader) });
    } else if (reader.take('fragment')) {
      const name = reader.name();
      reader.expect('on');
      fragments.set(name, { name, on: reader.name(), selections: selectionSet(reader) });
    } else operations.push(operation(reader));
  }
  return { operations, fragments };
}

function operation(reader: Reader): Operation {
  const kind = reader.is('mutation') ? 'mutation' : 'query';
  if (!reader.take('query') && !reader.take('mutation')) reader.fail('query, mutation or fragment');
  const name = reader.token.kind === 'name' ? reader.name() : null;
  const variables: VariableDefinition[] = [];
  if (reader.take('(')) {
    while (!reader.take(')')) {
      reader.expect('$');
      const variable = reader.name();
      reader.expect(':');
      const type = typeText(reader);
      variables.push({ name: variable, type, fallback: reader.take('=') ? valueOf(reader) : null });
    }
  }
  return { kind, name, variables, selections: selectionSet(reader) };
}

function typeText(reader: Reader): string {
  let text: string;
  if (reader.take('[')) {
    text = `[${typeText(reader)}]`;
    reader.expect(']');
  } else text = reader.name();
  return reader.take('!') ? `${text}!` : text;
}

function selectionSet(reader: Reader): Selection[] {
  reader.expect('{');
  const selections: Selection[] = [];
  while (!reader.take('}')) selections.push(selection(reader));
  if (selections.length === 0) reader.fail('a selection');
  return selections;
}

function selection(reader: Reader): Selection {
  const { place } = reader.token;
  if (reader.take('...')) {
    if (reader.take('on'))
      return { kind: 'inline', on: reader.name(), selections: selectionSet(reader), place };
    if (reader.is('{')) return { kind: 'inline', on: null, selections: selectionSet(reader), place };
    return { kind: 'spread', name: reader.name(), place };
  }
  const first = reader.name();
  const name = reader.take(':') ? reader.name() : first;
  const args = new Map<string, ValueNode>();
  if (reader.take('(')) {
    while (!reader.take(')')) {
      const arg = reader.name();
      reader.expect(':');
      args.set(arg, valueOf(reader));
    }
  }
  const selections = reader.is('{') ? selectionSet(reader) : null;
  return { kind: 'field', key: first, name, args, selections, place };
}

function valueOf(reader: Reader): ValueNode {
  if (reader.take('$')) return { kind: 'variable', name: reader.name() };
  if (reader.take('[')) {
    const items: ValueNode[] = [];
    while (!reader.take(']')) items.push(valueOf(reader));
    return { kind: 'list', items };
  }
  if (reader.take('{')) {
    const fields = new Map<string, ValueNode>();
    while (!reader.take('}')) {
      const name = reader.name();
      reader.expect(':');
      fields.set(name, valueOf(reader));
    }
    return { kind: 'object', fields };
  }
  const { kind, text } = reader.token;
  if (kind === 'punctuator' || kind === 'end') reader.fail('a value');
  reader.next();
  if (kind === 'number') return { kind: 'leaf', value: Number(text) };
  if (kind === 'string') return { kind: 'leaf', value: text };
  if (text === 'true' || text === 'false') return { kind: 'leaf', value: text === 'true' };
  return { kind: 'leaf', value: text === 'null' ? null : text };
}
