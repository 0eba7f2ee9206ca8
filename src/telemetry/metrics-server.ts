/** /metrics, on a port of its own: whoever reaches it learns how much is sent, though nothing of what. */
import { createServer, type Server } from 'node:http';

export interface MetricsServer {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** @param metrics must answer in bounded time. Those who ask at once share one look. */
export async function serveMetrics(
  { host, port }: { readonly host: string; readonly port: number },
  metrics: () => Promise<{ readonly text: string; readonly contentType: string }>,
): Promise<MetricsServer> {
  let look: ReturnType<typeof metrics> | null = null;
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    look ??= metrics().finally(() => {
      look = null;
    });
    look.then(
      ({ text, contentType }) => response.writeHead(200, { 'content-type': contentType }).end(text),
      () => response.writeHead(503).end(),
    );
  });
  await listen(server, host, port);
  const address = server.address();
  const actual = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}/metrics`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
}
