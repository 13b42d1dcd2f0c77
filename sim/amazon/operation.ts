import type { Clock } from '#sim/world/random.ts';
import type { Region } from './marketplaces.ts';
import type { Plan } from './token-bucket.ts';
import type { AmazonSwitches } from './switches.ts';
import type { Role } from './view.ts';
import type { AmazonWorld } from './world.ts';

/** One operation of the Selling Partner API. */
export interface Operation {
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Segments of the path; those in braces are handed on by their names. */
  readonly path: string;
  readonly plan: Plan;
  /** Whose token it needs (vendors/amazon.md 1.4). */
  readonly access: 'seller' | 'grantless';
  /** Told after the caller was let in. */
  answer(call: Call): Response;
}

export interface Call {
  readonly region: Region | null;
  readonly isSandbox: boolean;
  readonly path: ReadonlyMap<string, string>;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly world: AmazonWorld;
  readonly clock: Clock;
  readonly switches: AmazonSwitches;
  readonly role: Role;
  /** The rate header of a good answer, where it comes. */
  readonly rate: string | undefined;
}

/** The names in braces with their values; null where the path is another one. */
export function pathOf(operation: Operation, pathname: string): ReadonlyMap<string, string> | null {
  const [wanted, given] = [operation.path.split('/'), pathname.split('/')];
  if (wanted.length !== given.length) return null;
  const found = new Map<string, string>();
  for (const [index, segment] of wanted.entries()) {
    const value = decodeURIComponent(given[index] ?? '');
    if (segment.startsWith('{')) found.set(segment.slice(1, -1), value);
    else if (segment !== value) return null;
  }
  return found;
}

/** A list in the query: repeated, or with commas between. */
export function listIn(query: URLSearchParams, name: string): readonly string[] {
  return query
    .getAll(name)
    .flatMap((value) => value.split(','))
    .filter((value) => value !== '');
}
