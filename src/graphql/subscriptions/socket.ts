/**
 * Joins graphql-ws's protocol to one WebSocket of `ws`.
 *
 * graphql-ws brings such an adapter, but writes whatever fails to the console, a line for each operation on a connection
 * that broke; puts no bound on what its peer leaves unread; and answers a peer that was shown the door.
 */
import type { WebSocket } from '@fastify/websocket';
import type { FastifyRequest } from 'fastify';
import { CloseCode, type Server } from 'graphql-ws';

/**
 * Where sockets fail: whoever connects cannot be told from others because the issuer of tokens is away; the connection
 * broke or its peer broke the rules of WebSocket; its peer reads too slowly; a message could not be worked on; a
 * connection could not be cleared away.
 */
export type SocketFailure = 'SIGN_IN' | 'CONNECTION' | 'SLOW_READER' | 'MESSAGE' | 'CLOSING';

/** Called for each failure, and so perhaps thousands of times a minute. */
export type OnSocketFailure = (kind: SocketFailure, error: unknown) => void;

export interface Connection {
  readonly socket: WebSocket;
  readonly request: Pick<FastifyRequest, 'headers'>;
  /** Messages of the peer whose answers are not written yet. What it completed counts until it really ended. */
  readonly underWay: () => number;
}

/**
 * What a peer may leave unread, in bytes: the largest answer is 2 MiB, and events go on beside it. A connection of whom
 * nothing is unread gets any answer.
 */
const MAX_UNREAD_BYTES = 6 * 1024 * 1024;
/** Half of the shortest time after which proxies forget a silent connection, 30 s, with some to spare. */
const KEEP_ALIVE_MS = 12_000;

/** @param keepAliveMs how often the peer is asked whether it is there; it is cut off when it does not say so until the next time. */
export function serveSocket(
  server: Server<Connection>,
  { socket, request }: Omit<Connection, 'underWay'>,
  onFailure: OnSocketFailure,
  keepAliveMs = KEEP_ALIVE_MS,
): void {
  let underWay = 0;

  /** Resolves when the kernel has it, or when nobody is there to read it. */
  const send = (text: string): Promise<void> =>
    new Promise((resolve) => {
      if (hasTooMuchWith(text, socket)) {
        onFailure('SLOW_READER', null);
        // A close frame would have to wait behind all that is unread.
        socket.terminate();
      }
      // What fails then is the connection, which says so itself.
      if (socket.readyState === socket.OPEN)
        socket.send(text, () => {
          resolve();
        });
      else resolve();
    });

  const work = async (message: string, handle: (message: string) => Promise<void>): Promise<void> => {
    underWay += 1;
    try {
      await handle(message);
    } catch (error) {
      onFailure('MESSAGE', error);
      socket.close(CloseCode.InternalServerError, 'Internal server error');
    } finally {
      underWay -= 1;
    }
  };

  socket.once('error', (error) => {
    onFailure('CONNECTION', error);
  });
  keepAlive(socket, keepAliveMs);
  const closed = server.opened(
    {
      protocol: socket.protocol,
      send,
      close: (code, reason) => {
        socket.close(code, reason);
      },
      onMessage(handle) {
        socket.on('message', (data: Buffer) => {
          // A peer that was told to go may still send for a while: that must not run, since it would not be answered.
          if (socket.readyState === socket.OPEN) void work(data.toString(), handle);
        });
      },
    },
    { socket, request, underWay: () => underWay },
  );
  socket.once('close', (code, reason) => {
    closed(code, reason.toString()).catch((error: unknown) => {
      onFailure('CLOSING', error);
    });
  });
}

/** The pongs that `ws` writes by itself are bounded there. */
function hasTooMuchWith(text: string, { readyState, OPEN, bufferedAmount: unread }: WebSocket): boolean {
  return readyState === OPEN && unread > 0 && unread + Buffer.byteLength(text) > MAX_UNREAD_BYTES;
}

/** A peer that vanished without a word is only noticed by its silence. */
function keepAlive(socket: WebSocket, keepAliveMs: number): void {
  let isThere = true;
  socket.on('pong', () => {
    isThere = true;
  });
  const beat = setInterval(() => {
    if (!isThere) socket.terminate();
    isThere = false;
    socket.ping();
  }, keepAliveMs);
  socket.once('close', () => {
    clearInterval(beat);
  });
}
