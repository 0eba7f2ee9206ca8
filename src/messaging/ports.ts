/** What the outer folders implement for the messaging core. */
import type { ServiceError } from '../errors.js';
import type { DeliveryEvent } from './delivery.js';
import type { Message, MessageStatus, Micros, OutboundMessage } from './message.js';

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after `delayMs`, or at once when `signal` aborts; never rejects. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

/** What became of one send. */
export type SendOutcome =
  | { readonly kind: 'ACCEPTED'; readonly message: Message }
  /** Catapult accepted the message but its id could not be read. */
  | { readonly kind: 'ACCEPTED_WITHOUT_ID' }
  /** Nothing was sent, and nothing will be: it may be sent anew. */
  | { readonly kind: 'NOT_SENT'; readonly error: ServiceError }
  /** Perhaps sent: it must never be sent again. */
  | { readonly kind: 'UNKNOWN' };

export interface GatewayReport {
  readonly outcome: SendOutcome;
  /** Requests that were tried, 1 or more. */
  readonly attempts: number;
  /** What the last attempt met, for the log: `HTTP 202`, `ECONNREFUSED`. Never holds anything of the message. */
  readonly detail: string;
}

/** Sends messages upstream. */
export interface MessageGateway {
  /**
   * Sends at most once; never rejects: every failure is an outcome. Ends within the gateway's own deadline. `sendId` may
   * travel with the message, so that callbacks find their send.
   */
  send(message: OutboundMessage, sendId: string): Promise<GatewayReport>;
}

/** A send at the moment of its claim. */
export interface NewSend {
  /** Our own id, unique, sorting by time. */
  readonly sendId: string;
  /** Who asks; idempotency keys are scoped to the caller. */
  readonly caller: string;
  readonly idempotencyKey: string | null;
  /** Digest of the input: the same key with another fingerprint is a mistake. */
  readonly fingerprint: string;
  readonly request: OutboundMessage;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** When the claim counts as abandoned, milliseconds since 1970. */
  readonly leaseUntil: number;
}

/** A send as the store knows it. */
export interface StoredSend {
  readonly sendId: string;
  readonly fingerprint: string;
  readonly status: MessageStatus;
  readonly from: string;
  readonly to: readonly string[];
  readonly tag: string | null;
  readonly startedAt: number;
  /** Null until Catapult's id is known. */
  readonly message: Message | null;
}

export type Claim =
  | { readonly kind: 'CLAIMED' }
  /** The caller's idempotency key already belongs to this send. */
  | { readonly kind: 'HELD'; readonly by: StoredSend };

/** What is recorded of a send after its call. */
export type Resolution =
  | { readonly status: 'ACCEPTED'; readonly message: Message | null }
  | { readonly status: 'REJECTED' }
  | { readonly status: 'UNKNOWN' };

/** Where a message stands in the list: newest first by `time`, then by `sendId`. */
export interface Position {
  readonly time: Micros;
  readonly sendId: string;
}

export interface ListedMessage {
  readonly message: Message;
  readonly position: Position;
}

/** All conditions must hold; `null` sets none. */
export interface MessageFilter {
  /** Who sent it. */
  readonly caller: string | null;
  readonly from: string | null;
  /** Any of the recipients. */
  readonly to: string | null;
  readonly status: MessageStatus | null;
  readonly tag: string | null;
  /** Inclusive. */
  readonly since: Micros | null;
  /** Exclusive. */
  readonly until: Micros | null;
}

/** Something that subscribers may want to know. */
export type StoreChange =
  | { readonly kind: 'updated' | 'received'; readonly messageId: string }
  /** Changes of other instances may have been missed. */
  | { readonly kind: 'missed' };

/**
 * Durable state. Every promise of a write resolves only after its commit is on disk, and rejects when the write did
 * not happen or may not have happened. Concurrent writes share one commit.
 */
export interface MessageStore {
  /** Whether other processes may own claims in here; if not, whatever is pending at start was left by a crash. */
  readonly shared: boolean;

  /** Stores the intent to send, or tells which send holds the caller's key. Writes nothing in that case. */
  claim(send: NewSend): Promise<Claim>;

  /**
   * Stores what became of a send. A state of the same or higher rank stays; so repeating is harmless. `REJECTED` frees
   * the idempotency key in the same commit.
   */
  record(sendId: string, resolution: Resolution, now: number): Promise<void>;

  /** Turns claims whose lease ended before `now` into `UNKNOWN`; returns how many. */
  expireLeases(now: number): Promise<number>;

  /**
   * Stores what a callback tells. An event whose message is not known yet waits for it; see `adoptEarlyEvents`.
   * Repeating it changes nothing.
   */
  applyEvent(event: DeliveryEvent, now: number): Promise<void>;

  /** Applies events that came before their message was known, where it is known by now; returns how many messages. */
  adoptEarlyEvents(now: number): Promise<number>;

  /** Stores a message that came in, once, however often it is told. */
  receive(message: Message, now: number): Promise<void>;

  /** Keeps what a callback said and nobody understands, for people to read. */
  keepAside(body: string, now: number): Promise<void>;

  /**
   * Tells of changes to messages by callbacks, also of those that other instances took in. Returns what ends it. The
   * listener must not throw.
   */
  onChange(listener: (change: StoreChange) => void): () => void;

  /**
   * Frees the keys of settled sends last changed before `before`, and deletes rejected ones and events whose message
   * never came; at most `limit` rows a call. Never touches `PENDING`, `UNKNOWN` or a send without an id. Returns how many rows were changed.
   */
  purge(before: number, limit: number): Promise<number>;

  /** The messages with these ids that `caller` sent (everybody's for null), in this order, `null` where there is none: one query. */
  messagesById(ids: readonly string[], caller?: string | null): Promise<(Message | null)[]>;

  /** At most `limit` messages after `after`, newest first. */
  listMessages(filter: MessageFilter, limit: number, after: Position | null): Promise<ListedMessage[]>;

  /** Sends in `UNKNOWN`, or accepted without an id, oldest first. */
  unresolvedSends(limit: number): Promise<StoredSend[]>;

  /** Rejects when the store cannot be reached. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
