import { withinBasicPlane } from '#core/basic-plane.ts';
import { createHash } from 'node:crypto';
import * as money from '#core/money.ts';
import type { LaidLine } from './layout.ts';
import { plainDecimal } from './payload.ts';
import type { ReadLine } from './payload.ts';
import { shortened } from './text.ts';

/** What an invoice's lines say, in one form whether we are about to write them or have read them. */

/** Of every text and figure of the lines in their order. */
export function linesSha256(lines: readonly ReadLine[]): string {
  return sha256Of(
    lines.map(({ name, description, quantity, unitCost, currency, taxes }) => [
      name,
      description,
      quantity,
      unitCost,
      currency,
      taxes.map((tax) => [tax.name, tax.percent]),
    ]),
  );
}

export function sha256Of(content: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

export function asRead(lines: readonly LaidLine[]): ReadLine[] {
  return lines.map((line) => ({
    name: line.name,
    description: line.description,
    quantity: String(line.quantity),
    unitCost: plainDecimal(money.format(line.unitCost)),
    currency: line.unitCost.currency,
    taxes: line.taxes.map(({ name, percent }) => ({ name, percent })),
  }));
}

/**
 * Whether lines that were read are those that were written: figures exactly, texts loosely, because FreshBooks may cut them or
 * leave out what it does not take. Descriptions bear no figure and are not asked.
 */
export function areAlike(read: readonly ReadLine[], written: readonly ReadLine[]): boolean {
  return (
    read.length === written.length &&
    read.every((line, index) => {
      const other = written[index];
      return other !== undefined && isAlike(line, other);
    })
  );
}

function isAlike(line: ReadLine, other: ReadLine): boolean {
  return (
    line.quantity === other.quantity &&
    line.unitCost === other.unitCost &&
    line.currency === other.currency &&
    isNamedAlike(line.name, other.name) &&
    line.taxes.length === other.taxes.length &&
    line.taxes.every((tax, index) => {
      const twin = other.taxes[index];
      return twin !== undefined && tax.percent === twin.percent && isNamedAlike(tax.name, twin.name);
    })
  );
}

/** One begins with the other, by its letters and digits. */
function isNamedAlike(name: string, other: string): boolean {
  const [a, b] = [lettersOf(name), lettersOf(other)];
  return a.startsWith(b) || b.startsWith(a);
}

function lettersOf(text: string): string {
  return withinBasicPlane(text)
    .normalize('NFC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '');
}

/** A hold shows both versions, and a hundred lines help nobody. */
const SHOWN_LENGTH_MAX = 2000;

/** "3 x 9.90 CAD Maple cup (CUP-1), GST 5 %; 1 x …". */
export function showLines(lines: readonly ReadLine[]): string {
  const shown = lines.map(({ name, description, quantity, unitCost, currency, taxes }) => {
    const detail = description === '' ? '' : ` (${description})`;
    const rates = taxes.map((tax) => `, ${tax.name} ${tax.percent} %`).join('');
    return `${quantity} x ${unitCost} ${currency} ${name}${detail}${rates}`;
  });
  return shortened(shown.length === 0 ? 'none' : shown.join('; '), SHOWN_LENGTH_MAX);
}
