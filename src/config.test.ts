import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from './config.ts';

const refusal = (settings: Readonly<Record<string, string>>): string => {
  try {
    readConfig(settings);
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
  return '';
};

test('an address with a password is refused, and the password is not told', () => {
  for (const name of ['FRESHBOOKS_API_URL', 'FRESHBOOKS_AUTH_URL', 'COUNTERFOIL_PUBLIC_URL']) {
    for (const text of [
      'https://me:hush@localhost',
      'ftp://me:hush@localhost',
      'https://me:hush@',
      '//:hush@',
    ]) {
      const problem = refusal({ [name]: text });
      assert.match(problem, new RegExp(`^${name}: `));
      assert.doesNotMatch(problem, /hush/, text);
    }
  }
});

test('a retention is a whole number of days from one', () => {
  for (const text of ['0', '-1', '1.5', 'a month', '36501']) {
    assert.match(refusal({ RETENTION_DAYS: text }), /^RETENTION_DAYS: /, text);
  }
  assert.equal(readConfig({ RETENTION_DAYS: '30' }).retentionDays, 30);
  assert.equal(readConfig({}).retentionDays, undefined);
});
