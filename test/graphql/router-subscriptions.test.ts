import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { request } from 'undici';
import { startSandbox, type Sandbox } from '../../src/catapult/sandbox.js';
import { SANDBOX_ACCOUNT } from '../../src/upstream.js';
import { accountAt, startTestApp, type TestApp } from '../support/app.js';
import { execute } from '../support/client.js';
import { SendMessageDocument } from '../support/generated/graphql.js';

const INPUT = { from: '+12345678901', to: ['+12345678902'], text: 'Hey', applicationId: 'app-1' };
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
  readonly #server: Server;

  constructor() {
    this.#server = createServer((incoming, answer) => {
      void json(incoming).then((body) => {
        this.events.push(body as ProtocolEvent);
        answer.writeHead(200, { 'subscription-protocol': 'callback/1.0' }).end();
        this.#server.emit('event');
      });
    });
  }

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async seen(action: ProtocolEvent['action'], count = 1): Promise<void> {
    while (this.events.filter((event) => event.action === action).length < count) await once(this.#server, 'event');
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
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

  it('is told by HTTP what becomes of a message, to the end', async () => {
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

  it('hears the code of a failure', async () => {
    await ask(SUBSCRIPTION, { id: 'unknown' }, `${origin}/callback/sub-1`);
    await router.seen('complete');
    expect(router.events.at(-1)?.errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  it('hears nothing of the input in a failure of its variables', async () => {
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
  ])('never posts to an address that is no router of ours: %s', async (url) => {
    const { status, body } = await ask(SUBSCRIPTION, { id: 'unknown' }, url.replace('ORIGIN', origin));
    expect(status).toBe(400);
    expect(body.errors?.[0]?.extensions.code).toBe('BAD_REQUEST');
    expect(router.events).toEqual([]);
  });

  it.each([
    'mutation { sendMessage(input: {from: "+12345678901", to: "+12345678902", text: "Hey", applicationId: "a"}) { id } }',
    '{ __typename }',
  ])('is not to be had for an operation that is none: %s', async (query) => {
    const { status, body } = await ask(query, {}, `${origin}/callback/sub-1`);
    expect(status).toBe(400);
    expect(body.errors?.[0]?.extensions.code).toBe('BAD_REQUEST');
    expect(router.events).toEqual([]);
  });

  it.each([1, -5, 0.5, '5000', {}, 2_147_483_653])('beats no heart every %j ms', async (heartbeat) => {
    const { status } = await ask(SUBSCRIPTION, { id: 'unknown' }, `${origin}/callback/sub-1`, heartbeat);
    expect(status).toBe(400);
    expect(router.events).toEqual([]);
  });

  it('is not to be had at a URL with credentials in it', async () => {
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
