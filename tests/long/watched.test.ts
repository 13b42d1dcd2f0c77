import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { watched } from '#tests/fuzz/watched.ts';

/** Small and soon, so that what is wrong shows at once. */
const LIMITS = { table: './faulty-targets.ts', inputMsMax: 1000, heapMbMax: 64 };

void describe('what watches random input', () => {
  const thread = watched(LIMITS);
  after(() => thread.close());
  const messageOf = async (target: string): Promise<string> => {
    const answer = await thread.run({ target, runs: 200, seed: 1 });
    return answer.outcome === 'broken' ? answer.message : `held: ${answer.seen.join()}`;
  };

  for (const { target, message } of [
    { target: 'loops', message: /Input 1 of seed 1 took more than 1000 ms/ },
    { target: 'waits for ever', message: /Input 1 of seed 1 took more than 1000 ms/ },
    { target: 'is right', message: /held: delivery-empty,200/ },
    { target: 'keeps all', message: /of seed 1 took more than 64 MB/ },
    { target: 'throws', message: /Counterexample: \[501\][^]+input\.x is undefined/ },
    { target: 'fails by another name', message: /token-missing: Elsewhere/ },
    { target: 'says that it is a fault', message: /AssertionError.*Fault/ },
    { target: 'says too much', message: /10000 characters of delivery-malformed/ },
    { target: 'nobody has', message: /There is no target "nobody has"/ },
  ]) {
    void test(`sees what ${target}`, async () => assert.match(await messageOf(target), message));
  }
});
