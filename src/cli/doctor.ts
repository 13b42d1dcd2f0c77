import { lockedText, openApp } from '#app.ts';
import type { App } from '#app.ts';
import type { Outside } from '#outside.ts';
import type { Config } from '#config.ts';
import { CATALOGUE } from '#core/failure.ts';
import { SECOND, after, showInstant } from '#core/time.ts';
import { DONE, FAILED, explained } from './command-error.ts';
import { configOf, quietOutside } from './context.ts';
import type { CommandContext } from './context.ts';
import type { Check, Finding } from './doctor-check.ts';
import { clockChecks } from './doctor-clock.ts';
import { connectionChecks } from './doctor-connections.ts';
import { alarmChecks } from './doctor-alarms.ts';
import {
  configurationCheck,
  keyCheck,
  nodeCheck,
  pagesCheck,
  privacyCheck,
  serverCheck,
  stateChecks,
} from './doctor-local.ts';
import { rulesChecks } from './doctor-rules.ts';
import { wrapped } from './output.ts';
import type { Output } from './output.ts';
import { padded, plain } from './text-width.ts';

/** A checklist of everything that booking needs. Each check stands alone: one that fails or hangs stops no other. */

interface Checked extends Finding {
  readonly name: string;
}

/** A vendor that takes longer is as good as down for a person who waits. */
const TIMEOUT_MS = 10 * SECOND;

export async function doctor(context: CommandContext): Promise<number> {
  const { output } = context;
  const checked: Checked[] = [];
  const take = async (checks: readonly Check[]): Promise<void> => {
    // The checks of a round wait for the vendors at the same time.
    checked.push(...(await Promise.all(checks.map(checkOne))));
  };
  await take([nodeCheck(), configurationCheck(context.environment)]);
  const config = readable(() => configOf(context));
  if (config !== undefined) {
    // Before the database is opened, which makes and closes the key file.
    await take([keyCheck(config)]);
    const stopping = new AbortController();
    const aheadMs: number[] = [];
    const app = await openedApp(config, { checked, aheadMs, signal: stopping.signal });
    try {
      await take([privacyCheck(config), serverCheck(config), pagesCheck(config)]);
      await take(
        app === undefined
          ? []
          : [...connectionChecks(app), ...rulesChecks(app), ...stateChecks(app), ...alarmChecks(app)],
      );
      await take(clockChecks(aheadMs));
    } finally {
      // What a check no longer waits for must not keep the process.
      stopping.abort();
      await app?.close();
    }
  }
  output.json({ isWell: !checked.some(isProblem), checks: checked });
  checked.flatMap((each) => checkText(output, each)).forEach((line) => output.print(line));
  return checked.some(isProblem) ? FAILED : DONE;
}

function isProblem({ state }: Finding): boolean {
  return state === 'problem';
}

function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    // The check of the configuration has told why.
    return undefined;
  }
}

async function openedApp(
  config: Config,
  {
    checked,
    aheadMs,
    signal,
  }: { readonly checked: Checked[]; readonly aheadMs: number[]; readonly signal: AbortSignal },
): Promise<App | undefined> {
  const name = 'Database';
  const outside = quietOutside();
  const transport: Outside['transport'] = async (request) => {
    const bounded = new Request(request, { signal: AbortSignal.any([request.signal, signal]) });
    const answer = await outside.transport(bounded);
    const told = Date.parse(answer.headers.get('date') ?? '');
    if (!Number.isNaN(told)) {
      aheadMs.push(outside.clock.now() - told);
    }
    return answer;
  };
  let app: App | undefined;
  try {
    app = await openApp(config, { ...outside, transport }, { acceptsOtherKey: true });
    const { store, clock, migrated } = app;
    await store.transact((tx) => tx.putSetting('doctor', showInstant(clock.now())));
    const { version, applied } = migrated;
    const made = applied.length === 0 ? '' : ', brought up to date now';
    const text = `"${config.databasePath}" can be written, schema version ${version}${made}`;
    checked.push({ name, state: 'ok', text });
    if (app.lockedSecrets.length > 0) {
      const whatToDo = CATALOGUE['key-wrong'].sentence;
      checked.push({
        name: 'Stored secrets',
        state: 'problem',
        text: lockedText(config, app.lockedSecrets),
        whatToDo,
      });
    }
    return app;
  } catch (thrown) {
    checked.push({ name, ...findingOf(thrown) });
    await app?.close();
    return undefined;
  }
}

async function checkOne({ name, run }: Check): Promise<Checked> {
  const { clock } = quietOutside();
  const settled = new AbortController();
  const late = clock.sleep(after(clock.now(), TIMEOUT_MS), settled.signal).then((): Finding => ({
    state: 'problem',
    text: `No answer within ${TIMEOUT_MS / SECOND} s`,
    whatToDo: 'Check the network, a proxy and the configured addresses',
  }));
  try {
    return { name, ...(await Promise.race([Promise.resolve().then(run), late])) };
  } catch (thrown) {
    return { name, ...findingOf(thrown) };
  } finally {
    settled.abort();
  }
}

function findingOf(thrown: unknown): Finding {
  const { message, advice } = explained(thrown);
  return {
    state: 'problem',
    text: message.replaceAll('\n', '. '),
    ...(advice === '' ? {} : { whatToDo: advice }),
  };
}

const COLOURS = { ok: 'green', warning: 'yellow', problem: 'red' } as const;
const STATE_WIDTH = 'problem'.length;
const NAME_WIDTH = 'FreshBooks account'.length;

function checkText(output: Output, { name, state, text, whatToDo }: Checked): string[] {
  const lead = `${padded(state, STATE_WIDTH)}  ${padded(name, NAME_WIDTH)}  `;
  const columns = output.columns - lead.length;
  const lines = [
    ...wrapped(plain(text), columns),
    ...(whatToDo === undefined || state === 'ok' ? [] : wrapped(`→ ${plain(whatToDo)}`, columns)),
  ];
  return lines.map((line, index) =>
    index === 0
      ? `${output.paint(padded(state, STATE_WIDTH), COLOURS[state])}  ${padded(name, NAME_WIDTH)}  ${line}`
      : ' '.repeat(lead.length) + line,
  );
}
