import type { BubbleFragment } from './generated/graphql';
import { Picture } from './picture';
import { STATUS, timeOf } from './words';

/** A message as the server knows it now. */
export function Bubble({ message }: { message: BubbleFragment }) {
  const { id, direction, from, to, text, time, status, attachments, deliveries } = message;
  return (
    <li className="bubble" data-direction={direction} data-status={status}>
      {direction === 'IN' && to.length > 1 && <strong>{from}</strong>}
      {attachments.map((attachment, place) => (
        <Picture key={place} messageId={id} place={place} attachment={attachment} />
      ))}
      {text && <p>{text}</p>}
      <small>
        <time dateTime={time}>{timeOf(time)}</time>
        {direction === 'OUT' && <span className="status">{STATUS[status]}</span>}
      </small>
      {deliveries.map(
        ({ to, failure }) =>
          failure && (
            <small key={to} className="failure">
              {deliveries.length > 1 && <>To {to}: </>}
              {failure.meaning}{' '}
              {failure.retryable ? 'Sending it again later may help.' : 'Sending it again will not help.'} (code{' '}
              {failure.code})
            </small>
          ),
      )}
    </li>
  );
}
