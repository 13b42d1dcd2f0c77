import type { Json } from './json.ts';
import { parse, SyntaxProblem } from './parse.ts';
import type { Document, Operation, Place, Selection, ValueNode } from './parse.ts';
import { GraphProblem } from './graph-type.ts';
import type { Arguments, FieldShape, GraphNode, GraphValue, TypeShape } from './graph-type.ts';

export interface GraphError {
  readonly message: string;
  readonly locations?: readonly Place[];
  readonly path?: readonly (string | number)[];
  readonly extensions?: { readonly [key: string]: Json };
}

export interface GraphRequest {
  readonly query: string;
  readonly operationName: string | null;
  readonly variables: Arguments;
}

export type Prepared =
  | { readonly kind: 'refused'; readonly errors: readonly GraphError[] }
  | {
      readonly kind: 'ready';
      readonly operation: Operation;
      readonly cost: number;
      run(root: GraphNode): Result;
    };

interface Result {
  readonly data: Json;
  readonly errors: readonly GraphError[];
  /** Objects other than money that the answer holds: what the query really cost. */
  readonly objectCount: number;
}

/** What decides whether a field may be read. Null = it may. */
export type Guard = (field: FieldShape, name: string, parent: TypeShape) => string | null;

interface Run {
  readonly document: Document;
  readonly variables: Arguments;
  readonly guard: Guard;
  readonly errors: GraphError[];
  objectCount: number;
}

/**
 * Parses a document, checks it against the types *before* anything runs (an unknown field is refused even where the order
 * does not exist) and computes what it may cost at most. Error texts are those of Shopify's server.
 */
export function prepare(
  request: GraphRequest,
  roots: Readonly<Record<Operation['kind'], TypeShape>>,
  guard: Guard,
): Prepared {
  const refuse = (errors: readonly GraphError[]): Prepared => ({ kind: 'refused', errors });
  let document: Document;
  try {
    document = parse(request.query);
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error;
    return refuse([{ message: error.message, locations: [error.place] }]);
  }
  const operation = document.operations.find(
    ({ name }) => request.operationName === null || name === request.operationName,
  );
  if (operation === undefined)
    return refuse([{ message: `No operation named "${request.operationName ?? ''}"` }]);
  if (request.operationName === null && document.operations.length > 1) {
    return refuse([{ message: 'An operation name is required' }]);
  }
  const root = roots[operation.kind];
  const problems: GraphError[] = [];
  const title = `${operation.kind} ${operation.name ?? ''}`.trim();
  check(operation.selections, { type: root, path: [title], document, problems });
  const variables = variablesOf(operation, request.variables, problems);
  if (problems.length > 0) return refuse(problems);
  const base = operation.kind === 'mutation' ? MUTATION_COST : 0;
  const cost = Math.ceil(base + costOf(operation.selections, { type: root, document, variables }));
  return {
    kind: 'ready',
    operation,
    cost,
    run: (node) => {
      const run: Run = { document, variables, guard, errors: [], objectCount: 0 };
      const data = project(node, operation.selections, { run, path: [] });
      return { data: data === MISSING ? null : data, errors: run.errors, objectCount: run.objectCount };
    },
  };
}

function variablesOf(operation: Operation, given: Arguments, problems: GraphError[]): Arguments {
  const values: Record<string, Json | undefined> = {};
  for (const { name, type, fallback } of operation.variables) {
    const value = given[name] ?? (fallback === null ? undefined : valueOf(fallback, {}));
    if (value === undefined || value === null) {
      if (type.endsWith('!')) {
        const message = `Variable $${name} of type ${type} was provided invalid value`;
        problems.push({ message, extensions: { code: 'INVALID_VARIABLE', value: null, problems: [] } });
      }
    }
    values[name] = value;
  }
  return values;
}

interface Checking {
  readonly type: TypeShape;
  readonly path: readonly string[];
  readonly document: Document;
  readonly problems: GraphError[];
}

function check(selections: readonly Selection[], at: Checking): void {
  for (const selection of selections) {
    switch (selection.kind) {
      case 'field':
        checkField(selection, at);
        break;
      case 'inline':
        check(selection.selections, { ...at, type: narrowed(at, selection.on, selection.place) });
        break;
      case 'spread': {
        const fragment = at.document.fragments.get(selection.name);
        if (fragment === undefined) {
          complain(at, selection.place, {
            message: `Fragment ${selection.name} was used, but not defined`,
            extensions: {
              code: 'useAndDefineFragment',
            },
          });
        } else check(fragment.selections, { ...at, type: narrowed(at, fragment.on, selection.place) });
        break;
      }
    }
  }
}

function checkField(selection: Extract<Selection, { kind: 'field' }>, at: Checking): void {
  const { name, place } = selection;
  if (name === '__typename') return;
  const field = at.type.fields[name];
  if (field === undefined) {
    const message = `Field '${name}' doesn't exist on type '${at.type.name}'`;
    complain(at, place, {
      message,
      extensions: { code: 'undefinedField', typeName: at.type.name, fieldName: name },
    });
    return;
  }
  for (const arg of selection.args.keys()) {
    if (field.args?.includes(arg) === true) continue;
    const message = `Field '${name}' doesn't accept argument '${arg}'`;
    complain(at, place, {
      message,
      extensions: { code: 'argumentNotAccepted', name, typeName: 'Field', argumentName: arg },
    });
  }
  const child = field.of?.();
  if (child === undefined && selection.selections !== null) {
    complain(at, place, {
      message: `Selections can't be made on scalars (field '${name}')`,
      extensions: {
        code: 'selectionMismatch',
      },
    });
  }
  if (child === undefined) return;
  if (selection.selections === null) {
    const message = `Field must have selections (field '${name}' returns ${child.name} but has no selections. Did you mean '${name} { ... }'?)`;
    complain(at, place, {
      message,
      extensions: {
        code: 'selectionMismatch',
        nodeName: `field '${name}'`,
        typeName: child.name,
      },
    });
  } else check(selection.selections, { ...at, type: child, path: [...at.path, selection.key] });
}

function complain(at: Checking, place: Place, problem: Pick<GraphError, 'message' | 'extensions'>): void {
  at.problems.push({ ...problem, locations: [place], path: at.path });
}

function narrowed(at: Checking, on: string | null, place: Place): TypeShape {
  const { type } = at;
  if (on === null || on === type.name) return type;
  const member = type.members?.().find((candidate) => candidate.name === on);
  if (member !== undefined) return member;
  complain(at, place, {
    message: `Fragment on ${on} can't be spread inside ${type.name}`,
    extensions: {
      code: 'cannotSpreadFragment',
    },
  });
  return type;
}

interface Pricing {
  readonly type: TypeShape;
  readonly document: Document;
  readonly variables: Arguments;
}

const MUTATION_COST = 10;
/** Money costs nothing, an object one point, a connection two and its children times log2 of how many (vendors/shopify.md 5). */
const FREE_TYPES: ReadonlySet<string> = new Set(['MoneyBag', 'MoneyV2', 'PageInfo']);

function costOf(selections: readonly Selection[], at: Pricing): number {
  let cost = 0;
  // An object is of one type only: of all the `... on X` beside each other the dearest counts.
  let dearest = 0;
  for (const selection of selections) {
    if (selection.kind === 'spread')
      cost += costOf(at.document.fragments.get(selection.name)?.selections ?? [], at);
    else if (selection.kind === 'inline') {
      const type = at.type.members?.().find((member) => member.name === selection.on) ?? at.type;
      dearest = Math.max(dearest, costOf(selection.selections, { ...at, type }));
    } else {
      const child = at.type.fields[selection.name]?.of?.();
      if (child === undefined || FREE_TYPES.has(child.name)) continue;
      const inside = costOf(selection.selections ?? [], { ...at, type: child });
      if (child.isConnection !== true) cost += at.type.isConnection === true ? inside + 1 : 1 + inside;
      else {
        const args = argumentsOf(selection.args, at.variables);
        const first = typeof args['first'] === 'number' ? Math.max(args['first'], 1) : 1;
        cost += 2 + inside * (Math.log2(first) + 1);
      }
    }
  }
  return cost + dearest;
}

const MISSING = Symbol('a required value is missing');

interface Position {
  readonly run: Run;
  readonly path: readonly (string | number)[];
}

function project(node: GraphNode, selections: readonly Selection[], at: Position): Json | typeof MISSING {
  if (!FREE_TYPES.has(node.type.name)) at.run.objectCount += 1;
  const answer: Record<string, Json> = {};
  for (const selection of flattened(node, selections, at.run.document)) {
    const value = readField(node, selection, at);
    if (value === MISSING) return MISSING;
    const known = answer[selection.key];
    answer[selection.key] = merged(known, value);
  }
  return answer;
}

/** The same field asked for twice answers once, with the selections of both. */
function merged(known: Json | undefined, value: Json): Json {
  if (known === undefined || known === null || value === null) return value;
  if (typeof known !== 'object' || typeof value !== 'object') return value;
  if (Array.isArray(known) && Array.isArray(value))
    return value.map((entry, index) => merged(known[index], entry));
  return Object.assign({}, known, value);
}

type FieldSelection = Extract<Selection, { kind: 'field' }>;

function flattened(node: GraphNode, selections: readonly Selection[], document: Document): FieldSelection[] {
  return selections.flatMap((selection) => {
    if (selection.kind === 'field') return [selection];
    const fragment = selection.kind === 'inline' ? selection : document.fragments.get(selection.name);
    if (fragment === undefined) return [];
    const isMember = fragment.on === null || fragment.on === node.type.name || !isConcrete(fragment.on, node);
    return isMember ? flattened(node, fragment.selections, document) : [];
  });
}

/** A condition on another concrete type skips; one on an interface (whose name the node's own type does not know) was checked before. */
function isConcrete(on: string, node: GraphNode): boolean {
  return on !== node.type.name && !INTERFACES.has(on);
}

const INTERFACES: ReadonlySet<string> = new Set([
  'DiscountApplication',
  'SalesAgreement',
  'Sale',
  'PurchasingEntity',
  'PricingValue',
]);

function readField(node: GraphNode, selection: FieldSelection, at: Position): Json | typeof MISSING {
  if (selection.name === '__typename') return node.type.name;
  const field = node.type.fields[selection.name];
  if (field === undefined) return null;
  const path = [...at.path, selection.key];
  const gap = field.isRequired === true ? MISSING : null;
  const fail = (message: string, code: string): null | typeof MISSING => {
    at.run.errors.push({ message, locations: [selection.place], path, extensions: { code } });
    return gap;
  };
  const refusal = at.run.guard(field, selection.name, node.type);
  if (refusal !== null) return fail(refusal, 'ACCESS_DENIED');
  try {
    const value = node.read(selection.name, argumentsOf(selection.args, at.run.variables));
    const shown = show(value, selection.selections ?? [], { run: at.run, path });
    return shown === MISSING ? gap : shown;
  } catch (error) {
    if (!(error instanceof GraphProblem)) throw error;
    return fail(error.message, error.code);
  }
}

function show(value: GraphValue, selections: readonly Selection[], at: Position): Json | typeof MISSING {
  if (value === null || typeof value !== 'object') return value;
  if ('read' in value) return project(value, selections, at);
  const items: Json[] = [];
  for (const [index, entry] of value.entries()) {
    const shown = show(entry, selections, { ...at, path: [...at.path, index] });
    if (shown === MISSING) return MISSING;
    items.push(shown);
  }
  return items;
}

function argumentsOf(args: ReadonlyMap<string, ValueNode>, variables: Arguments): Arguments {
  return Object.fromEntries([...args].map(([name, value]) => [name, valueOf(value, variables)]));
}

function valueOf(node: ValueNode, variables: Arguments): Json | undefined {
  switch (node.kind) {
    case 'variable':
      return variables[node.name];
    case 'leaf':
      return node.value;
    case 'list':
      return node.items.map((item) => valueOf(item, variables) ?? null);
    case 'object':
      return Object.fromEntries([...node.fields].map(([name, value]) => [name, valueOf(value, variables)]));
  }
}
