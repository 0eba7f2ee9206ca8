/**
 * Concurrent writes share one commit.
 *
 * A commit costs one flush to disk however many writes it holds. So while one is under way, the writes that arrive are
 * collected; they are the next one. DataLoader does the collecting: without its cache, and with a schedule of its own,
 * it is a queue that hands over what has come together and gives each caller its own result.
 */
import DataLoader from 'dataloader';

/** Writes in one commit. More would make the first of them wait for a flush that takes too long. */
const MAX_BATCH = 256;

/**
 * A function that stores one write and resolves once its commit is on disk. `commit` takes a batch in the order of
 * arrival and answers each write in the same order; when it rejects, all writes of the batch reject, and the next batch
 * is tried anew. Batches never overlap.
 */
export function groupCommit<Write, Result>(
  commit: (writes: readonly Write[]) => Promise<Result[]>,
): (write: Write) => Promise<Result> {
  let underWay: Promise<unknown> = Promise.resolve();
  const queue = new DataLoader<Write, Result>(
    (writes) => {
      const committed = underWay.then(() => commit(writes));
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
  return (write) => queue.load(write);
}
