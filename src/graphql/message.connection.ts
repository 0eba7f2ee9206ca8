/** The list of messages: a Relay cursor connection and its filter. */
import 'reflect-metadata';
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import type { Whose } from '../messaging/caller.js';
import {
  isCleanText,
  STATUSES,
  type Message,
  type MessageDirection,
  type MessageStatus,
} from '../messaging/message.js';
import type { MessageService } from '../messaging/message-service.js';
import type { MessageFilter, Slice } from '../messaging/ports.js';
import { ADDRESS_MESSAGE, isAddress } from '../messaging/region.js';
import type { AnswerBudget } from './answer-budget.js';
import { encodeChangeCursor } from './change-cursor.js';
import {
  connectionOf,
  MAX_COUNT,
  PageInfoType,
  totalOf,
  type Connection,
  type Lazy,
  type Total,
} from './connection.js';
import { DateTime } from './date-time.js';
import { CleanText, CLEAN_TEXT_CODE, CLEAN_TEXT_MESSAGE, E164_CODE } from './message.input.js';
import { MessageDirectionEnum, MessageStatusEnum, MessageType } from './message.type.js';
import { AtMost, EachHolds, Holds } from './rule.js';

/** Messages that one call looks up by their ids: as many as a page holds. */
const MAX_IDS = 100;

export const Address = (): PropertyDecorator => Holds(E164_CODE, ADDRESS_MESSAGE, isAddress);

/** Says in a description what `Address` takes. */
export const ADDRESS_FORM =
  'in E.164 format, a short code of 3 to 8 digits, or the name of up to 11 characters that some senders have. Error code: `INVALID_E164`.';

@InputType('MessageFilter', {
  description: 'Which messages to list. All conditions must hold. An absent one and `null` set none.',
})
export class MessageFilterInput {
  @Field(() => MessageDirectionEnum, { nullable: true, description: 'Which way the message went.' })
  direction?: MessageDirection | null;

  @Field(() => String, { nullable: true, description: `The sender, exactly: a number ${ADDRESS_FORM}` })
  @Address()
  from?: string | null;

  @Field(() => String, { nullable: true, description: `One of the recipients, exactly: a number ${ADDRESS_FORM}` })
  @Address()
  to?: string | null;

  @Field(() => String, {
    nullable: true,
    description: `The sender or one of the recipients, exactly: a number ${ADDRESS_FORM}`,
  })
  @Address()
  participant?: string | null;

  @Field(() => MessageStatusEnum, { nullable: true, description: 'The state of the message.' })
  status?: MessageStatus | null;

  @Field(() => [MessageStatusEnum], {
    nullable: true,
    description:
      'The states that the message may have, each named once; with an empty list, no message fits. Error code: `DUPLICATE_STATUS`.',
  })
  @EachHolds(
    'DUPLICATE_STATUS',
    'Must not be in the list twice.',
    (status: MessageStatus, index, list) => list.indexOf(status) === index,
  )
  statuses?: MessageStatus[] | null;

  @Field(() => [ID], {
    nullable: true,
    description: `Catapult's ids of the messages, at most ${MAX_IDS}; with an empty list, no message fits. Error codes: \`TOO_MANY_IDS\`, \`INVALID_CHARACTER\`.`,
  })
  @AtMost('TOO_MANY_IDS', MAX_IDS, 'ids')
  @EachHolds(CLEAN_TEXT_CODE, CLEAN_TEXT_MESSAGE, isCleanText)
  ids?: string[] | null;

  @Field(() => String, { nullable: true, description: 'The tag, exactly. Error code: `INVALID_CHARACTER`.' })
  @CleanText()
  tag?: string | null;

  @Field(() => ID, {
    nullable: true,
    description: 'The `id` of the conversation that the message belongs to; with any other text, no message fits.',
  })
  conversationId?: string | null;

  @Field(() => DateTime, { nullable: true, description: 'Messages from this instant on.' })
  since?: number | null;

  @Field(() => DateTime, { nullable: true, description: 'Messages before this instant.' })
  until?: number | null;
}

@ObjectType('MessageEdge', { description: 'A message and its place in the list.', simpleResolvers: true })
export class MessageEdgeType {
  @Field(() => String, { description: 'The place in the list. It stays valid while messages come and go.' })
  cursor!: string;

  @Field(() => MessageType, { description: 'The message.' })
  node!: MessageType;
}

@ObjectType('MessageConnection', { description: 'A page of messages, newest first.', simpleResolvers: true })
export class MessageConnectionType implements Total {
  @Field(() => [MessageEdgeType], { description: 'The messages of the page, each with its cursor.' })
  edges!: MessageEdgeType[];

  @Field(() => [MessageType], { description: 'The messages of the page without their cursors.' })
  nodes!: MessageType[];

  @Field(() => PageInfoType, { description: "The page's place in the list." })
  pageInfo!: PageInfoType;

  @Field(() => Int, {
    description: `How many messages the whole list has, counted up to ${MAX_COUNT}: see \`isTotalCountExact\`.`,
  })
  totalCount!: Lazy<number>;

  @Field(() => Boolean, {
    description: `Whether \`totalCount\` is all of them; false if there are more: show \`${MAX_COUNT}+\` then.`,
  })
  isTotalCountExact!: Lazy<boolean>;

  @Field(() => String, {
    description:
      'Where the changes after this page begin. Pass it as `since` to `messagesUpdated`: page and stream together miss and repeat nothing.',
  })
  updatesCursor!: string;
}

@ObjectType('MessageUpdate', { description: 'A message that appeared or changed.', simpleResolvers: true })
export class MessageUpdateType {
  @Field(() => MessageType, { description: 'The message as it is now.' })
  message!: MessageType;

  @Field(() => String, { description: 'The place among all changes: pass it as `since` to go on after this one.' })
  cursor!: string;
}

/** The valid input as `messaging` takes it, for the messages that `caller` may see. */
export function messageFilter(input: MessageFilterInput | null | undefined, caller: Whose): MessageFilter {
  const {
    from = null,
    to = null,
    participant = null,
    ids = null,
    tag = null,
    conversationId: conversation = null,
    since = null,
    until = null,
  } = input ?? {};
  return { caller, from, to, participant, statuses: statusesOf(input ?? {}), ids, tag, conversation, since, until };
}

/** The states that all of the conditions allow; a direction is one, too. Null where there is no such condition. */
function statusesOf({ direction, status, statuses }: MessageFilterInput): MessageStatus[] | null {
  const conditions = [
    direction == null ? null : STATUSES[direction],
    status == null ? null : [status],
    statuses ?? null,
  ].filter((allowed) => allowed !== null);
  const [first, ...others] = conditions;
  if (first === undefined) return null;
  return first.filter((each) => others.every((allowed) => allowed.includes(each)));
}

export type MessagePage = Connection<Message> & Total & { readonly updatesCursor: string };

/** A page of the messages that fit. */
export async function messageConnection(
  messages: Pick<MessageService, 'listMessages' | 'countMessages'>,
  budget: AnswerBudget,
  wanted: MessageFilter,
  page: Slice,
): Promise<MessagePage> {
  let updatesCursor = '';
  const connection = await connectionOf(page, async (slice) => {
    const { listed, cursor } = await budget.read(
      () => messages.listMessages(wanted, slice),
      (found) => found.listed.map(({ message }) => message),
    );
    // That of the page itself, which is read first.
    if (updatesCursor === '') updatesCursor = encodeChangeCursor(cursor);
    return listed.map(({ message, position }) => ({ node: message, position }));
  });
  const countUpTo = (limit: number): Promise<number> =>
    budget.read(
      () => messages.countMessages(wanted, limit),
      () => [],
    );
  return { ...connection, ...totalOf(countUpTo), updatesCursor };
}
