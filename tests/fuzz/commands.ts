import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import * as fc from 'fast-check';
import { runCommandLine } from '#cli/commands.ts';
import { openShopify } from '#tests/contract/source-shopify.ts';
import { MOMENTS, mangled, mangles } from './mangle.ts';
import { see } from './target.ts';
import type { Opened } from './target.ts';

/** What a person, or a script of his, gives a command: arguments, files, settings. */

/** Told by exit code and a sentence: done, failed, wrong use. */
const EXIT_CODES = [0, 1, 2];

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(
  args: readonly string[],
  {
    environment,
    input = new Uint8Array(),
  }: { environment: Readonly<Record<string, string>>; input?: Uint8Array },
): Promise<Ran> {
  const written = { out: '', err: '' };
  const code = await runCommandLine(args, {
    environment,
    stdin: Readable.from([Buffer.from(input)]),
    stdout: { write: (text) => (written.out += text) },
    stderr: { write: (text) => (written.err += text) },
  });
  return { code, ...written };
}

function assertTold({ code, out, err }: Ran, args: readonly string[]): void {
  see(`exit ${code}`);
  assert.ok(EXIT_CODES.includes(code), `exit code ${code}`);
  assert.notEqual(out + err, '', 'it says something');
  // The sentence of a fault of the program, and what a stack looks like.
  assert.doesNotMatch(err + out, /Please report it|"unexpected"|\n {4}at /, args.join(' '));
  if (args.includes('--json') && code === 0 && out !== '' && !args.includes('--help')) {
    JSON.parse(out);
  }
}

export async function openPreviews(): Promise<Opened> {
  const world = await openShopify();
  const folder = await mkdtemp(join(tmpdir(), 'counterfoil-fuzz-'));
  const rulesFile = join(folder, 'rules.yaml');
  await writeFile(
    rulesFile,
    await readFile(join(import.meta.dirname, '..', '..', 'docs', 'rules-example.yaml')),
  );
  const environment = { DATABASE_URL: `sqlite:${join(folder, 'none.db')}` };
  const bodies = world.orders.map(({ message }) => message.body);
  const property = fc.asyncProperty(
    fc.nat(bodies.length - 1),
    mangles,
    fc.subarray(['--json', '--rules']),
    async (index, mangle, options) => {
      const input = mangled(bodies[index] ?? new Uint8Array(), mangle);
      const args = [
        'preview',
        '-',
        ...options.flatMap((option) => (option === '--rules' ? [option, rulesFile] : [option])),
      ];
      assertTold(await run(args, { environment, input }), args);
    },
  );
  return {
    property,
    async close() {
      await world.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Commands that ask nobody but this machine, with what they may be given. */
const COMMANDS: readonly (readonly string[])[] = [
  ['orders'],
  ['orders', '--state'],
  ['orders', '--limit'],
  ['explain'],
  ['retry'],
  ['decide'],
  ['journal', '--month'],
  ['plan', '--since'],
  ['redact'],
  ['redact', '--before'],
  ['audit'],
  ['config', 'check'],
  ['config', 'export'],
  ['config', 'import'],
  ['preview'],
  ['alarms', 'list'],
  ['migrate'],
  ['secret', 'rotate'],
  [],
];
const argument = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom(...MOMENTS),
  fc.constantFrom(
    '#1001',
    'shopify:1',
    'shopify:99999999999999999999999',
    'delivery:1',
    'delivery:01JZ',
    '--json',
    '--help',
    '--limit',
    '--state',
    '--all-held',
    '--apply',
    '--',
    '-',
    '0',
    '-1',
    '1e9',
    '9'.repeat(400),
    'held',
    'keep',
    'accept',
    '2026-11',
    '0000-01',
    '9999-12',
    '2026-11-01',
    '/',
    '/dev/null',
    '.',
    'no-such-file.json',
    'x'.repeat(5000),
    '\u001B[31m',
    '%s%n',
    "'; drop table orders; --",
    '../../etc/passwd',
  ),
);
const settings = fc.dictionary(
  fc.constantFrom(
    'SHOPIFY_SHOP_DOMAIN',
    'COUNTERFOIL_TIME_ZONE',
    'COUNTERFOIL_PUBLIC_URL',
    'FRESHBOOKS_API_URL',
    'UNKNOWN_WAIT_SECONDS',
    'RETENTION_DAYS',
    'PORT',
    'LOG_LEVEL',
    'ALARM_EMAIL_TO',
    'SMTP_URL',
    'ALARM_SLACK_URL',
  ),
  fc.oneof(
    fc.string({ maxLength: 20 }),
    fc.constantFrom(
      '0',
      '-1',
      '1e9',
      'https://',
      'http://[',
      'Mars/Phobos',
      'acme.myshopify.com',
      '99999999999',
    ),
  ),
  { maxKeys: 2 },
);

export async function openArguments(): Promise<Opened> {
  const folder = await mkdtemp(join(tmpdir(), 'counterfoil-fuzz-'));
  const own = { DATABASE_URL: `sqlite:${join(folder, 'counterfoil.db')}` };
  const property = fc.asyncProperty(
    fc.constantFrom(...COMMANDS),
    fc.oneof(fc.array(argument, { maxLength: 1 }), fc.array(argument, { maxLength: 3 })),
    fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: settings }),
    async (command, more, set) => {
      const args = [...command, ...more];
      assertTold(await run(args, { environment: { ...set, ...own } }), args);
    },
  );
  return { property, close: () => rm(folder, { recursive: true, force: true }) };
}
