import { once } from 'node:events';
import { connect } from 'node:net';

/** A connection on which a test says what no HTTP client would. */
export interface RawSocket {
  write(bytes: string | Uint8Array): void;
  /** All that came so far. */
  readonly received: () => string;
  /** Resolves when what came contains this; rejects when the other side closes before. */
  heard(words: string | RegExp): Promise<string>;
  /** Resolves with all that came when the other side closes. */
  closed(): Promise<string>;
  readonly isClosed: () => boolean;
  /** Says that nothing more will come. */
  end(): void;
  destroy(): void;
}

export async function dial(port: number, { isReading = true } = {}): Promise<RawSocket> {
  const socket = connect({ port, host: '127.0.0.1' });
  let received = '';
  let isClosed = false;
  socket.setEncoding('latin1');
  if (isReading) {
    socket.on('data', (chunk: string) => (received += chunk));
  }
  // Being cut off is what many of these tests are about.
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      isClosed = true;
      resolve();
    });
  });
  await once(socket, 'connect');
  return {
    write: (bytes) => void socket.write(bytes),
    received: () => received,
    async heard(words) {
      const has = (): boolean =>
        typeof words === 'string' ? received.includes(words) : words.test(received);
      while (!has()) {
        if (isClosed) {
          throw new Error(`Closed after ${JSON.stringify(received.slice(0, 500))} without ${String(words)}`);
        }
        await new Promise<void>((resolve) => {
          socket.once('data', () => resolve());
          socket.once('close', () => resolve());
        });
      }
      return received;
    },
    async closed() {
      await closed;
      return received;
    },
    isClosed: () => isClosed,
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
  };
}

/** A request as it goes over the wire; without a length of its own it has the body's. */
export function requestText(
  line: string,
  headers: Readonly<Record<string, string | number>> = {},
  body = '',
): string {
  const own = { host: 'localhost', 'content-length': Buffer.byteLength(body), ...headers };
  const lines = Object.entries(own).map(([name, value]) => `${name}: ${value}`);
  return [`${line} HTTP/1.1`, ...lines, '', body].join('\r\n');
}
