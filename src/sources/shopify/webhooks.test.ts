import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openShopify } from '#tests/contract/source-shopify.ts';
import type { ShopifyWorld, ShopifyWorldOptions } from '#tests/contract/source-shopify.ts';
import { preflight } from './preflight.ts';
import {
  REQUIRED_TOPICS,
  complianceInstructions,
  listSubscriptions,
  planSubscriptions,
  removeSubscriptions,
  repairSubscriptions,
  webhookUri,
} from './webhooks.ts';
import type { Subscription } from './webhooks.ts';

const URI = 'https://books.example.com/webhooks/shopify';

async function open(options: ShopifyWorldOptions = {}): Promise<ShopifyWorld> {
  return await openShopify({ scenarios: 'none', ...options });
}

function subscription(changes: Partial<Subscription> = {}): Subscription {
  return {
    id: 'gid://shopify/WebhookSubscription/1',
    topic: 'ORDERS_CREATE',
    uri: URI,
    format: 'JSON',
    includeFields: [],
    filter: '',
    apiVersion: '2026-10',
    ...changes,
  };
}

describe('the address', () => {
  test('is the public https address with our path', () => {
    assert.equal(webhookUri('https://books.example.com'), URI);
    assert.equal(webhookUri('https://books.example.com/'), URI);
    assert.equal(webhookUri('https://example.com/books/'), 'https://example.com/books/webhooks/shopify');
    for (const wrong of ['', 'books.example.com', 'http://books.example.com', 'https://x.example/?a=1']) {
      assert.throws(() => webhookUri(wrong), { code: 'config-invalid', message: /COUNTERFOIL_PUBLIC_URL/ });
    }
  });

  test('has to be entered by hand for the privacy topics', () => {
    assert.equal(complianceInstructions(URI).split(URI).length - 1, 4);
    assert.match(complianceInstructions(URI), /shopify\.app\.toml/);
  });
});

describe('the plan', () => {
  test('names what is missing', () => {
    assert.deepEqual(planSubscriptions([], URI).missing, REQUIRED_TOPICS);
  });

  test('leaves what is right and what is other people’s', () => {
    const foreign = [
      subscription({ uri: 'https://other.example/hooks' }),
      subscription({ uri: 'arn:aws:events:us-east-1::event-source/aws.partner/shopify.com/1/x' }),
      subscription({ topic: 'PRODUCTS_UPDATE', uri: URI }),
    ];
    const plan = planSubscriptions([...foreign, subscription()], URI);
    assert.deepEqual(plan.foreign, foreign);
    assert.equal(plan.right.length, 1);
    assert.equal(plan.missing.includes('ORDERS_CREATE'), false);
  });

  test('corrects an old address, a filter, cut bodies and another format in place', () => {
    const cases = [
      [{ uri: 'https://old.example.com/webhooks/shopify' }, /old\.example\.com/],
      [{ filter: 'test:false' }, /filter/],
      [{ includeFields: ['id'] }, /lack fields/],
      [{ format: 'XML' }, /XML/],
    ] as const;
    for (const [changes, why] of cases) {
      const plan = planSubscriptions([subscription(changes)], URI);
      assert.match(plan.wrong[0]?.why ?? '', why);
      assert.equal(plan.missing.includes('ORDERS_CREATE'), false);
    }
  });

  test('deletes doubles at our address and leaves those elsewhere', () => {
    const second = subscription({ id: 'gid://shopify/WebhookSubscription/2', filter: 'x' });
    const elsewhere = subscription({
      id: 'gid://shopify/WebhookSubscription/3',
      uri: 'https://old.example.com/webhooks/shopify',
    });
    const plan = planSubscriptions([second, subscription(), elsewhere], URI);
    assert.deepEqual(plan.right, [subscription()]);
    assert.deepEqual(plan.duplicates, [second]);
    assert.deepEqual(plan.foreign, [elsewhere]);
    assert.deepEqual(plan.wrong, []);
  });
});

describe('the shop', () => {
  test('gets every topic once, however often it is repaired', async () => {
    const { api, sim } = await open();
    const first = await repairSubscriptions(api, planSubscriptions(await listSubscriptions(api), URI));
    assert.deepEqual(
      first.map(({ did, topic }) => `${did} ${topic}`),
      REQUIRED_TOPICS.map((topic) => `created ${topic}`),
    );
    assert.deepEqual(
      await repairSubscriptions(api, planSubscriptions(await listSubscriptions(api), URI)),
      [],
    );
    assert.deepEqual(
      sim.subscriptions().map(({ uri }) => uri),
      REQUIRED_TOPICS.map(() => URI),
    );
  });

  test('a subscription that vanished is made again, and one that moved is moved back', async () => {
    const { api, sim } = await open();
    const old = 'https://tunnel.example.com/webhooks/shopify';
    await repairSubscriptions(api, planSubscriptions([], old));
    const [lost] = sim.subscriptions();
    assert(lost !== undefined);
    sim.dropSubscription(lost.id);
    const done = await repairSubscriptions(api, planSubscriptions(await listSubscriptions(api), URI));
    assert.deepEqual(
      done.filter(({ did }) => did === 'created').map(({ topic }) => topic),
      [lost.topic],
    );
    assert.equal(done.filter(({ did }) => did === 'changed').length, REQUIRED_TOPICS.length - 1);
    assert.equal(planSubscriptions(await listSubscriptions(api), URI).right.length, REQUIRED_TOPICS.length);
  });

  test('all of ours are removed and nobody else’s', async () => {
    const { api, sim } = await open();
    await repairSubscriptions(api, planSubscriptions([], URI));
    await repairSubscriptions(api, {
      ...planSubscriptions([], 'https://other.example/hooks'),
      missing: ['ORDERS_PAID'],
    });
    const plan = planSubscriptions(await listSubscriptions(api), URI);
    const done = await removeSubscriptions(api, plan.right);
    assert.equal(done.length, REQUIRED_TOPICS.length);
    assert.deepEqual(
      sim.subscriptions().map(({ uri }) => uri),
      ['https://other.example/hooks'],
    );
  });

  test('what the shop refuses is said in its words', async () => {
    const { api } = await open();
    const plan = planSubscriptions([], URI);
    await repairSubscriptions(api, plan);
    await assert.rejects(repairSubscriptions(api, plan), {
      code: 'request-refused',
      message: /already been taken/,
    });
  });

  test('missing scopes are named before anything is registered', async () => {
    const { api, sim } = await open({ app: { scopes: ['read_orders'] } });
    await assert.rejects(repairSubscriptions(api, planSubscriptions([], URI)), {
      code: 'scope-missing',
      message: /read_customers/,
    });
    assert.equal(sim.subscriptions().length, 0);
  });
});

describe('the preflight', () => {
  test('says who the shop is and what the app lacks', async () => {
    const { api, world } = await open({ app: { scopes: ['write_orders'] } });
    const found = await preflight(api);
    assert.equal(found.shopDomain, world.shop.domain);
    assert.equal(found.currency, 'USD');
    assert.equal(found.timeZone, 'America/New_York');
    assert.deepEqual(found.missingScopes, ['read_customers']);
    assert.match(found.remarks.join(), /read_all_orders/);
  });

  test('has nothing to say of a shop where all is granted', async () => {
    const { api } = await open();
    const { missingScopes, remarks, otherThan } = await preflight(api);
    assert.deepEqual([missingScopes, remarks, otherThan], [[], [], undefined]);
  });

  test('tells of a shop that is called otherwise: by the name that is configured, no webhook is taken', async () => {
    const { api } = await open();
    const { otherThan } = await preflight({ ...api, shopDomain: 'acme.myshopify.com' });
    assert.equal(otherThan, 'acme.myshopify.com');
  });
});
