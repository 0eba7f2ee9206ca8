/** The send: claim, call, record; the lookups; and settling by hand. */
import { createHash, hash } from 'node:crypto';
import { ServiceError, type ErrorCode, type FieldError } from '../errors.js';
import { Canceller } from './cancellation.js';
import type { Whose, WhoseSends } from './caller.js';
import type { Message, OutboundMessage, RequestedMessage } from './message.js';
import { RecordQueue, type RecordObserver } from './record-queue.js';
import {
  NotTriedError,
  type Claim,
  type Clock,
  type ConversationFilter,
  type ConversationList,
  type Counted,
  type GatewayReport,
  type LimitsLeft,
  type MessageList,
  type MessageFilter,
  type MessageGateway,
  type MessageStore,
  type NewSend,
  type Position,
  type Refused,
  type Resolution,
  type Room,
  type SendFilter,
  type SendLimits,
  type SendOutcome,
  type SendProblem,
  type Settlement,
  type Slice,
  type StoredConversation,
  type StoredSend,
  type TraceQuery,
  type WhoseNumbers,
} from './ports.js';
import type { RefusalCounts } from './refusal-counts.js';
import { APPLICATION_ID_REQUIRED } from './send-policy.js';
import { settleByHand, type SettleRequest } from './settlement.js';
import { traceOf, type ShowNumber, type Trace } from './trace.js';

/**
 * How long after the gateway's deadline a claim may wait for its record before it counts as abandoned. Too short a time
 * does no harm: a late record still replaces UNKNOWN.
 */
const LEASE_MARGIN_MS = 5_000;
/** How long a caller waits for its outcome to be on disk. Then the answer is OUTCOME_UNKNOWN. */
const RECORD_PATIENCE_MS = 5_000;

export interface SendRequest {
  /** As its caller asks for it. This is what its key belongs to, whatever this server adds. */
  readonly message: RequestedMessage;
  /** Who asks. Each caller has its own idempotency keys. */
  readonly caller: string;
  readonly idempotencyKey: string | null;
  readonly requestId: string;
  /** The trace that the request belongs to; null, as by default, where it says none. */
  readonly traceId?: string | null;
  /** Passed on to the observer, which may follow the request with it; null, as by default, where nobody does. */
  readonly span?: object | null;
  /** Why this may not be sent now; null when it may. It counts only if no earlier send holds the key. */
  readonly refusal: ServiceError | null;
  /** See `NewSend`. */
  readonly ignoresConsent?: boolean;
}

/** One line for the operator's log. Holds nothing personal: no number, no text, no tag. */
export interface SendReport {
  readonly requestId: string;
  readonly traceId: string | null;
  readonly sendId: string;
  /** Null until Catapult's id is known. */
  readonly messageId: string | null;
  readonly caller: string;
  /** SHA-256 of the idempotency key, hexadecimal, as in the audit; null where none was given. */
  readonly keyHash: string | null;
  readonly outcome: 'ACCEPTED' | 'ACCEPTED_WITHOUT_ID' | 'NOT_SENT' | 'UNKNOWN';
  /** The error's code, where nothing was sent; else null. */
  readonly code: ErrorCode | null;
  readonly durationMs: number;
  readonly attempts: number;
  /** The status of Catapult's last answer; null where none came. */
  readonly httpStatus: number | null;
  /** How long the last attempt took; null where there was none. */
  readonly upstreamMs: number | null;
  /** What the last attempt met: `HTTP 202`, `ECONNREFUSED`; empty where there was none. */
  readonly detail: string;
}

/** What goes into the operator's log. */
export interface SendObserver extends RecordObserver {
  /** Once for each send that is about to be claimed; `span` is its request's. Then its claim follows, and its record. */
  onClaim?(sendId: string, span: object | null): void;
  /** Once for each send that was claimed. */
  onSend(report: SendReport): void;
  /** Somebody settled what a call had left open. */
  onSettled(settled: { sendId: string; as: Settlement['as']; by: string; requestId: string }): void;
}

export interface MessageServiceOptions {
  readonly store: MessageStore;
  readonly gateway: MessageGateway;
  readonly clock: Clock;
  readonly observer: SendObserver;
  readonly limits: SendLimits;
  /** The applications of the account's numbers, by number, for messages that name none. */
  readonly applicationIds: ReadonlyMap<string, string>;
  /** Counts what the limits refuse. */
  readonly refusals: Pick<RefusalCounts, 'add'>;
  /** Unique ids that sort by time. */
  readonly newId: () => string;
  /** The gateway's own deadline, in milliseconds. */
  readonly sendTimeoutMs: number;
}

interface RunningSend {
  readonly fingerprint: string;
  readonly answer: Promise<Message>;
}

export class MessageService {
  readonly #options: MessageServiceOptions;
  /** Sends with a key that run in this process: a second call waits for the first one's answer. */
  readonly #running = new Map<string, RunningSend>();
  readonly #records: RecordQueue;

  constructor(options: MessageServiceOptions) {
    this.#options = options;
    this.#records = new RecordQueue(options);
  }

  /**
   * Sends a message at most once and returns it as Catapult accepted it. With an idempotency key, a repetition gets the
   * first call's answer instead of a second message, in this process, in another one and after a restart.
   *
   * A key that is held is answered before anything else is judged: no rule, limit or failure of ours may say that
   * nothing was sent where an earlier call perhaps sent something.
   *
   * @throws ServiceError with `outcome: NOT_SENT` when this call sent nothing and none before it did,
   * `OUTCOME_UNKNOWN` when perhaps one did.
   */
  async send(request: SendRequest): Promise<Message> {
    const { caller, idempotencyKey, refusal, message } = request;
    if (idempotencyKey === null && refusal !== null) throw refusal;
    const fingerprint = fingerprintOf(message);
    if (idempotencyKey === null) return this.#claimCallRecord(request, fingerprint);
    const key = JSON.stringify([caller, idempotencyKey]);
    const running = this.#running.get(key);
    if (running !== undefined) {
      if (running.fingerprint !== fingerprint) throw refusal ?? keyReused();
      return running.answer;
    }
    if (refusal !== null) return this.#refuseUnlessHeld(refusal, request, fingerprint);
    const answer = this.#claimCallRecord(request, fingerprint);
    this.#running.set(key, { fingerprint, answer });
    try {
      return await answer;
    } finally {
      this.#running.delete(key);
    }
  }

  /** The messages with these ids that `caller` may see. */
  messagesById(ids: readonly string[], caller: Whose): Promise<(Message | null)[]> {
    return this.#options.store.messagesById(ids, caller);
  }

  /** A slice of the messages, newest first. */
  listMessages(filter: MessageFilter, slice: Slice): Promise<MessageList> {
    return this.#options.store.listMessages(filter, slice);
  }

  /** How many messages there are, counted no further than `limit`. */
  countMessages(filter: MessageFilter, limit: number): Promise<number> {
    return this.#options.store.countMessages(filter, limit);
  }

  /** A slice of the conversations, that of the newest message first. */
  listConversations(filter: ConversationFilter, slice: Slice): Promise<ConversationList> {
    return this.#options.store.listConversations(filter, slice);
  }

  /** The conversations with these ids that belong to one of the numbers. */
  conversationsById(ids: readonly string[], numbers: WhoseNumbers): Promise<(StoredConversation | null)[]> {
    return this.#options.store.conversationsById(ids, numbers);
  }

  /** The sends with these ids, or of these messages, that `caller` asked for. */
  sendsById(by: 'sendId' | 'messageId', ids: readonly string[], caller: WhoseSends): Promise<(StoredSend | null)[]> {
    return this.#options.store.sendsById(by, ids, caller);
  }

  /**
   * What became of the last send with this key; null if the server knows of none. Then nothing went out so far, but a call
   * may still be on its way: only to repeat it with the same key is safe.
   */
  sendOfKey(caller: string, idempotencyKey: string): Promise<StoredSend | null> {
    return this.#options.store.sendOfKey(caller, idempotencyKey);
  }

  /** A slice of the sends, newest first. */
  listSends(filter: SendFilter, slice: Slice): Promise<StoredSend[]> {
    return this.#options.store.listSends(filter, slice);
  }

  /** At most `limit` sends without a known outcome or id, after `after`, oldest first. */
  unresolvedSends(limit: number, after: Position | null): Promise<StoredSend[]> {
    return this.#options.store.unresolvedSends(limit, after);
  }

  /** The life of a message; see `MessageStore.trace`. */
  trace(query: TraceQuery, show: ShowNumber, patienceMs: number): Promise<Trace> {
    const { store, clock } = this.#options;
    return traceOf(store, query, { now: clock.now(), show, patienceMs });
  }

  /** What is left of the limits of a caller. */
  limitsLeft(caller: string): Promise<LimitsLeft> {
    return this.#options.limits.left(caller);
  }

  /** Settles such a send by hand; see `settleByHand`. */
  async settle(request: SettleRequest, requestId: string): Promise<StoredSend> {
    const { store, clock, observer } = this.#options;
    const { send, isNew } = await settleByHand(store, clock.now(), request);
    if (isNew) observer.onSettled({ sendId: send.sendId, as: request.as, by: request.by, requestId });
    return send;
  }

  /** How many outcomes and claims wait in memory to be stored. */
  get waiting(): number {
    return this.#records.waiting;
  }

  /** Resolves once every outcome is stored, or was tried a last time and reported to the observer. */
  close(): Promise<void> {
    return this.#records.close();
  }

  async #claimCallRecord(request: SendRequest, fingerprint: string): Promise<Message> {
    const { gateway, clock, observer, sendTimeoutMs } = this.#options;
    const message = this.#completed(request.message);
    if (message === null) return this.#refuseUnlessHeld(applicationIdRequired(), request, fingerprint);
    const send = this.#newSend(request, message, fingerprint);
    const room = await this.#look(send);
    if (room.kind === 'REFUSED') return this.#refuseUnlessHeld(rateLimited(room), request, fingerprint);

    const unclaimed = await this.#claim(send, room, request.span ?? null);
    if (unclaimed !== null) {
      room.drop();
      if (unclaimed.kind === 'OPTED_OUT') throw optedOut(unclaimed.recipients);
      return replay(unclaimed.by, fingerprint);
    }
    const counted = await this.#count(send, room, request);
    // From here on the intent is on disk: whatever happens, this send is found again and never sent twice.
    const report = await gateway.send(message, send.sendId, send.startedAtMs + sendTimeoutMs);
    observer.onSend(sendReport(report, send, request, clock.now() - send.startedAtMs));
    const isSent = report.status !== 'REJECTED';
    const [isRecorded] = await Promise.all([
      this.#recordInTime(send.sendId, resolutionOf(report)),
      isSent ? undefined : counted.giveBack(),
    ]);
    if (!isRecorded && isSent) throw outcomeUnknown();
    return messageOrThrow(report);
  }

  /** Refuses the send, unless an earlier call with the same key and input holds the key. */
  async #refuseUnlessHeld(
    refusal: ServiceError,
    { caller, idempotencyKey }: SendRequest,
    fingerprint: string,
  ): Promise<Message> {
    const holder = idempotencyKey === null ? null : await this.#holderOf(caller, idempotencyKey);
    if (holder?.fingerprint === fingerprint) return replay(holder, fingerprint);
    // With another input than the holder's, the refusal stands.
    if (refusal.code === 'RATE_LIMITED') this.#options.refusals.add(caller, this.#options.clock.now());
    throw refusal;
  }

  /** The message with its application; null where none is known. */
  #completed(message: RequestedMessage): OutboundMessage | null {
    const applicationId = message.applicationId ?? this.#options.applicationIds.get(message.from);
    return applicationId === undefined ? null : { ...message, applicationId };
  }

  #newSend(request: SendRequest, message: OutboundMessage, fingerprint: string): NewSend {
    const { caller, idempotencyKey, requestId, ignoresConsent = false } = request;
    const { clock, newId, sendTimeoutMs } = this.#options;
    const startedAtMs = clock.now();
    // Member by member: to spread other members into this object took 16 µs, a fortieth of a send.
    return {
      sendId: newId(),
      caller,
      idempotencyKey,
      fingerprint,
      message,
      requestId,
      startedAtMs,
      leaseUntilMs: startedAtMs + sendTimeoutMs + LEASE_MARGIN_MS,
      ignoresConsent,
    };
  }

  async #holderOf(caller: string, idempotencyKey: string): Promise<StoredSend | null> {
    try {
      return await this.#options.store.sendByKey(caller, idempotencyKey);
    } catch (cause) {
      throw storeUnavailable(idempotencyKey, cause);
    }
  }

  /** Stores the intent; returns why not, where the key is held or a recipient has opted out. */
  async #claim(send: NewSend, room: Room, span: object | null): Promise<Exclude<Claim, { kind: 'CLAIMED' }> | null> {
    try {
      if (this.#records.isFull) throw new NotTriedError();
      this.#options.observer.onClaim?.(send.sendId, span);
      const claim = await this.#options.store.claim(send);
      switch (claim.kind) {
        case 'CLAIMED':
          return null;
        case 'HELD':
        case 'OPTED_OUT':
          return claim;
        default:
          // Any other answer of a store is no claim.
          throw new Error('not claimed', { cause: claim satisfies never });
      }
    } catch (cause) {
      // The claim may still be on disk, or get there later. Nothing was sent, so its key must become free again.
      if (!(cause instanceof NotTriedError)) this.#records.abandon(send);
      room.drop();
      throw storeUnavailable(send.idempotencyKey, cause);
    }
  }

  async #look({ caller, idempotencyKey, message }: NewSend): Promise<Room | Refused> {
    try {
      return await this.#options.limits.look(caller, message.to);
    } catch (cause) {
      throw storeUnavailable(idempotencyKey, cause);
    }
  }

  /**
   * Counts the send, only after its claim. So a call that this count refuses, in any process, finds the claim under its
   * key, and does not answer that nothing was sent.
   */
  async #count(send: NewSend, room: Room, request: SendRequest): Promise<Counted> {
    let refusal: ServiceError;
    try {
      const taken = await room.take();
      if (taken.kind === 'COUNTED') return taken;
      refusal = rateLimited(taken);
    } catch (cause) {
      refusal = storeUnavailable(null, cause);
    }
    const report: GatewayReport = { status: 'REJECTED', error: refusal, ...NOT_ATTEMPTED };
    this.#options.observer.onSend(sendReport(report, send, request, this.#options.clock.now() - send.startedAtMs));
    await this.#recordInTime(send.sendId, { status: 'REJECTED', problem: problemIn(refusal) });
    throw refusal;
  }

  /** Whether the outcome was stored while a caller can reasonably wait; if not, storing goes on. */
  async #recordInTime(sendId: string, resolution: Resolution): Promise<boolean> {
    const patience = new Canceller();
    const recorded = this.#records.record(sendId, resolution);
    const outOfPatience = this.#options.clock.sleep(RECORD_PATIENCE_MS, patience).then(() => false);
    try {
      return await Promise.race([recorded, outOfPatience]);
    } finally {
      patience.abort('over');
    }
  }
}

/** Digest of everything that makes one input another. */
function fingerprintOf(message: RequestedMessage): string {
  const { from, to, text, applicationId, media, tag, priority, expiresAt } = message;
  // Left out where they are not given, as before they existed: keys from that time still match.
  const delivery = priority === null && expiresAt === null ? [] : [priority, expiresAt];
  return createHash('sha256')
    .update(JSON.stringify([from, to, text, applicationId, media, tag, ...delivery]))
    .digest('base64url');
}

/** The answer to a call when an earlier send holds its key. */
function replay(holder: StoredSend, fingerprint: string): Message {
  if (holder.fingerprint !== fingerprint) throw keyReused();
  if (holder.message !== null) return holder.message;
  if (holder.status === 'PENDING') throw new ServiceError('REQUEST_IN_PROGRESS', { outcome: 'UNKNOWN' });
  throw outcomeUnknown();
}

function resolutionOf(report: GatewayReport): Resolution {
  if (report.status !== 'REJECTED') return report;
  const { status, error, lastSeen, attempts } = report;
  return { status, lastSeen, attempts, problem: problemIn(error) };
}

/** Mistakes of one send that are kept: what a screen can show beside its fields. */
const MAX_KEPT_MISTAKES = 20;

/** Why nothing was sent, as it is stored. */
function problemIn({ code, message, fieldErrors, retryAfterSeconds }: ServiceError): SendProblem {
  return {
    code,
    message,
    ...(fieldErrors !== undefined && { fieldErrors: fieldErrors.slice(0, MAX_KEPT_MISTAKES) }),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  };
}

function messageOrThrow(outcome: SendOutcome): Message {
  if (outcome.status === 'REJECTED') throw outcome.error;
  if (outcome.status === 'UNKNOWN' || outcome.message === null) throw outcomeUnknown();
  return outcome.message;
}

/** A send that was refused after its claim. */
const NOT_ATTEMPTED = { attempts: 0, lastSeen: '', httpStatus: null, upstreamMs: 0 } as const;

function sendReport(
  report: GatewayReport,
  { sendId, caller, idempotencyKey }: NewSend,
  { requestId, traceId = null }: SendRequest,
  durationMs: number,
): SendReport {
  const { attempts, lastSeen: detail, httpStatus } = report;
  // Member by member, as in a claim: to spread others into it took 12 µs.
  return {
    requestId,
    traceId,
    sendId,
    messageId: report.status === 'ACCEPTED' ? (report.message?.id ?? null) : null,
    caller,
    keyHash: idempotencyKey === null ? null : hash('sha256', idempotencyKey),
    outcome: wordOf(report),
    code: report.status === 'REJECTED' ? report.error.code : null,
    durationMs,
    attempts,
    httpStatus,
    upstreamMs: attempts === 0 ? null : report.upstreamMs,
    detail,
  };
}

function wordOf(outcome: SendOutcome): SendReport['outcome'] {
  if (outcome.status === 'REJECTED') return 'NOT_SENT';
  return outcome.status === 'ACCEPTED' && outcome.message === null ? 'ACCEPTED_WITHOUT_ID' : outcome.status;
}

/** The mistake of a recipient at this place of the input, who wants no messages. */
export const recipientOptedOut = (place: number): FieldError => ({
  path: ['input', 'to', String(place)],
  code: 'RECIPIENT_OPTED_OUT',
  message: 'This recipient has opted out of messages from this number.',
});

/** This call sent nothing. What an earlier one with the same key did is not known without the store. */
const storeUnavailable = (idempotencyKey: string | null, cause: unknown): ServiceError =>
  new ServiceError('STORE_UNAVAILABLE', { outcome: idempotencyKey === null ? 'NOT_SENT' : 'UNKNOWN', cause });
const rateLimited = ({ retryAfterSeconds }: Refused): ServiceError =>
  new ServiceError('RATE_LIMITED', { outcome: 'NOT_SENT', retryAfterSeconds });
const optedOut = (places: readonly number[]): ServiceError =>
  new ServiceError('BAD_USER_INPUT', { outcome: 'NOT_SENT', fieldErrors: places.map(recipientOptedOut) });
const applicationIdRequired = (): ServiceError => {
  const [code, message] = APPLICATION_ID_REQUIRED;
  const fieldErrors = [{ path: ['input', 'applicationId'], code, message }];
  return new ServiceError('BAD_USER_INPUT', { outcome: 'NOT_SENT', fieldErrors });
};
const keyReused = (): ServiceError => new ServiceError('IDEMPOTENCY_KEY_REUSED', { outcome: 'NOT_SENT' });
const outcomeUnknown = (): ServiceError => new ServiceError('OUTCOME_UNKNOWN', { outcome: 'UNKNOWN' });
