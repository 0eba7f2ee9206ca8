import { memo } from 'react';
import { Link } from 'wouter';
import type { RowFragment } from '../generated/graphql.js';
import { useOutbox, type Sent } from '../outbox.js';
import { Instant } from '../parts/instant.js';
import { useTitle } from '../parts/page.js';
import { allSpoken, spoken } from '../parts/phone-number.js';
import { Empty, Loading, Trouble } from '../parts/states.js';
import { Badge, type Tone } from '../parts/status.js';
import { may, useViewer } from '../viewer.js';
import { loadInbox, openInbox, useInbox } from './lists.js';

/** All conversations, the latest first, and before them what has not begun one yet. */
export function Inbox({ openId }: { readonly openId: string | undefined }) {
  const viewer = useViewer();
  const { entries, earlier, isLoading, error } = useInbox();
  const outbox = useOutbox().filter(({ state }) => state !== 'SENT');
  const heading = useTitle('Conversations', openId === undefined);
  const strangers = outbox.filter((sent) => !entries.some((row) => isIn(sent, row)));
  return (
    <section className="inbox" aria-label="Inbox">
      <header>
        <h1 ref={heading} tabIndex={-1}>
          Conversations
        </h1>
        {may(viewer, 'messages:send') && (
          <Link href="/compose" className="button">
            New
          </Link>
        )}
        <OwnerFilter />
      </header>
      {error && <Trouble error={error} onRetry={() => void loadInbox()} />}
      {!isLoading && !error && entries.length + strangers.length === 0 && (
        <Empty title="No conversations yet.">
          {may(viewer, 'messages:send') && <Link href="/compose">Write the first message</Link>}
        </Empty>
      )}
      <ul>
        {strangers.map((sent) => (
          <li key={sent.input.idempotencyKey}>
            <Link className="row" href={`/compose/${sent.input.idempotencyKey}`} data-entry>
              <strong>{allSpoken(sent.input.to)}</strong>
              <Instant at={new Date(sent.since).toISOString()} />
              <span className="last">You: {sent.input.text}</span>
              <SentBadge sent={sent} />
            </Link>
          </li>
        ))}
        {entries.toReversed().map((row) => (
          <Row
            key={row.id}
            row={row}
            isOpen={row.id === openId}
            sent={outbox.findLast((sent) => isIn(sent, row))}
            isOwnerShown={viewer.numbers.length !== 1}
          />
        ))}
      </ul>
      {isLoading && <Loading what="conversations" />}
      {earlier !== null && !isLoading && (
        <button type="button" className="quiet" onClick={() => void loadInbox()}>
          Earlier conversations
        </button>
      )}
    </section>
  );
}

const isIn = ({ input: { from, to } }: Sent, { owner, participants }: RowFragment): boolean =>
  from === owner && to.toSorted().join() === participants.join();

/** Shown to whoever has several numbers. */
function OwnerFilter() {
  const { numbers } = useViewer();
  const { owner } = useInbox();
  if (numbers.length < 2) return null;
  return (
    <select
      aria-label="Your number"
      value={owner ?? ''}
      onChange={({ target: { value } }) => openInbox(value === '' ? null : value)}
    >
      <option value="">All your numbers</option>
      {numbers.map(({ number }) => (
        <option key={number} value={number}>
          {spoken(number)}
        </option>
      ))}
    </select>
  );
}

interface RowProps {
  readonly row: RowFragment;
  readonly isOpen: boolean;
  /** The latest message to it whose fate is not known. */
  readonly sent: Sent | undefined;
  readonly isOwnerShown: boolean;
}

const Row = memo(function Row({ row, isOpen, sent, isOwnerShown }: RowProps) {
  const { id, owner, participants, updatedAt, lastMessage, optedOut } = row;
  const { direction, text, status } = lastMessage;
  return (
    <li>
      <Link className="row" href={`/conversations/${id}`} aria-current={isOpen ? 'true' : undefined} data-entry>
        <strong>{allSpoken(participants)}</strong>
        <Instant at={updatedAt} />
        <span className="last">
          {direction === 'OUT' && 'You: '}
          {text === '' ? 'A file' : text}
        </span>
        {sent ? (
          <SentBadge sent={sent} />
        ) : optedOut ? (
          <Badge tone="bad">Opted out</Badge>
        ) : (
          status === 'FAILED' && <Badge tone="bad">Not delivered</Badge>
        )}
        {isOwnerShown && <small>with {spoken(owner)}</small>}
      </Link>
    </li>
  );
});

const SENT: Readonly<Record<Sent['state'], readonly [Tone, string]>> = {
  SENDING: ['calm', 'Sending …'],
  SENT: ['calm', 'Sent'],
  NOT_SENT: ['bad', 'Not sent'],
  UNKNOWN: ['unsure', 'Perhaps sent'],
};

function SentBadge({ sent: { state } }: { readonly sent: Sent }) {
  const [tone, words] = SENT[state];
  return <Badge tone={tone}>{words}</Badge>;
}
