import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { DEFAULT_RULES } from '#core/rules.ts';
import type { Rules } from '#core/rules.ts';
import { parseLocalDate, parseZone } from '#core/time.ts';
import { law } from '#tests/law.ts';
import { readRulesFile, writeRulesFile } from './rules-file.ts';

const OPTIONS = { sources: ['shopify'], books: ['freshbooks'], defaults: DEFAULT_RULES };

/** Any text without control characters or braces, as a person may call a thing; also what YAML means something by. */
const name = fc
  .oneof(
    fc.string({ unit: 'grapheme', maxLength: 40 }),
    fc.constantFrom('no', '1', '- a', 'a: b', '#x', '"', "'", '&a', '~'),
  )
  .map((text) => text.replace(/[\p{Cc}{}]/gu, '').trim())
  .filter((text) => text !== '' && text.isWellFormed());
const sorted = <Value>(map: Readonly<Record<string, Value>>) =>
  Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
const byName = <Value>(value: fc.Arbitrary<Value>, keyOf = (text: string) => text) =>
  fc
    .uniqueArray(fc.tuple(name.map(keyOf), value), { maxLength: 5, selector: ([key]) => key })
    .map((entries) => sorted(Object.fromEntries(entries)));

/** Any day that four digits of a year can write. */
const someDay = fc
  .date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
  .map((date) => parseLocalDate(date.toISOString().slice(0, 10)));
const kinds = ['discount', 'duty', 'fee', 'gift-card', 'refund', 'shipping', 'tip'] as const;

const someRules: fc.Arbitrary<Rules> = fc
  .record({
    bookWhen: fc.constantFrom('created', 'paid', 'fulfilled'),
    currency: fc.constantFrom('shop', 'presentment'),
    invoiceNumber: name.map((text) => `${text}{order_number}`),
    poNumber: name.map((text) => `{order_id} ${text}`),
    dueOffsetDays: fc.integer({ min: 0, max: 365 }),
    endState: fc.constantFrom('sent', 'draft'),
    terms: fc.oneof(name, fc.constantFrom('', 'two\nlines', '{shop} {order_name}')),
    skipTestOrders: fc.boolean(),
    skipTags: fc.array(name, { maxLength: 4 }),
    skipSources: fc.array(name, { maxLength: 4 }),
    client: fc.constantFrom('per_customer', 'one_per_channel'),
    roundingMinorMax: fc.integer({ min: 0, max: 100 }),
    taxNames: byName(name).filter((map) => new Set(Object.values(map)).size === Object.keys(map).length),
    paymentMethods: byName(fc.constantFrom('card', 'paypal', 'cash', 'bank', 'other'), (text) =>
      text.toLowerCase(),
    ),
    taxLines: fc
      .dictionary(
        fc.constantFrom('default', 'CA', 'US', 'NO', 'XK'),
        fc.constantFrom('percentages', 'own_lines'),
      )
      .map(sorted),
    channelTax: fc.constantFrom('left_out', 'two_lines'),
    refunds: fc.constantFrom('adjust', 'expense'),
    amountRefundTax: fc.constantFrom('none', 'as_sold'),
    lineNames: fc.dictionary(fc.constantFrom(...kinds), name).map(sorted),
    language: fc.constantFrom('en', 'fr', 'no', 'de'),
    optional: fc.record(
      {
        timeZone: fc.constantFrom('Europe/Berlin', '-05:00', 'Z').map(parseZone),
        booksStart: someDay,
        closedThrough: someDay,
        // "none" is how a file says that there is none.
        refundCategory: name.filter((text) => text !== 'none'),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ optional, ...drawn }) => ({ ...DEFAULT_RULES, ...drawn, ...optional })) as fc.Arbitrary<Rules>;

law(
  'rules that were written to a file are read from it as they were',
  fc.property(someRules, (rules) => {
    const routes = [{ from: 'shopify', to: 'freshbooks', rules }];
    assert.deepEqual(readRulesFile(writeRulesFile(routes), OPTIONS), { outcome: 'rules', routes });
  }),
);

law(
  'no text at all makes the reader throw, and a mistake stands within the text',
  fc.property(
    fc.oneof(
      fc.string(),
      fc
        .array(
          fc.constantFrom(
            'version: 1\n',
            'routes:\n',
            '  - from: ',
            'shopify\n',
            '    skip:',
            ' *a',
            ' &a',
            ' [',
            '}',
            ': ',
            '\n',
            '? ',
            '!!map ',
            '- ',
          ),
        )
        .map((parts) => parts.join('')),
    ),
    (text) => {
      const read = readRulesFile(text, OPTIONS);
      const lines = text.split(/\r\n|\n|\r/).length;
      const places = read.outcome === 'mistakes' ? read.mistakes : [];
      assert.ok(read.outcome === 'rules' || places.length > 0);
      assert.ok(places.every(({ line, column }) => line >= 1 && line <= lines + 1 && column >= 1));
    },
  ),
  1000,
);
