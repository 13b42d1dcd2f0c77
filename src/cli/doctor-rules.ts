import { AMAZON, FRESHBOOKS, SHOPIFY } from '#connections.ts';
import type { App } from '#app.ts';
import { invariant } from '#core/invariant.ts';
import { firstOpenDay } from '#core/period.ts';
import type { Period } from '#core/period.ts';
import type { Rules } from '#core/rules.ts';
import { localDate, parseZone } from '#core/time.ts';
import { lockedSetting } from '#pipeline/machine.ts';
import { closedBy } from '#pipeline/order-terms.ts';
import type { Check, Finding } from './doctor-check.ts';
import { isConfigured } from './connect-rules.ts';
import { categoriesNamed, unknownCategory } from './refund-category.ts';
import { closingWarnings, dayWarnings, ownLinesWarnings } from './rules-warnings.ts';

/** The checks of the booking rules: what they cost, and whether the books know what they name. */

export function rulesChecks(app: App): Check[] {
  const { shopify, amazon } = app.config;
  return [
    ...(shopify === undefined && amazon !== undefined
      ? []
      : checksOf(app, { source: SHOPIFY, names: ['Booking rules', 'Open days', 'Refund category'] })),
    ...(amazon === undefined
      ? []
      : checksOf(app, {
          source: AMAZON,
          names: ['Amazon rules', 'Amazon open days', 'Amazon refunds', 'Amazon fees'],
        })),
  ];
}

interface RouteChecks {
  readonly source: string;
  /** Fees where the channel keeps some. */
  readonly names: readonly [booking: string, openDays: string, refunds: string, fees?: string];
}

function checksOf(app: App, { source, names: [booking, open, refunds, fees] }: RouteChecks): Check[] {
  const rulesOf = async (): Promise<Rules> => {
    const route = (await app.routeRules()).find(({ from }) => from === source);
    invariant(route !== undefined, `there is a route from ${source}`);
    return route.rules;
  };
  return [
    { name: booking, run: async () => bookingRules(app, source, await rulesOf()) },
    { name: open, run: async () => openDays(app, await rulesOf()) },
    { name: refunds, run: async () => refundCategory(app, await rulesOf()) },
    ...(fees === undefined ? [] : [{ name: fees, run: async () => feeCategory(app, await rulesOf()) }]),
  ];
}

function bookingRules({ config }: App, source: string, rules: Rules): Finding {
  const isAmazon = source === AMAZON;
  const zone = rules.timeZone ?? (isAmazon ? 'each store’s zone' : 'the shop’s zone');
  const chosen = Object.keys(rules.untoldTax);
  const untold = isAmazon
    ? `, tax that Amazon does not tell is ${chosen.length === 0 ? 'asked for' : `chosen for ${chosen.join(', ')}`}`
    : '';
  const text = `Orders are booked when ${rules.bookWhen.replace('_', ' ')}, dates are of ${zone}${untold}`;
  return warned(text, [
    ...ownLinesWarnings(rules),
    ...(isAmazon || config.timeZone === undefined || config.timeZone === rules.timeZone
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

async function openDays(app: App, rules: Rules): Promise<Finding> {
  const { store, clock } = app;
  const routes = (await app.routeRules()).filter((route) => isConfigured(app, route));
  const locked = await store.read.setting(lockedSetting(FRESHBOOKS));
  const period = closedBy(rules, locked);
  const today = localDate(clock.now(), rules.timeZone ?? parseZone('Z'));
  return warned(openDaysText(period), [
    ...dayWarnings(rules, today),
    ...closingWarnings(routes),
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
  return categoryFinding(app, { chosen, rule: 'refund_category', what: 'refunds' });
}

async function feeCategory(app: App, { channelFees, feeCategory: chosen }: Rules): Promise<Finding> {
  if (channelFees === 'none') {
    return {
      state: 'ok',
      text: 'Not booked (channel_fees): your accountant takes them from the settlement reports',
    };
  }
  if (chosen === undefined) {
    return {
      state: 'warning',
      text: 'One expense for each settlement, and no category is chosen: they are held',
      whatToDo: 'Choose one by the rule fee_category',
    };
  }
  return categoryFinding(app, { chosen, rule: 'fee_category', what: 'fees' });
}

async function categoryFinding(
  app: App,
  { chosen, rule, what }: { readonly chosen: string; readonly rule: string; readonly what: string },
): Promise<Finding> {
  const categories = await app.expenseCategories();
  const named = categoriesNamed(categories, chosen);
  if (named.length === 0) {
    return {
      state: 'problem',
      text: `${unknownCategory(categories, chosen)}. ${what[0]?.toUpperCase()}${what.slice(1)} cannot be booked`,
      whatToDo: `Correct the rule ${rule}, or name a category so in FreshBooks`,
    };
  }
  const twins = `FreshBooks has ${named.length} categories of this name, and ${what} go to one of them: rename the others`;
  return warned(`"${chosen}", which FreshBooks has`, named.length === 1 ? [] : [twins]);
}
