/** Characters beyond U+FFFF (emoji, mostly) removed, for books that refuse them. */
export function withinBasicPlane(text: string): string {
  return text
    .replace(/[\u{10000}-\u{10FFFF}]\p{M}*\u200D?/gu, '')
    .replace(/ {2,}/g, ' ')
    .trim();
}
