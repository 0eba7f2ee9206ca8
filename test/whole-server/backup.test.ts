/** `backup` beside a server under load: what was stored before it began is in it, row by row, and can be served again. */
import { execFile } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { execute } from '../support/client.js';
import { SendMessageDocument } from '../support/generated/graphql.js';
import { makeFolder, removeFolder } from '../support/folder.js';
import { INPUT } from '../support/messages.js';
import { startServer, type ServerProcess } from '../support/server-process.js';

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname;
const TIMEOUT_MS = 90_000;
const BEFORE = 150;
/** The sandbox reports nothing on messages to this number, so that their rows stay as they are. */
const SILENT = '+19195550002';
/** Their rows are written once. `sends` and `conversations` count on. */
const TABLES = ['recipients', 'audit', 'secrets'] as const;

interface Ended {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

describe('a backup', () => {
  let folder: string;
  let server: ServerProcess;
  beforeAll(async () => {
    folder = makeFolder();
    server = await startServer(folder, {
      DATABASE_URL: 'sqlite:kept/own.sqlite',
      LIMIT_PER_RECIPIENT: 'off',
      LIMIT_SENDS: 'off',
    });
  }, TIMEOUT_MS);
  afterAll(() => {
    server.process.kill('SIGKILL');
    removeFolder(folder);
  });

  function backUp(
    name: string,
    environment: Record<string, string> = { DATABASE_URL: 'sqlite:kept/own.sqlite' },
  ): Promise<Ended> {
    return new Promise((resolve) => {
      const env = { PATH: process.env.PATH, ...environment };
      const child = execFile(
        process.execPath,
        [MAIN, 'backup', name],
        { cwd: folder, env },
        (_error, output, errors) => {
          resolve({ code: child.exitCode ?? -1, output, errors });
        },
      );
    });
  }

  async function send(url: string, key: string): Promise<string | undefined> {
    const input = { ...INPUT, to: [SILENT], idempotencyKey: key };
    return (await execute(url, SendMessageDocument, { input })).data?.sendMessage?.id;
  }

  function rows(file: string, sql: string): Record<string, unknown>[] {
    const database = new Database(file, { readonly: true });
    try {
      return database.prepare<[], Record<string, unknown>>(sql).all();
    } finally {
      database.close();
    }
  }

  it(
    'under load holds, row by row, what was stored before it began, and a server that gets it sends nothing again',
    async () => {
      const own = join(folder, 'kept', 'own.sqlite');
      const ids = await Promise.all(Array.from({ length: BEFORE }, (_, index) => send(server.url, `key-${index}`)));
      const select = (table: string): string => `SELECT * FROM ${table}`;
      const stored = new Map(TABLES.map((table) => [table, rows(own, select(table))]));
      const sends = rows(own, "SELECT * FROM sends WHERE status = 'ACCEPTED' ORDER BY send_id");
      expect(sends).toHaveLength(BEFORE);

      let isOn = true;
      let later = 0;
      const load = Array.from({ length: 16 }, async () => {
        while (isOn) expect(await send(server.url, `later-${later++}`)).toBeDefined();
      });
      const { code, output, errors } = await backUp('copy.sqlite');
      isOn = false;
      await Promise.all(load);
      expect([code, errors]).toEqual([0, '']);
      expect(later).toBeGreaterThan(100);

      const copy = join(folder, 'copy.sqlite');
      expect(statSync(copy).mode & 0o777).toBe(0o600);
      expect(readdirSync(folder).filter((name) => name.startsWith('copy.'))).toEqual(['copy.sqlite']);
      for (const [table, expected] of stored) {
        const found = new Set(rows(copy, select(table)).map((row) => JSON.stringify(row)));
        expect(expected.filter((row) => !found.has(JSON.stringify(row)))).toEqual([]);
      }
      const isBefore = new Set(sends.map(({ send_id }) => send_id));
      const copied = rows(copy, 'SELECT * FROM sends ORDER BY send_id');
      expect(copied.filter(({ send_id }) => isBefore.has(send_id))).toEqual(sends);
      expect(output).toContain(`sends ${' '.repeat(23)}${copied.length}\n`);
      expect(output).toMatch(/copy\.sqlite: version \d+ of the database, whole and checked\.\n$/);

      mkdirSync(join(folder, 'restored'));
      copyFileSync(copy, join(folder, 'restored', 'messages.sqlite'));
      const second = await startServer(folder, { DATABASE_URL: 'sqlite:restored/messages.sqlite' });
      expect(await Promise.all(ids.map((_, index) => send(second.url, `key-${index}`)))).toEqual(ids);
      second.process.kill('SIGKILL');
    },
    TIMEOUT_MS,
  );

  it(
    'overwrites nothing, leaves nothing half-made, and says what to do',
    async () => {
      const copy = join(folder, 'kept', 'own.sqlite');
      const size = statSync(copy).ino;
      expect(await backUp('kept/own.sqlite')).toEqual({
        code: 1,
        output: '',
        errors: 'kept/own.sqlite exists: name a new file, so that no backup is lost.\n',
      });
      expect(statSync(copy).ino).toBe(size);
      symlinkSync('nowhere', join(folder, 'kept', 'link'));
      expect(await backUp('kept/link')).toMatchObject({ code: 1, errors: expect.stringContaining('exists') as string });
      expect(readlinkSync(join(folder, 'kept', 'link'))).toBe('nowhere');
      expect(await backUp('no/such/folder/copy')).toMatchObject({
        code: 1,
        errors: expect.stringMatching(/cannot be made \(ENOENT\)/) as string,
      });
      expect(await backUp('other', {})).toMatchObject({
        code: 1,
        errors: expect.stringMatching(/^There is no data/) as string,
      });
      expect(existsSync(join(folder, 'data'))).toBe(false);
      expect(
        await backUp('it.dump', { DATABASE_URL: 'postgres://who:SECRET@db:5433/messages?password=SECRET' }),
      ).toEqual({
        code: 1,
        output: '',
        errors:
          "PostgreSQL makes its own backups: pg_dump --format=custom --file='it.dump' 'postgres://who@db:5433/messages'\n",
      });
    },
    TIMEOUT_MS,
  );

  it(
    'takes no name that SQLite or the server gives to what lies beside the database: they would delete it',
    async () => {
      const own = join(folder, 'asleep', 'own.sqlite');
      mkdirSync(join(folder, 'asleep'));
      copyFileSync(join(folder, 'copy.sqlite'), own);
      symlinkSync('asleep', join(folder, 'same'));
      symlinkSync('asleep/own.sqlite', join(folder, 'linked.sqlite'));
      for (const name of [
        'asleep/own.sqlite-wal',
        'asleep/own.sqlite-shm',
        'same/own.sqlite-journal',
        'same/own.sqlite-lock',
      ]) {
        for (const database of ['asleep/own.sqlite', 'linked.sqlite']) {
          const { code, errors } = await backUp(name, { DATABASE_URL: `sqlite:${database}` });
          expect([code, errors]).toEqual([1, expect.stringContaining(`${name} belongs to the database`)]);
        }
      }
      expect(readdirSync(join(folder, 'asleep'))).toEqual(['own.sqlite']);
    },
    TIMEOUT_MS,
  );

  it.each([
    [
      'a text',
      'It is no database, and long enough to hold the header of one, which has a hundred bytes; so it is read.',
      'is no SQLite database',
    ],
    ['an empty file', '', 'There is nothing of this server'],
  ])(
    'of %s is refused in one line, and leaves nothing',
    async (_name, contents, expected) => {
      writeFileSync(join(folder, 'odd.sqlite'), contents);
      const { code, output, errors } = await backUp('of-odd', { DATABASE_URL: 'sqlite:odd.sqlite' });
      expect([code, output, errors.split('\n')]).toEqual([1, '', [expect.stringContaining(expected), '']]);
      expect(readdirSync(folder).filter((name) => /^of-odd|^odd\.sqlite-/.test(name))).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'with a name that no file can have is refused in one line',
    async () => {
      const { code, errors } = await backUp('x'.repeat(300));
      expect([code, errors]).toEqual([1, expect.stringMatching(/^x+ cannot be made \(ENAMETOOLONG\).*\n$/)]);
    },
    TIMEOUT_MS,
  );
});
