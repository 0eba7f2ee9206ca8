/**
 * What Catapult answers, word for word where its documentation or a capture has it. Where the documentation is silent,
 * the words are ours and marked so.
 */
import { randomInt } from 'node:crypto';
import { segmentsOf } from '../messaging/segments.js';
import { formatTime } from '../messaging/time.js';

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const JSON_HEADERS = { 'content-type': 'application/json; charset=utf-8' };

function json(status: number, body: object, headers: Record<string, string> = {}): Answer {
  return { status, body: JSON.stringify(body), headers: { ...JSON_HEADERS, ...headers } };
}

/** The messaging service's own error body. */
const error = (status: number, type: string, description: string, headers?: Record<string, string>): Answer =>
  json(status, { type, description }, headers);

export interface FieldProblem {
  readonly fieldName: string;
  readonly description: string;
}

export const unauthorized = (): Answer =>
  error(401, 'unauthorized', 'Authentication Failed', { 'www-authenticate': 'Basic realm=""' });
export const forbidden = (): Answer => error(403, 'forbidden', 'Access Denied');
export const notFound = (path: string): Answer =>
  json(404, { timestamp: new Date().toISOString(), status: 404, error: 'Not Found', message: 'Not Found', path });
export const methodNotAllowed = (method: string): Answer =>
  error(405, 'method-not-allowed', `Method '${method}' not supported for this resource.`);
export const tooLarge = (): Answer => error(413, 'request-too-large', 'The request is too large.'); // Ours.
export const unsupportedContentType = (contentType: string): Answer =>
  error(415, 'unsupported-content-type', `Content type '${contentType}' not supported. Please use 'application/json'`);
export const invalid = (fieldErrors: readonly FieldProblem[]): Answer =>
  json(400, {
    type: 'request-validation',
    description: 'Your request could not be accepted',
    ...(fieldErrors.length > 0 && { fieldErrors }),
  });

export const badListRequest = (): Answer => error(400, 'bad-request', 'The request is not valid.'); // Words ours.

export const noContent = (): Answer => ({ status: 204, body: '' });
export const objectNotFound = (): Answer => error(404, 'object-not-found', 'The requested object was not found.'); // Words ours.
export const mediaList = (
  files: readonly { readonly contentLength: number; readonly mediaName: string; readonly content: string }[],
): Answer => json(200, files);

/** Answers that are not of Catapult, in the shape of its own errors. */
export const ok = (body: object, status = 200): Answer => json(status, body, { 'cache-control': 'no-store' });
export const badRequest = (description: string): Answer => error(400, 'bad-request', description);
export const noCallbackUrl = (): Answer =>
  error(409, 'no-callback-url', 'Callbacks go nowhere: start the sandbox with CALLBACK_URL.');
export const callbackNotTaken = (): Answer =>
  error(502, 'callback-not-taken', 'The server did not take the message, also when it came again: see its log.');
export const tooManyWaiting = (): Answer =>
  error(429, 'too-many-waiting', 'Too many requests wait already.', { 'retry-after': '1' });

/** The token endpoint's answers (RFC 6749, 5.1 and 5.2). */
export const tokenGranted = (token: string, lifeS: number): Answer =>
  json(200, { access_token: token, expires_in: lifeS, token_type: 'Bearer' }, { 'cache-control': 'no-store' });
export const tokenRefused = (status: number, code: string): Answer => json(status, { error: code });

/** A page of the message list. */
export function messageList(
  totalCount: number,
  listed: readonly {
    readonly message: SandboxRequest & { readonly id: string; readonly time: number };
    readonly recipient: string;
  }[],
): Answer {
  const messages = listed.map(({ message, recipient }) => ({
    messageId: message.id,
    accountId: 'sandbox',
    sourceTn: message.from,
    destinationTn: recipient,
    messageStatus: 'DELIVERED',
    messageDirection: 'OUTBOUND',
    messageType: isMms(message) ? 'mms' : 'sms',
    segmentCount: isMms(message) ? 1 : segmentsOf(message.text ?? '').segmentCount,
    errorCode: 0,
    receiveTime: new Date(message.time).toISOString(),
    carrierName: 'other',
    recipientCount: message.to.length,
  }));
  return json(200, { totalCount, pageInfo: {}, messages });
}

const isMms = ({ to, media }: SandboxRequest): boolean => to.length > 1 || (media?.length ?? 0) > 0;

const QUEUE_FULL =
  'The SMS queue for your account is full and cannot accept more messages right now. Your allowed rate is 60 messages per minute. The capacity of this queue is 900 messages (15 minutes). Reduce your message sending rate, or contact support to increase your allowed rate.';

/** The answer with a given status, for the numbers that ask for one; `null` for those that accept. */
export function answerOf(status: number, path: string): Answer | null {
  switch (status) {
    case 400:
      return invalid([{ fieldName: 'from', description: "'from' must contain exactly one telephone number" }]);
    case 401:
      return unauthorized();
    case 403:
      return forbidden();
    case 404:
      return notFound(path);
    case 415:
      return unsupportedContentType('text/plain;charset=UTF-8');
    case 429:
      return error(429, 'max-message-queue-size-exceeded', QUEUE_FULL, { 'retry-after': '1' });
    case 500:
      return error(500, 'internal-server-error', 'Internal server error. No further information available');
    case 503:
      return error(503, 'service-unavailable', 'Service unavailable.'); // Ours.
    default:
      return status >= 200 && status < 300 ? null : otherAnswer(status);
  }
}

/** Statuses that Catapult itself is not known to give come from something in between, in its own words. */
function otherAnswer(status: number): Answer {
  if (status < 400) return { status, body: '', headers: { location: '/moved' } };
  const body = `<html><body><h1>${status}</h1></body></html>`;
  return { status, body, headers: { 'content-type': 'text/html' } };
}

/** A request that passed validation. */
export interface SandboxRequest {
  readonly from: string;
  readonly to: readonly string[];
  /** Absent where there are only media. */
  readonly text: string | undefined;
  readonly applicationId: string;
  readonly media: readonly string[] | undefined;
  readonly tag: string | undefined;
  readonly priority: string | undefined;
  readonly expiration: string | undefined;
}

const ID_LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** 13 digits of epoch milliseconds, then 16 of a-z0-9, as in every capture. */
export function newId(now: number): string {
  const letters = Array.from({ length: 16 }, () => ID_LETTERS[randomInt(ID_LETTERS.length)]);
  return `${String(now).padStart(13, '0')}${letters.join('')}`;
}

/** The answer to an accepted message, its members in the order of real captures, and its id. */
export function accepted(request: SandboxRequest, now: number, status: number): Answer & { readonly id: string } {
  const { from, to, text, applicationId, media, tag, priority, expiration } = request;
  const id = newId(now);
  const answer = json(status, {
    id,
    owner: from,
    applicationId,
    time: formatTime(now * 1000),
    segmentCount: isMms(request) ? 1 : segmentsOf(text ?? '').segmentCount,
    direction: 'out',
    to,
    from,
    text,
    media,
    tag,
    priority,
    expiration,
  });
  return { ...answer, id };
}
