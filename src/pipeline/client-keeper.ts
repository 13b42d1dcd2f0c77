import { createHash } from 'node:crypto';
import type { ClientStep } from '#core/document.ts';
import { Failure } from '#core/failure.ts';
import type { Booked } from '#core/ledger.ts';
import type { Buyer } from '#core/order.ts';
import { isSettlement } from '#core/settlement.ts';
import { HOUR, after } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
import { underLease } from './ledger-writer.ts';
import type { ClientMapping, Lease, Writer } from './ports.ts';
import type { Run, Subject } from './machine.ts';

/**
 * Which client of the books a customer is, remembered. A customer is known by the source's id and by a hash of the e-mail
 * address, so that two orders of one new customer, one of them as a guest, find the same client without asking the books.
 */

/** The shared client of a shop, or of one of its stores, among the customers' ids. */
const CHANNEL = 'channel';
/** What a key begins with that is of an address. */
const EMAIL = 'email:';
/** A holder that was killed leaves its right behind; one that lives asks for it again long before. */
const HOLDER_DEAD_MS = HOUR;

/** As much of a client step as tells who it is for. */
type Who = Pick<ClientStep, 'policy' | 'customerId' | 'channel'>;

/** The client that our own mapping names for this step. */
export async function mappedClient(run: Run, step: Who, buyer: Buyer): Promise<ClientMapping | undefined> {
  for (const customerId of customerIds(step, buyer)) {
    const mapping = await run.machine.store.read.clientMapping({ ...accountOf(run), customerId });
    if (mapping !== undefined) {
      return mapping;
    }
  }
  return undefined;
}

/** The right to look for and make this client; nothing while another order has it. */
export async function takeClient(run: Run, step: Who, buyer: Buyer): Promise<Lease | undefined> {
  const { machine, route } = run;
  const now = machine.clock.now();
  const who =
    step.policy === 'channel' ? `${channelKey(step)}:${route.source.connection}` : emailKey(buyer.email);
  const key = leaseKey(route.books.connection, who);
  // As long as a write with an unknown outcome may still arrive: a holder that dies must not be followed at once.
  const terms = { holder: machine.holder, now, until: after(now, machine.unknownWaitMs) };
  return machine.store.transact((tx) => tx.takeLease(key, terms));
}

/**
 * Prolongs it, right before the client is made: to look for him may have taken as long as the right lasts. False when another
 * order has taken it since, and may have made him.
 */
export async function keepClient({ machine }: Run, lease: Lease): Promise<boolean> {
  const until = after(machine.clock.now(), machine.unknownWaitMs);
  return machine.store.transact((tx) => tx.keepLease(lease, until));
}

/** Takes the hash of a person's address out of all that is remembered. His next order finds the client by asking the books. */
export async function forgetPerson(
  tx: Writer,
  {
    account,
    source,
    email,
    now,
  }: Pick<ClientMapping, 'account' | 'source'> & { readonly email: string; readonly now: Instant },
): Promise<void> {
  const customerId = emailKey(email);
  await tx.dropClient({ account, source, customerId });
  await tx.dropLease(leaseKey(account, customerId), after(now, -HOLDER_DEAD_MS));
}

/** The same of everybody whom the source knows. Rights tell no source, and one that nobody holds is of no use. */
export async function forgetPeople(
  tx: Writer,
  { account, source, now }: Pick<ClientMapping, 'account' | 'source'> & { readonly now: Instant },
): Promise<void> {
  await tx.dropClients({ account, source, prefix: EMAIL });
  await tx.dropLeases({ prefix: leaseKey(account, EMAIL), before: after(now, -HOLDER_DEAD_MS) });
}

function leaseKey(account: string, who: string): string {
  return `client:${account}:${who}`;
}

export async function rememberClient(
  tx: Writer,
  run: Run,
  { step, buyer, externalId, isNew }: { step: Who; buyer: Buyer; externalId: string; isNew: boolean },
): Promise<void> {
  for (const customerId of customerIds(step, buyer)) {
    const known = await tx.clientMapping({ ...accountOf(run), customerId });
    const filledFields =
      isNew || step.policy === 'channel' ? offeredFields(buyer) : (known?.filledFields ?? []);
    await tx.mapClient({ ...accountOf(run), customerId, externalId, filledFields });
  }
}

/** Takes a client that is not in the books any more out of what is remembered, so that this customer is looked for anew. */
export async function forgetClient(
  tx: Writer,
  run: Run,
  { step, buyer, externalId }: { step: Who; buyer: Buyer; externalId: string },
): Promise<void> {
  for (const customerId of customerIds(step, buyer)) {
    const key = { ...accountOf(run), customerId };
    if ((await tx.clientMapping(key))?.externalId === externalId) {
      await tx.dropClient(key);
    }
  }
}

/** Completes a client we found with what this order's buyer gave and the client lacks; asked once for each new field. */
export async function fillFoundClient(run: Run, { buyer, order }: Subject, booked: Booked): Promise<void> {
  if (buyer === undefined || isSettlement(order)) {
    return;
  }
  const step: Who = { policy: 'customer', ...order.buyer };
  const mapping = order.buyer.hasEmail ? await mappedClient(run, step, buyer) : undefined;
  const offered = offeredFields(buyer);
  if (
    mapping === undefined ||
    mapping.externalId !== booked.client?.externalId ||
    offered.every((field) => mapping.filledFields.includes(field))
  ) {
    return;
  }
  try {
    await run.route.books.fillClient(mapping.externalId, buyer);
  } catch (thrown) {
    if (!(thrown instanceof Failure && thrown.remedy === 'review')) {
      throw thrown;
    }
    const key = `client-fields:${mapping.account}:${mapping.externalId}`;
    const sentence = `The client of order ${order.name} could not be completed: ${thrown.message}`;
    await underLease(run, (tx) => tx.tell({ key, sentence, order: order.key, at: run.machine.clock.now() }));
  }
  const filledFields = [...new Set([...mapping.filledFields, ...offered])];
  await underLease(run, async (tx) => {
    for (const customerId of customerIds(step, buyer)) {
      await tx.mapClient({ ...mapping, customerId, filledFields });
    }
  });
}

function customerIds(step: Who, buyer: Buyer): readonly string[] {
  if (step.policy === 'channel') {
    return [channelKey(step)];
  }
  return [...(step.customerId === undefined ? [] : [step.customerId]), emailKey(buyer.email)];
}

function channelKey({ channel }: Who): string {
  return channel === undefined ? CHANNEL : `${CHANNEL}:${channel}`;
}

/** A hash, because the mapping outlives the contact data. */
function emailKey(email: string): string {
  return `${EMAIL}${createHash('sha256').update(email.trim().toLowerCase()).digest('hex')}`;
}

function offeredFields(buyer: Buyer): readonly string[] {
  const { customerId: _id, address, ...person } = buyer;
  return Object.entries({ ...person, ...address }).flatMap(([field, value]) => (value === '' ? [] : [field]));
}

function accountOf(run: Run): Pick<ClientMapping, 'account' | 'source'> {
  return { account: run.route.books.connection, source: run.route.source.connection };
}
