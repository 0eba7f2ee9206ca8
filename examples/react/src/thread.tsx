import { useQuery } from '@apollo/client/react';
import { useEffect, useState } from 'react';
import { Bubble } from './bubble';
import { Composer } from './composer';
import { newDraft, type Draft } from './draft';
import { putIntoThread, threadEnd } from './lists';
import { INBOX, THREAD } from './operations';
import { send, useOutbox } from './outbox';
import { go, isSame, placeOf, type Place } from './route';
import { SentBubble } from './sent-bubble';
import { Trouble } from './trouble';
import { follow } from './updates';

/** One conversation: what went both ways, what is on its way, and a form to answer. */
export function Thread({ place }: { place: Place }) {
  const { data, error, fetchMore, refetch } = useQuery(THREAD, { variables: place });
  const { data: inbox } = useQuery(INBOX);
  const outbox = useOutbox().filter(({ input }) => isSame(placeOf(input), place));
  const conversation = data?.conversation;
  const { nodes = [], pageInfo } = conversation?.messages ?? {};
  const [draft, setDraft] = useState<Draft>(() => newDraft(place));
  const id = conversation?.id;
  const isListed = inbox?.conversations.nodes.some((row) => isSame(row, place));
  const names = place.participants.join(', ');

  useEffect(() => {
    if (id === undefined) return undefined;
    const updates = follow(() => threadEnd(id), { conversationId: id }).subscribe(({ message, cursor }) => {
      putIntoThread(id, message, cursor);
    });
    return () => updates.unsubscribe();
  }, [id]);
  // It was asked for before it began.
  useEffect(() => {
    if (conversation === null && isListed) void refetch();
  }, [conversation, isListed]);

  return (
    <section className="thread" aria-label={names}>
      <header>
        <button type="button" className="back" aria-label="All conversations" onClick={() => go(null)}>
          ‹
        </button>
        <h2>{names}</h2>
        <span>with {place.owner}</span>
      </header>
      {conversation?.optedOut && (
        <p className="opted-out" role="status">
          <strong>Opted out.</strong> {place.participants.length > 1 ? 'Somebody here' : names} does not want your
          messages, and none is sent. By writing START, they get them again.
        </p>
      )}
      {error && <Trouble error={error} onRetry={() => void refetch()} />}
      {/* The first child of a reversed column stays in sight while it grows. */}
      <div className="latest-in-sight" role="log" aria-label="Messages">
        <ol>
          {pageInfo?.hasNextPage && (
            <li>
              <button type="button" onClick={() => void fetchMore({ variables: { after: pageInfo.endCursor } })}>
                Older messages
              </button>
            </li>
          )}
          {nodes.toReversed().map((message) => (
            <Bubble key={message.id} message={message} />
          ))}
          {outbox.map((sent) => (
            <SentBubble key={sent.input.idempotencyKey} sent={sent} onCorrect={setDraft} />
          ))}
        </ol>
      </div>
      <Composer
        key={draft.input.idempotencyKey}
        draft={draft}
        isOpen={Object.keys(draft.mistakes).some((field) => /^(from|to)/.test(field))}
        applicationId={conversation?.lastMessage.applicationId ?? null}
        onSend={(input) => {
          void send(input);
          setDraft(newDraft(place));
          if (!isSame(placeOf(input), place)) go(placeOf(input));
        }}
      />
    </section>
  );
}
