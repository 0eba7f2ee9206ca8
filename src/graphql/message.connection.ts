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

@InputType('MessageFilter', { description: 'Which messages to list; all conditions must hold.' })
export class MessageFilterInput {
  @Field(() => String, { nullable: true, description: "The sender's number, exactly." })
  @CleanText()
  from?: string | null;

  @Field(() => String, {
    nullable: true,
    description: "A recipient's number, exactly; any recipient of a group message.",
  })
  @CleanText()
  to?: string | null;

  @Field(() => MessageStatusEnum, { nullable: true, description: 'What has become of the message.' })
  status?: MessageStatus | null;

  @Field(() => String, { nullable: true, description: 'The tag, exactly.' })
  @CleanText()
  tag?: string | null;

  @Field(() => DateTime, { nullable: true, description: 'Messages of this instant or later.' })
  since?: number | null;

  @Field(() => DateTime, { nullable: true, description: 'Messages before this instant.' })
  until?: number | null;
}

@ObjectType('MessageEdge', { description: 'A message in its place in the list.' })
export class MessageEdgeType {
  @Field(() => String, { description: 'The place in the list; stays valid while messages come and go.' })
  cursor!: string;

  @Field(() => MessageType, { description: 'The message.' })
  node!: MessageType;
}

@ObjectType('MessageConnection', { description: 'A page of messages, newest first.' })
export class MessageConnectionType {
  @Field(() => [MessageEdgeType], { description: 'The messages of the page, each with its cursor.' })
  edges!: MessageEdgeType[];

  @Field(() => [MessageType], { description: 'The messages of the page without their cursors.' })
  nodes!: MessageType[];

  @Field(() => PageInfoType, { description: 'Where the page stands in the list.' })
  pageInfo!: PageInfoType;
}

export function messageFilter(input: MessageFilterInput | null | undefined, caller: Whose): MessageFilter {
  const { from = null, to = null, status = null, tag = null, since = null, until = null } = input ?? {};
  return { caller, from, to, status, tag, since, until };
}
