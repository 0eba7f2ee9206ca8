/** Which writes a group commit takes, splits and refuses, each rule at its edge. */
import { NotTriedError } from '../../src/messaging/ports.js';
import { groupCommit } from '../../src/store/group-commit.js';
import { quiet } from '../support/waiting.js';

const kindOf = (error: unknown): string => (error instanceof NotTriedError ? 'not tried' : String(error));

describe('the queue of a group commit', () => {
  let now: number;
  let batches: number[][];
  /** What a commit does once it may. */
  let answer: (writes: readonly number[]) => Promise<string[]>;
  let free: Promise<void>;
  let letGo: () => void;
  let isFaultOfOne: (error: unknown) => boolean;
  let write: (each: number) => Promise<string>;

  beforeEach(() => {
    [now, batches] = [0, []];
    answer = (writes) => Promise.resolve(writes.map((each) => `stored ${each}`));
    isFaultOfOne = () => false;
    [free, letGo] = [Promise.resolve(), () => undefined];
    write = groupCommit<number, string>(
      async (writes) => {
        batches.push([...writes]);
        await free;
        return answer(writes);
      },
      { isFaultOfOne: (error) => isFaultOfOne(error), now: () => now },
    );
  });

  /** Holds every commit back until `letGo`. */
  function hold(): void {
    free = new Promise((resolve) => {
      letGo = resolve;
    });
  }

  it('takes what waited five seconds, and refuses what waited a millisecond longer', async () => {
    hold();
    const first = write(0);
    await quiet();
    const longer = write(1).catch(kindOf);
    now = 1;
    const long = write(2);
    now = 5_001;
    letGo();
    expect(await Promise.all([first, longer, long])).toEqual(['stored 0', 'not tried', 'stored 2']);
    expect(batches).toEqual([[0], [2]]);
  });

  it('makes no commit when all that waited are too late', async () => {
    hold();
    const first = write(0);
    await quiet();
    const late = [write(1), write(2)].map((each) => each.catch(kindOf));
    now = 5_001;
    letGo();
    expect(await first).toBe('stored 0');
    expect(await Promise.all(late)).toEqual(['not tried', 'not tried']);
    expect(batches).toEqual([[0]]);
    expect(await write(3)).toBe('stored 3');
  });

  it('has room for ten thousand, and for as many again once those are stored', async () => {
    for (let round = 0; round < 2; round++) {
      hold();
      const first = write(0);
      await quiet();
      const crowd = Array.from({ length: 10_000 }, (_, index) => write(index + 1));
      expect(await write(-1).catch(kindOf)).toBe('not tried');
      letGo();
      await first;
      expect(await Promise.all(crowd)).toHaveLength(10_000);
    }
  });

  it('commits at most 256 at once', async () => {
    await Promise.all(Array.from({ length: 600 }, (_, index) => write(index)));
    expect(batches.map(({ length }) => length)).toEqual([256, 256, 88]);
  });

  it('splits a batch in two until the write that cannot be stored is alone, and keeps the order', async () => {
    isFaultOfOne = (error) => error instanceof RangeError;
    answer = (writes) =>
      writes.includes(2)
        ? Promise.reject(new RangeError('poison'))
        : Promise.resolve(writes.map((each) => `stored ${each}`));
    const results = await Promise.allSettled([0, 1, 2, 3, 4].map(write));
    expect(batches).toEqual([[0, 1, 2, 3, 4], [0, 1, 2], [0, 1], [2], [3, 4]]);
    expect(results.map((each) => (each.status === 'fulfilled' ? each.value : String(each.reason)))).toEqual([
      'stored 0',
      'stored 1',
      'WriteError: The write cannot be stored.',
      'stored 3',
      'stored 4',
    ]);
  });

  it('does not split a batch that failed as a whole, and goes on with the next', async () => {
    answer = () => Promise.reject(new Error('disk full'));
    const failed = await Promise.all([0, 1].map((each) => write(each).catch(kindOf)));
    expect(failed).toEqual(['Error: disk full', 'Error: disk full']);
    expect(batches).toEqual([[0, 1]]);
    answer = (writes) => Promise.resolve(writes.map((each) => `stored ${each}`));
    expect(await write(2)).toBe('stored 2');
  });

  it('includes writes that come in the turn in which a commit ends', async () => {
    hold();
    const first = write(0);
    await quiet();
    const waiting = write(1);
    const joining = first.then(() => write(2));
    letGo();
    expect(await Promise.all([waiting, joining])).toEqual(['stored 1', 'stored 2']);
    expect(batches).toEqual([[0], [1, 2]]);
  });

  it('measures time by default with a clock that only goes forward', async () => {
    const plain = groupCommit<number, number>((writes) => Promise.resolve([...writes]), { isFaultOfOne: () => false });
    expect(await plain(7)).toBe(7);
  });
});
