/** The two lists in the cache. What they hold changes with the cache; here they get what is new, and where they end. */
import { client } from './client';
import type { BubbleFragment, RowFragment } from './generated/graphql';
import { INBOX, LOADED } from './operations';

const { cache } = client;

/** The conversation in its place, and where the changes after it begin, if that moved. */
export function putIntoInbox(row: RowFragment | null, updatesCursor?: string): void {
  cache.updateQuery(
    { query: INBOX },
    (inbox) =>
      inbox && { conversations: changed(inbox.conversations, row, ({ updatedAt }) => updatedAt, updatesCursor) },
  );
}

export const inboxEnd = (): string | undefined => cache.readQuery({ query: INBOX })?.conversations.updatesCursor;

const loadedOf = (conversationId: string) => ({
  id: cache.identify({ __typename: 'Conversation', id: conversationId }) ?? '',
  fragment: LOADED,
  fragmentName: 'Loaded',
});

/** The message in its place; nothing, where nobody has opened the conversation yet. */
export function putIntoThread(conversationId: string, message: BubbleFragment, updatesCursor?: string): void {
  cache.updateFragment(
    loadedOf(conversationId),
    (loaded) => loaded && { messages: changed(loaded.messages, message, ({ time }) => time, updatesCursor) },
  );
}

export const threadEnd = (conversationId: string): string | undefined =>
  cache.readFragment(loadedOf(conversationId))?.messages.updatesCursor;

interface List<T> {
  readonly nodes: readonly T[];
  readonly pageInfo: { readonly hasNextPage: boolean };
  readonly updatesCursor: string;
}

/** The list, latest first, with the node where it belongs. */
function changed<T extends { readonly id: string }, L extends List<T>>(
  list: L & List<T>,
  node: T | null,
  timeOf: (node: T) => string,
  updatesCursor = list.updatesCursor,
): L {
  return {
    ...list,
    nodes: node === null ? list.nodes : placed(list, node, (each) => Date.parse(timeOf(each))),
    updatesCursor,
  };
}

function placed<T extends { readonly id: string }>({ nodes, pageInfo }: List<T>, node: T, timeOf: (node: T) => number) {
  const others = nodes.filter(({ id }) => id !== node.id);
  const place = others.findIndex((other) => timeOf(other) <= timeOf(node));
  if (place >= 0) return others.toSpliced(place, 0, node);
  // It is older than all that was loaded: it comes with its page.
  return pageInfo.hasNextPage ? nodes : [...others, node];
}
