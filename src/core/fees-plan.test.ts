import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { at, entry, rules, terms } from '#tests/build.ts';
import { law } from '#tests/law.ts';
import { connectionId, orderKey, settlementKey } from './ids.ts';
import type { ExpenseStep, Step } from './document.ts';
import { rowsOf } from './journal-rows.ts';
import { fold } from './ledger.ts';
import type { Entry } from './ledger.ts';
import * as money from './money.ts';
import { plan } from './plan.ts';
import type { Choices, Plan } from './plan-terms.ts';
import { feesProofOf } from './proof.ts';
import type { Rules } from './rules.ts';
import { calledOf } from './settlement.ts';
import type { SettledAmount, SettledKind, Settlement } from './settlement.ts';
import { parseLocalDate, parseMonth, parseZone } from './time.ts';

const AMAZON = connectionId('amazon');
const RULED: Partial<Rules> = { channelFees: 'per_settlement', feeCategory: 'Commissions' };

function amount(what: SettledKind, minor: bigint, name: string = what, currency = 'EUR'): SettledAmount {
  return { what, name, amount: money.money(minor, currency) };
}

function settlement(amounts: readonly SettledAmount[], parts: Partial<Settlement> = {}): Settlement {
  const key = settlementKey(AMAZON, 'group_1') ?? assert.fail();
  return {
    kind: 'settlement',
    key,
    connection: AMAZON,
    source: 'amazon',
    shop: 'Amazon',
    vendorId: 'group_1',
    name: 'settlement 111',
    number: '111',
    placedAt: at('2026-11-14T23:30:00Z'),
    updatedAt: at('2026-11-14T23:30:00Z'),
    zone: parseZone('Europe/Berlin'),
    currency: 'EUR',
    amounts,
    transactionCount: amounts.length,
    ...parts,
  };
}

interface Given {
  readonly entries?: readonly Entry[];
  readonly ruled?: Partial<Rules>;
  readonly choices?: Choices;
}

function planned(shown: Settlement, { entries = [], ruled = RULED, choices = {} }: Given = {}): Plan {
  return plan(shown, fold(entries), terms({ rules: rules(ruled), choices }));
}

function expenseIn(of: Plan): ExpenseStep {
  assert(of.outcome === 'work', of.outcome === 'skip' ? of.reason : '');
  const [step, ...others] = of.steps;
  assert.deepEqual([of.holds, others], [[], []]);
  assert(step?.kind === 'expense');
  return step;
}

function codesOf(of: Plan): readonly string[] {
  assert(of.outcome === 'work', of.outcome === 'skip' ? of.reason : '');
  assert.deepEqual(of.steps, []);
  return of.holds.map(({ code }) => code);
}

function reasonOf(of: Plan): string {
  assert(of.outcome === 'skip');
  return of.reason;
}

const SOLD = settlement([
  amount('buyers', 10_000n),
  amount('withheld', -500n),
  amount('fee', -1_500n, 'Commission'),
  amount('fee', 200n, 'RefundCommission'),
  amount('fee', -3_900n, 'Subscription'),
  amount('reserve', -1_000n),
  amount('reimbursement', 700n),
  amount('transfer', -4_000n),
]);

function posted(step: Step, before: readonly Entry[] = []): readonly Entry[] {
  return [...before, entry(step, { id: String(before.length + 1) })];
}

describe('the plan of a settlement', () => {
  test('is one expense for its fees less those given back, on the day of its last transaction there', () => {
    const step = expenseIn(planned(SOLD));
    assert.deepEqual(
      [money.show(step.amount), step.spentOn, step.category, step.invoiceNumber, step.taxes, step.of],
      ['52.00 EUR', '2026-11-15', 'Commissions', 'Amazon settlement 111', [], 'fees'],
    );
    assert.equal(step.reference, 'amazon/settlement:group_1/expense-1');
    assert.equal(
      expenseIn(planned(SOLD, { ruled: { ...RULED, timeZone: parseZone('Z') } })).spentOn,
      '2026-11-14',
    );
  });

  test('is nothing more once that stands, and the proof says 0.00', () => {
    const entries = posted(expenseIn(planned(SOLD)));
    assert.deepEqual(codesOf(planned(SOLD, { entries })), []);
    assert.equal(feesProofOf(SOLD, fold(entries)).difference?.minor, 0n);
  });

  test('has the rest as another expense where fees come later, and asks where they became fewer', () => {
    const entries = posted(expenseIn(planned(SOLD)));
    const more = settlement([...SOLD.amounts, amount('fee', -100n, 'StorageFee')]);
    const rest = expenseIn(planned(more, { entries }));
    assert.deepEqual([rest.slot, money.show(rest.amount)], [2, '1.00 EUR']);
    assert.deepEqual(codesOf(planned(more, { entries: posted(rest, entries) })), []);
    const fewer = settlement([...SOLD.amounts, amount('fee', 100n, 'Commission')]);
    assert.deepEqual(codesOf(planned(fewer, { entries })), ['settlement-changed']);
  });

  test('is nothing where no rule says so, with drafts, or without fees', () => {
    assert.match(reasonOf(planned(SOLD, { ruled: {} })), /by the rule channel_fees/);
    assert.match(reasonOf(planned(SOLD, { ruled: { ...RULED, endState: 'draft' } })), /draft/);
    assert.match(reasonOf(planned(settlement([amount('buyers', 1n)]))), /no fees/);
    const entries = posted(expenseIn(planned(SOLD)));
    assert.deepEqual(codesOf(planned(SOLD, { entries, ruled: {} })), [], 'what stands stays');
  });

  test('is a question where an amount is not known, of two currencies, below nothing, or without a category', () => {
    const asked = (...amounts: readonly SettledAmount[]): readonly string[] =>
      codesOf(planned(settlement([...SOLD.amounts, ...amounts])));
    assert.deepEqual(asked(amount('unknown', 1n)), ['settlement-unclear']);
    assert.deepEqual(asked(amount('unknown', 1n), amount('unknown', -1n, 'other')), ['settlement-unclear']);
    assert.deepEqual(asked(amount('buyers', 1n, 'Sale', 'USD')), ['settlement-unclear']);
    assert.deepEqual(asked(amount('fee', 9_999n, 'Refund of fees')), ['settlement-unclear']);
    assert.deepEqual(codesOf(planned(SOLD, { ruled: { channelFees: 'per_settlement' } })), [
      'fee-category-missing',
    ]);
  });

  test('keeps to the closed days as a refund does', () => {
    const ruled = { ...RULED, closedThrough: parseLocalDate('2026-11-30') };
    assert.deepEqual(codesOf(planned(SOLD, { ruled })), ['period-closed']);
    assert.equal(expenseIn(planned(SOLD, { ruled, choices: { period: 'open-day' } })).spentOn, '2026-12-01');
    assert.match(
      reasonOf(planned(SOLD, { ruled, choices: { bookedThrough: parseLocalDate('2026-11-30') } })),
      /already/,
    );
    assert.match(reasonOf(planned(SOLD, { choices: { following: 'stopped' } })), /Left to you/);
  });

  test('brings nothing to the journal worksheet: its expense stands as what it is', () => {
    const booked = fold(posted(expenseIn(planned(SOLD))));
    const taxFigures = (): undefined => undefined;
    assert.deepEqual(rowsOf({ name: SOLD.name, booked }, { month: parseMonth('2026-11'), taxFigures }), []);
  });

  test('asks where the books made the expense of another amount', () => {
    const step = expenseIn(planned(SOLD));
    const receipt = { externalId: '9', amount: money.money(5_100n, 'EUR') };
    assert.deepEqual(codesOf(planned(SOLD, { entries: [entry(step, { receipt })] })), [
      'books-total-differs',
    ]);
  });
});

const KINDS: readonly SettledKind[] = ['fee', 'buyers', 'withheld', 'reserve', 'transfer', 'reimbursement'];

law(
  'a settlement that only grows is at rest after one step each time, and its expenses come to its fees',
  fc.property(
    fc.array(
      fc.array(fc.tuple(fc.constantFrom(...KINDS), fc.bigInt({ min: 0n, max: 10n ** 9n })), { maxLength: 8 }),
      { minLength: 1, maxLength: 5 },
    ),
    (readings) => {
      let entries: readonly Entry[] = [];
      let amounts: readonly SettledAmount[] = [amount('fee', -1n)];
      for (const reading of readings) {
        amounts = [...amounts, ...reading.map(([what, minor]) => amount(what, -minor))];
        const shown = settlement(amounts);
        const of = planned(shown, { entries });
        assert(of.outcome === 'work');
        entries = of.steps.reduce((before, step) => posted(step, before), entries);
        assert.deepEqual(codesOf(planned(shown, { entries })), []);
        const fees = amounts.filter(({ what }) => what === 'fee');
        const { expenses, difference } = feesProofOf(shown, fold(entries));
        assert.equal(expenses.minor, -fees.reduce((sum, one) => sum + one.amount.minor, 0n));
        assert.equal(difference?.minor, 0n);
      }
    },
  ),
);

test('a settlement is called by its own name in sentences about it, and an order an order', () => {
  const key = settlementKey(AMAZON, 'group_1') ?? assert.fail();
  assert.equal(calledOf({ key, name: 'settlement 12345678901' }), 'settlement 12345678901');
  assert.equal(calledOf({ key: orderKey(AMAZON, '113-0-1'), name: '113-0-1' }), 'order 113-0-1');
});
