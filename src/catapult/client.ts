/** Sends messages to Catapult: POST {url}/users/{userId}/messages, at most once. */
import type { Correlation } from '../messaging/correlation.js';
import type { Message, OutboundMessage } from '../messaging/message.js';
import type { Clock, GatewayReport, MessageGateway, SendOutcome } from '../messaging/ports.js';
import type { Account } from './account.js';
import type { Exchange } from './exchange.js';
import { classify, type Verdict } from './outcome.js';
import { acceptedMessage, requestBody, type Acceptance } from './wire.js';

/** With less time left than this, a request would likely end as unknown, while one that never began is known not sent. */
const MIN_TIME_MS = 100;
/** A request that is refused twice with a pause in between is hardly accepted the fourth time. */
const MAX_ATTEMPTS = 3;
/** The longest pause before the first retry; it doubles with each. */
const BACK_OFF_BASE_MS = 250;
/** Beyond this a caller is better served by an answer than by patience. */
const BACK_OFF_CAP_MS = 5_000;

export interface CatapultClientOptions {
  readonly account: Pick<Account, 'post'>;
  readonly clock: Clock;
  /** With callbacks on, what ties the wire's tag to the send; null sends the tag as the client wrote it. */
  readonly correlation: Correlation | null;
  /** 0 ≤ random() < 1, for jitter. */
  readonly random: () => number;
}

export class CatapultClient implements MessageGateway {
  readonly #options: CatapultClientOptions;
  readonly #inFlight = new Set<AbortController>();

  constructor(options: CatapultClientOptions) {
    this.#options = options;
  }

  async send(message: OutboundMessage, sendId: string, endsAt: number): Promise<GatewayReport> {
    const { account, clock, correlation } = this.#options;
    const deadline = new AbortController();
    const timer = setTimeout(
      () => {
        // After a stall of the process the answer may lie in the socket already: it is read before the send is given up.
        afterNextRead(() => {
          deadline.abort(new DOMException('send deadline', 'TimeoutError'));
        });
      },
      Math.max(0, endsAt - clock.now()),
    );
    const mayStart = (): boolean => clock.now() <= endsAt - MIN_TIME_MS;
    this.#inFlight.add(deadline);
    try {
      const tag = correlation === null ? message.tag : correlation.wireTag(message.tag, sendId);
      const body = requestBody({ ...message, tag });
      for (let attempt = 1; ; attempt++) {
        const seen = await account.post(body, deadline.signal, mayStart);
        const verdict = classify(seen, clock.now());
        const pauseMs = attempt < MAX_ATTEMPTS ? this.#pauseBeforeRetry(verdict, attempt) : null;
        if (pauseMs === null || deadline.signal.aborted || clock.now() + pauseMs >= endsAt) {
          return { outcome: this.#outcome(verdict, message, sendId), attempts: attempt, detail: detailOf(seen) };
        }
        await clock.sleep(pauseMs, deadline.signal);
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
  #pauseBeforeRetry(verdict: Verdict, attempt: number): number | null {
    if (verdict.kind !== 'NOT_SENT' && !(verdict.kind === 'REFUSED' && verdict.mayRetry)) return null;
    const ceiling = Math.min(BACK_OFF_CAP_MS, BACK_OFF_BASE_MS * 2 ** (attempt - 1));
    const askedFor = (verdict.error.retryAfterSeconds ?? 0) * 1000;
    return askedFor + this.#options.random() * ceiling;
  }

  #outcome(verdict: Verdict, request: OutboundMessage, sendId: string): SendOutcome {
    switch (verdict.kind) {
      case 'ACCEPTED':
        return {
          kind: 'ACCEPTED',
          message: this.#accepted(verdict.answer, request, sendId),
        };
      case 'NOT_SENT':
      case 'REFUSED':
        return { kind: 'NOT_SENT', error: verdict.error };
      case 'ACCEPTED_WITHOUT_ID':
      case 'UNKNOWN':
        return verdict;
    }
  }

  #accepted(answer: Acceptance, request: OutboundMessage, sendId: string): Message {
    const { clock, correlation } = this.#options;
    const tag = correlation === null ? answer.tag : correlation.shownTag(answer.tag, request.tag, sendId);
    return acceptedMessage({ ...answer, tag }, request, clock.now() * 1000);
  }
}

/** Once the event loop has read what the sockets hold, and that was taken in. */
function afterNextRead(work: () => void): void {
  setImmediate(() => setImmediate(work));
}

function detailOf(seen: Exchange): string {
  const status = seen.status === null ? [] : [`HTTP ${seen.status}`];
  return [...status, ...(seen.failure === null ? [] : [seen.failure])].join(', ');
}
