/** What a caller gives to send a message, and the rules for it. */
import 'reflect-metadata';
import { Field, ID, InputType } from 'type-graphql';
import { isCleanText, type MessagePriority, type OutboundMessage } from '../messaging/message.js';
import { E164_MESSAGE, isE164 } from '../messaging/region.js';
import { DateTime } from './date-time.js';
import { MessagePriorityEnum } from './message.type.js';
import { EachHolds, Holds } from './rule.js';

/** Catapult takes at most ten recipients in a group message. */
const MAX_RECIPIENTS = 10;
/** In UTF-16 units, for either encoding (method page). */
const MAX_TEXT_LENGTH = 2048;
/** Attachments of one MMS. */
const MAX_MEDIA = 10;
const MAX_MEDIA_URL_LENGTH = 4096;
const MAX_TAG_LENGTH = 1024;
/** Catapult's application ids are UUIDs; the limit only keeps nonsense out. */
const MAX_APPLICATION_ID_LENGTH = 255;

const IDEMPOTENCY_KEY = /^[A-Za-z0-9_:.-]{1,255}$/;

const E164_CODE = 'INVALID_E164';

export const CleanText = (): PropertyDecorator =>
  Holds('INVALID_CHARACTER', 'Must not hold U+0000 or half of a surrogate pair.', isCleanText);

const TextLength = (): PropertyDecorator =>
  Holds('TEXT_TOO_LONG', `At most ${MAX_TEXT_LENGTH} UTF-16 units.`, (text: string) => text.length <= MAX_TEXT_LENGTH);

/**
 * An absolute http(s) URL as every parser reads it. `URL` alone is too kind: it drops tabs and line feeds, adds missing
 * slashes and turns backslashes around.
 */
function isMediaUrl(url: string): boolean {
  const authority = /^https?:\/\/([^/?#]+)/i.exec(url)?.[1];
  return authority !== undefined && !authority.includes('@') && !/[\s\p{C}\p{Z}\\]/u.test(url) && URL.canParse(url);
}

@InputType({
  description: 'A message to send: an SMS, an MMS when it has media, a group message when it has several recipients.',
})
export class MessageInput {
  @Field(() => String, {
    description:
      'One of your telephone numbers, in E.164 format, which writes a number in one way only: `+19195551212`. Error codes: `INVALID_E164`, and `SENDER_NOT_ALLOWED` where you may use some numbers only.',
  })
  @Holds(E164_CODE, E164_MESSAGE, isE164)
  from!: string;

  @Field(() => [String], {
    description:
      'The recipients, 1 to 10 different E.164 numbers; more than one makes a group message. A single string is taken as a list of one. Error codes: `INVALID_E164`, `NO_RECIPIENT`, `TOO_MANY_RECIPIENTS`, `DUPLICATE_RECIPIENT`, and `DESTINATION_NOT_ALLOWED` for countries and lines that the operator does not send to, and for numbers that are not valid in theirs.',
  })
  @Holds('NO_RECIPIENT', 'Needs at least one recipient.', (to: string[]) => to.length > 0)
  @Holds('TOO_MANY_RECIPIENTS', `At most ${MAX_RECIPIENTS} recipients.`, (to: string[]) => to.length <= MAX_RECIPIENTS)
  @EachHolds(E164_CODE, E164_MESSAGE, isE164)
  @EachHolds(
    'DUPLICATE_RECIPIENT',
    'This recipient is in the list already.',
    (number: string, index, list) => list.indexOf(number) === index,
  )
  to!: string[];

  @Field(() => String, {
    description:
      'The text, at most 2048 UTF-16 units. May be empty only when there is media. Error codes: `TEXT_REQUIRED`, `TEXT_TOO_LONG`, `INVALID_CHARACTER`.',
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
    description:
      'The id of the application that `from` belongs to in the phone number dashboard. Not the account. Error codes: `APPLICATION_ID_REQUIRED`, `APPLICATION_ID_TOO_LONG`, `INVALID_CHARACTER`.',
  })
  @Holds('APPLICATION_ID_REQUIRED', 'Must not be blank.', (id: string) => id.trim() !== '')
  @Holds(
    'APPLICATION_ID_TOO_LONG',
    `At most ${MAX_APPLICATION_ID_LENGTH} characters.`,
    (id: string) => id.length <= MAX_APPLICATION_ID_LENGTH,
  )
  @CleanText()
  applicationId!: string;

  @Field(() => [String], {
    nullable: true,
    description:
      'Attachments, at most 10: absolute http or https URLs of at most 4096 characters, without user info, spaces or control characters, on hosts of the public internet, without a port. Any makes the message an MMS. Error codes: `TOO_MANY_MEDIA`, `MEDIA_URL_TOO_LONG`, `INVALID_MEDIA_URL`, `MEDIA_HOST_NOT_ALLOWED`, and `MEDIA_NOT_HTTPS` where the operator asks for https.',
  })
  @Holds('TOO_MANY_MEDIA', `At most ${MAX_MEDIA} attachments.`, (media: string[]) => media.length <= MAX_MEDIA)
  @EachHolds(
    'MEDIA_URL_TOO_LONG',
    `At most ${MAX_MEDIA_URL_LENGTH} characters.`,
    (url: string) => url.length <= MAX_MEDIA_URL_LENGTH,
  )
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
  @Holds('TAG_TOO_LONG', `At most ${MAX_TAG_LENGTH} characters.`, (tag: string) => tag.length <= MAX_TAG_LENGTH)
  @CleanText()
  tag?: string | null;

  @Field(() => MessagePriorityEnum, {
    nullable: true,
    description: 'How urgent the message is. Catapult says that it counts for toll-free numbers and short codes.',
  })
  priority?: MessagePriority | null;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'When the message is of no use any more: what Catapult has not sent by then fails with code 4360. Must be in the future. A repetition with the same idempotency key must name the same instant. Error code: `ALREADY_EXPIRED`.',
  })
  expiresAt?: number | null;

  @Field(() => ID, {
    nullable: true,
    description:
      'Your own name for this send, 1 to 255 of `A-Z a-z 0-9 _ : . -`. The same key with the same input gets the first answer again instead of a second message; it lives 72 hours, and as long as the outcome is open. Error codes: `INVALID_IDEMPOTENCY_KEY`, and `IDEMPOTENCY_KEY_REUSED` for another input.',
  })
  @Holds('INVALID_IDEMPOTENCY_KEY', 'Must be 1 to 255 of A-Z a-z 0-9 _ : . and -.', (key: string) =>
    IDEMPOTENCY_KEY.test(key),
  )
  idempotencyKey?: string | null;
}

@InputType({ description: 'A text to look at before it is sent.' })
export class MessagePreviewInput {
  @Field(() => String, {
    description: 'The text, at most 2048 UTF-16 units. Error codes: `TEXT_TOO_LONG`, `INVALID_CHARACTER`.',
  })
  @TextLength()
  @CleanText()
  text!: string;
}

/** The valid input as the messaging core takes it; an absent member and `null` are the same. */
export function outboundMessage(input: MessageInput): OutboundMessage {
  const { from, to, text, applicationId, media, tag, priority, expiresAt } = input;
  return {
    from,
    to,
    text,
    applicationId,
    media: media ?? [],
    tag: tag ?? null,
    priority: priority ?? null,
    expiresAt: expiresAt ?? null,
  };
}
