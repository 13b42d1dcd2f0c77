import { ORDER_STATES } from '#core/lifecycle.ts';
import type { OrderState } from '#core/lifecycle.ts';
import { SEARCH_CHARACTERS_MAX } from '#pipeline/ports.ts';

/** What of the orders is asked for, as the command's options. */
export interface OrdersQuery {
  readonly state?: OrderState;
  readonly search?: string;
  /** The key of the order that the list goes on after. */
  readonly before?: string;
  readonly limit: number;
}

const LIMIT_MAX = 1000;
const LIMIT = 50;

/** What can be asked for, for who asked otherwise. */
export const ORDERS_QUERY = `Ask by state (${ORDER_STATES.join(', ')}), search (up to ${SEARCH_CHARACTERS_MAX} characters), before (the key of an order) and limit (1 to ${LIMIT_MAX})`;

/** Nothing when something of it cannot be asked. */
export function ordersQuery(query: unknown): OrdersQuery | undefined {
  const given = typeof query === 'object' && query !== null ? Object.entries(query) : [];
  let asked: OrdersQuery = { limit: LIMIT };
  for (const [name, value] of given) {
    const next = typeof value === 'string' ? one(name, value) : undefined;
    if (next === undefined) {
      return undefined;
    }
    asked = { ...asked, ...next };
  }
  return asked;
}

function one(name: string, value: string): Partial<OrdersQuery> | undefined {
  switch (name) {
    case 'state': {
      const state = ORDER_STATES.find((each) => each === value);
      return state === undefined ? undefined : { state };
    }
    case 'search':
      return value.length > SEARCH_CHARACTERS_MAX ? undefined : { search: value };
    case 'before':
      return value === '' ? undefined : { before: value };
    case 'limit': {
      const limit = Number(value);
      return /^\d{1,6}$/.test(value) && limit >= 1 && limit <= LIMIT_MAX ? { limit } : undefined;
    }
    default:
      return undefined;
  }
}
