import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as money from '#core/money.ts';
import { toJson } from '#core/json.ts';
import { readRecent, writeRecent } from './recent.ts';

interface Cup {
  readonly name: string;
  readonly price: money.Money;
  readonly taxes: readonly { readonly amount: money.Money }[];
}

const price = money.parse('20.00', 'USD');
const CUP: Cup = { name: 'Cup', price, taxes: [{ amount: price }] };

void describe('what was read a moment ago', () => {
  void test('is what was written, and the same when it is read again', () => {
    const text = toJson(CUP);
    const read = readRecent<Cup>(text);
    assert.deepEqual(read, CUP);
    // Another string of the same signs, as a database answers.
    assert.equal(readRecent(Buffer.from(text).toString()), read);
    assert.equal(writeRecent(read), text);
  });

  void test('can be changed by nobody, as others have it too', () => {
    const read = readRecent<{ name: string; taxes: { amount: { minor: bigint } }[] }>(toJson(CUP));
    assert.throws(() => (read.name = 'Mug'), TypeError);
    assert.throws(() => read.taxes.pop(), TypeError);
    const [tax] = read.taxes;
    assert.throws(() => (tax?.amount ?? assert.fail()).minor++, TypeError);
  });

  void test('is written anew when it is another value, whatever it was made of', () => {
    const read = readRecent<Cup>(toJson(CUP));
    const renamed = { ...read, name: 'Mug' };
    assert.equal(writeRecent(renamed), toJson({ ...CUP, name: 'Mug' }));
  });

  void test('is forgotten when much else was read since', () => {
    const text = toJson(CUP);
    const read = readRecent<Cup>(text);
    for (let count = 0; count < 11; count += 1) {
      readRecent(toJson({ name: `${count}`.padEnd(100_000) }));
    }
    const again = readRecent<Cup>(text);
    assert.notEqual(again, read);
    assert.deepEqual(again, read);
  });
});
