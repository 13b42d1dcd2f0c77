import { FRESHBOOKS, SHOPIFY } from '#connections.ts';
import { findServer } from '#app.ts';
import type { App } from '#app.ts';
import { CATALOGUE } from '#core/failure.ts';
import { connectionId } from '#core/ids.ts';
import type { ConnectionId } from '#core/ids.ts';
import { isNumbered } from '#core/invoice-document.ts';
import { firstOpenDay, isClosed } from '#core/period.ts';
import type { Rules } from '#core/rules.ts';
import { addDays, localDate, parseZone } from '#core/time.ts';
import type { LocalDate, Zone } from '#core/time.ts';
import { instantJson } from '#operator/json.ts';
import { askBackfill, countPlaced, readBackfill, stopBackfill } from '#pipeline/backfill.ts';
import type { Backfill } from '#pipeline/backfill.ts';
import { currentRules } from '#pipeline/current-rules.ts';
import { compactSetting, lockedSetting } from '#pipeline/machine.ts';
import { closedBy } from '#pipeline/order-terms.ts';
import type { Swept } from '#pipeline/source.ts';
import { CommandError, DONE, FAILED, USAGE } from './command-error.ts';
import { withApp } from './context.ts';
import type { CommandContext } from './context.ts';
import { counted, paragraph } from './output.ts';
import { plain } from './text-width.ts';
import { showDuration } from './time-text.ts';

/**
 * Brings the orders of days that have passed: of the time before the service ran. The command only asks for them; whoever serves
 * the database does the work.
 */

export interface BackfillOptions {
  readonly source: string;
  readonly since?: LocalDate;
  readonly until?: LocalDate;
  readonly dryRun?: true;
  /** Also where FreshBooks has invoices of those days from elsewhere. */
  readonly besideOthers?: true;
  readonly stop?: true;
}

/** Shopify shows an app without `read_all_orders` no older ones (docs/vendors/shopify.md 1). */
const SHOWN_DAYS = 60;
const OTHERS_LISTED = 5;

export async function backfill(context: CommandContext, options: BackfillOptions): Promise<number> {
  const { since, until, dryRun, besideOthers, stop } = options;
  if (since === undefined && (until !== undefined || dryRun === true)) {
    throw new CommandError('Say from which day on: --since with a date', USAGE);
  }
  if (since !== undefined && stop === true) {
    throw new CommandError('Say --since or --stop, not both', USAGE);
  }
  return withApp(context, async (app) => {
    const source = sourceNamed(app, options.source);
    if (stop === true) {
      return stopped(context, app, source);
    }
    if (since === undefined) {
      return shown(context, app, source);
    }
    const { rules } = await currentRules(
      app.store.read,
      source.connection,
      app.defaultsOf(source.connection),
    );
    const days = await daysFor(app, source, { since, until, rules });
    const others = await othersOf(app, days, rules);
    const asking = { app, source, days, others };
    return dryRun === true
      ? foreseen(context, asking)
      : asked(context, { ...asking, isBeside: besideOthers === true });
  });
}

function sourceNamed(app: App, name: string): Swept {
  const source = app.sourceOf(connectionId(name));
  if (source === undefined) {
    const setting = name === SHOPIFY ? 'SHOPIFY_SHOP_DOMAIN' : 'AMAZON_SELLER_ID';
    throw new CommandError(`No source "${name}" is configured: set ${setting}`, FAILED);
  }
  if (!source.canRead) {
    throw new CommandError(`${name} cannot be asked for its orders: set ${source.readNeeds}`, FAILED);
  }
  return source;
}

interface Days {
  readonly since: LocalDate;
  readonly until: LocalDate;
  readonly zone?: Zone;
}

/** Through today, unless it is said. Throws for days that are closed, to come, or not shown. */
async function daysFor(
  app: App,
  { connection }: Swept,
  {
    since,
    until: last,
    rules,
  }: { readonly since: LocalDate; readonly until: LocalDate | undefined; readonly rules: Rules },
): Promise<Days> {
  const { store, clock } = app;
  const { timeZone: zone } = rules;
  const today = localDate(clock.now(), zone ?? parseZone('UTC'));
  const until = last ?? today;
  // Somewhere it may be tomorrow already.
  if (until > addDays(today, 1)) {
    throw new CommandError(`--until ${until} is still to come`, USAGE);
  }
  if (since > until) {
    throw new CommandError(
      `--since ${since} is after ${last === undefined ? 'today, ' : '--until '}${until}`,
      USAGE,
    );
  }
  const period = closedBy(rules, await store.read.setting(lockedSetting(FRESHBOOKS)));
  if (isClosed(since, period)) {
    throw new CommandError(
      `The books are closed on ${since}, and open from ${firstOpenDay(period, since)} on: say --since with an open day, or open the days by counterfoil config import`,
      FAILED,
    );
  }
  if (connection === SHOPIFY) {
    await assertShown(app, since, today);
  }
  return { since, until, ...(zone === undefined ? {} : { zone }) };
}

async function assertShown({ shopAdmin }: App, since: LocalDate, today: LocalDate): Promise<void> {
  const first = addDays(today, -SHOWN_DAYS);
  if (since >= first) {
    return;
  }
  const { scopes } = await shopAdmin.preflight();
  if (!scopes.includes('read_all_orders')) {
    throw new CommandError(
      `Without the scope read_all_orders Shopify shows no orders from before ${first}: have it granted to the app, or say --since ${first}`,
      FAILED,
    );
  }
}

/** An order that was booked under another number would be booked twice, so these are for a person to look at. */
async function othersOf(app: App, days: Days, rules: Rules): Promise<readonly string[]> {
  const isCompact = (await app.store.read.setting(compactSetting(FRESHBOOKS))) === 'yes';
  const numbers = (await app.otherInvoices(days)).map(({ number }) => number);
  return numbers.filter((number) => !isNumbered(number, rules, { isCompact }));
}

function othersText(others: readonly string[], { since, until }: Days): string {
  const listed = others.slice(0, OTHERS_LISTED).map(plain).join(', ');
  const more = others.length > OTHERS_LISTED ? `, and ${others.length - OTHERS_LISTED} more` : '';
  return `FreshBooks has ${counted(others.length, 'invoice')} of ${since} to ${until} from elsewhere: ${listed}${more}`;
}

interface Asking {
  readonly app: App;
  readonly source: Swept;
  readonly days: Days;
  /** Numbers of invoices of these days that stand in FreshBooks and that no order would be found by. */
  readonly others: readonly string[];
}

async function foreseen({ output }: CommandContext, { app, source, days, others }: Asking): Promise<number> {
  const { store, clock } = app;
  const { since, until } = days;
  const { found, unknown } = await countPlaced({ source, store, clock }, days);
  output.json({ source: source.connection, since, until, found, unknown, otherInvoices: others });
  const text = `${source.connection} has ${counted(found, 'order')} of ${since} to ${until}; not known here yet: ${unknown}. Nothing was changed`;
  paragraph(output, text).forEach((line) => output.print(line));
  if (others.length > 0) {
    const told = `${othersText(others, days)}. Orders that they are of would be booked twice`;
    paragraph(output, told, 'yellow').forEach((line) => output.print(line));
  }
  return DONE;
}

async function asked(
  { output }: CommandContext,
  { app, source, days, others, isBeside }: Asking & { readonly isBeside: boolean },
): Promise<number> {
  if (others.length > 0 && !isBeside) {
    throw new CommandError(
      `${othersText(others, days)}. If they are of these orders, a backfill books them twice: choose other days, or say --beside-others when they are of other sales`,
    );
  }
  const { store, clock, config } = app;
  const { connection } = source;
  const { since, until } = days;
  const answer = await askBackfill(store, connection, { now: clock.now(), ...days });
  if (answer.outcome === 'under way') {
    const { backfill: other } = answer;
    throw new CommandError(
      `Orders of ${connection} of ${other.since} to ${other.until} are being brought: wait until they are, or say counterfoil backfill --source ${connection} --stop first`,
    );
  }
  const isServed = findServer(config, clock) !== undefined;
  output.json({ source: connection, since, until, isServed });
  const who = isServed ? 'The running server brings' : 'counterfoil serve, once it runs, brings';
  const text = `${who} the orders of ${connection} of ${since} to ${until}, after those of which messages come. counterfoil backfill${sourceWord(connection)} tells how far it is`;
  paragraph(output, text).forEach((line) => output.print(line));
  return DONE;
}

async function stopped({ output }: CommandContext, { store }: App, { connection }: Swept): Promise<number> {
  const backfill = await stopBackfill(store, connection);
  if (backfill === undefined) {
    throw new CommandError(`No backfill of ${connection} is under way`, FAILED);
  }
  output.json(backfillJson(connection, backfill));
  paragraph(output, `Stopped. ${progressOf(backfill)}`).forEach((line) => output.print(line));
  return DONE;
}

async function shown(
  { output }: CommandContext,
  { store, clock }: App,
  { connection }: Swept,
): Promise<number> {
  const backfill = await readBackfill(store.read, connection);
  output.json(backfill === undefined ? null : backfillJson(connection, backfill));
  if (backfill === undefined) {
    output.print(`No backfill of ${connection} was ever asked for: say --since with a date`);
    return DONE;
  }
  const { since, until, state, failing } = backfill;
  output.print(`Backfill of ${connection}, ${since} to ${until}: ${state}`);
  paragraph(output, progressOf(backfill)).forEach((line) => output.print(line));
  if (failing !== undefined) {
    const text = `It has not gone on for ${showDuration(clock.now() - failing.since)}: ${CATALOGUE[failing.code].sentence} (${failing.code}). It is tried again every minute`;
    paragraph(output, text, 'yellow').forEach((line) => output.print(line));
  }
  return DONE;
}

function progressOf({ since, next, found }: Backfill): string {
  if (next === since) {
    return 'No day is done yet';
  }
  return `Done through ${addDays(next, -1)}: ${counted(found, 'order')}. counterfoil orders shows what became of them`;
}

function backfillJson(source: ConnectionId, { askedAt, failing, zone, ...rest }: Backfill): unknown {
  return {
    source,
    ...rest,
    zone: zone ?? null,
    askedAt: instantJson(askedAt),
    failing: failing === undefined ? null : { code: failing.code, since: instantJson(failing.since) },
  };
}

function sourceWord(connection: ConnectionId): string {
  return connection === SHOPIFY ? '' : ` --source ${connection}`;
}
