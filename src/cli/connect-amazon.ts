import type { App } from '#app.ts';
import { DONE, FAILED } from './command-error.ts';
import { withApp } from './context.ts';
import type { CommandContext } from './context.ts';
import { facts, paragraph } from './output.ts';

/** Checking what Amazon's credentials allow, and saying what comes next. */

type Found = Awaited<ReturnType<App['amazonAdmin']['preflight']>>;
type Leave = Found['orders'];

export async function connectAmazon(context: CommandContext): Promise<number> {
  const { output } = context;
  return withApp(context, async ({ amazonAdmin, config }) => {
    const found = await amazonAdmin.preflight();
    const { queue, webhook } = config.amazon ?? {};
    const hasForwarder = [webhook?.secrets, webhook?.apiKeys].some((list) => (list ?? []).length > 0);
    const way =
      queue !== undefined ? 'queue' : hasForwarder || webhook?.topic !== undefined ? 'forwarder' : 'none';
    const isEnough = found.orders.is === 'given';
    const next = nextSteps(found, way);
    output.json({ ...found, stores: found.stores.map(({ id }) => id), way, next });
    output.print(output.paint(`Amazon answers: seller ${found.sellerId}, region ${found.region}`, 'bold'));
    facts(output, [
      { name: 'Stores', value: found.stores.map(({ channelName }) => channelName).join(', ') },
      { name: 'Orders', value: shown(found.orders, 'can be read') },
      {
        name: 'Transactions',
        value: shown(found.transactions, 'can be read, so refunds are booked'),
      },
      { name: 'Notifications', value: shown(found.notifications, 'can be set up') },
      { name: 'Messages come', value: WAYS[way] },
    ]).forEach((line) => output.print(line));
    next
      .flatMap((sentence) => paragraph(output, sentence, isEnough ? 'green' : 'red'))
      .forEach((line) => output.print(line));
    return isEnough ? DONE : FAILED;
  });
}

const WAYS = {
  queue: 'from the queue of AMAZON_SQS_QUEUE_URL, which is polled',
  forwarder: 'from your own forwarder, at /webhooks/amazon',
  none: 'from nowhere yet',
} as const;

function shown(leave: Leave, given: string): string {
  return leave.is === 'given' ? given : `withheld. ${leave.why}`;
}

function nextSteps({ orders, transactions, notifications }: Found, way: keyof typeof WAYS): string[] {
  if (orders.is === 'withheld') {
    return [
      'Nothing can be booked: give the application the role Finance and Accounting in the developer console, authorize it again in Seller Central and set SP_API_REFRESH_TOKEN to the new token',
    ];
  }
  return [
    ...(transactions.is === 'given' ? [] : ['Sales can be booked, refunds cannot']),
    ...(notifications.is === 'given'
      ? []
      : ['Notifications must be set up by another application, which has the right to']),
    way === 'none'
      ? 'Next: make a standard queue in AWS and set AMAZON_SQS_QUEUE_URL, then counterfoil amazon queue-policy'
      : 'Next: counterfoil amazon queue-policy, give that to the queue, then counterfoil amazon subscribe',
  ];
}
