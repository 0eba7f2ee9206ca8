/**
 * The one table of public error codes, and the error class that carries one.
 *
 * A code is public contract: codes are added freely and never renamed, because some routers keep only the code of an
 * error and drop everything else. docs/errors.md prints this table; a test keeps both
 * equal.
 */

interface ErrorDescription {
  /** When a caller meets the code, in the words of docs/errors.md. */
  readonly when: string;
  /** Whether the same request may succeed later without being changed. */
  readonly retryable: boolean;
  /** The text a caller reads. Constant, as are words in its place: so it cannot repeat anything private. */
  readonly message: string;
}

export const ERRORS = {
  GRAPHQL_PARSE_FAILED: {
    when: 'The document is not GraphQL, or is longer than the server reads (HTTP 400).',
    retryable: false,
    message: 'The document is not valid GraphQL.',
  },
  GRAPHQL_VALIDATION_FAILED: {
    when: 'The document does not fit the schema: unknown fields, wrong literals (HTTP 400).',
    retryable: false,
    message: 'The document does not fit the schema.',
  },
  OPERATION_RESOLUTION_FAILURE: {
    when: '`operationName` names no operation of the document, or is missing though there are several (HTTP 400).',
    retryable: false,
    message: 'The document has several operations, or none of this name: name one of them with operationName.',
  },
  PERSISTED_QUERY_NOT_SUPPORTED: {
    when: 'The request has the hash of a document that this server does not know: send the document.',
    retryable: false,
    message: 'PersistedQueryNotSupported',
  },
  OPERATION_TOO_COSTLY: {
    when: 'The operation has too many fields, levels, aliases, root fields, lists or directives, or more than 10 sends; or its answer would hold more than 20,000 values or 2 MiB: ask for shorter pages (HTTP 400). `limit` names the limit, what it allows and, where it is known, what was asked for.',
    retryable: false,
    message: 'The operation asks for too much: ask for less, or split it.',
  },
  DOCUMENT_NOT_TRUSTED: {
    when: 'Only trusted documents run here, and this one is not trusted (HTTP 400).',
    retryable: false,
    message: 'Only trusted documents run here: add this one to the manifest.',
  },
  BAD_REQUEST: {
    when: 'The HTTP request is not a GraphQL request: malformed JSON, text that is not Unicode, wrong content type, too large, no such path (HTTP 4xx).',
    retryable: false,
    message: 'The HTTP request is not a GraphQL request: send JSON by POST.',
  },
  BAD_USER_INPUT: {
    when: 'A variable does not fit its type (HTTP 400); or the input breaks a rule, or Catapult refused a field of it: then `fieldErrors` names every mistake.',
    retryable: false,
    message: 'The input is not valid; fieldErrors names every mistake.',
  },
  UNAUTHENTICATED: {
    when: 'The API key or token is missing or wrong (HTTP 401).',
    retryable: false,
    message: 'Send a valid API key or token.',
  },
  FORBIDDEN: {
    when: 'The key or token lacks a scope, which `message` names.',
    retryable: false,
    message: 'This key or token lacks a scope.',
  },
  RATE_LIMITED: {
    when: 'Too many sends, in all or to one recipient: `retryAfterSeconds` says how long to wait. Or too many open subscriptions, which `message` says (HTTP 429).',
    retryable: true,
    message: 'Too many sends; this one was not sent. Wait before you send again.',
  },
  IDEMPOTENCY_KEY_REUSED: {
    when: 'The idempotency key already belongs to a send with another input: use a new one.',
    retryable: false,
    message: 'This idempotency key was used before with another input; use a new one.',
  },
  REQUEST_IN_PROGRESS: {
    when: 'The first call with this idempotency key is still running elsewhere; ask again with the same key.',
    retryable: true,
    message: 'The first call with this idempotency key is still running; ask again with the same key.',
  },
  UPSTREAM_REJECTED: {
    when: 'Catapult refused the request as a whole (400 without fields, 401, 403, 404, 415, a redirect …): account, credentials or address are configured wrong.',
    retryable: false,
    message: 'Catapult refused the request; the operator has to correct the configuration.',
  },
  UPSTREAM_RATE_LIMITED: {
    when: 'Catapult answered 429 to every attempt; `retryAfterSeconds` says how long to wait, where Catapult said so.',
    retryable: true,
    message: 'Catapult accepts no more messages right now; nothing was sent. Try again later.',
  },
  UPSTREAM_UNAVAILABLE: {
    when: 'Known not sent: Catapult could not be reached, or said itself that it failed.',
    retryable: true,
    message: 'Catapult cannot be reached or is failing; nothing was sent. Try again later.',
  },
  OUTCOME_UNKNOWN: {
    when: 'Perhaps sent: the request went out and no trustworthy answer came. Ask again with the same idempotency key.',
    retryable: false,
    message:
      'The message was perhaps sent: no trustworthy answer came back. Do not send it again as a new message; ask again with the same idempotency key, if it had one.',
  },
  STORE_UNAVAILABLE: {
    when: "The server's own database cannot be reached or written. Without an idempotency key nothing was sent; with one, ask again with the same key: the answer says what became of the first call.",
    retryable: true,
    message: 'The server cannot store the send right now; ask again with the same idempotency key.',
  },
  SUBSCRIPTION_LOST: {
    when: 'A subscription may have missed events: it was read too slowly, or the database was away. Subscribe again, and list what came meanwhile.',
    retryable: true,
    message: 'This subscription may have missed events; subscribe again.',
  },
  SHUTTING_DOWN: {
    when: 'This instance is stopping and takes no new requests (HTTP 503).',
    retryable: true,
    message: 'The server is shutting down; nothing was done. Try again.',
  },
  INTERNAL_SERVER_ERROR: {
    when: 'Anything else. The log has the cause under the same `requestId`.',
    retryable: false,
    message: 'Something failed on the server; its log has the cause.',
  },
} as const satisfies Record<string, ErrorDescription>;

export type ErrorCode = keyof typeof ERRORS;

/** One mistake of an input: where it is, and a stable code for what is wrong with it. */
export interface FieldError {
  /** From the argument's name down to the exact element: `["input", "to", 1]`. */
  readonly path: readonly (string | number)[];
  readonly code: string;
  readonly message: string;
}

/** The limit that an operation exceeds: how much is allowed, and how much the operation asks for. */
export interface ExceededLimit {
  readonly name: string;
  readonly allowed: number;
  /** Left out where it is not known: counting may stop at the limit. */
  readonly asked?: number;
}

/** Whether a failed send may have gone out: `NOT_SENT` is certain, `UNKNOWN` means perhaps. */
export type FailedOutcome = 'NOT_SENT' | 'UNKNOWN';

export interface ServiceErrorDetails {
  /** What a caller reads in place of the table's text: constant as well, apart from names such as those of scopes. */
  readonly message?: string | undefined;
  /** Set on the failure of a send. */
  readonly outcome?: FailedOutcome;
  readonly fieldErrors?: readonly FieldError[];
  /** How long upstream asks to wait, in whole seconds. */
  readonly retryAfterSeconds?: number;
  /** Set on `OPERATION_TOO_COSTLY`. */
  readonly limit?: ExceededLimit;
  /** What really happened, for the log; never shown to a caller. */
  readonly cause?: unknown;
}

/** A failure with a code. Callers see its message and its `extensions`, never its cause. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly code: ErrorCode;
  readonly outcome: FailedOutcome | undefined;
  readonly fieldErrors: readonly FieldError[] | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly limit: ExceededLimit | undefined;

  constructor(code: ErrorCode, details: ServiceErrorDetails = {}) {
    super(details.message ?? ERRORS[code].message, { cause: details.cause });
    this.code = code;
    this.outcome = details.outcome;
    this.fieldErrors = details.fieldErrors;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.limit = details.limit;
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }

  /**
   * What a caller sees besides the message. graphql-js copies the property of this name into the error that wraps it, so
   * it reaches callers through any server that embeds the schema.
   */
  get extensions(): Record<string, unknown> {
    const { code, retryable, outcome, fieldErrors, retryAfterSeconds, limit } = this;
    return {
      code,
      retryable,
      ...(outcome !== undefined && { outcome }),
      ...(fieldErrors !== undefined && { fieldErrors }),
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
      ...(limit !== undefined && { limit }),
    };
  }
}

/** The body of an HTTP answer that is a failure and nothing else, in the shape of a GraphQL answer. */
export function failureBody({ message, extensions }: ServiceError, requestId: string): object {
  return { errors: [{ message, extensions: { ...extensions, requestId } }] };
}

/** One mistake in one argument. */
export function badArgument(name: string, code: string, message: string): ServiceError {
  return new ServiceError('BAD_USER_INPUT', { fieldErrors: [{ path: [name], code, message }] });
}
