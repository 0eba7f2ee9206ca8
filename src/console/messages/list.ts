/** The list of messages that pass the filters: page by page, and kept up by the feed. */
import { useEffect, useRef, useState } from 'react';
import type { CombinedError } from 'urql';
import {
  MessageListDocument,
  PlaceOfDocument,
  SendListDocument,
  type BubbleFragment,
  type SendRowFragment,
} from '../generated/graphql.js';
import { onLost, onNews, openFeed, type News } from '../feed.js';
import { compareTimes, place, withEarlier } from '../ordered.js';
import { client } from '../server.js';
import { addressOf, fits, sendsIn, toFilter, type Filters } from './filters.js';

const PAGE = 50;
/** So many messages are kept; where more come in, the earliest leave the list, and come back when they are asked for. */
const MAX_ENTRIES = 1_000;
/** What comes within this time is shown at once. */
const SHOW_AFTER_MS = 100;

interface Listed<Entry> {
  /** The earliest first. */
  readonly entries: readonly Entry[];
  readonly hasEarlier: boolean;
  readonly isLoading: boolean;
  readonly error: CombinedError | null;
}

const EMPTY = { entries: [], hasEarlier: false, isLoading: true, error: null } as const;

export interface List<Entry> extends Listed<Entry> {
  /** Asks for the next earlier entries, or again where that failed. */
  readonly load: () => void;
}

const timeOf = ({ time }: BubbleFragment): string => time;

export function useMessageList(filters: Filters, isOff: boolean): List<BubbleFragment> {
  const [list, setList] = useState<Listed<BubbleFragment>>(EMPTY);
  const load = useRef((): void => undefined);
  const address = addressOf(filters);
  useEffect(() => {
    if (isOff) return;
    const filter = toFilter(filters);
    let now: Listed<BubbleFragment> = EMPTY;
    let hasBegun = false;
    let isOver = false;
    /** The cursor of the earliest entry; null where only the server knows it. */
    let cursor: string | null = null;
    let waiting = new Map<string, News>();
    let showing: ReturnType<typeof setTimeout> | undefined;
    const change = (part: Partial<Listed<BubbleFragment>>): void => {
      if (isOver) return;
      now = { ...now, ...part };
      setList(now);
    };

    const show = (): void => {
      showing = undefined;
      if (!hasBegun || now.isLoading) return;
      const news = [...waiting.values()];
      waiting = new Map();
      const gone = new Set(news.filter((message) => !fits(message, filter)).map(({ id }) => id));
      const entries = now.entries.filter(({ id }) => !gone.has(id));
      const [earliest] = entries;
      for (const message of news) {
        const isLoaded = !now.hasEarlier || earliest === undefined || compareTimes(message.time, timeOf(earliest)) >= 0;
        if (!gone.has(message.id) && isLoaded) place(entries, message, timeOf);
      }
      const kept = entries.slice(-MAX_ENTRIES);
      if (kept[0]?.id !== now.entries[0]?.id) cursor = null;
      change({ entries: kept, hasEarlier: now.hasEarlier || kept.length < entries.length });
    };

    load.current = () => {
      change({ isLoading: true, error: null });
      void page().then((part) => {
        change({ isLoading: false, ...part });
        show();
      });
    };

    async function page(): Promise<Partial<Listed<BubbleFragment>>> {
      const [earliest] = now.entries;
      if (earliest !== undefined && cursor === null) {
        const found = await client.query(PlaceOfDocument, { id: earliest.id }).toPromise();
        if (found.error) return { error: found.error };
        cursor = found.data?.messages.pageInfo.endCursor ?? null;
      }
      const { data, error } = await client
        .query(MessageListDocument, { first: PAGE, after: cursor, filter })
        .toPromise();
      if (!data) return { error: error ?? null };
      const { nodes, pageInfo, updatesCursor } = data.messages;
      if (!hasBegun) openFeed(updatesCursor);
      hasBegun = true;
      cursor = pageInfo.endCursor ?? cursor;
      return { entries: withEarlier(now.entries, nodes), hasEarlier: pageInfo.hasNextPage };
    }

    const begin = (): void => {
      cursor = null;
      now = EMPTY;
      load.current();
    };
    const stops = [
      onNews((news) => {
        waiting.set(news.id, news);
        showing ??= setTimeout(show, SHOW_AFTER_MS);
      }),
      onLost(begin),
    ];
    begin();
    return () => {
      isOver = true;
      clearTimeout(showing);
      stops.forEach((stop) => stop());
    };
  }, [address, isOff]);
  return { ...list, load: () => load.current() };
}

/** Sends without a message. They are few, and change seldom: the list is as it was when it was asked for. */
export function useSendList(filters: Filters): List<SendRowFragment> {
  const status = sendsIn(filters);
  const [list, setList] = useState<Listed<SendRowFragment>>(EMPTY);
  const load = useRef((): void => undefined);
  useEffect(() => {
    if (status === null) return;
    let isOver = false;
    let cursor: string | null = null;
    load.current = () => {
      setList((before) => ({ ...before, isLoading: true, error: null }));
      void client
        .query(SendListDocument, { first: PAGE, after: cursor, status })
        .toPromise()
        .then(({ data, error = null }) => {
          if (isOver) return;
          const { nodes = [], pageInfo } = data?.sends ?? {};
          cursor = pageInfo?.endCursor ?? cursor;
          setList(({ entries, hasEarlier }) => ({
            entries: [...nodes.toReversed(), ...entries],
            hasEarlier: pageInfo?.hasNextPage ?? hasEarlier,
            isLoading: false,
            error: error ?? null,
          }));
        });
    };
    setList(EMPTY);
    load.current();
    return () => {
      isOver = true;
    };
  }, [status]);
  return { ...list, load: () => load.current() };
}
