/** Clocks for tests: one that moves when the test says so, and one whose pauses are over at once. */
import type { Clock } from '../../src/messaging/ports.js';

export interface ManualClock extends Clock {
  /** How many milliseconds each pause was to last, in the order in which they began. */
  readonly pauses: number[];
  /** How many pauses have not ended yet. */
  asleep(): number;
  /** Lets time pass, and ends the pauses that are over by then. */
  advance(ms: number): void;
  /** Ends the pause that began last, without time passing. */
  wake(): void;
  /** Ends all pauses, without time passing. */
  wakeAll(): void;
}

/** A clock that stands still. A pause ends when the test says so, or when its signal aborts. */
export function manualClock(startMs = 1_000_000): ManualClock {
  let nowMs = startMs;
  let last = (): void => undefined;
  const pauses: number[] = [];
  const sleepers = new Set<{ readonly untilMs: number; readonly wake: () => void }>();
  return {
    pauses,
    now: () => nowMs,
    sleep: (delayMs, signal) =>
      new Promise((resolve) => {
        const wake = (): void => {
          sleepers.delete(sleeper);
          resolve();
        };
        const sleeper = { untilMs: nowMs + delayMs, wake };
        sleepers.add(sleeper);
        pauses.push(delayMs);
        last = wake;
        signal?.addEventListener('abort', wake);
        if (signal?.aborted === true) wake();
      }),
    asleep: () => sleepers.size,
    advance(ms) {
      nowMs += ms;
      for (const { untilMs, wake } of [...sleepers]) if (untilMs <= nowMs) wake();
    },
    wake() {
      last();
    },
    wakeAll() {
      for (const { wake } of [...sleepers]) wake();
    },
  };
}

/** The time of this machine, with pauses that are over at once. */
export function impatientClock(): Clock & { readonly pauses: number[] } {
  const pauses: number[] = [];
  return {
    pauses,
    now: () => Date.now(),
    sleep: (delayMs) => {
      pauses.push(delayMs);
      return Promise.resolve();
    },
  };
}
