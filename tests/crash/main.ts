import { parseArgs } from 'node:util';
import { crash } from '#tests/crash/crash.ts';
import type { CrashReport } from '#tests/crash/crash.ts';

/** `npm run crash -- --kills 500 --seed 1`: ends with 1 when the books are not right after it. */
const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    seed: { type: 'string' },
  },
});

const kills = whole('kills', values.kills);
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : whole('seed', values.seed); // oxlint-disable-line no-restricted-properties -- printed, so it can be given again
console.log(`seed ${seed}, ${kills} kills`);
show(await crash({ seed, kills, tell: (line) => console.log(line) }));

function whole(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0) {
    throw new RangeError(`--${name} must be a whole number, not "${text}"`);
  }
  return number;
}

function show({ kills: at, ...report }: CrashReport): void {
  const { orders, events, messages, again, calls, seconds } = report;
  console.log(`${at.all} kills in ${seconds.toFixed(0)} s, ${orders} orders, ${events} events`);
  console.log(
    `${messages} webhooks acknowledged, ${again} sent again, ${calls} calls answered by FreshBooks`,
  );
  console.log('of the kills');
  console.log(`  ${at.starting} before it listened`);
  console.log(`  ${at.calling} with a call to FreshBooks unanswered, ${at.writing} of them one that writes`);
  console.log(`  ${at.receiving} with a webhook unanswered`);
  console.log(`  ${at.committing} within a commit, between its first page in the log and its last`);
  console.log('orders that end in a question');
  for (const [code, count] of [...report.questions].sort(([a], [b]) => (a < b ? -1 : 1))) {
    console.log(`  ${String(count).padStart(4)}  ${code}`);
  }
}
