import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { rulesFileOptions } from '#connections.ts';
import { exponentOf } from '#core/currency.ts';
import { toJson } from '#core/json.ts';
import * as money from '#core/money.ts';
import { periodDay } from '#core/period.ts';
import {
  instant,
  localDate,
  parseLocalDate,
  parseMonth,
  parseTimestamp,
  parseZone,
  showInstant,
} from '#core/time.ts';
import { readRulesFile, writeRulesFile } from '#rules-file.ts';
import { MOMENTS, mangled, mangles } from './mangle.ts';
import { see } from './target.ts';
import type { Opened } from './target.ts';

/** What core and the rules file read of a text: a value that is written and read back as itself, or one word for no. */

const digits = (length: number): fc.Arbitrary<string> =>
  fc.nat(10 ** length - 1).map((number) => String(number).padStart(length, '0'));
/** Shaped as a timestamp, with parts that may be out of every range. */
const shaped = fc
  .tuple(
    fc.constantFrom('', '+', '-', '+00', '-00'),
    digits(4),
    fc.array(digits(2), { minLength: 5, maxLength: 5 }),
    fc.constantFrom('', '.5', '.123456789', '.', ',5'),
    fc.oneof(
      fc.constantFrom('Z', 'z', '', '+00:00', '-00:00', '+23:59', '-23:59', '+24:00'),
      fc
        .tuple(fc.constantFrom('+', '-'), digits(2), fc.constantFrom(':', ''), digits(2))
        .map((parts) => parts.join('')),
    ),
  )
  .map(
    ([sign, year, [month, day, hour, minute, second], fraction, offset]) =>
      `${sign}${year}-${month ?? ''}-${day ?? ''}T${hour ?? ''}:${minute ?? ''}:${second ?? ''}${fraction}${offset}`,
  );
const anyText = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: fc.constantFrom(...Array.from('0123456789-+:.TZ \n')), maxLength: 30 }),
);
const dateTexts = fc.oneof(
  { weight: 4, arbitrary: shaped },
  { weight: 1, arbitrary: shaped.map((text) => text.slice(0, 10)) },
  { weight: 1, arbitrary: fc.constantFrom(...MOMENTS) },
  { weight: 1, arbitrary: anyText },
);
const ZONES = [
  'Z',
  'UTC',
  '-12:00',
  '+14:00',
  '+23:59',
  '-23:59',
  'Europe/Berlin',
  'Pacific/Kiritimati',
  'Asia/Kathmandu',
].map(parseZone);

function read<T>(parse: () => T): T | undefined {
  try {
    const value = parse();
    see('read');
    return value;
  } catch (thrown) {
    assert.ok(thrown instanceof SyntaxError, String(thrown));
    see('refused');
    return undefined;
  }
}

function assertDates(text: string): void {
  const stamp = read(() => parseTimestamp(text));
  if (stamp !== undefined) {
    assert.equal(parseTimestamp(showInstant(stamp.at)).at, stamp.at, 'it is written and read back');
    for (const zone of [...ZONES, stamp.offset]) {
      assert.match(localDate(stamp.at, zone), /^\d{4}-\d\d-\d\d$/, 'it has a date everywhere');
    }
    assert.equal(localDate(stamp.at, stamp.offset), text.slice(0, 10), 'its date is the one that it shows');
  }
  const day = read(() => parseLocalDate(text));
  if (day !== undefined) {
    assert.equal(day, text);
    assert.equal(localDate(instant(Date.parse(`${day}T12:00:00Z`)), parseZone('Z')), day);
  }
  const month = read(() => parseMonth(text.slice(0, 7)));
  if (month !== undefined) {
    assert.equal(
      read(() => parseLocalDate(`${month}-01`)),
      `${month}-01`,
      'a month has days',
    );
  }
  assert.ok((periodDay(text) ?? '2026-11-20') >= '2000-01-01');
  read(() => parseZone(text));
}

const currencies = fc.oneof(
  fc.constantFrom('USD', 'JPY', 'KWD', 'UYW', 'XXQ', '', '__proto__', 'usd'),
  fc.string(),
);
const amountTexts = fc.oneof(
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.constantFrom('', '-', '+', ' '),
        fc.bigInt(),
        fc.constantFrom('', '.', '.0', '.005', '.10', 'e5'),
      )
      .map((parts) => parts.join('')),
  },
  { weight: 1, arbitrary: anyText },
  {
    weight: 1,
    arbitrary: fc.string({ unit: fc.constantFrom(...Array.from('0123456789.-+,eE٣１')), maxLength: 45 }),
  },
);

function assertMoney(text: string, currency: string): void {
  const amount = read(() => money.parse(text, currency));
  if (amount === undefined) {
    return;
  }
  assert.notEqual(exponentOf(currency), undefined);
  const written = money.format(amount);
  assert.ok(money.equal(money.parse(written, currency), amount), `${text} became ${written}`);
  assert.equal(Number(written) + 0, Number(text) + 0);
  assert.match(toJson(amount), /^\{"minor":"-?\d+","currency":/);
}

const RULES = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'rules-example.yaml'));
const OPTIONS = rulesFileOptions(undefined);
/** What YAML means something by, and the largest things in the fewest characters. */
const YAML_TOKENS = [
  '&a [*a, *a]',
  '*a',
  '<<: *a',
  '!!binary x',
  '!!js/function x',
  '? [a]\n: b',
  '---\n',
  '...\n',
  '%YAML 9.9\n',
  '|+\n',
  '{{{{{{{{{{',
  '['.repeat(5000),
  '- '.repeat(3000),
  'a: '.repeat(3000),
  '\t',
  '\u0000',
  '"\\xZZ"',
  '1e400',
  '.inf',
  '0o17',
  '2026-02-30',
  '__proto__: 1',
  `b: &b [${'x,'.repeat(9)}x]\nc: &c [${'*b,'.repeat(9)}*b]\nd: &d [${'*c,'.repeat(9)}*c]\ne: [${'*d,'.repeat(9)}*d]\n`,
];
const ruleTexts = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .array(fc.tuple(fc.nat(1_000_000), fc.nat(30), fc.oneof(fc.constantFrom(...YAML_TOKENS), anyText)), {
        minLength: 1,
        maxLength: 3,
      })
      .map((edits) =>
        edits.reduce((text, [at, removed, inserted]) => {
          const start = Math.floor((text.length * at) / 1_000_000);
          return text.slice(0, start) + inserted + text.slice(start + removed);
        }, RULES.toString()),
      ),
  },
  { weight: 1, arbitrary: mangles.map((mangle) => new TextDecoder().decode(mangled(RULES, mangle))) },
  {
    weight: 1,
    arbitrary: fc.array(fc.oneof(fc.constantFrom(...YAML_TOKENS), anyText)).map((parts) => parts.join('\n')),
  },
);

function assertRules(text: string): void {
  const found = readRulesFile(text, OPTIONS);
  see(found.outcome);
  if (found.outcome === 'rules') {
    assert.deepEqual(
      readRulesFile(writeRulesFile(found.routes), OPTIONS),
      found,
      'it is written and read back',
    );
    return;
  }
  assert.ok(found.mistakes.length > 0);
  for (const { line, column, what } of found.mistakes) {
    assert.ok(line >= 1 && column >= 1 && what !== '');
    assert.ok(what.length < 1000, `${what.length} characters`);
  }
}

export function openDates(): Opened {
  return { property: fc.property(dateTexts, assertDates) };
}

export function openAmounts(): Opened {
  return { property: fc.property(amountTexts, currencies, assertMoney) };
}

export function openRules(): Opened {
  return { property: fc.property(ruleTexts, assertRules) };
}
