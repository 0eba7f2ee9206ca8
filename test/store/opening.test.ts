/** What a store is opened by, and what keeps a second server away. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import Database from 'better-sqlite3';
import { EVERYBODY } from '../../src/messaging/caller.js';
import { isBusy, lockFile, StoreInUseError } from '../../src/store/file-lock.js';
import { openStore } from '../../src/store/index.js';
import { migrations, NewerStoreError, stepsAfter } from '../../src/store/migrations.js';
import { postgresError, sqliteError } from '../../src/store/opening-error.js';
import { newSend } from './sends.js';
import { makeFolder, removeFolder } from '../support/folder.js';

const folder = makeFolder();
let files = 0;
const newFile = (): string => join(folder, `${++files}.sqlite`);
afterAll(() => {
  removeFolder(folder);
});

describe('a database URL', () => {
  it.each(['mysql://localhost/x', 'http://localhost/x', 'xpostgres://localhost/x', 'postgres:/x', 'postgresq://x', ''])(
    'of another kind is refused before anything is asked: %j',
    async (databaseUrl) => {
      const opening = openStore({ databaseUrl, file: newFile() });
      await expect(opening).rejects.toThrow('The database URL must start with postgres:// or postgresql://.');
    },
  );

  it.each(['postgres://nobody@127.0.0.1:1/x', 'postgresql://nobody@127.0.0.1:1/x'])(
    'is asked: %s',
    async (databaseUrl) => {
      await expect(openStore({ databaseUrl, file: newFile() })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    },
  );
});

describe('a file that cannot be opened', () => {
  const opening = (file: string): Promise<unknown> => openStore({ databaseUrl: null, file, forServer: true });

  it('is told with its whole path and what to do', async () => {
    const text = newFile();
    writeFileSync(text, 'no database, but long enough to be looked at as one\n'.repeat(100));
    const at = relative('.', text);
    await expect(opening(folder)).rejects.toThrow(`${folder} is a folder: DATABASE_URL must name a file`);
    await expect(opening(at)).rejects.toThrow(`${text} is no SQLite database: move it away`);
    await expect(opening(join(text, 'x'))).rejects.toThrow(/^The folder of \S+x is a file: /);
    await expect(opening('/proc/x')).rejects.toThrow('/proc/x cannot be made: name another file in DATABASE_URL.');
  });

  it.each([
    [{ code: 'EACCES' }, /^This user may not write \/a\/b or its folder: /],
    [{ code: 'EROFS' }, /nothing can be written/],
    [{ code: 'SQLITE_READONLY_DIRECTORY' }, /^This user may not write \/a\/b /],
    [{ code: 'SQLITE_CORRUPT' }, /damaged: put back the last backup/],
    [{ code: 'ERR_DLOPEN_FAILED' }, /another version of Node.*npm rebuild/],
    [{ tries: [] }, /has not been compiled: run npm rebuild/],
  ])('is explained by its code: %j', (error, words) => {
    expect(sqliteError(error, '/a/b')).toMatchObject({ message: expect.stringMatching(words) as string, cause: error });
  });

  it('for a reason that nobody can mend keeps its error', () => {
    const error = new Error('strange');
    expect(sqliteError(error, '/a/b')).toBe(error);
    expect(postgresError(error, 'postgres://host/db')).toBe(error);
  });
});

describe('a server of PostgreSQL that cannot be used', () => {
  it.each([
    ['28P01', 'PostgreSQL at host:1 refuses the password of who: correct DATABASE_URL.'],
    ['3D000', 'There is no database db at host:1: make it (CREATE DATABASE), or correct DATABASE_URL.'],
    [
      '25006',
      'PostgreSQL at host:1 lets nobody write into db: it is a standby, or set so. Name its primary in DATABASE_URL.',
    ],
    ['42501', 'who may not do in the database db what the server does: docs/operations.md has the GRANTs.'],
    ['ENOTFOUND', 'The host of host:1 is not known: correct DATABASE_URL.'],
  ])('is told by its code, without the password: %s', (code, message) => {
    expect(postgresError({ code }, 'postgres://who:SECRET@host:1/db?password=SECRET')).toMatchObject({ message, code });
  });
});

describe('a lock on a file', () => {
  it('is held once, until it is released', () => {
    const file = newFile();
    const unlock = lockFile(file);
    expect(() => lockFile(file)).toThrow(StoreInUseError);
    expect(() => lockFile(file)).toThrow(file);
    unlock();
    lockFile(file)();
  });

  it('leaves no journal beside itself, and does not touch the file', () => {
    const file = newFile();
    const unlock = lockFile(file);
    const beside = readdirSync(folder).filter((name) => name.startsWith(`${files}.`));
    expect(beside).toEqual([`${files}.sqlite-lock`]);
    expect(existsSync(file)).toBe(false);
    unlock();
  });

  it('that fails for another reason reports that reason', () => {
    expect(() => lockFile(join(folder, 'no', 'such', 'folder'))).toThrow(/directory does not exist/);
    const file = newFile();
    writeFileSync(`${file}-lock`, 'no database, but long enough to be looked at as if it were one'.repeat(100));
    for (let round = 0; round < 2; round++) {
      expect(() => lockFile(file)).toThrow(expect.objectContaining({ code: 'SQLITE_NOTADB' }) as Error);
    }
  });

  it.each([
    [{ code: 'SQLITE_BUSY' }, true],
    [{ code: 'SQLITE_BUSY_SNAPSHOT' }, true],
    [{ code: 'SQLITE_FULL' }, false],
    [{ code: 'X_SQLITE_BUSY' }, false],
    [{ code: 5 }, false],
    [{}, false],
    ['SQLITE_BUSY', false],
  ])('is what somebody else holds by its code alone: %j, %s', (error, busy) => {
    expect(isBusy(error)).toBe(busy);
  });
});

describe('a server', () => {
  it('that cannot open its file releases the lock', async () => {
    const file = newFile();
    await (await openStore({ databaseUrl: null, file })).close();
    const database = new Database(file);
    const version = Number(database.pragma('user_version', { simple: true }));
    database.pragma('user_version = 99');
    await expect(openStore({ databaseUrl: null, file, forServer: true })).rejects.toThrow(NewerStoreError);
    database.pragma(`user_version = ${version}`);
    database.close();
    const store = await openStore({ databaseUrl: null, file, forServer: true });
    await expect(openStore({ databaseUrl: null, file, forServer: true })).rejects.toThrow(StoreInUseError);
    await store.close();
  });

  it('of an earlier version keeps its tables: no command of this version migrates them beside it', async () => {
    const file = newFile();
    const database = new Database(file);
    const steps = migrations('sqlite').slice(0, -1);
    for (const step of steps) database.exec(step);
    database.pragma(`user_version = ${steps.length}`);
    const unlock = lockFile(file);
    await expect(openStore({ databaseUrl: null, file })).rejects.toThrow(
      `A server of an earlier version uses ${file}: stop it, and run this again.`,
    );
    expect(database.pragma('user_version', { simple: true })).toBe(steps.length);
    unlock();
    await (await openStore({ databaseUrl: null, file })).close();
    expect(database.pragma('user_version', { simple: true })).toBe(steps.length + 1);
    database.close();
    // The lock of the migration ends with it.
    await (await openStore({ databaseUrl: null, file, forServer: true })).close();
  });

  it('locks nothing in memory, where each has its own', async () => {
    const open = (): ReturnType<typeof openStore> =>
      openStore({ databaseUrl: null, file: ':memory:', forServer: true });
    const [first, second] = [await open(), await open()];
    await first.claim(newSend({ idempotencyKey: 'k' }));
    expect(await second.claim(newSend({ idempotencyKey: 'k' }))).toEqual({ kind: 'CLAIMED' });
    await first.close();
    await second.close();
    expect([existsSync(':memory:'), existsSync(':memory:-lock')]).toEqual([false, false]);
  });
});

describe('the steps of a database', () => {
  it('are those that it lacks', () => {
    expect(stepsAfter(0, ['a', 'b'])).toEqual(['a', 'b']);
    expect(stepsAfter(1, ['a', 'b'])).toEqual(['b']);
    expect(stepsAfter(2, ['a', 'b'])).toEqual([]);
  });

  it('are refused where it has more than are known', () => {
    expect(() => stepsAfter(3, ['a', 'b'])).toThrow(
      expect.objectContaining({ name: 'NewerStoreError', found: 3, known: 2 }) as Error,
    );
  });

  it('bring an older database to the newest, with what it holds', async () => {
    const file = newFile();
    const database = new Database(file);
    for (const step of migrations('sqlite').slice(0, 1)) database.exec(step);
    database.pragma('user_version = 1');
    database.exec(
      `INSERT INTO sends VALUES ('s1', 'a', 'k', 'f', 'ACCEPTED', 1, 2, 3, '+1', '["+2"]', 'Hey', 'app', 'tag', '[]', 'm1', 4, '+1', 'OUT', 1)`,
    );
    database.close();
    const store = await openStore({ databaseUrl: null, file });
    expect(await store.messagesById(['m1'], EVERYBODY)).toMatchObject([
      { id: 'm1', text: 'Hey', priority: null, tag: 'tag' },
    ]);
    expect((await store.claim(newSend({ idempotencyKey: 'k' }))).kind).toBe('HELD');
    await store.close();
  });
});
