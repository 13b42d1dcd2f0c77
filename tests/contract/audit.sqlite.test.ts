import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import type { Store, Writer } from '#pipeline/ports.ts';
import { createSeal } from '#storage/seal.ts';
import { openSqlite, sqliteDialect } from '#storage/sqlite.ts';
import { openStore } from '#storage/store.ts';
import { seededRandom } from '#sim/world/random.ts';
import { ORDER, at, hold, message, record } from '#tests/build.ts';
import { hurriedClock } from '#tests/clock.ts';

/** What somebody who has the file can do to it, and what is seen of that afterwards. */

const ROWS = 5;
const SHORT = 300;
const NOW = '2026-11-20T10:00:00Z';

async function openAt(path: string, key = 'key'): Promise<Store> {
  const dialect = sqliteDialect(openSqlite(path));
  return (await openStore({ dialect, clock: hurriedClock(), seal: createSeal(key), actor: 'test' })).store;
}

async function inFolder(body: (path: string, folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'counterfoil-audit-'));
  try {
    await body(join(folder, 'books.db'), folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A log of five rows that somebody then has in his hands, with what is found of it, maybe after it went on. */
async function afterTampering(
  tamper: (file: DatabaseSync) => void,
  { key = 'key', added = 0 }: { readonly key?: string; readonly added?: number } = {},
) {
  let found: Awaited<ReturnType<Store['read']['verifyAudit']>> | undefined;
  await inFolder(async (path) => {
    const store = await openAt(path);
    await store.transact((tx) => tx.acceptDelivery(message(), at(NOW)));
    await addRows(store, ROWS);
    await store.close();
    const file = new DatabaseSync(path);
    tamper(file);
    file.close();
    const again = await openAt(path, key);
    await addRows(again, added);
    found = await again.read.verifyAudit();
    await again.close();
  });
  assert(found !== undefined);
  return found;
}

async function addRows(store: Store, count: number): Promise<void> {
  for (let row = 1; row <= count; row += 1) {
    await store.transact((tx) =>
      tx.audited({ action: 'order retried', subject: ORDER, details: { closed: row } }),
    );
  }
}

const unguarded = (file: DatabaseSync): DatabaseSync => {
  for (const name of ['audit_no_update', 'audit_no_delete', 'audit_no_replace']) {
    file.exec(`drop trigger ${name}`);
  }
  return file;
};

void describe('the audit log in the hands of somebody else', () => {
  void test('the database itself refuses to change, delete or replace a row', () =>
    inFolder(async (path) => {
      const store = await openAt(path);
      await store.transact((tx) => tx.audited({ action: 'order retried', subject: ORDER }));
      const file = new DatabaseSync(path);
      const columns = 'number, at, actor, action, subject, details, previous_sha256, sha256';
      for (const statement of [
        "update audit set action = 'nothing'",
        'delete from audit',
        `insert or replace into audit (${columns}) values (1, 1, 'a', 'b', 'c', '{}', 'd', 'e')`,
      ]) {
        assert.throws(() => file.exec(statement), /the audit log is only added to/, statement);
      }
      file.close();
      assert.deepEqual((await store.read.verifyAudit()).fault, undefined);
      await store.close();
    }));

  void test('untouched, it is whole', async () => {
    const { count, fault } = await afterTampering(() => undefined);
    assert.deepEqual([count, fault], [ROWS, undefined]);
  });

  for (const column of ['at', 'actor', 'action', 'subject', 'details']) {
    void test(`a row whose "${column}" was changed is named`, async () => {
      const { fault, count } = await afterTampering((file) =>
        unguarded(file).exec(`update audit set ${column} = 0 where number = 3`),
      );
      assert.equal(fault?.number, 3);
      assert.match(fault.why, /changed/);
      assert.equal(count, 2, 'what stands before it is whole');
    });
  }

  void test('a row that was changed and given a hash that fits is found by the row after it', async () => {
    const { fault } = await afterTampering((file) => rewrite(unguarded(file), { from: 3, to: 3 }));
    assert.equal(fault?.number, 4);
    assert.match(fault.why, /does not follow/);
  });

  void test('a row that was taken out is named, in the middle and at the beginning', async () => {
    for (const number of [1, 3]) {
      const { fault } = await afterTampering((file) =>
        unguarded(file).exec(`delete from audit where number = ${number}`),
      );
      assert.equal(fault?.number, number);
      assert.match(fault.why, /missing/);
    }
  });

  void test('rows that were cut off at the end are missed by the sealed end', async () => {
    const { fault, count } = await afterTampering((file) =>
      unguarded(file).exec('delete from audit where number > 3'),
    );
    assert.deepEqual([count, fault?.number], [3, 4]);
    assert.match(fault?.why ?? '', /5 rows were written/);
    const emptied = await afterTampering((file) => unguarded(file).exec('delete from audit'));
    assert.equal(emptied.fault?.number, 1);
  });

  void test('a chain that was written anew, with hashes that fit, is not the one that was sealed', async () => {
    const { fault, count } = await afterTampering((file) => {
      rewrite(unguarded(file), { from: 1, to: ROWS });
    });
    assert.deepEqual([fault?.number, count], [ROWS, ROWS - 1]);
    assert.match(fault?.why ?? '', /written anew/);
  });

  void test('a row that was put after the sealed end is named', async () => {
    const { fault, count } = await afterTampering(forge);
    assert.deepEqual([fault?.number, count], [ROWS + 1, ROWS]);
    assert.match(fault?.why ?? '', /put after the end that was sealed/);
  });

  void test('a row that was put before the first one is told', async () => {
    for (const number of [0, -1, -9_000_000_000]) {
      const { fault, count } = await afterTampering((file) =>
        file.exec(
          `insert into audit select ${number}, at, 'somebody', 'admin logged in', 'counterfoil', '{}', previous_sha256, '00' from audit where number = 1`,
        ),
      );
      assert.deepEqual([fault?.number, count], [1, 0]);
      assert.match(fault?.why ?? '', new RegExp(`put before it, with the number ${number}$`));
    }
  });

  void test('a log whose table was taken away is told by the verdict', async () => {
    const { fault, count } = await afterTampering((file) => file.exec('drop table audit'));
    assert.deepEqual([fault?.number, count], [1, 0]);
    assert.match(fault?.why ?? '', /table of the log was taken away/);
  });

  void test('a seal that was taken away or is another key’s is told', async () => {
    const without = await afterTampering(unsealed);
    assert.match(without.fault?.why ?? '', /seal of the end was taken away/);
    const other = await afterTampering(() => undefined, { key: 'another key' });
    assert.match(other.fault?.why ?? '', /cannot be opened/);
  });

  void test('a log that was taken away with its seal is missed, and one that never began is not', async () => {
    const { fault } = await afterTampering((file) => {
      unsealed(unguarded(file)).exec('delete from audit');
    });
    assert.equal(fault?.number, 1);
    assert.match(fault.why, /seal of the end was taken away/);
    await inFolder(async (path) => {
      const store = await openAt(path);
      assert.deepEqual(await store.read.verifyAudit(), { count: 0 });
      await store.close();
    });
  });

  void test('a log that was taken away with its seal and all messages is missed while anything else is stored', async () => {
    for (const put of [
      (tx: Writer) => tx.putOrder(record()),
      (tx: Writer) => tx.putSetting('account:freshbooks', 'abc'),
      (tx: Writer) => tx.openHold(hold()),
    ]) {
      await inFolder(async (path) => {
        const store = await openAt(path);
        await store.transact(put);
        await addRows(store, ROWS);
        await store.close();
        const file = new DatabaseSync(path);
        unsealed(unguarded(file)).exec('delete from audit');
        file.close();
        const again = await openAt(path);
        const { fault } = await again.read.verifyAudit();
        await again.close();
        assert.equal(fault?.number, 1);
      });
    }
  });

  void test('what was put back as it once stood, rows and seal together, looks whole: its hash tells', async () => {
    await inFolder(async (path) => {
      const store = await openAt(path);
      await addRows(store, ROWS);
      const sealOf = (file: DatabaseSync) =>
        file.prepare("select sealed from secrets where key = 'audit-head'").get()?.['sealed'] ?? '';
      const file = new DatabaseSync(path);
      const before = sealOf(file);
      await addRows(store, 1);
      const { head } = await store.read.verifyAudit();
      const triggers = file.prepare("select sql from sqlite_master where type = 'trigger'").all();
      unguarded(file).exec(`delete from audit where number > ${ROWS}`);
      triggers.forEach(({ sql }) => file.exec(String(sql)));
      file.prepare("update secrets set sealed = ? where key = 'audit-head'").run(before);
      file.close();
      const verdict = await store.read.verifyAudit();
      await store.close();
      assert.deepEqual([verdict.count, verdict.fault], [ROWS, undefined]);
      assert.notEqual(verdict.head, head);
    });
  });

  /** Each keeps what is added to the log and to its seal from standing there, so that the two go on fitting each other. */
  const MUTES: readonly { readonly what: string; readonly triggers: readonly string[] }[] = [
    {
      what: 'ignored',
      triggers: [
        'before insert on audit begin select raise(ignore); end',
        "before update on secrets when new.key = 'audit-head' begin select raise(ignore); end",
      ],
    },
    {
      what: 'undone',
      triggers: [
        'after insert on audit begin delete from audit where number = new.number; end',
        "after update on secrets when new.key = 'audit-head' and new.sealed <> old.sealed begin update secrets set sealed = old.sealed where key = new.key; end",
      ],
    },
    {
      what: 'undone in part',
      triggers: ['after insert on audit begin delete from audit where number = new.number; end'],
    },
  ];
  for (const { what, triggers } of MUTES) {
    void test(`a row that is ${what} by somebody’s trigger fails what it tells of, and the trigger is named`, async () => {
      await inFolder(async (path) => {
        const store = await openAt(path);
        await addRows(store, ROWS);
        await store.close();
        const file = new DatabaseSync(path);
        unguarded(file);
        triggers.forEach((trigger, index) => file.exec(`create trigger mute_${index} ${trigger}`));
        file.close();
        const again = await openAt(path);
        const retried = again.transact(async (tx) => {
          await tx.putSetting('done', 'unseen');
          await tx.audited({ action: 'order retried', subject: ORDER });
        });
        await assert.rejects(retried, /mute_0/);
        assert.equal(await again.read.setting('done'), undefined);
        const { fault, count } = await again.read.verifyAudit();
        await again.close();
        assert.equal(count, ROWS);
        assert.match(fault?.why ?? '', /trigger "mute_0"/);
      });
    });
  }

  void test('a log whose own refusals were taken away or made to refuse nothing is told', async () => {
    const without = await afterTampering((file) => void unguarded(file));
    assert.deepEqual([without.fault?.number, without.count], [ROWS + 1, ROWS]);
    assert.match(without.fault?.why ?? '', /audit_no_delete, audit_no_replace, audit_no_update/);
    const blunt = await afterTampering((file) => {
      file.exec('drop trigger audit_no_update');
      file.exec('create trigger audit_no_update before update on audit begin select 1; end');
    });
    assert.match(blunt.fault?.why ?? '', /audit_no_update/);
  });

  /** A page of the walk and one row. */
  const LONG = 501;
  const LOOSE: readonly { readonly what: string; readonly number: number | null }[] = [
    { what: 'without a number', number: null },
    { what: 'with the number of the last row of a page', number: LONG - 1 },
  ];
  for (const { what, number } of LOOSE) {
    void test(`a row ${what}, in a table that was made anew to take it, is told`, async () => {
      await inFolder(async (path) => {
        const store = await openAt(path);
        await store.transact(async (tx) => {
          for (let row = 1; row <= LONG; row += 1) {
            await tx.audited({ action: 'order retried', subject: ORDER });
          }
        });
        assert.equal((await store.read.verifyAudit()).fault, undefined);
        const file = new DatabaseSync(path);
        madeAnew(file, (table) =>
          file
            .prepare(
              `insert into ${table} values (?, 1, 'somebody', 'order decided', 'shopify/666', '{}', 'x', 'y')`,
            )
            .run(number),
        );
        file.close();
        const { fault } = await store.read.verifyAudit();
        await store.close();
        assert.match(fault?.why ?? '', /rows stand beside the chain.*: 1$/);
      });
    });
  }

  void test('a table that was made anew, with the rows that it had, is told: it could take others', async () => {
    const { fault, count } = await afterTampering((file) => madeAnew(file, () => undefined));
    assert.deepEqual([fault?.number, count], [ROWS + 1, ROWS]);
    assert.match(fault?.why ?? '', /table of the log is not as the program made it/);
    const indexed = await afterTampering((file) => file.exec('create index by_actor on audit (actor)'));
    assert.match(indexed.fault?.why ?? '', /by_actor/);
  });

  const ENDS: readonly { readonly what: string; readonly tamper: (file: DatabaseSync) => void }[] = [
    { what: 'cut off', tamper: (file) => unguarded(file).exec('delete from audit where number > 3') },
    { what: 'taken away whole', tamper: (file) => unguarded(file).exec('delete from audit') },
    { what: 'rewritten', tamper: (file) => rewrite(unguarded(file), { from: ROWS, to: ROWS }) },
    { what: 'forged', tamper: forge },
    { what: 'unsealed', tamper: unsealed },
    {
      what: 'unsealed and cut off',
      tamper: (file) => unsealed(unguarded(file)).exec('delete from audit where number > 3'),
    },
    {
      what: 'unsealed and taken away whole',
      tamper: (file) => unsealed(unguarded(file)).exec('delete from audit'),
    },
  ];
  for (const { what, tamper } of ENDS) {
    void test(`what was done to an end that was ${what} is seen after the log went on`, async () => {
      for (const added of [1, 3]) {
        const { fault, count } = await afterTampering(tamper, { added });
        assert(fault !== undefined, `${added} rows later`);
        assert.ok(count <= ROWS + 1);
      }
    });
  }
});

/** The same columns and rows, and triggers, without a key: such a table takes a row that has no number, or one that another has. */
function madeAnew(file: DatabaseSync, add: (table: string) => void): void {
  const triggers = file.prepare("select sql from sqlite_master where type = 'trigger'").all();
  unguarded(file).exec(
    'create table anew (number bigint, at bigint, actor text, action text, subject text, details text, previous_sha256 text, sha256 text)',
  );
  file.exec('insert into anew select * from audit order by number');
  add('anew');
  file.exec('drop table audit');
  file.exec('alter table anew rename to audit');
  triggers.forEach(({ sql }) => file.exec(String(sql)));
}

function unsealed(file: DatabaseSync): DatabaseSync {
  file.exec("delete from secrets where key = 'audit-head'");
  return file;
}

/** Adds a row whose hashes fit. */
function forge(file: DatabaseSync): void {
  file.exec(
    `insert into audit select number + 1, at, actor, action, subject, details, sha256, 'x' from audit where number = ${ROWS}`,
  );
  rewrite(unguarded(file), { from: ROWS + 1, to: ROWS + 1 });
}

/** As a forger would who knows how the chain is made, and has not got the key. */
function rewrite(file: DatabaseSync, { from, to }: { readonly from: number; readonly to: number }): void {
  const rows = file.prepare('select * from audit where number between ? and ? order by number').all(from, to);
  let previous = String(rows[0]?.['previous_sha256']);
  for (const row of rows) {
    const content = [row['number'], row['at'], 'somebody', row['action'], row['subject'], row['details']];
    const sha256 = sha256Of([...content.map(String), previous]);
    file
      .prepare('update audit set actor = ?, previous_sha256 = ?, sha256 = ? where number = ?')
      .run('somebody', previous, sha256, row['number'] ?? 0);
    previous = sha256;
  }
}

function sha256Of(content: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

void describe('what was redacted leaves the disk', () => {
  void test('no copy of a redacted body stays in the file, its free pages or the log of writes', () =>
    inFolder(async (path, folder) => {
      const planted = 'jane.planted@example.com';
      const body = new TextEncoder().encode(JSON.stringify({ email: planted, note: 'x'.repeat(20_000) }));
      const store = await openAt(path);
      const found = (): string[] =>
        readdirSync(folder).filter((name) => readFileSync(join(folder, name)).includes(planted));
      const id = await store.transact(async (tx) => (await tx.acceptDelivery(message({ body }), at(NOW))).id);
      // Grows the row, which moves its body to other pages.
      await store.transact((tx) => tx.settleDelivery(id, { state: 'sorted', order: ORDER }));
      assert.notDeepEqual(found(), []);
      await store.transact((tx) => tx.redactDelivery(id, at(NOW)));
      assert.equal(await store.scrub('in place'), true);
      assert.deepEqual(found(), []);
      await store.close();
      assert.deepEqual(found(), []);
    }));

  for (const seed of [5]) {
    void test(`nor in the gaps of pages that were laid out anew, when the file is rewritten (seed ${seed})`, () =>
      inFolder(async (path, folder) => {
        const random = seededRandom(seed);
        const upTo = (most: number): number => Math.floor(random() * most);
        const store = await openAt(path);
        const ids: string[] = [];
        const anyId = (): string => ids[upTo(ids.length)] ?? '';
        // Short enough to lie in the pages of the table, and growing, for which SQLite moves rows between pages.
        for (let count = 0; count < SHORT; count += 1) {
          const body = new TextEncoder().encode(`planted-${count}@example.com ${'x'.repeat(upTo(1800))}`);
          const told = message({ externalId: String(count), body });
          ids.push(await store.transact(async (tx) => (await tx.acceptDelivery(told, at(NOW))).id));
          const settled = { state: 'sorted', order: ORDER, reason: 'y'.repeat(upTo(300)) } as const;
          await store.transact((tx) => tx.settleDelivery(anyId(), settled));
          if (upTo(3) === 0) {
            await store.transact((tx) => tx.redactDelivery(anyId(), at(NOW)));
          }
        }
        for (const id of ids) {
          await store.transact((tx) => tx.redactDelivery(id, at(NOW)));
        }
        assert.equal(await store.scrub('rewritten'), true);
        await store.close();
        const found = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1'));
        assert.deepEqual(
          found.flatMap((content) => content.match(/planted-\d+/g) ?? []),
          [],
        );
      }));
  }
});
