/** What is seen of one request over a real socket, and the time that it has. */
import { getEventListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { openConnection } from '../../src/catapult/connection.js';
import { exchange, withinTime, type Exchange } from '../../src/catapult/exchange.js';
import { startMisbehavingUpstream, type Connection } from '../support/misbehaving-upstream.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const untilAborted = (signal: AbortSignal): Promise<unknown> =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      resolve((signal.reason as { name: string }).name);
    });
  });

describe('an exchange', () => {
  const open: (() => Promise<void>)[] = [];

  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
  });

  /** What was seen of a request to an upstream that answers with these bytes. */
  async function seenOf(
    answer: Buffer | string,
    { then = 'keep', signal = new AbortController().signal }: { then?: 'keep' | 'end'; signal?: AbortSignal } = {},
  ): Promise<Exchange> {
    const upstream = await startMisbehavingUpstream(async (socket: Connection) => {
      await socket.readRequest();
      socket.write(answer);
      if (then === 'end') socket.end();
    });
    const dispatcher = openConnection(null);
    open.push(
      () => upstream.close(),
      () => dispatcher.destroy(),
    );
    const seen = await exchange(dispatcher, { origin: upstream.url, path: '/', method: 'GET' }, signal);
    expect(upstream.requests).toHaveLength(seen.started ? 1 : 0);
    return seen;
  }

  function ok(body: Buffer | string, ...headers: string[]): Buffer {
    const head = ['HTTP/1.1 200 OK', `content-length: ${Buffer.byteLength(body)}`, ...headers].join('\r\n');
    return Buffer.concat([Buffer.from(`${head}\r\n\r\n`), Buffer.from(body)]);
  }

  it.each(['gzip', 'GZIP', 'x-gzip', 'X-Gzip'])('unpacks an answer in %s', async (coding) => {
    const seen = await seenOf(ok(gzipSync('words'), `content-encoding: ${coding}`));
    expect([seen.body?.toString(), seen.failure]).toEqual(['words', null]);
  });

  it.each([
    ['no coding'],
    ['the coding identity', 'content-encoding: identity'],
    ['the coding agzip', 'content-encoding: agzip'],
    ['the coding gzip2', 'content-encoding: gzip2'],
  ])('leaves an answer with %s as it came', async (_name, ...headers) => {
    const seen = await seenOf(ok('words', ...headers));
    expect([seen.body?.toString(), seen.failure]).toEqual(['words', null]);
  });

  it('returns the head of an answer in broken gzip, and why there is no body', async () => {
    expect(await seenOf(ok('not gzip', 'content-encoding: gzip', 'retry-after: 7'))).toEqual({
      started: true,
      status: 200,
      retryAfter: '7',
      body: null,
      failure: 'Z_DATA_ERROR',
    });
  });

  it('does not take an early hint for the answer', async () => {
    expect(await seenOf('HTTP/1.1 103 Early Hints\r\nretry-after: 7\r\n\r\n', { then: 'end' })).toEqual({
      started: true,
      status: null,
      retryAfter: null,
      body: null,
      failure: 'UND_ERR_SOCKET',
    });
  });

  it('sends nothing when it was aborted before', async () => {
    expect(await seenOf(ok('words'), { signal: AbortSignal.abort() })).toEqual({
      started: false,
      status: null,
      retryAfter: null,
      body: null,
      failure: 'AbortError',
    });
  });

  it('leaves nothing on the signal once it has ended', async () => {
    const { signal } = new AbortController();
    await seenOf(ok('words'), { signal });
    await seenOf('', { signal, then: 'end' });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

it('a time limit aborts its work even after a garbage collection', async () => {
  const outer = new AbortController();
  const ended = withinTime(50, outer.signal, untilAborted);
  collectGarbage();
  expect(await ended).toBe('TimeoutError');
});

it('a time limit aborts its work with the outer signal', async () => {
  const outer = new AbortController();
  const ended = withinTime(60_000, outer.signal, untilAborted);
  outer.abort(new DOMException('closing', 'AbortError'));
  expect(await ended).toBe('AbortError');
  expect(await withinTime(60_000, outer.signal, (signal) => Promise.resolve(signal.aborted))).toBe(true);
});

it.each([
  ['is done', () => Promise.resolve()],
  ['fails', () => Promise.reject(new Error('failed'))],
])('leaves no timer, and nothing on the outer signal, once its work %s', async (_name, work) => {
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const { signal } = new AbortController();
  const before = timers();
  await Promise.allSettled([withinTime(60_000, signal, work), withinTime(60_000, signal, work)]);
  expect([timers() - before, getEventListeners(signal, 'abort')]).toEqual([0, []]);
});
