/** Conversations over HTTP and in the embedded schema: who sees them, what they hold, page by page. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { graphql } from 'graphql';
import { readConfig } from '../../src/config/config.js';
import { conversationBetween } from '../../src/messaging/conversation.js';
import { createMessagingSchema } from '../../src/messaging-schema.js';
import { openStore } from '../../src/store/index.js';
import { SqliteStore } from '../../src/store/sqlite.js';
import { put, receive } from '../store/sends.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { post, type Answer } from '../support/client.js';
import { makeFolder, removeFolder } from '../support/folder.js';

const [OURS, OTHER, ANN, BOB] = ['+12345678901', '+12345678902', '+12345678911', '+12345678912'];
const keyOf = (caller: string, scopes = ''): string =>
  `${caller}:${createHash('sha256').update(`${caller}-key`).digest('hex')}${scopes}`;
const ENVIRONMENT = {
  API_KEYS: [
    keyOf('support'),
    keyOf('shop'),
    keyOf('all', ':messages:read-all'),
    keyOf('sender', ':messages:send'),
  ].join(),
  ALLOWED_SENDERS: `support:${OURS}`,
};

describe('conversations', () => {
  const folder = makeFolder();
  const storeFile = join(folder, 'messages.sqlite');
  let app: TestApp;

  beforeAll(async () => {
    const store = await openStore({ databaseUrl: null, file: storeFile });
    await put(store, { id: 'm1', from: OURS, to: [ANN], time: 1_000_000 }, { caller: 'shop' });
    await receive(store, { id: 'm2', from: ANN, to: [OURS], owner: OURS, time: 2_000_000 });
    await put(store, { id: 'm3', from: OTHER, to: [ANN], time: 3_000_000 }, { caller: 'shop' });
    await put(store, { id: 'm4', from: OURS, to: [BOB, ANN], time: 4_000_000 }, { caller: 'shop' });
    await receive(store, { id: 'm5', from: ANN, to: [OURS], owner: null, time: 5_000_000 });
    await store.close();
    app = await startTestApp(ENVIRONMENT, { storeFile });
  });
  afterAll(async () => {
    await app.close();
    removeFolder(folder);
  });
  afterEach(() => jest.restoreAllMocks());

  const ask = <Data = Record<string, unknown>>(caller: string, query: string, variables = {}): Promise<Answer<Data>> =>
    post<Data>(app.url, JSON.stringify({ query, variables }), {
      'content-type': 'application/json',
      authorization: `Bearer ${caller}-key`,
    });

  const LIST = `query ($filter: ConversationFilter) { conversations(filter: $filter) { nodes {
    owner participants lastMessage { id } updatedAt sentCount receivedCount messages { nodes { id } totalCount } } } }`;
  const WITH_ANN = {
    owner: OURS,
    participants: [ANN],
    lastMessage: { id: 'm2' },
    updatedAt: '1970-01-01T00:00:02Z',
    sentCount: 1,
    receivedCount: 1,
    messages: { nodes: [{ id: 'm2' }, { id: 'm1' }], totalCount: 2 },
  };
  const GROUP = {
    owner: OURS,
    participants: [ANN, BOB],
    lastMessage: { id: 'm4' },
    updatedAt: '1970-01-01T00:00:04Z',
    sentCount: 1,
    receivedCount: 0,
    messages: { nodes: [{ id: 'm4' }], totalCount: 1 },
  };

  it('of a number are seen by whoever has it, with both directions, the newest first', async () => {
    const { data, errors } = await ask('support', LIST);
    expect(errors).toBeUndefined();
    expect(data).toEqual({ conversations: { nodes: [GROUP, WITH_ANN] } });
  });

  it('of all numbers are seen with messages:read-all, and filtered by number and participant', async () => {
    const nodesBy = async (filter: object): Promise<unknown> =>
      (
        await ask<{ conversations: { nodes: { owner: string; participants: string[] }[] } }>('all', LIST, { filter })
      ).data?.conversations.nodes.map(({ owner, participants }) => [owner, ...participants]);
    expect(await nodesBy({})).toEqual([
      [OURS, ANN, BOB],
      [OTHER, ANN],
      [OURS, ANN],
    ]);
    expect(await nodesBy({ owner: OTHER })).toEqual([[OTHER, ANN]]);
    expect(await nodesBy({ participant: BOB })).toEqual([[OURS, ANN, BOB]]);
    expect(await nodesBy({ participant: ANN, owner: OURS })).toEqual([
      [OURS, ANN, BOB],
      [OURS, ANN],
    ]);
    const { errors } = await ask('all', LIST, { filter: { owner: '+1 zqcanary' } });
    expect(errors?.[0]?.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      fieldErrors: [{ path: ['filter', 'owner'], code: 'INVALID_E164' }],
    });
  });

  it('are forbidden without a number, which the refusal says', async () => {
    for (const [caller, word] of [
      ['shop', 'needs a number'],
      ['sender', 'messages:read'],
    ] as const) {
      const { data, errors } = await ask(caller, LIST);
      expect(data ?? null).toBeNull();
      expect(errors?.[0]).toMatchObject({ extensions: { code: 'FORBIDDEN' } });
      expect(errors?.[0]?.message).toContain(word);
    }
  });

  it('are read page by page, and follow on from either end', async () => {
    const query = `query ($first: Int, $after: String, $last: Int, $before: String) {
      conversations(first: $first, after: $after, last: $last, before: $before) {
        edges { cursor node { lastMessage { id } } } pageInfo { hasNextPage hasPreviousPage endCursor startCursor } updatesCursor } }`;
    interface Page {
      conversations: {
        edges: { node: { lastMessage: { id: string } } }[];
        pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; endCursor: string; startCursor: string };
        updatesCursor: string;
      };
    }
    const page = async (variables: object): Promise<[string[], Page['conversations']]> => {
      const { data, raw } = await ask<Page>('all', query, variables);
      if (data == null) throw new Error(raw);
      return [data.conversations.edges.map(({ node }) => node.lastMessage.id), data.conversations];
    };
    const [first, { pageInfo }] = await page({ first: 2 });
    expect([first, pageInfo.hasNextPage, pageInfo.hasPreviousPage]).toEqual([['m4', 'm3'], true, false]);
    const [second, rest] = await page({ first: 2, after: pageInfo.endCursor });
    expect([second, rest.pageInfo.hasNextPage, rest.pageInfo.hasPreviousPage]).toEqual([['m2'], false, true]);
    expect((await page({ last: 2, before: rest.pageInfo.startCursor }))[0]).toEqual(['m4', 'm3']);
    const { errors } = await ask('all', query, { after: 'x' });
    expect(errors?.[0]?.extensions).toMatchObject({ fieldErrors: [{ path: ['after'], code: 'INVALID_CURSOR' }] });
  });

  const ONE =
    'query ($owner: String!, $to: [String!]!) { conversation(owner: $owner, participants: $to) { id sentCount } }';

  it('are found by their numbers, in any order, and are null for others and where there is no message', async () => {
    const group = { conversation: { id: conversationBetween(OURS, [ANN, BOB]).id, sentCount: 1 } };
    expect((await ask('support', ONE, { owner: OURS, to: [BOB, ANN, BOB] })).data).toEqual(group);
    for (const [caller, owner, to] of [
      ['support', OTHER, [ANN]],
      ['support', OURS, [BOB]],
      ['shop', OURS, [ANN]],
    ] as const) {
      expect((await ask(caller, ONE, { owner, to })).data).toEqual({ conversation: null });
    }
  });

  it.each([
    ['owner', 'INVALID_E164', { owner: '+1 zqcanary', to: [ANN] }],
    ['participants', 'INVALID_E164', { owner: OURS, to: [ANN, '+1 zqcanary'] }],
    ['participants', 'NO_RECIPIENT', { owner: OURS, to: [] }],
    ['participants', 'TOO_MANY_RECIPIENTS', { owner: OURS, to: Array<string>(101).fill(ANN) }],
  ])('are not looked for where %s breaks a rule: %s', async (argument, code, variables) => {
    const { errors, raw } = await ask('all', ONE, variables);
    expect(errors?.[0]?.extensions).toMatchObject({ fieldErrors: [{ path: [argument], code }] });
    expect(raw).not.toContain('zqcanary');
  });

  const OF_MESSAGES =
    'query ($filter: MessageFilter) { messages(filter: $filter) { nodes { id conversation { id } } totalCount } }';
  interface OfMessages {
    messages: { nodes: { id: string; conversation: { id: string } | null }[]; totalCount: number };
  }

  it('are told by messages, all of a page by one query, to those who have the number', async () => {
    const lookups = jest.spyOn(SqliteStore.prototype, 'conversationsById');
    const idsSeenBy = async (caller: string): Promise<unknown[] | undefined> =>
      (await ask<OfMessages>(caller, OF_MESSAGES)).data?.messages.nodes.map(({ id, conversation }) => [
        id,
        conversation?.id ?? null,
      ]);
    const [withAnn, group, others] = [
      conversationBetween(OURS, [ANN]).id,
      conversationBetween(OURS, [ANN, BOB]).id,
      conversationBetween(OTHER, [ANN]).id,
    ];
    expect(await idsSeenBy('support')).toEqual([
      ['m4', group],
      ['m2', withAnn],
      ['m1', withAnn],
    ]);
    expect(lookups).toHaveBeenCalledTimes(1);
    expect(await idsSeenBy('all')).toEqual([
      ['m5', null],
      ['m4', group],
      ['m3', others],
      ['m2', withAnn],
      ['m1', withAnn],
    ]);
    expect(await idsSeenBy('shop')).toEqual([
      ['m4', null],
      ['m3', null],
      ['m1', null],
    ]);
  });

  it('narrow the list of messages to what the caller may see of them', async () => {
    const { id } = conversationBetween(OURS, [ANN]);
    const seenBy = async (caller: string, conversationId: string): Promise<unknown> => {
      const { data } = await ask<OfMessages>(caller, OF_MESSAGES, { filter: { conversationId } });
      return [data?.messages.nodes.map((each) => each.id), data?.messages.totalCount];
    };
    expect(await seenBy('support', id)).toEqual([['m2', 'm1'], 2]);
    expect(await seenBy('shop', id)).toEqual([['m1'], 1]);
    for (const other of ['', 'm1', "c:'; DROP TABLE sends; --", conversationBetween(ANN, [BOB]).id]) {
      expect(await seenBy('all', other)).toEqual([[], 0]);
    }
  });

  it('are nodes for those who may see them', async () => {
    const query = 'query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Conversation { owner } } }';
    const [mine, theirs] = [conversationBetween(OURS, [ANN]).id, conversationBetween(OTHER, [ANN]).id];
    const ids = [mine, theirs, 'c:none', 'm2'];
    const [shown, message] = [
      { __typename: 'Conversation', id: mine, owner: OURS },
      { __typename: 'Message', id: 'm2' },
    ];
    expect((await ask('support', query, { ids })).data).toEqual({ nodes: [shown, null, null, message] });
    expect((await ask('shop', query, { ids })).data).toEqual({ nodes: [null, null, null, null] });
    expect((await ask('all', query, { ids })).data).toMatchObject({ nodes: [shown, { owner: OTHER }, null, message] });
  });

  it('are counted among the lists of a document', async () => {
    const six = Array.from({ length: 6 }, (_, index) => `a${index}: conversations { nodes { id } }`).join(' ');
    const { errors } = await ask('all', `{ ${six} }`);
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'OPERATION_TOO_COSTLY', limit: { name: 'lists' } });
  });

  it('are in the embedded schema', async () => {
    const embedded = await createMessagingSchema(readConfig({ PORT: '0', ...ENVIRONMENT }), { storeFile: ':memory:' });
    const answer = await graphql({
      schema: embedded.schema,
      source: '{ conversations { nodes { id } } }',
      contextValue: embedded.contextFor({ caller: 'support' }),
    });
    expect(answer).toEqual({ data: { conversations: { nodes: [] } } });
    await embedded.close();
  });
});
