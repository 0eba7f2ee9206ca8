/** Live updates: every message that appears or changes is put on the screen, and none is missed after a break. */
import { CombinedGraphQLErrors } from '@apollo/client';
import { defer, map, repeat, retry, tap, timer, type Observable } from 'rxjs';
import { client, socket } from './client';
import type { NewsFragment } from './generated/graphql';
import { INBOX, LOADED, THREAD, UPDATES } from './operations';

const PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 30_000;

/** All changes after a cursor. It never ends by itself: after a break it goes on behind the last change it has seen. */
export function follow(since: string): Observable<NewsFragment> {
  return defer(() => client.subscribe({ query: UPDATES, variables: { since } })).pipe(
    map(({ data, error }) => {
      if (data === undefined) throw error ?? new Error('The server told nothing.');
      return data.messagesUpdated;
    }),
    tap(({ cursor }) => (since = cursor)),
    map(({ message }) => message),
    retry({ delay: pauseAfter, resetOnSuccess: true }),
    repeat({ delay: PAUSE_MS }),
  );
}

function pauseAfter(error: unknown, count: number): Observable<unknown> {
  // The cursor is wrong: the server has another database, and all that is on the screen is of the old one.
  if (CombinedGraphQLErrors.is(error) && error.errors[0]?.extensions?.code === 'BAD_USER_INPUT') location.reload();
  return timer(Math.min(PAUSE_MS * 2 ** (count - 1), MAX_PAUSE_MS));
}

/** Whether news come at once. */
export function onConnection(onChange: (isConnected: boolean) => void): () => void {
  const stops = [socket.on('connected', () => onChange(true)), socket.on('closed', () => onChange(false))];
  return () => {
    for (const stop of stops) stop();
  };
}

/** A message that the cache has already has changed with it. A new one is put into the lists that it belongs to. */
export function show({ conversation, send: _, ...message }: NewsFragment): void {
  if (conversation === null) return;
  const { cache } = client;
  const { owner, participants } = conversation;
  cache.updateQuery(
    { query: INBOX },
    (inbox) => inbox && { conversations: place(inbox.conversations, conversation, ({ updatedAt }) => updatedAt) },
  );
  cache.updateFragment(
    { id: cache.identify(conversation) ?? '', fragment: LOADED, fragmentName: 'Loaded' },
    (loaded) => loaded && { ...loaded, messages: place(loaded.messages, message, ({ time }) => time) },
  );
  // It was looked for before there was any.
  const thread = cache.readQuery({ query: THREAD, variables: { owner, participants } });
  if (thread?.conversation === null) void client.refetchQueries({ include: [THREAD] });
}

interface List<T> {
  readonly nodes: readonly T[];
  readonly pageInfo: { readonly hasNextPage: boolean };
}

/** The list with the node in its place, latest first. What belongs to a page that was not loaded yet comes with it. */
function place<T extends { readonly id: string }, L extends List<T>>(
  list: L & List<T>,
  node: T,
  timeOf: (node: T) => string,
): L {
  const time = (each: T): number => Date.parse(timeOf(each));
  const others = list.nodes.filter(({ id }) => id !== node.id);
  const behind = others.findIndex((other) => time(other) <= time(node));
  if (behind < 0 && list.pageInfo.hasNextPage) return list;
  return { ...list, nodes: others.toSpliced(behind < 0 ? others.length : behind, 0, node) };
}
