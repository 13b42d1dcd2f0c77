// The thin shell that puts a simulator behind a real socket: node:http on one side, Request and Response on the other.
// This is the only file of the simulators that waits on a real timer.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { isConnectionDropped, type Handle } from './faults.ts';

export interface ListenOptions {
  /** 0 or left out: a free port of the system's choice. */
  readonly port?: number;
  readonly host?: string;
  /** Real time added to every answer, as a network would. */
  readonly latencyMs?: number;
  /** Larger bodies are answered 413; 10 MB when left out. */
  readonly bodyBytesMax?: number;
}

export interface Listener {
  /** For example `http://127.0.0.1:40123`. */
  readonly origin: string;
  readonly port: number;
  /** Methods of the calls that have come and were not answered yet. */
  underWay(): readonly string[];
  /** Stops listening and cuts every open connection, also those that hang. */
  close(): Promise<void>;
}

/** More than any vendor sends or takes in one body, little enough to hold in memory. */
const BODY_BYTES_MAX = 10 * 1024 * 1024;

/** Serves a simulator on a local port. */
export async function listen(handle: Handle, options: ListenOptions = {}): Promise<Listener> {
  const host = options.host ?? '127.0.0.1';
  const underWay = new Set<ServerResponse>();
  const server = createServer((incoming, outgoing) => {
    underWay.add(outgoing);
    outgoing.once('close', () => underWay.delete(outgoing));
    answer({ handle, incoming, outgoing }, options).catch(() => outgoing.destroy());
  });
  await start(server, { port: options.port ?? 0, host });
  const address = server.address();
  if (address === null || typeof address === 'string')
    throw new Error('Cannot tell which port the simulator listens on');
  return {
    origin: `http://${host}:${address.port}`,
    port: address.port,
    underWay: () => [...underWay].map(({ req }) => req.method ?? 'GET'),
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}

function start(server: Server, address: { readonly port: number; readonly host: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

interface Exchange {
  readonly handle: Handle;
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

async function answer(exchange: Exchange, options: ListenOptions): Promise<void> {
  const { incoming, outgoing } = exchange;
  const gone = new AbortController();
  outgoing.once('close', () => gone.abort());
  const body = await readBody(incoming, options.bodyBytesMax ?? BODY_BYTES_MAX);
  if (body === 'too-large') {
    outgoing.writeHead(413, { connection: 'close' }).end();
    return;
  }
  if (options.latencyMs !== undefined) await wait(options.latencyMs);
  try {
    const response = await exchange.handle(toRequest(incoming, { body, signal: gone.signal }));
    await send(response, outgoing);
  } catch (error) {
    if (!isConnectionDropped(error) && !gone.signal.aborted) throw error;
    incoming.socket.destroy();
  }
}

async function readBody(incoming: IncomingMessage, bytesMax: number): Promise<Buffer | 'too-large'> {
  const parts: Buffer[] = [];
  let byteCount = 0;
  for await (const part of incoming) {
    const bytes: Buffer = part;
    byteCount += bytes.length;
    if (byteCount > bytesMax) return 'too-large';
    parts.push(bytes);
  }
  return Buffer.concat(parts);
}

function toRequest(
  incoming: IncomingMessage,
  rest: { readonly body: Buffer; readonly signal: AbortSignal },
): Request {
  const headers = new Headers();
  for (let index = 0; index + 1 < incoming.rawHeaders.length; index += 2) {
    headers.append(incoming.rawHeaders[index] ?? '', incoming.rawHeaders[index + 1] ?? '');
  }
  const url = new URL(incoming.url ?? '/', `http://${incoming.headers.host ?? 'localhost'}`);
  const method = incoming.method ?? 'GET';
  const hasBody = method !== 'GET' && method !== 'HEAD' && rest.body.length > 0;
  return new Request(url, {
    method,
    headers,
    signal: rest.signal,
    ...(hasBody ? { body: new Uint8Array(rest.body) } : {}),
  });
}

async function send(response: Response, outgoing: ServerResponse): Promise<void> {
  const bytes = Buffer.from(await response.arrayBuffer());
  outgoing.statusCode = response.status;
  for (const [name, value] of response.headers) {
    if (name !== 'set-cookie') outgoing.setHeader(name, value);
  }
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) outgoing.setHeader('set-cookie', cookies);
  outgoing.setHeader('content-length', bytes.length);
  outgoing.end(bytes);
}
