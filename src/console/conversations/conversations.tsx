import { useParams } from 'wouter';
import { Empty } from '../parts/states.js';
import { Page } from '../parts/page.js';
import { readsConversations, useViewer } from '../viewer.js';
import { Inbox } from './inbox.js';
import { Thread } from './thread.js';
import './conversations.css';

/** The inbox, and beside it the conversation that is open; on a narrow screen, one of them. */
export function Conversations() {
  const { id } = useParams<{ readonly id?: string }>();
  const viewer = useViewer();
  if (!readsConversations(viewer)) {
    return (
      <Page title="Conversations">
        <Empty title="Conversations belong to numbers, and your key has none.">
          <p>Under Messages you find what you sent.</p>
        </Empty>
      </Page>
    );
  }
  return (
    <div className="conversations" data-open={id !== undefined}>
      <Inbox openId={id} />
      {id === undefined ? (
        <div className="nothing-open">
          <Empty title="Choose a conversation." />
        </div>
      ) : (
        <Thread key={id} id={id} />
      )}
    </div>
  );
}
