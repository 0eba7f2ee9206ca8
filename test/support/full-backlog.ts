/** An upstream that takes no connections: a client that connects waits. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';

/** Listens with the shortest queue, says its port and then never takes a connection from it. */
const DEAF_LISTENER = `
  const server = require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    require('fs').writeSync(1, String(server.address().port));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
`;

/** More than a queue of one takes, however the system rounds it. */
const FILLERS = 8;

export interface FullBacklog {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** A port that is listened on but whose queue is full: a SYN to it stays without an answer. */
export async function startFullBacklog(): Promise<FullBacklog> {
  const listener = spawn(process.execPath, ['-e', DEAF_LISTENER], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = (await once(listener.stdout, 'data')) as [Buffer];
  const port = Number(said.toString());
  const fillers = Array.from({ length: FILLERS }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  await Promise.any(fillers.map((socket) => once(socket, 'connect')));
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      for (const socket of fillers) socket.destroy();
      listener.kill('SIGKILL');
      await once(listener, 'exit');
    },
  };
}
