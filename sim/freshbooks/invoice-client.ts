// The client behind an invoice: found by id when one is written, and asked for his addresses when he is mailed.

import { invalidValue } from './refusal.ts';
import type { Call } from './resource.ts';
import type { Account, Client } from './state.ts';

/** What mailing needs to know of a client. A client that is gone cannot be mailed. */
export interface Person {
  readonly emails: readonly string[];
  readonly allowsReminders: boolean;
  readonly allowsLateFees: boolean;
}

/** The client with the id, who may have to be undeleted; 422 with errno 1004 otherwise (inferred from `expenseid`). */
export function findLiveClient(call: Call, id: number): Client {
  const client = call.account.clients.get(id);
  const isUsable =
    client !== undefined &&
    (client.visState !== 1 || call.state.switches.invoiceForDeletedClient === 'allowed');
  if (!isUsable) throw invalidValue({ object: 'invoice', field: 'customerid' }, String(id));
  return client;
}

export function findPerson(account: Account, clientId: number): Person {
  const client = account.clients.get(clientId);
  const email = client?.texts['email'] ?? '';
  return {
    emails: email === '' ? [] : [email],
    allowsReminders: client?.flags['allow_late_notifications'] ?? true,
    allowsLateFees: client?.flags['allow_late_fees'] ?? true,
  };
}
