import { SHOPIFY, rulesFileOptions } from '#app.ts';
import { Failure } from '#core/failure.ts';
import type { Rules } from '#core/rules.ts';
import { parseZone } from '#core/time.ts';
import type { Zone } from '#core/time.ts';
import { RULES_LENGTH_MAX, mistakeText, readRulesFile } from '#rules-file.ts';
import type { Mistake, RouteRules } from '#rules-file.ts';
import { CommandError, FAILED } from './command-error.ts';
import type { CommandContext } from './context.ts';
import { inputName, readInput } from './input-file.ts';
import { outputJson } from './output.ts';

/** A file of rules as a command takes it. */

/** Four bytes a character. */
const LIMIT = { bytesMax: 4 * RULES_LENGTH_MAX, what: 'rules' };

/** The file's rules cannot be used: each mistake is a line that an editor can jump to. */
class RulesMistakes extends CommandError {
  readonly mistakes: readonly Mistake[];

  constructor(file: string, mistakes: readonly Mistake[]) {
    super(mistakes.map((mistake) => `${file}:${mistakeText(mistake)}`).join('\n'));
    this.mistakes = mistakes;
  }
}

/** Needs no database. Throws RulesMistakes with all that is wrong. */
export async function readRules(context: CommandContext, file: string): Promise<readonly RouteRules[]> {
  const text = textOf(await readInput(context, file, LIMIT), file);
  const read = readRulesFile(text, rulesFileOptions(timeZoneOf(context)));
  if (read.outcome === 'mistakes') {
    throw new RulesMistakes(file, read.mistakes);
  }
  return read.routes;
}

/** Those of the route from Shopify, which is where orders come from. */
export async function readShopifyRules(context: CommandContext, file: string): Promise<Rules> {
  const route = (await readRules(context, file)).find(({ from }) => from === SHOPIFY);
  if (route === undefined) {
    throw new CommandError(`${inputName(file)} has no route from ${SHOPIFY}`);
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
      output.error(outputJson({ ok: false, mistakes: thrown.mistakes }));
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

function textOf(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new CommandError(`Cannot read ${inputName(file)}: it is no text in UTF-8`);
  }
}
