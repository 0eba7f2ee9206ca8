/** The built commands for operators, as processes beside a running server on the same SQLite file. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import Database from 'better-sqlite3';
import { openStore } from '../../src/store/index.js';
import { newSend } from '../store/sends.js';
import { upstreamAt } from '../support/app.js';
import { execute } from '../support/client.js';
import { SendMessageDocument } from '../support/generated/graphql.js';
import { idOf, startLosingUpstream, type LosingUpstream } from '../support/losing-upstream.js';
import { INPUT } from '../support/messages.js';
import { makeFolder, removeFolder } from '../support/folder.js';

type Child = ChildProcessByStdio<null, Readable, Readable>;

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname;
/** Processes take their time on a machine that has other things to do. */
const TIMEOUT_MS = 60_000;
const ME = `shell:${userInfo().username}`;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('beside a running server', () => {
  let upstream: LosingUpstream;
  let folder: string;
  let server: Child;
  let url: string;
  let texts = 0;

  beforeAll(async () => {
    upstream = await startLosingUpstream();
    folder = makeFolder();
    server = start(folder, [MAIN]);
    server.stderr.resume();
    url = await addressOf(server);
  }, TIMEOUT_MS);
  afterAll(async () => {
    server.kill('SIGKILL');
    await upstream.close();
    removeFolder(folder);
  });

  function start(cwd: string, args: string[]): Child {
    const env = { PATH: process.env.PATH, PORT: '0', ...upstreamAt(upstream.url) };
    return spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  interface Ended {
    readonly code: unknown;
    readonly output: string;
    readonly errors: string;
  }

  async function end(child: Child): Promise<Ended> {
    const [[code], output, errors] = await Promise.all([
      once(child, 'close') as Promise<unknown[]>,
      textOf(child.stdout),
      textOf(child.stderr),
    ]);
    return { code, output, errors };
  }

  const run = (...args: string[]): Promise<Ended> => end(start(folder, [MAIN, ...args]));

  /** What a command printed that went well, a parsed line each. */
  async function linesOf(running: Promise<Ended>): Promise<Record<string, unknown>[]> {
    const { code, output, errors } = await running;
    expect([code, errors]).toEqual([0, '']);
    return output.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Record<string, unknown>]));
  }

  /** The id of the key's message, or the code of the failure. */
  async function send(text: string): Promise<string | undefined> {
    const input = { ...INPUT, text, tag: 'red', idempotencyKey: `key-${text}` };
    const { data, errors } = await execute(url, SendMessageDocument, { input });
    return data?.sendMessage?.id ?? errors?.[0]?.extensions.code;
  }

  /** What the database itself says, for the running server as well. */
  function rows(sql: string, ...values: string[]): Record<string, unknown>[] {
    const database = new Database(join(folder, 'data', 'messages.sqlite'), { readonly: true });
    try {
      return database.prepare(sql).all(...values) as Record<string, unknown>[];
    } finally {
      database.close();
    }
  }

  /** Makes a send with an unknown outcome. */
  async function lose(): Promise<{ text: string; sendId: string }> {
    const text = `text${++texts}`;
    upstream.answer = 'never';
    expect(await send(text)).toBe('OUTCOME_UNKNOWN');
    upstream.answer = 'at once';
    const [row] = rows('SELECT send_id FROM sends WHERE body = ? AND status = ?', text, 'UNKNOWN');
    return { text, sendId: String(row?.send_id) };
  }

  const statusOf = (sendId: string): unknown =>
    rows('SELECT status, settled_by FROM sends WHERE send_id = ?', sendId)[0];

  it('schema prints the committed schema: the bundle renames no type', async () => {
    const { code, output } = await end(start(folder, [MAIN, 'schema']));
    expect(code).toBe(0);
    expect(output).toBe(readFileSync(new URL('../../schema/schema.graphql', import.meta.url), 'utf8'));
  });

  it(
    'unresolved prints a line of JSON for each send, the oldest first, and nothing of its text',
    async () => {
      const sends = [await lose(), await lose()];
      const lines = await linesOf(run('unresolved'));
      expect(lines.map(({ sendId }) => sendId)).toEqual(sends.map(({ sendId }) => sendId));
      const [line] = lines;
      expect(line).toEqual({
        sendId: sends[0]?.sendId,
        caller: 'anonymous',
        keyHash: sha256(`key-${sends[0]?.text ?? ''}`),
        requestId: expect.stringMatching(/^[\da-f-]{36}$/) as string,
        status: 'UNKNOWN',
        from: INPUT.from,
        to: INPUT.to,
        tag: 'red',
        startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
        updatedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
        lastSeen: expect.stringMatching(/^[\w, ]+$/) as string,
        attempts: 1,
        settledBy: null,
        messageId: null,
      });
    },
    TIMEOUT_MS,
  );

  it(
    'settle not-sent frees the key for the running server, which sends again once',
    async () => {
      const { text, sendId } = await lose();
      const [line] = await linesOf(run('settle', sendId, 'not-sent', '--reason', 'asked the carrier'));
      expect(line).toMatchObject({ sendId, status: 'REJECTED', settledBy: ME, messageId: null });
      expect(await Promise.all([send(text), send(text)])).toEqual([idOf(text, 2), idOf(text, 2)]);
      expect(await send(text)).toBe(idOf(text, 2));
      expect(upstream.accepted.get(text)).toBe(2);
      expect(rows('SELECT outcome, settled_by, reason FROM audit WHERE send_id = ? ORDER BY rowid', sendId)).toEqual([
        { outcome: 'UNKNOWN', settled_by: null, reason: null },
        { outcome: 'REJECTED', settled_by: ME, reason: 'asked the carrier' },
      ]);
      // Once more changes nothing, though the key has sent again since.
      expect(await linesOf(run('settle', sendId, 'not-sent'))).toEqual([line]);
      expect(await send(text)).toBe(idOf(text, 2));
    },
    TIMEOUT_MS,
  );

  it(
    'settle sent gives the message to a caller who asks the running server with its key',
    async () => {
      const { text, sendId } = await lose();
      const id = idOf(text, 1);
      const [line] = await linesOf(run('settle', sendId, 'sent', '--message-id', id));
      expect(line).toMatchObject({ sendId, status: 'ACCEPTED', settledBy: ME, messageId: id });
      expect(await send(text)).toBe(id);
      const { code, output, errors } = await run('settle', sendId, 'not-sent');
      expect([code, output]).toEqual([1, '']);
      expect(errors).toMatch(/^sendId: .*known.*\n$/);
      expect(await send(text)).toBe(id);
      expect(upstream.accepted.get(text)).toBe(1);
    },
    TIMEOUT_MS,
  );

  it(
    'settle does not touch a send under way',
    async () => {
      const text = `text${++texts}`;
      upstream.answer = 'when told';
      const sending = send(text);
      const respond = await upstream.keptBack();
      upstream.answer = 'at once';
      const [row] = rows('SELECT send_id, status FROM sends WHERE body = ?', text);
      expect(row?.status).toBe('PENDING');
      const { code, errors } = await run('settle', String(row?.send_id), 'not-sent');
      expect([code, errors]).toEqual([1, expect.stringContaining('still on its way')]);
      respond();
      expect(await sending).toBe(idOf(text, 1));
    },
    TIMEOUT_MS,
  );

  it.each([
    ['no outcome', []],
    ['an outcome that JavaScript knows', ['constructor']],
    ['an option that is none', ['not-sent', '--force']],
  ])(
    'settle with %s prints its usage, and settles nothing',
    async (_name, args) => {
      const { sendId } = await lose();
      const { code, output, errors } = await run('settle', sendId, ...args);
      expect([code, output]).toEqual([1, '']);
      expect(errors).toMatch(/^Usage: settle SEND_ID sent\|not-sent .*\n$/);
      expect(statusOf(sendId)).toEqual({ status: 'UNKNOWN', settled_by: null });
    },
    TIMEOUT_MS,
  );

  it(
    'settle with an unknown send says so in one line',
    async () => {
      const { code, output, errors } = await run('settle', 'nobody', 'not-sent');
      expect([code, output, errors]).toEqual([1, '', 'sendId: There is no send with this id.\n']);
    },
    TIMEOUT_MS,
  );

  it(
    'forget removes a number, also while the server runs, and refuses what is none',
    async () => {
      const number = '+19195550123';
      const input = { ...INPUT, to: [number], text: 'to be forgotten' };
      const { data } = await execute(url, SendMessageDocument, { input });
      const [line] = await linesOf(run('forget', number, '--reason', 'asked by letter'));
      expect(line).toEqual({ messages: 1, callbacks: 0, consent: 0, unresolved: [], areFilesClear: true });
      expect(rows('SELECT 1 FROM sends WHERE message_id = ?', data?.sendMessage?.id ?? '')).toEqual([]);
      const [audited] = rows("SELECT caller, reason, send_id FROM audit WHERE outcome = 'FORGOTTEN'");
      expect(audited).toEqual({ caller: ME, reason: 'asked by letter', send_id: '' });
      const wrong = await run('forget', 'somebody');
      expect([wrong.code, wrong.output, wrong.errors]).toEqual([
        1,
        '',
        'number: Must be an E.164 number such as +19195551212, or a short code of 3 to 8 digits.\n',
      ]);
      expect((await run('forget', number, '--force')).errors).toMatch(/^Usage: forget NUMBER .*\n$/);
    },
    TIMEOUT_MS,
  );

  it(
    'settle works for a user without a name on the machine, as in many containers',
    async () => {
      const { sendId } = await lose();
      const nameless = `
        import os from 'node:os';
        import { syncBuiltinESMExports } from 'node:module';
        os.userInfo = () => { throw new Error('uv_os_get_passwd returned ENOENT'); };
        syncBuiltinESMExports();
      `;
      const preload = ['--import', `data:text/javascript,${encodeURIComponent(nameless)}`];
      const [line] = await linesOf(end(start(folder, [...preload, MAIN, 'settle', sendId, 'sent'])));
      expect(line).toMatchObject({ sendId, settledBy: expect.stringMatching(/^shell:/) as string });
    },
    TIMEOUT_MS,
  );

  it(
    'unresolved prints all sends, however many began at the same time',
    async () => {
      const other = join(folder, 'other');
      mkdirSync(other);
      const store = await openStore({ databaseUrl: null, file: join(other, 'data', 'messages.sqlite') });
      const sends = Array.from({ length: 205 }, () => newSend());
      await Promise.all(sends.map((each) => store.claim(each)));
      await Promise.all(sends.map(({ sendId }) => store.record(sendId, { status: 'UNKNOWN' }, 2_000)));
      await store.close();
      const lines = await linesOf(end(start(other, [MAIN, 'unresolved'])));
      expect(lines.map(({ sendId }) => sendId)).toEqual(sends.map(({ sendId }) => sendId));
    },
    TIMEOUT_MS,
  );
});

/** Where a server listens, once it says so. */
async function addressOf(server: Child): Promise<string> {
  let output = '';
  for await (const chunk of server.stdout.iterator({ destroyOnReturn: false })) {
    output += String(chunk);
    const [found] = /http:\/\/127\.0\.0\.1:\d+\/graphql/.exec(output) ?? [];
    if (found !== undefined) return found;
  }
  throw new Error('The server ended without telling its address.');
}
