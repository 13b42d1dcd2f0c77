import { setInterval } from 'node:timers/promises';

const LOOK_EVERY_MS = 20;

/** Waits for a condition of another process, looking often; fails naming it when it does not come. */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  withinMs = 20_000,
): Promise<Exclude<T, false | null | undefined>> {
  const started = performance.now();
  for await (const _ of setInterval(LOOK_EVERY_MS)) {
    const seen = await look();
    if (seen !== undefined && seen !== null && seen !== false) {
      return seen as Exclude<T, false | null | undefined>;
    }
    if (performance.now() - started > withinMs) {
      throw new Error(`Waited ${withinMs} ms in vain until ${what}`);
    }
  }
  throw new Error('An interval ended by itself');
}
