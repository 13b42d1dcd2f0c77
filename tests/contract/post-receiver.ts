import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Behaviour } from '#tests/contract/alarm-channel.ts';

/** What takes webhooks, on a socket of this machine. */
export interface PostReceiver {
  readonly origin: string;
  readonly posts: () => readonly Post[];
  readonly behave: (behaviour: Behaviour) => void;
  /** The answer from now on, instead of what a behaviour says. */
  readonly answer: (status: number, text: string, headers?: Readonly<Record<string, string>>) => void;
  readonly callCount: () => number;
  readonly close: () => Promise<void>;
}

export interface Post {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

export async function startPostReceiver(): Promise<PostReceiver> {
  const posts: Post[] = [];
  let behaviour: Behaviour = 'take';
  let fixed: Answer | undefined;
  let count = 0;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // Of the moment at which it is counted: a test that saw it changes the behaviour for the next.
    const now = behaviour;
    count += 1;
    const chunks: Buffer[] = [];
    for await (const chunk of request) {
      chunks.push(chunk as Buffer);
    }
    const post = {
      path: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    };
    if (fixed !== undefined) {
      response.writeHead(fixed.status, fixed.headers).end(fixed.text);
      return;
    }
    switch (now) {
      case 'take':
        posts.push(post);
        response.writeHead(200).end('ok');
        return;
      case 'refuse':
        response.writeHead(403).end('no_service');
        return;
      case 'hang':
        return;
      case 'flood': {
        response.writeHead(200);
        const more = (): void => {
          while (!response.destroyed && response.write('x'.repeat(10_000))) {
            // As much as the socket takes.
          }
        };
        response.on('drain', more).on('error', () => undefined);
        more();
        return;
      }
      case 'cut':
        request.socket.destroy();
    }
  };
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    posts: () => posts,
    behave: (next) => void (behaviour = next),
    answer: (status, text, headers = {}) => void (fixed = { status, text, headers }),
    callCount: () => count,
    close: () => closed(server),
  };
}

async function closed(server: Server): Promise<void> {
  if (server.listening) {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }
}
