import { FRESHBOOKS, SHOPIFY } from '#connections.ts';
import { FRESHBOOKS_SCOPES, findServer, lockedText, shopIdentity } from '#app.ts';
import type { App } from '#app.ts';
import type { Config } from '#config.ts';
import { Failure } from '#core/failure.ts';
import { settleName } from '#pipeline/identity.ts';
import { chooseAccount, accountRows, ACCOUNT_COLUMNS } from './choose-account.ts';
import type { UsableAccount } from './choose-account.ts';
import { CommandError, DONE, FAILED, USAGE } from './command-error.ts';
import { printSettled, settleRules } from './connect-rules.ts';
import type { GivenRules, SettledRules } from './connect-rules.ts';
import { askForConsent, answerIn, unreadable } from './consent.ts';
import { configOf, withApp } from './context.ts';
import type { CommandContext } from './context.ts';
import { createLineReader } from './line-reader.ts';
import { counted, facts, paragraph, table } from './output.ts';
import type { Output } from './output.ts';

/** Connecting FreshBooks by the owner's consent, and checking what Shopify's credentials allow. */

export interface ConnectOptions extends GivenRules {
  /** The code, or the whole address that the person was sent back to. */
  readonly code?: string;
  readonly state?: string;
  readonly account?: string;
  readonly browser: boolean;
}

/** FreshBooks counts on from the highest number of any kind (docs/vendors/freshbooks.md, section 3). */
export const NUMBERING =
  'FreshBooks proposes the last number plus one for invoices made by hand, so after SHOPIFY-1001 it proposes SHOPIFY-1002: type a number of your own there, or the shop’s next order gets the suffix -2';

export async function connectFreshBooks(context: CommandContext, options: ConnectOptions): Promise<number> {
  assertSettings(configOf(context), options);
  return withApp(context, (app) => connectWith(context, app, options), { acceptsOtherKey: true });
}

async function connectWith(context: CommandContext, app: App, options: ConnectOptions): Promise<number> {
  const { output } = context;
  const lines = createLineReader(context.input);
  try {
    await grantWithAnyKey(context, { app, lines, options });
    const missing = await app.missingScopes();
    const accounts = await app.consent.accounts();
    output.note('');
    table(output, ACCOUNT_COLUMNS, accountRows(accounts)).forEach((line) => output.note(line));
    const account = await chooseAccount({ app, output, lines, accounts, asked: options.account });
    await app.chooseAccount(account.accountId);
    const settled = await settleRules(context, { app, lines, account, given: options });
    output.json({
      connection: FRESHBOOKS,
      account,
      missingScopes: missing,
      accounts,
      numbering: app.sourceOf(SHOPIFY) === undefined ? null : NUMBERING,
      booksStart: settled.booksStart ?? null,
      refundCategory: settled.refundCategory ?? null,
      warnings: settled.warnings,
      problems: settled.problems,
    });
    const numbering = app.sourceOf(SHOPIFY) === undefined ? [] : [NUMBERING];
    printConnected(output, { account, missing, settled, numbering });
    return missing.length + settled.problems.length === 0 ? DONE : FAILED;
  } finally {
    lines.close();
  }
}

interface Granting {
  readonly app: App;
  readonly lines: ReturnType<typeof createLineReader>;
  readonly options: ConnectOptions;
}

/** What a lost key had sealed is forgotten once there is new access; until then the key may still be put back. */
async function grantWithAnyKey(context: CommandContext, granting: Granting): Promise<void> {
  const { app } = granting;
  const { config, clock, lockedSecrets } = app;
  if (lockedSecrets.length === 0) {
    await grant(context, granting);
    return;
  }
  const locked = lockedText(config, lockedSecrets);
  const server = findServer(config, clock);
  if (server !== undefined) {
    // It would find the new access sealed with a key that it has not got.
    throw new CommandError(`${locked}, and ${server}: use the key that it uses, or stop it first`);
  }
  const text = `${locked}. Give access anew to have it sealed with the key that is here; what else the lost key sealed is forgotten then, the admin password among it`;
  paragraph(context.output, text, 'yellow').forEach((line) => context.output.note(line));
  await grant(context, granting);
  await app.dropLockedSecrets();
}

function printConnected(
  output: Output,
  {
    account,
    missing,
    settled,
    numbering,
  }: {
    readonly account: UsableAccount;
    readonly missing: readonly string[];
    readonly settled: SettledRules;
    readonly numbering: readonly string[];
  },
): void {
  output.print();
  const name = account.name === '' ? '' : ` "${account.name}"`;
  const connected = `Connected to FreshBooks account ${account.accountId}${name} as ${account.role}; orders are booked there from now on`;
  const lacking = missing.map((scope) => `Missing scope ${scope}: enable it on the app and connect again`);
  paragraph(output, connected, 'green').forEach((line) => output.print(line));
  printSettled(output, settled);
  numbering.flatMap((text) => paragraph(output, text)).forEach((line) => output.print(line));
  lacking.flatMap((text) => paragraph(output, text, 'red')).forEach((line) => output.print(line));
}

async function grant(context: CommandContext, { app, lines, options }: Granting): Promise<void> {
  if (options.code === undefined) {
    await askForConsent(context, { app, lines, isBrowserWanted: options.browser });
    return;
  }
  const answer = answerIn(options.code, options.state);
  if (answer === undefined) {
    throw new CommandError(unreadable(options.code, app.config.freshbooks.app?.redirectUri ?? ''), USAGE);
  }
  if (answer.state === undefined) {
    throw new CommandError(
      '--code takes the whole address that the consent page sent you to, or the code together with --state',
      USAGE,
    );
  }
  await app.answerConsent(answer);
}

function assertSettings({ freshbooks }: Config, { account }: ConnectOptions): void {
  const { app, accountId } = freshbooks;
  if (app === undefined || app.redirectUri === '') {
    throw new Failure('config-invalid', {
      detail:
        'To connect FreshBooks, set FRESHBOOKS_CLIENT_ID, FRESHBOOKS_CLIENT_SECRET and FRESHBOOKS_REDIRECT_URI: make an app at https://my.freshbooks.com/#/developer whose redirect address is the https address of this server with /auth/freshbooks/callback, and enable these scopes on it',
      facts: FRESHBOOKS_SCOPES.map((scope) => ({ name: 'Scope to enable', value: scope })),
    });
  }
  if (account !== undefined && accountId !== undefined && account !== accountId) {
    throw new CommandError(
      `FRESHBOOKS_ACCOUNT_ID is "${accountId}" and decides: change or remove it to book into "${account}"`,
      USAGE,
    );
  }
}

export async function connectShopify(context: CommandContext): Promise<number> {
  const { output } = context;
  return withApp(context, async (app) => {
    const found = await app.shopAdmin.preflight();
    const secrets = app.config.shopify?.webhookSecrets.length ?? 0;
    // Orders are asked for by a right that may be missing, and of a shop that answers by this name.
    const isAskable = found.otherThan === undefined && found.missingScopes.length === 0;
    const { shopify, store, config } = app;
    const name =
      isAskable && shopify !== undefined
        ? await settleName(store, shopIdentity(config), shopify.source)
        : undefined;
    output.json({ ...found, webhookSecrets: secrets, name: name ?? null });
    output.print(output.paint(`Shopify answers: ${found.shopName}`, 'bold'));
    const lines = facts(output, [
      { name: 'Shop', value: found.shopDomain },
      { name: 'Currency', value: found.currency },
      { name: 'Time zone', value: found.timeZone },
      { name: 'App', value: found.appTitle },
      { name: 'Scopes', value: found.scopes.join(', ') },
      {
        name: 'Webhooks',
        value:
          secrets === 0
            ? 'no secret is set to verify them: set SHOPIFY_WEBHOOK_SECRET'
            : `verified with ${counted(secrets, 'secret')}`,
      },
      ...(name?.outcome === 'renamed'
        ? [
            {
              name: 'Renamed',
              value: `it was ${name.from}, and shows order ${name.order} of this database: its orders go on`,
            },
          ]
        : []),
      ...found.remarks.map((value) => ({ name: 'Remark', value })),
    ]);
    lines.forEach((line) => output.print(line));
    const faults = [
      ...(found.otherThan === undefined
        ? []
        : [
            `The shop answers as ${found.shopDomain}: its webhooks name that, and are all refused for ${found.otherThan}. Set SHOPIFY_SHOP_DOMAIN=${found.shopDomain}`,
          ]),
      ...(name?.outcome === 'another'
        ? [
            `This database holds orders of ${name.from}, and ${found.shopDomain} shows none of the newest: use a new database for another shop, or restore SHOPIFY_SHOP_DOMAIN`,
          ]
        : []),
      ...(found.missingScopes.length === 0
        ? []
        : [
            `Missing scopes: ${found.missingScopes.join(', ')}. Add them to the app, release a new version and accept it in the shop`,
          ]),
    ];
    const verdict =
      faults.length === 0
        ? paragraph(output, 'The credentials suffice. Next: counterfoil webhooks register', 'green')
        : faults.flatMap((text) => paragraph(output, text, 'red'));
    verdict.forEach((line) => output.print(line));
    return faults.length === 0 ? DONE : FAILED;
  });
}
