import { Failure } from '#core/failure.ts';
import type { ShopifyApi } from './api.ts';
import { preflight } from './preflight.ts';
import type { Preflight } from './preflight.ts';
import {
  complianceInstructions,
  listSubscriptions,
  planSubscriptions,
  removeSubscriptions,
  repairSubscriptions,
  webhookUri,
} from './webhooks.ts';
import type { SubscriptionChange, SubscriptionPlan } from './webhooks.ts';

/** What the command line asks of the shop beside its orders. */
export interface ShopAdmin {
  preflight(): Promise<Preflight>;
  /** What is subscribed against what is needed. */
  planWebhooks(): Promise<SubscriptionPlan>;
  repairWebhooks(): Promise<readonly SubscriptionChange[]>;
  removeWebhooks(): Promise<readonly SubscriptionChange[]>;
  /** Where a person enters what no program may register. */
  complianceInstructions(): string;
}

/** `publicUrl`: where the shop reaches this service; absent while it is not configured. */
export function createShopAdmin({
  api,
  publicUrl,
  isConfigured,
}: {
  readonly api: ShopifyApi | undefined;
  readonly publicUrl: string | undefined;
  readonly isConfigured: boolean;
}): ShopAdmin {
  const needApi = (): ShopifyApi => {
    if (api === undefined) {
      const names = isConfigured
        ? 'SHOPIFY_API_KEY with SHOPIFY_API_SECRET (or SHOPIFY_ACCESS_TOKEN)'
        : 'SHOPIFY_SHOP_DOMAIN, and SHOPIFY_API_KEY with SHOPIFY_API_SECRET (or SHOPIFY_ACCESS_TOKEN)';
      throw new Failure('config-invalid', { detail: `To ask the shop, set ${names}` });
    }
    return api;
  };
  const uri = (): string => {
    if (publicUrl === undefined) {
      throw new Failure('config-invalid', {
        detail: 'COUNTERFOIL_PUBLIC_URL: set the https address under which Shopify reaches this server',
      });
    }
    return webhookUri(publicUrl);
  };
  const planWebhooks = async (): Promise<SubscriptionPlan> => {
    const address = uri();
    return planSubscriptions(await listSubscriptions(needApi()), address);
  };
  return {
    preflight: async () => preflight(needApi()),
    planWebhooks,
    repairWebhooks: async () => repairSubscriptions(needApi(), await planWebhooks()),
    async removeWebhooks() {
      const { right, wrong, duplicates } = await planWebhooks();
      const ours = [...right, ...wrong.map(({ subscription }) => subscription), ...duplicates];
      return removeSubscriptions(needApi(), ours);
    },
    complianceInstructions: () => complianceInstructions(uri()),
  };
}
