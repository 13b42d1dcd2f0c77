import * as fc from 'fast-check';
import { Failure } from '#core/failure.ts';
import { isOneOf } from './target.ts';
import type { Target } from './target.ts';

/** Programs that do what none may: what watches must see it. */

const kept: number[][] = [];
const target = (name: string, take: (input: number) => unknown): Target => ({
  name,
  runs: 1,
  open: async () => ({
    property: fc.asyncProperty(fc.nat(1000), (input) => isOneOf(() => take(input), ['delivery-…'])),
  }),
});

export const TARGETS: readonly Target[] = [
  target('is right', () => {
    throw new Failure('delivery-empty', { detail: 'Nothing' });
  }),
  target('loops', () => {
    for (;;) {
      kept.length = 0;
    }
  }),
  target('waits for ever', () => new Promise(() => undefined)),
  target('keeps all', () => kept.push(Array.from({ length: 1_000_000 }, () => 1))),
  target('throws', (input) => {
    if (input > 500) {
      throw new TypeError('input.x is undefined');
    }
  }),
  target('fails by another name', () => {
    throw new Failure('token-missing', { detail: 'Elsewhere' });
  }),
  target('says that it is a fault', () => {
    throw new Failure('unexpected', { detail: 'Fault' });
  }),
  target('says too much', () => {
    throw new Failure('delivery-malformed', { detail: 'x'.repeat(10_000) });
  }),
];
