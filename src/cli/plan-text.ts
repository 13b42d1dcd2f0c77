import { CATALOGUE } from '#core/failure.ts';
import type { Fact } from '#core/failure.ts';
import * as money from '#core/money.ts';
import type { Money } from '#core/money.ts';
import type { LocalDate } from '#core/time.ts';
import { sumsByCurrency } from '#pipeline/outlook.ts';
import type { ForeseenStep, Foreseen, Foresight, Outlook } from '#pipeline/outlook.ts';
import { isElsewhere, isReached } from '#pipeline/replan.ts';
import type { Reached } from '#pipeline/replan.ts';
import { inputName } from './input-file.ts';
import { counted, facts, paragraph, table } from './output.ts';
import type { Output } from './output.ts';
import { takenUp } from './retry.ts';
import { stepText } from './step-text.ts';

/** What rules would do, for a person: order by order, and the sum of it. */

/** What was asked, and what came of it. */
export interface Planned {
  readonly since: LocalDate;
  readonly by:
    | { readonly kind: 'current'; readonly version: string }
    | { readonly kind: 'file'; readonly file: string };
  readonly limit: number;
  readonly warnings: readonly string[];
  readonly foresight: Foresight;
}

export interface Applied extends Reached {
  readonly isServed: boolean;
}

type Screen = Pick<Output, 'columns' | 'paint'>;

/** Of what differs on one invoice; --json has all of it. */
const DIFFERENCES_MAX = 4;

export function planText(screen: Screen, planned: Planned): string[] {
  const { since, by, warnings, foresight } = planned;
  const rules =
    by.kind === 'current' ? `the current rules (${by.version})` : `the rules in ${inputName(by.file)}`;
  const rows = foresight.orders.flatMap((order) =>
    textsOf(order).map((value, index) => ({ name: index === 0 ? titleOf(order) : '', value })),
  );
  return [
    ...paragraph(screen, `Orders placed on ${since} or later, by ${rules}`, 'bold'),
    ...(rows.length === 0 ? [] : ['', ...facts(screen, rows)]),
    '',
    ...table(screen, SUM_COLUMNS, sumRows(foresight)),
    ...warnings.flatMap((warning) => ['', ...paragraph(screen, warning, 'yellow')]),
    '',
  ];
}

function titleOf({ name, placedOn }: Foreseen): string {
  return `${name}  ${placedOn ?? ''}`.trimEnd();
}

function textsOf({ outlook }: Foreseen): string[] {
  switch (outlook.state) {
    case 'changed':
      return [...outlook.steps.flatMap(stepTexts), ...askedTexts(outlook, 'would be held')];
    case 'held':
      return askedTexts(outlook, outlook.keepsRules ? 'keeps its rules, or would be held' : 'would be held');
    case 'released':
      return [`would not be held any more (${outlook.answered.map(({ code }) => code).join(', ')})`];
    case 'skipped':
      return [`would be skipped: ${outlook.reason}`];
    case 'under-way':
      return [`under way, not planned: ${outlook.why}`];
    case 'unplanned':
      return [`cannot be planned: ${outlook.why}`];
    case 'left':
    case 'unchanged':
      return [];
  }
}

/** A total says by itself what changed; where it stays, the taxes do, or else the lines. */
function stepTexts({ step, differences }: ForeseenStep): string[] {
  const of = (name: string): readonly Fact[] => differences.filter((fact) => fact.name === name);
  const news = of('Total').length > 0 ? [] : of('Taxes').length > 0 ? of('Taxes') : differences;
  const shown = news.slice(0, DIFFERENCES_MAX);
  return [
    stepText(step),
    ...shown.map(({ name, value }) => `${name}: ${value}`),
    ...(shown.length < news.length ? [`and ${news.length - shown.length} more: see --json`] : []),
  ];
}

function askedTexts({ asked }: Extract<Outlook, { state: 'changed' | 'held' }>, lead: string): string[] {
  return asked.map(({ code, detail }) => `${lead}: ${detail}. ${CATALOGUE[code].sentence} (${code})`);
}

const SUM_COLUMNS = [{ title: '' }, { title: '', align: 'right' }] as const;

/** How many orders would go which way. */
export interface Counts {
  readonly lookedAt: number;
  readonly unchanged: number;
  readonly changed: number;
  /** Also of those that are changed. */
  readonly held: number;
  readonly released: number;
  readonly skipped: number;
  readonly underWay: number;
  readonly left: number;
  readonly unplanned: number;
}

export function countsOf({ orders, unchanged, leftCount, lookedAtCount }: Foresight): Counts {
  const count = (...states: readonly Outlook['state'][]): number =>
    orders.filter(({ outlook }) => states.includes(outlook.state)).length;
  return {
    lookedAt: lookedAtCount,
    unchanged: unchanged.length,
    changed: count('changed'),
    held: orders.filter(({ outlook }) => 'asked' in outlook && outlook.asked.length > 0).length,
    released: count('released'),
    skipped: count('skipped'),
    underWay: count('under-way'),
    left: leftCount,
    unplanned: count('unplanned'),
  };
}

/** In each currency in which invoices would total more or less. */
export function differencesOfAll({ orders }: Foresight): Money[] {
  const amounts = orders.flatMap(({ outlook }) => (outlook.state === 'changed' ? outlook.differences : []));
  return sumsByCurrency(amounts);
}

/** In each currency in which expenses for fees would be made. */
export function feesOfAll({ orders }: Foresight): Money[] {
  const steps = orders.flatMap(({ outlook }) => (outlook.state === 'changed' ? outlook.steps : []));
  return sumsByCurrency(
    steps.flatMap(({ step }) => (step.kind === 'expense' && step.of === 'fees' ? [step.amount] : [])),
  );
}

function sumRows(foresight: Foresight): string[][] {
  const counts = countsOf(foresight);
  const unlessNone = (name: string, count: number): string[][] =>
    count === 0 ? [] : [[name, String(count)]];
  const differences = differencesOfAll(foresight);
  return [
    ['Orders looked at', String(counts.lookedAt)],
    ['Nothing to do', String(counts.unchanged)],
    ['Changed', String(counts.changed)],
    ['Held', String(counts.held)],
    ...unlessNone('No longer held', counts.released),
    ...unlessNone('Skipped', counts.skipped),
    ...unlessNone('Under way, not planned', counts.underWay),
    ...unlessNone('Left to you: linked, accepted or not followed', counts.left),
    ...unlessNone('Cannot be planned', counts.unplanned),
    ...differences.map((difference) => ['Invoices in all', signed(money.show(difference))]),
    ...(differences.length === 0 ? [['Invoices in all', 'no difference']] : []),
    ...feesOfAll(foresight).map((fees) => ['Fees of settlements in all', money.show(fees)]),
  ];
}

function signed(amount: string): string {
  return amount.startsWith('-') ? amount : `+${amount}`;
}

/** What is to be done now, or what was. */
export function closingTexts(planned: Planned, applied: Applied | undefined): string[] {
  const { foresight, since, limit } = planned;
  const cut = foresight.isCutOff
    ? [`Only the newest ${limit} orders were looked at: raise --limit for those before them since ${since}`]
    : [];
  const { underWay } = countsOf(foresight);
  const waiting =
    underWay === 0
      ? []
      : [
          `${counted(underWay, 'order')} under way ${underWay === 1 ? 'was' : 'were'} left as ${underWay === 1 ? 'it is' : 'they are'}: run it again later`,
        ];
  const isNothing =
    underWay === 0 &&
    (applied === undefined
      ? !foresight.orders.some(isReached)
      : applied.replanned.length + applied.followingCount + applied.changed.length === 0);
  return [
    ...cut,
    ...(isNothing ? ['Nothing is to be done'] : []),
    ...(applied === undefined ? proposals(planned) : results(applied)),
    ...waiting,
  ];
}

function proposals({ foresight, by, since }: Planned): string[] {
  const isCurrent = by.kind === 'current';
  const others = isCurrent ? foresight.unchanged.filter((order) => isElsewhere(order, by)).length : 0;
  const apply = `counterfoil plan --since ${since} --apply`;
  return [
    ...(!foresight.orders.some(isReached)
      ? []
      : [
          isCurrent
            ? `Nothing was changed. To have it done: ${apply}`
            : `Nothing was changed. To have it done: ${importCommand(by.file)}, then ${apply}`,
        ]),
    ...(others === 0
      ? []
      : [
          `Of those with nothing to do ${others} ${others === 1 ? 'was' : 'were'} booked by other rules: with --apply, what happens to them later is planned by these`,
        ]),
  ];
}

/** What came by standard input has no name to say. */
export function importCommand(file: string): string {
  return `counterfoil config import ${file === '-' ? 'FILE' : file}`;
}

function results({ replanned, followingCount, changed, isServed }: Applied): string[] {
  return [
    ...(replanned.length === 0
      ? []
      : [`${counted(replanned.length, 'order')} planned by these rules. ${takenUp(isServed)}`]),
    ...(followingCount === 0
      ? []
      : [
          `${counted(followingCount, 'order')} with nothing to do: what happens to ${followingCount === 1 ? 'it' : 'them'} later is planned by these rules`,
        ]),
    ...(changed.length === 0
      ? []
      : [
          `Left as they are, because they or the rules changed meanwhile: ${changed.map(({ name }) => name).join(', ')}. Run it again`,
        ]),
  ];
}
