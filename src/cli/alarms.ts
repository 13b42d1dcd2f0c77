import type { App } from '#app.ts';
import { isRaised } from '#core/alarm.ts';
import type { Alarm, ChannelState, Telling } from '#core/alarm.ts';
import { headingOf } from '#core/alarm-message.ts';
import { instant } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
import { channelState, tellTest } from '#pipeline/alarm-teller.ts';
import { ALARMS_KEPT_MS } from '#pipeline/alarm-watch.ts';
import type { PipelineEvent } from '#pipeline/ports.ts';
import { CommandError, DONE, FAILED } from './command-error.ts';
import { withApp } from './context.ts';
import type { CommandContext } from './context.ts';
import { counted, paragraph, table } from './output.ts';
import type { Cell, Column, Output, Row } from './output.ts';
import { instantJson } from '#operator/json.ts';
import { showDuration } from './time-text.ts';

/** What is raised now, who was told of it, and how the channels fare. */

/** The newest of what is over; the rest stands under --json. */
const OVER_LISTED = 10;

const NOBODY_TOLD =
  'No channel is configured, so nobody is told: set ALARM_EMAIL_TO, ALARM_SLACK_URL or ALARM_WEBHOOK_URL';

export async function alarms(context: CommandContext, action: string): Promise<number> {
  return withApp(context, (app) => (action === 'test' ? test(context, app) : list(context, app)));
}

interface Channel {
  readonly name: string;
  readonly state: ChannelState;
}

async function channelsOf({ alarmChannels, store }: App): Promise<Channel[]> {
  return Promise.all(
    alarmChannels.map(async ({ name }) => ({ name, state: await channelState(store.read, name) })),
  );
}

async function list({ output }: CommandContext, app: App): Promise<number> {
  const now = app.clock.now();
  const known = await app.store.read.alarms({ overAfter: instant(now - ALARMS_KEPT_MS) });
  const raised = known.filter(isRaised);
  const over = known
    .filter(({ overAt, tellings }) => overAt !== undefined && tellings.length > 0)
    .toSorted((a, b) => (b.overAt ?? 0) - (a.overAt ?? 0));
  const channels = await channelsOf(app);
  output.json({
    raised: raised.map(alarmJson),
    over: over.map(alarmJson),
    channels: channels.map(channelJson),
  });
  if (raised.length === 0) {
    output.print('No alarm is raised');
  } else {
    const rows = raised.flatMap((alarm) => raisedRows(alarm, now));
    table(output, RAISED_COLUMNS, rows).forEach((line) => output.print(line));
  }
  if (over.length > 0) {
    output.print();
    const rows = over.slice(0, OVER_LISTED).map((alarm) => overRow(alarm, now));
    table(output, OVER_COLUMNS, rows).forEach((line) => output.print(line));
  }
  output.print();
  printChannels(output, channels, now);
  return DONE;
}

const RAISED_COLUMNS: readonly Column[] = [
  { title: 'Raised', isFlexible: true },
  { title: 'Since', align: 'right' },
  { title: 'Told' },
];
const OVER_COLUMNS: readonly Column[] = [
  { title: 'Over', isFlexible: true },
  { title: 'Ago', align: 'right' },
  { title: 'Told' },
];

function raisedRows(alarm: Alarm, now: Instant): Row[] {
  const { sinceAt, sentence, remedy, raisedAt } = alarm;
  const told = alarm.tellings.filter(({ toldAt }) => toldAt >= (raisedAt ?? now));
  const cell: Cell =
    told.length === 0 ? { text: 'not yet', colour: 'yellow' } : { text: toldText(told, now, 'toldAt') };
  return [[oneHeading(alarm), showDuration(now - sinceAt), cell], { note: `${sentence}. ${remedy}` }];
}

function overRow(alarm: Alarm, now: Instant): Row {
  const overAt = alarm.overAt ?? now;
  const told = alarm.tellings.filter(({ overToldAt }) => overToldAt !== undefined && overToldAt >= overAt);
  return [oneHeading(alarm), showDuration(now - overAt), toldText(told, now, 'overToldAt')];
}

function oneHeading({ kind, subject }: Alarm): string {
  return headingOf({ kind, count: 1, subjects: [subject] });
}

function toldText(tellings: readonly Telling[], now: Instant, which: 'toldAt' | 'overToldAt'): string {
  return tellings
    .map((telling) => `${telling.channel} ${showDuration(now - (telling[which] ?? now))} ago`)
    .join(', ');
}

function printChannels(output: Output, channels: readonly Channel[], now: Instant): void {
  if (channels.length === 0) {
    paragraph(output, NOBODY_TOLD, 'yellow').forEach((line) => output.print(line));
  }
  for (const { name, state } of channels) {
    const { failing, sentAt } = state;
    if (failing === undefined) {
      const last = sentAt === undefined ? 'nothing sent yet' : `last sent ${showDuration(now - sentAt)} ago`;
      output.print(`Channel ${name}: ${last}`);
    } else {
      const text = `Channel ${name} has failed for ${showDuration(now - failing.since)}, ${counted(failing.attempts, 'attempt')}: ${failing.problem}`;
      paragraph(output, text, 'red').forEach((line) => output.print(line));
    }
  }
}

interface Tested {
  readonly channel: string;
  readonly isTaken: boolean;
  readonly problem: string | null;
}

async function test({ output }: CommandContext, app: App): Promise<number> {
  if (app.alarmChannels.length === 0) {
    throw new CommandError(NOBODY_TOLD);
  }
  const { store, clock, config } = app;
  const problems = new Map<string, string>();
  const emit = ({ fields }: PipelineEvent): void =>
    void problems.set(String(fields['channel']), String(fields['detail']));
  const teller = { store, clock, emit, place: config.shopify?.shopDomain ?? '' };
  const tested = await Promise.all(
    app.alarmChannels.map(async (channel): Promise<Tested> => {
      const isTaken = await tellTest(teller, channel);
      return { channel: channel.name, isTaken, problem: problems.get(channel.name) ?? null };
    }),
  );
  output.json({ channels: tested });
  for (const { channel, isTaken, problem } of tested) {
    const text = isTaken ? `${channel}: taken` : `${channel}: failed. ${problem ?? ''}`;
    paragraph(output, text, isTaken ? 'green' : 'red').forEach((line) => output.print(line));
  }
  if (tested.some(({ isTaken }) => isTaken)) {
    output.print('Look whether the test arrived where a person reads it');
  }
  return tested.every(({ isTaken }) => isTaken) ? DONE : FAILED;
}

function alarmJson(alarm: Alarm): unknown {
  return {
    kind: alarm.kind,
    code: alarm.code ?? null,
    connection: alarm.connection ?? null,
    order: alarm.order ?? null,
    subject: alarm.subject,
    sentence: alarm.sentence,
    remedy: alarm.remedy,
    sinceAt: instantJson(alarm.sinceAt),
    raisedAt: instantJson(alarm.raisedAt),
    overAt: instantJson(alarm.overAt),
    told: alarm.tellings.map(({ channel, toldAt, overToldAt }) => ({
      channel,
      toldAt: instantJson(toldAt),
      overToldAt: instantJson(overToldAt),
    })),
  };
}

function channelJson({ name, state: { sentAt, failing } }: Channel): unknown {
  return {
    name,
    sentAt: instantJson(sentAt),
    failing:
      failing === undefined
        ? null
        : {
            since: instantJson(failing.since),
            attempts: failing.attempts,
            code: failing.code,
            problem: failing.problem,
          },
  };
}
