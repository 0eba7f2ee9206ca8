/**
 * Confirms an opt-out to whoever opted out by a word: with one message, and nothing after it.
 *
 * It is an ordinary send of a caller that nobody else can be: claimed, limited, allowed by the policy, and recorded. Its
 * idempotency key names the entry and the day, so that however often callbacks are repeated, instances look and
 * processes crash, one confirmation goes out from a number to a recipient a day. Only who was not opted out before gets
 * one, and a text that is a word itself is refused at the start: so two servers never go on answering each other.
 */
import { setImmediate } from 'node:timers/promises';
import { ServiceError, type ErrorCode } from '../errors.js';
import { EVERYBODY, OWN_CALLERS, type Caller } from './caller.js';
import type { OptOut } from './consent.js';
import type { Message, RequestedMessage } from './message.js';
import type { MessageService } from './message-service.js';
import type { Clock, MessageStore } from './ports.js';
import { isTollFree } from './region.js';
import type { SendPolicy } from './send-policy.js';

const ROUND_EVERY_MS = 1_000;
/**
 * A confirmation within five minutes is still covered by the consent that ends with it; one that comes later would have
 * to be explained (47 CFR 64.1200(a)(12)).
 */
const MAX_AGE_MS = 5 * 60_000;
/** Commits of other instances may come to be seen this much later than the time that they have. */
const MAX_LATENESS_MS = 30_000;
/** How long to wait after a failure that may pass. */
const RETRY_MS = 10_000;
const PAGE_SIZE = 500;
const SENT_AT_ONCE = 10;

/** Sends for the server itself. */
const CALLER: Caller = { name: `${OWN_CALLERS}opt-out-reply`, scopes: new Set(), senders: null };

export interface OptOutRepliesOptions {
  readonly store: Pick<MessageStore, 'newOptOuts' | 'areOptedOut' | 'messagesById'>;
  readonly messages: Pick<MessageService, 'send'>;
  readonly policy: Pick<SendPolicy, 'refusalOf'>;
  readonly clock: Clock;
  readonly text: string;
  /** An opt-out stays without a confirmation, for this reason. */
  readonly onUnconfirmed: (code: ErrorCode) => void;
  /** The store failed; the next round tries again. */
  readonly onFailure: (error: unknown) => void;
}

/** Runs until the returned function is called. */
export function startOptOutReplies(options: OptOutRepliesOptions): () => Promise<void> {
  const { clock, onFailure } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const replies = new OptOutReplies(options);
  const running = (async () => {
    for (;;) {
      await clock.sleep(ROUND_EVERY_MS, signal);
      if (signal.aborted) return;
      await replies.next(signal).catch(onFailure);
      await setImmediate();
    }
  })();
  return async () => {
    stopping.abort();
    await running;
  };
}

export class OptOutReplies {
  readonly #options: OptOutRepliesOptions;
  /** What was read lately, and since when it is so: each is taken on once. */
  readonly #seen = new Map<string, number>();
  /** What is to be confirmed yet, and when. */
  readonly #open = new Map<string, { readonly optOut: OptOut; readonly atMs: number }>();
  #isFirst = true;

  constructor(options: OptOutRepliesOptions) {
    this.#options = options;
  }

  /** Confirms what is new, and what could not be confirmed before. @throws what the store throws. */
  async next(signal: AbortSignal): Promise<void> {
    const now = this.#options.clock.now();
    await this.#read(now);
    const due = [...this.#open.values()].filter(({ atMs }) => atMs <= now).map(({ optOut }) => optOut);
    for (let start = 0; start < due.length && !signal.aborted; start += SENT_AT_ONCE) {
      await this.#confirmAll(due.slice(start, start + SENT_AT_ONCE));
    }
  }

  async #read(now: number): Promise<void> {
    let after = { changedAtMs: now - (this.#isFirst ? MAX_AGE_MS : MAX_LATENESS_MS), id: '' };
    for (;;) {
      const page = await this.#options.store.newOptOuts(after, PAGE_SIZE);
      for (const optOut of page) {
        const { id, changedAtMs } = optOut;
        after = { changedAtMs, id };
        if (this.#seen.get(id) === changedAtMs) continue;
        this.#seen.set(id, changedAtMs);
        if (isConfirmable(optOut)) this.#open.set(id, { optOut, atMs: now });
      }
      if (page.length < PAGE_SIZE) break;
    }
    this.#isFirst = false;
    for (const [id, changedAtMs] of this.#seen) if (changedAtMs < now - MAX_AGE_MS) this.#seen.delete(id);
  }

  async #confirmAll(optOuts: readonly OptOut[]): Promise<void> {
    const { store } = this.#options;
    const ids = optOuts.map(({ messageId }) => messageId ?? '');
    const pairs = optOuts.map(({ owner, recipient }) => ({ owner: owner ?? '', recipient }));
    // Whoever came back meanwhile gets none.
    const [words, areOut] = await Promise.all([store.messagesById(ids, EVERYBODY), store.areOptedOut(pairs)]);
    await Promise.all(
      optOuts.map(async (optOut, index) => {
        this.#open.delete(optOut.id);
        if (areOut[index] === true) await this.#confirm(optOut, words[index] ?? null);
      }),
    );
  }

  async #confirm(optOut: OptOut, word: Message | null): Promise<void> {
    const { clock, onUnconfirmed } = this.#options;
    const now = clock.now();
    const isLate = optOut.since < (now - MAX_AGE_MS) * 1000 || optOut.changedAtMs < now - MAX_AGE_MS;
    if (isLate || optOut.owner === null) return;
    try {
      await this.#send(optOut, optOut.owner, word?.applicationId ?? null);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      if (!error.retryable) onUnconfirmed(error.code);
      else this.#open.set(optOut.id, { optOut, atMs: now + (error.retryAfterSeconds ?? 0) * 1000 + RETRY_MS });
    }
  }

  async #send({ id, recipient, changedAtMs }: OptOut, from: string, applicationId: string | null): Promise<void> {
    const { messages, policy, text } = this.#options;
    const message: RequestedMessage = {
      ...{ from, to: [recipient], text, applicationId },
      ...{ media: [], tag: null, priority: null, expiresAt: null },
    };
    const day = new Date(changedAtMs).toISOString().slice(0, 10);
    await messages.send({
      message,
      caller: CALLER.name,
      idempotencyKey: `${day}:${id}`,
      requestId: `opt-out:${id}`,
      refusal: policy.refusalOf(message, CALLER),
      ignoresConsent: true,
    });
  }
}

/** The network answers for toll-free numbers itself, and blocks what else is sent from them. */
function isConfirmable({ owner, messageId }: OptOut): boolean {
  return owner !== null && messageId !== null && !isTollFree(owner);
}
