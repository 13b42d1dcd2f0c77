import { seededRandom } from '#sim/world/random.ts';
import type { Clock, Random } from '#sim/world/random.ts';
import { randomAmazonEvent, randomAmazonRecipe } from './chance.ts';
import { createLedger } from './ledger.ts';
import type { BalanceEntry, Ledger, Transaction } from './ledger.ts';
import { happenAt } from './life.ts';
import type { AmazonLifeEvent } from './life.ts';
import type { AmazonOrder, OrderEvent } from './order.ts';
import { placeAmazonOrder } from './place.ts';
import type { AmazonMoment } from './place.ts';
import type { AmazonRecipe } from './recipe.ts';
import { AMAZON_SCENARIOS } from './scenarios.ts';
import type { AmazonScenarioName } from './scenarios.ts';

/**
 * One seller on Amazon, in all marketplaces: his orders and what became of them. It knows nothing of HTTP. Orders are
 * immutable: every event replaces the order by its next state and tells the listeners.
 */
export interface AmazonWorld {
  readonly sellerId: string;
  /** Oldest first. */
  orders(): readonly AmazonOrder[];
  order(id: string): AmazonOrder | undefined;
  /** Same seed, same calls, same clock: the same order. */
  place(recipe: AmazonRecipe): AmazonOrder;
  /** An order of a named kind, with the whole life that belongs to it. */
  scenario(name: AmazonScenarioName): AmazonOrder;
  placeRandom(): AmazonOrder;
  /** Lets something happen that can happen to this order as it stands. */
  actRandom(id: string): AmazonOrder;
  /** Lets one thing happen to an order. */
  act(id: string, event: AmazonLifeEvent): AmazonOrder;
  /** Everything that ever happened to orders, oldest first. */
  events(): readonly OrderEvent[];
  /** The seller's balance, oldest first. */
  transactions(): readonly Transaction[];
  /** Amazon gives free what has come of age by now. */
  release(): void;
  /** Pays out what is free. */
  settle(): void;
  /** A fee for no order, or money for lost goods. */
  post(entry: BalanceEntry): void;
  /** Calls back after every event of an order, and for every transaction that is new or changed. */
  subscribe(listener: AmazonListener): void;
}

export interface AmazonListener {
  order?(event: OrderEvent): void;
  transaction?(transaction: Transaction): void;
}

export interface AmazonWorldOptions {
  readonly seed: number;
  readonly clock: Clock;
  readonly sellerId?: string;
  /** Whether Amazon tells this seller the tax that inclusive prices hold; by its recipe for each order when left out. */
  readonly vat?: 'told' | 'untold';
}

const DEFAULT_SELLER = 'A2COUNTERFOIL1';
const DAY_MS = 86_400_000;
const SECOND_MS = 1_000;

interface State {
  readonly clock: Clock;
  readonly random: Random;
  readonly orders: Map<string, AmazonOrder>;
  readonly log: OrderEvent[];
  readonly listeners: AmazonListener[];
  readonly ledger: Ledger;
  readonly vat: AmazonWorldOptions['vat'];
}

export function createAmazonWorld({ seed, clock, sellerId, vat }: AmazonWorldOptions): AmazonWorld {
  const listeners: AmazonListener[] = [];
  const ledger = createLedger((transaction) => {
    for (const listener of listeners) listener.transaction?.(transaction);
  });
  const state: State = {
    clock,
    random: seededRandom(seed),
    orders: new Map(),
    log: [],
    listeners,
    ledger,
    vat,
  };
  return {
    sellerId: sellerId ?? DEFAULT_SELLER,
    orders: () => [...state.orders.values()],
    order: (id) => state.orders.get(id),
    place: (recipe) => place(state, recipe),
    scenario: (name) => {
      const { recipe, life } = AMAZON_SCENARIOS[name];
      return life.reduce((order, event) => act(state, order.id, event), place(state, recipe));
    },
    placeRandom: () => place(state, randomAmazonRecipe(state.random)),
    actRandom: (id) => act(state, id, randomAmazonEvent(state.random, found(state, id))),
    act: (id, event) => act(state, id, event),
    events: () => state.log,
    transactions: () => ledger.transactions(),
    release: () => ledger.release(clock.now()),
    settle: () => ledger.settle(momentOf(state)),
    post: (entry) => ledger.post(entry, momentOf(state)),
    subscribe: (listener) => {
      listeners.push(listener);
    },
  };
}

function place(state: State, recipe: AmazonRecipe): AmazonOrder {
  const { now, random } = momentOf(state);
  const told = state.vat === undefined ? recipe : { ...recipe, isTaxUntold: state.vat === 'untold' };
  const order = placeAmazonOrder(told, { now: now - (recipe.daysAgo ?? 0) * DAY_MS, random });
  if (state.orders.has(order.id)) throw new Error(`The seed drew order id ${order.id} twice`);
  return commit(state, { order, kind: 'created' });
}

function act(state: State, id: string, event: AmazonLifeEvent): AmazonOrder {
  const before = found(state, id);
  const moment = momentOf(state);
  const { order, told } = happenAt(before, event, moment);
  // Money that moves in Finances leaves the order's own time alone.
  const updatedAt = told === 'money' ? before.updatedAt : Math.max(moment.now, before.updatedAt + SECOND_MS);
  return commit(state, { order: { ...order, updatedAt }, kind: told });
}

function found(state: State, id: string): AmazonOrder {
  const order = state.orders.get(id);
  if (order === undefined) throw new Error(`The seller has no order ${id}`);
  return order;
}

function commit(state: State, event: OrderEvent): AmazonOrder {
  const before = state.orders.get(event.order.id) ?? null;
  state.orders.set(event.order.id, event.order);
  state.log.push(event);
  for (const listener of state.listeners) listener.order?.(event);
  state.ledger.follow(before, event.order, momentOf(state));
  return event.order;
}

function momentOf(state: State): AmazonMoment {
  const now = state.clock.now();
  return { now: now - (now % SECOND_MS), random: state.random };
}
