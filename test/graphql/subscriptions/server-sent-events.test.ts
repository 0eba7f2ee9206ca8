/** GraphQL by server-sent events on a whole server: who gets a stream, what it says, its limits and its end. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { request } from 'undici';
import { createApp } from '../../../src/app.js';
import { readConfig } from '../../../src/config/config.js';
import { createLogger } from '../../../src/log.js';
import { startIssuer } from '../../auth/issuer.js';
import { startDeliveringServer, type DeliveringServer } from '../../clients/server.js';
import { startTestApp, type TestApp } from '../../support/app.js';
import { execute, post } from '../../support/client.js';
import { EventReader, linesOf, type Asked } from '../../support/event-stream.js';
import { SendMessageDocument } from '../../support/generated/graphql.js';
import { listen, stopListening } from '../../support/listen.js';
import { INPUT } from '../../support/messages.js';

const UPDATES = 'subscription ($id: ID!) { messageUpdated(id: $id) { status } }';
const RECEIVED = 'subscription { messageReceived { id } }';
const SEND = 'mutation ($input: MessageInput!) { sendMessage(input: $input) { status } }';
const digest = (key: string): string => createHash('sha256').update(key).digest('hex');

describe('server-sent events', () => {
  let server: DeliveringServer;
  beforeEach(async () => {
    server = await startDeliveringServer();
  });
  afterEach(() => server.close());

  const eventsOf = async (asked: Asked, headers?: Record<string, string>): Promise<string[]> =>
    linesOf(await (await EventReader.open(server.url, asked, headers)).rest());

  it('bring every change of a message, to the end', async () => {
    const { data } = await execute(server.url, SendMessageDocument, { input: INPUT });
    const id = data?.sendMessage?.id ?? '';
    const stream = await EventReader.open(server.url, { query: UPDATES, variables: { id } });
    expect(stream.status).toBe(200);
    expect(stream.response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    });
    expect(stream.response.headers['x-request-id']).toMatch(/^[\da-f-]{36}$/);
    expect(linesOf([await stream.next()])).toEqual(['next {"messageUpdated":{"status":"ACCEPTED"}}']);
    await server.deliver(id);
    expect(linesOf(await stream.rest())).toEqual(['next {"messageUpdated":{"status":"DELIVERED"}}', 'complete', 'end']);
  });

  const FILTERED = `subscription ($filter: MessageFilter, $since: String) {
    messagesUpdated(filter: $filter, since: $since) { message { tag } }
  }`;

  it('bring what a filter lets through', async () => {
    const page = await post(server.url, JSON.stringify({ query: '{ messages { updatesCursor } }' }));
    const since = (page.data as { messages: { updatesCursor: string } }).messages.updatesCursor;
    for (const tag of ['other', 'wanted']) {
      await execute(server.url, SendMessageDocument, { input: { ...INPUT, tag } });
    }
    const filter = { tag: 'wanted', direction: 'OUT', participant: INPUT.from, until: '2999-01-01T00:00:00Z' };
    const stream = await EventReader.open(server.url, { query: FILTERED, variables: { filter, since } });
    expect(linesOf([await stream.next()])).toEqual(['next {"messagesUpdated":{"message":{"tag":"wanted"}}}']);
    stream.end();
  });

  it('name the mistakes of a filter', async () => {
    expect(await eventsOf({ query: FILTERED, variables: { filter: { from: 'no number é' } } })).toEqual([
      expect.stringMatching(/^next BAD_USER_INPUT/),
      'complete',
      'end',
    ]);
  });

  it('bring the one answer of a query, and of a mutation', async () => {
    expect(await eventsOf({ query: '{ __typename }' })).toEqual(['next {"__typename":"Query"}', 'complete', 'end']);
    const sent = await eventsOf({ query: SEND, variables: { input: INPUT } });
    expect(sent).toEqual(['next {"sendMessage":{"status":"ACCEPTED"}}', 'complete', 'end']);
  });

  it.each<[what: string, asked: Asked, code: string]>([
    ['a document that is not GraphQL', { query: '{' }, 'GRAPHQL_PARSE_FAILED'],
    ['a document that does not fit the schema', { query: '{ nope }' }, 'GRAPHQL_VALIDATION_FAILED'],
    ['a document of twenty thousand fields', { query: `{ ${'__typename '.repeat(20_000)} }` }, 'GRAPHQL_PARSE_FAILED'],
    ['a document of six hundred fields', { query: `{ ${'__typename '.repeat(600)} }` }, 'OPERATION_TOO_COSTLY'],
    ['an operation that is not there', { query: RECEIVED, operationName: 'B' }, 'OPERATION_RESOLUTION_FAILURE'],
    ['variables of the wrong type', { query: UPDATES, variables: { id: {} } }, 'BAD_USER_INPUT'],
    ['variables that are a list', { query: UPDATES, variables: [] }, 'BAD_REQUEST'],
    ['a name that is a number', { query: UPDATES, operationName: 1 }, 'BAD_REQUEST'],
    ['no document', {}, 'BAD_REQUEST'],
    ['a hash', { extensions: { persistedQuery: { version: 1, sha256Hash: 'x' } } }, 'PERSISTED_QUERY_NOT_SUPPORTED'],
    ['a message that is not known', { query: UPDATES, variables: { id: 'unknown' } }, 'BAD_USER_INPUT'],
  ])('bring the code of a failure: %s', async (_what, asked, code) => {
    const lines = await eventsOf(asked);
    expect(lines.map((line) => line.replace(/ \{.*$/, ''))).toEqual([`next ${code}`, 'complete', 'end']);
  });

  it('put the request id of their answer into errors', async () => {
    const stream = await EventReader.open(server.url, { query: UPDATES, variables: { id: 'unknown' } });
    const event = await stream.next();
    expect(typeof event === 'object' && event.data.errors).toMatchObject([
      { extensions: { requestId: stream.response.headers['x-request-id'] } },
    ]);
    await stream.rest();
  });

  const EVERYTHING =
    'application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed';
  it.each<[accept: string, query: string, type: string]>([
    [EVERYTHING, '{ __typename }', 'application/graphql-response+json; charset=utf-8'],
    [EVERYTHING, SEND, 'application/graphql-response+json; charset=utf-8'],
    [EVERYTHING, '{ nope }', 'application/graphql-response+json; charset=utf-8'],
    [EVERYTHING, RECEIVED, 'text/event-stream; charset=utf-8'],
    ['text/event-stream, */*', '{ __typename }', 'application/json; charset=utf-8'],
    ['text/event-stream, */*', RECEIVED, 'text/event-stream; charset=utf-8'],
    ['Text/Event-Stream;charset=utf-8', '{ __typename }', 'text/event-stream; charset=utf-8'],
    ['text/event-stream, multipart/mixed', '{ nope }', 'text/event-stream; charset=utf-8'],
    ['application/json, text/event-stream;q=0', RECEIVED, 'application/json; charset=utf-8'],
    ['*/*', RECEIVED, 'application/json; charset=utf-8'],
  ])('answer where nothing else is taken, or to a subscription: %s, %s', async (accept, query, type) => {
    const stream = await EventReader.open(server.url, { query, variables: { input: INPUT } }, { accept });
    expect(stream.response.headers['content-type']).toBe(type);
    stream.end();
  });

  it('are asked for where a subscription is asked for as JSON', async () => {
    const { errors } = await post(server.url, JSON.stringify({ query: RECEIVED }));
    expect(errors).toMatchObject([
      { message: 'Subscribe by WebSocket, or with Accept: text/event-stream.', extensions: { code: 'BAD_REQUEST' } },
    ]);
  });

  describe('by GET', () => {
    const get = async (
      asked: Record<string, string>,
      headers: Record<string, string>,
      method = 'GET',
    ): Promise<{ status: number; text: string; allow: unknown }> => {
      const {
        statusCode,
        headers: said,
        body,
      } = await request(`${server.url}?${new URLSearchParams(asked)}`, {
        method: method as 'GET',
        headers: { accept: 'text/event-stream', ...headers },
      });
      return { status: statusCode, text: await body.text(), allow: said.allow };
    };
    const OURS = { 'sec-fetch-site': 'same-origin' };

    it.each<[who: string, headers: Record<string, string>]>([
      ['a page of this server', OURS],
      ['who cannot be a page of another', { 'apollo-require-preflight': 'true' }],
    ])('come to %s', async (_who, headers) => {
      const { status, text } = await get({ query: UPDATES, variables: '{"id":"unknown"}' }, headers);
      expect(status).toBe(200);
      expect(text).toContain('UNKNOWN_MESSAGE');
      expect(text).toMatch(/event: complete\ndata:\n\n$/);
    });

    it.each<[who: string, headers: Record<string, string>]>([
      ['a page of another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
      ['a page that no browser vouches for', {}],
    ])('do not come to %s', async (_who, headers) => {
      for (const query of [RECEIVED, '{ __typename }', SEND, '{ nope }', '']) {
        const { status, text } = await get({ query }, headers);
        expect([status, JSON.parse(text)]).toMatchObject([400, { errors: [{ extensions: { code: 'BAD_REQUEST' } }] }]);
      }
    });

    it('do not come of a mutation', async () => {
      const { status, text, allow } = await get({ query: SEND, variables: JSON.stringify({ input: INPUT }) }, OURS);
      expect([status, allow, text]).toEqual([405, 'POST', expect.stringContaining('BAD_REQUEST')]);
    });

    it('say that variables are not JSON', async () => {
      expect((await get({ query: UPDATES, variables: '{' }, OURS)).text).toContain('BAD_REQUEST');
    });

    it('do not come by HEAD', async () => {
      const { status } = await get({ query: RECEIVED }, OURS, 'HEAD');
      expect(status).toBeGreaterThanOrEqual(400);
    });
  });
});

describe('an event stream', () => {
  let app: TestApp;
  const streams: EventReader[] = [];
  const open = async (headers: Record<string, string> = {}, query = RECEIVED): Promise<EventReader> => {
    const stream = await EventReader.open(app.url, { query }, headers);
    streams.push(stream);
    return stream;
  };
  afterEach(async () => {
    for (const stream of streams.splice(0)) stream.end();
    await app.close();
  });

  it.each<[what: string, headers: Record<string, string>, status: number]>([
    ['by Authorization', { authorization: 'Bearer auditor-key' }, 200],
    ['by x-api-key', { 'x-api-key': 'auditor-key' }, 200],
    ['in two ways', { 'x-api-key': 'auditor-key', authorization: 'Bearer auditor-key' }, 401],
    ['by a wrong key', { authorization: 'Bearer wrong' }, 401],
    ['not at all', {}, 401],
  ])('opens for who signs in %s', async (_what, headers, status) => {
    app = await startTestApp({ API_KEYS: `auditor:${digest('auditor-key')}:messages:read-all` });
    const stream = await open(headers);
    expect(stream.status).toBe(status);
    if (status === 401) expect((await stream.body()).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  });

  it('of inbound messages needs a number or messages:read-all', async () => {
    app = await startTestApp({ API_KEYS: `shop:${digest('shop-key')}:messages:send+messages:read` });
    const stream = await open({ 'x-api-key': 'shop-key' });
    expect(linesOf(await stream.rest())).toEqual([expect.stringMatching(/^next FORBIDDEN/), 'complete', 'end']);
  });

  it('of a document that is not trusted does not open', async () => {
    app = await startTestApp({
      TRUSTED_DOCUMENTS: 'enforce',
      TRUSTED_DOCUMENTS_FILE: 'test/support/generated/persisted-documents.json',
    });
    const stream = await open();
    expect(linesOf(await stream.rest())).toEqual(['next DOCUMENT_NOT_TRUSTED', 'complete', 'end']);
  });

  it('is one of a thousand that a caller may have, and leaves its place to another when it ends', async () => {
    app = await startTestApp({
      API_KEYS: ['a', 'b'].map((key) => `${key}:${digest(key)}:messages:read-all`).join(','),
    });
    for (let batch = 0; batch < 10; batch++)
      await Promise.all(Array.from({ length: 100 }, () => open({ 'x-api-key': 'a' })));
    expect(streams.map(({ status }) => status)).toEqual(streams.map(() => 200));
    const refused = await open({ 'x-api-key': 'a' });
    expect([refused.status, await refused.body()]).toMatchObject([
      429,
      {
        errors: [
          { message: 'Too many open subscriptions: at most 1000. Close some.', extensions: { code: 'RATE_LIMITED' } },
        ],
      },
    ]);
    expect((await open({ 'x-api-key': 'b' })).status).toBe(200);
    // What is no subscription needs no place.
    expect((await open({ 'x-api-key': 'a' }, '{ __typename }')).status).toBe(200);
    streams[0]?.end();
    while ((await open({ 'x-api-key': 'a' })).status === 429);
  }, 60_000);

  it('does not open behind another answer of its connection, where it would keep its place for ever', async () => {
    app = await startTestApp({ API_KEYS: `a:${digest('a')}:messages:read-all` });
    const body = JSON.stringify({ query: RECEIVED });
    const head = `POST /graphql HTTP/1.1\r\nHost: localhost\r\nx-api-key: a\r\naccept: text/event-stream\r\n`;
    const asked = `${head}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    for (let connection = 0; connection < 6; connection++) {
      const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
      socket.write(asked.repeat(200));
      await once(socket, 'data');
      // All of them were read once the server has answered elsewhere.
      await open({ 'x-api-key': 'a' }, '{ __typename }');
      socket.destroy();
      await once(socket, 'close');
    }
    expect((await open({ 'x-api-key': 'a' })).status).toBe(200);
  });

  it('ends with the token that opened it, says so, and does not say that it is complete', async () => {
    const issuer = await startIssuer();
    app = await startTestApp({ ...issuer.environment, JWT_NUMBERS_CLAIM: 'numbers' });
    // Clocks of two machines may differ by 30 s, so this one is valid for another two seconds.
    const exp = Math.floor(Date.now() / 1000) - 28;
    const token = await issuer.sign({ sub: 'user', scope: 'messages:read', numbers: ['+19195551001'], exp });
    const stream = await open({ authorization: `Bearer ${token}` });
    expect(stream.status).toBe(200);
    expect(linesOf(await stream.rest())).toEqual(['next UNAUTHENTICATED', 'end']);
    await issuer.close();
  });

  it('ends when the server stops, says so, and does not say that it is complete', async () => {
    app = await startTestApp();
    const stream = await open();
    const start = performance.now();
    const closing = app.close();
    expect(linesOf(await stream.rest())).toEqual(['next SHUTTING_DOWN', 'end']);
    await closing;
    expect(performance.now() - start).toBeLessThan(1_500);
  });

  it('does not hold up a stop of the server when its peer reads nothing', async () => {
    app = await startTestApp();
    const stream = await open();
    stream.response.socket.pause();
    const start = performance.now();
    await app.close();
    expect(performance.now() - start).toBeLessThan(4_000);
  });
});

it('the embedded handler brings server-sent events as well', async () => {
  const app = await createApp(readConfig({}), { log: createLogger('silent', process.stdout), storeFile: ':memory:' });
  const server: Server = createServer(app.handler);
  const stream = await EventReader.open(`http://127.0.0.1:${await listen(server)}/graphql`, { query: RECEIVED });
  expect([stream.status, stream.response.headers['content-type']]).toEqual([200, 'text/event-stream; charset=utf-8']);
  await app.close();
  expect(linesOf(await stream.rest())).toEqual(['next SHUTTING_DOWN', 'end']);
  await stopListening(server);
});
