import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { OrderRecord } from '#pipeline/ports.ts';
import type { BalanceEntry } from '#sim/amazon/ledger.ts';
import { scriptedFaults } from '#sim/faults.ts';
import { MARKETPLACES } from '#sim/amazon/marketplaces.ts';
import type { AmazonRecipe } from '#sim/amazon/recipe.ts';
import { selling } from '#tests/amazon/selling.ts';
import type { Seller } from '#tests/amazon/selling.ts';

/** A seller's settlements from the sale to the expense, over sockets. */

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const PER_SETTLEMENT = [
  'channel_fees: per_settlement',
  'fee_category: Supplies',
  'refund_category: Supplies',
];
const IN_GERMANY: AmazonRecipe = {
  in: 'DE',
  fulfilledBy: 'AMAZON',
  items: [{ product: 0, shippingCents: 690n }],
};

function ofStore(
  store: 'DE' | 'FR',
  ...[type, name, cents]: [BalanceEntry['type'], string, bigint]
): BalanceEntry {
  const marketplace = MARKETPLACES.find(({ country }) => country === store);
  assert(marketplace !== undefined);
  return { type, marketplace, name, cents };
}

function ofGermany(type: BalanceEntry['type'], name: string, cents: bigint): BalanceEntry {
  return ofStore('DE', type, name, cents);
}

function statesOf(records: readonly OrderRecord[]): readonly string[] {
  return records.map(({ state }) => state);
}

function amountsOf({ feeExpenses }: Seller): readonly (readonly [bigint, string])[] {
  return feeExpenses().map(({ amount, date }) => [BigInt(amount.replace('.', '')), date]);
}

void describe('fees of a settlement', () => {
  void test('stand as one expense to the cent once nothing can come to it any more, and once only', () =>
    selling({}, async (seller) => {
      const { ruleBy, place, act, post, payOut, wait, expectedSettlements, foreseen } = seller;
      await ruleBy(...PER_SETTLEMENT);
      const sold = await place(IN_GERMANY);
      await place(IN_GERMANY);
      await act(sold, { kind: 'refund', request: { of: 'shipping' } });
      post(ofGermany('ServiceFee', 'Subscription', -3_900n));
      post(ofGermany('ServiceFee', 'StorageFee', -1_234n));
      post(ofGermany('Adjustment', 'WAREHOUSE_LOST', 2_500n));
      const [open, ...others] = await payOut();
      assert.deepEqual([others, open?.state], [[], 'waiting']);
      assert.match(open?.reason ?? '', /may add to settlement .*: it is read again on \d{4}-\d\d-\d\d/);
      assert.deepEqual(amountsOf(seller), []);

      assert.deepEqual(statesOf(await wait(2 * DAY_MS)), ['waiting'], 'it may still come');
      const [booked] = await wait(DAY_MS + HOUR_MS);
      const [expected] = expectedSettlements();
      assert(booked !== undefined && expected !== undefined && expected.fees > 3_900n + 1_234n);
      assert.equal(booked.name, `settlement ${expected.settlementId}`);
      assert.equal(booked.state, 'settled', booked.reason);
      const { shopTotal, invoiceTotal, difference } = await seller.listed(booked);
      assert.deepEqual([shopTotal?.minor, invoiceTotal?.minor], [-expected.fees, -expected.fees]);
      assert.equal(difference?.minor, 0n);
      assert.deepEqual(amountsOf(seller), [[expected.fees, expected.on]]);

      const again = await seller.retry(booked);
      assert.equal(again.state, 'settled');
      assert.notEqual(again.newestDelivery, booked.newestDelivery, 'it is read again');
      assert.deepEqual(amountsOf(seller), [[expected.fees, expected.on]], 'nothing twice');
      assert.deepEqual(await foreseen(), []);
    }));

  void test('of a payout of several stores stand for those that are booked alone', () =>
    selling({ stores: ['DE'] }, async (seller) => {
      const { ruleBy, place, placeElsewhere, post, payOut, wait, expectedSettlements, explained } = seller;
      await ruleBy(...PER_SETTLEMENT);
      await place(IN_GERMANY);
      placeElsewhere({ ...IN_GERMANY, in: 'FR' });
      post(ofGermany('ServiceFee', 'Subscription', -3_900n));
      post(ofStore('FR', 'ServiceFee', 'StorageFee', -1_234n));
      await payOut();
      const [booked] = await wait(3 * DAY_MS + HOUR_MS);
      assert(booked !== undefined);
      assert.equal(booked.state, 'settled', booked.reason);
      const [expected] = expectedSettlements();
      assert.deepEqual(amountsOf(seller), [[expected?.fees, expected?.on]]);
      const text = await explained(booked.key);
      assert.match(text, /^ *Of stores that are not booked: all that stands there, fees too$/m);
      assert.match(text, /^ *Amazon\.fr +\d+\.\d\d EUR$/m);
      assert.doesNotMatch(text, /StorageFee/);
    }));

  void test('of a payout of several stores are asked about where one that tells no store may be of another', () =>
    selling({ stores: ['DE'], switches: { serviceStore: 'not told' } }, async (seller) => {
      const { ruleBy, place, placeElsewhere, post, payOut, wait } = seller;
      await ruleBy(...PER_SETTLEMENT);
      await place(IN_GERMANY);
      placeElsewhere({ ...IN_GERMANY, in: 'FR' });
      post(ofGermany('ServiceFee', 'Subscription', -3_900n));
      await payOut();
      const [held] = await wait(3 * DAY_MS + HOUR_MS);
      assert.equal(held?.state, 'held');
      assert.match(held?.reason ?? '', /holds amounts that this program does not know/);
      assert.deepEqual(amountsOf(seller), []);
    }));

  void test('that come after it was booked stand as another expense, once it is quiet again', () =>
    selling({}, async (seller) => {
      const { ruleBy, place, post, payOut, wait, expectedSettlements } = seller;
      await ruleBy(...PER_SETTLEMENT);
      await place(IN_GERMANY);
      await payOut();
      assert.deepEqual(statesOf(await wait(4 * DAY_MS)), ['settled']);
      const [before] = expectedSettlements();
      assert(before !== undefined);
      post({ ...ofGermany('ServiceFee', 'StorageFee', -1_234n), groupId: before.groupId });
      assert.deepEqual(statesOf(await wait(6 * MINUTE_MS)), ['waiting']);
      assert.deepEqual(amountsOf(seller), [[before.fees, before.on]]);
      assert.deepEqual(statesOf(await wait(4 * DAY_MS)), ['settled']);
      const [after] = expectedSettlements();
      assert(after !== undefined && after.fees > before.fees);
      assert.deepEqual(amountsOf(seller), [
        [before.fees, before.on],
        [after.fees - before.fees, after.on],
      ]);
    }));

  void test('stand once where the answer to their expense is lost: it is found again by its reference', () => {
    const faults = scriptedFaults([
      { method: 'POST', path: 'expenses/expenses', fault: { kind: 'commit-then-drop' } },
    ]);
    return selling({ faults }, async (seller) => {
      const { ruleBy, place, payOut, wait, expectedSettlements } = seller;
      await ruleBy(...PER_SETTLEMENT);
      await place(IN_GERMANY);
      await payOut();
      const [unknown] = await wait(4 * DAY_MS);
      assert.equal(unknown?.state, 'waiting');
      assert.equal(faults.injected.length, 1);
      const [expected] = expectedSettlements();
      assert.deepEqual(amountsOf(seller), [[expected?.fees, expected?.on]]);
      assert.deepEqual(statesOf(await wait(HOUR_MS)), ['settled']);
      assert.deepEqual(amountsOf(seller), [[expected?.fees, expected?.on]]);
    });
  });

  void test('stand once where the database was put back to before they were booked', () =>
    selling({}, async (seller) => {
      const { ruleBy, place, payOut, wait, save, restore, expectedSettlements } = seller;
      await ruleBy(...PER_SETTLEMENT);
      await place(IN_GERMANY);
      await payOut();
      assert.deepEqual(statesOf(await wait(3 * DAY_MS - 2 * HOUR_MS)), ['waiting']);
      // The account's token is used once only: a new one lasts until the end.
      await place(IN_GERMANY);
      await save();
      assert.deepEqual(statesOf(await wait(3 * HOUR_MS)), ['settled']);
      const [again] = await restore();
      assert.equal(again?.state, 'settled', again?.reason);
      const [expected] = expectedSettlements();
      assert.deepEqual(amountsOf(seller), [[expected?.fees, expected?.on]]);
    }));

  void test('are foreseen since a day that is later than the first message of their settlement', () =>
    selling({}, async (seller) => {
      const { ruleBy, place, post, payOut, wait, foreseen, expectedSettlements } = seller;
      await place(IN_GERMANY);
      await payOut();
      await wait(4 * DAY_MS);
      const groupId = expectedSettlements()[0]?.groupId ?? '';
      post({ ...ofGermany('ServiceFee', 'StorageFee', -1_234n), groupId });
      await wait(6 * MINUTE_MS);
      await wait(4 * DAY_MS);
      await ruleBy(...PER_SETTLEMENT);
      const [planned, ...others] = await foreseen(expectedSettlements()[0]?.on);
      assert.deepEqual(others, []);
      assert.equal(planned?.key, `amazon/settlement:${groupId}`);
    }));

  void test('on closed days wait for an answer, and stand on the first open day by it', () =>
    selling({}, async (seller) => {
      const { ruleBy, place, payOut, wait, expectedSettlements, decide } = seller;
      await place(IN_GERMANY);
      await payOut();
      const [expected] = expectedSettlements();
      await ruleBy(...PER_SETTLEMENT, `closed_through: ${expected?.on}`);
      const [held] = await wait(3 * DAY_MS + HOUR_MS);
      assert(held !== undefined);
      assert.match(held.reason ?? '', /The settlement \d+ of Amazon is of .*, and the books are closed then/);
      assert.deepEqual(amountsOf(seller), []);
      assert.equal((await decide(held, 'open-day')).state, 'settled');
      const [[fees, on] = []] = amountsOf(seller);
      assert.equal(fees, expected?.fees);
      assert(on !== undefined && on > (expected?.on ?? ''));
    }));

  void test('are told by `explain`, each by its name, to a difference of 0.00', () =>
    selling({}, async (seller) => {
      const { ruleBy, place, post, payOut, wait, explained } = seller;
      await ruleBy(...PER_SETTLEMENT);
      await place(IN_GERMANY);
      post(ofGermany('ServiceFee', 'Subscription', -3_900n));
      post(ofGermany('Adjustment', 'WAREHOUSE_LOST', 2_500n));
      const [open] = await payOut();
      assert(open !== undefined);
      assert.match(await explained(open.key), /may add to settlement/);
      const [booked] = await wait(3 * DAY_MS + HOUR_MS);
      assert(booked !== undefined);
      const text = await explained(booked.name.replace('settlement ', ''));
      assert.equal(await explained(booked.key), text);
      for (const line of [
        /^ *Fees$/m,
        /^ *Commission +-\d+\.\d\d EUR$/m,
        /^ *Subscription +-\d+\.\d\d EUR$/m,
        /^ *Reimbursements: other income, for your accountant to book$/m,
        /^ *WAREHOUSE_LOST +\d+\.\d\d EUR$/m,
        /^ *Expense of \d{4}-\d\d-\d\d +\d+\.\d\d EUR$/m,
        /^ *Difference +0\.00 EUR$/m,
        /fees of Amazon settlement \d+ as an expense of/,
      ]) {
        assert.match(text, line);
      }
    }));

  void test('are not booked while no rule says so, and then as `plan` shows', () =>
    selling({}, async (seller) => {
      const { ruleBy, place, payOut, wait, retry, foreseen, expectedSettlements } = seller;
      await place(IN_GERMANY);
      await payOut();
      const [skipped] = await wait(3 * DAY_MS + HOUR_MS);
      assert(skipped !== undefined);
      assert.deepEqual(
        [skipped.state, skipped.reason],
        ['skipped', 'Fees are not booked, by the rule channel_fees'],
      );
      assert.deepEqual(await foreseen(), []);

      await ruleBy(...PER_SETTLEMENT);
      const [planned] = await foreseen();
      assert(planned?.outlook.state === 'changed');
      assert.deepEqual(
        planned.outlook.steps.map(({ step }) => step.kind),
        ['expense'],
      );
      assert.deepEqual(amountsOf(seller), []);
      assert.equal((await retry(skipped)).state, 'settled');
      const [expected] = expectedSettlements();
      assert.deepEqual(amountsOf(seller), [[expected?.fees, expected?.on]]);
    }));
});
