import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ORDER_ID, normalized, transactionJson } from '#tests/amazon/order-json.ts';
import type { TransactionParts } from '#tests/amazon/order-json.ts';
import { AT, BOTH, doubtIn, of, read, refund } from '#tests/amazon/refunds-read.ts';

/** Which transactions of Amazon's ledger are one refund. */

describe('a transaction without an id', () => {
  const nameless = (transaction: object, names: Readonly<Record<string, string>> = {}): object => ({
    ...transaction,
    transactionId: null,
    relatedIdentifiers: Object.entries({ ORDER_ID, ...names }).map(([name, value]) => ({
      relatedIdentifierName: name,
      relatedIdentifierValue: value,
    })),
  });
  const back = refund('-11.00', [of('MUG', { ProductCharges: '-10.00', Tax: '-1.00' })]);

  test('is named by its refund’s id', () => {
    const named = nameless(back, { REFUND_ID: 'R7' });
    assert.deepEqual(read([named]), [['item:2 1 10.00 +1.00', 'paid 11.00']]);
    assert.equal(normalized(BOTH, [{ ...named }]).refunds[0]?.id, 'R7');
  });

  test('is asked about where it is a refund, and dates the order where it is a shipment', () => {
    assert.match(
      doubtIn([nameless(back)]),
      /a refund without any id(.|\n)*Transaction: Refund without an id/,
    );
    const sent = (at: string): object =>
      nameless(transactionJson(['Shipment', '1.00'], [], { at, whole: { ProductCharges: '1.00' } }));
    const { cash } = normalized(BOTH, [
      { ...sent('2026-11-22T12:00:00Z') },
      { ...sent('2026-11-21T12:00:00Z') },
    ]);
    assert(cash.state === 'known');
    assert.equal(cash.tenders[0]?.at, Date.parse('2026-11-22T12:00:00Z'));
    assert.equal('transactionId' in cash.tenders[0], false);
  });
});

describe('a refund that was deferred and released', () => {
  const amounts = [of('MUG', { ProductCharges: '-10.00', Tax: '-1.00' })];
  const once = [['item:2 1 10.00 +1.00', 'paid 11.00']];
  const deferred = (parts: TransactionParts): object =>
    refund('-11.00', amounts, { status: 'DEFERRED', at: AT, ...parts });
  const released = (parts: TransactionParts): object =>
    refund('-11.00', amounts, { status: 'RELEASED', at: '2026-12-02T12:00:00Z', ...parts });

  test('under one id is one, on its first day', () => {
    for (const status of ['DEFERRED', 'DEFERRED_RELEASED', 'Deferred', null]) {
      assert.deepEqual(read([refund('-11.00', amounts, { status })]), once, String(status));
    }
    assert.deepEqual(read([deferred({ id: 'a' }), released({ id: 'a' })]), once);
  });

  test('under two ids is one, whichever of them names the other', () => {
    const names = (name: string, value: string): Pick<TransactionParts, 'identifiers'> => ({
      identifiers: { ORDER_ID, [name]: value },
    });
    const pairs = [
      [
        deferred({ id: 'a', ...names('RELEASE_TRANSACTION_ID', 'b') }),
        released({ id: 'b', ...names('DEFERRED_TRANSACTION_ID', 'a') }),
      ],
      [deferred({ id: 'a' }), released({ id: 'b', ...names('DEFERRED_TRANSACTION_ID', 'a') })],
      [deferred({ id: 'a', ...names('RELEASE_TRANSACTION_ID', 'b') }), released({ id: 'b' })],
    ];
    for (const pair of pairs) {
      for (const listed of [pair, pair.toReversed()]) {
        const { refunds } = normalized(
          BOTH,
          listed.map((one) => ({ ...one })),
        );
        assert.equal(refunds.length, 1);
        assert.equal(refunds[0]?.at, Date.parse(AT), 'deferring changes no day');
        assert.equal(refunds[0].id, 'a', 'the name stays when it is released');
      }
    }
  });

  test('is not taken for the shipment that it names', () => {
    const shipment = transactionJson(['Shipment', '13.20'], [], {
      id: 's',
      whole: { ProductCharges: '13.20' },
    });
    const back = refund('-11.00', amounts, {
      id: 'r',
      identifiers: { ORDER_ID, DEFERRED_TRANSACTION_ID: 's' },
    });
    for (const listed of [
      [shipment, back],
      [back, shipment],
    ]) {
      assert.deepEqual(read(listed), once);
      const { cash } = normalized(BOTH, listed);
      assert(cash.state === 'known');
      assert.equal(cash.tenders[0]?.transactionId, 's');
    }
  });

  test('under two ids that only bear one refund’s is one, by its first name', () => {
    const own = { identifiers: { ORDER_ID, REFUND_ID: 'R7' } };
    const pair = [deferred({ id: 'b', status: 'DEFERRED_RELEASED', ...own }), released({ id: 'a', ...own })];
    for (const listed of [pair, pair.toReversed()]) {
      const { refunds, doubt } = normalized(
        BOTH,
        listed.map((one) => ({ ...one })),
      );
      assert.equal(doubt, undefined);
      assert.deepEqual(
        refunds.map(({ id, at }) => [id, at]),
        [['b', Date.parse(AT)]],
      );
    }
    const nameless = pair.map((one) => ({ ...one, transactionId: null }));
    assert.deepEqual(read(nameless), once);
    assert.equal(normalized(BOTH, nameless).refunds[0]?.id, 'R7');
  });

  test('is asked about where nothing tells whether transactions of one refund’s id are one', () => {
    const own = { identifiers: { ORDER_ID, REFUND_ID: 'R7' } };
    const other = [of('SOCK', { ProductCharges: '-10.00', Tax: '-1.00' })];
    const pairs = [
      [released({ id: 'a', ...own }), released({ id: 'b', ...own })],
      [deferred({ id: 'a', status: null, ...own }), released({ id: 'b', ...own })],
      [
        deferred({ id: 'a', ...own }),
        refund('-5.50', [of('MUG', { ProductCharges: '-5.00', Tax: '-0.50' })], { id: 'b', ...own }),
      ],
      [deferred({ id: 'a', ...own }), refund('-11.00', other, { id: 'b', ...own })],
      [
        deferred({ id: 'a', ...own }),
        transactionJson(['Chargeback', '-11.00'], amounts, { id: 'b', ...own }),
      ],
      [released({ ...own }), released({ ...own })].map((one) => ({ ...one, transactionId: null })),
    ];
    for (const pair of pairs) {
      assert.match(
        doubtIn(pair),
        /more than one transaction by refund R7, and not whether they are the same one: .* then decide keep/,
      );
    }
  });

  test('is another than one that names neither, or bears another refund’s id', () => {
    const part = [of('SOCK', { ProductCharges: '-5.00' })];
    assert.equal(
      read(
        ['R7', 'R8'].map((id, index) =>
          refund('-5.00', part, {
            id,
            status: index === 0 ? 'DEFERRED_RELEASED' : 'RELEASED',
            identifiers: { ORDER_ID, REFUND_ID: id },
          }),
        ),
      ).length,
      2,
    );
    assert.equal(read([refund('-5.00', part, { id: 'a' }), refund('-5.00', part, { id: 'b' })]).length, 2);
  });
});
