import type { Draft } from './draft';
import { forget, mayRepeat, send, type Sent } from './outbox';
import { mistakesOf } from './words';

/** A message that the server does not list, or not yet: on its way, not sent, or perhaps sent. */
export function SentBubble({ sent, onCorrect }: { sent: Sent; onCorrect: (draft: Draft) => void }) {
  const { input, state } = sent;
  const count = input.media?.length ?? 0;
  return (
    <li className="bubble" data-direction="OUT" data-state={state}>
      {count > 0 && <p>{count === 1 ? 'A picture' : `${count} pictures`}</p>}
      {input.text && <p>{input.text}</p>}
      {state === 'SENDING' && <small>Sending …</small>}
      {state === 'NOT_SENT' && <NotSent sent={sent} onCorrect={onCorrect} />}
      {state === 'UNKNOWN' && <PerhapsSent sent={sent} />}
    </li>
  );
}

/** Nothing went out: it can be corrected, and is then sent with the same key. */
function NotSent({ sent: { input, problem }, onCorrect }: { sent: Sent; onCorrect: (draft: Draft) => void }) {
  const { idempotencyKey: key } = input;
  const mistakes = problem?.__typename === 'InvalidMessageProblem' ? mistakesOf(problem.fieldErrors) : {};
  const correct = (): void => {
    forget(key);
    onCorrect({ input, mistakes });
  };
  return (
    <div role="alert">
      <small>
        <strong>Not sent.</strong> {Object.values(mistakes).join(' ') || problem?.message}
      </small>
      <menu>
        {problem?.retryable && (
          <button type="button" onClick={() => void send(input)}>
            Send again
          </button>
        )}
        <button type="button" onClick={correct}>
          Correct
        </button>
        <button type="button" onClick={() => forget(key)}>
          Discard
        </button>
      </menu>
    </div>
  );
}

/** It may be on its way. To ask again with the same key is safe, and to write it again is not. */
function PerhapsSent({ sent }: { sent: Sent }) {
  const { input } = sent;
  return (
    <div role="alert">
      <small>
        <strong>Perhaps sent.</strong> Nobody knows yet whether this went out. Do not write it again.{' '}
        {mayRepeat(sent)
          ? 'You can ask again: it is never sent twice.'
          : 'It is too old to ask again safely. Look into the conversation whether it is there.'}
      </small>
      <menu>
        {mayRepeat(sent) && (
          <button type="button" onClick={() => void send(input)}>
            Ask again
          </button>
        )}
        <button type="button" onClick={() => forget(input.idempotencyKey)}>
          Hide
        </button>
      </menu>
    </div>
  );
}
