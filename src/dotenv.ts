import { parseEnv } from 'node:util';

/**
 * The file `.env`: what it sets, and what somebody wrote there that does not count or means something else than he sees. Of a value,
 * which may be a secret, nothing is told.
 */
export interface Dotenv {
  readonly values: Readonly<Record<string, string | undefined>>;
  readonly remarks: readonly string[];
}

interface Line {
  readonly name: string;
  /** As it is written. */
  readonly value: string;
  /** Counted from 1; the second is where a value in quotes ends. */
  readonly first: number;
  readonly last: number;
}

const SETTING = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=(.*)$/;
/** Without quotes the platform ends a value at the first #, also where no blank before it makes a remark of the rest. */
const CUT = /^\s*(?!["'`])[^#]*(?<!\s)#/;

/** `known`: the names of the settings. What stands there for other programs is theirs. */
export function readDotenv(text: string, known: readonly string[]): Dotenv {
  // Some editors begin a file with a mark, which would be taken for a part of the first name.
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const kept: string[] = [];
  const remarks: string[] = [];
  const names = new Set<string>();
  const remark = (line: number, what: string): void =>
    void remarks.push(`The file .env, line ${line}: ${what}`);
  for (let at = 0; at < lines.length; at += 1) {
    const line = lineAt(lines, at);
    if (line !== undefined) {
      kept.push(...lines.slice(at, line.last));
      remarksOn(line, { known, isAgain: names.has(line.name) }).forEach((what) => remark(at + 1, what));
      names.add(line.name);
      at = line.last - 1;
    } else if (!/^\s*(?:#|$)/.test(lines[at] ?? '')) {
      // Not handed on: the platform would take the next line as a part of its name.
      remark(at + 1, 'it is no NAME=value, so it does not count');
    }
  }
  return { values: { ...parseEnv(kept.join('\n')) }, remarks };
}

function lineAt(lines: readonly string[], at: number): Line | undefined {
  const [, name, value = ''] = SETTING.exec(lines[at] ?? '') ?? [];
  if (name === undefined) {
    return undefined;
  }
  const [quote = ''] = /^["'`]/.exec(value.trimStart()) ?? [];
  const isOpen = quote !== '' && !value.trimStart().slice(1).includes(quote);
  const end = isOpen ? lines.findIndex((line, index) => index > at && line.includes(quote)) : at;
  return { name, value, first: at + 1, last: (end < 0 ? at : end) + 1 };
}

function remarksOn(
  { name, value, first, last }: Line,
  { known, isAgain }: { readonly known: readonly string[]; readonly isAgain: boolean },
): readonly string[] {
  if (!known.includes(name)) {
    return [];
  }
  return [
    ...(isAgain ? [`${name} stands there once more, and the last counts`] : []),
    ...(CUT.test(value) ? [`of ${name} what follows # does not count: put the value in quotes`] : []),
    ...(last > first
      ? [`the quote of ${name} is not closed there, so its value goes on to line ${last}`]
      : []),
  ];
}
