import { createHash } from 'node:crypto';
import { SECOND } from '#core/time.ts';
import type { Clock } from '#core/time.ts';

/**
 * How often one content is stored under ever new ids. No signature covers the id, so who overheard a single message could fill the
 * disk with it. A shop tells the same content a few times, under one topic or another; what is beyond that shows nothing new.
 */
export interface CopyLimit {
  /** Has it stored, unless it is one too many: then the seconds to wait. What was stored before counts once. */
  admit(content: Uint8Array, store: () => Promise<{ readonly isNew: boolean }>): Promise<number | undefined>;
}

export interface CopyTerms {
  /** How many at once. */
  readonly copiesMax: number;
  /** After how long one more is stored. */
  readonly copyEveryMs: number;
  /** How many contents are remembered; the one that came longest ago is forgotten first. */
  readonly contentsMax: number;
}

interface Copies {
  left: number;
  atMs: number;
}

export function createCopyLimit(
  { copiesMax, copyEveryMs, contentsMax }: CopyTerms,
  clock: Pick<Clock, 'now'>,
): CopyLimit {
  const known = new Map<string, Copies>();
  const copiesOf = (content: Uint8Array): Copies => {
    const name = createHash('sha256').update(content).digest('base64');
    const nowMs = clock.now();
    const copies = known.get(name) ?? { left: copiesMax, atMs: nowMs };
    copies.left = Math.min(copiesMax, copies.left + Math.max(0, nowMs - copies.atMs) / copyEveryMs);
    copies.atMs = nowMs;
    known.delete(name);
    const [oldest] = known.keys();
    if (oldest !== undefined && known.size >= contentsMax) {
      known.delete(oldest);
    }
    known.set(name, copies);
    return copies;
  };
  return {
    async admit(content, store) {
      const copies = copiesOf(content);
      if (copies.left < 1) {
        return Math.max(1, Math.ceil(((1 - copies.left) * copyEveryMs) / SECOND));
      }
      // Before it is stored, or as many as come at once would all be.
      copies.left -= 1;
      let isNew = false;
      try {
        ({ isNew } = await store());
      } finally {
        copies.left += isNew ? 0 : 1;
      }
      return undefined;
    },
  };
}
