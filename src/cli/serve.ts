import { openApp } from '#app.ts';
import { loggingOutside } from '#outside.ts';
import type { App } from '#app.ts';
import { configOf } from './context.ts';
import type { CommandContext } from './context.ts';

/** Runs the service until it is asked to stop. The log goes to the standard error, one JSON line an event. */
export async function serve(context: CommandContext): Promise<number> {
  const config = configOf(context);
  const app = await openApp(config, await loggingOutside(config.logLevel));
  try {
    const stopped = stopRequested();
    const serving = await app.serve();
    context.output.print(`Counterfoil listens on http://${config.host}:${serving.port}`);
    for (const line of introduction(app)) {
      context.output.print(`  ${line}`);
    }
    await stopped;
    context.output.print('Stopping; what is in flight is finished first');
    await serving.stop();
    return 0;
  } finally {
    await app.close();
  }
}

/** What an operator checks first: where the shop sends to, where the books are kept. */
function introduction({ config, migrated, alarmChannels }: App): string[] {
  const { shopify, amazon, publicUrl, databasePath } = config;
  const reached =
    publicUrl === undefined
      ? 'set COUNTERFOIL_PUBLIC_URL to register its webhooks'
      : `webhooks come to ${publicUrl}/webhooks/shopify`;
  return [
    ...(shopify === undefined && amazon !== undefined
      ? []
      : [
          shopify === undefined
            ? 'No shop is configured: set SHOPIFY_SHOP_DOMAIN, or AMAZON_SELLER_ID for an Amazon seller'
            : `Shop ${shopify.shopDomain}; ${reached}`,
        ]),
    ...(amazon === undefined
      ? []
      : [
          `Amazon seller ${amazon.sellerId}; ${amazon.queue === undefined ? 'messages come from a forwarder alone' : `the queue ${amazon.queue.url} is polled`}`,
        ]),
    ...(shopify !== undefined && shopify.webhookSecrets.length === 0
      ? ['Every webhook is refused until SHOPIFY_API_SECRET or SHOPIFY_WEBHOOK_SECRET is set']
      : []),
    alarmChannels.length === 0
      ? 'Nobody is told when an order is held: set ALARM_EMAIL_TO, ALARM_SLACK_URL or ALARM_WEBHOOK_URL'
      : `Alarms are told by ${alarmChannels.map(({ name }) => name).join(', ')}`,
    `Database ${databasePath}, version ${migrated.version}${isNew(migrated) ? ', new and empty: if your orders are in another one, stop and correct DATABASE_URL' : ''}`,
  ];
}

function isNew({ applied, version }: App['migrated']): boolean {
  return applied.length === version;
}

/** The first signal asks for a soft stop; a second one ends the process as the platform does. */
export function stopRequested(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => resolve());
    }
  });
}
