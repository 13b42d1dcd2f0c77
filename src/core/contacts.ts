import { withinBasicPlane } from './basic-plane.ts';
import type { Buyer } from './order.ts';

/** Contact data in sentences: what of a person could stand in one, and the sentence without it. */

/** A single letter is no name, and taking it out would leave holes everywhere. */
const LENGTH_MIN = 2;
/** Scripts that put no space between words: one character is a name there, and it stands among other letters. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/** What names or reaches the person. City, province and country do neither, and are words of many sentences. */
export function contactsOf({ firstName, lastName, company, email, phone, address }: Buyer): string[] {
  const { street, street2, postalCode } = address;
  return [firstName, lastName, company, email, phone, street, street2, postalCode]
    .map((text) => text.trim())
    .filter(isTelling);
}

function isTelling(text: string): boolean {
  return text.length >= LENGTH_MIN || UNSPACED.test(text);
}

/** What may be an e-mail address. Looked for its @ afterwards: to look for both at once takes the square of a long word's length. */
const WORD = /[^\s'"<>]+/g;

/**
 * The sentence without these, each as a whole word in any spelling, with and without its rare characters, and without anything
 * like an e-mail address.
 */
export function withoutContacts(sentence: string, contacts: readonly string[]): string {
  return redactorOf(contacts)(sentence);
}

/** A text without contacts. Of a longer one than the bound only what is within it, and nothing of a contact that goes on beyond it. */
export type Redactor = (text: string, lengthMax?: number) => string;

/** By so many characters one may be spelled, and so many has what stands before the @ of an address. */
const SPELLING_MAX = 16;
const MAILBOX_MAX = 64;

/** For many texts of one person: what they are looked through for is made once. */
export function redactorOf(contacts: readonly string[]): Redactor {
  const words = new Set(
    contacts.flatMap((contact) => [contact, withinBasicPlane(contact)]).filter(isTelling),
  );
  const patterns = [...words].map(wordIn);
  // A contact that begins within the bound ends within this. What comes after is not even looked at, however much it is.
  const beyond = SPELLING_MAX * Math.max(MAILBOX_MAX, ...[...words].map(({ length }) => length));
  return (whole, lengthMax = Infinity) => {
    const text = whole.slice(0, lengthMax + beyond).toWellFormed();
    const places = [...patterns.flatMap((pattern) => placesOf(text, pattern)), ...addressesIn(text)];
    const kept = withoutPlaces(text, places, lengthMax);
    return whole.length > lengthMax ? `${kept}…` : kept;
  };
}

interface Place {
  readonly start: number;
  readonly end: number;
}

function placesOf(text: string, pattern: RegExp): Place[] {
  return Array.from(text.matchAll(pattern), ({ 0: { length }, index }) => ({
    start: index,
    end: index + length,
  }));
}

function addressesIn(text: string): Place[] {
  return text.includes('@')
    ? placesOf(text, WORD).filter(({ start, end }) => text.slice(start + 1, end - 1).includes('@'))
    : [];
}

/** A hole for each; one for those that overlap. */
function withoutPlaces(text: string, places: readonly Place[], lengthMax: number): string {
  let kept = '';
  let end = 0;
  for (const place of places.filter(({ start }) => start < lengthMax).toSorted((a, b) => a.start - b.start)) {
    kept += place.start < end ? '' : `${text.slice(end, place.start)}…`;
    end = Math.max(end, place.end);
  }
  return (kept + text.slice(end, lengthMax)).toWellFormed();
}

function wordIn(word: string): RegExp {
  const [first = ''] = word;
  const [last = ''] = Array.from(word).slice(-1);
  const before = UNSPACED.test(first) ? '' : String.raw`(?<![\p{L}\p{N}])`;
  const behind = UNSPACED.test(last) ? '' : String.raw`(?![\p{L}\p{N}])`;
  return new RegExp(before + word.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`) + behind, 'giu');
}

/** The fact of a refusal that holds the vendor's own words. */
export const QUOTING_FACT = 'Message';
const QUOTATION = /(\brefused \(status \d+\): ).+$/s;

/** The sentence, or the value of a fact of this name, without what it quotes of a vendor: it may name who is not known any more. */
export function withoutQuotation(text: string, fact?: string): string {
  return fact === QUOTING_FACT ? '…' : text.replace(QUOTATION, '$1…');
}
