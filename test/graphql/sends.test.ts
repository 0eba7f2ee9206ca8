/**
 * What became of a send, over HTTP and WebSocket: to whom it is shown, in every state, by its id, its key, its message, in
 * the list and as a subscription.
 */
import { createHash } from 'node:crypto';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';
import { startTestApp, upstreamAt, type TestApp } from '../support/app.js';
import { CALLBACKS, report } from '../support/callback.js';
import { post, type Answer } from '../support/client.js';
import {
  MessageHistoryDocument,
  SendDocument,
  SendsDocument,
  SendUpdatedDocument,
  SettleSendDocument,
  SubmitMessageDocument,
  type SendQuery,
  type SendsQuery,
  type SendsQueryVariables,
  type SendUpdatedSubscription,
} from '../support/generated/graphql.js';
import { idOf, startLosingUpstream, type LosingUpstream } from '../support/losing-upstream.js';
import { INPUT } from '../support/messages.js';
import { firstAnswer, openSubscriber } from '../support/subscriber.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const SCOPES = {
  shop: 'messages:send+messages:read',
  rival: 'messages:send+messages:read',
  crm: 'messages:send+messages:read-all',
  ops: 'operations:read+operations:write',
  sender: 'messages:send',
};
type Name = keyof typeof SCOPES;
const API_KEYS = Object.entries(SCOPES)
  .map(([name, scopes]) => `${name}:${sha256(`key-of-${name}`)}:${scopes}`)
  .join(',');
const bearer = (name: Name): { authorization: string } => ({ authorization: `Bearer key-of-${name}` });

type Send = NonNullable<SendQuery['send']>;

describe('a send', () => {
  let upstream: LosingUpstream;
  let app: TestApp;
  let texts = 0;

  beforeAll(async () => {
    upstream = await startLosingUpstream();
    app = await startTestApp({ ...upstreamAt(upstream.url), ...CALLBACKS, AUTH: undefined, API_KEYS });
  });
  afterAll(async () => {
    await app.close();
    await upstream.close();
  });
  beforeEach(() => {
    upstream.answer = 'at once';
  });

  const as = <Data, Variables>(
    name: Name,
    operation: TypedDocumentNode<Data, Variables>,
    variables: Variables,
  ): Promise<Answer<Data>> =>
    post<Data>(app.url, JSON.stringify({ query: print(operation), variables }), {
      'content-type': 'application/json',
      ...bearer(name),
    });

  const newText = (): string => `text${++texts}`;
  /** Its key is its text. */
  const submit = (text: string, name: Name = 'shop', fields: object = {}) =>
    as(name, SubmitMessageDocument, { input: { ...INPUT, text, idempotencyKey: text, ...fields } });
  async function look(key: string, name: Name = 'shop'): Promise<Send | null> {
    const { data, errors, raw } = await as(name, SendDocument, { idempotencyKey: key });
    if (data == null || errors !== undefined) throw new Error(raw);
    return data.send ?? null;
  }
  async function found(key: string, name?: Name): Promise<Send> {
    const send = await look(key, name);
    if (send === null) throw new Error('no send');
    return send;
  }

  /** Submits while upstream keeps its answer back; gives what lets it go, and the answer that then comes. */
  async function hold(text: string) {
    upstream.answer = 'when told';
    const answer = submit(text);
    const release = await upstream.keptBack();
    return { release, answer };
  }

  describe('is', () => {
    it('null before anything was heard of its key', async () => {
      expect(await look(newText())).toBeNull();
    });

    it('PENDING while upstream has not answered, and then ACCEPTED with its message', async () => {
      const text = newText();
      const { release, answer } = await hold(text);
      const pending = await found(text);
      expect(pending).toMatchObject({
        status: 'PENDING',
        caller: 'shop',
        idempotencyKey: text,
        idempotencyKeyHash: sha256(text),
        isKeyHeld: true,
        lastSeen: null,
        attempts: null,
        settledBy: null,
        from: INPUT.from,
        to: INPUT.to,
        message: null,
        problem: null,
      });
      expect(pending.updatedAt).toBe(pending.startedAt);
      release();
      await answer;
      const accepted = await found(text);
      expect(accepted).toMatchObject({
        ...pending,
        status: 'ACCEPTED',
        updatedAt: expect.any(String) as string,
        lastSeen: 'HTTP 202',
        attempts: 1,
        message: { id: idOf(text, 1), status: 'ACCEPTED' },
      });
      expect(Date.parse(accepted.updatedAt)).toBeGreaterThanOrEqual(Date.parse(pending.updatedAt));
      expect(upstream.accepted.get(text)).toBe(1);
    });

    it('REJECTED with the mistakes that upstream found, as submitMessage answered', async () => {
      const text = newText();
      upstream.answer = 'no: the recipient';
      const { data } = await submit(text);
      const { idempotencyKey, message, problem, status, lastSeen, attempts } = await found(text);
      expect({ idempotencyKey, message, status, lastSeen, attempts }).toEqual({
        idempotencyKey: null,
        message: null,
        status: 'REJECTED',
        lastSeen: 'HTTP 400',
        attempts: 1,
      });
      expect(problem).toMatchObject({
        __typename: 'InvalidMessageProblem',
        code: 'BAD_USER_INPUT',
        outcome: 'NOT_SENT',
        retryable: false,
        fieldErrors: [{ path: ['input', 'to'] }],
      });
      expect(data?.submitMessage).toMatchObject({
        code: problem?.code,
        message: problem?.message,
        outcome: problem?.outcome,
        fieldErrors: (problem as { fieldErrors: object[] }).fieldErrors,
      });
    });

    it('found by its key as the last that was not sent, until one is', async () => {
      const text = newText();
      upstream.answer = 'no: the recipient';
      await submit(text);
      const first = await found(text);
      await submit(text);
      const second = await found(text);
      expect([first.status, second.status]).toEqual(['REJECTED', 'REJECTED']);
      expect(second.id).not.toBe(first.id);
      upstream.answer = 'at once';
      await submit(text);
      expect(await found(text)).toMatchObject({ status: 'ACCEPTED', idempotencyKey: text, problem: null });
      expect(upstream.accepted.get(text)).toBe(1);
    });

    it('UNKNOWN with its problem where the answer was lost, and ACCEPTED without it once somebody settles it', async () => {
      const text = newText();
      upstream.answer = 'never';
      const { data } = await submit(text);
      const send = await found(text);
      expect(send).toMatchObject({
        status: 'UNKNOWN',
        idempotencyKey: text,
        isKeyHeld: true,
        message: null,
        problem: { __typename: 'OutcomeUnknownProblem', code: 'OUTCOME_UNKNOWN', outcome: 'UNKNOWN', retryable: false },
      });
      expect(send.problem?.requestId).toBe(send.requestId);
      expect(data?.submitMessage).toMatchObject({ code: 'OUTCOME_UNKNOWN', message: send.problem?.message });
      await as('ops', SettleSendDocument, { sendId: send.id, as: 'SENT', messageId: idOf(text, 1) });
      expect(await found(text)).toMatchObject({
        status: 'ACCEPTED',
        settledBy: 'caller:ops',
        message: { id: idOf(text, 1), status: 'ACCEPTED' },
        problem: null,
      });
    });

    it('REJECTED without a problem once somebody found out that nothing went out', async () => {
      const text = newText();
      upstream.answer = 'never';
      await submit(text);
      await as('ops', SettleSendDocument, { sendId: (await found(text)).id, as: 'NOT_SENT' });
      expect(await found(text)).toMatchObject({
        status: 'REJECTED',
        idempotencyKey: null,
        isKeyHeld: false,
        problem: null,
        message: null,
      });
    });

    it('none where a rule refused the message', async () => {
      const text = newText();
      const { data } = await submit(text, 'shop', { to: ['12'] });
      expect(data?.submitMessage).toMatchObject({ code: 'BAD_USER_INPUT', outcome: 'NOT_SENT' });
      expect(await look(text)).toBeNull();
    });
  });

  describe('is shown', () => {
    let text: string;
    let send: Send;
    beforeAll(async () => {
      text = newText();
      upstream.answer = 'at once';
      await submit(text);
      send = await found(text);
    });
    const byId = (name: Name): Promise<Answer<SendQuery>> => as(name, SendDocument, { id: send.id });

    it('by its id as by its key, and by its message', async () => {
      expect((await byId('shop')).data?.send).toEqual(send);
      const { data } = await as('shop', MessageHistoryDocument, { id: idOf(text, 1) });
      expect(data?.message?.send).toEqual(send);
    });

    it('to nobody else who may read only their own: not by its id, its key or its message', async () => {
      expect((await byId('rival')).data).toEqual({ send: null });
      expect(await look(text, 'rival')).toBeNull();
      expect((await as('rival', MessageHistoryDocument, { id: idOf(text, 1) })).data).toEqual({ message: null });
    });

    it('to those who may read all, by its id, without its key; their key finds their own', async () => {
      expect((await byId('crm')).data?.send).toEqual({ ...send, idempotencyKey: null });
      expect(await look(text, 'crm')).toBeNull();
      await submit(text, 'crm');
      const theirs = await found(text, 'crm');
      expect(theirs).toMatchObject({ caller: 'crm', idempotencyKey: text });
      expect(theirs.id).not.toBe(send.id);
      expect((await found(text)).id).toBe(send.id);
    });

    it.each<Name>(['ops', 'sender'])('not to %s, who may not read messages', async (name) => {
      for (const variables of [{ id: send.id }, { idempotencyKey: text }]) {
        const { data, errors } = await as(name, SendDocument, variables);
        expect([data, errors?.[0]?.extensions.code]).toEqual([{ send: null }, 'FORBIDDEN']);
      }
      expect((await as(name, SendsDocument, {})).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
      const told = await firstAnswer(
        app.url,
        { query: print(SendUpdatedDocument), variables: { id: send.id } },
        { connectionParams: bearer(name) },
      );
      expect(JSON.stringify(told)).toContain('FORBIDDEN');
    });

    it.each([
      ['neither', {}],
      ['null for both', { id: null, idempotencyKey: null }],
      ['both', { id: 'a', idempotencyKey: 'b' }],
    ])('only if one of id and key is given, and not %s', async (_name, variables) => {
      const { data, errors } = await as('shop', SendDocument, variables);
      expect(data).toEqual({ send: null });
      expect(errors?.[0]).toMatchObject({
        path: ['send'],
        extensions: { code: 'BAD_USER_INPUT', fieldErrors: [{ path: ['id'], code: 'ONE_OF_ID_AND_KEY' }] },
      });
    });

    it.each(['', 'nobody', "' OR 1=1; --", 'a\0b', 'ключ', 'x'.repeat(10_000)])(
      'as null for a name that nobody has: %j',
      async (name) => {
        for (const variables of [{ id: name }, { idempotencyKey: name }]) {
          expect(await as('shop', SendDocument, variables)).toMatchObject({ status: 200, data: { send: null } });
        }
      },
    );
  });

  describe('in the list', () => {
    /** Newest first. */
    const listed: string[] = [];
    beforeAll(async () => {
      for (const answer of ['at once', 'no: too many', 'never', 'at once', 'never', 'at once', 'at once'] as const) {
        upstream.answer = answer;
        const text = newText();
        await submit(text, 'rival');
        listed.unshift((await found(text, 'rival')).id);
      }
    }, 60_000);

    async function pageOf(variables: SendsQueryVariables, name: Name = 'rival'): Promise<SendsQuery['sends']> {
      const { data, raw } = await as(name, SendsDocument, variables);
      if (data == null) throw new Error(raw);
      return data.sends;
    }
    const idsOf = ({ nodes }: SendsQuery['sends']): string[] => nodes.map(({ id }) => id);

    it('is read page by page from either end, and each page keeps the order', async () => {
      const [forth, back]: [string[], string[]] = [[], []];
      let cursor: string | null | undefined;
      for (const [round, expected] of [3, 3, 1].entries()) {
        const { pageInfo, ...page } = await pageOf({ first: 3, after: cursor ?? null });
        expect([page.nodes.length, pageInfo.hasNextPage, pageInfo.hasPreviousPage]).toEqual([
          expected,
          round < 2,
          round > 0,
        ]);
        forth.push(...page.nodes.map(({ id }) => id));
        cursor = pageInfo.endCursor;
      }
      cursor = null;
      for (const [round, expected] of [3, 3, 1].entries()) {
        const { pageInfo, ...page } = await pageOf({ last: 3, before: cursor ?? null });
        expect([page.nodes.length, pageInfo.hasPreviousPage, pageInfo.hasNextPage]).toEqual([
          expected,
          round < 2,
          round > 0,
        ]);
        back.unshift(...page.nodes.map(({ id }) => id));
        cursor = pageInfo.startCursor;
      }
      expect([forth, back]).toEqual([listed, listed]);
    });

    it.each([
      ['ACCEPTED', [0, 1, 3, 6]],
      ['UNKNOWN', [2, 4]],
      ['REJECTED', [5]],
      ['PENDING', []],
    ] as const)('is among those that are %s', async (status, places) => {
      expect(idsOf(await pageOf({ filter: { status } }))).toEqual(places.map((place) => listed[place]));
    });

    it('is PENDING while it is under way', async () => {
      const text = newText();
      const { release, answer } = await hold(text);
      const { id } = await found(text);
      expect(idsOf(await pageOf({ filter: { status: 'PENDING' } }, 'shop'))).toEqual([id]);
      release();
      await answer;
      expect(idsOf(await pageOf({ filter: { status: 'PENDING' } }, 'shop'))).toEqual([]);
    });

    it('is the caller’s own, or everybody’s for those who may read all', async () => {
      const all = await pageOf({ first: 100 }, 'crm');
      expect(new Set(all.nodes.map(({ caller }) => caller))).toEqual(new Set(['shop', 'rival', 'crm']));
      const own = await pageOf({ first: 100 }, 'shop');
      expect(new Set(own.nodes.map(({ caller }) => caller))).toEqual(new Set(['shop']));
    });

    it('is that of one caller, for those who may see it', async () => {
      const callersIn = async (who: Name, caller: string): Promise<Set<string>> =>
        new Set((await pageOf({ first: 100, filter: { caller } }, who)).nodes.map((node) => node.caller));
      expect(await callersIn('crm', 'shop')).toEqual(new Set(['shop']));
      expect(await callersIn('shop', 'shop')).toEqual(new Set(['shop']));
      for (const caller of ['rival', 'nobody', 'sh\0op', ''])
        expect(await callersIn('shop', caller)).toEqual(new Set());
      expect(await callersIn('crm', 'sh\0op')).toEqual(new Set());
    });

    it.each([
      [{ first: 0 }, 'first', 'INVALID_PAGE_SIZE'],
      [{ last: 101 }, 'last', 'INVALID_PAGE_SIZE'],
      [{ after: 'x' }, 'after', 'INVALID_CURSOR'],
      [{ before: 'x' }, 'before', 'INVALID_CURSOR'],
      [{ first: 1, last: 1 }, 'last', 'FIRST_AND_LAST'],
    ])('is refused a page of %j', async (variables, path, code) => {
      const { errors } = await as('rival', SendsDocument, variables);
      expect(errors?.[0]?.extensions.fieldErrors).toMatchObject([{ path: [path], code }]);
    });
  });

  describe('that is followed', () => {
    /** Follows a send to its end; `then` is called with each state. */
    async function follow(id: string, then: (send: Send, states: number) => unknown, name: Name = 'shop') {
      const subscriber = openSubscriber(app.url, { connectionParams: bearer(name) });
      const states: Send[] = [];
      const updates = subscriber.iterate<SendUpdatedSubscription>({
        query: print(SendUpdatedDocument),
        variables: { id },
      });
      for await (const { data } of updates) {
        const send = data?.sendUpdated;
        if (send == null) throw new Error('no send');
        states.push(send);
        await then(send, states.length);
      }
      await subscriber.dispose();
      return states.map(({ status, message }) => [status, message?.status ?? null]);
    }

    it('is told as PENDING, ACCEPTED and DELIVERED, and is then at its end', async () => {
      const text = newText();
      const { release, answer } = await hold(text);
      const told = await follow((await found(text)).id, async (_send, states) => {
        if (states === 1) release();
        if (states === 2) await answer.then(() => report(app.url, idOf(text, 1)));
      });
      expect(told).toEqual([
        ['PENDING', null],
        ['ACCEPTED', 'ACCEPTED'],
        ['ACCEPTED', 'DELIVERED'],
      ]);
    });

    it('is told as PENDING and as REJECTED with its mistakes, and is then at its end', async () => {
      const text = newText();
      const { release, answer } = await hold(text);
      const problems: unknown[] = [];
      const told = await follow((await found(text)).id, ({ problem }, states) => {
        problems.push(problem);
        if (states === 1) release('no: the recipient');
      });
      await answer;
      expect(told).toEqual([
        ['PENDING', null],
        ['REJECTED', null],
      ]);
      expect(problems).toMatchObject([null, { code: 'BAD_USER_INPUT', fieldErrors: [{ path: ['input', 'to'] }] }]);
    });

    it('is told at once, and is at its end, where nothing more can come', async () => {
      const text = newText();
      upstream.answer = 'no: the recipient';
      await submit(text);
      const { id } = await found(text);
      expect(await follow(id, () => undefined)).toEqual([['REJECTED', null]]);
    });

    it('goes from UNKNOWN to what somebody found out', async () => {
      const text = newText();
      upstream.answer = 'never';
      await submit(text);
      const { id } = await found(text);
      const told = await follow(id, async (_send, states) => {
        if (states === 1) await as('ops', SettleSendDocument, { sendId: id, as: 'NOT_SENT' });
      });
      expect(told).toEqual([
        ['UNKNOWN', null],
        ['REJECTED', null],
      ]);
    });

    it('is told without its key to those who may read all', async () => {
      const text = newText();
      upstream.answer = 'no: the recipient';
      await submit(text);
      const keys: unknown[] = [];
      await follow((await found(text)).id, ({ idempotencyKey }) => keys.push(idempotencyKey), 'crm');
      const own = newText();
      upstream.answer = 'at once';
      await submit(own);
      await report(app.url, idOf(own, 1));
      const { id } = await found(own);
      await follow(id, ({ idempotencyKey }) => keys.push(idempotencyKey), 'crm');
      await follow(id, ({ idempotencyKey }) => keys.push(idempotencyKey), 'shop');
      expect(keys).toEqual([null, null, own]);
    });

    it.each<[string, Name, (id: string) => string]>([
      ['somebody else’s', 'rival', (id) => id],
      ['nobody’s', 'shop', () => 'nobody'],
    ])('is unknown where it is %s', async (_name, name, idOfAsked) => {
      const text = newText();
      await submit(text);
      const { id } = await found(text);
      const told = await firstAnswer(
        app.url,
        { query: print(SendUpdatedDocument), variables: { id: idOfAsked(id) } },
        { connectionParams: bearer(name) },
      );
      expect(JSON.stringify(told)).toMatch(/BAD_USER_INPUT.*UNKNOWN_SEND/);
    });
  });

  it('is looked up again for each event of a subscription to its message', async () => {
    const text = newText();
    await submit(text);
    const id = idOf(text, 1);
    const query = 'subscription ($id: ID!) { messageUpdated(id: $id) { status send { message { status } } } }';
    const subscriber = openSubscriber(app.url, { connectionParams: bearer('shop') });
    const told: unknown[] = [];
    for await (const { data } of subscriber.iterate({ query, variables: { id } })) {
      told.push(data?.messageUpdated);
      if (told.length === 1) await report(app.url, id);
    }
    await subscriber.dispose();
    expect(told).toEqual(['ACCEPTED', 'DELIVERED'].map((status) => ({ status, send: { message: { status } } })));
  });

  it('has a message whose history is told: what was heard, when, and about whom', async () => {
    const text = newText();
    await submit(text);
    const id = idOf(text, 1);
    const history = async () => (await as('shop', MessageHistoryDocument, { id })).data?.message;
    const before = await history();
    expect(before?.timeline).toEqual([{ status: 'ACCEPTED', time: before?.updatedAt, to: null, failure: null }]);
    await report(app.url, id, 'message-sending', { time: '2036-11-24T10:00:00Z' });
    await report(app.url, id, 'message-failed', { time: '2036-11-24T10:00:05Z', errorCode: 4720 });
    const after = await history();
    expect(after?.updatedAt).toBe('2036-11-24T10:00:05Z');
    const [to] = INPUT.to;
    expect(after?.timeline).toMatchObject([
      before?.timeline[0] ?? {},
      { status: 'SENDING', time: '2036-11-24T10:00:00Z', to, failure: null },
      { status: 'FAILED', time: '2036-11-24T10:00:05Z', to, failure: { code: 4720 } },
    ]);
    expect(after?.send).toMatchObject({ status: 'ACCEPTED', message: { id, status: 'FAILED' } });
  });
});
