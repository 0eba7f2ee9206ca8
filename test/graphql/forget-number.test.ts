/** What operators do by GraphQL to forget a number: who may, what is left in the files afterwards, and what is said of it. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import Database from 'better-sqlite3';
import { print } from 'graphql';
import { request } from 'undici';
import { startTestApp, upstreamAt, type TestApp } from '../support/app.js';
import { post, type Answer } from '../support/client.js';
import { EventReader } from '../support/event-stream.js';
import { startLosingUpstream, type LosingUpstream } from '../support/losing-upstream.js';
import {
  ForgetNumberDocument,
  SendMessageDocument,
  SettleSendDocument,
  type ForgetNumberMutation,
  type SendMessageMutation,
} from '../support/generated/graphql.js';
import { INPUT } from '../support/messages.js';
import { makeFolder, removeFolder } from '../support/folder.js';

const THEIRS = '+19195550077';
const OTHER = '+19195550088';
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const API_KEYS = [
  `shop:${sha256('key-of-shop')}:messages:send+messages:read`,
  `ops:${sha256('key-of-ops')}:operations:read+operations:write`,
].join(',');

describe('forgetting a number', () => {
  let upstream: LosingUpstream;
  let folder: string;
  let app: TestApp;

  beforeAll(async () => {
    upstream = await startLosingUpstream();
    folder = makeFolder();
    const environment = {
      ...{ ...upstreamAt(upstream.url), AUTH: undefined, API_KEYS },
      ...{ CALLBACK_USERNAME: 'user', CALLBACK_PASSWORD: 'password' },
    };
    app = await startTestApp(environment, { storeFile: join(folder, 'messages.sqlite') });
  });
  afterAll(async () => {
    await app.close();
    await upstream.close();
    removeFolder(folder);
  });

  const as = <Data, Variables>(
    name: 'shop' | 'ops' | null,
    operation: TypedDocumentNode<Data, Variables>,
    variables: Variables,
  ): Promise<Answer<Data>> =>
    post<Data>(app.url, JSON.stringify({ query: print(operation), variables }), {
      'content-type': 'application/json',
      ...(name !== null && { authorization: `Bearer key-of-${name}` }),
    });
  const send = (to: string[], text: string): Promise<Answer<SendMessageMutation>> =>
    as('shop', SendMessageDocument, {
      input: { ...INPUT, to, text, tag: `tag of ${text}`, idempotencyKey: sha256(text) },
    });
  const forget = (number = THEIRS, reason: string | null = null): Promise<Answer<ForgetNumberMutation>> =>
    as('ops', ForgetNumberDocument, { number, reason });

  async function callBack(...events: object[]): Promise<void> {
    const { statusCode, body } = await request(`${new URL(app.url).origin}/callbacks/catapult`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from('user:password').toString('base64')}` },
      body: JSON.stringify(events),
    });
    await body.dump();
    expect(statusCode).toBe(200);
  }

  /** Which of these are anywhere in the store's files. */
  const inFiles = (...texts: string[]): string[] => {
    const files = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
    return texts.filter((text) => files.some((bytes) => bytes.includes(text)));
  };

  it('leaves nothing of it in the files, and everything of others', async () => {
    await send([THEIRS], 'words to them');
    await send([OTHER, THEIRS], 'words to a group');
    await send([OTHER], 'words to another');
    const time = new Date().toISOString();
    const incoming = { id: 'in-1', from: THEIRS, to: [INPUT.from], owner: INPUT.from, text: 'STOP', time };
    await callBack(
      { type: 'message-received', time, to: INPUT.from, message: { ...incoming, applicationId: 'a' } },
      { type: 'message-read', time, message: { id: 'unknown', to: [THEIRS] }, note: 'dead letter' },
      { type: 'strange', about: THEIRS },
    );
    const theirs = ['9195550077', 'words to them', 'words to a group', 'dead letter'];
    const others = ['9195550088', 'words to another'];
    expect(inFiles(...theirs, ...others)).toEqual([...theirs, ...others]);

    const { data, raw } = await forget(THEIRS, 'asked by letter');
    expect([data?.forgetNumber, raw]).toMatchObject([
      { messages: 3, consent: 1, unresolved: [], areFilesClear: true },
      expect.not.stringContaining('9195550077') as string,
    ]);
    expect(data?.forgetNumber?.callbacks).toBeGreaterThanOrEqual(1);
    // The keys hold what their callers chose.
    const database = new Database(join(folder, 'messages.sqlite'));
    database.exec("UPDATE sends SET idempotency_key = key_hash WHERE settled_by = 'forgotten'");
    database.pragma('wal_checkpoint(TRUNCATE)');
    database.close();
    expect(inFiles(...theirs, ...others)).toEqual(others);

    // The key sends nothing again, and nobody sends to somebody who said STOP.
    const again = await send([THEIRS], 'new words');
    expect(again.errors?.[0]?.extensions.fieldErrors).toMatchObject([{ code: 'RECIPIENT_OPTED_OUT' }]);
    expect(JSON.stringify(app.log)).not.toContain('9195550077');
  });

  it('answers a repeated call whose message is forgotten, and sends nothing', async () => {
    const input = { ...INPUT, to: [OTHER], text: 'once', idempotencyKey: 'once' };
    await as('shop', SendMessageDocument, { input });
    await forget(OTHER);
    const { errors } = await as('shop', SendMessageDocument, { input });
    expect(errors?.[0]?.extensions.code).toBe('OUTCOME_UNKNOWN');
    expect(upstream.accepted.get('once')).toBe(1);
  });

  it('is told to whoever follows such a send, as the last that can be told', async () => {
    const number = '+19195550044';
    await send([number], 'followed');
    const authorization = { authorization: 'Bearer key-of-shop', 'content-type': 'application/json' };
    const asked = { query: '{ sends(first: 1) { nodes { id } } }' };
    const { data } = await post<{ sends: { nodes: { id: string }[] } }>(app.url, JSON.stringify(asked), authorization);
    const query = 'subscription ($id: ID!) { sendUpdated(id: $id) { to settledBy } }';
    const variables = { id: data?.sends.nodes[0]?.id };
    const reader = await EventReader.open(app.url, { query, variables }, authorization);
    const told = (event: Awaited<ReturnType<EventReader['next']>>): unknown =>
      typeof event === 'string' ? event : event.data.data?.sendUpdated;
    expect(told(await reader.next())).toEqual({ to: [number], settledBy: null });
    await forget(number);
    expect(told(await reader.next())).toEqual({ to: [], settledBy: 'forgotten' });
    expect((await reader.rest()).at(-1)).toBe('end');
  });

  it('names the sends that have to be settled first', async () => {
    const number = '+19195550099';
    upstream.answer = 'never';
    await send([number], 'lost');
    upstream.answer = 'at once';
    const [sendId = ''] = (await forget(number)).data?.forgetNumber?.unresolved ?? [];
    await as('ops', SettleSendDocument, { sendId, as: 'NOT_SENT' });
    expect((await forget(number)).data?.forgetNumber).toMatchObject({ messages: 1, unresolved: [] });
  });

  it.each(['12', '+1', 'Somebody', '123456789', '+1 919 555 0077', ''])(
    'refuses %j, and repeats nothing of it',
    async (text) => {
      const { errors } = await forget(text);
      expect(errors?.[0]?.extensions.fieldErrors).toMatchObject([{ path: ['number'], code: 'INVALID_E164' }]);
    },
  );

  it.each([
    ['x'.repeat(1_001), 'REASON_TOO_LONG'],
    ['a\0b', 'INVALID_CHARACTER'],
    ['she of (919) 555-0077 asked', 'REASON_NAMES_NUMBER'],
  ])('refuses the reason %#', async (reason, code) => {
    const { errors, raw } = await forget(THEIRS, reason);
    expect(errors?.[0]?.extensions.fieldErrors).toMatchObject([{ path: ['reason'], code }]);
    expect(raw).not.toContain('555-0077');
  });

  it.each([
    ['shop', 'FORBIDDEN'],
    [null, 'UNAUTHENTICATED'],
  ] as const)('is not for %s, and then removes nothing', async (name, code) => {
    const number = '+19195550066';
    await send([number], `for ${String(name)}`);
    const { errors } = await as(name, ForgetNumberDocument, { number, reason: null });
    expect(errors?.[0]?.extensions.code).toBe(code);
    expect(inFiles('9195550066')).toHaveLength(1);
  });
});
