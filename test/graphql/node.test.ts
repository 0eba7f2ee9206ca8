/** Objects by their ids alone, as Relay fetches them again. */
import { createHash } from 'node:crypto';
import { jest } from '@jest/globals';
import { graphql } from 'graphql';
import { readConfig } from '../../src/config/config.js';
import { createMessagingSchema } from '../../src/messaging-schema.js';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { SqliteStore } from '../../src/store/sqlite.js';
import { SANDBOX_ACCOUNT } from '../../src/upstream.js';
import { accountAt, startTestApp, type TestApp } from '../support/app.js';
import { post, type Answer } from '../support/client.js';
import { SILENT_INPUT as INPUT } from '../support/messages.js';
import { INIT, Peer } from '../support/peer.js';

const keyOf = (caller: string, scopes = ''): string =>
  `${caller}:${createHash('sha256').update(`${caller}-key`).digest('hex')}${scopes}`;

describe('a node', () => {
  let sandbox: Sandbox;
  let app: TestApp;
  /** Two messages of `me`, and one of `them`. */
  let [first, second, theirs] = ['', '', ''];

  beforeAll(async () => {
    sandbox = await startSandbox(SANDBOX_ACCOUNT);
    const keys = [keyOf('me'), keyOf('them'), keyOf('all', ':messages:read-all'), keyOf('sender', ':messages:send')];
    app = await startTestApp({ ...accountAt(sandbox), AUTH: '', API_KEYS: keys.join(',') });
    [first, second, theirs] = [await send('me'), await send('me'), await send('them')];
  });
  afterAll(async () => {
    await app.close();
    await sandbox.close();
  });
  afterEach(() => jest.restoreAllMocks());

  const ask = <Data = Record<string, unknown>>(caller: string, query: string, variables = {}): Promise<Answer<Data>> =>
    post<Data>(app.url, JSON.stringify({ query, variables }), {
      'content-type': 'application/json',
      authorization: `Bearer ${caller}-key`,
    });

  async function send(caller: string): Promise<string> {
    const query = 'mutation ($input: MessageInput!) { sendMessage(input: $input) { id } }';
    const { data } = await ask<{ sendMessage: { id: string } }>(caller, query, { input: INPUT });
    return data?.sendMessage.id ?? 'none';
  }

  const NODE = 'query ($id: ID!) { node(id: $id) { __typename id ... on Message { text to } } }';
  const NODES = 'query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Message { text } } }';

  it('is the message with this id, with all of its fields', async () => {
    const { data, errors } = await ask('me', NODE, { id: first });
    expect(errors).toBeUndefined();
    expect(data).toEqual({ node: { __typename: 'Message', id: first, text: INPUT.text, to: INPUT.to } });
  });

  it("is null if there is none, or if it is another caller's", async () => {
    for (const id of ['none', '', theirs, 'a\0']) expect((await ask('me', NODE, { id })).data).toEqual({ node: null });
    expect((await ask('all', NODE, { id: theirs })).data).toMatchObject({ node: { id: theirs } });
  });

  it('is found with others in the order of their ids, null for each that is not there, by one query', async () => {
    const lookups = jest.spyOn(SqliteStore.prototype, 'messagesById');
    const { data } = await ask('me', NODES, { ids: [second, 'none', first, theirs, second] });
    const shown = (id: string): object => ({ __typename: 'Message', id, text: INPUT.text });
    expect(data).toEqual({ nodes: [shown(second), null, shown(first), null, shown(second)] });
    expect(lookups.mock.calls.map(([ids]) => ids)).toEqual([[second, 'none', first, theirs]]);
  });

  it('is not looked for among more than a hundred ids', async () => {
    const ids = Array.from({ length: 101 }, (_, index) => `zqcanary${index}`);
    expect((await ask('me', NODES, { ids: ids.slice(1) })).data).toEqual({ nodes: Array(100).fill(null) });
    expect((await ask('me', NODES, { ids: [] })).data).toEqual({ nodes: [] });
    const { data, errors, raw } = await ask('me', NODES, { ids });
    expect(data ?? null).toBeNull();
    expect(errors?.[0]?.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      fieldErrors: [{ path: ['ids'], code: 'TOO_MANY_IDS' }],
    });
    expect(raw).not.toContain('zqcanary');
  });

  it('is refused without a scope to read, once for all ids', async () => {
    const codesOf = ({ errors = [] }: Answer<unknown>): unknown[] => errors.map(({ extensions }) => extensions.code);
    expect(codesOf(await ask('sender', NODE, { id: first }))).toEqual(['FORBIDDEN']);
    expect(codesOf(await ask('sender', NODES, { ids: [first, second] }))).toEqual(['FORBIDDEN']);
  });

  it('counts as a list where many are asked for', async () => {
    const many = (count: number): string =>
      Array.from({ length: count }, (_, index) => `a${index}: nodes(ids: ["${first}"]) { id }`).join(' ');
    expect((await ask('me', `{ ${many(5)} }`)).errors).toBeUndefined();
    expect((await ask('me', `{ ${many(6)} }`)).errors?.[0]?.extensions.limit).toMatchObject({
      name: 'lists',
      asked: 6,
    });
  });

  it('is found over WebSocket as well', async () => {
    const peer = await new Peer(app.url).opened();
    await peer.ask({ ...INIT, payload: { authorization: 'Bearer me-key' } });
    expect(await peer.run(`{ node(id: "${first}") { id } }`)).toMatchObject({
      payload: { data: { node: { id: first } } },
    });
    await peer.end();
  });
});

it('the embedded schema finds nodes as well', async () => {
  const messaging = await createMessagingSchema(readConfig({ LOG_LEVEL: 'silent' }), { storeFile: ':memory:' });
  const run = (source: string): Promise<{ data?: Record<string, { id: string } | null> | null }> =>
    graphql({ schema: messaging.schema, source, contextValue: messaging.contextFor({ caller: 'me' }) }) as never;
  const input = `{from: "${INPUT.from}", to: "${INPUT.to[0] ?? ''}", text: "Hey", applicationId: "a"}`;
  const { data } = await run(`mutation { sendMessage(input: ${input}) { id } }`);
  const id = data?.sendMessage?.id ?? 'none';
  expect((await run(`{ node(id: "${id}") { id __typename } }`)).data).toEqual({ node: { id, __typename: 'Message' } });
  await messaging.close();
});
