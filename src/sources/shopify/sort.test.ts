import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '#core/failure.ts';
import type { FailureCode } from '#core/failure.ts';
import { parseTimestamp } from '#core/time.ts';
import type { Sorted } from '#pipeline/source.ts';
import { SHOP, bodyOf } from '#tests/contract/shopify-bodies.ts';
import { sortMessage } from './sort.ts';

function sorted(topic: string, body: unknown): Sorted {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return sortMessage({ topic, body: new TextEncoder().encode(text) }, SHOP);
}

function codeOf(run: () => unknown): FailureCode | 'none' {
  try {
    run();
  } catch (thrown) {
    assert(thrown instanceof Failure, String(thrown));
    return thrown.code;
  }
  return 'none';
}

test('every topic that carries an order shows it', () => {
  const topics = ['create', 'updated', 'paid', 'cancelled', 'fulfilled', 'partially_fulfilled'];
  for (const topic of [...topics.map((name) => `orders/${name}`), 'counterfoil/read']) {
    const found = sorted(topic, bodyOf());
    assert(found.kind === 'order');
    assert.equal(found.snapshot.order.key, 'shopify/820982911946154');
  }
});

test('topics that only name an order ask for it', () => {
  const cases = [
    ['orders/edited', '{"order_edit":{"id":1,"order_id":820982911946154508}}'],
    ['refunds/create', '{"id":2,"order_id":820982911946154508,"transactions":[]}'],
    ['order_transactions/create', '{"id":3,"order_id":"820982911946154508","status":"success"}'],
  ] as const;
  for (const [topic, body] of cases) {
    const found = sorted(topic, body);
    assert(found.kind === 'touch');
    assert.equal(found.order, 'shopify/820982911946154508');
    assert.match(found.why, new RegExp(topic));
  }
  assert.equal(
    codeOf(() => sorted('refunds/create', { id: 2 })),
    'delivery-malformed',
  );
  assert.equal(
    codeOf(() => sorted('orders/edited', { order_edit: [] })),
    'delivery-malformed',
  );
});

test('a body that names an order tells when its change happened, if it says so', () => {
  const at = (body: string) => {
    const found = sorted('refunds/create', body);
    assert(found.kind === 'touch');
    return found.at;
  };
  const times = '"created_at":"2026-11-20T10:00:00-05:00","processed_at":"2026-11-20T10:00:07-05:00"';
  assert.equal(at(`{"id":2,"order_id":1,${times}}`), Date.parse('2026-11-20T15:00:07Z'));
  assert.equal(at('{"id":2,"order_id":1,"created_at":"yesterday"}'), undefined);
});

test('a tip that the buyer’s side does not show is asked for', () => {
  const body = { ...bodyOf({ presentment: 'EUR', lines: [{ price: [1000, 923] }], tip: [250, 231] }) };
  const bytes = new TextEncoder().encode(JSON.stringify(body));
  const side = (currencySide: 'shop' | 'presentment') =>
    sortMessage({ topic: 'orders/paid', body: bytes }, { ...SHOP, currencySide });
  assert.equal(side('shop').kind, 'order');
  const asked = side('presentment');
  assert.equal(asked.kind, 'touch');
  // So that one that comes late asks for nothing.
  assert.equal(asked.kind === 'touch' && asked.at, parseTimestamp(String(body['updated_at'])).at);
});

test('a deletion names its order', () => {
  assert.deepEqual(sorted('orders/delete', { id: 7 }), { kind: 'deleted', order: 'shopify/7' });
});

test('a topic that ends or accuses something is believed only with a body of its own, of this shop', () => {
  const { shopDomain } = SHOP;
  const foreign = { shop_domain: 'other.myshopify.com', myshopify_domain: 'other.myshopify.com' };
  const whole = bodyOf();
  const refund = { id: 3, order_id: 7, status: 'success', kind: 'refund' };
  const bodies = {
    'orders/delete': [whole, refund, { id: 7, name: '#7' }, {}, null],
    'disputes/create': [whole, refund, { id: 7 }],
    'disputes/update': [whole, refund, { id: 7 }],
    'app/uninstalled': [whole, { id: 7 }, foreign],
    'customers/data_request': [whole, { shop_id: 1, shop_domain: shopDomain, orders_to_redact: [7] }],
    'customers/redact': [whole, { orders_requested: [7] }, { ...foreign, orders_to_redact: [7] }],
    'shop/redact': [whole, { shop_id: 1, shop_domain: shopDomain, orders_to_redact: [7] }, { shop_id: 1 }],
  };
  for (const [topic, others] of Object.entries(bodies)) {
    for (const body of others) {
      const found = codeOf(() => sorted(topic, body));
      assert.equal(found, 'delivery-of-another-topic', `${topic} ${JSON.stringify(body).slice(0, 80)}`);
    }
  }
  assert.throws(() => sorted('orders/delete', whole), {
    message: 'The message came as orders/delete, and its content is of something else: it holds more than id',
  });
});

test('the end of the app is told to a person', () => {
  const found = sorted('app/uninstalled', { id: 1, name: 'Shop', myshopify_domain: SHOP.shopDomain });
  assert(found.kind === 'held');
  assert.equal(found.code, 'delivery-shop-uninstalled');
});

test('privacy requests say what to do by when, and name no person', () => {
  const customer = { id: 191167, email: 'john@example.com', phone: '555-625-1199' };
  const bodies = {
    'customers/data_request': {
      shop_id: 1,
      orders_requested: [299938, 280263],
      customer,
      data_request: { id: 9 },
    },
    'customers/redact': { shop_id: 1, customer, orders_to_redact: [299938, 280263] },
    'shop/redact': { shop_id: 1, shop_domain: 'example.myshopify.com' },
  };
  for (const [topic, body] of Object.entries(bodies)) {
    const found = sorted(topic, body);
    assert(found.kind === 'held');
    assert.equal(found.code, 'delivery-compliance');
    assert.match(found.detail, /within 30 days/);
    assert.doesNotMatch(found.detail, /john|555|191167/);
    assert.equal(found.detail.includes('299938, 280263'), topic !== 'shop/redact');
    const erases = {
      'customers/data_request': undefined,
      'customers/redact': {
        orders: ['shopify/299938', 'shopify/280263'],
        person: ['191167', customer.email, customer.phone],
        email: customer.email,
      },
      'shop/redact': 'everything',
    };
    assert.deepEqual(found.erases, Reflect.get(erases, topic));
  }
  const many = Array.from({ length: 25 }, (_, index) => index + 1);
  const found = sorted('customers/redact', { orders_to_redact: many });
  assert(found.kind === 'held');
  assert.match(found.detail, /, 20 and 5 more$/);
});

test('unknown topics are ignored, whatever they carry', () => {
  for (const topic of ['products/update', '', 'toString', '__proto__']) {
    const found = sorted(topic, '');
    assert(found.kind === 'ignored');
    assert.equal(found.code, 'delivery-topic-unknown');
  }
});

test('what cannot be read says why, and quotes nothing of it', () => {
  assert.equal(
    codeOf(() => sorted('orders/create', '')),
    'delivery-empty',
  );
  assert.equal(
    codeOf(() => sorted('orders/create', 'null')),
    'delivery-malformed',
  );
  assert.equal(
    codeOf(() => sorted('orders/create', '[]')),
    'delivery-malformed',
  );
  assert.equal(
    codeOf(() => sorted('orders/create', '['.repeat(500_000))),
    'delivery-not-json',
  );
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  assert.match(
    codeOf(() => sorted('orders/create', deep)),
    /^delivery-(not-json|malformed)$/,
  );
  const bytes = new Uint8Array([0x7b, 0xff, 0x7d]);
  assert.throws(() => sortMessage({ topic: 'orders/create', body: bytes }, SHOP), {
    code: 'delivery-not-json',
  });
  assert.throws(() => sorted('orders/create', '{"email":"jane@example.com"'), {
    code: 'delivery-not-json',
    message: 'The message of orders/create (27 bytes) is not JSON',
  });
});
