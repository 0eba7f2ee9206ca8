/** What the log says of requests, sends and callbacks: one line each, by their ids. */
import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { request } from 'undici';
import { startTestApp, upstreamAt, type TestApp } from '../support/app.js';
import { EventReader } from '../support/event-stream.js';
import { listen, stopListening } from '../support/listen.js';
import { INPUT } from '../support/messages.js';
import { firstAnswer } from '../support/subscriber.js';

const SEND = 'mutation Send($input: MessageInput!) { sendMessage(input: $input) { id } }';
const SUBMIT = 'mutation Submit($input: MessageInput!) { submitMessage(input: $input) { __typename } }';
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const KEYS = { shop: 'messages:send;messages:read', reader: 'messages:read' };

let upstream: Server;
let app: TestApp;
/** What upstream answers next. */
let answer = { status: 404, body: '' };
let number = 0;

beforeAll(async () => {
  upstream = createServer((incoming, response) => {
    incoming.resume();
    if (answer.status === 0) incoming.socket.destroy();
    else response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
  });
  app = await startTestApp({
    ...upstreamAt(`http://127.0.0.1:${await listen(upstream)}/v2`),
    AUTH: '',
    API_KEYS: Object.entries(KEYS)
      .map(([name, scopes]) => `${name}:${sha256(name)}:${scopes.replaceAll(';', '+')}`)
      .join(),
    CALLBACK_USERNAME: 'user',
    CALLBACK_PASSWORD: 'a password that is long enough',
  });
});
afterAll(async () => {
  await app.close();
  await stopListening(upstream);
});
beforeEach(() => {
  app.log.length = 0;
  number += 1;
  const message = { id: `m-${number}`, time: '2026-11-28T10:00:00Z', direction: 'out', ...wire() };
  answer = { status: 202, body: JSON.stringify(message) };
});

const wire = (): object => ({ from: INPUT.from, to: INPUT.to, text: INPUT.text, owner: INPUT.from });
const lines = (msg: string): Record<string, unknown>[] => app.log.filter((line) => line.msg === msg);

async function post(
  query: string,
  variables: object = {},
  headers: Record<string, string> = {},
  key: string | null = 'shop',
): Promise<{ headers: Record<string, unknown>; text: string }> {
  const answered = await request(app.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(key !== null && { authorization: `Bearer ${key}` }),
      ...headers,
    },
    body: JSON.stringify({ query, variables }),
  });
  return { headers: answered.headers, text: await answered.body.text() };
}

const callBack = async (body: string, password = 'a password that is long enough'): Promise<number> => {
  const answered = await request(`${new URL(app.url).origin}/callbacks/catapult`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`user:${password}`).toString('base64')}` },
    body,
  });
  await answered.body.dump();
  return answered.statusCode;
};

it('a send has a line, and its request another: the same ids, the caller, the hash of the key, the trace', async () => {
  const idempotencyKey = `key-${number}`;
  const { headers } = await post(
    SEND,
    { input: { ...INPUT, idempotencyKey } },
    { 'x-request-id': 'gateway-17.a/b:c=1', traceparent: `00-${TRACE}-00f067aa0ba902b7-01` },
  );
  expect(headers['x-request-id']).toBe('gateway-17.a/b:c=1');
  const ids = { requestId: 'gateway-17.a/b:c=1', traceId: TRACE, caller: 'shop' };
  expect(lines('send')).toEqual([
    expect.objectContaining({
      ...ids,
      ...{ level: 30, sendId: expect.any(String) as string, messageId: `m-${number}`, keyHash: sha256(idempotencyKey) },
      ...{
        outcome: 'ACCEPTED',
        attempts: 1,
        httpStatus: 202,
        upstreamMs: expect.any(Number) as number,
        detail: 'HTTP 202',
      },
    }),
  ]);
  expect(lines('request')).toEqual([
    expect.objectContaining({
      ...ids,
      ...{ level: 30, transport: 'http', operationName: 'Send', kind: 'mutation', status: 200 },
      durationMs: expect.any(Number) as number,
    }),
  ]);
  expect(lines('request')[0]).not.toHaveProperty('codes');
});

it.each(['', ' ', '+12345678901', '12345678901', 'a b', 'ä', 'x'.repeat(129), 'a"b', 'a;b', '../a{}'])(
  'a request id that is not safe to repeat gets another: %j',
  async (id) => {
    const { headers } = await post('{ __typename }', {}, { 'x-request-id': id });
    expect(headers['x-request-id']).toMatch(/^[\da-f-]{36}$/);
  },
);

it.each([
  'nothing',
  '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
  `ff-${TRACE}-00f067aa0ba902b7-01`,
  `00-${TRACE}-0000000000000000-01`,
])('a traceparent that is none names no trace: %s', async (traceparent) => {
  await post('{ __typename }', {}, { traceparent });
  expect(lines('request')[0]).not.toHaveProperty('traceId');
});

it('an operation whose name could hold a number has none', async () => {
  await post('query Q12345678901 { __typename }');
  await post(`query ${'q'.repeat(65)} { __typename }`);
  expect(lines('request').map(({ operationName, kind }) => [operationName, kind])).toEqual([
    [undefined, 'query'],
    [undefined, 'query'],
  ]);
});

it.each<[name: string, ask: () => Promise<unknown>, line: object]>([
  ['without a credential', () => post('{ __typename }', {}, {}, null), { codes: ['UNAUTHENTICATED'], status: 401 }],
  ['with a wrong key', () => post('{ __typename }', {}, {}, 'no'), { codes: ['UNAUTHENTICATED'], status: 401 }],
  [
    'with a wrong document',
    () => post('{ nothing }'),
    { codes: ['GRAPHQL_VALIDATION_FAILED'], status: 400, caller: 'shop' },
  ],
  [
    'with a wrong variable',
    () => post(SEND, { input: 5 }),
    { codes: ['BAD_USER_INPUT'], status: 400, operationName: 'Send' },
  ],
  [
    'with a wrong input',
    () => post(SEND, { input: { ...INPUT, to: ['x'] } }),
    { codes: ['BAD_USER_INPUT'], status: 200 },
  ],
  [
    'whose refusal is data',
    () => post(SUBMIT, { input: { ...INPUT, to: ['x'] } }),
    { codes: ['BAD_USER_INPUT'], status: 200, operationName: 'Submit' },
  ],
  ['without its scope', () => post(SEND, { input: INPUT }, {}, 'reader'), { codes: ['FORBIDDEN'], caller: 'reader' }],
  [
    'by GET',
    async () =>
      (
        await request(`${app.url}?query=query+Look{__typename}`, {
          headers: { authorization: 'Bearer shop', 'apollo-require-preflight': '1' },
        })
      ).body.dump(),
    { transport: 'http', operationName: 'Look', kind: 'query', status: 200 },
  ],
  [
    'that is no GraphQL',
    async () =>
      (
        await request(app.url, {
          method: 'POST',
          headers: { authorization: 'Bearer shop', 'content-type': 'application/json' },
          body: '{',
        })
      ).body.dump(),
    { codes: ['BAD_REQUEST'], status: 400, caller: 'shop' },
  ],
  [
    'to another path',
    async () => (await request(new URL('/nothing', app.url))).body.dump(),
    { codes: ['BAD_REQUEST'], status: 404, transport: 'http' },
  ],
  [
    'for a file, without a credential',
    async () => (await request(new URL('/media/m/0', app.url))).body.dump(),
    { codes: ['UNAUTHENTICATED'], status: 401, transport: 'media' },
  ],
  [
    'for a file that is not there',
    async () =>
      (await request(new URL('/media/m/0', app.url), { headers: { authorization: 'Bearer shop' } })).body.dump(),
    { codes: ['BAD_REQUEST'], status: 404, transport: 'media', caller: 'shop' },
  ],
  [
    'for the list of opt-outs, without the right',
    async () =>
      (await request(new URL('/opt-outs.csv', app.url), { headers: { authorization: 'Bearer shop' } })).body.dump(),
    { codes: ['FORBIDDEN'], status: 403, transport: 'csv', caller: 'shop' },
  ],
  [
    'of a callback, with a wrong password',
    () => callBack('[]', 'no'),
    { codes: ['UNAUTHENTICATED'], transport: 'callback' },
  ],
])('a request %s has one line with what it was told', async (_name, ask, line) => {
  await ask();
  expect(lines('request')).toEqual([expect.objectContaining(line)]);
});

it('probes, pages and the first half of a callback have no line', async () => {
  const { origin } = new URL(app.url);
  for (const path of ['/health', '/ready']) await (await request(`${origin}${path}`)).body.dump();
  const challenged = await request(`${origin}/callbacks/catapult`, { method: 'POST', body: '[]' });
  await challenged.body.dump();
  expect(challenged.statusCode).toBe(401);
  expect(app.log).toEqual([]);
});

it('an operation over WebSocket has one line at its end, and a connection that is refused', async () => {
  const asked = { query: '{ nothing }', variables: {} };
  await firstAnswer(app.url, asked, { connectionParams: { authorization: 'Bearer shop' } });
  await firstAnswer(
    app.url,
    { query: SEND, variables: { input: INPUT } },
    { connectionParams: { authorization: 'Bearer shop' } },
  );
  await firstAnswer(app.url, asked, { connectionParams: { authorization: 'Bearer no' } }).catch(() => undefined);
  while (lines('request').length < 3) await turn();
  expect(lines('request').map(({ codes, transport, operationName }) => [transport, operationName, codes])).toEqual([
    ['websocket', undefined, ['GRAPHQL_VALIDATION_FAILED']],
    ['websocket', 'Send', undefined],
    ['websocket', undefined, ['UNAUTHENTICATED']],
  ]);
  const [, sent] = lines('request');
  expect(lines('send')).toEqual([expect.objectContaining({ requestId: sent?.requestId, caller: 'shop' })]);
});

it('a stream of events has one line, when it ends', async () => {
  const query = 'subscription Follow { messageUpdated(id: "none") { id } }';
  const events = await EventReader.open(app.url, { query }, { authorization: 'Bearer shop' });
  await events.rest();
  while (lines('request').length === 0) await turn();
  expect(lines('request')).toEqual([
    expect.objectContaining({ transport: 'sse', operationName: 'Follow', kind: 'subscription', caller: 'shop' }),
  ]);
});

it.each([
  ['is lost', 0, '', { level: 40, outcome: 'UNKNOWN' }],
  ['has no id', 202, '{}', { level: 40, outcome: 'ACCEPTED_WITHOUT_ID', httpStatus: 202 }],
  [
    'is a refusal',
    403,
    '{"type":"forbidden","description":"no"}',
    { level: 30, outcome: 'NOT_SENT', code: 'UPSTREAM_REJECTED', httpStatus: 403 },
  ],
])('a send whose answer %s has a line by which it is found', async (_name, status, body, line) => {
  answer = { status, body };
  await post(SEND, { input: INPUT });
  expect(lines('send')).toEqual([expect.objectContaining(line)]);
});

it('each event of a callback has a line: its send, its message, and what came of it', async () => {
  await post(SEND, { input: INPUT });
  const [{ sendId } = {}] = lines('send');
  const event = {
    ...{ type: 'message-failed', errorCode: 4720, time: new Date(Date.now() - 5_000).toISOString(), to: INPUT.to[0] },
    message: { id: `m-${number}`, time: '2026-11-28T10:00:00Z', ...wire() },
  };
  const received = {
    type: 'message-received',
    time: event.time,
    to: INPUT.from,
    message: { ...event.message, id: `in-${number}` },
  };
  await callBack(JSON.stringify([event]));
  await callBack(JSON.stringify([event]));
  await callBack(JSON.stringify([{ ...event, message: { ...event.message, id: `unknown-${number}` } }]));
  await callBack(JSON.stringify([{ ...event, type: 'message-read' }, 5, received]));
  const facts = lines('callback').map(({ kind, messageId, status, code, result, count, sendId: of }) => [
    ...[kind, messageId, of === sendId, status, code, result, count],
  ]);
  expect(facts).toEqual([
    ['delivery', `m-${number}`, true, 'FAILED', 4720, 'CHANGED', 1],
    ['delivery', `m-${number}`, true, 'FAILED', 4720, 'REPEATED', 1],
    ['delivery', `unknown-${number}`, false, 'FAILED', 4720, 'EARLY', 1],
    ['other', `m-${number}`, false, undefined, undefined, 'KEPT', 1],
    ['received', `in-${number}`, false, undefined, undefined, 'CHANGED', 1],
    ['strange', undefined, false, undefined, undefined, 'KEPT', 1],
  ]);
  expect(lines('callback')[0]?.lateMs).toBeGreaterThanOrEqual(5_000);
  expect(lines('request')).toHaveLength(1);
});
