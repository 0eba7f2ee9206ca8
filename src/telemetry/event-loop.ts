/** By how much the event loop lags: how long what is ready waits for its turn. */
import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';

/** How often the loop is asked: 50 times a second cost nothing that could be measured. */
const RESOLUTION_MS = 20;
/** A lag is the mean of this long. A single long turn, as of a garbage collection, does not count for much. */
const PERIOD_MS = 1_000;
const NS_PER_MS = 1e6;

export interface EventLoop {
  /** The mean lag of the last second, in milliseconds. */
  readonly lagMs: () => number;
  readonly close: () => void;
}

/** Watches the event loop of this process, and does not keep it alive. */
export function watchEventLoop(): EventLoop {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  let lagMs = 0;
  const period = setInterval(() => {
    lagMs = lagIn(delays);
    delays.reset();
  }, PERIOD_MS).unref();
  return {
    lagMs: () => lagMs,
    close() {
      clearInterval(period);
      delays.disable();
    },
  };
}

/** The histogram holds the time between two looks, which is the resolution where nothing lags. */
function lagIn({ count, mean }: Pick<IntervalHistogram, 'count' | 'mean'>): number {
  return count === 0 ? 0 : Math.max(0, mean / NS_PER_MS - RESOLUTION_MS);
}
