import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { rulesWith } from '#core/rules.ts';
import { previewOrder } from '#preview.ts';
import type { OrderPreview } from '#preview.ts';
import { createWorld } from '#sim/world.ts';
import type { ScenarioName } from '#sim/world/scenarios.ts';
import { SCENARIO_NAMES } from '#sim/world/scenarios.ts';
import { orderBody } from '#sim/shopify/body.ts';
import { toJson } from '#sim/shopify/json.ts';
import { DEFAULT_SWITCHES } from '#sim/shopify/switches.ts';
import { outputJson } from '#operator/json.ts';
import { judge } from './preview-judgement.ts';
import { previewJson } from './preview-json.ts';
import { previewText } from './preview-text.ts';
import { widthOf } from './text-width.ts';

const SCREEN = { columns: 80, paint: (text: string) => text };
const CLOCK = { now: () => Date.parse('2026-11-20T15:00:00Z') };

describe('a preview', () => {
  test('shows every scenario of the simulated shop without a line wider than the terminal', () => {
    for (const name of SCENARIO_NAMES) {
      const lines = previewText(SCREEN, previewOf(name));
      const wide = lines.filter((line) => widthOf(line) > 80);
      assert.deepEqual(wide, [], name);
    }
  });

  test('ends at the shop’s total and a difference of nothing', () => {
    const text = textOf('paid, two lines, code discount');
    assert.match(text, /^Total \(USD\) +103\.94$/m);
    assert.match(text, /^Total of the order +103\.94 USD$/m);
    assert.match(text, /^Difference +0\.00 USD$/m);
    assert.match(text, /^How: .+\((native|rounding-line)\)$/ms);
  });

  test('shows what follows: sent, and the payment', () => {
    const text = textOf('paid, one line');
    assert.match(text, /^Sent +marked as sent/m);
    assert.match(text, /^Payment +[\d.]+ USD on 2026-11-20, card \(shopify_payments\)$/m);
  });

  test('leaves the tax that the channel remits out of the invoice and says so', () => {
    const text = textOf('paid, tax remitted by the channel');
    assert.match(text, /^Tax that the channel remits itself +-8\.74 USD$/m);
    assert.match(text, /^Invoice SHOPIFY-1001 +98\.47 USD$/m);
    assert.match(text, /^Difference +0\.00 USD$/m);
  });

  test('of an order that is skipped shows its invoice all the same, and no later steps', () => {
    const text = textOf('test order');
    assert.match(text, /^This order would be skipped: Test order of the shop$/m);
    assert.match(text, /^Total \(USD\) +\d/m);
    assert.doesNotMatch(text, /^Payment/m);
  });

  test('of a refunded order shows what is left of it, and what is asked before money is booked', () => {
    const shown = previewOf('refunded, one unit of three');
    assert.equal(judge(shown).outcome, 'priced');
    const text = previewText(SCREEN, shown).join('\n');
    assert.match(text, /^Went back +-21\.89 USD$/m);
    assert.match(text, /^To stand in the books +50\.89 USD$/m);
    assert.match(text, /^Asked +the shop, before money is booked: .*partially_refunded/m);
  });

  test('of an order that does not add up shows both sums and no invoice', () => {
    const shown = previewOf('paid, one line', (body) =>
      body.replaceAll(/"total_price(_set)?":/g, '"was_$1":').replace('{', '{"total_price":"1.00",'),
    );
    assert.deepEqual(judge(shown).outcome, 'held');
    const text = previewText(SCREEN, shown).join('\n');
    assert.match(text, /^Held: Order #1001 says 1\.00 USD and its lines sum to [\d.]+ USD$/m);
    assert.match(text, /^ {2}Difference +-[\d.]+ USD$/m);
    assert.doesNotMatch(text, /^Invoice/m);
  });

  test('of an order whose taxes FreshBooks cannot reach prices it as charged and is held, since no invoice is made', () => {
    const shown = previewOf('paid, Quebec', (body) => body.replaceAll('"rate":0.05', '"rate":0.5'));
    const text = previewText(SCREEN, shown).join('\n');
    assert.match(text, /^Invoice +SHOPIFY-1001$/m);
    assert.equal(text.match(/^Held: Invoice .* FreshBooks would compute/gm)?.length, 1);
    assert.doesNotMatch(text, /^(How|Sent|Payment|Difference|Held {2})/m);
    const json = JSON.parse(outputJson(previewJson(shown))) as Record<string, unknown>;
    assert.deepEqual([json['outcome'], json['code']], ['held', 'order-rounding-too-large']);
    assert.deepEqual(json['holds'], []);
  });

  test('as JSON has amounts as decimal text and the same verdict', () => {
    const json = JSON.parse(outputJson(previewJson(previewOf('paid, four taxes a line')))) as {
      outcome: string;
      invoice: { number: string; issuedOn: string; dueOn: string; lines: unknown[] };
      proof: { source: 'shopify'; shop: { total: { amount: string } }; difference: { amount: string } };
    };
    assert.equal(json.outcome, 'priced');
    assert.equal(json.invoice.number, 'SHOPIFY-1001');
    assert.deepEqual([json.invoice.issuedOn, json.invoice.dueOn], ['2026-11-20', '2026-12-05']);
    assert.equal(json.proof.shop.total.amount, '114.73');
    assert.equal(json.proof.difference.amount, '0.00');
  });
});

function textOf(name: ScenarioName): string {
  return previewText(SCREEN, previewOf(name)).join('\n');
}

function previewOf(name: ScenarioName, change: (body: string) => string = (body) => body): OrderPreview {
  const world = createWorld({ seed: 5, clock: CLOCK });
  const order = world.scenario(name);
  const body = toJson(orderBody(order, { shop: world.shop, switches: DEFAULT_SWITCHES }));
  return previewOrder(Buffer.from(change(body)), {
    source: 'shopify',
    shop: world.shop.domain,
    rules: rulesWith(undefined),
  });
}
