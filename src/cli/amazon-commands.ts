import type { Command } from 'commander';
import { withJson } from './json-option.ts';
import type { Json, Run } from './json-option.ts';

/** The part of the table of commands that is about Amazon (docs/amazon.md). */

const WHICH_QUEUE = '--queue-arn <arn>';
const WHICH_QUEUE_MEANING = 'the queue, instead of the one of AMAZON_SQS_QUEUE_URL';

interface Queue extends Json {
  readonly queueArn?: string;
}

export function addAmazon(program: Command, run: Run): void {
  const amazon = program
    .command('amazon')
    .description('Set up what Amazon tells this service: its stores, the queue and what is subscribed');
  withJson(amazon.command('marketplaces'))
    .description('List Amazon’s stores and which of them are booked; asks nobody')
    .action((options: Json) =>
      run(options, async (context) => (await import('./amazon.ts')).amazonMarketplaces(context)),
    );
  withJson(amazon.command('queue-policy'))
    .description('Print the access policy by which Amazon may put messages into the queue; asks nobody')
    .option(WHICH_QUEUE, WHICH_QUEUE_MEANING)
    .action((options: Queue) =>
      run(options, async (context) => (await import('./amazon.ts')).amazonQueuePolicy(context, options)),
    );
  withJson(amazon.command('subscriptions'))
    .description('Show what Amazon tells and where to')
    .option(WHICH_QUEUE, WHICH_QUEUE_MEANING)
    .action((options: Queue) =>
      run(options, async (context) => (await import('./amazon.ts')).amazonSubscriptions(context, options)),
    );
  withJson(amazon.command('subscribe'))
    .description('Have Amazon tell the queue of orders and of money; what stands already is left as it is')
    .option(WHICH_QUEUE, WHICH_QUEUE_MEANING)
    .option('--replace', 'also take over what goes to another queue, or is cut by a filter')
    .action((options: Queue & { readonly replace?: true }) =>
      run(options, async (context) => (await import('./amazon.ts')).amazonSubscribe(context, options)),
    );
  withJson(amazon.command('unsubscribe'))
    .description('Have Amazon tell the queue nothing more')
    .option(WHICH_QUEUE, WHICH_QUEUE_MEANING)
    .option('--destination', 'have Amazon forget the queue too')
    .action((options: Queue & { readonly destination?: true }) =>
      run(options, async (context) => (await import('./amazon.ts')).amazonUnsubscribe(context, options)),
    );
  withJson(amazon.command('test-notification'))
    .description('Have Amazon’s sandbox put a message into the queue; SP_API_URL must be the sandbox’s')
    .requiredOption('--destination <id>', 'by which Amazon knows the queue, as amazon subscribe shows it')
    .requiredOption('--scenario <name>', 'one that Amazon knows; its public pages name none')
    .action((options: Json & { readonly destination: string; readonly scenario: string }) =>
      run(options, async (context) => (await import('./amazon.ts')).amazonTestNotification(context, options)),
    );
}
