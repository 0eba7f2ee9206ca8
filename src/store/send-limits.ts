/** Counts sends: in memory for one instance, in PostgreSQL where several share one database. */
import { createHash } from 'node:crypto';
import { Pool } from 'pg';
import {
  RateLimiterMemory,
  RateLimiterPostgres,
  RateLimiterRes,
  type RateLimiterAbstract,
} from 'rate-limiter-flexible';
import type { Limit, SendLimits } from '../messaging/send-limits.js';

/** The table is made with the store's others, since two instances that make it at once would trip over each other. */
const TABLE = { tableName: 'send_counters', tableCreated: true };
/** As long as the store itself waits. */
const TIMEOUT_MS = 5_000;
const MAX_CONNECTIONS = 4;

export interface SendLimitsOptions {
  /** `postgres://…`, or null to count in memory. */
  readonly databaseUrl: string | null;
  readonly perCaller: readonly Limit[];
  /** By caller and recipient: what one caller sends to a number is no other's business. */
  readonly perRecipient: readonly Limit[];
  /** By recipient, whoever sends. */
  readonly perRecipientOverall: readonly Limit[];
}

export interface OpenSendLimits extends SendLimits {
  close(): Promise<void>;
}

interface Counter {
  readonly limiter: RateLimiterAbstract;
  /** Takes points out of the window that ends then, milliseconds since 1970; of no other, where nobody put them in. */
  giveBack(key: string, points: number, windowEndsAt: number): Promise<unknown>;
}

/** What a send adds to a counter. */
interface Count {
  readonly counter: Counter;
  readonly key: string;
  readonly points: number;
}

/** Opens the counters. With PostgreSQL, the store has to be open already: it makes their table. */
export function openSendLimits(options: SendLimitsOptions): OpenSendLimits {
  const { databaseUrl, perCaller, perRecipient, perRecipientOverall } = options;
  const isLimited = perCaller.length + perRecipient.length + perRecipientOverall.length > 0;
  const pool = databaseUrl !== null && isLimited ? openPool(databaseUrl) : null;
  const open = (kind: string, limits: readonly Limit[]): Counter[] =>
    limits.map(({ count: points, windowSeconds: duration }) => {
      const counter = { keyPrefix: `${kind}/${duration}`, points, duration };
      return pool === null ? inMemory(counter) : inPostgres(counter, pool);
    });
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
  return {
    async take(caller, recipients) {
      const taken = await Promise.all(countsOf(caller, recipients).map(consume));
      const giveBack = async (): Promise<void> => {
        await Promise.all(taken.map((each) => each.giveBack()));
      };
      const failure = taken.find((each) => each.failure !== null)?.failure;
      const retryAfterMs = Math.max(0, ...taken.map((each) => each.retryAfterMs));
      if (failure === undefined && retryAfterMs === 0) return { kind: 'COUNTED', giveBack };
      await giveBack();
      if (failure !== undefined) throw failure as Error;
      return { kind: 'REFUSED', retryAfterSeconds: Math.ceil(retryAfterMs / 1000) };
    },
    async close() {
      await pool?.end();
    },
  };
}

interface Taken {
  /** Why it could not be counted; null when it was, too much or not. */
  readonly failure: unknown;
  /** 0 when it is not too much. */
  readonly retryAfterMs: number;
  giveBack(): Promise<void>;
}

async function consume({ counter, key, points }: Count): Promise<Taken> {
  const counted = await counter.limiter.consume(key, points).catch((refusal: unknown) => ({ refusal }));
  const isRefused = 'refusal' in counted;
  const state = isRefused ? counted.refusal : counted;
  // Whether a count that failed was made is not known, and one that was not made must not be taken back.
  if (!(state instanceof RateLimiterRes)) {
    return { failure: state, retryAfterMs: 0, giveBack: () => Promise.resolve() };
  }
  const windowEndsAt = Date.now() + state.msBeforeNext;
  return {
    failure: null,
    retryAfterMs: isRefused ? Math.max(state.msBeforeNext, 1) : 0,
    async giveBack() {
      await counter.giveBack(key, points, windowEndsAt).catch(() => undefined);
    },
  };
}

interface CounterOptions {
  readonly keyPrefix: string;
  readonly points: number;
  /** Seconds. */
  readonly duration: number;
}

/** Two ends that lie closer than this are one window's: the next one ends a second later at least. */
const SAME_WINDOW_MS = 500;

function inMemory(options: CounterOptions): Counter {
  const limiter = new RateLimiterMemory(options);
  return {
    limiter,
    async giveBack(key, points, windowEndsAt) {
      const leftMs = (await limiter.get(key))?.msBeforeNext ?? 0;
      const isSame = Math.abs(Date.now() + leftMs - windowEndsAt) < SAME_WINDOW_MS;
      if (leftMs > 0 && isSame) await limiter.reward(key, points);
    },
  };
}

/** The library's own `reward` would begin a window below zero where the one before has just ended. */
function inPostgres(options: CounterOptions, pool: Pool): Counter {
  const limiter = new RateLimiterPostgres({ ...options, ...TABLE, storeClient: pool });
  return {
    limiter,
    giveBack: (key, points, windowEndsAt) =>
      pool.query('UPDATE send_counters SET points = points - $2 WHERE key = $1 AND abs(expire - $3) < $4', [
        limiter.getKey(key),
        points,
        windowEndsAt,
        SAME_WINDOW_MS,
      ]),
  };
}

function openPool(connectionString: string): Pool {
  const pool = new Pool({
    connectionString,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: TIMEOUT_MS,
    query_timeout: TIMEOUT_MS,
  });
  // A broken connection is replaced by the next query; without listeners it would end the process.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/** Numbers and names are of no interest to whoever reads the counters. */
const digest = (...texts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(texts)).digest('base64url');
