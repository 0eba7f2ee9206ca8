/** The PostgreSQL store while its database is away, silent or late: slow tests, since they wait for its time limits. */
import { Client } from 'pg';
import { openStore } from '../../src/store/index.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { startPostgresProxy } from './postgres-proxy.js';
import { newSend } from './sends.js';

let postgres: TestPostgres;
const open = (databaseUrl: string): ReturnType<typeof openStore> => openStore({ databaseUrl, file: '' });

beforeAll(async () => {
  postgres = await startPostgres({ flushes: false });
}, 30_000);
afterAll(() => postgres.close());

describe('a PostgreSQL database', () => {
  it('that was restarted refuses what is asked meanwhile, and works again without a new process', async () => {
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

  it('that is away does not hold up a close, and is not connected to after it', async () => {
    const store = await open(await postgres.newDatabase());
    await postgres.stop();
    await expect(store.ping()).rejects.toThrow();
    await store.close();
    await postgres.start();
    const client = new Client({ connectionString: await postgres.newDatabase() });
    await client.connect();
    // Longer than the pause before a lost connection is made again.
    const { rows } = await client.query<{ count: number }>(
      "SELECT pg_sleep(0.8), (SELECT COUNT(*)::int FROM pg_stat_activity WHERE query LIKE 'LISTEN%') AS count",
    );
    expect(rows[0]?.count).toBe(0);
    await client.end();
  }, 30_000);

  it('that resets a connection during a statement fails only that claim, not the process', async () => {
    const url = new URL(await postgres.newDatabase());
    const proxy = await startPostgresProxy(Number(url.port));
    url.port = String(proxy.port);
    const store = await open(url.href);
    await store.claim(newSend());
    const send = newSend();
    proxy.resetAt(send.sendId);
    await expect(store.claim(send)).rejects.toThrow();
    expect(await store.claim(newSend())).toEqual({ kind: 'CLAIMED' });
    await store.close();
    await proxy.close();
  }, 20_000);

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
    const again = new Client({ connectionString: url });
    await again.connect();
    await again.query('SET default_transaction_read_only TO off');
    await again.query(`ALTER DATABASE ${new URL(url).pathname.slice(1)} SET default_transaction_read_only TO off`);
    await again.end();
    // By another connection: the one that failed is not used again.
    await store.ping();
    await store.close();
  });

  it.each(['INSERT', 'UPDATE'])('whose role may not %s what sends need does not answer a ping', async (right) => {
    const url = new URL(await postgres.newDatabase());
    const store = await open(url.href);
    const client = new Client({ connectionString: url.href });
    await client.connect();
    await client.query(
      `CREATE ROLE "poor-${right}" LOGIN PASSWORD 'p'; GRANT ALL ON SCHEMA public TO "poor-${right}"; GRANT ALL ON ALL TABLES IN SCHEMA public TO "poor-${right}";` +
        `REVOKE ${right} ON sends FROM "poor-${right}"`,
    );
    await client.end();
    [url.username, url.password] = [`poor-${right}`, 'p'];
    const poor = await open(url.href);
    await expect(poor.ping()).rejects.toMatchObject({ code: '42501' });
    await store.ping();
    await poor.close();
    await store.close();
  });

  it('that gets a claim late lets that claim hold no key', async () => {
    const url = new URL(await postgres.newDatabase());
    const direct = await open(url.href);
    const proxy = await startPostgresProxy(Number(url.port));
    url.port = String(proxy.port);
    const store = await open(url.href);
    const send = newSend({ idempotencyKey: 'k' });
    const goOn = proxy.holdAt(send.sendId);
    await expect(store.claim(send)).rejects.toThrow(/timeout/i);
    await store.abandon([send], 2_000);
    await goOn();
    expect(await direct.claim(newSend({ idempotencyKey: 'k' }))).toEqual({ kind: 'CLAIMED' });
    expect(await direct.expireLeases(1e15)).toBe(1);
    await store.close();
    await direct.close();
    await proxy.close();
  }, 20_000);

  it('that falls silent refuses a claim after a bounded wait', async () => {
    const url = new URL(await postgres.newDatabase());
    const proxy = await startPostgresProxy(Number(url.port));
    url.port = String(proxy.port);
    const store = await open(url.href);
    proxy.silence();
    await expect(store.claim(newSend())).rejects.toThrow(/timeout/i);
    await proxy.close();
    await store.close();
  }, 20_000);
});
