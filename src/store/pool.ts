/** The connections to PostgreSQL that all parts of one instance share. */
import {
  DatabaseError,
  Pool,
  types,
  type ClientBase,
  type QueryConfig,
  type QueryResult,
  type QueryResultRow,
} from 'pg';

/** A database that does not answer within this is not there: the caller has 20 s for everything. */
export const TIMEOUT_MS = 5_000;
/** One connection claims, one records; the others read and count. */
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
/** `pg` reads a BIGINT as a string; all of ours are below 2^53. */
const BIGINT = types.builtins.INT8;

export function openPool(url: string): Pool {
  const pool = new Pool({
    connectionString: url,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: TIMEOUT_MS,
    query_timeout: TIMEOUT_MS,
    statement_timeout: TIMEOUT_MS,
    // The pool waits for it, though its types do not say so, and uses no connection on which it failed.
    onConnect: ((client: ClientBase) => client.query(SESSION)) as (client: ClientBase) => void,
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

/**
 * A part of a pool. Its queries use at most `size` connections at once and wait here for their turn, so that many of them
 * cannot keep a commit from its connection.
 */
export class PoolShare {
  readonly #pool: Pool;
  readonly #size: number;
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor(pool: Pool, size: number) {
    this.#pool = pool;
    this.#size = size;
  }

  /** @throws what the database throws, or an Error when no turn came within `TIMEOUT_MS`. */
  async query<Row extends QueryResultRow>(query: string | QueryConfig, values?: unknown[]): Promise<QueryResult<Row>> {
    await this.#turn();
    try {
      return await this.#pool.query<Row>(query, values);
    } finally {
      this.#passTurn();
    }
  }

  #turn(): Promise<void> {
    if (this.#running < this.#size) {
      this.#running += 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(begin);
        reject(new Error('no connection became free in time'));
      }, TIMEOUT_MS);
      this.#waiting.add(begin);
    });
  }

  #passTurn(): void {
    const [longest] = this.#waiting;
    if (longest === undefined) {
      this.#running -= 1;
      return;
    }
    this.#waiting.delete(longest);
    longest();
  }
}
