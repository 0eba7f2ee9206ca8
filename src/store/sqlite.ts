/** The store in one SQLite file: the embedded default, for one instance. */
import { chmodSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
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

/** better-sqlite3 waits for a lock with the whole process; a longer wait is made of many short ones. */
const BUSY_TIMEOUT_MS = 20;
const BUSY_RETRY_MS = 20;
/** Another process that holds the file for longer than this is stuck. */
const BUSY_LIMIT_MS = 2_000;

type Write =
  | { readonly kind: 'claim'; readonly send: NewSend }
  | { readonly kind: 'record'; readonly sendId: string; readonly resolution: Resolution; readonly now: number };

/** Opens the file, readable by its owner alone, and brings it to the current version. @throws NewerStoreError */
export async function openSqlite(file: string): Promise<SqliteStore> {
  if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const database = new Database(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    await whenFree(() => {
      database.pragma('journal_mode = WAL');
      // NORMAL would lose the last commits with the machine's power, and a claim must not be lost.
      database.pragma('synchronous = FULL');
      migrate(database);
    });
    if (file !== ':memory:') chmodSync(file, 0o600);
    return new SqliteStore(database);
  } catch (error) {
    database.close();
    throw error;
  }
}

function migrate(database: Database.Database): void {
  const steps = migrations('INTEGER');
  database
    .transaction(() => {
      const found = database.pragma('user_version', { simple: true }) as number;
      for (const step of stepsAfter(found, steps)) database.exec(step);
      database.pragma(`user_version = ${steps.length}`);
    })
    .immediate();
}

/** Does `work` as soon as no other process holds the file, without holding up this one meanwhile. */
async function whenFree<Result>(work: () => Result): Promise<Result> {
  const giveUpAt = performance.now() + BUSY_LIMIT_MS;
  for (;;) {
    try {
      return work();
    } catch (error) {
      const isBusy = error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');
      if (!isBusy || performance.now() > giveUpAt) throw error;
      await delay(BUSY_RETRY_MS);
    }
  }
}

export class SqliteStore implements MessageStore {
  readonly shared = false;
  readonly #database: Database.Database;
  readonly #statements = new Map<string, Database.Statement>();
  readonly #write: (write: Write) => Promise<Claim | null>;

  constructor(database: Database.Database) {
    this.#database = database;
    const commit = database.transaction((writes: readonly Write[]) => writes.map((write) => this.#apply(write)));
    this.#write = groupCommit((writes) => whenFree(() => commit.immediate(writes)));
  }

  async claim(send: NewSend): Promise<Claim> {
    return (await this.#write({ kind: 'claim', send })) ?? { kind: 'CLAIMED' };
  }

  async record(sendId: string, resolution: Resolution, now: number): Promise<void> {
    await this.#write({ kind: 'record', sendId, resolution, now });
  }

  expireLeases(now: number): Promise<number> {
    return this.#change(
      "UPDATE sends SET status = 'UNKNOWN', updated_at = lease_until WHERE status = 'PENDING' AND lease_until < ?",
      now,
    );
  }

  async purge(before: number, limit: number): Promise<number> {
    const freed = await this.#change(
      `UPDATE sends SET idempotency_key = NULL WHERE send_id IN (
         SELECT send_id FROM sends WHERE idempotency_key IS NOT NULL AND message_id IS NOT NULL AND updated_at < ? LIMIT ?)`,
      before,
      limit,
    );
    const deleted = await this.#change(
      "DELETE FROM sends WHERE send_id IN (SELECT send_id FROM sends WHERE status = 'REJECTED' AND updated_at < ? LIMIT ?)",
      before,
      limit - freed,
    );
    return freed + deleted;
  }

  messagesById(ids: readonly string[]): Promise<(Message | null)[]> {
    const rows = this.#all(
      `SELECT ${SEND_COLUMNS} FROM sends WHERE message_id IN (SELECT value FROM json_each(?)) ORDER BY time DESC, send_id DESC`,
      JSON.stringify(ids),
    );
    return rows.then((found) => inOrderOf(ids, found));
  }

  async listMessages(filter: MessageFilter, limit: number, after: Position | null): Promise<ListedMessage[]> {
    const { sql, values } = listQuery(filter, limit, after, 'CROSS JOIN');
    return listedMessages(await this.#all(sql, ...values));
  }

  async unresolvedSends(limit: number): Promise<StoredSend[]> {
    const rows = await this.#all(
      `SELECT ${SEND_COLUMNS} FROM sends WHERE message_id IS NULL AND status IN ('UNKNOWN', 'ACCEPTED') ORDER BY started_at LIMIT ?`,
      limit,
    );
    return rows.map(storedSend);
  }

  async ping(): Promise<void> {
    await this.#all(`SELECT ${SEND_COLUMNS} FROM sends LIMIT 1`);
  }

  close(): Promise<void> {
    this.#database.close();
    return Promise.resolve();
  }

  #apply(write: Write): Claim | null {
    return write.kind === 'claim' ? this.#applyClaim(write.send) : this.#applyRecord(write);
  }

  #applyClaim(send: NewSend): Claim | null {
    const columns = claimColumns(send);
    const names = Object.keys(columns);
    const insert = `INSERT INTO sends (${names.join(', ')}) VALUES (${names.map((name) => `@${name}`).join(', ')}) ON CONFLICT (caller, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING`;
    if (this.#statement(insert).run(columns).changes === 1) return null;
    const holder = this.#statement(`SELECT ${SEND_COLUMNS} FROM sends WHERE caller = ? AND idempotency_key = ?`);
    return { kind: 'HELD', by: storedSend(holder.get(send.caller, send.idempotencyKey) as SendRow) };
  }

  #applyRecord({ sendId, resolution, now }: Extract<Write, { kind: 'record' }>): null {
    const columns = {
      status: resolution.status,
      updated_at: now,
      ...(resolution.status === 'REJECTED' && { idempotency_key: null }),
      ...(resolution.status === 'ACCEPTED' && resolution.message !== null && messageColumns(resolution.message)),
    };
    const assignments = Object.keys(columns).map((name) => `${name} = @${name}`);
    const lower = yieldsTo(resolution.status).map((status) => `'${status}'`);
    const update = `UPDATE sends SET ${assignments.join(', ')} WHERE send_id = @send_id AND status IN (${lower.join(', ')})`;
    if (this.#statement(update).run({ ...columns, send_id: sendId }).changes === 0) return null;
    const list = this.#statement(
      'INSERT OR IGNORE INTO recipients SELECT ?, time, send_id FROM sends WHERE send_id = ?',
    );
    for (const recipient of recipientsOf(resolution)) list.run(recipient, sendId);
    return null;
  }

  #all(sql: string, ...values: (string | number)[]): Promise<SendRow[]> {
    return whenFree(() => this.#statement(sql).all(...values) as SendRow[]);
  }

  #change(sql: string, ...values: (string | number)[]): Promise<number> {
    return whenFree(() => this.#statement(sql).run(...values).changes);
  }

  /** Each statement is prepared once; there are as many as this file and the combinations of filters have. */
  #statement(sql: string): Database.Statement {
    const prepared = this.#statements.get(sql) ?? this.#database.prepare(sql);
    this.#statements.set(sql, prepared);
    return prepared;
  }
}
