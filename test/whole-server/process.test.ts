/** The built server as a process: what it prints, how it refuses to start, how it stops. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, realpathSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import Database from 'better-sqlite3';
import { Agent, request } from 'undici';
import { startMisbehavingUpstream } from '../support/misbehaving-upstream.js';
import { upstreamAt } from '../support/app.js';
import { SAMPLES, SEND_MESSAGE } from '../../src/sandbox/samples.js';
import { makeFolder, removeFolder } from '../support/folder.js';

type Child = ChildProcessByStdio<null, Readable, Readable>;

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname;
const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** Where the processes of a test keep their data. */
let folder: string;

const run = (environment: Record<string, string>, ...args: string[]): Child => runIn(folder, environment, ...args);

function runIn(cwd: string, environment: Record<string, string>, ...args: string[]): Child {
  return spawn(process.execPath, [MAIN, ...args], {
    cwd,
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Resolves with what the process has printed once `pattern` is in it. */
async function printed(child: Child, pattern: RegExp): Promise<RegExpExecArray> {
  let output = '';
  for await (const chunk of child.stdout) {
    output += String(chunk);
    const match = pattern.exec(output);
    if (match !== null) return match;
  }
  throw new Error(`The process ended without printing ${String(pattern)}`);
}

const exitCode = async (child: Child): Promise<unknown> => ((await once(child, 'exit')) as unknown[])[0];

const body = JSON.stringify({ query: SEND_MESSAGE, variables: { input: SAMPLES[0].input } });
const headers = { 'content-type': 'application/json' };

describe('the process', () => {
  let child: Child;

  beforeEach(() => {
    folder = makeFolder();
  });
  afterEach(() => {
    child.kill('SIGKILL');
    removeFolder(folder);
  });

  it('prints its address and a curl that sends a message as it stands', async () => {
    child = run({ PORT: '0' });
    const [, command = ''] = await printed(child, /^(curl .*)$/m);
    expect(README).toContain(command.replace(/127\.0\.0\.1:\d+/, '127.0.0.1:4000'));
    const shell = spawn('sh', ['-c', command], { stdio: ['ignore', 'pipe', 'ignore'] });
    expect(JSON.parse(await text(shell.stdout))).toMatchObject({ data: { sendMessage: { status: 'ACCEPTED' } } });
  });

  it('answers a mistake as README shows', async () => {
    child = run({ PORT: '0' });
    const [, url = ''] = await printed(child, /(http:\/\/127\.0\.0\.1:\d+\/graphql)/);
    const input = { ...SAMPLES[0].input, to: ['+12345678902', '12'] };
    const wrong = JSON.stringify({ query: SEND_MESSAGE, variables: { input } });
    const { body: answer } = await request(url, { method: 'POST', headers, body: wrong });
    const [, shown = ''] = /```json\n(\{"errors".*)\n```/.exec(README) ?? [];
    const { errors, data } = JSON.parse(shown) as { errors: [{ extensions: object }]; data: object };
    const requestId = expect.any(String) as string;
    const [error] = errors;
    expect(await answer.json()).toMatchObject({
      errors: [{ ...error, extensions: { ...error.extensions, requestId } }],
      data,
    });
  });

  it('exits with 1 and every mistake of its configuration, by name', async () => {
    child = run({ PORT: 'x', LOG_LEVEL: 'x', CATAPULT_URL: 'x' });
    const [code, errors] = await Promise.all([exitCode(child), text(child.stderr)]);
    expect(code).toBe(1);
    for (const name of ['PORT', 'LOG_LEVEL', 'CATAPULT_URL', 'CATAPULT_USER_ID', 'CATAPULT_CLIENT_ID']) {
      expect(errors).toContain(`- ${name} `);
    }
  });

  it('exits with 1 and says why when its database belongs to a newer version', async () => {
    const file = join(folder, 'data', 'messages.sqlite');
    mkdirSync(join(folder, 'data'));
    const database = new Database(file);
    database.pragma('user_version = 99');
    database.close();
    child = run({ PORT: '0' });
    const [code, errors] = await Promise.all([exitCode(child), text(child.stderr)]);
    expect([code, errors]).toEqual([
      1,
      expect.stringContaining(
        'The database has version 99; this software knows versions up to 13. Run a newer release.',
      ),
    ]);
  });

  it('exits with 1 when its port is taken', async () => {
    const first = run({ PORT: '0' });
    const [, port = ''] = await printed(first, /http:\/\/127\.0\.0\.1:(\d+)\/graphql/);
    child = runIn(mkdtempSync(join(folder, 'other-')), { PORT: port });
    const [code, errors] = await Promise.all([exitCode(child), text(child.stderr)]);
    expect([code, errors]).toEqual([1, expect.stringContaining(`Port ${port} of 127.0.0.1 is in use`)]);
    first.kill('SIGKILL');
  });

  it('goes live as docs/going-live.md says, in an empty folder, against the sandbox with OAuth', async () => {
    const page = readFileSync(new URL('../../docs/going-live.md', import.meta.url), 'utf8');
    const [, script = ''] = /```sh\n(SANDBOX_AUTH=oauth npm run[^]*?)```/.exec(page) ?? [];
    // The two commands as npm would run them, after its build, on ports of their own.
    const words = script
      .replace('npm run --silent sandbox', `PORT=0 ${process.execPath} ${MAIN} sandbox`)
      .replace('npm start', `PORT=0 ${process.execPath} ${MAIN}`);
    expect(words.match(/PORT=0/g)).toHaveLength(2);
    child = spawn('bash', ['-c', words], {
      cwd: folder,
      env: { PATH: process.env.PATH },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const log = text(child.stderr);
    const [, url = ''] = await printed(
      child,
      /^GraphQL +(\S+) {2}\(on Catapult: every message costs money, and nobody has to sign in\)$/m,
    );
    const { body: answer } = await request(url, { method: 'POST', headers, body });
    expect(await answer.json()).toMatchObject({ data: { sendMessage: { status: 'ACCEPTED' } } });
    const { body: ready } = await request(url.replace('/graphql', '/ready'));
    expect(await ready.json()).toEqual({ status: 'ready', upstream: 'catapult', upstreamCheck: 'ok' });
    // Bash leads a group of its own, in which the sandbox is, too.
    process.kill(-(child.pid ?? 0), 'SIGKILL');
    const [first, second] = (await log).split('\n');
    expect(JSON.parse(first ?? '')).toMatchObject({ level: 30, upstream: 'catapult', upstreamCheck: 'ok' });
    expect(JSON.parse(second ?? '')).toMatchObject({
      level: 40,
      msg: expect.stringContaining('costs money') as string,
    });
  });

  it('runs the demo and exits with 0', async () => {
    child = run({}, 'demo');
    const [code, output] = await Promise.all([exitCode(child), text(child.stdout)]);
    expect(code).toBe(0);
    expect(output.match(/"status": "ACCEPTED"/g)).toHaveLength(3);
  });

  it('runs the sandbox alone', async () => {
    child = run({ PORT: '0' }, 'sandbox');
    const [, url = ''] = await printed(child, /CATAPULT_URL=(\S+)[^]*CATAPULT_SECRET/);
    const { statusCode } = await request(`${url}/users/u-sandbox/messages`, { method: 'POST' });
    expect(statusCode).toBe(401);
  });

  it('finishes what is in flight on SIGTERM, refuses what is new, and exits with 0 while clients keep idle connections', async () => {
    const received = deferred();
    const answered = deferred();
    const upstream = await startMisbehavingUpstream(async (socket) => {
      await socket.readPost();
      received.resolve();
      await answered.promise;
      socket.write('HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{"id":"1"}');
    });
    child = run({ PORT: '0', ...upstreamAt(upstream.url) });
    const [, url = '', port = ''] = await printed(child, /(http:\/\/127\.0\.0\.1:(\d+)\/graphql)/);
    const idle = new Agent({ keepAliveTimeout: 60_000 });
    await (await request(url.replace('/graphql', '/health'), { dispatcher: idle })).body.dump();
    const silent = connect(Number(port), '127.0.0.1');
    await once(silent, 'connect');

    const inFlight = request(url, { method: 'POST', headers, body });
    await received.promise;
    const exited = exitCode(child);
    child.kill('SIGTERM');
    await refusal(url);
    answered.resolve();

    expect(await (await inFlight).body.json()).toMatchObject({ data: { sendMessage: { id: '1' } } });
    silent.destroy();
    expect(await exited).toBe(0);
    await idle.close();
    await upstream.close();
  }, 20_000);

  it('goes on to serve for DRAIN_DELAY_MS after SIGTERM while /ready says no, and exits with 0', async () => {
    child = run({ PORT: '0', DRAIN_DELAY_MS: '1500', METRICS_PORT: '0' });
    let log = '';
    child.stderr.on('data', (lines) => (log += String(lines)));
    const [, url = ''] = await printed(child, /(http:\/\/127\.0\.0\.1:\d+\/graphql)/);
    const exited = exitCode(child);
    child.kill('SIGTERM');
    let ready: unknown;
    do ready = await (await request(url.replace('/graphql', '/ready'))).body.json();
    while ((ready as { status: string }).status === 'ready');
    expect(ready).toEqual({
      status: 'not ready',
      missing: ['draining'],
      upstream: 'sandbox',
      upstreamCheck: expect.any(String) as string,
    });
    const [metrics = ''] = /http:[^"]+\/metrics/.exec(log) ?? [];
    expect(await (await request(metrics)).body.text()).toContain('ready{part="draining"} 0');
    expect(await exited).toBe(0);
  });

  it.each([
    ['its reader has ended', 'pipe'],
    ['its disk is full', '/dev/full'],
  ])('serves and stops although its log cannot be written: %s', async (_why, where) => {
    const log = where === 'pipe' ? where : openSync(where, 'w');
    child = spawn(process.execPath, [MAIN], {
      cwd: folder,
      env: { PATH: process.env.PATH, PORT: '0' },
      stdio: ['ignore', 'pipe', log],
    }) as Child;
    // Null where it goes to a file.
    (child.stderr as Readable | null)?.destroy();
    if (typeof log === 'number') closeSync(log);
    const [, url = ''] = await printed(child, /GraphQL +(\S+)/);
    for (let round = 1; round <= 2; round++) {
      const { statusCode, body: answer } = await request(url, { method: 'POST', headers, body });
      expect([statusCode, await answer.json()]).toEqual([
        200,
        expect.objectContaining({ data: expect.anything() as unknown }),
      ]);
    }
    child.kill();
    expect(await exitCode(child)).toBe(0);
  });

  it('that stood still past the deadline of its sends reads what upstream answered meanwhile', async () => {
    let isAnswering = false;
    const waiting: (() => void)[] = [];
    const upstream = await startMisbehavingUpstream(async (socket) => {
      for (;;) {
        await socket.readPost();
        if (!isAnswering) await new Promise<void>((resolve) => waiting.push(resolve));
        socket.write('HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{"id":"1"}');
      }
    });
    child = run({ PORT: '0', SEND_TIMEOUT_MS: '1500', ...upstreamAt(upstream.url) });
    const [, url = ''] = await printed(child, /(http:\/\/127\.0\.0\.1:\d+\/graphql)/);
    const sends = Array.from({ length: 40 }, () => request(url, { method: 'POST', headers, body }));
    while (waiting.length < 40) await new Promise(setImmediate);
    child.kill('SIGSTOP');
    isAnswering = true;
    for (const goOn of waiting) goOn();
    // It stands still longer than the sends had left: the stall is what is tested.
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    child.kill('SIGCONT');
    const answers = await Promise.all(sends.map(async (sending) => (await sending).body.json()));
    expect(
      answers.map((each) => (each as { data: { sendMessage: { id: string } | null } }).data.sendMessage?.id),
    ).toEqual(Array.from({ length: 40 }, () => '1'));
    await upstream.close();
  }, 20_000);

  it('exits with 1 when another one uses the same file, and takes over when that one is killed', async () => {
    const first = run({ PORT: '0' });
    await printed(first, /GraphQL/);
    child = run({ PORT: '0' });
    const [code, errors] = await Promise.all([exitCode(child), text(child.stderr)]);
    expect([code, errors]).toEqual([
      1,
      expect.stringContaining(
        `Another server uses ${realpathSync(folder)}/data/messages.sqlite. One SQLite file belongs to one server: stop the other one, or use PostgreSQL for several.`,
      ),
    ]);
    const ended = exitCode(first);
    first.kill('SIGKILL');
    await ended;
    child = run({ PORT: '0' });
    await printed(child, /GraphQL/);
  }, 30_000);

  it('exits with 0 within 10 s although upstream never answers, with an unknown outcome for the caller', async () => {
    const received = deferred();
    const upstream = await startMisbehavingUpstream(async (socket) => {
      await socket.readPost();
      received.resolve();
    });
    child = run({ PORT: '0', ...upstreamAt(upstream.url) });
    const [, url = ''] = await printed(child, /(http:\/\/127\.0\.0\.1:\d+\/graphql)/);
    const inFlight = request(url, { method: 'POST', headers, body });
    await received.promise;
    const exited = exitCode(child);
    const since = performance.now();
    child.kill('SIGTERM');
    expect(await (await inFlight).body.json()).toMatchObject({ errors: [{ extensions: { code: 'OUTCOME_UNKNOWN' } }] });
    expect(await exited).toBe(0);
    expect(performance.now() - since).toBeLessThan(10_000);
    await upstream.close();
  }, 20_000);
});

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** Resolves as soon as a new connection is refused. */
async function refusal(url: string): Promise<void> {
  for (;;) {
    try {
      const { body } = await request(url.replace('/graphql', '/health'), { dispatcher: new Agent({ pipelining: 0 }) });
      await body.dump();
    } catch {
      return;
    }
  }
}
