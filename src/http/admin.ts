import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isTokenOf } from '#admin/login.ts';
import type { Login, OpenSession } from '#admin/login.ts';
import { DAY, SECOND, showInstant } from '#core/time.ts';
import type { Clock } from '#core/time.ts';
import { outputJson } from '#operator/json.ts';
import type { Emit } from '#pipeline/ports.ts';
import type { Bodies } from './bodies.ts';
import { cookiesOf } from './cookies.ts';
import type { Cookies } from './cookies.ts';
import type { HttpLimits } from './limits.ts';
import { createLoginLimit } from './login-limit.ts';
import type { Trier } from './login-limit.ts';
import { ORDERS_QUERY, ordersQuery } from './orders-query.ts';
import type { OrdersQuery } from './orders-query.ts';
import { problem } from './problem.ts';
import { foreignReason } from './same-site.ts';
import type { Tell } from './tell.ts';

/**
 * The API for who knows the admin password. Everything is refused before its body is read, in this order: what another site
 * sends, what is no JSON, who has no session, and a change without the token of the session.
 */
export interface AdminParts {
  readonly login: Login;
  readonly desk: AdminDesk;
  /** As browsers reach this server. */
  readonly publicUrl?: string;
}

/** What can be asked and said by the API: the same that the commands do. */
export interface AdminDesk {
  /** Nothing where there is no order that they are to go on after. */
  orders(query: OrdersQuery): Promise<unknown>;
  /** Nothing when there is no such order; so too for `retry`. */
  order(key: string): Promise<unknown>;
  retry(key: string, actor: string): Promise<unknown>;
}

export interface AdminTools {
  readonly bodies: Bodies;
  readonly limits: HttpLimits;
  readonly clock: Pick<Clock, 'now'>;
  readonly emit: Emit;
  readonly tell: Tell;
}

const SESSION = '/session';
const TOKEN_HEADER = 'x-csrf-token';
const SESSION_ID = /^[\w-]{43}$/;
/** How long a browser is known after a login. */
const KNOWN_MAX_AGE_S = (180 * DAY) / SECOND;
/** By when those that wait have been looked at. */
const RETRY_AFTER_BUSY_S = 5;
const NO_PASSWORD =
  'No admin password is set, so nobody can log in: run counterfoil admin password, or set COUNTERFOIL_ADMIN_PASSWORD';
const ENDED = {
  unused: 'The session ended because it was not used for an hour: log in again',
  old: 'The session ended twelve hours after its login: log in again',
} as const;

export function routeAdmin(app: FastifyInstance, admin: AdminParts, tools: AdminTools): void {
  const { login, publicUrl } = admin;
  const isHttps = publicUrl?.startsWith('https:') === true;
  const cookies = {
    session: cookiesOf('counterfoil-session', isHttps),
    known: cookiesOf('counterfoil-known', isHttps),
  };
  const sessions = new WeakMap<FastifyRequest, OpenSession>();
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', async ({ raw }: FastifyRequest) =>
    tools.bodies.read(raw, tools.limits.apiBodyBytesMax),
  );
  app.addHook('onRequest', async (request, reply) => {
    const why = foreignReason(toldBy(request), publicUrl);
    if (why !== undefined) {
      tools.tell(request, { name: 'api request refused', level: 'warn', fields: { why } });
      return problem(reply, 403, why);
    }
    if (isChange(request) && !isJson(request)) {
      return problem(reply, 415, 'Send JSON, as application/json');
    }
    return isLogin(request) ? undefined : admit(request, reply);
  });
  /** Answers who is not to come further. */
  const admit = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    const id = idIn(cookies.session, request);
    const state = id === undefined ? ({ state: 'none' } as const) : await login.session(id);
    if (state.state !== 'open') {
      return problem(reply, 401, state.state === 'ended' ? ENDED[state.why] : 'Log in first');
    }
    const token = request.headers[TOKEN_HEADER];
    if (isChange(request) && !(typeof token === 'string' && isTokenOf(state, token))) {
      const why = `The header ${TOKEN_HEADER} does not have the token of this session`;
      tools.tell(request, { name: 'api request refused', level: 'warn', fields: { why } });
      return problem(reply, 403, why);
    }
    sessions.set(request, state);
    return undefined;
  };
  const sessionOf = (request: FastifyRequest): OpenSession => {
    const session = sessions.get(request);
    if (session === undefined) {
      throw new Error('A route of the API was reached without a session');
    }
    return session;
  };
  routeLogin(app, admin, { ...tools, cookies });
  app.get(SESSION, async (request, reply) => answer(reply, sessionJson(sessionOf(request))));
  app.delete(SESSION, async (request, reply) => {
    await login.logOut(sessionOf(request));
    return reply.code(204).header('set-cookie', cookies.session.clear()).send();
  });
  routeOrders(app, admin.desk, (request) => sessionOf(request).actor);
}

function routeLogin(
  app: FastifyInstance,
  { login }: AdminParts,
  {
    cookies,
    limits,
    clock,
    emit,
    tell,
  }: AdminTools & { readonly cookies: Readonly<Record<'session' | 'known', Cookies>> },
): void {
  const limit = createLoginLimit(limits, clock);
  const triers = new WeakMap<FastifyRequest, Trier>();
  app.post(SESSION, {
    /** Before the body: who tried too often is not listened to. */
    async onRequest(request, reply) {
      const token = cookies.known.read(request.headers.cookie);
      const by = {
        address: request.raw.socket.remoteAddress ?? '',
        known: token === undefined ? undefined : await login.knownAs(token),
      };
      triers.set(request, by);
      const waitS = limit.count(by);
      return waitS === undefined
        ? undefined
        : problem(reply.header('retry-after', waitS), 429, 'Too many logins failed: wait and try again');
    },
    async handler(request, reply) {
      const password = passwordIn(request.body);
      if (password === undefined) {
        return problem(reply, 400, 'Send the password as JSON: {"password": "…"}');
      }
      const by = triers.get(request) ?? { address: '', known: undefined };
      const answered = await login.logIn(password, { isKnown: by.known !== undefined });
      switch (answered.outcome) {
        case 'no-password':
          return problem(reply, 503, NO_PASSWORD);
        case 'busy':
          return problem(reply.header('retry-after', RETRY_AFTER_BUSY_S), 503, 'Too many log in at once');
        case 'refused':
          tell(request, { name: 'login refused', level: 'warn', fields: {} });
          return problem(reply, 401, 'The password is not the right one');
        case 'open':
          limit.forgive(by);
          await endSession(login, idIn(cookies.session, request));
          emit({ name: 'admin logged in', level: 'info', fields: { who: answered.session.actor } });
          return answer(
            reply.header('set-cookie', [
              cookies.session.set(answered.id),
              cookies.known.set(answered.known, { maxAgeS: KNOWN_MAX_AGE_S }),
            ]),
            sessionJson(answered.session),
          );
      }
    },
  });
}

/** The one that the browser had before: it is replaced, and nobody could end it any more. */
async function endSession(login: Login, id: string | undefined): Promise<void> {
  const session = id === undefined ? undefined : await login.session(id);
  if (session?.state === 'open') {
    await login.logOut(session);
  }
}

interface OrderPath {
  readonly Params: { readonly key?: string; readonly connection?: string; readonly id?: string };
}

function routeOrders(
  app: FastifyInstance,
  desk: AdminDesk,
  actorOf: (request: FastifyRequest) => string,
): void {
  const found = (reply: FastifyReply, value: unknown): FastifyReply =>
    value === undefined ? problem(reply, 404, 'There is no such order') : answer(reply, value);
  app.get('/orders', async (request, reply) => {
    const query = ordersQuery(request.query);
    return query === undefined ? problem(reply, 400, ORDERS_QUERY) : found(reply, await desk.orders(query));
  });
  // A key has a slash in it. Some proxies do not let an encoded one through, so it may stand as it is.
  for (const path of ['/orders/:key', '/orders/:connection/:id']) {
    app.get<OrderPath>(path, async (request, reply) => found(reply, await desk.order(keyOf(request))));
  }
  for (const path of ['/orders/:key/retry', '/orders/:connection/:id/retry']) {
    app.post<OrderPath>(path, async (request, reply) =>
      found(reply, await desk.retry(keyOf(request), actorOf(request))),
    );
  }
}

function keyOf({ params: { key, connection = '', id = '' } }: FastifyRequest<OrderPath>): string {
  return key ?? `${connection}/${id}`;
}

function answer(reply: FastifyReply, value: unknown): FastifyReply {
  return reply.type('application/json; charset=utf-8').send(outputJson(value));
}

function sessionJson({ actor, openedAt, idleEndsAt, endsAt, csrfToken }: OpenSession): unknown {
  return {
    session: actor,
    openedAt: showInstant(openedAt),
    idleEndsAt: showInstant(idleEndsAt),
    endsAt: showInstant(endsAt),
    csrfToken,
  };
}

function isChange({ method }: FastifyRequest): boolean {
  return method !== 'GET' && method !== 'HEAD';
}

function isLogin({ method, routeOptions }: FastifyRequest): boolean {
  return method === 'POST' && routeOptions.url?.endsWith(SESSION) === true;
}

/** Or nothing: then there is no type to tell either. */
function isJson({ headers }: FastifyRequest): boolean {
  const type = headers['content-type'];
  return type === undefined
    ? Number(headers['content-length'] ?? 0) === 0 && headers['transfer-encoding'] === undefined
    : /^application\/json(?:;|$)/i.test(type.trim());
}

function toldBy(request: FastifyRequest): Parameters<typeof foreignReason>[0] {
  const { host, origin, 'sec-fetch-site': site } = request.headers;
  // Said twice it is neither of the two.
  const fetchSite = Array.isArray(site) ? site.join(', ') : site;
  return { isChange: isChange(request), host, origin, fetchSite };
}

function idIn(cookie: Cookies, { headers }: FastifyRequest): string | undefined {
  const id = cookie.read(headers.cookie);
  return id !== undefined && SESSION_ID.test(id) ? id : undefined;
}

function passwordIn(body: unknown): string | undefined {
  const value = Buffer.isBuffer(body) ? parsed(body.toString('utf8')) : undefined;
  return typeof value === 'object' &&
    value !== null &&
    'password' in value &&
    typeof value.password === 'string'
    ? value.password
    : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Never quoted: it may be a password.
    return undefined;
  }
}
