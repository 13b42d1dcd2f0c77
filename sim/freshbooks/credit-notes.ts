// Credit notes (docs/vendors/freshbooks.md section 5): store credit of a client. The body's key is singular.

import { ZERO } from './arithmetic.ts';
import { moneyJson } from './amounts.ts';
import { date, integer, text, type Fields } from './fields.ts';
import type { JsonObject } from './json.ts';
import { linesField, plainLine, totalsFor } from './lines.ts';
import { invalidValue, notFound, refused } from './refusal.ts';
import {
  bodyFields,
  idFilters,
  listPage,
  need,
  rangeFilters,
  visStateField,
  type Call,
  type Resource,
} from './resource.ts';
import { nextId, type Account, type Client, type CreditNote, type Invoice } from './state.ts';

export const creditNotes: Resource = {
  scope: 'credit_notes',
  list: (call) =>
    listPage<CreditNote>(call, {
      key: 'credit_notes',
      rows: call.account.creditNotes.values(),
      id: (credit) => credit.id,
      visState: (credit) => credit.visState,
      filters: {
        ...idFilters('clientid', (credit) => credit.clientId),
        ...idFilters('creditid', (credit) => credit.id),
        ...rangeFilters<CreditNote>('date', (credit) => credit.createdOn, call.state.switches),
      },
      sorts: {},
      render: (credit) => creditNoteJson(call, credit),
    }),
  get: (call, id) => ({ credit_note: creditNoteJson(call, findCreditNote(call.account, id)) }),
  create: (call) => ({ credit_note: creditNoteJson(call, createCreditNote(call)) }),
  update: (call, id) => ({
    credit_note: creditNoteJson(call, updateCreditNote(call, findCreditNote(call.account, id))),
  }),
};

const texts = ['notes', 'terms', 'language'];

/** What a credit still holds: its total without the payments drawn on it. */
export function remainingMinor(account: Account, credit: CreditNote): bigint {
  let remaining = credit.totals.total;
  for (const payment of account.payments.values()) {
    if (payment.type === 'Credit' && payment.creditId === credit.id && payment.visState !== 1)
      remaining -= payment.minor;
  }
  return remaining;
}

/** Makes the credit of an overpayment and answers the payment's `overpaymentid`, which in the captures is the next
 * number of the payments' own sequence and not the credit's id. */
export function overpaymentCredit(call: Call, invoice: Invoice, minor: bigint): number {
  const { account, state } = call;
  const overpaymentId = nextId(state, 'payment');
  const note = `Overpayment: invoice #${invoice.number}`;
  const line = {
    ...plainLine({ state, account, currency: invoice.currency, standing: [] }, 'Credit', minor),
    description: note,
  };
  const client = account.clients.get(invoice.customerId);
  store(call, {
    number: nextCreditNumber(account),
    clientId: invoice.customerId,
    createdOn: invoice.createdOn,
    currency: invoice.currency,
    creditType: 'overpayment',
    texts: { ...snapshot(client), notes: note, terms: '' },
    lines: [line],
    totals: totalsFor([line], ZERO, {
      currency: invoice.currency,
      switches: state.switches,
      object: 'credit_note',
    }),
    overpaymentId,
  });
  return overpaymentId;
}

function findCreditNote(account: Account, id: number): CreditNote {
  const credit = account.creditNotes.get(id);
  if (credit === undefined)
    throw notFound({ object: 'credit_note', field: 'creditid', title: 'Credit note' }, String(id));
  return credit;
}

function createCreditNote(call: Call): CreditNote {
  const { account, state } = call;
  const fields = bodyFields(call, 'credit_note');
  const clientId = need(integer(fields, 'clientid'), fields, 'clientid');
  const createdOn = need(date(fields, 'create_date'), fields, 'create_date');
  const client = account.clients.get(clientId);
  if (client === undefined)
    throw invalidValue({ object: 'credit_note', field: 'clientid' }, String(clientId));
  const currency = text(fields, 'currency_code') || client.currency;
  const number = text(fields, 'credit_number') || nextCreditNumber(account);
  const isTaken = [...account.creditNotes.values()].some((credit) => credit.number === number);
  if (isTaken && state.switches.creditNumbers === 'unique') {
    const message = 'Credit number already in use.';
    throw refused(422, {
      errno: 1029,
      message,
      field: 'credit_number',
      object: 'credit_note',
      value: number,
    });
  }
  const lines = linesField(fields, { state, account, currency, standing: [] }) ?? [];
  return store(call, {
    number,
    clientId,
    createdOn,
    currency,
    creditType: creditType(fields),
    texts: { ...snapshot(client), ...writtenTexts(fields) },
    lines,
    totals: totalsFor(lines, ZERO, { currency, switches: state.switches, object: 'credit_note' }),
    overpaymentId: null,
  });
}

function updateCreditNote(call: Call, credit: CreditNote): CreditNote {
  const { account, state } = call;
  const fields = bodyFields(call, 'credit_note');
  const lines =
    linesField(fields, { state, account, currency: credit.currency, standing: credit.lines }) ?? credit.lines;
  const totals = totalsFor(lines, ZERO, {
    currency: credit.currency,
    switches: state.switches,
    object: 'credit_note',
  });
  const visState = visStateField(integer(fields, 'vis_state'));
  const createdOn = date(fields, 'create_date');
  Object.assign(credit.texts, writtenTexts(fields));
  Object.assign(credit, { lines, totals, updatedAt: state.clock.now() });
  credit.visState = visState ?? credit.visState;
  credit.createdOn = createdOn ?? credit.createdOn;
  account.events.push({
    name: visState === 1 ? 'credit_note.delete' : 'credit_note.update',
    objectId: credit.id,
  });
  return credit;
}

function store(call: Call, credit: Omit<CreditNote, 'id' | 'updatedAt' | 'visState'>): CreditNote {
  const stored: CreditNote = {
    ...credit,
    id: nextId(call.state, 'credit'),
    updatedAt: call.state.clock.now(),
    visState: 0,
  };
  call.account.creditNotes.set(stored.id, stored);
  call.account.events.push({ name: 'credit_note.create', objectId: stored.id });
  return stored;
}

function creditType(fields: Fields): 'goodwill' | 'prepayment' {
  const written = text(fields, 'credit_type') ?? 'goodwill';
  if (written === 'goodwill' || written === 'prepayment') return written;
  throw invalidValue({ object: 'credit_note', field: 'credit_type' }, written);
}

function writtenTexts(fields: Fields): Record<string, string | null> {
  const written = texts.map((name) => [name, text(fields, name)] as const);
  return Object.fromEntries(
    written.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
  );
}

function snapshot(client: Client | undefined): Record<string, string | null> {
  const from = client?.texts ?? {};
  const {
    fname = '',
    lname = '',
    organization = '',
    p_city = '',
    p_code = '',
    p_country = '',
    p_province = '',
    p_street = '',
    p_street2 = '',
  } = from;
  const address = {
    city: p_city,
    code: p_code,
    country: p_country,
    province: p_province,
    street: p_street,
    street2: p_street2,
  };
  return {
    fname,
    lname,
    organization,
    ...address,
    vat_name: '',
    vat_number: '',
    notes: '',
    terms: '',
    language: 'en',
  };
}

/** Seven digits, the highest so far plus one. */
function nextCreditNumber(account: Account): string {
  const highest = [...account.creditNotes.values()].reduce((most, credit) => {
    const value = /^\d+$/.test(credit.number) ? BigInt(credit.number) : 0n;
    return value > most ? value : most;
  }, 0n);
  return String(highest + 1n).padStart(7, '0');
}

function creditNoteJson(call: Call, credit: CreditNote): JsonObject {
  const amount = moneyJson(credit.totals.total, credit.currency, call.state.switches);
  return {
    ...credit.texts,
    accounting_systemid: call.account.id,
    amount,
    clientid: credit.clientId,
    create_date: credit.createdOn,
    credit_number: credit.number,
    credit_type: credit.creditType,
    creditid: credit.id,
    currency_code: credit.currency,
    current_organization: call.account.clients.get(credit.clientId)?.texts['organization'] ?? '',
    description: credit.lines[0]?.description ?? '',
    display_status: 'created',
    dispute_status: null,
    ext_archive: 0,
    id: credit.id,
    last_order_status: null,
    paid: amount,
    payment_status: 'paid',
    sentid: 1,
    status: 'created',
    template: 'clean-grouped',
    vis_state: credit.visState,
  };
}
