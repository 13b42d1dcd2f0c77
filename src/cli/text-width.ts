/**
 * How wide a text stands on a terminal. Names of products come from anywhere: East Asian letters and emoji take two cells,
 * combining marks none, and control characters could rewrite the screen, so they are shown as a sign.
 */

/** Unicode's East Asian Wide and Fullwidth blocks, as terminals draw them (Unicode 17, EastAsianWidth.txt, by block). */
const WIDE =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\u33FF\u3400-\u4DBF\u4E00-\u9FFF\uA000-\uA4CF\uA960-\uA97F\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6\u{16FE0}-\u{18DFF}\u{1AFF0}-\u{1B2FF}\u{20000}-\u{3FFFD}]/u;
const ASCII = /^[ -~]*$/;
const EMOJI = /\p{Emoji_Presentation}|\p{Emoji}\uFE0F/u;
const INVISIBLE = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;
/** Control characters, and the marks that turn the direction of what follows. */
export const HARMFUL = /[\p{Cc}\u2028\u2029\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;

/** One line that does nothing to a terminal. */
export function plain(text: string): string {
  return text
    .replace(/\s+/g, (space) => (/[\r\n]/.test(space) ? ' ' : space))
    .replace(/\t/g, ' ')
    .replace(HARMFUL, '\uFFFD');
}

export function widthOf(text: string): number {
  if (ASCII.test(text)) {
    return text.length;
  }
  let width = 0;
  for (const { segment } of graphemesOf(text)) {
    width += widthOfGrapheme(segment);
  }
  return width;
}

let segmenter: Intl.Segmenter | undefined;

/** Made when it is needed: it reads Unicode's tables first, which takes a twentieth of what a short command takes. */
function graphemesOf(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return segmenter.segment(text);
}

function widthOfGrapheme(grapheme: string): number {
  if (INVISIBLE.test(grapheme)) {
    return 0;
  }
  return WIDE.test(grapheme) || EMOJI.test(grapheme) ? 2 : 1;
}

/** The text, or as much of it as fits with an ellipsis in its place. */
export function fitted(text: string, columns: number): string {
  if (widthOf(text) <= columns) {
    return text;
  }
  let short = '';
  let width = 0;
  for (const { segment } of graphemesOf(text)) {
    width += widthOfGrapheme(segment);
    if (width > columns - 1) {
      break;
    }
    short += segment;
  }
  return `${short.trimEnd()}…`;
}

/** With spaces after it up to the width. */
export function padded(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - widthOf(text)));
}
