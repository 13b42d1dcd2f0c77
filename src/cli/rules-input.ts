import { rulesFileOptions } from '#connections.ts';
import { Failure } from '#core/failure.ts';
import type { Rules } from '#core/rules.ts';
import { parseZone } from '#core/time.ts';
import type { Zone } from '#core/time.ts';
import { RULES_BYTES_MAX, mistakeText, readRulesFile } from '#rules-file.ts';
import type { Mistake, RouteRules } from '#rules-file.ts';
import { CommandError, FAILED } from './command-error.ts';
import type { CommandContext } from './context.ts';
import { InputTooLarge, inputName, readInput } from './input-file.ts';
import { outputJson } from '#operator/json.ts';
import { counted } from './output.ts';

/** A file of rules as a command takes it. */

const LIMIT = { bytesMax: RULES_BYTES_MAX, why: 'in which every rule with the longest lists has room' };

/** The file's rules cannot be used: each mistake is a line that an editor can jump to. */
class RulesMistakes extends CommandError {
  readonly mistakes: readonly Mistake[];
  /** How many there are beside these. */
  readonly more: number;

  constructor(file: string, mistakes: readonly Mistake[], more = 0) {
    const lines = mistakes.map((mistake) => `${file}:${mistakeText(mistake)}`);
    super([...lines, ...(more === 0 ? [] : [`and ${counted(more, 'more mistake')}`])].join('\n'));
    this.mistakes = mistakes;
    this.more = more;
  }
}

/** Needs no database. Throws RulesMistakes with all that is wrong. */
export async function readRules(context: CommandContext, file: string): Promise<readonly RouteRules[]> {
  const text = textOf(await bytesOf(context, file), file);
  const read = readRulesFile(text, rulesFileOptions(timeZoneOf(context)));
  if (read.outcome === 'mistakes') {
    throw new RulesMistakes(file, read.mistakes, read.more);
  }
  return read.routes;
}

/** Those of the route from a source. */
export async function readRulesFrom(context: CommandContext, file: string, source: string): Promise<Rules> {
  const route = (await readRules(context, file)).find(({ from }) => from === source);
  if (route === undefined) {
    throw new CommandError(`${inputName(file)} has no route from ${source}`);
  }
  return route.rules;
}

/** Each mistake in a line of its own, unbroken, so that an editor finds its place. */
export async function showingMistakes(
  { output }: CommandContext,
  work: () => Promise<number>,
): Promise<number> {
  try {
    return await work();
  } catch (thrown) {
    if (!(thrown instanceof RulesMistakes)) {
      throw thrown;
    }
    if (output.isJson) {
      output.error(outputJson({ ok: false, mistakes: thrown.mistakes, more: thrown.more }));
    } else {
      thrown.message.split('\n').forEach((line) => output.error(line));
    }
    return FAILED;
  }
}

/** The zone that the environment sets, for commands that need no other setting. */
export function timeZoneOf({ environment }: CommandContext): Zone | undefined {
  const text = environment['COUNTERFOIL_TIME_ZONE']?.trim() ?? '';
  try {
    return text === '' ? undefined : parseZone(text);
  } catch (cause) {
    const detail = `COUNTERFOIL_TIME_ZONE: ${cause instanceof Error ? cause.message : text}`;
    throw new Failure('config-invalid', { detail, cause });
  }
}

async function bytesOf(context: CommandContext, file: string): Promise<Uint8Array> {
  try {
    return await readInput(context, file, LIMIT);
  } catch (thrown) {
    if (thrown instanceof InputTooLarge) {
      throw new RulesMistakes(file, [{ line: 1, column: 1, what: thrown.message, allowed: '' }]);
    }
    throw thrown;
  }
}

function textOf(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const lines = readableBeginning(bytes).split('\n');
    const what = 'The file is no text in UTF-8 from here on: save it in that encoding';
    const place = { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
    throw new RulesMistakes(file, [{ ...place, what, allowed: '' }]);
  }
}

/** As much of it as is UTF-8. */
function readableBeginning(bytes: Uint8Array): string {
  let [length, beyond] = [0, bytes.length + 1];
  while (beyond - length > 1) {
    const middle = Math.floor((length + beyond) / 2);
    if (decoded(bytes.subarray(0, middle)) === undefined) {
      beyond = middle;
    } else {
      length = middle;
    }
  }
  return decoded(bytes.subarray(0, length)) ?? '';
}

/** The last character may be there in part. */
function decoded(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return undefined;
  }
}
