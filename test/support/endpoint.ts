/** A web server that answers as a test says, and has read the whole of a request before. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { listen, stopListening } from './listen.js';

export interface Endpoint {
  /** Its origin, without a path. */
  readonly url: string;
  readonly close: () => Promise<void>;
}

export async function startEndpoint(
  answer: (response: ServerResponse, body: string, request: IncomingMessage) => unknown,
): Promise<Endpoint> {
  const server = createServer((request, response) => {
    // A client that hangs up in the middle of a request gets no answer.
    void text(request).then(
      (body) => answer(response, body, request),
      () => undefined,
    );
  });
  const port = await listen(server);
  return { url: `http://127.0.0.1:${port}`, close: () => stopListening(server) };
}
