import type { DatabaseSync } from 'node:sqlite';
import { statementOf } from '#tests/chaos/gated-database.ts';
import type { OrderKey } from '#core/ids.ts';
import type { FreshBooksSim } from '#sim/freshbooks/freshbooks.ts';
import { Refusal } from '#sim/freshbooks/refusal.ts';
import { between, pick } from '#sim/world/random.ts';
import type { Random } from '#sim/world/random.ts';
import { drawnFor } from '#tests/chaos/drawn.ts';

/**
 * A person in FreshBooks' own pages, in a share of the runs: he changes, deletes and adds beside the program, one thing of an order.
 * What he did while nothing was under way is his: it stays as he left it, until he gives it up. What he does between two calls of
 * one order may be written over: FreshBooks takes no write that is meant only for what was read.
 */
export interface Deed {
  readonly order: OrderKey;
  readonly what: What;
  readonly invoiceId: number;
  /** The highest id of an invoice that there was then. */
  readonly newestId: number;
  /** Whether nothing was under way of the order. */
  readonly isAtRest: boolean;
  /** The row of what he changed or made, as he left it. */
  readonly left: Left;
  /** What he said of it when he was asked. */
  answer?: 'restore' | 'accept' | 'keep';
}

export type What = (typeof WHATS)[number];

/** Of a row, what nobody else may change. Nothing where it is no figure of the books: then the order is booked as if he had not come. */
interface Left {
  readonly of: 'invoice' | 'payment' | 'nothing';
  readonly id: number;
  readonly shown: string;
}

const WHATS = [
  'invoice redated',
  'invoice lines replaced',
  'invoice renumbered',
  'invoice deleted',
  'payment lowered',
  'payment deleted',
  'payment added',
  'invoice archived',
  'invoice viewed',
  'client deleted',
  'client moved',
] as const;

const SHARE = 0.25;
const STREAM = 0x4a4d;
const DEEDS_MAX = 4;
/** Of his visits, those at which he comes in between. */
const HASTY_SHARE = 0.3;
const DAY_MS = 86_400_000;

export interface Visit {
  /** Milliseconds from the beginning. */
  readonly at: number;
  /** He waits until something is under way of an order, and comes in between. */
  readonly isHasty: boolean;
}

export interface Person {
  readonly visits: readonly Visit[];
  readonly random: Random;
  readonly deeds: Deed[];
}

export function personOf(seed: number, withinMs: number): Person | undefined {
  const random = drawnFor(seed, STREAM, SHARE);
  if (random === undefined) {
    return undefined;
  }
  const visits = Array.from({ length: between(random, 1, DEEDS_MAX) }, () => ({
    at: between(random, 0, withinMs),
    isHasty: random() < HASTY_SHARE,
  }));
  return { visits: visits.toSorted((a, b) => a.at - b.at), random, deeds: [] };
}

interface Places {
  readonly person: Person;
  readonly freshbooks: FreshBooksSim;
  readonly database: DatabaseSync;
}

/** What he did to figures of the books; all else changes nothing. */
export function deedsOn({ deeds }: Pick<Person, 'deeds'>): readonly Deed[] {
  return deeds.filter(({ left }) => left.of !== 'nothing');
}

/** Does one thing to an order that he has not touched yet, where there is one. */
export function visit(
  { isHasty }: Visit,
  { person: { random, deeds }, freshbooks, database }: Places,
): Deed | undefined {
  const touched = new Set(deeds.map(({ order }) => order));
  const fitting = invoicesIn(database).filter(
    ({ order, isAtRest }) => !touched.has(order) && isAtRest !== isHasty,
  );
  const live = new Set(fitting.length === 0 ? [] : liveInvoices(freshbooks));
  const known = fitting.filter(({ invoiceId }) => live.has(invoiceId));
  if (known.length === 0) {
    return undefined;
  }
  const { order, invoiceId, isAtRest } = pick(random, known);
  const what = pick(random, WHATS);
  try {
    const left = DEEDS[what](freshbooks, invoiceId);
    if (left === undefined) {
      return undefined;
    }
    const newestId = Math.max(...freshbooks.account().invoices.map(({ id }) => id));
    const shown = shownOf(freshbooks, left);
    const deed = { order, what, invoiceId, newestId, isAtRest, left: { ...left, shown } };
    deeds.push(deed);
    return deed;
  } catch (thrown) {
    if (thrown instanceof Refusal) {
      return undefined;
    }
    throw thrown;
  }
}

/** The row as it stands now, to be compared with how he left it. */
export function shownOf(freshbooks: FreshBooksSim, { of, id }: Pick<Left, 'of' | 'id'>): string {
  const account = freshbooks.account();
  if (of === 'nothing') {
    return '';
  }
  if (of === 'payment') {
    const payment = account.payments.find((row) => row.id === id);
    return JSON.stringify(payment && [payment.amount, payment.date, payment.type, payment.visState]);
  }
  const invoice = account.invoices.find((row) => row.id === id);
  return JSON.stringify(
    invoice && [
      invoice.number,
      invoice.createdOn,
      invoice.amount,
      invoice.clientId,
      invoice.visState,
      invoice.lines.map(({ name, amount }) => [name, amount]),
    ],
  );
}

type Act = (freshbooks: FreshBooksSim, invoiceId: number) => Pick<Left, 'of' | 'id'> | undefined;

const DEEDS: Readonly<Record<What, Act>> = {
  'invoice redated': (freshbooks, id) => {
    const { createdOn } = invoiceOf(freshbooks, id);
    freshbooks.byHand().editInvoice(id, { create_date: dayBefore(createdOn) });
    return { of: 'invoice', id };
  },
  'invoice lines replaced': (freshbooks, id) => {
    const { amount, currency } = invoiceOf(freshbooks, id);
    const lines = [{ name: 'As agreed', qty: 1, unit_cost: { amount, code: currency } }];
    freshbooks.byHand().editInvoice(id, { lines });
    return { of: 'invoice', id };
  },
  'invoice renumbered': (freshbooks, id) => {
    freshbooks.byHand().renumberInvoice(id, `HAND-${id}`);
    return { of: 'invoice', id };
  },
  'invoice deleted': (freshbooks, id) => {
    freshbooks.byHand().deleteInvoice(id);
    return { of: 'invoice', id };
  },
  'payment lowered': (freshbooks, invoiceId) => {
    const payment = paymentOf(freshbooks, invoiceId);
    const [whole = '0'] = payment?.amount.split('.') ?? [];
    if (payment === undefined || BigInt(whole) <= 1n) {
      return undefined;
    }
    const amount = { amount: String(BigInt(whole) - 1n), code: payment.currency };
    freshbooks.byHand().editPayment(payment.id, { amount });
    return { of: 'payment', id: payment.id };
  },
  'payment deleted': (freshbooks, invoiceId) => {
    const payment = paymentOf(freshbooks, invoiceId);
    if (payment === undefined) {
      return undefined;
    }
    freshbooks.byHand().deletePayment(payment.id);
    return { of: 'payment', id: payment.id };
  },
  'payment added': (freshbooks, invoiceId) => {
    const { outstanding, currency, createdOn } = invoiceOf(freshbooks, invoiceId);
    if (Number(outstanding) <= 0) {
      return undefined;
    }
    const id = freshbooks.byHand().addPayment({
      invoiceid: invoiceId,
      amount: { amount: outstanding, code: currency },
      date: createdOn,
      type: 'Check',
    });
    return { of: 'payment', id };
  },
  'client deleted': (freshbooks, invoiceId) => {
    const { clientId: id } = invoiceOf(freshbooks, invoiceId);
    freshbooks.byHand().editClient(id, { vis_state: 1 });
    return { of: 'nothing', id };
  },
  'client moved': (freshbooks, invoiceId) => {
    const { clientId: id } = invoiceOf(freshbooks, invoiceId);
    freshbooks.byHand().editClient(id, { email: `moved-${id}@example.net`, p_city: 'Elsewhere' });
    return { of: 'nothing', id };
  },
  'invoice archived': (freshbooks, id) => {
    freshbooks.byHand().archiveInvoice(id);
    return { of: 'nothing', id };
  },
  'invoice viewed': (freshbooks, id) => {
    freshbooks.byHand().viewInvoice(id);
    return { of: 'nothing', id };
  },
};

interface Known {
  readonly order: OrderKey;
  readonly invoiceId: number;
  readonly isAtRest: boolean;
}

const INVOICES = `select entries.order_key, entries.external_id,
         orders.state not in ('working', 'due') and not exists (
           select 1 from entries open where open.order_key = orders.key and open.state = 'pending'
         ) as is_at_rest
       from entries join orders on orders.key = entries.order_key
       where entries.kind = 'invoice' and entries.state = 'posted'
       order by entries.id`;

/** That the program has made. One rests when nobody works on its order and no call of it is unanswered: what he sees is what it wrote. */
function invoicesIn(database: DatabaseSync): readonly Known[] {
  return statementOf(database, INVOICES)
    .all()
    .map((row) => ({
      order: String(row['order_key']) as OrderKey, // oxlint-disable-line typescript/no-unsafe-type-assertion -- as it is stored
      invoiceId: Number(row['external_id']),
      isAtRest: Number(row['is_at_rest']) === 1,
    }));
}

function liveInvoices(freshbooks: FreshBooksSim): readonly number[] {
  return freshbooks
    .account()
    .invoices.filter(({ visState }) => visState === 0)
    .map(({ id }) => id);
}

function invoiceOf(freshbooks: FreshBooksSim, id: number) {
  const invoice = freshbooks.account().invoices.find((row) => row.id === id);
  if (invoice === undefined) {
    throw new Error(`FreshBooks has no invoice ${id}`);
  }
  return invoice;
}

function paymentOf(freshbooks: FreshBooksSim, invoiceId: number) {
  return freshbooks
    .account()
    .payments.find((row) => row.invoiceId === invoiceId && row.visState === 0 && row.creditId === null);
}

function dayBefore(day: string): string {
  return new Date(Date.parse(day) - DAY_MS).toISOString().slice(0, 10);
}
