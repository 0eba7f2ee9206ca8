/** Messages by list, by id and as entities. */
import { jest } from '@jest/globals';
import { EVERYBODY } from '../../src/messaging/caller.js';
import { SANDBOX_ACCOUNT } from '../../src/upstream.js';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import type { MessageStore } from '../../src/messaging/ports.js';
import { openStore } from '../../src/store/index.js';
import { SqliteStore } from '../../src/store/sqlite.js';
import { accountAt, startTestApp, type TestApp } from '../support/app.js';
import { execute, post, type Answer } from '../support/client.js';
import {
  MessageDocument,
  MessagesDocument,
  SendMessageDocument,
  type MessageFilter,
  type MessagesQuery,
} from '../support/generated/graphql.js';
import { INPUT } from '../support/messages.js';

describe('the list of messages', () => {
  let sandbox: Sandbox;
  let app: TestApp;
  /** Newest first. */
  const ids: string[] = [];

  beforeAll(async () => {
    sandbox = await startSandbox(SANDBOX_ACCOUNT);
    app = await startTestApp(accountAt(sandbox));
    for (let index = 0; index < 7; index++) {
      const input = { ...INPUT, tag: index % 2 === 0 ? 'even' : 'odd', to: [`+1234567890${index}`] };
      const { data } = await execute(app.url, SendMessageDocument, { input });
      ids.unshift(data?.sendMessage?.id ?? 'none');
    }
  });
  afterAll(async () => {
    await app.close();
    await sandbox.close();
  });

  const list = async (filter: MessageFilter | null = null, first = 20): Promise<string[]> => {
    const { data, raw } = await execute(app.url, MessagesDocument, { first, filter });
    if (data == null) throw new Error(raw);
    return data.messages.edges.map(({ node }) => node.id);
  };

  type Page = MessagesQuery['messages'];

  async function pageAfter(after: string | null): Promise<Page> {
    const { data } = await execute(app.url, MessagesDocument, { first: 3, after });
    if (data == null) throw new Error('no page');
    return data.messages;
  }

  it('is read page by page, newest first', async () => {
    const seen: string[] = [];
    let after: string | null = null;
    for (const expected of [3, 3, 1]) {
      const page: Page = await pageAfter(after);
      const { edges, pageInfo } = page;
      expect(edges).toHaveLength(expected);
      expect(pageInfo).toEqual({
        hasNextPage: expected === 3,
        hasPreviousPage: after !== null,
        startCursor: edges[0]?.cursor,
        endCursor: edges.at(-1)?.cursor,
      });
      seen.push(...edges.map(({ node }) => node.id));
      after = pageInfo.endCursor ?? null;
    }
    expect(seen).toEqual(ids);
    expect(await list()).toEqual(ids);
  });

  it('is read back from its end, and keeps its order', async () => {
    const seen: string[] = [];
    let before: string | null = null;
    for (const expected of [3, 3, 1]) {
      const { data }: Answer<MessagesQuery> = await execute(app.url, MessagesDocument, { last: 3, before });
      const { edges = [], pageInfo }: Partial<Page> = data?.messages ?? {};
      expect(edges).toHaveLength(expected);
      expect(pageInfo).toMatchObject({ hasPreviousPage: expected === 3, hasNextPage: before !== null });
      seen.unshift(...edges.map(({ node }) => node.id));
      before = pageInfo?.startCursor ?? null;
    }
    expect(seen).toEqual(ids);
  });

  it('says how many messages it has, whatever the page', async () => {
    for (const filter of [{}, { tag: 'odd' }, { tag: 'none' }]) {
      const { data } = await execute(app.url, MessagesDocument, { first: 1, filter });
      const whole = await list(filter);
      expect(data?.messages).toMatchObject({ totalCount: whole.length, isTotalCountExact: true });
    }
  });

  it('is counted and looked behind only where that is selected', async () => {
    const [lists, counts] = [
      jest.spyOn(SqliteStore.prototype, 'listMessages'),
      jest.spyOn(SqliteStore.prototype, 'countMessages'),
    ];
    const after = (await pageAfter(null)).pageInfo.startCursor;
    const calls = async (fields: string): Promise<[lists: number, counts: number]> => {
      lists.mockClear();
      counts.mockClear();
      const query = `query ($after: String) { messages(first: 2, after: $after) { ${fields} } }`;
      const { errors } = await post<unknown>(app.url, JSON.stringify({ query, variables: { after } }));
      expect(errors).toBeUndefined();
      return [lists.mock.calls.length, counts.mock.calls.length];
    };
    expect(await calls('nodes { id } pageInfo { hasNextPage }')).toEqual([1, 0]);
    expect(await calls('nodes { id } pageInfo { hasPreviousPage, again: hasPreviousPage }')).toEqual([2, 0]);
    expect(await calls('totalCount isTotalCountExact again: totalCount')).toEqual([1, 1]);
    jest.restoreAllMocks();
  });

  it.each([
    [6, true],
    [7, false],
    [8, false],
  ])('of seven, read in a page of %i, has more: %s', async (first, hasNextPage) => {
    const { data } = await execute(app.url, MessagesDocument, { first });
    expect(data?.messages.pageInfo).toMatchObject({ hasNextPage });
  });

  it('is empty when nothing fits', async () => {
    const { data } = await execute(app.url, MessagesDocument, { filter: { tag: 'none' } });
    expect(data?.messages).toEqual({
      edges: [],
      pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
      totalCount: 0,
      isTotalCountExact: true,
    });
  });

  it('is filtered by sender, recipient, status, tag and time', async () => {
    expect(await list({ from: INPUT.from })).toHaveLength(7);
    expect(await list({ to: '+12345678903' })).toHaveLength(1);
    expect(await list({ status: 'ACCEPTED', tag: 'odd' })).toHaveLength(3);
    expect(await list({ since: '2100-01-01T00:00:00Z' })).toEqual([]);
    expect(await list({ until: '2100-01-01T00:00:00+02:00', since: '2000-01-01T00:00:00Z' })).toHaveLength(7);
  });

  it('is filtered by direction, states, ids and participant', async () => {
    expect(await list({ direction: 'OUT' })).toEqual(ids);
    expect(await list({ direction: 'IN' })).toEqual([]);
    expect(await list({ statuses: ['FAILED', 'ACCEPTED'] })).toEqual(ids);
    expect(await list({ statuses: ['FAILED', 'RECEIVED'] })).toEqual([]);
    expect(await list({ ids: [ids[3] ?? '', 'none', ids[1] ?? '', ids[1] ?? ''] })).toEqual([ids[1], ids[3]]);
    expect(await list({ participant: INPUT.from })).toEqual(ids);
    expect(await list({ participant: '+12345678903' })).toEqual([ids[3]]);
    expect(await list({ participant: '+12345678999' })).toEqual([]);
  });

  it('holds nothing where conditions exclude each other, or a list is empty', async () => {
    for (const filter of [
      { statuses: [] },
      { ids: [] },
      { direction: 'IN', status: 'ACCEPTED' },
      { status: 'ACCEPTED', statuses: ['FAILED'] },
      { direction: 'OUT', statuses: ['RECEIVED'] },
    ] as MessageFilter[]) {
      const { data } = await execute(app.url, MessagesDocument, { filter });
      expect(data?.messages).toMatchObject({ edges: [], totalCount: 0 });
    }
    expect(await list({ statuses: null, ids: null, direction: null, participant: null })).toEqual(ids);
  });

  it.each(['+12345678901', '24600', '246', '12345678', 'BANK', 'My Shop 24'])(
    'takes %s as a number',
    async (number) => {
      for (const name of ['from', 'to', 'participant']) {
        expect((await execute(app.url, MessagesDocument, { filter: { [name]: number } })).errors).toBeUndefined();
      }
    },
  );

  it.each([
    '',
    '12',
    '12345678901',
    '+1 234 567-8901',
    '+0123',
    '(234) 567-8901',
    'tel:+12345678901',
    '+1',
    "' OR 1=1",
  ])('refuses %j as a number', async (number) => {
    const { errors } = await execute(app.url, MessagesDocument, {
      filter: { from: number, to: number, participant: number },
    });
    expect(errors?.[0]?.extensions.fieldErrors?.map(({ path, code }) => [path, code])).toEqual(
      ['from', 'to', 'participant'].map((name) => [['filter', name], 'INVALID_E164']),
    );
  });

  it('refuses more ids than a page holds, and a state twice', async () => {
    const many = Array.from({ length: 101 }, (_, index) => `m${index}`);
    expect(await list({ ids: many.slice(1) })).toEqual([]);
    for (const [filter, path, code] of [
      [{ ids: many }, ['filter', 'ids'], 'TOO_MANY_IDS'],
      [{ ids: ['a', 'a\0'] }, ['filter', 'ids', '1'], 'INVALID_CHARACTER'],
      [{ statuses: ['FAILED', 'ACCEPTED', 'FAILED'] }, ['filter', 'statuses', '2'], 'DUPLICATE_STATUS'],
    ] as [MessageFilter, unknown[], string][]) {
      const { errors } = await execute(app.url, MessagesDocument, { filter });
      expect(errors?.[0]?.extensions.fieldErrors).toMatchObject([{ path, code }]);
    }
  });

  it('refuses to be read from both ends at once', async () => {
    const { errors } = await execute(app.url, MessagesDocument, { first: 2, last: 2 });
    expect(errors?.[0]?.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      fieldErrors: [{ path: ['last'], code: 'FIRST_AND_LAST' }],
    });
  });

  it.each([
    ['nothing', ''],
    ['garbage', 'zqcanary'],
    ['a cursor of somebody else', Buffer.from('{"id":1}').toString('base64url')],
    ['a cursor that was cut', Buffer.from('1000:').toString('base64url')],
    ['a cursor with padding', `${Buffer.from('1000:abcd').toString('base64')}=`],
    ['a time that is no number', Buffer.from('99999999999999999:a').toString('base64url')],
    ['an injection', Buffer.from("1000:a' OR 1=1").toString('base64url')],
  ])('refuses %s as a cursor', async (_name, after) => {
    const { data, errors } = await execute(app.url, MessagesDocument, { after });
    expect(data ?? null).toBeNull();
    expect(errors?.[0]?.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      fieldErrors: [{ path: ['after'], code: 'INVALID_CURSOR' }],
    });
    expect(JSON.stringify(errors)).not.toContain('zqcanary');
  });

  it.each([0, -1, 101, 2_147_483_647])('refuses a page of %i', async (first) => {
    const { errors } = await execute(app.url, MessagesDocument, { first });
    expect(errors?.[0]?.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      fieldErrors: [{ path: ['first'], code: 'INVALID_PAGE_SIZE', min: 1, max: 100 }],
    });
  });

  it('takes pages of 1 and of 100', async () => {
    expect(await list(null, 1)).toHaveLength(1);
    expect(await list(null, 100)).toHaveLength(7);
  });

  it('refuses a filter with characters that nothing can hold', async () => {
    const { errors } = await execute(app.url, MessagesDocument, { filter: { tag: 'a\0' } });
    expect(errors?.[0]?.extensions.fieldErrors).toMatchObject([{ path: ['filter', 'tag'], code: 'INVALID_CHARACTER' }]);
  });

  it('knows each message by its id, and none by another', async () => {
    for (const id of ids) {
      const { data } = await execute(app.url, MessageDocument, { id });
      expect(data?.message).toMatchObject({
        id,
        ...INPUT,
        to: [expect.stringMatching(/^\+1/)],
        tag: expect.stringMatching(/odd|even/) as string,
      });
    }
    expect((await execute(app.url, MessageDocument, { id: 'nobody' })).data).toEqual({ message: null });
  });

  it('is an entity that other subgraphs resolve by id', async () => {
    const query =
      'query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on Message { id text } } }';
    const representations = [ids[0], 'nobody', ids[1]].map((id) => ({ __typename: 'Message', id }));
    const { data } = await post<unknown>(app.url, JSON.stringify({ query, variables: { representations } }));
    expect(data).toEqual({ _entities: [{ id: ids[0], text: 'Hey' }, null, { id: ids[1], text: 'Hey' }] });
  });
});

describe('the lookups of one request', () => {
  it('are one query, however many ids they ask for', async () => {
    const { createLoaders } = await import('../../src/graphql/loaders.js');
    const store: MessageStore = await openStore({ databaseUrl: null, file: ':memory:' });
    const queries: (readonly string[])[] = [];
    const loaders = createLoaders({
      optOuts: (pairs) => Promise.resolve(pairs.map(() => false)),
      messages: (ids) => {
        queries.push(ids);
        return store.messagesById(ids, EVERYBODY);
      },
      sends: (ids) => store.sendsById('sendId', ids, EVERYBODY),
      sendsOfMessages: (ids) => store.sendsById('messageId', ids, EVERYBODY),
      conversations: (ids) => store.conversationsById(ids, EVERYBODY),
    });
    const found = await Promise.all(['a', 'b', 'a', 'c'].map((id) => loaders.messages.load(id)));
    expect(found).toEqual([null, null, null, null]);
    expect(queries).toEqual([['a', 'b', 'c']]);
    await store.close();
  });
});
