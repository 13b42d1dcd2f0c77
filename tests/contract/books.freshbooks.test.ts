import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { createFreshBooksBooks } from '#books/freshbooks/freshbooks.ts';
import { HOUR, SECOND, after, parseLocalDate } from '#core/time.ts';
import type { Transport } from '#net/request.ts';
import { booksContract, failureOf, orderOf } from '#tests/contract/books.ts';
import { NOW, openFreshBooks } from '#tests/contract/books-freshbooks.ts';
import {
  buyer,
  clientTask,
  document,
  invoiceTask,
  paymentTask,
  sentTask,
} from '#tests/contract/books-tasks.ts';
import { booksTest, clientIn, crowd } from '#tests/contract/books-freshbooks-hands.ts';

booksContract({ name: 'FreshBooks, in process', open: () => openFreshBooks() });
booksContract({ name: 'FreshBooks, over a socket', open: () => openFreshBooks({ wire: 'socket' }) });
booksContract({
  name: 'FreshBooks that answers every error with 200, ignores the number filter and includes on writes',
  open: () =>
    openFreshBooks({
      switches: { accountingErrorStatus: 'always-200', numberSearch: 'ignored', includesOnWrite: 'ignored' },
    }),
});
booksContract({
  name: 'FreshBooks with errors in gRPC style, newest rows first, e-mail search without case',
  open: () =>
    openFreshBooks({
      switches: {
        accountingErrorForm: 'grpc',
        unauthenticatedForm: 'grpc',
        listOrder: 'id-descending',
        emailSearchCase: 'insensitive',
        numberSearch: 'contains',
        emoji: 'stripped',
      },
    }),
});

void describe('access', () => {
  booksTest(
    'many calls with an expired token refresh it once',
    { token: { expiresAt: after(NOW, SECOND) } },
    async (world) => {
      const numbers = Array.from({ length: 12 }, (_, index) => document({ number: `N-${index}` }));
      await Promise.all(numbers.map((each) => world.books.find(invoiceTask({ document: each }))));
      assert.equal(world.sim.count({ path: '/auth/oauth/token' }), 1);
      assert.equal((world.stored()?.expiresAt ?? 0) > after(NOW, 11 * HOUR), true);
    },
  );
  booksTest(
    'many calls with a token that is refused renew it once and go on',
    { token: { accessToken: 'stale', expiresAt: after(NOW, HOUR) } },
    async (world) => {
      const numbers = Array.from({ length: 12 }, (_, index) => document({ number: `N-${index}` }));
      const found = await Promise.all(
        numbers.map((each) => world.books.find(invoiceTask({ document: each }))),
      );
      assert.ok(found.every((each) => each.state === 'absent'));
      assert.equal(world.sim.count({ path: '/auth/oauth/token' }), 1);
    },
  );
  for (const unauthenticatedForm of ['oauth', 'grpc'] as const) {
    booksTest(
      `withdrawn access asks for a new consent (${unauthenticatedForm} form)`,
      { switches: { unauthenticatedForm } },
      async (world) => {
        world.sim.revokeGrants();
        const failure = await failureOf(world.books.find(invoiceTask()));
        assert.deepEqual([failure.code, failure.effect], ['token-refused', 'none']);
      },
    );
  }
  booksTest('no token at all says so', { token: 'none' }, async (world) => {
    assert.equal((await failureOf(world.books.find(invoiceTask()))).code, 'token-missing');
  });
  booksTest(
    'a refresh whose answer is lost is told, tried once more on demand, and then asks for a person',
    { token: { expiresAt: NOW } },
    async (world) => {
      world.faults.add({ path: '/auth/oauth/token', fault: { kind: 'commit-then-drop' } });
      const first = await failureOf(world.books.find(invoiceTask()));
      assert.deepEqual([first.code, first.effect], ['request-unanswered', 'unknown']);
      assert.match(first.message, /refresh token of freshbooks may be spent/);
      const second = await failureOf(world.books.find(invoiceTask()));
      assert.equal(second.code, 'token-refused');
      assert.match(second.message, /earlier refresh got no answer/);
    },
  );
  for (const clientRoleWrite of ['http-403', 'http-200'] as const) {
    booksTest(
      `a person who may only read is named as the reason (${clientRoleWrite})`,
      { switches: { clientRoleWrite }, accounts: [{ role: 'client' }] },
      async (world) => {
        assert.equal((await failureOf(world.books.apply(clientTask()))).code, 'books-not-writable');
      },
    );
  }
  booksTest('an account that is not there is not taken for a missing invoice', {}, async (world) => {
    const books = createFreshBooksBooks({ ...world.options, accountId: 'nobody' });
    assert.equal((await failureOf(books.find(sentTask({ externalId: '1' })))).code, 'books-account-unchosen');
  });
  booksTest('a scope that was not granted is named', {}, async (world) => {
    const granted = world.sim.grant({ scopes: ['user:invoices:read'] });
    const tokens = {
      current: () => Promise.resolve(granted.access_token),
      renew: () => Promise.resolve(granted.access_token),
    };
    const books = createFreshBooksBooks({ ...world.options, tokens });
    const failure = await failureOf(books.apply(clientTask()));
    assert.equal(failure.code, 'scope-missing');
    assert.match(failure.message, /user:clients:write/);
  });
});

void describe('the wire', () => {
  booksTest('requests carry the token and our name, and ask for no version', {}, async (world) => {
    const seen: Request[] = [];
    const versions: string[] = [];
    const books = createFreshBooksBooks({
      ...world.options,
      onApiVersion: (version) => void versions.push(version),
      transport: (request) => {
        seen.push(request.clone());
        return world.options.transport(request);
      },
    });
    await orderOf(books);
    for (const request of seen) {
      assert.match(request.headers.get('authorization') ?? '', /^Bearer ./);
      assert.equal(request.headers.get('user-agent'), 'counterfoil/0.0.0');
      assert.equal(request.headers.get('x-api-version') ?? request.headers.get('api-version'), null);
      assert.equal(request.headers.has('content-type'), request.method !== 'GET');
      const text = await request.text();
      assert.doesNotMatch(text, /action_email|email_recipients|due_date/);
    }
    assert.deepEqual(versions, ['2023-02-20']);
  });
  booksTest('a paid order of a known customer costs four calls', {}, async (world) => {
    const clientId = await clientIn(world);
    const before = world.sim.calls.length;
    await world.books.find(invoiceTask());
    const invoice = await world.books.apply(invoiceTask({ clientId }));
    const sent = await world.books.apply(sentTask(invoice, true));
    const task = paymentTask(invoice.externalId);
    await world.books.apply(
      sent.outstanding === undefined ? task : { ...task, outstanding: sent.outstanding },
    );
    assert.equal(world.sim.calls.length - before, 4);
  });
  for (const fault of [
    { kind: 'truncated' },
    { kind: 'status', status: 502 },
    { kind: 'status', status: 503, retryAfterSeconds: 30 },
    { kind: 'hang', effect: 'committed' },
  ] as const) {
    booksTest(`an answer lost by ${JSON.stringify(fault)} is an unknown outcome`, {}, async (world) => {
      const clientId = await clientIn(world);
      world.faults.add({ method: 'POST', fault });
      const failing = failureOf(world.books.apply(invoiceTask({ clientId })));
      if (fault.kind === 'hang') {
        await world.clock.sleeper(after(NOW, 30 * SECOND));
        while (world.faults.injected.length === 0) {
          await new Promise((resolve) => setImmediate(resolve));
        }
        world.clock.advance(30 * SECOND);
      }
      assert.equal((await failing).effect, 'unknown');
    });
  }
  booksTest('errors within a 200 are refusals, also when they are one object', {}, async (world) => {
    for (const errors of [
      [{ errno: 1003, message: 'Access denied', field: null }],
      { errno: 1003, message: 'Access denied' },
      { first: { errno: 1003, message: 'Access denied' } },
    ]) {
      world.faults.add({
        method: 'POST',
        fault: { kind: 'error-200', body: JSON.stringify({ response: { errors } }) },
      });
      const failure = await failureOf(world.books.apply(clientTask()));
      assert.deepEqual([failure.code, failure.effect], ['books-not-writable', 'none']);
      world.faults.clear();
    }
  });
  booksTest(
    'a write that is refused is kept with its answer, without token and contact data',
    {},
    async (world) => {
      const person = buyer({ firstName: 'Zoë "Zed"', email: 'zoe@example.com' });
      const message = 'Zoë "Zed" <zoe@example.com> is not taken';
      const answer = JSON.stringify({ response: { errors: [{ errno: 1012, field: 'email', message }] } });
      const escaped = answer.replaceAll('ë', String.raw`\u00eb`);
      for (const body of [answer, escaped]) {
        world.faults.add({ method: 'POST', fault: { kind: 'status', status: 422, body } });
        const { exchange } = await failureOf(world.books.apply(clientTask({ buyer: person })));
        assert.match(
          exchange?.request ?? '',
          /^POST \/accounting\/account\/\w+\/users\/clients\n\{"client":\{/,
        );
        assert.match(exchange?.answer ?? '', /^422\n.*"errno":1012,"field":"email".*is not taken/);
        assert.doesNotMatch(JSON.stringify(exchange), /Zed|zoe@|Bearer/i);
        world.faults.clear();
      }
    },
  );
  booksTest('a page of the edge with a 4xx is a refusal without its text', {}, async (world) => {
    world.faults.add({
      method: 'POST',
      fault: { kind: 'status', status: 400, body: '<html>Ann Bell</html>' },
    });
    const failure = await failureOf(world.books.apply(clientTask()));
    assert.deepEqual([failure.code, failure.effect], ['books-refused', 'none']);
    assert.doesNotMatch(failure.message, /Ann/);
  });
  booksTest(
    'the limit is met by waiting for the window, not by being refused',
    { switches: { rateLimitAccountingPost: 20 } },
    async (world) => {
      const failures: string[] = [];
      for (let index = 0; index < 40; index += 1) {
        const task = clientTask({ buyer: buyer({ email: `b${index}@example.com` }) });
        await world.books.apply(task).catch((thrown: unknown) => failures.push(String(thrown)));
      }
      assert.equal(world.sim.calls.filter((call) => call.status === 429).length, 0);
      assert.ok(failures.length > 0 && failures.every((text) => /used up/.test(text)));
      world.clock.advance(60 * SECOND);
      await world.books.apply(clientTask());
    },
  );
  booksTest('a 429 holds the account back until the moment it names', {}, async (world) => {
    world.faults.add({ method: 'POST', fault: { kind: 'status', status: 429, retryAfterSeconds: 40 } });
    const failure = await failureOf(world.books.apply(clientTask()));
    assert.deepEqual(
      [failure.code, failure.effect, failure.retryAt],
      ['request-rate-limited', 'none', after(NOW, 40 * SECOND)],
    );
    const calls = world.sim.calls.length;
    assert.equal((await failureOf(world.books.apply(clientTask()))).retryAt, after(NOW, 40 * SECOND));
    assert.equal(
      (await failureOf(world.books.find(invoiceTask()))).retryAt,
      after(NOW, 40 * SECOND),
      'an invoice that could not be made now is not looked for',
    );
    assert.equal(world.sim.calls.length, calls);
    assert.equal((await world.books.find(clientTask())).state, 'absent');
  });
  booksTest('a date beside a month’s end has its window across it', {}, async (world) => {
    const task = invoiceTask({ document: document({ issuedOn: parseLocalDate('2026-03-01') }) });
    await world.books.find(task);
    crowd(world, 1);
    await createFreshBooksBooks({ ...world.options, transport: dropNumber(world.options.transport) }).find(
      task,
    );
    assert.match(
      decodeURIComponent(world.sim.calls.at(-1)?.query ?? ''),
      /date_min\]=2026-02-28.*date_max\]=2026-03-03/,
    );
  });
});

function dropNumber(transport: Transport): Transport {
  return (request) => {
    const url = new URL(request.url);
    url.searchParams.delete('search[invoice_number]');
    return transport(new Request(url, request));
  };
}
