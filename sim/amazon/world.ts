import { seededRandom } from '#sim/world/random.ts';
import type { Clock, Random } from '#sim/world/random.ts';
import { happenAt } from './life.ts';
import type { AmazonLifeEvent } from './life.ts';
import type { AmazonOrder, OrderEvent } from './order.ts';
import { placeAmazonOrder } from './place.ts';
import type { AmazonMoment } from './place.ts';
import type { AmazonRecipe } from './recipe.ts';

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
  /** Lets one thing happen to an order. */
  act(id: string, event: AmazonLifeEvent): AmazonOrder;
  /** Everything that ever happened, oldest first. */
  events(): readonly OrderEvent[];
  /** Calls back after every event. */
  subscribe(listener: (event: OrderEvent) => void): void;
}

export interface AmazonWorldOptions {
  readonly seed: number;
  readonly clock: Clock;
  readonly sellerId?: string;
}

const DEFAULT_SELLER = 'A2COUNTERFOIL1';
const DAY_MS = 86_400_000;
const SECOND_MS = 1_000;

interface State {
  readonly clock: Clock;
  readonly random: Random;
  readonly orders: Map<string, AmazonOrder>;
  readonly log: OrderEvent[];
  readonly listeners: ((event: OrderEvent) => void)[];
}

export function createAmazonWorld({ seed, clock, sellerId }: AmazonWorldOptions): AmazonWorld {
  const state: State = {
    clock,
    random: seededRandom(seed),
    orders: new Map(),
    log: [],
    listeners: [],
  };
  return {
    sellerId: sellerId ?? DEFAULT_SELLER,
    orders: () => [...state.orders.values()],
    order: (id) => state.orders.get(id),
    place: (recipe) => place(state, recipe),
    act: (id, event) => act(state, id, event),
    events: () => state.log,
    subscribe: (listener) => {
      state.listeners.push(listener);
    },
  };
}

function place(state: State, recipe: AmazonRecipe): AmazonOrder {
  const { now, random } = momentOf(state);
  const order = placeAmazonOrder(recipe, { now: now - (recipe.daysAgo ?? 0) * DAY_MS, random });
  if (state.orders.has(order.id)) throw new Error(`The seed drew order id ${order.id} twice`);
  return commit(state, { order, kind: 'created' });
}

function act(state: State, id: string, event: AmazonLifeEvent): AmazonOrder {
  const before = state.orders.get(id);
  if (before === undefined) throw new Error(`The seller has no order ${id}`);
  const moment = momentOf(state);
  const { order, told } = happenAt(before, event, moment);
  // Money that moves in Finances leaves the order's own time alone.
  const updatedAt = told === 'money' ? before.updatedAt : Math.max(moment.now, before.updatedAt + SECOND_MS);
  return commit(state, { order: { ...order, updatedAt }, kind: told });
}

function commit(state: State, event: OrderEvent): AmazonOrder {
  state.orders.set(event.order.id, event.order);
  state.log.push(event);
  for (const listener of state.listeners) listener(event);
  return event.order;
}

function momentOf(state: State): AmazonMoment {
  const now = state.clock.now();
  return { now: now - (now % SECOND_MS), random: state.random };
}
