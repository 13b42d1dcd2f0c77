import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { buildApp } from 'fauxqs';
import type { QueueAccess } from '#sources/amazon/poller.ts';

/** A queue of fauxqs on this machine alone, with a seat at its door: a test sees each call and may answer it itself. */
export interface TestQueue {
  readonly access: QueueAccess;
  /** Of the client under test, in order; not those of this object. */
  readonly calls: readonly QueueCall[];
  /** Looks at each call of the client under test before the queue does. */
  at(door: Door): void;
  send(...bodies: readonly string[]): Promise<void>;
  /** Messages that can be received, and those that somebody has. */
  counts(): Promise<{ readonly ready: number; readonly taken: number }>;
  /** As another consumer, without waiting. */
  receive(): Promise<readonly string[]>;
  create(): Promise<void>;
  remove(): Promise<void>;
  close(): Promise<void>;
}

export interface QueueCall {
  /** "ReceiveMessage". */
  readonly action: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Answers instead of the queue, or lets the call pass. */
export type Door = (
  call: QueueCall,
) => Promise<{ readonly status: number; readonly json: object } | undefined> | undefined;

const NAME = 'sp-api-order-change';
/** Says whose call it is: fauxqs asks nobody for a password. */
const [OURS, TESTS] = ['AKIAOURS', 'AKIATESTS'];
const REGION = 'us-east-1';

export async function openQueue(): Promise<TestQueue> {
  const app = buildApp({ logger: false });
  const calls: QueueCall[] = [];
  let door: Door = () => undefined;
  app.addHook('preHandler', async (request, reply) => {
    const isOurs = request.headers.authorization?.includes(`Credential=${OURS}/`) === true;
    if (!isOurs) {
      return undefined;
    }
    const action = String(request.headers['x-amz-target']).replace('AmazonSQS.', '');
    const call = { action, body: { ...Object(request.body) } };
    calls.push(call);
    const answer = await door(call);
    return answer === undefined
      ? undefined
      : reply.code(answer.status).type('application/x-amz-json-1.0').send(JSON.stringify(answer.json));
  });
  const origin = await app.listen({ host: '127.0.0.1', port: 0 });
  const client = clientOf(origin, TESTS);
  const url = `${origin}/000000000000/${NAME}`;
  const create = async (): Promise<void> => {
    await client.send(new CreateQueueCommand({ QueueName: NAME }));
  };
  await create();
  return {
    access: {
      url,
      region: REGION,
      endpoint: origin,
      credentials: { accessKeyId: OURS, secretAccessKey: 'planted secret', sessionToken: 'planted token' },
    },
    calls,
    at(next) {
      door = next;
    },
    async send(...bodies) {
      for (const body of bodies) {
        await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: body }));
      }
    },
    async counts() {
      const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
      const { Attributes } = await client.send(
        new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [...names] }),
      );
      return { ready: Number(Attributes?.[names[0]]), taken: Number(Attributes?.[names[1]]) };
    },
    async receive() {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds: 0 }),
      );
      return Messages.map(({ Body = '' }) => Body);
    },
    create,
    async remove() {
      await client.send(new DeleteQueueCommand({ QueueUrl: url }));
    },
    async close() {
      client.destroy();
      await app.close();
    },
  };
}

function clientOf(endpoint: string, accessKeyId: string): SQSClient {
  return new SQSClient({ endpoint, region: REGION, credentials: { accessKeyId, secretAccessKey: 'any' } });
}
