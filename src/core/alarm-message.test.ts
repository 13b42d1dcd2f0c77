import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { alarm, at } from '#tests/build.ts';
import { ALARM_KINDS } from './alarm-catalogue.ts';
import type { Alarm, Tidings } from './alarm.ts';
import { GROUPS_LISTED_MAX, messageOf } from './alarm-message.ts';
import { CATALOGUE } from './failure.ts';
import { after } from './time.ts';

const NOW = at('2026-11-20T10:00:00Z');
const message = (tidings: Partial<Tidings>) =>
  messageOf({ raised: [], again: [], over: [], ...tidings }, { at: NOW, place: 'acme.myshopify.com' });
const held = (name: string, parts: Partial<Alarm> = {}): Alarm =>
  alarm({ key: `held:${name}`, subject: name, code: 'books-refused', sinceAt: NOW, ...parts });

void describe('a message', () => {
  void test('names the order, since when, the cause and what to do', () => {
    const sentence = CATALOGUE['books-refused'].sentence;
    const { title, text } = message({ raised: [held('#1001', { sentence, remedy: 'Do this' })] });
    assert.equal(title, '1 order waits for a person: #1001');
    assert.equal(
      text,
      [
        '1 order waits for a person: #1001 (since 2026-11-20 10:00 UTC)',
        `  ${sentence}.`,
        '  What to do: Do this',
        '',
        'All of them: counterfoil alarms',
      ].join('\n'),
    );
  });

  void test('tells of one cause in one paragraph, oldest first, and counts what it does not list', () => {
    const many = Array.from({ length: 23 }, (_, index) => held(`#${index}`, { sinceAt: after(NOW, index) }));
    const { title, raised } = message({ raised: many.toReversed() });
    assert.match(title, /^23 orders wait for a person: #0, #1, #2, #3, #4, #5, #6, #7, #8, #9 and 13 more$/);
    assert.deepEqual([raised.length, raised[0]?.count, raised[0]?.subjects.length], [1, 23, 10]);
    assert.match(raised[0]?.remedy ?? '', /counterfoil explain ORDER/);
  });

  void test('tells of the most urgent first, and says so in its title', () => {
    const { title, raised } = message({
      raised: [held('#1'), alarm({ key: 'p', kind: 'paused', subject: 'freshbooks' })],
    });
    assert.deepEqual(
      raised.map(({ kind }) => kind),
      ['paused', 'held'],
    );
    assert.equal(title, 'Booking into freshbooks is paused; and 1 more');
  });

  void test('tells apart what is new, what is still so and what is over', () => {
    const { title, text } = message({
      raised: [held('#1')],
      again: [held('#2', { code: 'order-overpaid' })],
      over: [held('#3', { sentence: 'It was so', overAt: NOW })],
    });
    assert.equal(title, '1 order waits for a person: #1; and 2 more');
    const places = [
      'a person: #1',
      'Still so:',
      'a person: #2',
      'Over for 1 order: #3',
      'It was: It was so.',
    ];
    const found = places.map((place) => text.indexOf(place));
    assert.deepEqual(
      found,
      found.toSorted((a, b) => a - b),
    );
    assert.ok(found.every((place) => place >= 0));
    assert.equal(message({ over: [held('#3')] }).title, 'Over for 1 order: #3');
    assert.equal(message({ again: [held('#2')] }).title, 'Still: 1 order waits for a person: #2');
  });

  void test('has room for so many causes, and counts the alarms beyond', () => {
    const codes = Object.keys(CATALOGUE).slice(0, GROUPS_LISTED_MAX + 3);
    const raised = codes.flatMap((code, index) =>
      [1, 2].map((part) => held(`#${index}.${part}`, { code: code as keyof typeof CATALOGUE })),
    );
    const { text, unlistedCount, title } = message({ raised });
    assert.equal(unlistedCount, 6);
    assert.match(text, /^And 6 more alarms\.$/m);
    assert.match(title, /; and 14 more$/);
  });

  void test('has words for every kind, on one line in its title', () => {
    for (const kind of ALARM_KINDS) {
      const one = alarm({ kind, subject: 'SUBJECT' });
      for (const tidings of [{ raised: [one] }, { again: [one] }, { over: [one] }]) {
        const { title, text } = message(tidings);
        assert.match(title, /^[^\n]{10,}$/);
        assert.ok(text.includes('SUBJECT') || 'over' in tidings, `${kind}: ${text}`);
      }
    }
  });
});
