/**
 * What operators do by GraphQL about sends with an unknown outcome, over HTTP and with API keys: who may settle
 * one, what its idempotency key does from then on, and what stays in the audit.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import Database from 'better-sqlite3';
import { print } from 'graphql';
import { startTestApp, upstreamAt, type TestApp } from '../support/app.js';
import { post, type Answer, type GraphQLError } from '../support/client.js';
import { idOf, startLosingUpstream, type LosingUpstream } from '../support/losing-upstream.js';
import {
  MessageDocument,
  SendMessageDocument,
  SettleSendDocument,
  UnresolvedSendsDocument,
  type SettleSendMutation,
  type SettleSendMutationVariables,
  type UnresolvedSendsQuery,
} from '../support/generated/graphql.js';
import { INPUT } from '../support/messages.js';
import { makeFolder, removeFolder } from '../support/folder.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const SCOPES = {
  shop: 'messages:send+messages:read',
  crm: 'messages:send+messages:read-all+operations:read',
  ops: 'operations:read+operations:write',
  second: 'operations:write',
};
type Name = keyof typeof SCOPES;
const NAMES = Object.keys(SCOPES) as Name[];
const API_KEYS = NAMES.map((name) => `${name}:${sha256(`key-of-${name}`)}:${SCOPES[name]}`).join(',');

describe('settling a send', () => {
  let upstream: LosingUpstream;
  let folder: string;
  let file: string;
  let app: TestApp;
  let texts = 0;

  beforeAll(async () => {
    upstream = await startLosingUpstream();
    folder = makeFolder();
    file = join(folder, 'messages.sqlite');
    const environment = { ...upstreamAt(upstream.url), AUTH: undefined, API_KEYS };
    app = await startTestApp(environment, { storeFile: file });
  });
  afterAll(async () => {
    await app.close();
    await upstream.close();
    removeFolder(folder);
  });

  const as = <Data, Variables>(
    name: Name | null,
    operation: TypedDocumentNode<Data, Variables>,
    variables: Variables,
  ): Promise<Answer<Data>> =>
    post<Data>(app.url, JSON.stringify({ query: print(operation), variables }), {
      'content-type': 'application/json',
      ...(name !== null && { authorization: `Bearer key-of-${name}` }),
    });

  type Settled = SettleSendMutation['settleSend'];
  const settle = (
    variables: SettleSendMutationVariables,
    name: Name | null = 'ops',
  ): Promise<Answer<SettleSendMutation>> => as(name, SettleSendDocument, variables);

  async function settled(variables: SettleSendMutationVariables, name: Name = 'ops'): Promise<Settled> {
    const { data, raw } = await settle(variables, name);
    if (data == null) throw new Error(raw);
    return data.settleSend;
  }

  const codeOf = (errors: readonly GraphQLError[] | undefined): string | undefined => errors?.[0]?.extensions.code;

  /** The id of the key's message, or the code of the failure. */
  async function send(text: string): Promise<string | undefined> {
    const { data, errors } = await as('shop', SendMessageDocument, {
      input: { ...INPUT, text, idempotencyKey: `key-${text}` },
    });
    return data?.sendMessage?.id ?? codeOf(errors);
  }

  type Page = UnresolvedSendsQuery['unresolvedSends'];
  async function pageOf(variables: { first?: number; after?: string | null } = {}): Promise<Page> {
    const { data, raw } = await as('ops', UnresolvedSendsDocument, variables);
    if (data == null) throw new Error(raw);
    return data.unresolvedSends;
  }

  /** Makes a send with an unknown outcome. */
  async function lose(): Promise<{ text: string; sendId: string }> {
    const text = `text${++texts}`;
    upstream.answer = 'never';
    expect(await send(text)).toBe('OUTCOME_UNKNOWN');
    upstream.answer = 'at once';
    const lost = (await pageOf({ first: 100 })).nodes.find(
      ({ idempotencyKeyHash }) => idempotencyKeyHash === sha256(`key-${text}`),
    );
    return { text, sendId: lost?.id ?? 'none' };
  }

  function auditOf(sendId: string): unknown[] {
    const database = new Database(file, { readonly: true });
    try {
      return database
        .prepare('SELECT caller, outcome, settled_by, reason FROM audit WHERE send_id = ? ORDER BY rowid')
        .all(sendId);
    } finally {
      database.close();
    }
  }

  it('first shows what is known about the send', async () => {
    const text = `text${++texts}`;
    upstream.answer = 'never';
    const input = { ...INPUT, text, tag: 'red', idempotencyKey: `key-${text}` };
    const { errors } = await as('shop', SendMessageDocument, { input });
    upstream.answer = 'at once';
    const { nodes } = await pageOf({ first: 100 });
    expect(nodes.at(-1)).toMatchObject({
      status: 'UNKNOWN',
      caller: 'shop',
      idempotencyKeyHash: sha256(`key-${text}`),
      requestId: errors?.[0]?.extensions.requestId,
      lastSeen: expect.stringMatching(/^[\w, ]+$/) as string,
      settledBy: null,
      from: INPUT.from,
      to: INPUT.to,
      tag: 'red',
    });
  });

  it.each<[string, Name | null, string]>([
    ['a caller that sends', 'shop', 'FORBIDDEN'],
    ['one that may only look', 'crm', 'FORBIDDEN'],
    ['anybody without a key', null, 'UNAUTHENTICATED'],
  ])('is not for %s, and then changes nothing', async (_name, name, code) => {
    const { text, sendId } = await lose();
    const { errors, data } = await settle({ sendId, as: 'NOT_SENT' }, name);
    expect([codeOf(errors), data ?? null]).toEqual([code, null]);
    expect(await send(text)).toBe('OUTCOME_UNKNOWN');
    expect(upstream.accepted.get(text)).toBe(1);
    expect(auditOf(sendId)).toHaveLength(1);
  });

  it('as not sent lets its key send again, once, however many ask for it', async () => {
    const { text, sendId } = await lose();
    const after = await settled({ sendId, as: 'NOT_SENT', reason: 'asked the carrier' });
    expect(after).toMatchObject({ id: sendId, status: 'REJECTED', settledBy: 'caller:ops', message: null });
    const ids = await Promise.all(Array.from({ length: 10 }, () => send(text)));
    expect(new Set(ids)).toEqual(new Set([idOf(text, 2)]));
    expect(await send(text)).toBe(idOf(text, 2));
    expect(upstream.accepted.get(text)).toBe(2);
  });

  it('as sent with its id answers later calls with its key by that message, and sends nothing', async () => {
    const { text, sendId } = await lose();
    const id = idOf(text, 1);
    const after = await settled({ sendId, as: 'SENT', messageId: id, reason: 'seen in the dashboard' });
    expect(after).toMatchObject({
      id: sendId,
      status: 'ACCEPTED',
      settledBy: 'caller:ops',
      message: {
        id,
        text,
        from: INPUT.from,
        to: INPUT.to,
        direction: 'OUT',
        status: 'ACCEPTED',
        time: after.startedAt,
      },
    });
    expect(await send(text)).toBe(id);
    expect((await as('shop', MessageDocument, { id })).data?.message).toMatchObject({ id, text });
    expect((await as('crm', MessageDocument, { id })).data?.message).toMatchObject({ id, text });
    expect(upstream.accepted.get(text)).toBe(1);
  });

  it('as sent without an id leaves its key where it is: nothing is ever sent again', async () => {
    const { text, sendId } = await lose();
    const after = await settled({ sendId, as: 'SENT', messageId: null, reason: null });
    expect(after).toMatchObject({ status: 'ACCEPTED', settledBy: 'caller:ops', message: null });
    for (let call = 0; call < 3; call++) expect(await send(text)).toBe('OUTCOME_UNKNOWN');
    expect(upstream.accepted.get(text)).toBe(1);
    expect((await pageOf({ first: 100 })).nodes.map(({ id }) => id)).not.toContain(sendId);
  });

  it('is in the audit and in the log, with who and why, and nothing that is private', async () => {
    const { text, sendId } = await lose();
    const { data } = await settle({ sendId, as: 'NOT_SENT', reason: 'asked the carrier' });
    expect(data?.settleSend.idempotencyKeyHash).toBe(sha256(`key-${text}`));
    expect(auditOf(sendId)).toEqual([
      { caller: 'shop', outcome: 'UNKNOWN', settled_by: null, reason: null },
      { caller: 'shop', outcome: 'REJECTED', settled_by: 'caller:ops', reason: 'asked the carrier' },
    ]);
    const lines = app.log.filter(({ msg, sendId: of }) => msg === 'a send was settled' && of === sendId);
    expect(lines).toMatchObject([{ as: 'NOT_SENT', by: 'caller:ops', requestId: expect.any(String) as string }]);
    expect(JSON.stringify(lines)).not.toMatch(/\+1234|text|key-|carrier/);
  });

  describe('that was settled', () => {
    it.each<[string, Pick<SettleSendMutationVariables, 'as' | 'messageId'>]>([
      ['as not sent', { as: 'NOT_SENT' }],
      ['as sent without an id', { as: 'SENT' }],
      ['as sent with an id', { as: 'SENT', messageId: 'found-by-hand' }],
    ])('%s, the same way again changes nothing', async (_name, how) => {
      const { sendId } = await lose();
      const first = await settled({ sendId, ...how, reason: 'first' });
      const audit = auditOf(sendId);
      expect(await settled({ sendId, ...how, reason: 'again' })).toEqual(first);
      expect(await settled({ sendId, ...how }, 'second')).toEqual(first);
      expect(auditOf(sendId)).toEqual(audit);
    });

    it('is logged once, with who did it', async () => {
      const { sendId } = await lose();
      await settled({ sendId, as: 'NOT_SENT' });
      await settled({ sendId, as: 'NOT_SENT' }, 'second');
      const lines = app.log.filter(({ msg, sendId: of }) => msg === 'a send was settled' && of === sendId);
      expect(lines.map(({ by }) => by)).toEqual(['caller:ops']);
    });

    it('is not settled in another way', async () => {
      const { text, sendId } = await lose();
      await settled({ sendId, as: 'SENT' });
      for (const how of [{ as: 'NOT_SENT' }, { as: 'SENT', messageId: 'another-id' }] as const) {
        const { errors } = await settle({ sendId, ...how });
        expect(errors?.[0]?.extensions).toMatchObject({
          code: 'BAD_USER_INPUT',
          fieldErrors: [{ path: ['sendId'], code: 'NOT_UNRESOLVED' }],
        });
      }
      expect(await send(text)).toBe('OUTCOME_UNKNOWN');
      expect(auditOf(sendId)).toHaveLength(2);
    });

    it('as not sent does not touch what its key has sent since', async () => {
      const { text, sendId } = await lose();
      await settled({ sendId, as: 'NOT_SENT' });
      expect(await send(text)).toBe(idOf(text, 2));
      await settled({ sendId, as: 'NOT_SENT' });
      expect(await send(text)).toBe(idOf(text, 2));
      expect(upstream.accepted.get(text)).toBe(2);
    });
  });

  it('is not possible once the send is known to have gone out', async () => {
    const text = `text${++texts}`;
    await send(text);
    const database = new Database(file, { readonly: true });
    const row = database.prepare('SELECT send_id FROM sends WHERE body = ?').get(text) as { send_id: string };
    database.close();
    const { errors } = await settle({ sendId: row.send_id, as: 'NOT_SENT' });
    expect(errors?.[0]?.extensions.fieldErrors).toMatchObject([{ path: ['sendId'], code: 'NOT_UNRESOLVED' }]);
    expect(await send(text)).toBe(idOf(text, 1));
  });

  describe('with wrong arguments is refused, and changes nothing:', () => {
    let lost: { text: string; sendId: string };
    let taken: string;
    beforeAll(async () => {
      lost = await lose();
      const text = `text${++texts}`;
      taken = (await send(text)) ?? 'none';
    });
    afterEach(async () => {
      expect(await send(lost.text)).toBe('OUTCOME_UNKNOWN');
      expect(auditOf(lost.sendId)).toHaveLength(1);
    });

    it.each<[string, Partial<SettleSendMutationVariables>, string, string]>([
      ['a send that nobody knows', { sendId: 'nobody' }, 'sendId', 'UNKNOWN_SEND'],
      ['an empty send', { sendId: '' }, 'sendId', 'UNKNOWN_SEND'],
      ['a send that is SQL', { sendId: "'; DROP TABLE sends; --" }, 'sendId', 'UNKNOWN_SEND'],
      ['a send with U+0000', { sendId: 'a\0b' }, 'sendId', 'UNKNOWN_SEND'],
      ['an empty id', { messageId: '' }, 'messageId', 'INVALID_MESSAGE_ID'],
      ['an id of 256 characters', { messageId: 'x'.repeat(256) }, 'messageId', 'INVALID_MESSAGE_ID'],
      ['an id of two words', { messageId: 'two words' }, 'messageId', 'INVALID_MESSAGE_ID'],
      ['an id beyond ASCII', { messageId: 'ünïcode' }, 'messageId', 'INVALID_MESSAGE_ID'],
      ['an id with U+0000', { messageId: 'a\0b' }, 'messageId', 'INVALID_MESSAGE_ID'],
      ['an id with its line break', { messageId: 'id\n' }, 'messageId', 'INVALID_MESSAGE_ID'],
      ['an id of none', { as: 'NOT_SENT', messageId: 'id' }, 'messageId', 'MESSAGE_ID_WITHOUT_MESSAGE'],
      ['an empty id of none', { as: 'NOT_SENT', messageId: '' }, 'messageId', 'MESSAGE_ID_WITHOUT_MESSAGE'],
      ['a reason of 1001 characters', { reason: 'x'.repeat(1_001) }, 'reason', 'REASON_TOO_LONG'],
      ['a reason with U+0000', { reason: 'a\0b' }, 'reason', 'INVALID_CHARACTER'],
    ])('%s', async (_name, wrong, path, code) => {
      const { status, errors, data } = await settle({ sendId: lost.sendId, as: 'SENT', ...wrong });
      expect([status, data ?? null]).toEqual([200, null]);
      expect(errors?.[0]).toMatchObject({
        path: ['settleSend'],
        extensions: { code: 'BAD_USER_INPUT', retryable: false, fieldErrors: [{ path: [path], code }] },
      });
    });

    it('an id that another send has', async () => {
      const { errors } = await settle({ sendId: lost.sendId, as: 'SENT', messageId: taken });
      expect(errors?.[0]?.extensions).toMatchObject({
        code: 'BAD_USER_INPUT',
        fieldErrors: [{ path: ['messageId'], code: 'MESSAGE_ID_TAKEN' }],
      });
    });

    it.each<[string, object]>([
      ['no outcome', {}],
      ['an outcome that is none', { as: 'PERHAPS' }],
      ['an outcome that is null', { as: null }],
      ['a reason that is no text', { as: 'SENT', reason: 7 }],
    ])('%s', async (_name, wrong) => {
      const { status, errors } = await settle({ sendId: lost.sendId, ...wrong } as SettleSendMutationVariables);
      expect([status, codeOf(errors)]).toEqual([400, 'BAD_USER_INPUT']);
    });

    it('a reason that is not Unicode', async () => {
      const { errors } = await settle({ sendId: lost.sendId, as: 'SENT', reason: 'a\ud800b' });
      expect(['BAD_REQUEST', 'BAD_USER_INPUT']).toContain(codeOf(errors));
    });
  });

  it('takes a reason of 1000 characters as it is', async () => {
    const { sendId } = await lose();
    const reason = `😀 "'\\ line\nline ${'x'.repeat(1_000)}`.slice(0, 1_000);
    await settled({ sendId, as: 'SENT', reason });
    expect(auditOf(sendId).at(-1)).toMatchObject({ reason });
  });
});

describe('the list of unresolved sends', () => {
  let upstream: LosingUpstream;
  let app: TestApp;
  /** Oldest first. */
  const tags = ['a', 'b', 'c', 'd', 'e'];

  beforeEach(async () => {
    upstream = await startLosingUpstream();
    upstream.answer = 'never';
    app = await startTestApp(upstreamAt(upstream.url));
    for (const tag of tags) await ask(SendMessageDocument, { input: { ...INPUT, tag } });
  });
  afterEach(async () => {
    await app.close();
    await upstream.close();
  });

  const ask = <Data, Variables>(
    operation: TypedDocumentNode<Data, Variables>,
    variables: Variables,
  ): Promise<Answer<Data>> => post<Data>(app.url, JSON.stringify({ query: print(operation), variables }));

  type Page = UnresolvedSendsQuery['unresolvedSends'];
  async function pageAfter(after: string | null, first = 2): Promise<Page> {
    const { data, raw } = await ask(UnresolvedSendsDocument, { first, after });
    if (data == null) throw new Error(raw);
    return data.unresolvedSends;
  }

  it('is read page by page, oldest first, although sends leave it meanwhile', async () => {
    const seen: (string | null)[] = [];
    let after: string | null = null;
    for (const hasNextPage of [true, true, false]) {
      const { nodes, pageInfo }: Page = await pageAfter(after);
      expect(pageInfo).toEqual({ hasNextPage, endCursor: expect.any(String) as string });
      seen.push(...nodes.map(({ tag }) => tag));
      for (const { id } of nodes) await ask(SettleSendDocument, { sendId: id, as: 'SENT' });
      after = pageInfo.endCursor;
    }
    expect(seen).toEqual(tags);
    expect(await pageAfter(after)).toEqual({ nodes: [], pageInfo: { hasNextPage: false, endCursor: null } });
    expect((await pageAfter(null)).nodes).toEqual([]);
  });

  it('has no next page where the last one is full', async () => {
    expect((await pageAfter(null, 5)).pageInfo.hasNextPage).toBe(false);
    expect((await pageAfter(null, 4)).pageInfo.hasNextPage).toBe(true);
    expect((await ask(UnresolvedSendsDocument, {})).data?.unresolvedSends.nodes).toHaveLength(5);
  });

  it('knows what precedes a page, though the send of its cursor was settled meanwhile', async () => {
    const precedes = async (after: string | null): Promise<boolean | undefined> => {
      const query =
        'query ($after: String) { unresolvedSends(first: 2, after: $after) { pageInfo { hasPreviousPage } } }';
      interface Pages {
        unresolvedSends: { pageInfo: { hasPreviousPage: boolean } };
      }
      const { data } = await post<Pages>(app.url, JSON.stringify({ query, variables: { after } }));
      return data?.unresolvedSends.pageInfo.hasPreviousPage;
    };
    const end = (await pageAfter(null, 1)).pageInfo.endCursor ?? null;
    expect([await precedes(null), await precedes(end)]).toEqual([false, true]);
    await ask(SettleSendDocument, { sendId: (await pageAfter(null, 1)).nodes[0]?.id ?? '', as: 'NOT_SENT' });
    expect(await precedes(end)).toBe(false);
  });

  it('has a cursor for each send, and the sends without them as well', async () => {
    const query = '{ unresolvedSends(first: 3) { edges { cursor node { id tag } } nodes { id tag } } }';
    interface Edges {
      unresolvedSends: { edges: { cursor: string; node: object }[]; nodes: object[] };
    }
    const { data } = await post<Edges>(app.url, JSON.stringify({ query }));
    const { edges = [], nodes = [] } = data?.unresolvedSends ?? {};
    expect(edges.map(({ node }) => node)).toEqual(nodes);
    expect(new Set(edges.map(({ cursor }) => cursor)).size).toBe(3);
    const [first] = edges;
    expect((await pageAfter(first?.cursor ?? null)).nodes.map(({ tag }) => tag)).toEqual(['b', 'c']);
  });

  it.each([
    [{ first: 0 }, 'first', 'INVALID_PAGE_SIZE'],
    [{ first: 101 }, 'first', 'INVALID_PAGE_SIZE'],
    [{ after: 'nowhere' }, 'after', 'INVALID_CURSOR'],
    [{ after: '' }, 'after', 'INVALID_CURSOR'],
  ])('is not read with %j', async (variables, name, code) => {
    const { errors } = await ask(UnresolvedSendsDocument, variables);
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', fieldErrors: [{ path: [name], code }] });
  });
});
