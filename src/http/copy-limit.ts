import { createHash } from 'node:crypto';
import type { Clock } from '#core/time.ts';
import { createRefusalLimit } from './refusal-limit.ts';

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

export function createCopyLimit(
  { copiesMax, copyEveryMs, contentsMax }: CopyTerms,
  clock: Pick<Clock, 'now'>,
): CopyLimit {
  const copies = createRefusalLimit(
    { refusalsMax: copiesMax, refusalEveryMs: copyEveryMs, addressesMax: contentsMax },
    clock,
  );
  return {
    async admit(content, store) {
      const name = createHash('sha256').update(content).digest('base64');
      // Before it is stored, or as many as come at once would all be.
      const counted = copies.count(name);
      if (counted.isOver) {
        return counted.retryAfterS;
      }
      let isNew = false;
      try {
        ({ isNew } = await store());
      } finally {
        if (!isNew) {
          copies.takeBack(name);
        }
      }
      return undefined;
    },
  };
}
