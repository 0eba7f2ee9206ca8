/** Conversations: the inbox of a number, and what was said with one other side. */
import 'reflect-metadata';
import { Arg, Args, Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import { badArgument } from '../errors.js';
import { EVERYBODY, lacksNumber, numbersReadableBy, readableBy } from '../messaging/caller.js';
import { conversationBetween, conversationOf } from '../messaging/conversation.js';
import type { Message } from '../messaging/message.js';
import type { MessageService } from '../messaging/message-service.js';
import type { ConversationFilter } from '../messaging/ports.js';
import { ADDRESS_MESSAGE, isAddress } from '../messaging/region.js';
import { encodeChangeCursor } from './change-cursor.js';
import { connectionOf, PageArgs, pageOf, type Connection } from './connection.js';
import type { RequestContext } from './context.js';
import {
  ConversationConnectionType,
  ConversationFilterInput,
  ConversationType,
  conversationType,
} from './conversation.type.js';
import { MessageConnectionType, messageConnection, messageFilter, type MessagePage } from './message.connection.js';
import { MessageType } from './message.type.js';
import { checkInput } from './rule.js';

/** As many as a message that comes in may name. */
const MAX_PARTICIPANTS = 100;

@Resolver(() => ConversationType)
export class ConversationResolver {
  readonly #messages: MessageService;

  constructor(messages: MessageService) {
    this.#messages = messages;
  }

  @Query(() => ConversationConnectionType, {
    description:
      'The conversations of your numbers, the one with the newest message first, page by page, from either end. With `messages:read-all`, those of all numbers. Error code: `FORBIDDEN` without a number and that scope.',
  })
  async conversations(
    @Args(() => PageArgs) args: PageArgs,
    @Arg('filter', () => ConversationFilterInput, {
      nullable: true,
      description: 'Which conversations to list; all if absent.',
    })
    filter: ConversationFilterInput | null,
    @Ctx() { caller, budget }: RequestContext,
  ): Promise<Connection<ConversationType> & { updatesCursor: string }> {
    const numbers = numbersReadableBy(caller);
    if (numbers !== EVERYBODY && numbers.length === 0) throw lacksNumber('messages:read-all');
    if (filter != null) checkInput('filter', filter);
    const page = pageOf(args);
    const wanted: ConversationFilter = {
      numbers,
      owner: filter?.owner ?? null,
      participant: filter?.participant ?? null,
    };
    let updatesCursor = '';
    const connection = await connectionOf(page, async (slice) => {
      const { listed, cursor } = await budget.read(
        () => this.#messages.listConversations(wanted, slice),
        (found) => found.listed.map(({ conversation }) => conversation.lastMessage),
      );
      // That of the page itself, which is read first.
      if (updatesCursor === '') updatesCursor = encodeChangeCursor(cursor);
      return listed.map(({ conversation, position }) => ({ node: conversationType(conversation), position }));
    });
    return { ...connection, updatesCursor };
  }

  @Query(() => ConversationType, {
    nullable: true,
    description:
      'The conversation of your number with these participants; null if there is no message yet, or if it is not yours to see.',
  })
  async conversation(
    @Arg('owner', () => String, { description: 'Your number, exactly. Error code: `INVALID_E164`.' }) owner: string,
    @Arg('participants', () => [String], {
      description: `The other side, in any order: 1 to ${MAX_PARTICIPANTS} numbers. Error codes: \`INVALID_E164\`, \`NO_RECIPIENT\`, \`TOO_MANY_RECIPIENTS\`.`,
    })
    participants: string[],
    @Ctx() { caller, loaders }: RequestContext,
  ): Promise<ConversationType | null> {
    readableBy(caller);
    checkAddresses(owner, participants);
    const found = await loaders.conversations.load(conversationBetween(owner, participants).id);
    return found && conversationType(found);
  }

  @FieldResolver(() => MessageConnectionType, {
    description: 'The messages in both directions, newest first, page by page, from either end.',
  })
  messages(
    @Root() { id }: ConversationType,
    @Args(() => PageArgs) args: PageArgs,
    @Ctx() { caller, budget }: RequestContext,
  ): Promise<MessagePage> {
    const wanted = messageFilter({ conversationId: id }, readableBy(caller));
    return messageConnection(this.#messages, budget, wanted, pageOf(args));
  }
}

@Resolver(() => MessageType)
export class ConversationOfMessageResolver {
  @FieldResolver(() => ConversationType, {
    nullable: true,
    description:
      'The conversation that it belongs to; null if you have neither its number nor `messages:read-all`, and for a message that came in to no known number.',
  })
  async conversation(@Root() message: Message, @Ctx() { loaders }: RequestContext): Promise<ConversationType | null> {
    const key = conversationOf(message);
    const found = key && (await loaders.conversations.load(key.id));
    return found && conversationType(found);
  }
}

/** @throws ServiceError BAD_USER_INPUT */
function checkAddresses(owner: string, participants: readonly string[]): void {
  const actual = participants.length;
  if (!isAddress(owner)) throw badArgument('owner', 'INVALID_E164', ADDRESS_MESSAGE);
  if (actual === 0) throw badArgument('participants', 'NO_RECIPIENT', 'Must not be empty.', { min: 1, actual });
  if (actual > MAX_PARTICIPANTS) {
    const message = `Must have at most ${MAX_PARTICIPANTS} numbers.`;
    throw badArgument('participants', 'TOO_MANY_RECIPIENTS', message, { max: MAX_PARTICIPANTS, actual });
  }
  if (!participants.every(isAddress)) throw badArgument('participants', 'INVALID_E164', ADDRESS_MESSAGE);
}
