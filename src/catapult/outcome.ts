/**
 * What an answer, an error or silence means. An answer from Catapult means that we know; silence means that we do not.
 *
 * "Any 4xx or 5xx HTTP response code will not be billed nor will the message be sent", says Catapult's documentation.
 * That holds for Catapult's own answers only: a gateway in between that gave up waiting knows nothing of the message.
 * Some statuses mean it no matter who wrote them: nothing that passed a message on answers with them.
 */
import { ServiceError, type FieldError } from '../errors.js';
import type { OutboundMessage } from '../messaging/message.js';
import type { SendOutcome } from '../messaging/ports.js';
import type { Exchange } from './exchange.js';
import { acceptedMessage, isJson, parseAcceptance, parseRefusal, type Refusal } from './wire.js';

/** The path, the credentials or the form of the request were refused before anybody looked at the message. */
const REFUSALS: ReadonlySet<number> = new Set([401, 404, 405, 406, 407, 411, 413, 414, 415, 422, 431]);
/** The resource is elsewhere, and nothing is followed. 302 and 303 may follow work that was done. */
const REDIRECTS: ReadonlySet<number> = new Set([301, 307, 308]);

const UNKNOWN: SendOutcome = { status: 'UNKNOWN' };

/** What one exchange says of the message that it was to send. Pure. */
export function classify(seen: Exchange, message: OutboundMessage, nowMs: number): SendOutcome {
  if (!seen.started) return rejected('UPSTREAM_UNAVAILABLE');
  if (seen.status === null) return UNKNOWN;
  if (seen.status >= 200 && seen.status < 300) {
    // A page, or an answer that broke off: it says nothing of the message, and perhaps Catapult did not write it.
    if (seen.body === null || !isJson(seen.body)) return UNKNOWN;
    const answer = parseAcceptance(seen.body);
    return { status: 'ACCEPTED', message: answer === null ? null : acceptedMessage(answer, message, nowMs * 1000) };
  }
  return classifyError(seen.status, seen.body === null ? null : parseRefusal(seen.body), seen.retryAfter, nowMs);
}

function classifyError(status: number, refusal: Refusal | null, retryAfter: string | null, nowMs: number): SendOutcome {
  const retryAfterSeconds = retryAfter === null ? null : parseRetryAfter(retryAfter, nowMs);
  const wait = retryAfterSeconds === null ? {} : { retryAfterSeconds };
  // A limiter answers in place of the service behind it, so a 429 is a refusal no matter who wrote it.
  if (status === 429) return rejected('UPSTREAM_RATE_LIMITED', wait);
  if (status === 500 || status === 503) {
    return refusal?.fromMessaging === true ? rejected('UPSTREAM_UNAVAILABLE', wait) : UNKNOWN;
  }
  if (REFUSALS.has(status) || REDIRECTS.has(status)) return rejected('UPSTREAM_REJECTED');
  if (status < 400 || status >= 500 || status === 408 || refusal === null) return UNKNOWN;
  if (status === 400 && refusal.fieldNames.length > 0) {
    return rejected('BAD_USER_INPUT', { fieldErrors: refusal.fieldNames.map(refusedField) });
  }
  return rejected('UPSTREAM_REJECTED');
}

/** The code also says whether to try again: `UPSTREAM_UNAVAILABLE` and `UPSTREAM_RATE_LIMITED` are retryable. */
function rejected(
  code: 'BAD_USER_INPUT' | 'UPSTREAM_REJECTED' | 'UPSTREAM_RATE_LIMITED' | 'UPSTREAM_UNAVAILABLE',
  details: { fieldErrors?: FieldError[]; retryAfterSeconds?: number } = {},
): SendOutcome {
  return { status: 'REJECTED', error: new ServiceError(code, { outcome: 'NOT_SENT', ...details }) };
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

/** The longest wait that is passed on, in seconds: a day. More means that upstream's clock or ours is wrong. */
const MAX_RETRY_AFTER_SECONDS = 86_400;

/** `Retry-After` in whole seconds, from seconds or an HTTP date (RFC 9110, 10.2.3); `null` when it is neither. */
export function parseRetryAfter(value: string, nowMs: number): number | null {
  const text = value.trim();
  if (/^\d+$/.test(text)) return Math.min(Number(text), MAX_RETRY_AFTER_SECONDS);
  const atMs = /^[A-Z][a-z]{2,8},? /.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(atMs)) return null;
  return Math.min(Math.max(0, Math.ceil((atMs - nowMs) / 1000)), MAX_RETRY_AFTER_SECONDS);
}
