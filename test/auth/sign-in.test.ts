/** Who is let in, by a key, a token or nobody at all, and what each may do, over HTTP, WebSocket and in the embedded schema. */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { graphql, print } from 'graphql';
import { generateKeyPair } from 'jose';
import { request } from 'undici';
import { readConfig } from '../../src/config/config.js';
import { createMessagingSchema } from '../../src/messaging-schema.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { post, type Answer } from '../support/client.js';
import {
  MessageDocument,
  MessagesDocument,
  MessageUpdatedDocument,
  SendMessageDocument,
  SubmitMessageDocument,
  UnresolvedSendsDocument,
  type MessageQuery,
  type MessagesQuery,
  type SendMessageMutation,
  type SubmitMessageMutation,
} from '../support/generated/graphql.js';
import { startIssuer, type Issuer } from './issuer.js';
import { SILENT_INPUT as INPUT } from '../support/messages.js';
import { listen, stopListening } from '../support/listen.js';
import { firstAnswer } from '../support/subscriber.js';

const sha256 = (key: string): string => createHash('sha256').update(key).digest('hex');
const KEYS = { shop: 'shop-key', crm: 'crm-key', reader: 'reader-key', ops: 'ops-key', support: 'support-key' };
const API_KEYS = [
  `shop:${sha256(KEYS.shop)}`,
  `crm:${sha256(KEYS.crm)}`,
  `reader:${sha256(KEYS.reader)}:messages:read`,
  `ops:${sha256(KEYS.ops)}:operations:read`,
  `support:${sha256(KEYS.support)}:messages:send+messages:read-all`,
].join(',');

describe('with keys and tokens', () => {
  let issuer: Issuer;
  let app: TestApp;

  beforeAll(async () => {
    issuer = await startIssuer();
    app = await startTestApp({ API_KEYS, ALLOWED_SENDERS: 'crm:+12345678909', ...issuer.environment });
  });
  afterAll(async () => {
    await app.close();
    await issuer.close();
  });

  const ask = <Data>(
    headers: Record<string, string>,
    operation: Parameters<typeof print>[0],
    variables: object = {},
  ): Promise<Answer<Data>> =>
    post<Data>(app.url, JSON.stringify({ query: print(operation), variables }), {
      'content-type': 'application/json',
      ...headers,
    });
  const as = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });
  const send = async (key: string, input: object = INPUT): Promise<string> =>
    (await ask<SendMessageMutation>(as(key), SendMessageDocument, { input })).data?.sendMessage?.id ?? '';

  describe('a request is let in', () => {
    it.each([
      ['by a key as bearer', as(KEYS.shop)],
      ['by a key of its own header', { 'x-api-key': KEYS.shop }],
    ])('%s', async (_name, headers) => {
      const { status, data } = await ask<SendMessageMutation>(headers, SendMessageDocument, { input: INPUT });
      expect([status, data?.sendMessage?.status]).toEqual([200, 'ACCEPTED']);
    });

    it.each([{ scope: 'messages:send other' }, { scp: ['messages:send'] }])('by a token with %j', async (claims) => {
      const token = await issuer.sign({ sub: 'user-1', ...claims });
      const { data } = await ask<SendMessageMutation>(as(token), SendMessageDocument, { input: INPUT });
      expect(data?.sendMessage?.status).toBe('ACCEPTED');
    });

    it.each([
      ['of RFC 9068', { typ: 'at+jwt' }, {}],
      ['whose type is written out', { typ: 'Application/AT+JWT' }, {}],
      ['of Auth0 or Entra ID', { typ: 'JWT' }, { azp: 'client', auth_time: 1 }],
      ['of Cognito', {}, { token_use: 'access' }],
      ['of Keycloak, which up to version 24 repeats the nonce in it', { typ: 'JWT' }, { typ: 'Bearer', nonce: 'n' }],
    ])('by an access token %s', async (_name, header, claims) => {
      const token = await issuer.sign({ sub: 'user-1', scope: 'messages:send', ...claims }, header);
      const { data } = await ask<SendMessageMutation>(as(token), SendMessageDocument, { input: INPUT });
      expect(data?.sendMessage?.status).toBe('ACCEPTED');
    });
  });

  describe('a token for us from the right issuer is refused with 401 if it is no access token', () => {
    it.each<[string, object, object]>([
      ['typed as an ID token', { typ: 'id_token+jwt' }, {}],
      ['typed as a logout token', { typ: 'logout+jwt' }, {}],
      ['typed as a logout token, written out', { typ: 'application/logout+jwt' }, {}],
      ['typed as the proof of a key', { typ: 'dpop+jwt' }, {}],
      ['typed as what nobody knows', { typ: 'x' }, {}],
      ['with an empty type', { typ: '' }, {}],
      ['with a type that is no text', { typ: ['JWT'] }, {}],
      ['an ID token of Cognito', {}, { token_use: 'id' }],
      ['an ID token of Keycloak', { typ: 'JWT' }, { typ: 'ID' }],
      ['a refresh token of Keycloak', { typ: 'JWT' }, { typ: 'Refresh' }],
      ['an offline token of Keycloak', { typ: 'JWT' }, { typ: 'Offline' }],
      ['with the nonce of a sign-in', { typ: 'JWT' }, { nonce: 'n' }],
      ['with the nonce of a sign-in, typed in its claims', {}, { typ: 'JWT', nonce: 'n' }],
      ['with the hash of an access token', { typ: 'JWT' }, { at_hash: 'h' }],
      ['with the hash of a code', { typ: 'JWT' }, { c_hash: 'h' }],
      [
        'with security events',
        { typ: 'JWT' },
        { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } },
      ],
      ['marked as both', { typ: 'at+jwt' }, { at_hash: 'h' }],
      ['that uses itself as something else', { typ: 'at+jwt' }, { token_use: null }],
    ])('%s', async (_name, header, claims) => {
      const token = await issuer.sign({ sub: 'user-1', scope: 'messages:send', ...claims }, header);
      const { status, errors } = await ask(as(token), SendMessageDocument, { input: INPUT });
      expect([status, errors?.[0]?.extensions.code]).toEqual([401, 'UNAUTHENTICATED']);
    });
  });

  describe('a request is refused with 401', () => {
    const now = Math.floor(Date.now() / 1000);
    const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const cases: [name: string, headers: () => Promise<Record<string, string>> | Record<string, string>][] = [
      ['without a credential', () => ({})],
      ['with a wrong key', () => as('wrong-key')],
      ['with the digest of a key', () => as(sha256(KEYS.shop))],
      ['with an empty key', () => ({ 'x-api-key': '' })],
      ['with Basic', () => ({ authorization: `Basic ${Buffer.from('shop:shop-key').toString('base64')}` })],
      ['with two credentials', () => ({ ...as(KEYS.shop), 'x-api-key': KEYS.crm })],
      ['with a key of 10,000 characters', () => as('k'.repeat(10_000))],
      ['with an expired token', async () => as(await issuer.sign({ sub: 'u', exp: now - 60 }))],
      ['with a token without an end', async () => as(await issuer.sign({ sub: 'u', exp: undefined } as never))],
      ['with a token that is not valid yet', async () => as(await issuer.sign({ sub: 'u', nbf: now + 120 }))],
      ['with a token of another issuer', async () => as(await issuer.sign({ sub: 'u', iss: 'https://evil.example' }))],
      ['with a token for another audience', async () => as(await issuer.sign({ sub: 'u', aud: 'other' }))],
      ['with an empty key', () => Promise.resolve({ 'x-api-key': '' })],
      ['with a token for a number', async () => as(await issuer.sign({ sub: 7 } as never))],
      ['with a token for an object', async () => as(await issuer.sign({ sub: { a: 1 } } as never))],
      ['with a token for nobody', async () => as(await issuer.sign({}))],
      ['with a token for an endless name', async () => as(await issuer.sign({ sub: 'u'.repeat(300) }))],
      [
        'with a token signed by another key',
        async () => as(await issuer.sign({ sub: 'u' }, {}, (await generateKeyPair('RS256')).privateKey)),
      ],
      [
        'with a token signed by a shared secret',
        async () => as(await issuer.sign({ sub: 'u' }, { alg: 'HS256' }, new TextEncoder().encode('x'.repeat(32)))),
      ],
      ['with a token of an unknown key id', async () => as(await issuer.sign({ sub: 'u' }, { kid: 'other' }))],
      [
        'with a token that is not signed',
        () => as(`${base64({ alg: 'none' })}.${base64({ sub: 'u', exp: now + 60 })}.`),
      ],
      [
        'with a token whose payload was changed',
        async () => {
          const [header, , signature] = (await issuer.sign({ sub: 'u', scope: 'messages:read' })).split('.');
          return as([header, base64({ sub: 'u', scope: 'operations:read', exp: now + 60 }), signature].join('.'));
        },
      ],
      ['with half a token', async () => as((await issuer.sign({ sub: 'u' })).slice(0, 60))],
    ];
    it.each(cases)('%s', async (_name, headers) => {
      const { status, errors, data } = await ask(await headers(), SendMessageDocument, { input: INPUT });
      expect(status).toBe(401);
      expect(data).toBeUndefined();
      expect(errors?.[0]?.extensions).toMatchObject({ code: 'UNAUTHENTICATED', retryable: false });
    });

    it.each([
      [undefined, 'application/json; charset=utf-8'],
      ['application/json', 'application/json; charset=utf-8'],
      ['application/graphql-response+json, application/json', 'application/graphql-response+json; charset=utf-8'],
    ])('in the media type that was asked for: %s', async (accept, type) => {
      const { statusCode, headers } = await request(app.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(accept !== undefined && { accept }) },
        body: '{"query":"{ __typename }"}',
      });
      expect([statusCode, headers['content-type']]).toEqual([401, type]);
    });

    it('before its body is even read', async () => {
      const { statusCode, headers } = await request(app.url, {
        method: 'POST',
        headers: { 'content-type': 'text/strange' },
        body: '{',
      });
      expect([statusCode, headers['www-authenticate']]).toEqual([401, 'Bearer']);
    });
  });

  it('a thousand unknown key ids fetch the keys again once at most', async () => {
    const before = issuer.fetches();
    const token = await issuer.sign({ sub: 'u' });
    const [, payload, signature] = token.split('.');
    const forged = Array.from({ length: 1_000 }, (_, index) => {
      const header = Buffer.from(JSON.stringify({ alg: 'RS256', kid: `invented-${index}` })).toString('base64url');
      return ask(as([header, payload, signature].join('.')), SendMessageDocument, { input: INPUT });
    });
    for (const { status } of await Promise.all(forged)) expect(status).toBe(401);
    expect(issuer.fetches() - before).toBeLessThanOrEqual(1);
  });

  it('a token that ended a few seconds ago by our clock is still let in', async () => {
    const token = await issuer.sign({ sub: 'user-1', scope: 'messages:send', exp: Math.floor(Date.now() / 1000) - 10 });
    expect(await send(token)).not.toBe('');
  });

  it('keys are fetched from the configured address, and not from where it redirects to', async () => {
    const server = createServer((_request, response) => {
      response.writeHead(302, { location: issuer.environment.JWT_JWKS_URL }).end();
    });
    const JWT_JWKS_URL = `http://127.0.0.1:${await listen(server)}/`;
    const other = await startTestApp({ ...issuer.environment, JWT_JWKS_URL });
    const token = await issuer.sign({ sub: 'u', scope: 'messages:read' });
    const headers = { 'content-type': 'application/json', ...as(token) };
    const { status } = await post<unknown>(other.url, JSON.stringify({ query: '{ __typename }' }), headers);
    expect(status).toBe(500);
    await other.close();
    await stopListening(server);
  });

  it('a client that also accepts HTML signs in like any other', async () => {
    const accept = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
    const sent = await ask<SendMessageMutation>({ ...as(KEYS.shop), ...accept }, SendMessageDocument, { input: INPUT });
    expect([sent.status, sent.data?.sendMessage?.status]).toEqual([200, 'ACCEPTED']);
    const refused = await ask({ ...as('wrong'), ...accept }, SendMessageDocument, { input: INPUT });
    expect([refused.status, refused.errors?.[0]?.extensions.code]).toEqual([401, 'UNAUTHENTICATED']);
  });

  it('an issuer that answers without keys is not the fault of the token', async () => {
    const broken = await startIssuer();
    const other = await startTestApp({ ...broken.environment });
    broken.setSilent('no keys');
    const headers = { 'content-type': 'application/json', ...as(await broken.sign({ sub: 'u' })) };
    const { status } = await post<unknown>(other.url, JSON.stringify({ query: '{ __typename }' }), headers);
    expect(status).toBe(500);
    await other.close();
    await broken.close();
  });

  it.each([503, 'no keys'] as const)(
    'an issuer that answers %s is not the fault of the token, and is not asked for each of them',
    async (answer) => {
      const broken = await startIssuer();
      const other = await startTestApp({ ...broken.environment });
      broken.setSilent(answer);
      const token = await broken.sign({ sub: 'u', scope: 'messages:read' });
      const answers = await Promise.all(
        Array.from({ length: 20 }, () =>
          post<unknown>(other.url, JSON.stringify({ query: '{ __typename }' }), {
            'content-type': 'application/json',
            ...as(token),
          }),
        ),
      );
      for (const { status } of answers) expect(status).toBe(500);
      expect(broken.fetches()).toBeLessThanOrEqual(2);
      await other.close();
      const failed = other.log.filter(({ msg }) => msg === 'request failed');
      expect(failed.reduce((sum, { count }) => sum + Number(count), 0)).toBe(20);
      expect(failed.length).toBeLessThan(5);
      await broken.close();
    },
  );

  describe('a key allows what its scopes say and nothing else', () => {
    it.each([
      ['reader', SendMessageDocument, { input: INPUT }, 'messages:send'],
      ['ops', SendMessageDocument, { input: INPUT }, 'messages:send'],
      ['ops', MessageDocument, { id: 'x' }, 'messages:read'],
      ['ops', MessagesDocument, {}, 'messages:read'],
      ['shop', UnresolvedSendsDocument, {}, 'operations:read'],
      ['support', UnresolvedSendsDocument, {}, 'operations:read'],
    ] as const)('%s: %#', async (name, operation, variables, scope) => {
      const { errors } = await ask(as(KEYS[name]), operation, variables);
      expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN');
      expect(errors?.[0]?.message).toBe(`This key or token lacks the scope ${scope}.`);
    });

    it('and submitMessage says so as data', async () => {
      const { data } = await ask<SubmitMessageMutation>(as(KEYS.reader), SubmitMessageDocument, { input: INPUT });
      expect(data?.submitMessage).toMatchObject({
        __typename: 'SendForbiddenProblem',
        code: 'FORBIDDEN',
        message: 'This key or token lacks the scope messages:send.',
        outcome: 'NOT_SENT',
      });
    });

    it.each([
      ['none', {}],
      ['one that ends otherwise', { scope: 'messages:sender' }],
      ['one that begins otherwise', { scope: 'x-messages:send' }],
      ['two in one', { scp: ['messages:send messages:read'] }],
    ])('and a token whose scope is %s sends nothing', async (_name, claims) => {
      const token = await issuer.sign({ sub: 'user-1', ...claims });
      const { status, errors } = await ask(as(token), SendMessageDocument, { input: INPUT });
      expect([status, errors?.[0]?.extensions.code]).toEqual([200, 'FORBIDDEN']);
    });

    it('and operators see what is unresolved', async () => {
      const { data } = await ask(as(KEYS.ops), UnresolvedSendsDocument);
      expect(data).toMatchObject({ unresolvedSends: { nodes: [] } });
    });
  });

  it('a caller sends only from its own numbers', async () => {
    const { errors } = await ask(as(KEYS.crm), SendMessageDocument, { input: INPUT });
    expect(errors?.[0]?.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      outcome: 'NOT_SENT',
      fieldErrors: [{ path: ['input', 'from'], code: 'SENDER_NOT_ALLOWED' }],
    });
    expect(await send(KEYS.crm, { ...INPUT, from: '+12345678909' })).not.toBe('');
  });

  describe("another caller's message", () => {
    let id: string;
    beforeAll(async () => {
      id = await send(KEYS.shop, { ...INPUT, idempotencyKey: 'shared-key', text: 'Of the shop' });
    });
    const found = async (key: string): Promise<string | null> => {
      const { data, raw } = await ask<MessageQuery>(as(key), MessageDocument, { id });
      if (data == null) throw new Error(raw);
      return data.message?.id ?? null;
    };
    const listed = async (key: string): Promise<boolean> => {
      const { data, raw } = await ask<MessagesQuery>(as(key), MessagesDocument, { first: 100 });
      if (data == null) throw new Error(raw);
      return data.messages.edges.some(({ node }) => node.id === id);
    };

    it('is found and listed by its own caller and by those who read all', async () => {
      expect([await found(KEYS.shop), await found(KEYS.support)]).toEqual([id, id]);
      expect([await listed(KEYS.shop), await listed(KEYS.support)]).toEqual([true, true]);
    });

    it('is not found, nor listed, by others', async () => {
      expect([await found(KEYS.crm), await found(KEYS.reader)]).toEqual([null, null]);
      expect([await listed(KEYS.crm), await listed(KEYS.reader)]).toEqual([false, false]);
    });

    it('is not resolved as an entity for others', async () => {
      const query =
        'query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on Message { text } } }';
      const body = JSON.stringify({ query, variables: { representations: [{ __typename: 'Message', id }] } });
      const entities = async (key: string): Promise<unknown> =>
        (await post<{ _entities: unknown }>(app.url, body, { 'content-type': 'application/json', ...as(key) })).data
          ?._entities;
      expect(await entities(KEYS.crm)).toEqual([null]);
      expect(await entities(KEYS.shop)).toEqual([{ text: 'Of the shop' }]);
    });

    it('is not given out for its idempotency key', async () => {
      const other = await send(KEYS.support, { ...INPUT, idempotencyKey: 'shared-key', text: 'Of the shop' });
      expect(other).not.toBe('');
      expect(other).not.toBe(id);
    });

    it('is not shown to a token that has the name of its caller as its subject', async () => {
      const token = await issuer.sign({ sub: 'shop', scope: 'messages:read' });
      expect(await found(token)).toBeNull();
    });
  });

  describe('a WebSocket', () => {
    const subscribe = (key: string | null, id: string): Promise<unknown> =>
      firstAnswer(
        app.url,
        { query: print(MessageUpdatedDocument), variables: { id } },
        key === null ? {} : { connectionParams: { authorization: `Bearer ${key}` } },
      );

    it.each([
      ['without a credential', null],
      ['with a wrong key', 'wrong'],
    ])('%s is closed with 4401', async (_name, key) => {
      expect(await subscribe(key, 'x')).toMatchObject({ code: 4401 });
    });

    it("gets its caller's messages and no others", async () => {
      const id = await send(KEYS.shop);
      expect(await subscribe(KEYS.shop, id)).toMatchObject({ data: { messageUpdated: { id } } });
      expect(await subscribe(KEYS.crm, id)).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
      expect(await subscribe(KEYS.ops, id)).toMatchObject({
        errors: [{ message: 'This key or token lacks the scope messages:read.', extensions: { code: 'FORBIDDEN' } }],
      });
    });
  });
});

it('an issuer that does not answer is our failure, and lets nobody in', async () => {
  const issuer = await startIssuer();
  const app = await startTestApp(issuer.environment);
  const token = await issuer.sign({ sub: 'u', scope: 'messages:send' });
  const body = JSON.stringify({ query: '{ __typename }' });
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  issuer.setSilent(true);
  const silent = await post(app.url, body, headers);
  expect([silent.status, silent.errors?.[0]?.extensions.code]).toEqual([500, 'INTERNAL_SERVER_ERROR']);
  issuer.setSilent(false);
  // Not at once: it is given a moment.
  while ((await post(app.url, body, headers)).status === 500);
  expect((await post(app.url, body, headers)).status).toBe(200);
  await app.close();
  await issuer.close();
});

it('the embedded schema names the scope that a caller lacks', async () => {
  const { schema, contextFor, formatError, close } = await createMessagingSchema(readConfig({ LOG_LEVEL: 'silent' }), {
    storeFile: ':memory:',
  });
  const contextValue = contextFor({ caller: 'me', scopes: ['messages:read'] });
  const { errors } = await graphql({ schema, source: '{ unresolvedSends { nodes { id } } }', contextValue });
  const [error] = errors ?? [];
  expect(error && formatError(error.toJSON(), error)).toMatchObject({
    message: 'This key or token lacks the scope operations:read.',
    extensions: { code: 'FORBIDDEN' },
  });
  await close();
});
