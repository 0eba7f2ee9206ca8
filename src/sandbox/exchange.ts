/** Reads requests of `node:http`, and answers them. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer } from './answers.js';

/** One that may be a file. */
export interface AnyAnswer extends Omit<Answer, 'body'> {
  readonly body: string | Buffer;
}

/** The whole body; null when it is too large. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= maxBytes) chunks.push(chunk);
  }
  return size > maxBytes ? null : Buffer.concat(chunks);
}

export function respond(response: ServerResponse, { status, body, headers }: AnyAnswer): void {
  const length = status === 204 ? {} : { 'content-length': Buffer.byteLength(body) };
  response.writeHead(status, { ...headers, ...length }).end(body);
}

/** Announces the whole answer and breaks the connection in the middle of it. */
export function cutOff(response: ServerResponse, { status, body, headers }: Answer): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.write(body.slice(0, body.length / 2), () => response.destroy());
}
