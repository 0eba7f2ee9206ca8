/** Clients that begin and never finish: they keep nobody else from being served, and are not waited for without end. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createHttpHost } from '../../src/http/host.js';
import { startTestApp } from '../support/app.js';
import { execute } from '../support/client.js';
import { SendMessageDocument } from '../support/generated/graphql.js';
import { SILENT_INPUT as INPUT } from '../support/messages.js';
import { UNHEARD } from '../support/hooks.js';

const CONNECTIONS = 1_000;
const BEGINNINGS = [
  'POST /graphql HTTP/1.1\r\nHost: a\r\n',
  'POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"query":',
  '',
  'G',
];

it('1,000 connections that never finish their requests leave the others working', async () => {
  const app = await startTestApp();
  const { port } = new URL(app.url);
  const sockets: Socket[] = [];
  for (let index = 0; index < CONNECTIONS; index++) {
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(BEGINNINGS[index % BEGINNINGS.length] ?? '');
    sockets.push(socket);
  }
  for (let index = 0; index < 20; index++) {
    const { data } = await execute(app.url, SendMessageDocument, { input: INPUT });
    expect(data?.sendMessage?.status).toBe('ACCEPTED');
  }
  expect(sockets.filter((socket) => !socket.destroyed)).toHaveLength(CONNECTIONS);
  for (const socket of sockets) socket.destroy();
  await app.close();
}, 60_000);

it('a request that is not whole after 15 s is answered 408, and its connection closed', async () => {
  const host = await createHttpHost({
    ...UNHEARD,
    readiness: () => Promise.resolve({}),
    corsOrigins: [],
    trustedProxies: [],
  });
  host.routes.post('/graphql', () => ({}));
  const { port } = new URL(await host.listen('127.0.0.1', 0));
  const { server } = host.routes;
  expect([server.headersTimeout, server.requestTimeout]).toEqual([15_000, 15_000]);
  // Node looks at these whenever it looks for slow clients; the test need not wait as long as those have.
  server.headersTimeout = server.requestTimeout = 100;
  const since = performance.now();
  const answers = await Promise.all(
    BEGINNINGS.map(async (beginning) => {
      const socket = connect(Number(port), '127.0.0.1');
      let answer = '';
      socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
      socket.write(beginning);
      await once(socket, 'close');
      return answer.split('\r\n')[0];
    }),
  );
  expect(answers).toEqual(BEGINNINGS.map(() => 'HTTP/1.1 408 Request Timeout'));
  // It looks every second; Node itself would do so every 30 s.
  expect(performance.now() - since).toBeLessThan(10_000);
  await host.close();
});
