/** Counts sends: in memory for one instance, in PostgreSQL where several share one database. */
import { createHash } from 'node:crypto';
import {
  RateLimiterMemory,
  RateLimiterPostgres,
  RateLimiterRes,
  type RateLimiterAbstract,
} from 'rate-limiter-flexible';
import type { Counted, Limit, Refused, Room, SendLimits } from '../messaging/ports.js';
import type { PoolShare } from './pool.js';

/** The table is made with the store's others, since two instances that make it at once would collide. */
const TABLE = { tableName: 'send_counters', tableCreated: true };

export interface LimitsOfSends {
  readonly perCaller: readonly Limit[];
  /** By caller and recipient: what one caller sends to a number does not count for another. */
  readonly perRecipient: readonly Limit[];
  /** By recipient, for all callers together. */
  readonly perRecipientOverall: readonly Limit[];
}

interface Counter {
  readonly limiter: RateLimiterAbstract;
  readonly limit: Limit;
  /** Takes points out of the window that ends then (milliseconds since 1970), and of no other: they are not in it. */
  giveBack(key: string, points: number, windowEndsAt: number): Promise<unknown>;
}

/** What a send adds to a counter. */
interface Count {
  readonly counter: Counter;
  readonly key: string;
  readonly points: number;
}

/** Counts sends: in PostgreSQL by these connections, or in memory where there are none. */
export function sendLimits(
  { perCaller, perRecipient, perRecipientOverall }: LimitsOfSends,
  pool: PoolShare | null,
): SendLimits {
  const open = (kind: string, limits: readonly Limit[]): Counter[] =>
    limits.map((limit) => (pool === null ? inMemory(kind, limit) : inPostgres(kind, limit, pool)));
  const byCaller = open('caller', perCaller);
  const byCallerAndRecipient = open('caller-recipient', perRecipient);
  const byRecipient = open('recipient', perRecipientOverall);
  const countsOf = (caller: string, recipients: readonly string[]): Count[] => [
    ...byCaller.map((counter) => ({ counter, key: digest(caller), points: recipients.length })),
    ...recipients.flatMap((recipient) => [
      ...byCallerAndRecipient.map((counter) => ({ counter, key: digest(caller, recipient), points: 1 })),
      ...byRecipient.map((counter) => ({ counter, key: digest(recipient), points: 1 })),
    ]),
  ];
  const look = pool === null ? lookInMemory : lookInPostgres(pool);
  const kept = new KeptPoints();
  return {
    async look(caller, recipients) {
      const counts = countsOf(caller, recipients);
      const waitMs = longestWait(counts, await look(counts), kept);
      return waitMs > 0 ? refused(waitMs) : roomFor(counts, kept);
    },
  };
}

/** Points of this process's sends that found room, and are not counted yet. */
class KeptPoints {
  readonly #points = new Map<string, number>();

  of({ counter, key }: Count): number {
    return this.#points.get(counter.limiter.getKey(key)) ?? 0;
  }

  change(counts: readonly Count[], sign: 1 | -1): void {
    for (const count of counts) {
      const name = count.counter.limiter.getKey(count.key);
      const points = this.of(count) + sign * count.points;
      if (points > 0) this.#points.set(name, points);
      else this.#points.delete(name);
    }
  }
}

function roomFor(counts: readonly Count[], kept: KeptPoints): Room {
  kept.change(counts, 1);
  const drop = (): void => {
    kept.change(counts, -1);
  };
  return {
    kind: 'ROOM',
    drop,
    take() {
      drop();
      return takeAll(counts);
    },
  };
}

async function takeAll(counts: readonly Count[]): Promise<Counted | Refused> {
  const taken = await Promise.all(counts.map(consume));
  const giveBack = async (): Promise<void> => {
    await Promise.all(taken.map((each) => each.giveBack()));
  };
  const failure = taken.find((each) => each.failure !== null)?.failure;
  const retryAfterMs = Math.max(0, ...taken.map((each) => each.retryAfterMs));
  if (failure === undefined && retryAfterMs === 0) return { kind: 'COUNTED', giveBack };
  await giveBack();
  if (failure !== undefined) throw failure as Error;
  return refused(retryAfterMs);
}

const refused = (waitMs: number): Refused => ({ kind: 'REFUSED', retryAfterSeconds: Math.ceil(waitMs / 1000) });

/** A window that runs. */
interface Window {
  readonly points: number;
  /** Milliseconds since 1970. */
  readonly endsAt: number;
}

/** Finds the windows of counts; null where none runs. */
type Look = (counts: readonly Count[]) => Promise<readonly (Window | null)[]>;

/** How long to wait, in milliseconds, until none of these counts is too much; 0 when none is now. */
function longestWait(counts: readonly Count[], windows: readonly (Window | null)[], kept: KeptPoints): number {
  const now = Date.now();
  const waits = counts.map((count, index) => {
    const { limit } = count.counter;
    const window = windows[index] ?? { points: 0, endsAt: now + limit.windowSeconds * 1000 };
    const isTooMuch = window.points + kept.of(count) + count.points > limit.count;
    return isTooMuch ? Math.max(window.endsAt - now, 1) : 0;
  });
  return Math.max(0, ...waits);
}

const lookInMemory: Look = (counts) =>
  Promise.all(
    counts.map(async ({ counter, key }) => {
      const state = await counter.limiter.get(key);
      return state === null ? null : { points: state.consumedPoints, endsAt: Date.now() + state.msBeforeNext };
    }),
  );

/** With one query for all counts. */
function lookInPostgres(pool: PoolShare): Look {
  const text = 'SELECT key, points, expire FROM send_counters WHERE key = ANY ($1) AND expire > $2';
  return async (counts) => {
    const keys = counts.map(({ counter, key }) => counter.limiter.getKey(key));
    const found = await pool.query<{ key: string; points: number; expire: number }>(text, [keys, Date.now()]);
    const windows = new Map(found.rows.map(({ key, points, expire }) => [key, { points, endsAt: expire }]));
    return keys.map((key) => windows.get(key) ?? null);
  };
}

/** Shorter windows limit how fast a caller sends, longer ones how much. */
const MIN_RETURNED_SECONDS = 60;

interface Taken {
  /** Why it could not be counted; null when it was, even if it is too much. */
  readonly failure: unknown;
  /** 0 when it is not too much. */
  readonly retryAfterMs: number;
  giveBack(): Promise<void>;
}

async function consume({ counter, key, points }: Count): Promise<Taken> {
  const counted = await counter.limiter.consume(key, points).catch((refusal: unknown) => ({ refusal }));
  const isRefused = 'refusal' in counted;
  const state = isRefused ? counted.refusal : counted;
  // A count that failed may or may not be made, and one that was not made must not be taken back.
  if (!(state instanceof RateLimiterRes)) {
    return { failure: state, retryAfterMs: 0, giveBack: () => Promise.resolve() };
  }
  const windowEndsAt = Date.now() + state.msBeforeNext;
  return {
    failure: null,
    retryAfterMs: isRefused ? Math.max(state.msBeforeNext, 1) : 0,
    async giveBack() {
      // Sends that fail are slowed down too: they cost upstream and the disk as much as those that succeed.
      if (counter.limit.windowSeconds < MIN_RETURNED_SECONDS) return;
      await counter.giveBack(key, points, windowEndsAt).catch(() => undefined);
    },
  };
}

const optionsOf = (
  kind: string,
  { count: points, windowSeconds: duration }: Limit,
): { keyPrefix: string; points: number; duration: number } => ({ keyPrefix: `${kind}/${duration}`, points, duration });

/** Two ends closer than this belong to one window: the next one ends at least a second later. */
const SAME_WINDOW_MS = 500;

function inMemory(kind: string, limit: Limit): Counter {
  const limiter = new RateLimiterMemory(optionsOf(kind, limit));
  return {
    limiter,
    limit,
    async giveBack(key, points, windowEndsAt) {
      const leftMs = (await limiter.get(key))?.msBeforeNext ?? 0;
      const isSame = Math.abs(Date.now() + leftMs - windowEndsAt) < SAME_WINDOW_MS;
      if (leftMs > 0 && isSame) await limiter.reward(key, points);
    },
  };
}

/** The library's own `reward` would begin a window below zero where the one before has just ended. */
function inPostgres(kind: string, limit: Limit, pool: PoolShare): Counter {
  const limiter = new RateLimiterPostgres({
    ...optionsOf(kind, limit),
    ...TABLE,
    storeClient: pool,
    storeType: 'pool',
  });
  return {
    limiter,
    limit,
    giveBack: (key, points, windowEndsAt) =>
      pool.query('UPDATE send_counters SET points = points - $2 WHERE key = $1 AND abs(expire - $3) < $4', [
        limiter.getKey(key),
        points,
        windowEndsAt,
        SAME_WINDOW_MS,
      ]),
  };
}

/** So that the counters hold no numbers and no names. */
const digest = (...texts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(texts)).digest('base64url');
