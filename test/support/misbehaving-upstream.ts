/** An upstream on a real socket that does exactly what a script says, byte by byte. */
import { createServer, type Socket } from 'node:net';
import { listen, stopListening } from './listen.js';

export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** One connection, in the hands of a script. */
export interface Connection {
  /** Waits for one whole request, and notes it. Never resolves once the client is gone. */
  readRequest(): Promise<RawRequest>;
  /** The same for a message; a request for the message list is answered that it is empty. */
  readPost(): Promise<RawRequest>;
  /** Waits for the first bytes of a request. */
  readSome(): Promise<void>;
  /** Counts one message as accepted. */
  accept(): void;
  write(bytes: Buffer | string): void;
  /** Ends with FIN. */
  end(): void;
  /** Ends with RST. */
  reset(): void;
}

export interface MisbehavingUpstream {
  readonly url: string;
  readonly requests: readonly RawRequest[];
  /** How many messages were accepted. */
  readonly accepted: number;
  close(): Promise<void>;
}

const EMPTY_LIST =
  'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 31\r\n\r\n{"totalCount":0,"messages":[ ]}';

/** Runs `script` on every connection. */
export async function startMisbehavingUpstream(
  script: (connection: Connection) => void | Promise<void>,
): Promise<MisbehavingUpstream> {
  const requests: RawRequest[] = [];
  let accepted = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    const requestsOf = new RequestReader(socket);
    const readRequest = async (): Promise<RawRequest> => {
      const request = await requestsOf.next();
      requests.push(request);
      return request;
    };
    void script({
      readRequest,
      async readPost() {
        for (;;) {
          const request = await readRequest();
          if (request.method === 'POST') return request;
          socket.write(EMPTY_LIST);
        }
      },
      readSome: () => requestsOf.some(),
      accept: () => (accepted += 1),
      write: (bytes) => socket.write(bytes),
      end: () => socket.end(),
      reset: () => socket.resetAndDestroy(),
    });
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    get accepted() {
      return accepted;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await stopListening(server);
    },
  };
}

/** Cuts requests with a content-length, which is all that the client sends, out of a stream of bytes. */
class RequestReader {
  #bytes = Buffer.alloc(0);
  #wake = (): void => undefined;

  constructor(socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#wake();
    });
  }

  async some(): Promise<void> {
    while (this.#bytes.length === 0) await this.#more();
  }

  async next(): Promise<RawRequest> {
    for (;;) {
      const request = this.#cut();
      if (request !== null) return request;
      await this.#more();
    }
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #cut(): RawRequest | null {
    const end = this.#bytes.indexOf('\r\n\r\n');
    if (end < 0) return null;
    const [line = '', ...fields] = this.#bytes.subarray(0, end).toString('latin1').split('\r\n');
    const headers: Record<string, string> = Object.fromEntries(
      fields.map((field) => [(field.split(':', 1)[0] ?? '').toLowerCase(), field.replace(/^[^:]*:\s*/, '')]),
    );
    const size = end + 4 + Number(headers['content-length'] ?? 0);
    if (this.#bytes.length < size) return null;
    const body = this.#bytes.subarray(end + 4, size);
    this.#bytes = this.#bytes.subarray(size);
    const [method = '', path = ''] = line.split(' ');
    return { method, path, headers, body };
  }
}
