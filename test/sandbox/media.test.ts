/** The sandbox's store of files: what the vendor documents of its own, and its limits. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { Server } from 'node:http';
import { request } from 'undici';
import { SandboxMedia } from '../../src/sandbox/media.js';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { SANDBOX_ACCOUNT } from '../../src/upstream.js';
import { listen, stopListening } from '../support/listen.js';

const BASIC = `Basic ${Buffer.from(`${SANDBOX_ACCOUNT.token}:${SANDBOX_ACCOUNT.secret}`).toString('base64')}`;

interface Told {
  readonly status: number;
  readonly text: string;
  readonly type: unknown;
}

async function ask(
  method: string,
  url: string,
  body?: Buffer | string,
  headers: object = { authorization: BASIC },
): Promise<Told> {
  const answer = await request(url, {
    method: method as 'PUT',
    headers: { 'content-type': 'image/png', ...headers },
    ...(body !== undefined && { body }),
  });
  return { status: answer.statusCode, text: await answer.body.text(), type: answer.headers['content-type'] };
}

describe('the store of files', () => {
  let sandbox: Sandbox;
  let media: string;
  beforeAll(async () => {
    sandbox = await startSandbox(SANDBOX_ACCOUNT);
    media = `${sandbox.url}/users/u-sandbox/media`;
  });
  afterAll(() => sandbox.close());

  it('stores a file with its type, gives it, overwrites it, and deletes it, also twice', async () => {
    expect(await ask('PUT', `${media}/a/0/x.png`, 'one')).toMatchObject({ status: 204, text: '' });
    expect(
      await ask('PUT', `${media}/a/0/x.png`, 'two', { authorization: BASIC, 'content-type': 'text/plain' }),
    ).toMatchObject({ status: 204 });
    expect(await ask('GET', `${media}/a/0/x.png`)).toEqual({ status: 200, text: 'two', type: 'text/plain' });
    expect(JSON.parse((await ask('GET', media)).text)).toEqual([
      { contentLength: 3, mediaName: 'a/0/x.png', content: `${media}/a/0/x.png` },
    ]);
    for (let times = 0; times < 2; times++)
      expect(await ask('DELETE', `${media}/a/0/x.png`)).toMatchObject({ status: 204 });
    const missing = await ask('GET', `${media}/a/0/x.png`);
    expect([missing.status, JSON.parse(missing.text)]).toMatchObject([404, { type: 'object-not-found' }]);
  });

  it('takes tokens as well, and nobody without a credential or of another account', async () => {
    const credentials = `Basic ${Buffer.from(`${SANDBOX_ACCOUNT.clientId}:${SANDBOX_ACCOUNT.clientSecret}`).toString('base64')}`;
    const headers = { authorization: credentials, 'content-type': 'application/x-www-form-urlencoded' };
    const granted = await ask('POST', sandbox.tokenUrl, 'grant_type=client_credentials', headers);
    const { access_token: token } = JSON.parse(granted.text) as { access_token: string };
    expect(await ask('PUT', `${media}/b`, 'x', { authorization: `Bearer ${token}` })).toMatchObject({ status: 204 });
    expect(await ask('GET', `${media}/b`, undefined, {})).toMatchObject({ status: 401 });
    expect(await ask('GET', `${media.replace('u-sandbox', 'u-other')}/b`)).toMatchObject({ status: 403 });
    expect(await ask('POST', `${media}/b`, 'x')).toMatchObject({ status: 405 });
    expect(await ask('DELETE', media)).toMatchObject({ status: 405 });
  });

  it('takes 3.75 MB and no more, and nothing of what breaks off', async () => {
    expect(await ask('PUT', `${media}/large`, Buffer.alloc(3_750_000))).toMatchObject({ status: 204 });
    expect(await ask('PUT', `${media}/larger`, Buffer.alloc(3_750_001))).toMatchObject({ status: 413 });
    const socket = connect(Number(new URL(media).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write(
      `PUT ${new URL(media).pathname}/half HTTP/1.1\r\nhost: a\r\nauthorization: ${BASIC}\r\ncontent-length: 10\r\n\r\nhalf`,
    );
    await ask('GET', media);
    socket.resetAndDestroy();
    await once(socket, 'close');
    for (const name of ['larger', 'half']) expect(await ask('GET', `${media}/${name}`)).toMatchObject({ status: 404 });
  });
});

describe('the store of files, over time', () => {
  let nowMs = 0;
  let server: Server;
  let origin: string;
  beforeEach(async () => {
    nowMs = 0;
    const media = new SandboxMedia('/media', { now: () => nowMs, maxFiles: 3, maxBytes: 100 });
    server = createServer((incoming, response) => void media.answer(incoming, response, ''));
    origin = `http://127.0.0.1:${await listen(server)}`;
  });
  afterEach(() => stopListening(server));

  it('keeps files for 48 hours', async () => {
    await ask('PUT', `${origin}/media/a`, 'x');
    nowMs = 48 * 3_600_000 - 1;
    expect(await ask('GET', `${origin}/media/a`)).toMatchObject({ status: 200 });
    nowMs += 1;
    expect(await ask('GET', `${origin}/media/a`)).toMatchObject({ status: 404 });
  });

  it('keeps so many of the newest files, and so many bytes of them', async () => {
    for (const name of ['a', 'b', 'c', 'd']) await ask('PUT', `${origin}/media/${name}`, 'x');
    const names = async (): Promise<string[]> =>
      (JSON.parse((await ask('GET', `${origin}/media`)).text) as { mediaName: string }[]).map(
        ({ mediaName }) => mediaName,
      );
    expect(await names()).toEqual(['b', 'c', 'd']);
    await ask('PUT', `${origin}/media/e`, Buffer.alloc(99));
    expect(await names()).toEqual(['d', 'e']);
  });
});
