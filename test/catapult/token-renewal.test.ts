/** When another token is asked for, against an endpoint on a real socket and a clock in the test's hand. */
import { basicAuthorization, TokenAuthorization, type TokenOptions } from '../../src/catapult/authorization.js';
import { openConnection } from '../../src/catapult/connection.js';
import { granting, json, startTokenEndpoint, type TokenEndpoint } from '../support/token-endpoint.js';
import { manualClock, type ManualClock } from '../support/clock.js';
import { quiet, until } from '../support/waiting.js';

describe('the token', () => {
  let endpoint: TokenEndpoint;
  let now: number;
  let clock: ManualClock;
  let problems: (string | null)[];
  const open: (() => void | Promise<void>)[] = [];
  const { signal } = new AbortController();

  beforeEach(async () => {
    endpoint = await startTokenEndpoint();
    [now, problems] = [1_000_000, []];
    clock = manualClock();
    open.push(() => endpoint.close());
  });
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
  });

  function newAuthorization(fields: Partial<TokenOptions> = {}): TokenAuthorization {
    const dispatcher = openConnection(null);
    const authorization = new TokenAuthorization({
      clientId: 'id',
      clientSecret: 'secret',
      tokenUrl: endpoint.url,
      dispatcher,
      userAgent: 'catapult-graphql/1',
      // Pauses end by `wake` alone, however much time passes.
      clock: { ...clock, now: () => now },
      random: () => 0,
      onChange: (problem) => problems.push(problem),
      ...fields,
    });
    open.push(async () => {
      authorization.close();
      await dispatcher.destroy();
    });
    return authorization;
  }

  it('is requested at the whole URL, with the user agent', async () => {
    await newAuthorization({ tokenUrl: `${endpoint.url}?realm=a` }).header(signal);
    expect(endpoint.requests[0]?.headers['user-agent']).toBe('catapult-graphql/1');
    expect(endpoint.requests).toHaveLength(1);
  });

  it('is requested again at once when refused twice in a row, and then only after a pause', async () => {
    const authorization = newAuthorization();
    const refuse = async (): Promise<string | null> =>
      authorization.headerAfter((await authorization.header(signal)) ?? '', signal);
    expect([await refuse(), await refuse(), await refuse()]).toEqual(['Bearer t2', 'Bearer t3', 'Bearer t4']);
    // The third one began a pause of a second.
    expect(await refuse()).toBe('Bearer t4');
    now += 999;
    expect(await refuse()).toBe('Bearer t4');
    expect(endpoint.requests).toHaveLength(4);
    now += 1;
    expect(await refuse()).toBe('Bearer t5');
  });

  it('may be refused twice in a row again once it was accepted in between', async () => {
    const authorization = newAuthorization();
    const refuse = async (): Promise<string | null> =>
      authorization.headerAfter((await authorization.header(signal)) ?? '', signal);
    for (let round = 0; round < 4; round++) {
      await refuse();
      await refuse();
      authorization.accepted();
    }
    expect(await authorization.header(signal)).toBe('Bearer t9');
  });

  it('is not requested again by a send that was refused with an older one', async () => {
    const authorization = newAuthorization();
    await authorization.header(signal);
    expect(await authorization.headerAfter('Bearer t0', signal)).toBe('Bearer t1');
    expect(endpoint.requests).toHaveLength(1);
  });

  it('is used until it expires, and not a moment longer', async () => {
    endpoint.answer = granting({ expires_in: 100 });
    const authorization = newAuthorization();
    expect(await authorization.header(signal)).toBe('Bearer t1');
    now += 99_999;
    expect(await authorization.header(signal)).toBe('Bearer t1');
    now += 1;
    expect(await authorization.header(signal)).toBe('Bearer t2');
  });

  it('lives from the moment of its request', async () => {
    let grant = (): void => undefined;
    endpoint.answer = (response, count) => {
      grant = () => void granting({ expires_in: 100 })(response, count);
    };
    const asking = newAuthorization().header(signal);
    await until(() => endpoint.requests.length === 1);
    now += 30_000;
    grant();
    expect(await asking).toBe('Bearer t1');
    // A tenth before its end; thirty seconds of its life are over.
    expect(clock.pauses).toEqual([60_000]);
  });

  it('is awaited no longer than the deadline of the send', async () => {
    endpoint.answer = () => undefined;
    const authorization = newAuthorization();
    const patience = new AbortController();
    const asking = authorization.header(patience.signal);
    await until(() => endpoint.requests.length === 1);
    patience.abort();
    expect(await asking).toBeNull();
    expect(await authorization.header(patience.signal)).toBeNull();
    // Its request is still under way, though nobody waits for it.
    expect([endpoint.requests.length, clock.pauses]).toEqual([1, []]);
  });

  it.each([
    ['of 8192 visible characters', `${'a'.repeat(8_190)}!~`, true],
    ['of 8193 characters', 'a'.repeat(8_193), false],
    ['with a space', 'a b', false],
    ['with DEL', 'a\x7f', false],
    ['with something behind a line', 'a\nb', false],
    ['with nothing in it', '', false],
  ])('%s is taken: %s', async (_name, access_token, isTaken) => {
    endpoint.answer = (response) => {
      json(response, 200, { access_token, token_type: 'Bearer' });
    };
    expect(await newAuthorization().header(signal)).toBe(isTaken ? `Bearer ${access_token}` : null);
    expect(problems).toEqual(isTaken ? [] : ['no access token: the answer has none']);
  });

  it.each([400, 500, 503, 201])('is not taken from an answer with status %i', async (status) => {
    endpoint.answer = (response) => {
      json(response, status, { access_token: 'a', token_type: 'Bearer', expires_in: 60 });
    };
    expect(await newAuthorization().header(signal)).toBeNull();
    expect(problems).toEqual([`no access token: answered HTTP ${status}`]);
  });

  it('that cannot even be requested is reported as a failure', async () => {
    // No library asks without a client id.
    const authorization = newAuthorization({ clientId: '' });
    expect(await authorization.header(signal)).toBeNull();
    expect(problems).toEqual(['no access token: failed: TypeError']);
    expect(endpoint.requests).toEqual([]);
  });

  it('is not taken if its type is not Bearer', async () => {
    endpoint.answer = (response) => {
      json(response, 200, { access_token: 'a', token_type: 'MAC' });
    };
    expect(await newAuthorization().header(signal)).toBeNull();
    expect(problems).toEqual(['no access token: the answer has none']);
  });

  it('is requested again after a failure, with pauses that double up to half a minute, less a random half', async () => {
    endpoint.answer = (response) => void response.writeHead(503).end();
    newAuthorization({ random: () => 0.5 });
    for (let failure = 1; failure <= 9; failure++) {
      await until(() => clock.pauses.length === failure);
      clock.wake();
    }
    await until(() => clock.pauses.length === 10);
    // Three quarters of 250, 500 and so on up to 30,000.
    expect(clock.pauses).toEqual([187.5, 375, 750, 1_500, 3_000, 6_000, 12_000, 22_500, 22_500, 22_500]);
    expect(problems).toEqual(['no access token: answered HTTP 503']);
  });

  it('is not requested before the pause after a failure is over, and then by the next send that needs it', async () => {
    endpoint.answer = (response) => void response.writeHead(503).end();
    const authorization = newAuthorization();
    await until(() => clock.pauses.length === 1);
    now += 249;
    expect(await authorization.header(signal)).toBeNull();
    expect(endpoint.requests).toHaveLength(1);
    now += 1;
    endpoint.answer = granting();
    expect(await authorization.header(signal)).toBe('Bearer t2');
    expect(problems).toEqual(['no access token: answered HTTP 503', null]);
  });

  it('is awaited by every send that needs it when it is requested during the pause', async () => {
    endpoint.answer = (response) => void response.writeHead(503).end();
    const authorization = newAuthorization();
    await until(() => clock.pauses.length === 1);
    let grant = (): void => undefined;
    endpoint.answer = (response, count) => {
      grant = () => void granting()(response, count);
    };
    clock.wake();
    await until(() => endpoint.requests.length === 2);
    const asking = authorization.header(signal);
    grant();
    expect(await asking).toBe('Bearer t2');
  });

  it('reports each problem once, and a different one again', async () => {
    const refusing: TokenEndpoint['answer'] = (response) => {
      json(response, 401, {});
    };
    endpoint.answer = refusing;
    newAuthorization();
    await until(() => clock.pauses.length === 1);
    clock.wake();
    await until(() => clock.pauses.length === 2);
    endpoint.answer = (response) => void response.writeHead(500).end();
    clock.wake();
    await until(() => clock.pauses.length === 3);
    expect(problems).toEqual(['no access token: credentials refused', 'no access token: answered HTTP 500']);
  });

  it('is not requested once it is closed, and a request under way reports nothing', async () => {
    endpoint.answer = () => undefined;
    const authorization = newAuthorization();
    const asking = authorization.header(signal);
    await until(() => endpoint.requests.length === 1);
    authorization.close();
    expect(await asking).toBeNull();
    expect([problems, clock.pauses]).toEqual([[], []]);
  });

  it('is not renewed once it is closed', async () => {
    const authorization = newAuthorization();
    await authorization.header(signal);
    expect(clock.pauses).toHaveLength(1);
    authorization.close();
    clock.wake();
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    expect(endpoint.requests).toHaveLength(1);
  });

  it('stays in use until another secret has brought another token, and what was under way does not hide that', async () => {
    const secretOf = (request: number): string =>
      Buffer.from(endpoint.requests[request]?.headers.authorization?.slice('Basic '.length) ?? '', 'base64').toString();
    let respond = (): void => undefined;
    endpoint.answer = (response, count) => {
      respond = () => {
        void granting()(response, count);
      };
      if (count !== 2) respond();
    };
    const authorization = newAuthorization();
    expect(await authorization.header(signal)).toBe('Bearer t1');
    authorization.use('id', 'second');
    await until(() => endpoint.requests.length === 2);
    authorization.use('other', 'third');
    expect(await authorization.header(signal)).toBe('Bearer t1');
    respond();
    await until(() => endpoint.requests.length === 3);
    expect([0, 1, 2].map(secretOf)).toEqual(['id:secret', 'id:second', 'other:third']);
    while ((await authorization.header(signal)) !== 'Bearer t3') await new Promise(setImmediate);

    endpoint.answer = (response) => {
      json(response, 401, { error: 'invalid_client' });
    };
    authorization.use('other', 'wrong');
    await until(() => problems.length > 0);
    expect([problems, await authorization.header(signal)]).toEqual([
      ['no access token: credentials refused'],
      'Bearer t3',
    ]);
  });

  it('is not asked for with another secret once all is closed', async () => {
    const authorization = newAuthorization();
    await authorization.header(signal);
    authorization.close();
    authorization.use('id', 'other');
    await quiet();
    expect(endpoint.requests).toHaveLength(1);
  });
});

it('Basic credentials are others once others are given', async () => {
  const authorization = basicAuthorization('name', 'former');
  const { signal } = new AbortController();
  const former = (await authorization.header(signal)) ?? '';
  authorization.use('name', 'secret');
  // `name:secret` in base64. A request that was refused with the former ones is repeated with these.
  expect(await authorization.headerAfter(former, signal)).toBe('Basic bmFtZTpzZWNyZXQ=');
});

it('Basic credentials stay the same whatever upstream answers', async () => {
  const authorization = basicAuthorization('name', 'secret');
  const { signal } = new AbortController();
  // `name:secret` in base64.
  const header = 'Basic bmFtZTpzZWNyZXQ=';
  expect(await authorization.header(signal)).toBe(header);
  expect(await authorization.headerAfter(header, signal)).toBe(header);
  authorization.accepted();
  authorization.close();
  expect(await authorization.header(signal)).toBe(header);
});
