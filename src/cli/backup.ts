import { backUpDatabase, keyPathOf } from '#app.ts';
import { contentFacts, showBytes } from './backup-text.ts';
import { DONE } from './command-error.ts';
import { configOf, quietOutside } from './context.ts';
import type { CommandContext } from './context.ts';
import { counted, facts, paragraph } from './output.ts';
import { instantJson } from '#operator/json.ts';
import { showDuration } from './time-text.ts';

/** Copies the database, and says what is in the copy and what is not. */

export interface BackupOptions {
  readonly force?: true;
  readonly withKey?: true;
}

export async function backup(
  context: CommandContext,
  file: string,
  { force, withKey }: BackupOptions,
): Promise<number> {
  const { output } = context;
  const config = configOf(context);
  const { clock } = quietOutside();
  const began = clock.now();
  const { contents, bytes, sha256, keyFile } = await backUpDatabase(config, {
    file,
    isOverwriting: force === true,
    isWithKey: withKey === true,
  });
  const tookMs = clock.now() - began;
  const { version, rows, newestAt } = contents;
  const newestMessageAt = instantJson(newestAt);
  output.json({ file, bytes, sha256, tookMs, version, rows, newestMessageAt, keyFile: keyFile ?? null });
  const count = Object.values(rows).reduce((sum, each) => sum + each, 0);
  const size = `${showBytes(bytes)}, ${counted(count, 'row')}, in ${showDuration(tookMs)}`;
  output.print(`Backed up "${config.databasePath}" to "${file}": ${size}`);
  const told = [{ name: 'sha256', value: sha256 }, ...contentFacts(context, contents)];
  facts(output, told).forEach((line) => output.print(line));
  paragraph(output, keyText(config, keyFile)).forEach((line) => output.print(line));
  return DONE;
}

function keyText(config: ReturnType<typeof configOf>, keyFile: string | undefined): string {
  if (keyFile !== undefined) {
    return `The key that opens the stored tokens is in "${keyFile}": who has both files has the access to FreshBooks`;
  }
  return config.secretKey === undefined
    ? `The key that opens the stored tokens is not in it: keep a copy of "${keyPathOf(config)}" and of the settings elsewhere, or say --with-key`
    : 'COUNTERFOIL_SECRET_KEY, which opens the stored tokens, is not in it: keep it elsewhere with the other settings';
}
