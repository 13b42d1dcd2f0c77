import type { App } from '#app.ts';
import { splitOrderKey } from '#core/ids.ts';
import { SEARCH_CHARACTERS_MAX } from '#pipeline/ports.ts';
import type { Delivery, OrderRecord, Reader } from '#pipeline/ports.ts';
import { CommandError, FAILED, USAGE } from './command-error.ts';

/** What a person names on the command line: an order by anything he knows of it, or a message. */
export type CommandSubject =
  | { readonly kind: 'order'; readonly record: OrderRecord }
  | { readonly kind: 'delivery'; readonly delivery: Delivery };

/** Orders that contain the text, at most; beyond it the text is too short to mean one. */
const FOUND_MAX = 1000;
const LISTED_MAX = 20;

/** Throws a CommandError that lists what fits when it is not one. */
export async function findSubject(app: Pick<App, 'store' | 'config'>, text: string): Promise<CommandSubject> {
  const { read } = app.store;
  const asked = text.trim();
  const deliveryId = /^delivery:(\d{1,15})$/.exec(asked)?.[1];
  if (deliveryId !== undefined) {
    const delivery = await read.delivery(deliveryId);
    if (delivery === undefined) {
      throw new CommandError(`There is no message ${asked}`, FAILED);
    }
    return { kind: 'delivery', delivery };
  }
  return { kind: 'order', record: await findOrder(app, text) };
}

/** The same of an order alone. */
export async function findOrder(app: Pick<App, 'store' | 'config'>, text: string): Promise<OrderRecord> {
  const { read } = app.store;
  const asked = text.trim();
  if (asked === '') {
    throw new CommandError('Name an order: its name (#1001), number, id or key', USAGE);
  }
  assertSearchable(asked);
  const containing = await read.orders({ search: asked, limit: FOUND_MAX });
  const exact = containing.filter((record) => namesOf(record).includes(asked));
  const fitting = exact.length > 0 ? exact : containing;
  const found = fitting.length > 0 ? fitting : await byInvoiceNumber(read, asked);
  const [only, ...more] = found;
  if (only === undefined) {
    const why =
      (await emptyText(app)) ??
      'counterfoil orders lists those that are known, and one that never arrived is not';
    throw new CommandError(`There is no order "${asked}": ${why}`);
  }
  if (more.length > 0) {
    throw new CommandError(`"${asked}" fits ${found.length} orders: ${listOf(found)}`, USAGE);
  }
  return only;
}

/** What is said of a database without any order: by its name one sees that another was meant, as from another folder. */
export async function emptyText({
  store,
  config,
}: Pick<App, 'store' | 'config'>): Promise<string | undefined> {
  const [any] = await store.read.orders({ limit: 1 });
  return any === undefined ? `the database "${config.databasePath}" holds none yet` : undefined;
}

/** Throws a CommandError where no order is called by so much text. */
export function assertSearchable(text: string): void {
  if (text.length > SEARCH_CHARACTERS_MAX) {
    throw new CommandError(
      `No order has a name of ${text.length} characters: give at most ${SEARCH_CHARACTERS_MAX} of it`,
      USAGE,
    );
  }
}

function namesOf({ key, name, snapshot }: OrderRecord): string[] {
  return [key, name, name.replace(/^#/, ''), splitOrderKey(key).vendorId, snapshot?.number ?? name];
}

/** "SHOPIFY-1001": the digits find the orders, their entries tell the number. */
async function byInvoiceNumber(read: Reader, asked: string): Promise<OrderRecord[]> {
  const found: OrderRecord[] = [];
  for (const digits of asked.match(/\d+/g) ?? []) {
    for (const record of await read.orders({ search: digits, limit: LISTED_MAX })) {
      const entries = await read.entriesOf(record.key);
      const isIts = entries.some(
        ({ intent }) => intent.kind === 'invoice' && intent.document.number === asked,
      );
      if (isIts && !found.some(({ key }) => key === record.key)) {
        found.push(record);
      }
    }
  }
  return found;
}

function listOf(records: readonly OrderRecord[]): string {
  const names = records.slice(0, LISTED_MAX).map(({ name, key }) => `${name} (${key})`);
  const more = records.length > LISTED_MAX ? ` and ${records.length - LISTED_MAX} more` : '';
  return names.join(', ') + more;
}
