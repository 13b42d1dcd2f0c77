import { createServer as createHttpServer } from 'node:http';
import type { Duplex } from 'node:stream';
import fastify from 'fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { CATALOGUE, Failure, asFailure } from '#core/failure.ts';
import type { FailureCode } from '#core/failure.ts';
import { shownSetting } from '#core/shown-setting.ts';
import type { Clock } from '#core/time.ts';
import type { Inbox } from '#pipeline/inbox.ts';
import type { Emit, PipelineEvent } from '#pipeline/ports.ts';
import type { Refusal, Source } from '#pipeline/source.ts';
import { routeAdmin } from './admin.ts';
import type { AdminParts } from './admin.ts';
import { BodyRefused, createBodies } from './bodies.ts';
import { createConnections } from './connections.ts';
import { createCopyLimit } from './copy-limit.ts';
import type { CopyLimit } from './copy-limit.ts';
import { HTTP_LIMITS } from './limits.ts';
import type { HttpLimits } from './limits.ts';
import { problem } from './problem.ts';
import { bareAnswer, bearHeaders, securityHeaders } from './security-headers.ts';
import { createTell } from './tell.ts';
import type { Tell } from './tell.ts';

/** By when what came at once has been stored. */
const RETRY_AFTER_BUSY_S = 30;
/** A body that broke off is its sender's affair. */
const BODY_EVENTS = { 413: 'delivery too large', 503: 'delivery put off', 400: undefined } as const;
const WEBHOOKS = '/webhooks/';
/** What a log may hold of a header that anybody can send. */
const HEADER_SHOWN_MAX = 100;

export interface ServerParts {
  readonly inbox: Inbox;
  /** By the first part of the webhook's path ("shopify"), then by connection. */
  readonly sources: ReadonlyMap<string, readonly Source[]>;
  readonly emit: Emit;
  readonly clock: Clock;
  readonly limits?: HttpLimits;
  /** Throws when the service cannot do its work. */
  readonly checkReady: () => Promise<void>;
  readonly finishConsent: (answer: ConsentAnswer) => Promise<string>;
  /** Absent where nobody can log in. */
  readonly admin?: AdminParts;
  /** Whether browsers reach this server over TLS, which a proxy speaks for it. */
  readonly isHttps?: boolean;
}

/** What the consent page sends back in the address. */
export interface ConsentAnswer {
  readonly code?: string;
  readonly state?: string;
  readonly error?: string;
  readonly error_description?: string;
}

export interface Server {
  /** Throws `config-invalid` when it cannot listen there, with the system's error as its cause. */
  listen(address: { readonly host: string; readonly port: number }): Promise<{ readonly port: number }>;
  close(): Promise<void>;
}

export function createServer(parts: ServerParts): Server {
  const { limits = HTTP_LIMITS, emit, clock, admin } = parts;
  const headers = securityHeaders(parts.isHttps === true);
  const connections = createConnections(limits, clock);
  const app = fastify({
    serverFactory(handle) {
      const http = {
        maxHeaderSize: limits.headerBytesMax,
        headersTimeout: limits.headersTimeoutMs,
        requestTimeout: limits.requestTimeoutMs,
        keepAliveTimeout: limits.keepAliveMs,
        connectionsCheckingInterval: limits.timeoutCheckMs,
        // Refused below instead, so that this answer has the headers of all.
        requireHostHeader: false,
      };
      const server = createHttpServer(http, (request, response) => {
        if (connections.admits(request, response)) {
          handle(request, response);
        }
      });
      connections.watch(server);
      return server;
    },
    frameworkErrors: (error, _request, reply) =>
      void problem(reply, error.statusCode ?? 400, 'This is no address'),
    clientErrorHandler: (error, socket) => onNoRequest(error, socket, headers),
    routerOptions: { ignoreTrailingSlash: true },
  });
  bearHeaders(app, headers);
  app.addHook('preClose', async () => connections.close());
  app.addHook('onRequest', async ({ raw }, reply) => {
    // A name and a value each. Node drops what is beyond two thousand, so all that there can be are seen.
    if (raw.rawHeaders.length > 2 * limits.headersMax) {
      return problem(reply, 431, `There are more than ${limits.headersMax} headers`);
    }
    return raw.headers.host === undefined && raw.httpVersion !== '1.0'
      ? problem(reply, 400, 'The header Host is missing')
      : undefined;
  });
  // Webhooks are verified on their raw bytes, so nothing may parse them before.
  const bodies = createBodies(limits);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', async ({ raw }: FastifyRequest) => bodies.read(raw));
  // Between the body and the work.
  app.addHook('preHandler', async ({ raw }) => {
    connections.answer(raw, () => bodies.release(raw));
  });
  app.addHook('onSend', async ({ raw }, reply) => connections.answered(raw, reply.raw));
  const tell = createTell(parts, limits);
  routeWebhooks(app, parts, { tell, copies: createCopyLimit(limits, clock) });
  routeHealth(app, parts);
  routeConsent(app, parts, tell);
  if (admin !== undefined) {
    const tools = { bodies, limits, clock, emit, tell };
    app.register(async (api) => routeAdmin(api, admin, tools), { prefix: '/api' });
  }
  app.setNotFoundHandler((_request, reply) => problem(reply, 404, 'There is nothing at this address'));
  app.setErrorHandler((error: unknown, request, reply) =>
    onError({ emit: parts.emit, tell }, { error, request, reply }),
  );
  return {
    async listen({ host, port }) {
      // By that name fastify would make a server for each address of it, and each would have limits of its own.
      try {
        await app.listen({ host: host === 'localhost' ? '127.0.0.1' : host, port });
      } catch (cause) {
        throw listenFailure(cause, { host, port });
      }
      const address = app.server.address();
      return { port: typeof address === 'object' && address !== null ? address.port : port };
    },
    close: () => app.close(),
  };
}

/** What the system refused, as the setting that is to be changed; a bug stays what it is. */
function listenFailure(
  cause: unknown,
  { host, port }: { readonly host: string; readonly port: number },
): unknown {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const name = shownSetting(host);
  const at = `port ${port} of ${host}`;
  const why: Partial<Record<string, string>> = {
    EADDRINUSE: `PORT: another program listens on ${at}. Stop it, or set PORT to a free one`,
    EACCES: `PORT: this account may not listen on ${at}. Set PORT to one above 1023`,
    EADDRNOTAVAIL: `HOST: this machine has no address ${name}. Set HOST to one that it has, or to 127.0.0.1`,
    EAFNOSUPPORT: `HOST: this machine has no address of the kind of ${name}. Set HOST to one that it has, or to 127.0.0.1`,
    ENOTFOUND: `HOST: ${name} is the name of no address. Set HOST to an address of this machine, such as 127.0.0.1`,
    EAI_AGAIN: `HOST: the address of ${name} cannot be looked up. Set HOST to an address of this machine, such as 127.0.0.1`,
  };
  const detail = why[code];
  return detail === undefined ? cause : new Failure('config-invalid', { detail, cause });
}

interface WebhookPath {
  readonly Params: { readonly vendor: string; readonly connection?: string };
}

function routeWebhooks(
  app: FastifyInstance,
  { sources, inbox, emit }: ServerParts,
  { tell, copies }: { readonly tell: Tell; readonly copies: CopyLimit },
): void {
  const addressedBy = ({ params }: FastifyRequest<WebhookPath>): readonly Source[] =>
    (sources.get(params.vendor) ?? []).filter(
      ({ connection }) => params.connection === undefined || connection === params.connection,
    );
  const refuse = (
    request: FastifyRequest<WebhookPath>,
    reply: FastifyReply,
    refusals: readonly Refusal[],
  ) => {
    const [{ why, title } = { why: `No connection is configured at ${pathOf(request)}` }] = refusals;
    const [source] = addressedBy(request);
    const fields = {
      vendor: request.params.vendor,
      why,
      ...(Buffer.isBuffer(request.body) ? { bytes: request.body.length } : {}),
      ...(source === undefined ? {} : { connection: source.connection }),
    };
    const waitS = tell(request, { name: 'delivery refused', level: 'warn', fields });
    return waitS === undefined
      ? problem(reply, 401, title ?? why)
      : problem(reply.header('retry-after', waitS), 429, 'Too many refused messages came from this address');
  };
  app.post<WebhookPath>(`${WEBHOOKS}:vendor/:connection?`, {
    /** Before the body: what no body could make authentic is not read. */
    async onRequest(request, reply) {
      const headers = headersOf(request);
      const addressed = addressedBy(request);
      const refusals = addressed.flatMap((source) => source.refusalUnread(headers) ?? []);
      return refusals.length === addressed.length ? refuse(request, reply, refusals) : undefined;
    },
    async handler(request, reply) {
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const incoming = { headers: headersOf(request), body };
      const verdicts = await Promise.all(
        addressedBy(request).map(async (source) => ({
          ...(await source.verify(incoming)),
          by: source.connection,
        })),
      );
      const authentic = verdicts.find((verdict) => verdict.proof === 'authentic');
      const answered = verdicts.find((verdict) => verdict.proof === 'answered');
      if (authentic === undefined && answered !== undefined) {
        const { what, by } = answered;
        const { vendor } = request.params;
        emit({ name: 'webhook answered', level: 'warn', fields: { vendor, connection: by, what } });
        return reply.code(200).send({ status: 'answered' });
      }
      if (authentic === undefined) {
        return refuse(
          request,
          reply,
          verdicts.flatMap((verdict) => (verdict.proof === 'refused' ? verdict : [])),
        );
      }
      const { message } = authentic;
      const waitS = await copies.admit(message.body, () => inbox.accept(message));
      if (waitS !== undefined) {
        return putOff({ tell, request, reply }, { connection: message.connection, waitS });
      }
      return reply.code(200).send({ status: 'accepted' });
    },
  });
}

function putOff(
  { tell, request, reply }: { tell: Tell; request: FastifyRequest; reply: FastifyReply },
  { connection, waitS }: { readonly connection: string; readonly waitS: number },
): FastifyReply {
  const why = 'This content came too often under other ids';
  tell(request, { name: 'delivery put off', level: 'warn', fields: { connection, why } });
  return problem(reply.header('retry-after', waitS), 429, why);
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

function routeConsent(app: FastifyInstance, { finishConsent }: ServerParts, tell: Tell): void {
  app.get<{ Querystring: ConsentAnswer }>('/auth/freshbooks/callback', async (request, reply) => {
    try {
      const text = await finishConsent(request.query);
      return await reply.type('text/plain; charset=utf-8').send(`${text}\n`);
    } catch (thrown) {
      if (!(thrown instanceof Failure) || thrown.remedy === 'retry') {
        throw thrown;
      }
      tell(request, failed(request, thrown));
      return problem(reply, 400, thrown.message);
    }
  });
}

function onError(
  { emit, tell }: { readonly emit: Emit; readonly tell: Tell },
  { error, request, reply }: { error: unknown; request: FastifyRequest; reply: FastifyReply },
): FastifyReply {
  if (error instanceof BodyRefused) {
    return onBodyRefused(error, { tell, request, reply });
  }
  if (error instanceof Failure) {
    tell(request, failed(request, error));
    // Whatever the reason, a message that was not stored is not acknowledged: the sender comes again, and holds the only copy.
    const isMessage = pathOf(request).startsWith(WEBHOOKS);
    return unavailable(reply, isMessage ? 'Not stored, please send again' : 'Not ready', error.code);
  }
  const status = statusOf(error);
  if (status !== undefined && status < 500) {
    return problem(reply, status, error instanceof Error ? error.message : '');
  }
  emit(failed(request, asFailure(error, 'Cannot answer')));
  return problem(reply, 500, 'A fault in this program; it was logged');
}

function onBodyRefused(
  { status, message }: BodyRefused,
  { tell, request, reply }: { tell: Tell; request: FastifyRequest; reply: FastifyReply },
): FastifyReply {
  // The rest is read and dropped, within the request's time: a sender that is cut off in the middle never sees the answer.
  request.raw.resume();
  reply.removeHeader('connection');
  const name = BODY_EVENTS[status];
  if (name !== undefined && pathOf(request).startsWith(WEBHOOKS)) {
    tell(request, { name, level: 'error', fields: { path: pathOf(request), why: message } });
  }
  return problem(status === 503 ? reply.header('retry-after', RETRY_AFTER_BUSY_S) : reply, status, message);
}

function failed(request: FastifyRequest, { code, message }: Failure): PipelineEvent {
  return { name: 'request failed', level: 'error', fields: { path: pathOf(request), code, detail: message } };
}

function statusOf(error: unknown): number | undefined {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : undefined;
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

/** What no route is asked about: it broke off, was too late, or is no HTTP. */
function onNoRequest(error: unknown, socket: Duplex, headers: Readonly<Record<string, string>>): void {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  if (code === 'ECONNRESET' || socket.destroyed) {
    return;
  }
  if (socket.writable) {
    socket.write(bareAnswer(NO_REQUEST.get(String(code)) ?? NO_HTTP, headers));
  }
  socket.destroy(error instanceof Error ? error : undefined);
}

const NO_HTTP = { status: 400, phrase: 'Bad Request', title: 'This is no request' };
const NO_REQUEST = new Map([
  [
    'ERR_HTTP_REQUEST_TIMEOUT',
    { status: 408, phrase: 'Request Timeout', title: 'The request took too long' },
  ],
  [
    'HPE_HEADER_OVERFLOW',
    { status: 431, phrase: 'Request Header Fields Too Large', title: 'The headers are too large' },
  ],
]);
