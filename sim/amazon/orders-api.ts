import { listIn } from './operation.ts';
import type { Call, Operation } from './operation.ts';
import { orderBody } from './order-body.ts';
import { createOrderSearch, isIn } from './order-search.ts';
import { answer, invalidInput, notFound } from './refusal.ts';
import { DATASETS } from './view.ts';
import type { Dataset } from './view.ts';

/** Orders v2026-01-01: the two reads (vendors/amazon.md 5). */
export function ordersApi(): readonly Operation[] {
  const search = createOrderSearch();
  return [
    {
      name: 'getOrder',
      method: 'GET',
      path: '/orders/2026-01-01/orders/{orderId}',
      plan: { rate: 0.5, burst: 30 },
      access: 'seller',
      answer: getOrder,
    },
    {
      name: 'searchOrders',
      method: 'GET',
      path: '/orders/2026-01-01/orders',
      plan: { rate: 0.0056, burst: 20 },
      access: 'seller',
      answer: (call) => {
        const included = includedIn(call);
        if (included === null) return invalidInput();
        const found = search(call);
        if (found instanceof Response) return found;
        const { orders, nextToken, before } = found;
        const body = {
          orders: orders.map((order) => orderBody(order, { ...call, included })),
          ...(nextToken === null ? {} : { pagination: { nextToken } }),
          ...before,
        };
        return answer(body, { rate: call.rate });
      },
    },
  ];
}

function getOrder(call: Call): Response {
  const included = includedIn(call);
  const id = call.path.get('orderId') ?? '';
  if (included === null || !/^\d{3}-\d{7}-\d{7}$/.test(id)) return invalidInput();
  const order = call.world.order(id);
  if (order === undefined || !isIn(order, call)) return notFound('Order not found.');
  const body = { order: orderBody(order, { ...call, included }) };
  return answer(body, { rate: call.rate });
}

function includedIn({ query }: Call): ReadonlySet<Dataset> | null {
  const wanted = listIn(query, 'includedData');
  const known = DATASETS.filter((dataset) => wanted.includes(dataset));
  return wanted.every((name) => known.some((dataset) => dataset === name)) ? new Set(known) : null;
}
