import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Step } from '#core/document.ts';
import { fold } from '#core/ledger.ts';
import type { Entry } from '#core/ledger.ts';
import { show } from '#core/money.ts';
import type { Order } from '#core/order.ts';
import { plan } from '#core/plan.ts';
import type { Plan } from '#core/plan-terms.ts';
import { defaultRulesOf } from '#core/rules.ts';
import type { Rules } from '#core/rules.ts';
import { parseLocalDate } from '#core/time.ts';
import { entry, terms } from '#tests/build.ts';
import {
  ORDER_ID,
  STORES,
  itemJson,
  normalized,
  orderJson,
  transactionJson,
} from '#tests/amazon/order-json.ts';
import type { OrderParts, Shown, Store } from '#tests/amazon/order-json.ts';

/** Amazon orders by the rules that they are booked by while nobody has said anything else. */

const RULES = defaultRulesOf('amazon');
const CATEGORY: Partial<Rules> = { refundCategory: 'Refunds' };

function planned(
  order: Order,
  { rules = {}, entries = [] }: { rules?: Partial<Rules>; entries?: readonly Entry[] } = {},
): Plan {
  return plan(order, fold(entries), terms({ rules: { ...RULES, ...rules } }));
}

function stepsOf(of: Plan): readonly Step[] {
  assert(of.outcome === 'work', of.outcome === 'skip' ? of.reason : '');
  assert.deepEqual(
    of.holds.map(({ code, detail }) => `${code}: ${detail}`),
    [],
  );
  return of.steps;
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

/** The ledger after the books have confirmed these steps. */
function posted(steps: readonly Step[], before: readonly Entry[] = []): readonly Entry[] {
  return [...before, ...steps.map((step, index) => entry(step, { id: String(before.length + index + 1) }))];
}

function oneOf<Kind extends Step['kind']>(steps: readonly Step[], kind: Kind): Extract<Step, { kind: Kind }> {
  const found = steps.filter((step): step is Extract<Step, { kind: Kind }> => step.kind === kind);
  assert.equal(found.length, 1, `one step "${kind}" in ${steps.map((step) => step.kind).join(', ')}`);
  const [only] = found;
  assert(only !== undefined);
  return only;
}

const US = { ITEM: '20.00', SHIPPING: '5.00', TAX: ['2.22', { ITEM: '1.78', SHIPPING: '0.44' }] } as const;

function order(
  shown: Readonly<Record<string, Shown>>,
  parts: OrderParts & { readonly isFacilitated?: boolean; readonly quantity?: number } = {},
  transactions?: readonly ReturnType<typeof transactionJson>[],
): Order {
  const { currency } = STORES[parts.store ?? 'US'];
  const { isFacilitated = false, quantity = 1, ...rest } = parts;
  return normalized(orderJson([itemJson(shown, { currency, isFacilitated, quantity })], rest), transactions);
}

describe('an Amazon order that was shipped', () => {
  const shipped = order(US, { total: '27.22', isFacilitated: true });
  const steps = stepsOf(planned(shipped));

  test('is an invoice for its store’s customers under its own number, without the tax that Amazon remits', () => {
    const client = oneOf(steps, 'client');
    assert.deepEqual(
      [client.policy, client.channelName, client.channel],
      ['channel', 'Amazon.com customers', 'Amazon.com'],
    );
    const { document } = oneOf(steps, 'invoice');
    assert.deepEqual(
      [document.number, document.poNumber, document.issuedOn, show(document.total), document.taxes],
      [`AMAZON-${ORDER_ID}`, `AMAZON-ORDER-${ORDER_ID}`, '2026-11-20', '25.00 USD', []],
    );
    assert.deepEqual(
      document.lines.map(({ name, net }) => [name, show(net)]),
      [
        ['Wool socks (SOCK)', '20.00 USD'],
        ['Shipping', '5.00 USD'],
      ],
    );
  });

  test('is paid at once, by one payment into the clearing for the invoice’s own total', () => {
    const payment = oneOf(steps, 'payment');
    assert.deepEqual(
      [show(payment.amount), payment.method, payment.paidOn],
      ['25.00 USD', 'other', '2026-11-20'],
    );
    assert(payment.note.startsWith(`amazon:${ORDER_ID} clearing`), payment.note);
    assert.deepEqual(
      steps.map(({ kind }) => kind),
      ['client', 'invoice', 'sent', 'payment'],
    );
  });

  test('is done once that is posted', () => {
    assert.deepEqual(stepsOf(planned(shipped, { entries: posted(steps) })), []);
  });

  test('with the seller’s own tax has it as percentages', () => {
    const german = order(
      { ITEM: '119.00', TAX: ['19.00', { ITEM: '19.00' }] },
      { store: 'DE', total: '119.00' },
    );
    const { document } = oneOf(stepsOf(planned(german)), 'invoice');
    assert.deepEqual(
      [
        show(document.total),
        document.taxes.map(({ name, ratePpm, amount }) => [name, ratePpm, show(amount)]),
      ],
      ['119.00 EUR', [['VAT', 190_000, '19.00 EUR']]],
    );
  });

  test('that no reading explains is held with its figures', () => {
    assert.deepEqual(codesOf(planned(order(US, { total: '28.00' }))), ['order-sums-differ']);
  });

  test('and shows no amounts is held', () => {
    assert.deepEqual(codesOf(planned(normalized(orderJson([itemJson({})])))), ['order-amounts-missing']);
  });
});

describe('an Amazon order that is not booked says why', () => {
  const skipped = (parts: OrderParts, fields: object = {}): string =>
    reasonOf(planned(order(US, { total: '27.22', ...parts, fields: { ...fields, ...parts.fields } })));

  test('while it waits: by Amazon’s word first, then for its shipping', () => {
    assert.equal(skipped({ status: 'PENDING' }), 'Waits to be booked: Amazon says that it is "PENDING"');
    assert.equal(skipped({ status: 'UNSHIPPED' }), 'Waits to be booked until it is fulfilled');
    assert.equal(skipped({ status: 'PARTIALLY_SHIPPED' }), 'Waits to be booked until it is fulfilled');
    assert.equal(
      reasonOf(planned(normalized(orderJson([itemJson({})], { status: 'UNSHIPPED' })))),
      'Waits to be booked: Amazon shows no amounts of it yet',
    );
  });

  test('when it replaces another, is invoiced by Amazon or is of another channel, before all else', () => {
    const associatedOrders = [{ associationType: 'REPLACEMENT_ORIGINAL_ID' }];
    const elsewhere = { channelName: 'NON_AMAZON', marketplaceId: STORES.US.id };
    for (const status of ['SHIPPED', 'PENDING', 'CANCELLED']) {
      assert.equal(skipped({ status }, { associatedOrders }), 'Tagged "REPLACEMENT", which the rules skip');
      assert.equal(
        skipped({ status }, { programs: ['PRIME', 'INVOICE_BY_AMAZON'] }),
        'Tagged "INVOICE_BY_AMAZON", which the rules skip',
      );
      assert.equal(
        skipped({ status }, { salesChannel: elsewhere }),
        'Placed in "NON_AMAZON", which the rules skip',
      );
    }
  });

  test('but an exchange with a price is booked', () => {
    const exchange = { associatedOrders: [{ associationType: 'EXCHANGE_ORIGINAL_ID' }] };
    assert.equal(
      stepsOf(planned(order(US, { total: '27.22', isFacilitated: true, fields: exchange }))).length,
      4,
    );
  });

  test('when nothing was charged', () => {
    const free = order({ ITEM: '20.00', DISCOUNT: ['20.00', { ITEM: '20.00' }] }, { total: '0.00' });
    assert.equal(reasonOf(planned(free)), 'Nothing was charged: a 0.00 invoice would turn overdue');
  });

  test('when it was cancelled before it was shipped, with amounts or without', () => {
    const words = 'Cancelled before it was booked and before anything was paid';
    assert.equal(skipped({ status: 'CANCELLED' }), words);
    assert.equal(skipped({ status: 'CANCELED' }), words);
    assert.equal(reasonOf(planned(normalized(orderJson([itemJson({})], { status: 'CANCELLED' })))), words);
    assert.equal(reasonOf(planned(order({ ITEM: '0.00' }, { status: 'CANCELLED', total: '0.00' }))), words);
  });
});

describe('an Amazon order that is booked', () => {
  const sold = {
    ITEM: '30.00',
    SHIPPING: '6.00',
    TAX: ['3.60', { ITEM: '3.00', SHIPPING: '0.60' }],
  } as const;
  const at = (
    status: string,
    total = '39.60',
    transactions?: readonly ReturnType<typeof transactionJson>[],
  ): Order => order(sold, { store: 'CA', status, total, quantity: 3 }, transactions);
  const entries = posted(stepsOf(planned(at('SHIPPED'))));
  const shipment = transactionJson(['Shipment', '39.60'], [], {
    id: 's',
    at: '2026-11-20T10:00:00Z',
    currency: 'CAD',
  });
  const refund = (
    total: string,
    amounts: Readonly<Record<string, string>>,
  ): ReturnType<typeof transactionJson> =>
    transactionJson(['Refund', total], [{ sku: 'SOCK', amounts }], {
      id: 'r',
      at: '2026-11-24T10:00:00Z',
      currency: 'CAD',
    });

  test('and pending again is held: its amounts do not count any more', () => {
    assert.deepEqual(codesOf(planned(at('PENDING'), { entries })), ['order-amounts-missing']);
    assert.deepEqual(
      codesOf(
        planned(normalized(orderJson([itemJson({})], { store: 'CA', status: 'PENDING' })), { entries }),
      ),
      ['order-amounts-missing'],
    );
  });

  test('and cancelled without any amounts is reversed, but asked about where it is known that it was sent', () => {
    const gone = (transactions?: readonly ReturnType<typeof transactionJson>[]): Order =>
      normalized(orderJson([itemJson({})], { store: 'CA', status: 'CANCELLED' }), transactions);
    assert.deepEqual(
      stepsOf(planned(gone(), { entries })).map(({ kind }) => kind),
      ['payment-change', 'void'],
    );
    assert.deepEqual(codesOf(planned(gone([shipment]), { entries })), ['order-amounts-missing']);
  });

  test('and cancelled after it was shipped is reversed by its refund', () => {
    const full = refund('-39.60', { ProductCharges: '-30.00', Shipping: '-6.00', Tax: '-3.60' });
    const steps = stepsOf(planned(at('CANCELLED', '39.60', [shipment, full]), { entries }));
    assert.equal(show(oneOf(steps, 'payment-change').to), '0.00 CAD');
    assert.deepEqual(
      steps.map(({ kind }) => kind),
      ['payment-change', 'void'],
    );
  });

  test('and refunded in part within the month is lowered by what went back, tax among it', () => {
    const steps = stepsOf(
      planned(
        at('SHIPPED', '39.60', [shipment, refund('-11.00', { ProductCharges: '-10.00', Tax: '-1.00' })]),
        { entries },
      ),
    );
    assert.equal(show(oneOf(steps, 'payment-change').to), '28.60 CAD');
    assert.equal(show(oneOf(steps, 'lines').document.total), '28.60 CAD');
    assert.deepEqual(
      stepsOf(
        planned(
          at('SHIPPED', '39.60', [shipment, refund('-11.00', { ProductCharges: '-10.00', Tax: '-1.00' })]),
          { entries: posted(steps, entries) },
        ),
      ),
      [],
    );
  });

  test('and refunded after its month is an expense with its tax', () => {
    const late = {
      ...refund('-11.00', { ProductCharges: '-10.00', Tax: '-1.00' }),
      postedDate: '2026-12-02T20:00:00Z',
    };
    const steps = stepsOf(planned(at('SHIPPED', '39.60', [shipment, late]), { entries, rules: CATEGORY }));
    const expense = oneOf(steps, 'expense');
    assert.equal(show(expense.amount), '11.00 CAD');
    assert.equal(steps.length, 1);
  });

  test('by its last shipment is without what went back of an earlier one, though that was in the month before', () => {
    const back = refund('-11.00', { ProductCharges: '-10.00', Tax: '-1.00' });
    const inDecember = { ...shipment, postedDate: '2026-12-02T20:00:00Z' };
    for (const rules of [CATEGORY, { ...CATEGORY, booksStart: parseLocalDate('2026-12-01') }]) {
      const steps = stepsOf(planned(at('SHIPPED', '39.60', [back, inDecember]), { rules }));
      const { document } = oneOf(steps, 'invoice');
      assert.deepEqual([document.issuedOn, show(document.total)], ['2026-12-02', '28.60 CAD']);
      assert.equal(show(oneOf(steps, 'payment').amount), '28.60 CAD');
      assert.equal(steps.length, 4);

      const whole = posted(stepsOf(planned(at('SHIPPED', '39.60', [inDecember]), { rules })));
      const late = stepsOf(planned(at('SHIPPED', '39.60', [back, inDecember]), { rules, entries: whole }));
      assert.deepEqual(
        late.map(({ kind }) => kind),
        ['payment-change', 'lines'],
      );
    }
  });

  test('and whose refund is not understood is held, and its invoice stays', () => {
    assert.deepEqual(
      codesOf(
        planned(at('SHIPPED', '39.60', [shipment, refund('-5.00', { Mystery: '-5.00' })]), { entries }),
      ),
      ['order-refunds-unclear'],
    );
  });

  test('without the tax that Amazon remits is refunded without it, whether Finances show that tax or not', () => {
    const us = (transactions?: readonly ReturnType<typeof transactionJson>[]): Order =>
      order(
        { ITEM: '20.00', TAX: ['1.78', { ITEM: '1.78' }] },
        { total: '21.78', isFacilitated: true },
        transactions,
      );
    const booked = posted(stepsOf(planned(us())));
    const silent = transactionJson(
      ['Refund', '-20.00'],
      [{ sku: 'SOCK', amounts: { ProductCharges: '-20.00' } }],
      { at: '2026-11-24T10:00:00Z' },
    );
    const told = transactionJson(
      ['Refund', '-20.00'],
      [
        {
          sku: 'SOCK',
          amounts: { ProductCharges: '-20.00', Tax: '-1.78', 'MarketplaceFacilitatorTax-Principal': '1.78' },
        },
      ],
      { at: '2026-11-24T10:00:00Z' },
    );
    for (const back of [silent, told]) {
      const steps = stepsOf(planned(us([back]), { entries: booked }));
      assert.equal(show(oneOf(steps, 'payment-change').to), '0.00 USD');
      assert.deepEqual(
        steps.map(({ kind }) => kind),
        ['payment-change', 'void'],
      );
    }
  });

  test('and whose tax alone is refunded keeps its prices', () => {
    const back = refund('-3.00', { Tax: '-3.00' });
    const of = planned(at('SHIPPED', '39.60', [shipment, back]), { entries });
    assert(of.outcome === 'work');
    const { document } = oneOf(of.steps, 'lines');
    assert.equal(show(document.total), '36.60 CAD');
    assert.deepEqual(
      document.lines.map(({ net }) => show(net)),
      ['30.00 CAD', '6.00 CAD'],
    );
  });
});

describe('an Amazon order whose prices hold an untold tax', () => {
  const german = (
    parts: { store?: Store; isFacilitated?: boolean } = {},
    transactions?: readonly ReturnType<typeof transactionJson>[],
  ): Order =>
    order({ ITEM: '119.00', SHIPPING: '4.99' }, { store: 'DE', total: '123.99', ...parts }, transactions);
  const untoldTax = { DE: '19' };

  test('is held until a rate or "none" is chosen for its country', () => {
    assert.deepEqual(codesOf(planned(german())), ['order-tax-untold']);
    assert.deepEqual(codesOf(planned(german(), { rules: { untoldTax: { FR: '20' } } })), [
      'order-tax-untold',
    ]);
    assert.deepEqual(codesOf(planned(german(), { rules: { untoldTax: { toString: '19' } } })), [
      'order-tax-untold',
    ]);
  });

  test('without one is booked as it is', () => {
    for (const chosen of [{ DE: 'none' }, { default: 'none' }, { DE: '0' }]) {
      const { document } = oneOf(stepsOf(planned(german(), { rules: { untoldTax: chosen } })), 'invoice');
      assert.deepEqual([show(document.total), document.taxes], ['123.99 EUR', []]);
    }
  });

  test('at a rate has it taken out of every line, and costs what it did', () => {
    for (const chosen of [untoldTax, { default: '19' }, { DE: '19', default: '20' }]) {
      const steps = stepsOf(planned(german(), { rules: { untoldTax: chosen } }));
      const { document } = oneOf(steps, 'invoice');
      assert.deepEqual(
        document.lines.map(({ net }) => show(net)),
        ['100.00 EUR', '4.19 EUR'],
      );
      assert.deepEqual(
        document.taxes.map(({ name, ratePpm, amount }) => [name, ratePpm, show(amount)]),
        [['VAT', 190_000, '19.80 EUR']],
      );
      assert.equal(show(document.total), '123.99 EUR');
      assert.equal(show(oneOf(steps, 'payment').amount), '123.99 EUR');
    }
  });

  test('by a rate with decimals is exact', () => {
    const french = order({ ITEM: '105.50' }, { store: 'DE', total: '105.50' });
    const { document } = oneOf(stepsOf(planned(french, { rules: { untoldTax: { DE: '5.5' } } })), 'invoice');
    assert.deepEqual(
      document.taxes.map(({ ratePpm, amount }) => [ratePpm, show(amount)]),
      [[55_000, '5.50 EUR']],
    );
  });

  test('that the channel owes is held at any rate, because its amount is not known', () => {
    const channel = german({ isFacilitated: true });
    assert.deepEqual(codesOf(planned(channel, { rules: { untoldTax } })), ['order-tax-untold']);
    assert.equal(stepsOf(planned(channel, { rules: { untoldTax: { DE: 'none' } } })).length, 4);
  });

  test('is skipped like any other before that is asked', () => {
    assert.equal(
      reasonOf(planned(order({ ITEM: '119.00' }, { store: 'DE', total: '119.00', status: 'UNSHIPPED' }))),
      'Waits to be booked until it is fulfilled',
    );
  });

  test('is refunded with its tax', () => {
    const rules = { untoldTax };
    const entries = posted(stepsOf(planned(german(), { rules })));
    const amounts = { ProductCharges: '-119.00', Shipping: '-4.99' };
    const full = transactionJson(['Refund', '-123.99'], [{ sku: 'SOCK', amounts }], {
      currency: 'EUR',
      at: '2026-11-24T10:00:00Z',
    });
    const steps = stepsOf(planned(german({}, [full]), { rules, entries }));
    assert.deepEqual(
      steps.map(({ kind }) => kind),
      ['payment-change', 'void'],
    );
    const part = transactionJson(
      ['Refund', '-59.50'],
      [{ sku: 'SOCK', amounts: { ProductCharges: '-59.50' } }],
      { currency: 'EUR', at: '2026-11-24T10:00:00Z' },
    );
    const { document } = oneOf(stepsOf(planned(german({}, [part]), { rules, entries })), 'lines');
    assert.deepEqual(
      [show(document.total), document.taxes.map(({ amount }) => show(amount))],
      ['64.49 EUR', ['10.30 EUR']],
    );
  });
});
