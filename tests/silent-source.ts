import assert from 'node:assert/strict';
import type { ConnectionId } from '#core/ids.ts';
import type { Swept } from '#pipeline/source.ts';

/** A source of which a test expects no question but those that it answers itself. */
export function silentSource(connection: ConnectionId): Swept {
  const never = (): never => assert.fail('it is not asked here');
  return {
    connection,
    canRead: true,
    readNeeds: '',
    overlapMs: 0,
    firstMs: 0,
    refusalUnread: never,
    verify: never,
    sort: never,
    read: never,
    placed: never,
    changed: never,
    spareAt: () => undefined,
  };
}
