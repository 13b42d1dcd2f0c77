import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readDotenv } from './dotenv.ts';

const KNOWN = ['PORT', 'LOG_LEVEL', 'SHOPIFY_API_KEY', 'SHOPIFY_API_SECRET'];
const read = (...lines: readonly string[]) => readDotenv(lines.join('\n'), KNOWN);

void describe('a file .env', () => {
  test('is what its lines set, however an editor wrote them', () => {
    const text =
      '\uFEFF# mine\r\n\r\n PORT = 80 # a port\r\nexport SHOPIFY_API_KEY="a#b"\r\nTZ=UTC\r\nEMPTY=\r\n';
    assert.deepEqual(readDotenv(text, KNOWN), {
      values: { PORT: '80', SHOPIFY_API_KEY: 'a#b', TZ: 'UTC', EMPTY: '' },
      remarks: [],
    });
    assert.deepEqual(read("OTHER='a\nb: c\nd'", 'PORT=1').remarks, [], 'several lines of another program');
  });

  test('tells a line that sets nothing, which takes the next one with it no more', () => {
    const { values, remarks } = read('PORT: 80', 'SHOPIFY_API_KEY=key', 'SHOPIFY_API_SECRET: secret');
    assert.deepEqual(values, { SHOPIFY_API_KEY: 'key' });
    assert.deepEqual(remarks, [
      'The file .env, line 1: it is no NAME=value, so it does not count',
      'The file .env, line 3: it is no NAME=value, so it does not count',
    ]);
  });

  test('tells what of a value does not count, or is more than was meant, and no value', () => {
    const { values, remarks } = read(
      'SHOPIFY_API_SECRET=pass#word',
      'SHOPIFY_API_KEY="key',
      'PORT="80"',
      'LOG_LEVEL=#info',
    );
    assert.deepEqual(values, { SHOPIFY_API_SECRET: 'pass', SHOPIFY_API_KEY: 'key\nPORT=', LOG_LEVEL: '' });
    assert.deepEqual(remarks, [
      'The file .env, line 1: of SHOPIFY_API_SECRET what follows # does not count: put the value in quotes',
      'The file .env, line 2: the quote of SHOPIFY_API_KEY is not closed there, so its value goes on to line 3',
      'The file .env, line 4: of LOG_LEVEL what follows # does not count: put the value in quotes',
    ]);
  });

  test('tells a setting that stands twice', () => {
    const { values, remarks } = read('PORT=1', 'PORT=2', 'TZ=1', 'TZ=2');
    assert.deepEqual(values, { PORT: '2', TZ: '2' });
    assert.deepEqual(remarks, ['The file .env, line 2: PORT stands there once more, and the last counts']);
  });
});
