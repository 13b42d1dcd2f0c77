import type { Json } from './json.ts';
import type { Call, Operation } from './operation.ts';
import { answer, invalidInput } from './refusal.ts';
import { SANDBOX_ORDERS } from './sandbox-orders.ts';

/**
 * The static sandbox: Amazon answers published requests with published answers, and only those (vendors/amazon.md 7). The
 * requests here are the published ones; the bodies have their shapes and our own figures.
 */
interface Case {
  readonly operation: string;
  /** Every parameter of the request, lists with commas; `any`: whatever is asked. */
  readonly parameters: Readonly<Record<string, string>> | 'any';
  readonly status?: number;
  readonly body: Json;
}

const EIGHT = 'BUYER,RECIPIENT,PROCEEDS,EXPENSE,PROMOTION,CANCELLATION,FULFILLMENT,PACKAGES';
const { BRAZILIAN, TURKISH, AMERICAN, JAPANESE, BRITISH, BUSINESS } = SANDBOX_ORDERS;

const BAD: Json = { errors: [{ code: 'InvalidInput', message: 'Invalid Input' }] };
const BAD_IN_DETAIL: Json = {
  errors: [{ code: 'InvalidInput', message: 'Invalid Input', details: 'Invalid Input' }],
};

const ORDERS: readonly Case[] = [
  {
    operation: 'getOrder',
    parameters: { orderId: '171-9876543-2109876', includedData: EIGHT },
    body: { order: BRAZILIAN },
  },
  {
    operation: 'getOrder',
    parameters: { orderId: '028-1234567-8901234', includedData: 'BUYER,RECIPIENT,PROCEEDS,FULFILLMENT,TAX' },
    body: { order: TURKISH },
  },
  {
    operation: 'getOrder',
    parameters: { orderId: '114-9876543-1234567', includedData: 'RECIPIENT,PROCEEDS,FULFILLMENT' },
    body: { order: AMERICAN },
  },
  { operation: 'getOrder', parameters: { orderId: 'TEST_CASE_400' }, status: 400, body: BAD },
  {
    operation: 'searchOrders',
    parameters: {
      createdAfter: '2024-12-25T00:00:00Z',
      marketplaceIds: 'A1VC38T7YXB528',
      includedData: EIGHT,
    },
    body: {
      orders: [JAPANESE],
      pagination: { nextToken: 'c2FuZGJveC1wYWdl' },
      createdBefore: '2025-06-02T10:00:00Z',
    },
  },
  {
    operation: 'searchOrders',
    parameters: {
      createdAfter: '2024-12-23T00:00:00Z',
      marketplaceIds: 'A1F83G8C2ARO7P',
      includedData: EIGHT,
      paginationToken: '9ZhB4RmVyc2lvbiAxLjAgb2YgdGhl',
    },
    body: { orders: [BRITISH], createdBefore: '2025-06-02T10:00:00Z' },
  },
  {
    operation: 'searchOrders',
    parameters: {
      createdAfter: '2024-12-20T00:00:00Z',
      marketplaceIds: 'A2Q3Y263D00KWC',
      includedData: 'BUYER,RECIPIENT,PROCEEDS,FULFILLMENT,TAX,PAYMENT',
    },
    body: { orders: [BUSINESS], createdBefore: '2025-06-02T10:00:00Z' },
  },
  {
    operation: 'searchOrders',
    parameters: { createdAfter: 'TEST_CASE_400' },
    status: 400,
    body: BAD_IN_DETAIL,
  },
];

const FINANCES: readonly Case[] = [
  {
    operation: 'listTransactions',
    parameters: { postedAfter: '2023-03-07', nextToken: 'jehgri34yo7jr9e8f984tr9i4o' },
    body: {
      payload: {
        nextToken: 'sandbox-next-page',
        transactions: [
          {
            sellingPartnerMetadata: {
              sellingPartnerId: 'A2COUNTERFOIL1',
              accountType: 'PAYABLE',
              marketplaceId: 'ATVPDKIKX0DER',
            },
            relatedIdentifiers: [
              { relatedIdentifierName: 'FINANCIAL_EVENT_GROUP_ID', relatedIdentifierValue: 'sandbox-group' },
              { relatedIdentifierName: 'ORDER_ID', relatedIdentifierValue: '114-9876543-1234567' },
            ],
            transactionType: 'Shipment',
            postedDate: '2025-06-03T15:00:00.000Z',
            totalAmount: { currencyAmount: 20, currencyCode: 'USD' },
          },
        ],
      },
    },
  },
  {
    operation: 'listTransactions',
    parameters: { postedBefore: '2022-03-07' },
    status: 400,
    body: {
      errors: [
        { code: 'InvalidInput', message: 'Start date cannot be null', details: 'Start date cannot be null' },
      ],
    },
  },
];

const destination: Json = {
  destinationId: 'SANDBOX_DESTINATION',
  resource: { sqs: { arn: 'arn:aws:sqs:us-east-1:210987654321:sandbox' } },
  name: 'Sandbox',
};
const subscription: Json = {
  subscriptionId: 'SANDBOX_SUBSCRIPTION',
  payloadVersion: '1.0',
  destinationId: 'SANDBOX_DESTINATION',
};

const NOTIFICATIONS: readonly Case[] = [
  { operation: 'createDestination', parameters: 'any', body: { payload: destination } },
  { operation: 'getDestinations', parameters: 'any', body: { payload: [destination] } },
  { operation: 'getDestination', parameters: 'any', body: { payload: destination } },
  { operation: 'deleteDestination', parameters: 'any', body: {} },
  { operation: 'createSubscription', parameters: 'any', body: { payload: subscription } },
  { operation: 'getSubscription', parameters: 'any', body: { payload: subscription } },
  {
    operation: 'getSubscriptions',
    parameters: { notificationTypes: 'ANY_OFFER_CHANGED' },
    body: { payload: { subscriptions: [subscription] } },
  },
  { operation: 'getSubscriptionById', parameters: 'any', body: { payload: subscription } },
  { operation: 'deleteSubscriptionById', parameters: 'any', body: {} },
];

const CASES = [...ORDERS, ...FINANCES, ...NOTIFICATIONS];

/** Null where the sandbox has no static answers and the operation itself must do. */
export function sandboxAnswer(operation: Operation, call: Call): Response | null {
  const own = CASES.filter((entry) => entry.operation === operation.name);
  if (own.length === 0) return null;
  const given = parametersOf(call);
  const found = own.find(({ parameters }) => parameters === 'any' || isSame(parameters, given));
  if (found === undefined) return invalidInput('Invalid Input', 'Could not match input arguments');
  return answer(found.body, { status: found.status ?? 200, rate: call.rate });
}

function parametersOf({ path, query }: Call): ReadonlyMap<string, string> {
  const given = new Map(path);
  for (const name of query.keys()) given.set(name, query.getAll(name).join(','));
  return given;
}

function isSame(wanted: Readonly<Record<string, string>>, given: ReadonlyMap<string, string>): boolean {
  const names = Object.keys(wanted);
  return (
    names.length === given.size && names.every((name) => inOrder(wanted[name]) === inOrder(given.get(name)))
  );
}

/** A list is the same in any order. */
function inOrder(text: string | undefined): string | undefined {
  return text?.split(',').toSorted().join(',');
}
