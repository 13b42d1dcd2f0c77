import { createHash } from 'node:crypto';
import { Failure } from '#core/failure.ts';
import type { Effect } from '#core/failure.ts';
import { createGathering } from '#core/gathered.ts';
import { parseLossless } from '#core/json.ts';
import type { Lossless } from '#core/json.ts';
import { MINUTE, SECOND, after } from '#core/time.ts';
import type { Clock, Instant } from '#core/time.ts';

/**
 * Outgoing HTTP. One request, one answer, and the answer to "did it happen?": nobody else decides a failure's `effect`.
 *
 *   never connected, not sent  → none
 *   sent, no whole answer      → unknown for a write, none for a read
 *   5xx, 3xx, unreadable       → unknown for a write, none for a read
 *   429 and other 4xx          → none: the other side says that it did not act
 */

/** The platform's fetch, handed in by app.ts; a simulator in tests. */
export type Transport = (request: Request) => Promise<Response>;

export interface Sending {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string | URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** From the first byte sent to the last one read. */
  readonly timeoutMs: number;
  readonly answerBytesMax: number;
  /** What we are doing, for a failure's text: `Creating invoice "SHOPIFY-1001"`. Never contact data or a secret. */
  readonly doing: string;
  readonly clock: Clock;
  /** Whether it changes anything over there. Said only where the method misleads: a GraphQL query is a POST that reads. */
  readonly changes?: boolean;
  /** The path is a secret too, as a chat's webhook address is: only the host is named. */
  readonly isPathSecret?: true;
}

/** A 2xx or 4xx answer (not 408, not 429) whose body arrived whole and is UTF-8. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Of method, address and body: proves what was sent without keeping it. */
  readonly requestSha256: string;
  readonly answerSha256: string;
  readonly doing: string;
  /** What a failure to make sense of the answer means for the write. */
  readonly effectIfUnreadable: Effect;
}

/** A vendor that asks for more is asked again sooner, so that a slip of theirs cannot stop the books for a day. */
export const RETRY_AFTER_MAX_MS = 15 * MINUTE;
/** FreshBooks and Shopify count in windows of a minute or less. */
const RATE_LIMIT_WAIT_MS = MINUTE;

/** A reason that nobody reads: without one an error with its stack is made for each request. */
const ENDED = 'ended';

/** Sends one request. Returns an answer that the vendor's adapter interprets, or throws a Failure `request-…`. */
export async function send(transport: Transport, sending: Sending): Promise<Answer> {
  const aborter = new AbortController();
  const request = build(sending, aborter.signal);
  const settled = new AbortController();
  const timeout = sending.clock
    .sleep(after(sending.clock.now(), sending.timeoutMs), settled.signal)
    .then((): 'timeout' => 'timeout');
  try {
    const winner = await Promise.race([exchange(transport, request, sending), timeout]);
    if (winner === 'timeout') {
      throw failureOf('request-unanswered', sending, {
        problem: `no answer within ${sending.timeoutMs / SECOND} s`,
      });
    }
    return winner;
  } finally {
    settled.abort(ENDED);
    // Frees the socket of an exchange that lost the race; harmless after a whole answer.
    aborter.abort(ENDED);
  }
}

/** The answer's JSON, numbers as the digits they were written with. Throws `request-answer-unreadable`. */
export function jsonOf(answer: Answer): Lossless {
  try {
    return parseLossless(answer.text);
  } catch (cause) {
    throw unreadable(answer, 'is not JSON', cause);
  }
}

/** The failure to throw when an answer arrived but lacks what it must have: `has no "invoice.id"`. */
export function unreadable(answer: Answer, problem: string, cause?: unknown): Failure {
  return new Failure('request-answer-unreadable', {
    detail: `${answer.doing}: the answer (status ${answer.status}) ${problem}`,
    effect: answer.effectIfUnreadable,
    cause,
  });
}

function build(sending: Sending, signal: AbortSignal): Request {
  try {
    return new Request(sending.url, {
      method: sending.method,
      headers: { ...sending.headers },
      redirect: 'manual',
      signal,
      ...(sending.body === undefined ? {} : { body: sending.body }),
    });
  } catch {
    // The cause is left out: it quotes the header, which may be a secret.
    throw new Failure('config-invalid', {
      detail: `${sending.doing}: the address or a header (an access token?) has characters that HTTP does not allow`,
    });
  }
}

async function exchange(transport: Transport, request: Request, sending: Sending): Promise<Answer> {
  const response = await connect(transport, request, sending);
  assertAnswers(response, sending);
  const bytes = await readBody(response, sending);
  return {
    status: response.status,
    headers: response.headers,
    text: decode(bytes, response, sending),
    requestSha256: sha256(`${sending.method} ${String(sending.url)}\n${sending.body ?? ''}`),
    answerSha256: sha256(bytes),
    doing: sending.doing,
    effectIfUnreadable: effectAfter(response, sending),
  };
}

async function connect(transport: Transport, request: Request, sending: Sending): Promise<Response> {
  try {
    return await transport(request);
  } catch (cause) {
    if (cause instanceof Failure) {
      // Refused before it left.
      throw cause;
    }
    const problem = codeOf(cause) ?? 'the connection broke';
    throw neverConnected(cause)
      ? failureOf('request-unreachable', sending, { problem, effect: 'none', cause })
      : failureOf('request-unanswered', sending, { problem, cause });
  }
}

/** Throws for the answers that mean the same whoever sends them; the rest is the vendor's language. */
function assertAnswers(response: Response, sending: Sending): void {
  const { status } = response;
  if (
    (status >= 200 && status < 300) ||
    (status >= 400 && status < 500 && status !== 408 && status !== 429)
  ) {
    return;
  }
  discard(response);
  const problem = `answered ${status}`;
  if (status === 429) {
    const told = retryAfter(response, sending.clock.now());
    const retryAt = told ?? after(sending.clock.now(), RATE_LIMIT_WAIT_MS);
    throw failureOf('request-rate-limited', sending, { problem, effect: 'none', retryAt });
  }
  if (status >= 500 || status === 408) {
    const retryAt = status === 503 ? retryAfter(response, sending.clock.now()) : undefined;
    throw failureOf('request-server-error', sending, { problem, retryAt });
  }
  throw failureOf('request-answer-unreadable', sending, { problem: `${problem}, which is not an answer` });
}

async function readBody(response: Response, sending: Sending): Promise<Uint8Array> {
  const body = createGathering();
  let isTooLarge = false;
  try {
    for await (const chunk of response.body ?? []) {
      isTooLarge = body.size + chunk.byteLength > sending.answerBytesMax;
      if (isTooLarge) {
        break;
      }
      body.add(chunk);
    }
  } catch (cause) {
    throw failureOf('request-answer-unreadable', sending, {
      problem: `answered ${response.status} and was cut off`,
      effect: effectAfter(response, sending),
      cause,
    });
  }
  if (isTooLarge) {
    throw failureOf('request-answer-unreadable', sending, {
      problem: `answered ${response.status} with more than ${sending.answerBytesMax} bytes`,
      effect: effectAfter(response, sending),
    });
  }
  return body.whole();
}

function decode(bytes: Uint8Array, response: Response, sending: Sending): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw failureOf('request-answer-unreadable', sending, {
      problem: `answered ${response.status} with text that is not UTF-8`,
      effect: effectAfter(response, sending),
      cause,
    });
  }
}

/** A 4xx says that nothing was done, whatever its body says. */
function effectAfter(response: Response, sending: Sending): Effect {
  return response.status >= 400 ? 'none' : effectOf(sending);
}

function effectOf(sending: Sending): Effect {
  return (sending.changes ?? sending.method !== 'GET') ? 'unknown' : 'none';
}

interface Circumstances {
  readonly problem: string;
  readonly effect?: Effect;
  readonly retryAt?: Instant | undefined;
  readonly cause?: unknown;
}

function failureOf(
  code:
    | 'request-unreachable'
    | 'request-unanswered'
    | 'request-answer-unreadable'
    | 'request-server-error'
    | 'request-rate-limited',
  sending: Sending,
  { problem, effect, retryAt, cause }: Circumstances,
): Failure {
  return new Failure(code, {
    detail: `${sending.doing}: ${sending.method} ${redacted(sending)}: ${problem}`,
    effect: effect ?? effectOf(sending),
    ...(retryAt === undefined ? {} : { retryAt }),
    cause,
  });
}

/** Host and path, with the names of the query's keys and none of its values: they may be a buyer's e-mail address. */
function redacted({ url, isPathSecret }: Sending): string {
  const { host, pathname, searchParams } = new URL(url);
  if (isPathSecret === true) {
    return host;
  }
  const keys = [...searchParams.keys()].map((key) => `${key}=…`);
  return `${host}${pathname}${keys.length === 0 ? '' : `?${keys.join('&')}`}`;
}

/** Seconds or a date, at least a second from now, or nothing when it is absent or neither. */
function retryAfter(response: Response, now: Instant): Instant | undefined {
  const text = response.headers.get('retry-after')?.trim() ?? '';
  const waitMs = /^\d{1,9}$/.test(text) ? Number(text) * SECOND : Date.parse(text) - now;
  return Number.isNaN(waitMs)
    ? undefined
    : after(now, Math.min(Math.max(waitMs, SECOND), RETRY_AFTER_MAX_MS));
}

/** Failures of finding, reaching or trusting the host: all come before the first byte of the request. */
const BEFORE_SENDING =
  /^(ENOTFOUND|EAI_.+|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENETDOWN|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT|CERT_.+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_.+|ERR_TLS_CERT_ALTNAME_INVALID)$/;
/** An error's causes are followed this far: fetch wraps the socket's error once. */
const CAUSES_MAX = 5;

function neverConnected(thrown: unknown): boolean {
  const causes = causesOf(thrown);
  return causes.some(
    (cause) =>
      BEFORE_SENDING.test(textOf(cause, 'code')) || /^(connect|getaddrinfo)$/.test(textOf(cause, 'syscall')),
  );
}

function codeOf(thrown: unknown): string | undefined {
  return causesOf(thrown)
    .map((cause) => textOf(cause, 'code'))
    .find((code) => code !== '');
}

function causesOf(thrown: unknown): unknown[] {
  const causes: unknown[] = [];
  let cause = thrown;
  for (let depth = 0; depth < CAUSES_MAX && cause instanceof Error; depth += 1) {
    causes.push(cause);
    // Several addresses of one host, all tried in vain.
    cause = cause.cause ?? (cause instanceof AggregateError ? cause.errors[0] : undefined);
  }
  return causes;
}

function textOf(value: unknown, key: string): string {
  if (typeof value !== 'object' || value === null || !(key in value)) {
    return '';
  }
  const field: unknown = Reflect.get(value, key);
  return typeof field === 'string' ? field : '';
}

/** An answer that is not read must not hold its socket. */
function discard(response: Response): void {
  void response.body?.cancel().catch(() => undefined);
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
