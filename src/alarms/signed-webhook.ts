import { createHmac } from 'node:crypto';
import type { AlarmGroup, AlarmMessage } from '#core/alarm-message.ts';
import { SECOND, showInstant } from '#core/time.ts';
import type { AlarmChannel } from '#pipeline/ports.ts';
import { postJson } from './post-json.ts';
import type { Posting } from './post-json.ts';

/**
 * JSON for programs, signed: the receiver computes the HMAC of the header `X-Counterfoil-Timestamp`, a dot and the raw body,
 * compares it in constant time, and refuses what is older than a few minutes. docs/alarms.md shows how.
 */
export function createSignedWebhookChannel(
  posting: Posting,
  { url, secret }: { readonly url: string; readonly secret: string },
): AlarmChannel {
  const name = 'webhook';
  return {
    name,
    async send(message) {
      const body = JSON.stringify(bodyOf(message));
      // Of this attempt, not of the message: a message that waited for its receiver is not a replay.
      const timestamp = String(Math.floor(posting.clock.now() / SECOND));
      const headers = {
        'x-counterfoil-timestamp': timestamp,
        'x-counterfoil-signature': createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex'),
      };
      await postJson(posting, { channel: name, url, body, headers });
    },
  };
}

function bodyOf({ at, raised, again, over, ...message }: AlarmMessage): unknown {
  return {
    ...message,
    at: showInstant(at),
    raised: raised.map(groupJson),
    again: again.map(groupJson),
    over: over.map(groupJson),
  };
}

function groupJson({ sinceAt, ...group }: AlarmGroup): unknown {
  return { ...group, sinceAt: showInstant(sinceAt) };
}
