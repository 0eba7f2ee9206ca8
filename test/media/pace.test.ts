/** Who is slow, or stands still, is not waited for without end: uploads, readers, and upstream. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { request } from 'undici';
import { createHttpHost, type HttpHost } from '../../src/http/host.js';
import { serveMedia, type MediaRoutesOptions } from '../../src/media/routes.js';
import { ANYBODY } from '../../src/messaging/caller.js';
import { systemClock } from '../../src/messaging/clock.js';
import type { FileAnswer, MediaStore, NewFile } from '../../src/messaging/media.js';
import { MediaAddresses } from '../../src/messaging/media-address.js';
import { SAMPLE_PICTURE } from '../../src/sandbox/sample-files.js';
import { until } from '../support/waiting.js';
import { UNHEARD } from '../support/hooks.js';

const PNG = SAMPLE_PICTURE.body;
const FILE_BYTES = 8 * 1024 * 1024;

let host: HttpHost;
let port: number;
let stored: (Buffer | null)[];
let removed: string[];
let get: () => Promise<FileAnswer>;
let put: (file: NewFile, signal: AbortSignal) => Promise<string>;

const media: MediaStore = {
  owns: () => true,
  put: (file, signal) => put(file, signal),
  get: () => get(),
  remove: (url) => {
    removed.push(url);
    return Promise.resolve();
  },
  close: () => Promise.resolve(),
};
const message = { media: ['https://upstream.example/a.mp4'], direction: 'OUT' };

async function serve(options: Partial<MediaRoutesOptions> = {}): Promise<void> {
  host = await createHttpHost({
    ...UNHEARD,
    readiness: () => Promise.resolve({}),
    corsOrigins: [],
    trustedProxies: [],
  });
  await serveMedia(host.routes, {
    messages: { messagesById: () => Promise.resolve([message as never]) },
    media,
    copies: null,
    addresses: new MediaAddresses(Buffer.alloc(32)),
    clock: systemClock,
    authenticate: () => Promise.resolve({ caller: ANYBODY, expiresAt: null }),
    corsOrigins: [],
    onUploaded: () => undefined,
    onUpstreamFailure: () => undefined,
    pace: { maxSilenceMs: 150, maxTotalMs: 10_000 },
    downloadPace: { maxSilenceMs: 150, maxTotalMs: 10_000 },
    ...options,
  });
  host.routes.post('/other', () => ({}));
  port = Number(new URL(await host.listen('127.0.0.1', 0)).port);
}

beforeEach(() => {
  [stored, removed] = [[], []];
  put = async (file) => {
    stored.push(await buffer(file.open()).catch(() => null));
    return 'url';
  };
  get = () => Promise.resolve(found(new Readable({ read: () => undefined })));
});
afterEach(() => host.close());

const found = (body: Readable): FileAnswer => ({
  kind: 'FOUND',
  contentType: null,
  totalBytes: FILE_BYTES,
  part: null,
  body,
});

async function open(head: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(head);
  return socket;
}

const HEAD = 'POST /media HTTP/1.1\r\nhost: a\r\ncontent-type: image/png\r\n';
const WHOLE = `${HEAD}content-length: ${PNG.length}\r\n\r\n`;

it.each([
  ['raw', WHOLE],
  ['in chunks', `${HEAD}transfer-encoding: chunked\r\n\r\n29d\r\n`],
  [
    'in a form',
    'POST /media HTTP/1.1\r\nhost: a\r\napollo-require-preflight: 1\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 900\r\n\r\n--b\r\ncontent-disposition: form-data; name="f"; filename="a.png"\r\ncontent-type: image/png\r\n\r\n',
  ],
  [
    'in a form before its file',
    'POST /media HTTP/1.1\r\nhost: a\r\napollo-require-preflight: 1\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 900\r\n\r\n--b\r\n',
  ],
])('an upload that stands still is answered 408, and not stored: %s', async (_name, head) => {
  await serve();
  const socket = await open(head);
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  if (!head.endsWith('--b\r\n')) socket.write(PNG.subarray(0, 300));
  await until(() => answer.includes('\r\n\r\n{'));
  expect(answer).toMatch(/^HTTP\/1\.1 408 .*"code":"BAD_REQUEST"/s);
  socket.destroy();
  expect(stored.filter((each) => each !== null)).toEqual([]);
});

it('an upload may take longer than other requests, as long as it goes on', async () => {
  await serve({ pace: { maxSilenceMs: 5_000, maxTotalMs: 20_000 } });
  // What Node looks at every second, and cuts off other requests by.
  host.routes.server.headersTimeout = host.routes.server.requestTimeout = 100;
  const [file, other] = [
    await open(WHOLE),
    await open('POST /other HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n'),
  ];
  const answers: [string, string] = ['', ''];
  file.on('data', (chunk: Buffer) => (answers[0] += chunk.toString()));
  other.on('data', (chunk: Buffer) => (answers[1] += chunk.toString()));
  file.write(PNG.subarray(0, 300));
  await once(other, 'close');
  file.write(PNG.subarray(300));
  await until(() => answers[0] !== '');
  file.destroy();
  expect(answers.map((answer) => answer.split('\r\n')[0])).toEqual([
    'HTTP/1.1 201 Created',
    'HTTP/1.1 408 Request Timeout',
  ]);
  expect(stored).toEqual([PNG]);
});

it('an upload whose sender goes before the answer is deleted again', async () => {
  await serve();
  let onStored: ((url: string) => void) | undefined;
  let isStopped = false;
  put = async (file, signal) => {
    signal.addEventListener('abort', () => (isStopped = true));
    await buffer(file.open());
    return new Promise((resolve) => (onStored = resolve));
  };
  const socket = await open(WHOLE);
  socket.write(PNG);
  await until(() => onStored !== undefined);
  socket.destroy();
  await until(() => isStopped);
  onStored?.('url');
  await until(() => removed.length === 1);
  expect(removed).toEqual(['url']);
});

it('only so many files are under way at once, of one caller and in all', async () => {
  const uploadIt = async (): Promise<number> => {
    const answer = await request(`http://127.0.0.1:${port}/media`, {
      method: 'POST',
      headers: { 'content-type': 'image/png' },
      body: PNG,
    });
    await answer.body.dump();
    return answer.statusCode;
  };
  const readIt = async (): Promise<number> => {
    const answer = await request(`http://127.0.0.1:${port}/media/m/0`);
    await answer.body.dump().catch(() => undefined);
    return answer.statusCode;
  };
  await serve({
    places: { uploads: 5, uploadsPerCaller: 2, downloads: 1, downloadsPerReader: 1 },
    pace: { maxSilenceMs: 5_000, maxTotalMs: 20_000 },
    downloadPace: { maxSilenceMs: 5_000, maxTotalMs: 20_000 },
  });
  const [one, two] = [await open(WHOLE), await open(WHOLE)];
  let status = 201;
  while (status === 201) status = await uploadIt();
  expect(status).toBe(429);
  for (const socket of [one, two]) socket.destroy();
  while (status === 429) status = await uploadIt();
  expect(status).toBe(201);
  get = () => Promise.resolve(found(Readable.from(zeros(), { objectMode: false })));
  const reader = await open('GET /media/m/0 HTTP/1.1\r\nhost: a\r\n\r\n');
  await once(reader, 'data');
  expect(await readIt()).toBe(429);
  reader.destroy();
});

it('readers of one signed address who do not read leave places to those of other messages, and to callers', async () => {
  const addresses = new MediaAddresses(Buffer.alloc(32));
  await serve({
    addresses,
    places: { uploads: 1, uploadsPerCaller: 1, downloads: 4, downloadsPerReader: 2 },
    downloadPace: { maxSilenceMs: 5_000, maxTotalMs: 20_000 },
  });
  const addressOf = (messageId: string, index = 0): string => addresses.sign(messageId, index, Date.now());
  const statusAt = async (path: string): Promise<[number, unknown, unknown]> => {
    const answer = await request(`http://127.0.0.1:${port}${path}`);
    const json = answer.statusCode === 200 ? null : await answer.body.json();
    answer.body.on('error', () => undefined).destroy();
    return [answer.statusCode, answer.headers['retry-after'], json];
  };
  get = () => Promise.resolve(found(Readable.from(zeros(), { objectMode: false })));
  const crowd = await Promise.all([1, 2].map(() => open(`GET ${addressOf('m')} HTTP/1.1\r\nhost: a\r\n\r\n`)));
  await Promise.all(crowd.map((socket) => once(socket, 'data')));
  for (const socket of crowd) socket.pause();

  // Another end, or another of its attachments, is the same message.
  for (const path of [addressOf('m'), addresses.sign('m', 0, Date.now() + 600_000), addressOf('m', 1)]) {
    expect(await statusAt(path)).toMatchObject([
      429,
      '5',
      { errors: [{ extensions: { code: 'RATE_LIMITED', retryable: true, retryAfterSeconds: 5 } }] },
    ]);
  }
  expect((await statusAt(addressOf('another')))[0]).toBe(200);
  // By its credentials: the message's name is no caller's.
  expect((await statusAt('/media/m/0'))[0]).toBe(200);
  for (const socket of crowd) socket.destroy();
  while ((await statusAt(addressOf('m')))[0] !== 200);
});

it.each<[string, () => Readable, boolean]>([
  ['upstream stands still', () => new Readable({ read: () => undefined }).on('resume', () => undefined), true],
  ['upstream breaks off', () => Readable.from(failing(), { objectMode: false }), true],
  ['nobody reads', () => Readable.from(zeros(), { objectMode: false }), false],
])('an answer ends with its connection when %s', async (_name, body, isRead) => {
  await serve();
  const sources: Readable[] = [];
  get = () => {
    const source = body();
    sources.push(source);
    return Promise.resolve(found(source));
  };
  const socket = await open('GET /media/m/0 HTTP/1.1\r\nhost: a\r\n\r\n');
  if (isRead) socket.resume();
  else socket.pause();
  await until(() => sources[0]?.destroyed === true);
  socket.resume();
  if (!socket.closed) await once(socket, 'close');
});

async function* failing(): AsyncGenerator<Buffer> {
  yield await Promise.resolve(Buffer.alloc(1_000));
  throw new Error('broke off');
}

async function* zeros(): AsyncGenerator<Buffer> {
  for (let sent = 0; sent < FILE_BYTES; sent += 65_536) yield await Promise.resolve(Buffer.alloc(65_536));
}
