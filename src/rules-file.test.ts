import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_RULES, rulesWith } from '#core/rules.ts';
import { parseLocalDate, parseZone } from '#core/time.ts';
import { rules } from '#tests/build.ts';
import { ITEMS_MAX, NAME_LENGTH_MAX } from './rules-forms.ts';
import { RULES_BYTES_MAX, mistakeText, readRulesFile, writeRulesFile } from './rules-file.ts';
import type { Mistake, RouteRules, RulesFileOptions } from './rules-file.ts';

const OPTIONS: RulesFileOptions = {
  sources: ['shopify', 'amazon'],
  books: ['freshbooks'],
  defaultsOf: () => DEFAULT_RULES,
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
      `${HEAD}    tax_lines: { NO: own_lines, default: percentages }
    channel_tax: two_lines
    tax_names: { State: NY tax, County: NY tax }
    refund_strategy: expense
    amount_refund_tax: as_sold
    refund_category: "Returns & allowances"
    channel_fees: per_settlement
    fee_category: Commissions
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
        taxNames: { County: 'NY tax', State: 'NY tax' },
        refunds: 'expense',
        amountRefundTax: 'as_sold',
        refundCategory: 'Returns & allowances',
        channelFees: 'per_settlement',
        feeCategory: 'Commissions',
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
    const none = '    books_start: none\n    closed_through: none\n    refund_category: none\n';
    assert.deepEqual(routesIn(HEAD + none, { ...OPTIONS, defaultsOf: () => set })[0]?.rules, DEFAULT_RULES);
  });

  test('takes the zone of the settings where it names none, and "shop" takes none', () => {
    const options = { ...OPTIONS, defaultsOf: () => rulesWith(parseZone('Asia/Tokyo')) };
    assert.equal(routesIn(HEAD, options)[0]?.rules.timeZone, 'Asia/Tokyo');
    const [route] = routesIn(`${HEAD}    time_zone: shop\n`, options);
    assert.deepEqual(route?.rules, DEFAULT_RULES);
  });

  test('that was written reads back as the same, whatever the settings', () => {
    const routes = [{ from: 'shopify', to: 'freshbooks', rules: DEFAULT_RULES }];
    const options = { ...OPTIONS, defaultsOf: () => rulesWith(parseZone('Asia/Tokyo')) };
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
    tax_names: { a: b, c: b, "a ": d }
    payment_methods: { Stripe: card, stripe: cash, x: Banks }
    po_number: " X{order_id}"
    channel_client_name: "  "
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
      '13:16 Key end_state is "send" (do you mean sent?)',
      '14:13 Key "tag" is not known here (do you mean tags?)',
      '14:28 Key skip.tags is 1, which is no text: write it in quotes',
      '14:31 Key skip.tags holds an empty text',
      '14:50 Key skip.test_orders is "yes"',
      '15:30 Key tax_names names "a" twice',
      '16:38 Key payment_methods names "stripe" twice',
      '16:55 Key payment_methods gives "x" the value "Banks" (do you mean bank?)',
      '17:5 Key po_number stands twice',
      '18:26 Key channel_client_name is empty',
    ]);
  });

  test('tells what is wrong with taxes, refunds, names and days at their places', () => {
    const text = `${HEAD}    tax_lines: { UK: own_lines, de: own_lines, EU: own_lines, FR: lines }
    channel_tax: kept
    refund_strategy: adjusted
    amount_refund_tax: yes
    refund_category: 7
    line_names: { gift-card: x, item: y, tip: "" }
    language: english
    books_start: 2026-02-30
    closed_through: !!timestamp 2026-10-31
`;
    assert.deepEqual(whatIn(text), [
      '5:18 Key tax_lines names "UK", which is not known here',
      '5:33 Key tax_lines names "de", which is not known here',
      '5:48 Key tax_lines names "EU", which is not known here',
      '5:67 Key tax_lines gives "FR" the value "lines" (do you mean own_lines?)',
      '6:18 Key channel_tax is "kept"',
      '7:22 Key refund_strategy is "adjusted" (do you mean adjust?)',
      '8:24 Key amount_refund_tax is "yes"',
      '9:22 Key refund_category is 7, which is no text: write it in quotes',
      '10:19 Key line_names names "gift-card", which is not known here (do you mean gift_card?)',
      '10:33 Key line_names names "item", which is not known here',
      '10:47 Key line_names holds an empty text',
      '11:15 Key language is "english", which is no language',
      '12:18 Key books_start is "2026-02-30", which is no such date',
      '13:33 Key closed_through is 2026-10-31, which is no such date',
    ]);
  });

  test('tells what a key that stands in a wrong place or under another spelling may mean', () => {
    const hints = (text: string): string[] =>
      whatIn(text).map((what) => / \((.+)\)$/.exec(what)?.[1] ?? 'none');
    assert.deepEqual(
      hints(`${HEAD}    tags: [a]
    Refund-Category: x
    tax.lines: {}
    colour: red
`),
      ['do you mean skip.tags?', 'do you mean refund_category?', 'do you mean tax_lines?', 'none'],
    );
    assert.deepEqual(
      hints(`${HEAD}invoice_number: "X{order_id}"
route: []
`),
      ['it belongs into a route', 'do you mean routes?'],
    );
  });

  test('takes no other types than those that are meant', () => {
    const wrong = [
      ['skip: [vip]', '5:11 Key skip is a list'],
      ['skip:', '5:10 Key skip is empty'],
      ['skip: { tags: vip }', '5:19 Key skip.tags is "vip"'],
      ['tax_names: [a]', '5:16 Key tax_names is a list'],
      ['tax_names: { a: [b] }', '5:21 Key tax_names is a list, which is no text'],
      ['due_offset_days: "15"', '5:22 Key due_offset_days is "15"'],
      ['due_offset_days: -1', '5:22 Key due_offset_days is -1'],
      ['due_offset_days: 366', '5:22 Key due_offset_days is 366'],
      ['rounding_limit: 11', '5:21 Key rounding_limit is 11'],
      ['rounding_limit: .inf', '5:21 Key rounding_limit is .inf'],
      ['book_when: true', '5:16 Key book_when is true'],
      ['books_start: 20261101', '5:18 Key books_start is 20261101, which is no such date'],
      ['books_start: 1999-12-31', '5:18 Key books_start is "1999-12-31", which is no such date'],
      ['terms: "a\\tb"', '5:12 Key terms holds a control character'],
      ['po_number: "{order_id}\\n"', '5:16 Key po_number holds a control character or a line break'],
      ['terms: "\\ud800"', '5:12 Key terms holds half of a character'],
      ['refund_category: ""', '5:22 Key refund_category holds an empty text'],
      ['? [a] \n    : b', '5:7 Key "" is not known here'],
    ] as const;
    for (const [line, expected] of wrong) {
      assert.deepEqual(
        whatIn(`${HEAD}    ${line}
`),
        [expected],
        line,
      );
    }
    const [long] = whatIn(`${HEAD}    refund_category: "${'x'.repeat(NAME_LENGTH_MAX + 1)}"
`);
    assert.match(long ?? '', /^5:22 Key refund_category is 201 characters long$/);
  });

  test('knows the countries and languages that there are, by the codes that shops use', () => {
    const used = ['US', 'CA', 'GB', 'AU', 'NO', 'XK', 'GG', 'TW', 'default'];
    const lines = used.map((code) => `${code}: own_lines`).join(', ');
    assert.deepEqual(
      Object.keys(routesIn(`${HEAD}    tax_lines: { ${lines} }\n`)[0]?.rules.taxLines ?? {}),
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
    assert.equal(
      mistakeText(mistake),
      '5:16 Key book_when is "shipped", allowed: created, paid, partly_fulfilled, fulfilled',
    );
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
    // Which number of which route is the same is not to be said before it is known which routes there are.
    assert.deepEqual(
      whatIn('version: 1\nroutes: [{ from: shopfy, to: freshbook }, { from: shopfy, to: x }]\n'),
      [
        '2:18 Key from is "shopfy" (do you mean shopify?)',
        '2:30 Key to is "freshbook" (do you mean freshbooks?)',
        '2:51 Key from is "shopfy" (do you mean shopify?)',
        '2:63 Key to is "x"',
      ],
    );
  });

  test('has one route from each source, and numbers of its own for each', () => {
    const route = (from: string, more = ''): string => `  - from: ${from}\n    to: freshbooks\n${more}`;
    const top = 'version: 1\nroutes:\n';
    assert.deepEqual(whatIn(top + route('shopify') + route('shopify')), [
      '5:11 A route from shopify stands twice',
    ]);
    const same = '    invoice_number: "shopify-{order_id}"\n';
    assert.deepEqual(whatIn(top + route('shopify') + route('amazon', same)), [
      '7:21 The routes from shopify and amazon would give equal invoice numbers',
    ]);
    const own = '    invoice_number: "AMAZON-{order_id}"\n    invoice_number_compact: "AZ{order_number}"\n';
    assert.equal(routesIn(top + route('shopify') + route('amazon', own)).length, 2);
  });

  test('that is no YAML is refused at its place, and never followed through aliases', () => {
    const faults: readonly (readonly [string, RegExp])[] = [
      [
        'version: [1\n',
        /^2:1 The file is no YAML: this line is not indented as those beside it, or a bracket/,
      ],
      ['version: 1\n  routes: 2\n', /^1:10 The file is no YAML: a value holds another key/],
      ['version:\n\t- 1\n', /^2:1 The file is no YAML: a tab is used to indent/],
      ['version: "1\n', /^\d:\d+ The file is no YAML: something is missing here/],
      ['version: 1\n---\nversion: 1\n', /^2:1 The file is no YAML: a second document begins here/],
      [`[*a, *a]\n"\n${'- '.repeat(3000)}"`, /^2:1 The file is no YAML: what stands here belongs to nothing/],
      ['version: @1\n', /^1:10 The file is no YAML: Plain value cannot start with reserved character @\./],
    ];
    for (const [text, fault] of faults) {
      const [first, ...more] = whatIn(text);
      assert.match(first ?? '', fault, text);
      assert.match(first ?? '', /\. What else is in it is looked at once that is mended$/, text);
      assert.deepEqual(more, [], text);
    }
    assert.deepEqual(whatIn('version: 1\nversion: 1\nroutes: []\n'), [
      '2:1 Key version stands twice',
      '3:9 Key routes is empty',
    ]);
    assert.deepEqual(whatIn(`${HEAD}    terms: &x "t"\n    po_number: *x\n`), [
      '6:16 Key po_number is an alias, which is not followed here, which is no text',
    ]);
    assert.match(
      whatIn('['.repeat(20_000)).join('\n'),
      /^1:\d+ The file is no YAML: it is nested too deeply\. What else is in it is looked at once that is mended$/,
    );
  });

  test('with a tag or a directive is looked at as a whole, because these change nothing of the rest', () => {
    assert.deepEqual(whatIn(`%RULES 1\n---\n${HEAD}    terms: !x "t"\n    bok: 1\n    end_state: send\n`), [
      '1:1 The file is no YAML: a line that begins with % is no rule',
      '7:12 The file is no YAML: a value begins with a tag (!), which means nothing here; write a text with ! in quotes',
      '8:5 Key "bok" is not known here',
      '9:16 Key end_state is "send" (do you mean sent?)',
    ]);
  });

  test('with more keys or routes than anybody has is told so, once', () => {
    const many = (line: string): string => line.repeat(ITEMS_MAX + 1);
    assert.deepEqual(whatIn(HEAD + many('    terms: a\n')), ['3:5 A route is a map of more than 200 keys']);
    assert.deepEqual(whatIn(many('version: 1\n')), ['1:1 The file is a map of more than 200 keys']);
    assert.deepEqual(whatIn(`version: 1\nroutes:\n${many('  - {}\n')}`), [
      '3:3 Key routes is a list of more than 200 items',
    ]);
  });

  test('means the same with a directive of an older YAML, where "yes" is true and a date a moment', () => {
    const [route] = routesIn(
      `%YAML 1.1\n---\n${HEAD}    books_start: 2026-11-01\n    refund_category: yes\n`,
    );
    assert.deepEqual([route?.rules.booksStart, route?.rules.refundCategory], ['2026-11-01', 'yes']);
  });

  test('with more mistakes than a person mends at once tells how many there are', () => {
    const text = HEAD + Array.from({ length: 60 }, (_none, index) => `    key${index}: 1\n`).join('');
    const read = readRulesFile(text, OPTIONS);
    assert(read.outcome === 'mistakes');
    assert.deepEqual([read.mistakes.length, read.more], [50, 10]);
  });

  test('with every rule and the longest lists has room within the limit and reads back', () => {
    // Three bytes each, which is the most for a length that counts two halves of the rarer characters.
    const long = (index: number): string => String(index).padStart(NAME_LENGTH_MAX, '字');
    const names = Array.from({ length: ITEMS_MAX }, (_none, index) => long(index));
    const pairs = <Value>(value: (name: string) => Value): Record<string, Value> =>
      Object.fromEntries(names.map((name) => [name, value(name)]));
    const largest = rules({
      terms: '字'.repeat(2000),
      skipTags: names,
      skipSources: names,
      taxNames: pairs((name) => name),
      paymentMethods: pairs(() => 'paypal'),
    });
    const routes = [{ from: 'shopify', to: 'freshbooks', rules: largest }];
    const text = writeRulesFile(routes);
    assert.ok(Buffer.byteLength(text) < RULES_BYTES_MAX, String(Buffer.byteLength(text)));
    assert.deepEqual(routesIn(text), routes);
  });
});
