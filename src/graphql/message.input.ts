/** The input to send a message, and its rules. */
import 'reflect-metadata';
import { Field, ID, InputType } from 'type-graphql';
import { isCleanText, type MessagePriority, type RequestedMessage } from '../messaging/message.js';
import { E164_MESSAGE, isE164 } from '../messaging/region.js';
import { DateTime } from './date-time.js';
import { MessagePriorityEnum } from './message.type.js';
import { AtLeast, AtMost, EachAtMost, EachHolds, Holds } from './rule.js';

/** Catapult takes at most ten recipients in a group message. */
export const MAX_RECIPIENTS = 10;
/** In UTF-16 units, for either encoding (method page). */
export const MAX_TEXT_LENGTH = 2048;
/** Attachments of one MMS. */
export const MAX_MEDIA = 10;
const MAX_MEDIA_URL_LENGTH = 4096;
const MAX_TAG_LENGTH = 1024;
/** Catapult's application ids are UUIDs; the limit only keeps nonsense out. */
const MAX_APPLICATION_ID_LENGTH = 255;

const IDEMPOTENCY_KEY = /^[A-Za-z0-9_:.-]{1,255}$/;

export const E164_CODE = 'INVALID_E164';

export const CLEAN_TEXT_CODE = 'INVALID_CHARACTER';
export const CLEAN_TEXT_MESSAGE = 'Must not contain U+0000 or half of a surrogate pair.';
export const CleanText = (): PropertyDecorator => Holds(CLEAN_TEXT_CODE, CLEAN_TEXT_MESSAGE, isCleanText);

const TextLength = (): PropertyDecorator => AtMost('TEXT_TOO_LONG', MAX_TEXT_LENGTH, 'UTF-16 units');

/**
 * An absolute http(s) URL that every parser reads alike. `URL` alone is too lenient: it drops tabs and line feeds, adds
 * missing slashes and turns backslashes around.
 */
function isMediaUrl(url: string): boolean {
  const authority = /^https?:\/\/([^/?#]+)/i.exec(url)?.[1];
  return authority !== undefined && !authority.includes('@') && !/[\s\p{C}\p{Z}\\]/u.test(url) && URL.canParse(url);
}

@InputType('MessageInput', {
  description: 'A message to send: an SMS, an MMS if it has media, a group message if it has several recipients.',
})
export class MessageInput {
  @Field(() => String, {
    description:
      'One of your telephone numbers, in E.164 format only: `+19195551212`. Error codes: `INVALID_E164`, and `SENDER_NOT_ALLOWED` if you may not send from this number.',
  })
  @Holds(E164_CODE, E164_MESSAGE, isE164)
  from!: string;

  @Field(() => [String], {
    description:
      'The recipients: 1 to 10 different E.164 numbers. More than one makes a group message. A single string counts as a list of one. Error codes: `INVALID_E164`, `NO_RECIPIENT`, `TOO_MANY_RECIPIENTS`, `DUPLICATE_RECIPIENT`, `DESTINATION_NOT_ALLOWED` for countries and lines that the operator does not send to and for numbers that are not valid in their country, and `RECIPIENT_OPTED_OUT` for those who want no messages from this number.',
  })
  @AtLeast('NO_RECIPIENT', 1, 'Must have at least one recipient.')
  @AtMost('TOO_MANY_RECIPIENTS', MAX_RECIPIENTS, 'recipients')
  @EachHolds(E164_CODE, E164_MESSAGE, isE164)
  @EachHolds(
    'DUPLICATE_RECIPIENT',
    'Must not be in the list twice.',
    (number: string, index, list) => list.indexOf(number) === index,
  )
  to!: string[];

  @Field(() => String, {
    description:
      'The text, at most 2048 UTF-16 units. It may be empty only if there is media. Error codes: `TEXT_REQUIRED`, `TEXT_TOO_LONG`, `INVALID_CHARACTER`.',
  })
  @Holds(
    'TEXT_REQUIRED',
    'Must not be empty unless there is media.',
    (text: string, input: MessageInput) => text !== '' || (input.media?.length ?? 0) > 0,
  )
  @TextLength()
  @CleanText()
  text!: string;

  @Field(() => ID, {
    nullable: true,
    description:
      'The id of the application that `from` belongs to in the phone number dashboard; not the id of the account. It may be left out if the operator named it for `from`, which `viewer.numbers` shows. Error codes: `APPLICATION_ID_REQUIRED` if it is blank, or missing and not known; `APPLICATION_ID_TOO_LONG`, `INVALID_CHARACTER`.',
  })
  @Holds('APPLICATION_ID_REQUIRED', 'Must not be blank.', (id: string) => id.trim() !== '')
  @AtMost('APPLICATION_ID_TOO_LONG', MAX_APPLICATION_ID_LENGTH, 'characters')
  @CleanText()
  applicationId?: string | null;

  @Field(() => [String], {
    nullable: true,
    description:
      'At most 10 attachments: absolute http or https URLs of at most 4096 characters, without user info, spaces or control characters, on hosts of the public internet, without a port. They make the message an MMS. Error codes: `TOO_MANY_MEDIA`, `MEDIA_URL_TOO_LONG`, `INVALID_MEDIA_URL`, `MEDIA_HOST_NOT_ALLOWED`, and `MEDIA_NOT_HTTPS` if the operator requires https.',
  })
  @AtMost('TOO_MANY_MEDIA', MAX_MEDIA, 'attachments')
  @EachAtMost('MEDIA_URL_TOO_LONG', MAX_MEDIA_URL_LENGTH, 'characters')
  @EachHolds(
    'INVALID_MEDIA_URL',
    'Must be an absolute http or https URL without user info, spaces or control characters.',
    isMediaUrl,
  )
  media?: string[] | null;

  @Field(() => String, {
    nullable: true,
    description:
      'Any string of at most 1024 characters; it comes back with the message and in its events. Error codes: `TAG_TOO_LONG`, `INVALID_CHARACTER`.',
  })
  @AtMost('TAG_TOO_LONG', MAX_TAG_LENGTH, 'characters')
  @CleanText()
  tag?: string | null;

  @Field(() => MessagePriorityEnum, {
    nullable: true,
    description: 'How urgent the message is. According to Catapult, it matters for toll-free numbers and short codes.',
  })
  priority?: MessagePriority | null;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'When the message becomes useless: if Catapult has not sent it by then, it fails with code 4360. It must be in the future. A repeated call with the same idempotency key must give the same instant. Error code: `ALREADY_EXPIRED`.',
  })
  expiresAt?: number | null;

  @Field(() => ID, {
    nullable: true,
    description:
      'Your own name for this send: 1 to 255 characters of `A-Z a-z 0-9 _ : . -`. A repeated call with the same key and input gets the first answer, and sends nothing. A key lives 72 hours, or longer while the outcome is unknown. Error codes: `INVALID_IDEMPOTENCY_KEY`, and `IDEMPOTENCY_KEY_REUSED` for another input.',
  })
  @Holds('INVALID_IDEMPOTENCY_KEY', 'Must have 1 to 255 characters of A-Z a-z 0-9 _ : . and -.', (key: string) =>
    IDEMPOTENCY_KEY.test(key),
  )
  idempotencyKey?: string | null;
}

@InputType('MessagePreviewInput', { description: 'A text to preview before it is sent.' })
export class MessagePreviewInput {
  @Field(() => String, {
    description: 'The text, at most 2048 UTF-16 units. Error codes: `TEXT_TOO_LONG`, `INVALID_CHARACTER`.',
  })
  @TextLength()
  @CleanText()
  text!: string;
}

/** The valid input as `messaging` takes it; an absent member and `null` are the same. */
export function requestedMessage(input: MessageInput): RequestedMessage {
  const { from, to, text, applicationId, media, tag, priority, expiresAt } = input;
  return {
    from,
    to,
    text,
    applicationId: applicationId ?? null,
    media: media ?? [],
    tag: tag ?? null,
    priority: priority ?? null,
    expiresAt: expiresAt ?? null,
  };
}
