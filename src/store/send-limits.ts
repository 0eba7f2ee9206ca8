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

/** As long as the store itself waits. */
const TIMEOUT_MS = 5_000;
const MAX_CONNECTIONS = 4;
const TABLE = 'send_counters';

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

export async function openSendLimits({
  databaseUrl,
  perCaller,
  perRecipient,
}: SendLimitsOptions): Promise<OpenSendLimits> {
  const isLimited = perCaller.length + perRecipient.length > 0;
  const pool = databaseUrl !== null && isLimited ? openPool(databaseUrl) : null;
  const open = async (kind: string, limits: readonly Limit[]): Promise<RateLimiterAbstract[]> => {
    const limiters: RateLimiterAbstract[] = [];
    for (const { count: points, windowSeconds: duration } of limits) {
      const options = { keyPrefix: `${kind}/${duration}`, points, duration };
      // One after the other: the first of them makes the table.
      limiters.push(
        pool === null ? new RateLimiterMemory(options) : await openShared({ ...options, storeClient: pool }),
      );
    }
    return limiters;
  };
  const callerLimiters = await open('caller', perCaller);
  const recipientLimiters = await open('recipient', perRecipient);

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

function openShared(options: ConstructorParameters<typeof RateLimiterPostgres>[0]): Promise<RateLimiterPostgres> {
  return new Promise((resolve, reject) => {
    const limiter: RateLimiterPostgres = new RateLimiterPostgres({ ...options, tableName: TABLE }, (error) => {
      if (error) reject(error);
      else resolve(limiter);
    });
  });
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
