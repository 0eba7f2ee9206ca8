/** The send: claim, call, record. And the lookups, and what people settle. */
import { createHash } from 'node:crypto';
import { ServiceError, type ErrorCode } from '../errors.js';
import type { Whose } from './caller.js';
import type { Message, OutboundMessage } from './message.js';
import { RecordQueue, type RecordObserver } from './record-queue.js';
import {
  NotTriedError,
  type Clock,
  type Counted,
  type GatewayReport,
  type ListedMessage,
  type MessageFilter,
  type MessageGateway,
  type MessageStore,
  type NewSend,
  type Position,
  type Refused,
  type Resolution,
  type Room,
  type SendLimits,
  type SendOutcome,
  type Settlement,
  type StoredSend,
} from './ports.js';
import type { RefusalCounts } from './refusal-counts.js';
import { settleByHand, type SettleRequest } from './settlement.js';

/**
 * Beyond the gateway's deadline, how long a claim may wait for its record before it counts as abandoned. Too short does
 * no harm: a record that comes late still takes the place of UNKNOWN.
 */
const LEASE_MARGIN_MS = 5_000;
/** How long a caller waits for its outcome to be on disk before hearing that it is unknown for now. */
const RECORD_PATIENCE_MS = 5_000;

export interface SendRequest {
  readonly message: OutboundMessage;
  /** Who asks. Idempotency keys of different callers never meet. */
  readonly caller: string;
  readonly idempotencyKey: string | null;
  readonly requestId: string;
  /** Why this may not be sent now; null when it may. It counts only where the key is not held by an earlier send. */
  readonly refusal: ServiceError | null;
}

/** One line for the operator's log. Holds nothing personal: no number, no text, no tag. */
export interface SendReport {
  readonly requestId: string;
  readonly sendId: string;
  readonly outcome: SendOutcome['kind'];
  /** The error's code, where nothing was sent. */
  readonly code?: ErrorCode;
  readonly durationMs: number;
  readonly attempts: number;
  /** What the last attempt met: `HTTP 202`, `ECONNREFUSED`. */
  readonly detail: string;
}

/** What the operator hears of. */
export interface SendObserver extends RecordObserver {
  /** Once for each send that reached the gateway. */
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
  /** Where it is counted what the limits refuse. */
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
    if (refusal !== null) return this.#answerInSpiteOf(refusal, request, fingerprint);
    const answer = this.#claimCallRecord(request, fingerprint);
    this.#running.set(key, { fingerprint, answer });
    try {
      return await answer;
    } finally {
      this.#running.delete(key);
    }
  }

  /** The messages with these ids that `caller` sent. */
  messagesById(ids: readonly string[], caller: Whose): Promise<(Message | null)[]> {
    return this.#options.store.messagesById(ids, caller);
  }

  /** At most `limit` messages after `after`, newest first. */
  listMessages(filter: MessageFilter, limit: number, after: Position | null): Promise<ListedMessage[]> {
    return this.#options.store.listMessages(filter, limit, after);
  }

  /** At most `limit` sends whose outcome, or whose id, is not known, oldest first, after `after`. */
  unresolvedSends(limit: number, after: Position | null): Promise<StoredSend[]> {
    return this.#options.store.unresolvedSends(limit, after);
  }

  /** Settles such a send by what somebody found out; see `settleByHand`. */
  async settle(request: SettleRequest, requestId: string): Promise<StoredSend> {
    const { store, clock, observer } = this.#options;
    const { send, isNew } = await settleByHand(store, clock.now(), request);
    if (isNew) observer.onSettled({ sendId: send.sendId, as: request.as, by: request.by, requestId });
    return send;
  }

  /** Resolves once every outcome is stored, or was tried a last time and told to the observer. */
  close(): Promise<void> {
    return this.#records.close();
  }

  async #claimCallRecord(request: SendRequest, fingerprint: string): Promise<Message> {
    const { gateway, clock, observer, sendTimeoutMs } = this.#options;
    const send = this.#newSend(request, fingerprint);
    const room = await this.#look(send);
    if (room.kind === 'REFUSED') return this.#answerInSpiteOf(rateLimited(room), request, fingerprint);

    const holder = await this.#claim(send, room);
    if (holder !== null) {
      room.drop();
      return replay(holder, fingerprint);
    }
    const counted = await this.#count(send, room);
    // From here on the intent is on disk: whatever happens, this send is found again and never made twice.
    const report = await gateway.send(request.message, send.sendId, send.startedAtMs + sendTimeoutMs);
    observer.onSend(sendReport(report, send, request.requestId, clock.now() - send.startedAtMs));
    const isSent = report.outcome.kind !== 'NOT_SENT';
    const [isRecorded] = await Promise.all([
      this.#recordInTime(send.sendId, resolutionOf(report)),
      isSent ? undefined : counted.giveBack(),
    ]);
    if (!isRecorded && isSent) throw outcomeUnknown();
    return messageOrThrow(report.outcome);
  }

  /** What may not be sent is refused, unless an earlier call with the same key and input sent it. */
  async #answerInSpiteOf(
    refusal: ServiceError,
    { caller, idempotencyKey }: SendRequest,
    fingerprint: string,
  ): Promise<Message> {
    const holder = idempotencyKey === null ? null : await this.#holderOf(caller, idempotencyKey);
    if (holder?.fingerprint === fingerprint) return replay(holder, fingerprint);
    // Another input than the holder's is refused for what it is.
    if (refusal.code === 'RATE_LIMITED') this.#options.refusals.add(caller, this.#options.clock.now());
    throw refusal;
  }

  #newSend({ message, caller, idempotencyKey, requestId }: SendRequest, fingerprint: string): NewSend {
    const { clock, newId, sendTimeoutMs } = this.#options;
    const startedAtMs = clock.now();
    const leaseUntilMs = startedAtMs + sendTimeoutMs + LEASE_MARGIN_MS;
    return { sendId: newId(), caller, idempotencyKey, fingerprint, message, requestId, startedAtMs, leaseUntilMs };
  }

  async #holderOf(caller: string, idempotencyKey: string): Promise<StoredSend | null> {
    try {
      return await this.#options.store.sendByKey(caller, idempotencyKey);
    } catch (cause) {
      throw storeUnavailable(idempotencyKey, cause);
    }
  }

  /** Stores the intent; returns the send that holds the key instead, where there is one. */
  async #claim(send: NewSend, room: Room): Promise<StoredSend | null> {
    try {
      if (this.#records.isFull) throw new NotTriedError();
      const claim = await this.#options.store.claim(send);
      switch (claim.kind) {
        case 'CLAIMED':
          return null;
        case 'HELD':
          return claim.by;
        default:
          // Whatever else a store says, it is no claim.
          throw new Error('not claimed', { cause: claim satisfies never });
      }
    } catch (cause) {
      // The claim may be on disk all the same, or get there yet. Nothing was sent, so its key must become free again.
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
   * Counts the send. Only now that it is claimed: whoever is refused for its count, in whatever process, finds its claim
   * under its key, and is not told that nothing was sent.
   */
  async #count({ sendId }: NewSend, room: Room): Promise<Counted> {
    let refusal: ServiceError;
    try {
      const taken = await room.take();
      if (taken.kind === 'COUNTED') return taken;
      refusal = rateLimited(taken);
    } catch (cause) {
      refusal = storeUnavailable(null, cause);
    }
    await this.#recordInTime(sendId, { status: 'REJECTED' });
    throw refusal;
  }

  /** Whether the outcome was stored while a caller can reasonably wait; if not, storing it goes on. */
  async #recordInTime(sendId: string, resolution: Resolution): Promise<boolean> {
    const patience = new AbortController();
    const recorded = this.#records.record(sendId, resolution);
    const outOfPatience = this.#options.clock.sleep(RECORD_PATIENCE_MS, patience.signal).then(() => false);
    try {
      return await Promise.race([recorded, outOfPatience]);
    } finally {
      patience.abort();
    }
  }
}

/** Digest of everything that makes one input another. */
function fingerprintOf(message: OutboundMessage): string {
  const { from, to, text, applicationId, media, tag, priority, expiresAt } = message;
  // Left out where they are not given: so were they before they existed, and those keys live on.
  const delivery = priority === null && expiresAt === null ? [] : [priority, expiresAt];
  return createHash('sha256')
    .update(JSON.stringify([from, to, text, applicationId, media, tag, ...delivery]))
    .digest('base64url');
}

/** The answer to a call whose key is held by an earlier send. */
function replay(holder: StoredSend, fingerprint: string): Message {
  if (holder.fingerprint !== fingerprint) throw keyReused();
  if (holder.message !== null) return holder.message;
  if (holder.status === 'PENDING') throw new ServiceError('REQUEST_IN_PROGRESS', { outcome: 'UNKNOWN' });
  throw outcomeUnknown();
}

function resolutionOf({ outcome, detail: lastSeen }: GatewayReport): Resolution {
  switch (outcome.kind) {
    case 'ACCEPTED':
      return { status: 'ACCEPTED', message: outcome.message, lastSeen };
    case 'ACCEPTED_WITHOUT_ID':
      return { status: 'ACCEPTED', message: null, lastSeen };
    case 'NOT_SENT':
      return { status: 'REJECTED', lastSeen };
    case 'UNKNOWN':
      return { status: 'UNKNOWN', lastSeen };
  }
}

function messageOrThrow(outcome: SendOutcome): Message {
  switch (outcome.kind) {
    case 'ACCEPTED':
      return outcome.message;
    case 'NOT_SENT':
      throw outcome.error;
    case 'ACCEPTED_WITHOUT_ID':
    case 'UNKNOWN':
      throw outcomeUnknown();
  }
}

function sendReport(report: GatewayReport, { sendId }: NewSend, requestId: string, durationMs: number): SendReport {
  const { outcome, attempts, detail } = report;
  const code = outcome.kind === 'NOT_SENT' ? { code: outcome.error.code } : {};
  return { requestId, sendId, outcome: outcome.kind, ...code, durationMs, attempts, detail };
}

/** This call sent nothing. Without the store nobody can tell what an earlier one with the same key did. */
const storeUnavailable = (idempotencyKey: string | null, cause: unknown): ServiceError =>
  new ServiceError('STORE_UNAVAILABLE', { outcome: idempotencyKey === null ? 'NOT_SENT' : 'UNKNOWN', cause });
const rateLimited = ({ retryAfterSeconds }: Refused): ServiceError =>
  new ServiceError('RATE_LIMITED', { outcome: 'NOT_SENT', retryAfterSeconds });
const keyReused = (): ServiceError => new ServiceError('IDEMPOTENCY_KEY_REUSED', { outcome: 'NOT_SENT' });
const outcomeUnknown = (): ServiceError => new ServiceError('OUTCOME_UNKNOWN', { outcome: 'UNKNOWN' });
