import { AMAZON } from '#connections.ts';
import type { App } from '#app.ts';
import { MARKETPLACES } from '#core/marketplaces.ts';
import { DONE, FAILED } from './command-error.ts';
import { configOf, withApp } from './context.ts';
import type { CommandContext } from './context.ts';
import { paragraph, table } from './output.ts';
import type { Cell, Column, Output } from './output.ts';

/** Setting up what Amazon tells this service: its queue, and what is subscribed to it. */

interface QueueOption {
  /** Instead of the configured queue's. */
  readonly queueArn?: string;
}

type Plan = Awaited<ReturnType<App['amazonAdmin']['planSubscriptions']>>;
type Changes = Awaited<ReturnType<App['amazonAdmin']['subscribe']>>['changes'];
type State = Plan['states'][number];

const MARKETPLACE_COLUMNS: readonly Column[] = [
  { title: 'Store' },
  { title: 'Country' },
  { title: 'Region' },
  { title: 'Currency' },
  { title: 'Id' },
  { title: 'Zone', isFlexible: true },
  { title: 'Booked' },
];

/** Needs neither a database nor a seller. */
export async function amazonMarketplaces(context: CommandContext): Promise<number> {
  const { output } = context;
  const configured = configOf(context).amazon?.marketplaces ?? [];
  const rows = MARKETPLACES.map(({ id, country, region, currency, timeZone, channelName }) => ({
    id,
    country,
    region,
    currency,
    timeZone,
    channelName,
    isBooked: configured.some((each) => each.id === id),
  }));
  output.json({ marketplaces: rows });
  const cells = rows.map(({ id, country, region, currency, timeZone, channelName, isBooked }) => [
    channelName,
    country,
    region,
    currency,
    id,
    timeZone,
    isBooked ? ({ text: 'yes', colour: 'green' } as const) : '',
  ]);
  table(output, MARKETPLACE_COLUMNS, cells).forEach((line) => output.print(line));
  if (configured.length === 0) {
    output.print();
    say(output, 'No seller is configured: set AMAZON_SELLER_ID and SP_API_REGION, or SP_API_MARKETPLACE_IDS');
  }
  return DONE;
}

/** Under --json exactly what `aws sqs set-queue-attributes --attributes file://…` takes. */
export async function amazonQueuePolicy(context: CommandContext, { queueArn }: QueueOption): Promise<number> {
  const { output } = context;
  return withApp(context, async ({ amazonAdmin }) => {
    const arn = amazonAdmin.queueArn(queueArn);
    const policy = amazonAdmin.queuePolicy(arn);
    output.json({ Policy: policy });
    output.print(policy);
    output.print();
    say(output, `This is the access policy of ${arn}: only Amazon may put messages into it.`);
    say(
      output,
      'Paste it in the AWS console (SQS, the queue, Access policy), or: counterfoil amazon queue-policy --json > policy.json && aws sqs set-queue-attributes --queue-url URL --attributes file://policy.json. It replaces the policy that the queue has: add the statement to it instead if other things use the queue.',
    );
    say(
      output,
      'The queue must be a standard one; into FIFO queues Amazon puts nothing. If it is encrypted with a key of your own (SSE-KMS), the key’s policy must allow the same principal kms:GenerateDataKey and kms:Decrypt; with SSE-SQS nothing more is needed.',
    );
    return DONE;
  });
}

export async function amazonSubscriptions(context: CommandContext, options: QueueOption): Promise<number> {
  const { output } = context;
  return withApp(context, async ({ amazonAdmin }) => {
    const plan = await amazonAdmin.planSubscriptions(amazonAdmin.queueArn(options.queueArn));
    const known = plan.states.map(({ subscription }) => subscription?.id);
    const further = (await amazonAdmin.listSubscriptions()).filter(({ id }) => !known.includes(id));
    output.json({ ...plan, further });
    printPlan(output, plan);
    further.forEach(({ type, payloadVersion, id }) =>
      say(output, `There is also ${id} of ${type}, version ${payloadVersion}: not ours, left alone`),
    );
    const advice = adviceOn(plan);
    if (advice !== '') {
      output.print();
      say(output, advice, 'yellow');
    }
    return DONE;
  });
}

export async function amazonSubscribe(
  context: CommandContext,
  { queueArn, replace }: QueueOption & { readonly replace?: true },
): Promise<number> {
  const { output } = context;
  return withApp(context, async (app) => {
    const { amazonAdmin } = app;
    const arn = amazonAdmin.queueArn(queueArn);
    const { changes, plan } = await amazonAdmin.subscribe(arn, { isReplacing: replace === true });
    await audit(app, changes, 'subscribe');
    output.json({ changes, ...plan });
    printChanges(output, changes);
    printPlan(output, plan);
    output.print();
    const advice = adviceOn(plan);
    say(
      output,
      advice === '' ? 'Amazon tells this queue. Next: counterfoil serve' : advice,
      advice === '' ? 'green' : 'yellow',
    );
    return plan.states.every(({ state }) => state === 'ok' || state === 'withheld') ? DONE : FAILED;
  });
}

export async function amazonUnsubscribe(
  context: CommandContext,
  { queueArn, destination }: QueueOption & { readonly destination?: true },
): Promise<number> {
  const { output } = context;
  return withApp(context, async (app) => {
    const { amazonAdmin } = app;
    const arn = amazonAdmin.queueArn(queueArn);
    const { changes, plan } = await amazonAdmin.unsubscribe(arn, { isDestinationToo: destination === true });
    await audit(app, changes, 'unsubscribe');
    output.json({ changes, ...plan });
    printChanges(output, changes);
    plan.states
      .filter(({ state }) => state === 'elsewhere')
      .forEach(({ type, why }) => say(output, `${type} is left alone: ${why}`));
    if (plan.destination !== undefined) {
      say(output, 'Amazon still knows the queue; --destination has it forgotten, if no other seller uses it');
    }
    return DONE;
  });
}

export async function amazonTestNotification(
  context: CommandContext,
  { destination, scenario }: { readonly destination: string; readonly scenario: string },
): Promise<number> {
  const { output } = context;
  return withApp(context, async ({ amazonAdmin }) => {
    await amazonAdmin.sendTest({ destinationId: destination, scenario });
    output.json({ destination, scenario });
    say(
      output,
      `Amazon’s sandbox was asked to put "${scenario}" into the queue of ${destination}. It is of nobody’s order: the service says in its log that it came`,
    );
    return DONE;
  });
}

async function audit({ store }: App, changes: Changes, did: string): Promise<void> {
  if (changes.length > 0) {
    const details = { count: changes.length, did };
    await store.transact((tx) => tx.audited({ action: 'webhooks changed', subject: AMAZON, details }));
  }
}

function printChanges(output: Output, changes: Changes): void {
  changes.forEach(({ did, what, id }) => output.print(`${what} ${did}: ${id}`));
  if (changes.length === 0) {
    output.print('Nothing was to be changed');
  }
  output.print();
}

const COLUMNS: readonly Column[] = [
  { title: 'Type' },
  { title: 'State' },
  { title: 'Subscription', isFlexible: true },
  { title: 'Queue', isFlexible: true },
];

function printPlan(output: Output, { queueArn, destination, states }: Plan): void {
  const name = destination === undefined ? 'which Amazon does not know yet' : `destination ${destination.id}`;
  say(output, `Queue ${queueArn}, ${name}`);
  const rows = states.flatMap((state) => [
    [state.type, stateCell(state.state), state.subscription?.id ?? '', state.queueArn],
    ...(state.why === '' ? [] : [{ note: state.why }]),
  ]);
  table(output, COLUMNS, rows).forEach((line) => output.print(line));
}

function adviceOn({ states }: Plan): string {
  const has = (...wanted: readonly State['state'][]): boolean =>
    states.some(({ state }) => wanted.includes(state));
  if (has('elsewhere', 'cut')) {
    return 'What goes elsewhere may serve another program of yours. To have it come here instead: counterfoil amazon subscribe --replace';
  }
  if (has('missing')) {
    return 'To have Amazon tell this queue: counterfoil amazon subscribe';
  }
  return has('withheld') ? 'Without the role for transactions sales are booked and refunds are not' : '';
}

function stateCell(state: State['state']): Cell {
  switch (state) {
    case 'ok':
      return { text: state, colour: 'green' };
    case 'withheld':
      return { text: state, colour: 'yellow' };
    case 'missing':
    case 'elsewhere':
    case 'cut':
      return { text: state, colour: 'red' };
  }
}

function say(output: Output, text: string, colour?: 'green' | 'yellow'): void {
  paragraph(output, text, colour).forEach((line) => output.print(line));
}
