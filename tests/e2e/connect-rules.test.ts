import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openApp } from '#app.ts';
import { readConfig } from '#config.ts';
import { localDate, parseZone } from '#core/time.ts';
import { systemOutside } from '#outside.ts';
import { lockedSetting } from '#pipeline/machine.ts';
import { scriptedFaults } from '#sim/faults.ts';
import { openSandbox } from '#sim/main.ts';
import type { Sandbox } from '#sim/main.ts';
import { record } from '#tests/build.ts';
import { consentTo } from './cli-process.ts';
import type { CliProcess, Ended } from './cli-process.ts';
import { runCommand, startCommand } from './command.ts';

/** What connecting FreshBooks asks for, as a person meets it and as a script does: the first day, and where refunds go. */

const ACCOUNT_ZONE = parseZone('America/New_York');
const HEAD = 'version: 1\nroutes:\n  - from: shopify\n    to: freshbooks\n';
const FIRST_DAY = /From which day on is to be booked\?/;
const CATEGORY = /In which category\?/;

type Talk = Pick<CliProcess, 'seen' | 'type' | 'ended'>;

describe('connecting FreshBooks', () => {
  const faults = scriptedFaults();
  let sandbox: Sandbox;
  let folder: string;
  let environment: Record<string, string>;
  let count = 0;

  before(async () => {
    sandbox = await openSandbox({ seed: 8, faults });
    folder = await mkdtemp(join(tmpdir(), 'counterfoil-connect-'));
  });

  after(async () => {
    await sandbox.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** A database of its own, in which nothing is connected yet. */
  const begin = (): void => {
    const {
      FRESHBOOKS_ACCESS_TOKEN: _access,
      FRESHBOOKS_REFRESH_TOKEN: _refresh,
      ...unseeded
    } = sandbox.environment;
    count += 1;
    environment = {
      ...unseeded,
      DATABASE_URL: `sqlite:${join(folder, String(count), 'counterfoil.db')}`,
      PORT: '0',
    };
  };
  const consented = async (talk: Talk, where: 'out' | 'err' = 'out'): Promise<Talk> => {
    talk.type(`${(await consentTo(talk, where)).href}\n`);
    return talk;
  };
  /** Where a person sits. */
  const atTerminal = (...args: string[]): Promise<Talk> =>
    consented(
      startCommand(['connect', 'freshbooks', '--no-browser', ...args], {
        cwd: folder,
        environment,
        isAtTerminal: true,
      }),
      args.includes('--json') ? 'err' : 'out',
    );
  /** As a script runs it, to its end. */
  const piped = async (...args: string[]): Promise<Ended> => {
    const started = startCommand(['connect', 'freshbooks', ...args], { cwd: folder, environment });
    return (await consented(started, args.includes('--json') ? 'err' : 'out')).ended();
  };
  const rules = async (): Promise<string> =>
    (await runCommand(['config', 'export'], { cwd: folder, environment })).out;
  const today = (): string => localDate(systemOutside(() => undefined).clock.now(), ACCOUNT_ZONE);

  test('where nobody can be asked, the first day is that of connecting and the category stays open, in words', async () => {
    begin();
    const days = [today()];
    const { code, out } = await piped();
    days.push(today());
    assert.equal(code, 0, out);
    const [, day = ''] =
      /^Books start +(\S+), the day of connecting: what is of an earlier day is held$/m.exec(out) ?? [];
    assert.ok(days.includes(day), out);
    assert.match(
      out,
      /^Refund category +none: a refund that cannot be taken off its invoice any more is held\. Choose one by --refund-category NAME/m,
    );
    assert.doesNotMatch(out, FIRST_DAY);
    assert.doesNotMatch(out, CATEGORY);
    assert.match(await rules(), new RegExp(`^ {4}books_start: ${day}$`, 'm'));
  });

  test('options set both, the category as FreshBooks writes it, and another connection leaves them', async () => {
    begin();
    const first = await piped('--books-start', '2026-10-01', '--refund-category', 'other expenses', '--json');
    assert.equal(first.code, 0, first.err);
    const { booksStart, refundCategory, warnings, problems } = JSON.parse(first.out) as Record<
      string,
      unknown
    >;
    assert.deepEqual(
      [booksStart, refundCategory, warnings, problems],
      ['2026-10-01', 'Other Expenses', [], []],
    );
    const again = await piped();
    assert.match(again.out, /^Books start +2026-10-01, as before: /m);
    assert.match(again.out, /^Refund category +Other Expenses, as before$/m);
    const changed = await piped('--books-start', '2026-11-01', '--refund-category', 'Travel');
    assert.match(changed.out, /^Books start +2026-11-01 \(it was 2026-10-01\): /m);
    assert.match(changed.out, /^Refund category +Travel \(it was Other Expenses\)$/m);
    const none = await piped('--books-start', 'none', '--refund-category', 'none');
    assert.match(none.out, /^Books start +none \(it was 2026-11-01\): orders of any day are booked/m);
    assert.match(none.out, /^Refund category +none \(it was Travel\): /m);
    assert.match((await piped()).out, /^Books start +none: /m, 'a day that nobody wants is not set again');
    assert.match(await rules(), /^ {4}books_start: none$/m);
  });

  test('answers are for every source, and one that came later says what it lacks', async () => {
    begin();
    const seller = { AMAZON_SELLER_ID: 'A3EXAMPLESELLER', SP_API_REGION: 'eu', SP_API_MARKETPLACE_IDS: 'DE' };
    await piped('--books-start', '2026-10-01', '--refund-category', 'Travel');
    environment = { ...environment, ...seller };
    const later = await piped();
    assert.match(later.out, /^Books start, amazon +none: orders of any day are booked/m);
    assert.match(later.out, /^Refund category, amazon +none: /m);
    const { out } = await piped('--books-start', '2026-11-01', '--refund-category', 'Travel');
    assert.match(out, /^Books start +2026-11-01 \(it was 2026-10-01\)/m);
    assert.doesNotMatch(out, /, amazon/);

    const text = await rules();
    for (const rule of [/^ {4}books_start: 2026-11-01$/gm, /^ {4}refund_category: "Travel"$/gm]) {
      assert.equal(text.match(rule)?.length, 2, `${rule} in ${text}`);
    }
  });

  test('a day that is none is refused before anybody is asked for access', async () => {
    begin();
    for (const day of ['tomorrow', '2026-02-30', '1999-12-31', '2100-01-01', '01.11.2026', '']) {
      const { code, out, err } = await runCommand(['connect', 'freshbooks', '--books-start', day], {
        cwd: folder,
        environment,
      });
      assert.deepEqual([code, out], [2, ''], day);
      assert.match(err, /Write a date as YYYY-MM-DD, from 2000-01-01 to 2099-12-31/, day);
    }
  });

  test('a first day that is still to come is set and warned of', async () => {
    begin();
    const { code, out } = await piped('--books-start', '2099-01-01');
    assert.equal(code, 0);
    assert.match(out, /^books_start is 2099-01-01, which is still to come: until then every order is held$/m);
    const { out: doctor } = await runCommand(['doctor'], { cwd: folder, environment });
    assert.match(
      doctor,
      /^warning +Open days +Books start on 2099-01-01, [^]+→ books_start is 2099-01-01, which is still to come/m,
    );
  });

  test('a category that FreshBooks does not have is told with one that is near, and the rest is done', async () => {
    begin();
    const { code, out } = await piped('--refund-category', 'Ofice expenses & postage');
    assert.equal(code, 1);
    assert.match(out, /^Connected to FreshBooks account /m);
    assert.match(out, /^Books start +\S+, the day of connecting/m);
    assert.match(out, /^Refund category +none: /m);
    assert.match(
      out,
      /^FreshBooks has no expense category "Ofice expenses & postage" \(do you mean "Office Expenses & Postage"\?\)\. It has "Accident Insurance", .* and \d+ more$/m,
    );
    const again = await piped('--refund-category', 'Office Expenses & Postage');
    assert.equal(again.code, 0);
    assert.match(await rules(), /^ {4}refund_category: "Office Expenses & Postage"$/m);
  });

  test('categories that cannot be listed keep nothing else from being settled', async () => {
    begin();
    faults.add({
      path: 'expenses/categories',
      fault: { kind: 'status', status: 403, body: '{}' },
      times: Infinity,
    });
    const { code, out } = await piped('--refund-category', 'Travel');
    faults.clear();
    assert.equal(code, 1);
    assert.match(out, /^Books start +\S+, the day of connecting/m);
    assert.match(
      out,
      /^The expense categories of FreshBooks cannot be listed, so none is chosen for refunds: /m,
    );
  });

  test('a person takes today by Enter and chooses the category by its number', async () => {
    begin();
    const talk = await atTerminal();
    await talk.seen(FIRST_DAY);
    talk.type('\n');
    const [, number = ''] = await talk.seen(/^ +(\d+) +Travel$/m);
    await talk.seen(CATEGORY);
    talk.type(`${number}\n`);
    const { code, out } = await talk.ended();
    assert.equal(code, 0, out);
    assert.match(out, /^Books start +\S+, the day of connecting: /m);
    assert.match(out, /^Refund category +Travel$/m);
    const again = await (await atTerminal()).ended();
    assert.doesNotMatch(again.out, FIRST_DAY);
    assert.doesNotMatch(again.out, CATEGORY);
    assert.match(again.out, /^Refund category +Travel, as before$/m);
  });

  test('mistyped answers are told what they are, and asked for again', async () => {
    begin();
    const talk = await atTerminal();
    await talk.seen(FIRST_DAY);
    talk.type('1 November\n2026-10-15\n');
    await talk.seen(/^"1 November" is no date from 2000-01-01 to 2099-12-31$/m);
    await talk.seen(CATEGORY);
    talk.type('99\nTravle\nTRAVEL\n');
    await talk.seen(/^FreshBooks has no expense category "99"\. It has /m);
    await talk.seen(/^FreshBooks has no expense category "Travle" \(do you mean "Travel"\?\)\. /m);
    const { code, out } = await talk.ended();
    assert.equal(code, 0, out);
    assert.match(out, /^Books start +2026-10-15: what is of an earlier day is held$/m);
    assert.match(out, /^Refund category +Travel$/m);
  });

  test('a person who answers nothing right gets the proposed day; "none" and Enter leave both open', async () => {
    begin();
    const first = await atTerminal();
    await first.seen(FIRST_DAY);
    first.type('a\nb\nc\n');
    await first.seen(CATEGORY);
    first.type('\n');
    const { code, out } = await first.ended();
    assert.equal(code, 0, out);
    assert.match(out, /^Books start +\S+, the day of connecting: /m);
    assert.match(out, /^Refund category +none: /m);
    begin();
    const second = await atTerminal();
    await second.seen(FIRST_DAY);
    second.type('none\n');
    await second.seen(CATEGORY);
    second.type('x\ny\nz\n');
    const open = await second.ended();
    assert.equal(open.code, 0);
    assert.match(open.out, /^Books start +none: /m);
    assert.match(open.out, /^Refund category +none: /m);
    const third = await atTerminal();
    await third.seen(CATEGORY);
    third.type('\n');
    assert.doesNotMatch((await third.ended()).out, FIRST_DAY);
  });

  test('with --json nothing is asked, not even at a terminal', async () => {
    begin();
    const talk = await atTerminal('--json');
    const { code, out, err } = await talk.ended();
    assert.equal(code, 0, err);
    const { booksStart, refundCategory } = JSON.parse(out) as Record<string, unknown>;
    assert.match(String(booksStart), /^\d{4}-\d\d-\d\d$/);
    assert.equal(refundCategory, null);
    assert.doesNotMatch(err, FIRST_DAY);
  });

  test('the zone of the rules says which day it is, and what a person imported meanwhile stays', async () => {
    begin();
    const file = join(folder, 'zone.yaml');
    await writeFile(file, `${HEAD}    time_zone: Pacific/Kiritimati\n`);
    await runCommand(['config', 'import', file], { cwd: folder, environment });
    const talk = await atTerminal('--refund-category', 'Travel');
    const kiritimati = (): string =>
      localDate(systemOutside(() => undefined).clock.now(), parseZone('Pacific/Kiritimati'));
    const days = [kiritimati()];
    const [, day = ''] = await talk.seen(/Enter\stakes\stoday,\s(\S+):/);
    days.push(kiritimati());
    assert.ok(days.includes(day), day);
    await writeFile(file, `${HEAD}    time_zone: Pacific/Kiritimati\n    due_offset_days: 7\n`);
    await runCommand(['config', 'import', file], { cwd: folder, environment });
    talk.type('\n');
    assert.equal((await talk.ended()).code, 0);
    const exported = await rules();
    assert.match(exported, /^ {4}due_offset_days: 7$/m);
    assert.match(exported, /^ {4}refund_category: "Travel"$/m);
    assert.match(exported, new RegExp(`^ {4}books_start: ${day}$`, 'm'));
  });

  test('under orders that are stored a first day is never set by default', async () => {
    begin();
    const app = await openApp(
      readConfig(environment),
      systemOutside(() => undefined),
    );
    await app.store.transact((tx) => tx.putOrder(record()));
    await app.close();
    const { code, out } = await piped();
    assert.equal(code, 0, out);
    assert.match(out, /^Books start +none: orders of any day are booked\. Set it by --books-start DATE/m);
  });

  test('doctor counts days that FreshBooks refused as locked, and finds a category that there is twice', async () => {
    begin();
    await piped('--books-start', '2026-01-01', '--refund-category', 'Travel');
    const app = await openApp(
      readConfig(environment),
      systemOutside(() => undefined),
    );
    await app.store.transact((tx) => tx.putSetting(lockedSetting('freshbooks'), '2026-09-30'));
    await app.close();
    const row = (id: number): object => ({ id, category: 'Travel', parentid: null, vis_state: 0 });
    const result = { categories: [row(1), row(2)], page: 1, pages: 1, per_page: 100, total: 2 };
    faults.add({
      path: 'expenses/categories',
      fault: {
        kind: 'status',
        status: 200,
        contentType: 'application/json',
        body: JSON.stringify({ response: { result } }),
      },
    });
    const { out } = await runCommand(['doctor'], { cwd: folder, environment });
    faults.clear();
    assert.match(
      out,
      /^warning +Open days +Books start on 2026-01-01, closed through 2026-09-30, the first open day is 2026-10-01$/m,
    );
    assert.match(
      out,
      /→ FreshBooks has refused 2026-09-30 as locked, so it counts as closed\. Set the rule closed_through/,
    );
    assert.match(out, /^warning +Refund category +"Travel", which FreshBooks has$/m);
    assert.match(out, /→ FreshBooks has 2 categories of this name/);
  });

  test('an import says that it forgets what FreshBooks refused as locked, also where no rule changes', async () => {
    begin();
    await piped('--books-start', '2026-01-01', '--refund-category', 'Travel');
    const app = await openApp(
      readConfig(environment),
      systemOutside(() => undefined),
    );
    await app.store.transact((tx) => tx.putSetting(lockedSetting('freshbooks'), '2026-09-30'));
    await app.close();
    const file = join(folder, 'unlocked.yaml');
    await writeFile(file, (await runCommand(['config', 'export'], { cwd: folder, environment })).out);
    const importing = (): Promise<Ended> =>
      runCommand(['config', 'import', file], { cwd: folder, environment });
    const { out } = await importing();
    assert.match(out, /^FreshBooks had refused days through 2026-09-30 as locked: that is forgotten/m);
    assert.match((await importing()).out, /^Nothing changes: these are the current rules\n*$/);
  });

  test('a category that a file named and FreshBooks does not have is asked for anew', async () => {
    begin();
    const file = join(folder, 'category.yaml');
    await writeFile(file, `${HEAD}    refund_category: Returns\n    books_start: 2026-10-01\n`);
    await runCommand(['config', 'import', file], { cwd: folder, environment });
    const silent = await piped();
    assert.equal(silent.code, 1);
    assert.match(silent.out, /^Refund category +Returns, as before$/m);
    assert.match(silent.out, /^FreshBooks has no expense category "Returns"\. It has /m);
    const talk = await atTerminal();
    await talk.seen(CATEGORY);
    talk.type('Travel\n');
    const { code, out } = await talk.ended();
    assert.equal(code, 0);
    assert.match(out, /^Refund category +Travel \(it was Returns\)$/m);
  });
});
