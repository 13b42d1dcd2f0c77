import { lstatSync, readlinkSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ALARM_SETTINGS, alarmsConfig } from '#config-alarms.ts';
import type { AlarmsConfig } from '#config-alarms.ts';
import { AMAZON_SETTINGS, amazonConfig } from '#config-amazon.ts';
import type { AmazonConfig } from '#config-amazon.ts';
import {
  assertNobodyIn,
  invalid,
  listed,
  readAll,
  vendorAddress,
  webAddress,
  whereSet,
} from '#config-values.ts';
import { passwordFault } from '#core/admin-password.ts';
import { shownSetting } from '#core/shown-setting.ts';
import { MINUTE, SECOND, parseZone } from '#core/time.ts';
import type { Zone } from '#core/time.ts';
import type { Dotenv } from '#dotenv.ts';

/** The only reader of the environment: a table of settings, and the frozen configuration that they make. */

interface Setting {
  readonly meaning: string;
  readonly isSecret?: true;
}

/** Every setting there is. docs/config.md lists exactly these; a test compares. */
export const SETTINGS = {
  SHOPIFY_SHOP_DOMAIN: { meaning: 'The shop’s permanent domain, such as acme.myshopify.com' },
  SHOPIFY_API_KEY: { meaning: 'Client id of the app (client credentials)' },
  SHOPIFY_API_SECRET: { meaning: 'Client secret of the app; also verifies webhooks', isSecret: true },
  SHOPIFY_ACCESS_TOKEN: {
    meaning: 'Static token of an older custom app, instead of client credentials',
    isSecret: true,
  },
  SHOPIFY_WEBHOOK_SECRET: {
    meaning: 'Further secrets that verify webhooks, separated by commas',
    isSecret: true,
  },
  SHOPIFY_API_URL: { meaning: 'Origin of the Admin API, when it is not the shop’s domain' },
  ...AMAZON_SETTINGS,
  FRESHBOOKS_CLIENT_ID: { meaning: 'Client id of the FreshBooks app' },
  FRESHBOOKS_CLIENT_SECRET: { meaning: 'Client secret of the FreshBooks app', isSecret: true },
  FRESHBOOKS_REDIRECT_URI: { meaning: 'Redirect address of the app, as registered: https, and no query' },
  FRESHBOOKS_ACCOUNT_ID: { meaning: 'The account to book into, when the connected person has several' },
  FRESHBOOKS_ACCESS_TOKEN: {
    meaning: 'Seeds the token store when it is empty or when this changes',
    isSecret: true,
  },
  FRESHBOOKS_REFRESH_TOKEN: { meaning: 'Seeds the token store, with the access token', isSecret: true },
  FRESHBOOKS_API_URL: { meaning: 'Origin of the FreshBooks API' },
  FRESHBOOKS_AUTH_URL: { meaning: 'Origin of the FreshBooks consent page' },
  DATABASE_URL: { meaning: 'sqlite:PATH' },
  HOST: { meaning: 'Address to listen on' },
  PORT: { meaning: 'Port to listen on; 0 takes a free one' },
  COUNTERFOIL_PUBLIC_URL: { meaning: 'The https address under which the shop reaches this service' },
  COUNTERFOIL_SECRET_KEY: {
    meaning: 'Seals stored tokens, at least 32 random characters; made beside the database when absent',
    isSecret: true,
  },
  COUNTERFOIL_OLD_SECRET_KEY: {
    meaning: 'The key so far, while secrets are sealed anew with another: counterfoil secret rotate',
    isSecret: true,
  },
  COUNTERFOIL_ADMIN_PASSWORD: {
    meaning: 'The admin password, at least 12 characters; wins over the one of counterfoil admin password',
    isSecret: true,
  },
  COUNTERFOIL_TIME_ZONE: { meaning: 'Zone of invoice dates, instead of the offset in the shop’s timestamps' },
  UNKNOWN_WAIT_SECONDS: {
    meaning: 'How long a write whose outcome is unknown is waited for before it is looked for',
  },
  RETENTION_DAYS: {
    meaning: 'After how many days the messages of finished orders are blanked; never when absent',
  },
  ...ALARM_SETTINGS,
  LOG_LEVEL: { meaning: 'debug, info, warn, error or silent' },
} as const satisfies Record<string, Setting>;

type SettingName = keyof typeof SETTINGS;

export interface ShopifyConfig {
  readonly shopDomain: string;
  /** Verify webhooks, any of them. */
  readonly webhookSecrets: readonly string[];
  readonly access:
    | { readonly kind: 'client-credentials'; readonly clientId: string; readonly clientSecret: string }
    | { readonly kind: 'static'; readonly token: string }
    | { readonly kind: 'none' };
  readonly apiUrl: string;
}

export interface FreshBooksConfig {
  readonly app?: { readonly clientId: string; readonly clientSecret: string; readonly redirectUri: string };
  readonly accountId?: string;
  readonly seed?: { readonly accessToken: string; readonly refreshToken?: string };
  readonly apiUrl: string;
  readonly authUrl: string;
}

export interface Config {
  readonly shopify?: ShopifyConfig;
  readonly amazon?: AmazonConfig;
  readonly freshbooks: FreshBooksConfig;
  readonly databasePath: string;
  readonly host: string;
  readonly port: number;
  readonly publicUrl?: string;
  readonly secretKey?: string;
  /** Opens what is still sealed with it; seals nothing. */
  readonly oldSecretKey?: string;
  readonly adminPassword?: string;
  readonly timeZone?: Zone;
  readonly unknownWaitMs: number;
  /** From 1; absent: what arrived is kept until a person says otherwise. */
  readonly retentionDays?: number;
  readonly alarms: AlarmsConfig;
  readonly logLevel: LogLevel;
}

const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Longer than FreshBooks' own time-out, whose length is unknown; a minute and a half is longer than any proxy's default. */
const UNKNOWN_WAIT_MS = 1.5 * MINUTE;
const UNKNOWN_WAIT_SECONDS_MAX = 3600;
/** A guess costs a single hash, so nothing that a person makes up is long enough. */
const SECRET_KEY_LENGTH_MIN = 32;
/** Longer than any law wants contact data kept. */
const RETENTION_DAYS_MAX = 36_500;

export type Environment = Readonly<Record<string, string | undefined>>;

/** The process's own variables over those of the file `.env`. */
export function environmentOf({ values }: Pick<Dotenv, 'values'>): Environment {
  // oxlint-disable-next-line no-restricted-properties -- this is the reader of the environment
  return { ...values, ...process.env };
}

/** Throws `config-invalid` naming each wrong setting, what it holds (unless that may be a secret) and what is allowed. */
export function readConfig(environment: Environment): Config {
  const read = (name: SettingName): string | undefined => {
    const value = environment[name]?.trim();
    return value === '' ? undefined : value;
  };
  const oldSecretKey = read('COUNTERFOIL_OLD_SECRET_KEY');
  const parts = readAll({
    shopify: () => shopifyConfig(read),
    amazon: () => amazonConfig(read),
    freshbooks: () => freshbooksConfig(read),
    databasePath: () => databasePath(read('DATABASE_URL') ?? 'sqlite:data/counterfoil.db'),
    port: () => wholeNumber('PORT', read('PORT') ?? '3000', 65_535),
    publicUrl: () => whereSet(read, 'COUNTERFOIL_PUBLIC_URL', webAddress),
    secretKey: () => whereSet(read, 'COUNTERFOIL_SECRET_KEY', sealingKey),
    adminPassword: () => whereSet(read, 'COUNTERFOIL_ADMIN_PASSWORD', adminPassword),
    timeZone: () => whereSet(read, 'COUNTERFOIL_TIME_ZONE', zoneIn),
    unknownWaitMs: () => unknownWaitMs(read('UNKNOWN_WAIT_SECONDS')),
    retentionDays: () => whereSet(read, 'RETENTION_DAYS', days),
    alarms: () => alarmsConfig(read),
    logLevel: () => logLevel(read('LOG_LEVEL') ?? 'info'),
  });
  const { shopify, amazon, publicUrl, secretKey, timeZone, retentionDays } = parts;
  return Object.freeze({
    ...(shopify === undefined ? {} : { shopify }),
    ...(amazon === undefined ? {} : { amazon }),
    freshbooks: parts.freshbooks,
    databasePath: parts.databasePath,
    host: read('HOST') ?? '127.0.0.1',
    port: parts.port,
    ...(publicUrl === undefined ? {} : { publicUrl }),
    ...(secretKey === undefined ? {} : { secretKey }),
    ...(oldSecretKey === undefined ? {} : { oldSecretKey }),
    ...(parts.adminPassword === undefined ? {} : { adminPassword: parts.adminPassword }),
    ...(timeZone === undefined ? {} : { timeZone }),
    unknownWaitMs: parts.unknownWaitMs,
    ...(retentionDays === undefined ? {} : { retentionDays }),
    alarms: parts.alarms,
    logLevel: parts.logLevel,
  });
}

type Read = (name: SettingName) => string | undefined;

function shopifyConfig(read: Read): ShopifyConfig | undefined {
  const domain = read('SHOPIFY_SHOP_DOMAIN')?.toLowerCase();
  if (domain === undefined) {
    return undefined;
  }
  const { shopDomain, apiUrl } = readAll({
    shopDomain: () => shopDomainIn(domain),
    apiUrl: () => whereSet(read, 'SHOPIFY_API_URL', vendorAddress) ?? `https://${domain}`,
  });
  const [clientId, clientSecret, token] = [
    read('SHOPIFY_API_KEY'),
    read('SHOPIFY_API_SECRET'),
    read('SHOPIFY_ACCESS_TOKEN'),
  ];
  return {
    shopDomain,
    webhookSecrets: [
      ...(clientSecret === undefined ? [] : [clientSecret]),
      ...listed(read('SHOPIFY_WEBHOOK_SECRET')),
    ],
    access: shopifyAccess({ clientId, clientSecret, token }),
    apiUrl,
  };
}

function shopDomainIn(text: string): string {
  if (!/^[a-z0-9][a-z0-9-]*\.[a-z0-9.-]+(:\d+)?$/.test(text) || !URL.canParse(`https://${text}`)) {
    throw invalid(
      'SHOPIFY_SHOP_DOMAIN',
      `${shownSetting(text)} is not a domain: write it whole, as acme.myshopify.com, without https:// and path`,
    );
  }
  return text;
}

function shopifyAccess({
  clientId,
  clientSecret,
  token,
}: {
  clientId: string | undefined;
  clientSecret: string | undefined;
  token: string | undefined;
}): ShopifyConfig['access'] {
  if (token !== undefined) {
    return { kind: 'static', token };
  }
  return clientId === undefined || clientSecret === undefined
    ? { kind: 'none' }
    : { kind: 'client-credentials', clientId, clientSecret };
}

function freshbooksConfig(read: Read): FreshBooksConfig {
  const clientId = read('FRESHBOOKS_CLIENT_ID');
  const clientSecret = read('FRESHBOOKS_CLIENT_SECRET');
  const accountId = read('FRESHBOOKS_ACCOUNT_ID');
  const accessToken = read('FRESHBOOKS_ACCESS_TOKEN');
  const refreshToken = read('FRESHBOOKS_REFRESH_TOKEN');
  const { redirectUri, ...addresses } = readAll({
    redirectUri: () => whereSet(read, 'FRESHBOOKS_REDIRECT_URI', redirectAddress),
    apiUrl: () => whereSet(read, 'FRESHBOOKS_API_URL', vendorAddress) ?? 'https://api.freshbooks.com',
    authUrl: () => whereSet(read, 'FRESHBOOKS_AUTH_URL', vendorAddress) ?? 'https://auth.freshbooks.com',
  });
  return {
    // FreshBooks' token endpoint wants the redirect address with every exchange and refresh.
    ...(clientId === undefined || clientSecret === undefined
      ? {}
      : { app: { clientId, clientSecret, redirectUri: redirectUri ?? '' } }),
    ...(accountId === undefined ? {} : { accountId }),
    ...(accessToken === undefined && refreshToken === undefined
      ? {}
      : {
          seed: { accessToken: accessToken ?? '', ...(refreshToken === undefined ? {} : { refreshToken }) },
        }),
    ...addresses,
  };
}

/** Letter by letter as it is registered, so it stays as it is written. On this machine itself it may be http. */
function redirectAddress(name: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLocal = url?.protocol === 'http:' && /^(?:127\.0\.0\.1|localhost|\[::1\])$/.test(url.hostname);
  if (url === undefined || (url.protocol !== 'https:' && !isLocal) || /[?#]/.test(text)) {
    throw invalid(
      name,
      `${shownSetting(text)} is not an https address without a query, as it is registered with the app`,
    );
  }
  assertNobodyIn(name, url);
  return text;
}

function databasePath(text: string): string {
  const match = /^sqlite:(?:\/\/)?(.+)$/.exec(text);
  if (match?.[1] === undefined) {
    // The value may hold a password, so it is not shown.
    throw invalid('DATABASE_URL', 'must be sqlite:PATH');
  }
  // No shell has read it where it stands in a file: it would be a folder of that name.
  if (match[1].startsWith('~')) {
    throw invalid(
      'DATABASE_URL',
      `${shownSetting(match[1])}: write the whole path, "~" stands for nothing here`,
    );
  }
  return followed(match[1]);
}

/** More links than any system follows: the last of them is opened, and refused by the system. */
const LINKS_MAX = 40;

/** Where a link leads, also to what is not there yet: the lock and the key lie beside the file that is meant, under whatever name. */
function followed(path: string, links = 0): string {
  return links < LINKS_MAX && isLink(path)
    ? followed(resolve(dirname(path), readlinkSync(path)), links + 1)
    : path;
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    // It is not there, or cannot be looked at: who opens it says so in better words.
    return false;
  }
}

/** Never quoted. */
function sealingKey(name: SettingName, text: string): string {
  if (text.length < SECRET_KEY_LENGTH_MIN) {
    throw invalid(
      name,
      `has less than ${SECRET_KEY_LENGTH_MIN} characters, so who has a copy of the database could guess it: take what openssl rand -hex 32 prints, set the one so far as COUNTERFOIL_OLD_SECRET_KEY, then counterfoil secret rotate`,
    );
  }
  return text;
}

/** Never quoted. */
function adminPassword(name: SettingName, text: string): string {
  const fault = passwordFault(text);
  if (fault !== undefined) {
    throw invalid(name, `the password ${fault}`);
  }
  return text;
}

function unknownWaitMs(text: string | undefined): number {
  return text === undefined
    ? UNKNOWN_WAIT_MS
    : wholeNumber('UNKNOWN_WAIT_SECONDS', text, UNKNOWN_WAIT_SECONDS_MAX) * SECOND;
}

function days(name: SettingName, text: string): number {
  const count = wholeNumber(name, text, RETENTION_DAYS_MAX);
  if (count === 0) {
    throw invalid(name, '"0" is less than a day: leave it out to keep what arrived');
  }
  return count;
}

function wholeNumber(name: SettingName, text: string, max: number): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number > max) {
    throw invalid(name, `${shownSetting(text)} is not a whole number from 0 to ${max}`);
  }
  return number;
}

function logLevel(text: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === text);
  if (level === undefined) {
    throw invalid('LOG_LEVEL', `${shownSetting(text)} is none of ${LOG_LEVELS.join(', ')}`);
  }
  return level;
}

function zoneIn(name: SettingName, text: string): Zone {
  try {
    return parseZone(text);
  } catch {
    // Its own words quote the text.
    throw invalid(
      name,
      `${shownSetting(text)} is no time zone: use a name such as Europe/Berlin or an offset such as -05:00`,
    );
  }
}
