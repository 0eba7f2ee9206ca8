/** The send as operators see it: what was tried, and what is known of its outcome. */
import 'reflect-metadata';
import { Directive, Field, ID, ObjectType } from 'type-graphql';
import type { Message } from '../messaging/message.js';
import type { Settlement, StoredSend } from '../messaging/ports.js';
import { PageInfoType } from './connection.js';
import { DateTime } from './date-time.js';
import { MessageType, PERSONAL, registerEnum } from './message.type.js';

export type SendStatus = 'PENDING' | 'UNKNOWN' | 'REJECTED' | 'ACCEPTED';

export const SendStatusEnum = registerEnum<SendStatus>(
  'SendStatus',
  'What became of a send. What became of its message afterwards is the status of the message.',
  {
    PENDING: 'Stored and being sent; no answer yet.',
    UNKNOWN: 'The request went out and no trustworthy answer came back: perhaps sent. It is never sent again.',
    REJECTED: 'Known not sent, and not billed.',
    ACCEPTED: 'Catapult took the message.',
  },
);

export const SettledAsEnum = registerEnum<Settlement['as']>('SettledAs', 'What somebody found out of a send.', {
  SENT: 'The message went out.',
  NOT_SENT: 'No message went out, and none will: its idempotency key may send again.',
});

@Directive('@inaccessible')
@ObjectType('Send', { description: 'One attempt to send a message, from the call of `sendMessage` on.' })
export class SendType {
  @Field(() => ID, { description: 'The id of the send on this server; it stands in the log, too.' })
  id!: string;

  @Field(() => SendStatusEnum, { description: 'What became of it.' })
  status!: SendStatus;

  @Field(() => DateTime, { description: 'When it began.' })
  startedAt!: number;

  @Field(() => DateTime, { description: 'Since when its status is what it is.' })
  updatedAt!: number;

  @Field(() => String, { description: 'Who asked for it.' })
  caller!: string;

  @Field(() => String, {
    nullable: true,
    description: 'The SHA-256 of the idempotency key, as in the audit, in hexadecimal digits; null without a key.',
  })
  idempotencyKeyHash!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The request that it came with, as in the log; null for a send of an earlier version.',
  })
  requestId!: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'What its last attempt met: `HTTP 404`, `TimeoutError`, `ECONNRESET`; null while it is under way, and where the process died before it saw anything.',
  })
  lastSeen!: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'Who settled what the call left open: `search`, `caller:` and a name, or `shell:` and a user; null where nobody did.',
  })
  settledBy!: string | null;

  @Directive(PERSONAL)
  @Field(() => String, { description: "The sender's number." })
  from!: string;

  @Directive(PERSONAL)
  @Field(() => [String], { description: "The recipients' numbers." })
  to!: string[];

  @Directive(PERSONAL)
  @Field(() => String, { nullable: true, description: 'The tag that was given with the message.' })
  tag!: string | null;

  @Field(() => MessageType, {
    nullable: true,
    description: 'The message that it became; null as long as its id is not known.',
  })
  message!: Message | null;
}

@Directive('@inaccessible')
@ObjectType('SendEdge', { description: 'A send in its place in the list.' })
export class SendEdgeType {
  @Field(() => String, { description: 'The place in the list; stays valid while sends come and go.' })
  cursor!: string;

  @Field(() => SendType, { description: 'The send.' })
  node!: SendType;
}

@Directive('@inaccessible')
@ObjectType('SendConnection', { description: 'A page of sends.' })
export class SendConnectionType {
  @Field(() => [SendEdgeType], { description: 'The sends of the page, each with its cursor.' })
  edges!: SendEdgeType[];

  @Field(() => [SendType], { description: 'The sends of the page without their cursors.' })
  nodes!: SendType[];

  @Field(() => PageInfoType, { description: 'Where the page stands in the list.' })
  pageInfo!: PageInfoType;
}

/** A stored send as the schema tells of it. */
export function sendType(send: StoredSend): SendType {
  return {
    id: send.sendId,
    status: statusOf(send),
    startedAt: send.startedAtMs * 1000,
    updatedAt: send.updatedAtMs * 1000,
    caller: send.caller,
    idempotencyKeyHash: send.keyHash,
    requestId: send.requestId,
    lastSeen: send.lastSeen,
    settledBy: send.settledBy,
    from: send.from,
    to: [...send.to],
    tag: send.tag,
    message: send.message,
  };
}

/** Every state of a message is one that Catapult took. */
function statusOf({ status }: StoredSend): SendStatus {
  return status === 'PENDING' || status === 'UNKNOWN' || status === 'REJECTED' ? status : 'ACCEPTED';
}
