import { findServer } from '#app.ts';
import { FRESHBOOKS } from '#connections.ts';
import type { App } from '#app.ts';
import { again } from '#operator/again.ts';
import type { Released } from '#operator/again.ts';
import type { Delivery } from '#pipeline/ports.ts';
import { releaseDelivery } from '#pipeline/release.ts';
import { CommandError, DONE, FAILED, USAGE } from './command-error.ts';
import { withApp } from './context.ts';
import type { CommandContext } from './context.ts';
import { findSubject } from './find-subject.ts';
import type { CommandSubject } from './find-subject.ts';
import { paragraph } from './output.ts';

/** A person says: try again. Nothing is called here; whoever serves the database does the work. */

/** As many as are released at once; the rest at the next call. */
const HELD_MAX = 1000;

export interface RetryOptions {
  readonly order: string | undefined;
  readonly isAllHeld: boolean;
}

export async function retry(context: CommandContext, { order, isAllHeld }: RetryOptions): Promise<number> {
  if ((order === undefined) !== isAllHeld) {
    throw new CommandError('Name one order or message, or say --all-held', USAGE);
  }
  const { output } = context;
  return withApp(context, async (app) => {
    const subjects = order === undefined ? await allHeld(app) : [await findSubject(app, order)];
    const released: Released[] = [];
    for (const subject of subjects) {
      released.push(
        subject.kind === 'order'
          ? await again(app, subject.record, { account: FRESHBOOKS, isOfMany: isAllHeld })
          : await readAgain(app, subject.delivery),
      );
    }
    const server = findServer(app.config, app.clock);
    output.json({ released, isServed: server !== undefined });
    const texts = [...released.map(({ text }) => text), closing(released, server !== undefined)];
    texts.flatMap((text) => paragraph(output, text)).forEach((line) => output.print(line));
    return released.every(({ isDone }) => isDone) ? DONE : FAILED;
  });
}

async function allHeld({ store }: App): Promise<CommandSubject[]> {
  const orders = await store.read.orders({ state: 'held', limit: HELD_MAX });
  const deliveries = await store.read.deliveries({ state: 'held', limit: HELD_MAX });
  return [
    ...orders.map((record) => ({ kind: 'order' as const, record })),
    ...deliveries.map((delivery) => ({ kind: 'delivery' as const, delivery })),
  ];
}

async function readAgain({ store, clock }: App, delivery: Delivery): Promise<Released> {
  const { id, topic, state, redactedAt } = delivery;
  const isDone = await releaseDelivery(store, id, clock.now());
  return {
    what: `delivery:${id}`,
    isDone,
    text: isDone
      ? `Message ${id} (${topic}) is read again`
      : redactedAt === undefined
        ? `Message ${id} (${topic}) is ${state}, not held: there is nothing to read again`
        : `Message ${id} (${topic}) was redacted: there is nothing to read again`,
  };
}

function closing(released: readonly Released[], isServed: boolean): string {
  if (released.length === 0) {
    return 'Nothing is held';
  }
  if (!released.some(({ isDone }) => isDone)) {
    return 'Nothing was changed';
  }
  return takenUp(isServed);
}

export function takenUp(isServed: boolean): string {
  return isServed
    ? 'The running server takes it up within a second: counterfoil explain shows what became of it'
    : 'No server serves this database now: it is taken up when counterfoil serve runs';
}
