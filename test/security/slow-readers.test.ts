/** Clients that do not read their answers. */
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { request } from 'undici';
import { createHttpHost } from '../../src/http/host.js';
import { UnreadAnswers } from '../../src/http/unread-answers.js';
import { startTestApp } from '../support/app.js';
import { EventReader, linesOf } from '../support/event-stream.js';
import { listen, stopListening } from '../support/listen.js';
import { UNHEARD } from '../support/hooks.js';

/** More than the kernel takes on for a client that does not read. */
const LARGE_BYTES = 32 * 1024 * 1024;

async function connectTo(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

describe('a client that does not read its answer', () => {
  let server: Server;
  let sockets: Socket[];
  let answers: ServerResponse[];
  async function serve(unread: UnreadAnswers): Promise<number> {
    sockets = [];
    answers = [];
    server = createServer((_request, response) => {
      answers.push(response);
      unread.add(response, LARGE_BYTES);
      response.end(Buffer.alloc(LARGE_BYTES));
    });
    return listen(server);
  }
  /** Asks, and resolves once the answer is being written. */
  async function ask(port: number): Promise<Socket> {
    const socket = await connectTo(port);
    sockets.push(socket);
    socket.pause().write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(server, 'request');
    return socket;
  }
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    return stopListening(server);
  });

  /** How much comes until the connection ends, now that somebody reads. */
  async function bytesFrom(socket: Socket): Promise<number> {
    const closed = once(socket, 'close');
    socket.resume();
    await closed;
    return socket.bytesRead;
  }

  it('is cut off after a while', async () => {
    const port = await serve(new UnreadAnswers({ maxWaitMs: 100 }));
    const socket = await ask(port);
    await once(answers[0] ?? server, 'close');
    expect(await bytesFrom(socket)).toBeLessThan(LARGE_BYTES);
  });

  it('is cut off when all clients together have too much to read, the one that waits longest first', async () => {
    const port = await serve(new UnreadAnswers({ maxBytes: 2 * LARGE_BYTES }));
    for (let client = 0; client < 3; client++) await ask(port);
    expect(answers.map(({ destroyed }) => destroyed)).toEqual([true, false, false]);
    await ask(port);
    expect(answers.map(({ destroyed }) => destroyed)).toEqual([true, true, false, false]);
  });

  it('counts no more once it has read', async () => {
    const port = await serve(new UnreadAnswers({ maxBytes: LARGE_BYTES }));
    for (let client = 0; client < 3; client++) {
      const socket = await ask(port);
      socket.resume();
      while (socket.bytesRead < LARGE_BYTES) await Promise.race([once(socket, 'data'), once(socket, 'close')]);
      expect(socket.destroyed).toBe(false);
    }
  });

  it('counts nothing when it hung up before there was one', async () => {
    const unread = new UnreadAnswers({ maxBytes: LARGE_BYTES });
    const port = await serve(unread);
    await ask(port);
    const late = createServer((_request, response) => {
      sockets.at(-1)?.destroy();
      response.once('close', () => {
        unread.add(response, LARGE_BYTES);
        server.emit('late', response);
      });
    });
    sockets.push(await connectTo(await listen(late)));
    sockets.at(-1)?.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(server, 'late');
    await stopListening(late);
    expect(answers.map(({ destroyed }) => destroyed)).toEqual([false]);
  });
});

it('a subscriber that reads nothing keeps little waiting, and learns that it lost messages', async () => {
  const app = await startTestApp({ CALLBACK_USERNAME: 'user', CALLBACK_PASSWORD: 'password' });
  const text = 'x'.repeat(2_000);
  const fields = Array.from({ length: 10 }, (_, index) => `t${index}: text`).join(' ');
  const stream = await EventReader.open(app.url, { query: `subscription { messageReceived { id ${fields} } }` });
  // As soon as one is there, it is subscribed.
  let count = 0;
  const receive = async (many: number): Promise<void> => {
    const events = Array.from({ length: many }, () => {
      const message = { id: `in-${count++}`, from: '+12345678902', to: ['+12345678901'], owner: '+12345678901', text };
      return { type: 'message-received', time: '2026-11-24T10:00:00Z', to: '+12345678901', message };
    });
    const { statusCode } = await request(`${new URL(app.url).origin}/callbacks/catapult`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from('user:password').toString('base64')}` },
      body: JSON.stringify(events),
    });
    expect(statusCode).toBe(200);
  };
  // Twenty kilobytes each: a few hundred fill what the kernel takes on, and then a thousand wait by their ids.
  while (count < 4_000) await receive(100);
  const told = linesOf(await stream.rest());
  expect(told.slice(-3).map((line) => line.slice(0, 22))).toEqual(['next SUBSCRIPTION_LOST', 'complete', 'end']);
  expect(told.length).toBeLessThan(3_000);
  await app.close();
}, 60_000);

it('clients that read none of their answers leave the server 64 MiB, whatever they ask for', async () => {
  const readiness = (): Promise<object> => Promise.resolve({});
  const host = await createHttpHost({ ...UNHEARD, readiness, corsOrigins: [], trustedProxies: [] });
  host.routes.get('/large', () => Buffer.alloc(LARGE_BYTES));
  const { port } = new URL(await host.listen('127.0.0.1', 0));
  const sockets: Socket[] = [];
  for (let client = 0; client < 3; client++) {
    const socket = await connectTo(Number(port));
    socket.write('GET /large HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(socket, 'readable');
    sockets.push(socket);
  }
  const [first] = sockets;
  // What the kernel took on comes still; then the connection is reset.
  const closed = once(first ?? host.routes.server, 'close');
  first?.resume();
  await closed;
  expect(first?.bytesRead).toBeLessThan(LARGE_BYTES);
  expect((await request(`http://127.0.0.1:${port}/health`)).statusCode).toBe(200);
  expect(sockets.slice(1).map(({ destroyed }) => destroyed)).toEqual([false, false]);
  for (const socket of sockets) socket.destroy();
  await host.close();
});
