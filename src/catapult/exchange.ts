/** One HTTP request over the pool, and everything that was seen of it. */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Dispatcher } from 'undici';

/** The largest answer that is read, in bytes. A documented one has less than 10 KiB. */
export const MAX_RESPONSE_BYTES = 1024 * 1024;

/** What was seen of one request. */
export interface Exchange {
  /**
   * Whether the request was handed to a socket. Error codes do not tell: a reset is in both classes. As long as this
   * is false, no byte of the request has left.
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

const decompress = promisify(gunzip);

/**
 * Sends one request and tells what was seen. Never rejects. When `signal` aborts, a request that waits for a socket is
 * dropped before its first byte, and one under way is cut off; either way the answer comes at once. `mayStart` is asked
 * when a socket is there: a request that could not be answered in time any more is better not begun.
 */
export function exchange(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  signal: AbortSignal,
  mayStart: () => boolean = () => true,
): Promise<Exchange> {
  return new Promise((resolve) => {
    let started = false;
    let status: number | null = null;
    let retryAfter: string | null = null;
    let compressed = false;
    let controller: Dispatcher.DispatchController | undefined;
    const chunks: Buffer[] = [];

    const settle = (failure: unknown, body: Buffer | null): void => {
      signal.removeEventListener('abort', onAbort);
      const seen = { started, status, retryAfter, failure: failure === null ? null : codeOf(failure) };
      if (body === null || !compressed) {
        resolve({ ...seen, body });
        return;
      }
      // An answer in a coding that was not asked for may still hold the message's id.
      decompress(body, { maxOutputLength: MAX_RESPONSE_BYTES }).then(
        (plain) => {
          resolve({ ...seen, body: plain });
        },
        (error: unknown) => {
          resolve({ ...seen, body: null, failure: codeOf(error) });
        },
      );
    };
    const onAbort = (): void => {
      const reason: unknown = signal.reason;
      settle(reason, null);
      controller?.abort(reason instanceof Error ? reason : new Error('aborted'));
    };

    if (signal.aborted) {
      settle(signal.reason, null);
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true });
    dispatcher.dispatch(request, {
      onRequestStart(requestController) {
        if (signal.aborted || !mayStart()) {
          // The time ran out while the request waited for a socket; aborting here keeps it unwritten.
          requestController.abort(new Error('aborted'));
          return;
        }
        controller = requestController;
        started = true;
      },
      onResponseStart(_controller, statusCode, headers) {
        if (statusCode < 200) return;
        status = statusCode;
        retryAfter = first(headers['retry-after']);
        compressed = /^(x-)?gzip$/i.test(first(headers['content-encoding']) ?? '');
      },
      onResponseData(_controller, chunk) {
        chunks.push(chunk);
      },
      onResponseEnd() {
        settle(null, Buffer.concat(chunks));
      },
      onResponseError(_controller, error) {
        settle(error, null);
      },
    });
  });
}

/**
 * Does `work` with a signal that aborts after `timeoutMs`, or with `outer`. Not by `AbortSignal.any` over
 * `AbortSignal.timeout`: nothing keeps that timeout from being collected, and then it never comes.
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
