import { createHash } from 'node:crypto';
import { failedOnce, tidingsFor } from '#core/alarm.ts';
import type { Alarm, ChannelState, TellingTerms, Tidings } from '#core/alarm.ts';
import { messageOf, testMessage } from '#core/alarm-message.ts';
import type { AlarmMessage } from '#core/alarm-message.ts';
import { asFailure } from '#core/failure.ts';
import { fromJson, toJson } from '#core/json.ts';
import type { Clock, Instant } from '#core/time.ts';
import type { AlarmChannel, Emit, Reader, Store, Writer } from './ports.ts';

/**
 * Tells one channel what it has not been told. What it was told is written once it took the message, so a crash between the
 * two tells it twice, under one id, and never not at all. A process that could not write it down, as when the disk is full,
 * remembers it, and tells nobody the same every few seconds.
 */
export interface Teller {
  readonly store: Store;
  readonly clock: Clock;
  readonly emit: Emit;
  /** Which installation speaks. */
  readonly place: string;
  /** By channel the id of the message that it took last. */
  readonly taken?: Map<string, string>;
}

export async function channelState(read: Pick<Reader, 'setting'>, channel: string): Promise<ChannelState> {
  const text = await read.setting(settingOf(channel));
  return text === undefined ? {} : fromJson<ChannelState>(text);
}

/** Sends what is to be told now, if anything is and the channel may be tried. Throws a Failure `database-…` only. */
export async function tell(
  teller: Teller,
  channel: AlarmChannel,
  { alarms, ...terms }: Omit<TellingTerms, 'channel'> & { readonly alarms: readonly Alarm[] },
): Promise<void> {
  const { failing } = await channelState(teller.store.read, channel.name);
  if (failing !== undefined && failing.retryAt > terms.now) {
    return;
  }
  const tidings = tidingsFor(alarms, { ...terms, channel: channel.name });
  if (tidings === undefined) {
    return;
  }
  const message = messageFor(channel, tidings, { at: terms.now, place: teller.place });
  if (await deliver(teller, channel, message)) {
    await teller.store.transact((tx) => recordTold(tx, { channel: channel.name, tidings, at: terms.now }));
    const count = tidings.raised.length + tidings.again.length + tidings.over.length;
    teller.emit({ name: 'alarms told', level: 'info', fields: { channel: channel.name, count } });
  }
}

/** Says through a channel that it works; whether it took it. What became of it is kept like that of any message. */
export async function tellTest(teller: Teller, channel: AlarmChannel): Promise<boolean> {
  const at = teller.clock.now();
  const id = createHash('sha256').update(`test ${channel.name} ${at}`).digest('hex').slice(0, ID_LENGTH);
  return deliver(teller, channel, { ...testMessage({ at, place: teller.place }), id });
}

async function deliver(
  { store, clock, emit, taken }: Teller,
  channel: AlarmChannel,
  message: AlarmMessage,
): Promise<boolean> {
  try {
    if (taken?.get(channel.name) !== message.id) {
      await channel.send(message);
      taken?.set(channel.name, message.id);
    }
  } catch (thrown) {
    const failedAt = clock.now();
    const state = await store.transact(async (tx) => {
      const before = await channelState(tx, channel.name);
      const failed = failedBy(thrown, channel, { before, now: failedAt });
      await tx.putSetting(settingOf(channel.name), toJson(failed));
      return failed;
    });
    emitFailed(emit, channel, state);
    return false;
  }
  const state: ChannelState = { sentAt: clock.now() };
  await store.transact((tx) => tx.putSetting(settingOf(channel.name), toJson(state)));
  return true;
}

/** How the channel fails from now on. */
export function failedBy(
  thrown: unknown,
  { name }: AlarmChannel,
  { before, now }: { readonly before: ChannelState; readonly now: Instant },
): ChannelState {
  const { code, message: problem, retryAt } = asFailure(thrown, `Cannot send by ${name}`);
  return failedOnce(before, { code, problem, now, ...(retryAt === undefined ? {} : { retryAt }) });
}

export function emitFailed(emit: Emit, { name }: AlarmChannel, { failing }: ChannelState): void {
  if (failing !== undefined) {
    const { code, problem, attempts } = failing;
    const fields = { channel: name, code, detail: problem, attempts };
    emit({ name: 'alarm channel failed', level: 'error', fields });
  }
}

async function recordTold(
  tx: Writer,
  { channel, tidings, at }: { channel: string; tidings: Tidings; at: Instant },
): Promise<void> {
  for (const alarm of [...tidings.raised, ...tidings.again]) {
    // In the words in which it was told.
    await tx.putAlarm(alarm);
    await tx.putTelling(alarm.key, { channel, toldAt: at });
  }
  for (const { key, tellings } of tidings.over) {
    const toldAt = tellings.find((telling) => telling.channel === channel)?.toldAt ?? at;
    await tx.putTelling(key, { channel, toldAt, overToldAt: at });
  }
}

const ID_LENGTH = 32;

export function messageFor(
  { name }: AlarmChannel,
  tidings: Tidings,
  told: Parameters<typeof messageOf>[1],
): AlarmMessage {
  return { ...messageOf(tidings, told), id: idOf(tidings, name) };
}

function idOf({ raised, again, over }: Tidings, channel: string): string {
  const content = [
    channel,
    ...raised.map(({ key, raisedAt }) => `raised ${key} ${raisedAt}`),
    ...again.map(({ key, tellings }) => `again ${key} ${toJson(tellings)}`),
    ...over.map(({ key, overAt }) => `over ${key} ${overAt}`),
  ];
  return createHash('sha256').update(content.join('\n')).digest('hex').slice(0, ID_LENGTH);
}

function settingOf(channel: string): string {
  return `alarm-channel:${channel}`;
}
