/** What the page says in its own words. The server's texts stand in for codes that it does not know. */
import type { MessageFieldErrorCode, MessageStatus } from './generated/graphql';

export interface FieldError {
  readonly path: readonly string[];
  readonly code: MessageFieldErrorCode | null;
  readonly message: string;
}

const MISTAKES: Partial<Record<MessageFieldErrorCode, string>> = {
  INVALID_E164: 'This is not a telephone number. Write it as +19195551212.',
  SENDER_NOT_ALLOWED: 'You may not send from this number.',
  NO_RECIPIENT: 'Who should get the message?',
  DUPLICATE_RECIPIENT: 'This number is in the list twice.',
  TEXT_REQUIRED: 'Write something, or add a picture.',
  MEDIA_TOO_LARGE: 'This file is too large.',
  MEDIA_TYPE_NOT_SUPPORTED: 'A message cannot carry files of this type.',
  MEDIA_TYPE_MISMATCH: 'This is not a picture of the type that its name says.',
  RECIPIENT_OPTED_OUT:
    'This person does not want your messages: they wrote STOP, or their carrier said so. They can write START to get them again.',
};

/** The mistakes of an input by its fields: `{ 'to.1': 'This is not a telephone number. …' }`. */
export type Mistakes = Readonly<Record<string, string>>;

export function mistakesOf(fieldErrors: readonly FieldError[]): Mistakes {
  return Object.fromEntries(
    fieldErrors.map(({ path, code, message }) => [
      path.slice(1).join('.'),
      (code === null ? undefined : MISTAKES[code]) ?? message,
    ]),
  );
}

export const STATUS: Readonly<Record<MessageStatus, string>> = {
  ACCEPTED: 'Queued',
  SENDING: 'On its way',
  DELIVERED: 'Delivered',
  PARTIALLY_DELIVERED: 'Delivered to some',
  FAILED: 'Not delivered',
  RECEIVED: 'Received',
};

export const BADGE = {
  SENDING: 'Sending …',
  NOT_SENT: 'Not sent',
  UNKNOWN: 'Perhaps sent',
  OPTED_OUT: 'Opted out',
  FAILED: STATUS.FAILED,
} as const;

const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const DAY_AND_TIME = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

export function timeOf(instant: string): string {
  const time = new Date(instant);
  const isToday = time.toDateString() === new Date().toDateString();
  return (isToday ? TIME : DAY_AND_TIME).format(time);
}
