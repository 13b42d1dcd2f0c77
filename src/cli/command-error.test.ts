import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CATALOGUE, Failure } from '#core/failure.ts';
import type { FailureCode } from '#core/failure.ts';
import { explained } from './command-error.ts';

/** What the server does once it fails, and no command does once it has ended. */
const PROMISES = /tried again|read again|asked again|goes on|looked for before|waits as long|others go on/;

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its own keys
for (const code of Object.keys(CATALOGUE) as FailureCode[]) {
  test(`a command that ends with "${code}" promises nothing that would need it to go on`, () => {
    const { advice } = explained(new Failure(code, { detail: 'Cannot do it' }));
    assert.doesNotMatch(advice, PROMISES);
  });
}

test('a command that could not reach the other side says to run it again', () => {
  const { advice } = explained(new Failure('request-unreachable', { detail: 'Cannot ask the shop' }));
  assert.match(advice, /cannot be reached\. Check .*, then run the command again$/);
});
