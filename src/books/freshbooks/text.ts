/** Text on its way into a field of unknown length and repertoire: cut where a reader sees it, never inside a character. */

const ELLIPSIS = '…';

/** One line of well-formed text: halves of surrogate pairs replaced, control characters and runs of spaces made a space. */
export function singleLine(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim();
}

/** At most this many code points, ending in "…" when something was cut off. Keeps what a reader sees as one character whole. */
export function shortened(text: string, lengthMax: number): string {
  const wellFormed = text.toWellFormed();
  if (lengthOf(wellFormed) <= lengthMax) {
    return wellFormed;
  }
  // Made here, where it is rarely needed: it reads Unicode's tables first.
  const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
  let kept = '';
  let length = 0;
  for (const { segment } of graphemes.segment(wellFormed)) {
    length += lengthOf(segment);
    if (length > lengthMax - 1) {
      break;
    }
    kept += segment;
  }
  // A first character of hundreds of combining marks is cut like any text.
  return (
    (kept === ''
      ? Array.from(wellFormed)
          .slice(0, lengthMax - 1)
          .join('')
      : kept.trimEnd()) + ELLIPSIS
  );
}

function lengthOf(text: string): number {
  return Array.from(text).length;
}
