// Clients (docs/vendors/freshbooks.md section 2). E-mail addresses may repeat; deleted clients stay readable by id.

import { moneyJson } from './amounts.ts';
import { easternTime, utcTime } from './calendar.ts';
import { flag, integer, objects, text, type Fields } from './fields.ts';
import type { JsonObject } from './json.ts';
import { outstandingMinor, v3Status } from './invoice-state.ts';
import { lateFeeField, lateFeeJson, reminderJson, remindersField } from './reminder-fields.ts';
import { notFound, refused } from './refusal.ts';
import {
  bodyFields,
  idFilters,
  includes,
  listPage,
  updatedFilters,
  visStateField,
  type Call,
  type Filter,
  type Resource,
} from './resource.ts';
import { nextId, randomUuid, type Account, type Client, type State } from './state.ts';

/** Text fields by what the API answers when they were never written: "" for some, null for others (live 2026). */
const emptyTexts = [
  'fname',
  'lname',
  'organization',
  'email',
  'bus_phone',
  'mob_phone',
  'fax',
  'p_street',
  'p_street2',
  'p_city',
  'p_province',
  'p_code',
  'p_country',
  's_street',
  's_street2',
  's_city',
  's_province',
  's_code',
  's_country',
];
const nullTexts = ['home_phone', 'note', 'vat_name', 'vat_number', 'company_industry', 'company_size'];

const flagDefaults: Readonly<Record<string, boolean>> = {
  allow_late_fees: true,
  allow_late_notifications: true,
  allow_email_include_pdf: false,
  notified: false,
  pref_email: true,
  pref_gmail: false,
};

export const clients: Resource = {
  scope: 'clients',
  list: (call) =>
    listPage<Client>(call, {
      key: 'clients',
      rows: call.account.clients.values(),
      id: (client) => client.id,
      visState: (client) => client.visState,
      filters: filters(call.state),
      sorts: {
        organization_name: (client) => textOf(client, 'organization').toLowerCase(),
        fullname: (client) => `${textOf(client, 'fname')} ${textOf(client, 'lname')}`.toLowerCase(),
        email: (client) => textOf(client, 'email').toLowerCase(),
        updated: (client) => String(client.updatedAt).padStart(16, '0'),
      },
      render: (client) => clientJson(call, client),
    }),
  get: (call, id) => ({ client: clientJson(call, findClient(call.account, id)) }),
  create: (call) => ({ client: clientJson(call, createClient(call)) }),
  update: (call, id) => {
    const client = findClient(call.account, id);
    writeFields(call.state, client, bodyFields(call, 'client'));
    call.account.events.push({
      name: client.visState === 1 ? 'client.delete' : 'client.update',
      objectId: id,
    });
    return { client: clientJson(call, client) };
  },
};

function textOf(record: { readonly texts: Readonly<Record<string, string | null>> }, name: string): string {
  return record.texts[name] ?? '';
}

function findClient(account: Account, id: number): Client {
  const client = account.clients.get(id);
  if (client === undefined)
    throw notFound({ object: 'client', field: 'userid', title: 'Client' }, String(id));
  return client;
}

function createClient(call: Call): Client {
  const { account, state } = call;
  const liveCount = [...account.clients.values()].filter((client) => client.visState !== 1).length;
  if (account.clientLimit !== null && liveCount >= account.clientLimit) {
    throw refused(402, { errno: 7005, message: `Client limit of ${account.clientLimit} reached` });
  }
  const fields = bodyFields(call, 'client');
  const now = state.clock.now();
  const client: Client = {
    id: 0,
    uuid: randomUuid(state),
    username: freeUsername(account, fields),
    signupAt: now,
    updatedAt: now,
    visState: 0,
    currency: account.currency,
    texts: {
      ...Object.fromEntries(emptyTexts.map((name) => [name, ''])),
      ...Object.fromEntries(nullTexts.map((name) => [name, null])),
      language: 'en',
    },
    flags: { ...flagDefaults },
    contacts: [],
    reminders: null,
    lateFee: null,
  };
  writeFields(state, client, fields);
  const created: Client = { ...client, id: nextId(state, 'client') };
  account.clients.set(created.id, created);
  account.events.push({ name: 'client.create', objectId: created.id });
  return created;
}

/** Reads everything before it writes anything, so that a refused PUT changes nothing. */
function writeFields(state: State, client: Client, fields: Fields): void {
  const texts = new Map([...emptyTexts, ...nullTexts, 'language'].map((name) => [name, text(fields, name)]));
  const flags = new Map(Object.keys(flagDefaults).map((name) => [name, flag(fields, name)]));
  const visState = visStateField(integer(fields, 'vis_state'));
  const contacts = objects(fields, 'contacts');
  const reminders = remindersField(fields, 'late_reminders');
  const lateFee = lateFeeField(fields, 'late_fee');
  const currency = text(fields, 'currency_code');

  for (const [name, value] of texts)
    if (value !== undefined) client.texts[name] = value ?? (nullTexts.includes(name) ? null : '');
  for (const [name, value] of flags) if (value !== undefined) client.flags[name] = value;
  if (state.switches.clientCountry === 'blanked') client.texts['p_country'] = '';
  if (
    state.switches.organizationFromEmail &&
    textOf(client, 'organization') === '' &&
    textOf(client, 'fname') === ''
  ) {
    client.texts['organization'] = textOf(client, 'email');
  }
  if (visState !== undefined) client.visState = visState;
  if (contacts !== undefined) client.contacts = contacts;
  if (reminders !== undefined) client.reminders = reminders;
  if (lateFee !== undefined) client.lateFee = lateFee;
  if (currency) client.currency = currency;
  client.updatedAt = state.clock.now();
}

/** `firstlast`, then `firstlast2`, as in the recordings. */
function freeUsername(account: Account, fields: Fields): string {
  const plain = (value: string): string => value.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  const name = plain(`${text(fields, 'fname') ?? ''}${text(fields, 'lname') ?? ''}`);
  const base =
    name ||
    plain((text(fields, 'email') ?? '').split('@')[0] ?? '') ||
    plain(text(fields, 'organization') ?? '') ||
    'client';
  const taken = new Set([...account.clients.values()].map((client) => client.username));
  let count = 1;
  while (taken.has(count === 1 ? base : `${base}${count}`)) count += 1;
  return count === 1 ? base : `${base}${count}`;
}

function filters(state: State): Record<string, Filter<Client>> {
  const like =
    (...names: readonly string[]): Filter<Client> =>
    (client, [value = '']) =>
      names.some((name) => textOf(client, name).toLowerCase().includes(value.toLowerCase()));
  return {
    ...idFilters('userid', (client) => client.id),
    ...updatedFilters<Client>(state.switches),
    email: (client, [value = '']) =>
      emailsSearched(state, client).some((email) => isSameEmail(state, email, value)),
    username: (client, [value = '']) => client.username === value,
    email_like: like('email'),
    fname_like: like('fname'),
    lname_like: like('lname'),
    organization_like: like('organization'),
    note_like: like('note'),
    address_like: like('p_street', 'p_street2', 'p_city', 'p_province', 'p_code', 'p_country'),
    phone_like: like('bus_phone', 'mob_phone', 'home_phone'),
    user_like: like('fname', 'lname', 'organization', 'email'),
  };
}

function emailsSearched(state: State, client: Client): readonly string[] {
  const own = textOf(client, 'email');
  if (!state.switches.emailSearchContacts) return [own];
  return [
    own,
    ...client.contacts.map((contact) => contact['email']).filter((email) => typeof email === 'string'),
  ];
}

function isSameEmail(state: State, left: string, right: string): boolean {
  return state.switches.emailSearchCase === 'sensitive'
    ? left === right
    : left.toLowerCase() === right.toLowerCase();
}

function clientJson(call: Call, client: Client): JsonObject {
  return {
    ...client.texts,
    ...client.flags,
    accounting_systemid: call.account.id,
    currency_code: client.currency,
    direct_link_token: null,
    exceeds_client_limit: 0,
    has_retainer: null,
    id: client.id,
    last_login: null,
    level: 0,
    num_logins: 0,
    number_format: null,
    retainer_id: null,
    role: 'client',
    signup_date: utcTime(client.signupAt),
    statement_token: null,
    subdomain: null,
    updated: easternTime(client.updatedAt),
    userid: client.id,
    username: client.username,
    uuid: client.uuid,
    vis_state: client.visState,
    last_activity: null,
    ...included(call, client),
  };
}

function included(call: Call, client: Client): JsonObject {
  const extra: Record<string, JsonObject[string]> = {};
  const names = [
    'outstanding_balance',
    'draft_balance',
    'overdue_balance',
    'credit_balance',
    'grand_total_balance',
  ] as const;
  for (const name of names) if (includes(call, name)) extra[name] = balance(call, client, name);
  if (includes(call, 'late_reminders'))
    extra['late_reminders'] = (client.reminders ?? []).map((reminder) => reminderJson(reminder));
  if (includes(call, 'late_fee')) extra['late_fee'] = lateFeeJson(client.lateFee);
  if (includes(call, 'contacts')) extra['contacts'] = client.contacts;
  return extra;
}

type Balance =
  | 'outstanding_balance'
  | 'draft_balance'
  | 'overdue_balance'
  | 'credit_balance'
  | 'grand_total_balance';

/** One amount for each currency, as the page shows balances. */
function balance(call: Call, client: Client, name: Balance): JsonObject[string] {
  const byCurrency = new Map<string, bigint>();
  const count = (currency: string, minor: bigint): void =>
    void byCurrency.set(currency, (byCurrency.get(currency) ?? 0n) + minor);
  for (const invoice of call.account.invoices.values()) {
    if (invoice.customerId !== client.id || invoice.visState === 1) continue;
    const status = v3Status(call, invoice);
    const isCounted =
      name === 'grand_total_balance' ||
      (name === 'draft_balance' && status === 'draft') ||
      (name === 'overdue_balance' && status === 'overdue') ||
      (name === 'outstanding_balance' && status !== 'draft');
    if (isCounted) count(invoice.currency, outstandingMinor(call.account, invoice));
  }
  if (name === 'credit_balance') {
    for (const credit of call.account.creditNotes.values()) {
      if (credit.clientId === client.id && credit.visState !== 1) count(credit.currency, credit.totals.total);
    }
  }
  return [...byCurrency].map(([currency, minor]) => ({
    amount: moneyJson(minor, currency, call.state.switches),
  }));
}
