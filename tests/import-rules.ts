import assert from 'node:assert/strict';
import type { App } from '#app.ts';
import { rulesFileOptions } from '#connections.ts';
import { mistakeText, readRulesFile } from '#rules-file.ts';

/** Imports a file of rules that says only these lines of the route from that source. */
export async function importRules(
  app: App,
  source: 'shopify' | 'amazon',
  lines: readonly string[],
): Promise<void> {
  const head = `version: 1\nroutes:\n  - from: ${source}\n    to: freshbooks\n`;
  const text = head + lines.map((line) => `    ${line}\n`).join('');
  const read = readRulesFile(text, rulesFileOptions(undefined));
  assert.ok(
    read.outcome === 'rules',
    read.outcome === 'mistakes' ? read.mistakes.map(mistakeText).join('\n') : '',
  );
  await app.importRules(read.routes);
}
