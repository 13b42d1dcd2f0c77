import type { App } from '#app.ts';
import { FRESHBOOKS } from '#connections.ts';
import { Failure } from '#core/failure.ts';
import { localDate, parseZone } from '#core/time.ts';
import { lockedSetting } from '#pipeline/machine.ts';
import { closedBy } from '#pipeline/order-terms.ts';
import { ruleTexts, writeRulesFile } from '#rules-file.ts';
import type { RouteRules, RuleText } from '#rules-file.ts';
import { DONE } from './command-error.ts';
import { quietOutside, withApp } from './context.ts';
import type { CommandContext } from './context.ts';
import { facts, paragraph } from './output.ts';
import type { Output } from './output.ts';
import { categoriesNamed, unknownCategory } from './refund-category.ts';
import { readRules, showingMistakes } from './rules-input.ts';
import { closingWarnings, dayWarnings, waitingText, warningsOf } from './rules-warnings.ts';
import { isConfigured } from './connect-rules.ts';

/** The booking rules: checking a file of them, making them the current ones, and writing the current ones down. */

export async function checkRules(context: CommandContext, file: string): Promise<number> {
  return showingMistakes(context, async () => {
    const routes = await readRules(context, file);
    const warnings = [...warningsIn(routes), ...closingWarnings(routes)];
    context.output.json({ ok: true, warnings, routes: routes.map(routeJson) });
    context.output.print('ok');
    routes.forEach((route) => printRoute(context.output, route));
    printWarnings(context.output, warnings);
    return DONE;
  });
}

export async function importRules(context: CommandContext, file: string): Promise<number> {
  return showingMistakes(context, async () => {
    const routes = await readRules(context, file);
    return withApp(context, async (app) => {
      const changes = changesOf(await app.routeRules(), routes);
      const unlocked = await unlockedBy(app, routes);
      const versions = await app.importRules(routes);
      const others = (await app.routeRules()).filter(
        (route) => isConfigured(app, route) && routes.every(({ from }) => from !== route.from),
      );
      const warnings = [
        ...warningsIn(routes),
        ...closingWarnings([...routes, ...others]),
        ...(await categoryWarnings(app, changes)),
      ];
      const waiting = await waitingText(
        app.store.read,
        changes.map(({ rule }) => rule),
      );
      const lines = [unlocked, waiting].filter((line) => line !== undefined);
      context.output.json({
        ok: true,
        changes,
        unlocked: unlocked ?? null,
        waiting: waiting ?? null,
        warnings,
        versions,
      });
      printChanges(context.output, changes, lines);
      printWarnings(context.output, warnings);
      return DONE;
    });
  });
}

export async function exportRules(context: CommandContext): Promise<number> {
  return withApp(context, async (app) => {
    const routes = await app.routeRules();
    context.output.json({ routes: routes.map(routeJson) });
    writeRulesFile(routes)
      .trimEnd()
      .split('\n')
      .forEach((line) => context.output.print(line));
    return DONE;
  });
}

function routeJson({ from, to, rules }: RouteRules): unknown {
  return { from, to, rules };
}

function printRoute(output: Output, { from, to, rules }: RouteRules): void {
  output.print();
  output.print(output.paint(`From ${from} to ${to}`, 'bold'));
  facts(output, ruleTexts(rules)).forEach((line) => output.print(line));
}

/** What only some of several routes have names them. */
function warningsIn(routes: readonly RouteRules[]): string[] {
  const { clock } = quietOutside();
  const byText = Map.groupBy(
    routes.flatMap(({ from, rules }) => {
      const today = localDate(clock.now(), rules.timeZone ?? parseZone('Z'));
      return [...warningsOf(rules), ...dayWarnings(rules, today)].map((text) => ({ from, text }));
    }),
    ({ text }) => text,
  );
  return [...byText].map(([text, those]) =>
    those.length === routes.length ? text : `From ${those.map(({ from }) => from).join(', ')}: ${text}`,
  );
}

/** What an import forgets beside the rules: the day that FreshBooks has refused, where no rule closes it. */
async function unlockedBy({ store }: App, routes: readonly RouteRules[]): Promise<string | undefined> {
  const locked = await store.read.setting(lockedSetting(FRESHBOOKS));
  return locked === undefined || routes.every(({ rules }) => closedBy(rules, locked) === rules)
    ? undefined
    : `FreshBooks had refused days through ${locked} as locked: that is forgotten, and learnt again where they still are. Orders that are held for it are planned anew by counterfoil retry`;
}

/** A file may be imported before anything is connected, so a category that cannot be looked up is no mistake of the file. */
async function categoryWarnings(app: App, changes: readonly Change[]): Promise<string[]> {
  const changed = changes.filter(({ rule }) => rule === 'refund_category' || rule === 'fee_category');
  const routes = await app.routeRules();
  const chosen = changed.flatMap(({ from, rule }) => {
    const rules = routes.find((route) => route.from === from)?.rules;
    return (rule === 'fee_category' ? rules?.feeCategory : rules?.refundCategory) ?? [];
  });
  const [first, ...others] = new Set(chosen);
  if (first === undefined) {
    return [];
  }
  try {
    const categories = await app.expenseCategories();
    return [first, ...others]
      .filter((category) => categoriesNamed(categories, category).length === 0)
      .map((category) => unknownCategory(categories, category));
  } catch (thrown) {
    if (thrown instanceof Failure) {
      return [`It is not known whether FreshBooks has the expense category "${first}": ${thrown.message}`];
    }
    throw thrown;
  }
}

function printWarnings(output: Output, warnings: readonly string[]): void {
  for (const warning of warnings) {
    output.print();
    paragraph(output, warning, 'yellow').forEach((line) => output.print(line));
  }
}

interface Change {
  readonly from: string;
  readonly rule: string;
  readonly before: string;
  readonly after: string;
  readonly holdsFor: RuleText['holdsFor'];
}

function changesOf(before: Awaited<ReturnType<App['routeRules']>>, after: readonly RouteRules[]): Change[] {
  return after.flatMap(({ from, to, rules }) => {
    const known = before.find((route) => route.from === from && route.to === to);
    const texts = known === undefined ? [] : ruleTexts(known.rules);
    return ruleTexts(rules).flatMap(({ name, value, holdsFor }) => {
      const old = texts.find((text) => text.name === name)?.value ?? '';
      return old === value ? [] : [{ from, rule: name, before: old, after: value, holdsFor }];
    });
  });
}

function printChanges(output: Output, changes: readonly Change[], beside: readonly string[]): void {
  const rows = changes.map(({ from, rule, before, after }) => ({
    name: `${from}: ${rule}`,
    value: `${before} → ${after}`,
  }));
  facts(output, rows).forEach((line) => output.print(line));
  if (rows.length > 0) {
    output.print();
  }
  [...consequences(changes), ...beside]
    .flatMap((text) => paragraph(output, text))
    .forEach((line) => output.print(line));
}

function consequences(changes: readonly Change[]): string[] {
  // A route that is new had nothing before, so what it has none of changes for nobody.
  const general = changes.filter(
    ({ holdsFor, before, after }) => holdsFor === 'all-orders' && !(before === '' && after === 'none'),
  );
  const names = new Set(general.map(({ rule }) => rule));
  const dropped = general
    .filter(({ after }) => after === 'none')
    .map(
      ({ rule, before }) =>
        `${rule} was ${before} and is none from now on: a rule that the file leaves out gets its default`,
    );
  return [
    ...(changes.length === 0 ? ['Nothing changes: these are the current rules'] : []),
    ...(changes.length > general.length
      ? [
          'Orders that are not booked yet are booked by these rules from now on; orders already booked keep theirs. One that was skipped is looked at again at its next message, or by counterfoil retry. What these rules would do to all of them: counterfoil plan --since DATE',
        ]
      : []),
    ...(general.length > 0
      ? [`For all orders at once, also those already booked: ${[...names].join(', ')}`]
      : []),
    ...new Set(dropped),
  ];
}
