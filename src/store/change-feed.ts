/** Receives, by LISTEN, what any instance changes in the database. */
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { StoreChange } from '../messaging/ports.js';
import { TIMEOUT_MS } from './pool.js';

/** The channel's name; a payload is `updated:` or `received:` and a message id. */
export const CHANNEL = 'catapult_graphql';

/** The pause before each attempt to reconnect. */
const RECONNECT_MS = 500;
/** TCP finds out when a peer went away without closing. */
const KEEP_ALIVE_MS = 10_000;

export class ChangeFeed {
  readonly #url: string;
  readonly #listeners = new Set<(change: StoreChange) => void>();
  #client: Client | undefined;
  readonly #closing = new AbortController();
  /** The attempts to come back, while there are any. */
  #reconnecting: Promise<void> | undefined;

  /** @throws whatever the driver throws when it cannot connect. */
  static async open(url: string): Promise<ChangeFeed> {
    const feed = new ChangeFeed(url);
    try {
      await feed.#connect();
      return feed;
    } catch (error) {
      await feed.close();
      throw error;
    }
  }

  private constructor(url: string) {
    this.#url = url;
  }

  onChange(listener: (change: StoreChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves once no connection is open and none is being made. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#reconnecting;
    await this.#client?.end().catch(() => undefined);
  }

  async #connect(): Promise<void> {
    const client = new Client({
      connectionString: this.#url,
      connectionTimeoutMillis: TIMEOUT_MS,
      query_timeout: TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    });
    client.on('notification', ({ payload = '' }) => {
      const [kind, ...id] = payload.split(':');
      this.#notify({ kind: kind === 'received' ? 'received' : 'updated', messageId: id.join(':') });
    });
    client.on('error', () => undefined);
    client.on('end', () => {
      // A client that failed to connect ends too, when an attempt to reconnect may already be running.
      this.#reconnecting ??= this.#reconnect().finally(() => (this.#reconnecting = undefined));
    });
    this.#client = client;
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
  }

  /** Tries until it is connected again. Then listeners get `missed`. */
  async #reconnect(): Promise<void> {
    const { signal } = this.#closing;
    for (;;) {
      await delay(RECONNECT_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await this.#connect();
        break;
      } catch {
        // It is tried again.
      }
    }
    this.#notify({ kind: 'missed' });
  }

  #notify(change: StoreChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}
