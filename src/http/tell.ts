import type { FastifyRequest } from 'fastify';
import type { Clock } from '#core/time.ts';
import type { Emit, PipelineEvent } from '#pipeline/ports.ts';
import { createRefusalLimit } from './refusal-limit.ts';
import type { RefusalTerms } from './refusal-limit.ts';

/**
 * Logs what anybody can cause, as long as its address is not over its limit; then it returns the seconds to wait. What is
 * not logged is counted, and the next one that is says how many there were.
 */
export type Tell = (request: FastifyRequest, event: PipelineEvent) => number | undefined;

export function createTell(
  { emit, clock }: { readonly emit: Emit; readonly clock: Pick<Clock, 'now'> },
  terms: RefusalTerms,
): Tell {
  const refusals = createRefusalLimit(terms, clock);
  return ({ raw }, event) => {
    // A connection that has ended meanwhile has no address any more.
    const counted = refusals.count(raw.socket.remoteAddress ?? '');
    if (counted.isOver) {
      return counted.retryAfterS;
    }
    const { unlogged } = counted;
    emit({ ...event, fields: { ...event.fields, ...(unlogged === 0 ? {} : { unlogged }) } });
    return undefined;
  };
}
