/** Messages that are old enough are removed: when, in which steps, and with which pauses. */
import { startRetention } from '../../src/messaging/retention.js';
import { manualClock, type ManualClock } from '../support/clock.js';
import { quiet } from '../support/waiting.js';

const DAY_MS = 86_400_000;
const NINETY_DAYS_MS = 90 * DAY_MS;
const TEN_MINUTES_MS = 600_000;

describe('old messages', () => {
  let clock: ManualClock;
  let left: number;
  let steps: number[];
  let asked: number[];
  let removed: number[];
  let failures: unknown[];
  let stop: () => Promise<void>;
  /** What one step takes. */
  let tookMs: number;
  let fails: boolean;

  beforeEach(() => {
    clock = manualClock(100 * DAY_MS);
    [left, steps, asked, removed, failures, tookMs, fails] = [0, [], [], [], [], 0, false];
    stop = startRetention({
      store: {
        removeMessages(before, limit) {
          asked.push(before);
          clock.advance(tookMs);
          if (fails) return Promise.reject(new Error('away'));
          const some = Math.min(left, limit);
          left -= some;
          steps.push(some);
          return Promise.resolve(some);
        },
      },
      clock,
      retainMs: NINETY_DAYS_MS,
      onRemoved: (count) => removed.push(count),
      onFailure: (error) => failures.push(error),
    });
  });
  afterEach(() => stop());

  async function pass(ms: number): Promise<void> {
    clock.advance(ms);
    await quiet();
  }

  it('are looked for every ten minutes, and counted once they are gone', async () => {
    left = 3;
    await pass(TEN_MINUTES_MS - 1);
    expect(asked).toEqual([]);
    await pass(1);
    expect(asked).toEqual([10 * DAY_MS + TEN_MINUTES_MS]);
    expect(removed).toEqual([3]);
    await pass(TEN_MINUTES_MS);
    expect(steps).toEqual([3, 0]);
    expect(removed).toEqual([3]);
  });

  it('go in steps of a hundred, which take a fifth of the time at most', async () => {
    left = 250;
    tookMs = 20;
    await pass(TEN_MINUTES_MS);
    expect(steps).toEqual([100]);
    await pass(79);
    expect(steps).toEqual([100]);
    await pass(1);
    expect(steps).toEqual([100, 100]);
    await pass(80);
    expect(steps).toEqual([100, 100, 50]);
    expect(removed).toEqual([250]);
  });

  it('are looked for again after a failure, and what went before it is counted', async () => {
    left = 150;
    await pass(TEN_MINUTES_MS);
    fails = true;
    await pass(5);
    expect(failures).toHaveLength(1);
    expect(removed).toEqual([100]);
    fails = false;
    await pass(TEN_MINUTES_MS);
    expect(removed).toEqual([100, 50]);
  });

  it('wait no longer once the server stops', async () => {
    left = 1_000;
    await pass(TEN_MINUTES_MS);
    await stop();
    expect(steps).toEqual([100]);
    expect(removed).toEqual([100]);
  });
});
