import { X509Certificate, createVerify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { Failure } from '#core/failure.ts';
import type { ConnectionId } from '#core/ids.ts';
import { HOUR, MINUTE, SECOND, after, parseTimestamp } from '#core/time.ts';
import type { Clock, Instant } from '#core/time.ts';
import { send } from '#net/request.ts';
import type { Transport } from '#net/request.ts';
import type { Verdict } from '#pipeline/source.ts';
import { messageOf } from './notification.ts';

/**
 * Messages of SNS over HTTPS (docs/vendors/amazon.md 2.5 D). Each names the certificate that signed it, which is fetched from SNS
 * in the topic's region and nowhere else. That file holds no chain, so what proves the certificate is the TLS of that host; its
 * dates, its name and its key are checked beside. The topic's owner decides who may publish.
 */
export interface SnsTopic {
  readonly arn: string;
  /** `https://sns.us-east-1.amazonaws.com`: where its certificates and confirmations are. */
  readonly origin: string;
}

export interface SnsTerms {
  readonly connection: ConnectionId;
  readonly topic: SnsTopic;
  readonly transport: Transport;
  readonly clock: Clock;
}

export interface SnsProof {
  /**
   * Verifies a message; confirms a subscription of the topic. Throws a Failure to retry when the certificate or the
   * confirmation cannot be had now.
   */
  verify(body: Uint8Array): Promise<Verdict>;
}

/** A message holds at most 256 KiB, and a sign of it takes up to six in JSON. */
const BODY_BYTES_MAX = 2 * 1024 * 1024;
/** The longest that SNS goes on delivering one message to an address. */
const WINDOW_MS = HOUR;
/** SNS has a handful of certificates a region at a time. */
const CERTIFICATES_MAX = 8;
/** A certificate is some 2 KB. */
const CERTIFICATE_BYTES_MAX = 32 * 1024;
const CONFIRMATION_BYTES_MAX = 64 * 1024;
/** SNS waits 15 s for an answer, and both may be asked within one message. */
const REQUEST_TIMEOUT_MS = 5 * SECOND;
/** As SNS names its certificates in its documentation: SendMessageToHttp.prepare.html, 2026-11. */
const USUAL_NAME = /\/SimpleNotificationService-[0-9a-f]{32}\.pem$/;
/**
 * Anybody can name certificates that are not there. So many asked for are nothing to SNS; beyond them chance decides whose name is
 * next, and a message whose name was not comes again, or its order is found by the sweep.
 */
const USUAL_BUDGET: Budget = { atOnceMax: 60, everyMs: SECOND / 4 };
/** Another name may be a real one of tomorrow, and takes nothing from those of today. */
const UNUSUAL_BUDGET: Budget = { atOnceMax: 5, everyMs: 20 * SECOND };
/** One that is not there is not asked for with each message that names it; short, for it may only be new. */
const REFUSED_FOR_MS = MINUTE;
const REFUSED_NAMES_MAX = 200;
/** Below it a key is not taken for safe any more. */
const KEY_BITS_MIN = 2048;
/** What a log may hold of a text that anybody can send. */
const SHOWN_MAX = 120;

const DIGESTS: Readonly<Record<string, string>> = { '1': 'RSA-SHA1', '2': 'RSA-SHA256' };
/** What is signed of each type, in this order; what is absent is left out. */
const SIGNED: Readonly<Record<string, readonly string[]>> = {
  Notification: ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'],
  SubscriptionConfirmation: [
    'Message',
    'MessageId',
    'SubscribeURL',
    'Timestamp',
    'Token',
    'TopicArn',
    'Type',
  ],
  UnsubscribeConfirmation: ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'],
};

/** The fields of a message; one that is no text is absent. */
type Fields = ReadonlyMap<string, string>;

/** What a stranger can send is refused in words, and stands in the log as they. */
class Refusal extends Error {}

export function createSnsProof(terms: SnsTerms): SnsProof {
  const certificates = createCertificates(terms);
  return {
    async verify(body) {
      try {
        const fields = fieldsIn(body);
        assertNamed(fields, terms);
        const url = certificateUrl(fields, terms.topic);
        const certificate = await certificates.at(url);
        assertSigned(fields, certificate.publicKey);
        certificates.prove(url, certificate);
        return await verdictOf(fields, terms);
      } catch (thrown) {
        if (thrown instanceof Refusal) {
          return { proof: 'refused', why: thrown.message };
        }
        throw thrown;
      }
    },
  };
}

function fieldsIn(body: Uint8Array): Fields {
  if (body.byteLength > BODY_BYTES_MAX) {
    throw new Refusal(`The message of SNS has more than ${BODY_BYTES_MAX} bytes`);
  }
  const json = jsonIn(body);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new Refusal('The message of SNS is no JSON object');
  }
  return new Map(
    Object.entries(json).flatMap(([name, value]): [string, string][] =>
      typeof value === 'string' ? [[name, value]] : [],
    ),
  );
}

/** Of its fields only texts are read, so its numbers may be what they become: a stranger's body costs no more than it must. */
function jsonIn(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new Refusal('The message of SNS is no JSON object');
  }
}

/** All that needs no certificate, so that a stranger's message causes no request. */
function assertNamed(fields: Fields, { topic, clock }: SnsTerms): void {
  const type = fields.get('Type') ?? '';
  if (!Object.hasOwn(SIGNED, type)) {
    throw new Refusal(`The message of SNS has the unknown type "${type.slice(0, SHOWN_MAX)}"`);
  }
  const arn = fields.get('TopicArn') ?? '';
  if (arn !== topic.arn) {
    throw new Refusal(
      `The message is of the topic "${arn.slice(0, SHOWN_MAX)}", and AMAZON_SNS_TOPIC_ARN is ${topic.arn}`,
    );
  }
  if (!Object.hasOwn(DIGESTS, fields.get('SignatureVersion') ?? '')) {
    throw new Refusal('The message of SNS is signed in none of the versions 1 and 2');
  }
  const at = momentOf(fields.get('Timestamp') ?? '');
  if (at === undefined || Math.abs(at - clock.now()) > WINDOW_MS) {
    const told = (fields.get('Timestamp') ?? '').slice(0, SHOWN_MAX);
    throw new Refusal(`The message of SNS is of "${told}", and an hour is allowed: compare the clocks`);
  }
}

function momentOf(text: string): Instant | undefined {
  try {
    return parseTimestamp(text).at;
  } catch {
    return undefined;
  }
}

function certificateUrl(fields: Fields, topic: SnsTopic): string {
  const text = fields.get('SigningCertURL') ?? fields.get('SigningCertUrl') ?? '';
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // The address as it is used, not as it is read: no user, no port, no query.
  if (
    url === undefined ||
    !/^\/[\w-]{1,200}\.pem$/.test(url.pathname) ||
    text !== `${topic.origin}${url.pathname}`
  ) {
    throw new Refusal(
      `The certificate is at "${text.slice(0, SHOWN_MAX)}", which is none of ${topic.origin}`,
    );
  }
  return text;
}

function assertSigned(fields: Fields, key: KeyObject): void {
  const text = (SIGNED[fields.get('Type') ?? ''] ?? [])
    .filter((name) => fields.has(name))
    .map((name) => `${name}\n${fields.get(name) ?? ''}\n`)
    .join('');
  const digest = DIGESTS[fields.get('SignatureVersion') ?? ''] ?? '';
  const signature = Buffer.from(fields.get('Signature') ?? '', 'base64');
  if (!createVerify(digest).update(text).verify(key, signature)) {
    throw new Refusal('The signature of SNS does not fit the message');
  }
}

async function verdictOf(fields: Fields, terms: SnsTerms): Promise<Verdict> {
  const { topic, connection } = terms;
  if (fields.get('Type') === 'SubscriptionConfirmation') {
    await confirm(fields, terms);
    return {
      proof: 'answered',
      what: `The subscription of ${topic.arn} is confirmed: its notifications arrive here`,
    };
  }
  if (fields.get('Type') === 'UnsubscribeConfirmation') {
    const what = `The subscription of ${topic.arn} was ended: no notification arrives by it. Subscribe again unless it is meant`;
    return { proof: 'answered', what };
  }
  const body = new TextEncoder().encode(fields.get('Message') ?? '');
  const otherwiseId = fields.get('MessageId') ?? '';
  const isId = /^[\w-]{1,100}$/.test(otherwiseId);
  return {
    proof: 'authentic',
    message: messageOf(body, { connection, way: 'sns', ...(isId ? { otherwiseId } : {}) }),
  };
}

/** The address is signed, and yet only SNS itself is asked, and only to confirm this topic. */
async function confirm(fields: Fields, { topic, transport, clock }: SnsTerms): Promise<void> {
  const text = fields.get('SubscribeURL') ?? '';
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url === undefined ||
    url.origin !== topic.origin ||
    url.username !== '' ||
    url.pathname !== '/' ||
    url.searchParams.get('Action') !== 'ConfirmSubscription' ||
    url.searchParams.get('TopicArn') !== topic.arn
  ) {
    throw new Refusal(`The subscription is to be confirmed elsewhere than at ${topic.origin}`);
  }
  const { status } = await send(transport, {
    method: 'GET',
    url,
    headers: {},
    timeoutMs: REQUEST_TIMEOUT_MS,
    answerBytesMax: CONFIRMATION_BYTES_MAX,
    doing: `Confirming the subscription of ${topic.arn}`,
    clock,
    changes: true,
  });
  if (status >= 400) {
    throw new Refusal(`SNS answered ${status} to the confirmation of the subscription: subscribe again`);
  }
}

interface Certificates {
  /** Throws a Refusal for a certificate that is not there or not good, a Failure when it cannot be had now. */
  at(url: string): Promise<X509Certificate>;
  /** It has signed a message of this topic, which no stranger can have it do. */
  prove(url: string, certificate: X509Certificate): void;
}

/**
 * What strangers can do with names of certificates: use up what may be fetched of names that are new, until one of the real
 * name gets through; nothing once it has.
 */
function createCertificates(terms: SnsTerms): Certificates {
  const proven = createKept<X509Certificate>(CERTIFICATES_MAX);
  const unproven = createKept<X509Certificate>(CERTIFICATES_MAX);
  /** Why a name is not asked for again, and until when. */
  const refused = createKept<{ readonly why: string; readonly until: Instant }>(REFUSED_NAMES_MAX);
  /** One that is being fetched is fetched once for all who wait. */
  const fetching = new Map<string, Promise<X509Certificate>>();
  const budgets = {
    usual: createBudget(terms.clock, USUAL_BUDGET),
    unusual: createBudget(terms.clock, UNUSUAL_BUDGET),
  };
  const fetchOnce = async (url: string): Promise<X509Certificate> => {
    try {
      const certificate = await fetchCertificate(url, terms);
      assertGood(certificate, terms.clock.now());
      unproven.keep(url, certificate);
      return certificate;
    } catch (thrown) {
      if (thrown instanceof Refusal) {
        refused.keep(url, { why: thrown.message, until: after(terms.clock.now(), REFUSED_FOR_MS) });
      }
      throw thrown;
    } finally {
      fetching.delete(url);
    }
  };
  const load = async (url: string): Promise<X509Certificate> => {
    const standing = proven.get(url) ?? unproven.get(url) ?? fetching.get(url);
    if (standing !== undefined) {
      return standing;
    }
    const refusal = refused.get(url);
    if (refusal !== undefined && refusal.until > terms.clock.now()) {
      throw new Refusal(refusal.why);
    }
    budgets[USUAL_NAME.test(url) ? 'usual' : 'unusual'].take();
    const started = fetchOnce(url);
    fetching.set(url, started);
    return started;
  };
  return {
    async at(url) {
      const certificate = await load(url);
      // Asked each time: a certificate runs out while it is kept.
      assertGood(certificate, terms.clock.now());
      return certificate;
    },
    prove: (url, certificate) => proven.keep(url, certificate),
  };
}

interface Kept<T> {
  get(url: string): T | undefined;
  keep(url: string, value: T): void;
}

/** So many at most, the oldest goes first. */
function createKept<T>(max: number): Kept<T> {
  const kept = new Map<string, T>();
  return {
    get: (url) => kept.get(url),
    keep(url, value) {
      kept.delete(url);
      kept.set(url, value);
      for (const oldest of [...kept.keys()].slice(0, -max)) {
        kept.delete(oldest);
      }
    },
  };
}

interface Budget {
  readonly atOnceMax: number;
  /** How soon after that there is one more. */
  readonly everyMs: number;
}

function createBudget(clock: Clock, { atOnceMax, everyMs }: Budget): { take(): void } {
  let left = atOnceMax;
  let filledAt = clock.now();
  return {
    take() {
      const now = clock.now();
      left = Math.min(atOnceMax, left + Math.max(0, now - filledAt) / everyMs);
      filledAt = now;
      if (left < 1) {
        throw new Failure('request-rate-limited', {
          detail: `Fetching a certificate of SNS: ${atOnceMax} of new names were fetched, and one more is each ${everyMs / SECOND} s`,
          retryAt: after(now, Math.ceil((1 - left) * everyMs)),
        });
      }
      left -= 1;
    },
  };
}

async function fetchCertificate(url: string, { transport, clock }: SnsTerms): Promise<X509Certificate> {
  const { status, text } = await send(transport, {
    method: 'GET',
    url,
    headers: {},
    timeoutMs: REQUEST_TIMEOUT_MS,
    answerBytesMax: CERTIFICATE_BYTES_MAX,
    doing: 'Fetching a certificate of SNS',
    clock,
  });
  if (status >= 400) {
    throw new Refusal(`The certificate ${url} is not there (status ${status})`);
  }
  try {
    return new X509Certificate(text);
  } catch {
    throw new Refusal(`What stands at ${url} is no certificate`);
  }
}

function assertGood(certificate: X509Certificate, now: Instant): void {
  const { validFromDate, validToDate, publicKey } = certificate;
  if (now < validFromDate.getTime() || now > validToDate.getTime()) {
    throw new Refusal('The certificate of SNS is not valid today');
  }
  if (!isOfSns(certificate)) {
    throw new Refusal('The certificate is not of SNS');
  }
  if (
    publicKey.asymmetricKeyType !== 'rsa' ||
    (publicKey.asymmetricKeyDetails?.modulusLength ?? 0) < KEY_BITS_MIN
  ) {
    throw new Refusal(`The certificate’s key is no RSA key of ${KEY_BITS_MIN} bits or more`);
  }
}

/** AWS signs as sns.amazonaws.com, and in younger regions as sns-signing.REGION.amazonaws.com. */
function isOfSns({ subject, subjectAltName = '' }: X509Certificate): boolean {
  return [...`${subject}\n${subjectAltName}`.matchAll(/(?:CN=|DNS:)([^\s,]+)/g)].some(([, name = '']) =>
    /^sns(?:[.-][a-z0-9-]+)*\.amazonaws\.com$/.test(name),
  );
}
