import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { assertDatabaseWhole, countKeysInFile, findServer, keyPathOf } from '#app.ts';
import { FRESHBOOKS } from '#connections.ts';
import type { App } from '#app.ts';
import { SETTINGS, readConfig } from '#config.ts';
import type { Config, Environment } from '#config.ts';
import { MINUTE } from '#core/time.ts';
import { quietOutside } from './context.ts';
import type { Check, Finding } from './doctor-check.ts';
import { counted } from './output.ts';
import { showDuration } from './time-text.ts';

/** The checks that ask nobody but this machine. */

const NODE_MAJOR = 24;
/** An order is taken up within a second; one that has been due this long is taken up by nobody. */
const DUE_TOO_LONG_MS = 5 * MINUTE;
const ROWS_MAX = 1000;
const NOTICES_SHOWN = 5;

export function nodeCheck(): Check {
  return {
    name: 'Node',
    run: () => {
      const isNew = Number(process.versions.node.split('.')[0]) >= NODE_MAJOR;
      const whatToDo = `Use Node ${NODE_MAJOR}: npm ci in the checkout brings it`;
      return { state: isNew ? 'ok' : 'problem', text: process.version, whatToDo };
    },
  };
}

export function configurationCheck(environment: Environment): Check {
  return {
    name: 'Configuration',
    run: () => {
      const names = Object.keys(SETTINGS);
      const set = names.filter((name) => (environment[name] ?? '').trim() !== '');
      const strange = Object.keys(environment).filter(
        (name) => LIKE_A_SETTING.test(name) && !names.includes(name),
      );
      readConfig(environment);
      const shown = set.map((name) => (isSecret(name) ? `${name} (secret, set)` : name));
      const text = set.length === 0 ? 'Nothing is set' : `Set: ${shown.join(', ')}`;
      return strange.length === 0
        ? {
            state: set.length === 0 ? 'warning' : 'ok',
            text,
            whatToDo: 'Set environment variables, or write a file .env',
          }
        : {
            state: 'warning',
            text,
            whatToDo: `Not known, perhaps mistyped: ${strange.join(', ')}`,
          };
    },
  };
}

/** Other programs' variables stand among them, so not all that is unknown is told. */
const LIKE_A_SETTING =
  /^(?:(?:SHOPIFY|AMAZON|SP_API|LWA|FRESHBOOKS|COUNTERFOIL|ALARM|SMTP|RETENTION|UNKNOWN)_|DATABASE_UR|LOG_?LEVEL)/;

function isSecret(name: string): boolean {
  return Object.entries(SETTINGS).some(([known, setting]) => known === name && 'isSecret' in setting);
}

export function keyCheck(config: Config): Check {
  const { secretKey, oldSecretKey } = config;
  return {
    name: 'Key of secrets',
    run: () => {
      const path = keyPathOf(config);
      if (oldSecretKey !== undefined || countKeysInFile(config) > 1) {
        return {
          state: 'warning',
          text: 'The key is being replaced, and the one so far still opens what was sealed with it',
          whatToDo: `Run counterfoil secret rotate${oldSecretKey === undefined ? '' : ', then remove COUNTERFOIL_OLD_SECRET_KEY'}`,
        };
      }
      if (secretKey !== undefined) {
        return { state: 'ok', text: 'COUNTERFOIL_SECRET_KEY is set' };
      }
      if (!existsSync(path)) {
        return { state: 'ok', text: `Made now in "${path}": keep a copy of it apart from the database` };
      }
      return isOpenToOthers(path)
        ? {
            state: 'warning',
            text: `"${path}" could be read by others (${modeOf(path)})`,
            whatToDo: isOurs(path)
              ? 'It was closed to them now'
              : 'It belongs to another account: have that one run chmod 600 on it, or give it to this one',
          }
        : { state: 'ok', text: `"${path}", readable by its owner only (${modeOf(path)})` };
    },
  };
}

/** Whether opening the database can close it to others. */
function isOurs(path: string): boolean {
  const account = process.geteuid?.() ?? 0;
  return account === 0 || statSync(path).uid === account;
}

/** Who else on this machine could read buyers' contact data, with the key the tokens, and the secrets of the settings. */
export function privacyCheck({ databasePath }: Config): Check {
  return {
    name: 'Data folder',
    run: () => {
      const folder = dirname(databasePath);
      const files = [databasePath, ...ENDINGS.map((ending) => databasePath + ending)];
      const open = [folder, ...files, SETTINGS_FILE].filter(
        (path) => existsSync(path) && isOpenToOthers(path),
      );
      return open.length === 0
        ? { state: 'ok', text: `"${folder}" and the database in it are its owner’s alone` }
        : {
            state: 'warning',
            text: `Others on this machine could read ${open.map((path) => `"${path}" (${modeOf(path)})`).join(', ')}`,
            whatToDo: 'Run chmod 700 on the folder and chmod 600 on the files, unless it is on purpose',
          };
    },
  };
}

/** In the working folder; whoever made it did so with an editor, which lets all read it. */
const SETTINGS_FILE = '.env';
/** What stands beside a database: its log of writes, its index of it, the lock of the server. */
const ENDINGS = ['-wal', '-shm', '.lock'];

function isOpenToOthers(path: string): boolean {
  return (statSync(path).mode & 0o077) !== 0;
}

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8).padStart(4, '0');
}

export function serverCheck(config: Config): Check {
  return {
    name: 'Server',
    run: () => {
      const server = findServer(config, quietOutside().clock);
      return server === undefined
        ? {
            state: 'warning',
            text: 'None runs on this database',
            whatToDo: 'Orders are booked while counterfoil serve runs',
          }
        : { state: 'ok', text: server };
    },
  };
}

export function pagesCheck(config: Config): Check {
  return {
    name: 'Database pages',
    run: () => {
      assertDatabaseWhole(config);
      return { state: 'ok', text: 'Every page of the database is as it should be' };
    },
  };
}

export function stateChecks(app: App): Check[] {
  return [
    { name: 'Pause', run: () => pause(app) },
    { name: 'Held', run: () => held(app) },
    { name: 'Due', run: () => due(app) },
    { name: 'Notices', run: () => notices(app) },
    { name: 'Admin login', run: () => adminLogin(app) },
  ];
}

async function pause({ store, clock }: App): Promise<Finding> {
  const paused = await store.read.pause(FRESHBOOKS);
  if (paused?.outage !== undefined) {
    const waiting = await store.read.orders({ state: 'waiting', limit: ROWS_MAX });
    const count = waiting.filter(({ waitsFor }) => waitsFor === FRESHBOOKS).length;
    const waits = `${counted(count, 'order')} ${count === 1 ? 'waits' : 'wait'} for it`;
    const down = showDuration(clock.now() - paused.outage.since);
    return {
      state: 'problem',
      text: `FreshBooks has been down for ${down}, ${waits}: ${paused.reason}`,
      whatToDo:
        'One order tries at least every quarter of an hour, and all are booked once it gets through; counterfoil retry ORDER tries now',
    };
  }
  if (paused === undefined || (paused.until !== undefined && paused.until <= clock.now())) {
    return { state: 'ok', text: 'FreshBooks is not paused' };
  }
  return paused.until === undefined
    ? {
        state: 'problem',
        text: `FreshBooks is paused: ${paused.reason}`,
        whatToDo:
          'Mend the cause by counterfoil connect freshbooks; or in FreshBooks, and then counterfoil retry ORDER for one that waits',
      }
    : {
        state: 'warning',
        text: `FreshBooks is paused for ${showDuration(paused.until - clock.now())}: ${paused.reason}`,
        whatToDo: 'It goes on by itself',
      };
}

async function held({ store }: App): Promise<Finding> {
  const open = await store.read.holds({ isOpen: true });
  const orders = new Set(open.map((hold) => hold.order).filter((key) => key !== undefined));
  const messages = open.filter((hold) => hold.order === undefined).length;
  return open.length === 0
    ? { state: 'ok', text: 'Nothing waits for a person' }
    : {
        state: 'warning',
        text: `${counted(orders.size, 'order')} and ${counted(messages, 'message')} wait for a person`,
        whatToDo: 'counterfoil orders --state held lists them, counterfoil explain tells why',
      };
}

async function due({ store, clock }: App): Promise<Finding> {
  const states = await Promise.all(
    (['due', 'waiting'] as const).map((state) => store.read.orders({ state, limit: ROWS_MAX })),
  );
  const now = clock.now();
  const ages = states
    .flat()
    .flatMap(({ dueAt }) => (dueAt === undefined || dueAt > now ? [] : [now - dueAt]));
  const oldest = Math.max(0, ...ages);
  const text =
    ages.length === 0
      ? 'No order waits for work'
      : `${counted(ages.length, 'order')}, the oldest for ${showDuration(oldest)}`;
  return oldest < DUE_TOO_LONG_MS
    ? { state: 'ok', text }
    : { state: 'problem', text, whatToDo: 'Start counterfoil serve, or look at its log' };
}

async function notices({ store }: App): Promise<Finding> {
  const told = await store.read.notices();
  const sentences = told.slice(0, NOTICES_SHOWN).map(({ sentence }) => sentence);
  return told.length === 0
    ? { state: 'ok', text: 'Nothing was told' }
    : { state: 'ok', text: `${told.length} told once each, the newest: ${sentences.join('. ')}` };
}

/** Without a password nothing is missing for booking: the API is closed, and the commands do the same. */
async function adminLogin({ login, config: { host, publicUrl } }: App): Promise<Finding> {
  const state = await login.state();
  if (state.from === 'nowhere') {
    return {
      state: 'ok',
      text: 'No admin password is set, so the API is closed: counterfoil admin password opens it',
    };
  }
  const text =
    state.from === 'setting'
      ? 'The password is that of COUNTERFOIL_ADMIN_PASSWORD'
      : `The password was set by command on ${state.setAt}`;
  const isAlone = ['127.0.0.1', '::1', 'localhost'].includes(host);
  return isAlone || publicUrl?.startsWith('https:') === true
    ? { state: 'ok', text }
    : {
        state: 'warning',
        text: `${text}, and it can be read on the way: the server listens on ${host} without TLS`,
        whatToDo:
          'Put a proxy with TLS before it and set COUNTERFOIL_PUBLIC_URL to its https address, or listen on 127.0.0.1',
      };
}
