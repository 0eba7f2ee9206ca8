/** The store in PostgreSQL, for several instances of this server. */
import { Pool, types, type PoolClient } from 'pg';
import { yieldsTo, type Message } from '../messaging/message.js';
import type {
  Claim,
  ListedMessage,
  MessageFilter,
  MessageStore,
  NewSend,
  Position,
  Resolution,
  StoredSend,
} from '../messaging/ports.js';
import { groupCommit } from './group-commit.js';
import { listQuery } from './list-query.js';
import { migrations, stepsAfter } from './migrations.js';
import {
  claimColumns,
  inOrderOf,
  listedMessages,
  messageColumns,
  recipientsOf,
  SEND_COLUMNS,
  storedSend,
  type SendRow,
} from './rows.js';

/** A database that does not answer within this is not there: the caller has 20 s for everything. */
const TIMEOUT_MS = 5_000;
/** One connection commits; the others read. */
const MAX_CONNECTIONS = 8;
/** The same number in every instance, so that one migrates and the others wait. Any number will do. */
const MIGRATION_LOCK = 7_262_301;
/** How often a claim is tried anew whose key was freed between two of its statements. */
const MAX_CLAIM_ROUNDS = 5;
/** `pg` reads a BIGINT as a string; all of ours are below 2^53. */
const BIGINT = types.builtins.INT8;

/** The columns of a claim or record that are not text. */
const NUMBERS: ReadonlySet<string> = new Set(['started_at', 'updated_at', 'lease_until', 'time']);

interface RecordWrite {
  readonly kind: 'record';
  readonly sendId: string;
  readonly resolution: Resolution;
  readonly now: number;
}
type Write = { readonly kind: 'claim'; readonly send: NewSend } | RecordWrite;

/** Connects and brings the database to the current version. @throws NewerStoreError */
export async function openPostgres(url: string): Promise<PostgresStore> {
  const pool = new Pool({
    connectionString: url,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: TIMEOUT_MS,
    query_timeout: TIMEOUT_MS,
    statement_timeout: TIMEOUT_MS,
    types: { getTypeParser: (id, format) => (id === BIGINT ? Number : (types.getTypeParser(id, format) as unknown)) },
  });
  // A connection that breaks while idle is replaced by the next query; without a listener it would end the process.
  pool.on('error', () => undefined);
  try {
    await transaction(pool, migrate);
    return new PostgresStore(pool);
  } catch (error) {
    await pool.end();
    throw error;
  }
}

async function migrate(client: PoolClient): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
  await client.query('CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)');
  const { rows } = await client.query<{ version: number }>('SELECT version FROM schema_version');
  const steps = migrations('BIGINT');
  const missing = stepsAfter(rows[0]?.version ?? 0, steps);
  if (missing.length === 0) return;
  for (const step of missing) await client.query(step);
  await client.query('DELETE FROM schema_version');
  await client.query('INSERT INTO schema_version VALUES ($1)', [steps.length]);
}

/** Does `work` on one connection, all or nothing. A connection on which anything failed is not used again. */
async function transaction<Result>(pool: Pool, work: (client: PoolClient) => Promise<Result>): Promise<Result> {
  const client = await pool.connect();
  let failed = true;
  try {
    // Whatever the server's default is: a commit that is not on disk is no commit here.
    await client.query('BEGIN; SET LOCAL synchronous_commit TO on');
    const result = await work(client);
    await client.query('COMMIT');
    failed = false;
    return result;
  } finally {
    client.release(failed);
  }
}

export class PostgresStore implements MessageStore {
  readonly shared = true;
  readonly #pool: Pool;
  readonly #write: (write: Write) => Promise<Claim | null>;

  constructor(pool: Pool) {
    this.#pool = pool;
    this.#write = groupCommit((writes) => transaction(pool, (client) => applyAll(client, writes)));
  }

  async claim(send: NewSend): Promise<Claim> {
    return (await this.#write({ kind: 'claim', send })) ?? { kind: 'CLAIMED' };
  }

  async record(sendId: string, resolution: Resolution, now: number): Promise<void> {
    await this.#write({ kind: 'record', sendId, resolution, now });
  }

  expireLeases(now: number): Promise<number> {
    return this.#change(
      "UPDATE sends SET status = 'UNKNOWN', updated_at = lease_until WHERE status = 'PENDING' AND lease_until < $1",
      now,
    );
  }

  async purge(before: number, limit: number): Promise<number> {
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
    return freed + deleted;
  }

  async messagesById(ids: readonly string[]): Promise<(Message | null)[]> {
    const { rows } = await this.#pool.query<SendRow>(
      `SELECT ${SEND_COLUMNS} FROM sends WHERE message_id = ANY ($1) ORDER BY time DESC, send_id DESC`,
      [ids.map((id) => id.replaceAll('\0', ''))],
    );
    return inOrderOf(ids, rows);
  }

  async listMessages(filter: MessageFilter, limit: number, after: Position | null): Promise<ListedMessage[]> {
    const { sql, values } = listQuery(filter, limit, after, 'JOIN');
    let number = 0;
    const numbered = sql.replace(/\?/g, () => `$${++number}`);
    return listedMessages((await this.#pool.query<SendRow>(numbered, [...values])).rows);
  }

  async unresolvedSends(limit: number): Promise<StoredSend[]> {
    const { rows } = await this.#pool.query<SendRow>(
      `SELECT ${SEND_COLUMNS} FROM sends WHERE message_id IS NULL AND status IN ('UNKNOWN', 'ACCEPTED') ORDER BY started_at LIMIT $1`,
      [limit],
    );
    return rows.map(storedSend);
  }

  async ping(): Promise<void> {
    await this.#pool.query('SELECT 1');
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #change(sql: string, ...values: number[]): Promise<number> {
    return (await this.#pool.query(sql, values)).rowCount ?? 0;
  }
}

/** Stores a batch in the order it arrived in, as far as two of its writes can touch the same send. */
async function applyAll(client: PoolClient, writes: readonly Write[]): Promise<(Claim | null)[]> {
  const claims = writes.flatMap((write) => (write.kind === 'claim' ? [write.send] : []));
  const held = await applyClaims(client, claims);
  await applyRecords(
    client,
    writes.filter((write) => write.kind === 'record'),
  );
  return writes.map((write) => (write.kind === 'claim' ? (held.get(write.send) ?? null) : null));
}

/** Claims all of `sends` in one statement; answers for those whose key is held which send holds it. */
async function applyClaims(client: PoolClient, sends: readonly NewSend[]): Promise<Map<NewSend, Claim>> {
  const held = new Map<NewSend, Claim>();
  let open = sends;
  for (let round = 0; open.length > 0; round++) {
    if (round === MAX_CLAIM_ROUNDS) throw new Error('idempotency keys change hands faster than they can be claimed');
    const claimed = await insertClaims(client, open);
    const refused = open.filter(({ sendId }) => !claimed.has(sendId));
    const holders = await holdersOf(client, refused);
    for (const send of refused) {
      const by = holders.get(keyOf(send.caller, send.idempotencyKey));
      if (by !== undefined) held.set(send, { kind: 'HELD', by });
    }
    // Whoever was refused and finds no holder any more saw its key freed in between, and is tried anew.
    open = refused.filter((send) => !held.has(send));
  }
  return held;
}

async function insertClaims(client: PoolClient, sends: readonly NewSend[]): Promise<Set<string>> {
  const rows = sends.map(claimColumns);
  const names = Object.keys(rows[0] ?? {});
  const { rows: claimed } = await client.query<{ send_id: string }>(
    `INSERT INTO sends (${names.join(', ')}) SELECT ${names.join(', ')} FROM ${recordset(names)}
     ON CONFLICT (caller, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING RETURNING send_id`,
    [JSON.stringify(rows)],
  );
  return new Set(claimed.map(({ send_id }) => send_id));
}

async function holdersOf(client: PoolClient, sends: readonly NewSend[]): Promise<Map<string, StoredSend>> {
  if (sends.length === 0) return new Map();
  const keys = sends.map(({ caller, idempotencyKey }) => ({ caller, idempotency_key: idempotencyKey }));
  const { rows } = await client.query<SendRow & { caller: string; idempotency_key: string }>(
    `SELECT caller, idempotency_key, ${SEND_COLUMNS} FROM sends
     WHERE (caller, idempotency_key) IN (SELECT caller, idempotency_key FROM ${recordset(['caller', 'idempotency_key'])})`,
    [JSON.stringify(keys)],
  );
  return new Map(rows.map((row) => [keyOf(row.caller, row.idempotency_key), storedSend(row)]));
}

const keyOf = (caller: string, key: string | null): string => JSON.stringify([caller, key]);

/** An UPDATE takes each send once, so a second record of the same send waits for the next statement. */
async function applyRecords(client: PoolClient, writes: readonly RecordWrite[]): Promise<void> {
  for (let open = writes; open.length > 0;) {
    const firstOfEach = new Map<string, RecordWrite>();
    for (const write of open) if (!firstOfEach.has(write.sendId)) firstOfEach.set(write.sendId, write);
    const wave = [...firstOfEach.values()];
    await updateRecords(client, wave);
    open = open.filter((write) => firstOfEach.get(write.sendId) !== write);
  }
}

const MESSAGE_COLUMNS = [
  'message_id',
  'time',
  'sender',
  'recipients',
  'body',
  'application_id',
  'tag',
  'media',
  'owner',
  'direction',
  'segment_count',
];

async function updateRecords(client: PoolClient, writes: readonly RecordWrite[]): Promise<void> {
  const rows = writes.map(({ sendId, resolution, now }) => ({
    send_id: sendId,
    status: resolution.status,
    updated_at: now,
    replaces: yieldsTo(resolution.status).join(','),
    ...(resolution.status === 'ACCEPTED' && resolution.message !== null && messageColumns(resolution.message)),
  }));
  const listed = writes.flatMap(({ sendId, resolution }) =>
    recipientsOf(resolution).map((recipient) => ({ send_id: sendId, recipient })),
  );
  const assignments = MESSAGE_COLUMNS.map(
    (name) => `${name} = CASE WHEN record.message_id IS NULL THEN sends.${name} ELSE record.${name} END`,
  );
  await client.query(
    `WITH updated AS (
       UPDATE sends SET status = record.status, updated_at = record.updated_at,
         idempotency_key = CASE WHEN record.status = 'REJECTED' THEN NULL ELSE sends.idempotency_key END,
         ${assignments.join(', ')}
       FROM ${recordset(['send_id', 'status', 'updated_at', 'replaces', ...MESSAGE_COLUMNS], 'record')}
       WHERE sends.send_id = record.send_id AND sends.status = ANY (string_to_array(record.replaces, ','))
       RETURNING sends.send_id, sends.time)
     INSERT INTO recipients (recipient, time, send_id)
     SELECT listed.recipient, updated.time, updated.send_id
     FROM updated JOIN ${recordset(['send_id', 'recipient'], 'listed', 2)} ON listed.send_id = updated.send_id
     ON CONFLICT DO NOTHING`,
    [JSON.stringify(rows), JSON.stringify(listed)],
  );
}

/** The parameter, a JSON array of objects, as a table with these columns. */
function recordset(names: readonly string[], alias = 'given', parameter = 1): string {
  const columns = names.map((name) => `${name} ${columnType(name)}`);
  return `json_to_recordset($${parameter}::json) AS ${alias} (${columns.join(', ')})`;
}

function columnType(name: string): string {
  if (name === 'segment_count') return 'INTEGER';
  return NUMBERS.has(name) ? 'BIGINT' : 'TEXT';
}
