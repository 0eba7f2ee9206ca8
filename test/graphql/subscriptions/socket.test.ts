/** One WebSocket with slow, vanished and hostile peers. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { jest } from '@jest/globals';
import { buildSchema } from 'graphql';
import { handleProtocols, makeServer } from 'graphql-ws';
import { WebSocketServer, type WebSocket } from 'ws';
import { serveSocket, type SocketFailure } from '../../../src/graphql/subscriptions/socket.js';
import { ACK, INIT, Peer } from '../../support/peer.js';

const MEBIBYTE = 1024 * 1024;

describe('a socket', () => {
  let server: WebSocketServer;
  let url: string;
  /** The server's ends, in the order of connecting. */
  let ends: WebSocket[];
  let underWay: (() => number)[];
  let failures: SocketFailure[];
  let ran: number;
  let keepAliveMs: number | undefined;
  /** What the field `held` waits for. */
  let release: () => void;

  beforeEach(async () => {
    [ends, underWay, failures, ran, keepAliveMs] = [[], [], [], 0, undefined];
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const protocol = makeServer({
      schema: buildSchema('type Query { text(length: Int!): String!  held: Boolean }'),
      roots: {
        query: {
          text: ({ length }: { length: number }) => {
            ran += 1;
            return 'x'.repeat(length);
          },
          held: () => released,
        },
      },
      onSubscribe({ extra }) {
        underWay.push((extra as { underWay: () => number }).underWay);
      },
    });
    server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols });
    server.on('connection', (socket, request) => {
      ends.push(socket);
      const asked = Object.assign(request, { protocol: 'http' as const, host: 'localhost' });
      serveSocket(protocol, { socket, request: asked }, (kind) => failures.push(kind), keepAliveMs);
    });
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    for (const end of ends) end.terminate();
    server.close();
    await once(server, 'close');
  });

  const connect = async (options = {}): Promise<{ peer: Peer; end: WebSocket }> => {
    const peer = await new Peer(url, options).opened();
    expect(await peer.ask(INIT)).toEqual(ACK);
    const end = ends.at(-1);
    if (end === undefined) throw new Error('the server has no end of it');
    return { peer, end };
  };
  const ask = (length: number): object => ({ type: 'subscribe', payload: { query: `{ text(length: ${length}) }` } });

  it('is cut off when its peer subscribes and completes without end, and reads nothing', async () => {
    const { peer, end } = await connect();
    peer.socket.pause();
    let unread = 0;
    for (let id = 0; end.readyState === end.OPEN && unread < 60 * MEBIBYTE; id++) {
      const heard = Promise.race([once(end, 'message'), once(end, 'close')]);
      peer.send({ id: String(id), ...ask(300_000) });
      unread += 300_000;
      await heard;
      peer.send({ id: String(id), type: 'complete' });
      expect(end.bufferedAmount).toBeLessThan(6.5 * MEBIBYTE);
    }
    expect(end.readyState).not.toBe(end.OPEN);
    expect(failures).toEqual(['SLOW_READER']);
    expect(unread).toBeLessThan(30 * MEBIBYTE);
  });

  it('gives a slow reader one answer of any size, and what is small beside the largest', async () => {
    const { peer, end } = await connect();
    peer.socket.pause();
    peer.send({ id: 'large', ...ask(8 * MEBIBYTE) });
    await once(end, 'message');
    peer.socket.resume();
    expect(JSON.stringify(await peer.next()).length).toBeGreaterThan(8 * MEBIBYTE);
    expect(await peer.next()).toEqual({ id: 'large', type: 'complete' });
    peer.socket.pause();
    for (const id of ['5 MB', 'an event']) {
      const heard = once(end, 'message');
      peer.send({ id, ...ask(id === '5 MB' ? 5_000_000 : 10_000) });
      await heard;
    }
    peer.socket.resume();
    const said = [await peer.next(), await peer.next(), await peer.next(), await peer.next()];
    expect(said.filter((message) => (message as { type: string }).type === 'next')).toMatchObject([
      { id: '5 MB' },
      { id: 'an event' },
    ]);
    expect(failures).toEqual([]);
  });

  it('runs nothing for a peer that goes on sending after our close frame', async () => {
    const { peer, end } = await connect();
    peer.socket.pause();
    end.close(4401);
    const heard = once(end, 'message');
    peer.send({ id: '1', ...ask(1) });
    await heard;
    peer.socket.resume();
    expect(await peer.closed).toBe(4401);
    expect(ran).toBe(0);
  });

  it('counts an operation until it ended, also when its peer completed it', async () => {
    const { peer, end } = await connect();
    for (const id of ['a', 'b', 'c']) {
      const heard = once(end, 'message');
      peer.send({ id, type: 'subscribe', payload: { query: '{ held }' } });
      await heard;
      peer.send({ id, type: 'complete' });
    }
    await peer.heard();
    expect(underWay[0]?.()).toBe(3);
    release();
    await peer.heard();
    expect(underWay[0]?.()).toBe(0);
  });

  it('is cut off when its peer vanished silently, and not when it answers', async () => {
    keepAliveMs = 20;
    const { end: vanished } = await connect({ autoPong: false });
    const { peer, end } = await connect();
    await once(vanished, 'close');
    for (let beat = 0; beat < 5; beat++) await once(peer.socket, 'ping');
    expect(end.readyState).toBe(end.OPEN);
    await peer.end();
  });

  it('that is reset during answers is one failure of the connection, and writes nothing to the console', async () => {
    const written = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    const { peer, end } = await connect();
    for (let id = 0; id < 40; id++) peer.send({ id: String(id), ...ask(100_000) });
    await once(end, 'message');
    (peer.socket as unknown as { _socket: { resetAndDestroy: () => void } })._socket.resetAndDestroy();
    await once(end, 'close');
    expect(failures.every((kind) => kind === 'CONNECTION')).toBe(true);
    expect(failures.length).toBeLessThanOrEqual(1);
    expect(written).not.toHaveBeenCalled();
    written.mockRestore();
  });

  it.each([
    ['that breaks the protocol', '{"id":"1","type":"next","payload":{}}', 'MESSAGE', 4500],
    ['that is no JSON', 'hello', null, 4400],
  ])('ends with a message %s', async (_name, text, failure, code) => {
    const { peer } = await connect();
    peer.socket.send(text);
    expect(await peer.closed).toBe(code);
    expect(failures).toEqual(failure === null ? [] : [failure]);
  });
});
