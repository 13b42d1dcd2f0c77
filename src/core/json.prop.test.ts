import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { orders } from '#tests/draw.ts';
import { law } from '#tests/law.ts';
import { fromJson, parseLossless, toJson } from './json.ts';

law(
  'every integer keeps all its digits',
  fc.property(fc.bigInt(), (id) => assert.equal(parseLossless(String(id)), String(id))),
);

law(
  'apart from numbers, parsing is JSON.parse',
  fc.property(fc.json(), (text) => {
    const withoutNumbers = text.replace(/-?\d+(\.\d+)?(e[+-]?\d+)?/gi, '"n"');
    let expected: unknown;
    try {
      expected = JSON.parse(withoutNumbers);
    } catch {
      return;
    }
    assert.deepEqual(parseLossless(withoutNumbers), expected);
  }),
);

law(
  'every order comes back from its own text',
  fc.property(orders, (order) => assert.deepEqual(fromJson(toJson(order)), order)),
);
