/** Catapult's store of files, over real sockets: what goes out, what is believed, and what is never asked for. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import type { Authorization } from '../../src/catapult/authorization.js';
import { basicAuthorization } from '../../src/catapult/authorization.js';
import { openConnection } from '../../src/catapult/connection.js';
import { CatapultMedia } from '../../src/catapult/media.js';
import { MAX_READ_BYTES, type FileAnswer, type NewFile } from '../../src/messaging/media.js';
import { listen, stopListening } from '../support/listen.js';
import { until } from '../support/waiting.js';

const FILE = Buffer.from('0123456789'.repeat(1_000));
const NEVER = new AbortController().signal;

let server: Server;
let origin: string;
let handle: (request: IncomingMessage, response: ServerResponse) => unknown;
/** `METHOD path` of each request, in order. */
let asked: string[];
let closing: (() => Promise<unknown>)[];
/** How many files may have been left behind. */
let leftOver: number;

beforeEach(async () => {
  asked = [];
  closing = [];
  leftOver = 0;
  server = createServer((request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
    void handle(request, response);
  });
  origin = `http://127.0.0.1:${await listen(server)}`;
});
afterEach(async () => {
  for (const close of closing) await close();
  await stopListening(server);
});

function storeWith(
  authorization: Authorization = basicAuthorization('token', 'secret'),
  times: ConstructorParameters<typeof CatapultMedia>[1] = {},
): CatapultMedia {
  const dispatcher = openConnection(null, MAX_READ_BYTES);
  closing.push(() => dispatcher.destroy());
  const options = { url: `${origin}/v2`, userId: 'u-1', authorization, dispatcher, userAgent: 'test' };
  const onLeftOver = (): void => {
    leftOver += 1;
  };
  return new CatapultMedia({ ...options, onLeftOver }, times);
}

/** Gives tokens in turn: the next one after each refusal. */
function tokens(...headers: string[]): Authorization {
  return {
    header: () => Promise.resolve(headers[0] ?? null),
    headerAfter: () => Promise.resolve(headers.shift() === undefined ? null : (headers[0] ?? null)),
    accepted: () => undefined,
    close: () => undefined,
  };
}

const newFile = (changes: Partial<NewFile> = {}): NewFile => ({
  name: 'a.png',
  type: 'image/png',
  sizeBytes: FILE.length,
  open: () => Readable.from([FILE.subarray(0, 5_000), FILE.subarray(5_000)], { objectMode: false }),
  isRepeatable: true,
  ...changes,
});
const urlOf = (name: string): string => `${origin}/v2/users/u-1/media/${name}`;
const textOf = async (answer: FileAnswer): Promise<string | null> =>
  answer.kind === 'FOUND' ? (await buffer(answer.body)).toString() : null;

describe('a URL', () => {
  it.each(['a.png', 'message-1/0/a.png', '0mx0/x_y~1(2).jpg', 'a/b%20c.png', 'a%C3%A4.png'])(
    'is ours: …/media/%s',
    (name) => {
      expect(storeWith().owns(urlOf(name))).toBe(true);
    },
  );

  it.each([
    ['..', () => urlOf('../messages')],
    ['an encoded ..', () => urlOf('%2e%2e/messages')],
    ['.. behind a name', () => urlOf('a/../../../messages')],
    ['.. with a parameter, which some servers take for ..', () => urlOf('..;/..;x=1/messages')],
    ['. with a parameter', () => urlOf('.;')],
    ['an encoded slash', () => urlOf('a%2fb')],
    ['an encoded slash in capitals', () => urlOf('a%2Fb')],
    ['an encoded backslash', () => urlOf('a%5cb')],
    ['U+0000', () => urlOf('a%00')],
    ['a line feed', () => urlOf('a%0ab')],
    ['a plain line feed', () => urlOf('a\nb')],
    ['a backslash', () => urlOf('..\\messages')],
    ['half an encoding', () => urlOf('a%2')],
    ['no name', () => urlOf('')],
    ['an empty segment', () => urlOf('a//b')],
    ['a query', () => urlOf('a?b')],
    ['a fragment', () => urlOf('a#b')],
    ['an at sign', () => urlOf('a@evil.example')],
    ['a space', () => urlOf('a b')],
    ['user info', () => urlOf('a').replace('http://', 'http://evil@')],
    ['our origin as user info', () => `${origin}@evil.example/v2/users/u-1/media/a`],
    ['our origin as the beginning of another', () => `${origin}.evil.example/v2/users/u-1/media/a`],
    ['another host', () => urlOf('a').replace('127.0.0.1', 'evil.example')],
    ['another spelling of our host', () => urlOf('a').replace('127.0.0.1', '127.1')],
    ['another port', () => urlOf('a').replace(/:\d+\//, ':1/')],
    ['another scheme', () => urlOf('a').replace('http:', 'https:')],
    ['a scheme in capitals', () => urlOf('a').replace('http:', 'HTTP:')],
    ['another account', () => urlOf('a').replace('u-1', 'u-2')],
    ['an account in capitals', () => urlOf('a').replace('u-1', 'U-1')],
    ['a longer account', () => urlOf('a').replace('u-1', 'u-11')],
    ['another path of our account', () => `${origin}/v2/users/u-1/messages`],
    ['a way there with ..', () => `${origin}/v2/users/u-2/../u-1/media/a`],
    ['nothing', () => ''],
  ])('with %s is none of ours, and never asked for', async (_name, url) => {
    handle = (_request, response) => response.end('secret');
    const store = storeWith();
    expect(store.owns(url())).toBe(false);
    expect(await store.get(url(), null, NEVER)).toEqual({ kind: 'NOT_FOUND' });
    await store.remove(url());
    expect(asked).toEqual([]);
  });
});

describe('a file that is stored', () => {
  it('goes out with its type, its length and our credentials, and has its URL', async () => {
    let seen: IncomingMessage['headers'] = {};
    let body = '';
    handle = async (request, response) => {
      seen = request.headers;
      body = (await buffer(request)).toString();
      response.writeHead(204).end();
    };
    expect(await storeWith().put(newFile(), NEVER)).toBe(urlOf('a.png'));
    expect(body).toBe(FILE.toString());
    expect(seen).toMatchObject({
      'content-type': 'image/png',
      'content-length': String(FILE.length),
      authorization: `Basic ${Buffer.from('token:secret').toString('base64')}`,
      'user-agent': 'test',
    });
    expect(seen).not.toHaveProperty('transfer-encoding');
    expect(asked).toEqual(['PUT /v2/users/u-1/media/a.png']);
  });

  it('goes out once more with another token, if it can be read again', async () => {
    const seen: string[] = [];
    handle = async (request, response) => {
      seen.push(`${request.headers.authorization ?? ''} ${(await buffer(request)).length}`);
      response.writeHead(seen.length === 1 ? 401 : 204).end();
    };
    expect(await storeWith(tokens('Bearer 1', 'Bearer 2')).put(newFile(), NEVER)).toBe(urlOf('a.png'));
    expect(seen).toEqual([`Bearer 1 ${FILE.length}`, `Bearer 2 ${FILE.length}`]);
  });

  it('that cannot be read again is left to its sender, who may try again with the next token', async () => {
    handle = (request, response) => {
      request.resume();
      response.writeHead(request.method === 'PUT' ? 401 : 204).end();
    };
    const storing = storeWith(tokens('Bearer 1', 'Bearer 2')).put(newFile({ isRepeatable: false }), NEVER);
    await expect(storing).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', retryable: true });
    expect(asked.filter((each) => each.startsWith('PUT'))).toHaveLength(1);
  });

  it.each([
    [400, 'UPSTREAM_REJECTED'],
    [401, 'UPSTREAM_REJECTED'],
    [403, 'UPSTREAM_REJECTED'],
    [307, 'UPSTREAM_REJECTED'],
    [408, 'UPSTREAM_UNAVAILABLE'],
    [429, 'UPSTREAM_RATE_LIMITED'],
    [500, 'UPSTREAM_UNAVAILABLE'],
    [503, 'UPSTREAM_UNAVAILABLE'],
  ])('is refused with %s: %s; what may be there is deleted, and no redirect is followed', async (status, code) => {
    handle = (request, response) => {
      request.resume();
      response.writeHead(request.method === 'PUT' ? status : 204, {
        location: `${origin}/elsewhere`,
        'retry-after': '7',
      });
      response.end();
    };
    const seconds = status === 429 ? { retryAfterSeconds: 7 } : {};
    await expect(storeWith().put(newFile(), NEVER)).rejects.toMatchObject({ code, ...seconds });
    await until(() => asked.length === 2);
    expect(asked).toEqual(['PUT /v2/users/u-1/media/a.png', 'DELETE /v2/users/u-1/media/a.png']);
  });

  it('that breaks off in the middle breaks its request off, and is deleted', async () => {
    let isWhole: boolean | null = null;
    handle = async (request, response) => {
      if (request.method === 'DELETE') {
        response.writeHead(204).end();
        return;
      }
      isWhole = await buffer(request).then(
        () => true,
        () => false,
      );
    };
    async function* half(): AsyncGenerator<Buffer> {
      yield FILE.subarray(0, 5_000);
      await until(() => asked.length > 0);
      throw new Error('cut off');
    }
    const open = (): Readable => Readable.from(half(), { objectMode: false });
    await expect(storeWith().put(newFile({ open }), NEVER)).rejects.toThrow();
    await until(() => isWhole !== null && asked.length === 2);
    expect([isWhole, asked[1]]).toEqual([false, 'DELETE /v2/users/u-1/media/a.png']);
  });

  it('is given up, and deleted, when the answer does not come or its wait is ended', async () => {
    handle = (request, response) => {
      request.resume();
      if (request.method === 'DELETE') response.writeHead(204).end();
    };
    await expect(storeWith(undefined, { answerMs: 20 }).put(newFile(), NEVER)).rejects.toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
    });
    const stopping = new AbortController();
    const storing = storeWith().put(newFile(), stopping.signal);
    await until(() => asked.filter((each) => each.startsWith('PUT')).length === 2);
    stopping.abort(new Error('enough'));
    await expect(storing).rejects.toThrow('enough');
    await until(() => asked.filter((each) => each.startsWith('DELETE')).length === 2);
  });

  it('is given up when the store closes, which waits until it is deleted; afterwards none is taken', async () => {
    let delete_: (() => void) | undefined;
    handle = (request, response) => {
      request.resume();
      if (request.method === 'DELETE') delete_ = () => response.writeHead(404).end();
    };
    const store = storeWith();
    const storing = store.put(newFile(), NEVER);
    await until(() => asked.length === 1);
    let isClosed = false;
    const closed = store.close().then(() => (isClosed = true));
    await expect(storing).rejects.toMatchObject({ code: 'SHUTTING_DOWN', retryable: true });
    await until(() => delete_ !== undefined);
    expect(isClosed).toBe(false);
    delete_?.();
    await closed;
    await expect(store.put(newFile(), NEVER)).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    expect([asked.length, leftOver]).toEqual([2, 0]);
  });

  it.each<[string, (response: ServerResponse) => unknown, object]>([
    ['is silent', () => undefined, { lastRemovalsMs: 20 }],
    ['fails', (response) => response.writeHead(503).end(), {}],
    ['refuses', (response) => response.writeHead(403).end(), {}],
    ['breaks off', (response) => response.destroy(), {}],
  ])('is said to be left over where upstream %s when it should be deleted', async (_name, onDelete, times) => {
    handle = (request, response) => {
      request.resume();
      if (request.method === 'DELETE') onDelete(response);
    };
    const store = storeWith(undefined, times);
    const storing = store.put(newFile(), NEVER);
    await until(() => asked.length === 1);
    const closed = store.close();
    await expect(storing).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
    await closed;
    expect(leftOver).toBe(1);
  });

  it('without a token is not asked for', async () => {
    await expect(storeWith(tokens()).put(newFile(), NEVER)).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    expect(asked).toEqual([]);
  });
});

describe('a file that is read', () => {
  const RANGE = { first: 10, last: 14 };

  it('comes as a whole', async () => {
    handle = (_request, response) =>
      response.writeHead(200, { 'content-type': 'image/png', 'content-length': FILE.length }).end(FILE);
    const answer = await storeWith().get(urlOf('m/0/a.png'), null, NEVER);
    expect(answer).toMatchObject({ kind: 'FOUND', contentType: 'image/png', totalBytes: FILE.length, part: null });
    expect(await textOf(answer)).toBe(FILE.toString());
    expect(asked).toEqual(['GET /v2/users/u-1/media/m/0/a.png']);
  });

  it.each<[string, (request: IncomingMessage, response: ServerResponse) => unknown]>([
    [
      'and upstream gives it',
      ({ headers }, response) => {
        expect(headers.range).toBe('bytes=10-14');
        return response.writeHead(206, { 'content-range': `bytes 10-14/${FILE.length}` }).end(FILE.subarray(10, 15));
      },
    ],
    [
      'and upstream gives all',
      (_request, response) => response.writeHead(200, { 'content-length': FILE.length }).end(FILE),
    ],
  ])('comes in part, if that is asked for, %s', async (_name, answerIt) => {
    handle = answerIt;
    const answer = await storeWith().get(urlOf('a.png'), RANGE, NEVER);
    expect(answer).toMatchObject({ kind: 'FOUND', totalBytes: FILE.length, part: RANGE });
    expect(await textOf(answer)).toBe('01234');
  });

  it('ends where its part does, whatever upstream sends behind it', async () => {
    handle = (_request, response) =>
      response.writeHead(206, { 'content-range': `bytes 10-14/${FILE.length}` }).end('01234HTTP/1.1 200 OK');
    expect(await textOf(await storeWith().get(urlOf('a.png'), RANGE, NEVER))).toBe('01234');
    handle = (_request, response) =>
      response.writeHead(206, { 'content-range': `bytes 10-14/${FILE.length}` }).end('012');
    await expect(storeWith().get(urlOf('a.png'), RANGE, NEVER).then(textOf)).rejects.toThrow();
  });

  it('comes as a whole where nobody knows how long it is', async () => {
    handle = (_request, response) => response.writeHead(200).end(FILE);
    const answer = await storeWith().get(urlOf('a.png'), RANGE, NEVER);
    expect(answer).toMatchObject({ part: null, totalBytes: null });
    expect(await textOf(answer)).toBe(FILE.toString());
  });

  it('says where it ends', async () => {
    handle = (_request, response) => response.writeHead(416, { 'content-range': 'bytes */5' }).end();
    expect(await storeWith().get(urlOf('a.png'), RANGE, NEVER)).toEqual({ kind: 'OUT_OF_RANGE', totalBytes: 5 });
    handle = (_request, response) => response.writeHead(200, { 'content-length': 5 }).end('01234');
    expect(await storeWith().get(urlOf('a.png'), RANGE, NEVER)).toEqual({ kind: 'OUT_OF_RANGE', totalBytes: 5 });
  });

  it.each([404, 410])('is not there: %s', async (status) => {
    handle = (_request, response) => response.writeHead(status).end('{}');
    expect(await storeWith().get(urlOf('a.png'), null, NEVER)).toEqual({ kind: 'NOT_FOUND' });
  });

  it.each<[string, string, number, Record<string, string>]>([
    ['the credentials are refused', 'UPSTREAM_REJECTED', 401, {}],
    ['it is forbidden', 'UPSTREAM_REJECTED', 403, {}],
    ['there is a redirect', 'UPSTREAM_REJECTED', 302, { location: '/v2/users/u-1/media/b' }],
    ['upstream fails', 'UPSTREAM_UNAVAILABLE', 500, {}],
    ['it is compressed', 'UPSTREAM_UNAVAILABLE', 200, { 'content-encoding': 'gzip' }],
    ['another part comes', 'UPSTREAM_UNAVAILABLE', 206, { 'content-range': 'bytes 0-4/100' }],
    ['a part comes that does not say which', 'UPSTREAM_UNAVAILABLE', 206, {}],
  ])('is not believed where %s', async (_name, code, status, headers) => {
    handle = (_request, response) => {
      response.writeHead(status, headers);
      response.flushHeaders();
      if (headers['content-length'] === undefined) response.end('x');
    };
    await expect(storeWith().get(urlOf('a.png'), RANGE, NEVER)).rejects.toMatchObject({ code });
    expect(asked).toHaveLength(1);
  });

  it('comes with another token after a 401', async () => {
    handle = ({ headers }, response) =>
      response.writeHead(headers.authorization === 'Bearer 2' ? 200 : 401).end('file');
    expect(await textOf(await storeWith(tokens('Bearer 1', 'Bearer 2')).get(urlOf('a'), null, NEVER))).toBe('file');
  });

  it.each<[string, (response: ServerResponse) => unknown]>([
    [
      'breaks off',
      (response) => {
        response.writeHead(200, { 'content-length': 100 });
        response.write('0123456789', () => response.destroy());
      },
    ],
    [
      'is shorter than it was said to be',
      (response) => response.socket?.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n0123456789'),
    ],
    [
      'goes on without end',
      (response) => {
        response.writeHead(200);
        const more = (): void => {
          while (!response.destroyed && response.write(Buffer.alloc(65_536)));
        };
        response.on('drain', more);
        more();
      },
    ],
  ])('fails while it is read if it %s', async (_name, answerIt) => {
    handle = (_request, response) => answerIt(response);
    await expect(storeWith().get(urlOf('a.png'), null, NEVER).then(textOf)).rejects.toThrow();
  });

  it('is known to be too large before it is read', async () => {
    const [total, range] = [MAX_READ_BYTES + 1, { first: 0, last: 9 }];
    handle = (_request, response) => response.writeHead(200, { 'content-length': total }).write('x');
    for (const asked of [null, range])
      expect(await storeWith().get(urlOf('a'), asked, NEVER)).toEqual({ kind: 'TOO_LARGE' });
    handle = (_request, response) =>
      response.writeHead(206, { 'content-range': `bytes 0-9/${total}`, 'content-length': 10 }).write('x');
    expect(await storeWith().get(urlOf('a'), range, NEVER)).toEqual({ kind: 'TOO_LARGE' });
  });

  it('is waited for no longer than can be expected, and no longer than somebody waits', async () => {
    handle = () => undefined;
    await expect(storeWith(undefined, { answerMs: 20 }).get(urlOf('a'), null, NEVER)).rejects.toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
    });
    handle = (_request, response) => response.writeHead(200).write('x');
    const gone = new AbortController();
    const answer = await storeWith().get(urlOf('a'), null, gone.signal);
    const reading = textOf(answer);
    gone.abort();
    await expect(reading).rejects.toThrow();
  });

  it('cannot be had where nothing listens', async () => {
    const store = storeWith();
    await stopListening(server);
    await expect(store.get(urlOf('a'), null, NEVER)).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    server = createServer();
    await listen(server);
  });
});
