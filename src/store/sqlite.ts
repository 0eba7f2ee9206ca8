/** The store in one SQLite file: the embedded default, for one instance. */
import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import type { DeliveryEvent } from '../messaging/delivery.js';
import { yieldsTo, type Message } from '../messaging/message.js';
import type {
  Claim,
  ListedMessage,
  MessageFilter,
  MessageStore,
  NewSend,
  Position,
  Resolution,
  StoreChange,
  StoredSend,
} from '../messaging/ports.js';
import { groupCommit } from './group-commit.js';
import { listQuery } from './list-query.js';
import { migrations, stepsAfter } from './migrations.js';
import {
  claimColumns,
  distinctRecipients,
  inOrderOf,
  isAbout,
  listedMessages,
  messageColumns,
  receivedColumns,
  recipientsOf,
  rowAfter,
  SEND_COLUMNS,
  storable,
  storedSend,
  type SendRow,
} from './rows.js';

/** better-sqlite3 waits for a lock with the whole process; a longer wait is made of many short ones. */
const BUSY_TIMEOUT_MS = 20;
const BUSY_RETRY_MS = 20;
/** Another process that holds the file through all of these, two seconds, is stuck. */
const MAX_BUSY_TRIES = 50;

type Write =
  | { readonly kind: 'claim'; readonly send: NewSend }
  | { readonly kind: 'record'; readonly sendId: string; readonly resolution: Resolution; readonly now: number }
  | { readonly kind: 'event'; readonly event: DeliveryEvent; readonly now: number }
  | { readonly kind: 'received'; readonly message: Message; readonly now: number };

/** Opens the file, readable by its owner alone, and brings it to the current version. @throws NewerStoreError */
export async function openSqlite(file: string): Promise<SqliteStore> {
  if (file !== ':memory:') {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    // SQLite gives the files beside it (WAL, shared memory) the mode of this one, which must be right before they are made.
    closeSync(openSync(file, 'a', 0o600));
    chmodSync(file, 0o600);
  }
  const database = new Database(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    await whenFree(() => {
      // Before anything is written: a newer database stays as it is.
      stepsAfter(versionOf(database), migrations('INTEGER'));
      database.pragma('journal_mode = WAL');
      // NORMAL would lose the last commits with the machine's power, and a claim must not be lost.
      database.pragma('synchronous = FULL');
      migrate(database);
    });
    return new SqliteStore(database);
  } catch (error) {
    database.close();
    throw error;
  }
}

function versionOf(database: Database.Database): number {
  return database.pragma('user_version', { simple: true }) as number;
}

function migrate(database: Database.Database): void {
  const steps = migrations('INTEGER');
  database
    .transaction(() => {
      for (const step of stepsAfter(versionOf(database), steps)) database.exec(step);
      database.pragma(`user_version = ${steps.length}`);
    })
    .immediate();
}

/** Does `work` as soon as no other process holds the file, without holding up this one meanwhile. */
async function whenFree<Result>(work: () => Result): Promise<Result> {
  for (let triesLeft = MAX_BUSY_TRIES; ; triesLeft--) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error) || triesLeft === 0) throw error;
      await delay(BUSY_RETRY_MS);
    }
  }
}

/** By its code: the native half of the driver may throw the class of another copy of its other half. */
function isBusy(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' && code.startsWith('SQLITE_BUSY');
}

export class SqliteStore implements MessageStore {
  readonly shared = false;
  readonly #database: Database.Database;
  readonly #statements = new Map<string, Database.Statement>();
  readonly #write: (write: Write) => Promise<Claim | null>;
  readonly #listeners = new Set<(change: StoreChange) => void>();
  /** What the commit under way changes; told once it is on disk. */
  #changes: StoreChange[] = [];

  constructor(database: Database.Database) {
    this.#database = database;
    const commit = database.transaction((writes: readonly Write[]) => writes.map((write) => this.#apply(write)));
    this.#write = groupCommit(async (writes) => {
      const results = await whenFree(() => {
        this.#changes = [];
        return commit.immediate(writes);
      });
      for (const change of this.#changes) for (const listener of this.#listeners) listener(change);
      return results;
    });
  }

  async claim(send: NewSend): Promise<Claim> {
    return (await this.#write({ kind: 'claim', send })) ?? { kind: 'CLAIMED' };
  }

  async record(sendId: string, resolution: Resolution, now: number): Promise<void> {
    await this.#write({ kind: 'record', sendId, resolution, now });
  }

  async applyEvent(event: DeliveryEvent, now: number): Promise<void> {
    await this.#write({ kind: 'event', event, now });
  }

  async receive(message: Message, now: number): Promise<void> {
    await this.#write({ kind: 'received', message, now });
  }

  /** One process writes at a time, so a record has always seen the events that came before it. */
  adoptEarlyEvents(): Promise<number> {
    return Promise.resolve(0);
  }

  async keepAside(body: string, now: number): Promise<void> {
    await this.#change('INSERT INTO strange_callbacks VALUES (?, ?)', now, storable(body));
  }

  onChange(listener: (change: StoreChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
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
    const forgotten = await this.#change(
      'DELETE FROM early_events WHERE rowid IN (SELECT rowid FROM early_events WHERE received_at < ? LIMIT ?)',
      before,
      limit - freed - deleted,
    );
    return freed + deleted + forgotten;
  }

  messagesById(ids: readonly string[], caller: string | null = null): Promise<(Message | null)[]> {
    const rows = this.#all(
      // Only the newest of each id is read, however many upstream gave the same.
      `SELECT ${SEND_COLUMNS} FROM sends WHERE send_id IN (
         SELECT (SELECT send_id FROM sends WHERE message_id = value AND (? IS NULL OR caller = ?) ORDER BY time DESC, send_id DESC LIMIT 1) FROM json_each(?))`,
      caller,
      caller,
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
    switch (write.kind) {
      case 'claim':
        return this.#applyClaim(write.send);
      case 'record':
        return this.#applyRecord(write);
      case 'event':
        return this.#applyEvent(write);
      case 'received':
        return this.#applyReceived(write);
    }
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
    this.#listRecipients(sendId, recipientsOf(resolution));
    if (resolution.status !== 'ACCEPTED' || resolution.message === null) return null;
    const early = this.#statement('DELETE FROM early_events WHERE message_id = ? RETURNING event');
    for (const { event } of early.all(storable(resolution.message.id)) as { event: string }[]) {
      this.#applyEvent({ event: JSON.parse(event) as DeliveryEvent, now });
    }
    return null;
  }

  #applyEvent({ event, now }: { event: DeliveryEvent; now: number }): null {
    const row = this.#rowOf(event);
    if (row === undefined) {
      const keep = this.#statement('INSERT INTO early_events VALUES (?, ?, ?)');
      keep.run(storable(event.messageId), JSON.stringify(event), now);
      return null;
    }
    const { send_id, status, deliveries, message_id, time, owner, segment_count } = rowAfter(row, event);
    this.#statement(
      'UPDATE sends SET status = ?, deliveries = ?, message_id = ?, time = ?, owner = ?, segment_count = ?, updated_at = ? WHERE send_id = ?',
    ).run(status, deliveries, message_id, time, owner, segment_count, now, send_id);
    if (row.message_id === null) this.#listRecipients(send_id, JSON.parse(row.recipients) as string[]);
    this.#changes.push({ kind: 'updated', messageId: event.messageId });
    return null;
  }

  #rowOf(event: DeliveryEvent): SendRow | undefined {
    const bySend = this.#statement(`SELECT ${SEND_COLUMNS} FROM sends WHERE send_id = ?`).get(event.sendId);
    if (isAbout(bySend as SendRow | undefined, event)) return bySend as SendRow;
    return this.#statement(
      `SELECT ${SEND_COLUMNS} FROM sends WHERE message_id = ? AND direction = 'OUT' ORDER BY time DESC, send_id DESC LIMIT 1`,
    ).get(storable(event.messageId)) as SendRow | undefined;
  }

  #applyReceived({ message, now }: { message: Message; now: number }): null {
    const columns = receivedColumns(message, now);
    const names = Object.keys(columns);
    const insert = `INSERT OR IGNORE INTO sends (${names.join(', ')}) VALUES (${names.map((name) => `@${name}`).join(', ')})`;
    if (this.#statement(insert).run(columns).changes === 0) return null;
    this.#listRecipients(String(columns.send_id), distinctRecipients(message.to));
    this.#changes.push({ kind: 'received', messageId: message.id });
    return null;
  }

  #listRecipients(sendId: string, to: readonly string[]): void {
    const list = this.#statement(
      'INSERT OR IGNORE INTO recipients SELECT ?, time, send_id FROM sends WHERE send_id = ?',
    );
    for (const recipient of to) list.run(recipient, sendId);
  }

  #all(sql: string, ...values: (string | number | null)[]): Promise<SendRow[]> {
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
