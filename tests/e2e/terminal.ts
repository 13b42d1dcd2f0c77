import { PassThrough } from 'node:stream';
import { runCommandLine } from '#cli/commands.ts';
import { createTranscript } from './cli-process.ts';
import type { CliProcess } from './cli-process.ts';

/** A command in this process whose streams say that a person sits before them: no runner of tests has a terminal. */
export function startAtTerminal(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Pick<CliProcess, 'seen' | 'type' | 'ended'> {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const transcript = createTranscript();
  const end = runCommandLine(args, {
    environment: { ...environment, NO_COLOR: '1' },
    stdin,
    stdout: { isTTY: true, write: (text) => transcript.add('out', text) },
    stderr: { isTTY: true, write: (text) => transcript.add('err', text) },
  }).then((code) => transcript.ended(code));
  return {
    seen: (pattern, where = 'out') => transcript.seen(pattern, { where, end }),
    type: (text) => void stdin.write(text),
    ended: () => end,
  };
}
