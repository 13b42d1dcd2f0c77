import type { Api, JsonBody, Reply, Writing } from './api.ts';
import { inBasicPlane } from './mapping.ts';
import type { ObjectBody } from './mapping.ts';
import { BUYER_FIELDS, CODE_FIELD } from './quoting.ts';
import { isReadOnly, isRepertoire } from './refusal.ts';
import type { Refusal } from './refusal.ts';

/**
 * Writes that FreshBooks refuses for a part that no order hangs on are made without that part; the remark tells the operator. A
 * refusal says that nothing was done, so the write may be made again.
 */

/** Nothing is lost without these: what they would keep FreshBooks from is read back, and asked about, before anything is sent. */
const DISPENSABLE = new Set([
  'late_reminders',
  'late_fee',
  'allowed_gateways',
  'auto_bill',
  'allow_late_fees',
  'allow_late_notifications',
  'fulfillment_date',
  'language',
]);

export interface Written {
  readonly reply: Reply;
  readonly remarks: readonly string[];
}

/**
 * Without characters beyond U+FFFF where they are refused (errno 1036), and without dispensable fields that are. What the account was
 * found not to let anybody write is left out from then on, untold, and the order spared the attempt.
 */
export async function writeWhatIsTaken(
  api: Api,
  { method, path }: { readonly method: 'post' | 'put'; readonly path: string },
  writing: Writing & { readonly body: ObjectBody },
): Promise<Written> {
  const { found } = api;
  const refused = new Map<string, LeftOut>();
  for (;;) {
    const left = withoutFields(writing.body, (field) =>
      found.readOnly.has(field) ? 'absent' : refused.get(field),
    );
    const isInPlane = found.isBasicPlaneOnly;
    const body = isInPlane ? inBasicPlane(left) : left;
    const reply = await api[method](path, { ...writing, body });
    if (reply.outcome === 'refused' && isRepertoire(reply.refusal) && !isInPlane) {
      found.isBasicPlaneOnly = true;
      continue;
    }
    const more =
      reply.outcome === 'done'
        ? []
        : dispensableIn(reply.refusal, left).filter((field) => !refused.has(field));
    if (reply.outcome === 'done' || more.length === 0) {
      const isPlain = JSON.stringify(body) === JSON.stringify(left);
      return { reply, remarks: remarksOf([...refused.keys()], isPlain) };
    }
    for (const field of more) {
      const isNever = isReadOnly(reply.refusal);
      // An invoice without a part of the address would take that of its client, perhaps of another person.
      refused.set(field, path.startsWith('invoices/') && isOfBuyer(field) && !isNever ? 'empty' : 'absent');
      if (isNever && DISPENSABLE.has(field)) {
        found.readOnly.add(field);
      }
    }
  }
}

type LeftOut = 'absent' | 'empty';

/** Fields that the refusal names, when it names nothing else: each stands in what was written, so that the next try is another. */
function dispensableIn({ errors }: Refusal, body: ObjectBody): readonly string[] {
  const written = new Set(Object.values(body).flatMap((fields) => Object.keys(fields)));
  const isDispensable = (field: string): boolean => DISPENSABLE.has(field) || isOfBuyer(field);
  const fields = errors.map(({ field }) => field);
  return fields.every((field) => written.has(field) && isDispensable(field)) ? fields : [];
}

function withoutFields(body: ObjectBody, isOut: (field: string) => LeftOut | undefined): ObjectBody {
  const leftOf = ([field, value]: [string, JsonBody]): [string, JsonBody][] => {
    const out = isOut(field);
    return out === 'absent' ? [] : [[field, out === 'empty' ? '' : value]];
  };
  return Object.fromEntries(
    Object.entries(body).map(([object, fields]) => [
      object,
      Object.fromEntries(Object.entries(fields).flatMap(leftOf)),
    ]),
  );
}

function remarksOf(fields: readonly string[], isPlain: boolean): readonly string[] {
  const told = fields.map((field) => `"${field}"`).join(', ');
  return [
    ...(isPlain
      ? []
      : ['FreshBooks does not take emoji and other rare characters here, so they were left out']),
    ...(fields.length === 0 ? [] : [`FreshBooks does not take ${told} here, so this was left out`]),
  ];
}

/** Not his address of e-mail, by which he is found again. */
function isOfBuyer(field: string): boolean {
  return field !== 'email' && (field === CODE_FIELD || BUYER_FIELDS.has(field));
}
