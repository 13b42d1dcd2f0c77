import type { Switches as FreshBooksSwitches } from '#sim/freshbooks/switches.ts';
import type { Switches as ShopifySwitches } from '#sim/shopify/switches.ts';
import { pick } from '#sim/world/random.ts';
import type { Random } from '#sim/world/random.ts';
import { drawnFor } from '#tests/chaos/drawn.ts';

/**
 * What the vendors' documentation leaves open and the books must not depend on: in half of the runs each is drawn. What makes
 * FreshBooks refuse what is written, or a shop's total differ from its lines, so that orders are held by their own figures, is not
 * among them, nor a shop that shows no buyers.
 */
export interface Doubts {
  readonly freshbooks: Partial<FreshBooksSwitches>;
  readonly shopify: Partial<ShopifySwitches>;
}

export function doubtsOf(seed: number): Doubts {
  const random = drawnFor(seed, STREAM, SHARE);
  if (random === undefined) {
    return { freshbooks: {}, shopify: {} };
  }
  return { freshbooks: freshBooksDoubts(random), shopify: shopifyDoubts(random) };
}

function freshBooksDoubts(random: Random): Partial<FreshBooksSwitches> {
  const either = (): boolean => random() < 0.5;
  return {
    netPaidAmount: pick(random, ['plain', 'long-decimal']),
    duplicateNumberError: pick(random, NUMBER_ERRORS),
    numberLengthError: pick(random, ['errno-1017', 'message-only']),
    emoji: pick(random, ['refused', 'kept', 'stripped']),
    numberSearch: pick(random, ['exact', 'contains', 'ignored']),
    numberSearchFindsDeleted: either(),
    createWithStatus: pick(random, ['ignored', 'honoured']),
    actionsOnCreate: pick(random, ['ignored', 'honoured']),
    paymentOnDraft: pick(random, ['moves-out-of-draft', 'stays-draft', 'refused']),
    includesOnWrite: pick(random, ['honoured', 'ignored']),
    creditNumbers: pick(random, ['unique', 'repeatable']),
    emailSearchCase: pick(random, ['sensitive', 'insensitive']),
    emailSearchContacts: either(),
    clientCountry: pick(random, ['kept', 'blanked']),
    organizationFromEmail: either(),
    rangeMax: pick(random, ['exclusive', 'inclusive']),
    archivedInLists: either(),
    listOrder: pick(random, ['id-ascending', 'id-descending']),
    accountingErrorStatus: pick(random, ['own', 'always-200']),
    unauthenticatedForm: pick(random, ['oauth', 'grpc']),
    accountingErrorForm: pick(random, ['classic', 'grpc']),
    rateLimitKey: pick(random, ['token', 'account']),
    retryAfter: pick(random, ['always', 'limited-only']),
    rateLimitBody: pick(random, ['message', 'classic', 'html', 'empty']),
    accessTokenAfterRefresh: pick(random, ['revoked', 'survives']),
    redirectUriOnRefresh: pick(random, ['optional', 'required']),
    tokenCreatedAtLagSeconds: pick(random, [0, 30]),
  };
}

function shopifyDoubts(random: Random): Partial<ShopifySwitches> {
  const either = (): boolean => random() < 0.5;
  return {
    tip: pick(random, ['line outside total', 'line inside total', 'no line']),
    refundLineSubtotal: pick(random, ['gross', 'net']),
    refundShippingSubtotal: pick(random, ['net', 'gross']),
    refundedShipping: pick(random, ['refund_shipping_lines', 'order_adjustments', 'both']),
    amountOnlyRefundLowersCurrentTotal: either(),
    webhookVersion: pick(random, ['request', 'app setting']),
    updatedAfterCreate: either(),
    searchLagSeconds: pick(random, [0, 120]),
  };
}

const SHARE = 0.5;
const STREAM = 0xd0b7;

const NUMBER_ERRORS: readonly FreshBooksSwitches['duplicateNumberError'][] = [
  { status: 422, errno: 1029, message: 'Invoice number already in use.' },
  { status: 400, errno: 1004, message: 'That Invoice Number exists' },
];
