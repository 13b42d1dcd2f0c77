import { createTransport } from 'nodemailer';
import { Failure } from '#core/failure.ts';
import type { FailureCode } from '#core/failure.ts';
import type { AlarmMessage } from '#core/alarm-message.ts';
import { after } from '#core/time.ts';
import type { Clock } from '#core/time.ts';
import type { AlarmChannel } from '#pipeline/ports.ts';
import { SEND_TIMEOUT_MS } from './post-json.ts';

/** Where mail is handed in. */
export interface MailServer {
  readonly host: string;
  readonly port: number;
  /** `implicit`: TLS from the first byte. `required`: STARTTLS or nothing. `none`: only on this machine itself. */
  readonly tls: 'implicit' | 'required' | 'none';
  readonly login?: { readonly user: string; readonly password: string };
}

export interface MailAddresses {
  readonly from: string;
  /** One: a server that takes some of several recipients leaves the rest untold. */
  readonly to: string;
}

/** A server answers with a few lines. */
const ANSWER_BYTES_MAX = 64 * 1024;

/** Mails one address over SMTP. Each message has a connection of its own: they are few. */
export function createMailChannel(
  { name, clock }: { readonly name: string; readonly clock: Clock },
  { server, addresses }: { readonly server: MailServer; readonly addresses: MailAddresses },
): AlarmChannel {
  return {
    name,
    async send(message) {
      const aborter = new AbortController();
      const settled = new AbortController();
      const late = clock
        .sleep(after(clock.now(), SEND_TIMEOUT_MS), settled.signal)
        .then((): Outcome => ({ state: 'late' }));
      const outcome = await Promise.race([sent(server, mailOf(message, addresses), aborter.signal), late]);
      settled.abort();
      aborter.abort();
      if (outcome.state !== 'sent') {
        throw failureOf(name, server, outcome);
      }
    },
  };
}

type Outcome =
  | { readonly state: 'sent' }
  | { readonly state: 'late' }
  | { readonly state: 'failed'; readonly code: string; readonly status?: number };

/** What went wrong is told by codes alone: a server's words quote addresses, and its errors the command, which may be a login. */
async function sent(
  { host, port, tls, login }: MailServer,
  mail: ReturnType<typeof mailOf>,
  signal: AbortSignal,
): Promise<Outcome> {
  const transport = createTransport({
    host,
    port,
    secure: tls === 'implicit',
    requireTLS: tls === 'required',
    ignoreTLS: tls === 'none',
    connectionTimeout: SEND_TIMEOUT_MS,
    greetingTimeout: SEND_TIMEOUT_MS,
    socketTimeout: SEND_TIMEOUT_MS,
    dnsTimeout: SEND_TIMEOUT_MS,
    socketCloseTimeout: 0,
    maxResponseSize: ANSWER_BYTES_MAX,
    disableFileAccess: true,
    disableUrlAccess: true,
    logger: false,
    ...(login === undefined ? {} : { auth: { user: login.user, pass: login.password } }),
  });
  try {
    await transport.sendMail({ ...mail, signal });
    return { state: 'sent' };
  } catch (thrown) {
    const [code, status] = [fieldOf(thrown, 'code'), fieldOf(thrown, 'responseCode')];
    return {
      state: 'failed',
      code: typeof code === 'string' ? code : 'unknown',
      ...(typeof status === 'number' ? { status } : {}),
    };
  } finally {
    transport.close();
  }
}

function mailOf({ id, at, title, text, place }: AlarmMessage, { from, to }: MailAddresses) {
  return {
    from,
    to,
    subject: place === '' ? `Counterfoil: ${title}` : `Counterfoil ${place}: ${title}`,
    text: `${text}\n`,
    date: new Date(at),
    messageId: `<${id}@${from.slice(from.lastIndexOf('@') + 1)}>`,
    headers: { 'Auto-Submitted': 'auto-generated' },
  };
}

/** nodemailer's codes by what they mean here; what the server itself answered stands in the status. */
const CODES: Readonly<Record<string, { readonly code: FailureCode; readonly problem: string }>> = {
  EAUTH: { code: 'alarm-refused', problem: 'refuses the login' },
  ENOAUTH: { code: 'alarm-refused', problem: 'wants a login' },
  EENVELOPE: { code: 'alarm-refused', problem: 'refuses the sender or the recipient' },
  EMESSAGE: { code: 'alarm-refused', problem: 'refuses the message' },
  ETLS: { code: 'alarm-refused', problem: 'does not offer TLS that can be trusted' },
  EDNS: { code: 'request-unreachable', problem: 'is not known' },
  ESOCKET: { code: 'request-unreachable', problem: 'cannot be reached' },
  ECONNECTION: { code: 'request-unanswered', problem: 'closed the connection' },
  ETIMEDOUT: { code: 'request-unanswered', problem: 'does not answer' },
  EPROTOCOL: { code: 'request-answer-unreadable', problem: 'answers what is no SMTP' },
};

function failureOf(
  channel: string,
  { host, port }: MailServer,
  outcome: Exclude<Outcome, { state: 'sent' }>,
): Failure {
  const { code, problem } =
    outcome.state === 'late'
      ? { code: 'request-unanswered' as const, problem: 'did not take it in time' }
      : (CODES[outcome.code] ?? {
          code: 'request-unanswered' as const,
          problem: `failed (${outcome.code.slice(0, 40)})`,
        });
  const status = outcome.state === 'failed' && outcome.status !== undefined ? ` (${outcome.status})` : '';
  return new Failure(code, {
    detail: `Sending an alarm by ${channel}: the server ${host}:${port} ${problem}${status}`,
  });
}

function fieldOf(thrown: unknown, name: string): unknown {
  return typeof thrown === 'object' && thrown !== null ? Reflect.get(thrown, name) : undefined;
}
