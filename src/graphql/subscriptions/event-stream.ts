/**
 * One answer that stays open, as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).
 *
 * Nothing is written before its reader has taken what came before. So a slow reader keeps one event waiting here, and
 * the subscription's source decides what becomes of the next ones.
 */
import type { ServerResponse } from 'node:http';

/** Less than half of 30 s, the shortest time after which proxies forget a silent connection. */
const KEEP_ALIVE_MS = 12_000;
/** As long as other answers wait for their readers. */
const MAX_WAIT_MS = 60_000;
/** A peer that is there reads the last event within milliseconds. A stop of the server waits for it, less than 10 s. */
const STOP_TIMEOUT_MS = 2_000;

export const EVENT_STREAM = 'text/event-stream; charset=utf-8';

/** Of the answer: no cache keeps it, and no proxy holds it back to compress or collect it. */
export const STREAM_HEADERS = { 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no' } as const;

/** One result of an operation. JSON has no line ends of its own. */
export const nextEvent = (result: object): string => `event: next\ndata: ${JSON.stringify(result)}\n\n`;
/** Readers drop an event that has no data line. */
export const COMPLETE_EVENT = 'event: complete\ndata:\n\n';
const COMMENT = ':\n\n';

export interface EventStreamOptions {
  /** Called when the peer is cut off, since it read nothing for `maxWaitMs` while something waited. */
  readonly onSlowReader: () => void;
  readonly keepAliveMs?: number;
  readonly maxWaitMs?: number;
}

export class EventStream {
  readonly #response: ServerResponse;
  readonly #onSlowReader: () => void;
  readonly #maxWaitMs: number;
  #cutOff: NodeJS.Timeout | undefined;

  /** @param headers of the answer, besides those of every stream. */
  constructor(response: ServerResponse, headers: Readonly<Record<string, unknown>>, options: EventStreamOptions) {
    const { onSlowReader, keepAliveMs = KEEP_ALIVE_MS, maxWaitMs = MAX_WAIT_MS } = options;
    this.#response = response;
    this.#onSlowReader = onSlowReader;
    this.#maxWaitMs = maxWaitMs;
    // The connection ends with the stream: a client that keeps connections for later would hold up the server's end.
    const own = { 'content-type': EVENT_STREAM, connection: 'close', ...STREAM_HEADERS };
    response.writeHead(200, { ...(headers as Record<string, string>), ...own });
    // Some browsers take a stream for open only once it has brought something.
    response.write(COMMENT);
    // A peer that vanished is found by what it does not acknowledge.
    const beat = setInterval(() => {
      if (this.#isOpen && !response.writableNeedDrain) response.write(COMMENT);
    }, keepAliveMs);
    response.once('close', () => {
      clearInterval(beat);
      clearTimeout(this.#cutOff);
    });
  }

  /** Writes a result. Resolves once another may follow; false where nobody is left to read it. */
  async next(result: object): Promise<boolean> {
    if (!this.#isOpen) return false;
    return this.#response.write(nextEvent(result)) || this.#drained();
  }

  /** Ends the stream as one whose results were all written. */
  complete(): void {
    if (!this.#isOpen) return;
    this.#response.end(COMPLETE_EVENT);
    this.#cutOffAfter(this.#maxWaitMs, this.#onSlowReader);
  }

  /** Ends the stream now, without `complete`: so clients that can come again do. */
  interrupt(reason: object): void {
    if (!this.#isOpen) return;
    this.#response.end(nextEvent(reason));
    this.#cutOffAfter(STOP_TIMEOUT_MS, () => undefined);
  }

  get #isOpen(): boolean {
    return !this.#response.writableEnded && !this.#response.destroyed;
  }

  #drained(): Promise<boolean> {
    const response = this.#response;
    this.#cutOffAfter(this.#maxWaitMs, this.#onSlowReader);
    return new Promise((resolve) => {
      const done = (): void => {
        response.off('drain', done).off('close', done);
        if (this.#isOpen) clearTimeout(this.#cutOff);
        resolve(this.#isOpen);
      };
      response.on('drain', done).on('close', done);
    });
  }

  #cutOffAfter(ms: number, onCutOff: () => void): void {
    clearTimeout(this.#cutOff);
    this.#cutOff = setTimeout(() => {
      onCutOff();
      this.#response.destroy();
    }, ms);
  }
}
