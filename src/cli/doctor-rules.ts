import { FRESHBOOKS } from '#connections.ts';
import type { App } from '#app.ts';
import { invariant } from '#core/invariant.ts';
import { firstOpenDay } from '#core/period.ts';
import type { Period } from '#core/period.ts';
import type { Rules } from '#core/rules.ts';
import { localDate, parseZone } from '#core/time.ts';
import { lockedSetting } from '#pipeline/machine.ts';
import { closedBy } from '#pipeline/order-terms.ts';
import type { Check, Finding } from './doctor-check.ts';
import { categoriesNamed, unknownCategory } from './refund-category.ts';
import { dayWarnings, ownLinesWarnings } from './rules-warnings.ts';

/** The checks of the booking rules: what they cost, and whether the books know what they name. */

export function rulesChecks(app: App): Check[] {
  return [
    { name: 'Booking rules', run: async () => bookingRules(app, await rulesOf(app)) },
    { name: 'Open days', run: async () => openDays(app, await rulesOf(app)) },
    { name: 'Refund category', run: async () => refundCategory(app, await rulesOf(app)) },
  ];
}

async function rulesOf(app: App): Promise<Rules> {
  const [route] = await app.routeRules();
  invariant(route !== undefined, 'there is a route');
  return route.rules;
}

function bookingRules({ config }: App, rules: Rules): Finding {
  const zone = rules.timeZone ?? 'the shop’s zone';
  const text = `Orders are booked when ${rules.bookWhen}, dates are of ${zone}`;
  return warned(text, [
    ...ownLinesWarnings(rules),
    ...(config.timeZone === undefined || config.timeZone === rules.timeZone
      ? []
      : [
          `COUNTERFOIL_TIME_ZONE is ${config.timeZone}, and the rules in the database say otherwise: they decide. Set the rule time_zone`,
        ]),
  ]);
}

function warned(text: string, warnings: readonly string[]): Finding {
  return warnings.length === 0
    ? { state: 'ok', text }
    : { state: 'warning', text, whatToDo: warnings.join('. ') };
}

async function openDays({ store, clock }: App, rules: Rules): Promise<Finding> {
  const locked = await store.read.setting(lockedSetting(FRESHBOOKS));
  const period = closedBy(rules, locked);
  const today = localDate(clock.now(), rules.timeZone ?? parseZone('Z'));
  return warned(openDaysText(period), [
    ...dayWarnings(rules, today),
    ...(period.booksStart === undefined && period.closedThrough === undefined
      ? ['Orders of any day are booked, also of months that you have filed. Set the rule books_start']
      : []),
    ...(period.closedThrough === rules.closedThrough
      ? []
      : [
          `FreshBooks has refused ${period.closedThrough} as locked, so it counts as closed. Set the rule closed_through to the lock date of FreshBooks, beginning with counterfoil config export`,
        ]),
  ]);
}

function openDaysText(period: Period): string {
  const { booksStart, closedThrough } = period;
  const limit = booksStart ?? closedThrough;
  return [
    booksStart === undefined ? 'No first day is set (books_start)' : `Books start on ${booksStart}`,
    closedThrough === undefined ? 'no day is closed (closed_through)' : `closed through ${closedThrough}`,
    ...(limit === undefined ? [] : [`the first open day is ${firstOpenDay(period, limit)}`]),
  ].join(', ');
}

async function refundCategory(app: App, { refundCategory: chosen }: Rules): Promise<Finding> {
  if (chosen === undefined) {
    return {
      state: 'warning',
      text: 'None is chosen: a refund that cannot be taken off its invoice any more is held',
      whatToDo: 'Choose one by counterfoil connect freshbooks, or by the rule refund_category',
    };
  }
  const categories = await app.expenseCategories();
  const named = categoriesNamed(categories, chosen);
  if (named.length === 0) {
    return {
      state: 'problem',
      text: `${unknownCategory(categories, chosen)}. Refunds cannot be booked`,
      whatToDo: 'Correct the rule refund_category, or name a category so in FreshBooks',
    };
  }
  const twins = `FreshBooks has ${named.length} categories of this name, and refunds go to one of them: rename the others`;
  return warned(`"${chosen}", which FreshBooks has`, named.length === 1 ? [] : [twins]);
}
