import { Failure } from '#core/failure.ts';
import type { Lossless } from '#core/json.ts';
import { SECOND, after } from '#core/time.ts';
import type { Clock } from '#core/time.ts';
import { createPatience } from '#net/patience.ts';
import type { Patience } from '#net/patience.ts';
import { RETRY_AFTER_MAX_MS, jsonOf, send, unreadable } from '#net/request.ts';
import type { Answer, Transport } from '#net/request.ts';
import { createAccess } from './access.ts';
import type { Access, Credentials } from './access.ts';
import { fieldOf, listOf, textOf } from '#core/json-fields.ts';
import { API_VERSION, DOCUMENTS } from './documents.ts';
import type { DocumentName } from './documents.ts';

/** Shopify's Admin API in GraphQL: one call of one of our documents. */
export interface ShopifyApi {
  readonly shopDomain: string;
  /** The answer's `data`, whole: an answer with errors is none, because half an order is a wrong one. Throws a Failure. */
  ask(call: Call): Promise<Lossless>;
  /** What was noticed and stopped nothing, for `doctor`. */
  remarks(): readonly string[];
}

interface Call {
  readonly document: DocumentName;
  readonly variables: Readonly<Record<string, unknown>>;
  /** For a failure's text. */
  readonly doing: string;
}

export interface ApiOptions {
  readonly shopDomain: string;
  /** The origin that is called, by default the shop's own (SHOPIFY_API_URL). */
  readonly apiUrl?: string;
  readonly credentials: Credentials;
  readonly transport: Transport;
  readonly clock: Clock;
}

const TIMEOUT_MS = 30 * SECOND;
/** A page of 50 lines with four taxes each is about 0.2 MB. */
const ANSWER_BYTES_MAX = 8 * 1024 * 1024;
/** A full bucket refills in 20 s on the slowest plan; who waits longer had better do something else. */
const THROTTLE_WAIT_MAX_MS = 10 * SECOND;
/** More rounds mean that others take every point that comes back. */
const THROTTLE_ROUNDS_MAX = 4;
/** Of the vendor's words, this much is shown. */
const WORDS_MAX = 200;

interface Connected extends ApiOptions {
  readonly access: Access;
  readonly patience: Patience;
  readonly url: URL;
  readonly remarks: Set<string>;
}

export function createShopifyApi(options: ApiOptions): ShopifyApi {
  const origin = options.apiUrl ?? `https://${options.shopDomain}`;
  const remarks = new Set<string>();
  const connected: Connected = {
    ...options,
    access: createAccess({ ...options, origin }),
    patience: createPatience(options.clock, options.shopDomain),
    url: new URL(`/admin/api/${API_VERSION}/graphql.json`, origin),
    remarks,
  };
  return {
    shopDomain: options.shopDomain,
    ask: (call) => ask(call, connected),
    remarks: () => [...remarks],
  };
}

async function ask(call: Call, connected: Connected): Promise<Lossless> {
  const { clock } = connected;
  for (let round = 1; ; round += 1) {
    const answer = await connected.patience(() => post(call, connected));
    remarkVersion(answer, connected);
    const body = jsonOf(answer);
    const waitMs = throttleWaitMs(body);
    if (waitMs === undefined) {
      return dataIn(body, answer, connected);
    }
    if (round === THROTTLE_ROUNDS_MAX || waitMs > THROTTLE_WAIT_MAX_MS) {
      throw new Failure('request-rate-limited', {
        detail: `${call.doing}: ${connected.shopDomain} has no points left for it`,
        retryAt: after(clock.now(), waitMs),
      });
    }
    await clock.sleep(after(clock.now(), waitMs));
  }
}

/** One answer with a token that is accepted: a refused one is renewed once. */
async function post(call: Call, connected: Connected): Promise<Answer> {
  const { access } = connected;
  const token = await access.current();
  const first = await postWith(token, call, connected);
  const answer = first.status === 401 ? await postWith(await access.renew(token), call, connected) : first;
  if (answer.status >= 400) {
    throw refusal(answer, connected);
  }
  return answer;
}

async function postWith(
  token: string,
  { document, variables, doing }: Call,
  { url, transport, clock }: Connected,
): Promise<Answer> {
  const query = DOCUMENTS[document];
  return await send(transport, {
    method: 'POST',
    url,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      'x-shopify-access-token': token,
    },
    body: JSON.stringify({ query, variables }),
    timeoutMs: TIMEOUT_MS,
    answerBytesMax: ANSWER_BYTES_MAX,
    doing,
    clock,
    changes: query.startsWith('mutation'),
  });
}

/** What the statuses mean (docs/vendors/shopify.md 1, 5). */
const STATUS_TEXTS: Readonly<Record<number, string>> = {
  402: 'the shop is frozen until its owner pays Shopify',
  403: 'access is forbidden: is the app still installed, and the shop open?',
  404: `there is no such shop, or no API version ${API_VERSION}: check SHOPIFY_SHOP_DOMAIN`,
  423: 'the shop is locked by Shopify',
};

function refusal(answer: Answer, { shopDomain }: Connected): Failure {
  if (answer.status === 401) {
    return new Failure('token-refused', {
      detail: `${answer.doing}: ${shopDomain} refused a new access token too (status 401)`,
    });
  }
  const why = STATUS_TEXTS[answer.status] ?? 'it refused the request';
  return new Failure('request-refused', {
    detail: `${answer.doing}: ${shopDomain} answered ${answer.status}: ${why}`,
  });
}

function remarkVersion({ headers }: Answer, { remarks, shopDomain }: Connected): void {
  const version = headers.get('x-shopify-api-version');
  if (version !== null && version !== API_VERSION) {
    remarks.add(
      `${shopDomain} answers with API version ${version.slice(0, 20)} and was asked for ${API_VERSION}: install a newer Counterfoil before amounts change their meaning`,
    );
  }
}

/** How long until the bucket holds enough for this query again; nothing when it was not throttled. */
function throttleWaitMs(body: Lossless): number | undefined {
  if (!listOf(body, 'errors').some((error) => codeOf(error) === 'THROTTLED')) {
    return undefined;
  }
  const [requested, available, perSecond] = [
    'requestedQueryCost',
    'throttleStatus.currentlyAvailable',
    'throttleStatus.restoreRate',
  ].map((path) => Number(textOf(body, `extensions.cost.${path}`) || Number.NaN));
  const waitMs = Math.ceil((((requested ?? 0) - (available ?? 0)) / (perSecond ?? 0)) * SECOND);
  return Number.isNaN(waitMs) ? SECOND : Math.min(Math.max(waitMs, SECOND / 10), RETRY_AFTER_MAX_MS);
}

function dataIn(body: Lossless, answer: Answer, connected: Connected): Lossless {
  const errors = listOf(body, 'errors').filter((error) => !isWithheld(error, connected));
  if (errors.length > 0 || textOf(body, 'errors') !== '') {
    throw failureOf(errors[0] ?? null, textOf(body, 'errors'), answer);
  }
  const data = fieldOf(body, 'data');
  if (data === undefined || data === null) {
    throw unreadable(answer, 'has no "data"');
  }
  return data;
}

function failureOf(error: Lossless, words: string, answer: Answer): Failure {
  const message = (textOf(error, 'message') || words).slice(0, WORDS_MAX);
  const at = pathOf(error).join('.');
  const detail = `${answer.doing}: ${message}${at === '' ? '' : ` (at ${at})`}`;
  switch (codeOf(error)) {
    case 'ACCESS_DENIED': {
      const needed = textOf(error, 'extensions.requiredAccess').slice(0, WORDS_MAX);
      return new Failure('scope-missing', {
        detail: needed === '' ? detail : `${detail}. Needed: ${needed}`,
      });
    }
    case 'INTERNAL_SERVER_ERROR':
      return new Failure('request-server-error', { detail, effect: answer.effectIfUnreadable });
    default:
      return new Failure('request-refused', { detail });
  }
}

/** Fields of the person who bought, and no money. */
const CONTACT_FIELDS = ['email', 'phone', 'customer', 'billingAddress', 'shippingAddress'];

/**
 * Shops whose plan or app has no leave to show buyers answer with null and an error for each such field (docs/vendors/shopify.md
 * 1, protected customer data). The order is whole without them and goes to the shop's shared client.
 */
function isWithheld(error: Lossless, { remarks, shopDomain }: Connected): boolean {
  const [root, field] = pathOf(error);
  const isContact = root === 'order' && field !== undefined && CONTACT_FIELDS.includes(field);
  const isWithheld =
    isContact && codeOf(error) === 'ACCESS_DENIED' && /not approved/i.test(textOf(error, 'message'));
  if (isWithheld) {
    remarks.add(
      `${shopDomain} withholds buyers’ names and addresses from the app: ask for protected customer data in its settings, else orders that are read go to one shared client`,
    );
  }
  return isWithheld;
}

function codeOf(error: Lossless): string {
  return textOf(error, 'extensions.code');
}

function pathOf(error: Lossless): string[] {
  return listOf(error, 'path').filter((part) => typeof part === 'string');
}
