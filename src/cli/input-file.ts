import { open } from 'node:fs/promises';
import { CommandError } from './command-error.ts';
import type { CommandContext } from './context.ts';

/** Reads a file that a person named, or standard input for "-", up to a limit. */

export interface InputLimit {
  readonly bytesMax: number;
  /** "an order", for the sentence about a file that is larger. */
  readonly what: string;
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
    assertSize((await handle.stat()).size, limit);
    return await handle.readFile();
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
    assertSize(size, limit);
    parts.push(bytes);
  }
  return Buffer.concat(parts);
}

function assertSize(size: number, { bytesMax, what }: InputLimit): void {
  if (size > bytesMax) {
    throw new CommandError(`The file is larger than ${what} can be: ${bytesMax} bytes`);
  }
}
