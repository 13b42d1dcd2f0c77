import type { App } from '#app.ts';
import { AMAZON } from '#connections.ts';
import type { Config } from '#config.ts';
import { DAY } from '#core/time.ts';
import type { Instant, LocalDate } from '#core/time.ts';
import type { Check, Finding } from './doctor-check.ts';
import { sweepCheck } from './doctor-sweep.ts';
import { counted } from './output.ts';

/** The checks of an Amazon seller: they ask Login with Amazon, Amazon and the queue, and change nothing there. */

type Amazon = NonNullable<Config['amazon']>;
type QueueState = NonNullable<Awaited<ReturnType<App['amazonAdmin']['queueState']>>>;
type AskQueue = () => Promise<QueueState | undefined>;

/** Amazon's terms (docs/vendors/amazon.md 1.1). */
const AUTHORIZATION_DAYS = 365;
const SECRET_DAYS = 180;
/** Long enough to rotate a secret or to ask a seller, who may be on holiday. */
const WARNED_DAYS = 30;

/** None without a seller. */
export function amazonChecks(app: App): Check[] {
  const { amazon } = app.config;
  if (amazon === undefined) {
    return [];
  }
  let asked: ReturnType<AskQueue> | undefined;
  const askQueue: AskQueue = () => (asked ??= app.amazonAdmin.queueState());
  const now = (): Instant => app.clock.now();
  return [
    { name: 'Amazon seller', run: () => settings(amazon) },
    { name: 'Amazon access', run: () => access(app, amazon) },
    { name: 'Amazon queue', run: () => queue(amazon, askQueue) },
    ...(amazon.queue === undefined ? [] : [{ name: 'Dead letters', run: () => deadLetters(askQueue) }]),
    { name: 'Amazon messages', run: () => subscriptions(app, amazon) },
    ...(hasForwarder(amazon) ? [{ name: 'Amazon forwarder', run: () => forwarder(amazon) }] : []),
    sweepCheck(app, AMAZON),
    { name: 'Amazon expiry', run: () => expiry(amazon, now()) },
  ];
}

function settings({ access: credentials, sellerId, region, marketplaces, applicationId }: Amazon): Finding {
  const stores = marketplaces.length > 5 ? counted(marketplaces.length, 'store') : '';
  const names = stores === '' ? marketplaces.map(({ channelName }) => channelName).join(', ') : stores;
  const text = `${sellerId} in ${region}: ${names}`;
  if (credentials === undefined) {
    return {
      state: 'problem',
      text: `${text}, and no credentials: messages come, and nothing can be booked`,
      whatToDo: 'Set SP_API_CLIENT_ID, SP_API_CLIENT_SECRET and SP_API_REFRESH_TOKEN',
    };
  }
  const of = applicationId === undefined ? 'messages of any application are taken' : 'of one application';
  return { state: 'ok', text: `${text}; ${of}` };
}

async function access({ amazonAdmin }: App, { access: credentials }: Amazon): Promise<Finding> {
  if (credentials === undefined) {
    return NOT_ASKED;
  }
  const { orders, transactions, notifications } = await amazonAdmin.preflight();
  if (orders.is === 'withheld') {
    return {
      state: 'problem',
      text: `Orders cannot be read: ${orders.why}`,
      whatToDo: 'Give the application the role Finance and Accounting and authorize it again',
    };
  }
  if (transactions.is === 'withheld') {
    return {
      state: 'warning',
      text: 'Amazon answers, and shows no transactions: refunds are not booked',
      whatToDo: 'Give the application the role Finance and Accounting and authorize it again',
    };
  }
  return notifications.is === 'withheld'
    ? {
        state: 'warning',
        text: `Orders and transactions can be read, and notifications cannot be set up: ${notifications.why}`,
        whatToDo: 'Set them up by another application, or give this one the right',
      }
    : { state: 'ok', text: 'Amazon answers; orders and transactions can be read' };
}

const NOT_ASKED: Finding = {
  state: 'warning',
  text: 'Cannot be asked without credentials',
  whatToDo: 'Set SP_API_CLIENT_ID, SP_API_CLIENT_SECRET and SP_API_REFRESH_TOKEN',
};

async function queue(amazon: Amazon, ask: AskQueue): Promise<Finding> {
  const state = await ask();
  if (state === undefined) {
    return hasForwarder(amazon)
      ? { state: 'ok', text: 'None: your own forwarder posts to /webhooks/amazon' }
      : {
          state: 'problem',
          text: 'Neither a queue nor a forwarder is configured: no message comes',
          whatToDo: 'Set AMAZON_SQS_QUEUE_URL, then counterfoil amazon queue-policy',
        };
  }
  if (state.is === 'hidden') {
    return {
      state: 'problem',
      text: state.why,
      whatToDo:
        'The credentials need sqs:ReceiveMessage, sqs:DeleteMessage, sqs:ChangeMessageVisibility and sqs:GetQueueAttributes on the queue',
    };
  }
  return judged(state);
}

function judged({
  queueArn,
  policy,
  waitingCount,
  hasOwnKey,
}: Extract<QueueState, { is: 'shown' }>): Finding {
  const { missing, denied, isConditional, isOpenToAll } = policy;
  const whatToDo = 'counterfoil amazon queue-policy prints the policy to give it';
  if (isOpenToAll) {
    const text = `${queueArn} takes messages of anybody, and they would be taken for Amazon’s`;
    return { state: 'problem', text, whatToDo };
  }
  if (missing.length + denied.length > 0) {
    const actions = [...new Set([...missing, ...denied])].join(' and ');
    return { state: 'problem', text: `The policy of ${queueArn} does not allow Amazon ${actions}`, whatToDo };
  }
  if (isConditional) {
    const text = `The policy of ${queueArn} allows Amazon to deliver under conditions, which only AWS can weigh`;
    return { state: 'warning', text, whatToDo };
  }
  const key = hasOwnKey ? '; it is encrypted by a key of its own, which must allow Amazon too' : '';
  return {
    state: 'ok',
    text: `${queueArn} can be read, Amazon may deliver, ${counted(waitingCount, 'message')} waiting${key}`,
  };
}

async function deadLetters(ask: AskQueue): Promise<Finding> {
  const state = await ask();
  if (state === undefined || state.is === 'hidden') {
    return { state: 'warning', text: 'Cannot be looked at while the queue cannot' };
  }
  const { deadLetters: found } = state;
  if (found === undefined) {
    return {
      state: 'warning',
      text: 'None: a message that cannot be stored again and again is lost when the queue forgets it',
      whatToDo: 'Give the queue a dead-letter queue in AWS, with 10 receives or more',
    };
  }
  const { count, receivesMax, queueArn } = found;
  const after = `after ${counted(receivesMax, 'receive')}`;
  if (count === undefined) {
    return { state: 'ok', text: `${queueArn}, ${after}; the credentials may not count it` };
  }
  return count === 0
    ? { state: 'ok', text: `${queueArn}, ${after}: empty` }
    : {
        state: 'warning',
        text: `${counted(count, 'message')} in ${queueArn}: they could not be stored`,
        whatToDo:
          'Mend the cause, then have AWS move them back: SQS, the dead-letter queue, Start DLQ redrive',
      };
}

async function subscriptions(
  { amazonAdmin }: App,
  { access: credentials, queue: configured }: Amazon,
): Promise<Finding> {
  if (credentials === undefined) {
    return NOT_ASKED;
  }
  if (configured === undefined) {
    return {
      state: 'ok',
      text: 'The queue before your forwarder is not known here: counterfoil amazon subscriptions --queue-arn ARN compares',
    };
  }
  const { states } = await amazonAdmin.planSubscriptions(amazonAdmin.queueArn(undefined));
  const faults = states.filter(({ state }) => state !== 'ok' && state !== 'withheld');
  const withheld = states.filter(({ state }) => state === 'withheld');
  if (faults.length > 0) {
    return {
      state: 'problem',
      text: faults.map(({ type, state, why }) => `${type} ${state}: ${why}`).join('. '),
      whatToDo: faults.every(({ state }) => state === 'missing')
        ? 'Run counterfoil amazon subscribe'
        : 'counterfoil amazon subscriptions shows them, counterfoil amazon subscribe --replace takes them over',
    };
  }
  return withheld.length > 0
    ? { state: 'warning', text: withheld.map(({ type, why }) => `${type}: ${why}`).join('. ') }
    : { state: 'ok', text: `${states.map(({ type }) => type).join(' and ')} come to this queue` };
}

function hasForwarder({ webhook: { secrets, topic, apiKeys } }: Amazon): boolean {
  return secrets.length + apiKeys.length > 0 || topic !== undefined;
}

function forwarder({ webhook: { secrets, topic, apiKeys } }: Amazon): Finding {
  const ways = [
    secrets.length === 0 ? '' : `signed with ${counted(secrets.length, 'secret')}`,
    topic === undefined ? '' : `by ${topic.arn}`,
    apiKeys.length === 0 ? '' : `with ${counted(apiKeys.length, 'API key')}`,
  ];
  const text = `Messages are taken at /webhooks/amazon ${ways.filter(Boolean).join(', ')}`;
  return apiKeys.length === 0
    ? { state: 'ok', text }
    : {
        state: 'warning',
        text: `${text}. An API key proves who sends and not what: who sees one message can send others`,
        whatToDo: 'Let the forwarder sign (AMAZON_WEBHOOK_SECRET) and remove AMAZON_API_KEY',
      };
}

/** By Amazon's calendar nobody knows in which zone: days are counted in UTC, and a day more or less is no matter here. */
function expiry({ authorizedOn, secretRotatedOn }: Amazon, now: Instant): Finding {
  const ends = [
    ...endOf(authorizedOn, { what: 'The seller’s authorization', days: AUTHORIZATION_DAYS, now }),
    ...endOf(secretRotatedOn, { what: 'The client secret', days: SECRET_DAYS, now }),
  ];
  const unwatched = [
    authorizedOn === undefined ? 'SP_API_AUTHORIZED_ON' : '',
    secretRotatedOn === undefined ? 'SP_API_SECRET_ROTATED_ON' : '',
  ].filter(Boolean);
  const unknown = unwatched.length === 0 ? [] : [`Set ${unwatched.join(' and ')} to be warned in time`];
  const text = [...ends.map(({ sentence }) => sentence), ...unknown].join('. ');
  const least = Math.min(...ends.map(({ daysLeft }) => daysLeft));
  const whatToDo =
    'Authorize the application again in Seller Central, or rotate the secret in the developer console; then set the new value and its day';
  return least > WARNED_DAYS
    ? { state: 'ok', text }
    : { state: least < 0 ? 'problem' : 'warning', text, whatToDo };
}

function endOf(
  day: LocalDate | undefined,
  { what, days, now }: { readonly what: string; readonly days: number; readonly now: Instant },
): { readonly daysLeft: number; readonly sentence: string }[] {
  if (day === undefined) {
    return [];
  }
  const daysLeft = Math.floor((Date.parse(`${day}T00:00:00Z`) + days * DAY - now) / DAY);
  const sentence =
    daysLeft < 0
      ? `${what} of ${day} has ended, after ${days} days`
      : `${what} of ${day} ends in ${counted(daysLeft, 'day')}`;
  return [{ daysLeft, sentence }];
}
