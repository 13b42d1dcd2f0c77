import { MINUTE, SECOND } from '#core/time.ts';
import type { BodyLimits } from './bodies.ts';
import type { ConnectionLimits } from './connections.ts';
import type { CopyTerms } from './copy-limit.ts';
import type { LoginTerms } from './login-limit.ts';
import type { TellTerms } from './tell.ts';

/** What one sender may take of the server. Nothing that is refused by a limit was accepted: its sender has it and comes again. */
export interface HttpLimits extends BodyLimits, ConnectionLimits, TellTerms, CopyTerms, LoginTerms {
  /** Of what is sent to the API. */
  readonly apiBodyBytesMax: number;
  readonly headerBytesMax: number;
  readonly headersMax: number;
  /** From the first byte, or from connecting, to the end of the headers. */
  readonly headersTimeoutMs: number;
  /** From the same moment to the end of the body. The answer has all the time that it needs. */
  readonly requestTimeoutMs: number;
  readonly keepAliveMs: number;
  /** How often it is looked whose time is over. */
  readonly timeoutCheckMs: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;

export const HTTP_LIMITS: HttpLimits = {
  // Shopify's headers take two kilobytes, those of a proxy as much again.
  headerBytesMax: 16 * KIB,
  // Shopify sends about twenty, and proxies add ten.
  headersMax: 100,
  // Shopify gives up after 5 s, so a sender that is slower than this is none.
  headersTimeoutMs: 10 * SECOND,
  requestTimeoutMs: 20 * SECOND,
  // Longer than any proxy keeps an idle connection by default, so that it is the proxy that closes.
  keepAliveMs: 72 * SECOND,
  // A late sender is held a little longer than his time, and looking costs microseconds.
  timeoutCheckMs: SECOND,
  // Far more than a shop or a proxy opens, and half of the files that a process may open on most systems.
  connectionsMax: 500,
  // No shop, proxy or browser sends the next request before the answer; tools that do send a few.
  unansweredMax: 10,
  // An answer is a few kilobytes, and no shop waits longer.
  fetchMs: 5 * SECOND,
  // Shopify's bodies can exceed 1 MB; the largest order seen is far below this. A body beyond it is refused and told.
  bodyBytesMax: 8 * MIB,
  // The largest in pieces of half a kilobyte, which is less than a network carries at a time.
  bodyPiecesMax: 16 * KIB,
  // Nearly every order fits, so it is read whatever large bodies others send: 125 MB with all connections.
  bodyBytesOwn: 256 * KIB,
  // Sixteen of the largest at once, or hundreds of large orders.
  bodyBytesShared: 128 * MIB,
  // A wrong secret and every message of a busy shop's minute are seen in full; a flood is not.
  refusalsMax: 30,
  refusalEveryMs: 2 * SECOND,
  // A few hundred bytes each. Who has more addresses than this is bound by the next.
  addressesMax: 1000,
  // Ten addresses in full; then some twenty megabytes of log a day, however many there are.
  refusalsOfAllMax: 300,
  refusalOfAllEveryMs: SECOND,
  // A shop tells one state of an order under five topics at most; who overheard it stores 1440 copies a day.
  copiesMax: 30,
  copyEveryMs: MINUTE,
  // A hundred bytes each. Of those that come over and over none is forgotten.
  contentsMax: 1000,
  // A password, or what a person says of an order.
  apiBodyBytesMax: 16 * KIB,
  // More than a person mistypes in a row; who guesses gets 2880 a day.
  loginsMax: 5,
  loginEveryMs: 30 * SECOND,
  // Of strangers from everywhere: each costs three quarters of a second of one core, so all together a sixth of it.
  loginsOfAllMax: 30,
  loginOfAllEveryMs: 5 * SECOND,
};
