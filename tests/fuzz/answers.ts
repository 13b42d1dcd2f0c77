import * as fc from 'fast-check';
import type { Transport } from '#net/request.ts';
import { mangled, mangles } from './mangle.ts';
import type { Mangle } from './mangle.ts';

/** A vendor that answers rightly but for one answer, of which status, headers and body may be anything. */
export interface SpoiltAnswer {
  /** Which of the calls, from 0. */
  readonly call: number;
  readonly status?: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Instead of the right body, before it is mangled. */
  readonly instead?: string | undefined;
  readonly body?: Mangle | undefined;
  /** The body breaks off, or no answer comes though the vendor acted. */
  readonly end: 'whole' | 'broken off' | 'lost';
}

const HEADERS = {
  'retry-after': [
    '0',
    '-1',
    '1',
    '999999999',
    '9'.repeat(30),
    'soon',
    'Fri, 20 Nov 2026 10:00:00 GMT',
    '1e9',
  ],
  'content-type': ['text/html', 'application/json; charset=utf-16', ''],
  'x-ratelimit-remaining': ['0', '-5', '1e400', 'many', '99999999999999999999'],
  'x-ratelimit-reset': ['0', '-5', '99999999999', 'never'],
  'x-ratelimit-limit': ['0', '-1', '1e400', ''],
  'x-api-version': ['', '2099-01-01', 'x'.repeat(3000)],
  'x-shopify-api-version': ['', '2099-01', 'x'.repeat(3000)],
  location: ['https://example.com/', 'file:///etc/passwd'],
} as const;

/** `others`: bodies that the vendor has for other occasions. */
export function spoiltAnswers(callsMax: number, others: readonly string[]): fc.Arbitrary<SpoiltAnswer> {
  const header = fc
    .constantFrom(...(Object.keys(HEADERS) as (keyof typeof HEADERS)[]))
    .chain((name) => fc.constantFrom(...HEADERS[name]).map((text) => [name, text] as const));
  return fc.record({
    // The first ones come in every conversation.
    call: fc.oneof(fc.constantFrom(0, 1), fc.nat(callsMax - 1)),
    status: rarely(
      fc.oneof(
        fc.constantFrom(200, 201, 204, 301, 302, 304, 400, 401, 402, 403, 404, 408, 409, 422, 429, 500, 503),
        fc.integer({ min: 200, max: 599 }),
      ),
    ),
    headers: fc.array(header, { maxLength: 2 }).map((pairs) => Object.fromEntries(pairs)),
    instead: rarely(fc.constantFrom(...others, '<html><body>502 Bad Gateway</body></html>', '')),
    body: fc.option(mangles, { nil: undefined, freq: 6 }),
    end: fc.oneof(
      { weight: 20, arbitrary: fc.constant('whole' as const) },
      { weight: 1, arbitrary: fc.constantFrom('broken off' as const, 'lost' as const) },
    ),
  });
}

function rarely<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
}

export interface Spoiling {
  readonly transport: Transport;
  /** From now on calls are counted and one is spoilt; without, all are right. */
  spoil(answer: SpoiltAnswer | undefined): void;
  /** Whether the call came that was to be spoilt. */
  readonly isSpoilt: () => boolean;
}

export function spoiling(transport: Transport): Spoiling {
  let plan: SpoiltAnswer | undefined;
  let calls = 0;
  let isSpoilt = false;
  return {
    isSpoilt: () => isSpoilt,
    spoil(answer) {
      plan = answer;
      calls = 0;
      isSpoilt = false;
    },
    async transport(request) {
      const response = await transport(request);
      const isIt = plan !== undefined && calls === plan.call;
      calls += 1;
      if (!isIt || plan === undefined) {
        return response;
      }
      isSpoilt = true;
      return spoilt(response, plan);
    },
  };
}

/** Statuses with which no body can be. */
const BODILESS = [204, 205, 304];

async function spoilt(
  response: Response,
  { status, headers, instead, body, end }: SpoiltAnswer,
): Promise<Response> {
  if (end === 'lost') {
    await response.body?.cancel();
    throw new TypeError('fetch failed', {
      cause: Object.assign(new Error('other side'), { code: 'ECONNRESET' }),
    });
  }
  const whole = new Uint8Array(await response.arrayBuffer());
  const base = instead === undefined ? whole : new TextEncoder().encode(instead);
  const content = body === undefined ? base : mangled(base, body);
  const all = new Headers(response.headers);
  all.delete('content-length');
  Object.entries(headers).forEach(([name, text]) => all.set(name, text));
  const now = status ?? response.status;
  const sent = end === 'broken off' ? brokenOff(content) : Buffer.from(content);
  return new Response(BODILESS.includes(now) ? null : sent, { status: now, headers: all });
}

function brokenOff(content: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(content.subarray(0, content.length >> 1));
      controller.error(new TypeError('terminated'));
    },
  });
}
