import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { law } from '#tests/law.ts';
import { instant, localDate, parseLocalDate, parseTimestamp, parseZone, showInstant } from './time.ts';

const moment = fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2100, 0) }).map(instant);
const zone = fc.constantFrom(
  'America/New_York',
  'Europe/London',
  'Australia/Lord_Howe',
  'Africa/Casablanca',
  '-03:30',
  'Z',
);

law(
  'a moment that is written is read back',
  fc.property(moment, (at) => assert.equal(parseTimestamp(showInstant(at)).at, at)),
);

law(
  'dates never go back while time goes on, and never jump',
  fc.property(moment, fc.nat(86_400_000), zone, (at, ms, name) => {
    const [earlier, later] = [at, instant(at + ms)].map((when) => localDate(when, parseZone(name)));
    assert.ok(earlier !== undefined && later !== undefined && earlier <= later);
    assert.ok(Date.parse(later) - Date.parse(earlier) <= 2 * 86_400_000);
  }),
);

law(
  'an offset that is written in a timestamp gives the date that is written in it',
  fc.property(moment, fc.integer({ min: -14 * 60, max: 14 * 60 }), (at, minutes) => {
    const size = Math.abs(minutes);
    const two = (number: number): string => String(number).padStart(2, '0');
    const offset = `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
    const text = showInstant(instant(at + minutes * 60_000)).replace('Z', offset);
    const read = parseTimestamp(text);
    assert.equal(read.at, at);
    assert.equal(localDate(read.at, read.offset), text.slice(0, 10));
  }),
);

law(
  'a text is a date exactly when the calendar has that day',
  fc.property(fc.integer({ min: 1900, max: 2100 }), fc.nat(13), fc.nat(32), (year, month, day) => {
    const text = `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
    const isDay =
      month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
    if (isDay) {
      assert.equal(parseLocalDate(text), text);
    } else {
      assert.throws(() => parseLocalDate(text), SyntaxError);
    }
  }),
  1000,
);
