import type { MessageStatus, SendStatus } from '../generated/graphql.js';
import { STATUS } from '../words.js';

/** How a state looks: the same colour for the same meaning on every page. */
export type Tone = 'calm' | 'good' | 'bad' | 'unsure';

export function Badge({ tone, children }: { readonly tone: Tone; readonly children: string }) {
  return (
    <span className="badge" data-tone={tone}>
      {children}
    </span>
  );
}

export const TONES: Readonly<Record<MessageStatus, Tone>> = {
  ACCEPTED: 'calm',
  SENDING: 'calm',
  DELIVERED: 'good',
  PARTIALLY_DELIVERED: 'bad',
  FAILED: 'bad',
  RECEIVED: 'calm',
};

/** The state of a message, in a word and a colour. */
export const StatusBadge = ({ status }: { readonly status: MessageStatus }) => (
  <Badge tone={TONES[status]}>{STATUS[status]}</Badge>
);

const SENDS: Readonly<Record<SendStatus, readonly [Tone, string]>> = {
  PENDING: ['calm', 'Under way'],
  ACCEPTED: ['good', 'Accepted'],
  REJECTED: ['bad', 'Not sent'],
  UNKNOWN: ['unsure', 'Perhaps sent'],
};

/** The state of a send, in a word and a colour. */
export function SendBadge({ status }: { readonly status: SendStatus }) {
  const [tone, words] = SENDS[status];
  return <Badge tone={tone}>{words}</Badge>;
}
