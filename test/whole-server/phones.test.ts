/** The telephones of the sandbox at the server's own address: the example of the docs, who may, and where they are not. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Agent, request, type Dispatcher } from 'undici';
import { startSandbox } from '../../src/sandbox/sandbox.js';
import { SANDBOX_ACCOUNT } from '../../src/upstream.js';
import { accountAt, startTestApp, type TestApp } from '../support/app.js';
import { post } from '../support/client.js';
import { makeFolder, removeFolder } from '../support/folder.js';
import { codeBlocks } from '../support/markdown.js';
import { startServer } from '../support/server-process.js';
import { until } from '../support/waiting.js';

const PAGE = readFileSync(new URL('../../docs/sandbox.md', import.meta.url), 'utf8');
const PHONE = '/sandbox/phones/+12345678902';
const SEND = 'mutation ($input: MessageInput!) { sendMessage(input: $input) { id } }';
const INPUT = {
  from: '+12345678901',
  to: ['+12345678902'],
  text: 'Your code is 493817',
  applicationId: '93de2206-9669-4e07-948d-329f4b722ee2',
};

const baseOf = (graphql: string): string => graphql.replace(/\/graphql$/, '');

interface Told {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly json: {
    readonly messages?: readonly { readonly text: string; readonly codes: readonly string[] }[];
    readonly phones?: readonly { readonly number: string }[];
    readonly cursor?: string;
    readonly type?: string;
    readonly errors?: readonly { readonly extensions: { readonly code: string } }[];
  };
}

async function ask(
  url: string,
  { method = 'GET', body, headers = {}, dispatcher }: Partial<Dispatcher.RequestOptions> & { dispatcher?: Agent } = {},
): Promise<Told> {
  const answer = await request(url, {
    method: method as 'GET',
    headers: headers as Record<string, string>,
    ...(body !== undefined && { body: body as string }),
    ...(dispatcher !== undefined && { dispatcher }),
  });
  const said = await answer.body.text();
  const json = (said.startsWith('{') ? JSON.parse(said) : {}) as Told['json'];
  return { status: answer.statusCode, headers: answer.headers, json };
}

describe('the telephones of a server', () => {
  let app: TestApp;
  let base: string;
  beforeEach(async () => {
    app = await startTestApp();
    base = baseOf(app.url);
  });
  afterEach(() => app.close());

  it('let a test wait for the code that was sent, as the docs show it', async () => {
    const [example] = codeBlocks(PAGE).filter(({ heading }) => heading === 'A test that waits for a code');
    const folder = makeFolder();
    try {
      const file = join(folder, 'end-to-end.test.mjs');
      writeFileSync(file, example?.text ?? '');
      const child = spawn(process.execPath, ['--test', file], {
        env: { PATH: process.env.PATH, SERVER: base },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = once(child, 'exit');
      const output = await text(child.stdout);
      await ended;
      expect(output).toMatch(/pass 1/);
      expect(child.exitCode).toBe(0);
    } finally {
      removeFolder(folder);
    }
    // What the example answered has come in at the server.
    const query = '{ messages(first: 1, filter: { direction: IN }) { nodes { text } } }';
    const { data } = await post<{ messages: { nodes: { text: string }[] } }>(app.url, JSON.stringify({ query }));
    expect(data?.messages.nodes).toEqual([{ text: 'Thank you!' }]);
  });

  it('keep the host’s own headers, and take JSON only', async () => {
    const { status, headers } = await ask(`${base}/sandbox/phones`);
    expect([status, headers['x-content-type-options'], headers['cache-control']]).toEqual([200, 'nosniff', 'no-store']);
    expect(headers['access-control-allow-origin']).toBeUndefined();
    const form = {
      method: 'POST',
      body: '{"to":"+12345678901","text":"Hi"}',
      headers: { 'content-type': 'text/plain' },
    };
    expect((await ask(`${base}${PHONE}/reply`, form as object)).status).toBe(415);
    expect((await ask(`${base}${PHONE}/messages`)).json.messages).toEqual([]);
    expect((await ask(`${base}/sandbox/inbound`)).status).toBe(404);
  });

  it('take a reply with a picture, which is larger than other bodies may be', async () => {
    const media = [`data:image/png;base64,${'A'.repeat(1_000_000)}`];
    const body = JSON.stringify({ to: INPUT.from, media });
    const reply = { method: 'POST', body, headers: { 'content-type': 'application/json' } };
    expect((await ask(`${base}${PHONE}/reply`, reply as object)).status).toBe(201);
  });

  it('say what is wrong with a request also where that is known before all of it was sent', async () => {
    const body = 'x'.repeat(4 * 1024 * 1024);
    const form = { method: 'POST', body, headers: { 'content-type': 'text/plain' } };
    expect((await ask(`${base}${PHONE}/reply`, form as object)).status).toBe(415);
  });

  it('count those who wait as no load, and learn that they have gone', async () => {
    const watched = await startTestApp({ METRICS_PORT: '0' });
    try {
      const phone = `${baseOf(watched.url)}${PHONE}`;
      const going = new AbortController();
      const hold = (): Promise<unknown> =>
        fetch(`${phone}/messages?wait=30s`, { signal: going.signal }).catch(() => undefined);
      const held = Array.from({ length: 64 }, hold);
      const tryOnce = async (): Promise<number> => (await ask(`${phone}/messages?wait=1ms`)).status;
      while ((await tryOnce()) === 200);
      const metrics = watched.log.find(({ msg }) => msg === 'metrics are served')?.url;
      expect(await (await fetch(String(metrics))).text()).toMatch(/requests_under_way 0$/m);
      going.abort();
      await Promise.all(held);
      while ((await tryOnce()) === 429);
      expect(await tryOnce()).toBe(200);
      // That somebody went away is no failure of anything.
      expect(watched.log.filter(({ msg }) => msg === 'request')).toEqual([]);
    } finally {
      await watched.close();
    }
  });

  it('end with the server, at once', async () => {
    const waiting = ask(`${base}${PHONE}/messages?wait=30s`).catch(() => null);
    await ask(`${base}/sandbox/phones`);
    const before = performance.now();
    await app.close();
    const told = await waiting;
    expect(performance.now() - before).toBeLessThan(5_000);
    // It may have come too late for an answer of its own.
    expect([503, undefined]).toContain(told?.status);
  });
});

describe('where keys are configured, the telephones', () => {
  const digest = (name: string): string => createHash('sha256').update(name).digest('hex');
  const API_KEYS = [`all:${digest('all')}:messages:read-all`, `shop:${digest('shop')}`].join(',');

  it('are for those who may read everybody’s messages', async () => {
    const app = await startTestApp({ API_KEYS });
    try {
      const as = (key: string, path = '/sandbox/phones', method = 'GET'): Promise<Told> =>
        ask(`${baseOf(app.url)}${path}`, { method, ...(key !== '' && { headers: { 'x-api-key': key } }) });
      for (const [path, method] of [
        ['/sandbox/phones', 'GET'],
        [`${PHONE}/messages?wait=30s`, 'GET'],
        [`${PHONE}/reply`, 'POST'],
        [`${PHONE}/behavior`, 'PUT'],
        [`${PHONE}/media/a/0`, 'GET'],
        [PHONE, 'DELETE'],
        ['/sandbox/delivery-codes', 'GET'],
      ]) {
        const [nobody, other] = [await as('', path, method), await as('shop', path, method)];
        expect([path, nobody.status, nobody.json.errors?.[0]?.extensions.code]).toEqual([path, 401, 'UNAUTHENTICATED']);
        expect([path, other.status, other.json.errors?.[0]?.extensions.code]).toEqual([path, 403, 'FORBIDDEN']);
        expect(nobody.headers['www-authenticate']).toBe('Bearer');
      }
      expect((await as('all')).status).toBe(200);
      expect((await as('all', PHONE, 'DELETE')).status).toBe(204);
    } finally {
      await app.close();
    }
  });

  it('are not there with credentials for Catapult, even if a sandbox stands behind them', async () => {
    const sandbox = await startSandbox(SANDBOX_ACCOUNT);
    const app = await startTestApp(accountAt(sandbox));
    try {
      for (const path of ['/sandbox/phones', `${PHONE}/messages`, '/sandbox/delivery-codes']) {
        expect((await ask(`${baseOf(app.url)}${path}`)).status).toBe(404);
      }
    } finally {
      await app.close();
      await sandbox.close();
    }
  });
});

it('several workers show the same telephones', async () => {
  const folder = makeFolder();
  const { url, process: server } = await startServer(folder, { WORKERS: '2' });
  // Each request on a connection of its own, so that any worker may take it.
  const onItsOwn = async <Result>(work: (dispatcher: Agent) => Promise<Result>): Promise<Result> => {
    const dispatcher = new Agent();
    try {
      return await work(dispatcher);
    } finally {
      await dispatcher.close();
    }
  };
  try {
    const base = baseOf(url);
    const headers = { 'content-type': 'application/json' };
    const waiting = Array.from({ length: 8 }, () =>
      onItsOwn((dispatcher) => ask(`${base}${PHONE}/messages?code=true&wait=20s`, { dispatcher })),
    );
    const body = JSON.stringify({ query: SEND, variables: { input: INPUT } });
    await onItsOwn((dispatcher) => ask(url, { method: 'POST', body, headers, dispatcher }));
    const told = await Promise.all(waiting);
    expect(told.map(({ json }) => json.messages?.map(({ codes }) => codes))).toEqual(
      Array.from({ length: 8 }, () => [['493817']]),
    );

    const stuck = onItsOwn((dispatcher) =>
      ask(`${base}/sandbox/phones/+12345678903/messages?wait=30s`, { dispatcher }).catch(() => null),
    );
    await onItsOwn((dispatcher) => ask(`${base}/sandbox/phones`, { dispatcher }));
    const before = performance.now();
    server.kill('SIGTERM');
    await stuck;
    await until(() => server.exitCode !== null || server.signalCode !== null);
    expect(performance.now() - before).toBeLessThan(8_000);
  } finally {
    server.kill('SIGKILL');
    removeFolder(folder);
  }
});
