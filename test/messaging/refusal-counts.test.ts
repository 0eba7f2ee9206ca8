/** Refused sends are counted by caller and hour. */
import { startHousekeeping } from '../../src/messaging/housekeeping.js';
import type { RefusalCount } from '../../src/messaging/ports.js';
import { RefusalCounts } from '../../src/messaging/refusal-counts.js';
import { openStore } from '../../src/store/index.js';
import { manualClock } from '../support/clock.js';
import { until } from '../support/waiting.js';

const HOUR = 3_600_000;

describe('refused sends', () => {
  let stored: (readonly RefusalCount[])[];
  let isBroken: boolean;
  let counts: RefusalCounts;
  beforeEach(() => {
    [stored, isBroken] = [[], false];
    counts = new RefusalCounts({
      addRefusals(added) {
        if (isBroken) return Promise.reject(new Error('disk full'));
        stored.push(added);
        return Promise.resolve();
      },
    });
  });

  it('are one row for each caller and hour, however many they are', async () => {
    for (let index = 0; index < 1_000; index++) counts.add('a', 5 * HOUR + index);
    counts.add('b', 6 * HOUR - 1);
    counts.add('b', 6 * HOUR);
    await counts.store();
    await counts.store();
    expect(stored).toEqual([
      [
        { caller: 'a', hour: 5 * HOUR, count: 1_000 },
        { caller: 'b', hour: 5 * HOUR, count: 1 },
        { caller: 'b', hour: 6 * HOUR, count: 1 },
      ],
    ]);
  });

  it('are kept while they cannot be stored, together with those that come meanwhile', async () => {
    counts.add('a', 0);
    isBroken = true;
    const storing = counts.store();
    counts.add('a', 1);
    await expect(storing).rejects.toThrow('disk full');
    isBroken = false;
    await counts.store();
    expect(stored).toEqual([[{ caller: 'a', hour: 0, count: 2 }]]);
  });

  it('are stored each second, and a last time when the process ends', async () => {
    const store = await openStore({ databaseUrl: null, file: ':memory:' });
    const clock = manualClock(0);
    const stop = await startHousekeeping({
      store,
      refusals: counts,
      clock,
      onExpired: () => undefined,
      onDropped: () => undefined,
      onFailure: () => undefined,
    });
    counts.add('a', 0);
    clock.advance(1_000);
    await until(() => clock.pauses.filter((ms) => ms === 1_000).length === 2);
    expect(stored).toHaveLength(1);
    counts.add('a', 1);
    await stop();
    await store.close();
    expect(stored).toHaveLength(2);
  });
});
