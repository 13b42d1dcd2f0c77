import { redactorOf } from '#core/contacts.ts';
import type { Redactor } from '#core/contacts.ts';

/** What is kept of a write that FreshBooks refused: its request and answer word by word, without tokens and contact data. */

/** Fields of a request that hold the buyer, whatever stands in them. */
export const BUYER_FIELDS = new Set([
  'fname',
  'lname',
  'organization',
  'email',
  'bus_phone',
  'mob_phone',
  'home_phone',
  ...['street', 'street2', 'city', 'province', 'country'].flatMap((name) => [name, `p_${name}`]),
  'p_code',
]);
/** The postal code in an invoice, and the currency in an amount. */
export const CODE_FIELD = 'code';
const CURRENCY = /^[A-Z]{3}$/;
/** What these hold names a thing or a kind of thing, and is what an answer is understood by. */
const PLAIN_FIELDS = new Set([
  'errno',
  'field',
  'object',
  'code',
  'type',
  'language',
  'currency_code',
  'invoice_number',
  'po_number',
]);
/** Amounts, counts and days, which a house number or a postal code may equal. */
const FIGURE = /^-?\d+(\.\d+)?$|^\d{4}-\d\d-\d\d/;
/** What an answer repeats of what was sent is no figure of its own. */
const QUOTING_FIELDS = new Set(['message', 'value']);

/** A hundred lines take less, and an answer is hardly ever longer than a line. Cut before anything is looked for: both may be megabytes. */
const KEPT_LENGTH_MAX = 32 * 1024;

export function requestTold(json: string, words: readonly string[]): string {
  const redact = redactorOf(words);
  const told = jsonTold(json.slice(0, KEPT_LENGTH_MAX), (text, field) => {
    const isBuyer = BUYER_FIELDS.has(field) || (field === CODE_FIELD && !CURRENCY.test(text));
    return isBuyer ? text && '…' : textTold(text, field, redact);
  });
  return json.length > KEPT_LENGTH_MAX ? `${told}…` : told;
}

export function answerTold(answer: string, words: readonly string[]): string {
  const redact = redactorOf(words);
  return answer.length <= KEPT_LENGTH_MAX && isJson(answer)
    ? jsonTold(answer, (text, field) => textTold(text, field, redact))
    : // Perhaps JSON that was cut, with its escapes.
      redact(answer, KEPT_LENGTH_MAX);
}

function textTold(text: string, field: string, redact: Redactor): string {
  const isPlain = PLAIN_FIELDS.has(field) || (FIGURE.test(text) && !QUOTING_FIELDS.has(field));
  return isPlain ? text : redact(text);
}

/** One that the cut of a text leaves open has no end. */
const LITERAL = /("(?:[^"\\]|\\.)*(?:"|\\?$))(\s*:)?/g;

/** JSON with its texts revised, each by the field that it is of, and with everything else to the byte. None of a text that was cut. */
function jsonTold(json: string, revise: (text: string, field: string) => string): string {
  let field = '';
  return json.replace(LITERAL, (whole: string, literal: string, colon: string | undefined) => {
    if (!isJson(literal)) {
      return '"';
    }
    const text = String(JSON.parse(literal));
    if (colon !== undefined) {
      field = text;
      return whole;
    }
    const revised = revise(text, field);
    return revised === text ? whole : JSON.stringify(revised);
  });
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
