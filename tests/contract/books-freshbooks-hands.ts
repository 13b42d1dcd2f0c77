import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createFreshBooksBooks } from '#books/freshbooks/freshbooks.ts';
import type { Books, Standing } from '#pipeline/ports.ts';
import type { Transport } from '#net/request.ts';
import { openFreshBooks } from '#tests/contract/books-freshbooks.ts';
import type { FreshBooksWorld, WorldOptions } from '#tests/contract/books-freshbooks.ts';
import { clientTask } from '#tests/contract/books-tasks.ts';

/** What the tests of FreshBooks' books share: an account with rows of other hands, and answers put otherwise. */

/** As a FreshBooks that knows none of our filters: it answers the whole list. */
export function deafToFilters(world: FreshBooksWorld): Books {
  const transport: Transport = (request) => {
    const url = new URL(request.url);
    for (const key of Array.from(url.searchParams.keys())) {
      if (key.startsWith('search')) {
        url.searchParams.delete(key);
      }
    }
    return world.options.transport(new Request(url, request));
  };
  return createFreshBooksBooks({ ...world.options, transport });
}

/** The account's answers, put otherwise. */
export function respelt(world: FreshBooksWorld, put: (text: string, method: string) => string): Books {
  const transport: Transport = async (request) => {
    const response = await world.options.transport(request);
    return new Response(put(await response.text(), request.method), response);
  };
  return createFreshBooksBooks({ ...world.options, transport });
}

export function booksTest(
  name: string,
  options: WorldOptions,
  body: (world: FreshBooksWorld) => Promise<void>,
): void {
  void test(name, async () => {
    const world = await openFreshBooks(options);
    try {
      await body(world);
      assert.equal(world.sim.outbox.length, 0, 'no buyer hears from us');
    } finally {
      await world.close();
    }
  });
}

export async function clientIn(world: FreshBooksWorld): Promise<string> {
  return (await world.books.apply(clientTask())).externalId;
}

/** Other invoices around the date, more than a page of them. */
export function crowd(world: FreshBooksWorld, count: number): number {
  const customerid = world.sim.byHand().addClient({ organization: 'Somebody else' });
  for (let index = 0; index < count; index += 1) {
    world.sim.byHand().addInvoice({
      customerid,
      create_date: '2026-11-10',
      invoice_number: `SHOPIFY-1001${index}`,
    });
  }
  return customerid;
}

export function handMade(world: FreshBooksWorld, fields: Record<string, string>, clientId?: string): number {
  const customerid = clientId ?? String(world.sim.byHand().addClient({ organization: 'By hand' }));
  const { amount = '29.70', ...rest } = fields;
  return world.sim.byHand().addInvoice({
    customerid: Number(customerid),
    create_date: '2026-11-10',
    invoice_number: 'SHOPIFY-1001',
    currency_code: 'CAD',
    lines: [{ name: 'All', qty: 1, unit_cost: { amount, code: rest['currency_code'] ?? 'CAD' } }],
    ...rest,
  });
}

export async function handClient(world: FreshBooksWorld): Promise<string> {
  return String(world.sim.byHand().addClient({ fname: 'By', lname: 'Hand', email: 'hand@example.com' }));
}

export function codeOf(found: Standing): string {
  return found.state === 'unclear' ? found.code : found.state;
}
