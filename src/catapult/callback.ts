/** Reads callbacks out of untrusted JSON. It is tolerant: what is refused would only come again. */
import type { CallbackEvent } from '../messaging/callback-event.js';
import type { Correlation } from '../messaging/correlation.js';
import type { DeliveryEvent } from '../messaging/delivery.js';
import type { Micros } from '../messaging/message.js';
import { idOf, integerOf, isObject, parseJson, stringOf, timeOf, withPlus } from './untrusted-json.js';

/** What each type of event says of a recipient; `message-queued` was sent for two weeks of 2020. */
const STATUS_OF: Readonly<Record<string, DeliveryEvent['status']>> = {
  'message-queued': 'ACCEPTED',
  'message-sending': 'SENDING',
  'message-sent': 'SENDING',
  'message-delivered': 'DELIVERED',
  'message-failed': 'FAILED',
};

/** Events of channels other than SMS and MMS. They are kept as they came. */
const OTHER_TYPES: ReadonlySet<string> = new Set(['message-read', 'suggestion-response', 'request-location-response']);

/** A group message has at most ten recipients, and ten attachments: what has far more is no message. */
const MAX_ENTRIES = 100;

/**
 * The longest text that is kept for people to read, in UTF-16 units: a message with the longest text and the media that
 * people send is far shorter, and what is kept cannot fill a disk.
 */
const MAX_KEPT_LENGTH = 16_384;
/** More events than this have no room in such a text: each takes at least a character and a comma. */
const MAX_WRITTEN = MAX_KEPT_LENGTH / 2;

/**
 * Reads a callback's body: an array of events, or one event as some samples show it. Never throws. Events are read one by
 * one, as they are asked for; what is not understood comes last and as one, however many events it is.
 */
export function* parseCallback(body: string, correlation: Correlation, now: Micros): Generator<CallbackEvent> {
  const json = parseJson(body);
  if (json === undefined) {
    yield { kind: 'strange', count: 1, body: cut(body) };
    return;
  }
  const strange: unknown[] = [];
  let count = 0;
  for (const each of Array.isArray(json) ? (json as unknown[]) : [json]) {
    const event = parseEvent(each, correlation, now);
    if (event !== null) yield event;
    else if (++count <= MAX_WRITTEN) strange.push(each);
  }
  if (count === 0) return;
  const text = written(count === 1 ? strange[0] : strange);
  yield { kind: 'strange', count, body: cut(text ?? body) };
}

/** A value as JSON; null where it is nested too deeply. Reading it takes no stack, but writing it does. */
function written(value: unknown): string | null {
  try {
    return JSON.stringify(value);
  } catch {
    return null;
  }
}

function cut(text: string): string {
  return text.length <= MAX_KEPT_LENGTH ? text : `${text.slice(0, MAX_KEPT_LENGTH)} … cut`;
}

function parseEvent(json: unknown, correlation: Correlation, now: Micros): CallbackEvent | null {
  if (!isObject(json) || !isObject(json.message) || typeof json.type !== 'string') return null;
  const { type, message } = json;
  const id = idOf(message.id);
  if (id === null) return null;
  const time = timeOf(json.time) ?? timeOf(message.time) ?? now;
  if (type === 'message-received') return parseReceived(id, message, time, recipientOf(json.to));
  if (OTHER_TYPES.has(type)) {
    const body = written(json);
    return body === null ? null : { kind: 'other', event: { messageId: id, type, body: cut(body) } };
  }
  const status = Object.hasOwn(STATUS_OF, type) ? STATUS_OF[type] : undefined;
  if (status === undefined) return null;
  return {
    kind: 'delivery',
    event: {
      messageId: id,
      sendId: correlation.read(stringOf(message.tag)).sendId,
      to: recipientOf(json.to),
      status,
      time,
      errorCode: status === 'FAILED' ? errorCodeOf(json.errorCode) : null,
      message: {
        time: timeOf(message.time) ?? time,
        owner: numberOf(message.owner),
        segmentCount: integerOf(message.segmentCount),
        pairedMessageId: idOf(message.pairedMessageId),
      },
    },
  };
}

/** `recipient` is the one that the event names: of several of your numbers, each gets an event of its own. */
function parseReceived(
  id: string,
  message: Record<string, unknown>,
  time: Micros,
  recipient: string | null,
): CallbackEvent | null {
  const from = numberOf(message.from);
  const to = stringsOf(message.to).map(withPlus);
  const [text, media] = [stringOf(message.text) ?? '', stringsOf(message.media)];
  if (from === null || to.length === 0) return null;
  if (Math.max(to.length, media.length) > MAX_ENTRIES || text.length > MAX_KEPT_LENGTH) return null;
  return {
    kind: 'received',
    message: {
      id,
      time: timeOf(message.time) ?? time,
      to,
      from,
      text,
      applicationId: stringOf(message.applicationId),
      tag: null,
      owner: numberOf(message.owner) ?? (recipient === '' ? null : recipient) ?? to[0] ?? null,
      media,
      direction: 'IN',
      segmentCount: integerOf(message.segmentCount),
      priority: null,
      expiresAt: null,
      pairedMessageId: idOf(message.pairedMessageId),
      status: 'RECEIVED',
      deliveries: [],
      events: [],
    },
  };
}

/** The one recipient of an event; documented as a string, and in 2017 as an array. */
function recipientOf(to: unknown): string | null {
  const [only, ...others] = typeof to === 'string' ? [to] : stringsOf(to);
  return only === undefined || others.length > 0 ? null : withPlus(only);
}

function numberOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? withPlus(value) : null;
}

function errorCodeOf(value: unknown): number | null {
  return integerOf(typeof value === 'string' && /^\d{1,5}$/.test(value) ? Number(value) : value);
}

/** The texts of a list; what else is in it is passed over. */
function stringsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
