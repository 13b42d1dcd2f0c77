import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { Environment } from '#config.ts';
import { VERSION } from '#connections.ts';
import { ORDER_STATES } from '#core/lifecycle.ts';
import { PERIOD_DAY_MAX, PERIOD_DAY_MIN, periodDay } from '#core/period.ts';
import { parseMonth } from '#core/time.ts';
import type { LocalDate, Month } from '#core/time.ts';
import { DECISIONS } from '#pipeline/release.ts';
import type { Decision } from '#pipeline/release.ts';
import type { AuditOptions } from './audit.ts';
import { addAmazon } from './amazon-commands.ts';
import type { BackfillOptions } from './backfill.ts';
import type { BackupOptions } from './backup.ts';
import { ALARM_ACTIONS, AUDIT_ACTIONS, NONE, WEBHOOK_ACTIONS } from './choices.ts';
import { CommandError, DONE, USAGE } from './command-error.ts';
import type { ConnectOptions } from './connect.ts';
import type { CommandContext } from './context.ts';
import { withJson } from './json-option.ts';
import type { Json, Run } from './json-option.ts';
import { createOutput } from './output.ts';
import type { OutputStream } from './output.ts';
import type { OrdersOptions } from './orders.ts';
import type { PlanOptions } from './plan.ts';
import { report } from './report.ts';

/**
 * The table of commands. Each is a function of the context and its options, and answers with the exit code. Its modules are
 * loaded when it runs: help, a wrong use and a short command need not wait for the server's.
 */

export interface Terminal {
  readonly environment: Environment;
  readonly stdin: CommandContext['input'];
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
}

/** As many rows as one table shows at most. */
const LIMIT_MAX = 1000;
/** All of them at once are held in memory, some 10 KB each, and are one text under --json. */
const PLAN_LIMIT_MAX = 50_000;
const PLAN_LIMIT = 10_000;

const EXAMPLES = `
Examples:
  counterfoil demo                             a simulated shop and account, end to end
  counterfoil preview order.json               the invoice of an order, before anything is connected
  counterfoil connect freshbooks               ask for access and choose the account
  counterfoil webhooks register                have the shop send its orders here
  counterfoil connect amazon                   check the credentials of an Amazon seller
  counterfoil amazon subscribe                 have Amazon tell the seller's queue
  counterfoil serve                            receive and book
  counterfoil orders --state held              what waits for a decision
  counterfoil explain '#1001'                  an order from delivery to cent
  counterfoil retry '#1001'                    try again after the cause is mended
  counterfoil decide '#1001' restore           answer a question about it
  counterfoil backfill --since 2026-11-01      bring the orders from before the service ran
  counterfoil journal --month 2026-11          what the accountant enters for a month
  counterfoil plan --since 2026-11-01          what new rules would do to orders that are booked
  counterfoil backup /mnt/backup/books.db      copy the database while it is in use
  counterfoil admin password                   let yourself into the API

Exit code: 0 done, 1 failed, 2 wrong use. Settings: environment variables, or a file .env in the working folder.`;

const DECISION_HELP = `
Decisions:
  keep            leave FreshBooks as it stands and stop following this order
  restore         write the shop's figures over what was changed in FreshBooks
  accept          take what stands in FreshBooks as right
  open-day        book what lies on closed days on the first open day
  already-booked  what lies on closed days is in the books already`;

const ROTATION_HELP = `
With the key file beside the database a new key is made. With COUNTERFOIL_SECRET_KEY set it to the new key and
COUNTERFOIL_OLD_SECRET_KEY to the one so far; remove the old one afterwards.`;

/** Runs one command line and answers with the exit code. Never rejects. */
export async function runCommandLine(argv: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode: number = DONE;
  const run: Run = async (options, command) => {
    const { environment, stdin, stdout, stderr } = terminal;
    const output = createOutput({ stdout, stderr, isJson: options.json === true, environment });
    try {
      exitCode = await command({ environment, output, input: stdin });
    } catch (thrown) {
      exitCode = report(thrown, { output, environment });
    }
  };
  const isJson = argv.includes('--json');
  const program = createProgram(run, terminal, { isJson });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) {
      throw thrown;
    }
    if (thrown.exitCode === 0) {
      return DONE;
    }
    if (isJson && thrown.code !== 'commander.help') {
      await run({ json: true }, () => {
        throw new CommandError(wrongUse(thrown.message), USAGE);
      });
    }
    return USAGE;
  }
}

/** Without the word before it, as every other error stands. */
function wrongUse(text: string): string {
  return text.replace(/^error: (.)/, (_all, first: string) => first.toUpperCase());
}

/** Under --json a wrong use is told as JSON too, by who runs it, and nothing is written here. */
function createProgram(
  run: Run,
  { stdout, stderr }: Terminal,
  { isJson }: { readonly isJson: boolean },
): Command {
  const program = new Command('counterfoil')
    .description('Books Shopify and Amazon orders into FreshBooks: each order exactly once, to the cent')
    .version(VERSION)
    .addHelpText('after', EXAMPLES)
    .showHelpAfterError(isJson ? false : 'Run the command with --help to see what it takes')
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
      outputError: (text, write) => (isJson ? undefined : write(wrongUse(text))),
    })
    .exitOverride();
  addWork(program, run);
  addOrders(program, run);
  addBackfill(program, run);
  addBookkeeping(program, run);
  addConnections(program, run);
  addAmazon(program, run);
  addRules(program, run);
  addPlan(program, run);
  addCare(program, run);
  addAdmin(program, run);
  return program;
}

function addWork(program: Command, run: Run): void {
  withJson(program.command('preview'))
    .description('Show the exact invoice of an order, with the proof; needs no connection')
    .argument('<file>', 'the order as JSON, as the shop sends it; - reads standard input', path)
    .addOption(sourceOption())
    .option('--rules <file>', 'by the rules in this file instead of the defaults')
    .addHelpText(
      'after',
      '\nExit code: 0 when it would be booked or skipped, 1 when it would be held or cannot be read.',
    )
    .action((file: string, options: Json & { readonly source: string; readonly rules?: string }) =>
      run(options, async (context) =>
        (await import('./preview.ts')).preview(context, {
          file,
          source: options.source,
          rulesFile: options.rules,
        }),
      ),
    );
  program
    .command('serve')
    .description('Receive webhooks and book orders, until stopped')
    .action(() => run({}, async (context) => (await import('./serve.ts')).serve(context)));
  program
    .command('demo')
    .description(
      'Book simulated orders of a shop and of Amazon into a simulated account and compare both to the cent',
    )
    .option('--keep', 'stay up afterwards, to look around')
    .action((options: { readonly keep?: true }) =>
      run({}, async (context) => (await import('./demo.ts')).demo(context, { keep: options.keep === true })),
    );
}

function addOrders(program: Command, run: Run): void {
  withJson(program.command('orders'))
    .description('List orders, newest first, with what the books hold of them')
    .addOption(new Option('--state <state>', 'only those in this state').choices(ORDER_STATES))
    .option('--search <text>', 'only those with this in their name, or with this id')
    .option('--before <order>', 'only those that follow this one in the list')
    .option('--limit <count>', `at most so many, up to ${LIMIT_MAX}`, upTo(LIMIT_MAX), 50)
    .action((options: Json & OrdersOptions) =>
      run(options, async (context) => (await import('./orders.ts')).orders(context, options)),
    );
  withJson(program.command('explain'))
    .description('Tell an order from its deliveries to the cent')
    .argument('<order>', 'name (#1001), number, invoice number, id or key; delivery:ID for a message')
    .action((order: string, options: Json) =>
      run(options, async (context) => (await import('./explain.ts')).explain(context, order)),
    );
  withJson(program.command('retry'))
    .description('Work on an order again now: closes its questions and plans it anew')
    .argument('[order]', 'as for explain, or delivery:ID')
    .option('--all-held', 'every held order and message')
    .action((order: string | undefined, options: Json & { readonly allHeld?: true }) =>
      run(options, async (context) =>
        (await import('./retry.ts')).retry(context, { order, isAllHeld: options.allHeld === true }),
      ),
    );
  withJson(program.command('decide'))
    .description('Answer what waits on an order: how it is to be booked')
    .argument('<order>', 'as for explain, or delivery:ID for a message (keep: it was seen to)')
    .addArgument(new Argument('<decision>', 'what is to be done').choices(DECISIONS))
    .addHelpText('after', DECISION_HELP)
    .action((order: string, decision: Decision, options: Json) =>
      run(options, async (context) => (await import('./decide.ts')).decide(context, { order, decision })),
    );
  withJson(program.command('redact'))
    .description('Erase contact data that is stored; figures, keys and hashes stay. Cannot be undone')
    .argument('[order]', 'as for explain, or delivery:ID: a shop’s request is answered with all it names')
    .option('--before <date>', 'whatever came before this day and is needed no more, as YYYY-MM-DD', day)
    .action((subject: string | undefined, options: Json & { readonly before?: LocalDate }) =>
      run(options, async (context) => (await import('./redact.ts')).redact(context, { ...options, subject })),
    );
}

function addBackfill(program: Command, run: Run): void {
  withJson(program.command('backfill'))
    .description('Bring the orders of days that have passed, or tell how far that is')
    .addOption(sourceOption())
    .option('--since <date>', 'orders placed on this day or later, as YYYY-MM-DD', day)
    .option('--until <date>', 'and on this day at the latest; without it through today', day)
    .option('--dry-run', 'only count them, and those that are not known yet')
    .option(
      '--beside-others',
      'also where FreshBooks has invoices of those days from elsewhere, of other sales',
    )
    .option('--stop', 'end the one that is under way; what it brought stays')
    .addHelpText(
      'after',
      '\nWhat is known already is passed over, and what stands in FreshBooks under its number is linked (docs/backfill.md).',
    )
    .action((options: Json & BackfillOptions) =>
      run(options, async (context) => (await import('./backfill.ts')).backfill(context, options)),
    );
}

function addBookkeeping(program: Command, run: Run): void {
  withJson(program.command('journal'))
    .description('List for a month what FreshBooks’ lines cannot express, with the entries that put it right')
    .requiredOption('--month <month>', 'the month of the books, as YYYY-MM', month)
    .addHelpText('after', '\nReads what was booked, changes nothing and calls nobody (docs/journal.md).')
    .action((options: Json & { readonly month: Month }) =>
      run(options, async (context) => (await import('./journal.ts')).journal(context, options.month)),
    );
}

function addConnections(program: Command, run: Run): void {
  const connect = program.command('connect').description('Connect an account or check a connection');
  withJson(connect.command('freshbooks'))
    .description('Ask the owner for access and choose the account to book into')
    .option('--code <code>', 'the code, or the whole address, that the consent page answered with')
    .option('--state <state>', 'the state that belongs to the code')
    .option('--account <id>', 'the account to book into')
    .option('--books-start <date>', 'the first day that is booked, as YYYY-MM-DD, or none', dayOrNone)
    .option('--refund-category <name>', 'the expense category of refunds, as FreshBooks calls it, or none')
    .option('--no-browser', 'only print the address of the consent page')
    .action((options: Json & ConnectOptions) =>
      run(options, async (context) => (await import('./connect.ts')).connectFreshBooks(context, options)),
    );
  withJson(connect.command('shopify'))
    .description('Check the shop’s credentials and what they allow')
    .action((options: Json) =>
      run(options, async (context) => (await import('./connect.ts')).connectShopify(context)),
    );
  withJson(connect.command('amazon'))
    .description('Check the seller’s credentials and what they allow')
    .action((options: Json) =>
      run(options, async (context) => (await import('./connect-amazon.ts')).connectAmazon(context)),
    );
  withJson(program.command('webhooks'))
    .description('Show or change which messages the shop sends here')
    .addArgument(
      new Argument('[action]', 'register and repair make what is missing and mend what is wrong')
        .choices(WEBHOOK_ACTIONS)
        .default('list'),
    )
    .action((action: string, options: Json) =>
      run(options, async (context) => (await import('./webhooks.ts')).webhooks(context, action)),
    );
}

function addCare(program: Command, run: Run): void {
  withJson(program.command('doctor'))
    .description('Check the settings, the database and every connection, and say what to do')
    .action((options: Json) =>
      run(options, async (context) => (await import('./doctor.ts')).doctor(context)),
    );
  const secret = program.command('secret').description('Care for what is sealed');
  withJson(secret.command('rotate'))
    .description('Seal every stored secret with a new key; the server must not run meanwhile')
    .addHelpText('after', ROTATION_HELP)
    .action((options: Json) =>
      run(options, async (context) => (await import('./rotate-secret.ts')).rotateSecret(context)),
    );
  withJson(program.command('audit'))
    .description('List who did what and when, newest first; or verify that the list is as it was written')
    .addArgument(new Argument('[action]', 'what to do').choices(AUDIT_ACTIONS).default('list'))
    .option('--limit <count>', `list at most so many, up to ${LIMIT_MAX}`, upTo(LIMIT_MAX), 50)
    .option('--before <number>', 'list only rows before this number', number)
    .addHelpText('after', '\nExit code of verify: 0 when it is whole, 1 when it is not.')
    .action((action: string, options: Json & AuditOptions) =>
      run(options, async (context) => (await import('./audit.ts')).audit(context, action, options)),
    );
  withJson(program.command('alarms'))
    .description('Show what is raised and who was told of it, or test the channels')
    .addArgument(
      new Argument('[action]', 'test sends a message through every configured channel')
        .choices(ALARM_ACTIONS)
        .default('list'),
    )
    .action((action: string, options: Json) =>
      run(options, async (context) => (await import('./alarms.ts')).alarms(context, action)),
    );
  withJson(program.command('migrate'))
    .description('Bring the database’s schema up to date')
    .action((options: Json) =>
      run(options, async (context) => (await import('./migrate.ts')).migrate(context)),
    );
  withJson(program.command('backup'))
    .description('Copy the database into a file, also while the server runs')
    .argument('<file>', 'where to; on another disk, if it is to survive this one', path)
    .option('--force', 'write over an earlier backup of that name')
    .option('--with-key', 'write the key that opens the stored tokens beside it, as <file>.key')
    .action((file: string, options: Json & BackupOptions) =>
      run(options, async (context) => (await import('./backup.ts')).backup(context, file, options)),
    );
  withJson(program.command('restore'))
    .description('Put a backup in place of the database, which is kept beside it; the server must be stopped')
    .argument('<file>', 'as backup wrote it', path)
    .action((file: string, options: Json) =>
      run(options, async (context) => (await import('./restore.ts')).restore(context, file)),
    );
}

function addAdmin(program: Command, run: Run): void {
  const admin = program.command('admin').description('Care for who may use the API');
  withJson(admin.command('password'))
    .description('Set the admin password: asks for it, or reads it from standard input')
    .addHelpText('after', '\nAt least 12 characters. Every session ends by it (docs/admin.md).')
    .action((options: Json) =>
      run(options, async (context) => (await import('./admin.ts')).adminPassword(context)),
    );
}

function addRules(program: Command, run: Run): void {
  const config = program.command('config').description('Check, change or write down the booking rules');
  withJson(config.command('check'))
    .description('Check a file of rules and show what each rule is; changes nothing, needs no database')
    .argument('<file>', 'the rules as YAML (docs/rules.md); - reads standard input', path)
    .action((file: string, options: Json) =>
      run(options, async (context) => (await import('./rules.ts')).checkRules(context, file)),
    );
  withJson(config.command('import'))
    .description('Book by the rules of this file from now on; a running server takes them up by itself')
    .argument('<file>', 'as for check', path)
    .addHelpText(
      'after',
      '\nOrders already booked keep the rules they were booked by (see plan); books_start, closed_through, refund_category and fee_category hold for all at once.\nA rule that the file leaves out gets its default.',
    )
    .action((file: string, options: Json) =>
      run(options, async (context) => (await import('./rules.ts')).importRules(context, file)),
    );
  withJson(config.command('export'))
    .description('Print the current rules as a file that can be imported')
    .action((options: Json) =>
      run(options, async (context) => (await import('./rules.ts')).exportRules(context)),
    );
}

function addPlan(program: Command, run: Run): void {
  withJson(program.command('plan'))
    .description(
      'Show what the current rules, or those of a file, would do to orders that are booked already',
    )
    .addOption(sourceOption())
    .requiredOption('--since <date>', 'orders placed on this day or later, as YYYY-MM-DD', day)
    .option('--rules <file>', 'by the rules in this file instead of the current ones')
    .option('--apply', 'have it done: these orders follow the current rules from now on')
    .option(
      '--limit <count>',
      `look at so many at most, the newest, up to ${PLAN_LIMIT_MAX}`,
      upTo(PLAN_LIMIT_MAX),
      PLAN_LIMIT,
    )
    .addHelpText(
      'after',
      '\nWithout --apply nothing is changed. Exit code: 1 when an order could not be planned; with --apply, also when one was under way or changed meanwhile.',
    )
    .action((options: Json & PlanOptions) =>
      run(options, async (context) => (await import('./plan.ts')).plan(context, options)),
    );
}

function sourceOption(): Option {
  return new Option('--source <name>', 'where the orders come from')
    .choices(['shopify', 'amazon'])
    .default('shopify');
}

function dayOrNone(text: string): LocalDate | typeof NONE {
  return text === NONE ? NONE : day(text);
}

function path(text: string): string {
  if (text === '') {
    throw new InvalidArgumentError('Name a file');
  }
  return text;
}

function day(text: string): LocalDate {
  const found = periodDay(text);
  if (found === undefined) {
    throw new InvalidArgumentError(`Write a date as YYYY-MM-DD, from ${PERIOD_DAY_MIN} to ${PERIOD_DAY_MAX}`);
  }
  return found;
}

function number(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) {
    throw new InvalidArgumentError('Write a whole number from 1');
  }
  return Number(text);
}

function month(text: string): Month {
  try {
    return parseMonth(text.trim());
  } catch {
    throw new InvalidArgumentError('Write a month as YYYY-MM, such as 2026-11');
  }
}

function upTo(max: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (!/^\d{1,6}$/.test(text) || count < 1 || count > max) {
      throw new InvalidArgumentError(`Write a whole number from 1 to ${max}`);
    }
    return count;
  };
}
