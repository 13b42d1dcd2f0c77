import { Failure } from '#core/failure.ts';
import { orderKey } from '#core/ids.ts';
import type { ConnectionId } from '#core/ids.ts';
import { FOUND_TOPIC, READ_TOPIC } from '#pipeline/source.ts';
import type { Authentic, Erasing, Sorted } from '#pipeline/source.ts';
import type { Lossless } from '#core/json.ts';
import { fieldOf, textOf } from '#core/json-fields.ts';
import { isTipHidden } from './lines.ts';
import { jsonIn } from '#sources/fields.ts';
import { foundIn } from './changes.ts';
import { normalize } from './normalize.ts';
import type { ShopIdentity } from './normalize.ts';
import { idsIn, latestIn, parseId, parseOrder } from './payload.ts';

type Reader = (message: Pick<Authentic, 'topic' | 'body'>, shop: ShopIdentity) => Sorted;

/** What each topic's body is (docs/vendors/shopify.md 3). */
const READERS: Readonly<Record<string, Reader>> = {
  [READ_TOPIC]: sortOrder,
  [FOUND_TOPIC]: (message, { connection }) => ({
    kind: 'touch',
    why: 'It changed in the shop, and no message had told it',
    ...foundIn(jsonIn(message), connection),
  }),
  'orders/create': sortOrder,
  'orders/updated': sortOrder,
  'orders/paid': sortOrder,
  'orders/cancelled': sortOrder,
  'orders/fulfilled': sortOrder,
  'orders/partially_fulfilled': sortOrder,
  'orders/edited': touchBy('order_edit.', 'The order was edited'),
  'refunds/create': touchBy('', 'A refund was made'),
  'order_transactions/create': touchBy('', 'A payment was made or changed'),
  'orders/delete': sortDeleted,
  'disputes/create': sortDispute,
  'disputes/update': sortDispute,
  'app/uninstalled': () => ({
    kind: 'held',
    code: 'delivery-shop-uninstalled',
    detail:
      'Shopify says that the app was removed from the shop: install it again, then register the webhooks',
  }),
  'customers/data_request': (message) =>
    complianceOf(
      message,
      'A customer asks what is stored: give the owner of the shop the invoices and clients of the orders named, within 30 days of this message',
      'orders_requested',
    ),
  'customers/redact': (message, { connection }) => ({
    ...complianceOf(
      message,
      'A customer’s data must be erased within 30 days of this message: counterfoil redact blanks what is stored of the orders named; the client in FreshBooks is yours to erase, and invoices may be kept as long as the law requires',
      'orders_to_redact',
    ),
    erases: erasingIn(jsonIn(message), connection),
  }),
  'shop/redact': (message) => ({
    ...complianceOf(
      message,
      'The shop left 48 hours ago and its customers’ data must be erased within 30 days of this message: counterfoil redact blanks all that it ever sent; clients in FreshBooks are yours to erase, and invoices may be kept as long as the law requires',
      'orders_to_redact',
    ),
    erases: 'everything',
  }),
};

/** What a body of a topic holds, and whether it holds nothing else. */
interface Form {
  readonly holds: readonly string[];
  readonly alone?: boolean;
}

/**
 * Shopify signs a body and not its topic, so who overheard a message can send it again under another one. A topic whose
 * message would end or accuse something is believed only with a body that no other topic has. The rest need no form: they
 * read what they are about, and an order or a question to the shop does no harm.
 */
const FORMS: Readonly<Record<string, Form>> = {
  'orders/delete': { holds: ['id'], alone: true },
  'disputes/create': { holds: ['type', 'status'] },
  'disputes/update': { holds: ['type', 'status'] },
  'app/uninstalled': { holds: ['myshopify_domain'] },
  'customers/data_request': { holds: ['orders_requested'] },
  'customers/redact': { holds: ['orders_to_redact'] },
  'shop/redact': { holds: ['shop_id', 'shop_domain'], alone: true },
};
/** Where a body names its shop. */
const SHOP_FIELDS = ['shop_domain', 'myshopify_domain'];

/** Order ids that a text names; more are counted. */
const IDS_SHOWN = 20;

/** Reads a stored message by its topic. Throws a Failure `delivery-…` when it cannot be read. */
export function sortMessage(message: Pick<Authentic, 'topic' | 'body'>, shop: ShopIdentity): Sorted {
  const reader = Object.hasOwn(READERS, message.topic) ? READERS[message.topic] : undefined;
  if (reader === undefined) {
    return {
      kind: 'ignored',
      code: 'delivery-topic-unknown',
      detail: `Topic ${JSON.stringify(message.topic)} is not booked`,
    };
  }
  assertForm(message, shop);
  return reader(message, shop);
}

function assertForm(message: Pick<Authentic, 'topic' | 'body'>, { shopDomain }: ShopIdentity): void {
  const { topic } = message;
  const form = Object.hasOwn(FORMS, topic) ? FORMS[topic] : undefined;
  if (form === undefined) {
    return;
  }
  const problem = problemOf(jsonIn(message), form, shopDomain);
  if (problem !== undefined) {
    throw new Failure('delivery-of-another-topic', {
      detail: `The message came as ${topic}, and its content is of something else: ${problem}`,
    });
  }
}

function problemOf(body: Lossless, { holds, alone = false }: Form, shopDomain: string): string | undefined {
  const missing = holds.find((name) => fieldOf(body, name) === undefined);
  if (missing !== undefined) {
    return `it has no ${missing}`;
  }
  if (alone && Object.keys(body ?? {}).length > holds.length) {
    return `it holds more than ${holds.join(' and ')}`;
  }
  const named = SHOP_FIELDS.map((name) => textOf(body, name)).filter((domain) => domain !== '');
  return named.every((domain) => domain.toLowerCase() === shopDomain.toLowerCase())
    ? undefined
    : 'it names another shop';
}

function sortOrder(message: Pick<Authentic, 'topic' | 'body'>, shop: ShopIdentity): Sorted {
  const body = parseOrder(jsonIn(message));
  return isTipHidden(body, shop.currencySide)
    ? {
        kind: 'touch',
        order: orderKey(shop.connection, body.id),
        why: 'Its tip is shown in the shop’s currency alone',
        at: body.updated_at.at,
      }
    : { kind: 'order', snapshot: normalize(body, shop) };
}

function sortDeleted(message: Pick<Authentic, 'topic' | 'body'>, shop: ShopIdentity): Sorted {
  return { kind: 'deleted', order: orderKey(shop.connection, parseId(jsonIn(message), 'id')) };
}

/** `under` is where the body names its order: "" or "order_edit.". */
function touchBy(under: string, why: string): Reader {
  return (message, shop) => {
    const body = jsonIn(message);
    const at = latestIn(body, [`${under}created_at`, `${under}processed_at`, `${under}committed_at`]);
    return {
      kind: 'touch',
      order: orderKey(shop.connection, parseId(body, `${under}order_id`)),
      why: `${why} (${message.topic})`,
      ...(at === undefined ? {} : { at }),
    };
  };
}

/** A chargeback moves money outside the order, and how it ends is told by a later message: a person books it. */
function sortDispute(message: Pick<Authentic, 'topic' | 'body'>): Sorted {
  const body = jsonIn(message);
  const told = (name: string): string => textOf(body, name).slice(0, DISPUTE_TEXT_MAX);
  const order = told('order_id') === '' ? 'no order' : `order ${parseId(body, 'order_id')}`;
  const kind = told('type') === 'inquiry' ? 'An inquiry' : 'A chargeback';
  const amount = `${told('amount') || 'an unknown amount'} ${told('currency')}`.trim();
  return {
    kind: 'held',
    code: 'order-disputed',
    detail: `${kind} of ${amount} on ${order} is "${told('status')}", reason "${told('reason')}"`,
  };
}

/** Words of a list; longer is none of it. */
const DISPUTE_TEXT_MAX = 60;

function erasingIn(body: Lossless, connection: ConnectionId): Erasing {
  const customer = fieldOf(body, 'customer');
  const [id = '', email = '', phone = ''] = ['id', 'email', 'phone'].map((name) => textOf(customer, name));
  return {
    orders: idsIn(body, 'orders_to_redact').map((each) => orderKey(connection, each)),
    person: [id, email, phone].filter((text) => text !== ''),
    email,
  };
}

/** Names orders and never the person: the stored body has that until it is blanked. */
function complianceOf(
  message: Pick<Authentic, 'topic' | 'body'>,
  task: string,
  key: string,
): Extract<Sorted, { kind: 'held' }> {
  const ids = idsIn(jsonIn(message), key);
  const more = ids.length > IDS_SHOWN ? ` and ${ids.length - IDS_SHOWN} more` : '';
  const orders = ids.length === 0 ? '' : `. Orders: ${ids.slice(0, IDS_SHOWN).join(', ')}${more}`;
  return { kind: 'held', code: 'delivery-compliance', detail: `${task} (${message.topic})${orders}` };
}
