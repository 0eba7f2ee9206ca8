/** Stands between a store and its PostgreSQL, and disturbs what they say to each other. */
import { connect, createServer, type Socket } from 'node:net';
import { listen } from '../support/listen.js';

export interface PostgresProxy {
  readonly port: number;
  /** From now on bytes go in and none come out. */
  silence(): void;
  /**
   * Holds back what a connection sends from the next such statement on, until the result is called. That resolves once the
   * database has done all of it.
   */
  holdAt(statement: string): () => Promise<void>;
  /** Keeps back the next such statement: `reached` when it came, until `goOn` lets it and all that follows pass. */
  pauseAt(statement: string): { readonly reached: Promise<void>; readonly goOn: () => void };
  /** Resets the next connection that sends this. */
  resetAt(statement: string): void;
  /** Resets all connections. */
  resetAll(): void;
  close(): Promise<void>;
}

export async function startPostgresProxy(target: number): Promise<PostgresProxy> {
  const sockets = new Set<Socket>();
  let fatal: string | null = null;
  let held: string | null = null;
  let paused: { readonly at: string; readonly reach: () => void; readonly until: Promise<void> } | null = null;
  let isSilent = false;
  let released = (): Promise<void> => Promise.resolve();
  const server = createServer((socket) => {
    const upstream = connect(target, '127.0.0.1');
    for (const each of [socket, upstream]) {
      sockets.add(each);
      each.on('error', () => undefined);
    }
    let isHeld = false;
    socket.on('data', (bytes: Buffer) => {
      if (held !== null && bytes.includes(held)) {
        held = null;
        isHeld = true;
        // What the client does afterwards, even its end, comes later than what it said.
        released = () => {
          // Nobody listens any more, but what the database answers must be read before it hangs up.
          upstream.unpipe().resume();
          return new Promise((resolve) => upstream.once('close', resolve).end(bytes));
        };
      }
      if (paused !== null && bytes.includes(paused.at)) {
        const { reach, until } = paused;
        paused = null;
        socket.pause();
        reach();
        void until.then(() => {
          upstream.write(bytes);
          socket.resume();
        });
        return;
      }
      if (fatal !== null && bytes.includes(fatal)) {
        fatal = null;
        socket.resetAndDestroy();
        upstream.destroy();
        return;
      }
      if (!isHeld && !isSilent) upstream.write(bytes);
    });
    socket.on('end', () => {
      if (!isHeld) upstream.end();
    });
    upstream.pipe(socket);
  });
  return {
    port: await listen(server),
    silence() {
      isSilent = true;
      for (const socket of sockets) {
        socket.unpipe();
        socket.pause();
      }
    },
    holdAt(statement) {
      held = statement;
      return () => released();
    },
    pauseAt(statement) {
      let goOn = (): void => undefined;
      const until = new Promise<void>((resolve) => (goOn = resolve));
      const reached = new Promise<void>((reach) => (paused = { at: statement, reach, until }));
      return { reached, goOn };
    },
    resetAt(statement) {
      fatal = statement;
    },
    resetAll() {
      for (const socket of sockets) socket.resetAndDestroy();
      sockets.clear();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
