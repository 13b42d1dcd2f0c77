import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLossless } from '#core/json.ts';
import { failureOf, isNotFound, isNumberConflict, isNumberTooLong, refusalIn } from './refusal.ts';
import type { Refusal } from './refusal.ts';

function read(body: unknown, status: number): Refusal {
  const refusal = refusalIn(parseLossless(JSON.stringify(body)), status);
  assert.ok(refusal);
  return refusal;
}

function classic(errno: number, message: string, field: string | null = null): unknown {
  return { response: { errors: [{ errno, field, message, object: null, value: null }] } };
}

void test('every documented shape yields errno, field and message', () => {
  const error = { errno: '1012', field: 'userid', message: 'Client not found.' };
  assert.deepEqual(read(classic(1012, 'Client not found.', 'userid'), 404).errors, [error]);
  assert.deepEqual(
    read({ response: { errors: { errno: 1012, field: 'userid', message: 'Client not found.' } } }, 200)
      .errors,
    [error],
  );
  const metadata = { object: 'client', message: 'Client not found.', value: '12345', field: 'userid' };
  const details = [
    { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: '1012', domain: 'x', metadata },
  ];
  assert.deepEqual(read({ code: 5, message: 'Request failed with status_code: 404', details }, 404).errors, [
    error,
  ]);
  for (const [body, message] of [
    [{ error: 'unauthenticated', error_description: 'Log in.' }, 'unauthenticated: Log in.'],
    [{ error_type: 'not_found', message: 'Gone' }, 'not_found: Gone'],
    [{ message: 'Nothing here' }, 'Nothing here'],
    [
      { errno: 422, message: 'Bad', details: ['event: Unrecognized event.'] },
      'Bad: event: Unrecognized event.',
    ],
  ] as const) {
    assert.equal(read(body, 422).errors[0]?.message, message);
  }
  assert.deepEqual(read({ errno: 2001, error: { title: 'is required' } }, 422).errors, [
    { errno: '2001', field: 'title', message: 'is required' },
  ]);
});

void test('an answer with a result is no refusal, and a page with a 4xx is one', () => {
  assert.equal(refusalIn({ response: { result: {} } }, 200), undefined);
  assert.equal(refusalIn({ response: { result: {}, errors: [] } }, 200), undefined);
  assert.equal(refusalIn(undefined, 403)?.errors[0]?.message, 'no reason given');
});

for (const [what, body, status, code] of [
  ['a bad value', classic(1004, "Invalid value 'x' for field 'y'.", 'y'), 422, 'books-refused'],
  [
    'a read-only field',
    classic(1038, 'Write access denied to field due_date', 'due_date'),
    403,
    'books-refused',
  ],
  ['a role that may not write', classic(1003, 'Permission Denied'), 403, 'books-not-writable'],
  ['the same within a 200', classic(1003, 'Access denied'), 200, 'books-not-writable'],
  ['a bare 403', { message: 'Forbidden' }, 403, 'books-not-writable'],
  ['a scope that is missing', { error: 'insufficient_scope' }, 403, 'scope-missing'],
  ['a token', { error: 'unauthenticated', error_description: 'Log in.' }, 401, 'token-refused'],
  ['the client limit', classic(7005, 'Client limit of 50 reached'), 402, 'books-client-limit'],
  ['the client limit within a 200', classic(7005, 'Client limit of 50 reached'), 200, 'books-client-limit'],
  ['a bare 402', { message: 'Payment required' }, 402, 'books-account-inactive'],
  ['an account that has ended', classic(1042, 'Inactive account'), 403, 'books-account-inactive'],
  ['a 402 for a feature', classic(41001, 'Upgrade to use bills'), 402, 'books-refused'],
  ['a conflict', classic(409, 'Being modified'), 409, 'request-server-error'],
  ['a wrong account', { message: 'Account not found' }, 404, 'books-account-unchosen'],
  [
    'a number that is too long',
    classic(1017, 'Max length exceeded', 'invoice_number'),
    422,
    'books-number-too-long',
  ],
  ['another text that is too long', classic(1017, 'Max length exceeded', 'notes'), 422, 'books-refused'],
  ['a feature of another plan', classic(12001, 'You do not have access to items.'), 200, 'books-refused'],
] as const) {
  void test(`${what} means ${code}, and nothing was done`, () => {
    const failure = failureOf(read(body, status), { doing: 'Creating', words: [] });
    assert.deepEqual([failure.code, failure.effect], [code, 'none']);
  });
}

for (const body of [
  undefined,
  { message: 'no Route matched' },
  { error_type: 'not_found', message: 'Resource not found' },
]) {
  void test(`a 404 of no object, ${JSON.stringify(body)}, says neither that nothing is there nor that nothing was done`, () => {
    const refusal = refusalIn(body, 404) ?? assert.fail();
    const failure = failureOf(refusal, { doing: 'Creating', words: [] });
    assert.deepEqual([failure.code, failure.effect], ['request-server-error', 'unknown']);
    assert.equal(isNotFound(refusal), false);
  });
}

void test('what is said about the invoice number is a conflict unless it is its length', () => {
  assert.equal(isNumberConflict(read(classic(1029, 'Taken', 'invoice_number'), 422)), true);
  assert.equal(isNumberConflict(read(classic(1004, 'That Invoice Number exists'), 400)), true);
  assert.equal(isNumberConflict(read(classic(1017, 'Too long', 'invoice_number'), 422)), false);
  assert.equal(isNumberTooLong(read(classic(1004, 'invoice_number: at most 10 characters'), 422)), true);
  assert.equal(isNotFound(read({ message: 'Account not found' }, 404)), false);
  assert.equal(isNotFound(read(classic(1012, 'Invoice not found.'), 404)), true);
});

void test('contact data that a message quotes is taken out, and field names stay', () => {
  const body = classic(
    1004,
    "Invalid value 'Ann (Bell)' for field 'lname': ANN, O'Neil+x@example.com, Annual",
    'lname',
  );
  const failure = failureOf(read(body, 422), {
    doing: 'Creating the client',
    words: ['Ann', 'Ann (Bell)', 'ß'],
  });
  assert.match(failure.message, /Invalid value '…' for field 'lname': …, O'… Annual/);
  assert.doesNotMatch(failure.message, /Bell|example\.com/);
  assert.doesNotMatch(JSON.stringify(failure.facts), /Bell|example\.com/);
});

void test('a novel in a message is cut', () => {
  const failure = failureOf(read(classic(1, 'x'.repeat(5000)), 400), { doing: 'Creating', words: [] });
  assert.ok(failure.message.length < 500);
});

void test('of thousands of errors the first are told, and how many more there are', () => {
  const errors = Array.from({ length: 20_000 }, (_, index) => ({
    errno: 1001,
    field: `lines[${index}]`,
    message: 'is not valid for the object that it is in',
  }));
  const failure = failureOf(read({ response: { errors } }, 422), { doing: 'Creating', words: ['Ann'] });
  assert.match(failure.message, /lines\[0\].*lines\[19\], is not valid [^,]*, and 19980 more errors$/);
  assert.ok(failure.message.length < 2000);
  assert.deepEqual(failure.facts.at(-1), { name: 'Errors beside these', value: '19980' });
  assert.equal(failure.facts.length, 1 + 20 * 3 + 1);
});

void test('what decides stands also after the errors that are told', () => {
  const lines = Array.from({ length: 100 }, () => ({ errno: 1001, field: 'lines', message: 'no' }));
  const taken = { errno: 1029, field: 'invoice_number', message: 'Taken' };
  assert.equal(isNumberConflict(read({ response: { errors: [...lines, taken] } }, 422)), true);
});

void test('a novel in a number or a field is cut', () => {
  const errors = [{ errno: '1'.repeat(5000), field: 'f'.repeat(5000), message: 'no' }];
  const failure = failureOf(read({ response: { errors } }, 400), { doing: 'Creating', words: [] });
  assert.ok(failure.message.length < 500);
  assert.ok(JSON.stringify(failure.facts).length < 500);
});

void test('a message that is cut within the buyer’s words has none of them', () => {
  for (let before = 200; before <= 310; before += 1) {
    const message = `${'-'.repeat(before)} 17 Planted Street of kim.planted@example.com ${'-'.repeat(500)}`;
    const failure = failureOf(read(classic(1, message), 400), {
      doing: 'Creating',
      words: ['17 Planted Street'],
    });
    assert.doesNotMatch(failure.message, /17|[Pp]lant|Str|kim/, String(before));
  }
});
