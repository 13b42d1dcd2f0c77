import { createHash } from 'node:crypto';
import type { Step } from '#core/document.ts';
import { Failure, asFailure } from '#core/failure.ts';
import type { Fact } from '#core/failure.ts';
import type { ConnectionId, OrderKey } from '#core/ids.ts';
import { differencesOf } from '#core/invoice-document.ts';
import { toJson } from '#core/json.ts';
import { asIfPosted, fold, isNothingStanding } from '#core/ledger.ts';
import type { Booked, Entry, Hold } from '#core/ledger.ts';
import type { OrderState } from '#core/lifecycle.ts';
import * as money from '#core/money.ts';
import type { Money } from '#core/money.ts';
import { plan } from '#core/plan.ts';
import type { PlannedHold, Terms } from '#core/plan-terms.ts';
import type { Rules } from '#core/rules.ts';
import { calledOf } from '#core/settlement.ts';
import type { Bookable } from '#core/settlement.ts';
import { DAY, after, instant, localDate } from '#core/time.ts';
import type { Instant, LocalDate } from '#core/time.ts';
import { intentSha256, stepName } from './ledger-writer.ts';
import { termsFor } from './order-terms.ts';
import type { Books, OrderRecord, Reader } from './ports.ts';

/**
 * What would become of stored orders if they followed these rules, by the plan that the worker makes. Reads only: the orders
 * stay as they are until `replan` is told otherwise.
 */
export type Outlook =
  /** Nothing to do now. */
  | { readonly state: 'unchanged' }
  | {
      readonly state: 'changed';
      readonly steps: readonly ForeseenStep[];
      /** Questions that are not asked already. */
      readonly asked: readonly PlannedHold[];
      /** By which the order's invoices would total more or less, in each currency in which they do. */
      readonly differences: readonly Money[];
    }
  /** Nothing would be booked, only asked; or one of its invoices cannot follow the rules that another would. */
  | {
      readonly state: 'held';
      readonly asked: readonly PlannedHold[];
      /** It is booked by its own rules, and the new ones would bring it nothing but a question, or one that only the old ones end. */
      readonly keepsRules: boolean;
    }
  /** Nothing would be booked, and what is asked now would not be any more. */
  | { readonly state: 'released'; readonly answered: readonly Hold[] }
  | { readonly state: 'skipped'; readonly reason: string }
  | { readonly state: 'under-way'; readonly why: string }
  /** A person's: linked, stopped being followed, or accepted as it stands in the books. */
  | { readonly state: 'left'; readonly why: 'linked' | 'stopped' | 'accepted' }
  | { readonly state: 'unplanned'; readonly why: string };

export interface ForeseenStep {
  readonly step: Step;
  /** Of lines that are replaced: each figure before and after. */
  readonly differences: readonly Fact[];
}

/** An order as it was looked at. */
export interface Foreseen {
  readonly key: OrderKey;
  readonly name: string;
  readonly state: OrderState;
  /** Absent while no message has shown the order. */
  readonly placedOn?: LocalDate;
  readonly rulesVersion?: string;
  readonly outlook: Outlook;
  /** Of all that was looked at: another one later means that something changed. */
  readonly seen: string;
}

/** By what orders are looked at. */
export interface Prospect {
  readonly books: Pick<Books, 'connection' | 'fits'>;
  /** As if every order were planned by them. */
  readonly rules: Rules;
}

export interface Looking extends Prospect {
  readonly source: ConnectionId;
  /** Orders placed on this day or later, by the day that an invoice of them would bear. */
  readonly since: LocalDate;
  /** At most so many, the newest. */
  readonly limit: number;
}

export interface Foresight {
  /** Newest first: all but those that are unchanged or left to a person. */
  readonly orders: readonly Foreseen[];
  readonly unchanged: readonly Foreseen[];
  readonly leftCount: number;
  readonly lookedAtCount: number;
  /** More orders were placed since then than were looked at. */
  readonly isCutOff: boolean;
}

/** Each with its snapshot, which is some thousand bytes. */
const PAGE_ORDERS = 100;
/**
 * An order is stored after it was placed, so none that was stored earlier than this before the day can be meant: a day begins
 * up to 14 hours before UTC's, and the shop's clock is not ours.
 */
const STORED_BEFORE_MS = 2 * DAY;
/** A plan converges in two rounds, three where a rounding line is corrected first; beyond it is a bug. */
const ROUNDS_MAX = 10;

export async function foresee(read: Reader, looking: Looking): Promise<Foresight> {
  const orders: Foreseen[] = [];
  const unchanged: Foreseen[] = [];
  let [leftCount, lookedAtCount, isCutOff] = [0, 0, false];
  for await (const record of placedSince(read, looking)) {
    if (lookedAtCount === looking.limit) {
      isCutOff = true;
      break;
    }
    lookedAtCount += 1;
    const foreseen = await lookAt(read, record, looking);
    switch (foreseen.outlook.state) {
      case 'left':
        leftCount += 1;
        break;
      case 'unchanged':
        unchanged.push(foreseen);
        break;
      default:
        orders.push(await steady(read, record, foreseen));
    }
  }
  return { orders, unchanged, leftCount, lookedAtCount, isCutOff };
}

async function* placedSince(
  read: Reader,
  { source, since, rules }: Looking,
): AsyncGenerator<OrderRecord, void, undefined> {
  const receivedSince = after(beginningOf(since), -STORED_BEFORE_MS);
  let last: OrderRecord | undefined;
  do {
    const page = await read.orders({
      receivedSince,
      limit: PAGE_ORDERS,
      ...(last === undefined ? {} : { after: last }),
    });
    for (const record of page) {
      const placedOn = dayOf(record, rules);
      // Of one that no message has shown yet the day is not known, and it is better named once too often.
      if (record.connection === source && (placedOn === undefined || placedOn >= since)) {
        yield record;
      }
    }
    last = page.at(-1);
  } while (last !== undefined);
}

function beginningOf(day: LocalDate): Instant {
  return instant(Date.parse(`${day}T00:00:00Z`));
}

function dayOf({ snapshot }: OrderRecord, { timeZone }: Rules): LocalDate | undefined {
  return snapshot === undefined ? undefined : localDate(snapshot.placedAt, timeZone ?? snapshot.zone);
}

/** A worker may have run on the order between reading it and reading its ledger: then the two do not belong together. */
async function steady(read: Reader, record: OrderRecord, foreseen: Foreseen): Promise<Foreseen> {
  const isSame = toJson(await read.order(record.key)) === toJson(record);
  return isSame
    ? foreseen
    : { ...foreseen, outlook: { state: 'under-way', why: 'It changed while it was looked at' } };
}

/** What would become of one order. */
export async function lookAt(read: Reader, record: OrderRecord, prospect: Prospect): Promise<Foreseen> {
  const { key, name, state, rulesVersion } = record;
  const entries = await read.entriesOf(key);
  const open = await read.holds({ order: key, isOpen: true });
  const { rulesVersion: _own, ...asIfNew } = record;
  const terms = await termsFor(read, asIfNew, { books: prospect.books, current: prospect.rules });
  const outlook = outlookOf(record, { entries, open, terms });
  const looked = [record, entries.map((entry) => [entry.id, entry.state]), open.map(({ id }) => id), outlook];
  const placedOn = dayOf(record, prospect.rules);
  return {
    key,
    name,
    state,
    ...(placedOn === undefined ? {} : { placedOn }),
    ...(rulesVersion === undefined ? {} : { rulesVersion }),
    outlook,
    seen: createHash('sha256').update(toJson(looked)).digest('hex'),
  };
}

interface Looked {
  readonly entries: readonly Entry[];
  readonly open: readonly Hold[];
  readonly terms: Terms;
}

/** An order whose plan fails is told as such and stops no other. */
function outlookOf(record: OrderRecord, looked: Looked): Outlook {
  try {
    return apart(record, looked) ?? planned(record, looked);
  } catch (thrown) {
    return { state: 'unplanned', why: asFailure(thrown, `Cannot plan ${calledOf(record)}`).message };
  }
}

/** Of an order that is not planned by other rules: a person's, or one that is not at rest. */
function apart(record: OrderRecord, { entries, terms }: Looked): Outlook | undefined {
  const { invoices } = fold(entries);
  if (terms.choices.following === 'stopped') {
    return { state: 'left', why: 'stopped' };
  }
  if (invoices.some(({ isAdopted }) => isAdopted)) {
    return { state: 'left', why: 'linked' };
  }
  if (invoices.some(({ isAccepted }) => isAccepted)) {
    return { state: 'left', why: 'accepted' };
  }
  if (record.state === 'working') {
    return { state: 'under-way', why: 'It is being worked on' };
  }
  if (record.dueAt !== undefined) {
    // The reason of one that is due is that of its state before.
    const reason = record.state === 'waiting' ? record.reason : undefined;
    return { state: 'under-way', why: reason ?? 'It waits to be worked on' };
  }
  const pending = entries.find((entry) => entry.state === 'pending');
  return pending === undefined
    ? undefined
    : {
        state: 'under-way',
        why: `It is not settled whether ${stepName(pending.intent)} stands in the books`,
      };
}

function planned(record: OrderRecord, { entries, open, terms }: Looked): Outlook {
  const { snapshot, reread, isDeleted } = record;
  const booked = fold(entries);
  if (isDeleted && isNothingStanding(booked)) {
    return { state: 'unchanged' };
  }
  if (snapshot === undefined || reread?.isBlocking === true) {
    return { state: 'unplanned', why: reread?.why ?? 'No message has shown the order yet' };
  }
  const aim = aimOf(snapshot, booked, terms);
  if (aim.outcome === 'skip') {
    const isSkipped = record.state === 'skipped' && record.reason === aim.reason;
    return isSkipped ? { state: 'unchanged' } : { state: 'skipped', reason: aim.reason };
  }
  const { steps, holds, after: then } = aim;
  const [first] = steps;
  const refused = first === undefined ? undefined : open.find((hold) => isOf(hold, first.step));
  if (refused !== undefined) {
    return { state: 'under-way', why: `${refused.step} waits for your answer (${refused.code})` };
  }
  const asked = holds.filter(
    ({ step, code }) => !open.some((hold) => hold.step === step && hold.code === code),
  );
  // Of one order no invoice follows other rules than another does: what would be asked is about the rules alone, and no answer ends it.
  const isSplit = record.rulesVersion !== undefined && asked.some(({ code }) => code === 'order-changed');
  if (steps.length > 0 && !isSplit) {
    return { state: 'changed', steps, asked, differences: differencesIn(booked, then) };
  }
  const answered = answeredOf(record, { open, holds });
  if (asked.length > 0) {
    const keepsRules = isSplit || (record.rulesVersion !== undefined && answered.length === 0);
    return { state: 'held', asked, keepsRules };
  }
  return answered.length > 0 ? { state: 'released', answered } : { state: 'unchanged' };
}

/** The very step was refused before: it is not sent again until a person closes the hold. */
function isOf(hold: Hold, step: Step): boolean {
  return hold.step === stepName(step) && hold.intentSha256 === intentSha256(step);
}

/** Questions that a run would close: what it plans does not ask them, and they are not about the order's messages. */
function answeredOf(
  { isDeleted, reread }: OrderRecord,
  { open, holds }: { readonly open: readonly Hold[]; readonly holds: readonly PlannedHold[] },
): Hold[] {
  const asked = new Set([
    ...holds.map(({ step }) => step),
    ...(isDeleted ? ['deletion'] : []),
    ...(reread === undefined ? [] : ['reread']),
  ]);
  return open.filter(({ step }) => !asked.has(step));
}

type Aim =
  | { readonly outcome: 'skip'; readonly reason: string }
  | {
      readonly outcome: 'work';
      readonly steps: readonly ForeseenStep[];
      /** Of what is left when all steps are posted. */
      readonly holds: readonly PlannedHold[];
      readonly after: Booked;
    };

/** Plans again as after each step that stands, as the worker does, until nothing is left to do. */
function aimOf(order: Bookable, booked: Booked, terms: Terms): Aim {
  const steps: ForeseenStep[] = [];
  let then = booked;
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const next = plan(order, then, terms);
    if (next.outcome === 'skip') {
      return steps.length === 0 ? next : { outcome: 'work', steps, holds: [], after: then };
    }
    if (next.steps.length === 0) {
      return { outcome: 'work', steps, holds: next.holds, after: then };
    }
    for (const step of next.steps) {
      steps.push({ step, differences: replacedBy(step, then) });
      then = asIfPosted(then, [step]);
    }
  }
  throw new Failure('unexpected', { detail: `The plan of ${calledOf(order)} does not come to an end` });
}

function replacedBy(step: Step, { invoices }: Booked): readonly Fact[] {
  const replaced = step.kind === 'lines' ? invoices.find(({ slot }) => slot === step.invoice) : undefined;
  return step.kind !== 'lines' || replaced === undefined
    ? []
    : differencesOf(replaced.document, step.document);
}

function differencesIn(before: Booked, then: Booked): Money[] {
  const amounts = [
    ...before.invoices.map(({ amount }) => money.negate(amount)),
    ...then.invoices.map(({ amount }) => amount),
  ];
  return sumsByCurrency(amounts).filter((sum) => !money.isZero(sum));
}

/** One sum for each currency, in the order in which they first appear. */
export function sumsByCurrency(amounts: readonly Money[]): Money[] {
  const sums = new Map<string, Money>();
  for (const amount of amounts) {
    const { currency } = amount;
    sums.set(currency, money.add(sums.get(currency) ?? money.zero(currency), amount));
  }
  return [...sums.values()];
}
