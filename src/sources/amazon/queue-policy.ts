import { Failure } from '#core/failure.ts';
import { parseLossless } from '#core/json.ts';
import type { Lossless } from '#core/json.ts';
import { fieldOf, listOf, textOf } from '#core/json-fields.ts';

/** Who may put messages into the seller's queue: that alone makes them Amazon's (docs/vendors/amazon.md 2.2, 2.5). */

/** Amazon's account that delivers notifications, of every region. */
const AMAZON_ACCOUNT = '437568002678';
const NEEDED_ACTIONS: readonly string[] = ['sqs:SendMessage', 'sqs:GetQueueAttributes'];
/** AWS allows a policy of 20 KB; what is longer is none. */
const POLICY_LENGTH_MAX = 64 * 1024;

/** Where a queue is, as far as its ARN follows from it. */
export interface QueueAddress {
  readonly url: string;
  readonly region: string;
}

/** `arn:aws:sqs:eu-west-1:111122223333:orders`: the path of a queue's address is its account and its name. */
export function queueArnOf({ url, region }: QueueAddress): string {
  return `arn:aws:sqs:${region}:${new URL(url).pathname.slice(1).replace('/', ':')}`;
}

/** The ARN itself. Throws `config-invalid` for what is none of a standard queue. */
export function checkedQueueArn(text: string): string {
  const problem = text.endsWith('.fifo')
    ? 'is a FIFO queue, into which Amazon puts nothing: make a standard one'
    : 'is not a queue such as arn:aws:sqs:eu-west-1:111122223333:orders';
  if (!/^arn:aws:sqs:[a-z]{2}(?:-[a-z]+)+-\d{1,2}:\d{12}:[\w-]{1,80}$/.test(text)) {
    throw new Failure('config-invalid', { detail: `The queue "${text.slice(0, 200)}" ${problem}` });
  }
  return text;
}

/** The access policy to give the queue, as JSON. */
export function queuePolicy(arn: string): string {
  const statement = {
    Sid: 'AmazonNotifications',
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${AMAZON_ACCOUNT}:root` },
    Action: NEEDED_ACTIONS,
    Resource: arn,
  };
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] }, undefined, 2);
}

/** What a policy lets Amazon do with the queue, and whom else. */
export interface PolicyJudgement {
  /** Actions that Amazon needs and nothing allows; empty when it may deliver. */
  readonly missing: readonly string[];
  /** Actions that some statement denies it. */
  readonly denied: readonly string[];
  /** Some statement allows them under conditions, which only AWS can weigh. */
  readonly isConditional: boolean;
  /** Anybody may put messages into the queue, and they would be taken for Amazon's. */
  readonly isOpenToAll: boolean;
}

/** Judges what AWS shows as the queue's policy; an empty text is no policy. Pure. */
export function judgePolicy(text: string, arn: string): PolicyJudgement {
  const statements = statementsIn(text).filter((statement) => isAbout(statement, arn));
  const allowing = statements.filter((statement) => textOf(statement, 'Effect') === 'Allow');
  const denying = statements.filter((statement) => textOf(statement, 'Effect') === 'Deny');
  const forAmazon = allowing.filter(isForAmazon);
  return {
    missing: NEEDED_ACTIONS.filter((action) => !forAmazon.some((each) => hasAction(each, action))),
    denied: NEEDED_ACTIONS.filter((action) =>
      denying.some((each) => isForAmazon(each) && !isConditional(each) && hasAction(each, action)),
    ),
    isConditional: forAmazon.some(isConditional),
    isOpenToAll: allowing.some(
      (each) => isForAll(each) && !isConditional(each) && hasAction(each, 'sqs:SendMessage'),
    ),
  };
}

function statementsIn(text: string): readonly Lossless[] {
  if (text.length > POLICY_LENGTH_MAX) {
    return [];
  }
  let policy: Lossless;
  try {
    policy = parseLossless(text);
  } catch {
    return [];
  }
  const one = fieldOf(policy, 'Statement');
  const many = listOf(policy, 'Statement');
  return many.length > 0 || one === undefined ? many : [one];
}

/** AWS writes a single value without its list. */
function textsIn(value: Lossless, path: string): readonly string[] {
  const one = textOf(value, path);
  return one === '' ? listOf(value, path).filter((each) => typeof each === 'string') : [one];
}

function isAbout(statement: Lossless, arn: string): boolean {
  return textsIn(statement, 'Resource').some((pattern) => fits(pattern, arn));
}

function isForAll(statement: Lossless): boolean {
  return textOf(statement, 'Principal') === '*' || textsIn(statement, 'Principal.AWS').includes('*');
}

function isForAmazon(statement: Lossless): boolean {
  const names = [AMAZON_ACCOUNT, `arn:aws:iam::${AMAZON_ACCOUNT}:root`];
  return (
    isForAll(statement) || textsIn(statement, 'Principal.AWS').some((principal) => names.includes(principal))
  );
}

function isConditional(statement: Lossless): boolean {
  return fieldOf(statement, 'Condition') !== undefined;
}

/** Names of actions are the same in any case. */
function hasAction(statement: Lossless, action: string): boolean {
  return textsIn(statement, 'Action').some((pattern) => fits(pattern.toLowerCase(), action.toLowerCase()));
}

/** With AWS's `*` for any letters. */
function fits(pattern: string, text: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(text);
}
