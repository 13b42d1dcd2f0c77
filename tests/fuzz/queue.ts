import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { connectionId } from '#core/ids.ts';
import type { Authentic } from '#pipeline/source.ts';
import { createPoller } from '#sources/amazon/poller.ts';
import { hurriedClock } from '#tests/clock.ts';
import { bytes, orderChange, transactionUpdate } from '#tests/amazon/notifications.ts';
import { openQueue } from '#tests/amazon/queue.ts';
import { mangled, mangles } from './mangle.ts';
import type { Mangle } from './mangle.ts';
import { see } from './target.ts';
import type { Opened } from './target.ts';

/** What the seller's queue hands out: any bodies, within answers that may themselves be anything. */

interface Handed {
  readonly bodies: readonly (Mangle | undefined)[];
  /** Of the whole answer. */
  readonly spoilt: Mangle | undefined;
  readonly status: number;
}

const RIGHT = [
  bytes(orderChange()),
  bytes(transactionUpdate([{ name: 'OrderId', value: '111-2093847-6650917' }])),
];

const handed: fc.Arbitrary<Handed> = fc.record({
  bodies: fc.array(fc.option(mangles, { nil: undefined, freq: 4 }), { minLength: 1, maxLength: 3 }),
  spoilt: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: mangles }),
  status: fc.oneof(
    { weight: 12, arbitrary: fc.constant(200) },
    { weight: 1, arbitrary: fc.constantFrom(400, 403, 429, 500, 503) },
  ),
});

/** As the queue writes it: the text of each body with its hash. */
function answerOf({ bodies, spoilt }: Handed, number: number): object {
  const Messages = bodies.map((mangle, index) => {
    const right = RIGHT[index % RIGHT.length] ?? new Uint8Array();
    const Body = new TextDecoder().decode(mangle === undefined ? right : mangled(right, mangle));
    return {
      MessageId: `message-${number}-${index}`,
      ReceiptHandle: `receipt-${number}-${index}`,
      MD5OfBody: createHash('md5').update(Body).digest('hex'),
      Body,
      Attributes: { ApproximateReceiveCount: '1' },
    };
  });
  if (spoilt === undefined) {
    return { Messages };
  }
  try {
    return Object(JSON.parse(new TextDecoder().decode(mangled(bytes({ Messages }), spoilt))));
  } catch {
    // What is no JSON is the affair of AWS's client.
    return {};
  }
}

export async function openMessages(): Promise<Opened> {
  const queue = await openQueue();
  const stored: Authentic[] = [];
  const deleted: string[] = [];
  const faults: string[] = [];
  const state = { number: 0, asked: Promise.withResolvers<void>() };
  let next = Promise.withResolvers<{ readonly status: number; readonly json: object }>();
  queue.at(async ({ action, body }) => {
    if (action !== 'ReceiveMessage') {
      deleted.push(...(JSON.stringify(body).match(/receipt-\d+-\d+/g) ?? []));
      return { status: 200, json: { Successful: [], Failed: [] } };
    }
    state.asked.resolve();
    return next.promise;
  });
  const poller = createPoller({
    connection: connectionId('amazon'),
    queue: queue.access,
    accept: async (message) => void stored.push(message),
    clock: hurriedClock(),
    emit: ({ name, fields }) => {
      see(name);
      faults.push(...(fields['code'] === 'unexpected' ? [JSON.stringify(fields)] : []));
    },
  });
  const hand = async (answer: { readonly status: number; readonly json: object }): Promise<void> => {
    await state.asked.promise;
    stored.length = 0;
    deleted.length = 0;
    state.asked = Promise.withResolvers();
    const { resolve } = next;
    next = Promise.withResolvers();
    resolve(answer);
    // Asked again, it is done with what it was handed.
    await state.asked.promise;
  };
  const property = fc.asyncProperty(handed, async (sent) => {
    state.number += 1;
    await hand({ status: sent.status, json: answerOf(sent, state.number) });
    assert.deepEqual(faults, []);
    assert.ok(new Set(deleted).size <= stored.length, 'what is deleted is stored');
    for (const { externalId, topic } of stored) {
      assert.ok(externalId.length > 0 && externalId.length <= 100 && topic.length <= 64, externalId);
    }
    if (sent.status === 200 && sent.spoilt === undefined) {
      assert.deepEqual([stored.length, new Set(deleted).size], [sent.bodies.length, sent.bodies.length]);
    }
    see(`${stored.length} stored`);
  });
  poller.start();
  return {
    property,
    async close() {
      const right = { bodies: [undefined], spoilt: undefined, status: 200 };
      await hand({ status: 200, json: answerOf(right, 0) });
      assert.equal(stored.length, 1, 'after all that it takes a message');
      next.resolve({ status: 200, json: {} });
      await poller.stop();
      await queue.close();
    },
  };
}
