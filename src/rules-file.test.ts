import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_RULES, rulesWith } from '#core/rules.ts';
import { parseLocalDate, parseZone } from '#core/time.ts';
import { rules } from '#tests/build.ts';
import { mistakeText, readRulesFile, writeRulesFile } from './rules-file.ts';
import type { Mistake, RouteRules, RulesFileOptions } from './rules-file.ts';

const OPTIONS: RulesFileOptions = {
  sources: ['shopify', 'amazon'],
  books: ['freshbooks'],
  defaults: DEFAULT_RULES,
};
const HEAD = 'version: 1\nroutes:\n  - from: shopify\n    to: freshbooks\n';

function routesIn(text: string, options = OPTIONS): readonly RouteRules[] {
  const read = readRulesFile(text, options);
  assert(
    read.outcome === 'rules',
    read.outcome === 'mistakes' ? read.mistakes.map(mistakeText).join('\n') : '',
  );
  return read.routes;
}

function mistakesIn(text: string): readonly Mistake[] {
  const read = readRulesFile(text, OPTIONS);
  return read.outcome === 'mistakes' ? read.mistakes : [];
}

/** Where each mistake is and what it is, without what is allowed. */
const whatIn = (text: string): string[] =>
  mistakesIn(text).map(({ line, column, what }) => `${line}:${column} ${what}`);

describe('a file of rules', () => {
  test('that names only its route has the defaults', () => {
    assert.deepEqual(routesIn(HEAD), [{ from: 'shopify', to: 'freshbooks', rules: DEFAULT_RULES }]);
  });

  test('sets what it names and leaves the rest at its default', () => {
    const [route] = routesIn(
      `${HEAD}    due_offset_days: 0
    book_when: paid
    skip: { tags: [wholesale], test_orders: false }
    tax_names: { "State Tax": Sales tax }
    payment_methods:
      "Klarna": bank
    time_zone: Europe/Berlin
`,
    );
    assert.deepEqual(
      route?.rules,
      rules({
        dueOffsetDays: 0,
        bookWhen: 'paid',
        skipTags: ['wholesale'],
        skipTestOrders: false,
        taxNames: { 'State Tax': 'Sales tax' },
        paymentMethods: { klarna: 'bank' },
        timeZone: parseZone('Europe/Berlin'),
      }),
    );
  });

  test('sets how taxes, refunds, names and days are treated', () => {
    const [route] = routesIn(
      `${HEAD}    tax:
      lines: { NO: own_lines, default: percentages }
      channel: two_lines
    refunds: { strategy: expense, amount_tax: as_sold, category: "Returns & allowances" }
    line_names: { gift_card: Gutschein, tip: " Trinkgeld " }
    language: de
    books_start: 2026-11-01
    closed_through: "2026-10-31"
`,
    );
    assert.deepEqual(
      route?.rules,
      rules({
        taxLines: { NO: 'own_lines', default: 'percentages' },
        channelTax: 'two_lines',
        refunds: 'expense',
        amountRefundTax: 'as_sold',
        refundCategory: 'Returns & allowances',
        lineNames: { 'gift-card': 'Gutschein', tip: 'Trinkgeld' },
        language: 'de',
        booksStart: parseLocalDate('2026-11-01'),
        closedThrough: parseLocalDate('2026-10-31'),
      }),
    );
  });

  test('takes "none" for a day and a category that were set', () => {
    const set = rules({
      booksStart: parseLocalDate('2026-11-01'),
      closedThrough: parseLocalDate('2026-10-31'),
      refundCategory: 'Returns',
    });
    const none = '    books_start: none\n    closed_through: none\n    refunds: { category: none }\n';
    assert.deepEqual(routesIn(HEAD + none, { ...OPTIONS, defaults: set })[0]?.rules, DEFAULT_RULES);
  });

  test('takes the zone of the settings where it names none, and "shop" takes none', () => {
    const options = { ...OPTIONS, defaults: rulesWith(parseZone('Asia/Tokyo')) };
    assert.equal(routesIn(HEAD, options)[0]?.rules.timeZone, 'Asia/Tokyo');
    const [route] = routesIn(`${HEAD}    time_zone: shop\n`, options);
    assert.deepEqual(route?.rules, DEFAULT_RULES);
  });

  test('that was written reads back as the same, whatever the settings', () => {
    const routes = [{ from: 'shopify', to: 'freshbooks', rules: DEFAULT_RULES }];
    const options = { ...OPTIONS, defaults: rulesWith(parseZone('Asia/Tokyo')) };
    assert.deepEqual(routesIn(writeRulesFile(routes), options), routes);
  });

  test('tells every mistake at its line and column, all at once', () => {
    const text = `${HEAD}    invoce_number: "X"
    invoice_number: "X-{colour}-{"
    invoice_number_compact: "SHOPIFY-{order_number}"
    po_number:
    due_offset_days: soon
    rounding_limit: 2.5
    terms: 5
    time_zone: Mars/Olympus
    end_state: send
    skip: { tag: x, tags: [1, " "], test_orders: "yes" }
    tax_names: { a: b, c: b }
    payment_methods: { Stripe: card, stripe: cash, x: cheque }
`;
    assert.deepEqual(whatIn(text), [
      '5:5 Key "invoce_number" is not known here (do you mean invoice_number?)',
      '6:21 Key invoice_number names "{colour}", which is not known here',
      '6:21 Key invoice_number has a brace without its other half',
      '6:21 Key invoice_number is the same for every order',
      '7:29 Key invoice_number_compact makes "SHOPIFY-100000", 14 characters long',
      '8:15 Key po_number is empty, which is no text',
      '9:22 Key due_offset_days is "soon"',
      '10:21 Key rounding_limit is 2.5',
      '11:12 Key terms is 5, which is no text: write it in quotes',
      '12:16 Key time_zone is "Mars/Olympus", which is no time zone',
      '13:16 Key end_state is "send"',
      '14:13 Key "tag" is not known here (do you mean tags?)',
      '14:28 Key skip.tags is 1, which is no text: write it in quotes',
      '14:31 Key skip.tags holds an empty text',
      '14:50 Key skip.test_orders is "yes"',
      '15:27 Key tax_names gives "b" to two',
      '16:38 Key payment_methods names "stripe" twice',
      '16:55 Key payment_methods gives "x" the value "cheque"',
    ]);
  });

  test('tells what is wrong with taxes, refunds, names and days at their places', () => {
    const text = `${HEAD}    tax: { lines: { UK: own_lines, de: own_lines, EU: own_lines, FR: lines }, channel: kept }
    refunds: { strategy: adjusted, amount_tax: yes, category: 7 }
    line_names: { gift-card: x, item: y, tip: "" }
    language: english
    books_start: 2026-02-30
    closed_through: !!timestamp 2026-10-31
    refund_category: Returns
    taxes: {}
`;
    assert.deepEqual(whatIn(text), [
      '5:21 Key tax.lines names "UK", which is not known here',
      '5:36 Key tax.lines names "de", which is not known here',
      '5:51 Key tax.lines names "EU", which is not known here',
      '5:70 Key tax.lines gives "FR" the value "lines"',
      '5:88 Key tax.channel is "kept"',
      '6:26 Key refunds.strategy is "adjusted"',
      '6:48 Key refunds.amount_tax is "yes"',
      '6:63 Key refunds.category is 7, which is no text: write it in quotes',
      '7:19 Key line_names names "gift-card", which is not known here',
      '7:33 Key line_names names "item", which is not known here',
      '7:47 Key line_names holds an empty text',
      '8:15 Key language is "english", which is no language',
      '9:18 Key books_start is "2026-02-30", which is no date',
      '10:33 Key closed_through is 2026-10-31, which is no date',
      '11:5 Key "refund_category" is not known here',
      '12:5 Key "taxes" is not known here (do you mean tax?)',
    ]);
  });

  test('knows the countries and languages that there are, by the codes that shops use', () => {
    const used = ['US', 'CA', 'GB', 'AU', 'NO', 'XK', 'GG', 'TW', 'default'];
    const lines = used.map((code) => `${code}: own_lines`).join(', ');
    assert.deepEqual(
      Object.keys(routesIn(`${HEAD}    tax: { lines: { ${lines} } }\n`)[0]?.rules.taxLines ?? {}),
      used.toSorted(),
    );
    assert.deepEqual(whatIn(`${HEAD}    language: no\n`), []);
    assert.deepEqual(whatIn(`${HEAD}    language: xx\n`), [
      '5:15 Key language is "xx", which is no language',
    ]);
  });

  test('tells with each mistake what is allowed', () => {
    const [mistake] = mistakesIn(`${HEAD}    book_when: shipped\n`);
    assert(mistake !== undefined);
    assert.equal(mistakeText(mistake), '5:16 Key book_when is "shipped", allowed: created, paid, fulfilled');
  });

  test('needs its version and its routes', () => {
    assert.deepEqual(whatIn(''), ['1:1 The file is empty']);
    assert.deepEqual(whatIn('- 1'), ['1:1 The file is a list']);
    assert.deepEqual(whatIn('{}'), ['1:1 Key version is missing', '1:1 Key routes is missing']);
    assert.deepEqual(whatIn('version: 2\nroutes: []\n'), [
      '1:10 Key version is 2',
      '2:9 Key routes is empty',
    ]);
    assert.deepEqual(whatIn('version: 1\nroutes: [shopify]\n'), ['2:10 A route is "shopify"']);
  });

  test('names a source and books that there are', () => {
    assert.deepEqual(whatIn('version: 1\nroutes:\n  - from: ebay\n'), [
      '3:5 Key to is missing',
      '3:11 Key from is "ebay"',
    ]);
  });

  test('has each route once, and numbers of its own for each', () => {
    const route = (from: string, more = ''): string => `  - from: ${from}\n    to: freshbooks\n${more}`;
    const top = 'version: 1\nroutes:\n';
    assert.deepEqual(whatIn(top + route('shopify') + route('shopify')), [
      '5:11 The route from shopify to freshbooks stands twice',
    ]);
    const same = '    invoice_number: "shopify-{order_id}"\n';
    assert.deepEqual(whatIn(top + route('shopify') + route('amazon', same)), [
      '7:21 The routes from shopify and amazon would give equal invoice numbers',
    ]);
    const own = '    invoice_number: "AMAZON-{order_id}"\n    invoice_number_compact: "AZ{order_number}"\n';
    assert.equal(routesIn(top + route('shopify') + route('amazon', own)).length, 2);
  });

  test('that is no YAML is refused at its place, and never followed through aliases', () => {
    assert.match(whatIn('version: [1\n')[0] ?? '', /^2:1 The file is no YAML: /);
    assert.match(
      whatIn('version: 1\nversion: 1\n')[0] ?? '',
      /^2:1 The file is no YAML: Map keys must be unique/,
    );
    assert.deepEqual(whatIn(`${HEAD}    terms: &x "t"\n    po_number: *x\n`), [
      '6:16 Key po_number is an alias, which is not followed here, which is no text',
    ]);
    assert.equal(whatIn('['.repeat(100_000)).length, 1);
    assert.deepEqual(whatIn('#'.repeat(300_000)), ['1:1 The file is longer than 262144 characters']);
  });
});
