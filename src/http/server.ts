import fastify from 'fastify';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { CATALOGUE, Failure } from '#core/failure.ts';
import type { FailureCode } from '#core/failure.ts';
import type { Inbox } from '#pipeline/inbox.ts';
import type { Emit, Source } from '#pipeline/ports.ts';

/** Shopify's bodies can exceed 1 MB; the largest order seen is far below this. A body beyond it is refused and told. */
const BODY_BYTES_MAX = 8 * 1024 * 1024;
/** Shopify gives up after 5 s, so a sender that is slower than this is none. */
const REQUEST_TIMEOUT_MS = 20_000;
/** Longer than any proxy keeps an idle connection by default, so that it is the proxy that closes. */
const KEEP_ALIVE_MS = 72_000;
const WEBHOOKS = '/webhooks/';
/** What a log may hold of a header that anybody can send. */
const HEADER_SHOWN_MAX = 100;

export interface ServerParts {
  readonly inbox: Inbox;
  /** By the first part of the webhook's path ("shopify"), then by connection. */
  readonly sources: ReadonlyMap<string, readonly Source[]>;
  readonly emit: Emit;
  /** Throws when the service cannot do its work. */
  readonly checkReady: () => Promise<void>;
  readonly finishConsent: (answer: ConsentAnswer) => Promise<string>;
}

/** What the consent page sends back in the address. */
export interface ConsentAnswer {
  readonly code?: string;
  readonly state?: string;
  readonly error?: string;
  readonly error_description?: string;
}

export interface Server {
  listen(address: { readonly host: string; readonly port: number }): Promise<{ readonly port: number }>;
  close(): Promise<void>;
}

export function createServer(parts: ServerParts): Server {
  const app = fastify({
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    routerOptions: { ignoreTrailingSlash: true },
  });
  // Webhooks are verified on their raw bytes, so nothing may parse them before.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  routeWebhooks(app, parts);
  routeHealth(app, parts);
  routeConsent(app, parts);
  app.setNotFoundHandler((_request, reply) => problem(reply, 404, 'There is nothing at this address'));
  app.setErrorHandler((error: FastifyError, request, reply) =>
    onError(parts.emit, { error, request, reply }),
  );
  return {
    async listen({ host, port }) {
      await app.listen({ host, port });
      const address = app.server.address();
      return { port: typeof address === 'object' && address !== null ? address.port : port };
    },
    close: () => app.close(),
  };
}

function routeWebhooks(app: FastifyInstance, { sources, inbox, emit }: ServerParts): void {
  app.post<{ Params: { vendor: string; connection?: string } }>(
    `${WEBHOOKS}:vendor/:connection?`,
    async (request, reply) => {
      const { vendor, connection } = request.params;
      const incoming = {
        headers: headersOf(request),
        body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
      };
      const addressed = (sources.get(vendor) ?? []).filter(
        (source) => connection === undefined || source.connection === connection,
      );
      const verdicts = addressed.map((source) => ({ ...source.verify(incoming), by: source.connection }));
      const authentic = verdicts.find((verdict) => verdict.proof === 'authentic');
      if (authentic === undefined) {
        const refused = verdicts.find((verdict) => verdict.proof === 'refused');
        const why = refused?.why ?? `No connection is configured at ${pathOf(request)}`;
        emit({
          name: 'delivery refused',
          level: 'warn',
          fields: {
            vendor,
            why,
            bytes: incoming.body.length,
            ...(refused === undefined ? {} : { connection: refused.by }),
          },
        });
        return problem(reply, 401, why);
      }
      await inbox.accept(authentic.message);
      return reply.code(200).send({ status: 'accepted' });
    },
  );
}

function headersOf(request: FastifyRequest): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : value,
    ]),
  );
}

function routeHealth(app: FastifyInstance, { checkReady }: ServerParts): void {
  app.get('/healthz', async () => ({ status: 'alive' }));
  app.get('/readyz', async (_request, reply) => {
    await checkReady();
    return reply.send({ status: 'ready' });
  });
}

function routeConsent(app: FastifyInstance, { finishConsent }: ServerParts): void {
  app.get<{ Querystring: ConsentAnswer }>('/auth/freshbooks/callback', async (request, reply) => {
    const text = await finishConsent(request.query);
    return reply.type('text/plain; charset=utf-8').send(`${text}\n`);
  });
}

function onError(
  emit: Emit,
  { error, request, reply }: { error: FastifyError; request: FastifyRequest; reply: FastifyReply },
): FastifyReply {
  const path = pathOf(request);
  if (error instanceof Failure) {
    emit({
      name: 'request failed',
      level: 'error',
      fields: { path, code: error.code, detail: error.message },
    });
    // Whatever the reason, a message that was not stored is not acknowledged: the sender comes again, and holds the only copy.
    const isWebhook = path.startsWith(WEBHOOKS);
    if (isWebhook || error.remedy === 'retry' || error.code === 'database-damaged') {
      const title = isWebhook ? 'Not stored, please send again' : 'Not ready';
      return unavailable(reply, title, error.code);
    }
    return problem(reply, 400, error.message);
  }
  if (error.statusCode === 413) {
    // The rest is read and dropped, within the request's time: a sender that is cut off in the middle never sees the answer.
    request.raw.resume();
    reply.removeHeader('connection');
    emit({ name: 'delivery too large', level: 'error', fields: { path, bytesMax: BODY_BYTES_MAX } });
    return problem(reply, 413, `The body is larger than ${BODY_BYTES_MAX} bytes`);
  }
  if (error.statusCode !== undefined && error.statusCode < 500) {
    return problem(reply, error.statusCode, error.message);
  }
  emit({
    name: 'request failed',
    level: 'error',
    fields: { path, code: 'unexpected', detail: error.message },
  });
  return problem(reply, 500, 'A fault in this program; it was logged');
}

/** Without the query, in which anybody may send anything. */
function pathOf({ url }: FastifyRequest): string {
  return url.split('?', 1)[0]?.slice(0, HEADER_SHOWN_MAX) ?? '';
}

/** Not now: with the catalogue's sentence, never a failure's own text, which anybody could read here. */
function unavailable(reply: FastifyReply, title: string, code: FailureCode): FastifyReply {
  const detail = CATALOGUE[code].sentence;
  return reply
    .code(503)
    .type('application/problem+json')
    .send(JSON.stringify({ title, status: 503, detail }));
}

function problem(reply: FastifyReply, status: number, title: string): FastifyReply {
  return reply.code(status).type('application/problem+json').send(JSON.stringify({ title, status }));
}
