/** What the outer folders implement for the messaging core. */
import type { ErrorCode, FieldError, ServiceError } from '../errors.js';
import type { CallbackEvent } from './callback-event.js';
import type { EVERYBODY, SignedIn, Whose, WhoseSends } from './caller.js';
import type { Cancellation } from './cancellation.js';
import type { ConversationKey } from './conversation.js';
import type { DeliveryEvent } from './delivery.js';
import type { ConsentPair, ConsentStatement, OptOut } from './consent.js';
import type { Message, MessageStatus, Micros, OutboundMessage, SendState } from './message.js';

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after `delayMs`, or at once when `signal` aborts; never rejects. */
  sleep(delayMs: number, signal?: Cancellation): Promise<void>;
}

/** What became of one send: the same from upstream's answer to the store and to the caller. */
export type SendOutcome =
  /** Without a message where Catapult accepted it, but its id could not be read. */
  | { readonly status: 'ACCEPTED'; readonly message: Message | null }
  /** Nothing was sent, and nothing will be. It may be sent again if the error is retryable. */
  | { readonly status: 'REJECTED'; readonly error: ServiceError }
  /** Perhaps sent: it must never be sent again. */
  | { readonly status: 'UNKNOWN' };

export type GatewayReport = SendOutcome & {
  /** Requests that were tried, 1 or more. */
  readonly attempts: number;
  /** What the last attempt met: `HTTP 202`, `ECONNREFUSED`. Never holds anything of the message. */
  readonly lastSeen: string;
  /** The status of the last answer; null where none came. */
  readonly httpStatus: number | null;
  /** How long the last attempt took, in milliseconds, with its wait for a token and a connection. */
  readonly upstreamMs: number;
};

/** Sends messages upstream. */
export interface MessageGateway {
  /**
   * Sends at most once; never rejects: every failure is an outcome. Ends at `endsAtMs`. `sendId` may travel with the
   * message, so that callbacks find their send.
   */
  send(message: OutboundMessage, sendId: string, endsAtMs: number): Promise<GatewayReport>;
}

/** An outgoing message as upstream lists it, for one recipient. */
export interface UpstreamMessage {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly time: Micros;
}

export interface MessageSearchQuery {
  readonly from: string;
  readonly to: readonly string[];
  /** Both inclusive. */
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** Looks messages up in upstream's list. */
export interface MessageSearch {
  /** All outgoing messages that upstream lists so far. Rejects when it cannot be asked, or lists only a part. */
  find(query: MessageSearchQuery, signal: AbortSignal): Promise<readonly UpstreamMessage[]>;
}

/** The headers that carry a credential. In a WebSocket's first message they are its payload. */
export interface CredentialHeaders {
  readonly authorization?: string | undefined;
  readonly 'x-api-key'?: unknown;
}

/** Finds out who a credential belongs to; null when it is missing or wrong. Rejects when it cannot find out. */
export type Authenticate = (headers: CredentialHeaders) => Promise<SignedIn | null>;

/** How often may be sent. */
export interface Limit {
  readonly count: number;
  /** In seconds, from the first send that is counted. */
  readonly windowSeconds: number;
}

export interface Refused {
  readonly kind: 'REFUSED';
  readonly retryAfterSeconds: number;
}

/** There is room. It stays reserved in this process until `take` or `drop` is called, once. */
export interface Room {
  readonly kind: 'ROOM';
  /** Counts the send. Refused when another process was faster. Rejects when it cannot count. */
  take(): Promise<Counted | Refused>;
  drop(): void;
}

export interface Counted {
  readonly kind: 'COUNTED';
  /**
   * Takes the send out of each count whose window still runs. Windows of less than a minute keep it: they limit tries.
   * Never rejects.
   */
  giveBack(): Promise<void>;
}

/** What is left of a limit. */
export interface LimitLeft {
  readonly limit: Limit;
  /** How many messages more may be sent now. */
  readonly remaining: number;
  /** When all of it is left again, in milliseconds since 1970; null if it is now. */
  readonly resetsAtMs: number | null;
}

/** The limits of one caller. */
export interface LimitsLeft {
  /** On all that it sends. */
  readonly perCaller: readonly LimitLeft[];
  /** On what it sends to one recipient. */
  readonly perRecipient: readonly Limit[];
  /** On what all callers together send to one recipient. */
  readonly perRecipientOverall: readonly Limit[];
}

/** The limits that the service asks before a send. */
export interface SendLimits {
  /**
   * Whether there is room for a send of `caller` to these recipients, each counted as one message. Only reads. Rejects
   * when the counts cannot be read.
   */
  look(caller: string, recipients: readonly string[]): Promise<Room | Refused>;

  /** What is left to the caller. Only reads. Rejects when the counts cannot be read. */
  left(caller: string): Promise<LimitsLeft>;
}

/** A send at the moment of its claim. */
export interface NewSend {
  /** Our own id: unique, and it sorts by time. */
  readonly sendId: string;
  /** Who asks; idempotency keys are scoped to the caller. */
  readonly caller: string;
  readonly idempotencyKey: string | null;
  /** Digest of the input: the same key with another fingerprint is a mistake. */
  readonly fingerprint: string;
  readonly message: OutboundMessage;
  /** The request that it came with, as in the log. */
  readonly requestId: string;
  /** Since 1970, as all times in milliseconds. */
  readonly startedAtMs: number;
  /** When the claim counts as abandoned. */
  readonly leaseUntilMs: number;
  /** Whether it also goes to those who opted out: only the confirmation of an opt-out does. */
  readonly ignoresConsent?: boolean;
}

export interface Unresolved {
  readonly count: number;
  readonly oldestStartedAtMs: number | null;
}

/** A send as the store knows it. */
export interface StoredSend {
  readonly sendId: string;
  readonly caller: string;
  /** Null where none was given, and once it may be used again. */
  readonly idempotencyKey: string | null;
  /** SHA-256 of the idempotency key, hexadecimal; null where none was given. */
  readonly keyHash: string | null;
  /** Null for a send of an earlier version. */
  readonly requestId: string | null;
  readonly fingerprint: string;
  readonly status: SendState;
  readonly from: string;
  readonly to: readonly string[];
  readonly tag: string | null;
  readonly startedAtMs: number;
  /** When its call must have ended. */
  readonly leaseUntilMs: number;
  /** Since when its status is what it is. */
  readonly updatedAtMs: number;
  /** What the last attempt met: `HTTP 404`, `TimeoutError`; null if the process died first. */
  readonly lastSeen: string | null;
  /** Who settled what the call left open: `search`, or somebody's name; null where nobody did. */
  readonly settledBy: string | null;
  /** Why nothing was sent; null where something was, perhaps was, or somebody settled it so. */
  readonly problem: SendProblem | null;
  /** Null until Catapult's id is known. */
  readonly message: Message | null;
}

/** Why a send was not sent, as its caller may read it. */
export interface SendProblem {
  readonly code: ErrorCode;
  readonly message: string;
  readonly fieldErrors?: readonly FieldError[];
  readonly retryAfterSeconds?: number;
}

/** Who settled a send whose number was forgotten. */
export const FORGOTTEN = 'forgotten';

/** Whether the outcome or the message id of the send is unknown, and nobody has settled it. */
export function isUnresolved({ status, settledBy, message }: StoredSend): boolean {
  return message === null && settledBy === null && (status === 'UNKNOWN' || status === 'ACCEPTED');
}

/** How many sends of a caller the limits refused in an hour. */
export interface RefusalCount {
  readonly caller: string;
  /** The beginning of the hour, milliseconds since 1970. */
  readonly hour: number;
  readonly count: number;
}

/** A write that certainly did not happen: it waited too long for its turn, or too many waited already. */
export class NotTriedError extends Error {
  override readonly name = 'NotTriedError';
  readonly code = 'NOT_TRIED';
}

export type Claim =
  | { readonly kind: 'CLAIMED' }
  /** The caller's idempotency key already belongs to this send. */
  | { readonly kind: 'HELD'; readonly by: StoredSend }
  /** Recipients have opted out of messages from this number: those at these places of `to`. */
  | { readonly kind: 'OPTED_OUT'; readonly recipients: readonly number[] };

/** By what an operator looks for a message. */
export type TraceQuery =
  /** The id of a send, a message or a request, an idempotency key, or the SHA-256 of one. */
  { readonly id: string } | { readonly caller: string; readonly keyHash: string };

/** One row of the audit. */
export interface AuditEntry {
  readonly atMs: number;
  readonly sendId: string;
  readonly caller: string;
  readonly keyHash: string | null;
  readonly outcome: string;
  /** Who settled it, and why; null for what the call itself found out. */
  readonly settledBy: string | null;
  readonly reason: string | null;
}

/** All that is known of what somebody looks for, each oldest first. */
export interface Traced {
  /** Messages that came in are among them. */
  readonly sends: readonly StoredSend[];
  /** Also of sends that are deleted. */
  readonly audit: readonly AuditEntry[];
  /** Events that wait for their message. */
  readonly early: readonly { readonly atMs: number; readonly event: DeliveryEvent }[];
  /** Nothing older was looked through, in milliseconds since 1970; null where there was time for everything. */
  readonly searchedSinceMs: number | null;
}

/** What came of storing an event. */
export interface Taken {
  /**
   * `CHANGED`: it said something new. `REPEATED`: it said nothing new. `EARLY`: it is about a message that is not known,
   * and waits for it. `KEPT`: it is kept for people to read.
   */
  readonly result: 'CHANGED' | 'REPEATED' | 'EARLY' | 'KEPT';
  /** Our id of the send that it is about; null where that is not known. */
  readonly sendId: string | null;
}

/** The outcome of a send as it is stored. */
export type Resolution = (
  Exclude<SendOutcome, { status: 'REJECTED' }> | { readonly status: 'REJECTED'; readonly problem: SendProblem }
) & {
  /** What the last attempt met; absent where there was none. */
  readonly lastSeen?: string;
};

/** What somebody found out about a send that its call left open. */
export type Settlement = (
  | {
      readonly as: 'SENT';
      /** Catapult's id of the message, and its time if known; null if all that is known is that it went out. */
      readonly found: { readonly id: string; readonly time: Micros | null } | null;
    }
  | { readonly as: 'NOT_SENT' }
) & {
  /** Who settles it, and why: for the audit. */
  readonly by: string;
  readonly reason: string | null;
};

export type SettleResult =
  | { readonly kind: 'SETTLED'; readonly send: StoredSend }
  | { readonly kind: 'UNKNOWN_SEND' }
  /** Its outcome is known, was settled before, or is still on its way. */
  | { readonly kind: 'NOT_UNRESOLVED'; readonly send: StoredSend }
  /** Another send has that message id. */
  | { readonly kind: 'MESSAGE_ID_TAKEN' };

/** Where a message or a send stands in its list: by `time`, which is a send's start, then by `sendId`. */
export interface Position {
  readonly time: Micros;
  readonly sendId: string;
}

/** A part of a list: what lies between two positions, and of that the beginning or the end. */
export interface Slice {
  readonly limit: number;
  /** Only what follows this position; null for the list's beginning. */
  readonly after: Position | null;
  /** Only what precedes this position; null for the list's end. */
  readonly before: Position | null;
  /** Whether the last entries are taken. They keep the order of the list. */
  readonly fromEnd: boolean;
}

/** Messages as they were in one moment. */
export interface MessageList {
  readonly listed: readonly ListedMessage[];
  /** Behind all changes until that moment. */
  readonly cursor: ChangeCursor;
}

/** How many dead letters were deleted, and why. */
export interface DeadLetterPurge {
  readonly expired: number;
  readonly crowdedOut: number;
}

export interface ListedMessage {
  readonly message: Message;
  readonly position: Position;
}

/** All conditions must hold; `null` sets none. */
export interface MessageFilter {
  /** Who may see it. */
  readonly caller: Whose;
  readonly from: string | null;
  /** Any of the recipients. */
  readonly to: string | null;
  /** The sender, or any of the recipients. */
  readonly participant: string | null;
  /** Any of these; none fits an empty list. */
  readonly statuses: readonly MessageStatus[] | null;
  /** Any of these: for each id the message that `messagesById` finds. None fits an empty list. */
  readonly ids: readonly string[] | null;
  readonly tag: string | null;
  /** The id of the conversation that it belongs to. */
  readonly conversation: string | null;
  /** Inclusive. */
  readonly since: Micros | null;
  /** Exclusive. */
  readonly until: Micros | null;
}

/** A conversation, from its first message on. */
export interface StoredConversation extends ConversationKey {
  /** The newest by its time, whenever it became known. */
  readonly lastMessage: Message;
  readonly sentCount: number;
  readonly receivedCount: number;
}

/** All conditions must hold; `null` sets none. */
export interface ConversationFilter {
  readonly numbers: WhoseNumbers;
  /** Your number. */
  readonly owner: string | null;
  /** One of the other side. */
  readonly participant: string | null;
}

/** Whose conversations: those of these numbers, at most 100, or of all. */
export type WhoseNumbers = readonly string[] | typeof EVERYBODY;

/** Conversations as they were in one moment, each at the place of its last message. */
export interface ConversationList {
  readonly listed: readonly { readonly conversation: StoredConversation; readonly position: Position }[];
  /** Behind all changes until that moment. */
  readonly cursor: ChangeCursor;
}

/** The states of a send as callers see them. */
export type SendStatus = 'PENDING' | 'UNKNOWN' | 'REJECTED' | 'ACCEPTED';

/** All conditions must hold; `null` sets none. */
export interface SendFilter {
  /** Who asked for it. */
  readonly caller: WhoseSends;
  readonly status: SendStatus | null;
}

/** All conditions must hold; `null` sets none. */
export interface OptOutFilter {
  /** Those from one of these numbers, or from all; everybody's otherwise. */
  readonly numbers: readonly string[] | typeof EVERYBODY;
  /** Those that a message from this number would meet: from it, or from all. */
  readonly owner: string | null;
  readonly recipient: string | null;
}

/** Where a change stands among all changes. */
export interface ChangePosition {
  /** The number of the commit that made it. */
  readonly commit: number;
  /** Orders what changed in the same commit. Made of digits and small letters, which every database orders alike. */
  readonly sendId: string;
}

/** A send, with its message, as it is since its last change. A send that changes again moves to a later place. */
export interface Change {
  readonly position: ChangePosition;
  readonly send: StoredSend;
}

/** How far the changes were read: up to and with this position, and perhaps some beyond it. */
export interface ChangeCursor extends ChangePosition {
  /**
   * What a look at the whole database saw already, though earlier commits were still on their way: all commits below
   * `before` but those in `except`. Null where there is nothing of that kind.
   */
  readonly ahead: { readonly before: number; readonly except: readonly number[] } | null;
}

/** Where forgetting a number goes on: in which table, and behind which row of it. */
export interface ForgettingPlace {
  readonly table: number;
  readonly after: string | number;
  /** Changes when the database may have put rows into other places: then everything is looked through again. */
  readonly epoch: number;
}

/** What a step of forgetting a number found. */
export interface ForgettingStep {
  /** Null once everything was looked through. */
  readonly next: ForgettingPlace | null;
  /** How many messages, and sends without one, were removed. */
  readonly messages: number;
  /** How many stored callbacks were removed. */
  readonly callbacks: number;
  /** How many entries about consent were removed; of opt-outs, a digest stays. */
  readonly consent: number;
  /** Sends that may not be removed yet: nobody knows their outcome. */
  readonly unresolved: readonly string[];
  /** The addresses of the media of messages that came in. */
  readonly media: readonly string[];
}

/** How far somebody came who has a number forgotten. */
export type ForgettingOutcome = 'FORGETTING' | 'FORGOTTEN';

/** Somebody has a number forgotten. */
export interface Forgetting {
  /** `caller:` and a name, or `shell:` and a user. */
  readonly by: string;
  readonly reason: string | null;
}

/** Something that subscribers may want to know. */
export type StoreChange =
  | { readonly kind: 'updated' | 'received'; readonly messageId: string }
  /** Changes of other instances may have been missed. */
  | { readonly kind: 'missed' };

/**
 * Durable state. Every promise of a write resolves only after its commit is on disk, and rejects when the write did not
 * happen or may not have happened. Concurrent writes share one commit; one that cannot be stored does not stop the
 * others.
 */
export interface MessageStore {
  /** Whether other processes may own claims in here; if not, whatever is pending at start was left by a crash. */
  readonly shared: boolean;

  /**
   * Stores the intent to send. Writes nothing, and says why, if a send holds the caller's key, or else if a recipient has
   * opted out. Rejects with a NotTriedError if it certainly did not happen. After any other rejection it may be stored,
   * now or later.
   */
  claim(send: NewSend): Promise<Claim>;

  /**
   * Ends claims that may or may not be stored. They hold no key afterwards: a commit that is still on its way finds
   * what is written here.
   */
  abandon(sends: readonly NewSend[], now: number): Promise<void>;

  /**
   * Stores what became of a send. A state of the same or higher rank stays, so repeating is harmless. `REJECTED` frees
   * the idempotency key in the same commit. The outcome of the call itself replaces a settlement.
   */
  record(sendId: string, resolution: Resolution, now: number): Promise<void>;

  /** Turns claims whose lease ended before `now` into `UNKNOWN`; returns how many. */
  expireLeases(now: number): Promise<number>;

  /**
   * Stores what a callback brings, and with it what it says of somebody's consent. An event of a delivery waits while its
   * message is not known; see `adoptEarlyEvents`. Repeating it, or a message that came in, changes nothing. Everything
   * else is kept for people to read.
   */
  take(event: CallbackEvent, now: number): Promise<Taken>;

  /** Applies the waiting events of messages that are known by now; returns how many messages. */
  adoptEarlyEvents(now: number): Promise<number>;

  /** The send that holds this key of the caller; null when none does. */
  sendByKey(caller: string, idempotencyKey: string): Promise<StoredSend | null>;

  /** Settles an unresolved send, in the database and its audit; `NOT_SENT` frees its idempotency key. */
  settle(sendId: string, settlement: Settlement, now: number): Promise<SettleResult>;

  /** Adds to the counts of refused sends. */
  addRefusals(counts: readonly RefusalCount[]): Promise<void>;

  /**
   * Deletes dead letters: those received before `before`, and of each kind all but the newest `keep`; at most `limit`
   * rows a call. Returns how many were too old, and how many too many.
   */
  purgeDeadLetters(before: number, keep: number, limit: number): Promise<DeadLetterPurge>;

  /**
   * Removes what is known of a number, from `place` on, as far as one step goes: the messages from and to it, also those of
   * its groups, and everything that a callback said of it. A send that still holds its key leaves an empty row, which holds
   * it until `purge`. Sends whose outcome is open stay, and are named. The last words on consent stay as digests, which claims
   * know: an earlier word that is repeated does not count.
   */
  forgetSome(number: string, place: ForgettingPlace | null): Promise<ForgettingStep>;

  /**
   * Writes to the audit, with the digest of the number, that somebody has it forgotten: `FORGETTING` before the first step,
   * and `FORGOTTEN` after the last one.
   */
  noteForgetting(number: string, outcome: ForgettingOutcome, forgetting: Forgetting, now: number): Promise<void>;

  /**
   * Whether a number was being forgotten at this time or later, in milliseconds since 1970; if that was ended in the middle, a
   * day longer. If not, nothing of that time was missing from what was read before this was asked.
   */
  forgotSince(sinceMs: number): Promise<boolean>;

  /**
   * Clears the database's files of what was removed, as far as that is quick; or also where it takes long, and holds up
   * everybody meanwhile. Returns whether they are clear.
   */
  clearFiles(mayTakeLong: boolean): Promise<boolean>;

  /** Deletes waiting events, all but the newest `keep`, at most `limit` a call. Returns how many. */
  boundEarlyEvents(keep: number, limit: number): Promise<number>;

  /**
   * Calls the listener when a callback or a settlement changes a message, here or in another instance. The listener
   * must not throw. Returns a function that stops the calls.
   */
  onChange(listener: (change: StoreChange) => void): () => void;

  /**
   * Frees the keys of sends with a message id, and deletes rejected sends, what was emptied, events whose message never
   * came, and what is no longer needed of the words of those who are forgotten: all last changed before `before`, and at most `limit` rows a call. Never touches `PENDING`, `UNKNOWN`, or `ACCEPTED` without
   * an id. Returns how many rows were changed.
   */
  purge(before: number, limit: number): Promise<number>;

  /**
   * Removes at most `limit` messages that are older than `before`, by their own time and by their last change: whole, with
   * their recipients. A conversation goes with its last message; as long as it has one, its counts stay. Never touches
   * `PENDING`, nor what is unresolved, nor what still holds its key as `purge` counts it. The audit stays. Returns how many.
   */
  removeMessages(before: number, limit: number): Promise<number>;

  /** The messages with these ids that `caller` may see, in this order, `null` where there is none: one query. */
  messagesById(ids: readonly string[], caller: Whose): Promise<(Message | null)[]>;

  /** A slice of the messages, newest first. */
  listMessages(filter: MessageFilter, slice: Slice): Promise<MessageList>;

  /** How many messages there are, counted no further than `limit`. */
  countMessages(filter: MessageFilter, limit: number): Promise<number>;

  /** A slice of the conversations, that of the newest message first. */
  listConversations(filter: ConversationFilter, slice: Slice): Promise<ConversationList>;

  /** The conversations with these ids that belong to one of the numbers, in this order, `null` where there is none. */
  conversationsById(ids: readonly string[], numbers: WhoseNumbers): Promise<(StoredConversation | null)[]>;

  /**
   * Puts at most `limit` messages into their conversations that an earlier version stored, or an instance of it beside
   * this one; returns how many. All others are there from the commit on that makes them known.
   */
  fileMessages(limit: number): Promise<number>;

  /** How many messages are left for `fileMessages`. */
  countUnfiled(): Promise<number>;

  /** The sends with these ids, or with messages of these ids, that `caller` asked for, in this order: one query. */
  sendsById(by: 'sendId' | 'messageId', ids: readonly string[], caller: WhoseSends): Promise<(StoredSend | null)[]>;

  /** The send that holds this key of the caller, or else the last one that held it, whatever became of that. */
  sendOfKey(caller: string, idempotencyKey: string): Promise<StoredSend | null>;

  /** A slice of the sends, newest first. */
  listSends(filter: SendFilter, slice: Slice): Promise<StoredSend[]>;

  /**
   * At most `limit` changes after `cursor`, in their order. A change is listed once no earlier one can turn up any more.
   * Claims are none: the first change of a send is what became of it.
   */
  changes(cursor: ChangePosition, limit: number): Promise<Change[]>;

  /** Behind all changes until now. */
  lastChange(): Promise<ChangeCursor>;

  /** At most `limit` sends in `UNKNOWN`, or accepted without an id, that nobody settled, oldest first, after `after`. */
  unresolvedSends(limit: number, after: Position | null): Promise<StoredSend[]>;

  /** How many of these there are, counted up to `limit`, and when the oldest began; null where there is none. */
  countUnresolved(limit: number): Promise<Unresolved>;

  /**
   * What is known of a message. Sends and messages are found by their ids at once; all else has no index, since few ask. For
   * that the newest rows are read first, some at a time, so that others get their turn, for about `patienceMs`.
   */
  trace(query: TraceQuery, patienceMs: number): Promise<Traced>;

  /**
   * Other sends from the same number that may have sent a message while `send` did, and whose message id is not
   * certain: those under way, unresolved, or settled by people. Both windows reach `marginMs` further on either side.
   */
  rivalsOf(send: StoredSend, marginMs: number): Promise<StoredSend[]>;

  /**
   * Stores what is said of recipients' consent, all in one commit, unless something later was said. Returns how many of
   * the statements count: of several about the same recipient and number, one at most.
   */
  sayConsent(statements: readonly ConsentStatement[], now: number): Promise<number>;

  /** Whether recipients have opted out of messages from a number, in the order of the pairs: one query. */
  areOptedOut(pairs: readonly ConsentPair[]): Promise<boolean[]>;

  /** A slice of those who have opted out, the newest first: by `since`, then by `id`. */
  listOptOuts(filter: OptOutFilter, slice: Slice): Promise<OptOut[]>;

  /** At most `limit` of those who are opted out by their own word, by when they became it and by `id`, after `after`. */
  newOptOuts(after: Pick<OptOut, 'changedAtMs' | 'id'>, limit: number): Promise<OptOut[]>;

  /** The key that correlations are signed with: `fresh` when there is none yet. All instances get the same. */
  correlationKey(fresh: Buffer): Promise<Buffer>;

  /** Rejects when the store cannot be reached, or cannot be written. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
