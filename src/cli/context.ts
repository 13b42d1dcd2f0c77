import { systemOutside } from '#outside.ts';
import type { App, OpenOptions } from '#app.ts';
import type { Outside } from '#outside.ts';
import { readConfig } from '#config.ts';
import type { Config, Environment } from '#config.ts';
import type { Output } from './output.ts';

/** What every command is handed: where its settings come from and where its results go. */
export interface CommandContext {
  /** The process's variables over those of `.env`. */
  readonly environment: Environment;
  readonly output: Output;
  /** For questions; a command that was given everything by options reads none of it. */
  readonly input: NodeJS.ReadableStream & {
    readonly isTTY?: boolean;
    /** Of a terminal: whether keys come one by one and are not shown. */
    setRawMode?(isRaw: boolean): unknown;
  };
}

/** Throws `config-invalid` naming the setting. */
export function configOf(context: CommandContext): Config {
  return readConfig(context.environment);
}

/** Opens the configured database beside a running server, and closes it again whatever happens. */
export async function withApp<T>(
  context: CommandContext,
  work: (app: App) => Promise<T>,
  options: OpenOptions = {},
): Promise<T> {
  const config = configOf(context);
  const { openApp } = await import('#app.ts');
  const app = await openApp(config, quietOutside(), options);
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}

/** The platform, without the pipeline's log: a command says what it did by itself. */
export function quietOutside(): Outside {
  return systemOutside(() => undefined, ACTOR);
}

/** The account of the system by its number: a name would be personal data in a log that is never changed. */
const ACTOR = `command, uid ${process.getuid?.() ?? 'unknown'}`;
