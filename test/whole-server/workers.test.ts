/** Several processes behind one port: what they share, and what happens when one of them ends. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import Database from 'better-sqlite3';
import { Agent, request } from 'undici';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { SANDBOX_ACCOUNT } from '../../src/upstream.js';
import { accountAt, upstreamAt } from '../support/app.js';
import { post, type Answer } from '../support/client.js';
import { makeFolder, removeFolder } from '../support/folder.js';
import type { HealthQuery } from '../support/generated/graphql.js';
import { INPUT } from '../support/messages.js';
import { startEndpoint } from '../support/endpoint.js';
import { startMisbehavingUpstream } from '../support/misbehaving-upstream.js';
import { startPostgres } from '../support/postgres.js';
import { openSubscriber } from '../support/subscriber.js';
import { until } from '../support/waiting.js';

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname;

interface LogLine {
  readonly msg: string;
  readonly worker?: number;
  readonly pid?: number;
  readonly [field: string]: unknown;
}

interface Server {
  readonly url: string;
  readonly process: ChildProcess;
  readonly log: readonly LogLine[];
  /** The processes of its workers, by their numbers. */
  workers(): ReadonlyMap<number, number>;
}

/** Sends to one number within an hour. */
const LIMIT = 30;

let folder: string;
const started: ChildProcess[] = [];

function endAll(): void {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  removeFolder(folder);
}

function run(environment: Readonly<Record<string, string | undefined>>): ChildProcess {
  const child = spawn(process.execPath, [MAIN], {
    cwd: folder,
    env: { PORT: '0', WORKERS: '2', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that all of its processes can be signalled.
    detached: true,
  });
  started.push(child);
  return child;
}

/** Starts the server with two workers, unless the environment says otherwise. */
async function start(environment: Readonly<Record<string, string | undefined>>): Promise<Server> {
  const child = run(environment);
  const log: LogLine[] = [];
  createInterface({ input: child.stderr ?? process.stdin }).on('line', (line) => log.push(JSON.parse(line) as LogLine));
  for await (const line of createInterface({ input: child.stdout ?? process.stdin })) {
    const url = /^GraphQL +(\S+)/.exec(line)?.[1];
    if (url !== undefined) return { url, process: child, log, workers: () => workersIn(log) };
  }
  throw new Error('The server did not start.');
}

const exitCode = async (child: ChildProcess): Promise<unknown> => ((await once(child, 'exit')) as unknown[])[0];

/** Those that serve, and have not ended. */
function workersIn(log: readonly LogLine[]): ReadonlyMap<number, number> {
  const workers = new Map<number, number>();
  for (const { msg, worker = 0, pid = 0 } of log) {
    if (msg === 'a worker serves') workers.set(worker, pid);
    else if (msg.startsWith('a worker ended')) workers.delete(worker);
  }
  return workers;
}

interface Sent {
  readonly sendMessage: { readonly id: string; readonly status: string } | null;
}

/** Each on a connection of its own, so that any worker may take it. */
async function send(url: string, input: object): Promise<Answer<Sent>> {
  const query = 'mutation ($input: MessageInput!) { sendMessage(input: $input) { id status } }';
  return onItsOwn(url, { method: 'POST', headers: JSON_TYPE, body: JSON.stringify({ query, variables: { input } }) });
}

const JSON_TYPE = { 'content-type': 'application/json' };

async function onItsOwn<Result>(url: string, options: object): Promise<Result> {
  const dispatcher = new Agent();
  try {
    const { body } = await request(url, { ...options, dispatcher });
    return (await body.json()) as Result;
  } finally {
    await dispatcher.close();
  }
}

const sendersIn = (log: readonly LogLine[]): Set<number | undefined> =>
  new Set(log.filter(({ msg }) => msg === 'send').map(({ worker }) => worker));

let recipients = 0;
/** Each to a number of its own. */
const anyInput = (): object => ({ ...INPUT, to: [`+1919200${String(++recipients).padStart(4, '0')}`] });

/** Sends, eight at a time, until both workers have sent. */
async function sendByBoth(server: Server): Promise<void> {
  while (sendersIn(server.log).size < 2) {
    await Promise.all(Array.from({ length: 8 }, () => send(server.url, anyInput())));
  }
}

describe('two workers over one SQLite file', () => {
  let sandbox: Sandbox;
  let server: Server;

  beforeAll(async () => {
    folder = makeFolder();
    sandbox = await startSandbox({ ...SANDBOX_ACCOUNT, auth: 'basic' });
    const callback = { username: 'user', password: 'pass' };
    server = await start({
      ...accountAt(sandbox),
      CALLBACK_USERNAME: callback.username,
      CALLBACK_PASSWORD: callback.password,
      LIMIT_PER_RECIPIENT: `${LIMIT}/h`,
      METRICS_PORT: '0',
    });
    sandbox.sendCallbacksTo({ url: server.url.replace('/graphql', '/callbacks/catapult'), ...callback });
    await sendByBoth(server);
  }, 60_000);
  afterAll(async () => {
    endAll();
    await sandbox.close();
  });

  it('serve one port, and store what each of them sends', async () => {
    const { data } = await post<{ messages: { nodes: { id: string }[] } }>(
      server.url,
      JSON.stringify({ query: '{ messages(first: 100) { nodes { id } } }' }),
    );
    const newest = sandbox.accepted.slice(-100).map(({ id }) => id);
    expect(new Set(data?.messages.nodes.map(({ id }) => id))).toEqual(new Set(newest));
    expect(server.workers().size).toBe(2);
  });

  it('are measured together, by the first process', async () => {
    const served = server.log.find(({ msg }) => msg === 'metrics are served');
    const { body } = await request(String(served?.url));
    const metrics = await body.text();
    const sum = /^catapult_graphql_sends_total\{outcome="ACCEPTED",code="none"\} (\d+)$/m.exec(metrics)?.[1];
    expect(Number(sum)).toBe(sandbox.accepted.length);
    expect(metrics).toMatch(/^catapult_graphql_ready\{part="store"\} 1$/m);
    expect(metrics).toMatch(/^catapult_graphql_build_info\{version="[\d.]+"\} 1$/m);
  });

  it('say together how they are, whoever is asked', async () => {
    const query = '{ health { isReady processCount minutes { accepted } } }';
    const body = JSON.stringify({ query });
    const { data } = await onItsOwn<Answer<Pick<HealthQuery, 'health'>>>(server.url, {
      ...{ method: 'POST', headers: JSON_TYPE, body },
    });
    const { isReady, processCount, minutes = [] } = data?.health ?? {};
    expect({ isReady, processCount }).toEqual({ isReady: true, processCount: 2 });
    expect(minutes.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(sandbox.accepted.length);
  });

  it('are measured with what those counted that have ended, and with the first process', async () => {
    const url = String(server.log.find(({ msg }) => msg === 'metrics are served')?.url);
    const valueOf = async (name: string): Promise<number> => {
      const { body } = await request(url);
      const line = (await body.text()).split('\n').find((each) => each.startsWith(`catapult_graphql_${name} `));
      return Number(line?.split(' ')[1]);
    };
    const SENDS = 'sends_total{outcome="ACCEPTED",code="none"}';
    expect(await valueOf('store_commit_writes_count')).toBeGreaterThan(0);
    const sent = await valueOf(SENDS);
    expect(sent).toBe(sandbox.accepted.length);
    const [[worker, pid] = [0, 0]] = [...server.workers()];
    const serving = server.workers().size;
    process.kill(pid, 'SIGKILL');
    await until(() => !server.workers().has(worker));
    expect(await valueOf(SENDS)).toBe(sent);
    await until(() => server.workers().size === serving);
    expect(await valueOf(SENDS)).toBe(sent);
  });

  it('send a key once, whoever is asked', async () => {
    const before = sandbox.accepted.length;
    for (let round = 0; round < 10; round++) {
      const input = { ...INPUT, to: [`+1919555${2000 + round}`], idempotencyKey: `key-${round}` };
      const asked = await Promise.all(Array.from({ length: 10 }, () => send(server.url, input)));
      const ids = new Set(asked.map(({ data, errors }) => data?.sendMessage?.id ?? errors?.[0]?.extensions.code));
      ids.delete('REQUEST_IN_PROGRESS');
      expect(ids.size).toBe(1);
    }
    expect(sandbox.accepted.length - before).toBe(10);
  });

  it('count sends together', async () => {
    const input = { ...INPUT, to: ['+19195553000'] };
    const answers = await Promise.all(Array.from({ length: 2 * LIMIT }, () => send(server.url, input)));
    expect(answers.filter(({ data }) => data?.sendMessage != null)).toHaveLength(LIMIT);
    expect(sandbox.accepted.filter(({ to }) => to[0] === '+19195553000')).toHaveLength(LIMIT);
  });

  it('tell subscribers of either what a callback brings to the other', async () => {
    const told = new Set<number>();
    const subscribers = Array.from({ length: 8 }, (_, index) => {
      const subscriber = openSubscriber(server.url);
      subscriber.subscribe(
        { query: 'subscription { messageReceived { text } }' },
        { next: () => told.add(index), error: () => undefined, complete: () => undefined },
      );
      return subscriber;
    });
    // A message that comes in before a subscription runs is not told to it: another one is sent then.
    while (told.size < subscribers.length) {
      await request(`${new URL(sandbox.url).origin}/sandbox/inbound`, {
        method: 'POST',
        headers: JSON_TYPE,
        body: JSON.stringify({ from: '+19195550100', to: [INPUT.from], text: 'Hello', applicationId: 'a' }),
      });
      await onItsOwn(server.url.replace('/graphql', '/health'), {});
    }
    for (const subscriber of subscribers) await subscriber.dispose();
  }, 30_000);

  it('take what comes to the port while one of them stands still', async () => {
    const [stopped = 0] = server.workers().values();
    process.kill(stopped, 'SIGSTOP');
    for (let round = 0; round < 20; round++) {
      expect((await send(server.url, anyInput())).data?.sendMessage?.status).toBe('ACCEPTED');
    }
    process.kill(stopped, 'SIGCONT');
  }, 30_000);

  it('leave no room for another server on the file', async () => {
    const second = run(accountAt(sandbox));
    const [code, errors] = await Promise.all([exitCode(second), text(second.stderr ?? process.stdin)]);
    expect([code, errors]).toEqual([1, expect.stringContaining('One SQLite file belongs to one server')]);
  }, 30_000);
});

describe('a server of two workers', () => {
  beforeEach(() => {
    folder = makeFolder();
  });
  afterEach(endAll);

  it('replaces workers that are killed; their sends are unknown, and never repeated', async () => {
    let isSilent = false;
    let posts = 0;
    const upstream = await startMisbehavingUpstream(async (socket) => {
      for (;;) {
        await socket.readPost();
        posts += 1;
        if (isSilent) return;
        socket.write(
          `HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\ncontent-length: 17\r\n\r\n{"id":"id-${String(posts).padStart(5, '0')}"}`,
        );
      }
    });
    const server = await start({ ...upstreamAt(upstream.url), SEND_TIMEOUT_MS: '1000' });
    await sendByBoth(server);
    isSilent = true;
    const before = posts;
    const input = { ...INPUT, idempotencyKey: 'once' };
    const lost = send(server.url, input).catch(() => 'connection lost');
    await until(() => posts === before + 1);
    isSilent = false;
    // Nobody can see from outside which of them sends: both are killed.
    const killed = [...server.workers()];
    for (const [, pid] of killed) process.kill(pid, 'SIGKILL');
    expect(await lost).toBe('connection lost');
    await until(() => server.workers().size === 2 && killed.every(([worker]) => !server.workers().has(worker)));
    const url = String(server.log.findLast(({ msg }) => msg.startsWith('listening'))?.url);
    const answerOf = async (): Promise<string | undefined> => (await send(url, input)).errors?.[0]?.extensions.code;
    let code = await answerOf();
    while (code === 'REQUEST_IN_PROGRESS') code = await answerOf();
    expect(code).toBe('OUTCOME_UNKNOWN');
    expect(posts).toBe(before + 1);
    expect((await send(url, INPUT)).data?.sendMessage?.status).toBe('ACCEPTED');
    await upstream.close();
  }, 90_000);

  // As service managers and Ctrl-C do it: the first process then signals its workers once more.
  it.each([
    ['it is told to stop', (pid: number) => process.kill(pid, 'SIGTERM')],
    ['all of its processes are told to stop', (pid: number) => process.kill(-pid, 'SIGTERM')],
    ['Ctrl-C is pressed', (pid: number) => process.kill(-pid, 'SIGINT')],
  ])(
    'finishes what is in flight when %s, and no process of it is left',
    async (_how, signal) => {
      const answers: (() => void)[] = [];
      const upstream = await startMisbehavingUpstream(async (socket) => {
        await socket.readPost();
        await new Promise<void>((resolve) => answers.push(resolve));
        socket.write('HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{"id":"1"}');
      });
      const server = await start(upstreamAt(upstream.url));
      const inFlight = send(server.url, INPUT);
      await until(() => answers.length === 1);
      const serving = [...server.workers().values()];
      const exited = once(server.process, 'exit');
      signal(server.process.pid ?? 0);
      await refusal(server.url);
      answers[0]?.();
      expect((await inFlight).data).toEqual({ sendMessage: { id: '1', status: 'ACCEPTED' } });
      expect(await exited).toEqual([0, null]);
      for (const pid of serving) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
      expect(storedStatuses()).toEqual(['ACCEPTED']);
      await upstream.close();
    },
    60_000,
  );

  it.each(['1', '2'])(
    'of %s processes stops in order while it still starts',
    async (workers) => {
      let posts = 0;
      // Silent to the check of the account, which the start waits for.
      const upstream = await startEndpoint((response, _body, request) => {
        if (request.method !== 'POST') return;
        posts += 1;
        setTimeout(() => response.writeHead(202, JSON_TYPE).end('{"id":"1"}'), 500);
      });
      const free = await startEndpoint(() => undefined);
      const { port } = new URL(free.url);
      await free.close();
      const child = run({ ...upstreamAt(`${upstream.url}/v2`), WORKERS: workers, PORT: port });
      const url = `http://127.0.0.1:${port}/graphql`;
      const isServing = async (): Promise<boolean> => {
        const served = onItsOwn(url.replace('/graphql', '/health'), {});
        return served.then(
          () => true,
          () => false,
        );
      };
      while (!(await isServing()));
      const inFlight = send(url, INPUT);
      await until(() => posts === 1);
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      expect((await inFlight).data).toEqual({ sendMessage: { id: '1', status: 'ACCEPTED' } });
      expect(await exited).toEqual([0, null]);
      await upstream.close();
    },
    60_000,
  );

  it('leaves no worker behind that stands still', async () => {
    const server = await start({});
    const workers = [...server.workers().values()];
    process.kill(workers[0] ?? 0, 'SIGSTOP');
    const exited = once(server.process, 'exit');
    server.process.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    for (const pid of workers) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  }, 60_000);

  it('ends when its first process is killed; the next one finds its sends, and calls them unknown', async () => {
    let posts = 0;
    const upstream = await startMisbehavingUpstream(async (socket) => {
      await socket.readPost();
      posts += 1;
    });
    const server = await start(upstreamAt(upstream.url));
    const lost = send(server.url, INPUT).catch(() => 'connection lost');
    await until(() => posts === 1);
    server.process.kill('SIGKILL');
    expect(await lost).toBe('connection lost');
    const next = await start(upstreamAt(upstream.url));
    expect(next.log.map(({ msg }) => msg)).toContain('sends without an outcome were found; they are UNKNOWN now');
    expect(storedStatuses()).toEqual(['UNKNOWN']);
    await upstream.close();
  }, 60_000);

  it('leaves a server of one process alone that is a worker of somebody else', async () => {
    const code = `
      import cluster from 'node:cluster';
      cluster.setupPrimary({ exec: ${JSON.stringify(MAIN)}, execArgv: [] });
      cluster.fork();`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
      cwd: folder,
      env: { PORT: '0' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    started.push(child);
    for await (const line of createInterface({ input: child.stdout })) {
      if (/^GraphQL +http:/.test(line)) return;
    }
    throw new Error('It did not start.');
  }, 30_000);

  it('that finds its port taken ends and says why', async () => {
    const taken = await startEndpoint(() => undefined);
    const child = run({ PORT: new URL(taken.url).port });
    const [code, errors] = await Promise.all([exitCode(child), text(child.stderr ?? process.stdin)]);
    expect([code, errors]).toEqual([1, expect.stringContaining('is in use by another process')]);
    expect(errors).toContain('A worker ended before it served: the log says why.');
    await taken.close();
  }, 60_000);

  it('shares a PostgreSQL database as several servers do, and one sandbox', async () => {
    const postgres = await startPostgres();
    try {
      const server = await start({ DATABASE_URL: await postgres.newDatabase() });
      await sendByBoth(server);
      const input = { ...anyInput(), idempotencyKey: 'one-key' };
      const answers = await Promise.all(Array.from({ length: 20 }, () => send(server.url, input)));
      const [id, ...others] = new Set(answers.flatMap(({ data }) => data?.sendMessage?.id ?? []));
      expect(others).toEqual([]);
      const query = JSON.stringify({ query: `{ message(id: "${id ?? ''}") { status } }` });
      let raw = '';
      while (!raw.includes('DELIVERED')) ({ raw } = await post(server.url, query));
      const exited = once(server.process, 'exit');
      server.process.kill('SIGTERM');
      expect(await exited).toEqual([0, null]);
    } finally {
      await postgres.close();
    }
  }, 60_000);
});

function storedStatuses(): unknown[] {
  const database = new Database(`${folder}/data/messages.sqlite`, { readonly: true });
  try {
    return database.prepare('SELECT status FROM sends').pluck().all();
  } finally {
    database.close();
  }
}

/** Resolves as soon as a new connection is refused. */
async function refusal(url: string): Promise<void> {
  try {
    for (;;) await onItsOwn(url.replace('/graphql', '/health'), {});
  } catch {
    // It is.
  }
}
