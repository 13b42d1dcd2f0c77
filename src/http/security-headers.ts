import type { FastifyInstance } from 'fastify';

/** What every answer tells a browser, so that none of it runs, is framed, cached or read by another site. */

/** Nothing here is a page; what is one will have to allow its own parts. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Features of browsers that nothing here uses. */
const FEATURES = [
  'accelerometer',
  'browsing-topics',
  'camera',
  'display-capture',
  'geolocation',
  'gyroscope',
  'magnetometer',
  'microphone',
  'midi',
  'payment',
  'publickey-credentials-get',
  'serial',
  'usb',
  'xr-spatial-tracking',
];

/** A year, as lists of browsers want it. Of this name alone: others below it are not ours to bind. */
const STRICT_TRANSPORT_S = 365 * 24 * 60 * 60;

export function securityHeaders(isHttps: boolean): Readonly<Record<string, string>> {
  return {
    'content-security-policy': CONTENT_SECURITY_POLICY,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': FEATURES.map((feature) => `${feature}=()`).join(', '),
    'cache-control': 'no-store',
    ...(isHttps ? { 'strict-transport-security': `max-age=${STRICT_TRANSPORT_S}` } : {}),
  };
}

/** Has every answer bear them, also those that Node and fastify give before any route is asked. */
export function bearHeaders(app: FastifyInstance, headers: Readonly<Record<string, string>>): void {
  app.server.prependListener('request', (_request, response) => {
    response.setHeaders(new Map(Object.entries(headers)));
  });
  app.server.on('checkExpectation', (_request, response) => {
    response.setHeaders(new Map(Object.entries(headers)));
    response.writeHead(417).end();
  });
}

/** The answer to what is no request, which has no response to set headers on. */
export function bareAnswer(
  { status, phrase, title }: { readonly status: number; readonly phrase: string; readonly title: string },
  headers: Readonly<Record<string, string>>,
): string {
  const body = JSON.stringify({ title, status });
  const own = {
    ...headers,
    'content-type': 'application/problem+json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  };
  const lines = Object.entries(own).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} ${phrase}`, ...lines, '', body].join('\r\n');
}
