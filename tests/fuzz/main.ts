import { parseArgs } from 'node:util';
import { TARGETS } from './targets.ts';
import { watched } from './watched.ts';

/** `npm run fuzz -- --times 100 --seed 1 --target "answers of"`: any number of random inputs; ends with 1 when one does not hold. */
const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 0x7fff_ffff)) },
    target: { type: 'string', default: '' },
  },
});
const thread = watched();
const [times, seed] = [Number(values.times), Number(values.seed)];
console.log(`FC_SEED=${seed}`);
for (const { name, runs } of TARGETS.filter((target) => target.name.includes(values.target))) {
  const began = performance.now();
  const answer = await thread.run({ target: name, runs: runs * times, seed });
  const took = `${runs * times} inputs in ${Math.round((performance.now() - began) / 1000)} s`;
  if (answer.outcome === 'broken') {
    process.exitCode = 1;
    console.error(`${name}: ${took}\n${answer.message}`);
  } else {
    const counts = answer.seen.toSorted(([, a], [, b]) => b - a).map(([what, count]) => `${what} ${count}`);
    console.log(`${name}: ${took}\n  ${counts.join(', ')}`);
  }
}
await thread.close();
