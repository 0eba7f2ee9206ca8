/** A WebSocket that speaks graphql-transport-ws, message by message, and reads when it likes. */
import { once } from 'node:events';
import WebSocket from 'ws';

export const INIT = { type: 'connection_init' };
export const ACK = { type: 'connection_ack' };

export class Peer {
  readonly socket: WebSocket;
  readonly closed: Promise<number>;
  /** What was said and not looked at yet. */
  readonly #said: unknown[] = [];
  #lastId = 0;

  constructor(url: string, options: WebSocket.ClientOptions = {}) {
    this.socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws', options);
    this.socket.on('error', () => undefined);
    this.socket.on('message', (data: Buffer) => {
      this.#said.push(JSON.parse(data.toString()));
    });
    this.closed = once(this.socket, 'close').then(([code]) => code as number);
  }

  /** What the server says next: a message, or the code of its close. */
  async next(): Promise<unknown> {
    while (this.#said.length === 0 && this.socket.readyState !== WebSocket.CLOSED) {
      await Promise.race([once(this.socket, 'message'), this.closed]);
    }
    return this.#said.length > 0 ? this.#said.shift() : this.closed;
  }

  send(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  async opened(): Promise<this> {
    await once(this.socket, 'open');
    return this;
  }

  async ask(message: object): Promise<unknown> {
    this.send(message);
    return this.next();
  }

  /** The first answer to an operation. */
  async run(query: string, operationName?: string): Promise<unknown> {
    const id = String(this.#lastId++);
    this.send({ id, type: 'subscribe', payload: { query, operationName } });
    for (;;) {
      const said = (await this.next()) as { id?: string; type?: string };
      if (typeof said !== 'object' || (said.id === id && said.type !== 'complete')) return said;
    }
  }

  /** Resolves once the server has read all that was sent. */
  async heard(): Promise<void> {
    this.socket.ping();
    await once(this.socket, 'pong');
  }

  async end(): Promise<void> {
    this.socket.terminate();
    await this.closed;
  }
}
