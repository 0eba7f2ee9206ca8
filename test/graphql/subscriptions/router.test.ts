/** Subscriptions that a router receives by callbacks. */
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { json } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { ApolloServer } from '@apollo/server';
import { buildSchema } from 'graphql';
import { request } from 'undici';
import { OpenStreams } from '../../../src/http/open-streams.js';
import { startSandbox, type Sandbox } from '../../../src/sandbox/sandbox.js';
import type { RequestContext } from '../../../src/graphql/context.js';
import { errorFormatter, errorPublisher } from '../../../src/graphql/public-error.js';
import { routerSubscriptions } from '../../../src/graphql/subscriptions/router.js';
import { SANDBOX_ACCOUNT } from '../../../src/upstream.js';
import { accountAt, startTestApp, type TestApp } from '../../support/app.js';
import { execute } from '../../support/client.js';
import { SendMessageDocument } from '../../support/generated/graphql.js';
import { INPUT } from '../../support/messages.js';
import { listen, stopListening } from '../../support/listen.js';

const CREDENTIALS = { CALLBACK_USERNAME: 'user', CALLBACK_PASSWORD: 'password' };

interface ProtocolEvent {
  readonly action: 'check' | 'next' | 'complete';
  readonly id: string;
  readonly verifier: string;
  readonly payload?: { data?: { messageUpdated: { status: string } } };
  readonly errors?: readonly { message: string; extensions: { code: string } }[];
}

/** A router's side of the protocol: takes events, and can be waited on. */
class RouterEnd {
  readonly events: ProtocolEvent[] = [];
  /** What it answers; null for nothing at all. */
  statusOf: (event: ProtocolEvent) => number | null = () => 200;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((incoming, answer) => {
      void json(incoming).then((body) => {
        this.events.push(body as ProtocolEvent);
        const status = this.statusOf(body as ProtocolEvent);
        if (status !== null) answer.writeHead(status, { 'subscription-protocol': 'callback/1.0' }).end();
        this.#server.emit('event');
      });
    });
  }

  async start(): Promise<string> {
    return `http://127.0.0.1:${await listen(this.#server)}`;
  }

  async seen(action: ProtocolEvent['action'], count = 1): Promise<void> {
    while (this.count(action) < count) await once(this.#server, 'event');
  }

  count(action: ProtocolEvent['action']): number {
    return this.events.filter((event) => event.action === action).length;
  }

  close(): Promise<void> {
    return stopListening(this.#server);
  }
}

describe('a subscription behind a router', () => {
  let sandbox: Sandbox;
  let app: TestApp;
  let router: RouterEnd;
  let origin: string;

  beforeEach(async () => {
    sandbox = await startSandbox(SANDBOX_ACCOUNT);
    router = new RouterEnd();
    origin = await router.start();
    app = await startTestApp({ ...accountAt(sandbox), ...CREDENTIALS, ROUTER_ORIGINS: origin });
  });
  afterEach(async () => {
    await app.close();
    await router.close();
    await sandbox.close();
  });

  const ask = async (
    query: string,
    variables: object,
    callbackUrl: string,
    heartbeatIntervalMs: unknown = 0,
  ): Promise<{ status: number; body: { data?: unknown; errors?: readonly { extensions: { code: string } }[] } }> => {
    const subscription = { callbackUrl, subscriptionId: 'sub-1', verifier: 'verifier-1', heartbeatIntervalMs };
    const { statusCode, body } = await request(app.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json;callbackSpec=1.0, */*' },
      body: JSON.stringify({ query, variables, extensions: { subscription } }),
    });
    return { status: statusCode, body: (await body.json()) as never };
  };
  const SUBSCRIPTION = 'subscription ($id: ID!) { messageUpdated(id: $id) { id status } }';

  it('gets every change of a message by HTTP, to the end', async () => {
    const { data } = await execute(app.url, SendMessageDocument, { input: INPUT });
    const id = data?.sendMessage?.id ?? '';
    const { status, body } = await ask(SUBSCRIPTION, { id }, `${origin}/callback/sub-1`);
    expect([status, body]).toEqual([200, { data: null }]);
    await router.seen('next');
    sandbox.sendCallbacksTo({
      url: `${new URL(app.url).origin}/callbacks/catapult`,
      username: 'user',
      password: 'password',
    });
    const event = [
      {
        type: 'message-delivered',
        time: '2026-11-24T10:00:00Z',
        to: INPUT.to[0],
        description: 'ok',
        message: {
          id,
          to: INPUT.to,
          from: INPUT.from,
          text: 'Hey',
          applicationId: 'app-1',
          time: '2026-11-24T10:00:00Z',
          owner: INPUT.from,
          direction: 'out',
          segmentCount: 1,
        },
      },
    ];
    const answer = await request(`${new URL(app.url).origin}/callbacks/catapult`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from('user:password').toString('base64')}` },
      body: JSON.stringify(event),
    });
    expect(answer.statusCode).toBe(200);
    await router.seen('complete');

    expect(router.events.map(({ action, payload }) => [action, payload?.data?.messageUpdated.status])).toEqual([
      ['check', undefined],
      ['next', 'ACCEPTED'],
      ['next', 'DELIVERED'],
      ['complete', undefined],
    ]);
    expect(router.events.every((event) => event.id === 'sub-1' && event.verifier === 'verifier-1')).toBe(true);
    expect(router.events.at(-1)).not.toHaveProperty('errors');
  });

  it('gets the code of a failure', async () => {
    await ask(SUBSCRIPTION, { id: 'unknown' }, `${origin}/callback/sub-1`);
    await router.seen('complete');
    expect(router.events.at(-1)?.errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  it('gets nothing of the input in a failure of its variables', async () => {
    await ask(SUBSCRIPTION, { id: { zqcanary: 1 } }, `${origin}/callback/sub-1`);
    await router.seen('complete');
    expect(JSON.stringify(router.events)).not.toContain('zqcanary');
    expect(router.events.at(-1)?.errors).toHaveLength(1);
  });

  it('is ended when the server stops', async () => {
    const { data } = await execute(app.url, SendMessageDocument, { input: INPUT });
    await ask(SUBSCRIPTION, { id: data?.sendMessage?.id }, `${origin}/callback/sub-1`);
    await router.seen('next');
    await app.close();
    expect(router.events.at(-1)?.action).toBe('complete');
  });

  it.each([
    'http://127.0.0.1:1/callback',
    'http://169.254.169.254/latest',
    'file:///etc/passwd',
    '',
    '//evil.example',
    'ORIGIN.evil.example/x',
    'ORIGIN@evil.example/',
  ])('never posts to an address outside of the configured origins: %s', async (url) => {
    const { status, body } = await ask(SUBSCRIPTION, { id: 'unknown' }, url.replace('ORIGIN', origin));
    expect(status).toBe(400);
    expect(body.errors?.[0]?.extensions.code).toBe('BAD_REQUEST');
    expect(router.events).toEqual([]);
  });

  it.each([
    'mutation { sendMessage(input: {from: "+12345678901", to: "+12345678902", text: "Hey", applicationId: "a"}) { id } }',
    '{ __typename }',
  ])('is refused for an operation that is not a subscription: %s', async (query) => {
    const { status, body } = await ask(query, {}, `${origin}/callback/sub-1`);
    expect(status).toBe(400);
    expect(body.errors?.[0]?.extensions.code).toBe('BAD_REQUEST');
    expect(router.events).toEqual([]);
  });

  it.each([1, -5, 0.5, '5000', {}, 2_147_483_653])('is refused for a heartbeat of %j ms', async (heartbeat) => {
    const { status } = await ask(SUBSCRIPTION, { id: 'unknown' }, `${origin}/callback/sub-1`, heartbeat);
    expect(status).toBe(400);
    expect(router.events).toEqual([]);
  });

  it('is refused for a URL with credentials in it', async () => {
    const url = `${origin}/callback/sub-1`.replace('//', '//user:password@');
    const { status, body } = await ask(SUBSCRIPTION, { id: 'unknown' }, url);
    expect([status, body.errors?.[0]?.extensions.code]).toEqual([400, 'BAD_REQUEST']);
    expect(router.events).toEqual([]);
  });

  it('does not even reach the router when its document is wrong', async () => {
    const { status } = await ask('subscription { messageUpdated { id } }', {}, `${origin}/callback/sub-1`);
    expect(status).toBe(400);
    expect(router.events).toEqual([]);
  });
});

it.each([
  ['without a router configured', { callbackUrl: 'http://127.0.0.1:1/', subscriptionId: 's', verifier: 'v' }],
  ['without callbacks asked for', undefined],
])('%s, a subscription over HTTP is refused', async (_name, subscription) => {
  const app = await startTestApp();
  const { statusCode, body } = await request(app.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: 'subscription { messageReceived { id } }', extensions: { subscription } }),
  });
  expect(statusCode).toBe(400);
  expect(await body.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
  await app.close();
});

/** Events that a test brings about, and that know how many listen to them. */
class Source {
  listening = 0;
  #waiting: ((result: IteratorResult<object>) => void)[] = [];

  tell(text: string | null): void {
    const result: IteratorResult<object> = text === null ? { done: true, value: undefined } : { value: { said: text } };
    for (const wake of this.#waiting.splice(0)) wake(result);
  }

  subscribe(): AsyncIterableIterator<object> {
    this.listening += 1;
    let isOver = false;
    const over: IteratorResult<object> = { done: true, value: undefined };
    const ends = new Set<() => void>();
    const end = (): IteratorResult<object> => {
      if (!isOver) this.listening -= 1;
      isOver = true;
      for (const wake of ends) wake();
      return over;
    };
    return {
      next: () =>
        new Promise((resolve) => {
          if (isOver) resolve(over);
          ends.add(() => {
            resolve(over);
          });
          this.#waiting.push((result) => {
            resolve(result.done === true ? end() : result);
          });
        }),
      return: () => Promise.resolve(end()),
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }
}

describe('the subscriptions of one caller behind a router', () => {
  let apollo: ApolloServer<RequestContext>;
  let router: RouterEnd;
  let origin: string;
  let source: Source;
  let internal: unknown[];

  beforeEach(async () => {
    router = new RouterEnd();
    origin = await router.start();
    source = new Source();
    internal = [];
    const schema = buildSchema('type Query { a: Int }  type Subscription { said(fail: Boolean): String, unable: Int }');
    const { said, unable } = schema.getSubscriptionType()?.getFields() ?? {};
    Object.assign(said ?? {}, { subscribe: () => source.subscribe() });
    Object.assign(unable ?? {}, {
      subscribe: () => {
        throw new Error('secret');
      },
    });
    const publish = errorPublisher(errorFormatter(schema, { introspection: true }), (_requestId, error) => {
      internal.push(error);
    });
    apollo = new ApolloServer({
      schema,
      plugins: [routerSubscriptions({ origins: [origin], streams: new OpenStreams(), publish, maxPerCaller: 2 })],
      stopOnTerminationSignals: false,
    });
    await apollo.start();
  });
  afterEach(async () => {
    await apollo.stop();
    await router.close();
  });

  const open = async (
    query: string,
    over: { name?: string; heartbeatMs?: number; expiresAt?: number } = {},
  ): Promise<string> => {
    const { name = 'shop', heartbeatMs = 0, expiresAt = null } = over;
    const subscription = {
      callbackUrl: `${origin}/callback`,
      subscriptionId: 'sub-1',
      verifier: 'verifier-1',
      heartbeatIntervalMs: heartbeatMs,
    };
    const caller = { name, scopes: new Set(), senders: null };
    const { http, body } = await apollo.executeOperation(
      { query, extensions: { subscription } },
      { contextValue: { caller, requestId: 'request-1', traceId: null, span: null, codes: [], expiresAt } as never },
    );
    const result = body.kind === 'single' ? body.singleResult : {};
    const code = result.errors?.[0]?.extensions?.code;
    return `${http.status ?? 200} ${typeof code === 'string' ? code : 'open'}`;
  };
  const SAID = 'subscription { said }';

  it('are as many as it may have, and another caller has its own', async () => {
    expect([await open(SAID), await open(SAID), await open(SAID)]).toEqual([
      '200 open',
      '200 open',
      '429 RATE_LIMITED',
    ]);
    expect(await open(SAID, { name: 'crm' })).toBe('200 open');
    // The refused one did not even reach the router.
    expect(router.count('check')).toBe(3);
    expect(source.listening).toBe(3);
  });

  it('are not more when all are opened at once', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => open(SAID)));
    expect(answers.filter((answer) => answer === '200 open')).toHaveLength(2);
  });

  const untilFree = async (): Promise<void> => {
    while ((await open(SAID, { name: 'shop' })) !== '200 open');
    while ((await open(SAID, { name: 'shop' })) !== '200 open');
    expect(await open(SAID)).toBe('429 RATE_LIMITED');
  };
  const all = { statusOf: () => 200 };

  it.each<[string, () => Promise<void>]>([
    [
      'their events come to an end',
      async () => {
        source.tell(null);
        await router.seen('complete', 2);
      },
    ],
    [
      'the router no longer knows them',
      async () => {
        router.statusOf = ({ action }) => (action === 'next' ? 404 : 200);
        source.tell('hello');
        await router.seen('next', 2);
      },
    ],
    [
      'the router refuses an event',
      async () => {
        router.statusOf = ({ action }) => (action === 'next' ? 403 : 200);
        source.tell('hello');
        await router.seen('next', 2);
      },
    ],
    [
      'the router fails again and again',
      async () => {
        router.statusOf = ({ action }) => (action === 'next' ? 503 : 200);
        source.tell('hello');
        await router.seen('next', 12);
      },
    ],
  ])('give their places back when %s', async (_name, end) => {
    expect([await open(SAID), await open(SAID)]).toEqual(['200 open', '200 open']);
    await end();
    while (source.listening > 0) await setImmediate();
    Object.assign(router, all);
    await untilFree();
  });

  it('give their places back when a heartbeat finds that the router forgot them', async () => {
    expect([await open(SAID, { heartbeatMs: 1_000 }), await open(SAID, { heartbeatMs: 1_000 })]).toEqual([
      '200 open',
      '200 open',
    ]);
    router.statusOf = () => 404;
    await router.seen('check', 4);
    while (source.listening > 0) await setImmediate();
    Object.assign(router, all);
    await untilFree();
    expect(router.count('complete')).toBe(0);
  });

  it.each([404, 403, 204])('are neither started nor counted unless the router knows them: %d', async (status) => {
    router.statusOf = ({ action }) => (action === 'check' ? status : 400);
    const isKnown = status === 204;
    for (let index = 0; index < 5; index++) {
      expect(await open('subscription { unable }')).toBe(isKnown ? '200 open' : '400 BAD_REQUEST');
    }
    expect(source.listening).toBe(0);
    Object.assign(router, all);
    await untilFree();
  });

  it('that cannot start end with their code, once, and with no heartbeat after it', async () => {
    router.statusOf = ({ action }) => (action === 'complete' ? 503 : 200);
    expect(await open('subscription { unable }', { heartbeatMs: 1_000 })).toBe('200 open');
    await router.seen('complete', 2);
    Object.assign(router, all);
    await router.seen('complete', 3);
    expect(router.events.at(-1)?.errors).toMatchObject([
      {
        message: 'Something failed on the server; its log has the cause.',
        extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'request-1' },
      },
    ]);
    expect(internal).toHaveLength(1);
    await untilFree();
    expect(router.count('check')).toBe(3);
  });

  it('end with the credential that opened them', async () => {
    expect(await open(SAID, { expiresAt: Date.now() + 50 })).toBe('200 open');
    await router.seen('complete');
    expect(router.events.at(-1)?.errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    while (source.listening > 0) await setImmediate();
    await untilFree();
  });

  it('do not hold up a stop of the server when the router has gone silent', async () => {
    expect([await open(SAID), await open(SAID)]).toEqual(['200 open', '200 open']);
    router.statusOf = () => null;
    source.tell('hello');
    await router.seen('next', 2);
    const start = performance.now();
    await apollo.stop();
    expect(performance.now() - start).toBeLessThan(5_000);
    expect(router.count('complete')).toBe(2);
    expect(source.listening).toBe(0);
  });
});
