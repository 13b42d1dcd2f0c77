import type { FastifyRequest } from 'fastify';
import { createGathering } from '#core/gathered.ts';

/** The memory that bodies may take while nothing is known of them: whoever can reach the server can send one. */
export interface BodyLimits {
  /** Of one body. */
  readonly bodyBytesMax: number;
  /** In how many pieces one body may come: each costs the same, however small it is. */
  readonly bodyPiecesMax: number;
  /** What each body may take whatever the others take. */
  readonly bodyBytesOwn: number;
  /** What all bodies together may take beyond that. */
  readonly bodyBytesShared: number;
}

/** Why a body was not taken. */
export class BodyRefused extends Error {
  readonly status: 413 | 503 | 400;

  constructor(status: BodyRefused['status'], message: string) {
    super(message);
    this.name = 'BodyRefused';
    this.status = status;
  }
}

export interface Bodies {
  /** The whole body, whose memory counts until it is released. Throws a BodyRefused, and then nothing counts. */
  read(raw: Raw, bytesMax?: number): Promise<Buffer>;
  /** Once it is answered. */
  release(raw: Raw): void;
}

type Raw = FastifyRequest['raw'];

export function createBodies(limits: BodyLimits): Bodies {
  const { bodyBytesMax, bodyPiecesMax, bodyBytesOwn, bodyBytesShared } = limits;
  /** What each has of the shared memory. */
  const taken = new Map<Raw, number>();
  let shared = 0;
  const assertFits = (size: number, bytesMax: number): void => {
    if (size > bytesMax) {
      throw new BodyRefused(413, `The body is larger than ${bytesMax} bytes`);
    }
  };
  const take = (raw: Raw, size: number): void => {
    const before = taken.get(raw) ?? 0;
    const now = Math.max(0, size - bodyBytesOwn);
    if (shared - before + now > bodyBytesShared) {
      throw new BodyRefused(503, 'Too much is arriving at once, please send again');
    }
    shared += now - before;
    taken.set(raw, now);
  };
  const release = (raw: Raw): void => {
    shared -= taken.get(raw) ?? 0;
    taken.delete(raw);
  };
  return {
    release,
    async read(raw, bytesMax = bodyBytesMax) {
      assertFits(Number(raw.headers['content-length'] ?? 0), bytesMax);
      const body = createGathering();
      let pieces = 0;
      // Also of what is only read on to be dropped, because to read it is what costs.
      raw.on('data', () => {
        pieces += 1;
        if (pieces > bodyPiecesMax) {
          raw.socket.destroy();
        }
      });
      try {
        await eachChunk(raw, (chunk) => {
          if (pieces > bodyPiecesMax) {
            throw new BodyRefused(413, `The body comes in more than ${bodyPiecesMax} pieces`);
          }
          const size = body.size + chunk.length;
          assertFits(size, bytesMax);
          take(raw, size);
          body.add(chunk);
        });
      } catch (thrown) {
        release(raw);
        throw thrown;
      }
      return Buffer.from(body.whole().buffer);
    },
  };
}

/** Leaves the stream open when `take` throws, so that it can still be answered. */
function eachChunk(raw: Raw, take: (chunk: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const onData = (chunk: Buffer): void => {
      try {
        take(chunk);
      } catch (thrown) {
        raw.off('data', onData);
        reject(thrown instanceof Error ? thrown : new Error('Cannot take a chunk', { cause: thrown }));
      }
    };
    raw.on('data', onData);
    raw.once('end', resolve);
    const broken = (): void => reject(new BodyRefused(400, 'The body did not arrive whole'));
    raw.once('error', broken);
    raw.once('close', broken);
  });
}
