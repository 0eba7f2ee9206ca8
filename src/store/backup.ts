/** A copy of an SQLite file that a server may be writing. */
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { sqliteError } from './opening-error.js';

/** One MiB: a step is quick, and the process stays awake between steps. */
const PAGES_AT_ONCE = 256;
/** A server holds the file for moments only. */
const BUSY_TIMEOUT_MS = 5_000;
/** How what lies beside an SQLite file is called, and the server's lock: what has such a name is taken for that, and deleted. */
const BESIDE = ['-journal', '-lock', '-shm', '-wal'];

export class BackupError extends Error {
  override readonly name = 'BackupError';
}

export interface Backup {
  /** Of the database's tables. */
  readonly version: number;
  /** How many rows each table has, by its name. */
  readonly rows: ReadonlyMap<string, number>;
}

/**
 * Copies what was committed before it began, checks the copy, and gives it its name only then. `target` is on disk and readable
 * by its owner alone when this resolves.
 *
 * @param onProgress called with the pages that are copied, and how many there are.
 * @throws BackupError when there is nothing to copy, `target` exists or belongs to the database, or the copy is damaged;
 *   StoreNotOpenedError when the database cannot be read. Then nothing is left behind.
 */
export async function backUp(
  file: string,
  target: string,
  onProgress: (copied: number, total: number) => void,
): Promise<Backup> {
  if (!existsSync(file)) throw new BackupError(`There is no ${file} here: name the server's file by DATABASE_URL.`);
  refuseBeside(file, target);
  refuseExisting(target);
  const partial = `${target}.partial`;
  // The copy holds numbers and texts: its mode must be right before anything is in it. Another backup may be making this one.
  closeSync(openNew(partial));
  try {
    await copy(file, partial, onProgress);
    const made = check(partial);
    flush(partial);
    publish(partial, target);
    return made;
  } finally {
    for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(`${partial}${suffix}`, { force: true });
  }
}

/** By their real names: the same folder may be reached by a link. */
function refuseBeside(file: string, target: string): void {
  const place = join(
    tried(target, () => realpathSync(dirname(target))),
    basename(target),
  );
  const own = realpathSync(file);
  if (BESIDE.some((suffix) => place === `${own}${suffix}`))
    throw new BackupError(`${target} belongs to the database itself, which would delete it: name another file.`);
}

/** A link that leads nowhere exists, too. */
function refuseExisting(target: string): void {
  if (tried(target, () => lstatSync(target, { throwIfNoEntry: false })) !== undefined)
    throw new BackupError(`${target} exists: name a new file, so that no backup is lost.`);
}

function openNew(path: string): number {
  return tried(path, () => openSync(path, 'wx', 0o600));
}

/** Does what can fail only since the copy cannot be made there. */
function tried<Result>(path: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST')
      throw new BackupError(`${path} exists: another backup is running, or was killed; delete it then.`);
    throw new BackupError(
      `${path} cannot be made (${code ?? 'for no known reason'}): name a file in a folder that this user may write.`,
    );
  }
}

async function copy(file: string, target: string, onProgress: (copied: number, total: number) => void): Promise<void> {
  const source = openSource(file);
  try {
    await source.backup(target, {
      progress({ totalPages, remainingPages }) {
        onProgress(totalPages - remainingPages, totalPages);
        return PAGES_AT_ONCE;
      },
    });
  } catch (error) {
    throw sqliteError(error, target);
  } finally {
    source.close();
  }
}

/** One moment is copied, however long it takes: without a transaction SQLite begins again after every write of the server. */
function openSource(file: string): Database.Database {
  let source: Database.Database | undefined;
  try {
    source = new Database(file, { fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
    source.exec('BEGIN');
    if (source.pragma('user_version', { simple: true }) !== 0) return source;
  } catch (error) {
    source?.close();
    throw sqliteError(error, file);
  }
  source.close();
  throw new BackupError(`There is nothing of this server in ${file}: name the server's database in DATABASE_URL.`);
}

/** Reads all of the copy. @throws BackupError when it is damaged. */
function check(file: string): Backup {
  const database = new Database(file, { fileMustExist: true });
  try {
    // One file, with nothing beside it that could be forgotten. A server that opens it turns this back.
    database.pragma('journal_mode = DELETE');
    const found = database.pragma('integrity_check', { simple: true });
    if (found !== 'ok')
      throw new BackupError('The copy is damaged, and perhaps the database, too: keep earlier backups.');
    const tables = database
      .prepare<[], string>(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
      )
      .pluck()
      .all();
    const count = (table: string): number =>
      database
        .prepare<[], number>(`SELECT count(*) FROM "${table.replaceAll('"', '""')}"`)
        .pluck()
        .get() ?? 0;
    const version = database.pragma('user_version', { simple: true }) as number;
    return { version, rows: new Map(tables.map((table) => [table, count(table)])) };
  } finally {
    database.close();
  }
}

function flush(path: string): void {
  const descriptor = openSync(path, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
}

/** A link fails where the name is taken meanwhile, which `rename` would not. Not every file system has links. */
function publish(partial: string, target: string): void {
  chmodSync(partial, 0o600);
  try {
    linkSync(partial, target);
  } catch {
    refuseExisting(target);
    renameSync(partial, target);
  }
  flush(dirname(target));
}
