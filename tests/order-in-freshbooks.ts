import { createFreshBooksBooks } from '#books/freshbooks/freshbooks.ts';
import { fold } from '#core/ledger.ts';
import type { Booked } from '#core/ledger.ts';
import type { Order } from '#core/order.ts';
import type { Rules } from '#core/rules.ts';
import { MINUTE } from '#core/time.ts';
import type { Machine } from '#pipeline/machine.ts';
import { decideOrder } from '#pipeline/release.ts';
import type { Decision } from '#pipeline/release.ts';
import { sortDelivery } from '#pipeline/sorter.ts';
import type { OrderRecord } from '#pipeline/ports.ts';
import { ORDER, SHOP, rules } from '#tests/build.ts';
import { openFreshBooks } from '#tests/contract/books-freshbooks.ts';
import type { FreshBooksWorld, WorldOptions } from '#tests/contract/books-freshbooks.ts';
import { openWorld } from '#tests/one-order.ts';

/** The pipeline on one order, with FreshBooks simulated behind the real adapter: for what happens between two calls. */
export interface OrderInFreshBooks {
  readonly freshbooks: FreshBooksWorld;
  /** What a person has imported last. */
  readonly import: (parts: Partial<Rules>) => Promise<void>;
  /** The shop tells of the order, and it is worked on. */
  readonly show: (order: Order) => Promise<void>;
  /** Time passes until what was unknown is known. */
  readonly wait: () => Promise<void>;
  /** Its state and the codes of the questions on it. */
  readonly state: () => Promise<readonly string[]>;
  readonly booked: () => Promise<Booked>;
  /** What a person was told of the account or the order. */
  readonly told: () => Promise<readonly string[]>;
  /** Of each invoice: total, paid, whether it is a draft. */
  readonly invoices: () => readonly string[];
  readonly requests: readonly SentRequest[];
  readonly answerWith: (change: (text: string, request: Request) => string) => void;
  /** A person answers what is asked of it, and it is worked on. */
  readonly decide: (decision: Decision) => Promise<void>;
  readonly put: (parts: Partial<OrderRecord>) => Promise<void>;
  readonly close: () => Promise<void>;
}

interface SentRequest {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

export async function openOrderInFreshBooks({
  freshbooks: options = {},
  rules: own = {},
}: { readonly freshbooks?: WorldOptions; readonly rules?: Partial<Rules> } = {}): Promise<OrderInFreshBooks> {
  const freshbooks = await openFreshBooks(options);
  const requests: SentRequest[] = [];
  let change = (text: string, _request: Request): string => text;
  const books = createFreshBooksBooks({
    ...freshbooks.options,
    async transport(request) {
      const body = request.method === 'GET' ? '' : await request.clone().text();
      requests.push({ method: request.method, path: new URL(request.url).pathname, body });
      const response = await freshbooks.options.transport(request);
      return new Response(change(await response.text(), request), response);
    },
  });
  const world = await openWorld();
  const [[, route] = []] = world.machine.routes;
  if (route === undefined) {
    throw new Error('the shop has a route');
  }
  const machine: Machine = { ...world.machine, routes: new Map([[SHOP, { ...route, books }]]) };
  const { store, clock, current } = world;
  let versions = 1;
  let messages = 0;
  const importRules = async (parts: Partial<Rules>): Promise<void> => {
    versions += 1;
    current.now = { version: `rules-${versions}`, rules: rules(parts) };
    await store.transact((tx) => tx.putRules(current.now.version, current.now.rules));
  };
  await importRules(own);
  return {
    freshbooks,
    requests,
    import: importRules,
    async show(shown) {
      messages += 1;
      await sortDelivery(machine, await world.accept(`m-${messages}`, shown));
      await world.work(machine);
    },
    async wait() {
      for (let times = 0; times < 6; times += 1) {
        await clock.advance(2 * MINUTE);
        freshbooks.clock.advance(2 * MINUTE);
        await world.work(machine);
      }
    },
    async state() {
      const holds = await store.read.holds({ order: ORDER, isOpen: true });
      const record = await store.read.order(ORDER);
      return [record?.state ?? 'unknown', ...holds.map(({ code }) => code)];
    },
    booked: async () => fold(await store.read.entriesOf(ORDER)),
    told: async () => (await store.read.notices()).map(({ sentence }) => sentence),
    invoices: () =>
      freshbooks.sim
        .account()
        .invoices.map(({ amount, paid, v3Status }) => `${amount}, paid ${paid}, ${v3Status}`),
    answerWith: (next) => void (change = next),
    async decide(decision) {
      await decideOrder(store, ORDER, { decision, now: clock.now() });
      await world.work(machine);
    },
    async put(parts) {
      await store.transact(async (tx) => {
        const record = await tx.order(ORDER);
        if (record !== undefined) {
          await tx.putOrder({ ...record, state: 'due', dueAt: clock.now(), ...parts });
        }
      });
      await world.work(machine);
    },
    async close() {
      await store.close();
      await freshbooks.close();
    },
  };
}
