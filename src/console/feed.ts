/**
 * All changes of all messages that this caller may see, one subscription for the whole page. It goes on after the last
 * change that was seen, so a break, a restart of the server or a slow network loses none.
 */
import { FeedDocument, NowDocument, type NewsFragment } from './generated/graphql.js';
import { follow } from './resume.js';
import { client } from './server.js';

export type News = NewsFragment;

type Listener = (news: News) => void;

const listeners = new Set<Listener>();
const lost = new Set<() => void>();
let stop: (() => void) | null = null;

/** Calls back for each message that appears or changes, with what it is then. */
export function onNews(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Calls back where changes may have been missed, since the server has another database: ask for everything again. */
export function onLost(listener: () => void): () => void {
  lost.add(listener);
  return () => lost.delete(listener);
}

/** The last change that was seen; null as long as there is no list to go on from. */
let since: string | null = null;

/** Begins after a list's `updatesCursor`, or now. Once begun, it goes on from there, whatever is asked for later. */
export function openFeed(cursor: string | null): void {
  // It may have begun without a list, or lost its place. Then it goes on from here after a break.
  since ??= cursor;
  stop ??= follow({
    start: () => client.subscription(FeedDocument, { since }),
    onData({ messagesUpdated: { message, cursor: seen } }) {
      since = seen;
      for (const listener of listeners) listener(message);
    },
    onLost() {
      since = null;
      for (const listener of lost) listener();
    },
  });
}

/** Begins where no list does. */
export async function openFeedNow(): Promise<void> {
  const { data } = await client.query(NowDocument, {}).toPromise();
  openFeed(data?.messages.updatesCursor ?? null);
}
