/** What upstream says in a callback, out of untrusted JSON. It is read tolerantly: what is refused would only come again. */
import type { CallbackEvent } from '../messaging/callback-event.js';
import type { Correlation } from '../messaging/correlation.js';
import type { DeliveryEvent } from '../messaging/delivery.js';
import type { Micros } from '../messaging/message.js';
import { parseTime } from '../messaging/time.js';

/** What each type of event says of a recipient; `message-queued` was sent for two weeks of 2020. */
const STATUS_OF: Readonly<Record<string, DeliveryEvent['status']>> = {
  'message-queued': 'ACCEPTED',
  'message-sending': 'SENDING',
  'message-sent': 'SENDING',
  'message-delivered': 'DELIVERED',
  'message-failed': 'FAILED',
};

/** What other channels than SMS and MMS tell: it is kept as it came. */
const OTHER_TYPES: ReadonlySet<string> = new Set(['message-read', 'suggestion-response', 'request-location-response']);

/** Recipients of a group message have ten at most, and so have attachments: what has far more is no message. */
const MAX_ENTRIES = 100;
/** The longest id that is believed. */
const MAX_ID_LENGTH = 255;

/**
 * The longest text that is kept for people to read, in UTF-16 units: a message with the longest text and the media that
 * people send is far shorter, and what is kept cannot fill a disk.
 */
const MAX_KEPT_LENGTH = 16_384;
/** More events than have room in such a text need not be written: each takes a character and a comma. */
const MAX_WRITTEN = MAX_KEPT_LENGTH / 2;

/**
 * Reads a callback's body: an array of events, or one event as some samples show it. Never throws. Events are read one by
 * one, as they are asked for; what is not understood comes last and as one, however many events it is.
 */
export function* parseCallback(body: string, correlation: Correlation, now: Micros): Generator<CallbackEvent> {
  const json = parsed(body);
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

/** The value of a JSON text; undefined where it is none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
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
  if (type === 'message-received') return parseReceived(id, message, time);
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
        segmentCount: segmentCountOf(message.segmentCount),
        pairedMessageId: idOf(message.pairedMessageId),
      },
    },
  };
}

function parseReceived(id: string, message: Record<string, unknown>, time: Micros): CallbackEvent | null {
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
      owner: numberOf(message.owner),
      media,
      direction: 'IN',
      segmentCount: segmentCountOf(message.segmentCount),
      priority: null,
      expiresAt: null,
      pairedMessageId: idOf(message.pairedMessageId),
      status: 'RECEIVED',
      deliveries: [],
    },
  };
}

function idOf(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' && value.length <= MAX_ID_LENGTH ? value : null;
}

/** The one recipient of an event; documented as a string, and in 2017 as an array. */
function recipientOf(to: unknown): string | null {
  const [only, ...others] = typeof to === 'string' ? [to] : stringsOf(to);
  return only === undefined || others.length > 0 ? null : withPlus(only);
}

/** Some callbacks leave the plus away. Short codes have at most six digits and never had one. */
function withPlus(number: string): string {
  return /^\d{7,15}$/.test(number) ? `+${number}` : number;
}

function numberOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? withPlus(value) : null;
}

function errorCodeOf(value: unknown): number | null {
  const code = typeof value === 'string' && /^\d{1,5}$/.test(value) ? Number(value) : value;
  return Number.isSafeInteger(code) && Math.abs(code as number) < 2 ** 31 ? (code as number) : null;
}

function segmentCountOf(value: unknown): number | null {
  return Number.isSafeInteger(value) && Math.abs(value as number) < 2 ** 31 ? (value as number) : null;
}

function timeOf(value: unknown): Micros | null {
  return typeof value === 'string' ? parseTime(value) : null;
}

function stringOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function stringsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
