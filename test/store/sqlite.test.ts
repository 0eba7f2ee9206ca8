/** The SQLite store: what is asked of both stores, and what is its own. */
import { chmodSync, mkdtempSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { openStore } from '../../src/store/index.js';
import { listQuery } from '../../src/store/list-query.js';
import { StoreInUseError } from '../../src/store/file-lock.js';
import { NewerStoreError } from '../../src/store/migrations.js';
import { SqliteStore } from '../../src/store/sqlite.js';
import { describeStore } from './conformance.js';
import { sqlitePlace } from './sqlite-place.js';
import type { StoreUnderTest } from './conformance/opened.js';
import { accepted, newSend, NO_FILTER } from './sends.js';
import { makeFolder, removeFolder } from '../support/folder.js';

const root = makeFolder();
let files = 0;
const newFile = (): string => join(root, String(++files), 'messages.sqlite');
const open = (file: string): ReturnType<typeof openStore> => openStore({ databaseUrl: null, file });

afterAll(() => {
  removeFolder(root);
});

function prepare(): Promise<StoreUnderTest> {
  const file = newFile();
  return Promise.resolve(sqlitePlace(file, () => open(file)));
}

describeStore('SQLite', prepare);

describe('the SQLite file', () => {
  it('is readable by its owner alone', async () => {
    const file = newFile();
    const store = await open(file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(file, '..')).mode & 0o777).toBe(0o700);
    await store.close();
  });

  it('is readable by its owner alone in a folder that others may read, with the files beside it', async () => {
    const folder = mkdtempSync(join(root, 'shared-'));
    chmodSync(folder, 0o755);
    const store = await open(join(folder, 'messages.sqlite'));
    await store.claim(newSend());
    const modes = readdirSync(folder).map((name) => statSync(join(folder, name)).mode & 0o777);
    expect(modes).toEqual([0o600, 0o600, 0o600]);
    await store.close();
  });

  it('has each commit on the disk before it is answered, also when the power fails', async () => {
    // The connection is the store's own, so it is caught where it is made ready.
    const connections: Database.Database[] = [];
    const pragma = Reflect.get(Database.prototype, 'pragma') as (...args: unknown[]) => unknown;
    Database.prototype.pragma = function (...args) {
      connections.push(this);
      return Reflect.apply(pragma, this, args);
    };
    const store = await open(newFile()).finally(() => (Database.prototype.pragma = pragma));
    const ask = (name: string): unknown => connections[0]?.pragma(name, { simple: true });
    // 2 is FULL: in this journal mode, NORMAL flushes no commit.
    expect([ask('journal_mode'), ask('synchronous')]).toEqual(['wal', 2]);
    await store.close();
  });

  it('has a log beside it that grows to 16 MiB and little more, however much is written', async () => {
    const file = newFile();
    const store = await open(file);
    const message = { ...newSend().message, text: 'x'.repeat(64 * 1024) };
    for (let round = 0; round < 8; round++) {
      await Promise.all(Array.from({ length: 50 }, () => store.claim(newSend({ message }))));
    }
    const { size } = statSync(`${file}-wal`);
    expect(size).toBeGreaterThan(16 * 1024 * 1024);
    expect(size).toBeLessThan(22 * 1024 * 1024);
    await store.close();
  });

  it('holds what was kept aside, for people to read', async () => {
    const file = newFile();
    const store = await open(file);
    await store.take({ kind: 'strange', count: 1, body: 'not [JSON' }, 7);
    await store.close();
    const database = new Database(file);
    expect(database.prepare('SELECT * FROM strange_callbacks').all()).toEqual([{ received_at: 7, body: 'not [JSON' }]);
    database.close();
  });

  it('takes a hundred odd events in with one commit', async () => {
    const file = newFile();
    await (await open(file)).close();
    let commits = 0;
    let isOpen = false;
    const verbose = (sql: unknown): void => {
      const statement = String(sql);
      if (statement === 'COMMIT' || (!isOpen && statement.startsWith('INSERT'))) commits += 1;
      if (/^(BEGIN|COMMIT|ROLLBACK)/.test(statement)) isOpen = statement.startsWith('BEGIN');
    };
    const store = new SqliteStore(new Database(file, { verbose }));
    await Promise.all(
      Array.from({ length: 50 }, (_, index) => [
        store.take({ kind: 'strange', count: 1, body: `strange ${index}` }, 1),
        store.take({ kind: 'other', event: { messageId: 'm', type: 'message-read', body: `other ${index}` } }, 1),
      ]).flat(),
    );
    await store.close();
    expect(commits).toBe(1);
  });

  it('is refused untouched when a newer version made it', async () => {
    const file = newFile();
    await (await open(file)).close();
    const database = new Database(file);
    database.pragma('user_version = 99');
    database.pragma('journal_mode = DELETE');
    database.close();
    await expect(open(file)).rejects.toThrow(NewerStoreError);
    const untouched = new Database(file);
    expect(untouched.pragma('user_version', { simple: true })).toBe(99);
    expect(untouched.pragma('journal_mode', { simple: true })).toBe('delete');
    untouched.close();
  });

  it('that is full refuses a claim, and takes the next when there is room again', async () => {
    const file = newFile();
    await (await open(file)).close();
    const database = new Database(file);
    const store = new SqliteStore(database);
    const pages = Number(database.pragma('page_count', { simple: true }));
    database.pragma(`max_page_count = ${pages + 5}`);
    const large = { ...newSend().message, text: 'x'.repeat(2048) };
    const claims = await Promise.allSettled(
      Array.from({ length: 300 }, () => store.claim(newSend({ message: large }))),
    );
    expect(claims.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'SQLITE_FULL' } });
    database.pragma(`max_page_count = ${pages + 5_000}`);
    expect(await store.claim(newSend({ message: large }))).toEqual({ kind: 'CLAIMED' });
    await store.close();
  });

  it('that another process holds refuses a claim after a bounded wait, and takes the next one', async () => {
    const file = newFile();
    const store = await open(file);
    const other = new Database(file);
    other.exec('BEGIN IMMEDIATE');
    await expect(store.claim(newSend())).rejects.toMatchObject({ code: 'SQLITE_BUSY' });
    other.exec('COMMIT');
    other.close();
    expect(await store.claim(newSend())).toEqual({ kind: 'CLAIMED' });
    await store.close();
  });

  it('that another process holds for a moment only delays a claim', async () => {
    const file = newFile();
    const store = await open(file);
    const other = new Database(file);
    other.exec('BEGIN IMMEDIATE');
    const claim = store.claim(newSend());
    setImmediate(() => setImmediate(() => other.exec('COMMIT').close()));
    expect(await claim).toEqual({ kind: 'CLAIMED' });
    await store.close();
  });

  it('is walked by an index for every list, without a scan and without a sort', async () => {
    const file = newFile();
    const store = await open(file);
    for (let index = 0; index < 50; index++) {
      const send = newSend();
      await store.claim(send);
      await store.record(send.sendId, accepted({ tag: `t${index}` }), 2_000);
    }
    await store.close();
    const database = new Database(file);
    const filters = [
      {},
      { caller: 'a' },
      { caller: 'a', from: '+1', tag: 't' },
      { caller: 'a', to: '+1' },
      { from: '+1' },
      { to: '+1' },
      { status: 'ACCEPTED' as const },
      { tag: 't' },
      { since: 5, until: 9 },
    ];
    for (const filter of filters) {
      for (const after of [null, { time: 5, sendId: 'x' }]) {
        const { sql, values } = listQuery({ ...NO_FILTER, ...filter }, 50, after, 'CROSS JOIN');
        const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values) as { detail: string }[];
        const text = plan.map(({ detail }) => detail).join('; ');
        expect(text).not.toMatch(/TEMP B-TREE/);
        for (const { detail } of plan) expect(detail).toMatch(/USING (COVERING INDEX|INDEX|PRIMARY KEY)/);
      }
    }
    database.close();
  });

  it("walks only the caller's own rows, whatever is asked for", async () => {
    const file = newFile();
    await (await open(file)).close();
    const database = new Database(file);
    const own = { caller: 'a', from: null, to: null, status: null, tag: null, since: null, until: null };
    for (const filter of [{}, { from: '+1' }, { to: '+1' }, { status: 'FAILED' as const }, { tag: 't' }]) {
      for (const after of [null, { time: 5, sendId: 'x' }]) {
        const { sql, values } = listQuery({ ...own, ...filter }, 50, after, 'CROSS JOIN');
        const [walk, lookup] = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values) as { detail: string }[];
        const columns = { from: '<expr>=?', to: 'recipient=?', status: 'status=?', tag: '<expr>=?' };
        const [by] = Object.keys(filter).map((name) => ` AND ${columns[name as keyof typeof columns]}`);
        expect(walk?.detail).toContain(`(caller=?${by ?? ''}`);
        expect(lookup?.detail ?? '').toMatch(/^$|send_id=\?/);
      }
    }
    database.close();
  });

  it('that is full or read-only does not answer a ping, and answers again afterwards', async () => {
    const file = newFile();
    await (await open(file)).close();
    for (const [trouble, cure, code] of [
      ['max_page_count = 1', 'max_page_count = 1000000', 'SQLITE_FULL'],
      ['query_only = ON', 'query_only = OFF', 'SQLITE_READONLY'],
    ]) {
      const database = new Database(file);
      const store = new SqliteStore(database);
      database.pragma(String(trouble));
      await expect(store.ping()).rejects.toMatchObject({ code });
      database.pragma(String(cure));
      await store.ping();
      await store.close();
    }
  });

  it('is written by pings once a second at most, and not less', async () => {
    const file = newFile();
    await (await open(file)).close();
    const database = new Database(file);
    const store = new SqliteStore(database);
    const writes = (): unknown => database.prepare('SELECT total_changes()').pluck().get();
    const now = performance.now.bind(performance);
    try {
      for (let ping = 0; ping < 3; ping++) await store.ping();
      expect(writes()).toBe(1);
      performance.now = () => now() + 1_000;
      for (let ping = 0; ping < 3; ping++) await store.ping();
      expect(writes()).toBe(2);
    } finally {
      performance.now = now;
      await store.close();
    }
  });

  it('whose lock fails for another reason reports that reason', async () => {
    const file = newFile();
    await (await open(file)).close();
    writeFileSync(`${file}-lock`, 'This is no database. '.repeat(100));
    await expect(openStore({ databaseUrl: null, file, forServer: true })).rejects.toMatchObject({
      code: 'SQLITE_NOTADB',
    });
  });

  it('takes one server at a time, even through a link', async () => {
    const file = newFile();
    const first = await openStore({ databaseUrl: null, file, forServer: true });
    const link = join(root, 'link.sqlite');
    symlinkSync(file, link);
    await expect(openStore({ databaseUrl: null, file: link, forServer: true })).rejects.toThrow(StoreInUseError);
    await first.close();
  });

  it('takes one server at a time, while tools may read and write it', async () => {
    const file = newFile();
    const first = await openStore({ databaseUrl: null, file, forServer: true });
    await expect(openStore({ databaseUrl: null, file, forServer: true })).rejects.toThrow(StoreInUseError);
    const tool = await open(file);
    await tool.claim(newSend());
    await tool.close();
    // That the second one looked has not let go of the first one's lock.
    await expect(openStore({ databaseUrl: null, file, forServer: true })).rejects.toThrow(/Another server uses/);
    await first.close();
    const second = await openStore({ databaseUrl: null, file, forServer: true });
    await second.close();
  });
});
