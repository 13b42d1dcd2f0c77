import { ALARM_KINDS, alarmTerms } from './alarm-catalogue.ts';
import type { AlarmKind } from './alarm-catalogue.ts';
import { causeOf } from './alarm.ts';
import type { Alarm, Tidings } from './alarm.ts';
import type { FailureCode } from './failure.ts';
import { showInstant } from './time.ts';
import type { Instant } from './time.ts';

/**
 * One message to a person: what is new, what is still so, what is over, each cause in one paragraph. It holds names of
 * orders and connections, the catalogue's sentences and commands, and nothing that came from a buyer, a body or an answer.
 */
export interface AlarmMessage {
  /** Of its content: a message that is sent twice after a crash has one id. */
  readonly id: string;
  readonly at: Instant;
  /** Which installation speaks: the shop's domain, empty without one. */
  readonly place: string;
  /** One line. */
  readonly title: string;
  readonly text: string;
  readonly isTest: boolean;
  readonly raised: readonly AlarmGroup[];
  readonly again: readonly AlarmGroup[];
  readonly over: readonly AlarmGroup[];
  /** Alarms for which there was no room. */
  readonly unlistedCount: number;
}

/** The alarms of one cause. */
export interface AlarmGroup {
  readonly kind: AlarmKind;
  readonly code?: FailureCode;
  readonly connection?: string;
  readonly count: number;
  /** The first of them, oldest first. */
  readonly subjects: readonly string[];
  readonly sinceAt: Instant;
  readonly sentence: string;
  readonly remedy: string;
}

/** As many names as stand in a line that is still read. */
const SUBJECTS_LISTED_MAX = 10;
/** As many causes as a person takes in; chat services also limit a message's length. */
export const GROUPS_LISTED_MAX = 12;

export function messageOf(
  { raised, again, over }: Tidings,
  { at, place }: { readonly at: Instant; readonly place: string },
): Omit<AlarmMessage, 'id'> {
  const parts = { raised: grouped(raised), again: grouped(again), over: grouped(over) };
  const shown = listed(parts);
  const unlistedCount = countOf(Object.values(parts).flat()) - countOf(Object.values(shown).flat());
  const title = titleOf(parts);
  const text = [
    ...section('', shown.raised.map(raisedText)),
    ...section(raised.length === 0 ? '' : 'Still so:', shown.again.map(raisedText)),
    ...section('', shown.over.map(overText)),
    ...(unlistedCount === 0 ? [] : [`And ${counted(unlistedCount, 'more alarm', 'more alarms')}.`, '']),
    'All of them: counterfoil alarms',
  ].join('\n');
  return { at, place, title, text, isTest: false, ...shown, unlistedCount };
}

export function testMessage(terms: {
  readonly at: Instant;
  readonly place: string;
}): Omit<AlarmMessage, 'id'> {
  return {
    ...terms,
    title: 'Test: alarms arrive here',
    text: 'This is a test of counterfoil alarms test. Nothing is wrong.',
    isTest: true,
    raised: [],
    again: [],
    over: [],
    unlistedCount: 0,
  };
}

/** What it is about in one line, for a person: "2 orders wait for a person: #1001, #1002". */
export function headingOf({
  kind,
  count,
  subjects,
}: Pick<AlarmGroup, 'kind' | 'count' | 'subjects'>): string {
  const names = namesOf({ count, subjects });
  switch (kind) {
    case 'unwritten':
      return `Nothing can be stored: ${names}`;
    case 'paused':
      return `Booking into ${names} is paused`;
    case 'outage':
      return `Booking waits: ${names} is down`;
    case 'failing':
      return `Booking fails: ${names}`;
    case 'queue-unread':
      return `Messages cannot be fetched: ${names}`;
    case 'unswept':
      return `Cannot be asked what changed: ${names}`;
    case 'queue-old':
      return `Work is not taken up: ${names}`;
    case 'queue-deep':
      return `Work piles up: ${names}`;
    case 'refused':
      return `Messages are refused: ${names}`;
    case 'unpaid':
      return `${counted(count, 'paid order has', 'paid orders have')} an open invoice: ${names}`;
    case 'questions':
      return `Questions pile up: ${names}`;
    case 'held':
      return `${counted(count, 'order waits', 'orders wait')} for a person: ${names}`;
    case 'message':
      return `${counted(count, 'message waits', 'messages wait')} for a person: ${names}`;
    case 'channel':
      return `Alarms do not arrive: ${names}`;
  }
}

/** That it is over, in one line. */
function overHeadingOf({ kind, count, subjects, connection }: AlarmGroup): string {
  const names = namesOf({ count, subjects });
  switch (kind) {
    case 'unwritten':
      return `It is stored again what comes: ${names}`;
    case 'paused':
    case 'outage':
      return `Booking into ${names} goes on`;
    case 'failing':
      return `Booking works again: orders of ${connection ?? names}`;
    case 'queue-unread':
      return `Messages are fetched again: ${connection ?? names}`;
    case 'unswept':
      return `Can be asked again what changed: ${connection ?? names}`;
    case 'queue-old':
      return 'Work is taken up again';
    case 'queue-deep':
      return 'Work does not pile up any more';
    case 'refused':
      return `Messages are refused no more: ${connection ?? names}`;
    case 'questions':
      return 'Questions do not pile up any more';
    case 'unpaid':
    case 'held':
      return `Over for ${counted(count, 'order', 'orders')}: ${names}`;
    case 'message':
      return `Over for ${counted(count, 'message', 'messages')}: ${names}`;
    case 'channel':
      return `Alarms arrive again: ${names}`;
  }
}

/** A moment as it stands in a message: "2026-11-20 10:00 UTC". */
function momentText(at: Instant): string {
  return `${showInstant(at).slice(0, 16).replace('T', ' ')} UTC`;
}

function grouped(alarms: readonly Alarm[]): AlarmGroup[] {
  const groups = Map.groupBy(
    alarms.toSorted((a, b) => a.sinceAt - b.sinceAt),
    causeOf,
  );
  return Array.from(groups.values())
    .flatMap((members) => groupOf(members) ?? [])
    .toSorted((a, b) => ALARM_KINDS.indexOf(a.kind) - ALARM_KINDS.indexOf(b.kind) || b.count - a.count);
}

function groupOf(members: readonly Alarm[]): AlarmGroup | undefined {
  const [first] = members;
  if (first === undefined) {
    return undefined;
  }
  const { kind, code, connection, sinceAt, sentence, remedy } = first;
  return {
    kind,
    ...(code === undefined ? {} : { code }),
    ...(connection === undefined ? {} : { connection }),
    count: members.length,
    subjects: members.slice(0, SUBJECTS_LISTED_MAX).map(({ subject }) => subject),
    sinceAt,
    sentence,
    remedy: members.length === 1 ? remedy : (alarmTerms(kind).remedyOfSeveral ?? remedy),
  };
}

interface Parts {
  readonly raised: readonly AlarmGroup[];
  readonly again: readonly AlarmGroup[];
  readonly over: readonly AlarmGroup[];
}

function listed({ raised, again, over }: Parts): Parts {
  const room = (used: number): number => Math.max(0, GROUPS_LISTED_MAX - used);
  return {
    raised: raised.slice(0, room(0)),
    again: again.slice(0, room(raised.length)),
    over: over.slice(0, room(raised.length + again.length)),
  };
}

function titleOf({ raised, again, over }: Parts): string {
  const headings = [
    ...raised.map(headingOf),
    ...again.map((group) => `Still: ${headingOf(group)}`),
    ...over.map(overHeadingOf),
  ];
  const more = headings.length - 1;
  return `${headings[0] ?? 'Nothing to tell'}${more > 0 ? `; and ${more} more` : ''}`;
}

function raisedText(group: AlarmGroup): string {
  const { sinceAt, sentence, remedy } = group;
  return [
    `${headingOf(group)} (since ${momentText(sinceAt)})`,
    `  ${sentence}.`,
    `  What to do: ${remedy}`,
  ].join('\n');
}

function overText(group: AlarmGroup): string {
  return [overHeadingOf(group), `  It was: ${group.sentence}.`].join('\n');
}

function section(title: string, paragraphs: readonly string[]): string[] {
  return paragraphs.length === 0
    ? []
    : [...(title === '' ? [] : [title]), ...paragraphs.flatMap((text) => [text, ''])];
}

function namesOf({ count, subjects }: Pick<AlarmGroup, 'count' | 'subjects'>): string {
  const more = count - subjects.length;
  return subjects.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function countOf(groups: readonly AlarmGroup[]): number {
  return groups.reduce((sum, { count }) => sum + count, 0);
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
