/** A token endpoint on a real socket that answers as the test says, and counts what it is asked. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen, stopListening } from './listen.js';

export interface TokenRequest {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface TokenEndpoint {
  readonly url: string;
  readonly requests: readonly TokenRequest[];
  /** The most requests that were under way at one time. */
  readonly mostAtOnce: number;
  /** How requests are answered from now on. */
  answer: (response: ServerResponse, count: number) => void | Promise<void>;
  close(): Promise<void>;
}

/** Answers with the token `t1`, then `t2` and so on. */
export function granting(fields: object = { expires_in: 3600 }): TokenEndpoint['answer'] {
  return (response, count) => {
    json(response, 200, { access_token: `t${count}`, token_type: 'Bearer', ...fields });
  };
}

export function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

export async function startTokenEndpoint(answer: TokenEndpoint['answer'] = granting()): Promise<TokenEndpoint> {
  const requests: TokenRequest[] = [];
  let underWay = 0;
  let mostAtOnce = 0;
  const server = createServer((request, response) => {
    underWay += 1;
    mostAtOnce = Math.max(mostAtOnce, underWay);
    response.on('close', () => (underWay -= 1));
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      requests.push({ headers: request.headers, body });
      void endpoint.answer(response, requests.length);
    });
  });
  const port = await listen(server);
  const endpoint: TokenEndpoint = {
    url: `http://127.0.0.1:${port}/api/v1/oauth2/token`,
    requests,
    get mostAtOnce() {
      return mostAtOnce;
    },
    answer,
    close: () => stopListening(server),
  };
  return endpoint;
}
