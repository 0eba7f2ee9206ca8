/** The list of messages: a Relay cursor connection and its filter. */
import 'reflect-metadata';
import { Field, InputType, ObjectType } from 'type-graphql';
import type { Whose } from '../messaging/caller.js';
import type { MessageStatus } from '../messaging/message.js';
import type { MessageFilter } from '../messaging/ports.js';
import { PageInfoType } from './connection.js';
import { DateTime } from './date-time.js';
import { CleanText } from './message.input.js';
import { MessageStatusEnum, MessageType } from './message.type.js';

@InputType('MessageFilter', { description: 'Which messages to list. All conditions must hold.' })
export class MessageFilterInput {
  @Field(() => String, { nullable: true, description: "The sender's number, exactly." })
  @CleanText()
  from?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The number of one of the recipients, exactly.',
  })
  @CleanText()
  to?: string | null;

  @Field(() => MessageStatusEnum, { nullable: true, description: 'The state of the message.' })
  status?: MessageStatus | null;

  @Field(() => String, { nullable: true, description: 'The tag, exactly.' })
  @CleanText()
  tag?: string | null;

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
export class MessageConnectionType {
  @Field(() => [MessageEdgeType], { description: 'The messages of the page, each with its cursor.' })
  edges!: MessageEdgeType[];

  @Field(() => [MessageType], { description: 'The messages of the page without their cursors.' })
  nodes!: MessageType[];

  @Field(() => PageInfoType, { description: "The page's place in the list." })
  pageInfo!: PageInfoType;
}

export function messageFilter(input: MessageFilterInput | null | undefined, caller: Whose): MessageFilter {
  const { from = null, to = null, status = null, tag = null, since = null, until = null } = input ?? {};
  return { caller, from, to, status, tag, since, until };
}
