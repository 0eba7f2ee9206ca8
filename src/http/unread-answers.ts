/** Answers that their clients do not read: how long the server keeps one, and how many bytes of all of them. */
import type { ServerResponse } from 'node:http';

/** Somebody on a slow line reads the largest answer, 2 MiB, in this time at 35 KB a second. */
const MAX_WAIT_MS = 60_000;
/** Thirty-two of the largest answers; what the kernel took on to send does not count. */
const MAX_BYTES = 64 * 1024 * 1024;

export class UnreadAnswers {
  readonly #maxWaitMs: number;
  readonly #maxBytes: number;
  /** With their bytes, the oldest first. */
  readonly #open = new Map<ServerResponse, number>();
  #bytes = 0;

  constructor({ maxWaitMs = MAX_WAIT_MS, maxBytes = MAX_BYTES } = {}) {
    this.#maxWaitMs = maxWaitMs;
    this.#maxBytes = maxBytes;
  }

  /** To be called with each answer that is about to be written. The oldest is cut off first. */
  add(answer: ServerResponse, bytes: number): void {
    // If the client hung up already, there is no `close` to come: the answer would be kept for ever.
    if (answer.destroyed) return;
    const cutOff = setTimeout(() => answer.destroy(), this.#maxWaitMs).unref();
    this.#open.set(answer, bytes);
    this.#bytes += bytes;
    answer.once('close', () => {
      clearTimeout(cutOff);
      this.#forget(answer);
    });
    for (const oldest of this.#open.keys()) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#forget(oldest);
      oldest.destroy();
    }
  }

  #forget(answer: ServerResponse): void {
    this.#bytes -= this.#open.get(answer) ?? 0;
    this.#open.delete(answer);
  }
}
