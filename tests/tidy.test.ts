import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { describe, test } from 'node:test';
import { FAULTS, GUARDS } from '#tests/guards/guards.ts';
import { runCommandLine } from '#cli/commands.ts';
import { SETTINGS, readConfig } from '#config.ts';
import { rulesFileOptions } from '#connections.ts';
import { ALARM_CATALOGUE } from '#core/alarm-catalogue.ts';
import { CATALOGUE } from '#core/failure.ts';
import { DEFAULT_RULES, defaultRulesOf } from '#core/rules.ts';
import { HTTP_LIMITS } from '#http/limits.ts';
import { readRulesFile } from '#rules-file.ts';
import { RULE_KEYS } from '#rules-keys.ts';
import { createSeal } from '#storage/seal.ts';
import { openSqlite, sqliteDialect } from '#storage/sqlite.ts';
import { openStore } from '#storage/store.ts';
import { hurriedClock } from '#tests/clock.ts';

/** The source reads itself: what no compiler and no lint rule can say. */

const ROOT = join(import.meta.dirname, '..');
const UNREAD = new Set(['node_modules', '.git', 'dist', 'data']);
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

function walk(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !UNREAD.has(entry.name))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? walk(path) : entry.isFile() ? [relative(ROOT, path)] : [];
    });
}

const FILES = walk(ROOT);
/** This file names what it forbids. */
const SOURCES = FILES.filter((path) => path.endsWith('.ts') && path !== 'tests/tidy.test.ts').map((path) => ({
  path,
  text: read(path),
}));
const isTest = (path: string): boolean => path.startsWith('tests/') || path.endsWith('.test.ts');

/** Fails with every fault at once, so that one run shows all that is to do. */
function none(faults: readonly string[]): void {
  assert.equal(faults.length, 0, `\n${faults.join('\n')}\n`);
}

// ── Who may import whom ─────────────────────────────────────────────────────────────────────────────────────────────

interface Allowance {
  /** Beginnings of what may be imported: "#core/", "#pipeline/ports.ts". */
  readonly starts: readonly string[];
  readonly isOwnFolderAllowed: boolean;
}

/** "`core`, `#pipeline/ports.ts`, own folder" as the beginnings of import lines. */
function allowanceOf(text: string): Allowance {
  const names = Array.from(text.matchAll(/`([^`]+)`/g), (match) => match[1] ?? '');
  const starts = names.map((name) =>
    name.startsWith('#') ? name : name.endsWith('.ts') ? `#${name}` : `#${name}/`,
  );
  return { starts, isOwnFolderAllowed: text.includes('own folder') };
}

/** The table of ARCHITECTURE.md: by folder, and by single file where a row says "`demo.ts` also …". */
function importTable(): ReadonlyMap<string, Allowance> {
  const [, table = ''] = read('ARCHITECTURE.md').split('| folder | may import |\n|---|---|\n');
  const rows = Array.from(table.matchAll(/^\| `(\w+)` \| (.+) \|$/gm));
  return new Map(
    rows.flatMap(([, folder = '', cell = '']) => {
      const [general = '', ...special] = cell.split(';');
      const files = special.flatMap((clause): [string, Allowance][] => {
        const [, file, more = ''] = /`([\w-]+\.ts)` also (.+)/.exec(clause) ?? [];
        return file === undefined ? [] : [[`${folder}/${file}`, allowanceOf(`${general} ${more}`)]];
      });
      return [[folder, allowanceOf(general)] as const, ...files];
    }),
  );
}

function importsOf(text: string): string[] {
  return Array.from(
    text.matchAll(
      /(?:^|\n)\s*(?:import|export)\s[^;'"]*?from\s+'([^']+)'|\bimport\(\s*'([^']+)'|(?:^|\n)import\s+'([^']+)'/g,
    ),
    (match) => match[1] ?? match[2] ?? match[3] ?? '',
  );
}

void describe('imports', () => {
  const table = importTable();
  const inFolders = SOURCES.filter(({ path }) => /^(src\/\w+|sim)\//.test(path) && !isTest(path)).map(
    (source) => {
      const [root = '', second = '', third = ''] = source.path.split('/');
      return { ...source, folder: root === 'sim' ? 'sim' : second, own: `#${second}/${third}/` };
    },
  );

  void test('the table of ARCHITECTURE.md has a row for every folder and no other', () => {
    const folders = new Set(inFolders.map((source) => source.folder));
    const rows = Array.from(table.keys()).filter((key) => !key.includes('/'));
    assert.deepEqual(rows.toSorted(), Array.from(folders).toSorted());
  });

  void test('every import across folders is in the table', () => {
    const faults = inFolders.flatMap(({ path, text, folder, own }) => {
      const allowed = table.get(`${folder}/${basename(path)}`) ?? table.get(folder);
      return importsOf(text)
        .filter((name) => name.startsWith('#'))
        .filter(
          (name) =>
            !allowed?.starts.some((start) => name.startsWith(start)) &&
            !(allowed?.isOwnFolderAllowed === true && name.startsWith(own)),
        )
        .map((name) => `${path} imports ${name}`);
    });
    none(faults);
  });

  void test('core imports nothing but core: no package, nothing of Node', () => {
    const core = inFolders.filter((source) => source.folder === 'core');
    assert.ok(core.length > 10);
    none(
      core.flatMap(({ path, text }) =>
        importsOf(text)
          .filter((name) => !/^(\.\/|#core\/)/.test(name))
          .map((name) => `${path} imports ${name}`),
      ),
    );
  });

  void test('no import climbs out of its folder', () => {
    none(
      SOURCES.flatMap(({ path, text }) =>
        importsOf(text)
          .filter((name) => name.includes('../'))
          .map((name) => `${path} imports ${name}: write #folder/file.ts`),
      ),
    );
  });
});

// ── What the documents promise ──────────────────────────────────────────────────────────────────────────────────────

/** Rows of tables whose first cell is one name in backticks. */
function rowsOf(path: string): ReadonlyMap<string, readonly string[]> {
  const rows = Array.from(read(path).matchAll(/^\| `([^`]+)` \|(.*)\|$/gm));
  const named = rows.map(
    ([, name = '', rest = '']) => [name, rest.split('|').map((cell) => cell.trim())] as const,
  );
  assert.equal(new Set(named.map(([name]) => name)).size, named.length, `${path} has no name twice`);
  return new Map(named);
}

/** As GitHub names them in an address. */
function headingsOf(path: string): readonly string[] {
  return Array.from(read(path).matchAll(/^#+ (.+)$/gm), ([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  );
}

/** What of the command line a page tells a reader to type, in a sentence or as a line of its own. */
function typedIn(page: string): readonly string[] {
  const text = read(page);
  return [/`(?:npx )?counterfoil ([^`\n]+)`/g, /^ *(?:\$ )?(?:npx )?counterfoil ([^\n]+)$/gm].flatMap(
    (pattern) => Array.from(text.matchAll(pattern), ([, typed = '']) => typed.split(/ {3}| > /)[0] ?? ''),
  );
}

async function helpOf(words: readonly string[]): Promise<string> {
  let help = '';
  const stdout = { isTTY: false, write: (text: string) => (help += text) };
  await runCommandLine([...words, '--help'], {
    environment: {},
    stdin: process.stdin,
    stdout,
    stderr: stdout,
  });
  return help;
}

/** Why a command line cannot be typed; nothing when it can. */
async function unknownIn(typed: string): Promise<string | undefined> {
  const [, command = '', word] = /^([a-z][a-z-]*)(?: ([a-z][a-z-]*)(?= |$))?/.exec(typed) ?? [];
  const help = await helpOf(word === undefined ? [command] : [command, word]);
  const usage = /^Usage: counterfoil ([^[<\n]*)/.exec(help)?.[1]?.trim();
  const isKnown =
    usage === (word === undefined ? command : `${command} ${word}`) ||
    (usage === command && word !== undefined && help.includes(`"${word}"`));
  const options = typed.match(/(?<= )--[a-z][a-z-]*/g) ?? [];
  const strange = options.filter((option) => !help.includes(`  ${option} `));
  return isKnown ? strange[0] : typed;
}

const WHO_ACTS = {
  retry: 'the program',
  reauthorize: 'the owner',
  review: 'a person',
  ignore: 'nobody',
} as const;

void describe('documents', () => {
  void test('docs/errors.md has every failure, who acts and its sentence, and no other', () => {
    const documented = Array.from(rowsOf('docs/errors.md'), ([code, [who, sentence]]) => ({
      code,
      who,
      sentence,
    }));
    const known = Object.entries(CATALOGUE).map(([code, { remedy, sentence }]) => ({
      code,
      who: WHO_ACTS[remedy],
      sentence,
    }));
    const byCode = (a: { code: string }, b: { code: string }): number => (a.code < b.code ? -1 : 1);
    assert.deepEqual(documented.toSorted(byCode), known.toSorted(byCode));
  });

  void test('docs/errors.md says of every question how it is closed, and the sentence does where only an answer closes it', () => {
    const rows = [...rowsOf('docs/errors.md')];
    const isAbout = /^(?:delivery|order|refund|fee|settlement|period|books|request)-/;
    const questions = rows.filter(([code, [who]]) => who === WHO_ACTS.review && isAbout.test(code));
    const endless = questions.filter(([, [, ...words]]) => !/\b(?:retry|decide)\b/i.test(words.join(' ')));
    // What a person did by hand does not end these: planned anew, the order is asked about as before.
    const asked = questions.filter(([, [, sentence = '', todo = '']]) => {
      const isAnswerAlone = todo.includes('counterfoil decide ORDER keep') && !/\bretry\b/.test(todo);
      return isAnswerAlone && !/\bdecide\b/i.test(sentence);
    });
    none([
      ...endless.map(([code]) => `${code} is closed by nothing that docs/errors.md names`),
      ...asked.map(([code]) => `The sentence of ${code} does not say that an answer closes it`),
    ]);
  });

  void test('every failure of the catalogue can happen', () => {
    const program = SOURCES.filter(({ path }) => inSource(path) && path !== 'src/core/failure.ts');
    const codes = Object.keys(CATALOGUE).filter(
      (code) => !program.some(({ text }) => text.includes(`'${code}'`)),
    );
    none(codes.map((code) => `${code} is thrown nowhere`));
  });

  void test('every action of the audit log can happen', () => {
    const [, union = ''] = /export type AuditAction =([^;]+);/.exec(read('src/core/audit.ts')) ?? [];
    const actions = Array.from(union.matchAll(/'([^']+)'/g), ([, action = '']) => action);
    assert.ok(actions.length > 10);
    const others = SOURCES.filter(
      ({ path }) => path.startsWith('src/') && !isTest(path) && path !== 'src/core/audit.ts',
    );
    none(actions.filter((action) => !others.some(({ text }) => text.includes(`'${action}'`))));
  });

  void test('docs/bookkeeping.md has forty cases, each with a test of its number or the word that it is not yet', () => {
    const rows = Array.from(read('docs/bookkeeping.md').matchAll(/^\| (\d+) \|(.*)\|$/gm));
    assert.deepEqual(
      rows.map(([, number]) => Number(number)),
      Array.from({ length: 40 }, (_, index) => index + 1),
    );
    const tests = SOURCES.filter(({ path }) => isTest(path));
    none(
      rows.flatMap(([, number = '', rest = '']) => {
        const isTested = tests.some(({ text }) => text.includes(`'case ${number}: `));
        return isTested === rest.includes('*not yet*') ? [`case ${number}`] : [];
      }),
    );
  });

  void test('docs/testing.md has every guard with its test, and no other', () => {
    const documented = Array.from(
      read('docs/testing.md').matchAll(/^\| ([^|]+) \| ([^|]+) \| `([^`|]+)` \|$/gm),
      ([, what, against, path]) => [what, against, path],
    );
    assert.deepEqual(
      documented,
      GUARDS.map(({ what, against = '–', test: path }) => [what, against, path]),
    );
  });

  void test('every fault that is drawn has a guard that a test misses', () => {
    none(FAULTS.filter((fault) => !GUARDS.some(({ against }) => against === fault)));
  });

  void test('every guard stands once in its file, so that it can be taken out', () => {
    none(GUARDS.filter(({ file, from }) => read(file).split(from).length !== 2).map(({ what }) => what));
  });

  void test('docs/config.md has every setting, its meaning and whether it is secret, and no other', () => {
    const documented = Array.from(rowsOf('docs/config.md'), ([name, [meaning, , secret]]) => ({
      name,
      meaning,
      secret,
    }));
    const known = Object.entries(SETTINGS).map(([name, setting]) => ({
      name,
      meaning: setting.meaning,
      secret: 'isSecret' in setting ? 'secret' : '',
    }));
    const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);
    assert.deepEqual(documented.toSorted(byName), known.toSorted(byName));
  });

  void test('docs/config.md has the defaults that hold', () => {
    const needed = {
      SHOPIFY_SHOP_DOMAIN: 'acme.myshopify.com',
      AMAZON_SELLER_ID: 'A3EXAMPLESELLER',
      SP_API_REGION: 'na',
    };
    const told = Array.from(rowsOf('docs/config.md')).flatMap(([name, [, cell = '']]) => {
      const value = /^`([^`]+)`$/.exec(cell)?.[1];
      return value === undefined ? [] : [{ name, value }];
    });
    assert.ok(told.length > 10);
    const otherwise = readConfig(needed);
    for (const { name, value } of told) {
      assert.deepEqual(
        readConfig({ ...needed, [name]: value }),
        otherwise,
        `${name} is not ${value} by default`,
      );
    }
  });

  void test('docs/alarms.md has every kind of alarm, when it is raised and what to do, and no other', () => {
    const documented = Array.from(rowsOf('docs/alarms.md'), ([kind, cells]) => [kind, ...cells]);
    const known = Object.entries(ALARM_CATALOGUE).map(([kind, { when, remedy }]) => [kind, when, remedy]);
    assert.deepEqual(documented, known);
  });

  void test('docs/rules.md has every rule, its meaning, what is allowed and its default, and no other', () => {
    const documented = Array.from(rowsOf('docs/rules.md'), ([name, cells]) => [name, ...cells.slice(0, 3)]);
    const known = RULE_KEYS.map((key) => [
      key.name,
      key.meaning,
      key.allowed,
      `\`${key.write({ ...DEFAULT_RULES }, '')}\``,
    ]);
    assert.deepEqual(documented, known);
  });

  void test('docs/rules.md tells in which defaults a route from Amazon differs', () => {
    const [, told = ''] = /`from: amazon` has others for (.*?)\.\n/s.exec(read('docs/rules.md')) ?? [];
    const written = (key: (typeof RULE_KEYS)[number], source: 'shopify' | 'amazon'): string =>
      key.write({ ...defaultRulesOf(source) }, '');
    const others = RULE_KEYS.filter((key) => written(key, 'shopify') !== written(key, 'amazon'));
    assert.deepEqual(
      Array.from(told.matchAll(/`([^`]+)`/g), (match) => match[1]),
      others.map((key) => `${key.name}: ${written(key, 'amazon')}`),
    );
  });

  void test('the least file of docs/rules.md is the defaults', () => {
    const [, least = ''] = /```yaml\n([\s\S]*?)```/.exec(read('docs/rules.md')) ?? [];
    const found = readRulesFile(least, rulesFileOptions(undefined));
    const routes = [{ from: 'shopify', to: 'freshbooks', rules: DEFAULT_RULES }];
    assert.deepEqual(found, { outcome: 'rules', routes });
  });

  void test('every file that docs/security.md names as a proof is a test', () => {
    const named = Array.from(
      read('docs/security.md').matchAll(/`([^`\s]+\.ts)`/g),
      (match) => match[1] ?? '',
    );
    assert.ok(named.length > 15);
    none(named.filter((path) => !path.endsWith('.test.ts') || !existsSync(join(ROOT, path))));
  });

  void test('docs/security.md names every setting whose address is called', () => {
    const [, rest = ''] = read('docs/security.md').split('## Who is called');
    const [section = ''] = rest.split('\n## ');
    // Where the database is, where this server is reached, and what a person opens in his browser.
    const uncalled = ['DATABASE_URL', 'COUNTERFOIL_PUBLIC_URL', 'FRESHBOOKS_AUTH_URL'];
    const called = Object.keys(SETTINGS).filter(
      (name) => /_URL\b|_URL_/.test(name) && !uncalled.includes(name),
    );
    assert.ok(called.length > 5);
    none(called.filter((name) => !section.includes(`\`${name}\``)));
  });

  void test('docs/security.md tells the limits of a sender as they are', () => {
    const [, table = ''] = read('docs/security.md').split('## What a sender may take');
    const { headersMax, connectionsMax, refusalsMax } = HTTP_LIMITS;
    const times = [HTTP_LIMITS.headersTimeoutMs, HTTP_LIMITS.requestTimeoutMs, HTTP_LIMITS.keepAliveMs];
    const sizes = [HTTP_LIMITS.bodyBytesMax, HTTP_LIMITS.bodyBytesShared].map(
      (bytes) => `${bytes / 2 ** 20} MiB`,
    );
    const kibibytes = [HTTP_LIMITS.headerBytesMax, HTTP_LIMITS.bodyBytesOwn].map(
      (bytes) => `${bytes / 2 ** 10} KiB`,
    );
    const told = [
      ...sizes,
      ...kibibytes,
      ...times.map((ms) => `${ms / 1000} s`),
      `${headersMax} of them`,
      `| ${connectionsMax} |`,
      `| ${HTTP_LIMITS.bodyPiecesMax} |`,
      `| ${refusalsMax}, and one more each ${HTTP_LIMITS.refusalEveryMs / 1000} s |`,
      `| ${HTTP_LIMITS.refusalsOfAllMax}, and one more each ${HTTP_LIMITS.refusalOfAllEveryMs / 1000} s |`,
      `| ${HTTP_LIMITS.copiesMax}, and one more each ${HTTP_LIMITS.copyEveryMs / 1000} s |`,
      `| ${HTTP_LIMITS.apiBodyBytesMax / 2 ** 10} KiB |`,
      `| ${HTTP_LIMITS.loginsMax}, and one more each ${HTTP_LIMITS.loginEveryMs / 1000} s;`,
      `| ${HTTP_LIMITS.loginsOfAllMax}, and one more each ${HTTP_LIMITS.loginOfAllEveryMs / 1000} s |`,
    ];
    none(told.filter((words) => !table.includes(words)));
  });

  void test('every command that a page has typed is known, with its options', async () => {
    const pages = FILES.filter((path) => /^(?:README|CHANGELOG|docs\/.*)\.md$/.test(path));
    const typed = pages.flatMap((page) => typedIn(page).map((line) => ({ page, line })));
    assert.ok(typed.length > 100);
    for (const { page, line } of typed) {
      const unknown = await unknownIn(line);
      assert.equal(unknown, undefined, `${page} has "counterfoil ${line}" typed`);
    }
  });

  void test('every link within the documents leads to a file, and to a heading of it', () => {
    const pages = FILES.filter((path) => path.endsWith('.md'));
    none(
      pages.flatMap((page) =>
        Array.from(
          read(page).matchAll(/\]\((?!https?:|mailto:)([^)#]*)(?:#([^)]*))?\)/g),
          ([, link = '', heading]) => ({ link: link === '' ? basename(page) : link, heading }),
        )
          .filter(({ link, heading }) => {
            const path = join(dirname(page), link);
            return (
              !existsSync(join(ROOT, path)) || (heading !== undefined && !headingsOf(path).includes(heading))
            );
          })
          .map(({ link, heading }) => `${page} links to ${link}#${heading ?? ''}, which is not there`),
      ),
    );
  });

  void test('every method of a port has a case in its contract', () => {
    const ports = ['source', 'ports'].map((name) => read(`src/pipeline/${name}.ts`)).join('\n');
    const contracts = {
      Source: 'source',
      Swept: 'source',
      Books: 'books',
      Store: 'store',
      Reader: 'store',
      Writer: 'store',
      WatchReader: 'store',
      Queue: 'queue',
      AlarmChannel: 'alarm-channel',
    };
    const faults = Object.entries(contracts).flatMap(([port, file]) => {
      const [, body = ''] =
        new RegExp(`export interface ${port}\\b[^{]*\\{\\n([\\s\\S]*?)\\n\\}`).exec(ports) ?? [];
      const methods = Array.from(body.matchAll(/^ {2}(\w+)[(<]/gm), (match) => match[1] ?? '');
      assert.ok(methods.length > 0, `${port} has methods`);
      const suites = FILES.filter((path) => new RegExp(`^tests/contract/${file}\\b.*\\.ts$`).test(path));
      const contract = suites.map(read).join('\n');
      return methods
        .filter((method) => !new RegExp(`\\.${method}\\(`).test(contract))
        .map((method) => `${port}.${method} has no case in tests/contract/${file}*.ts`);
    });
    none(faults);
  });
});

void describe('migrations', () => {
  const files = FILES.filter((path) => path.startsWith('src/storage/migrations/')).toSorted();

  void test('are numbered from 0001 without gaps', () => {
    const numbers = files.map((path) => basename(path).slice(0, 5));
    assert.deepEqual(
      numbers,
      numbers.map((_number, index) => `${String(index + 1).padStart(4, '0')}-`),
    );
  });

  void test('are all registered, in order and under the names of their files', async () => {
    const { store, migrated } = await openStore({
      dialect: sqliteDialect(openSqlite(':memory:')),
      clock: hurriedClock(),
      seal: createSeal('key'),
    });
    await store.close();
    const expected = files.map((path, index) => `${index + 1} ${basename(path, '.ts').slice(5)}`);
    assert.deepEqual(migrated.applied, expected);
  });
});

// ── Words, names and sizes ──────────────────────────────────────────────────────────────────────────────────────────

interface Ban {
  readonly words: RegExp;
  readonly instead: string;
  readonly isIn: (path: string) => boolean;
  /** Files that may, each for its reason. */
  readonly except?: readonly string[];
}

const everywhere = (): boolean => true;
const inSource = (path: string): boolean => path.startsWith('src/') && !isTest(path);
const inProgram = (path: string): boolean => /^(src|sim)\//.test(path) && !isTest(path);

const BANS: readonly Ban[] = [
  { words: /\butils\b/, instead: 'a name that says what it holds', isIn: everywhere },
  { words: /\b(FIXME|HACK)\b/, instead: 'mending it, or an issue', isIn: everywhere },
  { words: /\b(test|describe|it|suite)\.only\(/, instead: 'all the tests', isIn: everywhere },
  { words: /\bconsole\.log\(/, instead: 'Output (cli) or Emit', isIn: (path) => path.startsWith('src/') },
  {
    words: /new Date\(\)|Date\.now\(/,
    instead: 'a Clock',
    isIn: inProgram,
    // The two places where real time comes in.
    except: ['src/outside.ts', 'sim/main.ts'],
  },
  {
    words: /\bsetTimeout\b/,
    instead: 'a condition or a moved clock',
    isIn: isTest,
    // It kills a real process at a random moment: the moment is what it tests.
    except: ['tests/crash/crash.ts'],
  },
  { words: /\bsetTimeout\b|\bsetInterval\b/, instead: 'a Clock', isIn: inSource, except: ['src/outside.ts'] },
  {
    words:
      /'node:(?:http|https|http2|net|tls|dgram|dns)(?:\/[a-z]+)?'|'undici'|\bWebSocket\b|\bEventSource\b/,
    instead: 'the transport of app.ts, which goes to hosts of the settings alone',
    // Mail goes to the one server of its settings.
    isIn: (path) => inSource(path) && !path.startsWith('src/alarms/'),
    // It listens, and calls nobody.
    except: ['src/http/server.ts'],
  },
  {
    words: /\.toFixed\(|\bparseFloat\(/,
    instead: 'core/money.ts',
    isIn: inSource,
    // Seconds, for a person who reads them.
    except: ['src/cli/demo.ts', 'src/cli/time-text.ts'],
  },
  {
    words: /\btimingSafeEqual\b/,
    instead: 'isSameProof of net/same-proof.ts',
    isIn: inSource,
    except: ['src/net/same-proof.ts'],
  },
  {
    // What proves an origin is compared with === by nobody: the time of that tells how much of it is right.
    words:
      /(?:signature|hmac|digest)\w*(?:\([^)]*\))?\s*[!=]==(?! (?:''|undefined))|[!=]==\s*[\w.]*(?:signature|hmac|digest)/i,
    instead: 'isSameProof of net/same-proof.ts',
    isIn: inSource,
  },
  {
    words: /\bcreateHmac\b/,
    instead: 'a proof that stands already, or a file named here',
    isIn: inSource,
    // Shopify's signature, that of a seller's own forwarder, our own on alarms, browsers that are known, and the derivation of keys.
    except: [
      'src/sources/shopify/webhook.ts',
      'src/sources/amazon/proof.ts',
      'src/alarms/signed-webhook.ts',
      'src/admin/login.ts',
      'src/storage/seal.ts',
    ],
  },
  { words: /\/ ?100n?\b|\* ?100n?\b/, instead: 'core/money.ts', isIn: inSource },
];

void describe('words', () => {
  for (const { words, instead, isIn, except = [] } of BANS) {
    void test(`${words.source} is not written: use ${instead}`, () => {
      none(
        SOURCES.filter(({ path }) => isIn(path) && !except.includes(path)).flatMap(({ path, text }) =>
          text
            .split('\n')
            .flatMap((line, index) => (words.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
        ),
      );
    });
  }

  void test('no path of a workplace stands in the program or its documents', () => {
    const looked = FILES.filter((path) => /^(src|sim|docs|bin)\/|^[^/]+\.(md|json)$/.test(path));
    none(looked.filter((path) => /(^|[\s"'`(])\/(work|tmp|home|root)\//m.test(read(path))));
  });
});

void describe('files', () => {
  const WIDTH_MAX = 120;
  /** A sentence that would be alone on its second line stays on its first. */
  const COMMENT_WIDTH_MAX = 140;
  /** A text or a pattern stands in one piece, so that it can be searched for; so does what a tool reads. */
  const isOnePiece = (line: string): boolean =>
    /['"`/].{50,}/.test(line) || /oxlint-disable|https?:/.test(line);

  void test(`no line is longer than ${WIDTH_MAX} columns, no comment than ${COMMENT_WIDTH_MAX}`, () => {
    none(
      SOURCES.flatMap(({ path, text }) => {
        let isInText = false;
        return text.split('\n').flatMap((line, index) => {
          const isComment = /^\s*(\/\/|\/?\*)/.test(line);
          const isFree = isInText || (!isComment && isOnePiece(line));
          isInText = isInText !== (!isComment && line.split('`').length % 2 === 0);
          const isTooLong = line.length > (isComment ? COMMENT_WIDTH_MAX : WIDTH_MAX);
          return isTooLong && !isFree ? [`${path}:${index + 1}: ${line.length} columns`] : [];
        });
      }),
    );
  });

  void test('no file is named after nothing', () => {
    none(
      FILES.filter(
        (path) =>
          /^(index|utils?|helpers?|common|types|services?)\.[jt]sx?$/.test(basename(path)) &&
          /^(src|sim)\//.test(path),
      ),
    );
  });

  void test('every TypeScript file has a name in kebab-case', () => {
    none(
      SOURCES.map(({ path }) => path).filter(
        (path) => !/^[a-z0-9-]+(\.[a-z0-9-]+)*\.ts$/.test(basename(path)),
      ),
    );
  });

  void test('no file is larger than a megabyte', () => {
    none(FILES.filter((path) => statSync(join(ROOT, path)).size > 1024 * 1024));
  });

  void test('every file of tests is run by the test command or the long part of CI, by itself or from the units of its folder, and once', () => {
    const { scripts } = JSON.parse(read('package.json'));
    const patterns = Array.from(String(scripts.test).matchAll(/"([^"]+)"/g), (match) => match[1] ?? '');
    const long = 'tests/long/*.test.ts';
    assert.ok(!patterns.includes(long) && read('.ci/run').includes(`"${long}"`));
    patterns.push(long);
    const named = patterns.flatMap((pattern) => globSync(pattern, { cwd: ROOT }));
    const folders = named.filter((path) => basename(path) === 'units.test.ts').map((path) => dirname(path));
    const tests = FILES.filter((path) => path.endsWith('.test.ts'));
    assert.ok(tests.length > 100 && folders.length > 1);
    const timesOf = (path: string): number =>
      named.filter((each) => each === path).length +
      (named.includes(path) ? 0 : folders.filter((folder) => path.startsWith(`${folder}/`)).length);
    none(tests.filter((path) => timesOf(path) !== 1).map((path) => `${path} is run ${timesOf(path)} times`));
    const isTwice = (path: string): boolean =>
      basename(path) !== 'units.test.ts' && folders.some((folder) => path.startsWith(`${folder}/`));
    none(named.filter(isTwice).map((path) => `${path} is run from its folder as well`));
  });

  void test('within a file no two tests have one name', () => {
    none(
      SOURCES.filter(({ path }) => isTest(path)).flatMap(({ path, text }) => {
        const names = Array.from(
          text.matchAll(/\b(?:test|law|promise|\w+Test)\(\s*(?:'((?:[^'\\]|\\.)+)'|"([^"]+)"|`([^`$]+)`)/g),
          (match) => match[1] ?? match[2] ?? match[3] ?? '',
        );
        return names.filter((name, index) => names.indexOf(name) !== index).map((name) => `${path}: ${name}`);
      }),
    );
  });
});
