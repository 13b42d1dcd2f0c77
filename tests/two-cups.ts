import type { Refund } from '#core/order.ts';
import * as money from '#core/money.ts';
import { at, line, order, refund, returned, tax } from './build.ts';

/** An order in figures that an accountant can follow: two cups of 20.00 with 10 % tax, 44.00 paid by card in November. */

export const usd = (text: string) => money.parse(text, 'USD');
export const CUP = line({ quantity: 2, unitPrice: usd('20'), taxes: [tax('10', usd('4'))] });
export const SOLD = order({ lines: [CUP] });
export const CATEGORY = { refundCategory: 'Refunds' } as const;
export const DECEMBER = at('2026-12-02T10:00:00-05:00');

/** One cup came back, and its 22.00 were paid back. */
export function oneCup(parts: Partial<Refund> = {}): Refund {
  return refund(usd('22'), {
    returns: [returned('item:1', 1, usd('20'), [usd('2')])],
    difference: usd('0'),
    ...parts,
  });
}
