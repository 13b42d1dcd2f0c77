import { CATALOGUE } from '#core/failure.ts';
import type { PlannedHold } from '#core/plan-terms.ts';
import type { Foreseen, ForeseenStep, Outlook } from '#pipeline/outlook.ts';
import { isReached } from '#pipeline/replan.ts';
import { countsOf, differencesOfAll, feesOfAll } from './plan-text.ts';
import type { Applied, Planned } from './plan-text.ts';
import { stepText } from './step-text.ts';

/** What rules would do, and what was done about it, for programs: nothing shortened. */
export function planJson(planned: Planned, applied: Applied | undefined): unknown {
  const { since, by, limit, warnings, foresight } = planned;
  return {
    since,
    rules: by.kind === 'current' ? { version: by.version } : { file: by.file },
    orders: foresight.orders.map(orderJson),
    sum: { ...countsOf(foresight), differences: differencesOfAll(foresight), fees: feesOfAll(foresight) },
    isCutOff: foresight.isCutOff,
    limit,
    warnings,
    applied: applied === undefined ? null : appliedJson(applied),
  };
}

function orderJson(foreseen: Foreseen): unknown {
  const { key, name, state, placedOn, rulesVersion, outlook } = foreseen;
  return {
    key,
    name,
    placedOn: placedOn ?? null,
    state,
    rulesVersion: rulesVersion ?? null,
    /** Whether --apply does something about it. */
    isApplicable: isReached(foreseen),
    outlook: outlook.state,
    ...outlookJson(outlook),
  };
}

function outlookJson(outlook: Outlook): object {
  switch (outlook.state) {
    case 'changed':
      return {
        steps: outlook.steps.map(stepJson),
        asked: outlook.asked.map(holdJson),
        differences: outlook.differences,
      };
    case 'held':
      return { asked: outlook.asked.map(holdJson) };
    case 'released':
      return { answered: outlook.answered.map(({ step, code }) => ({ step, code })) };
    case 'skipped':
      return { reason: outlook.reason };
    case 'under-way':
    case 'left':
    case 'unplanned':
      return { reason: outlook.why };
    case 'unchanged':
      return {};
  }
}

function stepJson({ step, differences }: ForeseenStep): unknown {
  return { kind: step.kind, slot: step.slot, text: stepText(step), intent: step, differences };
}

function holdJson({ step, code, detail, facts }: PlannedHold): unknown {
  return { step, code, sentence: CATALOGUE[code].sentence, detail, facts };
}

function appliedJson({ replanned, followingCount, changed, isServed }: Applied): unknown {
  const keys = (orders: readonly Foreseen[]): string[] => orders.map(({ key }) => key);
  return { replanned: keys(replanned), following: followingCount, changed: keys(changed), isServed };
}
