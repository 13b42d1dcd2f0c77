import type { App } from '#app.ts';
import { Failure } from '#core/failure.ts';
import { CommandError } from './command-error.ts';
import type { LineReader } from './line-reader.ts';
import type { Cell, Column, Output } from './output.ts';

/** Which FreshBooks account is booked into: said, configured, the only usable one, or asked. Never the first by chance. */

export type Account = Awaited<ReturnType<App['consent']['accounts']>>[number];
/** One that can be called. */
export type UsableAccount = Account & { readonly accountId: string };

export const ACCOUNT_COLUMNS: readonly Column[] = [
  { title: 'Account' },
  { title: 'Business', isFlexible: true },
  { title: 'Role' },
  { title: 'Can write' },
  { title: 'Time zone', isFlexible: true },
];

/** Mistyped ids, until it is better to begin anew. */
const TRIES_MAX = 3;

export function accountRows(accounts: readonly Account[]): (string | Cell)[][] {
  return accounts.map(({ accountId, name, role, canWrite, timeZone }) => [
    accountId ?? 'none',
    name,
    role,
    { text: canWrite ? 'yes' : 'no', colour: canWrite ? 'green' : 'red' },
    timeZone,
  ]);
}

interface Choice {
  readonly app: App;
  readonly output: Output;
  readonly lines: LineReader;
  readonly accounts: readonly Account[];
  /** By --account. */
  readonly asked: string | undefined;
}

export async function chooseAccount({ app, output, lines, accounts, asked }: Choice): Promise<UsableAccount> {
  const named = asked ?? app.config.freshbooks.accountId;
  if (named !== undefined) {
    return usable(accounts, named);
  }
  const candidates = accounts.filter(isUsable);
  const [only, ...more] = candidates;
  if (only === undefined) {
    throw unwritable(accounts);
  }
  if (more.length === 0) {
    return only;
  }
  return askAccount({ output, lines, candidates });
}

async function askAccount({
  output,
  lines,
  candidates,
}: Pick<Choice, 'output' | 'lines'> & {
  readonly candidates: readonly UsableAccount[];
}): Promise<UsableAccount> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    output.note(
      `Which account is to be booked into? Type its id (${candidates.map(({ accountId }) => accountId).join(', ')}):`,
    );
    const typed = (await lines.next())?.trim();
    const chosen = candidates.find(({ accountId }) => accountId === typed);
    if (chosen !== undefined) {
      return chosen;
    }
    if (typed === undefined) {
      break;
    }
  }
  throw new CommandError(
    `Access was given, and no account is chosen: run again with --account, or set FRESHBOOKS_ACCOUNT_ID (${candidates
      .map(({ accountId, name }) => `${accountId} ${name}`)
      .join('; ')})`,
  );
}

/** Throws unless the account is among those of the connected person and he may write in it. */
export function usable(accounts: readonly Account[], accountId: string): UsableAccount {
  const found = accounts.find((account) => account.accountId === accountId);
  if (found === undefined || found.accountId === null) {
    const list = accounts.map((account) => `${account.accountId ?? 'no account'} ${account.name}`).join('; ');
    throw new Failure('books-account-unchosen', {
      detail: `Account "${accountId}" is none of the connected person’s: ${list || 'there is none'}`,
    });
  }
  if (!found.canWrite) {
    throw unwritable([found]);
  }
  return { ...found, accountId: found.accountId };
}

function isUsable(account: Account): account is UsableAccount {
  return account.accountId !== null && account.canWrite;
}

function unwritable(accounts: readonly Account[]): Failure {
  const list = accounts.map(({ accountId, name, role }) => `${accountId ?? 'no account'} ${name} (${role})`);
  return accounts.length === 0
    ? new Failure('books-account-unchosen', { detail: 'The connected person has no FreshBooks account' })
    : new Failure('books-not-writable', { detail: `No write access in ${list.join('; ')}` });
}
