import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import * as money from '#core/money.ts';
import { createFreshBooksBooks } from '#books/freshbooks/freshbooks.ts';
import { createApi } from '#books/freshbooks/api.ts';
import { readExpenseCategories } from '#books/freshbooks/categories.ts';
import { exchangeCode, readAccounts, refresh } from '#books/freshbooks/oauth.ts';
import type { FreshBooksAccount } from '#books/freshbooks/oauth.ts';
import { showInstant } from '#core/time.ts';
import type { StoredToken } from '#net/token.ts';
import type { Receipt } from '#core/ledger.ts';
import type { Books, LastWritten, Task } from '#pipeline/ports.ts';
import { NOW, openFreshBooks } from '#tests/contract/books-freshbooks.ts';
import type { FreshBooksWorld } from '#tests/contract/books-freshbooks.ts';
import {
  buyer,
  clientTask,
  creditNoteTask,
  document,
  expenseTask,
  invoiceTask,
  lastWritten,
  line,
  linesTask,
  paymentChangeTask,
  paymentTask,
  sentTask,
  voidTask,
} from '#tests/contract/books-tasks.ts';
import { spoiling, spoiltAnswers } from './answers.ts';
import { isOneOf, outcomeOf, patientClock, see } from './target.ts';
import type { Opened } from './target.ts';

/** What FreshBooks answers, call by call. */

const CALLS_MAX = 6;
const refusal = (errors: readonly object[]): string => JSON.stringify({ response: { errors } });
const OTHER_ANSWERS = [
  refusal([{ errno: 1012, field: 'email', object: 'client', value: 'a@example.com', message: 'Invalid' }]),
  refusal([{ errno: 7005, field: 'clients', object: 'client', message: 'Limit' }]),
  refusal([{ errno: 1002, field: 'invoice_number', object: 'invoice', message: 'Taken' }]),
  refusal([]),
  JSON.stringify({ error: 'invalid_grant', error_description: 'The grant is invalid' }),
  JSON.stringify({ message: 'This server could not verify', code: 16, details: [] }),
  JSON.stringify({ errno: 1003, message: 'unauthenticated' }),
  JSON.stringify({ response: { result: {} } }),
  JSON.stringify({
    response: { result: { invoices: [], clients: [], page: 1, pages: 1e9, per_page: 0, total: 1e9 } },
  }),
];

interface Bench {
  readonly world: FreshBooksWorld;
  readonly books: Books;
  readonly clientId: string;
  readonly invoice: Receipt;
  readonly payment: Receipt;
}

const TAXED = document({
  lines: [line({ taxes: [{ name: 'GST', ratePpm: 50_000 }] })],
  taxes: [{ name: 'GST', ratePpm: 50_000, amount: money.parse('1.49', 'CAD') }],
});

const PAID = money.parse('20.00', 'CAD');
const standing = (invoice: Receipt): LastWritten => ({ ...lastWritten(invoice), paid: PAID });

/** The writes and looks of the port, each on what stood before. */
const TASKS: Readonly<Record<string, (bench: Bench) => Task>> = {
  client: () => clientTask({ buyer: buyer({ customerId: '88', email: 'other@example.com' }) }),
  invoice: ({ clientId }) =>
    invoiceTask({ clientId, document: { ...TAXED, number: 'SHOPIFY-1002', poNumber: 'SHOPIFY-ORDER-5002' } }),
  lines: ({ invoice }) =>
    linesTask(standing(invoice), { document: document({ lines: [line({ quantity: 2 })] }) }),
  void: ({ invoice }) => voidTask(standing(invoice)),
  sent: ({ invoice }) => sentTask(invoice),
  payment: ({ invoice }) =>
    paymentTask(invoice.externalId, {
      slot: 2,
      amount: money.parse('9.70', 'CAD'),
      note: 'paypal, transaction 9002',
    }),
  'payment change': ({ invoice, payment }) =>
    paymentChangeTask(invoice.externalId, { receipt: payment, to: money.parse('5.00', 'CAD') }),
  expense: () => expenseTask(),
  'credit note': ({ clientId }) => creditNoteTask(clientId),
};

async function benchOf(wire: (world: FreshBooksWorld) => Books): Promise<Bench> {
  const world = await openFreshBooks();
  const { books } = world;
  const client = await books.apply(clientTask());
  const invoice = await books.apply(invoiceTask({ clientId: client.externalId }));
  const payment = await books.apply(paymentTask(invoice.externalId, { amount: PAID }));
  return { world, books: wire(world), clientId: client.externalId, invoice, payment };
}

const count = ({ world }: Bench): number => {
  const { clients, invoices, payments } = world.sim.account();
  return clients.length + invoices.length + payments.length;
};

export async function openAnswers(): Promise<Opened> {
  const property = fc.asyncProperty(
    spoiltAnswers(CALLS_MAX, OTHER_ANSWERS),
    fc.constantFrom(...Object.keys(TASKS)),
    fc.constantFrom('apply' as const, 'apply' as const, 'find' as const),
    async (answer, name, how) => {
      const clock = patientClock(NOW);
      let spoil: (() => void) | undefined;
      const bench = await benchOf((world) => {
        const wire = spoiling(world.options.transport);
        spoil = () => wire.spoil(answer);
        return createFreshBooksBooks({ ...world.options, transport: wire.transport, clock });
      });
      const task = TASKS[name]?.(bench);
      assert.ok(task !== undefined);
      const before = count(bench);
      spoil?.();
      const outcome = await outcomeOf<unknown>(() => bench.books[how](task));
      see('failure' in outcome ? `${outcome.failure.code} ${outcome.failure.effect}` : 'taken');
      if ('value' in outcome && how === 'apply') {
        const { amount } = outcome.value as Receipt;
        assert.equal(amount?.currency ?? 'CAD', 'CAD', 'what was written is in its currency');
      }
      const isDenied =
        (answer.status ?? 0) >= 400 || answer.instead !== undefined || answer.body?.kind === 'other';
      if ('failure' in outcome && !isDenied && count(bench) > before) {
        assert.equal(
          outcome.failure.effect,
          'unknown',
          `${name}: it was written, and "${outcome.failure.message}" says no`,
        );
      }
    },
  );
  return { property };
}

/** Who the token belongs to, what refunds may be booked under, and the tokens themselves. */
export async function openAccess(): Promise<Opened> {
  const property = fc.asyncProperty(
    spoiltAnswers(2, OTHER_ANSWERS),
    fc.constantFrom('accounts' as const, 'categories' as const, 'code' as const, 'refresh' as const),
    async (answer, what) => {
      const world = await openFreshBooks();
      const clock = patientClock(NOW);
      const [app] = world.sim.apps;
      assert.ok(app !== undefined);
      const wire = spoiling(world.options.transport);
      const options = { ...world.options, transport: wire.transport, clock };
      const oauth = { ...options, ...app, redirectUri: app.redirectUris[0] ?? '' };
      wire.spoil(answer);
      await isOneOf(async () => {
        switch (what) {
          case 'accounts':
            return assertAccounts(await readAccounts(options));
          case 'categories': {
            const categories = await readExpenseCategories(createApi(options));
            return assert.ok(categories.every(({ name }) => typeof name === 'string'));
          }
          case 'code':
            return assertToken(await exchangeCode(oauth, 'a code'));
          case 'refresh':
            return assertToken(await refresh(oauth, world.stored()?.refreshToken ?? ''));
        }
      }, ['request-…', 'token-refused', 'books-…', 'scope-missing']);
    },
  );
  return { property };
}

function assertAccounts(accounts: readonly FreshBooksAccount[]): void {
  for (const { accountId, canWrite } of accounts) {
    assert.ok(accountId === null || accountId !== '');
    assert.equal(typeof canWrite, 'boolean');
  }
}

function assertToken({ accessToken, refreshToken, expiresAt }: StoredToken): void {
  assert.equal(
    new Headers({ authorization: `Bearer ${accessToken}` }).get('authorization'),
    `Bearer ${accessToken}`,
  );
  assert.notEqual(refreshToken, '');
  showInstant(expiresAt ?? NOW);
}
