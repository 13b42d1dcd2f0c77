import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { join } from 'node:path';

/** The real program as a process of its own, for the end-to-end tests and the measurements. */
export interface Service {
  readonly origin: string;
  readonly pid: number;
  /** Everything it wrote, results and log. */
  readonly output: () => string;
  /** Ends it at once, as a power cut would. */
  kill(): Promise<void>;
  /** Closes the pipes in which it writes, as the end of a program does that reads them. */
  unread(): void;
  /** Asks it to stop and waits until it has. */
  stop(): Promise<number | null>;
}

/** Where a process finds the program compiled by those before it: to start is most of what such tests do. */
export const COMPILE_CACHE = join(
  import.meta.dirname,
  '..',
  'node_modules',
  '.cache',
  'counterfoil',
  'compiled',
);
const MAIN = join(import.meta.dirname, '..', 'src', 'main.ts');

/** Starts `counterfoil serve` with nothing of this process's own settings, and waits until it listens. */
export async function startService(environment: Readonly<Record<string, string>>): Promise<Service> {
  const { listening, ...service } = spawnService(environment);
  return { ...service, origin: await listening };
}

/** A service that has just been started. */
export interface Spawned extends Omit<Service, 'origin'> {
  /** Its origin once it listens; rejects when it ends before. */
  readonly listening: Promise<string>;
}

export function spawnService(environment: Readonly<Record<string, string>>): Spawned {
  const child = spawn(process.execPath, [MAIN, 'serve'], {
    env: {
      PATH: process.env['PATH'] ?? '',
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      PORT: '0',
      LOG_LEVEL: 'warn',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const written: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => written.push(chunk.toString()));
  return {
    listening: originOf(child, written),
    pid: child.pid ?? 0,
    output: () => written.join(''),
    async kill() {
      child.kill('SIGKILL');
      await ended(child);
    },
    unread() {
      child.stdout.destroy();
      child.stderr.destroy();
    },
    async stop() {
      child.kill('SIGTERM');
      return ended(child);
    },
  };
}

async function originOf(
  child: ChildProcess & { readonly stdout: NodeJS.ReadableStream },
  written: string[],
): Promise<string> {
  for await (const line of createInterface({ input: child.stdout })) {
    written.push(`${line}\n`);
    const match = /http:\/\/[\d.]+:\d+/.exec(line);
    if (match !== null) {
      child.stdout.on('data', (chunk: Buffer) => written.push(chunk.toString()));
      child.stdout.resume();
      return match[0];
    }
  }
  throw new Error(`The service ended before it listened:\n${written.join('')}`);
}

async function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    await once(child, 'exit');
  }
  return child.exitCode;
}
