/** The way to the server: operations by fetch, live updates over a WebSocket, and one normalized cache. */
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, type FieldPolicy } from '@apollo/client';
import { SetContextLink } from '@apollo/client/link/context';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { OperationTypeNode } from 'graphql';
import { createClient } from 'graphql-ws';
import { possibleTypes } from './generated/possible-types.json';
import { credentials } from './session';

const KEEP_ALIVE_MS = 10_000;
const ANSWER_MS = 5_000;

/** It does not come back by itself: `updates.ts` does, from where it left off. */
export const socket = createClient({
  url: '/graphql',
  connectionParams: credentials,
  retryAttempts: 0,
  keepAlive: KEEP_ALIVE_MS,
});

// A connection whose other end is gone is ended, and not only when the network notices.
let unanswered: ReturnType<typeof setTimeout> | undefined;
socket.on('ping', (isReceived) => {
  if (!isReceived) unanswered = setTimeout(() => socket.terminate(), ANSWER_MS);
});
socket.on('pong', () => {
  clearTimeout(unanswered);
});
socket.on('closed', () => {
  clearTimeout(unanswered);
});

const http = new SetContextLink(() => ({ headers: credentials() })).concat(new HttpLink({ uri: '/graphql' }));

interface List {
  readonly nodes: readonly unknown[];
  readonly pageInfo: unknown;
}
/** Pages that follow each other become one list. The changes after it are those after its first page. */
const pages: FieldPolicy<List> = {
  keyArgs: false,
  merge: (loaded, page, { args }) =>
    loaded && args?.after ? { ...loaded, nodes: [...loaded.nodes, ...page.nodes], pageInfo: page.pageInfo } : page,
};

export const client = new ApolloClient({
  cache: new InMemoryCache({
    possibleTypes,
    typePolicies: {
      Query: { fields: { conversations: pages } },
      Conversation: { fields: { messages: pages } },
    },
  }),
  link: ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(socket),
    http,
  ),
});
