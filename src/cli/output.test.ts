import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { money } from '#core/money.ts';
import { outputJson } from '#operator/json.ts';
import { createOutput, facts, table, wrapped } from './output.ts';
import type { Column, OutputStream } from './output.ts';
import { fitted, padded, plain, widthOf } from './text-width.ts';

const SCREEN = { columns: 40, paint: (text: string) => text };
const COLUMNS: readonly Column[] = [
  { title: 'Name', isFlexible: true },
  { title: 'Amount', align: 'right' },
];

describe('a table', () => {
  test('aligns amounts to the right under their title', () => {
    assert.deepEqual(
      table(SCREEN, COLUMNS, [
        ['Kettle', '79.00'],
        ['Post', '6.90'],
      ]),
      ['Name    Amount', 'Kettle   79.00', 'Post      6.90'],
    );
  });

  test('shortens only its flexible columns, to the width of the terminal', () => {
    const [, line] = table(SCREEN, COLUMNS, [['x'.repeat(60), '1234567.00']]);
    assert.equal(line, `${'x'.repeat(27)}…  1234567.00`);
  });

  test('puts beneath a row what has no place beside it, the last first, and cuts none of it', () => {
    const columns: readonly Column[] = [
      { title: 'Order' },
      { title: 'Placed', mayStandBeneath: true },
      { title: 'Paid', align: 'right' },
      { title: 'Invoice', mayStandBeneath: true },
    ];
    const rows = [
      ['111-1234567-1234567', '2026-11-02', '79.00', 'AMAZON-111-1234567-1234567'],
      { note: 'Why it waits' },
      ['111-7654321-7654321', '2026-11-03', '5.00', '–'],
    ];
    assert.deepEqual(table(SCREEN, columns, rows), [
      'Order                Placed       Paid',
      '111-1234567-1234567  2026-11-02  79.00',
      '  Invoice: AMAZON-111-1234567-1234567',
      '  Why it waits',
      '111-7654321-7654321  2026-11-03   5.00',
    ]);
    assert.deepEqual(table({ ...SCREEN, columns: 31 }, columns, rows.slice(0, 1)), [
      'Order                 Paid',
      '111-1234567-1234567  79.00',
      '  Placed: 2026-11-02 · Invoice:',
      '  AMAZON-111-1234567-1234567',
    ]);
    assert.equal(table({ ...SCREEN, columns: 80 }, columns, rows).length, 4);
  });

  test('shortens nothing where the width is unlimited', () => {
    const [, line] = table({ ...SCREEN, columns: Infinity }, COLUMNS, [['x'.repeat(600), '1']]);
    assert.ok(line?.startsWith('x'.repeat(600)));
  });

  test('writes a note beneath its row, over the whole width', () => {
    const lines = table(SCREEN, COLUMNS, [
      ['Kettle', '79.00'],
      { note: 'Copper, 1.2 litres, with a lid that closes' },
    ]);
    assert.deepEqual(lines.slice(2), ['  Copper, 1.2 litres, with a lid that', '  closes']);
  });

  test('stays aligned after East Asian letters, emoji and combining marks', () => {
    const lines = table(SCREEN, COLUMNS, [
      ['日本茶', '1'],
      ['🍮', '1'],
      ['cre\u0301me', '1'],
      ['abcdef', '1'],
    ]);
    assert.deepEqual(
      lines.map((line) => widthOf(line)),
      [14, 14, 14, 14, 14],
    );
  });

  test('lets no text of a shop write to the terminal', () => {
    const lines = table(SCREEN, COLUMNS, [['Kettle\u001B[2J\u202Egnp\r\nnext', '1']]);
    assert.equal(lines.length, 2);
    for (const harmful of ['\u001B', '\u202E', '\r']) {
      assert.ok(!lines.join('').includes(harmful));
    }
  });
});

describe('the width of a text', () => {
  test('counts cells, not characters', () => {
    assert.deepEqual(
      ['abc', 'é', '日本', '한국어', '👩‍👩‍👧', '🇩🇪', '☕', ''].map(widthOf),
      [3, 1, 4, 6, 2, 2, 2, 0],
    );
  });

  test('cuts before the cell that no longer fits', () => {
    assert.equal(fitted('日本茶', 5), '日本…');
    assert.equal(fitted('abc', 3), 'abc');
    assert.equal(padded(fitted('日本茶', 4), 4), '日… ');
  });

  test('is one line', () => {
    assert.equal(plain('a\r\n  b\tc'), 'a b c');
  });
});

describe('facts', () => {
  test('align amounts to the right and wrap texts under themselves', () => {
    assert.deepEqual(
      facts(SCREEN, [
        { name: 'Charged', value: '598.94 USD' },
        { name: 'Off', value: '-3.28 USD' },
      ]),
      ['Charged  598.94 USD', 'Off       -3.28 USD'],
    );
    assert.deepEqual(
      facts(SCREEN, [{ name: 'Why', value: 'one two three four five six seven eight nine' }]),
      ['Why  one two three four five six seven', '     eight nine'],
    );
  });

  test('keep a word that is wider than the terminal whole', () => {
    assert.deepEqual(wrapped(`a ${'b'.repeat(30)} c`, 20), ['a', 'b'.repeat(30), 'c']);
  });
});

describe('an output', () => {
  test('is coloured on a terminal, and neither in a pipe nor under NO_COLOR nor on a dumb one', () => {
    const paints = [
      outputTo({ isTTY: true }, {}),
      outputTo({}, {}),
      outputTo({ isTTY: true }, { NO_COLOR: '1' }),
      outputTo({ isTTY: true }, { TERM: 'dumb' }),
    ].map(({ output }) => output.paint('x', 'red'));
    assert.deepEqual(paints, ['\u001B[31mx\u001B[39m', 'x', 'x', 'x']);
  });

  test('under --json prints one value and sends what stands beside it to standard error', () => {
    const { output, written } = outputTo({ isTTY: true }, {}, true);
    output.print('for a person');
    output.note('beside it');
    output.json({ total: money(1230n, 'USD') });
    assert.equal(written.err, 'beside it\n');
    assert.deepEqual(JSON.parse(written.out), { total: { amount: '12.30', currency: 'USD' } });
    assert.equal(output.paint('x', 'red'), 'x');
  });

  test('writes amounts with all decimals of their currency', () => {
    const amounts = [money(500n, 'JPY'), money(-5n, 'USD'), money(1250n, 'KWD')];
    assert.deepEqual(
      (JSON.parse(outputJson(amounts)) as { amount: string }[]).map(({ amount }) => amount),
      ['500', '-0.05', '1.250'],
    );
  });

  test('is as wide as the terminal, as COLUMNS says, or unlimited', () => {
    const widths = [
      outputTo({ columns: 90 }, { COLUMNS: '70' }),
      outputTo({}, { COLUMNS: '70' }),
      outputTo({}, {}),
    ];
    assert.deepEqual(
      widths.map(({ output }) => output.columns),
      [90, 70, Infinity],
    );
  });
});

describe('a line of which somebody else wrote a part', () => {
  const text = 'Paid (\u001B[2J\u009B31m\u202EKettle)\r\nand\tmore\u001B[31m';

  test('does nothing to a terminal, result, note or error', () => {
    const { output, written } = outputTo({ isTTY: true }, { NO_COLOR: '1' });
    output.print(text);
    output.note(text);
    output.error(text);
    const harmless = 'Paid (�[2J�31m�Kettle)�\nand\tmore�\n';
    assert.deepEqual(written, { out: harmless + harmless, err: harmless });
  });

  test('of endless spaces takes no longer than its length', () => {
    const started = performance.now();
    assert.equal(plain(`a${' '.repeat(200_000)}b \r\n c`).length, 200_004);
    assert.ok(performance.now() - started < 5000, 'a square takes a minute');
  });

  test('keeps our own colours', () => {
    const { output, written } = outputTo({ isTTY: true }, {});
    output.print(output.paint('red\u001B[2J', 'red'));
    assert.equal(written.out, '\u001B[31mred�[2J\u001B[39m\n');
  });

  test('is JSON that reads back as it was', () => {
    const { output, written } = outputTo({ isTTY: true }, {}, true);
    output.json({ text });
    assert.doesNotMatch(written.out, /(?!\n)[\p{Cc}\u202E]/u);
    assert.deepEqual(JSON.parse(written.out), { text });
  });
});

function outputTo(
  stream: Partial<OutputStream>,
  environment: Readonly<Record<string, string>>,
  isJson = false,
) {
  const written = { out: '', err: '' };
  const stdout = { ...stream, write: (text: string) => (written.out += text) };
  const stderr = { write: (text: string) => (written.err += text) };
  return { output: createOutput({ stdout, stderr, isJson, environment }), written };
}
