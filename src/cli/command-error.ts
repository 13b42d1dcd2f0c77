import { CATALOGUE, asFailure } from '#core/failure.ts';
import type { Fact, FailureCode } from '#core/failure.ts';

/** The exit codes of every command. */
export const DONE = 0;
export const FAILED = 1;
export const USAGE = 2;

/** What the person asked for cannot be done as asked: a sentence for him, and the exit code. */
export class CommandError extends Error {
  readonly exitCode: typeof FAILED | typeof USAGE;

  constructor(message: string, exitCode: typeof FAILED | typeof USAGE = FAILED) {
    super(message);
    this.name = 'CommandError';
    this.exitCode = exitCode;
  }
}

/** An error as a person reads it: what is wrong, and what to do. */
export interface Explained {
  readonly code: string;
  readonly message: string;
  /** Empty when the message says it all. */
  readonly advice: string;
  readonly facts: readonly Fact[];
  readonly exitCode: number;
}

export function explained(thrown: unknown): Explained {
  if (thrown instanceof CommandError) {
    const { message, exitCode } = thrown;
    return { code: exitCode === USAGE ? 'usage' : 'command', message, advice: '', facts: [], exitCode };
  }
  const { code, message, facts } = asFailure(thrown, 'The command could not be finished');
  return { code, message, advice: adviceOf(code), facts, exitCode: FAILED };
}

/**
 * Where a sentence of the catalogue promises what a server does, since a command that has ended does nothing any more; and a
 * wrong setting is named by the failure itself, so that its sentence would only say so again.
 */
const ADVICE: Partial<Record<FailureCode, string>> = {
  'config-invalid': '',
  'order-changing': 'The order kept changing in the shop while it was being read. Run the command again',
  'settlement-open': 'The channel may still add to the settlement. Run the command again when that is over',
  'request-unreachable':
    'The other side cannot be reached. Check the network and the configured addresses, then run the command again',
  'request-unanswered':
    'The other side did not answer, so it is unknown whether it acted. Run the command again',
  'request-answer-unreadable':
    'The other side’s answer cannot be read, so it is unknown whether it acted. Run the command again',
  'request-server-error': 'The other side reports an error of its own. Run the command again later',
  'request-rate-limited': 'The other side asks for patience. Run the command again in some minutes',
  'database-busy': 'Another process is writing to the database. Run the command again',
  'database-full': 'The disk that holds the database is full. Make room, then run the command again',
  unexpected: 'A fault in this program stopped the command. Please report it',
};

function adviceOf(code: FailureCode): string {
  return ADVICE[code] ?? CATALOGUE[code].sentence;
}
