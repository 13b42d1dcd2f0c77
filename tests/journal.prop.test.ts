import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { layOut } from '#books/freshbooks/layout.ts';
import { taxFiguresOf } from '#books/freshbooks/tax-figures.ts';
import { worksheetOf } from '#core/journal.ts';
import type { Sheet } from '#core/journal.ts';
import { rowsOf } from '#core/journal-rows.ts';
import { NOTHING_BOOKED, asIfPosted } from '#core/ledger.ts';
import * as money from '#core/money.ts';
import type { Money } from '#core/money.ts';
import { netOf, totalByLines } from '#core/order.ts';
import type { Order, OrderLine } from '#core/order.ts';
import { plan } from '#core/plan.ts';
import { monthOf } from '#core/time.ts';
import { terms } from '#tests/build.ts';
import { orders } from '#tests/draw.ts';
import { law } from '#tests/law.ts';

/** After the worksheet's entries FreshBooks' accounts hold what the order itself says, though each line was booked as sales. */

/** Shops take discounts off goods and shipping only. */
const discountable = orders.map((order) => {
  const lines = order.lines.map((line) =>
    ['item', 'gift-card', 'shipping'].includes(line.kind) ? line : { ...line, discounts: [] },
  );
  const total = totalByLines({ ...order, lines });
  return { ...order, lines, total, currentTotal: total };
});

law(
  'with the entries, sales, gift cards, tips, duties, fees and taxes are those of the order',
  fc.property(discountable, (order) => {
    const found = plan(order, NOTHING_BOOKED, terms());
    const steps = found.outcome === 'work' ? found.steps : [];
    const invoice = steps.find((step) => step.kind === 'invoice');
    const laidOut = invoice === undefined ? undefined : layOut(invoice.document);
    fc.pre(invoice !== undefined && laidOut?.outcome === 'laid-out');
    const month = monthOf(invoice.document.issuedOn);
    const books = { name: order.name, order, booked: asIfPosted(NOTHING_BOOKED, steps) };
    const rows = rowsOf(books, { month, taxFigures: taxFiguresOf });
    const [sheet] = worksheetOf(month, rows).sheets;
    const { lines, taxes } = laidOut.layout;
    const after = (account: string, before: Money): Money =>
      money.add(before, movedTo(sheet, account, order));
    const zero = money.zero(order.currency);
    const is = (kinds: readonly OrderLine['kind'][]): Money => netOfKinds(order, kinds);
    const sales = after('Sales', sumOf(lines, order));
    const payments = steps.filter((step) => step.kind === 'payment');
    const byCard = payments.filter(({ note }) => note.startsWith('gift_card'));
    assert.deepEqual(movedTo(sheet, 'Petty Cash', order), sumOf(byCard, order));
    const giftCards = money.add(after('Gift cards (liability)', zero), sumOf(byCard, order));
    assert.deepEqual(money.add(sales, giftCards), is(['item', 'shipping', 'gift-card']));
    if (sheet?.remarks.every(({ why }) => why !== 'discount-shared') === true) {
      assert.deepEqual(giftCards, is(['gift-card']));
    }
    assert.deepEqual(after('Tips', zero), is(['tip']));
    assert.deepEqual(after('Duties', zero), is(['duty']));
    assert.deepEqual(after('Additional fees', zero), is(['fee']));
    const charged = taxes.map((tax) => ({ amount: tax.charged }));
    assert.deepEqual(after('Sales tax', sumOf(taxes, order)), sumOf(charged, order));
  }),
);

/** What the entries credit to the accounts with this beginning, less what they debit. */
function movedTo(sheet: Sheet | undefined, account: string, { currency }: Order): Money {
  const isIt = (name: string): boolean => name === account || name.startsWith(`${account}:`);
  return money.sum(
    (sheet?.entries ?? []).flatMap(({ debit, credit, amount }) => [
      ...(isIt(credit) ? [amount] : []),
      ...(isIt(debit) ? [money.negate(amount)] : []),
    ]),
    currency,
  );
}

function netOfKinds(
  { lines, pricesIncludeTax, currency }: Order,
  kinds: readonly OrderLine['kind'][],
): Money {
  return money.sum(
    lines.filter(({ kind }) => kinds.includes(kind)).map((line) => netOf(line, pricesIncludeTax)),
    currency,
  );
}

function sumOf(parts: readonly { readonly amount: Money }[], { currency }: Order): Money {
  return money.sum(
    parts.map(({ amount }) => amount),
    currency,
  );
}
