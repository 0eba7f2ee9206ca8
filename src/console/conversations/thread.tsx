import { useVirtualizer, type Virtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { Link } from 'wouter';
import { announce } from '../announce.js';
import { dropDraft, keptDraft, newDraft, type Draft } from '../compose/draft.js';
import { MessageForm } from '../compose/message-form.js';
import { onNews } from '../feed.js';
import type { BubbleFragment, RowFragment } from '../generated/graphql.js';
import { forget, send, useOutbox, type Sent } from '../outbox.js';
import { Icon } from '../parts/icon.js';
import { useTitle } from '../parts/page.js';
import { allSpoken, spoken } from '../parts/phone-number.js';
import { Empty, Loading, Trouble } from '../parts/states.js';
import { may, useViewer } from '../viewer.js';
import { mistakesOf } from '../words.js';
import { Bubble } from './bubble.js';
import { loadThread, openThread, trimThread, useThread, type Thread as Messages } from './lists.js';
import { SentBubble } from './sent-bubble.js';

/** One conversation: what went both ways, what is on its way, and a form to answer. */
export function Thread({ id }: { readonly id: string }) {
  const thread = useThread(id);
  useEffect(() => openThread(id), [id]);
  const { row, error, isLoading } = thread;
  const title = row ? allSpoken(row.participants) : 'Conversation';
  const heading = useTitle(title, false);
  return (
    <section className="thread" aria-label={title}>
      <header>
        <Link href="/conversations" className="button quiet back" aria-label="All conversations">
          <Icon name="back" />
        </Link>
        <div>
          <h2 ref={heading} tabIndex={-1}>
            {title}
          </h2>
          {row && <p>with your number {spoken(row.owner)}</p>}
        </div>
      </header>
      {error && <Trouble error={error} onRetry={() => void loadThread(id)} />}
      {row ? (
        <Talk row={row} thread={thread} />
      ) : isLoading ? (
        <Loading what="the conversation" />
      ) : (
        !error && <Empty title="There is no such conversation, or it is not yours to see." />
      )}
    </section>
  );
}

const isTo =
  ({ owner, participants }: RowFragment) =>
  ({ input: { from, to } }: Sent): boolean =>
    from === owner && to.toSorted().join() === participants.join();

function Talk({ row, thread }: { readonly row: RowFragment; readonly thread: Messages }) {
  const viewer = useViewer();
  const { id, owner, participants, optedOut } = row;
  const place = `${viewer.name} in ${id}`;
  const outbox = useOutbox().filter(isTo(row));
  const [draft, setDraft] = useState<Draft>(() => keptDraft(place) ?? newDraft(owner, participants));
  /** Another form for another draft. */
  const [edition, setEdition] = useState(0);
  const put = (next: Draft): void => {
    setDraft(next);
    setEdition((now) => now + 1);
  };

  useEffect(
    () =>
      onNews(({ conversation, direction, from, text }) => {
        if (conversation?.id === id && direction === 'IN')
          announce(`${spoken(from)}: ${text === '' ? 'a file' : text}`);
      }),
    [id],
  );
  // What was sent is among the messages now.
  const isAmong = outbox.find(({ state }) => state === 'SENT')?.input.idempotencyKey;
  useEffect(() => {
    if (isAmong !== undefined) forget(isAmong);
  }, [isAmong]);

  const correct = ({ input, problem }: Sent): void => {
    const { idempotencyKey: key, ...rest } = input;
    forget(key);
    const mistakes = problem?.__typename === 'InvalidMessageProblem' ? mistakesOf(problem.fieldErrors) : {};
    put({ input: rest, key, mistakes });
  };

  return (
    <>
      {optedOut && (
        <p className="opted-out" role="status">
          <strong>Opted out.</strong> {participants.length > 1 ? 'Somebody here wants' : 'They want'} no messages from
          this number, and none is sent. By writing START, they get them again.
        </p>
      )}
      <Talked
        thread={thread}
        outbox={outbox.filter(({ state }) => state !== 'SENT')}
        onEarlier={() => void loadThread(id)}
        onEnd={() => trimThread(id)}
        onCorrect={correct}
      />
      {may(viewer, 'messages:send') && (
        <MessageForm
          key={edition}
          draft={draft}
          place={place}
          isOpen={false}
          applicationId={thread.entries.at(-1)?.applicationId ?? null}
          onSend={(input) => {
            void send(input);
            dropDraft(place);
            put(newDraft(owner, participants));
          }}
        />
      )}
    </>
  );
}

type Item = { readonly key: string; readonly day: string | null } & (
  { readonly message: BubbleFragment } | { readonly sent: Sent }
);

const DAY = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });

/** Each message, the first of a day with its day, and then what is on its way. */
function itemsOf(messages: readonly BubbleFragment[], outbox: readonly Sent[]): Item[] {
  let last = '';
  return [
    ...messages.map((message) => {
      const day = new Date(message.time).toDateString();
      const isFirst = day !== last;
      last = day;
      return { key: message.id, message, day: isFirst ? DAY.format(new Date(message.time)) : null };
    }),
    ...outbox.map((sent) => ({ key: sent.input.idempotencyKey, sent, day: null })),
  ];
}

/** A bubble of one line; what is measured takes its place. */
const ESTIMATED_PX = 68;
/** So close to the end, one reads the newest: it stays in sight as more comes. */
const END_PX = 96;
/** So many bubbles before the first one, earlier ones are asked for. */
const AHEAD = 12;

interface TalkedProps {
  readonly thread: Messages;
  readonly outbox: readonly Sent[];
  readonly onEarlier: () => void;
  /** Called as long as the newest are looked at. */
  readonly onEnd: () => void;
  readonly onCorrect: (sent: Sent) => void;
}

/**
 * Keeps the end in sight for whoever is there, until they scroll up: also where much comes in one moment, and where bubbles
 * turn out higher than they were estimated. To be called when the element scrolls.
 */
function useFollowing(virtualizer: Virtualizer<HTMLDivElement, Element>, items: readonly Item[]): () => void {
  const isFollowing = useRef(true);
  const last = useRef(0);
  const look = (): void => {
    const { scrollTop = 0, scrollHeight = 0, clientHeight = 0 } = virtualizer.scrollElement ?? {};
    const isAtEnd = scrollHeight - scrollTop - clientHeight <= END_PX;
    isFollowing.current = isAtEnd || (isFollowing.current && scrollTop >= last.current);
    last.current = scrollTop;
  };
  useLayoutEffect(() => {
    look();
    if (isFollowing.current) virtualizer.scrollToEnd();
  }, [items, virtualizer.getTotalSize()]);
  return look;
}

/** All bubbles, of which only those in sight are in the page: ten thousand scroll like ten. */
function Talked({ thread, outbox, onEarlier, onEnd, onCorrect }: TalkedProps) {
  const { entries, earlier, isLoading, error } = thread;
  const scroller = useRef<HTMLDivElement>(null);
  const items = useMemo(() => itemsOf(entries, outbox), [entries, outbox]);
  const virtualizer = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ESTIMATED_PX,
    getItemKey: (index) => items[index]?.key ?? index,
    overscan: 8,
    anchorTo: 'end',
    scrollEndThreshold: END_PX,
  });
  const noteScroll = useFollowing(virtualizer, items);
  const shown = virtualizer.getVirtualItems();
  const isAtStart = (shown[0]?.index ?? AHEAD) < AHEAD;
  const isAtEnd = virtualizer.isAtEnd(END_PX);

  useEffect(() => {
    // Where that failed, somebody has to ask for it, or the connection has to come back.
    if (isAtStart && earlier !== null && !isLoading && error === null) onEarlier();
  }, [isAtStart, earlier, isLoading, error]);
  useEffect(() => {
    if (isAtEnd) onEnd();
  }, [isAtEnd, entries]);

  return (
    <div className="talked">
      <div
        ref={scroller}
        className="scroller"
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-label="Messages"
        onScroll={noteScroll}
      >
        <ol style={{ height: virtualizer.getTotalSize() }}>
          {shown.map(({ key, index, start }) => {
            const item = items[index];
            if (item === undefined) return null;
            return (
              <li
                key={key}
                ref={virtualizer.measureElement}
                data-index={index}
                aria-setsize={earlier === null ? items.length : -1}
                aria-posinset={index + 1}
                style={{ transform: `translateY(${start}px)` }}
              >
                {item.day !== null && <p className="day">{item.day}</p>}
                {'message' in item ? (
                  <Bubble message={item.message} />
                ) : (
                  <SentBubble sent={item.sent} onCorrect={onCorrect} />
                )}
              </li>
            );
          })}
        </ol>
      </div>
      {!isAtEnd && items.length > 0 && (
        <button type="button" className="to-end" onClick={() => virtualizer.scrollToEnd()}>
          <Icon name="down" />
          Newest
        </button>
      )}
    </div>
  );
}
