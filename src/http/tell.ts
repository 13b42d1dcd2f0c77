import type { Clock } from '#core/time.ts';
import type { Emit, PipelineEvent } from '#pipeline/ports.ts';
import { createRefusalLimit } from './refusal-limit.ts';
import type { RefusalTerms } from './refusal-limit.ts';

/**
 * Logs what anybody can cause, as long as neither its address nor all together are over their limit; then it returns the seconds
 * to wait. What is not logged is counted, and the next one that is says how many there were.
 */
export type Tell = (request: From, event: PipelineEvent) => number | undefined;

/** A connection that has ended meanwhile has no address any more. */
interface From {
  readonly raw: { readonly socket: { readonly remoteAddress?: string | undefined } };
}

/** Who has many addresses is bound by what all together may have logged. */
export interface TellTerms extends RefusalTerms {
  readonly refusalsOfAllMax: number;
  readonly refusalOfAllEveryMs: number;
}

export function createTell(
  { emit, clock }: { readonly emit: Emit; readonly clock: Pick<Clock, 'now'> },
  terms: TellTerms,
): Tell {
  const refusals = createRefusalLimit(terms, clock);
  const ofAll = createRefusalLimit(
    { refusalsMax: terms.refusalsOfAllMax, refusalEveryMs: terms.refusalOfAllEveryMs, addressesMax: 1 },
    clock,
  );
  return ({ raw }, event) => {
    const own = refusals.count(raw.socket.remoteAddress ?? '');
    if (own.isOver) {
      return own.retryAfterS;
    }
    const shared = ofAll.count('all');
    if (shared.isOver) {
      return shared.retryAfterS;
    }
    const unlogged = own.unlogged + shared.unlogged;
    emit({ ...event, fields: { ...event.fields, ...(unlogged === 0 ? {} : { unlogged }) } });
    return undefined;
  };
}
