import { fromJson, toJson } from '#core/json.ts';
import { connectionId } from '#core/ids.ts';
import * as money from '#core/money.ts';
import type { Buyer, Order } from '#core/order.ts';
import { MINUTE } from '#core/time.ts';
import type { Machine } from '#pipeline/machine.ts';
import { FOUND_TOPIC, READ_TOPIC } from '#pipeline/source.ts';
import type { Books, Task } from '#pipeline/ports.ts';
import type { Source } from '#pipeline/source.ts';
import { createRecentBuyers } from '#pipeline/recent-buyers.ts';
import { run } from '#pipeline/worker.ts';
import { createSeal } from '#storage/seal.ts';
import { openSqlite, sqliteDialect } from '#storage/sqlite.ts';
import { openStore } from '#storage/store.ts';
import { ORDER, SHOP, message, order, rules } from '#tests/build.ts';
import { testClock } from '#tests/clock.ts';

/** The pipeline on one order, with a store that is real and with a shop and books that are lists. */

const BUYER: Buyer = {
  customerId: '77',
  firstName: 'Ann',
  lastName: 'Bell',
  company: '',
  email: 'ann@example.com',
  phone: '',
  address: { street: '', street2: '', city: '', province: '', postalCode: '', country: '' },
};
export const usd = (text: string) => money.parse(text, 'USD');

/** A shop whose messages are canonical orders. */
function shopOf(answer: () => Order | Promise<Order>, canRead: boolean): Source {
  return {
    connection: SHOP,
    canRead,
    readNeeds: '',
    refusalUnread: () => ({ why: 'not asked here' }),
    verify: async () => ({ proof: 'refused', why: 'not asked here' }),
    sort: ({ topic, body }) => {
      if (topic === 'deleted') {
        return { kind: 'deleted', order: ORDER };
      }
      const text = new TextDecoder().decode(body);
      return topic === 'touch' || topic === FOUND_TOPIC
        ? { kind: 'touch', order: ORDER, why: 'Touched' }
        : { kind: 'order', snapshot: { order: fromJson<Order>(text), buyer: BUYER } };
    },
    spareAt: () => undefined,
    read: async () => ({ externalId: 'read', topic: READ_TOPIC, headers: {}, body: bytesOf(await answer()) }),
  };
}

function bytesOf(shown: Order): Uint8Array {
  return new TextEncoder().encode(toJson(shown));
}

/** Books that take whatever they are told, and keep every task they were told. */
export function booksOf(tasks: Task[]): Books {
  let outstanding = money.zero('USD');
  return {
    connection: connectionId('freshbooks'),
    find: async () => ({ state: 'absent' }),
    async apply(task) {
      tasks.push(task);
      const externalId = `${task.kind}-${tasks.length}`;
      switch (task.kind) {
        case 'client':
          return { externalId };
        case 'invoice':
          outstanding = task.step.document.total;
          return { externalId, amount: task.step.document.total, outstanding };
        case 'lines':
          outstanding = task.step.document.total;
          return { externalId, amount: outstanding, outstanding };
        case 'sent':
          return { externalId, outstanding };
        case 'void':
        case 'payment-change':
        case 'expense':
        case 'credit-note':
          return { externalId };
        case 'payment':
          outstanding = money.subtract(outstanding, task.step.amount);
          return { externalId, amount: task.step.amount, outstanding };
      }
    },
    fits: () => true,
    spareAt: async () => undefined,
    fillClient: async () => undefined,
  };
}

export async function openWorld({
  answer = () => order(),
  canRead = true,
}: { answer?: () => Order | Promise<Order>; canRead?: boolean } = {}) {
  const clock = testClock();
  const dialect = sqliteDialect(openSqlite(':memory:'));
  const { store } = await openStore({ dialect, clock, seal: createSeal('key') });
  const tasks: Task[] = [];
  /** What a person has imported last. */
  const current = { now: { version: 'rules-1', rules: rules() } };
  const route = { source: shopOf(answer, canRead), books: booksOf(tasks), rules: async () => current.now };
  await store.transact((tx) => tx.putRules(current.now.version, current.now.rules));
  const machine: Machine = {
    store,
    queue: { wake: () => undefined },
    clock,
    random: () => 0,
    emit: () => undefined,
    routes: new Map([[SHOP, route]]),
    buyers: createRecentBuyers(),
    holder: 'one',
    unknownWaitMs: MINUTE,
  };
  const accept = async (externalId: string, shown: Order, topic = 'orders/updated'): Promise<string> => {
    const { id } = await store.transact((tx) =>
      tx.acceptDelivery(message({ externalId, topic, body: bytesOf(shown) }), clock.now()),
    );
    return id;
  };
  const work = (on: Machine): Promise<void> => run(on, `order:${ORDER}`, new AbortController().signal);
  return { clock, store, tasks, current, machine, accept, work };
}
