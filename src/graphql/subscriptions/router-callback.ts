/**
 * One subscription whose events are posted to a router, by Apollo's HTTP callback protocol
 * (https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/callback-protocol).
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { ExecutionResult, GraphQLError, GraphQLFormattedError } from 'graphql';
import { request } from 'undici';
import { asGraphQLError } from '../public-error.js';

/** Where a router receives the events of one subscription, and how it recognizes them. */
export interface CallbackTarget {
  readonly url: string;
  readonly id: string;
  readonly verifier: string;
  /** How often the router is asked whether it still wants the subscription; 0 for never. */
  readonly heartbeatMs: number;
}

/** Turns errors into what the router may see. */
type Publish = (errors: readonly GraphQLError[]) => readonly GraphQLFormattedError[];

interface Content {
  readonly payload?: object;
  readonly errors?: readonly GraphQLFormattedError[];
}

/** A router that takes longer for one event counts as gone. */
const POST_TIMEOUT_MS = 10_000;
/** A stop of the server takes less than 10 s in all; a router that is there answers within milliseconds. */
const STOP_TIMEOUT_MS = 1_000;
/** Six tries within 2.5 s, as in Apollo Server: a router that restarts is back by then, or does not know us. */
const RETRY_PAUSES_MS = [100, 200, 400, 800, 1_000] as const;
/** As in Apollo Server: a router that misses so many heartbeats does not come back. */
const MAX_SILENT_HEARTBEATS = 5;

export class RouterCallback {
  readonly #target: CallbackTarget;
  readonly #publish: Publish;
  /** Cuts off events and heartbeats once the subscription is to end. */
  readonly #interrupt = new AbortController();
  /** Cuts off the last post as well. */
  readonly #hurry = new AbortController();
  #stopTimer: NodeJS.Timeout | undefined;
  /** Why the subscription ends before its events do: the errors that the router gets, or null if it gets nothing. */
  #ending: { readonly errors: readonly GraphQLError[] | null } | null = null;
  #events: AsyncGenerator | null = null;

  constructor(target: CallbackTarget, publish: Publish) {
    this.#target = target;
    this.#publish = publish;
  }

  /** Whether the router knows the subscription. Nothing else may be posted before it says so. Never rejects. */
  check(): Promise<boolean> {
    return this.#deliver('check');
  }

  /**
   * Posts all events, then that they are complete. Resolves when nothing more will be posted, whatever happened: the
   * events ended, the router went away, or the subscription was ended. By then the events have no listener left. Never
   * rejects.
   *
   * @param events must end on `return` even while the next one is awaited; a plain async generator does not.
   */
  async run(events: AsyncGenerator<ExecutionResult>): Promise<void> {
    this.#events = events;
    if (this.#ending !== null) await events.return(undefined);
    const beating = this.#beat();
    let errors: readonly GraphQLError[] | null;
    try {
      errors = (await this.#postAll(events)) ? [] : null;
    } catch (failure) {
      errors = [asGraphQLError(failure)];
    }
    if (this.#ending !== null) ({ errors } = this.#ending);
    this.#interrupt.abort();
    await beating;
    if (errors !== null) await this.complete(errors);
    clearTimeout(this.#stopTimer);
  }

  /** Posts that no more events come, and why, if that is a failure. Never rejects. */
  async complete(errors: readonly GraphQLError[]): Promise<void> {
    await this.#deliver('complete', errors.length > 0 ? { errors: this.#publish(errors) } : {});
  }

  /** Ends the subscription now. The router gets `errors`, or nothing if they are null. */
  end(errors: readonly GraphQLError[] | null): void {
    if (this.#ending !== null) return;
    this.#ending = { errors };
    this.#interrupt.abort();
    // If the events fail, `run` sees it: it waits for the next one.
    void this.#events?.return(undefined).catch(() => undefined);
  }

  /** Ends the subscription within `STOP_TIMEOUT_MS`. */
  stop(): void {
    this.end([]);
    this.#stopTimer = setTimeout(() => {
      this.#hurry.abort();
    }, STOP_TIMEOUT_MS);
  }

  /** Whether the router accepted all events. */
  async #postAll(events: AsyncGenerator<ExecutionResult>): Promise<boolean> {
    for await (const { errors, ...result } of events) {
      const payload = { ...result, ...(errors && { errors: this.#publish(errors) }) };
      if (!(await this.#deliver('next', { payload }))) return false;
    }
    return true;
  }

  async #beat(): Promise<void> {
    const { heartbeatMs } = this.#target;
    const { signal } = this.#interrupt;
    let silent = 0;
    while (heartbeatMs > 0 && (await pause(heartbeatMs, signal))) {
      const status = await this.#post('check', {}, signal);
      silent = isTaken(status) ? 0 : silent + 1;
      // With these the router says that it does not know the subscription; others may come from a proxy before it.
      if (status === 400 || status === 404 || silent === MAX_SILENT_HEARTBEATS) this.end(null);
    }
  }

  /** Whether the router accepted it. Tries again while the router fails or is away; any other status is a no. */
  async #deliver(action: 'check' | 'next' | 'complete', content: Content = {}): Promise<boolean> {
    const { signal } = action === 'complete' ? this.#hurry : this.#interrupt;
    for (const pauseMs of [...RETRY_PAUSES_MS, null]) {
      const status = await this.#post(action, content, signal);
      if (status !== null && status < 500) return isTaken(status);
      if (pauseMs === null || !(await pause(pauseMs, signal))) return false;
    }
    return false;
  }

  /** The status of the router's answer; null when there is none. Follows no redirect. */
  async #post(action: string, content: Content, signal: AbortSignal): Promise<number | null> {
    const { url, id, verifier } = this.#target;
    try {
      const { statusCode, body } = await request(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(action === 'check' && { 'subscription-protocol': 'callback/1.0' }),
        },
        body: JSON.stringify({ kind: 'subscription', action, id, verifier, ...content }),
        headersTimeout: POST_TIMEOUT_MS,
        bodyTimeout: POST_TIMEOUT_MS,
        signal,
      });
      await body.dump().catch(() => undefined);
      return statusCode;
    } catch {
      return null;
    }
  }
}

function isTaken(status: number | null): boolean {
  return status !== null && status >= 200 && status < 300;
}

/** Whether the time passed; false when `signal` came first. */
function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  return delay(ms, true, { signal }).catch(() => false);
}
