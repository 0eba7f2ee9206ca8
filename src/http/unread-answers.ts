/** Answers that their clients do not read: how long the server keeps one, and how many bytes of all of them. */
import type { ServerResponse } from 'node:http';

/** Somebody on a slow line reads the largest answer, 2 MiB, in this time at 35 KB a second. */
const MAX_WAIT_MS = 60_000;
/** Thirty-two of the largest answers; what the kernel took on to send does not count. */
const MAX_BYTES = 64 * 1024 * 1024;

interface Unread {
  readonly bytes: number;
  /** By the clock of `performance`. */
  readonly since: number;
}

export class UnreadAnswers {
  readonly #maxWaitMs: number;
  readonly #maxBytes: number;
  /** The oldest first. */
  readonly #open = new Map<ServerResponse, Unread>();
  #bytes = 0;
  /** Set while there is any: for the oldest, or for one that was read in the meantime. */
  #timer: NodeJS.Timeout | null = null;

  constructor({ maxWaitMs = MAX_WAIT_MS, maxBytes = MAX_BYTES } = {}) {
    this.#maxWaitMs = maxWaitMs;
    this.#maxBytes = maxBytes;
  }

  /** To be called with each answer that is about to be written. The oldest is cut off first. */
  add(answer: ServerResponse, bytes: number): void {
    // If the client hung up already, there is no `close` to come: the answer would be kept for ever.
    if (answer.destroyed) return;
    this.#open.set(answer, { bytes, since: performance.now() });
    this.#bytes += bytes;
    answer.once('close', () => {
      this.#forget(answer);
    });
    for (const oldest of this.#open.keys()) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#cutOff(oldest);
    }
    this.#watch(this.#maxWaitMs);
  }

  #watch(waitMs: number): void {
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#cutOffLate();
    }, waitMs).unref();
  }

  #cutOffLate(): void {
    for (const [answer, { since }] of this.#open) {
      const leftMs = since + this.#maxWaitMs - performance.now();
      if (leftMs > 0) {
        this.#watch(leftMs);
        return;
      }
      this.#cutOff(answer);
    }
  }

  #cutOff(answer: ServerResponse): void {
    this.#forget(answer);
    answer.destroy();
  }

  #forget(answer: ServerResponse): void {
    this.#bytes -= this.#open.get(answer)?.bytes ?? 0;
    this.#open.delete(answer);
  }
}
