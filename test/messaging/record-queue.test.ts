/** What waits to be stored, with a store that fails when the test says so. */
import type { NewSend, Resolution } from '../../src/messaging/ports.js';
import { MAX_WAITING, RecordQueue, type RecordFailure } from '../../src/messaging/record-queue.js';
import { accepted, newSend, REJECTED } from '../store/sends.js';
import { manualClock, type ManualClock } from '../support/clock.js';
import { quiet } from '../support/waiting.js';

describe('the queue of outcomes', () => {
  let clock: ManualClock;
  let broken: Set<string>;
  let recorded: [sendId: string, status: string, now: number][];
  let abandoned: [sendIds: string[], now: number][];
  let failures: (RecordFailure & { error: unknown })[];
  let rounds: unknown[];
  let queue: RecordQueue;

  beforeEach(() => {
    [recorded, abandoned, failures, rounds] = [[], [], [], []];
    clock = manualClock();
    broken = new Set();
    queue = new RecordQueue({
      store: {
        record(sendId: string, { status }: Resolution, now: number) {
          if (broken.has(sendId)) return Promise.reject(new Error(`${sendId} is broken`));
          recorded.push([sendId, status, now]);
          return Promise.resolve();
        },
        abandon(sends: readonly NewSend[], now: number) {
          abandoned.push([sends.map(({ sendId }) => sendId), now]);
          return broken.has('claims') ? Promise.reject(new Error('claims are broken')) : Promise.resolve();
        },
      },
      clock: { ...clock, now: () => 1_000 + clock.pauses.length },
      observer: {
        onRecordFailure: (failure, error) => failures.push({ ...failure, error: (error as Error).message }),
        onStillWaiting: (waiting, error) => rounds.push({ ...waiting, error: (error as Error).message }),
      },
    });
  });

  /** Ends the pause before the next round. */
  async function pass(): Promise<void> {
    clock.wake();
    await quiet();
  }

  it('stores at once, by the clock of now, and says so', async () => {
    expect(await queue.record('a', { status: 'UNKNOWN' })).toBe(true);
    expect(recorded).toEqual([['a', 'UNKNOWN', 1_000]]);
    expect([clock.pauses, failures, rounds]).toEqual([[], [], []]);
  });

  it('reports once an outcome that cannot be stored, with Catapult’s id if there is one', async () => {
    broken = new Set(['a', 'b', 'c', 'd']);
    const acceptedOne = accepted({ id: 'm1' });
    void queue.record('a', acceptedOne);
    void queue.record('b', { status: 'ACCEPTED', message: null });
    void queue.record('c', REJECTED);
    void queue.record('d', { status: 'UNKNOWN' });
    await quiet();
    await pass();
    expect(failures).toEqual([
      { sendId: 'a', status: 'ACCEPTED', messageId: 'm1', isLost: false, error: 'a is broken' },
      { sendId: 'b', status: 'ACCEPTED', messageId: null, isLost: false, error: 'b is broken' },
      { sendId: 'c', status: 'REJECTED', messageId: null, isLost: false, error: 'c is broken' },
      { sendId: 'd', status: 'UNKNOWN', messageId: null, isLost: false, error: 'd is broken' },
    ]);
  });

  it('tries again after pauses that double up to two seconds, and start short again at the next trouble', async () => {
    broken.add('a');
    const storing = queue.record('a', { status: 'UNKNOWN' });
    await quiet();
    for (let round = 0; round < 8; round++) await pass();
    expect(clock.pauses).toEqual([50, 100, 200, 400, 800, 1_600, 2_000, 2_000, 2_000]);
    broken.clear();
    await pass();
    expect(await storing).toBe(true);
    expect(recorded).toEqual([['a', 'UNKNOWN', 1_009]]);
    await pass();
    broken.add('b');
    void queue.record('b', { status: 'UNKNOWN' });
    await quiet();
    expect(clock.pauses.slice(9)).toEqual([50]);
  });

  it('stores in a round what it can, and keeps the rest', async () => {
    broken = new Set(['a', 'b']);
    const [storingA, storingB] = [queue.record('a', { status: 'UNKNOWN' }), queue.record('b', { status: 'UNKNOWN' })];
    await quiet();
    broken.delete('b');
    await pass();
    expect(await storingB).toBe(true);
    expect(rounds).toEqual([{ outcomes: 1, claims: 0, error: 'a is broken' }]);
    broken.delete('a');
    await pass();
    expect(await storingA).toBe(true);
    expect(recorded.map(([sendId]) => sendId)).toEqual(['b', 'a']);
  });

  it('takes into the next round what comes during a pause', async () => {
    broken = new Set(['a', 'b', 'claims']);
    void queue.record('a', { status: 'UNKNOWN' });
    await quiet();
    void queue.record('b', { status: 'UNKNOWN' });
    queue.abandon(newSend({ sendId: 'c' }));
    await quiet();
    expect(clock.pauses).toEqual([50]);
    await pass();
    expect(rounds).toEqual([{ outcomes: 2, claims: 1, error: 'a is broken' }]);
  });

  it('ends all claims together, once, and not before a pause', async () => {
    for (const sendId of ['a', 'b']) queue.abandon(newSend({ sendId }));
    await quiet();
    expect(abandoned).toEqual([]);
    await pass();
    expect(abandoned).toEqual([[['a', 'b'], 1_001]]);
    await pass();
    expect(abandoned).toHaveLength(1);
    expect(rounds).toEqual([]);
  });

  it('keeps claims that could not be ended, and asks the store for none when none wait', async () => {
    broken = new Set(['claims', 'x']);
    queue.abandon(newSend({ sendId: 'a' }));
    await pass();
    expect(rounds).toEqual([{ outcomes: 0, claims: 1, error: 'claims are broken' }]);
    broken.delete('claims');
    await pass();
    expect(abandoned.map(([sendIds]) => sendIds)).toEqual([['a'], ['a']]);
    void queue.record('x', { status: 'UNKNOWN' });
    await quiet();
    await pass();
    expect(abandoned).toHaveLength(2);
  });

  it('is full when 10,000 outcomes and claims wait', async () => {
    expect(MAX_WAITING).toBe(10_000);
    broken.add('a');
    void queue.record('a', { status: 'UNKNOWN' });
    await quiet();
    for (let index = 0; index < 9_998; index++) queue.abandon(newSend());
    expect(queue.isFull).toBe(false);
    queue.abandon(newSend());
    expect(queue.isFull).toBe(true);
    broken.clear();
    await pass();
    expect(queue.isFull).toBe(false);
  });

  describe('when the process ends', () => {
    it('waits for what is being stored the first time', async () => {
      let store = (): void => undefined;
      const slow = new RecordQueue({
        store: {
          record: () =>
            new Promise((resolve) => {
              store = resolve;
            }),
          abandon: () => Promise.resolve(),
        },
        clock: { now: () => 0, sleep: () => Promise.resolve() },
        observer: { onRecordFailure: () => undefined, onStillWaiting: () => undefined },
      });
      const storing = slow.record('a', { status: 'UNKNOWN' });
      let isClosed = false;
      const closing = slow.close().then(() => (isClosed = true));
      await quiet();
      expect(isClosed).toBe(false);
      store();
      expect(await storing).toBe(true);
      await closing;
    });

    it('tries a last time, at once', async () => {
      broken = new Set(['a', 'claims']);
      const storing = queue.record('a', { status: 'UNKNOWN' });
      queue.abandon(newSend({ sendId: 'c' }));
      await quiet();
      broken.clear();
      await queue.close();
      expect(await storing).toBe(true);
      expect(recorded.map(([sendId]) => sendId)).toEqual(['a']);
      expect(abandoned.map(([sendIds]) => sendIds)).toEqual([['c']]);
      expect(failures).toHaveLength(1);
      expect(rounds).toEqual([]);
    });

    it('reports once more what the last try could not store, and stops trying', async () => {
      broken = new Set(['a', 'claims']);
      const storing = queue.record('a', accepted({ id: 'm1' }));
      queue.abandon(newSend({ sendId: 'c' }));
      await quiet();
      await queue.close();
      expect(await storing).toBe(false);
      const failure = { sendId: 'a', status: 'ACCEPTED', messageId: 'm1', isLost: false, error: 'a is broken' };
      expect(failures).toEqual([failure, { ...failure, isLost: true }]);
      expect([rounds, abandoned.length, clock.pauses.length, queue.isFull]).toEqual([[], 1, 1, false]);
    });

    it('closes at once when nothing waits', async () => {
      await queue.close();
      expect(clock.pauses).toEqual([]);
    });
  });
});
