import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createAmazon } from '#sim/amazon/amazon.ts';
import type { AmazonSim } from '#sim/amazon/amazon.ts';
import { callerOf, json, orderPath } from '#sim/amazon/caller.ts';
import { createAmazonWorld } from '#sim/amazon/world.ts';

/**
 * The simulator beside what Amazon publishes: the model's examples, the static cases of the sandbox and recorded answers. They
 * are not ours to commit, so a folder with them is named by COUNTERFOIL_SAMPLES.
 */
const folder = join(process.env['COUNTERFOIL_SAMPLES'] ?? '', 'amazon');
const skip = existsSync(join(folder, 'orders-v2026'))
  ? false
  : 'Amazon’s published samples are not here: name their folder in COUNTERFOIL_SAMPLES';

const START = Date.UTC(2026, 10, 20, 14, 30);
const QUEUE = 'arn:aws:sqs:eu-west-1:210987654321:orders';

type Shape = ReadonlySet<string>;

/** Every path with the kind of what stands there: `order.orderItems[].quantityOrdered number`. */
function shapeOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return [`${path} list`, ...value.flatMap((entry) => shapeOf(entry, `${path}[]`))];
  if (value === null || typeof value !== 'object')
    return [`${path} ${value === null ? 'null' : typeof value}`];
  return Object.entries(value).flatMap(([key, entry]) =>
    shapeOf(entry, path === '' ? key : `${path}.${key}`),
  );
}

// oxlint-disable-next-line typescript/no-explicit-any -- samples are read by the names that the vendor gives them
function read(...path: readonly string[]): any {
  return JSON.parse(readFileSync(join(folder, ...path), 'utf8'));
}

function createSim(): {
  readonly sim: AmazonSim;
  readonly advance: (ms: number) => void;
  readonly bodies: string[];
} {
  let now = START;
  const clock = { now: () => now };
  const bodies: string[] = [];
  const sim = createAmazon({
    world: createAmazonWorld({ seed: 3, clock }),
    clock,
    app: { role: 'shipping' },
    delivery: { sink: async ({ body }) => void bodies.push(body) },
  });
  return {
    sim,
    bodies,
    advance: (ms) => {
      now += ms;
    },
  };
}

/** What the simulator says that no published sample has at all; nothing, unless a list of ours names it. */
function unknownTo(published: Shape, own: Shape): string[] {
  return [...own].filter((entry) => !published.has(entry)).toSorted();
}

test('against what Amazon publishes', { skip }, async (t) => {
  const cases = skip === false ? readdirSync(join(folder, 'orders-v2026', 'sandbox')) : [];
  for (const name of cases) {
    await t.test(`the sandbox answers ${name} with the published status and shape`, async () => {
      const { request, status, response } = read('orders-v2026', 'sandbox', name);
      const { orderId, ...rest } = request.parameters;
      const query = new URLSearchParams();
      for (const [key, entry] of Object.entries<{ value: unknown }>(rest))
        query.set(key, String(entry.value));
      const path = orderId === undefined ? '' : `/${orderId.value}`;
      const { sim } = createSim();
      const answered = await callerOf(sim, { isSandbox: true }).seller(
        `/orders/2026-01-01/orders${path}?${query.toString()}`,
      );
      assert.equal(answered.status, status);
      assert.deepEqual(new Set(shapeOf(await answered.json())), new Set(shapeOf(response)));
    });
  }

  await t.test(
    'the sandbox answers Notifications and Finances with the published status and shape',
    async () => {
      const { sim, advance } = createSim();
      const sandbox = callerOf(sim, { isSandbox: true });
      const files = [
        ...readdirSync(join(folder, 'notifications-api'))
          .filter((name) => name.endsWith('.200.0.json'))
          .map((name) => ({ name, ...read('notifications-api', name) })),
        ...['200', '400'].map((status) => ({
          name: `listTransactions.${status}.0.json`,
          method: 'GET',
          path: '/finances/2024-06-19/transactions',
          ...read('finances-2024-06-19', 'sandbox', `listTransactions.${status}.0.json`),
        })),
      ];
      assert.ok(files.length > 8);
      for (const { name, method, path, request, status, response } of files) {
        const query = new URLSearchParams();
        const parameters = Object.entries<{ value: unknown }>(request.parameters);
        for (const [key, entry] of parameters) query.set(key, String(entry.value));
        const init = method === 'POST' ? { method, body: {} } : { method };
        const url = `${path.replace('{notificationType}', 'ORDER_CHANGE').replace(/\{\w+\}/, 'x')}?${query.toString()}`;
        const isSellers = /listTransactions|(create|get)Subscriptions?\./.test(name);
        const answered = await (isSellers ? sandbox.seller(url, init) : sandbox.grantless(url, init));
        assert.equal(answered.status, status, name);
        assert.deepEqual(new Set(shapeOf(await answered.json())), new Set(shapeOf(response)), name);
        advance(1_000);
      }
    },
  );

  await t.test('no order of ours has a field or kind that no published order has', async () => {
    const { sim, advance } = createSim();
    const published = new Set([
      ...shapeOf(read('orders-v2026', 'model', 'getOrder.example.200.json').order),
      ...read('orders-v2026', 'model', 'searchOrders.example.200.json').orders.flatMap((order: unknown) =>
        shapeOf(order),
      ),
      ...cases.flatMap((name) => {
        const { order, orders = [] } = read('orders-v2026', 'sandbox', name).response;
        return [...orders, ...(order === undefined ? [] : [order])].flatMap((entry) => shapeOf(entry));
      }),
    ]);
    const own = new Set<string>();
    const callers = {
      na: callerOf(sim),
      eu: callerOf(sim, { region: 'eu' }),
      fe: callerOf(sim, { region: 'fe' }),
    };
    for (let count = 0; count < 300; count += 1) {
      const { id, marketplace } = sim.world.placeRandom();
      for (let step = 0; step < count % 6; step += 1) sim.world.actRandom(id);
      advance(10_000);
      const { order } = await json(callers[marketplace.region].seller(orderPath(id)));
      for (const entry of shapeOf(order)) own.add(entry);
    }
    assert.ok(own.size > 80, `only ${own.size} kinds of fields were seen`);
    assert.deepEqual(unknownTo(published, own), []);
  });

  await t.test(
    'a notification has the fields of the schema’s example, but for those that may be missing',
    async () => {
      const { sim, bodies } = createSim();
      sim.notifications.subscribe(QUEUE);
      sim.world.scenario('refunded in full');
      await sim.notifications.deliverDue();
      const told = bodies.map((body) => JSON.parse(body));
      for (const [type, file] of [
        ['ORDER_CHANGE', 'OrderChange'],
        ['TRANSACTION_UPDATE', 'TransactionUpdate'],
      ]) {
        const example = new Set(shapeOf(read('notifications', `${file}.schema-example.json`)));
        const other =
          type === 'ORDER_CHANGE' ? shapeOf(read('notifications', 'OrderChange.peddler.json')) : [];
        const own = told
          .filter(({ NotificationType }) => NotificationType === type)
          .flatMap((body) => shapeOf(body));
        assert.ok(own.length > 10);
        assert.deepEqual(unknownTo(new Set([...example, ...other]), new Set(own)), []);
      }
    },
  );

  await t.test('a transaction has the fields of the model’s example', async () => {
    const { sim, advance } = createSim();
    sim.set({ financesShape: 'model example' });
    sim.world.scenario('US, Amazon remits the tax');
    sim.world.release();
    advance(300_000);
    const { payload } = await json(
      callerOf(sim).seller('/finances/2024-06-19/transactions?postedAfter=2026-11-20T00:00:00Z'),
    );
    const published = shapeOf(read('finances-2024-06-19', 'model', 'Transaction.example.json'));
    const own = new Set(shapeOf(payload.transactions[0]));
    // The example shows the context of a payment, ours that of a deferral (model, DeferredContext).
    const ours = ['contexts[].deferralReason string', 'contexts[].maturityDate string'];
    // Fees lie one level deeper than the example goes; the tree is the same all the way down (model, Breakdown).
    const isDeep = (entry: string): boolean => entry.includes('breakdowns[].breakdowns[].breakdowns');
    const unknown = unknownTo(new Set(published), own).filter((entry) => !isDeep(entry));
    assert.deepEqual(unknown, ours);
  });

  await t.test('refusals and tokens have the published status and words', async () => {
    const { sim, advance } = createSim();
    const caller = callerOf(sim);
    const { id } = sim.world.place({ items: [{ product: 0 }] });
    const seen: Record<string, unknown> = {};
    const note = async (name: string, response: Response): Promise<void> => {
      seen[name] = { status: response.status, body: await response.json() };
    };
    await note('404-order-not-found', await caller.seller(orderPath('113-0000000-0000000')));
    await note('400-invalid-input', await caller.seller(orderPath('no id')));
    for (let count = 0; count < 40; count += 1) await caller.seller(orderPath(id));
    await note('429-quota-exceeded.recorded', await caller.seller(orderPath(id)));
    advance(3_700_000);
    await note('403-token-expired', await caller.seller(orderPath(id)));
    sim.setApp({ secret: 'expired' });
    await note('403-client-secret-expired', await caller.seller(orderPath(id)));
    sim.setApp({ secret: 'valid' });
    sim.login.revoke('na');
    await note('403-token-malformed', await caller.seller(orderPath(id)));
    sim.setMood('internal failure');
    await note('500-internal-failure', await caller.seller(orderPath(id)));
    for (const [name, answered] of Object.entries(seen)) {
      const { status, body } = read('errors', `${name}.json`);
      assert.deepEqual(answered, { status, body }, name);
    }
    const fresh = callerOf(createSim().sim);
    const wrong = await fresh.token({ grant_type: 'password' });
    const published = read('lwa', '400-unsupported-grant-type.recorded.json');
    const body = await json(wrong);
    assert.deepEqual(
      [wrong.status, body.error, body.error_description],
      [published.status, published.body.error, published.body.error_description],
    );
    assert.deepEqual(Object.keys(body), Object.keys(published.body));
  });
});
