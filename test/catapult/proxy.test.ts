/**
 * The client by way of a proxy, which is a process of its own: it keeps every promise that it keeps without one. What
 * happens before the tunnel stands leaves a send known not sent; what was written into the tunnel is never repeated.
 */
import type { Account } from '../../src/catapult/account.js';
import type { Proxies } from '../../src/catapult/connection.js';
import type { Exchange } from '../../src/catapult/exchange.js';
import { failureOf } from '../../src/catapult/problem.js';
import { openTestAccount, openTestClient, type TestClient, classOf, type SendClass } from '../support/account.js';
import { OUTBOUND, ACCEPTED_ANSWER as ANSWER } from '../support/messages.js';
import {
  startMisbehavingUpstream,
  type Connection,
  type MisbehavingUpstream,
} from '../support/misbehaving-upstream.js';
import { startProxyProcess, type ProxyBehaviour, type ProxyProcess, type TestProxy } from '../support/proxy.js';
import { startTlsEndpoint } from '../support/tls-endpoint.js';
import { unlistenedPort } from '../support/listen.js';
import { startFullBacklog } from '../support/full-backlog.js';
import { impatientClock } from '../support/clock.js';

const ACCEPTED = `HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\ncontent-length: ${ANSWER.length}\r\n\r\n${ANSWER}`;

/** Longer than anything takes that is not silence, on a loaded machine too. */
const TIMEOUT_MS = 10_000;
/** Short enough for silence to be tested. */
const SILENCE_MS = 1_000;

const NOT_SENT: SendClass = 'not sent: UPSTREAM_UNAVAILABLE';

let proxyProcess: ProxyProcess;

beforeAll(() => {
  proxyProcess = startProxyProcess();
});
afterAll(() => proxyProcess.close());

/** What a test opened, closed after it from the last to the first. */
const opened: { close: () => Promise<void> }[] = [];

afterEach(async () => {
  for (const thing of opened.splice(0).reverse()) await thing.close();
});

async function open<Thing extends { close: () => Promise<void> }>(opening: Promise<Thing>): Promise<Thing> {
  const thing = await opening;
  opened.push(thing);
  return thing;
}

const openProxy = (...behaviours: [ProxyBehaviour, ...ProxyBehaviour[]]): Promise<TestProxy> =>
  open(proxyProcess.open(...behaviours));

/** An endpoint that accepts every message. */
const openEndpoint = (script: (socket: Connection) => Promise<void> = acceptAll): Promise<MisbehavingUpstream> =>
  open(startMisbehavingUpstream(script));

async function acceptAll(socket: Connection): Promise<void> {
  for (;;) {
    await socket.readRequest();
    socket.accept();
    socket.write(ACCEPTED);
  }
}

/** The proxy for everything. */
const by = (url: string): Proxies => ({ httpsProxy: url, httpProxy: url, noProxy: null });

function accountAt(url: string, proxies: Proxies): Account {
  const { account, close } = openTestAccount(url, { proxies });
  opened.push({ close });
  return account;
}

function clientFor(url: string, proxies: Proxies, timeoutMs = TIMEOUT_MS): TestClient {
  const account = openTestAccount(url, { proxies });
  opened.push(account);
  return openTestClient(account, impatientClock(), timeoutMs);
}

describe('a send is known not sent', () => {
  const REFUSED = 'UND_ERR_ABORTED';
  const cases: [name: string, behaviour: ProxyBehaviour, failure: string][] = [
    ['demands credentials (407)', 'demand Basic c29tZWJvZHk6ZWxzZQ==', REFUSED],
    ['forbids the endpoint (403)', 'refuse 403', REFUSED],
    ['cannot reach the endpoint (502)', 'refuse 502', REFUSED],
    ['is overloaded (503)', 'refuse 503', REFUSED],
    ['redirects', 'refuse 302', REFUSED],
    ['resets the connection in place of an answer', 'reset', 'ECONNRESET'],
    ['answers no HTTP', 'babble', 'HTTPParserError'],
  ];

  it.each(cases)('when the proxy %s', async (_name, behaviour, failure) => {
    const endpoint = await openEndpoint();
    const proxy = await openProxy(behaviour);
    const report = await clientFor(endpoint.url, by(proxy.url)).send(OUTBOUND, 'send1');
    const { connects, passed } = await proxy.record();
    expect([classOf(report), report.attempts, report.lastSeen]).toEqual([NOT_SENT, 3, failure]);
    expect([connects.length, passed, endpoint.requests.length]).toEqual([3, '', 0]);
  });

  it('when the proxy hangs up instead of answering, with one CONNECT for each attempt', async () => {
    const endpoint = await openEndpoint();
    const proxy = await openProxy('hang up');
    const report = await clientFor(endpoint.url, by(proxy.url), SILENCE_MS).send(OUTBOUND, 'send1');
    const { connects, passed } = await proxy.record();
    expect([classOf(report), passed, endpoint.requests.length]).toEqual([NOT_SENT, '', 0]);
    expect([report.attempts, connects.length, report.lastSeen]).toEqual([3, 3, 'ECONNRESET']);
  });

  it('when the proxy cannot reach the endpoint', async () => {
    const url = `http://127.0.0.1:${await unlistenedPort()}`;
    const proxy = await openProxy('tunnel');
    const report = await clientFor(url, by(proxy.url)).send(OUTBOUND, 'send1');
    expect([classOf(report), report.attempts, report.lastSeen]).toEqual([NOT_SENT, 3, REFUSED]);
  });

  it('when nothing listens at the address of the proxy', async () => {
    const endpoint = await openEndpoint();
    const nobody = `http://127.0.0.1:${await unlistenedPort()}`;
    const report = await clientFor(endpoint.url, by(nobody)).send(OUTBOUND, 'send1');
    expect([classOf(report), report.attempts, report.lastSeen]).toEqual([NOT_SENT, 3, 'ECONNREFUSED']);
    expect(endpoint.requests).toHaveLength(0);
  });

  it('when the proxy has no address', async () => {
    const endpoint = await openEndpoint();
    const report = await clientFor(endpoint.url, by('http://nowhere.invalid:3128')).send(OUTBOUND, 'send1');
    expect(classOf(report)).toBe(NOT_SENT);
    expect(endpoint.requests).toHaveLength(0);
  });

  it('when the proxy is asked by TLS but speaks none', async () => {
    const endpoint = await openEndpoint();
    const proxy = await openProxy('tunnel');
    const report = await clientFor(endpoint.url, by(proxy.url.replace('http:', 'https:'))).send(OUTBOUND, 'send1');
    expect([classOf(report), report.attempts, report.lastSeen]).toEqual([NOT_SENT, 3, 'ECONNRESET']);
    expect((await proxy.record()).connects).toHaveLength(0);
  });

  it('when the proxy takes the CONNECT and the deadline comes before an answer', async () => {
    const endpoint = await openEndpoint();
    const proxy = await openProxy('silence');
    const report = await clientFor(endpoint.url, by(proxy.url), SILENCE_MS).send(OUTBOUND, 'send1');
    expect([classOf(report), report.attempts, report.lastSeen]).toEqual([NOT_SENT, 1, 'TimeoutError']);
    expect((await proxy.record()).connects).toHaveLength(1);
  });

  it('after the connect timeout, however long the deadline, at whichever step towards a tunnel there is silence', async () => {
    const endpoint = await openEndpoint();
    const silent = await openProxy('silence');
    const deaf = await open(startFullBacklog());
    const transparent = await openProxy('tunnel');
    const mute = await openEndpoint(async (socket) => {
      await socket.readSome();
    });
    const attempt = async (url: string, proxy: string): Promise<unknown[]> => {
      const seen = await accountAt(url, by(proxy)).post('{}', AbortSignal.timeout(15_000), () => true);
      return [seen.started, seen.failure];
    };
    expect(
      await Promise.all([
        attempt(endpoint.url, deaf.url),
        attempt(endpoint.url, silent.url),
        attempt(mute.url.replace('http:', 'https:'), transparent.url),
      ]),
    ).toEqual([
      [false, 'UND_ERR_CONNECT_TIMEOUT'],
      [false, 'UND_ERR_HEADERS_TIMEOUT'],
      [false, 'UND_ERR_CONNECT_TIMEOUT'],
    ]);
    expect(endpoint.requests).toHaveLength(0);
  });

  it('when the tunnel to an https endpoint is cut before TLS is set up', async () => {
    const endpoint = await open(startTlsEndpoint(ANSWER));
    for (const behaviour of ['cut', 'swallow', 'cut answer'] as const) {
      const proxy = await openProxy(behaviour);
      const report = await clientFor(endpoint.url, by(proxy.url)).send(OUTBOUND, 'send1');
      const { connects } = await proxy.record();
      expect([behaviour, classOf(report), report.attempts, connects.length]).toEqual([behaviour, NOT_SENT, 3, 3]);
    }
    expect(endpoint.requests).toEqual([]);
  });

  it('when the https endpoint speaks no TLS', async () => {
    const endpoint = await openEndpoint(async (socket) => {
      await socket.readSome();
      socket.write('not TLS');
      socket.end();
    });
    const proxy = await openProxy('tunnel');
    const url = endpoint.url.replace('http:', 'https:');
    const report = await clientFor(url, by(proxy.url)).send(OUTBOUND, 'send1');
    expect([classOf(report), report.attempts]).toEqual([NOT_SENT, 3]);
    expect((await proxy.record()).passed).not.toContain('POST');
  });

  it('when the certificate of the https endpoint is not trusted', async () => {
    const endpoint = await open(startTlsEndpoint(ANSWER));
    const proxy = await openProxy('tunnel');
    const account = accountAt(endpoint.url, by(proxy.url));
    const seen = await account.post('{}', AbortSignal.timeout(TIMEOUT_MS), () => true);
    expect([seen.started, failureOf(seen)]).toEqual([false, 'certificate not trusted: set NODE_EXTRA_CA_CERTS']);

    const report = await clientFor(endpoint.url, by(proxy.url)).send(OUTBOUND, 'send1');
    expect([classOf(report), report.lastSeen]).toEqual([NOT_SENT, 'DEPTH_ZERO_SELF_SIGNED_CERT']);
    const { connects } = await proxy.record();
    expect(new Set(connects.map(({ target }) => `https://${target}`))).toEqual(new Set([endpoint.url]));
    expect(endpoint.requests).toEqual([]);
  });

  it('for each of eighty sends at once, when the proxy refuses', async () => {
    const endpoint = await openEndpoint();
    const proxy = await openProxy('refuse 503');
    const client = clientFor(endpoint.url, by(proxy.url));
    const reports = await Promise.all(Array.from({ length: 80 }, () => client.send(OUTBOUND, 'send1')));
    expect(new Set(reports.map((report) => [classOf(report), report.attempts, report.lastSeen].join()))).toEqual(
      new Set([[NOT_SENT, 3, REFUSED].join()]),
    );
    expect(endpoint.requests).toHaveLength(0);
  });
});

describe('while the CONNECT is pending', () => {
  it('the end of the process ends the send at once as not sent', async () => {
    const endpoint = await openEndpoint();
    const proxy = await openProxy('silence');
    const client = clientFor(endpoint.url, by(proxy.url), 60_000);
    const report = client.send(OUTBOUND, 'send1');
    await proxy.connected(1);
    client.abortInFlight();
    expect(await report).toMatchObject({ status: 'REJECTED', attempts: 1, lastSeen: 'AbortError' });
  });

  it.each(['an end of the process', 'the deadline'])(
    '%s gives up the send for good: a tunnel that opens later does not carry it',
    async (end) => {
      const endpoint = await openEndpoint();
      const proxy = await openProxy('hold');
      const client = clientFor(endpoint.url, by(proxy.url), end === 'the deadline' ? SILENCE_MS : TIMEOUT_MS);
      const given = client.send({ ...OUTBOUND, text: 'given up' }, 'send1');
      await proxy.connected(1);
      if (end !== 'the deadline') client.abortInFlight();
      expect(classOf(await given)).toBe(NOT_SENT);
      proxy.release();
      await proxy.opened(1);
      expect(classOf(await client.send({ ...OUTBOUND, text: 'wanted' }, 'send2'))).toBe('accepted');
      expect(endpoint.requests.map(({ body }) => (JSON.parse(body.toString()) as { text: string }).text)).toEqual([
        'wanted',
      ]);
    },
  );

  it('closing the connections ends it', async () => {
    const endpoint = await openEndpoint();
    const proxy = await openProxy('silence');
    const { account, close } = openTestAccount(endpoint.url, { proxies: by(proxy.url) });
    const seen = account.post('{}', AbortSignal.timeout(TIMEOUT_MS), () => true);
    await proxy.connected(1);
    await close();
    await proxy.closed(1);
    expect(await seen).toMatchObject({ started: false, failure: 'UND_ERR_DESTROYED' });
  });
});

describe('a send is unknown and never repeated', () => {
  it('when the tunnel is cut in place of the answer', async () => {
    const endpoint = await openEndpoint();
    const proxy = await openProxy('cut answer', 'tunnel');
    const report = await clientFor(endpoint.url, by(proxy.url)).send(OUTBOUND, 'send1');
    expect([classOf(report), report.attempts]).toEqual(['unknown', 1]);
    expect([(await proxy.record()).connects.length, endpoint.accepted]).toEqual([1, 1]);
  });

  it('when the tunnel is cut at the first byte of the request', async () => {
    const endpoint = await openEndpoint();
    const proxy = await openProxy('swallow', 'tunnel');
    const report = await clientFor(endpoint.url, by(proxy.url)).send(OUTBOUND, 'send1');
    expect([classOf(report), report.attempts]).toEqual(['unknown', 1]);
    expect([(await proxy.record()).connects.length, endpoint.accepted]).toEqual([1, 0]);
  });

  it('when the tunnel is cut at once: the request is written before the end can be seen', async () => {
    const endpoint = await openEndpoint();
    const proxy = await openProxy('cut', 'tunnel');
    const report = await clientFor(endpoint.url, by(proxy.url)).send(OUTBOUND, 'send1');
    expect([classOf(report), report.attempts]).toEqual(['unknown', 1]);
    expect([(await proxy.record()).connects.length, endpoint.accepted]).toEqual([1, 0]);
  });

  it('when the endpoint says nothing until the deadline', async () => {
    const endpoint = await openEndpoint(async (socket) => {
      await socket.readRequest();
      socket.accept();
    });
    const proxy = await openProxy('tunnel');
    const report = await clientFor(endpoint.url, by(proxy.url), SILENCE_MS).send(OUTBOUND, 'send1');
    expect([classOf(report), report.attempts, report.lastSeen]).toEqual(['unknown', 1, 'TimeoutError']);
    expect((await proxy.record()).passed.match(/POST/g)).toHaveLength(1);
    expect(endpoint.accepted).toBe(1);
  });

  it('when the process ends after the request went through', async () => {
    const clients: TestClient[] = [];
    const endpoint = await openEndpoint(async (socket) => {
      await socket.readRequest();
      socket.accept();
      for (const client of clients) client.abortInFlight();
    });
    const proxy = await openProxy('tunnel');
    const client = clientFor(endpoint.url, by(proxy.url), 60_000);
    clients.push(client);
    const report = await client.send(OUTBOUND, 'send1');
    expect([classOf(report), report.attempts, endpoint.accepted]).toEqual(['unknown', 1, 1]);
  });
});

describe('a send is accepted once', () => {
  it('and the next one takes the same tunnel', async () => {
    const endpoint = await openEndpoint();
    const proxy = await openProxy('tunnel');
    const client = clientFor(endpoint.url, by(proxy.url));
    for (let sends = 1; sends <= 3; sends++) {
      const report = await client.send(OUTBOUND, 'send1');
      expect([classOf(report), report.attempts, endpoint.accepted]).toEqual(['accepted', 1, sends]);
      const { connects } = await proxy.record();
      expect(connects.map(({ target }) => `http://${target}`)).toEqual([endpoint.url]);
    }
  });

  it('when the proxy had cut the idle tunnel: it uses a new one', async () => {
    const endpoint = await openEndpoint();
    const proxy = await openProxy('tunnel');
    const client = clientFor(endpoint.url, by(proxy.url));
    for (let sends = 1; sends <= 3; sends++) {
      const report = await client.send(OUTBOUND, 'send1');
      expect([classOf(report), report.attempts, endpoint.accepted]).toEqual(['accepted', 1, sends]);
      proxy.cut();
      await proxy.closed(sends);
    }
    expect((await proxy.record()).connects).toHaveLength(3);
  });

  it('when the endpoint had closed the idle tunnel: it uses a new one', async () => {
    const endpoint = await openEndpoint(async (socket) => {
      await socket.readRequest();
      socket.accept();
      socket.write(ACCEPTED);
      socket.end();
    });
    const proxy = await openProxy('tunnel');
    const client = clientFor(endpoint.url, by(proxy.url));
    for (let sends = 1; sends <= 3; sends++) {
      const report = await client.send(OUTBOUND, 'send1');
      expect([classOf(report), report.attempts, endpoint.accepted]).toEqual(['accepted', 1, sends]);
      await proxy.closed(sends);
    }
    expect((await proxy.record()).connects).toHaveLength(3);
  });

  it('when the proxy refused the first CONNECT and the second got no answer: it uses the third', async () => {
    const endpoint = await openEndpoint();
    const proxy = await openProxy('refuse 503', 'reset', 'tunnel');
    const report = await clientFor(endpoint.url, by(proxy.url)).send(OUTBOUND, 'send1');
    expect([classOf(report), report.attempts, endpoint.accepted]).toEqual(['accepted', 3, 1]);
    expect((await proxy.record()).connects).toHaveLength(3);
  });

  it('for each of eighty sends at once', async () => {
    const endpoint = await openEndpoint();
    const proxy = await openProxy('tunnel');
    const client = clientFor(endpoint.url, by(proxy.url));
    const reports = await Promise.all(Array.from({ length: 80 }, () => client.send(OUTBOUND, 'send1')));
    expect(new Set(reports.map(classOf))).toEqual(new Set(['accepted']));
    expect([endpoint.accepted, endpoint.requests.length]).toEqual([80, 80]);
    expect((await proxy.record()).connects.length).toBeLessThanOrEqual(64);
  });
});

describe('the route', () => {
  it.each(['127.0.0.1', 'example.com, 127.0.0.1', '*'])('is direct for a host in NO_PROXY=%s', async (noProxy) => {
    const endpoint = await openEndpoint();
    const proxy = await openProxy('refuse 403');
    const report = await clientFor(endpoint.url, { ...by(proxy.url), noProxy }).send(OUTBOUND, 'send1');
    expect([classOf(report), endpoint.accepted]).toEqual(['accepted', 1]);
    expect((await proxy.record()).connects).toEqual([]);
  });

  it('goes through the proxy for a host that NO_PROXY does not name', async () => {
    const endpoint = await openEndpoint();
    const proxy = await openProxy('tunnel');
    const noProxy = '7.0.0.1,127.0.0.1:1,example.com';
    const report = await clientFor(endpoint.url, { ...by(proxy.url), noProxy }).send(OUTBOUND, 'send1');
    expect([classOf(report), endpoint.accepted]).toEqual(['accepted', 1]);
    expect((await proxy.record()).connects).toHaveLength(1);
  });

  it('is direct for an http endpoint when there is only a proxy for https', async () => {
    const endpoint = await openEndpoint();
    const proxy = await openProxy('refuse 403');
    const way = { httpsProxy: proxy.url, httpProxy: null, noProxy: null };
    expect(classOf(await clientFor(endpoint.url, way).send(OUTBOUND, 'send1'))).toBe('accepted');
    expect((await proxy.record()).connects).toEqual([]);
  });

  it('goes through the http proxy for an https endpoint, too, when there is no other', async () => {
    const endpoint = await open(startTlsEndpoint(ANSWER));
    const proxy = await openProxy('tunnel');
    const way = { httpsProxy: null, httpProxy: proxy.url, noProxy: null };
    expect(classOf(await clientFor(endpoint.url, way).send(OUTBOUND, 'send1'))).toBe(NOT_SENT);
    expect((await proxy.record()).connects).toHaveLength(3);
  });
});

describe('the way to an https endpoint', () => {
  const VARIABLES = ['http_proxy', 'https_proxy', 'no_proxy'] as const;
  const former = VARIABLES.map((name) => [name, process.env[name]] as const);

  afterEach(() => {
    for (const [name, value] of former) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  });

  /** How often each proxy is asked for a tunnel by one send. */
  async function connectsOf(url: string, way: Proxies, ...proxies: TestProxy[]): Promise<number[]> {
    await clientFor(url, way).send(OUTBOUND, 'send1');
    return Promise.all(proxies.map(async (proxy) => (await proxy.record()).connects.length));
  }

  it('is by the proxy for https where there is one for http, too', async () => {
    const endpoint = await open(startTlsEndpoint(ANSWER));
    const [forHttps, forHttp] = [await openProxy('refuse 403'), await openProxy('refuse 403')];
    const way = { httpsProxy: forHttps.url, httpProxy: forHttp.url, noProxy: null };
    expect(await connectsOf(endpoint.url, way, forHttps, forHttp)).toEqual([3, 0]);
  });

  it('is straight where there is no proxy, whatever the environment says', async () => {
    const endpoint = await open(startTlsEndpoint(ANSWER));
    const proxy = await openProxy('refuse 403');
    process.env.https_proxy = process.env.http_proxy = proxy.url;
    const way = { httpsProxy: null, httpProxy: null, noProxy: null };
    expect(await connectsOf(endpoint.url, way, proxy)).toEqual([0]);
  });

  it('is by the proxy where no host is excepted, whatever the environment says', async () => {
    const endpoint = await open(startTlsEndpoint(ANSWER));
    const proxy = await openProxy('refuse 403');
    process.env.no_proxy = '*';
    expect(await connectsOf(endpoint.url, by(proxy.url), proxy)).toEqual([3]);
  });
});

describe('credentials', () => {
  const PASSED_ON = ['proxy-authorization', 'proxy-connection'];
  const basic = (userInfo: string): string => `Basic ${Buffer.from(userInfo).toString('base64')}`;

  it.each([
    ['user:password', 'user:password'],
    ['user%40example.com:p%40ss%3Aword', 'user@example.com:p@ss:word'],
  ])('of the proxy (%s@) reach the proxy, and the endpoint never', async (userInfo, expected) => {
    const endpoint = await openEndpoint();
    const proxy = await openProxy(`demand ${basic(expected)}`);
    const way = by(proxy.url.replace('//', `//${userInfo}@`));
    const report = await clientFor(endpoint.url, way).send(OUTBOUND, 'send1');
    const { connects, passed } = await proxy.record();
    expect(connects[0]?.headers['proxy-authorization']).toBe(basic(expected));
    expect([classOf(report), report.attempts, endpoint.accepted]).toEqual(['accepted', 1, 1]);
    for (const name of PASSED_ON) expect(endpoint.requests[0]?.headers).not.toHaveProperty(name);
    expect(passed).not.toContain(basic(expected));
  });

  it('of the proxy that are wrong leave a send not sent', async () => {
    const endpoint = await openEndpoint();
    const proxy = await openProxy(`demand ${basic('user:right')}`);
    const way = by(proxy.url.replace('//', '//user:wrong@'));
    expect(classOf(await clientFor(endpoint.url, way).send(OUTBOUND, 'send1'))).toBe(NOT_SENT);
    expect(endpoint.requests).toHaveLength(0);
  });

  it('of the endpoint are in no CONNECT, and reach the endpoint', async () => {
    const endpoint = await openEndpoint();
    const proxy = await openProxy('tunnel');
    await clientFor(endpoint.url, by(proxy.url)).send(OUTBOUND, 'send1');
    const { connects } = await proxy.record();
    expect(connects).toHaveLength(1);
    expect(connects[0]?.headers).not.toHaveProperty('authorization');
    expect(JSON.stringify(connects)).not.toContain(basic('token:secret'));
    expect(endpoint.requests[0]?.headers.authorization).toBe(basic('token:secret'));
  });
});

describe('the operator reads', () => {
  const FAILURES = [
    'ECONNREFUSED',
    'ECONNRESET',
    'ENOTFOUND',
    'HTTPParserError',
    'UND_ERR_ABORTED',
    'UND_ERR_CONNECT_TIMEOUT',
    'UND_ERR_HEADERS_TIMEOUT',
    'TimeoutError',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
  ];

  it.each(FAILURES)('in words what %s means', (failure) => {
    const seen: Exchange = { started: false, status: null, retryAfter: null, body: null, failure };
    expect(failureOf(seen)).not.toContain(failure);
  });
});
