import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { order, paid, received, refund, rules, tender, terms } from '#tests/build.ts';
import { NOTHING_BOOKED, asIfPosted, fold } from './ledger.ts';
import * as money from './money.ts';
import type { Order } from './order.ts';
import { plan } from './plan.ts';
import type { Plan } from './plan-terms.ts';
import type { Rules } from './rules.ts';
import { asideReason, skipReason } from './skipping.ts';

const usd = (text: string) => money.parse(text, 'USD');
const UNPAID = received(tender(usd('0')));

function planned(shown: Order, parts: Partial<Rules>): Plan {
  return plan(shown, fold([]), terms({ rules: rules(parts) }));
}

describe('what the rules skip', () => {
  test('an order with one of the tags, in whatever case', () => {
    const tagged = order({ tags: ['VIP', 'Wholesale'] });
    assert.equal(
      asideReason(tagged, rules({ skipTags: ['wholesale'] })),
      'Tagged "Wholesale", which the rules skip',
    );
    assert.equal(asideReason(tagged, rules({ skipTags: ['whole'] })), undefined);
    assert.equal(asideReason(order(), rules({ skipTags: ['wholesale'] })), undefined);
  });

  test('an order placed in one of the sources', () => {
    const sold = order({ sourceName: 'pos' });
    assert.equal(asideReason(sold, rules({ skipSources: ['POS'] })), 'Placed in "pos", which the rules skip');
    assert.equal(asideReason(sold, rules({ skipSources: ['web'] })), undefined);
  });

  test('and nothing of it once an invoice stands', () => {
    const before = planned(order(), {});
    assert(before.outcome === 'work');
    const booked = asIfPosted(NOTHING_BOOKED, before.steps);
    const after = plan(
      order({ tags: ['late'] }),
      booked,
      terms({ rules: rules({ skipTags: ['late'], bookWhen: 'fulfilled' }) }),
    );
    assert.equal(after.outcome, 'work');
  });
});

describe('an order that is booked when it is paid', () => {
  const waits = (parts: Partial<Order>): string | undefined =>
    skipReason(order(parts), rules({ bookWhen: 'paid' }));

  test('waits while less was received than was charged', () => {
    assert.equal(
      waits({ cash: UNPAID }),
      'Waits to be booked until it is paid: 0.00 USD of 10.00 USD received',
    );
    assert.match(waits({ cash: paid(usd('9.99')) }) ?? '', /9\.99 USD of 10\.00 USD/);
    assert.equal(waits({ cash: paid(usd('10')) }), undefined);
    assert.equal(
      waits({ cash: paid(usd('10')), currentTotal: usd('0'), refunds: [refund(usd('10'))] }),
      undefined,
    );
  });

  test('is paid by what an edit left to pay, but never by nothing', () => {
    assert.equal(waits({ cash: paid(usd('4')), currentTotal: usd('4') }), undefined);
    assert.notEqual(waits({ cash: UNPAID, currentTotal: usd('0') }), undefined);
  });

  test('is asked for when what arrived does not tell its cash', () => {
    const plan = planned(order({ cash: { state: 'reread', why: 'Not shown' } }), { bookWhen: 'paid' });
    assert.deepEqual(plan, { outcome: 'work', steps: [], holds: [], reread: 'Not shown' });
  });

  test('is held, and not booked, when its cash tells two things', () => {
    const plan = planned(order({ cash: { state: 'unclear', why: 'Two things' } }), { bookWhen: 'paid' });
    assert(plan.outcome === 'work');
    assert.deepEqual([plan.steps, plan.holds.map(({ code }) => code)], [[], ['order-cash-unclear']]);
  });

  test('is planned whole once it is paid', () => {
    const plan = planned(order(), { bookWhen: 'paid' });
    assert(plan.outcome === 'work');
    assert.deepEqual(
      plan.steps.map(({ kind }) => kind),
      ['client', 'invoice', 'sent', 'payment'],
    );
  });
});

test('an order that is booked when it is fulfilled waits for that, paid or not', () => {
  const waits = (parts: Partial<Order>): string | undefined =>
    asideReason(order(parts), rules({ bookWhen: 'fulfilled' }));
  assert.equal(waits({}), 'Waits to be booked until it is fulfilled');
  assert.equal(waits({ isFulfilled: true, cash: UNPAID }), undefined);
});

test('an order that is booked when a part of it is fulfilled waits for the first part', () => {
  const waits = (parts: Partial<Order>): string | undefined =>
    asideReason(order(parts), rules({ bookWhen: 'partly_fulfilled' }));
  assert.equal(waits({}), 'Waits to be booked until a part of it is fulfilled');
  assert.equal(waits({ isPartlyFulfilled: true }), undefined);
  assert.equal(waits({ isFulfilled: true }), undefined);
});

test('an order is booked when it is created unless the rules say otherwise', () => {
  assert.equal(asideReason(order({ cash: UNPAID }), rules()), undefined);
  assert.equal(skipReason(order({ cash: UNPAID }), rules()), undefined);
});
