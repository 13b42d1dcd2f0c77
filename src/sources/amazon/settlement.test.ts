import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Failure } from '#core/failure.ts';
import { NOTHING_BOOKED, asIfPosted } from '#core/ledger.ts';
import * as money from '#core/money.ts';
import { plan } from '#core/plan.ts';
import { feesOf } from '#core/settlement.ts';
import type { Settlement } from '#core/settlement.ts';
import { DAY, HOUR, MINUTE, SECOND, localDate } from '#core/time.ts';
import { MARKETPLACES } from '#sim/amazon/marketplaces.ts';
import { expectedSettlements } from '#sim/amazon/settlements.ts';
import type { ExpectedSettlement } from '#sim/amazon/settlements.ts';
import type { AmazonSwitches } from '#sim/amazon/switches.ts';
import { switchesOf } from '#tests/amazon/agreement.ts';
import { ORDER_ID, STORES, transactionJson } from '#tests/amazon/order-json.ts';
import type { AmazonWorld } from '#tests/contract/source-amazon.ts';
import {
  openQuiet,
  read,
  showing,
  ofStore,
  feeOf,
  namesIn,
  BY_SETTLEMENT,
  IN_GROUP,
} from '#tests/amazon/shown-settlement.ts';

/** Chosen anew in every process, and printed: `FC_SEED=… node --test FILE` draws the same settlements again. */
const SEED = Number(process.env['FC_SEED'] ?? Math.floor(Math.random() * 0x7fff_ffff));
const SETTLEMENTS = process.env['COUNTERFOIL_TEST_ALL'] === '1' ? 500 : 40;
const TURNS_MAX = 1_000;

/** As the worker does: comes again when it is told to. */
async function patiently<T>({ clock }: AmazonWorld, ask: () => Promise<T>): Promise<T> {
  for (let turn = 0; turn < TURNS_MAX; turn += 1) {
    try {
      return await ask();
    } catch (thrown) {
      assert(thrown instanceof Failure && thrown.code === 'request-rate-limited', String(thrown));
      await clock.advance(Math.max(0, (thrown.retryAt ?? clock.now()) - clock.now()));
    }
  }
  return assert.fail('its turn never comes');
}

function failureOf(code: string, words?: RegExp): (thrown: unknown) => boolean {
  return (thrown) => {
    assert(thrown instanceof Failure);
    assert.equal(thrown.code, code);
    assert.match(thrown.message, words ?? /./);
    return true;
  };
}

function onlyOf(world: AmazonWorld): ExpectedSettlement {
  const [only, ...others] = expectedSettlements(world.world.transactions());
  assert(only !== undefined);
  assert.deepEqual(others, []);
  return only;
}

/** By rule its fees are one expense of their day, and nothing after it; what is not known, or below nothing, is asked. */
function assertPlanned(
  settlement: Settlement,
  {
    expected,
    isUnknown,
    isListed,
    at,
  }: {
    readonly expected: ExpectedSettlement;
    readonly isUnknown: boolean;
    readonly isListed: boolean;
    readonly at: string;
  },
): void {
  const planned = plan(settlement, NOTHING_BOOKED, BY_SETTLEMENT);
  if (isUnknown || expected.fees < 0n) {
    assert(planned.outcome === 'work');
    assert.deepEqual(
      [planned.steps, planned.holds.map(({ code }) => code)],
      [[], ['settlement-unclear']],
      at,
    );
  } else if (expected.fees === 0n) {
    assert.equal(planned.outcome, 'skip', at);
  } else {
    assert(planned.outcome === 'work');
    const [step] = planned.steps;
    assert(step?.kind === 'expense' && planned.steps.length === 1, at);
    assert.equal(step.amount.minor, expected.fees, at);
    assert.equal(!isListed || step.spentOn === expected.on, true, at);
    const after = plan(settlement, asIfPosted(NOTHING_BOOKED, planned.steps), BY_SETTLEMENT);
    assert.deepEqual(after, { outcome: 'work', steps: [], holds: [] }, at);
  }
}

function paidOutIn({ world }: AmazonWorld, { groupId }: ExpectedSettlement): bigint {
  const payout = world.transactions().find(({ type, group }) => type === 'Transfer' && group?.id === groupId);
  return -(payout?.beside.reduce((sum, { amount }) => sum + amount, 0n) ?? 0n);
}

function inUnitedStates(): (typeof MARKETPLACES)[number] {
  return MARKETPLACES.find(({ country }) => country === 'US') ?? assert.fail();
}

describe('a settlement that is read from Amazon', () => {
  test(`agrees with the oracle to the minor unit, whatever Amazon leaves open: ${SETTLEMENTS} random ones`, async (context) => {
    context.diagnostic(`FC_SEED=${SEED}`);
    let [compared, unknown] = [0, 0];
    for (let number = 0; number < SETTLEMENTS; number += 1) {
      const own = SEED + number;
      const switches: AmazonSwitches = {
        ...switchesOf(own),
        emptyPages: own % 2 === 0 ? 'none' : 'between',
        payouts: own % 3 === 0 ? 'not listed' : 'listed',
      };
      const world = await openQuiet({ switches });
      for (let order = 0; order < 1 + (own % 5); order += 1) {
        const { id } = world.world.placeRandom();
        for (let event = 0; event < 6; event += 1) {
          world.world.actRandom(id);
        }
      }
      const marketplace = inUnitedStates();
      world.world.post({ type: 'ServiceFee', marketplace, name: 'Subscription', cents: -3_999n });
      world.world.post({
        type: 'ServiceFee',
        marketplace,
        name: 'StorageFee',
        cents: -BigInt(own % 999) - 1n,
      });
      world.world.post({ type: 'Adjustment', marketplace, name: 'WAREHOUSE_LOST', cents: 1_250n });
      world.world.post({ type: 'Adjustment', marketplace, name: 'PostageBilling_Postage', cents: -773n });
      world.world.post({ type: 'Adjustment', marketplace, name: 'PostageRefund_Insurance', cents: 129n });
      await world.clock.advance(31 * DAY);
      world.world.release();
      world.world.settle();
      const isListed = switches.payouts === 'listed';
      await world.clock.advance(isListed ? 3 * DAY + HOUR : 47 * DAY);
      for (const expected of expectedSettlements(world.world.transactions())) {
        const region = MARKETPLACES.find(({ currency }) => currency === expected.currency)?.region;
        if (region !== 'na') {
          continue;
        }
        const at = `settlement of ${expected.currency}, own seed ${own}`;
        const settlement = await patiently(world, () => read(world, expected));
        const isUnknown = settlement.amounts.some(
          ({ what, amount }) => what === 'unknown' && !money.isZero(amount),
        );
        // Without its tree nothing tells that a part of a shipment's total is a tip.
        assert(!isUnknown || switches.financesNulls === 'nulls', `understood: ${at}`);
        compared += 1;
        unknown += isUnknown ? 1 : 0;
        assert.equal(feesOf(settlement).minor, expected.fees, at);
        assert.equal(settlement.currency, expected.currency, at);
        if (isListed) {
          assert.equal(localDate(settlement.placedAt, settlement.zone), expected.on, at);
        }
        assertPlanned(settlement, { expected, isUnknown, isListed, at });
        const reimbursed = settlement.amounts.filter(({ what }) => what === 'reimbursement');
        assert.equal(
          reimbursed.reduce((sum, { amount }) => sum + amount.minor, 0n),
          expected.reimbursed,
          at,
        );
        assert.equal(
          settlement.amounts.reduce((sum, { amount }) => sum + amount.minor, 0n),
          isListed ? 0n : paidOutIn(world, expected),
          `with the payout all of it comes to nothing: ${at}`,
        );
      }
      await world.close();
    }
    context.diagnostic(`${compared} compared, ${unknown} not understood`);
    assert(compared >= SETTLEMENTS);
  });

  test('waits, without another call, until three days after its payout; without one until two weeks and a day', async () => {
    const world = await openQuiet();
    world.world.post({
      type: 'ServiceFee',
      marketplace: inUnitedStates(),
      name: 'Subscription',
      cents: -3_999n,
    });
    world.world.settle();
    await world.clock.advance(3 * MINUTE);
    const expected = onlyOf(world);
    const open = failureOf('settlement-open', /read again on 2026-11-23$/);
    await assert.rejects(read(world, expected), open);
    const calls = world.sim.calls().length;
    await assert.rejects(read(world, expected), open);
    assert.equal(world.sim.calls().length, calls);
    await world.clock.advance(3 * DAY);
    assert.equal(feesOf(await read(world, expected)).minor, 3_999n);

    const fee = transactionJson(['ServiceFee', '-1.00'], [], { ...IN_GROUP, at: '2026-11-08T10:00:00Z' });
    const { world: unpaid, group } = await showing([fee]);
    await assert.rejects(read(unpaid, group), failureOf('settlement-open', /on 2026-11-23$/));
    await unpaid.clock.advance(3 * DAY);
    assert.equal(feesOf(await read(unpaid, group)).minor, 100n);
  });

  test('that was read before its payout showed is read again when that is told', async () => {
    const fee = transactionJson(['ServiceFee', '-1.00'], [], { ...IN_GROUP, at: '2026-11-18T10:00:00Z' });
    const shown = [fee];
    const { world, group } = await showing(shown);
    await assert.rejects(read(world, group), failureOf('settlement-open', /on 2026-12-03$/));
    shown.push(
      transactionJson(['Transfer', '1.00'], [], {
        ...IN_GROUP,
        id: 'payout',
        at: '2026-11-18T11:00:00Z',
        whole: { Transfer: '1.00' },
      }),
    );
    await assert.rejects(read(world, group), failureOf('settlement-open', /on 2026-11-21$/));
  });

  test('that is long is read in turns with orders, and goes on where it was', async () => {
    const world = await openQuiet();
    for (let count = 0; count < 2_500; count += 1) {
      world.world.post({
        type: 'ServiceFee',
        marketplace: inUnitedStates(),
        name: 'Subscription',
        cents: -1n,
      });
    }
    world.world.settle();
    await world.clock.advance(3 * DAY + HOUR);
    const expected = onlyOf(world);
    await assert.rejects(read(world, expected), failureOf('request-rate-limited'));
    const served: number[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      await world.clock.advance(2 * SECOND);
      try {
        world.api.pace.take(['getOrder', 'listTransactions'], `order ${served.length}`);
        served.push(turn);
      } catch (thrown) {
        failureOf('request-rate-limited')(thrown);
      }
      await assert.rejects(read(world, expected), failureOf('request-rate-limited'));
    }
    assert(served.length > 0, 'the settlement leaves orders their turns');
    const settlement = await patiently(world, () => read(world, expected));
    assert.deepEqual([feesOf(settlement).minor, settlement.transactionCount], [2_500n, 2_501]);
    const pages = world.sim.calls().filter(({ operation }) => operation === 'listTransactions').length;
    assert.equal(pages, 26, 'no page twice');
  });

  test('of more than ten thousand transactions is a person’s', async () => {
    const many = Array.from({ length: 10_001 }, (_, index) =>
      transactionJson(['ServiceFee', '-0.01'], [], { ...IN_GROUP, id: `fee-${index}` }),
    );
    const { world, group } = await showing(many);
    await assert.rejects(read(world, group), failureOf('settlement-unclear', /more than 10000 transactions/));
  });

  test('counts a transaction that was deferred and released once, and nothing of another group', async () => {
    const one = transactionJson(['ServiceFee', '-5.00'], [], { ...IN_GROUP, id: 'a', status: 'DEFERRED' });
    const released = transactionJson(['ServiceFee', '-5.00'], [], {
      ...IN_GROUP,
      id: 'b',
      identifiers: { ...IN_GROUP.identifiers, DEFERRED_TRANSACTION_ID: 'a' },
    });
    const other = transactionJson(['ServiceFee', '-7.00'], [], {
      ...IN_GROUP,
      id: 'c',
      identifiers: { FINANCIAL_EVENT_GROUP_ID: 'group-2' },
    });
    const { world, group } = await showing([one, released, other]);
    assert.equal(feesOf(await read(world, group)).minor, 500n);
  });

  test('leaves out what another settlement pays out, which its release names', async () => {
    const told = (id: string, status: string, identifiers: Readonly<Record<string, string>>): object =>
      transactionJson(['Shipment', '17.00'], [], {
        ...IN_GROUP,
        id,
        status,
        identifiers: { ...IN_GROUP.identifiers, ORDER_ID, ...identifiers },
        whole: {
          Sales: ['20.00', { ProductCharges: '20.00' }],
          Expenses: ['-3.00', { AmazonFees: '-3.00' }],
        },
      });
    const deferred = told('a', 'DEFERRED_RELEASED', { RELEASE_TRANSACTION_ID: 'b' });
    const released = told('b', 'RELEASED', { DEFERRED_TRANSACTION_ID: 'a' });
    const unnamed = told('c', 'DEFERRED_RELEASED', {});
    const feesIn = async (transactions: readonly object[]): Promise<bigint> => {
      const { world, group } = await showing(transactions);
      return feesOf(await read(world, group)).minor;
    };
    assert.equal(await feesIn([released]), 300n, 'the settlement in which it is released');
    assert.equal(await feesIn([deferred]), 0n, 'the one in which it was deferred');
    assert.equal(await feesIn([deferred, unnamed]), 300n);
    for (const both of [
      [deferred, released],
      [released, deferred],
    ]) {
      assert.equal(await feesIn(both), 300n, 'one that holds both');
    }
  });

  test('of stores that are not booked is not booked and says why', async () => {
    const { world, group } = await showing([feeOf('b', STORES.FR.id)], { stores: ['DE'] });
    const planned = plan(await read(world, group), NOTHING_BOOKED, BY_SETTLEMENT);
    assert(planned.outcome === 'skip');
    assert.equal(
      planned.reason,
      'Waits to be booked: it is of Amazon.fr, which SP_API_MARKETPLACE_IDS does not name',
    );
  });

  test('of several stores is booked for those that are booked, and shows what is of the others', async () => {
    const shown = [
      feeOf('a', STORES.DE.id),
      feeOf('b', STORES.FR.id),
      ofStore(
        transactionJson(['Shipment', '17.00'], [], {
          ...IN_GROUP,
          id: 'sale',
          currency: 'EUR',
          identifiers: { ...IN_GROUP.identifiers, ORDER_ID },
          whole: { ProductCharges: '20.00', AmazonFees: '-3.00' },
        }),
        STORES.FR.id,
      ),
      ofStore(
        transactionJson(['Transfer', '-7.00'], [], {
          ...IN_GROUP,
          id: 'payout',
          at: '2026-11-01T12:00:00Z',
          currency: 'EUR',
          whole: { FundTransfer: '-7.00' },
        }),
        STORES.FR.id,
      ),
    ];
    const outcomeOf = async (stores: readonly string[]): Promise<readonly [string, readonly string[]]> => {
      const { world, group } = await showing(shown, { stores });
      const settlement = await read(world, group);
      const planned = plan(settlement, NOTHING_BOOKED, BY_SETTLEMENT);
      const [step] = planned.outcome === 'work' ? planned.steps : [];
      assert(step?.kind === 'expense');
      return [money.format(step.amount), namesIn(settlement)];
    };
    assert.deepEqual(await outcomeOf(['DE']), [
      '5.00',
      ['fee ServiceFee -5.00', 'elsewhere Amazon.fr 12.00', 'transfer FundTransfer -7.00'],
    ]);
    assert.deepEqual(await outcomeOf(['DE', 'FR']), [
      '13.00',
      [
        'fee ServiceFee -10.00',
        'buyers ProductCharges 20.00',
        'fee AmazonFees -3.00',
        'transfer FundTransfer -7.00',
      ],
    ]);
  });

  test('of stores of which some are not booked is a question where a fee tells no store', async () => {
    const reserve = transactionJson(['Adjustment', '-1.00'], [], {
      ...IN_GROUP,
      id: 'reserve',
      currency: 'EUR',
      whole: { ReserveDebit: '-1.00' },
    });
    const shown = [feeOf('a', STORES.DE.id), feeOf('b', STORES.FR.id), reserve];
    const planned = async (transactions: readonly object[], stores: readonly string[]) => {
      const { world, group } = await showing(transactions, { stores });
      return plan(await read(world, group), NOTHING_BOOKED, BY_SETTLEMENT);
    };
    const codesOf = async (transactions: readonly object[], stores: readonly string[]) => {
      const made = await planned(transactions, stores);
      return made.outcome === 'work' ? made.holds.map(({ code }) => code) : [made.outcome];
    };
    assert.deepEqual(await codesOf(shown, ['DE']), [], 'a reserve is nobody’s fee');
    for (const untold of [feeOf('c'), feeOf('c', 'A0UNKNOWNSTORE')]) {
      assert.deepEqual(await codesOf([...shown, untold], ['DE', 'FR']), []);
      assert.deepEqual(await codesOf([...shown, untold], ['DE']), ['settlement-unclear']);
    }
    const held = await planned([...shown, feeOf('c')], ['DE']);
    assert(held.outcome === 'work');
    assert.deepEqual(held.holds[0]?.facts?.[0], { name: 'Of no store, ServiceFee', value: '-5.00 EUR' });
  });

  test('counts a refund once whose releases only bear its id, and does not understand two of one state', async () => {
    const told = (id: string, status: string): object =>
      transactionJson(['Refund', '-5.00'], [], {
        ...IN_GROUP,
        id,
        status,
        identifiers: { ...IN_GROUP.identifiers, ORDER_ID, REFUND_ID: 'R7' },
        whole: { ProductCharges: '-6.00', RefundCommission: '1.00' },
      });
    const amountsOf = async (states: readonly string[]): Promise<readonly string[]> => {
      const { world, group } = await showing(states.map((status, index) => told(`t${index}`, status)));
      const { amounts } = await read(world, group);
      return amounts.map(({ what, name, amount }) => `${what} ${name} ${money.format(amount)}`);
    };
    assert.deepEqual(await amountsOf(['DEFERRED_RELEASED', 'RELEASED']), [
      'buyers ProductCharges -6.00',
      'fee RefundCommission 1.00',
    ]);
    assert.deepEqual(await amountsOf(['RELEASED', 'RELEASED']), ['unknown One refund or two, Refund -10.00']);
  });

  test('with money that is still deferred waits as one without a payout, and then is not understood', async () => {
    const payout = transactionJson(['Transfer', '-1.00'], [], {
      ...IN_GROUP,
      id: 'payout',
      at: '2026-11-14T10:00:00Z',
      whole: { Transfer: '-1.00' },
    });
    const deferred = transactionJson(['Shipment', '5.00'], [], {
      ...IN_GROUP,
      id: 'later',
      status: 'Deferred',
    });
    const { world, group } = await showing([payout, deferred]);
    await assert.rejects(read(world, group), failureOf('settlement-open', /on 2026-11-29$/));
    await world.clock.advance(15 * DAY);
    assert.deepEqual(
      (await read(world, group)).amounts.map(({ what, name }) => `${what} ${name}`),
      ['unknown Deferred', 'transfer Transfer'],
    );
  });

  test('read again is never older than before, though its last transaction is paid out elsewhere by then', async () => {
    const fee = transactionJson(['ServiceFee', '-1.00'], [], { ...IN_GROUP, id: 'fee' });
    const sale = (status: string, identifiers: Readonly<Record<string, string>> = {}): object =>
      transactionJson(['Shipment', '5.00'], [], {
        ...IN_GROUP,
        id: 'sale',
        at: '2026-11-04T10:00:00Z',
        status,
        identifiers: { ...IN_GROUP.identifiers, ORDER_ID, ...identifiers },
        whole: { ProductCharges: '5.00' },
      });
    const shown = [fee, sale('DEFERRED')];
    const { world, group } = await showing(shown);
    const before = await read(world, group);
    assert.deepEqual(namesIn(before), ['fee ServiceFee -1.00', 'unknown Deferred 5.00']);
    shown[1] = sale('DEFERRED_RELEASED', { RELEASE_TRANSACTION_ID: 'later' });
    const after = await read(world, group);
    assert.deepEqual(namesIn(after), ['fee ServiceFee -1.00']);
    assert(
      after.updatedAt >= before.updatedAt,
      'else the answer counts as one that came late, and is passed over',
    );
    assert.equal(localDate(after.placedAt, after.zone), '2026-11-01');
  });

  test('bears its number as Amazon’s reports do, though some of its transactions do not tell it', async () => {
    const numbered = (id: string, number?: string): object =>
      transactionJson(['ServiceFee', '-1.00'], [], {
        ...IN_GROUP,
        id,
        identifiers: { ...IN_GROUP.identifiers, ...(number === undefined ? {} : { SETTLEMENT_ID: number }) },
      });
    const nameOf = async (...transactions: readonly object[]): Promise<string> => {
      const { world, group } = await showing(transactions);
      return (await read(world, group)).name;
    };
    assert.equal(await nameOf(numbered('a', '25428826791'), numbered('b')), 'settlement 25428826791');
    assert.equal(await nameOf(numbered('a', '25428826791'), numbered('b', '1')), 'settlement group-1');
    assert.equal(await nameOf(numbered('a')), 'settlement group-1');
  });

  test('is a question where Amazon lists nothing of it any more, or shows the app no transactions', async () => {
    const { world, group } = await showing([]);
    await assert.rejects(read(world, group), failureOf('settlement-unclear', /no transactions/));
    const blind = await openQuiet({ app: { finances: 'withheld' } });
    await assert.rejects(read(blind, group), failureOf('scope-missing'));
    assert.equal(blind.remarks.length, 1);
  });
});
