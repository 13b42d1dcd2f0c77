import { withinBasicPlane } from './basic-plane.ts';
import type { Buyer } from './order.ts';
import { readingsOf } from './readings.ts';
import type { Place, Reading } from './readings.ts';

/** Contact data in sentences: what of a person could stand in one, and the sentence without it. */

/** A single letter is no name, and taking it out would leave holes everywhere. */
const LENGTH_MIN = 2;
/** Scripts that put no space between words: one character is a name there, and it stands among other letters. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/** A phone number with less is one of a house or a flat. */
const PHONE_DIGITS_MIN = 7;

/** What names or reaches the person. City, province and country do neither, and are words of many sentences. */
export function contactsOf({ firstName, lastName, company, email, phone, address }: Buyer): string[] {
  const { street, street2, postalCode } = address;
  const digits = phone.replaceAll(/\D/g, '');
  const dialled = digits.length < PHONE_DIGITS_MIN ? '' : digits;
  return [firstName, lastName, company, email, phone, dialled, street, street2, postalCode]
    .map((text) => text.trim())
    .filter(isTelling);
}

function isTelling(text: string): boolean {
  return text.length >= LENGTH_MIN || UNSPACED.test(text);
}

/** What may be an e-mail address. Looked for its @ afterwards: to look for both at once takes the square of a long word's length. */
const WORD = /[^\s'"<>]+/g;

/**
 * The sentence without these, each as a whole word however it is spelled or escaped, with and without its rare characters, and
 * without anything like an e-mail address.
 */
export function withoutContacts(sentence: string, contacts: readonly string[]): string {
  return redactorOf(contacts)(sentence);
}

/** A text without contacts. Of a longer one than the bound only what is within it, and nothing of a contact that goes on beyond it. */
export type Redactor = (text: string, lengthMax?: number) => string;

/** By so many characters one may be escaped, and so many has what stands before the @ of an address. */
const ESCAPED_MAX = 16;
const MAILBOX_MAX = 64;

/** For many texts of one person: what they are looked through for is made once. */
export function redactorOf(contacts: readonly string[]): Redactor {
  const telling = contacts.flatMap((contact) => [contact, withinBasicPlane(contact)]).filter(isTelling);
  const spelled = telling.flatMap(readingsOf).map(({ text }) => text.trim());
  const words = [...new Set(spelled.filter(isTelling))].map(wordOf);
  // A contact that begins within the bound ends within this. What comes after is not even looked at, however much it is.
  const beyond = ESCAPED_MAX * Math.max(MAILBOX_MAX, ...telling.map(({ length }) => length));
  return (whole, lengthMax = Infinity) => {
    const text = whole.slice(0, lengthMax + beyond).toWellFormed();
    const places = readingsOf(text).flatMap((reading) => [
      ...words.flatMap((word) => placesOf(word, reading)),
      ...addressesIn(reading),
    ]);
    const kept = withoutPlaces(text, places, lengthMax);
    return whole.length > lengthMax ? `${kept}…` : kept;
  };
}

/** What is looked for, and whether it may stand within a word: before it, behind it. */
interface Word {
  readonly text: string;
  readonly isJoined: readonly [boolean, boolean];
}

function wordOf(text: string): Word {
  const signs = Array.from(text);
  return { text, isJoined: [UNSPACED.test(signs.at(0) ?? ''), UNSPACED.test(signs.at(-1) ?? '')] };
}

const ENDS_IN_LETTER = /[\p{L}\p{N}]$/u;
const BEGINS_WITH_LETTER = /^[\p{L}\p{N}]/u;
/** A character is at most two units. */
const UNITS_MAX = 2;

function placesOf(
  { text: word, isJoined: [isJoinedBefore, isJoinedBehind] }: Word,
  reading: Reading,
): Place[] {
  const { text } = reading;
  const places: Place[] = [];
  for (let start = text.indexOf(word); start >= 0; start = text.indexOf(word, start + 1)) {
    const end = start + word.length;
    const isWord =
      (isJoinedBefore || !ENDS_IN_LETTER.test(text.slice(Math.max(0, start - UNITS_MAX), start))) &&
      (isJoinedBehind || !BEGINS_WITH_LETTER.test(text.slice(end, end + UNITS_MAX)));
    if (isWord) {
      places.push(reading.placeOf(start, end));
    }
  }
  return places;
}

function addressesIn(reading: Reading): Place[] {
  const words = reading.text.includes('@') ? [...reading.text.matchAll(WORD)] : [];
  return words
    .filter(([word]) => word.slice(1, -1).includes('@'))
    .map(({ 0: { length }, index }) => reading.placeOf(index, index + length));
}

/** A hole for each; one for those that overlap. */
function withoutPlaces(text: string, places: readonly Place[], lengthMax: number): string {
  const parts: string[] = [];
  let taken = 0;
  const within = places.filter(({ start }) => start < lengthMax);
  for (const { start, end } of within.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    if (start >= taken) {
      parts.push(text.slice(taken, start), '…');
    }
    taken = Math.max(taken, end);
  }
  return [...parts, text.slice(taken, lengthMax)].join('').toWellFormed();
}

/** The fact of a refusal that holds the vendor's own words. */
export const QUOTING_FACT = 'Message';
const QUOTATION = /(\brefused \(status \d+\): ).+$/s;

/** The sentence, or the value of a fact of this name, without what it quotes of a vendor: it may name who is not known any more. */
export function withoutQuotation(text: string, fact?: string): string {
  return fact === QUOTING_FACT ? '…' : text.replace(QUOTATION, '$1…');
}
