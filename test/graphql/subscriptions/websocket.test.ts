/** GraphQL over WebSocket on a whole server: signing in, limits and its end. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { jest } from '@jest/globals';
import { startIssuer, type Issuer } from '../../auth/issuer.js';
import { startTestApp, type TestApp } from '../../support/app.js';
import { post } from '../../support/client.js';
import { ACK, INIT, Peer } from '../../support/peer.js';
import { listen, stopListening } from '../../support/listen.js';
import { keepSpans } from '../../support/spans.js';
import { until } from '../../support/waiting.js';

const MEBIBYTE = 1024 * 1024;

describe('a WebSocket', () => {
  let app: TestApp;
  const peers: Peer[] = [];
  const connect = async (): Promise<Peer> => {
    const peer = new Peer(app.url);
    peers.push(peer);
    return peer.opened();
  };
  afterEach(async () => {
    await Promise.all(peers.splice(0).map((peer) => peer.end()));
    await app.close();
  });

  it('that has ended leaves its place to another', async () => {
    app = await startTestApp();
    const full = await Promise.all(Array.from({ length: 100 }, connect));
    expect(await Promise.all(full.map((peer) => peer.ask(INIT)))).toEqual(full.map(() => ACK));
    expect(await (await connect()).ask(INIT)).toBe(4429);
    await Promise.all(full.map((peer) => peer.end()));
    // The server notices a moment later.
    while ((await (await connect()).ask(INIT)) === 4429);
    expect(await (await connect()).ask(INIT)).toEqual(ACK);
  });

  it('that names an operation which the document lacks gets its code', async () => {
    app = await startTestApp();
    const peer = await connect();
    await peer.ask(INIT);
    const refusal = { type: 'error', payload: [{ extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } }] };
    expect(await peer.run('query A { __typename }', 'B')).toMatchObject(refusal);
    expect(await peer.run('query A { __typename } query B { __typename }')).toMatchObject(refusal);
    expect(await peer.run('query A { __typename }', 'A')).toMatchObject({ payload: { data: { __typename: 'Query' } } });
  });

  /** In one piece, as a client that is quick has them arrive. */
  const sendAtOnce = ({ socket }: Peer, ...messages: object[]): void => {
    const { _socket: connection } = socket as unknown as { _socket: Socket };
    connection.cork();
    for (const message of messages) socket.send(JSON.stringify(message));
    connection.uncork();
  };

  it('that ends an operation at once has it in the log, and its span ends, also where it was refused', async () => {
    const spans = keepSpans();
    app = await startTestApp({}, { tracerProvider: spans.provider });
    const peer = await connect();
    await peer.ask(INIT);
    for (const query of [
      'query Wrong { nope }',
      'query Right { __typename }',
      'subscription Feed { messageReceived { id } }',
    ])
      sendAtOnce(peer, { id: query, type: 'subscribe', payload: { query } }, { id: query, type: 'complete' });
    await peer.heard();
    await until(() => app.log.filter(({ msg }) => msg === 'request').length === 3);
    expect(spans.open()).toBe(0);
  });

  it('that uses an id again whose operation has not ended is closed, and leaves no subscription behind', async () => {
    app = await startTestApp({ METRICS_PORT: '0' });
    const peer = await connect();
    await peer.ask(INIT);
    const feed = { id: '1', type: 'subscribe', payload: { query: 'subscription { messageReceived { id } }' } };
    sendAtOnce(peer, feed, { id: '1', type: 'complete' }, feed);
    expect(await peer.closed).toBe(4409);
    await until(() => app.log.filter(({ msg }) => msg === 'request').length === 2);
    const metrics = app.log.find(({ msg }) => msg === 'metrics are served')?.url;
    const text = await (await fetch(String(metrics))).text();
    expect(/^\S*subscriptions\S*websocket\S* (\d+)$/m.exec(text)?.[1]).toBe('0');
  });

  it('opens whatever document its URL has: nobody learns of the schema before signing in', async () => {
    app = await startTestApp({ API_KEYS: `shop:${'0'.repeat(64)}` });
    for (const query of ['{ nope }', '{ nope', `{ ${'__typename '.repeat(600)} }`]) {
      const peer = new Peer(`${app.url}?query=${encodeURIComponent(query)}`);
      peers.push(peer);
      expect(await Promise.race([peer.opened().then(() => 'opened'), peer.closed])).toBe('opened');
      expect(await peer.ask(INIT)).toBe(4401);
    }
  });

  it.each<[what: string, params: Record<string, unknown>, isLetIn: boolean]>([
    ['as browsers write a header', { Authorization: 'Bearer shop-key' }, true],
    ['in any case', { aUTHORIZATION: 'Bearer shop-key' }, true],
    ['by x-api-key', { 'x-api-key': 'shop-key' }, true],
    ['by X-API-Key', { 'X-API-Key': 'shop-key' }, true],
    ['twice', { Authorization: 'Bearer shop-key', authorization: 'Bearer shop-key' }, false],
    ['twice, one of them wrong', { Authorization: 'Bearer wrong', authorization: 'Bearer shop-key' }, false],
    ['twice, and by a key', { Authorization: 'a', authorization: 'b', 'x-api-key': 'shop-key' }, false],
    ['in two ways', { Authorization: 'Bearer shop-key', 'X-API-Key': 'shop-key' }, false],
  ])('takes a credential %s', async (_what, params, isLetIn) => {
    const digest = createHash('sha256').update('shop-key').digest('hex');
    app = await startTestApp({ API_KEYS: `shop:${digest}:messages:read` });
    expect(await (await connect()).ask({ ...INIT, payload: params })).toEqual(isLetIn ? ACK : 4401);
  });

  it('gets the failure of a subscription as a result, so that routers pass it on, and is told that it is over', async () => {
    app = await startTestApp();
    const peer = await connect();
    await peer.ask(INIT);
    peer.send({ id: 'a', type: 'subscribe', payload: { query: 'subscription { messageUpdated(id: "?") { id } }' } });
    expect(await peer.next()).toMatchObject({
      id: 'a',
      type: 'next',
      payload: { errors: [{ extensions: { code: 'BAD_USER_INPUT', fieldErrors: [{ code: 'UNKNOWN_MESSAGE' }] } }] },
    });
    expect(await peer.next()).toEqual({ id: 'a', type: 'complete' });
  });

  it('gets the mistakes of a document as the protocol has them', async () => {
    app = await startTestApp();
    const peer = await connect();
    await peer.ask(INIT);
    peer.send({ id: 'a', type: 'subscribe', payload: { query: 'subscription { nope }' } });
    expect(await peer.next()).toMatchObject({
      type: 'error',
      payload: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }],
    });
  });

  it('gets inbound messages only with a number or messages:read-all', async () => {
    const digest = (key: string): string => createHash('sha256').update(key).digest('hex');
    app = await startTestApp({ API_KEYS: `shop:${digest('shop-key')}:messages:send+messages:read` });
    const peer = await connect();
    await peer.ask({ ...INIT, payload: { authorization: 'Bearer shop-key' } });
    expect(await peer.run('subscription { messageReceived { id } }')).toMatchObject({
      payload: { errors: [{ extensions: { code: 'FORBIDDEN' } }] },
    });
  });

  it('does not hold up a stop of the server when its peer does not answer', async () => {
    app = await startTestApp();
    const peer = await connect();
    await peer.ask(INIT);
    peer.socket.pause();
    const start = performance.now();
    await app.close();
    expect(performance.now() - start).toBeLessThan(9_000);
    peer.socket.resume();
    expect(await peer.closed).toBeGreaterThan(0);
  });

  it('is cut off when it goes on to send pings and reads no answer, and the log says so', async () => {
    app = await startTestApp();
    const peer = await connect();
    await peer.ask(INIT);
    peer.socket.pause();
    const isCutOff = (): boolean => app.log.some(({ kind }) => kind === 'SLOW_READER');
    let unread = 0;
    while (!isCutOff() && unread < 60 * MEBIBYTE) {
      for (let index = 0; index < 10; index++) peer.send({ type: 'ping', payload: { text: 'x'.repeat(200_000) } });
      unread += 2_000_000;
      await post(app.url, JSON.stringify({ query: '{ __typename }' }));
    }
    expect(isCutOff()).toBe(true);
    // Some of it lies in the two ends' kernels.
    expect(unread).toBeLessThan(30 * MEBIBYTE);
    peer.socket.resume();
    expect(await peer.closed).toBe(1006);
  });
});

describe('a WebSocket that signs in by token', () => {
  let issuer: Issuer;
  /** Stands before the issuer, and holds its keys back until `release`. */
  let keys: Server;
  let asked: Promise<void>;
  let release: () => void;
  let app: TestApp;

  beforeEach(async () => {
    issuer = await startIssuer();
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    keys = createServer((_request, response) => {
      void released
        .then(() => fetch(issuer.environment.JWT_JWKS_URL ?? ''))
        .then(async (answer) => {
          response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
        })
        .catch(() => response.destroy());
    });
    const port = await listen(keys);
    asked = once(keys, 'request').then(() => undefined);
    app = await startTestApp({
      ...issuer.environment,
      JWT_JWKS_URL: `http://127.0.0.1:${port}/`,
      JWT_NUMBERS_CLAIM: 'numbers',
    });
  });
  afterEach(async () => {
    await app.close();
    await stopListening(keys);
    await issuer.close();
  });

  const initFor = async (seconds: number, sub = 'user'): Promise<object> => {
    const exp = Math.floor(Date.now() / 1000) + seconds;
    const token = await issuer.sign({ sub, scope: 'messages:read', numbers: ['+19195551001'], exp });
    return { ...INIT, payload: { authorization: `Bearer ${token}` } };
  };

  it('and is reset meanwhile is no longer counted', async () => {
    const init = await initFor(600);
    const peers = await Promise.all(Array.from({ length: 120 }, () => new Peer(app.url).opened()));
    for (const peer of peers) peer.send(init);
    await asked;
    await Promise.all(peers.map((peer) => peer.heard()));
    await Promise.all(peers.map((peer) => peer.end()));
    for (let round = 0; round < 3; round++) await post(app.url, '{}');
    release();
    const peer = await new Peer(app.url).opened();
    expect(await peer.ask(init)).toEqual(ACK);
    await peer.end();
  });

  it('and does so twice is closed, and not counted', async () => {
    const init = await initFor(600);
    const peers = await Promise.all(Array.from({ length: 101 }, () => new Peer(app.url).opened()));
    for (const peer of peers) peer.send(init);
    for (const peer of peers) peer.send(init);
    expect(await Promise.all(peers.map((peer) => peer.closed))).toEqual(peers.map(() => 4429));
    release();
    const peer = await new Peer(app.url).opened();
    expect(await peer.ask(init)).toEqual(ACK);
    await peer.end();
  });

  it('ends with the token, and so do its subscriptions', async () => {
    release();
    const peer = await new Peer(app.url).opened();
    // Clocks of two machines may differ by 30 s, so this one is valid for another two seconds.
    expect(await peer.ask(await initFor(-28))).toEqual(ACK);
    peer.send({ id: '1', type: 'subscribe', payload: { query: 'subscription { messageReceived { id } }' } });
    // Clients come again after this code, and not after 4401.
    expect(await peer.closed).toBe(4403);
  });

  it('lasts as long as a token of a hundred years', async () => {
    release();
    const peer = await new Peer(app.url).opened();
    expect(await peer.ask(await initFor(100 * 365 * 86_400))).toEqual(ACK);
    for (let round = 0; round < 3; round++) {
      expect(await peer.run('{ __typename }')).toMatchObject({ payload: { data: { __typename: 'Query' } } });
      await peer.heard();
    }
    await peer.end();
  });

  it('fails again and again while the issuer is away, with two lines in the log and none on the console', async () => {
    const written = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    issuer.setSilent(true);
    release();
    const init = await initFor(600);
    const codes = await Promise.all(
      Array.from({ length: 40 }, async () => (await new Peer(app.url).opened()).ask(init)),
    );
    await app.close();
    expect(written).not.toHaveBeenCalled();
    written.mockRestore();
    expect(new Set(codes)).toEqual(new Set([1013]));
    const lines = app.log.filter(({ kind }) => kind === 'SIGN_IN');
    expect(lines.map(({ count }) => count)).toEqual([1, 39]);
  });
});
