/** How much one answer may hold, over HTTP, over WebSocket and in the embedded schema. */
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { graphql } from 'graphql';
import { readConfig } from '../../src/config/config.js';
import { AnswerBudget, isTooLarge } from '../../src/graphql/answer-budget.js';
import { createMessagingSchema } from '../../src/messaging-schema.js';
import { openDeliveries } from '../../src/messaging/delivery.js';
import type { MessageStore } from '../../src/messaging/ports.js';
import { openStore } from '../../src/store/index.js';
import { SqliteStore } from '../../src/store/sqlite.js';
import { accepted, newSend } from '../store/sends.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { post, type Answer } from '../support/client.js';
import { INIT, Peer } from '../support/peer.js';
import { makeFolder, removeFolder } from '../support/folder.js';

const MIB = 1024 * 1024;
const LARGE = {
  text: 'x'.repeat(2_048),
  media: Array.from({ length: 10 }, (_, index) => `https://example.com/${index}`.padEnd(4_096, 'y')),
};
const GROUP = Array.from({ length: 10 }, (_, index) => `+1919555000${index}`);
const times = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ');
const DELIVERIES = 'deliveries { to status time failure { code name meaning origin retryable } }';
const WHOLE = `id time to from text applicationId tag owner media direction segmentCount priority expiresAt status ${DELIVERIES}`;

/** As many different characters as fit into a text. */
const EXOTIC = String.fromCharCode(...Array.from({ length: 2_000 }, (_, index) => 0x4e00 + index));

const folder = makeFolder();
const storeFile = join(folder, 'messages.sqlite');

/** A hundred messages as large as they may be, of one sender, and a hundred small ones to groups, of another. */
async function fill(store: MessageStore): Promise<void> {
  const put = async (index: number, fields: object): Promise<void> => {
    const send = newSend();
    await store.claim(send);
    const deliveries = openDeliveries(GROUP).map((each) => ({ ...each, status: 'FAILED' as const, errorCode: 4775 }));
    await store.record(send.sendId, accepted({ id: `m${index}`, to: GROUP, deliveries, ...fields }), 2_000);
  };
  await Promise.all(
    Array.from({ length: 100 }, (_, index) => [
      put(index, { from: '+15', ...LARGE }),
      put(100 + index, { from: '+16' }),
    ]).flat(),
  );
}

let app: TestApp;
beforeAll(async () => {
  const store = await openStore({ databaseUrl: null, file: storeFile });
  await fill(store);
  await store.close();
  app = await startTestApp({}, { storeFile });
});
afterAll(async () => {
  await app.close();
  removeFolder(folder);
});
afterEach(() => jest.restoreAllMocks());

const ask = (query: string, variables: object = {}): Promise<Answer<Record<string, unknown>>> =>
  post(app.url, JSON.stringify({ query, variables }));
const entities = (count: number, ids: (index: number) => string, fields: string): Promise<Answer<object>> =>
  ask(`query ($of: [_Any!]!) { _entities(representations: $of) { ... on Message { ${fields} } } }`, {
    of: Array.from({ length: count }, (_, index) => ({ __typename: 'Message', id: ids(index) })),
  });

type Limit = 'answerValues' | 'answerBytes' | 'readLength';
const ALLOWED: Readonly<Record<Limit, number>> = {
  answerValues: 20_000,
  answerBytes: 2 * 1024 * 1024,
  readLength: 2 * 1024 * 1024,
};

function expectRefusal({ status, raw, errors }: Answer<object>, limit: Limit): void {
  expect([status, errors?.[0]?.extensions.code]).toEqual([400, 'OPERATION_TOO_COSTLY']);
  expect(errors?.[0]?.extensions.limit).toEqual({ name: limit, allowed: ALLOWED[limit] });
  expect(errors?.[0]?.message).toMatch(/: at most \d+( bytes| UTF-16 units)?\. Ask for shorter pages/);
  expect(errors?.[0]?.extensions.requestId).toMatch(/^[\w-]{36}$/);
  expect(errors).toHaveLength(1);
  expect(raw.length).toBeLessThan(300);
}

describe('an answer', () => {
  it('may hold nearly 2 MiB', async () => {
    const { status, raw } = await ask('{ messages(first: 50, filter: { from: "+15" }) { nodes { media } } }');
    expect(status).toBe(200);
    expect(raw.length).toBeGreaterThan(1.9 * MIB);
    expect(raw.length).toBeLessThan(2 * MIB);
  });

  it.each<[string, Limit, string]>([
    [
      'a page of large messages',
      'answerBytes',
      '{ messages(first: 100, filter: { from: "+15" }) { nodes { text media } } }',
    ],
    [
      'twice the same page',
      'answerBytes',
      '{ messages(first: 60, filter: { from: "+15" }) { nodes { media } edges { node { media } } } }',
    ],
    [
      'aliases of a large field',
      'answerBytes',
      `{ messages(first: 10, filter: { from: "+15" }) { nodes { ${times(20, (index) => `a${index}: media`)} } } }`,
    ],
    ['aliases that are long', 'answerBytes', `{ messages(first: 100) { nodes { ${'a'.repeat(25_000)}: id } } }`],
    [
      'aliases of deliveries',
      'answerValues',
      `{ messages(first: 100) { nodes { ${times(20, (i) => `a${i}: ${DELIVERIES}`)} } } }`,
    ],
    [
      'whole messages in many lists',
      'answerValues',
      `{ ${times(5, (i) => `a${i}: messages(first: 100, filter: { from: "+16" }) { nodes { ${WHOLE} } }`)} }`,
    ],
    [
      'previews of exotic texts',
      'answerValues',
      `{ ${times(20, (i) => `a${i}: previewMessage(input: { text: "${EXOTIC}" }) { forcing }`)} }`,
    ],
  ])('is refused when it would be too much: %s, over %s', async (_name, limit, query) => {
    expectRefusal(await ask(query), limit);
  });

  it.each<[string, Limit, number, (index: number) => string, string]>([
    ['the same large one again and again', 'answerValues', 500, () => 'm1', times(20, (index) => `a${index}: media`)],
    [
      'of groups, with what became of them',
      'answerValues',
      500,
      (index: number) => `m${100 + (index % 100)}`,
      times(20, (i) => `a${i}: ${DELIVERIES}`),
    ],
    ['each of them large', 'answerBytes', 100, (index: number) => `m${index}`, 'id media text'],
  ])('is refused when it would be too much: entities, %s, over %s', async (_name, limit, count, ids, fields) => {
    expectRefusal(await entities(count, ids, fields), limit);
  });

  it('may hold a page of groups with all that is known of them, and as many entities as a router asks for', async () => {
    expect((await ask(`{ messages(first: 100, filter: { from: "+16" }) { nodes { ${WHOLE} } } }`)).status).toBe(200);
    expect((await entities(500, (index) => `m${100 + (index % 100)}`, 'id status time from')).status).toBe(200);
  });

  it('is refused when it would be too much: nodes', async () => {
    const nodes = (from: number, fields: string): Promise<Answer<object>> =>
      ask(`query ($ids: [ID!]!) { ${times(5, (i) => `a${i}: nodes(ids: $ids) { ... on Message { ${fields} } }`)} }`, {
        ids: Array.from({ length: 100 }, (_, index) => `m${from + index}`),
      });
    expectRefusal(await nodes(0, 'media'), 'answerBytes');
    expectRefusal(await nodes(100, DELIVERIES), 'answerValues');
    expect((await nodes(100, 'id status')).status).toBe(200);
  });

  it('stops reading once as much was read as an answer may hold', async () => {
    const list = jest.spyOn(SqliteStore.prototype, 'listMessages');
    expectRefusal(
      await ask(`{ ${times(5, (i) => `a${i}: messages(first: 100, filter: { from: "+15" }) { nodes { id } }`)} }`),
      'readLength',
    );
    expect(list).toHaveBeenCalledTimes(1);
  });

  it('of sends is always given, and holds less than 2 MiB whatever is asked', async () => {
    const input = { from: '+12345678901', to: ['+12345678902'], applicationId: 'a', ...LARGE };
    const aliases = times(11, (index) => `b${index}: media`);
    const sends = times(9, (index) => `a${index}: sendMessage(input: $input) { ${WHOLE} }`);
    const { status, data, raw } = await ask(
      `mutation ($input: MessageInput!) { ${sends} sendMessage(input: $input) { ${WHOLE} ${aliases} } }`,
      { input },
    );
    expect(status).toBe(200);
    expect(Object.values(data ?? {}).filter((each) => each !== null)).toHaveLength(10);
    expect(raw.length).toBeLessThan(2 * MIB);
  });

  it('is refused over WebSocket as well', async () => {
    const peer = await new Peer(app.url).opened();
    await peer.ask(INIT);
    for (const [name, fields] of [
      ['answerBytes', 'media'],
      ['answerValues', times(20, (index) => `a${index}: ${DELIVERIES}`)],
    ] as const) {
      const said = await peer.run(`{ messages(first: 100, filter: { from: "+15" }) { nodes { ${fields} text } } }`);
      expect(said).toMatchObject({
        type: 'next',
        payload: {
          data: null,
          errors: [
            {
              extensions: {
                code: 'OPERATION_TOO_COSTLY',
                retryable: false,
                limit: { name, allowed: ALLOWED[name] },
              },
            },
          ],
        },
      });
    }
    await peer.end();
  });

  it('that cannot be printed becomes a failure with a request id, which is logged', async () => {
    const { stringify } = JSON;
    jest.spyOn(JSON, 'stringify').mockImplementation((...args: Parameters<typeof stringify>) => {
      const value: unknown = args[0];
      if (typeof value === 'object' && value !== null && 'data' in value) throw new RangeError('Invalid string length');
      return stringify(...args);
    });
    const answer = await post<object>(app.url, '{"query":"{ __typename }"}');
    const [error] = answer.errors ?? [];
    expect([answer.status, error?.extensions.code]).toEqual([500, 'INTERNAL_SERVER_ERROR']);
    expect(error?.extensions.requestId).toMatch(/^[\w-]{36}$/);
    expect(app.log).toContainEqual(
      expect.objectContaining({ level: 50, requestId: error?.extensions.requestId, msg: 'request failed' }),
    );
  });
});

it('the embedded schema counts the lists of an answer as well', async () => {
  const messaging = await createMessagingSchema(readConfig({}), { storeFile: ':memory:' });
  const reference = { __typename: 'Message', id: 'm1' };
  const { errors } = await graphql({
    schema: messaging.schema,
    source: `query ($of: [_Any!]!) { _entities(representations: $of) { ... on Message { ${times(80, (i) => `a${i}: id`)} } } }`,
    variableValues: { of: Array.from({ length: 500 }, () => reference) },
    contextValue: messaging.contextFor({ caller: 'me' }),
  });
  expect(errors?.map(({ extensions }) => extensions)).toEqual([
    { code: 'OPERATION_TOO_COSTLY', retryable: false, limit: { name: 'answerValues', allowed: 20_000 } },
  ]);
  await messaging.close();
});

describe('the size of an answer', () => {
  const LIMIT = 2 * MIB;

  it.each(['a', 'é', '漢', '😀', '"', '\\', '\n', '\u0001', '\u007f', '\ud800'])(
    'is never taken for less than it is: %j',
    (text) => {
      const printed = (count: number): number => Buffer.byteLength(JSON.stringify({ data: [text.repeat(count)] }));
      const each = printed(2) - printed(1);
      expect(isTooLarge({ data: [text.repeat(Math.ceil(LIMIT / each))] })).toBe(true);
      expect(isTooLarge({ data: [text.repeat(Math.floor(LIMIT / each / 4))] })).toBe(false);
    },
  );

  it('counts names, numbers, booleans and nulls as well', () => {
    expect(isTooLarge({ ['a'.repeat(LIMIT)]: 1 })).toBe(true);
    for (const value of [1, -1.7976931348623157e308, true, null, {}, []]) {
      const { length } = JSON.stringify(value);
      expect(isTooLarge(Array.from({ length: Math.ceil(LIMIT / length) }, () => value))).toBe(true);
      expect(isTooLarge(Array.from({ length: 1_000 }, () => value))).toBe(false);
    }
  });
});

it('reads nothing more for an operation that asked for too much: its reads wait in a queue, and there may be thousands', async () => {
  const budget = new AnswerBudget();
  const read = jest.fn(() => Promise.resolve([]));
  const first = budget.read(read, () => []);
  const others = Array.from({ length: 100 }, () => budget.read(read, () => []));
  expect(() => {
    budget.addValues(1_000_000);
  }).toThrow('too many values');
  const ends = await Promise.allSettled([first, ...others]);
  expect([new Set(ends.map(({ status }) => status)), read.mock.calls.length]).toEqual([new Set(['rejected']), 0]);
});
