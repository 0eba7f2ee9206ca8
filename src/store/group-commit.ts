/**
 * Concurrent writes share one commit.
 *
 * A commit costs one flush to disk however many writes it holds. So while one is under way, the writes that arrive are
 * collected; they are the next one. DataLoader does the collecting: without its cache, and with a schedule of its own,
 * it is a queue that hands over what has come together and gives each caller its own result.
 */
import DataLoader from 'dataloader';
import { NotTriedError } from '../messaging/ports.js';

/** Writes in one commit. More would make the first of them wait for a flush that takes too long. */
const MAX_BATCH = 256;
/** Writes that wait. With more, the database must be away: a new one is refused at once. */
const MAX_WAITING = 10_000;
/** A write that waited longer is refused, rather than after another commit that fails: its caller has given up. */
const MAX_WAIT_MS = 5_000;

export interface GroupCommitOptions {
  /** Whether an error may be the fault of one write, so that the others can be stored without it. */
  readonly isFaultOfOne: (error: unknown) => boolean;
  /** Milliseconds that only go forward. */
  readonly now?: () => number;
}

/**
 * A function that stores one write and resolves once its commit is on disk. `commit` takes a batch in the order of
 * arrival and answers each write in the same order. When it rejects because of one of them, the batch is split until
 * that one is alone; otherwise all writes of the batch reject, and the next batch is tried. Batches never overlap.
 *
 * The function rejects with a NotTriedError when the write waited too long, or too many wait: then it did not happen.
 */
export function groupCommit<Write, Result>(
  commit: (writes: readonly Write[]) => Promise<Result[]>,
  { isFaultOfOne, now = () => performance.now() }: GroupCommitOptions,
): (write: Write) => Promise<Result> {
  let underWay: Promise<unknown> = Promise.resolve();
  let waiting = 0;

  const commitEach = async (writes: readonly Write[]): Promise<(Result | Error)[]> => {
    try {
      return await commit(writes);
    } catch (error) {
      if (!isFaultOfOne(error)) throw error;
      if (writes.length === 1) return [new WriteError(error)];
      const half = Math.ceil(writes.length / 2);
      return [...(await commitEach(writes.slice(0, half))), ...(await commitEach(writes.slice(half)))];
    }
  };
  const commitWaiting = async (entries: readonly Entry<Write>[]): Promise<(Result | Error)[]> => {
    waiting -= entries.length;
    const isLate = ({ since }: Entry<Write>): boolean => now() - since > MAX_WAIT_MS;
    const inTime = entries.filter((entry) => !isLate(entry));
    const results = inTime.length === 0 ? [] : await commitEach(inTime.map(({ write }) => write));
    const resultOf = new Map(inTime.map((entry, index) => [entry, results[index] as Result | Error]));
    return entries.map((entry) => (resultOf.has(entry) ? (resultOf.get(entry) as Result) : new NotTriedError()));
  };
  const queue = new DataLoader<Entry<Write>, Result>(
    (entries) => {
      const committed = underWay.then(() => commitWaiting(entries));
      underWay = committed.catch(() => undefined);
      return committed;
    },
    {
      cache: false,
      maxBatchSize: MAX_BATCH,
      // After the commit under way, one turn of the event loop lets all that was read meanwhile join.
      batchScheduleFn: (dispatch) => void underWay.then(() => setImmediate(dispatch)),
    },
  );
  return (write) => {
    if (waiting >= MAX_WAITING) return Promise.reject(new NotTriedError());
    waiting += 1;
    return queue.load({ write, since: now() });
  };
}

/**
 * Why one write could not be stored. A class of our own: DataLoader takes for a result whatever is not an Error of this
 * realm, and a native driver's errors may not be.
 */
class WriteError extends Error {
  override readonly name = 'WriteError';
  readonly code: unknown;

  constructor(cause: unknown) {
    super('The write cannot be stored.', { cause });
    this.code = (cause as { readonly code?: unknown }).code;
  }
}

interface Entry<Write> {
  readonly write: Write;
  readonly since: number;
}
