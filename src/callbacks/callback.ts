/** What upstream says in a callback, out of untrusted JSON. It is read tolerantly: what is refused would only come again. */
import type { Correlation } from '../messaging/correlation.js';
import type { DeliveryEvent } from '../messaging/delivery.js';
import type { Message, Micros } from '../messaging/message.js';
import type { OtherEvent } from '../messaging/ports.js';
import { parseTime } from '../messaging/time.js';

export type CallbackEvent =
  | { readonly kind: 'delivery'; readonly event: DeliveryEvent }
  | { readonly kind: 'received'; readonly message: Message }
  /** Understood, but no state of a delivery. */
  | { readonly kind: 'other'; readonly event: OtherEvent }
  /** Cannot be understood, now or later; `body` is what came. */
  | { readonly kind: 'strange'; readonly body: string };

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

/** The longest id that is believed. */
const MAX_ID_LENGTH = 255;

/** Reads a callback's body: an array of events, or one event as some samples show it. Never throws. */
export function parseCallback(body: string, correlation: Correlation, now: Micros): CallbackEvent[] {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return [{ kind: 'strange', body }];
  }
  const events: unknown[] = Array.isArray(json) ? json : [json];
  return events.map((event) => parseEvent(event, correlation, now) ?? { kind: 'strange', body: JSON.stringify(event) });
}

function parseEvent(json: unknown, correlation: Correlation, now: Micros): CallbackEvent | null {
  if (!isObject(json) || !isObject(json.message) || typeof json.type !== 'string') return null;
  const { type, message } = json;
  const id = idOf(message.id);
  if (id === null) return null;
  const time = timeOf(json.time) ?? timeOf(message.time) ?? now;
  if (type === 'message-received') return parseReceived(id, message, time);
  if (OTHER_TYPES.has(type)) return { kind: 'other', event: { messageId: id, type, body: JSON.stringify(json) } };
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
  if (from === null || to.length === 0) return null;
  return {
    kind: 'received',
    message: {
      id,
      time: timeOf(message.time) ?? time,
      to,
      from,
      text: stringOf(message.text) ?? '',
      applicationId: stringOf(message.applicationId),
      tag: null,
      owner: numberOf(message.owner),
      media: stringsOf(message.media),
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
