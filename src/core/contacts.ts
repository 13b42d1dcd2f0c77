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
  let text = sentence.toWellFormed();
  const words = new Set(
    contacts.flatMap((contact) => [contact, withinBasicPlane(contact)]).filter(isTelling),
  );
  // The longest first, or a part of it would keep the rest from being recognised.
  for (const word of [...words].toSorted((a, b) => b.length - a.length)) {
    text = text.replace(wordIn(word), '…');
  }
  return text.includes('@') ? text.replace(WORD, (each) => (isAddress(each) ? '…' : each)) : text;
}

function isAddress(word: string): boolean {
  return word.slice(1, -1).includes('@');
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
