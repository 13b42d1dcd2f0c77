import type { CommandContext } from './context.ts';
import { createLineReader } from './line-reader.ts';
import type { LineReader } from './line-reader.ts';

/** Lines that a person types without their being shown; from a script they come as they are. */
export function createHiddenReader(input: CommandContext['input']): LineReader {
  return input.isTTY === true && input.setRawMode !== undefined
    ? rawReader(input, (isRaw) => void input.setRawMode?.(isRaw))
    : createLineReader(input);
}

const ENTER = ['\r', '\n'];
const ERASE = ['\u0008', '\u007F'];
/** Ctrl-C and Ctrl-D: in raw mode they are characters, and mean that there will be none. */
const GIVE_UP = ['\u0003', '\u0004'];
const CONTROL = /\p{Cc}/u;

/** In raw mode the terminal shows nothing by itself, and hands over every key. */
function rawReader(input: CommandContext['input'], setRaw: (isRaw: boolean) => void): LineReader {
  const lines: string[] = [];
  let typed: string[] = [];
  let isOver = false;
  let wake = (): void => undefined;
  const onData = (chunk: string | Uint8Array): void => {
    for (const key of Buffer.from(chunk).toString('utf8')) {
      if (GIVE_UP.includes(key)) {
        isOver = true;
      } else if (ENTER.includes(key)) {
        lines.push(typed.join(''));
        typed = [];
      } else if (ERASE.includes(key)) {
        typed.pop();
      } else if (!CONTROL.test(key)) {
        typed.push(key);
      }
    }
    wake();
  };
  const onEnd = (): void => {
    isOver = true;
    wake();
  };
  setRaw(true);
  input.on('data', onData);
  input.once('end', onEnd);
  return {
    next: () =>
      new Promise((resolve) => {
        wake = () => {
          if (isOver || lines.length > 0) {
            wake = () => undefined;
            resolve(isOver ? undefined : lines.shift());
          }
        };
        wake();
      }),
    close() {
      input.off('data', onData);
      input.off('end', onEnd);
      setRaw(false);
      input.pause();
    },
  };
}
