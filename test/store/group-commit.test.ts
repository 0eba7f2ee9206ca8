/** Writes that come at the same time share one commit. */
import { runInNewContext } from 'node:vm';
import { NotTriedError } from '../../src/messaging/ports.js';
import { groupCommit } from '../../src/store/group-commit.js';
import { quiet } from '../support/waiting.js';

/** A commit under the test's control: it notes its batches and ends when told. */
function manualCommit(): {
  commit: (writes: readonly number[]) => Promise<string[]>;
  batches: number[][];
  end: (error?: Error) => void;
} {
  const batches: number[][] = [];
  let settle: ((error?: Error) => void)[] = [];
  return {
    batches,
    commit: (writes) =>
      new Promise((resolve, reject) => {
        batches.push([...writes]);
        settle.push((error) => {
          if (error) reject(error);
          else resolve(writes.map((write) => `stored ${write}`));
        });
      }),
    end(error) {
      const ended = settle;
      settle = [];
      for (const each of ended) each(error);
    },
  };
}

const OPTIONS = { isFaultOfOne: (error: unknown): boolean => error instanceof RangeError };

describe('a group commit', () => {
  it('stores the neighbours of a write that cannot be stored, and rejects only that one', async () => {
    const batches: number[][] = [];
    const write = groupCommit<number, string>((writes) => {
      batches.push([...writes]);
      if (writes.some((each) => each % 10 === 7)) return Promise.reject(new RangeError('poison'));
      return Promise.resolve(writes.map((each) => `stored ${each}`));
    }, OPTIONS);
    const results = await Promise.allSettled(Array.from({ length: 30 }, (_, index) => write(index)));
    const rejected = results.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []));
    expect(rejected).toEqual([7, 17, 27]);
    expect(results[7]).toMatchObject({ reason: { name: 'WriteError', cause: { message: 'poison' } } });
    expect(results[8]).toEqual({ status: 'fulfilled', value: 'stored 8' });
    // Split in halves, not tried one by one.
    expect(batches.length).toBeLessThan(30);
  });

  it('also rejects with an error that is no Error here, such as one of a native module', async () => {
    const foreign = runInNewContext('Object.assign(new Error("poison"), { code: "FOREIGN" })') as Error;
    expect(foreign).not.toBeInstanceOf(Error);
    const write = groupCommit<number, string>(() => Promise.reject(foreign), { isFaultOfOne: () => true });
    await expect(write(1)).rejects.toMatchObject({ name: 'WriteError', code: 'FOREIGN' });
  });

  it('rejects without a try what waited too long, and what comes when too many wait', async () => {
    const { commit, batches, end } = manualCommit();
    let now = 0;
    const write = groupCommit(commit, { ...OPTIONS, now: () => now });
    const first = write(0);
    await quiet();
    const late = write(1);
    now = 5_001;
    const fresh = write(2);
    const rejections: unknown[] = [];
    const crowd = Array.from({ length: 10_000 }, (_, index) =>
      write(100 + index).catch((error: unknown) => rejections.push(error)),
    );
    end();
    expect(await first).toBe('stored 0');
    const interval = setInterval(end);
    await expect(late).rejects.toThrow(NotTriedError);
    expect(await fresh).toBe('stored 2');
    await Promise.all(crowd);
    clearInterval(interval);
    expect(batches.flat()).not.toContain(1);
    expect(rejections.length).toBe(2);
    expect(rejections.every((error) => error instanceof NotTriedError)).toBe(true);
  });

  it('stores writes that come together in one batch, and gives each its own result', async () => {
    const { commit, batches, end } = manualCommit();
    const write = groupCommit(commit, OPTIONS);
    const results = Promise.all([write(1), write(2), write(2), write(3)]);
    await quiet();
    end();
    expect(await results).toEqual(['stored 1', 'stored 2', 'stored 2', 'stored 3']);
    expect(batches).toEqual([[1, 2, 2, 3]]);
  });

  it('collects all that comes while a commit is under way into the next one', async () => {
    const { commit, batches, end } = manualCommit();
    const write = groupCommit(commit, OPTIONS);
    const results = [write(0)];
    await quiet();
    for (let index = 1; index <= 100; index++) {
      results.push(write(index));
      if (index % 10 === 0) await quiet();
    }
    expect(batches).toEqual([[0]]);
    end();
    await quiet();
    end();
    await Promise.all(results);
    expect(batches).toHaveLength(2);
    expect(batches[1]).toHaveLength(100);
  });

  it('rejects every write of a commit that failed, and stores the next', async () => {
    const { commit, end } = manualCommit();
    const write = groupCommit(commit, OPTIONS);
    const failed = Promise.allSettled([write(1), write(2)]);
    await quiet();
    end(new Error('disk full'));
    expect((await failed).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const stored = write(3);
    await quiet();
    end();
    expect(await stored).toBe('stored 3');
  });

  it('never has two commits under way, even when a batch is full', async () => {
    let underWay = 0;
    let most = 0;
    const sizes: number[] = [];
    const write = groupCommit<number, number>(async (writes) => {
      underWay += 1;
      most = Math.max(most, underWay);
      sizes.push(writes.length);
      await quiet();
      underWay -= 1;
      return [...writes];
    }, OPTIONS);
    const writes = Array.from({ length: 1_000 }, (_, index) => index);
    expect(await Promise.all(writes.map(write))).toEqual(writes);
    expect(most).toBe(1);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(256);
  });
});
