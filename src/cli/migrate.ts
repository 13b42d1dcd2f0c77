import { DONE } from './command-error.ts';
import { withApp } from './context.ts';
import type { CommandContext } from './context.ts';

/** Opening the database brings it up to date; this command does only that, and says so. */
export async function migrate(context: CommandContext): Promise<number> {
  return withApp(context, async ({ config, migrated }) => {
    const { version, applied } = migrated;
    context.output.json({ database: config.databasePath, version, applied });
    const changes = applied.length === 0 ? 'nothing was to be done' : `applied ${applied.join(', ')}`;
    context.output.print(`Database "${config.databasePath}" has schema version ${version}: ${changes}`);
    return DONE;
  });
}
