import type { Command } from 'commander';
import type { CommandContext } from './context.ts';

/** The option that every command with a result takes. */
export interface Json {
  readonly json?: true;
}

/** Runs a command with its context and keeps its exit code. */
export type Run = (options: Json, command: (context: CommandContext) => Promise<number>) => Promise<void>;

export function withJson(command: Command): Command {
  return command.option('--json', 'print the result as JSON');
}
