import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../../src/store/index.js';
import { UnreadAnswers } from '../../src/unread-answers.js';
import { accepted, newSend } from '../store/conformance.js';
import { startTestApp } from '../support/app.js';
import { post } from '../support/client.js';

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
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
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
    server.closeAllConnections();
    server.close();
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

  it('is cut off for others when all of them together have too much to read, whoever waits longest first', async () => {
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
    late.listen(0, '127.0.0.1');
    await once(late, 'listening');
    sockets.push(await connectTo((late.address() as AddressInfo).port));
    sockets.at(-1)?.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(server, 'late');
    late.close();
    expect(answers.map(({ destroyed }) => destroyed)).toEqual([false]);
  });
});

it('forty clients that ask for the largest answers and read none of them leave the others working', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'catapult-graphql-readers-'));
  const storeFile = join(folder, 'messages.sqlite');
  const store = await openStore({ databaseUrl: null, file: storeFile });
  const media = Array.from({ length: 10 }, (_, index) => `https://example.com/${index}`.padEnd(4_096, 'y'));
  for (let index = 0; index < 99; index++) {
    const send = newSend();
    await store.claim(send);
    await store.record(send.sendId, accepted({ media }), 2_000);
  }
  await store.close();
  const app = await startTestApp({}, { storeFile });
  const body = JSON.stringify({ query: '{ messages(first: 99) { nodes { media } } }' });
  const head = `POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  const clients: { socket: Socket; closed: Promise<unknown> }[] = [];
  for (let index = 0; index < 40; index++) {
    const socket = await connectTo(Number(new URL(app.url).port));
    clients.push({ socket, closed: once(socket, 'close') });
    socket.write(head + body);
    await once(socket, 'readable');
  }
  expect((await post(app.url, '{"query":"{ __typename }"}')).status).toBe(200);
  // 160 MB were asked for, of which 64 may wait: the first clients find their connections reset.
  await Promise.all(clients.slice(0, 5).map(({ socket, closed }) => (socket.resume(), closed)));
  for (const { socket } of clients) socket.destroy();
  await app.close();
  rmSync(folder, { recursive: true });
}, 60_000);
