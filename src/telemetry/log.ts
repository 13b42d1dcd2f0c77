import { pino } from 'pino';
import type { Emit } from '#pipeline/ports.ts';

/** Business events as one JSON line each. Fields are chosen where the event is made; contact data and secrets never are. */
export function createLog(level: string, destination?: { write(line: string): void }): Emit {
  const log =
    destination === undefined ? pino({ level, base: null }) : pino({ level, base: null }, destination);
  return ({ name, level: importance, fields }) => {
    log[importance](fields, name);
  };
}
