import { memo } from 'react';
import type { BubbleFragment } from '../generated/graphql.js';
import { DeliveryFailed } from '../parts/failure.js';
import { Instant } from '../parts/instant.js';
import { spoken } from '../parts/phone-number.js';
import { STATUS } from '../words.js';
import { Attachment } from './attachment.js';

/** A message as the server knows it now. */
export const Bubble = memo(function Bubble({ message }: { readonly message: BubbleFragment }) {
  const { id, direction, from, to, text, time, status, attachments, deliveries } = message;
  const isGroup = to.length > 1;
  const who = direction === 'OUT' ? 'You' : spoken(from);
  return (
    <article className="bubble" data-direction={direction} data-status={status} aria-label={`${who}: ${text}`}>
      {direction === 'IN' && isGroup && <p className="sender">{spoken(from)}</p>}
      {attachments.map((attachment, place) => (
        <Attachment key={place} messageId={id} place={place} attachment={attachment} />
      ))}
      {text && <p className="text">{text}</p>}
      <p className="meta">
        <Instant at={time} />
        {direction === 'OUT' && <span className="status">{STATUS[status]}</span>}
      </p>
      {deliveries.map(
        ({ to, failure }) => failure && <DeliveryFailed key={to} to={isGroup ? to : null} failure={failure} />,
      )}
    </article>
  );
});
