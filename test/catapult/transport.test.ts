/** The client against real sockets that misbehave: each case ends in the class that the table gives it. */
import { createServer } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { systemClock } from '../../src/messaging/clock.js';
import type { Clock } from '../../src/messaging/ports.js';
import { startMisbehavingUpstream, type Connection } from '../support/misbehaving-upstream.js';
import { OUTBOUND, ACCEPTED_ANSWER as ANSWER } from '../support/messages.js';
import { openTestAccount, openTestClient, type TestClient, classOf, type SendClass } from '../support/account.js';
import { CERTIFICATE, CERTIFICATE_KEY } from '../support/certificate.js';
import { listen, stopListening, unlistenedPort } from '../support/listen.js';
import { startFullBacklog } from '../support/full-backlog.js';
import { impatientClock } from '../support/clock.js';
import { until } from '../support/waiting.js';

const ERROR = '{"type":"internal-server-error","description":"Internal server error."}';

/** Long enough for a loaded machine to answer, short enough for silence to be tested. */
const TIMEOUT_MS = 1_500;

function clientFor(url: string, clock: Clock = impatientClock(), timeoutMs = TIMEOUT_MS): TestClient {
  return openTestClient(openTestAccount(url), clock, timeoutMs);
}

function response(status: string, body: string | Buffer = '', ...headers: string[]): Buffer {
  const head = [`HTTP/1.1 ${status}`, `content-length: ${Buffer.byteLength(body)}`, ...headers].join('\r\n');
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`), Buffer.from(body)]);
}

const JSON_TYPE = 'content-type: application/json; charset=utf-8';

/** Reads a request, takes the message if `accepts`, and answers with these bytes. */
const answering =
  (bytes: Buffer | string, { accepts = false, then = 'keep' } = {}) =>
  async (socket: Connection): Promise<void> => {
    for (;;) {
      await socket.readRequest();
      if (accepts) socket.accept();
      socket.write(bytes);
      if (then === 'keep') continue;
      if (then === 'end') socket.end();
      else socket.reset();
      return;
    }
  };

const accepting = (
  bytes: Buffer | string,
  then: 'keep' | 'end' | 'reset' = 'keep',
): ((socket: Connection) => Promise<void>) => answering(bytes, { accepts: true, then });

interface Case {
  readonly name: string;
  readonly script: (socket: Connection) => void | Promise<void>;
  readonly expected: SendClass;
  /** Requests that reach the socket; 1 unless the case may be tried again. */
  readonly requests?: number;
  /** Whether the script answers before it has read the whole of a request. */
  readonly isImpatient?: boolean;
}

const chunked = (...chunks: string[]): string =>
  `HTTP/1.1 202 Accepted\r\n${JSON_TYPE}\r\ntransfer-encoding: chunked\r\n\r\n${chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('')}`;

const CASES: readonly Case[] = [
  { name: '202', script: accepting(response('202 Accepted', ANSWER, JSON_TYPE)), expected: 'accepted' },
  { name: '200', script: accepting(response('200 OK', ANSWER, JSON_TYPE)), expected: 'accepted' },
  { name: '201 without a content type', script: accepting(response('201 Created', ANSWER)), expected: 'accepted' },
  {
    name: '202 in chunks',
    script: accepting(`${chunked(ANSWER.slice(0, 9), ANSWER.slice(9))}0\r\n\r\n`),
    expected: 'accepted',
  },
  {
    name: '202 that ends with the connection',
    script: accepting(`HTTP/1.1 202 Accepted\r\n\r\n${ANSWER}`, 'end'),
    expected: 'accepted',
  },
  {
    name: '202 in gzip, unasked',
    script: accepting(response('202 Accepted', gzipSync(ANSWER), 'content-encoding: gzip')),
    expected: 'accepted',
  },
  {
    name: '202 drop by drop',
    async script(socket) {
      await socket.readRequest();
      socket.accept();
      for (const byte of response('202 Accepted', ANSWER)) {
        socket.write(Buffer.of(byte));
        await new Promise(setImmediate);
      }
    },
    expected: 'accepted',
  },
  {
    name: '103 Early Hints, then 202',
    script: accepting(
      Buffer.concat([Buffer.from('HTTP/1.1 103 Early Hints\r\n\r\n'), response('202 Accepted', ANSWER)]),
    ),
    expected: 'accepted',
  },

  {
    name: '202 in broken gzip',
    script: accepting(response('202 Accepted', 'not gzip', 'content-encoding: gzip')),
    expected: 'unknown',
  },
  {
    name: '202 in gzip that bursts',
    script: accepting(response('202 Accepted', gzipSync(ANSWER + ' '.repeat(3_000_000)), 'content-encoding: gzip')),
    expected: 'unknown',
  },
  {
    name: '202 cut off, with content-length',
    script: accepting(response('202 Accepted', ANSWER).subarray(0, -20), 'end'),
    expected: 'unknown',
  },
  {
    name: '202 cut off, without content-length',
    script: accepting(`HTTP/1.1 202 Accepted\r\n\r\n${ANSWER.slice(0, 20)}`, 'end'),
    expected: 'unknown',
  },
  { name: '202 cut off between chunks', script: accepting(chunked(ANSWER), 'end'), expected: 'unknown' },
  {
    name: '202 whose body is reset',
    script: accepting(response('202 Accepted', ANSWER).subarray(0, -20), 'reset'),
    expected: 'unknown',
  },
  {
    name: '202 whose body never ends',
    script: accepting(response('202 Accepted', ANSWER).subarray(0, -20)),
    expected: 'unknown',
  },
  {
    name: '202 without an id',
    script: accepting(response('202 Accepted', '{"time":"2016-09-14T18:20:16Z"}')),
    expected: 'accepted, id unknown',
  },
  {
    name: '202 that is not JSON',
    script: accepting(response('202 Accepted', '<html>ok</html>')),
    expected: 'unknown',
  },
  {
    name: '202 with 2 MiB',
    script: accepting(response('202 Accepted', `{"pad":"${'x'.repeat(2 * 1024 * 1024)}","id":"1"}`)),
    expected: 'unknown',
  },
  { name: '204', script: accepting('HTTP/1.1 204 No Content\r\n\r\n'), expected: 'unknown' },

  {
    name: 'RST after the request was read',
    script: async (socket) => {
      await socket.readRequest();
      socket.accept();
      socket.reset();
    },
    expected: 'unknown',
  },
  {
    name: 'FIN after the request was read',
    script: async (socket) => {
      await socket.readRequest();
      socket.accept();
      socket.end();
    },
    expected: 'unknown',
  },
  {
    name: 'silence after the request was read',
    script: async (socket) => {
      await socket.readRequest();
      socket.accept();
    },
    expected: 'unknown',
  },
  {
    name: 'RST on the first byte of the request',
    script: async (socket) => {
      await socket.readSome();
      socket.reset();
    },
    expected: 'unknown',
    isImpatient: true,
  },
  { name: 'FIN in the middle of the head', script: accepting('HTTP/1.1 202 Acc', 'end'), expected: 'unknown' },
  { name: 'a head that never ends', script: accepting('HTTP/1.1 202 Accepted\r\nx-'), expected: 'unknown' },
  { name: 'a head that is not HTTP', script: accepting('SMTP ready\r\n\r\n', 'end'), expected: 'unknown' },
  {
    name: 'headers of 64 KiB',
    script: accepting(response('202 Accepted', ANSWER, `x-huge: ${'h'.repeat(65_536)}`)),
    expected: 'unknown',
  },
  {
    name: '100 Continue, unasked',
    script: accepting(Buffer.concat([Buffer.from('HTTP/1.1 100 Continue\r\n\r\n'), response('202 Accepted', ANSWER)])),
    expected: 'unknown',
  },
  {
    name: '101 Switching Protocols',
    script: accepting('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
    expected: 'unknown',
  },
  {
    name: '302',
    script: accepting(response('302 Found', '', 'location: http://127.0.0.1:9/elsewhere')),
    expected: 'unknown',
  },
  {
    name: '307, which is not followed',
    script: answering(response('307 Temporary Redirect', '', 'location: /v2/again')),
    expected: 'not sent: UPSTREAM_REJECTED',
  },
  {
    name: '404 of a web server',
    script: answering(response('404 Not Found', '<html>404</html>')),
    expected: 'not sent: UPSTREAM_REJECTED',
  },
  {
    name: '413 that comes before the request was read',
    script: async (socket) => {
      await socket.readSome();
      socket.write(response('413 Content Too Large', '', 'connection: close'));
      socket.end();
    },
    expected: 'not sent: UPSTREAM_REJECTED',
    isImpatient: true,
  },
  { name: '408', script: accepting(response('408 Request Timeout', ERROR, JSON_TYPE)), expected: 'unknown' },
  { name: '403 of a proxy', script: accepting(response('403 Forbidden', '<html>403</html>')), expected: 'unknown' },
  {
    name: '500 without Catapult JSON',
    script: accepting(response('500 Internal Server Error', 'oops')),
    expected: 'unknown',
  },
  {
    name: '503 without Catapult JSON',
    script: accepting(response('503 Service Unavailable', '<html>503</html>')),
    expected: 'unknown',
  },
  { name: '502 of a gateway', script: accepting(response('502 Bad Gateway', ERROR, JSON_TYPE)), expected: 'unknown' },
  {
    name: '504 of a gateway',
    script: accepting(response('504 Gateway Timeout', ERROR, JSON_TYPE)),
    expected: 'unknown',
  },
  {
    name: '500 whose body is cut off',
    script: accepting(response('500 Internal Server Error', ERROR).subarray(0, -9), 'end'),
    expected: 'unknown',
  },

  {
    name: '400 with fields',
    script: answering(
      response(
        '400 Bad Request',
        '{"type":"request-validation","description":"Your request could not be accepted","fieldErrors":[{"fieldName":"to","description":"no"}]}',
      ),
    ),
    expected: 'not sent: BAD_USER_INPUT',
  },
  {
    name: '401',
    script: answering(response('401 Unauthorized', '{"type":"unauthorized","description":"Authentication Failed"}')),
    expected: 'not sent: UPSTREAM_REJECTED',
  },
  {
    name: '415 in gzip',
    script: answering(response('415 Unsupported Media Type', gzipSync(ERROR), 'content-encoding: gzip')),
    expected: 'not sent: UPSTREAM_REJECTED',
  },
  {
    name: '429 with Retry-After in seconds',
    script: answering(response('429 Too Many Requests', ERROR, 'retry-after: 0')),
    expected: 'not sent: UPSTREAM_RATE_LIMITED',
    requests: 3,
  },
  {
    name: '429 with Retry-After as a date',
    script: answering(response('429 Too Many Requests', ERROR, 'retry-after: Wed, 01 Jan 2025 00:00:00 GMT')),
    expected: 'not sent: UPSTREAM_RATE_LIMITED',
    requests: 3,
  },
  {
    name: '429 whose Retry-After is beyond the deadline',
    script: answering(response('429 Too Many Requests', ERROR, 'retry-after: 300')),
    expected: 'not sent: UPSTREAM_RATE_LIMITED',
    requests: 1,
  },
  {
    name: '429 that closes the connection',
    script: answering(response('429 Too Many Requests', ERROR, 'connection: close'), { then: 'end' }),
    expected: 'not sent: UPSTREAM_RATE_LIMITED',
    requests: 3,
  },
  {
    name: '500 with Catapult JSON',
    script: answering(response('500 Internal Server Error', ERROR)),
    expected: 'not sent: UPSTREAM_UNAVAILABLE',
    requests: 3,
  },
  {
    name: '503 with Catapult JSON',
    script: answering(response('503 Service Unavailable', ERROR)),
    expected: 'not sent: UPSTREAM_UNAVAILABLE',
    requests: 3,
  },
];

describe('the client meets', () => {
  it.each(CASES)('$name: $expected', async ({ script, expected, requests = 1, isImpatient = false }) => {
    const upstream = await startMisbehavingUpstream(script);
    const client = clientFor(upstream.url);
    try {
      const report = await client.send(OUTBOUND, 'send1');
      expect(classOf(report)).toBe(expected);
      expect(report.attempts).toBe(requests);
      expect(upstream.accepted).toBeLessThanOrEqual(1);
      expect(upstream.requests).toHaveLength(isImpatient ? 0 : requests);
    } finally {
      await client.close();
      await upstream.close();
    }
  });

  it('a port where nothing listens: not sent, tried three times', async () => {
    const client = clientFor(`http://127.0.0.1:${await unlistenedPort()}`);
    const report = await client.send(OUTBOUND, 'send1');
    expect([classOf(report), report.attempts, report.lastSeen]).toEqual([
      'not sent: UPSTREAM_UNAVAILABLE',
      3,
      'ECONNREFUSED',
    ]);
    await client.close();
  });

  it('a host without an address: not sent', async () => {
    const client = clientFor('http://nowhere.invalid');
    expect(classOf(await client.send(OUTBOUND, 'send1'))).toBe('not sent: UPSTREAM_UNAVAILABLE');
    await client.close();
  });

  it('a TLS handshake that fails: not sent', async () => {
    const upstream = await startMisbehavingUpstream(async (socket) => {
      await socket.readSome();
      socket.write('not TLS');
      socket.end();
    });
    const client = clientFor(upstream.url.replace('http:', 'https:'));
    expect(classOf(await client.send(OUTBOUND, 'send1'))).toBe('not sent: UPSTREAM_UNAVAILABLE');
    expect(upstream.accepted).toBe(0);
    await client.close();
    await upstream.close();
  });

  it('an endpoint that speaks HTTP/2 as well: only HTTP/1.1 is offered', async () => {
    const offers: string[][] = [];
    const server = createServer({
      key: CERTIFICATE_KEY,
      cert: CERTIFICATE,
      ALPNCallback({ protocols }) {
        offers.push(protocols);
        return protocols.find((protocol) => protocol === 'h2') ?? protocols[0];
      },
    });
    const client = clientFor(`https://127.0.0.1:${await listen(server)}`);
    await client.send(OUTBOUND, 'send1');
    expect(offers[0]).toEqual(['http/1.1']);
    await client.close();
    await stopListening(server);
  });

  it('a SYN that nobody answers: not sent when the deadline comes', async () => {
    const backlog = await startFullBacklog();
    const client = clientFor(backlog.url);
    const report = await client.send(OUTBOUND, 'send1');
    expect([classOf(report), report.attempts]).toEqual(['not sent: UPSTREAM_UNAVAILABLE', 1]);
    await client.close();
    await backlog.close();
  });

  it('a SYN that nobody answers: not sent after the connect timeout, and tried again while there is time', async () => {
    const backlog = await startFullBacklog();
    const client = clientFor(backlog.url, impatientClock(), 6_000);
    const report = await client.send(OUTBOUND, 'send1');
    expect(classOf(report)).toBe('not sent: UPSTREAM_UNAVAILABLE');
    expect(report.attempts).toBe(2);
    await client.close();
    await backlog.close();
  }, 15_000);

  it('a connection that is reset before the request is written: not sent, tried three times', async () => {
    // In the TLS handshake: the first bytes are none of the request's.
    let resets = 0;
    const upstream = await startMisbehavingUpstream(async (socket) => {
      await socket.readSome();
      resets += 1;
      socket.reset();
    });
    const client = clientFor(upstream.url.replace('http:', 'https:'));
    const report = await client.send(OUTBOUND, 'send1');
    expect([classOf(report), report.lastSeen, resets]).toEqual(['not sent: UPSTREAM_UNAVAILABLE', 'ECONNRESET', 3]);
    await client.close();
    await upstream.close();
  });

  it('an idle connection that upstream closed: the next send takes a new one and arrives', async () => {
    const upstream = await startMisbehavingUpstream(accepting(response('202 Accepted', ANSWER), 'end'));
    const client = clientFor(upstream.url);
    for (let sends = 1; sends <= 5; sends++) {
      expect(classOf(await client.send(OUTBOUND, 'send1'))).toBe('accepted');
      expect(upstream.accepted).toBe(sends);
      await new Promise(setImmediate);
    }
    await client.close();
    await upstream.close();
  });

  it('a refusal, then an acceptance: one accepted message after two attempts', async () => {
    let refusals = 0;
    const upstream = await startMisbehavingUpstream(async (socket) => {
      for (;;) {
        await socket.readRequest();
        if (refusals++ === 0) {
          socket.write(response('503 Service Unavailable', ERROR));
          continue;
        }
        socket.accept();
        socket.write(response('202 Accepted', ANSWER));
      }
    });
    const client = clientFor(upstream.url);
    const report = await client.send(OUTBOUND, 'send1');
    expect([classOf(report), report.attempts, upstream.accepted]).toEqual(['accepted', 2, 1]);
    await client.close();
    await upstream.close();
  });

  it('an acceptance without a time: accepted now, in microseconds', async () => {
    const upstream = await startMisbehavingUpstream(accepting(response('202 Accepted', '{"id":"1"}')));
    const client = clientFor(upstream.url, { ...impatientClock(), now: () => 1_800_000_000_123 });
    const report = await client.send(OUTBOUND, 'send1');
    expect(report).toMatchObject({ status: 'ACCEPTED', message: { time: 1_800_000_000_123_000 } });
    await client.close();
    await upstream.close();
  });

  it('the end of the process during a pause: known not sent, at once', async () => {
    let paused = (): void => undefined;
    const isPaused = new Promise<void>((resolve) => (paused = resolve));
    const upstream = await startMisbehavingUpstream(
      answering(response('503 Service Unavailable', ERROR, 'retry-after: 30')),
    );
    const sleep: Clock['sleep'] = (delayMs, signal) => {
      paused();
      return systemClock.sleep(delayMs, signal);
    };
    const client = clientFor(upstream.url, { ...systemClock, sleep }, 60_000);
    const sending = client.send(OUTBOUND, 'send1');
    await isPaused;
    client.abortInFlight();
    expect(classOf(await sending)).toBe('not sent: UPSTREAM_UNAVAILABLE');
    expect(upstream.requests).toHaveLength(1);
    await client.close();
    await upstream.close();
  });

  it('a refusal, then silence: unknown, and never a third attempt', async () => {
    let requests = 0;
    const upstream = await startMisbehavingUpstream(async (socket) => {
      for (;;) {
        await socket.readRequest();
        if (requests++ === 0) socket.write(response('503 Service Unavailable', ERROR));
        else socket.accept();
      }
    });
    const client = clientFor(upstream.url);
    const report = await client.send(OUTBOUND, 'send1');
    expect([classOf(report), report.attempts, requests]).toEqual(['unknown', 2, 2]);
    await client.close();
    await upstream.close();
  });

  describe('more sends than connections', () => {
    const textOf = (body: Buffer): string => (JSON.parse(body.toString()) as { text: string }).text;

    /** Says nothing to any message, but to one. */
    const silentBut = (text: string) => async (socket: Connection) => {
      const { body } = await socket.readRequest();
      socket.accept();
      if (textOf(body) === text) socket.write(response('202 Accepted', ANSWER));
    };

    it.each(['the deadline', 'an end of the process'])(
      'until %s: what got none is never begun, and the next send has a connection',
      async (end) => {
        const upstream = await startMisbehavingUpstream(silentBut('afterwards'));
        const client = clientFor(upstream.url, impatientClock(), end === 'the deadline' ? TIMEOUT_MS : 60_000);
        const sends = Array.from({ length: 80 }, (_, index) => client.send({ ...OUTBOUND, text: String(index) }, 's'));
        await until(() => upstream.accepted >= 64);
        if (end !== 'the deadline') client.abortInFlight();
        const classes = (await Promise.all(sends)).map(classOf);
        const textsThatWere = (expected: SendClass): string[] =>
          classes.flatMap((each, index) => (each === expected ? [String(index)] : []));
        expect(textsThatWere('unknown')).toHaveLength(64);
        expect(textsThatWere('not sent: UPSTREAM_UNAVAILABLE')).toHaveLength(16);
        // Whatever still waited for a connection would have had one before this.
        expect(classOf(await client.send({ ...OUTBOUND, text: 'afterwards' }, 'send1'))).toBe('accepted');
        expect(upstream.requests.map(({ body }) => textOf(body)).toSorted()).toEqual(
          [...textsThatWere('unknown'), 'afterwards'].toSorted(),
        );
        await client.close();
        await upstream.close();
      },
    );
  });

  it('a connection that comes when too little time is left: not sent, and nothing is begun', async () => {
    const upstream = await startMisbehavingUpstream(accepting(response('202 Accepted', ANSWER)));
    const client = clientFor(upstream.url, impatientClock(), 99);
    expect(classOf(await client.send(OUTBOUND, 'send1'))).toBe('not sent: UPSTREAM_UNAVAILABLE');
    expect(upstream.requests).toEqual([]);
    await client.close();
    await upstream.close();
  });

  it('the end of the process: what is under way ends at once as unknown', async () => {
    const clients: TestClient[] = [];
    const upstream = await startMisbehavingUpstream(async (socket) => {
      await socket.readRequest();
      for (const client of clients) client.abortInFlight();
    });
    const client = clientFor(upstream.url, impatientClock(), 60_000);
    clients.push(client);
    expect(classOf(await client.send(OUTBOUND, 'send1'))).toBe('unknown');
    await client.close();
    await upstream.close();
  });
});

describe('between attempts', () => {
  it('the client waits with jitter, twice as long each time, and never sooner than Retry-After', async () => {
    for (const [header, pauses] of [
      ['x-none: 1', [125, 250]],
      ['retry-after: 1', [1_125, 1_250]],
    ] as const) {
      const upstream = await startMisbehavingUpstream(answering(response('503 Service Unavailable', ERROR, header)));
      const clock = impatientClock();
      const client = clientFor(upstream.url, clock, 20_000);
      await client.send(OUTBOUND, 'send1');
      expect(clock.pauses).toEqual(pauses);
      await client.close();
      await upstream.close();
    }
  });
});
