import { layOut, previewOf } from '#books/freshbooks/layout.ts';
import type { Preview } from '#books/freshbooks/layout.ts';
import type { InvoiceDocument } from '#core/document.ts';
import { Failure } from '#core/failure.ts';
import type { Fact } from '#core/failure.ts';
import { connectionId } from '#core/ids.ts';
import { FIRST_NAMING, documentAsSold } from '#core/invoice-document.ts';
import { NOTHING_BOOKED, asIfPosted } from '#core/ledger.ts';
import type { Order } from '#core/order.ts';
import { plan } from '#core/plan.ts';
import type { Plan } from '#core/plan-terms.ts';
import { NO_CHOICES } from '#core/plan-terms.ts';
import { proofOf } from '#core/proof.ts';
import type { Proof } from '#core/proof.ts';
import type { Rules } from '#core/rules.ts';
import { orderInFile } from '#sources/amazon/sort.ts';
import { createShopifySource } from '#sources/shopify/shopify.ts';

/** The way from an order's JSON to its invoice, by the same functions as in production and without any connection. */

/** What would be booked for an order, and why. */
export interface OrderPreview {
  readonly order: Order;
  readonly rules: Rules;
  readonly plan: Plan;
  /** Absent when the order does not add up: then no invoice of it is right. */
  readonly invoice?: {
    readonly document: InvoiceDocument;
    readonly laidOut: Preview;
    /** Why FreshBooks cannot be brought to the charged total; empty when it can. */
    readonly refusal: readonly Fact[];
  };
  /** Of the books as they would stand. */
  readonly proof: Proof;
}

export interface PreviewOptions {
  /** "shopify" or "amazon". */
  readonly source: string;
  /** Of Shopify; an order of Amazon names its store. */
  readonly shop: string;
  readonly rules: Rules;
}

/** Of an order's JSON as its shop sends it; pure. Throws a Failure `delivery-…` when it cannot be read. */
export function previewOrder(body: Uint8Array, options: PreviewOptions): OrderPreview {
  const { rules } = options;
  const order = options.source === 'amazon' ? amazonOrderIn(body) : shopifyOrderIn(body, options);
  const planned = plan(order, NOTHING_BOOKED, {
    rules,
    naming: FIRST_NAMING,
    choices: NO_CHOICES,
    fits: (document) => layOut(document).outcome === 'laid-out',
  });
  const steps = planned.outcome === 'work' ? planned.steps : [];
  const proof = proofOf(order, asIfPosted(NOTHING_BOOKED, steps));
  const shown = { order, rules, plan: planned, proof };
  if (planned.outcome === 'work' && planned.holds.some((hold) => hold.code === 'order-sums-differ')) {
    return shown;
  }
  const made = steps.find((step) => step.kind === 'invoice');
  const document = made?.kind === 'invoice' ? made.document : documentAsSold(order, rules, FIRST_NAMING);
  const laidOut = layOut(document);
  const refusal = laidOut.outcome === 'refused' ? laidOut.facts : [];
  return { ...shown, invoice: { document, laidOut: previewOf(document), refusal } };
}

function amazonOrderIn(body: Uint8Array): Order {
  return orderInFile(body, { connection: connectionId('amazon') }).order;
}

function shopifyOrderIn(body: Uint8Array, { shop, rules }: PreviewOptions): Order {
  const source = createShopifySource({
    connection: connectionId('shopify'),
    shopDomain: shop,
    secrets: [],
    currencySide: rules.currency,
  });
  const sorted = source.sort({ topic: 'orders/create', body });
  if (sorted.kind !== 'order') {
    throw new Failure('delivery-malformed', { detail: 'The file shows no order' });
  }
  return sorted.snapshot.order;
}
