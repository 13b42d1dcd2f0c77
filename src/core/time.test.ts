import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  DAY,
  HOUR,
  MINUTE,
  SECOND,
  after,
  instant,
  localDate,
  monthOf,
  parseLocalDate,
  parseMonth,
  parseTimestamp,
  parseZone,
  showInstant,
  zoneAt,
  zoneOfStamps,
} from './time.ts';

const on = (timestamp: string, zone: string) => localDate(parseTimestamp(timestamp).at, parseZone(zone));

describe('timestamps', () => {
  for (const [text, utc, offset] of [
    ['2026-11-20T10:00:00-05:00', '2026-11-20T15:00:00.000Z', '-05:00'],
    ['2026-11-20T10:00:00Z', '2026-11-20T10:00:00.000Z', 'Z'],
    ['2026-11-20T10:00:00.5+05:30', '2026-11-20T04:30:00.500Z', '+05:30'],
    ['2026-11-20T10:00:00+0545', '2026-11-20T04:15:00.000Z', '+05:45'],
    ['2026-11-20T10:00+14:00', '2026-11-19T20:00:00.000Z', '+14:00'],
    ['2026-11-20T10:00:00.123456789Z', '2026-11-20T10:00:00.123Z', 'Z'],
    ['2024-02-29T23:59:59-00:00', '2024-02-29T23:59:59.000Z', '-00:00'],
  ] as const) {
    test(`"${text}" is ${utc} and keeps its offset`, () => {
      const read = parseTimestamp(text);
      assert.deepEqual([showInstant(read.at), read.offset], [utc, offset]);
    });
  }

  for (const text of [
    '',
    '2026-11-20',
    '2026-11-20T10:00:00',
    '2026-11-20 10:00:00Z',
    'Fri, 20 Nov 2026 10:00:00 GMT',
    '1763632800',
    '2026-13-01T00:00:00Z',
    '2026-00-10T00:00:00Z',
    '2026-11-00T00:00:00Z',
    '2026-11-31T00:00:00Z',
    '2026-02-29T12:00:00Z',
    '2026-02-30T12:00:00-05:00',
    '2026-11-20T24:00:00Z',
    '2026-11-20T25:00:00Z',
    '2026-11-20T10:60:00Z',
    '2026-11-20T10:00:00+99:99',
    '2026-11-20T10:00:00+5:00',
    '2026-11-20T10:00:00Z\n',
    '+002026-11-20T10:00:00Z',
    // Moments whose date in another zone has no year of four digits, and null dates of other systems.
    '9999-12-31T23:59:59-05:00',
    '0000-01-01T00:00:00+14:00',
    '0001-01-01T00:00:00Z',
    '1899-12-31T23:59:59Z',
    '3000-01-01T00:00:00Z',
  ]) {
    test(`"${text.replace('\n', '\\n')}" is no timestamp`, () => {
      assert.throws(() => parseTimestamp(text), new SyntaxError(`Cannot parse timestamp "${text}"`));
    });
  }
});

describe('dates', () => {
  test('every moment that can be read has a date in every zone', () => {
    for (const text of ['1900-01-01T00:00:00+23:59', '2999-12-31T23:59:59.999-23:59']) {
      const { at } = parseTimestamp(text);
      for (const zone of [
        '-12:00',
        '+14:00',
        'Pacific/Kiritimati',
        'Pacific/Pago_Pago',
        '-23:59',
        '+23:59',
      ]) {
        assert.match(localDate(at, parseZone(zone)), /^(1899-12-3[01]|1900-01-01|2999-12-31|3000-01-0[12])$/);
      }
    }
  });
  test('a moment has the date of the zone, not of UTC', () => {
    assert.equal(on('2026-11-20T23:59:59-05:00', '-05:00'), '2026-11-20');
    assert.equal(on('2026-11-20T23:59:59-05:00', 'Z'), '2026-11-21');
    assert.equal(on('2026-11-20T23:59:59-05:00', 'America/New_York'), '2026-11-20');
    assert.equal(on('2026-11-20T23:59:59-05:00', 'Asia/Tokyo'), '2026-11-21');
  });
  test('the day begins at midnight, to the millisecond', () => {
    assert.equal(on('2026-11-20T04:59:59.999Z', 'America/New_York'), '2026-11-19');
    assert.equal(on('2026-11-20T05:00:00.000Z', 'America/New_York'), '2026-11-20');
    assert.equal(on('2026-11-20T04:59:59.999Z', '-05:00'), '2026-11-19');
    assert.equal(on('2026-11-20T05:00:00.000Z', '-05:00'), '2026-11-20');
  });
  test('when clocks go forward, the date follows the zone and a fixed offset does not', () => {
    // New York, 8 March 2026: 02:00 becomes 03:00, UTC-5 becomes UTC-4.
    assert.equal(on('2026-03-08T04:30:00Z', 'America/New_York'), '2026-03-07');
    assert.equal(on('2026-03-09T04:30:00Z', 'America/New_York'), '2026-03-09');
    assert.equal(on('2026-03-09T04:30:00Z', '-05:00'), '2026-03-08');
  });
  test('when clocks go back, the hour that comes twice is one date', () => {
    // Berlin, 25 October 2026: 03:00 becomes 02:00, UTC+2 becomes UTC+1.
    assert.equal(on('2026-10-24T22:00:00Z', 'Europe/Berlin'), '2026-10-25');
    assert.equal(on('2026-10-25T00:30:00Z', 'Europe/Berlin'), '2026-10-25');
    assert.equal(on('2026-10-25T01:30:00Z', 'Europe/Berlin'), '2026-10-25');
    assert.equal(on('2026-10-25T22:59:59Z', 'Europe/Berlin'), '2026-10-25');
    assert.equal(on('2026-10-25T23:00:00Z', 'Europe/Berlin'), '2026-10-26');
  });
  test('zones of half and quarter hours and beyond the date line', () => {
    assert.equal(on('2026-12-31T18:29:59Z', 'Asia/Kolkata'), '2026-12-31');
    assert.equal(on('2026-12-31T18:30:00Z', 'Asia/Kolkata'), '2027-01-01');
    assert.equal(on('2026-12-31T18:15:00Z', 'Asia/Kathmandu'), '2027-01-01');
    assert.equal(on('2026-12-31T10:00:00Z', 'Pacific/Kiritimati'), '2027-01-01');
    assert.equal(on('2027-01-01T10:59:59Z', 'Pacific/Pago_Pago'), '2026-12-31');
    assert.equal(on('2026-12-31T18:30:00Z', '+05:30'), '2027-01-01');
    assert.equal(on('2024-02-29T12:00:00Z', 'Z'), '2024-02-29');
  });
  for (const text of [
    '',
    '2026-1-1',
    '2026-02-29',
    '2026-02-30',
    '2026-04-31',
    '2026-13-01',
    '2026-00-01',
    '26-01-01',
    '2026-01-01T00:00:00Z',
    '2026-01-01 ',
    '0000-01-01',
    '0999-12-31',
  ]) {
    test(`"${text}" is no date`, () => {
      assert.throws(
        () => parseLocalDate(text),
        new SyntaxError(`Cannot parse date "${text}": write YYYY-MM-DD`),
      );
    });
  }
  test('a leap day is a date', () => {
    assert.equal(parseLocalDate('2028-02-29'), '2028-02-29');
  });
});

describe('months', () => {
  test('a day has its month', () => {
    assert.equal(monthOf(parseLocalDate('2026-11-30')), '2026-11');
    assert.equal(parseMonth('2026-01'), monthOf(parseLocalDate('2026-01-01')));
  });
  for (const text of [
    '',
    '2026',
    '2026-1',
    '2026-00',
    '2026-13',
    '26-01',
    '2026-01-01',
    ' 2026-01',
    '0000-01',
  ]) {
    test(`"${text}" is no month`, () => {
      assert.throws(() => parseMonth(text), new SyntaxError(`Cannot parse month "${text}": write YYYY-MM`));
    });
  }
});

describe('zones', () => {
  for (const text of [
    'Europe/Berlin',
    'America/Argentina/Buenos_Aires',
    'UTC',
    'Z',
    '+00:00',
    '-12:00',
    '+14:00',
    '+05:45',
  ]) {
    test(`"${text}" is a zone`, () => {
      assert.equal(parseZone(text), text);
      assert.match(localDate(instant(0), parseZone(text)), /^(1969-12-31|1970-01-01)$/);
    });
  }
  for (const text of ['', 'Berlin', 'Europe/Atlantis', '+24:00', '+99:99', '-05:60', '5', '+5:00']) {
    test(`"${text}" is no zone, and the text says what is`, () => {
      assert.throws(() => parseZone(text), {
        name: 'SyntaxError',
        message: `Unknown time zone "${text}": use a name such as Europe/Berlin or an offset such as -05:00`,
      });
    });
  }
});

test('instants are whole milliseconds that a calendar has', () => {
  for (const ms of [0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 8_640_000_000_000_001]) {
    assert.throws(() => instant(ms), /is a whole number of milliseconds that a calendar has/);
  }
  assert.equal(after(instant(5), DAY + HOUR + MINUTE + SECOND), 5 + 90_061_000);
  assert.equal(showInstant(instant(0)), '1970-01-01T00:00:00.000Z');
});

describe('the zone of timestamps', () => {
  const placed = parseTimestamp('2026-02-10T12:00:00-05:00');
  const seen = (...texts: readonly string[]) => zoneOfStamps(placed, texts.map(parseTimestamp));
  const dayIn = (zone: ReturnType<typeof seen>, text: string) => localDate(parseTimestamp(text).at, zone);

  test('is one offset while all show it, or were written elsewhere', () => {
    assert.equal(seen(), '-05:00');
    assert.equal(seen('2026-02-11T12:00:00-05:00', '2026-07-01T04:30:00Z'), '-05:00');
    assert.equal(seen('2026-07-01T10:00:00+05:30'), '-05:00', 'hours off');
  });

  test('follows the shop through summer and winter', () => {
    const zone = seen('2026-12-01T00:30:00-05:00', '2026-07-01T00:30:00-04:00', '2026-07-02T10:00:00-04:00');
    assert.equal(dayIn(zone, '2026-02-10T04:59:00Z'), '2026-02-09');
    assert.equal(dayIn(zone, '2026-07-01T04:30:00Z'), '2026-07-01');
    assert.equal(dayIn(zone, '2026-12-01T05:30:00Z'), '2026-12-01');
    assert.equal(dayIn(zone, '2026-12-02T04:59:00Z'), '2026-12-01');
    assert.deepEqual(
      ['2026-02-10T12:00:00Z', '2026-07-03T12:00:00Z', '2026-12-03T12:00:00Z'].map((text) =>
        zoneAt(zone, parseTimestamp(text).at),
      ),
      ['-05:00', '-04:00', '-05:00'],
    );
  });

  test('of a name is that name', () => {
    const zone = parseZone('Europe/Berlin');
    assert.equal(zoneAt(zone, placed.at), zone);
  });
});
