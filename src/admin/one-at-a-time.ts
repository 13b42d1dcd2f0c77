/** Work of which one piece runs at a time and few wait, in the order in which they came. */
export interface Line {
  /** Nothing when so many wait already; then the work does not run. */
  pass<T>(waitingMax: number, work: () => Promise<T>): Promise<T> | undefined;
}

export function createLine(): Line {
  let last: Promise<unknown> = Promise.resolve();
  let count = 0;
  return {
    pass(waitingMax, work) {
      if (count > waitingMax) {
        return undefined;
      }
      count += 1;
      const mine = last.then(work).finally(() => (count -= 1));
      // Who comes next waits for the end of it, however it ends.
      last = mine.catch(() => undefined);
      return mine;
    },
  };
}
