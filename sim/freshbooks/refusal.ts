// How FreshBooks says no: the errors of docs/vendors/freshbooks.md section 7, and the shapes they arrive in.

import type { Switches } from './switches.ts';
import type { JsonObject } from './json.ts';

/** One error of the accounting family. Keys that carry nothing are null on the wire. */
export interface VendorError {
  readonly errno: number;
  readonly message: string;
  readonly field?: string;
  readonly object?: string;
  readonly value?: string;
}

/** Thrown by a resource to answer an error; the router turns it into a response. Nothing was changed. */
export class Refusal extends Error {
  readonly status: number;
  readonly error: VendorError;

  constructor(status: number, error: VendorError) {
    super(error.message);
    this.status = status;
    this.error = error;
  }
}

/** 422 with errno 1001: the message is quoted live. */
export function required(object: string, field: string): Refusal {
  return new Refusal(422, { errno: 1001, message: `'${field}' is a required field.`, field, object });
}

/** 422 with errno 1004, as the Postman collection shows it for a bad expense id. */
export function invalidValue(
  place: { readonly object: string; readonly field: string },
  value: string,
): Refusal {
  return new Refusal(422, {
    errno: 1004,
    message: `Invalid value '${value}' for field '${place.field}'.`,
    ...place,
    value,
  });
}

/** 404 with errno 1012. `title` is how the message names the object, for example "Client". */
export function notFound(
  place: { readonly object: string; readonly field: string; readonly title: string },
  value: string,
): Refusal {
  const { object, field, title } = place;
  return new Refusal(404, { errno: 1012, message: `${title} not found.`, field, object, value });
}

/** 403 with errno 1038: a read-only field was written. The middle of the live message was not recorded. */
export function readOnly(object: string, field: string): Refusal {
  return new Refusal(403, {
    errno: 1038,
    message: `Write access denied to object ${object} field ${field}`,
    field,
    object,
  });
}

/** 403 with errno 1003: the token's scopes do not cover the call. The body is assumed. */
export function scopeMissing(scope: string): Refusal {
  return new Refusal(403, { errno: 1003, message: `The token lacks the scope ${scope}.` });
}

/** Any other refusal about one field. */
export function refused(status: number, error: VendorError): Refusal {
  return new Refusal(status, error);
}

/** The response for an error of the accounting family, in the form the switches choose. */
export function accountingError(refusal: Refusal, switches: Switches): Response {
  const status = switches.accountingErrorStatus === 'always-200' ? 200 : refusal.status;
  const body = switches.accountingErrorForm === 'grpc' ? grpcError(refusal) : classicError(refusal.error);
  return Response.json(body, { status });
}

/** The 401 for a missing, unknown or expired access token. */
export function unauthenticated(family: 'auth' | 'accounting' | 'events', switches: Switches): Response {
  if (family === 'events') {
    const message = 'invalid_token: The request token failed to authenticate or validate.';
    return Response.json({ errno: 401, message }, { status: 401 });
  }
  if (family === 'accounting' && switches.unauthenticatedForm === 'grpc') {
    const message = 'The server could not verify that you are authorized to access the URL requested.';
    return Response.json(grpcError(new Refusal(401, { errno: 1003, message })), { status: 401 });
  }
  const error_description = 'This action requires authentication to continue.';
  return Response.json({ error: 'unauthenticated', error_description }, { status: 401 });
}

function classicError(error: VendorError): JsonObject {
  const { errno, message } = error;
  const entry = {
    errno,
    field: error.field ?? null,
    message,
    object: error.object ?? null,
    value: error.value ?? null,
  };
  return { response: { errors: [entry] } };
}

/** Codes of google.rpc.Code for the statuses that occur. */
const grpcCodes: Readonly<Record<number, number>> = { 400: 3, 401: 16, 402: 9, 403: 7, 404: 5, 422: 3 };

function grpcError(refusal: Refusal): JsonObject {
  const { errno, message, object = '', field = '', value = '' } = refusal.error;
  const detail = {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason: String(errno),
    domain: 'accounting.api.freshbooks.com',
    metadata: { object, message, value, field },
  };
  const code = grpcCodes[refusal.status] ?? 2;
  return { code, message: `Request failed with status_code: ${refusal.status}`, details: [detail] };
}
