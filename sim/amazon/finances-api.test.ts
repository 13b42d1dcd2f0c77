import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { callerOf, json, stage } from './caller.ts';
import { MARKETPLACES } from './marketplaces.ts';
import type { AmazonScenarioName } from './scenarios.ts';
import type { AmazonSwitches } from './switches.ts';

const list = (query: Readonly<Record<string, string>>): string =>
  `/finances/2024-06-19/transactions?${new URLSearchParams(query).toString()}`;
const ofOrder = (id: string): string =>
  list({ relatedIdentifierName: 'ORDER_ID', relatedIdentifierValue: id });
const since = { postedAfter: '2026-11-20T00:00:00Z' };
const SETTLED_MS = 120_001;

interface Node {
  readonly breakdownType: string;
  readonly breakdownAmount: { readonly currencyAmount: number };
  readonly breakdowns: readonly Node[];
}

/** `Sales/Tax 1.48`, leaf by leaf. */
function leaves(nodes: readonly Node[], path = ''): string[] {
  return nodes.flatMap(({ breakdownType, breakdownAmount, breakdowns }) =>
    breakdowns.length === 0
      ? [`${path}${breakdownType} ${breakdownAmount.currencyAmount}`]
      : leaves(breakdowns, `${path}${breakdownType}/`),
  );
}

async function shown(
  name: AmazonScenarioName,
  switches: Partial<AmazonSwitches> = {},
  region: 'na' | 'eu' = 'na',
): Promise<{ type: string; total: number; leaves: string[] }[]> {
  const { sim, advance } = stage(switches);
  const { id } = sim.world.scenario(name);
  advance(SETTLED_MS);
  const { payload } = await json(callerOf(sim, { region }).seller(ofOrder(id)));
  return payload.transactions.map(
    (entry: { transactionType: string; totalAmount: { currencyAmount: number }; breakdowns: Node[] }) => ({
      type: entry.transactionType,
      total: entry.totalAmount.currencyAmount,
      leaves: leaves(entry.breakdowns),
    }),
  );
}

const COMMISSION = 'Expenses/AmazonFees/Commission';

void describe('listTransactions', () => {
  void test('a shipment: the sale without the tax that Amazon remits, less its fees', async () => {
    const sale = ['Sales/ProductCharges 98.47', 'Sales/Shipping 6.9', `${COMMISSION} -14.77`];
    assert.deepEqual(await shown('US, Amazon remits the tax'), [
      { type: 'Shipment', total: 90.6, leaves: sale },
    ]);
  });

  void test('that tax may stand in it twice, under names of which none is known', async () => {
    const name = 'US, Amazon remits the tax';
    const [v0] = await shown(name, { withheldTax: 'v0 names' });
    const [one] = await shown(name, { withheldTax: 'one name', financesShape: 'recorded' });
    assert.deepEqual(
      v0?.leaves.filter((text) => text.includes('Tax')),
      [
        'Sales/Tax 9.35',
        'Withholdings/MarketplaceFacilitatorTax-Principal -8.74',
        'Withholdings/MarketplaceFacilitatorTax-Shipping -0.61',
      ],
    );
    assert.ok(one?.leaves.includes('Withholdings/TaxWithheld -9.35'));
    assert.deepEqual([v0?.total, one?.total], [90.6, 90.6]);
  });

  void test('the seller gets his own tax, and without it what went back', async () => {
    const [shipment, refund] = await shown('an amount refunded with its tax', {}, 'eu');
    assert.ok(shipment?.leaves.includes('Sales/Tax 13.88'));
    assert.deepEqual(refund, {
      type: 'Refund',
      total: -14.04,
      leaves: [
        'Sales/ProductCharges -13',
        'Sales/Tax -2.6',
        `${COMMISSION} 1.95`,
        'Expenses/AmazonFees/RefundCommission -0.39',
      ],
    });
  });

  void test('groups may be by sign, without details: what comes back of fees stands among the sales', async () => {
    const name = 'an amount refunded with its tax';
    const [, refund] = await shown(name, { financesGroups: 'by sign' }, 'eu');
    assert.deepEqual(refund, {
      type: 'Refund',
      total: -14.04,
      leaves: ['Sales/AmazonFees 1.56', 'Expenses/ProductCharges -13', 'Expenses/Tax -2.6'],
    });
  });

  void test('what a promotion saves of taxes may stand among the rebates', async () => {
    const sums = async (rebates: AmazonSwitches['rebates']): Promise<readonly string[]> => {
      const [shipment] = await shown('discounts, the seller remits the tax', { rebates }, 'eu');
      return shipment?.leaves.filter((text) => /Tax|Promo/.test(text)) ?? [];
    };
    assert.deepEqual(await sums('without tax'), ['Sales/Promotions -25.07', 'Sales/Tax 31.16']);
    assert.deepEqual(await sums('with tax'), [
      'Sales/PromoRebates/OurPriceDiscount -23.15',
      'Sales/PromoRebates/OurPriceTaxDiscount -4.4',
      'Sales/PromoRebates/ShippingDiscount -1.92',
      'Sales/PromoRebates/ShippingTaxDiscount -0.36',
      'Sales/Tax 35.92',
    ]);
  });

  void test('amounts are numbers with exactly their digits', async () => {
    const { sim, advance } = stage();
    sim.world.scenario('US, Amazon remits the tax');
    advance(SETTLED_MS);
    const text = await (await callerOf(sim).seller(list(since))).text();
    assert.ok(text.includes('"currencyAmount":6.9,'));
    assert.ok(!text.includes('"currencyAmount":"'));
  });

  void test('lists and words may be null, or shaped as in the example of the model', async () => {
    const read = async (switches: Partial<AmazonSwitches>): Promise<Record<string, unknown>> => {
      const { sim, advance } = stage(switches);
      sim.world.scenario('US, Amazon remits the tax');
      advance(SETTLED_MS);
      return (await json(callerOf(sim).seller(list(since)))).payload.transactions[0];
    };
    const nulls = await read({ financesNulls: 'nulls' });
    assert.deepEqual(
      [nulls['breakdowns'], nulls['contexts'], nulls['transactionStatus']],
      [null, null, null],
    );
    const example = await read({ financesShape: 'model example' });
    assert.equal(example['transactionStatus'], 'Deferred');
    const [sales] = (example['breakdowns'] as { breakdowns: Node[] }).breakdowns;
    assert.equal(sales?.breakdowns[0]?.breakdownType, 'Product Charges');
  });

  void test('a deferred transaction is the same one when it is released', async () => {
    const { sim, advance } = stage();
    const { id } = sim.world.scenario('US, Amazon remits the tax');
    advance(SETTLED_MS);
    const [before] = (await json(callerOf(sim).seller(ofOrder(id)))).payload.transactions;
    assert.deepEqual([before.transactionStatus, before.contexts[0].deferralReason], ['DEFERRED', 'DD7']);
    advance(10 * 86_400_000);
    sim.world.release();
    const caller = callerOf(sim);
    const [after, more] = (await json(caller.seller(ofOrder(id)))).payload.transactions;
    assert.deepEqual(
      [after.transactionId, after.transactionStatus, more],
      [before.transactionId, 'DEFERRED_RELEASED', undefined],
    );
    const deferred = await json(caller.seller(list({ ...since, transactionStatus: 'DEFERRED' })));
    assert.deepEqual(deferred.payload.transactions, []);
  });

  void test('by a switch another transaction releases it, and each names the other or only its refund or shipment', async () => {
    for (const way of ['another by name', 'another'] as const) {
      const { sim, advance } = stage({ release: way });
      const { id } = sim.world.scenario('refunded in full');
      advance(10 * 86_400_000);
      sim.world.release();
      const listed: {
        transactionId: string;
        transactionType: string;
        transactionStatus: string;
        relatedIdentifiers: { relatedIdentifierName: string; relatedIdentifierValue: string }[];
      }[] = (await json(callerOf(sim).seller(ofOrder(id)))).payload.transactions;
      assert.deepEqual(
        listed.map((entry) => `${entry.transactionType} ${entry.transactionStatus}`),
        ['Shipment DEFERRED_RELEASED', 'Shipment RELEASED', 'Refund DEFERRED_RELEASED', 'Refund RELEASED'],
      );
      assert.equal(new Set(listed.map(({ transactionId }) => transactionId)).size, 4);
      const [first, second] = listed.slice(2).map(({ relatedIdentifiers }) => relatedIdentifiers);
      assert.deepEqual(
        first?.slice(0, 2).map(({ relatedIdentifierName }) => relatedIdentifierName),
        ['ORDER_ID', 'REFUND_ID'],
      );
      assert.deepEqual(first.slice(0, 2), second?.slice(0, 2));
      assert.deepEqual(
        [first[2], second?.[2]],
        way === 'another'
          ? [undefined, undefined]
          : [
              {
                relatedIdentifierName: 'RELEASE_TRANSACTION_ID',
                relatedIdentifierValue: listed[3]?.transactionId,
              },
              {
                relatedIdentifierName: 'DEFERRED_TRANSACTION_ID',
                relatedIdentifierValue: listed[2]?.transactionId,
              },
            ],
      );
    }
  });

  void test('a payout is found by its group, with what it pays and the fees of no order', async () => {
    const { sim, advance } = stage();
    sim.world.scenario('shipped by Amazon');
    const { marketplace } = sim.world.scenario('refunded in full');
    sim.world.post({ type: 'ServiceFee', marketplace, name: 'Subscription', cents: -3_999n });
    sim.world.post({ type: 'Adjustment', marketplace, name: 'WAREHOUSE_LOST', cents: 1_250n });
    sim.world.settle();
    advance(SETTLED_MS);
    const caller = callerOf(sim);
    const all = (await json(caller.seller(list(since)))).payload.transactions;
    const groupOf = (entry: {
      relatedIdentifiers: { relatedIdentifierName: string; relatedIdentifierValue: string }[];
    }): string | undefined =>
      entry.relatedIdentifiers.find(
        ({ relatedIdentifierName }) => relatedIdentifierName === 'FINANCIAL_EVENT_GROUP_ID',
      )?.relatedIdentifierValue;
    const group = all.map(groupOf).find((value: string | undefined) => value !== undefined);
    const query = { relatedIdentifierName: 'FINANCIAL_EVENT_GROUP_ID', relatedIdentifierValue: group };
    const paid = (await json(caller.seller(list(query)))).payload.transactions;
    assert.deepEqual(paid.map((entry: { transactionType: string }) => entry.transactionType).toSorted(), [
      'Adjustment',
      'Refund',
      'ServiceFee',
      'Shipment',
      'Transfer',
    ]);
    const cents = paid.map((entry: { totalAmount: { currencyAmount: number } }) =>
      Math.round(entry.totalAmount.currencyAmount * 100),
    );
    assert.equal(
      cents.reduce((sum: number, amount: number) => sum + amount, 0),
      0,
    );
  });

  void test('page by page with empty ones between, each transaction once', async () => {
    const { sim, advance } = stage({ emptyPages: 'between' });
    for (let count = 0; count < 130; count += 1) sim.world.scenario('US, no tax at all');
    advance(SETTLED_MS);
    const caller = callerOf(sim);
    const sizes: number[] = [];
    const ids = new Set<string>();
    let token: string | undefined;
    do {
      const query = token === undefined ? since : { nextToken: token };
      const { payload } = await json(caller.seller(list(query)));
      sizes.push(payload.transactions.length);
      for (const { transactionId } of payload.transactions) ids.add(transactionId);
      token = payload.nextToken;
    } while (token !== undefined);
    assert.deepEqual([sizes, ids.size], [[100, 0, 30], 130]);
  });

  void test('the last two minutes, and by a switch the last two days, are missing', async () => {
    const { sim, advance } = stage();
    sim.world.scenario('US, no tax at all');
    const count = async (): Promise<number> =>
      (await json(callerOf(sim).seller(list(since)))).payload.transactions.length;
    advance(SETTLED_MS - 2);
    assert.equal(await count(), 0);
    advance(2);
    assert.equal(await count(), 1);
    sim.set({ financesLag: 'last 48 hours' });
    assert.equal(await count(), 0);
    advance(2 * 86_400_000);
    assert.equal(await count(), 1);
  });

  void test('a payout stands among what it pays out, or by a switch does not', async () => {
    const { sim, advance } = stage();
    const marketplace = MARKETPLACES.find(({ country }) => country === 'US');
    assert.ok(marketplace !== undefined);
    sim.world.post({ type: 'ServiceFee', marketplace, name: 'Subscription', cents: -3_999n });
    sim.world.settle();
    advance(SETTLED_MS);
    const types = async (): Promise<readonly string[]> =>
      (await json(callerOf(sim).seller(list(since)))).payload.transactions.map(
        (entry: { transactionType: string }) => entry.transactionType,
      );
    assert.deepEqual(await types(), ['ServiceFee', 'Transfer']);
    sim.set({ payouts: 'not listed' });
    assert.deepEqual(await types(), ['ServiceFee']);
  });

  void test('a fee of no order says of which store it is, or by a switch does not', async () => {
    const { sim, advance } = stage();
    const marketplace = MARKETPLACES.find(({ country }) => country === 'US');
    assert.ok(marketplace !== undefined);
    sim.world.scenario('US, no tax at all');
    sim.world.post({ type: 'ServiceFee', marketplace, name: 'Subscription', cents: -3_999n });
    advance(SETTLED_MS);
    const stores = async (): Promise<readonly (string | undefined)[]> =>
      (await json(callerOf(sim).seller(list(since)))).payload.transactions.map(
        (entry: { marketplaceDetails: { marketplaceId: string } | null }) =>
          entry.marketplaceDetails?.marketplaceId,
      );
    assert.deepEqual(await stores(), ['ATVPDKIKX0DER', 'ATVPDKIKX0DER']);
    sim.set({ serviceStore: 'not told' });
    assert.deepEqual(await stores(), ['ATVPDKIKX0DER', undefined]);
  });

  void test('own shipments in the United States are not found by their marketplace, as its note says', async () => {
    const { sim, advance } = stage();
    sim.world.scenario('US, no tax at all');
    sim.world.scenario('Canada, the seller remits the tax');
    advance(SETTLED_MS);
    const count = async (marketplaceId: string): Promise<number> =>
      (await json(callerOf(sim).seller(list({ ...since, marketplaceId })))).payload.transactions.length;
    assert.deepEqual([await count('ATVPDKIKX0DER'), await count('A2EUQ1WTGCTBG2')], [0, 1]);
  });

  void test('a beginning is needed without an identifier; more than 180 days are empty', async () => {
    const { sim, advance } = stage();
    sim.world.scenario('US, no tax at all');
    advance(SETTLED_MS);
    const caller = callerOf(sim);
    const refused = await caller.seller(list({ postedBefore: '2026-11-20T00:00:00Z' }));
    assert.deepEqual(
      [refused.status, (await json(refused)).errors[0].message],
      [400, 'Start date cannot be null'],
    );
    assert.equal(
      (
        await caller.seller(
          list({ ...since, relatedIdentifierName: 'SHIPMENT_ID', relatedIdentifierValue: '1' }),
        )
      ).status,
      400,
    );
    assert.deepEqual(
      (await json(caller.seller(list({ postedAfter: '2026-01-01T00:00:00Z' })))).payload.transactions,
      [],
    );
  });
});
