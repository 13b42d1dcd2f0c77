import type { DatabaseSync } from 'node:sqlite';
import type { App } from '#app.ts';
import type { FailureCode } from '#core/failure.ts';
import { connectionId } from '#core/ids.ts';
import type { Rules } from '#core/rules.ts';
import { localDate, parseLocalDate, parseZone } from '#core/time.ts';
import type { LocalDate } from '#core/time.ts';
import { currentRules } from '#pipeline/current-rules.ts';
import { foresee } from '#pipeline/outlook.ts';
import { eraseFinished, eraseOrder } from '#pipeline/redaction.ts';
import { decideOrder, releaseOrder } from '#pipeline/release.ts';
import { replan } from '#pipeline/replan.ts';
import type { FreshBooksSim } from '#sim/freshbooks/freshbooks.ts';
import { between, pick } from '#sim/world/random.ts';
import type { Random } from '#sim/world/random.ts';
import { assertClosed, closingOf } from '#tests/chaos/closed-days.ts';
import type { Closing } from '#tests/chaos/closed-days.ts';
import { drawnFor } from '#tests/chaos/drawn.ts';

/**
 * Whose books they are, at the command line, in a share of the runs: in the middle of everything he imports other rules, has what is
 * booked follow them, closes days and opens them again, and has contact data erased. At the end all days are open, and the books must
 * be what they are without him.
 */
export interface Office {
  readonly visits: readonly { readonly at: number; readonly what: What }[];
  readonly random: Random;
  /** Whether orders follow other rules than those they were booked by. */
  isFollowing?: boolean;
  /** While days are closed. */
  closing?: Closing | undefined;
}

type What = keyof typeof ACTS;

const SHARE = 0.25;
const STREAM = 0x0ff1;
const VISITS_MAX = 6;
const ORDERS_MAX = 1_000;
const UTC = parseZone('Z');
const CLOSED: readonly FailureCode[] = ['period-closed', 'books-period-locked'];

export function officeOf(seed: number, withinMs: number): Office | undefined {
  const random = drawnFor(seed, STREAM, SHARE);
  if (random === undefined) {
    return undefined;
  }
  const visits = Array.from({ length: between(random, 1, VISITS_MAX) }, () => ({
    at: between(random, 0, withinMs),
    what: pick(random, WHATS),
  }));
  return { visits: visits.toSorted((a, b) => a.at - b.at), random };
}

/** Tells whether there was anything to do. */
export function command(what: What, app: App, acting: Acting): Promise<boolean> {
  return ACTS[what](app, acting);
}

/** All days are open again, and each order is tried again: one whose invoice was closed to a change of no worth asked nothing. */
export async function openDays(app: App, acting: Acting): Promise<void> {
  acting.freshbooks.byHand().setLockDate(null);
  await closeThrough(app, acting, undefined);
  const { store, clock } = app;
  for (const { key } of await store.read.orders({ limit: ORDERS_MAX })) {
    await releaseOrder(store, key, { now: clock.now(), account: 'freshbooks' });
  }
}

export interface Acting {
  readonly office: Office;
  readonly freshbooks: FreshBooksSim;
  readonly database: DatabaseSync;
  /** Orders that somebody changed in FreshBooks' pages. */
  readonly touched: ReadonlySet<string>;
}

const ACTS = {
  'other rules': (app: App, { office }: Acting) => importOther(app, office.random),
  'rules followed': async (app: App, { office }: Acting) => {
    await importOther(app, office.random);
    office.isFollowing = true;
    return follow(app);
  },
  'days closed': (app: App, acting: Acting) => closeThrough(app, acting, today(app)),
  'days opened': (app: App, acting: Acting) => closeThrough(app, acting, undefined),
  'lock date set': async (app: App, { freshbooks }: Acting) => {
    freshbooks.byHand().setLockDate(today(app));
    return true;
  },
  'lock date taken back': async (_app: App, { freshbooks }: Acting) => {
    freshbooks.byHand().setLockDate(null);
    return true;
  },
  'first open day': bookOnOpenDay,
  'contact data erased': async ({ store, eraser }: App, { office }: Acting) => {
    const orders = await store.read.orders({ limit: ORDERS_MAX });
    if (orders.length === 0) {
      return false;
    }
    await eraseOrder(eraser, pick(office.random, orders).key);
    return true;
  },
  'all contact data erased': async ({ eraser, clock }: App) => {
    await eraseFinished(eraser, { before: clock.now(), because: 'by hand' });
    return true;
  },
} as const satisfies Record<string, (app: App, acting: Acting) => Promise<boolean>>;

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its own keys
const WHATS = Object.keys(ACTS) as What[];

/** By which other calls are made, as in simulate.ts; a seller's stay, because his orders are judged by them. */
async function importOther(app: App, random: Random): Promise<boolean> {
  const other: Partial<Rules> = {
    refunds: pick(random, ['adjust', 'expense'] as const),
    client: pick(random, ['per_customer', 'one_per_channel'] as const),
    channelTax: pick(random, ['left_out', 'two_lines'] as const),
    amountRefundTax: pick(random, ['none', 'as_sold'] as const),
    taxLines: pick(random, [{}, { default: 'own_lines' }] as const),
    invoiceNumber: pick(random, ['SHOPIFY-{order_number}', 'WEB{order_number}'] as const),
    dueOffsetDays: pick(random, [0, 15] as const),
  };
  const routes = await app.routeRules();
  await app.importRules(
    routes.map(({ rules, ...route }) => ({
      ...route,
      rules: route.from === 'shopify' ? { ...rules, ...other } : rules,
    })),
  );
  return true;
}

/** As `counterfoil plan --apply` does for every order. */
async function follow({ store, books, clock, defaultsOf }: App): Promise<boolean> {
  const source = connectionId('shopify');
  const { version, rules } = await currentRules(store.read, source, defaultsOf(source));
  const since = parseLocalDate('2000-01-01');
  const foresight = await foresee(store.read, { source, books, rules, since, limit: ORDERS_MAX });
  await replan(store, foresight, {
    source,
    books,
    otherwise: defaultsOf(source),
    version,
    now: clock.now(),
  });
  return true;
}

async function closeThrough(app: App, acting: Acting, day: LocalDate | undefined): Promise<boolean> {
  const { office, touched } = acting;
  if (office.closing !== undefined) {
    assertClosed(acting, office.closing, touched);
    // A crash after the import has been committed leaves the days open, and the import is to be repeated.
    office.closing = undefined;
  }
  const routes = await app.routeRules();
  await app.importRules(
    routes.map(({ rules, ...route }) => {
      const { closedThrough: _closed, ...open } = rules;
      return { ...route, rules: day === undefined ? open : { ...open, closedThrough: day } };
    }),
  );
  office.closing = day === undefined ? undefined : closingOf(acting, day);
  return true;
}

async function bookOnOpenDay({ store, clock }: App): Promise<boolean> {
  let isAny = false;
  for (const { key } of await store.read.orders({ state: 'held', limit: ORDERS_MAX })) {
    const holds = await store.read.holds({ order: key, isOpen: true });
    if (holds.some(({ code }) => CLOSED.includes(code))) {
      await decideOrder(store, key, { decision: 'open-day', now: clock.now() });
      isAny = true;
    }
  }
  return isAny;
}

function today({ clock }: App): LocalDate {
  return localDate(clock.now(), UTC);
}
