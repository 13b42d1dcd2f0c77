import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Failure } from '#core/failure.ts';
import { HOUR, SECOND, after } from '#core/time.ts';
import type { Clock } from '#core/time.ts';
import type { Transport } from '#net/request.ts';
import { DEFAULT_APP } from '#sim/shopify/shopify.ts';
import { NOW, openShopify } from '#tests/contract/source-shopify.ts';
import type { ShopifyWorld, ShopifyWorldOptions } from '#tests/contract/source-shopify.ts';
import { textOf } from '#core/json-fields.ts';
import { createShopifyApi } from './api.ts';
import type { ShopifyApi } from './api.ts';

const PREFLIGHT = { document: 'preflight', variables: {}, doing: 'Asking' } as const;

async function open(options: ShopifyWorldOptions = {}): Promise<ShopifyWorld> {
  return await openShopify({ scenarios: 'none', ...options });
}

async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  try {
    await promise;
  } catch (thrown) {
    assert(thrown instanceof Failure, String(thrown));
    return thrown;
  }
  assert.fail('it succeeded');
}

function grants({ sim }: ShopifyWorld): number {
  return sim.calls().filter(({ path }) => path === '/admin/oauth/access_token').length;
}

/** Answers with these, one after the other, and then passes on. */
function answering(
  ...answers: readonly (Response | (() => Response))[]
): (transport: Transport) => Transport {
  const left = [...answers];
  return (transport) => async (request) => {
    if (new URL(request.url).pathname.endsWith('access_token')) {
      return await transport(request);
    }
    const next = left.shift();
    return next === undefined ? await transport(request) : typeof next === 'function' ? next() : next;
  };
}

describe('access', () => {
  test('a token is asked for once and used for a day', async () => {
    const shop = await open();
    await Promise.all([shop.api.ask(PREFLIGHT), shop.api.ask(PREFLIGHT), shop.api.ask(PREFLIGHT)]);
    await shop.api.ask(PREFLIGHT);
    assert.equal(grants(shop), 1);
  });

  test('it is renewed five minutes before its end', async () => {
    const shop = await open();
    await shop.api.ask(PREFLIGHT);
    await shop.clock.advance(23 * HOUR + 54 * 60 * SECOND);
    await shop.api.ask(PREFLIGHT);
    assert.equal(grants(shop), 1);
    await shop.clock.advance(2 * 60 * SECOND);
    await shop.api.ask(PREFLIGHT);
    assert.equal(grants(shop), 2);
  });

  test('a refused token is renewed once', async () => {
    const shop = await open();
    await shop.api.ask(PREFLIGHT);
    shop.sim.revokeTokens();
    await Promise.all([shop.api.ask(PREFLIGHT), shop.api.ask(PREFLIGHT)]);
    assert.equal(grants(shop), 2);
  });

  test('a new token that is refused too ends the matter', async () => {
    const refuse = (): Response => Response.json({ errors: 'no' }, { status: 401 });
    const shop = await open({ between: answering(refuse, refuse, refuse) });
    const failure = await failureOf(shop.api.ask(PREFLIGHT));
    assert.equal(failure.code, 'token-refused');
    assert.equal(grants(shop), 2);
  });

  test('a static token is used as it is, and its refusal names the setting', async () => {
    const [token = ''] = DEFAULT_APP.staticTokens;
    const good = await open({ credentials: { kind: 'static', accessToken: token } });
    await good.api.ask(PREFLIGHT);
    assert.equal(grants(good), 0);
    const bad = await open({ credentials: { kind: 'static', accessToken: 'shpat_gone' } });
    const failure = await failureOf(bad.api.ask(PREFLIGHT));
    assert.equal(failure.code, 'token-refused');
    assert.match(failure.message, /SHOPIFY_ACCESS_TOKEN/);
    assert.doesNotMatch(failure.message, /shpat_gone/);
  });

  test('refused credentials are explained, and the secret is never said', async () => {
    const cases = [
      [{ standing: 'other organisation' }, /different organisations/],
      [{ standing: 'not installed' }, /not installed on the shop/],
      [{ clientSecret: 'another' }, /do not belong together/],
      [{ clientId: 'another' }, /no app has this SHOPIFY_API_KEY/],
    ] as const;
    for (const [app, said] of cases) {
      const shop = await open({ app });
      const failure = await failureOf(shop.api.ask(PREFLIGHT));
      assert.equal(failure.code, 'token-refused');
      assert.match(failure.message, said);
      assert(!failure.message.includes(DEFAULT_APP.clientSecret));
    }
  });

  test('a refusal that comes with status 200 is one', async () => {
    const said = [Response.json({ error: 'app_not_installed' })];
    const shop = await open({
      between: (transport) => async (request) => said.shift() ?? (await transport(request)),
    });
    const failure = await failureOf(shop.api.ask(PREFLIGHT));
    assert.equal(failure.code, 'token-refused');
    assert.match(failure.message, /not installed on the shop/);
  });

  test('a token that no header can carry is no token, and the next call asks for another', async () => {
    for (const token of ['', 'shpat_\nx', 'shpat_\u0000', 'shpat ü', 'x'.repeat(10_000)]) {
      const spoilt = [Response.json({ access_token: token, expires_in: 86_399 })];
      const shop = await open({
        between: (transport) => async (request) => spoilt.shift() ?? (await transport(request)),
      });
      const failure = await failureOf(shop.api.ask(PREFLIGHT));
      assert.deepEqual([failure.code, failure.effect], ['request-answer-unreadable', 'none']);
      await shop.api.ask(PREFLIGHT);
    }
  });

  test('a token that lives no longer than the margin is used until it is refused', async () => {
    for (const seconds of [0, 1, 300]) {
      const shop = await open({
        between: (transport) => async (request) => {
          const response = await transport(request);
          return request.url.endsWith('access_token')
            ? Response.json({ ...Object(await response.json()), expires_in: seconds })
            : response;
        },
      });
      await shop.api.ask(PREFLIGHT);
      await shop.api.ask(PREFLIGHT);
      assert.equal(grants(shop), 1, `expires_in ${seconds}`);
      shop.sim.revokeTokens();
      await shop.api.ask(PREFLIGHT);
      assert.equal(grants(shop), 2);
    }
  });

  test('the credentials go as a form in the body', async () => {
    const seen: string[] = [];
    const shop = await open({
      between: (transport) => async (request) => {
        if (request.url.endsWith('access_token')) {
          seen.push(request.headers.get('content-type') ?? '', request.url, await request.clone().text());
        }
        return await transport(request);
      },
    });
    await shop.api.ask(PREFLIGHT);
    const [type, url, body] = seen;
    assert.equal(type, 'application/x-www-form-urlencoded');
    assert.equal(url, `https://${shop.world.shop.domain}/admin/oauth/access_token`);
    assert.match(body ?? '', /^grant_type=client_credentials&client_id=sim-client-id&client_secret=/);
  });
});

describe('answers', () => {
  const throttled = (): Response =>
    Response.json({
      errors: [{ message: 'Throttled', extensions: { code: 'THROTTLED' } }],
      extensions: {
        cost: {
          requestedQueryCost: 62,
          actualQueryCost: null,
          throttleStatus: { maximumAvailable: 2000.0, currentlyAvailable: 12, restoreRate: 50.0 },
        },
      },
    });

  /** An API before these answers, under a clock that jumps to the end of every wait but a request's own limit. */
  function waiting(...answers: readonly Response[]): { api: ShopifyApi; waits: readonly number[] } {
    const waits: number[] = [];
    const left = [...answers];
    let now = NOW;
    const clock: Clock = {
      now: () => now,
      sleep: async (until, signal) => {
        if (signal === undefined) {
          waits.push(until - now);
          now = until;
        } else {
          await new Promise<void>((resolve) => signal.addEventListener('abort', resolve));
        }
      },
    };
    const api = createShopifyApi({
      shopDomain: 'example.myshopify.com',
      credentials: { kind: 'static', accessToken: 'shpat_x' },
      transport: async () => left.shift() ?? Response.json({ data: { shop: { name: 'Tea' } } }),
      clock,
    });
    return { api, waits };
  }

  test('a throttled call waits until the bucket holds enough, and is made again', async () => {
    const { api, waits } = waiting(throttled());
    assert.equal(textOf(await api.ask(PREFLIGHT), 'shop.name'), 'Tea');
    assert.deepEqual(waits, [SECOND]);
  });

  test('a call that is throttled again and again fails with the moment to return', async () => {
    const { api, waits } = waiting(throttled(), throttled(), throttled(), throttled());
    const failure = await failureOf(api.ask(PREFLIGHT));
    assert.deepEqual(waits, [SECOND, SECOND, SECOND]);
    assert.equal(failure.code, 'request-rate-limited');
    assert.equal(failure.effect, 'none');
    assert.equal(failure.retryAt, after(NOW, 4 * SECOND));
  });

  test('a wait that is longer than a worker should take is left to the queue', async () => {
    const dry = { requestedQueryCost: 900, throttleStatus: { currentlyAvailable: 0, restoreRate: 50 } };
    const { api, waits } = waiting(
      Response.json({ errors: [{ extensions: { code: 'THROTTLED' } }], extensions: { cost: dry } }),
    );
    const failure = await failureOf(api.ask(PREFLIGHT));
    assert.deepEqual(waits, []);
    assert.equal(failure.retryAt, after(NOW, 18 * SECOND));
  });

  test('a wait beyond all reason is asked again after a quarter of an hour', async () => {
    for (const [requestedQueryCost, restoreRate] of [
      [900, 0.000_000_1],
      ['1e300', 50],
      [900, '1e-300'],
    ]) {
      const cost = { requestedQueryCost, throttleStatus: { currentlyAvailable: 0, restoreRate } };
      const { api } = waiting(
        Response.json({ errors: [{ extensions: { code: 'THROTTLED' } }], extensions: { cost } }),
      );
      const failure = await failureOf(api.ask(PREFLIGHT));
      assert.equal(failure.retryAt, after(NOW, 900 * SECOND));
    }
  });

  test('a throttled answer that does not say for how long waits a second', async () => {
    const { api, waits } = waiting(Response.json({ errors: [{ extensions: { code: 'THROTTLED' } }] }));
    await api.ask(PREFLIGHT);
    assert.deepEqual(waits, [SECOND]);
  });

  test('a shop that asks for patience is left alone by all until the moment it named', async () => {
    for (const part of ['access_token', 'graphql.json']) {
      let asked = 0;
      let isBusy = true;
      const shop = await open({
        between: (transport) => async (request) => {
          const isIt = request.url.endsWith(part);
          asked += isIt ? 1 : 0;
          return isIt && isBusy
            ? new Response('', { status: 429, headers: { 'retry-after': '40' } })
            : await transport(request);
        },
      });
      const until = after(shop.clock.now(), 40 * SECOND);
      for (let times = 0; times < 5; times += 1) {
        const failure = await failureOf(shop.api.ask(PREFLIGHT));
        assert.deepEqual([failure.code, failure.retryAt], ['request-rate-limited', until]);
        await shop.clock.advance(SECOND);
      }
      assert.equal(asked, 1, part);
      isBusy = false;
      await shop.clock.advance(35 * SECOND);
      await shop.api.ask(PREFLIGHT);
    }
  });

  test('the simulator’s own bucket throttles and lets pass', async () => {
    const shop = await open({ bucket: { maximumAvailable: 20, restoreRate: 10 } });
    const asked = Promise.all(Array.from({ length: 4 }, () => shop.api.ask(PREFLIGHT)));
    const state = { isDone: false };
    const finish = async (): Promise<void> => {
      await asked;
      state.isDone = true;
    };
    void finish();
    for (let step = 0; step < 200 && !state.isDone; step += 1) {
      await shop.clock.advance(SECOND / 5);
    }
    assert.equal((await asked).length, 4);
  });

  test('a missing scope is named', async () => {
    const shop = await openShopify({ app: { scopes: ['read_customers'] } });
    const [first] = shop.orders;
    assert(first !== undefined);
    const failure = await failureOf(shop.source.read(first.key));
    assert.equal(failure.code, 'scope-missing');
    assert.match(failure.message, /read_orders/);
  });

  test('a missing scope for customers is named as well, though the order is there', async () => {
    const shop = await openShopify({ app: { scopes: ['read_orders'] } });
    const [first] = shop.orders;
    assert(first !== undefined);
    const failure = await failureOf(shop.source.read(first.key));
    assert.equal(failure.code, 'scope-missing');
    assert.match(failure.message, /read_customers/);
  });

  test('buyers that the shop withholds are remarked on', async () => {
    const shop = await openShopify({ switches: { protectedData: 'denied' } });
    const [first] = shop.orders;
    assert(first !== undefined);
    await shop.source.read(first.key);
    assert.match(shop.api.remarks().join(), /withholds buyers/);
  });

  test('an answer with errors is none, even with data beside them', async () => {
    const partial = (code: string, path: readonly string[]): Response =>
      Response.json({
        data: { shop: { name: 'x' } },
        errors: [{ message: 'Something', path, extensions: { code, requiredAccess: '`read_x` scope' } }],
      });
    const cases = [
      [partial('INTERNAL_SERVER_ERROR', ['order']), 'request-server-error'],
      [partial('MAX_COST_EXCEEDED', []), 'request-refused'],
      [partial('SHOP_INACTIVE', []), 'request-refused'],
      [partial('ACCESS_DENIED', ['order', 'totalPriceSet']), 'scope-missing'],
      [Response.json({ errors: 'Not well' }), 'request-refused'],
      [Response.json({ data: null }), 'request-answer-unreadable'],
      [new Response('<html>'), 'request-answer-unreadable'],
    ] as const;
    for (const [response, code] of cases) {
      const shop = await open({ between: answering(response) });
      const failure = await failureOf(shop.api.ask(PREFLIGHT));
      assert.equal(failure.code, code);
      assert.equal(failure.effect, 'none');
    }
  });

  test('statuses say what they mean', async () => {
    const cases = [
      [402, /frozen/],
      [403, /forbidden/],
      [404, /SHOPIFY_SHOP_DOMAIN/],
      [423, /locked/],
      [418, /refused the request/],
    ] as const;
    for (const [status, said] of cases) {
      const shop = await open({ between: answering(new Response('{}', { status })) });
      const failure = await failureOf(shop.api.ask(PREFLIGHT));
      assert.equal(failure.code, 'request-refused');
      assert.match(failure.message, said);
    }
  });

  test('an outage is retried by others, and a write during it may have happened', async () => {
    const shop = await open();
    shop.sim.setShop('down');
    assert.equal((await failureOf(shop.api.ask(PREFLIGHT))).code, 'request-server-error');
    const down = (): Response => new Response('', { status: 502 });
    const other = await open({ between: answering(down, down) });
    assert.equal((await failureOf(other.api.ask(PREFLIGHT))).effect, 'none');
    const write = {
      document: 'webhook-delete',
      variables: { id: 'gid://shopify/WebhookSubscription/1' },
      doing: 'x',
    } as const;
    assert.equal((await failureOf(other.api.ask(write))).effect, 'unknown');
  });

  test('an answer in another version of the API is remarked on', async () => {
    const shop = await open({
      between: (transport) => async (request) => {
        const response = await transport(request);
        const headers = new Headers(response.headers);
        headers.set('x-shopify-api-version', '2027-07');
        return new Response(response.body, { status: response.status, headers });
      },
    });
    assert.deepEqual(shop.api.remarks(), []);
    await shop.api.ask(PREFLIGHT);
    await shop.api.ask(PREFLIGHT);
    assert.equal(shop.api.remarks().length, 1);
    assert.match(shop.api.remarks()[0] ?? '', /2027-07/);
  });
});
