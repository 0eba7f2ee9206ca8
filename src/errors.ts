/**
 * The tables of public error codes, of a whole operation and of one field, and the error class that carries them.
 *
 * A code is public contract: codes are added freely and never renamed, because some routers keep only the code of an
 * error and drop everything else. docs/errors.md prints both tables; a test keeps them equal.
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
    when: 'The HTTP request is not a GraphQL request: malformed JSON, text that is not Unicode, wrong content type, too large, no such path (HTTP 4xx). At `/media`: `message` says what is wrong.',
    retryable: false,
    message: 'The HTTP request is not a GraphQL request: send JSON by POST.',
  },
  BAD_USER_INPUT: {
    when: 'A variable does not fit its type (HTTP 400); or the input breaks a rule, or Catapult refused a field of it: then `fieldErrors` names every mistake. At `/media` with HTTP 400, 413 or 415.',
    retryable: false,
    message: 'The input is not valid; fieldErrors names every mistake.',
  },
  UNAUTHENTICATED: {
    when: 'The API key or token is missing or wrong (HTTP 401).',
    retryable: false,
    message: 'Send a valid API key or token.',
  },
  FORBIDDEN: {
    when: 'The key or token lacks a scope or a number, or this server was told not to do this: `message` says which. At `/media` also: a page of another site asks, or a signed address has ended (HTTP 403).',
    retryable: false,
    message: 'This key or token lacks a scope.',
  },
  RATE_LIMITED: {
    when: 'Too many sends, in all or to one recipient: `retryAfterSeconds` says how long to wait. Or too many open subscriptions or files under way, which `message` says (HTTP 429).',
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
  SERVER_BUSY: {
    when: 'This instance has more to do than it can do in time, and did not begin this (HTTP 503, with `Retry-After`): wait for `retryAfterSeconds`.',
    retryable: true,
    message: 'The server is busy; nothing was done. Try again in a moment.',
  },
  INTERNAL_SERVER_ERROR: {
    when: 'Anything else. The log has the cause under the same `requestId`.',
    retryable: false,
    message: 'Something failed on the server; its log has the cause.',
  },
} as const satisfies Record<string, ErrorDescription>;

export type ErrorCode = keyof typeof ERRORS;

/**
 * Numbers for a text that a client writes itself, in its user's language. They are limits, and lengths or counts of what
 * was given: nothing of its content.
 */
export interface FieldErrorParameters {
  /** The least that is allowed. */
  readonly min?: number;
  /** The most that is allowed: UTF-16 units of a text, entries of a list, bytes of a file. */
  readonly max?: number;
  /** How much there was, in the same unit. */
  readonly actual?: number;
}

interface FieldErrorDescription {
  /** What is wrong, in the words of docs/errors.md and of the schema. */
  readonly meaning: string;
  /** The parameters that come with it, always. */
  readonly parameters: readonly (keyof FieldErrorParameters)[];
}

const NONE = [] as const;
const EXCEEDED = ['max', 'actual'] as const;

/** The codes of single mistakes: what is wrong with one field or argument. */
export const FIELD_ERRORS = {
  INVALID_CHARACTER: { meaning: 'It has U+0000 or half of a surrogate pair.', parameters: NONE },
  INVALID_E164: { meaning: 'It is no telephone number in E.164 format.', parameters: NONE },
  SENDER_NOT_ALLOWED: { meaning: 'You may not send from this number.', parameters: NONE },
  NO_RECIPIENT: { meaning: 'There is no recipient.', parameters: ['min', 'actual'] },
  TOO_MANY_RECIPIENTS: { meaning: 'There are too many recipients.', parameters: EXCEEDED },
  DUPLICATE_RECIPIENT: { meaning: 'The recipient is in the list twice.', parameters: NONE },
  DESTINATION_NOT_ALLOWED: {
    meaning: 'The operator does not send to this country or kind of line, or the number is not valid in its country.',
    parameters: NONE,
  },
  RECIPIENT_OPTED_OUT: { meaning: 'The recipient wants no messages from this number.', parameters: NONE },
  TEXT_REQUIRED: { meaning: 'There is neither text nor media.', parameters: NONE },
  TEXT_TOO_LONG: { meaning: 'The text is too long.', parameters: EXCEEDED },
  APPLICATION_ID_REQUIRED: {
    meaning: 'The application id is blank, or missing and not known for this number.',
    parameters: NONE,
  },
  APPLICATION_ID_TOO_LONG: { meaning: 'The application id is too long.', parameters: EXCEEDED },
  TOO_MANY_MEDIA: { meaning: 'There are too many attachments.', parameters: EXCEEDED },
  MEDIA_URL_TOO_LONG: { meaning: 'The URL of the attachment is too long.', parameters: EXCEEDED },
  INVALID_MEDIA_URL: {
    meaning: 'It is no absolute http or https URL, or has user info, spaces or control characters.',
    parameters: NONE,
  },
  MEDIA_HOST_NOT_ALLOWED: {
    meaning: 'The URL has a port, or a host that the operator does not allow or that is not on the public internet.',
    parameters: NONE,
  },
  MEDIA_NOT_HTTPS: { meaning: 'The operator requires https.', parameters: NONE },
  MEDIA_TOO_LARGE: { meaning: 'The file is too large.', parameters: ['max'] },
  MEDIA_TYPE_NOT_SUPPORTED: { meaning: 'Catapult takes no files of this media type.', parameters: NONE },
  MEDIA_TYPE_MISMATCH: { meaning: 'The file does not begin as files of its media type do.', parameters: NONE },
  INVALID_FILE_NAME: {
    meaning: 'The name of the file is empty, too long, a path, or has control or formatting characters.',
    parameters: NONE,
  },
  TAG_TOO_LONG: { meaning: 'The tag is too long.', parameters: EXCEEDED },
  ALREADY_EXPIRED: { meaning: 'The instant is not in the future.', parameters: NONE },
  INVALID_IDEMPOTENCY_KEY: {
    meaning: 'The idempotency key is empty, too long, or has other characters than `A-Z a-z 0-9 _ : . -`.',
    parameters: NONE,
  },
  REFUSED_BY_CATAPULT: { meaning: 'Catapult does not accept the value; it was not sent.', parameters: NONE },
  NUMBER_TOO_LONG: { meaning: 'The text is too long for a telephone number.', parameters: EXCEEDED },
  INVALID_REGION: { meaning: 'It is no ISO 3166 code, in capitals, of a region with numbers.', parameters: NONE },
  UNKNOWN_MESSAGE: { meaning: 'There is no such message, or it is not yours.', parameters: NONE },
  UNKNOWN_SEND: { meaning: 'There is no such send, or it is not yours.', parameters: NONE },
  ONE_OF_ID_AND_KEY: { meaning: 'The id and the idempotency key are both given, or both missing.', parameters: NONE },
  INVALID_PAGE_SIZE: { meaning: 'A page cannot have this size.', parameters: ['min', 'max'] },
  FIRST_AND_LAST: {
    meaning: 'The page is asked for from both ends: with `first` or `after`, and with `last` or `before`.',
    parameters: NONE,
  },
  INVALID_CURSOR: { meaning: 'It is no cursor of this list.', parameters: NONE },
  TOO_MANY_IDS: { meaning: 'There are too many ids.', parameters: EXCEEDED },
  DUPLICATE_STATUS: { meaning: 'The state is in the list twice.', parameters: NONE },
  TOO_MANY_REPRESENTATIONS: { meaning: 'A router asks for too many entities at once.', parameters: EXCEEDED },
  INVALID_REPRESENTATION: { meaning: 'It is no reference to an entity of this subgraph.', parameters: NONE },
  NOT_UNRESOLVED: {
    meaning: 'The outcome of the send is known or still on its way: there is nothing to settle.',
    parameters: NONE,
  },
  INVALID_MESSAGE_ID: { meaning: 'It is no id of a message at Catapult.', parameters: NONE },
  MESSAGE_ID_TAKEN: { meaning: 'Another send has this message id.', parameters: NONE },
  MESSAGE_ID_WITHOUT_MESSAGE: { meaning: 'A message that was not sent has no id.', parameters: NONE },
  REASON_TOO_LONG: { meaning: 'The reason is too long.', parameters: EXCEEDED },
  REASON_NAMES_NUMBER: { meaning: 'The reason names the number that is to be forgotten.', parameters: NONE },
} as const satisfies Record<string, FieldErrorDescription>;

export type FieldErrorCode = keyof typeof FIELD_ERRORS;

/** One mistake of an input: where it is, and a stable code for what is wrong with it. */
export interface FieldError extends FieldErrorParameters {
  /** From the argument's name down to the exact element: `["input", "to", "1"]`. */
  readonly path: readonly string[];
  readonly code: FieldErrorCode;
  /** Constant for its code and limits: never repeats the input. */
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
export function badArgument(
  name: string,
  code: FieldErrorCode,
  message: string,
  parameters: FieldErrorParameters = {},
): ServiceError {
  return new ServiceError('BAD_USER_INPUT', { fieldErrors: [{ path: [name], code, message, ...parameters }] });
}
