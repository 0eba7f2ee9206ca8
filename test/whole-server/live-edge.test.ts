/** The whole server at the edge to the live service: tokens that expire, wrong credentials, and what is reported. */
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { request } from 'undici';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/sandbox.js';
import type { Environment } from '../../src/config/config.js';
import { SANDBOX_ACCOUNT } from '../../src/upstream.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { execute } from '../support/client.js';
import { SendMessageDocument, UnresolvedSendsDocument } from '../support/generated/graphql.js';
import { json, startTokenEndpoint, type TokenEndpoint } from '../support/token-endpoint.js';
import { INPUT } from '../support/messages.js';
import { listen, stopListening, unlistenedPort } from '../support/listen.js';
import { makeFolder, removeFolder } from '../support/folder.js';

let folder: string;
let open: { close: () => Promise<void> }[];
beforeEach(() => {
  folder = makeFolder();
  open = [];
});
afterEach(async () => {
  for (const part of open.reverse()) await part.close();
  removeFolder(folder);
});

/** The environment of a server with an account at this sandbox, which sends no callbacks. */
function oauthAt({ url, tokenUrl }: { url: string; tokenUrl: string }, overrides: Environment = {}): Environment {
  return {
    AUTH: 'none',
    LIMIT_SENDS: 'off',
    LIMIT_PER_RECIPIENT: 'off',
    CATAPULT_URL: url,
    CATAPULT_TOKEN_URL: tokenUrl,
    CATAPULT_USER_ID: SANDBOX_ACCOUNT.userId,
    CATAPULT_CLIENT_ID: SANDBOX_ACCOUNT.clientId,
    CATAPULT_CLIENT_SECRET: SANDBOX_ACCOUNT.clientSecret,
    ...overrides,
  };
}

async function newSandbox(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({ ...SANDBOX_ACCOUNT, auth: 'oauth', ...options });
  open.push(sandbox);
  return sandbox;
}

async function newApp(environment: Environment): Promise<TestApp> {
  const app = await startTestApp(environment, { storeFile: join(folder, 'messages.sqlite') });
  open.push(app);
  return app;
}

async function send(app: TestApp, fields: object = {}): Promise<{ id?: string; code?: string; outcome?: string }> {
  const { data, errors } = await execute(app.url, SendMessageDocument, { input: { ...INPUT, ...fields } });
  const id = data?.sendMessage?.id;
  const { code, outcome } = errors?.[0]?.extensions ?? {};
  return { ...(id !== undefined && { id }), ...(code !== undefined && { code, outcome: outcome ?? '' }) };
}

async function readiness(app: TestApp): Promise<unknown> {
  const { statusCode, body } = await request(new URL('/ready', app.url));
  return { statusCode, ...((await body.json()) as object) };
}

const unresolved = async (app: TestApp): Promise<number | undefined> =>
  (await execute(app.url, UnresolvedSendsDocument, {})).data?.unresolvedSends.nodes.length;

/** An upstream that takes 200 ms for each message, and a token endpoint beside it that fails a third of the time. */
class Flaky {
  readonly accepted = new Map<string, number>();
  readonly tokens = new Map<string, number>();
  tokenRequests = 0;
  refusedTokens = 0;
  mostTokenRequestsAtOnce = 0;
  #underWay = 0;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((incoming, response) => {
      let body = '';
      incoming.setEncoding('utf8');
      incoming.on('data', (chunk: string) => (body += chunk));
      incoming.on('end', () => {
        if (incoming.url === '/token') {
          this.#underWay += 1;
          this.mostTokenRequestsAtOnce = Math.max(this.mostTokenRequestsAtOnce, this.#underWay);
          setTimeout(() => {
            this.#underWay -= 1;
            if (++this.tokenRequests % 3 === 0) {
              response.writeHead(503).end();
              return;
            }
            const token = `token-${this.tokenRequests}`;
            this.tokens.set(token, Date.now() + 2_000);
            json(response, 200, { access_token: token, expires_in: 2, token_type: 'Bearer' });
          }, 20);
          return;
        }
        const token = (incoming.headers.authorization ?? '').replace('Bearer ', '');
        if (Date.now() >= (this.tokens.get(token) ?? 0)) {
          this.refusedTokens += 1;
          json(response, 401, { type: 'unauthorized', description: 'Authentication Failed' });
        } else if (incoming.method === 'GET') {
          json(response, 200, { totalCount: 0, messages: [] });
        } else {
          const { text } = JSON.parse(body) as { text: string };
          this.accepted.set(text, (this.accepted.get(text) ?? 0) + 1);
          setTimeout(() => {
            json(response, 202, { id: `id of ${text}` });
          }, 200);
        }
      });
    });
  }

  async start(): Promise<string> {
    return `http://127.0.0.1:${await listen(this.#server)}`;
  }

  close(): Promise<void> {
    return stopListening(this.#server);
  }
}

it('1000 sends over tokens that live two seconds, from an endpoint that fails a third of the time, go out once or are known not sent', async () => {
  const upstream = new Flaky();
  const url = await upstream.start();
  open.push(upstream);
  const app = await newApp(oauthAt({ url: `${url}/v2`, tokenUrl: `${url}/token` }));
  const texts = Array.from({ length: 1_000 }, (_, index) => `text ${index}`);
  const outcomes = new Map<string, string>();
  await Promise.all(
    Array.from({ length: 50 }, async () => {
      for (let text = texts.pop(); text !== undefined; text = texts.pop()) {
        const { id, outcome = '' } = await send(app, { text });
        outcomes.set(text, id === undefined ? outcome : 'SENT');
      }
    }),
  );
  expect(outcomes.size).toBe(1_000);
  for (const [text, outcome] of outcomes) {
    expect([text, outcome, upstream.accepted.get(text) ?? 0]).toEqual([
      text,
      outcome === 'SENT' ? 'SENT' : 'NOT_SENT',
      outcome === 'SENT' ? 1 : 0,
    ]);
  }
  expect(upstream.mostTokenRequestsAtOnce).toBe(1);
  // Otherwise nothing ended on the way.
  expect(upstream.tokens.size).toBeGreaterThan(1);
  expect(upstream.accepted.size).toBeGreaterThan(500);
  expect(await unresolved(app)).toBe(0);
}, 60_000);

describe('after wrong credentials are corrected', () => {
  it.each([
    ['a client secret', {}, { CATAPULT_CLIENT_SECRET: 'wrong' }, 'UPSTREAM_UNAVAILABLE'],
    ['a client id', {}, { CATAPULT_CLIENT_ID: 'wrong' }, 'UPSTREAM_UNAVAILABLE'],
    [
      'a token and secret where only OAuth is taken',
      {},
      { CATAPULT_CLIENT_ID: '', CATAPULT_CLIENT_SECRET: '', CATAPULT_TOKEN_URL: '', ...BASIC() },
      'UPSTREAM_REJECTED',
    ],
    [
      'a secret',
      { auth: 'basic' as const },
      { CATAPULT_CLIENT_ID: '', CATAPULT_CLIENT_SECRET: '', CATAPULT_TOKEN_URL: '', ...BASIC('wrong') },
      'UPSTREAM_REJECTED',
    ],
    ['a path', {}, { CATAPULT_URL: '/v3' }, 'UPSTREAM_REJECTED'],
  ])('%s: the same key then sends once', async (_name, options, mistake: Environment, code) => {
    const sandbox = await newSandbox(options);
    const { CATAPULT_URL: path = '' } = mistake;
    const url = path === '' ? sandbox.url : sandbox.url.replace('/v2', path);
    const wrong = await newApp(oauthAt(sandbox, { ...mistake, CATAPULT_URL: url }));
    expect(await send(wrong, { idempotencyKey: 'k' })).toEqual({ code, outcome: 'NOT_SENT' });
    expect(await unresolved(wrong)).toBe(0);
    await wrong.close();
    open.pop();

    const right = await newApp(oauthAt(sandbox));
    const first = await send(right, { idempotencyKey: 'k' });
    expect(first.id).toBeDefined();
    expect(await send(right, { idempotencyKey: 'k' })).toEqual(first);
    expect(sandbox.accepted).toHaveLength(1);
  });
});

function BASIC(secret: string = SANDBOX_ACCOUNT.secret): Environment {
  return { CATAPULT_TOKEN: SANDBOX_ACCOUNT.token, CATAPULT_SECRET: secret };
}

it('no refusal by status leaves a send unresolved, whoever wrote its body', async () => {
  const sandbox = await newSandbox();
  const app = await newApp(oauthAt(sandbox));
  // The sender's number asks the sandbox for the status; most come with HTML, and redirects with nothing.
  for (const status of [401, 404, 405, 406, 407, 411, 413, 414, 415, 422, 431, 301, 307, 308]) {
    const refused = await send(app, { from: `+19195560${status}`, idempotencyKey: `k${status}` });
    expect([status, refused]).toEqual([status, { code: 'UPSTREAM_REJECTED', outcome: 'NOT_SENT' }]);
  }
  expect(await unresolved(app)).toBe(0);
  expect(sandbox.accepted).toEqual([]);
});

it('a repetition of a send that is settled needs no token', async () => {
  const sandbox = await newSandbox();
  const before = await newApp(oauthAt(sandbox));
  const first = await send(before, { idempotencyKey: 'k' });
  await before.close();
  open.pop();
  const after = await newApp(oauthAt(sandbox, { CATAPULT_CLIENT_SECRET: 'wrong' }));
  expect(await send(after, { idempotencyKey: 'k' })).toEqual(first);
});

it('no send is lost when a token expires or is revoked on the way', async () => {
  const sandbox = await newSandbox({ tokenLifeS: 2 });
  const app = await newApp(oauthAt(sandbox));
  for (let round = 0; round < 5; round++) {
    expect((await send(app)).id).toBeDefined();
    sandbox.revokeTokens();
  }
  expect(sandbox.accepted).toHaveLength(5);
});

describe('the first line of the log and /ready say that', () => {
  let sandbox: Sandbox;
  let endpoint: TokenEndpoint;

  beforeEach(async () => {
    sandbox = await newSandbox();
    endpoint = await startTokenEndpoint();
    open.push(endpoint);
  });

  async function told(environment: Environment): Promise<unknown> {
    const app = await newApp(environment);
    const [first] = app.log;
    expect(first?.msg).toBe('listening; messages go to Catapult');
    expect(await readiness(app)).toEqual({
      statusCode: 200,
      status: 'ready',
      upstream: 'catapult',
      upstreamCheck: first?.upstreamCheck,
    });
    expect(JSON.stringify(app.log)).not.toMatch(/wrong|cs-sandbox/);
    return [first?.level, first?.upstreamCheck];
  }
  const [INFO, WARN] = [30, 40];

  it('all is well', async () => {
    expect(await told(oauthAt(sandbox))).toEqual([INFO, 'ok']);
  });

  it('the token endpoint refuses the credentials', async () => {
    expect(await told(oauthAt(sandbox, { CATAPULT_CLIENT_SECRET: 'wrong' }))).toEqual([
      WARN,
      'no access token: credentials refused',
    ]);
  });

  it('the token endpoint answers HTML', async () => {
    endpoint.answer = (response) => void response.writeHead(200).end('<html>Welcome</html>');
    expect(await told(oauthAt({ ...sandbox, tokenUrl: endpoint.url }))).toEqual([
      WARN,
      'no access token: answered with HTML',
    ]);
  });

  it('nothing listens at the address of the token endpoint', async () => {
    const tokenUrl = `http://127.0.0.1:${await unlistenedPort()}/token`;
    expect(await told(oauthAt({ ...sandbox, tokenUrl }))).toEqual([WARN, 'no access token: connection refused']);
  });

  it('the service refuses the token', async () => {
    expect(await told(oauthAt({ ...sandbox, tokenUrl: endpoint.url }))).toEqual([WARN, 'credentials refused']);
  });

  it('another account cannot be checked', async () => {
    expect(await told(oauthAt(sandbox, { CATAPULT_USER_ID: 'u-other' }))).toEqual([
      WARN,
      'cannot be checked: HTTP 403',
    ]);
  });

  it('there is nothing at the path', async () => {
    expect(await told(oauthAt({ ...sandbox, url: sandbox.url.replace('/v2', '/v3') }))).toEqual([
      WARN,
      'no such account',
    ]);
  });

  it('nothing listens at the address', async () => {
    const url = `http://127.0.0.1:${await unlistenedPort()}/v2`;
    expect(await told(oauthAt({ ...sandbox, url }))).toEqual([WARN, 'connection refused']);
  });

  it('all is well again, once it is', async () => {
    endpoint.answer = (response) => void response.writeHead(503).end();
    const app = await newApp(oauthAt({ ...sandbox, tokenUrl: endpoint.url }));
    expect(app.log[0]?.upstreamCheck).toBe('no access token: answered HTTP 503');
    const { access_token } = (await (
      await request(sandbox.tokenUrl, {
        method: 'POST',
        headers: {
          authorization: `Basic ${Buffer.from(`${SANDBOX_ACCOUNT.clientId}:${SANDBOX_ACCOUNT.clientSecret}`).toString('base64')}`,
        },
        body: 'grant_type=client_credentials',
      })
    ).body.json()) as { access_token: string };
    endpoint.answer = (response) => {
      json(response, 200, { access_token, token_type: 'Bearer', expires_in: 60 });
    };
    while (((await readiness(app)) as { upstreamCheck: string }).upstreamCheck !== 'ok')
      await new Promise(setImmediate);
    expect(app.log.filter(({ upstreamCheck }) => upstreamCheck !== undefined).map(({ msg }) => msg)).toEqual([
      'listening; messages go to Catapult',
      'upstream can be used',
    ]);
    expect((await send(app)).id).toBeDefined();
  });
});

it('a callback finds its send although the credentials at Catapult changed in between', async () => {
  const sandbox = await newSandbox({ auth: 'basic' });
  const withCallbacks = { CALLBACK_USERNAME: 'u', CALLBACK_PASSWORD: 'p', CATAPULT_TOKEN_URL: '' };
  const noClient = { CATAPULT_CLIENT_ID: '', CATAPULT_CLIENT_SECRET: '' };
  const before = await newApp(oauthAt(sandbox, { ...withCallbacks, ...noClient, ...BASIC() }));
  // Accepted, and the answer is cut off.
  expect(await send(before, { from: '+19195560202', idempotencyKey: 'k' })).toEqual({
    code: 'OUTCOME_UNKNOWN',
    outcome: 'UNKNOWN',
  });
  await before.close();
  open.pop();

  const after = await newApp(oauthAt(sandbox, { ...withCallbacks, CATAPULT_TOKEN_URL: sandbox.tokenUrl }));
  const [{ id, tag } = { id: '', tag: '' }] = sandbox.accepted;
  const event = { type: 'message-delivered', time: '2026-01-01T00:00:00Z', to: '+12345678902', message: { id, tag } };
  const { statusCode } = await request(new URL('/callbacks/catapult', after.url), {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from('u:p').toString('base64')}` },
    body: JSON.stringify([event]),
  });
  expect(statusCode).toBe(200);
  expect(await send(after, { from: '+19195560202', idempotencyKey: 'k' })).toEqual({ id });
  expect(await unresolved(after)).toBe(0);
});
