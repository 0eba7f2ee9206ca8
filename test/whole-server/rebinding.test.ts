/**
 * A page of the web gives its own name the address of this machine (DNS rebinding): then a browser takes our answers for the
 * page's own, and the name is all that tells.
 */
import { request } from 'undici';
import WebSocket from 'ws';
import { startTestApp, type TestApp } from '../support/app.js';
import { CALLBACKS } from '../support/callback.js';
import { startSandbox } from '../../src/sandbox/sandbox.js';
import { SANDBOX_ACCOUNT } from '../../src/upstream.js';

const JSON_TYPE = { 'content-type': 'application/json' };
const KEYS = { API_KEYS: `shop:${'0'.repeat(64)}` };

const statusOf = async (url: string, host: string, method = 'GET', body: string | null = null): Promise<number> => {
  const answer = await request(url, { method: method as 'GET', headers: { host, ...JSON_TYPE }, body });
  await answer.body.dump();
  return answer.statusCode;
};

describe('a server on this machine alone that needs no key', () => {
  let app: TestApp;
  const at = (path: string): string => new URL(path, app.url).href;
  afterEach(() => app.close());

  it('is asked for by no name that a page of the web could have', async () => {
    app = await startTestApp();
    const query = '{"query":"{ __typename }"}';
    for (const host of ['evil.com', 'evil.com:4000', 'EVIL.com.', 'rebind.xn--p1ai'])
      expect([host, await statusOf(app.url, host, 'POST', query)]).toEqual([host, 421]);
    for (const path of ['/', '/phone', '/sandbox/phones', '/media/x', '/opt-outs.csv'])
      expect([path, await statusOf(at(path), 'evil.com')]).toEqual([path, 421]);
    const socket = new WebSocket(app.url.replace('http', 'ws'), 'graphql-transport-ws', {
      headers: { host: 'evil.com' },
    });
    const refusal = await new Promise((resolve) => {
      socket.on('error', resolve);
      socket.on('open', () => {
        resolve('open');
      });
    });
    expect(String(refusal)).toContain('421');
  });

  it('is asked for by addresses, by names of private networks, and by the name in PUBLIC_URL', async () => {
    app = await startTestApp({ PUBLIC_URL: 'https://api.shop.com' });
    for (const host of [
      'localhost:4000',
      '127.0.0.1',
      '[::1]:4000',
      '[2606:4700::1]',
      '93.184.216.34',
      'app',
      'host.docker.internal:4000',
      'api.shop.com',
    ])
      expect([host, await statusOf(app.url, host, 'POST', '{"query":"{ __typename }"}')]).toEqual([host, 200]);
  });

  it('says by any name how it is, and takes callbacks, which have credentials of their own', async () => {
    app = await startTestApp(CALLBACKS);
    expect(await statusOf(at('/health'), 'tunnel.com')).toBe(200);
    expect(await statusOf(at('/ready'), 'tunnel.com')).toBe(200);
    expect(await statusOf(at('/callbacks/catapult'), 'tunnel.com', 'POST', '[]')).toBe(401);
  });

  it.each([
    ['needs a key', KEYS, 401],
    ['has a proxy before it', { TRUSTED_PROXIES: '127.0.0.1' }, 200],
  ])('is asked for by any name where it %s', async (_what, environment, status) => {
    app = await startTestApp(environment);
    expect(await statusOf(app.url, 'api.shop.com', 'POST', '{"query":"{ __typename }"}')).toBe(status);
  });
});

it('the sandbox alone has its telephones and its incoming messages asked for by no such name', async () => {
  const sandbox = await startSandbox(SANDBOX_ACCOUNT);
  try {
    const { origin } = new URL(sandbox.url);
    expect(await statusOf(`${origin}/sandbox/phones`, 'evil.com:4010')).toBe(403);
    expect(await statusOf(`${origin}/sandbox/inbound`, 'evil.com:4010', 'POST', '{}')).toBe(403);
    expect(await statusOf(`${origin}/sandbox/phones`, 'host.docker.internal:4010')).toBe(200);
    expect(await statusOf(`${origin}/v2/users/u-sandbox/messages`, 'evil.com:4010')).toBe(401);
  } finally {
    await sandbox.close();
  }
});
