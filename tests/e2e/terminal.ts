import { PassThrough } from 'node:stream';
import { runCommandLine } from '#cli/commands.ts';
import type { CliProcess, Ended } from './cli-process.ts';

/** A command in this process whose streams say that a person sits before them: no runner of tests has a terminal. */
export function startAtTerminal(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Pick<CliProcess, 'seen' | 'type' | 'ended'> {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const written = { out: '', err: '' };
  const watchers = new Set<() => void>();
  const stream = (where: 'out' | 'err') => ({
    isTTY: true,
    write(text: string) {
      written[where] += text;
      watchers.forEach((look) => look());
    },
  });
  const ended = runCommandLine(args, {
    environment: { ...environment, NO_COLOR: '1' },
    stdin,
    stdout: stream('out'),
    stderr: stream('err'),
  }).then((code): Ended => ({ code, ...written }));
  return {
    seen: (pattern, where = 'out') =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(written[where]);
          if (match !== null) {
            watchers.delete(look);
            resolve(match);
          }
        };
        watchers.add(look);
        look();
        void ended.then(() =>
          reject(new Error(`The command ended without ${String(pattern)}: ${written.out}${written.err}`)),
        );
      }),
    type: (text) => void stdin.write(text),
    ended: () => ended,
  };
}
