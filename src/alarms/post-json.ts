import { Failure } from '#core/failure.ts';
import { SECOND } from '#core/time.ts';
import type { Clock } from '#core/time.ts';
import { send } from '#net/request.ts';
import type { Transport } from '#net/request.ts';

/** What a webhook needs of the outside. */
export interface Posting {
  readonly transport: Transport;
  readonly clock: Clock;
}

/** A receiver that takes longer is down; the message is composed anew and tried again. */
export const SEND_TIMEOUT_MS = 20 * SECOND;
/** Receivers answer with a word. */
const ANSWER_BYTES_MAX = 64 * 1024;
/** A word of the receiver's own about why ("no_service"); anything else could quote what was sent. */
const REASON = /^[a-z_]{1,40}$/;

/** Posts JSON to an address that is a secret by itself. Throws a Failure unless it was taken. */
export async function postJson(
  { transport, clock }: Posting,
  {
    channel,
    url,
    body,
    headers = {},
  }: {
    readonly channel: string;
    readonly url: string;
    readonly body: string;
    readonly headers?: Readonly<Record<string, string>>;
  },
): Promise<void> {
  const doing = `Sending an alarm by ${channel}`;
  const answer = await send(transport, {
    method: 'POST',
    url,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body,
    timeoutMs: SEND_TIMEOUT_MS,
    answerBytesMax: ANSWER_BYTES_MAX,
    doing,
    clock,
    isPathSecret: true,
  });
  if (answer.status >= 300) {
    const reason = REASON.test(answer.text) ? ` (${answer.text})` : '';
    throw new Failure('alarm-refused', {
      detail: `${doing}: ${new URL(url).host} answered ${answer.status}${reason}`,
    });
  }
}
