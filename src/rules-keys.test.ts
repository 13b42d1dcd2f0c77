import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_RULES, inForce } from '#core/rules.ts';
import { parseLocalDate, parseZone } from '#core/time.ts';
import { rules } from '#tests/build.ts';
import { ruleTexts } from './rules-file.ts';
import { RULE_KEYS } from './rules-keys.ts';

/** No rule as by default. */
const OTHER = rules({
  bookWhen: 'paid',
  currency: 'presentment',
  invoiceNumber: 'X{order_id}',
  invoiceNumberCompact: 'X{order_number}',
  poNumber: 'Y{order_id}',
  dueOffsetDays: 1,
  endState: 'draft',
  terms: '',
  timeZone: parseZone('Asia/Tokyo'),
  skipTestOrders: false,
  skipZeroTotals: false,
  skipTags: ['a'],
  skipSources: ['b'],
  client: 'one_per_channel',
  channelClientName: 'All',
  roundingMinorMax: 1,
  taxNames: { a: 'b' },
  paymentMethods: { a: 'bank' },
  taxLines: { default: 'own_lines' },
  discounts: 'net_prices',
  channelTax: 'two_lines',
  untoldTax: { DE: '19' },
  refunds: 'expense',
  amountRefundTax: 'as_sold',
  channelFees: 'per_settlement',
  feeCategory: 'Marketplace fees',
  lineNames: { tip: 'Trinkgeld' },
  language: 'de',
  booksStart: parseLocalDate('2026-11-01'),
  closedThrough: parseLocalDate('2026-10-31'),
  refundCategory: 'Returns',
});

test('every rule of an order has one key of the file, and every key a rule', () => {
  const [ours, others] = [ruleTexts(DEFAULT_RULES), ruleTexts(OTHER)];
  const same = ours.filter(({ value }, index) => others[index]?.value === value);
  assert.deepEqual(same, []);
  assert.equal(RULE_KEYS.length, Object.keys(OTHER).length);
});

test('the rules that the file says hold for all orders are those that do, whatever an order was booked by', () => {
  const texts = new Set(ruleTexts(OTHER).map(({ name, value }) => `${name} ${value}`));
  const current = ruleTexts(inForce(DEFAULT_RULES, OTHER)).filter(({ name, value }) =>
    texts.has(`${name} ${value}`),
  );
  const stated = RULE_KEYS.filter(({ holdsFor }) => holdsFor === 'all-orders');
  assert.deepEqual(
    current.map(({ name }) => name),
    stated.map(({ name }) => name),
  );
  assert.equal(stated.length, 4);
  stated.forEach(({ name, meaning }) => assert.match(meaning, /For all orders at once$/, name));
});
