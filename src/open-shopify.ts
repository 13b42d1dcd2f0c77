import type { Config } from '#config.ts';
import type { ConnectionId } from '#core/ids.ts';
import type { Rules } from '#core/rules.ts';
import type { Swept } from '#pipeline/source.ts';
import { createShopifyApi } from '#sources/shopify/api.ts';
import type { ShopifyApi } from '#sources/shopify/api.ts';
import { createShopifySource } from '#sources/shopify/shopify.ts';
import type { Outside } from '#outside.ts';

/** The configured shop: a part of the composition root. */
export interface ShopifyParts {
  readonly source: Swept;
  /** Absent without credentials: then the shop cannot be asked. */
  readonly api: ShopifyApi | undefined;
}

export function openShopify(
  { shopify }: Config,
  {
    connection,
    outside: { clock, transport },
    currencySide,
  }: {
    readonly connection: ConnectionId;
    readonly outside: Pick<Outside, 'clock' | 'transport'>;
    readonly currencySide: Rules['currency'];
  },
): ShopifyParts | undefined {
  if (shopify === undefined) {
    return undefined;
  }
  const { access, apiUrl, shopDomain } = shopify;
  const credentials =
    access.kind === 'static'
      ? ({ kind: 'static', accessToken: access.token } as const)
      : access.kind === 'client-credentials'
        ? ({ kind: 'client', clientId: access.clientId, clientSecret: access.clientSecret } as const)
        : undefined;
  const api =
    credentials === undefined
      ? undefined
      : createShopifyApi({ shopDomain, apiUrl, credentials, transport, clock });
  const source = createShopifySource({
    connection,
    shopDomain,
    secrets: shopify.webhookSecrets,
    currencySide,
    ...(api === undefined ? {} : { api }),
  });
  return { source, api };
}
