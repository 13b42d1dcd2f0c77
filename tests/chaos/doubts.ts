import type { Switches } from '#sim/freshbooks/switches.ts';
import { pick, seededRandom } from '#sim/world/random.ts';

/**
 * What FreshBooks' documentation leaves open and the books must not depend on: in half of the runs each is drawn. What makes
 * FreshBooks refuse what is written, so that orders are held by their own figures, is not among them.
 */
export function doubtsOf(seed: number): Partial<Switches> {
  const random = seededRandom(seed ^ STREAM);
  if (seed < FIRST_SEED || random() >= SHARE) {
    return {};
  }
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

const FIRST_SEED = 100;
const SHARE = 0.5;
const STREAM = 0xd0b7;

const NUMBER_ERRORS: readonly Switches['duplicateNumberError'][] = [
  { status: 422, errno: 1029, message: 'Invoice number already in use.' },
  { status: 400, errno: 1004, message: 'That Invoice Number exists' },
];
