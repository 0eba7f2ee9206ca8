/** Files of messages, from a page to Catapult's store and back: over a real server, and a sandbox of its own. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { FormData, request, type Dispatcher } from 'undici';
import { createMessagingSchema } from '../../src/messaging-schema.js';
import { readConfig } from '../../src/config/config.js';
import { execute as runEmbedded, parse } from 'graphql';
import { systemClock } from '../../src/messaging/clock.js';
import { SAMPLE_PICTURE } from '../../src/sandbox/sample-files.js';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import { SANDBOX_ACCOUNT } from '../../src/upstream.js';
import { accountAt, startTestApp, upstreamAt, type TestApp } from '../support/app.js';
import { post } from '../support/client.js';
import { EventReader } from '../support/event-stream.js';
import { makeFolder, removeFolder } from '../support/folder.js';
import { listen, stopListening } from '../support/listen.js';
import { INPUT, SILENT_INPUT } from '../support/messages.js';
import { firstAnswer } from '../support/subscriber.js';
import { until } from '../support/waiting.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const PNG = SAMPLE_PICTURE.body;
const MAX_BYTES = 3_670_016;
const BASIC = `Basic ${Buffer.from(`${SANDBOX_ACCOUNT.token}:${SANDBOX_ACCOUNT.secret}`).toString('base64')}`;
const AS = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });
const MINUTE_MS = 60_000;

interface Attachment {
  readonly url: string;
  readonly contentType: string;
  readonly name: string;
  readonly availableUntil: string;
}

interface Failure {
  readonly errors: readonly {
    readonly extensions: { readonly code: string; readonly fieldErrors?: readonly { readonly code: string }[] };
  }[];
}

let sandbox: Sandbox;
let app: TestApp;
let base: string;
let offsetMs = 0;

beforeAll(async () => {
  sandbox = await startSandbox(SANDBOX_ACCOUNT);
  const keys = [
    ['sender', ''],
    ['other', ''],
    ['reader', ':messages:read'],
    ['auditor', ':messages:read-all'],
    ['nothing', ':operations:read'],
  ] as const;
  app = await startTestApp(
    {
      ...accountAt(sandbox),
      AUTH: '',
      API_KEYS: keys.map(([name, scopes]) => `${name}:${sha256(`${name}-key`)}${scopes}`).join(','),
      CALLBACK_USERNAME: 'user',
      CALLBACK_PASSWORD: 'password',
      // Neither lets the sandbox's own address through.
      MEDIA_HOSTS: 'cdn.example.com',
      HTTP_MEDIA: 'off',
      CORS_ORIGINS: 'https://app.example.com',
      TRUSTED_PROXIES: '127.0.0.1',
    },
    { clock: { ...systemClock, now: () => Date.now() + offsetMs } },
  );
  base = new URL(app.url).origin;
  sandbox.sendCallbacksTo({ url: `${base}/callbacks/catapult`, username: 'user', password: 'password' });
});
afterAll(async () => {
  await app.close();
  await sandbox.close();
});
afterEach(() => {
  offsetMs = 0;
});

const JSON_TYPE = { 'content-type': 'application/json' };

function ask<Data>(key: string, query: string, variables = {}, headers = {}): ReturnType<typeof post<Data>> {
  return post<Data>(app.url, JSON.stringify({ query, variables }), { ...JSON_TYPE, ...AS(key), ...headers });
}

async function upload(
  body: NonNullable<Dispatcher.DispatchOptions['body']> | FormData,
  headers: Record<string, string> = {},
): Promise<{ status: number; json: Record<string, unknown>; headers: Dispatcher.ResponseData['headers'] }> {
  const answer = await request(`${base}/media`, { method: 'POST', body, headers: { ...AS('sender-key'), ...headers } });
  const json = (await answer.body.json()) as Record<string, unknown>;
  return { status: answer.statusCode, json, headers: answer.headers };
}

async function read(
  url: string,
  headers: Record<string, string> = {},
  method: 'GET' | 'HEAD' = 'GET',
): Promise<{ status: number; body: Buffer; headers: Dispatcher.ResponseData['headers'] }> {
  const answer = await request(url, { method, headers });
  return { status: answer.statusCode, body: Buffer.from(await answer.body.arrayBuffer()), headers: answer.headers };
}

/** The names of the files that the sandbox has. */
async function stored(): Promise<string[]> {
  const answer = await request(`${sandbox.url}/users/${SANDBOX_ACCOUNT.userId}/media`, {
    headers: { authorization: BASIC },
  });
  return ((await answer.body.json()) as { mediaName: string }[]).map(({ mediaName }) => mediaName);
}

const SEND =
  'mutation ($input: MessageInput!) { sendMessage(input: $input) { id media attachments { url contentType name availableUntil } } }';

async function send(media: readonly string[], input = {}): Promise<{ id: string; attachments: Attachment[] }> {
  const { data, raw } = await ask<{ sendMessage: { id: string; attachments: Attachment[] } | null }>(
    'sender-key',
    SEND,
    {
      input: { ...SILENT_INPUT, ...input, media },
    },
  );
  if (data?.sendMessage == null) throw new Error(raw);
  return data.sendMessage;
}

async function sendPicture(): Promise<{ id: string; attachments: Attachment[]; address: string }> {
  const { json } = await upload(PNG, { 'content-type': 'image/png', 'x-filename': 'hills.png' });
  const sent = await send([String(json.url)]);
  return { ...sent, address: sent.attachments[0]?.url ?? '' };
}

describe('an uploaded file', () => {
  it('is stored with its type, sent with a message, and shown to whoever has its address', async () => {
    const uploaded = await upload(PNG, { 'content-type': 'image/png', 'x-filename': 'our%20hills.png' });
    expect(uploaded).toMatchObject({ status: 201, json: { contentType: 'image/png', size: PNG.length } });
    const { url, availableUntil } = uploaded.json as { url: string; availableUntil: string };
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v2\/users\/u-sandbox\/media\/[0-9a-z]{29}-our_hills\.png$/);
    expect(Math.abs(Date.parse(availableUntil) - Date.now() - 48 * 60 * MINUTE_MS)).toBeLessThan(10_000);

    const { id, attachments } = await send([url, 'https://cdn.example.com/a/cat.gif']);
    expect(attachments).toMatchObject([
      { contentType: 'image/png', name: 'our_hills.png', availableUntil },
      { url: 'https://cdn.example.com/a/cat.gif', contentType: 'image/gif', name: 'cat.gif', availableUntil: null },
    ]);
    const address = attachments[0]?.url ?? '';
    expect(address).toMatch(new RegExp(`^${base}/media/${id}/0\\?until=\\d+&signature=[\\w-]{24}$`));
    const shown = await read(address);
    expect(shown).toMatchObject({ status: 200, body: PNG });
    expect(shown.headers).toMatchObject({
      'content-type': 'image/png',
      'content-length': String(PNG.length),
      'content-disposition': 'inline; filename="our_hills.png"',
      'content-security-policy': "sandbox; default-src 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'cross-origin',
      'referrer-policy': 'no-referrer',
      'accept-ranges': 'bytes',
    });
    expect(shown.headers['cache-control']).toMatch(/^private, max-age=(9\d\d|1[01]\d\d|1200)$/);
    expect(shown.headers).not.toHaveProperty('set-cookie');
  });

  it('may come in a form, or without a length: then it is kept on disk until its end', async () => {
    const form = new FormData();
    form.set('note', 'x');
    form.set('file', new File([PNG], 'Über uns.png', { type: 'image/png' }));
    const inForm = await upload(form);
    expect(inForm).toMatchObject({ status: 201, json: { contentType: 'image/png', size: PNG.length } });
    expect(inForm.json.url).toMatch(/-Uber_uns\.png$/);
    const halves = [PNG.subarray(0, 300), PNG.subarray(300)];
    async function* chunks(): AsyncGenerator<Buffer> {
      for (const half of halves) yield await Promise.resolve(half);
    }
    const chunked = await upload(chunks() as never, { 'content-type': 'image/png' });
    expect(chunked).toMatchObject({ status: 201, json: { size: PNG.length } });
    for (const { json } of [inForm, chunked]) {
      const { attachments } = await send([String(json.url)]);
      expect((await read(attachments[0]?.url ?? '')).body).toEqual(PNG);
    }
  });

  it('of exactly 3.5 MiB goes through, both ways', async () => {
    const body = Buffer.concat([PNG, randomBytes(MAX_BYTES - PNG.length)]);
    const { status, json } = await upload(body, { 'content-type': 'image/png' });
    expect([status, json.size]).toEqual([201, MAX_BYTES]);
    const { attachments } = await send([String(json.url)]);
    expect((await read(attachments[0]?.url ?? '')).body.equals(body)).toBe(true);
  });

  it.each<[string, Buffer, Record<string, string>, number, string]>([
    [
      'of a type that Catapult does not take',
      PNG,
      { 'content-type': 'application/x-msdownload' },
      415,
      'MEDIA_TYPE_NOT_SUPPORTED',
    ],
    ['without a type', PNG, {}, 415, 'MEDIA_TYPE_NOT_SUPPORTED'],
    ['that lies about its type', PNG, { 'content-type': 'image/gif' }, 415, 'MEDIA_TYPE_MISMATCH'],
    [
      'of HTML as a picture',
      Buffer.from('<script>alert(1)</script>'),
      { 'content-type': 'image/png' },
      415,
      'MEDIA_TYPE_MISMATCH',
    ],
    ['of bytes as text', PNG, { 'content-type': 'text/plain' }, 415, 'MEDIA_TYPE_MISMATCH'],
    ['that is empty', Buffer.alloc(0), { 'content-type': 'image/png' }, 415, 'MEDIA_TYPE_MISMATCH'],
    ['that is too large', Buffer.alloc(MAX_BYTES + 1), { 'content-type': 'image/png' }, 413, 'MEDIA_TOO_LARGE'],
    ...[
      '..',
      '../a.png',
      'a/b.png',
      'a\\b.png',
      '%2e%2e%2fa.png',
      'a%00.png',
      'a%0d%0aX: 1.png',
      '%E2%80%AEgnp.png',
      '%',
      '',
      ' ',
      'a'.repeat(101),
    ].map(
      (name) =>
        [
          `named ${JSON.stringify(name)}`,
          PNG,
          { 'content-type': 'image/png', 'x-filename': name },
          400,
          'INVALID_FILE_NAME',
        ] as [string, Buffer, Record<string, string>, number, string],
    ),
  ])('%s is refused, and not stored', async (_name, body, headers, status, code) => {
    const before = await stored();
    const answer = await upload(body, headers);
    const { errors } = answer.json as unknown as Failure;
    expect([answer.status, errors[0]?.extensions.code, errors[0]?.extensions.fieldErrors?.[0]?.code]).toEqual([
      status,
      'BAD_USER_INPUT',
      code,
    ]);
    expect(await stored()).toEqual(before);
  });

  it('that turns out too large, in a form or without a length, is refused, and not stored', async () => {
    const before = await stored();
    const large = Buffer.concat([PNG, Buffer.alloc(MAX_BYTES)]);
    async function* chunks(): AsyncGenerator<Buffer> {
      for (let at = 0; at < large.length; at += 65_536) yield await Promise.resolve(large.subarray(at, at + 65_536));
    }
    const form = new FormData();
    form.set('file', new File([large.subarray(0, MAX_BYTES + 1)], 'a.png', { type: 'image/png' }));
    for (const answer of [await upload(chunks() as never, { 'content-type': 'image/png' }), await upload(form)]) {
      expect(answer).toMatchObject({
        status: 413,
        json: { errors: [{ extensions: { fieldErrors: [{ code: 'MEDIA_TOO_LARGE', max: MAX_BYTES }] } }] },
      });
    }
    expect(await stored()).toEqual(before);
  });

  it('of which a form has none, or two, is refused', async () => {
    const [none, two] = [new FormData(), new FormData()];
    none.set('note', 'x');
    for (const name of ['a', 'b']) two.append(name, new File([PNG], `${name}.png`, { type: 'image/png' }));
    const before = await stored();
    for (const form of [none, two]) {
      expect(await upload(form)).toMatchObject({
        status: 400,
        json: { errors: [{ extensions: { code: 'BAD_REQUEST' } }] },
      });
    }
    expect(await stored()).toEqual(before);
  });

  it('whose form ends within it is refused', async () => {
    const head = '--b\r\ncontent-disposition: form-data; name="f"; filename="a.png"\r\ncontent-type: image/png\r\n\r\n';
    const before = await stored();
    const headers = { 'content-type': 'multipart/form-data; boundary=b' };
    expect(await upload(Buffer.concat([Buffer.from(head), PNG]), headers)).toMatchObject({
      status: 400,
      json: { errors: [{ extensions: { code: 'BAD_REQUEST' } }] },
    });
    expect(await stored()).toEqual(before);
  });

  it.each([
    ['raw', `content-type: image/png\r\ncontent-length: ${PNG.length}\r\n\r\n`],
    [
      'in a form',
      'content-type: multipart/form-data; boundary=b\r\ncontent-length: 2000\r\n\r\n--b\r\ncontent-disposition: form-data; name="file"; filename="a.png"\r\ncontent-type: image/png\r\n\r\n',
    ],
    ['in chunks', 'content-type: image/png\r\ntransfer-encoding: chunked\r\n\r\n200\r\n'],
  ])('that is cut off in the middle, %s, is not stored', async (_name, head) => {
    const before = await stored();
    const { port } = new URL(base);
    const socket = connect(Number(port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write(`POST /media HTTP/1.1\r\nhost: a\r\nauthorization: Bearer sender-key\r\n${head}`);
    socket.write(PNG.subarray(0, PNG.length - 100));
    // It has been taken up, and waits for more.
    await read(`${base}/health`);
    socket.resetAndDestroy();
    await once(socket, 'close');
    await read(`${base}/health`);
    // The place is free again, and a whole one goes through.
    expect((await upload(PNG, { 'content-type': 'image/png', 'x-filename': 'after.png' })).status).toBe(201);
    const after = (await stored()).filter((name) => !before.includes(name));
    expect(after).toEqual([expect.stringMatching(/-after\.png$/)]);
  });

  it('is not asked for without a credential, or with one that may not send', async () => {
    const headers = { 'content-type': 'image/png' };
    const refused = await upload(PNG, { ...headers, authorization: 'Bearer nobody' });
    expect(refused).toMatchObject({ status: 401, json: { errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] } });
    expect(refused.headers['www-authenticate']).toBe('Bearer');
    const answer = await upload(PNG, { ...headers, ...AS('reader-key') });
    expect(answer).toMatchObject({ status: 403, json: { errors: [{ extensions: { code: 'FORBIDDEN' } }] } });
  });

  it('may come from pages of configured origins', async () => {
    const origin = 'https://app.example.com';
    const asked = await request(`${base}/media`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'x-filename,content-type',
      },
    });
    await asked.body.dump();
    expect(asked.headers['access-control-allow-headers']).toContain('x-filename');
    const answer = await upload(PNG, { 'content-type': 'image/png', origin });
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([201, origin]);
  });
});

describe('the attachments of a message that came in', () => {
  const INBOX =
    '{ messages(filter: {direction: IN}) { nodes { id attachments { url contentType name availableUntil } } } }';

  it('are its picture, and not the part that lays it out', async () => {
    sandbox.bringInSample();
    const found = async (): Promise<{ id: string; attachments: Attachment[] } | undefined> => {
      const answer = await ask<{ messages: { nodes: { id: string; attachments: Attachment[] }[] } }>(
        'auditor-key',
        INBOX,
      );
      return answer.data?.messages.nodes[0];
    };
    while ((await found()) === undefined) await new Promise(setImmediate);
    const { id, attachments } = (await found()) ?? { id: '', attachments: [] };
    expect(attachments).toMatchObject([{ contentType: 'image/png', name: 'hills.png' }]);
    const [{ url, availableUntil } = { url: '', availableUntil: '' }] = attachments;
    expect(url).toContain(`/media/${id}/1?`);
    expect(Date.parse(availableUntil)).toBeGreaterThan(Date.now() + 47 * 60 * MINUTE_MS);
    expect((await read(url)).body).toEqual(PNG);
    for (const index of ['0', '2', '-1', '01x', '1e0', '%31%20']) {
      expect((await read(`${base}/media/${id}/${index}`, AS('auditor-key'))).status).toBe(404);
    }
    // After 48 hours there is nothing to read.
    offsetMs = 49 * 60 * MINUTE_MS;
    expect((await found())?.attachments).toMatchObject([{ url: null, name: 'hills.png', availableUntil }]);
  });
});

describe('an attachment', () => {
  let sent: Awaited<ReturnType<typeof sendPicture>>;
  beforeAll(async () => {
    sent = await sendPicture();
  });

  it.each([
    ['bytes=0-9', 206, `bytes 0-9/${PNG.length}`, PNG.subarray(0, 10)],
    ['bytes=600-', 206, `bytes 600-${PNG.length - 1}/${PNG.length}`, PNG.subarray(600)],
    ['bytes=-5', 206, `bytes ${PNG.length - 5}-${PNG.length - 1}/${PNG.length}`, PNG.subarray(-5)],
    ['bytes=5-99999', 206, `bytes 5-${PNG.length - 1}/${PNG.length}`, PNG.subarray(5)],
    ['bytes=99999-', 416, `bytes */${PNG.length}`, Buffer.alloc(0)],
    ['bytes=-0', 416, `bytes */${PNG.length}`, Buffer.alloc(0)],
    ['bytes=9-5', 200, undefined, PNG],
    ['bytes=0-1,3-4', 200, undefined, PNG],
    ['lines=1-2', 200, undefined, PNG],
  ])('is read in parts: %s', async (range, status, contentRange, body) => {
    const answer = await read(sent.address, { range });
    expect([answer.status, answer.headers['content-range']]).toEqual([status, contentRange]);
    expect(answer.body).toEqual(body);
    expect(answer.headers['content-length']).toBe(String(body.length));
    // RFC 9110 has ranges for GET alone.
    const head = await read(sent.address, { range }, 'HEAD');
    expect([head.status, head.headers['content-length'], head.body.length]).toEqual([200, String(PNG.length), 0]);
    expect(head.headers).not.toHaveProperty('content-range');
  });

  it('keeps its address for some minutes, so that browsers know it again, and loses it after its end', async () => {
    const QUERY = 'query ($id: ID!) { message(id: $id) { attachments { url } } }';
    const addressAt = async (ms: number): Promise<string | undefined> => {
      offsetMs = ms;
      const answer = await ask<{ message: { attachments: Attachment[] } }>('sender-key', QUERY, { id: sent.id });
      return answer.data?.message.attachments[0]?.url;
    };
    const step = 5 * MINUTE_MS;
    const toNextStep = step - (Date.now() % step) + 1_000;
    const first = await addressAt(toNextStep);
    expect(await addressAt(toNextStep + step - 10_000)).toBe(first);
    expect(await addressAt(toNextStep + step + 10_000)).not.toBe(first);
    offsetMs = toNextStep + 19 * MINUTE_MS;
    expect((await read(first ?? '')).status).toBe(200);
    offsetMs = toNextStep + 20 * MINUTE_MS;
    const ended = await read(first ?? '');
    expect([ended.status, ended.headers['cache-control']]).toEqual([403, 'no-store']);
    // A later end needs another signature.
    const later = (first ?? '').replace(/until=\d+/, `until=${Date.now() + 10 * 60 * MINUTE_MS}`);
    expect((await read(later)).status).toBe(403);
  });

  it.each<[string, (address: URL) => unknown]>([
    ['another message', (address) => (address.pathname = '/media/another/0')],
    ['another attachment', (address) => (address.pathname = address.pathname.replace(/0$/, '1'))],
    [
      'a changed signature',
      (address) => {
        address.searchParams.set('signature', 'A'.repeat(24));
      },
    ],
    [
      'a short signature',
      (address) => {
        address.searchParams.set('signature', 'A');
      },
    ],
    [
      'a long signature',
      (address) => {
        address.searchParams.set('signature', 'ä'.repeat(1_000));
      },
    ],
    [
      'two signatures',
      (address) => {
        address.searchParams.append('signature', 'A');
      },
    ],
    [
      'no signature',
      (address) => {
        address.searchParams.delete('signature');
      },
    ],
    [
      'no end',
      (address) => {
        address.searchParams.delete('until');
      },
    ],
    [
      'an end that is no number',
      (address) => {
        address.searchParams.set('until', '1e99');
      },
    ],
    [
      'zeros before its end',
      (address) => {
        address.searchParams.set('until', `00${address.searchParams.get('until') ?? ''}`);
      },
    ],
    ['zeros before its attachment', (address) => (address.pathname = address.pathname.replace(/0$/, '00'))],
  ])('is not shown at a signed address with %s, whoever asks', async (_name, change) => {
    const address = new URL(sent.address);
    change(address);
    for (const headers of [{}, AS('sender-key')]) {
      const answer = await read(address.href, headers);
      expect([answer.status, JSON.parse(answer.body.toString())]).toMatchObject([
        403,
        { errors: [{ extensions: { code: 'FORBIDDEN' } }] },
      ]);
    }
  });

  it('is shown to who may see its message, and to others as if there were none', async () => {
    const path = `${base}/media/${sent.id}/0`;
    for (const key of ['sender-key', 'auditor-key']) {
      const { status, body, headers } = await read(path, AS(key));
      expect([status, body, headers['cache-control']]).toEqual([200, PNG, 'private, no-store']);
    }
    const missing = [await read(`${base}/media/nobody/0`, AS('sender-key')), await read(path, AS('other-key'))];
    for (const { status, body } of missing) {
      expect([status, JSON.parse(body.toString())]).toMatchObject([
        404,
        { errors: [{ extensions: { code: 'BAD_REQUEST' } }] },
      ]);
    }
    const [a, b] = missing.map(({ body }) => body.toString().replace(/"requestId":"[^"]*"/, ''));
    expect(a).toBe(b);
    expect((await read(`${base}/media/${sent.id}/00`, AS('sender-key'))).status).toBe(404);
    expect((await read(path, AS('nothing-key'))).status).toBe(403);
    expect((await read(path)).status).toBe(401);
  });

  it('that lies elsewhere is never fetched', async () => {
    const { id } = await send(['https://cdn.example.com/a.png']);
    expect((await read(`${base}/media/${id}/0`, AS('sender-key'))).status).toBe(404);
  });

  it('that is no picture, sound or film is only downloaded', async () => {
    const body = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');
    const { json } = await upload(body, { 'content-type': 'image/svg+xml', 'x-filename': 'a;"b.svg' });
    const { attachments } = await send([String(json.url)]);
    expect((await read(attachments[0]?.url ?? '')).headers).toMatchObject({
      'content-type': 'image/svg+xml',
      'content-disposition': 'attachment; filename="a_b.svg"',
    });
  });

  it('has the address under which its reader reaches the server: over HTTP, WebSocket and events', async () => {
    const QUERY = `{ message(id: "${sent.id}") { attachments { url } } }`;
    const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'api.example.com' };
    const urlIn = (answer: unknown): string => /"url":"([^?"]*)/.exec(JSON.stringify(answer))?.[1] ?? '';
    const [plain, proxied] = [`${base}/media/${sent.id}/0`, `https://api.example.com/media/${sent.id}/0`];
    expect(urlIn(await ask('sender-key', QUERY))).toBe(plain);
    expect(urlIn((await ask('sender-key', QUERY, {}, forwarded)).data)).toBe(proxied);
    const SUBSCRIPTION = `subscription { messageUpdated(id: "${sent.id}") { attachments { url } } }`;
    const params = { connectionParams: AS('sender-key') };
    expect(urlIn(await firstAnswer(app.url, { query: SUBSCRIPTION }, params))).toBe(plain);
    const events = await EventReader.open(app.url, { query: SUBSCRIPTION }, { ...AS('sender-key'), ...forwarded });
    expect(urlIn(await events.next())).toBe(proxied);
    events.end();
  });
});

it('an open server takes files from its own pages, and from programs that say so, but not from other sites', async () => {
  const open = await startTestApp(accountAt(sandbox));
  const { origin } = new URL(open.url);
  const statusOf = async (headers: Record<string, string>, type = 'text/plain'): Promise<number> => {
    const answer = await request(`${origin}/media`, {
      method: 'POST',
      headers: { 'content-type': type, ...headers },
      body: 'Hello',
    });
    await answer.body.dump();
    return answer.statusCode;
  };
  expect(await statusOf({ origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' })).toBe(403);
  expect(await statusOf({})).toBe(403);
  // What a proxy had the browser ask its user for goes with the request of any page.
  const basic = { authorization: BASIC };
  expect(await statusOf(basic)).toBe(403);
  expect(await statusOf({ ...basic, 'apollo-require-preflight': 'true' })).toBe(201);
  for (const site of ['cross-site', 'same-site']) {
    const foreign = { origin: 'https://evil.example', 'sec-fetch-site': site };
    expect(await statusOf({ ...foreign, ...basic }, 'multipart/form-data; boundary=b')).toBe(403);
    // No browser lets them do this: but if one did, it would still say who asks.
    expect(await statusOf({ ...foreign, 'x-filename': 'a.txt' })).toBe(403);
    expect(await statusOf({ ...foreign, 'apollo-require-preflight': 'true' })).toBe(403);
  }
  expect(await statusOf({ origin, 'sec-fetch-site': 'same-origin' })).toBe(201);
  expect(await statusOf({ 'apollo-require-preflight': 'true' })).toBe(201);
  // A browser asks first before it sends these, and is told no.
  expect(await statusOf({ 'x-filename': 'a.txt' })).toBe(201);
  expect(await statusOf({}, 'text/vcard')).toBe(201);
  await open.close();
});

it('a stop ends an upload for which Catapult is silent, and deletes what may be there, in less than 10 s', async () => {
  const asked: string[] = [];
  const silent = createServer(({ method = '', url = '' }, response) => {
    if (url.includes('/media/')) asked.push(method);
    if (method === 'DELETE') response.writeHead(204).end();
  });
  const server = await startTestApp(upstreamAt(`http://127.0.0.1:${await listen(silent)}/v2`));
  const uploading = request(`${new URL(server.url).origin}/media`, {
    method: 'POST',
    headers: { 'content-type': 'image/png' },
    body: PNG,
  });
  await until(() => asked.length === 1);
  const startedAt = performance.now();
  const closed = server.close();
  const answer = await uploading;
  expect([answer.statusCode, await answer.body.json()]).toMatchObject([
    503,
    { errors: [{ extensions: { code: 'SHUTTING_DOWN', retryable: true } }] },
  ]);
  await closed;
  expect(asked).toEqual(['PUT', 'DELETE']);
  expect(performance.now() - startedAt).toBeLessThan(10_000);
  await stopListening(silent);
}, 15_000);

it('PUBLIC_URL stands before the addresses of attachments, and the schema in another server has none', async () => {
  const { json } = await upload(PNG, { 'content-type': 'image/png' });
  const input = { ...INPUT, media: [json.url] };
  const ASKED = 'mutation ($input: MessageInput!) { sendMessage(input: $input) { id attachments { url name } } }';
  const behind = await startTestApp({ ...accountAt(sandbox), PUBLIC_URL: 'https://sms.example.com/api/' });
  const { data } = await post<{ sendMessage: { attachments: Attachment[] } }>(
    behind.url,
    JSON.stringify({ query: ASKED, variables: { input } }),
  );
  expect(data?.sendMessage.attachments[0]?.url).toMatch(/^https:\/\/sms\.example\.com\/api\/media\/\w+\/0\?until=/);
  await behind.close();

  const embedded = await createMessagingSchema(readConfig({ ...accountAt(sandbox), LOG_LEVEL: 'silent' }), {
    storeFile: ':memory:',
  });
  const result = await runEmbedded({
    schema: embedded.schema,
    document: parse(ASKED),
    variableValues: { input },
    contextValue: embedded.contextFor({ caller: 'somebody' }),
  });
  expect(result.data).toMatchObject({ sendMessage: { attachments: [{ url: null, name: 'file.png' }] } });
  await embedded.close();
});

it('MEDIA_DIR keeps what came in, also when Catapult has deleted it, and finds after a restart what was missed', async () => {
  const folder = makeFolder();
  const storeFile = join(folder, 'messages.sqlite');
  const environment = { ...accountAt(sandbox), CALLBACK_USERNAME: 'user', CALLBACK_PASSWORD: 'password' };
  const INBOX = JSON.stringify({
    query: '{ messages(first: 1, filter: {direction: IN}) { nodes { media attachments { url availableUntil } } } }',
  });
  const inbox = async (
    server: TestApp,
    isWanted: (attachment: Attachment) => boolean,
  ): Promise<{ media: string[]; attachments: Attachment[] }> => {
    for (;;) {
      const { data } = await post<{ messages: { nodes: { media: string[]; attachments: Attachment[] }[] } }>(
        server.url,
        INBOX,
      );
      const [found] = data?.messages.nodes ?? [];
      if (found?.attachments[0] !== undefined && isWanted(found.attachments[0])) return found;
    }
  };
  const missing = await startTestApp(environment, { storeFile });
  sandbox.sendCallbacksTo({
    url: `${new URL(missing.url).origin}/callbacks/catapult`,
    username: 'user',
    password: 'password',
  });
  sandbox.bringInSample();
  await inbox(missing, () => true);
  await missing.close();

  const keeping = await startTestApp({ ...environment, MEDIA_DIR: join(folder, 'media') }, { storeFile });
  const { media, attachments } = await inbox(
    keeping,
    ({ availableUntil }) => (availableUntil as string | null) === null,
  );
  for (const url of media) {
    const deleted = await request(url, { method: 'DELETE', headers: { authorization: BASIC } });
    await deleted.body.dump();
  }
  const url = attachments[0]?.url ?? '';
  expect(await read(url)).toMatchObject({ status: 200, body: PNG, headers: { 'content-type': 'image/png' } });
  expect(await read(url, { range: 'bytes=-5' })).toMatchObject({ status: 206, body: PNG.subarray(-5) });
  expect((await read(url, { range: 'bytes=9999-' })).status).toBe(416);
  expect((await read(url, {}, 'HEAD')).headers['content-length']).toBe(String(PNG.length));
  await keeping.close();
  const refused = startTestApp({ ...environment, MEDIA_DIR: storeFile }, { storeFile });
  await expect(refused).rejects.toThrow('MEDIA_DIR must name a folder');
  // Nothing stays open: the file is free.
  await (await startTestApp(environment, { storeFile })).close();
  removeFolder(folder);
});
