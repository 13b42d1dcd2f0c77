/** What AWS's errors about a queue mean for who runs this service. AWS's own texts are not shown: some quote keys. */
export interface QueueFault {
  /** AWS's name of it, or the system's. */
  readonly code: string;
  /** What is wrong and what to do. */
  readonly what: string;
}

const FAULTS: readonly (readonly [codes: RegExp, what: string])[] = [
  [
    /^(AWS\.SimpleQueueService\.NonExistentQueue|QueueDoesNotExist|QueueDeletedRecently|InvalidAddress)$/,
    'There is no such queue: compare AMAZON_SQS_QUEUE_URL and its region with the queue in the AWS console',
  ],
  [
    /^(ExpiredToken|ExpiredTokenException|RequestExpired|TokenRefreshRequired)$/,
    'The AWS credentials have expired: renew AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or give the machine a role',
  ],
  [
    /^(InvalidClientTokenId|UnrecognizedClientException|SignatureDoesNotMatch|InvalidSignatureException|InvalidAccessKeyId|MissingAuthenticationToken|AuthFailure|InvalidSecurity)$/,
    'AWS does not know the credentials: check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and the clock of this machine',
  ],
  [
    /^(CredentialsProviderError|CredentialsError|TokenProviderError)$/,
    'There are no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the machine a role',
  ],
  [
    /^(KMS\.|Kms)/,
    'The queue is encrypted with a key that the credentials may not use: allow kms:Decrypt on it',
  ],
  [
    /^(AccessDenied|AccessDeniedException|AuthorizationError|NotAuthorized)$/,
    'The credentials may not use the queue: allow sqs:ReceiveMessage, sqs:DeleteMessage and sqs:ChangeMessageVisibility on it',
  ],
  [/^(RequestThrottled|ThrottlingException|Throttling|OverLimit)$/, 'AWS asks for patience'],
];
const ELSE = 'The queue cannot be reached, or AWS has a fault of its own';
/** The library wraps AWS's error once, and that the system's. */
const CAUSES_MAX = 5;

/** Of whatever was thrown: the first cause that has a meaning here, else the innermost code. */
export function queueFault(thrown: unknown): QueueFault {
  const codes = codesOf(thrown);
  const known = codes.flatMap((code) =>
    FAULTS.filter(([pattern]) => pattern.test(code)).map(([, what]) => ({ code, what })),
  )[0];
  return known ?? { code: codes.at(-1) ?? 'unknown', what: ELSE };
}

function codesOf(thrown: unknown): readonly string[] {
  const codes: string[] = [];
  let cause = thrown;
  for (let depth = 0; depth < CAUSES_MAX && cause instanceof Error; depth += 1) {
    codes.push(...[fieldOf(cause, 'Code'), fieldOf(cause, 'code'), cause.name].filter(isCode));
    cause = cause.cause ?? (cause instanceof AggregateError ? cause.errors[0] : undefined);
  }
  return codes;
}

/** Names of classes tell nothing, and a text that is no name may hold anything. */
function isCode(text: string): boolean {
  return (
    /^[\w.]{1,80}$/.test(text) &&
    !/^(Error|SQSError|AggregateError|TypeError|SQSServiceException)$/.test(text)
  );
}

function fieldOf(value: object, key: string): string {
  const field: unknown = Reflect.get(value, key);
  return typeof field === 'string' ? field : '';
}
