/**
 * The way to the server. Queries and mutations go by fetch: over a WebSocket that breaks, a mutation would be sent again.
 * Subscriptions share one WebSocket.
 *
 * There is no cache: what a page shows was asked for when it was opened, and is kept up by the feed (`feed.ts`).
 */
import { createClient as createSocket } from 'graphql-ws';
import { Client, fetchExchange, mapExchange, subscriptionExchange, type CombinedError } from 'urql';
import { credentials } from './session.js';

/** Relative to the page, so that both work behind whatever path a proxy puts before them. */
export const addressOf = (path: string): string => new URL(path, document.baseURI).href;

const KEEP_ALIVE_MS = 10_000;
const ANSWER_MS = 5_000;

/** It does not come back by itself: `resume.ts` does, from where each subscription left off. */
const socket = createSocket({
  url: addressOf('graphql').replace(/^http/, 'ws'),
  connectionParams: credentials,
  retryAttempts: 0,
  keepAlive: KEEP_ALIVE_MS,
});

// A connection whose other end is gone is ended, and not only when the network notices.
let unanswered: ReturnType<typeof setTimeout> | undefined;
socket.on('ping', (isReceived) => {
  if (!isReceived) unanswered = setTimeout(() => socket.terminate(), ANSWER_MS);
});
socket.on('pong', () => clearTimeout(unanswered));
socket.on('closed', () => clearTimeout(unanswered));

/** Calls back whenever the connection is there, and when it is lost. */
export function onConnection(onChange: (isConnected: boolean) => void): () => void {
  const stops = [socket.on('connected', () => onChange(true)), socket.on('closed', () => onChange(false))];
  return () => stops.forEach((stop) => stop());
}

const UNAUTHORIZED = 4401;

const refusals = new Set<() => void>();

function refuse(): void {
  for (const onRefused of refusals) onRefused();
}
socket.on('closed', (event) => (event as CloseEvent).code === UNAUTHORIZED && refuse());

/** Calls back when the server does not take the credential, or not any more. */
export function onRefusal(onRefused: () => void): () => void {
  refusals.add(onRefused);
  return () => refusals.delete(onRefused);
}

export const client = new Client({
  url: addressOf('graphql'),
  // A GET would put numbers and texts into URLs, which proxies keep.
  preferGetMethod: false,
  requestPolicy: 'network-only',
  fetchOptions: () => ({ headers: credentials() }),
  exchanges: [
    mapExchange({ onError: (error) => codeOf(error) === 'UNAUTHENTICATED' && refuse() }),
    subscriptionExchange({
      forwardSubscription: ({ query = '', variables = {} }) => ({
        subscribe: (sink) => ({
          unsubscribe: socket.subscribe(
            { query, variables },
            // Their types differ in whether `data` may be undefined.
            { ...sink, next: (result) => sink.next(result as Parameters<typeof sink.next>[0]) },
          ),
        }),
      }),
    }),
    fetchExchange,
  ],
});

/** The code that the server gave an error; null where it said nothing, as where there is no connection. */
export function codeOf(error: CombinedError | undefined): string | null {
  const code = error?.graphQLErrors[0]?.extensions.code;
  return typeof code === 'string' ? code : null;
}
