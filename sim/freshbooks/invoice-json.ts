// An invoice as the API answers it: the key set of the 2026 recordings, lines and the rest only when included.

import { formatDecimal, formatMinor, trimDecimal } from './arithmetic.ts';
import { moneyJson } from './amounts.ts';
import { easternTime } from './calendar.ts';
import type { Json, JsonObject } from './json.ts';
import {
  displayStatus,
  dueOn,
  isLocked,
  outstandingMinor,
  paidMinor,
  paymentStatus,
  v3Status,
  type View,
} from './invoice-state.ts';
import { lineJson } from './lines.ts';
import { lateFeeJson, reminderJson } from './reminder-fields.ts';
import { exponentOf, type Invoice } from './state.ts';

export interface Included {
  readonly includes: (name: string) => boolean;
}

export function invoiceJson(view: View, invoice: Invoice, included: Included): JsonObject {
  return {
    ...constants,
    ...invoice.texts,
    ...invoice.flags,
    ...identity(view, invoice),
    ...amounts(view, invoice),
    ...status(view, invoice),
    ...extras(view, invoice, included),
  };
}

/** Keys that nothing in the simulator changes. */
const constants: JsonObject = {
  autobill_status: null,
  basecampid: 0,
  date_paid: null,
  deposit_amount: null,
  deposit_percentage: null,
  deposit_status: 'none',
  dispute_status: null,
  estimateid: 0,
  ext_archive: 0,
  generation_date: null,
  gmail: false,
  last_order_status: null,
  ownerid: 1,
  parent: 0,
  return_uri: null,
  sender_address: { city: '', code: '', country: '', province: '', street: '', street2: '' },
  sentid: 1,
  series: '',
};

function identity(view: View, invoice: Invoice): JsonObject {
  const milliseconds = String(invoice.updatedAt % 1000).padStart(3, '0');
  return {
    accountid: view.account.id,
    accounting_systemid: view.account.id,
    create_date: invoice.createdOn,
    created_at: easternTime(invoice.createdAt),
    currency_code: invoice.currency,
    current_organization: view.account.clients.get(invoice.customerId)?.texts['organization'] ?? '',
    customerid: invoice.customerId,
    description: invoice.lines[0]?.description ?? '',
    due_date: dueOn(invoice),
    due_offset_days: invoice.dueOffsetDays,
    fulfillment_date: invoice.fulfilledOn,
    id: invoice.id,
    invoice_number: invoice.number,
    invoiceid: invoice.id,
    updated: easternTime(invoice.updatedAt),
    uuid: invoice.uuid,
    version: `${easternTime(invoice.updatedAt)}.${milliseconds}${invoice.version}`,
    vis_state: invoice.visState,
  };
}

/** `discount_total` is negative; the sign of `discount.amount` was never recorded and is assumed positive. */
function amounts(view: View, invoice: Invoice): JsonObject {
  const { switches } = view.state;
  const money = (minor: bigint): JsonObject => moneyJson(minor, invoice.currency, switches);
  const rate = formatDecimal(trimDecimal(invoice.discountPercent));
  const paid = money(paidMinor(view.account, invoice));
  const isLong = switches.netPaidAmount === 'long-decimal' && paidMinor(view.account, invoice) !== 0n;
  return {
    amount: money(invoice.totals.total),
    discount: { amount: money(invoice.totals.discount), rate, type: 'percent' },
    discount_total: money(-invoice.totals.discount),
    discount_value: rate,
    net_paid_amount: isLong
      ? {
          ...paid,
          amount: `${formatMinor(paidMinor(view.account, invoice), exponentOf(invoice.currency, switches))}133524082021936099189318`,
        }
      : paid,
    outstanding: money(outstandingMinor(view.account, invoice)),
    paid,
  };
}

function status(view: View, invoice: Invoice): JsonObject {
  return {
    display_status: displayStatus(invoice),
    lock_status: isLocked(view.account, invoice.createdOn) ? 'locked' : 'unlocked',
    payment_status: paymentStatus(view.account, invoice),
    status: invoice.status,
    v3_status: v3Status(view, invoice),
  };
}

function extras(view: View, invoice: Invoice, included: Included): JsonObject {
  const extra: Record<string, Json> = {};
  const owner = {
    ...view,
    currency: invoice.currency,
    standing: invoice.lines,
    ownerIds: { invoiceid: invoice.id },
  };
  if (included.includes('lines')) extra['lines'] = invoice.lines.map((line) => lineJson(line, owner));
  if (included.includes('late_reminders'))
    extra['late_reminders'] = invoice.reminders.map((reminder) => reminderJson(reminder, invoice));
  if (included.includes('late_fee')) extra['late_fee'] = lateFeeJson(invoice.lateFee, invoice);
  if (included.includes('allowed_gateways'))
    extra['allowed_gateways'] = invoice.gateways.map((name, index) => gatewayJson(name, index + 1));
  return extra;
}

function gatewayJson(gateway_name: string, id: number): JsonObject {
  return { allowedid: id, connectionid: `connection-${id}`, gateway_name, gatewayid: id, id };
}
