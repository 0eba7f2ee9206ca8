/** Hears, by LISTEN, what any instance changes in the database. */
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { StoreChange } from '../messaging/ports.js';

/** The channel's name; a payload is `updated:` or `received:` and a message id. */
export const CHANNEL = 'catapult_graphql';

/** The pause before a lost connection is made anew. */
const RECONNECT_MS = 500;
/** As long as the store's other connections may take. */
const CONNECT_TIMEOUT_MS = 5_000;
/** A peer that went away without a word is found out by TCP. */
const KEEP_ALIVE_MS = 10_000;

export class ChangeFeed {
  readonly #url: string;
  readonly #listeners = new Set<(change: StoreChange) => void>();
  #client: Client | undefined;
  #isClosed = false;
  #isReconnecting = false;

  /** @throws whatever the driver throws when it cannot connect. */
  static async open(url: string): Promise<ChangeFeed> {
    const feed = new ChangeFeed(url);
    await feed.#connect();
    return feed;
  }

  private constructor(url: string) {
    this.#url = url;
  }

  onChange(listener: (change: StoreChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#client?.end().catch(() => undefined);
  }

  async #connect(): Promise<void> {
    const client = new Client({
      connectionString: this.#url,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    });
    client.on('notification', ({ payload = '' }) => {
      const [kind, ...id] = payload.split(':');
      this.#tell({ kind: kind === 'received' ? 'received' : 'updated', messageId: id.join(':') });
    });
    client.on('error', () => undefined);
    client.on('end', () => void this.#reconnect());
    this.#client = client;
    await client.connect();
    await client.query(`LISTEN ${CHANNEL}`);
  }

  /** Comes back as often as it takes. What was told meanwhile is lost, and said to be. */
  async #reconnect(): Promise<void> {
    // A client that failed to connect ends as well.
    if (this.#isReconnecting) return;
    this.#isReconnecting = true;
    while (!this.#isClosed) {
      await delay(RECONNECT_MS, undefined, { ref: false });
      try {
        await this.#connect();
        break;
      } catch {
        // It is tried again.
      }
    }
    this.#isReconnecting = false;
    this.#tell({ kind: 'missed' });
  }

  #tell(change: StoreChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}
