/** Conversations as clients see them, and the list of them. */
import 'reflect-metadata';
import { Directive, Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import type { Message } from '../messaging/message.js';
import type { StoredConversation } from '../messaging/ports.js';
import { PageInfoType } from './connection.js';
import { DateTime } from './date-time.js';
import { Address, ADDRESS_FORM } from './message.connection.js';
import { MessageType, PERSONAL } from './message.type.js';
import { NodeType } from './node.type.js';

@InputType('ConversationFilter', {
  description: 'Which conversations to list. All conditions must hold. An absent one and `null` set none.',
})
export class ConversationFilterInput {
  @Field(() => String, { nullable: true, description: `Your number, exactly: a number ${ADDRESS_FORM}` })
  @Address()
  owner?: string | null;

  @Field(() => String, { nullable: true, description: `One of the other side, exactly: a number ${ADDRESS_FORM}` })
  @Address()
  participant?: string | null;
}

@ObjectType('Conversation', {
  description:
    'All messages between one of your numbers and the other side, in both directions. The other side is one number, or the set of a group.',
  implements: NodeType,
  simpleResolvers: true,
})
export class ConversationType implements NodeType {
  @Field(() => ID, { description: 'The id of the conversation on this server.' })
  id!: string;

  @Directive(PERSONAL)
  @Field(() => String, { description: 'Your number.' })
  owner!: string;

  @Directive(PERSONAL)
  @Field(() => [String], { description: 'The numbers of the other side, sorted, each once.' })
  participants!: readonly string[];

  @Field(() => MessageType, { description: 'The newest message, by its `time`.' })
  lastMessage!: Message;

  @Field(() => DateTime, { description: 'The `time` of the last message.' })
  updatedAt!: number;

  @Field(() => Int, { description: 'How many of the messages you sent.' })
  sentCount!: number;

  @Field(() => Int, { description: 'How many of the messages came in.' })
  receivedCount!: number;
}

@ObjectType('ConversationEdge', { description: 'A conversation and its place in the list.', simpleResolvers: true })
export class ConversationEdgeType {
  @Field(() => String, {
    description: 'The place in the list. It stays valid, and its conversation moves on with each new message.',
  })
  cursor!: string;

  @Field(() => ConversationType, { description: 'The conversation.' })
  node!: ConversationType;
}

@ObjectType('ConversationConnection', {
  description: 'A page of conversations, the one with the newest message first.',
  simpleResolvers: true,
})
export class ConversationConnectionType {
  @Field(() => [ConversationEdgeType], { description: 'The conversations of the page, each with its cursor.' })
  edges!: ConversationEdgeType[];

  @Field(() => [ConversationType], { description: 'The conversations of the page without their cursors.' })
  nodes!: ConversationType[];

  @Field(() => PageInfoType, { description: "The page's place in the list." })
  pageInfo!: PageInfoType;

  @Field(() => String, {
    description:
      'Where the changes after this page begin. Pass it as `since` to `messagesUpdated`: each update tells its conversation.',
  })
  updatesCursor!: string;
}

/** A stored conversation as the schema shows it. */
export function conversationType({ number, lastMessage, ...stored }: StoredConversation): ConversationType {
  return { ...stored, owner: number, lastMessage, updatedAt: lastMessage.time };
}
