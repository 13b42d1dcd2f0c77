import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { settlementKey } from '#core/ids.ts';
import type { OrderKey } from '#core/ids.ts';
import { MARKETPLACES } from '#core/marketplaces.ts';
import { defaultRulesOf } from '#core/rules.ts';
import { DAY, MINUTE, after, instant } from '#core/time.ts';
import { FOUND_TOPIC, READ_TOPIC } from '#pipeline/source.ts';
import type { Authentic } from '#pipeline/source.ts';
import { previewOrder } from '#preview.ts';
import { createAmazonAdmin } from '#sources/amazon/admin.ts';
import { createAmazonSource } from '#sources/amazon/amazon.ts';
import { createSellingPartnerApi } from '#sources/amazon/api.ts';
import { ORDER_CHANGE, TRANSACTION_UPDATE, UNREADABLE_TOPIC } from '#sources/amazon/notification.ts';
import { createProof, sign } from '#sources/amazon/proof.ts';
import { DEFAULT_AMAZON_APP } from '#sim/amazon/amazon.ts';
import { transactionUpdateBody } from '#sim/amazon/notification-body.ts';
import { makeCertificate } from '#tests/amazon/certificate.ts';
import { bytes, orderChange } from '#tests/amazon/notifications.ts';
import { CERTIFICATE_URL, TOPIC, snsBody, snsHost } from '#tests/amazon/sns-messages.ts';
import { AMAZON, openAmazon } from '#tests/contract/source-amazon.ts';
import type { AmazonWorld } from '#tests/contract/source-amazon.ts';
import { testClock } from '#tests/clock.ts';
import { spoiling, spoiltAnswers } from './answers.ts';
import { MOMENTS, mangled, mangles } from './mangle.ts';
import { mangledOf, sortsOrRefuses } from './shop.ts';
import { isOneOf, outcomeOf, patientClock, see } from './target.ts';
import type { Opened } from './target.ts';

/** What Amazon and a seller's forwarder send, and what Amazon answers. */

const TOPICS = [
  ORDER_CHANGE,
  TRANSACTION_UPDATE,
  UNREADABLE_TOPIC,
  FOUND_TOPIC,
  READ_TOPIC,
  READ_TOPIC,
  'ANY_OFFER_CHANGED',
  '__proto__',
  '',
];

const ENVELOPE = {
  applicationId: DEFAULT_AMAZON_APP.applicationId,
  subscriptionId: 'subscription-1',
  notificationId: 'transaction-update-1',
  publishedAt: 0,
};
/** Longer than any list reaches back here. */
const SINCE_MS = -30 * DAY;
/** After its payout nothing comes to a settlement any more. */
const SETTLED_MS = 4 * DAY;

interface Bodies {
  /** Orders with their transactions, as they are read. */
  readonly read: readonly Uint8Array[];
  readonly notifications: readonly Uint8Array[];
  readonly found: readonly Uint8Array[];
  /** Settlements as they are read. */
  readonly settled: readonly Uint8Array[];
}

/** Pays out what is free, and lets the time pass after which a settlement is over. */
async function settlementsOf({ world, clock }: AmazonWorld): Promise<readonly OrderKey[]> {
  world.settle();
  await clock.advance(SETTLED_MS);
  // Those of another region are not shown here.
  const shown = world.transactions().filter(({ marketplace }) => marketplace.region === 'na');
  const groups = new Set(shown.flatMap(({ group }) => group?.id ?? []));
  return [...groups].flatMap((groupId) => settlementKey(AMAZON, groupId) ?? []);
}

async function bodiesOf(amazon: AmazonWorld): Promise<Bodies> {
  const { source, orders, world, clock } = amazon;
  const read: Uint8Array[] = [];
  for (const { key } of orders) {
    read.push((await source.read(key)).body);
  }
  const settled: Uint8Array[] = [];
  for (const key of await settlementsOf(amazon)) {
    settled.push((await source.read(key)).body);
  }
  const since = after(instant(clock.now()), SINCE_MS);
  const { changes } = await source.changed({ since, newest: since });
  const updates = world
    .transactions()
    .slice(0, 10)
    .map((transaction) => transactionUpdateBody(transaction, { ...ENVELOPE, sellerId: world.sellerId }));
  return {
    read,
    notifications: [
      ...orders.map(({ message }) => message.body),
      ...updates.map((text) => new TextEncoder().encode(text)),
    ],
    found: changes.map(({ message }) => message.body),
    settled,
  };
}

/** Stored names and topics stay short, and nobody names the topics of our own readings. */
function assertStorable({ externalId, topic }: Pick<Authentic, 'externalId' | 'topic'>): void {
  assert.ok(externalId.length > 0 && externalId.length <= 100, `a name of ${externalId.length} characters`);
  assert.ok(topic.length > 0 && topic.length <= 64 && topic !== READ_TOPIC && topic !== FOUND_TOPIC, topic);
}

const FIGURES = [
  '0',
  '-0',
  '0.01',
  '-0.01',
  '12.34',
  '-12.34',
  '1.005',
  '99999999',
  '999999999999999999.99',
  '1e2',
];

/** Of some orders single figures are others, so that they are read and contradict each other. */
function refigured(bodies: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const changes = fc.array(fc.tuple(fc.nat(1_000_000), fc.constantFrom(...FIGURES)), {
    minLength: 1,
    maxLength: 4,
  });
  return fc.tuple(fc.nat(bodies.length - 1), changes).map(([index, changes]) => {
    const parts = new TextDecoder()
      .decode(bodies[index])
      .split(/(?<="(?:amount|currencyAmount)":"?)(-?[\d.]+)/);
    const places = (parts.length - 1) / 2;
    for (const [place, figure] of places === 0 ? [] : changes) {
      parts[2 * (place % places) + 1] = figure;
    }
    return new TextEncoder().encode(parts.join(''));
  });
}

export async function openMessages(): Promise<Opened> {
  const world = await openAmazon();
  const { read, notifications, found, settled } = await bodiesOf(world);
  const property = fc.asyncProperty(
    fc.oneof(
      mangledOf(read),
      refigured(read),
      mangledOf(notifications),
      mangledOf(found),
      mangledOf(settled),
    ),
    fc.constantFrom(...TOPICS),
    sortsOrRefuses(world.source),
  );
  return { property, close: () => world.close() };
}

export async function openPreviews(): Promise<Opened> {
  const world = await openAmazon();
  const { read } = await bodiesOf(world);
  const rules = fc
    .constantFrom({}, { default: 'none' }, { default: '20' })
    .map((untoldTax) => ({ ...defaultRulesOf('amazon'), untoldTax }));
  const property = fc.asyncProperty(
    fc.oneof(mangledOf(read), refigured(read)),
    rules,
    async (body, rules) => {
      await isOneOf(() => {
        const { plan, invoice } = previewOrder(body, { source: 'amazon', shop: '', rules });
        assert.ok(
          plan.outcome !== 'work' || invoice !== undefined || plan.holds.length > 0,
          'it is booked, or asked about',
        );
      }, ['delivery-…']);
    },
  );
  return { property, close: () => world.close() };
}

const SECRET = 'secret-of-a-fuzzed-forwarder';
const KEY = 'key-of-a-fuzzed-forwarder';
const NAMES = [
  'x-counterfoil-timestamp',
  'x-counterfoil-signature',
  'x-api-key',
  'x-amz-sns-message-type',
  'x-amz-sns-topic-arn',
  'x-amz-sns-rawdelivery',
];

/** Each way in which a message may prove itself, rightly or wrongly, around any body. */
export async function openProofs(): Promise<Opened> {
  const clock = testClock();
  const { pem, privateKey } = makeCertificate();
  const { transport } = snsHost({ [CERTIFICATE_URL]: pem });
  const terms = { connection: AMAZON, secrets: [SECRET], apiKeys: [KEY], topic: TOPIC, clock };
  const proof = createProof({ ...terms, transport });
  const notification = bytes(orderChange());
  const message = new TextDecoder().decode(notification);
  const envelope = bytes(snsBody({ key: privateKey, message }));
  const seconds = String(clock.now() / 1000);
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constantFrom('', ' ', '0', '-1', '9'.repeat(30), 'x'.repeat(5000), KEY, TOPIC.arn, 'true', ...MOMENTS),
  );
  const headers = fc.oneof(
    { weight: 2, arbitrary: fc.constant({}) },
    {
      weight: 1,
      arbitrary: fc.dictionary(fc.oneof(fc.constantFrom(...NAMES), fc.string()), text, { maxKeys: 3 }),
    },
  );
  const way = fc.constantFrom('signed', 'sns', 'key', 'none');
  const isRight = fc.oneof(
    { weight: 3, arbitrary: fc.constant(true) },
    { weight: 1, arbitrary: fc.boolean() },
  );
  const body = fc.option(mangles, { nil: undefined, freq: 3 });
  const property = fc.asyncProperty(way, headers, body, isRight, async (way, more, mangle, isRight) => {
    const whole = way === 'sns' ? envelope : notification;
    const sent = mangle === undefined ? whole : mangled(whole, mangle);
    const right = sign(sent, seconds, SECRET);
    const own: Record<string, Record<string, string>> = {
      signed: {
        'x-counterfoil-timestamp': seconds,
        'x-counterfoil-signature': isRight ? right : sign(sent, seconds, KEY),
      },
      sns: { 'x-amz-sns-message-type': 'Notification', 'x-amz-sns-topic-arn': TOPIC.arn },
      key: { 'x-api-key': isRight ? KEY : SECRET },
    };
    const all: Record<string, string> = { ...own[way], ...more };
    const outcome = await outcomeOf(() => proof.verify({ headers: all, body: sent }));
    if ('failure' in outcome) {
      see(outcome.failure.code);
      assert.match(outcome.failure.code, /^request-/);
      return;
    }
    const verdict = outcome.value;
    const unread = proof.refusalUnread(all)?.why;
    see(`${way} ${verdict.proof}`);
    if (verdict.proof === 'refused') {
      assert.ok(verdict.why.length > 0 && verdict.why.length < 500);
      assert.ok(unread === undefined || unread === verdict.why);
      return;
    }
    assert.equal(unread, undefined);
    assert.ok(verdict.proof === 'authentic');
    assertStorable(verdict.message);
    assertProven(all, { isOfSns: new TextDecoder().decode(verdict.message.body) === message, right });
  });
  return { property };
}

/** Nothing else proves a message: its signature, the certificate of SNS, or the key. */
function assertProven(
  headers: Readonly<Record<string, string>>,
  { isOfSns, right }: { readonly isOfSns: boolean; readonly right: string },
): void {
  const signature = headers['x-counterfoil-signature'];
  if (signature !== undefined || headers['x-counterfoil-timestamp'] !== undefined) {
    assert.equal(signature?.toLowerCase(), right, 'nothing but the signature proves it');
  } else if (headers['x-amz-sns-message-type'] !== undefined) {
    assert.ok(isOfSns, 'what SNS signed is taken as it was signed');
  } else {
    assert.equal(headers['x-api-key'], KEY);
  }
}

/** Of an order that takes several pages, with its token. */
const CALLS_MAX = 4;
/** Longer than Amazon's scarcest operation takes to be allowed again. */
const REST_MS = 4 * MINUTE;

const refused = (code: string, details = ''): string =>
  JSON.stringify({ errors: [{ code, message: 'Access to requested resource is denied.', details }] });
const OTHER_ANSWERS = [
  refused('Unauthorized', 'The access token you provided has expired.'),
  refused('Unauthorized', 'The LWA secret token you provided has expired.'),
  refused('Unauthorized'),
  refused('QuotaExceeded'),
  refused('InvalidInput', 'Invalid nextToken'),
  '{"errors":null}',
  '{"error":"invalid_grant","error_description":"The request has an invalid grant parameter : refresh_token."}',
  '{"access_token":"Atza|x","token_type":"bearer","expires_in":0}',
  '{"access_token":"Atza|\\u0000é","expires_in":"3600"}',
  '{"order":null}',
  '{"payload":{"transactions":[],"nextToken":"again"}}',
  '{"orders":[],"pagination":{"nextToken":"again"}}',
];

export async function openAnswers(): Promise<Opened> {
  const world = await openAmazon();
  const wire = spoiling((request) => world.sim.at({ region: 'na', isSandbox: false })(request));
  const settlements = await settlementsOf(world);
  const asking = fc.constantFrom(
    'order' as const,
    'order' as const,
    'changes' as const,
    'settlement' as const,
    'preflight' as const,
  );
  const origin = 'https://amazon.test';
  const marketplaces = MARKETPLACES.filter(({ region }) => region === 'na');
  const answers = spoiltAnswers(CALLS_MAX, OTHER_ANSWERS);
  const property = fc.asyncProperty(answers, asking, fc.nat(), async (answer, what, choice) => {
    await world.clock.advance(REST_MS);
    const clock = patientClock(world.clock.now());
    const credentials = {
      clientId: DEFAULT_AMAZON_APP.clientId,
      clientSecret: DEFAULT_AMAZON_APP.clientSecret,
      refreshToken: world.sim.login.refreshToken('na'),
    };
    const { transport } = wire;
    const terms = { apiUrl: origin, lwaUrl: origin, credentials, transport, clock, version: '0.0.0' };
    const api = createSellingPartnerApi(terms);
    const remarks: string[] = [];
    const source = createAmazonSource({
      connection: AMAZON,
      proof: { secrets: [], apiKeys: [], transport, clock },
      terms: { sellerId: world.world.sellerId, marketplaces },
      api,
      isBuyerKept: async () => choice % 2 === 0,
      remark: (sentence) => void remarks.push(sentence),
    });
    const { sellerId } = world.world;
    const admin = createAmazonAdmin({
      seller: { sellerId, region: 'na', marketplaces, apiUrl: origin },
      api,
      clock,
    });
    const shown = world.orders[choice % world.orders.length];
    assert.ok(shown !== undefined);
    wire.spoil(answer);
    await isOneOf(async () => {
      switch (what) {
        case 'order': {
          const sorted = source.sort(await source.read(shown.key));
          assert.ok(
            sorted.kind === 'order' && sorted.snapshot.order.key === shown.key,
            'it is of this order',
          );
          return;
        }
        case 'settlement': {
          const key = settlements[choice % settlements.length];
          assert.ok(key !== undefined);
          const sorted = source.sort(await source.read(key));
          assert.ok(
            sorted.kind === 'settlement' && sorted.settlement.key === key,
            'it is of this settlement',
          );
          return;
        }
        case 'changes': {
          const since = after(world.clock.now(), SINCE_MS);
          const first = await source.changed({ since, newest: since });
          const pages = [
            first,
            first.next === undefined
              ? first
              : await source.changed({ since, newest: since, token: first.next }),
          ];
          for (const { message, order } of pages.flatMap(({ changes }) => changes)) {
            assert.ok(message.externalId.length <= 130, `a name of ${message.externalId.length} characters`);
            const sorted = source.sort(message);
            assert.ok(sorted.kind === 'touch' && sorted.order === order, 'what was found names its order');
          }
          return;
        }
        case 'preflight':
          return void (await admin.preflight());
      }
    }, ['request-…', 'token-refused', 'scope-missing', 'delivery-malformed', 'settlement-…']);
    assert.ok(remarks.every((remark) => remark.length < 500));
  });
  return { property, close: () => world.close() };
}
