import type { Step } from '#core/document.ts';
import type { Booked } from '#core/ledger.ts';
import { asKnown } from '#core/plan.ts';
import { stepName, taskOf } from './ledger-writer.ts';
import { mayStandAlready } from './machine.ts';
import type { Run, Subject } from './machine.ts';

/**
 * Orders in a database that was put back to an earlier state: between the two more was booked, of which only the books know.
 * What is new is looked for before it is written; what is known is looked at before anything is planned upon it.
 */

/**
 * The step that would put back what stands otherwise than this database knows it; nothing when all is as it knows, or is
 * about to be changed by the plan itself, which looks first. Written, it asks a person like any edit in the books.
 */
export async function changedSince(
  run: Run,
  subject: Subject,
  { steps, booked }: { readonly steps: readonly Step[]; readonly booked: Booked },
): Promise<Step | undefined> {
  if (!mayStandAlready(run, subject)) {
    return undefined;
  }
  const planned = new Set(steps.map(thingOf));
  const isOwn = booked.invoices.every(({ isAdopted }) => !isAdopted);
  for (const step of isOwn ? asKnown(subject.order, booked) : []) {
    const thing = thingOf(step);
    if (!planned.has(thing) && !run.looked.has(thing)) {
      const standing = await run.route.books.find(taskOf(run, subject, { step, booked }));
      if (standing.state === 'unclear') {
        return step;
      }
      run.looked.add(thing);
    }
  }
  return undefined;
}

/** What a step changes. */
function thingOf(step: Step): string {
  switch (step.kind) {
    case 'lines':
    case 'void':
      return `invoice ${step.invoice}`;
    case 'payment-change':
      return `payment ${step.payment}`;
    default:
      return stepName(step);
  }
}
