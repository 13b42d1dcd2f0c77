import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { localDate } from '#core/time.ts';
import { format, show, zero } from '#core/money.ts';
import { channelTaxOf, totalByLines } from '#core/order.ts';
import type { Order } from '#core/order.ts';
import { PLAIN, bodyOf, snapshotOf, withField } from '#tests/contract/shopify-bodies.ts';
import type { Body, LineSpec, OrderSpec, TaxSpec } from '#tests/contract/shopify-bodies.ts';
import { books, holds, planned, post } from '#tests/planned.ts';

const bag = (amount: string): Body => {
  const side = { amount, currency_code: 'USD' };
  return { shop_money: side, presentment_money: side };
};

function orderOf(spec: OrderSpec): Order {
  return snapshotOf(bodyOf(spec)).order;
}

/** "key: 2 x 10.00 - 1.00 (LABEL) + 0.50 (Tax 50000)", one for each line. */
function shown(order: Order): string[] {
  return order.lines.map((line) =>
    [
      `${line.key}: ${line.quantity} x ${format(line.unitPrice)}`,
      ...line.discounts.map(({ label, amount }) => `- ${format(amount)} (${label})`),
      ...line.taxes.map(({ name, ratePpm, amount }) => `+ ${format(amount)} (${name} ${ratePpm})`),
    ].join(' '),
  );
}

function assertAddsUp(order: Order, total: string): void {
  assert.equal(show(totalByLines(order)), total);
  assert.equal(show(order.total), total);
}

describe('lines', () => {
  test('price by quantity, allocations by their labels, taxes as charged', () => {
    const order = orderOf({
      lines: [
        {
          price: 1999,
          quantity: 3,
          discounts: [
            [0, 100],
            [1, 33],
          ],
          taxes: [{ title: 'State', rate: 0.06, amount: 352 }],
        },
        { price: 500, discounts: [[2, 1]] },
      ],
      applications: [
        { type: 'discount_code', code: 'TENOFF' },
        { type: 'manual', title: 'Kind', description: 'To a friend' },
        { type: 'automatic', title: '' },
      ],
    });
    assert.deepEqual(shown(order), [
      'item:1000: 3 x 19.99 - 1.00 (TENOFF) - 0.33 (Kind) + 3.52 (State 60000)',
      'item:1001: 1 x 5.00 - 0.01 (automatic)',
    ]);
    assertAddsUp(order, '67.15 USD');
  });

  test('shipping has its own discounts and taxes; removed shipping is left out', () => {
    const body = bodyOf({
      lines: [{ price: 1000 }],
      shipping: [{ price: 1490, discounts: [[0, 497]], taxes: [{ amount: 50 }] }],
      applications: [{ type: 'discount_code', code: 'POST' }],
    });
    const removed = { id: 2099, title: 'Express', is_removed: true, price: '99.00' };
    const lines = body['shipping_lines'] as readonly Body[];
    const { order } = snapshotOf({ ...body, shipping_lines: [...lines, removed] });
    assert.deepEqual(shown(order), [
      'item:1000: 1 x 10.00',
      'shipping:2000: 1 x 14.90 - 4.97 (POST) + 0.50 (Tax 50000)',
    ]);
    assertAddsUp(order, '20.43 USD');
  });

  test('removed shipping that the total holds went back by its refund', () => {
    const removed = bodyOf({
      lines: [{ price: 10_000 }],
      shipping: [{ price: 1000, as: { is_removed: true } }],
    });
    const replaced = bodyOf({
      lines: [{ price: 10_000 }],
      shipping: [
        { price: 1000, as: { is_removed: true } },
        { price: 1500, as: { id: 2001 } },
      ],
    });
    const entry = {
      id: 901,
      created_at: '2026-11-24T10:00:00-05:00',
      refund_line_items: [],
      order_adjustments: [],
      transactions: [],
      refund_shipping_lines: [
        { shipping_line_id: 2000, subtotal_amount_set: bag('10.00'), tax_amount_set: bag('0.00') },
      ],
    };
    for (const [body, now, stands] of [
      [removed, '100.00', '100.00'],
      [replaced, '115.00', '115.00'],
    ] as const) {
      const { order } = snapshotOf({
        ...body,
        current_total_price: now,
        current_total_price_set: bag(now),
        refunds: [entry],
      });
      assert.equal(order.doubt, undefined);
      assert.equal(show(order.total), show(totalByLines(order)));
      assert.equal(format(order.currentTotal), stands);
      const found = planned({ ...order, cash: { state: 'known', received: zero('USD'), tenders: [] } }, []);
      assert.ok(found.outcome === 'work');
      assert.equal(books(post(found.steps)), `SHOPIFY-1001 ${stands}`);
    }
  });

  test('shipping without an id is named by its place', () => {
    const order = orderOf({ ...PLAIN, shipping: [{ price: 100, as: { id: null } }] });
    assert.equal(order.lines[1]?.key, 'shipping:line-1');
  });

  test('four taxes on one line stay four', () => {
    const taxes = [
      { title: 'California State Tax', rate: 0.06, amount: 600 },
      { title: 'Los Angeles County Tax', rate: 0.0025, amount: 25 },
      { title: 'City Tax', rate: 0, amount: 0 },
      { title: 'Special', rate: 0.01, amount: 101 },
    ];
    const order = orderOf({ lines: [{ price: 10_000, taxes }] });
    assert.equal(order.lines[0]?.taxes.length, 4);
    assertAddsUp(order, '107.26 USD');
  });

  test('tax within the prices is taken out of nothing', () => {
    const order = orderOf({
      taxesIncluded: true,
      lines: [{ price: 259_000, discounts: [[0, 40_000]], taxes: [{ amount: 10_429 }] }],
      shipping: [{ price: 500, taxes: [{ amount: 80, rate: 0.19 }] }],
    });
    assert.equal(order.pricesIncludeTax, true);
    assertAddsUp(order, '2195.00 USD');
  });

  test('tax that the channel remits is marked and stays in the total', () => {
    const order = orderOf({ lines: [{ price: 1000, taxes: [{ amount: 60, isChannelLiable: true }] }] });
    assert.equal(show(channelTaxOf(order)), '0.60 USD');
    assertAddsUp(order, '10.60 USD');
  });

  test('gift cards, custom items and bundles are lines with their own money', () => {
    const order = orderOf({
      lines: [
        { price: 5000, as: { gift_card: true, sku: null } },
        { price: 1275, quantity: 2, as: { product_id: null, variant_id: null, sku: '  ' } },
        { price: 900, as: { sales_line_item_group_id: 7, variant_title: 'Large' } },
      ],
    });
    assert.deepEqual(
      order.lines.map(({ kind, sku, variant }) => ({ kind, sku, variant })),
      [
        { kind: 'gift-card', sku: undefined, variant: undefined },
        { kind: 'item', sku: undefined, variant: undefined },
        { kind: 'item', sku: 'SKU-3', variant: 'Large' },
      ],
    );
  });

  test('a line without a title takes its name, and one without both says so', () => {
    const order = orderOf({
      lines: [
        { price: 1, as: { title: '', name: 'Kettle - black' } },
        { price: 1, as: { title: null, name: null } },
      ],
    });
    assert.deepEqual(
      order.lines.map(({ title }) => title),
      ['Kettle - black', 'Item without a title'],
    );
  });

  test('a line that stands twice is refused', () => {
    const body = bodyOf({ lines: [{ price: 1 }, { price: 1, as: { id: 1000 } }] });
    assert.throws(() => snapshotOf(body), {
      code: 'delivery-malformed',
      message: /"item:1000" stands twice/,
    });
  });

  test('a line without any price is refused', () => {
    const body = withField(withField(bodyOf(), 'line_items.0.price', null), 'line_items.0.price_set', null);
    assert.throws(() => snapshotOf(body), {
      code: 'delivery-malformed',
      message: 'Order 820982911946154: line_items.0.price: is missing in USD',
    });
  });
});

describe('tips', () => {
  const tip = { price: 250, as: { title: 'Tip', sku: null, requires_shipping: false } };

  test('a marked tip line is passed over and the tip stands once', () => {
    const marked = { ...tip, as: { ...tip.as, tip_payment_gateway: 'shopify_payments' } };
    const body = { ...bodyOf({ lines: [{ price: 1000 }, marked] }), total_tip_received: '2.50' };
    const { order } = snapshotOf(body);
    assert.deepEqual(shown(order), ['item:1000: 1 x 10.00', 'tip: 1 x 2.50']);
    assertAddsUp(order, '12.50 USD');
  });

  test('an unmarked tip line is passed over when only that makes the sum right', () => {
    const body = { ...bodyOf({ lines: [{ price: 1000 }, tip] }), total_tip_received: '2.50' };
    assert.deepEqual(shown(snapshotOf(body).order), ['item:1000: 1 x 10.00', 'tip: 1 x 2.50']);
  });

  test('an untaxed service that costs as much as the tip is none, whichever of them comes first', () => {
    const wrapping = { price: 250, as: { title: 'Gift wrapping', sku: null, requires_shipping: false } };
    const unnamed = { ...tip, as: { ...tip.as, title: 'Trinkgeld' } };
    for (const [lines, service] of [
      [[wrapping, tip], 'item:1000'],
      [[tip, wrapping], 'item:1001'],
      [[wrapping, unnamed], 'item:1000'],
    ] as const) {
      const body = { ...bodyOf({ lines: [...lines] }), total_tip_received: '2.50' };
      assert.deepEqual(shown(snapshotOf(body).order), [`${service}: 1 x 2.50`, 'tip: 1 x 2.50']);
    }
  });

  test('two unmarked tip lines are passed over when together they are the tip', () => {
    const another = { ...tip, price: 300 };
    const body = { ...bodyOf({ lines: [{ price: 1000 }, tip, another] }), total_tip_received: '5.50' };
    assert.deepEqual(shown(snapshotOf(body).order), ['item:1000: 1 x 10.00', 'tip: 1 x 5.50']);
  });

  test('a line of the same amount as the tip stays when the sum needs it', () => {
    const { order } = snapshotOf(bodyOf({ lines: [{ price: 1000 }, tip], tip: 250 }));
    assert.deepEqual(shown(order), ['item:1000: 1 x 10.00', 'item:1001: 1 x 2.50', 'tip: 1 x 2.50']);
    assertAddsUp(order, '15.00 USD');
  });

  test('a tip without any line is one', () => {
    assertAddsUp(orderOf({ lines: [{ price: 1000 }], tip: 199 }), '11.99 USD');
  });

  test('a wrong tip is not hidden by passing over a line', () => {
    const body = { ...bodyOf({ lines: [{ price: 1000 }, tip] }), total_tip_received: '2.49' };
    assert.equal(show(totalByLines(snapshotOf(body).order)), '14.99 USD');
  });
});

describe('duties, fees and cash rounding', () => {
  test('each duty is a line with its taxes', () => {
    const order = orderOf({
      lines: [{ price: 5000, duties: [{ amount: 480, taxes: [{ amount: 24 }] }, { amount: 20 }] }],
    });
    assert.deepEqual(shown(order), [
      'item:1000: 1 x 50.00',
      'duty:7000: 1 x 4.80 + 0.24 (Tax 50000)',
      'duty:7001: 1 x 0.20',
    ]);
    assertAddsUp(order, '55.24 USD');
  });

  test('duties that are shown only as a total are one line', () => {
    const body = withField(
      bodyOf({ lines: [{ price: 5000, duties: [{ amount: 480 }] }] }),
      'line_items.0.duties',
      undefined,
    );
    assertAddsUp(snapshotOf(body).order, '54.80 USD');
  });

  test('duties within the prices are no lines', () => {
    const order = orderOf({
      dutiesIncluded: true,
      lines: [{ price: 5000, duties: [{ amount: 480 }] }],
    });
    assert.deepEqual(shown(order), ['item:1000: 1 x 50.00']);
    assertAddsUp(order, '50.00 USD');
  });

  test('fees are one line with the taxes that no other line has', () => {
    const order = orderOf({
      lines: [{ price: 5000, taxes: [{ amount: 250 }] }],
      fee: { amount: 125, taxes: [{ amount: 6 }] },
    });
    assert.deepEqual(shown(order), [
      'item:1000: 1 x 50.00 + 2.50 (Tax 50000)',
      'fee: 1 x 1.25 + 0.06 (Tax 50000)',
    ]);
    assertAddsUp(order, '53.81 USD');
  });

  test('taxes that no line has stay away when there is no fee to carry them', () => {
    const body = bodyOf({ lines: [{ price: 1000, taxes: [{ amount: 50 }] }] });
    const { order } = snapshotOf(withField(body, 'line_items.0.tax_lines', []));
    assert.equal(show(totalByLines(order)), '10.00 USD');
    assert.equal(show(order.total), '10.50 USD');
  });

  test('cash rounding is a line, so that invoice and drawer agree', () => {
    const up = orderOf({ lines: [{ price: 1003 }], rounding: 2 });
    assert.deepEqual(shown(up), ['item:1000: 1 x 10.03', 'cash-rounding: 1 x 0.02']);
    assertAddsUp(up, '10.05 USD');
    assertAddsUp(orderOf({ lines: [{ price: 1002 }], rounding: -2 }), '10.00 USD');
    assert(up.cash.state === 'known');
    assert.equal(show(up.cash.received), '10.05 USD');
  });
});

describe('currencies', () => {
  test('yen has no decimals, however it is written', () => {
    const body = bodyOf({ currency: 'JPY', decimals: [0, 0], lines: [{ price: 500, quantity: 2 }] });
    assertAddsUp(snapshotOf(body).order, '1000 JPY');
    const written = withField(body, 'line_items.0.price_set.shop_money.amount', '500.0');
    assertAddsUp(snapshotOf(written).order, '1000 JPY');
  });

  test('dinar has three decimals', () => {
    const spec = { currency: 'KWD', decimals: [3, 3], lines: [{ price: 1250, quantity: 3 }] } as const;
    assertAddsUp(orderOf(spec), '3.750 KWD');
  });

  const foreign: OrderSpec = {
    currency: 'USD',
    presentment: 'EUR',
    lines: [
      { price: [1000, 923], quantity: 3, discounts: [[0, [100, 91]]], taxes: [{ amount: [145, 134] }] },
    ],
    shipping: [{ price: [500, 461] }],
  };

  test('the shop’s side and the buyer’s each add up', () => {
    assertAddsUp(snapshotOf(bodyOf(foreign)).order, '35.45 USD');
    assertAddsUp(snapshotOf(bodyOf(foreign), 'presentment').order, '32.73 EUR');
  });

  test('an amount in another currency than the order’s is refused', () => {
    const body = withField(bodyOf(), 'line_items.0.price_set.shop_money.currency_code', 'CAD');
    assert.throws(() => snapshotOf(body), {
      message: 'Order 820982911946154: line_items.0.price: is in CAD, and the order is in USD',
    });
  });

  test('the buyer’s side is never made of the shop’s plain amounts', () => {
    const body = withField(bodyOf(foreign), 'line_items.0.price_set', null);
    assert.equal(show(snapshotOf(body).order.total), '35.45 USD');
    assert.throws(() => snapshotOf(body, 'presentment'), {
      message: /line_items\.0\.price: is missing in EUR/,
    });
  });

  test('a body without any *_set is read by its plain fields', () => {
    const text = JSON.stringify(bodyOf(), (key, value: unknown) =>
      key.endsWith('_set') ? undefined : value,
    );
    assertAddsUp(snapshotOf(JSON.parse(text) as Body).order, '10.00 USD');
  });
});

describe('order', () => {
  test('the sale’s own moment and offset decide its date', () => {
    const { order } = snapshotOf(bodyOf());
    assert.equal(order.placedAt, Date.parse('2026-11-21T04:30:00Z'));
    assert.equal(order.updatedAt, Date.parse('2026-11-21T04:30:05Z'));
    assert.equal(order.zone, '-05:00');
    const imported = snapshotOf({ ...bodyOf(), processed_at: null }).order;
    assert.equal(imported.placedAt, Date.parse('2026-11-21T04:30:02Z'));
    assert.throws(() => snapshotOf({ ...bodyOf(), processed_at: null, created_at: null }), {
      code: 'delivery-malformed',
      message: /processed_at: is missing, and created_at too/,
    });
  });

  test('it is numbered by the shop, or by its name', () => {
    const named = (name: unknown, number: unknown) =>
      snapshotOf({ ...bodyOf(), name, order_number: number }).order;
    assert.deepEqual([named('EU-1007-X', 1007).name, named('EU-1007-X', 1007).number], ['EU-1007-X', '1007']);
    assert.equal(named('EU-1008-X', undefined).number, '1008');
    assert.equal(named(undefined, 1009).name, '#1009');
    assert.throws(() => named('none', undefined), {
      message: /order_number: is missing, and the name shows no number/,
    });
  });

  test('cancellation and test flag are kept', () => {
    const { order } = snapshotOf({
      ...bodyOf(),
      test: true,
      cancelled_at: '2026-11-21T08:00:00-05:00',
      cancel_reason: 'customer',
    });
    assert.equal(order.isTest, true);
    assert.equal(order.cancelledAt, Date.parse('2026-11-21T13:00:00Z'));
    assert.equal(order.cancelReason, 'customer');
  });

  test('an old body’s current total is its total', () => {
    const { order } = snapshotOf({ ...bodyOf(), current_total_price: null, current_total_price_set: null });
    assert.equal(show(order.currentTotal), '10.00 USD');
  });

  test('what does not add up stays so', () => {
    const body = withField(
      { ...bodyOf({ lines: [{ price: 1000 }] }), total_discounts: '2.00' },
      'total_price_set.shop_money.amount',
      '8.00',
    );
    const { order } = snapshotOf(body);
    assert.equal(show(totalByLines(order)), '10.00 USD');
    assert.equal(show(order.total), '8.00 USD');
  });
});

describe('a merchant of record', () => {
  const sold = (taxes: readonly TaxSpec[], duties: LineSpec['duties'] = []): Body =>
    bodyOf({ lines: [{ price: 10_000, taxes, duties }], as: { merchant_of_record_app_id: 2745565185 } });
  const plan = (body: Body) => {
    const found = planned(snapshotOf(body).order, []);
    return found.outcome === 'work' ? [found.steps.length, holds(found)] : found;
  };

  test('remits taxes and duties, which are asked about', () => {
    for (const body of [sold([{ title: 'VAT', rate: 0.2, amount: 2000 }]), sold([], [{ amount: 1500 }])]) {
      assert.deepEqual(plan(body), [0, ['order-tax-withheld']]);
    }
  });

  test('of an order without any, or whose taxes are marked as the channel’s, changes nothing', () => {
    for (const body of [sold([]), sold([{ title: 'VAT', rate: 0.2, amount: 2000, isChannelLiable: true }])]) {
      assert.deepEqual(plan(body), [4, []]);
    }
  });
});

describe('buyer', () => {
  test('named by the billing address, reached by the order', () => {
    const { buyer, order } = snapshotOf(bodyOf());
    assert.deepEqual(buyer, {
      customerId: '115310627314723',
      firstName: 'Jane',
      lastName: 'Doe',
      company: 'Doe & Sons',
      email: 'jane@example.com',
      phone: '+15550100',
      address: {
        street: '1 Example Street',
        street2: '',
        city: 'Ottawa',
        province: 'Ontario',
        postalCode: 'K1A 0B1',
        country: 'Canada',
      },
    });
    assert.deepEqual(order.buyer, { customerId: '115310627314723', hasEmail: true });
  });

  test('nobody is known of a sale at the till', () => {
    const { buyer, order } = snapshotOf({
      ...bodyOf(),
      email: '',
      customer: null,
      billing_address: null,
      shipping_address: undefined,
    });
    assert.deepEqual([buyer.email, buyer.firstName, buyer.address.country], ['', '', '']);
    assert.deepEqual(order.buyer, { hasEmail: false });
  });

  test('a protected body without any contact key is read', () => {
    const { email, phone, customer, billing_address, shipping_address, ...rest } = bodyOf();
    assert([email, phone, customer, billing_address, shipping_address].length === 5);
    assert.equal(snapshotOf(rest).order.buyer.hasEmail, false);
  });

  test('each part is taken from the next place that has it', () => {
    const address = {
      address1: 'Rua 1',
      city: 'Lisboa',
      country: null,
      country_code: 'PT',
      province: null,
      province_code: '11',
    };
    const { buyer } = snapshotOf({
      ...bodyOf(),
      email: '',
      contact_email: null,
      phone: null,
      billing_address: null,
      shipping_address: null,
      customer: {
        id: null,
        first_name: 'Ana',
        last_name: null,
        email: 'ana@example.pt',
        phone: '+351',
        default_address: address,
      },
    });
    assert.deepEqual(
      [buyer.firstName, buyer.email, buyer.phone, buyer.address.country, buyer.address.province],
      ['Ana', 'ana@example.pt', '+351', 'Portugal', '11'],
    );
    assert.equal(buyer.customerId, undefined);
  });

  test('text that is no address is no e-mail', () => {
    const { buyer } = snapshotOf({ ...bodyOf(), email: 'not an address', customer: null });
    assert.equal(buyer.email, '');
  });
});

describe('what the rules of booking ask', () => {
  const orderWith = (as: Record<string, unknown>) =>
    snapshotOf(bodyOf({ lines: [{ price: 1000 }], as })).order;

  test('an order is fulfilled when all of it is, and partly when something is', () => {
    const statuses = ['fulfilled', 'partial', 'partially_fulfilled', 'restocked', null, undefined];
    const orders = statuses.map((fulfillment_status) => orderWith({ fulfillment_status }));
    assert.deepEqual(
      orders.map(({ isFulfilled, isPartlyFulfilled }) => [isFulfilled, isPartlyFulfilled]),
      [
        [true, true],
        [false, true],
        [false, true],
        [false, false],
        [false, false],
        [false, false],
      ],
    );
  });

  test('an order for which nothing is reserved waits while it is neither paid nor fulfilled', () => {
    const isWaiting = (changes: Body): boolean => orderWith(changes).waitsBecause !== undefined;
    const open = { financial_status: 'pending' };
    assert.deepEqual(
      [false, true, undefined].map((confirmed) => isWaiting({ confirmed, ...open })),
      [true, false, false],
    );
    assert.equal(isWaiting({ confirmed: false }), false, 'it is paid');
    assert.equal(isWaiting({ confirmed: false, ...open, fulfillment_status: 'fulfilled' }), false);
  });

  test('tags are a list, and the source is as the shop names it', () => {
    const { tags, sourceName } = orderWith({ tags: ' VIP, two words ,, x', source_name: 'pos' });
    assert.deepEqual([tags, sourceName], [['VIP', 'two words', 'x'], 'pos']);
    const bare = orderWith({ tags: null });
    assert.deepEqual([bare.tags, bare.sourceName], [[], '']);
  });
});

describe('days', () => {
  test('of money that moved after the clocks were changed are the shop’s of then', () => {
    const stamp = '2026-07-01T00:30:00-04:00';
    const { order } = snapshotOf(
      bodyOf({
        lines: [{ price: 1000 }],
        as: {
          created_at: '2026-02-10T12:00:00-05:00',
          processed_at: '2026-02-10T12:00:00-05:00',
          updated_at: stamp,
          transactions: [
            { id: 1, kind: 'capture', status: 'success', gateway: 'x', amount: '10.00', processed_at: stamp },
          ],
        },
      }),
    );
    assert(order.cash.state === 'known');
    const [tender] = order.cash.tenders;
    assert.equal(localDate(tender?.at ?? order.placedAt, order.zone), '2026-07-01');
    assert.equal(localDate(order.placedAt, order.zone), '2026-02-10');
  });
});
