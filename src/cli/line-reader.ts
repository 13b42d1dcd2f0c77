import { createInterface } from 'node:readline/promises';
import type { CommandContext } from './context.ts';

/** The lines that a person types, or that a script hands in, one after the other; none is lost between two questions. */
export interface LineReader {
  /** The next line; nothing when there will be none, or once the signal aborts. */
  next(signal?: AbortSignal): Promise<string | undefined>;
  close(): void;
}

export function createLineReader(input: CommandContext['input']): LineReader {
  const lines: string[] = [];
  const waiting = new Set<(line: string | undefined) => void>();
  let isOver = false;
  const reader = createInterface({ input });
  reader.on('line', (line) => {
    const [first] = waiting;
    if (first === undefined) {
      lines.push(line);
    } else {
      first(line);
    }
  });
  reader.on('close', () => {
    isOver = true;
    waiting.forEach((take) => take(undefined));
  });
  return {
    async next(signal) {
      if (lines.length > 0 || isOver || signal?.aborted === true) {
        return signal?.aborted === true ? undefined : lines.shift();
      }
      return new Promise((resolve) => {
        const take = (line: string | undefined): void => {
          waiting.delete(take);
          signal?.removeEventListener('abort', stop);
          resolve(line);
        };
        const stop = (): void => take(undefined);
        waiting.add(take);
        signal?.addEventListener('abort', stop);
      });
    },
    close: () => reader.close(),
  };
}
