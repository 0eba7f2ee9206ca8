import { CombinedGraphQLErrors } from '@apollo/client';
import { useQuery } from '@apollo/client/react';
import { useEffect, useState } from 'react';
import { Inbox } from './inbox';
import { inboxEnd, putIntoInbox } from './lists';
import { NewMessage } from './new-message';
import { INBOX, VIEWER } from './operations';
import { openOutbox, resume, settle } from './outbox';
import { useRoute } from './route';
import { hasKey } from './session';
import { SignIn } from './sign-in';
import { Thread } from './thread';
import { Trouble } from './trouble';
import { follow, onConnection, onRefusal } from './updates';

export function App() {
  const { data, error, refetch } = useQuery(VIEWER);
  const retry = (): void => void refetch();
  // The key was good, and is no more.
  useEffect(() => onRefusal(retry), []);
  if (codeOf(error) === 'UNAUTHENTICATED') return <SignIn wasWrong={hasKey()} onKey={retry} />;
  if (error) return <Trouble error={error} onRetry={retry} />;
  return data && <SignedIn key={data.viewer.name} name={data.viewer.name} />;
}

/** The inbox is listed first. Live updates go on where the list ends. */
function SignedIn({ name }: { name: string }) {
  // Before anybody reads it.
  useState(() => openOutbox(name));
  const { data, error, refetch } = useQuery(INBOX);
  if (error) return <Trouble error={error} onRetry={() => void refetch()} />;
  return data && <Screen />;
}

function Screen() {
  const [isConnected, setConnected] = useState(true);
  const route = useRoute();

  useEffect(() => {
    const updates = follow(inboxEnd).subscribe(({ message, cursor }) => {
      putIntoInbox(message.conversation, cursor);
      settle(message);
    });
    return () => updates.unsubscribe();
  }, []);
  useEffect(() => onConnection(setConnected), []);
  // After a reload, and after a break.
  useEffect(() => {
    if (isConnected) resume();
  }, [isConnected]);

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

const codeOf = (error: unknown): unknown =>
  CombinedGraphQLErrors.is(error) ? error.errors[0]?.extensions?.code : undefined;
