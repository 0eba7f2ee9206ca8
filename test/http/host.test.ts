/** The HTTP host: headers, origins, limits, WebSockets and shutdown. */
import { connect } from 'node:net';
import { once } from 'node:events';
import { Agent, request } from 'undici';
import WebSocket from 'ws';
import { createHttpHost, type HttpHost } from '../../src/http/host.js';
import { systemClock } from '../../src/messaging/clock.js';
import type { Clock } from '../../src/messaging/ports.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { firstAnswer, openSubscriber } from '../support/subscriber.js';
import { UNHEARD } from '../support/hooks.js';

const APP_ORIGIN = 'https://app.example.com';
const QUERY = JSON.stringify({ query: '{ __typename }' });

describe('the HTTP host', () => {
  let app: TestApp;
  afterEach(() => app.close());

  const preflight = async (origin: string): Promise<Record<string, unknown>> => {
    const { headers } = await request(app.url, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type,authorization',
      },
    });
    return headers;
  };

  it('says in its headers that an answer is no page', async () => {
    app = await startTestApp();
    const { headers } = await request(app.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: QUERY,
    });
    expect(headers).toMatchObject({
      'content-security-policy': "default-src 'none';frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'SAMEORIGIN',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'strict-transport-security': expect.stringContaining('max-age=') as string,
    });
    expect(headers).not.toHaveProperty('x-powered-by');
  });

  it('answers what it took on while it closes, and refuses new requests on the same connection', async () => {
    app = await startTestApp();
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
    let told = '';
    socket.on('data', (chunk: Buffer) => (told += chunk.toString()));
    // What has begun keeps its connection from being closed as idle.
    socket.write('GET /health HTTP/1.1\r\nHost: a\r\n\r\nGET /graphql HTTP/1.1\r\nHost: a\r\n');
    await once(socket, 'data');
    expect(told).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    told = '';
    const closing = app.close();
    socket.write('\r\n');
    await once(socket, 'close');
    const [head = '', body = ''] = told.split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n/);
    expect(head).toMatch(/^connection: close$/im);
    expect(JSON.parse(body)).toMatchObject({ errors: [{ extensions: { code: 'SHUTTING_DOWN', retryable: true } }] });
    await closing;
  });

  it('serves as before while it drains, and says only by /ready that it is about to stop', async () => {
    let end = (): void => undefined;
    let begun = (): void => undefined;
    const isDraining = new Promise<void>((resolve) => (begun = resolve));
    const sleep: Clock['sleep'] = (delayMs, signal) => {
      if (delayMs !== 4_321) return systemClock.sleep(delayMs, signal);
      begun();
      return new Promise((resolve) => (end = resolve));
    };
    app = await startTestApp({ DRAIN_DELAY_MS: '4321' }, { clock: { now: () => Date.now(), sleep } });
    const closed = app.close();
    await isDraining;
    const ready = await request(new URL('/ready', app.url));
    expect(ready.statusCode).toBe(503);
    expect(await ready.body.json()).toMatchObject({ status: 'not ready', missing: ['draining'] });
    expect(app.log.filter(({ msg }) => msg === 'not ready')).toMatchObject([{ missing: ['draining'] }]);
    const health = await request(new URL('/health', app.url));
    expect(await health.body.json()).toEqual({ status: 'ok' });
    const answer = await request(app.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: QUERY,
    });
    expect(await answer.body.json()).toEqual({ data: { __typename: 'Query' } });
    end();
    await closed;
    await expect(request(new URL('/ready', app.url))).rejects.toThrow();
  });

  it('closes each connection after the answer under way while it closes', async () => {
    app = await startTestApp();
    let [asked, answer] = [(): void => undefined, (): void => undefined];
    const isAsked = new Promise<void>((resolve) => (asked = resolve));
    const mayAnswer = new Promise<void>((resolve) => (answer = resolve));
    const host = await createHttpHost({
      ...UNHEARD,
      readiness: () => {
        asked();
        return mayAnswer.then(() => ({}));
      },
      corsOrigins: [],
      trustedProxies: [],
    });
    const patient = new Agent({ keepAliveTimeout: 60_000 });
    const answered = request(`${await host.listen('127.0.0.1', 0)}/ready`, { dispatcher: patient });
    await isAsked;
    const closing = host.close();
    answer();
    const { headers, body } = await answered;
    await body.dump();
    expect(headers.connection).toBe('close');
    await closing;
    await patient.close();
  });

  it('cuts off after nine seconds what does not end while it closes', async () => {
    app = await startTestApp();
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
    socket.write('GET /health HTTP/1.1\r\nHost: a\r\n\r\nGET /health HTTP/1.1\r\nHost: a\r\n');
    await once(socket, 'data');
    // The nine seconds pass at once: they begin before anything else can happen.
    const { setTimeout: real } = globalThis;
    globalThis.setTimeout = ((work: () => void, delayMs: number, ...rest: never[]) =>
      real(work, delayMs === 9_000 ? 0 : delayMs, ...rest)) as typeof setTimeout;
    const closing = app.close();
    globalThis.setTimeout = real;
    await once(socket, 'close');
    await closing;
  });

  it("lets GraphiQL's own scripts run and no others", async () => {
    app = await startTestApp();
    const { headers } = await request(app.url, { headers: { accept: 'text/html' } });
    const policy = String(headers['content-security-policy']);
    expect(policy).toMatch(/script-src 'sha256-[\w+/=]+'/);
    expect(policy).not.toMatch(/script-src[^;]*unsafe|https?:|\*/);
    expect(policy).toContain("default-src 'none'");
  });

  it('shares nothing with pages of other origins that are not configured', async () => {
    app = await startTestApp();
    expect(await preflight(APP_ORIGIN)).not.toHaveProperty('access-control-allow-origin');
  });

  it('shares only with configured origins, and without cookies', async () => {
    app = await startTestApp({ CORS_ORIGINS: APP_ORIGIN });
    expect(await preflight(APP_ORIGIN)).toMatchObject({
      'access-control-allow-origin': APP_ORIGIN,
      'access-control-allow-headers':
        'content-type, authorization, x-api-key, x-filename, range, apollo-require-preflight, apollographql-client-name, apollographql-client-version, graphql-client-name, x-apollo-operation-name, x-request-id, traceparent, tracestate, baggage, sentry-trace',
    });
    const { headers } = await request(app.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: APP_ORIGIN },
      body: QUERY,
    });
    expect(headers).toMatchObject({
      'access-control-allow-origin': APP_ORIGIN,
      'access-control-expose-headers': 'x-request-id, content-disposition, content-range, accept-ranges',
      'cross-origin-resource-policy': 'cross-origin',
    });
    expect(await preflight(APP_ORIGIN)).not.toHaveProperty('access-control-allow-credentials');
    for (const origin of ['https://evil.example', `${APP_ORIGIN}.evil.example`, 'null', 'http://app.example.com']) {
      expect((await preflight(origin))['access-control-allow-origin']).toBeUndefined();
    }
  });

  it.each([
    [APP_ORIGIN, true],
    // Our own page, behind a proxy that names another host to us.
    ['https://messages.example.com', true],
    ['https://evil.example', false],
  ])('opens a WebSocket only for pages of ours and of configured origins: %s', async (origin, isOpened) => {
    app = await startTestApp({ CORS_ORIGINS: APP_ORIGIN, PUBLIC_URL: 'https://messages.example.com/sms/' });
    class FromPage extends WebSocket {
      constructor(url: string, protocols: string | string[]) {
        super(url, protocols, { origin });
      }
    }
    const told = await firstAnswer(app.url, { query: '{ __typename }' }, { webSocketImpl: FromPage });
    expect(told).toMatchObject(isOpened ? { data: { __typename: 'Query' } } : { code: 4403 });
  });

  it('closes a WebSocket whose message is larger than a body may be', async () => {
    app = await startTestApp();
    const socket = new WebSocket(app.url.replace('http', 'ws'), 'graphql-transport-ws');
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'connection_init', payload: { pad: 'x'.repeat(256 * 1024) } }));
    const [code] = (await once(socket, 'close')) as [number];
    // RFC 6455, 7.4.1: too big to process.
    expect(code).toBe(1009);
  });

  it('gives a WebSocket no more operations than one page has, and says so as the result of one more', async () => {
    app = await startTestApp();
    const client = openSubscriber(app.url);
    const query = 'subscription { messageReceived { id } }';
    const refusal = await new Promise((resolve, reject) => {
      for (let index = 0; index < 51; index++)
        client.subscribe({ query }, { next: resolve, error: reject, complete: () => undefined });
    });
    await client.dispose();
    expect(refusal).toMatchObject({
      errors: [
        { message: 'Too many open subscriptions: at most 50. Close some.', extensions: { code: 'RATE_LIMITED' } },
      ],
    });
  });

  it('closes connections of a caller that has a hundred', async () => {
    app = await startTestApp();
    const url = app.url.replace('http', 'ws');
    const open = await Promise.all(
      Array.from({ length: 101 }, async () => {
        const socket = new WebSocket(url, 'graphql-transport-ws');
        await once(socket, 'open');
        socket.send('{"type":"connection_init"}');
        const [first] = (await Promise.race([once(socket, 'message'), once(socket, 'close')])) as [Buffer | number];
        return { socket, first };
      }),
    );
    const codes = open.flatMap(({ first }) => (typeof first === 'number' ? [first] : []));
    for (const { socket } of open) socket.terminate();
    expect(codes).toEqual([4429]);
  });

  it.each([
    ['no charset', 'application/json', 200],
    ['UTF-8', 'application/json; charset=utf-8', 200],
    ['UTF-8 in quotes and capitals', 'application/json;charset="UTF-8"', 200],
    ['UTF-8 without its hyphen', 'application/json; charset=utf8', 200],
    ['UTF-7', 'application/json; charset=utf-7', 415],
    ['UTF-7 in quotes and capitals', 'application/json; CHARSET="UTF-7"', 415],
    ['UTF-16', 'application/json; charset=utf-16', 415],
    ['Latin-1', 'application/json; charset=iso-8859-1', 415],
    ['an empty charset', 'application/json; charset=', 415],
    ['two charsets, the wrong one first', 'application/json; charset=utf-7; charset=utf-8', 415],
    ['two charsets, the wrong one last', 'application/json; charset=utf-8; charset=utf-7', 415],
    ['the same charset twice', 'application/json; charset=utf-8; charset=utf-8', 415],
    ['another charset behind another parameter', 'application/json; profile="a"; charset=utf-7', 415],
    ['a charset in its extended form', "application/json; charset*=us-ascii''utf-7", 415],
    ['a charset in half of its quotes', 'application/json; charset="utf-8', 415],
  ])('reads only JSON in UTF-8: %s', async (_name, contentType, status) => {
    app = await startTestApp();
    const post = await request(app.url, { method: 'POST', headers: { 'content-type': contentType }, body: QUERY });
    const text = await post.body.text();
    expect(post.statusCode).toBe(status);
    // A GET has no body, but a header that promises another charset is refused, too.
    const get = await request(`${app.url}?query={__typename}`, { headers: { 'content-type': contentType } });
    await get.body.dump();
    expect(get.statusCode).toBe(status);
    const refusal = {
      errors: [
        {
          message: 'The content type must be application/json, in UTF-8.',
          extensions: { code: 'BAD_REQUEST', retryable: false, requestId: expect.any(String) as string },
        },
      ],
    };
    expect(JSON.parse(text)).toEqual(status === 200 ? { data: { __typename: 'Query' } } : refusal);
  });
});

describe('X-Forwarded- headers', () => {
  let host: HttpHost | undefined;
  afterEach(() => host?.close());

  /** What a host takes for the client's address, its own name and the protocol. */
  async function seenBehind(trustedProxies: readonly string[]): Promise<unknown> {
    host = await createHttpHost({ ...UNHEARD, readiness: () => Promise.resolve({}), corsOrigins: [], trustedProxies });
    host.routes.get('/seen', ({ ip, host: name, protocol }) => ({ ip, name, protocol }));
    const url = await host.listen('127.0.0.1', 0);
    const { body } = await request(`${url}/seen`, {
      headers: {
        host: 'own.example',
        'x-forwarded-for': '192.0.2.7',
        'x-forwarded-host': 'evil.example',
        'x-forwarded-proto': 'https',
      },
    });
    return body.json();
  }

  it('are believed from configured proxies', async () => {
    const forwarded = { ip: '192.0.2.7', name: 'evil.example', protocol: 'https' };
    expect(await seenBehind(['10.0.0.0/8', '127.0.0.0/8'])).toEqual(forwarded);
  });

  it.each([
    ['where other proxies are configured', ['10.0.0.0/8']],
    ['where none is configured', []],
  ])('are not believed from anybody else, %s', async (_name, trustedProxies) => {
    expect(await seenBehind(trustedProxies)).toEqual({ ip: '127.0.0.1', name: 'own.example', protocol: 'http' });
  });
});
