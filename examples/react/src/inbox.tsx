import { useQuery } from '@apollo/client/react';
import type { BubbleFragment, RowFragment } from './generated/graphql';
import { INBOX } from './operations';
import { useOutbox, type Sent } from './outbox';
import { go, isSame, placeOf, useRoute, type Place } from './route';
import { hasKey, signOut } from './session';
import { useViewer } from './viewer';
import { BADGE, timeOf } from './words';

const isWith =
  ({ input }: Sent) =>
  (place: Place): boolean =>
    isSame(place, placeOf(input));

/** All conversations, the latest first, and before them those that have not begun for sure. */
export function Inbox() {
  const { data, fetchMore } = useQuery(INBOX);
  const outbox = useOutbox();
  const { name } = useViewer();
  const { nodes = [], pageInfo } = data?.conversations ?? {};
  return (
    <nav className="inbox" aria-label="Conversations">
      <header>
        <h1>Messages</h1>
        <button type="button" className="primary" onClick={() => go('new')}>
          New message
        </button>
      </header>
      {nodes.length + outbox.length === 0 && <p className="hint">There are no conversations yet.</p>}
      <ul>
        {outbox
          .filter((sent) => !nodes.some(isWith(sent)))
          .map(({ input, since, state }) => (
            <Row
              key={input.idempotencyKey}
              place={placeOf(input)}
              time={new Date(since).toISOString()}
              last={`You: ${input.text}`}
              badge={state}
            />
          ))}
        {nodes.map((row) => (
          <Row
            key={row.id}
            place={row}
            time={row.updatedAt}
            last={textOf(row.lastMessage)}
            badge={badgeOf(
              row,
              outbox.findLast((sent) => isWith(sent)(row)),
            )}
          />
        ))}
      </ul>
      {pageInfo?.hasNextPage && (
        <button type="button" onClick={() => void fetchMore({ variables: { after: pageInfo.endCursor } })}>
          Older conversations
        </button>
      )}
      {hasKey() && (
        <footer>
          Signed in as {name}
          <button type="button" onClick={signOut}>
            Sign out
          </button>
        </footer>
      )}
    </nav>
  );
}

interface RowProps {
  readonly place: Place;
  readonly time: string;
  /** What was said last, and by whom. */
  readonly last: string;
  /** What a person has to know about it; null where all is well. */
  readonly badge: keyof typeof BADGE | null;
}

function Row({ place, time, last, badge }: RowProps) {
  const { owner, participants } = place;
  const { numbers } = useViewer();
  const route = useRoute();
  const isOpen = route !== null && route !== 'new' && isSame(route, place);
  return (
    <li>
      <button type="button" className="row" aria-current={isOpen} onClick={() => go({ owner, participants })}>
        <strong>{participants.join(', ')}</strong>
        <time dateTime={time}>{timeOf(time)}</time>
        <span className="last">{last}</span>
        {badge !== null && (
          <span className="badge" data-of={badge}>
            {BADGE[badge]}
          </span>
        )}
        {numbers.length > 1 && <small>with {owner}</small>}
      </button>
    </li>
  );
}

function badgeOf({ optedOut, lastMessage }: RowFragment, waiting: Sent | undefined): RowProps['badge'] {
  if (waiting !== undefined) return waiting.state;
  if (optedOut) return 'OPTED_OUT';
  return lastMessage.status === 'FAILED' ? 'FAILED' : null;
}

const textOf = ({ direction, text }: BubbleFragment): string =>
  `${direction === 'OUT' ? 'You: ' : ''}${text === '' ? 'Picture' : text}`;
