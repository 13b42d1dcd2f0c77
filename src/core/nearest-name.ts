/** Of a name that is not known, the known one that was probably meant. */

/** A name may be any text, and no key is as long. */
const LENGTH_MAX = 60;

/** By its letters, else by its words; nothing when none is near, or when several are as near by words. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const meant = plain(name);
  if (meant === '' || meant.length > LENGTH_MAX) {
    return undefined;
  }
  const ranked = known
    .map((candidate) => ({ candidate, distance: distanceOf(meant, plain(candidate)) }))
    .sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  if (best !== undefined && best.distance <= slipsIn(plain(best.candidate))) {
    return best.candidate;
  }
  const [byWords, ...others] = known.filter((candidate) => sharesWords(meant, plain(candidate)));
  return others.length === 0 ? byWords : undefined;
}

/** A third of its letters may be wrong; of three letters one, or everything were like everything. */
function slipsIn(name: string): number {
  return name.length <= 3 ? 1 : Math.max(2, Math.floor(name.length / 3));
}

/** "Refund-Category" and "refund_category" are one name to a person. */
function plain(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replaceAll(/[\s._-]+/g, ' ');
}

/** Whether all words of one stand in the other. */
function sharesWords(a: string, b: string): boolean {
  const [first, second] = [a.split(' '), b.split(' ')];
  return first.every((word) => second.includes(word)) || second.every((word) => first.includes(word));
}

/** How many letters must be changed, added or left out. */
function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_none, index) => index);
  for (const [index, letter] of Array.from(a).entries()) {
    const next = [index + 1];
    for (let at = 1; at <= b.length; at += 1) {
      const changed = (row[at - 1] ?? 0) + (letter === b[at - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[at] ?? 0) + 1, (next[at - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
