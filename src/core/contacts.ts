import type { Buyer } from './order.ts';

/** Contact data in sentences: what of a person could stand in one, and the sentence without it. */

/** A single character is no name, and taking it out would leave holes everywhere. */
const LENGTH_MIN = 2;

/** What names or reaches the person. City, province and country do neither, and are words of many sentences. */
export function contactsOf({ firstName, lastName, company, email, phone, address }: Buyer): string[] {
  const { street, street2, postalCode } = address;
  return [firstName, lastName, company, email, phone, street, street2, postalCode]
    .map((text) => text.trim())
    .filter((text) => text.length >= LENGTH_MIN);
}

const EMAIL = /[^\s'"<>]+@[^\s'"<>]+/g;

/** The sentence without these, each as a whole word in any spelling, and without anything like an e-mail address. */
export function withoutContacts(sentence: string, contacts: readonly string[]): string {
  let text = sentence.toWellFormed();
  // The longest first, or a part of it would keep the rest from being recognised.
  for (const contact of contacts.toSorted((a, b) => b.length - a.length)) {
    const words = contact.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
    text = text.replace(new RegExp(String.raw`(?<![\p{L}\p{N}])${words}(?![\p{L}\p{N}])`, 'giu'), '…');
  }
  return text.includes('@') ? text.replace(EMAIL, '…') : text;
}
