import type { App } from '#app.ts';
import { CATALOGUE } from '#core/failure.ts';
import { settlementIn } from '#core/ids.ts';
import { orderOf } from '#core/settlement.ts';
import { parseZone } from '#core/time.ts';
import { instantJson } from '#operator/json.ts';
import { readStory, storyJson } from '#operator/order-story.ts';
import type { Story } from '#operator/order-story.ts';
import type { Delivery, OrderRecord } from '#pipeline/ports.ts';
import { DONE } from './command-error.ts';
import { withApp } from './context.ts';
import type { CommandContext } from './context.ts';
import { sellerOf, timelineOf } from './explain-timeline.ts';
import { proofText } from './explain-proof.ts';
import { findSubject } from './find-subject.ts';
import { stateCell } from './orders.ts';
import { facts, wrapped } from './output.ts';
import type { Output } from './output.ts';
import { plain } from './text-width.ts';
import { showTime } from './time-text.ts';

/** One order, from its deliveries to the cent; or one message. */

const UTC = parseZone('Z');

export async function explain(context: CommandContext, order: string): Promise<number> {
  const { output } = context;
  return withApp(context, async (app) => {
    const subject = await findSubject(app, order);
    if (subject.kind === 'delivery') {
      await explainDelivery(app, output, subject.delivery);
      return DONE;
    }
    await explainOrder(app, output, subject.record);
    return DONE;
  });
}

export async function explainOrder(app: App, output: Output, record: OrderRecord): Promise<void> {
  const story = await readStory(app.store.read, record, app.sourceOf);
  output.json(storyJson(story, app.preview));
  orderText(app, output, story);
}

function orderText(app: App, output: Output, story: Story): void {
  const { record, zone } = story;
  const seller = sellerOf(record);
  const { paint } = output;
  const print = (lines: readonly string[]): void => lines.forEach((line) => output.print(line));
  const state = stateCell(record.state);
  const shop = record.snapshot === undefined ? '' : ` of ${record.snapshot.shop}`;
  const isPayout = settlementIn(record.key) !== undefined;
  const { datedBy } = orderOf(record.snapshot) ?? {};
  output.print(paint(plain(`${isPayout ? 'The' : 'Order'} ${record.name}${shop}`), 'bold'));
  print(
    facts(output, [
      { name: 'Key', value: record.key },
      { name: 'State', value: state.text + (record.isDeleted ? ', deleted in the shop' : '') },
      ...(record.reason === undefined ? [] : [{ name: 'Why', value: record.reason }]),
      ...(record.snapshot === undefined
        ? []
        : [{ name: isPayout ? 'Last in it' : 'Placed', value: showTime(record.snapshot.placedAt, zone) }]),
      ...(datedBy === undefined ? [] : [{ name: 'Dated by', value: datedBy }]),
      ...(record.dueAt === undefined ? [] : [{ name: 'Next look', value: showTime(record.dueAt, zone) }]),
      ...(record.attempts === 0 ? [] : [{ name: 'Failed tries', value: String(record.attempts) }]),
      {
        name: 'Times',
        value: zone === 'Z' ? 'UTC' : `the ${seller === 'Amazon' ? 'store' : 'shop'}’s own, ${zone}`,
      },
    ]),
  );
  print(['', paint('What happened', 'bold'), ...timelineText(output, story)]);
  print(proofText(app, output, story));
}

function timelineText(output: Output, story: Story): string[] {
  return timelineOf(story).flatMap(({ at, what, texts, colour }) => {
    const time = showTime(at, story.zone);
    const lead = ' '.repeat(2);
    const lines = texts.flatMap((text) => wrapped(plain(text), output.columns - 4));
    const title = colour === undefined ? what : output.paint(what, colour);
    return [`${output.paint(time, 'dim')}${lead}${title}`, ...lines.map((line) => `    ${line}`)];
  });
}

async function explainDelivery({ store: { read } }: App, output: Output, delivery: Delivery): Promise<void> {
  const holds = await read.holds({ delivery: delivery.id });
  const { id, topic, connection, receivedAt, state, reason, order, body, bodySha256, headers } = delivery;
  const { redactedAt } = delivery;
  output.json({
    delivery: `delivery:${id}`,
    connection,
    externalId: delivery.externalId,
    topic,
    receivedAt: instantJson(receivedAt),
    state,
    reason: reason ?? null,
    order: order ?? null,
    bytes: redactedAt === undefined ? body.byteLength : null,
    redactedAt: instantJson(redactedAt),
    bodySha256,
    headers,
    holds: holds.map((hold) => ({
      code: hold.code,
      sentence: CATALOGUE[hold.code].sentence,
      detail: hold.detail,
      openedAt: instantJson(hold.openedAt),
      closedAt: instantJson(hold.closedAt),
      closedBecause: hold.closedBecause ?? null,
    })),
  });
  output.print(output.paint(`Message ${id} of connection ${connection}`, 'bold'));
  const lines = facts(output, [
    { name: 'Topic', value: topic },
    { name: 'Received', value: `${showTime(receivedAt, UTC)} UTC` },
    { name: 'State', value: state },
    ...(reason === undefined ? [] : [{ name: 'Why', value: reason }]),
    ...holds.map((hold) => ({
      name: hold.closedAt === undefined ? 'Waits for you' : 'Was asked',
      value: `${CATALOGUE[hold.code].sentence}${hold.closedBecause === undefined ? '' : `. Closed: ${hold.closedBecause}`}`,
    })),
    ...(order === undefined ? [] : [{ name: 'Order', value: `${order}: counterfoil explain ${order}` }]),
    {
      name: 'Body',
      value:
        redactedAt === undefined
          ? `${body.byteLength} bytes, sha256 ${bodySha256}`
          : `redacted on ${showTime(redactedAt, UTC)} UTC, sha256 ${bodySha256}`,
    },
    ...Object.entries(headers).map(([name, value]) => ({ name, value })),
  ]);
  lines.forEach((line) => output.print(line));
}
