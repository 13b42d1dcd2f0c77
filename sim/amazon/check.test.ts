import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createFreshBooks } from '#sim/freshbooks/freshbooks.ts';
import type { FreshBooksSim } from '#sim/freshbooks/freshbooks.ts';
import { standingOf } from '#sim/standing.ts';
import { seededRandom } from '#sim/world/random.ts';
import { expectedAmazonBooks } from './check.ts';
import type { ExpectedAmazonBooks } from './check.ts';
import { totalOf } from './ledger.ts';
import type { Transaction } from './ledger.ts';
import type { AmazonOrder } from './order.ts';
import { proceedsOf } from './proceeds.ts';
import type { AmazonScenarioName } from './scenarios.ts';
import { DEFAULT_AMAZON_SWITCHES } from './switches.ts';
import { createAmazonWorld } from './world.ts';
import type { AmazonWorld } from './world.ts';

const START = Date.UTC(2026, 10, 20, 14, 30);
/** Some seconds of one core. */
const SEED_COUNT = process.env['COUNTERFOIL_TEST_ALL'] === '1' ? 2_000 : 400;

function worldAt(seed: number): { readonly world: AmazonWorld; readonly advance: (ms: number) => void } {
  let now = START;
  return {
    world: createAmazonWorld({ seed, clock: { now: () => now } }),
    advance: (ms) => {
      now += ms;
    },
  };
}

function expectedOf(name: AmazonScenarioName): ExpectedAmazonBooks {
  return expectedAmazonBooks(worldAt(7).world.scenario(name));
}

/** Of the transactions of an order, what is sale: neither a fee nor the seller's own tax. */
function saleOf(entries: readonly Transaction[], type: Transaction['type']): bigint {
  const own = entries.filter((entry) => entry.type === type);
  return own.reduce((sum, entry) => {
    const fees = entry.items.flatMap((item) => [...item.fees, ...item.levies]);
    return sum + totalOf(entry) - fees.reduce((total, { amount }) => total + amount, 0n);
  }, 0n);
}

function grandTotal(order: AmazonOrder): bigint | null {
  const proceeds: unknown = JSON.parse(JSON.stringify(proceedsOf(order, DEFAULT_AMAZON_SWITCHES)));
  if (proceeds === null) return null;
  const { order: whole } = proceeds as { order: { grandTotal: { amount: string } } };
  return BigInt(whole.grandTotal.amount.replace('.', ''));
}

void describe('what the books must hold of an order of Amazon', () => {
  void test(`agrees with its grand total and with the seller's balance, over ${SEED_COUNT} random lives`, () => {
    const reasons = new Set<string | null>();
    for (let seed = 1; seed <= SEED_COUNT; seed += 1) {
      const { world, advance } = worldAt(seed);
      const { id } = world.placeRandom();
      for (let step = 0; step < seed % 9; step += 1) {
        advance(3_600_000);
        world.actRandom(id);
      }
      const order = world.order(id) ?? assert.fail();
      const { sold, current, now, received, skipped, lines, refunds } = expectedAmazonBooks(order);
      const entries = world.transactions().filter((entry) => entry.order?.id === id);
      reasons.add(skipped);
      const at = `seed ${seed}`;
      const shown = grandTotal(order);
      if (shown !== null) assert.equal(sold.invoiceTotal + sold.channelTax, shown, at);
      const charged = lines.reduce((sum, line) => sum + line.amount + line.ownTax, 0n);
      assert.equal(charged, sold.invoiceTotal, at);
      const [cameIn, tips, wentBack] = [
        saleOf(entries, 'Shipment'),
        saleOf(entries, 'DeliveryTip'),
        saleOf(entries, 'Refund'),
      ];
      assert.equal(
        -wentBack,
        refunds.reduce((sum, { amount }) => sum + amount, 0n),
        at,
      );
      if (order.status !== 'SHIPPED') continue;
      assert.equal(received, cameIn + tips, at);
      assert.equal(now.worth, cameIn + tips + wentBack, at);
      assert.equal(now.worth, current.invoiceTotal, at);
    }
    assert.deepEqual(
      reasons,
      new Set([
        null,
        'not shipped',
        'cancelled',
        'unfulfillable',
        'replacement',
        'zero total',
        'not of Amazon',
        'invoiced by Amazon',
      ]),
    );
  });

  void test('leaves out the tax that Amazon remits, and holds the seller his own', () => {
    const { sold } = expectedOf('one item of either kind');
    const [own, channel] = sold.taxes;
    // 13 % of 108.23 and of 8.89 Canadian dollars.
    assert.deepEqual([own?.amount, channel?.amount], [1407n, 116n]);
    assert.equal(sold.total - sold.invoiceTotal, 116n);
  });

  void test('names the orders that are not booked', () => {
    const names = [
      'from another channel',
      'invoiced by Amazon',
      'a replacement',
      'free of charge',
      'only a part shipped',
      'pending',
      'unfulfillable',
      'cancelled after shipping',
      'an exchange',
    ] as const;
    assert.deepEqual(
      names.map((name) => expectedOf(name).skipped),
      [
        'not of Amazon',
        'invoiced by Amazon',
        'replacement',
        'zero total',
        'not shipped',
        'not shipped',
        'unfulfillable',
        'cancelled',
        null,
      ],
    );
  });

  void test('lets everything go of what was shipped and cancelled, whether or not Finances are read', () => {
    const { world } = worldAt(7);
    const order = world.scenario('cancelled after shipping');
    for (const finances of ['read', 'unread'] as const) {
      const { now, received, refunded } = expectedAmazonBooks(order, { finances });
      assert.deepEqual([now.worth, now.kept, now.isGone, received - refunded], [0n, 0n, true, 0n]);
    }
  });

  void test('knows of no refund where Finances are not read', () => {
    const { world } = worldAt(7);
    const order = world.scenario('refunded in full');
    assert.equal(expectedAmazonBooks(order).now.worth, 0n);
    const blind = expectedAmazonBooks(order, { finances: 'unread' });
    assert.equal(blind.now.worth, blind.sold.invoiceTotal);
  });

  void test('is dated by the last shipment in the zone of the marketplace', () => {
    const { world, advance } = worldAt(7);
    advance(15 * 3_600_000);
    const days = ['US', 'JP'].map((country) => {
      const { id } = world.place({ in: country, items: [{ product: 0 }] });
      const { invoicedOn, paidOn } = expectedAmazonBooks(world.act(id, { kind: 'ship' }));
      assert.equal(invoicedOn, paidOn);
      return invoicedOn;
    });
    // 05:30 in London: the evening before in Los Angeles, the afternoon in Tokyo.
    assert.deepEqual(days, ['2026-11-20', '2026-11-21']);
  });

  void test('keeps the cent of tax that a discount leaves of a charge', () => {
    const { world } = worldAt(7);
    const item = { product: 0, shippingCents: 4n, shippingDiscount: 7_500n, ratePpm: 150_000n };
    const order = world.place({ in: 'IE', items: [item], status: 'UNSHIPPED' });
    const { sold } = expectedAmazonBooks(order);
    assert.deepEqual([sold.shipping, sold.total], [0n, grandTotal(order)]);
  });

  void test('tells where the price holds a tax that Amazon does not tell', () => {
    assert.equal(expectedOf('Germany, tax untold').isTaxUntold, true);
    assert.equal(expectedOf('Germany, tax told').isTaxUntold, false);
    assert.equal(expectedOf('US, no tax at all').isTaxUntold, false);
    const seller = createAmazonWorld({ seed: 7, clock: { now: () => START }, vat: 'untold' });
    const countries = ['ES', 'US'].map((country) =>
      expectedAmazonBooks(seller.place({ in: country, items: [{ product: 0 }] })),
    );
    assert.deepEqual(
      countries.map(({ isTaxUntold, sold }) => [isTaxUntold, sold.taxes.length]),
      [
        [true, 0],
        [false, 1],
      ],
    );
  });
});

/** An account with one client, and how to put an invoice into it. */
async function account(): Promise<{
  readonly freshbooks: FreshBooksSim;
  readonly invoice: (
    names: object,
    price: { readonly amount: string; readonly code: string },
  ) => Promise<void>;
}> {
  const freshbooks = createFreshBooks({ clock: { now: () => START }, random: seededRandom(1) });
  const { access_token: token } = freshbooks.grant();
  const { id } = freshbooks.account();
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const post = async (path: string, body: unknown): Promise<void> => {
    const url = `https://api.freshbooks.com/accounting/account/${id}/${path}`;
    const request = new Request(url, { method: 'POST', headers, body: JSON.stringify(body) });
    assert.equal((await freshbooks.handle(request)).status, 200);
  };
  await post('users/clients', { client: { organization: 'Amazon.com' } });
  const customerid = freshbooks.account().clients[0]?.id;
  return {
    freshbooks,
    invoice: (names, price) => {
      const lines = [{ name: 'Kettle', qty: 1, unit_cost: price }];
      const invoice = { ...names, customerid, create_date: '2026-11-20', currency_code: price.code, lines };
      return post('invoices/invoices', { invoice });
    },
  };
}

void describe('what stands of an order of Amazon', () => {
  void test('is found by its id, in the number or beside a compact one', async () => {
    const { freshbooks, invoice } = await account();
    const [first, second] = ['113-0000000-0000011', '113-0000000-0000012'];
    const price = { amount: '12.00', code: 'USD' };
    await invoice({ invoice_number: `AMAZON-${first}` }, price);
    await invoice({ invoice_number: 'AZ1', po_number: `AMAZON-ORDER-${first}` }, price);
    await invoice({ invoice_number: `AMAZON-${second}` }, price);
    const { numbers, invoiced } = standingOf({ freshbooks }, { id: first, name: first });
    assert.deepEqual([numbers, invoiced], [[`AMAZON-${first}`, 'AZ1'], 2400n]);
  });

  void test('is counted in the units of its currency, however FreshBooks writes it', async () => {
    const { freshbooks, invoice } = await account();
    const [yen, dinar] = ['251-0000000-0000011', '113-0000000-0000013'];
    await invoice({ invoice_number: `AMAZON-${yen}` }, { amount: '1788', code: 'JPY' });
    await invoice({ invoice_number: `AMAZON-${dinar}` }, { amount: '1.5', code: 'KWD' });
    const invoiced = [yen, dinar].map((id) => standingOf({ freshbooks }, { id, name: id }).invoiced);
    assert.deepEqual(invoiced, [1788n, 1500n]);
  });
});
