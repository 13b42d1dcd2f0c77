import { Failure } from '#core/failure.ts';
import type { ConnectionId } from '#core/ids.ts';
import type { Store } from '#pipeline/ports.ts';
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
  /** Registers what is needed; from then on it is watched. */
  repairWebhooks(): Promise<readonly SubscriptionChange[]>;
  /** Makes again what is missing of what was registered at this address; changes nothing else. */
  renewWebhooks(): Promise<readonly SubscriptionChange[]>;
  removeWebhooks(): Promise<readonly SubscriptionChange[]>;
  /** Where a person enters what no program may register. */
  complianceInstructions(): string;
}

export interface ShopAdminParts {
  /** Absent without credentials. */
  readonly api: ShopifyApi | undefined;
  /** Where the shop reaches this service; absent while it is not configured. */
  readonly publicUrl: string | undefined;
  readonly isConfigured: boolean;
  readonly connection: ConnectionId;
  readonly store: Pick<Store, 'read' | 'transact'>;
}

export function createShopAdmin(parts: ShopAdminParts): ShopAdmin {
  const { connection, store } = parts;
  const planWebhooks = async (): Promise<SubscriptionPlan> => {
    const address = addressOf(parts);
    return planSubscriptions(await listSubscriptions(apiOf(parts)), address);
  };
  /** The address at which a person has registered them. */
  const registered = `webhooks-at:${connection}`;
  const changed = async (changes: readonly SubscriptionChange[], did: string): Promise<void> => {
    if (changes.length > 0) {
      const details = { count: changes.length, did };
      await store.transact((tx) => tx.audited({ action: 'webhooks changed', subject: connection, details }));
    }
  };
  return {
    preflight: async () => preflight(apiOf(parts)),
    planWebhooks,
    async repairWebhooks() {
      const plan = await planWebhooks();
      await store.transact((tx) => tx.putSetting(registered, plan.uri));
      const changes = await repairSubscriptions(apiOf(parts), plan);
      await changed(changes, 'repair');
      return changes;
    },
    async renewWebhooks() {
      const address = await store.read.setting(registered);
      if (address === undefined || address !== addressOf(parts)) {
        return [];
      }
      const plan = await planWebhooks();
      if (plan.missing.length === 0) {
        return [];
      }
      const changes = await repairSubscriptions(apiOf(parts), { ...plan, wrong: [], duplicates: [] });
      await changed(changes, 'renew');
      return changes;
    },
    async removeWebhooks() {
      const { right, wrong, duplicates } = await planWebhooks();
      const ours = [...right, ...wrong.map(({ subscription }) => subscription), ...duplicates];
      await store.transact((tx) => tx.dropSetting(registered));
      const changes = await removeSubscriptions(apiOf(parts), ours);
      await changed(changes, 'remove');
      return changes;
    },
    complianceInstructions: () => complianceInstructions(addressOf(parts)),
  };
}

function apiOf({ api, isConfigured }: ShopAdminParts): ShopifyApi {
  if (api === undefined) {
    const names = isConfigured
      ? 'SHOPIFY_API_KEY with SHOPIFY_API_SECRET (or SHOPIFY_ACCESS_TOKEN)'
      : 'SHOPIFY_SHOP_DOMAIN, and SHOPIFY_API_KEY with SHOPIFY_API_SECRET (or SHOPIFY_ACCESS_TOKEN)';
    throw new Failure('config-invalid', { detail: `To ask the shop, set ${names}` });
  }
  return api;
}

function addressOf({ publicUrl }: ShopAdminParts): string {
  if (publicUrl === undefined) {
    throw new Failure('config-invalid', {
      detail: 'COUNTERFOIL_PUBLIC_URL: set the https address under which Shopify reaches this server',
    });
  }
  return webhookUri(publicUrl);
}
