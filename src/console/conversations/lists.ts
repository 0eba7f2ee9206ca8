/**
 * The inbox, and the conversations that are open: what was asked for, kept up by the feed. With fifty changes a second in a
 * list of ten thousand messages, the lists change a few times a second, each with all that came meanwhile.
 */
import { useSyncExternalStore } from 'react';
import type { CombinedError } from 'urql';
import {
  InboxDocument,
  PlaceOfDocument,
  ThreadDocument,
  type BubbleFragment,
  type RowFragment,
} from '../generated/graphql.js';
import { onLost, onNews, openFeed, type News } from '../feed.js';
import { compareTimes, place, withEarlier } from '../ordered.js';
import { client } from '../server.js';

/** What comes within this time is shown at once. More often, nobody would see. */
const SHOW_AFTER_MS = 50;
/** Of the conversations that were looked at, so many are kept up: to go back to one takes no time. */
const MAX_THREADS = 5;
/** So many messages are left of a conversation that has twice as many. Earlier ones come back when they are asked for. */
const KEPT = 1_000;
/** In the place of a cursor that only the server knows. */
const UNKNOWN_CURSOR = '';

interface List<Entry> {
  /** The earliest first. */
  readonly entries: readonly Entry[];
  /** Where earlier entries begin; null if there are none. */
  readonly earlier: string | null;
  readonly isLoading: boolean;
  readonly error: CombinedError | null;
}

export interface Inbox extends List<RowFragment> {
  /** The number whose conversations these are; null for all. */
  readonly owner: string | null;
}

export interface Thread extends List<BubbleFragment> {
  /** Null while it is not known, and for a conversation that is not there. */
  readonly row: RowFragment | null;
}

const EMPTY = { entries: [], earlier: null, isLoading: true, error: null } as const;
const EMPTY_THREAD: Thread = { ...EMPTY, row: null };

let inbox: Inbox = { ...EMPTY, owner: null };
/** The one that was looked at last is the last one. */
const threads = new Map<string, Thread>();

const listeners = new Set<() => void>();

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(): void {
  for (const listener of listeners) listener();
}

/** The latest state of each message that changed, and is not shown yet. */
let waiting = new Map<string, News>();
/** Pages that are under way may have been made before what comes now: it is put into them as well. */
let pagesUnderWay = 0;
let meanwhile = new Map<string, News>();
let showing: ReturnType<typeof setTimeout> | null = null;

onNews(take);

function take(news: News): void {
  waiting.set(news.id, news);
  if (pagesUnderWay > 0) meanwhile.set(news.id, news);
  showing ??= setTimeout(show, SHOW_AFTER_MS);
}

/** What a send was answered with. What the feed has told of it meanwhile is newer. */
export function addAnswer(news: News): void {
  const { id, conversation } = news;
  const isKnown = conversation === null || threads.get(conversation.id)?.entries.some((entry) => entry.id === id);
  if (isKnown !== true && !waiting.has(id)) take(news);
}

function show(): void {
  showing = null;
  const news = [...waiting.values()];
  waiting = new Map();
  putIn(news);
  tell();
}

function putIn(news: readonly News[]): void {
  const rows = news.flatMap(({ conversation }) => conversation ?? []).filter(isInInbox);
  inbox = withEntries(inbox, rows, rowTime);
  const current = [...threads.keys()].at(-1);
  for (const [id, thread] of threads) {
    const own = news.filter(({ conversation }) => conversation?.id === id);
    const row = own.at(-1)?.conversation ?? thread.row;
    if (own.length > 0) threads.set(id, { ...withEntries(thread, own, bubbleTime), row });
    if (id !== current) trimThread(id);
  }
}

/** Lets go of what is far above the end: where a conversation is open for days, that may be most of it. */
export function trimThread(id: string): void {
  const thread = threads.get(id);
  if (thread === undefined || thread.isLoading || thread.entries.length < 2 * KEPT) return;
  threads.set(id, { ...thread, entries: thread.entries.slice(-KEPT), earlier: UNKNOWN_CURSOR });
  tell();
}

const rowTime = ({ updatedAt }: RowFragment): string => updatedAt;
const bubbleTime = ({ time }: BubbleFragment): string => time;
const isInInbox = ({ owner }: RowFragment): boolean => inbox.owner === null || inbox.owner === owner;

/** The list with entries put where they belong. What is earlier than all that was loaded comes with its page. */
function withEntries<L extends List<Entry>, Entry extends { readonly id: string }>(
  list: L & List<Entry>,
  news: readonly Entry[],
  timeOf: (entry: Entry) => string,
): L {
  const [first] = list.entries;
  const isLoaded = (entry: Entry): boolean =>
    list.earlier === null || first === undefined || compareTimes(timeOf(entry), timeOf(first)) >= 0;
  const loaded = news.filter(isLoaded);
  if (loaded.length === 0) return list;
  const entries = [...list.entries];
  for (const entry of loaded) place(entries, entry, timeOf);
  return { ...list, entries };
}

async function page<Result>(ask: () => Promise<Result>, take: (result: Result) => void): Promise<void> {
  pagesUnderWay += 1;
  const result = await ask();
  take(result);
  pagesUnderWay -= 1;
  putIn([...meanwhile.values()]);
  if (pagesUnderWay === 0) meanwhile = new Map();
  tell();
}

/** Asks for the inbox of a number, or of all. The feed goes on where the first list ends. */
export function openInbox(owner: string | null): void {
  inbox = { ...EMPTY, owner };
  tell();
  void loadInbox();
}

/** Asks for the next earlier conversations; the first page, where there is none yet. */
export async function loadInbox(): Promise<void> {
  const { owner, earlier } = inbox;
  // Also where that failed before, and something came in since.
  const isFirst = earlier === null;
  inbox = { ...inbox, isLoading: true, error: null };
  tell();
  await page(
    () => client.query(InboxDocument, { owner, after: earlier }).toPromise(),
    ({ data, error = null }) => {
      if (isFirst) openFeed(data?.conversations.updatesCursor ?? null);
      // Another number was chosen meanwhile.
      if (inbox.owner !== owner) return;
      inbox = { ...inbox, isLoading: false, error };
      if (!data) return;
      const { nodes, pageInfo } = data.conversations;
      inbox = {
        ...inbox,
        entries: isFirst ? nodes.toReversed() : withEarlier(inbox.entries, nodes),
        earlier: pageInfo.hasNextPage ? pageInfo.endCursor : null,
      };
    },
  );
}

/** Begins to keep up a conversation, if it is not kept up yet. */
export function openThread(id: string): void {
  const known = threads.get(id);
  threads.delete(id);
  threads.set(id, known ?? EMPTY_THREAD);
  const [oldest] = threads.keys();
  if (threads.size > MAX_THREADS && oldest !== undefined) threads.delete(oldest);
  if (known === undefined || known.error) void loadThread(id);
}

/** Asks for the next earlier messages. */
export async function loadThread(id: string): Promise<void> {
  const change = (part: Partial<Thread>): void => {
    const thread = threads.get(id);
    if (thread) threads.set(id, { ...thread, ...part });
  };
  const { earlier, entries } = threads.get(id) ?? EMPTY_THREAD;
  change({ isLoading: true, error: null });
  tell();
  await page(
    async () => {
      const after = earlier === UNKNOWN_CURSOR ? await cursorOf(entries[0]) : earlier;
      return client.query(ThreadDocument, { id, after }).toPromise();
    },
    ({ data, error = null }) => {
      change({ isLoading: false, error });
      const node = data?.node;
      if (node?.__typename !== 'Conversation') return;
      const { messages, ...now } = node;
      const { nodes, pageInfo } = messages;
      change({
        row: now,
        entries: earlier === null ? nodes.toReversed() : withEarlier(threads.get(id)?.entries ?? [], nodes),
        earlier: pageInfo.hasNextPage ? pageInfo.endCursor : null,
      });
    },
  );
}

/** The place of a message in its conversation. Where that is not known now, the next try finds it. */
async function cursorOf(message: BubbleFragment | undefined): Promise<string> {
  const { data } = await client.query(PlaceOfDocument, { id: message?.id ?? '' }).toPromise();
  return data?.messages.pageInfo.endCursor ?? UNKNOWN_CURSOR;
}

onLost(() => {
  const open = [...threads.keys()];
  threads.clear();
  openInbox(inbox.owner);
  open.forEach(openThread);
});

export const useInbox = (): Inbox => useSyncExternalStore(listen, () => inbox);

export const useThread = (id: string): Thread => useSyncExternalStore(listen, () => threads.get(id) ?? EMPTY_THREAD);
