import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { deliverySignature } from './callbacks.ts';
import { bench, type Bench } from './caller.ts';

const path = '/events/account/SiMfb1/events/callbacks';
const uri = 'https://counterfoil.example/hooks/freshbooks';

const register = (desk: Bench, event = 'invoice.create') => desk.post(path, { callback: { event, uri } });

async function taken(desk: Bench) {
  return Promise.all(
    desk.sim
      .takeDeliveries()
      .map(async (request) => ({ request, form: new URLSearchParams(await request.text()) })),
  );
}

async function verified(desk: Bench, event: string): Promise<string> {
  const { callbackid } = (await register(desk, event)).result.callback;
  const verifier = (await taken(desk)).at(-1)?.form.get('verifier') ?? '';
  const answer = await desk.put(`${path}/${callbackid}`, { callback: { callback_id: callbackid, verifier } });
  assert.equal(answer.result.callback.verified, true);
  return verifier;
}

test('registering answers an unverified callback and posts the verifier to it', async () => {
  const desk = bench();
  const { status, result } = await register(desk);
  assert.equal(status, 200);
  assert.deepEqual(
    { ...result.callback, callbackid: 0 },
    { callbackid: 0, event: 'invoice.create', uri, verified: false, updated_at: '2026-06-29T16:00:00Z' },
  );
  const [handshake, ...more] = await taken(desk);
  assert.equal(more.length, 0);
  assert.equal(handshake?.request.url, uri);
  assert.deepEqual(
    [handshake?.form.get('name'), handshake?.form.get('object_id'), handshake?.form.get('account_id')],
    ['callback.verify', String(result.callback.callbackid), 'SiMfb1'],
  );
  assert.ok(handshake?.form.get('verifier'));
});

test('nothing is delivered before the verifier came back, and a wrong one is refused', async () => {
  const desk = bench();
  const { callbackid } = (await register(desk)).result.callback;
  await taken(desk);
  assert.equal((await desk.put(`${path}/${callbackid}`, { callback: { verifier: 'guess' } })).status, 422);
  await desk.invoice();
  assert.deepEqual(await taken(desk), []);
});

test("verified callbacks get ids only, signed over Python's json.dumps of the form", async () => {
  const desk = bench();
  const verifier = await verified(desk, 'invoice.create');
  const { id } = await desk.invoice();
  const [delivery, ...more] = await taken(desk);
  assert.equal(more.length, 0, "the client's creation has no callback");
  const business = delivery?.form.get('business_id');
  const expected = `{"name": "invoice.create", "object_id": "${id}", "account_id": "SiMfb1", "business_id": "${business}", "identity_id": "14468508", "user_id": "1"}`;
  assert.equal(
    delivery?.request.headers.get('x-freshbooks-hmac-sha256'),
    createHmac('sha256', verifier).update(expected).digest('base64'),
  );
  assert.deepEqual(await taken(desk), [], 'each is handed out once');
});

test('the signature escapes what is not ASCII', () => {
  const expected = createHmac('sha256', 'k')
    .update(String.raw`{"name": "\u00c5 \ud83c\udf89 \"q\""}`)
    .digest('base64');
  assert.equal(deliverySignature(new URLSearchParams({ name: `Å 🎉 "q"` }), 'k'), expected);
});

test('a bare parent hears of all its events', async () => {
  const desk = bench();
  await verified(desk, 'invoice');
  const { id } = await desk.invoice();
  await desk.put(`invoices/invoices/${id}`, { invoice: { notes: 'x' } });
  await desk.put(`invoices/invoices/${id}`, { invoice: { vis_state: 1 } });
  assert.deepEqual(
    (await taken(desk)).map(({ form }) => form.get('name')),
    ['invoice.create', 'invoice.update', 'invoice.delete'],
  );
});

test('resend sends the verifier again, DELETE is real, the list has its envelope', async () => {
  const desk = bench();
  const { callbackid } = (await register(desk)).result.callback;
  const first = (await taken(desk))[0]?.form.get('verifier');
  await desk.put(`${path}/${callbackid}`, { callback: { callback_id: callbackid, resend: true } });
  assert.equal((await taken(desk))[0]?.form.get('verifier'), first);
  const { result } = await desk.get(path);
  assert.deepEqual(
    [result.callbacks.length, result.page, result.pages, result.per_page, result.total],
    [1, 1, 1, 15, 1],
  );
  assert.equal((await desk.remove(`${path}/${callbackid}`)).status, 200);
  const gone = await desk.get(`${path}/${callbackid}`);
  assert.deepEqual(
    [gone.status, gone.body],
    [404, { errno: 404, message: 'Requested resource could not be found.' }],
  );
});

test('unknown events and bad addresses are 422 with details', async () => {
  const refused = await bench().post(path, { callback: { event: 'invoice.paid', uri: 'nowhere' } });
  assert.deepEqual([refused.status, refused.body.errno, refused.body.details.length], [422, 422, 2]);
});

test("registering needs the scope of the event's resource", async () => {
  const desk = bench({ scopes: ['user:clients:read'] });
  assert.equal((await register(desk, 'invoice.create')).status, 403);
  assert.equal((await register(desk, 'client.create')).status, 200);
});
