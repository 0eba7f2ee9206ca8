/** What a server may do in PostgreSQL whose user has the rights of docs/operations.md alone: rows, and no tables. */
import { readFileSync } from 'node:fs';
import { Client } from 'pg';
import { inspectStore, openStore } from '../../src/store/index.js';
import { migratePostgres } from '../../src/store/postgres.js';
import { startTestApp } from '../support/app.js';
import { execute } from '../support/client.js';
import { SendMessageDocument } from '../support/generated/graphql.js';
import { INPUT } from '../support/messages.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { describeHousekeeping } from './conformance/housekeeping.js';
import { openBeforeEach, type StoreUnderTest } from './conformance/opened.js';

const PAGE = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
const [, GRANTS = ''] = /```sql\n(GRANT[^]*?)```/.exec(PAGE) ?? [];
const SERVER = 'messages_server';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres({ flushes: false });
  await sql(await postgres.newSchema(), `CREATE ROLE ${SERVER} LOGIN PASSWORD 'server'`);
}, 60_000);
afterAll(() => postgres.close());

async function sql(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

/** The same place for the server's user. */
function asServer(owner: string): string {
  const url = new URL(owner);
  [url.username, url.password] = [SERVER, 'server'];
  return url.href;
}

/** What the page says, for the schema of a test in the place of `public`. */
function grant(owner: string): Promise<unknown> {
  const [, schema = ''] = /search_path%3D(\w+)/.exec(owner) ?? [];
  return sql(owner, GRANTS.replaceAll('SCHEMA public', `SCHEMA ${schema}`));
}

async function newPlace(): Promise<string> {
  const owner = await postgres.newSchema();
  await migratePostgres(owner);
  await grant(owner);
  return owner;
}

async function prepare(): Promise<StoreUnderTest> {
  const owner = await newPlace();
  return {
    open: () => openStore({ databaseUrl: asServer(owner), file: '' }),
    name: 'PostgreSQL',
    async script(statements) {
      await sql(owner, statements);
    },
    rewritesOfAudit: [],
    rewritesOfConsentAudit: [],
    sql: (statement) => sql(owner, statement),
  };
}

describe('a server without rights over tables', () => {
  it('sends, hears of the delivery, and cannot rewrite its audit', async () => {
    const owner = await newPlace();
    const app = await startTestApp({ DATABASE_URL: asServer(owner) });
    const { data } = await execute(app.url, SendMessageDocument, { input: { ...INPUT, idempotencyKey: 'k' } });
    const id = data?.sendMessage?.id;
    const statusOf = async (): Promise<unknown> =>
      (await sql(owner, `SELECT status FROM sends WHERE message_id = '${String(id)}'`))[0]?.status;
    while ((await statusOf()) !== 'DELIVERED') await new Promise(setImmediate);
    await app.close();
    for (const statement of ['DELETE FROM audit', 'ALTER TABLE audit DISABLE TRIGGER ALL', 'DROP TABLE sends']) {
      await expect(sql(asServer(owner), statement)).rejects.toMatchObject({ code: '42501' });
    }
  });

  it('says of an empty or older database who has to migrate it, and works once that is done', async () => {
    const owner = await postgres.newSchema();
    const open = (): ReturnType<typeof openStore> => openStore({ databaseUrl: asServer(owner), file: '' });
    await grant(owner).catch(() => undefined);
    await expect(open()).rejects.toThrow(/^The database has version 0, this software needs \d+, .*main\.js migrate/);
    const { to } = await migratePostgres(owner);
    await grant(owner);
    await sql(owner, 'UPDATE schema_version SET version = version - 1');
    await expect(open()).rejects.toMatchObject({ name: 'OlderStoreError', found: to - 1, known: to });
    await sql(owner, 'UPDATE schema_version SET version = version + 1');
    await (await open()).close();
    expect(await migratePostgres(owner)).toEqual({ from: to, to });
  });

  it('is told the same by a look at the database, which changes nothing', async () => {
    const owner = await postgres.newSchema();
    const inspect = (databaseUrl: string): ReturnType<typeof inspectStore> => inspectStore({ databaseUrl, file: '' });
    expect(await inspect(owner)).toEqual({ from: 0, to: expect.any(Number) as number });
    const tables = 'SELECT tablename FROM pg_tables WHERE schemaname = current_schema()';
    expect(await sql(owner, tables)).toEqual([]);
    await expect(inspect(asServer(owner))).rejects.toThrow(/^The database has version 0, .*main\.js migrate/);

    const { to } = await migratePostgres(owner);
    await grant(owner);
    for (const url of [owner, asServer(owner)]) expect(await inspect(url)).toEqual({ from: to, to });
    await sql(owner, 'UPDATE schema_version SET version = version - 1');
    expect(await inspect(owner)).toEqual({ from: to - 1, to });
    await expect(inspect(asServer(owner))).rejects.toMatchObject({ name: 'OlderStoreError', found: to - 1 });
    await sql(owner, 'UPDATE schema_version SET version = 99');
    await expect(inspect(owner)).rejects.toMatchObject({ name: 'NewerStoreError', found: 99 });
    expect(await sql(owner, 'SELECT version FROM schema_version')).toEqual([{ version: 99 }]);
  });

  it('that was given nothing at all is told where the GRANTs are, and a stranger why he is not let in', async () => {
    const owner = await postgres.newSchema();
    await migratePostgres(owner);
    const [, schema = ''] = /search_path%3D(\w+)/.exec(owner) ?? [];
    await sql(owner, `GRANT USAGE ON SCHEMA ${schema} TO ${SERVER}`);
    const open = (databaseUrl: string): ReturnType<typeof openStore> => openStore({ databaseUrl, file: '' });
    await expect(open(asServer(owner))).rejects.toThrow(
      /^messages_server may not do .*docs\/operations\.md has the GRANTs\.$/,
    );
    const wrong = new URL(owner);
    wrong.password = 'WRONG';
    await expect(open(wrong.href)).rejects.toThrow(`PostgreSQL at ${wrong.host} refuses the password of postgres`);
    wrong.password = 'password';
    wrong.pathname = '/nowhere';
    await expect(open(wrong.href)).rejects.toThrow(`There is no database nowhere at ${wrong.host}: make it`);
  });
});

describe('the store of a server without rights over tables', () => {
  describeHousekeeping(openBeforeEach(prepare));
});
