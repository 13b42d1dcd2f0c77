import { createHash } from 'node:crypto';
import { z } from 'zod';
import { Failure } from '#core/failure.ts';
import type { ConnectionId } from '#core/ids.ts';
import { parseLossless } from '#core/json.ts';
import type { Lossless } from '#core/json.ts';
import { parseTimestamp } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
import type { Authentic } from '#pipeline/source.ts';

/**
 * The envelope of Amazon's notifications (docs/vendors/amazon.md 3). They carry ids and no money: what is booked is asked for.
 * Ids decide whose message it is and are strict; statuses and times only save questions, so unknown ones are passed over.
 */
export interface Notification {
  /** Amazon's own name of this message, also when it is delivered twice. */
  readonly notificationId: string;
  /** ORDER_CHANGE, TRANSACTION_UPDATE or another, which is not booked. */
  readonly type: string;
  readonly applicationId: string;
  readonly subscriptionId?: string;
  /** Always there on the two types that are booked. */
  readonly sellerId?: string;
  /** Always there on ORDER_CHANGE. */
  readonly orderId?: string;
  readonly marketplaceId?: string;
  /** When what it tells of happened. */
  readonly changedAt?: Instant;
  readonly eventTime?: Instant;
}

/** Whose notifications are taken. */
export interface NotificationTerms {
  readonly sellerId: string;
  /** Absent: of any application. */
  readonly applicationId?: string;
  readonly marketplaces: readonly { readonly id: string }[];
}

export type Acceptance = { readonly of: 'ours' } | { readonly of: 'others'; readonly why: string };

export const ORDER_CHANGE = 'ORDER_CHANGE';
export const TRANSACTION_UPDATE = 'TRANSACTION_UPDATE';

/** The topic of what arrived authentic and cannot be read as a notification: sorting says why, and it is held. */
export const UNREADABLE_TOPIC = 'amazon/unreadable';
/** By which way a message came, kept with it. */
const WAY_HEADER = 'x-counterfoil-way';
/** Of a wrong value, this much is shown. */
const QUOTE_MAX = 40;

/** Reads a message's body. Throws a Failure `delivery-empty`, `delivery-not-json` or `delivery-malformed`. */
export function parseNotification(body: Uint8Array): Notification {
  const json = jsonIn(body);
  const { NotificationType: type, EventTime: eventTime, NotificationMetadata } = read(ENVELOPE, json);
  const { NotificationId, ApplicationId, SubscriptionId } = NotificationMetadata;
  return {
    notificationId: NotificationId,
    type,
    applicationId: ApplicationId,
    ...(SubscriptionId === undefined ? {} : { subscriptionId: SubscriptionId }),
    ...(eventTime === undefined ? {} : { eventTime }),
    ...(type === ORDER_CHANGE ? orderChangeIn(json) : {}),
    ...(type === TRANSACTION_UPDATE ? transactionUpdateIn(json) : {}),
  };
}

/** Whether a notification is of this seller, application and stores, and in words why not. */
export function accepted(notification: Notification, terms: NotificationTerms): Acceptance {
  const { sellerId, applicationId, marketplaceId } = notification;
  if (terms.applicationId !== undefined && applicationId !== terms.applicationId) {
    return others(`for the application "${applicationId}", and this is ${terms.applicationId}`);
  }
  if (sellerId !== undefined && sellerId !== terms.sellerId) {
    return others(`for the seller "${sellerId}", and this is ${terms.sellerId}`);
  }
  if (marketplaceId !== undefined && !terms.marketplaces.some(({ id }) => id === marketplaceId)) {
    return others(`about the store ${marketplaceId}, which SP_API_MARKETPLACE_IDS does not name`);
  }
  return { of: 'ours' };
}

/**
 * The message as it is stored, whatever way it came: named by Amazon, or where it cannot be read by `otherwiseId`, so that it is
 * stored once all the same. Never throws.
 */
export function messageOf(
  body: Uint8Array,
  { connection, way, otherwiseId }: { connection: ConnectionId; way: string; otherwiseId?: string },
): Authentic {
  const common = { connection, headers: { [WAY_HEADER]: way }, body };
  try {
    const { notificationId, type } = parseNotification(body);
    return { ...common, externalId: notificationId, topic: type };
  } catch {
    // Sorting reads it again and tells why it cannot be read.
    const externalId = otherwiseId ?? createHash('sha256').update(body).digest('hex');
    return { ...common, externalId, topic: UNREADABLE_TOPIC };
  }
}

function others(why: string): Acceptance {
  return { of: 'others', why: `The notification is ${why}` };
}

function orderChangeIn(json: Lossless): Partial<Notification> {
  const { OrderChangeNotification: told } = read(ORDER_CHANGED, json).Payload;
  const changedAt = told.OrderChangeTrigger?.TimeOfOrderChange;
  const marketplaceId = told.Summary?.MarketplaceId;
  return {
    sellerId: told.SellerId,
    orderId: told.AmazonOrderId,
    ...(marketplaceId === undefined ? {} : { marketplaceId }),
    ...(changedAt === undefined ? {} : { changedAt }),
  };
}

/** Amazon names the kinds of identifiers in two ways, and some have none of an order. */
function transactionUpdateIn(json: Lossless): Partial<Notification> {
  const { TransactionUpdateNotification: told } = read(TRANSACTION_UPDATED, json).Payload;
  const orderId = told.RelatedIdentifiers.find(
    ({ RelatedIdentifierName: name, RelatedIdentifierValue: value }) =>
      /^order_?id$/i.test(name) && ORDER_ID.test(value),
  )?.RelatedIdentifierValue;
  const { SellingPartnerId: sellerId, MarketplaceId: marketplaceId } = told.SellingPartnerMetadata;
  return {
    sellerId,
    ...(orderId === undefined ? {} : { orderId }),
    ...(marketplaceId === undefined ? {} : { marketplaceId }),
    ...(told.PostedDate === undefined ? {} : { changedAt: told.PostedDate }),
  };
}

function jsonIn(body: Uint8Array): Lossless {
  if (body.byteLength === 0) {
    throw new Failure('delivery-empty', { detail: 'The notification has no content' });
  }
  try {
    return parseLossless(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (cause) {
    const problem = cause instanceof TypeError ? 'UTF-8' : 'JSON';
    throw new Failure('delivery-not-json', {
      detail: `The notification (${body.byteLength} bytes) is not ${problem}`,
    });
  }
}

function read<T extends z.ZodType>(schema: T, json: Lossless): z.infer<T> {
  const result = schema.safeParse(json);
  if (result.success) {
    return result.data;
  }
  const issue = result.error.issues[0];
  const path = issue?.path.join('.') ?? '';
  const problem = issue?.message ?? 'has the wrong form';
  throw new Failure('delivery-malformed', {
    detail: `Notification: ${path === '' ? '' : `${path}: `}${problem}`,
  });
}

// ── What stands where ───────────────────────────────────────────────────────────────────────────────────────────────

const NOTIFICATION_ID = /^[\w-]{1,100}$/;
/** Beginning with a letter in upper case, so that nobody can name the topic of our own readings. */
const TYPE = /^[A-Z][A-Z0-9_]{0,63}$/;
const APPLICATION_ID = /^[\w.:-]{1,200}$/;
const SELLER_ID = /^[A-Z0-9]{5,30}$/;
const MARKETPLACE_ID = /^[A-Z0-9]{5,20}$/;
const ORDER_ID = /^[A-Z0-9]{3}-\d{7}-\d{7}$/;
/** A transaction names a handful; the bound is for a hostile body. */
const IDENTIFIERS_MAX = 100;

function object<T extends z.ZodRawShape>(shape: T): z.ZodObject<T> {
  return z.object(shape, {
    error: (issue) => (issue.input === undefined || issue.input === null ? 'is missing' : 'is not an object'),
  });
}

function id(pattern: RegExp): z.ZodType<string> {
  return z.unknown().transform((value, context) => {
    if (typeof value === 'string' && pattern.test(value)) {
      return value;
    }
    const message =
      value === undefined || value === null
        ? 'is missing'
        : `${JSON.stringify(value).slice(0, QUOTE_MAX)} is no such id`;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
}

/** What is absent or no timestamp is passed over. */
const MOMENT = z.unknown().transform((value): Instant | undefined => {
  try {
    return typeof value === 'string' ? parseTimestamp(value).at : undefined;
  } catch {
    return undefined;
  }
});

const MARKETPLACE = id(MARKETPLACE_ID)
  .nullish()
  .transform((found) => found ?? undefined);

const ENVELOPE = object({
  NotificationType: id(TYPE),
  EventTime: MOMENT,
  NotificationMetadata: object({
    NotificationId: id(NOTIFICATION_ID),
    ApplicationId: id(APPLICATION_ID),
    SubscriptionId: z.string().max(200).optional().catch(undefined),
  }),
});

const ORDER_CHANGED = object({
  Payload: object({
    OrderChangeNotification: object({
      SellerId: id(SELLER_ID),
      AmazonOrderId: id(ORDER_ID),
      OrderChangeTrigger: object({ TimeOfOrderChange: MOMENT }).optional().catch(undefined),
      Summary: object({ MarketplaceId: MARKETPLACE }).nullish(),
    }),
  }),
});

const TRANSACTION_UPDATED = object({
  Payload: object({
    TransactionUpdateNotification: object({
      SellingPartnerMetadata: object({ SellingPartnerId: id(SELLER_ID), MarketplaceId: MARKETPLACE }),
      RelatedIdentifiers: z
        .array(object({ RelatedIdentifierName: z.string(), RelatedIdentifierValue: z.string() }))
        .max(IDENTIFIERS_MAX)
        .catch([]),
      PostedDate: MOMENT,
    }),
  }),
});
