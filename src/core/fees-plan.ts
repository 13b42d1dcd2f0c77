import { BOOKED_BY_HAND, openDay } from './closed-days.ts';
import type { ExpenseStep } from './document.ts';
import type { Fact } from './failure.ts';
import { referenceOf } from './ids.ts';
import type { Booked } from './ledger.ts';
import * as money from './money.ts';
import type { Money } from './money.ts';
import type { Plan, PlannedHold, Terms } from './plan-terms.ts';
import { feesOf } from './settlement.ts';
import type { Settlement } from './settlement.ts';
import { localDate } from './time.ts';

/**
 * What the books should hold for a settlement: one expense for its fees, dated by its last transaction. Where they turn out
 * higher the rest follows as another; lower, a person decides, since an expense is not restated.
 */

/** The one thing that waits on a settlement. */
const STEP = 'fees';

export function planFees(settlement: Settlement, booked: Booked, terms: Terms): Plan {
  const { rules } = terms;
  const isNew = booked.lastSlots.expense === undefined;
  if (isNew && rules.channelFees === 'none') {
    return skip('Fees are not booked, by the rule channel_fees');
  }
  if (isNew && settlement.waitsBecause !== undefined) {
    return skip(`Waits to be booked: ${settlement.waitsBecause}`);
  }
  if (rules.endState === 'draft') {
    return skip('Fees are not booked while end_state is draft: FreshBooks has no drafts of expenses');
  }
  const unlike = booked.beside.flatMap(({ amount, charged }) =>
    money.equal(amount, charged) ? [] : [unlikeHold(settlement, { amount, charged })],
  );
  const unclear = unclearHold(settlement);
  if (unclear !== undefined || unlike.length > 0) {
    return { outcome: 'work', steps: [], holds: unclear === undefined ? unlike : [unclear, ...unlike] };
  }
  const fees = feesOf(settlement);
  const standing = money.sum(
    booked.beside.map(({ amount }) => amount),
    settlement.currency,
  );
  const more = money.subtract(fees, standing);
  if (money.isZero(more)) {
    return isNew ? skip('It holds no fees') : DONE;
  }
  return money.isNegative(more)
    ? { outcome: 'work', steps: [], holds: [reducedHold(settlement, { fees, standing })] }
    : asExpense(settlement, booked, { amount: more, terms });
}

const DONE: Plan = { outcome: 'work', steps: [], holds: [] };

function skip(reason: string): Plan {
  return { outcome: 'skip', reason };
}

function asExpense(
  settlement: Settlement,
  booked: Booked,
  { amount, terms }: { readonly amount: Money; readonly terms: Terms },
): Plan {
  const { key, vendorId, name, placedAt, zone } = settlement;
  const { feeCategory, timeZone } = terms.rules;
  const day = localDate(placedAt, timeZone ?? zone);
  const dated = openDay(day, terms, { step: STEP, what: `The ${name} of ${settlement.shop}` });
  if (dated.state === 'booked') {
    return skip(BOOKED_BY_HAND);
  }
  if (dated.state === 'closed') {
    return { outcome: 'work', steps: [], holds: [dated.hold] };
  }
  if (feeCategory === undefined) {
    const detail = `The fees of ${name} are to stand as an expense, and no category is chosen for fees`;
    const facts = [...factsOf(settlement), { name: 'Day', value: day }];
    return {
      outcome: 'work',
      steps: [],
      holds: [{ step: STEP, code: 'fee-category-missing', detail, facts }],
    };
  }
  const slot = (booked.lastSlots.expense ?? 0) + 1;
  const isRest = booked.beside.length > 0;
  const step: ExpenseStep = {
    kind: 'expense',
    slot,
    reference: referenceOf(key, 'expense', slot),
    of: 'fees',
    refund: vendorId,
    amount,
    // What they hold of value-added tax is the seller's own invoice from the channel to tell.
    taxes: [],
    spentOn: dated.day,
    category: feeCategory,
    invoiceNumber: `${settlement.shop} ${name}`,
    note: [`Fees of ${settlement.shop}, ${name}${isRest ? ': the rest' : ''}`, dated.remark]
      .filter(Boolean)
      .join('. '),
  };
  return { outcome: 'work', steps: [step], holds: [] };
}

/** What cannot be told to be a fee, or none, is never left out: the sum would be wrong in silence. */
function unclearHold(settlement: Settlement): PlannedHold | undefined {
  const { name, amounts, currency } = settlement;
  const hold = (why: string, facts: readonly Fact[] = factsOf(settlement)): PlannedHold => ({
    step: STEP,
    code: 'settlement-unclear',
    detail: `The ${name} ${why}, so its fees are not booked`,
    facts,
  });
  const currencies = new Set(amounts.map(({ amount }) => amount.currency));
  if ([...currencies].some((other) => other !== currency)) {
    return hold(`is in ${[...currencies].join(' and ')}`);
  }
  const unknown = amounts.filter(({ what, amount }) => what === 'unknown' && !money.isZero(amount));
  if (unknown.length > 0) {
    const names = unknown.map((one) => ({ name: one.name, value: money.show(one.amount) }));
    return hold('holds amounts that this program does not know', [...names, ...factsOf(settlement)]);
  }
  const fees = feesOf(settlement);
  return money.isNegative(fees)
    ? hold(`gave back ${money.show(money.negate(fees))} of fees more than it took`)
    : undefined;
}

function reducedHold(
  settlement: Settlement,
  { fees, standing }: { readonly fees: Money; readonly standing: Money },
): PlannedHold {
  return {
    step: STEP,
    code: 'settlement-changed',
    detail: `The ${settlement.name} holds fewer fees than were booked of it: ${money.show(fees)}, and ${money.show(standing)} stand`,
    facts: [
      { name: 'In the books', value: money.show(standing) },
      { name: 'Fees now', value: money.show(fees) },
      ...factsOf(settlement),
    ],
  };
}

function unlikeHold(
  { name }: Settlement,
  { amount, charged }: { readonly amount: Money; readonly charged: Money },
): PlannedHold {
  return {
    step: STEP,
    code: 'books-total-differs',
    detail: `The fees of ${name} should be ${money.show(charged)} and the books made it ${money.show(amount)}`,
    facts: [
      { name: 'Fees', value: money.show(charged) },
      { name: 'In the books', value: money.show(amount) },
    ],
  };
}

/** The fees one by one, as the channel shows them. */
function factsOf({ amounts }: Settlement): Fact[] {
  return amounts
    .filter(({ what }) => what === 'fee')
    .map(({ name, amount }) => ({ name, value: money.show(amount) }));
}
