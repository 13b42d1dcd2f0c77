import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SETTINGS, readConfig } from './config.ts';

const refusal = (settings: Readonly<Record<string, string>>): string => {
  try {
    readConfig(settings);
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
  return '';
};

test('an address with a password is refused, and the password is not told', () => {
  for (const name of ['FRESHBOOKS_API_URL', 'FRESHBOOKS_AUTH_URL', 'COUNTERFOIL_PUBLIC_URL']) {
    for (const text of [
      'https://me:hush@localhost',
      'ftp://me:hush@localhost',
      'https://me:hush@',
      '//:hush@',
    ]) {
      const problem = refusal({ [name]: text });
      assert.match(problem, new RegExp(`^${name}: `));
      assert.doesNotMatch(problem, /hush/, text);
    }
  }
});

test('a secret that was set under the name of another setting is not told, nor a part of it', () => {
  const others = {
    SHOPIFY_SHOP_DOMAIN: 'acme.myshopify.com',
    AMAZON_SELLER_ID: 'A3EXAMPLESELLER',
    SP_API_REGION: 'na',
    AMAZON_SQS_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/111122223333/orders',
    ALARM_EMAIL_TO: 'owner@example.com',
    ALARM_EMAIL_FROM: 'books@example.com',
    SMTP_URL: 'smtp://127.0.0.1',
  };
  const secrets = [
    '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',
    'correcthorsebattery',
    'Hush4Hush4Hush',
    'hunter2-pl4nted-secret',
    'correct-horse-battery',
    '6f1c9a2e-4b7d-4c58-9e3a-0d5b8f7a6c21',
  ];
  const names = Object.entries(SETTINGS).flatMap(([name, setting]) => ('isSecret' in setting ? [] : [name]));
  let refused = 0;
  for (const secret of secrets) {
    for (const text of [
      secret,
      `me:${secret}@host`,
      `https://me:in/${secret}@host`,
      `smtp://me:${secret}@mail.example:587`,
      `postgres://me:${secret}@host/books`,
      `https:me:${secret}@host`,
      `https://host.example/?key=${secret}`,
    ]) {
      for (const name of names) {
        const problem = refusal({ ...others, [name]: text }).toLowerCase();
        refused += problem === '' ? 0 : 1;
        assert.doesNotMatch(problem, new RegExp(secret.slice(-9), 'i'), `${name}: ${text}`);
      }
    }
  }
  assert.ok(refused > 300, `${refused} were refused`);
});

test('a slip of the pen is told as it stands', () => {
  for (const [name, text] of Object.entries({
    SHOPIFY_SHOP_DOMAIN: 'https://acme.myshopify.com/admin',
    PORT: '300o',
    COUNTERFOIL_TIME_ZONE: 'Europe/Berlinn',
    LOG_LEVEL: 'loud',
    FRESHBOOKS_API_URL: 'api.freshbooks.com',
    FRESHBOOKS_AUTH_URL: 'sqs.us-gov-west-1.amazonaws.com',
  })) {
    assert.ok(refusal({ [name]: text }).includes(`"${text}"`), name);
  }
});

test('a redirect address is what FreshBooks takes: https, and no query', () => {
  const wrong = ['nonsense', 'counterfoil.example/callback', 'http://counterfoil.example/callback'];
  for (const text of [
    ...wrong,
    'https://counterfoil.example/callback?x=1',
    'https://counterfoil.example/#a',
  ]) {
    const problem = refusal({ FRESHBOOKS_REDIRECT_URI: text });
    assert.match(problem, /^FRESHBOOKS_REDIRECT_URI: .*https/, text);
  }
  for (const text of ['https://counterfoil.example/callback/', 'http://127.0.0.1:8080/callback']) {
    const set = { FRESHBOOKS_CLIENT_ID: 'a', FRESHBOOKS_CLIENT_SECRET: 'b', FRESHBOOKS_REDIRECT_URI: text };
    assert.equal(readConfig(set).freshbooks.app?.redirectUri, text);
  }
});

test('a redirect address with a name or a password in it is refused, and neither is shown', () => {
  for (const within of ['me:hush', 'me', ':hush']) {
    const problem = refusal({ FRESHBOOKS_REDIRECT_URI: `https://${within}@counterfoil.example/callback` });
    assert.match(
      problem,
      /^FRESHBOOKS_REDIRECT_URI: an address with a name or a password in it is not taken/,
    );
    assert.doesNotMatch(problem, /hush/);
  }
});

test('a vendor is not asked in clear, and a sandbox may be', () => {
  for (const [name, address] of Object.entries({
    FRESHBOOKS_API_URL: 'http://api.freshbooks.com',
    FRESHBOOKS_AUTH_URL: 'http://auth.freshbooks.com',
    SHOPIFY_API_URL: 'http://acme.myshopify.com',
    SP_API_URL: 'http://sellingpartnerapi-eu.amazon.com',
    LWA_URL: 'http://api.amazon.co.uk.',
    AMAZON_SQS_QUEUE_URL: 'http://sqs.eu-west-1.amazonaws.com/111122223333/orders',
    AWS_ENDPOINT_URL_SQS: 'http://sqs.cn-north-1.amazonaws.com.cn',
  })) {
    const set = {
      SHOPIFY_SHOP_DOMAIN: 'acme.example',
      AMAZON_SELLER_ID: 'A3EXAMPLESELLER',
      SP_API_REGION: 'eu',
      AMAZON_SQS_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/111122223333/orders',
    };
    assert.match(refusal({ ...set, [name]: address }), new RegExp(`^${name}: .* in clear: write https://`));
  }
  for (const address of ['http://127.0.0.1:4101', 'http://sandbox:4101', 'http://freshbooks.sim']) {
    assert.doesNotThrow(() => readConfig({ FRESHBOOKS_API_URL: address }), address);
  }
});

test('a key that could be guessed from a copy of the database is refused, and one that is being replaced is not', () => {
  for (const text of ['hunter2', 'x'.repeat(31)]) {
    const problem = refusal({ COUNTERFOIL_SECRET_KEY: text });
    assert.match(problem, /^COUNTERFOIL_SECRET_KEY: .*32 characters.*openssl rand -hex 32/);
    assert.ok(!problem.includes(text));
  }
  const set = { COUNTERFOIL_SECRET_KEY: 'x'.repeat(32), COUNTERFOIL_OLD_SECRET_KEY: 'secret' };
  assert.equal(readConfig(set).oldSecretKey, 'secret');
});

test('a retention is a whole number of days from one', () => {
  for (const text of ['0', '-1', '1.5', 'a month', '36501']) {
    assert.match(refusal({ RETENTION_DAYS: text }), /^RETENTION_DAYS: /, text);
  }
  assert.equal(readConfig({ RETENTION_DAYS: '30' }).retentionDays, 30);
  assert.equal(readConfig({}).retentionDays, undefined);
});

test('a shop that no address can be made of is refused', () => {
  for (const domain of ['99999999999', 'acme.example:99999', '1.2.3.4.5', 'acme']) {
    assert.match(refusal({ SHOPIFY_SHOP_DOMAIN: domain }), /is not a domain/, domain);
  }
});

test('all that is wrong is named at once, a line for each setting', () => {
  const problem = refusal({
    DATABASE_URL: 'mysql://me:hush@localhost',
    PORT: 'eighty',
    SHOPIFY_SHOP_DOMAIN: 'https://acme.example/',
    SHOPIFY_API_URL: 'acme',
    FRESHBOOKS_API_URL: 'books',
    AMAZON_SELLER_ID: 'me',
    SP_API_REGION: 'mars',
    AMAZON_API_KEY: 'short',
    ALARM_WEBHOOK_URL: 'https://alarms.example',
    ALARM_REPEAT_HOURS: 'often',
    LOG_LEVEL: 'loud',
  });
  assert.deepEqual(
    problem.split('\n').map((line) => line.split(':')[0]),
    [
      'SHOPIFY_SHOP_DOMAIN',
      'SHOPIFY_API_URL',
      'AMAZON_SELLER_ID',
      'SP_API_REGION',
      'AMAZON_API_KEY',
      'FRESHBOOKS_API_URL',
      'DATABASE_URL',
      'PORT',
      'ALARM_WEBHOOK_URL',
      'ALARM_REPEAT_HOURS',
      'LOG_LEVEL',
    ],
  );
  assert.doesNotMatch(problem, /hush/);
});

test('a database under another name by a link is the same one: its lock and its key lie beside the file', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'counterfoil-config-'));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'data'));
  const file = join(folder, 'data', 'counterfoil.db');
  const pathOf = (name: string) => readConfig({ DATABASE_URL: `sqlite:${join(folder, name)}` }).databasePath;
  symlinkSync(file, join(folder, 'absolute.db'));
  symlinkSync('absolute.db', join(folder, 'relative.db'));
  assert.deepEqual([pathOf('absolute.db'), pathOf('relative.db')], [file, file], 'before it is made');
  writeFileSync(file, '');
  assert.deepEqual([pathOf('absolute.db'), pathOf('relative.db')], [file, file]);
  symlinkSync('round.db', join(folder, 'round.db'));
  assert.equal(pathOf('round.db'), join(folder, 'round.db'));
  assert.equal(readConfig({ DATABASE_URL: 'sqlite:some/where.db' }).databasePath, 'some/where.db');
  assert.match(refusal({ DATABASE_URL: 'sqlite:~/books.db' }), /write the whole path/);
});
