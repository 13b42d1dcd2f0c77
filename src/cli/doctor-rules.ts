import type { App } from '#app.ts';
import { invariant } from '#core/invariant.ts';
import { firstOpenDay } from '#core/period.ts';
import type { Period } from '#core/period.ts';
import type { Rules } from '#core/rules.ts';
import type { Check, Finding } from './doctor-check.ts';
import { counted } from './output.ts';
import { someOf } from './refund-category.ts';
import { warningsOf } from './rules-warnings.ts';

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
  const warnings = warningsOf(rules);
  const zone = rules.timeZone ?? 'that of the shop';
  const text = `Orders are booked when ${rules.bookWhen}, dates are of the zone ${zone}`;
  if (config.timeZone !== undefined && config.timeZone !== rules.timeZone) {
    warnings.push(
      `COUNTERFOIL_TIME_ZONE is ${config.timeZone}, and the rules that were imported say otherwise: they decide`,
    );
  }
  return warnings.length === 0
    ? { state: 'ok', text }
    : { state: 'warning', text, whatToDo: warnings.join('. ') };
}

async function openDays({ store }: App, rules: Rules): Promise<Finding> {
  const text = openDaysText(rules);
  const open = await store.read.holds({ isOpen: true });
  const locked = open.filter(({ code }) => code === 'books-period-locked');
  return locked.length === 0
    ? { state: 'ok', text }
    : {
        state: 'warning',
        text: `${text}. FreshBooks said of ${counted(locked.length, 'order')} that the period is locked`,
        whatToDo:
          'Set the rule closed_through to the lock date of FreshBooks, beginning with counterfoil config export',
      };
}

function openDaysText(period: Period): string {
  const { booksStart, closedThrough } = period;
  const limit = booksStart ?? closedThrough;
  return [
    booksStart === undefined
      ? 'No day is set from which to book (books_start)'
      : `Books start on ${booksStart}`,
    closedThrough === undefined ? 'no day is closed (closed_through)' : `closed through ${closedThrough}`,
    ...(limit === undefined ? [] : [`the first open day is ${firstOpenDay(period, limit)}`]),
  ].join(', ');
}

async function refundCategory(app: App, { refundCategory: chosen }: Rules): Promise<Finding> {
  if (chosen === undefined) {
    return {
      state: 'ok',
      text: 'None is chosen: a refund that cannot be taken off its invoice is held. Choose one by counterfoil connect freshbooks or the rule refunds.category',
    };
  }
  const names = new Set((await app.expenseCategories()).map(({ name }) => name));
  return names.has(chosen)
    ? { state: 'ok', text: `"${chosen}", which FreshBooks has` }
    : {
        state: 'problem',
        text: `FreshBooks has no expense category "${chosen}", so refunds cannot be booked`,
        whatToDo: `Correct the rule refunds.category. FreshBooks has ${someOf([...names], chosen)}`,
      };
}
