import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSameProof } from './same-proof.ts';

test('only the expected proof is the same, to the byte', () => {
  assert.equal(isSameProof('3+Yq/TpwjqJ7', '3+Yq/TpwjqJ7'), true);
  for (const given of ['', '3+Yq/TpwjqJ', '3+Yq/TpwjqJ8', '3+Yq/TpwjqJ7 ', '3+yq/TpwjqJ7', '3+Yq/TpwjqÄ']) {
    assert.equal(isSameProof(given, '3+Yq/TpwjqJ7'), false, given);
  }
  // As many characters and more bytes.
  assert.equal(isSameProof('ä', 'a'), false);
});
