import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutContacts } from './contacts.ts';

/** An answer may hold eight megabytes; that nothing takes the square of its length shows long before. */
const LONG = 'a'.repeat(200_000);

test('what looks like an e-mail address is taken out whole, and nothing else', () => {
  const sentences = {
    'Ann ann@example.com bought it': 'Ann … bought it',
    'a@b,c@d <e@f> "g@h"': '… <…> "…"',
    '@b and a@ and @ and @@': '@b and a@ and @ and @@',
    '@@@ and @a@b and a@@': '… and … and …',
    'mail:ann@example.com.': '…',
  };
  for (const [sentence, expected] of Object.entries(sentences)) {
    assert.equal(withoutContacts(sentence, []), expected);
  }
});

test('a long text without a space takes no longer than its length', () => {
  const started = performance.now();
  assert.equal(withoutContacts(`a@b ${LONG}`, []), `… ${LONG}`);
  assert.equal(withoutContacts(`@ ${LONG} ${LONG}@`, []), `@ ${LONG} ${LONG}@`);
  assert.ok(performance.now() - started < 5000, 'a square takes minutes');
});
