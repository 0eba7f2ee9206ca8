import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { EVERYBODY } from '../../src/messaging/caller.js';
import { startHousekeeping } from '../../src/messaging/housekeeping.js';
import type { DeliveryEvent } from '../../src/messaging/delivery.js';
import type { Clock, DeadLetterPurge, MessageStore } from '../../src/messaging/ports.js';
import { RefusalCounts } from '../../src/messaging/refusal-counts.js';
import { openStore } from '../../src/store/index.js';
import { accepted, newSend } from '../store/sends.js';

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

function delivered(messageId: string): DeliveryEvent {
  const message = { time: 4, owner: null, segmentCount: null, pairedMessageId: null };
  return { messageId, sendId: null, to: null, status: 'DELIVERED', time: 5, errorCode: null, message };
}

describe('housekeeping', () => {
  let store: MessageStore;
  let clock: ReturnType<typeof movableClock>;
  let expired: number[];
  let failures: unknown[];
  let dropped: number[];
  let stop: (() => Promise<void>) | undefined;

  beforeEach(async () => {
    store = await openStore({ databaseUrl: null, file: ':memory:' });
    clock = movableClock();
    [expired, failures, dropped, stop] = [[], [], [], undefined];
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
      onDropped: (count) => dropped.push(count),
      onFailure: (error) => failures.push(error),
    });
  }

  /** The store with `work` in the place of one of its methods. */
  const storeWith = (method: keyof MessageStore, work: unknown): MessageStore =>
    new Proxy(store, {
      get(target, name) {
        const value: unknown = name === method ? work : Reflect.get(target, name);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });

  const sharedStore = (): MessageStore => storeWith('shared', true);

  it('takes every claim for abandoned at the start where no other process shares the store', async () => {
    await store.claim(newSend({ leaseUntilMs: 1_000_000 }));
    await start();
    expect(expired).toEqual([1]);
    expect(await store.unresolvedSends(10, null)).toHaveLength(1);
  });

  it('waits for the lease where other processes may own the claim', async () => {
    await store.claim(newSend({ leaseUntilMs: 7_000 }));
    await start(sharedStore());
    expect(expired).toEqual([]);
    await clock.moveBy(5_000);
    expect(expired).toEqual([]);
    await clock.moveBy(5_000);
    expect(expired).toEqual([1]);
  });

  // 72 hours, and the ten minutes between two purges.
  const RETENTION_MS = 259_200_000;
  const PURGE_EVERY_MS = 600_000;

  it('lets keys go 72 hours after the last change, and not before', async () => {
    const send = newSend({ idempotencyKey: 'k' });
    await store.claim(send);
    await store.record(send.sendId, accepted(), 1);
    await start();
    const claimAgain = async (): Promise<string> => (await store.claim(newSend({ idempotencyKey: 'k' }))).kind;
    await clock.moveBy(RETENTION_MS);
    expect(await claimAgain()).toBe('HELD');
    await clock.moveBy(PURGE_EVERY_MS);
    expect(await claimAgain()).toBe('CLAIMED');
  });

  it('applies events that missed their message', async () => {
    // An event and the answer to its send that were committed in the same moment on two connections.
    const file = join(mkdtempSync(join(tmpdir(), 'catapult-graphql-housekeeping-')), 'messages.sqlite');
    const shared = await openStore({ databaseUrl: null, file });
    const send = newSend();
    const { message } = accepted();
    await shared.claim(send);
    await shared.record(send.sendId, { status: 'ACCEPTED', message }, 1);
    const database = new Database(file);
    const event = JSON.stringify(delivered(message.id));
    database.prepare('INSERT INTO early_events VALUES (?, ?, 1)').run(message.id, event);
    await start(shared);
    expect(await shared.messagesById([message.id], EVERYBODY)).toMatchObject([{ status: 'ACCEPTED' }]);
    await clock.moveBy(5_000);
    expect(await shared.messagesById([message.id], EVERYBODY)).toMatchObject([{ status: 'DELIVERED' }]);
    expect(database.prepare('SELECT * FROM early_events').all()).toEqual([]);
    await stop?.();
    stop = undefined;
    database.close();
    await shared.close();
    rmSync(dirname(file), { recursive: true });
  });

  it('remembers an event whose message is not known for 72 hours, and not for longer', async () => {
    const known = async (id: string): Promise<string | undefined> => {
      const send = newSend();
      await store.claim(send);
      await store.record(send.sendId, accepted({ id }), clock.now());
      return (await store.messagesById([id], EVERYBODY))[0]?.status;
    };
    await store.take({ kind: 'delivery', event: delivered('early') }, 0);
    await store.take({ kind: 'delivery', event: delivered('late') }, 0);
    await start();
    await clock.moveBy(RETENTION_MS);
    expect(await known('early')).toBe('DELIVERED');
    await clock.moveBy(PURGE_EVERY_MS);
    expect(await known('late')).toBe('ACCEPTED');
  });

  it('keeps dead letters for 30 days, and not for longer', async () => {
    const asked: number[][] = [];
    const purge = (before: number, keep: number, limit: number): Promise<DeadLetterPurge> => {
      asked.push([before, keep, limit]);
      return store.purgeDeadLetters(before, keep, limit);
    };
    await store.take({ kind: 'strange', count: 1, body: 'not [JSON' }, 0);
    await start(storeWith('purgeDeadLetters', purge));
    await clock.moveBy(2_592_000_000);
    expect(asked).toEqual([[0, 10_000, 100]]);
    await clock.moveBy(5_000);
    expect(asked.slice(1)).toEqual([
      [5_000, 10_000, 100],
      [5_000, 10_000, 100],
    ]);
    expect(await store.purgeDeadLetters(Number.MAX_SAFE_INTEGER, 0, 10)).toEqual({ expired: 0, crowdedOut: 0 });
    expect(dropped).toEqual([]);
  });

  it('drops the oldest dead letters when too many come, tells how many, and lets sends pass meanwhile', async () => {
    await Promise.all(
      Array.from({ length: 9_000 }, (_, index) => store.take({ kind: 'strange', count: 1, body: 'flood' }, index)),
    );
    await Promise.all(
      Array.from({ length: 9_000 }, (_, index) =>
        store.take({ kind: 'strange', count: 1, body: 'flood' }, 10_000 + index),
      ),
    );
    let purges = 0;
    let purgesBeforeTheSend = 0;
    const purge = (...args: [number, number, number]): Promise<DeadLetterPurge> => {
      purges += 1;
      if (purges === 1) void store.claim(newSend()).then(() => (purgesBeforeTheSend = purges));
      return store.purgeDeadLetters(...args);
    };
    await start(storeWith('purgeDeadLetters', purge));
    await clock.moveBy(5_000);
    while (dropped.length === 0) await new Promise(setImmediate);
    expect(dropped).toEqual([8_000]);
    expect(purges).toBe(81);
    expect(purgesBeforeTheSend).toBeGreaterThan(0);
    expect(purgesBeforeTheSend).toBeLessThan(10);
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
    await store.claim(newSend({ leaseUntilMs: 1_000 }));
    await start(failing);
    broken = true;
    await clock.moveBy(5_000);
    expect(failures).toHaveLength(1);
    broken = false;
    await clock.moveBy(5_000);
    expect(expired).toEqual([1]);
  });
});
