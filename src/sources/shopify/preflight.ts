import { textOf, listOf } from '#core/json-fields.ts';
import type { ShopifyApi } from './api.ts';

/** What the app may do and which shop answers, for `connect` and `doctor`. */
export interface Preflight {
  readonly appTitle: string;
  readonly scopes: readonly string[];
  readonly shopName: string;
  readonly shopDomain: string;
  readonly currency: string;
  readonly timeZone: string;
  /** Needed and not granted. */
  readonly missingScopes: readonly string[];
  /** The domain that is configured, where it is another: webhooks name the shop’s own, and are all refused. */
  readonly otherThan?: string;
  /** Sentences about what works, but less than it could. */
  readonly remarks: readonly string[];
}

/** Orders, and the customer's number and name on them. Nothing else is read (documents.ts). */
const NEEDED_SCOPES: readonly string[] = ['read_orders', 'read_customers'];

/** Asks the shop who we are. Throws a Failure when it cannot be asked. */
export async function preflight(api: ShopifyApi): Promise<Preflight> {
  const data = await api.ask({
    document: 'preflight',
    variables: {},
    doing: `Asking ${api.shopDomain} what the app may do`,
  });
  const scopes = listOf(data, 'currentAppInstallation.accessScopes').map((scope) => textOf(scope, 'handle'));
  const shopDomain = textOf(data, 'shop.myshopifyDomain');
  return {
    appTitle: textOf(data, 'currentAppInstallation.app.title'),
    scopes,
    shopName: textOf(data, 'shop.name'),
    shopDomain,
    currency: textOf(data, 'shop.currencyCode'),
    timeZone: textOf(data, 'shop.ianaTimezone'),
    missingScopes: NEEDED_SCOPES.filter((scope) => !isGranted(scope, scopes)),
    ...(shopDomain.toLowerCase() === api.shopDomain.toLowerCase() ? {} : { otherThan: api.shopDomain }),
    remarks: [...remarksOn(scopes), ...api.remarks()],
  };
}

/** Leave to write contains leave to read. */
function isGranted(scope: string, scopes: readonly string[]): boolean {
  return scopes.includes(scope) || scopes.includes(scope.replace(/^read_/, 'write_'));
}

function remarksOn(scopes: readonly string[]): string[] {
  return scopes.includes('read_all_orders')
    ? []
    : ['Without the scope read_all_orders, orders older than 60 days cannot be asked for'];
}
