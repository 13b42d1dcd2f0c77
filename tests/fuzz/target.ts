import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import type * as fc from 'fast-check';
import { Failure } from '#core/failure.ts';
import type { FailureCode } from '#core/failure.ts';
import { after, instant } from '#core/time.ts';
import type { Clock } from '#core/time.ts';

/** Something that takes what others made, and what holds whatever they make. */
export interface Target {
  readonly name: string;
  /** How many inputs within the test command; many times as many in CI. */
  readonly runs: number;
  /** Asked once, before the first input. */
  readonly open: () => Promise<Opened>;
}

export interface Opened {
  readonly property: Property;
  /** Looks once, at the end, whether all is in order, and lets go of what was opened. */
  readonly close?: () => Promise<void>;
}

/** Any of fast-check's, whatever it draws. */
interface Property extends fc.IRawProperty<unknown> {
  beforeEach(hook: () => void): unknown;
}

/** Words of others within a failure are cut: a log and a hold must not grow with them. */
const DETAIL_MAX = 4000;

/** What inputs came to since the last time that it was emptied: shows whether they reach anything. */
export const seen = new Map<string, number>();

export function see(outcome: string): void {
  seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
}

/** What came of it: a value, or a failure by its name. Whatever else is thrown is a fault, and so is `unexpected`. */
type Outcome<T> = { readonly value: T } | { readonly failure: Failure };

export async function outcomeOf<T>(run: () => T | Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await run() };
  } catch (thrown) {
    return { failure: named(thrown) };
  }
}

/** Returns it if it is a failure of the catalogue, told in a bounded text; fails otherwise. */
function named(thrown: unknown): Failure {
  if (!(thrown instanceof Failure)) {
    throw thrown;
  }
  assert.notEqual(thrown.code, 'unexpected', thrown.message);
  assert.ok(thrown.message.length <= DETAIL_MAX, `${thrown.message.length} characters of ${thrown.code}`);
  assert.ok(thrown.facts.length <= 1000, `${thrown.facts.length} facts of ${thrown.code}`);
  return thrown;
}

/** That it is a value, or a failure of these names (or of names that begin like "request-…"). */
export async function isOneOf(
  run: () => unknown,
  codes: readonly (FailureCode | `${string}…`)[],
): Promise<void> {
  const outcome = await outcomeOf(run);
  see('failure' in outcome ? outcome.failure.code : 'taken');
  if ('failure' in outcome) {
    const { code, message } = outcome.failure;
    assert.ok(
      codes.some((known) => (known.endsWith('…') ? code.startsWith(known.slice(0, -1)) : code === known)),
      `${code}: ${message}`,
    );
  }
}

/** Turns of the event loop that whatever runs in this process is done within. */
const PATIENCE_TURNS = 40;

/** A clock on which waiting ends only once nothing else goes on, so that no answer within the process is late. */
export function patientClock(start: number): Clock {
  let now = instant(start);
  return {
    now: () => now,
    async sleep(until, signal) {
      const isOver = (): boolean => signal?.aborted === true;
      for (let turn = 0; turn < PATIENCE_TURNS && !isOver(); turn += 1) {
        await setImmediate();
      }
      if (!isOver() && until > now) {
        now = after(until, 0);
      }
    },
  };
}
