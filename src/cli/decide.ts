import { findServer } from '#app.ts';
import type { App } from '#app.ts';
import type { FailureCode } from '#core/failure.ts';
import { calledOf } from '#core/settlement.ts';
import type { OrderRecord } from '#pipeline/ports.ts';
import { decideOrder, putAside } from '#pipeline/release.ts';
import type { Decision } from '#pipeline/release.ts';
import { CommandError, DONE, FAILED, USAGE } from './command-error.ts';
import { withApp } from './context.ts';
import type { CommandContext } from './context.ts';
import { findSubject } from './find-subject.ts';
import { paragraph } from './output.ts';
import type { Output } from './output.ts';
import { takenUp } from './retry.ts';

/** A person answers what waits on an order. Nothing is called here; whoever serves the database does the work. */

const MEANINGS: Readonly<Record<Decision, string>> = {
  keep: 'FreshBooks is left as it stands, and whatever the shop says from now on, nothing is changed for this order',
  restore: 'what was changed in FreshBooks is written over with what the shop says',
  accept: 'what stands in FreshBooks is taken as right, and later changes go from there',
  'open-day': 'what lies on closed days is booked on the first open day, with its own date in the notes',
  'already-booked': 'what lies on closed days is in the books already, and is not booked',
};

export async function decide(
  context: CommandContext,
  { order, decision }: { readonly order: string; readonly decision: Decision },
): Promise<number> {
  const { output } = context;
  return withApp(context, async (app) => {
    const { store, clock, config } = app;
    const subject = await findSubject(app, order);
    if (subject.kind === 'delivery') {
      return decideMessage(app, output, { id: subject.delivery.id, decision });
    }
    const { key } = subject.record;
    const decided = await decideOrder(store, key, { decision, now: clock.now() });
    switch (decided.outcome) {
      case 'no-order':
        throw new CommandError(`There is no ${calledOf(subject.record)} any more`, FAILED);
      case 'not-asked':
        throw new CommandError(notAsked(subject.record, decision, decided.asked), FAILED);
      case 'decided': {
        const isServed = findServer(config, clock) !== undefined;
        output.json({ order: key, decision, closedHolds: decided.closedHolds, isServed });
        const texts = [`${atStart(calledOf(subject.record))}: ${MEANINGS[decision]}`, takenUp(isServed)];
        texts.flatMap((text) => paragraph(output, text)).forEach((line) => output.print(line));
        return DONE;
      }
    }
  });
}

async function decideMessage(
  { store, clock }: App,
  output: Output,
  { id, decision }: { readonly id: string; readonly decision: Decision },
): Promise<number> {
  if (decision !== 'keep') {
    throw new CommandError(`Of a message only "keep" can be said: it was seen to and waits no longer`, USAGE);
  }
  if (!(await putAside(store, id, clock.now()))) {
    throw new CommandError(`Message ${id} does not wait for anything`, FAILED);
  }
  output.json({ delivery: id, decision });
  output.print(`Message ${id} was seen to and waits no longer`);
  return DONE;
}

function atStart(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function notAsked(record: OrderRecord, decision: Decision, asked: readonly FailureCode[]): string {
  const called = calledOf(record);
  return asked.length === 0
    ? `Nothing waits for a decision on ${called}`
    : `"${decision}" answers nothing that waits on ${called} (${asked.join(', ')}). See counterfoil explain '${record.name}'`;
}
