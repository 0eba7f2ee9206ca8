import { forget, mayRepeat, send, type Sent } from '../outbox.js';
import { NotSent } from '../parts/failure.js';
import { Badge } from '../parts/status.js';

interface Props {
  readonly sent: Sent;
  /** Puts it back where it can be written on. */
  readonly onCorrect: (sent: Sent) => void;
}

/** A message that the server does not list, or not yet: on its way, not sent, or perhaps sent. */
export function SentBubble({ sent, onCorrect }: Props) {
  const { input, state } = sent;
  const count = input.media?.length ?? 0;
  return (
    <article className="bubble" data-direction="OUT" data-state={state} aria-label={`You: ${input.text}`}>
      {count > 0 && <p className="gone">{count === 1 ? 'A file' : `${count} files`}</p>}
      {input.text && <p className="text">{input.text}</p>}
      {state === 'SENDING' && <p className="meta">Sending …</p>}
      {state === 'SENT' && <p className="meta">Sent</p>}
      {state === 'NOT_SENT' && <WasNotSent sent={sent} onCorrect={onCorrect} />}
      {state === 'UNKNOWN' && <WasPerhapsSent sent={sent} />}
    </article>
  );
}

/** Nothing went out: it can be corrected, and is then sent with the same key. */
function WasNotSent({ sent, onCorrect }: Props) {
  const { input, problem } = sent;
  return (
    <div className="outcome">
      <NotSent problem={problem} />
      <menu>
        {(problem === null || problem.retryable) && (
          <li>
            <button type="button" onClick={() => void send(input)}>
              Send again
            </button>
          </li>
        )}
        {problem?.code !== 'IDEMPOTENCY_KEY_REUSED' && (
          <li>
            <button type="button" onClick={() => onCorrect(sent)}>
              Correct
            </button>
          </li>
        )}
        <li>
          <button type="button" className="quiet" onClick={() => forget(input.idempotencyKey)}>
            Discard
          </button>
        </li>
      </menu>
    </div>
  );
}

/** It may be on its way. To ask again with the same key is safe, and to write it again is not. */
export function WasPerhapsSent({ sent }: { readonly sent: Sent }) {
  const { input, problem } = sent;
  return (
    <div className="outcome">
      <Badge tone="unsure">Perhaps sent</Badge>
      <p>
        {problem === null ? 'No answer came back.' : 'No answer that can be trusted came back.'} It may have gone out,
        so do not write it again.{' '}
        {mayRepeat(sent)
          ? 'Asking again is safe: it is the same message with the same key, and goes out at most once.'
          : 'It is too old to ask again safely: look whether the answer of the other side shows that it arrived.'}
      </p>
      <menu>
        {mayRepeat(sent) && (
          <li>
            <button type="button" onClick={() => void send(input)}>
              Ask again
            </button>
          </li>
        )}
        <li>
          <button type="button" className="quiet" onClick={() => forget(input.idempotencyKey)}>
            Hide
          </button>
        </li>
      </menu>
    </div>
  );
}
