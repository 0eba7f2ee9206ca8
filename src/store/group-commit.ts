/**
 * Concurrent writes share one commit.
 *
 * A commit costs one flush to disk however many writes it holds. So while one is under way, the writes that arrive are
 * collected; they are the next one.
 */
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
  /** Called after each commit, with how many writes it had. */
  readonly onCommit?: (writes: number) => void;
  /** Milliseconds that only go forward. */
  readonly now?: () => number;
}

interface Entry<Write, Result> {
  readonly write: Write;
  readonly since: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
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
  { isFaultOfOne, onCommit, now = () => performance.now() }: GroupCommitOptions,
): (write: Write) => Promise<Result> {
  const waiting: Entry<Write, Result>[] = [];
  let isScheduled = false;

  const commitEach = async (entries: readonly Entry<Write, Result>[]): Promise<void> => {
    let results: Result[];
    try {
      results = await commit(entries.map(({ write }) => write));
    } catch (error) {
      if (!isFaultOfOne(error)) throw error;
      if (entries.length === 1) {
        entries[0]?.reject(new WriteError(error));
        return;
      }
      const half = Math.ceil(entries.length / 2);
      await commitEach(entries.slice(0, half));
      await commitEach(entries.slice(half));
      return;
    }
    onCommit?.(entries.length);
    for (const [index, entry] of entries.entries()) entry.resolve(results[index] as Result);
  };
  /** The next batch, without what waited too long: they stand in the order of their arrival. */
  const nextBatch = (): readonly Entry<Write, Result>[] => {
    const firstInTime = waiting.findIndex(({ since }) => now() - since <= MAX_WAIT_MS);
    const late = waiting.splice(0, firstInTime === -1 ? waiting.length : firstInTime);
    for (const { reject } of late) reject(new NotTriedError());
    return waiting.splice(0, MAX_BATCH);
  };
  const commitWaiting = async (): Promise<void> => {
    const entries = nextBatch();
    try {
      if (entries.length > 0) await commitEach(entries);
    } catch (error) {
      // Those that a part of the batch has stored are settled already.
      for (const { reject } of entries) reject(error);
    }
    isScheduled = waiting.length > 0;
    if (isScheduled) setImmediate(() => void commitWaiting());
  };
  return (write) =>
    new Promise((resolve, reject) => {
      if (waiting.length >= MAX_WAITING) {
        reject(new NotTriedError());
        return;
      }
      waiting.push({ write, since: now(), resolve, reject });
      if (isScheduled) return;
      isScheduled = true;
      // One turn of the event loop lets all that was read with it join. It costs nothing when nobody else is there.
      setImmediate(() => void commitWaiting());
    });
}

/** Why one write cannot be stored, although its neighbours can. */
class WriteError extends Error {
  override readonly name = 'WriteError';
  readonly code: unknown;

  constructor(cause: unknown) {
    super('The write cannot be stored.', { cause });
    this.code = (cause as { readonly code?: unknown }).code;
  }
}
