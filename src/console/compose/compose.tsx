import { useEffect, useState } from 'react';
import { Link, useLocation, useParams } from 'wouter';
import { announce } from '../announce.js';
import { SentBubble } from '../conversations/sent-bubble.js';
import '../conversations/conversations.css';
import { forget, send, useSent, type Sent } from '../outbox.js';
import { Page } from '../parts/page.js';
import { allSpoken, spoken } from '../parts/phone-number.js';
import { addressOf } from '../server.js';
import { isSignedIn } from '../session.js';
import { may, useViewer } from '../viewer.js';
import { mistakesOf } from '../words.js';
import { asCurl, asGraphQL } from './as-code.js';
import { dropDraft, keptDraft, newDraft, type Draft } from './draft.js';
import { MessageForm } from './message-form.js';

/** A message to anybody. Once it was sent, it goes on in its conversation, or in the list of messages. */
export function Compose() {
  const { key = null } = useParams<{ readonly key?: string }>();
  const viewer = useViewer();
  const { name, numbers } = viewer;
  const place = `${name} to anybody`;
  const [, navigate] = useLocation();
  const sent = useSent(key);
  const [draft, setDraft] = useState<Draft>(() => keptDraft(place) ?? newDraft(numbers[0]?.number ?? '', []));

  const { state, conversationId } = sent ?? {};
  // Whoever may not read sees nowhere else that it was sent.
  const isShownElsewhere = may(viewer, 'messages:read', 'messages:read-all');
  useEffect(() => {
    if (key === null || state !== 'SENT' || !isShownElsewhere) return;
    forget(key);
    navigate(conversationId == null ? '/messages' : `/conversations/${conversationId}`, { replace: true });
  }, [key, state, conversationId]);

  const correct = ({ input, problem }: Sent): void => {
    const { idempotencyKey, ...rest } = input;
    const mistakes = problem?.__typename === 'InvalidMessageProblem' ? mistakesOf(problem.fieldErrors) : {};
    setDraft({ input: rest, key: idempotencyKey, mistakes });
    forget(idempotencyKey);
    navigate('/compose', { replace: true });
  };

  if (sent) {
    return (
      <Page title="Compose">
        <div className="waiting">
          <p>
            To {allSpoken(sent.input.to)}, from {spoken(sent.input.from)}
          </p>
          <SentBubble sent={sent} onCorrect={correct} />
          <p>
            <Link href="/compose">Write another message</Link>
          </p>
        </div>
      </Page>
    );
  }
  return (
    <Page title="Compose">
      <div className="card compose">
        <MessageForm
          key={draft.key}
          draft={draft}
          place={place}
          isOpen
          applicationId={null}
          onSend={(input) => {
            dropDraft(place);
            void send(input);
            // So that putting it away brings an empty form, and not what was perhaps sent.
            setDraft(newDraft(input.from, []));
            navigate(`/compose/${input.idempotencyKey}`, { replace: true });
          }}
          actions={(input) => <CopyAs input={input} />}
        />
      </div>
    </Page>
  );
}

function CopyAs({ input }: { readonly input: Draft['input'] }) {
  const copy = async (text: string): Promise<void> => {
    await navigator.clipboard.writeText(text);
    announce('Copied.');
  };
  const url = addressOf('graphql');
  return (
    <span className="copy-as">
      <CopyButton name="Copy as GraphQL" onCopy={() => copy(asGraphQL(input))} />
      <CopyButton name="as curl" onCopy={() => copy(asCurl(input, { url, needsKey: isSignedIn() }))} />
    </span>
  );
}

function CopyButton({ name, onCopy }: { readonly name: string; readonly onCopy: () => Promise<void> }) {
  const [said, setSaid] = useState<string | null>(null);
  const click = (): void => {
    // The clipboard is there only where the connection can be trusted.
    onCopy().then(
      () => setSaid('Copied'),
      () => setSaid('Not allowed here'),
    );
    setTimeout(() => setSaid(null), 2_000);
  };
  return (
    <button type="button" className="quiet" onClick={click}>
      {said ?? name}
    </button>
  );
}
