import type { Compilable, CompiledQuery, Kysely, QueryResult } from 'kysely';
import type { Tables } from './tables.ts';

/**
 * A query whose text is always the same, so that it is made once. For the queries of every run: to build and compile one costs
 * several times what SQLite takes to answer it.
 */
export type FixedQuery<Values, Row> = (db: Kysely<Tables>, values: Values) => Promise<QueryResult<Row>>;

/** Stands in the query for a value that comes later. */
class Place {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** `build` may only put the values into the query, not look at them: it is called once, with places instead of values. */
export function fixedQuery<Values extends object, Row>(
  build: (db: Kysely<Tables>, values: Values) => Compilable<Row>,
): FixedQuery<Values, Row> {
  // By engine: each has its own language.
  const compiled = new Map<unknown, CompiledQuery<Row>>();
  return (db, values) => {
    const engine = db.getExecutor().adapter.constructor;
    const query = compiled.get(engine) ?? build(db, placesFor(values)).compile();
    compiled.set(engine, query);
    const parameters = query.parameters.map((value) =>
      value instanceof Place ? Reflect.get(values, value.name) : value,
    );
    return db.executeQuery({ ...query, parameters });
  };
}

function placesFor<Values extends object>(values: Values): Values {
  const places = Object.keys(values).map((name) => [name, new Place(name)]);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same names, and Kysely takes any value as a parameter
  return Object.fromEntries(places) as Values;
}
