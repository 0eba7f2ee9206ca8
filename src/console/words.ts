/** What the console says in its own words. The server's texts stand in for codes that it does not know. */
import type { FieldErrorFragment, MessageFieldErrorCode, MessageStatus, ProblemFragment } from './generated/graphql.js';

export const STATUS: Readonly<Record<MessageStatus, string>> = {
  ACCEPTED: 'Queued',
  SENDING: 'On its way',
  DELIVERED: 'Delivered',
  PARTIALLY_DELIVERED: 'Delivered to some',
  FAILED: 'Not delivered',
  RECEIVED: 'Received',
};

type Mistake = string | ((limits: FieldErrorFragment) => string);

const number = new Intl.NumberFormat();
const over = ({ actual, max }: FieldErrorFragment, unit: string): string =>
  max === null
    ? ''
    : ` ${actual === null ? '' : `It has ${number.format(actual)}. `}At most ${number.format(max)} ${unit}.`;

const MISTAKES: Partial<Record<MessageFieldErrorCode, Mistake>> = {
  INVALID_E164: 'This is not a telephone number. Write it with its country, such as +1 919 555 1212.',
  SENDER_NOT_ALLOWED: 'You may not send from this number. Choose one of yours.',
  NO_RECIPIENT: 'Who should get the message?',
  TOO_MANY_RECIPIENTS: (limits) => `These are too many recipients.${over(limits, 'numbers')}`,
  DUPLICATE_RECIPIENT: 'This number is in the list twice. Remove one.',
  DESTINATION_NOT_ALLOWED:
    'This server does not send to this number: look whether it is right, and to which countries you may send.',
  RECIPIENT_OPTED_OUT: 'This person wants no messages from this number. They can write START to get them again.',
  TEXT_REQUIRED: 'Write something, or add a picture.',
  TEXT_TOO_LONG: (limits) => `The text is too long.${over(limits, 'characters')}`,
  INVALID_CHARACTER: 'It has a character that no telephone shows. Write it again.',
  APPLICATION_ID_REQUIRED: 'Which application does the number belong to? Its id is in the phone number dashboard.',
  TOO_MANY_MEDIA: (limits) => `These are too many files.${over(limits, 'files')}`,
  MEDIA_TOO_LARGE: 'This file is too large. Make it smaller: 500 KB reach every telephone.',
  MEDIA_TYPE_NOT_SUPPORTED: 'A message cannot carry files of this type.',
  MEDIA_TYPE_MISMATCH: 'This is not the kind of file that its name says.',
  INVALID_FILE_NAME: 'Give the file another name: short, without a path.',
  ALREADY_EXPIRED: 'This time is over. Choose a later one.',
};

export function mistakeIn(error: FieldErrorFragment): string {
  const words = error.code === null ? undefined : MISTAKES[error.code];
  return typeof words === 'function' ? words(error) : (words ?? error.message);
}

/** The mistakes of an input by its fields: `{ 'to.1': 'This is not a telephone number. …' }`. */
export type Mistakes = Readonly<Record<string, string>>;

export const mistakesOf = (fieldErrors: readonly FieldErrorFragment[]): Mistakes =>
  Object.fromEntries(fieldErrors.map((error) => [error.path.slice(1).join('.'), mistakeIn(error)]));

/** What to do about a send that did not go out. */
export function adviceFor(problem: ProblemFragment | null): string {
  if (problem === null) return 'Send it again.';
  switch (problem.code) {
    case 'BAD_USER_INPUT':
      return 'Correct it, and send it again.';
    case 'RATE_LIMITED':
    case 'UPSTREAM_RATE_LIMITED': {
      const seconds = problem.__typename === 'SendRateLimitedProblem' ? problem.retryAfterSeconds : null;
      return seconds == null ? 'Wait a little, and send it again.' : `Wait ${inWords(seconds)}, and send it again.`;
    }
    case 'FORBIDDEN':
      return 'Ask whoever runs this server for the right to do this.';
    case 'UPSTREAM_REJECTED':
      return 'Sending it again will not help: whoever runs this server has to look at the account at Bandwidth.';
    case 'IDEMPOTENCY_KEY_REUSED':
      return 'Other words of this message went out before: look what arrived, before you write it again.';
    default:
      return problem.retryable ? 'Send it again.' : 'Give the request id below to whoever runs this server.';
  }
}

/** A time as people say it: `45 seconds`, `3 minutes`. */
export function inWords(seconds: number): string {
  if (seconds < 90) return seconds === 1 ? '1 second' : `${number.format(seconds)} seconds`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`;
}
