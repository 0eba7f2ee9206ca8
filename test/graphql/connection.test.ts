/** Pages of any list, as Relay's specification of cursor connections has them. */
import { ServiceError, type FieldError } from '../../src/errors.js';
import { connectionOf, pageOf, totalOf, type Listed, type PageArgs } from '../../src/graphql/connection.js';
import type { Position, Slice } from '../../src/messaging/ports.js';
import { newRandom } from '../store/sends.js';

const SEED = Number(process.env.PAGE_SEED ?? Math.floor(Math.random() * 1e9));
const LENGTH = 9;

/** A list of numbers, as a store would read it. Every second number is in it, so that a cursor's entry may be gone. */
const positionOf = (time: number): Position => ({ time, sendId: `s${time}` });
const LIST: readonly Listed<number>[] = Array.from({ length: LENGTH }, (_, index) => 2 * index + 2).map((node) => ({
  node,
  position: positionOf(node),
}));
const cursorOf = ({ time, sendId }: Position): string => Buffer.from(`${time}:${sendId}`).toString('base64url');

function newList(): { reads: Slice[]; read: (slice: Slice) => Promise<Listed<number>[]> } {
  const reads: Slice[] = [];
  return {
    reads,
    read: (slice) => {
      reads.push(slice);
      const { limit, after, before, fromEnd } = slice;
      const between = LIST.filter(
        ({ node }) => (after === null || node > after.time) && (before === null || node < before.time),
      );
      return Promise.resolve(fromEnd ? between.slice(-limit) : between.slice(0, limit));
    },
  };
}

/** Relay's algorithm, by its words. Without `first` and `last`, the page holds the first 20. */
function specified({ first, after, last, before }: PageArgs): number[] {
  const place = (cursor: string): number => Number(Buffer.from(cursor, 'base64url').toString().split(':')[0]);
  let edges = LIST.map(({ node }) => node);
  if (after != null) edges = edges.filter((node) => node > place(after));
  if (before != null) edges = edges.filter((node) => node < place(before));
  if (first != null) edges = edges.slice(0, first);
  if (last != null) edges = edges.slice(Math.max(0, edges.length - last));
  return edges;
}

describe('a page', () => {
  it('holds what the specification says, and knows what precedes and what follows it', async () => {
    const random = newRandom(SEED);
    for (let round = 0; round < 2_000; round++) {
      const [low, high] = [random(LENGTH * 2 + 3), random(LENGTH * 2 + 3)].sort((a, b) => a - b) as [number, number];
      const args: PageArgs = {
        ...(random(2) === 0
          ? { first: 1 + random(LENGTH + 2) }
          : random(2) === 0
            ? { last: 1 + random(LENGTH + 2) }
            : {}),
        ...(random(2) === 0 && { after: cursorOf(positionOf(low)) }),
        ...(random(2) === 0 && { before: cursorOf(positionOf(high + 1)) }),
      };
      const { nodes, pageInfo, edges } = await connectionOf(pageOf(args), newList().read);
      const said = `seed ${SEED}: ${JSON.stringify(args)}`;
      const expected = specified(args);
      expect([said, ...nodes]).toEqual([said, ...expected]);
      // An empty page stands where its cursors are.
      const [start, end] = [
        expected[0] ?? (args.before == null ? Infinity : high + 1),
        expected.at(-1) ?? (args.after == null ? 0 : low),
      ];
      expect([said, await pageInfo.hasPreviousPage(), await pageInfo.hasNextPage()]).toEqual([
        said,
        LIST.some(({ node }) => node < start),
        LIST.some(({ node }) => node > end),
      ]);
      expect([pageInfo.startCursor, pageInfo.endCursor]).toEqual([
        edges[0]?.cursor ?? null,
        edges.at(-1)?.cursor ?? null,
      ]);
    }
  });

  it('is read once, and what lies behind a cursor only where it is asked for, once and one entry of it', async () => {
    const list = newList();
    const { pageInfo } = await connectionOf(pageOf({ first: 2, after: cursorOf(positionOf(4)) }), list.read);
    expect(list.reads).toEqual([{ limit: 3, after: positionOf(4), before: null, fromEnd: false }]);
    expect(await pageInfo.hasNextPage()).toBe(true);
    expect(list.reads).toHaveLength(1);
    expect([await pageInfo.hasPreviousPage(), await pageInfo.hasPreviousPage()]).toEqual([true, true]);
    expect(list.reads.slice(1)).toEqual([{ limit: 1, after: null, before: positionOf(6), fromEnd: true }]);
  });

  it('without a cursor looks nothing up', async () => {
    for (const args of [{ first: 2 }, { last: 2 }, {}]) {
      const list = newList();
      const { pageInfo } = await connectionOf(pageOf(args), list.read);
      await Promise.all([pageInfo.hasPreviousPage(), pageInfo.hasNextPage()]);
      expect(list.reads).toHaveLength(1);
    }
  });

  const mistakesIn = (args: PageArgs): (readonly [path: FieldError['path'], code: string])[] => {
    try {
      pageOf(args);
      return [];
    } catch (error) {
      return ((error as ServiceError).fieldErrors ?? []).map(({ path, code }) => [path, code]);
    }
  };

  it.each<[PageArgs, string, string]>([
    [{ first: 0 }, 'first', 'INVALID_PAGE_SIZE'],
    [{ first: 101 }, 'first', 'INVALID_PAGE_SIZE'],
    [{ last: 0 }, 'last', 'INVALID_PAGE_SIZE'],
    [{ last: -1 }, 'last', 'INVALID_PAGE_SIZE'],
    [{ last: 101 }, 'last', 'INVALID_PAGE_SIZE'],
    [{ first: 1, last: 1 }, 'last', 'FIRST_AND_LAST'],
    [{ after: 'zqcanary' }, 'after', 'INVALID_CURSOR'],
    [{ before: 'zqcanary' }, 'before', 'INVALID_CURSOR'],
    [{ last: 1, before: '' }, 'before', 'INVALID_CURSOR'],
  ])('is refused: %j', (args, argument, code) => {
    expect(mistakesIn(args)).toEqual([[[argument], code]]);
  });

  it('of 1 to 100 entries is taken from either end, and of 20 where nothing is said; null says nothing', () => {
    expect([{ first: 1 }, { first: 100 }, { last: 1 }, { last: 100 }].map((args) => pageOf(args).limit)).toEqual([
      1, 100, 1, 100,
    ]);
    expect(pageOf({ first: null, last: null, after: null, before: null })).toEqual({
      limit: 20,
      after: null,
      before: null,
      fromEnd: false,
    });
    expect(pageOf({ first: null, last: 3 })).toMatchObject({ limit: 3, fromEnd: true });
  });
});

describe('a total', () => {
  it.each([
    [0, 0, true],
    [9_999, 9_999, true],
    [10_000, 10_000, true],
    [10_001, 10_000, false],
    [1e9, 10_000, false],
  ])('of %i is %i, and exact: %s; it is counted once, and no further than it must', async (length, total, isExact) => {
    const limits: number[] = [];
    const { totalCount, isTotalCountExact } = totalOf((limit) => {
      limits.push(limit);
      return Promise.resolve(Math.min(length, limit));
    });
    expect(limits).toEqual([]);
    expect([await totalCount(), await isTotalCountExact(), await totalCount()]).toEqual([total, isExact, total]);
    expect(limits).toEqual([10_001]);
  });
});
