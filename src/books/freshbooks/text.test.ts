import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withinBasicPlane } from '#core/basic-plane.ts';
import { shortened, singleLine } from './text.ts';

void test('text that fits is left alone, and text that does not ends in "…"', () => {
  assert.equal(shortened('Maple cup', 9), 'Maple cup');
  assert.equal(shortened('Maple cups', 9), 'Maple cu…');
  assert.equal(shortened('Maple cup', 7), 'Maple…');
});

void test('a family, a flag and an accent are not cut in two', () => {
  assert.equal(shortened('a👨‍👩‍👧b', 5), 'a…');
  assert.equal(shortened('🇨🇦🇨🇦🇨🇦', 4), '🇨🇦…');
  assert.equal(shortened('e\u0301e\u0301e\u0301', 4), 'e\u0301…');
});

void test('one character of hundreds of marks is cut all the same', () => {
  const text = `e${'\u0301'.repeat(500)}`;
  assert.equal(Array.from(shortened(text, 250)).length, 250);
});

void test('halves of surrogate pairs and control characters never leave the house', () => {
  assert.equal(singleLine('a\ud83d\u0000\r\n\tb '), 'a\ufffd b');
  assert.equal(shortened('ok\udc00', 10), 'ok\ufffd');
});

void test('direction marks and joined scripts stay as they are', () => {
  assert.equal(singleLine('\u200fקומקום\u200f'), '\u200fקומקום\u200f');
  assert.equal(withinBasicPlane('नमस्ते'), 'नमस्ते');
});

void test('emoji go, with what belongs to them, and the words stay', () => {
  assert.equal(withinBasicPlane('Cup 🫖 blue 👩🏽‍🚀'), 'Cup blue');
  assert.equal(withinBasicPlane('🎉'), '');
});
