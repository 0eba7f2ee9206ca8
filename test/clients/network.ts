/** The way between a page and the server, which ends at a byte that a test names. */
import { connect, createServer, type Socket } from 'node:net';
import { listen, stopListening } from '../support/listen.js';

/** How long an HTTP message is, in bytes. */
export interface Sizes {
  /** With the empty line. */
  readonly head: number;
  readonly all: number;
}

/** Up to where a page's first request or its answer is passed on. */
export interface Break {
  readonly of: 'request' | 'answer';
  readonly after: (sizes: Sizes) => number;
  /** The page reads its answer first, and is stopped when it asks the next time. */
  readonly butNotBeforeItAsksAgain?: boolean;
}

export interface Network {
  /** The server's origin, as the page sees it. */
  readonly url: string;
  /** Resolves once nothing more is passed on. */
  readonly broken: Promise<void>;
  close(): Promise<void>;
}

export async function openNetwork(serverUrl: string, at: Break | null): Promise<Network> {
  const sockets = new Set<Socket>();
  let connections = 0;
  let isBroken = false;
  let onBroken = (): void => undefined;
  const broken = new Promise<void>((resolve) => {
    onBroken = resolve;
  });

  /** Passes all on, or what may be passed of one message, which is first heard to its end. */
  function pass(from: Socket, to: Socket, upTo: Break | null): void {
    let heard = Buffer.alloc(0);
    from.on('data', (chunk: Buffer) => {
      if (isBroken) onBroken();
      else if (upTo === null) to.write(chunk);
      else {
        heard = Buffer.concat([heard, chunk]);
        const sizes = sizesOf(heard);
        if (sizes === null) return;
        isBroken = true;
        const isLast = upTo.butNotBeforeItAsksAgain !== true;
        to.write(heard.subarray(0, upTo.after(sizes)), () => {
          if (isLast) onBroken();
        });
      }
    });
    from.on('error', () => undefined).on('close', () => to.destroy());
  }

  const server = createServer((page) => {
    const onward = connect(Number(new URL(serverUrl).port), '127.0.0.1');
    for (const socket of [page, onward]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    }
    const first = connections++ === 0 ? at : null;
    pass(page, onward, first?.of === 'request' ? first : null);
    pass(onward, page, first?.of === 'answer' ? first : null);
  });
  return {
    url: `http://127.0.0.1:${await listen(server)}`,
    broken,
    async close() {
      for (const socket of sockets) socket.destroy();
      await stopListening(server);
    },
  };
}

/** Null as long as some of it is missing. */
function sizesOf(message: Buffer): Sizes | null {
  const head = message.indexOf('\r\n\r\n') + 4;
  if (head < 4) return null;
  const [, length = '0'] = /^content-length: *(\d+)/im.exec(message.toString('latin1', 0, head)) ?? [];
  const all = head + Number(length);
  return message.length < all ? null : { head, all };
}
