import type { DatabaseSync } from 'node:sqlite';
import type { LogLevel } from '#config.ts';
import { instant } from '#core/time.ts';
import type { Clock } from '#core/time.ts';
import type { Transport } from '#net/request.ts';
import type { Emit } from '#pipeline/ports.ts';

/** What the outside lends: in production the platform's, in tests and simulations their own. */
export interface Outside {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly random: () => number;
  readonly emit: Emit;
  /** Who acts, for the audit log: "server" unless it is told. */
  readonly actor?: string;
  /** Instead of the file of the database, which is made if it is not there. */
  readonly openDatabase?: (path: string) => DatabaseSync;
}

/** The platform's own clock. */
const systemClock: Clock = {
  // oxlint-disable-next-line no-restricted-properties -- this is the clock
  now: () => instant(Date.now()),
  sleep(until, signal) {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      // oxlint-disable-next-line no-restricted-properties -- this is the clock
      const timer = setTimeout(done, Math.max(0, until - Date.now()));
      signal?.addEventListener('abort', done);
      if (signal?.aborted === true) {
        done();
      }
    });
  },
};

/** The same with a log of what happens on the standard error, one JSON line an event. */
export async function loggingOutside(level: LogLevel): Promise<Outside> {
  const { createLog } = await import('#telemetry/log.ts');
  return systemOutside(createLog(level, process.stderr));
}

/** The platform's network, clock and chance. */
export function systemOutside(emit: Emit, actor = 'server'): Outside {
  return {
    actor,
    clock: systemClock,
    // oxlint-disable-next-line no-restricted-globals -- this is the transport
    transport: (request) => fetch(request),
    // oxlint-disable-next-line no-restricted-properties -- this is the random source
    random: Math.random,
    emit,
  };
}
