import { SHOPIFY } from '#connections.ts';
import type { App } from '#app.ts';
import { usable } from './choose-account.ts';
import { NUMBERING } from './connect.ts';
import { amazonChecks } from './doctor-amazon.ts';
import type { Check, Finding } from './doctor-check.ts';
import { sweepCheck } from './doctor-sweep.ts';
import { counted } from './output.ts';

/** The checks that ask the shop and FreshBooks. None changes anything there. */
export function connectionChecks(app: App): Check[] {
  return [
    ...shopChecks(app),
    ...amazonChecks(app),
    { name: 'FreshBooks app', run: () => freshBooksApp(app) },
    { name: 'FreshBooks access', run: () => freshBooksAccess(app) },
    { name: 'FreshBooks account', run: () => freshBooksAccount(app) },
    { name: 'Invoice numbers', run: () => ({ state: 'ok', text: NUMBERING }) },
  ];
}

/** Who sells at Amazon alone needs none of them. */
function shopChecks(app: App): Check[] {
  const { shopify, amazon } = app.config;
  return shopify === undefined && amazon !== undefined
    ? []
    : [
        { name: 'Public address', run: () => publicAddress(app) },
        { name: 'Shop', run: () => shop(app) },
        { name: 'Shop webhooks', run: () => subscriptions(app) },
        { name: 'Shop access', run: () => access(app) },
        sweepCheck(app, SHOPIFY),
      ];
}

function publicAddress({ config: { publicUrl } }: App): Finding {
  const whatToDo = 'Set COUNTERFOIL_PUBLIC_URL to the https address under which Shopify reaches this server';
  if (publicUrl === undefined) {
    return { state: 'warning', text: 'Not set: webhooks cannot be registered or watched', whatToDo };
  }
  return publicUrl.startsWith('https://')
    ? { state: 'ok', text: publicUrl }
    : { state: 'problem', text: `${publicUrl} is not https, and Shopify sends to nothing else`, whatToDo };
}

async function shop({ config: { shopify }, store }: App): Promise<Finding> {
  if (shopify === undefined) {
    return { state: 'problem', text: 'No shop is configured', whatToDo: 'Set SHOPIFY_SHOP_DOMAIN' };
  }
  const known = await store.read.setting(`identity:${SHOPIFY}`);
  const isUsed = (await store.read.orders({ limit: 1 })).length > 0;
  if (known !== undefined && known !== shopify.shopDomain && isUsed) {
    const whatToDo =
      'If it is the same shop under another name: counterfoil connect shopify. Else use a new database, or restore SHOPIFY_SHOP_DOMAIN';
    return {
      state: 'problem',
      text: `${shopify.shopDomain}, and this database holds orders of ${known}`,
      whatToDo,
    };
  }
  return shopify.webhookSecrets.length === 0
    ? {
        state: 'problem',
        text: `${shopify.shopDomain}, and no secret verifies its webhooks: every one is refused`,
        whatToDo: 'Set SHOPIFY_API_SECRET (the app’s client secret) or SHOPIFY_WEBHOOK_SECRET',
      }
    : {
        state: 'ok',
        text: `${shopify.shopDomain}, webhooks verified with ${counted(shopify.webhookSecrets.length, 'secret')}`,
      };
}

/** Without API access much still works, so its absence is no problem by itself. */
const NO_API: Finding = {
  state: 'warning',
  text: 'No API access: an order whose message does not tell its state waits 15 minutes and is then held',
  whatToDo: 'Set SHOPIFY_API_KEY and SHOPIFY_API_SECRET, or SHOPIFY_ACCESS_TOKEN',
};

async function access({ shopify, shopAdmin }: App): Promise<Finding> {
  if (shopify?.api === undefined) {
    return NO_API;
  }
  const { shopName, shopDomain, otherThan, currency, missingScopes, remarks } = await shopAdmin.preflight();
  if (otherThan !== undefined) {
    return {
      state: 'problem',
      text: `${shopName} answers as ${shopDomain}: its webhooks name that, and are all refused for ${otherThan}`,
      whatToDo: `Set SHOPIFY_SHOP_DOMAIN=${shopDomain}`,
    };
  }
  if (missingScopes.length > 0) {
    return {
      state: 'problem',
      text: `${shopName} answers, and the app lacks ${missingScopes.join(' and ')}`,
      whatToDo: 'Add the scopes to the app, release a new version and accept it in the shop',
    };
  }
  return remarks.length === 0
    ? { state: 'ok', text: `${shopName} answers, in ${currency}` }
    : { state: 'warning', text: `${shopName} answers, in ${currency}`, whatToDo: remarks.join('. ') };
}

async function subscriptions({ shopify, shopAdmin, config }: App): Promise<Finding> {
  if (shopify?.api === undefined || config.publicUrl === undefined) {
    return {
      state: 'warning',
      text: 'Cannot be compared with what the shop sends',
      whatToDo:
        'Needs API access and COUNTERFOIL_PUBLIC_URL; else enter the webhooks in the shop’s own settings',
    };
  }
  const { right, missing, wrong, duplicates } = await shopAdmin.planWebhooks();
  const faults = [
    ...missing.map((topic) => `${topic} is missing`),
    ...wrong.map(({ subscription, why }) => `${subscription.topic}: ${why}`),
    ...duplicates.map(({ topic }) => `${topic} is sent twice`),
  ];
  return faults.length === 0
    ? { state: 'ok', text: `All ${right.length} topics come here` }
    : { state: 'problem', text: faults.join(', '), whatToDo: 'Run counterfoil webhooks repair' };
}

function freshBooksApp({ config: { freshbooks } }: App): Finding {
  const { app, seed } = freshbooks;
  const whatToDo = 'Set FRESHBOOKS_CLIENT_ID, FRESHBOOKS_CLIENT_SECRET and FRESHBOOKS_REDIRECT_URI';
  if (app !== undefined && app.redirectUri !== '') {
    return { state: 'ok', text: `Configured, redirects to ${app.redirectUri}` };
  }
  return seed === undefined
    ? { state: 'problem', text: 'Not configured', whatToDo }
    : {
        state: 'warning',
        text: 'Not configured: the given tokens cannot be renewed and end within hours',
        whatToDo,
      };
}

async function freshBooksAccess(app: App): Promise<Finding> {
  const accounts = await app.consent.accounts();
  const missing = await app.missingScopes();
  return missing.length === 0
    ? {
        state: 'ok',
        text: `FreshBooks answers; the connected person sees ${counted(accounts.length, 'account')}`,
      }
    : {
        state: 'problem',
        text: `The access lacks ${missing.join(', ')}`,
        whatToDo: 'Enable these scopes on the app, then counterfoil connect freshbooks',
      };
}

async function freshBooksAccount({ consent }: App): Promise<Finding> {
  const [accounts, chosen] = [await consent.accounts(), await consent.account()];
  const { accountId, name, role, timeZone } = usable(accounts, chosen);
  const zone = timeZone === '' ? '' : `, ${timeZone}`;
  return { state: 'ok', text: `${accountId} "${name}" as ${role}, may write${zone}` };
}
