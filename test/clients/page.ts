/** What a browser gives to a page of the server's own origin, as far as Node does not have it. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { WebSocket as Socket } from 'ws';

export interface Storage {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
  removeItem(name: string): void;
}

/** Storage that lives as long as the tab, also when its page is loaded again. */
export function newStorage(): Storage {
  const items = new Map<string, string>();
  return {
    getItem: (name) => items.get(name) ?? null,
    setItem: (name, value) => void items.set(name, value),
    removeItem: (name) => void items.delete(name),
  };
}

/** Storage that outlives the process. */
export function storageIn(file: string): Storage {
  const read = (): Record<string, string> =>
    existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>) : {};
  const write = (items: object): void => {
    writeFileSync(file, JSON.stringify(items));
  };
  return {
    getItem: (name) => read()[name] ?? null,
    setItem: (name, value) => {
      write({ ...read(), [name]: value });
    },
    removeItem: (name) => {
      write({ ...read(), [name]: undefined });
    },
  };
}

const { fetch } = globalThis;

/**
 * Makes this process a page at `url`: relative addresses are the server's, and requests say that they come from it. The
 * result leaves the page: its connections are cut, and it hears and asks nothing more.
 */
export function becomePage(url: string, sessionStorage: Storage): () => void {
  const { origin } = new URL(url);
  const leaving = new AbortController();
  const { signal: left } = leaving;
  /** Who has left does not hear that it failed. */
  const unlessLeft = <Result>(work: () => Promise<Result>): Promise<Result> =>
    work().catch((error: unknown) =>
      left.aborted ? new Promise<never>(() => undefined) : Promise.reject(error as Error),
    );

  const WebSocket = new Proxy(Socket, {
    construct(_target, [address, protocols]: [string, string]) {
      if (left.aborted) return { close: () => undefined };
      const socket = new Socket(new URL(address, origin.replace('http', 'ws')), protocols, { origin });
      left.addEventListener('abort', () => {
        socket.onclose = socket.onerror = null;
        socket.terminate();
      });
      return socket;
    },
  });
  async function fetchFromPage(address: string, options: RequestInit = {}): Promise<Response> {
    const headers = new Headers(options.headers);
    headers.set('sec-fetch-site', 'same-origin');
    const ending = new AbortController();
    for (const reason of [left, options.signal]) {
      reason?.addEventListener('abort', () => {
        ending.abort();
      });
    }
    const response = await unlessLeft(() =>
      fetch(new URL(address, origin), { ...options, headers, signal: ending.signal }),
    );
    const reader = response.body?.getReader();
    const body =
      reader &&
      new ReadableStream({
        async pull(controller) {
          const { done, value } = await unlessLeft(() => reader.read());
          if (done) controller.close();
          else controller.enqueue(value);
        },
        cancel: (reason) => reader.cancel(reason),
      });
    return new Response(body ?? null, response);
  }
  Object.assign(globalThis, { sessionStorage, WebSocket, fetch: fetchFromPage });
  return () => {
    leaving.abort();
  };
}
