/** How much the server takes on at once. What is more is refused with SERVER_BUSY before its body is read. */
import type { FastifyRequest } from 'fastify';
import { ServiceError } from '../errors.js';

/**
 * Requests under way, whose answers have not begun. A process does some thousands of sends a second, so that the last of
 * a thousand waits for less than a second; and with 64 connections upstream, and a second for each answer, the thousandth
 * is sent within 16 s of its 20 s.
 */
const MAX_UNDER_WAY = 1_000;
/** When the event loop lags, this many are worked on at once: enough to keep it busy, and few enough to catch up. */
const MAX_WHILE_LAGGING = 64;
/** With 512 connections that all send, the bench saw nothing refused, also beside other work on both cores. */
const MAX_LAG_MS = 500;
/** Callbacks are refused last: each says what became of a message. So much more may be under way with them. */
const FACTOR_FOR_CALLBACKS = 4;
/** When to try again. Whoever was refused would otherwise come back at once, and be refused at once. */
export const RETRY_AFTER_SECONDS = 1;

/** What is refused `first`, `last`, or `never`. */
export type Shedding = 'first' | 'last' | 'never';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** When the requests of this route are refused because of load: `first`, unless it says otherwise. */
    readonly shed?: Shedding;
  }
  interface FastifyRequest {
    /** Where this request counts as under way; null where it does not, or does no longer. */
    load: Load | null;
  }
}

export interface LoadOptions {
  /** By how much the event loop lags, in milliseconds. */
  readonly lagMs: () => number;
  /** Called for each refusal: perhaps thousands of times a second. */
  readonly onShed?: (shedding: Shedding) => void;
  readonly maxUnderWay?: number;
}

export class Load {
  readonly #options: LoadOptions;
  readonly #max: number;
  #underWay = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#max = options.maxUnderWay ?? MAX_UNDER_WAY;
  }

  get underWay(): number {
    return this.#underWay;
  }

  /** Takes one more on, until `leave` is called. False, and nothing is taken on, when the server is busy. */
  enter(shedding: Shedding): boolean {
    if (shedding !== 'never' && this.#underWay >= this.#limitFor(shedding)) {
      this.#options.onShed?.(shedding);
      return false;
    }
    this.#underWay += 1;
    return true;
  }

  leave(): void {
    this.#underWay -= 1;
  }

  /** Works on one operation that has no request of its own. */
  async during<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    try {
      return await work();
    } finally {
      this.leave();
    }
  }

  #limitFor(shedding: Exclude<Shedding, 'never'>): number {
    if (shedding === 'last') return this.#max * FACTOR_FOR_CALLBACKS;
    return this.#options.lagMs() > MAX_LAG_MS ? Math.min(MAX_WHILE_LAGGING, this.#max) : this.#max;
  }
}

/** The request is under way no longer: its answer begins, or it goes on as a stream of events. */
export function endOfWork(request: FastifyRequest): void {
  request.load?.leave();
  request.load = null;
}

/** Nothing was looked up, so it says nothing of an outcome. One for all: to make each took 13 % of the CPU under four times the load. */
export const SERVER_BUSY = new ServiceError('SERVER_BUSY', { retryAfterSeconds: RETRY_AFTER_SECONDS });
