import { uuid } from '#sim/world/random.ts';
import type { Random } from '#sim/world/random.ts';
import type { Region } from './marketplaces.ts';

/** A queue that the app named. */
export interface Destination {
  readonly id: string;
  readonly name: string;
  readonly arn: string;
}

/** What the app wants to be told of, and how much of it. */
export interface AmazonSubscription {
  readonly id: string;
  readonly type: NotificationType;
  readonly region: Region;
  readonly destinationId: string;
  /** Empty: all of them. */
  readonly changeTypes: readonly string[];
  /** Empty: all of them. */
  readonly marketplaceIds: readonly string[];
  /** As the app wrote it, to be shown again. */
  readonly directive: unknown;
}

export const NOTIFICATION_TYPES = ['ORDER_CHANGE', 'TRANSACTION_UPDATE'] as const;
export type NotificationType = (typeof NOTIFICATION_TYPES)[number];

/** The destinations and subscriptions of one app; one subscription for each type in each region. */
export interface NotificationsState {
  destinations(): readonly Destination[];
  addDestination(entry: Omit<Destination, 'id'>): Destination;
  removeDestination(id: string): void;
  subscriptions(): readonly AmazonSubscription[];
  addSubscription(entry: Omit<AmazonSubscription, 'id'>): AmazonSubscription;
  removeSubscription(id: string): void;
}

export function createNotificationsState(random: Random): NotificationsState {
  const destinations = new Map<string, Destination>();
  const subscriptions = new Map<string, AmazonSubscription>();
  return {
    destinations: () => [...destinations.values()],
    addDestination: (entry) => {
      const made = { ...entry, id: uuid(random) };
      destinations.set(made.id, made);
      return made;
    },
    removeDestination: (id) => void destinations.delete(id),
    subscriptions: () => [...subscriptions.values()],
    addSubscription: (entry) => {
      const made = { ...entry, id: uuid(random) };
      subscriptions.set(made.id, made);
      return made;
    },
    removeSubscription: (id) => void subscriptions.delete(id),
  };
}
