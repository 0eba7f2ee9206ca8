/** Why a store cannot be opened, in words that say what to do, and hold no password. */
import { resolve } from 'node:path';

/** Somebody can mend it; the message says how. */
export class StoreNotOpenedError extends Error {
  override readonly name = 'StoreNotOpenedError';

  constructor(
    message: string,
    /** The driver's. */
    readonly code: string,
    cause: unknown,
  ) {
    super(message, { cause });
  }
}

/** By the beginning of a code of SQLite's or of the file system's. */
const CAUSES_OF_SQLITE: readonly (readonly [string, (file: string) => string])[] = [
  [
    'EACCES',
    (file) => `This user may not write ${file} or its folder: give it both, or name another file in DATABASE_URL.`,
  ],
  ['EPERM', (file) => `${file} belongs to another user: give it to the one that the server runs as.`],
  ['EROFS', (file) => `${file} lies where nothing can be written: name another file in DATABASE_URL.`],
  ['EISDIR', (file) => `${file} is a folder: DATABASE_URL must name a file, which is made when it is missing.`],
  ['ENOTDIR', (file) => `The folder of ${file} is a file: name another one in DATABASE_URL.`],
  ['EEXIST', (file) => `The folder of ${file} is a file: name another one in DATABASE_URL.`],
  ['ENOENT', (file) => `${file} cannot be made: name another file in DATABASE_URL.`],
  ['ENOSPC', (file) => `The disk of ${file} is full: make room.`],
  [
    'SQLITE_CANTOPEN',
    (file) => `${file} or what lies beside it cannot be opened: this user needs the file and its folder.`,
  ],
  ['SQLITE_READONLY', (file) => `This user may not write ${file} or its folder: give it both.`],
  ['SQLITE_NOTADB', (file) => `${file} is no SQLite database: move it away, and put back a backup if there was one.`],
  [
    'SQLITE_CORRUPT',
    (file) => `${file} is damaged: put back the last backup, and read docs/operations.md on what that means.`,
  ],
  ['SQLITE_FULL', (file) => `The disk of ${file} is full: make room.`],
  ['SQLITE_IOERR', (file) => `The disk of ${file} fails: look into the system's log.`],
  ['SQLITE_BUSY', (file) => `Another program holds ${file}: end it.`],
  [
    'ERR_DLOPEN_FAILED',
    () => 'better-sqlite3 was compiled for another version of Node, or another system: run npm rebuild.',
  ],
  ['MODULE_NOT_FOUND', () => 'better-sqlite3 has not been compiled: run npm rebuild.'],
];

interface Database {
  /** Of the server, with its port. */
  readonly host: string;
  readonly name: string;
  readonly user: string;
}

/** By a code of PostgreSQL's (https://www.postgresql.org/docs/current/errcodes-appendix.html) or of the network's. */
const CAUSES_OF_POSTGRES: Readonly<Record<string, (database: Database) => string>> = {
  ECONNREFUSED: ({ host }) => `Nothing listens at ${host}: start PostgreSQL, or correct DATABASE_URL.`,
  ENOTFOUND: ({ host }) => `The host of ${host} is not known: correct DATABASE_URL.`,
  EAI_AGAIN: ({ host }) =>
    `The host of ${host} cannot be looked up now: see to the name service, or correct DATABASE_URL.`,
  ETIMEDOUT: ({ host }) => `PostgreSQL at ${host} does not answer: see to the network and its firewall.`,
  EHOSTUNREACH: ({ host }) => `There is no way to ${host}: see to the network, or correct DATABASE_URL.`,
  ENETUNREACH: ({ host }) => `There is no way to ${host}: see to the network, or correct DATABASE_URL.`,
  '28P01': ({ user, host }) => `PostgreSQL at ${host} refuses the password of ${user}: correct DATABASE_URL.`,
  '28000': ({ user, host }) =>
    `PostgreSQL at ${host} does not let ${user} in: correct DATABASE_URL, or its pg_hba.conf.`,
  '3D000': ({ name, host }) =>
    `There is no database ${name} at ${host}: make it (CREATE DATABASE), or correct DATABASE_URL.`,
  '25006': ({ name, host }) =>
    `PostgreSQL at ${host} lets nobody write into ${name}: it is a standby, or set so. Name its primary in DATABASE_URL.`,
  '42501': ({ user, name }) =>
    `${user} may not do in the database ${name} what the server does: docs/operations.md has the GRANTs.`,
  '53300': ({ host }) =>
    `PostgreSQL at ${host} has no connection left: raise its max_connections, or run fewer instances.`,
  '57P03': ({ host }) => `PostgreSQL at ${host} is starting or stopping: try again.`,
};

/** What opening failed with, for people; the error itself where it is nothing that they can mend by a known step. */
export function sqliteError(error: unknown, file: string): unknown {
  const code = isNotCompiled(error) ? 'MODULE_NOT_FOUND' : codeOf(error);
  const words = CAUSES_OF_SQLITE.find(([beginning]) => code.startsWith(beginning))?.[1];
  return words === undefined ? error : new StoreNotOpenedError(words(resolve(file)), code, error);
}

/** The same for a URL that can be parsed. */
export function postgresError(error: unknown, url: string): unknown {
  const code = isTimeout(error) ? 'ETIMEDOUT' : codeOf(error);
  const words = Object.hasOwn(CAUSES_OF_POSTGRES, code) ? CAUSES_OF_POSTGRES[code] : undefined;
  return words === undefined ? error : new StoreNotOpenedError(words(databaseIn(url)), code, error);
}

function codeOf(error: unknown): string {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' ? code : '';
}

/** `bindings` lists where it looked for the compiled half. */
const isNotCompiled = (error: unknown): boolean => Array.isArray((error as { readonly tries?: unknown }).tries);

/** `pg` gives its own time-outs no code. */
const isTimeout = (error: unknown): boolean => error instanceof Error && /timeout/i.test(error.message);

function databaseIn(url: string): Database {
  const { host, pathname, username, searchParams } = new URL(url);
  const name = decoded(pathname.slice(1)) || decoded(username) || 'postgres';
  return { host: host || (searchParams.get('host') ?? 'localhost'), name, user: decoded(username) || 'the user' };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
