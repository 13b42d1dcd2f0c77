import type { Environment } from '#config.ts';
import { explained } from './command-error.ts';
import { outputJson } from '#operator/json.ts';
import { facts, paragraph } from './output.ts';
import type { Output } from './output.ts';

/** Tells why a command failed, on standard error, and answers with the exit code. */
export function report(
  thrown: unknown,
  { output, environment }: { readonly output: Output; readonly environment: Environment },
): number {
  const { exitCode, ...error } = explained(thrown);
  if (output.isJson) {
    output.error(outputJson({ error }));
    return exitCode;
  }
  // Several settings that are wrong stand under each other.
  error.message
    .split('\n')
    .flatMap((text) => paragraph(output, text, 'red'))
    .forEach((line) => output.error(line));
  facts(output, error.facts).forEach((line) => output.error(line));
  if (error.advice !== '') {
    paragraph(output, error.advice).forEach((line) => output.error(line));
  }
  if (environment['LOG_LEVEL'] === 'debug' && thrown instanceof Error) {
    output.error(thrown.stack ?? String(thrown));
  }
  return exitCode;
}
