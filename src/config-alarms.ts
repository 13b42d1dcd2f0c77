import type { ChannelsConfig } from '#alarms/channels.ts';
import { invalid, listed, readAll, whereSet } from '#config-values.ts';
import { shownSetting } from '#core/shown-setting.ts';
import { HOUR, MINUTE, SECOND } from '#core/time.ts';
import type { AlarmTerms } from '#pipeline/alarm-watch.ts';

/** The settings of alarms (docs/alarms.md). What holds a secret is never quoted. */
export const ALARM_SETTINGS = {
  ALARM_EMAIL_TO: { meaning: 'Who is mailed alarms: addresses, separated by commas' },
  ALARM_EMAIL_FROM: { meaning: 'The sender of those mails, one that the mail server accepts' },
  SMTP_URL: {
    meaning: 'The mail server for alarms: smtp://USER:PASSWORD@HOST:587, or smtps:// on port 465',
    isSecret: true,
  },
  ALARM_SLACK_URL: {
    meaning: 'An incoming webhook of Slack, or of a chat that takes the same',
    isSecret: true,
  },
  ALARM_WEBHOOK_URL: { meaning: 'Where alarms are posted as signed JSON' },
  ALARM_WEBHOOK_SECRET: { meaning: 'Signs what is posted to ALARM_WEBHOOK_URL', isSecret: true },
  ALARM_QUEUE_MINUTES: { meaning: 'How long work may wait or orders may fail before an alarm' },
  ALARM_REPEAT_HOURS: { meaning: 'How soon an alarm that still holds is told again; 0 never' },
  ALARM_GROUP_SECONDS: { meaning: 'How long a new alarm waits for others, so that one message tells of all' },
} as const;

type AlarmSetting = keyof typeof ALARM_SETTINGS;
type Read = (name: AlarmSetting) => string | undefined;

export interface AlarmsConfig {
  readonly channels: ChannelsConfig;
  readonly terms: AlarmTerms;
}

const QUEUE_MINUTES_MAX = 1440;
const REPEAT_HOURS_MAX = 720;
const GROUP_SECONDS_MAX = 600;
/** Each address is mailed by itself. */
const ADDRESSES_MAX = 10;
/** Shorter ones can be guessed from one signed message. */
const SECRET_LENGTH_MIN = 16;

/** Throws `config-invalid` naming each wrong setting and what is to be done. */
export function alarmsConfig(read: Read): AlarmsConfig {
  const { mail, slackUrl, webhook, minutes, hours, seconds } = readAll({
    mail: () => mailConfig(read),
    slackUrl: () => whereSet(read, 'ALARM_SLACK_URL', webUrl),
    webhook: () => webhookConfig(read),
    minutes: () =>
      wholeNumber(read, { name: 'ALARM_QUEUE_MINUTES', otherwise: 10, min: 1, max: QUEUE_MINUTES_MAX }),
    hours: () =>
      wholeNumber(read, { name: 'ALARM_REPEAT_HOURS', otherwise: 24, min: 0, max: REPEAT_HOURS_MAX }),
    seconds: () =>
      wholeNumber(read, { name: 'ALARM_GROUP_SECONDS', otherwise: 30, min: 0, max: GROUP_SECONDS_MAX }),
  });
  return {
    channels: {
      ...(mail === undefined ? {} : { mail }),
      ...(slackUrl === undefined ? {} : { slack: { url: slackUrl } }),
      ...(webhook === undefined ? {} : { webhook }),
    },
    terms: { queueMs: minutes * MINUTE, repeatMs: hours * HOUR, groupMs: seconds * SECOND },
  };
}

function mailConfig(read: Read): ChannelsConfig['mail'] {
  const to = listed(read('ALARM_EMAIL_TO'));
  const [from, server] = [read('ALARM_EMAIL_FROM'), read('SMTP_URL')];
  if (to.length === 0) {
    if (from !== undefined) {
      throw invalid('ALARM_EMAIL_FROM', 'mails nobody: set ALARM_EMAIL_TO too, or leave it out');
    }
    // SMTP_URL alone is no mistake: other programs share the name.
    return undefined;
  }
  if (to.length > ADDRESSES_MAX) {
    throw invalid(
      'ALARM_EMAIL_TO',
      `has ${to.length} addresses, and ${ADDRESSES_MAX} are allowed: use a list’s address`,
    );
  }
  if (server === undefined) {
    throw invalid('ALARM_EMAIL_TO', 'needs SMTP_URL too, such as smtp://USER:PASSWORD@mail.example.com:587');
  }
  if (from === undefined) {
    throw invalid(
      'ALARM_EMAIL_TO',
      'needs ALARM_EMAIL_FROM too: an address that the mail server lets you send from',
    );
  }
  return readAll({
    to: () => to.map((address) => mailAddress('ALARM_EMAIL_TO', address)),
    from: () => mailAddress('ALARM_EMAIL_FROM', from),
    server: () => mailServer(server),
  });
}

function mailServer(text: string): NonNullable<ChannelsConfig['mail']>['server'] {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^smtps?:$/.test(url.protocol) || url.hostname === '') {
    throw invalid('SMTP_URL', 'must be smtp://USER:PASSWORD@HOST:587 or smtps://USER:PASSWORD@HOST:465');
  }
  if (url.search !== '' || url.hash !== '' || !/^\/?$/.test(url.pathname)) {
    throw invalid(
      'SMTP_URL',
      'has more than user, password, host and port: write signs such as / # ? in a password as %2F %23 %3F',
    );
  }
  const isImplicit = url.protocol === 'smtps:';
  const [user, password] = [decoded(url.username), decoded(url.password)];
  const login = user === '' ? {} : { login: { user, password } };
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (isImplicit ? 465 : 587) : Number(url.port),
    tls: isImplicit ? 'implicit' : isLoopback(url.hostname) ? 'none' : 'required',
    ...login,
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid('SMTP_URL', 'has a % in user or password that is no code: write it as %25');
  }
}

function webhookConfig(read: Read): ChannelsConfig['webhook'] {
  const [url, secret] = [read('ALARM_WEBHOOK_URL'), read('ALARM_WEBHOOK_SECRET')];
  if (url === undefined && secret === undefined) {
    return undefined;
  }
  if (url === undefined || secret === undefined) {
    throw url === undefined
      ? invalid('ALARM_WEBHOOK_SECRET', 'signs nothing: set ALARM_WEBHOOK_URL too, or leave it out')
      : invalid(
          'ALARM_WEBHOOK_URL',
          'needs ALARM_WEBHOOK_SECRET too, such as openssl rand -hex 32 prints: unsigned alarms are not sent',
        );
  }
  if (secret.length < SECRET_LENGTH_MIN) {
    throw invalid(
      'ALARM_WEBHOOK_SECRET',
      `is shorter than ${SECRET_LENGTH_MIN} signs: take what openssl rand -hex 32 prints`,
    );
  }
  return { url: webUrl('ALARM_WEBHOOK_URL', url), secret };
}

/** The text is not quoted: addresses of webhooks hold their secret. */
function webUrl(name: AlarmSetting, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw invalid(name, 'is not an https address');
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw invalid(
      name,
      'is http, which everybody on the way can read: use https (http is for this machine itself)',
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw invalid(name, 'has a user or password before the host, which cannot be sent: leave it out');
  }
  return text;
}

function isLoopback(hostname: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname.toLowerCase());
}

function mailAddress(name: AlarmSetting, text: string): string {
  if (!/^[^\s@,;:<>()"\\]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$/.test(text)) {
    throw invalid(
      name,
      `${shownSetting(text)} is not a mail address: write it without a name, as owner@example.com`,
    );
  }
  return text;
}

function wholeNumber(
  read: Read,
  {
    name,
    otherwise,
    min,
    max,
  }: { readonly name: AlarmSetting; readonly otherwise: number; readonly min: number; readonly max: number },
): number {
  const text = read(name);
  const number = text === undefined ? otherwise : Number(text);
  if ((text !== undefined && !/^\d+$/.test(text)) || number < min || number > max) {
    throw invalid(name, `${shownSetting(text ?? '')} is not a whole number from ${min} to ${max}`);
  }
  return number;
}
