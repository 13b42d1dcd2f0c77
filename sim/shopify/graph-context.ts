import type { World } from '#sim/world.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { Switches } from './switches.ts';
import type { AppSettings } from './tokens.ts';

/** What a GraphQL answer is made from. */
export interface GraphContext {
  readonly world: World;
  readonly app: AppSettings;
  readonly switches: Switches;
  readonly subscriptions: Subscriptions;
  readonly now: number;
  /** The version that answers: the one asked for, or the one that a retired one falls forward to. */
  readonly apiVersion: string;
}
