/**
 * What operators ask over HTTP: where a message went, by any id of it, and how the server is. The command `trace` prints the
 * same events.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { graphql, print } from 'graphql';
import { trace as command } from '../../src/commands/trace.js';
import type { Shell } from '../../src/commands/shell.js';
import { readConfig } from '../../src/config/config.js';
import { createMessagingSchema } from '../../src/messaging-schema.js';
import { startTestApp, upstreamAt, type TestApp } from '../support/app.js';
import { CALLBACKS, report } from '../support/callback.js';
import { post, type Answer } from '../support/client.js';
import { makeFolder, removeFolder } from '../support/folder.js';
import {
  ForgetNumberDocument,
  HealthDocument,
  SendMessageDocument,
  SettleSendDocument,
  TraceDocument,
  type HealthQuery,
  type TraceQuery,
} from '../support/generated/graphql.js';
import { idOf, startLosingUpstream, type LosingUpstream } from '../support/losing-upstream.js';
import { INPUT, SILENT_INPUT } from '../support/messages.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const SCOPES = {
  shop: 'messages:send+messages:read',
  ops: 'operations:read+operations:write',
  lead: 'operations:read+messages:read-all',
};
type Name = keyof typeof SCOPES;
const API_KEYS = Object.entries(SCOPES)
  .map(([name, scopes]) => `${name}:${sha256(`key-of-${name}`)}:${scopes}`)
  .join(',');

type Event = TraceQuery['trace']['events'][number];

describe('an operator', () => {
  let upstream: LosingUpstream;
  let folder: string;
  let file: string;
  let app: TestApp;

  beforeAll(async () => {
    upstream = await startLosingUpstream();
    folder = makeFolder();
    file = join(folder, 'messages.sqlite');
    const environment = { ...upstreamAt(upstream.url), ...CALLBACKS, AUTH: undefined, API_KEYS };
    app = await startTestApp(environment, { storeFile: file });
  });
  afterAll(async () => {
    await app.close();
    await upstream.close();
    removeFolder(folder);
  });

  const as = <Data, Variables>(
    name: Name,
    operation: TypedDocumentNode<Data, Variables>,
    variables: Variables,
    headers: Record<string, string> = {},
  ): Promise<Answer<Data>> =>
    post<Data>(app.url, JSON.stringify({ query: print(operation), variables }), {
      ...{ 'content-type': 'application/json', authorization: `Bearer key-of-${name}` },
      ...headers,
    });
  const send = (
    text: string,
    idempotencyKey: string | null = null,
    requestId = `request-of-${text}`,
  ): Promise<unknown> =>
    as('shop', SendMessageDocument, { input: { ...INPUT, text, idempotencyKey } }, { 'x-request-id': requestId });

  async function traced(id: string, name: Name = 'ops'): Promise<readonly Event[]> {
    const { data, raw } = await as(name, TraceDocument, { id });
    if (data == null) throw new Error(raw);
    expect(data.trace.searchedSince).toBeNull();
    return data.trace.events;
  }

  async function health(last: number | null = null): Promise<HealthQuery['health']> {
    const { data, raw } = await as('ops', HealthDocument, { last });
    if (data == null) throw new Error(raw);
    return data.health;
  }

  it('follows a message from the claim to the handset, by any id that somebody has of it', async () => {
    await send('whole', 'key-of-whole');
    const messageId = idOf('whole', 1);
    await report(app.url, messageId, 'message-sending');
    await report(app.url, messageId, 'message-failed', { errorCode: 4720 });
    const events = await traced(messageId);
    const [{ sendId } = { sendId: null }] = events;
    const [from, to] = ['+1********01', '+1********02'];
    const ids = { sendId, messageId };
    // The reports have a time of Catapult's, which is another one than ours.
    expect(events.toSorted((a, b) => a.__typename.localeCompare(b.__typename))).toMatchObject([
      {
        ...ids,
        __typename: 'TraceCallOutcome',
        outcome: 'ACCEPTED',
        caller: 'shop',
        lastSeen: 'HTTP 202',
        attempts: 1,
        code: null,
      },
      {
        ...{ ...ids, __typename: 'TraceClaim', caller: 'shop', requestId: 'request-of-whole', from, to: [to] },
        idempotencyKeyHash: sha256('key-of-whole'),
      },
      { ...ids, __typename: 'TraceDelivery', status: 'SENDING', recipient: to, failure: null },
      { ...ids, __typename: 'TraceDelivery', status: 'FAILED', recipient: to, failure: { code: 4720 } },
      { ...ids, __typename: 'TraceState', sendStatus: 'ACCEPTED', messageStatus: 'FAILED', leaseUntil: null },
    ]);
    for (const id of [String(sendId), 'request-of-whole', 'key-of-whole', sha256('key-of-whole')]) {
      expect((await traced(id)).map(({ text }) => text)).toEqual(events.map(({ text }) => text));
    }
  });

  it('sees numbers only with the scope to read all messages', async () => {
    await send('numbers');
    const claims = await Promise.all((['ops', 'lead'] as const).map((name) => traced(idOf('numbers', 1), name)));
    const words = claims.map((events) => JSON.stringify(events));
    expect(words.map((each) => [INPUT.from, INPUT.to[0] ?? ''].map((number) => each.includes(number)))).toEqual([
      [false, false],
      [true, true],
    ]);
  });

  it('sees why nothing was sent, and what others found out about an unknown outcome', async () => {
    upstream.answer = 'no: the recipient';
    await send('refused');
    upstream.answer = 'never';
    await send('lost', 'key-of-lost');
    upstream.answer = 'at once';
    expect(await traced('request-of-refused')).toMatchObject([
      { __typename: 'TraceClaim', idempotencyKeyHash: null },
      {
        __typename: 'TraceCallOutcome',
        outcome: 'NOT_SENT',
        lastSeen: 'HTTP 400',
        attempts: 1,
        code: 'BAD_USER_INPUT',
      },
      { __typename: 'TraceState', sendStatus: 'REJECTED', messageStatus: null },
    ]);
    const [, unknown] = await traced('key-of-lost');
    expect(unknown).toMatchObject({ __typename: 'TraceCallOutcome', outcome: 'UNKNOWN', messageId: null });
    const { sendId } = unknown ?? {};
    await as('ops', SettleSendDocument, {
      sendId: String(sendId),
      as: 'NOT_SENT',
      reason: 'they have no such message',
    });
    expect(await traced(String(sendId))).toMatchObject([
      { __typename: 'TraceClaim' },
      { __typename: 'TraceCallOutcome' },
      { __typename: 'TraceSettlement', outcome: 'NOT_SENT', by: 'caller:ops', reason: 'they have no such message' },
      { __typename: 'TraceState', sendStatus: 'REJECTED' },
    ]);
  });

  it('sees reports that wait for a message, and nothing of what is not known', async () => {
    await report(app.url, 'nobody-knows', 'message-failed', { errorCode: 4720 });
    expect(await traced('nobody-knows')).toMatchObject([
      { __typename: 'TraceWaitingDelivery', messageId: 'nobody-knows', status: 'FAILED', failure: { code: 4720 } },
    ]);
    expect(await traced('nothing')).toEqual([]);
  });

  it('sees of whom is forgotten that he is, and nothing else: what holds a key is emptied', async () => {
    const number = '+19195550199';
    const input = { ...INPUT, to: [number], text: 'to be forgotten', idempotencyKey: 'key-of-forgotten' };
    await as('shop', SendMessageDocument, { input });
    const { errors } = await as('ops', ForgetNumberDocument, { number, reason: null });
    expect(errors).toBeUndefined();
    const events = await traced('key-of-forgotten');
    expect(events).toMatchObject([
      { __typename: 'TraceClaim', from: '', to: [] },
      { __typename: 'TraceCallOutcome', outcome: 'ACCEPTED' },
      { __typename: 'TraceSettlement', outcome: 'ACCEPTED', by: 'forgotten' },
      { __typename: 'TraceState', sendStatus: 'ACCEPTED' },
    ]);
    expect(events[0]?.text).toMatch(/; its numbers are forgotten$/);
    expect(events[2]?.text).toBe('its number was forgotten');
    // That somebody was forgotten stands in the audit, too, and names no send.
    expect(await traced('')).toEqual([]);
  });

  it('reads the same events as the command prints', async () => {
    await send('printed');
    await report(app.url, idOf('printed', 1));
    let printed = '';
    const shell = {
      args: [idOf('printed', 1), '--json'],
      environment: { DATABASE_URL: `sqlite:${file}` },
      print: (text: string) => (printed += text),
    };
    await command.run(shell as unknown as Shell);
    const lines = printed.trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as Event).text)).toEqual(
      (await traced(idOf('printed', 1))).map(({ text }) => text),
    );
    expect(lines).toHaveLength(4);
  });

  it('cannot search twice in one operation, since each search may take seconds', async () => {
    const query = '{ one: trace(id: "1") { events { at } } two: trace(id: "2") { events { at } } }';
    const headers = { 'content-type': 'application/json', authorization: 'Bearer key-of-ops' };
    const { errors } = await post(app.url, JSON.stringify({ query }), headers);
    expect(errors).toMatchObject([{ extensions: { code: 'OPERATION_TOO_COSTLY', limit: { name: 'lists' } } }]);
  });

  it('sees how the server is, and what it did', async () => {
    const before = await health();
    await send('counted');
    await report(app.url, idOf('counted', 1));
    upstream.answer = 'never';
    await send('open');
    upstream.answer = 'at once';
    const after = await health();
    expect(after).toMatchObject({
      ...{ isReady: true, missing: [], upstream: 'CATAPULT', tokenEndsAt: null, store: 'SQLITE', processCount: 1 },
      unresolved: { count: 1, isExact: true, oldestStartedAt: expect.any(String) as string },
    });
    const sum = ({ minutes }: HealthQuery['health'], what: 'accepted' | 'unknown' | 'callbackEvents'): number =>
      minutes.reduce((total, minute) => total + minute[what], 0);
    const more = (['accepted', 'unknown', 'callbackEvents'] as const).map(
      (what) => sum(after, what) - sum(before, what),
    );
    expect(more).toEqual([1, 1, 1]);
    const { upstream: took, callbackLag } = after.minutes.findLast(({ accepted }) => accepted > 0) ?? {};
    expect(took?.p50Ms).toBeGreaterThan(0);
    expect(took?.p99Ms).toBeGreaterThanOrEqual(took?.p50Ms ?? Infinity);
    expect(callbackLag).toBeDefined();
  });

  it('asks for as many minutes as are kept, and no more', async () => {
    expect((await health(1)).minutes).toHaveLength(1);
    for (const last of [0, 61]) {
      const { errors } = await as('ops', HealthDocument, { last });
      expect(errors).toMatchObject([
        { extensions: { fieldErrors: [{ path: ['last'], code: 'INVALID_PAGE_SIZE', min: 1, max: 60 }] } },
      ]);
    }
  });
});

it('an operator of the embedded schema sees how it is, and where a message went', async () => {
  const { schema, contextFor, close } = await createMessagingSchema(readConfig({ LOG_LEVEL: 'silent' }), {
    storeFile: ':memory:',
  });
  const ask = async (source: string, variableValues = {}): Promise<Record<string, unknown> | null | undefined> => {
    const contextValue = contextFor({ caller: 'me', scopes: ['messages:send', 'operations:read'] });
    return (await graphql({ schema, source, variableValues, contextValue })).data;
  };
  const sent = await ask('mutation ($input: MessageInput!) { sendMessage(input: $input) { id } }', {
    input: SILENT_INPUT,
  });
  const { id } = sent?.sendMessage as { id: string };
  const found = await ask('query ($id: ID!) { trace(id: $id) { events { __typename } } }', { id });
  const health = await ask('{ health { isReady upstream store minutes(last: 60) { accepted } } }');
  await close();
  expect(found).toMatchObject({
    trace: { events: ['TraceClaim', 'TraceCallOutcome', 'TraceState'].map((__typename) => ({ __typename })) },
  });
  const { minutes, ...rest } = health?.health as { minutes: { accepted: number }[] };
  expect(rest).toEqual({ isReady: true, upstream: 'SANDBOX', store: 'SQLITE' });
  expect(minutes.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(1);
});
