import type { FastifyRequest } from 'fastify';

/** The memory that bodies may take while nothing is known of them: whoever can reach the server can send one. */
export interface BodyLimits {
  /** Of one body. */
  readonly bodyBytesMax: number;
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

export function createBodies({ bodyBytesMax, bodyBytesOwn, bodyBytesShared }: BodyLimits): Bodies {
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
      const chunks: Buffer[] = [];
      let size = 0;
      try {
        await eachChunk(raw, (chunk) => {
          size += chunk.length;
          assertFits(size, bytesMax);
          take(raw, size);
          chunks.push(chunk);
        });
      } catch (thrown) {
        release(raw);
        throw thrown;
      }
      return Buffer.concat(chunks, size);
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
