/** The built server as a process, before it serves: what it would use, and what it says when it cannot start. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, existsSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import Database from 'better-sqlite3';
import { withStore } from '../../src/commands/sends.js';
import { SANDBOX_ACCOUNT } from '../../src/upstream.js';
import { migrations } from '../../src/store/migrations.js';
import { startSandbox } from '../../src/sandbox/sandbox.js';
import { newSend } from '../store/sends.js';
import { accountAt } from '../support/app.js';
import { makeFolder, removeFolder } from '../support/folder.js';

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname;
const TIMEOUT_MS = 60_000;

interface Ended {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

let folder: string;
beforeAll(() => {
  folder = makeFolder();
});
afterAll(() => {
  removeFolder(folder);
});

type Variables = Readonly<Record<string, string | undefined>>;

function run(environment: Variables, ...args: string[]): Promise<Ended> {
  return runAs({}, environment, ...args);
}

/** Root may write everywhere: whoever tests as root runs this as nobody. */
const STRANGER = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

function runAs(user: { uid?: number; gid?: number }, environment: Variables, ...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const env = { PATH: process.env.PATH, ...environment };
    const options = { cwd: folder, env, ...user };
    const child = execFile(process.execPath, [MAIN, ...args], options, (_error, output, errors) => {
      resolve({ code: child.exitCode ?? -1, output, errors });
    });
  });
}

/** A file of the current version in a folder of its own, which others may read. */
async function makeFile(name: string): Promise<string> {
  const file = join(folder, name, 'messages.sqlite');
  await run({ DATABASE_URL: `sqlite:${file}` }, 'migrate');
  chmodSync(folder, 0o755);
  chmodSync(join(folder, name), 0o755);
  chmodSync(file, 0o644);
  return file;
}

/** As nobody may write it, or change what lies beside it. */
async function makeReadOnlyFile(name: string): Promise<string> {
  const file = await makeFile(name);
  chmodSync(file, 0o444);
  chmodSync(join(folder, name), 0o555);
  return file;
}

function setVersion(file: string, version: number): void {
  const database = new Database(file);
  database.pragma(`user_version = ${version}`);
  database.close();
}

describe('the command', () => {
  it('--help names every command, and --version the version of the package', async () => {
    const [help, version] = [await run({}, '--help'), await run({}, '--version')];
    for (const name of [
      'serve',
      'check-config',
      'migrate',
      'backup',
      'sandbox',
      'demo',
      'schema',
      'unresolved',
      'settle',
    ]) {
      expect(help.output).toMatch(new RegExp(`^ {2}${name}( |$)`, 'm'));
    }
    const { version: expected } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    expect([help.code, help.errors, version]).toEqual([0, '', { code: 0, output: `${expected}\n`, errors: '' }]);
  });

  it('that does not exist is refused with those that do', async () => {
    const { code, output, errors } = await run({}, 'constructor');
    expect([code, output]).toEqual([1, '']);
    expect(errors).toMatch(/^There is no such command. Use one of serve, .*--help\.\n$/);
  });
});

describe('a command with arguments that it does not take', () => {
  it.each(['migrate', 'serve'])(
    'is not run: %s',
    async (command) => {
      const database = { DATABASE_URL: 'sqlite:by-accident/messages.sqlite', PORT: '0' };
      const { code, output, errors } = await run(database, command, '--help');
      expect([code, output]).toEqual([1, '']);
      expect(errors).toContain(`${command} takes no arguments`);
      expect(existsSync(join(folder, 'by-accident'))).toBe(false);
    },
    TIMEOUT_MS,
  );
});

describe('where no server has been', () => {
  const COMMANDS = [['unresolved'], ['forget', '+19195551212'], ['backup', 'copy.sqlite']];

  it.each(COMMANDS)(
    '%s leaves a database of another program as it is, and says so',
    async (...args) => {
      const file = join(folder, 'cats.sqlite');
      const cats = new Database(file);
      cats.exec('CREATE TABLE IF NOT EXISTS cats (name)');
      cats.close();
      const before = readFileSync(file);
      const { code, output, errors } = await run({ DATABASE_URL: `sqlite:${file}`, MEDIA_DIR: 'no-media' }, ...args);
      expect([code, output, errors]).toEqual([
        1,
        '',
        `There is nothing of this server in ${file}: name the server's database in DATABASE_URL.\n`,
      ]);
      expect(readFileSync(file).equals(before)).toBe(true);
      const made = readdirSync(folder).filter((name) => /^(cats\.sqlite-|copy|no-media)/.test(name));
      expect(made).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'forget makes no folder for copies of files',
    async () => {
      const { code, errors } = await run(
        { DATABASE_URL: 'sqlite:nowhere', MEDIA_DIR: 'media' },
        'forget',
        '+19195551212',
      );
      expect([code, errors]).toEqual([1, expect.stringMatching(/^There is no nowhere here/)]);
      expect(existsSync(join(folder, 'media'))).toBe(false);
    },
    TIMEOUT_MS,
  );
});

describe('the folder of copies that cannot be used', () => {
  it(
    'has forget say so, before it forgets anything',
    async () => {
      const file = await makeFile('with-copies');
      const { code, output, errors } = await run(
        { DATABASE_URL: `sqlite:${file}`, MEDIA_DIR: file },
        'forget',
        '+19195551212',
      );
      expect([code, output]).toEqual([1, '']);
      expect(errors).toMatch(/MEDIA_DIR must name a folder that the server can make, or write\.\n$/);
      const database = new Database(file);
      expect(database.prepare('SELECT * FROM audit').all()).toEqual([]);
      database.close();
    },
    TIMEOUT_MS,
  );
});

it('trace prints a line for each event, whatever its words hold', async () => {
  const DATABASE_URL = `sqlite:${await makeFile('odd-words')}`;
  const send = newSend({ caller: 'a\u001b[31m\u2028b' });
  await withStore({ DATABASE_URL }, async (store) => {
    await store.claim(send);
    await store.record(send.sendId, { status: 'UNKNOWN' }, 2_000);
    await store.settle(send.sendId, { as: 'NOT_SENT', by: 'ops', reason: 'asked\n2026-11-29 nobody' }, 3_000);
  });
  const { code, output } = await run({ DATABASE_URL }, 'trace', send.sendId);
  expect([code, output.split('\n').length]).toEqual([0, 5]);
  expect(output).toContain('by a\\u001b[31m\\u2028b, request');
  expect(output).toContain('asked\\u000a2026-11-29 nobody\n');
});

it('a database that fails in the middle of a command has it say what to do', async () => {
  const file = await makeFile('full');
  const isFull = (): Promise<never> => Promise.reject(Object.assign(new Error('full'), { code: 'SQLITE_FULL' }));
  const running = withStore({ DATABASE_URL: `sqlite:${file}` }, isFull);
  await expect(running).rejects.toThrow(`The disk of ${file} is full: make room.`);
});

describe('the output of a command', () => {
  /** Runs it with this for its output. */
  async function runInto(output: 'pipe' | number, ...args: string[]): Promise<Omit<Ended, 'output'>> {
    const env = { PATH: process.env.PATH };
    const child = spawn(process.execPath, [MAIN, ...args], { cwd: folder, env, stdio: ['ignore', output, 'pipe'] });
    // Before anything comes.
    child.stdout?.destroy();
    const [[code], errors] = await Promise.all([
      once(child, 'close') as Promise<number[]>,
      textOf(child.stderr ?? Readable.from([])),
    ]);
    return { code: code ?? -1, errors };
  }

  it(
    'may go unread, as `head` leaves it, and the command still does all of its work',
    async () => {
      expect(await runInto('pipe', 'migrate')).toEqual({ code: 0, errors: '' });
      expect((await run({}, 'migrate')).output).toMatch(/already\.\n$/);
    },
    TIMEOUT_MS,
  );

  (existsSync('/dev/full') ? it : it.skip)('that cannot be written is a failure in one line', async () => {
    const full = openSync('/dev/full', 'w');
    const ended = await runInto(full, 'schema');
    closeSync(full);
    expect(ended).toEqual({ code: 1, errors: 'Standard output cannot be written (ENOSPC).\n' });
  });
});

describe('migrate', () => {
  it(
    'brings the database of DATABASE_URL to the current version, once, without a server',
    async () => {
      const environment = { DATABASE_URL: 'sqlite:new/messages.sqlite' };
      const first = await run(environment, 'migrate');
      expect(first).toMatchObject({ code: 0, errors: '' });
      const [, version = ''] = /^The database had version 0, and has (\d+) now\.\n$/.exec(first.output) ?? [];
      const again = await run(environment, 'migrate');
      expect(again).toEqual({ code: 0, output: `The database has version ${version} already.\n`, errors: '' });
    },
    TIMEOUT_MS,
  );

  it(
    'says each step of an older database before it begins, as a server does in its log',
    async () => {
      const steps = migrations('sqlite');
      const last = steps.length;
      const makeOld = (name: string): string => {
        const database = new Database(join(folder, name));
        for (const step of steps.slice(0, last - 2)) database.exec(step);
        database.pragma(`user_version = ${last - 2}`);
        database.close();
        return `sqlite:${name}`;
      };
      const { output } = await run({ DATABASE_URL: makeOld('old.sqlite') }, 'migrate');
      expect(output).toBe(
        `Step ${last - 1} of ${last}\nStep ${last} of ${last}\nThe database had version ${last - 2}, and has ${last} now.\n`,
      );
      const other = createServer().listen(0, '127.0.0.1');
      await new Promise((resolve) => other.once('listening', resolve));
      const { port } = other.address() as { port: number };
      const { errors } = await run({ DATABASE_URL: makeOld('older.sqlite'), PORT: String(port) });
      other.close();
      expect(errors.split('\n').filter((line) => line.includes('"the database is brought'))).toHaveLength(2);
    },
    TIMEOUT_MS,
  );
});

describe('a database that cannot be changed', () => {
  it.each(['migrate', 'settle', 'unresolved', 'forget', 'trace', 'backup', 'serve'])(
    'has %s say so in one line, with what to do',
    async (command) => {
      const args = {
        settle: ['some-send', 'not-sent'],
        forget: ['+19195551212'],
        trace: ['some-send'],
        backup: ['copy.sqlite'],
      }[command];
      const file = await makeReadOnlyFile(`for-${command}`);
      const { code, output, errors } = await runAs(
        STRANGER,
        { DATABASE_URL: `sqlite:${file}`, PORT: '0' },
        command,
        ...(args ?? []),
      );
      expect([code, output]).toEqual([1, '']);
      expect(errors).toMatch(/\n$/);
      expect(errors.trim().split('\n')).toHaveLength(1);
      expect(errors).toMatch(
        / (may not write|cannot be made|cannot be opened)[^]*(give it both|that this user may write)/,
      );
    },
    TIMEOUT_MS,
  );

  it(
    'since it is newer has migrate say so, with both versions',
    async () => {
      const file = await makeFile('newer');
      setVersion(file, 99);
      const { code, output, errors } = await run({ DATABASE_URL: `sqlite:${file}` }, 'migrate');
      expect([code, output]).toEqual([1, '']);
      expect(errors).toMatch(
        /^The database has version 99; this software knows versions up to \d+\. Run a newer release\.\n$/,
      );
    },
    TIMEOUT_MS,
  );
});

describe('check-config', () => {
  it('shows each variable with its source and no secret, asks upstream, and sends nothing', async () => {
    const sandbox = await startSandbox(SANDBOX_ACCOUNT);
    const { CATAPULT_SECRET: secret = '', ...rest } = accountAt(sandbox);
    writeFileSync(join(folder, 'secret'), `${secret}\n`);
    const environment = {
      ...rest,
      CATAPULT_SECRET_FILE: join(folder, 'secret'),
      DATABASE_URL: 'postgres://who:PASSWORD@127.0.0.1:1/messages?password=PASSWORD',
      http_proxy: 'http://who:PASSWORD@127.0.0.1:1',
      NO_PROXY: '127.0.0.1',
    };
    const { code, output, errors } = await run(environment, 'check-config');
    const mistaken = await run({ ...environment, PUBLIC_URL: 'https://who:PASSWORD@api.example' }, 'check-config');
    expect(mistaken.output + mistaken.errors).not.toContain('PASSWORD@');
    await sandbox.close();
    expect([code, errors]).toEqual([1, '']);
    expect(output).not.toMatch(/PASSWORD@|=PASSWORD|s-sandbox|t-sandbox/);
    expect(output).toMatch(/^PORT +default +4000$/m);
    expect(output).toMatch(/^CATAPULT_USER_ID +environment +u-sandbox$/m);
    expect(output).toMatch(/^CATAPULT_SECRET +file +\(hidden\) in \S+secret$/m);
    expect(output).toMatch(/^CATAPULT_TOKEN +environment +\(hidden\)$/m);
    expect(output).toMatch(/^DATABASE_URL +environment +postgres:\/\/127.0.0.1:1\/messages$/m);
    expect(output).toMatch(
      /^Messages are kept at postgres:\/\/127.0.0.1:1\/messages\.\nNothing listens at 127\.0\.0\.1:1: start PostgreSQL, or/m,
    );
    expect(output).toMatch(/^HTTP_PROXY +environment +http:\/\/127.0.0.1:1\/$/m);
    expect(output).toMatch(/Callbacks are off: .*CALLBACK_USERNAME/);
    expect(output).toMatch(/Messages go to 127\.0\.0\.1:\d+, account u-sandbox: ok\.\n$/);
  });

  it('says in its exit code and in words that upstream refuses, and what to correct', async () => {
    const sandbox = await startSandbox(SANDBOX_ACCOUNT);
    const wrong = await run({ ...accountAt(sandbox), CATAPULT_SECRET: 'WRONG' }, 'check-config');
    await sandbox.close();
    expect([wrong.code, wrong.errors]).toEqual([1, '']);
    expect(wrong.output).toMatch(/: credentials refused\.\nCorrect CATAPULT_CLIENT_ID .*\n$/);
    const gone = await run({ ...accountAt(sandbox), CATAPULT_SECRET: 'WRONG' }, 'check-config');
    expect([gone.code, gone.output]).toEqual([
      1,
      expect.stringMatching(/: connection refused\.\nCorrect CATAPULT_URL/),
    ]);
    expect(wrong.output + gone.output).not.toContain('WRONG');
  });

  /** The exit code, and what follows the table. */
  async function findings(environment: Variables, user = {}): Promise<[code: number, findings: string]> {
    const { code, output, errors } = await runAs(user, { SANDBOX: 'on', ...environment }, 'check-config');
    expect(errors).toBe('');
    return [code, output.slice(output.indexOf('\n\n') + 2)];
  }

  it(
    'says what the database is, and makes and migrates nothing',
    async () => {
      const missing = join(folder, 'not', 'yet', 'messages.sqlite');
      expect(await findings({ DATABASE_URL: `sqlite:${missing}` })).toEqual([
        0,
        expect.stringMatching(/messages\.sqlite: nothing is there yet\. The start brings it to version \d+\.$/m),
      ]);
      expect(existsSync(join(folder, 'not'))).toBe(false);

      const file = await makeFile('looked-at');
      const environment = { DATABASE_URL: `sqlite:${file}` };
      const [code, words] = await findings(environment);
      const [, version = ''] = /: version (\d+) of the database, the current one\.$/m.exec(words) ?? [];
      expect([code, Number(version)]).toEqual([0, expect.any(Number)]);
      expect(Number(version)).toBeGreaterThan(1);
      expect(readdirSync(join(folder, 'looked-at'))).toEqual(['messages.sqlite', 'messages.sqlite-lock']);

      setVersion(file, Number(version) - 1);
      expect(await findings(environment)).toEqual([
        0,
        expect.stringContaining(
          `: version ${Number(version) - 1} of the database. The start brings it to version ${version}.`,
        ),
      ]);
      setVersion(file, 99);
      expect(await findings(environment)).toEqual([
        1,
        expect.stringContaining(
          `The database has version 99; this software knows versions up to ${version}. Run a newer`,
        ),
      ]);
      writeFileSync(file, 'no database, but long enough to be looked at as one\n'.repeat(100));
      expect(await findings(environment)).toEqual([1, expect.stringContaining('is no SQLite database: move it away')]);
    },
    TIMEOUT_MS,
  );

  it(
    'says that the user may not write the database or the folder of copies',
    async () => {
      const file = await makeReadOnlyFile('not-mine');
      const environment = { DATABASE_URL: `sqlite:${file}`, MEDIA_DIR: join(folder, 'not-mine', 'media', 'copies') };
      const [code, words] = await findings(environment, STRANGER);
      expect(code).toBe(1);
      expect(words).toContain(`This user may not write ${file} or its folder: give it both`);
      expect(words).toContain('MEDIA_DIR must name a folder that this user can make, or write (EACCES).');
    },
    TIMEOUT_MS,
  );

  it(
    'says that the folder of copies is a file, or will be made, and makes none',
    async () => {
      const media = join(folder, 'media');
      expect(await findings({ MEDIA_DIR: media })).toEqual([
        0,
        expect.stringContaining(`Files are copied to ${media}, which the start makes.`),
      ]);
      expect(existsSync(media)).toBe(false);
      writeFileSync(media, '');
      expect(await findings({ MEDIA_DIR: media })).toEqual([1, expect.stringContaining('(ENOTDIR)')]);
    },
    TIMEOUT_MS,
  );

  it(
    'reads the trusted documents, and says where they cannot be',
    async () => {
      const manifest = join(folder, 'documents.json');
      const environment = { TRUSTED_DOCUMENTS: 'enforce', TRUSTED_DOCUMENTS_FILE: manifest };
      const problem = 'TRUSTED_DOCUMENTS_FILE must name a JSON file of hashes and GraphQL documents.';
      expect(await findings(environment)).toEqual([1, expect.stringContaining(problem)]);
      writeFileSync(manifest, JSON.stringify({ a: 'query A { __typename' }));
      expect(await findings(environment)).toEqual([1, expect.stringContaining(problem)]);
      writeFileSync(manifest, JSON.stringify({ a: 'query A { __typename }' }));
      expect(await findings(environment)).toEqual([
        0,
        expect.stringContaining(`Trusted documents (enforce) in ${manifest}: 1.`),
      ]);
    },
    TIMEOUT_MS,
  );

  it('shows what it can where the configuration cannot be used, in lines for people', async () => {
    const { code, output, errors } = await run({ PORT: 'x', CATAPULT_USERID: 'y', SANDBOX: 'on' }, 'check-config');
    expect([code, output]).toEqual([1, expect.stringMatching(/^SANDBOX +environment +on$/m)]);
    expect(errors.split('\n')).toEqual([
      'The configuration cannot be used:',
      '  - CATAPULT_USERID is not known: did you mean CATAPULT_USER_ID?',
      '  - PORT must be a whole number from 0 to 65535.',
      '',
    ]);
  });
});

describe('a server that cannot start ends with one line of JSON that says what to do', () => {
  async function lineOf(environment: Readonly<Record<string, string | undefined>>): Promise<string> {
    const { code, output, errors } = await run({ PORT: '0', ...environment });
    expect([code, output, errors.split('\n')]).toEqual([1, '', [expect.any(String), '']]);
    const { level, msg, ...rest } = JSON.parse(errors) as { level: number; msg: string };
    expect([level, Object.keys(rest)]).toEqual([60, ['time']]);
    return msg;
  }

  it(
    'where it cannot listen',
    async () => {
      const other = createServer().listen(0, '127.0.0.1');
      await new Promise((resolve) => other.once('listening', resolve));
      const { port } = other.address() as { port: number };
      expect(await lineOf({ PORT: String(port) })).toBe(
        `Port ${port} of 127.0.0.1 is in use by another process: end that one, or set PORT to another port.`,
      );
      other.close();
    },
    TIMEOUT_MS,
  );

  it(
    'where its database cannot be opened',
    async () => {
      expect(await lineOf({ DATABASE_URL: 'sqlite:.' })).toBe(
        `${folder} is a folder: DATABASE_URL must name a file, which is made when it is missing.`,
      );
      // The driver finds its native half by `bindings`, which throws this where that was made for another Node.
      const otherNode = `import Module from 'node:module'; const load = Module._load;
        Module._load = function (name, ...rest) {
          if (name !== 'bindings') return load.call(this, name, ...rest);
          return () => { throw Object.assign(new Error('was compiled against'), { code: 'ERR_DLOPEN_FAILED' }) };
        };`;
      const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(otherNode)}`;
      expect(await lineOf({ NODE_OPTIONS })).toBe(
        'better-sqlite3 was compiled for another version of Node, or another system: run npm rebuild.',
      );
    },
    TIMEOUT_MS,
  );

  it('where its configuration cannot be used', async () => {
    expect(await lineOf({ PORT: 'x', LIMIT_SEND: '1/s' })).toBe(
      'The configuration cannot be used: - LIMIT_SEND is not known: did you mean LIMIT_SENDS? - PORT must be a whole number from 0 to 65535.',
    );
  });
});
