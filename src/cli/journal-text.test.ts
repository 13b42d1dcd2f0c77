import assert from 'node:assert/strict';
import { test } from 'node:test';
import { worksheetOf } from '#core/journal.ts';
import type { JournalRow, RemarkKind } from '#core/journal-rows.ts';
import * as money from '#core/money.ts';
import { parseLocalDate, parseMonth } from '#core/time.ts';
import { at } from '#tests/build.ts';
import { journalText } from './journal-text.ts';

const usd = (text: string) => money.parse(text, 'USD');
const MONTH = parseMonth('2026-11');

function text(rows: readonly JournalRow[], columns = Infinity): string {
  const journal = { worksheet: worksheetOf(MONTH, rows), asOf: at('2026-12-01T09:12:30Z'), notes: ['Told'] };
  return journalText({ columns, paint: (plain) => plain }, journal).join('\n');
}

function paper(number: number, amount: string) {
  const on = parseLocalDate('2026-11-10');
  return { on, order: `#${number}`, invoice: `SHOPIFY-${number}`, amount: usd(amount) };
}

function remarks(why: RemarkKind, count: number): JournalRow[] {
  return Array.from({ length: count }, (_, index) => ({
    ...paper(index + 1, '9.00'),
    account: 'remarks' as const,
    why,
  }));
}

test('the heading says the month and the moment, to the minute', () => {
  assert.match(text([]), /^Journal worksheet of 2026-11, as of 2026-12-01 09:12 UTC\n/);
});

test('more rounding than a month may hold is said aloud, and less is not', () => {
  const rounding = (amount: string): JournalRow => ({ ...paper(1, amount), account: 'rounding' });
  assert.doesNotMatch(text([rounding('-1.00')]), /ALARM/);
  assert.match(
    text([rounding('-1.01')]),
    /^ALARM: the rounding lines of the month sum to -1\.01 USD, more than 1\.00 USD\. /m,
  );
});

test('what is remarked is named, and of many only the first', () => {
  const shown = text([...remarks('draft', 12), ...remarks('adopted', 1)]);
  assert.match(shown, /^Drafts, in no report .+: #1 SHOPIFY-1, .+ #10 SHOPIFY-10 and 2 more$/m);
  assert.match(shown, /^Made by a person or another program, .+: #1 SHOPIFY-1$/m);
});

test('payments of which a gift card’s part is not told are named with their amounts, older ones counted', () => {
  const [old] = remarks('gift-card-part', 1);
  assert(old !== undefined);
  const shown = text([...remarks('gift-card-part', 1), { ...old, on: parseLocalDate('2026-10-31') }]);
  assert.match(shown, /^The balance lacks .+: #1 SHOPIFY-1 9\.00, and 1 payment of earlier months$/m);
});

test('long names and large amounts fit 80 columns', () => {
  const large = { ...paper(1_234_567, '-123456.78'), order: '#EU-2026-1234567' };
  const category = 'Refunds and allowances of the online shop';
  const tax = { name: 'Los Angeles County Tax + Los Angeles City Tax', ratePpm: 35_000 };
  const rows: JournalRow[] = [
    { ...large, account: 'gift-cards', event: 'refilled-by-credit-note' },
    { ...large, account: 'expenses', category, taxes: [{ ...tax, amount: usd('1234.56') }] },
    { ...large, account: 'taxes', tax, charged: usd('-123456.70') },
    { ...large, account: 'payments', gateway: 'gift_card + shopify_payments + paypal', method: 'other' },
  ];
  const wide = text(rows, 80)
    .split('\n')
    .filter((line) => line.length > 80);
  assert.deepEqual(wide, []);
});

test('what comes from outside does nothing to a terminal', () => {
  const rows: JournalRow[] = [
    { ...paper(1, '1.00'), order: '#1\u001B[2J', account: 'tips' },
    { ...paper(2, '1.00'), order: '#2\u001B[2J', account: 'remarks', why: 'draft' },
  ];
  assert.ok(!text(rows).includes('\u001B'));
});
