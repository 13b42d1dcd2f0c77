import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Failure } from '#core/failure.ts';
import { parseLossless } from '#core/json.ts';
import { show } from '#core/money.ts';
import {
  ORDER_ID,
  itemJson,
  lossless,
  orderJson,
  readOf,
  transactionJson,
} from '#tests/amazon/order-json.ts';
import { parseOrderId, parseReadOrder } from './payload.ts';
import type { AmountPayload } from './payload.ts';

const ITEM = itemJson({ ITEM: '10.00' });
const ORDER = orderJson([ITEM], { total: '10.00' });

/** What is said of a body that cannot be read. */
function refusalOf(body: unknown): string {
  try {
    parseReadOrder(typeof body === 'string' ? parseLossless(body) : lossless(body));
  } catch (thrown) {
    assert(thrown instanceof Failure, String(thrown));
    assert.equal(thrown.code, 'delivery-malformed');
    return thrown.message;
  }
  throw new assert.AssertionError({ message: 'It was read' });
}

const withField = (path: string, value: unknown): object => changed({ order: ORDER }, path.split('.'), value);

function changed(whole: unknown, [key = '', ...rest]: readonly string[], value: unknown): object {
  const copy: Record<string, unknown> = Object.assign(Array.isArray(whole) ? [] : {}, whole);
  copy[key] = rest.length === 0 ? value : changed(copy[key] ?? {}, rest, value);
  return copy;
}

describe('an order of Amazon', () => {
  const REFUSED: readonly (readonly [path: string, value: unknown, problem: RegExp])[] = [
    ['order.createdTime', undefined, /is missing/],
    ['order.createdTime', 'yesterday', /"yesterday"/],
    ['order.lastUpdatedTime', null, /is missing/],
    ['order.salesChannel', undefined, /is missing/],
    ['order.salesChannel.channelName', false, /is not text/],
    ['order.orderItems', null, /is not a list/],
    ['order.orderItems', {}, /is not a list/],
    ['order.orderItems', Array.from({ length: 1001 }, () => ITEM), /more than 1000 items/],
    ['order.orderItems.0.orderItemId', 'a b', /"a b" is not an item id/],
    ['order.orderItems.0.quantityOrdered', -1, /"-1" is negative/],
    ['order.orderItems.0.quantityOrdered', 1.5, /"1.5" is not a whole number/],
    ['order.orderItems.0.product', null, /is missing/],
    ['order.orderItems.0.product.sellerSku', [], /is not text/],
    ['order.orderItems.0.proceeds.breakdowns', {}, /is not a list/],
    ['order.orderItems.0.proceeds.breakdowns.0.type', '<b>', /"<b>" is not one of Amazon’s words/],
    ['order.orderItems.0.proceeds.breakdowns.0.subtotal', null, /is missing/],
    ['order.orderItems.0.proceeds.breakdowns.0.subtotal.amount', 'ten', /"ten" is not an amount/],
    [
      'order.orderItems.0.proceeds.breakdowns.0.subtotal.currencyCode',
      'XQQ',
      /"XQQ" is not a known currency/,
    ],
    ['order.proceeds.grandTotal', '10.00', /is not an object/],
    ['order.proceeds.grandTotal.amount', '10.005', /more decimals than USD has/],
    ['order.proceeds.grandTotal.amount', '1e99', /Cannot parse amount/],
    ['order.fulfillment.fulfillmentStatus', true, /is not text/],
    ['order.packages', [{ shipTime: 'soon' }], /"soon"/],
    ['order.programs', ['PRIME', '"'], /is not one of Amazon’s words/],
    ['order.buyer', 'Jane Roe', /is not an object/],
    ['transactions', {}, /is not a list/],
  ];

  for (const [path, value, problem] of REFUSED) {
    test(`is refused for ${path} as ${JSON.stringify({ value }).slice(0, 30)}, by its path`, () => {
      const said = refusalOf(withField(path, value));
      assert.match(said, problem);
      assert(said.startsWith(`Order ${ORDER_ID}: ${path.replace(/grandTotal.amount$/, 'grandTotal')}`), said);
    });
  }

  test('without a proper id is refused without quoting it as one', () => {
    assert.match(
      refusalOf(withField('order.orderId', '12-34')),
      /^Order without an id: order.orderId: "12-34" is not/,
    );
    assert.match(refusalOf({ order: 7 }), /^Order without an id: order: is not an object/);
    assert.match(refusalOf('null'), /^Order without an id: is missing/);
    assert.throws(() => parseOrderId('1112093847'), /"1112093847" is not an Amazon order id/);
    assert.equal(parseOrderId(ORDER_ID), ORDER_ID);
  });

  test('is read with everything absent that may be', () => {
    const bare = {
      orderId: ORDER_ID,
      createdTime: '2026-11-18T10:00:00Z',
      lastUpdatedTime: '2026-11-18T10:00:00Z',
      salesChannel: { channelName: 'AMAZON' },
      orderItems: [{ orderItemId: '1', quantityOrdered: 1, product: {} }],
    };
    const nulls = {
      buyer: null,
      recipient: null,
      proceeds: null,
      fulfillment: null,
      packages: null,
      programs: null,
    };
    assert.equal(readOf(bare).transactions, undefined);
    assert.deepEqual(readOf({ ...bare, ...nulls }).order.packages, []);
    assert.deepEqual(readOf(bare).order.orderItems[0]?.product, { asin: '', title: '', sellerSku: '' });
    assert.equal(parseReadOrder(lossless({ order: bare, transactions: null })).transactions, undefined);
  });

  test('quotes no field of the buyer, whatever form it has', () => {
    const secret = 'Jane.Roe+7@example.com';
    for (const value of [{ secret }, [secret], secret, [[secret]]]) {
      for (const path of [
        'order.buyer',
        'order.buyer.buyerName',
        'order.buyer.buyerEmail',
        'order.buyer.buyerPurchaseOrderNumber',
        'order.recipient',
        'order.recipient.deliveryAddress',
        'order.recipient.deliveryAddress.addressLine1',
        'order.recipient.deliveryAddress.phone',
        'order.recipient.deliveryAddress.postalCode',
      ]) {
        try {
          parseReadOrder(lossless(withField(path, value)));
        } catch (thrown) {
          assert(thrown instanceof Failure && thrown.code === 'delivery-malformed');
          assert(!/jane|roe|example/i.test(`${thrown.message} ${String(thrown.cause)}`), thrown.message);
        }
      }
    }
    assert.doesNotMatch(refusalOf(withField('order.orderItems.0.orderItemId', secret)), /example\.com/);
  });
});

describe('amounts of Amazon', () => {
  const amountOf = (text: string, currency = 'USD'): string => {
    const { order } = readOf(orderJson([], { total: text, currency }));
    const total = order.proceeds?.grandTotal;
    assert(total !== undefined && total !== null);
    return show(total);
  };

  test('are read as text and as floats wrote them, exactly', () => {
    assert.equal(amountOf('12.30'), '12.30 USD');
    assert.equal(amountOf('-154.54'), '-154.54 USD');
    assert.equal(amountOf('1.2345678E7'), '12345678.00 USD');
    assert.equal(amountOf('1.2345678E+5', 'KWD'), '123456.780 KWD');
    assert.equal(amountOf('-5.0E-1'), '-0.50 USD');
    assert.equal(amountOf('12.5e-1'), '1.25 USD');
    assert.equal(amountOf('1E-2'), '0.01 USD');
    assert.equal(amountOf('1.84E3', 'JPY'), '1840 JPY');
    assert.equal(amountOf('1840.0', 'JPY'), '1840 JPY');
    assert.equal(amountOf('0E-8'), '0.00 USD');
    assert.equal(amountOf('12e0'), '12.00 USD');
  });

  test('of which a digit would be lost are refused', () => {
    assert.throws(() => amountOf('1.234E-1'), /more decimals than USD has/);
    assert.throws(() => amountOf('0.5', 'JPY'), /more decimals than JPY has/);
    for (const text of ['', ' ', '1,50', 'NaN', 'Infinity', '0x10', '.5', '1.', '1e', '+1', '1e100']) {
      assert.throws(() => amountOf(text), /is not an amount/, text);
    }
  });

  test('of transactions are read where JSON wrote them as numbers', () => {
    const body = JSON.stringify({ order: ORDER, transactions: [transactionJson(['Refund', 'X'], [])] });
    const { transactions } = parseReadOrder(parseLossless(body.replace('"X"', '-12345678.10')));
    assert.equal(show(transactions?.[0]?.totalAmount ?? { minor: 0n, currency: 'USD' }), '-12345678.10 USD');
  });
});

describe('a transaction of Amazon', () => {
  const TREE = transactionJson(['Refund', '-10.00'], [{ amounts: { ProductCharges: '-10.00' } }]);
  const of = (fields: object): unknown => ({ order: ORDER, transactions: [{ ...TREE, ...fields }] });
  const treeOf = (breakdowns: unknown): readonly AmountPayload[] => {
    const [transaction] = parseReadOrder(lossless(of({ breakdowns }))).transactions ?? [];
    assert(transaction !== undefined);
    return transaction.breakdowns;
  };
  const node = (breakdownType: string, breakdowns?: unknown): object => ({
    breakdownType,
    breakdownAmount: { currencyAmount: -10, currencyCode: 'USD' },
    ...(breakdowns === undefined ? {} : { breakdowns }),
  });

  test('has its tree as a list, the same once wrapped, null or nothing', () => {
    const [tax] = treeOf([node('Tax')]);
    assert.equal(tax?.type, 'Tax');
    assert.deepEqual(treeOf({ breakdowns: [node('Tax')] }), [tax]);
    assert.deepEqual(treeOf({ breakdowns: null }), []);
    assert.deepEqual(treeOf(null), []);
    assert.deepEqual(treeOf(undefined), []);
    assert.deepEqual(treeOf([node('Sales', { breakdowns: [node('Tax', null)] })])[0]?.parts, [tax]);
  });

  test('with null where the model has lists and text is read', () => {
    const { transactions } = parseReadOrder(
      lossless(of({ breakdowns: null, items: null, transactionStatus: null, relatedIdentifiers: null })),
    );
    assert.deepEqual(transactions?.[0]?.items, []);
    assert.equal(transactions[0].transactionStatus, '');
    const contexts = of({ items: [{ breakdowns: null, contexts: null, totalAmount: null }] });
    assert.deepEqual(parseReadOrder(lossless(contexts)).transactions?.[0]?.items[0]?.contexts, []);
  });

  test('is refused by its path for what is wrong in its tree', () => {
    const said = (breakdowns: unknown): string => refusalOf(of({ breakdowns }));
    const path = 'transactions.0.breakdowns: ';
    assert(said('none').includes(`${path}is not a list`));
    assert(said([{ ...node('Tax'), breakdownType: null }]).includes(`${path}breakdownType: is missing`));
    assert(said([{ ...node('Tax'), breakdownType: {} }]).includes(`${path}breakdownType: is not text`));
    assert(said([{ breakdownType: 'Tax' }]).includes(`${path}breakdownAmount: is missing`));
    assert(said([7]).includes(`${path}: is not an object`));
    assert(said([node('Sales', [{ ...node('Tax'), breakdownType: false }])]).includes('is not text'));
  });

  test('whose amounts have any names is read, each to its bound', () => {
    const names = ['TDS (Section 194-O)', '<', 'Imposta, 22 %', '手数料', `${'x'.repeat(499)}…`];
    assert.deepEqual(
      treeOf(names.map((name) => node(name))).map(({ type }) => type),
      names,
    );
    assert.deepEqual(
      treeOf([node('x'.repeat(9_000)), node(''), node('a\u0000b')]).map(({ type }) => type),
      [`${'x'.repeat(499)}…`, 'Without a name', 'a b'],
    );
    const [transaction] =
      parseReadOrder(lossless(of({ transactionType: 'Rückerstattung (B2B)' }))).transactions ?? [];
    assert.equal(transaction?.transactionType, 'Rückerstattung (B2B)');
  });

  test('with a tree too deep or too wide is refused', () => {
    const deep = (levels: number, wrap: (inner: unknown) => unknown): unknown =>
      Array.from({ length: levels }).reduce((inner) => wrap(inner), null);
    const said = (breakdowns: unknown): string => refusalOf(of({ breakdowns }));
    assert.equal(treeOf(deep(7, (inner) => [node('Sales', inner)])).length, 1);
    assert.match(said(deep(9, (inner) => [node('Sales', inner)])), /more than 8 levels/);
    assert.match(said(Array.from({ length: 1001 }, () => node('Tax'))), /more than 1000 amounts/);
  });

  test('is refused for a wrong id, type, day or total', () => {
    assert.match(
      refusalOf(of({ transactionId: 'a b' })),
      /transactions.0.transactionId: "a b" is not a transaction id/,
    );
    assert.match(refusalOf(of({ transactionType: null })), /transactions.0.transactionType: is missing/);
    assert.match(refusalOf(of({ postedDate: 'then' })), /transactions.0.postedDate: .*"then"/);
    assert.match(refusalOf(of({ totalAmount: null })), /transactions.0.totalAmount: is missing/);
    assert.match(
      refusalOf({ order: ORDER, transactions: Array.from({ length: 1001 }, () => TREE) }),
      /transactions: /,
    );
  });
});
