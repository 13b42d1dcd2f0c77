import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from './log.ts';

test('what a stranger put into a header does nothing to the terminal that shows the log', () => {
  const lines: string[] = [];
  const emit = createLog('info', { write: (line) => void lines.push(line) });
  const why = 'The message is from the shop "a\u009B2J\u0007\u007F\u202Eb\u2028ü"';
  emit({ name: 'delivery refused', level: 'warn', fields: { why } });
  const [line = ''] = lines;
  assert.doesNotMatch(line.trimEnd(), /[\p{Cc}\u2028\u202E]/u);
  assert.equal((JSON.parse(line) as { why: string }).why, why, 'and it reads back as it was');
  assert.match(line, /ü/);
});
