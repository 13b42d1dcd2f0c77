import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { alarm, at } from '#tests/build.ts';
import { alarmChanges, channelKey, failedOnce, tidingsFor } from './alarm.ts';
import type { Alarm, ChannelState, Condition, Telling } from './alarm.ts';
import { HOUR, MINUTE, SECOND, after } from './time.ts';
import type { Instant } from './time.ts';

const NOW = at('2026-11-20T10:00:00Z');
const later = (ms: number): Instant => after(NOW, ms);
const GROUP_MS = 30 * SECOND;
const REPEAT_MS = 24 * HOUR;

function condition(parts: Partial<Condition> = {}): Condition {
  const { seenAt: _seen, raisedAt: _raised, tellings: _told, ...rest } = alarm();
  return { ...rest, patienceMs: 0, ...parts };
}

const changes = (known: readonly Alarm[], conditions: readonly Condition[], now = NOW) =>
  alarmChanges(known, conditions, { now, isCut: () => false });

void describe('an alarm', () => {
  void test('is raised when its condition is first seen, or watched while that must hold for a while', () => {
    const { put } = changes([], [condition({ key: 'a' }), condition({ key: 'b', patienceMs: MINUTE })]);
    assert.deepEqual(
      put.map(({ key, seenAt, raisedAt }) => [key, seenAt, raisedAt]),
      [
        ['a', NOW, NOW],
        ['b', NOW, undefined],
      ],
    );
  });

  void test('is raised once the condition has held for its patience, in the words of then', () => {
    const { raisedAt: _raised, ...watched } = alarm({ seenAt: NOW });
    const held = condition({ patienceMs: MINUTE, subject: 'Words of then' });
    assert.deepEqual(changes([watched], [held], later(MINUTE - 1)), { put: [], dropped: [] });
    const { put } = changes([watched], [held], later(MINUTE));
    assert.deepEqual(put, [{ ...watched, subject: 'Words of then', raisedAt: later(MINUTE) }]);
  });

  void test('that was only watched is dropped when its condition ends', () => {
    const { raisedAt: _raised, ...watched } = alarm();
    assert.deepEqual(changes([watched], []), { put: [], dropped: [watched.key] });
  });

  void test('that was raised is over when its condition ends, and does not change while it holds', () => {
    const raised = alarm();
    assert.deepEqual(changes([raised], [condition()]), { put: [], dropped: [] });
    assert.deepEqual(changes([raised], []), { put: [{ ...raised, overAt: NOW }], dropped: [] });
    assert.deepEqual(changes([{ ...raised, overAt: NOW }], [], later(HOUR)), { put: [], dropped: [] });
  });

  void test('of a kind that was not read to its end is not over', () => {
    const known = [alarm({ key: 'a', kind: 'held' }), alarm({ key: 'b', kind: 'paused' })];
    const { put } = alarmChanges(known, [], { now: NOW, isCut: (kind) => kind === 'held' });
    assert.deepEqual(
      put.map(({ key, overAt }) => [key, overAt]),
      [['b', NOW]],
    );
  });

  void test('that comes back at once is the same as before: nothing is told', () => {
    const told = alarm({ tellings: [{ channel: 'slack', toldAt: NOW }] });
    const { put } = changes([{ ...told, overAt: later(MINUTE) }], [condition()], later(2 * MINUTE));
    assert.deepEqual(put, [told]);
    assert.equal(tidings(put, later(HOUR)), undefined);
  });

  void test('that comes back after somebody was told that it is over is a new one', () => {
    const telling = { channel: 'slack', toldAt: NOW, overToldAt: later(2 * MINUTE) };
    const over = alarm({ overAt: later(MINUTE), tellings: [telling] });
    const { put } = changes([over], [condition()], later(3 * MINUTE));
    const [again] = put;
    assert.deepEqual(
      [again?.raisedAt, again?.seenAt, again?.overAt],
      [later(3 * MINUTE), later(3 * MINUTE), undefined],
    );
    assert.deepEqual(keysOf(tidings(put, later(HOUR))?.raised), [over.key]);
  });

  void test('that comes back after a while is a new one though nobody was told that it was over', () => {
    const over = alarm({ overAt: NOW, tellings: [{ channel: 'slack', toldAt: NOW }] });
    assert.equal(changes([over], [condition()], later(14 * MINUTE)).put[0]?.raisedAt, over.raisedAt);
    assert.equal(changes([over], [condition()], later(15 * MINUTE)).put[0]?.raisedAt, later(15 * MINUTE));
  });
});

const tidings = (alarms: readonly Alarm[], now: Instant, parts: { repeatMs?: number } = {}) =>
  tidingsFor(alarms, { channel: 'slack', now, groupMs: GROUP_MS, repeatMs: REPEAT_MS, ...parts });
const keysOf = (alarms: readonly Alarm[] | undefined): string[] => (alarms ?? []).map(({ key }) => key);
const raisedAt = (key: string, moment: Instant, parts: Partial<Alarm> = {}): Alarm =>
  alarm({ key, seenAt: moment, raisedAt: moment, ...parts });
const toldAt = (moment: Instant, parts: Partial<Telling> = {}): readonly Telling[] => [
  { channel: 'slack', toldAt: moment, ...parts },
];

void describe('a channel', () => {
  void test('is told of a new alarm after a moment, together with all that came meanwhile', () => {
    const alarms = [raisedAt('a', NOW), raisedAt('b', later(GROUP_MS - 1))];
    assert.equal(tidings(alarms, later(GROUP_MS - 1)), undefined);
    assert.deepEqual(keysOf(tidings(alarms, later(GROUP_MS))?.raised), ['a', 'b']);
  });

  void test('is told once, and again only when the window has passed and it is still so', () => {
    const told = [raisedAt('a', NOW, { tellings: toldAt(later(MINUTE)) })];
    assert.equal(tidings(told, later(MINUTE + REPEAT_MS - 1)), undefined);
    const { raised, again, over } = tidings(told, later(MINUTE + REPEAT_MS)) ?? {};
    assert.deepEqual([keysOf(raised), keysOf(again), keysOf(over)], [[], ['a'], []]);
    assert.equal(tidings(told, later(100 * REPEAT_MS), { repeatMs: 0 }), undefined, '0 never');
  });

  void test('is told again of several in one message, though the window of some has not passed yet', () => {
    const alarms = [
      raisedAt('a', NOW, { tellings: toldAt(NOW) }),
      raisedAt('b', NOW, { tellings: toldAt(later(REPEAT_MS / 2)) }),
      raisedAt('c', NOW, { tellings: toldAt(later(REPEAT_MS / 2 + 1)) }),
    ];
    assert.deepEqual(keysOf(tidings(alarms, later(REPEAT_MS))?.again), ['a', 'b']);
  });

  void test('is told that it is over what it was told of, once, and of nothing else', () => {
    const over = raisedAt('a', NOW, { overAt: later(HOUR), tellings: toldAt(later(MINUTE)) });
    const untold = raisedAt('b', NOW, { overAt: later(HOUR) });
    const another = raisedAt('c', NOW, {
      overAt: later(HOUR),
      tellings: [{ channel: 'mail-1', toldAt: NOW }],
    });
    const due = later(HOUR + GROUP_MS);
    assert.equal(tidings([over, untold, another], later(HOUR + GROUP_MS - 1)), undefined);
    assert.deepEqual(keysOf(tidings([over, untold, another], due)?.over), ['a']);
    const done = { ...over, tellings: toldAt(later(MINUTE), { overToldAt: due }) };
    assert.equal(tidings([done, untold, another], later(9 * HOUR)), undefined);
  });

  void test('is told of further alarms of one cause in one message after a while, and of another at once', () => {
    const first = raisedAt('a', NOW, { code: 'books-refused', tellings: toldAt(later(MINUTE)) });
    const second = raisedAt('b', later(2 * MINUTE), { code: 'books-refused' });
    const third = raisedAt('c', later(3 * MINUTE), { code: 'books-refused' });
    const other = raisedAt('d', later(3 * MINUTE), { code: 'order-overpaid' });
    assert.equal(tidings([first, second, third], later(11 * MINUTE - 1)), undefined);
    assert.deepEqual(keysOf(tidings([first, second, third], later(11 * MINUTE))?.raised), ['b', 'c']);
    const sooner = tidings([first, second, third, other], later(3 * MINUTE + GROUP_MS));
    assert.deepEqual(keysOf(sooner?.raised), ['b', 'c', 'd'], 'a message that goes out anyway tells of all');
  });

  void test('of what begins and ends again and again is told of at most twice in ten minutes', () => {
    let known: Alarm[] = [];
    const told: string[] = [];
    for (let ms = 0; ms < HOUR; ms += 5 * SECOND) {
      const now = later(ms);
      // Two minutes so, two minutes not.
      const isSo = Math.floor(ms / (2 * MINUTE)) % 2 === 0;
      const { put } = changes(known, isSo ? [condition({ kind: 'paused', key: 'paused' })] : [], now);
      known = put.length > 0 ? [...put] : known;
      const news = tidings(known, now);
      if (news !== undefined) {
        told.push(news.raised.length > 0 ? 'raised' : 'over');
        known = known.map((one) => ({
          ...one,
          tellings:
            news.raised.length > 0
              ? toldAt(now)
              : toldAt(one.tellings[0]?.toldAt ?? now, { overToldAt: now }),
        }));
      }
    }
    assert.ok(told.length >= 4 && told.length <= 12, `${told.length} messages in an hour: ${told.join(' ')}`);
  });

  void test('of forged messages is told of again in an hour, since anybody can send them', () => {
    const first = raisedAt('refused', NOW, { kind: 'refused', tellings: toldAt(NOW, { overToldAt: NOW }) });
    const again = { ...first, raisedAt: later(MINUTE) };
    assert.equal(tidings([again], later(HOUR - 1)), undefined);
    assert.deepEqual(keysOf(tidings([again], later(HOUR))?.raised), ['refused']);
  });

  void test('is not told through itself that it fails, and others are', () => {
    const alarms = [raisedAt(channelKey('slack'), NOW, { kind: 'channel' })];
    assert.equal(tidings(alarms, later(HOUR)), undefined);
    const mail = tidingsFor(alarms, { channel: 'mail-1', now: later(HOUR), groupMs: 0, repeatMs: 0 });
    assert.deepEqual(keysOf(mail?.raised), ['channel:slack']);
  });

  void test('that was down is told what is still so, and nothing of what came and went meanwhile', () => {
    const alarms = [raisedAt('a', NOW), raisedAt('b', NOW, { overAt: later(MINUTE) })];
    const { raised, over } = tidings(alarms, later(5 * HOUR)) ?? {};
    assert.deepEqual([keysOf(raised), keysOf(over)], [['a'], []]);
  });
});

void describe('a channel that fails', () => {
  const failure = { code: 'request-unreachable', problem: 'Cannot be reached' } as const;

  void test('is tried again ever later, up to a quarter of an hour, and keeps since when', () => {
    let state: ChannelState = { sentAt: NOW };
    const waits = Array.from({ length: 8 }, (_, index) => {
      const now = later(index * HOUR);
      state = failedOnce(state, { ...failure, now });
      return (state.failing?.retryAt ?? 0) - now;
    });
    assert.deepEqual(
      waits.map((ms) => ms / SECOND),
      [30, 60, 120, 240, 480, 900, 900, 900],
    );
    assert.deepEqual(
      [state.sentAt, state.failing?.since, state.failing?.lastAt, state.failing?.attempts],
      [NOW, NOW, later(7 * HOUR), 8],
    );
  });

  void test('is tried no sooner than it asks, and no later than in an hour', () => {
    const askedFor = (ms: number) =>
      (failedOnce({}, { ...failure, now: NOW, retryAt: later(ms) }).failing?.retryAt ?? 0) - NOW;
    assert.deepEqual(
      [askedFor(SECOND), askedFor(10 * MINUTE), askedFor(9 * HOUR)],
      [30 * SECOND, 10 * MINUTE, HOUR],
    );
  });
});
