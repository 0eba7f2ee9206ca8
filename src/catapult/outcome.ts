/**
 * What an answer, an error or silence means. An answer from Catapult means that we know; silence means that we do not.
 *
 * "Any 4xx or 5xx HTTP response code will not be billed nor will the message be sent", says Catapult's documentation.
 * That holds for Catapult's own answers only: a gateway in between that gave up waiting knows nothing of the message.
 * Some statuses say it whoever writes them: nothing that passed a message on answers with them.
 */
import { ServiceError, type FieldError } from '../errors.js';
import type { Exchange } from './exchange.js';
import { isJson, parseAcceptance, parseRefusal, type Acceptance, type Refusal } from './wire.js';

/** The path, the credentials or the form of the request were refused before anybody looked at the message. */
const REFUSALS: ReadonlySet<number> = new Set([401, 404, 405, 406, 407, 411, 413, 414, 415, 422, 431]);
/** The resource is elsewhere, and nothing is followed. 302 and 303 may follow work that was done. */
const REDIRECTS: ReadonlySet<number> = new Set([301, 307, 308]);

export type Verdict =
  /** No byte left: it may be tried again. */
  | { readonly kind: 'NOT_SENT'; readonly error: ServiceError }
  /** Catapult said no: nothing was sent. */
  | { readonly kind: 'REFUSED'; readonly error: ServiceError; readonly mayRetry: boolean }
  /** Perhaps sent: never again. */
  | { readonly kind: 'UNKNOWN' }
  | { readonly kind: 'ACCEPTED'; readonly answer: Acceptance }
  | { readonly kind: 'ACCEPTED_WITHOUT_ID' };

/** Judges one exchange. Pure: `now`, in milliseconds, only turns a `Retry-After` date into seconds. */
export function classify(seen: Exchange, now: number): Verdict {
  if (!seen.started) return { kind: 'NOT_SENT', error: notSent('UPSTREAM_UNAVAILABLE') };
  if (seen.status === null) return { kind: 'UNKNOWN' };
  if (seen.status >= 200 && seen.status < 300) {
    // A page, or an answer that broke off: it says nothing of the message, and perhaps Catapult did not write it.
    if (seen.body === null || !isJson(seen.body)) return { kind: 'UNKNOWN' };
    const answer = parseAcceptance(seen.body);
    return answer === null ? { kind: 'ACCEPTED_WITHOUT_ID' } : { kind: 'ACCEPTED', answer };
  }
  return classifyError(seen.status, seen.body === null ? null : parseRefusal(seen.body), seen.retryAfter, now);
}

function classifyError(status: number, refusal: Refusal | null, retryAfter: string | null, now: number): Verdict {
  const retryAfterSeconds = retryAfter === null ? null : parseRetryAfter(retryAfter, now);
  const wait = retryAfterSeconds === null ? {} : { retryAfterSeconds };
  // A limiter answers in place of the service behind it, so a 429 is a refusal whoever wrote it.
  if (status === 429) return { kind: 'REFUSED', error: notSent('UPSTREAM_RATE_LIMITED', wait), mayRetry: true };
  if (status === 500 || status === 503) {
    return refusal?.fromMessaging === true
      ? { kind: 'REFUSED', error: notSent('UPSTREAM_UNAVAILABLE', wait), mayRetry: true }
      : { kind: 'UNKNOWN' };
  }
  if (REFUSALS.has(status) || REDIRECTS.has(status)) {
    return { kind: 'REFUSED', error: notSent('UPSTREAM_REJECTED'), mayRetry: false };
  }
  if (status < 400 || status >= 500 || status === 408 || refusal === null) return { kind: 'UNKNOWN' };
  if (status === 400 && refusal.fieldNames.length > 0) {
    const fieldErrors = refusal.fieldNames.map(refusedField);
    return { kind: 'REFUSED', error: notSent('BAD_USER_INPUT', { fieldErrors }), mayRetry: false };
  }
  return { kind: 'REFUSED', error: notSent('UPSTREAM_REJECTED'), mayRetry: false };
}

function notSent(
  code: 'BAD_USER_INPUT' | 'UPSTREAM_REJECTED' | 'UPSTREAM_RATE_LIMITED' | 'UPSTREAM_UNAVAILABLE',
  details: { fieldErrors?: FieldError[]; retryAfterSeconds?: number } = {},
): ServiceError {
  return new ServiceError(code, { outcome: 'NOT_SENT', ...details });
}

/** The input's name of each field of the wire. */
const INPUT_FIELDS: ReadonlyMap<string, string> = new Map([
  ...['from', 'to', 'text', 'applicationId', 'media', 'tag', 'priority'].map((name): [string, string] => [name, name]),
  ['expiration', 'expiresAt'],
]);

/** Catapult's description may repeat the value, so only the field's name is passed on, and only if we know it. */
function refusedField(name: string): FieldError {
  const field = INPUT_FIELDS.get(name);
  return {
    path: field === undefined ? ['input'] : ['input', field],
    code: 'REFUSED_BY_CATAPULT',
    message: 'Catapult does not accept this value.',
  };
}

/** The longest wait that is passed on, in seconds: a day. More is a mistake of upstream's clock or ours. */
const MAX_RETRY_AFTER_SECONDS = 86_400;

/** `Retry-After` in whole seconds, from seconds or an HTTP date (RFC 9110, 10.2.3); `null` when it is neither. */
export function parseRetryAfter(value: string, now: number): number | null {
  const text = value.trim();
  if (/^\d+$/.test(text)) return Math.min(Number(text), MAX_RETRY_AFTER_SECONDS);
  const at = /^[A-Z][a-z]{2,8},? /.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) return null;
  return Math.min(Math.max(0, Math.ceil((at - now) / 1000)), MAX_RETRY_AFTER_SECONDS);
}
