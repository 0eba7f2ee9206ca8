/** What is refused when more comes than can be done in time, and what stops to count as under way. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { request } from 'undici';
import { createHttpHost, type HttpHost } from '../../src/http/host.js';
import { endOfWork, Load, type LoadOptions } from '../../src/http/load.js';
import { UNHEARD } from '../support/hooks.js';
import { until } from '../support/waiting.js';

/** What the tests let be under way, so that they need few requests. */
const MAX = 2;

let host: HttpHost;
let load: Load;
let url: string;
/** Its beginning, and never more. */
async function* endless(): AsyncGenerator<string> {
  yield 'a';
  await new Promise(() => undefined);
}

/** Lets one request end that waits at /slow. */
let finish: (() => void)[];
let shed: string[];

async function open(options: Partial<LoadOptions> = {}): Promise<void> {
  [finish, shed] = [[], []];
  const onShed = (shedding: string): void => {
    shed.push(shedding);
  };
  load = new Load({ lagMs: () => 0, maxUnderWay: MAX, onShed, ...options });
  const corsOrigins = ['https://app.example'];
  const readiness = (): Promise<object> => Promise.resolve({});
  host = await createHttpHost({ ...UNHEARD, readiness, load, corsOrigins, trustedProxies: [] });
  const slow = (): Promise<object> =>
    new Promise((resolve) =>
      finish.push(() => {
        resolve({});
      }),
    );
  host.routes.route({ method: ['GET', 'POST'], url: '/slow', handler: slow });
  host.routes.get('/callback', { config: { shed: 'last' } }, slow);
  host.routes.get('/fails', () => Promise.reject(new Error('a failure')));
  host.routes.get('/endless', (_request, reply) => reply.send(Readable.from(endless())));
  host.routes.get('/events', (asked, reply) => {
    endOfWork(asked);
    reply.hijack();
    reply.raw.writeHead(200).flushHeaders();
  });
  url = await host.listen('127.0.0.1', 0);
}

async function ask(path: string, headers: Record<string, string> = {}): Promise<number> {
  const { statusCode, body } = await request(`${url}${path}`, { headers });
  await body.dump();
  return statusCode;
}

/** Begins so many requests that stay under way. */
async function begin(count: number, path = '/slow'): Promise<Promise<number>[]> {
  const before = finish.length;
  const begun = Array.from({ length: count }, () => ask(path));
  await until(() => finish.length === before + count);
  return begun;
}

async function finishAll(begun: readonly Promise<number>[]): Promise<void> {
  for (const each of finish) each();
  await Promise.all(begun);
}

async function talk(words: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => undefined).resume();
  await once(socket, 'connect');
  socket.write(words);
  return socket;
}

afterEach(() => host.close());

describe('a busy server', () => {
  it('refuses one more at once, says when to try again, and nothing of an outcome', async () => {
    await open();
    const begun = await begin(MAX);
    const { statusCode, headers, body } = await request(`${url}/slow`);
    expect([statusCode, headers['retry-after']]).toEqual([503, '1']);
    const requestId = headers['x-request-id'];
    expect(await body.json()).toEqual({
      errors: [
        {
          message: 'The server is busy; nothing was done. Try again in a moment.',
          extensions: { code: 'SERVER_BUSY', retryable: true, retryAfterSeconds: 1, requestId },
        },
      ],
    });
    expect(shed).toEqual(['first']);
    await finishAll(begun);
    const again = await begin(1);
    await finishAll(again);
    expect(await Promise.all([...begun, ...again])).toEqual([200, 200, 200]);
  });

  it('refuses before it has read the body', async () => {
    await open();
    const begun = await begin(MAX);
    const socket = await talk(
      'POST /slow HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n',
    );
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 503 /);
    socket.destroy();
    await finishAll(begun);
  });

  it('lets pages read that it is busy', async () => {
    await open();
    const begun = await begin(MAX);
    const { headers, body } = await request(`${url}/slow`, { headers: { origin: 'https://app.example' } });
    await body.dump();
    expect(headers['access-control-allow-origin']).toBe('https://app.example');
    await finishAll(begun);
  });

  it('refuses callbacks last, and probes never', async () => {
    await open();
    const begun = await begin(MAX);
    const callbacks = await begin(3 * MAX, '/callback');
    expect(await ask('/callback')).toBe(503);
    expect([await ask('/health'), await ask('/ready')]).toEqual([200, 200]);
    expect(shed).toEqual(['last']);
    await finishAll([...begun, ...callbacks]);
  });

  it('goes on with a few at a time while its event loop lags', async () => {
    let lagMs = 501;
    await open({ lagMs: () => lagMs, maxUnderWay: 66 });
    const begun = await begin(64);
    expect(await ask('/slow')).toBe(503);
    lagMs = 500;
    const more = await begin(2);
    expect(await ask('/slow')).toBe(503);
    await finishAll([...begun, ...more]);
  });
});

describe('a request counts no longer', () => {
  it.each([
    ['once it failed', '/fails', 500],
    ['where there is nothing', '/nothing', 404],
    ['once it is answered', '/health', 200],
  ])('%s', async (_name, path, status) => {
    await open();
    expect(await ask(path)).toBe(status);
    expect(load.underWay).toBe(0);
  });

  it.each([
    ['once its answer begins, however slowly that is read', '/endless'],
    ['once it is a stream of events', '/events'],
  ])('%s', async (_name, path) => {
    await open();
    const { body } = await request(`${url}${path}`);
    expect(load.underWay).toBe(0);
    body.on('error', () => undefined).destroy();
  });

  it('when its client goes before its body is whole', async () => {
    await open();
    const socket = await talk(
      'POST /slow HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{',
    );
    await until(() => load.underWay === 1);
    socket.destroy();
    await until(() => load.underWay === 0);
  });

  it('when its client goes, as soon as its work has ended', async () => {
    await open();
    const socket = await talk('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => finish.length === 1);
    socket.destroy();
    await once(socket, 'close');
    finish[0]?.();
    await until(() => load.underWay === 0);
  });

  it('when it waits behind another answer on a connection that breaks', async () => {
    await open();
    const socket = await talk('GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => finish.length === 2);
    socket.destroy();
    await once(socket, 'close');
    for (const each of finish) each();
    await until(() => load.underWay === 0);
  });
});
