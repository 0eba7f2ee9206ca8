/** Sends messages to Catapult: POST {url}/users/{userId}/messages, at most once. */
import { Canceller } from '../messaging/cancellation.js';
import type { Correlation } from '../messaging/correlation.js';
import type { OutboundMessage } from '../messaging/message.js';
import type { Clock, GatewayReport, MessageGateway, SendOutcome } from '../messaging/ports.js';
import type { Account } from './account.js';
import type { Exchange } from './exchange.js';
import { classify } from './outcome.js';
import { requestBody } from './wire.js';

/** With less time left than this, a request would likely end as unknown, while one that never began is known not sent. */
const MIN_TIME_MS = 100;
/** A request that was refused three times with pauses in between is unlikely to be accepted the fourth time. */
const MAX_ATTEMPTS = 3;
/** The longest pause before the first retry; it doubles with each. */
const BACK_OFF_BASE_MS = 250;
/** After a longer pause an answer serves the caller better. */
const BACK_OFF_CAP_MS = 5_000;

export interface CatapultClientOptions {
  readonly account: Pick<Account, 'post'>;
  readonly clock: Clock;
  /** Ties the wire's tag to the send when callbacks are on; null sends the tag as the client wrote it. */
  readonly correlation: Correlation | null;
  /** 0 ≤ random() < 1, for jitter. */
  readonly random: () => number;
  /** Is given each request of a send, and makes it; null, as by default, where nobody follows it. */
  readonly around?: AroundAttempt | null;
}

export type AroundAttempt = (
  sendId: string,
  /** 1 for the first. */
  attempt: number,
  request: () => Promise<Exchange>,
) => Promise<Exchange>;

export class CatapultClient implements MessageGateway {
  readonly #options: CatapultClientOptions;
  readonly #inFlight = new Set<Canceller>();

  constructor(options: CatapultClientOptions) {
    this.#options = options;
  }

  async send(message: OutboundMessage, sendId: string, endsAtMs: number): Promise<GatewayReport> {
    const { account, clock, correlation, around = null } = this.#options;
    const deadline = new Canceller();
    const timer = setTimeout(
      () => {
        // After a stall of the process the answer may already be in the socket: read it before giving up the send.
        afterNextRead(() => {
          deadline.abort(new DOMException('send deadline', 'TimeoutError'));
        });
      },
      Math.max(0, endsAtMs - clock.now()),
    );
    const mayStart = (): boolean => clock.now() <= endsAtMs - MIN_TIME_MS;
    this.#inFlight.add(deadline);
    try {
      const tag = correlation === null ? message.tag : correlation.wireTag(message.tag, sendId);
      const body = requestBody({ ...message, tag });
      const request = (): Promise<Exchange> => account.post(body, deadline, mayStart);
      for (let attempt = 1; ; attempt++) {
        const sinceMs = clock.now();
        const seen = await (around === null ? request() : around(sendId, attempt, request));
        const outcome = classify(seen, message, clock.now());
        const pauseMs = attempt < MAX_ATTEMPTS ? this.#pauseBeforeRetry(outcome, attempt) : null;
        if (pauseMs === null || deadline.aborted || clock.now() + pauseMs >= endsAtMs) {
          const attempted = { attempts: attempt, lastSeen: describe(seen), httpStatus: seen.status };
          const upstreamMs = clock.now() - sinceMs;
          return { ...this.#withShownTag(outcome, message.tag, tag, sendId), ...attempted, upstreamMs };
        }
        await clock.sleep(pauseMs, deadline);
      }
    } finally {
      clearTimeout(timer);
      this.#inFlight.delete(deadline);
    }
  }

  /** Cuts off the sends that are still under way, so that each gets its outcome at once. */
  abortInFlight(): void {
    for (const send of this.#inFlight) send.abort(new DOMException('shutting down', 'AbortError'));
  }

  /** Capped exponential back-off with full jitter, and never sooner than upstream asked; null for: do not retry. */
  #pauseBeforeRetry(outcome: SendOutcome, attempt: number): number | null {
    if (outcome.status !== 'REJECTED' || !outcome.error.retryable) return null;
    const ceilingMs = Math.min(BACK_OFF_CAP_MS, BACK_OFF_BASE_MS * 2 ** (attempt - 1));
    const askedForMs = (outcome.error.retryAfterSeconds ?? 0) * 1000;
    return askedForMs + this.#options.random() * ceilingMs;
  }

  /** The outcome, with the tag of its message as the client wrote it. */
  #withShownTag(outcome: SendOutcome, given: string | null, sent: string | null, sendId: string): SendOutcome {
    const { correlation } = this.#options;
    if (correlation === null || outcome.status !== 'ACCEPTED' || outcome.message === null) return outcome;
    const { tag: echoed } = outcome.message;
    const tag = echoed === sent ? given : correlation.shownTag(echoed, given, sendId);
    return { ...outcome, message: { ...outcome.message, tag } };
  }
}

/** Does `work` after the event loop has read the sockets and their handlers have run. */
function afterNextRead(work: () => void): void {
  setImmediate(() => setImmediate(work));
}

function describe(seen: Exchange): string {
  const status = seen.status === null ? [] : [`HTTP ${seen.status}`];
  return [...status, ...(seen.failure === null ? [] : [seen.failure])].join(', ');
}
