import { invalid, listed, readAll, vendorAddress, whereSet } from '#config-values.ts';
import { MARKETPLACES, marketplaceByCountry, marketplaceById } from '#core/marketplaces.ts';
import type { AmazonRegion, Marketplace } from '#core/marketplaces.ts';
import { PERIOD_DAY_MAX, PERIOD_DAY_MIN, periodDay } from '#core/period.ts';
import { shownSetting } from '#core/shown-setting.ts';
import type { LocalDate } from '#core/time.ts';

/** The settings of an Amazon seller (docs/config.md). What holds a secret is never quoted. */
export const AMAZON_SETTINGS = {
  AMAZON_SELLER_ID: { meaning: 'The seller’s id, such as A3EXAMPLESELLER: Seller Central, account info' },
  SP_API_REGION: { meaning: 'Where the seller sells: na, eu or fe' },
  SP_API_MARKETPLACE_IDS: {
    meaning: 'The stores that are booked, as ids or country codes, separated by commas',
  },
  SP_API_CLIENT_ID: { meaning: 'Client id of the SP-API application' },
  SP_API_CLIENT_SECRET: { meaning: 'Client secret of the SP-API application', isSecret: true },
  SP_API_REFRESH_TOKEN: {
    meaning: 'What the seller’s authorization of the application gave',
    isSecret: true,
  },
  SP_API_APPLICATION_ID: {
    meaning: 'Takes notifications for this application alone, such as amzn1.sp.solution.…',
  },
  SP_API_AUTHORIZED_ON: {
    meaning: 'The day on which the seller authorized the application, so that its end is warned of',
  },
  SP_API_SECRET_ROTATED_ON: {
    meaning: 'The day on which the client secret was made, so that its end is warned of',
  },
  AMAZON_SQS_QUEUE_URL: { meaning: 'Address of the seller’s own queue into which Amazon puts notifications' },
  AWS_REGION: { meaning: 'Region of the queue, where its address does not tell' },
  AWS_ACCESS_KEY_ID: {
    meaning: 'Access key that may read the queue; without one AWS’s usual places are asked',
  },
  AWS_SECRET_ACCESS_KEY: { meaning: 'Secret of the access key', isSecret: true },
  AWS_SESSION_TOKEN: { meaning: 'Third part of temporary keys', isSecret: true },
  AMAZON_WEBHOOK_SECRET: {
    meaning: 'Secrets with which your own forwarder signs notifications, separated by commas',
    isSecret: true,
  },
  AMAZON_SNS_TOPIC_ARN: { meaning: 'The one SNS topic whose signed notifications are taken' },
  AMAZON_API_KEY: {
    meaning: 'Keys that a forwarder which cannot sign sends as X-Api-Key, separated by commas',
    isSecret: true,
  },
  SP_API_URL: { meaning: 'Origin of the SP-API' },
  LWA_URL: { meaning: 'Origin of Login with Amazon, which gives access tokens' },
  AWS_ENDPOINT_URL_SQS: { meaning: 'Origin of the queue service, when it is not AWS’s own' },
} as const;

type AmazonSetting = keyof typeof AMAZON_SETTINGS;
type Read = (name: AmazonSetting) => string | undefined;

export interface AmazonConfig {
  readonly sellerId: string;
  readonly region: AmazonRegion;
  /** At least one, all of the region. */
  readonly marketplaces: readonly Marketplace[];
  /** Absent: orders cannot be asked for. */
  readonly access?: {
    readonly clientId: string;
    readonly clientSecret: string;
    readonly refreshToken: string;
  };
  /** Absent: notifications of any application are taken. */
  readonly applicationId?: string;
  /** Absent: nothing warns of the end of the seller's authorization. */
  readonly authorizedOn?: LocalDate;
  /** Absent: nothing warns of the end of the client secret. */
  readonly secretRotatedOn?: LocalDate;
  readonly apiUrl: string;
  readonly lwaUrl: string;
  /** Absent: nothing is polled. */
  readonly queue?: QueueConfig;
  readonly webhook: WebhookConfig;
}

export interface QueueConfig {
  readonly url: string;
  readonly region: string;
  /** Instead of AWS's own origin. */
  readonly endpoint?: string;
  /** Absent: AWS's usual places are asked. */
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

/** How a forwarder proves itself; with nothing of it every webhook is refused. */
export interface WebhookConfig {
  readonly secrets: readonly string[];
  readonly topic?: SnsTopic;
  readonly apiKeys: readonly string[];
}

export interface SnsTopic {
  readonly arn: string;
  /** `https://sns.us-east-1.amazonaws.com`: where its certificates and confirmations are. */
  readonly origin: string;
}

const REGIONS = ['na', 'eu', 'fe'] as const;
/** A rotation needs two at a time; each one more is another that may leak. */
const SECRETS_MAX = 10;
/** Shorter ones can be guessed from one signed message. */
const SECRET_LENGTH_MIN = 16;
/** The settings that mean nothing without a seller. Those of AWS alone are no mistake: other programs share the names. */
const ONLY_WITH_SELLER = [
  'SP_API_CLIENT_ID',
  'SP_API_CLIENT_SECRET',
  'SP_API_REFRESH_TOKEN',
  'SP_API_MARKETPLACE_IDS',
  'AMAZON_SQS_QUEUE_URL',
  'AMAZON_WEBHOOK_SECRET',
  'AMAZON_SNS_TOPIC_ARN',
  'AMAZON_API_KEY',
] as const satisfies readonly AmazonSetting[];

/** Nothing without a seller. Throws `config-invalid` naming each wrong setting, what it holds unless secret, and what is allowed. */
export function amazonConfig(read: Read): AmazonConfig | undefined {
  const sellerId = read('AMAZON_SELLER_ID');
  if (sellerId === undefined) {
    const lonely = ONLY_WITH_SELLER.find((name) => read(name) !== undefined);
    if (lonely !== undefined) {
      throw invalid(lonely, 'needs AMAZON_SELLER_ID too, the id of the seller whose orders are booked');
    }
    return undefined;
  }
  const { stores, access, applicationId, authorizedOn, secretRotatedOn, queue, ...parts } = readAll({
    sellerId: () => sellerIdIn(sellerId),
    stores: () => storesConfig(read),
    access: () => accessConfig(read),
    applicationId: () => applicationIdOf(read('SP_API_APPLICATION_ID')),
    authorizedOn: () => whereSet(read, 'SP_API_AUTHORIZED_ON', dayIn),
    secretRotatedOn: () => whereSet(read, 'SP_API_SECRET_ROTATED_ON', dayIn),
    apiUrl: () => whereSet(read, 'SP_API_URL', vendorAddress),
    lwaUrl: () => whereSet(read, 'LWA_URL', vendorAddress) ?? 'https://api.amazon.com',
    queue: () => queueConfig(read),
    webhook: () => webhookConfig(read),
  });
  return {
    ...parts,
    ...stores,
    ...(access === undefined ? {} : { access }),
    ...(applicationId === undefined ? {} : { applicationId }),
    ...(authorizedOn === undefined ? {} : { authorizedOn }),
    ...(secretRotatedOn === undefined ? {} : { secretRotatedOn }),
    apiUrl: parts.apiUrl ?? `https://sellingpartnerapi-${stores.region}.amazon.com`,
    ...(queue === undefined ? {} : { queue }),
  };
}

function sellerIdIn(text: string): string {
  if (!/^A[A-Z0-9]{8,20}$/.test(text)) {
    throw invalid('AMAZON_SELLER_ID', `${shownSetting(text)} is not a seller’s id such as A3EXAMPLESELLER`);
  }
  return text;
}

/** An application sees the stores of one region, so those of two need two services. */
function storesConfig(read: Read): Pick<AmazonConfig, 'region' | 'marketplaces'> {
  const named = listed(read('SP_API_MARKETPLACE_IDS')).map(storeOf);
  const text = read('SP_API_REGION');
  const region =
    text === undefined ? named[0]?.region : REGIONS.find((known) => known === text.toLowerCase());
  if (region === undefined) {
    throw invalid(
      'SP_API_REGION',
      text === undefined
        ? `is needed, one of ${REGIONS.join(', ')}, or SP_API_MARKETPLACE_IDS, from which it follows`
        : `${shownSetting(text)} is none of ${REGIONS.join(', ')}`,
    );
  }
  const foreign = named.find((marketplace) => marketplace.region !== region);
  if (foreign !== undefined) {
    throw invalid(
      'SP_API_MARKETPLACE_IDS',
      `${foreign.channelName} (${foreign.id}) is of the region ${foreign.region}, and this seller’s is ${region}: run one service for each region`,
    );
  }
  const all = MARKETPLACES.filter((marketplace) => marketplace.region === region);
  return { region, marketplaces: named.length === 0 ? all : [...new Set(named)] };
}

function storeOf(text: string): Marketplace {
  const found = marketplaceById(text.toUpperCase()) ?? marketplaceByCountry(text);
  if (found === undefined) {
    const codes = MARKETPLACES.map(({ country }) => country).join(' ');
    throw invalid(
      'SP_API_MARKETPLACE_IDS',
      `${shownSetting(text)} is no store of Amazon: write ids such as A1PA6795UKMFR9, or countries of ${codes}`,
    );
  }
  return found;
}

function accessConfig(read: Read): AmazonConfig['access'] {
  const names = ['SP_API_CLIENT_ID', 'SP_API_CLIENT_SECRET', 'SP_API_REFRESH_TOKEN'] as const;
  const [clientId, clientSecret, refreshToken] = names.map(read);
  if (clientId !== undefined && clientSecret !== undefined && refreshToken !== undefined) {
    return { clientId, clientSecret, refreshToken };
  }
  const missing = names.filter((name) => read(name) === undefined);
  const [first] = missing;
  if (first !== undefined && missing.length < names.length) {
    throw invalid(first, 'is missing: client id, client secret and refresh token work together only');
  }
  return undefined;
}

function applicationIdOf(text: string | undefined): string | undefined {
  if (text !== undefined && !/^[\w.:-]{1,200}$/.test(text)) {
    throw invalid(
      'SP_API_APPLICATION_ID',
      `${shownSetting(text)} is not an application’s id such as amzn1.sp.solution.c4d12345`,
    );
  }
  return text;
}

function dayIn(name: AmazonSetting, text: string): LocalDate {
  const day = periodDay(text);
  if (day === undefined) {
    throw invalid(
      name,
      `${shownSetting(text)} is not a date as YYYY-MM-DD from ${PERIOD_DAY_MIN} to ${PERIOD_DAY_MAX}`,
    );
  }
  return day;
}

/** An address of AWS names its region itself, and wins: AWS_REGION is often the machine's own. */
function queueConfig(read: Read): QueueConfig | undefined {
  const text = read('AMAZON_SQS_QUEUE_URL');
  if (text === undefined) {
    return undefined;
  }
  const { place, endpoint, credentials } = readAll({
    place: () => placeOfQueue(read, text),
    endpoint: () => whereSet(read, 'AWS_ENDPOINT_URL_SQS', vendorAddress),
    credentials: () => credentialsConfig(read),
  });
  return {
    ...place,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
  };
}

function placeOfQueue(read: Read, text: string): Pick<QueueConfig, 'url' | 'region'> {
  const url = vendorAddress('AMAZON_SQS_QUEUE_URL', text);
  if (!/^\/\d{12}\/[\w-]{1,80}$/.test(new URL(url).pathname)) {
    throw invalid(
      'AMAZON_SQS_QUEUE_URL',
      url.endsWith('.fifo')
        ? `${shownSetting(url)} is a FIFO queue, into which Amazon puts nothing: make a standard one`
        : `${shownSetting(url)} is not a queue’s address such as https://sqs.eu-west-1.amazonaws.com/111122223333/orders`,
    );
  }
  const told = /^sqs\.([a-z0-9-]+)\.amazonaws\.com$/.exec(new URL(url).hostname)?.[1];
  const region = told ?? read('AWS_REGION');
  if (region === undefined) {
    throw invalid(
      'AWS_REGION',
      `is needed, because the address of the queue (${shownSetting(url)}) names no region`,
    );
  }
  if (!/^[a-z]{2}(-[a-z]+)+-\d{1,2}$/.test(region)) {
    throw invalid('AWS_REGION', `${shownSetting(region)} is not a region such as eu-west-1`);
  }
  return { url, region };
}

function credentialsConfig(read: Read): QueueConfig['credentials'] {
  const accessKeyId = read('AWS_ACCESS_KEY_ID');
  const secretAccessKey = read('AWS_SECRET_ACCESS_KEY');
  const sessionToken = read('AWS_SESSION_TOKEN');
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  }
  if (accessKeyId !== undefined || secretAccessKey !== undefined || sessionToken !== undefined) {
    throw accessKeyId === undefined
      ? invalid('AWS_ACCESS_KEY_ID', 'is missing beside AWS_SECRET_ACCESS_KEY or AWS_SESSION_TOKEN')
      : invalid('AWS_SECRET_ACCESS_KEY', 'is missing beside AWS_ACCESS_KEY_ID');
  }
  return undefined;
}

function webhookConfig(read: Read): WebhookConfig {
  const arn = read('AMAZON_SNS_TOPIC_ARN');
  const { topic, ...proofs } = readAll({
    secrets: () => secretsIn(read, 'AMAZON_WEBHOOK_SECRET'),
    topic: () => (arn === undefined ? undefined : topicOf(arn)),
    apiKeys: () => secretsIn(read, 'AMAZON_API_KEY'),
  });
  return { ...proofs, ...(topic === undefined ? {} : { topic }) };
}

function secretsIn(read: Read, name: 'AMAZON_WEBHOOK_SECRET' | 'AMAZON_API_KEY'): readonly string[] {
  const secrets = listed(read(name));
  if (secrets.length > SECRETS_MAX) {
    throw invalid(name, `has ${secrets.length} values, and ${SECRETS_MAX} are allowed`);
  }
  if (secrets.some((secret) => secret.length < SECRET_LENGTH_MIN)) {
    throw invalid(
      name,
      `has a value shorter than ${SECRET_LENGTH_MIN} signs: take what openssl rand -hex 32 prints`,
    );
  }
  return secrets;
}

function topicOf(arn: string): SnsTopic {
  const region = /^arn:aws:sns:([a-z]{2}(?:-[a-z]+)+-\d{1,2}):\d{12}:[\w-]{1,256}$/.exec(arn)?.[1];
  if (region === undefined) {
    throw invalid(
      'AMAZON_SNS_TOPIC_ARN',
      `${shownSetting(arn)} is not a standard topic such as arn:aws:sns:us-east-1:111122223333:orders`,
    );
  }
  return { arn, origin: `https://sns.${region}.amazonaws.com` };
}
