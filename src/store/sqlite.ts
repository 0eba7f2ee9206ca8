/** The store in one SQLite file: the embedded default, for one instance. */
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import type { DeliveryEvent } from '../messaging/delivery.js';
import { EVERYBODY, type Whose, type WhoseSends } from '../messaging/caller.js';
import {
  statementIn,
  statementOf,
  type ConsentPair,
  type ConsentStatement,
  type OptOut,
} from '../messaging/consent.js';
import type { ConversationKey } from '../messaging/conversation.js';
import { yieldsTo, type Message, type MessageDirection } from '../messaging/message.js';
import {
  type Change,
  type ChangeCursor,
  type ChangePosition,
  type Claim,
  type ConversationFilter,
  type ConversationList,
  type DeadLetterPurge,
  FORGOTTEN,
  type Forgetting,
  type ForgettingOutcome,
  type ForgettingPlace,
  type ForgettingStep,
  isUnresolved,
  type MessageFilter,
  type MessageList,
  type MessageStore,
  type NewSend,
  type OptOutFilter,
  type Position,
  type RefusalCount,
  type Resolution,
  type SendFilter,
  type SendLimits,
  type Settlement,
  type SettleResult,
  type Slice,
  type StoreChange,
  type StoredConversation,
  type StoredSend,
  type Taken,
  type Traced,
  type TraceQuery,
  type WhoseNumbers,
  type Unresolved,
} from '../messaging/ports.js';
import { BatchingStore, KEPT_FOR_PEOPLE, type Write, type WriteOf, type Written } from './batching-store.js';
import {
  ANY_FORGOTTEN,
  CONSENT_COLUMNS,
  consentColumns,
  countsOf,
  isOptOut,
  KEEP_QUIETLY,
  LONG_AGO,
  newOptOutsQuery,
  optOutOf,
  optOutsQuery,
  purgeForgottenWords,
  REPLACE_FORGOTTEN,
  SAY,
  SELECT_CONSENT,
  SELECT_FORGOTTEN,
  type ConsentColumns,
  type ConsentKeeping,
  type ConsentRow,
  type OptOutRow,
} from './consent.js';
import {
  conversationsByIdQuery,
  conversationsInOrderOf,
  conversationsQuery,
  CONVERSATION_COLUMNS,
  filed,
  INSERT_CONVERSATIONS,
  IS_UNFILED,
  listedConversations,
  ON_KNOWN_CONVERSATION,
  tallied,
  UNFILED_COLUMNS,
  type ConversationWithMessage,
  type KnownMessage,
  type UnfiledRow,
} from './conversations.js';
import { isBusy, lockFile, StoreInUseError } from './file-lock.js';
import { forgotSinceQuery } from './forgetting.js';
import { groupCommit } from './group-commit.js';
import {
  countQuery,
  countUnresolvedQuery,
  FREED_KEY,
  LIST_DIALECTS,
  listQuery,
  rightOf,
  rivalsQuery,
  SEND_BY_KEY,
  sendsQuery,
  unresolvedQuery,
} from './list-query.js';
import { migrations, stepsAfter, type OnStep } from './migrations.js';
import { oldMessagesQuery, type RemovedRow } from './removal.js';
import {
  changesOf,
  CLAIM_COLUMNS,
  claimColumns,
  DEAD_LETTER_TABLES,
  distinctRecipients,
  EVENT_COLUMNS,
  hashOfKey,
  IN_FORGOTTEN,
  inOrderOf,
  isAbout,
  conversationKey,
  listedMessages,
  MESSAGE_COLUMNS,
  messageColumns,
  ON_STORED_CLAIM,
  RECEIVED_COLUMNS,
  receivedColumns,
  RECORD_COLUMNS,
  recordColumns,
  rowAfter,
  SEND_COLUMNS,
  sendsInOrderOf,
  settledId,
  settlementColumns,
  SHED_COLUMNS,
  storable,
  storedSend,
  TOMBSTONE_COLUMNS,
  tombstoneColumns,
  unresolvedIn,
  valuesOf,
  type SendRow,
} from './rows.js';
import { digestOf, forgetSome, NOTE_FORGETTING } from './sqlite-forgetting.js';
import { removeRows } from './sqlite-removal.js';
import { CountersInMemory, sendLimits, type LimitsOfSends } from './send-limits.js';
import { Tracer, TRACE_DIALECTS } from './trace-query.js';

/** better-sqlite3 blocks the process while it waits for a lock; a longer wait is made of many short ones. */
const BUSY_TIMEOUT_MS = 20;
const BUSY_RETRY_MS = 20;
/**
 * Pages of 4 KiB in the log beside the file before they are copied into it. A send writes about twenty, mostly the same
 * ones again and again, which are then copied once: SQLite's own default, 1000, costs a sixth more CPU a send. A start
 * after a crash reads the log first: 16 MiB take milliseconds.
 */
const CHECKPOINT_PAGES = 4_000;
/** Messages whose early events are applied in one go. */
const MAX_ADOPTIONS = 100;
/** A file that SQLite writes anew within some tenths of a second, which hold up everything. */
const QUICK_VACUUM_BYTES = 32 * 1024 * 1024;
/** Asking more often than this whether the disk can be written would only wear it out. */
const PING_EVERY_MS = 1_000;
/** A send writes about ten pages of 4 KiB, in two commits. */
const PING_BYTES = 32 * 1024;
/**
 * Statements that are kept: some ten kilobytes each. The store itself has a few dozen; the rest are filters of lists, of
 * which callers can make thousands.
 */
const MAX_STATEMENTS = 256;
/** Another process that holds the file through all of these, two seconds, is stuck. */
const MAX_BUSY_TRIES = 50;

/**
 * Opens the file, readable by its owner alone, and brings it to the current version; for a server, it is locked first.
 *
 * @throws StoreInUseError, NewerStoreError
 */
export async function openSqlite(
  file: string,
  forServer: boolean,
  consent: ConsentKeeping = KEEP_QUIETLY,
  onStep: OnStep = () => undefined,
): Promise<SqliteStore> {
  if (file !== ':memory:') {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    // SQLite gives the files beside it (WAL, shared memory) the mode of this one, which must be right before they are made.
    closeSync(openSync(file, 'a', 0o600));
    chmodSync(file, 0o600);
  }
  // By its real name: the same file may be reached by a link.
  const isLocked = forServer && file !== ':memory:';
  const unlock = isLocked ? lockFile(realpathSync(file)) : (): void => undefined;
  const database = new Database(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    const migrated =
      isLocked || file === ':memory:' ? (): void => undefined : await lockIfOlder(database, realpathSync(file));
    await prepare(database, onStep).finally(migrated);
    return new SqliteStore(database, unlock, consent);
  } catch (error) {
    database.close();
    unlock();
    throw error;
  }
}

/**
 * The version of the file; 0 where there is none yet, or nothing in it. Nothing is written, and no server is in the way: where
 * all is in the file itself, its header is read, since SQLite would make the files beside it.
 */
export function versionOfFile(file: string): number {
  if (!existsSync(file)) return 0;
  if (!existsSync(`${file}-wal`) && !existsSync(`${file}-journal`)) return versionInHeader(file);
  const database = new Database(file, { readonly: true, timeout: BUSY_TIMEOUT_MS * MAX_BUSY_TRIES });
  try {
    return versionOf(database);
  } finally {
    database.close();
  }
}

/** The header of an SQLite file, and where its version stands (https://sqlite.org/fileformat2.html#the_database_header). */
const HEADER = { text: 'SQLite format 3\0', length: 100, versionAt: 60 };

function versionInHeader(file: string): number {
  const header = Buffer.alloc(HEADER.length);
  const descriptor = openSync(file, 'r');
  try {
    if (readSync(descriptor, header) === 0) return 0;
  } finally {
    closeSync(descriptor);
  }
  if (header.toString('latin1', 0, HEADER.text.length) === HEADER.text) return header.readInt32BE(HEADER.versionAt);
  throw Object.assign(new Error('The file has no header of SQLite.'), { code: 'SQLITE_NOTADB' });
}

function versionOf(database: Database.Database): number {
  return database.pragma('user_version', { simple: true }) as number;
}

async function prepare(database: Database.Database, onStep: OnStep): Promise<void> {
  await whenFree(() => {
    // Before anything is written: a newer database stays as it is.
    stepsAfter(versionOf(database), migrations('sqlite'));
    database.pragma('journal_mode = WAL');
    // NORMAL would lose the last commits with the machine's power, and a claim must not be lost.
    database.pragma('synchronous = FULL');
    // What is deleted, or moves, is overwritten with zeros in its page, which is written anyhow.
    database.pragma('secure_delete = ON');
    database.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  });
  await migrate(database, onStep);
  // What a statement changes is kept aside, in case it fails: in a file, that took a fifth of the CPU of a send. Not for
  // the migration, which may sort more than there is memory.
  database.pragma('temp_store = MEMORY');
}

async function migrate(database: Database.Database, onStep: OnStep): Promise<void> {
  const steps = migrations('sqlite');
  await whenFree(() => database.exec('BEGIN IMMEDIATE'));
  try {
    const found = versionOf(database);
    for (const [index, step] of stepsAfter(found, steps).entries()) {
      if (found > 0) {
        onStep(found + index + 1, steps.length);
        // The step holds up the process: what is said of it is written before.
        await nextTurn();
      }
      database.exec(step);
    }
    database.pragma(`user_version = ${steps.length}`);
    database.exec('COMMIT');
  } catch (error) {
    // Some failures end it by themselves.
    if (database.inTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/**
 * Locks a file that is to be migrated: a server of an earlier version would go on in tables that it does not know. Another
 * process may be migrating it right now, and is waited for.
 *
 * @throws StoreInUseError, NewerStoreError
 */
async function lockIfOlder(database: Database.Database, file: string): Promise<() => void> {
  for (let triesLeft = MAX_BUSY_TRIES; ; triesLeft--) {
    const version = await whenFree(() => versionOf(database));
    // In a new file, no server has been.
    if (version === 0 || stepsAfter(version, migrations('sqlite')).length === 0) return () => undefined;
    try {
      return lockFile(file);
    } catch (error) {
      if (!(error instanceof StoreInUseError)) throw error;
      if (triesLeft > 0) await delay(BUSY_RETRY_MS);
      else throw new StoreInUseError(file, `A server of an earlier version uses ${file}: stop it, and run this again.`);
    }
  }
}

function inodeOf(file: string): number | null {
  return statSync(file, { throwIfNoEntry: false })?.ino ?? null;
}

/** Nothing, or another file, has the name of the file that is written to: what is written is lost with the process. */
class FileMovedError extends Error {
  override readonly name = 'FileMovedError';
  readonly code = 'FILE_MOVED';
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

/** Whether SQLite refused a value or a row, rather than the disk or the file failing. */
function isFaultOfOne(error: unknown): boolean {
  // Records of the same batch may still be written.
  if (error instanceof FileMovedError) return true;
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string'
    ? /^SQLITE_(CONSTRAINT|TOOBIG|MISMATCH|RANGE)/.test(code)
    : error instanceof RangeError;
}

/** A message keeps its place in the lists, and its conversation. One that was settled is filed by itself. */
const KEPT: ReadonlyMap<string, string> = new Map([
  ['time', 'COALESCE(time, ?)'],
  ['conversation', 'CASE WHEN settled_by IS NULL THEN ? ELSE conversation END'],
]);

const INSERT_CLAIM = `${insertOf(CLAIM_COLUMNS)} ON CONFLICT (caller, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING`;
const INSERT_TOMBSTONE = `${insertOf([...TOMBSTONE_COLUMNS, 'changed'])} ${ON_STORED_CLAIM}`;
const INSERT_RECEIVED = `${insertOf([...RECEIVED_COLUMNS, 'changed'])} ON CONFLICT DO NOTHING`;
const UPDATE_BY_EVENT = updateOf([...EVENT_COLUMNS, 'updated_at', 'changed'], '1');
/** The call's own answer replaces a settlement, until a callback has confirmed that settlement. */
const RECORD_MESSAGE = `${recordOf(
  'ACCEPTED',
  MESSAGE_COLUMNS,
  " OR (settled_by IS NOT NULL AND (status = 'REJECTED' OR (deliveries IS NULL AND message_id IS NOT ?)))",
)} AND settled_by IS NOT '${FORGOTTEN}' RETURNING time, caller, settled_by`;
const COUNT_CONVERSATION = `${INSERT_CONVERSATIONS} VALUES (${CONVERSATION_COLUMNS.map(() => '?').join(', ')}) ${ON_KNOWN_CONVERSATION}`;
const SELECT_UNFILED = `SELECT ${UNFILED_COLUMNS} FROM sends`;
/** What records an outcome without a message, or of somebody who is forgotten. */
const RECORDS = {
  ACCEPTED: recordOf('ACCEPTED', [], " OR (settled_by IS NOT NULL AND status = 'REJECTED')"),
  REJECTED: recordOf('REJECTED', ['idempotency_key', ...Object.keys(SHED_COLUMNS)], ''),
  UNKNOWN: recordOf('UNKNOWN', [], ''),
};

/** The first condition follows from the second, but SQLite does not see that, and would read and sort the whole table. */
export const SELECT_CHANGES = `SELECT ${SEND_COLUMNS} FROM sends INDEXED BY sends_changed
  WHERE changed IS NOT NULL AND (changed, send_id) > (?, ?) ORDER BY changed, send_id LIMIT ?`;

/** The last entry of the index: a table of one number would be one more page to write in each commit. */
const SELECT_LAST_NUMBER = 'SELECT max(changed) AS last FROM sends INDEXED BY sends_changed WHERE changed IS NOT NULL';

/** What was emptied, and holds its key no longer. */
const PURGE_FORGOTTEN = `DELETE FROM sends WHERE send_id IN (SELECT send_id FROM sends INDEXED BY sends_settled
  WHERE settled_by IS NOT NULL AND settled_by = '${FORGOTTEN}' AND message_id IS NULL AND updated_at < ? LIMIT ?)`;

const FREED_AND_SHED = [null, ...Object.values(SHED_COLUMNS)];

function insertOf(names: readonly string[]): string {
  return `INSERT INTO sends (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`;
}

function updateOf(names: readonly string[], condition: string): string {
  const assignments = names.map((name) => `${name} = ${KEPT.get(name) ?? '?'}`);
  return `UPDATE sends SET ${assignments.join(', ')} WHERE send_id = ? AND ${condition}`;
}

function recordOf(status: Resolution['status'], names: readonly string[], orElse: string): string {
  const lower = yieldsTo(status).map((each) => `'${each}'`);
  return updateOf([...RECORD_COLUMNS, 'changed', ...names], `(status IN (${lower.join(', ')})${orElse})`);
}

/** Somebody reads the log, which cannot end now. */
class CheckpointBusyError extends Error {
  override readonly name = 'CheckpointBusyError';
  readonly code = 'SQLITE_BUSY';
}

/** What is told of a row into which a message was recorded. */
interface RecordedRow {
  readonly time: number;
  readonly caller: string;
  readonly settled_by: string | null;
}

export class SqliteStore extends BatchingStore implements MessageStore {
  readonly shared = false;
  readonly #database: Database.Database;
  /** Made once: making it costs more than a small commit does. */
  readonly #transaction: Database.Transaction<(work: () => unknown) => unknown>;
  readonly #unlock: () => void;
  readonly #statements = new Map<string, Database.Statement>();
  readonly #listeners = new Set<(change: StoreChange) => void>();
  readonly #consent: ConsentKeeping;
  readonly #tracer = new Tracer(({ sql, values }) => this.#all(sql, ...values), TRACE_DIALECTS.sqlite);
  /** When the last ping was written, by the clock of `performance`. */
  #writtenAt = -Infinity;
  /** Which file it is, whatever its name; null in memory. */
  readonly #inode: number | null;
  /** What the commit under way changes; the listeners get it once it is on disk. */
  #changes: StoreChange[] = [];
  /** Messages that the commit under way makes known. */
  #known: KnownMessage[] = [];
  /** What it says of consent, as far as that counts. */
  #said: ConsentStatement[] = [];
  /** The number of the commit under way; null as long as it changes nothing. */
  #commitNumber: number | null = null;
  /** The last number that was given here. What was changed with it may be deleted since. */
  #givenNumber = 0;

  constructor(
    database: Database.Database,
    unlock: () => void = () => undefined,
    consent: ConsentKeeping = KEEP_QUIETLY,
  ) {
    super(
      groupCommit((writes) => this.#commitAll(writes), {
        isFaultOfOne,
        onCommit: (writes) => this.onCommit?.(writes),
      }),
    );
    this.#database = database;
    this.#transaction = database.transaction((work) => work());
    this.#unlock = unlock;
    this.#inode = database.memory ? null : inodeOf(database.name);
    this.#consent = consent;
  }

  async sendByKey(caller: string, idempotencyKey: string): Promise<StoredSend | null> {
    const [row] = await this.#all(SEND_BY_KEY, caller, idempotencyKey);
    return row === undefined ? null : storedSend(row);
  }

  settle(sendId: string, settlement: Settlement, now: number): Promise<SettleResult> {
    return this.#commit(() => this.#applySettlement(sendId, settlement, now));
  }

  async addRefusals(counts: readonly RefusalCount[]): Promise<void> {
    await this.#commit(() => {
      const add = this.#statement(
        'INSERT INTO refusals VALUES (?, ?, ?) ON CONFLICT (caller, hour) DO UPDATE SET count = count + excluded.count',
      );
      for (const { caller, hour, count } of counts) add.run(caller, hour, count);
    });
  }

  async abandon(sends: readonly NewSend[], now: number): Promise<void> {
    await this.#commit(() => {
      for (const send of sends) {
        const values = valuesOf(tombstoneColumns(send, now), TOMBSTONE_COLUMNS);
        this.#run(INSERT_TOMBSTONE, [...values, this.#numberOfCommit()]);
      }
    });
  }

  /** A record and an event find each other in their own commits; this is for what an earlier version left behind. */
  async adoptEarlyEvents(now: number): Promise<number> {
    return this.#commit(() => {
      const known = this.#statement(
        'SELECT DISTINCT message_id FROM early_events JOIN sends USING (message_id) LIMIT ?',
      );
      const rows = known.all(MAX_ADOPTIONS) as { message_id: string }[];
      for (const { message_id } of rows) this.#adopt(message_id, now);
      return rows.length;
    });
  }

  /** Counted in memory: an SQLite file has one instance. */
  sendLimits(limits: LimitsOfSends): SendLimits {
    return sendLimits(limits, new CountersInMemory());
  }

  onChange(listener: (change: StoreChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  expireLeases(now: number): Promise<number> {
    return this.#commit(() => {
      const expired = "status = 'PENDING' AND lease_until < ?";
      if (this.#statement(`SELECT 1 FROM sends WHERE ${expired} LIMIT 1`).get(now) === undefined) return 0;
      const expire = this.#statement(
        `UPDATE sends SET status = 'UNKNOWN', updated_at = lease_until, changed = ? WHERE ${expired}`,
      );
      return expire.run(this.#numberOfCommit(), now).changes;
    });
  }

  async purge(before: number, limit: number): Promise<number> {
    await this.#change(PURGE_FORGOTTEN, before, limit);
    await this.#change(purgeForgottenWords('?'), before * 1000);
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

  async purgeDeadLetters(before: number, keep: number, limit: number): Promise<DeadLetterPurge> {
    let [expired, crowdedOut] = [0, 0];
    for (const table of DEAD_LETTER_TABLES) {
      const rest = (): number => limit - expired - crowdedOut;
      const remove = `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table}`;
      expired += await this.#change(`${remove} WHERE received_at < ? LIMIT ?)`, before, rest());
      crowdedOut += await this.#change(`${remove} ORDER BY received_at DESC LIMIT ? OFFSET ?)`, rest(), keep);
    }
    return { expired, crowdedOut };
  }

  boundEarlyEvents(keep: number, limit: number): Promise<number> {
    const tooMany = 'SELECT rowid FROM early_events ORDER BY received_at DESC LIMIT ? OFFSET ?';
    return this.#change(`DELETE FROM early_events WHERE rowid IN (${tooMany})`, limit, keep);
  }

  forgetSome(number: string, place: ForgettingPlace | null): Promise<ForgettingStep> {
    return this.#commit(() =>
      forgetSome(
        (each) => this.#statement(each),
        number,
        place,
        () => this.#numberOfCommit(),
      ),
    );
  }

  async noteForgetting(
    number: string,
    outcome: ForgettingOutcome,
    { by, reason }: Forgetting,
    now: number,
  ): Promise<void> {
    await this.#commit(() => {
      this.#run(NOTE_FORGETTING, [now, by, this.#digestOf(number), outcome, by, reason]);
    });
  }

  async forgotSince(sinceMs: number): Promise<boolean> {
    const { sql, values } = forgotSinceQuery(sinceMs);
    return (await this.#all(sql, ...values)).length > 0;
  }

  async clearFiles(mayTakeLong: boolean): Promise<boolean> {
    const [pages, bytes] = ['page_count', 'page_size'].map((name) => this.#database.pragma(name, { simple: true }));
    const isRewritten = mayTakeLong || Number(pages) * Number(bytes) <= QUICK_VACUUM_BYTES;
    try {
      if (isRewritten) {
        await whenFree(() => {
          this.#vacuum();
        });
      }
      // Tried again by itself: while somebody reads, as a backup does, each VACUUM makes the log longer by the whole file.
      await whenFree(() => {
        this.#emptyLog();
      });
    } catch (error) {
      if (!isBusy(error)) throw error;
      return false;
    }
    return isRewritten;
  }

  /** What is gone from the file may still be in the log beside it. @throws CheckpointBusyError */
  #emptyLog(): void {
    const [result] = this.#database.pragma('wal_checkpoint(TRUNCATE)') as [{ readonly busy: number }];
    if (result.busy !== 0) throw new CheckpointBusyError();
  }

  /** Where SQLite splits and joins pages, it leaves parts of rows in their unused space, which `secure_delete` misses. */
  #vacuum(): void {
    // The copy may be larger than the memory.
    this.#database.pragma('temp_store = FILE');
    try {
      this.#database.exec('VACUUM');
    } finally {
      this.#database.pragma('temp_store = MEMORY');
    }
  }

  removeMessages(before: number, limit: number): Promise<number> {
    const { sql, values } = oldMessagesQuery(before, limit, LIST_DIALECTS.sqlite);
    return this.#commit(() => {
      const rows = this.#statement(sql).all(...values) as RemovedRow[];
      removeRows((each) => this.#statement(each), rows);
      return rows.length;
    });
  }

  async messagesById(ids: readonly string[], caller: Whose): Promise<(Message | null)[]> {
    const [right, ...values] = rightOf(caller, LIST_DIALECTS.sqlite);
    const rows = await this.#all(
      // Upstream may repeat an id: only its newest message is read, by its number: a second look for it by id would cost most
      // where there are many.
      `SELECT ${SEND_COLUMNS} FROM sends WHERE rowid IN (
         SELECT (SELECT rowid FROM sends INDEXED BY sends_message WHERE message_id = wanted.value AND ${right}
           ORDER BY time DESC, send_id DESC LIMIT 1) FROM json_each(?) AS wanted)`,
      ...values,
      JSON.stringify(ids),
    );
    return inOrderOf(ids, rows);
  }

  listMessages(filter: MessageFilter, slice: Slice): Promise<MessageList> {
    const query = listQuery(filter, slice, LIST_DIALECTS.sqlite);
    const read = this.#database.transaction(() => {
      const rows = query === null ? [] : (this.#statement(query.sql).all(...query.values) as SendRow[]);
      return { listed: listedMessages(slice.fromEnd ? rows.reverse() : rows), cursor: this.#lastChange() };
    });
    return whenFree(read);
  }

  async countMessages(filter: MessageFilter, limit: number): Promise<number> {
    const query = countQuery(filter, limit, LIST_DIALECTS.sqlite);
    if (query === null) return 0;
    const counted = await whenFree(() => this.#statement(query.sql).get(...query.values));
    return (counted as { readonly count: number }).count;
  }

  listConversations(filter: ConversationFilter, slice: Slice): Promise<ConversationList> {
    const query = conversationsQuery(filter, slice, LIST_DIALECTS.sqlite);
    const read = this.#database.transaction(() => {
      const rows = query === null ? [] : this.#statement(query.sql).all(...query.values);
      const listed = listedConversations(rows as ConversationWithMessage[]);
      return { listed: slice.fromEnd ? listed.toReversed() : listed, cursor: this.#lastChange() };
    });
    return whenFree(read);
  }

  async conversationsById(ids: readonly string[], numbers: WhoseNumbers): Promise<(StoredConversation | null)[]> {
    const query = conversationsByIdQuery(ids, numbers, LIST_DIALECTS.sqlite);
    const rows = query === null ? [] : await whenFree(() => this.#statement(query.sql).all(...query.values));
    return conversationsInOrderOf(ids, rows as ConversationWithMessage[]);
  }

  fileMessages(limit: number): Promise<number> {
    return this.#commit(() => {
      const rows = this.#statement(`${SELECT_UNFILED} INDEXED BY sends_unfiled WHERE ${IS_UNFILED} LIMIT ?`).all(limit);
      for (const row of rows) this.#fileRow(row as UnfiledRow);
      return rows.length;
    });
  }

  async countUnfiled(): Promise<number> {
    const count = `SELECT count(*) AS count FROM sends INDEXED BY sends_unfiled WHERE ${IS_UNFILED}`;
    return (await whenFree(() => this.#statement(count).get() as { readonly count: number })).count;
  }

  async sendsById(
    by: 'sendId' | 'messageId',
    ids: readonly string[],
    caller: WhoseSends,
  ): Promise<(StoredSend | null)[]> {
    const [isTheirs, values] = caller === EVERYBODY ? ['', []] : ['AND caller = ?', [caller]];
    const newest = `SELECT (SELECT send_id FROM sends INDEXED BY sends_message WHERE message_id = value ${isTheirs}
      ORDER BY time DESC, send_id DESC LIMIT 1) FROM json_each(?)`;
    const [wanted, ofWanted] = by === 'sendId' ? ['SELECT value FROM json_each(?)', []] : [newest, values];
    const rows = await this.#all(
      `SELECT ${SEND_COLUMNS} FROM sends INDEXED BY sqlite_autoindex_sends_1
       WHERE send_id IN (${wanted}) AND direction = 'OUT' ${isTheirs}`,
      ...ofWanted,
      JSON.stringify(ids),
      ...values,
    );
    return sendsInOrderOf(by, ids, rows);
  }

  async sendOfKey(caller: string, idempotencyKey: string): Promise<StoredSend | null> {
    const held = await this.sendByKey(caller, idempotencyKey);
    if (held !== null) return held;
    const [row] = await this.#all(FREED_KEY, caller, hashOfKey(idempotencyKey));
    return row === undefined ? null : storedSend(row);
  }

  async listSends(filter: SendFilter, slice: Slice): Promise<StoredSend[]> {
    const { sql, values } = sendsQuery(filter, slice, LIST_DIALECTS.sqlite);
    const rows = await this.#all(sql, ...values);
    return (slice.fromEnd ? rows.reverse() : rows).map(storedSend);
  }

  async changes({ commit, sendId }: ChangePosition, limit: number): Promise<Change[]> {
    return changesOf(await this.#all(SELECT_CHANGES, commit, sendId, limit));
  }

  lastChange(): Promise<ChangeCursor> {
    return whenFree(() => this.#lastChange());
  }

  async unresolvedSends(limit: number, after: Position | null): Promise<StoredSend[]> {
    const { sql, values } = unresolvedQuery(limit, after);
    return (await this.#all(sql, ...values)).map(storedSend);
  }

  async countUnresolved(limit: number): Promise<Unresolved> {
    const { sql, values } = countUnresolvedQuery(limit);
    return unresolvedIn(await this.#all(sql, ...values));
  }

  trace(query: TraceQuery, patienceMs: number): Promise<Traced> {
    return this.#tracer.trace(query, patienceMs);
  }

  async rivalsOf(send: StoredSend, marginMs: number): Promise<StoredSend[]> {
    const { sql, values } = rivalsQuery(send, marginMs);
    return (await this.#all(sql, ...values)).map(storedSend);
  }

  sayConsent(statements: readonly ConsentStatement[], now: number): Promise<number> {
    return this.#commit(() => {
      for (const statement of statements) this.#say(statement, now);
      return this.#said.length;
    });
  }

  areOptedOut(pairs: readonly ConsentPair[]): Promise<boolean[]> {
    return whenFree(() => pairs.map(({ owner, recipient }) => this.#isOptedOut(owner, recipient)));
  }

  async listOptOuts(filter: OptOutFilter, slice: Slice): Promise<OptOut[]> {
    const query = optOutsQuery(filter, slice, LIST_DIALECTS.sqlite);
    const rows = query === null ? [] : await this.#all<OptOutRow>(query.sql, ...query.values);
    return (slice.fromEnd ? rows.reverse() : rows).map(optOutOf);
  }

  async newOptOuts(after: Pick<OptOut, 'changedAtMs' | 'id'>, limit: number): Promise<OptOut[]> {
    const { sql, values } = newOptOutsQuery(after, limit);
    return (await this.#all<OptOutRow>(sql, ...values)).map(optOutOf);
  }

  correlationKey(fresh: Buffer): Promise<Buffer> {
    return this.#commit(() => {
      const insert = this.#statement("INSERT INTO secrets VALUES ('correlation', ?) ON CONFLICT DO NOTHING");
      insert.run(fresh.toString('hex'));
      const { value } = this.#statement("SELECT value FROM secrets WHERE name = 'correlation'").get() as {
        value: string;
      };
      return Buffer.from(value, 'hex');
    });
  }

  /**
   * Writes as much as a few sends would, and at most once a second. A write that is rolled back would prove nothing: it
   * does not reach the disk.
   */
  async ping(): Promise<void> {
    if (this.#isMoved()) throw new FileMovedError();
    await this.#all(`SELECT ${SEND_COLUMNS} FROM sends LIMIT 1`);
    if (performance.now() - this.#writtenAt < PING_EVERY_MS) return;
    await this.#change('INSERT OR REPLACE INTO readiness VALUES (1, zeroblob(?))', PING_BYTES);
    this.#writtenAt = performance.now();
  }

  close(): Promise<void> {
    this.#database.close();
    this.#unlock();
    return Promise.resolve();
  }

  /** Whether nobody will find what is written now. Asked for each commit: it costs microseconds, and a commit a flush to disk. */
  #isMoved(): boolean {
    return this.#inode !== null && inodeOf(this.#database.name) !== this.#inode;
  }

  /** What became of a send is still written into a file that was moved: somebody may have moved it to keep it. */
  #commitAll(writes: readonly Write[]): Promise<Written[]> {
    const isMoved = this.#isMoved();
    return this.#commitAnywhere(() =>
      writes.map((write) => {
        if (isMoved && write.kind !== 'record') throw new FileMovedError();
        return this.#apply(write);
      }),
    );
  }

  /** Does `work` in one transaction, and gives listeners what changed once that is on disk. */
  async #commit<Result>(work: () => Result): Promise<Result> {
    if (this.#isMoved()) throw new FileMovedError();
    return this.#commitAnywhere(work);
  }

  async #commitAnywhere<Result>(work: () => Result): Promise<Result> {
    const { result, changes, said } = await whenFree(() => {
      this.#changes = [];
      this.#known = [];
      this.#said = [];
      this.#commitNumber = null;
      const result = this.#transaction.immediate(() => {
        const done = work();
        this.#countKnown();
        return done;
      });
      return { result: result as Result, changes: this.#changes, said: this.#said };
    });
    for (const change of changes) for (const listener of this.#listeners) listener(change);
    if (said.length > 0) for (const counts of countsOf(said)) this.#consent?.onChange(counts);
    return result;
  }

  #lastChange(): ChangeCursor {
    // Behind all that this commit changed.
    return { commit: this.#lastNumber() + 1, sendId: '', ahead: null };
  }

  /** The highest number that was given, as far as the database or this process knows. */
  #lastNumber(): number {
    const { last } = this.#statement(SELECT_LAST_NUMBER).get() as { last: number | null };
    return Math.max(last ?? 0, this.#givenNumber);
  }

  /**
   * One number for all that a commit changes: it is seen at once. It is no lower than the time: where a backup is restored,
   * numbers do not fall back behind cursors that were given out after it.
   */
  #numberOfCommit(): number {
    this.#commitNumber ??= Math.max(this.#lastNumber() + 1, Date.now());
    this.#givenNumber = this.#commitNumber;
    return this.#commitNumber;
  }

  #apply(write: Write): Written {
    switch (write.kind) {
      case 'claim':
        return this.#applyClaim(write.send);
      case 'record':
        return this.#applyRecord(write);
      case 'delivery':
        return this.#applyEvent(write);
      case 'received':
        return this.#applyReceived(write);
      case 'strange':
        this.#run('INSERT INTO strange_callbacks VALUES (?, ?)', [write.now, storable(write.body)]);
        return KEPT_FOR_PEOPLE;
      case 'other': {
        const { messageId, type, body } = write.event;
        const insert = 'INSERT INTO other_events (message_id, type, body, received_at) VALUES (?, ?, ?, ?)';
        this.#run(insert, [storable(messageId), storable(type), storable(body), write.now]);
        return KEPT_FOR_PEOPLE;
      }
    }
  }

  #applyClaim(send: NewSend): Claim | null {
    const optedOut = this.#optedOutOf(send);
    if (optedOut.length === 0 && this.#run(INSERT_CLAIM, valuesOf(claimColumns(send), CLAIM_COLUMNS))) return null;
    const holder = this.#statement(SEND_BY_KEY).get(send.caller, send.idempotencyKey) as SendRow | undefined;
    // An earlier send with the key may have gone out before the recipient opted out.
    return holder === undefined
      ? { kind: 'OPTED_OUT', recipients: optedOut }
      : { kind: 'HELD', by: storedSend(holder) };
  }

  /** The places of the recipients who want no messages from this number. */
  #optedOutOf({ message: { from, to }, ignoresConsent = false }: NewSend): number[] {
    if (this.#consent === null || ignoresConsent) return [];
    return to.flatMap((recipient, index) => (this.#isOptedOut(from, recipient) ? [index] : []));
  }

  #isOptedOut(owner: string, recipient: string): boolean {
    const said = this.#statement(SELECT_CONSENT).all(recipient, owner) as ConsentRow[];
    if (this.#statement(ANY_FORGOTTEN).get() !== undefined) {
      said.push(...(this.#statement(SELECT_FORGOTTEN).all(this.#digestOf(recipient), owner) as ConsentRow[]));
    }
    return said.length > 0 && isOptOut(said);
  }

  #digestOf(number: string): string {
    return digestOf((each) => this.#statement(each), number);
  }

  #say(statement: ConsentStatement, now: number): void {
    const columns = this.#unlessForgotten(consentColumns(statement, now));
    if (
      columns !== null &&
      this.#run(
        SAY,
        CONSENT_COLUMNS.map((name) => columns[name]),
      )
    )
      this.#said.push(statement);
  }

  /** The word, in the place of what somebody who is forgotten said before it; null if he said something later. */
  #unlessForgotten(word: ConsentColumns): ConsentColumns | null {
    if (this.#statement(ANY_FORGOTTEN).get() === undefined) return word;
    const { recipient, owner, since, opted_out } = word;
    const digest = this.#digestOf(recipient);
    const said = this.#statement(SELECT_FORGOTTEN).all(digest, owner) as ConsentRow[];
    const last = said.find((each) => each.owner === owner);
    if (last !== undefined && (last.since > since || (last.since === since && last.opted_out >= opted_out)))
      return null;
    this.#run(REPLACE_FORGOTTEN, [digest, owner]);
    return isOptOut(said) ? { ...word, changed_at: LONG_AGO } : word;
  }

  /** What a callback says of consent. */
  #hear(statement: ConsentStatement | null, now: number): void {
    if (this.#consent !== null && statement !== null) this.#say(statement, now);
  }

  #applyRecord({ sendId, resolution, now }: WriteOf<'record'>): null {
    const outcome = [...valuesOf(recordColumns(resolution, now), RECORD_COLUMNS), this.#numberOfCommit()];
    const message = resolution.status === 'ACCEPTED' ? resolution.message : null;
    if (message === null) {
      const more = resolution.status === 'REJECTED' ? FREED_AND_SHED : [];
      this.#run(RECORDS[resolution.status], [...outcome, ...more, sendId]);
      return null;
    }
    const key = conversationKey(message);
    const columns = messageColumns(message, key);
    const values = [...outcome, ...valuesOf(columns, MESSAGE_COLUMNS), sendId, columns.message_id];
    const stored = this.#statement(RECORD_MESSAGE).get(values) as RecordedRow | undefined;
    if (stored === undefined) this.#recordForgotten(sendId, resolution, columns.message_id, now);
    else {
      this.#listRecipients(distinctRecipients(message.to), stored.time, sendId, stored.caller);
      if (stored.settled_by === null) this.#know(key, stored.time, sendId, message.direction);
      else this.#file(sendId);
    }
    // Also when a callback was faster: earlier events may still be waiting.
    this.#adopt(message.id, now);
    return null;
  }

  /** Of the message of somebody who is forgotten, its id is kept as long as the empty row is. */
  #recordForgotten(sendId: string, resolution: Resolution, messageId: string | null, now: number): void {
    const { settled_by, status } = this.#rowBySend(sendId) ?? {};
    if (settled_by !== FORGOTTEN || status !== 'REJECTED') return;
    const columns = recordColumns(resolution, now);
    const seen = { ...columns, last_seen: `${columns.last_seen ?? ''}${IN_FORGOTTEN}${messageId ?? ''}` };
    this.#run(RECORDS.ACCEPTED, [...valuesOf(seen, RECORD_COLUMNS), this.#numberOfCommit(), sendId]);
  }

  /** Applies the events that came before their message was known. */
  #adopt(messageId: string, now: number): void {
    const id = storable(messageId);
    // Looked up first, since a DELETE that finds nothing costs five times as much.
    if (this.#statement('SELECT 1 FROM early_events WHERE message_id = ?').get(id) === undefined) return;
    const early = this.#statement('DELETE FROM early_events WHERE message_id = ? RETURNING event');
    for (const { event } of early.all(id) as { event: string }[]) {
      this.#applyEvent({ event: JSON.parse(event) as DeliveryEvent, now });
    }
  }

  #applySettlement(sendId: string, settlement: Settlement, now: number): SettleResult {
    const row = this.#rowBySend(sendId);
    if (row === undefined) return { kind: 'UNKNOWN_SEND' };
    if (!isUnresolved(storedSend(row))) return { kind: 'NOT_UNRESOLVED', send: storedSend(row) };
    const messageId = settledId(settlement);
    const taken = "SELECT 1 FROM sends WHERE message_id = ? AND direction = 'OUT'";
    if (messageId !== null && this.#statement(taken).get(messageId) !== undefined) return { kind: 'MESSAGE_ID_TAKEN' };
    const columns = { ...settlementColumns(row, settlement, now), changed: this.#numberOfCommit() };
    this.#run(updateOf(Object.keys(columns), '1'), [...Object.values(columns), sendId]);
    if (messageId !== null) {
      this.#file(sendId);
      this.#insertRecipients(sendId, distinctRecipients(JSON.parse(row.recipients) as string[]));
      this.#adopt(messageId, now);
      this.#changes.push({ kind: 'updated', messageId });
    }
    return { kind: 'SETTLED', send: storedSend(this.#rowBySend(sendId) ?? row) };
  }

  #applyEvent({ event, now }: Omit<WriteOf<'delivery'>, 'kind'>): Taken {
    const row = this.#rowOf(event);
    if (row === undefined) {
      const keep = this.#statement('INSERT INTO early_events VALUES (?, ?, ?)');
      keep.run(storable(event.messageId), JSON.stringify(event), now);
      return { result: 'EARLY', sendId: null };
    }
    const after = rowAfter(row, event);
    const { send_id } = row;
    if (after === null) return { result: 'REPEATED', sendId: send_id };
    this.#run(UPDATE_BY_EVENT, [...valuesOf(after, EVENT_COLUMNS), now, this.#numberOfCommit(), send_id]);
    this.#changes.push({ kind: 'updated', messageId: event.messageId });
    const to = JSON.parse(row.recipients) as string[];
    this.#hear(statementOf(event, { from: row.sender, to }, now), now);
    if (row.message_id === null) {
      this.#file(send_id);
      this.#insertRecipients(send_id, distinctRecipients(to));
      this.#adopt(event.messageId, now);
    }
    return { result: 'CHANGED', sendId: send_id };
  }

  #rowOf(event: DeliveryEvent): SendRow | undefined {
    const bySend = this.#rowBySend(event.sendId);
    if (isAbout(bySend, event)) return bySend;
    return this.#statement(
      `SELECT ${SEND_COLUMNS} FROM sends WHERE message_id = ? AND direction = 'OUT' ORDER BY time DESC, send_id DESC LIMIT 1`,
    ).get(storable(event.messageId)) as SendRow | undefined;
  }

  #rowBySend(sendId: string | null): SendRow | undefined {
    return this.#statement(`SELECT ${SEND_COLUMNS} FROM sends WHERE send_id = ?`).get(sendId) as SendRow | undefined;
  }

  #applyReceived({ message, now }: WriteOf<'received'>): Taken {
    const key = conversationKey(message);
    const columns = receivedColumns(message, key, now);
    const values = [...valuesOf(columns, RECEIVED_COLUMNS), this.#numberOfCommit()];
    if (!this.#run(INSERT_RECEIVED, values)) return { result: 'REPEATED', sendId: null };
    this.#listRecipients(distinctRecipients(message.to), message.time, columns.send_id, columns.caller);
    this.#know(key, message.time, columns.send_id, message.direction);
    this.#changes.push({ kind: 'received', messageId: message.id });
    this.#hear(statementIn(message, now), now);
    return { result: 'CHANGED', sendId: null };
  }

  /** Whether a row was inserted or changed. */
  #run(sql: string, values: readonly (string | number | null)[]): boolean {
    return this.#statement(sql).run(values).changes > 0;
  }

  #insertRecipients(sendId: string, to: readonly string[]): void {
    const list = this.#statement(
      'INSERT OR IGNORE INTO recipients SELECT ?, time, send_id, caller FROM sends WHERE send_id = ?',
    );
    for (const recipient of to) list.run(recipient, sendId);
  }

  #listRecipients(to: readonly string[], time: number, sendId: string, caller: string): void {
    const list = this.#statement(
      'INSERT OR IGNORE INTO recipients (recipient, time, send_id, caller) VALUES (?, ?, ?, ?)',
    );
    for (const recipient of to) list.run(recipient, time, sendId, caller);
  }

  /** To be counted in the message's conversation, which is in its row. */
  #know(key: ConversationKey | null, time: number, sendId: string, direction: MessageDirection): void {
    if (key !== null) this.#known.push({ key, time, sendId, direction });
  }

  /** Puts the message of a send that has one into its conversation, unless it is there. */
  #file(sendId: string): void {
    const row = this.#statement(`${SELECT_UNFILED} WHERE send_id = ? AND ${IS_UNFILED}`).get(sendId);
    if (row !== undefined) this.#fileRow(row as UnfiledRow);
  }

  #fileRow(row: UnfiledRow): void {
    const { conversation, known } = filed(row);
    this.#run('UPDATE sends SET conversation = ? WHERE send_id = ?', [conversation, row.send_id]);
    if (known !== null) this.#known.push(known);
  }

  /** Each conversation once a commit, however many of its messages the commit makes known. */
  #countKnown(): void {
    for (const row of tallied(this.#known))
      this.#run(
        COUNT_CONVERSATION,
        CONVERSATION_COLUMNS.map((name) => row[name]),
      );
  }

  #all<Row = SendRow>(sql: string, ...values: (string | number | null)[]): Promise<Row[]> {
    return whenFree(() => this.#statement(sql).all(...values) as Row[]);
  }

  #change(sql: string, ...values: (string | number)[]): Promise<number> {
    return whenFree(() => this.#statement(sql).run(...values).changes);
  }

  /** Each statement is prepared once, as long as it is among the latest. */
  #statement(sql: string): Database.Statement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const prepared = this.#database.prepare(sql);
    const [oldest] = this.#statements.keys();
    if (oldest !== undefined && this.#statements.size >= MAX_STATEMENTS) this.#statements.delete(oldest);
    this.#statements.set(sql, prepared);
    return prepared;
  }
}
