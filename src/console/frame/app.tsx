import { useEffect, useState } from 'react';
import { useQuery } from 'urql';
import { openInbox } from '../conversations/lists.js';
import { openFeedNow } from '../feed.js';
import { ViewerDocument } from '../generated/graphql.js';
import { openOutbox } from '../outbox.js';
import { Loading, Trouble } from '../parts/states.js';
import { onRefusal } from '../server.js';
import { isSignedIn } from '../session.js';
import { may, readsConversations, ViewerContext, type Viewer } from '../viewer.js';
import { Frame } from './frame.js';
import { SignIn } from './sign-in.js';

/** Asks for a key where the server wants one, and for nothing where it wants none. */
export function App() {
  const [{ data, error }, retry] = useQuery({ query: ViewerDocument });
  const [isRefused, setRefused] = useState(false);
  // Also a key that was good, and is no more.
  useEffect(() => onRefusal(() => setRefused(true)), []);
  if (isRefused) return <SignIn wasWrong={isSignedIn()} />;
  if (data) return <SignedIn key={data.viewer.name} viewer={data.viewer} />;
  return (
    <main className="alone">{error ? <Trouble error={error} onRetry={retry} /> : <Loading what="the console" />}</main>
  );
}

function SignedIn({ viewer }: { readonly viewer: Viewer }) {
  // Before anybody reads them.
  useState(() => {
    openOutbox(viewer.name);
    if (readsConversations(viewer)) openInbox(null);
    else if (may(viewer, 'messages:read')) void openFeedNow();
  });
  return (
    <ViewerContext value={viewer}>
      <Frame />
    </ViewerContext>
  );
}
