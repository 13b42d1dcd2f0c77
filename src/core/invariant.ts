/** A statement that is true unless this program has a bug. Throws a plain Error, never a Failure: no operator can mend it. */
export function invariant(holds: boolean, statement: string): asserts holds {
  if (!holds) {
    throw new Error(`Broken invariant: ${statement}`);
  }
}
