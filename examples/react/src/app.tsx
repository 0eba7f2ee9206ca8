import { CombinedGraphQLErrors } from '@apollo/client';
import { useQuery } from '@apollo/client/react';
import { useEffect, useState } from 'react';
import { Inbox } from './inbox';
import { NewMessage } from './new-message';
import { INBOX, VIEWER } from './operations';
import { openOutbox, resume, settle } from './outbox';
import { useRoute } from './route';
import { hasKey } from './session';
import { SignIn } from './sign-in';
import { Thread } from './thread';
import { follow, onConnection, show } from './updates';

export function App() {
  const { data, error, refetch } = useQuery(VIEWER);
  if (codeOf(error) === 'UNAUTHENTICATED') return <SignIn wasWrong={hasKey()} onKey={() => void refetch()} />;
  if (error) return <Trouble error={error} />;
  return data && <SignedIn key={data.viewer.name} name={data.viewer.name} />;
}

/** The inbox is listed first. Live updates go on where the list ends, and all that is fetched later is newer. */
function SignedIn({ name }: { name: string }) {
  useState(() => openOutbox(name));
  const { data, error } = useQuery(INBOX);
  if (error) return <Trouble error={error} />;
  return data && <Screen since={data.conversations.updatesCursor} />;
}

function Screen({ since }: { since: string }) {
  const [start] = useState(since);
  const [isConnected, setConnected] = useState(true);
  const route = useRoute();

  useEffect(() => {
    const stop = onConnection((isConnected) => {
      setConnected(isConnected);
      if (isConnected) resume();
    });
    const subscription = follow(start).subscribe((message) => {
      show(message);
      settle(message);
    });
    return () => {
      subscription.unsubscribe();
      stop();
    };
  }, [start]);

  return (
    <div className="screen" data-open={route !== null}>
      {!isConnected && (
        <p className="away" role="status">
          The connection is lost. Trying again …
        </p>
      )}
      <Inbox />
      <main>
        {route === null && <p className="hint">Choose a conversation, or write a new message.</p>}
        {route === 'new' && <NewMessage />}
        {route !== null && route !== 'new' && (
          <Thread key={`${route.owner} ${route.participants.join()}`} place={route} />
        )}
      </main>
    </div>
  );
}

function Trouble({ error }: { error: Error }) {
  return (
    <main className="trouble" role="alert">
      <p>{error.message}</p>
      <button type="button" onClick={() => location.reload()}>
        Try again
      </button>
    </main>
  );
}

const codeOf = (error: unknown): unknown =>
  CombinedGraphQLErrors.is(error) ? error.errors[0]?.extensions?.code : undefined;
