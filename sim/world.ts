import { PEOPLE } from './world/catalog.ts';
import { happen, payRecipe, stamped } from './world/life.ts';
import type { LifeEvent } from './world/life.ts';
import type { Change, Customer, WorldOrder } from './world/order.ts';
import type { Outcome } from './world/payments.ts';
import { addressOf, placeOrder } from './world/place.ts';
import type { Moment, Shop } from './world/place.ts';
import { DESTINATIONS } from './world/catalog.ts';
import { between, seededRandom } from './world/random.ts';
import type { Clock, Random } from './world/random.ts';
import { randomEvent, randomRecipe } from './world/chance.ts';
import type { Recipe } from './world/recipe.ts';
import { SCENARIOS } from './world/scenarios.ts';
import type { ScenarioName } from './world/scenarios.ts';

/**
 * The life of one seeded shop: its orders, who bought, what became of them. It knows nothing of HTTP; the Shopify
 * simulator shows it to the outside and `check.ts` says what the books must hold. Orders are immutable: every event
 * replaces the order by its next state and tells the listeners.
 */
export interface World {
  readonly shop: Shop;
  /** Every order that was not deleted, oldest first. */
  orders(): readonly WorldOrder[];
  order(id: bigint): WorldOrder | undefined;
  /** Places an order; same seed, same calls, same clock: the same order. */
  place(recipe: Recipe): WorldOrder;
  /** An order of a named kind, with the whole life that belongs to it. */
  scenario(name: ScenarioName): WorldOrder;
  /** An order of a random kind. */
  placeRandom(): WorldOrder;
  /** Lets one thing happen to an order. */
  act(id: bigint, event: LifeEvent): WorldOrder;
  /** Lets something happen that can happen to this order as it stands; false where nothing can any more. */
  actRandom(id: bigint): boolean;
  /** Everything that ever happened, oldest first. */
  changes(): readonly Change[];
  /** Calls back after every event with what it changed, in order. */
  subscribe(listener: (changes: readonly Change[]) => void): void;
}

export interface WorldOptions {
  readonly seed: number;
  readonly clock: Clock;
  readonly shop?: Partial<Shop>;
  /** `beyond 2^53`: ids that a JSON number cannot hold, as in Shopify's own sample order (vendors/shopify.md 4). */
  readonly ids?: 'ordinary' | 'beyond 2^53';
  /**
   * Whether `updated_at` is always later than before. Shopify's stamps have whole seconds, so two events within one
   * second may share one; `whole seconds` shows that.
   */
  readonly updatedAt?: 'always later' | 'whole seconds';
  readonly firstOrderNumber?: number;
  /** What happens by chance may put more units on a line. */
  readonly raises?: boolean;
}

const DEFAULT_SHOP: Shop = {
  id: 548_380_009n,
  name: 'Counterfoil Roasters',
  domain: 'counterfoil-roasters.myshopify.com',
  currency: 'USD',
  presentmentCurrencies: ['USD', 'CAD', 'EUR', 'GBP', 'JPY', 'KWD'],
  taxesIncluded: false,
  timeZone: 'America/New_York',
  namePrefix: '#',
};

const FIRST_ID = 6_015_334_000_000n;
const FIRST_ID_BEYOND = 9_007_199_254_740_993n;
const DAY_MS = 86_400_000;
const SECOND_MS = 1_000;

interface State {
  readonly options: WorldOptions;
  readonly shop: Shop;
  readonly random: Random;
  readonly orders: Map<bigint, WorldOrder>;
  readonly recipes: Map<bigint, Recipe>;
  readonly log: Change[];
  readonly listeners: ((changes: readonly Change[]) => void)[];
  lastId: bigint;
  orderNumber: number;
  customerCount: number;
  lastCustomer: { readonly customer: Customer; readonly person: number } | null;
}

export function createWorld(options: WorldOptions): World {
  const state: State = {
    options,
    shop: { ...DEFAULT_SHOP, ...options.shop },
    random: seededRandom(options.seed),
    orders: new Map(),
    recipes: new Map(),
    log: [],
    listeners: [],
    lastId: options.ids === 'beyond 2^53' ? FIRST_ID_BEYOND : FIRST_ID,
    orderNumber: options.firstOrderNumber ?? 1001,
    customerCount: 0,
    lastCustomer: null,
  };
  return {
    shop: state.shop,
    orders: () => [...state.orders.values()],
    order: (id) => state.orders.get(id),
    place: (recipe) => place(state, recipe),
    scenario: (name) => playScenario(state, name),
    placeRandom: () => place(state, randomRecipe(state.random, state.shop)),
    act: (id, event) => act(state, id, event),
    actRandom: (id) => {
      const event = randomEvent(state.random, found(state, id), options);
      if (event === null) return false;
      act(state, id, event);
      return true;
    },
    changes: () => state.log,
    subscribe: (listener) => {
      state.listeners.push(listener);
    },
  };
}

function playScenario(state: State, name: ScenarioName): WorldOrder {
  const { recipe, life } = SCENARIOS[name];
  let order = place(state, recipe);
  for (const step of life ?? []) order = act(state, order.id, step(order));
  return order;
}

function place(state: State, recipe: Recipe): WorldOrder {
  const moment = momentOf(state, recipe.daysAgo ?? 0);
  const buyer = buyerOf(state, recipe, moment);
  const orderNumber = state.orderNumber;
  state.orderNumber += 1;
  const placed = placeOrder({ shop: state.shop, recipe, orderNumber, ...buyer }, moment);
  const payment = payRecipe(placed, recipe.payment ?? { kind: 'open' }, moment);
  const outcome: Outcome = {
    order: payment.order,
    changes: [
      { kind: 'created', order: placed },
      ...payment.changes,
      { kind: 'updated', order: payment.order },
    ],
  };
  state.recipes.set(placed.id, recipe);
  return commit(state, stamped(outcome, placed.updatedAt));
}

function act(state: State, id: bigint, event: LifeEvent): WorldOrder {
  const order = found(state, id);
  const moment = momentOf(state, 0);
  const basis = { shop: state.shop, recipe: state.recipes.get(id) ?? { items: [] } };
  const outcome = happen(order, event, { basis, moment });
  if (event.kind === 'address') state.recipes.set(id, { ...basis.recipe, to: event.to });
  const isLater = state.options.updatedAt !== 'whole seconds';
  const updatedAt = isLater
    ? Math.max(moment.now, order.updatedAt + SECOND_MS)
    : Math.max(moment.now, order.updatedAt);
  return commit(state, stamped(outcome, updatedAt));
}

function commit(state: State, outcome: Outcome): WorldOrder {
  const { order, changes } = outcome;
  if (changes.some((change) => change.kind === 'deleted')) state.orders.delete(order.id);
  else state.orders.set(order.id, order);
  state.log.push(...changes);
  for (const listener of state.listeners) listener(changes);
  return order;
}

function found(state: State, id: bigint): WorldOrder {
  const order = state.orders.get(id);
  if (order === undefined) throw new Error(`The shop has no order ${id}`);
  return order;
}

/** Shopify's instants have whole seconds. */
function momentOf(state: State, daysAgo: number): Moment {
  const now = state.options.clock.now() - daysAgo * DAY_MS;
  return {
    now: now - (now % SECOND_MS),
    nextId: () => {
      state.lastId += BigInt(between(state.random, 1, 97)) * 2n;
      return state.lastId;
    },
  };
}

interface Buyer {
  readonly customer: Customer | null;
  readonly email: string | null;
  readonly person: number;
}

function buyerOf(state: State, recipe: Recipe, moment: Moment): Buyer {
  const choice = recipe.customer ?? { kind: 'new' };
  switch (choice.kind) {
    case 'guest':
      return { customer: null, email: choice.email, person: state.customerCount };
    case 'repeat':
      if (state.lastCustomer !== null) {
        const { customer, person } = state.lastCustomer;
        return { customer, email: customer.email, person };
      }
      return newBuyer(state, { recipe, person: undefined }, moment);
    case 'new':
      return newBuyer(state, { recipe, person: choice.person }, moment);
  }
}

function newBuyer(state: State, wish: { recipe: Recipe; person: number | undefined }, moment: Moment): Buyer {
  const person = wish.person ?? state.customerCount % PEOPLE.length;
  const who = PEOPLE[person % PEOPLE.length];
  state.customerCount += 1;
  const email = `buyer${state.customerCount}@example.com`;
  const customer: Customer = {
    id: moment.nextId(),
    firstName: who?.firstName ?? null,
    lastName: who?.lastName ?? null,
    email,
    phone: who?.phone ?? null,
    taxExempt: wish.recipe.taxExempt ?? false,
    createdAt: moment.now,
    defaultAddress: addressOf({ person }, DESTINATIONS[wish.recipe.to ?? 'US-CA'], moment),
  };
  state.lastCustomer = { customer, person };
  return { customer, email, person };
}
