import { toJson } from './json.ts';
import type { Json } from './json.ts';

/** Amazon's answers, good and bad: headers and error bodies (vendors/amazon.md 1.1, 4.2). */
export function answer(body: Json, extra: { status?: number; rate?: string | undefined } = {}): Response {
  const headers = new Headers({ 'content-type': 'application/json', 'x-amzn-requestid': REQUEST_ID });
  if (extra.rate !== undefined) headers.set('x-amzn-ratelimit-limit', extra.rate);
  return new Response(toJson(body), { status: extra.status ?? 200, headers });
}

/** One id for all: nothing may depend on it. */
const REQUEST_ID = '5a1f0c3e-0000-4000-8000-00000000c0f1';

interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly details?: string;
  readonly errorType?: string;
}

function refuse({ status, code, message, details, errorType }: Refusal): Response {
  const response = answer({ errors: [{ code, message, details }] }, { status });
  if (errorType !== undefined) response.headers.set('x-amzn-errortype', errorType);
  return response;
}

export const invalidInput = (message = 'Invalid Input', details?: string): Response =>
  refuse({ status: 400, code: 'InvalidInput', message, ...(details === undefined ? {} : { details }) });

export const notFound = (message: string): Response => refuse({ status: 404, code: 'NotFound', message });

export const conflict = (message: string): Response => refuse({ status: 409, code: 'Conflict', message });

/** `details` says which way the access is gone. */
export const unauthorized = (details: string): Response =>
  refuse({
    status: 403,
    code: 'Unauthorized',
    message: 'Access to requested resource is denied.',
    details,
    errorType: 'AccessDeniedException',
  });

export const wrongRegion = (): Response =>
  refuse({
    status: 400,
    code: 'InvalidInput',
    message: 'Application do not have access to some or all requested resource',
    details: '',
  });

/** Without Retry-After, and without the rate, as recorded. */
export const quotaExceeded = (): Response =>
  refuse({
    status: 429,
    code: 'QuotaExceeded',
    message: 'You exceeded your quota for the requested resource.',
    details: '',
    errorType: 'TooManyRequestsException',
  });

export const internalFailure = (): Response =>
  refuse({
    status: 500,
    code: 'InternalFailure',
    message: 'We encountered an internal error. Please try again.',
  });

export const serviceUnavailablePage = (): Response =>
  new Response('<html><body><b>Http/1.1 Service Unavailable</b></body> </html>', {
    status: 503,
    headers: { 'content-type': 'text/html' },
  });

export const gatewayTimeout = (): Response => new Response('', { status: 504 });
