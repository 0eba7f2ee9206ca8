/** Tokens over real sockets: when one is asked for, what a send meets without one, and what a refused one leads to. */
import { Account } from '../../src/catapult/account.js';
import { TokenAuthorization } from '../../src/catapult/authorization.js';
import { CatapultClient } from '../../src/catapult/client.js';
import { openConnection } from '../../src/catapult/connection.js';
import { systemClock } from '../../src/messaging/clock.js';
import type { Clock, GatewayReport } from '../../src/messaging/ports.js';
import { OUTBOUND } from '../support/messages.js';
import { startMisbehavingUpstream, type MisbehavingUpstream } from '../support/misbehaving-upstream.js';
import { granting, json, startTokenEndpoint, type TokenEndpoint } from '../support/token-endpoint.js';
import { unlistenedPort } from '../support/listen.js';
import { manualClock } from '../support/clock.js';
import { until } from '../support/waiting.js';

const ACCEPTED = answer('202 Accepted', '{"id":"m1"}');
const UNAUTHORIZED = answer('401 Unauthorized', '{"type":"unauthorized","description":"Authentication Failed"}');

function answer(status: string, body: string): string {
  return `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

describe('with tokens', () => {
  let endpoint: TokenEndpoint;
  let upstream: MisbehavingUpstream;
  /** What upstream answers to each token. */
  let judge: (token: string) => string;
  let problems: (string | null)[];
  let open: { close: () => void | Promise<void> }[];

  beforeEach(async () => {
    endpoint = await startTokenEndpoint();
    judge = () => ACCEPTED;
    upstream = await startMisbehavingUpstream(async (socket) => {
      for (;;) {
        const { headers } = await socket.readRequest();
        const said = judge((headers.authorization ?? '').replace('Bearer ', ''));
        if (said === ACCEPTED) socket.accept();
        socket.write(said);
      }
    });
    problems = [];
    open = [upstream, endpoint];
  });
  afterEach(async () => {
    for (const part of open.reverse()) await part.close();
  });

  interface Client {
    readonly authorization: TokenAuthorization;
    readonly send: () => Promise<string>;
  }

  function newClient(clock: Clock = systemClock, tokenUrl = endpoint.url, timeoutMs = 5_000): Client {
    const dispatcher = openConnection(null);
    const authorization = new TokenAuthorization({
      clientId: 'my-client.id',
      clientSecret: 'p_ss~word%',
      tokenUrl,
      dispatcher,
      userAgent: 'catapult-graphql/test',
      clock,
      random: () => 0,
      onChange: (problem) => problems.push(problem),
    });
    const account = new Account({ url: upstream.url, userId: 'u', authorization, dispatcher, userAgent: 'test' });
    const client = new CatapultClient({ account, clock, correlation: null, random: () => 0 });
    open.push({
      async close() {
        authorization.close();
        await dispatcher.destroy();
      },
    });
    return { authorization, send: async () => classOf(await client.send(OUTBOUND, 'send1', clock.now() + timeoutMs)) };
  }

  function classOf(report: GatewayReport): string {
    return report.status === 'REJECTED' ? `NOT_SENT ${report.error.code}` : report.status;
  }

  const tokensSeen = (): (string | undefined)[] => upstream.requests.map(({ headers }) => headers.authorization);

  it('one is requested at once, as Catapult documents it, and serves all sends', async () => {
    const { send } = newClient();
    expect(await Promise.all(Array.from({ length: 20 }, send))).toEqual(Array.from({ length: 20 }, () => 'ACCEPTED'));
    expect(new Set(tokensSeen())).toEqual(new Set(['Bearer t1']));
    expect(endpoint.requests).toHaveLength(1);
    const [{ headers, body } = { headers: {}, body: '' }] = endpoint.requests;
    expect(body).toBe('grant_type=client_credentials');
    expect(headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(headers.authorization).toBe(`Basic ${Buffer.from('my-client.id:p_ss~word%').toString('base64')}`);
    expect(problems).toEqual([]);
  });

  it.each([
    ['a minute before the end of a long life', 3_600, 3_540_000],
    ['a tenth before the end of a short one', 20, 18_000],
    ['after four and a half minutes where the answer does not say how long it lives', undefined, 270_000],
    ['after a tenth less than a second where it lives no time at all', 0, 900],
    ['a minute before the end of a day where it lives for years', 1e12, 86_340_000],
  ])('it is renewed %s', async (_name, expires_in, renewsAfterMs) => {
    endpoint.answer = granting({ expires_in });
    const clock = manualClock();
    const { send } = newClient(clock);
    await send();
    expect(clock.pauses).toEqual([renewsAfterMs]);
    clock.advance(renewsAfterMs - 1);
    await send();
    expect(endpoint.requests).toHaveLength(1);
    clock.advance(1);
    await until(() => endpoint.requests.length === 2);
    // Nobody waits for it: the one before is good still.
    expect(await send()).toBe('ACCEPTED');
  });

  it('one that expired while the process stood still is requested again by the next send, once for many sends', async () => {
    const clock = manualClock();
    const { send } = newClient({ ...clock, sleep: () => new Promise(() => undefined) });
    await send();
    clock.advance(3_600_000);
    await Promise.all(Array.from({ length: 20 }, send));
    expect(endpoint.requests).toHaveLength(2);
    expect(tokensSeen().slice(1)).toEqual(Array.from({ length: 20 }, () => 'Bearer t2'));
  });

  it('one that upstream refuses is renewed once, and the send is tried once more', async () => {
    judge = (token) => (token === 't1' ? UNAUTHORIZED : ACCEPTED);
    const { send } = newClient();
    expect(await Promise.all(Array.from({ length: 20 }, send))).toEqual(Array.from({ length: 20 }, () => 'ACCEPTED'));
    expect(upstream.accepted).toBe(20);
    expect(endpoint.requests).toHaveLength(2);
  });

  it('one that is refused again ends in UPSTREAM_REJECTED', async () => {
    judge = () => UNAUTHORIZED;
    const { send } = newClient();
    expect(await send()).toBe('NOT_SENT UPSTREAM_REJECTED');
    expect(tokensSeen()).toEqual(['Bearer t1', 'Bearer t2']);
    expect(upstream.accepted).toBe(0);
  });

  it('one that is refused now and then is renewed each time, since others were accepted in between', async () => {
    const clock = manualClock();
    const { send } = newClient(clock);
    for (let refused = 1; refused <= 6; refused++) {
      judge = (token) => (token === `t${refused}` ? UNAUTHORIZED : ACCEPTED);
      expect(await send()).toBe('ACCEPTED');
    }
    expect(endpoint.requests).toHaveLength(7);
    // One renewal is planned, not one for each token that there was.
    expect(clock.asleep()).toBe(1);
  });

  it('one that is renewed after the deadline of the refused send is not used for that send', async () => {
    const clock = manualClock();
    judge = (token) => (token === 't1' ? UNAUTHORIZED : ACCEPTED);
    endpoint.answer = (response, count) => {
      if (count === 2) clock.advance(4_950);
      return granting()(response, count);
    };
    const { send } = newClient(clock);
    expect(await send()).toBe('NOT_SENT UPSTREAM_UNAVAILABLE');
    expect(tokensSeen()).toEqual(['Bearer t1']);
  });

  it('the end of the process ends the pause before the next request, and a request under way', async () => {
    const clock = manualClock();
    const { authorization, send } = newClient(clock);
    await send();
    expect(clock.asleep()).toBe(1);
    authorization.close();
    expect(clock.asleep()).toBe(0);

    endpoint.answer = () => undefined;
    const silent = newClient(clock);
    const header = silent.authorization.header(new AbortController().signal);
    await until(() => endpoint.requests.length === 2);
    silent.authorization.close();
    expect(await header).toBeNull();
    expect([clock.asleep(), problems]).toEqual([0, []]);
  });

  it('while every token is refused, not every send requests another', async () => {
    judge = () => UNAUTHORIZED;
    const clock = manualClock();
    const { send } = newClient(clock);
    for (let sends = 0; sends < 10; sends++) expect(await send()).toBe('NOT_SENT UPSTREAM_REJECTED');
    expect(endpoint.requests.length).toBeLessThanOrEqual(4);
    // The next pause over, it is tried again, and helps.
    clock.advance(30_000);
    judge = (token) => (Number(token.slice(1)) > endpoint.requests.length - 1 ? ACCEPTED : UNAUTHORIZED);
    expect(await send()).toBe('ACCEPTED');
  });

  it('a renewal that fails leaves the send known not sent, not refused by Catapult', async () => {
    judge = () => UNAUTHORIZED;
    endpoint.answer = (response, count) => {
      if (count === 1) return granting()(response, count);
      json(response, 503, {});
    };
    const { send } = newClient(undefined, undefined, 400);
    expect(await send()).toBe('NOT_SENT UPSTREAM_UNAVAILABLE');
    expect(tokensSeen()).toEqual(['Bearer t1']);
  });

  const failures: readonly [string, TokenEndpoint['answer'], string][] = [
    [
      'refuses the credentials',
      (response) => {
        json(response, 401, { error: 'invalid_client' });
      },
      'no access token: credentials refused',
    ],
    [
      'refuses them with 400',
      (response) => {
        json(response, 400, { error: 'invalid_client', error_description: 'p_ss~word% is wrong' });
      },
      'no access token: credentials refused',
    ],
    [
      'answers 200 with HTML',
      (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><html></html>'),
      'no access token: answered with HTML',
    ],
    ['answers 503', (response) => void response.writeHead(503).end(), 'no access token: answered HTTP 503'],
    [
      'redirects',
      (response) => void response.writeHead(302, { location: '/login' }).end(),
      'no access token: answered HTTP 302',
    ],
    [
      'answers something else',
      (response) => {
        json(response, 200, { token: 'x' });
      },
      'no access token: the answer has none',
    ],
    [
      'answers a token that no header can carry',
      (response) => {
        json(response, 200, { access_token: 'a\r\nb', token_type: 'Bearer' });
      },
      'no access token: the answer has none',
    ],
    ['hangs up', (response) => void response.destroy(), 'no access token: connection lost'],
  ];
  it.each(failures)('from an endpoint that %s a send is known not sent', async (_name, answering, problem) => {
    endpoint.answer = answering;
    const { send } = newClient(undefined, undefined, 300);
    expect(await send()).toBe('NOT_SENT UPSTREAM_UNAVAILABLE');
    expect(upstream.requests).toEqual([]);
    // Once, however often it failed.
    expect(problems).toEqual([problem]);
    expect(JSON.stringify(problems)).not.toMatch(/p_ss|my-client/);
  });

  it('from an endpoint that is down a send is known not sent', async () => {
    const { send } = newClient(undefined, `http://127.0.0.1:${await unlistenedPort()}/token`, 300);
    expect(await send()).toBe('NOT_SENT UPSTREAM_UNAVAILABLE');
    expect(problems).toEqual(['no access token: connection refused']);
  });

  it('from an endpoint that is silent a send is known not sent when its deadline comes', async () => {
    endpoint.answer = () => undefined;
    const { send } = newClient(undefined, undefined, 200);
    expect(await Promise.all([send(), send(), send()])).toEqual(
      Array.from({ length: 3 }, () => 'NOT_SENT UPSTREAM_UNAVAILABLE'),
    );
    // It is waited for still, for the sends to come: nothing was given up but these.
    expect(problems).toEqual([]);
    expect(endpoint.requests).toHaveLength(1);
    expect(upstream.requests).toEqual([]);
  });

  it.each([
    ['null for what it leaves out', { expires_in: null, scope: null, refresh_token: null, token_type: null }],
    ['an id token that is none', { expires_in: 60, id_token: 'nonsense' }],
  ])('from an endpoint that answers %s, one is used all the same', async (_name, fields) => {
    endpoint.answer = (response) => {
      json(response, 200, { access_token: 'good', ...fields });
    };
    const { send } = newClient();
    expect(await send()).toBe('ACCEPTED');
  });

  it('from an endpoint that is slow a send waits', async () => {
    let late: () => void = () => undefined;
    endpoint.answer = (response, count) => {
      late = () => void granting()(response, count);
    };
    const { send } = newClient();
    const sending = send();
    await until(() => endpoint.requests.length === 1);
    expect(upstream.requests).toEqual([]);
    late();
    expect(await sending).toBe('ACCEPTED');
  });

  it('from an endpoint that leaves out the type of the token, one is used all the same', async () => {
    endpoint.answer = (response) => {
      json(response, 200, { access_token: 'plain', expires_in: '60' });
    };
    const { send } = newClient();
    expect(await send()).toBe('ACCEPTED');
    expect(tokensSeen()).toEqual(['Bearer plain']);
  });

  it('after failures one is requested after pauses that grow, and the end of the trouble is reported', async () => {
    endpoint.answer = (response) => void response.writeHead(503).end();
    const clock = manualClock();
    const { authorization } = newClient(clock);
    const { signal } = new AbortController();
    for (const pauseMs of [250, 500, 1_000]) {
      await until(() => clock.pauses.at(-1) === pauseMs);
      const asked = endpoint.requests.length;
      expect(await Promise.all([authorization.header(signal), authorization.header(signal)])).toEqual([null, null]);
      expect(endpoint.requests).toHaveLength(asked);
      clock.advance(pauseMs);
    }
    await until(() => clock.pauses.at(-1) === 2_000);
    endpoint.answer = granting();
    clock.advance(2_000);
    await until(() => problems.length === 2);
    expect(problems).toEqual(['no access token: answered HTTP 503', null]);
    expect(await authorization.header(signal)).toBe('Bearer t5');
    // What went wrong before is forgotten when it goes wrong again.
    endpoint.answer = (response) => void response.writeHead(503).end();
    clock.advance(3_540_000);
    await until(() => problems.length === 3);
    expect(clock.pauses.slice(-2)).toEqual([3_540_000, 250]);
    expect(clock.asleep()).toBe(1);
    expect(endpoint.mostAtOnce).toBe(1);
  });
});
