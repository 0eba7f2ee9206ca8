/** Opens the store that DATABASE_URL asks for. */
import type { MessageStore, SendLimits } from '../messaging/ports.js';
import type { ConsentKeeping } from './consent.js';
import { migrations, OlderStoreError, stepsAfter, type Migrated, type OnStep } from './migrations.js';
import { inspectPostgres, migratePostgres, openPostgres } from './postgres.js';
import { postgresError, sqliteError } from './opening-error.js';
import type { LimitsOfSends } from './send-limits.js';
import { openSqlite, versionOfFile } from './sqlite.js';

export interface StoreOptions {
  /** `postgres://…`, or null for the embedded SQLite file. */
  readonly databaseUrl: string | null;
  /** Where the SQLite file lies; its folder is made when it is missing. */
  readonly file: string;
  /** Whether a server opens it: an SQLite file takes only one at a time. */
  readonly forServer?: boolean;
  /** Whether what is said of consent is kept, and asked for by claims; it is, unless this is null. */
  readonly consent?: ConsentKeeping;
  readonly onStep?: OnStep;
}

export interface Connections {
  readonly used: number;
  readonly waiting: number;
}

export interface OpenStore extends MessageStore {
  /** How many connections to the database are in use, and how many calls wait for one; absent where there are none. */
  connections?(): Connections;
  /** Called after each commit, with how many writes shared it; absent where another process commits. */
  onCommit?: ((writes: number) => void) | null;
  /** The limits of sends, counted where the store lies, over its own connections: they end with it. */
  sendLimits(limits: LimitsOfSends): SendLimits;
}

/**
 * Opens the store and brings it to the current version, which is safe while other instances do the same.
 *
 * @throws StoreInUseError when another server uses the file; NewerStoreError when the database belongs to a newer version; OlderStoreError when it belongs to an older one and may not be changed; StoreNotOpenedError when somebody can mend what is wrong; whatever the driver throws otherwise.
 */
export async function openStore(options: StoreOptions): Promise<OpenStore> {
  const { databaseUrl, file, forServer = false, consent, onStep } = options;
  if (databaseUrl === null) {
    return openSqlite(file, forServer, consent, onStep).catch((error: unknown) => {
      throw sqliteError(error, file);
    });
  }
  // The URL holds a password: the message does not repeat it.
  if (!/^postgres(ql)?:\/\//.test(databaseUrl)) {
    throw new Error('The database URL must start with postgres:// or postgresql://.');
  }
  return openPostgres(databaseUrl, consent, onStep).catch((error: unknown) => {
    throw postgresError(error, databaseUrl);
  });
}

/**
 * The version of a store, and the one that a server would bring it to. It is only read, also while a server uses it; a file
 * that is missing stays so, and has version 0.
 *
 * @throws what `openStore` throws where a server could not use it.
 */
export async function inspectStore({
  databaseUrl,
  file,
}: Pick<StoreOptions, 'databaseUrl' | 'file'>): Promise<Migrated> {
  const steps = migrations(databaseUrl === null ? 'sqlite' : 'postgres');
  try {
    const { version: from, mayMigrate } =
      databaseUrl === null ? { version: versionOfFile(file), mayMigrate: true } : await inspectPostgres(databaseUrl);
    if (stepsAfter(from, steps).length > 0 && !mayMigrate) throw new OlderStoreError(from, steps.length, null);
    return { from, to: steps.length };
  } catch (error) {
    throw databaseUrl === null ? sqliteError(error, file) : postgresError(error, databaseUrl);
  }
}

/**
 * Brings a store that no server uses to the current version, and leaves it.
 *
 * @throws what `openStore` throws.
 */
export async function migrateStore({
  databaseUrl,
  file,
  onStep,
}: Pick<StoreOptions, 'databaseUrl' | 'file' | 'onStep'>): Promise<Migrated> {
  if (databaseUrl !== null) {
    return migratePostgres(databaseUrl, onStep).catch((error: unknown) => {
      throw postgresError(error, databaseUrl);
    });
  }
  try {
    const from = versionOfFile(file);
    await (await openSqlite(file, true, undefined, onStep)).close();
    return { from, to: versionOfFile(file) };
  } catch (error) {
    throw sqliteError(error, file);
  }
}
