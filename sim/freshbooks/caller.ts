// A caller for the simulator's own tests: a sim on a clock that is moved by hand, and JSON requests with a live token.

import type { JsonObject } from './json.ts';
import {
  createFreshBooks,
  defaultAccountId,
  type FreshBooksOptions,
  type FreshBooksSim,
} from './freshbooks.ts';

/** JSON of any shape, to be walked with dots: what a test reads wrongly fails the test. */
// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The whole parsed body; null when there is none or it is no JSON. */
  readonly body: Loose;
  /** `response.result`. */
  readonly result: Loose;
  /** The first of `response.errors`. */
  readonly error: Loose;
}

export interface Bench {
  readonly sim: FreshBooksSim;
  readonly clock: { at: number; now(): number };
  /** The first token; it lives for twelve hours of the clock. */
  readonly token: string;
  readonly get: (path: string) => Promise<Answer>;
  readonly post: (path: string, body: unknown) => Promise<Answer>;
  readonly put: (path: string, body: unknown) => Promise<Answer>;
  readonly remove: (path: string) => Promise<Answer>;
  /** Any request; paths that begin with a slash are absolute, others stand below the accounting account. */
  readonly send: (path: string, init?: RequestInit) => Promise<Answer>;
  /** The id of a new client. */
  readonly client: (fields?: object) => Promise<number>;
  /** A new invoice as answered: one line of 100.00 unless the fields say otherwise. */
  readonly invoice: (fields?: object) => Promise<Loose>;
}

/** Noon in New York on 29 June 2026. */
const START = Date.parse('2026-06-29T16:00:00Z');
const TOKEN_LIFE_MS = 12 * 3600_000;

export function bench(
  options: Partial<FreshBooksOptions> & { readonly scopes?: readonly string[] } = {},
): Bench {
  const clock = { at: START, now: () => clock.at };
  const sim = createFreshBooks({ clock, random: seeded(7), ...options });
  const grant = () => sim.grant(options.scopes === undefined ? {} : { scopes: options.scopes });
  const { access_token: token } = grant();
  // A clock moved by days outlives the token; calls then go on with a new grant.
  const liveToken = () => (clock.at - START < TOKEN_LIFE_MS ? token : grant().access_token);
  const accountId = options.accounts?.[0]?.id ?? defaultAccountId;
  const send = async (path: string, init: RequestInit = {}): Promise<Answer> => {
    const url = new URL(
      path.startsWith('/') ? path : `/accounting/account/${accountId}/${path}`,
      'https://api.freshbooks.com',
    );
    const headers = {
      authorization: `Bearer ${liveToken()}`,
      'content-type': 'application/json',
      ...Object.fromEntries(new Headers(init.headers)),
    };
    return answerOf(await sim.handle(new Request(url, { ...init, headers })));
  };
  const write = (method: string) => (path: string, body: unknown) =>
    send(path, { method, body: typeof body === 'string' ? body : JSON.stringify(body) });
  const post = write('POST');
  const client = async (fields: object = {}): Promise<number> => {
    const made = await post('users/clients', {
      client: { fname: 'Ada', lname: 'Byron', email: 'ada@example.com', ...fields },
    });
    return made.result.client.id;
  };
  return {
    sim,
    clock,
    token,
    send,
    get: (path) => send(path),
    post,
    put: write('PUT'),
    remove: (path) => send(path, { method: 'DELETE' }),
    client,
    invoice: async (fields: object = {}) => {
      const customerid = sim.account().clients[0]?.id ?? (await client());
      const lines = [line('Item', '100.00')];
      const made = await post('invoices/invoices?include[]=lines', {
        invoice: { customerid, create_date: '2026-06-29', lines, ...fields },
      });
      if (made.result === undefined) throw new Error(`Cannot make an invoice: ${JSON.stringify(made.body)}`);
      return made.result.invoice;
    },
  };
}

export function line(name: string, amount: string, more: JsonObject = {}): JsonObject {
  return { type: 0, name, qty: 1, unit_cost: { amount, code: 'USD' }, ...more };
}

export async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  let body: Loose = null;
  try {
    body = JSON.parse(text);
  } catch {
    // Pages and empty bodies have no JSON to look at.
  }
  return {
    status: response.status,
    headers: response.headers,
    body,
    result: body?.response?.result,
    error: body?.response?.errors?.[0],
  };
}

/** A small seeded source (mulberry32), so that every run draws the same. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
