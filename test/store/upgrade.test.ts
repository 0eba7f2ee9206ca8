/**
 * A database of an earlier version, brought up to this one: its messages get into their conversations in the background.
 *
 *     UPGRADE_ROWS=1000000 npx jest test/store/upgrade
 *
 * shows how long that takes, how far it is, and how long a send waits meanwhile.
 */
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { Client } from 'pg';
import { EVERYBODY } from '../../src/messaging/caller.js';
import { systemClock } from '../../src/messaging/clock.js';
import { startFiling } from '../../src/messaging/housekeeping.js';
import type { Clock } from '../../src/messaging/ports.js';
import { openStore, type OpenStore } from '../../src/store/index.js';
import { migrations, type OnStep } from '../../src/store/migrations.js';
import { firstOf, put } from './sends.js';
import { makeFolder, removeFolder } from '../support/folder.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

const ROWS = Number(process.env.UPGRADE_ROWS ?? 450);
const IS_SHOWN = process.env.UPGRADE_ROWS !== undefined;
/** The last version without conversations. */
const VERSION = 8;
const PEOPLE = Math.ceil(ROWS / 10);
const TIMEOUT_MS = IS_SHOWN ? 900_000 : 60_000;

const print = (text: string): void => {
  if (IS_SHOWN) process.stderr.write(`${text}\n`);
};

/** Messages between ten numbers and ten times as many people as there are messages for each, every second one inbound. */
const FILL = `
  WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < ${ROWS}),
  said AS (SELECT n, '+1555000000' || (n % 10) AS number, '+1666' || (1000000 + (n / 10) % ${PEOPLE}) AS person, (n / 100) % 2 AS is_in FROM counted)
  INSERT INTO sends (send_id, caller, fingerprint, status, started_at, updated_at, lease_until, sender, recipients, body, media,
    message_id, time, owner, direction, changed)
  SELECT 's' || n, CASE is_in WHEN 1 THEN '' ELSE 'shop' END, 'f', CASE is_in WHEN 1 THEN 'RECEIVED' ELSE 'DELIVERED' END, n, n, n,
    CASE is_in WHEN 1 THEN person ELSE number END, '["' || CASE is_in WHEN 1 THEN number ELSE person END || '"]',
    'A message of about the usual length of a message.', '[]', 'm' || n, n, number, CASE is_in WHEN 1 THEN 'IN' ELSE 'OUT' END, n
  FROM said`;

/** What the conversations must be, by the messages themselves. */
const EXPECTED = `SELECT count(*) AS conversations, sum(sent) AS sent, sum(received) AS received, max(time) AS time FROM (
  SELECT number, person, count(CASE direction WHEN 'OUT' THEN 1 END) AS sent, count(CASE direction WHEN 'IN' THEN 1 END) AS received, max(time) AS time
  FROM (SELECT direction, time, CASE direction WHEN 'OUT' THEN sender ELSE owner END AS number,
    CASE direction WHEN 'OUT' THEN recipients ELSE '["' || sender || '"]' END AS person FROM sends WHERE message_id IS NOT NULL) AS messages
  GROUP BY number, person) AS conversations`;
const FOUND =
  'SELECT count(*) AS conversations, sum(sent) AS sent, sum(received) AS received, max(time) AS time FROM conversations';

/** An old database: how it is opened by this version, and asked. */
interface Place {
  readonly open: (onStep: OnStep) => Promise<OpenStore>;
  readonly sql: (statement: string) => Promise<Record<string, unknown>>;
}

async function oldSqlite(file: string): Promise<Place> {
  const database = new Database(file);
  database.pragma('journal_mode = WAL');
  for (const step of migrations('sqlite').slice(0, VERSION)) database.exec(step);
  database.pragma(`user_version = ${VERSION}`);
  database.exec(FILL);
  database.close();
  const sql = (statement: string): Promise<Record<string, unknown>> => {
    const reader = new Database(file);
    const row = reader.prepare(statement).get() as Record<string, unknown>;
    reader.close();
    return Promise.resolve(row);
  };
  return Promise.resolve({ open: (onStep) => openStore({ databaseUrl: null, file, onStep }), sql });
}

async function oldPostgres(url: string): Promise<Place> {
  const asClient = async <Result>(work: (client: Client) => Promise<Result>): Promise<Result> => {
    const client = new Client({ connectionString: url });
    await client.connect();
    return work(client).finally(() => client.end());
  };
  await asClient(async (client) => {
    for (const step of migrations('postgres').slice(0, VERSION)) await client.query(step);
    await client.query(`CREATE TABLE schema_version (version INTEGER NOT NULL)`);
    await client.query(`INSERT INTO schema_version VALUES (${VERSION})`);
    await client.query(FILL);
    await client.query('ANALYZE');
  });
  const sql = (statement: string): Promise<Record<string, unknown>> =>
    asClient(async (client) => (await client.query<Record<string, unknown>>(statement)).rows[0] ?? {});
  return { open: (onStep) => openStore({ databaseUrl: url, file: '', onStep }), sql };
}

/** Time that passes as soon as everything else had its turn. */
const IMPATIENT: Clock = {
  now: () => Date.now(),
  async sleep(_delayMs, signal) {
    if (signal?.aborted !== true) await setImmediate();
  },
};

describe('an old database', () => {
  const folder = makeFolder();
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  }, 60_000);
  afterAll(async () => {
    await postgres.stop();
    removeFolder(folder);
  });

  it.each([
    ['SQLite', () => oldSqlite(join(folder, 'old.sqlite'))],
    ['PostgreSQL', async () => oldPostgres(await postgres.newDatabase())],
  ])(
    'in %s is migrated, and its messages get into their conversations while sends go on',
    async (name, make) => {
      const place = await make();
      const begun = performance.now();
      const steps: string[] = [];
      const store = await place.open((step, of) => {
        steps.push(`${step} of ${of}`);
        print(`${name}: step ${step} of ${of} after ${((performance.now() - begun) / 1_000).toFixed(1)} s`);
      });
      const last = migrations('sqlite').length;
      expect(steps).toEqual(Array.from({ length: last - VERSION }, (_, index) => `${VERSION + 1 + index} of ${last}`));
      print(`${name}: ${ROWS} messages migrated in ${((performance.now() - begun) / 1_000).toFixed(1)} s`);
      const told: { filed: number; of: number; leftMs: number }[] = [];
      const failures: unknown[] = [];
      const stop = startFiling({
        store,
        clock: IS_SHOWN ? systemClock : IMPATIENT,
        onFiled: (progress) => {
          told.push(progress);
          print(
            `${name}: ${progress.filed} of ${progress.of} after ${((performance.now() - begun) / 1_000).toFixed(0)} s`,
          );
        },
        onFailure: (error) => failures.push(error),
      });
      const waits: number[] = [];
      while (!told.some(({ filed, of }) => filed === of)) {
        const since = performance.now();
        await put(store, { from: '+15550000001', to: ['+16661000001'], time: 10_000_000 + waits.length });
        waits.push(performance.now() - since);
      }
      await stop();
      waits.sort((a, b) => a - b);
      const at = (share: number): string => (waits[Math.floor((waits.length - 1) * share)] ?? 0).toFixed(1);
      print(
        `${name}: ${waits.length} sends meanwhile, each after the other: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, the longest ${at(1)} ms`,
      );
      expect(failures).toEqual([]);
      expect(told.at(-1)).toEqual({ filed: ROWS, of: ROWS, leftMs: 0 });
      expect(await store.countUnfiled()).toBe(0);
      const [found, expected] = [await place.sql(FOUND), await place.sql(EXPECTED)];
      expect(found).toEqual(expected);
      const filter = { numbers: EVERYBODY, owner: null, participant: '+16661000001' } as const;
      const { listed } = await store.listConversations(filter, firstOf(100));
      expect(listed.length).toBeGreaterThan(0);
      await store.close();
    },
    TIMEOUT_MS,
  );
});
