import type { ClientStep } from '#core/document.ts';
import { Failure } from '#core/failure.ts';
import type { Receipt } from '#core/ledger.ts';
import type { Buyer } from '#core/order.ts';
import type { Standing, Task } from '#pipeline/ports.ts';
import { expectDone } from './api.ts';
import type { Api, Reply } from './api.ts';
import { scan } from './listing.ts';
import { writeWhatIsTaken } from './writing.ts';
import { channelClientBody, channelMarkerOf, clientBody, missingFields } from './mapping.ts';
import { clientIn, clientsIn } from './payload.ts';
import type { ReadClient } from './payload.ts';
import { isNotFound } from './refusal.ts';

type ClientTask = Extract<Task, { kind: 'client' }>;

/** Without the filter 2000 clients are looked through; a client made twice beyond that changes no total. */
const PAGES_MAX = 20;
/** As many ids as a remark names; a list of a thousand helps nobody. */
const IDS_SHOWN_MAX = 5;

export async function findClient(api: Api, task: ClientTask): Promise<Standing> {
  const found = isShared(task)
    ? await clientsBy(api, {
        filters: [['search[note_like]', channelMarkerOf(task.step).slice(1, -1)]],
        isIt: (client) => client.note.includes(channelMarkerOf(task.step)),
      })
    : await clientsByEmail(api, task.buyer.email);
  const [oldest] = found;
  if (oldest === undefined) {
    return { state: 'absent' };
  }
  const what = isShared(task) ? 'this shop’s shared clients' : 'clients with this e-mail address';
  return {
    state: 'standing',
    receipt: {
      externalId: oldest.id,
      ...(isShared(task) ? { isFound: true } : { isAdopted: true }),
      ...(found.length === 1
        ? {}
        : { remarks: [`There are ${found.length} ${what} (${idsOf(found)}); the oldest is used`] }),
    },
  };
}

export async function createClient(api: Api, task: ClientTask): Promise<Receipt> {
  const shared = isShared(task);
  const { reply, remarks } = await writeWhatIsTaken(
    api,
    { method: 'post', path: 'users/clients' },
    {
      body: shared ? channelClientBody(task.step) : clientBody(task.step, task.buyer),
      doing: shared
        ? `Creating the shared client "${task.step.channelName}"`
        : `Creating the client of ${task.step.reference}`,
    },
  );
  const { result, answer } = expectDone(reply);
  return {
    externalId: clientIn(result, answer).id,
    requestSha256: answer.requestSha256,
    answerSha256: answer.answerSha256,
    ...(remarks.length === 0 ? {} : { remarks }),
  };
}

/** Fills what is empty and overwrites nothing. */
export async function fillClient(api: Api, clientId: string, buyer: Buyer): Promise<void> {
  const path = `users/clients/${clientId}`;
  const { result, answer } = expectDone(await api.get(path, { doing: `Reading client ${clientId}` }));
  const client = clientIn(result, answer);
  if (client.id !== clientId) {
    throw new Failure('books-refused', {
      detail: `FreshBooks shows client ${client.id} where client ${clientId} was asked for: was he merged?`,
    });
  }
  if (client.visibility === 'deleted') {
    throw new Failure('books-refused', { detail: `Client ${clientId} was deleted in FreshBooks` });
  }
  const missing = missingFields(client.fields, buyer);
  if (Object.keys(missing).length === 0) {
    return;
  }
  const { reply } = await writeWhatIsTaken(
    api,
    { method: 'put', path },
    {
      body: { client: missing },
      doing: `Completing client ${clientId}`,
    },
  );
  expectDone(reply);
}

/**
 * Says of a refusal that its client is not there any more, where that is why: he is asked for only then. FreshBooks has no word of
 * its own for it.
 */
export async function assertClientThere(api: Api, clientId: string, reply: Reply): Promise<void> {
  if (reply.outcome !== 'refused' || reply.failure.remedy !== 'review') {
    return;
  }
  const seen = await api.get(`users/clients/${clientId}`, { doing: `Reading client ${clientId}` });
  const isGone =
    seen.outcome === 'refused'
      ? isNotFound(seen.refusal)
      : clientIn(seen.result, seen.answer).visibility === 'deleted';
  if (isGone) {
    throw new Failure('books-client-gone', {
      detail: `Client ${clientId} is not in FreshBooks any more`,
      cause: reply.failure,
    });
  }
}

/** Without an e-mail address a client could not be found again, so the shop's shared one is used. */
function isShared(task: { readonly step: ClientStep; readonly buyer: Buyer }): boolean {
  return task.step.policy === 'channel' || task.buyer.email.trim() === '';
}

/** The exact filter is proven; whether it minds the case is not, so the other one is asked as well, at the same time. */
async function clientsByEmail(api: Api, address: string): Promise<readonly ReadClient[]> {
  const email = address.trim().toLowerCase();
  const isIt = (client: ReadClient): boolean => client.email.toLowerCase() === email;
  const [exact, alike] = await Promise.all([
    clientsBy(api, { filters: [['search[email]', address.trim()]], isIt }),
    // One page: whoever honours this filter has few rows, and the exact search has gone through all for who does not.
    clientsBy(api, { filters: [['search[email_like]', email]], isIt, pagesMax: 1 }),
  ]);
  return exact.length > 0 ? exact : alike;
}

/** Active clients, the oldest first. */
async function clientsBy(
  api: Api,
  {
    filters,
    isIt,
    pagesMax = PAGES_MAX,
  }: {
    readonly filters: readonly (readonly [string, string])[];
    readonly isIt: (client: ReadClient) => boolean;
    readonly pagesMax?: number;
  },
): Promise<readonly ReadClient[]> {
  const found: ReadClient[] = [];
  const listing = {
    path: 'users/clients',
    query: filters,
    read: clientsIn,
    doing: 'Looking for the client',
    pagesMax,
  };
  await scan(api, listing, (client) => {
    if (client.visibility === 'active' && isIt(client)) {
      found.push(client);
    }
    return 'go-on';
  });
  return found.sort((a, b) => Number(a.id) - Number(b.id));
}

function idsOf(clients: readonly ReadClient[]): string {
  const shown = clients.slice(0, IDS_SHOWN_MAX).map((client) => client.id);
  return `ids ${shown.join(', ')}${clients.length > IDS_SHOWN_MAX ? ', …' : ''}`;
}
