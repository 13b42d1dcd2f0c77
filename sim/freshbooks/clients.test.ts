import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bench, line } from './caller.ts';

const liveKeys =
  'accounting_systemid allow_email_include_pdf allow_late_fees allow_late_notifications bus_phone company_industry company_size currency_code direct_link_token email exceeds_client_limit fax fname has_retainer home_phone id language last_activity last_login level lname mob_phone note notified num_logins number_format organization p_city p_code p_country p_province p_street p_street2 pref_email pref_gmail retainer_id role s_city s_code s_country s_province s_street s_street2 signup_date statement_token subdomain updated userid username uuid vat_name vat_number vis_state'.split(
    ' ',
  );

async function emails(desk: ReturnType<typeof bench>, query: string): Promise<string[]> {
  const { result } = await desk.get(`users/clients?${query}`);
  return result.clients.map((client: { email: string }) => client.email);
}

test('create answers 200 with the live key set, empty texts as they are live', async () => {
  const { post } = bench();
  const { status, result } = await post('users/clients', {
    client: { fname: 'Test', lname: 'Client', email: 't@example.com', nonsense: 1 },
  });
  assert.equal(status, 200);
  assert.deepEqual(Object.keys(result.client).sort(), liveKeys);
  const { organization, mob_phone, home_phone, note, username, currency_code, level, vis_state } =
    result.client;
  assert.deepEqual(
    [organization, mob_phone, home_phone, note, username, currency_code, level, vis_state],
    ['', '', null, null, 'testclient', 'USD', 0, 0],
  );
});

test('signup_date is UTC and updated is Eastern, in summer and in winter', async () => {
  const desk = bench();
  const summer = (await desk.post('users/clients', { client: {} })).result.client;
  assert.deepEqual([summer.signup_date, summer.updated], ['2026-06-29 16:00:00', '2026-06-29 12:00:00']);
  desk.clock.at = Date.parse('2026-12-01T03:30:00Z');
  const winter = (await bench({ clock: desk.clock }).post('users/clients', { client: {} })).result.client;
  assert.deepEqual([winter.signup_date, winter.updated], ['2026-12-01 03:30:00', '2026-11-30 22:30:00']);
});

test('e-mail addresses may repeat; usernames count up', async () => {
  const desk = bench();
  await desk.client();
  await desk.client();
  const { result } = await desk.get('users/clients?search[email]=ada%40example.com');
  assert.equal(result.total, 2);
  assert.deepEqual(
    result.clients.map((client: { username: string }) => client.username),
    ['adabyron', 'adabyron2'],
  );
});

test('PUT changes only what it names', async () => {
  const desk = bench();
  const id = await desk.client({ p_city: 'Oslo', note: 'keep' });
  const { result } = await desk.put(`users/clients/${id}`, { client: { p_city: 'Bergen' } });
  assert.deepEqual(
    [result.client.p_city, result.client.note, result.client.fname],
    ['Bergen', 'keep', 'Ada'],
  );
});

test('a refused PUT changes nothing', async () => {
  const desk = bench();
  const id = await desk.client();
  const refused = await desk.put(`users/clients/${id}`, { client: { fname: 'Eve', vis_state: 'often' } });
  assert.equal(refused.status, 422);
  assert.equal(desk.sim.account().clients[0]?.texts['fname'], 'Ada');
});

test('deleted by PUT vis_state 1: gone from lists, readable by id', async () => {
  const desk = bench();
  const id = await desk.client();
  assert.equal(
    (await desk.put(`users/clients/${id}`, { client: { vis_state: 1 } })).result.client.vis_state,
    1,
  );
  assert.equal((await desk.get('users/clients')).result.total, 0);
  assert.equal((await desk.get('users/clients?search[vis_state]=1')).result.total, 1);
  assert.equal((await desk.get(`users/clients/${id}`)).result.client.vis_state, 1);
});

test("the plan's limit counts active and archived clients and answers 402 with errno 7005", async () => {
  const desk = bench({ accounts: [{ id: 'AAA111', clientLimit: 2 }] });
  const first = await desk.client();
  await desk.client();
  const refused = await desk.post('users/clients', { client: {} });
  assert.deepEqual(
    [refused.status, refused.error],
    [402, { errno: 7005, field: null, message: 'Client limit of 2 reached', object: null, value: null }],
  );
  await desk.put(`users/clients/${first}`, { client: { vis_state: 2 } });
  assert.equal((await desk.post('users/clients', { client: {} })).status, 402);
  await desk.put(`users/clients/${first}`, { client: { vis_state: 1 } });
  assert.equal((await desk.post('users/clients', { client: {} })).status, 200);
});

test('search[email] is exact in case or not, and looks at secondary contacts or not, by the switches', async () => {
  const make = async (switches: NonNullable<Parameters<typeof bench>[0]>['switches']) => {
    const desk = bench({ switches: switches ?? {} });
    await desk.client({
      email: 'Ada+Shop@Example.com',
      contacts: [{ email: 'second@example.com', fname: 'S' }],
    });
    return desk;
  };
  const exact = await make({});
  assert.deepEqual(await emails(exact, `search[email]=${encodeURIComponent('Ada+Shop@Example.com')}`), [
    'Ada+Shop@Example.com',
  ]);
  assert.deepEqual(
    await emails(exact, 'search[email]=Ada+Shop@Example.com'),
    [],
    'a bare plus reads as a space',
  );
  assert.deepEqual(await emails(exact, `search[email]=${encodeURIComponent('ada+shop@example.com')}`), []);
  assert.deepEqual(await emails(exact, 'search[email]=second@example.com'), []);
  assert.deepEqual(await emails(exact, 'search[email_like]=shop'), ['Ada+Shop@Example.com']);
  const lax = await make({ emailSearchCase: 'insensitive', emailSearchContacts: true });
  assert.equal((await emails(lax, `search[email]=${encodeURIComponent('ada+shop@example.com')}`)).length, 1);
  assert.equal((await emails(lax, 'search[email]=second@example.com')).length, 1);
});

test('unknown search keys and plain parameters are ignored and the whole list is answered', async () => {
  const desk = bench();
  await desk.client({ email: 'a@example.com' });
  await desk.client({ email: 'b@example.com' });
  for (const query of [
    'search[fname]=Nobody',
    'search[organization]=X',
    'search_email=a@example.com',
    'email=a@example.com',
    'search[__proto__]=1',
    'search[toString]=1',
  ]) {
    assert.equal((await emails(desk, query)).length, 2, query);
  }
  assert.deepEqual(await emails(desk, 'search[fname_like]=nobody'), []);
});

test('sorts that exist are honoured and others ignored', async () => {
  const desk = bench();
  for (const email of ['b@example.com', 'c@example.com', 'a@example.com']) await desk.client({ email });
  assert.deepEqual(await emails(desk, 'sort=email_asc'), ['a@example.com', 'b@example.com', 'c@example.com']);
  assert.deepEqual(await emails(desk, 'sort=email_desc'), [
    'c@example.com',
    'b@example.com',
    'a@example.com',
  ]);
  assert.deepEqual(await emails(desk, 'sort=fname_asc'), ['b@example.com', 'c@example.com', 'a@example.com']);
  assert.deepEqual(await emails(desk, 'sort=updated:asc'), [
    'b@example.com',
    'c@example.com',
    'a@example.com',
  ]);
});

test('countries are kept, organization stays empty, unless the switches say otherwise', async () => {
  const kept = await bench().post('users/clients', {
    client: { email: 'a@example.com', p_country: 'Canada' },
  });
  assert.deepEqual([kept.result.client.p_country, kept.result.client.organization], ['Canada', '']);
  const old = await bench({ switches: { clientCountry: 'blanked', organizationFromEmail: true } }).post(
    'users/clients',
    { client: { email: 'a@example.com', p_country: 'Canada' } },
  );
  assert.deepEqual([old.result.client.p_country, old.result.client.organization], ['', 'a@example.com']);
});

test('emoji are refused with errno 1036, kept or stripped; long names are refused with 1017', async () => {
  const write = async (switches: object) =>
    bench({ switches }).post('users/clients', { client: { fname: 'Åsa 🎉', lname: 'Ünal' } });
  const refused = await write({});
  assert.deepEqual([refused.status, refused.error.errno, refused.error.field], [422, 1036, 'fname']);
  assert.equal((await write({ emoji: 'kept' })).result.client.fname, 'Åsa 🎉');
  assert.equal((await write({ emoji: 'stripped' })).result.client.fname, 'Åsa ');
  const long = await write({ emoji: 'kept', textLengthsMax: { fname: 3 } });
  assert.deepEqual([long.status, long.error.errno], [422, 1017]);
});

test('fields that a switch names are refused with errno 1038, and nothing is made', async () => {
  const desk = bench({ switches: { readOnlyFields: ['allow_late_fees'] } });
  const client = { email: 'a@example.com', allow_late_fees: false };
  const refused = await desk.post('users/clients', { client });
  assert.deepEqual(
    [refused.status, refused.error.errno, refused.error.field],
    [403, 1038, 'allow_late_fees'],
  );
  assert.equal(desk.sim.account().clients.length, 0);
});

test('balances are included on request, an array of amounts by currency', async () => {
  const desk = bench();
  const id = await desk.client();
  const { id: invoiceId } = await desk.invoice({ lines: [line('A', '10.00')] });
  const read = async () =>
    (await desk.get(`users/clients/${id}?include[]=outstanding_balance&include[]=draft_balance`)).result
      .client;
  assert.deepEqual((await read()).draft_balance, [{ amount: { amount: '10.00', code: 'USD' } }]);
  await desk.put(`invoices/invoices/${invoiceId}`, { invoice: { action_mark_as_sent: true } });
  assert.deepEqual((await read()).outstanding_balance, [{ amount: { amount: '10.00', code: 'USD' } }]);
});
