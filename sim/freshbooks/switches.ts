// Everything about FreshBooks that its docs and recordings leave open, as switches. The default of each is the best
// inference of docs/vendors/freshbooks.md (called "the page" below); a test that depends on one of them should run
// under both positions. docs/sim-differences.md lists them for people.

import type { HalfRounding, TaxRounding } from './arithmetic.ts';

/** The status and body of an error that nobody has recorded. */
interface ErrorShape {
  readonly status: number;
  readonly errno: number;
  readonly message: string;
}

export interface Switches {
  /** Page 3, totals. Assumed: each tax is rounded once over all lines. Recordings fit both positions. */
  readonly taxRounding: TaxRounding;
  /** Page 3, totals. Assumed: half away from zero. */
  readonly halfRounding: HalfRounding;
  /** Page 3, lines. Assumed: two decimals in every currency, as all docs show. `none`: JPY amounts have no decimals. */
  readonly zeroDecimalCurrencies: 'two-decimals' | 'none';
  /** Page 3, lines: a unit cost with more decimals than the currency has. Assumed: rounded, since answers show two. */
  readonly unitCostDecimals: 'rounded' | 'kept' | 'refused';
  /** Page 3, lines. Accepted is inferred from one production user; `refused` answers errno 1025. */
  readonly negativeLines: 'accepted' | 'refused';
  /** Page 3 and 14.5. Assumed: refused with errno 1040, InvalidTotal. */
  readonly negativeTotals: 'accepted' | 'refused';
  /** Page 3, lines. Assumed: accepted. */
  readonly zeroQuantity: 'accepted' | 'refused';
  /** Page 3, lines: a tax name that is not in /taxes. Accepted is inferred from one production user. */
  readonly unknownTaxName: 'accepted' | 'refused';
  /** Page 3: `net_paid_amount` was once seen with 26 decimals [FIX]. Confirmed plain in 2026 recordings. */
  readonly netPaidAmount: 'plain' | 'long-decimal';

  /** Page 7: the answer to a second use of an invoice number. Assumed: 422 with errno 1029 on `invoice_number`. */
  readonly duplicateNumberError: ErrorShape;
  /** Page 3 and 15: longest invoice number in characters, null for unlimited. Assumed unlimited; 10 is plausible. */
  readonly numberLengthMax: number | null;
  /** Page 15: how a too long invoice number is refused: with errno 1017 or only by its message. Assumed 1017. */
  readonly numberLengthError: 'errno-1017' | 'message-only';
  /** Page 2 and 3: longest value by field name ("fname", "name", "po_number", "notes"); others unlimited. Assumed none. */
  readonly textLengthsMax: Readonly<Record<string, number>>;
  /** Page 7, errno 1038: fields that nobody may write, beside `due_date`, which is confirmed. Which others: unknown, assumed none. */
  readonly readOnlyFields: readonly string[];
  /** Page 7, errno 1036 UnicodeOutOfRange: characters beyond U+FFFF. Assumed refused, since the code exists. */
  readonly emoji: 'refused' | 'kept' | 'stripped';
  /** Page 14.3: `search[invoice_number]`. Documented as exact; `ignored` answers the whole list. */
  readonly numberSearch: 'exact' | 'contains' | 'ignored';
  /** Page 14.3. Assumed: deleted invoices are found only with `search[vis_state]=1`. */
  readonly numberSearchFindsDeleted: boolean;

  /** Page 3: `status` on create. Assumed: ignored, the invoice is a draft. */
  readonly createWithStatus: 'ignored' | 'honoured' | 'refused';
  /** Page 3: `action_mark_as_sent` and `action_email` on create. Documented for PUT only, so assumed ignored. */
  readonly actionsOnCreate: 'ignored' | 'honoured';
  /** Page 4. Moves out of draft per the support pages (bookkeeping section 6); the API itself was never tried. */
  readonly paymentOnDraft: 'moves-out-of-draft' | 'stays-draft' | 'refused';
  /** Page 3: `lines` of an invoice that has left draft. Assumed replaced like a draft's, since the app lets people edit. */
  readonly sentLines: 'replaced' | 'refused';
  /** Lines that lower the total below what is paid. Assumed accepted, `outstanding` turns negative; or errno 1040. */
  readonly totalBelowPaid: 'accepted' | 'refused';
  /** Page 3: `include[]` on POST and PUT. A fixture has it honoured. */
  readonly includesOnWrite: 'honoured' | 'ignored';
  /** An invoice for a client that was deleted. Assumed: refused like any bad id. */
  readonly invoiceForDeletedClient: 'refused' | 'allowed';
  /** `late_reminders` sent with an invoice. Assumed honoured; `ignored` leaves the account's own. */
  readonly remindersOnInvoice: 'honoured' | 'ignored';
  /** `late_fee` sent with an invoice. Assumed honoured. */
  readonly lateFeeOnInvoice: 'honoured' | 'ignored';
  /** `allowed_gateways` sent with an invoice. Assumed honoured. */
  readonly gatewaysOnInvoice: 'honoured' | 'ignored';
  /** Bookkeeping section 6: the financial lock date. The rule is documented, the error was never seen: assumed. */
  readonly lockedPeriodError: ErrorShape;
  /** Drafts created on or before the lock date. Assumed allowed: the support page only forbids editing and sending. */
  readonly createInLockedPeriod: 'allowed' | 'refused';
  /** Page 4: a payment made or changed without `send_client_notification`. Silent in the 2026 recordings (null). */
  readonly paymentNotificationDefault: 'silent' | 'sent';
  /** A payment of zero or less. Assumed refused (page 4: "Negative payment: [?]"). */
  readonly nonPositivePayment: 'refused' | 'accepted';
  /** Page 5: payment of type "Credit" with `creditid` draws on the credit note. Inferred, no capture. */
  readonly creditPayment: 'draws-on-credit' | 'plain';
  /** Page 5: credit numbers. Assumed unique. */
  readonly creditNumbers: 'unique' | 'repeatable';
  /** Page 5: `taxAmount1` beside `taxPercent1` of an expense. Assumed kept as sent; or computed within the amount. */
  readonly expenseTaxAmount: 'as-sent' | 'from-percent';

  /** Page 2. Documented as "exact", so assumed case sensitive. */
  readonly emailSearchCase: 'sensitive' | 'insensitive';
  /** Page 2: `search[email]` and secondary contacts. Assumed not. */
  readonly emailSearchContacts: boolean;
  /** Page 2: one capture shows p_country sent as "Canada" and answered "". Kept in others. */
  readonly clientCountry: 'kept' | 'blanked';
  /** Page 2: with only an e-mail, older API versions stored organization = e-mail. Live 2026 left it empty. */
  readonly organizationFromEmail: boolean;
  /** Page 6: `_max` filters. "Less than" per the docs tables. */
  readonly rangeMax: 'exclusive' | 'inclusive';
  /** Whether archived rows (vis_state 2) are in default lists. Assumed hidden. */
  readonly archivedInLists: boolean;
  /** Page 3: default order of lists. Ascending in 2026, newest first in older captures. */
  readonly listOrder: 'id-ascending' | 'id-descending';

  /** Page 7: accounting errors may arrive as HTTP 200 with `response.errors`. Confirmed for some; here for all. */
  readonly accountingErrorStatus: 'own' | 'always-200';
  /** Page 1: a bad token at the accounting family: the live 2026 form, or the older gRPC form. */
  readonly unauthenticatedForm: 'oauth' | 'grpc';
  /** Page 1 and 9: all other accounting errors: classic in 2026, gRPC in versions of 2021 to 2023. */
  readonly accountingErrorForm: 'classic' | 'grpc';
  /** Page 7: role `client` writes: 403 confirmed, 200 with errno 1003 also seen. */
  readonly clientRoleWrite: 'http-403' | 'http-200';

  /** Page 7: what windows are counted by. Unknown; assumed the token's grant. */
  readonly rateLimitKey: 'token' | 'account';
  /** Page 7: POST to the accounting family, calls a window. Confirmed 250. */
  readonly rateLimitAccountingPost: number;
  /** Page 7: all other calls, a window. Confirmed 600. */
  readonly rateLimitOther: number;
  /** Page 7: `retry-after` is on every answer, 200 too: confirmed. `limited-only` is how others do it. */
  readonly retryAfter: 'always' | 'limited-only';
  /** Page 7: body of 429, never recorded. */
  readonly rateLimitBody: 'message' | 'classic' | 'html' | 'empty';

  /** Page 1: the access token that was valid before a refresh. One source says it dies; assumed so. */
  readonly accessTokenAfterRefresh: 'revoked' | 'survives';
  /** Page 1: twelve hours. Shorter here, so that a run of minutes sees tokens expire. */
  readonly accessTokenSeconds: number;
  /** Page 1: refresh token of the first grant after a second consent to the same app. Assumed it lives on. */
  readonly grantAfterSecondConsent: 'survives' | 'revoked';
  /** Page 1: `redirect_uri` on refresh; every SDK sends it. Assumed optional, compared when sent. */
  readonly redirectUriOnRefresh: 'optional' | 'required';
  /** Page 1: one refresh answered an older `created_at`; this many seconds before now. */
  readonly tokenCreatedAtLagSeconds: number;
  /** Page 1: PKCE S256 is accepted, enforcement untested. Assumed enforced once a challenge was sent. */
  readonly pkce: 'enforced' | 'ignored';
  /** Page 1: the portal rejects plain http redirect addresses. Loopback is allowed here so that a demo can run. */
  readonly httpRedirects: 'loopback-only' | 'refused';
}

export const defaultSwitches: Switches = {
  taxRounding: 'per-tax',
  halfRounding: 'half-up',
  zeroDecimalCurrencies: 'two-decimals',
  unitCostDecimals: 'rounded',
  negativeLines: 'accepted',
  negativeTotals: 'refused',
  zeroQuantity: 'accepted',
  unknownTaxName: 'accepted',
  netPaidAmount: 'plain',
  duplicateNumberError: { status: 422, errno: 1029, message: 'Invoice number already in use.' },
  numberLengthMax: null,
  numberLengthError: 'errno-1017',
  textLengthsMax: {},
  readOnlyFields: [],
  emoji: 'refused',
  numberSearch: 'exact',
  numberSearchFindsDeleted: false,
  createWithStatus: 'ignored',
  actionsOnCreate: 'ignored',
  paymentOnDraft: 'moves-out-of-draft',
  sentLines: 'replaced',
  totalBelowPaid: 'accepted',
  includesOnWrite: 'honoured',
  invoiceForDeletedClient: 'refused',
  remindersOnInvoice: 'honoured',
  lateFeeOnInvoice: 'honoured',
  gatewaysOnInvoice: 'honoured',
  lockedPeriodError: { status: 422, errno: 1004, message: 'This date falls in a locked financial period.' },
  createInLockedPeriod: 'allowed',
  paymentNotificationDefault: 'silent',
  nonPositivePayment: 'refused',
  creditPayment: 'draws-on-credit',
  creditNumbers: 'unique',
  expenseTaxAmount: 'as-sent',
  emailSearchCase: 'sensitive',
  emailSearchContacts: false,
  clientCountry: 'kept',
  organizationFromEmail: false,
  rangeMax: 'exclusive',
  archivedInLists: false,
  listOrder: 'id-ascending',
  accountingErrorStatus: 'own',
  unauthenticatedForm: 'oauth',
  accountingErrorForm: 'classic',
  clientRoleWrite: 'http-403',
  rateLimitKey: 'token',
  rateLimitAccountingPost: 250,
  rateLimitOther: 600,
  retryAfter: 'always',
  rateLimitBody: 'message',
  accessTokenAfterRefresh: 'revoked',
  accessTokenSeconds: 43_200,
  grantAfterSecondConsent: 'survives',
  redirectUriOnRefresh: 'optional',
  tokenCreatedAtLagSeconds: 0,
  pkce: 'enforced',
  httpRedirects: 'loopback-only',
};
