import { createSign, randomUUID } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Incoming } from '#pipeline/source.ts';

/** Messages as SNS posts them, by the words of its documentation: every part of which a test can change. */

export const TOPIC = {
  arn: 'arn:aws:sns:us-east-1:111122223333:sp-api-forward',
  origin: 'https://sns.us-east-1.amazonaws.com',
} as const;
export const CERTIFICATE_URL = `${TOPIC.origin}/SimpleNotificationService-00000000000000000000000000000000.pem`;
export const SUBSCRIBE_URL = `${TOPIC.origin}/?Action=ConfirmSubscription&TopicArn=${TOPIC.arn}&Token=2336412f37`;

type Fields = Readonly<Record<string, string>>;

/** What each type's signature covers, in order: name, line break, value, line break. */
const COVERED = {
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
} as const;

export interface SnsMessage {
  readonly key: KeyObject;
  readonly type?: keyof typeof COVERED;
  readonly message?: string;
  readonly at?: string;
  readonly version?: '1' | '2';
  /** Before it is signed. */
  readonly fields?: Fields;
  /** After it was signed. */
  readonly forged?: Fields;
}

export function snsBody(options: SnsMessage): Record<string, string> {
  const { key, type = 'Notification', message = 'hello', version = '2', forged = {} } = options;
  const fields: Record<string, string> = {
    Type: type,
    MessageId: randomUUID(),
    TopicArn: TOPIC.arn,
    Message: message,
    Timestamp: options.at ?? '2026-11-20T09:59:59.000Z',
    SignatureVersion: version,
    SigningCertURL: CERTIFICATE_URL,
    ...(type === 'Notification' ? {} : { Token: '2336412f37', SubscribeURL: SUBSCRIBE_URL }),
    ...options.fields,
  };
  const text = COVERED[type]
    .filter((name) => fields[name] !== undefined)
    .map((name) => `${name}\n${fields[name]}\n`)
    .join('');
  const signature = createSign(version === '1' ? 'SHA1' : 'SHA256')
    .update(text)
    .sign(key, 'base64');
  return { ...fields, Signature: signature, ...forged };
}

export function snsIncoming(options: SnsMessage, headers: Incoming['headers'] = {}): Incoming {
  return {
    headers: {
      'x-amz-sns-message-type': options.type ?? 'Notification',
      'x-amz-sns-topic-arn': TOPIC.arn,
      'content-type': 'text/plain; charset=UTF-8',
      ...headers,
    },
    body: new TextEncoder().encode(JSON.stringify(snsBody(options))),
  };
}

/** What SNS answers over HTTPS, and what it was asked. */
export interface SnsHost {
  readonly transport: (request: Request) => Promise<Response>;
  readonly asked: readonly string[];
}

/** Answers each address with its text, or with what a function makes of it, and anything else as SNS does. */
export function snsHost(answers: Readonly<Record<string, string | (() => Response)>>): SnsHost {
  const asked: string[] = [];
  return {
    asked,
    async transport(request) {
      asked.push(request.url);
      const answer = answers[request.url];
      return typeof answer === 'function'
        ? answer()
        : new Response(answer ?? '<Error/>', { status: answer === undefined ? 403 : 200 });
    },
  };
}
