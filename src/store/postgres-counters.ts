/** Counts sends in PostgreSQL: what is counted at the same time shares one statement. */
import { groupCommit } from './group-commit.js';
import { retryDeadlock } from './pool.js';
import type { Connection } from './postgres-sends.js';
import { SAME_WINDOW_MS, type Count, type Counters, type MadeCount, type Window } from './send-limits.js';

interface CounterRow {
  readonly key: string;
  readonly points: number;
  readonly expire: number;
}

/** What is asked or added for one send. */
interface Asked {
  readonly counts: readonly Count[];
  readonly now: number;
}

const READ = 'SELECT key, points, expire FROM send_counters WHERE key = ANY ($1) AND expire > $2';

/**
 * Each key once, in one order for all instances, so that none of them waits for another that waits for it. What is lost
 * if PostgreSQL itself crashes, the counts of its last second, is worth no flush to disk.
 */
const ADD = `WITH unflushed AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
  INSERT INTO send_counters AS known (key, points, expire)
  SELECT key, points, expire FROM unflushed, unnest($1::text[], $2::int[], $3::bigint[]) AS given (key, points, expire) ORDER BY key
  ON CONFLICT (key) DO UPDATE SET
    points = CASE WHEN known.expire <= $4 THEN excluded.points ELSE known.points + excluded.points END,
    expire = CASE WHEN known.expire <= $4 THEN excluded.expire ELSE known.expire END
  RETURNING key, points, expire`;

const GIVE_BACK = `WITH locked AS (SELECT key FROM send_counters WHERE key = ANY ($1) ORDER BY key FOR UPDATE)
  UPDATE send_counters AS known SET points = known.points - given.points
  FROM unnest($1::text[], $2::int[], $3::bigint[]) AS given (key, points, expire) JOIN locked USING (key)
  WHERE known.key = given.key AND abs(known.expire - given.expire) < ${SAME_WINDOW_MS}`;

/** No error is the fault of one count: keys are digests, and points are few. */
const OPTIONS = { isFaultOfOne: (): boolean => false };

export function countersInPostgres(connection: Connection): Counters {
  const read = groupCommit((asked: readonly Asked[]) => readAll(connection, asked), OPTIONS);
  const add = groupCommit((asked: readonly Asked[]) => addAll(connection, asked), OPTIONS);
  return {
    read: (counts, now) => (counts.length === 0 ? Promise.resolve([]) : read({ counts, now })),
    add: (counts, now) => (counts.length === 0 ? Promise.resolve([]) : add({ counts, now })),
    async giveBack(made) {
      if (made.length === 0) return;
      const values = [
        made.map(({ key }) => key),
        made.map(({ points }) => points),
        made.map(({ window }) => window.endsAt),
      ];
      await retryDeadlock(() => connection.query({ text: GIVE_BACK, values }));
    },
  };
}

async function readAll(connection: Connection, asked: readonly Asked[]): Promise<(readonly (Window | null)[])[]> {
  const keys = [...new Set(asked.flatMap(({ counts }) => counts.map(({ key }) => key)))];
  const now = Math.max(...asked.map((each) => each.now));
  const { rows } = await connection.query<CounterRow>({ name: 'look', text: READ, values: [keys, now] });
  const windows = new Map(rows.map(({ key, points, expire }) => [key, { points, endsAt: expire }]));
  return asked.map(({ counts }) => counts.map(({ key }) => windows.get(key) ?? null));
}

/** Each send gets the windows as they would be if the sends had been counted one after another. */
async function addAll(connection: Connection, asked: readonly Asked[]): Promise<MadeCount[][]> {
  const sums = new Map<string, number>();
  const ends = new Map<string, number>();
  const now = Math.max(...asked.map((each) => each.now));
  for (const { key, points, limit } of asked.flatMap(({ counts }) => counts)) {
    sums.set(key, (sums.get(key) ?? 0) + points);
    ends.set(key, now + limit.windowSeconds * 1000);
  }
  const values = [[...sums.keys()], [...sums.values()], [...ends.values()], now];
  const { rows } = await retryDeadlock(() => connection.query<CounterRow>({ name: 'count', text: ADD, values }));
  const after = new Map(rows.map((row) => [row.key, row]));
  const soFar = new Map([...sums].map(([key, sum]) => [key, (after.get(key)?.points ?? 0) - sum]));
  return asked.map(({ counts }) =>
    counts.map((count) => {
      const sum = (soFar.get(count.key) ?? 0) + count.points;
      soFar.set(count.key, sum);
      return { ...count, window: { points: sum, endsAt: after.get(count.key)?.expire ?? now } };
    }),
  );
}
