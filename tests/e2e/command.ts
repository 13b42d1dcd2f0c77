import { PassThrough } from 'node:stream';
import { runCommandLine } from '#cli/commands.ts';
import { createTranscript } from './cli-process.ts';
import type { CliOptions, CliProcess, Ended } from './cli-process.ts';

/**
 * Commands in this process, because a start of Node costs more than most of them. What is the process's own, as signals, `.env`
 * and the exit code, is seen in `cli-process.ts`.
 */

/** A command that runs. */
export type StartedCommand = Pick<CliProcess, 'seen' | 'type' | 'ended'>;

interface CommandOptions extends CliOptions {
  /** All that is typed; else a person may type. */
  readonly input?: string;
  /** Its streams say that a person sits before them: no runner of tests has a terminal. */
  readonly isAtTerminal?: boolean;
}

/** Of commands that run at once, in the folder of the first. */
const running = { count: 0, home: '' };

export function startCommand(args: readonly string[], options: CommandOptions): StartedCommand {
  const { cwd, environment = {}, input, isAtTerminal: isTTY = false } = options;
  const stdin = Object.assign(new PassThrough(), { isTTY });
  if (input !== undefined) {
    stdin.end(input);
  }
  const transcript = createTranscript();
  const leave = enter(cwd);
  const end = runCommandLine(args, {
    environment: isTTY ? { ...environment, NO_COLOR: '1' } : environment,
    stdin,
    stdout: { isTTY, write: (text) => transcript.add('out', text) },
    stderr: { isTTY, write: (text) => transcript.add('err', text) },
  })
    .then((code) => transcript.ended(code))
    .finally(leave);
  return {
    seen: (pattern, where = 'out') => transcript.seen(pattern, { where, end }),
    type: (text) => void stdin.write(text),
    ended: () => end,
  };
}

/** Runs a command to its end, with this standard input. */
export function runCommand(args: readonly string[], options: CommandOptions): Promise<Ended> {
  return startCommand(args, { input: '', ...options }).ended();
}

/** Makes this the working folder until it is left. */
function enter(cwd: string): () => void {
  if (running.count === 0) {
    running.home = process.cwd();
    process.chdir(cwd);
  }
  running.count += 1;
  return () => {
    running.count -= 1;
    if (running.count === 0) {
      process.chdir(running.home);
    }
  };
}
