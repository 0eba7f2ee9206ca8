import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Client } from 'pg';
import { openStore } from '../../src/store/index.js';
import { listQuery } from '../../src/store/list-query.js';
import { NewerStoreError } from '../../src/store/migrations.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { describeStore, newSend, type StoreUnderTest } from './conformance.js';
import { describeSettlement } from './settlement.js';

let postgres: TestPostgres;
const open = (databaseUrl: string): ReturnType<typeof openStore> => openStore({ databaseUrl, file: '' });

beforeAll(async () => {
  postgres = await startPostgres({ flushes: false });
}, 30_000);
afterAll(() => postgres.close());

async function prepare(): Promise<StoreUnderTest> {
  const url = await postgres.newSchema();
  return {
    open: () => open(url),
    async sql(statement: string) {
      const client = new Client({ connectionString: url });
      await client.connect();
      try {
        return (await client.query<Record<string, unknown>>(statement)).rows;
      } finally {
        await client.end();
      }
    },
  };
}

describeStore('PostgreSQL', prepare);
describeSettlement('PostgreSQL', prepare);

describe('the PostgreSQL database', () => {
  it('is refused untouched when a newer version made it', async () => {
    const url = await postgres.newDatabase();
    await (await open(url)).close();
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query('UPDATE schema_version SET version = 99');
    await expect(open(url)).rejects.toThrow(NewerStoreError);
    expect((await client.query('SELECT version FROM schema_version')).rows).toEqual([{ version: 99 }]);
    await client.end();
  });

  it('commits to disk though its own default is not to', async () => {
    const url = await postgres.newDatabase();
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query(`ALTER DATABASE ${new URL(url).pathname.slice(1)} SET synchronous_commit TO off`);
    await client.query(
      "CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN IF current_setting('synchronous_commit') <> 'on' THEN RAISE 'not durable'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql",
    );
    const store = await open(url);
    await client.query('CREATE TRIGGER durable BEFORE INSERT ON sends FOR EACH ROW EXECUTE FUNCTION refuse()');
    await client.end();
    expect(await store.claim(newSend())).toEqual({ kind: 'CLAIMED' });
    await store.close();
  });

  it("walks none but the caller's own rows, whatever they are asked for", async () => {
    const url = await postgres.newDatabase();
    await (await open(url)).close();
    const client = new Client({ connectionString: url });
    await client.connect();
    // A tenth of the rows is a's, and another tenth of them matches each filter, though none of a's does.
    await client.query(
      `INSERT INTO sends (send_id, caller, fingerprint, status, started_at, updated_at, lease_until, sender, recipients, body,
         tag, media, message_id, time, direction)
       SELECT 's' || n, CASE n % 10 WHEN 0 THEN 'a' ELSE 'b' END, 'f', CASE n % 10 WHEN 5 THEN 'FAILED' ELSE 'SENDING' END,
         n, n, n, CASE n % 10 WHEN 5 THEN '+15' ELSE '+16' END, '[]', 'Hey', CASE n % 10 WHEN 5 THEN 'red' END, '[]', 'm' || n,
         n, 'OUT' FROM generate_series(1, 5000) AS n`,
    );
    await client.query('INSERT INTO recipients SELECT sender, time, send_id, caller FROM sends');
    await client.query('ANALYZE sends');
    await client.query('ANALYZE recipients');
    const own = { caller: 'a', from: null, to: null, status: null, tag: null, since: null, until: null };
    for (const filter of [{ from: '+15' }, { to: '+15' }, { status: 'FAILED' as const }, { tag: 'red' }]) {
      const { sql, values } = listQuery({ ...own, ...filter }, 51, null, 'JOIN');
      let number = 0;
      const numbered = sql.replace(/\?/g, () => `$${++number}`);
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN ANALYZE ${numbered}`, [...values]);
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
      expect(plan).not.toContain('Rows Removed');
      expect(plan).toMatch(/Index Cond: \(\(caller = 'a'/);
    }
    await client.end();
  });

  it('that was restarted refuses what was asked meanwhile, and serves again without a new process', async () => {
    const url = await postgres.newDatabase();
    const store = await open(url);
    const kept = newSend({ idempotencyKey: 'kept' });
    await store.claim(kept);
    await postgres.stop();
    await expect(store.claim(newSend())).rejects.toThrow();
    await expect(store.ping()).rejects.toThrow();
    await postgres.start();
    expect(await store.claim(newSend({ idempotencyKey: 'kept' }))).toMatchObject({
      kind: 'HELD',
      by: { sendId: kept.sendId },
    });
    await store.close();
  }, 30_000);

  it('that is away does not hold up a close, and is not come back to after it', async () => {
    const store = await open(await postgres.newDatabase());
    await postgres.stop();
    await expect(store.ping()).rejects.toThrow();
    await store.close();
    await postgres.start();
    const client = new Client({ connectionString: await postgres.newDatabase() });
    await client.connect();
    // Longer than the pause before a lost connection is made anew.
    const { rows } = await client.query<{ count: number }>(
      "SELECT pg_sleep(0.8), (SELECT COUNT(*)::int FROM pg_stat_activity WHERE query LIKE 'LISTEN%') AS count",
    );
    expect(rows[0]?.count).toBe(0);
    await client.end();
  }, 30_000);

  it('that resets a connection under a statement fails that claim alone, not the process', async () => {
    const url = new URL(await postgres.newDatabase());
    const proxy = await startProxy(Number(url.port));
    url.port = String(proxy.port);
    const store = await open(url.href);
    await store.claim(newSend());
    proxy.resetAt('INSERT INTO sends');
    await expect(store.claim(newSend())).rejects.toThrow();
    expect(await store.claim(newSend())).toEqual({ kind: 'CLAIMED' });
    await store.close();
    await proxy.close();
  }, 20_000);

  it('of another kind is refused, and its URL is not repeated', async () => {
    await expect(open('mysql://user:secret@localhost/x')).rejects.toThrow(/^(?!.*secret).*postgres:/);
  });

  it('that takes no writes does not answer a ping', async () => {
    const url = await postgres.newDatabase();
    const store = await open(url);
    await store.ping();
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query(`ALTER DATABASE ${new URL(url).pathname.slice(1)} SET default_transaction_read_only TO on`);
    await client.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
    await client.end();
    // The first query may meet the connection that was ended.
    await store.ping().catch(() => undefined);
    await expect(store.ping()).rejects.toThrow(/read-only/);
    await store.close();
  });

  it('whose commit of a claim comes late holds its key for nobody', async () => {
    const url = new URL(await postgres.newDatabase());
    const direct = await open(url.href);
    const proxy = await startProxy(Number(url.port));
    url.port = String(proxy.port);
    const store = await open(url.href);
    const send = newSend({ idempotencyKey: 'k' });
    const goOn = proxy.holdAt('COMMIT');
    await expect(store.claim(send)).rejects.toThrow(/timeout/i);
    // The row is not to be seen yet, and its commit is on its way.
    const abandoned = store.abandon([send], 2_000);
    goOn();
    await abandoned;
    expect(await direct.claim(newSend({ idempotencyKey: 'k' }))).toEqual({ kind: 'CLAIMED' });
    expect(await direct.expireLeases(1e15)).toBe(1);
    await store.close();
    await direct.close();
    await proxy.close();
  }, 20_000);

  it('that falls silent refuses a claim after a bounded wait', async () => {
    const url = new URL(await postgres.newDatabase());
    const proxy = await startProxy(Number(url.port));
    url.port = String(proxy.port);
    const store = await open(url.href);
    proxy.silence();
    await expect(store.claim(newSend())).rejects.toThrow(/timeout/i);
    await proxy.close();
    await store.close();
  }, 20_000);
});

interface Proxy {
  readonly port: number;
  /** From now on bytes go in and none come out. */
  silence(): void;
  /** Holds back what a connection sends from the next such statement on, until the result is called. */
  holdAt(statement: string): () => void;
  /** Resets the next connection that sends this. */
  resetAt(statement: string): void;
  close(): Promise<void>;
}

async function startProxy(target: number): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let fatal: string | null = null;
  let held: string | null = null;
  let isSilent = false;
  let released: () => void = () => undefined;
  const server = createServer((socket) => {
    const upstream = connect(target, '127.0.0.1');
    for (const each of [socket, upstream]) {
      sockets.add(each);
      each.on('error', () => undefined);
    }
    let isHeld = false;
    socket.on('data', (bytes: Buffer) => {
      if (held !== null && bytes.includes(held)) {
        held = null;
        isHeld = true;
        // What the client does afterwards, even its end, comes later than what it said.
        released = () => upstream.end(bytes);
      }
      if (fatal !== null && bytes.includes(fatal)) {
        fatal = null;
        socket.resetAndDestroy();
        upstream.destroy();
        return;
      }
      if (!isHeld && !isSilent) upstream.write(bytes);
    });
    socket.on('end', () => {
      if (!isHeld) upstream.end();
    });
    upstream.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    silence() {
      isSilent = true;
      for (const socket of sockets) {
        socket.unpipe();
        socket.pause();
      }
    },
    holdAt(statement) {
      held = statement;
      return () => {
        released();
      };
    },
    resetAt(statement) {
      fatal = statement;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
