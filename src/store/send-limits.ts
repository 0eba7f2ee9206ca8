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
  readonly perRecipient: readonly Limit[];
}

export interface OpenSendLimits extends SendLimits {
  close(): Promise<void>;
}

/** One count that a send adds to. */
interface Count {
  readonly limiter: RateLimiterAbstract;
  readonly key: string;
  readonly points: number;
}

/** Opens the counters. With PostgreSQL, the store has to be open already: it makes their table. */
export function openSendLimits({ databaseUrl, perCaller, perRecipient }: SendLimitsOptions): OpenSendLimits {
  const isLimited = perCaller.length + perRecipient.length > 0;
  const pool = databaseUrl !== null && isLimited ? openPool(databaseUrl) : null;
  const open = (kind: string, limits: readonly Limit[]): RateLimiterAbstract[] =>
    limits.map(({ count: points, windowSeconds: duration }) => {
      const options = { keyPrefix: `${kind}/${duration}`, points, duration };
      return pool === null
        ? new RateLimiterMemory(options)
        : new RateLimiterPostgres({ ...options, ...TABLE, storeClient: pool });
    });
  const callerLimiters = open('caller', perCaller);
  const recipientLimiters = open('recipient', perRecipient);

  const countsOf = (caller: string, recipients: readonly string[]): Count[] => [
    ...callerLimiters.map((limiter) => ({ limiter, key: digest(caller), points: recipients.length })),
    ...recipientLimiters.flatMap((limiter) =>
      recipients.map((recipient) => ({ limiter, key: digest(recipient), points: 1 })),
    ),
  ];
  return {
    async take(caller, recipients) {
      const counts = countsOf(caller, recipients);
      const taken = await Promise.allSettled(counts.map(({ limiter, key, points }) => limiter.consume(key, points)));
      const refusals = taken.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
      if (refusals.length === 0) return null;
      await Promise.allSettled(counts.map(({ limiter, key, points }) => limiter.reward(key, points)));
      const failure = refusals.find((refusal) => !(refusal instanceof RateLimiterRes));
      if (failure !== undefined) throw failure as Error;
      return Math.max(...refusals.map((refusal) => Math.ceil((refusal as RateLimiterRes).msBeforeNext / 1000)), 1);
    },
    async close() {
      await pool?.end();
    },
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
const digest = (text: string): string => createHash('sha256').update(text).digest('base64url');
