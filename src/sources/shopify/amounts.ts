import { exponentOf } from '#core/currency.ts';
import { equal, parse, show, zero } from '#core/money.ts';
import type { Money } from '#core/money.ts';
import { malformed } from '#sources/fields.ts';
import type { BagPayload, OrderPayload } from './payload.ts';

/** The shop's currency, or the one the buyer paid in. One side for all of an order: both add up, but never mixed. */
export type CurrencySide = 'shop' | 'presentment';

/** One amount as a body shows it: with both sides, plain, or not at all. */
interface Figure {
  readonly set?: BagPayload | null | undefined;
  /** In the shop's currency. */
  readonly plain?: string | undefined;
  readonly path: string;
}

/** Reads amounts of one order on the chosen side. Throws a Failure `delivery-malformed` for another currency than the order's. */
export interface Amounts {
  readonly currency: string;
  /** Both sides are the same currency, so a plain amount is the chosen side's too. */
  readonly hasOneCurrency: boolean;
  /** Nothing when the body does not show it. */
  read(figure: Figure): Money | undefined;
  orZero(figure: Figure): Money;
  /** A plain amount that is known to be in this side's currency. */
  inOwnCurrency(plain: string, path: string): Money;
  /** A plain amount as it is meant, whatever the side. */
  inShopCurrency(plain: string, path: string): Money;
  /** Throws when the body does not show it. */
  need(figure: Figure): Money;
}

export function amountsOf(order: OrderPayload, side: CurrencySide): Amounts {
  const presentment = order.presentment_currency ?? order.currency;
  const currency = side === 'shop' ? order.currency : presentment;
  const hasOneCurrency = order.currency === presentment;

  const read = ({ set, plain, path }: Figure): Money | undefined => {
    const amount = side === 'shop' ? set?.shop_money : set?.presentment_money;
    if (amount !== undefined && amount !== null) {
      const inSet = assertCurrency(amount, path);
      if (side === 'shop' && plain !== undefined) {
        assertAgreed(inSet, plain, path);
      }
      return inSet;
    }
    return plain !== undefined && (side === 'shop' || hasOneCurrency)
      ? readPlain(plain, currency, path)
      : undefined;
  };

  const assertCurrency = (amount: Money, path: string): Money => {
    if (amount.currency !== currency) {
      throw malformed(order.id, path, `is in ${amount.currency}, and the order is in ${currency}`);
    }
    return amount;
  };

  /**
   * Shopify writes the shop's side twice, here and there as a number with a float's noise. Where the two differ, neither can be
   * trusted.
   */
  const assertAgreed = (inSet: Money, plain: string, path: string): void => {
    const alone = readPlain(withoutNoise(plain, exponentOf(currency) ?? 0), currency, path);
    if (!equal(inSet, alone)) {
      throw malformed(order.id, path, `is ${show(alone)}, and ${show(inSet)} in its set`);
    }
  };

  const readPlain = (plain: string, of: string, path: string): Money => {
    try {
      return parse(plain, of);
    } catch (cause) {
      throw malformed(order.id, path, cause instanceof Error ? cause.message : String(cause));
    }
  };

  return {
    currency,
    hasOneCurrency,
    read,
    inOwnCurrency: (plain, path) => readPlain(plain, currency, path),
    inShopCurrency: (plain, path) => readPlain(plain, order.currency, path),
    orZero: (figure) => read(figure) ?? zero(currency),
    need(figure) {
      const amount = read(figure);
      if (amount === undefined) {
        throw malformed(order.id, figure.path, `is missing in ${currency}`);
      }
      return amount;
    },
  };
}

/** What a float's last bits leave of an amount: 59.970000000000006 for 59.97. Other decimals are no noise and stay. */
const NOISE = /^(?:0{6}|9{6})\d*$/;

function withoutNoise(plain: string, digits: number): string {
  const [whole = '', fraction = ''] = plain.split('.');
  if (!NOISE.test(fraction.slice(digits))) {
    return plain;
  }
  const sign = whole.startsWith('-') ? '-' : '';
  const isUp = fraction.charAt(digits) === '9';
  const minor = BigInt(whole.replace('-', '') + fraction.slice(0, digits)) + (isUp ? 1n : 0n);
  const text = String(minor).padStart(digits + 1, '0');
  return `${sign}${text.slice(0, text.length - digits)}${digits === 0 ? '' : `.${text.slice(-digits)}`}`;
}
