import { QUOTING_FACT, redactorOf } from '#core/contacts.ts';
import type { Redactor } from '#core/contacts.ts';
import { Failure } from '#core/failure.ts';
import type { Exchange, Fact, FailureCode } from '#core/failure.ts';
import type { Lossless } from '#core/json.ts';
import { isObject, listIn, textIn } from './json.ts';
import type { JsonObject } from './json.ts';

/**
 * How FreshBooks says no: six shapes of error bodies (docs/vendors/freshbooks.md, section 7), and what each means to us.
 * A message may quote what was sent, so contact data is taken out before anything is kept.
 */
export interface Refusal {
  readonly status: number;
  /** As many as are read. */
  readonly errors: readonly VendorError[];
  /** As many as there were. */
  readonly errorCount: number;
}

export interface VendorError {
  /** "1012"; empty when the shape has none. */
  readonly errno: string;
  readonly field: string;
  readonly message: string;
}

/** Some of each line of a long invoice. */
const ERRORS_READ_MAX = 1000;

/** The errors in a body; nothing when it is no error body. `json` is undefined for a page of the edge. */
export function refusalIn(json: Lossless | undefined, status: number): Refusal | undefined {
  const errors = isObject(json) ? errorsIn(json) : [];
  if (errors.length > 0) {
    return { status, errors: errors.slice(0, ERRORS_READ_MAX), errorCount: errors.length };
  }
  return status >= 400
    ? { status, errors: [{ errno: '', field: '', message: 'no reason given' }], errorCount: 1 }
    : undefined;
}

function errorsIn(json: JsonObject): VendorError[] {
  const response = json['response'];
  if (isObject(response) && response['errors'] !== undefined) {
    return classicErrors(response['errors']);
  }
  if (isObject(response)) {
    return [];
  }
  const details = listIn(json, 'details');
  if (json['code'] !== undefined && details.some(isObject)) {
    return details.filter(isObject).map(rpcError);
  }
  return flatErrors(json);
}

/** A list, one object, or an object of objects. */
function classicErrors(errors: Lossless): VendorError[] {
  if (Array.isArray(errors)) {
    return errors.filter(isObject).map(classicError);
  }
  if (!isObject(errors)) {
    return [];
  }
  const inner = Object.values(errors).filter(isObject);
  return inner.length > 0 ? inner.map(classicError) : [classicError(errors)];
}

function classicError(error: JsonObject): VendorError {
  return {
    errno: textIn(error, 'errno'),
    field: textIn(error, 'field'),
    message: textIn(error, 'message'),
  };
}

function rpcError(detail: JsonObject): VendorError {
  const metadata = isObject(detail['metadata']) ? detail['metadata'] : {};
  return {
    errno: textIn(detail, 'reason'),
    field: textIn(metadata, 'field'),
    message: textIn(metadata, 'message'),
  };
}

/** `{error, error_description}`, `{error: {field: message}}`, `{error_type, message}`, `{errno, message, details: [text]}`. */
function flatErrors(json: JsonObject): VendorError[] {
  const errno = textIn(json, 'errno');
  const error = json['error'];
  if (isObject(error)) {
    return Object.keys(error).map((field) => ({ errno, field, message: textIn(error, field) }));
  }
  const details = listIn(json, 'details').filter((detail) => typeof detail === 'string');
  const texts = [
    textIn(json, 'error'),
    textIn(json, 'error_type'),
    textIn(json, 'error_description'),
    textIn(json, 'message'),
    ...details,
  ];
  const message = texts.filter((text) => text !== '').join(': ');
  return message === '' ? [] : [{ errno, field: '', message }];
}

/** The access token is not accepted: a renewed one may be. */
export function isUnauthenticated(refusal: Refusal): boolean {
  const [first] = refusal.errors;
  return (
    refusal.status === 401 ||
    (first !== undefined && /could not verify that you are authorized|^unauthenticated/i.test(first.message))
  );
}

/** The object asked for is not known; that the whole account is not there is another matter. */
export function isNotFound(refusal: Refusal): boolean {
  return refusal.errors.some((error) => error.errno === '1012' && !NO_ACCOUNT.test(error.message));
}

/** No object of the API speaks here: the page of whatever stands before it, for one request of many. */
function isOfEdge({ status, errors }: Refusal): boolean {
  return status === 404 && errors.every(({ errno, message }) => errno === '' && !NO_ACCOUNT.test(message));
}

const NO_ACCOUNT = /account not found/i;

/** A field that nobody may write. */
export function isReadOnly(refusal: Refusal): boolean {
  return refusal.errors.some((error) => error.errno === '1038');
}

/** Characters beyond U+FFFF are not taken (errno 1036). */
export function isRepertoire(refusal: Refusal): boolean {
  return refusal.errors.some((error) => error.errno === '1036');
}

export function isNumberTooLong(refusal: Refusal): boolean {
  return refusal.errors.some(
    (error) =>
      isAboutNumber(error) &&
      (error.errno === '1017' || /too long|length|at most|maximum|characters/i.test(error.message)),
  );
}

/** Whatever is said about the invoice number may mean that it is taken: the body of that error was never recorded. */
export function isNumberConflict(refusal: Refusal): boolean {
  return refusal.errors.some(isAboutNumber) && !isNumberTooLong(refusal);
}

function isAboutNumber(error: VendorError): boolean {
  return error.field === 'invoice_number' || /invoice.?number/i.test(error.message);
}

/** What a refusal might quote of the buyer; of one who was redacted here it is not known, and then nothing is quoted at all. */
export type BuyerWords = readonly string[] | 'unknown';

/** What the refusal means; its effect is `none` where FreshBooks itself says that it did not act. */
export function failureOf(
  refusal: Refusal,
  {
    doing,
    words,
    exchange,
  }: {
    readonly doing: string;
    readonly words: BuyerWords;
    readonly exchange?: Exchange | undefined;
  },
): Failure {
  const redact = words === 'unknown' ? () => UNQUOTED : redactorOf(words);
  const facts = refusal.errors.slice(0, ERRORS_TOLD_MAX).flatMap((error) => factsOf(error, redact));
  const untold = refusal.errorCount - ERRORS_TOLD_MAX;
  const more = untold > 0 ? [{ name: 'Errors beside these', value: String(untold) }] : [];
  const said = [...facts.map(({ value }) => value), ...more.map(({ value }) => `and ${value} more errors`)];
  return new Failure(codeOf(refusal), {
    detail: `${doing}: FreshBooks refused (status ${refusal.status}): ${said.join(', ')}`,
    effect: isOfEdge(refusal) ? 'unknown' : 'none',
    facts: [{ name: 'Status', value: String(refusal.status) }, ...facts, ...more],
    ...(exchange === undefined ? {} : { exchange }),
  });
}

/** errno 1038 is a field that nobody may write, and no matter of the person's role. */
const PERMISSION = /permission|access denied|not authori[sz]ed|forbidden/i;

/**
 * A change on or before the lock date; the words of that error were never recorded. A person or an account that is locked is
 * another matter, and would close days that are open.
 */
const LOCKED = /\block(?:ed|s)?\b/i;
const LOCKED_OUT = /\b(?:account|user|login) (?:is|was|has been) (?:temporarily )?locked/i;

function codeOf(refusal: Refusal): FailureCode {
  const { status, errors } = refusal;
  const has = (errno: string): boolean => errors.some((error) => error.errno === errno);
  const says = (words: RegExp): boolean => errors.some((error) => words.test(error.message));
  if (isUnauthenticated(refusal)) {
    return 'token-refused';
  }
  if (has('7005') || (status === 402 && says(/client limit/i))) {
    return 'books-client-limit';
  }
  if (isNumberTooLong(refusal)) {
    return 'books-number-too-long';
  }
  if (has('1025')) {
    return 'books-negative-refused';
  }
  // A conflict: another program is changing the same thing at this moment.
  if (status === 409 || has('409') || isOfEdge(refusal)) {
    return 'request-server-error';
  }
  if (errors.some(({ message }) => LOCKED.test(message) && !LOCKED_OUT.test(message))) {
    return 'books-period-locked';
  }
  if (has('1042') || (status === 402 && errors.every(isBare))) {
    return 'books-account-inactive';
  }
  if (says(NO_ACCOUNT)) {
    return 'books-account-unchosen';
  }
  if ((status === 403 || has('1003')) && says(/scope/i)) {
    return 'scope-missing';
  }
  if (has('1003') || (status === 403 && !has('1038') && (says(PERMISSION) || errors.every(isBare)))) {
    return 'books-not-writable';
  }
  return 'books-refused';
}

function isBare(error: VendorError): boolean {
  return error.errno === '' && error.field === '';
}

/** A person reads no more of them, and one is mostly like the other. */
const ERRORS_TOLD_MAX = 20;
const MESSAGE_LENGTH_MAX = 300;
/** The longest names of fields are those within a line of an invoice. */
const CODE_LENGTH_MAX = 80;
const UNQUOTED = 'its words are not kept, because the buyer was redacted here and they may name him';

function factsOf({ errno, field, message }: VendorError, redact: Redactor): Fact[] {
  return [
    { name: 'errno', value: shortened(errno) },
    { name: 'Field', value: shortened(field) },
    { name: QUOTING_FACT, value: redact(message, MESSAGE_LENGTH_MAX) },
  ].filter((fact) => fact.value !== '');
}

function shortened(code: string): string {
  return code.length > CODE_LENGTH_MAX ? `${code.slice(0, CODE_LENGTH_MAX)}…`.toWellFormed() : code;
}
