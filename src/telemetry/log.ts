import { pino } from 'pino';
import { harmlessJson } from '#core/json.ts';
import type { Emit } from '#pipeline/ports.ts';

/** Business events as one JSON line each. Fields are chosen where the event is made; contact data and secrets never are. */
export function createLog(level: string, destination?: { write(line: string): void }): Emit {
  const options = { level, base: null, hooks: { streamWrite: harmlessJson } };
  const log = destination === undefined ? pino(options) : pino(options, destination);
  return ({ name, level: importance, fields }) => {
    log[importance](fields, name);
  };
}
