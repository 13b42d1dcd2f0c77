import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bench, line } from './caller.ts';
import { withFaults, scriptedFaults } from '#sim/faults.ts';

const invoicesPath = 'invoices/invoices';

test('users/me has no result layer, several memberships, and an account id that may be null', async () => {
  const desk = bench({
    accounts: [
      { id: 'AAA111', name: 'One', timeZone: 'Africa/Nairobi' },
      { id: 'BBB222', role: 'admin', isIdOnlyInRoles: true },
    ],
  });
  const { body } = await desk.get('/auth/api/v1/users/me');
  const me = body.response;
  assert.equal(me.result, undefined);
  const [one, two] = me.business_memberships;
  assert.deepEqual(
    [one.role, one.business.account_id, one.business.timezone, one.business.name],
    ['owner', 'AAA111', 'Africa/Nairobi', 'One'],
  );
  assert.deepEqual([two.role, two.business.account_id], ['admin', null]);
  assert.deepEqual(
    me.roles.map((role: { accountid: string }) => role.accountid),
    ['AAA111', 'BBB222'],
  );
  assert.notEqual(one.id, one.business.id);
  assert.match(me.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.ok(one.fasttrack_token.startsWith('eyJ'));
});

test('a bad token is 401 in the form of its family', async () => {
  const headers = { authorization: 'Bearer nonsense' };
  const unauthenticated = {
    error: 'unauthenticated',
    error_description: 'This action requires authentication to continue.',
  };
  const { send } = bench();
  const me = await send('/auth/api/v1/users/me', { headers });
  assert.deepEqual([me.status, me.body], [401, unauthenticated]);
  const books = await send(invoicesPath, { headers });
  assert.deepEqual([books.status, books.body], [401, unauthenticated]);
  const events = await send('/events/account/SiMfb1/events/callbacks', { headers });
  assert.deepEqual([events.status, events.body.errno], [401, 401]);
  const grpc = await bench({ switches: { unauthenticatedForm: 'grpc' } }).send(invoicesPath, { headers });
  assert.deepEqual([grpc.status, grpc.body.code, grpc.body.details[0].reason], [401, 16, '1003']);
});

test('a call needs the scope of its resource and direction', async () => {
  const desk = bench({ scopes: ['user:clients:read', 'user:invoices:write'] });
  assert.equal((await desk.get('users/clients')).status, 200);
  assert.equal((await desk.get(invoicesPath)).status, 403);
  const refused = await desk.post('users/clients', { client: {} });
  assert.deepEqual([refused.status, refused.error.errno], [403, 1003]);
  assert.equal(desk.sim.account().clients.length, 0);
  assert.equal((await desk.get('/auth/api/v1/users/me')).status, 200, 'profile:read is always granted');
});

test('role client reads 200 and writes 403, or 200 with errno 1003', async () => {
  const accounts = [{ id: 'AAA111', role: 'client' as const }];
  const desk = bench({ accounts });
  assert.equal((await desk.get('users/clients')).status, 200);
  const refused = await desk.post('users/clients', { client: {} });
  assert.deepEqual([refused.status, refused.error.message], [403, 'Permission Denied']);
  const quiet = await bench({ accounts, switches: { clientRoleWrite: 'http-200' } }).post('users/clients', {
    client: {},
  });
  assert.deepEqual([quiet.status, quiet.error.errno], [200, 1003]);
});

test("another account's id, unknown paths and unknown ids are 404 with errno 1012", async () => {
  const { get } = bench();
  const account = await get('/accounting/account/WRONG1/users/clients');
  assert.deepEqual([account.status, account.error.message], [404, 'Account not found.']);
  assert.equal((await get('nothing/here')).status, 404);
  const objects = [
    ['users/clients', 'Client', 'userid'],
    [invoicesPath, 'Invoice', 'invoiceid'],
    ['payments/payments', 'Payment', 'paymentid'],
    ['credit_notes/credit_notes', 'Credit note', 'creditid'],
    ['expenses/expenses', 'Expense', 'expenseid'],
    ['expenses/categories', 'Category', 'categoryid'],
    ['taxes/taxes', 'Tax', 'taxid'],
    ['other_incomes/other_incomes', 'Other income', 'incomeid'],
  ];
  for (const [path, title, field] of objects) {
    const missing = await get(`${path}/12345`);
    assert.deepEqual(
      [missing.status, missing.error.errno, missing.error.message, missing.error.field, missing.error.value],
      [404, 1012, `${title} not found.`, field, '12345'],
    );
  }
});

test('ids of one account do not exist in another', async () => {
  const desk = bench({ accounts: [{ id: 'AAA111' }, { id: 'BBB222' }] });
  const id = await desk.client();
  assert.equal((await desk.get(`users/clients/${id}`)).status, 200);
  assert.equal((await desk.get(`/accounting/account/BBB222/users/clients/${id}`)).status, 404);
});

test('JSON that does not parse is 400 with errno 1005', async () => {
  const { post } = bench();
  for (const body of ['{', '[]', '', 'null']) {
    const refused = await post('users/clients', body);
    assert.deepEqual([refused.status, refused.error.errno], [400, 1005], body);
  }
});

test('every answer carries rate headers, retry-after and the API version, 200 too', async () => {
  const desk = bench();
  const get = await desk.get('users/clients');
  assert.deepEqual(
    ['x-ratelimit-limit', 'x-ratelimit-remaining', 'retry-after', 'x-api-version'].map((name) =>
      get.headers.get(name),
    ),
    ['600', '599', '60', '2023-02-20'],
  );
  assert.equal(get.headers.get('x-ratelimit-reset'), String(desk.clock.at / 1000 + 60));
  desk.clock.at += 45_000;
  const me = await desk.get('/auth/api/v1/users/me');
  assert.deepEqual(
    ['x-ratelimit-remaining', 'retry-after'].map((name) => me.headers.get(name)),
    ['598', '15'],
    '/me shares the window',
  );
  const post = await desk.post('users/clients', { client: {} });
  assert.deepEqual(
    ['x-ratelimit-limit', 'x-ratelimit-remaining', 'retry-after'].map((name) => post.headers.get(name)),
    ['250', '249', '60'],
  );
  const missing = await desk.get('users/clients/1');
  assert.equal(missing.headers.get('x-ratelimit-remaining'), '597');
  const quiet = bench({ switches: { retryAfter: 'limited-only' } });
  assert.equal((await quiet.get('users/clients')).headers.get('retry-after'), null);
});

test('the 251st POST of a minute is 429 and does nothing; the next window is open', async () => {
  const desk = bench();
  for (let count = 0; count < 250; count += 1)
    assert.equal((await desk.post('users/clients', { client: {} })).status, 200);
  const limited = await desk.post('users/clients', { client: {} });
  assert.equal(limited.status, 429);
  assert.equal(limited.headers.get('x-ratelimit-remaining'), '0');
  assert.equal(desk.sim.account().clients.length, 250);
  assert.equal((await desk.get('users/clients')).status, 200, 'other calls have a window of their own');
  desk.clock.at += 60_000;
  assert.equal((await desk.post('users/clients', { client: {} })).status, 200);
});

test('the body of 429 and what windows are counted by are switches', async () => {
  for (const [rateLimitBody, pattern] of [
    ['message', /rate limit/],
    ['classic', /errors/],
    ['html', /<html>/],
    ['empty', /^$/],
  ] as const) {
    const { sim, token } = bench({ switches: { rateLimitBody, rateLimitOther: 0 } });
    const response = await sim.handle(
      new Request('https://api.freshbooks.com/auth/api/v1/users/me', {
        headers: { authorization: `Bearer ${token}` },
      }),
    );
    assert.equal(response.status, 429);
    assert.match(await response.text(), pattern);
  }
  for (const [rateLimitKey, expected] of [
    ['token', 200],
    ['account', 429],
  ] as const) {
    const desk = bench({ switches: { rateLimitKey, rateLimitOther: 1 } });
    await desk.get('users/clients');
    const headers = { authorization: `Bearer ${desk.sim.grant().access_token}` };
    assert.equal((await desk.send('users/clients', { headers })).status, expected, rateLimitKey);
  }
});

test('accounting errors arrive as HTTP 200, or in the gRPC form, by the switches', async () => {
  const hidden = await bench({ switches: { accountingErrorStatus: 'always-200' } }).get('users/clients/1');
  assert.deepEqual([hidden.status, hidden.error.errno], [200, 1012]);
  const grpc = await bench({ switches: { accountingErrorForm: 'grpc' } }).get('users/clients/1');
  assert.deepEqual([grpc.status, grpc.body.code, grpc.body.details[0].metadata.field], [404, 5, 'userid']);
});

test('the log counts what reached the simulator', async () => {
  const desk = bench();
  await desk.client();
  await desk.get('users/clients?page=2');
  assert.equal(desk.sim.count({ method: 'POST', path: '/users/clients' }), 1);
  assert.equal(desk.sim.count({ path: /clients$/ }), 2);
  assert.deepEqual(desk.sim.calls.at(-1), {
    at: desk.clock.at,
    method: 'GET',
    path: '/accounting/account/SiMfb1/users/clients',
    query: '?page=2',
    status: 200,
  });
});

test('a lost answer leaves the invoice, a cut before it does not', async () => {
  const faults = scriptedFaults([
    { method: 'POST', path: '/invoices/', fault: { kind: 'commit-then-drop' } },
    { method: 'POST', path: '/invoices/', nth: 2, fault: { kind: 'drop-before' } },
  ]);
  const desk = bench({ faults });
  const customerid = await desk.client();
  const body = {
    invoice: { customerid, create_date: '2026-06-29', invoice_number: 'S-1', lines: [line('A', '1.00')] },
  };
  await assert.rejects(desk.post(invoicesPath, body), TypeError);
  assert.equal(desk.sim.account().invoices.length, 1);
  await assert.rejects(
    desk.post(invoicesPath, { invoice: { ...body.invoice, invoice_number: 'S-2' } }),
    TypeError,
  );
  assert.equal(desk.sim.account().invoices.length, 1);
});

test('two simulators can share one fault plan through withFaults', async () => {
  const plan = scriptedFaults([{ fault: { kind: 'status', status: 503 } }]);
  const one = bench();
  const wrapped = withFaults(one.sim.handle, plan);
  assert.equal((await wrapped(new Request('https://x.example/'))).status, 503);
  assert.equal(one.sim.calls.length, 0);
});
