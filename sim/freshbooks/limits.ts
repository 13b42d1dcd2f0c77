// Rate limits (docs/vendors/freshbooks.md sections 0.11 and 7): fixed windows of sixty seconds, one for POST to the
// accounting family and one for everything else. A window opens with its first call.

import type { Switches } from './switches.ts';

export interface RateLimits {
  /** Counts a call against its window. */
  count(call: LimitedCall, now: number): RateVerdict;
}

interface LimitedCall {
  readonly method: string;
  readonly path: string;
  /** Whose window it is: a token's grant, an account, or an application. */
  readonly key: string;
}

interface RateVerdict {
  readonly isAllowed: boolean;
  readonly headers: Readonly<Record<string, string>>;
}

const WINDOW_MS = 60_000;

export function createRateLimits(switches: Switches): RateLimits {
  const windows = new Map<string, { endsAt: number; usedCount: number }>();
  return {
    count: (call, now) => {
      const isAccountingPost = call.method === 'POST' && call.path.startsWith('/accounting/');
      const limit = isAccountingPost ? switches.rateLimitAccountingPost : switches.rateLimitOther;
      const name = `${call.key} ${isAccountingPost ? 'accounting-post' : 'other'}`;
      const known = windows.get(name);
      const window =
        known !== undefined && now < known.endsAt ? known : { endsAt: now + WINDOW_MS, usedCount: 0 };
      window.usedCount += 1;
      windows.set(name, window);
      const isAllowed = window.usedCount <= limit;
      const retryAfterSeconds = Math.ceil((window.endsAt - now) / 1000);
      const headers = {
        'x-ratelimit-limit': String(limit),
        'x-ratelimit-remaining': String(Math.max(0, limit - window.usedCount)),
        'x-ratelimit-reset': String(Math.floor(window.endsAt / 1000)),
        ...(switches.retryAfter === 'always' || !isAllowed
          ? { 'retry-after': String(retryAfterSeconds) }
          : {}),
      };
      return { isAllowed, headers };
    },
  };
}

/** The answer to a call over the limit. No real body was ever recorded. */
export function tooManyRequests(switches: Switches): Response {
  const message = 'API rate limit exceeded';
  switch (switches.rateLimitBody) {
    case 'message':
      return Response.json({ message }, { status: 429 });
    case 'classic':
      return Response.json(
        { response: { errors: [{ errno: 429, field: null, message, object: null, value: null }] } },
        { status: 429 },
      );
    case 'html':
      return new Response(`<html><body><h1>429 Too Many Requests</h1></body></html>`, {
        status: 429,
        headers: { 'content-type': 'text/html' },
      });
    case 'empty':
      return new Response(null, { status: 429 });
  }
}
