/** `validateMessage` and `normalizeNumber`: what is known before anything is sent. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { graphql, type GraphQLSchema } from 'graphql';
import { createServer, type Server } from 'node:http';
import { ServiceError, type FieldError } from '../../src/errors.js';
import { contextFactory } from '../../src/graphql/context.js';
import { buildMessagingSchema } from '../../src/graphql/schema.js';
import { ANYBODY, type Caller } from '../../src/messaging/caller.js';
import { ChangeStream } from '../../src/messaging/change-stream.js';
import { systemClock } from '../../src/messaging/clock.js';
import { MessageFeed } from '../../src/messaging/message-feed.js';
import type { MessageService, SendRequest } from '../../src/messaging/message-service.js';
import { SendPolicy, type SendPolicyOptions } from '../../src/messaging/send-policy.js';
import { openStore, type OpenStore } from '../../src/store/index.js';
import { NO_ATTACHMENTS } from '../support/attachments.js';
import { startTestApp, upstreamAt, type TestApp } from '../support/app.js';
import { execute, post, type Answer } from '../support/client.js';
import {
  MessagesDocument,
  NormalizeNumberDocument,
  PreviewMessageDocument,
  SendMessageDocument,
  UnresolvedSendsDocument,
  ValidateMessageDocument,
  type NormalizeNumberQueryVariables,
  type ValidateMessageQuery,
} from '../support/generated/graphql.js';
import { listen, stopListening } from '../support/listen.js';
import { NO_HEALTH } from '../support/health.js';
import { ACCEPTED_ANSWER, INPUT } from '../support/messages.js';
import { NO_NUMBERS } from '../support/numbers.js';
import { NO_OPT_OUTS } from '../support/opt-outs.js';
import { marks } from '../support/hooks.js';

type Input = Partial<Record<keyof typeof INPUT | 'media' | 'tag' | 'expiresAt' | 'idempotencyKey', unknown>>;

describe('validateMessage', () => {
  let upstream: Server;
  let upstreamCalls = 0;
  let app: TestApp;

  beforeAll(async () => {
    upstream = createServer((request, response) => {
      if (request.method !== 'GET') upstreamCalls += 1;
      response.writeHead(202, { 'content-type': 'application/json' }).end(ACCEPTED_ANSWER);
    });
    app = await startTestApp({
      ...upstreamAt(`http://127.0.0.1:${await listen(upstream)}/v2`),
      LIMIT_SENDS: '1/h',
      LIMIT_PER_RECIPIENT: '1/h',
      HTTP_MEDIA: 'off',
      MEDIA_HOSTS: 'cdn.example.com',
    });
  });
  afterAll(async () => {
    await app.close();
    await stopListening(upstream);
  });

  const validate = (fields: Input): Promise<Answer<ValidateMessageQuery>> =>
    execute(app.url, ValidateMessageDocument, { input: { ...INPUT, ...fields } as never });
  const mistakes = async (fields: Input): Promise<string[] | undefined> =>
    (await validate(fields)).data?.validateMessage.fieldErrors.map(({ path, code }) => `${path.join('.')} ${code}`);

  it('finds nothing wrong with a message that may be sent', async () => {
    const { data, errors } = await validate({ text: 'Grüße {' });
    expect(errors).toBeUndefined();
    expect(data?.validateMessage).toEqual({
      fieldErrors: [],
      preview: { encoding: 'GSM_7', segmentCount: 1, unitCount: 8, unitsPerSegment: 160, forcing: [] },
    });
  });

  it('finds what breaks the rules and what the operator does not allow, all at once', async () => {
    const fields = {
      from: 'BANK',
      to: ['+12345678902', '12', '+447912345678', '+12345678902'],
      text: 'a'.repeat(2_100),
      applicationId: ' ',
      media: ['https://cdn.example.com/a', 'http://cdn.example.com/b', 'ftp://x', 'https://other.example/c'],
      expiresAt: '2020-01-01T00:00:00Z',
    };
    expect(new Set(await mistakes(fields))).toEqual(
      new Set([
        'input.from INVALID_E164',
        'input.to.1 INVALID_E164',
        'input.to.2 DESTINATION_NOT_ALLOWED',
        'input.to.3 DUPLICATE_RECIPIENT',
        'input.text TEXT_TOO_LONG',
        'input.applicationId APPLICATION_ID_REQUIRED',
        'input.media.1 MEDIA_NOT_HTTPS',
        'input.media.2 INVALID_MEDIA_URL',
        'input.media.3 MEDIA_HOST_NOT_ALLOWED',
        'input.expiresAt ALREADY_EXPIRED',
      ]),
    );
  });

  it('has the numbers of a mistake, and null where there are none', async () => {
    const { data } = await validate({ to: ['12'], text: 'a'.repeat(2_100) });
    expect(data?.validateMessage.fieldErrors).toMatchObject([
      { path: ['input', 'to', '0'], code: 'INVALID_E164', min: null, max: null, actual: null },
      { path: ['input', 'text'], code: 'TEXT_TOO_LONG', min: null, max: 2_048, actual: 2_100 },
    ]);
  });

  it('says nothing of the operator’s policy about what is malformed', async () => {
    expect(await mistakes({ to: ['x', ''], media: ['/etc/passwd'] })).toEqual([
      'input.to.0 INVALID_E164',
      'input.to.1 INVALID_E164',
      'input.media.0 INVALID_MEDIA_URL',
    ]);
  });

  it('previews a text as previewMessage does', async () => {
    for (const text of ['', 'Hey', 'Grüße {€}', '日本語'.repeat(60), '😀'.repeat(1_024), 'é'.repeat(2_048)]) {
      const { data } = await execute(app.url, PreviewMessageDocument, { text });
      expect((await validate({ text })).data?.validateMessage.preview).toEqual(data?.previewMessage);
    }
  });

  it('previews as much of a text that is too long as a message may have, and splits no character', async () => {
    const previewOf = async (text: string): Promise<unknown> =>
      (await validate({ text })).data?.validateMessage.preview;
    expect(await previewOf('a'.repeat(200_000))).toMatchObject({ unitCount: 2_048, segmentCount: 14, forcing: [] });
    expect(await previewOf(`a${'😀'.repeat(20_000)}`)).toMatchObject({ unitCount: 2_047, forcing: ['😀'] });
  });

  it('sends, stores and counts nothing', async () => {
    const input = { ...INPUT, idempotencyKey: 'looked-at' };
    for (let round = 0; round < 5; round++) expect(await mistakes(input)).toEqual([]);
    expect(upstreamCalls).toBe(0);
    expect((await execute(app.url, MessagesDocument, {})).data?.messages.edges).toEqual([]);
    expect((await execute(app.url, UnresolvedSendsDocument, {})).data?.unresolvedSends.nodes).toEqual([]);
    // One send an hour is allowed, and none was made. The key is free for another text.
    const sent = await execute(app.url, SendMessageDocument, { input: { ...input, text: 'Other' } });
    expect(sent.errors).toBeUndefined();
    expect(upstreamCalls).toBe(1);
    // The limit is reached now, but it is no mistake of the input.
    expect(await mistakes({})).toEqual([]);
  });

  it('needs the scope to send', async () => {
    const digest = createHash('sha256').update('reader-key').digest('hex');
    const guarded = await startTestApp({ API_KEYS: `reader:${digest}:messages:read` });
    const query = 'query ($input: MessageInput!) { validateMessage(input: $input) { fieldErrors { code } } }';
    const { data, errors } = await post(guarded.url, JSON.stringify({ query, variables: { input: INPUT } }), {
      'content-type': 'application/json',
      authorization: 'Bearer reader-key',
    });
    await guarded.close();
    expect(data ?? null).toBeNull();
    expect(errors?.[0]).toMatchObject({
      path: ['validateMessage'],
      message: 'This key or token lacks the scope messages:send.',
      extensions: { code: 'FORBIDDEN', requestId: expect.any(String) as string },
    });
  });
});

describe('validateMessage, beside a send of the same input', () => {
  const NOW = Date.parse('2026-01-01T00:00:00Z');
  let store: OpenStore;
  beforeAll(async () => {
    store = await openStore({ databaseUrl: null, file: ':memory:' });
  });
  afterAll(() => store.close());

  // Nothing is sent: the service only tells why it would not send.
  const messages = {
    send: ({ refusal }: SendRequest) => Promise.reject(refusal ?? new ServiceError('OUTCOME_UNKNOWN')),
  } as unknown as MessageService;
  const under = (options: SendPolicyOptions): GraphQLSchema =>
    buildMessagingSchema({
      messages,
      optOuts: NO_OPT_OUTS,
      numbers: NO_NUMBERS,
      health: NO_HEALTH,
      policy: new SendPolicy(options, { now: () => NOW }),
    });
  const schemas = fc.constantFrom(
    under({ allowedRegions: '*', mediaHosts: null, allowHttpMedia: true, applicationIds: new Map() }),
    under({
      allowedRegions: ['US'],
      mediaHosts: ['cdn.example.com'],
      allowHttpMedia: false,
      applicationIds: new Map([['+12345678901', 'app-1']]),
    }),
  );

  /** What both say of one input: the mistakes, in the order in which they are listed. */
  async function said(
    input: object,
    caller: Caller,
    schema: GraphQLSchema,
  ): Promise<{ validated: FieldError[]; refused: readonly FieldError[] }> {
    const newContext = contextFactory({
      optOuts: NO_OPT_OUTS,
      messages,
      feed: new MessageFeed(store),
      changes: new ChangeStream(store, systemClock),
      attachments: NO_ATTACHMENTS,
      onInternalError: () => undefined,
    });
    const run = async (source: string): Promise<{ fieldErrors?: FieldError[] }> => {
      const contextValue = newContext(marks('r'), { caller, expiresAt: null });
      const { data, errors } = await graphql({ schema, source, variableValues: { input }, contextValue });
      expect(errors).toBeUndefined();
      return JSON.parse(JSON.stringify(data?.found)) as { fieldErrors?: FieldError[] };
    };
    const each = 'fieldErrors { path code message min max actual }';
    const { fieldErrors: validated = [] } = await run(
      `query ($input: MessageInput!) { found: validateMessage(input: $input) { ${each} } }`,
    );
    const { fieldErrors: refused = [] } = await run(
      `mutation ($input: MessageInput!) { found: submitMessage(input: $input) { ... on InvalidMessageProblem { ${each} } } }`,
    );
    return { validated, refused };
  }

  const number = fc.constantFrom('+12345678901', '+12345678902', '+12345678903', '+447912345678', '+18765551234', '12');
  const url = fc.constantFrom(
    'https://cdn.example.com/a',
    'http://cdn.example.com/a',
    'https://10.0.0.1/a',
    'x',
    `https://cdn.example.com/${'a'.repeat(4_100)}`,
  );
  const inputs = fc.record({
    from: number,
    to: fc.array(number, { maxLength: 12 }),
    text: fc.constantFrom('Hey', '', 'a'.repeat(2_049), 'a\0'),
    applicationId: fc.constantFrom('app-1', ' ', 'a'.repeat(256), null),
    media: fc.option(fc.array(url, { maxLength: 12 })),
    tag: fc.option(fc.constantFrom('red', 'a'.repeat(1_025))),
    expiresAt: fc.option(fc.constantFrom('2025-12-31T23:59:59Z', '2026-01-02T00:00:00Z')),
    idempotencyKey: fc.option(fc.constantFrom('k-1', 'a b')),
  });
  const callers = fc.constantFrom(ANYBODY, { ...ANYBODY, senders: new Set(['+12345678901']) });
  it('finds all that the send is refused for, and nothing if it is not refused', async () => {
    await fc.assert(
      fc.asyncProperty(inputs, callers, schemas, async (input, caller, schema) => {
        const { validated, refused } = await said(input, caller, schema);
        expect(validated).toEqual(expect.arrayContaining([...refused]));
        expect(validated.length > 0).toBe(refused.length > 0);
        const places = validated.map(({ path, code }) => `${path.join('.')} ${code}`);
        expect(new Set(places).size).toBe(places.length);
      }),
      { numRuns: 300 },
    );
  });

  it('looks at no more of a list than a message may have, and lists a hundred mistakes at most', async () => {
    let judged = 0;
    class CountingPolicy extends SendPolicy {
      override mistakesOf(...[message, caller]: Parameters<SendPolicy['mistakesOf']>): readonly FieldError[] {
        judged = Math.max(judged, message.to.length, message.media.length);
        return super.mistakesOf(message, caller);
      }
    }
    const options: SendPolicyOptions = {
      allowedRegions: ['US'],
      mediaHosts: null,
      allowHttpMedia: false,
      applicationIds: new Map(),
    };
    const schema = buildMessagingSchema({
      messages,
      optOuts: NO_OPT_OUTS,
      numbers: NO_NUMBERS,
      health: NO_HEALTH,
      policy: new CountingPolicy(options, { now: () => NOW }),
    });
    const newContext = contextFactory({
      optOuts: NO_OPT_OUTS,
      messages,
      feed: new MessageFeed(store),
      changes: new ChangeStream(store, systemClock),
      attachments: NO_ATTACHMENTS,
      onInternalError: () => undefined,
    });
    const input = { ...INPUT, to: Array(10_000).fill('+447912345678'), media: Array(10_000).fill('http://10.0.0.1/') };
    const { data } = await graphql({
      schema,
      source: 'query ($input: MessageInput!) { validateMessage(input: $input) { fieldErrors { code } } }',
      variableValues: { input },
      contextValue: newContext(marks('r'), { caller: ANYBODY, expiresAt: null }),
    });
    expect(judged).toBe(10);
    expect((data as { validateMessage: { fieldErrors: unknown[] } }).validateMessage.fieldErrors).toHaveLength(100);
  });
});

describe('normalizeNumber', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp();
  });
  afterAll(() => app.close());

  const normalize = (variables: NormalizeNumberQueryVariables): ReturnType<typeof execute> =>
    execute(app.url, NormalizeNumberDocument, variables);

  it('finds the number that somebody meant, and its region', async () => {
    const { data } = await normalize({ text: '(919) 555-1212', region: 'US' });
    expect(data).toEqual({ normalizeNumber: { number: '+19195551212', region: 'US' } });
  });

  it('has no region for a number of none', async () => {
    const { data } = await normalize({ text: '+881 612 345678' });
    expect(data).toEqual({ normalizeNumber: { number: '+881612345678', region: null } });
  });

  it('has neither for what is no number', async () => {
    for (const text of ['', 'me', '919 555 1212', '1-800-FLOWERS']) {
      expect((await normalize({ text })).data).toEqual({ normalizeNumber: { number: null, region: null } });
    }
  });

  it.each(['', 'us', 'UK', 'USA', '001', 'constructor', '__proto__'])('knows no region %j', async (region) => {
    const { data, errors } = await normalize({ text: '919 555 1212', region });
    expect(data).toBeNull();
    expect(errors?.[0]?.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      fieldErrors: [{ path: ['region'], code: 'INVALID_REGION' }],
    });
  });

  it('takes at most 64 UTF-16 units', async () => {
    expect((await normalize({ text: `+1 919 555 1212${' '.repeat(49)}` })).data).toMatchObject({
      normalizeNumber: { number: '+19195551212' },
    });
    const { errors } = await normalize({ text: `+1 919 555 1212${' '.repeat(50)}` });
    expect(errors?.[0]?.extensions.fieldErrors).toEqual([
      { path: ['text'], code: 'NUMBER_TOO_LONG', message: 'Must have at most 64 characters.', max: 64, actual: 65 },
    ]);
  });
});
