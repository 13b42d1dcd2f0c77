/**
 * Every GraphQL text we send, in the version they were checked against (tests/wire/shopify-documents.test.ts). They ask only
 * for what bookkeeping needs, so that `read_orders` and `read_customers` are scopes enough: no products, returns or payment
 * terms (docs/vendors/shopify.md 11).
 */
export const API_VERSION = '2026-10';

const MONEY =
  'fragment M on MoneyBag { shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }';

const TRANSACTION = `fragment T on OrderTransaction {
  id kind status test gateway processedAt createdAt
  amountSet { ...M }
  amountRoundingSet { ...M }
}`;

const ADDRESS = `fragment A on MailingAddress {
  firstName lastName company phone address1 address2 city province provinceCode zip country countryCodeV2
}`;

/** Transactions and refunds are plain lists without pages: their counts tell whether they were cut. */
const ORDER_HEADER = `query OrderForAccounting($id: ID!) {
  shop { ianaTimezone }
  order(id: $id) {
    id name number test confirmed createdAt processedAt updatedAt cancelledAt cancelReason
    merchantOfRecordApp { id }
    displayFinancialStatus displayFulfillmentStatus sourceName tags currencyCode presentmentCurrencyCode taxesIncluded dutiesIncluded
    paymentGatewayNames
    email phone
    customer {
      id firstName lastName
      defaultEmailAddress { emailAddress }
      defaultPhoneNumber { phoneNumber }
      defaultAddress { ...A }
    }
    billingAddress { ...A }
    shippingAddress { ...A }
    totalPriceSet { ...M }
    currentTotalPriceSet { ...M }
    totalOutstandingSet { ...M }
    totalTipReceivedSet { ...M }
    originalTotalDutiesSet { ...M }
    originalTotalAdditionalFeesSet { ...M }
    totalCashRoundingAdjustment { paymentSet { ...M } refundSet { ...M } }
    taxLines { title rate channelLiable priceSet { ...M } }
    discountApplications(first: 100) {
      pageInfo { hasNextPage }
      nodes {
        __typename index
        ... on DiscountCodeApplication { code }
        ... on ManualDiscountApplication { title description }
        ... on AutomaticDiscountApplication { title }
        ... on ScriptDiscountApplication { title }
      }
    }
    shippingLines(first: 50, includeRemovals: true) {
      pageInfo { hasNextPage }
      nodes {
        id title isRemoved
        originalPriceSet { ...M }
        taxLines { title rate channelLiable priceSet { ...M } }
        discountAllocations { allocatedAmountSet { ...M } discountApplication { index } }
      }
    }
    transactionsCount { count }
    transactions(first: 100) { ...T }
    refunds(first: 100) { id }
  }
}
${ADDRESS}
${TRANSACTION}
${MONEY}`;

const ORDER_LINES = `query OrderLines($id: ID!, $after: String) {
  order(id: $id) {
    id updatedAt
    lineItems(first: 50, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes {
        id title name variantTitle sku quantity isGiftCard requiresShipping
        originalUnitPriceSet { ...M }
        discountAllocations { allocatedAmountSet { ...M } discountApplication { index } }
        taxLines { title rate channelLiable priceSet { ...M } }
        duties { id price { ...M } taxLines { title rate channelLiable priceSet { ...M } } }
      }
    }
  }
}
${MONEY}`;

const REFUND = `query RefundForAccounting($id: ID!, $after: String) {
  refund(id: $id) {
    id createdAt processedAt
    order { id updatedAt }
    refundShippingLines(first: 50) {
      pageInfo { hasNextPage }
      nodes { shippingLine { id } subtotalAmountSet { ...M } taxAmountSet { ...M } }
    }
    orderAdjustments(first: 50) {
      pageInfo { hasNextPage }
      nodes { amountSet { ...M } taxAmountSet { ...M } }
    }
    duties { amountSet { ...M } }
    transactions(first: 50, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { ...T }
    }
  }
}
${TRANSACTION}
${MONEY}`;

const REFUND_LINES = `query RefundLines($id: ID!, $after: String) {
  refund(id: $id) {
    id
    order { id updatedAt }
    refundLineItems(first: 50, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { quantity lineItem { id } subtotalSet { ...M } totalTaxSet { ...M } }
    }
  }
}
${MONEY}`;

/** The shop's own ledger: fees that went back stand nowhere else (docs/vendors/shopify.md 11). */
const AGREEMENTS = `query OrderAgreements($id: ID!, $after: String) {
  order(id: $id) {
    id updatedAt
    agreements(first: 10, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes {
        __typename
        ... on RefundAgreement { refund { id } }
        sales(first: 50) {
          pageInfo { hasNextPage }
          nodes { lineType totalAmount { ...M } totalTaxAmount { ...M } }
        }
      }
    }
  }
}
${MONEY}`;

const ORDERS_CHANGED = `query OrdersChanged($query: String!, $after: String) {
  orders(first: 100, after: $after, query: $query, sortKey: UPDATED_AT) {
    pageInfo { hasNextPage endCursor }
    nodes {
      id updatedAt cancelledAt displayFulfillmentStatus
      currentTotalPriceSet { shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }
      totalReceivedSet { shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }
      totalRefundedSet { shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }
    }
  }
}`;

const ORDERS_PLACED = `query OrdersPlaced($query: String!, $after: String) {
  shop { ianaTimezone }
  orders(first: 100, after: $after, query: $query, sortKey: PROCESSED_AT) {
    pageInfo { hasNextPage endCursor }
    nodes { id updatedAt processedAt }
  }
}`;

const PREFLIGHT = `query Preflight {
  currentAppInstallation { app { title } accessScopes { handle } }
  shop { name myshopifyDomain currencyCode taxesIncluded ianaTimezone }
}`;

const WEBHOOK_LIST = `query Webhooks($after: String) {
  webhookSubscriptions(first: 50, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes { id topic uri format includeFields filter apiVersion { handle } }
  }
}`;

const WEBHOOK_CREATE = `mutation CreateWebhook($topic: WebhookSubscriptionTopic!, $subscription: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $subscription) {
    webhookSubscription { id topic uri }
    userErrors { field message }
  }
}`;

const WEBHOOK_UPDATE = `mutation UpdateWebhook($id: ID!, $subscription: WebhookSubscriptionInput!) {
  webhookSubscriptionUpdate(id: $id, webhookSubscription: $subscription) {
    webhookSubscription { id topic uri }
    userErrors { field message }
  }
}`;

const WEBHOOK_DELETE = `mutation DeleteWebhook($id: ID!) {
  webhookSubscriptionDelete(id: $id) { deletedWebhookSubscriptionId userErrors { field message } }
}`;

export type DocumentName =
  | 'order-header'
  | 'order-lines'
  | 'refund'
  | 'refund-lines'
  | 'agreements'
  | 'orders-changed'
  | 'orders-placed'
  | 'preflight'
  | 'webhook-list'
  | 'webhook-create'
  | 'webhook-update'
  | 'webhook-delete';

export const DOCUMENTS: Readonly<Record<DocumentName, string>> = {
  'order-header': ORDER_HEADER,
  'order-lines': ORDER_LINES,
  refund: REFUND,
  'refund-lines': REFUND_LINES,
  agreements: AGREEMENTS,
  'orders-changed': ORDERS_CHANGED,
  'orders-placed': ORDERS_PLACED,
  preflight: PREFLIGHT,
  'webhook-list': WEBHOOK_LIST,
  'webhook-create': WEBHOOK_CREATE,
  'webhook-update': WEBHOOK_UPDATE,
  'webhook-delete': WEBHOOK_DELETE,
};
