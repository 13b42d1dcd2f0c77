import type { Config } from '#config.ts';

/**
 * Whatever this program calls: an address that is not here is reached by nothing. The seller's queue is not among them, because
 * AWS's client goes to its address by itself.
 */
export function originsOf({ shopify, amazon, freshbooks, alarms: { channels } }: Config): readonly string[] {
  const { slack, webhook } = channels;
  return [
    shopify?.apiUrl,
    amazon?.apiUrl,
    amazon?.lwaUrl,
    amazon?.webhook.topic?.origin,
    freshbooks.apiUrl,
    slack?.url,
    webhook?.url,
  ].filter((origin) => origin !== undefined);
}
