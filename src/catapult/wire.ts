/** Catapult's request and response shapes. What upstream says is untrusted: it is parsed, member by member. */
import { isUtf8 } from 'node:buffer';
import { openDeliveries } from '../messaging/delivery.js';
import type { Message, MessagePriority, Micros, OutboundMessage } from '../messaging/message.js';
import type { UpstreamMessage } from '../messaging/ports.js';
import { formatTime } from '../messaging/time.js';
import { idOf, integerOf, isObject, parseJson, stringOf, timeOf, withPlus } from './untrusted-json.js';

/** The request body: only what the caller gave, and `to` always an array. */
export function requestBody(message: OutboundMessage): string {
  const { to, from, text, applicationId, media, tag, priority, expiresAt } = message;
  return JSON.stringify({
    to,
    from,
    text,
    applicationId,
    ...(media.length > 0 && { media }),
    ...(tag !== null && { tag }),
    ...(priority !== null && { priority: priority.toLowerCase() }),
    ...(expiresAt !== null && { expiration: formatTime(expiresAt) }),
  });
}

/** What an answer says of an accepted message; `null` where it says nothing usable. */
export interface Acceptance {
  readonly id: string;
  readonly time: Micros | null;
  readonly to: readonly string[] | null;
  readonly from: string | null;
  readonly text: string | null;
  readonly applicationId: string | null;
  readonly tag: string | null;
  readonly owner: string | null;
  readonly media: readonly string[] | null;
  readonly segmentCount: number | null;
  readonly priority: MessagePriority | null;
  readonly expiresAt: Micros | null;
  readonly pairedMessageId: string | null;
}

/** Reads the body of a 2xx; `null` when it holds no id. Unknown members are ignored. */
export function parseAcceptance(body: Buffer): Acceptance | null {
  const json = parseObject(body);
  const id = idOf(json?.id);
  if (json === null || id === null) return null;
  // Broken UTF-8 decodes to U+FFFD without an error: the id is still good, the echo of the message is not.
  const echo = isUtf8(body) ? json : {};
  return {
    id,
    time: timeOf(json.time),
    to: stringsOf(echo.to),
    from: stringOf(echo.from),
    text: stringOf(echo.text),
    applicationId: stringOf(echo.applicationId),
    tag: stringOf(echo.tag),
    owner: stringOf(echo.owner),
    media: stringsOf(echo.media),
    segmentCount: integerOf(json.segmentCount),
    priority: priorityOf(json.priority),
    expiresAt: timeOf(json.expiration),
    pairedMessageId: idOf(json.pairedMessageId),
  };
}

/**
 * The message that was accepted. A member that the schema requires and the answer lacks is taken from the request;
 * a nullable one stays as Catapult said it.
 */
export function acceptedMessage(answer: Acceptance, sent: OutboundMessage, now: Micros): Message {
  const to = answer.to ?? sent.to;
  return {
    id: answer.id,
    time: answer.time ?? now,
    to,
    from: answer.from ?? sent.from,
    text: answer.text ?? sent.text,
    applicationId: answer.applicationId,
    tag: answer.tag,
    owner: answer.owner,
    media: answer.media ?? sent.media,
    // An answer to a POST is about a message on its way out, whatever its `direction` says.
    direction: 'OUT',
    segmentCount: answer.segmentCount,
    priority: answer.priority,
    expiresAt: answer.expiresAt,
    pairedMessageId: answer.pairedMessageId,
    status: 'ACCEPTED',
    deliveries: openDeliveries(to),
    events: [],
  };
}

/** What Catapult says when it refuses. Its texts may repeat phone numbers, so none is kept. */
export interface Refusal {
  /** True for `{type, description}`, which only the messaging service itself writes. */
  readonly fromMessaging: boolean;
  /** The names in `fieldErrors`, in Catapult's order, which is not defined. */
  readonly fieldNames: readonly string[];
}

/**
 * Reads an error body in one of the shapes that Catapult is known to write: `{type, description}`, the body of the
 * framework below it (`{timestamp, status, error}`), or version 1's `{category, code}`. `null` for anything else:
 * then it was not Catapult that answered.
 */
export function parseRefusal(body: Buffer): Refusal | null {
  const json = parseObject(body);
  if (json === null) return null;
  const has = (...names: string[]): boolean => names.every((name) => typeof json[name] === 'string');
  const fromMessaging = has('type', 'description');
  const fromFramework = has('timestamp', 'error') && typeof json.status === 'number';
  if (!fromMessaging && !fromFramework && !has('category', 'code')) return null;
  const fields: unknown[] = Array.isArray(json.fieldErrors) ? json.fieldErrors : [];
  const fieldNames = fields.flatMap((field) => (isObject(field) ? (stringOf(field.fieldName) ?? []) : []));
  return { fromMessaging, fieldNames };
}

/** What the message list says of one message. */
export interface MessageList {
  readonly messages: readonly UpstreamMessage[];
  /** False when entries are missing, because of a limit or because they could not be read. */
  readonly complete: boolean;
}

/**
 * Reads an answer of the message list, which sometimes comes wrapped in an array; `null` for anything else. Inbound
 * messages are left out.
 */
export function parseMessageList(body: Buffer): MessageList | null {
  const json = parseJson(body);
  const list: unknown = Array.isArray(json) && json.length === 1 ? json[0] : json;
  if (!isObject(list) || !Array.isArray(list.messages)) return null;
  const listed: unknown[] = list.messages;
  const messages = listed.map(listedMessage);
  const known = messages.filter((message) => message !== null);
  const { totalCount = listed.length, pageInfo } = list;
  const isLast = !isObject(pageInfo) || (pageInfo.nextPage == null && pageInfo.nextPageToken == null);
  const isWhole = isLast && typeof totalCount === 'number' && totalCount >= 0 && totalCount <= listed.length;
  return {
    messages: known.flatMap(({ direction, ...message }) => (direction === 'INBOUND' ? [] : [message])),
    complete: isWhole && known.length === listed.length,
  };
}

function listedMessage(json: unknown): (UpstreamMessage & { direction: string | null }) | null {
  if (!isObject(json)) return null;
  const [id, from, to] = [idOf(json.messageId), stringOf(json.sourceTn), stringOf(json.destinationTn)];
  const time = timeOf(json.receiveTime);
  if (id === null || from === null || to === null || time === null) return null;
  return { id, from: withPlus(from), to: withPlus(to), time, direction: stringOf(json.messageDirection) };
}

/** Whether a JSON service may have written this: an object or an array. */
export function isJson(body: Buffer): boolean {
  const json = parseJson(body);
  return typeof json === 'object' && json !== null;
}

function parseObject(body: Buffer): Record<string, unknown> | null {
  const json = parseJson(body);
  return isObject(json) ? json : null;
}

function priorityOf(value: unknown): MessagePriority | null {
  return value === 'default' ? 'DEFAULT' : value === 'high' ? 'HIGH' : null;
}

/** `null` for a list with anything but texts in it: a part of the list would be another list. */
function stringsOf(value: unknown): string[] | null {
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : null;
}
