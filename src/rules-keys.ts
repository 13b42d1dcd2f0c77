import { TEMPLATE_NAMES } from '#core/rules.ts';
import type { Rules } from '#core/rules.ts';
import { NO_TAX } from '#core/untold-tax.ts';
import {
  DAY,
  FLAG,
  LANGUAGE,
  NAMES,
  ZONE,
  choice,
  isCountry,
  mapOf,
  nameOrNone,
  template,
  wholeNumber,
} from './rules-forms.ts';
import type { Form, Spot } from './rules-forms.ts';

/** Every rule that a person may set, by its name in the file. docs/rules.md lists exactly these; a test compares. */

export interface RuleKey {
  /** "skip.tags" stands as `tags` under `skip`. */
  readonly name: string;
  readonly meaning: string;
  readonly allowed: string;
  /** `next-orders`: an order that is booked keeps what it was booked by. `all-orders`: see `inForce`. */
  readonly holdsFor: 'next-orders' | 'all-orders';
  /** Reads the value into the draft, or notes what is wrong with it. */
  read(spot: Spot, draft: Draft): void;
  write(rules: Draft, indent: string): string;
}

/** Rules while they are read; begun as a copy of the defaults. */
export type Draft = { -readonly [Field in keyof Rules]: Rules[Field] };

/** FreshBooks refuses a due date that is too far; a year is longer than any terms. */
const DUE_DAYS_MAX = 365;
/** The largest difference that honest rounding makes on an order (docs/bookkeeping.md): more is another mistake. */
const ROUNDING_MAX = 10;
const COMPACT_LENGTH_MAX = 10;
const METHODS = ['card', 'paypal', 'cash', 'bank', 'other'] as const;
const TAX_LINES = ['percentages', 'own_lines'] as const;
/** Two digits before the point, because no tax is as high as what it is on; FreshBooks keeps three decimals. */
const PERCENT = /^[1-9]?\d(\.\d{1,3})?$/;
/** Of every other country. */
const OTHERWISE = 'default';
/** What a person may name; an item is named by the shop, and a tax by `tax_names`. */
const NAMED_LINES = ['discount', 'duty', 'fee', 'gift-card', 'refund', 'shipping', 'tip'] as const;

export const RULE_KEYS: readonly RuleKey[] = [
  rule('book_when', 'bookWhen', {
    meaning: 'When an order is booked. Until then it waits, and a later message of the shop books it',
    form: choice(['created', 'paid', 'partly_fulfilled', 'fulfilled']),
  }),
  rule('invoice_number', 'invoiceNumber', {
    meaning: 'Number of the invoice; two routes into one account need different ones',
    form: template({ variables: TEMPLATE_NAMES, use: 'identity' }),
  }),
  rule('invoice_number_compact', 'invoiceNumberCompact', {
    meaning: 'Used instead once FreshBooks has refused the other for its length',
    form: template({
      // The count of orders that were numbered so: for ids that are longer than the number may be.
      variables: [...TEMPLATE_NAMES, 'counter'],
      use: 'identity',
      lengthMax: COMPACT_LENGTH_MAX,
    }),
  }),
  rule('po_number', 'poNumber', {
    meaning: 'PO number of the invoice',
    form: template({ variables: TEMPLATE_NAMES, use: 'identity' }),
  }),
  rule('due_offset_days', 'dueOffsetDays', {
    meaning: 'Days from the invoice date to the due date',
    form: wholeNumber(DUE_DAYS_MAX),
  }),
  rule('terms', 'terms', {
    meaning: 'Terms on the invoice',
    form: template({ variables: TEMPLATE_NAMES, use: 'text' }),
  }),
  rule('end_state', 'endState', {
    meaning:
      'sent: marked as sent, and paid when it is paid. draft: left for your review, without its payment, in no report',
    form: choice(['sent', 'draft']),
  }),
  optionalRule('time_zone', 'timeZone', {
    meaning: 'Zone of invoice and payment dates; shop is the offset in the shop’s timestamps',
    form: ZONE,
  }),
  rule('currency', 'currency', {
    meaning:
      'Which side of an order’s money is booked: the shop’s currency or the buyer’s. Chosen before the first order',
    form: choice(['shop', 'presentment']),
  }),
  rule('client', 'client', {
    meaning: 'Whose client the invoice is on. Orders without an e-mail address are always on the shared one',
    form: choice(['per_customer', 'one_per_channel']),
  }),
  rule('channel_client_name', 'channelClientName', {
    meaning: 'Name of the shared client',
    form: template({ variables: ['shop'], use: 'name' }),
  }),
  rule('skip.test_orders', 'skipTestOrders', { meaning: 'Test orders are not booked', form: FLAG }),
  rule('skip.zero_totals', 'skipZeroTotals', {
    meaning: 'Orders in which nothing was charged are not booked',
    form: FLAG,
  }),
  rule('skip.tags', 'skipTags', {
    meaning: 'Orders that have one of these tags when they would be booked are not',
    form: NAMES,
  }),
  rule('skip.sources', 'skipSources', {
    meaning:
      'Orders placed there are not booked: web, pos, shopify_draft_order, or an app’s id, as the shop names it',
    form: NAMES,
  }),
  rule('rounding_limit', 'roundingMinorMax', {
    meaning:
      'The most that a rounding line may hold, in the currency’s smallest units; less where fewer taxes were rounded',
    form: wholeNumber(ROUNDING_MAX),
  }),
  rule('tax_names', 'taxNames', {
    meaning:
      'Name in FreshBooks for a tax, by its title in the shop; those of one name are one tax, others keep their title',
    form: mapOf({
      allowed: 'a map from title to name',
      keyOf: (text) => text,
      valueOf: (text) => text,
    }),
  }),
  rule('payment_methods', 'paymentMethods', {
    meaning: 'How a payment is entered, by its gateway in the shop; others are known by their names',
    form: mapOf({
      allowed: `a map from gateway to ${METHODS.join(', ')}`,
      keyOf: (text) => text.toLowerCase(),
      valueOf: (text) => METHODS.find((method) => method === text),
      values: METHODS,
    }),
  }),
  rule('tax_lines', 'taxLines', {
    meaning:
      'How taxes stand on the invoices of a country: as FreshBooks’ percentages, or as untaxed lines of their own, which FreshBooks counts as sales',
    form: mapOf({
      allowed: `a map from a country’s two letters (CA, and GB for Britain), or ${OTHERWISE}, to ${TAX_LINES.join(', ')}`,
      keyOf: (text) => (text === OTHERWISE || isCountry(text) ? text : undefined),
      keys: [OTHERWISE],
      valueOf: (text) => TAX_LINES.find((way) => way === text),
      values: TAX_LINES,
    }),
  }),
  rule('discounts', 'discounts', {
    meaning:
      'Discounts as negative lines of their own, or within the prices of what they lower, whose descriptions name them',
    form: choice(['lines', 'net_prices']),
  }),
  rule('channel_tax', 'channelTax', {
    meaning: 'Tax that the shop remits itself: not on the invoice, or as two untaxed lines that cancel',
    form: choice(['left_out', 'two_lines']),
  }),
  rule('untold_tax', 'untoldTax', {
    meaning:
      'Tax within prices that the channel does not tell, by the country the order goes to. Until it is chosen, such orders are held',
    form: mapOf({
      allowed: `a map from a country’s two letters, or ${OTHERWISE}, to none or to a percentage ("20", "5.5")`,
      keyOf: (text) => (text === OTHERWISE || isCountry(text) ? text : undefined),
      keys: [OTHERWISE],
      valueOf: (text) => (text === NO_TAX || PERCENT.test(text) ? text : undefined),
      values: [NO_TAX],
    }),
  }),
  rule('refund_strategy', 'refunds', {
    meaning:
      'adjust: invoice and payment are lowered while their month is open, and later refunds are expenses. expense: each is one',
    form: choice(['adjust', 'expense']),
  }),
  rule('amount_refund_tax', 'amountRefundTax', {
    meaning: 'Tax in an amount that was paid back without lines: none, or as on what is left of the order',
    form: choice(['none', 'as_sold']),
  }),
  optionalRule('refund_category', 'refundCategory', {
    meaning:
      'Expense category of refunds that are expenses; without one they are held. For all orders at once',
    form: nameOrNone('the name of an expense category in FreshBooks'),
    holdsFor: 'all-orders',
  }),
  rule('channel_fees', 'channelFees', {
    meaning:
      'Fees that a channel keeps of its payouts (Amazon’s): not booked, or one expense for each settlement once it is over',
    form: choice(['none', 'per_settlement']),
  }),
  optionalRule('fee_category', 'feeCategory', {
    meaning: 'Expense category of such fees; without one they are held. For all orders at once',
    form: nameOrNone('the name of an expense category in FreshBooks'),
    holdsFor: 'all-orders',
  }),
  rule('line_names', 'lineNames', {
    meaning: 'Name of a line by its kind; others are named as the shop does',
    form: mapOf({
      allowed: `a map from ${NAMED_LINES.map(lineKindText).join(', ')} to a name`,
      keyOf: (text) => NAMED_LINES.find((kind) => lineKindText(kind) === text),
      keyText: lineKindText,
      keys: NAMED_LINES.map(lineKindText),
      valueOf: (text) => text,
    }),
  }),
  rule('language', 'language', {
    meaning: 'Language of FreshBooks’ own words on the invoice',
    form: LANGUAGE,
  }),
  optionalRule('books_start', 'booksStart', {
    meaning: 'First day that is booked; what is of an earlier day is held. For all orders at once',
    form: DAY,
    holdsFor: 'all-orders',
  }),
  optionalRule('closed_through', 'closedThrough', {
    meaning:
      'Last day of the closed books; what would change something on or before it is held. For all orders at once',
    form: DAY,
    holdsFor: 'all-orders',
  }),
];

/** The file's spelling: gift_card. */
function lineKindText(kind: string): string {
  return kind.replace('-', '_');
}

/** Rules that may be absent. */
type OptionalField = 'timeZone' | 'refundCategory' | 'feeCategory' | 'booksStart' | 'closedThrough';

function optionalRule<Field extends OptionalField>(
  name: string,
  field: Field,
  {
    meaning,
    form,
    holdsFor = 'next-orders',
  }: {
    readonly meaning: string;
    readonly form: Form<Rules[Field]>;
    readonly holdsFor?: RuleKey['holdsFor'];
  },
): RuleKey {
  return {
    name,
    meaning,
    allowed: form.allowed,
    holdsFor,
    read(spot, draft) {
      const value = form.read(spot);
      delete draft[field];
      if (value !== undefined) {
        draft[field] = value;
      }
    },
    write: (rules, indent) => form.write(rules[field], indent),
  };
}

function rule<Field extends Exclude<keyof Rules, OptionalField>>(
  name: string,
  field: Field,
  { meaning, form }: { readonly meaning: string; readonly form: Form<Draft[Field]> },
): RuleKey {
  return {
    name,
    meaning,
    allowed: form.allowed,
    holdsFor: 'next-orders',
    read(spot, draft) {
      const value = form.read(spot);
      if (value !== undefined) {
        draft[field] = value;
      }
    },
    write: (rules, indent) => form.write(rules[field], indent),
  };
}
