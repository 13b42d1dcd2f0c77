import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as money from '#core/money.ts';
import { at, line, order, received, refund, tax, tender } from '#tests/build.ts';
import { withRefunds } from '#tests/planned.ts';
import { openOrderInFreshBooks } from '#tests/order-in-freshbooks.ts';
import type { OrderInFreshBooks } from '#tests/order-in-freshbooks.ts';

/** An account that takes no line below nothing, which FreshBooks' documentation leaves open. */

const usd = (text: string) => money.parse(text, 'USD');

const LATER = at('2026-11-12T09:00:00-05:00');

/** 100.00 - 10.00 = 90.00, 8 % = 7.20 */
const REDUCED = order({
  lines: [
    line({
      unitPrice: usd('100.00'),
      discounts: [{ label: 'TEN', amount: usd('10.00') }],
      taxes: [tax('8', usd('7.20'))],
    }),
  ],
  total: usd('97.20'),
  currentTotal: usd('97.20'),
  cash: received(tender(usd('97.20'), { transactionId: '9001' })),
});
const PLAIN = order({
  lines: [line({ unitPrice: usd('100.00'), taxes: [tax('8', usd('8.00'))] })],
  total: usd('108.00'),
  currentTotal: usd('108.00'),
  cash: received(tender(usd('108.00'), { transactionId: '9001' })),
});

async function whereRefused(body: (opened: OrderInFreshBooks) => Promise<void>): Promise<void> {
  const opened = await openOrderInFreshBooks({
    freshbooks: { switches: { negativeLines: 'refused' } },
    rules: { refundCategory: 'Supplies' },
  });
  try {
    await body(opened);
  } finally {
    await opened.close();
  }
}

function linesIn({ freshbooks }: OrderInFreshBooks): readonly string[] {
  return freshbooks.sim
    .account()
    .invoices.flatMap(({ lines }) => lines.map(({ name, amount }) => `${name} ${amount}`));
}

function expensesIn({ freshbooks }: OrderInFreshBooks): readonly string[] {
  return freshbooks.sim.account().expenses.map(({ amount }) => amount);
}

function writesOf({ requests }: OrderInFreshBooks, what: string): number {
  return requests.filter(({ method, path }) => method !== 'GET' && path.includes(`/${what}/`)).length;
}

void describe('where FreshBooks refuses lines below nothing', () => {
  void test('an order with a discount is booked at its net price, after one refusal', () =>
    whereRefused(async (opened) => {
      await opened.show(REDUCED);
      assert.deepEqual(await opened.state(), ['settled']);
      assert.deepEqual(linesIn(opened), ['Maple cup 90.00']);
      assert.deepEqual(opened.invoices(), ['97.20, paid 97.20, paid']);
      const told = await opened.told();
      assert.equal(told.length, 1);
      assert.match(told[0] ?? '', /booked without lines below nothing from now on/);
    }));

  void test('an amount that is paid back within the month is an expense, and the invoice stays', () =>
    whereRefused(async (opened) => {
      await opened.show(PLAIN);
      await opened.show({ ...withRefunds(PLAIN, refund(usd('5.00'))), updatedAt: LATER });
      assert.deepEqual(await opened.state(), ['settled']);
      assert.deepEqual(opened.invoices(), ['108.00, paid 108.00, paid']);
      assert.deepEqual(expensesIn(opened), ['5.00']);
    }));

  void test('an order that stands with such a line from before stays as it is, and is asked about', () =>
    whereRefused(async (opened) => {
      Object.assign(opened.freshbooks.sim.switches, { negativeLines: 'accepted' });
      await opened.show(REDUCED);
      const before = linesIn(opened);
      assert.deepEqual(before, ['Maple cup 100.00', 'Discount: TEN -10.00']);
      Object.assign(opened.freshbooks.sim.switches, { negativeLines: 'refused' });
      const added = line({ key: 'item:2', title: 'Plate', unitPrice: usd('3.00') });
      await opened.show({
        ...REDUCED,
        updatedAt: LATER,
        lines: [...REDUCED.lines, added],
        total: usd('100.20'),
        currentTotal: usd('100.20'),
      });
      assert.deepEqual(await opened.state(), ['held', 'books-negative-refused']);
      assert.deepEqual(linesIn(opened), before);
      const writes = writesOf(opened, 'invoices');
      await opened.wait();
      assert.equal(writesOf(opened, 'invoices'), writes, 'it is not sent again');
    }));

  void test('what is added after money had gone back is owed, and no line or expense is made of that money', () =>
    whereRefused(async (opened) => {
      const twice = tender(usd('20.00'), { transactionId: '9002' });
      const [first] = PLAIN.cash.state === 'known' ? PLAIN.cash.tenders : assert.fail();
      const overpaid = { ...PLAIN, cash: received(first ?? assert.fail(), twice) };
      await opened.show(overpaid);
      const evened = { ...withRefunds(overpaid, refund(usd('20.00'))), updatedAt: LATER };
      await opened.show(evened);
      assert.deepEqual(await opened.state(), ['settled']);
      const added = {
        ...evened,
        lines: [...evened.lines, line({ key: 'item:2', title: 'Plate', unitPrice: usd('30.00') })],
        total: usd('138.00'),
        currentTotal: usd('138.00'),
        updatedAt: at('2026-11-12T10:00:00-05:00'),
      };
      await opened.show(added);
      assert.deepEqual(await opened.state(), ['settled']);
      assert.deepEqual(opened.invoices(), ['138.00, paid 108.00, partial']);
      const rest = tender(usd('30.00'), { transactionId: '9003' });
      await opened.show({
        ...added,
        cash: received(first ?? assert.fail(), twice, rest),
        updatedAt: at('2026-11-12T11:00:00-05:00'),
      });
      assert.deepEqual(await opened.state(), ['settled']);
      assert.deepEqual(linesIn(opened), ['Maple cup 100.00', 'Plate 30.00']);
      assert.deepEqual(opened.invoices(), ['138.00, paid 138.00, paid']);
      assert.deepEqual(expensesIn(opened), []);
    }));

  void test('a rounding line below nothing cannot be put in another way, and is asked about', () =>
    whereRefused(async (opened) => {
      // 8 % of 10.10 is 0.81 to FreshBooks; the shop charged 0.80.
      await opened.show(
        order({
          lines: [line({ unitPrice: usd('10.10'), taxes: [tax('8', usd('0.80'))] })],
          total: usd('10.90'),
          currentTotal: usd('10.90'),
          cash: received(tender(usd('10.90'), { transactionId: '9001' })),
        }),
      );
      assert.deepEqual(await opened.state(), ['held', 'books-negative-refused']);
      assert.deepEqual(opened.invoices(), []);
    }));
});
