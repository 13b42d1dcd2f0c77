import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import type { QueueAttributeName, SQSClient } from '@aws-sdk/client-sqs';
import { parseLossless } from '#core/json.ts';
import type { Lossless } from '#core/json.ts';
import { textOf } from '#core/json-fields.ts';
import { SECOND, after } from '#core/time.ts';
import type { Clock } from '#core/time.ts';
import { clientOf } from './poller.ts';
import type { QueueAccess } from './poller.ts';
import { queueFault } from './queue-fault.ts';
import { judgePolicy, queueArnOf } from './queue-policy.ts';
import type { PolicyJudgement } from './queue-policy.ts';

/** What AWS shows of the seller's queue and of its dead letters; or, in words, why it shows nothing. */
export type QueueState =
  | {
      readonly is: 'shown';
      readonly queueArn: string;
      readonly policy: PolicyJudgement;
      /** Messages that nobody has taken yet, about. */
      readonly waitingCount: number;
      /** Encrypted by a key of AWS's key service, which Amazon must be allowed to use as well. */
      readonly hasOwnKey: boolean;
      /** Absent: what cannot be stored again and again is lost when the queue forgets it. */
      readonly deadLetters?: DeadLetters;
    }
  | { readonly is: 'hidden'; readonly why: string };

export interface DeadLetters {
  readonly queueArn: string;
  /** After how many receives a message goes there; 0 when it is not told. */
  readonly receivesMax: number;
  /** About; absent when the credentials may not look. */
  readonly count?: number;
}

/** A person waits, and `doctor` gives every check ten seconds. */
const TIMEOUT_MS = 8 * SECOND;
const SHOWN: readonly QueueAttributeName[] = [
  'ApproximateNumberOfMessages',
  'KmsMasterKeyId',
  'Policy',
  'RedrivePolicy',
];

export async function readQueueState(queue: QueueAccess, clock: Clock): Promise<QueueState> {
  const client = clientOf(queue);
  const settled = new AbortController();
  const aborter = new AbortController();
  void clock.sleep(after(clock.now(), TIMEOUT_MS), settled.signal).then(() => aborter.abort());
  try {
    return await stateOf(queue, (url, names) => attributesOf(client, { url, names, signal: aborter.signal }));
  } catch (thrown) {
    const { code, what } = queueFault(thrown);
    return {
      is: 'hidden',
      why: code.startsWith('AccessDenied')
        ? 'The credentials may not look at the queue: allow them sqs:GetQueueAttributes on it'
        : aborter.signal.aborted
          ? `The queue did not answer within ${TIMEOUT_MS / SECOND} s`
          : `${what} (${code})`,
    };
  } finally {
    settled.abort();
    client.destroy();
  }
}

type Attributes = Readonly<Partial<Record<QueueAttributeName, string>>>;
type Ask = (url: string, names: readonly QueueAttributeName[]) => Promise<Attributes>;

async function attributesOf(
  client: SQSClient,
  {
    url,
    names,
    signal,
  }: { readonly url: string; readonly names: readonly QueueAttributeName[]; readonly signal: AbortSignal },
): Promise<Attributes> {
  const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [...names] });
  return (await client.send(command, { abortSignal: signal })).Attributes ?? {};
}

async function stateOf(queue: QueueAccess, ask: Ask): Promise<QueueState> {
  const shown = await ask(queue.url, SHOWN);
  const queueArn = queueArnOf(queue);
  const deadLetters = await deadLettersOf(queue, { redrive: shown.RedrivePolicy ?? '', ask });
  return {
    is: 'shown',
    queueArn,
    policy: judgePolicy(shown.Policy ?? '', queueArn),
    waitingCount: countIn(shown),
    hasOwnKey: (shown.KmsMasterKeyId ?? '') !== '',
    ...(deadLetters === undefined ? {} : { deadLetters }),
  };
}

async function deadLettersOf(
  { url }: QueueAccess,
  { redrive, ask }: { readonly redrive: string; readonly ask: Ask },
): Promise<DeadLetters | undefined> {
  const told = jsonIn(redrive);
  const queueArn = textOf(told, 'deadLetterTargetArn');
  if (queueArn === '') {
    return undefined;
  }
  const receivesMax = Number(textOf(told, 'maxReceiveCount')) || 0;
  const [account = '', name = ''] = queueArn.split(':').slice(-2);
  try {
    // AWS wants it in the same region and account, so its address differs in the name alone.
    const shown = await ask(new URL(`/${account}/${name}`, url).href, ['ApproximateNumberOfMessages']);
    return { queueArn, receivesMax, count: countIn(shown) };
  } catch {
    // Leave for the one queue is no leave for the other, and nothing here depends on it.
    return { queueArn, receivesMax };
  }
}

function countIn({ ApproximateNumberOfMessages: count }: Attributes): number {
  return Number(count ?? '0') || 0;
}

function jsonIn(text: string): Lossless {
  try {
    return parseLossless(text);
  } catch {
    return null;
  }
}
