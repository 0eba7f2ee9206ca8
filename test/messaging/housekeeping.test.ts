import { KEY_RETENTION_MS, startHousekeeping } from '../../src/messaging/housekeeping.js';
import type { Clock, MessageStore } from '../../src/messaging/ports.js';
import { RefusalCounts } from '../../src/messaging/refusal-counts.js';
import { openStore } from '../../src/store/index.js';
import { accepted, newSend } from '../store/conformance.js';

/** A clock that the test moves: whoever sleeps until then wakes. */
function movableClock(): Clock & { moveBy: (ms: number) => Promise<void> } {
  let now = 0;
  let sleepers: { until: number; wake: () => void }[] = [];
  return {
    now: () => now,
    sleep: (delayMs, signal) =>
      new Promise((resolve) => {
        sleepers.push({ until: now + delayMs, wake: resolve });
        signal?.addEventListener('abort', () => {
          resolve();
        });
      }),
    async moveBy(ms) {
      now += ms;
      const due = sleepers.filter(({ until }) => until <= now);
      sleepers = sleepers.filter(({ until }) => until > now);
      for (const { wake } of due) wake();
      for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    },
  };
}

describe('housekeeping', () => {
  let store: MessageStore;
  let clock: ReturnType<typeof movableClock>;
  let expired: number[];
  let failures: unknown[];
  let stop: (() => Promise<void>) | undefined;

  beforeEach(async () => {
    store = await openStore({ databaseUrl: null, file: ':memory:' });
    clock = movableClock();
    [expired, failures, stop] = [[], [], undefined];
  });
  afterEach(async () => {
    await stop?.();
    await store.close();
  });

  async function start(of: MessageStore = store): Promise<void> {
    stop = await startHousekeeping({
      store: of,
      refusals: new RefusalCounts(of),
      clock,
      onExpired: (count) => expired.push(count),
      onFailure: (error) => failures.push(error),
    });
  }

  const sharedStore = (): MessageStore =>
    new Proxy(store, {
      get(target, name) {
        const value: unknown = name === 'shared' ? true : Reflect.get(target, name);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });

  it('takes every claim for abandoned at the start where no other process shares the store', async () => {
    await store.claim(newSend({ leaseUntil: 1_000_000 }));
    await start();
    expect(expired).toEqual([1]);
    expect(await store.unresolvedSends(10, null)).toHaveLength(1);
  });

  it('waits for the lease where other processes may own the claim', async () => {
    await store.claim(newSend({ leaseUntil: 7_000 }));
    await start(sharedStore());
    expect(expired).toEqual([]);
    await clock.moveBy(5_000);
    expect(expired).toEqual([]);
    await clock.moveBy(5_000);
    expect(expired).toEqual([1]);
  });

  it('lets keys go 72 hours after the last change, and not before', async () => {
    const send = newSend({ idempotencyKey: 'k' });
    await store.claim(send);
    await store.record(send.sendId, accepted(), 1);
    await start();
    const claimAgain = async (): Promise<string> => (await store.claim(newSend({ idempotencyKey: 'k' }))).kind;
    await clock.moveBy(KEY_RETENTION_MS);
    expect(await claimAgain()).toBe('HELD');
    await clock.moveBy(600_000);
    expect(await claimAgain()).toBe('CLAIMED');
  });

  it('goes on after a failure, and tells of it', async () => {
    let broken = true;
    const failing = new Proxy(sharedStore(), {
      get(target, name) {
        if (name === 'expireLeases' && broken) return () => Promise.reject(new Error('gone'));
        return Reflect.get(target, name) as unknown;
      },
    });
    await expect(start(failing)).rejects.toThrow('gone');
    broken = false;
    await store.claim(newSend({ leaseUntil: 1_000 }));
    await start(failing);
    broken = true;
    await clock.moveBy(5_000);
    expect(failures).toHaveLength(1);
    broken = false;
    await clock.moveBy(5_000);
    expect(expired).toEqual([1]);
  });
});
