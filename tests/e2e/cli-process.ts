import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { COMPILE_CACHE } from '#tests/service.ts';

/** The program as a person starts it: a process of its own, with an environment of its own. */
export interface CliProcess {
  readonly child: ChildProcess;
  /** Waits until what was written matches, and gives the match. Rejects when the process ends without it. */
  seen(pattern: RegExp, where?: 'out' | 'err'): Promise<RegExpExecArray>;
  type(text: string): void;
  ended(): Promise<Ended>;
}

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface CliOptions {
  readonly cwd: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** A file that is open for its standard output. */
  readonly out?: number;
}

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts');

export function startCli(args: readonly string[], { cwd, environment = {}, out }: CliOptions): CliProcess {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    env: { NODE_COMPILE_CACHE: COMPILE_CACHE, ...environment },
    stdio: ['pipe', out ?? 'pipe', 'pipe'],
  });
  const transcript = createTranscript();
  child.stdout?.setEncoding('utf8').on('data', (text: string) => transcript.add('out', text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => transcript.add('err', text));
  const closed = once(child, 'close').then(([code]): Ended => transcript.ended(code as number | null));
  return {
    child,
    seen: (pattern, where = 'out') => transcript.seen(pattern, { where, end: closed }),
    type: (text) => void child.stdin?.write(text),
    ended: () => closed,
  };
}

/** What a command has written so far, and waiting for what it will. */
export interface Transcript {
  add(where: 'out' | 'err', text: string): void;
  /** Rejects when the command ends without it. */
  seen(
    pattern: RegExp,
    at: { readonly where: 'out' | 'err'; readonly end: Promise<Ended> },
  ): Promise<RegExpExecArray>;
  ended(code: number | null): Ended;
}

export function createTranscript(): Transcript {
  const written = { out: '', err: '' };
  const watchers = new Set<() => void>();
  return {
    add(where, text) {
      written[where] += text;
      watchers.forEach((look) => look());
    },
    seen: (pattern, { where, end }) =>
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
        void end.then(({ out, err }) =>
          reject(new Error(`The command ended without ${String(pattern)}: ${out}${err}`)),
        );
      }),
    ended: (code) => ({ code, ...written }),
  };
}

/** Runs a command to its end, with this standard input. */
export async function runCli(
  args: readonly string[],
  options: CliOptions & { readonly input?: string },
): Promise<Ended> {
  const started = startCli(args, options);
  started.child.stdin?.end(options.input ?? '');
  return started.ended();
}

/** Opens the printed consent page, which approves at once, and gives the address that it answers with. */
export async function consentTo(
  connecting: Pick<CliProcess, 'seen'>,
  where: 'out' | 'err' = 'out',
): Promise<URL> {
  const [address] = await connecting.seen(/http\S+\/oauth\/authorize\/\S+(?=\n)/, where);
  const { headers } = await fetch(address, { redirect: 'manual' });
  return new URL(headers.get('location') ?? '');
}
