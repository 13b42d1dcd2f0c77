import { createHash, createHmac } from 'node:crypto';
import type { ConnectionId } from '#core/ids.ts';
import { MINUTE, SECOND } from '#core/time.ts';
import type { Clock } from '#core/time.ts';
import type { Transport } from '#net/request.ts';
import { isSameProof } from '#net/same-proof.ts';
import type { Incoming, Refusal, Verdict } from '#pipeline/source.ts';
import { messageOf } from './notification.ts';
import { createSnsProof } from './sns.ts';
import type { SnsTopic } from './sns.ts';

/**
 * Proof that a posted notification comes from the seller's own forwarder: Amazon itself signs nothing and posts nowhere
 * (docs/vendors/amazon.md 2.5). A forwarder signs with a shared secret, or is a topic of SNS, which signs with a certificate, or
 * sends a key, which proves who sends and not what. The first of these that a message carries decides, so that a
 * wrong signature is never made good by a key.
 */
export interface ProofTerms {
  readonly connection: ConnectionId;
  /** Any of them may have signed. */
  readonly secrets: readonly string[];
  readonly topic?: SnsTopic;
  readonly apiKeys: readonly string[];
  readonly transport: Transport;
  readonly clock: Clock;
}

export interface Proof {
  /** Why no body at all could make a message with these headers authentic; nothing when one could. */
  refusalUnread(headers: Incoming['headers']): Refusal | undefined;
  /** As `Source.verify`. */
  verify(incoming: Incoming): Promise<Verdict>;
}

/** What the sender of a refused message is told, whatever the reason: that is for the log. */
const TITLE = 'Unauthorized Webhook Origin';
/** Clocks of forwarders differ by seconds, and a message is signed when it is sent; what is older may be a recording. */
const WINDOW_MS = 5 * MINUTE;
/** What a log may hold of a header that anybody can send. */
const SHOWN_MAX = 60;

const TIMESTAMP = 'x-counterfoil-timestamp';
const SIGNATURE = 'x-counterfoil-signature';
const API_KEY = 'x-api-key';
const SNS_TYPE = 'x-amz-sns-message-type';
const SNS_TOPIC = 'x-amz-sns-topic-arn';
const SNS_RAW = 'x-amz-sns-rawdelivery';

type Way = 'signed' | 'sns' | 'api-key';

export function createProof(terms: ProofTerms): Proof {
  const sns = terms.topic === undefined ? undefined : createSnsProof({ ...terms, topic: terms.topic });
  return {
    refusalUnread(headers) {
      const why = refusalOf(headers, terms);
      return why === undefined ? undefined : refusal(why);
    },
    async verify(incoming) {
      const why = refusalOf(incoming.headers, terms);
      if (why !== undefined) {
        return refused(why);
      }
      const way = wayOf(incoming.headers);
      if (way === 'sns' && sns !== undefined) {
        const verdict = await sns.verify(incoming.body);
        return verdict.proof === 'refused' ? refused(verdict.why) : verdict;
      }
      return way === 'signed' && !isSigned(incoming, terms.secrets)
        ? refused('The signature does not fit timestamp and body with any configured secret')
        : {
            proof: 'authentic',
            message: messageOf(incoming.body, { connection: terms.connection, way: way ?? '' }),
          };
    },
  };
}

/** The value of `X-Counterfoil-Signature`: hex HMAC-SHA256 of the seconds as sent, a dot and the body. */
export function sign(body: Uint8Array, seconds: string, secret: string): string {
  return createHmac('sha256', secret).update(`${seconds}.`).update(body).digest('hex');
}

function refused(why: string): Verdict {
  return { proof: 'refused', ...refusal(why) };
}

function refusal(why: string): Refusal {
  return { why, title: TITLE };
}

function wayOf(headers: Incoming['headers']): Way | undefined {
  return headers[SIGNATURE] !== undefined || headers[TIMESTAMP] !== undefined
    ? 'signed'
    : headers[SNS_TYPE] !== undefined
      ? 'sns'
      : headers[API_KEY] === undefined
        ? undefined
        : 'api-key';
}

function refusalOf(headers: Incoming['headers'], terms: ProofTerms): string | undefined {
  const { secrets, topic, apiKeys } = terms;
  if (secrets.length === 0 && topic === undefined && apiKeys.length === 0) {
    return 'No proof is configured for notifications: set AMAZON_WEBHOOK_SECRET, AMAZON_SNS_TOPIC_ARN or AMAZON_API_KEY';
  }
  const way = wayOf(headers);
  switch (way) {
    case 'signed':
      return secrets.length === 0 ? lacking('signed', 'AMAZON_WEBHOOK_SECRET') : staleness(headers, terms);
    case 'sns':
      return topic === undefined
        ? lacking('sent by SNS', 'AMAZON_SNS_TOPIC_ARN')
        : snsRefusal(headers, topic);
    case 'api-key':
      return apiKeys.length === 0
        ? lacking('sent with a key', 'AMAZON_API_KEY')
        : isKey(headers[API_KEY] ?? '', apiKeys)
          ? undefined
          : 'The header X-Api-Key is none of the configured keys';
    case undefined:
      return 'The message carries no proof: no header X-Counterfoil-Signature, X-Amz-Sns-Message-Type or X-Api-Key';
  }
}

function lacking(how: string, setting: string): string {
  return `The message is ${how}, and ${setting} is not set`;
}

function staleness(headers: Incoming['headers'], { clock }: ProofTerms): string | undefined {
  const seconds = headers[TIMESTAMP] ?? '';
  if (seconds === '' || (headers[SIGNATURE] ?? '') === '') {
    return `The header ${seconds === '' ? 'X-Counterfoil-Timestamp' : 'X-Counterfoil-Signature'} is missing`;
  }
  if (!/^\d{1,12}$/.test(seconds)) {
    return `The header X-Counterfoil-Timestamp is "${seconds.slice(0, SHOWN_MAX)}", which are no whole seconds since 1970`;
  }
  const aheadMs = Number(seconds) * SECOND - clock.now();
  return Math.abs(aheadMs) <= WINDOW_MS
    ? undefined
    : `The message was signed ${Math.round(Math.abs(aheadMs) / SECOND)} s ${aheadMs < 0 ? 'ago' : 'in the future'}, and ${WINDOW_MS / SECOND} s are allowed: compare the clocks`;
}

function snsRefusal(headers: Incoming['headers'], topic: SnsTopic): string | undefined {
  if (headers[SNS_RAW] === 'true') {
    return 'SNS delivers raw messages, which are not signed: switch raw message delivery off on the subscription';
  }
  const told = headers[SNS_TOPIC] ?? '';
  return told === topic.arn
    ? undefined
    : `The message is of the topic "${told.slice(0, SHOWN_MAX)}", and AMAZON_SNS_TOPIC_ARN is ${topic.arn}`;
}

/** Every secret is tried whatever the others said, so that the time tells nothing about which one fits. */
function isSigned({ headers, body }: Incoming, secrets: readonly string[]): boolean {
  const given = (headers[SIGNATURE] ?? '').toLowerCase();
  return secrets
    .map((secret) => isSameProof(given, sign(body, headers[TIMESTAMP] ?? '', secret)))
    .includes(true);
}

/** Hashes have one length, so that the time does not tell that of a key either. */
function isKey(given: string, keys: readonly string[]): boolean {
  const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
  return keys.map((key) => isSameProof(hashOf(given), hashOf(key))).includes(true);
}
