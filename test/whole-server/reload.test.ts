/** SIGHUP to the built server: what files hold is read again, and no request is lost over it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { request } from 'undici';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { SANDBOX_ACCOUNT } from '../../src/upstream.js';
import { accountAt } from '../support/app.js';
import { makeFolder, removeFolder } from '../support/folder.js';
import { INPUT } from '../support/messages.js';

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname;
const TIMEOUT_MS = 90_000;
const READ_AGAIN = 'API keys, credentials and trusted documents were read again';
const UNUSABLE = 'the new configuration cannot be used: nothing has changed';
const SEND = 'mutation ($input: MessageInput!) { sendMessage(input: $input) { id } }';
const NAME = '{ viewer { name } }';

interface LogLine {
  readonly msg: string;
  readonly problems?: readonly string[];
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe.each([1, 2])('a server of %d process(es) that gets SIGHUP', (workers) => {
  let folder: string;
  let sandbox: Sandbox;
  let server: ChildProcess;
  let url: string;
  const log: LogLine[] = [];
  let onLine: () => void = () => undefined;
  let sends = 0;

  const write = (name: string, content: string): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };

  beforeAll(async () => {
    folder = makeFolder();
    sandbox = await startSandbox(SANDBOX_ACCOUNT);
    const env = {
      ...accountAt(sandbox),
      CATAPULT_SECRET: '',
      AUTH: '',
      PATH: process.env.PATH,
      PORT: '0',
      WORKERS: String(workers),
      CATAPULT_SECRET_FILE: write('secret', SANDBOX_ACCOUNT.secret),
      API_KEYS_FILE: write('keys', `shop:${sha256('first')}`),
      CALLBACK_USERNAME: 'upstream',
      CALLBACK_PASSWORD_FILE: write('password', 'first'),
      TRUSTED_DOCUMENTS: 'enforce',
      TRUSTED_DOCUMENTS_FILE: write('manifest.json', JSON.stringify({ a: SEND, b: NAME })),
    };
    server = spawn(process.execPath, [MAIN], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    createInterface({ input: server.stderr ?? process.stdin }).on('line', (line) => {
      log.push(JSON.parse(line) as LogLine);
      onLine();
    });
    url = await new Promise((resolve) => {
      createInterface({ input: server.stdout ?? process.stdin }).on('line', (line) => {
        const [, found] = /^GraphQL +(\S+)/.exec(line) ?? [];
        if (found !== undefined) resolve(found);
      });
    });
  }, TIMEOUT_MS);
  afterAll(async () => {
    server.kill('SIGKILL');
    await sandbox.close();
    removeFolder(folder);
  });

  /** Signals the first process, and waits until each process that serves has said `msg`. */
  async function reload(msg: string): Promise<LogLine[]> {
    const before = log.length;
    const said = (): LogLine[] => log.slice(before).filter((line) => line.msg === msg);
    const heard = new Promise<void>((resolve) => {
      onLine = () => {
        if (said().length === workers) resolve();
      };
    });
    server.kill('SIGHUP');
    await heard;
    return said();
  }

  async function ask(
    key: string,
    query: string,
    variables: object = {},
  ): Promise<{ data?: unknown; errors?: unknown }> {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
    const { body } = await request(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
    return (await body.json()) as { data?: unknown; errors?: unknown };
  }

  const send = (key: string): Promise<{ data?: unknown; errors?: unknown }> =>
    ask(key, SEND, { input: { ...INPUT, idempotencyKey: `k${++sends}` } });
  const accepted = { data: { sendMessage: { id: expect.any(String) as string } } };
  const refused = (code: string): object => ({ errors: [{ extensions: { code } }] });

  async function callback(password: string): Promise<number> {
    const authorization = `Basic ${Buffer.from(`upstream:${password}`).toString('base64')}`;
    const { statusCode, body } = await request(url.replace('/graphql', '/callbacks/catapult'), {
      method: 'POST',
      headers: { authorization },
      body: '[]',
    });
    await body.dump();
    return statusCode;
  }

  it(
    'takes other keys, callback passwords, secrets and documents, and loses no send under way',
    async () => {
      expect([await send('first'), await callback('first')]).toEqual([accepted, 200]);
      let isOn = true;
      const load = Array.from({ length: 8 }, async () => {
        const answers: unknown[] = [];
        while (isOn || answers.length < 5) answers.push(await send('first'));
        return answers;
      });
      write('keys', `shop:${sha256('first')},other:${sha256('second')}`);
      write('password', 'second');
      for (let round = 0; round < 3; round++) await reload(READ_AGAIN);
      isOn = false;
      const answers = (await Promise.all(load)).flat();
      expect(answers.length).toBeGreaterThanOrEqual(40);
      expect(answers.filter((answer) => JSON.stringify(answer).includes('errors'))).toEqual([]);
      expect(await ask('second', NAME)).toEqual({ data: { viewer: { name: 'other' } } });
      expect([await callback('first'), await callback('second')]).toEqual([401, 200]);

      write('keys', `other:${sha256('second')}`);
      write('secret', 'wrong');
      write('manifest.json', JSON.stringify({ a: SEND }));
      await reload(READ_AGAIN);
      expect(await ask('first', NAME)).toMatchObject(refused('UNAUTHENTICATED'));
      expect(await ask('second', NAME)).toMatchObject(refused('DOCUMENT_NOT_TRUSTED'));
      expect(await send('second')).toMatchObject(refused('UPSTREAM_REJECTED'));
      write('secret', SANDBOX_ACCOUNT.secret);
      await reload(READ_AGAIN);
      expect(await send('second')).toEqual(accepted);
    },
    TIMEOUT_MS,
  );

  it(
    'changes nothing where anything is wrong, and says what by name',
    async () => {
      write('keys', 'CANARY');
      write('password', 'third');
      for (const { problems } of await reload(UNUSABLE)) {
        expect(problems).toEqual([expect.stringMatching(/^API_KEYS must be/) as string]);
      }
      write('keys', `third:${sha256('third')}`);
      write('manifest.json', '{ CANARY');
      for (const { problems } of await reload(UNUSABLE)) {
        expect(problems).toEqual([expect.stringMatching(/^TRUSTED_DOCUMENTS_FILE must name/) as string]);
      }
      expect([await send('second'), await callback('second'), await callback('third')]).toEqual([accepted, 200, 401]);
      expect(JSON.stringify(log)).not.toContain('CANARY');
    },
    TIMEOUT_MS,
  );
});
