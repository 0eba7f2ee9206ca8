/** Messages end: those that are older than the operator wants to keep are removed, in small steps. */
import { repeated, type HousekeepingOptions } from './housekeeping.js';
import type { MessageStore } from './ports.js';

/**
 * The shortest: an idempotency key lives for 72 hours after the last change of its send, and upstream's files for 48. Nothing
 * that is needed in that time may go.
 */
export const MIN_RETENTION_MS = 4 * 24 * 3_600_000;
/** How often old messages are looked for. */
const LOOK_EVERY_MS = 10 * 60_000;
/** Messages that go in one step: some ten milliseconds, for which an embedded store holds up everything else. */
const STEP = 100;
/** The pause after each step, in times of what it took: so removing takes a fifth of the time at most. */
const PAUSE_FACTOR = 4;
const MIN_PAUSE_MS = 5;

export interface RetentionOptions extends Pick<HousekeepingOptions, 'clock' | 'onFailure'> {
  readonly store: Pick<MessageStore, 'removeMessages'>;
  /** How long messages are kept, at least `MIN_RETENTION_MS`. */
  readonly retainMs: number;
  /** How many messages were removed, once nothing more is to do. */
  readonly onRemoved: (count: number) => void;
}

/**
 * Removes messages that are older than `retainMs`, until the returned function is called. Where workers share a store that
 * another process holds, that one does it alone.
 */
export function startRetention(options: RetentionOptions): () => Promise<void> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const rounds = repeated(options, signal, LOOK_EVERY_MS, () => removeOld(options, signal));
  return async () => {
    stopping.abort();
    await rounds;
  };
}

async function removeOld({ store, clock, retainMs, onRemoved }: RetentionOptions, signal: AbortSignal): Promise<void> {
  const before = clock.now() - retainMs;
  let removed = 0;
  try {
    while (!signal.aborted) {
      const since = clock.now();
      const some = await store.removeMessages(before, STEP);
      removed += some;
      if (some < STEP) return;
      await clock.sleep(Math.max(MIN_PAUSE_MS, PAUSE_FACTOR * (clock.now() - since)), signal);
    }
  } finally {
    if (removed > 0) onRemoved(removed);
  }
}
