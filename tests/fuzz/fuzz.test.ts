import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { SEED } from '#tests/law.ts';
import { TARGETS } from './targets.ts';
import { watched } from './watched.ts';

/** Whatever others send or answer, it comes to one of the named outcomes, soon and in bounded memory; nothing accepted is lost. */

const TIMES = process.env['COUNTERFOIL_TEST_ALL'] === '1' ? 40 : 1;

void describe('random input', () => {
  const thread = watched();
  after(() => thread.close());

  for (const { name, runs } of TARGETS) {
    void test(name, async (context) => {
      context.diagnostic(`FC_SEED=${SEED}`);
      const answer = await thread.run({ target: name, runs: runs * TIMES, seed: SEED });
      assert.ok(answer.outcome === 'held', answer.outcome === 'broken' ? answer.message : '');
      assert.ok(answer.seen.length > 1, `All inputs came to the same: ${answer.seen.join()}`);
    });
  }
});
