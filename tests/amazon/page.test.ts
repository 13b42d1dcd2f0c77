import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { rulesFileOptions } from '#connections.ts';
import { connectionId } from '#core/ids.ts';
import { createProof } from '#sources/amazon/proof.ts';
import { queuePolicy } from '#sources/amazon/queue-policy.ts';
import { readRulesFile } from '#rules-file.ts';
import { listen } from '#sim/socket.ts';
import { systemOutside } from '#outside.ts';
import { orderChange } from './notifications.ts';

/** What docs/amazon.md shows is what it says. */

const PAGE = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'amazon.md'), 'utf8');
const SECRET = 'planted secret 0123456789';

test('the rules in docs/amazon.md are read, and say what its text says', () => {
  const [, source = ''] = /```yaml\n([\s\S]*?)```/.exec(PAGE) ?? [];
  const found = readRulesFile(source, rulesFileOptions(undefined));
  assert(found.outcome === 'rules');
  const [route] = found.routes;
  assert.deepEqual(
    [
      route?.from,
      route?.rules.booksStart,
      route?.rules.untoldTax,
      route?.rules.bookWhen,
      route?.rules.client,
    ],
    ['amazon', '2026-11-01', { DE: '19', FR: '20', default: 'none' }, 'fulfilled', 'one_per_channel'],
  );
});

test('the policy in docs/amazon.md is the one that is printed', () => {
  const policy = queuePolicy('arn:aws:sqs:eu-west-1:111122223333:orders');
  assert.ok(PAGE.includes(`$ counterfoil amazon queue-policy\n${policy}\n`));
});

test('the forwarder in docs/amazon.md signs what this program takes, and gives back what was not taken', async () => {
  const [, source = ''] = /```js\n([\s\S]*?)```/.exec(PAGE) ?? [];
  const { clock, transport } = systemOutside(() => undefined);
  const proof = createProof({
    connection: connectionId('amazon'),
    secrets: [SECRET],
    apiKeys: [],
    clock,
    transport,
  });
  const seen: string[] = [];
  const receiver = await listen(async (request) => {
    const body = new Uint8Array(await request.arrayBuffer());
    const verdict = await proof.verify({ headers: Object.fromEntries(request.headers), body });
    seen.push(verdict.proof);
    const isTaken = verdict.proof === 'authentic' && seen.length < 3;
    return new Response('', { status: isTaken ? 200 : 503 });
  });
  try {
    process.env['COUNTERFOIL_URL'] = `${receiver.origin}/webhooks/amazon`;
    process.env['AMAZON_WEBHOOK_SECRET'] = SECRET;
    const forwarder = (await import(`data:text/javascript,${encodeURIComponent(source)}`)) as {
      handler(event: object): Promise<unknown>;
    };
    const body = JSON.stringify(orderChange());
    const Records = ['a', 'b', 'c'].map((messageId) => ({ messageId, body }));
    assert.deepEqual(await forwarder.handler({ Records }), {
      batchItemFailures: [{ itemIdentifier: 'c' }],
    });
    assert.deepEqual(seen, ['authentic', 'authentic', 'authentic']);
    await receiver.close();
    assert.deepEqual(await forwarder.handler({ Records: Records.slice(0, 1) }), {
      batchItemFailures: [{ itemIdentifier: 'a' }],
    });
  } finally {
    await receiver.close().catch(() => undefined);
    delete process.env['COUNTERFOIL_URL'];
    delete process.env['AMAZON_WEBHOOK_SECRET'];
  }
});
