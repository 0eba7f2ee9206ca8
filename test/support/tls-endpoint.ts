/** An endpoint behind TLS. */
import { createServer } from 'node:https';
import { CERTIFICATE, CERTIFICATE_KEY } from './certificate.js';
import { listen, stopListening } from './listen.js';

export interface TlsEndpoint {
  readonly url: string;
  /** The methods of the requests that were read. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

/** An https endpoint whose certificate nobody trusts who was not told to. It answers `answer` to every message. */
export async function startTlsEndpoint(answer: string): Promise<TlsEndpoint> {
  const requests: string[] = [];
  const server = createServer({ key: CERTIFICATE_KEY, cert: CERTIFICATE }, (request, response) => {
    requests.push(request.method ?? '');
    response.setHeader('content-type', 'application/json');
    if (request.method === 'POST') response.writeHead(202).end(answer);
    else response.end('[]');
  });
  const port = await listen(server);
  return {
    url: `https://127.0.0.1:${port}`,
    requests,
    close: () => stopListening(server),
  };
}
