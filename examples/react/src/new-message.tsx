import { useState } from 'react';
import { Composer } from './composer';
import { newDraft } from './draft';
import { send } from './outbox';
import { go, placeOf } from './route';
import { useViewer } from './viewer';

/** A message to somebody new. It goes on in its conversation. */
export function NewMessage() {
  const { numbers } = useViewer();
  const [draft] = useState(() => newDraft({ owner: numbers[0]?.number ?? '', participants: [''] }));
  return (
    <section className="thread" aria-labelledby="new-message">
      <header>
        <button type="button" className="back" aria-label="All conversations" onClick={() => go(null)}>
          ‹
        </button>
        <h2 id="new-message">New message</h2>
      </header>
      <Composer
        draft={draft}
        isOpen
        applicationId={null}
        onSend={(input) => {
          void send(input);
          go(placeOf(input));
        }}
      />
    </section>
  );
}
