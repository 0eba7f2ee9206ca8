/** An upstream that counts the messages it got, and loses its answers, or keeps them for a while, where a test says so. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface LosingUpstream {
  readonly url: string;
  /** How often a message with this text came. */
  got(text: string): number;
  /** What happens to answers from now on. */
  answer: 'at once' | 'never' | 'when told';
  /** Resolves once an answer is kept back, and gives what lets it go. */
  keptBack(): Promise<() => void>;
  close(): Promise<void>;
}

/** The id of the `count`th message with this text. */
export const idOf = (text: string, count: number): string => `${text}-${count}`;

export async function startLosingUpstream(): Promise<LosingUpstream> {
  const counts = new Map<string, number>();
  const kept: (() => void)[] = [];
  let onKept = (): void => undefined;
  const server = createServer((request, response) => {
    if (request.method === 'GET') {
      response.end('{"messages":[]}');
      return;
    }
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const { text } = JSON.parse(body) as { text: string };
      const count = (counts.get(text) ?? 0) + 1;
      counts.set(text, count);
      const respond = (): void => {
        response.writeHead(202).end(JSON.stringify({ id: idOf(text, count), text }));
      };
      if (upstream.answer === 'never') request.socket.resetAndDestroy();
      else if (upstream.answer === 'at once') respond();
      else {
        kept.push(respond);
        onKept();
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const upstream: LosingUpstream = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    got: (text) => counts.get(text) ?? 0,
    answer: 'at once',
    async keptBack() {
      while (kept.length === 0) {
        await new Promise<void>((resolve) => {
          onKept = resolve;
        });
      }
      return kept.shift() ?? (() => undefined);
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return upstream;
}
