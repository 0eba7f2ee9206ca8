/** One HTTP request over the pool, and everything that was seen of it. */
import type { IncomingHttpHeaders } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Dispatcher } from 'undici';
import type { Cancellation } from '../messaging/cancellation.js';

/** The largest answer that is read, in bytes. A documented one has less than 10 KiB. */
export const MAX_RESPONSE_BYTES = 1024 * 1024;

/** What was seen of one request. */
export interface Exchange {
  /**
   * Whether the request was handed to a socket; if not, no byte of it has left. Error codes do not say: a reset occurs in
   * both cases.
   */
  readonly started: boolean;
  /** The final status, once the answer's head was read. */
  readonly status: number | null;
  /** As upstream wrote it. */
  readonly retryAfter: string | null;
  /** The answer's body, `null` unless it was read to its end. */
  readonly body: Buffer | null;
  /** The failure's code, for the log; null when the exchange ended well. */
  readonly failure: string | null;
}

/**
 * Sends one request and resolves with what was seen. Never rejects. When `signal` aborts, a request that waits for a socket is
 * dropped before its first byte, and one under way is cut off; either way the answer comes at once. `mayStart` is asked
 * when a socket is there: a request that can no longer be answered in time is better not begun.
 */
export function exchange(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  signal: Cancellation,
  mayStart: () => boolean = () => true,
): Promise<Exchange> {
  return new Promise((resolve) => {
    const witness = new Witness(signal, mayStart, resolve);
    if (!signal.aborted) dispatcher.dispatch(request, witness);
  });
}

/** Watches one request from its socket to the end of its answer. Its first report counts. */
class Witness implements Dispatcher.DispatchHandler {
  readonly #signal: Cancellation;
  readonly #mayStart: () => boolean;
  readonly #report: (seen: Exchange | Promise<Exchange>) => void;
  readonly #chunks: Buffer[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #started = false;
  #status: number | null = null;
  #retryAfter: string | null = null;
  #compressed = false;

  constructor(signal: Cancellation, mayStart: () => boolean, report: (seen: Exchange | Promise<Exchange>) => void) {
    this.#signal = signal;
    this.#mayStart = mayStart;
    this.#report = report;
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener('abort', this.#onAbort);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#signal.aborted || !this.#mayStart()) {
      // The time ran out while the request waited for a socket; aborting here keeps it unwritten.
      controller.abort(new Error('aborted'));
      return;
    }
    this.#controller = controller;
    this.#started = true;
  }

  onResponseStart(_controller: unknown, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return;
    this.#status = status;
    this.#retryAfter = first(headers['retry-after']);
    this.#compressed = /^(x-)?gzip$/i.test(first(headers['content-encoding']) ?? '');
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const body = Buffer.concat(this.#chunks);
    this.#end(this.#compressed ? this.#decompressed(body) : { ...this.#seen(), body });
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.#end(this.#seen(error));
  }

  readonly #onAbort = (): void => {
    const reason: unknown = this.#signal.reason;
    this.#end(this.#seen(reason));
    this.#controller?.abort(reason instanceof Error ? reason : new Error('aborted'));
  };

  #end(seen: Exchange | Promise<Exchange>): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#report(seen);
  }

  /** What was seen so far, without the body. */
  #seen(failure: unknown = null): Exchange {
    const code = failure === null ? null : codeOf(failure);
    return { started: this.#started, status: this.#status, retryAfter: this.#retryAfter, body: null, failure: code };
  }

  /** An answer in a coding that was not asked for may still hold the message's id. */
  async #decompressed(body: Buffer): Promise<Exchange> {
    try {
      return { ...this.#seen(), body: await decompress(body, { maxOutputLength: MAX_RESPONSE_BYTES }) };
    } catch (error) {
      return this.#seen(error);
    }
  }
}

const decompress = promisify(gunzip);

/**
 * Does `work` with a signal that aborts after `timeoutMs`, or with `outer`. Not by `AbortSignal.any` over
 * `AbortSignal.timeout`: that timeout may be garbage-collected, and then it never fires.
 */
export async function withinTime<Result>(
  timeoutMs: number,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const inner = new AbortController();
  const onAbort = (): void => {
    inner.abort(outer.reason);
  };
  const timer = setTimeout(() => {
    inner.abort(new DOMException('no answer in time', 'TimeoutError'));
  }, timeoutMs);
  if (outer.aborted) onAbort();
  else outer.addEventListener('abort', onAbort, { once: true });
  try {
    return await work(inner.signal);
  } finally {
    clearTimeout(timer);
    outer.removeEventListener('abort', onAbort);
  }
}

function first(header: string | string[] | undefined): string | null {
  return (Array.isArray(header) ? header[0] : header) ?? null;
}

/** A code fit for a log: never the message, which may name addresses or repeat what upstream wrote. */
function codeOf(failure: unknown): string {
  const { code, name } = failure as { readonly code?: unknown; readonly name?: unknown };
  return typeof code === 'string' ? code : String(name);
}
