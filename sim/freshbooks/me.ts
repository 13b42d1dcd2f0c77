// GET /auth/api/v1/users/me (docs/vendors/freshbooks.md section 1): who consented, and which businesses he belongs to.
// There is no `result` layer. The body carries tokens (`fasttrack_token`), as the real one does, so that a client that
// logs it can be caught.

import { rfcTime } from './calendar.ts';
import type { JsonObject } from './json.ts';
import { randomHex, type Account, type State } from './state.ts';

const IDENTITY_ID = 14_468_508;
const IDENTITY_UUID = '3f0d0c52-7b1e-4d0a-9a55-0f6f7a3c1d20';
const EMAIL = 'owner@simulator.example';

export function meJson(state: State): JsonObject {
  const accounts = [...state.accounts.values()];
  const first = accounts[0];
  const openedAt = first?.openedAt ?? state.clock.now();
  const timezone = first?.timeZone ?? 'America/New_York';
  return {
    response: {
      ...person(openedAt, timezone),
      permissions: Object.fromEntries(
        accounts.map((account) => [
          account.id,
          { 'staff.limit': -1, 'client.limit': account.clientLimit ?? -1, 'attachments.access': true },
        ]),
      ),
      groups: accounts.map((account) => groupJson(account)),
      subscription_statuses: Object.fromEntries(accounts.map((account) => [account.id, 'active_trial'])),
      business_statuses: Object.fromEntries(accounts.map((account) => [account.id, 'active_trial'])),
      integrations: {},
      business_memberships: accounts.map((account) => membershipJson(state, account)),
      identity_origin: 'magnum',
      timezone,
      otp_required_for_login: false,
      otp_delivery_method: null,
      roles: accounts.map((account) => roleJson(account)),
    },
  };
}

function person(openedAt: number, timezone: string): JsonObject {
  const first_name = 'Sam';
  const last_name = 'Simulator';
  return {
    id: IDENTITY_ID,
    identity_id: IDENTITY_ID,
    identity_uuid: IDENTITY_UUID,
    first_name,
    last_name,
    email: EMAIL,
    language: 'en',
    confirmed_at: null,
    created_at: rfcTime(openedAt),
    unconfirmed_email: null,
    setup_complete: true,
    phone_numbers: [{ title: '', phone_number: null }],
    addresses: [null],
    profession: null,
    links: {
      me: `/service/auth/api/v1/users?id=${IDENTITY_ID}`,
      roles: `/service/auth/api/v1/users/role/${IDENTITY_ID}`,
    },
    profile: {
      setup_complete: true,
      first_name,
      last_name,
      phone_number: null,
      address: null,
      profession: null,
      professions: [],
      has_password: false,
      is_email_confirmed: true,
      timezone,
      time_format: 0,
    },
  };
}

function groupJson(account: Account): JsonObject {
  const identity = { identity_id: IDENTITY_ID, identity_uuid: IDENTITY_UUID };
  return {
    id: account.membershipId,
    group_id: account.businessId + 1,
    role: account.role,
    ...identity,
    business_id: account.businessId,
    active: true,
  };
}

function membershipJson(state: State, account: Account): JsonObject {
  return {
    id: account.membershipId,
    role: account.role,
    unacknowledged_change: false,
    fasttrack_token: `eyJhbGciOiJIUzI1NiJ9.${randomHex(state, 40)}.${randomHex(state, 43)}`,
    business: {
      id: account.businessId,
      business_uuid: account.businessUuid,
      name: account.name,
      account_id: account.isIdOnlyInRoles ? null : account.id,
      number_format: null,
      date_format: 'yyyy-mm-dd',
      first_day_of_week: 0,
      active: true,
      timezone: account.timeZone,
      status: 'active_trial',
      advanced_accounting_enabled: false,
      industry: null,
      billing_country_code: 'USA',
      business_type: null,
      address: {
        id: account.businessId + 2,
        street: '',
        street2: '',
        city: '',
        province: '',
        country: '',
        postal_code: '',
      },
      phone_number: { id: account.businessId + 3, phone_number: null },
      business_clients: [],
    },
  };
}

/** Owners show as "admin" here. */
function roleJson(account: Account): JsonObject {
  const id = account.membershipId + 1;
  const role = account.role === 'owner' ? 'admin' : account.role;
  const links = { destroy: `/service/auth/api/v1/users/role/${id}` };
  return {
    id,
    role,
    systemid: account.businessId + 4,
    userid: 1,
    created_at: rfcTime(account.openedAt),
    links,
    accountid: account.id,
  };
}
