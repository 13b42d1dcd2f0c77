import type { PaymentMethod } from './document.ts';
import type { Rules } from './rules.ts';

/** Between the names of gateways that paid together, where the source does not say how much each. */
export const TOGETHER = ' + ';

/** Words in a gateway's name that tell how the money came; the first that fits decides. */
const METHODS: readonly (readonly [RegExp, PaymentMethod])[] = [
  [/gift.?card|store.?credit|cash.?app/i, 'other'],
  [/paypal/i, 'paypal'],
  [/bank|\bwire\b|transfer|sepa/i, 'bank'],
  [/manual|cash|\bcod\b/i, 'cash'],
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
