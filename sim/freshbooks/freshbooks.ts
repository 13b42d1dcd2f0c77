// The FreshBooks simulator: an independent reading of docs/vendors/freshbooks.md, in memory, for the demo, the sandbox
// and every test that needs books to write to. It shares no code with the product, so that a misunderstanding on one
// side shows. Requests come in as web-standard Request objects; the paths alone decide, not the host.

import { withFaults, type FaultPlan, type Handle } from '#sim/faults.ts';
import { openAccount, type AccountOptions } from './accounts.ts';
import { route } from './api.ts';
import { byHand, type ByHand } from './by-hand.ts';
import { takeDeliveries } from './callbacks.ts';
import { chase } from './chasing.ts';
import { createRateLimits } from './limits.ts';
import { allScopes, createOAuth, type App, type TokenAnswer } from './oauth.ts';
import type { Account, Clock, Email, State } from './state.ts';
import { defaultSwitches, type Switches } from './switches.ts';
import { accountView, type AccountView } from './views.ts';

export interface FreshBooksOptions {
  readonly clock: Clock;
  /** Uniform in [0, 1); ids and tokens are drawn from it, so a seeded source makes a run repeatable. */
  readonly random: () => number;
  readonly switches?: Partial<Switches>;
  readonly faults?: FaultPlan;
  /** Waits for `slow` faults. */
  readonly sleep?: (delayMs: number) => Promise<void>;
  /** One account with id `SiMfb1` when left out. */
  readonly accounts?: readonly AccountOptions[];
  /** The default app when left out, with a loopback and an https redirect address. */
  readonly apps?: readonly App[];
  /** Whether the consent page waits for its Allow button; approved at once when left out. */
  readonly consent?: 'page' | 'auto-approve';
}

/** One call that reached the simulator. Cut connections are in the fault plan's own list. */
interface CallEntry {
  readonly at: number;
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  /** With its question mark; empty when there is none. */
  readonly query: string;
  readonly status: number;
}

export interface FreshBooksSim {
  handle: Handle;
  /** The books of an account; of the first when no id is given. */
  account(id?: string): AccountView;
  /** What a person does in FreshBooks' own pages. */
  byHand(id?: string): ByHand;
  /** Every e-mail a buyer would have received, over all accounts, oldest first. */
  readonly outbox: readonly Email[];
  readonly calls: readonly CallEntry[];
  /** How many calls matched; a string path matches when the path contains it. */
  count(match: { readonly method?: string; readonly path?: string | RegExp }): number;
  /** Tokens as if the person had consented just now; all scopes of the app when none are named. */
  grant(options?: { readonly clientId?: string; readonly scopes?: readonly string[] }): TokenAnswer;
  /** Every token dies, as when the owner disconnects the app. */
  revokeGrants(): void;
  /** Applies reminders and late fees that are due at the clock's time. */
  tick(): void;
  /** Webhook requests due since the last time, to be sent by the caller. */
  takeDeliveries(): readonly Request[];
  readonly apps: readonly App[];
  readonly switches: Switches;
}

export const defaultAccountId = 'SiMfb1';

export const defaultApp: App = {
  clientId: 'simulated-client-id',
  clientSecret: 'simulated-client-secret',
  name: 'Counterfoil',
  redirectUris: [
    'https://counterfoil.example/connect/freshbooks',
    'http://127.0.0.1:8080/connect/freshbooks',
    'http://localhost:8080/connect/freshbooks',
  ],
  scopes: allScopes,
};

export function createFreshBooks(options: FreshBooksOptions): FreshBooksSim {
  const switches: Switches = { ...defaultSwitches, ...options.switches };
  const { clock, random } = options;
  const state: State = { clock, random, switches, accounts: new Map(), outbox: [], counters: new Map() };
  for (const account of options.accounts ?? [{ id: defaultAccountId }]) openAccount(state, account);
  const oauth = createOAuth(state, {
    apps: options.apps ?? [defaultApp],
    consent: options.consent ?? 'auto-approve',
  });
  const calls: CallEntry[] = [];
  const api = { state, oauth, limits: createRateLimits(switches) };
  const logged: Handle = async (request) => {
    const at = clock.now();
    const url = new URL(request.url);
    const response = await route(api, request);
    calls.push({
      at,
      method: request.method,
      path: url.pathname,
      query: url.search,
      status: response.status,
    });
    return response;
  };
  const sleep = options.sleep === undefined ? {} : { sleep: options.sleep };
  return {
    handle: options.faults === undefined ? logged : withFaults(logged, options.faults, sleep),
    account: (id) => accountView({ state, account: pick(state, id) }),
    byHand: (id) => byHand(state, pick(state, id)),
    outbox: state.outbox,
    calls,
    count: (match) => calls.filter((call) => isMatch(match, call)).length,
    grant: (wanted) => {
      const app = oauth.apps.find(
        (candidate) => wanted?.clientId === undefined || candidate.clientId === wanted.clientId,
      );
      if (app === undefined) throw new Error(`Cannot grant to an unknown app "${wanted?.clientId ?? ''}"`);
      return oauth.issue(app, [...new Set(['user:profile:read', ...(wanted?.scopes ?? app.scopes)])]);
    },
    revokeGrants: () => oauth.revokeAll(),
    tick: () => {
      for (const account of state.accounts.values()) chase({ state, account });
    },
    takeDeliveries: () => takeDeliveries(state),
    apps: oauth.apps,
    switches,
  };
}

function pick(state: State, id: string | undefined): Account {
  const account = id === undefined ? [...state.accounts.values()][0] : state.accounts.get(id);
  if (account === undefined) throw new Error(`Cannot find the simulated account "${id ?? ''}"`);
  return account;
}

function isMatch(
  match: { readonly method?: string; readonly path?: string | RegExp },
  call: CallEntry,
): boolean {
  if (match.method !== undefined && match.method !== call.method) return false;
  if (match.path === undefined) return true;
  return typeof match.path === 'string'
    ? call.path.includes(match.path)
    : call.path.search(match.path) !== -1;
}
