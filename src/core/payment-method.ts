import type { PaymentMethod, PaymentStep } from './document.ts';
import type { Tender } from './order.ts';
import type { Rules } from './rules.ts';
import { parseLocalDate } from './time.ts';
import type { LocalDate } from './time.ts';

/** Between the names of gateways that paid together, where the source does not say how much each. */
export const TOGETHER = ' + ';

/** Words in a gateway's name that tell how the money came; the first that fits decides. */
const METHODS: readonly (readonly [RegExp, PaymentMethod])[] = [
  [/gift.?card|store.?credit|cash.?app|shop.?cash/i, 'other'],
  [/paypal/i, 'paypal'],
  // Not "NetBanking" of a card gateway, nor a bank by its name.
  [/(?<![a-z])bank(?! of\b)|\bwire\b|transfer|sepa/i, 'bank'],
  // Not "Cashfree", a card gateway.
  [/manual|(?<![a-z])cash(?![a-z])|\bcod\b/i, 'cash'],
  [
    /card|shopify.?payments|stripe|authorize|braintree|adyen|worldpay|cybersource|square|bogus|moneris|eway|checkout/i,
    'card',
  ],
];

/** How a payment by this gateway is entered: by rule, else by the words in its name. */
export function methodOf(gateway: string, { paymentMethods }: Rules): PaymentMethod {
  const ruled = gateway
    .toLowerCase()
    .split(TOGETHER)
    .map((name) => (Object.hasOwn(paymentMethods, name) ? paymentMethods[name] : undefined));
  const [first] = ruled;
  if (first !== undefined && ruled.every((method) => method === first)) {
    return first;
  }
  return METHODS.find(([words]) => words.test(gateway))?.[1] ?? 'other';
}

/** What a payment says of where its money came from: for a reader, and for `gatewaysIn`. */
export function noteOf(
  { gateway, transactionId }: Pick<Tender, 'gateway' | 'transactionId'>,
  remark: string,
): string {
  const transaction = transactionId === undefined ? '' : `${TRANSACTION}${transactionId}`;
  return [`${gateway}${transaction}`, remark].filter(Boolean).join('. ');
}

const TRANSACTION = ', transaction ';
/** The only remark that a payment has (`openDay`). */
const REMARK = /\. Really of (\d{4}-\d\d-\d\d)/;

/** The day on which a payment's money came, also where it stands on a later one because that was closed. */
export function receivedOn({ paidOn, note }: Pick<PaymentStep, 'paidOn' | 'note'>): LocalDate {
  const [, really] = REMARK.exec(note) ?? [];
  return really === undefined ? paidOn : parseLocalDate(really);
}

/** The gateways that a payment's note names: several where the shop did not tell which of them gave how much. */
export function gatewaysIn(note: string): readonly string[] {
  const [beforeRemark = ''] = note.split(REMARK, 1);
  const [gateway = ''] = beforeRemark.split(TRANSACTION, 1);
  return gateway.split(TOGETHER);
}

/** A gift card that was spent: no money of this day, but what somebody paid when it was sold. */
export function isGiftCard(gateway: string): boolean {
  return /gift.?card/i.test(gateway);
}
