/** Callbacks from the sandbox and from raw requests, through the whole server. */
import { print } from 'graphql';
/** Callbacks from the sandbox and from raw requests, through the whole server. */
import { type Client } from 'graphql-ws';
import { request } from 'undici';
import WebSocket from 'ws';
import { SANDBOX_ACCOUNT } from '../../src/upstream.js';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { accountAt, startTestApp, type TestApp } from '../support/app.js';
import { execute } from '../support/client.js';
import {
  MessageDocument,
  MessagesDocument,
  MessageReceivedDocument,
  MessageUpdatedDocument,
  SendMessageDocument,
  type MessageFieldsFragment,
  type MessageReceivedSubscription,
  type MessageUpdatedSubscription,
} from '../support/generated/graphql.js';
import { startPostgres } from '../support/postgres.js';
import { INPUT } from '../support/messages.js';
import { openSubscriber } from '../support/subscriber.js';

/** Every state of a message until its subscription ends by itself. */
async function statesOf(client: Client, id: string, onState = (): void => undefined): Promise<MessageFieldsFragment[]> {
  const states: MessageFieldsFragment[] = [];
  const query = print(MessageUpdatedDocument);
  for await (const { data, errors } of client.iterate<MessageUpdatedSubscription>({ query, variables: { id } })) {
    expect(errors).toBeUndefined();
    if (data != null) states.push(data.messageUpdated);
    onState();
  }
  return states;
}

describe('in the sandbox', () => {
  let app: TestApp;
  let client: Client;

  beforeAll(async () => {
    app = await startTestApp();
    client = openSubscriber(app.url);
  });
  afterAll(async () => {
    await client.dispose();
    await app.close();
  });

  async function send(
    fields: Partial<typeof INPUT> & { media?: string[]; tag?: string; idempotencyKey?: string },
  ): Promise<string> {
    const { data, errors } = await execute(app.url, SendMessageDocument, { input: { ...INPUT, ...fields } });
    expect(errors).toBeUndefined();
    return data?.sendMessage?.id ?? 'none';
  }

  it('a subscriber sees a message go from ACCEPTED to DELIVERED, and then the end', async () => {
    const states = await statesOf(client, await send({ tag: 'mine' }));
    // On a slow machine the sandbox sends its callback before the subscription begins.
    expect(['ACCEPTED DELIVERED', 'DELIVERED']).toContain(states.map(({ status }) => status).join(' '));
    expect(states.at(-1)).toMatchObject({
      ...INPUT,
      tag: 'mine',
      deliveries: [
        { to: INPUT.to[0], status: 'DELIVERED', time: expect.stringMatching(/^20/) as string, failure: null },
      ],
    });
  });

  it('a group message with a failure ends as partially delivered, with the reason in words', async () => {
    const states = await statesOf(client, await send({ to: ['+12345678902', '+19195554775'] }));
    expect(states.at(-1)).toMatchObject({
      status: 'PARTIALLY_DELIVERED',
      deliveries: [
        { to: '+12345678902', status: 'DELIVERED', failure: null },
        {
          to: '+19195554775',
          status: 'FAILED',
          failure: {
            code: 4775,
            name: 'destination-rejected-due-to-user-opt-out',
            meaning: 'The recipient has opted out of messages from this number.',
            origin: 'CARRIER',
            retryable: false,
          },
        },
      ],
    });
  });

  it.each([
    ['reported twice and in the wrong order', '+19195550001'],
    ['reported before it is answered', '+19195550003'],
  ])('a message that is %s ends as delivered', async (_name, to) => {
    const states = await statesOf(client, await send({ to: [to] }));
    expect(states.at(-1)?.status).toBe('DELIVERED');
  });

  it('a message whose answer was cut off is found by its callback, and then returned for its key', async () => {
    const input = { ...INPUT, from: '+19195560202', tag: 'lost', idempotencyKey: 'lost-answer' };
    const lost = await execute(app.url, SendMessageDocument, { input });
    expect(lost.errors?.[0]?.extensions.code).toBe('OUTCOME_UNKNOWN');
    let found = await execute(app.url, SendMessageDocument, { input });
    while (found.errors !== undefined) found = await execute(app.url, SendMessageDocument, { input });
    expect(found.data?.sendMessage).toMatchObject({ from: input.from, tag: 'lost', text: 'Hey', status: 'DELIVERED' });
    expect(
      (await execute(app.url, MessagesDocument, { filter: { from: input.from } })).data?.messages.edges,
    ).toHaveLength(1);
  });

  it('a message that comes in reaches its subscriber and the list', async () => {
    const query = print(MessageReceivedDocument);
    const received = client.iterate<MessageReceivedSubscription>({ query, variables: { to: '+12345670000' } });
    const first = received.next();
    // The subscription is there once another one, begun after it, was answered.
    await statesOf(client, await send({}));
    const sandbox = String(app.log[0]?.sandbox);
    // The second has two of our numbers, and so is two messages.
    for (const to of ['+12345679999', ['+12345679998', '+12345670000']]) {
      const { statusCode, body } = await request(new URL('/sandbox/inbound', sandbox), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ from: '+19876543210', to, text: 'Hi there', applicationId: 'app-1' }),
      });
      await body.dump();
      expect(statusCode).toBe(202);
    }
    const message = ((await first).value as { data: MessageReceivedSubscription }).data.messageReceived;
    expect(message).toMatchObject({
      from: '+19876543210',
      to: ['+12345679998', '+12345670000'],
      owner: '+12345670000',
      text: 'Hi there',
      direction: 'IN',
      status: 'RECEIVED',
      deliveries: [],
    });
    expect((await execute(app.url, MessageDocument, { id: message.id })).data?.message).toEqual(message);
    await received.return?.();
    const inbound = await execute(app.url, MessagesDocument, { filter: { to: '+12345679998' } });
    expect(inbound.data?.messages.edges).toHaveLength(2);
  });

  it.each([
    ['an unknown message', print(MessageUpdatedDocument), { id: 'zqcanary' }, 'BAD_USER_INPUT'],
    ['an unknown field', 'subscription { zqname(text: "zqcanary") }', {}, 'GRAPHQL_VALIDATION_FAILED'],
    ['no GraphQL', 'subscription { zqcanary( }', {}, 'GRAPHQL_PARSE_FAILED'],
    ['a document of 100,000 tokens', `subscription { ${'a '.repeat(100_000)} }`, {}, 'GRAPHQL_PARSE_FAILED'],
    ['a variable of the wrong type', print(MessageUpdatedDocument), { id: { zqcanary: 1 } }, 'BAD_USER_INPUT'],
    [
      'a mutation with a mistake',
      print(SendMessageDocument),
      { input: { ...INPUT, from: 'zqcanary' } },
      'BAD_USER_INPUT',
    ],
  ])(
    'over WebSocket, %s is refused with its code and nothing of what was sent',
    async (_name, query, variables, code) => {
      const errors = await new Promise<unknown>((resolve) => {
        client.subscribe(
          { query, variables },
          {
            next: ({ errors: found }) => {
              if (found) resolve(found);
            },
            error: resolve,
            complete: () => undefined,
          },
        );
      });
      expect(errors).toMatchObject([
        { extensions: { code, retryable: false, requestId: expect.any(String) as string } },
      ]);
      expect(JSON.stringify(errors)).not.toContain('zqcanary');
    },
  );

  it('a page of another site cannot connect, and one of our own can', async () => {
    const url = app.url.replace('http', 'ws');
    const closeCode = (origin: string): Promise<number> =>
      new Promise((resolve) => {
        const socket = new WebSocket(url, 'graphql-transport-ws', { origin });
        socket.on('close', resolve);
        socket.on('open', () => {
          setImmediate(() => {
            socket.close(1000);
          });
        });
      });
    expect(await closeCode('https://evil.example')).toBe(4403);
    expect(await closeCode(new URL(app.url).origin)).toBe(1000);
  });
});

describe('the callback address', () => {
  let app: TestApp;
  let sandbox: Sandbox;
  const EVENT = { type: 'message-delivered', time: '2026-01-01T00:00:00Z', to: '+1', message: { id: 'm1' } };

  beforeAll(async () => {
    sandbox = await startSandbox(SANDBOX_ACCOUNT);
    app = await startTestApp({
      ...accountAt(sandbox),
      CALLBACK_USERNAME: 'user',
      CALLBACK_PASSWORD: 'new',
      CALLBACK_USERNAME_PREVIOUS: 'user',
      CALLBACK_PASSWORD_PREVIOUS: 'old',
    });
  });
  afterAll(async () => {
    await app.close();
    await sandbox.close();
  });

  async function post(
    body: string | Buffer,
    credentials: string | null = 'user:new',
    contentType = 'application/json',
  ): Promise<{ status: number; challenge: unknown }> {
    const authorization =
      credentials === null ? {} : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
    const answer = await request(new URL('/callbacks/catapult', app.url), {
      method: 'POST',
      headers: { 'content-type': contentType, ...authorization },
      body,
    });
    await answer.body.dump();
    return { status: answer.statusCode, challenge: answer.headers['www-authenticate'] };
  }

  it('asks for credentials first, as upstream expects', async () => {
    expect(await post('[]', null)).toEqual({ status: 401, challenge: 'Basic realm="callbacks"' });
    expect(await post('[]', 'user:wrong')).toMatchObject({ status: 401 });
    expect(await post('[]', 'user:')).toMatchObject({ status: 401 });
    expect(await post('[]', '')).toMatchObject({ status: 401 });
  });

  it('takes the current and the previous credentials', async () => {
    expect((await post('[]', 'user:new')).status).toBe(200);
    expect((await post('[]', 'user:old')).status).toBe(200);
  });

  it.each([
    ['an event', JSON.stringify([EVENT])],
    ['an event without an array', JSON.stringify(EVENT)],
    ['no event', '[]'],
    ['an unknown type', JSON.stringify([{ ...EVENT, type: 'message-bla' }])],
    ['no JSON', 'not JSON'],
    ['nothing', ''],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x00])],
    ['half of a surrogate pair', '[{"type":"\\ud800"}]'],
    ['a string with U+0000', '["\\u0000"]'],
    ['deep nesting', '['.repeat(10_000)],
  ])('answers 200 to %s, so that it does not come back for 24 hours', async (_name, body) => {
    expect((await post(body)).status).toBe(200);
    expect((await post(body, 'user:new', 'text/plain')).status).toBe(200);
    expect((await post(body, 'user:new', 'application/json; charset=iso-8859-1')).status).toBe(200);
  });

  it('gives a message without a time the present time', async () => {
    const message = { id: 'timeless', from: '+12345678902', to: ['+12345678901'], text: 'Hey' };
    const since = Date.now();
    await post(JSON.stringify([{ type: 'message-received', to: '+12345678901', message }]));
    const { data } = await execute(app.url, MessageDocument, { id: 'timeless' });
    const time = Date.parse(data?.message?.time ?? '');
    expect(time).toBeGreaterThanOrEqual(since);
    expect(time).toBeLessThanOrEqual(Date.now());
  });

  it('refuses a body that is too large for a callback', async () => {
    expect((await post(`["${'x'.repeat(2_000_000)}"]`)).status).toBe(413);
  });

  it('returns the tag as the client wrote it, although the wire carries more', async () => {
    for (const [tag, onTheWire] of [
      ['mine', /^mine~\w+\.[\w-]{12}$/],
      // There is no room for more.
      ['x'.repeat(1024), /^x{1024}$/],
      [null, /^\^\w+\.[\w-]{12}$/],
    ] as const) {
      const { data } = await execute(app.url, SendMessageDocument, { input: { ...INPUT, tag } });
      expect(data?.sendMessage?.tag).toBe(tag);
      expect(sandbox.accepted.at(-1)?.tag).toMatch(onTheWire);
      expect((await execute(app.url, MessageDocument, { id: data?.sendMessage?.id ?? '' })).data?.message?.tag).toBe(
        tag,
      );
    }
  });

  it('stores the valid event beside one that is 100,000 levels deep', async () => {
    const { data } = await execute(app.url, SendMessageDocument, { input: { ...INPUT, to: ['+19195550002'] } });
    const id = data?.sendMessage?.id ?? '';
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect((await post(`[${deep},${JSON.stringify({ ...EVENT, message: { id } })}]`)).status).toBe(200);
    expect((await execute(app.url, MessageDocument, { id })).data?.message?.status).toBe('DELIVERED');
    expect(lines().slice(-2)).toMatchObject([
      { kind: 'delivery', messageId: id },
      { kind: 'strange', count: 1 },
    ]);
  });

  it('keeps half a million events that it cannot understand as one dead letter', async () => {
    expect((await post(`[${Array(500_000).fill('0').join()}]`)).status).toBe(200);
    expect(lines().at(-1)).toMatchObject({ kind: 'strange', count: 500_000 });
  });

  it('stores every event of a body that holds thousands', async () => {
    const { data } = await execute(app.url, SendMessageDocument, { input: { ...INPUT, to: ['+19195550002'] } });
    const id = data?.sendMessage?.id ?? '';
    const others = Array.from({ length: 12_000 }, (_, index) => ({
      type: 'message-sent',
      message: { id: `m${index}` },
    }));
    expect((await post(JSON.stringify([...others, { ...EVENT, message: { id } }]))).status).toBe(200);
    expect((await execute(app.url, MessageDocument, { id })).data?.message?.status).toBe('DELIVERED');
  });

  it('logs ids, and nothing of what was said', () => {
    expect(lines().length).toBeGreaterThan(10);
    expect(JSON.stringify(app.log)).not.toMatch(/message-bla|not JSON|12345678/);
  });

  const lines = (): Record<string, unknown>[] => app.log.filter(({ msg }) => msg === 'callback');
});

describe('an address that guesses the credentials of callbacks', () => {
  let app: TestApp;
  let sandbox: Sandbox;

  beforeAll(async () => {
    sandbox = await startSandbox(SANDBOX_ACCOUNT);
    // Nobody wakes before the end.
    const sleep = (_ms: number, signal?: AbortSignal): Promise<void> =>
      new Promise((resolve) => {
        signal?.addEventListener('abort', () => {
          resolve();
        });
      });
    const environment = { ...accountAt(sandbox), CALLBACK_USERNAME: 'user', CALLBACK_PASSWORD: 'pass' };
    app = await startTestApp(environment, { clock: { now: () => Date.now(), sleep } });
  });
  afterAll(async () => {
    await app.close();
    await sandbox.close();
  });

  const post = async (authorization?: string): Promise<number> => {
    const answer = await request(new URL('/callbacks/catapult', app.url), {
      method: 'POST',
      headers: { ...(authorization !== undefined && { authorization }) },
      body: '[]',
    });
    await answer.body.dump();
    return answer.statusCode;
  };
  const basic = (credentials: string): string => `Basic ${Buffer.from(credentials).toString('base64')}`;

  it('waits from the eleventh try on, but never locks out upstream at the same address', async () => {
    for (let index = 0; index < 50; index++) expect(await post()).toBe(401);
    const guesses = [...Array.from({ length: 8 }, (_, index) => basic(`user:${index}`)), 'Bearer pass', 'Basic'];
    for (const guess of guesses) expect(await post(guess)).toBe(401);
    const answered: number[] = [];
    const waiting = Array.from({ length: 20 }, (_, index) =>
      post(basic(`user:more${index}`)).then((status) => answered.push(status)),
    );
    // Upstream's own two requests, from the same address, while the guesser waits.
    expect(await post()).toBe(401);
    expect(await post(basic('user:pass'))).toBe(200);
    expect(answered).toEqual([]);
    const closed = app.close();
    await Promise.all(waiting);
    expect(answered).toEqual(Array(20).fill(429));
    await closed;
  });

  it('leaves two lines in the log, with the number of tries, and nothing of what was tried', () => {
    const lines = app.log.filter(({ msg }) => msg === 'callbacks came with wrong credentials');
    expect(lines).toMatchObject([
      { level: 40, count: 1, addresses: 1 },
      { level: 40, count: 29, addresses: 1 },
    ]);
    expect(JSON.stringify(lines)).not.toMatch(/user|more|127\.0/);
  });
});

let cleanUp: (() => Promise<void>) | undefined;
afterEach(async () => {
  await cleanUp?.();
  cleanUp = undefined;
});

it('an event taken in by one server reaches the subscriber of another, also after the database was away', async () => {
  const postgres = await startPostgres();
  const sandbox = await startSandbox(SANDBOX_ACCOUNT);
  const environment = {
    DATABASE_URL: await postgres.newDatabase(),
    ...accountAt(sandbox),
    CALLBACK_USERNAME: 'user',
    CALLBACK_PASSWORD: 'pass',
  };
  const [one, two] = [await startTestApp(environment), await startTestApp(environment)];
  const client = openSubscriber(two.url);
  cleanUp = async () => {
    await client.dispose();
    for (const app of [one, two]) await app.close();
    await sandbox.close();
    await postgres.close();
  };
  const target = { url: new URL('/callbacks/catapult', one.url).href, username: 'user', password: 'pass' };
  sandbox.sendCallbacksTo(target);

  const { data } = await execute(one.url, SendMessageDocument, { input: INPUT });
  expect((await statesOf(client, data?.sendMessage?.id ?? '')).at(-1)?.status).toBe('DELIVERED');

  const waiting = await execute(one.url, SendMessageDocument, { input: { ...INPUT, to: ['+19195550002'] } });
  const id = waiting.data?.sendMessage?.id ?? '';
  let states: Promise<MessageFieldsFragment[]> = Promise.resolve([]);
  await new Promise<void>((subscribed) => {
    states = statesOf(client, id, subscribed);
  });
  await postgres.stop();
  const event = { type: 'message-delivered', time: '2026-01-01T00:00:00Z', to: '+19195550002', message: { id } };
  const callBack = async (): Promise<number> => {
    const authorization = `Basic ${Buffer.from('user:pass').toString('base64')}`;
    const answer = await request(target.url, {
      method: 'POST',
      headers: { authorization },
      body: JSON.stringify([event]),
    });
    await answer.body.dump();
    return answer.statusCode;
  };
  expect(await callBack()).toBe(503);
  await postgres.start();
  expect(await callBack()).toBe(200);
  expect((await states).map(({ status }) => status)).toEqual(['ACCEPTED', 'DELIVERED']);
}, 60_000);
