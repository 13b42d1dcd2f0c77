import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as money from '#core/money.ts';
import { feesOf } from '#core/settlement.ts';
import { ORDER_ID, transactionJson } from '#tests/amazon/order-json.ts';
import type { Tree } from '#tests/amazon/order-json.ts';
import { IN_GROUP, namesIn, read, showing } from '#tests/amazon/shown-settlement.ts';

/** What an amount of a settlement is, by its name and where Amazon puts it. */

describe('a settlement', () => {
  test('tells what is no fee apart, and passes over nothing that it does not know', async () => {
    const sale = transactionJson(['Shipment', '15.00'], [], {
      ...IN_GROUP,
      id: 'x',
      identifiers: { ...IN_GROUP.identifiers, ORDER_ID: '111-2093847-6650917' },
      whole: {
        Sales: ['20.00', { ProductCharges: '20.00' }],
        TaxWithheld: '-2.00',
        Expenses: ['-3.00', { AmazonFees: ['-3.00', { Commission: '-2.50', Novelty: '-0.50' }] }],
      },
    });
    const beside = transactionJson(['Adjustment', '7.00'], [], {
      ...IN_GROUP,
      id: 'y',
      whole: { ReserveDebit: '-3.00', FBAInventoryReimbursement: '10.00' },
    });
    const strange = transactionJson(['Mystery', '1.00'], [], {
      ...IN_GROUP,
      id: 'z',
      whole: { Tax: '4.00', Riddle: '-2.00' },
    });
    const { world, group } = await showing([sale, beside, strange]);
    assert.deepEqual(namesIn(await read(world, group)), [
      'buyers ProductCharges 20.00',
      'withheld TaxWithheld -2.00',
      'fee Commission -2.50',
      'fee Novelty -0.50',
      'reserve ReserveDebit -3.00',
      'reimbursement FBAInventoryReimbursement 10.00',
      'unknown Tax 4.00',
      'unknown Riddle -2.00',
      'unknown Not broken down, Mystery -1.00',
    ]);
  });

  test('takes off its fees what refunds gave back of them, though Amazon sorts them among the sales by their sign', async () => {
    const sale = transactionJson(['Shipment', '48.45'], [], {
      ...IN_GROUP,
      id: 'sale',
      identifiers: { ...IN_GROUP.identifiers, ORDER_ID },
      whole: {
        Sales: ['57.01', { ProductCharges: '57.01' }],
        Expenses: ['-8.56', { AmazonFees: '-8.55', PromoRebates: '-0.01' }],
      },
    });
    const back = transactionJson(['Refund', '-50.16'], [], {
      ...IN_GROUP,
      id: 'back',
      identifiers: { ...IN_GROUP.identifiers, ORDER_ID },
      whole: {
        Sales: ['6.85', { AmazonFees: '6.84', PromoRebates: '0.01' }],
        Expenses: ['-57.01', { ProductCharges: '-57.01' }],
      },
    });
    const { world, group } = await showing([sale, back]);
    const settlement = await read(world, group);
    assert.deepEqual(
      settlement.amounts
        .map(({ what, name, amount }) => `${what} ${name} ${money.format(amount)}`)
        .toSorted(),
      ['buyers ProductCharges 0.00', 'buyers PromoRebates 0.00', 'fee AmazonFees -1.71'],
    );
    assert.equal(feesOf(settlement).minor, 171n);
  });

  test('knows payouts, reserves and reimbursements also where Amazon sorts them among the sales by their sign', async () => {
    const beside = (type: string, total: string, name: string): object =>
      transactionJson([type, total], [], {
        ...IN_GROUP,
        id: type,
        whole: { Sales: [total, { [name]: total }], Expenses: '0.00' },
      });
    const { world, group } = await showing([
      beside('Adjustment', '7.00', 'ReserveCredit'),
      beside('FBAInventoryReimbursement', '10.00', 'FBAInventoryReimbursement'),
      beside('Transfer', '17.00', 'FundTransfer'),
    ]);
    assert.deepEqual(
      (await read(world, group)).amounts
        .filter(({ amount }) => !money.isZero(amount))
        .map(({ what, name }) => `${what} ${name}`),
      ['reserve ReserveCredit', 'reimbursement FBAInventoryReimbursement', 'transfer FundTransfer'],
    );
  });

  test('does not know income that stands among sales and belongs to no order, and says where it stands', async () => {
    const whole = {
      Sales: ['9.00', { RecommerceLiquidation: '9.00' }],
      'Refunded Sales': ['-1.00', { Tax: '-1.00' }],
    } as const;
    const told = transactionJson(['RemovalShipment', '8.00'], [], { ...IN_GROUP, id: 'x', whole });
    const { world, group } = await showing([told]);
    assert.deepEqual(
      (await read(world, group)).amounts.map(({ what, name }) => `${what} ${name}`),
      ['unknown Sales, RecommerceLiquidation', 'unknown Refunded Sales, Tax'],
    );
  });

  test('knows what services cost by their names, of no order alone', async () => {
    const [ads, ofOrder] = [{}, { ORDER_ID: '111-2093847-6650917' }].map((ids, index) =>
      transactionJson(['ProductAdsPayment', '-8.00'], [], {
        ...IN_GROUP,
        id: `ads-${index}`,
        identifiers: { ...IN_GROUP.identifiers, ...ids },
        whole: { ProductAdsPayment: '-8.00' },
      }),
    );
    assert(ads !== undefined && ofOrder !== undefined);
    const { world, group } = await showing([ads, ofOrder]);
    assert.deepEqual(
      (await read(world, group)).amounts.map(({ what, name }) => `${what} ${name}`),
      ['fee ProductAdsPayment', 'unknown ProductAdsPayment'],
    );
  });

  test('knows postage that Amazon sells, Amazon’s points and fees that come back by their names, wherever they stand', async () => {
    const names = [
      'PostageBilling_Postage',
      'PostageBilling_PostageAdjustment',
      'PostageBilling_ImportDuty',
      'PostageBilling_VAT',
      'ReturnPostageBilling_Tracking',
      'PostageRefund_Insurance',
      'AdvertisingFeeRefund',
      'PointsGranted',
      'ShippingHB',
      'ShippingServiceChargebacks',
    ];
    const shown = names.flatMap((name, index) =>
      [{}, { ORDER_ID }].map((ids, ofOrder) =>
        transactionJson(['Adjustment', '0.00'], [], {
          ...IN_GROUP,
          id: `${index}-${ofOrder}`,
          identifiers: { ...IN_GROUP.identifiers, ...ids },
          whole: { Expenses: ['-3.00', { [name]: '-3.00' }], Sales: ['3.00', { [name]: '3.00' }] },
        }),
      ),
    );
    const { world, group } = await showing(shown);
    const settlement = await read(world, group);
    const kinds = Map.groupBy(settlement.amounts, ({ name }) => name);
    for (const name of names) {
      // Among the sales of an order Amazon's word for postage of its own might be the buyer's.
      const isBuyers = name.startsWith('Shipping');
      const what = new Set(kinds.get(name)?.map((one) => one.what));
      assert(what.has('fee') && (isBuyers || what.size === 1), `${name}: ${[...what].join(' ')}`);
    }
  });

  test('takes for sales and refunds only what is of an order, and no goods that Amazon buys or removes', async () => {
    const ofRemoval = { ORDER_ID: 'S01-2093847-6650917' };
    const shown = [
      {
        type: 'RemovalShipment',
        ids: ofRemoval,
        whole: { Sales: ['9.00', { RecommerceLiquidation: '9.00' }] },
      },
      { type: 'RemovalShipment', ids: ofRemoval, whole: { Sales: ['1.00', { TaxOnRevenue: '1.00' }] } },
      { type: 'Adjustment', ids: { ORDER_ID }, whole: { RecommerceLiquidation: '-2.00' } },
      { type: 'ServiceFee', ids: { ORDER_ID: 'FBA15M02LDQF' }, whole: { Tax: '-0.23' } },
    ] as const;
    const transactions = shown.map(({ type, ids, whole }, index) =>
      transactionJson([type, '0.00'], [], {
        ...IN_GROUP,
        id: String(index),
        identifiers: { ...IN_GROUP.identifiers, ...ids },
        whole,
      }),
    );
    const { world, group } = await showing(transactions);
    const { amounts } = await read(world, group);
    assert.deepEqual(
      amounts.filter(({ name }) => !name.startsWith('Not broken')).map(({ what, name }) => `${what} ${name}`),
      [
        'unknown Sales, RecommerceLiquidation',
        'unknown Sales, TaxOnRevenue',
        'unknown RecommerceLiquidation',
        'unknown Tax',
      ],
    );
  });

  test('does not take for the buyer’s what stands among sales without a name, of an adjustment of an order', async () => {
    const whole = { Sales: ['5.00', { Mystery: '3.00', Other: '2.00' }] } as const;
    const kindsIn = async (type: string, tree: Tree = whole): Promise<readonly string[]> => {
      const identifiers = { ...IN_GROUP.identifiers, ORDER_ID };
      const told = transactionJson([type, '5.00'], [], { ...IN_GROUP, identifiers, whole: tree });
      const { world, group } = await showing([told]);
      return (await read(world, group)).amounts.map(({ what, name }) => `${what} ${name}`);
    };
    for (const type of ['MiscellaneousLedgerAdjustment', 'Adjustment', 'Retrocharge']) {
      assert.deepEqual(await kindsIn(type), [
        'unknown Beside its sale, Sales, Mystery',
        'unknown Beside its sale, Sales, Other',
      ]);
    }
    // What a sale holds stands with its order, and a refund that is not understood is asked about there.
    for (const type of ['Shipment', 'Refund']) {
      assert.deepEqual(await kindsIn(type), ['buyers Mystery', 'buyers Other']);
    }
    assert.deepEqual(await kindsIn('Adjustment', { Sales: ['5.00', { WAREHOUSE_LOST: '5.00' }] }), [
      'reimbursement WAREHOUSE_LOST',
    ]);
    assert.deepEqual(await kindsIn('DeliveryTip', { Sales: ['5.00', { Tip: '5.00' }] }), ['buyers Tip']);
    assert.deepEqual(await kindsIn('Adjustment', { Sales: ['5.00', { Shipping: '5.00' }] }), [
      'buyers Shipping',
    ]);
  });
});
