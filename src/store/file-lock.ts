/** Keeps a second server away from an SQLite file. */
import Database from 'better-sqlite3';

/** Another process, or another server in this one, uses the file. */
export class StoreInUseError extends Error {
  override readonly name = 'StoreInUseError';

  constructor(
    readonly file: string,
    message = `Another server uses ${file}. One SQLite file belongs to one server: stop the other one, or use PostgreSQL for several.`,
  ) {
    super(message);
  }
}

/**
 * Locks the file until the process ends or the result is called: a second server would take the first one's running
 * sends for abandoned. It is SQLite's own lock, on an empty database next to the file: the kernel releases it when the
 * process ends in any way, and tools can still read the file itself.
 *
 * @throws StoreInUseError when it is locked already.
 */
export function lockFile(file: string): () => void {
  const lock = new Database(`${file}-lock`, { timeout: 0 });
  try {
    // In memory: no journal has to be written for a lock.
    lock.pragma('journal_mode = MEMORY');
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    throw isBusy(error) ? new StoreInUseError(file) : error;
  }
  return () => {
    lock.close();
  };
}

/**
 * Whether somebody else holds a lock. By its code: the native half of the driver may throw the class of another copy of
 * the driver.
 */
export function isBusy(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' && code.startsWith('SQLITE_BUSY');
}
