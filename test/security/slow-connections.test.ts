import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { startTestApp } from '../support/app.js';
import { execute } from '../support/client.js';
import { SendMessageDocument } from '../support/generated/graphql.js';

const CONNECTIONS = 1_000;
const INPUT = { from: '+12345678901', to: ['+19195550002'], text: 'Hey', applicationId: 'app-1' };

it('1,000 connections that never finish their requests leave the others working', async () => {
  const app = await startTestApp();
  const { port } = new URL(app.url);
  const sockets: Socket[] = [];
  const beginnings = [
    'POST /graphql HTTP/1.1\r\nHost: a\r\n',
    'POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"query":',
    '',
    'G',
  ];
  for (let index = 0; index < CONNECTIONS; index++) {
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(beginnings[index % beginnings.length] ?? '');
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
