/** How many subscriptions are open, by how their events travel. */

/** Over a WebSocket, as an event stream, or in posts to a router. */
export type StreamTransport = 'websocket' | 'sse' | 'router';

export class OpenStreams {
  readonly #counts: Record<StreamTransport, number> = { websocket: 0, sse: 0, router: 0 };

  get counts(): Readonly<Record<StreamTransport, number>> {
    return this.#counts;
  }

  /** One more. The first call of the result says that it has ended. */
  add(transport: StreamTransport): () => void {
    this.#counts[transport] += 1;
    let isOpen = true;
    return () => {
      if (isOpen) this.#counts[transport] -= 1;
      isOpen = false;
    };
  }
}
