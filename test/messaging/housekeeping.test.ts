/** What housekeeping ends, applies and lets go, and when. */
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { EVERYBODY } from '../../src/messaging/caller.js';
import { startFiling, startHousekeeping } from '../../src/messaging/housekeeping.js';
import type { DeliveryEvent } from '../../src/messaging/delivery.js';
import type { DeadLetterPurge, MessageStore } from '../../src/messaging/ports.js';
import { RefusalCounts } from '../../src/messaging/refusal-counts.js';
import { openStore } from '../../src/store/index.js';
import { accepted, newSend } from '../store/sends.js';
import { manualClock, type ManualClock } from '../support/clock.js';
import { quiet, until } from '../support/waiting.js';
import { replacing } from '../support/replacing.js';
import { makeFolder, removeFolder } from '../support/folder.js';

function delivered(messageId: string): DeliveryEvent {
  const message = { time: 4, owner: null, segmentCount: null, pairedMessageId: null };
  return { messageId, sendId: null, to: null, status: 'DELIVERED', time: 5, errorCode: null, message };
}

describe('housekeeping', () => {
  let store: MessageStore;
  let clock: ManualClock;
  let expired: number[];
  let failures: unknown[];
  let dropped: number[];
  let filed: unknown[];
  let stop: (() => Promise<void>) | undefined;

  beforeEach(async () => {
    store = await openStore({ databaseUrl: null, file: ':memory:' });
    clock = manualClock(0);
    [expired, failures, dropped, filed, stop] = [[], [], [], [], undefined];
  });
  afterEach(async () => {
    await stop?.();
    await store.close();
  });

  /** Lets time pass, and housekeeping do what it then does. */
  async function pass(ms: number): Promise<void> {
    clock.advance(ms);
    await quiet();
  }

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

  const sharedStore = (): MessageStore => replacing(store, { shared: true });

  it('takes every claim for abandoned at the start when no other process shares the store', async () => {
    await store.claim(newSend({ leaseUntilMs: 1_000_000 }));
    await start();
    expect(expired).toEqual([1]);
    expect(await store.unresolvedSends(10, null)).toHaveLength(1);
  });

  it('waits for the end of the lease when other processes may own the claim', async () => {
    await store.claim(newSend({ leaseUntilMs: 7_000 }));
    await start(sharedStore());
    expect(expired).toEqual([]);
    await pass(5_000);
    expect(expired).toEqual([]);
    await pass(5_000);
    expect(expired).toEqual([1]);
  });

  // 72 hours, and the ten minutes between two purges.
  const RETENTION_MS = 259_200_000;
  const PURGE_EVERY_MS = 600_000;

  it('frees keys 72 hours after the last change, and not before', async () => {
    const send = newSend({ idempotencyKey: 'k' });
    await store.claim(send);
    await store.record(send.sendId, accepted(), 1);
    await start();
    const claimAgain = async (): Promise<string> => (await store.claim(newSend({ idempotencyKey: 'k' }))).kind;
    await pass(RETENTION_MS);
    expect(await claimAgain()).toBe('HELD');
    await pass(PURGE_EVERY_MS);
    expect(await claimAgain()).toBe('CLAIMED');
  });

  it('puts the messages of an earlier version into their conversations, in small steps with pauses, and tells how far it is', async () => {
    let left = 850;
    const steps: number[] = [];
    const unfiled = replacing(store, {
      fileMessages(limit: number) {
        const some = Math.min(limit, left);
        left -= some;
        if (some > 0) steps.push(some);
        return Promise.resolve(some);
      },
      countUnfiled: () => Promise.resolve(left),
    });
    stop = startFiling({
      store: unfiled,
      clock,
      onFiled: (progress) => filed.push(progress),
      onFailure: (error) => failures.push(error),
    });
    await pass(5_000);
    expect(steps).toEqual([200]);
    await pass(10_000);
    // 400 took the ten seconds until the second step.
    expect(filed).toEqual([{ filed: 400, of: 850, leftMs: 11_250 }]);
    for (let step = 0; step < 4; step++) await pass(5);
    expect(steps).toEqual([200, 200, 200, 200, 50]);
    expect(filed.at(-1)).toEqual({ filed: 850, of: 850, leftMs: 0 });
    await pass(60_000);
    expect(filed).toHaveLength(2);
  });

  it('applies events that were stored at the same moment as their message', async () => {
    // An event and the answer to its send that were committed in the same moment on two connections.
    const file = join(makeFolder(), 'messages.sqlite');
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
    await pass(5_000);
    expect(await shared.messagesById([message.id], EVERYBODY)).toMatchObject([{ status: 'DELIVERED' }]);
    expect(database.prepare('SELECT * FROM early_events').all()).toEqual([]);
    await stop?.();
    stop = undefined;
    database.close();
    await shared.close();
    removeFolder(dirname(file));
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
    await pass(RETENTION_MS);
    expect(await known('early')).toBe('DELIVERED');
    await pass(PURGE_EVERY_MS);
    expect(await known('late')).toBe('ACCEPTED');
  });

  it('keeps dead letters for 30 days, and not for longer', async () => {
    const asked: number[][] = [];
    const purge = (before: number, keep: number, limit: number): Promise<DeadLetterPurge> => {
      asked.push([before, keep, limit]);
      return store.purgeDeadLetters(before, keep, limit);
    };
    await store.take({ kind: 'strange', count: 1, body: 'not [JSON' }, 0);
    await start(replacing(store, { purgeDeadLetters: purge }));
    await pass(2_592_000_000);
    expect(asked).toEqual([[0, 10_000, 100]]);
    await pass(5_000);
    expect(asked.slice(1)).toEqual([
      [5_000, 10_000, 100],
      [5_000, 10_000, 100],
    ]);
    expect(await store.purgeDeadLetters(Number.MAX_SAFE_INTEGER, 0, 10)).toEqual({ expired: 0, crowdedOut: 0 });
    expect(dropped).toEqual([]);
  });

  it('drops the oldest dead letters when too many come, reports how many, and does not hold up sends', async () => {
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
    await start(replacing(store, { purgeDeadLetters: purge }));
    await pass(5_000);
    await until(() => dropped.length > 0);
    expect(dropped).toEqual([8_000]);
    expect(purges).toBe(81);
    expect(purgesBeforeTheSend).toBeGreaterThan(0);
    expect(purgesBeforeTheSend).toBeLessThan(10);
  });

  it('goes on after a failure, and reports it', async () => {
    let broken = true;
    const failing = replacing(sharedStore(), {
      expireLeases: (now) => (broken ? Promise.reject(new Error('gone')) : store.expireLeases(now)),
    });
    await expect(start(failing)).rejects.toThrow('gone');
    broken = false;
    await store.claim(newSend({ leaseUntilMs: 1_000 }));
    await start(failing);
    broken = true;
    await pass(5_000);
    expect(failures).toHaveLength(1);
    broken = false;
    await pass(5_000);
    expect(expired).toEqual([1]);
  });
});
