import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CATALOGUE, Failure, asFailure } from './failure.ts';
import type { FailureCode } from './failure.ts';
import { instant } from './time.ts';

const codes = Object.keys(CATALOGUE) as FailureCode[];

describe('the catalogue', () => {
  for (const code of codes) {
    test(`"${code}" is a kebab-case code with a sentence for an operator`, () => {
      const { sentence } = CATALOGUE[code];
      assert.match(code, /^[a-z]+(-[a-z]+)*$/);
      assert.match(sentence, /^[A-Z]/, 'begins as a sentence does');
      assert.doesNotMatch(sentence, /[.!?\s]$/, 'has no final period');
      assert.doesNotMatch(sentence, /\s\s|\n|undefined|'/, 'is one clean line, with printed apostrophes');
      assert.ok(sentence.length <= 200, 'can be read at a glance');
    });
  }

  test('has no sentence twice', () => {
    const sentences = codes.map((code) => CATALOGUE[code].sentence);
    const twice = sentences.filter((sentence, index) => sentences.indexOf(sentence) !== index);
    assert.deepEqual(
      codes.filter((code) => twice.includes(CATALOGUE[code].sentence)),
      [],
    );
  });

  test('promises a retry by itself only where one is made', () => {
    for (const code of codes) {
      const { remedy, sentence } = CATALOGUE[code];
      if (/tried again by itself|read again by itself/.test(sentence)) {
        assert.equal(remedy, 'retry', code);
      }
    }
  });
});

test('a failure carries its code’s remedy, and had no effect unless it says so', () => {
  const failure = new Failure('request-rate-limited', { detail: 'Slow down', retryAt: instant(5) });
  assert.deepEqual(
    [failure.code, failure.remedy, failure.effect, failure.retryAt, failure.message, failure.facts],
    ['request-rate-limited', 'retry', 'none', 5, 'Slow down', []],
  );
  assert.equal(new Failure('request-unanswered', { detail: 'x', effect: 'unknown' }).effect, 'unknown');
  assert.ok(!('cause' in failure), 'no cause, no field');
});

test('a failure passes through as itself, and anything else becomes unexpected with its cause kept', () => {
  const failure = new Failure('books-refused', { detail: 'No' });
  assert.equal(asFailure(failure, 'Cannot do it'), failure);
  for (const thrown of [new TypeError('x is not a function'), 'a string', undefined, null, { odd: true }]) {
    const wrapped = asFailure(thrown, 'Cannot do it');
    assert.deepEqual([wrapped.code, wrapped.remedy, wrapped.effect], ['unexpected', 'review', 'unknown']);
    assert.match(wrapped.message, /^Cannot do it: /);
    assert.equal(wrapped.cause, thrown);
  }
});
