import type { Json } from './json.ts';

/** The little type system that the simulator's GraphQL answers from: types with fields, each field with a way to its value. */
export interface TypeShape {
  readonly name: string;
  readonly fields: Readonly<Record<string, FieldShape>>;
  /** For unions and interfaces: the types that may stand there. */
  readonly members?: () => readonly TypeShape[];
  /** Connections are charged by how many children they ask for (vendors/shopify.md 5). */
  readonly isConnection?: boolean;
}

export interface FieldShape {
  /** The type of the value; none for scalars and enums. */
  readonly of?: () => TypeShape;
  readonly args?: readonly string[];
  /** The access scope that reading it needs. */
  readonly scope?: string;
  /** Part of what Shopify calls protected customer data. */
  readonly isProtected?: boolean;
  /** Non-null in the schema: a missing value takes the parent away. */
  readonly isRequired?: boolean;
}

type Leaf = string | number | boolean | null;
export type GraphValue = Leaf | GraphNode | readonly GraphValue[];
export type Arguments = Readonly<Record<string, Json | undefined>>;

/** A value with its type: what the executor projects selections on. */
export interface GraphNode {
  readonly type: TypeShape;
  read(field: string, args: Arguments): GraphValue;
}

export interface Field<Source, Context> extends FieldShape {
  resolve(source: Source, args: Arguments, context: Context): GraphValue;
}

export interface GraphType<Source, Context> extends TypeShape {
  bind(source: Source, context: Context): GraphNode;
}

/** An answer that GraphQL gives as an entry of `errors` with a code. */
export class GraphProblem extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export function objectType<Source, Context>(
  name: string,
  fields: Readonly<Record<string, Field<Source, Context>>>,
  options: { isConnection?: boolean } = {},
): GraphType<Source, Context> {
  const type: GraphType<Source, Context> = {
    name,
    fields,
    ...options,
    bind: (source, context) => ({
      type,
      read: (field, args) => {
        const found = fields[field];
        if (found === undefined) throw new Error(`Type "${name}" has no field "${field}"`);
        return found.resolve(source, args, context);
      },
    }),
  };
  return type;
}

/** A union (no fields of its own) or an interface (fields that every member has). */
export function abstractType<Source, Context>(
  name: string,
  fields: Readonly<Record<string, FieldShape>>,
  options: { members: () => readonly TypeShape[]; bind: (source: Source, context: Context) => GraphNode },
): GraphType<Source, Context> {
  return { name, fields, ...options };
}

type Extra = Pick<FieldShape, 'scope' | 'isProtected' | 'isRequired' | 'args'>;

/** Makes the ways to build fields for one kind of context, so that sources stay typed and the context is named once. */
export interface FieldKit<Context> {
  leaf<Source>(
    resolve: (source: Source, args: Arguments, context: Context) => Leaf | readonly Leaf[],
    extra?: Extra,
  ): Field<Source, Context>;
  node<Source, Target>(
    of: () => GraphType<Target, Context>,
    resolve: (source: Source, args: Arguments, context: Context) => Target | null,
    extra?: Extra,
  ): Field<Source, Context>;
  list<Source, Target>(
    of: () => GraphType<Target, Context>,
    resolve: (source: Source, args: Arguments, context: Context) => readonly Target[],
    extra?: Extra,
  ): Field<Source, Context>;
  connection<Source, Target>(
    of: () => GraphType<Target, Context>,
    resolve: (source: Source, args: Arguments, context: Context) => readonly Target[] | Page<Target>,
    extra?: Extra,
  ): Field<Source, Context>;
}

/** A page that its source cut by itself. */
export interface Page<Target> {
  readonly rows: readonly { readonly item: Target; readonly cursor: string }[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

export function fieldKit<Context>(): FieldKit<Context> {
  const connections = new Map<string, TypeShape>();
  const pageInfo = pageInfoType<Context>();
  return {
    leaf: (resolve, extra = {}) => ({ ...extra, resolve }),
    node: (of, resolve, extra = {}) => ({
      ...extra,
      of,
      resolve: (source, args, context) => {
        const target = resolve(source, args, context);
        return target === null ? null : of().bind(target, context);
      },
    }),
    list: (of, resolve, extra = {}) => ({
      ...extra,
      of,
      resolve: (source, args, context) => {
        const rows = resolve(source, args, context);
        const first = args['first'];
        const shown = typeof first === 'number' ? rows.slice(0, first) : rows;
        return shown.map((target) => of().bind(target, context));
      },
    }),
    connection: (of, resolve, extra = {}) => {
      const shape = (): TypeShape => {
        const type = of();
        const known = connections.get(type.name) ?? connectionType(of, pageInfo);
        connections.set(type.name, known);
        return known;
      };
      return {
        isRequired: true,
        ...extra,
        of: shape,
        args: ['first', 'after', 'last', 'before', 'reverse', ...(extra.args ?? [])],
        resolve: (source, args, context) => {
          const rows = resolve(source, args, context);
          return connectionType(of, pageInfo).bind('rows' in rows ? rows : cut(rows, args), context);
        },
      };
    },
  };
}

interface PageInfo {
  readonly page: Page<unknown>;
}

function pageInfoType<Context>(): GraphType<PageInfo, Context> {
  return objectType<PageInfo, Context>('PageInfo', {
    hasNextPage: { resolve: ({ page }) => page.hasNextPage },
    hasPreviousPage: { resolve: ({ page }) => page.hasPreviousPage },
    startCursor: { resolve: ({ page }) => page.rows[0]?.cursor ?? null },
    endCursor: { resolve: ({ page }) => page.rows.at(-1)?.cursor ?? null },
  });
}

function connectionType<Target, Context>(
  of: () => GraphType<Target, Context>,
  pageInfo: GraphType<PageInfo, Context>,
): GraphType<Page<Target>, Context> {
  const edge = objectType<Page<Target>['rows'][number], Context>(`${of().name}Edge`, {
    cursor: { resolve: ({ cursor }) => cursor },
    node: { of, resolve: ({ item }, _, context) => of().bind(item, context) },
  });
  return objectType<Page<Target>, Context>(
    `${of().name}Connection`,
    {
      nodes: { of, resolve: (page, _, context) => page.rows.map((row) => of().bind(row.item, context)) },
      edges: {
        of: () => edge,
        resolve: (page, _, context) => page.rows.map((row) => edge.bind(row, context)),
      },
      pageInfo: { of: () => pageInfo, resolve: (page, _, context) => pageInfo.bind({ page }, context) },
    },
    { isConnection: true },
  );
}

/** No connection gives more than this at once (vendors/shopify.md 5). */
const PAGE_SIZE_MAX = 250;

/** Cuts a page out of a whole list; cursors are positions in it. */
function cut<Target>(all: readonly Target[], args: Arguments): Page<Target> {
  const rows = (args['reverse'] === true ? [...all].reverse() : all).map((item, index) => ({
    item,
    cursor: Buffer.from(`{"at":${index}}`).toString('base64'),
  }));
  return cutRows(rows, args);
}

export function cutRows<Target>(rows: Page<Target>['rows'], args: Arguments): Page<Target> {
  const first = sizeOf(args);
  const after = args['after'];
  const start = typeof after === 'string' ? rows.findIndex((row) => row.cursor === after) + 1 : 0;
  if (typeof after === 'string' && start === 0)
    throw new GraphProblem('BAD_REQUEST', `Invalid cursor for current pagination sort`);
  return {
    rows: rows.slice(start, start + first),
    hasNextPage: rows.length > start + first,
    hasPreviousPage: start > 0,
  };
}

function sizeOf(args: Arguments): number {
  const first = args['first'];
  if (typeof first !== 'number')
    throw new GraphProblem('BAD_REQUEST', 'you must provide one of first or last');
  if (first < 0 || first > PAGE_SIZE_MAX) {
    throw new GraphProblem('BAD_REQUEST', `first cannot exceed ${PAGE_SIZE_MAX}`);
  }
  return first;
}
