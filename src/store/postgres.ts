/** The store in PostgreSQL, for several instances of this server. */
import { Client, DatabaseError, type Pool, type PoolClient } from 'pg';
import { EVERYBODY, type Whose, type WhoseSends } from '../messaging/caller.js';
import type { ConsentPair, ConsentStatement, OptOut } from '../messaging/consent.js';
import type { Message } from '../messaging/message.js';
import type {
  Change,
  ChangeCursor,
  ChangePosition,
  ConversationFilter,
  ConversationList,
  DeadLetterPurge,
  Forgetting,
  ForgettingOutcome,
  ForgettingPlace,
  ForgettingStep,
  MessageFilter,
  MessageList,
  MessageStore,
  NewSend,
  OptOutFilter,
  Position,
  RefusalCount,
  SendFilter,
  SendLimits,
  Settlement,
  SettleResult,
  Slice,
  StoreChange,
  StoredConversation,
  StoredSend,
  Traced,
  TraceQuery,
  WhoseNumbers,
  Unresolved,
} from '../messaging/ports.js';
import { FORGOTTEN } from '../messaging/ports.js';
import { BatchingStore, type WriteOf, type Written } from './batching-store.js';
import { ChangeFeed } from './change-feed.js';
import {
  countsOf,
  KEEP_QUIETLY,
  newOptOutsQuery,
  optOutOf,
  optOutsQuery,
  purgeForgottenWords,
  type ConsentKeeping,
  type OptOutRow,
} from './consent.js';
import {
  conversationsByIdQuery,
  conversationsInOrderOf,
  conversationsQuery,
  IS_UNFILED,
  listedConversations,
  type ConversationWithMessage,
} from './conversations.js';
import { forgotSinceQuery } from './forgetting.js';
import { groupCommit } from './group-commit.js';
import {
  countQuery,
  FREED_KEY,
  LIST_DIALECTS,
  listQuery,
  numbered,
  rightOf,
  rivalsQuery,
  SEND_BY_KEY,
  sendsQuery,
  countUnresolvedQuery,
  unresolvedQuery,
  type Query,
} from './list-query.js';
import { migrations, OlderStoreError, stepsAfter, type Migrated, type OnStep } from './migrations.js';
import { openClaimPool, openPool, retryDeadlock, TIMEOUT_MS } from './pool.js';
import { adopt, applyAll, applySettlement, sayAll, type RestWrite } from './postgres-batch.js';
import { fileNews, fileSome, noNews, type News } from './postgres-conversations.js';
import { countersInPostgres } from './postgres-counters.js';
import { forgetSome, noteForgetting } from './postgres-forgetting.js';
import { removeSome } from './postgres-removal.js';
import { abandonAll, areOptedOut, claimAll, COMMIT_NUMBER, OFFSET, recordAll } from './postgres-sends.js';
import {
  changesOf,
  DEAD_LETTER_TABLES,
  hashOfKey,
  inOrderOf,
  listedMessages,
  SEND_COLUMNS,
  sendsInOrderOf,
  storable,
  storedSend,
  type SendRow,
  unresolvedIn,
} from './rows.js';
import { sendLimits, type LimitsOfSends } from './send-limits.js';
import { Tracer, TRACE_DIALECTS } from './trace-query.js';

/** The same number in every instance, so that one migrates and the others wait. Any number will do. */
const MIGRATION_LOCK = 7_262_301;
/** Messages whose early events are applied in one go. */
const MAX_ADOPTIONS = 100;
/**
 * A write as large as a page, which needs room on the disk: a digest in many copies would be compressed to nothing. And the
 * right to claim and record, which PostgreSQL checks even where there are no rows. One round trip.
 */
const TRY_TO_WRITE = `
  BEGIN;
  INSERT INTO readiness SELECT pg_backend_pid(), string_agg(md5(random()::text), '') FROM generate_series(1, 256);
  INSERT INTO sends (send_id) SELECT send_id FROM sends WHERE false;
  UPDATE sends SET updated_at = updated_at WHERE false;
  ROLLBACK`;

/** Connects and brings the database to the current version. @throws NewerStoreError, OlderStoreError */
export async function openPostgres(
  url: string,
  consent: ConsentKeeping = KEEP_QUIETLY,
  onStep?: OnStep,
): Promise<PostgresStore> {
  const pools = { pool: openPool(url), claims: openClaimPool(url) };
  try {
    await migratePostgres(url, onStep);
    return new PostgresStore(pools, await ChangeFeed.open(url), consent);
  } catch (error) {
    await Promise.all([pools.pool.end(), pools.claims.end()]);
    throw error;
  }
}

/**
 * Brings the database to the current version, on a connection of its own and without a timeout: a step may have to read a
 * large table. Nothing but rows is written where it has that version, so that a server needs no rights over tables.
 *
 * @throws NewerStoreError, OlderStoreError
 */
export async function migratePostgres(url: string, onStep: OnStep = () => undefined): Promise<Migrated> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: TIMEOUT_MS });
  client.on('error', () => undefined);
  const steps = migrations('postgres');
  try {
    await client.connect();
    const from = await versionOf(client);
    await client.query('BEGIN');
    if (stepsAfter(from, steps).length > 0) await migrate(client, from, steps, onStep);
    await keepNumbersRising(client);
    await client.query('COMMIT');
    return { from, to: steps.length };
  } finally {
    // What was not committed ends with the connection.
    await client.end();
  }
}

/** Who owns a table may change it; where there is none, who may make one. */
const MAY_MIGRATE = `SELECT COALESCE(
  (SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass('sends')),
  has_schema_privilege(current_schema(), 'CREATE'), false) AS may`;

/** The version of the database, and whether its user may bring it to another one. It is only read. */
export async function inspectPostgres(url: string): Promise<{ version: number; mayMigrate: boolean }> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: TIMEOUT_MS, query_timeout: TIMEOUT_MS });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('BEGIN READ ONLY');
    const { rows } = await client.query<{ may: boolean }>(MAY_MIGRATE);
    return { version: await versionOf(client), mayMigrate: rows[0]?.may === true };
  } finally {
    await client.end();
  }
}

/** 0 for an empty database. */
async function versionOf(client: Client): Promise<number> {
  const { rows: tables } = await client.query<{ exists: boolean }>(
    "SELECT to_regclass('schema_version') IS NOT NULL AS exists",
  );
  if (tables[0]?.exists !== true) return 0;
  const { rows } = await client.query<{ version: number }>('SELECT version FROM schema_version');
  return rows[0]?.version ?? 0;
}

async function migrate(client: Client, found: number, steps: readonly string[], onStep: OnStep): Promise<void> {
  try {
    await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    await client.query('CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)');
    // Another instance may have done it meanwhile.
    const current = await versionOf(client);
    const missing = stepsAfter(current, steps);
    if (missing.length === 0) return;
    for (const [index, step] of missing.entries()) {
      if (current > 0) onStep(current + index + 1, steps.length);
      await client.query(step);
    }
    await client.query('DELETE FROM schema_version');
    await client.query('INSERT INTO schema_version VALUES ($1)', [steps.length]);
  } catch (error) {
    throw isForbidden(error) ? new OlderStoreError(found, steps.length, error) : error;
  }
}

/** Without any right over a schema, there is none to make a table in. */
const isForbidden = (error: unknown): boolean =>
  error instanceof DatabaseError && (error.code === '42501' || error.code === '3F000');

/**
 * Transactions are numbered by the whole server. Where a dump was restored into a younger one, changes that it holds would
 * lie in the future, unseen, and cursors would pass over what is changed next. So a number is added to all that follow,
 * which also leaves room for what was numbered after the dump.
 */
const ROOM_AFTER_DUMP = 2 ** 32;

async function keepNumbersRising(client: Client): Promise<void> {
  await client.query(
    `UPDATE commit_offset SET added = last.changed + ${ROOM_AFTER_DUMP} FROM (SELECT max(changed) AS changed FROM sends) AS last
     WHERE last.changed >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint + added`,
  );
}

/** Does `work` in one transaction; see `retryDeadlock`. A connection on which anything failed is not used again. */
function transaction<Result>(pool: Pool, work: (client: PoolClient) => Promise<Result>): Promise<Result> {
  return retryDeadlock(async () => {
    const client = await pool.connect();
    let isUsable = false;
    try {
      await client.query('BEGIN');
      const result = await work(client);
      await client.query('COMMIT');
      isUsable = true;
      return result;
    } finally {
      client.release(!isUsable);
    }
  });
}

/** What was emptied, and holds its key no longer. */
const PURGE_FORGOTTEN = `DELETE FROM sends WHERE send_id IN (SELECT send_id FROM sends
  WHERE settled_by IS NOT NULL AND settled_by = '${FORGOTTEN}' AND message_id IS NULL AND updated_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)`;

const latestOf = (writes: readonly { readonly now: number }[]): number => Math.max(...writes.map(({ now }) => now));

/** Whether PostgreSQL refused a value or a row (classes 22, 23 and 54 of its codes), rather than failing itself. */
function isFaultOfOne(error: unknown): boolean {
  return error instanceof DatabaseError && /^(22|23|54)/.test(error.code ?? '');
}

interface Snapshot {
  /** What it sees, `xmin:xmax:xip,…` (https://www.postgresql.org/docs/current/functions-info.html). */
  readonly snapshot: string;
  readonly added: number;
}

const SELECT_SNAPSHOT = `SELECT pg_current_snapshot()::text AS snapshot, ${OFFSET} AS added`;

/** The list, and what else is committed in the same moment: one statement sees both. */
function withSnapshot({ sql, values }: Query): Query {
  return { sql: `SELECT * FROM (${SELECT_SNAPSHOT}) AS now LEFT JOIN (${sql}) AS found ON true`, values };
}

function cursorOf({ snapshot, added }: Snapshot = { snapshot: '', added: 0 }): ChangeCursor {
  const [xmin = '', xmax = '', running = ''] = snapshot.split(':');
  const numberOf = (transaction: string): number => Number(transaction) + added;
  const except = running.split(',').filter((each) => each !== '');
  return { commit: numberOf(xmin), sendId: '', ahead: { before: numberOf(xmax), except: except.map(numberOf) } };
}

interface Pools {
  readonly pool: Pool;
  /** Where claims are made. */
  readonly claims: Pool;
}

export class PostgresStore extends BatchingStore implements MessageStore {
  readonly shared = true;
  readonly #pool: Pool;
  readonly #claims: Pool;
  readonly #feed: ChangeFeed;
  readonly #consent: ConsentKeeping;
  readonly #tracer = new Tracer((each) => this.#all(each), TRACE_DIALECTS.postgres);

  constructor({ pool, claims }: Pools, feed: ChangeFeed, consent: ConsentKeeping = KEEP_QUIETLY) {
    // On two connections: a record follows its claim, so the two never change the same send at the same time.
    const options = { isFaultOfOne, onCommit: (writes: number): void => this.onCommit?.(writes) };
    const claim = groupCommit((sends: readonly NewSend[]) => claimAll(claims, sends, consent !== null), options);
    const rest = groupCommit((writes: readonly RestWrite[]) => this.#commitRest(writes), options);
    super((write) => (write.kind === 'claim' ? claim(write.send) : rest(write)));
    this.#pool = pool;
    this.#claims = claims;
    this.#feed = feed;
    this.#consent = consent;
  }

  connections(): { readonly used: number; readonly waiting: number } {
    const pools = [this.#pool, this.#claims];
    return {
      used: pools.reduce((sum, { totalCount, idleCount }) => sum + totalCount - idleCount, 0),
      waiting: pools.reduce((sum, { waitingCount }) => sum + waitingCount, 0),
    };
  }

  async sendByKey(caller: string, idempotencyKey: string): Promise<StoredSend | null> {
    const [row] = await this.#all({ sql: SEND_BY_KEY, values: [caller, idempotencyKey] });
    return row === undefined ? null : storedSend(row);
  }

  settle(sendId: string, settlement: Settlement, now: number): Promise<SettleResult> {
    return this.#withNews(now, (client, news) => applySettlement(client, sendId, settlement, now, news));
  }

  async addRefusals(counts: readonly RefusalCount[]): Promise<void> {
    const columns = (['caller', 'hour', 'count'] as const).map((name) => counts.map((each) => each[name]));
    await this.#pool.query(
      `INSERT INTO refusals AS known SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS given ORDER BY 1, 2
       ON CONFLICT (caller, hour) DO UPDATE SET count = known.count + excluded.count`,
      columns,
    );
  }

  /**
   * Not through the group commit: while a claim's own commit is on its way, this waits for that row alone, and then
   * finds it.
   */
  async abandon(sends: readonly NewSend[], now: number): Promise<void> {
    await retryDeadlock(() => abandonAll(this.#pool, sends, now));
  }

  /** A record and an event that are committed at the same moment do not see each other; this finds such pairs. */
  async adoptEarlyEvents(now: number): Promise<number> {
    const { rows } = await this.#pool.query<{ message_id: string }>(
      'SELECT DISTINCT message_id FROM early_events JOIN sends USING (message_id) LIMIT $1',
      [MAX_ADOPTIONS],
    );
    const ids = rows.map(({ message_id }) => message_id);
    if (ids.length > 0) await this.#withNews(now, (client, news) => adopt(client, ids, now, news));
    return ids.length;
  }

  sendLimits(limits: LimitsOfSends): SendLimits {
    return sendLimits(limits, countersInPostgres(this.#pool));
  }

  onChange(listener: (change: StoreChange) => void): () => void {
    return this.#feed.onChange(listener);
  }

  expireLeases(now: number): Promise<number> {
    return this.#change(
      `UPDATE sends SET status = 'UNKNOWN', updated_at = lease_until, changed = ${COMMIT_NUMBER}
       WHERE status = 'PENDING' AND lease_until < $1`,
      now,
    );
  }

  async purge(before: number, limit: number): Promise<number> {
    await this.#change(PURGE_FORGOTTEN, before, limit);
    await this.#change(purgeForgottenWords('$1'), before * 1000);
    const freed = await this.#change(
      `UPDATE sends SET idempotency_key = NULL WHERE send_id IN (
         SELECT send_id FROM sends WHERE idempotency_key IS NOT NULL AND message_id IS NOT NULL AND updated_at < $1
         LIMIT $2 FOR UPDATE SKIP LOCKED)`,
      before,
      limit,
    );
    const deleted = await this.#change(
      `DELETE FROM sends WHERE send_id IN (
         SELECT send_id FROM sends WHERE status = 'REJECTED' AND updated_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)`,
      before,
      limit - freed,
    );
    const forgotten = await this.#change(
      `DELETE FROM early_events WHERE ctid = ANY (ARRAY (
         SELECT ctid FROM early_events WHERE received_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))`,
      before,
      limit - freed - deleted,
    );
    return freed + deleted + forgotten;
  }

  async purgeDeadLetters(before: number, keep: number, limit: number): Promise<DeadLetterPurge> {
    let [expired, crowdedOut] = [0, 0];
    for (const table of DEAD_LETTER_TABLES) {
      const rest = (): number => limit - expired - crowdedOut;
      // Two instances may choose the same rows: then each counts those that it deleted.
      const remove = `DELETE FROM ${table} WHERE ctid = ANY (ARRAY (SELECT ctid FROM ${table}`;
      expired += await this.#change(`${remove} WHERE received_at < $1 LIMIT $2))`, before, rest());
      crowdedOut += await this.#change(`${remove} ORDER BY received_at DESC LIMIT $1 OFFSET $2))`, rest(), keep);
    }
    return { expired, crowdedOut };
  }

  boundEarlyEvents(keep: number, limit: number): Promise<number> {
    const tooMany = 'SELECT ctid FROM early_events ORDER BY received_at DESC LIMIT $1 OFFSET $2';
    return this.#change(`DELETE FROM early_events WHERE ctid = ANY (ARRAY (${tooMany}))`, limit, keep);
  }

  forgetSome(number: string, place: ForgettingPlace | null): Promise<ForgettingStep> {
    return transaction(this.#pool, (client) => forgetSome(client, number, place));
  }

  noteForgetting(number: string, outcome: ForgettingOutcome, forgetting: Forgetting, now: number): Promise<void> {
    return noteForgetting(this.#pool, number, outcome, forgetting, now);
  }

  async forgotSince(sinceMs: number): Promise<boolean> {
    return (await this.#all(forgotSinceQuery(sinceMs))).length > 0;
  }

  /** Only VACUUM FULL writes PostgreSQL's files anew, and its log has an end of its own. */
  clearFiles(): Promise<boolean> {
    return Promise.resolve(false);
  }

  removeMessages(before: number, limit: number): Promise<number> {
    return transaction(this.#pool, (client) => removeSome(client, before, limit));
  }

  async messagesById(ids: readonly string[], caller: Whose): Promise<(Message | null)[]> {
    const [right, ...values] = rightOf(caller, LIST_DIALECTS.postgres);
    const rows = await this.#all({
      // Upstream may repeat an id: only its newest message is read.
      sql: `SELECT found.* FROM ${LIST_DIALECTS.postgres.given('wanted')} CROSS JOIN LATERAL (
         SELECT ${SEND_COLUMNS} FROM sends WHERE message_id = wanted.value AND ${right} ORDER BY time DESC, send_id DESC LIMIT 1) AS found`,
      values: [JSON.stringify(ids.map(storable)), ...values],
    });
    return inOrderOf(ids, rows);
  }

  async listMessages(filter: MessageFilter, slice: Slice): Promise<MessageList> {
    const query = listQuery(filter, slice, LIST_DIALECTS.postgres);
    if (query === null) return { listed: [], cursor: await this.lastChange() };
    const rows = await this.#all<SendRow & Snapshot>(withSnapshot(query));
    const listed = listedMessages(slice.fromEnd ? rows.toReversed() : rows);
    return { listed, cursor: cursorOf(rows[0]) };
  }

  async countMessages(filter: MessageFilter, limit: number): Promise<number> {
    const query = countQuery(filter, limit, LIST_DIALECTS.postgres);
    const [row] = query === null ? [] : await this.#all<{ count: number }>(query);
    return row?.count ?? 0;
  }

  async listConversations(filter: ConversationFilter, slice: Slice): Promise<ConversationList> {
    const query = conversationsQuery(filter, slice, LIST_DIALECTS.postgres);
    if (query === null) return { listed: [], cursor: await this.lastChange() };
    const rows = await this.#all<ConversationWithMessage & Snapshot>(withSnapshot(query));
    const listed = listedConversations(rows);
    return { listed: slice.fromEnd ? listed.toReversed() : listed, cursor: cursorOf(rows[0]) };
  }

  async conversationsById(ids: readonly string[], numbers: WhoseNumbers): Promise<(StoredConversation | null)[]> {
    const query = conversationsByIdQuery(ids, numbers, LIST_DIALECTS.postgres);
    return conversationsInOrderOf(ids, query === null ? [] : await this.#all<ConversationWithMessage>(query));
  }

  fileMessages(limit: number): Promise<number> {
    return transaction(this.#pool, (client) => fileSome(client, limit));
  }

  async countUnfiled(): Promise<number> {
    const sql = `SELECT count(*)::int AS count FROM sends WHERE ${IS_UNFILED}`;
    return (await this.#all<{ count: number }>({ sql, values: [] }))[0]?.count ?? 0;
  }

  async sendsById(
    by: 'sendId' | 'messageId',
    ids: readonly string[],
    caller: WhoseSends,
  ): Promise<(StoredSend | null)[]> {
    const column = by === 'sendId' ? 'send_id' : 'message_id';
    const [isTheirs, values] = caller === EVERYBODY ? ['', []] : ['AND caller = $2', [caller]];
    const { rows } = await this.#pool.query<SendRow>(
      `SELECT found.* FROM unnest($1::text[]) AS wanted (id) CROSS JOIN LATERAL (
         SELECT ${SEND_COLUMNS} FROM sends WHERE ${column} = wanted.id AND direction = 'OUT' ${isTheirs}
         ORDER BY time DESC, send_id DESC LIMIT 1) AS found`,
      [ids.map((id) => id.replaceAll('\0', '')), ...values],
    );
    return sendsInOrderOf(by, ids, rows);
  }

  async sendOfKey(caller: string, idempotencyKey: string): Promise<StoredSend | null> {
    const held = await this.sendByKey(caller, idempotencyKey);
    if (held !== null) return held;
    const [row] = await this.#all({ sql: FREED_KEY, values: [caller, hashOfKey(idempotencyKey)] });
    return row === undefined ? null : storedSend(row);
  }

  async listSends(filter: SendFilter, slice: Slice): Promise<StoredSend[]> {
    const rows = await this.#all(sendsQuery(filter, slice, LIST_DIALECTS.postgres));
    return (slice.fromEnd ? rows.reverse() : rows).map(storedSend);
  }

  /**
   * A commit gets its number when it begins to write, and can be seen when it ends. So only those are read that are below
   * the number of the oldest one under way.
   */
  async changes({ commit, sendId }: ChangePosition, limit: number): Promise<Change[]> {
    const { rows } = await this.#pool.query<SendRow>({
      name: 'changes',
      text: `SELECT ${SEND_COLUMNS} FROM sends
        WHERE (changed, send_id) > ($1, $2) AND changed < pg_snapshot_xmin(pg_current_snapshot())::text::bigint + ${OFFSET}
        ORDER BY changed, send_id LIMIT $3`,
      values: [commit, storable(sendId), limit],
    });
    return changesOf(rows);
  }

  async lastChange(): Promise<ChangeCursor> {
    const { rows } = await this.#pool.query<Snapshot>(SELECT_SNAPSHOT);
    return cursorOf(rows[0]);
  }

  async unresolvedSends(limit: number, after: Position | null): Promise<StoredSend[]> {
    const position = after && { ...after, sendId: storable(after.sendId) };
    return (await this.#all(unresolvedQuery(limit, position))).map(storedSend);
  }

  async countUnresolved(limit: number): Promise<Unresolved> {
    return unresolvedIn(await this.#all(countUnresolvedQuery(limit)));
  }

  trace(query: TraceQuery, patienceMs: number): Promise<Traced> {
    return this.#tracer.trace(query, patienceMs);
  }

  async rivalsOf(send: StoredSend, marginMs: number): Promise<StoredSend[]> {
    return (await this.#all(rivalsQuery(send, marginMs))).map(storedSend);
  }

  async sayConsent(statements: readonly ConsentStatement[], now: number): Promise<number> {
    const said = await retryDeadlock(() => sayAll(this.#pool, statements, now));
    this.#tell(said);
    return said.length;
  }

  areOptedOut(pairs: readonly ConsentPair[]): Promise<boolean[]> {
    return areOptedOut(this.#pool, pairs);
  }

  async listOptOuts(filter: OptOutFilter, slice: Slice): Promise<OptOut[]> {
    const query = optOutsQuery(filter, slice, LIST_DIALECTS.postgres);
    const rows = query === null ? [] : await this.#all<OptOutRow>(query);
    return (slice.fromEnd ? rows.reverse() : rows).map(optOutOf);
  }

  async newOptOuts(after: Pick<OptOut, 'changedAtMs' | 'id'>, limit: number): Promise<OptOut[]> {
    return (await this.#all<OptOutRow>(newOptOutsQuery(after, limit))).map(optOutOf);
  }

  async correlationKey(fresh: Buffer): Promise<Buffer> {
    // Answers with the key that is kept, whoever stored it, in one statement: nobody can take it away in between.
    const { rows } = await this.#pool.query<{ value: string }>(
      `INSERT INTO secrets AS known VALUES ('correlation', $1)
       ON CONFLICT (name) DO UPDATE SET value = known.value RETURNING value`,
      [fresh.toString('hex')],
    );
    const [{ value }] = rows as [{ value: string }];
    return Buffer.from(value, 'hex');
  }

  /** Rolled back: it only has to be possible. */
  async ping(): Promise<void> {
    const client = await this.#pool.connect();
    let isUsable = false;
    try {
      await client.query(TRY_TO_WRITE);
      isUsable = true;
    } finally {
      client.release(!isUsable);
    }
  }

  async close(): Promise<void> {
    await this.#feed.close();
    await Promise.all([this.#pool.end(), this.#claims.end()]);
  }

  /**
   * Stores records and events. Records alone, as of sends without callbacks, take one statement. Together with an event
   * they take one transaction, in which the two find each other.
   */
  async #commitRest(writes: readonly RestWrite[]): Promise<Written[]> {
    const records = writes.filter((write) => write.kind === 'record');
    const sends = new Set(records.map(({ sendId }) => sendId));
    if (sends.size < writes.length)
      return this.#withNews(latestOf(writes), (client, news) => applyAll(client, writes, news));
    await this.#recordAndAdopt(records);
    return writes.map(() => null);
  }

  /** The records are stored when this resolves. Events that it could not apply to them are left to housekeeping. */
  async #recordAndAdopt(records: readonly WriteOf<'record'>[]): Promise<void> {
    const { early, unfiled } = await retryDeadlock(() => recordAll(this.#pool, records));
    if (early.length + unfiled.length === 0) return;
    const now = latestOf(records);
    const finish = (client: PoolClient, news: News): Promise<void> => {
      for (const sendId of unfiled) news.unfiled.add(sendId);
      return adopt(client, early, now, news);
    };
    await this.#withNews(now, finish).catch(() => undefined);
  }

  /** One transaction, at the end of which is stored what it made known: conversations, and what was said of consent. */
  async #withNews<Result>(now: number, work: (client: PoolClient, news: News) => Promise<Result>): Promise<Result> {
    const { result, said } = await transaction(this.#pool, async (client) => {
      const news = noNews();
      const result = await work(client, news);
      await fileNews(client, news);
      return { result, said: this.#consent === null ? [] : await sayAll(client, news.heard, now) };
    });
    this.#tell(said);
    return result;
  }

  #tell(said: Parameters<typeof countsOf>[0]): void {
    if (said.length > 0) for (const counts of countsOf(said)) this.#consent?.onChange(counts);
  }

  async #all<Row extends object = SendRow>(query: Query): Promise<Row[]> {
    return (await this.#pool.query<Row>(numbered(query))).rows;
  }

  async #change(sql: string, ...values: number[]): Promise<number> {
    return (await this.#pool.query(sql, values)).rowCount ?? 0;
  }
}
