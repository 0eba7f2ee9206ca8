/** The list of messages: a Relay cursor connection and its filter. */
import 'reflect-metadata';
import { Directive, Field, InputType, ObjectType } from 'type-graphql';
import { ServiceError } from '../errors.js';
import type { MessageStatus } from '../messaging/message.js';
import type { ListedMessage, MessageFilter, Position } from '../messaging/ports.js';
import { DateTime } from './date-time.js';
import { CleanText } from './message.input.js';
import { MessageStatusEnum, MessageType } from './message.type.js';

/** A page holds at most this many messages: what a screen can show, and far from what a request may cost. */
export const MAX_PAGE_SIZE = 100;
export const DEFAULT_PAGE_SIZE = 20;

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

@Directive('@shareable')
@ObjectType('PageInfo', { description: 'Where a page stands in its list.' })
export class PageInfoType {
  @Field(() => Boolean, { description: 'Whether older messages follow.' })
  hasNextPage!: boolean;

  @Field(() => Boolean, { description: 'Always false: the list is read from the newest message on.' })
  hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true, description: 'The cursor of the first message of the page.' })
  startCursor!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The cursor of the last message of the page; give it as `after`.',
  })
  endCursor!: string | null;
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

/** @throws ServiceError BAD_USER_INPUT unless 1 ≤ first ≤ 100. */
export function checkPageSize(first: number): number {
  if (first >= 1 && first <= MAX_PAGE_SIZE) return first;
  throw badArgument('first', 'INVALID_PAGE_SIZE', `Must be from 1 to ${MAX_PAGE_SIZE}.`);
}

export function messageFilter(input: MessageFilterInput | null | undefined, caller: string | null): MessageFilter {
  const { from = null, to = null, status = null, tag = null, since = null, until = null } = input ?? {};
  return { caller, from, to, status, tag, since, until };
}

/** A page out of the rows found for it, of which one more than the page holds tells that there is a next page. */
export function connectionOf(rows: readonly ListedMessage[], first: number): MessageConnectionType {
  const edges = rows
    .slice(0, first)
    .map(({ message, position }) => ({ cursor: encodeCursor(position), node: message as unknown as MessageType }));
  return {
    edges,
    nodes: edges.map(({ node }) => node),
    pageInfo: {
      hasNextPage: rows.length > first,
      hasPreviousPage: false,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

const CURSOR = /^(\d{1,16}):([\w-]{1,64})$/;

function encodeCursor({ time, sendId }: Position): string {
  return Buffer.from(`${time}:${sendId}`).toString('base64url');
}

/** @throws ServiceError BAD_USER_INPUT for anything that `encodeCursor` did not write. */
export function decodeCursor(cursor: string): Position {
  const [, time = '', sendId = ''] = CURSOR.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? [];
  const position = { time: Number(time), sendId };
  if (time === '' || !Number.isSafeInteger(position.time) || encodeCursor(position) !== cursor) {
    throw badArgument('after', 'INVALID_CURSOR', 'Must be a cursor of this list.');
  }
  return position;
}

function badArgument(name: string, code: string, message: string): ServiceError {
  return new ServiceError('BAD_USER_INPUT', { fieldErrors: [{ path: [name], code, message }] });
}
