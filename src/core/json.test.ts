import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fromJson, parseLossless, toJson } from './json.ts';
import * as money from './money.ts';

describe('numbers of vendors are kept as their digits', () => {
  for (const digits of [
    '9007199254740993',
    '820982911946154508',
    '123456789012345678901234567890',
    '0.1',
    '10.00',
    '1e21',
    '1E+2',
    '-0',
    '-5.85',
    '0.30000000000000004',
  ]) {
    test(`${digits}, anywhere`, () => {
      assert.equal(parseLossless(digits), digits);
      assert.deepEqual(parseLossless(`{"id":${digits},"list":[${digits},[${digits}]]}`), {
        id: digits,
        list: [digits, [digits]],
      });
    });
  }

  test('everything else is what JSON says', () => {
    assert.deepEqual(parseLossless('{"a":null,"b":true,"c":"12n","d":"1.50","e":[],"f":{}}'), {
      a: null,
      b: true,
      c: '12n',
      d: '1.50',
      e: [],
      f: {},
    });
  });

  test('a field named like a part of every object is only a field', () => {
    const parsed = parseLossless('{"__proto__":{"polluted":1},"constructor":2}');
    assert.deepEqual(Object.keys(parsed as object), ['__proto__', 'constructor']);
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  });

  for (const text of ['', '{', '[1,]', "{'a':1}", 'undefined', 'NaN', '01', '{"a":1}x', '\uFEFF{}']) {
    test(`"${text}" is refused with a SyntaxError`, () => {
      assert.throws(() => parseLossless(text), SyntaxError);
    });
  }

  test('nesting deeper than any message of a shop is refused with a SyntaxError', () => {
    const deep = 200_000;
    assert.throws(() => parseLossless('['.repeat(deep) + ']'.repeat(deep)), SyntaxError);
  });
});

describe('what we store comes back as it was', () => {
  test('money, at any depth and beyond 2^53', () => {
    const stored = {
      total: money.parse('90071992547409.93', 'USD'),
      lines: [{ net: money.money(-1n, 'JPY') }, { net: money.money(2n ** 70n, 'KWD') }],
    };
    assert.deepEqual(fromJson(toJson(stored)), stored);
  });

  test('texts that look like numbers stay texts', () => {
    const stored = {
      title: '12n',
      name: '9007199254740993',
      sku: '0x10',
      note: '{"minor":"1"}',
      sizes: ['1', 'minor'],
    };
    assert.deepEqual(fromJson(toJson(stored)), stored);
  });

  test('what is absent stays absent', () => {
    assert.deepEqual(fromJson(toJson({ a: 1, b: undefined, c: null, d: [] })), { a: 1, c: null, d: [] });
  });

  test('a bigint that is no amount is a bug, and is not stored as something else', () => {
    assert.throws(() => toJson({ fence: 1n }), /fence/);
    assert.throws(() => toJson([1n]), /bigint/i);
  });

  test('a text under the name of an amount, in what a vendor sent, stays a text', () => {
    assert.deepEqual(fromJson(toJson({ headers: { minor: 'abc' } })), { headers: { minor: 'abc' } });
  });
});
