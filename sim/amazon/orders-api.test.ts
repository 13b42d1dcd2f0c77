import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { callerOf, json, orderPath, stage } from './caller.ts';
import type { AmazonSwitches } from './switches.ts';

void describe('getOrder', () => {
  void test('shows no money, status or buyer that was not asked for', async () => {
    const { sim } = stage();
    const order = sim.world.place({ items: [{ product: 0 }], company: 'Okafor LLC', purchaseOrder: 'PO-7' });
    const bare = (await json(callerOf(sim).seller(orderPath(order.id, '')))).order;
    assert.deepEqual(
      ['proceeds', 'fulfillment', 'buyer', 'recipient'].filter((key) => key in bare),
      [],
    );
    assert.equal('proceeds' in bare.orderItems[0], false);
    const full = (await json(callerOf(sim).seller(orderPath(order.id)))).order;
    assert.deepEqual(full.buyer, { buyerCompanyName: 'Okafor LLC', buyerPurchaseOrderNumber: 'PO-7' });
    assert.equal(full.fulfillment.fulfillmentStatus, 'UNSHIPPED');
    assert.deepEqual(Object.keys(full.recipient.deliveryAddress), ['city', 'stateOrRegion', 'countryCode']);
  });

  void test('US: prices without tax, the tax that Amazon remits beside them', async () => {
    const { sim } = stage();
    const items = [{ product: 0, quantity: 2, cents: 1_000n, shippingCents: 500n, giftWrapCents: 300n }];
    const order = sim.world.place({ items, tipCents: 200n });
    const { proceeds, orderItems } = (await json(callerOf(sim).seller(orderPath(order.id)))).order;
    // 8.875 % of 20.00, 5.00 and 3.00: 1.775, 0.44375 and 0.26625, each half up.
    assert.equal(proceeds.grandTotal.amount, '32.49');
    assert.deepEqual(
      proceeds.breakdowns.map((entry: { type: string; subtotal: { amount: string } }) => [
        entry.type,
        entry.subtotal.amount,
      ]),
      [
        ['ITEM', '20.00'],
        ['SHIPPING', '5.00'],
        ['GIFT_WRAP', '3.00'],
        ['TAX', '2.49'],
        ['DELIVERY_TIP', '2.00'],
      ],
    );
    assert.equal(orderItems[0].proceeds.proceedsTotal.amount, '30.49');
    assert.equal(orderItems[0].tax.taxCollections[0].model, 'MARKETPLACE_FACILITATOR');
  });

  void test('Germany: goods without the tax where it is told, with it where it is not', async () => {
    const { sim } = stage();
    const items = [{ product: 0, cents: 1_000n }];
    const told = sim.world.place({ in: 'DE', items });
    const untold = sim.world.place({ in: 'DE', items, isTaxUntold: true });
    const caller = callerOf(sim, { region: 'eu' });
    const shown = async (id: string): Promise<unknown> => {
      const { proceeds } = (await json(caller.seller(orderPath(id)))).order.orderItems[0];
      return [
        proceeds.proceedsTotal.amount,
        ...proceeds.breakdowns.map((entry: { subtotal: { amount: string } }) => entry.subtotal.amount),
      ];
    };
    assert.deepEqual(await shown(told.id), ['9.30', '7.82', '1.48']);
    assert.deepEqual(await shown(untold.id), ['9.30', '9.30']);
  });

  void test('a one stop shop beside who remits the tax, or by a switch alone, or neither', async () => {
    const shown = async (way: AmazonSwitches['deemedReseller']): Promise<unknown> => {
      const { sim } = stage({ deemedReseller: way });
      const { id } = sim.world.scenario('union one stop shop');
      const { tax } = (await json(callerOf(sim, { region: 'eu' }).seller(orderPath(id)))).order.orderItems[0];
      return tax === undefined
        ? 'nothing'
        : [tax.taxCalculationBreakdowns[0].reportingScheme, tax.taxCollections?.[0].model];
    };
    assert.deepEqual(await shown('told twice'), ['UOSS', 'MARKETPLACE_FACILITATOR']);
    assert.deepEqual(await shown('by its scheme'), ['UOSS', undefined]);
    assert.equal(await shown('not told'), 'nothing');
  });

  void test('a discount with its tax, in each of the ways that are thinkable', async () => {
    const items = [
      {
        product: 0,
        cents: 10_000n,
        shippingCents: 1_000n,
        discount: 1_000n,
        shippingDiscount: 5_000n,
        ratePpm: 100_000n,
      },
    ];
    const shown = async (switches: Partial<AmazonSwitches>): Promise<unknown> => {
      const { sim } = stage(switches);
      const order = sim.world.place({ items });
      const { proceeds } = (await json(callerOf(sim).seller(orderPath(order.id)))).order.orderItems[0];
      const [tax, discount] = proceeds.breakdowns.slice(-2);
      const details = (entry: { detailedBreakdowns: { value: { amount: string } }[] }): string[] =>
        entry.detailedBreakdowns.map(({ value }) => value.amount);
      return [
        proceeds.proceedsTotal.amount,
        tax.subtotal.amount,
        details(tax),
        discount.subtotal.amount,
        details(discount),
      ];
    };
    // 100.00 - 10.00 and 10.00 - 5.00, all at 10 %.
    assert.deepEqual(await shown({}), [
      '104.50',
      '11.00',
      ['10.00', '1.00', '1.50'],
      '15.00',
      ['10.00', '5.00'],
    ]);
    assert.deepEqual(await shown({ discountTax: 'taken off', discountSign: 'negative' }), [
      '104.50',
      '9.50',
      ['10.00', '1.00', '-1.50'],
      '-15.00',
      ['-10.00', '-5.00'],
    ]);
    assert.deepEqual(await shown({ discountTax: 'only said' }), [
      '104.50',
      '9.50',
      ['9.00', '0.50', '1.50'],
      '15.00',
      ['10.00', '5.00'],
    ]);
  });

  void test('yen have no decimals and points are no price', async () => {
    const { sim } = stage();
    const order = sim.world.place({
      in: 'JP',
      items: [{ product: 0, cents: 1_000n, points: 15, codCents: 200n }],
    });
    const { orderItems, proceeds } = (await json(callerOf(sim, { region: 'fe' }).seller(orderPath(order.id))))
      .order;
    assert.deepEqual(proceeds.grandTotal, { amount: '1788', currencyCode: 'JPY' });
    assert.equal(orderItems[0].expense.pointsCost.pointsGranted.pointsMonetaryValue.amount, '15');
  });

  void test('a pending order shows its prices by a switch, a cancelled one too', async () => {
    const { sim } = stage();
    const order = sim.world.place({ items: [{ product: 0, quantity: 2 }], status: 'PENDING' });
    const read = async (): Promise<{
      proceeds?: { grandTotal: { amount: string } };
      orderItems: { quantityOrdered: number }[];
    }> => (await json(callerOf(sim).seller(orderPath(order.id)))).order;
    assert.equal((await read()).proceeds, undefined);
    sim.set({ pendingProceeds: 'present' });
    assert.equal((await read()).proceeds?.grandTotal.amount, '172.02');
    sim.world.act(order.id, { kind: 'cancel', by: 'BUYER' });
    assert.deepEqual(
      [(await read()).proceeds, (await read()).orderItems[0]?.quantityOrdered],
      [undefined, 2],
    );
    sim.set({ cancelledProceeds: 'zero', cancelledQuantity: 'zero' });
    assert.deepEqual(
      [(await read()).proceeds?.grandTotal.amount, (await read()).orderItems[0]?.quantityOrdered],
      ['0.00', 0],
    );
  });

  void test('words, breakdowns of the whole and the rate come and go by their switches', async () => {
    const { sim } = stage();
    const { id } = sim.world.place({ items: [{ product: 0 }] });
    const read = async (): Promise<unknown> => {
      const response = await callerOf(sim).seller(orderPath(id));
      const { fulfillment, salesChannel, proceeds } = (await json(response)).order;
      const rate = response.headers.get('x-amzn-ratelimit-limit');
      return [fulfillment.fulfillmentStatus, salesChannel.channelName, 'breakdowns' in proceeds, rate];
    };
    assert.deepEqual(await read(), ['UNSHIPPED', 'AMAZON', true, '0.5']);
    sim.set({ unknownStatus: 'sometimes', channelName: 'marketplace name', orderBreakdowns: 'absent' });
    sim.set({ rateHeader: 'absent' });
    assert.deepEqual(await read(), ['INVOICE_UNCONFIRMED', 'Amazon.com', false, null]);
  });

  void test('packages of own shipments bear the time of shipping; what Amazon ships has none', async () => {
    const { sim, advance } = stage();
    const items = [{ product: 0, quantity: 3 }];
    const own = sim.world.place({ items });
    const amazons = sim.world.place({ items, fulfilledBy: 'AMAZON' });
    advance(60_000);
    sim.world.act(own.id, { kind: 'ship', units: [{ item: 0, quantity: 1 }] });
    sim.world.act(amazons.id, { kind: 'ship' });
    const caller = callerOf(sim);
    const part = (await json(caller.seller(orderPath(own.id)))).order;
    assert.equal(part.fulfillment.fulfillmentStatus, 'PARTIALLY_SHIPPED');
    assert.equal(part.packages[0].shipTime, '2026-11-20T14:31:00Z');
    assert.deepEqual(part.orderItems[0].fulfillment, { quantityFulfilled: 1, quantityUnfulfilled: 2 });
    const whole = (await json(caller.seller(orderPath(amazons.id)))).order;
    assert.deepEqual([whole.fulfillment.fulfillmentStatus, whole.packages], ['SHIPPED', undefined]);
  });

  void test('an order of another region, one that is not, a name that is no dataset', async () => {
    const { sim } = stage();
    const order = sim.world.place({ in: 'DE', items: [{ product: 0 }] });
    const caller = callerOf(sim);
    assert.equal((await caller.seller(orderPath(order.id))).status, 404);
    assert.equal((await caller.seller(orderPath('111-1111111-1111111'))).status, 404);
    assert.equal((await caller.seller(orderPath('1'))).status, 400);
    assert.equal((await caller.seller(orderPath(order.id, 'MONEY'))).status, 400);
    assert.equal((await caller.grantless(orderPath(order.id))).status, 403);
  });

  void test('a token of one region is refused by the host of another', async () => {
    const { sim } = stage();
    const order = sim.world.place({ items: [{ product: 0 }] });
    const granted = await json(
      callerOf(sim).token({ grant_type: 'refresh_token', refresh_token: sim.login.refreshToken('eu') }),
    );
    const headers = { 'x-amz-access-token': String(granted.access_token) };
    const call = await sim.handle(
      new Request(`https://sellingpartnerapi-na.amazon.com${orderPath(order.id)}`, { headers }),
    );
    const { errors } = await json(call);
    assert.deepEqual(
      [call.status, errors[0].message],
      [400, 'Application do not have access to some or all requested resource'],
    );
  });

  void test('thirty calls at once, then one every two seconds, refused without a word of when', async () => {
    const { sim, advance } = stage();
    const order = sim.world.place({ items: [{ product: 0 }] });
    const caller = callerOf(sim);
    for (let call = 0; call < 30; call += 1)
      assert.equal((await caller.seller(orderPath(order.id))).status, 200);
    const refused = await caller.seller(orderPath(order.id));
    assert.equal(refused.status, 429);
    assert.equal((await json(refused)).errors[0].code, 'QuotaExceeded');
    assert.deepEqual(
      [refused.headers.get('retry-after'), refused.headers.get('x-amzn-ratelimit-limit')],
      [null, null],
    );
    advance(2_000);
    assert.equal((await caller.seller(orderPath(order.id))).status, 200);
    assert.equal((await caller.seller(orderPath(order.id))).status, 429);
  });

  void test('its own failures have no JSON but one', async () => {
    const { sim } = stage();
    const caller = callerOf(sim);
    const seen = async (): Promise<unknown> => {
      const response = await caller.seller(orderPath('111-1111111-1111111'));
      return [response.status, (await response.text()).slice(0, 10)];
    };
    sim.setMood('internal failure');
    assert.deepEqual(await seen(), [500, '{"errors":']);
    sim.setMood('unavailable');
    assert.deepEqual(await seen(), [503, '<html><bod']);
    sim.setMood('gateway timeout');
    assert.deepEqual(await seen(), [504, '']);
  });
});
