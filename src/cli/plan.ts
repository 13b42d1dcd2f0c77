import { findServer } from '#app.ts';
import type { App } from '#app.ts';
import { connectionId } from '#core/ids.ts';
import type { ConnectionId } from '#core/ids.ts';
import type { Rules } from '#core/rules.ts';
import type { LocalDate } from '#core/time.ts';
import { currentRules } from '#pipeline/current-rules.ts';
import { foresee } from '#pipeline/outlook.ts';
import type { Foresight } from '#pipeline/outlook.ts';
import { replan } from '#pipeline/replan.ts';
import { CommandError, DONE, FAILED, USAGE } from './command-error.ts';
import { withApp } from './context.ts';
import type { CommandContext } from './context.ts';
import { inputName } from './input-file.ts';
import { paragraph } from './output.ts';
import { planJson } from './plan-json.ts';
import { closingTexts, countsOf, importCommand, planText } from './plan-text.ts';
import type { Applied, Planned } from './plan-text.ts';
import { readRulesFrom, showingMistakes } from './rules-input.ts';
import { warningsOf } from './rules-warnings.ts';

/**
 * What new rules would do to orders that are there already; and, when a person says so, that they follow them. Nothing is
 * called here: whoever serves the database does the work.
 */

export interface PlanOptions {
  /** Whose orders: "shopify", "amazon". */
  readonly source: string;
  readonly since: LocalDate;
  /** A file of rules instead of the current ones. */
  readonly rules?: string;
  readonly apply?: true;
  readonly limit: number;
}

/** Answers 1 when an order could not be planned; where it is done, also when one was under way, or not any more as it was shown. */
export async function plan(context: CommandContext, options: PlanOptions): Promise<number> {
  const { since, limit, apply, rules: file } = options;
  if (apply === true && file !== undefined) {
    throw new CommandError(
      `--apply is by the current rules: ${importCommand(file)}, then say --apply without --rules`,
      USAGE,
    );
  }
  const { output } = context;
  return showingMistakes(context, async () => {
    const inFile = file === undefined ? undefined : await readRulesFrom(context, file, options.source);
    return withApp(context, async (app) => {
      const source = connectionId(options.source);
      const { version, rules: current } = await currentRules(app.store.read, source, app.defaultsOf(source));
      const rules = inFile ?? current;
      assertSide(rules, { current, file });
      const looking = { source, books: app.books, rules, since, limit };
      const foresight = await foresee(app.store.read, looking);
      const by = file === undefined ? { kind: 'current' as const, version } : { kind: 'file' as const, file };
      const planned: Planned = { since, by, limit, warnings: warningsOf(rules), foresight };
      planText(output, planned).forEach((line) => output.print(line));
      const applied = apply === true ? await applyTo(app, { source, foresight, version }) : undefined;
      output.json(planJson(planned, applied));
      closingTexts(planned, applied)
        .flatMap((text) => paragraph(output, text))
        .forEach((line) => output.print(line));
      const { unplanned, underWay } = countsOf(foresight);
      const isLeft = applied !== undefined && (underWay > 0 || applied.changed.length > 0);
      return unplanned > 0 || isLeft ? FAILED : DONE;
    });
  });
}

/** The amounts of stored orders were read on one side, and nothing can be told of the other. */
function assertSide(
  { currency }: Rules,
  { current, file = '' }: { readonly current: Rules; readonly file: string | undefined },
): void {
  if (currency !== current.currency) {
    throw new CommandError(
      `${inputName(file)} has currency: ${currency}, and the orders in this database are read on the side "${current.currency}"`,
    );
  }
}

async function applyTo(
  { store, books, clock, config, defaultsOf }: App,
  {
    source,
    foresight,
    version,
  }: { readonly source: ConnectionId; readonly foresight: Foresight; readonly version: string },
): Promise<Applied> {
  const reached = await replan(store, foresight, {
    source,
    books,
    otherwise: defaultsOf(source),
    version,
    now: clock.now(),
  });
  return { ...reached, isServed: findServer(config, clock) !== undefined };
}
