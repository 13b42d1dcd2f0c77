import { parentPort, workerData } from 'node:worker_threads';
import * as fc from 'fast-check';
import { seen } from './target.ts';
import type { Target } from './target.ts';
import type { Answer, Asked, Shared } from './watched.ts';

/** Runs one target after the other in a thread of its own, so that what hangs or eats memory can be ended. */

const { beats, table } = workerData as Shared;
const { TARGETS } = (await import(table)) as { readonly TARGETS: readonly Target[] };
const port = parentPort;

async function tried({ target: name, runs, seed }: Asked): Promise<Answer> {
  const target = TARGETS.find((each) => each.name === name);
  if (target === undefined) {
    return { outcome: 'broken', message: `There is no target "${name}"` };
  }
  seen.clear();
  const { property, close } = await target.open();
  Atomics.add(beats, 0, 1);
  property.beforeEach(() => void Atomics.add(beats, 0, 1));
  const found = await fc.check(property, { seed, numRuns: runs });
  await close?.();
  return found.failed
    ? { outcome: 'broken', message: `${fc.defaultReportMessage(found) ?? ''}\n${shown(found.errorInstance)}` }
    : { outcome: 'held', seen: [...seen] };
}

async function answer(asked: Asked): Promise<void> {
  const said = await tried(asked).catch((thrown: unknown): Answer => ({
    outcome: 'broken',
    message: shown(thrown),
  }));
  port?.postMessage(said);
}

function shown(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}

port?.on('message', (asked: Asked) => void answer(asked));
port?.postMessage('loaded');
