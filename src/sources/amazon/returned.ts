import * as money from '#core/money.ts';
import type { Money } from '#core/money.ts';
import { discountOf, grossOf, taxOf } from '#core/order.ts';
import type { OrderLine, Return } from '#core/order.ts';
import type { Place } from './charges.ts';
import type { Priced, Standing } from './proceeds.ts';
import { amountOf } from './transactions.ts';
import type { AmountClass, Amounts } from './transactions.ts';

/** What one item of a refund takes off the order's lines: no line ever gives back more than it holds. */

/** What is left of a line: its amount after discounts and its tax, as prices show them. */
export interface Left {
  readonly line: OrderLine;
  amount: Money;
  tax: Money;
  isTouched: boolean;
}

export function whole(line: OrderLine): Left {
  return {
    line,
    amount: money.subtract(grossOf(line), discountOf(line)),
    tax: taxOf(line),
    isTouched: false,
  };
}

interface Returning {
  readonly orderItemId: string;
  readonly amounts: Amounts;
  readonly left: ReadonlyMap<string, Left>;
  /** Where a refund tells no tax, none went back: others tell theirs. */
  readonly isTaxTold: boolean;
}

const RETURNED: readonly (readonly [Place, AmountClass])[] = [
  ['ITEM', 'goods'],
  ['SHIPPING', 'shipping'],
  ['GIFT_WRAP', 'gift-wrap'],
  ['COD_FEE', 'cod'],
  ['OTHER', 'other'],
];

interface Touched {
  readonly of: Left;
  /** What went back of it before discounts, and of how much. */
  readonly returned: Money;
  readonly sold: Standing;
}

export interface Returned {
  /** What no line holds any more is left out: it was paid back beyond what was returned. */
  readonly returns: readonly Return[];
  /** Of their taxes, what Amazon's ledger does not tell. */
  readonly untold: Money;
}

export function returnsOf(priced: Priced, { orderItemId, amounts, left, isTaxTold }: Returning): Returned {
  const { currency, pricesIncludeTax } = priced;
  const back = (amountClass: AmountClass): Money => money.negate(amountOf(amounts, amountClass, currency));
  const told = back('tax');
  const places = RETURNED.filter(([, amountClass]) => !money.isZero(back(amountClass)));
  // Tax that went back alone is the goods'.
  const wanted = places.length === 0 && !money.isZero(told) ? RETURNED.slice(0, 1) : places;
  const touched = wanted.flatMap(([place, amountClass]): Touched[] => {
    const sold = priced.chargedFor(orderItemId, place);
    const of = left.get(sold?.key ?? '');
    return of === undefined || sold === undefined ? [] : [{ of, returned: back(amountClass), sold }];
  });
  // A discount is taken back with a minus before it.
  const discounts = sharesOf(
    back('discount'),
    touched.map(({ returned, sold: { gross, discount } }) => inProportion(discount, returned, gross)),
  );
  const nets = touched.map(({ returned }, index) =>
    money.add(returned, discounts[index] ?? money.zero(currency)),
  );
  const isUntold = money.isZero(told) && !isTaxTold;
  const taxes = isUntold
    ? touched.map(({ of }, index) => channelShare(of, nets[index] ?? money.zero(currency)))
    : sharesOf(
        told,
        touched.map(({ sold }, index) => inProportion(sold.tax, nets[index] ?? sold.net, sold.net)),
      );
  // Where the order shows no tax or has it within its prices, what went back as tax is a part of the price.
  const isInPrice = ({ of }: Touched): boolean => of.line.taxes.length === 0 || pricesIncludeTax;
  const none = money.zero(currency);
  const prices = touched.map((part, index) =>
    money.add(nets[index] ?? none, isInPrice(part) ? (taxes[index] ?? none) : none),
  );
  const own = touched.map(({ of }, index) => (of.line.taxes.length === 0 ? none : (taxes[index] ?? none)));
  const amountsOff = fitted(
    prices,
    touched.map(({ of }) => of.amount),
    currency,
  );
  const taxesOff = fitted(
    own,
    touched.map(({ of }) => of.tax),
    currency,
  );
  return {
    returns: [
      ...touched.flatMap(({ of }, index) =>
        takeOff(of, amountsOff.taken[index] ?? none, taxesOff.taken[index] ?? none),
      ),
      ...taxElsewhere(taxesOff.open, touched, left),
    ],
    untold: isUntold ? money.sum(taxesOff.taken, currency) : none,
  };
}

/** As a weight: only its relation to others counts. */
function inProportion(part: Money, returned: Money, of: Money): bigint {
  return money.isZero(of) ? 0n : abs((part.minor * returned.minor * money.PPM) / of.minor);
}

function abs(number: bigint): bigint {
  return number < 0n ? -number : number;
}

/** An amount by weights; all of it to the first where nothing weighs. */
function sharesOf(amount: Money, weights: readonly bigint[]): Money[] {
  return weights.length === 0 || money.isZero(amount)
    ? []
    : money.allocate(
        amount,
        weights.some((weight) => weight > 0n) ? weights : weights.map((_, index) => (index === 0 ? 1n : 0n)),
      );
}

/**
 * Amazon may leave out of its ledger the tax that it collects and remits itself, also when it gives it back: then as much of it
 * went back as of the goods. It is no money of the seller's either way.
 */
function channelShare({ line, amount: left, tax }: Left, amount: Money): Money {
  const isChannels = line.taxes.length > 0 && line.taxes.every(({ remittedBy }) => remittedBy === 'channel');
  const none = money.zero(tax.currency);
  // Of a line whose discount exceeds its price there is no share; its figures are asked about.
  if (!isChannels || money.compare(left, none) <= 0 || money.isZero(tax)) {
    return none;
  }
  const part = money.minimum(money.atLeastZero(amount), left);
  const [share = none] = money.allocate(tax, [part.minor, money.subtract(left, part).minor]);
  return share;
}

/**
 * Wanted amounts within the room there is for each; what finds no room in its own place takes what the others have left, and
 * what is open after that found none at all.
 */
function fitted(
  wanted: readonly Money[],
  rooms: readonly Money[],
  currency: string,
): { readonly taken: readonly Money[]; readonly open: Money } {
  const first = wanted.map((amount, index) =>
    money.minimum(money.atLeastZero(amount), rooms[index] ?? money.zero(currency)),
  );
  let open = money.subtract(money.sum(wanted, currency), money.sum(first, currency));
  const taken = first.map((amount, index) => {
    const room = money.subtract(rooms[index] ?? amount, amount);
    const more = money.maximum(money.minimum(open, room), money.negate(amount));
    open = money.subtract(open, more);
    return money.add(amount, more);
  });
  return { taken, open };
}

/**
 * Tax that finds no room on what a refund touched: how Amazon rounds the parts of a refund is not told, so a unit of it may have
 * been taken off another line of the same kind before.
 */
function taxElsewhere(
  open: Money,
  touched: readonly Touched[],
  left: ReadonlyMap<string, Left>,
): readonly Return[] {
  const [tax] = touched.flatMap(({ of }) => of.line.taxes);
  if (tax === undefined || money.compare(open, money.zero(open.currency)) <= 0) {
    return [];
  }
  let rest = open;
  return [...left.values()].flatMap((of) => {
    const isAlike = of.line.taxes.some(({ remittedBy }) => remittedBy === tax.remittedBy);
    const part = isAlike ? money.minimum(rest, of.tax) : money.zero(rest.currency);
    rest = money.subtract(rest, part);
    return money.isZero(part) ? [] : takeOff(of, money.zero(rest.currency), part);
  });
}

function takeOff(of: Left, amount: Money, tax: Money): Return[] {
  const isWhole = !of.isTouched && money.equal(amount, of.amount) && money.equal(tax, of.tax);
  const quantity = isWhole ? of.line.quantity : 0;
  of.amount = money.subtract(of.amount, amount);
  of.tax = money.subtract(of.tax, tax);
  of.isTouched = true;
  return money.isZero(amount) && money.isZero(tax)
    ? []
    : [{ line: of.line.key, quantity, amount, taxes: of.line.taxes.length === 0 ? [] : [tax] }];
}
