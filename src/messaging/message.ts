/** The message and the send: what they hold, and the states they go through. */

/** An instant in microseconds since 1970, UTC. Catapult's times come with second, milli- or microsecond precision. */
export type Micros = number;

export type MessageDirection = 'IN' | 'OUT';
export type MessagePriority = 'DEFAULT' | 'HIGH';

/**
 * The states of a send, in the order of their rank: a state yields only to one of higher rank (see `yieldsTo`).
 *
 * `PENDING` claimed, no answer yet · `UNKNOWN` no trustworthy answer: perhaps sent · `REJECTED` known not sent ·
 * `ACCEPTED` queued by Catapult · `SENDING` handed to the carrier · `DELIVERED`, `PARTIALLY_DELIVERED`, `FAILED` final ·
 * `RECEIVED` for a message that came in. `FAILED` outranks `DELIVERED`, since Catapult is known to report both for one
 * recipient of a group that never got the message.
 */
export const RANK = {
  PENDING: 0,
  UNKNOWN: 1,
  REJECTED: 2,
  ACCEPTED: 2,
  SENDING: 3,
  DELIVERED: 4,
  PARTIALLY_DELIVERED: 4,
  FAILED: 5,
  RECEIVED: 5,
} as const satisfies Record<string, number>;

/** What a send can be, with what its message can be. */
export type SendState = keyof typeof RANK;

/** What a message can be: Catapult took it, or it came in. The other states are those of a send without a message. */
export type MessageStatus = Exclude<SendState, 'PENDING' | 'UNKNOWN' | 'REJECTED'>;

/** The states of a message by its direction: each state belongs to one. */
export const STATUSES: Readonly<Record<MessageDirection, readonly MessageStatus[]>> = {
  IN: ['RECEIVED'],
  OUT: ['ACCEPTED', 'SENDING', 'DELIVERED', 'PARTIALLY_DELIVERED', 'FAILED'],
};

/** All states of a message. */
export const MESSAGE_STATUSES: readonly MessageStatus[] = [...STATUSES.IN, ...STATUSES.OUT];

/** The states that `next` may replace: those of lower rank. */
export function yieldsTo(next: SendState): SendState[] {
  return (Object.keys(RANK) as SendState[]).filter((status) => RANK[status] < RANK[next]);
}

/**
 * Whether a text can be stored and sent as it is: a lone surrogate has no UTF-8 form, and U+0000 has no place in a message
 * and ends a string in too many systems.
 */
export const isCleanText = (text: string): boolean => text.isWellFormed() && !text.includes('\0');

/** What a caller asks to have sent; already validated. */
export interface OutboundMessage {
  /** E.164. */
  readonly from: string;
  /** E.164, 1 to 10, unique; more than one is a group message. */
  readonly to: readonly string[];
  readonly text: string;
  readonly applicationId: string;
  /** Absolute http(s) URLs; empty for an SMS. */
  readonly media: readonly string[];
  readonly tag: string | null;
  /** Null for Catapult's default. */
  readonly priority: MessagePriority | null;
  /** After this instant Catapult drops the message rather than sending it. */
  readonly expiresAt: Micros | null;
}

/** The same as a caller may ask for it: without an application, that of its number is meant. */
export interface RequestedMessage extends Omit<OutboundMessage, 'applicationId'> {
  readonly applicationId: string | null;
}

/** What became of a message for one recipient. */
export interface Delivery {
  readonly to: string;
  readonly status: MessageStatus;
  /** When this happened, by Catapult's clock; null until it reports. */
  readonly time: Micros | null;
  /** Catapult's code of a failure. */
  readonly errorCode: number | null;
}

/** What Catapult reported of a message. */
export interface MessageEvent {
  /** The one recipient it is about; null for all of them. */
  readonly to: string | null;
  readonly status: MessageStatus;
  readonly time: Micros;
  /** Catapult's code of a failure. */
  readonly errorCode: number | null;
}

/** A message as Catapult answered it. Nullable members are `null` where Catapult left them out. */
export interface Message {
  /** Catapult's own message id. */
  readonly id: string;
  readonly time: Micros;
  readonly to: readonly string[];
  readonly from: string;
  readonly text: string;
  readonly applicationId: string | null;
  readonly tag: string | null;
  readonly owner: string | null;
  readonly media: readonly string[];
  readonly direction: MessageDirection;
  readonly segmentCount: number | null;
  readonly priority: MessagePriority | null;
  readonly expiresAt: Micros | null;
  /** Catapult's id of another message that this one belongs to. */
  readonly pairedMessageId: string | null;
  readonly status: MessageStatus;
  /** One for each recipient, in the order of `to`. */
  readonly deliveries: readonly Delivery[];
  /** Everything that was reported, the earliest first. */
  readonly events: readonly MessageEvent[];
}
