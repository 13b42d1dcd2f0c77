import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Failure } from '#core/failure.ts';
import * as money from '#core/money.ts';
import { parseLocalDate } from '#core/time.ts';
import { openFreshBooks } from '#tests/contract/books-freshbooks.ts';
import { createApi } from './api.ts';
import type { Api } from './api.ts';
import { isObject, listIn } from './json.ts';
import { readOtherInvoices } from './standing-invoices.ts';

const DAYS = { since: parseLocalDate('2026-11-10'), until: parseLocalDate('2026-11-12') };

type World = Awaited<ReturnType<typeof openFreshBooks>>;

function addInvoice({ sim }: World, number: string, day: string, notes = ''): number {
  const hand = sim.byHand();
  return hand.addInvoice({
    customerid: hand.addClient({ fname: 'Jane' }),
    create_date: day,
    invoice_number: number,
    notes,
    lines: [{ name: 'All of it', qty: 1, unit_cost: { amount: '12.50', code: 'USD' } }],
  });
}

void describe('invoices of some days that stand in an account', () => {
  void test('are told over all pages, without those of other days, of this program and what was deleted', async () => {
    const world = await openFreshBooks();
    const numbers = Array.from({ length: 120 }, (_, index) => `A${1000 + index}`);
    numbers.toReversed().forEach((number) => addInvoice(world, number, '2026-11-11'));
    addInvoice(world, 'B1', '2026-11-09');
    addInvoice(world, 'B2', '2026-11-13');
    addInvoice(world, 'B3', '2026-11-10');
    addInvoice(world, 'B4', '2026-11-12');
    addInvoice(world, 'B5', '2026-11-11', 'Thanks\n[counterfoil shopify/1/invoice/1]');
    world.sim.byHand().deleteInvoice(addInvoice(world, 'B6', '2026-11-11'));
    const others = await readOtherInvoices(createApi(world.options), DAYS);
    assert.deepEqual(
      others.map(({ number }) => number),
      [...numbers, 'B3', 'B4'],
    );
    assert.deepEqual(others[0], {
      number: 'A1000',
      issuedOn: '2026-11-11',
      total: money.parse('12.50', 'USD'),
    });
    await world.close();
  });

  void test('are not told at all where there are too many to look through', async () => {
    const world = await openFreshBooks();
    addInvoice(world, 'A1', '2026-11-11');
    const api = createApi(world.options);
    const state = { pages: 0 };
    const endless: Api['get'] = async (path, asking) => {
      state.pages += 1;
      const reply = await api.get(path, { ...asking, query: [] });
      const rows = reply.outcome === 'done' ? listIn(reply.result, 'invoices').filter(isObject) : [];
      // A page of rows that were shown would be the end.
      const invoices = rows.map((row) => ({ ...row, id: String(state.pages) }));
      return reply.outcome === 'done'
        ? { ...reply, result: { ...reply.result, invoices, page: String(state.pages), pages: '1000' } }
        : reply;
    };
    await assert.rejects(
      readOtherInvoices({ get: endless }, DAYS),
      (thrown) => thrown instanceof Failure && /Ask for fewer days/.test(thrown.message),
    );
    assert.equal(state.pages, 100);
    await world.close();
  });
});
