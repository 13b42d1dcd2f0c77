import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Failure } from '#core/failure.ts';
import { connectionId } from '#core/ids.ts';
import { HOUR, MINUTE, SECOND } from '#core/time.ts';
import type { Verdict } from '#pipeline/source.ts';
import { makeCertificate } from '#tests/amazon/certificate.ts';
import { NOTIFICATION, orderChange } from '#tests/amazon/notifications.ts';
import { CERTIFICATE_URL, SUBSCRIBE_URL, TOPIC, snsBody, snsHost } from '#tests/amazon/sns-messages.ts';
import type { SnsHost, SnsMessage } from '#tests/amazon/sns-messages.ts';
import { testClock } from '#tests/clock.ts';
import { createSnsProof } from './sns.ts';

const CERTIFICATE = makeCertificate();
const OTHER = makeCertificate();
const MESSAGE = JSON.stringify(orderChange());
const AT_SNS = {
  [CERTIFICATE_URL]: CERTIFICATE.pem,
  [new URL(SUBSCRIBE_URL).href]: '<ConfirmSubscriptionResponse/>',
};

function proofWith(host: SnsHost = snsHost(AT_SNS)) {
  const clock = testClock();
  const { transport } = host;
  const proof = createSnsProof({ connection: connectionId('amazon'), topic: TOPIC, transport, clock });
  const verify = (message: Partial<SnsMessage> = {}): Promise<Verdict> =>
    proof.verify(bodyOf({ key: CERTIFICATE.privateKey, message: MESSAGE, ...message }));
  return { clock, proof, verify };
}

function bodyOf(message: SnsMessage): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(snsBody(message)));
}

async function whyNot(message: Partial<SnsMessage>, host?: SnsHost): Promise<string> {
  const verdict = await proofWith(host).verify(message);
  return verdict.proof === 'refused' ? verdict.why : verdict.proof;
}

void describe('a message of SNS', () => {
  for (const version of ['1', '2'] as const) {
    void test(`signed in version ${version} is the notification that it carries`, async () => {
      const verdict = await proofWith().verify({ version });
      assert(verdict.proof === 'authentic');
      const { body, ...message } = verdict.message;
      assert.equal(new TextDecoder().decode(body), MESSAGE);
      assert.deepEqual(message, {
        connection: 'amazon',
        externalId: NOTIFICATION.id,
        topic: 'ORDER_CHANGE',
        headers: { 'x-counterfoil-way': 'sns' },
      });
    });
  }

  void test('whose subject is signed with it is taken, and one that was put in later is not', async () => {
    assert.equal(await whyNot({ fields: { Subject: 'An order' } }), 'authentic');
    assert.match(await whyNot({ forged: { Subject: 'An order' } }), /does not fit/);
  });

  void test('that carries no notification is taken under the name SNS gave it', async () => {
    const verdict = await proofWith().verify({ message: 'not JSON', fields: { MessageId: 'b-1' } });
    assert(verdict.proof === 'authentic');
    assert.equal(verdict.message.externalId, 'b-1');
    assert.equal(verdict.message.topic, 'amazon/unreadable');
  });

  void test('changed in any field, or signed by another key, does not fit', async () => {
    const forgeries = {
      Message: 'x',
      MessageId: 'x',
      Timestamp: '2026-11-20T09:59:58.000Z',
      Signature: 'AAAA',
    };
    for (const [name, value] of Object.entries(forgeries)) {
      assert.match(await whyNot({ forged: { [name]: value } }), /signature of SNS does not fit/, name);
    }
    assert.match(await whyNot({ forged: { Type: 'UnsubscribeConfirmation' } }), /does not fit/);
    assert.match(await whyNot({ forged: { SignatureVersion: '1' } }), /does not fit/);
    assert.match(await whyNot({ key: OTHER.privateKey }), /does not fit/);
  });

  void test('of another topic, an unknown type or version is refused without asking anybody', async () => {
    const host = snsHost(AT_SNS);
    const arn = `${TOPIC.arn}-of-somebody-else`;
    assert.match(await whyNot({ fields: { TopicArn: arn } }, host), /topic ".*-of-somebody-else"/);
    assert.match(await whyNot({ forged: { Type: 'constructor' } }, host), /unknown type "constructor"/);
    assert.match(await whyNot({ forged: { SignatureVersion: '3' } }, host), /none of the versions/);
    const { proof } = proofWith(host);
    for (const body of ['', 'null', '[]', '"text"', '{', '{}']) {
      assert.equal((await proof.verify(new TextEncoder().encode(body))).proof, 'refused', body);
    }
    assert.equal((await proof.verify(new Uint8Array(2 * 1024 * 1024 + 1))).proof, 'refused');
    assert.deepEqual(host.asked, []);
  });

  void test('is taken for an hour either way', async () => {
    const at = (offsetMs: number) => new Date(testClock().now() + offsetMs).toISOString();
    assert.equal(await whyNot({ at: at(-HOUR) }), 'authentic');
    assert.equal(await whyNot({ at: at(HOUR) }), 'authentic');
    assert.match(await whyNot({ at: at(-HOUR - 1) }), /an hour is allowed/);
    assert.match(await whyNot({ at: at(HOUR + 1) }), /an hour is allowed/);
    assert.match(await whyNot({ at: 'soon' }), /"soon", and an hour is allowed/);
  });

  void test('names a certificate of its topic’s region, or nobody is asked', async () => {
    const path = new URL(CERTIFICATE_URL).pathname;
    const host = snsHost({});
    for (const url of [
      `https://sns.eu-west-1.amazonaws.com${path}`,
      `http://sns.us-east-1.amazonaws.com${path}`,
      `https://sns.us-east-1.amazonaws.com.example.com${path}`,
      `https://sns.us-east-1.amazonaws.com:8443${path}`,
      `https://sns.us-east-1.amazonaws.com@example.com${path}`,
      `https://user@sns.us-east-1.amazonaws.com${path}`,
      `${CERTIFICATE_URL}?x=.pem`,
      `${CERTIFICATE_URL}#.pem`,
      `${TOPIC.origin}/a/../b.pem`,
      `${TOPIC.origin}/`,
      'file:///etc/ssl/cert.pem',
      'no address',
    ]) {
      assert.match(await whyNot({ fields: { SigningCertURL: url } }, host), /^The certificate is at /, url);
    }
    assert.deepEqual(host.asked, []);
  });
});

void describe('a certificate of SNS', () => {
  const withCertificate = (options: Parameters<typeof makeCertificate>[0]): Promise<string> => {
    const { pem, privateKey } = makeCertificate(options);
    return whyNot({ key: privateKey }, snsHost({ [CERTIFICATE_URL]: pem }));
  };

  void test('must be valid today, of SNS, and strong', async () => {
    assert.match(await withCertificate({ to: '2026-11-20T09:59:59Z' }), /not valid today/);
    assert.match(await withCertificate({ from: '2026-11-20T10:00:01Z' }), /not valid today/);
    assert.match(await withCertificate({ commonName: 'sns.amazonaws.com.example.com' }), /not of SNS/);
    assert.match(await withCertificate({ commonName: 's3.amazonaws.com' }), /not of SNS/);
    assert.match(await withCertificate({ bits: 1024 }), /no RSA key of 2048 bits/);
    assert.equal(await withCertificate({ commonName: 'sns-signing.af-south-1.amazonaws.com' }), 'authentic');
  });

  void test('is fetched once for all who wait, kept, and asked for its dates each time', async () => {
    const host = snsHost(AT_SNS);
    const { verify, clock } = proofWith(host);
    await Promise.all([verify(), verify()]);
    await verify();
    assert.deepEqual(host.asked, [CERTIFICATE_URL]);
    await clock.advance(Date.UTC(2027, 0, 2) - clock.now());
    const verdict = await verify({ at: new Date(clock.now()).toISOString() });
    assert.match(verdict.proof === 'refused' ? verdict.why : '', /not valid today/);
  });

  void test('that is not there or is none refuses the message', async () => {
    assert.match(await whyNot({}, snsHost({})), /is not there \(status 403\)/);
    assert.match(await whyNot({}, snsHost({ [CERTIFICATE_URL]: '<html>' })), /is no certificate/);
  });

  void test('that cannot be had now is asked for again when the message comes again', async () => {
    let isDown = true;
    const host = snsHost({
      [CERTIFICATE_URL]: () => new Response(CERTIFICATE.pem, { status: isDown ? 500 : 200 }),
    });
    const { verify } = proofWith(host);
    await assert.rejects(verify(), (thrown) => thrown instanceof Failure && thrown.remedy === 'retry');
    isDown = false;
    assert.equal((await verify()).proof, 'authentic');
  });

  void test('of more than 32 KiB is not read', async () => {
    const huge = snsHost({ [CERTIFICATE_URL]: 'x'.repeat(32 * 1024 + 1) });
    await assert.rejects(proofWith(huge).verify(), { code: 'request-answer-unreadable' });
  });

  /** Names of the form that SNS uses, none of which is there. */
  const nameOf = (index: number): string =>
    `${TOPIC.origin}/SimpleNotificationService-${String(index).padStart(32, 'f')}.pem`;

  void test('that is not there is asked for once a minute, however many messages name it', async () => {
    const host = snsHost(AT_SNS);
    const { verify, clock } = proofWith(host);
    const stranger = () => verify({ fields: { SigningCertURL: nameOf(1) } });
    assert.equal((await stranger()).proof, 'refused');
    const again = await stranger();
    assert.match(again.proof === 'refused' ? again.why : '', /is not there \(status 403\)/);
    assert.equal(host.asked.length, 1);
    await clock.advance(MINUTE);
    assert.equal((await stranger()).proof, 'refused');
    assert.equal(host.asked.length, 2);
  });

  void test('is fetched whatever strangers name of another form than SNS does', async () => {
    const host = snsHost(AT_SNS);
    const { verify } = proofWith(host);
    for (let index = 0; index < 100; index += 1) {
      const SigningCertURL = `${TOPIC.origin}/Missing-${index}.pem`;
      await verify({ fields: { SigningCertURL } }).catch((thrown: unknown) => {
        assert(thrown instanceof Failure && thrown.code === 'request-rate-limited');
      });
    }
    assert.equal(host.asked.length, 5);
    assert.equal((await verify()).proof, 'authentic');
  });

  void test('is fetched within a second when strangers have used up what may be fetched', async () => {
    const host = snsHost(AT_SNS);
    const { verify, clock } = proofWith(host);
    const stranger = (index: number) => verify({ fields: { SigningCertURL: nameOf(index) } });
    for (let index = 0; index < 60; index += 1) {
      assert.equal((await stranger(index)).proof, 'refused');
    }
    await assert.rejects(stranger(60), { code: 'request-rate-limited', remedy: 'retry' });
    await assert.rejects(verify(), { code: 'request-rate-limited', remedy: 'retry' });
    await clock.advance(SECOND / 4);
    assert.equal((await verify()).proof, 'authentic');
    await assert.rejects(stranger(61), { code: 'request-rate-limited' });
    assert.equal((await verify()).proof, 'authentic');
    assert.equal(host.asked.length, 61);
  });

  void test('that has signed a message is driven out by no real one that strangers name', async () => {
    const names = Array.from({ length: 20 }, (_none, index) => nameOf(index));
    const host = snsHost({ ...AT_SNS, ...Object.fromEntries(names.map((name) => [name, OTHER.pem])) });
    const { verify } = proofWith(host);
    await verify();
    for (const SigningCertURL of names) {
      assert.equal((await verify({ fields: { SigningCertURL } })).proof, 'refused');
    }
    assert.equal((await verify()).proof, 'authentic');
    assert.equal(host.asked.filter((url) => url === CERTIFICATE_URL).length, 1);
  });
});

void describe('a subscription of SNS', () => {
  void test('is confirmed at the address that is signed with it, and nothing is stored', async () => {
    const host = snsHost(AT_SNS);
    const verdict = await proofWith(host).verify({ type: 'SubscriptionConfirmation' });
    assert(verdict.proof === 'answered');
    assert.match(
      verdict.what,
      /subscription of arn:aws:sns:us-east-1:111122223333:sp-api-forward is confirmed/,
    );
    assert.deepEqual(host.asked, [CERTIFICATE_URL, new URL(SUBSCRIBE_URL).href]);
  });

  void test('is confirmed for its own topic at SNS alone', async () => {
    const host = snsHost(AT_SNS);
    for (const url of [
      SUBSCRIBE_URL.replace(TOPIC.origin, 'https://sns.eu-west-1.amazonaws.com'),
      SUBSCRIBE_URL.replace(TOPIC.origin, 'https://169.254.169.254'),
      SUBSCRIBE_URL.replace('https://', 'https://user@'),
      SUBSCRIBE_URL.replace(TOPIC.arn, `${TOPIC.arn}2`),
      SUBSCRIBE_URL.replace('ConfirmSubscription', 'DeleteTopic'),
      SUBSCRIBE_URL.replace('/?', '/path?'),
      '',
    ]) {
      const why = await whyNot({ type: 'SubscriptionConfirmation', fields: { SubscribeURL: url } }, host);
      assert.match(why, /confirmed elsewhere/, url);
    }
    assert(host.asked.every((url) => url === CERTIFICATE_URL));
  });

  void test('that is forged is not confirmed', async () => {
    const host = snsHost(AT_SNS);
    const forged = { Token: 'of somebody else' };
    assert.match(await whyNot({ type: 'SubscriptionConfirmation', forged }, host), /does not fit/);
    assert.deepEqual(host.asked, [CERTIFICATE_URL]);
  });

  void test('that SNS confirms no more says so, and one that it cannot confirm now comes again', async () => {
    const confirmation = { type: 'SubscriptionConfirmation' } as const;
    const { [CERTIFICATE_URL]: pem } = AT_SNS;
    const answering = (status: number) =>
      snsHost({
        [CERTIFICATE_URL]: pem ?? '',
        [new URL(SUBSCRIBE_URL).href]: () => new Response('', { status }),
      });
    assert.match(await whyNot(confirmation, answering(400)), /SNS answered 400/);
    await assert.rejects(proofWith(answering(503)).verify(confirmation), { remedy: 'retry' });
  });

  void test('that was ended is told', async () => {
    const verdict = await proofWith().verify({ type: 'UnsubscribeConfirmation' });
    assert(verdict.proof === 'answered');
    assert.match(verdict.what, /was ended/);
  });
});
