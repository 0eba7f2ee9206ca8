/** Whatever fails, and however it was asked, the error names the request as the log and the answer's header do. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { once } from 'node:events';
import { json } from 'node:stream/consumers';
import { request } from 'undici';
import { startTestApp, upstreamAt, type TestApp } from '../support/app.js';
import { INPUT } from '../support/messages.js';
import { listen, stopListening } from '../support/listen.js';
import { firstAnswer } from '../support/subscriber.js';

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;
const SEND = 'mutation ($input: MessageInput!) { sendMessage(input: $input) { id } }';
const FOLLOW = 'subscription ($id: ID!) { messageUpdated(id: $id) { id } }';
const KEYS = { sender: 'messages:send', reader: 'messages:read' };

let upstream: Server;
let router: Server;
let routerOrigin: string;
/** What the router was told, the newest last. */
let told: { action: string; errors?: unknown[] }[] = [];
let app: TestApp;

beforeAll(async () => {
  upstream = createServer((_request, response) => {
    response.writeHead(403, { 'content-type': 'application/json' }).end('{"type":"forbidden","description":"no"}');
  });
  router = createServer((incoming: IncomingMessage, answer) => {
    void json(incoming).then((event) => {
      told.push(event as (typeof told)[number]);
      answer.writeHead(200, { 'subscription-protocol': 'callback/1.0' }).end();
      router.emit('told');
    });
  });
  routerOrigin = `http://127.0.0.1:${await listen(router)}`;
  const hashed = Object.entries(KEYS).map(
    ([key, scope]) => `${key}:${createHash('sha256').update(key).digest('hex')}:${scope}`,
  );
  app = await startTestApp({
    ...upstreamAt(`http://127.0.0.1:${await listen(upstream)}/v2`),
    AUTH: '',
    API_KEYS: hashed.join(),
    ROUTER_ORIGINS: routerOrigin,
  });
});
afterAll(async () => {
  await app.close();
  await stopListening(router);
  await stopListening(upstream);
});
beforeEach(() => {
  told = [];
});

/** The ids in the errors of an answer, of which there must be some. */
function idsIn(errors: unknown): unknown[] {
  expect(errors).not.toEqual([]);
  return (errors as { extensions?: { requestId?: unknown } }[]).map(({ extensions }) => extensions?.requestId);
}

interface Sent {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path?: string;
  readonly key?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}
const asked = (query: string, variables: object = {}, more: object = {}): string =>
  JSON.stringify({ query, variables, ...more });
const calledBack = (callbackUrl: string): object => ({
  extensions: { subscription: { callbackUrl, subscriptionId: 's', verifier: 'v', heartbeatIntervalMs: 0 } },
});

it.each<[name: string, sent: Sent]>([
  ['another path', { path: '/nothing', body: '{}' }],
  ['another method', { method: 'PUT', body: '{}' }],
  ['a method without a body', { method: 'DELETE' }],
  ['another content type', { headers: { 'content-type': 'text/plain' }, body: '{}' }],
  ['another charset', { headers: { 'content-type': 'application/json; charset=utf-7' }, body: '{}' }],
  ['a body that is too large', { body: ' '.repeat(300_000) }],
  ['a body that is no JSON', { body: '{' }],
  ['a body that is not Unicode', { body: '{"query":"\\ud800"}' }],
  ['no body', {}],
  ['an empty object', { body: '{}' }],
  ['a batch', { body: `[${asked('{ __typename }')}]` }],
  ['a host that is none', { headers: { host: 'a b<>' }, body: asked('{ __typename }') }],
  ['no credential', { key: '', body: asked('{ __typename }') }],
  ['a query by GET from nowhere', { method: 'GET', path: '/graphql?query={__typename}' }],
  [
    'a mutation by GET',
    {
      method: 'GET',
      path: '/graphql?query=mutation{__typename}',
      headers: { 'apollo-require-preflight': '1' },
    },
  ],
  ['a document that is no GraphQL', { body: asked('{') }],
  ['a document that does not fit the schema', { body: asked('{ nothing }') }],
  ['the same, as JSON alone', { headers: { accept: 'application/json' }, body: asked('{ nothing }') }],
  ['an operation that is too costly', { body: asked(`{ ${'a: __typename '.repeat(600)} }`) }],
  ['an operation that is not there', { body: asked('query A { __typename }', {}, { operationName: 'B' }) }],
  [
    'a hash that is not known',
    { body: JSON.stringify({ extensions: { persistedQuery: { version: 1, sha256Hash: 'x' } } }) },
  ],
  ['a variable that does not fit', { body: asked(SEND, { input: 5 }) }],
  ['an input with mistakes', { body: asked(SEND, { input: { ...INPUT, to: ['x'] } }) }],
  ['a send that is refused', { body: asked(SEND, { input: INPUT }) }],
  ['a send without its scope', { key: 'reader', body: asked(SEND, { input: INPUT }) }],
  [
    'a look without its scope',
    {
      key: 'reader',
      body: asked('query ($i: MessageInput!) { validateMessage(input: $i) { __typename } }', { i: INPUT }),
    },
  ],
  ['a subscription by POST', { body: asked(FOLLOW, { id: 'x' }) }],
  ['a callback to anywhere', { body: asked(FOLLOW, { id: 'x' }, calledBack('http://elsewhere.example/')) }],
])('over HTTP: %s', async (_name, { method = 'POST', path = '/graphql', key = 'sender', headers = {}, body }) => {
  const answer = await request(`${new URL(app.url).origin}${path}`, {
    method,
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      authorization: `Bearer ${key}`,
      ...headers,
    },
    ...(body !== undefined && { body }),
  });
  const requestId = answer.headers['x-request-id'];
  expect(requestId).toMatch(UUID);
  const { errors = [] } = (await answer.body.json()) as { errors?: unknown[] };
  expect(new Set(idsIn(errors))).toEqual(new Set([requestId]));
});

it.each<[name: string, key: string, query: string, variables: Record<string, unknown>]>([
  ['a document that is no GraphQL', 'sender', '{', {}],
  ['a document that does not fit the schema', 'sender', '{ nothing more }', {}],
  ['a variable that does not fit', 'sender', SEND, { input: 5 }],
  ['an input with mistakes', 'sender', SEND, { input: { ...INPUT, to: ['x'] } }],
  ['a subscription to nothing', 'reader', FOLLOW, { id: 'x' }],
  ['a subscription without its scope', 'reader', 'subscription { messageReceived { id } }', {}],
])('over WebSocket: %s', async (_name, key, query, variables) => {
  const credentials = { connectionParams: { authorization: `Bearer ${key}` } };
  const answer = await firstAnswer(app.url, { query, variables }, credentials);
  const { errors = answer } = answer as { errors?: unknown };
  const [id, ...others] = idsIn(errors);
  expect(id).toMatch(UUID);
  expect(others.every((other) => other === id)).toBe(true);
});

it('over WebSocket, the error of a send has the id that its line in the log has', async () => {
  const credentials = { connectionParams: { authorization: 'Bearer sender' } };
  const answer = await firstAnswer(app.url, { query: SEND, variables: { input: INPUT } }, credentials);
  const { errors } = answer as { errors: { extensions: { code: string } }[] };
  expect(errors[0]?.extensions.code).toBe('UPSTREAM_REJECTED');
  expect(app.log.filter(({ msg }) => msg === 'send').at(-1)).toMatchObject({ requestId: idsIn(errors)[0] });
});

it('to a router, the errors of a subscription have the id of the request that opened it', async () => {
  const answer = await request(app.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer reader' },
    body: asked(FOLLOW, { id: 'x' }, calledBack(`${routerOrigin}/callback`)),
  });
  await answer.body.dump();
  const errorsTold = (): unknown[] => told.flatMap(({ errors = [] }) => errors);
  while (errorsTold().length === 0) await once(router, 'told');
  expect(idsIn(errorsTold())).toEqual([answer.headers['x-request-id']]);
});
