import * as fc from 'fast-check';
import { TEXT_TARGETS } from './texts.ts';
for (const t of TEXT_TARGETS.slice(0,2)) {
  const o = await t.open();
  const began = performance.now();
  const r = await fc.check(o.property as never, { numRuns: Number(process.argv[2] ?? t.runs), seed: 3 });
  console.log(
    t.name,
    Math.round(performance.now() - began),
    r.failed ? fc.defaultReportMessage(r as never).slice(0, 1500) : 'ok',
  );
}
