/** The connections to PostgreSQL that all parts of one instance share. */
import { DatabaseError, Pool, types, type ClientBase } from 'pg';

/** A database that does not answer within this is not there: the caller has 20 s for everything. */
export const TIMEOUT_MS = 5_000;
/** One connection records; one looks at counts and one counts. The others read. */
const MAX_CONNECTIONS = 8;
/** How often a transaction is tried again after a deadlock with another instance's. */
const MAX_DEADLOCK_TRIES = 3;
/** PostgreSQL's code for `deadlock_detected`. */
const DEADLOCK = '40P01';
/**
 * Whatever the server's defaults are: a commit that is not on disk is no commit here. And a statement is planned for the
 * table as it is now: a plan that was kept from its first minutes would read all of it later.
 */
const SESSION = 'SET synchronous_commit TO on; SET plan_cache_mode TO force_custom_plan';
/**
 * The connection that claims has two statements of its own, which find what they read by a key, however large the tables
 * are: they are planned once. To plan them takes longer than to run them.
 */
const SESSION_OF_CLAIMS =
  'SET synchronous_commit TO on; SET plan_cache_mode TO force_generic_plan; SET enable_seqscan TO off';
/** `pg` reads a BIGINT as a string; all of ours are below 2^53. */
const BIGINT = types.builtins.INT8;

export const openPool = (url: string): Pool => openConnections(url, MAX_CONNECTIONS, SESSION);

/** Claims are made one batch after another. */
export const openClaimPool = (url: string): Pool => openConnections(url, 1, SESSION_OF_CLAIMS);

function openConnections(url: string, max: number, session: string): Pool {
  const pool = new Pool({
    connectionString: url,
    max,
    connectionTimeoutMillis: TIMEOUT_MS,
    query_timeout: TIMEOUT_MS,
    statement_timeout: TIMEOUT_MS,
    // The pool waits for it, though its types do not say so, and uses no connection on which it failed.
    onConnect: ((client: ClientBase) => client.query(session)) as (client: ClientBase) => void,
    types: { getTypeParser: (id, format) => (id === BIGINT ? Number : (types.getTypeParser(id, format) as unknown)) },
  });
  // A connection that breaks while idle is replaced by the next query; without a listener it would end the process.
  pool.on('error', () => undefined);
  // The pool listens to idle connections only. When one is reset during a statement, its client emits an error, too;
  // without a listener that would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/** Does `work`, one transaction, and again when the database ended it to break a deadlock between instances. */
export async function retryDeadlock<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let triesLeft = MAX_DEADLOCK_TRIES; ; triesLeft--) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.code !== DEADLOCK || triesLeft === 0) throw error;
    }
  }
}
