/**
 * Joins graphql-ws's protocol to one WebSocket of `ws`.
 *
 * graphql-ws has such an adapter, but it writes each failure to the console, a line for each operation on a connection
 * that broke; it does not limit what its peer leaves unread; and it answers peers after our close frame.
 */
import type { WebSocket } from '@fastify/websocket';
import type { FastifyRequest } from 'fastify';
import { CloseCode, type Server } from 'graphql-ws';

/**
 * Where sockets fail: a peer cannot sign in because the issuer of tokens is away; the connection broke, or its peer broke
 * the rules of WebSocket; the peer reads too slowly; a message could not be handled; a connection could not be cleared
 * away.
 */
export type SocketFailure = 'SIGN_IN' | 'CONNECTION' | 'SLOW_READER' | 'MESSAGE' | 'CLOSING';

/** Called for each failure, and so perhaps thousands of times a minute. */
export type OnSocketFailure = (kind: SocketFailure, error: unknown) => void;

export interface Connection {
  readonly socket: WebSocket;
  readonly request: Pick<FastifyRequest, 'headers' | 'protocol' | 'host'>;
  /** Messages of the peer without a written answer. An operation that it completed counts until it really ended. */
  readonly underWay: () => number;
  /** The ids of operations that have not really ended, also of those that the peer completed. */
  readonly running: Set<string>;
  /**
   * Calls `work` once the message that is handled right now has been, whatever became of it: graphql-ws drops without a word
   * what its peer completed meanwhile.
   */
  readonly atEnd: (work: () => void) => void;
}

/**
 * What a peer may leave unread: the largest answer is 2 MiB, and events go on beside it. A peer that has read everything
 * gets any answer.
 */
const MAX_UNREAD_BYTES = 6 * 1024 * 1024;
/** Less than half of 30 s, the shortest time after which proxies forget a silent connection. */
const KEEP_ALIVE_MS = 12_000;

/** @param keepAliveMs how often the peer gets a ping; it is cut off if it has not answered by the next one. */
export function serveSocket(
  server: Server<Connection>,
  { socket, request }: Pick<Connection, 'socket' | 'request'>,
  onFailure: OnSocketFailure,
  keepAliveMs = KEEP_ALIVE_MS,
): void {
  let underWay = 0;
  let onEnd: () => void = () => undefined;

  const work = async (message: string, handle: (message: string) => Promise<void>): Promise<void> => {
    underWay += 1;
    onEnd = () => undefined;
    const handled = handle(message);
    // Until it waits for the first time, no other message is handled.
    const end = onEnd;
    try {
      await handled;
    } catch (error) {
      onFailure('MESSAGE', error);
      socket.close(CloseCode.InternalServerError, 'Internal server error');
    } finally {
      underWay -= 1;
      end();
    }
  };

  socket.once('error', (error) => {
    onFailure('CONNECTION', error);
  });
  keepAlive(socket, keepAliveMs);
  const closed = server.opened(
    {
      protocol: socket.protocol,
      send: (text) => send(text, socket, onFailure),
      close: (code, reason) => {
        socket.close(code, reason);
      },
      onMessage(handle) {
        socket.on('message', (data: Buffer) => {
          // A peer may still send after our close frame: that must not run, since it would not be answered.
          if (socket.readyState === socket.OPEN) void work(data.toString(), handle);
        });
      },
    },
    {
      socket,
      request,
      underWay: () => underWay,
      running: new Set(),
      atEnd: (end) => {
        onEnd = end;
      },
    },
  );
  socket.once('close', (code, reason) => {
    closed(code, reason.toString()).catch((error: unknown) => {
      onFailure('CLOSING', error);
    });
  });
}

/** Resolves when the kernel has the text, or when no peer is left to read it. */
function send(text: string, socket: WebSocket, onFailure: OnSocketFailure): Promise<void> {
  return new Promise((resolve) => {
    if (hasTooMuchWith(text, socket)) {
      onFailure('SLOW_READER', null);
      // A close frame would have to wait behind all that is unread.
      socket.terminate();
    }
    // If this fails, the connection failed, and it emits its own error.
    if (socket.readyState === socket.OPEN)
      socket.send(text, () => {
        resolve();
      });
    else resolve();
  });
}

/** `ws` itself limits the pongs that it writes. */
function hasTooMuchWith(text: string, { readyState, OPEN, bufferedAmount: unread }: WebSocket): boolean {
  return readyState === OPEN && unread > 0 && unread + Buffer.byteLength(text) > MAX_UNREAD_BYTES;
}

/** Cuts off a peer that vanished: only its silence shows that. */
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
