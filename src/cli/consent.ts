import { findServer } from '#app.ts';
import type { App } from '#app.ts';
import { Failure } from '#core/failure.ts';
import { MINUTE, after } from '#core/time.ts';
import { openBrowser } from './browser.ts';
import { CommandError } from './command-error.ts';
import type { CommandContext } from './context.ts';
import type { LineReader } from './line-reader.ts';
import { paragraph } from './output.ts';

/**
 * Waits for the owner's answer, however it comes: to a running server, to this command listening in its place, or typed in,
 * because FreshBooks redirects to https addresses only and not everybody has one.
 */
interface Asking {
  readonly app: App;
  readonly lines: LineReader;
  readonly isBrowserWanted: boolean;
}

/** The answer's path on this server. */
const CALLBACK_PATH = '/auth/freshbooks/callback';
/** How soon an answer that another process took is noticed. */
const POLL_MS = 250;
/** As long as the question stays open. */
const GIVE_UP_MS = 15 * MINUTE;

type Answer = Parameters<App['answerConsent']>[0];

export async function askForConsent(context: CommandContext, asking: Asking): Promise<void> {
  const { app } = asking;
  const { url, state } = await app.consent.begin();
  const stopping = new AbortController();
  const server = findServer(app.config, app.clock);
  const listening = server === undefined ? await app.listenForConsent() : undefined;
  try {
    explainWays(context, { url, redirectUri: app.config.freshbooks.app?.redirectUri ?? '' });
    if (asking.isBrowserWanted && context.output.isTerminal) {
      openBrowser(url);
    }
    const ways = [
      answeredElsewhere(app, state, stopping.signal),
      typedIn(context, asking, { state, signal: stopping.signal }),
    ];
    await Promise.race(ways);
  } finally {
    stopping.abort();
    await listening?.stop();
  }
}

function explainWays(
  { output }: CommandContext,
  { url, redirectUri }: { readonly url: string; readonly redirectUri: string },
): void {
  output.note('Open this page as the owner or an administrator of the FreshBooks account, and allow access:');
  output.note('');
  output.note(url);
  output.note('');
  const isOurs = URL.canParse(redirectUri) && new URL(redirectUri).pathname === CALLBACK_PATH;
  const comes = isOurs
    ? 'The answer is noticed here by itself when FreshBooks’ redirect reaches this server. If it does not, paste'
    : `FreshBooks then sends you to ${redirectUri}, which is not this server (its path would be ${CALLBACK_PATH}). Paste`;
  const typed = `${comes} the whole address of the page that you end on, or its code:`;
  paragraph(output, typed).forEach((line) => output.note(line));
}

async function answeredElsewhere(app: App, state: string, signal: AbortSignal): Promise<void> {
  const giveUpAt = after(app.clock.now(), GIVE_UP_MS);
  while (!signal.aborted && !(await app.consent.isAnswered(state))) {
    if (app.clock.now() >= giveUpAt) {
      throw new CommandError('Nobody answered the consent page within 15 minutes: run the command again');
    }
    await app.clock.sleep(after(app.clock.now(), POLL_MS), signal);
  }
}

async function typedIn(
  { output }: CommandContext,
  { app, lines }: Asking,
  { state, signal }: { readonly state: string; readonly signal: AbortSignal },
): Promise<void> {
  const redirectUri = app.config.freshbooks.app?.redirectUri ?? '';
  for (;;) {
    const line = await lines.next(signal);
    if (line === undefined) {
      // Nothing will be typed: the other way decides.
      return new Promise(() => undefined);
    }
    const answer = answerIn(line.trim(), state);
    if (answer !== undefined) {
      await app.answerConsent(answer);
      return;
    }
    if (line.trim() !== '') {
      paragraph(output, unreadable(line.trim(), redirectUri), 'yellow').forEach((text) => output.note(text));
    }
  }
}

export function unreadable(text: string, redirectUri: string): string {
  const what = URL.canParse(text)
    ? 'This address holds no answer of FreshBooks'
    : 'This is neither an address nor a code';
  return `${what}. Paste the whole address that the browser shows once you have allowed access: it begins with ${redirectUri} and holds code=…; or that code alone`;
}

/** What a person pasted: an address with its parameters, or the code alone. Nothing when it holds no answer. */
export function answerIn(text: string, state: string | undefined): Answer | undefined {
  if (URL.canParse(text)) {
    const { searchParams } = new URL(text);
    const read = (name: string): string | undefined => searchParams.get(name) ?? undefined;
    const [code, stated, error, description] = ['code', 'state', 'error', 'error_description'].map(read);
    if (stated !== undefined && state !== undefined && stated !== state) {
      throw new Failure('token-missing', {
        detail: 'The pasted address answers another question: run counterfoil connect freshbooks again',
      });
    }
    if (code === undefined && error === undefined) {
      return undefined;
    }
    const known = stated ?? state;
    return {
      ...(code === undefined ? {} : { code }),
      ...(known === undefined ? {} : { state: known }),
      ...(error === undefined ? {} : { error }),
      ...(description === undefined ? {} : { error_description: description }),
    };
  }
  return /^[\w.~-]{8,}$/.test(text) ? { code: text, ...(state === undefined ? {} : { state }) } : undefined;
}
