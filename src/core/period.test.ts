import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstOpenDay, isClosed, periodDay } from './period.ts';
import { parseLocalDate } from './time.ts';

const day = parseLocalDate;

test('a day of the books is one that the calendar has, of this century', () => {
  assert.equal(periodDay(' 2026-11-01 '), '2026-11-01');
  assert.equal(periodDay('2000-01-01'), '2000-01-01');
  assert.equal(periodDay('2099-12-31'), '2099-12-31');
  for (const text of [
    '1999-12-31',
    '2100-01-01',
    '2026-02-30',
    '2027-02-29',
    '26-11-01',
    '1.11.2026',
    '',
    'today',
  ]) {
    assert.equal(periodDay(text), undefined, text);
  }
});

test('books are closed before they begin, and on and before the day through which they are closed', () => {
  const period = { booksStart: day('2026-11-10'), closedThrough: day('2026-11-30') };
  const closed = ['2026-11-09', '2026-11-10', '2026-11-30', '2026-12-01'].map((text) =>
    isClosed(day(text), period),
  );
  assert.deepEqual(closed, [true, true, true, false]);
  assert.equal(isClosed(day('2026-11-10'), { booksStart: day('2026-11-10') }), false);
  assert.equal(isClosed(day('1990-01-01'), {}), false);
});

test('the first open day follows what is closed and is none before the books begin', () => {
  const first = (booksStart: string, closedThrough: string): string =>
    firstOpenDay({ booksStart: day(booksStart), closedThrough: day(closedThrough) }, day('2026-01-01'));
  assert.equal(first('2026-11-10', '2026-11-30'), '2026-12-01');
  assert.equal(first('2026-12-15', '2026-11-30'), '2026-12-15');
  assert.equal(first('2026-01-01', '2027-12-31'), '2028-01-01');
  assert.equal(firstOpenDay({ closedThrough: day('2028-02-28') }, day('2026-01-01')), '2028-02-29');
});
