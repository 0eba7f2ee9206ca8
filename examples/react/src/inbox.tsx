import { useQuery } from '@apollo/client/react';
import type { RowFragment } from './generated/graphql';
import { INBOX } from './operations';
import { go, isSame, useRoute } from './route';
import { hasKey, signOut } from './session';
import { STATUS, timeOf } from './words';

/** All conversations, the latest first. */
export function Inbox() {
  const { data, fetchMore } = useQuery(INBOX);
  const { nodes = [], pageInfo } = data?.conversations ?? {};
  return (
    <nav className="inbox" aria-label="Conversations">
      <header>
        <h1>Messages</h1>
        {hasKey() && (
          <button type="button" onClick={signOut}>
            Sign out
          </button>
        )}
        <button type="button" className="primary" onClick={() => go('new')}>
          New message
        </button>
      </header>
      {nodes.length === 0 && <p className="hint">There are no conversations yet.</p>}
      <ul>
        {nodes.map((row) => (
          <li key={row.id}>
            <Row row={row} />
          </li>
        ))}
      </ul>
      {pageInfo?.hasNextPage && (
        <button
          type="button"
          className="more"
          onClick={() => void fetchMore({ variables: { after: pageInfo.endCursor } })}
        >
          Older conversations
        </button>
      )}
    </nav>
  );
}

function Row({ row }: { row: RowFragment }) {
  const { owner, participants, lastMessage, updatedAt, optedOut } = row;
  const route = useRoute();
  const isOpen = route !== null && route !== 'new' && isSame(route, row);
  return (
    <button type="button" className="row" aria-current={isOpen} onClick={() => go({ owner, participants })}>
      <strong>{participants.join(', ')}</strong>
      <time dateTime={updatedAt}>{timeOf(updatedAt)}</time>
      <span className="last">
        {lastMessage.direction === 'OUT' && 'You: '}
        {lastMessage.text || 'Picture'}
      </span>
      {optedOut && <span className="badge">Opted out</span>}
      {!optedOut && lastMessage.status === 'FAILED' && <span className="badge failed">{STATUS.FAILED}</span>}
    </button>
  );
}
