/** Bare servers on a free port of this machine. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';

/** Listens, and gives the port. */
export async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Resolves once nothing of the server is left; open HTTP connections are cut. */
export async function stopListening(server: Server & { closeAllConnections?: () => void }): Promise<void> {
  server.closeAllConnections?.();
  server.close();
  await once(server, 'close');
}

/** A port on which nobody listens. */
export async function unlistenedPort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await stopListening(server);
  return port;
}
