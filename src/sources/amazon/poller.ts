import { SQSClient } from '@aws-sdk/client-sqs';
import type { Message } from '@aws-sdk/client-sqs';
import { Consumer } from 'sqs-consumer';
import { asFailure } from '#core/failure.ts';
import type { ConnectionId } from '#core/ids.ts';
import { MINUTE, SECOND, after } from '#core/time.ts';
import type { Clock, Instant } from '#core/time.ts';
import type { Emit } from '#pipeline/ports.ts';
import type { Authentic } from '#pipeline/source.ts';
import { messageOf } from './notification.ts';
import { queueFault } from './queue-fault.ts';

/**
 * The seller's own queue, into which Amazon puts notifications (docs/vendors/amazon.md 2.2). One poll after the other:
 *
 *   waiting   after a fault, longer each time; ended by a stop
 *   asking    the long poll; a stop ends it at once
 *   storing   each message is stored, then deleted; a stop lets it finish, within a limit
 *
 * A message is deleted only once it is durable here, so what is lost on the way comes again and is known by its name.
 */
export interface PollerOptions {
  readonly connection: ConnectionId;
  readonly queue: QueueAccess;
  /** Resolves when the message is durable. */
  readonly accept: (message: Authentic) => Promise<unknown>;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly pace?: Pace;
}

export interface QueueAccess {
  readonly url: string;
  readonly region: string;
  /** Instead of the origin of the queue's address. */
  readonly endpoint?: string;
  /** Absent: AWS's usual places are asked. */
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

/** In whole seconds, as the queue counts. */
export interface Pace {
  /** How long a message that was handed out is kept from others. */
  readonly visibilityS: number;
  /** How often that is prolonged while it is being stored. */
  readonly prolongS: number;
}

export interface Poller {
  start(): void;
  /** Asks no more at once, lets what is being stored finish within ten seconds, and resolves. Harmless when repeated. */
  stop(): Promise<void>;
}

/** The most that SQS hands out at a time. */
const BATCH = 10;
/** The longest that SQS waits for a message: fewest requests, and still at once when one comes. */
const LONG_POLL_S = 20;
/** Twice what SQS takes at most to answer a long poll is no answer any more. */
const REQUEST_TIMEOUT_MS = 2 * LONG_POLL_S * SECOND;
const CONNECTION_TIMEOUT_MS = 5 * SECOND;
/** A store takes milliseconds; a minute is longer than any disk's bad moment, and soon enough after a crash. */
const PACE: Pace = { visibilityS: 60, prolongS: 20 };
/** The most that SQS takes. */
const MESSAGE_BYTES_MAX = 1024 * 1024;
/** From the first fault on; doubled with each. */
const WAIT_MIN_MS = SECOND;
/** Often enough that a queue which is back is not missed for long. */
const WAIT_MAX_MS = MINUTE;
/**
 * How long a message that cannot be stored is held back and tried again. Each return counts towards the queue's limit of
 * receives, after which it goes to the dead letters, so it is given back only when the fault lasts.
 */
const STORE_PATIENCE_MS = 5 * MINUTE;
const STOP_WITHIN_MS = 10 * SECOND;
/** SQS's ids are UUIDs; a longer one is not trusted as a key. */
const MESSAGE_ID = /^[\w-]{1,100}$/;

export function createPoller(options: PollerOptions): Poller {
  const { queue, clock } = options;
  const polling: Polling = {
    client: clientOf(queue),
    stopping: new AbortController(),
    faults: countFaults(clock),
    round: trackRound(),
  };
  const { client, stopping, round } = polling;
  const consumer = consumerOf(options, polling);
  tellOf(consumer, options, polling);
  return {
    start: () => consumer.start(),
    async stop() {
      const ended = round.ended();
      consumer.stop({ abort: !round.isStoring() });
      stopping.abort();
      if (ended !== undefined) {
        await within(clock, ended);
      }
      client.destroy();
    },
  };
}

interface Polling {
  readonly client: SQSClient;
  readonly stopping: AbortController;
  /** Of polls, in a row. */
  readonly faults: Faults;
  readonly round: Round;
}

function consumerOf(options: PollerOptions, { client, stopping, faults, round }: Polling): Consumer {
  const { queue, clock, pace = PACE } = options;
  return Consumer.create({
    queueUrl: queue.url,
    sqs: client,
    batchSize: BATCH,
    waitTimeSeconds: LONG_POLL_S,
    visibilityTimeout: pace.visibilityS,
    heartbeatInterval: pace.prolongS,
    // What could not be stored for so long that it is given back is there again at once: it has waited enough.
    terminateVisibilityTimeout: true,
    messageSystemAttributeNames: ['ApproximateReceiveCount'],
    // All waiting is in preReceiveMessageCallback, on our clock, so that a stop ends it.
    authenticationErrorTimeout: 0,
    async preReceiveMessageCallback() {
      round.begin();
      await clock.sleep(faults.retryAt(), stopping.signal);
    },
    postReceiveMessageCallback: async () => round.store(),
    async handleMessage(message) {
      return (await store(message, options, stopping.signal)) ? message : undefined;
    },
  });
}

/** Says what became of each poll; what the library says in between is its own affair. */
function tellOf(
  consumer: Consumer,
  { emit, connection }: PollerOptions,
  { stopping, faults, round }: Polling,
): void {
  let isRead = false;
  const answered = (): void => {
    const count = faults.clear();
    if (count > 0) {
      emit({ name: 'queue read again', level: 'info', fields: { connection, faults: count } });
    } else if (!isRead) {
      emit({ name: 'queue read', level: 'info', fields: { connection } });
    }
    isRead = true;
  };
  consumer.on('empty', () => {
    answered();
    round.end();
  });
  consumer.on('message_processed', answered);
  consumer.on('response_processed', () => round.end());
  consumer.on('error', (error, about) => {
    const { code, what } = queueFault(error);
    if (about !== undefined) {
      // It comes again, and is known by its name.
      emit({ name: 'queue message not settled', level: 'warn', fields: { connection, code, what } });
      return;
    }
    if (!stopping.signal.aborted) {
      const waitS = faults.add() / SECOND;
      emit({ name: 'queue not read', level: 'error', fields: { connection, code, what, waitS } });
    }
    round.end();
  });
}

/** One poll, from its wait to the last of its messages. */
interface Round {
  begin(): void;
  /** The queue has answered. */
  store(): void;
  end(): void;
  isStoring(): boolean;
  /** Resolves when the poll under way has ended; nothing between two. */
  ended(): Promise<void> | undefined;
}

function trackRound(): Round {
  let ended: PromiseWithResolvers<void> | undefined;
  let isStoring = false;
  return {
    begin() {
      ended = Promise.withResolvers();
      isStoring = false;
    },
    store() {
      isStoring = true;
    },
    end() {
      ended?.resolve();
      ended = undefined;
      isStoring = false;
    },
    isStoring: () => isStoring,
    ended: () => ended?.promise,
  };
}

/** AWS's client for this one queue; whoever makes it destroys it. */
export function clientOf({ url, region, endpoint, credentials }: QueueAccess): SQSClient {
  return new SQSClient({
    region,
    // Said always: else the client takes another host than the settings name, or warns on the console.
    endpoint: endpoint ?? new URL(url).origin,
    ...(credentials === undefined ? {} : { credentials }),
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    },
  });
}

/** Whether the message may be deleted. Throws when it could not be stored for so long that it is given back. */
async function store(
  { MessageId, Body = '', Attributes }: Message,
  { accept, clock, emit, connection }: PollerOptions,
  signal: AbortSignal,
): Promise<boolean> {
  // The client hands on whatever the answer holds, and the pattern would take what is no text for its text.
  const queueId = typeof MessageId === 'string' && MESSAGE_ID.test(MessageId) ? MessageId : undefined;
  const fields = { connection, queueId: queueId ?? '' };
  const body = new TextEncoder().encode(Body);
  if (body.byteLength > MESSAGE_BYTES_MAX) {
    // It stays where it is, until the queue's own limits take it to the dead letters.
    emit({ name: 'delivery too large', level: 'error', fields: { ...fields, bytesMax: MESSAGE_BYTES_MAX } });
    return false;
  }
  const receives = Number(Attributes?.ApproximateReceiveCount ?? 1);
  if (receives > 1) {
    emit({ name: 'delivery comes again', level: 'warn', fields: { ...fields, receives } });
  }
  const message = messageOf(body, {
    connection,
    way: 'queue',
    ...(queueId === undefined ? {} : { otherwiseId: queueId }),
  });
  const faults = countFaults(clock);
  const until = after(clock.now(), STORE_PATIENCE_MS);
  for (;;) {
    try {
      await accept(message);
      return true;
    } catch (thrown) {
      const { code, message: detail } = asFailure(thrown, 'Cannot store the notification');
      const isFirst = faults.add() === WAIT_MIN_MS;
      const isGivenBack = signal.aborted || faults.retryAt() >= until;
      if (isFirst || isGivenBack) {
        emit({
          name: 'delivery not stored',
          level: 'error',
          fields: { ...fields, code, detail, isGivenBack },
        });
      }
      if (isGivenBack) {
        throw thrown;
      }
      await clock.sleep(faults.retryAt(), signal);
    }
  }
}

interface Faults {
  /** Counts one more; answers how long to wait for it, in milliseconds. */
  add(): number;
  /** How many there were. */
  clear(): number;
  /** Now, while there is none. */
  retryAt(): Instant;
}

/** Faults in a row, and the wait that follows them. */
function countFaults(clock: Clock): Faults {
  let count = 0;
  let retryAt = clock.now();
  return {
    add() {
      const waitMs = Math.min(WAIT_MIN_MS * 2 ** Math.min(count, 10), WAIT_MAX_MS);
      count += 1;
      retryAt = after(clock.now(), waitMs);
      return waitMs;
    },
    clear() {
      const counted = count;
      count = 0;
      retryAt = clock.now();
      return counted;
    },
    retryAt: () => retryAt,
  };
}

async function within(clock: Clock, ended: Promise<void>): Promise<void> {
  const settled = new AbortController();
  await Promise.race([ended, clock.sleep(after(clock.now(), STOP_WITHIN_MS), settled.signal)]);
  settled.abort();
}
