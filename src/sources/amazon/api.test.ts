import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Failure } from '#core/failure.ts';
import type { FailureCode } from '#core/failure.ts';
import { orderKey } from '#core/ids.ts';
import { MINUTE, SECOND } from '#core/time.ts';
import type { Transport } from '#net/request.ts';
import { AMAZON, openAmazon } from '#tests/contract/source-amazon.ts';
import type { AmazonWorld, AmazonWorldOptions } from '#tests/contract/source-amazon.ts';
import { FINANCES_WITHHELD } from './read.ts';

const HOUR = 60 * MINUTE;

async function opened(
  options: AmazonWorldOptions = {},
): Promise<AmazonWorld & { readonly read: (id?: string) => Promise<string> }> {
  const world = await openAmazon({ scenarios: 'none', ...options });
  const { id } = world.world.scenario('US, Amazon remits the tax');
  const read = async (of: string = id): Promise<string> =>
    new TextDecoder().decode((await world.source.read(orderKey(AMAZON, of))).body);
  return { ...world, read };
}

async function failureOf(asked: Promise<unknown>): Promise<Failure> {
  try {
    await asked;
  } catch (thrown) {
    assert(thrown instanceof Failure, String(thrown));
    assert.doesNotMatch(
      `${thrown.message} ${String(thrown.cause)}`,
      /Atza|Atzr|Atc|oa2-cs/,
      'no secret is told',
    );
    return thrown;
  }
  throw new assert.AssertionError({ message: 'It succeeded' });
}

async function codeOf(asked: Promise<unknown>): Promise<FailureCode> {
  return (await failureOf(asked)).code;
}

const calls = ({ sim }: AmazonWorld, operation: string): number =>
  sim.calls().filter((call) => call.operation === operation).length;

/** Answers instead of Amazon while it has something to say. */
function instead(answer: (request: Request) => Response | undefined): (transport: Transport) => Transport {
  return (transport) => async (request) => answer(request) ?? transport(request);
}

describe('access to Amazon', () => {
  test('is asked for once by all who come at the same time, and kept for an hour less a minute', async () => {
    const world = await opened();
    const call = (): Promise<unknown> =>
      world.api.call({
        operation: 'getOrder',
        method: 'GET',
        path: '/orders/2026-01-01/orders/113-0000000-0000000',
        doing: 'Asking',
      });
    await Promise.allSettled(Array.from({ length: 8 }, call));
    assert.equal(calls(world, 'token'), 1);
    await world.clock.advance(HOUR - MINUTE - SECOND);
    await Promise.allSettled([call()]);
    assert.equal(calls(world, 'token'), 1);
    await world.clock.advance(2 * SECOND);
    await Promise.allSettled([call(), call()]);
    assert.equal(calls(world, 'token'), 2);
  });

  test('is not asked for by anybody while Login with Amazon asks for patience', async () => {
    let asked = 0;
    const between = instead((request) => {
      const isBusy = request.url.endsWith('/auth/o2/token') && (asked += 1) <= 1;
      return isBusy ? new Response('', { status: 429, headers: { 'retry-after': '40' } }) : undefined;
    });
    const world = await opened({ between });
    const first = await failureOf(world.read());
    const second = await failureOf(world.read());
    assert.deepEqual([second.code, second.retryAt], ['request-rate-limited', first.retryAt]);
    assert.equal(asked, 1);
    await world.clock.advance(40 * SECOND);
    await world.read();
    assert.equal(asked, 2);
  });

  test('that Amazon ended is renewed once for all, and the call made again', async () => {
    const world = await opened();
    await world.read();
    world.sim.login.expireAll();
    assert.match(await world.read(), /"orderId"/);
    assert.equal(calls(world, 'token'), 2);
    assert.deepEqual(
      world.sim
        .calls()
        .filter(({ operation }) => operation === 'getOrder')
        .map(({ status }) => status),
      [200, 403, 200],
    );
  });

  test('that lives no longer than the margin is used until it is refused', async () => {
    for (const seconds of [0, 1, 60]) {
      const world = await opened({
        between: (transport) => async (request) => {
          const response = await transport(request);
          return request.url.endsWith('/auth/o2/token')
            ? Response.json({ ...Object(await response.json()), expires_in: seconds })
            : response;
        },
      });
      await world.read();
      await world.read();
      assert.equal(calls(world, 'token'), 1, `expires_in ${seconds}`);
      world.sim.login.expireAll();
      await world.read();
      assert.equal(calls(world, 'token'), 2);
    }
  });

  test('that is refused by an answer that cannot be read is renewed as well', async () => {
    let asked = 0;
    const between = instead((request) => {
      const isFirst = request.url.includes('/orders/') && (asked += 1) === 1;
      return isFirst ? new Response('{"errors":[{"co', { status: 403 }) : undefined;
    });
    const world = await opened({ between });
    await world.read();
    assert.equal(asked, 2);
    assert.equal(calls(world, 'token'), 2);
  });

  test('that is refused again and again is asked for once, then told', async () => {
    let asked = 0;
    const refusal = {
      errors: [
        {
          code: 'Unauthorized',
          message: 'Access to requested resource is denied.',
          details: 'The access token you provided is revoked, malformed or invalid.',
        },
      ],
    };
    const between = instead((request) => {
      if (!request.url.includes('/orders/')) {
        return undefined;
      }
      asked += 1;
      return Response.json(refusal, { status: 403 });
    });
    const world = await opened({ between });
    assert.equal(await codeOf(world.read()), 'token-refused');
    assert.equal(asked, 2);
  });

  test('that the seller withdrew says where to give it again', async () => {
    const world = await opened();
    await world.read();
    world.sim.login.revoke('na');
    const failure = await failureOf(world.read());
    assert.equal(failure.code, 'token-refused');
    assert.match(
      failure.message,
      /the seller’s authorization is gone.*Authorize the app again in Seller Central and set SP_API_REFRESH_TOKEN/,
    );
    assert.equal(failure.effect, 'none');
  });

  test('with a secret that expired or is wrong says to rotate it', async () => {
    const wrong = await failureOf((await opened({ clientSecret: 'amzn1.oa2-cs.v1.wrong' })).read());
    assert.equal(wrong.code, 'token-refused');
    assert.match(
      wrong.message,
      /SP_API_CLIENT_ID and SP_API_CLIENT_SECRET do not belong together, or the secret is older than 180 days/,
    );
    const world = await opened();
    await world.read();
    world.sim.setApp({ secret: 'expired' });
    const expired = await failureOf(world.read());
    assert.equal(expired.code, 'token-refused');
    assert.match(expired.message, /rotate it/);
  });

  test('that Login with Amazon answers without a token, or with a word of its own, is told', async () => {
    const answering = async (answer: () => Response): Promise<Failure> => {
      const between = instead((request) => (request.url.endsWith('/auth/o2/token') ? answer() : undefined));
      return failureOf((await opened({ between })).read());
    };
    assert.equal(
      (await answering(() => Response.json({ token_type: 'bearer' }))).code,
      'request-answer-unreadable',
    );
    assert.equal(
      (await answering(() => Response.json({ access_token: 'x', expires_in: 'soon' }))).code,
      'request-answer-unreadable',
    );
    for (const token of ['Atza|\u0000', 'Atza|é', 'x'.repeat(10_000)]) {
      const failure = await answering(() => Response.json({ access_token: token, expires_in: 3_600 }));
      assert.equal(failure.code, 'request-answer-unreadable', 'a token that no header can carry is no token');
    }
    assert.equal(
      (await answering(() => new Response('<html>', { status: 200 }))).code,
      'request-answer-unreadable',
    );
    const spent = await answering(() => Response.json({ error: 'invalid_grant' }));
    assert.equal(spent.code, 'token-refused', 'a refusal with status 200 is one');
    assert.match(spent.message, /Authorize the app again/);
    assert.match(
      (await answering(() => Response.json({ error: 'slow_down' }, { status: 400 }))).message,
      /status 400\): slow_down/,
    );
    assert.match(
      (await answering(() => new Response('<html>', { status: 400 }))).message,
      /status 400\): no reason given/,
    );
    assert.match(
      (await answering(() => Response.json({ error: 'Jane Roe <jane@example.com>' }, { status: 400 })))
        .message,
      /no reason given$/,
    );
    assert.equal((await answering(() => new Response('', { status: 503 }))).code, 'request-server-error');
  });
});

describe('a call of Amazon', () => {
  test('for an order that is not there is not found', async () => {
    const failure = await failureOf((await opened()).read('113-0000000-0000000'));
    assert.equal(failure.code, 'request-not-found');
    assert.match(failure.message, /Reading order 113-0000000-0000000: Amazon answered 404/);
  });

  test('in another region than the seller’s says which settings to compare', async () => {
    const failure = await failureOf((await opened({ tokenOf: 'eu' })).read());
    assert.equal(failure.code, 'request-refused');
    assert.match(failure.message, /compare SP_API_REGION and SP_API_MARKETPLACE_IDS/);
  });

  test('that comes too fast for Amazon is told when to come again, later each time, and forgotten by a success', async () => {
    let isBusy = true;
    const between = instead((request) =>
      isBusy && request.url.includes('/orders/') ? new Response('{"errors":[]}', { status: 429 }) : undefined,
    );
    const world = await opened({ between });
    const waits: number[] = [];
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const failure = await failureOf(world.read());
      assert.equal(failure.code, 'request-rate-limited');
      waits.push((failure.retryAt ?? 0) - world.clock.now());
      await world.clock.advance(MINUTE);
    }
    assert.deepEqual(waits, [2 * SECOND, 4 * SECOND, 8 * SECOND]);
    isBusy = false;
    await world.read();
    isBusy = true;
    const failure = await failureOf(world.read());
    assert.equal((failure.retryAt ?? 0) - world.clock.now(), 2 * SECOND);
  });

  test('that Amazon fails is tried again later, whatever the answer looks like', async () => {
    for (const mood of ['internal failure', 'unavailable', 'gateway timeout'] as const) {
      const world = await opened();
      world.sim.setMood(mood);
      const failure = await failureOf(world.read());
      assert.deepEqual(
        [failure.code, failure.remedy, failure.effect],
        ['request-server-error', 'retry', 'none'],
        mood,
      );
    }
  });

  test('whose answer is no JSON, or of another order, is not believed', async () => {
    const answering = async (body: string): Promise<FailureCode> => {
      const between = instead((request) =>
        request.url.includes('/orders/') ? new Response(body) : undefined,
      );
      return codeOf((await opened({ between })).read());
    };
    assert.equal(await answering('<html>'), 'request-answer-unreadable');
    assert.equal(await answering('{"order":{"orderId":"113-0000000-0000009"}}'), 'request-answer-unreadable');
    assert.equal(await answering(''), 'request-answer-unreadable');
  });

  test('says who calls and when, and for what', async () => {
    const seen: Request[] = [];
    const between =
      (transport: Transport): Transport =>
      (request) => {
        seen.push(request.clone());
        return transport(request);
      };
    const world = await opened({ between });
    await world.read();
    const [, asked] = seen;
    assert.equal(
      asked?.headers.get('user-agent'),
      'Counterfoil/1.0.0 (Language=TypeScript; Platform=Node.js)',
    );
    assert.match(asked.headers.get('x-amz-date') ?? '', /^20261120T1433\d\dZ$/);
    assert.match(asked.url, /includedData=BUYER,RECIPIENT,PROCEEDS,PROMOTION,FULFILLMENT,PACKAGES,TAX$/);
    assert.equal(asked.headers.get('authorization'), null);
  });
});

describe('an app without the role for Finances', () => {
  const FORBIDDEN = {
    errors: [{ code: 'Unauthorized', message: 'Access to requested resource is denied.', details: '' }],
  };

  test('reads orders without them, says so once, and does not renew its token at every order', async () => {
    const between = instead((request) =>
      request.url.includes('/finances/') ? Response.json(FORBIDDEN, { status: 403 }) : undefined,
    );
    const world = await opened({ between });
    for (let count = 0; count < 6; count += 1) {
      const body = await world.read();
      assert.doesNotMatch(body, /"transactions"/);
    }
    assert.deepEqual([...new Set(world.remarks)], [FINANCES_WITHHELD]);
    assert(calls(world, 'token') <= 2, `${calls(world, 'token')} tokens`);
  });
});
