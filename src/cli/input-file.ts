import { open } from 'node:fs/promises';
import { CommandError } from './command-error.ts';
import type { CommandContext } from './context.ts';

/** Reads a file that a person named, or standard input for "-", up to a limit. */

export interface InputLimit {
  readonly bytesMax: number;
  /** Ends the sentence about a file that is larger: "which no order is". */
  readonly why: string;
}

export class InputTooLarge extends CommandError {
  constructor({ bytesMax, why }: InputLimit) {
    super(`The file is larger than ${bytesMax} bytes, ${why}`);
  }
}

export async function readInput(
  { input }: CommandContext,
  file: string,
  limit: InputLimit,
): Promise<Uint8Array> {
  return file === '-' ? readStream(input, limit) : readFile(file, limit);
}

/** As a person called it. */
export function inputName(file: string): string {
  return file === '-' ? 'standard input' : `"${file}"`;
}

async function readFile(path: string, limit: InputLimit): Promise<Uint8Array> {
  try {
    await using handle = await open(path);
    // As a stream, because a pipe or a device tells no size.
    return await readStream(handle.createReadStream({ autoClose: false }), limit);
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown) {
      throw new CommandError(`Cannot read "${path}": ${whyUnread(String(thrown.code))}`);
    }
    throw thrown;
  }
}

function whyUnread(code: string): string {
  const known: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    EISDIR: 'it is a folder',
    EACCES: 'access is denied',
  };
  return known[code] ?? code;
}

async function readStream(input: CommandContext['input'], limit: InputLimit): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of input) {
    const bytes = Buffer.from(part);
    size += bytes.length;
    if (size > limit.bytesMax) {
      throw new InputTooLarge(limit);
    }
    parts.push(bytes);
  }
  return Buffer.concat(parts);
}
