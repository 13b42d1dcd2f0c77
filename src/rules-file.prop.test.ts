import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { connectionId } from '#core/ids.ts';
import { DEFAULT_RULES } from '#core/rules.ts';
import type { Rules } from '#core/rules.ts';
import { parseLocalDate, parseZone } from '#core/time.ts';
import { currentRules, putCurrentRules } from '#pipeline/current-rules.ts';
import { createSeal } from '#storage/seal.ts';
import { openSqlite, sqliteDialect } from '#storage/sqlite.ts';
import { openStore } from '#storage/store.ts';
import { testClock } from '#tests/clock.ts';
import { law } from '#tests/law.ts';
import { readRulesFile, writeRulesFile } from './rules-file.ts';

const OPTIONS = { sources: ['shopify'], books: ['freshbooks'], defaultsOf: () => DEFAULT_RULES };

/** Any text without control characters or braces, as a person may call a thing; also what YAML means something by. */
const name = fc
  .oneof(
    fc.string({ unit: 'grapheme', maxLength: 40 }),
    fc.constantFrom(
      'no',
      '1',
      '- a',
      'a: b',
      '#x',
      '"',
      "'",
      '&a',
      '~',
      '*a',
      '!t',
      'a\u2028b',
      'a\uFEFFb',
      '%',
      '<<',
      '\\',
    ),
  )
  .map((text) => text.replace(/[\p{Cc}{}]/gu, '').trim())
  .filter((text) => text !== '' && text.isWellFormed());
const sorted = <Value>(map: Readonly<Record<string, Value>>) =>
  Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
const byName = <Value>(value: fc.Arbitrary<Value>, keyOf = (text: string) => text) =>
  fc
    .uniqueArray(fc.tuple(fc.oneof(name, fc.constantFrom('__proto__', 'constructor')).map(keyOf), value), {
      maxLength: 5,
      selector: ([key]) => key,
    })
    .map((entries) => sorted(Object.fromEntries(entries)));

const someDay = fc
  .date({ min: new Date('2000-01-01'), max: new Date('2099-12-31'), noInvalidDate: true })
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
    invoiceNumberCompact: fc.constantFrom('SH{order_number}', '{order_number}', 'A"{order_number}'),
    channelClientName: name.map((text) => `${text} {shop}`),
    roundingMinorMax: fc.integer({ min: 0, max: 10 }),
    taxNames: byName(name),
    paymentMethods: byName(fc.constantFrom('card', 'paypal', 'cash', 'bank', 'other'), (text) =>
      text.toLowerCase(),
    ),
    taxLines: fc
      .dictionary(
        fc.constantFrom('default', 'CA', 'US', 'NO', 'XK'),
        fc.constantFrom('percentages', 'own_lines'),
      )
      .map(sorted),
    discounts: fc.constantFrom('lines', 'net_prices'),
    channelTax: fc.constantFrom('left_out', 'two_lines'),
    refunds: fc.constantFrom('adjust', 'expense'),
    amountRefundTax: fc.constantFrom('none', 'as_sold'),
    channelFees: fc.constantFrom('none', 'per_settlement'),
    lineNames: fc.dictionary(fc.constantFrom(...kinds), name).map(sorted),
    untoldTax: fc
      .dictionary(fc.constantFrom('DE', 'GB', 'default'), fc.constantFrom('none', '20', '5.5', '0'))
      .map(sorted),
    language: fc.constantFrom('en', 'fr', 'no', 'de'),
    optional: fc.record(
      {
        timeZone: fc.constantFrom('Europe/Berlin', '-05:00', 'Z').map(parseZone),
        booksStart: someDay,
        closedThrough: someDay,
        // "none" is how a file says that there is none.
        refundCategory: name.filter((text) => text !== 'none'),
        feeCategory: name.filter((text) => text !== 'none'),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ optional, ...drawn }) => ({ ...DEFAULT_RULES, ...drawn, ...optional })) as fc.Arbitrary<Rules>;

const fileOf = (rules: Rules): string => writeRulesFile([{ from: 'shopify', to: 'freshbooks', rules }]);

law(
  'rules that were written to a file are read from it as they were',
  fc.property(someRules, (rules) => {
    const routes = [{ from: 'shopify', to: 'freshbooks', rules }];
    assert.deepEqual(readRulesFile(writeRulesFile(routes), OPTIONS), { outcome: 'rules', routes });
  }),
);

law(
  'rules that went through the database and a file are the same version again',
  fc.asyncProperty(someRules, async (rules) => {
    const source = connectionId('shopify');
    const { store } = await openStore({
      dialect: sqliteDialect(openSqlite(':memory:')),
      clock: testClock(),
      seal: createSeal('key'),
    });
    const put = (wanted: Rules): Promise<string> =>
      store.transact((tx) => putCurrentRules(tx, source, { rules: wanted, otherwise: DEFAULT_RULES }));
    const version = await put(rules);
    const exported = fileOf((await currentRules(store.read, source, DEFAULT_RULES)).rules);
    const read = readRulesFile(exported, OPTIONS);
    assert.ok(read.outcome === 'rules' && read.routes[0] !== undefined);
    assert.equal(await put(read.routes[0].rules), version);
    await store.close();
  }),
  30,
);

law(
  'one letter too many in a key is told at its place, and nothing else',
  fc.property(someRules, fc.nat(), fc.nat(), (rules, which, where) => {
    const lines = fileOf(rules).split('\n');
    const places = lines.flatMap((text, index) => {
      const [, indent = '', key = ''] = /^( {4}| {6})([a-z_]+):/.exec(text) ?? [];
      return key === '' || key === 'to' ? [] : [{ index, indent, key }];
    });
    const place = places[which % places.length];
    assert.ok(place !== undefined && places.length > 20);
    const { index, indent, key } = place;
    const at = indent.length + (where % key.length);
    const wrong = lines.with(index, `${lines[index]?.slice(0, at)}q${lines[index]?.slice(at)}`).join('\n');
    const read = readRulesFile(wrong, OPTIONS);
    const found = read.outcome === 'mistakes' ? read.mistakes : [];
    assert.deepEqual(
      found.map(({ line, column }) => [line, column]),
      [[index + 1, indent.length + 1]],
    );
    assert.match(found[0]?.what ?? '', new RegExp(`do you mean ${key}\\?`));
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
