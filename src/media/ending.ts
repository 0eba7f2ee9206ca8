/** Copies of files end by their age: after their messages, which are older, and never before. */
import { repeated } from '../messaging/housekeeping.js';
import type { Clock } from '../messaging/ports.js';
import type { Copies } from './copies.js';

/** How often old copies are looked for: a walk through 256 folders. */
const LOOK_EVERY_MS = 6 * 3_600_000;

export interface EndingOptions {
  readonly copies: Copies;
  readonly clock: Clock;
  /** How long messages are kept. A copy is made up to 48 hours after its message, and ends as much later. */
  readonly retainMs: number;
  readonly onFailure: (error: unknown) => void;
}

/** Removes old copies until the returned function is called. Several processes that do so do each other no harm. */
export function startEndingCopies(options: EndingOptions): () => Promise<void> {
  const { copies, clock, retainMs } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const rounds = repeated(options, signal, LOOK_EVERY_MS, () => copies.removeBefore(clock.now() - retainMs, signal));
  return async () => {
    stopping.abort();
    await rounds;
  };
}
