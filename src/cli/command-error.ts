import { CATALOGUE, asFailure } from '#core/failure.ts';
import type { Fact, Failure } from '#core/failure.ts';

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

/** A wrong setting is named by the failure itself: its sentence would only say so again. */
function adviceOf(code: Failure['code']): string {
  return code === 'config-invalid' ? '' : CATALOGUE[code].sentence;
}
